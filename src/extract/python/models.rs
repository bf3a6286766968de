//! What the declarations of model classes have in common: their members, their bases in this file, their options.

use ruff_python_ast::{Expr as Py, ExprCall, Keyword, Stmt, StmtClassDef, StmtFunctionDef};

use super::annotations::Side;
use super::lower::Lower;
use super::{names, span};
use crate::facts::{Additional, FieldExpr, Literal, Name, ObjectExpr, ObjectMember, TypeExpr, TypeKind};
use crate::shape::Presence;
use crate::source::Span;

/// How far bases in one file are followed.
const MAX_BASES: usize = 32;

/// A member of a class body: `name: annotation = value`.
#[derive(Clone, Copy)]
pub(super) struct Member<'a> {
    pub name: &'a str,
    pub annotation: Option<&'a Py>,
    pub value: Option<&'a Py>,
    pub span: Span,
    /// The class that declares it: options of a class hold for its own members.
    pub owner: &'a StmtClassDef,
}

/// The members of a class body, in order; a later one of a name replaces an earlier one.
pub(super) fn members(class: &StmtClassDef) -> Vec<Member<'_>> {
    let mut out: Vec<Member<'_>> = Vec::new();
    for stmt in &class.body {
        let member = match stmt {
            Stmt::AnnAssign(assign) => match &*assign.target {
                Py::Name(name) => Member {
                    name: name.id.as_str(),
                    annotation: Some(&assign.annotation),
                    value: assign.value.as_deref(),
                    span: span(name.range),
                    owner: class,
                },
                _ => continue,
            },
            Stmt::Assign(assign) => match assign.targets.as_slice() {
                [Py::Name(name)] => Member {
                    name: name.id.as_str(),
                    annotation: None,
                    value: Some(&assign.value),
                    span: span(name.range),
                    owner: class,
                },
                _ => continue,
            },
            _ => continue,
        };
        if member.name.is_empty() {
            continue;
        }
        match out.iter_mut().find(|known| known.name == member.name) {
            Some(known) => *known = member,
            None => out.push(member),
        }
    }
    out
}

pub(super) fn methods(class: &StmtClassDef) -> impl Iterator<Item = &StmtFunctionDef> {
    class.body.iter().filter_map(|stmt| match stmt {
        Stmt::FunctionDef(function) => Some(function),
        _ => None,
    })
}

/// A class inside a class: `Meta`, `Config`.
pub(super) fn inner_class<'c>(class: &'c StmtClassDef, name: &str) -> Option<&'c StmtClassDef> {
    class.body.iter().find_map(|stmt| match stmt {
        Stmt::ClassDef(inner) if inner.name.as_str() == name => Some(inner),
        _ => None,
    })
}

/// A decorator of a function or class by the last part of its name, with its arguments.
pub(super) fn decorator<'d>(decorators: &'d [ruff_python_ast::Decorator], name: &str) -> Option<Option<&'d ExprCall>> {
    decorators.iter().find_map(|decorator| match &decorator.expression {
        Py::Call(call) if names::last_name(&call.func) == Some(name) => Some(Some(call)),
        other if names::last_name(other) == Some(name) => Some(None),
        _ => None,
    })
}

