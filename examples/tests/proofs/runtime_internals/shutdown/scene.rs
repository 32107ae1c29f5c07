//! Controllers over a scripted service, and what their reconciles do.

use std::{convert::Infallible, sync::Arc, time::Duration};

use examples::{
    document::Document,
    testing::{Answer, Script, Service},
};
use futures::{Stream, StreamExt};
use kube::runtime::{
    Controller,
    controller::{Action, Error},
    reflector::ObjectRef,
    watcher,
};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::{documents, timeline::Timeline};

/// What a controller gives out.
pub type Outcome =
    Result<(ObjectRef<Document>, Action), Error<Infallible, watcher::Error>>;

/// A service that answers each list and each watch like this.
pub fn service(list: Answer, watch: Answer) -> Service {
    let rule = move |request: &examples::testing::Received| match request
        .target
        .contains("watch=true")
    {
        true => watch.clone(),
        false => list.clone(),
    };
    Service::new(Script::rule(rule))
}

/// A service with these documents, of which none ever changes.
pub fn unchanging(names: &[&str]) -> Service {
    service(listed(names), Answer::watch(&[]))
}

pub fn listed(names: &[&str]) -> Answer {
    let documents: Vec<_> = names.iter().map(|name| document(name, 1)).collect();
    Answer::list(&documents)
}

pub fn modified(name: &str, version: u32) -> Value {
    json!({ "type": "MODIFIED", "object": document(name, version) })
}

fn document(name: &str, version: u32) -> Value {
    json!({
        "apiVersion": "example.com/v1", "kind": "Document",
        "metadata": {
            "name": name, "namespace": "default", "resourceVersion": version.to_string(),
        },
        "spec": { "title": "Questions", "content": "Why?" },
    })
}

/// A controller of the documents behind this service.
pub fn controller(service: &Service) -> Controller<Document> {
    Controller::new(documents(&service.client()), watcher::Config::default())
}

/// The stream of a controller with this reconciler.
pub fn run<Run>(
    controller: Controller<Document>,
    mut reconcile: impl FnMut(Arc<Document>) -> Run + Send + 'static,
) -> impl Stream<Item = Outcome> + Send + 'static
where
    Run: Future<Output = Action> + Send + 'static,
{
    let reconciler = move |document, _| {
        let run = reconcile(document);
        async move { Ok::<_, Infallible>(run.await) }
    };
    let policy = |_, error: &Infallible, _| match *error {};
    controller.run(reconciler, policy, Arc::new(()))
}

/// Runs a controller to its end, for at most a day, and tells of the end.
pub async fn to_the_end(
    timeline: &Timeline,
    results: impl Stream<Item = Outcome>,
) -> Option<Vec<Outcome>> {
    let all = tokio::time::timeout(secs(86_400), results.collect()).await;
    timeline.note("controller", if all.is_ok() { "ended" } else { "goes on" });
    all.ok()
}

/// Notes what the service does at a moment to come.
pub fn note_at(
    timeline: &Timeline,
    seconds: u64,
    lane: &'static str,
    what: &'static str,
) {
    let timeline = timeline.clone();
    tokio::spawn(async move {
        sleep(secs(seconds)).await;
        timeline.note(lane, what);
    });
}

/// Notes the moment when shutdown is asked for.
pub fn after(
    timeline: &Timeline,
    seconds: u64,
) -> impl Future<Output = ()> + Send + Sync + 'static {
    let timeline = timeline.clone();
    async move {
        sleep(secs(seconds)).await;
        timeline.note("shutdown", "asked for");
    }
}

pub fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
