//! Streams that nobody polls, and streams that are dropped.

use std::{
    pin::pin,
    sync::{Arc, Mutex},
};

use futures::StreamExt;
use kube::runtime::controller::Action;
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};

use super::scene::{controller, run, secs, unchanging};
use crate::support::{timeline::Timeline, until_all_wait};

/// Dropping the stream of a controller drops its runs where they await, soon afterwards and not at once. A task that a
/// run has spawned goes on.
#[tokio::test(start_paused = true)]
async fn dropping_the_stream_aborts_runs_where_they_await() {
    let timeline = Timeline::start();
    let (kept, spawned) = (Arc::new(()), Arc::new(()));
    let (held, goes_on) = (Arc::downgrade(&kept), Arc::downgrade(&spawned));
    let results = run(controller(&unchanging(&["faq"])), move |_| {
        let (kept, spawned) = (kept.clone(), spawned.clone());
        async move {
            tokio::spawn(async move {
                sleep(secs(60)).await;
                drop(spawned);
            });
            sleep(secs(60)).await;
            drop(kept);
            Action::await_change()
        }
    });
    let results = Box::pin(results.collect::<Vec<_>>());
    assert!(timeout(secs(5), results).await.is_err());
    assert!(held.upgrade().is_some(), "the run is gone at once");
    until_all_wait().await;
    assert!(held.upgrade().is_none(), "a run is still there");
    assert!(goes_on.upgrade().is_some(), "what it spawned is gone");
    assert!(timeline.now() < 6.0);
}

/// A run that has begun goes on while nobody polls the stream; a run that is due does not begin.
#[tokio::test(start_paused = true)]
async fn a_run_goes_on_while_nobody_polls_the_stream() {
    let timeline = Timeline::start();
    let noted = timeline.clone();
    let results = run(controller(&unchanging(&["faq"])), move |_| {
        let timeline = noted.clone();
        async move {
            timeline.work("reconcile faq", "runs", secs(10)).await;
            Action::requeue(secs(5))
        }
    });
    let mut results = pin!(results);
    assert!(timeout(secs(2), results.next()).await.is_err());
    timeline.note("stream", "polled no more");
    sleep(secs(28)).await;
    timeline.note("stream", "polled again");
    assert!(results.next().await.is_some());
    assert!(timeout(secs(12), results.next()).await.is_err());
    timeline.output(
        "runtime_internals/shutdown/unpolled.txt",
        "runtime_internals/shutdown/unpolled.svg",
    );
}

/// A run that computes goes on after the stream was dropped, to its next await and no further.
///
/// On the real clock: it holds a thread of the runtime.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_aborted_run_goes_on_to_its_next_await() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let (go_on, computing) = std::sync::mpsc::channel();
    let computing = Arc::new(Mutex::new(computing));
    let results = run(controller(&unchanging(&["faq"])), move |_| {
        let (tell, computing) = (tell.clone(), computing.clone());
        async move {
            let _ = tell.send("computes");
            let _ = computing.lock().unwrap().recv();
            let _ = tell.send("has computed");
            tokio::task::yield_now().await;
            let _ = tell.send("has awaited");
            Action::await_change()
        }
    });
    let task = tokio::spawn(results.collect::<Vec<_>>());
    assert_eq!(told.recv().await, Some("computes"));
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    go_on.send(()).unwrap();
    assert_eq!(told.recv().await, Some("has computed"));
    assert_eq!(told.recv().await, None);
}
