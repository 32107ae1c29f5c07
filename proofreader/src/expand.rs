//! From directives to Markdown: one function a directive. Each either gives
//! what stands in the page in its place, or the fault that says why it can't.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use cutter::{Cut, CutFault};

use crate::{
    appendix,
    book::{Book, deploy},
    directive::Directive,
    evidence::{self, Evidence, Proof},
    locks::{Quoted, hash},
    page::{Page, plain_names},
    recording,
    report::{Fault, Place},
    words::{Words, words},
};

/// A page with its directives expanded.
#[derive(Default)]
pub struct Expanded {
    /// The Markdown for mdBook.
    pub markdown: String,
    /// What is wrong with the directives.
    pub faults: Vec<Fault>,
    /// What the page uses.
    pub uses: Uses,
}

/// What a page uses of the evidence.
#[derive(Clone, Default)]
pub struct Uses {
    /// Names of proofs.
    pub proofs: BTreeSet<String>,
    /// Outputs.
    pub outputs: BTreeSet<String>,
    /// Compile-fail cases.
    pub cases: BTreeSet<String>,
    /// Quotes by address, as they are now.
    pub quotes: BTreeMap<String, Quoted>,
    /// Whole programs: the line of the directive, and the program.
    pub programs: Vec<(usize, String)>,
}

/// What is needed to expand one directive.
pub(crate) struct Scene<'a> {
    pub book: &'a Book,
    pub page: &'a Page,
    pub directive: &'a Directive,
    pub words: &'static Words,
}

impl Scene<'_> {
    /// A fault at a part of the directive; an empty part stands for all of it.
    fn fault(&self, code: &'static str, title: String, part: &str, label: &str) -> Fault {
        let span = self.directive.arguments_span.clone();
        let start = self.directive.arguments.find(part).unwrap_or(0);
        let span = if part.is_empty() {
            self.directive.span.clone()
        } else {
            span.start + start..span.start + start + part.len()
        };
        Fault::new(code, title, Place::new(self.page.file(), span), label)
    }
}

/// Directives of ordinary pages, then those of appendix pages.
const DIRECTIVES: [&str; 5] = ["snippet", "quote", "output", "proof", "version"];
const APPENDIX: [&str; 5] = ["proofs", "pitfalls", "glossary", "versions", "credits"];

/// Expands a page.
pub fn page(book: &Book, page: &Page) -> Expanded {
    let mut expanded = Expanded::default();
    let mut at = 0;
    for directive in &page.directives {
        let scene = Scene { book, page, directive, words: words(page.edition) };
        expanded.markdown.push_str(&plain_names(&page.text[at..directive.span.start]));
        // A mark must not begin a line.
        let before = &mut expanded.markdown;
        if directive.name == "proof" && before.ends_with([' ', '\n']) && !before.ends_with("\n\n") {
            before.pop();
            before.push('\u{a0}');
        }
        let text = match one(&scene, &mut expanded.uses) {
            Ok(text) => text,
            Err(fault) => {
                let shown = red_box(&fault, book);
                expanded.faults.push(fault);
                shown
            }
        };
        let prefix = directive.alone.as_deref().unwrap_or_default();
        expanded.markdown.push_str(&prefixed(&text, prefix));
        at = directive.span.end;
    }
    expanded.markdown.push_str(&plain_names(&page.text[at..]));
    mark_what_waits(book, page, &mut expanded.markdown);
    expanded.markdown.push_str(&appendix::stamp(book, page, &expanded.uses));
    expanded
}

fn one(scene: &Scene<'_>, uses: &mut Uses) -> Result<String, Fault> {
    placed(scene)?;
    match scene.directive.name.as_str() {
        "snippet" => snippet(scene, uses),
        "quote" => quote(scene, uses),
        "output" => output(scene, uses),
        "proof" => proof(scene, uses),
        "version" => version(scene),
        _ => appendix::expand(scene),
    }
}

