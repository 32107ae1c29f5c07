//! *The Client and its tower stack*: in which order a request passes the layers,
//! what bounds how many are under way, on which connections they travel, and
//! how long a client lives.

use std::{
    cell::Cell,
    collections::BTreeSet,
    convert::Infallible,
    fs,
    panic::catch_unwind,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use examples::{
    architecture::client_and_tower_stack::{
        client_of_this_test, count_as_they_come, count_together, counting_attempts, limited,
        limited_if, named, observed, shared_client,
    },
    testing::{Answer, Gate, Received, Script, Server, Service},
};
use futures::{future::join_all, poll};
use http::{HeaderValue, Request, header::USER_AGENT};
use kube::{
    Api, Client, Config, Error,
    client::{AuthError, Body, ClientBuilder, retry::RetryPolicy},
};
use serde_json::json;
use tokio::{
    io::AsyncReadExt,
    net::TcpListener,
    runtime::{Builder, Runtime},
    time::{Instant, timeout},
};
use tower::{
    ServiceBuilder, limit::ConcurrencyLimitLayer, retry::RetryLayer, util::MapRequestLayer,
};
use tracing::Level;

use crate::support::{
    ExecPlugin, Trace, cargo, compile_fail, documents, list, many_turns, output, panic_message,
    trace_kube, until_all_wait,
};

const HOUR: Duration = Duration::from_secs(3600);

fn empty_list() -> Answer {
    Answer::list(&[])
}

fn unavailable() -> Answer {
    Answer::failure(503, "ServiceUnavailable", "no leader")
}

// The order of the layers.

/// A request passes our own layer once, and after it, for each attempt, the
/// credentials, the headers of the config and the HTTP span, in this order.
#[tokio::test]
async fn a_request_passes_retry_then_credentials_then_headers_then_the_span() {
    let story = Story::of("one_request");
    let server = Server::start(story.tell_of_a_server([unavailable(), empty_list()]));
    let server = server.await.unwrap();
    let _guard = story.tell_of_spans();
    let mut config = server.config_under("/clusters/c1").unwrap();
    config.auth_info = story.plugin.auth_info();
    config.auth_info.impersonate = Some("jane".to_owned());
    config.headers.push((USER_AGENT, HeaderValue::from_static("document-operator/1.0")));
    let client = observed(config, story.teller("our layer")).unwrap();
    story.begin();

    documents(&client).list(&Default::default()).await.unwrap();

    server.finish().unwrap();
    output(
        "architecture/client_and_tower_stack/one_request.txt",
        &server.without_port(&story.text()),
    );
}

/// What happened during one proof, in order, one line an event.
#[derive(Clone)]
struct Story {
    lines: Arc<Mutex<Vec<String>>>,
    plugin: ExecPlugin,
}

impl Story {
    fn of(proof: &str) -> Self {
        Self { lines: Arc::default(), plugin: ExecPlugin::new(proof, 100) }
    }

    /// Forgets what happened so far, except how often the plugin ran.
    fn begin(&self) {
        let runs = (1..=self.plugin.runs()).map(|run| format!("token-{run}"));
        *self.lines.lock().unwrap() = runs.collect();
    }
}
