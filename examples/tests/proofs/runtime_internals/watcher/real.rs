//! When a real API server makes a watcher list again.

use std::{pin::pin, time::Duration};

use examples::{document::Document, testing::recording::Recorded};
use futures::{Stream, StreamExt, TryStreamExt};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client, CustomResourceExt, ResourceExt,
    api::{ApiResource, DynamicObject, PostParams, WatchEvent, WatchParams},
    runtime::{
        watcher,
        watcher::{Config, Error, Event},
    },
};
use serde_json::json;

/// After an edit of a schema a server takes some seconds to end its watches.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asked for a watch from a version that it has forgotten, an API server answers
/// 200, and says 410 in the first event.
#[tokio::test]
async fn a_server_reports_an_old_version_within_a_watch() {
    let server = Recorded::open("runtime_internals/watcher/old_version.http")
        .await
        .unwrap();
    server.crd(&Document::crd()).await.unwrap();
    let documents: Api<Document> = Api::default_namespaced(server.client().unwrap());

    server.title("watch from version 1");
    let short = WatchParams::default().timeout(1);
    let events = documents.watch(&short, "1").await;
    let events: Vec<_> = events.unwrap().try_collect().await.unwrap();

    assert!(matches!(&events[..], [WatchEvent::Error(status)] if status.code == 410));
    server.finish().await.unwrap();
}

/// An edit of a CRD's schema ends every open watch of the kind, and the server
/// has forgotten all versions from before: a watcher gets a 410 and lists again.
#[tokio::test]
async fn a_watcher_lists_again_after_an_edit_of_the_schema() {
    let server = Recorded::open("runtime_internals/watcher/schema_edited.http")
        .await
        .unwrap();
    let notes = Notes::new(&server, "edited.example.com").await;
    let api = notes.api(server.client().unwrap());
    let mut events = pin!(watcher(api, Config::default()));
    assert_eq!(next(&mut events, 2).await, ["Init", "InitDone"]);
    let version = notes.create(&server).await;
    assert_eq!(next(&mut events, 1).await, ["Apply(a)"]);

    notes.edit(&server).await;
    notes.forgotten(&server, &version).await;

    let expected = ["WatchError 410", "Init", "InitApply(a)", "InitDone"];
    assert_eq!(next(&mut events, 4).await, expected);
    server.finish().await.unwrap();
}

/// A watcher whose CRD is deleted and created again is refused with 404 while it
/// is gone. Then an event says 410, and the watcher lists again by itself.
#[tokio::test]
async fn a_watcher_recovers_when_its_crd_comes_back() {
    let server = Recorded::open("runtime_internals/watcher/crd_comes_back.http")
        .await
        .unwrap();
    let notes = Notes::new(&server, "back.example.com").await;
    let api = notes.api(server.client().unwrap());
    let mut events = pin!(watcher(api, Config::default()));
    assert_eq!(next(&mut events, 2).await, ["Init", "InitDone"]);
    let version = notes.create(&server).await;
    assert_eq!(next(&mut events, 1).await, ["Apply(a)"]);

    notes.delete(&server).await;
    let gone = ["Delete(a)", "WatchStartFailed 404"];
    assert_eq!(next(&mut events, 2).await, gone);

    server.crd(&notes.crd).await.unwrap();
    notes.forgotten(&server, &version).await;
    let again = ["WatchError 410", "Init", "InitDone"];
    assert_eq!(next(&mut events, 3).await, again);
    server.finish().await.unwrap();
}

/// The kind of these proofs: documents, in a group that no other proof uses.
struct Notes {
    crd: CustomResourceDefinition,
    resource: ApiResource,
}

impl Notes {
    /// Makes the kind anew.
    async fn new(server: &Recorded, group: &str) -> Self {
        let mut crd = Document::crd();
        crd.metadata.name = Some(format!("documents.{group}"));
        crd.spec.group = group.to_owned();
        let resource = ApiResource {
            group: group.to_owned(),
            api_version: format!("{group}/v1"),
            ..ApiResource::erase::<Document>(&())
        };
        let notes = Self { crd, resource };
        notes.delete(server).await;
        server.crd(&notes.crd).await.unwrap();
        notes
    }

    async fn delete(&self, server: &Recorded) {
        server.without_crd(&self.crd.name_any()).await.unwrap();
    }

    /// Gives the schema another field.
    async fn edit(&self, server: &Recorded) {
        let mut crd = serde_json::to_value(&self.crd).unwrap();
        let schema = &mut crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        schema["properties"]["spec"]["properties"]["author"] =
            json!({ "type": "string" });
        let crd = serde_json::from_value(crd).unwrap();
        server.crd(&crd).await.unwrap();
    }

    fn api(&self, client: Client) -> Api<DynamicObject> {
        Api::default_namespaced_with(client, &self.resource)
    }

    /// Creates `a`. Gives back its version on the real server; in a replay, none.
    async fn create(&self, server: &Recorded) -> String {
        let spec = json!({ "spec": { "title": "A", "content": "" } });
        let a = DynamicObject::new("a", &self.resource).data(spec);
        let mut version = String::new();
        let create = async |admin| {
            let created = self.api(admin).create(&PostParams::default(), &a).await?;
            version = created.resource_version().unwrap_or_default();
            Ok::<_, kube::Error>(())
        };
        server.prepare(create).await.unwrap();
        version
    }

    /// Waits until the server knows nothing of this version any more.
    async fn forgotten(&self, server: &Recorded, version: &str) {
        let wait = async |admin: Client| {
            let api = self.api(admin);
            while !is_forgotten(&api, version).await {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Ok::<_, kube::Error>(())
        };
        server.prepare(wait).await.unwrap();
    }
}

async fn is_forgotten(api: &Api<DynamicObject>, version: &str) -> bool {
    let parameters = WatchParams::default().timeout(1);
    let Ok(events) = api.watch(&parameters, version).await else {
        return false;
    };
    let first = pin!(events).try_next().await;
    matches!(first, Ok(Some(WatchEvent::Error(status))) if status.code == 410)
}

/// The next `count` items of a watcher, or as many as come in time.
async fn next<K: ResourceExt>(
    events: &mut (impl Stream<Item = watcher::Result<Event<K>>> + Unpin),
    count: usize,
) -> Vec<String> {
    let told = |item| match item {
        Ok(event) => format!("{event}"),
        Err(Error::WatchError(status)) => format!("WatchError {}", status.code),
        Err(Error::WatchStartFailed(kube::Error::Api(status))) => {
            format!("WatchStartFailed {}", status.code)
        }
        Err(other) => other.to_string(),
    };
    // A replay that differs may leave a watch open for ever.
    let events = events.take_until(Box::pin(tokio::time::sleep(PATIENCE)));
    events.take(count).map(told).collect().await
}
