//! Text: words, nearness, and the lines of a byte range as a page shows them.
//! Knows nothing of Rust's grammar but what a word is.

use std::ops::Range;

/// The text with every run of white space made one space.
pub(crate) fn collapsed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The words of a piece of Rust: names and numbers, `::`, and single marks.
pub(crate) fn words(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        let end = match first {
            _ if rest.starts_with("::") => 2,
            c if is_name(c) => rest.len() - after.trim_start_matches(is_name).len(),
            _ => rest.len() - after.len(),
        };
        found.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    found
}

/// Whether a source starts so, in whole words, apart from white space, and
/// from comments that `wanted` leaves out.
pub(crate) fn starts_with(source: &str, wanted: &str) -> bool {
    let mut rest = source;
    let mut last = ' ';
    for c in wanted.chars().filter(|c| !c.is_whitespace()) {
        rest = rest.trim_start();
        while !rest.starts_with(c) && rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, after)| after).trim_start();
        }
        let Some(after) = rest.strip_prefix(c) else { return false };
        (rest, last) = (after, c);
    }
    !(is_name(last) && rest.starts_with(is_name))
}

/// The name in `names` that `wrong` was probably meant to be: at most three
/// letters away, or a sixth of them, and never more than half.
pub fn closest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = |name: &str| (wrong.chars().count() / 2).min(3.max(name.chars().count() / 6));
    let distances = names.into_iter().map(|name| (strsim::levenshtein(wrong, name), name));
    distances.filter(|(distance, name)| *distance <= most(name)).min().map(|(_, name)| name)
}

/// The lines of a file that are shown of a range, without the indentation
/// that the first one has.
#[derive(Clone, Debug)]
pub(crate) struct Region {
    pub range: Range<usize>,
    lines: Vec<Range<usize>>,
}

impl Region {
    /// Widens a range to full lines, where nothing else stands on them, and to
    /// a comma or semicolon behind it. Lines of what is omitted are left out.
    pub fn new(text: &str, range: &Range<usize>, omitted: &[Range<usize>]) -> Self {
        let line = text[..range.start].rfind('\n').map_or(0, |n| n + 1);
        let before = &text[line..range.start];
        let indent = before.len() - before.trim_start().len();
        let start = if indent == before.len() { line } else { range.start };
        let mut lines = Vec::new();
        let mut at = start;
        for line in text[start..end_of(text, range.end)].split_inclusive('\n') {
            let own = line.len() - line.trim_start().len();
            let shown = at + own.min(indent).min(line.trim_end().len())..at + line.trim_end().len();
            let first = at + own;
            if !omitted.iter().any(|omitted| omitted.contains(&first) && omitted.end >= shown.end) {
                lines.push(shown);
            }
            at += line.len();
        }
        Self { range: start..at, lines }
    }

    /// Its lines within a range.
    pub fn lines<'a>(&'a self, text: &'a str, within: Range<usize>) -> impl Iterator<Item = String> + 'a {
        let inside = self.lines.iter().filter(move |line| line.start < within.end && line.end > within.start);
        inside.map(move |line| text[line.start.max(within.start)..line.end.min(within.end)].trim_end().to_owned())
    }

    /// The first and last line, from 1, of what is shown.
    pub fn line_numbers(&self, text: &str) -> (usize, usize) {
        let number = |line: Option<&Range<usize>>| text[..line.map_or(0, |line| line.start)].matches('\n').count() + 1;
        (number(self.lines.first()), number(self.lines.last()))
    }
}

/// The end with the comma or semicolon that belongs to it, and with the rest
/// of the line if that is at most a comment.
fn end_of(text: &str, end: usize) -> usize {
    let next = text[end..].trim_start();
    let end = if next.starts_with([',', ';']) { text.len() - next.len() + 1 } else { end };
    let rest = text[end..].split('\n').next().unwrap_or_default();
    if rest.trim().is_empty() || rest.trim_start().starts_with("//") { end + rest.len() } else { end }
}
