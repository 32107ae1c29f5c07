//! When a Store is filled, and when it is ready.

use std::{fmt::Write, pin::pin, time::Duration};

use examples::{
    document::Document,
    runtime_internals::reflector_and_store::{
        NotReadyError, cache, count_too_early, ready,
    },
    testing::{Answer, Script, Service},
};
use futures::{StreamExt, poll};
use kube::{
    Api, ResourceExt,
    runtime::{
        Controller, WatchStreamExt,
        controller::Action,
        reflector,
        watcher::{self, Event, watcher},
    },
};
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use super::{contents, end, event, expired, object, readiness, silence};
use crate::support::{compile_fail, documents, output, until_all_wait};

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);

/// A document that is missing from a new list leaves the Store at `InitDone`,
/// and no `Delete` tells of it. Until then the Store holds what it held before
/// the watch expired.
#[tokio::test(start_paused = true)]
async fn a_document_leaves_the_store_in_a_relist_without_a_delete() {
    let service = Service::new([
        Answer::list(&[object("faq", "2"), object("guide", "3")]),
        Answer::watch(&[event("MODIFIED", &object("faq", "5")), expired()]),
        Answer::list(&[object("faq", "5"), object("intro", "8")]),
        silence(),
    ]);
    let (store, writer) = reflector::store();
    let stream = watcher(documents(&service.client()), watcher::Config::default());
    let mut stream = pin!(stream.reflect(writer));

    let mut text = format!(
        "{:<28} {:<22} {}\n",
        "the stream yields", "state()", "ready"
    );
    let mut line = |item: &str| {
        let (held, ready) = (contents(&store), readiness(&store));
        let _ = writeln!(text, "{item:<28} {held:<22} {ready}");
    };
    sleep(HOUR).await;
    line("(an hour without a poll)");
    while let Ok(Some(item)) = timeout(MINUTE, stream.next()).await {
        line(&match item {
            Ok(event) => said(&event),
            Err(watcher::Error::WatchError(status)) => format!("Err: {}", status.code),
            Err(error) => panic!("{error}"),
        });
    }
    output("runtime_internals/reflector_and_store/relist.txt", &text);
    service.finish().unwrap();
}

fn said(event: &Event<Document>) -> String {
    let of = |what: &str, document: &Document| {
        let version = document.resource_version().unwrap();
        format!("{what}({} v{version})", document.name_any())
    };
    match event {
        Event::Init => "Init".to_owned(),
        Event::InitApply(document) => of("InitApply", document),
        Event::InitDone => "InitDone".to_owned(),
        Event::Apply(document) => of("Apply", document),
        Event::Delete(document) => of("Delete", document),
    }
}

/// A Store whose stream nobody polls stays empty, and the server is asked for
/// nothing.
#[tokio::test(start_paused = true)]
async fn store_stays_empty_while_nobody_polls_the_stream() {
    let service = Service::new(Script::always(Answer::list(&[object("faq", "2")])));
    let (store, writer) = reflector::store();
    let stream = watcher(documents(&service.client()), watcher::Config::default());
    let mut stream = pin!(stream.reflect(writer));
    sleep(HOUR).await;
    assert_eq!(
        (contents(&store).as_str(), service.load().received),
        ("-", 0)
    );

    // One poll is enough for the LIST, which the service answers at once.
    while contents(&store) == "-" {
        stream.next().await.unwrap().unwrap();
    }
    assert_eq!(contents(&store), "faq v2");
}

/// `count_too_early` counts no documents, however many there are.
#[tokio::test]
async fn a_store_is_empty_right_after_it_was_made() {
    let service = Service::new(Script::always(Answer::list(&[object("faq", "2")])));
    assert_eq!(count_too_early(documents(&service.client())), 0);
}

