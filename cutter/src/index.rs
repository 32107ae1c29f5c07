//! The items of a file, with the names they can be asked for by. Built once
//! per file; what it keeps are byte ranges and strings, nothing of syn.

use std::ops::Range;

use proc_macro2::{Delimiter, Group, Literal, TokenStream, TokenTree};
use syn::{
    ImplItem, Item, ItemImpl, ItemMacro, Stmt, TraitItem, Type, Variant,
    spanned::Spanned,
    visit::{self, Visit},
};

use super::text::{collapsed, words};

/// An outer attribute.
#[derive(Clone, Debug)]
pub(super) struct Attribute {
    pub range: Range<usize>,
    /// What stands between `#[` and `]`, on one line.
    pub text: String,
    /// The words of a doc comment.
    pub doc: Option<String>,
}

impl Attribute {
    /// Whether it says something to rustdoc alone.
    pub fn is_doc(&self) -> bool {
        let docsrs = self.text.replace(' ', "").starts_with("cfg_attr(docsrs");
        self.doc.is_some() || docsrs || words(&self.text).first() == Some(&"doc")
    }

    /// The predicate of a `cfg`.
    pub fn cfg(&self) -> Option<&str> {
        let rest = self.text.strip_prefix("cfg(")?;
        Some(rest.strip_suffix(')')?.trim_end_matches(',').trim())
    }
}

/// Where a piece of syntax stands.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub attributes: Vec<Attribute>,
    /// With its attributes.
    pub range: Range<usize>,
    /// The first byte after its attributes.
    pub start: usize,
}

impl Shape {
    /// The shape of a node that was parsed from the text.
    pub fn of(node: &impl Spanned, text: &str) -> Option<Self> {
        Self::at(node.span().byte_range(), text)
    }

    /// The shape of what stands in a range of the text.
    pub fn at(range: Range<usize>, text: &str) -> Option<Self> {
        let source = text.get(range.clone()).filter(|source| !source.is_empty())?;
        let mut shape = Self { attributes: Vec::new(), start: range.start, range };
        if source.starts_with(['#', '/']) {
            let tokens: TokenStream = source.parse().ok()?;
            shape.take_attributes(source, tokens)?;
        }
        Some(shape)
    }

    fn take_attributes(&mut self, source: &str, tokens: TokenStream) -> Option<()> {
        let mut tokens = tokens.into_iter();
        let mut token = tokens.next()?;
        while let TokenTree::Punct(mark) = &token
            && mark.as_char() == '#'
            && let Some(TokenTree::Group(group)) = tokens.next()
            && group.delimiter() == Delimiter::Bracket
        {
            let range = mark.span().byte_range().start..group.span().byte_range().end;
            let inside = source[range.clone()].trim_start_matches("#[");
            self.attributes.push(Attribute {
                text: collapsed(inside.strip_suffix(']').unwrap_or(inside)),
                doc: doc(&group),
                range: self.range.start + range.start..self.range.start + range.end,
            });
            token = tokens.next()?;
        }
        self.start = self.range.start + token.span().byte_range().start;
        Some(())
    }

    /// Moves it, for a text that is a part of a longer one.
    pub fn shift(&mut self, by: usize) {
        let moved = |range: &Range<usize>| range.start + by..range.end + by;
        self.range = moved(&self.range);
        self.start += by;
        for attribute in &mut self.attributes {
            attribute.range = moved(&attribute.range);
        }
    }

    /// The predicates of its `cfg`s.
    pub fn cfgs(&self) -> impl Iterator<Item = String> {
        self.attributes.iter().filter_map(|a| a.cfg()).map(str::to_owned)
    }

    /// Where it can be said to start: after its attributes, or at one of them.
    pub fn starts(&self) -> impl Iterator<Item = usize> {
        let attributes = self.attributes.iter().filter(|a| a.doc.is_none());
        [self.start].into_iter().chain(attributes.map(|a| a.range.start))
    }

    /// What is not shown of it.
    pub fn docs(&self) -> impl Iterator<Item = Range<usize>> {
        self.attributes.iter().filter(|a| a.is_doc()).map(|a| a.range.clone())
    }
}

