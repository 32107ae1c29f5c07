//! What a watcher does again, and from where.

use std::{pin::pin, time::Duration};

use examples::{
    document::Document,
    runtime_internals::watcher::Known,
    testing::{Answer, Script, Service},
};
use futures::StreamExt;
use kube::runtime::{
    WatchStreamExt, watcher,
    watcher::{Config, Event},
};

use super::{
    bookmark, document, error_event, event, initial_end,
    observed::{Observer, Request, Seen, told},
    page,
};
use crate::support::{documents, output};

/// What a watcher asks and emits, one line each, until it waits or has emitted so
/// many items. It is told of each item, too.
async fn transcript(
    config: Config,
    script: impl Into<Script>,
    items: usize,
) -> (Service, String) {
    let service = Service::new(script);
    let observer = Observer::default();
    let mut events = pin!(watcher(documents(&observer.client(&service)), config));
    for _ in 0..items {
        if !observer.poll(&mut events, Duration::from_secs(1)).await {
            break;
        }
    }
    let lines = observer.seen().into_iter().filter_map(|seen| match seen {
        Seen::Asked(request) => Some(format!("  asks   {request}\n")),
        Seen::Emitted(item) => Some(format!("  emits  {item}\n")),
        Seen::Read { .. } | Seen::Dropped => None,
    });
    (service, lines.collect())
}

/// The requests of a watcher until it waits or has emitted so many items.
async fn requests(
    config: Config,
    script: impl Into<Script>,
    items: usize,
) -> Vec<Request> {
    let (service, _) = transcript(config, script, items).await;
    let requests = service.requests().into_iter();
    requests
        .map(|request| Request::of(&request.target))
        .collect()
}

fn watch_from(version: &str) -> Request {
    Request::Watch(version.to_owned())
}

/// A 410 as an event of the watch makes the watcher list again, which names
/// nothing that is gone; the same 410 as the status of the answer makes it ask
/// for the same version again and again.
#[tokio::test(start_paused = true)]
async fn a_410_relists_as_an_event_and_never_as_a_status() {
    let both = page(
        &[&document("faq", "3"), &document("guide", "4")],
        Some("5"),
        None,
    );
    let one = page(&[&document("faq", "3")], Some("9"), None);
    let expired = Answer::watch(&[error_event(410)]).ending(Duration::ZERO);
    let (_, event) = transcript(
        Config::default(),
        [both.clone(), expired, one.clone(), Answer::never()],
        usize::MAX,
    )
    .await;

    let expired = Answer::failure(410, "Expired", "too old resource version");
    let mut first = Some(both);
    let (_, status) = transcript(
        Config::default(),
        // It would get its list if it asked for one.
        Script::rule(move |request| match Request::of(&request.target) {
            Request::List(_) => first.take().unwrap_or(one.clone()),
            _ => expired.clone(),
        }),
        7,
    )
    .await;

    output(
        "runtime_internals/watcher/two_410s.txt",
        &format!("410 as an ERROR event\n{event}\n410 as a status\n{status}  …\n"),
    );
}

/// What is missing from a list that begins again is gone, without a `Delete`.
#[tokio::test(start_paused = true)]
async fn a_relist_tells_what_is_gone_by_leaving_it_out() {
    let both = page(
        &[&document("faq", "3"), &document("guide", "4")],
        Some("5"),
        None,
    );
    let service = Service::new([
        both,
        Answer::watch(&[event("ADDED", &document("notes", "6")), error_event(410)]),
        // A list that breaks off when `guide` is out again counts for nothing.
        page(&[&document("guide", "4")], Some("8"), Some("p2")),
        Answer::failure(410, "Expired", "the continue parameter is too old"),
        page(&[&document("faq", "3")], Some("9"), None),
        Answer::watch(&[event("DELETED", &document("faq", "10"))]),
    ]);
    let mut events = pin!(watcher(documents(&service.client()), Config::default()));
    let mut known = Known::default();
    let mut gone = Vec::new();
    for _ in 0..13 {
        match events.next().await.unwrap() {
            Ok(event) => gone.push((event.to_string(), known.gone(&event))),
            Err(error) => gone.push((told(&Err(error)), Vec::new())),
        }
    }
    gone.retain(|(_, names)| !names.is_empty());

    let of = |event: &str, names: &[&str]| {
        (
            event.to_owned(),
            names.iter().map(|&name| name.to_owned()).collect(),
        )
    };
    assert_eq!(
        gone,
        [
            of("InitDone", &["guide", "notes"]),
            of("Delete(faq)", &["faq"])
        ]
    );
}

/// A watch that ends or breaks is asked for again from the last version that an
/// object, a deleted one too, or a bookmark had.
#[tokio::test(start_paused = true)]
async fn a_watch_is_resumed_from_the_last_version_seen() {
    let end = Duration::ZERO;
    let requests = requests(
        Config::default(),
        [
            page(&[&document("faq", "3")], Some("5"), None),
            Answer::watch(&[]).ending(end),
            Answer::watch(&[event("MODIFIED", &document("faq", "6"))]).ending(end),
            Answer::watch(&[event("DELETED", &document("faq", "7"))]).breaking(end),
            Answer::watch(&[bookmark("40")]).ending(end),
            Answer::never(),
        ],
        usize::MAX,
    )
    .await;

    let versions = ["5", "5", "6", "7", "40"].map(watch_from);
    assert_eq!(requests[0], Request::List(None));
    assert_eq!(requests[1..], versions);
}

