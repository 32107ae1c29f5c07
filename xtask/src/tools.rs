//! The pinned programs that turn pages into a site. They live in `target/tools`,
//! so that nothing outside the repository changes and `cargo clean` removes them.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::echo_and_run;

/// A package, its version, and what else `cargo install` is told; the Colophon names them too.
type Tool = (&'static str, &'static str, &'static [&'static str]);

/// Optimized, a tool takes more than twice as long to build, and saves a fraction of a second at each use.
const QUICK: &[&str] = &["--debug", "--config", "profile.dev.debug=false"];

/// What makes pages of the book, and finds in them.
const PAGES: [Tool; 3] = [("mdbook", "0.5.4", &[]), ("mdbook-mermaid", "0.17.1", &[]), ("pagefind", "1.6.0", QUICK)];

/// What links API names, for the built site alone: it documents crates first.
const LINKS: Tool = ("mdbook-rustdoc-links", "3.0.2", QUICK);

/// What checks the links of the built site.
const CHECK: Tool = ("lychee", "0.24.2", QUICK);

/// Brings what makes pages.
pub fn install(root: &Path) -> Result<()> {
    bring(root, &PAGES)?;
    mermaid(root)
}

/// Brings what only a built site needs; returns the command that links API names.
pub fn links(root: &Path) -> Result<PathBuf> {
    bring(root, &[LINKS])?;
    Ok(home(root).join("bin").join(LINKS.0))
}

/// Brings lychee; returns its command.
pub fn lychee(root: &Path) -> Result<Command> {
    bring(root, &[CHECK])?;
    Ok(Command::new(home(root).join("bin").join(CHECK.0)))
}

/// Brings what is missing, and says so.
fn bring(root: &Path, tools: &[Tool]) -> Result<()> {
    let home = home(root);
    for tool @ (name, version, how) in tools {
        if installed(&home, tool) {
            continue;
        }
        eprintln!("{name} {version} is built into target/tools, once; on two cores that takes some minutes");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["install", "--locked", "--force", name, "--version", version]).args(*how).arg("--root").arg(&home);
        echo_and_run(cargo.arg("--target-dir").arg(home.join("build")))?;
    }
    Ok(())
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

/// Whether cargo has noted that it installed this version here. Not every tool tells its own.
fn installed(home: &Path, (name, version, _): &Tool) -> bool {
    let noted = fs::read_to_string(home.join(".crates.toml")).unwrap_or_default();
    noted.contains(&format!("\"{name} {version} ("))
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
