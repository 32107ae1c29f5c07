//! How an answer becomes an object.

use std::{
    cell::Cell,
    pin::pin,
    sync::{Arc, Mutex},
};

use examples::{
    architecture::request_lifecycle::{delete, readable},
    document::Document,
    testing::{Answer, Server, Service},
};
use futures::{AsyncBufReadExt, StreamExt};
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::{
    Api, Client, Error, ResourceExt,
    api::{ApiResource, DynamicObject, ObjectList},
};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use tracing_subscriber::{Layer, Registry, filter::Targets, layer::SubscriberExt};

use super::{
    added, document, list, list_of,
    wire::{CHUNKED, Wire, chunk, gzip, gzip_head, head},
    wrong_document,
};
use crate::support::{documents, many_turns};

thread_local! {
    static DECODED: Cell<usize> = const { Cell::new(0) };
}

/// An object that is counted when it is decoded.
#[derive(Clone, Debug)]
struct Counted;

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        DECODED.set(DECODED.get() + 1);
        Value::deserialize(deserializer).map(|_| Self)
    }
}

/// No object of a list is decoded before the last byte of its body has come,
/// while an event of a watch is as soon as its line is complete.
#[tokio::test]
async fn a_list_is_decoded_after_its_last_byte_and_a_watch_line_by_line() {
    let server = Wire::start().await;
    let client = server.client();

    let request = http::Request::get("/documents").body(Vec::new()).unwrap();
    let call = tokio::spawn(async move {
        client
            .request::<ObjectList<Counted>>(request)
            .await
            .unwrap()
    });
    let mut asked = server.asked().await;
    let body = list_of(&["a", "b", "c"].map(document));
    let (most, last) = body.split_at(body.len() - 1);
    asked.send(head(body.len()) + most).await;
    many_turns().await;
    assert_eq!(DECODED.get(), 0);
    asked.send(last).await;
    assert_eq!(call.await.unwrap().items.len(), 3);
    assert_eq!(DECODED.replace(0), 3);

    let client = server.client();
    let request = http::Request::get("/documents?watch=true")
        .body(Vec::new())
        .unwrap();
    let call = client.request_events::<Counted>(request);
    let (events, mut asked) = tokio::join!(call, async {
        let mut asked = server.asked().await;
        asked.send(CHUNKED).await;
        asked
    });
    let mut events = pin!(futures::TryStreamExt::into_stream(events.unwrap()));
    let line = format!("{}\n", added(&document("a")));
    let (most, newline) = line.split_at(line.len() - 1);
    asked.send(chunk(most)).await;
    let early = tokio::select! {
        _ = events.next() => true,
        () = many_turns() => false,
    };
    assert_eq!((early, DECODED.get()), (false, 0));
    asked.send(chunk(newline)).await;
    assert!(events.next().await.is_some_and(|event| event.is_ok()));
    assert_eq!(DECODED.get(), 1);
}

/// One item that cannot be decoded fails the whole list, and the error does not
/// say which one it was.
#[tokio::test]
async fn one_wrong_item_fails_the_whole_list() {
    let items = [document("guide"), wrong_document("faq"), document("notes")];
    let service = Service::new([Answer::list(&items)]);

    let listed = documents(&service.client()).list(&Default::default()).await;

    let Err(Error::SerdeError(error)) = listed else {
        panic!("a list: {listed:?}");
    };
    assert!(error.to_string().contains("expected a string"), "{error}");
    assert!(error.to_string().contains("line 1 column"), "{error}");
    assert!(!error.to_string().contains("faq"), "{error}");
}

/// With `DeserializeGuard` a wrong item is an error of its own, with the name of
/// the object, beside the others.
#[tokio::test]
async fn a_guard_keeps_a_wrong_item_from_the_others() {
    let items = [document("guide"), wrong_document("faq"), document("notes")];
    let service = Service::new([Answer::list(&items)]);

    let (good, bad) = readable(&Api::default_namespaced(service.client()))
        .await
        .unwrap();

    assert_eq!(good.len(), 2);
    let [bad] = &bad[..] else { panic!("{bad:?}") };
    assert_eq!(bad.metadata.name.as_deref(), Some("faq"));
    assert!(bad.error.contains("Expected a string"), "{}", bad.error);
}

/// A body that does not fit goes to the log whole, at level WARN, and the filter
/// `kube_client::client=error` keeps it out, also out of a log that takes
/// everything else.
#[tokio::test]
async fn a_filter_on_one_target_keeps_bodies_out_of_the_log() {
    for (filter, logged) in [
        ("warn", true),
        ("error", false),
        ("trace,kube_client::client=error", false),
    ] {
        let log = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&log);
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(move || Writer(Arc::clone(&writer)));
        let targets: Targets = filter.parse().unwrap();
        let subscriber = Registry::default().with(lines.with_filter(targets));
        let _guard = crate::support::listen(subscriber);

        list_secrets_with_a_wrong_one().await;

        let log = String::from_utf8(log.lock().unwrap().clone()).unwrap();
        assert_eq!(log.contains(PASSWORD), logged, "{filter}: {log}");
    }
}

