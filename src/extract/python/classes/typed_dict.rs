//! `TypedDict` and `NamedTuple`.

use ruff_python_ast::{Expr as Py, ExprCall, StmtClassDef};
use ruff_text_size::Ranged;

use super::Declared;
use crate::extract::python::annotations::Side;
use crate::extract::python::lower::Lower;
use crate::extract::python::models::{self, Member, Part};
use crate::extract::python::span;
use crate::facts::{
    Additional, Expr, ExprKind, FieldExpr, LocalKind, Name, ObjectExpr, ObjectMember, TypeExpr, TypeKind, TypeRef, ValueMember,
};
use crate::shape::Presence;
use crate::source::Span;

impl<'a> Lower<'a> {
    pub(super) fn typed_dict(&mut self, class: &'a StmtClassDef) -> Declared {
        let lineage = self.lineage(class, &|_| false);
        let write = self.typed_dict_side(class, &lineage, Side::Write);
        let read = self.typed_dict_side(class, &lineage, Side::Read);
        Declared { write, read: Some(read), serializable: true }
    }

    fn typed_dict_side(&mut self, class: &'a StmtClassDef, lineage: &[Part<'a>], side: Side) -> TypeExpr {
        let mut object = self.object_of(
            lineage,
            side,
            &mut |lower, member, side| {
                let total = !models::is_false(models::keyword(member.owner.keywords(), "total"));
                lower.key_of(member, total, side)
            },
            &mut |_, ty| ty,
        );
        object.additional = self.closed_keys(class.keywords(), side);
        TypeExpr::new(TypeKind::Object(object), span(class.name.range))
    }

    fn closed_keys(&mut self, keywords: &[ruff_python_ast::Keyword], side: Side) -> Additional {
        if models::is_true(models::keyword(keywords, "closed")) {
            return Additional::Closed;
        }
        match models::keyword(keywords, "extra_items") {
            Some(ty) => Additional::Open(Box::new(self.annotation(ty, side))),
            None => Additional::Silent,
        }
    }

    fn key_of(&mut self, member: Member<'a>, total: bool, side: Side) -> Option<FieldExpr> {
        let annotation = member.annotation?;
        let ty = self.annotation(annotation, side);
        let presence = self.key_presence(annotation, total);
        Some(models::plain_field(&member, ty, presence))
    }

    fn key_presence(&self, annotation: &Py, total: bool) -> Presence {
        let (_, _, markers) = models::unwrapped(self, annotation);
        let has = |name: &str| markers.iter().any(|marker| marker == name);
        match (has("Required"), has("NotRequired"), total) {
            (true, _, _) | (false, false, true) => Presence::Required,
            (false, true, _) | (false, false, false) => Presence::Optional,
        }
    }

    /// `TypedDict("Name", {"key": type})`
    pub(super) fn functional_typed_dict(&mut self, call: &'a ExprCall) -> Option<Declared> {
        let Py::Dict(dict) = call.arguments.args.get(1)? else { return None };
        let total = !models::is_false(models::keyword(&call.arguments.keywords, "total"));
        let mut sides = [Side::Write, Side::Read].into_iter().map(|side| {
            let mut members = Vec::new();
            for item in &dict.items {
                let Some(Py::StringLiteral(key)) = &item.key else { continue };
                members.push(ObjectMember::Field(FieldExpr {
                    name: key.value.to_str().into(),
                    aliases: Vec::new(),
                    ty: self.annotation(&item.value, side),
                    presence: self.key_presence(&item.value, total),
                    default: None,
                    source: None,
                    span: crate::extract::python::access::inside_quotes(self.text, span(key.range)),
                    cause: None,
                }));
            }
            let additional = self.closed_keys(&call.arguments.keywords, side);
            TypeExpr::new(TypeKind::Object(ObjectExpr { members, additional }), span(call.range()))
        });
        Some(Declared { write: sides.next()?, read: sides.next(), serializable: true })
    }

    /// A named tuple is a list in JSON; its `_asdict()` is an object.
    pub(super) fn named_tuple(&mut self, class: &'a StmtClassDef) -> Declared {
        let members: Vec<Member<'a>> = models::members(class).into_iter().filter(|member| member.annotation.is_some()).collect();
        let tuple = |lower: &mut Self, side: Side| {
            let items = members.iter().filter_map(|member| Some(lower.annotation(member.annotation?, side))).collect::<Vec<_>>();
            TypeExpr::new(TypeKind::Tuple { items, rest: None }, span(class.name.range))
        };
        let write = tuple(self, Side::Write);
        let read = tuple(self, Side::Read);
        let fields: Vec<(Name, Span)> = members.iter().map(|member| (member.name.into(), member.span)).collect();
        let mut scope = self.classes.clone();
        scope.push(class.name.as_str().into());
        self.as_dict_method(scope, "_asdict", &fields, span(class.name.range));
        Declared { write, read: Some(read), serializable: false }
    }

    /// `NamedTuple("Name", [("key", type)])`, `namedtuple("Name", "a b")`
    pub(super) fn functional_named_tuple(&mut self, call: &'a ExprCall) -> Option<Declared> {
        let at = span(call.range());
        let items: Vec<TypeExpr> = match call.arguments.args.get(1)? {
            Py::List(list) => list
                .elts
                .iter()
                .map(|element| match element {
                    Py::Tuple(pair) if pair.elts.len() == 2 => self.annotation(&pair.elts[1], Side::Write),
                    other => TypeExpr::unknown("no type is given", span(other.range())),
                })
                .collect(),
            Py::StringLiteral(text) => text
                .value
                .to_str()
                .split([' ', ','])
                .filter(|name| !name.is_empty())
                .map(|_| TypeExpr::unknown("no type is given", at))
                .collect(),
            _ => return None,
        };
        let write = TypeExpr::new(TypeKind::Tuple { items, rest: None }, at);
        Some(Declared { write, read: None, serializable: false })
    }

    /// A method that a class has without saying so: it gives the members as an object.
    pub(super) fn as_dict_method(&mut self, scope: Vec<Name>, name: &str, fields: &[(Name, Span)], at: Span) {
        let members = fields
            .iter()
            .map(|(name, at)| {
                let this = Box::new(Expr::new(ExprKind::This, *at));
                ValueMember::Entry {
                    key: Expr::text(name.as_str(), *at),
                    value: Expr::new(ExprKind::Member(this, name.clone()), *at),
                    conditional: false,
                }
            })
            .collect();
        self.made_method(scope, name, Expr::new(ExprKind::Object(members), at), at);
    }

    /// A method that a mixin or decorator gives a class.
    pub(super) fn made_method(&mut self, scope: Vec<Name>, name: &str, returns: Expr, at: Span) {
        let id = self.open(name, at, at, false);
        let function = &mut self.frame().function;
        function.scope = scope;
        function.is_method = true;
        function.exported = true;
        function.returns.push(returns);
        self.close(id);
    }

    /// A method that makes an object of the class around it from what it is given: `from_dict`, and from a text where `decoded`.
    pub(super) fn making_method(&mut self, scope: Vec<Name>, name: &str, decoded: bool, at: Span) {
        let ty = TypeExpr::new(TypeKind::Ref(TypeRef { path: scope.clone(), args: Vec::new() }), at);
        let id = self.open(name, at, at, false);
        let given = self.local_of(LocalKind::Param, "value", None, None, at);
        let value = Expr::new(ExprKind::Local(given), at);
        let value = if decoded { Expr::new(ExprKind::Decoded(Box::new(value), Some(Box::new(ty.clone()))), at) } else { value };
        self.read_as_type(&value, ty.clone(), at);
        let function = &mut self.frame().function;
        function.scope = scope;
        function.is_method = true;
        function.exported = true;
        function.params = 1;
        function.returns.push(Expr::new(ExprKind::Typed(Box::new(value), Box::new(ty)), at));
        self.close(id);
    }
}
