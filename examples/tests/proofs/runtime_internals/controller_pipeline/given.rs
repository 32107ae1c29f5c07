//! What the reconciler is given.

use std::{
    future::ready,
    sync::{Arc, Mutex},
};

use examples::{
    document::Document, runtime_internals::controller_pipeline::documents_and_texts,
    testing::api_server::Cut,
};
use kube::{
    api::{Patch, PatchParams},
    runtime::{controller::Action, reflector::ObjectRef},
};
use serde_json::json;
use tokio::time::sleep;

use super::stage::{Stage, document, owned_by, secs, text};
use crate::support::{documents, until_all_wait};

/// A document whose text is the number of an edit.
fn edition(number: u32) -> Document {
    let mut guide = document("guide");
    guide.spec.content = number.to_string();
    guide
}

/// Three edits during a run lead to one run more, which is given the last of them.
#[tokio::test(start_paused = true)]
async fn a_run_is_given_the_newest_object_and_not_the_one_that_triggered() {
    let stage = Stage::new();
    let given = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&given);
    stage.start(documents_and_texts(&stage.client), move |guide| {
        noted.lock().unwrap().push(guide.spec.content.clone());
        async {
            sleep(secs(10)).await;
            Ok(Action::await_change())
        }
    });
    for number in 0..4 {
        stage.server.put(&edition(number)).unwrap();
        sleep(secs(1)).await;
    }
    sleep(secs(60)).await;
    assert_eq!(*given.lock().unwrap(), ["0", "3"]);
}

/// The reconciler is given the object that the Store holds, not a copy of it.
#[tokio::test(start_paused = true)]
async fn a_run_is_given_the_object_of_the_store_itself() {
    let stage = Stage::new();
    stage.server.put(&document("guide")).unwrap();
    let controller = documents_and_texts(&stage.client);
    let store = controller.store();
    let given = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&given);
    stage.start(controller, move |guide| {
        noted.lock().unwrap().push(guide);
        ready(Ok(Action::await_change()))
    });
    until_all_wait().await;
    let held = store.get(&ObjectRef::new("guide").within("default"));
    assert!(Arc::ptr_eq(&given.lock().unwrap()[0], &held.unwrap()));
}

/// A request for an object that the Store does not hold is an error in the
/// stream, and no run.
#[tokio::test(start_paused = true)]
async fn an_owner_that_the_store_does_not_hold_is_an_error_and_no_run() {
    let stage = Stage::new();
    stage.watch(documents_and_texts(&stage.client)).await;
    let of_nobody = text("text", &[owned_by(&document("gone"))]);
    stage.server.put(&of_nobody).unwrap();
    assert_eq!(stage.runs().await, []);
    assert_eq!(
        stage.errors(),
        [
            "tried to reconcile object Document.v1.example.com/gone.default that was not \
          found in local store"
        ]
    );
}

/// A run may be given an object that is older than what the run before it wrote.
#[tokio::test(start_paused = true)]
async fn a_run_may_be_given_less_than_the_run_before_wrote() {
    let stage = Stage::new();
    stage.server.put(&document("guide")).unwrap();
    let given = Arc::new(Mutex::new(Vec::new()));
    let (noted, client) = (Arc::clone(&given), stage.client.clone());
    let first_run = secs(2);
    stage.start(documents_and_texts(&stage.client), move |guide| {
        let words = guide.status.as_ref().and_then(|status| status.words);
        noted.lock().unwrap().push(words);
        let documents = documents(&client);
        async move {
            sleep(first_run).await;
            let status = Patch::Merge(json!({ "status": { "words": 3 } }));
            documents
                .patch_status("guide", &PatchParams::default(), &status)
                .await?;
            Ok(Action::requeue(secs(1)))
        }
    });
    sleep(secs(1)).await;
    // From now on no event arrives, though the server takes every write.
    stage.server.cut(|_| true, Cut::Silent);
    sleep(secs(4)).await;
    assert_eq!(*given.lock().unwrap(), [None, None]);
    let stored = documents(&stage.client).get("guide").await.unwrap();
    assert_eq!(stored.status.unwrap().words, Some(3));
}
