//! ArkType: object literals whose values are types written as texts.

use oxc_ast::ast::Expression;

use super::super::known::{format, number, string};
use super::super::lower::{Lower, node_span};
use super::zod::list;
use super::{Schema, Step, additional, argument, combine, object_of};
use crate::facts::{Literal, ObjectExpr, TypeExpr, TypeKind, TypeOp};
use crate::source::Span;

/// The longest definition that is read.
const MAX_DEFINITION: usize = 2_000;

impl Lower<'_> {
    pub(super) fn arktype(&mut self, steps: &[Step<'_, '_>], span: Span) -> Option<Schema> {
        let step = steps.first()?;
        let call = step.call?;
        if step.name != "type" {
            return None;
        }
        self.definition(argument(call, 0)?, span)
    }

    fn definition(&mut self, expression: &Expression<'_>, span: Span) -> Option<Schema> {
        match expression.get_inner_expression() {
            Expression::StringLiteral(literal) => Some(written(literal.value.as_str(), node_span(expression))),
            Expression::ObjectExpression(_) => {
                let (fields, spreads) = self.shape(expression, |lower, value| lower.definition(value, node_span(value)))?;
                let mut strict = false;
                let fields = fields
                    .into_iter()
                    .filter_map(|(name, at, schema)| {
                        // `"+": "reject"` is about unknown keys; `"name?"` is an optional key.
                        if name == "+" {
                            strict = matches!(&schema.output.kind, TypeKind::Unknown(why) if why == "reject");
                            return None;
                        }
                        Some(match name.strip_suffix('?') {
                            Some(bare) => (bare.into(), at, schema.optional()),
                            None => (name, at, schema),
                        })
                    })
                    .collect();
                let schema = object_of(fields, spreads, span);
                Some(if strict {
                    Schema { input: additional(schema.clone(), TypeOp::Strict, None, span).input, ..schema }
                } else {
                    schema
                })
            }
            Expression::ArrayExpression(array) => {
                let elements: Vec<_> = array.elements.iter().filter_map(|element| element.as_expression()).collect();
                // `[definition, "[]"]`, `[a, "|", b]`
                if let [first, Expression::StringLiteral(operator), rest @ ..] = elements.as_slice() {
                    match (operator.value.as_str(), rest) {
                        ("[]", []) => return Some(list(self.definition(first, span)?, span)),
                        ("|", [second]) => {
                            let parts = vec![self.definition(first, span)?, self.definition(second, span)?];
                            return Some(combine(parts, span, TypeKind::Union));
                        }
                        _ => {}
                    }
                }
                let parts: Option<Vec<Schema>> = elements.into_iter().map(|element| self.definition(element, span)).collect();
                Some(combine(parts?, span, |items| TypeKind::Tuple { items, rest: None }))
            }
            _ => self.schema(expression),
        }
    }
}

/// A type that is written as a text.
fn written(text: &str, span: Span) -> Schema {
    if text.len() > MAX_DEFINITION {
        return Schema::of(TypeExpr::unknown("a definition that is too long", span));
    }
    // `"number = 3"` has a default.
    if let Some((ty, default)) = text.split_once(" = ") {
        let default = literal(default.trim());
        return Schema::of(parse(ty.trim(), span, 0)).with_default(default);
    }
    Schema::of(parse(text.trim(), span, 0))
}

fn parse(text: &str, span: Span, depth: u32) -> TypeExpr {
    if depth > 20 {
        return TypeExpr::unknown("a definition that is nested too deeply", span);
    }
    let text = text.trim();
    let parts = split(text, '|');
    if parts.len() > 1 {
        return TypeExpr::new(TypeKind::Union(parts.into_iter().map(|part| parse(part, span, depth + 1)).collect()), span);
    }
    if let Some(element) = text.strip_suffix("[]") {
        let items = Box::new(parse(element, span, depth + 1));
        return TypeExpr::new(TypeKind::Array { items, min: None, max: None, unique: false }, span);
    }
    if let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        return parse(inner, span, depth + 1);
    }
    if let Some(literal) = literal(text) {
        return TypeExpr::new(if literal == Literal::Null { TypeKind::Null } else { TypeKind::Const(literal) }, span);
    }
    // Bounds: the type before the first comparison.
    if let Some(at) = text.find(['<', '>', '%']) {
        let ty = text[..at].trim();
        if !ty.is_empty() && ty.parse::<f64>().is_err() {
            return parse(ty, span, depth + 1);
        }
    }
    let kind = match text {
        "string"
        | "string.alpha"
        | "string.alphanumeric"
        | "string.digits"
        | "string.hex"
        | "string.trim"
        | "string.lower"
        | "string.upper" => string(),
        "string.email" => format("email"),
        "string.uuid" | "string.uuid.v4" | "string.uuid.v7" => format("uuid"),
        "string.url" => format("uri"),
        "string.date.iso" | "string.date" => format("date-time"),
        "string.ip" | "string.numeric" | "string.integer" | "string.json" | "string.semver" => string(),
        "number" => number(),
        "number.integer" => TypeKind::Integer(Default::default()),
        "boolean" => TypeKind::Boolean,
        "Date" => format("date-time"),
        "undefined" => TypeKind::Absent,
        "never" => TypeKind::Never,
        "object" | "Record<string, unknown>" => TypeKind::Object(ObjectExpr::default()),
        other => TypeKind::Unknown(other.into()),
    };
    TypeExpr::new(kind, span)
}

fn literal(text: &str) -> Option<Literal> {
    let quoted = |quote: char| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    if let Some(inner) = quoted('\'').or_else(|| quoted('"')) {
        return (!inner.contains(['\'', '"'])).then(|| Literal::Text(inner.into()));
    }
    match text {
        "true" => Some(Literal::Bool(true)),
        "false" => Some(Literal::Bool(false)),
        "null" => Some(Literal::Null),
        _ => text.parse::<f64>().ok().map(|value| Literal::Number(super::super::expressions::digits(value))),
    }
}

/// Splits at a mark outside of quotes and brackets.
fn split(text: &str, mark: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut quote, mut start) = (0i32, None, 0);
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(letter),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth -= 1,
            (None, _) if letter == mark && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + letter.len_utf8();
            }
            (None, _) => {}
        }
    }
    parts.push(&text[start..]);
    parts
}
