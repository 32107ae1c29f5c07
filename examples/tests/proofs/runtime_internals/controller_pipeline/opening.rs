//! The run at the top of the page.

use examples::runtime_internals::controller_pipeline::documents_and_texts;
use kube::{
    api::{Patch, PatchParams},
    runtime::controller::Action,
};
use serde_json::json;

use super::stage::{Stage, document, owned_by, text};
use crate::support::{documents, output};

/// What follows a change, as lines of the output.
async fn follows(stage: &Stage, change: &str) -> String {
    let mut lines = format!("{change}\n");
    for run in stage.runs().await {
        lines += &format!("    run: {}\n         {}\n", run.object, run.reason);
    }
    for error in stage.errors() {
        lines += &format!("    error: {error}\n");
    }
    if lines.lines().count() == 1 {
        lines += "    nothing\n";
    }
    lines
}

/// A controller reconciles a document after each change of the document, its
/// status included, and after each change or deletion of what it owns; after the
/// document's own deletion it reconciles nothing.
#[tokio::test(start_paused = true)]
async fn every_change_but_its_deletion_reconciles_a_document() {
    let stage = Stage::new();
    stage.watch(documents_and_texts(&stage.client)).await;
    let mut guide = document("guide");
    let mut told = Vec::new();

    stage.server.put(&guide).unwrap();
    told.push(follows(&stage, "guide is created").await);
    guide.spec.content = "four words for once".to_owned();
    stage.server.put(&guide).unwrap();
    told.push(follows(&stage, "somebody edits guide").await);
    let documents = documents(&stage.client);
    let status = Patch::Merge(json!({ "status": { "words": 4 } }));
    documents
        .patch_status("guide", &PatchParams::default(), &status)
        .await
        .unwrap();
    told.push(follows(&stage, "somebody writes the status of guide").await);

    let text_of_guide = text("text", &[owned_by(&guide)]);
    stage.server.put(&text_of_guide).unwrap();
    told.push(follows(&stage, "the ConfigMap text appears, owned by guide").await);
    stage.server.remove(&text_of_guide).unwrap();
    told.push(follows(&stage, "somebody deletes text").await);
    stage.server.put(&text("stray", &[])).unwrap();
    told.push(follows(&stage, "the ConfigMap stray appears, owned by nobody").await);

    stage.server.put(&text_of_guide).unwrap();
    stage.runs().await;
    stage.server.remove(&guide).unwrap();
    told.push(follows(&stage, "somebody deletes guide").await);
    stage.server.remove(&text_of_guide).unwrap();
    told.push(follows(&stage, "the garbage collector deletes text").await);

    output(
        "runtime_internals/controller_pipeline/opening.txt",
        &told.concat(),
    );
    stage.server.finish().unwrap();
}

/// A status that the reconciler writes itself reconciles the document once more.
/// The same status again changes nothing, and makes no event.
#[tokio::test(start_paused = true)]
async fn a_reconciler_that_writes_a_status_runs_once_more() {
    let stage = Stage::new();
    stage.server.put(&document("guide")).unwrap();
    let client = stage.client.clone();
    stage.start(documents_and_texts(&stage.client), move |_| {
        let documents = documents(&client);
        async move {
            let status = Patch::Merge(json!({ "status": { "words": 3 } }));
            documents
                .patch_status("guide", &PatchParams::default(), &status)
                .await?;
            Ok(Action::await_change())
        }
    });
    assert_eq!(stage.reasons().await, ["object updated"; 2]);
}
