//! Macros whose arguments are code: `json!`, `format!`, `vec!`, `select!`, and any other that takes expressions.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr as Syntax, Ident, Item, Pat, Token, Type, Visibility};

use super::items::Lowering;
use super::types::{plain, segments};
use crate::facts::{CallKind, Completion, Enclosing, Expr, ExprKind, Guard, Literal, Name, TypeExpr, TypeKind, ValueMember};
use crate::source::Span;

/// How deep `json!` is followed.
const JSON_DEPTH: usize = 64;

/// Comma-separated expressions, if that is what the tokens are.
pub fn expressions(tokens: TokenStream) -> Option<Vec<Syntax>> {
    let parsed = Punctuated::<Syntax, Token![,]>::parse_terminated.parse2(tokens).ok()?;
    Some(parsed.into_iter().collect())
}

/// The subject and the pattern of `matches!(…)`.
pub fn matches(tokens: TokenStream) -> Option<(Syntax, Pat)> {
    let parse = |input: ParseStream<'_>| {
        let subject: Syntax = input.parse()?;
        input.parse::<Token![,]>()?;
        let pat = Pat::parse_multi_with_leading_vert(input)?;
        // A guard after the pattern narrows it; the constants stay.
        input.parse::<TokenStream>()?;
        Ok((subject, pat))
    };
    parse.parse2(tokens).ok()
}

/// Arguments of an attribute: `"/path"`, `topic = "orders"`.
pub fn attribute_arguments(tokens: TokenStream) -> Vec<(Option<Name>, Syntax)> {
    let mut out = Vec::new();
    for argument in split(tokens, ',') {
        let name = match argument.as_slice() {
            [TokenTree::Ident(name), TokenTree::Punct(equals), ..] if equals.as_char() == '=' && argument.len() > 2 => {
                Some(Name::from(name.to_string()))
            }
            _ => None,
        };
        let skip = if name.is_some() { 2 } else { 0 };
        if let Ok(value) = syn::parse2::<Syntax>(argument[skip..].iter().cloned().collect()) {
            out.push((name, value));
        }
    }
    out
}

/// The statics of `lazy_static!` and `thread_local!`.
pub fn statics(tokens: TokenStream) -> Vec<(Ident, Type, Syntax, Visibility)> {
    let mut out = Vec::new();
    for item in split(tokens, ';') {
        let parse = |input: ParseStream<'_>| {
            syn::Attribute::parse_outer(input)?;
            let vis: Visibility = input.parse()?;
            input.parse::<Token![static]>()?;
            input.parse::<Option<Token![ref]>>()?;
            let ident: Ident = input.parse()?;
            input.parse::<Token![:]>()?;
            let ty: Type = input.parse()?;
            input.parse::<Token![=]>()?;
            let value: Syntax = input.parse()?;
            Ok((ident, ty, value, vis))
        };
        out.extend(parse.parse2(item.into_iter().collect()));
    }
    out
}

/// The bodies of `cfg_if! { if #[cfg(…)] { … } else { … } }`.
pub fn conditional_items(tokens: TokenStream) -> Vec<Vec<Item>> {
    tokens
        .into_iter()
        .filter_map(|token| match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                syn::parse2::<syn::File>(group.stream()).ok().map(|file| file.items)
            }
            _ => None,
        })
        .collect()
}

/// Token runs between separators, outside of brackets.
fn split(tokens: TokenStream, separator: char) -> Vec<Vec<TokenTree>> {
    let mut out = Vec::new();
    let mut run = Vec::new();
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == separator => out.push(std::mem::take(&mut run)),
            _ => run.push(token),
        }
    }
    out.push(run);
    out.retain(|run| !run.is_empty());
    out
}

