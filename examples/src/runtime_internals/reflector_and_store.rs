//! What the page *The reflector and its Store* shows.

use std::{sync::Arc, time::Duration};

use futures::{Stream, StreamExt, TryStreamExt, channel::mpsc};
use kube::{
    Api, ResourceExt, Result,
    api::PostParams,
    runtime::{
        Controller, WatchStreamExt,
        reflector::{
            self, Store,
            store::{Writer, WriterDropped},
        },
        watcher,
    },
};
use tokio::time::error::Elapsed;

use crate::document::Document;

/// How many documents there are, asked of a Store that nobody fills.
pub fn count_too_early(documents: Api<Document>) -> usize {
    let (store, writer) = reflector::store();
    let _stream = watcher(documents, watcher::Config::default()).reflect(writer);
    store.state().len()
}

/// A Store of documents, and the future that fills it for as long as somebody
/// polls it.
pub fn cache(
    documents: Api<Document>,
) -> (Store<Document>, impl Future<Output = ()> + Send) {
    let (store, writer) = reflector::store();
    let stream = watcher(documents, watcher::Config::default())
        .modify(|document| document.managed_fields_mut().clear())
        .reflect(writer)
        .applied_objects()
        .default_backoff();
    let fill = stream.for_each(|item| async {
        if let Err(error) = item {
            tracing::warn!(%error, "the Store falls behind");
        }
    });
    (store, fill)
}

/// A controller that reconciles all documents once more when a list of them is
/// in its Store.
pub fn run_all_after_each_list(
    documents: Api<Document>,
    config: watcher::Config,
) -> Controller<Document> {
    let (store, writer) = reflector::store();
    let (mut listed, lists) = mpsc::channel(0);
    let documents = watcher(documents, config)
        .reflect(writer)
        .inspect_ok(move |event| {
            if matches!(event, watcher::Event::InitDone) {
                // Full: the controller has not yet begun with the list before.
                let _ = listed.try_send(());
            }
        })
        .applied_objects();
    Controller::for_stream(documents, store).reconcile_all_on(lists)
}

/// Returns when `store` has had its first complete list.
///
/// # Errors
///
/// If that takes longer than `patience`, or if whoever filled it is gone.
pub async fn ready(
    store: &Store<Document>,
    patience: Duration,
) -> Result<(), NotReadyError> {
    tokio::time::timeout(patience, store.wait_until_ready()).await??;
    Ok(())
}

/// Why a Store is of no use yet.
#[derive(Debug, thiserror::Error)]
pub enum NotReadyError {
    /// There was no complete list in time.
    #[error("no complete list of documents yet")]
    Late(#[from] Elapsed),
    /// The future that fills the Store was dropped.
    #[error("nobody fills the store of documents")]
    Abandoned(#[from] WriterDropped),
}

/// Both namespaces in one Store: each list throws out the other's documents.
pub fn merge(
    drafts: Api<Document>,
    published: Api<Document>,
    writer: Writer<Document>,
) -> impl Stream<Item = watcher::Result<watcher::Event<Document>>> {
    let drafts = watcher(drafts, watcher::Config::default());
    let published = watcher(published, watcher::Config::default());
    futures::stream::select(drafts.boxed(), published.boxed()).reflect(writer)
}

/// The documents of `store` that nobody else has the title of. The predicate
/// asks the Store that it is being evaluated in.
pub fn unique_titles(store: &Store<Document>) -> Vec<Arc<Document>> {
    store.state_filter(|one| {
        let same = |other: &Document| other.spec.title == one.spec.title;
        store.state_filter(same).len() == 1
    })
}

/// The same from one snapshot, without a lock while it compares.
pub fn unique_titles_of_a_snapshot(store: &Store<Document>) -> Vec<Arc<Document>> {
    let mut documents = store.state();
    let all = documents.clone();
    documents.retain(|one| {
        let same = |other: &&Arc<Document>| other.spec.title == one.spec.title;
        all.iter().filter(same).count() == 1
    });
    documents
}

/// Marks a document, unless it has changed since the Store saw it.
///
/// # Errors
///
/// Whatever `replace` fails with: a conflict if `seen` is out of date.
pub async fn mark(documents: &Api<Document>, seen: &Document) -> Result<Document> {
    let mut document = seen.clone();
    document
        .annotations_mut()
        .insert("example.com/reviewed".to_owned(), "yes".to_owned());
    documents
        .replace(&document.name_any(), &PostParams::default(), &document)
        .await
}
