//! Which crate depends on which.

use std::{collections::BTreeSet, fs, path::Path};

use super::{
    Texts,
    manifests::{Dependency, built_for, dependencies, source},
    table,
};
use crate::support::output;

const CRATES: [&str; 5] = [
    "kube",
    "kube-client",
    "kube-core",
    "kube-derive",
    "kube-runtime",
];

/// The edges between the five crates: `kube` to all others, of which only
/// `kube-core` is always there; `kube-runtime` to `kube-client`; `kube-client`
/// to `kube-core`. `kube-derive` depends on none of them.
#[test]
fn the_five_crates_depend_on_each_other_as_the_map_shows() {
    let edges: BTreeSet<_> = edges()
        .map(|(from, to)| (from, to.name, to.optional))
        .collect();

    let shown = [
        ("kube", "kube-client", true),
        ("kube", "kube-core", false),
        ("kube", "kube-derive", true),
        ("kube", "kube-runtime", true),
        ("kube-client", "kube-core", false),
        ("kube-runtime", "kube-client", false),
    ];
    assert_eq!(edges, BTreeSet::from(shown));
}

/// Each of the five crates requires the others in exactly its own version.
#[test]
fn the_five_crates_require_each_other_in_one_version() {
    assert!(edges().count() > 0);
    for (from, to) in edges() {
        assert_eq!(to.requirement, "=5.0.0", "{from} to {}", to.name);
    }
}

/// `kube-runtime` always builds `kube-client` with its client and with JSON
/// patches, whatever features it has itself.
#[test]
fn the_runtime_always_brings_the_client_and_json_patches() {
    let mut edges = edges();
    let (_, client) = edges.find(|(from, _)| *from == "kube-runtime").unwrap();

    assert!(!client.optional);
    assert!(!client.default_features);
    assert_eq!(client.features, ["jsonpatch", "client"]);
}

/// `kube-core` is built with the crate `http`, and without tokio, hyper, tower
/// and rustls.
#[test]
fn kube_core_has_the_http_types_and_nothing_that_sends() {
    let packages = built_for("kube-core");
    let names = packages.keys().filter_map(|name| name.split(' ').next());
    let names: BTreeSet<_> = names.collect();

    assert!(names.contains("http"));
    for absent in ["tokio", "hyper", "hyper-util", "tower", "rustls"] {
        assert!(!names.contains(absent), "{absent}");
    }
}

/// None of the five crates switches on a feature of k8s-openapi.
#[test]
fn kube_chooses_no_version_of_kubernetes() {
    let dependencies = CRATES.into_iter().flat_map(dependencies);
    let lines: Vec<_> = dependencies.filter(|to| to.name == "k8s-openapi").collect();

    assert!(!lines.is_empty());
    for line in lines {
        assert!(line.features.is_empty() && !line.default_features);
    }
}

/// In the five crates no public type or module is named after a manager, leader
/// election, a webhook server, an index of a store, a metric or a scheme.
#[test]
fn what_a_go_operator_starts_has_no_counterpart_in_kube() {
    let mut names = BTreeSet::new();
    for package in CRATES {
        collect(&source(package), &mut names);
    }

    assert!(names.contains("Controller") && names.contains("reflector"));
    for absent in ["manager", "leader", "webhook", "index", "metric", "scheme"] {
        let found = names
            .iter()
            .find(|name| name.to_lowercase().contains(absent));
        assert_eq!(found, None);
    }
}

/// The names of public types, traits and modules in the files of a folder.
fn collect(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, names);
            continue;
        }
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        for line in fs::read_to_string(&path).unwrap().lines() {
            let mut words = line
                .trim_start()
                .split(|c: char| !c.is_alphanumeric() && c != '_');
            let (first, kind, name) = (words.next(), words.next(), words.next());
            if first == Some("pub")
                && kind.is_some_and(|kind| {
                    ["struct", "enum", "trait", "mod"].contains(&kind)
                })
            {
                names.extend(name.map(str::to_owned));
            }
        }
    }
}

/// What kube requires of the crates whose types a program hands to it.
#[test]
fn kube_requires_these_versions_of_crates_that_you_name_too() {
    const SHARED: [(&str, &str, Texts); 6] = [
        (
            "kube-core",
            "k8s-openapi",
            [
                "every built-in kind, and the `ObjectMeta` of your own",
                "모든 내장 리소스 타입과 커스텀 리소스의 `ObjectMeta`",
            ],
        ),
        (
            "kube-core",
            "schemars",
            [
                "the `JsonSchema` of a spec, for its CRD",
                "CRD를 만들 때 쓰는 spec의 `JsonSchema`",
            ],
        ),
        (
            "kube-core",
            "http",
            [
                "`Config::cluster_url`, and every request that you build",
                "`Config::cluster_url`과 직접 만드는 모든 요청",
            ],
        ),
        (
            "kube-core",
            "jiff",
            [
                "`LogParams::since_time`, and what is inside a `Time`",
                "`LogParams::since_time`과 `Time` 안의 값",
            ],
        ),
        (
            "kube-core",
            "json-patch",
            ["the content of `Patch::Json`", "`Patch::Json`에 담는 값"],
        ),
        (
            "kube-client",
            "rustls",
            [
                "the crypto provider that `main` installs",
                "`main`에서 설치하는 암호 구현",
            ],
        ),
    ];
    let shared = |language: usize| {
        SHARED.map(|(by, name, texts)| {
            let dependencies = dependencies(by);
            let mut named = dependencies.iter().filter(|to| to.name == name);
            let requirement = named.next().unwrap().requirement;
            let cells = [
                format!("`{name}`"),
                format!("`{by}`"),
                requirement.to_owned(),
            ];
            [cells.to_vec(), vec![texts[language].to_owned()]].concat()
        })
    };

    let heads = ["crate", "required by", "version", "where you meet it"];
    output(
        "architecture/crate_overview/versions.en.md",
        &table(&heads, shared(0)),
    );
    let heads = ["crate", "요구하는 crate", "버전", "코드에서 만나는 곳"];
    output(
        "architecture/crate_overview/versions.ko.md",
        &table(&heads, shared(1)),
    );
}

/// The dependencies of each of the five crates on the others.
fn edges() -> impl Iterator<Item = (&'static str, Dependency)> {
    CRATES.into_iter().flat_map(|from| {
        let dependencies = dependencies(from).into_iter();
        dependencies
            .filter(|to| CRATES.contains(&to.name))
            .map(move |to| (from, to))
    })
}