impl Lowering<'_> {
    pub fn macro_call(&mut self, mac: &syn::Macro) -> Expr {
        let first = mac.path.segments.first().map_or_else(proc_macro2::Span::call_site, |segment| segment.ident.span());
        let span = self.spans.between(first, super::extent::delimiter_close(&mac.delimiter));
        let name = mac.path.segments.last().map(|segment| plain(&segment.ident)).unwrap_or_default();
        let tokens = mac.tokens.clone();
        if super::exprs::is_log_macro(mac) {
            // What is logged crosses no boundary and needs no key.
            return Expr::new(ExprKind::Literal(Literal::Null), span);
        }
        match name.as_str() {
            "json" | "json_internal" => {
                let tokens: Vec<TokenTree> = tokens.into_iter().collect();
                return self.json(&tokens, span, JSON_DEPTH);
            }
            "format" | "format_args" | "concat" | "concatcp" | "formatcp" | "format_compact" => {
                return self.template(tokens, span);
            }
            "vec" | "smallvec" | "arrayvec" | "hashset" | "btreeset" => {
                if let Some(items) = expressions(tokens.clone()) {
                    let items = items.iter().map(|item| self.expr(item)).collect();
                    return Expr::new(ExprKind::Array(items), span);
                }
                if let Some(run) = split(tokens, ';').into_iter().next()
                    && let Ok(item) = syn::parse2::<Syntax>(run.into_iter().collect())
                {
                    let item = self.expr(&item);
                    return Expr::new(ExprKind::ListOf(Box::new(item)), span);
                }
            }
            "hashmap" | "btreemap" | "indexmap" | "map" => {
                if let Some(object) = self.map_literal(tokens.clone(), span) {
                    return object;
                }
            }
            "dbg" | "ready" | "pin" => {
                if let Some(values) = expressions(tokens)
                    && let [value] = values.as_slice()
                {
                    return self.expr(value);
                }
                return Expr::unknown(self.source(span), span);
            }
            "matches" => {
                if let Some((subject, pat)) = matches(tokens) {
                    let mut place = self.place(&subject);
                    if super::exprs::tests_option(&pat) {
                        place.optional();
                    }
                    place.compare(super::body::pattern_literals(&pat), true);
                    self.finish(place);
                }
                return Expr::new(ExprKind::OfType(Box::new(TypeExpr::new(TypeKind::Boolean, span))), span);
            }
            "bail" | "panic" | "unreachable" | "todo" | "unimplemented" | "anyhow" | "eyre" | "compile_error" => {
                return Expr::unknown(self.source(span), span);
            }
            // A test says with these what it expects.
            "assert" | "assert_eq" | "assert_ne" => {
                self.other_macro(mac, span);
                return Expr::new(ExprKind::Literal(Literal::Null), span);
            }
            "env" | "option_env" | "stringify" | "file" | "line" | "module_path" | "include_str" | "include_bytes" => {
                // The file that is taken in may be a payload that a test states.
                if name.starts_with("include") {
                    self.other_macro(mac, span);
                }
                return Expr::new(ExprKind::OfType(Box::new(TypeExpr::new(TypeKind::String(Default::default()), span))), span);
            }
            "join" | "try_join" => {
                let futures = expressions(tokens).unwrap_or_default();
                let values = futures
                    .iter()
                    .map(|future| {
                        let value = self.expr(future);
                        self.complete(&value, &Completion::Awaited);
                        value
                    })
                    .collect();
                return Expr::new(ExprKind::Array(values), span);
            }
            "select" | "select_biased" => {
                self.select(tokens, span);
                return Expr::unknown("one of several futures", span);
            }
            "write" | "writeln" | "debug_assert" | "debug_assert_eq" | "ensure" => {
                for value in expressions(tokens).unwrap_or_default() {
                    self.expr(&value);
                }
                return Expr::new(ExprKind::Literal(Literal::Null), span);
            }
            _ => {}
        }
        self.other_macro(mac, span)
    }

    /// A macro that is not known: its arguments where they are expressions, its statements where it is a block.
    fn other_macro(&mut self, mac: &syn::Macro, span: Span) -> Expr {
        let mut args = Vec::new();
        if let Some(values) = expressions(mac.tokens.clone()) {
            for value in &values {
                // `emit!(bus, topic = "orders", payload)`
                match value {
                    Syntax::Assign(assign) => {
                        let name = match assign.left.as_ref() {
                            Syntax::Path(path) => path.path.get_ident().map(plain),
                            _ => None,
                        };
                        let value = self.expr(&assign.right);
                        args.push(crate::facts::Argument { name, value, spread: false });
                    }
                    value => {
                        let value = self.expr(value);
                        args.push(crate::facts::Argument { name: None, value, spread: false });
                    }
                }
            }
        } else if let Ok(statements) = syn::Block::parse_within.parse2(mac.tokens.clone()) {
            self.inline(|this| this.statements(&statements));
        }
        let callee = Expr::new(ExprKind::Name(segments(&mac.path)), self.name_span(&mac.path));
        self.push_call(callee, args, Vec::new(), CallKind::Macro, span)
    }

    fn tokens_span(&self, tokens: &[TokenTree], otherwise: Span) -> Span {
        match (tokens.first(), tokens.last()) {
            (Some(first), Some(last)) => self.spans.between(first.span(), last.span()),
            (None, _) | (_, None) => otherwise,
        }
    }

    /// The value that `json!` makes of these tokens.
    fn json(&mut self, tokens: &[TokenTree], otherwise: Span, depth: usize) -> Expr {
        let span = self.tokens_span(tokens, otherwise);
        if depth == 0 {
            return Expr::unknown("nested too deep", span);
        }
        match tokens {
            [TokenTree::Group(group)] if group.delimiter() == Delimiter::Brace => {
                let entries = split(group.stream(), ',');
                let members = entries.iter().filter_map(|entry| self.json_entry(entry, depth)).collect();
                Expr::new(ExprKind::Object(members), span)
            }
            [TokenTree::Group(group)] if group.delimiter() == Delimiter::Bracket => {
                let items = split(group.stream(), ',').iter().map(|item| self.json(item, span, depth - 1)).collect();
                Expr::new(ExprKind::Array(items), span)
            }
            [TokenTree::Ident(word)] if word == "null" => Expr::new(ExprKind::Literal(Literal::Null), span),
            _ => match syn::parse2::<Syntax>(tokens.iter().cloned().collect()) {
                Ok(value) => self.expr(&value),
                Err(_) => Expr::unknown(self.source(span), span),
            },
        }
    }

    fn json_entry(&mut self, entry: &[TokenTree], depth: usize) -> Option<ValueMember> {
        let colon = entry.iter().enumerate().position(|(at, token)| is_lone_colon(entry, at, token))?;
        let key = match &entry[..colon] {
            [TokenTree::Group(group)] if group.delimiter() == Delimiter::Parenthesis => {
                syn::parse2::<Syntax>(group.stream()).ok().map(|key| self.expr(&key))
            }
            tokens => syn::parse2::<Syntax>(tokens.iter().cloned().collect()).ok().map(|key| self.expr(&key)),
        };
        let key = key.unwrap_or_else(|| Expr::unknown("a key", self.tokens_span(&entry[..colon], Span::default())));
        let span = key.span;
        let value = self.json(&entry[colon + 1..], span, depth - 1);
        Some(ValueMember::Entry { key, value, conditional: false })
    }

    /// `{ "a" => 1, "b" => 2 }` of maplit and others.
    fn map_literal(&mut self, tokens: TokenStream, span: Span) -> Option<Expr> {
        let mut members = Vec::new();
        for entry in split(tokens, ',') {
            let arrow = entry.windows(2).position(
                |pair| matches!(pair, [TokenTree::Punct(a), TokenTree::Punct(b)] if a.as_char() == '=' && b.as_char() == '>'),
            )?;
            let key = syn::parse2::<Syntax>(entry[..arrow].iter().cloned().collect()).ok()?;
            let value = syn::parse2::<Syntax>(entry[arrow + 2..].iter().cloned().collect()).ok()?;
            let (key, value) = (self.expr(&key), self.expr(&value));
            members.push(ValueMember::Entry { key, value, conditional: false });
        }
        Some(Expr::new(ExprKind::Object(members), span))
    }

    /// `format!` and `concat!`: the texts and values in their order.
    fn template(&mut self, tokens: TokenStream, span: Span) -> Expr {
        let Some(args) = expressions(tokens) else { return Expr::unknown(self.source(span), span) };
        let Some((first, rest)) = args.split_first() else { return Expr::text("", span) };
        let Some(format) = super::attrs::literal(first) else {
            let parts = args.iter().map(|arg| self.expr(arg)).collect();
            return Expr::new(ExprKind::Template(parts), span);
        };
        let format_text = format.value();
        let mut named: Vec<(Name, Expr)> = Vec::new();
        let mut positional: Vec<Expr> = Vec::new();
        for arg in rest {
            match arg {
                Syntax::Assign(assign) => {
                    let value = self.expr(&assign.right);
                    if let Syntax::Path(path) = assign.left.as_ref()
                        && let Some(name) = path.path.get_ident()
                    {
                        named.push((plain(name), value));
                    }
                }
                other => {
                    let value = self.expr(other);
                    positional.push(value);
                }
            }
        }
        // `concat!("a", "b")` has no placeholders but further parts.
        let pieces = placeholders(&format_text);
        let uses = pieces.iter().any(|piece| matches!(piece, Piece::Hole(_)));
        let mut parts = Vec::new();
        let mut next = 0;
        for piece in pieces {
            match piece {
                Piece::Text(text) => parts.push(Expr::text(text, span)),
                Piece::Hole(name) => {
                    let value = if name.is_empty() {
                        next += 1;
                        positional.get(next - 1).cloned()
                    } else if let Ok(at) = name.parse::<usize>() {
                        positional.get(at).cloned()
                    } else {
                        let found = named.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
                        found.or_else(|| {
                            let kind = self.lookup(&name).unwrap_or_else(|| ExprKind::Name(vec![name.clone()]));
                            Some(Expr::new(kind, span))
                        })
                    };
                    parts.push(value.unwrap_or_else(|| Expr::unknown("a missing argument", span)));
                }
            }
        }
        if !uses {
            parts.extend(positional);
        }
        match parts.len() {
            0 => Expr::text("", span),
            1 if matches!(parts[0].kind, ExprKind::Literal(Literal::Text(_))) => parts.remove(0),
            _ => Expr::new(ExprKind::Template(parts), span),
        }
    }

    /// `select! { value = future => body, … }`: every branch is lowered as one of several.
    fn select(&mut self, tokens: TokenStream, span: Span) {
        let parse = |input: ParseStream<'_>| {
            let mut branches = Vec::new();
            while !input.is_empty() {
                if input.peek(Ident) && input.peek2(Token![;]) {
                    input.parse::<Ident>()?;
                    input.parse::<Token![;]>()?;
                    continue;
                }
                let fork_else = input.peek(Token![else]);
                let head = if fork_else {
                    input.parse::<Token![else]>()?;
                    None
                } else if input.peek(Ident) && (input.peek2(Token![=>])) {
                    // `complete => …`, `default => …` of the futures crate.
                    input.parse::<Ident>()?;
                    None
                } else {
                    let pat = Pat::parse_multi_with_leading_vert(input)?;
                    input.parse::<Token![=]>()?;
                    let future: Syntax = input.parse()?;
                    if input.peek(Token![,]) {
                        input.parse::<Token![,]>()?;
                        input.parse::<Token![if]>()?;
                        input.parse::<Syntax>()?;
                    }
                    Some((pat, future))
                };
                input.parse::<Token![=>]>()?;
                let body: Syntax = if input.peek(syn::token::Brace) {
                    let block: syn::Block = input.parse()?;
                    Syntax::Block(syn::ExprBlock { attrs: Vec::new(), label: None, block })
                } else {
                    input.parse()?
                };
                input.parse::<Option<Token![,]>>()?;
                branches.push((head, body));
            }
            Ok(branches)
        };
        let Ok(branches) = parse.parse2(tokens) else { return };
        for (head, body) in branches {
            let value = head.as_ref().map(|(_, future)| {
                let value = self.expr(future);
                self.complete(&value, &Completion::Awaited);
                match value.kind {
                    ExprKind::Call(_) => Expr::new(ExprKind::Await(Box::new(value.clone())), value.span),
                    _ => value,
                }
            });
            let guard = Guard {
                source: self.source(span),
                subject: None,
                values: Vec::new(),
                negated: false,
                span,
                otherwise: false,
                raises: false,
            };
            self.within(Enclosing::Branch(guard.into()), |this| {
                if let Some((pat, _)) = &head {
                    this.bind(pat, value, None, true);
                }
                let result = this.expr(&body);
                this.complete(&result, &Completion::Floating);
            });
        }
    }
}

