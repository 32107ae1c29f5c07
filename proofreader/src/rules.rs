//! The rules of the book, one function a rule. All of them run; what they find is told together.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    book::Book,
    expand::Uses,
    locks::words_hash,
    mermaid,
    page::{Block, BlockKind, Edition, Page, Section},
    report::{Fault, Place},
};

/// Everything that is wrong with a book.
pub fn check(book: &Book) -> Vec<Fault> {
    let mut faults = book.evidence.faults.clone();
    let mut uses = Uses::default();
    let mut anchors = BTreeMap::new();
    for page in &book.pages {
        let expanded = book.expand(page);
        faults.extend(expanded.faults);
        faults.extend(of_page(page));
        faults.extend(page.blocks.iter().filter_map(|block| states(book, page, block, &mut uses)));
        anchors.insert(page.file(), anchors_of(page, &expanded.markdown));
        uses.proofs.extend(expanded.uses.proofs);
        uses.outputs.extend(expanded.uses.outputs);
        uses.cases.extend(expanded.uses.cases);
        uses.quotes.extend(expanded.uses.quotes);
        uses.programs.extend(expanded.uses.programs);
    }
    faults.extend(book.pages.iter().chain(book.summaries.values()).flat_map(|page| links(book, page, &anchors)));
    faults.extend(unused(book, &uses));
    faults.extend(listed(book));
    faults.extend(editions(book, &faults));
    faults.extend(emptiness(book, &uses));
    faults
}

/// The rules that need nothing but the page.
pub fn of_page(page: &Page) -> Vec<Fault> {
    let mut faults = headings(page);
    faults.extend(page.blocks.iter().filter_map(|block| typed(page, block)));
    faults.extend(page.blocks.iter().filter_map(|block| diagram(page, block)));
    faults.extend(warnings(page));
    faults.extend(touching(page));
    faults
}

fn at(page: &Page, span: std::ops::Range<usize>) -> Place {
    let length = page.text[span.clone()].trim_end().len();
    Place::new(page.file(), span.start..span.start + length)
}

/// The first line of a block: carets under a whole block tell less.
fn first_line(page: &Page, block: &Block) -> Place {
    let line = page.text[block.span.clone()].lines().next().unwrap_or_default();
    at(page, block.span.start..block.span.start + line.len())
}

// ---- one page ----

fn headings(page: &Page) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for section in &page.sections {
        let place = at(page, section.heading.clone());
        let id = section.id.as_deref().unwrap_or_default();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if id.is_empty() || !id.chars().all(plain) {
            faults.push(
                Fault::new("heading-id", "a heading without an id of its own", place, "no `{ #id }`")
                    .note("both editions share ids, so that switching the language keeps the place")
                    .help("end the heading with `{ #some-id }`: lower case, digits, hyphens"),
            );
        } else if !seen.insert(id) {
            let title = format!("two headings have the id `{id}`");
            let fault = Fault::new("heading-id", title, place, "the second one");
            faults.push(fault.help("give one of them another id, in both editions"));
        }
    }
    faults
}

/// Code, output or HTML that somebody typed.
fn typed(page: &Page, block: &Block) -> Option<Fault> {
    let home = page.path.replace('-', "_").replace(".md", "");
    let snippet = format!(
        "show code by `{{{{#snippet src/{home}.rs ITEM}}}}`, what a run printed by `{{{{#output {home}/NAME.txt}}}}`"
    );
    let (title, label, help) = match &block.kind {
        BlockKind::Fence { info, .. } if info == "mermaid" => return None,
        BlockKind::Fence { info, code } if info == "console" => {
            if code.lines().all(|line| line.starts_with("$ ")) {
                return None;
            }
            ("output in a `console` fence".into(), "commands alone", "write `$ ` before each command".into())
        }
        BlockKind::Fence { info, .. } if info.is_empty() => {
            ("a fence without a language".into(), "rustdoc takes it for Rust", snippet)
        }
        BlockKind::Fence { info, .. } => {
            let language = info.split(',').next().unwrap_or(info);
            (format!("a `{language}` fence in a page"), "no page types code or output", snippet)
        }
        BlockKind::Indented => ("code by indentation".into(), "rustdoc takes it for Rust", snippet),
        BlockKind::Html => {
            ("raw HTML in a page".into(), "not Markdown", "write it in Markdown, or leave it out".into())
        }
        _ => return None,
    };
    let fault = Fault::new("fence", title, first_line(page, block), label)
        .note("allowed in a page: mermaid, console; everything else comes from a directive");
    Some(fault.help(help))
}