/// A streaming list is resumed by a plain watch once it is complete; cut short
/// before, it begins again, and so do its events.
#[tokio::test(start_paused = true)]
async fn a_streaming_list_cut_short_begins_again() {
    let faq = event("ADDED", &document("faq", "3"));
    let (_, text) = transcript(
        Config::default().streaming_lists(),
        [
            Answer::watch(std::slice::from_ref(&faq)).ending(Duration::ZERO),
            Answer::watch(&[faq, initial_end("5")]).ending(Duration::ZERO),
            Answer::never(),
        ],
        usize::MAX,
    )
    .await;

    output("runtime_internals/watcher/streaming.txt", &text);
}

/// When a later page fails, the pages before it were handed out already, and come
/// again after another `Init`.
#[tokio::test(start_paused = true)]
async fn pages_come_again_when_a_later_one_fails() {
    let (faq, guide) = (document("faq", "3"), document("guide", "4"));
    let first = page(&[&faq], Some("5"), Some("p2"));
    let (_, text) = transcript(
        Config::default(),
        [
            first.clone(),
            Answer::failure(410, "Expired", "the continue parameter is too old"),
            first,
            page(&[&guide], Some("5"), None),
            Answer::never(),
        ],
        usize::MAX,
    )
    .await;

    output("runtime_internals/watcher/pages.txt", &text);
}

/// The watch begins at the version of the last page; a page with a continue token
/// may have another one, or none.
#[tokio::test(start_paused = true)]
async fn the_version_of_the_last_page_begins_the_watch() {
    for version in [Some("9"), Some(""), None] {
        let requests = requests(
            Config::default(),
            [
                page(&[&document("faq", "3")], version, Some("p2")),
                page(&[], Some("5"), None),
                Answer::never(),
            ],
            usize::MAX,
        )
        .await;

        let second = Request::List(Some("p2".to_owned()));
        assert_eq!(requests, [Request::List(None), second, watch_from("5")]);
    }
}

/// Until somebody polls it, a watcher asks for nothing; polled once, it has
/// emitted `Init` and still asked for nothing.
#[tokio::test(start_paused = true)]
async fn a_watcher_asks_for_nothing_before_its_second_poll() {
    let service = Service::new(Script::always(Answer::never()));
    let mut events = pin!(watcher(documents(&service.client()), Config::default()));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(service.requests(), []);

    assert!(matches!(events.next().await, Some(Ok(Event::Init))));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(service.requests(), []);

    let waits = tokio::time::timeout(Duration::from_secs(60), events.next());
    assert!(waits.await.is_err());
    assert_eq!(service.requests().len(), 1);
}

/// A `next()` that is dropped while it waits, as `select!` does it, loses nothing:
/// the next one goes on with the same request.
#[tokio::test(start_paused = true)]
async fn a_dropped_next_goes_on_with_the_same_request() {
    let list = page(&[&document("faq", "3")], Some("5"), None);
    let service = Service::new([list.after(Duration::from_secs(10))]);
    let mut events = pin!(watcher(documents(&service.client()), Config::default()));
    assert!(matches!(events.next().await, Some(Ok(Event::Init))));

    let second = tokio::time::timeout(Duration::from_secs(1), events.next());
    assert!(second.await.is_err());
    let start = tokio::time::Instant::now();

    assert!(matches!(events.next().await, Some(Ok(Event::InitApply(_)))));
    assert_eq!(start.elapsed(), Duration::from_secs(9));
    assert_eq!(service.finish().unwrap().len(), 1);
}

/// How many requests a watcher sends behind `default_backoff` before any time
/// passes, if each is answered by `answer` up to `limit`, after the list.
async fn in_no_time(config: Config, answer: Answer, limit: usize) -> usize {
    let mut asked = 0;
    let service = Service::new(Script::rule(move |request| {
        asked += 1;
        match Request::of(&request.target) {
            Request::List(_) => Answer::list(&[]),
            _ if asked <= limit => answer.clone(),
            _ => Answer::never(),
        }
    }));
    let documents = documents(&service.client());
    let mut events = pin!(watcher::<Document>(documents, config).default_backoff());
    let start = tokio::time::Instant::now();
    while let Ok(Some(_)) =
        tokio::time::timeout(Duration::from_nanos(1), events.next()).await
    {}
    assert!(start.elapsed() <= Duration::from_millis(1));
    service.requests().len()
}

/// A watch that is opened and ends at once is asked for again at once, behind
/// `default_backoff` too: no item is an error.
#[tokio::test(start_paused = true)]
async fn a_watch_that_ends_at_once_is_asked_for_without_a_pause() {
    let ends = || Answer::watch(&[]).ending(Duration::ZERO);
    let streaming = || Config::default().streaming_lists();
    assert_eq!(in_no_time(Config::default(), ends(), 1000).await, 1001);
    assert_eq!(in_no_time(streaming(), ends(), 1000).await, 1001);

    // A refusal is an item that the backoff sees.
    let refused = || Answer::failure(500, "InternalError", "no");
    assert_eq!(in_no_time(Config::default(), refused(), 1000).await, 2);
    assert_eq!(in_no_time(streaming(), refused(), 1000).await, 1);
}
