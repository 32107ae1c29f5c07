//! The manifests of the pinned packages, as cargo reads them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::{LazyLock, Mutex, PoisonError},
};

use serde_json::Value;

use crate::support::cargo;

/// The graph depends on the platform; the book counts on this one.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

static METADATA: LazyLock<Value> = LazyLock::new(|| {
    let mut metadata = cargo();
    metadata.args(["metadata", "--locked", "--format-version", "1"]);
    let metadata = metadata.args(["--filter-platform", PLATFORM]);
    serde_json::from_slice(&metadata.output().unwrap().stdout).unwrap()
});

/// The one package with this name.
fn package(name: &str) -> &'static Value {
    let packages = METADATA["packages"].as_array().unwrap();
    let mut named = packages.iter().filter(|package| package["name"] == name);
    let (first, second) = (named.next(), named.next());
    assert!(second.is_none(), "two versions of {name}");
    first.unwrap_or_else(|| panic!("no package {name}"))
}

fn strings(list: &'static Value) -> Vec<&'static str> {
    let strings = list.as_array().unwrap().iter();
    strings.map(|string| string.as_str().unwrap()).collect()
}

/// Where a package's source is.
pub fn source(name: &str) -> PathBuf {
    let manifest = Path::new(package(name)["manifest_path"].as_str().unwrap());
    manifest.parent().unwrap().join("src")
}

/// A file of a package's source.
pub fn read(name: &str, file: &str) -> String {
    fs::read_to_string(source(name).join(file)).unwrap()
}

/// What each feature of a package names, without the features that cargo adds
/// for an optional dependency of that name.
pub fn features(name: &str) -> BTreeMap<&'static str, Vec<&'static str>> {
    let (mut features, implicit) = (all_features(name), implicit_features(name));
    features.retain(|feature, _| !implicit.contains(feature));
    features
}

/// The features that exist only because a dependency is optional: cargo lists
/// them, and the manifest does not.
pub fn implicit_features(name: &str) -> BTreeSet<&'static str> {
    let manifest = fs::read_to_string(source(name).with_file_name("Cargo.toml")).unwrap();
    let written = |feature: &str| {
        let start = format!("{feature} = [");
        manifest.lines().any(|line| line.starts_with(&start))
    };
    let features = all_features(name).into_iter();
    features
        .filter(|(feature, names)| {
            *names == [format!("dep:{feature}")] && !written(feature)
        })
        .map(|(feature, _)| feature)
        .collect()
}

fn all_features(name: &str) -> BTreeMap<&'static str, Vec<&'static str>> {
    let features = package(name)["features"].as_object().unwrap().iter();
    features
        .map(|(name, names)| (name.as_str(), strings(names)))
        .collect()
}

/// A dependency, leaving out those for tests and build scripts.
pub struct Dependency {
    pub name: &'static str,
    pub requirement: &'static str,
    pub optional: bool,
    pub default_features: bool,
    pub features: Vec<&'static str>,
}

/// What a package depends on.
pub fn dependencies(name: &str) -> Vec<Dependency> {
    let dependencies = package(name)["dependencies"].as_array().unwrap().iter();
    dependencies
        .filter(|dependency| dependency["kind"].is_null())
        .map(|dependency| Dependency {
            name: dependency["name"].as_str().unwrap(),
            requirement: dependency["req"].as_str().unwrap(),
            optional: dependency["optional"].as_bool().unwrap(),
            default_features: dependency["uses_default_features"].as_bool().unwrap(),
            features: strings(&dependency["features"]),
        })
        .collect()
}

/// Packages with their features.
pub type Packages = BTreeMap<String, BTreeSet<String>>;

/// What cargo builds for a program with these features of the world
/// `combinations`. The program is not counted.
pub fn built_for(features: &str) -> Packages {
    static KNOWN: Mutex<BTreeMap<String, Packages>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let packages = known.entry(features.to_owned());
    packages.or_insert_with(|| tree(features)).clone()
}

fn tree(features: &str) -> Packages {
    let mut tree = cargo();
    tree.args(["tree", "--locked", "--edges", "normal,build"]);
    tree.args(["--manifest-path", "examples/worlds/combinations/Cargo.toml"]);
    tree.args(["--target", PLATFORM, "--features", features]);
    tree.args(["--prefix", "none", "--format", "{p}\t{f}"]);
    let tree = String::from_utf8(tree.output().unwrap().stdout).unwrap();
    let mut packages = Packages::new();
    for line in tree.lines().skip(1) {
        let (package, features) = line.trim_end_matches(" (*)").split_once('\t').unwrap();
        let package: Vec<_> = package.split(' ').take(2).collect();
        let features = features.split(',').filter(|feature| !feature.is_empty());
        let known = packages.entry(package.join(" ")).or_default();
        known.extend(features.map(str::to_owned));
    }
    assert!(!packages.is_empty(), "cargo tree failed for {features}");
    packages
}
