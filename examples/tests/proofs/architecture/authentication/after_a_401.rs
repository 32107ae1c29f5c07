//! What a client does when its credentials are not accepted.

use std::{
    fs,
    future::ready,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use examples::{
    architecture::authentication::{CredentialFault, credential_fault, who_am_i},
    testing::{Answer, Received, Script, Server, Service},
};
use futures::StreamExt;
use kube::{
    Client, Result,
    runtime::{WatchStreamExt, watcher},
};
use serde_json::json;
use tokio::time::Instant;

use super::{authorizations, file, user, with};
use crate::support::{ExecPlugin, documents, list, output};

/// A token of a plugin that names no expiry is sent for ever, accepted or not,
/// and a new client of the same config has a new one.
#[tokio::test]
async fn a_token_without_expiry_is_sent_for_ever() {
    let plugin =
        ExecPlugin::new("a_token_without_expiry_is_sent_for_ever", 100).with_expiry(None);
    let oldest = Arc::new(AtomicUsize::new(1));
    let server = server_accepting_from(&oldest).await;
    let config = with(&server, plugin.auth_info());
    let client = Client::try_from(config.clone()).unwrap();
    let mut text = format!(
        "{:<32}plugin runs: {}\n",
        "a client is built",
        plugin.runs()
    );
    let tell = |n, outcome: &Result<_>| {
        let sent = authorizations(&server).pop().unwrap().unwrap();
        let status = match outcome {
            Ok(_) => "200".to_owned(),
            Err(kube::Error::Api(status)) => status.code.to_string(),
            Err(other) => other.to_string(),
        };
        format!(
            "call {n}   {sent}   {status}   plugin runs: {}\n",
            plugin.runs()
        )
    };
    for n in 1..=2 {
        text += &tell(n, &list(&client).await.unwrap());
    }

    oldest.store(4, Ordering::Relaxed);
    text += "an hour later the server accepts the first three tokens no longer\n";
    for n in 3..=5 {
        text += &tell(n, &list(&client).await.unwrap());
    }

    let client = Client::try_from(config).unwrap();
    text += &format!(
        "{:<32}plugin runs: {}\n",
        "another client is built",
        plugin.runs()
    );
    text += &tell(6, &list(&client).await.unwrap());
    output("architecture/authentication/hour.txt", &text);
}

/// A 401 renews nothing: the next request brings the same token, whether it is
/// the one of a plugin and has years to live or that of a file which by now
/// holds another.
#[tokio::test]
async fn a_401_renews_no_credential() {
    let plugin = ExecPlugin::new("a_401_renews_no_credential", 100)
        .with_expiry(Some("2100-01-01T00:00:00Z"));
    let file = file("a_401_renews_no_credential", "");
    let users = [
        (plugin.auth_info(), "Bearer token-1"),
        (user(json!({ "tokenFile": file })), "Bearer of-the-file"),
    ];

    for (user, expected) in users {
        let server = Server::start(Script::always(unauthorized())).await.unwrap();
        fs::write(&file, "of-the-file").unwrap();
        let client = Client::try_from(with(&server, user)).unwrap();
        fs::write(&file, "of-the-file-by-now").unwrap();
        for _ in 0..3 {
            list(&client).await.unwrap().unwrap_err();
        }

        assert_eq!(authorizations(&server), vec![Some(expected.to_owned()); 3]);
    }
    assert_eq!(plugin.runs(), 3);
}

/// A watcher that is answered 401 reports it and asks again, a hundred times and
/// more. With the default backoff its pauses grow to 30 seconds and more while it
/// watches; while it lists they stay below two, since each attempt begins with an
/// `Event::Init`, which resets the backoff.
#[tokio::test(start_paused = true)]
async fn a_watcher_goes_on_asking_after_a_401() {
    let only_lists = |request: &Received| match request.target.contains("watch=") {
        true => unauthorized(),
        false => Answer::list(&[]),
    };
    let lists = (Script::always(unauthorized()), 0.8..=1.6);
    let watches = (Script::rule(only_lists), 30.0..=60.0);

    for (script, expected) in [lists, watches] {
        let service = Service::new(script);
        let documents = documents(&service.client());
        let watcher = watcher(documents, Default::default()).default_backoff();

        let errors = watcher.filter_map(|event| ready(event.err()));
        let mut errors = pin!(errors.take(100));
        let mut times = Vec::new();
        while let Some(error) = errors.next().await {
            assert!(is_unauthorized(&error), "{error}");
            times.push(Instant::now());
        }

        assert_eq!(times.len(), 100);
        // The last ones, which have had time to grow.
        for pause in times.windows(2).skip(10) {
            let pause = (pause[1] - pause[0]).as_secs_f64();
            let expected = expected.start() - 0.01..=expected.end() + 0.01;
            assert!(expected.contains(&pause), "{pause} s, not {expected:?}");
        }
    }
}

fn is_unauthorized(error: &watcher::Error) -> bool {
    let (watcher::Error::InitialListFailed(error)
    | watcher::Error::WatchStartFailed(error)) = error
    else {
        return false;
    };
    credential_fault(error) == Some(CredentialFault::NotAccepted)
}

/// Credentials can fail a client in three places: it is not built, a call ends
/// before it is sent, or the server answers: with 401, or with 403 if the user whom
/// it refuses is `system:anonymous`. A 403 for somebody else is none of them.
#[tokio::test]
async fn credentials_fail_a_client_in_three_places() {
    let forbidden = |user| {
        let message = format!(
            r#"documents.example.com is forbidden: User "{user}" cannot list resource "documents" in API group "example.com" in the namespace "docs""#
        );
        Answer::failure(403, "Forbidden", &message)
    };
    let plugin = |name, good_runs| ExecPlugin::new(name, good_runs).auth_info();
    let newline = file("a_newline_is_not_obtained", "secret\n");
    let cases = [
        (
            "the plugin fails at once",
            plugin("fails_at_once", 0),
            unauthorized(),
        ),
        (
            "the plugin fails later",
            plugin("fails_later", 3),
            unauthorized(),
        ),
        (
            "a newline ends tokenFile",
            user(json!({ "tokenFile": newline })),
            unauthorized(),
        ),
        (
            "the server answers 401",
            user(json!({ "token": "secret" })),
            unauthorized(),
        ),
        (
            "403 for system:anonymous",
            user(json!({ "username": "jane" })),
            forbidden("system:anonymous"),
        ),
        (
            "403 for jane",
            user(json!({ "token": "secret" })),
            forbidden("jane"),
        ),
    ];

    let mut text = String::new();
    for (case, user, answer) in cases {
        let server = Server::start(Script::always(answer)).await.unwrap();
        let (place, error) = match Client::try_from(with(&server, user)) {
            Err(error) => ("build", error),
            Ok(client) => ("call", list(&client).await.unwrap().unwrap_err()),
        };
        let debug = format!("{error:?}");
        let (variant, _) = debug.split_once('(').unwrap();
        let variant = format!("Error::{variant}");
        let fault = match credential_fault(&error) {
            Some(fault) => format!("{fault:?}"),
            None => "None".to_owned(),
        };
        text += &format!("{case:<25} {place:<6} {variant:<15} {fault}\n");
    }
    output("architecture/authentication/places.txt", &text);
}

/// `who_am_i` asks with one `create`, and returns the user that is in the
/// answer's status.
#[tokio::test]
async fn who_am_i_asks_with_one_create() {
    let user_info = json!({ "username": "jane", "groups": ["system:authenticated"] });
    let answer = json!({
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "SelfSubjectReview",
        "metadata": {},
        "status": { "userInfo": user_info },
    });
    let server = Server::start([Answer::json(&answer).with_code(201)])
        .await
        .unwrap();
    let client = Client::try_from(server.config()).unwrap();

    let user = who_am_i(client).await.unwrap().unwrap();

    assert_eq!(user.username.as_deref(), Some("jane"));
    let requests = server.finish().unwrap();
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews?";
    assert_eq!(requests[0].to_string(), format!("POST {path} HTTP/1.1"));
}

/// A server that knows the tokens `token-N` from a certain `N` on.
async fn server_accepting_from(oldest: &Arc<AtomicUsize>) -> Server {
    let oldest = Arc::clone(oldest);
    let rule = move |request: &Received| {
        let sent = request.header("authorization").unwrap_or_default();
        let number = sent.trim_start_matches("Bearer token-").parse::<usize>();
        if number.unwrap() >= oldest.load(Ordering::Relaxed) {
            Answer::list(&[])
        } else {
            unauthorized()
        }
    };
    Server::start(Script::rule(rule)).await.unwrap()
}

/// What an API server says of a token that it does not accept.
fn unauthorized() -> Answer {
    Answer::failure(401, "Unauthorized", "Unauthorized")
}
