//! What the page *Shared streams* shows.

use std::{pin::pin, sync::Arc};

use futures::{Stream, StreamExt, channel::mpsc::UnboundedSender};
use kube::{
    Api, Resource,
    runtime::{Controller, WatchStreamExt, reflector, watcher},
};

use crate::document::Document;

/// Two controllers, and the future that drives the watch which both of them
/// live on. Without a subscriber there is nothing to share, hence the option.
pub fn two_controllers(
    documents: Api<Document>,
) -> Option<([Controller<Document>; 2], impl Future<Output = ()> + Send)> {
    let (store, writer) = reflector::store_shared(128);
    let handle = writer.subscribe()?;
    let drive = watcher(documents, watcher::Config::default())
        .reflect_shared(writer)
        .applied_objects()
        .default_backoff()
        .for_each(report);
    let controllers = [
        Controller::for_shared_stream(handle.clone(), store.clone()),
        Controller::for_shared_stream(handle, store),
    ];
    Some((controllers, drive))
}

/// The same with `reflect`, as the examples of kube 5.0.0 have it.
pub fn two_idle_controllers(
    documents: Api<Document>,
) -> Option<([Controller<Document>; 2], impl Future<Output = ()> + Send)> {
    let (store, writer) = reflector::store_shared(128);
    let handle = writer.subscribe()?;
    let drive = watcher(documents, watcher::Config::default())
        .reflect(writer)
        .applied_objects()
        .default_backoff()
        .for_each(report);
    let controllers = [
        Controller::for_shared_stream(handle.clone(), store.clone()),
        Controller::for_shared_stream(handle, store),
    ];
    Some((controllers, drive))
}

/// Nobody but who drives the stream sees its errors.
async fn report<K>(item: watcher::Result<K>) {
    if let Err(error) = item {
        tracing::warn!(%error, "the shared watch");
    }
}

/// Hands each object of `stream` to every listener, and never waits for one.
pub async fn fan_out<K: Resource>(
    stream: impl Stream<Item = watcher::Result<K>>,
    mut listeners: Vec<UnboundedSender<Arc<K>>>,
) {
    let mut stream = pin!(stream);
    while let Some(item) = stream.next().await {
        match item {
            Ok(object) => {
                let object = Arc::new(object);
                // Whoever has dropped the other end listens no more.
                listeners
                    .retain(|listener| listener.unbounded_send(object.clone()).is_ok());
            }
            Err(error) => tracing::warn!(%error, "the shared watch"),
        }
    }
}
