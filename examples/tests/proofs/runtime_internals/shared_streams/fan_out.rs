//! Sharing a watch without subscribing.

use std::{sync::Arc, time::Duration};

use examples::{
    document::Document,
    runtime_internals::shared_streams::{fan_out, when_stored},
    testing::{Answer, Script, Service},
};
use futures::{StreamExt, TryStreamExt, channel::mpsc, stream, stream::BoxStream};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Resource, ResourceExt,
    api::{ApiResource, DynamicObject},
    core::PartialObjectMeta,
    runtime::{
        Controller, WatchStreamExt,
        reflector::{self, store::Writer},
        watcher::{self, Event, watcher},
    },
};
use serde_json::json;
use tokio::time::sleep;

use super::{Seen, document, event, lists_and_watches, server};
use crate::support::{compile_fail, documents};

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
    let root = when_stored(watcher(api, watcher::Config::default()), writer);
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

/// By hand a deleted child wakes its owner, also where only metadata is watched.
#[tokio::test(start_paused = true)]
async fn a_deleted_child_wakes_its_owner_when_shared_by_hand() {
    let mut faq = document("faq", "2");
    faq.metadata.uid = Some("1".to_owned());
    let mut index = ConfigMap::default();
    index.metadata.name = Some("index".to_owned());
    index.metadata.namespace = Some("default".to_owned());
    index.metadata.resource_version = Some("3".to_owned());
    index
        .owner_references_mut()
        .extend(faq.controller_owner_ref(&()));
    let service = Service::new(Script::rule(move |request| {
        let asks = |for_this| request.target.contains(for_this);
        let deleted = json!({ "type": "DELETED", "object": index });
        match (asks("/configmaps"), asks("watch=true")) {
            (true, true) => Answer::watch(&[]).then(MINUTE, &deleted),
            (true, false) => Answer::list(&[json!(index)]),
            (false, true) => Answer::watch(&[]),
            (false, false) => Answer::list(&[json!(faq)]),
        }
    }));
    let children =
        Api::<PartialObjectMeta<ConfigMap>>::default_namespaced(service.client());
    let root = watcher(children, watcher::Config::default());
    let (sender, receiver) = mpsc::unbounded();
    tokio::spawn(fan_out(when_stored(root, Writer::default()), vec![sender]));
    let seen = Seen::default();
    let main = Controller::new(documents(&service.client()), Default::default());
    seen.run(main.owns_shared_stream(receiver));
    sleep(MINUTE / 2).await;
    let before = seen.count();
    sleep(MINUTE).await;
    assert_eq!(seen.count(), before + 1);
}

/// By hand, a document that is gone at once puts nobody to sleep. Each document that
/// is deleted is one that the controller does not find.
#[tokio::test(start_paused = true)]
async fn a_document_that_was_gone_at_once_does_no_harm_when_shared_by_hand() {
    let events = [event("ADDED", "draft", "3"), event("DELETED", "draft", "4")];
    let watch = Answer::watch(&events)
        .then(MINUTE, &event("MODIFIED", "faq", "5"))
        .then(MINUTE, &event("DELETED", "faq", "6"));
    let service: Service = server(&[document("faq", "2")], watch);
    let (store, writer) = reflector::store();
    let root = watcher(documents(&service.client()), watcher::Config::default());
    let (sender, receiver) = mpsc::unbounded();
    let seen = Seen::default();
    seen.run(Controller::for_shared_stream(receiver, store));
    tokio::spawn(fan_out(when_stored(root, writer), vec![sender]));
    sleep(3 * MINUTE).await;
    assert_eq!(seen.sorted(), ["faq v2", "faq v5"]);
    let mut errors = seen.errors();
    errors.dedup();
    let not_found = |name: &str| {
        format!(
            "tried to reconcile object Document.v1.example.com/{name}.default that was \
             not found in local store"
        )
    };
    assert_eq!(errors, ["draft", "faq"].map(not_found));
}

/// By hand, a list that is refused is sent some twenty times in ten minutes: what
/// `when_stored` drops does not begin the default backoff anew.
#[tokio::test(start_paused = true)]
async fn a_failing_list_is_spaced_out_when_shared_by_hand() {
    let refusal = Answer::failure(403, "Forbidden", "may not list documents");
    let service = Service::new(Script::always(refusal));
    let root = watcher(documents(&service.client()), watcher::Config::default());
    tokio::spawn(fan_out(when_stored(root, Writer::default()), Vec::new()));
    sleep(10 * MINUTE).await;
    let sent = service.load().received;
    assert!((12..=26).contains(&sent), "{sent}");
}

type Events = BoxStream<'static, watcher::Result<Event<Document>>>;
type Objects = BoxStream<'static, watcher::Result<Arc<Document>>>;

/// How often two controllers on one Store have reconciled a document that came with
/// a streaming list, whose end came a minute late: two minutes after that, when
/// nothing else has happened, and after one more change.
async fn runs_after_a_list(
    handed_out: fn(Events, Writer<Document>) -> Objects,
) -> [[usize; 2]; 2] {
    let end = json!({ "type": "BOOKMARK", "object": {
        "apiVersion": "example.com/v1", "kind": "Document",
        "metadata": { "resourceVersion": "2",
            "annotations": { "k8s.io/initial-events-end": "true" } } } });
    let list = Answer::watch(&[event("ADDED", "faq", "2")])
        .then(MINUTE, &end)
        .then(5 * MINUTE / 2, &event("MODIFIED", "faq", "3"));
    let service = server(&[], list);
    let (store, writer) = reflector::store();
    let config = watcher::Config::default().streaming_lists();
    let root = watcher(documents(&service.client()), config).boxed();
    let (senders, receivers): (Vec<_>, Vec<_>) =
        (0..2).map(|_| mpsc::unbounded()).unzip();
    let seen = <[Seen; 2]>::default();
    for (receiver, seen) in receivers.into_iter().zip(&seen) {
        seen.run(Controller::for_shared_stream(receiver, store.clone()));
    }
    tokio::spawn(fan_out(handed_out(root, writer), senders));
    let counts = || {
        let mut counts = seen.each_ref().map(Seen::count);
        counts.sort_unstable();
        counts
    };
    sleep(3 * MINUTE).await;
    let after_the_list = counts();
    // The watch is open for 290 s.
    sleep(MINUTE).await;
    [after_the_list, counts()]
}

/// From `applied_objects` two controllers get an object before the Store has it. Both
/// wait for the Store, which wakes one of them; the other begins with the next event.
#[tokio::test(start_paused = true)]
async fn a_store_wakes_one_of_two_controllers_that_share_applied_objects() {
    let runs = runs_after_a_list(|events, writer| {
        let objects = events.reflect(writer).applied_objects();
        objects.map_ok(Arc::new).boxed()
    });
    assert_eq!(runs.await, [[0, 1], [1, 2]]);
}

/// From `when_stored` they get it when the Store has it, and both reconcile it once.
#[tokio::test(start_paused = true)]
async fn both_controllers_begin_when_objects_are_handed_out_from_the_store() {
    let runs = runs_after_a_list(|events, writer| when_stored(events, writer).boxed());
    assert_eq!(runs.await, [[1, 1], [2, 2]]);
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
