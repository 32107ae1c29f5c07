//! Bursts, and changes of an object that is being reconciled.

use kube::runtime::{Config, controller::Action};

use super::bench::{Bench, ends_with, secs, takes, work};
use crate::support::until_all_wait;

/// Four changes of a document, one a second, make three runs of 2.5 s. Each begins when the one
/// before has ended, sees the newest version, and nobody sees version 2. A requeue counts from an end.
#[tokio::test(start_paused = true)]
async fn four_changes_make_three_runs_and_one_version_is_never_seen() {
    let mut bench = Bench::ready();
    let timeline = bench.timeline.clone();
    let applier = bench.start(Config::default(), move |document| {
        let again = Action::requeue(secs(5));
        work(&timeline, "reconcile faq", &document, 2.5, again)
    });
    for version in 1..=4 {
        bench.change("faq", version);
        bench.until(version as u64).await;
    }
    bench.until(17).await;
    let seen: Vec<_> = bench.runs().into_iter().map(|(_, _, seen)| seen).collect();
    assert_eq!(seen, [1, 3, 4, 4]);
    assert_eq!(bench.starts(), [0.0, 2.5, 5.0, 12.5]);
    let picture = "runtime_internals/scheduling/four_changes.svg";
    bench
        .timeline
        .output("runtime_internals/scheduling/four_changes.txt", picture);
    applier.abort();
}

/// A thousand requests for one document that arrive before its run begins are one run.
#[tokio::test(start_paused = true)]
async fn a_thousand_requests_at_once_are_one_run() {
    let mut bench = Bench::ready();
    bench.put("faq", 1);
    for _ in 0..1000 {
        bench.ask("faq");
    }
    let _applier = bench.start(Config::default(), |_| takes(1));
    bench.until(60).await;
    assert_eq!(bench.starts(), [0.0]);
}

/// A thousand requests that arrive during a run are one run more, which begins when it ends.
#[tokio::test(start_paused = true)]
async fn a_thousand_requests_during_a_run_are_one_run_more() {
    let mut bench = Bench::ready();
    let _applier = bench.start(Config::default(), |_| takes(10));
    bench.change("faq", 1);
    bench.until(3).await;
    for version in 2..=1001 {
        bench.change("faq", version);
    }
    bench.until(60).await;
    let faq = || "faq".to_owned();
    assert_eq!(bench.runs(), [(0.0, faq(), 1), (10.0, faq(), 1001)]);
}

/// The object is read from the store when the run begins: a change that asked for nothing is seen by the run that waited.
#[tokio::test(start_paused = true)]
async fn a_run_sees_what_the_store_holds_when_it_begins() {
    let mut bench = Bench::ready();
    let _applier = bench.start(Config::default(), |_| takes(10));
    bench.change("faq", 1);
    until_all_wait().await;
    bench.change("faq", 2);
    bench.until(5).await;
    bench.put("faq", 3);
    bench.until(60).await;
    let seen: Vec<_> = bench.runs().into_iter().map(|(_, _, seen)| seen).collect();
    assert_eq!(seen, [1, 3]);
}

/// A change that arrives during a run makes the requeue of that run void: if the next run asks for nothing, none follows.
#[tokio::test(start_paused = true)]
async fn a_pending_run_voids_the_requeue_of_the_run_before_it() {
    let mut bench = Bench::ready();
    let _applier = bench.start(Config::default(), |document| {
        match document.metadata.generation {
            Some(1) => ends_with(10, Action::requeue(secs(1))),
            _ => takes(10),
        }
    });
    bench.change("faq", 1);
    bench.until(5).await;
    bench.change("faq", 2);
    bench.until(3600).await;
    assert_eq!(bench.starts(), [0.0, 10.0]);
}

/// A run that never ends keeps its document from ever being reconciled again, and no other.
#[tokio::test(start_paused = true)]
async fn a_run_that_never_ends_blocks_its_object_alone() {
    let mut bench = Bench::ready();
    let _applier = bench.start(Config::default(), |document| {
        match document.metadata.name.as_deref() {
            Some("stuck") => Box::pin(std::future::pending()),
            _ => takes(1),
        }
    });
    bench.change("stuck", 1);
    bench.until(10).await;
    bench.change("stuck", 2);
    bench.change("faq", 1);
    bench.until(86_400).await;
    let (stuck, faq) = ("stuck".to_owned(), "faq".to_owned());
    assert_eq!(bench.runs(), [(0.0, stuck, 1), (10.0, faq, 1)]);
}

/// Runs of two documents overlap; those of one never do.
#[tokio::test(start_paused = true)]
async fn runs_of_two_objects_overlap_and_those_of_one_do_not() {
    let mut bench = Bench::ready();
    let _applier = bench.start(Config::default(), |_| takes(10));
    for second in 1..=5 {
        bench.change("faq", 1);
        bench.change("intro", 1);
        bench.until(second).await;
    }
    bench.until(60).await;
    assert_eq!(bench.starts(), [0.0, 0.0, 10.0, 10.0]);
}
