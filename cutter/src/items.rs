//! The items of a file, with the names they can be asked for by: what begins
//! with a keyword where an item can, and the variants of an enum.

use std::ops::Range;

use crate::{
    find::short,
    text::{is_name, words},
    tokens::{Tokens, cfg},
};

const KEYWORDS: [&str; 12] =
    ["fn", "mod", "use", "impl", "trait", "struct", "enum", "union", "type", "const", "static", "macro_rules"];

/// One item of the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Item {
    /// Its keyword, or `variant`.
    pub keyword: &'static str,
    /// What it can be called: its path, which for an impl ends in its head; for what
    /// an impl holds, the path that names the trait; and these with a `cfg` before them.
    pub names: Vec<String>,
    /// With its attributes.
    pub range: Range<usize>,
    /// The bytes of its name.
    pub name: Range<usize>,
    /// The `cfg`s around it, then its own.
    pub cfgs: Vec<String>,
    /// The path of what it holds, and the one that names the trait.
    pub path: String,
    pub qualifier: Option<String>,
    pub in_code: bool,
}

/// Finds the items in some tokens, each before what it holds.
pub(crate) fn collect(tokens: &Tokens, inside: Range<usize>, around: &Item, found: &mut Vec<Item>) {
    let mut at = inside.start;
    while at < inside.end {
        at = match keyword(tokens, at, around) {
            Some((keyword, name)) => add(tokens, at, keyword, name, around, found),
            // What a macro is given in code is no item.
            None if around.in_code && tokens.word(at) == "!" => tokens.level(at + 1).nth(1).unwrap_or(at + 1),
            None => at + 1,
        };
    }
}

/// The keyword of the item that begins at a token, and the place of its name.
fn keyword(tokens: &Tokens, at: usize, around: &Item) -> Option<(&'static str, usize)> {
    let first = tokens.after_attributes(at);
    if !tokens.row[at].head || around.keyword == "enum" {
        return (tokens.row[at].head && tokens.word(first).starts_with(is_name)).then_some(("variant", first));
    }
    let mut level = tokens.level(first);
    let keyword = level.find_map(|at| match tokens.word(at) {
        "const" if ["fn", "async", "unsafe", "extern"].contains(&tokens.word(at + 1)) => None,
        "pub" | "(" | ")" | "async" | "unsafe" | "extern" | "default" => None,
        word if word.starts_with('"') => None,
        word => Some(KEYWORDS.into_iter().find(|keyword| *keyword == word)),
    })??;
    let name = level.find(|at| !["mut", "!"].contains(&tokens.word(*at)))?;
    (tokens.word(name).starts_with(is_name) || ["impl", "use"].contains(&keyword)).then_some((keyword, name))
}

/// Notes an item and what it holds; gives the token behind it.
fn add(tokens: &Tokens, at: usize, keyword: &'static str, name: usize, around: &Item, found: &mut Vec<Item>) -> usize {
    let at = tokens.after_attributes(at);
    let range = tokens.part(at);
    let end = tokens.within(&range).end;
    let find = |word| tokens.level(at).take_while(|at| *at < end).find(|at| tokens.word(*at) == word);
    let body = find("{").unwrap_or(end);
    let beneath = |path: &str, name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}::{name}") };
    let own = tokens.attributes(&range).filter_map(|attribute| cfg(&tokens.text[attribute]));
    let cfgs: Vec<String> = around.cfgs.iter().cloned().chain(own).collect();
    let (in_code, name_range) = (around.in_code || keyword == "fn", tokens.row[name].range.clone());
    let mut item = Item { keyword, cfgs, range, name: name_range, in_code, ..Item::default() };
    if keyword == "impl" {
        let generics = find(">").filter(|_| tokens.word(name) == "<").map_or(name, |end| end + 1);
        let bounds = find("where").unwrap_or(body);
        let split = find("for").filter(|at| *at < bounds);
        let of = split.map(|split| format!(" as {}", tokens.source(generics..split)));
        let ty = tokens.source(split.map_or(generics, |split| split + 1)..bounds);
        let last = short(&words(&ty)).pop().filter(|last| last.starts_with(is_name)).unwrap_or(&ty);
        item.names.push(beneath(&around.path, &tokens.source(name - 1..body)));
        item.qualifier = Some(beneath(&around.path, &format!("<{ty}{}>", of.unwrap_or_default())));
        item.path = beneath(&around.path, last);
    } else {
        item.path = beneath(&around.path, tokens.word(name));
        item.names.push(item.path.clone());
        item.names.extend(around.qualifier.iter().map(|qualifier| beneath(qualifier, tokens.word(name))));
    }
    let under = |cfg| item.names.iter().map(move |name| format!("#[cfg({cfg})] {name}"));
    let under: Vec<String> = item.cfgs.iter().rev().flat_map(under).collect();
    item.names.extend(under);
    found.push(item.clone());
    if keyword != "macro_rules" {
        collect(tokens, if body < end { body } else { name } + 1..end, &item, found);
    }
    end
}
