//! Patterns: the variables that they bind, what each is a part of, and the reads that taking apart is.

use syn::{Member, Pat};

use super::body::is_constant_name;
use super::extent;
use super::items::Lowering;
use super::types::{plain, segments};
use crate::facts::{Expr, ExprKind, Read, Step, TypeExpr, TypeKind, TypeRef};
use crate::shape::Presence;

/// How deep a pattern is taken apart.
const PATTERN_DEPTH: usize = 32;

impl Lowering<'_> {
    /// Binds the names of a pattern to the parts of a value that they take.
    pub fn bind(&mut self, pat: &Pat, value: Option<Expr>, ty: Option<TypeExpr>, refutable: bool) {
        let value = match (pat, value) {
            // `let (a, b) = (x, y)` takes each from its place; other patterns repeat the value for each name.
            (Pat::Ident(_) | Pat::Wild(_) | Pat::Tuple(_), value) => value,
            (_, Some(value)) => Some(self.shared(value)),
            (_, None) => None,
        };
        self.bind_at(pat, value, ty, refutable, PATTERN_DEPTH);
    }

    fn bind_at(&mut self, pat: &Pat, value: Option<Expr>, ty: Option<TypeExpr>, refutable: bool, depth: usize) {
        if depth == 0 {
            return;
        }
        let down = depth - 1;
        match pat {
            Pat::Ident(ident) => {
                let name = plain(&ident.ident);
                // A lone capital name is a constant or a unit variant, not a variable.
                if ident.subpat.is_none() && is_constant_name(&name) {
                    return;
                }
                let span = self.spans.of(ident.ident.span());
                self.variable(&name, value.clone(), ty.clone(), span);
                if let Some((_, inner)) = &ident.subpat {
                    self.bind_at(inner, value, ty, refutable, down);
                }
            }
            Pat::Paren(inner) => self.bind_at(&inner.pat, value, ty, refutable, down),
            Pat::Reference(inner) => self.bind_at(&inner.pat, value, ty, refutable, down),
            Pat::Guard(inner) => self.bind_at(&inner.pat, value, ty, refutable, down),
            Pat::Type(typed) => self.bind_at(&typed.pat, value, ty, refutable, down),
            Pat::Or(or) => {
                // All cases bind the same names; the first one says where they come from.
                if let Some(first) = or.cases.first() {
                    self.bind_at(first, value, ty, refutable, down);
                }
            }
            Pat::Tuple(tuple) => {
                let value = value.map(|value| match value.kind {
                    ExprKind::Array(_) => value,
                    _ => self.shared(value),
                });
                let types: Vec<TypeExpr> = match ty.map(|ty| ty.kind) {
                    Some(TypeKind::Tuple { items, .. }) => items,
                    _ => Vec::new(),
                };
                for (at, elem) in tuple.elems.iter().enumerate() {
                    // A tuple of values taken apart at once: `let (a, b) = (x, y)`.
                    let part = value.as_ref().map(|value| match &value.kind {
                        ExprKind::Array(items) if at < items.len() => items[at].clone(),
                        _ => Expr::new(ExprKind::Member(Box::new(value.clone()), at.to_string().into()), value.span),
                    });
                    self.bind_at(elem, part, types.get(at).cloned(), refutable, down);
                }
            }
            Pat::Slice(slice) => {
                for elem in &slice.elems {
                    let part = value.as_ref().map(|value| Expr::new(ExprKind::Element(Box::new(value.clone())), value.span));
                    self.bind_at(elem, part, None, refutable, down);
                }
            }
            Pat::TupleStruct(found) => self.bind_tuple_struct(found, value, ty, refutable, down),
            Pat::Struct(found) => self.bind_struct(found, value, refutable, down),
            _ => {}
        }
    }

    fn bind_tuple_struct(
        &mut self,
        found: &syn::PatTupleStruct,
        value: Option<Expr>,
        ty: Option<TypeExpr>,
        refutable: bool,
        depth: usize,
    ) {
        let path = self.own_path(segments(&found.path));
        let last = path.last().cloned().unwrap_or_default();
        match last.as_str() {
            "Some" | "Ok" => {
                let ty = ty.map(|ty| match ty.kind {
                    // What is left of `T` or null once it is there.
                    TypeKind::Union(branches) if branches.len() == 2 && branches[1].kind == TypeKind::Null => branches[0].clone(),
                    kind => TypeExpr::new(kind, ty.span),
                });
                if let Some(inner) = found.elems.first() {
                    self.bind_at(inner, value, ty, refutable, depth);
                }
            }
            "Err" => {
                for inner in &found.elems {
                    let span = extent::of_pattern(self.spans, inner);
                    self.bind_at(inner, Some(Expr::unknown("an error", span)), None, refutable, depth);
                }
            }
            _ => {
                // `extract::Json(body): extract::Json<Order>`: the type itself is taken apart, and not a variant of an enum.
                let (arguments, is_whole) = match ty.map(|ty| ty.kind) {
                    Some(TypeKind::Ref(TypeRef { path: of, args })) => (args, path.len() == 1 || of == path),
                    _ => (Vec::new(), path.len() == 1),
                };
                for (at, inner) in found.elems.iter().enumerate() {
                    let part = value.as_ref().map(|value| {
                        // Which variant it is decides the type of its parts; a wrapper like `Json(body)` is known by its annotation.
                        let typed = if !is_whole || refutable {
                            let ty = TypeExpr::new(TypeKind::Ref(TypeRef { path: path.clone(), args: Vec::new() }), value.span);
                            Expr::new(ExprKind::Typed(Box::new(value.clone()), Box::new(ty)), value.span)
                        } else {
                            value.clone()
                        };
                        Expr::new(ExprKind::Member(Box::new(typed), at.to_string().into()), value.span)
                    });
                    let ty = if found.elems.len() == 1 && is_whole { arguments.first().cloned() } else { None };
                    self.bind_at(inner, part, ty, refutable, depth);
                }
            }
        }
    }

    fn bind_struct(&mut self, found: &syn::PatStruct, value: Option<Expr>, refutable: bool, depth: usize) {
        let path = self.own_path(segments(&found.path));
        let typed = value.map(|value| {
            let span = value.span;
            let ty = TypeExpr::new(TypeKind::Ref(TypeRef { path, args: Vec::new() }), span);
            Expr::new(ExprKind::Typed(Box::new(value), Box::new(ty)), span)
        });
        for field in &found.fields {
            let (name, at) = match &field.member {
                Member::Named(name) => (plain(name), self.spans.of(name.span())),
                Member::Unnamed(index) => (index.index.to_string().into(), self.spans.of(index.span)),
            };
            let part = typed.as_ref().map(|value| Expr::new(ExprKind::Member(Box::new(value.clone()), name.clone()), at));
            if let Some(base) = &typed {
                let presence = if super::exprs::tests_option(&field.pat) { Presence::Optional } else { Presence::Required };
                let compared = super::body::pattern_literals(&field.pat);
                let has_default = refutable && !compared.is_empty();
                if !matches!(field.pat.as_ref(), Pat::Wild(_)) {
                    let path = vec![Step::Key { name: name.clone(), presence, span: at }];
                    self.push_read(Read { base: base.clone(), path, ty: None, compared, has_default, span: at });
                }
            }
            self.bind_at(&field.pat, part, None, refutable, depth);
        }
    }
}
