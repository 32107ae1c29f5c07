//! A misspelt field, sent in four ways.

use examples::{document::Document, testing::recording::Recorded};
use kube::{
    Api, CustomResourceExt, Error, Result,
    api::{ApiResource, DynamicObject, Patch, PatchParams},
};
use serde_json::json;

use crate::support::output;

/// A field that is not in the schema is cut off by a create and by a merge
/// patch, and refused by a strict merge patch and by an apply.
#[tokio::test]
async fn an_unknown_field_is_cut_off_or_refused() {
    let mut server = Recorded::open("runtime_internals/schemas/unknown.http")
        .await
        .unwrap();
    server.namespace("schemas-unknown").await.unwrap();
    server.crd(&Document::crd()).await.unwrap();
    let resource = ApiResource::erase::<Document>(&());
    let client = server.client().unwrap();
    let documents =
        Api::<DynamicObject>::namespaced_with(client, "schemas-unknown", &resource);
    let spec = json!({ "title": "FAQ", "content": "", "autor": "Mina" });
    let new = DynamicObject::new("faq", &resource).data(json!({ "spec": spec }));
    let merge = Patch::Merge(json!({ "spec": { "autor": "Mina" } }));
    let strict = PatchParams::default().validation_strict();
    let apply = PatchParams::apply("author");

    let created = documents.create(&Default::default(), &new).await;
    let merged = documents.patch("faq", &Default::default(), &merge).await;
    let refused = documents.patch("faq", &strict, &merge).await;
    let applied = documents.patch("faq", &apply, &Patch::Apply(&new)).await;

    server.finish().await.unwrap();
    let lines = [
        ("create", created),
        ("merge patch", merged),
        ("merge patch, strict", refused),
        ("apply", applied),
    ];
    let lines = lines.map(|(what, answer)| format!("{what:<20} {}\n", told(answer)));
    output("runtime_internals/schemas/unknown.txt", &lines.concat());
}

fn told(answer: Result<DynamicObject>) -> String {
    match answer {
        Ok(stored) => format!("stored: {}", stored.data["spec"]),
        Err(Error::Api(status)) => {
            let message = &status.message;
            // A merge patch tells the whole object first.
            let told = message
                .rsplit_once("}\": ")
                .map_or(&**message, |(_, told)| told);
            format!("{} {told}", status.code)
        }
        Err(error) => panic!("{error}"),
    }
}
