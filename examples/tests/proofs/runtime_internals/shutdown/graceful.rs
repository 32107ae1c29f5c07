//! What a graceful shutdown waits for, and what it drops.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use examples::{runtime_internals::scheduling::in_turn, testing::Answer};
use kube::{
    ResourceExt,
    runtime::{Config, controller::Action, reflector::ObjectRef},
};
use tokio::{sync::Semaphore, time::sleep};

use super::scene::{
    after, controller, listed, modified, note_at, run, secs, service, to_the_end,
    unchanging,
};
use crate::support::timeline::Timeline;

/// A graceful shutdown waits for the runs that have begun. What was pending, and what they ask for at their end, is dropped.
#[tokio::test(start_paused = true)]
async fn graceful_shutdown_waits_for_runs_and_drops_what_waits() {
    let timeline = Timeline::start();
    let changes = Answer::watch(&[]).then(secs(3), &modified("faq", 2));
    let service = service(listed(&["faq", "intro"]), changes);
    let controller = controller(&service).graceful_shutdown_on(after(&timeline, 5));
    let noted = timeline.clone();
    let starts = Arc::new(AtomicUsize::new(0));
    let counted = starts.clone();
    let results = run(controller, move |document| {
        counted.fetch_add(1, SeqCst);
        let (timeline, name) = (noted.clone(), document.name_any());
        async move {
            match &*name {
                "faq" => timeline.work("reconcile faq", "7 s of work", secs(7)).await,
                _ => {
                    // So that the two have an order.
                    sleep(secs(1)).await;
                    let lane = "reconcile intro";
                    timeline.work(lane, "2 s of work", secs(2)).await;
                }
            }
            Action::requeue(secs(3))
        }
    });
    note_at(&timeline, 3, "changes", "faq");
    let outcomes = to_the_end(&timeline, results).await.unwrap();
    let done: Vec<_> = outcomes
        .into_iter()
        .map(|one| one.unwrap().0.name)
        .collect();
    assert_eq!(done, ["intro", "faq"]);
    assert_eq!(starts.load(SeqCst), 2);
    assert_eq!(timeline.now(), 7.0);
    let picture = "runtime_internals/shutdown/graceful.svg";
    timeline.output("runtime_internals/shutdown/graceful.txt", picture);
}

/// A change that debounce holds back at the shutdown is not reconciled, and the controller ends at once.
#[tokio::test(start_paused = true)]
async fn graceful_shutdown_drops_a_debounced_run() {
    for (debounce, expected) in [(secs(0), 1), (secs(10), 0)] {
        let timeline = Timeline::start();
        let service = unchanging(&["faq"]);
        let controller = controller(&service)
            .with_config(Config::default().debounce(debounce))
            .graceful_shutdown_on(after(&timeline, 5));
        let results = run(controller, |_| async { Action::await_change() });
        let outcomes = to_the_end(&timeline, results).await.unwrap();
        assert_eq!(outcomes.len(), expected);
        assert_eq!(timeline.now(), 5.0);
    }
}

/// Runs that wait for their turn have begun, so a graceful shutdown waits for them all; what waits for a place under a
/// limit to concurrency is dropped.
#[tokio::test(start_paused = true)]
async fn graceful_shutdown_waits_for_every_run_that_waits_for_its_turn() {
    let service = unchanging(&["atlas", "bible", "faq", "guide", "intro"]);
    for (limit, permits, second) in [(0, 1, 50.0), (1, 5, 10.0)] {
        let timeline = Timeline::start();
        let turns = Arc::new(Semaphore::new(permits));
        let controller = controller(&service)
            .with_config(Config::default().concurrency(limit))
            .graceful_shutdown_on(after(&timeline, 5));
        let results = run(controller, move |_| {
            let turns = turns.clone();
            async move {
                in_turn(&turns, async { sleep(secs(10)).await }).await;
                Action::await_change()
            }
        });
        assert!(to_the_end(&timeline, results).await.is_some());
        assert_eq!(timeline.now(), second);
    }
}

/// Any of several triggers starts the shutdown.
#[tokio::test(start_paused = true)]
async fn the_first_of_several_triggers_shuts_down() {
    let timeline = Timeline::start();
    let service = unchanging(&["faq"]);
    let controller = controller(&service)
        .graceful_shutdown_on(after(&timeline, 30))
        .graceful_shutdown_on(after(&timeline, 10));
    let results = run(controller, |_| async { Action::requeue(secs(1)) });
    assert!(to_the_end(&timeline, results).await.is_some());
    assert_eq!(timeline.now(), 10.0);
}

/// During the shutdown the watch stays open, and nobody reads it, so nothing comes into the store; it closes when the stream is dropped.
#[tokio::test(start_paused = true)]
async fn the_watch_stays_open_until_the_controller_is_dropped() {
    let timeline = Timeline::start();
    let changes = Answer::watch(&[]).then(secs(20), &modified("intro", 1));
    let service = service(listed(&["faq"]), changes);
    let controller = controller(&service).graceful_shutdown_on(after(&timeline, 5));
    let store = controller.store();
    let results = run(controller, |_| async {
        sleep(secs(60)).await;
        Action::await_change()
    });
    let mut results = Box::pin(results);
    let outcomes = to_the_end(&timeline, &mut results).await.unwrap();
    assert_eq!(
        outcomes.len(),
        1,
        "one of them is about a change after the shutdown"
    );
    assert_eq!(timeline.now(), 60.0);
    let known = ["faq", "intro"]
        .map(|name| store.get(&ObjectRef::new(name).within("default")).is_some());
    assert_eq!(known, [true, false]);
    assert_eq!(service.load().bodies, 1);
    drop(results);
    assert_eq!(service.load().bodies, 0);
}

/// Before the store is ready a graceful shutdown never ends, be it that the list fails or that it hangs.
#[tokio::test(start_paused = true)]
async fn shutdown_before_the_store_is_ready_never_ends() {
    let forbidden = Answer::failure(403, "Forbidden", "no right to list documents");
    for (list, ends) in [
        (forbidden, false),
        (Answer::never(), false),
        (listed(&[]), true),
    ] {
        let timeline = Timeline::start();
        let service = service(list, Answer::watch(&[]));
        let controller = controller(&service).graceful_shutdown_on(after(&timeline, 5));
        let results = run(controller, |_| async { Action::await_change() });
        assert_eq!(to_the_end(&timeline, results).await.is_some(), ends);
    }
}

/// A run that never ends keeps a graceful shutdown waiting.
#[tokio::test(start_paused = true)]
async fn graceful_shutdown_waits_for_a_stuck_run_for_ever() {
    let timeline = Timeline::start();
    let service = unchanging(&["faq"]);
    let controller = controller(&service).graceful_shutdown_on(after(&timeline, 5));
    let results = run(controller, |_| std::future::pending());
    assert!(to_the_end(&timeline, results).await.is_none());
}
