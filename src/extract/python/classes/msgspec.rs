//! msgspec's structs.

use ruff_python_ast::{Expr as Py, StmtClassDef};
use ruff_text_size::Ranged;

use super::{Declared, constant_type};
use crate::extract::python::annotations::Side;
use crate::extract::python::casing::Casing;
use crate::extract::python::lower::Lower;
use crate::extract::python::models::{self, Member, Part};
use crate::extract::python::{names, span};
use crate::facts::{Additional, FieldExpr, Literal, Name, ObjectMember, TypeExpr, TypeKind};
use crate::shape::Presence;
use crate::source::Span;

#[derive(Default)]
struct Options {
    casing: Option<(Casing, Span)>,
    names: Vec<(Name, Name)>,
    unknown_names: bool,
    tag: Option<Literal>,
    tagged: bool,
    tag_field: Option<Name>,
    forbids_unknown: bool,
    omits_defaults: bool,
    as_list: bool,
}

impl<'a> Lower<'a> {
    pub(super) fn msgspec_struct(&mut self, class: &'a StmtClassDef) -> Declared {
        let at = span(class.name.range);
        let lineage = self.lineage(class, &|_| false);
        let mut options = Options::default();
        for part in &lineage {
            if let Part::Own(own) = part {
                self.struct_options(own, class.name.as_str(), &mut options);
            }
        }
        if options.unknown_names {
            let write = TypeExpr::unknown("`rename` is a function that is not followed", at);
            return Declared { write, read: None, serializable: true };
        }
        let mut side = |side: Side| {
            let mut object = self.object_of(
                &lineage,
                side,
                &mut |lower, member, side| lower.struct_field(member, &options, side),
                &mut |_, ty| ty,
            );
            if let Some(tag) = &options.tag {
                let field = FieldExpr {
                    name: options.tag_field.clone().unwrap_or_else(|| "type".into()),
                    aliases: Vec::new(),
                    ty: constant_type(tag.clone(), at),
                    presence: Presence::Required,
                    default: None,
                    source: None,
                    span: at,
                    cause: None,
                };
                object.members.insert(0, ObjectMember::Field(field));
            }
            if options.forbids_unknown && side == Side::Read {
                object.additional = Additional::Closed;
            }
            if options.as_list {
                let items = object
                    .members
                    .into_iter()
                    .filter_map(|member| match member {
                        ObjectMember::Field(field) => Some(field.ty),
                        ObjectMember::Spread(_) => None,
                    })
                    .collect();
                // A reader skips elements that later versions append.
                let rest = (side == Side::Read && !options.forbids_unknown)
                    .then(|| Box::new(TypeExpr::unknown("elements that are not read", at)));
                return TypeExpr::new(TypeKind::Tuple { items, rest }, at);
            }
            TypeExpr::new(TypeKind::Object(object), at)
        };
        let write = side(Side::Write);
        let read = side(Side::Read);
        Declared { write, read: Some(read), serializable: true }
    }

    fn struct_options(&mut self, class: &'a StmtClassDef, name: &str, options: &mut Options) {
        for keyword in class.keywords() {
            let (Some(key), value) = (&keyword.arg, &keyword.value) else { continue };
            match key.as_str() {
                "rename" => match value {
                    Py::NoneLiteral(_) => options.casing = None,
                    Py::StringLiteral(text) => {
                        options.casing = Casing::from_name(text.value.to_str()).map(|casing| (casing, span(value.range())));
                    }
                    Py::Dict(dict) => {
                        for item in &dict.items {
                            if let (Some(Py::StringLiteral(from)), Py::StringLiteral(to)) = (&item.key, &item.value) {
                                options.names.push((from.value.to_str().into(), to.value.to_str().into()));
                            }
                        }
                    }
                    _ => options.unknown_names = true,
                },
                "tag" => {
                    options.tagged = !models::is_false(Some(value)) && !matches!(value, Py::NoneLiteral(_));
                    options.tag = match value {
                        Py::StringLiteral(text) => Some(Literal::Text(text.value.to_str().into())),
                        Py::NumberLiteral(number) => crate::extract::python::expressions::number_literal(&number.value),
                        Py::Attribute(_) if names::last_name(value) == Some("lower") => {
                            Some(Literal::Text(name.to_lowercase().into()))
                        }
                        _ => None,
                    };
                }
                "tag_field" => {
                    options.tag_field = self.constant_text(value);
                    options.tagged = true;
                }
                "forbid_unknown_fields" => options.forbids_unknown = models::is_true(Some(value)),
                "omit_defaults" => options.omits_defaults = models::is_true(Some(value)),
                "array_like" => options.as_list = models::is_true(Some(value)),
                _ => {}
            }
        }
        if options.tagged && options.tag.is_none() {
            options.tag = Some(Literal::Text(name.into()));
        }
    }

    fn struct_field(&mut self, member: Member<'a>, options: &Options, side: Side) -> Option<FieldExpr> {
        let annotation = member.annotation?;
        let (_, metadata, markers) = models::unwrapped(self, annotation);
        if markers.iter().any(|marker| marker == "ClassVar") {
            return None;
        }
        let mut ty = self.annotation(annotation, side);
        for item in metadata {
            // `Meta(gt=0)` bounds like pydantic's `Field`; `annotation` has applied it already.
            if let Py::Call(call) = item
                && models::keyword(&call.arguments.keywords, "extra_json_schema").is_some()
            {
                ty = TypeExpr::unknown("a schema of its own is given", ty.span);
            }
        }
        let mut has_default = member.value.is_some();
        let mut default = member.value.and_then(|value| self.default_literal(value));
        let mut name = options.names.iter().find(|(from, _)| from == member.name).map(|(_, to)| to.clone());
        let mut cause = None;
        if let Some(Py::Call(call)) = member.value
            && names::last_name(&call.func) == Some("field")
        {
            let given = |name: &str| models::keyword(&call.arguments.keywords, name);
            has_default = given("default").is_some() || given("default_factory").is_some();
            default = given("default").and_then(|value| self.default_literal(value));
            name = given("name").and_then(|value| self.constant_text(value)).or(name);
        }
        if name.is_none()
            && let Some((casing, at)) = options.casing
        {
            name = Some(casing.apply_msgspec(member.name));
            cause = Some(at);
        }
        // A member that may be `UNSET` is left out where it is.
        let mut unset = false;
        if let TypeKind::Union(members) = &mut ty.kind {
            members.retain(|member| {
                let is_unset =
                    matches!(&member.kind, TypeKind::Ref(of) if of.path.last().is_some_and(|last| last == "UnsetType"));
                unset |= is_unset;
                !is_unset
            });
            if members.len() == 1 {
                ty = members.remove(0);
            }
        }
        let presence = match side {
            Side::Write if unset || options.omits_defaults && has_default => Presence::Optional,
            Side::Write => Presence::Required,
            Side::Read if has_default || unset => Presence::Optional,
            Side::Read => Presence::Required,
        };
        let mut field = models::plain_field(&member, ty, presence);
        if side == Side::Read && !unset {
            field.default = default;
        }
        if let Some(name) = name {
            models::rename(&mut field, name, cause);
        }
        Some(field)
    }
}
