//! What becomes of the result.

use std::{
    future::ready,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use examples::{
    document::Document,
    runtime_internals::controller_pipeline::{Failure, caught, documents_and_texts},
};
use futures::{FutureExt, StreamExt, channel::mpsc};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, ResourceExt,
    runtime::{
        Controller,
        controller::{Action, Error, RunnerError},
        reflector::{self, ObjectRef},
        watcher::Config,
    },
};
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::stage::{Stage, document, secs, text};

/// Errors of a watch are items of the controller's stream, and end nothing.
#[tokio::test(start_paused = true)]
async fn errors_of_a_watch_are_items_and_end_nothing() {
    let stage = Stage::new();
    stage.server.put(&document("guide")).unwrap();
    stage.forbid("/documents", 3);
    stage.watch(documents_and_texts(&stage.client)).await;
    sleep(secs(60)).await;
    let errors = stage.errors();
    assert_eq!(errors.len(), 3);
    let begin = "event queue error: failed to perform initial object list: ";
    assert!(
        errors.iter().all(|error| error.starts_with(begin)),
        "{errors:?}"
    );
    assert_eq!(stage.reasons().await, ["object updated"]);
}

/// The reconciler of both panic proofs: it panics at `broken`, and takes 5 s for
/// the other. The counter is of those that came to their end.
fn work(
    document: Arc<Document>,
    done: &Arc<AtomicUsize>,
) -> impl Future<Output = Result<Action, Failure>> + use<> {
    let done = Arc::clone(done);
    async move {
        assert_ne!(document.name_any(), "broken", "a defect");
        sleep(secs(5)).await;
        done.fetch_add(1, Relaxed);
        Ok(Action::await_change())
    }
}

fn with_two_documents() -> Stage {
    let stage = Stage::new();
    stage.server.put(&document("guide")).unwrap();
    stage
}

/// After a second `broken` appears; a minute later it is over.
async fn break_it(
    stage: &Stage,
    running: JoinHandle<()>,
) -> Option<tokio::task::JoinError> {
    sleep(secs(1)).await;
    stage.server.put(&document("broken")).unwrap();
    sleep(secs(30)).await;
    running.now_or_never().and_then(Result::err)
}

