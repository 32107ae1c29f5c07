//! What is generated: the bodies of the appendix pages, and the stamp under every page.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
};

use pulldown_cmark::{Event, Parser};
use serde::Deserialize;

use crate::{
    book::{Book, deploy},
    evidence::Proof,
    expand::{Scene, Uses, fence, figure, located},
    page::{BlockKind, Edition, Page, plain_names},
    report::{Fault, Place},
    words::words,
};

/// Expands the directive of an appendix page.
pub(crate) fn expand(scene: &Scene<'_>) -> Result<String, Fault> {
    let text = match scene.directive.name.as_str() {
        "proofs" => proofs(scene),
        "pitfalls" => pitfalls(scene),
        "glossary" => glossary(scene)?,
        "versions" => versions(scene)?,
        _ => credits(scene),
    };
    // No heading has that id: a page opens at its top.
    Ok(text.replace("#opening)", ")"))
}

/// Every proof of a part: its statement, the sentences it stands behind, its source.
fn proofs(scene: &Scene<'_>) -> String {
    let book = scene.book;
    let part = scene.directive.arguments.replace('-', "_");
    let mut found: Vec<&Proof> = book.evidence.proofs.values().filter(|p| p.part() == part).collect();
    found.sort_by_key(|proof| (&proof.file, proof.lines.0));
    let closed = sentences(book, scene.page.edition);
    let above = scene.page.section_at(scene.directive.span.start).map_or(1, |section| section.level);
    let level = "#".repeat(above + 1);
    let mut out = String::new();
    for proof in found {
        let title = proof.name.replace('_', " ");
        let _ = write!(out, "<section class=\"proof-entry\">\n\n{level} {title} {{ #{} }}\n\n", proof.name);
        let _ = write!(out, "{}\n\n", proof.statement.trim());
        if let Some(closed) = closed.get(proof.name.as_str()) {
            let _ = writeln!(out, "{}:\n", scene.words.closes);
            for (sentence, page, id) in closed {
                let root = scene.page.to_root();
                let _ = writeln!(out, "- “{sentence}” — [{}]({root}{}#{id})", page.title(), page.path);
            }
            out.push('\n');
        }
        let text = fs::read_to_string(book.root.join(&proof.file)).unwrap_or_default();
        let (first, last) = proof.lines;
        let lines: Vec<&str> = text.lines().skip(first - 1).take(last + 1 - first).collect();
        let range = scene.words.lines.replace("{}", &format!("{first}–{last}"));
        let caption = format!("<span class=\"what\">{}</span> {range}", located(&proof.file, &format!("#L{first}")));
        let _ = write!(
            out,
            "<details><summary>{}</summary>\n\n{}\n</details>\n\n</section>\n\n",
            scene.words.test,
            figure("snippet", &caption, &fence("rust", &lines.join("\n")))
        );
    }
    out
}

type Closed<'a> = BTreeMap<&'a str, Vec<(String, &'a Page, &'a str)>>;

/// The sentences that proofs close, by proof, in the order of the book.
fn sentences(book: &Book, edition: Edition) -> Closed<'_> {
    let mut found = Closed::new();
    for page in book.in_order(edition) {
        for directive in page.directives.iter().filter(|d| d.name == "proof") {
            let start = directive.span.start;
            let id = page.section_at(start).and_then(|s| s.id.as_deref()).unwrap_or("opening");
            let sentence = plain(&page.sentence_before(start));
            found.entry(&directive.arguments).or_default().push((sentence, page, id));
        }
    }
    found
}

/// Markdown without links and emphasis, which would point elsewhere out of their place.
fn plain(markdown: &str) -> String {
    let words = Parser::new(markdown).filter_map(|event| match event {
        Event::Text(text) => Some(text.replace('<', "&lt;").replace('_', "\\_")),
        Event::Code(code) => Some(format!("`{code}`")),
        Event::SoftBreak => Some(" ".to_owned()),
        _ => None,
    });
    words.collect()
}

/// Every warning of the edition by its symptom, with the section that explains it.
fn pitfalls(scene: &Scene<'_>) -> String {
    let mut out = String::new();
    for page in scene.book.in_order(scene.page.edition) {
        let warnings = page.blocks.iter().filter(|b| b.kind == BlockKind::Admonition("warning"));
        let mut lines = String::new();
        for warning in warnings {
            let text = plain_names(&page.text[warning.span.clone()]);
            let symptom = text.split("**").nth(1).unwrap_or_default().replace("\n> ", " ");
            let id = page.section_at(warning.span.start).and_then(|s| s.id.as_deref()).unwrap_or("opening");
            let root = scene.page.to_root();
            let _ = writeln!(lines, "- [{}]({root}{}#{id})", symptom.trim_end_matches(['.', ' ']), page.path);
        }
        if !lines.is_empty() {
            let _ = write!(out, "**{}**\n\n{lines}\n", page.title());
        }
    }
    out
}

#[derive(Deserialize)]
struct Terms {
    term: Vec<Term>,
}

#[derive(Deserialize)]
struct Term {
    en: String,
    ko: String,
    meaning: Both,
}

/// The same words in both languages.
#[derive(Deserialize)]
struct Both {
    en: String,
    ko: String,
}

impl Both {
    fn of(&self, edition: Edition) -> &str {
        match edition {
            Edition::En => &self.en,
            Edition::Ko => &self.ko,
        }
    }
}

