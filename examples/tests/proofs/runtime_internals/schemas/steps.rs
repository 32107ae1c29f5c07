//! The way of a schema, step by step, and what is lost on it.

use std::{collections::BTreeMap, panic};

use examples::{
    document::Document,
    runtime_internals::schemas::{Article, Layout, Stage, steps, typed},
};
use k8s_openapi::{
    api::core::v1::{EnvVar, PodTemplateSpec, ResourceRequirements},
    apimachinery::pkg::{
        apis::meta::v1::{Condition, LabelSelector},
        util::intstr::IntOrString,
    },
};
use kube::{CustomResource, CustomResourceExt, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::table::yaml;
use crate::support::output;

/// Each of the three steps of kube has something to do here.
#[derive(JsonSchema, Serialize, Deserialize)]
struct Fields {
    stage: Option<Stage>,
    size: Option<IntOrString>,
    target: Target,
}

#[derive(JsonSchema, Serialize, Deserialize)]
#[serde(untagged)]
enum Target {
    Name { name: String },
    Number { number: i32 },
}

/// The schemas of three fields after each step that changes them.
#[test]
fn a_schema_changes_step_by_step() {
    let mut text = String::new();
    for field in ["target", "stage", "size"] {
        text += &format!("{field}\n");
        let mut before = Value::Null;
        for (step, schema) in steps::<Fields>() {
            let mut value = schema.to_value()["properties"][field].clone();
            without_descriptions(&mut value);
            if value != before {
                text += &format!("  {step:<25} {}\n", yaml(&value));
                before = value;
            }
        }
        text += "\n";
    }
    let text = text.trim_end().to_owned() + "\n";
    output("runtime_internals/schemas/steps.txt", &text);
}

fn without_descriptions(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("description");
            fields.values_mut().for_each(without_descriptions);
        }
        Value::Array(items) => items.iter_mut().for_each(without_descriptions),
        _ => {}
    }
}

/// The steps as the book writes them down lead where `crd()` leads.
#[test]
fn the_steps_lead_to_the_schema_of_the_crd() {
    fn last<T: JsonSchema>() -> Value {
        let (_, schema) = steps::<T>().pop().unwrap();
        serde_json::to_value(typed(schema).unwrap()).unwrap()
    }
    fn of_crd<T: CustomResourceExt>() -> Value {
        let crd = serde_json::to_value(T::crd()).unwrap();
        crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone()
    }

    assert_eq!(last::<Document>(), of_crd::<Document>());
    assert_eq!(last::<Article>(), of_crd::<Article>());
}

/// With keywords that the typed schema of a CRD has and has not.
#[derive(CustomResource, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[kube(group = "example.com", version = "v1", kind = "Keyed")]
struct KeyedSpec {
    #[schemars(extend("propertyNames" = { "maxLength": 3 }, "maxProperties" = 2))]
    notes: BTreeMap<String, String>,
}

/// A keyword that the typed schema does not have is there until the last step,
/// and dropped by it without a word.
#[test]
fn an_unknown_keyword_is_dropped() {
    let (_, before) = steps::<KeyedSpec>().pop().unwrap();
    let before = &before.to_value()["properties"]["notes"];
    let crd = serde_json::to_value(Keyed::crd()).unwrap();
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    let notes = &schema["properties"]["spec"]["properties"]["notes"];

    assert_eq!(before["propertyNames"], json!({ "maxLength": 3 }));
    let kept = json!({
        "type": "object",
        "additionalProperties": { "type": "string" },
        "maxProperties": 2,
    });
    assert_eq!(*notes, kept);
}

/// The same property in two branches, with the same text or with two.
#[derive(JsonSchema, Serialize, Deserialize)]
#[serde(untagged)]
enum Alike {
    A {
        /// In pages.
        size: i32,
        a: i32,
    },
    B {
        /// In pages.
        size: i32,
        b: i32,
    },
}

#[derive(JsonSchema, Serialize, Deserialize)]
#[serde(untagged)]
enum Told {
    A {
        /// In pages.
        size: i32,
        a: i32,
    },
    B {
        /// In words.
        size: i32,
        b: i32,
    },
}

/// A property of two branches is moved if its schemas are the same; another doc
/// comment makes another schema.
#[test]
fn a_property_of_two_branches_needs_one_schema_and_one_doc_comment() {
    let (_, alike) = steps::<Alike>().pop().unwrap();
    let panicked = panic::catch_unwind(steps::<Told>).unwrap_err();

    assert_eq!(alike.to_value()["properties"]["size"]["type"], "integer");
    let message = panicked.downcast::<String>().unwrap();
    assert!(message.starts_with("Property \"size\""), "{message}");
}

