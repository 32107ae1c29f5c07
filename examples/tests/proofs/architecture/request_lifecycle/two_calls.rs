//! The run that opens the page.

use std::pin::pin;

use examples::document::Document;
use futures::StreamExt;
use kube::{
    Api, Error, ResourceExt,
    api::{ListParams, WatchEvent, WatchParams},
};
use serde_json::json;

use super::{
    added, list, list_of,
    wire::{Asked, CHUNKED, Wire, chunk, head},
};
use crate::support::output;

/// When the connection breaks within the third document, a list is an error
/// without any document, and a watch gives two documents and ends as if the
/// server had nothing more to say.
#[tokio::test]
async fn a_cut_list_is_an_error_and_a_cut_watch_an_end() {
    let server = Wire::start().await;
    let documents = Api::<Document>::default_namespaced(server.client());
    let three = ["guide", "faq", "notes"].map(|name| {
        json!({ "metadata": { "name": name }, "spec": { "title": name, "content": "" } })
    });
    let mut text =
        "documents.list(&ListParams::default().labels(\"team=docs\"))\n".to_owned();

    let params = ListParams::default().labels("team=docs");
    let body =
        list_of(&three).replace("{\"metadata\":{\"name", "\n{\"metadata\":{\"name");
    let mut answer = head(body.len());
    answer += &body[..body.find("notes").unwrap()];
    let (got, sent) = tokio::join!(documents.list(&params), cut(&server, &answer));
    text += &sent;
    let names = |list: kube::api::ObjectList<Document>| {
        list.iter().map(ResourceExt::name_any).collect::<Vec<_>>()
    };
    text += &match got.map(names) {
        Ok(names) => format!("  returns Ok: {names:?}\n"),
        Err(error) => format!("  returns Err: {error}\n"),
    };

    text += "\ndocuments.watch(&WatchParams::default().labels(\"team=docs\"), \"0\")\n";
    let params = WatchParams::default().labels("team=docs");
    let [one, two, three] =
        three.map(|document| chunk(&format!("{}\n", added(&document))));
    let answer = [CHUNKED, &one, &two, &three[..three.find("notes").unwrap()]].concat();
    let (got, sent) = tokio::join!(documents.watch(&params, "0"), cut(&server, &answer));
    text += &sent;
    let mut events = pin!(got.unwrap());
    while let Some(event) = events.next().await {
        text += &match event {
            Ok(WatchEvent::Added(document)) => {
                format!("  gives Ok: Added {}\n", document.name_any())
            }
            Ok(event) => format!("  gives Ok: {event:?}\n"),
            Err(error) => format!("  gives Err: {error}\n"),
        };
    }
    text += "  ends\n";

    output("architecture/request_lifecycle/two_calls.txt", &text);
}

/// Answers the next request with these bytes, closes the connection, and tells
/// of both.
async fn cut(server: &Wire, answer: &str) -> String {
    let mut asked: Asked = server.asked().await;
    asked.send(answer).await;
    let arrows = |arrow: &str, text: &str| {
        let lines = text.lines().map(|line| format!("{arrow} {line}"));
        let lines: Vec<_> = lines.map(|line| format!("{}\n", line.trim_end())).collect();
        lines.concat()
    };
    let mut told = arrows("  >", &asked.request) + &arrows("  <", answer);
    told.truncate(told.trim_end().len());
    told + " (connection closed)\n"
}

/// How the body is framed does not matter: a list whose chunks break off is an
/// error as well, and a watch that falls short of its length ends as well.
#[tokio::test]
async fn a_cut_list_in_chunks_is_an_error_and_a_cut_watch_with_a_length_ends() {
    let server = Wire::start().await;
    let guide = super::document("guide");
    let call = tokio::spawn(list(server.client()));
    cut(
        &server,
        &(CHUNKED.to_owned() + &chunk(&list_of(std::slice::from_ref(&guide))[..40])),
    )
    .await;
    let listed = call.await.unwrap();
    assert!(matches!(listed, Err(Error::Service(_))), "{listed:?}");

    let documents = Api::<Document>::default_namespaced(server.client());
    let params = WatchParams::default();
    let answer = head(1000) + &format!("{}\n{{", added(&guide));
    let (got, _) = tokio::join!(documents.watch(&params, "0"), cut(&server, &answer));
    let events: Vec<_> = got.unwrap().collect().await;
    assert!(
        matches!(&events[..], [Ok(WatchEvent::Added(_))]),
        "{events:?}"
    );
}
