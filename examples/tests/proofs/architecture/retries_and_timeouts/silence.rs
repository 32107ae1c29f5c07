//! What ends a call whose other side says nothing.
//!
//! The clock stands still while sockets work, and moves when a proof says so.

use std::time::Duration;

use examples::testing::{Answer, Script, Server, Service};
use futures::StreamExt;
use kube::{
    Client, Config, Error,
    api::{ListParams, WatchParams},
    runtime::watcher::{self, watcher},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::{sleep, timeout},
};

use super::{pass, pass_seconds, says, serve};
use crate::support::{documents, list, many_turns};

const HOUR: Duration = Duration::from_hours(1);

/// A call that the server has taken and never answers is still waiting a day
/// later: with the default config nothing ends it.
#[tokio::test]
async fn a_call_waits_for_an_answer_for_ever() {
    let server = serve(Script::always(Answer::never())).await;
    let client = Client::try_from(server.config()).unwrap();

    let call = list(&client);
    server.until(|seen| seen.requests.len() == 1).await.unwrap();
    pass(24, HOUR).await;

    assert!(!call.is_finished());
    assert_eq!(server.seen().requests.len(), 1);
}

/// Connecting ends after 30 s, also if the other side takes the TCP connection
/// and says nothing in the TLS handshake.
#[tokio::test]
async fn connecting_ends_after_thirty_seconds_tls_included() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let client = Client::try_from(Config::new(url.parse().unwrap())).unwrap();

    let call = list(&client);
    let (_silent, _) = listener.accept().await.unwrap();
    pass_seconds(29).await;
    assert!(!call.is_finished());
    pass_seconds(2).await;

    assert!(call.is_finished());
    let failed = call.await.unwrap().unwrap_err();
    assert!(says(&failed, "deadline has elapsed"));
}

/// A read timeout ends a call whose server says nothing for so long, and the
/// call is not sent again.
#[tokio::test]
async fn a_read_timeout_ends_a_call_after_one_request() {
    let server = serve(Script::always(Answer::never())).await;
    let client = client_with_ten_seconds(&server, false);

    let call = list(&client);
    server.until(|seen| seen.requests.len() == 1).await.unwrap();
    pass_seconds(9).await;
    assert!(!call.is_finished());
    pass_seconds(2).await;

    assert!(call.is_finished());
    let failed = call.await.unwrap().unwrap_err();
    assert!(matches!(&failed, Error::Service(_)) && says(&failed, "timed out"));
    assert_eq!(server.seen().requests.len(), 1);
}

/// A read timeout is a limit for silence and not for a call: one byte in nine
/// seconds keeps a call with ten seconds waiting for minutes.
#[tokio::test]
async fn a_read_timeout_does_not_end_a_call_whose_server_drips() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut config = Config::new(url.parse().unwrap());
    config.read_timeout = Some(Duration::from_secs(10));
    let client = Client::try_from(config).unwrap();

    let call = list(&client);
    let (mut stream, _) = listener.accept().await.unwrap();
    stream.read_u8().await.unwrap();
    stream.write_all(b"HTTP/1.1 200 \r\nslow: ").await.unwrap();
    tokio::spawn(async move {
        loop {
            sleep(Duration::from_secs(9)).await;
            stream.write_all(b"x").await.unwrap();
        }
    });
    pass_seconds(300).await;

    assert!(!call.is_finished());
}

/// The time that a connection was idle in the pool counts against the read
/// timeout of the next call on it, unless writes reset it.
#[tokio::test]
async fn idle_time_counts_against_a_read_timeout_unless_writes_reset_it() {
    for reset_reader_on_write in [false, true] {
        let empty = || Answer::list(&[]);
        let server = serve([empty(), empty().after(Duration::from_secs(8))]).await;
        let client = client_with_ten_seconds(&server, reset_reader_on_write);
        list(&client).await.unwrap().unwrap();

        pass_seconds(6).await;
        let call = list(&client);
        server.until(|seen| seen.requests.len() == 2).await.unwrap();
        pass_seconds(5).await;

        // 11 s since the first call, 5 s since the second was sent.
        assert_eq!(call.is_finished(), !reset_reader_on_write);
        pass_seconds(4).await;
        let result = call.await.unwrap();
        assert_eq!(result.is_ok(), reset_reader_on_write);
        assert_eq!(server.seen().accepted, 1);
    }
}