/// `wait_until_ready` polls no stream: awaited before the stream is driven, it
/// waits for ever.
#[tokio::test(start_paused = true)]
async fn wait_until_ready_does_not_drive_the_stream() {
    let service = Service::new([Answer::list(&[object("faq", "2")]), silence()]);
    let (store, fill) = cache(documents(&service.client()));
    let waited = timeout(HOUR, store.wait_until_ready()).await;
    assert!(waited.is_err());
    assert_eq!(service.load().received, 0);

    // The same wait beside the future that fills the Store.
    tokio::spawn(fill);
    timeout(HOUR, store.wait_until_ready())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(contents(&store), "faq v2");
}

/// A list of two pages fills the Store at once, after the last page.
#[tokio::test(start_paused = true)]
async fn a_store_is_empty_until_the_last_page_of_the_first_list() {
    let first = json!({ "apiVersion": "v1", "kind": "List", "items": [object("faq", "2")],
                        "metadata": { "resourceVersion": "3", "continue": "more" } });
    let page = Duration::from_secs(10);
    let service = Service::new([
        Answer::json(&first),
        Answer::list(&[object("guide", "3")]).after(page),
        silence(),
    ]);
    let (store, fill) = cache(documents(&service.client()));
    tokio::spawn(fill);
    until_all_wait().await;
    assert_eq!(service.load().received, 2);
    assert_eq!(
        (contents(&store).as_str(), readiness(&store)),
        ("-", "waits")
    );
    sleep(page).await;
    assert_eq!(contents(&store), "faq v2, guide v3");
    assert_eq!(readiness(&store), "Ok");
}

/// While every list fails, `wait_until_ready` returns nothing, not even an
/// error; a deadline around it does.
#[tokio::test(start_paused = true)]
async fn wait_until_ready_waits_as_long_as_every_list_fails() {
    let refusal = Answer::failure(403, "Forbidden", "may not list documents");
    let service = Service::new(Script::always(refusal));
    let (store, fill) = cache(documents(&service.client()));
    tokio::spawn(fill);
    let waited = timeout(HOUR, store.wait_until_ready()).await;
    assert!(waited.is_err());
    assert!(service.load().received > 60);

    let (patience, start) = (Duration::from_secs(30), Instant::now());
    let error = ready(&store, patience).await.unwrap_err();
    assert!(matches!(error, NotReadyError::Late(_)));
    assert_eq!(start.elapsed().as_secs(), patience.as_secs());
}

/// An object of a streaming list that cannot be decoded is an error of its own: the
/// Store becomes ready without it.
#[tokio::test(start_paused = true)]
async fn a_store_is_ready_without_what_a_streaming_list_could_not_decode() {
    let mut wrong = object("guide", "3");
    wrong["spec"]["title"] = json!(3);
    let events = [
        event("ADDED", &wrong),
        event("ADDED", &object("faq", "2")),
        end(),
    ];
    let service = Service::new([Answer::watch(&events)]);
    let (store, writer) = reflector::store();
    let config = watcher::Config::default().streaming_lists();
    let stream = watcher::<Document>(documents(&service.client()), config);
    let mut stream = pin!(stream.reflect(writer));
    let mut errors = 0;
    while let Ok(Some(item)) = timeout(MINUTE, stream.next()).await {
        errors += u32::from(item.is_err());
    }
    assert_eq!((errors, readiness(&store)), (1, "Ok"));
    assert_eq!(contents(&store), "faq v2");
}

/// Dropping the stream, and the Writer with it, before the first `InitDone`
/// ends the wait with an error.
#[tokio::test(start_paused = true)]
async fn wait_until_ready_fails_when_the_writer_goes_first() {
    let service = Service::new(Script::always(Answer::never()));
    let (store, fill) = cache(documents(&service.client()));
    let fill = tokio::spawn(fill);
    until_all_wait().await;
    fill.abort();
    let error = ready(&store, HOUR).await.unwrap_err();
    assert!(matches!(error, NotReadyError::Abandoned(_)));
}

