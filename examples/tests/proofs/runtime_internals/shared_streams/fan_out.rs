//! Sharing a watch without subscribing.

use std::{sync::Arc, time::Duration};

use examples::{
    document::Document,
    runtime_internals::shared_streams::{fan_out, when_stored},
    testing::{Answer, Service},
};
use futures::{StreamExt, TryStreamExt, channel::mpsc, stream, stream::BoxStream};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Resource, ResourceExt,
    api::{ApiResource, DynamicObject},
    runtime::{
        Controller, WatchStreamExt,
        reflector::{Store, store::Writer},
        watcher::{self, Event, watcher},
    },
};
use serde_json::json;
use tokio::time::sleep;

use super::{Seen, document, event, lists_and_watches, server};
use crate::support::{compile_fail, documents, until_all_wait};

const MINUTE: Duration = Duration::from_secs(60);

/// `DynamicObject` cannot be subscribed to: its kind has no default.
#[test]
fn a_dynamic_kind_cannot_be_subscribed_to() {
    compile_fail("runtime_internals/shared_streams/dynamic.rs");
}

/// By hand it works for a dynamic kind: two controllers, one list, one watch.
#[tokio::test(start_paused = true)]
async fn two_controllers_of_a_dynamic_kind_share_a_watch_by_hand() {
    let watch = Answer::watch(&[]).then(MINUTE, &event("MODIFIED", "faq", "5"));
    let service = server(&[document("faq", "2")], watch);
    let kind = ApiResource::erase::<Document>(&());
    let api: Api<DynamicObject> = Api::default_namespaced_with(service.client(), &kind);
    let writer = Writer::new(kind.clone());
    let store = writer.as_reader();
    let root = watcher(api, watcher::Config::default()).reflect(writer);
    let root = when_stored(root, store.clone());
    let (senders, receivers): (Vec<_>, Vec<_>) =
        (0..2).map(|_| mpsc::unbounded()).unzip();
    let seen = <[Seen; 2]>::default();
    for (receiver, seen) in receivers.into_iter().zip(&seen) {
        let controller =
            Controller::for_shared_stream_with(receiver, store.clone(), kind.clone());
        seen.run(controller);
    }
    tokio::spawn(fan_out(root, senders));
    sleep(2 * MINUTE).await;
    assert_eq!(
        seen.map(|seen| seen.sorted().join(", ")),
        ["faq v2, faq v5"; 2]
    );
    assert_eq!(lists_and_watches(&service), (1, 1));
}

/// By hand, from `touched_objects`, a deleted child wakes its owner.
#[tokio::test(start_paused = true)]
async fn a_deleted_child_wakes_its_owner_when_shared_by_hand() {
    let mut faq = document("faq", "2");
    faq.metadata.uid = Some("1".to_owned());
    let mut index = ConfigMap::default();
    index.metadata.name = Some("index".to_owned());
    index.metadata.namespace = Some("default".to_owned());
    index
        .owner_references_mut()
        .extend(faq.controller_owner_ref(&()));
    let service = server(&[faq], Answer::watch(&[]));
    let root = stream::iter([Ok(Event::Apply(index.clone())), Ok(Event::Delete(index))]);
    let (sender, receiver) = mpsc::unbounded();
    let seen = Seen::default();
    let main = Controller::new(documents(&service.client()), Default::default());
    seen.run(main.owns_shared_stream(receiver));
    // One event a minute, so that two triggers are two reconciles.
    let root = root.touched_objects().map_ok(Arc::new).then(|item| async {
        sleep(MINUTE).await;
        item
    });
    let root = tokio::spawn(fan_out(root, vec![sender]));
    until_all_wait().await;
    assert_eq!(seen.count(), 1);
    root.await.unwrap();
    until_all_wait().await;
    assert_eq!(seen.count(), 3);
}