/// An enum of variants with data, each with a text.
#[derive(JsonSchema, Serialize, Deserialize)]
enum Source {
    /// A page of the web.
    Page(String),
    /// A book and its edition.
    Book { edition: i32 },
}

/// The text of a variant with data becomes the description of its property.
#[test]
fn the_text_of_a_variant_with_data_moves_to_its_property() {
    let (_, schema) = steps::<Source>().pop().unwrap();
    let properties = &schema.to_value()["properties"];

    assert_eq!(properties["Page"]["description"], "A page of the web.");
    assert_eq!(properties["Book"]["description"], "A book and its edition.");
}

/// With a keyword that has another type in this OpenAPI.
#[derive(CustomResource, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[kube(group = "example.com", version = "v1", kind = "Bounded")]
struct BoundedSpec {
    #[schemars(extend("exclusiveMinimum" = 0))]
    pages: i32,
}

/// A keyword with a value of another type makes `crd()` panic.
#[test]
fn a_keyword_of_another_type_panics_in_crd() {
    let panicked = panic::catch_unwind(Bounded::crd).unwrap_err();

    let message = panicked.downcast::<String>().unwrap();
    assert!(message.contains("expected a boolean"), "{message}");
}

/// The sizes of some types of Kubernetes as schemas, in bytes of JSON.
#[test]
fn types_of_kubernetes_are_inlined_with_their_descriptions() {
    fn size<T: JsonSchema>() -> usize {
        let (_, schema) = steps::<T>().pop().unwrap();
        serde_json::to_string(&typed(schema).unwrap())
            .unwrap()
            .len()
    }
    let sizes = [
        ("Condition", size::<Condition>()),
        ("EnvVar", size::<EnvVar>()),
        ("LabelSelector", size::<LabelSelector>()),
        ("ResourceRequirements", size::<ResourceRequirements>()),
        ("PodTemplateSpec", size::<PodTemplateSpec>()),
    ];

    let lines = sizes.map(|(name, size)| format!("{name:<21} {size:>7}\n"));
    output("runtime_internals/schemas/sizes.txt", &lines.concat());
}

/// `schema_with` replaces the schema of a field.
#[test]
fn schema_with_replaces_the_schema_of_a_field() {
    let (_, schema) = steps::<Layout>().pop().unwrap();

    let options = &schema.to_value()["properties"]["options"];
    assert_eq!(options["type"], "object");
    assert_eq!(options["x-kubernetes-preserve-unknown-fields"], true);
}

/// With a default that is sent, and with one that is not.
#[derive(JsonSchema, Serialize, Deserialize)]
struct Defaults {
    #[serde(default)]
    sent: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    skipped: Vec<String>,
}

/// A default is in the schema, unless `skip_serializing_if` skips it; then serde alone
/// fills it in.
#[test]
fn a_default_that_is_skipped_is_not_in_the_schema() {
    let (_, schema) = steps::<Defaults>().pop().unwrap();
    let properties = &schema.to_value()["properties"];

    assert_eq!(properties["sent"]["default"], json!([]));
    assert_eq!(properties["skipped"].get("default"), None);
    assert_eq!(properties["skipped"]["type"], "array");
    let read: Defaults = serde_json::from_value(json!({ "sent": ["a"] })).unwrap();
    assert!(read.skipped.is_empty());
}

/// With three merge strategies.
#[derive(CustomResource, Clone, Debug, Serialize, Deserialize, KubeSchema)]
#[kube(group = "example.com", version = "v1", kind = "Merged")]
struct MergedSpec {
    #[x_kube(merge_strategy = ListMerge::Set)]
    tags: Vec<String>,
    #[x_kube(merge_strategy = MapMerge::Atomic)]
    margins: Size,
    #[x_kube(merge_strategy = StructMerge::Atomic)]
    size: Size,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
struct Size {
    width: i32,
}

/// `ListMerge` and `MapMerge` become keywords of a CRD, and `StructMerge`
/// becomes nothing.
#[test]
fn a_merge_strategy_for_a_struct_has_no_effect() {
    let crd = serde_json::to_value(Merged::crd()).unwrap();
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    let fields = &schema["properties"]["spec"]["properties"];

    assert_eq!(fields["tags"]["x-kubernetes-list-type"], "set");
    assert_eq!(fields["margins"]["x-kubernetes-map-type"], "atomic");
    let plain = json!({
        "type": "object",
        "properties": { "width": { "type": "integer", "format": "int32" } },
        "required": ["width"],
    });
    assert_eq!(fields["size"], plain);
}
