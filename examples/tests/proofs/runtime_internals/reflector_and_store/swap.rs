//! What the Writer does with each event.

use std::{fmt::Write, time::Duration};

use examples::{
    document::Document,
    runtime_internals::reflector_and_store::merge,
    testing::{Answer, Received, Script, Service},
};
use futures::StreamExt;
use kube::{
    Api,
    runtime::{
        reflector::{self, Store, store::Writer},
        watcher::Event,
    },
};
use serde_json::Value;
use tokio::time::sleep;

use super::{contents, document, expired, object, readiness, silence};
use crate::support::{output, until_all_wait};

/// A Store that was ready once, with these documents.
fn filled(names: &[(&str, &str)]) -> (Store<Document>, Writer<Document>) {
    let (store, mut writer) = reflector::store();
    writer.apply_watcher_event(&Event::Init);
    for (name, version) in names {
        writer.apply_watcher_event(&Event::InitApply(document(name, version)));
    }
    writer.apply_watcher_event(&Event::InitDone);
    (store, writer)
}

/// Applies events and tells what the Store holds after each.
fn told(
    store: &Store<Document>,
    writer: &mut Writer<Document>,
    events: &[(&str, Event<Document>)],
) -> String {
    let mut text = format!("{:<22} {}\n", "the Writer is given", "state()");
    for (name, event) in events {
        writer.apply_watcher_event(event);
        let _ = writeln!(text, "{name:<22} {}", contents(store));
    }
    text
}

/// `Apply` and `Delete` change the Store at once; what comes between `Init` and
/// `InitDone` changes nothing until `InitDone` puts it in place of all that was
/// there. An `Init` discards what a broken-off one before it had collected.
#[test]
fn init_done_puts_what_was_collected_in_place_of_everything() {
    let (store, mut writer) = filled(&[("faq", "2"), ("guide", "3")]);
    let text = told(
        &store,
        &mut writer,
        &[
            ("Apply(faq v4)", Event::Apply(document("faq", "4"))),
            ("Apply(intro v5)", Event::Apply(document("intro", "5"))),
            ("Delete(guide v6)", Event::Delete(document("guide", "6"))),
            ("Init", Event::Init),
            ("InitApply(old v1)", Event::InitApply(document("old", "1"))),
            ("Init", Event::Init),
            ("InitApply(faq v7)", Event::InitApply(document("faq", "7"))),
            ("InitDone", Event::InitDone),
        ],
    );
    output("runtime_internals/reflector_and_store/swap.txt", &text);
}

/// An `Apply` between `Init` and `InitDone` is in the Store at once, and gone
/// with the swap. The watcher sends none, a stream made by hand may.
#[test]
fn an_apply_within_a_list_is_wiped_by_the_swap() {
    let (store, mut writer) = filled(&[]);
    writer.apply_watcher_event(&Event::Init);
    writer.apply_watcher_event(&Event::InitApply(document("faq", "2")));
    writer.apply_watcher_event(&Event::Apply(document("guide", "3")));
    assert_eq!(contents(&store), "guide v3");
    writer.apply_watcher_event(&Event::InitDone);
    assert_eq!(contents(&store), "faq v2");
}

/// An older version replaces a newer one: the Writer compares nothing.
#[test]
fn the_writer_compares_no_versions() {
    let (store, mut writer) = filled(&[("faq", "9")]);
    writer.apply_watcher_event(&Event::Apply(document("faq", "2")));
    assert_eq!(contents(&store), "faq v2");
}

/// Two watchers merged into one Writer: whichever lists throws out what the
/// other one has brought.
#[tokio::test(start_paused = true)]
async fn two_watchers_on_one_writer_throw_out_each_others_objects() {
    let second = Duration::from_secs(1);
    let store = merged(second);
    until_all_wait().await;
    assert_eq!(contents(&store), "draft v2");
    sleep(second).await;
    assert_eq!(contents(&store), "article v3");
    // The watch on drafts expires, and its watcher lists again.
    sleep(EXPIRES).await;
    assert_eq!(contents(&store), "draft v2");
}

/// When the lists of two watchers come at the same time, the first `InitDone`
/// takes the objects of both, and the second one puts nothing in their place.
#[tokio::test(start_paused = true)]
async fn two_lists_at_once_leave_their_store_empty_and_ready() {
    let store = merged(Duration::ZERO);
    until_all_wait().await;
    assert_eq!((contents(&store).as_str(), readiness(&store)), ("-", "Ok"));
}

/// Where two lists overlap, the second `InitDone` keeps only what has come since
/// the first.
#[test]
fn overlapping_lists_leave_what_came_after_the_first_init_done() {
    let (store, mut writer) = filled(&[]);
    let listed = |name: &str| Event::InitApply(document(name, "2"));
    for event in [Event::Init, Event::Init, listed("draft"), listed("article")] {
        writer.apply_watcher_event(&event);
    }
    writer.apply_watcher_event(&Event::InitDone);
    assert_eq!(contents(&store), "article v2, draft v2");
    writer.apply_watcher_event(&listed("column"));
    writer.apply_watcher_event(&Event::InitDone);
    assert_eq!(contents(&store), "column v2");
}

/// The Store of two merged watchers, the second of which gets its list later.
fn merged(later: Duration) -> Store<Document> {
    let service = Service::new(Script::rule(two_namespaces(later)));
    let api = |namespace| Api::namespaced(service.client(), namespace);
    let (store, writer) = reflector::store();
    let merged = merge(api("drafts"), api("published"), writer);
    tokio::spawn(merged.for_each(|_| async {}));
    store
}

/// When the first watch on drafts expires.
const EXPIRES: Duration = Duration::from_secs(100);

/// One document in each namespace. The first watch on drafts expires.
fn two_namespaces(later: Duration) -> impl FnMut(&Received) -> Answer + Send {
    let within = |namespace: &str, mut object: Value| {
        object["metadata"]["namespace"] = namespace.into();
        object
    };
    let mut watches = 0;
    move |request| {
        let is_watch = request.target.contains("watch=true");
        match (request.target.contains("/drafts/"), is_watch) {
            (true, false) => Answer::list(&[within("drafts", object("draft", "2"))]),
            (false, false) => {
                Answer::list(&[within("published", object("article", "3"))]).after(later)
            }
            (true, true) if watches == 0 => {
                watches += 1;
                silence().then(EXPIRES, &expired())
            }
            _ => silence(),
        }
    }
}
