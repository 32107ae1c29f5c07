//! From the words of an address to the bytes that they name, or to a fault
//! that says what else could be meant.

use std::ops::Range;

use crate::{
    CutFault, RustFile,
    items::Item,
    text::{closest, words},
};

/// How many candidates a fault lists, and of how many words.
const LISTED: usize = 20;

/// What stands between the commas that are in no brackets. A bracket that a
/// part leaves open, as in `.layer(`, holds those that are not its end.
pub(crate) fn pieces(address: &str) -> Vec<&str> {
    let mut start = 0;
    let mut found = Vec::new();
    for (at, _) in address.match_indices(',') {
        let piece = &address[start..at];
        let brackets = piece.replace("->", "").replace("=>", "").replace("< ", "");
        let count = |those: [char; 4]| brackets.matches(those).count();
        let is_open = count(['(', '[', '{', '<']) > count([')', ']', '}', '>']);
        if !is_open || piece.ends_with(['(', '[', '{']) {
            found.push(piece.trim());
            start = at + 1;
        }
    }
    found.push(address[start..].trim());
    found
}

/// Whether a text can be one operand in an address: nothing in it separates.
fn is_operand(text: &str) -> bool {
    pieces(text).len() == 1 && ![" + ", " from ", " to "].iter().any(|separator| text.contains(separator))
}

/// Where a part of an address, or of another text, stands in it.
pub(crate) fn span(text: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr() as usize - text.as_ptr() as usize;
    start..start + part.len()
}

/// Whether a name says what an item is called: it is the end of a path, or it
/// leaves out generics, paths and the `where` of an impl's head, or of `<Type as Trait>`.
fn fits(asked: &[&str], called: &[&str]) -> bool {
    let is_head = |name: &[&str]| name.iter().any(|word| ["impl", "<"].contains(word));
    if !is_head(asked) {
        let before = called.strip_suffix(asked).filter(|before| !before.contains(&"impl"));
        return before.is_some_and(|before| before.last().is_none_or(|word| *word == "::"));
    }
    let mut rest = called.iter();
    is_head(called) && short(asked) == short(called) && asked.iter().all(|word| rest.any(|called| called == word))
}

/// A head without generics, paths and `where`.
pub(crate) fn short<'a>(head: &[&'a str]) -> Vec<&'a str> {
    let mut kept: Vec<&str> = Vec::new();
    let (mut depth, mut last) = (0, "");
    for word in head {
        match *word {
            ">" if depth > 0 => depth -= usize::from(!["-", "="].contains(&last)),
            "<" if depth > 0 || !kept.is_empty() => depth += 1,
            _ if depth > 0 => {}
            "where" => break,
            "::" if kept.last() != Some(&">") => drop(kept.pop()),
            word => kept.push(word),
        }
        last = word;
    }
    kept
}

/// The beginnings of a text, word by word.
fn beginnings(text: &str) -> impl Iterator<Item = &str> {
    words(text).into_iter().take(LISTED).map(|word| &text[..span(text, word).end])
}

impl RustFile {
    /// The items that are called so: by whole name, or else by a part of it.
    fn lookup(&self, wanted: &str) -> Vec<&Item> {
        let asked = words(wanted);
        let last = asked.last().copied().unwrap_or(" ");
        let found = |fits: fn(&[&str], &[&str]) -> bool| -> Vec<&Item> {
            let called = |name: &String| name.contains(last) && fits(&asked, &words(name));
            self.items.iter().filter(|item| item.keyword != "use" && item.names.iter().any(called)).collect()
        };
        let exact = found(|asked, called| asked == called);
        if exact.is_empty() { found(fits) } else { exact }
    }

    /// An address that names the item alone.
    fn address_of(&self, item: &Item) -> Option<String> {
        let alone = |name: &str| matches!(self.lookup(name)[..], [one] if std::ptr::eq(one, item));
        item.names.iter().find(|name| is_operand(name) && alone(name)).cloned()
    }

    fn item(&self, address: &str, wanted: &str) -> Result<&Item, CutFault> {
        let mut found = self.lookup(wanted);
        if let [one] = found[..] {
            return Ok(one);
        }
        let ambiguous = !found.is_empty();
        let (message, label) = match found.len() {
            0 => (format!("no item `{wanted}`"), "not defined in this file".to_owned()),
            several => (format!("{several} items are called `{wanted}`"), "which one?".to_owned()),
        };
        if !ambiguous {
            let last = |path| str::rsplit(path, "::").next().unwrap_or_default();
            let named = || self.items.iter().filter(|item| !["impl", "use"].contains(&item.keyword));
            let near = closest(last(wanted), named().map(|item| last(&item.names[0])));
            // Where nothing is near, whatever the file has is more help than nothing.
            found = named().filter(|item| near.is_none_or(|near| near == last(&item.names[0]))).collect();
        }
        let candidates = found.iter().filter_map(|item| self.address_of(item)).take(LISTED).collect();
        Err(CutFault { ambiguous, message, label, span: span(address, wanted), candidates })
    }

