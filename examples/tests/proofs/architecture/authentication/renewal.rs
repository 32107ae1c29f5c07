//! When credentials are renewed, and when not.

use std::{pin::pin, time::Duration};

use examples::{
    architecture::authentication::with_fresh_clients,
    testing::{Answer, Script, Server},
};
use futures::future::join_all;
use k8s_openapi::jiff::Timestamp;
use kube::{Client, Config, Error, api::WatchParams, client::AuthError};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
};

use super::{
    authorizations, call,
    plugin::{Plugin, certificate, token},
    seconds_from_now, server_and_client, with,
};
use crate::support::{documents, list};

/// While its tokens end within 60 seconds, a plugin runs for every request; while
/// they last longer, for none.
#[tokio::test]
async fn a_plugin_runs_for_every_request_if_its_tokens_end_within_a_minute() {
    // The second one has half a minute of the real clock for three calls.
    for (name, seconds, runs) in [("short_lived", 60, 3), ("long_lived", 90, 0)] {
        let plugin =
            Plugin::new(name).otherwise(&token("secret", &seconds_from_now(seconds)));
        let (_server, client) = server_and_client(plugin.auth_info()).await;
        let built = plugin.runs();

        call(&client, 3).await;

        assert_eq!(plugin.runs() - built, runs, "{name}");
    }
}

/// A client that sends nothing renews nothing: with a token that has expired and
/// an hour in which nobody calls, the plugin does not run.
#[tokio::test(start_paused = true)]
async fn an_idle_client_lets_its_token_expire() {
    let plugin = super::plugin("an_idle_client_lets_its_token_expire");
    let mut config = Config::new("http://127.0.0.1:1".parse().unwrap());
    config.auth_info = plugin.auth_info();
    let _client = Client::try_from(config).unwrap();

    tokio::time::sleep(Duration::from_secs(3600)).await;

    assert_eq!(plugin.runs(), 3);
}

/// Of calls that find an expired token at the same time one runs the plugin, and
/// all of them send the token that it brings.
#[tokio::test]
async fn waiting_calls_share_one_refresh() {
    let plugin = Plugin::new("waiting_calls_share_one_refresh")
        .answers(1..=3, &token("old", "2000-01-01T00:00:00Z"))
        .otherwise(&token("new", &seconds_from_now(3600)));
    let (server, client) = server_and_client(plugin.auth_info()).await;

    let calls = join_all((0..20).map(|_| list(&client))).await;

    assert!(calls.into_iter().all(|call| call.unwrap().is_ok()));
    assert_eq!(
        authorizations(&server),
        vec![Some("Bearer new".to_owned()); 20]
    );
    assert_eq!(plugin.runs(), 4);
}

/// Calls at the same time whose tokens expire at once run the plugin one after
/// the other: each its own time, and never two.
#[tokio::test]
async fn short_lived_tokens_are_fetched_in_turn() {
    let plugin = Plugin::new("short_lived_tokens_are_fetched_in_turn")
        .otherwise(&token("old", "2000-01-01T00:00:00Z"))
        .doing("mkdir busy || echo >> overlaps; sleep 0.01; rmdir busy");
    let (_server, client) = server_and_client(plugin.auth_info()).await;

    let calls = join_all((0..5).map(|_| list(&client))).await;

    assert!(calls.into_iter().all(|call| call.unwrap().is_ok()));
    assert_eq!(plugin.runs(), 3 + 5);
    assert_eq!(plugin.read("overlaps"), "");
}

/// If the plugin fails in the last minute of a token, the call fails, and the
/// token, still good, is not sent. The next call runs the plugin again, without a
/// pause.
#[tokio::test(start_paused = true)]
async fn a_failed_refresh_fails_the_call_and_the_next_one_tries_at_once() {
    let plugin = Plugin::new("a_failed_refresh_fails_the_call")
        .answers(1..=3, &token("good", &seconds_from_now(40)));
    let (server, client) = server_and_client(plugin.auth_info()).await;
    let start = Instant::now();

    for _ in 0..3 {
        let error = list(&client).await.unwrap().unwrap_err();
        assert!(matches!(error, Error::Service(cause) if cause.is::<AuthError>()));
    }

    assert_eq!(server.seen().accepted, 0);
    assert_eq!(plugin.runs(), 3 + 3);
    assert_eq!(start.elapsed(), Duration::ZERO);
}

/// A call that has begun a refresh and is polled no longer holds up the others,
/// though the plugin has long ended; once it is polled, all go out.
#[tokio::test]
async fn a_refresh_that_nobody_polls_holds_up_all_calls() {
    let plugin = Plugin::new("a_refresh_that_nobody_polls")
        .answers(1..=3, &token("old", "2000-01-01T00:00:00Z"))
        .otherwise(&token("new", &seconds_from_now(3600)))
        .doing("test $answer != otherwise || until test -e go; do sleep 0.01; done; echo >> done");
    let (server, client) = server_and_client(plugin.auth_info()).await;
    let documents = documents(&client);
    let params = Default::default();
    let mut first = pin!(documents.list(&params));

    tokio::select! {
        _ = &mut first => panic!("no token yet"),
        () = until(|| plugin.runs() == 4) => {}
    }
    plugin.give("go");
    until(|| plugin.read("done").lines().count() == 4).await;
    let mut second = list(&client);
    // Of the real clock: this is the time in which nothing happens.
    let waited = timeout(Duration::from_millis(300), &mut second).await;

    assert!(waited.is_err());
    assert_eq!(server.seen().accepted, 0);
    first.await.unwrap();
    second.await.unwrap().unwrap();
    assert_eq!(plugin.runs(), 4);
}

