//! `cargo xtask record`: holds the recorded conversations again, with a real API server.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, bail};
use proofreader::{
    book::Book,
    evidence::{Evidence, Proof},
};

use crate::{cluster, tied};

/// Runs proofs with a cluster (all that have a recording, if none is named), and writes their recordings or compares
/// them. Without a `KUBECONFIG` the book's own cluster is started for that.
pub fn run(root: &Path, names: &[String], check: bool) -> Result<()> {
    let book = Book::open(root)?;
    let proofs = chosen(&book.evidence, names)?;
    if proofs.is_empty() {
        eprintln!("no proof has a recording: none names a file that ends in `.http`");
        return Ok(());
    }
    let given = env::var_os("KUBECONFIG").filter(|path| !path.is_empty());
    let own = if given.is_none() { Some(cluster::start(root)?) } else { None };
    let kubeconfig = given.map_or_else(PathBuf::new, PathBuf::from);
    let kubeconfig = own.as_ref().map_or(kubeconfig.as_path(), |own| own.kubeconfig());
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root).args(["test", "--quiet", "--package", "examples", "--test", "proofs", "--"]);
    // A difference from another Kubernetes minor is told and fails nothing: it is in the output of a test that passes.
    cargo.args(["--exact", "--show-output"]).args(&proofs);
    // Some proofs are about panics; their backtraces would bury what fails.
    cargo.env("RUST_BACKTRACE", "0");
    cargo.env("KUBECONFIG", kubeconfig).env("BOOK_RECORD", if check { "check" } else { "write" });
    tied::run(&cargo)
}

/// The paths of the proofs, as the test binary knows them.
fn chosen(evidence: &Evidence, names: &[String]) -> Result<Vec<String>> {
    let recorded: Vec<&Proof> = evidence.proofs.values().filter(|proof| proof.recording().is_some()).collect();
    let mut owners = BTreeMap::new();
    for proof in &recorded {
        let Some(file) = proof.recording() else { continue };
        if let Some(other) = owners.insert(file, &proof.name) {
            bail!("`{other}` and `{}` both name `{file}`: a recording is one proof's", proof.name);
        }
    }
    for name in names {
        if !recorded.iter().any(|proof| proof.name == *name) {
            let all: Vec<_> = recorded.iter().map(|proof| proof.name.as_str()).collect();
            bail!("no proof `{name}` has a recording; those that have: {}", all.join(", "));
        }
    }
    let chosen = recorded.into_iter().filter(|proof| names.is_empty() || names.contains(&proof.name));
    let paths: Vec<_> = chosen.map(|proof| proof.path.clone()).collect();
    Ok(paths)
}
