//! The book as a site: served while writing, built for the web.

use std::{
    env, fs,
    path::Path,
    process::{Child, Command},
};

use anyhow::{Context, Result, bail};
use proofreader::{evidence::below, page::Edition};

use crate::{echo, echo_and_run, search, target, tools, web};

/// What differs between the editions in `book.toml`.
fn settings(edition: Edition) -> [(&'static str, &'static str); 4] {
    match edition {
        Edition::En => [
            ("MDBOOK_BOOK__SRC", "src/en"),
            ("MDBOOK_BOOK__LANGUAGE", "en"),
            ("MDBOOK_BOOK__TITLE", "Inside kube-rs"),
            ("MDBOOK_OUTPUT__HTML__SMART_PUNCTUATION", "true"),
        ],
        Edition::Ko => [
            ("MDBOOK_BOOK__SRC", "src/ko"),
            ("MDBOOK_BOOK__LANGUAGE", "ko"),
            ("MDBOOK_BOOK__TITLE", "kube-rs 내부"),
            // Beside a Korean particle it curls a closing quote the wrong way.
            ("MDBOOK_OUTPUT__HTML__SMART_PUNCTUATION", "false"),
        ],
    }
}

/// mdBook for one edition, with the proofreader built beforehand.
fn mdbook(root: &Path, edition: Edition) -> Result<Command> {
    let mut command = Command::new(root.join("target/tools/bin/mdbook"));
    command.current_dir(root).env("PATH", tools::path(root)?).envs(settings(edition));
    let proofreader = proofreader_binary(root)?;
    command.env("MDBOOK_PREPROCESSOR__PROOFREADER__COMMAND", proofreader);
    Ok(command)
}

/// The built proofreader, beside this very program.
fn proofreader_binary(root: &Path) -> Result<String> {
    let here = env::current_exe().context("asking where this program is")?;
    let folder = here.parent().unwrap_or(root);
    let name = format!("proofreader{}", env::consts::EXE_SUFFIX);
    Ok(folder.join(name).to_string_lossy().into_owned())
}

fn prepare(root: &Path) -> Result<()> {
    tools::install(root)?;
    echo_and_run(Command::new(env!("CARGO")).current_dir(root).args(["build", "--quiet", "--bin", "proofreader"]))
}

/// Serves one edition, or both, until interrupted.
pub fn serve(root: &Path, only: Option<Edition>) -> Result<()> {
    prepare(root)?;
    let mut children = Vec::new();
    for (edition, port) in [(Edition::En, "3000"), (Edition::Ko, "3001")] {
        if only.is_none_or(|only| only == edition) {
            children.push(start(root, edition, port)?);
        }
    }
    for mut child in children {
        child.wait().context("waiting for mdbook")?;
    }
    Ok(())
}

fn start(root: &Path, edition: Edition, port: &str) -> Result<Child> {
    let mut command = mdbook(root, edition)?;
    let folder = root.join("target/serve").join(edition.code());
    command.args(["serve", "--port", port, "--dest-dir"]).arg(folder);
    let (name, indexer) = search::renderer()?;
    command.env(name, indexer);
    eprintln!("serving {} on http://localhost:{port}", edition.code());
    command.env("BOOK_FAULTS", "page").spawn().context("starting mdbook")
}

/// The preprocessor that links API names through rustdoc. It runs before the proofreader,
/// on what authors wrote, so that it names their files and lines. It knows the crates of
/// `examples`; those listed here have pages of their own to link to.
const API_LINKS: &str = r#"{
    "before": ["proofreader"],
    "renderers": ["html"],
    "manifest-dir": "examples",
    "fail-on-warnings": "always",
    "build": {
        "packages": ["kube", "kube-client", "kube-core", "kube-derive", "kube-runtime", "k8s-openapi", "schemars",
            "serde_json", "tokio", "futures", "tower", "hyper-util", "http"],
        "rustdoc-args": ["-A", "rustdoc::redundant_explicit_links"]
    }
}"#;

/// Builds both editions into `book/`.
pub fn build(root: &Path) -> Result<()> {
    prepare(root)?;
    let linker = tools::links(root)?;
    eprintln!("API names are linked through the docs of their crates; the first time takes a minute or two");
    // A refused build leaves the last good site where it is.
    let (site, last) = (root.join("target/site"), root.join("book"));
    remove(&site)?;
    for edition in Edition::ALL {
        let mut command = mdbook(root, edition)?;
        if let Ok(repository) = env::var("BOOK_REPOSITORY") {
            let edit = format!("{repository}/edit/main/{{path}}");
            command.env("MDBOOK_OUTPUT__HTML__GIT_REPOSITORY_URL", &repository);
            command.env("MDBOOK_OUTPUT__HTML__EDIT_URL_TEMPLATE", edit);
        }
        command.env("MDBOOK_PREPROCESSOR__RUSTDOC_LINKS", API_LINKS);
        command.env("MDBOOK_PREPROCESSOR__RUSTDOC_LINKS__COMMAND", &linker);
        command.env("MDBOOK_LOG", "warn").env_remove("RUST_BACKTRACE");
        let folder = site.join(edition.code());
        without_warnings(command.args(["build", "--dest-dir"]).arg(&folder))?;
        search::index(root, &folder)?;
    }
    let address = env::var("BOOK_SITE").ok().filter(|address| !address.is_empty());
    web::surround(root, &site, address.as_deref())?;
    left_over(&site)?;
    remove(&last)?;
    fs::rename(&site, &last).context("moving the site to `book`")
}

/// Checks every link and anchor of the built site. Links to docs.rs are looked up in the docs
/// that the build made, as far as it made them; other sites are not asked.
pub fn links(root: &Path) -> Result<()> {
    let site = root.join("book");
    if !site.join("index.html").is_file() {
        bail!("there is no built site: run `cargo xtask build` first");
    }
    let mut lychee = tools::lychee(root)?;
    let docs = target(root)?.join("doc");
    let crates = fs::read_dir(&docs).with_context(|| format!("reading {}, which the build fills", docs.display()))?;
    let crates = crates.flatten().filter(|entry| entry.path().join("all.html").is_file());
    let crates: Vec<_> = crates.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let there = format!("https://docs.rs/[^/]+/[^/]+/({})/(.*)$", crates.join("|"));
    let here = format!("file://{}/$1/$2", docs.display());
    lychee.current_dir(root).args(["--offline", "--include-fragments", "--no-progress"]);
    lychee.arg("--remap").arg(format!("{there} {here}")).arg("--root-dir").arg(&site);
    echo_and_run(lychee.arg(site.join("**/*.html")))
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    Ok(())
}

/// Runs mdBook, which tells of broken HTML in a warning and succeeds.
fn without_warnings(command: &mut Command) -> Result<()> {
    let line = echo(command);
    let output = command.output().with_context(|| format!("starting `{line}`"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    eprint!("{said}");
    if !output.status.success() || said.contains(" WARN ") {
        bail!("`{line}` failed or warned: {}", output.status);
    }
    Ok(())
}

/// A directive that is still one in the built site was understood by nobody.
fn left_over(site: &Path) -> Result<()> {
    let pages = below(site, ".html");
    if pages.len() < 4 {
        bail!("the built site has {} pages: something swallowed the others", pages.len());
    }
    for page in pages {
        let text = fs::read_to_string(site.join(&page)).with_context(|| format!("reading {page}"))?;
        if let Some(at) = text.find("{{#") {
            let found: String = text[at..].chars().take(60).collect();
            bail!("a directive is left in book/{page}: {found}");
        }
    }
    Ok(())
}
