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
    let [faq, api, ops] = ["faq", "api", "ops"].map(|name| document(name, "3"));
    let timeline = Timeline::start();
    let server = timeline.clone();
    let service = Service::new(Script::rule(move |request| {
        let (asked, answer) = match Request::of(&request.target) {
            Request::List(None) => ("LIST", page(&[&faq, &api], Some("5"), Some("p2"))),
            Request::List(Some(_)) => ("LIST, continue", page(&[&ops], Some("5"), None)),
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

/// The tokens of a list are as old as its first page. If they expire before the last
/// page is asked for, as somebody works on each object before taking the next, the
/// list never ends; with smaller pages neither, but with larger ones it does.
#[tokio::test(start_paused = true)]
async fn a_list_never_ends_for_a_reader_slower_than_its_token() {
    let slow = Duration::from_secs(20);
    // 160 s for a page, but 320 s until the third is asked for.
    assert!(!list_ends(8, slow).await);
    // 80 s for a page, but 320 s until the fifth of six is asked for.
    assert!(!list_ends(4, slow).await);
    // 240 s until the second of two is asked for.
    assert!(list_ends(12, slow).await);
    assert!(list_ends(8, slow / 2).await);
}

/// Whether a list of 24 objects, in pages of this size, comes to its `InitDone`
/// within a day, if each object takes so long and a token lives for 300 s.
async fn list_ends(page_size: usize, takes: Duration) -> bool {
    let names = (0..24).map(|number| document(&format!("faq-{number}"), "3"));
    let objects: Vec<_> = names.collect();
    let token_lives = Duration::from_secs(300);
    let mut issued = Instant::now();
    let service = Service::new(Script::rule(move |request| {
        let from = match Request::of(&request.target) {
            Request::List(None) => {
                issued = Instant::now();
                0
            }
            Request::List(Some(_)) if issued.elapsed() > token_lives => {
                let message = "the continue parameter is too old";
                return Answer::failure(410, "Expired", message);
            }
            Request::List(Some(token)) => token.parse::<usize>().unwrap(),
            _ => return Answer::never(),
        };
        let to = from + page_size;
        let items: Vec<_> = objects[from..to].iter().collect();
        let token = (to < objects.len()).then(|| to.to_string());
        page(&items, Some("5"), token.as_deref())
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
