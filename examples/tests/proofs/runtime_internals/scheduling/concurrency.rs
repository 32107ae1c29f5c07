//! Runs side by side, and a limit to them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use examples::runtime_internals::scheduling::in_turn;
use futures::FutureExt;
use kube::{
    ResourceExt,
    runtime::{Config, controller::Action},
};
use tokio::{sync::Semaphore, time::sleep};

use super::bench::{Bench, Run, ends_with, secs, takes};

/// The most runs at once, for a thousand documents that take a second each.
async fn most_at_once(config: Config) -> usize {
    let mut bench = Bench::ready();
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counted = most.clone();
    let _applier = bench.start(config, move |_| {
        let (now, most) = (now.clone(), counted.clone());
        async move {
            most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
            sleep(secs(1)).await;
            now.fetch_sub(1, SeqCst);
            Ok(Action::await_change())
        }
        .boxed()
    });
    for number in 0..1000 {
        bench.change(&format!("page-{number}"), 1);
    }
    bench.until(2000).await;
    assert_eq!(bench.starts().len(), 1000);
    most.load(SeqCst)
}

/// A thousand documents are reconciled at once, unless a limit is set.
#[tokio::test(start_paused = true)]
async fn runs_are_not_limited_unless_you_say_so() {
    assert_eq!(most_at_once(Config::default()).await, 1000);
    assert_eq!(most_at_once(Config::default().concurrency(16)).await, 16);
}

/// Twenty documents, one at a time, in the order in which they run.
async fn order() -> Vec<String> {
    let mut bench = Bench::ready();
    let _applier = bench.start(Config::default().concurrency(1), |_| takes(1));
    bench.change("busy", 1);
    for number in 0..20 {
        bench.until(0).await;
        bench.change(&format!("page-{number:02}"), 1);
    }
    bench.until(60).await;
    let names: Vec<_> = bench.runs().into_iter().map(|(_, name, _)| name).collect();
    assert_eq!(names.len(), 21);
    names
}

/// Documents that wait for a free place run in no order: the same twenty come in another one the next time.
#[tokio::test(start_paused = true)]
async fn what_waits_for_a_place_runs_in_no_order() {
    let (one, other) = (order().await, order().await);
    assert_ne!(one, other);
}

/// Two places, four documents: two that take long, and then everything else waits.
#[tokio::test(start_paused = true)]
async fn two_long_runs_hold_up_everything_under_a_limit_of_two() {
    let mut bench = Bench::ready();
    let timeline = bench.timeline.clone();
    let applier = bench.start(Config::default().concurrency(2), move |document| {
        let name = document.name_any();
        let (lane, seconds) = match &*name {
            "atlas" => ("reconcile atlas", 6),
            "bible" => ("reconcile bible", 7),
            "faq" => ("reconcile faq", 1),
            _ => ("reconcile intro", 1),
        };
        let timeline = timeline.clone();
        async move {
            timeline.work(lane, "runs", secs(seconds)).await;
            Ok(Action::await_change())
        }
        .boxed()
    });
    for (tenths, name) in [(0, "atlas"), (10, "bible"), (20, "faq"), (75, "intro")] {
        let now = bench.timeline.now();
        sleep(Duration::from_secs_f64(
            (f64::from(tenths) / 10.0 - now).max(0.0),
        ))
        .await;
        bench.timeline.note("changes", name);
        bench.put(name, 1);
        bench.ask(name);
    }
    bench.until(10).await;
    assert_eq!(bench.starts(), [0.0, 1.0, 6.0, 7.5]);
    let picture = "runtime_internals/scheduling/limit.svg";
    bench
        .timeline
        .output("runtime_internals/scheduling/limit.txt", picture);
    applier.abort();
}

/// Runs that never end keep their places: with a limit of two, two of them stop all others.
#[tokio::test(start_paused = true)]
async fn as_many_stuck_runs_as_places_stop_the_controller() {
    let mut bench = Bench::ready();
    let stuck = |_| -> Run { Box::pin(std::future::pending()) };
    let _applier = bench.start(Config::default().concurrency(2), stuck);
    for name in ["faq", "intro", "glossary"] {
        bench.change(name, 1);
    }
    bench.until(86_400).await;
    assert_eq!(bench.starts(), [0.0, 0.0]);
}

/// Nor do they give back a turn: of three documents that share two turns, one never works.
#[tokio::test(start_paused = true)]
async fn as_many_stuck_runs_as_turns_stop_all_others() {
    let (turns, worked) = (Arc::new(Semaphore::new(2)), Arc::new(AtomicUsize::new(0)));
    let counted = worked.clone();
    let mut bench = Bench::ready();
    let _applier = bench.start(Config::default(), move |_| {
        let (turns, counted) = (turns.clone(), counted.clone());
        async move {
            let stuck = async {
                counted.fetch_add(1, SeqCst);
                std::future::pending().await
            };
            in_turn(&turns, stuck).await
        }
        .boxed()
    });
    for name in ["faq", "intro", "glossary"] {
        bench.change(name, 1);
    }
    bench.until(86_400).await;
    assert_eq!(bench.starts(), [0.0, 0.0, 0.0]);
    assert_eq!(worked.load(SeqCst), 2);
}

/// How often each of ten documents runs in ten minutes, ascending. Each wants
/// to run again as soon as it has run.
async fn shares(config: Config, run: impl Fn() -> Run + Send + 'static) -> Vec<usize> {
    let mut bench = Bench::ready();
    let _applier = bench.start(config, move |_| run());
    let names: Vec<_> = (0..10).map(|number| format!("page-{number}")).collect();
    for name in &names {
        bench.change(name, 1);
    }
    bench.until(600).await;
    let runs = bench.runs();
    let count = |name| runs.iter().filter(|(_, other, _)| other == name).count();
    let mut shares: Vec<_> = names.iter().map(count).collect();
    shares.sort_unstable();
    shares
}

/// Ten documents always want to run and there is one place: in ten minutes two take turns, and the other eight run once at most.
#[tokio::test(start_paused = true)]
async fn under_a_limit_two_busy_objects_starve_all_others() {
    let run = || ends_with(1, Action::requeue(secs(0)));
    let shares = shares(Config::default().concurrency(1), run).await;
    assert!(shares[7] <= 1 && shares[8] > 290, "{shares:?}");
}

/// With turns taken in the reconciler instead, each of the ten documents works as often as the others.
#[tokio::test(start_paused = true)]
async fn turns_in_the_reconciler_are_fair() {
    let turns = Arc::new(Semaphore::new(1));
    let run = move || {
        let turns = turns.clone();
        let work = ends_with(1, Action::requeue(secs(0)));
        async move { in_turn(&turns, work).await }.boxed()
    };
    let shares = shares(Config::default(), run).await;
    assert!(shares[0] >= 60 && shares[9] <= 62, "{shares:?}");
}
