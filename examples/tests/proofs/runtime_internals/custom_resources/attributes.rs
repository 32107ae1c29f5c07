//! Every attribute of `#[kube(..)]`, and what it adds to the CRD.
//!
//! The list comes from the derive's own source, what is added from a CRD that
//! has the attribute and one that has not.

use std::{collections::BTreeMap, fs, path::Path, sync::atomic::AtomicUsize};

use cutter::{RustFile, crates::Crates};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{CustomResource, CustomResourceExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{super::schemas::table::yaml, effects::EFFECTS};
use crate::support::output;

/// A kind in a module of the attribute's name.
macro_rules! document {
    ($module:ident [$($shown:tt)*]) => {
        document!($module Document [$($shown)*] group = "example.com", version = "v1", kind = "Document");
    };
    ($module:ident $kind:ident [$($shown:tt)*] $($rest:tt)*) => {
        pub mod $module {
            use super::*;

            #[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
            #[kube($($shown)* $($rest)*)]
            pub struct DocumentSpec {
                pub title: String,
                pub pages: i32,
            }

            pub const SHOWN: &str = stringify!($($shown)*);

            pub fn crd() -> CustomResourceDefinition {
                <$kind as CustomResourceExt>::crd()
            }
        }
    };
}

/// A status, as the attribute wants one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Counted {
    words: i64,
}

/// How often the code of the derive has called [`counted::to_value`].
pub static CALLS: AtomicUsize = AtomicUsize::new(0);

/// Stands in for `serde_json`.
pub mod counted {
    use std::sync::atomic::Ordering;

    pub use serde_json::from_value;

    pub fn to_value<T: serde::Serialize>(
        value: T,
    ) -> serde_json::Result<serde_json::Value> {
        super::CALLS.fetch_add(1, Ordering::Relaxed);
        serde_json::to_value(value)
    }
}

document!(base []);
document!(group Document [group = "docs.org",] version = "v1", kind = "Document");
document!(version Document [version = "v2",] group = "example.com", kind = "Document");
document!(kind Report [kind = "Report",] group = "example.com", version = "v1");
document!(doc [doc = "A text.",]);
document!(root Text [root = "Text",] group = "example.com", version = "v1", kind = "Document");
document!(plural [plural = "docs",]);
document!(singular [singular = "doc",]);
document!(namespaced [namespaced,]);
document!(no_spec [no_spec,]);
document!(derive [derive = "PartialEq",]);
document!(attr [attr = "repr(align(1024))",]);
document!(schema [schema = "disabled",]);
document!(status [status = "Counted",]);
document!(category [category = "texts",]);
document!(shortname [shortname = "doc",]);
document!(printcolumn [printcolumn(name = "Title", type_ = "string", json_path = ".spec.title"),]);
document!(selectable [selectable = ".spec.title",]);
document!(scale Document [scale(spec_replicas_path = ".spec.pages", status_replicas_path = ".status.words"),]
    status = "Counted", group = "example.com", version = "v1", kind = "Document");
document!(crates [crates(serde_json = "counted"),]);
document!(annotation [annotation("example.com/owner", "mina"),]);
document!(label [label("team", "docs"),]);
document!(validation [validation = Rule::new("self.spec.pages > 0"),]);
document!(storage [storage = false,]);
document!(served [served = false,]);
document!(deprecated [deprecated = "use v2",]);

/// Names, how they are written, and the CRD.
macro_rules! written {
    ($($module:ident)*) => {
        [$((stringify!($module), $module::SHOWN, $module::crd as fn() -> CustomResourceDefinition)),*]
    };
}

/// Every attribute that the derive reads is in this table, with what it adds to
/// the CRD.
#[test]
fn every_attribute_of_the_derive_is_in_the_table() {
    let written = written! {
        group version kind doc root plural singular namespaced no_spec derive attr
        schema status category shortname printcolumn selectable scale crates
        annotation label validation storage served deprecated
    };
    let written = written.map(|(name, shown, crd)| (name, (shown, crd)));
    let written = BTreeMap::from(written);
    let effects = BTreeMap::from(EFFECTS);
    assert_eq!(base::SHOWN, "");
    let attributes = attributes();
    assert_eq!(
        attributes.keys().map(String::as_str).collect::<Vec<_>>(),
        effects.keys().copied().collect::<Vec<_>>(),
    );
    let order = EFFECTS.map(|(name, _)| name);

    for (language, file) in [
        "runtime_internals/custom_resources/attributes.en.md",
        "runtime_internals/custom_resources/attributes.ko.md",
    ]
    .into_iter()
    .enumerate()
    {
        let heads = [
            "| attribute | effect | in the CRD |",
            "| 어트리뷰트 | 하는 일 | CRD에서 달라지는 것 |",
        ];
        let mut table = format!("{}\n|---|---|---|\n", heads[language]);
        for name in order {
            let (shown, added) = match written.get(name) {
                Some((shown, crd)) => {
                    (on_one_line(shown), added(name, *crd, ABSENT[language]))
                }
                // It does not compile here, for want of a feature.
                None => (name.to_owned(), String::new()),
            };
            let more = if attributes[name] { ", …" } else { "" };
            let effect = effects[name][language];
            table += &format!("| `{shown}`{more} | {effect} | {added} |\n");
        }
        output(file, &table);
    }
}

