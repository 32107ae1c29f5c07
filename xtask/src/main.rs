//! `cargo xtask`: one command a task. Each prints what it starts; a failure names the command that failed.

#![warn(clippy::unwrap_used, clippy::expect_used)]

mod accept;
mod cluster;
mod go;
mod locks;
mod record;
mod search;
mod site;
mod tied;
mod tools;
mod web;

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand, ValueEnum};
use proofreader::page::Edition;

/// The tasks of whoever reads, writes or publishes the book.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
enum Task {
    /// Serve the book with live reload: English on port 3000, Korean on port 3001
    Serve {
        /// Serve one edition alone
        #[arg(long, value_enum)]
        edition: Option<Language>,
    },
    /// Build both editions into `book/en` and `book/ko`; any fault ends the build
    Build,
    /// Check the links and anchors of the built site
    Links,
    /// Record that something was read: quotes after an upgrade, sections in both languages
    Accept {
        #[command(subcommand)]
        what: Accept,
    },
    /// Run a real Kubernetes API server on loopback until Ctrl-C; needs Go
    Cluster,
    /// Hold recorded conversations again with a real API server, and write them
    Record {
        /// Compare them with what is recorded instead, and fail where they differ
        #[arg(long)]
        check: bool,
        /// Names of proofs; all that have a recording, if none is named
        proofs: Vec<String>,
    },
    /// Bring the pinned mdBook, its preprocessors and Pagefind into `target/tools`
    Tools,
    /// Index a built edition for search; while serving, mdBook starts this after each build
    #[command(hide = true)]
    Index {
        /// The folder of the edition's HTML
        site: PathBuf,
    },
}

#[derive(Subcommand)]
enum Accept {
    /// Print the quotes of a page that changed, old and new, and record them as read
    Quote {
        /// The page, such as `architecture/errors.md`
        page: String,
    },
    /// Print what changed in sections of a page, in both languages, and record them as read together
    Edition {
        /// The page, such as `architecture/errors.md`
        page: String,
        /// Ids of headings (`opening` for what stands under the title); all that changed, if none is named
        sections: Vec<String>,
        /// The edition that waits for its translation
        #[arg(long, value_enum)]
        behind: Option<Language>,
    },
}

/// A language of the book.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    /// English
    En,
    /// Korean
    Ko,
}

impl From<Language> for Edition {
    fn from(language: Language) -> Self {
        match language {
            Language::En => Edition::En,
            Language::Ko => Edition::Ko,
        }
    }
}

fn main() -> ExitCode {
    match run(Task::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    let root = root()?;
    match task {
        Task::Serve { edition } => site::serve(&root, edition.map(Edition::from)),
        Task::Build => site::build(&root),
        Task::Links => site::links(&root),
        Task::Accept { what: Accept::Quote { page } } => accept::quote(&root, &page),
        Task::Accept { what: Accept::Edition { page, sections, behind } } => {
            accept::edition(&root, &page, &sections, behind.map(Edition::from))
        }
        Task::Cluster => cluster::run(&root),
        Task::Record { check, proofs } => record::run(&root, &proofs, check),
        Task::Tools => tools::install(&root),
        Task::Index { site } => search::index_for_mdbook(&root, &site),
    }
}

/// The folder of `book.toml`.
fn root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(here.parent().context("xtask stands in no folder")?.to_owned())
}

/// The folder of everything that cargo builds.
fn target(root: &Path) -> Result<PathBuf> {
    match env::var_os("CARGO_TARGET_DIR").filter(|folder| !folder.is_empty()) {
        Some(folder) => std::path::absolute(folder).context("reading CARGO_TARGET_DIR"),
        None => Ok(root.join("target")),
    }
}

/// Prints a command and gives it back as a line.
fn echo(command: &Command) -> String {
    let words: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).collect();
    let line = words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    eprintln!("$ {line}");
    line
}

/// Prints a command, runs it, and fails with its name if it fails.
fn echo_and_run(command: &mut Command) -> Result<()> {
    let line = echo(command);
    let status = command.status().with_context(|| format!("starting `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed: {status}");
    }
    Ok(())
}