/// Whether the directive is one, is whole, and stands where it may.
fn placed(scene: &Scene<'_>) -> Result<(), Fault> {
    let Directive { name, span, .. } = scene.directive;
    let in_appendix = scene.page.path.starts_with("appendix/");
    let known = DIRECTIVES.into_iter().chain(APPENDIX).collect::<Vec<_>>();
    if !known.contains(&name.as_str()) {
        return Err(scene
            .fault("directive-unknown", format!("no directive `{name}`"), "", "not of this book")
            .note(format!("a page may use: {}; mdBook's own includes fail silently", DIRECTIVES.join(", ")))
            .near("a directive", name, known)
            .help("CONTRIBUTING.md, \"The page language\""));
    }
    let misplaced = |label: &str, help: &str| {
        let title = format!("`{name}` cannot stand here");
        Err(scene.fault("directive-misplaced", title, "", label).help(help))
    };
    if !scene.directive.closed {
        return misplaced("`}}` is missing on this line", "close the directive on the line that opens it");
    }
    let code = scene.page.code_spans.iter().any(|code| code.contains(&span.start));
    let fenced =
        scene.page.blocks.iter().any(|block| {
            matches!(block.kind, crate::page::BlockKind::Fence { .. }) && block.span.contains(&span.start)
        });
    if code || fenced {
        return misplaced("within code", "directives are expanded everywhere: take it out of the code");
    }
    if APPENDIX.contains(&name.as_str()) && !in_appendix {
        return misplaced("for pages under `appendix/`", "link to the appendix page instead");
    }
    let inline = ["proof", "version"].contains(&name.as_str());
    if !inline && scene.directive.alone.is_none() {
        return misplaced("not alone on its line", "give it a line of its own, between blank lines");
    }
    Ok(())
}

fn snippet(scene: &Scene<'_>, uses: &mut Uses) -> Result<String, Fault> {
    let arguments = &scene.directive.arguments;
    let (arguments, wrong) = match arguments.strip_suffix(" wrong") {
        Some(rest) => (rest.trim_end(), true),
        None => (arguments.as_str(), false),
    };
    let (file, address) = arguments.split_once(' ').unwrap_or((arguments, ""));
    let address = address.trim();
    let home = scene.book.root.join("examples");
    let path = home.join(file);
    if file.is_empty() || !path.is_file() {
        let files = evidence::below(&home, "");
        return Err(scene
            .fault("file-unknown", format!("no file `examples/{file}`"), file, "a path relative to `examples/`")
            .near("a file", file, files.iter().map(String::as_str))
            .help("`{{#snippet src/PART/PAGE.rs ITEM}}`; CONTRIBUTING.md, \"Adding a page\""));
    }
    let shown = Shown { file, address, wrong, path: &path };
    match path.extension().and_then(|e| e.to_str()) {
        Some("rs") => rust_snippet(scene, &shown, uses),
        Some(kind @ ("toml" | "yaml" | "yml")) => {
            let text = read(&path);
            let cut = cutter::by_key(&text, kind, address).map_err(|fault| cut_fault(scene, address, &fault))?;
            Ok(figure("snippet", &shown.caption(""), &fence(kind, &cut)))
        }
        _ => Err(scene
            .fault("file-unknown", format!("`{file}` is not shown as a snippet"), file, "its kind")
            .help("snippets come from `.rs`, `.toml` and `.yaml` files; what a run printed is an `output`")),
    }
}

struct Shown<'a> {
    file: &'a str,
    address: &'a str,
    wrong: bool,
    path: &'a Path,
}

impl Shown<'_> {
    fn caption(&self, flag: &str) -> String {
        let file = located(&format!("examples/{}", self.file), "");
        let item = match self.address {
            "" => String::new(),
            item => format!(" <code>{}</code>", escape(item)),
        };
        let flag = match flag {
            "" => String::new(),
            flag => format!(" <strong class=\"flag\">{flag}</strong>"),
        };
        format!("<span class=\"what\">{file}</span>{item}{flag}")
    }
}

/// A file of the repository, with a link to it where the deploy tells the address.
pub(crate) fn located(file: &str, anchor: &str) -> String {
    match (deploy("BOOK_REPOSITORY"), deploy("BOOK_COMMIT")) {
        (Some(url), Some(commit)) => format!("<a href=\"{url}/blob/{commit}/{file}{anchor}\">{file}</a>"),
        _ => file.to_owned(),
    }
}

