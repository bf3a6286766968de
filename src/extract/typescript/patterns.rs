//! Variables and the patterns that take values apart.

use oxc_ast::ast::{BindingPattern, Expression, TSType};

use super::lower::{Lower, Usage, node_span, span_of};
use super::reads::{add_read, split};
use crate::facts::calls::{Change, Edit};
use crate::facts::{Expr, ExprKind, Literal, LocalKind, Name, Step};
use crate::shape::Presence;

impl Lower<'_> {
    /// `const x: T = init` inside a function or a block.
    pub fn local_variable(
        &mut self,
        pattern: &BindingPattern<'_>,
        annotation: Option<&TSType<'_>>,
        init: Option<&Expression<'_>>,
    ) {
        let ty = annotation.map(|annotation| self.ty(annotation));
        match pattern {
            BindingPattern::BindingIdentifier(id) => {
                let name = id.name.as_str();
                if let Some(init) = init
                    && self.local_schema(name, init, span_of(id.span))
                {
                    return;
                }
                let value = init.map(|init| self.named_value(name, init));
                let local = self.here(name, span_of(id.span));
                let local = self.local_mut(local);
                local.ty = ty;
                local.value = value;
            }
            _ => {
                let Some(init) = init else { return };
                let value = self.expr(init, Usage::USED);
                let value = match ty {
                    Some(ty) => {
                        let span = value.span;
                        Expr::new(ExprKind::Typed(Box::new(value), Box::new(ty)), span)
                    }
                    None => value,
                };
                self.bind_pattern(pattern, value);
            }
        }
    }

    /// A closure that a variable is bound to carries the variable's name.
    fn named_value(&mut self, name: &str, init: &Expression<'_>) -> Expr {
        let span = node_span(init);
        match init.get_inner_expression() {
            Expression::ArrowFunctionExpression(arrow) => {
                let id = self.arrow(arrow, Some(name));
                Expr::new(ExprKind::Function(id), span)
            }
            Expression::FunctionExpression(function) => {
                let id = self.function(function, Some(name));
                Expr::new(ExprKind::Function(id), span)
            }
            _ => self.expr(init, Usage::USED),
        }
    }

    /// The variable `name` of the innermost block, which hoisting has declared; declared now where it has not.
    fn here(&mut self, name: &str, span: crate::source::Span) -> crate::facts::LocalId {
        let known = self.frame_ref().scopes.last().and_then(|scope| scope.get(name)).copied();
        known
            .or_else(|| self.find(name).filter(|(out, _)| *out == 0).map(|(_, id)| id))
            .unwrap_or_else(|| self.declare(name, LocalKind::Variable, span))
    }

    /// Binds the names of a pattern to the parts of `value` that they take, and records the parts as read.
    pub fn bind_pattern(&mut self, pattern: &BindingPattern<'_>, value: Expr) {
        match pattern {
            BindingPattern::BindingIdentifier(id) => {
                let local = self.here(id.name.as_str(), span_of(id.span));
                self.local_mut(local).value = Some(value);
            }
            BindingPattern::AssignmentPattern(assignment) => {
                let default = self.expr(&assignment.right, Usage::USED);
                let span = span_of(assignment.span);
                self.bind_pattern(&assignment.left, Expr::new(ExprKind::OneOf(vec![value, default]), span));
            }
            BindingPattern::ObjectPattern(object) => {
                let mut taken = Vec::new();
                for property in &object.properties {
                    let span = node_span(&property.key);
                    let name = property.key.static_name().map(Name::from);
                    let Some(name) = name else {
                        // A computed key: any of the values.
                        let member = Expr::new(ExprKind::Element(Box::new(value.clone())), span);
                        self.bind_pattern(&property.value, member);
                        continue;
                    };
                    let has_default = matches!(property.value, BindingPattern::AssignmentPattern(_));
                    let inner = match &property.value {
                        BindingPattern::AssignmentPattern(assignment) => &assignment.left,
                        other => other,
                    };
                    // Only the longest chain is a read: a nested pattern records its own.
                    if !matches!(inner, BindingPattern::ObjectPattern(nested) if !nested.properties.is_empty()) {
                        let presence = if has_default { Presence::Optional } else { Presence::Required };
                        let (base, mut path) = split(&value);
                        path.push(Step::Key { name: name.clone(), presence, span });
                        add_read(&mut self.frame().function.reads, base, path, span);
                    }
                    taken.push(name.clone());
                    let member = Expr::new(ExprKind::Member(Box::new(value.clone()), name), span);
                    let member = self.taken_as_shown(member);
                    self.bind_pattern(&property.value, member);
                }
                if let Some(rest) = &object.rest
                    && let Some(id) = rest.argument.get_binding_identifier()
                {
                    let span = span_of(id.span);
                    let local = self.here(id.name.as_str(), span);
                    let local = self.local_mut(local);
                    local.value = Some(value);
                    local.edits = taken
                        .into_iter()
                        .map(|key| Edit { path: vec![Expr::text(key, span)], change: Change::Delete, conditional: false, span })
                        .collect();
                }
            }
            BindingPattern::ArrayPattern(array) => {
                for (at, element) in array.elements.iter().enumerate() {
                    let Some(element) = element else { continue };
                    let span = node_span(element);
                    let position = Expr::new(ExprKind::Literal(Literal::Number(at.to_string().into())), span);
                    let member = Expr::new(ExprKind::Index(Box::new(value.clone()), Box::new(position)), span);
                    self.bind_pattern(element, member);
                }
                if let Some(rest) = &array.rest {
                    self.bind_pattern(&rest.argument, value);
                }
            }
        }
    }
}
