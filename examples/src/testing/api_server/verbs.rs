//! What each verb answers, but for `watch`.

use serde_json::{Value, json};

use super::{
    super::{Answer, Received},
    Kind,
    ask::Ask,
    failure::{
        bad_request, conflict, failure, method_not_allowed, not_imitated, patch_failed,
    },
    store::{Objects, Store},
    write::checked,
};
use std::time::Duration;

/// Answers a request that is not a watch, and does what it asks for.
pub(super) fn answer(
    store: &mut Store,
    ask: &Ask,
    request: &Received,
) -> Result<Answer, Answer> {
    match (request.method.as_str(), ask.name.as_deref()) {
        ("GET", None) => list(store, ask),
        ("GET", Some(name)) => get(store, ask, name),
        ("POST", None) => create(store, ask, &request.body),
        ("PUT", Some(name)) => replace(store, ask, name, &request.body),
        ("PATCH", Some(name)) => patch(store, ask, name, request),
        ("DELETE", None) => delete_collection(store, ask, &request.body),
        ("DELETE", Some(name)) if !ask.status => delete(store, ask, name, &request.body),
        _ => Err(method_not_allowed()),
    }
}

/// The object in the form that was asked for.
pub(super) fn shown(ask: &Ask, object: &Value) -> Value {
    match ask.metadata_only {
        false => object.clone(),
        true => json!({
            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
            "metadata": object["metadata"],
        }),
    }
}

/// The objects that the request's path and selectors name, in the order of lists.
pub(super) fn selected<'a>(ask: &Ask, objects: &'a Objects) -> Vec<&'a Value> {
    let resource = ask.kind.resource();
    let in_namespace = |namespace: &str| {
        ask.namespace
            .as_ref()
            .is_none_or(|wanted| wanted == namespace)
    };
    let here = objects
        .iter()
        .filter(|(key, _)| key.resource == resource && in_namespace(&key.namespace));
    here.map(|(_, object)| object)
        .filter(|object| ask.selection.selects(object))
        .collect()
}

fn get(store: &Store, ask: &Ask, name: &str) -> Result<Answer, Answer> {
    // Any version is new enough, as there is no cache that could lag behind.
    ask.only(&["resourceVersion"])?;
    Ok(Answer::json(&shown(ask, store.find(ask, name)?)))
}

fn list(store: &Store, ask: &Ask) -> Result<Answer, Answer> {
    ask.only(&[
        "limit",
        "continue",
        "labelSelector",
        "fieldSelector",
        "resourceVersion",
        "resourceVersionMatch",
        "timeoutSeconds",
    ])?;
    let (version, start) = page(store, ask)?;
    let Some(objects) = store.at(version) else {
        return Err(gone(ask));
    };
    let all = selected(ask, &objects);
    // A list from the cache ignores the limit.
    let cached = ask.parameter("resourceVersion") == Some("0") && start == 0;
    let limit = ask.number("limit")?.filter(|limit| *limit > 0 && !cached);
    let limit = limit
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(usize::MAX);
    let mut metadata = json!({ "resourceVersion": version.to_string() });
    let end = start.saturating_add(limit);
    if end < all.len() {
        metadata["continue"] = json!(format!("{version}-{end}"));
        if ask.selection.selects_all() {
            metadata["remainingItemCount"] = json!(all.len() - end);
        }
    }
    Ok(Answer::json(&list_of(
        ask,
        metadata,
        all.into_iter().skip(start).take(limit),
    )))
}

