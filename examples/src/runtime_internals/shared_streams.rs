//! What the page *Shared streams* shows.

use std::{hash::Hash, pin::pin, sync::Arc};

use futures::{Stream, StreamExt, TryStreamExt, channel::mpsc::UnboundedSender, stream};
use kube::{
    Api, Resource,
    runtime::{
        Controller, WatchStreamExt,
        reflector::{self, store::Writer},
        watcher::{self, Event, watcher},
    },
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
    stream: impl Stream<Item = watcher::Result<Arc<K>>>,
    mut listeners: Vec<UnboundedSender<Arc<K>>>,
) {
    let mut stream = pin!(stream);
    while let Some(item) = stream.next().await {
        match item {
            // Whoever has dropped the other end listens no more.
            Ok(object) => listeners
                .retain(|listener| listener.unbounded_send(object.clone()).is_ok()),
            Err(error) => tracing::warn!(%error, "the shared watch"),
        }
    }
}

/// The objects of a watch, each when the Store of `writer` knows of it: changed and
/// deleted ones as they come, those of a list together, when it is complete.
pub fn when_stored<K>(
    events: impl Stream<Item = watcher::Result<Event<K>>>,
    writer: Writer<K>,
) -> impl Stream<Item = watcher::Result<Arc<K>>>
where
    K: Resource<DynamicType: Clone + Eq + Hash> + Clone + 'static,
{
    let store = writer.as_reader();
    let objects = events.reflect(writer).map_ok(move |event| {
        let objects = match event {
            Event::Apply(object) | Event::Delete(object) => vec![Arc::new(object)],
            Event::InitDone => store.state(),
            Event::Init | Event::InitApply(_) => Vec::new(),
        };
        stream::iter(objects.into_iter().map(Ok::<_, watcher::Error>))
    });
    objects.try_flatten().default_backoff()
}
