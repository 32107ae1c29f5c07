//! From the words of an address to the item or the part that they mean, or to
//! a fault that lists what else they could have been.

use std::ops::Range;

use super::{
    CutFault, RustFile,
    address::{Request, is_operand},
    index::Entry,
    parts::{Part, Rank, search, within},
    text::{collapsed, words},
};
use crate::report::closest;

/// How many near misses a fault lists.
const NEAR: usize = 5;

/// The words that may stand before a name and say what it is.
const KEYWORDS: [&str; 10] = ["fn", "struct", "enum", "union", "trait", "type", "const", "static", "mod", "macro"];

/// What is asked of an item.
struct Query<'a> {
    /// Attributes, without white space.
    attributes: Vec<String>,
    keyword: Option<&'a str>,
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
        let mut words = words(rest);
        let mut keyword = None;
        while let [first, second, ..] = words.as_slice()
            && *second != "::"
        {
            let taken = match (*first, *second) {
                ("pub", "(") => words.iter().position(|word| *word == ")").map_or(1, |end| end + 1),
                ("pub" | "unsafe" | "async", _) => 1,
                ("macro_rules", "!") => 2,
                (first, _) if KEYWORDS.contains(&first) && keyword.is_none() => 1,
                _ => break,
            };
            keyword = KEYWORDS.into_iter().find(|word| first.starts_with(word)).or(keyword);
            words.drain(..taken);
        }
        Self { attributes, keyword, words }
    }

    fn is_impl(&self) -> bool {
        self.words.first() == Some(&"impl")
    }

    /// Whether the entry has the attributes and is of the kind.
    fn admits(&self, entry: &Entry) -> bool {
        let kind = self.keyword.is_none_or(|keyword| keyword == entry.keyword);
        if !kind || self.attributes.is_empty() {
            return kind;
        }
        let bare = |text: String| text.split_whitespace().collect::<String>();
        let own = entry.shape.attributes.iter().map(|a| format!("#[{}]", a.text));
        let around = entry.cfgs.iter().map(|cfg| format!("#[cfg({cfg})]"));
        let carried: Vec<String> = own.chain(around).map(bare).collect();
        self.attributes.iter().all(|attribute| carried.contains(attribute))
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
fn fits(query: &[&str], name: &[&str], text: bool) -> bool {
    let Some(first) = name.first() else {
        return query.is_empty();
    };
    let rest = &name[1..];
    match query.first() {
        None if text || *first == "where" => return true,
        Some(word) if word == first && fits(&query[1..], rest, text) => return true,
        _ => {}
    }
    let skipped = match *first {
        "<" => after_generics(name),
        "::" => Some(rest),
        _ if rest.first() == Some(&"::") => Some(rest),
        _ => None,
    };
    skipped.is_some_and(|rest| fits(query, rest, text))
}

/// What follows the `<…>` at the start.
fn after_generics<'a, 'b>(name: &'b [&'a str]) -> Option<&'b [&'a str]> {
    let mut depth = 0;
    for (at, word) in name.iter().enumerate() {
        depth += match *word {
            "<" => 1,
            ">" if at > 0 && !["-", "="].contains(&name[at - 1]) => -1,
            _ => 0,
        };
        if depth == 0 {
            return Some(&name[at + 1..]);
        }
    }
    None
}

/// An impl's head without generics, paths and `where`.
fn short_head(head: &str) -> String {
    let words = words(head);
    let mut kept: Vec<&str> = Vec::new();
    let mut rest = words.as_slice();
    while let Some(first) = rest.first().filter(|word| **word != "where") {
        let after = if *first == "<" { after_generics(rest) } else { None };
        rest = match after {
            Some(after) => after,
            None => {
                if *first == "::" {
                    kept.pop();
                } else {
                    kept.push(first);
                }
                &rest[1..]
            }
        };
    }
    kept.join(" ").replace("& ", "&")
}

/// An impl's head without its own generics and `where`.
fn open_head(head: &str) -> String {
    let end = head.find(" where ").unwrap_or(head.len());
    let words = words(&head[..end]);
    let after = after_generics(&words[1..]).filter(|_| words.get(1) == Some(&"<"));
    let start = after.and_then(|rest| rest.first()).map_or(4, |word| word.as_ptr() as usize - head.as_ptr() as usize);
    format!("impl {}", head[start..end].trim())
}

