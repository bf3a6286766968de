//! marshmallow schemas.

use ruff_python_ast::{Expr as Py, ExprCall, StmtClassDef};
use ruff_text_size::Ranged;

use super::{Declared, constant_type, reaches_elsewhere};
use crate::extract::python::annotations::{Bounds, Side, union};
use crate::extract::python::lower::Lower;
use crate::extract::python::models::{self, Member, Part};
use crate::extract::python::{names, span};
use crate::facts::{Additional, FieldExpr, Literal, Name, TypeExpr, TypeKind, TypeRef};
use crate::shape::{Presence, StringShape};
use crate::source::Span;

impl<'a> Lower<'a> {
    pub(super) fn marshmallow_schema(&mut self, class: &'a StmtClassDef) -> Declared {
        let at = span(class.name.range);
        let lineage = self.lineage(class, &|full| full.starts_with("marshmallow") || full.starts_with("flask_marshmallow"));
        let mut unknown = None;
        for part in &lineage {
            if let Part::Own(own) = part
                && let Some(meta) = models::inner_class(own, "Meta")
            {
                for member in models::members(meta) {
                    if member.name == "unknown" {
                        unknown = member.value.and_then(names::last_name).map(Name::from);
                    }
                }
            }
        }
        let elsewhere = reaches_elsewhere(&lineage);
        let mut side = |side: Side| {
            let mut object =
                self.object_of(&lineage, side, &mut |lower, member, side| lower.schema_field(member, side), &mut |_, ty| ty);
            if side == Side::Read {
                object.additional = match unknown.as_deref() {
                    Some("INCLUDE" | "include") => Additional::Open(Box::new(TypeExpr::unknown("extra fields are allowed", at))),
                    Some("EXCLUDE" | "exclude") => Additional::Silent,
                    // A schema raises on unknown keys unless it, or a base that stands elsewhere, says otherwise.
                    Some(_) => Additional::Closed,
                    None if elsewhere => Additional::Silent,
                    None => Additional::Closed,
                };
            }
            TypeExpr::new(TypeKind::Object(object), at)
        };
        let write = side(Side::Write);
        let read = side(Side::Read);
        Declared { write, read: Some(read), serializable: true }
    }

    fn schema_field(&mut self, member: Member<'a>, side: Side) -> Option<FieldExpr> {
        let Some(Py::Call(call)) = member.value else { return None };
        if !self.is_schema_field(call) {
            return None;
        }
        let given = |name: &str| models::keyword(&call.arguments.keywords, name);
        if side == Side::Write && models::is_true(given("load_only")) || side == Side::Read && models::is_true(given("dump_only"))
        {
            return None;
        }
        let ty = self.schema_value(call, side, 0)?;
        let has_default = given("load_default").is_some() || given("missing").is_some();
        let presence = match side {
            Side::Write => Presence::Required,
            Side::Read if models::is_true(given("required")) && !has_default => Presence::Required,
            Side::Read => Presence::Optional,
        };
        let mut field = models::plain_field(&member, ty, presence);
        if side == Side::Read {
            field.default = given("load_default").or(given("missing")).and_then(|value| self.default_literal(value));
        }
        if let Some(key) = given("data_key").and_then(|value| self.constant_text(value)) {
            models::rename(&mut field, key, None);
        }
        Some(field)
    }

    fn is_schema_field(&self, call: &ExprCall) -> bool {
        let Some(full) = self.type_name(&call.func) else { return false };
        full.starts_with("marshmallow.fields.")
            || full.contains("fields.")
            || full.starts_with("ma.")
            || full.starts_with("marshmallow_")
    }

