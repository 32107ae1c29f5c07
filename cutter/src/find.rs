//! From the words of an address to the item that they name, or to a fault
//! that lists what else they could have been.

use std::ops::Range;

use super::{
    CutFault, RustFile,
    address::is_operand,
    index::Entry,
    text::{beginnings, within, words},
};
use crate::near::closest;

/// How many near misses a fault lists.
pub(super) const NEAR: usize = 5;

/// The nearest of some names; everything is near a word of three letters.
pub(super) fn near_miss<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    closest(wanted, names).filter(|_| wanted.len() > 3)
}

/// What is asked of an item.
struct Query<'a> {
    /// Attributes, without white space.
    attributes: Vec<String>,
    words: Vec<&'a str>,
}

impl<'a> Query<'a> {
    fn new(item: &'a str) -> Self {
        let mut attributes = Vec::new();
        let mut rest = item.trim_start();
        while let Some(end) = attribute_end(rest) {
            attributes.push(rest[..end].split_whitespace().collect());
            rest = rest[end..].trim_start();
        }
        Self { attributes, words: words(rest) }
    }

    fn is_impl(&self) -> bool {
        self.words.first() == Some(&"impl")
    }

    /// Whether the entry carries the attributes, or stands under such `cfg`s.
    fn admits(&self, entry: &Entry) -> bool {
        let own = entry.shape.attributes.iter().map(|a| format!("#[{}]", a.text));
        let around = entry.cfgs.iter().map(|cfg| format!("#[cfg({cfg})]"));
        let carried = || own.clone().chain(around.clone()).map(|text| text.replace(' ', ""));
        self.attributes.iter().all(|attribute| carried().any(|text| text == *attribute))
    }
}

fn attribute_end(text: &str) -> Option<usize> {
    let inside = text.strip_prefix("#[")?;
    let mut depth = 1;
    let end = inside.find(|c| {
        depth += i32::from(c == '[') - i32::from(c == ']');
        depth == 0
    });
    Some(end? + 3)
}

/// Whether a name is what the query says, apart from what the query leaves
/// out: generics, the path before a name, a `where`; and for a text its end.
fn fits(query: &[&str], name: &[&str], is_text: bool) -> bool {
    let Some((first, rest)) = name.split_first() else {
        return query.is_empty();
    };
    match query.split_first() {
        None if is_text || *first == "where" => return true,
        Some((word, then)) if word == first && fits(then, rest, is_text) => return true,
        _ => {}
    }
    let skipped = match *first {
        "<" => after_generics(name),
        "::" => Some(rest),
        _ if rest.first() == Some(&"::") => Some(rest),
        _ => None,
    };
    skipped.is_some_and(|rest| fits(query, rest, is_text))
}

/// What follows the `<…>` at the start.
fn after_generics<'a, 'b>(name: &'b [&'a str]) -> Option<&'b [&'a str]> {
    let mut depth = 0;
    let end = name.iter().enumerate().position(|(at, word)| {
        let arrow = at > 0 && ["-", "="].contains(&name[at - 1]);
        depth += i32::from(*word == "<") - i32::from(*word == ">" && !arrow);
        depth == 0
    });
    Some(&name[end? + 1..])
}

/// An impl's head without generics, paths and `where`.
fn short_head(head: &str) -> String {
    let words = words(head);
    let mut kept: Vec<&str> = Vec::new();
    let mut rest = words.as_slice();
    while let Some((first, then)) = rest.split_first().filter(|(first, _)| **first != "where") {
        rest = then;
        match *first {
            "<" => rest = after_generics(&words[words.len() - then.len() - 1..]).unwrap_or_default(),
            "::" => drop(kept.pop()),
            word => kept.push(word),
        }
    }
    kept.join(" ").replace("& ", "&")
}

impl RustFile {
    /// Whether the text is an impl's whole head, which may hold separators.
    pub(super) fn is_whole_head(&self, text: &str) -> bool {
        let query = Query::new(text);
        let whole = |entry: &Entry| entry.keyword == "impl" && words(&entry.names[0]) == query.words;
        query.is_impl() && self.entries.iter().any(whole)
    }