/// A panic in the reconciler of one object ends the whole controller, and drops
/// the runs of all others where they wait.
#[tokio::test(start_paused = true)]
async fn a_panic_in_a_reconciler_ends_the_whole_controller() {
    let (stage, done) = (with_two_documents(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&done);
    let controller = documents_and_texts(&stage.client);
    let running = stage.start(controller, move |document| work(document, &counted));
    let ended = break_it(&stage, running).await;
    assert!(ended.unwrap().is_panic());
    assert_eq!(done.load(Relaxed), 0);
    assert_eq!(stage.server.open_watches(), []);
}

/// A panic that is caught is an error like any other, and the controller runs on.
#[tokio::test(start_paused = true)]
async fn a_caught_panic_is_an_error_like_any_other() {
    let (stage, done) = (with_two_documents(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&done);
    let controller = documents_and_texts(&stage.client);
    let running =
        stage.start(controller, move |document| caught(work(document, &counted)));
    assert!(break_it(&stage, running).await.is_none());
    assert_eq!(done.load(Relaxed), 1);
    assert_eq!(stage.server.open_watches().len(), 2);
    assert_eq!(
        stage.errors(),
        [
            "reconciler for object Document.v1.example.com/broken.default failed: the \
          reconciler panicked"
        ]
    );
}

/// A panic in a mapper or in the error policy ends the controller too: both are
/// called by the stream itself, and not in a run.
#[tokio::test(start_paused = true)]
async fn a_panic_in_a_mapper_or_in_the_error_policy_ends_the_controller() {
    let stage = with_two_documents();
    let texts: Api<ConfigMap> = Api::default_namespaced(stage.client.clone());
    let mapper = |_| -> Vec<ObjectRef<Document>> { panic!("a defect") };
    let controller =
        documents_and_texts(&stage.client).watches(texts, Config::default(), mapper);
    let running = stage.start(controller, |_| ready(Ok(Action::await_change())));
    sleep(secs(1)).await;
    assert!(!running.is_finished());
    stage.server.put(&text("text", &[])).unwrap();
    sleep(secs(1)).await;
    assert!(running.await.unwrap_err().is_panic());

    let results = documents_and_texts(&stage.client).run(
        |_, _| ready(Err(Failure::Panicked)),
        |_, _: &Failure, _| panic!("a defect"),
        Arc::new(()),
    );
    let running = tokio::spawn(results.for_each(|_| ready(())));
    assert!(running.await.unwrap_err().is_panic());
}

/// The error policy is given the object that the failed run had, though a newer
/// one is there.
#[tokio::test(start_paused = true)]
async fn the_error_policy_is_given_the_object_that_the_run_had() {
    let stage = Stage::new();
    stage.server.put(&document("guide")).unwrap();
    let given = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&given);
    let results = documents_and_texts(&stage.client).run(
        |_, _| async {
            sleep(secs(5)).await;
            Err(Failure::Panicked)
        },
        move |document: Arc<Document>, _: &Failure, _| {
            noted.lock().unwrap().push(document.spec.content.clone());
            Action::await_change()
        },
        Arc::new(()),
    );
    tokio::spawn(results.for_each(|_| ready(())));
    sleep(secs(1)).await;
    let mut newer = document("guide");
    newer.spec.content = "newer".to_owned();
    stage.server.put(&newer).unwrap();
    sleep(secs(60)).await;
    assert_eq!(*given.lock().unwrap(), ["three short words", "newer"]);
}

/// A run that has begun goes on while nobody polls the controller's stream.
#[tokio::test(start_paused = true)]
async fn a_run_goes_on_while_the_stream_is_not_polled() {
    let stage = Stage::new();
    stage.server.put(&document("guide")).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&done);
    let results = documents_and_texts(&stage.client).run(
        move |_, _| {
            let done = Arc::clone(&noted);
            async move {
                sleep(secs(5)).await;
                done.store(true, Relaxed);
                Ok::<_, Failure>(Action::await_change())
            }
        },
        |_, _, _| Action::await_change(),
        Arc::new(()),
    );
    let mut results = pin!(results);
    assert!(timeout(secs(1), results.next()).await.is_err());
    sleep(secs(10)).await;
    assert!(done.load(Relaxed));
    // It was kept, not dropped, which would have ended the run.
    assert!(results.next().await.unwrap().is_ok());
}

/// The name of the variant, and the rest of the message.
fn variant(error: &Error<Failure, kube::runtime::watcher::Error>) -> &'static str {
    match error {
        Error::ObjectNotFound(_) => "ObjectNotFound",
        Error::ReconcilerFailed(..) => "ReconcilerFailed",
        Error::QueueError(_) => "QueueError",
        Error::RunnerError(RunnerError::Readiness(_)) => "RunnerError",
    }
}

/// A Store whose Writer is dropped before it is ready stops the runs with one error.
/// With a trigger that comes afterwards, the stream is open for ever, also when its
/// triggers end and when it is asked to shut down.
#[tokio::test(start_paused = true)]
async fn a_writer_dropped_before_its_time_is_a_runner_error() {
    let (reader, writer) = reflector::store::<Document>();
    drop(writer);
    let (triggers, received) = mpsc::unbounded();
    let results = Controller::for_stream(received, reader)
        .graceful_shutdown_on(sleep(secs(120)))
        .run(
            |_, _| ready(Ok(Action::await_change())),
            |_, _: &Failure, _| Action::await_change(),
            Arc::new(()),
        );
    let mut results = pin!(results);
    let first = timeout(secs(60), results.next()).await.unwrap();
    let first = first.unwrap().unwrap_err();
    assert_eq!(variant(&first), "RunnerError");
    triggers.unbounded_send(Ok(document("guide"))).unwrap();
    drop(triggers);
    let a_day = Duration::from_hours(24);
    assert!(timeout(a_day, results.next()).await.is_err());
}
