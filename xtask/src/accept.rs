//! `cargo xtask accept`: shows what changed since it was last read, then records the reading.
//! The only writer of the lock files.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, bail};
use cutter::RustFile;
use proofreader::{
    book::Book,
    locks::{EditionsLock, QuotesLock, words_hash},
    page::{Edition, Page, Section},
};
use similar::TextDiff;

use crate::locks;

/// Prints the changed quotes of a page and accepts them.
pub fn quote(root: &Path, path: &str) -> Result<()> {
    let book = Book::open(root)?;
    known(&book, path)?;
    let lock = locks::quotes(&book, path);
    for (address, now) in &lock.0 {
        let then = book.quotes.0.get(address);
        if then == Some(now) {
            continue;
        }
        let new = quoted(&book, address, None)?;
        println!("── {address}");
        match then {
            None => println!("new in quotes.lock, {}:\n{new}\n", now.version),
            Some(then) => match quoted(&book, address, Some(&then.version)) {
                Ok(old) => println!("{}", diff(&old, &new, &then.version, &now.version)),
                Err(_) => println!(
                    "the source of {} is not on this machine; docs.rs shows it. Now, {}:\n{new}\n",
                    then.version, now.version
                ),
            },
        }
    }
    for gone in book.quotes.0.keys().filter(|address| !lock.0.contains_key(*address)) {
        println!("── {gone}\nquoted by no page any more\n");
    }
    fs::write(root.join(QuotesLock::FILE), lock.render()).context("writing quotes.lock")
}

/// The text of a quote in the pinned version, or in another that lies beside it.
fn quoted(book: &Book, address: &str, version: Option<&str>) -> Result<String> {
    let mut words = address.splitn(3, ' ');
    let (package, file, item) = (words.next(), words.next(), words.next().unwrap_or_default());
    let (package, file) = package.zip(file).context("an entry of quotes.lock is cut short")?;
    let source = book.crates.get(package).map_err(|e| anyhow::anyhow!("{e}"))?;
    let home = match version {
        None => source.root.clone(),
        Some(version) => source.root.with_file_name(format!("{}-{version}", source.name)),
    };
    let text = fs::read_to_string(home.join(file))?;
    if !file.ends_with(".rs") {
        return Ok(text);
    }
    let cut = RustFile::parse(&text).map_err(|e| anyhow::anyhow!("{e}"))?.cut(item);
    Ok(cut.map_err(|e| anyhow::anyhow!("{}", e.message))?.text())
}

/// Prints what changed in sections of a page and accepts them as read together.
pub fn edition(root: &Path, path: &str, sections: &[String], behind: Option<Edition>) -> Result<()> {
    let book = Book::open(root)?;
    let lock = locks::editions(&book, path, sections, behind);
    if lock.0.len() < book.editions.0.len() && !book.pages.iter().any(|page| page.path == path) {
        println!("`{path}` is gone, and so are its sections in editions.lock");
        return fs::write(root.join(EditionsLock::FILE), lock.render()).context("writing editions.lock");
    }
    known(&book, path)?;
    let (Some(en), Some(ko)) = (book.page(Edition::En, path), book.page(Edition::Ko, path)) else {
        bail!("`{path}` is in one edition only");
    };
    for name in sections {
        if !en.sections.iter().any(|s| s.id.as_ref() == Some(name)) {
            let ids: Vec<_> = en.sections.iter().filter_map(|s| s.id.as_deref()).collect();
            bail!("`{path}` has no section `{name}`; it has: {}", ids.join(", "));
        }
    }
    for ((page, id), read) in &lock.0 {
        let before = book.editions.0.get(&(page.clone(), id.clone()));
        if before == Some(read) {
            continue;
        }
        for (side, page) in [en, ko].into_iter().enumerate() {
            let Some(section) = find(page, id) else { continue };
            let hash = before.map(|b| b.hashes[side].as_str());
            if hash != Some(words_hash(page, section).as_str()) {
                println!("── {} #{id}", page.file());
                println!("{}", changes(root, page, section, hash));
            }
        }
    }
    fs::write(root.join(EditionsLock::FILE), lock.render()).context("writing editions.lock")
}

fn find<'a>(page: &'a Page, id: &str) -> Option<&'a Section> {
    page.sections.iter().find(|section| section.id.as_deref() == Some(id))
}

/// A section against the version of it that was last read, found in the history by its hash.
fn changes(root: &Path, page: &Page, section: &Section, hash: Option<&str>) -> String {
    let now = &page.text[section.span.clone()];
    let id = section.id.as_deref().unwrap_or_default();
    let old = hash.and_then(|hash| {
        let commits = git(root, &["log", "--format=%H", "--", &page.file()])?;
        commits.lines().find_map(|commit| {
            let text = git(root, &["show", &format!("{commit}:{}", page.file())])?;
            let old = Page::new(page.edition, &page.path, text);
            let section = find(&old, id)?;
            (words_hash(&old, section) == hash).then(|| old.text[section.span.clone()].to_owned())
        })
    });
    match old {
        Some(old) => diff(&old, now, "last read", "now"),
        None => now.to_owned(),
    }
}

fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").current_dir(root).args(arguments).output().ok()?;
    String::from_utf8(output.stdout).ok().filter(|_| output.status.success())
}

fn diff(old: &str, new: &str, before: &str, after: &str) -> String {
    TextDiff::from_lines(old, new).unified_diff().header(before, after).to_string()
}

fn known(book: &Book, path: &str) -> Result<()> {
    if book.pages.iter().any(|page| page.path == path) {
        return Ok(());
    }
    let mut paths: Vec<_> = book.pages.iter().map(|page| page.path.as_str()).collect();
    paths.sort_unstable();
    paths.dedup();
    bail!("there is no page `{path}`; the pages are: {}", paths.join(", "))
}
