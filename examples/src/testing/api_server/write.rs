//! What becomes of an object that somebody writes.

use serde_json::{Value, json};

use super::{
    super::Answer,
    Kind,
    ask::Ask,
    failure::{already_exists, bad_request, conflict, internal, invalid, not_found},
    store::{Key, Store},
};

/// What the server alone decides: whatever a client sends, the old value stays.
const SERVER_OWNED: [&str; 6] = [
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "resourceVersion",
];

impl Store {
    /// The object `name`, or the answer that there is none.
    pub(super) fn find(&self, ask: &Ask, name: &str) -> Result<&Value, Answer> {
        self.get(&ask.key(name))
            .ok_or_else(|| not_found(&ask.kind, name))
    }

    pub(super) fn create(
        &mut self,
        ask: &Ask,
        mut object: Value,
    ) -> Result<Value, Answer> {
        let kind = &ask.kind;
        fits_path(ask, &object)?;
        if filled(&object, "resourceVersion").is_some() {
            return Err(internal(
                "resourceVersion should not be set on objects to be created",
            ));
        }
        let number = self.count_created();
        let name = match (filled(&object, "name"), filled(&object, "generateName")) {
            (Some(name), _) => name.to_owned(),
            (None, Some(prefix)) => format!("{prefix}{number:05}"),
            (None, None) => {
                let why =
                    "metadata.name: Required value: name or generateName is required";
                return Err(invalid(kind, "", why));
            }
        };
        let key = ask.key(&name);
        if self.get(&key).is_some() {
            return Err(already_exists(kind, &name));
        }
        if kind.status {
            set(&mut object, "status", None);
        }
        self.born(kind, number, &mut object);
        object["metadata"]["name"] = json!(name);
        Ok(self.keep(ask, key, object))
    }

    /// Gives a new object what the server alone decides.
    fn born(&self, kind: &Kind, number: u64, object: &mut Value) {
        for field in SERVER_OWNED {
            object["metadata"][field] = Value::Null;
        }
        object["metadata"]["uid"] =
            json!(format!("00000000-0000-4000-8000-{number:012}"));
        object["metadata"]["creationTimestamp"] = self.now();
        if kind.generation {
            object["metadata"]["generation"] = json!(1);
        }
    }

    /// Writes all of `new`, status included, over what is there, or creates it.
    pub(super) fn put(&mut self, ask: &Ask, name: &str, mut new: Value) {
        match self.get(&ask.key(name)).cloned() {
            Some(old) => {
                let status = new.get("status").cloned();
                new = settle(ask, &old, new);
                set(&mut new, "status", status.as_ref());
            }
            None => {
                let number = self.count_created();
                self.born(&ask.kind, number, &mut new);
            }
        }
        self.keep(ask, ask.key(name), new);
    }

    /// Writes `new` over the object `name`. With `locked` it must carry the
    /// version that it was made from.
    pub(super) fn update(
        &mut self,
        ask: &Ask,
        name: &str,
        new: Value,
        locked: bool,
    ) -> Result<Value, Answer> {
        let kind = &ask.kind;
        let old = self.find(ask, name)?.clone();
        fits_path(ask, &new)?;
        unchanged_since(kind, name, &old, &new, locked)?;
        let new = tidy(kind, ask.namespace.as_deref(), settle(ask, &old, new));
        no_new_finalizers(kind, name, &old, &new)?;
        // A write that changes nothing is no write: no version, no event.
        if new == old {
            return Ok(old);
        }
        if is_deleting(&new) && finalizers(&new).is_empty() {
            self.commit(ask.key(name), None);
            return Ok(new);
        }
        Ok(self.keep(ask, ask.key(name), new))
    }

    /// Removes the object, or marks it if it has finalizers. Gives back the
    /// object in the second case.
    pub(super) fn delete(
        &mut self,
        ask: &Ask,
        name: &str,
    ) -> Result<Option<Value>, Answer> {
        let old = self.find(ask, name)?.clone();
        if finalizers(&old).is_empty() {
            return Ok(self.commit(ask.key(name), None));
        }
        if is_deleting(&old) {
            return Ok(Some(old));
        }
        let mut new = old;
        new["metadata"]["deletionTimestamp"] = self.now();
        new["metadata"]["deletionGracePeriodSeconds"] = json!(0);
        // The mark is a change of what is wanted, so it counts as one, even for
        // a ConfigMap if somebody gave it a generation.
        if let Some(generation) = new["metadata"]["generation"].as_u64() {
            new["metadata"]["generation"] = json!(generation + 1);
        }
        Ok(Some(self.keep(ask, ask.key(name), new)))
    }

    fn keep(&mut self, ask: &Ask, key: Key, object: Value) -> Value {
        let object = tidy(&ask.kind, ask.namespace.as_deref(), object);
        self.commit(key, Some(object)).unwrap_or_default()
    }
}

/// The body as an object with metadata, or the answer that it is none.
pub(super) fn checked(body: Value) -> Result<Value, Answer> {
    let metadata = body.get("metadata");
    match body.is_object() && metadata.is_none_or(|it| it.is_object() || it.is_null()) {
        true => Ok(body),
        false => Err(bad_request("the object provided is unrecognized")),
    }
}