fn diagram(page: &Page, block: &Block) -> Option<Fault> {
    let BlockKind::Fence { info, code } = &block.kind else { return None };
    if info != "mermaid" {
        return None;
    }
    let error = mermaid::statements(code).err()?;
    let place = first_line(page, block);
    let fault = Fault::new("diagram", "this diagram does not parse", place, "begins here").note(error.to_string());
    Some(fault.help("repair it as mermaid's own documentation says; a live editor shows where"))
}

/// A state diagram whose transitions are not those that a proof's runs took.
fn states(book: &Book, page: &Page, block: &Block, uses: &mut Uses) -> Option<Fault> {
    let BlockKind::Fence { info, code } = &block.kind else { return None };
    if info != "mermaid" || !code.trim_start().starts_with("stateDiagram") {
        return None;
    }
    let told = |title: &str, label: &str| Fault::new("diagram-states", title, first_line(page, block), label);
    let Some(output) = mermaid::transitions_output(code) else {
        let fault = told("a state diagram that no run confirms", "names no output");
        return Some(fault.help("print the transitions in a proof, `A -> B` a line, and name the file in the diagram: `%% transitions: PART/PAGE/NAME.txt`"));
    };
    uses.outputs.insert(output.to_owned());
    let Some(proof) = book.evidence.printer(output) else {
        let known = book.evidence.outputs.iter().map(String::as_str);
        let fault = told("a state diagram that no run confirms", "its output is printed by no proof");
        return Some(
            fault.near("an output", output, known).help(format!("print it in a proof: `output(\"{output}\", &text)`")),
        );
    };
    let text = std::fs::read_to_string(book.root.join("examples/outputs").join(output)).unwrap_or_default();
    let taken: BTreeSet<&str> = text.lines().collect();
    let drawn = mermaid::statements(code).ok()?;
    let drawn: BTreeSet<&str> = mermaid::transitions(&drawn).into_iter().collect();
    if taken == drawn {
        return None;
    }
    let mut fault = told("a state diagram that the runs contradict", "begins here");
    for edge in drawn.difference(&taken) {
        fault = fault.note(format!("drawn, and taken by no run: `{edge}`"));
    }
    for edge in taken.difference(&drawn) {
        fault = fault.note(format!("taken by a run, and not drawn: `{edge}`"));
    }
    let help = format!("draw what `{}` printed into examples/outputs/{output}, in both editions", proof.name);
    Some(fault.help(help))
}

fn warnings(page: &Page) -> Vec<Fault> {
    let mut faults = Vec::new();
    for block in page.blocks.iter().filter(|b| b.kind == BlockKind::Admonition("warning")) {
        let proved = page.directives.iter().any(|d| d.name == "proof" && block.span.contains(&d.span.start));
        if !proved {
            let fault = Fault::new("warning", "a warning without a proof", first_line(page, block), "nothing backs it");
            faults.push(fault.help("end the sentence that tells what goes wrong with `{{#proof NAME}}`"));
        }
        let words = page.text[block.span.clone()].split_once('\n').map_or("", |(_, words)| words);
        if !words.starts_with("> **") {
            let title = "a warning that does not open with its symptom";
            let fault = Fault::new("warning", title, first_line(page, block), "no words in bold");
            faults.push(fault.help("begin with `**what the reader sees**`: Pitfalls lists it under these words"));
        }
    }
    faults
}

