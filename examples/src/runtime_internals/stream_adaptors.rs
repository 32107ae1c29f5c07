//! What the page *From a watcher to your code* shows: chains of adaptors, and
//! loops at their end.

use std::pin::pin;

use futures::{Stream, StreamExt, TryStreamExt};
use kube::{
    Api,
    runtime::{
        Predicate, WatchStreamExt, predicates,
        reflector::store::Writer,
        watcher::{self, Config, watcher},
    },
};

use crate::document::Document;

/// Documents as they are listed, made or changed, on an API server that may
/// fail for as long as it likes.
///
/// # Errors
///
/// None ends the stream. Each is given out as an item, and the next request
/// waits.
pub fn applied(
    documents: Api<Document>,
) -> impl Stream<Item = watcher::Result<Document>> {
    watcher(documents, Config::default())
        .applied_objects()
        .default_backoff()
}

/// The same with the last two calls exchanged: the pauses never grow.
pub fn applied_impatiently(
    documents: Api<Document>,
) -> impl Stream<Item = watcher::Result<Document>> {
    watcher(documents, Config::default())
        .default_backoff()
        .applied_objects()
}

/// Documents whose spec or finalizers have changed. A store holds all of them
/// as they are now, but for what nobody reads.
///
/// # Errors
///
/// As [`applied`].
pub fn changed(
    documents: Api<Document>,
    store: Writer<Document>,
) -> impl Stream<Item = watcher::Result<Document>> {
    let worth_a_look = predicates::generation.combine(predicates::finalizers);
    watcher(documents, Config::default())
        .modify(|document| document.metadata.managed_fields = None)
        .reflect(store)
        .applied_objects()
        .predicate_filter(worth_a_look, Default::default())
        .default_backoff()
}

/// Hands each document to `handle`, through every outage.
pub async fn follow(
    documents: impl Stream<Item = watcher::Result<Document>>,
    mut handle: impl AsyncFnMut(Document),
) {
    let mut documents = pin!(documents);
    while let Some(next) = documents.next().await {
        match next {
            Ok(document) => handle(document).await,
            Err(error) => tracing::warn!(%error, "the watch goes on"),
        }
    }
}

/// Hands each document to `handle`, until the first error.
///
/// # Errors
///
/// The first one of the stream, though the stream would have gone on.
pub async fn follow_until_an_error(
    documents: impl Stream<Item = watcher::Result<Document>>,
    mut handle: impl AsyncFnMut(Document),
) -> watcher::Result<()> {
    let mut documents = pin!(documents);
    while let Some(document) = documents.try_next().await? {
        handle(document).await;
    }
    Ok(())
}
