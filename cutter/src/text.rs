//! Text: the words of an address, and the lines of a byte range as a page
//! shows them. Knows nothing of Rust's grammar but what a word is.

use std::ops::Range;

/// The line, from 1, on which a byte stands.
pub(super) fn line_at(text: &str, byte: usize) -> usize {
    text[..byte].matches('\n').count() + 1
}

/// The text with every run of white space made one space.
pub(super) fn collapsed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The words of a piece of Rust: names and numbers, `::`, and single marks.
pub(super) fn words(text: &str) -> Vec<&str> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let end = match first {
            _ if rest.starts_with("::") => 2,
            // A lifetime is one word.
            c if is_name(c) || c == '\'' => {
                let after = &rest[c.len_utf8()..];
                rest.len() - after.trim_start_matches(is_name).len()
            }
            c => c.len_utf8(),
        };
        found.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    found
}

/// The beginnings of a text, word by word.
pub(super) fn beginnings(text: &str) -> impl Iterator<Item = &str> {
    let start = text.as_ptr() as usize;
    words(text).into_iter().map(move |word| &text[..word.as_ptr() as usize - start + word.len()])
}

/// Whether a source starts so, apart from white space, and from comments that
/// `wanted` leaves out: `true` if it does so in whole words.
pub(super) fn starts_with(source: &str, wanted: &str) -> Option<bool> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = source;
    let mut last = ' ';
    for c in wanted.chars().filter(|c| !c.is_whitespace()) {
        rest = rest.trim_start();
        while !rest.starts_with(c) && rest.starts_with("//") {
            rest = rest.split_once('\n')?.1.trim_start();
        }
        rest = rest.strip_prefix(c)?;
        last = c;
    }
    Some(!(is_name(last) && rest.starts_with(is_name)))
}

/// Whether a range lies within another and is not all of it.
pub(super) fn within(inner: &Range<usize>, outer: &Range<usize>) -> bool {
    inner.start >= outer.start && inner.end <= outer.end && inner != outer
}

/// What a range of a file becomes when it is shown: some bytes are left out,
/// and the indentation that the first line has is taken from all.
#[derive(Clone, Debug)]
pub(super) struct Region {
    pub range: Range<usize>,
    /// In order, each with its line's end if it fills the line.
    omitted: Vec<Range<usize>>,
    indent: usize,
}

impl Region {
    /// Widens a range to full lines, where nothing else stands on them, and to
    /// a comma or semicolon behind it.
    pub fn new(text: &str, range: Range<usize>, omitted: impl Iterator<Item = Range<usize>>) -> Self {
        let line = text[..range.start].rfind('\n').map_or(0, |n| n + 1);
        let before = &text[line..range.start];
        let indent = before.len() - before.trim_start().len();
        let start = if before.trim().is_empty() { line } else { range.start };
        Self {
            range: start..end_of(text, range.end),
            omitted: omitted.map(|o| filling(text, o)).collect(),
            indent: if start == line { before.len() } else { indent },
        }
    }

    /// The lines of the whole region.
    pub fn lines(&self, text: &str) -> Vec<String> {
        self.lines_of(text, self.range.clone())
    }

    /// The lines of a part of the region, without empty ones at its ends.
    pub fn lines_of(&self, text: &str, part: Range<usize>) -> Vec<String> {
        let mut shown = String::new();
        let mut at = part.start;
        for omitted in self.omitted.iter().filter(|o| o.start >= part.start && o.end <= part.end) {
            shown.push_str(&text[at..omitted.start]);
            at = omitted.end;
        }
        shown.push_str(&text[at..part.end]);
        let lines: Vec<String> = shown.lines().map(|line| outdented(line, self.indent)).collect();
        let Some(first) = lines.iter().position(|line| !line.is_empty()) else {
            return Vec::new();
        };
        let last = lines.iter().rposition(|line| !line.is_empty()).unwrap_or(first);
        lines[first..=last].to_vec()
    }

    /// The first and last line, from 1, of what is shown.
    pub fn line_numbers(&self, text: &str) -> (usize, usize) {
        let mut first = self.range.start;
        loop {
            first += text[first..].len() - text[first..].trim_start().len();
            match self.omitted.iter().find(|o| o.contains(&first)) {
                Some(omitted) => first = omitted.end,
                None => break,
            }
        }
        let last = text[..self.range.end].trim_end().len();
        (line_at(text, first), line_at(text, last))
    }
}

/// The end with the comma or semicolon that belongs to it, and with the rest
/// of the line if that is at most a comment.
fn end_of(text: &str, end: usize) -> usize {
    let mut end = end;
    let next = text[end..].trim_start();
    if next.starts_with([',', ';']) {
        end = text.len() - next.len() + 1;
    }
    let rest = text[end..].split('\n').next().unwrap_or_default();
    let comment = rest.trim().is_empty() || rest.trim_start().starts_with("//");
    if comment { end + rest.len() } else { end }
}

/// A range with the white space around it that would stay behind as a gap.
fn filling(text: &str, range: Range<usize>) -> Range<usize> {
    let line = text[..range.start].rfind('\n').map_or(0, |n| n + 1);
    let rest = &text[range.end..];
    let spaces = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
    let alone = text[line..range.start].trim().is_empty();
    match rest[spaces..].starts_with('\n') {
        true if alone => line..range.end + spaces + 1,
        _ => range.start..range.end + spaces,
    }
}

fn outdented(line: &str, indent: usize) -> String {
    let own = line.len() - line.trim_start_matches([' ', '\t']).len();
    line[own.min(indent)..].trim_end().to_owned()
}
