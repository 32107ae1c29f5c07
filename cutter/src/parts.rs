//! The parts of one item: every node of its syntax that an address can name
//! by what it starts with, and the search among them.

use std::ops::Range;

use proc_macro2::Span;
use syn::{
    Arm, Block, Expr, ExprIf, ExprStruct, Field, FieldValue, FnArg, ImplItem, Item, Macro, Signature, Stmt, Token,
    TraitItem, Variant, WherePredicate,
    parse::Parser,
    punctuated::Punctuated,
    spanned::Spanned,
    visit::{self, Visit},
};

use super::{
    CutFault,
    address::{Request, is_operand},
    find::{NEAR, near_miss},
    index::{Entry, Grammar, Shape},
    text::{beginnings, collapsed, starts_with, within, words},
};

/// Which nodes are meant first, when several start with the same words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// What stands on lines of its own: statements, arms, fields, variants,
    /// items, and the links of a method chain.
    Member,
    /// A signature, a parameter, a bound, an `else`.
    Head,
    /// Any expression.
    Expression,
    /// What only holds others.
    Holder,
}

/// One node. Those with one parent and rank are siblings.
#[derive(Clone, Debug)]
struct Part {
    rank: Rank,
    parent: Option<usize>,
    shape: Shape,
}

/// The parts of one item, for one piece of an address.
pub(super) struct Parts<'a> {
    text: &'a str,
    address: &'a str,
    parts: Vec<Part>,
}

/// How the candidates for an operand become pieces of an address.
struct Frame<'a> {
    base: &'a str,
    before: &'static str,
    after: String,
}

impl<'a> Parts<'a> {
    /// Reads an item of the text again.
    pub fn of(text: &'a str, entry: &Entry, address: &'a str) -> Self {
        let Range { start, end } = entry.shape.range;
        let source = &text[start..end];
        let mut finder =
            Finder { text: source, start: entry.shape.start - start, parts: Vec::new(), parent: None, chain: None };
        // It was parsed as a part of its file before; here it can't fail.
        match entry.grammar {
            Grammar::Item => syn::parse_str(source).map(|item: Item| visit::visit_item(&mut finder, &item)),
            Grammar::ImplItem => {
                syn::parse_str(source).map(|item: ImplItem| visit::visit_impl_item(&mut finder, &item))
            }
            Grammar::TraitItem => {
                syn::parse_str(source).map(|item: TraitItem| visit::visit_trait_item(&mut finder, &item))
            }
            Grammar::Variant => syn::parse_str(source).map(|item: Variant| visit::visit_variant(&mut finder, &item)),
        }
        .unwrap_or_default();
        let mut parts = finder.parts;
        parts.iter_mut().for_each(|part| part.shape.shift(start));
        Self { text, address, parts }
    }

    /// The first and the last part that a request asks for, often one.
    pub fn find(&self, item: &Range<usize>, request: &Request) -> Result<(&Shape, &Shape), CutFault> {
        let mut scope = item.clone();
        let mut base = request.item.clone();
        let mut found = None;
        for operand in &request.parts {
            let frame = self.frame(&base, " + ", String::new());
            let at = self.one(&self.inside(&scope), operand, &frame)?;
            scope = self.parts[at].shape.range.clone();
            base.end = operand.end;
            found = Some((at, at));
        }
        if let Some((from, to)) = &request.run {
            let frame = self.frame(&base, " from ", format!(" to {}", &self.address[to.clone()]));
            let first = self.one(&self.inside(&scope), from, &frame)?;
            base.end = from.end;
            let last = self.one(&self.siblings(first), to, &self.frame(&base, " to ", String::new()))?;
            found = Some((first, last));
        }
        match found {
            Some((first, last)) => Ok((&self.parts[first].shape, &self.parts[last].shape)),
            None => Err(CutFault::unknown("no part is named".to_owned(), "of this item", base, Vec::new())),
        }
    }

    /// The predicates of the `cfg`s on what is around a range, within the item.
    pub fn cfgs_around(&self, range: Range<usize>) -> impl Iterator<Item = String> {
        let around = move |part: &&Part| range == part.shape.range || within(&range, &part.shape.range);
        self.parts.iter().filter(around).flat_map(|part| part.shape.cfgs())
    }

