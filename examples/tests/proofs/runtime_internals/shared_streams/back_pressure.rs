//! Who waits for whom.

use std::{convert::Infallible, fmt::Write, pin::pin, sync::Arc, time::Duration};

use backon::ExponentialBuilder;
use examples::{
    document::Document,
    runtime_internals::shared_streams::two_controllers,
    testing::{Answer, Script, Service},
};
use futures::{FutureExt, StreamExt, poll, stream};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, ResourceExt,
    runtime::{
        WatchStreamExt,
        controller::{self, Action},
        reflector::{self, ReflectHandle, Store},
        watcher::{Event, ExponentialBackoff},
    },
};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{Seen, document, event, server};
use crate::support::{documents, output, until_all_wait};

fn version(store: &Store<Document>) -> String {
    let state = store.state();
    state.first().map_or("-".to_owned(), |faq| {
        format!("v{}", faq.resource_version().unwrap())
    })
}

/// Reads one item of a subscriber, if there is one.
fn read(handle: &mut ReflectHandle<Document>) -> &'static str {
    match handle.next().now_or_never() {
        Some(Some(_)) => "an item",
        Some(None) => "its end",
        None => "nothing",
    }
}

/// With a buffer of one, the root stream waits at the second change until the
/// slow subscriber has read the first; the fast one waits with it. The Store has
/// the second change already.
#[tokio::test]
async fn a_subscriber_that_does_not_read_holds_up_the_root_stream_and_the_others() {
    let changes =
        ["1", "2", "3"].map(|version| Ok(Event::Apply(document("faq", version))));
    let (store, writer) = reflector::store_shared(1);
    let mut fast = writer.subscribe().unwrap();
    let mut slow = writer.subscribe().unwrap();
    let mut root = pin!(stream::iter(changes).reflect_shared(writer));
    let mut text = format!("{:<22} {:<10} {}\n", "", "", "the Store has");
    let mut line = |who: &str, got: &str| {
        let _ = writeln!(text, "{who:<22} {got:<10} {}", version(&store));
    };
    for _ in 0..2 {
        let got = match root.next().now_or_never() {
            Some(_) => "an event",
            None => "waits",
        };
        line("the root stream", got);
        line("the fast subscriber", read(&mut fast));
    }
    line("the slow subscriber", read(&mut slow));
    let got = match root.next().now_or_never() {
        Some(_) => "an event",
        None => "waits",
    };
    line("the root stream", got);
    line("the fast subscriber", read(&mut fast));
    output("runtime_internals/shared_streams/stall.txt", &text);
}

/// A handle that is kept and never read stops the root stream once the buffer
/// is full; dropping it lets the stream go on.
#[tokio::test(start_paused = true)]
async fn a_handle_that_nobody_reads_stops_the_root_stream() {
    let changes =
        (0..50).map(|version| Ok(Event::Apply(document("faq", &version.to_string()))));
    let changes: Vec<_> = changes.collect();
    let (store, writer) = reflector::store_shared(8);
    let kept = writer.subscribe().unwrap();
    let root = stream::iter(changes).reflect_shared(writer);
    let root = tokio::spawn(root.for_each(|_| async {}));
    sleep(Duration::from_secs(3600)).await;
    assert!(!root.is_finished());
    // Eight are in the buffer, and the ninth is in the Store.
    assert_eq!(version(&store), "v8");
    drop(kept);
    root.await.unwrap();
    assert_eq!(version(&store), "v49");
}

/// Without a subscriber nothing is kept: 50 events go through a buffer of one.
#[tokio::test]
async fn events_without_a_subscriber_are_dropped() {
    let changes =
        (0..50).map(|version| Ok(Event::Apply(document("faq", &version.to_string()))));
    let (store, writer) = reflector::store_shared(1);
    let root = stream::iter(changes.collect::<Vec<_>>()).reflect_shared(writer);
    let seen = root.count().now_or_never();
    assert_eq!(seen, Some(50));
    assert_eq!(version(&store), "v49");
}

/// `InitDone` waits until each object of the list has its place in the buffer:
/// with more objects than places, somebody has to read while it waits.
#[tokio::test]
async fn init_done_waits_when_the_list_is_longer_than_the_buffer() {
    let mut events = vec![Ok(Event::Init)];
    events.extend(["a", "b", "c"].map(|name| Ok(Event::InitApply(document(name, "1")))));
    events.push(Ok(Event::InitDone));
    let (store, writer) = reflector::store_shared(2);
    let mut handle = writer.subscribe().unwrap();
    let mut root = pin!(stream::iter(events).reflect_shared(writer));
    for _ in 0..4 {
        root.next().await.unwrap().unwrap();
    }
    assert!(poll!(root.next()).is_pending());
    assert!(store.wait_until_ready().now_or_never().is_some());
    assert_eq!(store.len(), 3);
    handle.next().await.unwrap();
    assert!(poll!(root.next()).is_ready());
}

fn server_with_500() -> Service {
    let names = (0..500).map(|number| format!("d{number}"));
    let many: Vec<_> = names.map(|name| document(&name, "1")).collect();
    server(&many, Answer::watch(&[]))
}

