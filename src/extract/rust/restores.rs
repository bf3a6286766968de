//! Putting a lost key back in Rust: the entry of `json!`, or the field of the struct, as it stood at base.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Arm, Block, ExprClosure, Field, ImplItemFn, Item, ItemFn, Macro, PatIdent, UseName, UseRename};

use super::parse;
use super::spans::Spans;
use crate::extract::remedy::{Remedy, Wanted, text_at, unquoted};
use crate::extract::restore::{self, Entry, Holder, Scopes, Side, Style};
use crate::source::{SourceText, Span};

/// How deep the groups of a macro are looked into.
const MOST_GROUPS: usize = 40;

pub(super) fn restore(wanted: &Wanted<'_>, name: &str) -> Option<Remedy> {
    restore::restore(wanted, name, find)
}

/// The holder at a place: the one that stands there, is called so, or has a key there.
fn find(source: &SourceText, place: Span) -> Option<Side<'_>> {
    let parsed = parse::parse(source.text());
    let mut finder = Finder { source, place, spans: &parsed.spans, found: None, scopes: Scopes::default(), used: Vec::new() };
    parsed.items.iter().for_each(|item| finder.visit_item(item));
    Some(Side::new(source, place, finder.found?, finder.scopes, finder.used))
}

struct Finder<'s> {
    source: &'s SourceText,
    place: Span,
    spans: &'s Spans,
    found: Option<(Holder, bool)>,
    scopes: Scopes,
    used: Vec<(Span, String)>,
}

impl Finder<'_> {
    fn within(&mut self, scope: proc_macro2::Span, walk: impl FnOnce(&mut Self)) {
        let scope = self.spans.of(scope);
        self.scopes.enter(scope);
        walk(self);
        self.scopes.leave();
    }

    /// The objects in the tokens of a macro.
    fn objects(&mut self, tokens: TokenStream, depth: usize) {
        if depth == 0 {
            return;
        }
        for token in tokens {
            let TokenTree::Group(group) = token else { continue };
            if group.delimiter() == Delimiter::Brace && self.found.is_none() {
                let entries = self.entries(&group);
                let whole = self.spans.of(group.span());
                if whole == self.place || entries.iter().any(|entry| entry.at == self.place) {
                    let inside = Span { start: whole.start + 1, end: whole.end.saturating_sub(1).max(whole.start + 1) };
                    self.found = Some((Holder { inside, entries, style: Style::Commas { pad: " " } }, true));
                }
            }
            self.objects(group.stream(), depth - 1);
        }
    }

    /// `key: value` between commas, and the names that the values use.
    fn entries(&mut self, group: &Group) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut parts: Vec<Vec<TokenTree>> = vec![Vec::new()];
        for token in group.stream() {
            match &token {
                TokenTree::Punct(mark) if mark.as_char() == ',' => parts.push(Vec::new()),
                _ => parts.last_mut().expect("it starts with one").push(token),
            }
        }
        for part in parts {
            let (Some(first), Some(last)) = (part.first(), part.last()) else { continue };
            let colon = part.iter().position(|token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ':'));
            let Some(colon) = colon else { continue };
            let at = self.spans.of(first.span());
            let key = text_at(self.source, at).and_then(unquoted).unwrap_or_default().to_owned();
            entries.push(Entry { key, at, whole: self.spans.between(first.span(), last.span()) });
            self.names(&part[colon + 1..], MOST_GROUPS);
        }
        entries
    }

    /// The names of values in a piece of code: no members, no keys, no macros.
    fn names(&mut self, tokens: &[TokenTree], depth: usize) {
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Ident(name) => {
                    let mark = |token: Option<&TokenTree>, wanted: char| matches!(token, Some(TokenTree::Punct(mark)) if mark.as_char() == wanted);
                    let member = at > 0 && mark(tokens.get(at - 1), '.');
                    if !member && !mark(tokens.get(at + 1), '!') {
                        self.used.push((self.spans.of(name.span()), name.to_string()));
                    }
                }
                TokenTree::Group(group) if depth > 0 => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    self.names(&inner, depth - 1);
                }
                TokenTree::Group(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    fn fields<'f>(&mut self, name: proc_macro2::Span, whole: proc_macro2::Span, fields: impl Iterator<Item = &'f Field>) {
        let entries: Vec<Entry> = fields
            .filter_map(|field| {
                let ident = field.ident.as_ref()?;
                let whole = self.spans.of(field.span());
                // With its attributes and comments, which stand before it.
                let start = field.attrs.first().map_or(whole.start, |first| self.spans.of(first.span()).start.min(whole.start));
                Some(Entry {
                    key: ident.to_string(),
                    at: self.spans.of(ident.span()),
                    whole: Span { start, end: self.spans.of(field.ty.span()).end },
                })
            })
            .collect();
        let known = self.spans.of(name) == self.place || entries.iter().any(|entry| entry.at == self.place);
        if self.found.is_none() && known {
            self.found = Some((Holder { inside: self.spans.of(whole), entries, style: Style::Commas { pad: " " } }, false));
        }
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let name = match item {
            Item::Fn(item) => Some(&item.sig.ident),
            Item::Const(item) => Some(&item.ident),
            Item::Static(item) => Some(&item.ident),
            Item::Struct(item) => Some(&item.ident),
            Item::Enum(item) => Some(&item.ident),
            Item::Type(item) => Some(&item.ident),
            Item::Mod(item) => Some(&item.ident),
            _ => None,
        };
        if let Some(name) = name {
            self.scopes.bind(&name.to_string());
        }
        match item {
            Item::Struct(item) => self.fields(item.ident.span(), item.fields.span(), item.fields.iter()),
            Item::Enum(item) => {
                for variant in &item.variants {
                    self.fields(variant.ident.span(), variant.fields.span(), variant.fields.iter());
                }
            }
            _ => {}
        }
        syn::visit::visit_item(self, item);
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.within(item.span(), |this| syn::visit::visit_item_fn(this, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.within(item.span(), |this| syn::visit::visit_impl_item_fn(this, item));
    }

    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        self.within(closure.span(), |this| syn::visit::visit_expr_closure(this, closure));
    }

    fn visit_block(&mut self, block: &'ast Block) {
        self.within(block.span(), |this| syn::visit::visit_block(this, block));
    }

    fn visit_arm(&mut self, arm: &'ast Arm) {
        self.within(arm.span(), |this| syn::visit::visit_arm(this, arm));
    }

    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        self.scopes.bind(&pattern.ident.to_string());
        syn::visit::visit_pat_ident(self, pattern);
    }

    fn visit_use_name(&mut self, name: &'ast UseName) {
        self.scopes.bind(&name.ident.to_string());
    }

    fn visit_use_rename(&mut self, name: &'ast UseRename) {
        self.scopes.bind(&name.rename.to_string());
    }

    fn visit_macro(&mut self, made: &'ast Macro) {
        self.objects(made.tokens.clone(), MOST_GROUPS);
        syn::visit::visit_macro(self, made);
    }
}
