//! One backoff behind all triggers.

use std::{
    future::ready,
    sync::{Arc, Mutex},
    time::Duration,
};

use examples::{
    document::Document,
    runtime_internals::controller_pipeline::{
        documents_and_texts, documents_and_texts_apart,
    },
    testing::{Answer, Received, api_server::Fault},
};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, ResourceExt,
    runtime::{
        Controller, WatchStreamExt, controller::Action, utils::Backoff, watcher,
        watcher::Config,
    },
};
use tokio::time::sleep;

use super::stage::{Stage, document, secs};
use crate::support::{documents, timeline::Timeline};

/// The steps of the default backoff without its chance: 0.8 s, doubled up to 30 s.
struct Doubling(Duration);

impl Doubling {
    const FIRST: Duration = Duration::from_millis(800);
}

impl Iterator for Doubling {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let now = self.0;
        self.0 = (now * 2).min(secs(30));
        Some(now)
    }
}

impl Backoff for Doubling {
    fn reset(&mut self) {
        self.0 = Self::FIRST;
    }
}

/// A backoff that has so many steps of 1 s.
struct Finite(usize);

impl Iterator for Finite {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.0 = self.0.checked_sub(1)?;
        Some(secs(1))
    }
}

impl Backoff for Finite {
    fn reset(&mut self) {}
}

/// Runs of a second, on the timeline.
fn start(
    stage: &Stage,
    controller: Controller<Document>,
    timeline: &Timeline,
) -> tokio::task::JoinHandle<()> {
    let timeline = timeline.clone();
    stage.start(controller, move |_| {
        let timeline = timeline.clone();
        async move {
            timeline.work("reconcile", "guide", secs(1)).await;
            Ok(Action::await_change())
        }
    })
}

/// Two edits of a document, at 30 s and at 55 s.
async fn edit_twice(stage: &Stage, timeline: &Timeline) {
    for second in [30.0, 55.0] {
        sleep(Duration::from_secs_f64(second - timeline.now())).await;
        timeline.note("changes", "guide");
        stage.server.touch(&document("guide")).unwrap();
    }
    sleep(Duration::from_secs_f64(65.0 - timeline.now())).await;
}

/// A controller that may not list what it owns waits out its backoff with the
/// events of its main objects too.
#[tokio::test(start_paused = true)]
async fn an_owns_without_rights_delays_the_main_object() {
    let (stage, timeline) = (Stage::new(), Timeline::start());
    stage.server.put(&document("guide")).unwrap();
    let (noted, answer) = (timeline.clone(), Answer::failure(403, "Forbidden", "no"));
    let refused = move |request: &Received| {
        let texts = request.target.contains("configmaps");
        if texts {
            noted.note("API server", "403");
        }
        texts
    };
    stage
        .server
        .fault(usize::MAX, refused, Fault::Answer(answer));
    let controller =
        documents_and_texts(&stage.client).trigger_backoff(Doubling(Doubling::FIRST));
    start(&stage, controller, &timeline);
    edit_twice(&stage, &timeline).await;
    timeline.output(
        "runtime_internals/controller_pipeline/forbidden.txt",
        "runtime_internals/controller_pipeline/forbidden.svg",
    );
}

/// While the backoff of a controller pauses, its Store stands still. A requeue in the
/// pause is given the object from before an edit, the first run after it the new one.
#[tokio::test(start_paused = true)]
async fn a_requeue_in_a_pause_is_given_the_old_object() {
    let (stage, timeline) = (Stage::new(), Timeline::start());
    stage.server.put(&document("guide")).unwrap();
    stage.forbid("configmaps", usize::MAX);
    let given = Arc::new(Mutex::new(Vec::new()));
    let (noted, clock) = (Arc::clone(&given), timeline.clone());
    let controller =
        documents_and_texts(&stage.client).trigger_backoff(Doubling(Doubling::FIRST));
    stage.start(controller, move |document| {
        let version = document.resource_version().unwrap();
        noted.lock().unwrap().push((clock.now(), version));
        ready(Ok(Action::requeue(secs(5))))
    });
    edit_twice(&stage, &timeline).await;
    let given = given.lock().unwrap().clone();
    let between = |from: f64, to: f64| -> Vec<&str> {
        let within = given.iter().filter(|(at, _)| (from..to).contains(at));
        within.map(|(_, version)| &**version).collect()
    };
    let before = between(0.0, 29.0)[0];
    assert_eq!(between(31.0, 49.0), [before; 3]);
    let behind = between(50.2, 54.0);
    assert_eq!(behind.len(), 1);
    assert_ne!(behind[0], before);
}