/// The version that a list shows, and the number of its first object: the token
/// of a continued list says both.
fn page(store: &Store, ask: &Ask) -> Result<(u64, usize), Answer> {
    let asked = ask
        .parameter("resourceVersion")
        .filter(|version| *version != "0");
    let exactly = ask.parameter("resourceVersionMatch") == Some("Exact");
    if let Some(token) = ask.parameter("continue") {
        if asked.is_some() {
            let why = "specifying resource version is not allowed when using continue";
            return Err(bad_request(why));
        }
        let parts = token.split_once('-').and_then(|(version, start)| {
            Some((version.parse().ok()?, start.parse().ok()?))
        });
        return parts.ok_or_else(|| bad_request("continue key is not valid"));
    }
    let Some(version) = asked else {
        return Ok((store.version(), 0));
    };
    let version = version
        .parse()
        .map_err(|_| bad_request("invalid resource version"))?;
    if version > store.version() {
        return Err(too_large(version, store.version()));
    }
    // With a limit, a version without a match still means that very version.
    let legacy = ask.parameter("limit").is_some()
        && ask.parameter("resourceVersionMatch").is_none();
    Ok((
        if exactly || legacy {
            version
        } else {
            store.version()
        },
        0,
    ))
}

/// The server waits three seconds for the version before it gives up.
fn too_large(version: u64, current: u64) -> Answer {
    let message =
        format!("Timeout: Too large resource version: {version}, current: {current}");
    let cause = json!([{ "reason": "ResourceVersionTooLarge", "message": "Too large resource version" }]);
    let details = json!({ "causes": cause, "retryAfterSeconds": 1 });
    failure(504, "Timeout", &message, details).after(Duration::from_secs(3))
}

/// The state that a list is to show is forgotten.
fn gone(ask: &Ask) -> Answer {
    let message = match ask.parameter("continue") {
        None => "The resourceVersion for the provided list is too old.",
        Some(_) => {
            "The provided continue parameter is too old to display a consistent list result. \
             You can start a new list without the continue parameter."
        }
    };
    Answer::failure(410, "Expired", message)
}

fn list_of<'a>(
    ask: &Ask,
    mut metadata: Value,
    items: impl Iterator<Item = &'a Value>,
) -> Value {
    if ask.kind.is_custom() && !ask.metadata_only && metadata["continue"].is_null() {
        // Lists of custom resources have the field in any case.
        metadata["continue"] = json!("");
    }
    let items: Vec<_> = items
        .map(|item| {
            let mut item = shown(ask, item);
            // What a list of a built-in kind says once, its items don't repeat.
            if !ask.kind.is_custom() && !ask.metadata_only {
                item.as_object_mut()
                    .map(|item| (item.remove("kind"), item.remove("apiVersion")));
            }
            item
        })
        .collect();
    let (kind, version) = match ask.metadata_only {
        true => (
            "PartialObjectMetadataList".to_owned(),
            "meta.k8s.io/v1".to_owned(),
        ),
        false => (format!("{}List", ask.kind.kind), ask.kind.api_version()),
    };
    json!({ "kind": kind, "apiVersion": version, "metadata": metadata, "items": items })
}

fn create(store: &mut Store, ask: &Ask, body: &[u8]) -> Result<Answer, Answer> {
    ask.only(&[])?;
    let object = store.create(ask, read(body)?)?;
    Ok(Answer::json(&shown(ask, &object)).with_code(201))
}

fn replace(
    store: &mut Store,
    ask: &Ask,
    name: &str,
    body: &[u8],
) -> Result<Answer, Answer> {
    ask.only(&[])?;
    let object = store.update(ask, name, read(body)?, must_lock(&ask.kind))?;
    Ok(Answer::json(&shown(ask, &object)))
}

/// Kinds of which a PUT must say the version. Most built-in ones take it without
/// and overwrite whatever is there.
fn must_lock(kind: &Kind) -> bool {
    let strict = ["Lease", "PodDisruptionBudget", "CustomResourceDefinition"];
    kind.is_custom() || strict.contains(&kind.kind.as_str())
}

fn patch(
    store: &mut Store,
    ask: &Ask,
    name: &str,
    request: &Received,
) -> Result<Answer, Answer> {
    ask.only(&[])?;
    let merge = match request.header("content-type").unwrap_or_default() {
        "application/merge-patch+json" => true,
        "application/json-patch+json" => false,
        other => {
            let instead = "send a merge or JSON patch, or record a real server";
            return Err(not_imitated(
                &format!("patches of the type `{other}`"),
                instead,
            ));
        }
    };
    let mut object = store.find(ask, name)?.clone();
    match merge {
        true => {
            json_patch::merge(&mut object, &parse(&request.body, "invalid JSON patch")?)
        }
        false => operate(&mut object, &parse(&request.body, "error decoding patch")?)?,
    }
    let object = store.update(ask, name, checked(object)?, false)?;
    Ok(Answer::json(&shown(ask, &object)))
}

