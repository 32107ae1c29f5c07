//! What a predicate lets through.

use std::{
    fmt::Write,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use examples::{
    document::Document,
    testing::{Answer, Script, Service},
};
use futures::{StreamExt, stream};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    ResourceExt,
    runtime::{
        Predicate, WatchStreamExt,
        controller::Action,
        finalizer::{self, finalizer},
        predicates,
        watcher::{self, Event},
    },
};
use serde_json::{Value, json};

use super::{api, counted, decoded, document, finalized, is_watch, items, line, watch};
use crate::support::output;

type Property = fn(&Document) -> Option<u64>;

const PREDICATES: [(&str, Property); 5] = [
    ("generation", predicates::generation),
    ("finalizers", predicates::finalizers),
    ("fallback", |document| {
        let either = predicates::generation.fallback(predicates::finalizers);
        either.hash_property(document)
    }),
    ("combine", |document| {
        let both = predicates::generation.combine(predicates::finalizers);
        both.hash_property(document)
    }),
    ("resource_version", predicates::resource_version),
];

/// The life of a document, as a watch tells it, and the life of another of its
/// name.
fn life() -> Vec<(&'static str, Event<Document>)> {
    let labelled = |mut object: Value| {
        object["metadata"]["labels"] = json!({ "team": "docs" });
        object
    };
    let last = |version, generation| {
        counted(labelled(finalized(document("faq", version, generation))), 3)
    };
    let marked = |version| {
        let mut object = last(version, 3);
        object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        object
    };
    let mut again = document("faq", 9, 1);
    again["metadata"]["uid"] = json!("faq-2");
    let applied = |object: Value| Event::Apply(decoded(&object));
    vec![
        ("made", applied(document("faq", 1, 1))),
        ("finalizer added", applied(finalized(document("faq", 2, 1)))),
        (
            "status written",
            applied(counted(finalized(document("faq", 3, 1)), 3)),
        ),
        ("label added", applied(last(4, 1))),
        ("spec changed", applied(last(5, 2))),
        ("listed again", Event::InitApply(decoded(&last(5, 2)))),
        ("marked for deletion", applied(marked(6))),
        ("deleted", Event::Delete(decoded(&marked(8)))),
        ("made again", applied(again)),
    ]
}

/// Which events of `life` come out of `touched_objects` and the predicate.
async fn passed(predicate: Property) -> Vec<bool> {
    let life = life();
    let mut passed = vec![false; life.len()];
    let count = AtomicUsize::new(0);
    let events = stream::iter(life).map(|(_, event)| {
        count.fetch_add(1, Ordering::SeqCst);
        Ok::<_, watcher::Error>(event)
    });
    let mut filtered = pin!(
        events
            .touched_objects()
            .predicate_filter(predicate, Default::default())
    );
    while let Some(item) = filtered.next().await {
        assert!(item.is_ok());
        passed[count.load(Ordering::SeqCst) - 1] = true;
    }
    passed
}

