//! Versions and generations, as a client sees them that did not write.

use examples::{
    document::{Document, DocumentSpec, DocumentStatus},
    testing::ApiServer,
};
use futures::{StreamExt, TryStreamExt};
use kube::{
    Api, ResourceExt,
    api::{ListParams, WatchEvent, WatchParams},
};

fn document(name: &str, title: &str) -> Document {
    let spec = DocumentSpec {
        title: title.into(),
        content: String::new(),
    };
    Document::new(name, spec)
}

/// A server with the documents `a`, `b` and `c`.
fn scene() -> (ApiServer, Api<Document>) {
    let server = ApiServer::new().with::<Document>();
    for name in ["a", "b", "c"] {
        server.put(&document(name, "A")).unwrap();
    }
    let documents = Api::default_namespaced(server.client());
    (server, documents)
}

/// All pages of a list are of its first page's version, whatever happens meanwhile.
#[tokio::test(start_paused = true)]
async fn pages_are_of_the_version_of_the_first() {
    let (server, documents) = scene();
    let parameters = ListParams::default().limit(2);
    let first = documents.list(&parameters).await.unwrap();
    server.remove(&document("c", "A")).unwrap();
    server.put(&document("d", "A")).unwrap();
    let token = first.metadata.continue_.clone().unwrap();
    let next = parameters.continue_token(&token);
    let second = documents.list(&next).await.unwrap();
    let version = first.metadata.resource_version;
    assert_eq!(version.as_deref(), Some("4"));
    assert_eq!(second.metadata.resource_version, version);
    let names = first.items.iter().chain(&second.items);
    assert_eq!(names.map(Document::name_any).collect::<String>(), "abc");
    let now = documents.list(&ListParams::default()).await.unwrap();
    assert_eq!(now.metadata.resource_version.as_deref(), Some("6"));
}

/// What a test writes behind the clients' backs counts as if a client had.
#[tokio::test(start_paused = true)]
async fn every_write_has_a_version_and_only_the_spec_a_generation() {
    let (server, documents) = scene();
    let seen = async || {
        let a = documents.get("a").await.unwrap();
        let (version, generation) = (a.resource_version(), a.metadata.generation);
        (version.unwrap(), generation.unwrap(), a.uid().unwrap())
    };
    let (version, generation, uid) = seen().await;
    assert_eq!((&*version, generation), ("2", 1));
    server.touch(&document("a", "A")).unwrap();
    assert_eq!(seen().await, ("5".into(), 1, uid.clone()));
    let mut written = document("a", "A");
    written.status = Some(DocumentStatus {
        words: Some(3),
        ..DocumentStatus::default()
    });
    server.put(&written).unwrap();
    assert_eq!(seen().await, ("6".into(), 1, uid.clone()));
    server.put(&document("a", "B")).unwrap();
    assert_eq!(seen().await, ("7".into(), 2, uid.clone()));
    server.remove(&written).unwrap();
    server.put(&written).unwrap();
    let (version, generation, other) = seen().await;
    assert_eq!((&*version, generation), ("9", 1));
    assert_ne!(other, uid);
}

/// A bookmark says how far a watch has got, also past what it does not select.
#[tokio::test(start_paused = true)]
async fn a_bookmark_is_of_the_newest_version_of_the_kind() {
    let (server, documents) = scene();
    let parameters = WatchParams::default().labels("nobody=1").timeout(90);
    let stream = documents.watch(&parameters, "4").await.unwrap();
    server.touch(&document("b", "A")).unwrap();
    let events: Vec<_> = stream.try_collect().await.unwrap();
    let versions = events.iter().map(|event| match event {
        WatchEvent::Bookmark(bookmark) => &*bookmark.metadata.resource_version,
        other => panic!("{other:?}"),
    });
    assert_eq!(versions.collect::<Vec<_>>(), ["5", "5"]);
}

/// What is written reaches open watches at once.
#[tokio::test(start_paused = true)]
async fn a_write_reaches_open_watches_at_once() {
    let (server, documents) = scene();
    let began = tokio::time::Instant::now();
    let parameters = WatchParams::default();
    let stream = documents.watch(&parameters, "4").await.unwrap();
    let mut stream = std::pin::pin!(stream);
    let write = async || server.touch(&document("a", "A")).unwrap();
    let (event, ()) = futures::join!(stream.next(), write());
    assert!(matches!(event, Some(Ok(WatchEvent::Modified(_)))));
    assert!(began.elapsed().is_zero());
}

/// A streaming list begins with what is there, whatever version it names.
#[tokio::test(start_paused = true)]
async fn a_streaming_list_is_never_too_old() {
    let (server, documents) = scene();
    server.expire();
    let parameters = WatchParams::default().initial_events().timeout(1);
    let stream = documents.watch(&parameters, "2").await.unwrap();
    let events: Vec<_> = stream.map(Result::unwrap).collect().await;
    assert!(matches!(
        &events[..],
        [
            WatchEvent::Added(_),
            WatchEvent::Added(_),
            WatchEvent::Added(_),
            WatchEvent::Bookmark(end),
        ] if end.metadata.annotations.contains_key("k8s.io/initial-events-end")
    ));
}
