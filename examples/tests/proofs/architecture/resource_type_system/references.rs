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
/// are; uid and resource version do not count, and of an erased kind each of the
/// five strings does.
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
    let erased = ObjectRef::from_obj(&old).erase();
    let changes: [fn(&mut ObjectRef<DynamicObject>) -> &mut String; 6] = [
        |reference| &mut reference.dyntype.group,
        |reference| &mut reference.dyntype.version,
        |reference| &mut reference.dyntype.api_version,
        |reference| &mut reference.dyntype.kind,
        |reference| &mut reference.dyntype.plural,
        |reference| &mut reference.name,
    ];
    for string in changes {
        let mut changed = erased.clone();
        string(&mut changed).push('x');
        assert_ne!(erased, changed);
    }
}

fn compared<R: Hash + PartialEq>(l: &str, left: &R, r: &str, right: &R) -> String {
    let hasher = RandomState::new();
    let equal = left == right;
    assert_eq!(equal, hasher.hash_one(left) == hasher.hash_one(right));
    let sign = if equal { "==" } else { "!=" };
    format!("   {l}\n{sign} {r}\n\n")
}

/// A store finds an object that has a namespace by a reference with the same one
/// alone, and an object of the cluster by a reference with any.
#[test]
fn a_store_looks_for_the_namespace_of_the_reference() {
    let node: Node =
        serde_json::from_value(json!({ "metadata": { "name": "n" } })).unwrap();
    let mut documents = Writer::default();
    documents.apply_watcher_event(&Event::Apply(document("uid-1", "7")));
    let mut nodes = Writer::default();
    nodes.apply_watcher_event(&Event::Apply(node));
    let document = |reference: ObjectRef<Document>| documents.as_reader().get(&reference);
    let node = |reference: ObjectRef<Node>| nodes.as_reader().get(&reference);

    assert!(document(ObjectRef::new("a")).is_none());
    assert!(document(ObjectRef::new("a").within("drafts")).is_none());
    assert!(document(ObjectRef::new("a").within("docs")).is_some());
    assert!(node(ObjectRef::new("n")).is_some());
    assert!(node(ObjectRef::new("n").within("docs")).is_some());
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
