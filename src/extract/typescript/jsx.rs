//! JSX: only the code in it, handlers above all.

use oxc_ast::ast::{JSXAttributeItem, JSXAttributeValue, JSXChild, JSXElement, JSXExpression};

use super::lower::{Lower, Usage};

impl Lower<'_> {
    pub fn jsx(&mut self, element: &JSXElement<'_>) {
        for attribute in &element.opening_element.attributes {
            match attribute {
                JSXAttributeItem::Attribute(attribute) => match &attribute.value {
                    Some(JSXAttributeValue::ExpressionContainer(container)) => self.jsx_expression(&container.expression),
                    Some(JSXAttributeValue::Element(inner)) => {
                        self.deeper(|lower| lower.jsx(inner));
                    }
                    Some(JSXAttributeValue::Fragment(inner)) => self.jsx_children(&inner.children),
                    Some(JSXAttributeValue::StringLiteral(_)) | None => {}
                },
                JSXAttributeItem::SpreadAttribute(spread) => {
                    self.expr(&spread.argument, Usage::USED);
                }
            }
        }
        self.jsx_children(&element.children);
    }

    pub fn jsx_children(&mut self, children: &[JSXChild<'_>]) {
        for child in children {
            self.deeper(|lower| match child {
                JSXChild::Element(inner) => lower.jsx(inner),
                JSXChild::Fragment(inner) => lower.jsx_children(&inner.children),
                JSXChild::ExpressionContainer(container) => lower.jsx_expression(&container.expression),
                JSXChild::Spread(spread) => {
                    lower.expr(&spread.expression, Usage::USED);
                }
                JSXChild::Text(_) => {}
            });
        }
    }

    fn jsx_expression(&mut self, expression: &JSXExpression<'_>) {
        if let Some(expression) = expression.as_expression() {
            self.expr(expression, Usage::USED);
        }
    }
}
