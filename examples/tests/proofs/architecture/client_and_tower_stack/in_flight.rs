//! What bounds how many calls are in flight, and what a limit counts.

use std::{pin::pin, time::Duration};

use examples::{
    architecture::client_and_tower_stack::{count_as_they_come, count_together, limited},
    testing::{Answer, Gate, Script, Service},
};
use futures::{future::join_all, poll};
use http::Request;
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, Client,
    api::WatchParams,
    client::{Body, ClientBuilder, retry::RetryPolicy},
};
use serde_json::json;
use tokio::time::{Instant, timeout};
use tower::{
    ServiceBuilder, limit::ConcurrencyLimitLayer, retry::RetryLayer,
    util::MapRequestLayer,
};

use super::{all_succeed, empty_list, serve, unavailable};
use crate::support::{documents, list, many_turns, output, until_all_wait};

const HOUR: Duration = Duration::from_secs(3600);

/// 5,000 calls that are begun on one client are all with the server before any
/// of them is answered.
#[tokio::test(start_paused = true)]
async fn all_of_five_thousand_calls_are_in_flight_at_once() {
    let gate = Gate::closed();
    let service = Service::new(Script::always(empty_list().behind(&gate)));
    let client = service.client();

    let calls: Vec<_> = (0..5_000).map(|_| list(&client)).collect();

    until_all_wait().await;
    let load = service.load();
    output(
        "architecture/client_and_tower_stack/in_flight.txt",
        &in_flight(calls.len(), load.received, load.answered),
    );
    gate.open();
    assert!(all_succeed(calls).await);
}

/// Under a limit of two, the server gets two of 5,000 calls before any of them
/// is answered.
#[tokio::test]
async fn a_limit_of_two_lets_two_of_five_thousand_calls_out() {
    let server = serve(Script::always(Answer::never())).await;
    let client = limited(server.config(), 2).unwrap();

    let calls: Vec<_> = (0..5_000).map(|_| list(&client)).collect();

    many_turns().await;
    let seen = server.seen();
    output(
        "architecture/client_and_tower_stack/in_flight_limited.txt",
        &in_flight(calls.len(), seen.requests.len(), seen.answered),
    );
}

fn in_flight(started: usize, received: usize, answered: usize) -> String {
    format!(
        "calls started {started:>6}\nreceived      {received:>6}\nanswered      {answered:>6}\n"
    )
}

/// Under a limit of two, never more than two of twenty calls are in flight: if
/// each takes a second, all together take ten.
#[tokio::test(start_paused = true)]
async fn a_limit_of_two_holds_over_twenty_calls() {
    let answer = empty_list().after(Duration::from_secs(1));
    let service = Service::new(Script::always(answer));
    let client = limited_service(&service, 2);
    let start = Instant::now();

    let calls = (0..20).map(|_| list(&client)).collect();

    assert!(all_succeed(calls).await);
    assert_eq!(service.load().most_waiting, 2);
    assert_eq!(start.elapsed(), Duration::from_secs(10));
}

/// A watch gives its permit back as soon as it is open: under a limit of two,
/// ten watches are open at once.
#[tokio::test(start_paused = true)]
async fn ten_watches_are_open_at_once_under_a_limit_of_two() {
    let service = Service::new(Script::always(Answer::watch(&[])));
    let documents = documents(&limited_service(&service, 2));
    let params = WatchParams::default();

    let mut watches = Vec::new();
    for _ in 0..10 {
        let watch = timeout(HOUR, documents.watch(&params, "0")).await;
        watches.push(watch.unwrap().unwrap());
    }

    assert_eq!(service.load().bodies, 10);
}

/// An answer gives its permit back with its head: under a limit of two, ten
/// answers wait for somebody to read their bodies.
#[tokio::test(start_paused = true)]
async fn ten_unread_bodies_are_held_under_a_limit_of_two() {
    let service = Service::new(Script::always(empty_list()));
    let client = limited_service(&service, 2);

    let mut answers = Vec::new();
    for _ in 0..10 {
        let request = Request::get("/version").body(Body::empty()).unwrap();
        let answer = timeout(HOUR, client.send(request)).await;
        answers.push(answer.unwrap().unwrap());
    }

    assert_eq!(service.load().bodies, 10);
}

