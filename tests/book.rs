//! The rules of the book: every fault of every page, in one run.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use proofreader::{book::Book, report};

/// Cargo at the root, without what the cargo around this test has set: build scripts would run again.
fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    for (name, _) in env::vars() {
        let kept = ["CARGO_HOME", "CARGO_TARGET_DIR"].contains(&name.as_str()) || name.starts_with("RUSTUP_");
        if !kept && (name.starts_with("CARGO") || name.starts_with("RUST") || name == "OUT_DIR") {
            cargo.env_remove(name);
        }
    }
    cargo.current_dir(root());
    cargo
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Both editions keep the rules; the message tells every fault with its place and remedy.
#[test]
fn the_pages_keep_the_rules() {
    let book = Book::open(&root()).unwrap();
    let faults = book.check();
    assert!(faults.is_empty(), "\n\n{}", report::render_all(&faults, &book.root));
}

/// What the proofreader takes for proofs, reading the source, is what the compiled test binary runs.
#[test]
fn the_test_binary_runs_every_proof() {
    let book = Book::open(&root()).unwrap();
    let mut cargo = cargo();
    cargo.args(["test", "--quiet", "--test", "proofs", "--", "--list", "--format", "terse"]);
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let listed: BTreeSet<String> =
        text.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect();
    assert!(!listed.is_empty(), "the test binary lists no proof:\n{text}");
    let known: BTreeSet<String> = book.evidence.proofs.into_values().map(|proof| proof.path).collect();
    assert_eq!(listed, known);
}

/// Paths and commands that the documents for contributors name are there.
#[test]
fn the_documents_name_what_exists() {
    let help = cargo().args(["xtask", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let mut missing = Vec::new();
    let mut checked = 0;
    for document in ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"] {
        let text = fs::read_to_string(root().join(document)).unwrap();
        for code in text.split('`').skip(1).step_by(2) {
            checked += 1;
            if let Some(command) = code.strip_prefix("cargo xtask ") {
                let word = command.split_whitespace().next().unwrap_or_default();
                if !help.lines().any(|line| line.trim_start().starts_with(&format!("{word} "))) {
                    missing.push(format!("{document}: no command `cargo xtask {word}`"));
                }
            } else if is_path(code) && !exists(code) {
                missing.push(format!("{document}: no file `{code}`"));
            }
        }
    }
    assert!(checked > 20, "the documents name next to nothing: are they where they were?");
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// Capitals stand for what a reader fills in: `src/en/PART/PAGE.md`; what a build writes need not be there.
fn is_path(code: &str) -> bool {
    let plain = code.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    let placeholder = ["PART", "PAGE", "ITEM", "NAME"].iter().any(|word| code.contains(word));
    let built = code.starts_with("book/") || code.starts_with("target/");
    let file = [".md", ".rs", ".toml", ".lock", ".yml", ".css", ".js", ".hbs"].iter().any(|end| code.ends_with(end));
    plain && !placeholder && !built && (code.contains('/') || file)
}

/// From the root, or anywhere below for a bare file name.
fn exists(path: &str) -> bool {
    let from_root = root().join(path.trim_end_matches('/')).exists();
    from_root || (!path.contains('/') && below(&root(), path))
}

fn below(folder: &Path, name: &str) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries
        .filter(|path| !path.ends_with("target") && !path.ends_with(".git"))
        .any(|path| path.file_name().is_some_and(|found| found == name) || (path.is_dir() && below(&path, name)))
}
