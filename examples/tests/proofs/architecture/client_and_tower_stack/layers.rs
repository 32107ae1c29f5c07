//! In which order a request passes the layers, and how to add one.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use examples::{
    architecture::client_and_tower_stack::{
        counting_attempts, limited_if, named, observed,
    },
    testing::{Answer, Received, Script, Service},
};
use http::{HeaderValue, Request, header::USER_AGENT};
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, Client, Config, Error,
    client::{AuthError, Body, ClientBuilder},
};
use serde_json::json;
use tower::util::MapRequestLayer;
use tracing::Level;

use super::{empty_list, serve, unavailable};
use crate::support::{
    ExecPlugin, Story, Trace, compile_fail, documents, list, many_turns, output,
    trace_kube,
};

/// After our own layer, which is called once, a request passes for each attempt
/// first the credentials and then the HTTP span.
#[tokio::test]
async fn a_request_passes_retry_then_credentials_then_its_span() {
    let plugin = ExecPlugin::new("one_request", 100);
    let story = Story::with(&plugin);
    let server = serve(story.script([unavailable(), empty_list()])).await;
    let mut config = server.config_under("/clusters/c1").unwrap();
    config.auth_info = plugin.auth_info();
    config.auth_info.impersonate = Some("jane".to_owned());
    config.headers.push((
        USER_AGENT,
        HeaderValue::from_static("document-operator/1.0"),
    ));
    let layer = story.clone();
    let client = observed(config, move |what| layer.tell("our layer", what)).unwrap();
    let spans = story.clone();
    let _guard = trace_kube(move |trace| match (trace.name, trace.level) {
        ("HTTP", _) => {
            spans.tell(
                "span HTTP",
                format_args!("otel.name={}", trace.fields["otel.name"]),
            );
            spans.tell("", format_args!("  http.url={}", trace.fields["http.url"]));
        }
        (_, Level::ERROR) => spans.tell("log ERROR", &trace.fields["message"]),
        _ => {}
    });
    story.tell("", "the client is built");

    Api::<Pod>::default_namespaced(client)
        .list(&Default::default())
        .await
        .unwrap();

    let text = server.without_port(&story.text());
    output("architecture/client_and_tower_stack/one_request.txt", &text);
}

/// A layer added with `with_layer` sees a request as `Api` made it, before any
/// layer of kube: a path for a URI, no headers on a list, a `content-type` on a
/// create.
#[tokio::test]
async fn an_outer_layer_sees_a_request_as_api_made_it() {
    let server = serve([empty_list(), a_pod()]).await;
    let mut config = server.config();
    config.auth_info.token = Some("secret".into());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let note = Arc::clone(&seen);
    let layer = MapRequestLayer::new(move |request: Request<Body>| {
        let headers: Vec<_> = request.headers().keys().map(ToString::to_string).collect();
        let line = format!("{} {}", request.method(), request.uri());
        note.lock().unwrap().push((line, headers));
        request
    });
    let client = ClientBuilder::try_from(config)
        .unwrap()
        .with_layer(&layer)
        .build();
    let pods = Api::<Pod>::default_namespaced(client);

    pods.list(&Default::default()).await.unwrap();
    pods.create(&Default::default(), &Pod::default())
        .await
        .unwrap();

    let path = "/api/v1/namespaces/default/pods?";
    let content_type = vec!["content-type".to_owned()];
    assert_eq!(
        *seen.lock().unwrap(),
        [
            (format!("GET {path}"), vec![]),
            (format!("POST {path}"), content_type)
        ]
    );
    let requests = server.finish().unwrap();
    let authorized = |request: &Received| request.header("authorization").is_some();
    assert!(requests.iter().all(authorized));
}

fn a_pod() -> Answer {
    let metadata = json!({ "name": "a" });
    Answer::json(&json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata }))
}

