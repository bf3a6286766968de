//! What an enum's own functions call its variants: `fn as_str(&self)`, `Display`, `From<Event> for &str`, strum.

use syn::{Arm, Block, Expr, ExprLit, ImplItem, ItemImpl, Lit, Meta, Pat, Stmt};

use super::attrs::{last_segment, metas, nested, text_of};
use super::spans::Spans;
use super::types::plain;
use crate::facts::Name;
use crate::shape::wire_name::Casing;
use crate::source::Span;

/// A function that gives one constant text for each variant.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// The method by which it is called: `to_string` for `Display`, `into` for `From`.
    pub function: Name,
    /// Variant, text, and where the text stands.
    pub entries: Vec<(Name, Name, Span)>,
}

impl Mapping {
    pub fn covers(&self, variants: &[Name]) -> bool {
        !variants.is_empty() && variants.iter().all(|name| self.entries.iter().any(|(variant, _, _)| variant == name))
    }
}

/// The mappings that an impl holds.
pub fn mappings(item: &ItemImpl, spans: &Spans) -> Vec<Mapping> {
    let implemented = item.trait_.as_ref().and_then(|(path, _)| path.segments.last()).map(|segment| plain(&segment.ident));
    let mut out = Vec::new();
    for member in &item.items {
        let ImplItem::Fn(method) = member else { continue };
        let name = plain(&method.sig.ident);
        let function = match (implemented.as_deref(), name.as_str()) {
            (Some("Display"), "fmt") => "to_string".to_owned(),
            (Some("From"), _) => continue,
            (_, _) if method.sig.inputs.len() == 1 => name.into(),
            _ => continue,
        };
        if let Some(entries) = match_on_self(&method.block, spans)
            && !entries.is_empty()
        {
            out.push(Mapping { function: function.into(), entries });
        }
    }
    out
}

/// The arms of a body that is one `match self { … }` with a text in each arm, or one call around it: `f.write_str(match …)`.
fn match_on_self(block: &Block, spans: &Spans) -> Option<Vec<(Name, Name, Span)>> {
    let found = match block.stmts.as_slice() {
        [Stmt::Expr(expr, _)] => find_match(expr, 0)?,
        // `let text = match self { … }; write!(f, "{text}")`
        [Stmt::Local(local), _] => find_match(&local.init.as_ref()?.expr, 0)?,
        _ => return None,
    };
    let mut out = Vec::new();
    for arm in &found.arms {
        let (text, span) = arm_text(arm, spans)?;
        variants_of(&arm.pat, &mut |name| out.push((name, text.clone(), span)))?;
    }
    Some(out)
}

