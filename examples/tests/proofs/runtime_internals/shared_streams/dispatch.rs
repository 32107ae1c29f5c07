//! What a subscriber is told.

use std::{fmt::Write, pin::pin, time::Duration};

use examples::{
    document::Document,
    testing::{Answer, Script, Service},
};
use futures::{FutureExt, StreamExt, stream};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Resource, ResourceExt,
    runtime::{
        Controller, WatchStreamExt,
        reflector::{self, ReflectHandle},
        watcher::{self, Event},
    },
};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Seen, document};
use crate::support::{documents, output, until_all_wait};

/// What the subscriber gets without waiting, sorted.
fn got(handle: &mut ReflectHandle<Document>) -> String {
    let mut got = Vec::new();
    while let Some(Some(document)) = handle.next().now_or_never() {
        let version = document.resource_version().unwrap();
        got.push(format!("{} v{version}", document.name_any()));
    }
    got.sort();
    if got.is_empty() {
        "-".to_owned()
    } else {
        got.join(", ")
    }
}

/// Whatever an event is, a subscriber gets applied objects, and at `InitDone`
/// all that the Store then holds. It gets no deletes and no errors.
#[tokio::test]
async fn a_subscriber_gets_applied_objects_and_whole_lists() {
    let events = [
        ("Init", Ok(Event::Init)),
        (
            "InitApply(faq v2)",
            Ok(Event::InitApply(document("faq", "2"))),
        ),
        (
            "InitApply(guide v3)",
            Ok(Event::InitApply(document("guide", "3"))),
        ),
        ("InitDone", Ok(Event::InitDone)),
        ("Apply(faq v4)", Ok(Event::Apply(document("faq", "4")))),
        (
            "Delete(guide v5)",
            Ok(Event::Delete(document("guide", "5"))),
        ),
        ("Err", Err(watcher::Error::NoResourceVersion)),
        ("Init", Ok(Event::Init)),
        (
            "InitApply(intro v6)",
            Ok(Event::InitApply(document("intro", "6"))),
        ),
        ("InitDone", Ok(Event::InitDone)),
    ];
    let (names, events): (Vec<_>, Vec<_>) = events.into_iter().unzip();
    let (_store, writer) = reflector::store_shared(8);
    let mut handle = writer.subscribe().unwrap();
    let mut root = pin!(stream::iter(events).reflect_shared(writer));
    let mut text = format!("{:<24} {}\n", "the root stream yields", "a subscriber gets");
    for name in names {
        let _ = root.next().await.unwrap();
        let _ = writeln!(text, "{name:<24} {}", got(&mut handle));
    }
    output("runtime_internals/shared_streams/dispatch.txt", &text);
}

/// References are broadcast, and looked up when they are read: three changes
/// before the first read are the third version three times.
#[tokio::test]
async fn a_subscriber_gets_the_object_as_it_is_when_it_reads() {
    let changes =
        ["1", "2", "3"].map(|version| Ok(Event::Apply(document("faq", version))));
    let (_store, writer) = reflector::store_shared(8);
    let mut handle = writer.subscribe().unwrap();
    let root = stream::iter(changes).reflect_shared(writer);
    root.for_each(|_| async {}).await;
    assert_eq!(got(&mut handle), "faq v3, faq v3, faq v3");
}

/// A clone of a handle begins where the handle stands: behind the list, if that has
/// been read, and before it otherwise.
#[tokio::test]
async fn a_clone_begins_where_its_handle_stands() {
    let events = [
        Ok(Event::Init),
        Ok(Event::InitApply(document("faq", "2"))),
        Ok(Event::InitDone),
        Ok(Event::Apply(document("guide", "3"))),
    ];
    let (store, writer) = reflector::store_shared(8);
    let mut early = writer.subscribe().unwrap();
    let mut root = pin!(stream::iter(events).reflect_shared(writer));
    for _ in 0..3 {
        root.next().await.unwrap().unwrap();
    }
    let mut unread = early.clone();
    assert_eq!(got(&mut unread), "faq v2");
    assert_eq!(got(&mut early), "faq v2");
    let mut late = early.clone();
    assert_eq!((got(&mut late).as_str(), store.len()), ("-", 1));
    root.next().await.unwrap().unwrap();
    assert_eq!(got(&mut late), "guide v3");
}

/// `subscribe` gives nothing for a Writer that was not made to be shared.
#[test]
fn a_plain_writer_cannot_be_subscribed_to() {
    let (_store, plain) = reflector::store::<Document>();
    assert!(plain.subscribe().is_none());
    let (_store, shared) = reflector::store_shared::<Document>(8);
    assert!(shared.subscribe().is_some());
}

/// The index of the document `faq`, which makes it the index's owner.
fn index() -> Value {
    let mut faq = document("faq", "2");
    faq.metadata.uid = Some("1".to_owned());
    let owner = faq.controller_owner_ref(&()).unwrap();
    json!({ "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": { "name": "index", "namespace": "default", "resourceVersion": "3",
                          "ownerReferences": [owner] } })
}

/// A document and its index, which is deleted after ten seconds.
fn world() -> Service {
    let deleted = json!({ "type": "DELETED", "object": index() });
    Service::new(Script::rule(move |request| {
        let is_watch = request.target.contains("watch=true");
        match (request.target.contains("/configmaps"), is_watch) {
            (true, false) => Answer::list(&[index()]),
            (true, true) => Answer::watch(&[]).then(Duration::from_secs(10), &deleted),
            (false, false) => Answer::list(&[json!(document("faq", "2"))]),
            (false, true) => Answer::watch(&[]),
        }
    }))
}

/// When an owned object is deleted, `owns` reconciles its owner and
/// `owns_shared_stream` does not.
#[tokio::test(start_paused = true)]
async fn a_deleted_child_wakes_its_owner_by_owns_and_not_on_a_shared_stream() {
    let (service, owns) = (world(), Seen::default());
    let main = Controller::new(documents(&service.client()), Default::default());
    let children: Api<ConfigMap> = Api::default_namespaced(service.client());
    owns.run(main.owns(children, Default::default()));

    let (service, shared) = (world(), Seen::default());
    let main = Controller::new(documents(&service.client()), Default::default());
    let children: Api<ConfigMap> = Api::default_namespaced(service.client());
    let (_store, writer) = reflector::store_shared(8);
    let handle = writer.subscribe().unwrap();
    let root = watcher::watcher(children, Default::default())
        .reflect_shared(writer)
        .touched_objects();
    tokio::spawn(root.for_each(|_| async {}));
    shared.run(main.owns_shared_stream(handle));

    until_all_wait().await;
    let (before, shared_before) = (owns.count(), shared.count());
    assert!(before >= 1 && shared_before >= 1);
    sleep(Duration::from_secs(11)).await;
    assert_eq!(owns.count(), before + 1);
    assert_eq!(shared.count(), shared_before);
}
