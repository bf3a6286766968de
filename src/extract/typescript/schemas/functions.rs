//! Libraries whose schemas are calls of functions with options: valibot and TypeBox.

use oxc_ast::ast::{CallExpression, Expression};

use super::super::known::{format, number, string};
use super::super::lower::Lower;
use super::zod::{list, range};
use super::{
    Bound, Schema, Step, additional, argument, as_integer, bound, bounded, combine, format_name, object_of, pattern_of,
    with_format, with_pattern,
};
use crate::facts::{ObjectExpr, TypeExpr, TypeKind, TypeOp};
use crate::source::Span;

pub(super) fn is_valibot(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "object",
        "strictObject",
        "looseObject",
        "objectWithRest",
        "string",
        "number",
        "boolean",
        "bigint",
        "date",
        "any",
        "unknown",
        "null",
        "null_",
        "undefined",
        "undefined_",
        "never",
        "literal",
        "picklist",
        "enum",
        "enum_",
        "array",
        "tuple",
        "record",
        "union",
        "variant",
        "intersect",
        "optional",
        "nullable",
        "nullish",
        "lazy",
        "pipe",
        "partial",
        "required",
        "pick",
        "omit",
        "map",
        "set",
        "instance",
        "custom",
        "exactOptional",
        "undefinedable",
        "nonNullable",
        "nonOptional",
        "nonNullish",
        "keyof",
        "fallback",
        "config",
    ];
    NAMES.contains(&name)
}

pub(super) fn is_typebox(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "Object",
        "String",
        "Number",
        "Integer",
        "Boolean",
        "Null",
        "Any",
        "Unknown",
        "Literal",
        "Union",
        "Array",
        "Tuple",
        "Record",
        "Optional",
        "Readonly",
        "Enum",
        "Intersect",
        "Partial",
        "Required",
        "Pick",
        "Omit",
        "Composite",
        "Ref",
        "Date",
        "Unsafe",
        "KeyOf",
        "Index",
        "Recursive",
        "Transform",
        "Undefined",
        "Never",
        "TemplateLiteral",
        "Const",
        "Nullable",
        "Numeric",
        "UnionEnum",
    ];
    NAMES.contains(&name)
}

