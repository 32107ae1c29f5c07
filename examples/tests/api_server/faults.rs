//! What goes wrong on demand.

use std::time::Duration;

use examples::{
    document::{Document, DocumentSpec},
    testing::{
        Answer, ApiServer,
        api_server::{Cut, Fault},
    },
};
use futures::{StreamExt, pin_mut};
use kube::{
    Api, Error,
    api::{Patch, PatchParams, PostParams, WatchEvent, WatchParams},
};
use serde_json::json;
use tokio::time::{Instant, timeout};

fn document(name: &str) -> Document {
    Document::new(
        name,
        DocumentSpec {
            title: name.into(),
            content: String::new(),
        },
    )
}

fn scene() -> (ApiServer, Api<Document>) {
    let server = ApiServer::new().with::<Document>();
    let documents = Api::default_namespaced(server.client());
    (server, documents)
}

#[tokio::test(start_paused = true)]
async fn a_request_is_answered_otherwise_late_or_never() {
    let (server, documents) = scene();
    let began = Instant::now();
    let unavailable = Answer::failure(503, "ServiceUnavailable", "not now");
    server.fault(
        1,
        |request| request.method == "POST",
        Fault::Answer(unavailable),
    );
    server.fault(1, |_| true, Fault::Late(Duration::from_secs(5)));

    let refused = documents
        .create(&PostParams::default(), &document("a"))
        .await;
    assert!(matches!(refused, Err(Error::Api(status)) if status.code == 503));
    documents
        .create(&PostParams::default(), &document("a"))
        .await
        .unwrap();
    assert_eq!(began.elapsed().as_secs(), 5);
    server.fault(1, |_| true, Fault::Answer(Answer::never()));
    let parameters = PostParams::default();
    let b = document("b");
    let stalled = documents.create(&parameters, &b);
    assert!(timeout(Duration::from_secs(100), stalled).await.is_err());
    assert!(documents.get_opt("b").await.unwrap().is_none());
    assert_eq!(server.finish().unwrap()[3].at.as_secs(), 105);
}

#[tokio::test(start_paused = true)]
async fn open_watches_are_cut_in_four_ways() {
    for cut in [Cut::Clean, Cut::Broken, Cut::Expired, Cut::Silent] {
        let (server, documents) = scene();
        let stream = documents.watch(&WatchParams::default(), "1").await.unwrap();
        pin_mut!(stream);
        assert_eq!(server.open_watches().len(), 1);
        assert_eq!(server.cut(|_| true, cut), 1);
        let next = timeout(Duration::from_secs(3600), stream.next()).await;
        match (cut, next) {
            (Cut::Clean, Ok(None)) | (Cut::Silent, Err(_)) => {}
            (Cut::Broken, Ok(Some(Err(Error::ReadEvents(_))))) => {}
            (Cut::Expired, Ok(Some(Ok(WatchEvent::Error(status))))) => {
                assert_eq!(status.code, 410);
                assert!(stream.next().await.is_none());
            }
            (cut, other) => panic!("{cut:?}: {other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_expiry_no_known_version_is_good() {
    let (server, documents) = scene();
    server.put(&document("a")).unwrap();
    server.put(&document("b")).unwrap();
    let page = documents
        .list(&kube::api::ListParams::default().limit(1))
        .await
        .unwrap();
    server.expire();
    let known = page.metadata.resource_version.unwrap();
    let stream = documents
        .watch(&WatchParams::default(), &known)
        .await
        .unwrap();
    let events: Vec<_> = stream.collect().await;
    assert!(
        matches!(&events[..], [Ok(WatchEvent::Error(status))] if status.code == 410
        && status.message == "too old resource version: 3 (4)")
    );
    let parameters = kube::api::ListParams::default()
        .limit(1)
        .continue_token(&page.metadata.continue_.unwrap());
    let error = documents.list(&parameters).await.unwrap_err();
    assert!(matches!(error, Error::Api(status) if status.code == 410));
}

/// What the server does not imitate it refuses, and remembers.
#[tokio::test(start_paused = true)]
async fn what_is_not_imitated_is_refused() {
    let (server, documents) = scene();
    let apply =
        Patch::Apply(json!({ "apiVersion": "example.com/v1", "kind": "Document" }));
    let error = documents
        .patch("a", &PatchParams::apply("m"), &apply)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Api(status) if status.code == 501));
    let refused = server.finish().unwrap_err().to_string();
    assert!(refused.contains("PATCH"), "{refused}");
}
