//! A subscriber that is never woken again.

use std::{convert::Infallible, sync::Arc, time::Duration};

use examples::{
    document::Document, runtime_internals::shared_streams::two_controllers,
    testing::Answer,
};
use futures::{FutureExt, StreamExt, channel, stream};
use kube::runtime::{
    Controller, WatchStreamExt, controller::Action, reflector, watcher::Event,
};
use tokio::{sync::mpsc, time::sleep};

use super::{Seen, document, event, server};
use crate::support::{documents, until_all_wait};

const MINUTE: Duration = Duration::from_secs(60);

/// A document that is made or changed, and deleted before a controller reads the
/// reference to it, puts the controller to sleep for good: it reconciles nothing that
/// comes later.
#[tokio::test(start_paused = true)]
async fn a_controller_sleeps_for_ever_after_a_document_that_was_gone_at_once() {
    for (first, second, hears_more) in [
        // Made, and changed at once: all goes well.
        (("ADDED", "draft"), ("MODIFIED", "draft"), true),
        (("ADDED", "draft"), ("DELETED", "draft"), false),
        (("MODIFIED", "guide"), ("DELETED", "guide"), false),
    ] {
        let events = [event(first.0, first.1, "3"), event(second.0, second.1, "4")];
        let watch = Answer::watch(&events).then(MINUTE, &event("MODIFIED", "faq", "5"));
        let service = server(&[document("faq", "2"), document("guide", "2")], watch);
        let (controllers, drive) = two_controllers(documents(&service.client())).unwrap();
        let seen = Seen::default();
        let [one, _] = controllers;
        seen.run(one);
        until_all_wait().await;
        tokio::spawn(drive);
        sleep(4 * MINUTE).await;
        let hears = seen.sorted().contains(&"faq v5".to_owned());
        assert_eq!(hears, hears_more, "{first:?}, {second:?}");
    }
}

/// A controller whose subscriber sleeps runs when another trigger or a requeue asks for
/// it. Neither wakes the subscriber: it hears of no change, nor of the stream's end.
#[tokio::test(start_paused = true)]
async fn a_sleeping_controller_runs_by_its_other_triggers_alone() {
    let (send, events) = channel::mpsc::unbounded::<Event<Document>>();
    let (store, writer) = reflector::store_shared::<Document>(8);
    let handle = writer.subscribe().unwrap();
    let root = events.map(Ok).reflect_shared(writer);
    let root = tokio::spawn(root.for_each(|_| async {}));
    let (all, asked) = channel::mpsc::unbounded();
    let reconcile = |document: Arc<Document>, seen: Arc<Seen>| async move {
        seen.note(&*document);
        Ok::<_, Infallible>(Action::requeue(10 * MINUTE))
    };
    let seen = Seen::default();
    let run = Controller::for_shared_stream(handle, store)
        .reconcile_all_on(asked)
        .run(
            reconcile,
            |_, _, _| Action::await_change(),
            seen.clone().into(),
        );
    let run = tokio::spawn(run.for_each(|_| async {}));
    let happens = |event| send.unbounded_send(event).unwrap();
    let faq = |version| Event::Apply(document("faq", version));

    happens(Event::Init);
    happens(Event::InitApply(document("faq", "2")));
    happens(Event::InitDone);
    sleep(MINUTE).await;
    happens(Event::Apply(document("draft", "3")));
    happens(Event::Delete(document("draft", "4")));
    sleep(MINUTE).await;
    happens(faq("5"));
    sleep(MINUTE).await;
    assert_eq!(seen.sorted(), ["faq v2"]);
    all.unbounded_send(()).unwrap();
    sleep(MINUTE).await;
    assert_eq!(seen.sorted(), ["faq v2", "faq v5"]);
    happens(faq("6"));
    sleep(5 * MINUTE).await;
    assert_eq!(seen.count(), 2);
    sleep(5 * MINUTE).await;
    assert_eq!(seen.sorted(), ["faq v2", "faq v5", "faq v6"]);
    drop((send, all));
    root.await.unwrap();
    sleep(60 * MINUTE).await;
    assert!(!run.is_finished());
}

/// A subscriber that sleeps for ever reads no more: when the buffer is full, the
/// root stream stands still, and with it the Store and all who share it.
#[tokio::test(start_paused = true)]
async fn one_sleeping_subscriber_stops_the_watch_for_all() {
    let (send, events) = mpsc::unbounded_channel();
    let events = stream::unfold(events, |mut events| async {
        Some((Ok(events.recv().await?), events))
    });
    let (store, writer) = reflector::store_shared(2);
    let asleep = writer.subscribe().unwrap();
    let mut awake = writer.subscribe().unwrap();
    tokio::spawn(asleep.for_each(|_| async {}));
    tokio::spawn(events.reflect_shared(writer).for_each(|_| async {}));
    until_all_wait().await;

    // The root stream has taken both when the subscribers run.
    send.send(Event::Apply(document("draft", "1"))).unwrap();
    send.send(Event::Delete(document("draft", "2"))).unwrap();
    let mut read = 0;
    for version in 3..20 {
        // Whatever has slept, this one is asked again.
        while let Some(Some(_)) = awake.next().now_or_never() {
            read += 1;
        }
        send.send(Event::Apply(document("faq", &version.to_string())))
            .unwrap();
        sleep(MINUTE).await;
    }
    // Two have a place in the buffer; the third waits for one.
    let faq = store.state()[0].metadata.resource_version.clone();
    assert_eq!((read, faq.as_deref()), (2, Some("5")));
}
