//! Bounds, formats and patterns: what narrows a text, a number or a list.

use oxc_ast::ast::Expression;

use super::Schema;
use crate::facts::{Name, TypeKind};
use crate::shape::{NumberRange, StringShape};

/// A number that a schema is given as a bound.
pub(in super::super) fn bound(expression: Option<&Expression<'_>>) -> Option<serde_json::Number> {
    let value = match expression?.get_inner_expression() {
        Expression::NumericLiteral(literal) => literal.value,
        Expression::UnaryExpression(unary) if unary.operator == oxc_syntax::operator::UnaryOperator::UnaryNegation => {
            match &unary.argument {
                Expression::NumericLiteral(literal) => -literal.value,
                _ => return None,
            }
        }
        _ => return None,
    };
    super::super::expressions::digits(value).parse().ok()
}

pub(in super::super) fn length(expression: Option<&Expression<'_>>) -> Option<u64> {
    bound(expression)?.as_u64()
}

pub(in super::super) fn pattern_of(expression: Option<&Expression<'_>>) -> Option<Name> {
    match expression?.get_inner_expression() {
        Expression::RegExpLiteral(literal) if !literal.regex.flags.contains(oxc_ast::ast::RegExpFlags::I) => {
            Some(literal.regex.pattern.text.as_str().into())
        }
        Expression::StringLiteral(literal) => Some(literal.value.as_str().into()),
        _ => None,
    }
}

/// Bounds of a text, a number or a list, whichever the schema is of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Bound {
    Min,
    Max,
    ExclusiveMin,
    ExclusiveMax,
    Exact,
    MultipleOf,
}

pub(in super::super) fn bounded(schema: Schema, which: Bound, value: Option<&Expression<'_>>) -> Schema {
    let (number, count) = (bound(value), length(value));
    schema.refine(|kind| match kind {
        TypeKind::String(shape) => {
            let StringShape { min_length, max_length, .. } = &mut **shape;
            set_lengths(min_length, max_length, which, count);
        }
        TypeKind::Array { min, max, .. } => set_lengths(min, max, which, count),
        TypeKind::Number(range) | TypeKind::Integer(range) => set_range(range, which, number.clone()),
        _ => {}
    })
}

fn set_lengths(min: &mut Option<u64>, max: &mut Option<u64>, which: Bound, count: Option<u64>) {
    let Some(count) = count else { return };
    match which {
        Bound::Min => *min = Some(count),
        Bound::Max => *max = Some(count),
        Bound::Exact => {
            *min = Some(count);
            *max = Some(count);
        }
        Bound::ExclusiveMin | Bound::ExclusiveMax | Bound::MultipleOf => {}
    }
}

fn set_range(range: &mut NumberRange, which: Bound, number: Option<serde_json::Number>) {
    let Some(number) = number else { return };
    match which {
        Bound::Min => range.minimum = Some(number),
        Bound::Max => range.maximum = Some(number),
        Bound::ExclusiveMin => range.exclusive_minimum = Some(number),
        Bound::ExclusiveMax => range.exclusive_maximum = Some(number),
        Bound::MultipleOf => range.multiple_of = Some(number),
        Bound::Exact => {
            range.minimum = Some(number.clone());
            range.maximum = Some(number);
        }
    }
}

pub(in super::super) fn as_integer(schema: Schema) -> Schema {
    schema.refine(|kind| {
        if let TypeKind::Number(range) = kind {
            *kind = TypeKind::Integer(std::mem::take(range));
        }
    })
}

pub(in super::super) fn with_format(schema: Schema, format: &str) -> Schema {
    schema.refine(|kind| {
        if let TypeKind::String(shape) = kind {
            shape.format = Some(format.to_owned());
        }
    })
}

pub(in super::super) fn with_pattern(schema: Schema, pattern: Option<Name>) -> Schema {
    let Some(pattern) = pattern else { return schema };
    schema.refine(|kind| {
        if let TypeKind::String(shape) = kind {
            shape.patterns.push(pattern.clone().into());
        }
    })
}

/// The format of JSON Schema that a check of a library stands for.
pub(in super::super) fn format_name(check: &str) -> Option<&'static str> {
    Some(match check {
        "email" | "rfcEmail" => "email",
        "url" | "uri" | "httpUrl" => "uri",
        "uuid" | "guid" | "uuidv4" | "uuidv6" | "uuidv7" => "uuid",
        "datetime" | "isoDateTime" | "isoTimestamp" => "date-time",
        "date" | "isoDate" => "date",
        "time" | "isoTime" => "time",
        "duration" | "isoDuration" => "duration",
        "ipv4" => "ipv4",
        "ipv6" => "ipv6",
        "hostname" => "hostname",
        _ => return None,
    })
}
