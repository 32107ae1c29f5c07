//! The proofs of the page *The reflector and its Store*.

mod behind;
mod filling;
mod memory;
mod reading;
mod relist;
mod swap;
mod waiting;

use examples::{
    document::{Document, DocumentSpec},
    testing::Answer,
};
use futures::FutureExt;
use kube::{ResourceExt, runtime::reflector::Store};
use serde_json::{Value, json};

/// A document of the namespace `default`, as of `version`.
fn document(name: &str, version: &str) -> Document {
    let spec = DocumentSpec {
        title: name.to_owned(),
        content: String::new(),
    };
    let mut document = Document::new(name, spec);
    document.metadata.namespace = Some("default".to_owned());
    document.metadata.resource_version = Some(version.to_owned());
    document
}

/// The same as an API server sends it.
fn object(name: &str, version: &str) -> Value {
    json!(document(name, version))
}

fn event(kind: &str, object: &Value) -> Value {
    json!({ "type": kind, "object": object })
}

/// What a server says to a watch from a version that it no longer has.
fn expired() -> Value {
    let status = json!({
        "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure",
        "message": "too old resource version", "reason": "Expired", "code": 410,
    });
    event("ERROR", &status)
}

/// The bookmark that ends a streaming list.
fn end() -> Value {
    let metadata = json!({ "resourceVersion": "6",
        "annotations": { "k8s.io/initial-events-end": "true" } });
    event(
        "BOOKMARK",
        &json!({ "apiVersion": "example.com/v1", "kind": "Document", "metadata": metadata }),
    )
}

/// A watch on which nothing ever happens.
fn silence() -> Answer {
    Answer::watch(&[])
}

/// Names and versions of what a Store holds, sorted.
fn contents(store: &Store<Document>) -> String {
    let name_and_version = |document: &Document| {
        let version = document.resource_version().unwrap_or_default();
        format!("{} v{version}", document.name_any())
    };
    let mut documents: Vec<_> = store
        .state()
        .iter()
        .map(|document| name_and_version(document))
        .collect();
    documents.sort();
    if documents.is_empty() {
        "-".to_owned()
    } else {
        documents.join(", ")
    }
}

/// Whether `wait_until_ready` has something to say now, and what.
fn readiness(store: &Store<Document>) -> &'static str {
    match store.wait_until_ready().now_or_never() {
        None => "waits",
        Some(Ok(())) => "Ok",
        Some(Err(_)) => "Err",
    }
}
