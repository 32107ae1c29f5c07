//! A custom resource whose macro finds `serde_json` where it is told to.

use kube::{CustomResource, CustomResourceExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What its author wants the document to be.
#[derive(CustomResource, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "example.com",
    version = "v1",
    kind = "Document",
    crates(serde_json = "k8s_openapi::serde_json")
)]
pub struct DocumentSpec {
    /// One line, shown in lists.
    pub title: String,
}

fn main() {
    println!("{}", Document::crd_name());
}
