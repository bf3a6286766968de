//! attrs.

use ruff_python_ast::{Expr as Py, StmtClassDef};

use super::Declared;
use crate::extract::python::annotations::Side;
use crate::extract::python::lower::Lower;
use crate::extract::python::models::{self, Member};
use crate::extract::python::{names, span};
use crate::facts::{FieldExpr, TypeExpr, TypeKind};
use crate::shape::Presence;

impl<'a> Lower<'a> {
    pub(super) fn attrs_class(&mut self, class: &'a StmtClassDef) -> Declared {
        let at = span(class.name.range);
        let lineage = self.lineage(class, &|_| false);
        let fills_in = models::fills_in(class);
        let mut side = |side: Side| {
            let object = self.object_of(
                &lineage,
                side,
                &mut |lower, member, side| lower.attribute(member, fills_in, side),
                &mut |_, ty| ty,
            );
            TypeExpr::new(TypeKind::Object(object), at)
        };
        let write = side(Side::Write);
        let read = side(Side::Read);
        Declared { write, read: Some(read), serializable: false }
    }

    fn attribute(&mut self, member: Member<'a>, fills_in: bool, side: Side) -> Option<FieldExpr> {
        let call = match member.value {
            Some(Py::Call(call)) if matches!(names::last_name(&call.func), Some("ib" | "attrib" | "field")) => Some(call),
            _ => None,
        };
        let given = |name: &str| call.and_then(|call| models::keyword(&call.arguments.keywords, name));
        let ty = match (member.annotation, given("type")) {
            (Some(annotation), _) => {
                let (_, _, markers) = models::unwrapped(self, annotation);
                if markers.iter().any(|marker| marker == "ClassVar") {
                    return None;
                }
                self.annotation(annotation, side)
            }
            (None, Some(ty)) => self.annotation(ty, side),
            // Without annotation only an `attr.ib()` is an attribute.
            (None, None) => {
                call?;
                TypeExpr::unknown("no type is given", member.span)
            }
        };
        if side == Side::Read && models::is_false(given("init")) {
            return None;
        }
        let default = match call {
            Some(_) => given("default"),
            None => member.value,
        };
        let ty = models::or_its_default(ty, default.filter(|_| !fills_in));
        let has_default = default.is_some() || given("factory").is_some();
        let presence = if side == Side::Read && has_default { Presence::Optional } else { Presence::Required };
        let mut field = models::plain_field(&member, ty, presence);
        if side == Side::Read {
            field.default = default.and_then(|value| self.default_literal(value));
        }
        Some(field)
    }
}
