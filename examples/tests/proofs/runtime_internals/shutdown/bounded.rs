//! `run_until` and `block_on`: an end in bounded time.

use std::{
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use examples::{
    runtime_internals::shutdown::{Ended, block_on, run_until},
    testing::{Answer, Service},
};
use kube::runtime::controller::Action;
use tokio::time::timeout;

use super::scene::{after, controller, secs, service, unchanging};
use crate::support::{timeline::Timeline, until_all_wait};

/// Ends a controller at 5 s, with 10 s of grace, and tells how and when it ended.
async fn end(timeline: &Timeline, service: &Service, work: Duration) -> (Ended, f64) {
    let noted = timeline.clone();
    let reconcile = move |_, _| {
        let timeline = noted.clone();
        async move {
            timeline.work("reconcile faq", "runs", work).await;
            Ok(Action::await_change())
        }
    };
    let stop = after(timeline, 5);
    let ended = run_until(stop, secs(10), controller(service), reconcile);
    let ended = timeout(secs(86_400), ended).await.unwrap();
    let at = timeline.now();
    timeline.note("run_until", format!("{ended:?}"));
    (ended, at)
}

/// `run_until` returns as soon as the last run has ended.
#[tokio::test(start_paused = true)]
async fn run_until_returns_when_the_last_run_has_ended() {
    let service = unchanging(&["faq"]);
    for (work, second) in [(8, 8.0), (1, 5.0)] {
        let ended = end(&Timeline::start(), &service, secs(work)).await;
        assert_eq!(ended, (Ended::InTime, second));
    }
}

/// `run_until` aborts a run that is left when the grace is over.
#[tokio::test(start_paused = true)]
async fn run_until_aborts_what_is_left_after_the_grace() {
    let timeline = Timeline::start();
    let ended = end(&timeline, &unchanging(&["faq"]), secs(60)).await;
    assert_eq!(ended, (Ended::Overdue, 15.0));
    // Whatever is left of a run has time to show itself.
    tokio::time::sleep(secs(3)).await;
    timeline.output(
        "runtime_internals/shutdown/overdue.txt",
        "runtime_internals/shutdown/overdue.svg",
    );
}

/// `run_until` returns after the grace though the store never became ready.
#[tokio::test(start_paused = true)]
async fn run_until_ends_a_controller_that_never_became_ready() {
    let service = service(Answer::never(), Answer::watch(&[]));
    let ended = end(&Timeline::start(), &service, secs(1)).await;
    assert_eq!(ended, (Ended::Overdue, 15.0));
}

/// `run_until` that is dropped aborts its runs, too.
#[tokio::test(start_paused = true)]
async fn a_dropped_run_until_leaves_no_run_behind() {
    let kept = Arc::new(());
    let held = Arc::downgrade(&kept);
    let reconcile = move |_, _| {
        let kept = kept.clone();
        async move {
            tokio::time::sleep(secs(60)).await;
            drop(kept);
            Ok(Action::await_change())
        }
    };
    let service = unchanging(&["faq"]);
    let never = std::future::pending();
    let controller = run_until(never, secs(10), controller(&service), reconcile);
    assert!(timeout(secs(5), controller).await.is_err());
    until_all_wait().await;
    assert!(held.upgrade().is_none(), "a run is still there");
}

/// A run that computes and never awaits keeps a runtime from ending; `block_on` leaves it behind.
///
/// On the real clock: it holds a thread of the runtime.
#[test]
fn block_on_leaves_a_computing_run_behind() {
    let (let_go, computing) = mpsc::channel::<()>();
    let (begun, has_begun) = mpsc::channel();
    let start = Instant::now();
    let patience = Duration::from_millis(50);
    block_on(patience, async move {
        tokio::task::spawn(async move {
            begun.send(()).unwrap();
            let _ = computing.recv();
        });
        tokio::task::spawn_blocking(move || has_begun.recv()).await
    })
    .unwrap()
    .unwrap()
    .unwrap();
    assert!(start.elapsed() >= patience, "nothing was left");
    let_go.send(()).unwrap();
}
