//! The parts of one item: every node of its syntax that an address can name
//! by what it starts with, and the search among them.

use std::ops::Range;

use proc_macro2::Span;
use syn::{
    Arm, Block, Expr, Field, FieldValue, FnArg, ImplItem, Item, Macro, Signature, Stmt, Token, TraitItem, Variant,
    Visibility, WherePredicate,
    parse::Parser,
    punctuated::Punctuated,
    spanned::Spanned,
    visit::{self, Visit},
};

use super::index::{Grammar, Shape};

/// Which nodes are meant first, when several start with the same words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
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

/// One node.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub rank: Rank,
    /// The node that holds it: parts with one parent and rank are siblings.
    pub parent: Option<usize>,
    pub shape: Shape,
}

/// All parts of the item at `range`, with byte ranges of the whole text.
pub(super) fn parts(text: &str, range: Range<usize>, grammar: Grammar) -> Vec<Part> {
    let source = &text[range.clone()];
    let mut finder = Finder { text: source, parts: Vec::new(), parent: None, chain: None };
    // It was parsed as a part of its file before; here it can't fail.
    match grammar {
        Grammar::Item => syn::parse_str(source).map(|item: Item| visit::visit_item(&mut finder, &item)),
        Grammar::ImplItem => syn::parse_str(source).map(|item: ImplItem| visit::visit_impl_item(&mut finder, &item)),
        Grammar::TraitItem => syn::parse_str(source).map(|item: TraitItem| visit::visit_trait_item(&mut finder, &item)),
        Grammar::Variant => syn::parse_str(source).map(|item: Variant| visit::visit_variant(&mut finder, &item)),
    }
    .unwrap_or_default();
    for part in &mut finder.parts {
        part.shape.shift(range.start);
    }
    finder.parts
}

/// Indexes of the parts within `scope` that `wanted` may mean: those of the
/// best rank, and none that lies within another.
pub(super) fn search(text: &str, parts: &[Part], scope: &Range<usize>, wanted: &str) -> Vec<usize> {
    let inside = |part: &Part| part.rank != Rank::Holder && within(&part.shape.range, scope);
    let hits = parts.iter().enumerate().filter(|(_, part)| inside(part)).filter_map(|(at, part)| {
        let source = |start: usize| &text[start..part.shape.range.end];
        let attributes = part.shape.attributes.iter().filter(|a| a.doc.is_none()).map(|a| a.range.start);
        let fit = attributes.chain([part.shape.start]).filter_map(|start| starts_with(source(start), wanted)).min()?;
        Some(((fit, part.rank), at))
    });
    let hits: Vec<_> = hits.collect();
    let Some(best) = hits.iter().map(|(fit, _)| *fit).min() else {
        return Vec::new();
    };
    let found: Vec<usize> = hits.iter().filter(|(fit, _)| *fit == best).map(|(_, at)| *at).collect();
    let range = |at: &usize| &parts[*at].shape.range;
    let inner = |at: &usize| found.iter().any(|other| within(range(at), range(other)));
    let mut outer: Vec<usize> = found.iter().copied().filter(|at| !inner(at)).collect();
    // A nested item is a statement too.
    outer.dedup_by_key(|at| range(at).clone());
    outer
}

/// Whether a range lies within another and is not all of it.
pub(super) fn within(inner: &Range<usize>, outer: &Range<usize>) -> bool {
    inner.start >= outer.start && inner.end <= outer.end && inner != outer
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// It ends where a word ends.
    Word,
    /// It ends within a word.
    Prefix,
}

/// Compares without white space, and without comments that `wanted` leaves out.
fn starts_with(source: &str, wanted: &str) -> Option<Fit> {
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
    let within_word = is_name(last) && rest.starts_with(is_name);
    Some(if within_word { Fit::Prefix } else { Fit::Word })
}

struct Finder<'a> {
    text: &'a str,
    parts: Vec<Part>,
    parent: Option<usize>,
    /// While the receiver of a method chain is visited: the node of the whole
    /// chain, and where the link before ends if a `?` closed it.
    chain: Option<(Option<usize>, Option<usize>)>,
}