/// One part of what a class inherits, from the most general to the class itself.
pub(super) enum Part<'a> {
    /// A class of this file, with its own members.
    Own(&'a StmtClassDef),
    /// A base that stands elsewhere, or has type arguments.
    Elsewhere(&'a Py),
}

impl<'a> Lower<'a> {
    /// The bases of a class and the class itself, those of this file taken apart. `ignored` are bases that carry no members.
    pub(super) fn lineage(&self, class: &'a StmtClassDef, ignored: &dyn Fn(&str) -> bool) -> Vec<Part<'a>> {
        let mut out = Vec::new();
        self.lineage_into(class, ignored, &mut out, &mut Vec::new());
        out
    }

    fn lineage_into(
        &self,
        class: &'a StmtClassDef,
        ignored: &dyn Fn(&str) -> bool,
        out: &mut Vec<Part<'a>>,
        around: &mut Vec<&'a str>,
    ) {
        if around.len() >= MAX_BASES || around.contains(&class.name.as_str()) {
            return;
        }
        around.push(class.name.as_str());
        // Python looks from left to right, so the members of the first base win over those of the later ones.
        for base in class.bases().iter().rev() {
            let full = self.type_name(base_name(base));
            let Some(full) = full else { continue };
            if ignored(&full) || is_structural(&full) {
                continue;
            }
            match base {
                Py::Name(name) => match self.local_classes.get(name.id.as_str()).copied() {
                    Some(local) => {
                        if !around.contains(&local.name.as_str()) {
                            self.lineage_into(local, ignored, out, around);
                        }
                    }
                    None => out.push(Part::Elsewhere(base)),
                },
                Py::Attribute(_) | Py::Subscript(_) => out.push(Part::Elsewhere(base)),
                _ => {}
            }
        }
        around.pop();
        out.push(Part::Own(class));
    }

    /// Members that a lineage gives: those of bases elsewhere as spreads, later members of a name in place of earlier ones.
    pub(super) fn object_of(
        &mut self,
        lineage: &[Part<'a>],
        side: Side,
        field: &mut dyn FnMut(&mut Self, Member<'a>, Side) -> Option<FieldExpr>,
        spread: &mut dyn FnMut(&mut Self, TypeExpr) -> TypeExpr,
    ) -> ObjectExpr {
        let mut order: Vec<Result<Member<'a>, &'a Py>> = Vec::new();
        for part in lineage {
            match part {
                Part::Elsewhere(base) => order.push(Err(base)),
                Part::Own(class) => {
                    for member in members(class) {
                        let known = order.iter_mut().find(|known| matches!(known, Ok(other) if other.name == member.name));
                        match known {
                            // An override without annotation keeps the type that the base gives.
                            Some(Ok(other)) if member.annotation.is_none() && other.annotation.is_some() => {
                                let annotation = other.annotation;
                                *other = Member { annotation, ..member };
                            }
                            Some(known) => *known = Ok(member),
                            None => order.push(Ok(member)),
                        }
                    }
                }
            }
        }
        let mut out = Vec::new();
        for part in order {
            match part {
                Err(base) => {
                    let ty = self.annotation(base, side);
                    let ty = spread(self, ty);
                    out.push(ObjectMember::Spread(ty));
                }
                Ok(member) => out.extend(field(self, member, side).map(ObjectMember::Field)),
            }
        }
        ObjectExpr { members: out, additional: Additional::Silent }
    }

    /// The literal that a default is, for what a reader puts in.
    pub(super) fn default_literal(&self, value: &Py) -> Option<Literal> {
        match value {
            Py::NoneLiteral(_) => Some(Literal::Null),
            Py::BooleanLiteral(literal) => Some(Literal::Bool(literal.value)),
            Py::NumberLiteral(number) => super::expressions::number_literal(&number.value),
            other => self.constant_text(other).map(Literal::Text),
        }
    }
}

/// A base without its type arguments.
pub(super) fn base_name(base: &Py) -> &Py {
    match base {
        Py::Subscript(subscript) => &subscript.value,
        other => other,
    }
}

/// Bases that say what a class is and bring no members.
pub(super) fn is_structural(full: &str) -> bool {
    matches!(
        full,
        "Generic"
            | "Protocol"
            | "object"
            | "ABC"
            | "abc.ABC"
            | "TypedDict"
            | "NamedTuple"
            | "pydantic.BaseModel"
            | "pydantic.main.BaseModel"
            | "pydantic.RootModel"
            | "pydantic.generics.GenericModel"
            | "pydantic.BaseSettings"
            | "pydantic_settings.BaseSettings"
            | "sqlmodel.SQLModel"
            | "msgspec.Struct"
            | "marshmallow.Schema"
            | "graphene.ObjectType"
            | "graphene.InputObjectType"
            | "graphene.Mutation"
            | "graphene.Interface"
            | "django.db.models.Model"
            | "faust.Record"
            | "ninja.Schema"
            | "dataclasses_json.DataClassJsonMixin"
            | "mashumaro.DataClassDictMixin"
            | "mashumaro.DataClassJSONMixin"
            | "mashumaro.mixins.json.DataClassJSONMixin"
            | "mashumaro.mixins.orjson.DataClassORJSONMixin"
            | "str"
            | "int"
    ) || full.starts_with("rest_framework.serializers.")
}

/// A keyword of a class statement or a call, by name.
pub(super) fn keyword<'k>(keywords: &'k [Keyword], name: &str) -> Option<&'k Py> {
    keywords.iter().find(|keyword| keyword.arg.as_ref().is_some_and(|arg| arg.as_str() == name)).map(|keyword| &keyword.value)
}

/// Whether an option is written as `True`.
pub(super) fn is_true(value: Option<&Py>) -> bool {
    matches!(value, Some(Py::BooleanLiteral(literal)) if literal.value)
}

pub(super) fn is_false(value: Option<&Py>) -> bool {
    matches!(value, Some(Py::BooleanLiteral(literal)) if !literal.value)
}

/// A field of the member's own name.
pub(super) fn plain_field(member: &Member<'_>, ty: TypeExpr, presence: Presence) -> FieldExpr {
    FieldExpr {
        name: member.name.into(),
        aliases: Vec::new(),
        ty,
        presence,
        default: None,
        source: None,
        span: member.span,
        cause: None,
    }
}

/// Gives a field its wire name, and keeps the member's own.
pub(super) fn rename(field: &mut FieldExpr, name: Name, cause: Option<Span>) {
    if name != field.name {
        field.source.get_or_insert_with(|| field.name.clone());
        field.name = name;
        field.cause = cause;
    }
}

/// The annotation without `Annotated`, `Required` and their like, and the metadata that it carried.
pub(super) fn unwrapped<'e>(lower: &Lower<'_>, annotation: &'e Py) -> (&'e Py, Vec<&'e Py>, Vec<Name>) {
    let mut metadata = Vec::new();
    let mut markers = Vec::new();
    let mut at = annotation;
    if let Py::StringLiteral(text) = annotation {
        markers_of_text(text.value.to_str(), &mut markers);
        return (annotation, metadata, markers);
    }
    for _ in 0..16 {
        let Py::Subscript(subscript) = at else { break };
        let Some(full) = lower.type_name(&subscript.value) else { break };
        match (full.as_str(), &*subscript.slice) {
            ("Annotated", Py::Tuple(tuple)) => {
                let [inner, rest @ ..] = tuple.elts.as_slice() else { break };
                metadata.extend(rest);
                at = inner;
            }
            ("ClassVar" | "Final" | "Required" | "NotRequired" | "ReadOnly" | "dataclasses.InitVar", inner) => {
                markers.push(full);
                at = inner;
            }
            _ => break,
        }
    }
    if let Some(full) = lower.type_name(at)
        && matches!(full.as_str(), "ClassVar" | "dataclasses.KW_ONLY" | "dataclasses.InitVar")
    {
        markers.push(full);
    }
    (at, metadata, markers)
}

/// The markers at the start of an annotation that is written as a text: `"NotRequired[str]"`.
fn markers_of_text(text: &str, markers: &mut Vec<Name>) {
    let mut rest = text.trim();
    while let Some((head, inner)) = rest.split_once('[') {
        let name = head.rsplit('.').next().unwrap_or(head).trim();
        if !matches!(name, "ClassVar" | "Final" | "Required" | "NotRequired" | "ReadOnly" | "InitVar") {
            return;
        }
        markers.push(if name == "InitVar" { "dataclasses.InitVar".into() } else { name.into() });
        rest = inner.trim();
    }
}

/// A type that also may be null.
pub(super) fn nullable(ty: TypeExpr) -> TypeExpr {
    let at = ty.span;
    super::annotations::union(vec![ty, TypeExpr::new(TypeKind::Null, at)], at)
}

/// The type of a member that is `None` where nobody gave it, whatever its annotation says: `start: datetime = None`.
pub(super) fn or_its_default(ty: TypeExpr, default: Option<&Py>) -> TypeExpr {
    match default {
        Some(Py::NoneLiteral(_)) if !admits_none(&ty) => nullable(ty),
        _ => ty,
    }
}

/// Whether a class fills in members after an object has been made.
pub(super) fn fills_in(class: &StmtClassDef) -> bool {
    methods(class).any(|method| matches!(method.name.as_str(), "__post_init__" | "__attrs_post_init__" | "__init__"))
}

/// Whether an annotation admits `None` by what it says itself.
pub(super) fn admits_none(ty: &TypeExpr) -> bool {
    match &ty.kind {
        TypeKind::Null => true,
        TypeKind::Unknown(reason) => reason.starts_with("declared as `Any"),
        TypeKind::Union(members) => members.iter().any(admits_none),
        _ => false,
    }
}
