//! The index that readers search: Pagefind's, beside the pages of each edition.

use std::{env, fs, io, path::Path, process::Command};

use anyhow::{Context, Result, bail};

/// What no search should find: what is folded away (tests, licences), lines that a page
/// hides, diagrams in mermaid's words, and what says where a text comes from.
const NOT_FOUND: [&str; 8] =
    ["details", ".boring", "pre.mermaid", "thead", "a.proof", ".output figcaption", ".licence", ".stamp"];

/// `index.html` and what stands in folders: mdBook puts `print.html` and `toc.html` beside the former.
const PAGES: &str = "{index.html,*/**/*.html}";

/// Indexes the pages under `site` into `site/pagefind`.
pub fn index(root: &Path, site: &Path) -> Result<()> {
    let mut command = Command::new(root.join("target/tools/bin/pagefind"));
    command.arg("--site").arg(site).arg("--quiet");
    command.args(["--root-selector", "main", "--glob", PAGES, "--keep-index-url"]);
    for selector in NOT_FOUND {
        command.args(["--exclude-selectors", selector]);
    }
    let output = command.output().context("starting pagefind")?;
    if !output.status.success() || !output.stderr.is_empty() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("pagefind failed or warned about {}: {}\n{said}", site.display(), output.status);
    }
    let licence = site.join("pagefind/LICENSE.txt");
    fs::copy(root.join("theme/pagefind-LICENSE.txt"), licence).context("copying Pagefind's licence")?;
    Ok(())
}

/// Makes the index a renderer of mdBook's, which runs after the HTML and before pages
/// are told to reload: mdBook empties the folder of the HTML at every build.
pub fn renderer() -> Result<(&'static str, String)> {
    let here = env::current_exe().context("asking where this program is")?;
    // With two renderers, each has a folder of its own and runs in it.
    Ok(("MDBOOK_OUTPUT__SEARCH__COMMAND", format!("'{}' index ../html", here.display())))
}

/// Indexes as a renderer of mdBook's, which hands over the book on standard input.
pub fn index_for_mdbook(root: &Path, site: &Path) -> Result<()> {
    // A renderer that does not read is warned about.
    io::copy(&mut io::stdin(), &mut io::sink()).context("reading what mdbook says")?;
    // A page without search is still worth seeing: a renderer that fails stops the reload.
    if let Err(error) = index(root, site) {
        eprintln!("warning: search finds nothing: {error:#}");
    }
    Ok(())
}
