//! What the page *What the derive macro writes* shows: a second version of the
//! kind, a CRD with both, and how to register one and wait for it.

use std::time::Duration;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client, CustomResourceExt,
    api::{Patch, PatchParams},
    core::crd::{MergeError, merge_crds},
    runtime::wait::{self, await_condition, conditions::is_crd_established},
};
use tokio::time::{error::Elapsed, timeout};

use crate::document::Document;

/// The next version of the kind, in a module of its own because the names are
/// the same.
pub mod v2 {
    use kube::CustomResource;
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    use crate::document::DocumentStatus;

    /// What its author wants the document to be.
    #[derive(
        CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema,
    )]
    #[kube(
        group = "example.com",
        version = "v2",
        kind = "Document",
        namespaced,
        status = "DocumentStatus"
    )]
    pub struct DocumentSpec {
        /// One line, shown in lists.
        pub title: String,
        /// The text, a part under each heading.
        pub sections: Vec<String>,
    }
}

/// One CRD with both versions, of which the API server stores the first.
///
/// # Errors
///
/// If the two are not versions of the same kind.
pub fn both_versions() -> Result<CustomResourceDefinition, MergeError> {
    merge_crds(vec![v2::Document::crd(), Document::crd()], "v1")
}

/// Why a CRD is not there to be used.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The API server has not taken it.
    #[error("failed to apply the CRD")]
    Apply(#[source] kube::Error),
    /// Nobody knows whether it is established.
    #[error("failed to watch the CRD")]
    Watch(#[source] wait::Error),
    /// It was taken, and nothing else happened.
    #[error("the CRD is not established")]
    NotEstablished(#[source] Elapsed),
}

/// Applies the CRD of `Document`, and returns when it is established.
///
/// # Errors
///
/// If that takes longer than ten seconds, or if a request fails.
pub async fn install(client: Client) -> Result<(), InstallError> {
    let crds = Api::<CustomResourceDefinition>::all(client);
    let (name, crd) = (Document::crd_name(), Document::crd());
    let manager = PatchParams::apply("documents").force();
    crds.patch(name, &manager, &Patch::Apply(crd))
        .await
        .map_err(InstallError::Apply)?;

    let established = await_condition(crds, name, is_crd_established());
    timeout(Duration::from_secs(10), established)
        .await
        .map_err(InstallError::NotEstablished)?
        .map_err(InstallError::Watch)?;
    Ok(())
}