struct Writer(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

const PASSWORD: &str = "aHVudGVyMg==";

async fn list_secrets_with_a_wrong_one() {
    let secret =
        json!({ "metadata": { "name": "db" }, "data": { "password": PASSWORD } });
    let broken = json!({ "metadata": { "name": "other" }, "data": 3 });
    let service = Service::new([Answer::list(&[secret, broken])]);
    let secrets = Api::<Secret>::default_namespaced(service.client());
    let listed = secrets.list(&Default::default()).await;
    assert!(matches!(listed, Err(Error::SerdeError(_))), "{listed:?}");
}

/// Whatever comes with a status below 400 is decoded: a redirect is not followed,
/// and a page in HTML is an `Error::SerdeError`.
#[tokio::test]
async fn a_redirect_is_not_followed_but_decoded() {
    let moved = Answer::text(302, "<a href=\"/login\">Found</a>")
        .with_header("location", "/login");
    let elsewhere = Answer::list(&[document("guide")]);
    let server = Server::start([moved, elsewhere]).await.unwrap();
    let client = Client::try_from(server.config()).unwrap();

    let listed = list(client).await;

    assert!(matches!(listed, Err(Error::SerdeError(_))), "{listed:?}");
    assert_eq!(server.seen().requests.len(), 1);
}

/// A list without `kind` and `apiVersion` passes for a `v1` `List`, and an item
/// of a dynamic type keeps what it has: nothing.
#[tokio::test]
async fn an_item_without_a_kind_stays_without_one() {
    let with = |kind: &str| json!({ "kind": kind, "apiVersion": "v1", "metadata": {} });
    let bare = json!({ "metadata": {}, "items": [{ "metadata": {} }, with("Pod")] });
    let service = Service::new([Answer::json(&bare)]);
    let pods =
        Api::<DynamicObject>::all_with(service.client(), &ApiResource::erase::<Pod>(&()));

    let list = pods.list(&Default::default()).await.unwrap();

    assert_eq!(
        (list.types.api_version.as_str(), list.types.kind.as_str()),
        ("v1", "List")
    );
    let kinds = list
        .iter()
        .map(|item| item.types.as_ref().map(|types| types.kind.as_str()));
    assert_eq!(kinds.collect::<Vec<_>>(), [None, Some("Pod")]);
}

/// A type of k8s-openapi refuses an object that names another kind, a derived
/// one takes it.
#[test]
fn a_type_of_k8s_openapi_looks_at_the_kind_and_a_derived_one_does_not() {
    let of_kind = |kind: &str| {
        let mut object = document("web");
        object["kind"] = json!(kind);
        object["apiVersion"] = json!("v1");
        object
    };

    let refused = serde_json::from_value::<Pod>(of_kind("Service")).unwrap_err();
    assert!(refused.to_string().contains("expected Pod"), "{refused}");
    assert!(serde_json::from_value::<Pod>(of_kind("Pod")).is_ok());
    assert!(serde_json::from_value::<Pod>(document("web")).is_ok());
    assert!(serde_json::from_value::<Document>(of_kind("Service")).is_ok());
}

/// `delete` gives a `Status` if the answer says `kind: Status`, and else the
/// object.
#[tokio::test]
async fn delete_tells_a_status_from_an_object_by_its_kind() {
    let status = json!({ "kind": "Status", "apiVersion": "v1", "status": "Success" });
    let mut waiting = document("faq");
    waiting["metadata"]["finalizers"] = json!(["example.com/archive"]);
    let service = Service::new([Answer::json(&waiting), Answer::json(&status)]);
    let documents = documents(&service.client());

    let first = delete(&documents, "faq").await.unwrap();
    let second = delete(&documents, "faq").await.unwrap();

    let waiting = first.expect("the document");
    assert_eq!(waiting.finalizers(), ["example.com/archive"]);
    assert!(second.is_none());
}

/// A list that comes in gzip is unpacked before it is decoded.
#[tokio::test]
async fn a_list_in_gzip_is_unpacked_before_it_is_decoded() {
    let server = Wire::start().await;
    let call = tokio::spawn(list(server.client()));
    let mut asked = server.asked().await;
    assert!(asked.request.contains("accept-encoding: gzip\r\n"));

    let packed = gzip(&list_of(&[document("guide")]));
    asked.send(gzip_head(packed.len())).await;
    asked.send(packed).await;

    assert_eq!(call.await.unwrap().unwrap().len(), 1);
}

/// `log_stream` gives a line while the log goes on; `logs` waits for its end.
#[tokio::test]
async fn log_stream_gives_lines_that_logs_waits_for() {
    let server = Wire::start().await;
    let pods = Api::<Pod>::default_namespaced(server.client());
    let params = Default::default();

    let (stream, mut asked) = tokio::join!(pods.log_stream("web", &params), async {
        let mut asked = server.asked().await;
        asked.send(CHUNKED.to_owned() + &chunk("started\n")).await;
        asked
    });
    let mut lines = stream.unwrap().lines();
    assert_eq!(lines.next().await.unwrap().unwrap(), "started");
    asked.send(chunk("ready\n")).await;
    assert_eq!(lines.next().await.unwrap().unwrap(), "ready");

    let text = tokio::spawn(async move { pods.logs("web", &Default::default()).await });
    let mut asked = server.asked().await;
    asked.send(CHUNKED.to_owned() + &chunk("started\n")).await;
    many_turns().await;
    assert!(!text.is_finished());
    asked.send(super::wire::LAST).await;
    assert_eq!(text.await.unwrap().unwrap(), "started\n");
}
