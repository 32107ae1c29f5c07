//! The scheduler by itself: what is asked for, and when it comes out.

use std::fmt::Write;

use futures::{StreamExt, stream};
use kube::runtime::{
    Config,
    controller::Action,
    scheduler::{ScheduleRequest, debounced_scheduler},
};
use tokio::time::{Instant, sleep, sleep_until};

use super::bench::{Bench, secs, work};
use crate::support::output;

/// A request: the second at which it is made, and the second for which.
type Asked = (u64, u64);

/// The seconds at which a scheduler lets the document go.
async fn runs(debounce: u64, asked: &[Asked]) -> Vec<u64> {
    let start = Instant::now();
    let requests = stream::iter(asked.to_owned()).then(move |(at, run_at)| async move {
        sleep_until(start + secs(at)).await;
        ScheduleRequest {
            message: "faq",
            run_at: start + secs(run_at),
        }
    });
    debounced_scheduler(requests.chain(stream::pending()), secs(debounce))
        .map(|_| start.elapsed().as_secs())
        .take_until(Box::pin(sleep(secs(3600))))
        .collect()
        .await
}

/// A request at every one of these seconds, for that same second.
fn now(seconds: impl IntoIterator<Item = u64>) -> Vec<Asked> {
    seconds.into_iter().map(|second| (second, second)).collect()
}

/// Without debounce the earliest time that somebody asked for wins. With debounce each request before the
/// scheduled time sets it anew, so that an earlier request can make a run later; one after it is ignored.
#[tokio::test(start_paused = true)]
async fn the_scheduler_keeps_one_time_for_an_object() {
    let cases: [(&str, u64, Vec<Asked>); 8] = [
        (
            "at 0 s for 30 s, at 10 s for 20 s",
            0,
            vec![(0, 30), (10, 20)],
        ),
        (
            "at 0 s for 20 s, at 10 s for 30 s",
            0,
            vec![(0, 20), (10, 30)],
        ),
        (
            "at 0 s for 30 s, at 10 s for now",
            0,
            vec![(0, 30), (10, 10)],
        ),
        ("at 0 s for now", 5, now([0])),
        ("at 0, 3, 6 and 9 s for now", 5, now([0, 3, 6, 9])),
        (
            "every 4 s for a minute, for now",
            5,
            now((0..60).step_by(4)),
        ),
        (
            "at 0 s for 30 s, at 33 s for now",
            5,
            vec![(0, 30), (33, 33)],
        ),
        (
            "at 0 s for 30 s, at 10 s for 40 s",
            5,
            vec![(0, 30), (10, 40)],
        ),
    ];
    let mut table = format!("debounce  {:<34}  runs at\n", "asked for");
    for (asked, debounce, requests) in cases {
        let runs = runs(debounce, &requests).await;
        let runs: Vec<_> = runs.iter().map(|second| format!("{second} s")).collect();
        let _ = writeln!(table, "{debounce:>6} s  {asked:<34}  {}", runs.join(", "));
    }
    output("runtime_internals/scheduling/scheduler.txt", &table);
}

/// With a debounce of 5 s, changes at 0, 3, 6 and 9 s make one run at 14 s, and what it asks for 10 s after its end comes after 15 s.
#[tokio::test(start_paused = true)]
async fn debounce_waits_for_silence_and_delays_requeues_too() {
    let mut bench = Bench::ready();
    let timeline = bench.timeline.clone();
    let config = Config::default().debounce(secs(5));
    let applier = bench.start(config, move |document| {
        let again = Action::requeue(secs(10));
        work(&timeline, "reconcile faq", &document, 2.0, again)
    });
    for (version, second) in [(1, 0), (2, 3), (3, 6), (4, 9)] {
        bench.until(second).await;
        bench.change("faq", version);
    }
    bench.until(35).await;
    assert_eq!(bench.starts(), [14.0, 31.0]);
    let picture = "runtime_internals/scheduling/debounce.svg";
    bench
        .timeline
        .output("runtime_internals/scheduling/debounce.txt", picture);
    applier.abort();
}

/// A document that changes every 4 s for a day is not reconciled on that day if the debounce is 5 s.
#[tokio::test(start_paused = true)]
async fn a_chattering_object_is_never_reconciled_under_debounce() {
    let mut bench = Bench::ready();
    let config = Config::default().debounce(secs(5));
    let _applier = bench.start(config, |_| super::bench::takes(1));
    const DAY: u64 = 86_400;
    for second in (0..DAY).step_by(4) {
        bench.until(second).await;
        bench.change("faq", second as i64);
    }
    assert!(bench.starts().is_empty());
    bench.until(DAY + 60).await;
    let last = (DAY - 4) as f64;
    assert_eq!(bench.starts(), [last + 5.0]);
}

/// With debounce, a run that a change asked for during another run begins when the debounce is over and the other run has ended, whichever is later.
#[tokio::test(start_paused = true)]
async fn debounce_goes_on_while_the_object_is_reconciled() {
    for (takes, second) in [(2, 11.0), (20, 25.0)] {
        let mut bench = Bench::ready();
        let config = Config::default().debounce(secs(5));
        let _applier = bench.start(config, move |_| super::bench::takes(takes));
        bench.change("faq", 1);
        bench.until(6).await;
        bench.change("faq", 2);
        bench.until(60).await;
        assert_eq!(bench.starts(), [5.0, second]);
    }
}
