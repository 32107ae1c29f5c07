//! What happens when, in virtual time.

use std::time::Duration;

use examples::{
    document::{Document, DocumentSpec},
    testing::ApiServer,
};
use futures::{StreamExt, pin_mut};
use kube::{
    Api, Client,
    api::{WatchEvent, WatchParams},
};
use tokio::time::Instant;

fn documents(client: &Client) -> Api<Document> {
    Api::default_namespaced(client.clone())
}

/// Reads a watch to its end: seconds from its start, and what came.
async fn timeline(parameters: WatchParams, version: &str) -> Vec<(u64, String)> {
    let server = ApiServer::new().with::<Document>();
    let a = Document::new(
        "a",
        DocumentSpec {
            title: "A".into(),
            content: String::new(),
        },
    );
    server.put(&a).unwrap();
    let began = Instant::now();
    let documents = documents(&server.client());
    let stream = documents.watch(&parameters, version).await.unwrap();
    pin_mut!(stream);
    let mut seen = Vec::new();
    while let Some(event) = stream.next().await {
        let what = match event.unwrap() {
            WatchEvent::Bookmark(it) => {
                format!("bookmark {}", it.metadata.resource_version)
            }
            other => format!("{other:?}"),
        };
        seen.push((began.elapsed().as_secs(), what));
    }
    seen.push((began.elapsed().as_secs(), "end".into()));
    seen
}

#[tokio::test(start_paused = true)]
async fn bookmarks_come_every_minute_and_shortly_before_the_end() {
    let parameters = WatchParams::default().timeout(290);
    let seen = timeline(parameters, "2").await;
    let times: Vec<_> = seen.iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [60, 120, 180, 240, 288, 290]);
    assert_eq!(seen[0].1, "bookmark 2");
    let short = timeline(WatchParams::default().timeout(2), "2").await;
    assert_eq!(short, [(2, "end".to_owned())]);
    let without = timeline(WatchParams::default().disable_bookmarks(), "2").await;
    assert_eq!(without, [(290, "end".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_without_version_begins_with_what_is_there() {
    let parameters = WatchParams::default().timeout(2).disable_bookmarks();
    let seen = timeline(parameters, "0").await;
    assert_eq!(seen, [(0, "Added event".into()), (2, "end".into())]);
    let seen = timeline(WatchParams::default().timeout(2), "0").await;
    let [added, marker, end] = [(0, "Added event"), (0, "bookmark 2"), (2, "end")];
    assert_eq!(
        seen,
        [added, marker, end].map(|(at, what)| (at, what.to_owned()))
    );
}

/// The times in metadata are the server's epoch and the virtual time since.
#[tokio::test(start_paused = true)]
async fn metadata_has_virtual_time() {
    let server = ApiServer::new().with::<Document>();
    tokio::time::advance(Duration::from_secs(90)).await;
    let a = Document::new(
        "a",
        DocumentSpec {
            title: "A".into(),
            content: String::new(),
        },
    );
    server.put(&a).unwrap();
    let a = documents(&server.client()).get("a").await.unwrap();
    let created = a.metadata.creation_timestamp.unwrap();
    assert_eq!(created.0.to_string(), "2026-01-01T00:01:30Z");
}
