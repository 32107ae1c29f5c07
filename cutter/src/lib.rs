//! Cuts code out of a Rust file by address: an item, or a part of one, never
//! a line number. What is cut is what stands in the file; only the doc comments
//! above it are left out, and its indentation. One cutter serves snippets and
//! quotes; it knows nothing of pages.
//!
//! An address is one or more pieces, separated by commas:
//!
//! - `watcher`, `Controller::run`, `reason::is_known`, `Kind::Variant`: the path of an item in the file,
//!   or its end; the whole path goes before an end. A keyword may stand before it (`mod tests`, `fn poll`).
//! - `<Worker as Future>::poll`, where `Worker::poll` could be several.
//! - `impl Display for Event`: what is left out (generics, paths, the `where`) may be anything.
//! - `use a::b`, `cfg_client! { pub mod api`: as much of the text as tells it from others.
//! - `#[cfg(unix)] name`: the one of several that carries the attribute, or stands under that `cfg`.
//! - `ITEM + PART`: the part of it that starts so (`Config + pub page_size`, `step + State::Empty =>`,
//!   `new + .layer(`); it may be narrowed further by `+`. Statements, arms, fields, links of a method chain
//!   go before other expressions, a whole word before the beginning of one, the outer of two before the one in it.
//!   For a function, what it starts with itself gives its signature.
//! - `ITEM from PART to PART`: siblings, from the first to the last.

#![warn(clippy::unwrap_used, clippy::expect_used)]

mod address;
pub mod crates;
mod data;
mod find;
mod index;
mod near;
mod parts;
mod text;

use std::{ops::Range, sync::Arc};

pub use data::by_key;
pub use near::closest;

use address::Request;
use index::{Entry, literal};
use parts::Parts;
use text::Region;

/// Why a text is not Rust.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct ParseFault {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// What the parser says.
    pub message: String,
}

/// Why an address cuts nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CutFault {
    /// Whether it names too much rather than nothing.
    pub ambiguous: bool,
    /// What is wrong, in one line.
    pub message: String,
    /// The words under the caret.
    pub label: String,
    /// The bytes of the address that are wrong.
    pub span: Range<usize>,
    /// Whole pieces of an address that would do, as far as they can be guessed.
    pub candidates: Vec<String>,
}

impl CutFault {
    fn unknown(message: String, label: &str, span: Range<usize>, candidates: Vec<String>) -> Self {
        Self { ambiguous: false, message, label: label.to_owned(), span, candidates }
    }

    fn ambiguous(message: String, span: Range<usize>, candidates: Vec<String>) -> Self {
        Self { ambiguous: true, message, label: "which one?".to_owned(), span, candidates }
    }
}

/// A Rust file, indexed.
#[derive(Clone, Debug)]
pub struct RustFile {
    text: Arc<str>,
    entries: Vec<Entry>,
}

/// A function of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its path within the file: modules, type, name.
    pub path: String,
    /// Its doc comment, without the marks.
    pub doc: String,
    /// Its other attributes, without `#[` and `]`.
    pub attributes: Vec<String>,
    /// The `cfg`s on it and around it in the file.
    pub cfgs: Vec<String>,
    /// Its first line, from 1, without the doc comment.
    pub first_line: usize,
    /// Its last line.
    pub last_line: usize,
    /// The bytes of its name in the file.
    pub name_span: Range<usize>,
    /// The string literals in it.
    pub literals: Vec<String>,
}

impl Function {
    /// Whether it is a test: `#[test]`, `#[tokio::test]` and the like.
    pub fn is_test(&self) -> bool {
        self.has_attribute("test")
    }

    /// Whether it carries an attribute whose path ends in this name.
    pub fn has_attribute(&self, name: &str) -> bool {
        let path = |attribute: &String| attribute.split(['(', '=', ' ']).next().map(str::to_owned);
        self.attributes.iter().filter_map(path).any(|path| path.rsplit("::").next() == Some(name))
    }
}

/// A `mod name;` of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Its name.
    pub name: String,
    /// Its path within the file.
    pub path: String,
    /// Its attributes, without `#[` and `]`.
    pub attributes: Vec<String>,
    /// The `cfg`s on it and around it in the file.
    pub cfgs: Vec<String>,
    /// What `#[path]` says.
    pub file: Option<String>,
}