/// Readiness is never taken back: not by a 410, not while every new list fails for an
/// hour, not when the stream is gone.
#[tokio::test(start_paused = true)]
async fn a_store_that_was_ready_stays_ready() {
    let mut lists = 0;
    let service = Service::new(Script::rule(move |request| {
        if request.target.contains("watch=true") {
            return silence().then(MINUTE, &expired());
        }
        lists += 1;
        match lists {
            1 => Answer::list(&[object("faq", "2")]),
            _ => Answer::failure(500, "InternalError", "etcd is away"),
        }
    }));
    let (store, fill) = cache(documents(&service.client()));
    let state = || (contents(&store), readiness(&store));
    assert_eq!(state(), ("-".to_owned(), "waits"));
    let fill = tokio::spawn(fill);
    until_all_wait().await;
    let good = ("faq v2".to_owned(), "Ok");
    assert_eq!(state(), good);
    sleep(MINUTE + HOUR).await;
    assert!(service.load().received > 50, "it goes on asking for a list");
    assert_eq!(state(), good);
    fill.abort();
    assert!(fill.await.unwrap_err().is_cancelled());
    assert_eq!(state(), good);
}

/// The Store has what an item says when the stream hands the item on, and no
/// sooner than somebody asks for it: a consumer that takes a minute keeps the
/// Store a minute behind.
#[tokio::test(start_paused = true)]
async fn a_slow_consumer_keeps_the_store_back() {
    let service = Service::new([
        Answer::list(&[object("faq", "2")]),
        Answer::watch(&[
            event("MODIFIED", &object("faq", "3")),
            event("MODIFIED", &object("faq", "4")),
        ]),
    ]);
    let (store, writer) = reflector::store();
    let stream = watcher(documents(&service.client()), watcher::Config::default());
    let mut applied = pin!(stream.reflect(writer).applied_objects());
    applied.next().await.unwrap().unwrap();
    for version in ["faq v3", "faq v4"] {
        applied.next().await.unwrap().unwrap();
        assert_eq!(contents(&store), version);
        // Both events were sent before the first was read.
        sleep(MINUTE).await;
        assert_eq!(contents(&store), version);
    }
    assert!(poll!(applied.next()).is_pending());
}

/// `applied_objects` hands out the objects of the first list before the Store
/// has them: it yields each at its `InitApply`, the Store gets all at `InitDone`.
#[tokio::test(start_paused = true)]
async fn applied_objects_come_before_the_store_has_them() {
    let objects = [object("faq", "2"), object("guide", "3")];
    let service = Service::new([Answer::list(&objects), silence()]);
    let (store, writer) = reflector::store();
    let stream = watcher(documents(&service.client()), watcher::Config::default());
    let mut applied = pin!(stream.reflect(writer).applied_objects());
    for name in ["faq", "guide"] {
        let object = applied.next().await.unwrap().unwrap();
        assert_eq!(
            (object.name_any().as_str(), contents(&store).as_str()),
            (name, "-")
        );
    }
    assert!(timeout(MINUTE, applied.next()).await.is_err());
    assert_eq!(contents(&store), "faq v2, guide v3");
}

/// The Store of a Controller fills while the Controller runs, and is abandoned
/// with it.
#[tokio::test(start_paused = true)]
async fn the_store_of_a_controller_fills_while_it_runs() {
    let service = Service::new([Answer::list(&[object("faq", "2")]), silence()]);
    let api: Api<Document> = documents(&service.client());
    let controller = Controller::new(api.clone(), watcher::Config::default());
    let store = controller.store();
    sleep(HOUR).await;
    assert_eq!(readiness(&store), "waits");
    let run = controller.run(
        |_, _| async { Ok::<_, kube::Error>(Action::await_change()) },
        |_, _, _| Action::await_change(),
        ().into(),
    );
    tokio::spawn(run.for_each(|_| async {}));
    until_all_wait().await;
    assert_eq!(
        (contents(&store).as_str(), readiness(&store)),
        ("faq v2", "Ok")
    );

    let never_run = Controller::new(api, watcher::Config::default());
    let store = never_run.store();
    drop(never_run);
    assert_eq!(readiness(&store), "Err");
}

/// A Writer belongs to one stream: it cannot be cloned.
#[test]
fn a_writer_cannot_be_cloned() {
    compile_fail("runtime_internals/reflector_and_store/two_streams.rs");
}
