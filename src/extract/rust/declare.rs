//! Structs and enums, as serde writes and reads them.

use syn::{Expr, ExprLit, ExprUnary, Field, Fields, FieldsNamed, Lit, LitStr, Meta, Type, UnOp, Variant};

use super::attrs::{DefaultValue, Serde, Sided, metas};
use super::types::{TypeContext, first_argument, peeled, plain, segments};
use crate::facts::{
    Additional, FieldExpr, Literal, Name, ObjectExpr, ObjectMember, Role, TypeExpr, TypeKind, TypeOp, TypeRef, rust_types,
};
use crate::shape::Presence;
use crate::source::Span;

/// What a container says about its fields.
#[derive(Clone, Copy)]
pub struct Container<'a> {
    pub serde: &'a Serde,
    /// The convention for these fields: the container's own, or that of a variant.
    pub fields: &'a Sided<super::attrs::Convention>,
    /// `#[skip_serializing_none]` of serde_with.
    pub skip_none: bool,
}

/// One container, lowered for one side.
pub struct Declaration<'a> {
    pub types: TypeContext<'a>,
    pub metas: &'a [Meta],
    pub serde: &'a Serde,
    pub derives: &'a [Name],
    pub name: Name,
    pub span: Span,
}

impl Declaration<'_> {
    fn role(&self) -> Role {
        self.types.role
    }

    /// What stands in the type's place on the wire, if not its own fields: `into`, `from`, a serializer by name.
    fn replaced(&self) -> Option<TypeExpr> {
        if let Some(path) = self.serde.through.get(self.role()) {
            return Some(match path.parse::<Type>() {
                Ok(ty) => self.types.lower(&ty),
                Err(_) => TypeExpr::unknown(format!("`{}` is not a type", path.value()), self.span),
            });
        }
        let by_text = match self.role() {
            Role::Producer => "SerializeDisplay",
            Role::Consumer => "DeserializeFromStr",
        };
        self.derives.iter().any(|name| name == by_text).then(|| TypeExpr::new(TypeKind::String(Default::default()), self.span))
    }

    pub fn structure(&self, fields: &Fields) -> TypeExpr {
        if let Some(ty) = self.replaced() {
            return ty;
        }
        let container = Container {
            serde: self.serde,
            fields: &self.serde.rename_all,
            skip_none: self.metas.iter().any(|meta| super::attrs::last_segment(meta) == "skip_serializing_none"),
        };
        if self.serde.transparent
            && let Some(field) = self.transparent_field(fields)
        {
            return field;
        }
        match fields {
            Fields::Named(named) => {
                let mut object = self.object(named, container);
                // The tag of a struct is written, and nobody looks at it when reading.
                if let (Some(tag), Role::Producer) = (&self.serde.tag, self.role()) {
                    let name = self.serde.rename.get(self.role()).cloned().unwrap_or_else(|| self.name.clone());
                    object.members.insert(0, self.constant_field(tag, &[name], self.span));
                }
                TypeExpr::new(TypeKind::Object(object), self.span)
            }
            Fields::Unnamed(_) | Fields::Unit => self.positional(fields, self.span),
        }
    }

    fn transparent_field(&self, fields: &Fields) -> Option<TypeExpr> {
        fields.iter().find_map(|field| {
            let serde = Serde::of(&metas(&field.attrs));
            if serde.skip.get(self.role()).is_some() || is_phantom(&field.ty) {
                return None;
            }
            Some(self.field_type(&field.ty, &serde, self.span))
        })
    }

    /// A unit, newtype or tuple.
    fn positional(&self, fields: &Fields, span: Span) -> TypeExpr {
        let all: Vec<&Field> = fields.iter().collect();
        let kept: Vec<TypeExpr> = all
            .iter()
            .filter_map(|field| {
                let serde = Serde::of(&metas(&field.attrs));
                serde.skip.get(self.role()).is_none().then(|| self.field_type(&field.ty, &serde, span))
            })
            .collect();
        match (fields, all.len(), kept.len()) {
            (Fields::Unit, _, _) => TypeExpr::new(TypeKind::Null, span),
            (_, 1, 1) => kept.into_iter().next().expect("one field was kept"),
            _ => TypeExpr::new(TypeKind::Tuple { items: kept, rest: None }, span),
        }
    }

    fn object(&self, fields: &FieldsNamed, container: Container<'_>) -> ObjectExpr {
        let members = fields.named.iter().filter_map(|field| self.field(field, container)).collect();
        ObjectExpr { members, additional: self.additional(container.serde) }
    }

    fn additional(&self, serde: &Serde) -> Additional {
        match self.role() {
            Role::Consumer if serde.deny_unknown_fields => Additional::Closed,
            Role::Consumer | Role::Producer => Additional::Silent,
        }
    }

    fn field(&self, field: &Field, container: Container<'_>) -> Option<ObjectMember> {
        let ident = field.ident.as_ref()?;
        let serde = Serde::of(&metas(&field.attrs));
        let span = self.types.spans.of(ident.span());
        if serde.skip.get(self.role()).is_some() {
            return None;
        }
        let option = self.option_argument(&field.ty);
        let skip_if = serde.skip_if.as_deref().or((container.skip_none && option.is_some()).then_some("Option::is_none"));
        let custom = serde.with.get(self.role()).is_some();
        if serde.flatten {
            let ty = match option {
                // A flattened option that is `None` writes none of the keys and reads as `None` where one is missing.
                Some(inner) => {
                    let inner = self.types.lower(inner);
                    TypeExpr::new(TypeKind::Apply(TypeOp::Partial, vec![inner]), span)
                }
                None => self.field_type(&field.ty, &serde, span),
            };
            return Some(ObjectMember::Spread(ty));
        }
        let source = plain(ident);
        let (name, cause) = self.wire_name(&source, &serde, container);
        let ty = match (self.role(), skip_if, option) {
            (Role::Producer, Some(predicate), Some(inner)) if predicate.ends_with("Option::is_none") && !custom => {
                self.field_type(inner, &without_option(&serde), span)
            }
            _ => self.field_type(&field.ty, &serde, span),
        };
        let defaulted = serde.default.is_some() || container.serde.default.is_some();
        let is_option = option.is_some() || self.names_option(&field.ty);
        let presence = match self.role() {
            Role::Producer if skip_if.is_some() => Presence::Optional,
            Role::Producer => Presence::Required,
            // A deserializer by name is not asked about a missing field, not even of an option.
            Role::Consumer if defaulted || (is_option && !custom) => Presence::Optional,
            Role::Consumer => Presence::Required,
        };
        let (aliases, default) = match self.role() {
            Role::Producer => (Vec::new(), None),
            Role::Consumer => (
                serde.aliases.clone(),
                match serde.default {
                    Some(DefaultValue::OfType) => rust_types::default_literal(&ty.kind),
                    Some(DefaultValue::Function) | None => None,
                },
            ),
        };
        let source = (source != name).then_some(source);
        Some(ObjectMember::Field(FieldExpr { name, aliases, ty, presence, default, source, span, cause }))
    }

    fn wire_name(&self, source: &str, serde: &Serde, container: Container<'_>) -> (Name, Option<Span>) {
        if let Some(name) = serde.rename.get(self.role()) {
            return (name.clone(), None);
        }
        match container.fields.get(self.role()) {
            Some((Some(casing), span)) => {
                let name = casing.apply_to_field(source);
                let cause = (name != source).then(|| self.types.spans.of(*span));
                (name.into(), cause)
            }
            Some((None, _)) | None => (source.into(), None),
        }
    }

    /// The type inside of an option, with boxes around it looked through.
    fn option_argument<'t>(&self, ty: &'t Type) -> Option<&'t Type> {
        let Type::Path(path) = peeled(ty) else { return None };
        let written = segments(&path.path);
        let full = self.types.names.expand(self.types.scope, &written)?;
        match full.last().map(Name::as_str)? {
            "Option" if full.len() == 1 || full[0] == "std" || full[0] == "core" => first_argument(&path.path),
            "Box" | "Rc" | "Arc" if full.len() == 1 || full[0] == "std" => self.option_argument(first_argument(&path.path)?),
            _ => None,
        }
    }

    fn names_option(&self, ty: &Type) -> bool {
        match peeled(ty) {
            Type::Path(path) => self.types.names.is_optional_alias(self.types.scope, &segments(&path.path)),
            _ => false,
        }
    }

    fn field_type(&self, ty: &Type, serde: &Serde, span: Span) -> TypeExpr {
        if let Some(at) = serde.unreadable {
            return TypeExpr::unknown("a serde attribute that is not understood", self.types.spans.of(at));
        }
        if let Some(path) = serde.with.get(self.role()) {
            return self.with(path, span);
        }
        if let Some(adapter) = serde.adapter.get(self.role()) {
            return match adapter.parse::<Type>() {
                Ok(adapter) => self.adapted(&adapter, Some(ty), span),
                Err(_) => TypeExpr::unknown(format!("`serde_as({})` is not understood", adapter.value()), span),
            };
        }
        self.types.lower(ty)
    }

    fn with(&self, path: &str, span: Span) -> TypeExpr {
        let written: Vec<Name> = path.split("::").map(|part| part.trim().into()).collect();
        if let Some(full) = self.types.names.expand(self.types.scope, &written) {
            let words: Vec<&str> = full.iter().map(Name::as_str).collect();
            if let Some(kind) = rust_types::known_with(&words, span) {
                return TypeExpr::new(kind, span);
            }
        }
        // `with` may name a type that stands in for a foreign one; types are written with a capital, modules are not.
        let is_type = written.last().is_some_and(|last| last.starts_with(char::is_uppercase));
        if is_type || self.types.names.is_remote(self.types.scope, &written) {
            return TypeExpr::new(TypeKind::Ref(TypeRef { path: written, args: Vec::new() }), span);
        }
        let verb = match self.role() {
            Role::Producer => "written",
            Role::Consumer => "read",
        };
        TypeExpr::unknown(format!("{verb} by `{path}`"), span)
    }

    /// The form that an adapter of serde_with gives to a type.
    fn adapted(&self, adapter: &Type, ty: Option<&Type>, span: Span) -> TypeExpr {
        let own = || match ty {
            Some(ty) => self.types.lower(ty),
            None => TypeExpr::unknown("an adapter without a type", span),
        };
        let Type::Path(path) = peeled(adapter) else {
            return match peeled(adapter) {
                Type::Infer(_) => own(),
                _ => TypeExpr::unknown("an adapter in a form that is not read", span),
            };
        };
        let name = path.path.segments.last().map(|segment| plain(&segment.ident)).unwrap_or_default();
        let inner: Vec<&Type> = match ty.map(peeled) {
            Some(Type::Path(path)) => super::types::arguments(&path.path).collect(),
            _ => Vec::new(),
        };
        let args: Vec<TypeExpr> = super::types::arguments(&path.path)
            .enumerate()
            .map(|(at, arg)| self.adapted(arg, inner.get(at).copied(), span))
            .collect();
        match name.as_str() {
            "Same" => own(),
            "Option" => TypeExpr::new(rust_types::option(&args, span), span),
            "FromInto" | "TryFromInto" | "FromIntoRef" | "TryFromIntoRef" => first_argument(&path.path)
                .map_or_else(|| TypeExpr::unknown("an adapter without a type", span), |target| self.types.lower(target)),
            "DefaultOnNull" | "DefaultOnError" => match self.role() {
                Role::Producer => args.into_iter().next().unwrap_or_else(own),
                Role::Consumer => {
                    let inner = args.into_iter().next().unwrap_or_else(own);
                    TypeExpr::new(rust_types::option(&[inner], span), span)
                }
            },
            "NoneAsEmptyString" => TypeExpr::new(TypeKind::String(Default::default()), span),
            _ if name.starts_with("Timestamp") || name.starts_with("Duration") => {
                let stated = super::types::arguments(&path.path).next().map(|arg| self.types.lower(arg));
                match (stated, rust_types::known_adapter(&name, span)) {
                    (Some(TypeExpr { kind: kind @ (TypeKind::String(_) | TypeKind::Number(_)), .. }), _) | (_, Some(kind)) => {
                        TypeExpr::new(kind, span)
                    }
                    _ => TypeExpr::unknown(format!("written by the adapter `{name}`"), span),
                }
            }
            _ => {
                if let Some(kind) = rust_types::known_adapter(&name, span) {
                    return TypeExpr::new(kind, span);
                }
                let written = segments(&path.path);
                let full = self.types.names.expand(self.types.scope, &written);
                let words: Vec<&str> = full.iter().flat_map(|full| full.iter()).map(Name::as_str).collect();
                match rust_types::known(&words, &args, self.role(), span) {
                    Some(kind) if !words.is_empty() => TypeExpr::new(kind, span),
                    _ => TypeExpr::unknown(format!("written by the adapter `{name}`"), span),
                }
            }
        }
    }

    fn constant_field(&self, key: &str, names: &[Name], span: Span) -> ObjectMember {
        ObjectMember::Field(rust_types::field(key, constants(names, span), span))
    }

    /// Every variant that this side knows, with the form of its values.
    pub fn variants<'v>(&self, variants: impl Iterator<Item = &'v Variant>) -> Vec<(&'v Variant, TypeExpr)> {
        let mut kept = Vec::new();
        let mut known = Vec::new();
        for variant in variants {
            let serde = Serde::of(&metas(&variant.attrs));
            if serde.skip.get(self.role()).is_none() {
                known.extend(self.variant_names(variant, &serde));
                kept.push((variant, serde));
            }
        }
        kept.into_iter().map(|(variant, serde)| (variant, self.variant(variant, &serde, &known))).collect()
    }

    pub fn enumeration<'v>(&self, variants: impl Iterator<Item = &'v Variant> + Clone) -> TypeExpr {
        if let Some(ty) = self.replaced() {
            return ty;
        }
        let numbered = match self.role() {
            Role::Producer => "Serialize_repr",
            Role::Consumer => "Deserialize_repr",
        };
        if self.derives.iter().any(|name| name == numbered) {
            return TypeExpr::new(TypeKind::Union(self.discriminants(variants)), self.span);
        }
        let branches: Vec<TypeExpr> = self.variants(variants).into_iter().map(|(_, ty)| ty).collect();
        match branches.len() {
            0 => TypeExpr::new(TypeKind::Never, self.span),
            1 => branches.into_iter().next().expect("there is one"),
            _ => TypeExpr::new(TypeKind::Union(branches), self.span),
        }
    }

    /// `serde_repr` writes numbers.
    fn discriminants<'v>(&self, variants: impl Iterator<Item = &'v Variant>) -> Vec<TypeExpr> {
        let mut next = Some(0i128);
        let mut out = Vec::new();
        for variant in variants {
            if let Some((_, value)) = &variant.discriminant {
                next = integer(value);
            }
            let span = self.types.spans.of(variant.ident.span());
            out.push(match next {
                Some(number) => TypeExpr::new(TypeKind::Const(Literal::Number(number.to_string().into())), span),
                None => TypeExpr::new(TypeKind::Integer(Default::default()), span),
            });
            next = next.and_then(|number| number.checked_add(1));
        }
        out
    }

    /// The wire name of a variant, and further names that a reader takes.
    pub fn variant_names(&self, variant: &Variant, serde: &Serde) -> Vec<Name> {
        let source = plain(&variant.ident);
        let own = match (serde.rename.get(self.role()), self.serde.rename_all.get(self.role())) {
            (Some(name), _) => name.clone(),
            (None, Some((Some(casing), _))) => casing.apply_to_variant(&source).into(),
            (None, Some((None, _)) | None) => source,
        };
        let mut names = vec![own];
        if self.role() == Role::Consumer {
            names.extend(serde.aliases.iter().cloned());
        }
        names
    }

    /// `known` holds the names of all variants, which one that is read for all other names leaves out.
    fn variant(&self, variant: &Variant, serde: &Serde, known: &[Name]) -> TypeExpr {
        let span = self.types.spans.of(variant.ident.span());
        let names = self.variant_names(variant, serde);
        if let Some(at) = serde.unreadable {
            return TypeExpr::unknown("a serde attribute that is not understood", self.types.spans.of(at));
        }
        let convention = match serde.rename_all.get(self.role()) {
            Some(_) => &serde.rename_all,
            None => &self.serde.rename_all_fields,
        };
        // What `default` and `deny_unknown_fields` say of a variant's fields is said on the enum.
        let container = Container { serde: self.serde, fields: convention, skip_none: false };
        let with = serde.with.get(self.role()).map(|path| self.with(path, span));
        let content = || {
            with.clone().unwrap_or_else(|| match &variant.fields {
                Fields::Named(named) => TypeExpr::new(TypeKind::Object(self.object(named, container)), span),
                Fields::Unnamed(_) | Fields::Unit => self.positional(&variant.fields, span),
            })
        };
        let is_unit = matches!(variant.fields, Fields::Unit) && with.is_none();
        if self.serde.untagged || serde.untagged {
            return content();
        }
        let catches_all = serde.other && self.role() == Role::Consumer;
        let tag_type = if catches_all {
            let others: Vec<Name> = known.iter().filter(|name| !names.contains(name)).cloned().collect();
            match rust_types::text_other_than(&others) {
                Some(shape) => TypeExpr::new(TypeKind::String(shape.into()), span),
                None => TypeExpr::unknown("any name that no other variant has", span),
            }
        } else {
            constants(&names, span)
        };
        let object = |members, additional| TypeExpr::new(TypeKind::Object(ObjectExpr { members, additional }), span);
        match (&self.serde.tag, &self.serde.content) {
            (None, _) if is_unit => tag_type,
            (None, _) => {
                let mut field = rust_types::field(&names[0], content(), span);
                field.aliases = names[1..].to_vec();
                object(vec![ObjectMember::Field(field)], Additional::Closed)
            }
            (Some(tag), None) => {
                let tag = ObjectMember::Field(rust_types::field(tag, tag_type, span));
                match &variant.fields {
                    Fields::Named(named) if with.is_none() => {
                        let mut inner = self.object(named, container);
                        inner.members.insert(0, tag);
                        TypeExpr::new(TypeKind::Object(inner), span)
                    }
                    Fields::Unit if with.is_none() => object(vec![tag], Additional::Silent),
                    Fields::Named(_) | Fields::Unnamed(_) | Fields::Unit => {
                        object(vec![tag, ObjectMember::Spread(content())], self.additional(self.serde))
                    }
                }
            }
            (Some(tag), Some(key)) => {
                let mut members = vec![ObjectMember::Field(rust_types::field(tag, tag_type, span))];
                if !is_unit {
                    members.push(ObjectMember::Field(rust_types::field(key, content(), span)));
                }
                object(members, self.additional(self.serde))
            }
        }
    }
}