/// What an address cuts.
#[derive(Clone, Debug)]
pub struct Cut {
    /// In the order of the address; never empty.
    pub pieces: Vec<Piece>,
    /// The predicate of every `cfg` on what is cut and around it in the file.
    pub cfgs: Vec<String>,
    text: Arc<str>,
    uses: Vec<Region>,
}

/// One piece of a cut.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The path of its item.
    pub item: String,
    /// The first line shown, from 1.
    pub first_line: usize,
    /// The last line shown.
    pub last_line: usize,
    /// What is shown, without the indentation of its first line.
    pub lines: Vec<String>,
    region: Region,
    /// The item, of which this is all or a part.
    home: Region,
}

/// A line of a cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its text, outdented.
    pub text: String,
    /// Whether it belongs to what is around the cut.
    pub hidden: bool,
}

/// What stands between two parts of one item.
const ELISION: &str = "// …";

impl Cut {
    /// What is shown. Between two parts of one item that do not touch stands
    /// `// …`, between other pieces an empty line.
    pub fn text(&self) -> String {
        let lines = self.lines_with_hidden();
        let shown: Vec<String> = lines.into_iter().filter(|line| !line.hidden).map(|line| line.text).collect();
        shown.join("\n")
    }

    /// The same lines, among hidden ones: the file's `use` items that are in
    /// scope, and the rest of an item of which only parts are shown.
    pub fn lines_with_hidden(&self) -> Vec<Line> {
        let line = |text: String, hidden: bool| Line { text, hidden };
        let mut lines: Vec<Line> = Vec::new();
        let used = self.uses.iter().flat_map(|used| used.lines(&self.text));
        lines.extend(used.map(|text| line(text, true)));
        if !lines.is_empty() {
            lines.push(line(String::new(), true));
        }
        let mut before: Option<&Piece> = None;
        for piece in &self.pieces {
            let joined = before.filter(|before| before.goes_on(piece));
            let start = joined.map_or(piece.home.range.start, |before| before.region.range.end);
            if let (Some(before), None) = (before, joined) {
                lines.extend(self.hidden(before, before.region.range.end..before.home.range.end));
                lines.push(line(String::new(), false));
            }
            let gap = self.hidden(piece, start..piece.region.range.start);
            let elided = joined.is_some() && !gap.is_empty();
            lines.extend(gap);
            lines.extend(elided.then(|| line(ELISION.to_owned(), false)));
            lines.extend(piece.lines.iter().map(|text| line(text.clone(), false)));
            before = Some(piece);
        }
        if let Some(last) = before {
            lines.extend(self.hidden(last, last.region.range.end..last.home.range.end));
        }
        lines
    }

    fn hidden(&self, piece: &Piece, range: Range<usize>) -> Vec<Line> {
        let lines = piece.home.lines_of(&self.text, range);
        lines.into_iter().map(|text| Line { text, hidden: true }).collect()
    }
}

impl Piece {
    fn is_part(&self) -> bool {
        self.region.range != self.home.range
    }

    /// Whether another piece is a later part of the same item.
    fn goes_on(&self, next: &Self) -> bool {
        let same = self.home.range == next.home.range && self.is_part() && next.is_part();
        same && self.region.range.end <= next.region.range.start
    }
}

