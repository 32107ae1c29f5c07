//! A real Kubernetes API server on loopback, for recordings: builds `cluster/` with Go, starts it, and ends it with
//! whoever started it. What it consists of and how it is started, the Go program knows; this file knows Go and that program.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::{go, target, tied};

const ELSEWHERE: &str = "CARGO_TARGET_DIR may name another folder";

/// A running cluster of its own, with empty state. Dropped, it is gone: processes, ports and files.
pub struct Cluster {
    process: Child,
    /// While this is open, the process runs. The kernel closes it with us, however we end.
    lifeline: Option<ChildStdin>,
    kubeconfig: PathBuf,
}

impl Cluster {
    /// The file by which a client finds the cluster and is its administrator.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Waits for the cluster to end by itself, which it should not.
    fn wait(&mut self) -> Result<()> {
        // `Child::wait` would close the lifeline first, if the child still had it.
        let status = self.process.wait().context("waiting for the cluster")?;
        if !status.success() {
            bail!("the cluster ended: {status}");
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.lifeline = None;
        // It kills its components and removes its state, which takes a fraction of a second.
        let _ = self.process.wait();
    }
}

/// Builds the cluster where that is needed, starts one, and returns when it is ready.
///
/// # Errors
///
/// Go is missing or too old, the build fails, or a component ends before the cluster is ready; why,
/// is then on standard error.
pub fn start(root: &Path) -> Result<Cluster> {
    let folder = target(root)?.join("cluster");
    let program = build(root, &folder)?;
    let mut command = Command::new(&program);
    command.args(["up", "-state"]).arg(&folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = command.spawn().with_context(|| format!("starting {}", program.display()))?;
    let (lifeline, output) = (process.stdin.take(), process.stdout.take());
    let mut cluster = Cluster { process, lifeline, kubeconfig: PathBuf::new() };
    let mut line = String::new();
    let mut output = BufReader::new(output.context("the cluster has no standard output")?);
    output.read_line(&mut line).context("waiting for the cluster to be ready")?;
    if line.is_empty() {
        cluster.wait()?;
        bail!("the cluster ended before it was ready");
    }
    cluster.kubeconfig = PathBuf::from(line.trim_end_matches('\n'));
    Ok(cluster)
}

/// `cargo xtask cluster`: starts a cluster, says how to reach it, and keeps it until interrupted.
pub fn run(root: &Path) -> Result<()> {
    let mut cluster = start(root)?;
    println!("export KUBECONFIG={}", quoted(&cluster.kubeconfig().to_string_lossy()));
    eprintln!("the cluster runs until Ctrl-C");
    cluster.wait()
}

/// Builds the program into `folder`; Go's cache makes that a matter of seconds when nothing changed.
fn build(root: &Path, folder: &Path) -> Result<PathBuf> {
    let module = root.join("cluster");
    let pins = go::Pins::read(&module)?;
    go::check(root, &pins)?;
    fs::create_dir_all(folder).with_context(|| format!("making {} ({ELSEWHERE})", folder.display()))?;
    // Two at once would write the same file.
    let _lock = lock(&folder.join("build.lock"))?;
    let program = folder.join("cluster");
    if !program.is_file() {
        eprintln!("Kubernetes {} is built from source, once: minutes, and 4 GB of Go's cache", pins.kubernetes);
    }
    // Beside the program, so that Go puts it in place by renaming: half of it is never there. Go empties the folder,
    // unless it was killed.
    let scratch = folder.join("building");
    if scratch.exists() {
        fs::remove_dir_all(&scratch).with_context(|| format!("removing {}", scratch.display()))?;
    }
    fs::create_dir(&scratch).with_context(|| format!("making {}", scratch.display()))?;
    let mut command = go::command(&module);
    command.env("GOTMPDIR", &scratch);
    command.args(["build", "-trimpath", "-buildvcs=false", "-ldflags", &pins.stamp()?, "-o"]).arg(&program).arg(".");
    tied::run(&command).map_err(|error| error.context(go::why_not_built(&module)))?;
    Ok(program)
}

/// Takes a lock that ends with this process, and says so if somebody else has it.
fn lock(path: &Path) -> Result<File> {
    let file = File::create(path).with_context(|| format!("making {} ({ELSEWHERE})", path.display()))?;
    if file.try_lock().is_err() {
        eprintln!("waiting for another process that builds the cluster, as {} tells", path.display());
        file.lock().with_context(|| format!("locking {}", path.display()))?;
    }
    Ok(file)
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "/._-+".contains(letter);
    if path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_space_or_a_quote_is_one_word_of_a_shell() {
        assert_eq!(quoted("/srv/a/target/cluster/run-1/kubeconfig"), "/srv/a/target/cluster/run-1/kubeconfig");
        assert_eq!(quoted("/it's here"), r"'/it'\''s here'");
    }
}
