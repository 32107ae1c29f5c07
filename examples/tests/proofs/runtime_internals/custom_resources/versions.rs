//! Several versions in one CRD.

use examples::{
    document::Document,
    runtime_internals::custom_resources::{both_versions, v2},
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    CustomResourceExt,
    core::crd::{MergeError, merge_crds},
};

use crate::support::output;

/// `merge_crds` marks one version as stored and the others as not.
#[test]
fn merged_crds_store_one_version() {
    let merged = both_versions().unwrap();

    let versions = merged.spec.versions.iter();
    let versions = versions.map(|v| (v.name.as_str(), v.served, v.storage));
    let expected = [("v1", true, true), ("v2", true, false)];
    assert_eq!(versions.collect::<Vec<_>>(), expected);
    // Each of them alone would be the stored one.
    assert!(v2::Document::crd().spec.versions[0].storage);
}

/// The merged CRD has the names, labels and annotations of the stored version
/// alone: a short name that only another version has is lost.
#[test]
fn a_short_name_of_a_version_that_is_not_stored_is_lost() {
    let first = Document::crd();
    let mut second = v2::Document::crd();
    let web = || Some([("team".to_owned(), "web".to_owned())].into());
    second.metadata.labels = web();
    second.metadata.annotations = web();
    second.spec.names.categories = Some(vec!["all".to_owned()]);
    let merged = |stored| {
        let crd = merge_crds(vec![first.clone(), second.clone()], stored).unwrap();
        (crd.metadata, crd.spec.names)
    };

    assert_eq!(merged("v1").1.short_names, Some(vec!["doc".to_owned()]));
    assert_eq!(merged("v2").1.short_names, None);
    // So do all other names, and what the CRDs are labelled and annotated with.
    assert_eq!(
        merged("v1"),
        (first.metadata.clone(), first.spec.names.clone())
    );
    assert_eq!(
        merged("v2"),
        (second.metadata.clone(), second.spec.names.clone())
    );
}

type Change = fn(&mut CustomResourceDefinition);

/// What `merge_crds` refuses, and what it does not look at.
#[test]
fn merging_compares_group_kind_and_scope_alone() {
    let changed = |change: Change| {
        let mut second = v2::Document::crd();
        change(&mut second);
        merge_crds(vec![Document::crd(), second], "v1")
    };
    let cases: [(&str, Change); 8] = [
        ("group", |crd| crd.spec.group = "other.org".to_owned()),
        ("kind", |crd| crd.spec.names.kind = "Recipe".to_owned()),
        ("scope", |crd| crd.spec.scope = "Cluster".to_owned()),
        ("plural", |crd| crd.spec.names.plural = "docs".to_owned()),
        ("singular", |crd| crd.spec.names.singular = None),
        ("version v1 again", |crd| {
            crd.spec.versions[0].name = "v1".to_owned()
        }),
        ("two versions in one", |crd| {
            crd.spec.versions.extend(Document::crd().spec.versions)
        }),
        ("no version", |crd| crd.spec.versions.clear()),
    ];
    let told = |what: &str, merged: Result<_, MergeError>| match merged {
        Ok(_) => format!("{what:<20} merged\n"),
        Err(error) => format!("{what:<20} {error}\n"),
    };

    let mut text = String::new();
    for (what, change) in cases {
        text += &told(what, changed(change));
    }
    text += &told("stored version v3", merge_crds(vec![Document::crd()], "v3"));
    text += &told("no CRD at all", merge_crds(vec![], "v1"));

    output("runtime_internals/custom_resources/merging.txt", &text);
}

/// An object of one version is read by the type of another if the fields fit:
/// the type does not look at `apiVersion`.
#[test]
fn an_object_of_one_version_is_read_as_another_if_the_fields_fit() {
    let spec = examples::document::DocumentSpec {
        title: String::new(),
        content: String::new(),
    };
    let mut first = serde_json::to_value(Document::new("a", spec)).unwrap();
    let read = |object: &serde_json::Value| {
        serde_json::from_value::<v2::Document>(object.clone())
    };

    let error = read(&first).unwrap_err().to_string();
    assert_eq!(error, "missing field `sections`");
    first["spec"]["sections"] = serde_json::json!([]);
    assert_eq!(first["apiVersion"], "example.com/v1");
    assert!(read(&first).is_ok());
}

/// A document that has its title left and nothing else is read by neither
/// version.
#[test]
fn a_title_alone_is_read_by_neither_version() {
    let left = serde_json::json!({ "metadata": {}, "spec": { "title": "FAQ" } });

    let first = serde_json::from_value::<Document>(left.clone()).unwrap_err();
    let second = serde_json::from_value::<v2::Document>(left).unwrap_err();

    assert_eq!(first.to_string(), "missing field `content`");
    assert_eq!(second.to_string(), "missing field `sections`");
}
