//! zod, versions 3 and 4.

use oxc_ast::ast::{ArrowFunctionBody, Expression};

use super::super::known::{format, number, string};
use super::super::lower::{Lower, Usage, node_span};
use super::{
    Bound, Schema, Step, additional, argument, as_integer, bounded, combine, format_name, object_of, pattern_of, with_format,
    with_pattern,
};
use crate::facts::{Additional, ExprKind, Literal, Name, ObjectExpr, TypeExpr, TypeKind, TypeOp};
use crate::shape::{NumberRange, StringShape};
use crate::source::Span;

const CONSTRUCTORS: &[&str] = &[
    "string",
    "number",
    "int",
    "int32",
    "uint32",
    "float32",
    "float64",
    "bigint",
    "boolean",
    "date",
    "symbol",
    "undefined",
    "void",
    "null",
    "any",
    "unknown",
    "never",
    "nan",
    "literal",
    "enum",
    "nativeEnum",
    "object",
    "strictObject",
    "looseObject",
    "record",
    "partialRecord",
    "looseRecord",
    "map",
    "set",
    "tuple",
    "array",
    "union",
    "xor",
    "discriminatedUnion",
    "intersection",
    "optional",
    "nullable",
    "nullish",
    "lazy",
    "preprocess",
    "pipe",
    "transform",
    "custom",
    "instanceof",
    "coerce",
    "templateLiteral",
    "stringbool",
    "file",
    "json",
    "email",
    "uuid",
    "uuidv4",
    "uuidv6",
    "uuidv7",
    "guid",
    "url",
    "httpUrl",
    "hostname",
    "emoji",
    "nanoid",
    "cuid",
    "cuid2",
    "ulid",
    "xid",
    "ksuid",
    "ipv4",
    "ipv6",
    "cidrv4",
    "cidrv6",
    "base64",
    "base64url",
    "e164",
    "jwt",
    "iso",
    "promise",
    "function",
    "keyof",
    "readonly",
    "_default",
    "prefault",
    "catch",
    "codec",
    "hash",
    "hex",
    "partial",
    "pick",
    "omit",
    "extend",
    "required",
];

/// Methods that make one schema of another in a way that says it was one.
const DERIVATIONS: &[&str] = &[
    "extend",
    "safeExtend",
    "merge",
    "pick",
    "omit",
    "partial",
    "deepPartial",
    "required",
    "passthrough",
    "loose",
    "strict",
    "strip",
    "catchall",
    "optional",
    "nullable",
    "nullish",
    "default",
    "array",
    "or",
    "and",
    "brand",
    "pipe",
    "transform",
    "refine",
    "superRefine",
    "keyof",
    "exclude",
    "extract",
    "readonly",
    "augment",
    "setKey",
    "unwrap",
];

/// Methods that do not change the wire form.
const NEUTRAL: &[&str] = &[
    "refine",
    "superRefine",
    "check",
    "describe",
    "meta",
    "brand",
    "readonly",
    "openapi",
    "register",
    "trim",
    "toLowerCase",
    "toUpperCase",
    "normalize",
    "finite",
    "safe",
    "clone",
    "overwrite",
    "with",
    "slugify",
    "innerType",
    "unwrap_",
];

pub(super) fn is_constructor(name: &str) -> bool {
    CONSTRUCTORS.contains(&name)
}

pub(super) fn is_derivation(name: &str) -> bool {
    DERIVATIONS.contains(&name)
}

pub(super) fn is_method(name: &str) -> bool {
    is_derivation(name)
        || NEUTRAL.contains(&name)
        || matches!(name, "min" | "max" | "length" | "nonempty" | "catch" | "prefault" | "describe")
}

