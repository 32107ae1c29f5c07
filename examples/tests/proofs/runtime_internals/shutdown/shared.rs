//! A shutdown before readiness, where somebody else drives the watch.

use std::time::Duration;

use examples::{runtime_internals::shared_streams::two_controllers, testing::Answer};
use futures::StreamExt;
use kube::runtime::controller::{Action, Error};

use super::scene::{Outcome, after, listed, run, secs, service, to_the_end};
use crate::support::{documents, timeline::Timeline};

/// Shuts down, at 5 s, one of two controllers on a shared stream, which is driven
/// for so long. Gives back what it handed out and when it ended, if it did.
async fn end(list: Answer, driven: Duration) -> Option<(Vec<Outcome>, f64)> {
    let timeline = Timeline::start();
    let service = service(list, Answer::watch(&[]));
    let (controllers, drive) = two_controllers(documents(&service.client())).unwrap();
    let [one, other] = controllers;
    let drive = tokio::spawn(tokio::time::timeout(driven, drive));
    let other = run(other, |_| async { Action::await_change() });
    let other = tokio::spawn(other.for_each(|_| async {}));
    let one = one.graceful_shutdown_on(after(&timeline, 5));
    let results = run(one, |_| async { Action::await_change() });
    let outcomes = to_the_end(&timeline, results).await;
    let ended = outcomes.map(|outcomes| (outcomes, timeline.now()));
    drive.abort();
    other.abort();
    ended
}

/// Two controllers on a shared stream, each in a task of its own, wait with their shutdown for the first list. When it
/// turns out to be empty, one of them ends, and the other does not. With a document in it, both end.
#[tokio::test(start_paused = true)]
async fn an_empty_list_ends_one_of_two_shutdowns_that_wait_for_it() {
    for (list, expected) in [(listed(&[]), 1), (listed(&["faq"]), 2)] {
        let timeline = Timeline::start();
        let service = service(list.after(secs(20)), Answer::watch(&[]));
        let (controllers, drive) = two_controllers(documents(&service.client())).unwrap();
        let drive = tokio::spawn(drive);
        let waiting = controllers.map(|controller| {
            let controller = controller.graceful_shutdown_on(after(&timeline, 5));
            let results = run(controller, |_| async { Action::await_change() });
            tokio::spawn(results.collect::<Vec<_>>())
        });
        let ended = || waiting.iter().filter(|task| task.is_finished()).count();
        tokio::time::sleep(secs(19)).await;
        assert_eq!(ended(), 0);
        tokio::time::sleep(secs(86_400)).await;
        assert_eq!(ended(), expected);
        drive.abort();
    }
}

const DAYS: Duration = Duration::from_secs(2 * 86_400);

/// On a shared stream a shutdown before the store is ready ends at the moment when
/// the first list is complete, without a run, and never if no list is.
#[tokio::test(start_paused = true)]
async fn shutdown_on_a_shared_stream_waits_for_the_first_list() {
    let (outcomes, second) = end(listed(&["faq"]).after(secs(20)), DAYS).await.unwrap();
    assert_eq!((outcomes.len(), second), (0, 20.0));
    let forbidden = Answer::failure(403, "Forbidden", "no right to list documents");
    for list in [forbidden, Answer::never()] {
        assert!(end(list, DAYS).await.is_none());
    }
}

/// If whoever drives the shared stream drops it, such a controller ends with one
/// error: its Store has lost the Writer.
#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_with_the_shared_stream_that_it_waits_for() {
    let (outcomes, second) = end(Answer::never(), secs(10)).await.unwrap();
    assert!(
        matches!(&outcomes[..], [Err(Error::RunnerError(_))]),
        "{outcomes:?}"
    );
    assert_eq!(second, 10.0);
}
