//! What a real API server answers to the requests of a watcher.

use examples::testing::recording::Recorded;
use futures::{StreamExt, TryStreamExt};
use http::Request;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Client, ResourceExt, Result,
    api::{
        ListParams, ObjectList, Patch, PatchParams, PostParams, WatchEvent, WatchParams,
    },
    runtime::{
        watcher,
        watcher::{Config, Event},
    },
};
use serde_json::json;

/// Opens a recording; on a real server there are three objects before it begins.
async fn three_maps(recording: &'static str, namespace: &str) -> Recorded {
    let mut server = Recorded::open(recording).await.unwrap();
    server.namespace(namespace).await.unwrap();
    let create = async |admin: Client| {
        let maps: Api<ConfigMap> = Api::namespaced(admin, namespace);
        for name in ["a", "b", "c"] {
            let map = serde_json::from_value(json!({ "metadata": { "name": name } }));
            maps.create(&PostParams::default(), &map.unwrap()).await?;
        }
        // Answered when the server's cache has all three.
        maps.list(&ListParams::default()).await.map(drop)
    };
    server.prepare(create).await.unwrap();
    server
}

/// An API server answers a streaming list with each object that exists, then with
/// a bookmark that says so.
#[tokio::test]
async fn a_server_ends_a_streaming_list_with_a_bookmark() {
    let recording = "runtime_internals/watcher_requests/streaming_list.http";
    let server = three_maps(recording, "streaming-list").await;
    let maps: Api<ConfigMap> =
        Api::namespaced(server.client().unwrap(), "streaming-list");

    server.title("streaming list");
    let config = Config::default().streaming_lists();
    let events = watcher(maps, config)
        .take(5)
        .map(|event| event.unwrap().to_string());
    let events: Vec<_> = events.collect().await;

    let all = ["InitApply(a)", "InitApply(b)", "InitApply(c)"];
    assert_eq!(events, [&["Init"], &all[..], &["InitDone"]].concat());
    server.finish().await.unwrap();
}

/// Asked for version 0, an API server ignores the limit: it answers with all that
/// exists, in one page.
#[tokio::test]
async fn a_server_ignores_the_limit_of_a_list_of_version_0() {
    let recording = "runtime_internals/watcher_requests/limit_ignored.http";
    let server = three_maps(recording, "limit-ignored").await;
    let client = server.client().unwrap();
    let list = async |query: &str| -> Result<ObjectList<ConfigMap>> {
        let target = format!("/api/v1/namespaces/limit-ignored/configmaps?{query}");
        client
            .request(Request::get(target).body(Vec::new()).unwrap())
            .await
    };
    let two_of = async |query: &str| {
        let listed = list(query).await.unwrap();
        (listed.items.len(), listed.metadata.continue_.is_some())
    };

    server.title("two of any version");
    assert_eq!(two_of("limit=2").await, (2, true));
    server.title("two of version 0");
    // The cache from which this is answered may be a moment behind.
    let all =
        async || Some(two_of("limit=2&resourceVersion=0").await).filter(|(n, _)| *n > 2);
    assert_eq!(server.poll(all).await.unwrap(), (3, false));
    server.finish().await.unwrap();
}

/// A watch from version 0 with bookmarks is a streaming list to an API server that
/// has these, also if nobody asks for one: after each object that exists comes a
/// bookmark that says so.
#[tokio::test]
async fn a_server_answers_a_watch_from_version_0_as_a_streaming_list() {
    let recording = "runtime_internals/watcher_requests/watch_from_0.http";
    let server = three_maps(recording, "watch-from-0").await;
    let maps: Api<ConfigMap> = Api::namespaced(server.client().unwrap(), "watch-from-0");

    server.title("watch from version 0");
    let events = maps.watch(&WatchParams::default(), "0").await.unwrap();
    let events: Vec<_> = events.take(4).try_collect().await.unwrap();

    let told = |event| match event {
        WatchEvent::Added(map) => ResourceExt::name_any(&map),
        WatchEvent::Bookmark(it) => format!("{:?}", it.metadata.annotations),
        other => format!("{other:?}"),
    };
    let told: Vec<_> = events.into_iter().map(told).collect();
    let end = r#"{"k8s.io/initial-events-end": "true"}"#;
    assert_eq!(told, ["a", "b", "c", end]);
    server.finish().await.unwrap();
}

/// An object whose labels cease to match the selector of a watch is a `Delete` like
/// any other. It is not marked for deletion, and is the object of before, with
/// labels that match. Only its version is the one that the object has now.
#[tokio::test]
async fn an_object_that_leaves_the_selector_is_a_delete() {
    let recording = "runtime_internals/watcher_requests/relabelled.http";
    let mut server = Recorded::open(recording).await.unwrap();
    server.namespace("relabelled").await.unwrap();
    let of_team = |team: &str| {
        let labelled = json!({ "metadata": { "name": "a", "labels": { "team": team } } });
        serde_json::from_value::<ConfigMap>(labelled).unwrap()
    };
    let create = async |admin: Client| {
        let maps: Api<ConfigMap> = Api::namespaced(admin, "relabelled");
        maps.create(&PostParams::default(), &of_team("web"))
            .await
            .map(drop)
    };
    server.prepare(create).await.unwrap();
    let maps: Api<ConfigMap> = Api::namespaced(server.client().unwrap(), "relabelled");
    let config = Config::default().labels("team=web");
    let mut events = Box::pin(watcher(maps.clone(), config).skip(1));
    let first: Vec<_> = events.by_ref().take(2).collect().await;
    assert_eq!(first[0].as_ref().unwrap().to_string(), "InitApply(a)");

    let relabel = async |admin: Client| {
        let maps: Api<ConfigMap> = Api::namespaced(admin, "relabelled");
        let patch = Patch::Merge(of_team("data"));
        maps.patch("a", &PatchParams::default(), &patch)
            .await
            .map(drop)
    };
    server.prepare(relabel).await.unwrap();
    let Some(Ok(Event::Delete(gone))) = events.next().await else {
        panic!("a `Delete` was expected");
    };
    drop(events);
    server.title("as it is now");
    let now = maps.get("a").await.unwrap();

    assert_eq!(gone.labels()["team"], "web");
    assert_eq!(gone.metadata.deletion_timestamp, None);
    assert_eq!(now.labels()["team"], "data");
    assert_eq!(gone.resource_version(), now.resource_version());
    server.finish().await.unwrap();
}