fn rust_snippet(scene: &Scene<'_>, shown: &Shown<'_>, uses: &mut Uses) -> Result<String, Fault> {
    let case = shown.file.strip_prefix("tests/compile_fail/");
    let cfgs = match (case, scene.book.evidence.reached.get(shown.path)) {
        (Some(_), _) => &[] as &[String],
        (None, Some(cfgs)) => cfgs,
        (None, None) => {
            return Err(scene
                .fault(
                    "not-compiled",
                    format!("`examples/{}` is not compiled", shown.file),
                    shown.file,
                    "no `mod`, no `[[bin]]` leads to this file",
                )
                .help("name it by `mod` in its parent, or as a `[[bin]]` in examples/Cargo.toml"));
        }
    };
    let whole = shown.address.is_empty();
    let (lines, inner_cfgs) = if whole {
        (escaped(&read(shown.path)), Vec::new())
    } else {
        let file = scene.book.files.rust(shown.path).map_err(|error| {
            scene
                .fault("address-unknown", format!("`examples/{}` is not Rust", shown.file), shown.file, "")
                .note(error.to_string())
                .help("`cargo check -p examples` tells more")
        })?;
        let cut = file.cut(shown.address).map_err(|fault| cut_fault(scene, shown.address, &fault))?;
        (with_hidden(&cut), cut.cfgs)
    };
    if let Some(cfg) = Evidence::off(cfgs).or(Evidence::off(&inner_cfgs)) {
        return Err(scene
            .fault(
                "not-compiled",
                format!("`examples/{}` is not compiled here", shown.file),
                shown.file,
                "switched off",
            )
            .note(format!("it is under `#[cfg({cfg})]`; `examples` uses no `cfg` but `test` and `unix`"))
            .help("move what the page shows out of the `cfg`"));
    }
    if let Some(case) = case {
        return compile_fail(scene, shown, case, &lines, uses);
    }
    if scene.book.evidence.programs.contains(shown.file) && whole {
        uses.programs.push((scene.page.line_at(scene.directive.span.start), read(shown.path)));
    }
    let flag = if shown.wrong { scene.words.wrong } else { "" };
    let kind = if shown.wrong { "snippet wrong" } else { "snippet" };
    Ok(figure(kind, &shown.caption(flag), &fence("rust", &lines)))
}

fn compile_fail(
    scene: &Scene<'_>,
    shown: &Shown<'_>,
    case: &str,
    lines: &str,
    uses: &mut Uses,
) -> Result<String, Fault> {
    uses.cases.insert(case.to_owned());
    let Some(proof) = scene.book.evidence.printer(case) else {
        return Err(scene
            .fault("not-compiled", format!("no proof compiles `{case}`"), shown.file, "never compiled")
            .help(format!("write a proof that calls `compile_fail(\"{case}\")`")));
    };
    let message = read(&shown.path.with_extension("stderr"));
    uses.proofs.insert(proof.name.clone());
    running(scene, proof)?;
    let body = format!(
        "{}\n\n<p class=\"says\">{} {}</p>\n\n{}",
        fence("rust", lines),
        scene.words.rustc_says,
        mark(scene, proof),
        fence("text", message.trim_end())
    );
    Ok(figure("snippet fails", &shown.caption(scene.words.fails), &body))
}

