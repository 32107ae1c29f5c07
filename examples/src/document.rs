//! The running example: a text that somebody writes into a cluster.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What its author wants the document to be.
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "example.com",
    version = "v1",
    kind = "Document",
    namespaced,
    status = "DocumentStatus",
    shortname = "doc",
    doc = "A text with a title.",
    derive = "PartialEq"
)]
pub struct DocumentSpec {
    /// One line, shown in lists.
    pub title: String,
    /// The text itself, in Markdown.
    pub content: String,
}

/// What the operator has made of the document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DocumentStatus {
    /// The number of words in `content`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<i64>,
    /// The `metadata.generation` of the spec that `words` was counted for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}
