//! What the page *From a Rust type to a schema* shows: the way of a schema step
//! by step, a field that may be null, a field of any shape, and rules.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use kube::{
    CustomResource, KubeSchema,
    core::schema::{OptionalEnum, OptionalIntOrString, StructuralSchemaRewriter},
};
use schemars::{
    JsonSchema, Schema, SchemaGenerator,
    generate::SchemaSettings,
    json_schema,
    transform::{AddNullable, Transform},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where an article is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Stage {
    /// Its author is still writing.
    Draft,
    /// Readers see it.
    Published,
}

/// What its author wants the article to be.
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(group = "example.com", version = "v1", kind = "Article")]
pub struct ArticleSpec {
    /// One line.
    pub title: String,
    /// Where it is, if anybody has decided.
    pub stage: Option<Stage>,
}

/// The same kind, with a stage that is left out when there is none.
pub mod sparing {
    use kube::CustomResource;
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    use super::Stage;

    /// What its author wants the article to be.
    #[derive(
        CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema,
    )]
    #[kube(group = "example.com", version = "v1", kind = "Article")]
    pub struct ArticleSpec {
        /// One line.
        pub title: String,
        /// Where it is, if anybody has decided.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub stage: Option<Stage>,
    }
}

/// The schema of `T` after each of the steps by which `crd()` makes it.
pub fn steps<T: JsonSchema>() -> Vec<(&'static str, Schema)> {
    let settings = SchemaSettings::openapi3().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    let mut steps = vec![("schemars", schema.clone())];
    let transforms: [(&str, &mut dyn Transform); 4] = [
        ("AddNullable", &mut AddNullable::default()),
        ("StructuralSchemaRewriter", &mut StructuralSchemaRewriter),
        ("OptionalEnum", &mut OptionalEnum),
        ("OptionalIntOrString", &mut OptionalIntOrString),
    ];
    for (name, transform) in transforms {
        transform.transform(&mut schema);
        steps.push((name, schema.clone()));
    }
    steps
}

/// The last step: what the typed schema of a CRD keeps of it.
///
/// # Errors
///
/// If a keyword has a value that OpenAPI of this version does not know.
pub fn typed(schema: Schema) -> serde_json::Result<JSONSchemaProps> {
    serde_json::from_value(schema.to_value())
}

/// A schema for a field that takes any object.
pub fn any_object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": true,
    })
}

/// A schema for a field that takes any value.
pub fn any_value(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "x-kubernetes-preserve-unknown-fields": true })
}

/// How an article is laid out; what is in `options` is up to the layout.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Layout {
    /// The layout's name.
    pub name: String,
    /// Whatever it understands.
    #[schemars(schema_with = "any_object")]
    pub options: Value,
}

/// A range of pages, of which the API server knows what must hold.
#[derive(CustomResource, Clone, Debug, Serialize, Deserialize, KubeSchema)]
#[kube(group = "example.com", version = "v1", kind = "Excerpt")]
#[kube(validation = Rule::new("self.metadata.name != 'all'").message("not that name"))]
#[x_kube(validation = ("self.first <= self.last", "first must not exceed last"))]
pub struct ExcerptSpec {
    /// The first page.
    #[x_kube(validation = "self > 0")]
    pub first: i32,
    /// The last page.
    pub last: i32,
    /// The book, once and for all.
    #[x_kube(validation = Rule::new("self == oldSelf").message("the book stays"))]
    pub book: String,
}
