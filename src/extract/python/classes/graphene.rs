//! GraphQL types of graphene and strawberry: what a subscription or webhook of theirs carries.

use ruff_python_ast::{Expr as Py, ExprCall, StmtClassDef};
use ruff_text_size::Ranged;

use super::Declared;
use crate::extract::python::annotations::Side;
use crate::extract::python::casing::Casing;
use crate::extract::python::lower::Lower;
use crate::extract::python::models::{self, Member};
use crate::extract::python::{names, span};
use crate::facts::{FieldExpr, TypeExpr, TypeKind, TypeRef};
use crate::shape::{Presence, StringShape};

impl<'a> Lower<'a> {
    pub(super) fn graphene_type(&mut self, class: &'a StmtClassDef) -> Declared {
        let at = span(class.name.range);
        let lineage = self.lineage(class, &|full| full.starts_with("graphene.") || full.starts_with("strawberry."));
        let object = self.object_of(&lineage, Side::Write, &mut |lower, member, _| lower.graphene_field(member), &mut |_, ty| ty);
        Declared { write: TypeExpr::new(TypeKind::Object(object), at), read: None, serializable: true }
    }

    fn graphene_field(&mut self, member: Member<'a>) -> Option<FieldExpr> {
        let (ty, required) = match (member.value, member.annotation) {
            // strawberry: the annotation is the type, and a type without `None` is required.
            (_, Some(annotation)) => (self.annotation(annotation, Side::Write), true),
            (Some(Py::Call(call)), None) => {
                let required = models::is_true(models::keyword(&call.arguments.keywords, "required"))
                    || names::last_name(&call.func) == Some("NonNull");
                (self.graphene_value(call, 0)?, required)
            }
            (_, None) => return None,
        };
        let ty = if required { ty } else { models::nullable(ty) };
        // What is asked for is there; whether it is asked for is the query's matter.
        let mut field = models::plain_field(&member, ty, Presence::Optional);
        let name = match member.value {
            Some(Py::Call(call)) => models::keyword(&call.arguments.keywords, "name").and_then(|value| self.constant_text(value)),
            _ => None,
        };
        models::rename(&mut field, name.unwrap_or_else(|| Casing::Camel.apply(member.name)), None);
        Some(field)
    }

    fn graphene_value(&mut self, call: &'a ExprCall, depth: usize) -> Option<TypeExpr> {
        let at = span(call.range());
        let last = names::last_name(&call.func)?;
        if depth > 8 {
            return None;
        }
        if let Some(kind) = scalar(last) {
            return Some(TypeExpr::new(kind, at));
        }
        let inner = |lower: &mut Self| match call.arguments.args.first() {
            Some(Py::Call(inner)) => lower.graphene_value(inner, depth + 1),
            Some(named @ (Py::Name(_) | Py::Attribute(_))) => {
                let last = names::last_name(named)?;
                Some(match scalar(last) {
                    Some(kind) => TypeExpr::new(kind, at),
                    None => {
                        let path = crate::extract::python::expressions::path_of(named)?;
                        TypeExpr::new(TypeKind::Ref(TypeRef { path, args: Vec::new() }), at)
                    }
                })
            }
            Some(Py::Lambda(lambda)) => {
                let path = crate::extract::python::expressions::path_of(&lambda.body)?;
                Some(TypeExpr::new(TypeKind::Ref(TypeRef { path, args: Vec::new() }), at))
            }
            Some(other) => Some(TypeExpr::unknown("a computed type", span(other.range()))),
            None => Some(TypeExpr::unknown("no type is given", at)),
        };
        match last {
            "Field" | "NonNull" => inner(self),
            "List" => {
                let is_required = matches!(call.arguments.args.first(), Some(Py::Call(inner)) if names::last_name(&inner.func) == Some("NonNull"));
                let item = inner(self)?;
                let item = if is_required { item } else { models::nullable(item) };
                let items = Box::new(item);
                Some(TypeExpr::new(TypeKind::Array { items, min: None, max: None, unique: false }, at))
            }
            _ => None,
        }
    }
}

fn scalar(name: &str) -> Option<TypeKind> {
    Some(match name {
        "String" | "ID" => TypeKind::String(Default::default()),
        "Int" | "BigInt" => TypeKind::Integer(Default::default()),
        "Float" => TypeKind::Number(Default::default()),
        "Decimal" => TypeKind::String(Default::default()),
        "Boolean" => TypeKind::Boolean,
        "DateTime" => TypeKind::String(StringShape::format("date-time").into()),
        "Date" => TypeKind::String(StringShape::format("date").into()),
        "Time" => TypeKind::String(StringShape::format("time").into()),
        "UUID" => TypeKind::String(StringShape::format("uuid").into()),
        "JSONString" => TypeKind::String(
            StringShape { content_media_type: Some("application/json".to_owned()), ..StringShape::default() }.into(),
        ),
        "GenericScalar" => TypeKind::Unknown("any value".into()),
        _ => return None,
    })
}