/// A call that is dropped while the plugin runs leaves no token: the next one
/// runs the plugin again, beside the first run if that goes on, and what the first
/// brings in the end is sent by nobody.
#[tokio::test]
async fn a_refresh_that_is_given_up_leaves_no_token() {
    let end = seconds_from_now(3600);
    let plugin = Plugin::new("a_refresh_that_is_given_up_leaves_no_token")
        .answers(1..=3, &token("old", "2000-01-01T00:00:00Z"))
        .answers(4..=4, &token("given-up", &end))
        .otherwise(&token("new", &end))
        .doing("test $answer != answer-4 || until test -e go; do sleep 0.01; done; echo >> done");
    let (server, client) = server_and_client(plugin.auth_info()).await;

    let call = list(&client);
    until(|| plugin.runs() == 4).await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    // While the fourth run goes on: it is not among those that are done.
    super::call(&client, 1).await;
    assert_eq!(plugin.read("done").lines().count(), 4);
    plugin.give("go");
    until(|| plugin.read("done").lines().count() == 5).await;
    super::call(&client, 1).await;

    assert_eq!(plugin.runs(), 5);
    assert_eq!(
        authorizations(&server),
        vec![Some("Bearer new".to_owned()); 2]
    );
}

/// Waits until another process has done something: on the real clock, which is
/// the one that it lives by.
async fn until(mut done: impl FnMut() -> bool) {
    let waiting = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(10), waiting).await.unwrap();
}

/// Each watch gets credentials of its own when it begins: a token that has
/// expired since the last one is replaced.
#[tokio::test]
async fn each_watch_begins_with_credentials_of_its_own() {
    let plugin = super::plugin("each_watch_begins_with_credentials_of_its_own");
    let script = Script::always(Answer::watch(&[]));
    let server = Server::start(script).await.unwrap();
    let client = Client::try_from(with(&server, plugin.auth_info())).unwrap();
    let documents = documents(&client);

    let params = WatchParams::default();
    let _open = documents.watch(&params, "1").await.unwrap();
    let _later = documents.watch(&params, "1").await.unwrap();

    let sent = authorizations(&server);
    assert_eq!(sent, [4, 5].map(|n| Some(format!("Bearer token-{n}"))));
}

/// A certificate from a plugin is as old as the client: no call runs the plugin,
/// though the certificate has expired, and the token that came with it is in no
/// request.
#[tokio::test]
async fn a_certificate_from_a_plugin_is_never_renewed() {
    let end = "2000-01-01T00:00:00Z";
    let mut status = certificate(end);
    status["token"] = "secret".into();
    let plugin = Plugin::new("a_certificate_is_never_renewed").otherwise(&status);
    let (server, client) = server_and_client(plugin.auth_info()).await;
    assert_eq!(plugin.runs(), 3);

    call(&client, 3).await;

    assert_eq!(plugin.runs(), 3);
    assert_eq!(authorizations(&server), [None, None, None]);
    assert_eq!(
        client.valid_until(),
        &Some(end.parse::<Timestamp>().unwrap())
    );
}

/// `with_fresh_clients` begins its work anew, with another client, a minute
/// before the certificate of the first one expires.
#[tokio::test(start_paused = true)]
async fn work_begins_anew_a_minute_before_the_certificate_expires() {
    let plugin = Plugin::new("work_begins_anew")
        .answers(1..=3, &certificate(&*seconds_from_now(3600)))
        .answers(4..=6, &certificate(&*seconds_from_now(2 * 3600)));
    let mut config = Config::new("http://127.0.0.1:1".parse().unwrap());
    config.auth_info = plugin.auth_info();
    let (begins, mut begun) = mpsc::unbounded_channel();
    let start = Instant::now();
    let work = with_fresh_clients(&config, |client| {
        begins
            .send((start.elapsed(), *client.valid_until()))
            .unwrap();
        // The second time the work is done.
        let done = plugin.runs() > 3;
        async move {
            let _client = client;
            if !done {
                std::future::pending::<()>().await;
            }
            Ok(())
        }
    });

    work.await.unwrap();

    let (first, end) = begun.try_recv().unwrap();
    let (second, next_end) = begun.try_recv().unwrap();
    assert_eq!(first, Duration::ZERO);
    // The certificate's time is that of the real clock, which goes on meanwhile.
    let hour = Duration::from_secs(3600 - 60);
    assert!(
        (hour - Duration::from_secs(30)..=hour).contains(&second),
        "{second:?}"
    );
    assert!(next_end > end);
}