/// A reconciler that takes an hour.
async fn an_hour(_: Arc<Document>, _: Arc<()>) -> Result<Action, Infallible> {
    sleep(Duration::from_secs(3600)).await;
    Ok(Action::await_change())
}

fn not_again(_: Arc<Document>, _: &Infallible, _: Arc<()>) -> Action {
    Action::await_change()
}

/// A controller is no slow subscriber: however long its reconciler takes, it
/// goes on reading triggers, and the other one is not held up.
#[tokio::test(start_paused = true)]
async fn a_slow_reconciler_holds_up_nobody_else() {
    let service = server_with_500();
    let (controllers, drive) = two_controllers(documents(&service.client())).unwrap();
    let [slow, fast] = controllers;
    tokio::spawn(drive);
    let slow = slow
        .with_config(controller::Config::default().concurrency(1))
        .run(an_hour, not_again, ().into());
    tokio::spawn(slow.for_each(|_| async {}));
    let (seen, start) = (Seen::default(), Instant::now());
    seen.run(fast);
    until_all_wait().await;
    assert_eq!(seen.count(), 500);
    assert!(start.elapsed() < Duration::from_secs(1));
}

/// What is done with the results of `run` does hold up a controller, which nobody
/// polls meanwhile, and with it the shared stream.
#[tokio::test(start_paused = true)]
async fn work_behind_run_holds_up_everybody() {
    let service = server_with_500();
    let (controllers, drive) = two_controllers(documents(&service.client())).unwrap();
    let [slow, fast] = controllers;
    tokio::spawn(drive);
    let slow = slow.run(
        |_, _| async { Ok(Action::await_change()) },
        not_again,
        ().into(),
    );
    tokio::spawn(slow.for_each(|_| sleep(Duration::from_secs(3600))));
    let seen = Seen::default();
    seen.run(fast);
    sleep(Duration::from_secs(24 * 3600)).await;
    // A buffer more than the slow one has read.
    assert!((128..500).contains(&seen.count()), "{}", seen.count());
}

/// A controller of which another watch fails reads nothing while its backoff pauses.
/// With more changes than places, the other controller on the stream waits too.
#[tokio::test(start_paused = true)]
async fn a_controller_whose_backoff_pauses_holds_up_the_others() {
    let changes = (0..300).fold(Answer::watch(&[]), |watch, number| {
        let change = event("ADDED", &format!("d{number}"), &(number + 5).to_string());
        watch.then(Duration::from_millis(100), &change)
    });
    let service = Service::new(Script::rule(move |request| {
        if request.target.contains("/configmaps") {
            Answer::failure(403, "Forbidden", "may not list them")
        } else if request.target.contains("watch=true") {
            changes.clone()
        } else {
            Answer::list(&[json!(document("faq", "2"))])
        }
    }));
    let (controllers, drive) = two_controllers(documents(&service.client())).unwrap();
    let [refused, other] = controllers;
    let children = Api::<ConfigMap>::default_namespaced(service.client());
    let half_a_minute = ExponentialBuilder::default()
        .with_min_delay(Duration::from_secs(30))
        .with_max_delay(Duration::from_secs(30))
        .without_max_times();
    let refused = refused
        .owns(children, Default::default())
        .trigger_backoff(ExponentialBackoff::from(half_a_minute));
    tokio::spawn(drive);
    Seen::default().run(refused);
    let seen = Seen::default();
    seen.run(other);
    sleep(Duration::from_secs(25)).await;
    // As many as there are places, and the list if it was read before the error.
    assert!((128..=129).contains(&seen.count()), "{}", seen.count());
    sleep(Duration::from_secs(240)).await;
    let mut all = seen.sorted();
    all.dedup();
    assert_eq!(all.len(), 1 + 300);
}

/// A controller that shuts down reads no more triggers. While it waits for a run,
/// the shared stream stops when the buffer is full, and goes on when it has ended.
#[tokio::test(start_paused = true)]
async fn a_controller_that_shuts_down_holds_up_the_others_until_it_has_ended() {
    let changes = (0..300).fold(Answer::watch(&[]), |watch, number| {
        let change = event("ADDED", &format!("d{number}"), &(number + 5).to_string());
        watch.then(Duration::from_secs(10), &change)
    });
    let service: Service = server(&[document("faq", "2")], changes);
    let (controllers, drive) = two_controllers(documents(&service.client())).unwrap();
    let [ending, other] = controllers;
    tokio::spawn(drive);
    let ending = ending
        .graceful_shutdown_on(sleep(Duration::from_secs(5)))
        .run(an_hour, not_again, ().into());
    tokio::spawn(ending.for_each(|_| async {}));
    let seen = Seen::default();
    seen.run(other);
    sleep(Duration::from_secs(3590)).await;
    // The list, and as many changes as there are places.
    assert_eq!(seen.count(), 1 + 128);
    sleep(Duration::from_secs(2 * 3600)).await;
    // The watch was silent for so long that it was asked for again.
    let mut all = seen.sorted();
    all.dedup();
    assert_eq!(all.len(), 1 + 300);
}
