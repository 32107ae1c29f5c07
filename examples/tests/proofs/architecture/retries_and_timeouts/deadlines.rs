//! Deadlines of one's own.

use std::time::Duration;

use examples::{
    architecture::retries_and_timeouts::{CallError, clients, within},
    testing::{Answer, Script, Service},
};
use futures::StreamExt;
use kube::{
    Client, Error,
    api::WatchParams,
    runtime::watcher::{self, watcher},
};
use tokio::time::{Instant, timeout};
use tower::{ServiceBuilder, timeout::TimeoutLayer};

use super::{pass_seconds, retrying, says, serve, silence::is_watch, unavailable};
use crate::support::{documents, list, many_turns};

const TEN_SECONDS: Duration = Duration::from_secs(10);

/// `tokio::time::timeout` ends a call in the pauses between its attempts, and in
/// a body that stops.
#[tokio::test(start_paused = true)]
async fn a_timeout_around_a_call_covers_pauses_and_body() {
    for answer in [unavailable(), Answer::watch(&[])] {
        let service = Service::new(Script::always(answer));
        let documents = documents(&retrying(&service));
        let start = Instant::now();

        let failed = within(TEN_SECONDS, documents.get("report")).await;

        assert!(matches!(failed, Err(CallError::TooLate(_))));
        assert_eq!(start.elapsed().as_secs(), 10);
    }
}

/// A `TimeoutLayer` does not end a call whose answer stops in the body.
#[tokio::test(start_paused = true)]
async fn a_deadline_in_the_stack_does_not_reach_the_body() {
    let service = Service::new(Script::always(Answer::watch(&[])));
    let stack = ServiceBuilder::new()
        .layer(TimeoutLayer::new(TEN_SECONDS))
        .service(service);
    let documents = documents(&Client::new(stack, "default"));

    let list = timeout(
        Duration::from_hours(24),
        documents.list(&Default::default()),
    )
    .await;

    assert!(list.is_err());
}

/// A call of the two-client configuration ends after 30 s, if the server answers
/// 503 for ever, if it does not answer, and if it stops in the body.
#[tokio::test]
async fn a_call_of_the_configuration_ends_in_each_bad_case() {
    let cases = [
        (unavailable(), "request timed out"),
        (Answer::never(), "timed out"),
        (Answer::watch(&[]), "timed out"),
    ];
    for (answer, error) in cases {
        let server = serve(Script::always(answer)).await;
        let client = clients(&server.config()).unwrap().calls;

        let call = list(&client);
        server
            .until(|seen| !seen.requests.is_empty())
            .await
            .unwrap();
        many_turns().await;
        pass_seconds(28).await;
        assert!(!call.is_finished());
        pass_seconds(4).await;

        assert!(call.is_finished());
        let failed = call.await.unwrap().unwrap_err();
        assert!(matches!(failed, Error::Service(_)) && says(&failed, error));
    }
}

/// A watcher on the client for watches keeps a quiet watch for 295 s, as on a
/// default client, and sees no error.
#[tokio::test]
async fn the_client_for_watches_keeps_a_quiet_watch() {
    let server = serve(Script::rule(|request| {
        if is_watch(&request.target) {
            Answer::watch(&[])
        } else {
            Answer::list(&[])
        }
    }))
    .await;
    let documents = documents(&clients(&server.config()).unwrap().watches);
    let events = tokio::spawn(async move {
        let watcher = watcher(documents, watcher::Config::default());
        watcher.for_each(async |event| drop(event.unwrap())).await;
    });
    server.until(|seen| seen.requests.len() == 2).await.unwrap();
    many_turns().await;

    pass_seconds(290).await;
    assert_eq!(server.seen().requests.len(), 2);
    pass_seconds(10).await;

    assert_eq!(server.seen().requests.len(), 3);
    assert!(!events.is_finished());
}

/// A plain `watch` on the client for watches ends after 300 s of silence.
#[tokio::test]
async fn the_client_for_watches_leaves_a_dead_one() {
    let server = serve(Script::always(Answer::watch(&[]))).await;
    let documents = documents(&clients(&server.config()).unwrap().watches);
    let mut watch = documents
        .watch(&WatchParams::default(), "1")
        .await
        .unwrap()
        .boxed();
    let event = tokio::spawn(async move { watch.next().await });
    many_turns().await;

    pass_seconds(298).await;
    assert!(!event.is_finished());
    pass_seconds(4).await;

    assert!(event.is_finished());
    let event = event.await.unwrap();
    assert!(matches!(event, Some(Err(Error::ReadEvents(_)))));
}
