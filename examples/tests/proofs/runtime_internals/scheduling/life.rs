//! The states of one document, as they show from outside, and the ways between them.
//!
//! Whether a run is wanted can't be seen in an applier, so a proof asks what
//! would happen next: it ends all runs, makes the store ready, and looks. A run
//! that begins at once was pending; one that begins later is scheduled.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex},
};

use futures::FutureExt;
use kube::{
    ResourceExt,
    runtime::{Config, controller::Action},
};
use tokio::sync::oneshot;

use super::bench::{Bench, secs};
use crate::support::{output, until_all_wait};

/// What happens in one of the stories.
#[derive(Clone)]
enum Step {
    /// A request for this document.
    Ask(&'static str),
    /// Requests for so many other documents.
    AskForOthers(usize),
    /// So many seconds pass.
    Pass(u64),
    /// The document's run ends with this action.
    End(&'static str, Action),
    /// The store becomes ready.
    Ready,
}
use Step::{Ask, AskForOthers, End, Pass, Ready};

/// Runs that end when they are told to; none waits any longer once released.
#[derive(Clone, Default)]
struct Runs(Arc<Mutex<Told>>);

#[derive(Default)]
struct Told {
    going: HashMap<String, oneshot::Sender<Action>>,
    begun: usize,
    released: bool,
}

impl Runs {
    /// A run of `name` begins.
    fn begin(&self, name: String) -> super::bench::Run {
        let told = &mut *self.0.lock().unwrap();
        if name == "faq" {
            told.begun += 1;
        }
        let (end, ended) = oneshot::channel();
        if !told.released {
            told.going.insert(name, end);
        }
        async move { Ok(ended.await.unwrap_or(Action::await_change())) }.boxed()
    }

    fn end(&self, name: &str, action: &Action) {
        let end = self.0.lock().unwrap().going.remove(name).unwrap();
        end.send(action.clone()).unwrap();
    }

    fn goes(&self) -> bool {
        self.0.lock().unwrap().going.contains_key("faq")
    }

    fn begun(&self) -> usize {
        self.0.lock().unwrap().begun
    }

    /// All runs end, and those to come as soon as they begin.
    fn release(&self) {
        let told = &mut *self.0.lock().unwrap();
        told.released = true;
        told.going.clear();
    }
}

/// The state of the document `faq` after these steps.
async fn state(config: &Config, steps: &[Step]) -> &'static str {
    let mut bench = Bench::new();
    let runs = Runs::default();
    let begun = runs.clone();
    let _applier = bench.start(config.clone(), move |document| {
        begun.begin(document.name_any())
    });
    for step in steps {
        match step {
            Ask(name) => {
                bench.put(name, 1);
                bench.ask(name);
            }
            AskForOthers(count) => {
                for name in (0..*count).map(|number| format!("page-{number}")) {
                    bench.put(&name, 1);
                    bench.ask(&name);
                }
            }
            Pass(seconds) => tokio::time::sleep(secs(*seconds)).await,
            End(name, action) => runs.end(name, action),
            Ready => bench.become_ready(),
        }
        until_all_wait().await;
    }
    let (running, begun) = (runs.goes(), runs.begun());
    bench.become_ready();
    runs.release();
    until_all_wait().await;
    let pending = runs.begun() > begun;
    tokio::time::sleep(secs(3600)).await;
    let wanted = runs.begun() > begun;
    match (running, wanted, pending) {
        (false, false, _) => "Idle",
        (false, true, false) => "Scheduled",
        (false, true, true) => "Pending",
        (true, false, _) => "Running",
        (true, true, false) => "RunningScheduled",
        (true, true, true) => "RunningPending",
    }
}

/// The ways that a story takes from state to state.
async fn ways(config: Config, steps: &[Step]) -> BTreeSet<String> {
    let mut ways = BTreeSet::new();
    let mut before = state(&config, &[]).await;
    for length in 1..=steps.len() {
        let now = state(&config, &steps[..length]).await;
        if now != before {
            ways.insert(format!("{before} -> {now}"));
        }
        before = now;
    }
    ways
}

/// A document is idle, or wanted for a time, or wanted now and held back, or reconciled, and while it is
/// reconciled the first two may hold as well.
#[tokio::test(start_paused = true)]
async fn an_object_takes_these_ways_from_run_to_run() {
    let (quiet, again) = (Action::await_change(), Action::requeue(secs(10)));
    let at_once = Action::requeue(secs(0));
    let ends = |name, action: &Action| End(name, action.clone());
    let plain = Config::default;
    let slow = || Config::default().debounce(secs(5));
    let one = || Config::default().concurrency(1);
    let crowded = [
        Ready,
        Ask("faq"),
        Ask("faq"),
        AskForOthers(40),
        ends("faq", &quiet),
    ];
    let mut stories = vec![
        // Nothing stands in the way.
        (plain(), vec![Ready, Ask("faq"), ends("faq", &quiet)]),
        (
            plain(),
            vec![Ready, Ask("faq"), ends("faq", &again), Pass(10)],
        ),
        (
            plain(),
            vec![Ready, Ask("faq"), ends("faq", &again), Ask("faq")],
        ),
        // A request during a run.
        (
            plain(),
            vec![Ready, Ask("faq"), Ask("faq"), ends("faq", &quiet)],
        ),
        // Debounce, before a run and during one.
        (
            slow(),
            vec![Ready, Ask("faq"), Pass(5), Ask("faq"), Pass(5)],
        ),
        (
            slow(),
            vec![Ready, Ask("faq"), Pass(5), Ask("faq"), ends("faq", &quiet)],
        ),
        // A store that is not ready.
        (plain(), vec![Ask("faq"), Ready]),
        (slow(), vec![Ask("faq"), Pass(5), Ready]),
        // Another document has the only place.
        (
            one(),
            vec![Ready, Ask("intro"), Ask("faq"), ends("intro", &quiet)],
        ),
        // It wants to run again at once, and another document has waited.
        (
            one(),
            vec![Ready, Ask("faq"), Ask("intro"), ends("faq", &at_once)],
        ),
    ];
    // Forty others are due, and who gets the place is a matter of chance.
    stories.extend((0..5).map(|_| (one(), crowded.to_vec())));
    let mut all = BTreeSet::new();
    for (config, steps) in stories {
        all.extend(ways(config, &steps).await);
    }
    let lines: String = all.into_iter().map(|way| way + "\n").collect();
    output("runtime_internals/scheduling/life.txt", &lines);
}