impl Lower<'_> {
    pub(super) fn valibot(&mut self, steps: &[Step<'_, '_>], span: Span) -> Option<Schema> {
        let step = steps.first()?;
        let call = step.call?;
        let first = argument(call, 0);
        let plain = |kind: TypeKind| Schema::kind(kind, span);
        Some(match step.name {
            "string" => plain(string()),
            "number" => plain(number()),
            "boolean" => plain(TypeKind::Boolean),
            "bigint" => plain(TypeKind::Unknown("a bigint, which JSON cannot hold".into())),
            "date" => plain(format("date-time")),
            "any" | "unknown" | "instance" | "custom" => plain(TypeKind::Unknown(step.name.into())),
            "null" | "null_" => plain(TypeKind::Null),
            "undefined" | "undefined_" | "void" => plain(TypeKind::Absent).optional(),
            "never" => plain(TypeKind::Never),
            "map" | "set" => plain(TypeKind::Object(ObjectExpr::default())),
            "literal" => Schema::of(self.constant_type(first?)),
            "picklist" => Schema::of(self.enumeration_type(first, span)),
            "enum" | "enum_" => {
                let value = self.expr(first?, super::super::lower::Usage::USED);
                let of = TypeExpr::new(TypeKind::Of(Box::new(value)), span);
                plain(TypeKind::Apply(TypeOp::ValueOf, vec![of]))
            }
            "object" | "strictObject" | "looseObject" | "objectWithRest" => {
                let (fields, spreads) = self.shape(first?, |lower, value| lower.schema(value))?;
                let schema = object_of(fields, spreads, span);
                match step.name {
                    "strictObject" => Schema { input: additional(schema.clone(), TypeOp::Strict, None, span).input, ..schema },
                    "looseObject" => additional(schema, TypeOp::Passthrough, None, span),
                    "objectWithRest" => {
                        let rest = self.schema_or_hole(argument(call, 1), span);
                        additional(schema, TypeOp::Catchall, Some(rest.output), span)
                    }
                    _ => schema,
                }
            }
            "array" => list(self.schema_or_hole(first, span), span),
            "tuple" => combine(self.schemas_in(first), span, |items| TypeKind::Tuple { items, rest: None }),
            "record" => {
                let keys = self.schema_or_hole(first, span);
                let values = self.schema_or_hole(argument(call, 1), span);
                combine(vec![keys, values], span, |parts| {
                    let mut parts = parts.into_iter();
                    let keys = parts.next().map(Box::new);
                    let values = parts.next().unwrap_or_else(|| TypeExpr::unknown("not stated", span));
                    TypeKind::Map { keys, values: Box::new(values) }
                })
            }
            "union" => combine(self.schemas_in(first), span, TypeKind::Union),
            "variant" => combine(self.schemas_in(argument(call, 1)), span, TypeKind::Union),
            "intersect" => combine(self.schemas_in(first), span, TypeKind::Intersection),
            "optional" | "exactOptional" | "undefinedable" => self.with_fallback(call, span, Schema::optional),
            "nullable" => self.with_fallback(call, span, |schema| schema.nullable(span)),
            "nullish" => self.with_fallback(call, span, |schema| schema.nullable(span).optional()),
            "nonNullable" | "nonOptional" | "nonNullish" => {
                self.schema_or_hole(first, span).required().apply(TypeOp::NonNullable, &[], span)
            }
            "fallback" => {
                let schema = self.schema_or_hole(first, span);
                Schema { input: TypeExpr::unknown("anything, as errors are caught", span), optional_in: true, ..schema }
            }
            "config" => self.schema_or_hole(first, span),
            "lazy" => match first.map(|first| first.get_inner_expression()) {
                Some(Expression::ArrowFunctionExpression(arrow)) => self.schema_or_hole(arrow.body.as_expression(), span),
                _ => plain(TypeKind::Unknown("a lazy schema".into())),
            },
            "partial" => self.schema_or_hole(first, span).apply(TypeOp::Partial, &[], span),
            "required" => self.schema_or_hole(first, span).apply(TypeOp::Required, &[], span),
            "keyof" => self.schema_or_hole(first, span).apply(TypeOp::KeyOf, &[], span),
            "pick" | "omit" => {
                let keys = self.enumeration_type(argument(call, 1), span);
                let op = if step.name == "pick" { TypeOp::Pick } else { TypeOp::Omit };
                self.schema_or_hole(first, span).apply(op, &[keys], span)
            }
            "pipe" => {
                let mut schema = self.schema_or_hole(first, span);
                for action in call.arguments.iter().skip(1).filter_map(|argument| argument.as_expression()) {
                    schema = self.valibot_action(schema, action, span);
                }
                schema
            }
            _ => return None,
        })
    }

    /// `optional(schema, default)`: with a default the output is always there.
    fn with_fallback(&mut self, call: &CallExpression<'_>, span: Span, wrap: impl Fn(Schema) -> Schema) -> Schema {
        let inner = self.schema_or_hole(argument(call, 0), span);
        match argument(call, 1) {
            Some(default) => {
                let default = self.literal(default);
                let wrapped = wrap(inner.clone());
                Schema { output: inner.output, optional_out: inner.optional_out, default, ..wrapped }
            }
            None => wrap(inner),
        }
    }

    fn valibot_action(&mut self, schema: Schema, action: &Expression<'_>, span: Span) -> Schema {
        let Expression::CallExpression(call) = action.get_inner_expression() else { return schema };
        let Some(name) = call.callee_name() else { return schema };
        // An imported action may stand under a name of its own.
        let name = self.libraries.get(name).and_then(|(_, taken)| taken.clone()).unwrap_or_else(|| name.into());
        let first = argument(call, 0);
        match name.as_str() {
            "minLength" | "minValue" | "minSize" => bounded(schema, Bound::Min, first),
            "maxLength" | "maxValue" | "maxSize" => bounded(schema, Bound::Max, first),
            "gtValue" => bounded(schema, Bound::ExclusiveMin, first),
            "ltValue" => bounded(schema, Bound::ExclusiveMax, first),
            "length" | "size" => bounded(schema, Bound::Exact, first),
            "multipleOf" => bounded(schema, Bound::MultipleOf, first),
            "integer" | "safeInteger" => as_integer(schema),
            "nonEmpty" => schema.refine(|kind| match kind {
                TypeKind::String(shape) => shape.min_length = Some(1),
                TypeKind::Array { min, .. } => *min = Some(1),
                _ => {}
            }),
            "regex" => with_pattern(schema, pattern_of(first)),
            "startsWith" => with_pattern(schema, super::zod::quoted(first).map(|text| format!("^{text}").into())),
            "endsWith" => with_pattern(schema, super::zod::quoted(first).map(|text| format!("{text}$").into())),
            "includes" => with_pattern(schema, super::zod::quoted(first)),
            "transform" | "rawTransform" => {
                let output = TypeExpr::unknown("given by a transformation", span);
                Schema { output, optional_out: false, ..schema }
            }
            "toDate" => Schema { output: TypeExpr::new(format("date-time"), span), ..schema },
            other => match format_name(other) {
                Some(format) => with_format(schema, format),
                None if is_valibot(other) => {
                    let to = self.schema_or_hole(Some(action), span);
                    Schema { output: to.output, optional_out: to.optional_out, ..schema }
                }
                None => schema,
            },
        }
    }

    pub(super) fn typebox(&mut self, steps: &[Step<'_, '_>], span: Span) -> Option<Schema> {
        let step = steps.first()?;
        let call = step.call?;
        let first = argument(call, 0);
        let plain = |kind: TypeKind| Schema::kind(kind, span);
        Some(match step.name {
            "String" => self.typebox_options(plain(string()), first),
            "Number" | "Numeric" => self.typebox_options(plain(number()), first),
            "Integer" => self.typebox_options(plain(TypeKind::Integer(Default::default())), first),
            "Boolean" => plain(TypeKind::Boolean),
            "Null" => plain(TypeKind::Null),
            "Date" => plain(format("date-time")),
            "Any" | "Unknown" | "Unsafe" => match (&call.type_arguments, step.name) {
                (Some(args), "Unsafe") if !args.params.is_empty() => Schema::of(self.ty(&args.params[0])),
                _ => plain(TypeKind::Unknown(step.name.into())),
            },
            "Undefined" => plain(TypeKind::Absent).optional(),
            "Never" => plain(TypeKind::Never),
            "Literal" | "Const" => Schema::of(self.constant_type(first?)),
            "Union" => combine(self.schemas_in(first), span, TypeKind::Union),
            "Nullable" => self.schema_or_hole(first, span).nullable(span),
            "UnionEnum" => Schema::of(self.enumeration_type(first, span)),
            "Intersect" | "Composite" => combine(self.schemas_in(first), span, TypeKind::Intersection),
            "Array" => {
                let schema = list(self.schema_or_hole(first, span), span);
                self.typebox_options(schema, argument(call, 1))
            }
            "Tuple" => combine(self.schemas_in(first), span, |items| TypeKind::Tuple { items, rest: None }),
            "Record" => {
                let keys = self.schema_or_hole(first, span);
                let values = self.schema_or_hole(argument(call, 1), span);
                combine(vec![keys, values], span, |parts| {
                    let mut parts = parts.into_iter();
                    let keys = parts.next().map(Box::new);
                    let values = parts.next().unwrap_or_else(|| TypeExpr::unknown("not stated", span));
                    TypeKind::Map { keys, values: Box::new(values) }
                })
            }
            "Optional" => self.schema_or_hole(first, span).optional(),
            "Readonly" | "Ref" => self.schema_or_hole(first, span),
            "Enum" => {
                let value = self.expr(first?, super::super::lower::Usage::USED);
                let of = TypeExpr::new(TypeKind::Of(Box::new(value)), span);
                plain(TypeKind::Apply(TypeOp::ValueOf, vec![of]))
            }
            "Object" => {
                let (fields, spreads) = self.shape(first?, |lower, value| lower.schema(value))?;
                let schema = object_of(fields, spreads, span);
                self.typebox_options(schema, argument(call, 1))
            }
            "Partial" => self.schema_or_hole(first, span).apply(TypeOp::Partial, &[], span),
            "Required" => self.schema_or_hole(first, span).apply(TypeOp::Required, &[], span),
            "KeyOf" => self.schema_or_hole(first, span).apply(TypeOp::KeyOf, &[], span),
            "Pick" | "Omit" => {
                let keys = self.enumeration_type(argument(call, 1), span);
                let op = if step.name == "Pick" { TypeOp::Pick } else { TypeOp::Omit };
                self.schema_or_hole(first, span).apply(op, &[keys], span)
            }
            _ => plain(TypeKind::Unknown(format!("Type.{}", step.name).into())),
        })
    }

    fn typebox_options(&mut self, mut schema: Schema, options: Option<&Expression<'_>>) -> Schema {
        let Some(Expression::ObjectExpression(object)) = options.map(|options| options.get_inner_expression()) else {
            return schema;
        };
        for property in &object.properties {
            let oxc_ast::ast::ObjectPropertyKind::ObjectProperty(property) = property else { continue };
            let Some(name) = property.key.static_name() else { continue };
            let value = Some(&property.value);
            schema = match &*name {
                "minLength" | "minItems" | "minimum" => bounded(schema, Bound::Min, value),
                "maxLength" | "maxItems" | "maximum" => bounded(schema, Bound::Max, value),
                "exclusiveMinimum" => bounded(schema, Bound::ExclusiveMin, value),
                "exclusiveMaximum" => bounded(schema, Bound::ExclusiveMax, value),
                "multipleOf" => bounded(schema, Bound::MultipleOf, value),
                "pattern" => with_pattern(schema, pattern_of(value)),
                "format" => match property.value.get_inner_expression() {
                    Expression::StringLiteral(literal) => with_format(schema, literal.value.as_str()),
                    _ => schema,
                },
                "uniqueItems" => schema.refine(|kind| {
                    if let TypeKind::Array { unique, .. } = kind {
                        *unique = true;
                    }
                }),
                "additionalProperties" => match property.value.get_inner_expression() {
                    Expression::BooleanLiteral(literal) if !literal.value => {
                        let strict = additional(schema.clone(), TypeOp::Strict, None, Span::default());
                        Schema { input: strict.input, ..schema }
                    }
                    Expression::BooleanLiteral(_) => additional(schema, TypeOp::Passthrough, None, Span::default()),
                    other => {
                        let values = self.schema_or_hole(Some(other), Span::default());
                        additional(schema, TypeOp::Catchall, Some(values.output), Span::default())
                    }
                },
                _ => schema,
            };
        }
        schema
    }
}

/// The bounds of a number that a library's method sets by name alone.
pub(super) fn signed(schema: Schema, name: &str) -> Option<Schema> {
    Some(match name {
        "positive" => range(schema, |range| range.exclusive_minimum = Some(0.into())),
        "negative" => range(schema, |range| range.exclusive_maximum = Some(0.into())),
        _ => return None,
    })
}

/// Whether a call gives a bound at all.
pub(super) fn has_bound(call: &CallExpression<'_>) -> bool {
    bound(argument(call, 0)).is_some()
}