/// A call keeps its permit while it waits for its next attempt: one that is
/// answered 503 for ever holds up every other for minutes, until it gives up.
#[tokio::test(start_paused = true)]
async fn a_call_keeps_its_permit_until_it_gives_up_retrying() {
    let service = Service::new(Script::rule(|request| match request.target.as_str() {
        "/unavailable" => unavailable(),
        _ => empty_list(),
    }));
    let stack = ServiceBuilder::new()
        .layer(ConcurrencyLimitLayer::new(1))
        .layer(RetryLayer::new(RetryPolicy::server_retry()))
        .service(service.clone());
    let client = Client::new(stack, "default");
    let start = Instant::now();

    let get = |path| Request::get(path).body(Vec::new()).unwrap();
    let unavailable = client.request_text(get("/unavailable"));
    let available = client.request_text(get("/available"));
    let (failed, succeeded) = futures::join!(unavailable, available);

    assert!(failed.is_err() && succeeded.is_ok());
    let targets: Vec<_> = service
        .requests()
        .into_iter()
        .map(|request| request.target)
        .collect();
    assert_eq!(targets[..16], ["/unavailable"; 16]);
    assert_eq!(targets[16..], ["/available"]);
    assert!(start.elapsed() > Duration::from_secs(120));
}

/// In the default stack, too, a limit added with `with_layer` counts calls and
/// not attempts: a second call comes after the last attempt of the first.
#[tokio::test]
async fn a_limit_on_the_default_stack_counts_calls_not_attempts() {
    let server = serve([unavailable(), empty_list(), empty_list()]).await;
    let client = limited(server.config(), 1).unwrap();

    let [a, b] =
        ["a", "b"].map(|namespace| Api::<Pod>::namespaced(client.clone(), namespace));
    let params = Default::default();
    let (a, b) = futures::join!(a.list(&params), b.list(&params));

    assert!(a.is_ok() && b.is_ok());
    let requests = server.finish().unwrap();
    let targets: Vec<_> = requests
        .iter()
        .map(|request| request.target.as_str())
        .collect();
    let [a, b] =
        ["a", "b"].map(|namespace| format!("/api/v1/namespaces/{namespace}/pods?"));
    assert_eq!(targets, [&a, &a, &b]);
}

/// The time that a call spends in the queue counts against its timeout: with
/// three seconds, one that the server answers in two fails if it waits for two.
#[tokio::test(start_paused = true)]
async fn time_in_the_queue_counts_against_a_timeout() {
    let answer = empty_list().after(Duration::from_secs(2));
    let service = Service::new(Script::always(answer));
    let client = limited_service(&service, 1);
    let documents = documents(&client);
    let start = Instant::now();
    let _first = list(&client);
    until_all_wait().await;

    let params = Default::default();
    let second = timeout(Duration::from_secs(3), documents.list(&params)).await;

    assert!(second.is_err());
    assert_eq!(start.elapsed().as_secs(), 3);
    assert_eq!(service.load().answered, 1);
}

/// A call whose timeout ends while it is in the queue is never sent.
#[tokio::test(start_paused = true)]
async fn a_call_that_times_out_in_the_queue_is_never_sent() {
    let gate = Gate::closed();
    let service = Service::new([empty_list().behind(&gate)]);
    let client = limited_service(&service, 1);
    let documents = documents(&client);
    let first = list(&client);
    until_all_wait().await;

    let second = timeout(HOUR, documents.list(&Default::default())).await;
    gate.open();
    until_all_wait().await;

    assert!(second.is_err() && first.await.unwrap().is_ok());
    assert_eq!(service.finish().unwrap().len(), 1);
}

/// A call that is polled once and then left sends nothing: it is the caller who
/// drives it as far as the socket.
#[tokio::test]
async fn a_call_that_is_polled_once_sends_nothing() {
    let server = serve([empty_list()]).await;
    let documents = documents(&Client::try_from(server.config()).unwrap());
    let params = Default::default();
    let mut call = pin!(documents.list(&params));

    assert!(poll!(&mut call).is_pending());
    many_turns().await;

    assert_eq!(server.seen().accepted, 0);
    assert!(call.await.is_ok());
}

/// A call that nobody polls keeps its permit, even when the server has answered
/// it: another call waits until somebody takes the answer.
#[tokio::test]
async fn a_call_that_nobody_polls_keeps_its_permit() {
    let server = serve([empty_list(), empty_list()]).await;
    let client = limited(server.config(), 1).unwrap();
    let (documents, params) = (documents(&client), Default::default());
    let mut first = pin!(documents.list(&params));
    tokio::select! {
        biased;
        in_time = server.until(|seen| seen.answered == 1) => in_time.unwrap(),
        _ = &mut first => unreachable!("polled again after the server has answered"),
    }

    let second = list(&client);
    many_turns().await;

    assert_eq!(server.seen().requests.len(), 1);
    assert!(first.await.is_ok() && second.await.unwrap().is_ok());
}

