//! Where an expression begins and ends, without printing it: syn's own `span()` turns the whole tree below back into tokens.

use proc_macro2::Span as TokenSpan;
use syn::spanned::Spanned;
use syn::{Expr, Pat};

use super::spans::Spans;
use crate::source::Span;

/// How far down the first and the last token are looked for.
const EDGE_DEPTH: usize = 2_000;

pub fn of(spans: &Spans, expr: &Expr) -> Span {
    spans.between(first(expr), last(expr))
}

fn first(expr: &Expr) -> TokenSpan {
    let mut at = expr;
    for _ in 0..EDGE_DEPTH {
        at = match at {
            Expr::Assign(e) => &e.left,
            Expr::Await(e) => &e.base,
            Expr::Binary(e) => &e.left,
            Expr::Call(e) => &e.func,
            Expr::Cast(e) => &e.expr,
            Expr::Field(e) => &e.base,
            Expr::Group(e) => &e.expr,
            Expr::Index(e) => &e.expr,
            Expr::MethodCall(e) => &e.receiver,
            Expr::Try(e) => &e.expr,
            Expr::Range(e) => match &e.start {
                Some(start) => start,
                None => return limits(&e.limits),
            },
            Expr::Array(e) => return e.bracket_token.span.open(),
            Expr::Async(e) => return e.async_token.span,
            Expr::Block(e) => return e.block.brace_token.span.open(),
            Expr::Closure(e) => return e.capture.as_ref().map_or(e.inputs_begin.span, |capture| capture.span),
            Expr::ForLoop(e) => return e.for_token.span,
            Expr::If(e) => return e.if_token.span,
            Expr::Let(e) => return e.let_token.span,
            Expr::Lit(e) => return e.lit.span(),
            Expr::Loop(e) => return e.loop_token.span,
            Expr::Macro(e) => return path_first(&e.mac.path),
            Expr::Match(e) => return e.match_token.span,
            Expr::Paren(e) => return e.paren_token.span.open(),
            Expr::Path(e) => return e.qself.as_ref().map_or_else(|| path_first(&e.path), |qself| qself.lt_token.span),
            Expr::Reference(e) => return e.and_token.span,
            Expr::Repeat(e) => return e.bracket_token.span.open(),
            Expr::Return(e) => return e.return_token.span,
            Expr::Struct(e) => return path_first(&e.path),
            Expr::Tuple(e) => return e.paren_token.span.open(),
            Expr::Unary(e) => return e.op.span(),
            Expr::Unsafe(e) => return e.unsafe_token.span,
            Expr::While(e) => return e.while_token.span,
            Expr::Break(e) => return e.break_token.span,
            Expr::Continue(e) => return e.continue_token.span,
            Expr::Const(e) => return e.const_token.span,
            Expr::Infer(e) => return e.underscore_token.span,
            _ => return at.span(),
        };
    }
    TokenSpan::call_site()
}

fn last(expr: &Expr) -> TokenSpan {
    let mut at = expr;
    for _ in 0..EDGE_DEPTH {
        at = match at {
            Expr::Assign(e) => &e.right,
            Expr::Binary(e) => &e.right,
            Expr::Closure(e) => &e.body,
            Expr::Group(e) => &e.expr,
            Expr::Let(e) => &e.expr,
            Expr::Reference(e) => &e.expr,
            Expr::Unary(e) => &e.expr,
            Expr::Return(e) => match &e.expr {
                Some(value) => value,
                None => return e.return_token.span,
            },
            Expr::Break(e) => match &e.expr {
                Some(value) => value,
                None => return e.label.as_ref().map_or(e.break_token.span, |label| label.ident.span()),
            },
            Expr::Range(e) => match &e.end {
                Some(end) => end,
                None => return limits(&e.limits),
            },
            Expr::If(e) => match &e.else_branch {
                Some((_, other)) => other,
                None => return e.then_branch.brace_token.span.close(),
            },
            Expr::Array(e) => return e.bracket_token.span.close(),
            Expr::Async(e) => return e.block.brace_token.span.close(),
            Expr::Await(e) => return e.await_token.span,
            Expr::Block(e) => return e.block.brace_token.span.close(),
            Expr::Call(e) => return e.paren_token.span.close(),
            Expr::Cast(e) => return e.ty.span(),
            Expr::Field(e) => {
                return match &e.member {
                    syn::Member::Named(name) => name.span(),
                    syn::Member::Unnamed(index) => index.span,
                };
            }
            Expr::ForLoop(e) => return e.body.brace_token.span.close(),
            Expr::Index(e) => return e.bracket_token.span.close(),
            Expr::Lit(e) => return e.lit.span(),
            Expr::Loop(e) => return e.body.brace_token.span.close(),
            Expr::Macro(e) => return delimiter_close(&e.mac.delimiter),
            Expr::Match(e) => return e.brace_token.span.close(),
            Expr::MethodCall(e) => return e.paren_token.span.close(),
            Expr::Paren(e) => return e.paren_token.span.close(),
            Expr::Path(e) => return e.path.segments.last().map_or_else(TokenSpan::call_site, segment_last),
            Expr::Repeat(e) => return e.bracket_token.span.close(),
            Expr::Struct(e) => return e.brace_token.span.close(),
            Expr::Try(e) => return e.question_token.span,
            Expr::Tuple(e) => return e.paren_token.span.close(),
            Expr::Unsafe(e) => return e.block.brace_token.span.close(),
            Expr::While(e) => return e.body.brace_token.span.close(),
            Expr::Continue(e) => return e.continue_token.span,
            Expr::Const(e) => return e.block.brace_token.span.close(),
            Expr::Infer(e) => return e.underscore_token.span,
            _ => {
                let span = at.span();
                return span;
            }
        };
    }
    TokenSpan::call_site()
}

pub fn delimiter_close(delimiter: &syn::MacroDelimiter) -> TokenSpan {
    match delimiter {
        syn::MacroDelimiter::Paren(token) => token.span.close(),
        syn::MacroDelimiter::Brace(token) => token.span.close(),
        syn::MacroDelimiter::Bracket(token) => token.span.close(),
    }
}

fn segment_last(segment: &syn::PathSegment) -> TokenSpan {
    match &segment.arguments {
        syn::PathArguments::None => segment.ident.span(),
        syn::PathArguments::AngleBracketed(args) => args.gt_token.span,
        syn::PathArguments::Parenthesized(args) => args.paren_token.span.close(),
    }
}

fn path_first(path: &syn::Path) -> TokenSpan {
    path.segments.first().map_or_else(TokenSpan::call_site, |segment| segment.ident.span())
}

fn limits(limits: &syn::RangeLimits) -> TokenSpan {
    match limits {
        syn::RangeLimits::HalfOpen(token) => token.spans[0],
        syn::RangeLimits::Closed(token) => token.spans[0],
    }
}

/// Patterns are small: printing one costs little.
pub fn of_pattern(spans: &Spans, pat: &Pat) -> Span {
    match pat {
        Pat::Ident(ident) => spans.of(ident.ident.span()),
        Pat::Wild(wild) => spans.of(wild.underscore_token.span),
        _ => spans.of(pat.span()),
    }
}