/// When runs began, for edits at 30 s and 55 s, with a controller that has no
/// rights to what it owns.
async fn begins(controller: impl FnOnce(&Stage) -> Controller<Document>) -> Vec<f64> {
    let (stage, timeline) = (Stage::new(), Timeline::start());
    stage.server.put(&document("guide")).unwrap();
    stage.forbid("configmaps", usize::MAX);
    let runs = Arc::new(Mutex::new(Vec::new()));
    let (noted, clock) = (Arc::clone(&runs), timeline.clone());
    stage.start(controller(&stage), move |_| {
        noted.lock().unwrap().push(clock.now());
        ready(Ok(Action::await_change()))
    });
    edit_twice(&stage, &timeline).await;
    runs.lock().unwrap().clone()
}

/// With a stream of its own for what it owns, whose errors end there, the events
/// of the main objects are not delayed.
#[tokio::test(start_paused = true)]
async fn a_stream_of_its_own_delays_nobody() {
    let together = begins(|stage| {
        documents_and_texts(&stage.client).trigger_backoff(Doubling(Doubling::FIRST))
    });
    assert!(together.await[1] > 40.0);
    let apart = begins(|stage| {
        documents_and_texts_apart(&stage.client)
            .trigger_backoff(Doubling(Doubling::FIRST))
    });
    assert_eq!(apart.await, [0.0, 30.0, 55.0]);
}

/// A backoff of its own for what it owns is not enough: as long as its errors
/// reach the common one, the main objects wait.
#[tokio::test(start_paused = true)]
async fn a_backoff_of_its_own_alone_does_not_help() {
    let runs = begins(|stage| {
        let texts = Api::<ConfigMap>::default_namespaced(stage.client.clone());
        let texts = watcher(texts, Config::default())
            .touched_objects()
            .backoff(Doubling(Doubling::FIRST));
        Controller::new(documents(&stage.client), Config::default())
            .owns_stream(texts)
            .trigger_backoff(Doubling(Doubling::FIRST))
    });
    assert!(runs.await[1] > 40.0);
}

/// When its backoff has no more steps, a controller ends.
#[tokio::test(start_paused = true)]
async fn a_finite_backoff_ends_the_controller() {
    let (stage, timeline) = (Stage::new(), Timeline::start());
    stage.server.put(&document("guide")).unwrap();
    stage.forbid("configmaps", 3);
    let controller = documents_and_texts(&stage.client).trigger_backoff(Finite(2));
    let running = start(&stage, controller, &timeline);
    sleep(secs(10)).await;
    assert_eq!(stage.errors().len(), 3);
    assert!(running.is_finished());
}

/// If the list of the main objects is not complete by then, it hangs instead,
/// whichever watch has failed: the stream of triggers has ended, and the Store is
/// never ready.
#[tokio::test(start_paused = true)]
async fn a_finite_backoff_hangs_a_controller_that_was_never_ready() {
    for fails in ["/documents", "/configmaps"] {
        let (stage, timeline) = (Stage::new(), Timeline::start());
        stage.forbid(fails, 3);
        let documents = |it: &Received| it.target.contains("/documents");
        stage.server.fault(1, documents, Fault::Late(secs(60)));
        let controller = documents_and_texts(&stage.client).trigger_backoff(Finite(2));
        let running = start(&stage, controller, &timeline);
        sleep(secs(10)).await;
        assert_eq!(stage.errors().len(), 3);
        let asked = stage.server.requests().len();
        sleep(secs(86_400)).await;
        assert_eq!(stage.server.requests().len(), asked);
        assert!(!running.is_finished());
    }
}
