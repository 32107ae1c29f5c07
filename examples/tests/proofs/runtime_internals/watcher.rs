//! The proofs of the page *The watcher, state by state*.

mod errors;
pub mod observed;
mod real;
mod recovery;
mod table;

use examples::testing::Answer;
use serde_json::{Value, json};

/// A document, at a version.
pub fn document(name: &str, version: &str) -> Value {
    json!({ "metadata": { "name": name, "resourceVersion": version },
            "spec": { "title": name, "content": "" } })
}

/// A document with a title that is no text.
pub fn wrong(name: &str, version: &str) -> Value {
    let mut document = document(name, version);
    document["spec"]["title"] = json!(3);
    document
}

/// A page of a list, of this version, with a continue token.
pub fn page(items: &[&Value], version: Option<&str>, token: Option<&str>) -> Answer {
    let metadata = json!({ "resourceVersion": version, "continue": token });
    Answer::json(
        &json!({ "apiVersion": "v1", "kind": "List", "metadata": metadata, "items": items }),
    )
}

/// A line of a watch: `kind` is `ADDED`, `MODIFIED` or `DELETED`.
pub fn event(kind: &str, object: &Value) -> Value {
    json!({ "type": kind, "object": object })
}

pub fn bookmark(version: &str) -> Value {
    event(
        "BOOKMARK",
        &json!({ "kind": "Document", "apiVersion": "example.com/v1",
                 "metadata": { "resourceVersion": version } }),
    )
}

/// The bookmark after the last object of a streaming list.
pub fn initial_end(version: &str) -> Value {
    let mut bookmark = bookmark(version);
    bookmark["object"]["metadata"]["annotations"] =
        json!({ "k8s.io/initial-events-end": "true" });
    bookmark
}

/// How an API server reports a failure within a watch.
pub fn error_event(code: u16) -> Value {
    event(
        "ERROR",
        &json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure",
                            "code": code, "message": "no" }),
    )
}
