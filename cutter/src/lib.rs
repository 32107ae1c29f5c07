//! Cuts code out of a Rust file by address: an item, or a part of one, never
//! a line number. What is cut is what stands in the file; only the doc comments
//! above it are left out, and its indentation. One cutter serves snippets and
//! quotes; it knows nothing of pages.
//!
//! An address is one or more pieces, separated by commas:
//!
//! - `watcher`, `Controller::run`, `reason::is_known`, `Kind::Variant`: the path of an item in the file,
//!   or its end; the whole path goes before an end.
//! - `impl Display for Event`, and `<Worker as Future>::poll` where `Worker::poll` could be several:
//!   what is left out (generics, paths, the `where`) may be anything.
//! - `#[cfg(unix)] path`: the one of several that stands under that `cfg`.
//! - `ITEM + PART`: the part of it that starts so (`Config + pub page_size`, `step + State::Empty =>`,
//!   `new + .layer(`); it may be narrowed further by `+`. Statements, arms, fields, links of a method chain
//!   go before what stands within them, and the least deep before the others. A part goes on to its `;` or `,`,
//!   to the end of its block, or, for a link, of its call. What an item starts with itself gives its signature.
//! - `ITEM from PART to PART`: siblings, from the first to the last.

#![warn(clippy::unwrap_used, clippy::expect_used)]

pub mod crates;
mod data;
mod find;
mod items;
mod text;
mod tokens;

use std::{ops::Range, sync::Arc};

use proc_macro2::TokenStream;
use syn::{LitStr, spanned::Spanned};

use items::Item;
use text::Region;
use tokens::{Tokens, attribute_text, cfg};
pub use {data::by_key, text::closest};

/// Why a text is not Rust: line, column and what the parser says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}:{1}: {2}")]
pub struct ParseFault(usize, usize, String);

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

/// A Rust file, indexed.
#[derive(Clone, Debug)]
pub struct RustFile {
    tokens: Tokens,
    items: Vec<Item>,
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
        let paths = self.attributes.iter().filter_map(|attribute| attribute.split(['(', '=', ' ']).next());
        paths.filter_map(|path| path.rsplit("::").next()).any(|last| last == name)
    }
}

/// A `mod name;` of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Its name.
    pub name: String,
    /// The `cfg`s on it and around it in the file.
    pub cfgs: Vec<String>,
}

/// What an address cuts.
#[derive(Clone, Debug, Default)]
pub struct Cut {
    /// In the order of the address; never empty.
    pub pieces: Vec<Piece>,
    /// The predicate of every `cfg` on the items of the pieces, and around them in the file.
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

impl Cut {
    /// What is shown. Between two parts of one item that do not touch stands
    /// `// …`, between other pieces an empty line.
    pub fn text(&self) -> String {
        let shown = self.lines_with_hidden().into_iter().filter(|line| !line.hidden).map(|line| line.text);
        shown.collect::<Vec<_>>().join("\n")
    }

    /// The same lines, among hidden ones: the file's `use` items that are in
    /// scope, and the rest of an item of which only parts are shown.
    pub fn lines_with_hidden(&self) -> Vec<Line> {
        let line = |hidden| move |text| Line { text, hidden };
        let rest = |region: &Region, range| region.lines(&self.text, range).map(line(true)).collect::<Vec<_>>();
        let mut lines: Vec<Line> = self.uses.iter().flat_map(|used| rest(used, used.range.clone())).collect();
        if !lines.is_empty() {
            lines.push(line(true)(String::new()));
        }
        for (at, piece) in self.pieces.iter().enumerate() {
            let Piece { region, home, .. } = piece;
            let before = at.checked_sub(1).map(|before| &self.pieces[before]);
            let joined = before.filter(|before| before.goes_on(piece));
            let start = joined.map_or(home.range.start, |before| before.region.range.end);
            let gap = rest(home, start..region.range.start);
            if before.is_some() && joined.is_none() {
                lines.push(line(false)(String::new()));
            } else if joined.is_some() && gap.iter().any(|line| !line.text.is_empty()) {
                lines.push(line(false)("// …".to_owned()));
            }
            lines.extend(gap);
            lines.extend(region.lines(&self.text, region.range.clone()).map(line(false)));
            if !self.pieces.get(at + 1).is_some_and(|next| piece.goes_on(next)) {
                lines.extend(rest(home, region.range.end..home.range.end));
            }
        }
        lines
    }
}

impl Piece {
    /// Whether another piece is a later part of the same item.
    fn goes_on(&self, next: &Self) -> bool {
        self.home.range == next.home.range && self.region.range.end <= next.region.range.start
    }
}

impl RustFile {
    /// Reads a file, which fails if it is not Rust.
    pub fn parse(text: &str) -> Result<Self, ParseFault> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let stream = text.parse::<TokenStream>().map_err(syn::Error::from);
        let parsed = stream.and_then(|stream| Ok((syn::parse2::<syn::File>(stream.clone())?, stream)));
        let (file, stream) = parsed.map_err(|error| {
            let start = error.span().start();
            ParseFault(start.line, start.column + 1, error.to_string())
        })?;
        let mut tokens = Tokens { text: text.into(), row: Vec::new() };
        tokens.add(stream, 0, true);
        let own = file.attrs.iter().map(|attribute| text[attribute.span().byte_range()].replace("#!", "#"));
        let cfgs = own.filter_map(|attribute| cfg(&attribute)).collect();
        let mut items = Vec::new();
        items::collect(&tokens, 0..tokens.row.len(), &Item { cfgs, ..Item::default() }, &mut items);
        Ok(Self { tokens, items })
    }

