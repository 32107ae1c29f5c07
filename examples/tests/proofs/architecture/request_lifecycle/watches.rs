//! What becomes of the lines of a watch.

use std::pin::pin;

use examples::{
    architecture::request_lifecycle::{Ended, follow},
    document::Document,
    testing::{Answer, Service},
};
use futures::StreamExt;
use kube::{
    Api, Error,
    api::{WatchEvent, WatchParams},
    core::DeserializeGuard,
};
use serde_json::{Value, json};

use super::{
    added, document,
    wire::{CHUNKED, LAST, Wire, chunk, gzip, gzip_head},
    wrong_document,
};
use crate::support::{documents, output};

/// A line of a watch becomes an event, an error or nothing; after an error the
/// stream goes on.
#[tokio::test]
async fn a_line_of_a_watch_becomes_an_event_an_error_or_nothing() {
    let bookmark = json!({ "kind": "Document", "apiVersion": "example.com/v1",
                           "metadata": { "resourceVersion": "9" } });
    let expired = json!({ "kind": "Status", "code": 410, "reason": "Expired",
                          "message": "too old resource version" });
    let forbidden = json!({ "kind": "Status", "code": 403, "reason": "Forbidden",
                            "message": "no" });
    let lines = [
        ("an object", added(&document("faq")).to_string()),
        (
            "a bookmark",
            json!({ "type": "BOOKMARK", "object": bookmark }).to_string(),
        ),
        (
            "an ERROR with a Status",
            json!({ "type": "ERROR", "object": expired }).to_string(),
        ),
        (
            "an object with a wrong field",
            added(&wrong_document("faq")).to_string(),
        ),
        (
            "a type that kube does not know",
            json!({ "type": "RENAMED", "object": document("faq") }).to_string(),
        ),
        ("a Status that is no event", forbidden.to_string()),
        ("no JSON", "upstream connect error".to_owned()),
        ("an empty line", String::new()),
        ("an object again", added(&document("faq")).to_string()),
        (
            "a line cut short",
            added(&document("faq")).to_string()[..40].to_owned(),
        ),
    ];
    let server = Wire::start().await;
    let documents = Api::<Document>::default_namespaced(server.client());
    let params = WatchParams::default();
    let (events, mut asked) = tokio::join!(documents.watch(&params, "0"), async {
        let mut asked = server.asked().await;
        asked.send(CHUNKED).await;
        asked
    });
    let mut events = pin!(events.unwrap());

    let mut text = String::new();
    for (what, line) in &lines[..lines.len() - 1] {
        // The bookmark behind each line is where the line is over.
        let marked = format!(
            "{line}\n{}\n",
            json!({ "type": "BOOKMARK", "object": bookmark })
        );
        asked.send(chunk(&marked)).await;
        let mut given = Vec::new();
        loop {
            let item = told(events.next().await);
            if item == "Ok: Bookmark event"
                && (*what != "a bookmark" || !given.is_empty())
            {
                break;
            }
            given.push(item);
        }
        text += &entry(what, &given);
    }
    let (what, line) = &lines[lines.len() - 1];
    asked.send(chunk(line) + LAST).await;
    let mut given = Vec::new();
    while let Some(item) = events.next().await {
        given.push(told(Some(item)));
    }
    text += &entry(what, &given);
    output("architecture/request_lifecycle/lines.txt", &text);
}

fn entry(what: &str, given: &[String]) -> String {
    match given {
        [] => format!("{what:<31} nothing\n"),
        [one] => format!("{what:<31} {one}\n"),
        more => panic!("{what}: {more:?}"),
    }
}

fn told(item: Option<kube::Result<WatchEvent<Document>>>) -> String {
    match item.expect("the stream goes on") {
        Ok(WatchEvent::Error(status)) => {
            format!("Ok: Error event, code {}, {:?}", status.code, status.reason)
        }
        Ok(event) => format!("Ok: {event:?}"),
        Err(Error::Api(status)) => format!(
            "Err: Error::Api, code {}, {:?}, {:?}",
            status.code, status.reason, status.message
        ),
        Err(Error::SerdeError(error)) => format!("Err: Error::SerdeError, {error}"),
        Err(error) => format!("Err: {error}"),
    }
}

/// Of an event that cannot be decoded an `Error::Api` without code, reason and
/// message is left. With `DeserializeGuard` it is an event, with the name of the
/// object and the reason.
#[tokio::test]
async fn only_a_guard_keeps_why_an_event_cannot_be_decoded() {
    let watch = Answer::watch(&[added(&wrong_document("faq"))]);
    let service = Service::new([watch.clone(), watch]);

    let documents = documents(&service.client());
    let mut events = pin!(documents.watch(&Default::default(), "0").await.unwrap());
    match events.next().await {
        Some(Err(Error::Api(status))) => assert_eq!(*status, Default::default()),
        other => panic!("an `Error::Api` was expected: {other:?}"),
    }

    let guarded = Api::<DeserializeGuard<Document>>::default_namespaced(service.client());
    let mut events = pin!(guarded.watch(&Default::default(), "0").await.unwrap());
    let Some(Ok(WatchEvent::Added(DeserializeGuard(Err(invalid))))) = events.next().await
    else {
        panic!("an event was expected");
    };
    assert_eq!(invalid.metadata.name.as_deref(), Some("faq"));
    let reason = invalid.error;
    assert!(reason.contains("Expected a string"), "{reason}");
}

