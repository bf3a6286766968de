//! Types as they are written, to type expressions in wire form.

use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, GenericArgument, GenericParam, Generics, Lit, PathArguments, Token, Type, TypeParamBound};

use super::names::Names;
use super::spans::Spans;
use crate::facts::types::TypeParam;
use crate::facts::{Name, Role, TypeExpr, TypeKind, TypeRef, rust_types};
use crate::source::Span;

/// How deep a type is read; below it is a hole.
const TYPE_DEPTH: usize = 48;

/// What a type is read against.
#[derive(Clone, Copy)]
pub struct TypeContext<'a> {
    pub names: &'a Names,
    pub spans: &'a Spans,
    /// The inner module.
    pub scope: &'a [Name],
    /// The generic parameters in sight.
    pub params: &'a [Name],
    /// What `Self` means.
    pub self_type: Option<&'a TypeRef>,
    pub role: Role,
}

/// The segments of a path as written.
pub fn segments(path: &syn::Path) -> Vec<Name> {
    path.segments.iter().map(|segment| plain(&segment.ident)).collect()
}

/// An identifier without `r#`.
pub fn plain(ident: &syn::Ident) -> Name {
    let text = ident.to_string();
    match text.strip_prefix("r#") {
        Some(raw) => raw.into(),
        None => text.into(),
    }
}

/// The position of a path, without its arguments.
pub fn path_span(spans: &Spans, path: &syn::Path) -> Span {
    match (path.segments.first(), path.segments.last()) {
        (Some(first), Some(last)) => spans.between(first.ident.span(), last.ident.span()),
        (None, _) | (_, None) => Span::default(),
    }
}

/// The names of the type parameters.
pub fn type_param_names(generics: &Generics) -> Vec<Name> {
    generics
        .params
        .iter()
        .filter_map(|param| match param {
            GenericParam::Type(param) => Some(plain(&param.ident)),
            GenericParam::Lifetime(_) | GenericParam::Const(_) => None,
        })
        .collect()
}

/// The first type argument of a path's last segment.
pub fn first_argument(path: &syn::Path) -> Option<&Type> {
    arguments(path).next()
}

