//! The verbs that write, and what they ask of a body.

use json_patch::PatchOperation;
use serde_json::{Value, json};

use super::{
    super::Answer,
    Kind,
    ask::Ask,
    failure::{bad_request, nameless, not_imitated},
    log::{Key, Log},
    object::{finalizers, is_deleting, settle, text, unborn},
    read::list_of,
};

pub(super) fn create(log: &mut Log, ask: &Ask) -> Result<Answer, Answer> {
    let object: Value = ask.body()?;
    fits_path(ask, &object)?;
    if !text(&object, "resourceVersion").is_empty() {
        let message = "resourceVersion should not be set on objects to be created";
        return Err(Answer::failure(500, "", message));
    }
    let name = match (text(&object, "name"), text(&object, "generateName")) {
        ("", "") => {
            let why = "metadata.name: Required value: name or generateName is required";
            return Err(ask.kind.invalid(&ask.kind.names.kind, "", why));
        }
        ("", prefix) => format!("{prefix}{:05}", log.version()),
        (name, _) => name.to_owned(),
    };
    let key = Key::new(&ask.kind, &ask.key.namespace, &name);
    if log.get(&key).is_some() {
        return Err(ask.kind.already_exists(&name));
    }
    let unborn = unborn(log, &ask.kind, &object);
    let object = settle(&ask.kind, &key, false, &unborn, object);
    Ok(ask.answer(&log.commit(key, Some(object))).with_code(201))
}

pub(super) fn replace(log: &mut Log, ask: &Ask) -> Result<Answer, Answer> {
    update(log, ask, ask.body()?)
}

pub(super) fn patch(log: &mut Log, ask: &Ask) -> Result<Answer, Answer> {
    let stored = || ask.stored(log).cloned();
    let patched = match ask.request.header("content-type").unwrap_or_default() {
        "application/merge-patch+json" => {
            let mut object = stored()?;
            json_patch::merge(&mut object, &ask.body()?);
            object
        }
        "application/json-patch+json" => operate(stored()?, ask.body()?)?,
        other => {
            return Err(not_imitated(&format!("patches of the type `{other}`")));
        }
    };
    update(log, ask, patched)
}

/// Applies a JSON patch. As on a real server, `test` finds `null` in an object
/// that has no such field, on which kube's `finalizer` relies.
fn operate(mut object: Value, operations: Vec<Value>) -> Result<Value, Answer> {
    for operation in operations {
        let operation = serde_json::from_value(operation).map_err(|_| nameless(422))?;
        if let PatchOperation::Test(test) = &operation
            && test.value.is_null()
            && let Some((parent, field)) = test.path.split_back()
            && let Some(Value::Object(fields)) = object.pointer(parent.as_str())
            && !fields.contains_key(&*field.decoded())
        {
            continue;
        }
        json_patch::patch(&mut object, &[operation]).map_err(|_| nameless(422))?;
    }
    Ok(object)
}

/// Writes `new` over the object that the path names.
fn update(log: &mut Log, ask: &Ask, new: Value) -> Result<Answer, Answer> {
    fits_path(ask, &new)?;
    let old = ask.stored(log)?.clone();
    unchanged_since(ask, &old, &new)?;
    let (kind, key) = (&ask.kind, ask.key.clone());
    let new = settle(kind, &key, ask.status, &old, new);
    no_new_finalizers(ask, &old, &new)?;
    let shown = if new == old {
        // A write that changes nothing is no write: no version, no event.
        old
    } else if is_deleting(&new) && finalizers(&new).is_empty() {
        log.commit(key, None);
        new
    } else {
        log.commit(key, Some(new))
    };
    Ok(ask.answer(&shown))
}

/// Writes an object over what is there, or creates it, and then its status.
pub(super) fn put(log: &mut Log, kind: &Kind, key: Key, object: Value) {
    let old = log.get(&key).cloned();
    let old = old.unwrap_or_else(|| unborn(log, kind, &object));
    let new = settle(kind, &key, false, &old, object.clone());
    let new = settle(kind, &key, true, &new, object);
    log.commit(key, Some(new));
}

pub(super) fn delete(log: &mut Log, ask: &Ask) -> Result<Answer, Answer> {
    no_options(ask)?;
    let mut details = ask.kind.details(&ask.key.name);
    details["uid"] = ask.stored(log)?["metadata"]["uid"].clone();
    Ok(match remove(log, ask.key.clone()) {
        Some(marked) => ask.answer(&marked),
        None => Answer::json(&json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
            "details": details,
        })),
    })
}