impl RustFile {
    /// Whether the text is an impl's whole head, which may hold separators.
    pub(super) fn is_whole_head(&self, text: &str) -> bool {
        let query = Query::new(text);
        let impls = self.entries.iter().filter(|entry| entry.keyword == "impl");
        query.is_impl() && impls.into_iter().any(|entry| words(&entry.names[0]) == query.words)
    }

    /// The entries that are called so: by whole name, or else by the end of it.
    fn lookup(&self, item: &str) -> Vec<&Entry> {
        let query = Query::new(item);
        let Some(last) = query.words.last() else {
            return Vec::new();
        };
        let (mut exact, mut loose) = (Vec::new(), Vec::new());
        for entry in &self.entries {
            let names =
                entry.names.iter().filter(|name| name.ends_with(last) || entry.is_headed() && name.contains(last));
            let names: Vec<Vec<&str>> = names.map(|name| words(name)).collect();
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
            [] => Err(self.unknown_item(wanted, span)),
            several => {
                let candidates = several.iter().flat_map(|entry| self.addresses_of(entry)).collect();
                let message = format!("{} items are called `{wanted}`", several.len());
                Err(CutFault::ambiguous(message, "which one?", span.clone(), candidates))
            }
        }
    }

    fn unknown_item(&self, wanted: &str, span: &Range<usize>) -> CutFault {
        let query = Query::new(wanted);
        let known = wanted.rsplit_once("::").filter(|(outer, _)| !query.is_impl() && !self.lookup(outer).is_empty());
        let Some((outer, last)) = known else {
            let near = self.near(&query, |_| true);
            return CutFault::unknown(format!("no item `{wanted}`"), "not defined in this file", span.clone(), near);
        };
        let within = self.lookup(outer).into_iter().map(|entry| format!("{}::", entry.names[0]));
        let within: Vec<String> = within.collect();
        let mut near = self.near(&query, |entry| within.iter().any(|outer| entry.names[0].starts_with(outer)));
        if near.is_empty() {
            near = self.near(&query, |_| true);
        }
        let span = span.end - last.len()..span.end;
        CutFault::unknown(format!("no item `{last}` in `{outer}`"), "not defined there", span, near)
    }

    /// Addresses of entries with a similar name.
    fn near(&self, query: &Query<'_>, among: impl Fn(&Entry) -> bool) -> Vec<String> {
        let Some(last) = query.words.last() else {
            return Vec::new();
        };
        let pool: Vec<&Entry> =
            self.entries.iter().filter(|entry| (entry.keyword == "impl") == query.is_impl() && among(entry)).collect();
        let name = |entry: &&Entry| words(&entry.names[0]).last().map(|word| word.to_string()).unwrap_or_default();
        let names: Vec<String> = pool.iter().map(name).collect();
        let nearest = closest(last, names.iter().map(String::as_str));
        let similar = |entry: &&Entry, name: &String| {
            let shares = |word: &&&str| !["impl", "for"].contains(*word) && words(&entry.names[0]).contains(*word);
            let holds = last.len() > 2 && name.to_lowercase().contains(&last.to_lowercase());
            let as_head = query.is_impl() && query.words.iter().filter(|word| word.len() > 2).any(|word| shares(&word));
            as_head || !query.is_impl() && (holds || nearest == Some(name))
        };
        let found = pool.iter().zip(&names).filter(|(entry, name)| similar(entry, name)).map(|(entry, _)| *entry);
        found.filter(|entry| !entry.is_text()).take(NEAR).filter_map(|entry| self.address_of(entry)).collect()
    }

