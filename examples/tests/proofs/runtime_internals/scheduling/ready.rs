//! Before the store is ready, and objects that it does not hold.

use futures::StreamExt;
use kube::runtime::{
    Config,
    controller::{Action, Error, RunnerError},
};

use tokio::time::timeout;

use super::bench::{Bench, ends_with, secs, takes, work};

/// Until the store is ready no run begins and no request fails. Then what has been asked for begins, and two requests for a document are one run.
#[tokio::test(start_paused = true)]
async fn requests_wait_until_the_store_is_ready() {
    let mut bench = Bench::new();
    let timeline = bench.timeline.clone();
    let applier = bench.start(Config::default(), move |document| {
        work(
            &timeline,
            "reconcile faq",
            &document,
            2.0,
            Action::await_change(),
        )
    });
    for second in [1, 3] {
        bench.until(second).await;
        bench.timeline.note("requests", "faq");
        bench.put("faq", 1);
        bench.ask("faq");
    }
    bench.until(6).await;
    bench.timeline.note("store", "ready");
    bench.become_ready();
    bench.until(10).await;
    assert_eq!(bench.starts(), [6.0]);
    let picture = "runtime_internals/scheduling/ready.svg";
    bench
        .timeline
        .output("runtime_internals/scheduling/ready.txt", picture);
    let outcomes = bench.outcomes(applier).await;
    assert!(outcomes.len() == 1 && outcomes[0].is_ok(), "{outcomes:?}");
}

/// When the store becomes ready, everything that waited begins in the same moment.
#[tokio::test(start_paused = true)]
async fn all_that_waited_for_the_store_begins_at_once() {
    let mut bench = Bench::new();
    let _applier = bench.start(Config::default(), |_| takes(1));
    for number in 0..100 {
        let name = format!("page-{number}");
        bench.put(&name, 1);
        bench.ask(&name);
    }
    bench.until(600).await;
    bench.become_ready();
    bench.until(700).await;
    assert_eq!(bench.starts(), [600.0; 100]);
}

/// A request for an object that a ready store does not hold is an `ObjectNotFound` and no run, and nothing tries again.
#[tokio::test(start_paused = true)]
async fn a_request_for_an_absent_object_is_an_error_and_no_run() {
    let mut bench = Bench::ready();
    let applier = bench.start(Config::default(), |_| takes(1));
    bench.ask("ghost");
    bench.until(3600).await;
    assert!(bench.starts().is_empty());
    let outcomes = bench.outcomes(applier).await;
    assert!(
        matches!(&outcomes[..], [Err(Error::ObjectNotFound(_))]),
        "{outcomes:?}"
    );
}

/// A document that is deleted while its requeue waits is not reconciled again.
#[tokio::test(start_paused = true)]
async fn a_requeue_of_a_deleted_object_is_an_object_not_found() {
    let mut bench = Bench::ready();
    let again = Action::requeue(secs(60));
    let applier = bench.start(Config::default(), move |_| ends_with(1, again.clone()));
    bench.change("faq", 1);
    bench.until(10).await;
    bench.delete("faq");
    bench.until(3600).await;
    assert_eq!(bench.starts(), [0.0]);
    let outcomes = bench.outcomes(applier).await;
    let not_found =
        |outcome: &Result<_, _>| matches!(outcome, Err(Error::ObjectNotFound(_)));
    assert!(
        outcomes.len() == 2 && not_found(&outcomes[1]),
        "{outcomes:?}"
    );
}

/// If the writer goes before the store was ready, the applier says so once and runs nothing. When its requests are at
/// their end, it ends; if one of them has come, it never does.
#[tokio::test(start_paused = true)]
async fn a_writer_that_goes_before_readiness_stops_all_runs() {
    for (asked, ends) in [(false, true), (true, false)] {
        let mut bench = Bench::new();
        let mut outcomes = Box::pin(bench.applier(Config::default(), |_| takes(1)));
        if asked {
            bench.put("faq", 1);
            bench.ask("faq");
        }
        bench.drop_writer();
        let first = outcomes.next().await;
        let is_dropped =
            |error| matches!(error, Error::RunnerError(RunnerError::Readiness(_)));
        assert!(first.unwrap().is_err_and(is_dropped));
        // No further request will come.
        drop(bench);
        let next = timeout(secs(3600), outcomes.next()).await;
        let ended = next.map(|outcome| outcome.is_none());
        assert_eq!(ended.ok(), ends.then_some(true));
    }
}
