//! JSON Schemas as object literals, as they are handed to Ajv or Fastify.

use oxc_ast::ast::{ArrayExpressionElement, Expression, ObjectExpression, ObjectPropertyKind};
use oxc_span::GetSpan;

use super::super::known::{number, string};
use super::super::lower::{Lower, node_span};
use super::super::types::field;
use super::{length, pattern_of};
use crate::facts::{Additional, Literal, Name, ObjectExpr, TypeExpr, TypeKind};
use crate::shape::{NumberRange, Presence};
use crate::source::Span;

impl Lower<'_> {
    /// The type that an object literal describes, where it is a JSON Schema of an object.
    pub(super) fn json_schema(&mut self, expression: &Expression<'_>) -> Option<TypeExpr> {
        let Expression::ObjectExpression(object) = expression else { return None };
        let is_object = matches!(get(object, "type").map(|value| value.get_inner_expression()),
            Some(Expression::StringLiteral(literal)) if literal.value.as_str() == "object");
        let has_properties =
            matches!(get(object, "properties").map(|value| value.get_inner_expression()), Some(Expression::ObjectExpression(_)));
        if !(is_object && has_properties) {
            return None;
        }
        self.deeper(|lower| lower.json_schema_node(object))
    }

    fn json_schema_node(&mut self, object: &ObjectExpression<'_>) -> TypeExpr {
        let span = node_span(object);
        if let Some(value) = get(object, "const") {
            return self.constant_type(value);
        }
        if let Some(values) = get(object, "enum") {
            return self.enumeration_type(Some(values), span);
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(Expression::ArrayExpression(array)) = get(object, key).map(|value| value.get_inner_expression()) {
                let elements: Vec<_> = array.elements.iter().filter_map(ArrayExpressionElement::as_expression).collect();
                let parts = elements.into_iter().map(|element| self.json_schema_value(element)).collect();
                return TypeExpr::new(TypeKind::Union(parts), span);
            }
        }
        let nullable = matches!(get(object, "nullable"), Some(Expression::BooleanLiteral(literal)) if literal.value);
        let kind = match get(object, "type").map(|value| value.get_inner_expression()) {
            Some(Expression::StringLiteral(literal)) => self.json_schema_type(literal.value.as_str(), object, span),
            Some(Expression::ArrayExpression(array)) => {
                let names: Vec<Name> = array
                    .elements
                    .iter()
                    .filter_map(|element| match element.as_expression()?.get_inner_expression() {
                        Expression::StringLiteral(literal) => Some(literal.value.as_str().into()),
                        _ => None,
                    })
                    .collect();
                let parts = names.iter().map(|name| TypeExpr::new(self.json_schema_type(name, object, span), span)).collect();
                TypeKind::Union(parts)
            }
            _ => TypeKind::Unknown(self.folded(object.span)),
        };
        let ty = TypeExpr::new(kind, span);
        if nullable { super::with(ty, TypeKind::Null, span) } else { ty }
    }

    fn json_schema_value(&mut self, value: &Expression<'_>) -> TypeExpr {
        let span = node_span(value);
        match value.get_inner_expression() {
            Expression::ObjectExpression(object) => self
                .deeper(|lower| lower.json_schema_node(object))
                .unwrap_or_else(|| TypeExpr::unknown("nested too deeply", span)),
            Expression::Identifier(id) if self.is_module_name(id.name.as_str()) => {
                TypeExpr::new(super::super::types::reference(vec![id.name.as_str().into()]), span)
            }
            _ => TypeExpr::unknown(self.folded(value.span()), span),
        }
    }

    fn json_schema_type(&mut self, name: &str, object: &ObjectExpression<'_>, span: Span) -> TypeKind {
        match name {
            "string" => {
                let mut kind = string();
                if let TypeKind::String(shape) = &mut kind {
                    if let Some(Expression::StringLiteral(format)) = get(object, "format") {
                        shape.format = Some(format.value.as_str().to_owned());
                    }
                    shape.patterns.extend(pattern_of(get(object, "pattern")).map(String::from));
                    shape.min_length = length(get(object, "minLength"));
                    shape.max_length = length(get(object, "maxLength"));
                }
                kind
            }
            "number" => match number() {
                TypeKind::Number(_) => TypeKind::Number(range(object).into()),
                other => other,
            },
            "integer" => TypeKind::Integer(range(object).into()),
            "boolean" => TypeKind::Boolean,
            "null" => TypeKind::Null,
            "array" => {
                let items = match get(object, "items") {
                    Some(items) => self.json_schema_value(items),
                    None => TypeExpr::unknown("elements that are not stated", span),
                };
                TypeKind::Array {
                    items: Box::new(items),
                    min: length(get(object, "minItems")),
                    max: length(get(object, "maxItems")),
                    unique: matches!(get(object, "uniqueItems"), Some(Expression::BooleanLiteral(literal)) if literal.value),
                }
            }
            "object" => self.json_schema_object(object),
            other => TypeKind::Unknown(other.into()),
        }
    }

    fn json_schema_object(&mut self, object: &ObjectExpression<'_>) -> TypeKind {
        let required: Vec<Literal> = match get(object, "required").map(|value| value.get_inner_expression()) {
            Some(Expression::ArrayExpression(array)) => {
                let elements: Vec<_> = array.elements.iter().filter_map(ArrayExpressionElement::as_expression).collect();
                elements.into_iter().filter_map(|element| self.literal(element)).collect()
            }
            _ => Vec::new(),
        };
        let mut result = ObjectExpr::default();
        if let Some(Expression::ObjectExpression(properties)) =
            get(object, "properties").map(|value| value.get_inner_expression())
        {
            for property in &properties.properties {
                let ObjectPropertyKind::ObjectProperty(property) = property else { continue };
                let Some(name) = property.key.static_name() else { continue };
                let ty = self.json_schema_value(&property.value);
                let presence = if required.contains(&Literal::Text(name.to_string().into())) {
                    Presence::Required
                } else {
                    Presence::Optional
                };
                result.members.push(field(name.into_owned(), ty, presence, node_span(&property.key)));
            }
        }
        match get(object, "additionalProperties").map(|value| value.get_inner_expression()) {
            Some(Expression::BooleanLiteral(literal)) if !literal.value => result.additional = Additional::Closed,
            Some(other @ Expression::ObjectExpression(_)) => {
                result.additional = Additional::Open(Box::new(self.json_schema_value(other)));
            }
            _ => {}
        }
        TypeKind::Object(result)
    }
}

fn get<'e, 'a>(object: &'e ObjectExpression<'a>, name: &str) -> Option<&'e Expression<'a>> {
    object.properties.iter().find_map(|property| match property {
        ObjectPropertyKind::ObjectProperty(property) if property.key.is_specific_static_name(name) => Some(&property.value),
        _ => None,
    })
}

fn range(object: &ObjectExpression<'_>) -> NumberRange {
    NumberRange {
        minimum: super::bound(get(object, "minimum")),
        maximum: super::bound(get(object, "maximum")),
        exclusive_minimum: super::bound(get(object, "exclusiveMinimum")),
        exclusive_maximum: super::bound(get(object, "exclusiveMaximum")),
        multiple_of: super::bound(get(object, "multipleOf")),
        whole_unsaid: false,
    }
}