/// By hand, a document that is gone at once puts nobody to sleep.
#[tokio::test(start_paused = true)]
async fn a_document_that_was_gone_at_once_does_no_harm_when_shared_by_hand() {
    let events = [event("ADDED", "draft", "3"), event("DELETED", "draft", "4")];
    let watch = Answer::watch(&events).then(MINUTE, &event("MODIFIED", "faq", "5"));
    let service: Service = server(&[document("faq", "2")], watch);
    let (store, writer) = kube::runtime::reflector::store();
    let root = watcher(documents(&service.client()), watcher::Config::default());
    let root = when_stored(root.reflect(writer), store.clone());
    let (sender, receiver) = mpsc::unbounded();
    let seen = Seen::default();
    seen.run(Controller::for_shared_stream(receiver, store));
    tokio::spawn(fan_out(root, vec![sender]));
    sleep(2 * MINUTE).await;
    assert_eq!(seen.sorted(), ["faq v2", "faq v5"]);
}

type Objects = BoxStream<'static, watcher::Result<Arc<Document>>>;

/// What two controllers on one Store have reconciled three minutes after a streaming
/// list whose end came a minute late. Nothing has happened since.
async fn runs_after_a_list(
    handed_out: fn(
        BoxStream<'static, watcher::Result<Event<Document>>>,
        Store<Document>,
    ) -> Objects,
) -> [usize; 2] {
    let end = json!({ "type": "BOOKMARK", "object": {
        "apiVersion": "example.com/v1", "kind": "Document",
        "metadata": { "resourceVersion": "2",
            "annotations": { "k8s.io/initial-events-end": "true" } } } });
    let list = Answer::watch(&[event("ADDED", "faq", "2")]).then(MINUTE, &end);
    let service = server(&[], list);
    let (store, writer) = kube::runtime::reflector::store();
    let config = watcher::Config::default().streaming_lists();
    let root = watcher(documents(&service.client()), config).reflect(writer);
    let (senders, receivers): (Vec<_>, Vec<_>) =
        (0..2).map(|_| mpsc::unbounded()).unzip();
    let seen = <[Seen; 2]>::default();
    for (receiver, seen) in receivers.into_iter().zip(&seen) {
        seen.run(Controller::for_shared_stream(receiver, store.clone()));
    }
    tokio::spawn(fan_out(handed_out(root.boxed(), store), senders));
    // The watch is open for 290 s.
    sleep(4 * MINUTE).await;
    let mut counts = seen.map(|seen| seen.count());
    counts.sort_unstable();
    counts
}

/// From `applied_objects` two controllers get an object before the Store has it. Both
/// wait for the Store, which wakes one of them; the other waits for another event.
#[tokio::test(start_paused = true)]
async fn a_store_wakes_one_of_two_controllers_that_share_applied_objects() {
    let runs =
        runs_after_a_list(|events, _| events.applied_objects().map_ok(Arc::new).boxed());
    assert_eq!(runs.await, [0, 1]);
}

/// From `when_stored` they get it when the Store has it, and both reconcile it once.
#[tokio::test(start_paused = true)]
async fn both_controllers_begin_when_objects_are_handed_out_from_the_store() {
    let runs = runs_after_a_list(|events, store| when_stored(events, store).boxed());
    assert_eq!(runs.await, [1, 1]);
}

/// Whoever drops the receiving end listens no more, and holds up nobody.
#[tokio::test]
async fn a_listener_that_is_gone_is_forgotten() {
    let items = ["1", "2"].map(|version| Ok(Arc::new(document("faq", version))));
    let (gone, receiver) = mpsc::unbounded();
    drop(receiver);
    let (stays, receiver) = mpsc::unbounded();
    fan_out(stream::iter(items), vec![gone, stays]).await;
    let versions: Vec<_> = receiver
        .map(|document: Arc<Document>| document.resource_version().unwrap())
        .collect()
        .await;
    assert_eq!(versions, ["1", "2"]);
}
