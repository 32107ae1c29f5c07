//! Errors that a watcher emits, and what it takes to get past them.

use std::{future::ready, pin::pin, time::Duration};

use examples::{
    runtime_internals::watcher::{Known, readable},
    testing::{Answer, Script, Server, Service},
};
use futures::StreamExt;
use kube::{
    Client,
    Error::{Api, SerdeError},
    core::DeserializeGuard,
    runtime::{
        WatchStreamExt, reflector, watcher,
        watcher::{Config, Error, Event},
    },
};

use serde_json::{Value, json};

use super::{
    bookmark, document, error_event, event, initial_end,
    observed::{Request, told},
    page, wrong,
};
use crate::support::{documents, log_of_kube};

/// None of the five errors ends a watcher, and without a backoff it asks again at
/// once, for as long as the error comes again.
#[tokio::test(start_paused = true)]
async fn no_error_ends_a_watcher_and_none_makes_it_wait() {
    for (error, list, watch) in failures() {
        let service = Service::new(Script::rule(move |request| {
            match Request::of(&request.target) {
                Request::List(_) => list.clone(),
                _ => watch.clone(),
            }
        }));
        let events = watcher(documents(&service.client()), Config::default());
        let errors = events.filter(|item| ready(item.is_err())).take(100);
        let start = tokio::time::Instant::now();
        let errors: Vec<_> = errors.map(|item| told(&item)).collect().await;

        assert_eq!(errors, vec![format!("Err({error})"); 100]);
        assert_eq!(start.elapsed(), Duration::ZERO, "{error}");
        assert!(service.requests().len() >= 100, "{error}");
    }
}

