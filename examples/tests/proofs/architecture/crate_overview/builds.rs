//! Programs with fewer features than the book's own, built by nested cargo.

use super::{
    code,
    manifests::{built_for, read},
    table,
};
use crate::support::{cargo, output};

/// With schemars 0.9 in the program and schemars 1 in kube, the derive macro's
/// own code does not compile.
#[test]
fn two_versions_of_schemars_fail_in_code_that_the_derive_wrote() {
    let (_, errors) = run("build", "two_schemars", &[]);

    assert_eq!(errors.matches("error[E0277]").count(), 3, "{errors}");
    output(
        "architecture/crate_overview/two_schemars.txt",
        &first_error(&errors),
    );
}

/// With types alone a program can make a request and read its answer.
#[test]
fn types_alone_make_a_request_and_read_its_answer() {
    let (printed, errors) = run("run", "types_only", &["--bin", "types_only"]);

    assert_eq!(errors, "");
    output("architecture/crate_overview/types_only.txt", &printed);
}

/// A custom resource needs `serde_json` as a dependency of its own crate, even
/// if nothing in its source names it.
#[test]
fn the_derive_needs_serde_json_though_the_source_names_it_nowhere() {
    let crd = |features| {
        run(
            "run",
            "types_only",
            &["--bin", "crd", "--features", features],
        )
    };
    let (with, _) = crd("serde_json");
    assert_eq!(with, "documents.example.com\n");
    let without = [
        "--bin",
        "crd",
        "--no-default-features",
        "--features",
        "v1_37",
    ];

    let (_, errors) = run("build", "types_only", &without);

    output(
        "architecture/crate_overview/no_serde_json.txt",
        &first_error(&errors),
    );
}

/// The derive macro takes `serde_json` from where `#[kube(crates(..))]` says.
#[test]
fn the_derive_takes_a_crate_from_where_it_is_told() {
    let without = [
        "--bin",
        "crd_told",
        "--no-default-features",
        "--features",
        "v1_37",
    ];

    let (printed, errors) = run("run", "types_only", &without);

    assert_eq!(printed, "documents.example.com\n", "{errors}");
}

/// A Kubernetes type in a spec needs the feature `schemars` of k8s-openapi.
#[test]
fn a_kubernetes_type_in_a_spec_needs_the_schemars_feature() {
    let (_, errors) = run("build", "types_only", &mistake("embeds"));

    let message = first_error(&errors);
    let first = message.lines().next().unwrap();
    assert_eq!(
        first,
        "error[E0277]: the trait bound `ResourceRequirements: JsonSchema` is not satisfied"
    );
}

/// Without its feature `client`, kube has no `Client` to show, and the compiler
/// names the feature.
#[test]
fn the_compiler_names_the_feature_that_kube_client_is_missing() {
    let (_, errors) = run("build", "types_only", &mistake("client"));

    output(
        "architecture/crate_overview/no_client.txt",
        &first_error(&errors),
    );
}

/// Without a version feature the build script of k8s-openapi stops the build.
#[test]
fn without_a_version_feature_k8s_openapi_stops_the_build() {
    let without = ["--bin", "crd", "--no-default-features"];

    let (_, errors) = run("build", "types_only", &without);

    let message = "None of the v1_* features are enabled on the k8s-openapi crate.";
    assert!(errors.contains(message), "{errors}");
}

/// Two version features, even from two packages, stop the build as well.
#[test]
fn two_version_features_stop_the_build() {
    let (_, errors) = run("build", "types_only", &["--features", "v1_36"]);

    let message = "Both v1_36 and v1_37 features are enabled on the k8s-openapi crate.";
    assert!(errors.contains(message), "{errors}");
}

/// `Patch::Json` exists with the feature `runtime` and not with kube's defaults
/// alone: `kube-runtime` switches `jsonpatch` on.
#[test]
fn json_patches_come_with_the_runtime_feature() {
    let has = |features| built_for(features)["kube-core v5.0.0"].contains("jsonpatch");

    assert!(!has("kube/default"));
    assert!(has("kube/default,kube/runtime"));
    let patch = read("kube-core", "params.rs");
    let (_, json) = patch.split_once("#[cfg(feature = \"jsonpatch\")]").unwrap();
    assert!(
        json.lines()
            .take(3)
            .any(|line| line.contains("Json(json_patch::Patch)"))
    );
}

/// A crypto provider by itself brings no client: the build is that of no
/// features.
#[test]
fn a_crypto_provider_alone_adds_no_package() {
    let packages = |features| built_for(features).into_keys().collect::<Vec<_>>();

    assert_eq!(packages("kube/ring"), packages("kube"));
    assert_eq!(packages("kube/aws-lc-rs"), packages("kube"));
    assert_ne!(packages("kube/client"), packages("kube"));
}

/// The number of packages that cargo builds for each combination, on Linux.
#[test]
fn each_combination_of_features_builds_this_many_packages() {
    const COMBINATIONS: [&str; 10] = [
        "kube-core",
        "kube",
        "kube,derive",
        "kube,config",
        "kube,client",
        "kube,runtime",
        "kube,default",
        "kube,default,aws-lc-rs",
        "kube,default,gzip",
        "kube,default,runtime,derive",
    ];
    let rows = COMBINATIONS.map(|combination| {
        let (package, features) =
            combination.split_once(',').unwrap_or((combination, ""));
        let features: Vec<_> = features.split_terminator(',').collect();
        let asked: Vec<_> = features
            .iter()
            .map(|on| format!("{package}/{on}"))
            .collect();
        let built = built_for(&[vec![package.to_owned()], asked].concat().join(","));
        let shown = if features.is_empty() {
            "–".to_owned()
        } else {
            code(features)
        };
        vec![format!("`{package}`"), shown, built.len().to_string()]
    });

    let en = table(&["crate", "its features", "packages"], rows.clone());
    output("architecture/crate_overview/cost.en.md", &en);
    let ko = table(&["crate", "feature", "패키지 수"], rows);
    output("architecture/crate_overview/cost.ko.md", &ko);
}

fn mistake(program: &str) -> [&str; 4] {
    ["--bin", program, "--features", "mistakes"]
}

/// What cargo, and the program if it is run, write to stdout and stderr.
fn run(command: &str, world: &str, arguments: &[&str]) -> (String, String) {
    let mut run = cargo();
    run.args([command, "--quiet", "--locked", "--color", "never"]);
    run.arg("--manifest-path");
    run.arg(format!("examples/worlds/{world}/Cargo.toml"));
    let written = run.args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(written.stdout), text(written.stderr))
}

/// The first error of the compiler, with the places of packages as on every
/// machine.
#[track_caller]
fn first_error(errors: &str) -> String {
    let start = errors.find("error[").unwrap_or_else(|| panic!("{errors}"));
    let (error, _) = errors[start..].split_once("\n\n").unwrap();
    let lines = error.lines().map(|line| {
        let Some((before, after)) = line.split_once("/registry/src/") else {
            return line.to_owned();
        };
        let (before, _) = before.rsplit_once(' ').unwrap();
        let (_, after) = after.split_once('/').unwrap();
        format!("{before} {after}")
    });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}
