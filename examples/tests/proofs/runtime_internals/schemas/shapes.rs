//! The shapes of the tables, group by group.

use std::collections::{BTreeMap, HashSet};

use examples::{
    runtime_internals::schemas::{any_object, any_value},
    testing::recording::Recorded,
};
use k8s_openapi::apimachinery::pkg::{apis::meta::v1::Time, util::intstr::IntOrString};
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::table::{self, shape};
use crate::support::output;

shape!(unit_enum: T, enum T { A, B });
shape!(data_enum: T, enum T { A { a: i32 }, B(String) });
shape!(mixed_enum: T, enum T { A, B(String) });
shape!(internal_enum: T, #[serde(tag = "type")] enum T { A { a: i32 }, B { b: String } });
shape!(adjacent_enum: T, #[serde(tag = "t", content = "c")] enum T { A(i32), B(String) });
shape!(untagged_structs: T, #[serde(untagged)] enum T { A { a: i32 }, B { b: String } });
shape!(untagged_same: T, #[serde(untagged)] enum T { A { a: i32 }, B { a: String } });
shape!(untagged_values: T, #[serde(untagged)] enum T { A(i32), B(String) });
shape!(untagged_string: T, #[serde(untagged)] enum T { A(String), B { b: i32 } });

/// Enums: the schemas of nine shapes, and what a Kubernetes 1.37.2 API server
/// answers.
#[tokio::test]
async fn enums_give_these_schemas_and_answers() {
    let server = Recorded::open("runtime_internals/schemas/enums.http")
        .await
        .unwrap();
    let shapes = [
        unit_enum::with(vec![json!({ "f": "A" }), json!({ "f": "C" })]),
        data_enum::with(vec![
            json!({ "f": { "B": "b" } }),
            json!({ "f": { "A": { "a": 1 }, "B": "b" } }),
            json!({ "f": { "C": "c" } }),
        ]),
        mixed_enum::with(vec![]),
        internal_enum::with(vec![]),
        adjacent_enum::with(vec![]),
        untagged_structs::with(vec![
            json!({ "f": { "a": 1, "b": "b" } }),
            json!({ "f": {} }),
        ]),
        untagged_same::with(vec![]),
        untagged_values::with(vec![]),
        untagged_string::with(vec![json!({ "f": { "b": 1 } }), json!({ "f": "a" })]),
    ];

    let outcomes = table::ask(&server, &shapes).await;

    server.finish().await.unwrap();
    for file in [
        "runtime_internals/schemas/enums.en.md",
        "runtime_internals/schemas/enums.ko.md",
    ] {
        output(file, &table::table(file.as_ref(), &shapes, &outcomes));
    }
}

fn five() -> i32 {
    5
}

shape!(required: String);
shape!(optional: Option<String>);
shape!(optional_enum: Option<T>, enum T { A, B });
shape!(optional_data: Option<T>, enum T { A { a: i32 }, B(String) });
shape!(defaulted: #[serde(default = "five")] i32);
shape!(optional_items: Vec<Option<String>>);

/// Optional fields, null and defaults: six shapes, and what a Kubernetes 1.37.2
/// API server answers.
#[tokio::test]
async fn optional_fields_give_these_schemas_and_answers() {
    let server = Recorded::open("runtime_internals/schemas/options.http")
        .await
        .unwrap();
    let null_and_absent = || vec![json!({ "f": null }), json!({})];
    let shapes = [
        required::with(null_and_absent()),
        optional::with(null_and_absent()),
        optional_enum::with(null_and_absent()),
        optional_data::with(null_and_absent()),
        defaulted::with(null_and_absent()),
        optional_items::with(vec![json!({ "f": ["a", null] })]),
    ];

    let outcomes = table::ask(&server, &shapes).await;

    server.finish().await.unwrap();
    for file in [
        "runtime_internals/schemas/options.en.md",
        "runtime_internals/schemas/options.ko.md",
    ] {
        output(file, &table::table(file.as_ref(), &shapes, &outcomes));
    }
}

shape!(string_map: BTreeMap<String, String>);
shape!(enum_map: BTreeMap<T, String>, #[derive(PartialEq, Eq, PartialOrd, Ord)] enum T { A, B });
shape!(number_map: BTreeMap<u32, String>);
shape!(any_value: Value);
shape!(any_map: BTreeMap<String, Value>);
shape!(schema_with: #[schemars(schema_with = "any_object")] Value);
shape!(without_type: #[schemars(schema_with = "any_value")] Value);
shape!(flat_any: T, struct T { a: i32, #[serde(flatten)] rest: BTreeMap<String, Value> });
shape!(flat_strings: T, struct T { a: i32, #[serde(flatten)] rest: BTreeMap<String, String> });
shape!(deny_unknown: T, #[serde(deny_unknown_fields)] struct T { a: i32 });

/// Maps and fields of any shape: ten shapes, and what a Kubernetes 1.37.2 API
/// server answers.
#[tokio::test]
async fn maps_give_these_schemas_and_answers() {
    let server = Recorded::open("runtime_internals/schemas/maps.http")
        .await
        .unwrap();
    let shapes = [
        string_map::with(vec![
            json!({ "f": { "x": "y" } }),
            json!({ "f": { "x": null } }),
        ]),
        enum_map::with(vec![json!({ "f": { "A": "a", "C": "c" } })]),
        number_map::with(vec![]),
        any_value::with(vec![]),
        any_map::with(vec![json!({ "f": { "x": [1] } })]),
        schema_with::with(vec![json!({ "f": { "x": [1] } }), json!({ "f": "x" })]),
        without_type::with(vec![json!({ "f": { "x": [1] } }), json!({ "f": "x" })]),
        flat_any::with(vec![json!({ "f": { "a": 1, "x": [1] } })]),
        flat_strings::with(vec![]),
        deny_unknown::with(vec![json!({ "f": { "a": 1, "x": 2 } })]),
    ];

    let outcomes = table::ask(&server, &shapes).await;

    server.finish().await.unwrap();
    for file in [
        "runtime_internals/schemas/maps.en.md",
        "runtime_internals/schemas/maps.ko.md",
    ] {
        output(file, &table::table(file.as_ref(), &shapes, &outcomes));
    }
}

shape!(byte: u8);
shape!(word: u32);
shape!(long: u64);
shape!(set: HashSet<String>);
shape!(pair: (i32, String));
shape!(unit: ());
shape!(recursive: T, struct T { a: Option<Box<T>> });
shape!(int_or_string: IntOrString);
shape!(optional_int_or_string: Option<IntOrString>);
shape!(time: Time);

/// Numbers, sequences and some types of Kubernetes: ten shapes, and what a
/// Kubernetes 1.37.2 API server answers.
#[tokio::test]
async fn numbers_and_sequences_give_these_schemas_and_answers() {
    let server = Recorded::open("runtime_internals/schemas/values.http")
        .await
        .unwrap();
    let shapes = [
        byte::with(vec![json!({ "f": 256 })]),
        word::with(vec![json!({ "f": -1 }), json!({ "f": 4_294_967_296_u64 })]),
        long::with(vec![json!({ "f": u64::MAX })]),
        set::with(vec![json!({ "f": ["a", "a"] })]),
        pair::with(vec![]),
        unit::with(vec![]),
        recursive::with(vec![]),
        int_or_string::with(vec![
            json!({ "f": 5 }),
            json!({ "f": "5" }),
            json!({ "f": true }),
        ]),
        optional_int_or_string::with(vec![json!({ "f": null })]),
        time::with(vec![json!({ "f": "yesterday" })]),
    ];

    let outcomes = table::ask(&server, &shapes).await;

    server.finish().await.unwrap();
    for file in [
        "runtime_internals/schemas/values.en.md",
        "runtime_internals/schemas/values.ko.md",
    ] {
        output(file, &table::table(file.as_ref(), &shapes, &outcomes));
    }
}

/// A type that denies unknown fields does not read an object that has one.
#[test]
fn a_type_that_denies_unknown_fields_does_not_read_them() {
    let object = json!({
        "metadata": { "name": "a" },
        "spec": { "f": { "a": 1, "x": 2 } },
    });

    let error = serde_json::from_value::<deny_unknown::Shape>(object).unwrap_err();

    assert!(error.to_string().contains("unknown field `x`"), "{error}");
}

/// What the server has stored for a `u32` cannot be read back into it.
#[test]
fn a_stored_number_beyond_the_type_cannot_be_read() {
    let object =
        json!({ "metadata": { "name": "a" }, "spec": { "f": 4_294_967_296_u64 } });

    let error = serde_json::from_value::<word::Shape>(object).unwrap_err();

    assert!(error.to_string().contains("expected u32"), "{error}");
}
