//! What a run asks for at its end.

use std::{
    future::ready,
    iter::from_fn,
    pin::pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use examples::{
    document::Document,
    runtime_internals::scheduling::{Failure, Failures, in_time},
};
use futures::{FutureExt, StreamExt};
use kube::runtime::{Config, applier, controller::Action};
use tokio::{task::unconstrained, time::sleep};

use super::bench::{Bench, Failed, Run, ends_with, secs, takes};

/// The work failed, at once.
fn fails() -> Run {
    async { Err(Failed) }.boxed()
}

/// A requeue of 60 s counts from the end of the run: with 20 s of work, runs begin every 80 s.
#[tokio::test(start_paused = true)]
async fn a_requeue_counts_from_the_end_of_the_run() {
    let mut bench = Bench::ready();
    let again = Action::requeue(secs(60));
    let _applier = bench.start(Config::default(), move |_| ends_with(20, again.clone()));
    bench.change("faq", 1);
    bench.until(200).await;
    assert_eq!(bench.starts(), [0.0, 80.0, 160.0]);
}

/// After `await_change` nothing runs until somebody asks, be it for a year.
#[tokio::test(start_paused = true)]
async fn await_change_schedules_nothing() {
    let mut bench = Bench::ready();
    let _applier = bench.start(Config::default(), |_| takes(1));
    bench.change("faq", 1);
    const YEAR: u64 = 365 * 86_400;
    bench.until(YEAR).await;
    bench.change("faq", 2);
    bench.until(YEAR + 1).await;
    assert_eq!(bench.starts(), [0.0, YEAR as f64]);
}

/// A change replaces the requeue that waits: the next one counts from the run that the change made.
#[tokio::test(start_paused = true)]
async fn a_change_replaces_the_requeue_that_waits() {
    let mut bench = Bench::ready();
    let again = Action::requeue(secs(300));
    let _applier = bench.start(Config::default(), move |_| ends_with(0, again.clone()));
    bench.change("faq", 1);
    bench.until(100).await;
    bench.change("faq", 2);
    bench.until(650).await;
    assert_eq!(bench.starts(), [0.0, 100.0, 400.0]);
}

/// A requeue in the far future comes after 180 days, and so does one that no clock can hold.
#[tokio::test(start_paused = true)]
async fn a_requeue_comes_after_180_days_at_the_latest() {
    const DAYS: u64 = 180 * 86_400;
    for wait in [secs(3 * 365 * 86_400), Duration::MAX] {
        let mut bench = Bench::ready();
        let again = Action::requeue(wait);
        let _applier =
            bench.start(Config::default(), move |_| ends_with(0, again.clone()));
        bench.change("faq", 1);
        bench.until(DAYS + 1).await;
        assert_eq!(bench.starts(), [0.0, DAYS as f64]);
    }
}

/// Three hundred runs that end in the same moment hand out their results before the scheduler has read any of
/// their requeues: the channel of a hundred places holds none of them up, and every requeue comes.
#[tokio::test(start_paused = true)]
async fn three_hundred_runs_end_before_a_requeue_is_read() {
    let mut bench = Bench::ready();
    let again = Action::requeue(secs(10));
    let outcomes = bench.applier(Config::default(), move |_| ends_with(1, again.clone()));
    let mut outcomes = pin!(outcomes);
    for number in 0..300 {
        bench.change(&format!("page-{number}"), 1);
    }
    // tokio would stop a task that asks so many timers in one go.
    let mut ask = || unconstrained(outcomes.next()).now_or_never();
    // The first time they begin, the second time they are polled.
    assert!(ask().is_none() && ask().is_none());
    bench.until(1).await;
    // The Runner looks at the scheduler only when no result is there. So a run that waited for room in the
    // channel would wait for the first `None`.
    let results = from_fn(&mut ask).flatten();
    assert_eq!(results.filter(Result::is_ok).count(), 300);
    bench.until(11).await;
    assert!(ask().is_none());
    assert_eq!(bench.starts()[300..], [11.0; 300]);
}

/// After a failure the error policy's wait holds, unless a change comes first; then the wait counts anew from the run that it made.
#[tokio::test(start_paused = true)]
async fn a_change_overtakes_the_wait_after_a_failure() {
    let mut bench = Bench::ready();
    let _applier = bench.start(Config::default(), |_| fails());
    bench.change("faq", 1);
    bench.until(100).await;
    assert_eq!(bench.starts(), [0.0, 60.0]);

    bench.change("faq", 2);
    bench.until(170).await;
    assert_eq!(bench.starts(), [0.0, 60.0, 100.0, 160.0]);
}

/// A reconciler that writes to its object and then fails is not slowed down by its error policy of a minute:
/// a write takes 10 ms here, and there are hundreds of runs in 10 s.
#[tokio::test(start_paused = true)]
async fn a_reconciler_that_writes_before_it_fails_runs_without_a_pause() {
    for (writes, expected) in [(false, 1), (true, 900)] {
        let mut bench = Bench::ready();
        let (written, mut writes_made) = tokio::sync::mpsc::unbounded_channel();
        let _applier = bench.start(Config::default(), move |_| {
            let written = written.clone();
            async move {
                sleep(Duration::from_millis(10)).await;
                if writes {
                    let _ = written.send(());
                }
                Err(Failed)
            }
            .boxed()
        });
        bench.change("faq", 1);
        let over = sleep(secs(10));
        tokio::pin!(over);
        loop {
            tokio::select! {
                () = &mut over => break,
                Some(()) = writes_made.recv() => bench.change("faq", 2),
            }
        }
        let runs = bench.starts().len();
        assert!(runs >= expected && (writes || runs == 1), "{runs} runs");
    }
}

/// `Failures` as the context of reconciler and error policy doubles the wait from one failure to the next, up to 512 s,
/// and begins anew after a success.
#[tokio::test(start_paused = true)]
async fn failures_double_the_wait_until_a_run_succeeds() {
    let mut bench = Bench::ready();
    let timeline = bench.timeline.clone();
    let starts = Arc::<Mutex<Vec<f64>>>::default();
    let noted = starts.clone();
    // The fourth run succeeds, and wants to be repeated after ten seconds.
    let reconcile = move |document: Arc<Document>, failures: Arc<Failures>| {
        let mut starts = noted.lock().unwrap();
        starts.push(timeline.now());
        if starts.len() != 4 {
            return ready(Err(Failed));
        }
        failures.forget(&document);
        ready(Ok(Action::requeue(secs(10))))
    };
    let policy = |document: Arc<Document>, _: &Failed, failures: Arc<Failures>| {
        failures.count(&document)
    };
    let failures = Arc::new(Failures::default());
    let context = failures.clone();
    let (store, queue) = (bench.store(), bench.queue());
    let results = applier(reconcile, policy, context, store, queue, Config::default());
    let _applier = tokio::spawn(results.collect::<Vec<_>>());
    bench.change("faq", 1);
    bench.until(21).await;
    assert_eq!(
        *starts.lock().unwrap(),
        [0.0, 1.0, 3.0, 7.0, 17.0, 18.0, 20.0]
    );

    let document = super::bench::document("intro", 1);
    let waits = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 512];
    for wait in waits {
        assert_eq!(failures.count(&document), Action::requeue(secs(wait)));
    }
}

/// Work that `in_time` limits is dropped where it waits and fails. The error policy's wait follows, and then the document is reconciled again.
#[tokio::test(start_paused = true)]
async fn a_limited_run_frees_its_object() {
    let mut bench = Bench::ready();
    let stuck = Arc::new(());
    let kept = Arc::downgrade(&stuck);
    let _applier = bench.start(Config::default(), move |_| {
        let kept = kept.upgrade();
        let work = async move {
            let _kept = kept;
            std::future::pending().await
        };
        let overdue = |failure| match failure {
            Failure::Overdue(limit) => assert_eq!(limit, secs(30)),
            Failure::Request(_) => panic!("no request was made"),
        };
        let limited = in_time(secs(30), work);
        async move { limited.await.map_err(overdue).map_err(|()| Failed) }.boxed()
    });
    bench.change("faq", 1);
    bench.until(29).await;
    assert_eq!(Arc::strong_count(&stuck), 2);
    bench.until(31).await;
    assert_eq!(Arc::strong_count(&stuck), 1, "the work is still there");
    bench.until(100).await;
    assert_eq!(bench.starts(), [0.0, 90.0]);
}
