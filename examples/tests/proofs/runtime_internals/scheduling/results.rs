//! What comes out of the applier, what its reader holds up, and why a run began.

use std::{
    io,
    sync::{Arc, Mutex},
};

use futures::StreamExt;
use kube::{
    ResourceExt,
    runtime::{
        Config,
        controller::{Action, ReconcileReason, ReconcileRequest},
        reflector::ObjectRef,
    },
};
use tokio::time::sleep;
use tracing_subscriber::fmt::format::FmtSpan;

use super::bench::{Bench, ends_with, secs, takes, work};
use crate::support::output;

/// Results come in the order in which runs end.
#[tokio::test(start_paused = true)]
async fn results_come_in_the_order_in_which_runs_end() {
    let mut bench = Bench::ready();
    let applier = bench.start(Config::default(), |document| {
        takes(if document.name_any() == "long" { 10 } else { 1 })
    });
    bench.change("long", 1);
    bench.until(1).await;
    bench.change("short", 1);
    bench.until(60).await;
    let started: Vec<_> = bench.runs().into_iter().map(|(_, name, _)| name).collect();
    assert_eq!(started, ["long", "short"]);
    let outcomes = bench.outcomes(applier).await;
    let ended: Vec<_> = outcomes
        .into_iter()
        .map(|outcome| outcome.unwrap().0.name)
        .collect();
    assert_eq!(ended, ["short", "long"]);
}

/// While the body of `for_each` works on a result, no run begins: a document that changed in the meantime waits for it.
#[tokio::test(start_paused = true)]
async fn no_run_begins_while_the_caller_works_on_a_result() {
    let mut bench = Bench::ready();
    let timeline = bench.timeline.clone();
    let results = bench.applier(Config::default(), move |document| {
        let lane = match &*document.name_any() {
            "faq" => "reconcile faq",
            _ => "reconcile intro",
        };
        work(&timeline, lane, &document, 1.0, Action::await_change())
    });
    let timeline = bench.timeline.clone();
    let reader = tokio::spawn(results.for_each(move |_| {
        let timeline = timeline.clone();
        async move { timeline.work("for_each", "writes a report", secs(5)).await }
    }));
    bench.timeline.note("changes", "faq");
    bench.put("faq", 1);
    bench.ask("faq");
    bench.until(2).await;
    bench.timeline.note("changes", "intro");
    bench.put("intro", 1);
    bench.ask("intro");
    bench.until(14).await;
    assert_eq!(bench.starts(), [0.0, 6.0]);
    let picture = "runtime_internals/scheduling/slow_reader.svg";
    bench
        .timeline
        .output("runtime_internals/scheduling/slow_reader.txt", picture);
    reader.abort();
}

/// With a reader that takes 5 s a result, and ten runs that end together, the eleventh document waits 50 s.
#[tokio::test(start_paused = true)]
async fn every_result_is_handed_out_before_a_run_begins() {
    let mut bench = Bench::ready();
    let results = bench.applier(Config::default(), |_| takes(1));
    let _reader = tokio::spawn(results.for_each(|_| sleep(secs(5))));
    for number in 0..10 {
        bench.change(&format!("page-{number}"), 1);
    }
    bench.until(2).await;
    bench.change("faq", 1);
    bench.until(120).await;
    assert_eq!(bench.starts().last(), Some(&51.0));
}

/// What a subscriber of tracing writes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn asks(bench: &Bench, reason: &str) {
    let reason = reason.to_owned();
    bench.request(ReconcileRequest {
        obj_ref: ObjectRef::new("faq").within("default"),
        reason: ReconcileReason::Custom { reason },
    });
}

/// The span of a run names one reason. A change that takes the place of the requeue that waits is named instead of it;
/// of several requests during a run, the first.
#[tokio::test(start_paused = true)]
async fn a_run_names_one_reason_in_its_span() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_span_events(FmtSpan::NEW)
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .without_time()
        .finish();
    let _guard = crate::support::listen(subscriber);

    let mut bench = Bench::ready();
    bench.put("faq", 1);
    let again = Action::requeue(secs(60));
    let _applier = bench.start(Config::default(), move |_| ends_with(10, again.clone()));
    asks(&bench, "a change");
    bench.until(20).await;
    asks(&bench, "a change while a requeue waits");
    for second in [25, 26] {
        bench.until(second).await;
        asks(&bench, &format!("a change at {second} s, during a run"));
    }
    bench.until(105).await;
    assert_eq!(bench.starts(), [0.0, 20.0, 30.0, 100.0]);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    output("runtime_internals/scheduling/reasons.txt", &log);
}
