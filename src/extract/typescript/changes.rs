//! Changes of variables: assignments, edits of what a variable holds, deletions.

use oxc_ast::ast::{AssignmentExpression, AssignmentTarget, Expression};
use oxc_syntax::operator::AssignmentOperator;

use super::expressions::concatenation;
use super::lower::{How, Lower, Usage, node_span, span_of};
use super::reads::{add_read, split};
use crate::facts::calls::{Change, Edit};
use crate::facts::{Enclosing, Expr, ExprKind, Local, LocalId, LocalKind, Name, Step};
use crate::source::Span;

impl Lower<'_> {
    pub fn assignment(&mut self, assignment: &AssignmentExpression<'_>, usage: Usage) -> Expr {
        let span = span_of(assignment.span);
        let how = if usage.how == How::Floating { Usage::USED } else { usage };
        if let AssignmentTarget::AssignmentTargetIdentifier(id) = &assignment.left {
            self.coping = false;
            self.forget(id.name.as_str());
            let value = self.expr(&assignment.right, how);
            if assignment.operator == AssignmentOperator::Assign || assignment.operator.is_logical() {
                self.reassign(id.name.as_str(), value.clone());
            } else {
                // `text += part` makes a longer text; other arithmetic is not followed.
                let old = self.name(id.name.as_str(), id.span);
                let adds = assignment.operator == AssignmentOperator::Addition;
                let next = if adds && (self.is_text(&old) || self.is_text(&value)) {
                    concatenation(vec![old, value.clone()], span)
                } else {
                    self.unknown(assignment.span)
                };
                self.reassign(id.name.as_str(), next);
            }
            return value;
        }
        let target = match &assignment.left {
            AssignmentTarget::StaticMemberExpression(member) => {
                self.forget_around(&member.object);
                let (object, _, _) = self.member_chain(&member.object);
                let key = Expr::text(member.property.name.as_str(), span_of(member.property.span));
                Some((object, key))
            }
            AssignmentTarget::ComputedMemberExpression(member) => {
                let (object, _, _) = self.member_chain(&member.object);
                let key = self.expr(&member.expression, Usage::USED);
                Some((object, key))
            }
            _ => None,
        };
        let value = self.expr(&assignment.right, how);
        if let Some((object, key)) = target {
            let change = if assignment.operator == AssignmentOperator::Assign || assignment.operator.is_logical() {
                Change::Set(value.clone())
            } else {
                Change::Set(self.unknown(assignment.span))
            };
            self.edit(&object, key, change, assignment.operator.is_logical(), span);
        } else if let AssignmentTarget::ObjectAssignmentTarget(pattern) = &assignment.left {
            for property in &pattern.properties {
                if let oxc_ast::ast::AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(one) = property {
                    let name = Name::from(one.binding.name.as_str());
                    let member = Expr::new(ExprKind::Member(Box::new(value.clone()), name.clone()), span_of(one.span));
                    let (base, path) = split(&member);
                    add_read(&mut self.frame().function.reads, base, path, span_of(one.span));
                    self.reassign(&name, member);
                }
            }
        }
        value
    }

    /// A second value of a variable is a variable of its own from here on, so that no value is made of itself.
    fn reassign(&mut self, name: &str, value: Expr) {
        match self.find(name) {
            Some((0, id)) => {
                let conditional = self.is_conditional(id);
                let filled = self.is_missing_here(name);
                let span = value.span;
                let old = self.local_mut(id);
                let is_set = old.kind != LocalKind::Variable || old.value.is_some() || !old.edits.is_empty();
                let value = if conditional && is_set {
                    // `if (!order) { order = await create() }`: where it is not given another value, it is there.
                    let mut kept = Expr::new(ExprKind::Local(id), span);
                    if filled {
                        kept = Expr::new(ExprKind::Tested(Box::new(kept), true), span);
                    }
                    Expr::new(ExprKind::OneOf(vec![kept, value]), span)
                } else {
                    value
                };
                old.reassigned = true;
                let next = Local {
                    name: old.name.clone(),
                    kind: LocalKind::Variable,
                    ty: old.ty.clone(),
                    value: Some(value),
                    edits: Vec::new(),
                    reassigned: true,
                    span: old.span,
                };
                let frame = self.frame();
                let under = frame.declared_under[id.0 as usize];
                let fresh = LocalId(frame.function.locals.len() as u32);
                frame.function.locals.push(next);
                frame.declared_under.push(under);
                if let Some(slot) = frame.scopes.iter_mut().rev().find_map(|scope| scope.get_mut(name)) {
                    *slot = fresh;
                }
            }
            Some((out, id)) => {
                // From a closure the value cannot be said in the terms of the outer function.
                let at = self.frames.len() - 1 - out as usize;
                let local = &mut self.frames[at].function.locals[id.0 as usize];
                local.reassigned = true;
                let span = value.span;
                let unknown = Expr::unknown("assigned in a closure", span);
                local.value = Some(match local.value.take() {
                    Some(old) => Expr::new(ExprKind::OneOf(vec![old, unknown]), span),
                    None => unknown,
                });
            }
            None => {
                let span = value.span;
                self.frame().declared_under.push(0);
                self.frame().function.locals.push(Local {
                    name: name.into(),
                    kind: LocalKind::OfModule,
                    ty: None,
                    value: Some(value),
                    edits: Vec::new(),
                    reassigned: false,
                    span,
                });
            }
        }
    }

    /// Whether the current place runs only sometimes after the declaration of a variable.
    fn is_conditional(&self, id: LocalId) -> bool {
        let frame = self.frame_ref();
        let under = frame.declared_under.get(id.0 as usize).copied().unwrap_or(0);
        frame.enclosing.iter().skip(under).any(|around| match around {
            Enclosing::Branch(_) | Enclosing::Loop(_) | Enclosing::Catch(_) => true,
            Enclosing::Try(_) | Enclosing::Block(_) => false,
        }) || !frame.early_returns.is_empty() && under > frame.enclosing.len()
    }

    /// `x.a.b = value` on a variable.
    fn edit(&mut self, object: &Expr, key: Expr, change: Change, conditional: bool, span: Span) {
        let mut path = vec![key];
        let mut base = object;
        loop {
            base = match &base.kind {
                ExprKind::Member(inner, name) => {
                    path.push(Expr::text(name.clone(), base.span));
                    inner
                }
                ExprKind::Index(inner, index) => {
                    path.push((**index).clone());
                    inner
                }
                ExprKind::Typed(inner, _) => inner,
                _ => break,
            };
        }
        path.reverse();
        match &base.kind {
            ExprKind::Local(id) => {
                let conditional = conditional || self.is_conditional(*id);
                self.local_mut(*id).edits.push(Edit { path, change, conditional, span });
            }
            ExprKind::Outer(out, id) => {
                let at = self.frames.len() - 1 - *out as usize;
                let change = match change {
                    Change::Delete => Change::Delete,
                    Change::Set(value) | Change::Merge(value) | Change::Push(value) => {
                        Change::Set(Expr::unknown("set in a closure", value.span))
                    }
                };
                self.frames[at].function.locals[id.0 as usize].edits.push(Edit { path, change, conditional: true, span });
            }
            _ => {}
        }
    }

    /// `Object.assign(x, …)` and `x.push(…)` on a variable.
    pub fn edit_whole(&mut self, object: &Expr, change: Change, span: Span) {
        let (base, steps) = split(object);
        if let ExprKind::Local(id) = base.kind {
            let mut path = Vec::new();
            for step in steps {
                match step {
                    Step::Key { name, span, .. } => path.push(Expr::text(name, span)),
                    Step::Each => return,
                }
            }
            let conditional = self.is_conditional(id);
            self.local_mut(id).edits.push(Edit { path, change, conditional, span });
        }
    }

    pub fn delete(&mut self, target: &Expression<'_>) {
        let span = node_span(target);
        let inner = match target.get_inner_expression() {
            Expression::ChainExpression(_) => return,
            other => other,
        };
        match inner {
            Expression::StaticMemberExpression(member) => {
                let (object, _, _) = self.member_chain(&member.object);
                let key = Expr::text(member.property.name.as_str(), span_of(member.property.span));
                self.edit(&object, key, Change::Delete, false, span);
            }
            Expression::ComputedMemberExpression(member) => {
                let (object, _, _) = self.member_chain(&member.object);
                let key = self.expr(&member.expression, Usage::USED);
                self.edit(&object, key, Change::Delete, false, span);
            }
            _ => {}
        }
    }
}