/// Reading ahead and writing through one limit can wait for ever: the reads that
/// nobody polls meanwhile hold every permit.
#[tokio::test(start_paused = true)]
async fn reading_ahead_while_writing_through_one_limit_never_ends() {
    let service = Service::new(Script::always(a_document()));
    let documents = documents(&limited_service(&service, 2));

    let counted = timeout(HOUR, count_as_they_come(&documents, names())).await;

    assert!(counted.is_err());
    let requests = service.requests();
    assert!(requests.iter().all(|request| request.method == "GET"));
}

/// The timeouts of the config do not end that standstill: they close connections
/// and give no permit back. (They go by the real clock; half a second is enough
/// for a busy machine to answer in.)
#[tokio::test]
async fn timeouts_of_the_config_do_not_end_a_standstill() {
    let server = serve(Script::always(a_document().after(Duration::ZERO))).await;
    let mut config = server.config();
    for timeout in [
        &mut config.connect_timeout,
        &mut config.read_timeout,
        &mut config.write_timeout,
    ] {
        *timeout = Some(Duration::from_millis(500));
    }
    let documents = documents(&limited(config, 2).unwrap());

    let counted = timeout(
        Duration::from_secs(2),
        count_as_they_come(&documents, names()),
    )
    .await;

    assert!(counted.is_err());
    assert!(server.seen().closed > 0);
}

/// A limit must be larger than all that can be left unpolled at one time: two of
/// three for each loop, so three is enough for one loop, four is not for two.
#[tokio::test(start_paused = true)]
async fn a_limit_must_exceed_what_all_loops_leave_unpolled() {
    for (limit, loops, ends) in [(2, 1, false), (3, 1, true), (4, 2, false), (5, 2, true)]
    {
        let service = Service::new(Script::always(a_document()));
        let documents = documents(&limited_service(&service, limit));

        let counted = (0..loops).map(|_| count_as_they_come(&documents, names()));
        let counted = timeout(HOUR, join_all(counted)).await;

        assert_eq!(counted.is_ok(), ends, "{loops} loops, limit {limit}");
    }
}

/// With each read and its write in one future, all of which are polled together,
/// the same limit lets all through, in a spawned task as well.
#[tokio::test(start_paused = true)]
async fn reading_and_writing_in_one_future_ends_under_the_same_limit() {
    let service = Service::new(Script::always(a_document()));
    let documents = documents(&limited_service(&service, 2));

    let counting = async move { count_together(&documents, names()).await };
    let counted = timeout(HOUR, tokio::spawn(counting)).await;

    assert!(counted.unwrap().unwrap().is_ok());
    let requests = service.requests();
    let patches = requests.iter().filter(|request| request.method == "PATCH");
    assert_eq!(patches.count(), 4);
}

/// The default stack adds no limit: 200 calls are with the server at once, each
/// on a connection of its own.
#[tokio::test]
async fn the_default_stack_sends_all_of_two_hundred_calls_at_once() {
    let server = serve(Script::always(Answer::never())).await;
    let client = Client::try_from(server.config()).unwrap();

    let calls: Vec<_> = (0..200).map(|_| list(&client)).collect();

    server.until(|seen| seen.waiting == 200).await.unwrap();
    assert_eq!(server.seen().accepted, calls.len());
}

fn names() -> Vec<String> {
    ["a", "b", "c", "d"].map(str::to_owned).to_vec()
}

fn a_document() -> Answer {
    let document = json!({
        "apiVersion": "example.com/v1",
        "kind": "Document",
        "metadata": { "name": "a" },
        "spec": { "title": "A", "content": "one two three" },
    });
    Answer::json(&document).after(Duration::from_secs(1))
}

/// A layer that panics when it is called ends the worker, and with it the client
/// for everybody who has a clone.
#[tokio::test]
async fn a_panic_in_a_layer_ends_the_client_and_its_clones() {
    let service = Service::new([empty_list()]);
    let layer = MapRequestLayer::new(|request: Request<Body>| {
        assert!(!request.uri().path().contains("/bad/"));
        request
    });
    let client = ClientBuilder::new(service, "default")
        .with_layer(&layer)
        .build();
    let clone = client.clone();
    assert!(list(&client).await.unwrap().is_ok());

    let bad = Api::<Pod>::namespaced(client, "bad")
        .list(&Default::default())
        .await;
    let good = list(&clone).await.unwrap();

    let closed = "ServiceError: buffer's worker closed unexpectedly";
    assert_eq!(
        [bad.unwrap_err().to_string(), good.unwrap_err().to_string()],
        [closed; 2]
    );
}

/// A client on `service` with a limit at the place where `with_layer` puts it.
fn limited_service(service: &Service, at_once: usize) -> Client {
    ClientBuilder::new(service.clone(), "default")
        .with_layer(&ConcurrencyLimitLayer::new(at_once))
        .build()
}