/// Errors, and what a server answers lists and watches so that they never end.
fn failures() -> [(&'static str, Answer, Answer); 7] {
    let refused = || Answer::failure(500, "InternalError", "no");
    let list = || page(&[], Some("5"), None);
    let line = |line| Answer::watch(&[line]).ending(Duration::ZERO);
    let reset = Answer::watch(&[]).breaking(Duration::ZERO);
    [
        ("InitialListFailed", refused(), Answer::never()),
        ("NoResourceVersion", page(&[], None, None), Answer::never()),
        ("WatchStartFailed", list(), refused()),
        ("WatchError", list(), line(error_event(410))),
        ("WatchError", list(), line(error_event(500))),
        ("WatchFailed", list(), line(json!("no event"))),
        ("WatchFailed", list(), reset),
    ]
}

/// What a watcher emits of a server whose first watch breaks after a change: on a
/// connection of TCP, which is closed, and on a service, which resets it.
async fn emitted_across_a_break(client: Client) -> Vec<String> {
    let events = watcher(documents(&client), Config::default());
    let items = events.map(|item| told(&item));
    items
        .take_while(|item| ready(item != "Apply(guide)"))
        .collect()
        .await
}

/// A connection that is closed in the middle of a watch ends it without an error
/// but for a line in the log; one that is reset is an error first. Both go on from
/// the last version.
#[tokio::test]
async fn a_closed_connection_is_no_error_and_a_reset_is() {
    let (log, _guard) = log_of_kube();
    let changed = |name, version| event("MODIFIED", &document(name, version));
    let script = || {
        [
            page(&[], Some("5"), None),
            Answer::watch(&[changed("faq", "6")]).breaking(Duration::ZERO),
            Answer::watch(&[changed("guide", "7")]),
        ]
    };
    let server = Server::start(script()).await.unwrap();
    let closed = emitted_across_a_break(Client::try_from(server.config()).unwrap()).await;
    let service = Service::new(script());
    let reset = emitted_across_a_break(service.client()).await;

    assert_eq!(closed, ["Init", "InitDone", "Apply(faq)"]);
    assert_eq!(
        reset,
        ["Init", "InitDone", "Apply(faq)", "Err(WatchFailed)"]
    );
    assert!(
        matches!(&log.lock().unwrap()[..], [line] if line.starts_with("WARN eof in poll: ")),
        "{log:?}"
    );
    for requests in [server.finish(), service.finish()] {
        let last = Request::of(&requests.unwrap()[2].target);
        assert_eq!(last, Request::Watch("6".to_owned()));
    }
}

/// A collection with a document that does not fit the type, and a change of it.
fn server_with_a_wrong_document() -> Service {
    let (faq, guide) = (document("faq", "3"), document("guide", "6"));
    let list = page(&[&faq, &wrong("notes", "4")], Some("5"), None);
    let changed = event("MODIFIED", &wrong("notes", "7"));
    let watch = Answer::watch(&[event("ADDED", &guide), changed]);
    Service::new(Script::rule(move |request| {
        match Request::of(&request.target) {
            Request::List(_) => list.clone(),
            _ => watch.clone(),
        }
    }))
}

/// One object that cannot be decoded fails the whole list, each time: no object is
/// ever emitted, and there is no watch. The error does not name the object, and the
/// log has the whole list, once for each attempt.
#[tokio::test(start_paused = true)]
async fn one_wrong_object_keeps_a_watcher_from_its_watch() {
    let (log, _guard) = log_of_kube();
    let service = server_with_a_wrong_document();
    let mut events = pin!(watcher(documents(&service.client()), Config::default()));

    for _ in 0..100 {
        assert!(matches!(events.next().await, Some(Ok(Event::Init))));
        let failed = events.next().await;
        let Some(Err(error @ Error::InitialListFailed(SerdeError(_)))) = failed else {
            panic!("{failed:?}");
        };
        let message = error.to_string();
        let begins =
            "failed to perform initial object list: Error deserializing response";
        assert!(message.starts_with(begins) && !message.contains("notes"));
    }

    let lists = service.requests().into_iter();
    assert!(
        lists
            .map(|list| Request::of(&list.target))
            .all(|list| list == Request::List(None))
    );
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 100);
    for line in &log[..] {
        let has = |name: &str| line.contains(&format!(r#""name":"{name}""#));
        assert!(line.starts_with("WARN ") && has("faq") && has("notes"));
    }
}

/// A page of HTML in place of JSON fails the list with another message, which ends
/// in line 1, column 1.
#[tokio::test(start_paused = true)]
async fn an_answer_that_is_no_json_fails_a_list_in_its_first_column() {
    let service = Service::new([Answer::text(200, "<html>Sign in</html>")]);
    let mut events =
        pin!(watcher(documents(&service.client()), Config::default()).skip(1));
    let failed = events.next().await.unwrap().unwrap_err();
    assert_eq!(
        failed.to_string(),
        "failed to perform initial object list: \
         Error deserializing response: expected value at line 1 column 1"
    );
}

/// A streaming list is completed without an object that cannot be decoded: it is one
/// error, then comes `InitDone`, and the object seems to be gone, to a Store as well.
#[tokio::test(start_paused = true)]
async fn a_streaming_list_is_completed_without_a_wrong_object() {
    let added = |object: &Value| event("ADDED", object);
    let faq = added(&document("faq", "3"));
    let notes = added(&document("notes", "4"));
    let service = Service::new([
        Answer::watch(&[faq.clone(), notes, initial_end("5"), error_event(410)]),
        Answer::watch(&[faq, added(&wrong("notes", "6")), initial_end("7")]),
    ]);
    let config = Config::default().streaming_lists();
    let (store, writer) = reflector::store();
    let stream = watcher(documents(&service.client()), config).reflect(writer);
    let mut events = pin!(stream);
    let (mut known, mut gone, mut items) = (Known::default(), Vec::new(), Vec::new());
    let mut held = Vec::new();
    for _ in 0..9 {
        let item = events.next().await.unwrap();
        if let Ok(event) = &item {
            gone.extend(known.gone(event));
        }
        items.push(told(&item));
        held.push(store.len());
    }

    let again = ["Init", "InitApply(faq)", "Err(WatchFailed)", "InitDone"];
    assert_eq!(items[5..], again);
    assert_eq!(gone, ["notes"]);
    assert_eq!(held, [0, 0, 0, 2, 2, 2, 2, 2, 1]);
}

/// With `DeserializeGuard` the wrong object is an event as any other, which says
/// what is wrong with it.
#[tokio::test(start_paused = true)]
async fn a_guard_lets_a_watcher_past_a_wrong_object() {
    let service = server_with_a_wrong_document();
    let events = readable(service.client()).take(6);
    let told = |guarded: DeserializeGuard<_>| match guarded.0 {
        Ok(_) => "fits".to_owned(),
        Err(invalid) => {
            let reason = invalid.error;
            assert!(reason.contains("Expected a string"), "{reason}");
            format!("{} does not", invalid.metadata.name.unwrap())
        }
    };
    let events: Vec<_> = events
        .map(|event| match event.unwrap() {
            Event::InitApply(guarded) => format!("InitApply: {}", told(guarded)),
            Event::Apply(guarded) => format!("Apply: {}", told(guarded)),
            Event::Init => "Init".to_owned(),
            Event::InitDone => "InitDone".to_owned(),
            Event::Delete(_) => "Delete".to_owned(),
        })
        .collect()
        .await;

    assert_eq!(
        events,
        [
            "Init",
            "InitApply: fits",
            "InitApply: notes does not",
            "InitDone",
            "Apply: fits",
            "Apply: notes does not",
        ]
    );
}

/// In a watch, the event of a wrong object is an error without a word of the
/// object, and its version is not taken: a watch that is resumed meets it again.
#[tokio::test(start_paused = true)]
async fn a_wrong_object_in_a_watch_comes_again_with_the_next_one() {
    let watch =
        || Answer::watch(&[event("MODIFIED", &wrong("faq", "6"))]).ending(Duration::ZERO);
    let service = Service::new([
        page(&[&document("faq", "3")], Some("5"), None),
        watch(),
        watch(),
        Answer::never(),
    ]);
    let mut events =
        pin!(watcher(documents(&service.client()), Config::default()).skip(3));

    for _ in 0..2 {
        match events.next().await {
            Some(Err(Error::WatchFailed(Api(status)))) => {
                assert_eq!(*status, Default::default());
            }
            other => panic!("{other:?}"),
        }
    }

    let requests: Vec<_> = service.requests();
    let asked = requests.iter().map(|request| Request::of(&request.target));
    let watches = ["5", "5"].map(|version| Request::Watch(version.to_owned()));
    assert_eq!(asked.skip(1).collect::<Vec<_>>(), watches);
}

/// Of a wrong object, a watch shows neither a change nor the deletion. If another
/// event follows, be it a bookmark, the next watch begins behind all of them.
#[tokio::test(start_paused = true)]
async fn an_event_behind_a_wrong_object_leaves_it_behind() {
    let wrong_and_right = [
        event("MODIFIED", &wrong("faq", "6")),
        event("DELETED", &wrong("faq", "7")),
        bookmark("8"),
    ];
    let service = Service::new([
        page(&[&document("faq", "3")], Some("5"), None),
        Answer::watch(&wrong_and_right).ending(Duration::ZERO),
        Answer::watch(&[]),
    ]);
    let events = watcher(documents(&service.client()), Config::default());
    let mut events = pin!(events.map(|item| told(&item)).skip(3));
    assert_eq!(events.next().await.unwrap(), "Err(WatchFailed)");
    assert_eq!(events.next().await.unwrap(), "Err(WatchFailed)");
    // The next watch is opened, and nothing comes of it.
    let a_minute = Duration::from_mins(1);
    assert!(tokio::time::timeout(a_minute, events.next()).await.is_err());
    let asked = Request::of(&service.requests()[2].target);
    assert_eq!(asked, Request::Watch("8".to_owned()));
}

/// A kind that is gone is asked for from the old version for as long as the server
/// refuses; the first watch that says 410 in an event makes the watcher list.
#[tokio::test(start_paused = true)]
async fn a_watch_refused_with_404_keeps_its_version_until_an_event_says_410() {
    let gone = || Answer::text(404, "404 page not found");
    let service = Service::new([
        page(&[&document("faq", "3")], Some("5"), None),
        Answer::watch(&[event("DELETED", &document("faq", "6"))]).ending(Duration::ZERO),
        gone(),
        gone(),
        Answer::watch(&[error_event(410)]).ending(Duration::ZERO),
        page(&[], Some("20"), None),
        Answer::never(),
    ]);
    let events = watcher(documents(&service.client()), Config::default()).take(9);
    let events: Vec<_> = events.map(|item| told(&item)).collect().await;

    let expected = [
        "Init",
        "InitApply(faq)",
        "InitDone",
        "Delete(faq)",
        "Err(WatchStartFailed)",
        "Err(WatchStartFailed)",
        "Err(WatchError)",
        "Init",
        "InitDone",
    ];
    assert_eq!(events, expected);
    let asked: Vec<_> = service.requests();
    let asked = asked
        .iter()
        .map(|request| Request::of(&request.target).to_string());
    let from = |version: &str| format!("WATCH, resourceVersion={version}");
    let list = "LIST".to_owned();
    assert_eq!(
        asked.collect::<Vec<_>>(),
        [
            list.clone(),
            from("5"),
            from("6"),
            from("6"),
            from("6"),
            list
        ]
    );
}