    fn frame(&self, base: &Range<usize>, before: &'static str, after: String) -> Frame<'_> {
        Frame { base: &self.address[base.clone()], before, after }
    }

    fn inside(&self, scope: &Range<usize>) -> Vec<usize> {
        let inside = |at: &usize| self.parts[*at].rank != Rank::Holder && within(&self.parts[*at].shape.range, scope);
        (0..self.parts.len()).filter(inside).collect()
    }

    /// A part and the siblings after it.
    fn siblings(&self, first: usize) -> Vec<usize> {
        let kin = |at: usize| (self.parts[at].parent, self.parts[at].rank);
        let start = self.parts[first].shape.start;
        (0..self.parts.len()).filter(|at| kin(*at) == kin(first) && self.parts[*at].shape.start >= start).collect()
    }

    fn one(&self, among: &[usize], operand: &Range<usize>, frame: &Frame<'_>) -> Result<usize, CutFault> {
        let wanted = &self.address[operand.clone()];
        let Frame { base, before, after } = frame;
        let name = |at: usize| {
            let (around, words) = self.distinct(at, among, wanted)?;
            Some(format!("{base}{around}{before}{words}{after}"))
        };
        match self.search(among, wanted).as_slice() {
            [one] => Ok(*one),
            [] => {
                let near = self.near(among, wanted).into_iter().filter_map(name).collect();
                let message = format!("no part of `{base}` starts with `{wanted}`");
                let label = if *before == " to " { "not a sibling after it" } else { "no such part" };
                Err(CutFault::unknown(message, label, operand.clone(), near))
            }
            several => {
                let candidates = several.iter().filter_map(|at| name(*at)).take(4 * NEAR).collect();
                let message = format!("{} parts of `{base}` start with `{wanted}`", several.len());
                Err(CutFault::ambiguous(message, operand.clone(), candidates))
            }
        }
    }

    /// The parts that `wanted` may mean: those of the best rank, and none that
    /// lies within another.
    fn search(&self, among: &[usize], wanted: &str) -> Vec<usize> {
        let fit = |at: usize| {
            let Part { rank, shape, .. } = &self.parts[at];
            let fits = |start: usize| starts_with(&self.text[start..shape.range.end], wanted);
            let whole_words = shape.starts().filter_map(fits).max()?;
            Some((!whole_words, *rank, at))
        };
        let hits: Vec<_> = among.iter().filter_map(|at| fit(*at)).collect();
        let best = hits.iter().map(|(part_of_word, rank, _)| (*part_of_word, *rank)).min();
        let mut outer: Vec<usize> = Vec::new();
        // A part comes before what it holds.
        for (_, _, at) in hits.iter().filter(|(part_of_word, rank, _)| best == Some((*part_of_word, *rank))) {
            let range = &self.parts[*at].shape.range;
            let held =
                |by: &usize| within(range, &self.parts[*by].shape.range) || *range == self.parts[*by].shape.range;
            if !outer.iter().any(held) {
                outer.push(*at);
            }
        }
        outer
    }

    /// The fewest first words that mean a part alone, if need be within one around it (` + …`).
    fn distinct(&self, at: usize, among: &[usize], wanted: &str) -> Option<(String, String)> {
        if let Some(words) = self.first_words(at, among, wanted) {
            return Some((String::new(), words));
        }
        let own = &self.parts[at].shape.range;
        let around = |by: &&usize| self.parts[**by].rank == Rank::Member && within(own, &self.parts[**by].shape.range);
        among.iter().rev().filter(around).find_map(|by| {
            let around = self.first_words(*by, among, "")?;
            let words = self.first_words(at, &self.inside(&self.parts[*by].shape.range), wanted)?;
            Some((format!(" + {around}"), words))
        })
    }

    fn first_words(&self, at: usize, among: &[usize], wanted: &str) -> Option<String> {
        let shape = &self.parts[at].shape;
        shape.starts().find_map(|start| {
            let lines = self.text[start..shape.range.end].lines().filter(|line| !line.trim_start().starts_with("//"));
            let source = collapsed(&lines.collect::<Vec<_>>().join(" "));
            let mut texts = beginnings(&source).take(80).filter(|text| text.len() >= wanted.len() && is_operand(text));
            texts.find(|text| self.search(among, text) == [at]).map(str::to_owned)
        })
    }

    /// Members whose first line shares the longest word, or is nearly what is wanted.
    fn near(&self, among: &[usize], wanted: &str) -> Vec<usize> {
        let line = |at: &usize| self.text[self.parts[*at].shape.start..].lines().next().unwrap_or_default();
        let members: Vec<usize> = among.iter().copied().filter(|at| self.parts[*at].rank == Rank::Member).collect();
        let beginning = |at: &usize| line(at).chars().take(wanted.chars().count()).collect::<String>();
        let all: Vec<String> = members.iter().map(beginning).collect();
        let nearest = near_miss(wanted, all.iter().map(String::as_str));
        let longest = words(wanted).into_iter().max_by_key(|word| word.len()).filter(|word| word.len() > 2);
        let shares = |at: &usize| longest.is_some_and(|word| words(line(at)).contains(&word));
        let similar = |at: &usize| shares(at) || nearest.is_some_and(|nearest| beginning(at) == nearest);
        members.into_iter().filter(similar).take(NEAR).collect()
    }
}

struct Finder<'a> {
    text: &'a str,
    /// The item's first byte after its attributes.
    start: usize,
    parts: Vec<Part>,
    parent: Option<usize>,
    /// While the receiver of a method chain is visited: the node of the whole
    /// chain, and the end of a `?` behind the next link.
    chain: Option<(Option<usize>, Option<usize>)>,
}

