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
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Error,
    api::{PostParams, WatchEvent, WatchParams},
};
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

/// What the server does not imitate it refuses, and remembers. `ALL` and `A` are the
/// paths of all documents and of one.
#[tokio::test(start_paused = true)]
async fn what_is_not_imitated_is_refused() {
    const ALL: &str = "/apis/example.com/v1/namespaces/default/documents";
    const A: &str = "/apis/example.com/v1/namespaces/default/documents/a";
    let uid = r#"{"preconditions":{"uid":"b"}}"#;
    let orphan = r#"{"propagationPolicy":"Orphan"}"#;
    for (method, base, rest, form, body, named) in [
        ("PATCH", A, "", "apply-patch+yaml", "{}", "apply"),
        (
            "PATCH",
            A,
            "",
            "strategic-merge-patch+json",
            "{}",
            "strategic",
        ),
        ("POST", A, "", "json", "{}", "this method"),
        ("PUT", A, "?dryRun=All", "json", "{}", "`dryRun`"),
        ("DELETE", A, "", "json", uid, "options of a deletion"),
        ("DELETE", A, "", "json", orphan, "options of a deletion"),
        ("GET", A, "/scale", "json", "", "`scale`"),
        ("GET", ALL, "?resourceVersion=9", "json", "", "yet to come"),
        ("GET", ALL, "?labelSelector=x%3C1", "json", "", "selectors"),
        (
            "GET",
            ALL,
            "?fieldSelector=spec.x%3D1",
            "json",
            "",
            "selectors",
        ),
        ("GET", "/api/v1/secrets", "", "json", "", "`secrets`"),
        ("GET", "/apis/example.com/v1", "", "json", "", "discovery"),
    ] {
        let (server, _) = scene();
        let target = format!("{base}{rest}");
        let request = http::Request::builder().method(method).uri(&target);
        let request = request.header("content-type", format!("application/{form}"));
        let request = request.body(body.as_bytes().to_vec()).unwrap();
        let refused = server.client().request_text(request).await.unwrap_err();
        assert!(
            matches!(&refused, Error::Api(status) if status.code == 501
                && status.message.contains(named)),
            "{target}: {refused:?}"
        );
        let remembered = server.finish().unwrap_err().to_string();
        assert!(remembered.contains(&target), "{remembered}");
    }
}

/// A custom resource that does not say what it is, or says something else, is no
/// object to a server; a built-in kind may leave it out.
#[tokio::test(start_paused = true)]
async fn a_body_is_of_the_kind_of_its_path() {
    let server = ApiServer::new().with::<Document>().with::<ConfigMap>();
    let documents = "/apis/example.com/v1/namespaces/default/documents";
    let maps = "/api/v1/namespaces/default/configmaps";
    let named = r#"{ "metadata": { "name": "a" } }"#;
    let secret = r#"{ "metadata": { "name": "b" }, "kind": "Secret" }"#;
    for (target, body, created) in [
        (documents, named, false),
        (maps, named, true),
        (maps, secret, false),
    ] {
        let request = http::Request::post(target).body(body.as_bytes().to_vec());
        let answer = server.client().request_text(request.unwrap()).await;
        match answer {
            Err(Error::Api(status)) => assert!(!created && status.code == 400),
            other => assert!(created && other.is_ok()),
        }
    }
}