/// A reset of the connection is an error in the stream, and its end.
#[tokio::test]
async fn a_watch_whose_connection_is_reset_says_so() {
    let server = Wire::start().await;
    let documents = Api::<Document>::default_namespaced(server.client());
    let params = WatchParams::default();
    let (events, mut asked) = tokio::join!(documents.watch(&params, "0"), async {
        let mut asked = server.asked().await;
        asked.send(CHUNKED).await;
        asked
    });
    let mut events = pin!(events.unwrap());
    asked
        .send(chunk(&format!("{}\n", added(&document("faq")))))
        .await;
    assert!(events.next().await.unwrap().is_ok());

    asked.reset();

    let last = events.next().await.unwrap();
    assert!(matches!(last, Err(Error::ReadEvents(_))), "{last:?}");
    assert!(events.next().await.is_none());
}

/// A watch that is refused is an error of the call, before there is a stream.
#[tokio::test]
async fn a_refused_watch_fails_before_there_is_a_stream() {
    let service = Service::new([Answer::failure(403, "Forbidden", "no")]);

    let opened = documents(&service.client())
        .watch(&Default::default(), "0")
        .await;

    match opened.err() {
        Some(Error::Api(status)) => assert_eq!(status.code, 403),
        other => panic!("{other:?}"),
    }
}

/// `Api::watch` is one request: neither the end of its body nor an ERROR event,
/// which is an `Ok`, makes it send another.
#[tokio::test]
async fn a_watch_that_ends_is_not_opened_again() {
    let bookmark = json!({ "kind": "Document", "apiVersion": "example.com/v1",
                           "metadata": { "resourceVersion": "9" } });
    let bookmark = json!({ "type": "BOOKMARK", "object": bookmark });
    let expired = json!({ "kind": "Status", "code": 410, "reason": "Expired" });
    let expired = json!({ "type": "ERROR", "object": expired });

    let (ended, version) = followed([added(&document("faq")), bookmark]).await;
    assert_eq!((ended.unwrap(), &*version), (Ended::Closed, "9"));

    let (ended, version) = followed([added(&document("faq")), expired]).await;
    assert!(matches!(ended, Ok(Ended::Refused(status)) if status.code == 410));
    assert_eq!(version, "7");
}

/// A document that cannot be decoded does not end `follow`, and its version
/// counts; a line that is no event ends it, and the version is not lost.
#[tokio::test]
async fn follow_goes_past_a_wrong_document_and_never_loses_its_version() {
    let at = |mut document: Value, version: &str| {
        document["metadata"]["resourceVersion"] = json!(version);
        added(&document)
    };
    let wrong = at(wrong_document("faq"), "8");

    let (ended, version) = followed([at(document("guide"), "4"), wrong.clone()]).await;
    assert_eq!((ended.unwrap(), &*version), (Ended::Closed, "8"));

    let notes = at(document("notes"), "12");
    let (ended, version) = followed([wrong, notes, json!("upstream error")]).await;
    assert!(matches!(ended, Err(Error::SerdeError(_))), "{ended:?}");
    assert_eq!(version, "12");
}

/// How `follow` ends when version 3 is answered by `lines`, and the version that
/// it leaves. It has sent one request.
async fn followed<const N: usize>(lines: [Value; N]) -> (kube::Result<Ended>, String) {
    let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let service = Service::new([Answer::text(200, &body)]);
    let documents = Api::default_namespaced(service.client());
    let mut version = "3".to_owned();
    let ended = follow(&documents, &mut version).await;
    assert_eq!(service.finish().unwrap().len(), 1);
    (ended, version)
}

/// A watch that comes in gzip, one member for each event, breaks after the first;
/// `watch` asks for none.
#[tokio::test]
async fn a_watch_in_gzip_breaks_after_its_first_member() {
    let server = Wire::start().await;
    let documents = Api::<Document>::default_namespaced(server.client());
    let params = WatchParams::default();
    let (events, asked) = tokio::join!(documents.watch(&params, "0"), async {
        let mut asked = server.asked().await;
        asked
            .send(gzip_head(0).replace("content-length: 0", "transfer-encoding: chunked"))
            .await;
        for name in ["guide", "faq"] {
            let member = gzip(&format!("{}\n", added(&document(name))));
            asked.send(format!("{:x}\r\n", member.len())).await;
            asked.send(member).await;
            asked.send("\r\n").await;
        }
        asked.send(LAST).await;
        asked
    });
    let events: Vec<_> = events.unwrap().collect().await;

    assert!(asked.request.contains("accept-encoding: identity"));
    let [Ok(WatchEvent::Added(first)), Err(Error::ReadEvents(_))] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(first.metadata.name.as_deref(), Some("guide"));
}