/// The adapter and settings for what is inside of an option, once the option itself is known to be there.
fn without_option(serde: &Serde) -> Serde {
    let mut inner = serde.clone();
    if let Some(adapter) = &serde.adapter.write
        && let Ok(Type::Path(path)) = adapter.parse::<Type>()
        && path.path.segments.last().is_some_and(|segment| segment.ident == "Option")
        && let Some(argument) = adapter.value().split_once('<').and_then(|(_, rest)| rest.rsplit_once('>'))
    {
        inner.adapter.write = Some(LitStr::new(argument.0, adapter.span()));
    }
    inner
}

fn is_phantom(ty: &Type) -> bool {
    match peeled(ty) {
        Type::Path(path) => path.path.segments.last().is_some_and(|segment| segment.ident == "PhantomData"),
        _ => false,
    }
}

/// One text, or any of several.
pub fn constants(names: &[Name], span: Span) -> TypeExpr {
    let mut texts: Vec<TypeExpr> =
        names.iter().map(|name| TypeExpr::new(TypeKind::Const(Literal::Text(name.clone())), span)).collect();
    match texts.len() {
        1 => texts.remove(0),
        _ => TypeExpr::new(TypeKind::Union(texts), span),
    }
}

fn integer(expr: &Expr) -> Option<i128> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => number.base10_parse().ok(),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => integer(expr)?.checked_neg(),
        Expr::Paren(inner) => integer(&inner.expr),
        Expr::Group(inner) => integer(&inner.expr),
        Expr::Cast(cast) => integer(&cast.expr),
        _ => None,
    }
}
