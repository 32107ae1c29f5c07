//! Which owner references ask for which reconciles. No server: the mapper of
//! `owns` is a function on streams.

use std::convert::Infallible;

use examples::{
    document::Document,
    runtime_internals::controller_pipeline::documents_and_texts,
    testing::{Received, api_server::Cut},
};
use futures::{TryStreamExt, stream};
use k8s_openapi::{
    api::core::v1::ConfigMap, apimachinery::pkg::apis::meta::v1::OwnerReference,
};
use kube::runtime::{
    controller::{ReconcileRequest, trigger_owners},
    reflector::ObjectRef,
};

use super::stage::{Stage, document, owned_by, text};

/// The documents that a change of `child` asks for.
async fn asked_by(child: ConfigMap) -> Vec<ObjectRef<Document>> {
    let children = stream::iter([Ok::<_, Infallible>(child)]);
    let requests: Vec<ReconcileRequest<Document>> = trigger_owners(children, (), ())
        .try_collect()
        .await
        .unwrap();
    requests
        .into_iter()
        .map(|request| request.obj_ref)
        .collect()
}

fn reference(name: &str) -> ObjectRef<Document> {
    ObjectRef::new(name).within("default")
}

/// All owners of the kind are asked for, not only the one that is the controller.
#[tokio::test]
async fn every_owner_of_the_kind_is_asked_for() {
    let (one, other) = (document("one"), document("other"));
    let owners = [
        OwnerReference {
            controller: Some(true),
            ..owned_by(&one)
        },
        owned_by(&other),
    ];
    let asked = asked_by(text("text", &owners)).await;
    assert_eq!(asked, [reference("one"), reference("other")]);
}

/// An owner reference in another version of the group asks for nothing.
#[tokio::test]
async fn an_owner_reference_of_another_version_asks_for_nothing() {
    let written_before = OwnerReference {
        api_version: "example.com/v1beta1".to_owned(),
        ..owned_by(&document("guide"))
    };
    assert_eq!(asked_by(text("text", &[written_before])).await, []);
    let written_now = owned_by(&document("guide"));
    assert_eq!(
        asked_by(text("text", &[written_now])).await,
        [reference("guide")]
    );
}

/// The owner is asked for in the namespace of the child, wherever it is.
#[tokio::test]
async fn an_owner_is_asked_for_in_the_namespace_of_the_child() {
    let mut child = text("text", &[owned_by(&document("guide"))]);
    child.metadata.namespace = Some("drafts".to_owned());
    assert_eq!(
        asked_by(child).await,
        [ObjectRef::new("guide").within("drafts")]
    );
}

/// What belonged to a deleted document of the same name reconciles the new one:
/// the uid is not compared.
#[tokio::test(start_paused = true)]
async fn a_child_of_a_former_owner_reconciles_the_new_one() {
    let stage = Stage::new();
    stage.server.put(&document("guide")).unwrap();
    stage.watch(documents_and_texts(&stage.client)).await;
    let former = OwnerReference {
        uid: "uid-of-a-former-guide".to_owned(),
        ..owned_by(&document("guide"))
    };
    stage.server.put(&text("text", &[former])).unwrap();
    assert_eq!(
        stage.reasons().await,
        ["related object updated: ConfigMap.v1./text.default"]
    );
}

/// A child from which the owner reference is removed reconciles its former owner
/// no more: the event holds the new state alone.
#[tokio::test(start_paused = true)]
async fn a_child_that_is_let_go_tells_its_owner_nothing() {
    let stage = Stage::new();
    let guide = document("guide");
    stage.server.put(&guide).unwrap();
    stage
        .server
        .put(&text("text", &[owned_by(&guide)]))
        .unwrap();
    stage.watch(documents_and_texts(&stage.client)).await;
    stage.server.touch(&text("text", &[])).unwrap();
    assert_eq!(stage.runs().await.len(), 1);
    stage.server.put(&text("text", &[])).unwrap();
    assert_eq!(stage.runs().await, []);
}

/// A child that is deleted while its watch is down, with a list after it,
/// reconciles nobody: of two children in the list's past, the other one's owner
/// alone is asked for.
#[tokio::test(start_paused = true)]
async fn a_child_deleted_before_a_relist_reconciles_nobody() {
    let stage = Stage::new();
    for name in ["guide", "faq"] {
        let owner = document(name);
        stage.server.put(&text(name, &[owned_by(&owner)])).unwrap();
        stage.server.put(&owner).unwrap();
    }
    stage.watch(documents_and_texts(&stage.client)).await;
    let texts = |it: &Received| it.target.contains("configmaps");
    assert_eq!(stage.server.cut(texts, Cut::Clean), 1);
    stage.server.remove(&text("faq", &[])).unwrap();
    stage.server.expire();
    tokio::time::sleep(super::stage::secs(5)).await;
    let runs = stage.runs().await.into_iter().map(|run| run.object);
    assert_eq!(
        runs.collect::<Vec<_>>(),
        ["Document.v1.example.com/guide.default"]
    );
}
