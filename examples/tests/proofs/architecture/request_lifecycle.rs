//! *A request, from call to socket and back*.

mod answers;
mod dropping;
mod methods;
mod requests;
mod two_calls;
mod watches;
mod wire;

use kube::{Api, Client, api::ListParams};
use serde_json::{Value, json};

use examples::document::Document;

/// A document as it stands in a list or an event.
fn document(name: &str) -> Value {
    let spec = json!({ "title": name, "content": "" });
    json!({ "metadata": { "name": name, "resourceVersion": "7" }, "spec": spec })
}

/// A document with a title that is no text.
fn wrong_document(name: &str) -> Value {
    let mut document = document(name);
    document["spec"]["title"] = json!(3);
    document
}

fn added(object: &Value) -> Value {
    json!({ "type": "ADDED", "object": object })
}

fn list_of(items: &[Value]) -> String {
    let metadata = json!({ "resourceVersion": "7" });
    json!({ "apiVersion": "example.com/v1", "kind": "DocumentList",
            "metadata": metadata, "items": items })
    .to_string()
}

/// The documents of the client's own namespace, in a call that owns them.
async fn list(client: Client) -> kube::Result<Vec<Document>> {
    let documents = Api::<Document>::default_namespaced(client);
    Ok(documents.list(&ListParams::default()).await?.items)
}