    /// What stands at an address, or what is wrong if that names nothing, or more than one thing.
    pub fn cut(&self, address: &str) -> Result<Cut, CutFault> {
        let mut cut = Cut { text: Arc::clone(&self.tokens.text), ..Cut::default() };
        for piece in find::pieces(address) {
            let (item, bytes) = self.find(address, piece)?;
            let (region, home) = (self.region(&bytes), self.region(&item.range));
            let (first_line, last_line) = region.line_numbers(&cut.text);
            cut.cfgs.extend(item.cfgs.iter().cloned());
            cut.pieces.push(Piece { item: item.names[0].clone(), first_line, last_line, region, home });
        }
        // The `use` items that are in scope at a piece and no part of it.
        let serves = |used: &Item, piece: &Piece| {
            let around = used.names[0].rsplit_once("::").is_none_or(|(around, _)| piece.item.starts_with(around));
            around && !piece.home.range.contains(&used.name.start)
        };
        let used = self.items.iter().filter(|item| item.keyword == "use" && cut.pieces.iter().any(|p| serves(item, p)));
        cut.uses = used.map(|used| self.region(&used.range)).collect();
        Ok(cut)
    }

    /// Every function, methods and nested ones included.
    pub fn functions(&self) -> impl Iterator<Item = Function> {
        self.items.iter().filter(|item| item.keyword == "fn").map(|item| self.function(item))
    }

    /// Every `mod name;`.
    pub fn modules(&self) -> impl Iterator<Item = Module> {
        let text = &self.tokens.text;
        let declared = self.items.iter().filter(|item| item.keyword == "mod" && !text[..item.range.end].ends_with('}'));
        declared.map(|item| Module { name: text[item.name.clone()].to_owned(), cfgs: item.cfgs.clone() })
    }

    fn function(&self, item: &Item) -> Function {
        let text = &self.tokens.text;
        let (first_line, last_line) = self.region(&item.range).line_numbers(text);
        let attributes = self.tokens.attributes(&item.range).map(|range| &text[range]);
        let (docs, attributes): (Vec<&str>, Vec<&str>) = attributes.partition(|text| !text.starts_with('#'));
        let docs = docs.iter().map(|line| line.trim_start_matches('/').trim_end());
        let docs: Vec<&str> = docs.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        let words = self.tokens.within(&item.range).map(|at| self.tokens.word(at));
        let literals = words.filter(|word| word.starts_with(['"', 'r'])).filter_map(|word| syn::parse_str(word).ok());
        Function {
            name: text[item.name.clone()].to_owned(),
            path: item.names[0].clone(),
            doc: docs.join("\n"),
            attributes: attributes.into_iter().map(attribute_text).collect(),
            cfgs: item.cfgs.clone(),
            first_line,
            last_line,
            name_span: item.name.clone(),
            literals: literals.map(|literal: LitStr| literal.value()).collect(),
        }
    }

    /// What is shown of a range.
    fn region(&self, bytes: &Range<usize>) -> Region {
        let text = &self.tokens.text;
        let starts = ["//", "/*", "#[doc", "#[cfg_attr(docsrs"];
        let is_doc = |doc: &Range<usize>| starts.iter().any(|start| text[doc.start..].starts_with(start));
        let docs: Vec<_> = self.tokens.attributes(bytes).filter(is_doc).collect();
        Region::new(text, bytes, &docs)
    }
}

#[cfg(test)]
mod tests;