/// A `:` that is not half of `::`.
fn is_lone_colon(tokens: &[TokenTree], at: usize, token: &TokenTree) -> bool {
    let is_colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    let joint = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':' && punct.spacing() == proc_macro2::Spacing::Joint);
    let before = at.checked_sub(1).and_then(|at| tokens.get(at));
    is_colon(Some(token)) && !(joint(Some(token)) && is_colon(tokens.get(at + 1))) && !joint(before)
}

enum Piece {
    Text(Name),
    /// The name or number of an argument; empty for the next one.
    Hole(Name),
}

/// The texts and placeholders of a format string.
fn placeholders(format: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut text = Name::default();
    let mut letters = format.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '{' | '}' if letters.peek() == Some(&letter) => {
                letters.next();
                text.push(letter);
            }
            '{' => {
                if !text.is_empty() {
                    out.push(Piece::Text(std::mem::take(&mut text)));
                }
                let mut name = Name::default();
                for letter in letters.by_ref() {
                    if letter == '}' {
                        break;
                    }
                    name.push(letter);
                }
                let name = name.split(':').next().unwrap_or_default().trim().to_owned();
                out.push(Piece::Hole(name.into()));
            }
            other => text.push(other),
        }
    }
    if !text.is_empty() {
        out.push(Piece::Text(text));
    }
    out
}