impl Lower<'_> {
    pub(super) fn zod(&mut self, steps: &[Step<'_, '_>], span: Span) -> Option<(Schema, usize)> {
        let step = steps.first()?;
        let plain = |kind: TypeKind| Schema::kind(kind, span);
        match (step.name, step.call) {
            ("coerce", None) => {
                let inner = self.zod(steps.get(1..)?, span)?.0;
                let input = TypeExpr::unknown("coerced by the schema", span);
                Some((Schema { input, optional_in: inner.optional_out, ..inner }, 2))
            }
            ("iso", None) => {
                let inner = steps.get(1)?;
                Some((plain(format(format_name(inner.name)?)), 2))
            }
            (_, None) => None,
            (name, Some(call)) => {
                let first = argument(call, 0);
                let schema = match name {
                    "string" => plain(string()),
                    "number" | "float32" | "float64" => plain(number()),
                    "int" => plain(TypeKind::Integer(Default::default())),
                    "int32" => plain(TypeKind::Integer(
                        NumberRange { minimum: Some(i32::MIN.into()), maximum: Some(i32::MAX.into()), ..NumberRange::default() }
                            .into(),
                    )),
                    "uint32" => plain(TypeKind::Integer(
                        NumberRange { minimum: Some(0.into()), maximum: Some(u32::MAX.into()), ..NumberRange::default() }.into(),
                    )),
                    "bigint" => plain(TypeKind::Unknown("a bigint, which JSON cannot hold".into())),
                    "boolean" => plain(TypeKind::Boolean),
                    "date" => plain(format("date-time")),
                    "symbol" | "undefined" | "void" | "function" => plain(TypeKind::Absent).optional(),
                    "null" | "nan" => plain(TypeKind::Null),
                    "any" | "unknown" => plain(TypeKind::Unknown(name.into())),
                    "json" => plain(TypeKind::Unknown("any JSON value".into())),
                    "never" => plain(TypeKind::Never),
                    "literal" => match first.map(|first| first.get_inner_expression()) {
                        Some(Expression::ArrayExpression(_)) => Schema::of(self.enumeration_type(first, span)),
                        Some(value) => Schema::of(self.constant_type(value)),
                        None => return None,
                    },
                    "enum" => Schema::of(self.enumeration_type(first, span)),
                    "nativeEnum" => {
                        let value = self.expr(first?, Usage::USED);
                        let of = TypeExpr::new(TypeKind::Of(Box::new(value)), span);
                        plain(TypeKind::Apply(TypeOp::ValueOf, vec![of]))
                    }
                    "object" | "strictObject" | "looseObject" => {
                        let schema = self.zod_object(first, span);
                        match name {
                            "strictObject" => self.strict_input(schema, span),
                            "looseObject" => additional(schema, TypeOp::Passthrough, None, span),
                            _ => schema,
                        }
                    }
                    "record" | "partialRecord" | "looseRecord" => {
                        let (keys, values) = match (first, argument(call, 1)) {
                            (Some(keys), Some(values))
                                if !matches!(values.get_inner_expression(), Expression::ObjectExpression(_)) =>
                            {
                                (Some(self.schema_or_hole(Some(keys), span)), self.schema_or_hole(Some(values), span))
                            }
                            (Some(values), _) => (None, self.schema_or_hole(Some(values), span)),
                            (None, _) => return None,
                        };
                        let map = |keys: Option<TypeExpr>, values: TypeExpr| {
                            TypeExpr::new(TypeKind::Map { keys: keys.map(Box::new), values: Box::new(values) }, span)
                        };
                        let (key_out, key_in) = match keys {
                            Some(keys) => (Some(keys.output), Some(keys.input)),
                            None => (None, None),
                        };
                        let mut record = Schema {
                            output: map(key_out, values.clone().output_type()),
                            input: map(key_in, values.input_type()),
                            optional_out: false,
                            optional_in: false,
                            default: None,
                        };
                        if name == "partialRecord" {
                            record = record.apply(TypeOp::Partial, &[], span);
                        }
                        record
                    }
                    "map" | "set" => plain(TypeKind::Object(ObjectExpr::default())),
                    "tuple" => {
                        let parts = self.schemas_in(first);
                        let rest = argument(call, 1).map(|rest| self.schema_or_hole(Some(rest), span));
                        let make = |items: Vec<TypeExpr>, rest: Option<TypeExpr>| {
                            TypeExpr::new(TypeKind::Tuple { items, rest: rest.map(Box::new) }, span)
                        };
                        Schema {
                            output: make(
                                parts.iter().cloned().map(Schema::output_type).collect(),
                                rest.clone().map(Schema::output_type),
                            ),
                            input: make(parts.into_iter().map(Schema::input_type).collect(), rest.map(Schema::input_type)),
                            optional_out: false,
                            optional_in: false,
                            default: None,
                        }
                    }
                    "array" => self.array_of(first, span),
                    "union" | "xor" => combine(self.schemas_in(first), span, TypeKind::Union),
                    "discriminatedUnion" => combine(self.schemas_in(argument(call, 1)), span, TypeKind::Union),
                    "intersection" => {
                        let parts = vec![self.schema_or_hole(first, span), self.schema_or_hole(argument(call, 1), span)];
                        combine(parts, span, TypeKind::Intersection)
                    }
                    "optional" => self.schema_or_hole(first, span).optional(),
                    "nullable" => self.schema_or_hole(first, span).nullable(span),
                    "nullish" => self.schema_or_hole(first, span).nullable(span).optional(),
                    "lazy" => match first.map(|first| first.get_inner_expression()) {
                        Some(Expression::ArrowFunctionExpression(arrow)) => match &arrow.body {
                            ArrowFunctionBody::FunctionBody(body) => match body.statements.last() {
                                Some(oxc_ast::ast::Statement::ReturnStatement(returned)) => {
                                    self.schema_or_hole(returned.argument.as_ref(), span)
                                }
                                _ => plain(TypeKind::Unknown("a lazy schema".into())),
                            },
                            body => self.schema_or_hole(body.as_expression(), span),
                        },
                        _ => plain(TypeKind::Unknown("a lazy schema".into())),
                    },
                    "preprocess" => {
                        let inner = self.schema_or_hole(argument(call, 1), span);
                        let input = TypeExpr::unknown("preprocessed by the schema", span);
                        Schema { input, optional_in: true, ..inner }
                    }
                    "pipe" => {
                        let from = self.schema_or_hole(first, span);
                        let to = self.schema_or_hole(argument(call, 1), span);
                        Schema { output: to.output, optional_out: to.optional_out, ..from }
                    }
                    "codec" => {
                        let from = self.schema_or_hole(first, span);
                        let to = self.schema_or_hole(argument(call, 1), span);
                        Schema { output: to.output, optional_out: to.optional_out, ..from }
                    }
                    "promise" | "readonly" => self.schema_or_hole(first, span),
                    "partial" => self.schema_or_hole(first, span).apply(TypeOp::Partial, &[], span),
                    "required" => self.schema_or_hole(first, span).apply(TypeOp::Required, &[], span),
                    "pick" | "omit" => {
                        let keys = self.mask(argument(call, 1), span);
                        let op = if name == "pick" { TypeOp::Pick } else { TypeOp::Omit };
                        self.schema_or_hole(first, span).apply(op, &[keys], span)
                    }
                    "extend" => {
                        let base = self.schema_or_hole(first, span);
                        let more = self.zod_object(argument(call, 1), span);
                        extend(base, more, span)
                    }
                    "keyof" => self.schema_or_hole(first, span).apply(TypeOp::KeyOf, &[], span),
                    "_default" | "prefault" | "catch" => {
                        let default = argument(call, 1).and_then(|value| self.literal(value));
                        self.schema_or_hole(first, span).with_default(default)
                    }
                    "stringbool" => Schema { output: TypeExpr::new(TypeKind::Boolean, span), ..plain(string()) },
                    "templateLiteral" => plain(string()),
                    "custom" => match &call.type_arguments {
                        Some(args) if !args.params.is_empty() => {
                            let ty = self.ty(&args.params[0]);
                            Schema::of(ty)
                        }
                        _ => plain(TypeKind::Unknown("a custom schema".into())),
                    },
                    "instanceof" | "file" | "transform" => plain(TypeKind::Unknown(format!("z.{name}").into())),
                    "base64" | "base64url" => plain(TypeKind::String(
                        StringShape { content_encoding: Some("base64".to_owned()), ..StringShape::default() }.into(),
                    )),
                    other => match format_name(other) {
                        Some(known) => plain(format(known)),
                        None => plain(string()),
                    },
                };
                Some((schema, 1))
            }
        }
    }

    fn zod_object(&mut self, shape: Option<&Expression<'_>>, span: Span) -> Schema {
        let Some(shape) = shape else {
            return Schema::kind(TypeKind::Object(ObjectExpr::default()), span);
        };
        match self.shape(shape, |lower, value| lower.zod_field(value)) {
            Some((fields, spreads)) => object_of(fields, spreads, span),
            // A shape in a constant, or `Other.shape`.
            None => self.schema_or_hole(Some(shape), span),
        }
    }

    /// A field of a shape; a name is another schema.
    fn zod_field(&mut self, value: &Expression<'_>) -> Option<Schema> {
        self.schema(value)
    }

    fn array_of(&mut self, element: Option<&Expression<'_>>, span: Span) -> Schema {
        list(self.schema_or_hole(element, span), span)
    }

    /// Only parsing rejects unknown keys; what comes out has none.
    fn strict_input(&mut self, schema: Schema, span: Span) -> Schema {
        let strict = additional(schema.clone(), TypeOp::Strict, None, span);
        Schema { input: strict.input, ..schema }
    }

    /// `{ a: true, b: true }` as a union of keys.
    fn mask(&mut self, mask: Option<&Expression<'_>>, span: Span) -> TypeExpr {
        let keys = match mask.map(|mask| mask.get_inner_expression()) {
            Some(Expression::ObjectExpression(object)) => object
                .properties
                .iter()
                .filter_map(|property| match property {
                    oxc_ast::ast::ObjectPropertyKind::ObjectProperty(property) => {
                        Some(super::super::types::text(&property.key.static_name()?, node_span(&property.key)))
                    }
                    oxc_ast::ast::ObjectPropertyKind::SpreadProperty(_) => None,
                })
                .collect(),
            Some(Expression::ArrayExpression(array)) => {
                let elements: Vec<_> = array.elements.iter().filter_map(|element| element.as_expression()).collect();
                elements.into_iter().map(|element| self.constant_type(element)).collect()
            }
            _ => return TypeExpr::unknown("keys that are not written out", span),
        };
        TypeExpr::new(TypeKind::Union(keys), span)
    }

    pub(super) fn zod_step(&mut self, schema: Schema, step: &Step<'_, '_>) -> Schema {
        let span = step.span;
        let Some(call) = step.call else {
            return match step.name {
                "element" => schema.apply(TypeOp::Element, &[], span),
                "shape" | "enum" | "Enum" | "Values" => schema,
                name => schema.map(|ty| super::super::expressions::index_type(ty, name, span)),
            };
        };
        let first = argument(call, 0);
        match step.name {
            "optional" | "exactOptional" => schema.optional(),
            "nullable" => schema.nullable(span),
            "nullish" => schema.nullable(span).optional(),
            "default" | "prefault" => {
                let default = first.and_then(|value| self.literal(value));
                schema.with_default(default)
            }
            "catch" => Schema { input: TypeExpr::unknown("anything, as errors are caught", span), optional_in: true, ..schema },
            "array" => list(schema, span),
            "or" => {
                let other = self.schema_or_hole(first, span);
                combine(vec![schema, other], span, TypeKind::Union)
            }
            "and" => {
                let other = self.schema_or_hole(first, span);
                combine(vec![schema, other], span, TypeKind::Intersection)
            }
            "extend" | "augment" | "safeExtend" => {
                let more = self.zod_object(first, span);
                extend(schema, more, span)
            }
            "merge" => {
                let more = self.schema_or_hole(first, span);
                extend(schema, more, span)
            }
            "setKey" => {
                let name = first.and_then(|first| self.literal(first));
                let value = self.schema_or_hole(argument(call, 1), span);
                match name {
                    Some(Literal::Text(name)) => {
                        let more = object_of(vec![(name, span, value)], Vec::new(), span);
                        extend(schema, more, span)
                    }
                    _ => schema.map(|_| TypeExpr::unknown("a key that is not written out", span)),
                }
            }
            "pick" | "omit" => {
                let keys = self.mask(first, span);
                let op = if step.name == "pick" { TypeOp::Pick } else { TypeOp::Omit };
                schema.apply(op, &[keys], span)
            }
            "partial" | "required" => {
                let op = if step.name == "partial" { TypeOp::Partial } else { TypeOp::Required };
                if first.is_none() {
                    return schema.apply(op, &[], span);
                }
                let keys = self.mask(first, span);
                schema.map(|ty| {
                    let picked = TypeExpr::new(TypeKind::Apply(TypeOp::Pick, vec![ty.clone(), keys.clone()]), span);
                    let changed = TypeExpr::new(TypeKind::Apply(op, vec![picked]), span);
                    TypeExpr::new(TypeKind::Apply(TypeOp::Extend, vec![ty, changed]), span)
                })
            }
            "deepPartial" => schema.apply(TypeOp::DeepPartial, &[], span),
            "passthrough" | "loose" | "nonstrict" => additional(schema, TypeOp::Passthrough, None, span),
            "strict" => self.strict_input(schema, span),
            "strip" => additional(schema, TypeOp::Strip, None, span),
            "catchall" => {
                let values = self.schema_or_hole(first, span);
                if values.output.kind == TypeKind::Never {
                    return self.strict_input(schema, span);
                }
                additional(schema, TypeOp::Catchall, Some(values.output), span)
            }
            "keyof" => schema.apply(TypeOp::KeyOf, &[], span),
            "exclude" | "extract" => {
                let keys = self.enumeration_type(first, span);
                schema.apply(if step.name == "exclude" { TypeOp::Exclude } else { TypeOp::Extract }, &[keys], span)
            }
            "unwrap" | "removeDefault" => {
                let mut inner = schema.required();
                inner.default = None;
                inner.apply(TypeOp::NonNullable, &[], span)
            }
            "sourceType" => Schema { output: schema.input.clone(), ..schema },
            "transform" => {
                let output = self.transformed(first, &schema, span);
                Schema { output, optional_out: false, ..schema }
            }
            "pipe" => {
                let to = self.schema_or_hole(first, span);
                Schema { output: to.output, optional_out: to.optional_out, ..schema }
            }
            "rest" => {
                let rest = self.schema_or_hole(first, span);
                let with_rest = |mut ty: TypeExpr, more: TypeExpr| {
                    if let TypeKind::Tuple { rest, .. } = &mut ty.kind {
                        *rest = Some(Box::new(more));
                    }
                    ty
                };
                Schema {
                    output: with_rest(schema.output.clone(), rest.output.clone()),
                    input: with_rest(schema.input.clone(), rest.input),
                    ..schema
                }
            }
            "min" | "gte" | "minLength" | "minSize" => bounded(schema, Bound::Min, first),
            "max" | "lte" | "maxLength" | "maxSize" => bounded(schema, Bound::Max, first),
            "gt" => bounded(schema, Bound::ExclusiveMin, first),
            "lt" => bounded(schema, Bound::ExclusiveMax, first),
            "length" | "size" => bounded(schema, Bound::Exact, first),
            "multipleOf" | "step" => bounded(schema, Bound::MultipleOf, first),
            "int" => as_integer(schema),
            "positive" => range(schema, |range| range.exclusive_minimum = Some(0.into())),
            "nonnegative" => range(schema, |range| range.minimum = Some(0.into())),
            "negative" => range(schema, |range| range.exclusive_maximum = Some(0.into())),
            "nonpositive" => range(schema, |range| range.maximum = Some(0.into())),
            "nonempty" => schema.refine(|kind| match kind {
                TypeKind::String(shape) => shape.min_length = Some(1),
                TypeKind::Array { min, .. } => *min = Some(1),
                _ => {}
            }),
            "regex" => with_pattern(schema, pattern_of(first)),
            "startsWith" => with_pattern(schema, quoted(first).map(|text| format!("^{text}").into())),
            "endsWith" => with_pattern(schema, quoted(first).map(|text| format!("{text}$").into())),
            "includes" => with_pattern(schema, quoted(first)),
            "base64" | "base64url" => schema.refine(|kind| {
                if let TypeKind::String(shape) = kind {
                    shape.content_encoding = Some("base64".to_owned());
                }
            }),
            name => match format_name(name) {
                Some(format) => with_format(schema, format),
                None => schema,
            },
        }
    }

    /// What a transformation gives, where its function says so.
    fn transformed(&mut self, function: Option<&Expression<'_>>, from: &Schema, span: Span) -> TypeExpr {
        let Some(function) = function else { return TypeExpr::unknown("given by a transformation", span) };
        if let Expression::Identifier(id) = function.get_inner_expression() {
            match id.name.as_str() {
                "Number" | "parseFloat" => return TypeExpr::new(number(), span),
                "String" => return TypeExpr::new(string(), span),
                "Boolean" => return TypeExpr::new(TypeKind::Boolean, span),
                _ => {}
            }
        }
        let first = self.facts.functions.len();
        let value = self.expr(function, Usage::USED);
        let ExprKind::Function(id) = value.kind else { return TypeExpr::unknown("given by a transformation", span) };
        let lowered = &self.facts.functions[id.0 as usize];
        let result = if let Some(ty) = &lowered.return_type {
            Some(ty.clone())
        } else if let [returned] = lowered.returns.as_slice() {
            match &returned.kind {
                ExprKind::OfType(ty) => Some((**ty).clone()),
                ExprKind::Literal(literal) => Some(TypeExpr::new(TypeKind::Const(literal.clone()), returned.span)),
                ExprKind::Template(_) => Some(TypeExpr::new(string(), returned.span)),
                // The value itself: nothing has changed on the wire.
                ExprKind::Local(local) if local.0 == 0 => Some(from.output.clone()),
                _ => None,
            }
        } else {
            None
        };
        // The function belongs to the schema and is nobody's closure.
        debug_assert!(first <= id.0 as usize);
        result.unwrap_or_else(|| TypeExpr::unknown("given by a transformation", span))
    }
}