/// Lines for mdBook: hidden ones begin with `# `, and a shown `#` that mdBook would take for that is doubled.
fn with_hidden(cut: &Cut) -> String {
    let lines = cut.lines_with_hidden();
    let lines = lines.iter().map(|line| match line.hidden {
        true => format!("# {}", line.text).trim_end().to_owned(),
        false => escaped(&line.text),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn escaped(text: &str) -> String {
    let line = |line: &str| {
        let bare = line.trim_start();
        let hides = bare.starts_with('#') && !bare.starts_with("#[") && !bare.starts_with("#![");
        let indent = &line[..line.len() - bare.len()];
        if hides { format!("{indent}#{bare}") } else { line.to_owned() }
    };
    text.trim_end().lines().map(line).collect::<Vec<_>>().join("\n")
}

fn quote(scene: &Scene<'_>, uses: &mut Uses) -> Result<String, Fault> {
    let mut words = scene.directive.arguments.splitn(3, ' ');
    let (Some(package), Some(file), address) = (words.next(), words.next(), words.next().unwrap_or("")) else {
        return Err(scene
            .fault("directive-misplaced", "this quote names no file".into(), "", "too short")
            .help("`{{#quote PACKAGE FILE ITEM}}`, such as `{{#quote kube-client src/client/mod.rs Client}}`"));
    };
    let address = address.trim();
    let source = scene.book.crates.get(package).map_err(|error| {
        let title = format!("no package `{package}` to quote");
        scene.fault("package-unknown", title, package, "not in Cargo.lock").help(error.to_string())
    })?;
    let path = source.root.join(file);
    if !path.is_file() {
        let files = evidence::below(&source.root, ".rs");
        let title = format!("no file `{file}` in {package} {}", source.version);
        return Err(scene
            .fault("file-unknown", title, file, "not in this package")
            .near("a file", file, files.iter().map(String::as_str))
            .help(format!("docs.rs lists its files: docs.rs/crate/{package}/{}/source", source.version)));
    }
    let found = quoted_text(scene, &path, address);
    let Quotation { text, lines, items } =
        found.map_err(|fault| fault.note(format!("looked for in `{file}` of {package} {}", source.version)))?;
    let key = format!("{package} {file} {}", address.split_whitespace().collect::<Vec<_>>().join(" "));
    let now = Quoted { version: source.version.clone(), hash: hash(&text) };
    uses.quotes.insert(key.clone(), now.clone());
    if let Some(fault) = unread(scene, &key, &now, lines) {
        return Err(fault);
    }
    let who = if package.starts_with("kube") { "kube-rs" } else { package };
    let caption = format!(
        "<span class=\"what\">{package} {}</span> <a href=\"{}\">{file}, {}</a> <code>{}</code> \
         <span class=\"licence\">© the {who} authors, {}, {}</span>",
        source.version,
        docs_rs(&source.name, &source.version, file, lines),
        scene.words.lines.replace("{}", &format!("{}–{}", lines.0, lines.1)),
        escape(&items),
        source.licence,
        scene.words.excerpt,
    );
    let language = path.extension().and_then(|e| e.to_str()).map_or("text", |e| if e == "rs" { "rust" } else { e });
    Ok(figure("quote", &caption, &fence(language, &escaped(&text))))
}

struct Quotation {
    text: String,
    lines: (usize, usize),
    items: String,
}

fn quoted_text(scene: &Scene<'_>, path: &Path, address: &str) -> Result<Quotation, Fault> {
    let fault = |fault: CutFault| cut_fault(scene, address, &fault);
    if path.extension().is_some_and(|e| e == "rs") {
        let file = scene.book.files.rust(path).map_err(|error| {
            let title = format!("`{}` cannot be parsed", path.display());
            scene.fault("address-unknown", title, "", "").note(error.to_string())
        })?;
        let cut = file.cut(address).map_err(fault)?;
        let first = cut.pieces.iter().map(|p| p.first_line).min().unwrap_or(1);
        let last = cut.pieces.iter().map(|p| p.last_line).max().unwrap_or(1);
        return Ok(Quotation { text: cut.text(), lines: (first, last), items: items(&cut) });
    }
    let text = cutter::by_key(&read(path), "toml", address).map_err(fault)?;
    Ok(Quotation { text, lines: (1, 1), items: address.to_owned() })
}

/// The names of the items that a cut is of; how their parts are addressed says nothing to a reader.
fn items(cut: &Cut) -> String {
    let mut names: Vec<&str> = cut.pieces.iter().map(|piece| piece.item.as_str()).collect();
    names.dedup();
    names.join(", ")
}

fn unread(scene: &Scene<'_>, key: &str, now: &Quoted, lines: (usize, usize)) -> Option<Fault> {
    let page = &scene.page.path;
    let accept = format!("`cargo xtask accept quote {page}`");
    match scene.book.quotes.0.get(key) {
        Some(then) if then.hash == now.hash => None,
        Some(then) => {
            let title = "this quote is not the text that the page was written about".to_owned();
            let label = format!("lines {}-{} in {}", lines.0, lines.1, now.version);
            let mut fault = scene.fault("quote-changed", title, "", &label);
            if then.version == now.version {
                fault = fault.note("the version is the same: the lock was edited by hand, or merged wrongly");
            }
            if let Some(twin) = scene.book.twin(scene.page)
                && let Some(same) = twin.directives.iter().find(|d| d.arguments == scene.directive.arguments)
            {
                let line = twin.line_at(same.span.start);
                fault = fault.note(format!("also quoted at {}:{line}", twin.file()));
            }
            let fault = fault.note(format!("it was last read in version {}", then.version));
            Some(fault.help(format!("read the section against the new text, repair both editions, then run {accept}")))
        }
        None => Some(
            scene
                .fault("quote-unread", "this quote was never accepted".to_owned(), "", "not in quotes.lock")
                .help(format!("read it beside the prose, then run {accept}")),
        ),
    }
}

/// rustdoc's own view of a library's source takes a range of lines; docs.rs shows any other file whole.
fn docs_rs(package: &str, version: &str, file: &str, lines: (usize, usize)) -> String {
    match file.strip_prefix("src/").and_then(|f| f.strip_suffix(".rs")) {
        Some(module) => format!(
            "https://docs.rs/{package}/{version}/src/{}/{module}.rs.html#{}-{}",
            package.replace('-', "_"),
            lines.0,
            lines.1
        ),
        None => format!("https://docs.rs/crate/{package}/{version}/source/{file}"),
    }
}

fn output(scene: &Scene<'_>, uses: &mut Uses) -> Result<String, Fault> {
    let name = scene.directive.arguments.as_str();
    if let Some(address) = name.strip_prefix("recordings/") {
        return recorded(scene, address, uses);
    }
    let evidence = &scene.book.evidence;
    // A generated table exists once per language, under one address.
    let translated = name.strip_suffix(".md").map(|n| format!("{n}.{}.md", scene.page.edition.code()));
    let file = translated.filter(|n| evidence.outputs.contains(n)).unwrap_or_else(|| name.to_owned());
    if !evidence.outputs.contains(&file) {
        let title = format!("no output `{name}`");
        return Err(scene
            .fault("output-unknown", title, name, "no such file under examples/outputs")
            .near("an output", name, evidence.outputs.iter().map(String::as_str))
            .help("a proof writes it: CONTRIBUTING.md, \"Adding an output\""));
    }
    uses.outputs.insert(file.clone());
    let Some(proof) = evidence.printer(&file) else {
        return Err(scene
            .fault("output-unproduced", format!("no proof prints `{name}`"), name, "typed by hand?")
            .help(format!("print it in a proof: `output(\"{name}\", &text)`")));
    };
    uses.proofs.insert(proof.name.clone());
    running(scene, proof)?;
    let path = scene.book.root.join("examples/outputs").join(&file);
    let text = read(&path);
    let address = format!("{}{}", scene.page.to_root(), proof.address());
    let caption = format!("{} <a class=\"proof\" href=\"{address}\">{}</a>", scene.words.printed_by, proof.name);
    let body = match path.extension().and_then(|e| e.to_str()) {
        Some("md") => text.trim_end().to_owned(),
        Some("svg") => {
            let twin = read(&path.with_extension("txt"));
            format!("<div role=\"img\" aria-label=\"{}\">{}</div>", escape(twin.trim()), text.trim())
        }
        _ => fence("text", text.trim_end()),
    };
    Ok(figure("output", &caption, &body))
}

/// A recorded conversation, or a part of it.
fn recorded(scene: &Scene<'_>, address: &str, uses: &mut Uses) -> Result<String, Fault> {
    let (file, part) = address.split_once(' ').unwrap_or((address, ""));
    let evidence = &scene.book.evidence;
    if !evidence.recordings.contains(file) {
        let title = format!("no recording `{file}`");
        return Err(scene
            .fault("output-unknown", title, file, "no such file under examples/recordings")
            .near("a recording", file, evidence.recordings.iter().map(String::as_str))
            .help("`cargo xtask record` makes it: CONTRIBUTING.md, \"Adding a recording\""));
    }
    let Some(proof) = evidence.printer(file) else {
        return Err(scene
            .fault("output-unproduced", format!("no proof replays `{file}`"), file, "typed by hand?")
            .help(format!("open it in a proof: `Recorded::open(\"{file}\")`")));
    };
    uses.proofs.insert(proof.name.clone());
    running(scene, proof)?;
    let text = read(&scene.book.root.join("examples/recordings").join(file));
    let shown = recording::cut(&text, part.trim()).map_err(|missing| {
        let title = format!("no {} `{}` in `{file}`", missing.what, missing.name);
        scene
            .fault("output-unknown", title, &missing.name, "not in this recording")
            .help(format!("there is: `{}`", missing.known.join("`, `")))
            .help("`{{#output recordings/FILE EXCHANGE [request|answer] [/path/in/json]}}`")
    })?;
    let address = format!("{}{}", scene.page.to_root(), proof.address());
    let version = recording::kubernetes(&text).unwrap_or_default();
    let answered = scene.words.answered_by.replace("{}", version);
    let caption = format!("{answered} <a class=\"proof\" href=\"{address}\">{}</a>", proof.name);
    Ok(figure("output", &caption, &fence(shown.language, &shown.text)))
}

fn proof(scene: &Scene<'_>, uses: &mut Uses) -> Result<String, Fault> {
    let name = scene.directive.arguments.as_str();
    let proofs = &scene.book.evidence.proofs;
    let Some(proof) = proofs.get(name) else {
        let title = format!("no proof named `{name}`");
        return Err(scene
            .fault("proof-unknown", title, name, "no test under examples/tests/proofs has this name")
            .near("a proof", name, proofs.keys().map(String::as_str))
            .help("if it is yet to be written: CONTRIBUTING.md, \"Adding a proof\""));
    };
    uses.proofs.insert(name.to_owned());
    running(scene, proof)?;
    Ok(mark(scene, proof))
}

/// Whether a proof runs.
fn running(scene: &Scene<'_>, proof: &Proof) -> Result<(), Fault> {
    if let Some(why) = &proof.off {
        return Err(scene
            .fault("proof-off", format!("proof `{}` does not run", proof.name), &scene.directive.arguments, why)
            .note(format!("it is in {}, line {}", proof.file, proof.lines.0))
            .help("make it run; if the behaviour changed, assert it as it is now and repair both editions"));
    }
    Ok(())
}

/// The check mark of a proof.
fn mark(scene: &Scene<'_>, proof: &Proof) -> String {
    let name = format!("{}: {}", scene.words.proof, proof.name.replace('_', " "));
    let address = format!("{}{}", scene.page.to_root(), proof.address());
    format!("<a class=\"proof\" href=\"{address}\" title=\"{name}\" aria-label=\"{name}\">✓</a>")
}

fn version(scene: &Scene<'_>) -> Result<String, Fault> {
    let name = scene.directive.arguments.as_str();
    scene.book.version(name).ok_or_else(|| {
        scene
            .fault("package-unknown", format!("no version of `{name}`"), name, "not in Cargo.lock")
            .help("a package of Cargo.lock, `rust`, or `kubernetes`")
    })
}

fn cut_fault(scene: &Scene<'_>, address: &str, fault: &CutFault) -> Fault {
    let code = if fault.ambiguous { "address-ambiguous" } else { "address-unknown" };
    let mut told = scene.fault(code, fault.message.clone(), address, &fault.label);
    let start = told.place.span.start;
    told.place.span = start + fault.span.start..start + fault.span.end;
    if !fault.candidates.is_empty() {
        let list = fault.candidates.join("`, `");
        let lead = if fault.ambiguous { "name one of" } else { "the file has" };
        told = told.help(format!("{lead}: `{list}`"));
    } else {
        told = told.help("an item of the file, such as `Client::new`, or a part of one, `Client + default_ns`");
    }
    told
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

pub(crate) fn figure(class: &str, caption: &str, body: &str) -> String {
    format!("<figure class=\"block {class}\"><figcaption>{caption}</figcaption>\n\n{body}\n\n</figure>\n")
}

pub(crate) fn fence(language: &str, code: &str) -> String {
    let ticks = if code.contains("```") { "~~~~" } else { "```" };
    format!("{ticks}{language}\n{code}\n{ticks}")
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Repeats the prefix of a quotation or list on every line but the first, where it stands already.
fn prefixed(text: &str, prefix: &str) -> String {
    if prefix.is_empty() {
        return text.to_owned();
    }
    let mut lines = text.lines();
    let mut out = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        out.push('\n');
        out.push_str(format!("{prefix}{line}").trim_end());
    }
    out
}

/// The message in the page, for whoever is writing with the book served.
pub fn red_box(fault: &Fault, book: &Book) -> String {
    format!("<pre class=\"fault\">{}</pre>\n\n", escape(&fault.render(&book.root)))
}

/// A line in every section that waits for its translation.
fn mark_what_waits(book: &Book, page: &Page, markdown: &mut String) {
    for ((path, id), read) in &book.editions.0 {
        if *path == page.path && read.behind == Some(page.edition) {
            let Some(section) = page.sections.iter().find(|s| s.id.as_ref() == Some(id)) else {
                continue;
            };
            let heading = &page.text[section.heading.clone()];
            let notice = format!("{heading}\n\n<p class=\"behind\">{}</p>", words(page.edition).behind);
            *markdown = markdown.replacen(heading, &notice, 1);
        }
    }
}
