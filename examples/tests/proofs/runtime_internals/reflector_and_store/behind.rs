//! The Store and what has been written already.

use std::{sync::Arc, time::Duration};

use examples::{
    document::Document,
    runtime_internals::reflector_and_store::mark,
    testing::{Answer, Script, Service},
};
use futures::StreamExt;
use kube::{
    Api, ResourceExt,
    api::{Patch, PatchParams},
    runtime::{Controller, controller::Action, reflector::Store, watcher},
};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{contents, document, event, object};
use crate::support::{documents, timeline::Timeline};

/// The document with its words counted, as of version 3.
fn counted() -> Value {
    let mut counted = object("faq", "3");
    counted["status"] = json!({ "words": 2 });
    counted
}

struct Context {
    documents: Api<Document>,
    timeline: Timeline,
}

/// Counts the words unless the object it is given has them, and looks again in
/// two seconds.
async fn reconcile(given: Arc<Document>, context: Arc<Context>) -> kube::Result<Action> {
    let Context {
        documents,
        timeline,
    } = &*context;
    let version = given.resource_version().unwrap();
    let words = given.status.as_ref().and_then(|status| status.words);
    if words.is_some() {
        timeline.note("reconcile", format!("v{version}: done"));
        return Ok(Action::await_change());
    }
    timeline.note("reconcile", format!("v{version}: patch"));
    let status = Patch::Merge(json!({ "status": { "words": 2 } }));
    let written = documents
        .patch_status("faq", &PatchParams::default(), &status)
        .await?;
    let version = written.resource_version().unwrap();
    timeline.note("API server", format!("has v{version}"));
    Ok(Action::requeue(Duration::from_secs(2)))
}

/// A Controller hands out what its Store holds: until the watch has brought the
/// reconciler's own write back, every reconcile is given the object from before.
#[tokio::test(start_paused = true)]
async fn a_reconciler_is_given_the_object_from_before_its_own_write() {
    let late = Duration::from_secs(5);
    let service = Service::new(Script::rule(move |request| {
        match (
            request.method.as_str(),
            request.target.contains("watch=true"),
        ) {
            ("GET", false) => Answer::list(&[object("faq", "2")]),
            ("GET", true) => {
                Answer::watch(&[]).then(late, &event("MODIFIED", &counted()))
            }
            _ => Answer::json(&counted()),
        }
    }));
    let documents = documents(&service.client());
    let timeline = Timeline::start();
    let controller = Controller::new(documents.clone(), watcher::Config::default());
    let store = controller.store();
    let context = Context {
        documents,
        timeline: timeline.clone(),
    };
    let run = controller
        .run(reconcile, |_, _, _| Action::await_change(), context.into())
        .for_each(|_| async {});
    let run = tokio::spawn(run);
    note_the_store(&store, &timeline).await;
    run.abort();
    timeline.output(
        "runtime_internals/reflector_and_store/behind.txt",
        "runtime_internals/reflector_and_store/behind.svg",
    );
}

/// Looks at the Store for seven seconds and notes each new version.
async fn note_the_store(store: &Store<Document>, timeline: &Timeline) {
    let mut last = "-".to_owned();
    while timeline.now() < 7.0 {
        let held = contents(store);
        if held != last {
            timeline.note("Store", &held);
            last = held;
        }
        sleep(Duration::from_millis(1)).await;
    }
}

/// `mark` sends the version of the copy it was given, by which the API server
/// can tell that it is out of date.
#[tokio::test]
async fn a_replace_of_a_stale_copy_is_a_conflict() {
    let service = Service::new(Script::rule(|request| {
        let sent: Value = serde_json::from_slice(&request.body).unwrap();
        match sent["metadata"]["resourceVersion"].as_str() {
            Some("3") => Answer::json(&sent),
            _ => Answer::failure(409, "Conflict", "the object has been modified"),
        }
    }));
    let documents = documents(&service.client());
    let stale = mark(&documents, &document("faq", "2")).await;
    assert!(matches!(stale, Err(kube::Error::Api(status)) if status.is_conflict()));
    let current = mark(&documents, &document("faq", "3")).await.unwrap();
    assert_eq!(current.annotations()["example.com/reviewed"], "yes");
}
