//! The manifests of the pinned packages, as cargo reads them, and what cargo
//! would build of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    process::{Child, Stdio},
    sync::LazyLock,
};

use serde_json::Value;

use crate::support::cargo;

/// The five crates of kube.
pub const CRATES: [&str; 5] = [
    "kube",
    "kube-client",
    "kube-core",
    "kube-derive",
    "kube-runtime",
];

/// The graph depends on the platform; the book counts on this one.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// What a package says of itself.
pub struct Manifest {
    pub version: &'static str,
    /// Where its source is.
    pub source: PathBuf,
    /// What each feature names, without the implicit ones.
    pub features: BTreeMap<&'static str, Vec<&'static str>>,
    /// The features that exist only because a dependency is optional: cargo
    /// lists them, and the manifest does not.
    pub implicit: BTreeSet<&'static str>,
    /// Leaving out those for tests and build scripts.
    pub dependencies: Vec<Dependency>,
}

pub struct Dependency {
    pub name: &'static str,
    pub requirement: &'static str,
    pub optional: bool,
    pub default_features: bool,
    pub features: Vec<&'static str>,
}

/// The manifest of one of the five crates, or of k8s-openapi.
pub fn manifest(name: &str) -> &'static Manifest {
    static MANIFESTS: LazyLock<BTreeMap<&str, Manifest>> = LazyLock::new(|| {
        let names = CRATES.into_iter().chain(["k8s-openapi"]);
        names.map(|name| (name, Manifest::of(name))).collect()
    });
    &MANIFESTS[name]
}

impl Manifest {
    fn of(name: &str) -> Self {
        let package = package(name);
        let path = PathBuf::from(package["manifest_path"].as_str().unwrap());
        let text = fs::read_to_string(&path).unwrap();
        let is_written = |feature: &str| {
            text.lines()
                .any(|line| line.starts_with(&format!("{feature} = [")))
        };

        let features = package["features"].as_object().unwrap().iter();
        let features = features.map(|(name, names)| (name.as_str(), strings(names)));
        let (implicit, features): (BTreeMap<_, _>, _) =
            features.partition(|(feature, names)| {
                *names == [format!("dep:{feature}")] && !is_written(feature)
            });
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let dependencies = dependencies.filter(|dependency| dependency["kind"].is_null());
        Self {
            version: package["version"].as_str().unwrap(),
            source: path.with_file_name("src"),
            features,
            implicit: implicit.into_keys().collect(),
            dependencies: dependencies.map(Dependency::of).collect(),
        }
    }

    /// The dependency of this name.
    pub fn dependency(&self, name: &str) -> Option<&Dependency> {
        self.dependencies.iter().find(|to| to.name == name)
    }
}

impl Dependency {
    fn of(dependency: &'static Value) -> Self {
        Self {
            name: dependency["name"].as_str().unwrap(),
            requirement: dependency["req"].as_str().unwrap(),
            optional: dependency["optional"].as_bool().unwrap(),
            default_features: dependency["uses_default_features"].as_bool().unwrap(),
            features: strings(&dependency["features"]),
        }
    }
}

/// The one package with this name.
fn package(name: &str) -> &'static Value {
    static METADATA: LazyLock<Value> = LazyLock::new(|| {
        let mut metadata = cargo();
        metadata.args(["metadata", "--locked", "--format-version", "1"]);
        let metadata = metadata.args(["--filter-platform", PLATFORM]);
        serde_json::from_slice(&metadata.output().unwrap().stdout).unwrap()
    });
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

/// Packages with their features.
pub type Packages = BTreeMap<String, BTreeSet<String>>;

/// The combinations of features of `kube` that cargo is asked about.
pub const COMBINATIONS: [&str; 7] = [
    "",
    "derive",
    "config",
    "client",
    "default",
    "runtime",
    "default,runtime,derive",
];

/// What cargo builds for a program with one of the `COMBINATIONS`. The program
/// is not counted.
pub fn built_for(combination: &str) -> &'static Packages {
    static BUILT: LazyLock<BTreeMap<&str, Packages>> = LazyLock::new(|| {
        // All of them run side by side.
        let started = COMBINATIONS.map(|combination| (combination, tree(combination)));
        let finished = started.map(|(combination, tree)| {
            let written = tree.wait_with_output().unwrap();
            assert!(written.status.success(), "cargo tree of {combination}");
            (
                combination,
                packages(&String::from_utf8(written.stdout).unwrap()),
            )
        });
        BTreeMap::from(finished)
    });
    &BUILT[combination]
}

fn tree(combination: &str) -> Child {
    let features = combination.split_terminator(',');
    let features: Vec<_> = features.map(|feature| format!("kube/{feature}")).collect();
    let mut tree = cargo();
    tree.args(["tree", "--locked", "--quiet", "--edges", "normal,build"]);
    tree.args(["--manifest-path", "examples/worlds/combinations/Cargo.toml"]);
    tree.args(["--target", PLATFORM, "--features", &features.join(",")]);
    tree.args(["--prefix", "none", "--format", "{p}\t{f}"]);
    tree.stdout(Stdio::piped()).spawn().unwrap()
}

fn packages(tree: &str) -> Packages {
    let mut packages = Packages::new();
    for line in tree.lines().skip(1) {
        let (package, features) = line.trim_end_matches(" (*)").split_once('\t').unwrap();
        let package: Vec<_> = package.split(' ').take(2).collect();
        let features = features.split(',').filter(|feature| !feature.is_empty());
        let known = packages.entry(package.join(" ")).or_default();
        known.extend(features.map(str::to_owned));
    }
    packages
}