fn find_match(expr: &Expr, depth: usize) -> Option<syn::ExprMatch> {
    if depth > 8 {
        return None;
    }
    match expr {
        Expr::Match(found) => is_self(&found.expr).then(|| found.clone()),
        Expr::MethodCall(call) if call.args.len() == 1 => find_match(call.args.first()?, depth + 1),
        Expr::MethodCall(call) if call.args.is_empty() => find_match(&call.receiver, depth + 1),
        Expr::Call(call) if call.args.len() == 1 => find_match(call.args.first()?, depth + 1),
        Expr::Reference(inner) => find_match(&inner.expr, depth + 1),
        Expr::Paren(inner) => find_match(&inner.expr, depth + 1),
        Expr::Return(inner) => find_match(inner.expr.as_ref()?, depth + 1),
        // `write!(f, "{}", match self { … })`
        Expr::Macro(mac) if mac.mac.path.segments.last().is_some_and(|segment| segment.ident == "write") => {
            match super::macros::expressions(mac.mac.tokens.clone())?.as_slice() {
                [_, Expr::Lit(ExprLit { lit: Lit::Str(format), .. }), value] if format.value() == "{}" => {
                    find_match(value, depth + 1)
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn is_self(expr: &Expr) -> bool {
    match expr {
        Expr::Path(path) => path.path.is_ident("self"),
        Expr::Unary(inner) => is_self(&inner.expr),
        Expr::Reference(inner) => is_self(&inner.expr),
        Expr::Paren(inner) => is_self(&inner.expr),
        _ => false,
    }
}

/// The names of the variants that a pattern lets pass; `None` for another kind of pattern.
fn variants_of(pat: &Pat, push: &mut impl FnMut(Name)) -> Option<()> {
    match pat {
        Pat::Path(path) => push(plain(&path.path.segments.last()?.ident)),
        Pat::Ident(ident) if ident.subpat.is_none() && plain(&ident.ident).starts_with(char::is_uppercase) => {
            push(plain(&ident.ident));
        }
        Pat::TupleStruct(found) => push(plain(&found.path.segments.last()?.ident)),
        Pat::Struct(found) => push(plain(&found.path.segments.last()?.ident)),
        Pat::Or(found) => {
            for case in &found.cases {
                variants_of(case, push)?;
            }
        }
        Pat::Reference(found) => variants_of(&found.pat, push)?,
        Pat::Paren(found) => variants_of(&found.pat, push)?,
        _ => return None,
    }
    Some(())
}

fn arm_text(arm: &Arm, spans: &Spans) -> Option<(Name, Span)> {
    text(&arm.body, spans, 0)
}

fn text(expr: &Expr, spans: &Spans, depth: usize) -> Option<(Name, Span)> {
    if depth > 8 {
        return None;
    }
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some((text.value().into(), spans.of(text.span()))),
        Expr::Block(block) => match block.block.stmts.as_slice() {
            [Stmt::Expr(expr, None)] => text(expr, spans, depth + 1),
            _ => None,
        },
        Expr::Paren(inner) => text(&inner.expr, spans, depth + 1),
        Expr::Reference(inner) => text(&inner.expr, spans, depth + 1),
        // `"a".to_owned()`, `"a".into()`
        Expr::MethodCall(call) if call.args.is_empty() => text(&call.receiver, spans, depth + 1),
        // `f.write_str("a")`, `serializer.serialize_str("a")`
        Expr::MethodCall(call) if call.args.len() == 1 => text(call.args.first()?, spans, depth + 1),
        // `String::from("a")`, `Some("a")`
        Expr::Call(call) if call.args.len() == 1 => text(call.args.first()?, spans, depth + 1),
        // `write!(f, "a")`
        Expr::Macro(mac) if mac.mac.path.segments.last().is_some_and(|segment| segment.ident == "write") => {
            let args = super::macros::expressions(mac.mac.tokens.clone())?;
            match args.as_slice() {
                [_, Expr::Lit(ExprLit { lit: Lit::Str(text), .. })] if !text.value().contains(['{', '}']) => {
                    Some((text.value().into(), spans.of(text.span())))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether a hand-written `Serialize` writes a text in every case.
pub fn hand_written(item: &ItemImpl) -> Option<()> {
    let method = item.items.iter().find_map(|member| match member {
        ImplItem::Fn(method) if method.sig.ident == "serialize" => Some(method),
        _ => None,
    })?;
    match method.block.stmts.last()? {
        Stmt::Expr(Expr::MethodCall(call), None) => {
            matches!(plain(&call.method).as_str(), "serialize_str" | "collect_str").then_some(())
        }
        _ => None,
    }
}

/// The texts that strum's derives give.
pub fn strum(item: &syn::ItemEnum, container: &[Meta], derives: &[Name], spans: &Spans) -> Vec<Mapping> {
    let functions: Vec<&str> = derives
        .iter()
        .filter_map(|name| match name.as_str() {
            "Display" | "ToString" => Some("to_string"),
            "AsRefStr" => Some("as_ref"),
            "IntoStaticStr" => Some("into"),
            _ => None,
        })
        .collect();
    let displays = |metas: &[Meta]| metas.iter().any(|meta| meta.path().is_ident("display"));
    if functions.is_empty() || displays(container) || item.variants.iter().any(|variant| displays(&metas(&variant.attrs))) {
        // `#[display(…)]` belongs to another crate's derive, whose formats are not constants.
        return Vec::new();
    }
    let settings = |metas: &[Meta]| -> Vec<Meta> {
        metas
            .iter()
            .filter_map(|meta| match meta {
                Meta::List(list) if list.path.is_ident("strum") => nested(list),
                Meta::List(_) | Meta::Path(_) | Meta::NameValue(_) => None,
            })
            .flatten()
            .collect()
    };
    let own = settings(container);
    // `derive(Display)` is also derive_more's; only strum's takes settings of this name, and both write the bare name without.
    let casing = own.iter().find(|meta| last_segment(meta) == "serialize_all").and_then(text_of);
    let casing = casing.and_then(|text| strum_casing(&text.value()));
    let prefix = own.iter().find(|meta| last_segment(meta) == "prefix").and_then(text_of).map(|text| text.value());
    let mut entries = Vec::new();
    for variant in &item.variants {
        let settings = settings(&metas(&variant.attrs));
        let find = |name: &str| {
            settings.iter().filter(|meta| last_segment(meta) == name).filter_map(text_of).max_by_key(|text| text.value().len())
        };
        let name = plain(&variant.ident);
        let span = spans.of(variant.ident.span());
        let (text, span) = match find("to_string").or_else(|| find("serialize")) {
            Some(text) => (text.value(), spans.of(text.span())),
            None => (casing.map_or_else(|| name.to_string(), |casing| strum_name(casing, &name).into()), span),
        };
        entries.push((name, format!("{}{text}", prefix.as_deref().unwrap_or_default()).into(), span));
    }
    functions.into_iter().map(|function| Mapping { function: function.into(), entries: entries.clone() }).collect()
}

/// strum has serde's conventions and older spellings of its own.
fn strum_casing(name: &str) -> Option<Casing> {
    Casing::from_serde(name).or(match name {
        "mixed_case" | "camel_case" => Some(Casing::Camel),
        "title_case" => None,
        "shouty_snake_case" | "shouty_snek_case" => Some(Casing::ScreamingSnake),
        "kebab_case" => Some(Casing::Kebab),
        "pascal_case" => Some(Casing::Pascal),
        _ => None,
    })
}

/// strum splits words where heck does: `HTTPError2` is `http_error2`, where serde's convention has `h_t_t_p_error2`.
fn strum_name(casing: Casing, variant: &str) -> Name {
    let letters: Vec<char> = variant.chars().collect();
    let mut words: Vec<Name> = Vec::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| letters[at]);
        let starts = match before {
            None => true,
            Some(before) => {
                letter.is_uppercase() && (!before.is_uppercase() || letters.get(at + 1).is_some_and(|after| after.is_lowercase()))
            }
        };
        match words.last_mut() {
            Some(word) if !starts => word.extend(letter.to_lowercase()),
            Some(_) | None => words.push(letter.to_lowercase().collect()),
        }
    }
    match casing {
        Casing::Lower => variant.to_lowercase().into(),
        Casing::Upper => variant.to_uppercase().into(),
        Casing::Pascal | Casing::Camel | Casing::Snake | Casing::ScreamingSnake | Casing::Kebab | Casing::ScreamingKebab => {
            casing.apply_to_field(&words.join("_")).into()
        }
    }
}
