//! What a real API server answers to the requests of a watcher.

use examples::testing::recording::Recorded;
use futures::StreamExt;
use http::Request;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Client, Result,
    api::{ObjectList, PostParams},
    runtime::{watcher, watcher::Config},
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
        Ok::<_, kube::Error>(())
    };
    server.prepare(create).await.unwrap();
    server
}

/// An API server answers a streaming list with each object that exists, then with
/// a bookmark that says so, and goes on with changes.
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