/// The type arguments of a path's last segment.
pub fn arguments(path: &syn::Path) -> impl Iterator<Item = &Type> {
    let args = match path.segments.last().map(|segment| &segment.arguments) {
        Some(PathArguments::AngleBracketed(args)) => Some(&args.args),
        Some(PathArguments::None | PathArguments::Parenthesized(_)) | None => None,
    };
    args.into_iter().flatten().filter_map(|arg| match arg {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// The type without references, parentheses and groups.
pub fn peeled(ty: &Type) -> &Type {
    match ty {
        Type::Reference(inner) => peeled(&inner.elem),
        Type::Paren(inner) => peeled(&inner.elem),
        Type::Group(inner) => peeled(&inner.elem),
        _ => ty,
    }
}

impl TypeContext<'_> {
    pub fn lower(&self, ty: &Type) -> TypeExpr {
        self.at(ty, 0)
    }

    fn at(&self, ty: &Type, depth: usize) -> TypeExpr {
        if depth > TYPE_DEPTH {
            return TypeExpr::unknown("this type is nested too deep", Span::default());
        }
        match ty {
            Type::Reference(inner) => self.at(&inner.elem, depth + 1),
            Type::Paren(inner) => self.at(&inner.elem, depth + 1),
            Type::Group(inner) => self.at(&inner.elem, depth + 1),
            Type::Ptr(inner) => self.at(&inner.elem, depth + 1),
            Type::Array(array) => {
                let length = match &array.len {
                    Expr::Lit(ExprLit { lit: Lit::Int(length), .. }) => length.base10_parse::<u64>().ok(),
                    _ => None,
                };
                let span = self.spans.of(array.bracket_token.span.join());
                let items = Box::new(self.at(&array.elem, depth + 1));
                TypeExpr::new(TypeKind::Array { items, min: length, max: length, unique: false }, span)
            }
            Type::Slice(slice) => {
                let span = self.spans.of(slice.bracket_token.span.join());
                let items = Box::new(self.at(&slice.elem, depth + 1));
                TypeExpr::new(TypeKind::Array { items, min: None, max: None, unique: false }, span)
            }
            Type::Tuple(tuple) => {
                let span = self.spans.of(tuple.paren_token.span.join());
                if tuple.elems.is_empty() {
                    return TypeExpr::new(TypeKind::Null, span);
                }
                let items = tuple.elems.iter().map(|item| self.at(item, depth + 1)).collect();
                TypeExpr::new(TypeKind::Tuple { items, rest: None }, span)
            }
            Type::Path(path) => match &path.qself {
                None => self.path(&path.path, depth),
                Some(qself) => {
                    let span = self.spans.between(qself.lt_token.span, qself.gt_token.span);
                    TypeExpr::unknown("an associated type", span)
                }
            },
            Type::TraitObject(object) => self
                .bound(&object.bounds, depth)
                .unwrap_or_else(|| TypeExpr::unknown("a trait object", self.bounds_span(&object.bounds))),
            Type::ImplTrait(object) => self
                .bound(&object.bounds, depth)
                .unwrap_or_else(|| TypeExpr::unknown("an `impl Trait`", self.spans.of(object.impl_token.span))),
            Type::Never(never) => TypeExpr::new(TypeKind::Never, self.spans.of(never.bang_token.span)),
            Type::Infer(infer) => TypeExpr::unknown("an inferred type", self.spans.of(infer.underscore_token.span)),
            Type::FnPtr(pointer) => TypeExpr::unknown("a function", self.spans.of(pointer.fn_token.span)),
            Type::Macro(mac) => TypeExpr::unknown("a macro in the place of a type", path_span(self.spans, &mac.mac.path)),
            _ => TypeExpr::unknown("a type in a form that is not read", Span::default()),
        }
    }

    fn bounds_span(&self, bounds: &Punctuated<TypeParamBound, Token![+]>) -> Span {
        bounds
            .iter()
            .find_map(|bound| match bound {
                TypeParamBound::Trait(bound) => Some(path_span(self.spans, &bound.path)),
                _ => None,
            })
            .unwrap_or_default()
    }

    fn path(&self, path: &syn::Path, depth: usize) -> TypeExpr {
        let span = path_span(self.spans, path);
        let mut written = segments(path);
        let parenthesized =
            path.segments.last().is_some_and(|segment| matches!(segment.arguments, PathArguments::Parenthesized(_)));
        if parenthesized {
            return TypeExpr::unknown("a function", span);
        }
        if self.params.contains(&written[0]) {
            return match written.len() {
                1 => TypeExpr::new(TypeKind::Param(written.remove(0)), span),
                _ => TypeExpr::unknown(format!("the associated type `{}`", written.join("::")), span),
            };
        }
        if written[0] == "Self" {
            return match (self.self_type, written.len()) {
                (Some(own), 1) => TypeExpr::new(TypeKind::Ref(own.clone()), span),
                _ => TypeExpr::unknown(format!("the associated type `{}`", written.join("::")), span),
            };
        }
        let args: Vec<TypeExpr> = arguments(path).map(|arg| self.at(arg, depth + 1)).collect();
        if let Some(full) = self.names.expand(self.scope, &written) {
            let words: Vec<&str> = full.iter().map(Name::as_str).collect();
            if let Some(kind) = rust_types::known(&words, &args, self.role, span) {
                return TypeExpr::new(kind, span);
            }
        }
        TypeExpr::new(TypeKind::Ref(TypeRef { path: written, args }), span)
    }

    /// What is known of a value by the traits that it has. `None` where they say nothing of it.
    pub fn bound(&self, bounds: &Punctuated<TypeParamBound, Token![+]>, depth: usize) -> Option<TypeExpr> {
        bounds.iter().find_map(|bound| match bound {
            TypeParamBound::Trait(bound) => self.trait_bound(&bound.path, depth),
            _ => None,
        })
    }

    fn trait_bound(&self, path: &syn::Path, depth: usize) -> Option<TypeExpr> {
        let span = path_span(self.spans, path);
        let last = path.segments.last()?;
        let text = || Some(TypeExpr::new(TypeKind::String(Default::default()), span));
        match plain(&last.ident).as_str() {
            "Send" | "Sync" | "Sized" | "Unpin" | "Clone" | "Copy" | "Debug" | "Default" | "Serialize" | "Deserialize"
            | "DeserializeOwned" | "PartialEq" | "Eq" | "PartialOrd" | "Ord" | "Hash" | "Any" | "Error" | "UnwindSafe"
            | "RefUnwindSafe" | "Fn" | "FnMut" | "FnOnce" | "AsyncFn" | "AsyncFnMut" | "AsyncFnOnce" | "Drop" => None,
            "Display" | "ToString" => text(),
            "Into" | "AsRef" | "Borrow" | "Deref" | "TryInto" => first_argument(path).map(|arg| self.at(arg, depth + 1)),
            "Future" | "IntoFuture" => associated(path, "Output").map(|output| self.at(output, depth + 1)),
            "Iterator" | "IntoIterator" | "Stream" | "DoubleEndedIterator" | "ExactSizeIterator" => {
                let items = self.at(associated(path, "Item")?, depth + 1);
                Some(TypeExpr::new(TypeKind::Array { items: Box::new(items), min: None, max: None, unique: false }, span))
            }
            _ => {
                let args = arguments(path).map(|arg| self.at(arg, depth + 1)).collect();
                Some(TypeExpr::new(TypeKind::Ref(TypeRef { path: segments(path), args }), span))
            }
        }
    }

    /// The type parameters of a declaration or function, with what bounds and `where` say of them.
    pub fn params_of(&self, generics: &Generics) -> Vec<TypeParam> {
        let mut out = Vec::new();
        for param in &generics.params {
            let GenericParam::Type(param) = param else { continue };
            let name = plain(&param.ident);
            let bound = self.bound(&param.bounds, 0).or_else(|| {
                generics.where_clause.iter().flat_map(|clause| &clause.predicates).find_map(|predicate| match predicate {
                    syn::WherePredicate::Type(predicate) => match peeled(&predicate.bounded_ty) {
                        Type::Path(path) if path.path.is_ident(&name) => self.bound(&predicate.bounds, 0),
                        _ => None,
                    },
                    _ => None,
                })
            });
            let default = param.default.as_ref().map(|(_, ty)| self.lower(ty));
            out.push(TypeParam { name, default, bound });
        }
        out
    }

    /// What a function gives to its caller once errors and futures are looked through. `None` for nothing.
    pub fn returned(&self, ty: &Type) -> Option<TypeExpr> {
        match peeled(ty) {
            Type::Tuple(tuple) if tuple.elems.is_empty() => None,
            Type::Path(path) if path.qself.is_none() => {
                let last = path.path.segments.last().map(|segment| plain(&segment.ident)).unwrap_or_default();
                match last.as_str() {
                    "Result" | "IoResult" | "FnResult" => first_argument(&path.path).and_then(|inner| self.returned(inner)),
                    "Pin" | "Box" | "Arc" | "BoxFuture" | "LocalBoxFuture" => {
                        first_argument(&path.path).and_then(|inner| self.returned(inner))
                    }
                    _ => Some(self.lower(ty)),
                }
            }
            Type::TraitObject(object) => match future_output(&object.bounds) {
                Some(output) => self.returned(output),
                None => Some(self.lower(ty)),
            },
            Type::ImplTrait(object) => match future_output(&object.bounds) {
                Some(output) => self.returned(output),
                None => Some(self.lower(ty)),
            },
            _ => Some(self.lower(ty)),
        }
    }

    /// The type of a parameter or an annotated variable: a result is looked through, as its success is everywhere.
    pub fn given(&self, ty: &Type) -> TypeExpr {
        match peeled(ty) {
            Type::Path(path) if path.path.segments.last().is_some_and(|segment| segment.ident == "Result") => {
                first_argument(&path.path).map_or_else(|| self.lower(ty), |inner| self.given(inner))
            }
            _ => self.lower(ty),
        }
    }

    /// The type that code calls methods of: without options and what guards or shares a value.
    pub fn member(&self, ty: &Type) -> TypeExpr {
        if let Type::Path(path) = peeled(ty)
            && let Some(last) = path.path.segments.last()
            && matches!(plain(&last.ident).as_str(), "Option" | "Arc" | "Rc" | "Box" | "Mutex" | "RwLock" | "RefCell" | "Pin")
            && let Some(inner) = first_argument(&path.path)
        {
            return self.member(inner);
        }
        self.lower(ty)
    }
}

fn associated<'t>(path: &'t syn::Path, name: &str) -> Option<&'t Type> {
    let PathArguments::AngleBracketed(args) = &path.segments.last()?.arguments else { return None };
    args.args.iter().find_map(|arg| match arg {
        GenericArgument::AssocType(found) if found.ident == name => Some(&found.ty),
        _ => None,
    })
}

fn future_output(bounds: &Punctuated<TypeParamBound, Token![+]>) -> Option<&Type> {
    bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => associated(&bound.path, "Output"),
        _ => None,
    })
}