    fn schema_value(&mut self, call: &'a ExprCall, side: Side, depth: usize) -> Option<TypeExpr> {
        let at = span(call.range());
        if depth > 8 {
            return Some(TypeExpr::unknown("nested very deeply", at));
        }
        let given = |name: &str| models::keyword(&call.arguments.keywords, name);
        let text = |format: &str| TypeKind::String(StringShape::format(format).into());
        let last = names::last_name(&call.func)?;
        let kind = match last {
            "String" | "Str" => TypeKind::String(Default::default()),
            "Integer" | "Int" => TypeKind::Integer(Default::default()),
            "Float" | "Number" => TypeKind::Number(Default::default()),
            "Decimal" => match models::is_true(given("as_string")) {
                true => TypeKind::String(Default::default()),
                false => TypeKind::Number(Default::default()),
            },
            "Boolean" | "Bool" => TypeKind::Boolean,
            "DateTime" | "NaiveDateTime" | "AwareDateTime" => match given("format") {
                Some(Py::StringLiteral(format)) if format.value.to_str().starts_with("timestamp") => {
                    TypeKind::Number(Default::default())
                }
                Some(Py::StringLiteral(format)) if format.value.to_str() != "iso" => TypeKind::String(Default::default()),
                _ => text("date-time"),
            },
            "Date" => text("date"),
            "Time" => text("time"),
            "TimeDelta" => TypeKind::Integer(Default::default()),
            "UUID" => text("uuid"),
            "Url" | "URL" => text("uri"),
            "Email" => text("email"),
            "IP" => TypeKind::String(Default::default()),
            "IPv4" => text("ipv4"),
            "IPv6" => text("ipv6"),
            "Dict" | "Mapping" => {
                let values = match given("values") {
                    Some(value) => self.schema_item(value, side, depth)?,
                    None => TypeExpr::unknown("no type is given", at),
                };
                TypeKind::Map { keys: None, values: Box::new(values) }
            }
            "List" | "Tuple" if last == "Tuple" => {
                let Some(Py::Tuple(_) | Py::List(_)) = call.arguments.args.first() else {
                    return Some(TypeExpr::unknown("a computed tuple", at));
                };
                let elements: &'a [Py] = match &call.arguments.args[0] {
                    Py::Tuple(tuple) => &tuple.elts,
                    Py::List(list) => &list.elts,
                    _ => &[],
                };
                let items = elements.iter().filter_map(|element| self.schema_item(element, side, depth)).collect();
                TypeKind::Tuple { items, rest: None }
            }
            "List" => {
                let items = match call.arguments.args.first().or(given("cls_or_instance")) {
                    Some(item) => self.schema_item(item, side, depth)?,
                    None => TypeExpr::unknown("no type is given", at),
                };
                TypeKind::Array { items: Box::new(items), min: None, max: None, unique: false }
            }
            "Nested" => {
                let nested = call.arguments.args.first().or(given("nested"))?;
                let partial = given("only").is_some() || given("exclude").is_some();
                let (inner, many) = self.nested_schema(nested, at);
                let inner = match (given("only").or(given("exclude")), crate::extract::python::expressions::texts_of) {
                    (Some(keys), texts_of) => match texts_of(keys) {
                        Some(texts) => {
                            let op =
                                if given("only").is_some() { crate::facts::TypeOp::Pick } else { crate::facts::TypeOp::Omit };
                            let keys = texts.into_iter().map(|text| constant_type(Literal::Text(text), at)).collect();
                            let keys = TypeExpr::new(TypeKind::Union(keys), at);
                            TypeExpr::new(TypeKind::Apply(op, vec![inner, keys]), at)
                        }
                        None if partial => TypeExpr::unknown("the fields of the nested schema are computed", at),
                        None => inner,
                    },
                    (None, _) => inner,
                };
                if many || models::is_true(given("many")) {
                    TypeKind::Array { items: Box::new(inner), min: None, max: None, unique: false }
                } else {
                    inner.kind
                }
            }
            "Constant" => {
                let value = call.arguments.args.first().and_then(|value| self.default_literal(value));
                value.map_or_else(|| TypeKind::Unknown("a computed constant".into()), |literal| constant_type(literal, at).kind)
            }
            "Enum" | "EnumField" => {
                let by_value = given("by_value").is_some_and(|value| !models::is_false(Some(value)));
                let of = call.arguments.args.first().or(given("enum"))?;
                let path = crate::extract::python::expressions::path_of(of)?;
                match by_value {
                    true => TypeKind::Ref(TypeRef { path, args: Vec::new() }),
                    // By default the names of the members go over the wire.
                    false => match path.as_slice() {
                        [name] => match self.local_classes.get(name.as_str()).copied() {
                            Some(class) => {
                                let names = models::members(class)
                                    .into_iter()
                                    .filter(|member| !member.name.starts_with('_') && member.value.is_some())
                                    .map(|member| constant_type(Literal::Text(member.name.into()), member.span))
                                    .collect();
                                union(names, at).kind
                            }
                            None => TypeKind::String(Default::default()),
                        },
                        _ => TypeKind::String(Default::default()),
                    },
                }
            }
            "Method" | "Function" => match side {
                Side::Write => self.method_result(call, at).kind,
                Side::Read => TypeKind::Unknown("a function decides what is accepted".into()),
            },
            "Raw" | "Field" => TypeKind::Unknown("any value".into()),
            "Pluck" => TypeKind::Unknown("one field of another schema".into()),
            _ => TypeKind::Unknown(format!("a field of the class `{last}`").into()),
        };
        let mut ty = TypeExpr::new(kind, at);
        if let Some(validate) = given("validate") {
            ty = self.validated(ty, validate);
        }
        let null_default =
            [given("load_default"), given("missing")].into_iter().flatten().any(|value| matches!(value, Py::NoneLiteral(_)));
        if models::is_true(given("allow_none")) || null_default && given("allow_none").is_none() {
            ty = models::nullable(ty);
        }
        Some(ty)
    }

    /// An inner field of a list or mapping: an instance or a class.
    fn schema_item(&mut self, item: &'a Py, side: Side, depth: usize) -> Option<TypeExpr> {
        match item {
            Py::Call(call) => self.schema_value(call, side, depth + 1),
            other => {
                let at = span(other.range());
                Some(match names::last_name(other) {
                    Some("Str" | "String") => TypeExpr::new(TypeKind::String(Default::default()), at),
                    Some("Int" | "Integer") => TypeExpr::new(TypeKind::Integer(Default::default()), at),
                    Some("Float") => TypeExpr::new(TypeKind::Number(Default::default()), at),
                    Some("Bool" | "Boolean") => TypeExpr::new(TypeKind::Boolean, at),
                    Some("UUID") => TypeExpr::new(TypeKind::String(StringShape::format("uuid").into()), at),
                    Some("DateTime") => TypeExpr::new(TypeKind::String(StringShape::format("date-time").into()), at),
                    _ => TypeExpr::unknown("any value", at),
                })
            }
        }
    }

    fn nested_schema(&mut self, nested: &'a Py, at: Span) -> (TypeExpr, bool) {
        let reference = |path: Vec<Name>| TypeExpr::new(TypeKind::Ref(TypeRef { path, args: Vec::new() }), at);
        match nested {
            Py::StringLiteral(text) if text.value.to_str() == "self" => match self.own_class_named(at) {
                Some(own) => (own, false),
                None => (TypeExpr::unknown("the schema itself", at), false),
            },
            Py::StringLiteral(text) => {
                let name = text.value.to_str().rsplit('.').next().unwrap_or_default().to_owned();
                (reference(vec![name.into()]), false)
            }
            Py::Call(call) => {
                let many = models::is_true(models::keyword(&call.arguments.keywords, "many"));
                match crate::extract::python::expressions::path_of(&call.func) {
                    Some(path) => (reference(path), many),
                    None => (TypeExpr::unknown("a computed schema", at), many),
                }
            }
            Py::Lambda(lambda) => self.nested_schema(&lambda.body, at),
            other => match crate::extract::python::expressions::path_of(other) {
                Some(path) => (reference(path), false),
                None => (TypeExpr::unknown("a computed schema", at), false),
            },
        }
    }

    /// What a method or function field writes: its annotation, or a hole.
    pub(super) fn method_result(&mut self, _call: &'a ExprCall, at: Span) -> TypeExpr {
        TypeExpr::unknown("a function decides its form", at)
    }

    /// `validate=OneOf([…])`, `Length`, `Range`, `Regexp`, alone or in a list.
    fn validated(&mut self, mut ty: TypeExpr, validate: &'a Py) -> TypeExpr {
        let each: Vec<&'a Py> = match validate {
            Py::List(list) => list.elts.iter().collect(),
            Py::Tuple(tuple) => tuple.elts.iter().collect(),
            Py::Call(call) if names::last_name(&call.func) == Some("And") => call.arguments.args.iter().collect(),
            one => vec![one],
        };
        for validator in each {
            let Py::Call(call) = validator else { continue };
            let given = |name: &str, position: usize| call.arguments.find_argument_value(name, position);
            let at = span(call.range());
            let mut bounds = Bounds::default();
            match names::last_name(&call.func) {
                Some("OneOf") => {
                    let choices: Option<&[Py]> = match given("choices", 0) {
                        Some(Py::List(list)) => Some(&list.elts),
                        Some(Py::Tuple(tuple)) => Some(&tuple.elts),
                        Some(Py::Set(set)) => Some(&set.elts),
                        _ => None,
                    };
                    let literals: Option<Vec<TypeExpr>> = choices.and_then(|choices| {
                        choices.iter().map(|choice| Some(constant_type(self.default_literal(choice)?, at))).collect()
                    });
                    if let Some(literals) = literals {
                        ty = union(literals, at);
                    }
                }
                Some("Equal") => {
                    if let Some(literal) = given("comparable", 0).and_then(|value| self.default_literal(value)) {
                        ty = constant_type(literal, at);
                    }
                }
                Some("Length") => {
                    let equal = models::keyword(&call.arguments.keywords, "equal");
                    if let Some(value) = equal.or(given("min", 0)) {
                        bounds.take("min_length", value);
                    }
                    if let Some(value) = equal.or(given("max", 1)) {
                        bounds.take("max_length", value);
                    }
                }
                Some("Range") => {
                    let outside = |name: &str| models::is_false(models::keyword(&call.arguments.keywords, name));
                    if let Some(value) = given("min", 0) {
                        bounds.take(if outside("min_inclusive") { "gt" } else { "ge" }, value);
                    }
                    if let Some(value) = given("max", 1) {
                        bounds.take(if outside("max_inclusive") { "lt" } else { "le" }, value);
                    }
                }
                Some("Regexp") => {
                    if let Some(value) = given("regex", 0) {
                        bounds.take("pattern", value);
                    }
                }
                _ => {}
            }
            ty = bounds.apply(ty);
        }
        ty
    }

    fn own_class_named(&self, at: Span) -> Option<TypeExpr> {
        self.own_class(at)
    }
}

/// A field that a schema or serializer has under its own name.
pub(super) fn required(name: &str, ty: TypeExpr, at: Span) -> FieldExpr {
    FieldExpr {
        name: name.into(),
        aliases: Vec::new(),
        ty,
        presence: Presence::Required,
        default: None,
        source: None,
        span: at,
        cause: None,
    }
}
