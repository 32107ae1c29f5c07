//! `crd()`: what it gives, and when it works for it.

use std::{
    borrow::Cow,
    panic,
    sync::atomic::{AtomicUsize, Ordering},
};

use examples::document::Document;
use kube::{CustomResource, CustomResourceExt, Resource};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::support::{compile_fail, output};

/// `Document::crd()` is this CRD, but for the schema.
#[test]
fn the_crd_of_a_document_is_this_one() {
    let mut crd = serde_json::to_value(Document::crd()).unwrap();
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = json!("…");
    let crd = serde_json::to_string_pretty(&crd).unwrap();

    output("runtime_internals/custom_resources/crd.json", &(crd + "\n"));
    assert_eq!(Document::crd_name(), "documents.example.com");
    assert_eq!(Document::shortnames(), ["doc"]);
    assert_eq!(Document::api_resource().plural, Document::plural(&()));
}

static ASKED: AtomicUsize = AtomicUsize::new(0);

/// A number of stars that counts how often somebody wants its schema.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stars(u8);

impl JsonSchema for Stars {
    fn schema_name() -> Cow<'static, str> {
        "Stars".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        ASKED.fetch_add(1, Ordering::Relaxed);
        json_schema!({ "type": "integer" })
    }
}

#[derive(CustomResource, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[kube(group = "example.com", version = "v1", kind = "Review")]
struct ReviewSpec {
    stars: Stars,
}

/// The schema is made when `crd()` is called, and again at each call.
#[test]
fn each_call_of_crd_makes_the_schema_anew() {
    assert_eq!(ASKED.load(Ordering::Relaxed), 0);

    let (first, second) = (Review::crd(), Review::crd());

    assert_eq!(first, second);
    assert_eq!(ASKED.load(Ordering::Relaxed), 2);
}

/// A variant without data beside one with data.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
enum Cover {
    Plain,
    Image(String),
}

#[derive(CustomResource, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[kube(group = "example.com", version = "v1", kind = "Book")]
struct BookSpec {
    cover: Cover,
}

/// A spec whose schema Kubernetes cannot have compiles, and panics in `crd()`.
#[test]
fn a_schema_that_kubernetes_cannot_have_panics_in_crd() {
    let spec = BookSpec {
        cover: Cover::Image("a.png".to_owned()),
    };
    assert_eq!(Book::new("a", spec).spec.cover_name(), "image");
    assert_eq!(Book::crd_name(), "books.example.com");

    let panicked = panic::catch_unwind(Book::crd).unwrap_err();

    let message = panicked.downcast::<String>().unwrap();
    assert!(message.starts_with("Enum variant set"), "{message}");
}

impl BookSpec {
    fn cover_name(&self) -> &'static str {
        match self.cover {
            Cover::Plain => "plain",
            Cover::Image(_) => "image",
        }
    }
}

/// Plurals by the derive's rules.
macro_rules! plurals {
    ($($module:ident $kind:literal;)*) => {
        $(mod $module {
            use super::*;

            #[derive(CustomResource, Clone, Debug, Serialize, Deserialize, JsonSchema)]
            #[kube(group = "example.com", version = "v1", kind = $kind, root = "Root")]
            pub struct Spec {}
        })*

        fn plurals() -> Vec<(&'static str, String)> {
            vec![$(($kind, $module::Root::crd().spec.names.plural)),*]
        }
    };
}

plurals! {
    day "Day"; policy "Policy"; index "Index"; batch "Batch"; chassis "Chassis";
    pods "Pods"; person "Person"; leaf "Leaf"; route "HTTPRoute";
}

/// The derive makes plurals by three rules of spelling, and knows no exception.
#[test]
fn the_derive_makes_plurals_by_spelling() {
    let lines = plurals().into_iter();
    let lines = lines.map(|(kind, plural)| format!("{kind:<10} {plural}\n"));

    output(
        "runtime_internals/custom_resources/plurals.txt",
        &lines.collect::<String>(),
    );
}

/// A derive without group, version and kind names what is missing.
#[test]
fn a_derive_without_its_fields_names_them() {
    compile_fail("runtime_internals/custom_resources/missing.rs");
}

/// An attribute that the derive does not know is an error that names a similar
/// one.
#[test]
fn an_unknown_attribute_is_an_error_with_a_suggestion() {
    compile_fail("runtime_internals/custom_resources/unknown.rs");
}
