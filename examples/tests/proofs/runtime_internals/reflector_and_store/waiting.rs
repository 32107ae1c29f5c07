//! Several tasks that wait for one Store.

use std::time::Duration;

use examples::{
    document::Document,
    runtime_internals::reflector_and_store::{cache, ready},
    testing::{Answer, Service},
};
use futures::StreamExt;
use kube::{
    Api,
    runtime::{Controller, controller::Action, watcher},
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

use super::{object, readiness, silence};
use crate::support::{documents, until_all_wait};

const HOUR: Duration = Duration::from_secs(3600);

/// Of two tasks that wait for a Store, the one that asked last is woken at
/// `InitDone`. Nobody wakes the other, though the Store is ready, not even where the
/// one that asked last has given up.
#[tokio::test(start_paused = true)]
async fn one_of_two_tasks_that_wait_for_a_store_is_never_woken() {
    for gives_up in [false, true] {
        let service = Service::new([Answer::list(&[object("faq", "2")]), silence()]);
        let (store, fill) = cache(documents(&service.client()));
        let wait = || {
            let store = store.clone();
            tokio::spawn(async move { store.wait_until_ready().await })
        };
        let first = wait();
        until_all_wait().await;
        let second = wait();
        until_all_wait().await;
        if gives_up {
            second.abort();
        }
        tokio::spawn(fill);
        sleep(HOUR).await;
        assert!(second.is_finished());
        assert!(!first.is_finished());
        assert_eq!(readiness(&store), "Ok");
    }
}

/// A task that waits for the Store of a Controller beside it is never woken:
/// the Controller, which waits too, was the last to ask.
#[tokio::test(start_paused = true)]
async fn a_task_that_waits_beside_a_controller_is_never_woken() {
    let second = Duration::from_secs(1);
    let list = Answer::list(&[object("faq", "2")]).after(second);
    let service = Service::new([list, silence()]);
    let api: Api<Document> = documents(&service.client());
    let controller = Controller::new(api, watcher::Config::default());
    let store = controller.store();
    let (reconciled, mut reconciles) = mpsc::unbounded_channel();
    let run = controller.run(
        move |_, _| {
            let _ = reconciled.send(());
            async { Ok::<_, kube::Error>(Action::await_change()) }
        },
        |_, _, _| Action::await_change(),
        ().into(),
    );
    tokio::spawn(run.for_each(|_| async {}));
    until_all_wait().await;
    let reader = store.clone();
    let waits = tokio::spawn(async move { reader.wait_until_ready().await });
    reconciles.recv().await.unwrap();
    sleep(HOUR).await;
    assert!(!waits.is_finished());
    assert_eq!(readiness(&store), "Ok");
}

/// A wait with a deadline that was not woken asks once more at its deadline,
/// and finds the Store ready.
#[tokio::test(start_paused = true)]
async fn a_wait_that_was_not_woken_finds_the_store_ready_at_its_deadline() {
    let service = Service::new([Answer::list(&[object("faq", "2")]), silence()]);
    let (store, fill) = cache(documents(&service.client()));
    let (first, patience) = (store.clone(), Duration::from_secs(30));
    let start = Instant::now();
    let first = tokio::spawn(async move { ready(&first, patience).await });
    until_all_wait().await;
    tokio::spawn(async move { store.wait_until_ready().await });
    until_all_wait().await;
    tokio::spawn(fill);
    first.await.unwrap().unwrap();
    assert_eq!(start.elapsed().as_secs(), patience.as_secs());
}