/// A layer added with `with_layer` is called once for a call, however many
/// attempts it takes.
#[tokio::test]
async fn an_outer_layer_is_called_once_however_often_a_call_is_retried() {
    let server = serve([unavailable(), unavailable(), empty_list()]).await;
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let layer = MapRequestLayer::new(move |request: Request<Body>| {
        counted.fetch_add(1, Ordering::Relaxed);
        request
    });
    let client = ClientBuilder::try_from(server.config())
        .unwrap()
        .with_layer(&layer)
        .build();

    list(&client).await.unwrap().unwrap();

    assert_eq!(server.finish().unwrap().len(), 3);
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

/// A layer that stands inside the retry layer is called for every attempt.
#[tokio::test]
async fn a_layer_inside_retry_is_called_for_every_attempt() {
    let server = serve([unavailable(), unavailable(), empty_list()]).await;
    let attempts = Arc::new(AtomicUsize::new(0));
    let client = counting_attempts(server.config(), Arc::clone(&attempts)).unwrap();

    list(&client).await.unwrap().unwrap();

    server.finish().unwrap();
    assert_eq!(attempts.load(Ordering::Relaxed), 3);
}

/// Of two layers added with `with_layer`, the one added last gets a request
/// first.
#[tokio::test]
async fn the_layer_added_last_gets_a_request_first() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let noting = |name| {
        let order = Arc::clone(&order);
        MapRequestLayer::new(move |request: Request<Body>| {
            order.lock().unwrap().push(name);
            request
        })
    };
    let client = ClientBuilder::new(Service::new([empty_list()]), "default")
        .with_layer(&noting("added first"))
        .with_layer(&noting("added last"))
        .build();

    list(&client).await.unwrap().unwrap();

    assert_eq!(*order.lock().unwrap(), ["added last", "added first"]);
}

/// Every attempt asks for credentials again: a token that has expired between
/// two attempts is replaced.
#[tokio::test]
async fn every_attempt_gets_credentials_of_its_own() {
    let plugin = ExecPlugin::new("every_attempt_gets_credentials_of_its_own", 100);
    let server = serve([unavailable(), empty_list()]).await;
    let mut config = server.config();
    config.auth_info = plugin.auth_info();
    let client = Client::try_from(config).unwrap();

    list(&client).await.unwrap().unwrap();

    let requests = server.finish().unwrap();
    let tokens: Vec<_> = requests
        .iter()
        .map(|request| request.header("authorization"))
        .collect();
    assert_eq!(tokens, [Some("Bearer token-4"), Some("Bearer token-5")]);
}

/// A token that is still good is used again, and one that does not say when it
/// expires is used for ever: three attempts run the plugin no further.
#[tokio::test]
async fn a_token_that_is_still_good_is_used_again() {
    for (name, expires) in [
        ("a_good_token", Some("2100-01-01T00:00:00Z")),
        ("a_token_without_expiry", None),
    ] {
        let plugin = ExecPlugin::new(name, 100).with_expiry(expires);
        let server = serve([unavailable(), unavailable(), empty_list()]).await;
        let mut config = server.config();
        config.auth_info = plugin.auth_info();
        let client = Client::try_from(config).unwrap();

        list(&client).await.unwrap().unwrap();

        assert_eq!(server.finish().unwrap().len(), 3);
        assert_eq!(plugin.runs(), 3, "{name}");
    }
}

/// Every attempt has an HTTP span of its own, and its `http.url` is the whole
/// URL, the path of the cluster's URL included.
#[tokio::test]
async fn every_attempt_has_a_span_with_the_whole_url() {
    let server = serve([unavailable(), empty_list()]).await;
    let config = server.config_under("/clusters/c1").unwrap();
    let client = Client::try_from(config).unwrap();
    let (spans, _guard) = traces(|trace| trace.name == "HTTP");

    list(&client).await.unwrap().unwrap();

    let spans = spans.lock().unwrap();
    let urls: Vec<_> = spans
        .iter()
        .map(|s| server.without_port(&s.fields["http.url"]))
        .collect();
    let path = "/clusters/c1/apis/example.com/v1/namespaces/default/documents?";
    let url = format!("http://127.0.0.1:PORT{path}");
    assert_eq!(urls, [url.clone(), url]);
}

/// A call whose credentials cannot be had fails before there is an HTTP span
/// for it or a word in the log, and before anything is sent.
#[tokio::test]
async fn a_call_without_credentials_leaves_no_span_and_sends_nothing() {
    let plugin = ExecPlugin::new("a_call_without_credentials", 3);
    let server = serve([]).await;
    let mut config = server.config();
    config.auth_info = plugin.auth_info();
    let client = Client::try_from(config).unwrap();
    let (spans, _guard) = traces(|_| true);

    let error = list(&client).await.unwrap().unwrap_err();

    assert!(matches!(error, Error::Service(cause) if cause.is::<AuthError>()));
    assert_eq!(spans.lock().unwrap().len(), 0);
    assert_eq!(server.seen().accepted, 0);
}

