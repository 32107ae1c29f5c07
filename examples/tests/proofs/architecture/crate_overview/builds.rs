//! Programs whose dependencies differ from the book's, built by nested cargo.

use std::{collections::BTreeMap, fs, process::Command, sync::LazyLock};

use k8s_openapi::api::core::v1::ResourceRequirements;
use serde_json::Value;

use crate::support::{cargo, output};

/// With schemars 0.9 in the program and schemars 1 in kube, the derive macro's
/// own code does not compile.
#[test]
fn two_versions_of_schemars_fail_in_code_that_the_derive_wrote() {
    let errors = errors_of("two_schemars");

    assert_eq!(errors.len(), 3);
    for error in errors {
        assert!(error.starts_with("error[E0277]"), "{error}");
        assert!(error.contains("Transform` is not satisfied"), "{error}");
        assert!(
            error.contains("in the derive macro `CustomResource`"),
            "{error}"
        );
    }
    output(
        "architecture/crate_overview/two_schemars.txt",
        first_error("two_schemars"),
    );
}

/// With types alone a program can make a request and read its answer.
#[test]
fn types_alone_make_a_request_and_read_its_answer() {
    output(
        "architecture/crate_overview/types_only.txt",
        &printed_by("types_only"),
    );
}

/// A custom resource needs `serde_json` as a dependency of its own crate, even
/// if nothing in its source names it.
#[test]
fn the_derive_needs_serde_json_though_the_source_names_it_nowhere() {
    output(
        "architecture/crate_overview/no_serde_json.txt",
        first_error("crd"),
    );

    // The same derive compiles in `examples`, which has the dependency.
    for source in ["worlds/types_only/src/crd.rs", "src/document.rs"] {
        let source = fs::read_to_string(source).unwrap();
        assert!(source.contains("CustomResource") && !source.contains("serde_json"));
    }
}

/// The derive macro takes `serde_json` from where `#[kube(crates(..))]` says.
#[test]
fn the_derive_takes_a_crate_from_where_it_is_told() {
    assert_eq!(printed_by("crd_told"), "documents.example.com\n");
}

/// A Kubernetes type in a spec needs the feature `schemars` of k8s-openapi.
#[test]
fn a_kubernetes_type_in_a_spec_needs_the_schemars_feature() {
    let message = "error[E0277]: the trait bound `ResourceRequirements: JsonSchema` is not satisfied";
    assert_eq!(first_error("embeds").lines().next(), Some(message));

    // The book's own dependency has the feature.
    fn has_schema<T: schemars::JsonSchema>() {}
    has_schema::<ResourceRequirements>();
}

/// Without its feature `client`, kube has no `Client` to show, and the compiler
/// names the feature.
#[test]
fn the_compiler_names_the_feature_that_kube_client_is_missing() {
    output(
        "architecture/crate_overview/no_client.txt",
        first_error("client"),
    );
}

/// Without a version feature the build script of k8s-openapi stops the build.
#[test]
fn without_a_version_feature_k8s_openapi_stops_the_build() {
    let errors = build_script_errors(&["--no-default-features"]);

    let message = "None of the v1_* features are enabled on the k8s-openapi crate.";
    assert!(errors.contains(message), "{errors}");
}

/// Two version features stop the build as well.
#[test]
fn two_version_features_stop_the_build() {
    let errors = build_script_errors(&["--features", "v1_36"]);

    let message = "Both v1_36 and v1_37 features are enabled on the k8s-openapi crate.";
    assert!(errors.contains(message), "{errors}");
}

/// What became of one program.
#[derive(Default)]
struct Build {
    /// The compiler's messages with a code, in its order.
    errors: Vec<String>,
    /// The file to run, if there were none.
    executable: Option<String>,
}

/// The one whose features are chosen. Named by its manifest: with the first
/// resolver, `--package` alone would switch on what the package in the current
/// folder needs as well.
const TYPES_ONLY: &str = "examples/worlds/types_only/Cargo.toml";

/// All programs of two worlds, by name: one nested cargo for all proofs.
static BUILDS: LazyLock<BTreeMap<String, Build>> = LazyLock::new(|| {
    let mut build = cargo();
    build.args(["build", "--locked", "--keep-going"]);
    build.args(["--manifest-path", TYPES_ONLY, "--features", "mistakes"]);
    build.args(["--package", "two_schemars", "--package", "types_only"]);
    let written = build.args(["--message-format", "json"]).output().unwrap();
    let written = String::from_utf8(written.stdout).unwrap();

    let mut builds = BTreeMap::<String, Build>::new();
    for line in written.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let Some(name) = line["target"]["name"].as_str() else {
            continue;
        };
        if let Some(executable) = line["executable"].as_str() {
            let build = builds.entry(name.to_owned()).or_default();
            build.executable = Some(executable.to_owned());
        }
        if line["message"]["level"] == "error" && !line["message"]["code"].is_null() {
            let error = line["message"]["rendered"].as_str().unwrap();
            let build = builds.entry(name.to_owned()).or_default();
            build.errors.push(as_everywhere(error));
        }
    }
    builds
});

fn errors_of(program: &str) -> &'static [String] {
    let build = BUILDS.get(program);
    build.map_or(&[], |build| &build.errors)
}

#[track_caller]
fn first_error(program: &str) -> &'static str {
    let error = errors_of(program).first();
    error.unwrap_or_else(|| panic!("no error in {program}"))
}

#[track_caller]
fn printed_by(program: &str) -> String {
    let build = BUILDS.get(program);
    let executable = build.and_then(|build| build.executable.as_ref());
    let executable =
        executable.unwrap_or_else(|| panic!("{program}: {:?}", errors_of(program)));
    let written = Command::new(executable).output().unwrap();
    assert!(written.status.success());
    String::from_utf8(written.stdout).unwrap()
}

/// A message with the places of packages as on every machine.
fn as_everywhere(error: &str) -> String {
    let lines = error.trim_end().lines().map(|line| {
        let Some((before, after)) = line.split_once("/registry/src/") else {
            return line.to_owned();
        };
        let (before, _) = before.rsplit_once(' ').unwrap();
        let (_, after) = after.split_once('/').unwrap();
        format!("{before} {after}")
    });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// What cargo says when a build script of `crd_told`'s dependencies fails.
fn build_script_errors(features: &[&str]) -> String {
    let mut build = cargo();
    build.args(["build", "--locked", "--quiet"]);
    build.args(["--manifest-path", TYPES_ONLY, "--bin", "crd_told"]);
    let written = build.args(features).output().unwrap();
    String::from_utf8(written.stderr).unwrap()
}
