//! Which events become objects, and what happens to them before.

use std::{
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use examples::{
    document::Document,
    testing::{Answer, Service},
};
use futures::{Stream, StreamExt};
use kube::{
    ResourceExt,
    runtime::{
        WatchStreamExt, reflector,
        watcher::{self, Event},
    },
};

use super::{counted, document, expired, items, line, watch};
use crate::support::{compile_fail, output};

/// Two documents are listed; while the watch is open, one is changed, one
/// deleted, one made. Then the version expires, and before the next list the
/// new one is deleted.
fn eventful() -> Service {
    let second = Duration::from_secs(1);
    Service::new([
        Answer::list(&[document("faq", 1, 1), document("report", 2, 1)]),
        Answer::watch(&[])
            .then(second, &line("MODIFIED", &document("faq", 3, 2)))
            .then(second, &line("DELETED", &document("report", 4, 1)))
            .then(second, &line("ADDED", &document("draft", 5, 1)))
            .then(second, &expired()),
        Answer::list(&[document("faq", 3, 2)]),
        Answer::watch(&[]),
    ])
}

fn shown(item: &watcher::Result<Document>) -> String {
    match item {
        Ok(document) => format!("Ok({})", document.name_any()),
        Err(_) => "Err".to_owned(),
    }
}

/// What `decode` makes of each event of the run, counted from 0.
async fn made<S>(
    decode: impl FnOnce(
        Box<dyn Stream<Item = watcher::Result<Event<Document>>> + Send + Unpin>,
    ) -> S,
) -> Vec<String>
where
    S: Stream<Item = watcher::Result<Document>>,
{
    let service = eventful();
    let count = Arc::new(AtomicUsize::new(0));
    let counting = count.clone();
    let events = watch(&service).inspect(move |_| {
        counting.fetch_add(1, Ordering::SeqCst);
    });
    let decoded = decode(Box::new(Box::pin(events)));
    let numbered = decoded.map(|item| (count.load(Ordering::SeqCst) - 1, shown(&item)));
    let mut made = vec!["-".to_owned(); 11];
    for (index, item) in items(60, numbered).await {
        made[index] = item;
    }
    service.finish().unwrap();
    made
}

/// `applied_objects` drops deletions and the markers of a list, `touched_objects`
/// the markers; neither tells of a document that vanished before a new list.
#[tokio::test(start_paused = true)]
async fn applied_objects_drops_what_touched_objects_keeps_of_a_deletion() {
    let events = items(60, watch(&eventful())).await;
    assert_eq!(events.len(), 11);
    let applied = made(|events| events.applied_objects()).await;
    let touched = made(|events| events.touched_objects()).await;
    let mut text = format!(
        "{:<20}{:<20}{}\n",
        "watcher", "applied_objects", "touched_objects"
    );
    for ((event, applied), touched) in events.iter().zip(applied).zip(touched) {
        let event = match event {
            Ok(event) => event.to_string(),
            Err(_) => "Err (410)".to_owned(),
        };
        writeln!(text, "{event:<20}{applied:<20}{touched}").unwrap();
    }
    output("runtime_internals/stream_adaptors/events.txt", &text);
}

/// A document that is deleted during a gap is missing from the next list, and
/// from neither stream does anything say so.
#[tokio::test(start_paused = true)]
async fn a_document_deleted_before_a_new_list_is_in_neither_stream() {
    let touched = made(|events| events.touched_objects()).await;
    let drafts: Vec<_> = touched.iter().filter(|item| *item == "Ok(draft)").collect();
    // Once when it was made, and never again.
    assert_eq!(drafts.len(), 1);
    assert_eq!(touched[8..], ["-", "Ok(faq)", "-"]);
}

fn one_counted() -> Service {
    let faq = counted(document("faq", 1, 1), 120);
    Service::new([Answer::list(&[faq]), Answer::watch(&[])])
}

/// What `modify` drops before `reflect` is missing from the store, and what it
/// drops behind it is not; the loop misses it either way.
#[tokio::test(start_paused = true)]
async fn modify_before_reflect_shrinks_the_store_and_behind_it_does_not() {
    let (small, writer) = reflector::store();
    let chain = watch(&one_counted())
        .modify(|document: &mut Document| document.status = None)
        .reflect(writer)
        .applied_objects();
    let seen_small = items(60, chain).await;

    let (whole, writer) = reflector::store();
    let chain = watch(&one_counted())
        .reflect(writer)
        .modify(|document| document.status = None)
        .applied_objects();
    let seen_whole = items(60, chain).await;

    for seen in [seen_small, seen_whole] {
        assert!(seen[0].as_ref().unwrap().status.is_none());
    }
    assert!(small.state()[0].status.is_none());
    assert!(whole.state()[0].status.is_some());
}

/// `modify` is called for objects of lists, changes and deletions alike.
#[tokio::test(start_paused = true)]
async fn modify_is_called_for_deletions_too() {
    let mut names = Vec::new();
    let chain = watch(&eventful())
        .modify(|document: &mut Document| names.push(document.name_any()));
    items(60, chain).await;
    assert_eq!(names, ["faq", "report", "faq", "report", "draft", "faq"]);
}

/// `reflect` takes events: behind the decoder it does not compile.
#[test]
fn reflect_behind_the_decoder_does_not_compile() {
    compile_fail("runtime_internals/stream_adaptors/reflect_behind_decoder.rs");
}