fn doc(group: &Group) -> Option<String> {
    let mut tokens = group.stream().into_iter();
    match (tokens.next()?, tokens.next()?, tokens.next()?) {
        (TokenTree::Ident(name), _, TokenTree::Literal(text)) if name == "doc" => literal(text),
        _ => None,
    }
}

/// The value of a string literal.
pub(super) fn literal(token: Literal) -> Option<String> {
    match syn::Lit::new(token) {
        syn::Lit::Str(text) => Some(text.value()),
        _ => None,
    }
}

/// Which of syn's types reads an item again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grammar {
    Item,
    ImplItem,
    TraitItem,
    Variant,
}

/// One item of the file.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The keyword that makes it, or `variant`, or `call` for a macro's invocation.
    pub keyword: &'static str,
    pub grammar: Grammar,
    /// The path of what encloses it.
    pub scope: String,
    /// What it can be called: first its path, which for an impl, a `use` and
    /// an invocation ends in its text; then the path behind its keyword, and
    /// for what an impl holds the path that names the trait.
    pub names: Vec<String>,
    pub shape: Shape,
    /// The bytes of its name.
    pub name_span: Range<usize>,
    /// The `cfg`s around it, then its own.
    pub cfgs: Vec<String>,
}

impl Entry {
    /// Whether its name is text, of which much may be left out.
    pub fn is_headed(&self) -> bool {
        self.keyword == "impl" || self.is_text()
    }

    /// Whether its name is text that may be cut short: `use a::b`, `call! { … }`.
    pub fn is_text(&self) -> bool {
        ["use", "call"].contains(&self.keyword)
    }
}

/// All items of a file, each before what it holds.
pub(super) fn entries(text: &str, file: &syn::File) -> Vec<Entry> {
    let cfgs = file.attrs.iter().filter_map(|attribute| {
        let range = attribute.span().byte_range();
        let inside = text[range].trim_start_matches("#![");
        Some(collapsed(inside.strip_prefix("cfg(")?.strip_suffix(")]")?))
    });
    let mut indexer = Indexer { text, cfgs: cfgs.collect(), entries: Vec::new(), scope: Vec::new(), qualifier: None };
    indexer.visit_file(file);
    indexer.entries
}

struct Indexer<'a> {
    text: &'a str,
    entries: Vec<Entry>,
    scope: Vec<String>,
    /// `<Type as Trait>` directly within an impl, with the modules around it.
    qualifier: Option<String>,
    cfgs: Vec<String>,
}

/// What makes an item: its keyword, its grammar, and where its name stands.
type Head = (&'static str, Grammar, Range<usize>);

impl Indexer<'_> {
    /// Notes an item, then looks at what it holds.
    fn add(&mut self, node: &impl Spanned, (keyword, grammar, name_span): Head, inner: impl FnOnce(&mut Self)) {
        let name = collapsed(self.text[name_span.clone()].trim_end().trim_end_matches([',', ';']));
        // `const _` has no name to be asked for by.
        let Some(shape) = Shape::of(node, self.text).filter(|_| name != "_") else { return inner(self) };
        let (outer_cfgs, outer_scope) = (self.cfgs.len(), self.scope.len());
        self.cfgs.extend(shape.cfgs());
        let scope = self.scope.join("::");
        let path = joined(&scope, &name);
        let qualifier = self.qualifier.take();
        let names = match keyword {
            "impl" | "use" | "call" | "variant" => vec![path],
            _ => {
                let qualified = qualifier.as_ref().map(|qualifier| format!("{qualifier}::{name}"));
                let told = format!("{keyword} {path}");
                [path].into_iter().chain(qualified).chain([told]).collect()
            }
        };
        let cfgs = self.cfgs.clone();
        let entry = Entry { keyword, grammar, scope, names, shape, name_span, cfgs };
        self.scope.extend((!entry.is_headed()).then_some(name));
        self.entries.push(entry);
        inner(self);
        self.scope.truncate(outer_scope);
        self.cfgs.truncate(outer_cfgs);
        self.qualifier = qualifier;
    }

    fn implementation(&mut self, item: &ItemImpl) {
        let head = item.impl_token.span().byte_range().start..item.brace_token.span.open().byte_range().start;
        let source = |span: proc_macro2::Span| collapsed(&self.text[span.byte_range()]);
        let ty = source(item.self_ty.span());
        let of = item.trait_.as_ref().map(|(of, _)| format!(" as {}", source(of.span())));
        let qualifier = joined(&self.scope.join("::"), &format!("<{ty}{}>", of.unwrap_or_default()));
        let name = type_name(&item.self_ty).unwrap_or(ty);
        self.add(item, ("impl", Grammar::Item, head), |indexer| {
            indexer.scope.push(name);
            indexer.qualifier = Some(qualifier);
            visit::visit_item_impl(indexer, item);
        });
    }

    /// An item-position macro: `cfg_client! { … }` holds items.
    fn invocation(&mut self, item: &Item, call: &ItemMacro) {
        let Some(shape) = Shape::of(call, self.text) else { return };
        let held = syn::parse2::<syn::File>(call.mac.tokens.clone()).ok();
        self.add(item, ("call", Grammar::Item, shape.start..shape.range.end), |indexer| {
            held.iter().flat_map(|file| &file.items).for_each(|item| indexer.visit_item(item));
        });
    }
}

