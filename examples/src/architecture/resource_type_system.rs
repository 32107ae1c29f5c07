//! *How a type becomes a URL*: kinds known to the compiler, kinds known to the
//! cluster alone, and parts of an object.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Client, Discovery, Result,
    api::{ApiResource, DynamicObject, GroupVersionKind, NotUsed, Object},
    discovery::pinned_kind,
};
use serde::{Deserialize, Serialize};

use crate::document::Document;

/// The config map with the template of all documents, if there is one. It asks
/// outside of every namespace, and there never is one.
///
/// # Errors
///
/// If the call fails.
pub async fn template(client: Client) -> Result<Option<ConfigMap>> {
    let maps = Api::<ConfigMap>::all(client);
    maps.get_opt("template").await
}

/// The objects of a kind that the cluster knows and this program does not, as
/// `kubectl get` has them: in `namespace` or else the client's own, unless the
/// kind has no namespaces.
///
/// # Errors
///
/// If the cluster cannot be asked, or has no such kind.
pub async fn of_kind(
    client: Client,
    kind: &GroupVersionKind,
    namespace: Option<&str>,
) -> Result<Api<DynamicObject>> {
    let (resource, capabilities) = pinned_kind(&client, kind).await?;
    let api = Api::dynamic(client, &resource, &capabilities.scope);
    Ok(within(api, namespace))
}

/// The same kind in `namespace` or else the client's own. A kind that is known
/// to have no namespaces stays where it is.
fn within(api: Api<DynamicObject>, namespace: Option<&str>) -> Api<DynamicObject> {
    match namespace {
        Some(namespace) => api.constrain(namespace),
        None => api.constrain_default(),
    }
}

/// Where `object` itself can be read and written, as `kubectl` would have it: an
/// object that names no namespace belongs to the client's own. `None` if its kind
/// was unknown to the cluster at the time of `discovery`.
pub fn home_of(
    client: Client,
    discovery: &Discovery,
    object: &DynamicObject,
) -> Option<Api<DynamicObject>> {
    let (resource, capabilities) = discovery.resolve_object(object)?;
    let api = Api::dynamic(client, &resource, &capabilities.scope);
    Some(within(api, object.metadata.namespace.as_deref()))
}

/// As much of a document's spec as a list of titles needs.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Heading {
    /// The same as in the document.
    pub title: String,
}

/// The titles of all documents of the cluster. The contents are dropped while
/// the answer is read.
///
/// # Errors
///
/// If the call fails.
pub async fn all_titles(client: Client) -> Result<Vec<String>> {
    let resource = ApiResource::erase::<Document>(&());
    let headings = Api::<Object<Heading, NotUsed>>::all_with(client, &resource);
    let list = headings.list(&Default::default()).await?;
    Ok(list.into_iter().map(|object| object.spec.title).collect())
}