/// Two blocks without a sentence between them.
fn touching(page: &Page) -> Vec<Fault> {
    let shows = |block: &Block| match &block.kind {
        BlockKind::Directive(i) => ["snippet", "quote", "output"].contains(&page.directives[*i].name.as_str()),
        BlockKind::Fence { .. } => true,
        _ => false,
    };
    let mut faults = Vec::new();
    for pair in page.blocks.windows(2) {
        let headed = page.sections.iter().any(|s| (pair[0].span.end..pair[1].span.start).contains(&s.span.start));
        if shows(&pair[0]) && shows(&pair[1]) && !headed {
            faults.push(
                Fault::new(
                    "blocks-touch",
                    "two blocks touch",
                    first_line(page, &pair[1]),
                    "follows another block at once",
                )
                .help("say in a sentence between them what to look at in this one"),
            );
        }
    }
    faults
}

// ---- links ----

/// Every `id` in a page as it is shown.
fn anchors_of(page: &Page, markdown: &str) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = page.sections.iter().filter_map(|s| s.id.clone()).collect();
    let ids = markdown.split("id=\"").skip(1).filter_map(|rest| rest.split('"').next());
    found.extend(ids.map(str::to_owned));
    let headings = markdown.split("{ #").skip(1).filter_map(|rest| rest.split([' ', '}']).next());
    found.extend(headings.map(str::to_owned));
    found
}

fn links(book: &Book, page: &Page, anchors: &BTreeMap<String, BTreeSet<String>>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let folder = page.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    for link in page.links.iter().filter(|link| !link.target.starts_with("https://")) {
        let (path, anchor) = link.target.split_once('#').unwrap_or((&link.target, ""));
        let target = if path.is_empty() { page.path.clone() } else { join(folder, path) };
        let file = format!("src/{}/{target}", page.edition.code());
        let place = at(page, link.span.clone());
        let Some(known) = anchors.get(&file) else {
            let title = format!("a link to `{}`, which is no page", link.target);
            let paths = book.pages.iter().filter(|p| p.edition == page.edition && p.path != page.path);
            let paths = paths.map(|p| p.path.as_str());
            let fault = Fault::new("link", title, place, format!("no `{file}`")).near("a page", &target, paths);
            faults.push(fault.help("link to a page of the same edition by its relative path, or to `https://…`"));
            continue;
        };
        if !anchor.is_empty() && !known.contains(anchor) {
            let title = format!("a link to `#{anchor}`, which `{target}` does not have");
            let fault = Fault::new("link", title, place, "no such heading");
            let fault = fault.near("an id", anchor, known.iter().map(String::as_str));
            faults.push(fault.help(format!("`{file}` has its ids behind its headings")));
        }
    }
    faults
}

/// A relative path, from a folder, without `..`.
fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

// ---- the whole book ----

/// What exists and no page shows.
fn unused(book: &Book, uses: &Uses) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut tell = |what: &str, name: &str, place, help: String| {
        let title = format!("no page uses the {what} `{name}`");
        faults.push(Fault::new("unused", title, place, "unused").help(help));
    };
    for proof in book.evidence.proofs.values().filter(|p| !uses.proofs.contains(&p.name)) {
        let directive = format!("{{{{#proof {}}}}}", proof.name);
        let help = format!("close the sentence that it proves with `{directive}`, in both editions, or remove it");
        tell("proof", &proof.name, proof.place.clone(), help);
    }
    for output in book.evidence.outputs.difference(&uses.outputs) {
        // A figure's text twin is used with it.
        let figure = output.strip_suffix(".txt").map(|stem| format!("{stem}.svg"));
        if figure.is_some_and(|figure| uses.outputs.contains(&figure)) {
            continue;
        }
        let place = Place::file(format!("examples/outputs/{output}"));
        let help = format!("show it by `{{{{#output {output}}}}}`, or remove it and what prints it");
        tell("output", output, place, help);
    }
    for case in book.evidence.cases.difference(&uses.cases) {
        let file = format!("tests/compile_fail/{case}");
        let help = format!("show it by `{{{{#snippet {file}}}}}`, or remove it and its proof");
        tell("compile-fail case", case, Place::file(format!("examples/{file}")), help);
    }
    for quote in book.quotes.0.keys().filter(|quote| !uses.quotes.contains_key(*quote)) {
        let help = "accept the page that quoted it: `cargo xtask accept quote PAGE` drops what is gone".to_owned();
        tell("entry of quotes.lock", quote, Place::file("quotes.lock"), help);
    }
    for (page, section) in book.editions.0.keys() {
        let in_page = |p: &Page| p.path == *page && p.sections.iter().any(|s| s.id.as_ref() == Some(section));
        if !book.pages.iter().any(in_page) {
            let help = format!("`cargo xtask accept edition {page}` drops what is gone");
            tell("entry of editions.lock", &format!("{page} {section}"), Place::file("editions.lock"), help);
        }
    }
    let recorded = book.evidence.recordings.iter().filter(|file| book.evidence.printer(file).is_none());
    for recording in recorded {
        let title = format!("no proof replays the recording `{recording}`");
        let place = Place::file(format!("examples/recordings/{recording}"));
        let help = format!("open it in a proof, `Recorded::open(\"{recording}\")`, or remove it");
        faults.push(Fault::new("unused", title, place, "unused").help(help));
    }
    faults
}

