//! When the pages of a list are asked for.

use std::{pin::pin, time::Duration};

use examples::testing::{Answer, Script, Service};
use futures::StreamExt;
use kube::runtime::{watcher, watcher::Config};
use tokio::time::{Instant, sleep};

use crate::{
    runtime_internals::watcher::{document, observed::Request, page},
    support::{documents, timeline::Timeline},
};

/// A page is asked for when the last object of the one before has been taken and
/// the next item is wanted, and the watch after the last page.
#[tokio::test(start_paused = true)]
async fn a_page_is_asked_for_when_the_one_before_is_empty() {
    let [faq, guide, notes] = ["faq", "guide", "notes"].map(|name| document(name, "3"));
    let timeline = Timeline::start();
    let server = timeline.clone();
    let service = Service::new(Script::rule(move |request| {
        let (asked, answer) = match Request::of(&request.target) {
            Request::List(None) => ("LIST", page(&[&faq, &guide], Some("5"), Some("p2"))),
            Request::List(Some(_)) => {
                ("LIST, continue", page(&[&notes], Some("5"), None))
            }
            _ => ("WATCH", Answer::watch(&[])),
        };
        server.note("API server", asked);
        answer
    }));
    let mut events = pin!(watcher(documents(&service.client()), Config::default()));

    let patience = Duration::from_secs(1);
    while let Ok(Some(event)) = tokio::time::timeout(patience, events.next()).await {
        let event = event.unwrap().to_string();
        timeline
            .work("your code", event, Duration::from_secs(10))
            .await;
    }

    timeline.output(
        "runtime_internals/watcher_requests/pages.txt",
        "runtime_internals/watcher_requests/pages.svg",
    );
}

/// Whoever works on each object before taking the next lets the continue token
/// grow old; if it expires before the page is empty, the list never ends.
#[tokio::test(start_paused = true)]
async fn a_list_never_ends_for_a_reader_slower_than_its_token() {
    const OBJECTS: usize = 20;
    let token_lives = Duration::from_secs(300);
    assert!(!list_ends(OBJECTS, token_lives, Duration::from_secs(20)).await);
    assert!(list_ends(OBJECTS, token_lives, Duration::from_secs(10)).await);
}

/// Whether a list of two pages, each with so many objects, comes to its `InitDone`
/// within a day, if each object takes so long.
async fn list_ends(objects: usize, token_lives: Duration, takes: Duration) -> bool {
    let names = (0..objects).map(|number| document(&format!("faq-{number}"), "3"));
    let objects: Vec<_> = names.collect();
    let mut issued = Instant::now();
    let service = Service::new(Script::rule(move |request| {
        let all = objects.iter().collect::<Vec<_>>();
        match Request::of(&request.target) {
            Request::List(None) => {
                issued = Instant::now();
                page(&all, Some("5"), Some("p2"))
            }
            Request::List(Some(_)) if issued.elapsed() > token_lives => {
                Answer::failure(410, "Expired", "the continue parameter is too old")
            }
            Request::List(Some(_)) => page(&all, Some("5"), None),
            _ => Answer::never(),
        }
    }));
    let events = watcher(documents(&service.client()), Config::default());
    let mut events = pin!(events.take_until(sleep(Duration::from_secs(24 * 60 * 60))));
    while let Some(event) = events.next().await {
        match event {
            Ok(watcher::Event::InitDone) => return true,
            Ok(watcher::Event::InitApply(_)) => sleep(takes).await,
            _ => {}
        }
    }
    false
}