/// Headers stand on the wire in the order of the layers that added them: that of
/// gzip, the credentials, those of the config, hyper's `host`.
#[tokio::test]
async fn headers_on_the_wire_are_in_the_order_of_the_layers() {
    let server = serve([empty_list()]).await;
    let mut config = server.config();
    config.auth_info.token = Some("secret".into());
    let client = named(config).unwrap();

    list(&client).await.unwrap().unwrap();

    let request = server.finish().unwrap().remove(0);
    let names: Vec<_> = request
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        names,
        ["accept-encoding", "authorization", "user-agent", "host"]
    );
}

/// A 503 that is answered well on the second attempt is in the log as an error,
/// though the call returns `Ok`.
#[tokio::test]
async fn a_retried_503_logs_an_error_for_a_call_that_succeeds() {
    let server = serve([unavailable(), empty_list()]).await;
    let client = Client::try_from(server.config()).unwrap();
    let (errors, _guard) = traces(|trace| trace.level == Level::ERROR);

    let listed = list(&client).await.unwrap();

    assert!(listed.is_ok());
    let errors = errors.lock().unwrap();
    let messages: Vec<_> = errors
        .iter()
        .map(|error| &error.fields["message"])
        .collect();
    assert_eq!(messages, ["failed with status 503 Service Unavailable"]);
}

/// A 404 is not in the log as an error, though the call fails.
#[tokio::test]
async fn a_404_logs_no_error_for_a_call_that_fails() {
    let missing = Answer::failure(404, "NotFound", "documents \"a\" not found");
    let server = serve([missing]).await;
    let client = Client::try_from(server.config()).unwrap();
    let (errors, _guard) = traces(|trace| trace.level == Level::ERROR);

    let got = documents(&client).get("a").await;

    assert!(got.is_err());
    assert_eq!(errors.lock().unwrap().len(), 0);
}

/// While one client is built, its exec plugin runs three times.
#[tokio::test]
async fn building_one_client_runs_the_exec_plugin_three_times() {
    let plugin = ExecPlugin::new("building_one_client", 100);
    let mut config = Config::new("https://127.0.0.1:1".parse().unwrap());
    config.auth_info = plugin.auth_info();
    assert_eq!(plugin.runs(), 0);

    let _client = Client::try_from(config).unwrap();

    assert_eq!(plugin.runs(), 3);
}

/// By default a request says nothing of the program that sends it: there is no
/// `User-Agent`.
#[tokio::test]
async fn a_request_has_no_user_agent_by_default() {
    let server = serve([empty_list()]).await;
    let client = Client::try_from(server.config()).unwrap();

    list(&client).await.unwrap().unwrap();

    assert_eq!(server.finish().unwrap()[0].header("user-agent"), None);
}

/// A header in `Config::headers` goes with every request.
#[tokio::test]
async fn a_header_of_the_config_goes_with_every_request() {
    let server = serve([empty_list(), empty_list()]).await;
    let client = named(server.config()).unwrap();

    list(&client).await.unwrap().unwrap();
    list(&client).await.unwrap().unwrap();

    let requests = server.finish().unwrap();
    let agents: Vec<_> = requests
        .iter()
        .map(|request| request.header("user-agent"))
        .collect();
    assert_eq!(agents, [Some("document-operator/1.0"); 2]);
}

/// `with_layer` returns a builder of another type, so a layer cannot be added
/// under an `if`.
#[test]
fn with_layer_changes_the_type_of_the_builder() {
    compile_fail("architecture/client_and_tower_stack/conditional_layer.rs");
}

/// `option_layer` is one type, whether there is a layer in it or not.
#[tokio::test]
async fn option_layer_is_one_type_with_and_without_a_layer() {
    for (at_once, received) in [(Some(2), 2), (None, 5)] {
        let server = serve(Script::always(Answer::never())).await;
        let client = limited_if(server.config(), at_once).unwrap();

        let _calls: Vec<_> = (0..5).map(|_| list(&client)).collect();

        many_turns().await;
        assert_eq!(server.seen().requests.len(), received);
    }
}

/// What kube traces on this thread from now on, as far as it is `wanted`.
fn traces(
    wanted: impl Fn(&Trace) -> bool + Send + Sync + 'static,
) -> (Arc<Mutex<Vec<Trace>>>, impl Drop) {
    let traces = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&traces);
    let guard = trace_kube(move |trace| {
        if wanted(&trace) {
            noted.lock().unwrap().push(trace);
        }
    });
    (traces, guard)
}