/// A read timeout ends a watch that is quiet for longer, with an error.
#[tokio::test]
async fn a_read_timeout_ends_a_quiet_watch() {
    let server = serve(Script::always(Answer::watch(&[]))).await;
    let documents = documents(&client_with_ten_seconds(&server, false));

    let mut watch = documents
        .watch(&WatchParams::default(), "1")
        .await
        .unwrap()
        .boxed();
    let event = tokio::spawn(async move { watch.next().await });
    many_turns().await;
    pass_seconds(9).await;
    assert!(!event.is_finished());
    pass_seconds(2).await;

    assert!(event.is_finished());
    let event = event.await.unwrap();
    assert!(matches!(event, Some(Err(Error::ReadEvents(_)))));
}

/// A watch asks the server to end it after 290 s; a list asks for nothing,
/// though `ListParams` still has a timeout.
#[tokio::test(start_paused = true)]
async fn a_watch_asks_for_290_seconds_and_a_list_for_nothing() {
    let service = Service::new([Answer::list(&[]), Answer::watch(&[])]);
    let documents = documents(&service.client());
    #[expect(deprecated)]
    let params = ListParams::default().timeout(5);

    documents.list(&params).await.unwrap();
    let _watch = documents.watch(&WatchParams::default(), "1").await.unwrap();

    let requests = service.finish().unwrap();
    assert!(!requests[0].target.contains("timeout"));
    assert!(requests[1].target.contains("timeoutSeconds=290"));
}

/// A watcher leaves a watch that was silent for 295 s, and begins another,
/// without an error.
#[tokio::test(start_paused = true)]
async fn a_watcher_leaves_a_silent_watch_after_295_seconds() {
    let service = list_and_watch(|| Answer::list(&[]));
    let documents = documents(&service.client());
    let events = tokio::spawn(async move {
        let watcher = watcher(documents, watcher::Config::default());
        watcher.for_each(async |event| drop(event.unwrap())).await;
    });
    let watches = || {
        let requests = service.requests();
        requests.iter().filter(|r| is_watch(&r.target)).count()
    };

    sleep(Duration::from_secs(294)).await;
    assert_eq!(watches(), 1);
    sleep(Duration::from_secs(2)).await;

    assert_eq!(watches(), 2);
    assert!(!events.is_finished());
}

/// A watcher whose first list is never answered waits for ever.
#[tokio::test(start_paused = true)]
async fn a_watcher_waits_for_its_first_list_for_ever() {
    let service = list_and_watch(Answer::never);
    let watcher = watcher(documents(&service.client()), watcher::Config::default());

    let mut events = watcher.skip(1).boxed();
    let second = timeout(24 * HOUR, events.next()).await;

    assert!(second.is_err());
    assert_eq!(service.requests().len(), 1);
}

fn list_and_watch(list: impl Fn() -> Answer + Send + 'static) -> Service {
    Service::new(Script::rule(move |request| {
        if is_watch(&request.target) {
            Answer::watch(&[])
        } else {
            list()
        }
    }))
}

pub fn is_watch(target: &str) -> bool {
    target.contains("watch=true")
}

fn client_with_ten_seconds(server: &Server, reset_reader_on_write: bool) -> Client {
    let mut config = server.config();
    config.read_timeout = Some(Duration::from_secs(10));
    config.reset_reader_on_write = reset_reader_on_write;
    Client::try_from(config).unwrap()
}
