//! The tokens of a file in one row, and parts of items, which are runs of
//! them: where one begins, and where it ends. Of Rust's grammar no more is known here.

use std::{iter::Peekable, ops::Range, sync::Arc};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::text::{collapsed, starts_with};

#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub range: Range<usize>,
    /// In how many brackets it stands, those of generics included.
    depth: usize,
    /// Whether a statement, an arm, a field, an item can begin here.
    pub head: bool,
    /// Whether it is a whole attribute, or a doc comment.
    attribute: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub text: Arc<str>,
    pub row: Vec<Token>,
}

impl Tokens {
    /// Adds tokens of the text. `listed`: whether statements, fields and the like stand here, not operands.
    pub fn add(&mut self, stream: TokenStream, outer: usize, listed: bool) {
        let (mut depth, mut head) = (outer, listed);
        let mut stream = stream.into_iter().peekable();
        while let Some(tree) = stream.next() {
            if let Some((range, outside)) = attribute(&tree, &mut stream) {
                self.row.extend(outside.then_some(Token { range, depth, head, attribute: true }));
                continue;
            }
            let token = |range, depth, head| Token { range, depth, head, attribute: false };
            if let TokenTree::Group(group) = tree {
                let is_block = group.delimiter() == Delimiter::Brace;
                self.row.push(token(group.span_open().byte_range(), depth, head));
                self.add(group.stream(), depth + 1, is_block);
                self.row.push(token(group.span_close().byte_range(), depth, false));
                head = listed && is_block;
                continue;
            }
            let range = tree.span().byte_range();
            let (before, after) = (&self.text[..range.start], &self.text[range.end..]);
            let word = &self.text[range.clone()];
            // An arrow closes nothing, and a comparison, which has a space behind it, opens nothing.
            depth -= usize::from(word == ">" && depth > outer && !before.ends_with(['-', '=']));
            let inner = depth + usize::from(word == "<" && !after.trim_start_matches('<').starts_with([' ', '=']));
            self.row.push(token(range.clone(), depth, head));
            depth = if word == ";" { outer } else { inner };
            head = listed && depth == outer && [";", ",", "where"].contains(&word);
        }
    }

    pub fn word(&self, at: usize) -> &str {
        self.row.get(at).map_or("", |token| &self.text[token.range.clone()])
    }

    /// The text of some tokens, on one line.
    pub fn source(&self, tokens: Range<usize>) -> String {
        let bytes = self.row[tokens.start].range.start..self.row[tokens.end - 1].range.end;
        collapsed(self.text.get(bytes).unwrap_or_default().trim_end_matches(','))
    }

    /// The tokens in a range of bytes.
    pub fn within(&self, bytes: &Range<usize>) -> Range<usize> {
        let place = |byte| self.row.partition_point(|token| token.range.start < byte);
        place(bytes.start)..place(bytes.end)
    }

    /// The attributes that a range of bytes begins with.
    pub fn attributes(&self, bytes: &Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let first = self.within(bytes).start;
        self.row[first..self.after_attributes(first)].iter().map(|token| token.range.clone())
    }

    pub fn after_attributes(&self, at: usize) -> usize {
        at + self.row[at..].iter().take_while(|token| token.attribute).count()
    }

    /// Which tokens a part can be meant to begin at that starts so: members
    /// go before others, and of these the least deep.
    pub fn find(&self, among: &[usize], wanted: &str) -> Vec<usize> {
        let is_doc = |at: usize| self.word(at).starts_with("//");
        let begins = |at: &usize| starts_with(&self.text[self.row[*at].range.start..], wanted) && !is_doc(*at);
        let rank = |at: &usize| (!self.is_member(*at), self.row[*at].depth);
        let best = among.iter().filter(|at| begins(at)).map(rank).min();
        let found = among.iter().filter(|at| begins(at) && Some(rank(at)) == best);
        let mut found: Vec<usize> = found.map(|at| self.after_attributes(*at)).collect();
        found.dedup();
        found
    }

    /// Whether a statement, an arm, a field, an item or a link of a method chain begins here.
    pub fn is_member(&self, at: usize) -> bool {
        self.row[at].head || self.is_link(at)
    }

    fn is_link(&self, at: usize) -> bool {
        self.word(at) == "." && self.word(at + 1) != "." && (at == 0 || self.word(at - 1) != ".")
    }

    /// This token, and those behind it in the same brackets and in none of their own.
    pub fn level(&self, at: usize) -> impl Iterator<Item = usize> + Clone {
        let depth = self.row[at].depth;
        let inside = self.row[at..].iter().take_while(move |token| token.depth >= depth).enumerate();
        inside.filter(move |(_, token)| token.depth == depth).map(move |(n, _)| at + n)
    }

    /// The bytes of a part that begins at a token, with its attributes.
    pub fn part(&self, at: usize) -> Range<usize> {
        let attributes = self.row[..at].iter().rev().take_while(|token| token.attribute);
        let first = attributes.last().unwrap_or(&self.row[at]);
        first.range.start..self.row[self.last(at)].range.end
    }

    /// The bytes of an item up to the brace of its body.
    pub fn signature(&self, at: usize) -> Range<usize> {
        let brace = self.level(at).find(|at| self.word(*at) == "{");
        self.row[at].range.start..brace.map_or(self.part(at).end, |brace| self.row[brace - 1].range.end)
    }

    /// The last token of a part: before `;` or `,`, or the end of a block that nothing continues,
    /// or of a link, which has no white space before its parentheses and its `?`.
    fn last(&self, at: usize) -> usize {
        let touches = |at: usize| self.row[at].range.start == self.row[at - 1].range.end;
        let is_arrow = |at: usize| self.word(at) == ">" && self.text[..self.row[at].range.start].ends_with('=');
        let (is_link, is_let) = (self.is_link(at), self.word(at) == "let");
        let mut in_pattern = self.row[at].head && self.level(at).any(is_arrow);
        let mut in_bounds = false;
        let mut last = at;
        for next in self.level(at).skip(1) {
            let word = self.word(next);
            let unlinked = is_link && word != ")" && (word == "." || !touches(next));
            if word == ";" || word == "," && !is_let && !in_bounds || unlinked {
                break;
            }
            last = next;
            in_bounds |= word == "where";
            in_pattern &= !is_arrow(next);
            let goes_on = ["else", ".", "?", "=", "|"].contains(&self.word(next + 1));
            if word == "}" && !is_let && !in_pattern && !goes_on {
                break;
            }
        }
        last
    }
}

/// The rest of an attribute, and whether it stands outside of what it is about.
fn attribute(mark: &TokenTree, rest: &mut Peekable<impl Iterator<Item = TokenTree>>) -> Option<(Range<usize>, bool)> {
    let is = |tree: &TokenTree, mark| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == mark);
    let is_bracket = |tree: &TokenTree| matches!(tree, TokenTree::Group(g) if g.delimiter() == Delimiter::Bracket);
    let outside = is(mark, '#').then(|| rest.next_if(|tree| is(tree, '!')).is_none())?;
    let group = rest.next_if(is_bracket)?;
    Some((mark.span().byte_range().start..group.span().byte_range().end, outside))
}

/// What stands between `#[` and `]`, on one line.
pub(crate) fn attribute_text(source: &str) -> String {
    collapsed(source.trim_start_matches("#[").trim_end_matches(']'))
}

/// The predicate of an attribute that is a `cfg`.
pub(crate) fn cfg(attribute: &str) -> Option<String> {
    let text = attribute_text(attribute);
    Some(text.strip_prefix("cfg(")?.strip_suffix(')')?.trim_end_matches(',').trim().to_owned())
}
