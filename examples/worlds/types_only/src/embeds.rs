//! A custom resource with a Kubernetes type in its spec. Does not compile.

use k8s_openapi::api::core::v1::ResourceRequirements;
use kube::{CustomResource, CustomResourceExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What its author wants the renderer of a document to be.
#[derive(CustomResource, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "example.com",
    version = "v1",
    kind = "Renderer",
    crates(serde_json = "k8s_openapi::serde_json")
)]
pub struct RendererSpec {
    /// What the renderer may use up.
    pub resources: ResourceRequirements,
}

fn main() {
    println!("{}", Renderer::crd_name());
}
