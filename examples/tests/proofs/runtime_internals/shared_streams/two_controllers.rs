//! What sharing saves, and what drives it.

use std::{fmt::Write, time::Duration};

use examples::{
    document::Document,
    runtime_internals::shared_streams::{two_controllers, two_idle_controllers},
    testing::{Answer, Script, Service},
};
use futures::{StreamExt, stream::BoxStream};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api,
    runtime::{Controller, WatchStreamExt, controller::Action, reflector, watcher},
};
use tokio::time::{sleep, timeout};

use super::{Seen, document, event, lists_and_watches, server};
use crate::support::{documents, output, until_all_wait};

const SECOND: Duration = Duration::from_secs(1);

/// Two documents, one of which changes after a second.
fn world() -> Service {
    let listed = [document("faq", "2"), document("guide", "3")];
    server(
        &listed,
        Answer::watch(&[]).then(SECOND, &event("MODIFIED", "faq", "4")),
    )
}

/// Two controllers of their own need two lists and two watches. On one shared
/// stream they need one of each, and reconcile as often. With `reflect` in place
/// of `reflect_shared` they reconcile nothing.
#[tokio::test(start_paused = true)]
async fn two_controllers_need_one_list_and_one_watch() {
    let mut text = format!("{:<24} LIST  WATCH  reconciles\n", "");
    let mut line = |how: &str, service: &Service, seen: [Seen; 2]| {
        let (lists, watches) = lists_and_watches(service);
        let [one, other] = seen.map(|seen| seen.count());
        let _ = writeln!(
            text,
            "{how:<24} {lists:>4}  {watches:>5}  {one} and {other}"
        );
    };

    let (service, seen) = (world(), <[Seen; 2]>::default());
    for one in &seen {
        let api = documents(&service.client());
        one.run(Controller::new(api, watcher::Config::default()));
    }
    sleep(2 * SECOND).await;
    line("Controller::new, twice", &service, seen);

    let (service, seen) = (world(), <[Seen; 2]>::default());
    let (controllers, drive) =
        two_idle_controllers(documents(&service.client())).unwrap();
    run(controllers, drive, &seen);
    sleep(2 * SECOND).await;
    line("shared, reflect", &service, seen);

    let (service, seen) = (world(), <[Seen; 2]>::default());
    let (controllers, drive) = two_controllers(documents(&service.client())).unwrap();
    run(controllers, drive, &seen);
    sleep(2 * SECOND).await;
    for one in &seen {
        assert_eq!(one.sorted(), ["faq v2", "faq v4", "guide v3"]);
    }
    line("shared, reflect_shared", &service, seen);
    output("runtime_internals/shared_streams/requests.txt", &text);
}

fn run(
    controllers: [Controller<Document>; 2],
    drive: impl Future<Output = ()> + Send + 'static,
    seen: &[Seen; 2],
) {
    tokio::spawn(drive);
    for (controller, seen) in controllers.into_iter().zip(seen) {
        seen.run(controller);
    }
}

/// Behind `reflect` the Store of a shared writer is full and ready, and a
/// controller on its stream is never triggered.
#[tokio::test(start_paused = true)]
async fn reflect_fills_the_store_and_wakes_no_subscriber() {
    let service = world();
    let (controllers, drive) =
        two_idle_controllers(documents(&service.client())).unwrap();
    let seen = <[Seen; 2]>::default();
    let store = controllers[0].store();
    run(controllers, drive, &seen);
    sleep(Duration::from_secs(3600)).await;
    store.wait_until_ready().await.unwrap();
    assert_eq!(store.len(), 2);
    assert_eq!(seen.map(|seen| seen.count()), [0, 0]);
}

/// While nobody drives the root stream, the controllers on it do nothing, and
/// no request is sent.
#[tokio::test(start_paused = true)]
async fn controllers_do_not_drive_the_stream_that_they_share() {
    let service = world();
    let (controllers, drive) = two_controllers(documents(&service.client())).unwrap();
    let seen = Seen::default();
    for controller in controllers {
        seen.run(controller);
    }
    sleep(Duration::from_secs(3600)).await;
    assert_eq!((service.load().received, seen.count()), (0, 0));
    tokio::spawn(drive);
    until_all_wait().await;
    assert_eq!(seen.count(), 4);
}

/// A controller on a shared stream ends when the future that drives the stream
/// is dropped.
#[tokio::test(start_paused = true)]
async fn a_controller_ends_with_the_stream_that_it_shares() {
    let service = world();
    let (controllers, drive) = two_controllers(documents(&service.client())).unwrap();
    let [one, other] = controllers.map(|controller| Seen::default().run(controller));
    let drive = tokio::spawn(drive);
    sleep(2 * SECOND).await;
    assert!(!one.is_finished() && !other.is_finished());
    drive.abort();
    one.await.unwrap();
    other.await.unwrap();
}

/// A controller with a watch of its own besides does not end with the stream that
/// it shares: it goes on, with a Store in which its objects stay as they were.
#[tokio::test(start_paused = true)]
async fn a_controller_with_another_watch_outlives_the_stream_that_it_shares() {
    let service = server(&[document("faq", "2")], Answer::watch(&[]));
    let (controllers, drive) = two_controllers(documents(&service.client())).unwrap();
    let [plain, owner] = controllers;
    let children: Api<ConfigMap> = Api::default_namespaced(service.client());
    let store = owner.store();
    let plain = Seen::default().run(plain);
    let owner = Seen::default().run(owner.owns(children, Default::default()));
    let drive = tokio::spawn(drive);
    sleep(2 * SECOND).await;
    drive.abort();
    plain.await.unwrap();
    sleep(Duration::from_secs(3600)).await;
    assert!(!owner.is_finished());
    assert_eq!(store.len(), 1);
}

/// Errors of the shared watch come out of the stream that is driven, and of no
/// controller on it.
#[tokio::test(start_paused = true)]
async fn errors_of_a_shared_watch_reach_no_controller() {
    let refusal = Answer::failure(403, "Forbidden", "may not list documents");
    let service = Service::new(Script::always(refusal));
    let (store, writer) = reflector::store_shared(8);
    let handle = writer.subscribe().unwrap();
    let api: Api<Document> = documents(&service.client());
    let root = watcher(api, watcher::Config::default()).reflect_shared(writer);
    let mut root = Box::pin(root);
    let mut run = idle(Controller::for_shared_stream(handle, store));
    root.next().await.unwrap().unwrap();
    assert!(root.next().await.unwrap().is_err());
    assert!(timeout(SECOND, run.next()).await.is_err());

    // A controller with a watch of its own hands its errors out.
    let own = Controller::new(documents(&service.client()), watcher::Config::default());
    let mut run = idle(own);
    assert!(timeout(SECOND, run.next()).await.unwrap().unwrap().is_err());
}

/// What a controller with nothing to do hands out.
fn idle(controller: Controller<Document>) -> BoxStream<'static, Result<(), String>> {
    let run = controller.run(
        |_, _| async { Ok::<_, std::convert::Infallible>(Action::await_change()) },
        |_, _, _| Action::await_change(),
        ().into(),
    );
    run.map(|item| item.map(drop).map_err(|error| error.to_string()))
        .boxed()
}
