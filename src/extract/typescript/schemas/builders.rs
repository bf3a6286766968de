//! Libraries whose schemas are chains of methods with everything optional at first: yup and joi.

use oxc_ast::ast::Expression;

use super::super::known::{format, number, string};
use super::super::lower::Lower;
use super::zod::{extend, list, range};
use super::{
    Bound, Library, Schema, Step, additional, argument, as_integer, bounded, combine, format_name, object_of, pattern_of,
    with_format, with_pattern,
};
use crate::facts::{Literal, Name, ObjectExpr, TypeExpr, TypeKind, TypeOp};
use crate::source::Span;

pub(super) fn is_constructor(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "object",
        "string",
        "number",
        "boolean",
        "bool",
        "date",
        "array",
        "mixed",
        "any",
        "alternatives",
        "tuple",
        "lazy",
        "valid",
        "binary",
        "func",
        "link",
        "symbol",
    ];
    NAMES.contains(&name)
}

impl Lower<'_> {
    pub(super) fn yup(&mut self, steps: &[Step<'_, '_>], span: Span) -> Option<Schema> {
        self.builder(Library::Yup, steps, span)
    }

    pub(super) fn joi(&mut self, steps: &[Step<'_, '_>], span: Span) -> Option<Schema> {
        self.builder(Library::Joi, steps, span)
    }

    fn builder(&mut self, library: Library, steps: &[Step<'_, '_>], span: Span) -> Option<Schema> {
        let step = steps.first()?;
        let call = step.call?;
        let first = argument(call, 0);
        let plain = |kind: TypeKind| Schema::kind(kind, span).optional();
        Some(match step.name {
            "string" => plain(string()),
            "number" => plain(number()),
            "boolean" | "bool" => plain(TypeKind::Boolean),
            "date" => plain(format("date-time")),
            "mixed" | "any" => plain(TypeKind::Unknown(step.name.into())),
            "valid" => Schema::of(self.one_of(call, span)).optional(),
            "array" => match first {
                Some(element) => list(self.schema_or_hole(Some(element), span), span).optional(),
                None => plain(TypeKind::Array {
                    items: Box::new(TypeExpr::unknown("elements that are not stated", span)),
                    min: None,
                    max: None,
                    unique: false,
                }),
            },
            "tuple" => combine(self.schemas_in(first), span, |items| TypeKind::Tuple { items, rest: None }).optional(),
            "alternatives" => {
                if first.is_some() {
                    combine(self.arguments_as_schemas(call), span, TypeKind::Union).optional()
                } else {
                    plain(TypeKind::Never)
                }
            }
            "object" => {
                let schema = match first {
                    Some(shape) => self.builder_object(library, shape, span),
                    None => Schema::kind(TypeKind::Object(ObjectExpr::default()), span),
                };
                // An object of yup is there even where it is not given; of joi it may be left out.
                if library == Library::Yup { schema } else { schema.optional() }
            }
            "lazy" | "link" | "binary" | "func" | "symbol" => plain(TypeKind::Unknown(format!("{} schema", step.name).into())),
            _ => return None,
        })
    }

    fn builder_object(&mut self, library: Library, shape: &Expression<'_>, span: Span) -> Schema {
        let Some((fields, spreads)) = self.shape(shape, |lower, value| lower.builder_field(library, value)) else {
            return self.schema_or_hole(Some(shape), span);
        };
        let schema = object_of(fields, spreads, span);
        // joi rejects unknown keys unless told otherwise.
        if library == Library::Joi {
            let strict = additional(schema.clone(), TypeOp::Strict, None, span);
            return Schema { input: strict.input, ..schema };
        }
        schema
    }

    /// In joi a plain object is a schema too, and a constant stands for itself.
    fn builder_field(&mut self, library: Library, value: &Expression<'_>) -> Option<Schema> {
        if library == Library::Joi {
            if let Expression::ObjectExpression(_) = value.get_inner_expression() {
                return Some(self.builder_object(library, value, super::super::lower::node_span(value)).optional());
            }
            if self.literal(value).is_some() {
                return Some(Schema::of(self.constant_type(value)).optional());
            }
        }
        self.schema(value)
    }

    fn arguments_as_schemas(&mut self, call: &oxc_ast::ast::CallExpression<'_>) -> Vec<Schema> {
        let mut all = Vec::new();
        for argument in call.arguments.iter().filter_map(|argument| argument.as_expression()) {
            all.extend(self.schemas_in(Some(argument)).into_iter().map(Schema::required));
        }
        all
    }

    /// The constants that a method lists, as arguments or as one array.
    fn one_of(&mut self, call: &oxc_ast::ast::CallExpression<'_>, span: Span) -> TypeExpr {
        let arguments: Vec<_> = call.arguments.iter().filter_map(|argument| argument.as_expression()).collect();
        if let [only] = arguments.as_slice()
            && !matches!(only.get_inner_expression(), Expression::StringLiteral(_) | Expression::NumericLiteral(_))
        {
            return self.enumeration_type(Some(only), span);
        }
        let mut parts: Vec<TypeExpr> = arguments.into_iter().map(|argument| self.constant_type(argument)).collect();
        // `.valid(...Object.values(Enum))`
        for argument in &call.arguments {
            if let oxc_ast::ast::Argument::SpreadElement(spread) = argument {
                let value = self.expr(&spread.argument, super::super::lower::Usage::USED);
                let of = TypeExpr::new(TypeKind::Of(Box::new(value)), span);
                parts.push(TypeExpr::new(TypeKind::Apply(TypeOp::Element, vec![of]), span));
            }
        }
        TypeExpr::new(TypeKind::Union(parts), span)
    }

    pub(super) fn builder_step(&mut self, library: Library, schema: Schema, step: &Step<'_, '_>) -> Schema {
        let span = step.span;
        let Some(call) = step.call else { return schema };
        let first = argument(call, 0);
        match step.name {
            "required" | "defined" | "exist" => {
                // A required text of yup is not empty.
                let schema = schema.required();
                if library == Library::Yup && step.name == "required" {
                    return schema.refine(|kind| {
                        if let TypeKind::String(shape) = kind {
                            shape.min_length = shape.min_length.or(Some(1));
                        }
                    });
                }
                schema
            }
            "optional" | "notRequired" => schema.optional(),
            "nullable" => schema.nullable(span),
            "nonNullable" => schema,
            "default" => {
                let default = first.and_then(|value| self.literal(value));
                schema.with_default(default)
            }
            "allow" => {
                let mut schema = schema;
                for argument in call.arguments.iter().filter_map(|argument| argument.as_expression()) {
                    let more = self.constant_type(argument);
                    // An empty text is a text.
                    if more.kind != TypeKind::Const(Literal::Text(Name::default())) {
                        schema = schema.map(|ty| super::with(ty, more.kind.clone(), span));
                    }
                }
                schema
            }
            "oneOf" | "valid" | "equal" => {
                let values = self.one_of(call, span);
                schema.map(|ty| match ty.kind {
                    TypeKind::Union(parts) if parts.iter().any(|part| part.kind == TypeKind::Null) => {
                        super::with(values.clone(), TypeKind::Null, span)
                    }
                    _ => values.clone(),
                })
            }
            "of" => {
                let items = self.schema_or_hole(first, span).required();
                let optional = (schema.optional_out, schema.optional_in);
                let listed = list(items, span);
                Schema { optional_out: optional.0, optional_in: optional.1, default: schema.default, ..listed }
            }
            "items" => {
                let items = self.arguments_as_schemas(call);
                let optional = (schema.optional_out, schema.optional_in);
                let element = match items.len() {
                    1 => items.into_iter().next().unwrap_or_else(|| Schema::of(TypeExpr::unknown("not stated", span))),
                    _ => combine(items, span, TypeKind::Union),
                };
                let listed = list(element.required(), span);
                Schema { optional_out: optional.0, optional_in: optional.1, default: schema.default, ..listed }
            }
            "try" => {
                let optional = (schema.optional_out, schema.optional_in);
                let union = combine(self.arguments_as_schemas(call), span, TypeKind::Union);
                Schema { optional_out: optional.0, optional_in: optional.1, ..union }
            }
            "shape" | "keys" | "append" => {
                let Some(shape) = first else { return schema };
                let more = self.builder_object(library, shape, span);
                let optional = (schema.optional_out, schema.optional_in);
                let joined = extend(schema, more, span);
                Schema { optional_out: optional.0, optional_in: optional.1, ..joined }
            }
            "concat" => {
                let more = self.schema_or_hole(first, span);
                extend(schema, more, span)
            }
            "pick" | "omit" => {
                let keys = self.enumeration_type(first, span);
                schema.apply(if step.name == "pick" { TypeOp::Pick } else { TypeOp::Omit }, &[keys], span)
            }
            "partial" => schema.apply(TypeOp::Partial, &[], span),
            "deepPartial" => schema.apply(TypeOp::DeepPartial, &[], span),
            "noUnknown" => {
                let strict = additional(schema.clone(), TypeOp::Strict, None, span);
                Schema { input: strict.input, ..schema }
            }
            "unknown" => additional(schema, TypeOp::Passthrough, None, span),
            "min" => bounded(schema, Bound::Min, first),
            "max" => bounded(schema, Bound::Max, first),
            "greater" | "moreThan" => bounded(schema, Bound::ExclusiveMin, first),
            "less" | "lessThan" => bounded(schema, Bound::ExclusiveMax, first),
            "length" if super::functions::has_bound(call) => bounded(schema, Bound::Exact, first),
            "multiple" => bounded(schema, Bound::MultipleOf, first),
            "integer" => as_integer(schema),
            "positive" | "negative" => super::functions::signed(schema.clone(), step.name).unwrap_or(schema),
            "port" => range(as_integer(schema), |range| {
                range.minimum = Some(0.into());
                range.maximum = Some(65_535.into());
            }),
            "matches" | "pattern" | "regex" => with_pattern(schema, pattern_of(first)),
            "iso" | "isoDate" | "datetime" => with_format(schema, "date-time"),
            "timestamp" => schema.map(|_| TypeExpr::new(number(), span)),
            "unique" => schema.refine(|kind| {
                if let TypeKind::Array { unique, .. } = kind {
                    *unique = true;
                }
            }),
            "transform" => Schema { output: TypeExpr::unknown("given by a transformation", span), ..schema },
            name => match format_name(name) {
                Some(format) if name != "date" => with_format(schema, format),
                Some(_) | None => schema,
            },
        }
    }
}