    /// The entries that are called so: by whole name, or else by a part of it.
    fn lookup(&self, item: &str) -> Vec<&Entry> {
        let query = Query::new(item);
        let Some(last) = query.words.last() else {
            return Vec::new();
        };
        let (mut exact, mut loose) = (Vec::new(), Vec::new());
        for entry in &self.entries {
            let possible = |name: &&String| name.ends_with(last) || entry.is_headed() && name.contains(last);
            let names: Vec<Vec<&str>> = entry.names.iter().filter(possible).map(|name| words(name)).collect();
            if names.is_empty() || !query.admits(entry) {
                continue;
            }
            if names.contains(&query.words) {
                exact.push(entry);
            } else if names.iter().any(|name| fits(&query.words, name, entry.is_text())) {
                loose.push(entry);
            }
        }
        if exact.is_empty() { loose } else { exact }
    }

    /// The one entry that a part of an address names.
    pub(super) fn item(&self, address: &str, span: &Range<usize>) -> Result<&Entry, CutFault> {
        let wanted = &address[span.clone()];
        match self.lookup(wanted).as_slice() {
            [one] => Ok(one),
            [] => Err(self.unknown_item(wanted, span.clone())),
            several => {
                let candidates = several.iter().flat_map(|entry| self.addresses_of(entry)).collect();
                let message = format!("{} items are called `{wanted}`", several.len());
                Err(CutFault::ambiguous(message, span.clone(), candidates))
            }
        }
    }

    fn unknown_item(&self, wanted: &str, span: Range<usize>) -> CutFault {
        let query = Query::new(wanted);
        if let Some((outer, last)) = wanted.rsplit_once("::").filter(|_| !query.is_impl())
            && let Some(outer_entry) = self.lookup(outer).first()
        {
            let within = format!("{}::", outer_entry.names[0]);
            let near = self.near(&query, |entry| entry.names[0].starts_with(&within));
            let message = format!("no item `{last}` in `{outer}`");
            return CutFault::unknown(message, "not defined there", span.end - last.len()..span.end, near);
        }
        CutFault::unknown(format!("no item `{wanted}`"), "not defined in this file", span, self.near(&query, |_| true))
    }

    /// Addresses of entries with a similar name; of impls with the same last word.
    fn near(&self, query: &Query<'_>, among: impl Fn(&Entry) -> bool) -> Vec<String> {
        let last = query.words.last().copied().unwrap_or_default();
        let pool = self.entries.iter().filter(|entry| !entry.is_text() && among(entry));
        let pool: Vec<(&Entry, Vec<&str>)> = pool
            .filter(|entry| (entry.keyword == "impl") == query.is_impl())
            .map(|entry| (entry, words(&entry.names[0])))
            .collect();
        let nearest = near_miss(last, pool.iter().filter_map(|(_, name)| name.last().copied()));
        let similar = |name: &[&str]| match name.last() {
            _ if query.is_impl() => name.contains(&last),
            Some(name) => nearest == Some(name) || last.len() > 2 && name.to_lowercase().contains(&last.to_lowercase()),
            None => false,
        };
        let found = pool.iter().filter(|(_, name)| similar(name)).take(NEAR);
        found.filter_map(|(entry, _)| self.address_of(entry)).collect()
    }

    /// The shortest address that names the entry alone.
    pub(super) fn address_of(&self, entry: &Entry) -> Option<String> {
        let name = &entry.names[0];
        let text = name.strip_prefix(&format!("{}::", entry.scope)).unwrap_or(name);
        let mut forms: Vec<String> = match entry.keyword {
            "impl" => vec![short_head(name)],
            _ if entry.is_text() => beginnings(text).skip(1).take(60).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        forms.extend(entry.names.iter().cloned());
        let conditions = entry.cfgs.iter().rev();
        let under: Vec<String> =
            conditions.flat_map(|cfg| forms.iter().map(move |form| format!("#[cfg({cfg})] {form}"))).collect();
        forms.extend(under);
        forms.into_iter().find(|form| {
            let alone = matches!(self.lookup(form).as_slice(), [one] if std::ptr::eq(*one, entry));
            alone && (is_operand(form) || self.is_whole_head(form))
        })
    }

    /// An address of the entry, or of what it holds if it cannot be told from its twins.
    fn addresses_of(&self, entry: &Entry) -> Vec<String> {
        if let Some(address) = self.address_of(entry) {
            return vec![address];
        }
        let held = self.entries.iter().filter(|held| within(&held.shape.range, &entry.shape.range));
        held.filter_map(|held| self.address_of(held)).take(NEAR).collect()
    }
}
