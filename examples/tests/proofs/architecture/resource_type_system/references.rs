//! What an `ObjectRef` compares, prints and finds.

use std::hash::{BuildHasher, Hash, RandomState};

use examples::document::Document;
use k8s_openapi::{
    api::core::v1::{ConfigMap, Node, Secret},
    apimachinery::pkg::apis::meta::v1::OwnerReference,
};
use kube::{
    api::{ApiResource, DynamicObject, PartialObjectMeta},
    runtime::{
        reflector::{ObjectRef, store::Writer},
        watcher::Event,
    },
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::support::output;

/// Two references are equal, and have the same hash, if kind, name and namespace
/// are; uid and resource version do not count, a plural that differs does.
#[test]
fn references_compare_kind_name_and_namespace() {
    let (old, recreated) = (document("uid-1", "7"), document("uid-2", "9"));
    let partial: PartialObjectMeta<Document> = read("uid-1", "7");
    let resource = ApiResource::erase::<Document>(&());
    let misspelt = ApiResource {
        plural: "docs".to_owned(),
        ..resource.clone()
    };
    let mut text = String::new();
    macro_rules! compare {
        ($($left:expr, $right:expr;)*) => {
            $(text += &compared(stringify!($left), &$left, stringify!($right), &$right);)*
        };
    }

    compare! {
        ObjectRef::from_obj(&old), ObjectRef::from_obj(&recreated);
        ObjectRef::from_obj(&old), ObjectRef::new("a").within("docs");
        ObjectRef::from_obj(&old), ObjectRef::new("a");
        ObjectRef::from_obj(&old).erase(), ObjectRef::from_obj(&partial).erase();
        ObjectRef::<ConfigMap>::new("a").erase(), ObjectRef::<Secret>::new("a").erase();
        ObjectRef::<DynamicObject>::new_with("a", resource), ObjectRef::new_with("a", misspelt);
    }

    output("architecture/resource_type_system/references.txt", &text);
}

fn compared<R: Hash + PartialEq>(l: &str, left: &R, r: &str, right: &R) -> String {
    let hasher = RandomState::new();
    let equal = left == right;
    assert_eq!(equal, hasher.hash_one(left) == hasher.hash_one(right));
    let sign = if equal { "==" } else { "!=" };
    format!("   {l}\n{sign} {r}\n\n")
}

/// Erasing keeps uid and resource version, which comparing ignores.
#[test]
fn erasing_keeps_what_comparing_ignores() {
    let erased = ObjectRef::from_obj(&document("uid-1", "7")).erase();

    assert_eq!(erased.extra.uid.as_deref(), Some("uid-1"));
    assert_eq!(erased.extra.resource_version.as_deref(), Some("7"));
    assert_eq!(erased.dyntype, ApiResource::erase::<Document>(&()));
}

/// A reference prints kind, version and group, then name and namespace, with a
/// dot in between: two that are different may print alike.
#[test]
fn two_different_references_may_print_alike() {
    let document = ObjectRef::<Document>::new("readme").within("docs");
    let dotted = ObjectRef::<ConfigMap>::new("a.docs");
    let within = ObjectRef::<ConfigMap>::new("a").within("docs");

    assert_eq!(document.to_string(), "Document.v1.example.com/readme.docs");
    assert_eq!(
        document.erase().to_string(),
        "Document.v1.example.com/readme.docs"
    );
    assert_eq!(within.to_string(), "ConfigMap.v1./a.docs");
    assert_eq!(dotted.to_string(), within.to_string());
    assert_ne!(dotted, within);
}

/// A store finds an object that has a namespace only by a reference that has the
/// same one.
#[test]
fn a_store_finds_nothing_without_the_namespace() {
    let mut writer = Writer::default();
    writer.apply_watcher_event(&Event::Apply(document("uid-1", "7")));
    let store = writer.as_reader();

    assert!(store.get(&ObjectRef::new("a")).is_none());
    assert!(store.get(&ObjectRef::new("a").within("docs")).is_some());
}

/// A store finds an object of the cluster by a reference with any namespace.
#[test]
fn a_store_finds_a_cluster_object_whatever_the_namespace() {
    let node: Node =
        serde_json::from_value(json!({ "metadata": { "name": "n" } })).unwrap();
    let mut writer = Writer::default();
    writer.apply_watcher_event(&Event::Apply(node));
    let store = writer.as_reader();

    assert!(store.get(&ObjectRef::new("n")).is_some());
    assert!(store.get(&ObjectRef::new("n").within("docs")).is_some());
}

/// An owner reference becomes a reference only if its apiVersion and its kind
/// are exactly those of the type.
#[test]
fn an_owner_of_another_version_gives_no_reference() {
    let owner = |api_version: &str| OwnerReference {
        api_version: api_version.to_owned(),
        kind: "Document".to_owned(),
        name: "a".to_owned(),
        ..OwnerReference::default()
    };
    let reference =
        |owner| ObjectRef::<Document>::from_owner_ref(Some("docs"), &owner, ());

    let same = reference(owner("example.com/v1"));
    let other = reference(owner("example.com/v1beta1"));

    assert_eq!(same, Some(ObjectRef::new("a").within("docs")));
    assert_eq!(other, None);
}

fn document(uid: &str, version: &str) -> Document {
    read(uid, version)
}

fn read<K: DeserializeOwned>(uid: &str, version: &str) -> K {
    let metadata = json!({
        "name": "a", "namespace": "docs", "uid": uid, "resourceVersion": version,
    });
    object(metadata)
}

fn object<K: DeserializeOwned>(metadata: Value) -> K {
    let spec = json!({ "title": "", "content": "" });
    serde_json::from_value(json!({ "metadata": metadata, "spec": spec })).unwrap()
}