impl Finder<'_> {
    fn add(&mut self, rank: Rank, range: Range<usize>, inner: impl FnOnce(&mut Self)) {
        let Some(shape) = Shape::at(range, self.text) else {
            return inner(self);
        };
        let parent = self.parent;
        self.parent = Some(self.parts.len());
        self.parts.push(Part { rank, parent, shape });
        inner(self);
        self.parent = parent;
    }

    fn member(&mut self, node: &impl Spanned, inner: impl FnOnce(&mut Self)) {
        self.add(Rank::Member, node.span().byte_range(), inner);
    }

    fn signature(&mut self, visibility: Option<&Visibility>, signature: &Signature) {
        let range = signature.span().byte_range();
        let start = match visibility.map(|v| v.span().byte_range()) {
            Some(own) if !own.is_empty() => own.start,
            _ => range.start,
        };
        self.add(Rank::Head, start..range.end, |_| ());
    }

    /// A link of a chain from its dot; then what it is applied to.
    fn link(&mut self, expr: &Expr, dot: Span, base: &Expr) {
        let (chain, closed) = self.chain.take().unwrap_or((self.parent, None));
        let end = closed.unwrap_or(expr.span().byte_range().end);
        if let Some(shape) = Shape::at(dot.byte_range().start..end, self.text) {
            self.parts.push(Part { rank: Rank::Member, parent: chain, shape });
        }
        self.chain = Some((chain, None));
        self.visit_expr(base);
        self.chain = None;
    }

    fn expression(&mut self, expr: &Expr) {
        match expr {
            Expr::MethodCall(call) => {
                self.link(expr, call.dot_token.span(), &call.receiver);
                call.args.iter().for_each(|argument| self.visit_expr(argument));
            }
            Expr::Field(field) => self.link(expr, field.dot_token.span(), &field.base),
            Expr::Await(wait) => self.link(expr, wait.dot_token.span(), &wait.base),
            Expr::Try(question) => {
                let chain = self.chain.take().map_or(self.parent, |(chain, _)| chain);
                self.chain = Some((chain, Some(expr.span().byte_range().end)));
                self.visit_expr(&question.expr);
                self.chain = None;
            }
            _ => {
                self.chain = None;
                visit::visit_expr(self, expr);
            }
        }
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_block(&mut self, block: &'ast Block) {
        self.add(Rank::Holder, block.span().byte_range(), |finder| visit::visit_block(finder, block));
    }

    fn visit_stmt(&mut self, stmt: &'ast Stmt) {
        self.member(stmt, |finder| visit::visit_stmt(finder, stmt));
    }

    fn visit_arm(&mut self, arm: &'ast Arm) {
        self.member(arm, |finder| visit::visit_arm(finder, arm));
    }

    fn visit_field(&mut self, field: &'ast Field) {
        self.member(field, |finder| visit::visit_field(finder, field));
    }

    fn visit_variant(&mut self, variant: &'ast Variant) {
        self.member(variant, |finder| visit::visit_variant(finder, variant));
    }

    fn visit_field_value(&mut self, field: &'ast FieldValue) {
        self.member(field, |finder| visit::visit_field_value(finder, field));
    }

    fn visit_item(&mut self, item: &'ast Item) {
        self.member(item, |finder| visit::visit_item(finder, item));
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.signature(Some(&item.vis), &item.sig);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        self.member(item, |finder| visit::visit_impl_item(finder, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.signature(Some(&item.vis), &item.sig);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        self.member(item, |finder| visit::visit_trait_item(finder, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.signature(None, &item.sig);
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_fn_arg(&mut self, argument: &'ast FnArg) {
        self.add(Rank::Head, argument.span().byte_range(), |_| ());
    }

    fn visit_where_predicate(&mut self, bound: &'ast WherePredicate) {
        self.add(Rank::Head, bound.span().byte_range(), |_| ());
    }

    fn visit_expr_if(&mut self, expr: &'ast syn::ExprIf) {
        if let Some((token, branch)) = &expr.else_branch {
            let range = token.span().byte_range().start..branch.span().byte_range().end;
            self.add(Rank::Head, range, |_| ());
        }
        visit::visit_expr_if(self, expr);
    }

    fn visit_expr_struct(&mut self, expr: &'ast syn::ExprStruct) {
        if let (Some(dots), Some(rest)) = (&expr.dot2_token, &expr.rest) {
            let range = dots.span().byte_range().start..rest.span().byte_range().end;
            self.add(Rank::Member, range, |_| ());
        }
        visit::visit_expr_struct(self, expr);
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        self.add(Rank::Expression, expr.span().byte_range(), |finder| finder.expression(expr));
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