#[derive(Deserialize)]
struct Changes {
    change: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    since: String,
    behaviour: Both,
    page: String,
    section: String,
    reference: String,
    called: String,
}

fn data<T: for<'a> Deserialize<'a>>(book: &Book, file: &str) -> Result<T, Fault> {
    let text = fs::read_to_string(book.root.join(file)).unwrap_or_default();
    toml::from_str(&text).map_err(|error| {
        let place = Place::new(file, error.span().unwrap_or(0..0));
        Fault::new("data-file", format!("`{file}` cannot be read"), place, error.message().to_owned())
            .help("its neighbours show the keys of an entry")
    })
}

fn glossary(scene: &Scene<'_>) -> Result<String, Fault> {
    let mut terms: Terms = data(scene.book, "src/glossary.toml")?;
    terms.term.sort_by_key(|term| term.en.to_lowercase());
    let [en, ko, meaning] = scene.words.glossary;
    let mut out = format!("| {en} | {ko} | {meaning} |\n|---|---|---|\n");
    for term in &terms.term {
        let _ = writeln!(out, "| {} | {} | {} |", term.en, term.ko, term.meaning.of(scene.page.edition));
    }
    Ok(out)
}

fn versions(scene: &Scene<'_>) -> Result<String, Fault> {
    let file = "src/versions.toml";
    let changes: Changes = data(scene.book, file)?;
    let mut releases: BTreeMap<Vec<u32>, Vec<&Change>> = BTreeMap::new();
    for change in &changes.change {
        let page = scene.book.page(scene.page.edition, &change.page);
        if !page.is_some_and(|p| p.sections.iter().any(|s| s.id.as_ref() == Some(&change.section))) {
            let title = format!("`{}#{}` is no section of the book", change.page, change.section);
            return Err(Fault::new("data-file", title, Place::file(file), "")
                .help("name the page and the id of a heading of it"));
        }
        let numbers = change.since.split('.').filter_map(|n| n.parse().ok()).collect();
        releases.entry(numbers).or_default().push(change);
    }
    let [behaviour, reference] = scene.words.changes;
    let mut out = String::new();
    for changes in releases.values().rev() {
        let since = &changes[0].since;
        let _ = write!(out, "## kube {since} {{ #kube-{} }}\n\n", since.replace('.', "-"));
        let _ = write!(out, "| {behaviour} | {reference} |\n|---|---|\n");
        for change in changes {
            let told = change.behaviour.of(scene.page.edition);
            let address = format!("{}{}#{}", scene.page.to_root(), change.page, change.section);
            let _ = writeln!(out, "| [{told}]({address}) | [{}]({}) |", change.called, change.reference);
        }
        out.push('\n');
    }
    Ok(out)
}

/// The packages that the edition quotes, and the texts of their licences.
fn credits(scene: &Scene<'_>) -> String {
    let book = scene.book;
    let mut quoted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for page in book.in_order(scene.page.edition) {
        for directive in page.directives.iter().filter(|d| d.name == "quote") {
            let package = directive.arguments.split(' ').next().unwrap_or_default();
            quoted.entry(package).or_default().insert(&page.path);
        }
    }
    let [package, version, licence, pages] = scene.words.credits;
    let mut out = format!("| {package} | {version} | {licence} | {pages} |\n|---|---|---|---|\n");
    let mut texts = String::new();
    for (name, paths) in &quoted {
        let Ok(source) = book.crates.get(name) else { continue };
        let root = scene.page.to_root();
        let title = |path: &str| book.page(scene.page.edition, path).map_or(path, Page::title).to_owned();
        let links: Vec<_> = paths.iter().map(|path| format!("[{}]({root}{path})", title(path))).collect();
        let _ = writeln!(out, "| {name} | {} | {} | {} |", source.version, source.licence, links.join(", "));
        let files = ["LICENSE", "LICENSE-MIT", "LICENSE-APACHE", "LICENSE.txt", "LICENSE.md"];
        // The kube crates ship no licence file: theirs is the Apache License, as this book's own copy of it.
        let own = files.iter().map(|file| source.root.join(file)).find(|file| file.is_file());
        let text = fs::read_to_string(own.unwrap_or_else(|| book.root.join("LICENSE-APACHE"))).unwrap_or_default();
        let _ = write!(
            texts,
            "<details><summary>{name}: {}</summary>\n\n{}\n\n</details>\n\n",
            source.licence,
            fence("text", text.trim_end())
        );
    }
    format!("{out}\n{texts}")
}

/// What stands under every page: which versions it was verified with, if it was.
pub(crate) fn stamp(book: &Book, page: &Page, uses: &Uses) -> String {
    let words = words(page.edition);
    let mut facts = Vec::new();
    for (name, title) in
        [("kube", "kube"), ("k8s-openapi", "k8s-openapi"), ("kubernetes", "Kubernetes"), ("rust", "Rust")]
    {
        if let Some(version) = book.version(name) {
            facts.push(format!("{title} {version}"));
        }
    }
    let verified = deploy("BOOK_VERIFIED_ON");
    let lead = if verified.is_some() { words.verified } else { words.local };
    let mut line = format!("{lead} {}", facts.join(" · "));
    if let Some(day) = verified {
        let _ = write!(line, " {} {day}", words.on);
    }
    if !uses.proofs.is_empty() {
        let _ = write!(line, " · {}", words.proofs.replace("{}", &uses.proofs.len().to_string()));
    }
    format!("\n\n<footer class=\"stamp\">{line}</footer>\n")
}
