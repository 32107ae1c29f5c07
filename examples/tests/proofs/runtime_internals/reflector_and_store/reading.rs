//! Looking things up, snapshots, and the lock.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use examples::{
    document::Document,
    runtime_internals::reflector_and_store::{
        unique_titles, unique_titles_of_a_snapshot,
    },
};
use k8s_openapi::api::core::v1::Namespace;
use kube::runtime::{
    reflector::{self, ObjectRef, Store, store::Writer},
    watcher::Event,
};

use super::{contents, document};

fn holding(documents: &[Document]) -> (Store<Document>, Writer<Document>) {
    let (store, mut writer) = reflector::store();
    for document in documents {
        writer.apply_watcher_event(&Event::Apply(document.clone()));
    }
    (store, writer)
}

/// A namespaced object is found by its name and namespace, not by its name
/// alone.
#[test]
fn a_namespaced_object_is_not_found_without_its_namespace() {
    let (store, _writer) = holding(&[document("faq", "2")]);
    let faq = ObjectRef::new("faq");
    assert_eq!(store.get(&faq), None);
    assert_eq!(store.get(&faq.clone().within("other")), None);
    assert!(store.get(&faq.within("default")).is_some());
}

/// A cluster-scoped object is found under whatever namespace it is asked for.
#[test]
fn a_cluster_scoped_object_is_found_within_any_namespace() {
    let (store, mut writer) = reflector::store::<Namespace>();
    let mut namespace = Namespace::default();
    namespace.metadata.name = Some("drafts".to_owned());
    writer.apply_watcher_event(&Event::Apply(namespace));
    let reference = ObjectRef::new("drafts");
    assert!(store.get(&reference).is_some());
    assert!(store.get(&reference.within("anywhere")).is_some());
}

/// An object that was deleted and made anew under its old name is found by a
/// reference to the old one: the key has neither uid nor version.
#[test]
fn a_reference_to_a_deleted_object_finds_its_successor() {
    let (mut old, mut new) = (document("faq", "2"), document("faq", "9"));
    old.metadata.uid = Some("old".to_owned());
    new.metadata.uid = Some("new".to_owned());
    let reference = ObjectRef::from_obj(&old);
    let (store, mut writer) = holding(&[old]);
    writer.apply_watcher_event(&Event::Apply(new));
    let found = store.get(&reference).unwrap();
    assert_eq!(found.metadata.uid.as_deref(), Some("new"));
    assert_eq!(store.len(), 1);
}

/// What was read from a Store stays as it was read, whatever becomes of the
/// Store.
#[test]
fn a_snapshot_does_not_change_with_the_store() {
    let (store, mut writer) = holding(&[document("faq", "2"), document("guide", "3")]);
    let faq = store.get(&ObjectRef::new("faq").within("default")).unwrap();
    let all = store.state();
    writer.apply_watcher_event(&Event::Apply(document("faq", "4")));
    writer.apply_watcher_event(&Event::Init);
    writer.apply_watcher_event(&Event::InitDone);
    assert_eq!(contents(&store), "-");
    assert_eq!(*faq, document("faq", "2"));
    assert_eq!(all.len(), 2);
}

/// Reading clones no object: two reads give the same one.
#[test]
fn two_reads_share_one_object() {
    let (store, _writer) = holding(&[document("faq", "2")]);
    assert!(Arc::ptr_eq(&store.state()[0], &store.state()[0]));
}

/// Two Stores with the same objects list them in different orders, and so does one
/// Store before and after a new list.
#[test]
fn a_store_lists_its_objects_in_no_particular_order() {
    let documents: Vec<_> = (0..100)
        .map(|number| document(&format!("document-{number}"), "1"))
        .collect();
    let names = |store: &Store<Document>| {
        let state = store.state();
        state
            .iter()
            .map(|found| found.spec.title.clone())
            .collect::<Vec<_>>()
    };
    let (store, mut writer) = holding(&documents);
    let before = names(&store);
    let (other, _writer) = holding(&documents);
    assert_ne!(before, names(&other));

    writer.apply_watcher_event(&Event::Init);
    for document in &documents {
        writer.apply_watcher_event(&Event::InitApply(document.clone()));
    }
    writer.apply_watcher_event(&Event::InitDone);
    let mut after = names(&store);
    assert_ne!(before, after);
    after.sort_unstable_by_key(|name| before.iter().position(|same| same == name));
    assert_eq!(before, after);
}

/// Longer than any thread here needs to run to its end. The clock is the real
/// one: what is shown happens between threads.
const LONG: Duration = Duration::from_millis(200);

/// While a predicate runs, the Writer waits: it cannot write before the last
/// object was looked at.
#[test]
fn a_predicate_keeps_the_writer_waiting() {
    let (store, mut writer) = holding(&[document("faq", "2")]);
    let (within, is_within) = mpsc::channel();
    let (go_on, goes_on) = mpsc::channel::<()>();
    let (wrote, has_written) = mpsc::channel();
    let reader = thread::spawn(move || {
        store.state_filter(|_| {
            within.send(()).unwrap();
            goes_on.recv().unwrap();
            true
        })
    });
    is_within.recv().unwrap();
    thread::spawn(move || {
        writer.apply_watcher_event(&Event::Apply(document("guide", "3")));
        wrote.send(()).unwrap();
    });
    assert!(has_written.recv_timeout(LONG).is_err());
    go_on.send(()).unwrap();
    has_written.recv().unwrap();
    assert_eq!(reader.join().unwrap().len(), 1);
}

/// A predicate that reads the Store it is being evaluated in works until the
/// Writer comes in between. Then the three wait for each other: the lookup for
/// the Writer, the Writer for the predicate, the predicate for its lookup.
#[test]
fn a_lookup_within_a_predicate_deadlocks_when_the_writer_comes_in_between() {
    let (store, mut writer) = holding(&[document("faq", "2")]);
    // Without a writer in between it returns.
    assert_eq!(unique_titles(&store).len(), 1);

    let (within, is_within) = mpsc::channel();
    let (go_on, goes_on) = mpsc::channel::<()>();
    let (returned, has_returned) = mpsc::channel();
    thread::spawn(move || {
        let found = store.state_filter(|_| {
            within.send(()).unwrap();
            goes_on.recv().unwrap();
            store.len() == 1
        });
        returned.send(found.len()).unwrap();
    });
    is_within.recv().unwrap();
    let (writes, is_writing) = mpsc::channel();
    thread::spawn(move || {
        writes.send(()).unwrap();
        writer.apply_watcher_event(&Event::Apply(document("guide", "3")));
    });
    is_writing.recv().unwrap();
    // Time for the one call that is left until the writer waits.
    thread::sleep(LONG);
    go_on.send(()).unwrap();
    assert!(has_returned.recv_timeout(LONG).is_err());
}

/// What the predicate did, from a snapshot: the same answer, and no lock.
#[test]
fn unique_titles_can_be_found_in_a_snapshot() {
    let mut copy = document("copy", "4");
    copy.spec.title = "faq".to_owned();
    let documents = [document("faq", "2"), document("guide", "3"), copy];
    let (store, _writer) = holding(&documents);
    let found = unique_titles_of_a_snapshot(&store);
    assert_eq!(found, unique_titles(&store));
    assert_eq!(found, [Arc::new(document("guide", "3"))]);
}