fn on_one_line(shown: &str) -> String {
    let words: Vec<_> = shown.split_whitespace().collect();
    words.join(" ").trim_end_matches(',').to_owned()
}

/// How the table says, in each language, that a path is there no longer.
const ABSENT: [fn(&str) -> String; 2] = [
    |path| format!("no `{path}`"),
    |path| format!("`{path}` 없음"),
];

/// What an attribute makes different in the CRD.
fn added(
    name: &str,
    crd: fn() -> CustomResourceDefinition,
    absent: fn(&str) -> String,
) -> String {
    let base = if name == "scale" {
        status::crd
    } else {
        base::crd
    };
    let json =
        |crd: fn() -> CustomResourceDefinition| serde_json::to_value(crd()).unwrap();
    let mut lines = Vec::new();
    differences("", &json(base), &json(crd), absent, &mut lines);
    lines.join(", ")
}

/// One line for each value of `new` that is not in `old`, and for each that is
/// there no longer.
fn differences(
    path: &str,
    old: &Value,
    new: &Value,
    absent: fn(&str) -> String,
    lines: &mut Vec<String>,
) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let names = old
                .keys()
                .chain(new.keys().filter(|name| !old.contains_key(*name)));
            for name in names {
                let value = |of: &serde_json::Map<_, _>| {
                    of.get(name).cloned().unwrap_or(Value::Null)
                };
                let path = format!("{path}.{name}");
                differences(&path, &value(old), &value(new), absent, lines);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == 1 && new.len() == 1 => {
            differences(path, &old[0], &new[0], absent, lines);
        }
        _ if old == new => {}
        _ => {
            let path = path
                .replace(".spec.versions", "")
                .replace(".schema.openAPIV3Schema", ".schema");
            let path = path
                .replace(".spec.", "")
                .replace(".schema.spec", ".schema");
            let path = path.trim_start_matches('.');
            lines.push(match new {
                Value::Null => absent(path),
                _ if new.to_string().len() > 90 => format!("`{path}`"),
                _ => format!("`{path}: {}`", yaml(new)),
            });
        }
    }
}

/// The attributes that kube-derive reads, and whether each may be given more
/// than once.
fn attributes() -> BTreeMap<String, bool> {
    let mut found = BTreeMap::new();
    let mut darling = String::new();
    for line in source("mod.rs", "KubeAttrs").lines().map(str::trim) {
        if let Some(options) = line.strip_prefix("#[darling(") {
            darling = options.to_owned();
        } else if let Some(name) = field(line) {
            let renamed = darling.split_once("rename = \"");
            let renamed = renamed.and_then(|(_, rest)| rest.split('"').next());
            let name = renamed.unwrap_or(name).to_owned();
            found.insert(name, darling.contains("multiple"));
            darling.clear();
        }
    }
    found
}

/// The table has every key of the attributes that take a list.
#[test]
fn the_keys_of_lists_are_those_of_the_table() {
    let keys = |file, item| {
        let text = source(file, item);
        let keys = text.lines().filter_map(|line| field(line.trim()));
        keys.map(str::to_owned).collect::<Vec<_>>()
    };

    let scale = [
        "label_selector_path",
        "spec_replicas_path",
        "status_replicas_path",
    ];
    assert_eq!(keys("scale.rs", "Scale"), scale);
    let column = [
        "description",
        "format",
        "json_path",
        "name",
        "priority",
        "type_",
    ];
    assert_eq!(keys("printcolumn.rs", "PrintColumn"), column);
    let crates = [
        "kube",
        "kube_core",
        "k8s_openapi",
        "schemars",
        "serde",
        "serde_json",
        "std",
    ];
    assert_eq!(keys("mod.rs", "Crates"), crates);

    let effects = BTreeMap::from(EFFECTS);
    for (name, shown, known) in [
        ("scale", scale::SHOWN, &scale[..]),
        ("printcolumn", printcolumn::SHOWN, &column[..]),
        ("crates", crates::SHOWN, &crates[..]),
    ] {
        for effect in effects[name] {
            for key in known {
                let told = shown.contains(key) || effect.contains(&format!("`{key}`"));
                assert!(told, "{name}: {key}");
            }
        }
    }
}

/// An item of the derive's own source.
fn source(file: &str, item: &str) -> String {
    let crates = Crates::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap();
    let folder = crates
        .get("kube-derive")
        .unwrap()
        .root
        .join("src/custom_resource/attrs");
    let text = fs::read_to_string(folder.join(file)).unwrap();
    RustFile::parse(&text).unwrap().cut(item).unwrap().text()
}

/// The name in the line of a public field.
fn field(line: &str) -> Option<&str> {
    Some(line.strip_prefix("pub ")?.split_once(':')?.0)
}
