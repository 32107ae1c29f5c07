//! The in-memory server, on which whole controllers run in this book, held
//! against a real one.

mod talk;

use examples::{
    document::Document,
    testing::{
        ApiServer,
        api_server::Kind,
        recording::{Recorded, difference},
    },
};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{Client, CustomResource, CustomResourceExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use talk::Talk;

const NAMESPACE: &str = "in-memory";
const DOCUMENTS: &str = "/apis/example.com/v1/namespaces/in-memory/documents";
const MAPS: &str = "/api/v1/namespaces/in-memory/configmaps";
const SHELVES: &str = "/apis/in-memory.example.com/v1/shelves";
const JSON: &str = "application/json";
const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const METADATA_LIST: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
const LATER: &str = "resourceVersionMatch=NotOlderThan";

/// A kind without namespaces and without the status subresource.
#[derive(CustomResource, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[kube(group = "in-memory.example.com", version = "v1", kind = "Shelf")]
#[kube(plural = "shelves")]
pub struct ShelfSpec {
    room: String,
}

/// The in-memory server answers more than a hundred requests as a real one
/// answers them: writes, conflicts, patches, finalizers, lists, watches.
#[tokio::test]
async fn the_in_memory_server_answers_as_a_real_one() {
    let mut real = Recorded::open("index/in_memory.http").await.unwrap();
    real.namespace(NAMESPACE).await.unwrap();
    real.crd(&Document::crd()).await.unwrap();
    real.without_crd(Shelf::crd_name()).await.unwrap();
    real.crd(&Shelf::crd()).await.unwrap();
    let recorded = conversation(real.client().unwrap()).await;
    real.finish().await.unwrap();

    tokio::time::pause();
    let shelf = Kind {
        status: false,
        ..Kind::of::<Shelf>()
    };
    let server = ApiServer::new().with::<Document>().with::<ConfigMap>();
    let server = server.with_kind(shelf);
    // A cluster never begins at 1, from which one watch starts.
    server.expire();
    let answered = conversation(server.client()).await;
    server.finish().unwrap();

    let difference = difference(&recorded, &answered, "real", "in memory");
    assert!(difference.is_empty(), "{difference}");
}

/// All that the in-memory server imitates, in one conversation.
async fn conversation(client: Client) -> String {
    let mut talk = Talk::new(client);
    let listed = talk.get(DOCUMENTS).await;
    create_and_lock(&mut talk).await;
    patch(&mut talk).await;
    delete(&mut talk).await;
    lists(&mut talk).await;
    watches(&mut talk, listed).await;
    elsewhere(&mut talk).await;
    maps(&mut talk).await;
    shelf(&mut talk).await;
    talk.delete(DOCUMENTS).await;
    talk.transcript()
}

fn document(name: &str) -> Value {
    json!({
        "apiVersion": "example.com/v1", "kind": "Document",
        "metadata": { "name": name, "labels": { "x": "1" }, "finalizers": [] },
        "spec": { "title": name, "content": "" }, "status": { "words": 9 },
    })
}

fn titled(title: &str) -> Value {
    json!({ "spec": { "title": title } })
}

fn labelled(x: &str) -> Value {
    json!({ "metadata": { "labels": { "x": x } } })
}

async fn create_and_lock(talk: &mut Talk) {
    let a = &format!("{DOCUMENTS}/a");
    let created = talk.post(DOCUMENTS, document("a")).await;
    talk.post(DOCUMENTS, document("a")).await;
    talk.post(DOCUMENTS, document("")).await;
    talk.get(&format!("{DOCUMENTS}/nobody")).await;
    // Without a version, with the right one, with the same again.
    talk.put(a, document("a")).await;
    let mut stale = created.clone();
    stale["spec"]["title"] = json!("changed");
    talk.put(a, stale.clone()).await;
    talk.put(a, stale).await;
    let version = &created["metadata"]["resourceVersion"];
    talk.merge(a, json!({ "metadata": { "resourceVersion": version } }))
        .await;
}

async fn patch(talk: &mut Talk) {
    let a = &format!("{DOCUMENTS}/a");
    talk.merge(a, titled("changed")).await;
    let both = json!({ "spec": { "title": "again" }, "status": { "words": 1 } });
    talk.merge(a, both).await;
    talk.merge(a, json!({ "metadata": { "name": "other" } }))
        .await;
    talk.merge(a, json!({ "metadata": { "uid": "other" } }))
        .await;
    let test = json!([{ "op": "test", "path": "/spec/title", "value": "wrong" }]);
    talk.json_patch(a, test).await;
    talk.json_patch(a, json!([{ "op": "remove", "path": "/spec/nothing" }]))
        .await;
    talk.json_patch(a, json!([{ "op": "erase", "path": "/spec/title" }]))
        .await;
    let orphan = json!([{ "op": "test", "path": "/status/words", "value": null }]);
    talk.json_patch(a, orphan).await;
    talk.merge(a, json!({ "metadata": { "namespace": "other" } }))
        .await;
    talk.merge(a, json!({ "metadata": { "generation": 50 } }))
        .await;
    let names = ["example.com/one", "example.com/two"];
    let finalize = json!([
        { "op": "test", "path": "/metadata/finalizers", "value": null },
        { "op": "add", "path": "/metadata/finalizers", "value": names },
    ]);
    talk.json_patch(a, finalize.clone()).await;
    talk.json_patch(a, finalize).await;
    let status = &format!("{a}/status");
    let labels = json!({ "labels": { "y": "1" } });
    let words = json!({ "status": { "words": 3 }, "spec": { "title": "no" }, "metadata": labels });
    talk.merge(status, words.clone()).await;
    talk.merge(status, words).await;
}

async fn delete(talk: &mut Talk) {
    let a = &format!("{DOCUMENTS}/a");
    talk.delete(a).await;
    talk.delete(a).await;
    let names = ["example.com/one", "example.com/new"];
    talk.merge(a, json!({ "metadata": { "finalizers": names } }))
        .await;
    let one = json!([{ "op": "remove", "path": "/metadata/finalizers/0" }]);
    talk.json_patch(a, one).await;
    talk.merge(a, titled("last words")).await;
    talk.merge(a, json!({ "metadata": { "finalizers": null } }))
        .await;
    talk.get(a).await;
}

async fn lists(talk: &mut Talk) {
    for name in ["b", "c", "d"] {
        talk.post(DOCUMENTS, document(name)).await;
    }
    let page = talk.get(&format!("{DOCUMENTS}?limit=2")).await;
    let token = page["metadata"]["continue"].as_str().unwrap();
    talk.delete(&format!("{DOCUMENTS}/d")).await;
    // Waits for the cache, out of which some of the lists below are answered.
    talk.get(DOCUMENTS).await;
    talk.get(&format!("{DOCUMENTS}?limit=2&continue={token}"))
        .await;
    let version = page["metadata"]["resourceVersion"].as_str().unwrap();
    for query in [
        &format!("resourceVersion={version}&resourceVersionMatch=Exact"),
        &format!("resourceVersion={version}&limit=1"),
        &format!("resourceVersion={version}&limit=2&{LATER}"),
        &format!("resourceVersion={version}"),
        "resourceVersion=0&limit=1",
        &format!("resourceVersion={version}&limit=2&continue={token}"),
    ] {
        talk.get(&format!("{DOCUMENTS}?{query}")).await;
    }
    let c = &format!("{DOCUMENTS}/c");
    for x in ["2", "1"] {
        talk.merge(c, labelled(x)).await;
    }
    for query in [
        "labelSelector=x%3D2",
        "labelSelector=x+in+(1,3),!y",
        "labelSelector=x!%3D1",
        "fieldSelector=metadata.name%3Db",
    ] {
        talk.get(&format!("{DOCUMENTS}?{query}")).await;
    }
    talk.get_as(DOCUMENTS, METADATA_LIST).await;
    talk.get_as(&format!("{DOCUMENTS}/b"), METADATA).await;
}

/// Everything that has happened to documents since they were listed.
async fn watches(talk: &mut Talk, listed: Value) {
    let start = listed["metadata"]["resourceVersion"].as_str().unwrap();
    for query in [
        &format!("resourceVersion={start}"),
        &format!("resourceVersion={start}&labelSelector=x%3D1"),
        "resourceVersion=1",
        "resourceVersion=0",
        "resourceVersion=0&allowWatchBookmarks=true",
        "sendInitialEvents=true",
        LATER,
    ] {
        talk.watch(&format!("{DOCUMENTS}?{query}"), JSON).await;
    }
    talk.watch(&format!("{DOCUMENTS}?resourceVersion={start}"), METADATA)
        .await;
    let streaming = format!("sendInitialEvents=true&{LATER}&allowWatchBookmarks=true");
    for form in [JSON, METADATA] {
        talk.watch(&format!("{DOCUMENTS}?{streaming}"), form).await;
    }
}

/// Paths that lead nowhere, or to what is not there.
async fn elsewhere(talk: &mut Talk) {
    talk.delete(&format!("{DOCUMENTS}/b/status")).await;
    talk.get("/apis/example.com/v1/namespaces/nowhere/documents")
        .await;
    talk.get(&format!("{DOCUMENTS}?limit=1&labelSelector=x%3D1"))
        .await;
    talk.get("/apis/example.com/v1/documents/b").await;
    talk.post("/apis/example.com/v1/documents", document("b"))
        .await;
    talk.get("/api/v1/configmaps/a").await;
    talk.delete("/api/v1/configmaps").await;
    talk.post(&format!("{MAPS}/a"), json!({ "metadata": { "name": "a" } }))
        .await;
    talk.get("/apis/nobody.example.com/v1/documents").await;
}

/// A kind without generation and status, of which a PUT need not say the version.
async fn maps(talk: &mut Talk) {
    let map = |data: &str| json!({ "metadata": { "name": "a" }, "data": { "a": data } });
    let a = &format!("{MAPS}/a");
    let created = talk.post(MAPS, map("1")).await;
    talk.put(a, map("2")).await;
    talk.put(a, map("2")).await;
    talk.post(MAPS, created.clone()).await;
    let counted = json!({ "metadata": { "name": "counted", "generation": 7 } });
    talk.post(MAPS, counted).await;
    talk.put(
        &format!("{MAPS}/counted"),
        json!({ "metadata": { "name": "counted" } }),
    )
    .await;
    talk.delete(&format!("{MAPS}/counted")).await;
    talk.merge(a, json!({ "data": { "b": "1" }, "metadata": { "finalizers": ["example.com/one"] } }))
        .await;
    talk.get(&format!("{MAPS}?fieldSelector=metadata.name%3Da"))
        .await;
    talk.get(&format!("{a}/status")).await;
    talk.delete(a).await;
    talk.merge(a, json!({ "metadata": { "finalizers": [] } }))
        .await;
    talk.get(a).await;
    let start = created["metadata"]["resourceVersion"].as_str().unwrap();
    talk.watch(&format!("{MAPS}?resourceVersion={start}"), JSON)
        .await;
    talk.post(MAPS, json!({ "metadata": { "generateName": "map-" } }))
        .await;
}

/// A kind without namespaces and status; nothing keeps others from its `status`.
async fn shelf(talk: &mut Talk) {
    let shelf = json!({
        "apiVersion": "in-memory.example.com/v1", "kind": "Shelf",
        "metadata": { "name": "a" }, "spec": { "room": "1" },
    });
    let a = &format!("{SHELVES}/a");
    let created = talk.post(SHELVES, shelf.clone()).await;
    talk.put(a, shelf).await;
    talk.merge(a, json!({ "spec": { "room": "2" } })).await;
    talk.merge(a, labelled("1")).await;
    talk.merge(&format!("{a}/status"), json!({ "status": {} }))
        .await;
    talk.get(&format!("{a}/status")).await;
    talk.get("/apis/in-memory.example.com/v1/namespaces/in-memory/shelves/a")
        .await;
    talk.get(SHELVES).await;
    talk.get_as(SHELVES, METADATA_LIST).await;
    talk.delete(a).await;
    talk.delete(a).await;
    let start = created["metadata"]["resourceVersion"].as_str().unwrap();
    talk.watch(&format!("{SHELVES}?resourceVersion={start}"), JSON)
        .await;
}
