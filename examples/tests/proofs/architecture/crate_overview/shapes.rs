//! How the types of k8s-openapi differ between two versions of Kubernetes.

use std::{collections::BTreeMap, fs};

use k8s_openapi::api::core::v1::ConfigMap;
use kube::core::DynamicObject;
use serde_json::{Value, json};

use super::{code, manifests::manifest, table};
use crate::support::output;

/// The fields of a struct with their types.
type Fields = BTreeMap<String, String>;

/// Structs by group and name.
type Structs = BTreeMap<(String, String), Fields>;

/// From one version of Kubernetes to the next, fields of the types in `apps/v1`,
/// `batch/v1` and `core/v1` become required, become `Option`, or go.
#[test]
fn the_types_change_between_versions_as_listed() {
    let versions = manifest("k8s-openapi").features.keys();
    let versions: Vec<_> = versions.filter(|name| name.starts_with("v1_")).collect();
    let rows = |words: [&str; 4]| {
        let mut rows = Vec::new();
        for pair in versions.windows(2) {
            let changes = changes(&structs(pair[0]), &structs(pair[1]));
            let since = format!("`{}`", pair[1]);
            if changes.is_empty() {
                rows.push(vec![since.clone(), "–".to_owned(), words[3].to_owned()]);
            }
            for (group, changes) in changes {
                let changes = words.into_iter().zip(changes);
                let changes = changes.filter(|(_, fields)| !fields.is_empty());
                let told =
                    changes.map(|(word, fields)| format!("{word}: {}", code(fields)));
                let told: Vec<_> = told.collect();
                rows.push(vec![since.clone(), format!("`{group}`"), told.join("; ")]);
            }
        }
        rows
    };

    let words = ["required", "`Option`", "gone", "nothing"];
    let en = table(&["from", "group", "what changes"], rows(words));
    output("architecture/crate_overview/shapes.en.md", &en);
    let words = ["필수", "`Option`", "없어짐", "없음"];
    let ko = table(&["바뀐 버전", "그룹", "바뀐 점"], rows(words));
    output("architecture/crate_overview/shapes.ko.md", &ko);
}

/// By group: the fields of types in both versions that became required,
/// became `Option`, or are gone.
fn changes(before: &Structs, after: &Structs) -> BTreeMap<String, [Vec<String>; 3]> {
    let mut changes = BTreeMap::<_, [Vec<String>; 3]>::new();
    for (key @ (group, name), fields) in before {
        let Some(now) = after.get(key) else { continue };
        for (field, old) in fields {
            let is_optional = |text: &String| text.starts_with("Option<");
            let change = match now.get(field) {
                Some(new) if old == new => continue,
                Some(new) if is_optional(old) && !is_optional(new) => 0,
                Some(new) if !is_optional(old) && is_optional(new) => 1,
                Some(new) => panic!("{name}.{field}: {old} is now {new}"),
                None => 2,
            };
            let of_group = changes.entry(group.clone()).or_default();
            of_group[change].push(format!("{name}.{field}"));
        }
    }
    changes
}

/// A typed object drops the fields that its version does not know.
#[test]
fn a_typed_object_drops_fields_that_it_does_not_know() {
    let read: ConfigMap = serde_json::from_value(of_the_next_version()).unwrap();
    let written = serde_json::to_value(read).unwrap();

    assert_eq!(written["metadata"]["name"], "settings");
    assert!(written.get("ofTheNextVersion").is_none());
}

/// A dynamic object keeps the fields that nobody here knows.
#[test]
fn a_dynamic_object_keeps_fields_that_it_does_not_know() {
    let read: DynamicObject = serde_json::from_value(of_the_next_version()).unwrap();
    let written = serde_json::to_value(read).unwrap();

    assert_eq!(written, of_the_next_version());
}

fn of_the_next_version() -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "settings" }, "ofTheNextVersion": true
    })
}

/// The public structs of three groups in a version: their group and name, and
/// their fields.
fn structs(version: &str) -> Structs {
    let mut structs = BTreeMap::new();
    for group in ["apps/v1", "batch/v1", "core/v1"] {
        let folder = manifest("k8s-openapi").source.join(version).join("api");
        for file in fs::read_dir(folder.join(group)).unwrap() {
            let file = fs::read_to_string(file.unwrap().path()).unwrap();
            collect(group, &file, &mut structs);
        }
    }
    assert!(structs.len() > 200, "only {} structs", structs.len());
    structs
}

fn collect(group: &str, file: &str, structs: &mut Structs) {
    let mut current = None;
    for line in file.lines() {
        if let Some(rest) = line.strip_prefix("pub struct ") {
            let end = rest.find(|c: char| !c.is_alphanumeric());
            let name = &rest[..end.unwrap_or(rest.len())];
            current = Some(
                structs
                    .entry((group.to_owned(), name.to_owned()))
                    .or_default(),
            );
        } else if let Some(field) = line.strip_prefix("    pub ")
            && let Some((name, type_)) = field.split_once(": ")
            && let Some(fields) = &mut current
        {
            let name = name.trim_start_matches("r#").to_owned();
            fields.insert(name, type_.trim_end_matches(',').to_owned());
        } else if line == "}" {
            current = None;
        }
    }
}
