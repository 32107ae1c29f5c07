//! A custom resource, and a schemars that kube does not use. Does not compile.

use std::borrow::Cow;

use kube::{CustomResource, CustomResourceExt};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// What its author wants the document to be.
#[derive(CustomResource, Clone, Debug, Serialize, Deserialize)]
#[kube(
    group = "example.com",
    version = "v1",
    kind = "Document",
    schema = "manual"
)]
pub struct DocumentSpec {
    /// One line, shown in lists.
    pub title: String,
}

impl JsonSchema for Document {
    fn schema_name() -> Cow<'static, str> {
        "Document".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object" })
    }
}

fn main() {
    println!("{}", Document::crd_name());
}
