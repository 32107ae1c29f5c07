//! Mappers of `watches`.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use examples::{
    document::Document,
    runtime_internals::controller_pipeline::{KEY, documents_and_keys},
};
use http::Request;
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api, ResourceExt,
    runtime::{Controller, reflector::ObjectRef, watcher::Config},
};

use super::stage::{Run, Stage, document};
use crate::support::documents;

fn secret(name: &str) -> Secret {
    let mut secret = Secret::default();
    secret.metadata.name = Some(name.to_owned());
    secret.metadata.namespace = Some("default".to_owned());
    secret
}

fn needing(name: &str, key: &str) -> Document {
    let mut document = document(name);
    document.annotations_mut().insert(KEY.into(), key.into());
    document
}

/// Two documents that need the Secret `signing`, and one that needs another.
async fn three_documents() -> Stage {
    let stage = Stage::new();
    stage.server.put(&needing("faq", "other")).unwrap();
    stage.server.put(&needing("guide", "signing")).unwrap();
    stage.server.put(&needing("intro", "signing")).unwrap();
    stage.watch(documents_and_keys(&stage.client)).await;
    stage
}

fn guide_and_intro(runs: Vec<Run>) {
    let mut objects: Vec<_> = runs.iter().map(|run| &*run.object).collect();
    objects.sort();
    let expected =
        ["guide", "intro"].map(|name| format!("Document.v1.example.com/{name}.default"));
    assert_eq!(objects, expected);
    let reason = "related object updated: Secret.v1./signing.default";
    assert!(runs.iter().all(|run| run.reason == reason), "{runs:?}");
}

/// A mapper with the Store finds the documents that need a Secret, when it
/// appears, when it changes and when it is deleted.
#[tokio::test(start_paused = true)]
async fn a_mapper_finds_in_the_store_who_needs_a_secret() {
    let stage = three_documents().await;
    stage.server.put(&secret("signing")).unwrap();
    guide_and_intro(stage.runs().await);
    stage.server.touch(&secret("signing")).unwrap();
    guide_and_intro(stage.runs().await);
    stage.server.remove(&secret("signing")).unwrap();
    guide_and_intro(stage.runs().await);
}

/// The Secrets are watched by their metadata, and the answer to such a request has
/// no data, which the same request without it has.
#[tokio::test(start_paused = true)]
async fn a_watched_partial_object_comes_without_its_data() {
    let stage = three_documents().await;
    let asked = stage.server.finish().unwrap();
    let of_secrets = asked
        .iter()
        .filter(|it| it.request.target.contains("secrets"));
    let accepts: Vec<_> = of_secrets
        .map(|it| it.request.header("accept").unwrap())
        .collect();
    assert_eq!(
        accepts,
        [
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
            "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
        ]
    );
    let mut signing = secret("signing");
    signing.data = Some([("key".to_owned(), Default::default())].into());
    stage.server.put(&signing).unwrap();
    let listed = async |accept: &str| {
        let list = Request::get("/api/v1/secrets").header("accept", accept);
        let list = list.body(Vec::new()).unwrap();
        stage.client.request_text(list).await.unwrap()
    };
    assert!(!listed(accepts[0]).await.contains(r#""data""#));
    assert!(listed("application/json").await.contains(r#""data""#));
}

/// A mapper is called once for each event, whether or not anything is reconciled
/// because of it, and for each object of a list.
#[tokio::test(start_paused = true)]
async fn a_mapper_is_called_for_every_event() {
    let stage = Stage::new();
    for name in ["a", "b", "c"] {
        stage.server.put(&secret(name)).unwrap();
    }
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let secrets: Api<Secret> = Api::default_namespaced(stage.client.clone());
    let controller = Controller::new(documents(&stage.client), Config::default())
        .watches(secrets, Config::default(), move |_| {
            counted.fetch_add(1, Relaxed);
            None::<ObjectRef<Document>>
        });
    stage.watch(controller).await;
    assert_eq!(calls.load(Relaxed), 3);
    for _ in 0..2 {
        stage.server.touch(&secret("a")).unwrap();
    }
    assert_eq!(stage.runs().await, []);
    assert_eq!(calls.load(Relaxed), 5);
}
