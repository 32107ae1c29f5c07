//! The proofs of the page *What a watcher asks for*.

mod configs;
mod idle;
mod pages;
mod real;
mod streaming;

use std::{pin::pin, time::Duration};

use examples::testing::{Answer, Received, Script, Service};
use futures::StreamExt;
use kube::runtime::{watcher, watcher::Config};

use super::watcher::{document, initial_end, observed::Request, page};
use crate::support::documents;

/// What follows the path: the parameters of a request, as they were sent.
fn query(request: &Received) -> &str {
    let (_, query) = request.target.split_once('?').unwrap();
    query.trim_start_matches('&')
}

/// What each of these requests was, and its query, one a line.
fn told(requests: &[Received]) -> String {
    let lines = requests.iter().map(|request| {
        let verb = match Request::of(&request.target) {
            Request::List(_) => "LIST ",
            Request::Initial | Request::Watch(_) => "WATCH",
        };
        format!("  {verb}  {}\n", query(request))
    });
    lines.collect()
}

/// A server with one document: a streaming list ends with its last object, and a
/// plain watch stays open.
fn one_document() -> Service {
    Service::new(Script::rule(|request| match Request::of(&request.target) {
        Request::List(_) => page(&[&document("faq", "3")], Some("5"), None),
        Request::Initial => Answer::watch(&[initial_end("5")]).ending(Duration::ZERO),
        Request::Watch(_) => Answer::watch(&[]),
    }))
}

/// The requests of a watcher of [`one_document`] until it waits.
async fn requests(config: Config) -> Vec<Received> {
    let service = one_document();
    let mut events = pin!(watcher(documents(&service.client()), config));
    while let Ok(Some(_)) =
        tokio::time::timeout(Duration::from_secs(1), events.next()).await
    {}
    service.requests()
}
