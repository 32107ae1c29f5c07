//! The object: how it is written, read and made.

use std::fmt::Debug;

use examples::document::{Document, DocumentSpec, DocumentStatus};
use k8s_openapi::NamespaceResourceScope;
use kube::{
    CustomResource, CustomResourceExt, Resource,
    core::object::{HasSpec, HasStatus},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::support::output;

/// What comes in as a recipe of another API is read as a document, and goes out
/// as one.
#[test]
fn a_recipe_is_read_as_a_document() {
    let recipe = json!({
        "apiVersion": "cooking.org/v7",
        "kind": "Recipe",
        "metadata": { "name": "bread" },
        "spec": { "title": "Bread", "content": "Mix." },
    });

    let read: Document = serde_json::from_value(recipe.clone()).unwrap();
    let written = serde_json::to_string(&read).unwrap();

    let text = format!("received  {recipe}\nread      {read:?}\nwritten   {written}\n");
    let name = r#"ObjectMeta { name: "bread", .. }"#;
    let shown = text.replace(&format!("{:?}", read.metadata), name);
    assert_ne!(shown, text);
    output("runtime_internals/custom_resources/recipe.txt", &shown);
    let (kind, version) = (Document::kind(&()), Document::api_version(&()));
    let written: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(written["kind"], json!(kind));
    assert_eq!(written["apiVersion"], json!(version));
}

/// Reading asks for metadata and for the required fields of the spec; it looks
/// at no kind, and passes over what it does not know.
#[test]
fn reading_asks_for_metadata_and_spec_and_not_for_a_kind() {
    let spec = json!({ "title": "FAQ", "content": "" });
    let cases = [
        (
            "another kind",
            json!({ "kind": "Recipe", "metadata": {}, "spec": spec }),
        ),
        ("no kind", json!({ "metadata": {}, "spec": spec })),
        ("no metadata", json!({ "kind": "Document", "spec": spec })),
        ("no spec", json!({ "kind": "Document", "metadata": {} })),
        (
            "no content",
            json!({ "metadata": {}, "spec": { "title": "FAQ" } }),
        ),
        (
            "unknown fields",
            json!({ "metadata": {}, "spec": { "title": "", "content": "", "x": 1 }, "y": 2 }),
        ),
        (
            "status: null",
            json!({ "metadata": {}, "spec": spec, "status": null }),
        ),
    ];

    let lines =
        cases.map(
            |(what, json)| match serde_json::from_value::<Document>(json) {
                Ok(_) => format!("{what:<15} is read\n"),
                Err(error) => format!("{what:<15} {error}\n"),
            },
        );

    output(
        "runtime_internals/custom_resources/reading.txt",
        &lines.concat(),
    );
}

/// The derive gives `Document` its traits: what the book uses, and what
/// `derive = ".."` adds.
#[test]
fn a_derived_kind_has_the_traits_of_the_picture() {
    fn written<K>()
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
        K: CustomResourceExt,
        K: HasSpec<Spec = DocumentSpec> + HasStatus<Status = DocumentStatus>,
        K: Serialize + DeserializeOwned + Clone + Debug + JsonSchema,
        K: PartialEq,
    {
    }

    written::<Document>();
}

/// With everything that a new object may be given.
#[derive(CustomResource, Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "example.com",
    version = "v1",
    kind = "Labelled",
    derive = "Default",
    label("team", "docs"),
    annotation("example.com/owner", "mina")
)]
struct LabelledSpec {}

/// `new` copies labels and annotations of the attributes into the object; the
/// derived `Default` makes an object without them, and without a name.
#[test]
fn new_copies_the_labels_and_default_does_not() {
    let new = Labelled::new("a", LabelledSpec {});
    let default = Labelled::default();

    let labels = new.metadata.labels.unwrap();
    assert_eq!(labels["team"], "docs");
    let annotations = new.metadata.annotations.unwrap();
    assert_eq!(annotations["example.com/owner"], "mina");
    assert_eq!(default.metadata, Default::default());
    let crd = Labelled::crd();
    assert_eq!(crd.metadata.labels, Some(labels));
    assert_eq!(crd.metadata.annotations, Some(annotations));
}