/// Deletes what is selected, and answers with the list of it as it was before.
pub(super) fn delete_collection(log: &mut Log, ask: &Ask) -> Result<Answer, Answer> {
    no_options(ask)?;
    let selected = ask.selected(log, log.version());
    let selected = selected.map(|(key, object)| (key.clone(), object));
    let (keys, items): (Vec<_>, Vec<_>) = selected.unzip();
    let metadata = json!({ "resourceVersion": log.version().to_string() });
    let answer = list_of(ask, metadata, &items);
    for key in keys {
        remove(log, key);
    }
    Ok(answer)
}

/// Refuses preconditions, dry runs, and deletion that waits for a collector.
fn no_options(ask: &Ask) -> Result<(), Answer> {
    let body = &ask.request.body;
    let known = [json!({}), json!({ "propagationPolicy": "Background" })];
    match body.is_empty() || known.contains(&ask.body()?) {
        true => Ok(()),
        false => Err(not_imitated("options of a deletion")),
    }
}

/// Removes the object, or marks it if it has finalizers, and gives it back then.
fn remove(log: &mut Log, key: Key) -> Option<Value> {
    let mut object = log.get(&key)?.clone();
    if finalizers(&object).is_empty() {
        log.commit(key, None);
        return None;
    }
    if is_deleting(&object) {
        return Some(object);
    }
    let metadata = &mut object["metadata"];
    metadata["deletionTimestamp"] = log.now();
    metadata["deletionGracePeriodSeconds"] = json!(0);
    // The mark is a change of what is wanted, so it counts as one, even for a
    // ConfigMap if somebody gave it a generation.
    if let Some(generation) = metadata["generation"].as_u64() {
        metadata["generation"] = json!(generation + 1);
    }
    Some(log.commit(key, Some(object)))
}

/// Version, kind, namespace and name in the body say the same as the path. Custom
/// resources must say version and kind; a built-in kind may leave both out.
fn fits_path(ask: &Ask, object: &Value) -> Result<(), Answer> {
    let fits = |field: &str, expected: &str| match object[field].as_str() {
        Some(found) => found == expected,
        None => !ask.kind.is_custom(),
    };
    let (path, kind) = (&ask.key, &ask.kind.names.kind);
    let right_kind =
        fits("apiVersion", &ask.kind.names.api_version) && fits("kind", kind);
    let (namespace, name) = (text(object, "namespace"), text(object, "name"));
    let message = if !right_kind {
        format!("the object provided is unrecognized (must be of type {kind})")
    } else if !["", &path.namespace].contains(&namespace) {
        "the namespace of the provided object does not match the namespace sent on the request"
            .to_owned()
    } else if !["", name].contains(&&*path.name) {
        let expected = &path.name;
        format!(
            "the name of the object ({name}) does not match the name on the URL ({expected})"
        )
    } else {
        return Ok(());
    };
    Err(bad_request(&message))
}

/// Optimistic locking: a version or uid in the body is one that it was made from.
fn unchanged_since(ask: &Ask, old: &Value, new: &Value) -> Result<(), Answer> {
    let (kind, name) = (&ask.kind, &*ask.key.name);
    match text(new, "resourceVersion") {
        // Built-in kinds take a PUT without it, and overwrite whatever is there.
        "" | "0" if ask.request.method == "PUT" && kind.is_custom() => {
            let why = "metadata.resourceVersion: Invalid value: 0: must be specified for an update";
            return Err(kind.invalid(&kind.names.plural, name, why));
        }
        "" | "0" => {}
        version if version == text(old, "resourceVersion") => {}
        _ => return Err(kind.conflict(name)),
    }
    match text(new, "uid") {
        uid if uid.is_empty() || uid == text(old, "uid") => Ok(()),
        uid => {
            let why =
                format!("metadata.uid: Invalid value: \"{uid}\": field is immutable");
            Err(kind.invalid(&kind.names.kind, name, &why))
        }
    }
}

fn no_new_finalizers(ask: &Ask, old: &Value, new: &Value) -> Result<(), Answer> {
    let added = finalizers(new)
        .iter()
        .filter(|it| !finalizers(old).contains(it));
    let added: Vec<_> = added.map(Value::to_string).collect();
    if !is_deleting(old) || added.is_empty() {
        return Ok(());
    }
    let why = format!(
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is \
         being deleted, found new finalizers []string{{{}}}",
        added.join(", "),
    );
    Err(ask.kind.invalid(&ask.kind.names.kind, &ask.key.name, &why))
}
