//! Faults and how they are told: in rustc's shape, drawn by `annotate-snippets`.
//!
//! A fault has a code in kebab case (the folder of its planted copy under
//! `tests/faults/`), one place that is wrong, and one thing to do about it.
//! Nothing here decides what a fault means: that is the caller's business.

use std::{fmt::Write as _, fs, ops::Range, path::Path};

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use cutter::closest;

/// A byte range of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file's path, relative to the book's root, with forward slashes.
    pub file: String,
    /// The bytes meant; an empty range at 0 stands for the whole file.
    pub span: Range<usize>,
}

impl Place {
    /// A part of a file.
    pub fn new(file: impl Into<String>, span: Range<usize>) -> Self {
        Self { file: file.into(), span }
    }

    /// A file as a whole.
    pub fn file(file: impl Into<String>) -> Self {
        Self::new(file, 0..0)
    }
}

/// Something that keeps a page from being right, with its remedy.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The fault's name, in kebab case.
    pub code: &'static str,
    /// What is wrong, in one line without advice.
    pub title: String,
    /// Where.
    pub place: Place,
    /// The words under the caret.
    pub label: String,
    also: Vec<(Place, String)>,
    notes: Vec<String>,
    helps: Vec<String>,
}

impl Fault {
    /// A fault at a place; `label` stands under the caret.
    pub fn new(code: &'static str, title: impl Into<String>, place: Place, label: impl Into<String>) -> Self {
        Self {
            code,
            title: title.into(),
            place,
            label: label.into(),
            also: Vec::new(),
            notes: Vec::new(),
            helps: Vec::new(),
        }
    }

    /// Adds a second place that belongs to the same cause.
    pub fn also(mut self, place: Place, label: impl Into<String>) -> Self {
        self.also.push((place, label.into()));
        self
    }

    /// Adds context.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds the thing to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.helps.push(help.into());
        self
    }

    /// Adds the name that was probably meant, if one of `names` is near.
    pub fn near<'a>(self, what: &str, wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        match closest(wrong, names) {
            Some(near) => self.help(format!("{what} with a similar name exists: `{near}`")),
            None => self,
        }
    }

    /// The fault as a terminal shows it; `root` is the folder of the book.
    pub fn render(&self, root: &Path) -> String {
        let read = |place: &Place| fs::read_to_string(root.join(&place.file)).unwrap_or_default();
        let text = read(&self.place);
        let others: Vec<_> = self.also.iter().map(|(place, label)| (place, label, read(place))).collect();

        let title = Level::ERROR.primary_title(&self.title).id(self.code);
        let mut group = section(title.elements([] as [Origin<'_>; 0]), &self.place, &text, |snippet, span| {
            snippet.annotation(AnnotationKind::Primary.span(span).label(&self.label))
        });
        for (place, label, text) in &others {
            group = section(group, place, text, |snippet, span| {
                snippet.annotation(AnnotationKind::Context.span(span).label(*label))
            });
        }
        for note in &self.notes {
            group = group.element(Level::NOTE.message(note));
        }
        for help in &self.helps {
            group = group.element(Level::HELP.message(help));
        }
        Renderer::plain().render(&[group])
    }
}

/// Adds a place to a group: its lines where the file has any, else its name.
fn section<'a>(
    group: Group<'a>,
    place: &'a Place,
    text: &'a str,
    annotate: impl FnOnce(
        Snippet<'a, annotate_snippets::Annotation<'a>>,
        Range<usize>,
    ) -> Snippet<'a, annotate_snippets::Annotation<'a>>,
) -> Group<'a> {
    if place.span.is_empty() || place.span.end > text.len() {
        return group.element(Origin::path(&place.file));
    }
    let snippet = Snippet::source(text).path(&place.file).fold(true);
    group.element(annotate(snippet, place.span.clone()))
}

/// All faults, sorted by place, and the line that sums them up; empty without any.
pub fn render_all(faults: &[Fault], root: &Path) -> String {
    let mut sorted: Vec<_> = faults.iter().collect();
    // What is unused may be so because of another fault: it comes last.
    let key = |fault: &Fault| {
        let place = &fault.place;
        (fault.code == "unused", place.file.clone(), place.span.start, fault.code, fault.title.clone())
    };
    sorted.sort_by_key(|fault| key(fault));
    // Both editions may stumble over the same file.
    sorted.dedup_by_key(|fault| key(fault));
    let mut out = String::new();
    for fault in &sorted {
        let _ = writeln!(out, "{}\n", fault.render(root).trim_end());
    }
    if !sorted.is_empty() {
        let _ = writeln!(out, "error: the book has {}", count(sorted.len(), "fault"));
    }
    out
}

/// `1 fault`, `2 faults`.
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