/// A predicate lets an object through if the value it looks at differs from that
/// of the last sighting.
#[tokio::test]
async fn a_predicate_passes_an_object_whose_value_has_changed() {
    let mut columns = Vec::new();
    for (_, predicate) in PREDICATES {
        columns.push(passed(predicate).await);
    }
    let heads = PREDICATES.map(|(name, _)| name).join("  ");
    let mut text = format!("{:<20}  {heads}\n", "");
    for (row, (what, _)) in life().iter().enumerate() {
        write!(text, "{what:<20}").unwrap();
        for ((name, _), column) in PREDICATES.iter().zip(&columns) {
            let mark = if column[row] { "yes" } else { "-" };
            write!(text, "  {mark:<width$}", width = name.len()).unwrap();
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    output("runtime_internals/stream_adaptors/life.txt", &text);
}

/// A document made anew under an old name passes with the value of the old one, since
/// it has another UID.
#[tokio::test]
async fn a_document_made_anew_passes_with_the_value_of_the_old_one() {
    let (old, mut new) = (document("faq", 1, 1), document("faq", 3, 1));
    let same = vec![decoded(&old), decoded(&new)];
    assert_eq!(versions(same, predicates::generation).await, ["1"]);
    new["metadata"]["uid"] = json!("faq-2");
    let other = vec![decoded(&old), decoded(&new)];
    assert_eq!(versions(other, predicates::generation).await, ["1", "3"]);
}

/// What a stream of these objects becomes behind `predicate`: the versions that
/// pass.
async fn versions<K>(
    objects: Vec<K>,
    predicate: impl Predicate<K> + 'static,
) -> Vec<String>
where
    K: kube::Resource + 'static,
{
    let stream = stream::iter(objects.into_iter().map(Ok::<_, watcher::Error>));
    let filtered = stream.predicate_filter(predicate, Default::default());
    filtered
        .map(|object| object.unwrap().resource_version().unwrap())
        .collect()
        .await
}

/// A document without finalizers is deleted with the generation that it had, and
/// its deletion does not pass the predicate of that name. By its version it does.
#[tokio::test]
async fn the_generation_predicate_swallows_a_deletion() {
    let through = async |predicate: Property| {
        let made = Event::Apply(decoded(&document("faq", 1, 1)));
        let deleted = Event::Delete(decoded(&document("faq", 2, 1)));
        let touched = stream::iter([Ok(made), Ok(deleted)]).touched_objects();
        let filtered = touched.predicate_filter(predicate, Default::default());
        filtered.count().await
    };
    assert_eq!(through(predicates::generation).await, 1);
    assert_eq!(through(predicates::resource_version).await, 2);
}

/// The second predicate of `fallback` is asked for kinds without the first
/// value, and for no others.
#[tokio::test]
async fn fallback_asks_the_second_predicate_only_where_the_first_has_no_value() {
    let documents = [document("faq", 1, 1), document("faq", 2, 1)];
    let either = predicates::generation.fallback(predicates::resource_version);
    let documents = documents.iter().map(decoded).collect();
    assert_eq!(versions(documents, either).await, ["1"]);

    let either = predicates::generation.fallback(predicates::resource_version);
    assert_eq!(versions(config_maps(), either).await, ["1", "2"]);
}

/// Three sightings of a config map, the last two of the same version.
fn config_maps() -> Vec<ConfigMap> {
    let config_map = |version| {
        let metadata = json!({ "name": "faq", "resourceVersion": version });
        serde_json::from_value(json!({ "metadata": metadata })).unwrap()
    };
    vec![config_map("1"), config_map("2"), config_map("2")]
}

/// Where a predicate finds no value, everything passes, repetitions included.
#[tokio::test]
async fn objects_without_a_generation_all_pass_its_predicate() {
    let passed = versions(config_maps(), predicates::generation).await;
    assert_eq!(passed, ["1", "2", "2"]);
}

/// How often the `Apply` branch of a finalizer runs on a stream that is filtered
/// by `predicate`, in two minutes after a document was made.
async fn applies(predicate: Property) -> usize {
    let plain = document("faq", 1, 1);
    let with_finalizer = finalized(document("faq", 2, 1));
    let service = Service::new(Script::rule(move |request| {
        match (request.method.as_str(), is_watch(request)) {
            ("PATCH", _) => Answer::json(&with_finalizer),
            (_, false) => Answer::list(std::slice::from_ref(&plain)),
            (_, true) => Answer::watch(&[])
                .then(Duration::from_secs(1), &line("MODIFIED", &with_finalizer)),
        }
    }));
    let documents = api(&service);
    let applies = AtomicUsize::new(0);
    let filtered = watch(&service)
        .applied_objects()
        .predicate_filter(predicate, Default::default());
    let handled = filtered.then(|document| async {
        let reconcile = async |event| {
            if let finalizer::Event::Apply(_) = event {
                applies.fetch_add(1, Ordering::SeqCst);
            }
            Ok::<_, std::fmt::Error>(Action::await_change())
        };
        let document = Arc::new(document.unwrap());
        let done = finalizer(&documents, "example.com/tidy", document, reconcile);
        done.await.unwrap();
    });
    items(120, handled).await;
    let patches = service
        .requests()
        .iter()
        .filter(|one| one.method == "PATCH")
        .count();
    assert_eq!(patches, 1, "the finalizer is added, in any case");
    applies.load(Ordering::SeqCst)
}

/// Behind the generation predicate, a finalizer is added and nothing follows.
#[tokio::test(start_paused = true)]
async fn behind_the_generation_predicate_a_finalizer_is_added_and_nothing_follows() {
    assert_eq!(applies(predicates::generation).await, 0);
    let (_, fallback) = PREDICATES[2];
    assert_eq!(applies(fallback).await, 0);
}

/// Behind both predicates combined, the work begins when the finalizer is there.
#[tokio::test(start_paused = true)]
async fn behind_generation_and_finalizers_combined_the_work_begins() {
    let (_, combine) = PREDICATES[3];
    assert_eq!(applies(combine).await, 1);
}
