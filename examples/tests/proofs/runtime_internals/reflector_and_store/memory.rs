//! How many copies of an object there are, and when.

use std::{borrow::Cow, pin::pin, sync::Arc};

use examples::{
    runtime_internals::reflector_and_store::cache,
    testing::{Answer, Service},
};
use futures::{StreamExt, stream};
use kube::{
    ResourceExt,
    runtime::{
        reflector::{self, Lookup, reflector},
        watcher::Event,
    },
};
use serde_json::json;

use super::{object, silence};
use crate::support::{documents, until_all_wait};

/// An object whose copies can be counted: each holds the same token.
#[derive(Clone)]
struct Counted {
    name: String,
    _token: Arc<()>,
}

impl Lookup for Counted {
    type DynamicType = ();

    fn kind(_: &()) -> Cow<'_, str> {
        "Counted".into()
    }
    fn group(_: &()) -> Cow<'_, str> {
        "example.com".into()
    }
    fn version(_: &()) -> Cow<'_, str> {
        "v1".into()
    }
    fn plural(_: &()) -> Cow<'_, str> {
        "counted".into()
    }
    fn name(&self) -> Option<Cow<'_, str>> {
        Some(self.name.as_str().into())
    }
    fn namespace(&self) -> Option<Cow<'_, str>> {
        None
    }
    fn resource_version(&self) -> Option<Cow<'_, str>> {
        None
    }
    fn uid(&self) -> Option<Cow<'_, str>> {
        None
    }
}

/// Counts the copies of objects that were made of it.
struct Counter(Arc<()>);

impl Counter {
    fn object(&self, name: impl ToString) -> Counted {
        Counted {
            name: name.to_string(),
            _token: Arc::clone(&self.0),
        }
    }

    fn copies(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}

/// While an event is on its way down the stream, its object is in memory twice:
/// once in the event, once in the Store.
#[tokio::test]
async fn an_event_on_its_way_is_a_second_copy_of_its_object() {
    let counter = Counter(Arc::default());
    let events = stream::iter([Ok(Event::Apply(counter.object("faq")))]);
    let (_store, writer) = reflector::store();
    let mut reflected = pin!(reflector(writer, events));
    assert_eq!(counter.copies(), 1);
    let item = reflected.next().await;
    assert_eq!(counter.copies(), 2);
    drop(item);
    assert_eq!(counter.copies(), 1);
}

/// A new list of 100 objects brings 100 more until `InitDone`. Then the old
/// ones are gone at once, except those that somebody still holds.
#[test]
fn a_relist_holds_two_generations_until_init_done() {
    let counter = Counter(Arc::default());
    let (store, mut writer) = reflector::store();
    let mut counts = Vec::new();
    for _ in 0..2 {
        writer.apply_watcher_event(&Event::Init);
        for number in 0..100 {
            writer.apply_watcher_event(&Event::InitApply(counter.object(number)));
        }
        counts.push(counter.copies());
        writer.apply_watcher_event(&Event::InitDone);
        counts.push(counter.copies());
    }
    assert_eq!(counts, [100, 100, 200, 100]);

    let held = store.state();
    writer.apply_watcher_event(&Event::Init);
    writer.apply_watcher_event(&Event::InitDone);
    assert_eq!((store.len(), counter.copies()), (0, 100));
    drop(held);
    assert_eq!(counter.copies(), 0);
}

/// What `modify` takes away before `reflect` is neither in the Store nor in the
/// items that come out.
#[tokio::test(start_paused = true)]
async fn modify_before_reflect_keeps_managed_fields_out_of_the_store() {
    let mut sent = object("faq", "2");
    sent["metadata"]["managedFields"] = json!([{ "manager": "editor" }]);
    let service = Service::new([Answer::list(&[sent]), silence()]);
    let (store, fill) = cache(documents(&service.client()));
    tokio::spawn(fill);
    until_all_wait().await;
    assert!(store.state()[0].managed_fields().is_empty());
}