impl RustFile {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// When it is not Rust.
    pub fn parse(text: &str) -> Result<Self, ParseFault> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let file: syn::File = syn::parse_str(text).map_err(|error| {
            let start = error.span().start();
            ParseFault { line: start.line, column: start.column + 1, message: error.to_string() }
        })?;
        Ok(Self { text: text.into(), entries: index::entries(text, &file) })
    }

    /// What stands at an address.
    ///
    /// # Errors
    ///
    /// When the address is malformed, names nothing, or names more than one thing.
    pub fn cut(&self, address: &str) -> Result<Cut, CutFault> {
        let requests = address::parse(address, |text| self.is_whole_head(text));
        let requests = requests.map_err(|address::Malformed(span, missing)| {
            CutFault::unknown("this is not an address".to_owned(), missing, span, Vec::new())
        })?;
        let mut cut = Cut { pieces: Vec::new(), cfgs: Vec::new(), text: Arc::clone(&self.text), uses: Vec::new() };
        for request in requests {
            self.add_piece(&mut cut, address, &request)?;
        }
        cut.uses = self.uses(&cut.pieces);
        Ok(cut)
    }

    /// Every function, methods and nested ones included.
    pub fn functions(&self) -> impl Iterator<Item = Function> {
        self.entries.iter().filter(|entry| entry.keyword == "fn").map(|entry| self.function(entry))
    }

    /// Every `mod name;`.
    pub fn modules(&self) -> impl Iterator<Item = Module> {
        let declared = self
            .entries
            .iter()
            .filter(|entry| entry.keyword == "mod" && self.text[..entry.shape.range.end].ends_with(';'));
        declared.map(|entry| {
            let attributes: Vec<String> = plain_attributes(entry).collect();
            let path = |a: &String| {
                Some(a.strip_prefix("path")?.trim_start().strip_prefix('=')?.trim().trim_matches('"').to_owned())
            };
            Module {
                name: self.text[entry.name_span.clone()].to_owned(),
                path: entry.names[0].clone(),
                file: attributes.iter().find_map(path),
                attributes,
                cfgs: entry.cfgs.clone(),
            }
        })
    }

    /// Every item: the shortest address that names it alone, or its path if
    /// none does, with its first and last line.
    pub fn items(&self) -> impl Iterator<Item = (String, (usize, usize))> {
        self.entries.iter().map(|entry| {
            let address = self.address_of(entry).unwrap_or_else(|| entry.names[0].clone());
            (address, self.region(entry).line_numbers(&self.text))
        })
    }

    fn function(&self, entry: &Entry) -> Function {
        let (first_line, last_line) = self.region(entry).line_numbers(&self.text);
        let docs = entry.shape.attributes.iter().filter_map(|a| a.doc.as_deref());
        let docs: Vec<&str> = docs.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        let body = &self.text[entry.shape.start..entry.shape.range.end];
        let mut literals = Vec::new();
        collect_literals(body.parse().unwrap_or_default(), &mut literals);
        Function {
            name: self.text[entry.name_span.clone()].to_owned(),
            path: entry.names[0].clone(),
            doc: docs.join("\n"),
            attributes: plain_attributes(entry).collect(),
            cfgs: entry.cfgs.clone(),
            first_line,
            last_line,
            name_span: entry.name_span.clone(),
            literals,
        }
    }

    fn region(&self, entry: &Entry) -> Region {
        Region::new(&self.text, entry.shape.range.clone(), entry.shape.docs())
    }

    /// The `use` items that are in scope at a piece and no part of it.
    fn uses(&self, pieces: &[Piece]) -> Vec<Region> {
        let serves = |used: &Entry, piece: &Piece| {
            let around = used.scope.is_empty() || piece.item.starts_with(&format!("{}::", used.scope));
            let home = &piece.home.range;
            around && !(home.start <= used.shape.start && used.shape.start < home.end)
        };
        let used = self.entries.iter().filter(|entry| entry.keyword == "use");
        used.filter(|used| pieces.iter().any(|piece| serves(used, piece))).map(|used| self.region(used)).collect()
    }

    fn add_piece(&self, cut: &mut Cut, address: &str, request: &Request) -> Result<(), CutFault> {
        let entry = self.item(address, &request.item)?;
        let home = self.region(entry);
        let mut region = home.clone();
        let mut cfgs = entry.cfgs.clone();
        if !request.parts.is_empty() || request.run.is_some() {
            let parts = Parts::of(&self.text, entry, address);
            let (first, last) = parts.find(&entry.shape.range, request)?;
            let range = first.range.start..last.range.end;
            cfgs.extend(parts.cfgs_around(range.clone()));
            region = Region::new(&self.text, range, first.docs());
        }
        let (first_line, last_line) = region.line_numbers(&self.text);
        cfgs.retain(|cfg| !cut.cfgs.contains(cfg));
        cut.cfgs.extend(cfgs);
        cut.pieces.push(Piece {
            item: entry.names[0].clone(),
            first_line,
            last_line,
            lines: region.lines(&self.text),
            region,
            home,
        });
        Ok(())
    }
}

fn plain_attributes(entry: &Entry) -> impl Iterator<Item = String> {
    entry.shape.attributes.iter().filter(|a| a.doc.is_none()).map(|a| a.text.clone())
}

fn collect_literals(tokens: proc_macro2::TokenStream, found: &mut Vec<String>) {
    for token in tokens {
        match token {
            proc_macro2::TokenTree::Group(group) => collect_literals(group.stream(), found),
            proc_macro2::TokenTree::Literal(token) => found.extend(literal(token)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