    /// The shortest address that names the entry alone.
    pub(super) fn address_of(&self, entry: &Entry) -> Option<String> {
        let name = &entry.names[0];
        let mut forms = Vec::new();
        match entry.keyword {
            "impl" => {
                forms.push(short_head(name));
                forms.push(open_head(name));
            }
            _ if entry.is_text() => {
                forms.extend(prefixes(name.strip_prefix(&format!("{}::", entry.scope)).unwrap_or(name)))
            }
            _ => {}
        }
        forms.extend(entry.names.iter().cloned());
        if KEYWORDS.contains(&entry.keyword) {
            forms.push(format!("{} {name}", entry.keyword));
        }
        let own = entry.shape.attributes.iter().filter(|a| a.cfg().is_some()).map(|a| a.text.clone());
        let conditions = own.chain(entry.cfgs.iter().map(|cfg| format!("cfg({cfg})")));
        let conditioned: Vec<String> =
            conditions.flat_map(|cfg| forms.iter().map(move |form| format!("#[{cfg}] {form}"))).collect();
        forms.extend(conditioned);
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

/// The beginnings of a text of two words and more.
fn prefixes(text: &str) -> impl Iterator<Item = String> {
    word_ends(text).skip(1).take(60).map(|end| text[..end].to_owned())
}

fn word_ends(text: &str) -> impl Iterator<Item = usize> {
    let start = text.as_ptr() as usize;
    words(text).into_iter().map(move |word| word.as_ptr() as usize - start + word.len())
}

/// The search within one item.
pub(super) struct Inside<'a> {
    pub text: &'a str,
    pub address: &'a str,
    pub parts: Vec<Part>,
}

impl Inside<'_> {
    /// The first and the last part that are asked for, often one.
    pub fn find(&self, item: &Range<usize>, request: &Request) -> Result<(&Part, &Part), CutFault> {
        let mut scope = item.clone();
        let mut base = request.item.clone();
        let mut found = None;
        for span in &request.parts {
            let part = self.one(&scope, span, &base, None)?;
            scope = part.shape.range.clone();
            base.end = span.end;
            found = Some((part, part));
        }
        if let Some((from, to)) = &request.run {
            let first = self.one(&scope, from, &base, Some(to))?;
            let last = self.sibling(first, from, to, &base)?;
            found = Some((first, last));
        }
        found.ok_or_else(|| CutFault::unknown("no part is named".to_owned(), "of this item", base, Vec::new()))
    }

    fn one(
        &self,
        scope: &Range<usize>,
        span: &Range<usize>,
        base: &Range<usize>,
        to: Option<&Range<usize>>,
    ) -> Result<&Part, CutFault> {
        let wanted = &self.address[span.clone()];
        let whole = &self.address[base.clone()];
        let hits = search(self.text, &self.parts, scope, wanted);
        let tell = |at: &usize| self.distinct(*at, scope, wanted).map(|parts| self.candidate(base, &parts, to));
        match hits.as_slice() {
            [one] => Ok(&self.parts[*one]),
            [] => {
                let near = self.near(scope, wanted);
                let near = near
                    .iter()
                    .filter_map(|at| self.distinct(*at, scope, "").map(|parts| self.candidate(base, &parts, to)));
                let message = format!("no part of `{whole}` starts with `{wanted}`");
                Err(CutFault::unknown(message, "no such part", span.clone(), near.collect()))
            }
            several => {
                let message = format!("{} parts of `{whole}` start with `{wanted}`", several.len());
                let candidates = several.iter().filter_map(tell).collect();
                Err(CutFault::ambiguous(message, "which one?", span.clone(), candidates))
            }
        }
    }

