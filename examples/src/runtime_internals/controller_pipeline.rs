//! What the page *From a change to a reconcile* shows.

use std::{future::ready, panic::AssertUnwindSafe};

use futures::{FutureExt, StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret};
use kube::{
    Api, Client, ResourceExt,
    core::PartialObjectMeta,
    runtime::{
        Controller, WatchStreamExt,
        controller::Action,
        reflector::{ObjectRef, Store},
        watcher,
        watcher::Config,
    },
};
use tracing::warn;

use crate::document::Document;

/// Documents, and the ConfigMaps that they own.
pub fn documents_and_texts(client: &Client) -> Controller<Document> {
    let documents: Api<Document> = Api::default_namespaced(client.clone());
    let texts: Api<ConfigMap> = Api::default_namespaced(client.clone());
    Controller::new(documents, Config::default()).owns(texts, Config::default())
}

/// The annotation by which a document names the Secret that it needs.
pub const KEY: &str = "example.com/key";

/// Documents, and the Secrets that they need.
pub fn documents_and_keys(client: &Client) -> Controller<Document> {
    let documents: Api<Document> = Api::default_namespaced(client.clone());
    let keys: Api<PartialObjectMeta<Secret>> = Api::default_namespaced(client.clone());
    let controller = Controller::new(documents, Config::default());
    let store = controller.store();
    controller.watches(keys, Config::default(), move |key| needing(&store, &key))
}

/// The documents of which the store knows that they need this Secret.
fn needing(
    store: &Store<Document>,
    key: &PartialObjectMeta<Secret>,
) -> Vec<ObjectRef<Document>> {
    let needs = |document: &Document| {
        document.namespace() == key.namespace()
            && document.annotations().get(KEY) == key.metadata.name.as_ref()
    };
    let documents = store.state().into_iter();
    let needing = documents.filter(|document| needs(document));
    needing
        .map(|document| ObjectRef::from_obj(&*document))
        .collect()
}

/// Namespaces, and the ConfigMaps that they own. Runs of one Namespace overlap.
pub fn namespaces_and_texts(client: &Client) -> Controller<Namespace> {
    let texts: Api<ConfigMap> = Api::all(client.clone());
    Controller::new(Api::all(client.clone()), Config::default())
        .owns(texts, Config::default())
}

/// The same, and runs of one Namespace do not overlap.
pub fn namespaces_one_at_a_time(client: &Client) -> Controller<Namespace> {
    let texts: Api<PartialObjectMeta<ConfigMap>> = Api::all(client.clone());
    Controller::new(Api::all(client.clone()), Config::default()).watches(
        texts,
        Config::default(),
        |text| owners(&text),
    )
}

/// The Namespaces that own an object, without the namespace that it is in.
fn owners(child: &impl ResourceExt) -> Vec<ObjectRef<Namespace>> {
    let owners = child.owner_references().iter();
    owners
        .filter_map(|owner| ObjectRef::from_owner_ref(None, owner, ()))
        .collect()
}

/// Documents, and the ConfigMaps that they own. What fails in watching these
/// does not delay a document.
pub fn documents_and_texts_apart(client: &Client) -> Controller<Document> {
    let documents: Api<Document> = Api::default_namespaced(client.clone());
    let texts: Api<PartialObjectMeta<ConfigMap>> =
        Api::default_namespaced(client.clone());
    let texts = watcher(texts, Config::default())
        .touched_objects()
        .default_backoff()
        .inspect_err(|error| warn!(%error, "texts are not watched"))
        .filter(|text| ready(text.is_ok()));
    Controller::new(documents, Config::default()).owns_stream(texts)
}

/// Why a document could not be reconciled.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A request failed.
    #[error("a request failed")]
    Request(#[from] kube::Error),
    /// There is a defect in the reconciler.
    #[error("the reconciler panicked")]
    Panicked,
}

/// Makes a failure of a panic.
///
/// # Errors
///
/// Those of the work, or [`Failure::Panicked`].
pub async fn caught(
    work: impl Future<Output = Result<Action, Failure>>,
) -> Result<Action, Failure> {
    let done = AssertUnwindSafe(work).catch_unwind().await;
    done.unwrap_or(Err(Failure::Panicked))
}