/// Pages that their edition's `SUMMARY.md` does not name.
fn listed(book: &Book) -> Vec<Fault> {
    let mut faults = Vec::new();
    for page in &book.pages {
        let Some(summary) = book.summaries.get(&page.edition) else { continue };
        if !summary.links.iter().any(|link| link.target == page.path) {
            let title = format!("`{}` is not in SUMMARY.md", page.file());
            let fault = Fault::new("page-unlisted", title, Place::file(page.file()), "");
            faults.push(fault.help(format!("add a line `- [Title]({})` to {}", page.path, summary.file())));
        }
    }
    for proof in book.evidence.proofs.values() {
        let page = format!("appendix/proofs/{}.md", proof.part().replace('_', "-"));
        if book.page(Edition::En, &page).is_none() {
            let title = format!("no page lists the proofs of the part `{}`", proof.part());
            let fault = Fault::new("page-unlisted", title, proof.place.clone(), "its mark would lead nowhere");
            let body = format!("{{{{#proofs {}}}}}", proof.part());
            faults.push(fault.help(format!("write `{page}` in both editions: a title, and `{body}`")));
        }
    }
    faults
}

fn emptiness(book: &Book, uses: &Uses) -> Vec<Fault> {
    let shown = uses.quotes.len() + uses.outputs.len();
    let counts = [
        ("pages", book.pages.len(), "src"),
        ("proofs", book.evidence.proofs.len(), "examples/tests/proofs/main.rs"),
        ("quotes and outputs", shown, "src"),
    ];
    let fault = |what, place| Fault::new("empty-book", format!("the book has no {what}"), Place::file(place), "");
    let none = counts.into_iter().filter(|(_, count, _)| *count == 0);
    let help = "a book without them passes every other rule: look where they went";
    none.map(|(what, _, place)| fault(what, place).help(help)).collect()
}

// ---- twins ----

/// What differs between the editions. A page with another fault is left alone: its repair may change what is compared.
fn editions(book: &Book, known: &[Fault]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let broken = |page: &Page| known.iter().any(|fault| fault.place.file == page.file());
    for page in &book.pages {
        match book.twin(page) {
            None => {
                let twin = page.edition.twin();
                let file = format!("src/{}/{}", twin.code(), page.path);
                let title = format!("`{}` is in one edition only", page.path);
                let fault = Fault::new("edition-missing", title, Place::file(page.file()), "");
                faults.push(fault.help(format!("write {file}: the same headings, ids, blocks and proofs")));
            }
            Some(twin) if broken(page) || broken(twin) => {}
            Some(twin) if page.edition == Edition::En => match skeleton(page, twin) {
                Some(fault) => faults.push(fault),
                None => faults.extend(stale(book, page, twin)),
            },
            Some(_) => {}
        }
    }
    faults
}