/// A text of the metadata that is there and not empty.
fn filled<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    object["metadata"][field]
        .as_str()
        .filter(|text| !text.is_empty())
}

fn set(object: &mut Value, field: &str, value: Option<&Value>) {
    if let Some(object) = object.as_object_mut() {
        match value {
            Some(value) => object.insert(field.to_owned(), value.clone()),
            None => object.remove(field),
        };
    }
}

fn is_deleting(object: &Value) -> bool {
    !object["metadata"]["deletionTimestamp"].is_null()
}

fn finalizers(object: &Value) -> &[Value] {
    object["metadata"]["finalizers"]
        .as_array()
        .map_or(&[], Vec::as_slice)
}

/// Version, kind, namespace and name in the body say the same as the path.
fn fits_path(ask: &Ask, object: &Value) -> Result<(), Answer> {
    let (expected, found) = (ask.kind.api_version(), object["apiVersion"].as_str());
    if found.is_some_and(|found| found != expected) {
        return Err(bad_request(&format!(
            "the API version in the data ({}) does not match the expected API version ({expected})",
            found.unwrap_or_default(),
        )));
    }
    if filled(object, "namespace").is_some_and(|it| Some(it) != ask.namespace.as_deref())
    {
        return Err(bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    match (filled(object, "name"), ask.name.as_deref()) {
        (Some(name), Some(expected)) if name != expected => Err(bad_request(&format!(
            "the name of the object ({name}) does not match the name on the URL ({expected})",
        ))),
        (None, Some(expected)) => Err(bad_request(&format!(
            "the name of the object ({expected} based on URL) was undeterminable: name must be provided",
        ))),
        _ => Ok(()),
    }
}

/// Optimistic locking: a version or uid in the body is one that it was made from.
fn unchanged_since(
    kind: &Kind,
    name: &str,
    old: &Value,
    new: &Value,
    locked: bool,
) -> Result<(), Answer> {
    let version = filled(new, "resourceVersion").filter(|version| *version != "0");
    if version.is_none() && locked {
        let why =
            "metadata.resourceVersion: Invalid value: 0: must be specified for an update";
        // This one message calls the kind by its plural.
        let kind = Kind {
            kind: kind.plural.clone(),
            ..kind.clone()
        };
        return Err(invalid(&kind, name, why));
    }
    if version.is_some_and(|version| old["metadata"]["resourceVersion"] != version) {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        return Err(conflict(kind, name, why));
    }
    if let Some(uid) = filled(new, "uid")
        && old["metadata"]["uid"] != uid
    {
        let why = format!("metadata.uid: Invalid value: \"{uid}\": field is immutable");
        return Err(invalid(kind, name, &why));
    }
    Ok(())
}

/// What `new` may change of `old`: through `/status` the status, through the main
/// path everything but what the server owns, and the generation follows.
fn settle(ask: &Ask, old: &Value, mut new: Value) -> Value {
    if ask.status {
        let mut settled = old.clone();
        set(&mut settled, "status", new.get("status"));
        return settled;
    }
    if ask.kind.status {
        set(&mut new, "status", old.get("status"));
    }
    for field in SERVER_OWNED {
        new["metadata"][field] = old["metadata"][field].clone();
    }
    if ask.kind.generation {
        let generation = old["metadata"]["generation"].as_u64().unwrap_or_default();
        let changed = u64::from(without_metadata(old) != without_metadata(&new));
        new["metadata"]["generation"] = json!(generation + changed);
    }
    new
}

fn without_metadata(object: &Value) -> Value {
    let mut object = object.clone();
    for field in ["metadata", "apiVersion", "kind"] {
        set(&mut object, field, None);
    }
    object
}

/// The object as a server stores it: kind and namespace of the path, and no
/// empty fields in the metadata, which Go leaves out when it writes them.
fn tidy(kind: &Kind, namespace: Option<&str>, mut object: Value) -> Value {
    object["apiVersion"] = json!(kind.api_version());
    object["kind"] = json!(kind.kind);
    object["metadata"]["namespace"] = json!(namespace);
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.retain(|_, value| match value {
            Value::Null => false,
            Value::String(text) => !text.is_empty(),
            Value::Array(items) => !items.is_empty(),
            Value::Object(fields) => !fields.is_empty(),
            _ => true,
        });
    }
    object
}

fn no_new_finalizers(
    kind: &Kind,
    name: &str,
    old: &Value,
    new: &Value,
) -> Result<(), Answer> {
    let known = finalizers(old);
    let added: Vec<_> = finalizers(new)
        .iter()
        .filter(|it| !known.contains(it))
        .collect();
    if !is_deleting(old) || added.is_empty() {
        return Ok(());
    }
    let added: Vec<_> = added.iter().map(|it| it.to_string()).collect();
    let why = format!(
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is \
         being deleted, found new finalizers []string{{{}}}",
        added.join(", "),
    );
    Err(invalid(kind, name, &why))
}