    fn sibling<'p>(
        &'p self,
        first: &'p Part,
        from: &Range<usize>,
        to: &Range<usize>,
        base: &Range<usize>,
    ) -> Result<&'p Part, CutFault> {
        let follows = |part: &&Part| {
            part.shape.start >= first.shape.start && (part.parent, part.rank) == (first.parent, first.rank)
        };
        let siblings: Vec<Part> = self.parts.iter().filter(follows).cloned().collect();
        let everything = 0..self.text.len();
        let (first_words, wanted) = (&self.address[from.clone()], &self.address[to.clone()]);
        let hits = search(self.text, &siblings, &everything, wanted);
        if let [one] = hits.as_slice() {
            let range = &siblings[*one].shape.range;
            let same = |part: &&Part| part.shape.range == *range && part.rank == first.rank;
            return Ok(self.parts.iter().find(same).unwrap_or(first));
        }
        let inside = Inside { parts: siblings, ..*self };
        let listed = if hits.is_empty() { (0..inside.parts.len()).collect() } else { hits };
        let listed = listed.into_iter().filter(|at| inside.parts[*at].shape.start != first.shape.start).take(3 * NEAR);
        let words = listed.filter_map(|at| inside.distinct(at, &everything, "")?.pop());
        let piece = &self.address[base.clone()];
        let candidates: Vec<String> = words.map(|last| format!("{piece} from {first_words} to {last}")).collect();
        let message = format!("no sibling of `{first_words}` after it starts with `{wanted}`");
        let mut fault = CutFault::unknown(message, "not a sibling", to.clone(), candidates);
        if fault.candidates.len() > 1 && search(self.text, &inside.parts, &everything, wanted).len() > 1 {
            fault.ambiguous = true;
            fault.message = format!("several siblings of `{first_words}` start with `{wanted}`");
            fault.label = "which one?".to_owned();
        }
        Err(fault)
    }

    /// The fewest first words that mean this part alone, behind those of a part around it if need be.
    fn distinct(&self, at: usize, scope: &Range<usize>, wanted: &str) -> Option<Vec<String>> {
        if let Some(words) = self.first_words(at, scope, wanted) {
            return Some(vec![words]);
        }
        let own = &self.parts[at].shape.range;
        let around = |part: &Part| {
            part.rank == Rank::Member && within(own, &part.shape.range) && within(&part.shape.range, scope)
        };
        let outer = (0..self.parts.len()).rev().filter(|outer| around(&self.parts[*outer]));
        outer.into_iter().find_map(|outer| {
            let first = self.first_words(outer, scope, "")?;
            let then = self.first_words(at, &self.parts[outer].shape.range, wanted)?;
            Some(vec![first, then])
        })
    }

    fn first_words(&self, at: usize, scope: &Range<usize>, wanted: &str) -> Option<String> {
        let shape = &self.parts[at].shape;
        let attribute = shape.attributes.iter().find(|a| a.doc.is_none()).map(|a| a.range.start);
        [Some(shape.start), attribute].into_iter().flatten().find_map(|start| {
            let lines = self.text[start..shape.range.end].lines().filter(|line| !line.trim_start().starts_with("//"));
            let source = collapsed(&lines.collect::<Vec<_>>().join(" "));
            let texts = word_ends(&source).take(80).map(|end| source[..end].to_owned());
            let mut texts = texts.filter(|text| text.len() >= wanted.len() && is_operand(text));
            texts.find(|text| search(self.text, &self.parts, scope, text) == [at])
        })
    }

    /// Parts that share the longest word, or else the one with the nearest first words.
    fn near(&self, scope: &Range<usize>, wanted: &str) -> Vec<usize> {
        let members = (0..self.parts.len())
            .filter(|at| self.parts[*at].rank == Rank::Member && within(&self.parts[*at].shape.range, scope));
        let lead = |at: usize| {
            let shape = &self.parts[at].shape;
            self.text[shape.start..shape.range.end].lines().next().unwrap_or_default().to_owned()
        };
        let members: Vec<(usize, String)> = members.map(|at| (at, lead(at))).collect();
        let word = words(wanted).into_iter().max_by_key(|word| word.len()).filter(|word| word.len() > 2);
        let sharing = |word: &str| {
            members.iter().filter(|(_, lead)| words(lead).contains(&word)).map(|(at, _)| *at).take(NEAR).collect()
        };
        let shared: Vec<usize> = word.map(sharing).unwrap_or_default();
        if !shared.is_empty() {
            return shared;
        }
        let cut: Vec<String> =
            members.iter().map(|(_, lead)| lead.chars().take(wanted.chars().count()).collect()).collect();
        let nearest = closest(wanted, cut.iter().map(String::as_str));
        members
            .iter()
            .zip(&cut)
            .filter(|(_, cut)| Some(cut.as_str()) == nearest)
            .map(|((at, _), _)| *at)
            .take(NEAR)
            .collect()
    }

    fn candidate(&self, base: &Range<usize>, parts: &[String], to: Option<&Range<usize>>) -> String {
        let mut words = vec![self.address[base.clone()].to_owned()];
        words.extend(parts.iter().cloned());
        match (to, words.pop()) {
            (Some(to), Some(last)) => format!("{} from {last} to {}", words.join(" + "), &self.address[to.clone()]),
            (None, Some(last)) => format!("{} + {last}", words.join(" + ")),
            (_, None) => String::new(),
        }
    }
}