/// Applies a JSON patch. As on a real server, `test` finds `null` where there is
/// nothing, on which kube's `finalizer` relies.
fn operate(object: &mut Value, operations: &json_patch::Patch) -> Result<(), Answer> {
    for operation in &operations.0 {
        if let json_patch::PatchOperation::Test(test) = operation
            && test.value.is_null()
            && object.pointer(test.path.as_str()).is_none()
        {
            continue;
        }
        let one = std::slice::from_ref(operation);
        json_patch::patch(object, one).map_err(|_| patch_failed())?;
    }
    Ok(())
}

fn delete(
    store: &mut Store,
    ask: &Ask,
    name: &str,
    body: &[u8],
) -> Result<Answer, Answer> {
    ask.only(&[])?;
    let old = store.find(ask, name)?.clone();
    preconditions(ask, &old, &options(body)?)?;
    if let Some(marked) = store.delete(ask, name)? {
        return Ok(Answer::json(&shown(ask, &marked)));
    }
    let mut details = ask.kind.details(name);
    details["uid"] = old["metadata"]["uid"].clone();
    Ok(Answer::json(&json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": details,
    })))
}

fn preconditions(ask: &Ask, old: &Value, options: &Value) -> Result<(), Answer> {
    let metadata = &old["metadata"];
    let wanted = &options["preconditions"];
    for (field, called) in [("uid", "UID"), ("resourceVersion", "ResourceVersion")] {
        if let Some(wanted) = wanted[field].as_str()
            && metadata[field] != wanted
        {
            let found = metadata[field].as_str().unwrap_or_default();
            let why = format!(
                "the {called} in the precondition ({wanted}) does not match the {called} \
                 in record ({found}). The object might have been {}",
                if called == "UID" {
                    "deleted and then recreated"
                } else {
                    "modified"
                },
            );
            // This one message calls the kind by its name.
            let kind = Kind {
                plural: ask.kind.kind.clone(),
                ..ask.kind.clone()
            };
            return Err(conflict(
                &kind,
                metadata["name"].as_str().unwrap_or_default(),
                &why,
            ));
        }
    }
    Ok(())
}

/// The body of a deletion, without what is not imitated.
fn options(body: &[u8]) -> Result<Value, Answer> {
    let options: Value = match body {
        [] => Value::Null,
        body => parse(body, "couldn't get version/kind")?,
    };
    let policy = options["propagationPolicy"]
        .as_str()
        .unwrap_or("Background");
    if policy != "Background" || !options["dryRun"].is_null() {
        let instead = "delete without this option, or record a real server";
        return Err(not_imitated("garbage collection and dry runs", instead));
    }
    Ok(options)
}

/// Deletes what is selected, and answers with the list of it as it was before.
fn delete_collection(
    store: &mut Store,
    ask: &Ask,
    body: &[u8],
) -> Result<Answer, Answer> {
    ask.only(&["labelSelector", "fieldSelector"])?;
    options(body)?;
    let version = store.version();
    let objects = store.at(version).unwrap_or_default();
    let selected = selected(ask, &objects);
    for object in &selected {
        store.delete(ask, object["metadata"]["name"].as_str().unwrap_or_default())?;
    }
    let metadata = json!({ "resourceVersion": version.to_string() });
    Ok(Answer::json(&list_of(ask, metadata, selected.into_iter())))
}

fn read(body: &[u8]) -> Result<Value, Answer> {
    checked(parse(body, "the object provided is unrecognized")?)
}

fn parse<T: serde::de::DeserializeOwned>(
    body: &[u8],
    failure: &str,
) -> Result<T, Answer> {
    serde_json::from_slice(body)
        .map_err(|error| bad_request(&format!("{failure}: {error}")))
}
