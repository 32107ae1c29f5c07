//! The proofs of the page *From a watcher to your code*.

mod backoff;
mod consumers;
mod memory;
mod objects;
mod places;
mod predicates;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use backon::ExponentialBuilder;
use examples::{
    document::Document,
    testing::{Answer, Received, Script, Service},
};
use futures::{Stream, StreamExt, future::ready};
use kube::{
    Api,
    runtime::watcher::{self, Config, Event, ExponentialBackoff},
};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::support::documents;

/// A service that answers by `rule`, and when its requests came.
fn timed(
    mut rule: impl FnMut(&Received) -> Answer + Send + 'static,
) -> (Service, Arrivals) {
    let arrivals = Arrivals {
        start: Instant::now(),
        noted: Arc::default(),
    };
    let noting = arrivals.clone();
    let service = Service::new(Script::rule(move |request| {
        let at = noting.start.elapsed().as_secs_f64();
        noting.noted.lock().unwrap().push(at);
        rule(request)
    }));
    (service, arrivals)
}

/// When requests came, in seconds since the service began.
#[derive(Clone)]
struct Arrivals {
    start: Instant,
    noted: Arc<Mutex<Vec<f64>>>,
}

impl Arrivals {
    fn count(&self) -> usize {
        self.noted.lock().unwrap().len()
    }

    /// From each request to the next, in seconds.
    fn gaps(&self) -> Vec<f64> {
        let noted = self.noted.lock().unwrap();
        noted.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    /// The gaps that are pauses, in whole seconds.
    fn pauses(&self) -> Vec<u64> {
        let gaps = self.gaps().into_iter();
        gaps.map(|gap| gap.round() as u64)
            .filter(|gap| *gap > 0)
            .collect()
    }
}

fn is_watch(request: &Received) -> bool {
    request.target.contains("watch=true")
}

fn api(service: &Service) -> Api<Document> {
    documents(&service.client())
}

/// What a watcher of the documents of `service` gives.
fn watch(
    service: &Service,
) -> impl Stream<Item = watcher::Result<Event<Document>>> + use<> {
    watcher::watcher(api(service), Config::default())
}

/// Consumes `stream` for so many seconds and returns its items. It is dropped
/// then, if it has not ended.
async fn items<T>(seconds: u64, stream: impl Stream<Item = T>) -> Vec<T> {
    let items = Mutex::new(Vec::new());
    let all = stream.for_each(|item| {
        items.lock().unwrap().push(item);
        ready(())
    });
    let _ = timeout(Duration::from_secs(seconds), all).await;
    items.into_inner().unwrap()
}

/// Pauses of 1 s, 2 s, 4 s and so on up to 30 s, without an end or a jitter.
fn doubling() -> ExponentialBackoff {
    ExponentialBackoff::from(
        ExponentialBuilder::default()
            .with_max_delay(Duration::from_secs(30))
            .without_max_times(),
    )
}

/// The document `name` as an API server would show it.
fn document(name: &str, version: u32, generation: u32) -> Value {
    json!({
        "apiVersion": "example.com/v1", "kind": "Document",
        "metadata": {
            "name": name, "namespace": "default", "uid": format!("{name}-1"),
            "resourceVersion": version.to_string(), "generation": generation,
        },
        "spec": { "title": name, "content": "" },
    })
}

/// The same object with a finalizer.
fn finalized(mut object: Value) -> Value {
    object["metadata"]["finalizers"] = json!(["example.com/tidy"]);
    object
}

/// The same object with a number of words in its status.
fn counted(mut object: Value, words: u32) -> Value {
    object["status"] = json!({ "words": words });
    object
}

/// A line of a watch: `ADDED`, `MODIFIED`, `DELETED`.
fn line(kind: &str, object: &Value) -> Value {
    json!({ "type": kind, "object": object })
}

/// The line with which a server says that a version is too old.
fn expired() -> Value {
    let status = json!({
        "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure",
        "message": "too old resource version", "reason": "Expired", "code": 410,
    });
    line("ERROR", &status)
}

fn broken() -> Answer {
    Answer::failure(500, "InternalError", "etcd is away")
}

fn decoded(object: &Value) -> Document {
    serde_json::from_value(object.clone()).unwrap()
}