impl Finder<'_> {
    fn add(&mut self, rank: Rank, range: Range<usize>, inner: impl FnOnce(&mut Self)) {
        let parent = self.parent;
        if let Some(shape) = Shape::at(range, self.text) {
            self.parent = Some(self.parts.len());
            self.parts.push(Part { rank, parent, shape });
        }
        inner(self);
        self.parent = parent;
    }

    /// From a token to the end of what belongs to it.
    fn tail(&mut self, rank: Rank, token: Span, last: Span) {
        self.add(rank, token.byte_range().start..last.byte_range().end, |_| ());
    }

    /// A link of a chain from its dot; then what it is applied to.
    fn link(&mut self, expr: &Expr, dot: Span, base: &Expr) {
        let (chain, closed) = self.chain.take().unwrap_or((self.parent, None));
        let end = closed.unwrap_or(expr.span().byte_range().end);
        let parent = std::mem::replace(&mut self.parent, chain);
        self.add(Rank::Member, dot.byte_range().start..end, |_| ());
        self.parent = parent;
        self.receiver(base, chain, None);
    }

    fn receiver(&mut self, base: &Expr, chain: Option<usize>, closed: Option<usize>) {
        self.chain = Some((chain, closed));
        self.visit_expr(base);
        self.chain = None;
    }
}

/// Visits that note a node and go on.
macro_rules! note {
    ($($visit:ident($node:ty): $rank:ident,)*) => {
        $(fn $visit(&mut self, node: &'ast $node) {
            self.add(Rank::$rank, node.span().byte_range(), |finder| visit::$visit(finder, node));
        })*
    };
}

impl<'ast> Visit<'ast> for Finder<'_> {
    note! {
        visit_stmt(Stmt): Member,
        visit_arm(Arm): Member,
        visit_field(Field): Member,
        visit_variant(Variant): Member,
        visit_field_value(FieldValue): Member,
        visit_item(Item): Member,
        visit_impl_item(ImplItem): Member,
        visit_trait_item(TraitItem): Member,
        visit_fn_arg(FnArg): Head,
        visit_where_predicate(WherePredicate): Head,
        visit_block(Block): Holder,
    }

    /// With what stands before it: the visibility is not a part of it.
    fn visit_signature(&mut self, signature: &'ast Signature) {
        let start = self.parent.map_or(self.start, |at| self.parts[at].shape.start);
        self.add(Rank::Head, start..signature.span().byte_range().end, |_| ());
        visit::visit_signature(self, signature);
    }

    fn visit_expr_if(&mut self, expr: &'ast ExprIf) {
        if let Some((token, branch)) = &expr.else_branch {
            self.tail(Rank::Head, token.span(), branch.span());
        }
        visit::visit_expr_if(self, expr);
    }

    fn visit_expr_struct(&mut self, expr: &'ast ExprStruct) {
        if let (Some(dots), Some(rest)) = (&expr.dot2_token, &expr.rest) {
            self.tail(Rank::Member, dots.span(), rest.span());
        }
        visit::visit_expr_struct(self, expr);
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        self.add(Rank::Expression, expr.span().byte_range(), |finder| match expr {
            Expr::MethodCall(call) => {
                finder.link(expr, call.dot_token.span(), &call.receiver);
                call.args.iter().for_each(|argument| finder.visit_expr(argument));
            }
            Expr::Field(field) => finder.link(expr, field.dot_token.span(), &field.base),
            Expr::Await(wait) => finder.link(expr, wait.dot_token.span(), &wait.base),
            Expr::Try(question) => {
                let chain = finder.chain.take().map_or(finder.parent, |(chain, _)| chain);
                finder.receiver(&question.expr, chain, Some(expr.span().byte_range().end));
            }
            _ => {
                finder.chain = None;
                visit::visit_expr(finder, expr);
            }
        });
    }

    /// What a macro is given is looked at as expressions, statements or items, if it is such.
    fn visit_macro(&mut self, call: &'ast Macro) {
        let tokens = || call.tokens.clone();
        if let Ok(list) = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(tokens()) {
            list.iter().for_each(|expr| self.visit_expr(expr));
        } else if let Ok(statements) = Block::parse_within.parse2(tokens()) {
            statements.iter().for_each(|stmt| self.visit_stmt(stmt));
        } else if let Ok(file) = syn::parse2::<syn::File>(tokens()) {
            file.items.iter().for_each(|item| self.visit_item(item));
        }
    }
}
