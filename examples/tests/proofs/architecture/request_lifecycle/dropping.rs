//! What becomes of a call that its caller drops.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use examples::document::Document;
use futures::StreamExt;
use kube::Api;

use super::{
    added, document, list, list_of,
    wire::{CHUNKED, Wire, chunk, head},
};
use crate::support::many_turns;

/// A list that is dropped while its body arrives closes its connection, as a
/// watch does at any time.
#[tokio::test]
async fn dropping_a_call_within_its_body_closes_the_connection() {
    let server = Wire::start().await;
    let call = tokio::spawn(list(server.client()));
    let mut asked = server.asked().await;
    let body = list_of(&[document("faq")]);
    asked.send(head(body.len()) + &body[..40]).await;
    many_turns().await;
    assert!(!call.is_finished());
    call.abort();
    asked.closed().await;

    let documents = Api::<Document>::default_namespaced(server.client());
    let params = Default::default();
    let (events, mut asked) = tokio::join!(documents.watch(&params, "0"), async {
        let mut asked = server.asked().await;
        asked
            .send(CHUNKED.to_owned() + &chunk(&format!("{}\n", added(&document("faq")))))
            .await;
        asked
    });
    {
        let mut events = pin!(events.unwrap());
        assert!(events.next().await.unwrap().is_ok());
    }
    asked.closed().await;
}

/// A `create` that is dropped while it waits for its answer has been sent, body
/// and all.
#[tokio::test]
async fn a_create_dropped_before_its_answer_has_been_sent_whole() {
    let server = Wire::start().await;
    let documents = Api::<Document>::default_namespaced(server.client());
    let faq: Document = serde_json::from_value(document("faq")).unwrap();
    let sent = serde_json::to_string(&faq).unwrap();
    let call =
        tokio::spawn(async move { documents.create(&Default::default(), &faq).await });

    let mut asked = server.asked().await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());

    asked.closed().await;
    let (head, body) = asked.request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /apis/example.com/v1/namespaces/default/documents? "));
    assert_eq!(body, sent);
}

/// A watch that nobody polls is not read: what the server sends fills the buffers
/// of the connection, and then the server waits.
#[tokio::test]
async fn a_watch_that_nobody_polls_is_not_read() {
    const MANY: usize = 600;
    let mut long = document("faq");
    long["spec"]["content"] = "x".repeat(1 << 16).into();
    let line = chunk(&format!("{}\n", added(&long)));
    let server = Wire::start().await;
    let documents = Api::<Document>::default_namespaced(server.client());
    let params = Default::default();
    let (events, mut asked) = tokio::join!(documents.watch(&params, "0"), async {
        let mut asked = server.asked().await;
        asked.send(CHUNKED).await;
        asked
    });
    let mut events = pin!(events.unwrap());
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    tokio::spawn(async move {
        for _ in 0..MANY {
            asked.send(&line).await;
            count.fetch_add(1, Ordering::Relaxed);
        }
    });

    let mut taken = usize::MAX;
    while taken != sent.load(Ordering::Relaxed) {
        taken = sent.load(Ordering::Relaxed);
        many_turns().await;
    }
    assert!(taken < MANY / 2, "{taken} lines of 64 KiB were taken");

    for _ in 0..MANY {
        assert!(events.next().await.unwrap().is_ok());
    }
    assert_eq!(sent.load(Ordering::Relaxed), MANY);
}
