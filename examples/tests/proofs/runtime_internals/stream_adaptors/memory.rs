//! What a filter remembers, and for how long.

use std::{thread, time::Duration};

use examples::{
    document::Document,
    runtime_internals::stream_adaptors::changed,
    testing::{Answer, Service},
};
use futures::{FutureExt, Stream, StreamExt, channel::mpsc, stream};
use kube::runtime::{PredicateConfig, WatchStreamExt, predicates, reflector, watcher};

use super::{api, counted, decoded, document, items, line};

/// A filter that is fed by hand.
fn fed(
    config: PredicateConfig,
) -> (
    mpsc::UnboundedSender<Document>,
    impl Stream<Item = watcher::Result<Document>> + Unpin,
) {
    let (feed, fed) = mpsc::unbounded();
    let filtered = fed.map(Ok).predicate_filter(predicates::generation, config);
    (feed, filtered)
}

fn sees(
    feed: &mpsc::UnboundedSender<Document>,
    filtered: &mut (impl Stream<Item = watcher::Result<Document>> + Unpin),
) -> bool {
    feed.unbounded_send(decoded(&document("faq", 1, 1)))
        .unwrap();
    filtered.next().now_or_never().is_some()
}

/// An object that is unchanged passes again when it was not seen for the time to
/// live; being seen and not passed on counts as seen.
///
/// On the real clock, since the filter looks at no other.
#[tokio::test]
async fn a_sighting_that_does_not_pass_prolongs_the_life_of_an_entry() {
    let ttl = Duration::from_millis(500);
    let (feed, mut filtered) = fed(PredicateConfig::default().ttl(ttl));
    assert!(sees(&feed, &mut filtered));
    for _ in 0..2 {
        thread::sleep(ttl * 6 / 10);
        // At the second time the last pass was 600 ms ago, the last sighting 300.
        assert!(!sees(&feed, &mut filtered));
    }
    thread::sleep(ttl);
    assert!(sees(&feed, &mut filtered));
}

/// The time to live is taken from the clock of the system: virtual time does not
/// count.
#[tokio::test(start_paused = true)]
async fn virtual_time_does_not_age_what_a_predicate_remembers() {
    let (feed, mut filtered) = fed(PredicateConfig::default());
    assert!(sees(&feed, &mut filtered));
    tokio::time::advance(Duration::from_secs(2 * 3600)).await;
    assert!(!sees(&feed, &mut filtered));
}

/// With a time to live of nothing, nothing is filtered.
#[tokio::test]
async fn with_no_time_to_live_everything_passes() {
    let (feed, mut filtered) = fed(PredicateConfig::default().ttl(Duration::ZERO));
    assert!(sees(&feed, &mut filtered));
    assert!(sees(&feed, &mut filtered));
}

/// Errors pass every predicate, and do not make it forget.
#[tokio::test]
async fn an_error_passes_and_a_predicate_keeps_what_it_knows() {
    let faq = || Ok(decoded(&document("faq", 1, 1)));
    let stream = stream::iter([faq(), Err(watcher::Error::NoResourceVersion), faq()]);
    let filtered = stream.predicate_filter(predicates::generation, Default::default());
    let passed: Vec<_> = filtered.map(|item| item.is_ok()).collect().await;
    assert_eq!(passed, [true, false]);
}

/// A store before the filter has the state that the filter held back.
#[tokio::test(start_paused = true)]
async fn a_store_before_a_predicate_knows_what_the_loop_is_not_told() {
    let service = Service::new([
        Answer::list(&[document("faq", 1, 1)]),
        Answer::watch(&[line("MODIFIED", &counted(document("faq", 2, 1), 120))]),
    ]);
    let (store, writer) = reflector::store();
    let given = items(60, changed(api(&service), writer)).await;
    assert_eq!(given.len(), 1);
    assert!(given[0].as_ref().unwrap().status.is_none());
    assert!(store.state()[0].status.is_some());
}
