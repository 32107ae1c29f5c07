//! The pinned programs that turn pages into a site. They live in `target/tools`,
//! so that nothing outside the repository changes and `cargo clean` removes them.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::echo_and_run;

/// Packages, versions, and what else `cargo install` is told; the Colophon names them too.
const TOOLS: [(&str, &str, &[&str]); 3] = [
    ("mdbook", "0.5.4", &[]),
    ("mdbook-mermaid", "0.17.1", &[]),
    // Optimized it takes more than twice as long to build, to index an edition in 0.04 s instead of 0.1 s.
    ("pagefind", "1.6.0", &["--debug", "--config", "profile.dev.debug=false"]),
];

/// Brings what is missing, and says so.
pub fn install(root: &Path) -> Result<()> {
    let home = home(root);
    for (name, version, how) in TOOLS {
        if installed(&home, name).is_some_and(|found| found == version) {
            continue;
        }
        eprintln!("{name} {version} is built into target/tools, once; on two cores that takes a minute or two");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["install", "--locked", "--force", name, "--version", version]).args(how).arg("--root").arg(&home);
        echo_and_run(cargo.arg("--target-dir").arg(home.join("build")))?;
    }
    mermaid(root)
}

/// The environment's `PATH` with the tools in front.
pub fn path(root: &Path) -> Result<std::ffi::OsString> {
    let old = env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(home(root).join("bin")).chain(env::split_paths(&old));
    env::join_paths(all).context("joining PATH")
}

fn home(root: &Path) -> PathBuf {
    root.join("target/tools")
}

/// The version that a tool says it has, if it is there.
fn installed(home: &Path, name: &str) -> Option<String> {
    let output = Command::new(home.join("bin").join(name)).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.split_whitespace().last()?.trim_start_matches('v').to_owned())
}

/// mdbook-mermaid carries the script that draws; pages load it from beside them.
fn mermaid(root: &Path) -> Result<()> {
    let name = "mermaid.min.js";
    let folder = home(root).join("mermaid");
    if !folder.join(name).is_file() {
        fs::create_dir_all(&folder).context("making a folder for mermaid")?;
        fs::write(folder.join("book.toml"), "[book]\n").context("writing a book.toml for mdbook-mermaid")?;
        echo_and_run(Command::new(home(root).join("bin/mdbook-mermaid")).arg("install").arg(&folder))?;
    }
    for edition in ["en", "ko"] {
        let target = root.join("src").join(edition).join(name);
        if fs::metadata(&target).map(|m| m.len()).ok() != fs::metadata(folder.join(name)).map(|m| m.len()).ok() {
            fs::copy(folder.join(name), &target).with_context(|| format!("copying {}", target.display()))?;
        }
    }
    Ok(())
}