/// The first thing in which the two editions of a page are built differently.
fn skeleton(en: &Page, ko: &Page) -> Option<Fault> {
    let (ours, theirs) = (bones(en), bones(ko));
    let longest = ours.len().max(theirs.len());
    let differs = (0..longest).find(|i| ours.get(*i).map(|b| &b.0) != theirs.get(*i).map(|b| &b.0))?;
    let end = |page: &Page| {
        (String::from("the page's end"), at(page, page.text.trim_end().len().saturating_sub(1)..page.text.len()))
    };
    let (one, place) = ours.get(differs).cloned().unwrap_or_else(|| end(en));
    let (other, twin) = theirs.get(differs).cloned().unwrap_or_else(|| end(ko));
    let fault = Fault::new(
        "edition-skeleton",
        format!("the editions of `{}` are built differently", en.path),
        place,
        format!("English has {one}"),
    );
    let fault = fault.also(twin, format!("Korean has {other}"));
    Some(fault.help("give both the same headings, blocks and proofs, section by section, in the same order"))
}

/// What both editions of a page must share, in order, each with its place.
fn bones(page: &Page) -> Vec<(String, Place)> {
    let mut found = Vec::new();
    for section in &page.sections {
        let id = section.id.as_deref().unwrap_or("no id");
        let heading = at(page, section.heading.clone());
        found.push((format!("a heading of level {} with the id `{id}`", section.level), heading.clone()));
        let inside = page.blocks.iter().filter(|block| section.span.contains(&block.span.start));
        found.extend(inside.filter_map(|block| Some((bone(page, block)?, first_line(page, block)))));
        let proofs = page.directives.iter().filter(|d| d.name == "proof" && section.span.contains(&d.span.start));
        let proofs: BTreeSet<_> = proofs.map(|d| d.arguments.as_str()).collect();
        found.extend(proofs.iter().map(|name| (format!("the proof `{name}` in this section"), heading.clone())));
    }
    found
}

fn bone(page: &Page, block: &Block) -> Option<String> {
    Some(match &block.kind {
        BlockKind::Directive(i) => {
            let directive = &page.directives[*i];
            format!("`{} {}`", directive.name, directive.arguments)
        }
        BlockKind::Fence { info, code } if info == "mermaid" => {
            let statements = mermaid::statements(code).unwrap_or_default();
            format!("a diagram that states: {}", statements.join(", "))
        }
        BlockKind::Fence { info, code } => format!("a `{info}` block: {}", code.trim().replace('\n', " ⏎ ")),
        BlockKind::Indented => "indented code".into(),
        BlockKind::Table(rows, columns) => format!("a table of {rows} rows and {columns} columns"),
        BlockKind::Admonition(kind) => format!("a {kind}"),
        BlockKind::Html => "raw HTML".into(),
        BlockKind::Prose => return None,
    })
}

/// Sections that changed since both sides were last read together.
fn stale(book: &Book, en: &Page, ko: &Page) -> Vec<Fault> {
    let pairs = en.sections.iter().zip(&ko.sections);
    pairs.filter_map(|(one, other)| stale_section(book, (en, one), (ko, other))).collect()
}

fn stale_section(book: &Book, en: (&Page, &Section), ko: (&Page, &Section)) -> Option<Fault> {
    let id = en.1.id.clone()?;
    let now = [words_hash(en.0, en.1), words_hash(ko.0, ko.1)];
    let read = book.editions.0.get(&(en.0.path.clone(), id.clone()));
    let changed = match read {
        None => "was never read in both editions",
        Some(read) => {
            let changed = [read.hashes[0] != now[0], read.hashes[1] != now[1]];
            match (changed, read.behind) {
                ([false, false], _) | ([_, false], Some(Edition::Ko)) | ([false, _], Some(Edition::En)) => return None,
                ([true, false], None) => "changed in English only",
                ([false, true], None) => "changed in Korean only",
                _ => "changed in both editions",
            }
        }
    };
    let fresh = |side: usize| match read {
        Some(read) if read.hashes[side] == now[side] => "unchanged",
        Some(_) => "changed since both editions were last read together",
        None => "not in editions.lock",
    };
    let title = format!("section `{id}` {changed}");
    let path = &en.0.path;
    let fault = Fault::new("edition-stale", title, at(en.0, en.1.heading.clone()), fresh(0))
        .also(at(ko.0, ko.1.heading.clone()), fresh(1));
    Some(fault.help(format!(
        "bring the other edition in line; when both say the same, run `cargo xtask accept edition {path} {id}`"
    )))
}
