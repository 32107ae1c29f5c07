//! What becomes of an object that somebody writes: rules that know of no request.

use serde_json::{Value, json};

use super::{
    Kind,
    log::{Key, Log},
};

/// What the server alone decides: whatever a client sends, the old value stays.
const SERVER_OWNED: [&str; 7] = [
    "uid",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "resourceVersion",
];

/// A text of the metadata, empty if it is not there.
pub(super) fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object["metadata"][field].as_str().unwrap_or_default()
}

pub(super) fn is_deleting(object: &Value) -> bool {
    !object["metadata"]["deletionTimestamp"].is_null()
}

pub(super) fn finalizers(object: &Value) -> &[Value] {
    let finalizers = object["metadata"]["finalizers"].as_array();
    finalizers.map_or(&[], Vec::as_slice)
}

/// What a new object is written over: what the server alone decides.
pub(super) fn unborn(log: &Log, kind: &Kind, object: &Value) -> Value {
    let given = object["metadata"]["generation"].clone();
    json!({ "metadata": {
        "uid": format!("00000000-0000-4000-8000-{:012}", log.version()),
        "creationTimestamp": log.now(),
        "generation": if kind.generation { json!(0) } else { given },
    } })
}

/// What becomes of `old` if a client writes `new` over its status, or over what
/// is not its status.
pub(super) fn settle(
    kind: &Kind,
    key: &Key,
    status: bool,
    old: &Value,
    mut new: Value,
) -> Value {
    if status {
        let status = new["status"].take();
        new = old.clone();
        new["status"] = status;
    } else if kind.status {
        new["status"] = old["status"].clone();
    }
    for field in SERVER_OWNED {
        new["metadata"][field] = old["metadata"][field].clone();
    }
    let mut new = tidy(kind, key, new);
    if kind.generation && wanted(kind, old) != wanted(kind, &new) {
        let generation = old["metadata"]["generation"].as_u64().unwrap_or_default();
        new["metadata"]["generation"] = json!(generation + 1);
    }
    new
}

/// What `generation` counts the changes of.
fn wanted(kind: &Kind, object: &Value) -> Value {
    let mut wanted = object.clone();
    wanted["metadata"] = Value::Null;
    if kind.status {
        wanted["status"] = Value::Null;
    }
    wanted
}

/// The object as a server stores it: kind, namespace and name of the path, and no
/// empty fields in the metadata, which Go leaves out when it writes them.
fn tidy(kind: &Kind, key: &Key, mut object: Value) -> Value {
    object["apiVersion"] = json!(kind.names.api_version);
    object["kind"] = json!(kind.names.kind);
    object["metadata"]["namespace"] = json!(key.namespace);
    object["metadata"]["name"] = json!(key.name);
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.retain(|_, value| match value {
            Value::Null => false,
            Value::String(text) => !text.is_empty(),
            Value::Array(items) => !items.is_empty(),
            Value::Object(fields) => !fields.is_empty(),
            _ => true,
        });
    }
    if object["status"].is_null()
        && let Some(fields) = object.as_object_mut()
    {
        fields.shift_remove("status");
    }
    object
}