pub(super) fn list(schema: Schema, span: Span) -> Schema {
    let array =
        |items: TypeExpr| TypeExpr::new(TypeKind::Array { items: Box::new(items), min: None, max: None, unique: false }, span);
    Schema {
        output: array(schema.clone().output_type()),
        input: array(schema.input_type()),
        optional_out: false,
        optional_in: false,
        default: None,
    }
}

/// The fields of both, those of the extension win.
pub(super) fn extend(base: Schema, more: Schema, span: Span) -> Schema {
    let join = |base: TypeExpr, more: TypeExpr| match (base.kind, more.kind) {
        // Both at hand: one object.
        (TypeKind::Object(mut object), TypeKind::Object(more))
            if object.members.iter().all(is_field) && more.members.iter().all(is_field) =>
        {
            for member in more.members {
                let name = field_name(&member).map(Name::from);
                match object.members.iter().position(|known| field_name(known).map(Name::from) == name) {
                    Some(at) => object.members[at] = member,
                    None => object.members.push(member),
                }
            }
            if more.additional != Additional::Silent {
                object.additional = more.additional;
            }
            TypeExpr::new(TypeKind::Object(object), base.span)
        }
        (a, b) => {
            let operands = vec![TypeExpr::new(a, base.span), TypeExpr::new(b, more.span)];
            TypeExpr::new(TypeKind::Apply(TypeOp::Extend, operands), span)
        }
    };
    Schema {
        output: join(base.output, more.output),
        input: join(base.input, more.input),
        optional_out: base.optional_out,
        optional_in: base.optional_in,
        default: None,
    }
}

fn is_field(member: &crate::facts::ObjectMember) -> bool {
    field_name(member).is_some()
}

fn field_name(member: &crate::facts::ObjectMember) -> Option<&str> {
    match member {
        crate::facts::ObjectMember::Field(field) => Some(&field.name),
        crate::facts::ObjectMember::Spread(_) => None,
    }
}

pub(super) fn range(schema: Schema, change: impl Fn(&mut NumberRange)) -> Schema {
    schema.refine(|kind| {
        if let TypeKind::Number(range) | TypeKind::Integer(range) = kind {
            change(range);
        }
    })
}

/// A constant text as a part of a pattern.
pub(super) fn quoted(expression: Option<&Expression<'_>>) -> Option<Name> {
    match expression?.get_inner_expression() {
        Expression::StringLiteral(literal) => Some(super::super::types::escape(literal.value.as_str())),
        _ => None,
    }
}
