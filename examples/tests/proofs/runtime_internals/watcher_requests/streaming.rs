//! Lists that come as a watch.

use std::{future::ready, pin::pin, time::Duration};

use examples::{
    document::Document,
    testing::{Answer, Script, Service},
};
use futures::StreamExt;
use kube::{
    Error::BuildRequest,
    runtime::{
        WatchStreamExt, reflector, watcher,
        watcher::{Config, Error, Event},
    },
};
use tokio::time::Instant;

use super::told;
use crate::{
    runtime_internals::watcher::{
        bookmark, document, error_event, event, initial_end,
        observed::{Request, told as item},
        page,
    },
    support::{documents, log_of_kube, output, timeline::Timeline},
};

fn streaming() -> Config {
    Config::default().streaming_lists()
}

/// A streaming list hands out each object when its line is complete; a list hands
/// out the first object when its last byte has come.
#[tokio::test(start_paused = true)]
async fn a_streaming_list_hands_out_each_object_as_it_comes() {
    let [faq, guide] = ["faq", "guide"].map(|name| document(name, "3"));
    let ten = Duration::from_secs(10);
    let streamed = Answer::watch(&[event("ADDED", &faq)])
        .then(ten, &event("ADDED", &guide))
        .then(ten, &initial_end("5"));
    let listed = page(&[&faq, &guide], Some("5"), None).ending(2 * ten);

    let at = |event: &str, seconds| (event.to_owned(), seconds);
    let [first, second, done] = ["InitApply(faq)", "InitApply(guide)", "InitDone"];
    assert_eq!(
        times(streaming(), streamed).await,
        [at("Init", 0), at(first, 0), at(second, 10), at(done, 20)]
    );
    assert_eq!(
        times(Config::default(), listed).await,
        [at("Init", 0), at(first, 20), at(second, 20), at(done, 20)]
    );
}

/// The first four items, and the second in which each came.
async fn times(config: Config, answer: Answer) -> Vec<(String, u64)> {
    let service = Service::new([answer]);
    let start = Instant::now();
    let events = watcher(documents(&service.client()), config).take(4);
    let events = events.map(|event| (item(&event), start.elapsed().as_secs()));
    events.collect().await
}

/// From a server that ignores `sendInitialEvents`, a streaming list never gets its
/// closing bookmark: no `InitDone`, no `Delete`, a Store that is never ready, and
/// no error but for a line in the log.
#[tokio::test(start_paused = true)]
async fn a_server_that_ignores_the_flag_never_completes_a_streaming_list() {
    let seconds = Duration::from_secs;
    let guide = |version| document("guide", version);
    let (log, _guard) = log_of_kube();
    let timeline = Timeline::start();
    let server = timeline.clone();
    let service = Service::new(Script::rule(move |_| {
        let server = server.clone();
        tokio::spawn(async move {
            let changes = ["ADDED", "MODIFIED", "DELETED"].map(|change| (50, change));
            for (after, line) in [(0, "WATCH")].into_iter().chain(changes) {
                tokio::time::sleep(seconds(after)).await;
                server.note("API server", line);
            }
        });
        Answer::watch(&[event("ADDED", &document("faq", "3"))])
            .then(seconds(50), &event("ADDED", &guide("6")))
            .then(seconds(50), &event("MODIFIED", &guide("7")))
            .then(seconds(50), &event("DELETED", &guide("8")))
            .then(seconds(50), &bookmark("9"))
            .ending(seconds(90))
    }));
    let (store, writer) = reflector::store();
    let events = watcher(documents(&service.client()), streaming());
    let events = events
        .reflect(writer)
        .take_until(tokio::time::sleep(seconds(320)));
    let watcher = timeline.clone();
    // In a task, so that it takes its turn after the server's.
    let reading = events.for_each(move |event| {
        watcher.note("watcher", item(&event));
        ready(())
    });
    let reading = tokio::spawn(reading);
    let ready = tokio::time::timeout(seconds(319), store.wait_until_ready());
    assert!(ready.await.is_err());
    assert!(store.is_empty());
    reading.await.unwrap();

    assert_eq!(
        *log.lock().unwrap(),
        ["ERROR got deleted event during initial watch. this is a bug"]
    );
    timeline.output(
        "runtime_internals/watcher_requests/ignored.txt",
        "runtime_internals/watcher_requests/ignored.svg",
    );
}

/// A server that refuses the flag is asked again and again; a watcher never falls
/// back to a list.
#[tokio::test(start_paused = true)]
async fn a_refused_streaming_list_never_becomes_a_list() {
    let refused = Answer::failure(422, "Invalid", "sendInitialEvents: Forbidden");
    let service = Service::new(Script::always(refused));
    let mut events = pin!(watcher(documents(&service.client()), streaming()));
    for _ in 0..100 {
        let failed = events.next().await;
        assert!(matches!(failed, Some(Err(Error::WatchStartFailed(_)))));
    }
    let requests = service.requests().into_iter();
    assert!(
        requests
            .map(|asked| Request::of(&asked.target))
            .all(|asked| asked == Request::Initial)
    );
}

/// Streaming lists without bookmarks are refused by kube itself, at each poll,
/// before anything is sent.
#[tokio::test(start_paused = true)]
async fn a_streaming_list_without_bookmarks_sends_nothing() {
    let service = Service::new(Script::always(Answer::never()));
    let config = streaming().disable_bookmarks();
    let mut events = pin!(watcher(documents(&service.client()), config));
    for _ in 0..100 {
        let failed = events.next().await;
        let Some(Err(Error::WatchStartFailed(BuildRequest(_)))) = failed else {
            panic!("{failed:?}");
        };
    }
    assert_eq!(service.requests(), []);
}

/// A watcher with streaming lists sends watches and nothing else, also when it
/// begins anew after a 410.
#[tokio::test(start_paused = true)]
async fn a_watcher_with_streaming_lists_never_lists() {
    let added = |name| event("ADDED", &document(name, "3"));
    let service = Service::new([
        Answer::watch(&[added("faq"), initial_end("5")]).ending(Duration::ZERO),
        Answer::watch(&[event("MODIFIED", &document("faq", "6")), error_event(410)]),
        Answer::watch(&[added("faq"), initial_end("9")]).ending(Duration::ZERO),
        Answer::watch(&[]),
    ]);
    let mut events = pin!(watcher::<Document>(
        documents(&service.client()),
        streaming()
    ));
    let mut done = 0;
    while let Ok(Some(event)) =
        tokio::time::timeout(Duration::from_secs(1), events.next()).await
    {
        done += usize::from(matches!(event, Ok(Event::InitDone)));
    }
    assert_eq!(done, 2);
    output(
        "runtime_internals/watcher_requests/streaming.txt",
        &told(&service.finish().unwrap()),
    );
}