    /// The item that a piece of an address is about, and the bytes of what it asks of it.
    pub(crate) fn find(&self, address: &str, piece: &str) -> Result<(&Item, Range<usize>), CutFault> {
        let tokens = &self.tokens;
        let run = piece.split_once(" from ").and_then(|(item, run)| Some((item, run.split_once(" to ")?)));
        let mut parts = run.map_or(piece, |(item, _)| item).split(" + ").map(str::trim);
        let item = self.item(address, parts.next().unwrap_or_default())?;
        let mut bytes = item.range.clone();
        let own = tokens.after_attributes(tokens.within(&bytes).start);
        let mut scope: Vec<usize> = (own..tokens.within(&bytes).end).collect();
        for part in parts {
            let at = self.part(address, piece, item, &scope, part)?;
            bytes = if at == own { tokens.signature(at) } else { tokens.part(at) };
            scope = (at + 1..tokens.within(&bytes).end).collect();
        }
        if let Some((_, (first, last))) = run {
            let first = self.part(address, piece, item, &scope, first.trim())?;
            let last =
                self.part(address, piece, item, &tokens.level(first).skip(1).collect::<Vec<_>>(), last.trim())?;
            bytes = tokens.part(first).start..tokens.part(last).end;
        }
        Ok((item, bytes))
    }

    /// The token at which the part begins that is wanted.
    fn part(&self, address: &str, piece: &str, item: &Item, among: &[usize], wanted: &str) -> Result<usize, CutFault> {
        let found = self.tokens.find(among, wanted);
        if let [one] = found[..] {
            return Ok(one);
        }
        let place = span(piece, wanted);
        let whole = |part: &str| [&piece[..place.start], part, &piece[place.end..]].concat();
        let item = &item.names[0];
        let opening = |at: &usize| self.tokens.source(*at..self.tokens.row.len().min(at + LISTED));
        let (message, label, candidates);
        if found.is_empty() {
            let members: Vec<String> = among.iter().filter(|at| self.tokens.is_member(**at)).map(opening).collect();
            let alike = members.iter().filter_map(|text| beginnings(text).take(words(wanted).len()).last());
            message = format!("no part of `{item}` starts with `{wanted}`");
            (label, candidates) = ("no such part", closest(wanted, alike).map(whole).into_iter().collect());
        } else {
            let alone = |at: usize, text: &str| is_operand(text) && self.tokens.find(among, text) == [at];
            let distinct = |at: &usize| beginnings(&opening(at)).find(|text| alone(*at, text)).map(whole);
            message = format!("{} parts of `{item}` start with `{wanted}`", found.len());
            (label, candidates) = ("which one?", found.iter().filter_map(distinct).take(LISTED).collect());
        }
        let (ambiguous, label) = (!found.is_empty(), label.to_owned());
        Err(CutFault { ambiguous, message, label, span: span(address, wanted), candidates })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_separated_by_commas_outside_of_brackets() {
        assert_eq!(
            pieces("Client, impl TryFrom<(A, B)> for X, a::b"),
            ["Client", "impl TryFrom<(A, B)> for X", "a::b"]
        );
        assert_eq!(pieces("<A<B, C> as D>::e, f + fn(a) -> B<C, D>"), ["<A<B, C> as D>::e", "f + fn(a) -> B<C, D>"]);
        assert_eq!(pieces("f + if a < b, g"), ["f + if a < b", "g"]);
    }

    #[test]
    fn a_bracket_that_stays_open_holds_the_commas_behind_it() {
        assert_eq!(pieces("f from .layer( to .retry(, g"), ["f from .layer( to .retry(", "g"]);
        assert_eq!(pieces("f + A => {, g + a.b("), ["f + A => {", "g + a.b("]);
        assert_eq!(pieces("f + A { b, c"), ["f + A { b, c"]);
    }

    #[test]
    fn heads_fit_that_leave_out_what_is_long() {
        let fits = |asked, called| super::fits(&words(asked), &words(called));
        assert!(fits("impl Display for Event", "impl<K> std::fmt::Display for Event<K> where K: A"));
        assert!(fits("<Event as Display>::fmt", "a::<b::Event<K> as fmt::Display>::fmt"));
        assert!(fits("impl TryFrom<A> for B", "impl<E> TryFrom<A<E>> for c::B"));
        assert!(!fits("impl TryFrom<C> for B", "impl<E> TryFrom<A<E>> for c::B"));
        assert!(!fits("impl B", "impl A for B"));
        assert!(fits("b::c", "a::b::c"));
        assert!(!fits("c", "impl A for b::c"));
    }
}
