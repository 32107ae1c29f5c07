//! A subscriber that is never woken again.

use std::time::Duration;

use examples::{runtime_internals::shared_streams::two_controllers, testing::Answer};
use futures::{FutureExt, StreamExt, stream};
use kube::runtime::{WatchStreamExt, reflector, watcher::Event};
use tokio::{sync::mpsc, time::sleep};

use super::{Seen, document, event, server};
use crate::support::{documents, until_all_wait};

/// A document that is made and deleted before a controller reads its reference
/// puts the controller to sleep for good: it reconciles nothing that comes later.
#[tokio::test(start_paused = true)]
async fn a_controller_sleeps_for_ever_after_a_document_that_was_gone_at_once() {
    let minute = Duration::from_secs(60);
    for (second, expected) in [
        // Changed at once: all goes well.
        (
            event("MODIFIED", "draft", "4"),
            vec!["draft v4", "faq v2", "faq v5"],
        ),
        // Deleted at once.
        (event("DELETED", "draft", "4"), vec!["faq v2"]),
    ] {
        let watch = Answer::watch(&[event("ADDED", "draft", "3"), second])
            .then(minute, &event("MODIFIED", "faq", "5"));
        let service = server(&[document("faq", "2")], watch);
        let (controllers, drive) = two_controllers(documents(&service.client())).unwrap();
        let seen = Seen::default();
        let [one, _] = controllers;
        seen.run(one);
        until_all_wait().await;
        tokio::spawn(drive);
        sleep(4 * minute).await;
        let mut sorted = seen.sorted();
        sorted.dedup();
        assert_eq!(sorted, expected);
    }
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
        sleep(Duration::from_secs(60)).await;
    }
    // Two have a place in the buffer; the third waits for one.
    let faq = store.state()[0].metadata.resource_version.clone();
    assert_eq!((read, faq.as_deref()), (2, Some("5")));
}