fn joined(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.to_owned() } else { format!("{scope}::{name}") }
}

fn type_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        Type::Reference(reference) => type_name(&reference.elem),
        _ => None,
    }
}

impl<'ast> Visit<'ast> for Indexer<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let (keyword, ident) = match item {
            Item::Const(i) => ("const", &i.ident),
            Item::Enum(i) => ("enum", &i.ident),
            Item::Fn(i) => ("fn", &i.sig.ident),
            Item::Mod(i) => ("mod", &i.ident),
            Item::Static(i) => ("static", &i.ident),
            Item::Struct(i) => ("struct", &i.ident),
            Item::Trait(i) => ("trait", &i.ident),
            Item::TraitAlias(i) => ("trait", &i.ident),
            Item::Type(i) => ("type", &i.ident),
            Item::Union(i) => ("union", &i.ident),
            Item::Impl(i) => return self.implementation(i),
            Item::Use(i) => {
                let text = i.use_token.span().byte_range().start..i.semi_token.span().byte_range().start;
                return self.add(item, ("use", Grammar::Item, text), |_| ());
            }
            Item::Macro(i) => match &i.ident {
                Some(ident) => ("macro_rules!", ident),
                None => return self.invocation(item, i),
            },
            _ => return visit::visit_item(self, item),
        };
        let head = (keyword, Grammar::Item, ident.span().byte_range());
        self.add(item, head, |indexer| visit::visit_item(indexer, item));
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let (keyword, ident) = match item {
            ImplItem::Const(i) => ("const", &i.ident),
            ImplItem::Fn(i) => ("fn", &i.sig.ident),
            ImplItem::Type(i) => ("type", &i.ident),
            _ => return,
        };
        let head = (keyword, Grammar::ImplItem, ident.span().byte_range());
        self.add(item, head, |indexer| visit::visit_impl_item(indexer, item));
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        let (keyword, ident) = match item {
            TraitItem::Const(i) => ("const", &i.ident),
            TraitItem::Fn(i) => ("fn", &i.sig.ident),
            TraitItem::Type(i) => ("type", &i.ident),
            _ => return,
        };
        let head = (keyword, Grammar::TraitItem, ident.span().byte_range());
        self.add(item, head, |indexer| visit::visit_trait_item(indexer, item));
    }

    fn visit_variant(&mut self, variant: &'ast Variant) {
        let head = ("variant", Grammar::Variant, variant.ident.span().byte_range());
        self.add(variant, head, |indexer| visit::visit_variant(indexer, variant));
    }

    /// A `use` within a function is a part of it, no item of the file.
    fn visit_stmt(&mut self, stmt: &'ast Stmt) {
        if !matches!(stmt, Stmt::Item(Item::Use(_))) {
            visit::visit_stmt(self, stmt);
        }
    }
}
