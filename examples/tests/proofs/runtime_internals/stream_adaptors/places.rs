//! What resets a backoff, by its place in the chain.

use std::{fmt::Write, time::Duration};

use examples::{
    document::Document,
    testing::{Answer, Received, Service},
};
use futures::{Stream, future::BoxFuture};
use kube::runtime::{WatchStreamExt, predicates, watcher};

use super::{api, broken, document, doubling, expired, is_watch, items, timed};
use crate::support::output;

/// A stream of results with a backoff at some place in it.
type Chain = fn(&Service, bool) -> BoxFuture<'static, ()>;

/// Consumes a chain for a minute and a half.
async fn drain(chain: impl Stream) {
    items(90, chain).await;
}

fn events(
    service: &Service,
    streaming: bool,
) -> impl Stream<Item = watcher::Result<watcher::Event<Document>>> + use<> {
    let config = match streaming {
        true => watcher::Config::default().streaming_lists(),
        false => watcher::Config::default(),
    };
    watcher::watcher(api(service), config)
}

const PLACES: [Chain; 3] = [
    |service, streaming| {
        let events = events(service, streaming);
        Box::pin(drain(events.backoff(doubling()).applied_objects()))
    },
    |service, streaming| {
        let events = events(service, streaming);
        Box::pin(drain(events.applied_objects().backoff(doubling())))
    },
    |service, streaming| {
        let filtered = events(service, streaming)
            .applied_objects()
            .predicate_filter(predicates::resource_version, Default::default());
        Box::pin(drain(filtered.backoff(doubling())))
    },
];

/// What a server does wrong for ever.
struct Failure {
    en: &'static str,
    ko: &'static str,
    streaming: bool,
    answer: fn(&Received) -> Answer,
}

fn listed_and(request: &Received, watched: Answer) -> Answer {
    match is_watch(request) {
        true => watched,
        false => Answer::list(&[document("faq", 1, 1)]),
    }
}

const FAILURES: [Failure; 6] = [
    Failure {
        en: "every list fails",
        ko: "list가 매번 실패",
        streaming: false,
        answer: |_| broken(),
    },
    Failure {
        en: "lists succeed, every watch is refused",
        ko: "list는 성공, watch는 매번 거부",
        streaming: false,
        answer: |request| listed_and(request, broken()),
    },
    Failure {
        en: "lists succeed, every watch breaks at once",
        ko: "list는 성공, watch는 열리자마자 연결이 끊김",
        streaming: false,
        answer: |request| {
            listed_and(request, Answer::watch(&[]).breaking(Duration::ZERO))
        },
    },
    Failure {
        en: "a list without documents succeeds, every watch says 410",
        ko: "빈 list는 성공, watch는 매번 410",
        streaming: false,
        answer: |request| match is_watch(request) {
            true => Answer::watch(&[expired()]),
            false => Answer::list(&[]),
        },
    },
    Failure {
        en: "a list with documents succeeds, every watch says 410",
        ko: "문서가 있는 list는 성공, watch는 매번 410",
        streaming: false,
        answer: |request| listed_and(request, Answer::watch(&[expired()])),
    },
    Failure {
        en: "`streaming_lists`: every watch opens and says 410",
        ko: "`streaming_lists`: watch가 열리자마자 매번 410",
        streaming: true,
        answer: |_| Answer::watch(&[expired()]),
    },
];

/// A backoff grows while nothing but errors reaches its place in the chain;
/// every `Ok` that reaches it begins it anew.
#[tokio::test(start_paused = true)]
async fn every_ok_that_reaches_a_backoff_begins_it_anew() {
    let grows = vec![1, 2, 4, 8, 16, 30];
    let stays = vec![1; 6];
    let expected = [
        [&stays, &grows, &grows],
        [&grows, &grows, &grows],
        [&grows, &grows, &grows],
        [&stays, &grows, &grows],
        [&stays, &stays, &grows],
        [&stays, &grows, &grows],
    ];
    let head =
        "`watcher` | `applied_objects` | `predicate_filter` |\n|---|---|---|---|\n";
    let mut en = format!("| for ever | {head}");
    let mut ko = format!("| 계속되는 문제 | {head}");
    for (failure, expected) in FAILURES.iter().zip(expected) {
        let mut cells = String::new();
        for (chain, expected) in PLACES.iter().zip(expected) {
            let (service, arrivals) = timed(failure.answer);
            chain(&service, failure.streaming).await;
            let pauses = &arrivals.pauses()[..6];
            assert_eq!(pauses, expected, "{}", failure.en);
            let texts = pauses.iter().map(u64::to_string);
            write!(cells, " {} |", texts.collect::<Vec<_>>().join(", ")).unwrap();
        }
        writeln!(en, "| {} |{cells}", failure.en).unwrap();
        writeln!(ko, "| {} |{cells}", failure.ko).unwrap();
    }
    output("runtime_internals/stream_adaptors/places.en.md", &en);
    output("runtime_internals/stream_adaptors/places.ko.md", &ko);
}
