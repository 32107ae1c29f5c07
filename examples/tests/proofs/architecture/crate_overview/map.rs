//! Which crate depends on which.

use std::{collections::BTreeSet, fs, path::Path};

use super::{
    Texts,
    features::Reach,
    manifests::{CRATES, Dependency, built_for, manifest},
    table,
};
use crate::support::output;

/// The edges between the five crates: `kube` to all others, of which only
/// `kube-core` is always there; `kube-runtime` to `kube-client`; `kube-client`
/// to `kube-core`. `kube-derive` depends on none of them. `kube-core` depends on
/// the crates that a program names too.
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
    let labels = [
        ("derive", "kube-derive"),
        ("runtime", "kube-runtime"),
        ("config", "kube-client"),
        ("client", "kube-client"),
    ];
    for (feature, to) in labels {
        let built = Reach::of("kube", &[feature]).built;
        let further = BTreeSet::from(["kube", "kube-core", "kube-client", to]);
        assert!(built.contains(to) && built.is_subset(&further), "{feature}");
    }
    for shared in ["k8s-openapi", "schemars", "serde", "serde_json"] {
        assert!(manifest("kube-core").dependency(shared).is_some());
    }
}

/// Each of the five crates requires the others in exactly its own version.
#[test]
fn the_five_crates_require_each_other_in_one_version() {
    for (from, to) in edges() {
        let exactly = format!("={}", manifest(from).version);
        assert_eq!(to.requirement, exactly, "{from} to {}", to.name);
    }
    assert_eq!(edges().count(), 6);
}

/// `kube-runtime` always builds `kube-client` with its client and with JSON
/// patches, whatever features it has itself.
#[test]
fn the_runtime_always_brings_the_client_and_json_patches() {
    let on = Reach::of("kube-runtime", &[]).features;

    assert!(on.contains(&("kube-client", "client")));
    assert!(on.contains(&("kube-core", "jsonpatch")));
}

/// `kube-core` depends on the crate `http`; neither it nor anything below it is
/// tokio, hyper, tower, a TLS library or what opens their sockets.
#[test]
fn kube_core_has_the_http_types_and_nothing_that_sends() {
    let packages = built_for("");
    let names = packages.keys().filter_map(|name| name.split(' ').next());
    let names: BTreeSet<_> = names.collect();

    assert!(names.contains("kube-core"));
    assert!(manifest("kube-core").dependency("http").is_some());
    let senders = [
        "tokio", "hyper", "tower", "rustls", "openssl", "mio", "socket2",
    ];
    for name in names {
        let family = name.split('-').next().unwrap();
        assert!(!senders.contains(&family), "{name}");
    }
}

/// None of the five crates switches on a feature of k8s-openapi.
#[test]
fn kube_chooses_no_version_of_kubernetes() {
    let manifests = CRATES.map(manifest);
    let mut lines = Vec::new();
    for manifest in manifests {
        lines.extend(manifest.dependency("k8s-openapi"));
        let mut names = manifest.features.values().flatten();
        assert!(!names.any(|name| name.contains("k8s-openapi")));
    }

    assert_eq!(lines.len(), 4);
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
        collect(&manifest(package).source, &mut names);
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

/// What each of the five crates requires of the crates whose types a program
/// hands to kube: all that name one require the same.
#[test]
fn kube_requires_these_versions_of_crates_that_you_name_too() {
    const SHARED: [(&str, Texts); 5] = [
        (
            "k8s-openapi",
            [
                "every built-in kind, and the `ObjectMeta` of your own",
                "모든 내장 리소스 타입과 커스텀 리소스의 `ObjectMeta`",
            ],
        ),
        (
            "schemars",
            [
                "the `JsonSchema` of a spec, for its CRD",
                "CRD를 만들 때 쓰는 spec의 `JsonSchema`",
            ],
        ),
        (
            "http",
            [
                "`Config::cluster_url`, and every request that you build",
                "`Config::cluster_url`과 직접 만드는 모든 요청",
            ],
        ),
        (
            "jiff",
            [
                "`LogParams::since_time`, and what is inside a `Time`",
                "`LogParams::since_time`과 `Time` 안의 값",
            ],
        ),
        (
            "json-patch",
            ["the content of `Patch::Json`", "`Patch::Json`에 담는 값"],
        ),
    ];
    let shared = |language: usize| {
        SHARED.map(|(name, texts)| {
            let lines = CRATES.map(|by| manifest(by).dependency(name));
            let lines = lines.into_iter().flatten().map(|line| line.requirement);
            let [requirement] = Vec::from_iter(lines.collect::<BTreeSet<_>>())[..] else {
                panic!("no version of {name}, or several");
            };
            let version = format!("`{}`", requirement.trim_start_matches('^'));
            vec![format!("`{name}`"), version, texts[language].to_owned()]
        })
    };

    let heads = ["crate", "version", "where you meet it"];
    output(
        "architecture/crate_overview/versions.en.md",
        &table(&heads, shared(0)),
    );
    let heads = ["crate", "버전", "코드에서 만나는 곳"];
    output(
        "architecture/crate_overview/versions.ko.md",
        &table(&heads, shared(1)),
    );
}

/// The dependencies of each of the five crates on the others.
fn edges() -> impl Iterator<Item = (&'static str, &'static Dependency)> {
    CRATES.into_iter().flat_map(|from| {
        let dependencies = manifest(from).dependencies.iter();
        dependencies
            .filter(|to| CRATES.contains(&to.name))
            .map(move |to| (from, to))
    })
}
