//! What a test has shown of a value: that it is there, after `if (!user.email) return` and inside of `if (user.email) {…}`, or that it is
//! one of a few constants, as `event.type` is inside of `case "paid":`.
//!
//! For presence, only tests that neither `null` nor `undefined` passes are looked at. What is known holds to the end of the block, and no longer
//! than until the variable at its root is given another value.

use oxc_ast::ast::Expression;
use oxc_span::GetSpan;
use oxc_syntax::operator::{BinaryOperator, LogicalOperator, UnaryOperator};

use super::lower::Lower;
use crate::facts::{Enclosing, Expr, ExprKind, LocalId, Name};

/// The most values of one function that are kept as being there; past it a test shows nothing.
const MAX_SHOWN: usize = 64;

/// A variable, or a member of one, that is neither `null` nor `undefined`.
pub(super) struct Shown {
    root: (u32, LocalId),
    text: Name,
}

impl Lower<'_> {
    /// Keeps what is there where `test` comes out as `holds`.
    pub(super) fn show(&mut self, test: &Expression<'_>, holds: bool) {
        match test.get_inner_expression() {
            Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::LogicalNot => {
                self.show(&unary.argument, !holds);
            }
            Expression::LogicalExpression(logical) => {
                let both = match logical.operator {
                    LogicalOperator::And => holds,
                    LogicalOperator::Or => !holds,
                    LogicalOperator::Coalesce => false,
                };
                if both {
                    self.show(&logical.left, holds);
                    self.show(&logical.right, holds);
                }
            }
            Expression::BinaryExpression(binary) => {
                let nothing = |side: &Expression<'_>| side.is_null_or_undefined();
                let text = |side: &Expression<'_>| side.get_inner_expression().is_string_literal();
                let (differs, equals) = match binary.operator {
                    BinaryOperator::Inequality => (true, false),
                    BinaryOperator::Equality => (false, true),
                    BinaryOperator::StrictEquality => {
                        // `typeof x === "string"`, `x === "paid"`
                        if holds && text(&binary.right) {
                            match binary.left.get_inner_expression() {
                                Expression::UnaryExpression(of)
                                    if of.operator == UnaryOperator::Typeof
                                        && !binary.right.is_specific_string_literal("undefined")
                                        && !binary.right.is_specific_string_literal("object") =>
                                {
                                    self.shown(&of.argument);
                                }
                                _ => self.shown(&binary.left),
                            }
                        }
                        return;
                    }
                    _ => return,
                };
                if holds && differs || !holds && equals {
                    if nothing(&binary.right) {
                        self.shown(&binary.left);
                    } else if nothing(&binary.left) {
                        self.shown(&binary.right);
                    }
                }
            }
            value if holds => self.shown(value),
            _ => {}
        }
    }

    fn shown(&mut self, value: &Expression<'_>) {
        let Some(root) = self.root_of(value) else { return };
        let text = self.folded(value.get_inner_expression().span());
        if self.frame_ref().shown.len() < MAX_SHOWN {
            self.frame().shown.push(Shown { root, text });
        }
    }

    /// The variable that a chain of plain members starts at.
    fn root_of(&self, value: &Expression<'_>) -> Option<(u32, LocalId)> {
        match value.get_inner_expression() {
            Expression::Identifier(id) => self.find(id.name.as_str()),
            Expression::StaticMemberExpression(member) if !member.optional => self.root_of(&member.object),
            _ => None,
        }
    }

    /// Forgets what was known of a variable that is given another value, or of its members.
    pub(super) fn forget(&mut self, name: &str) {
        if let Some(root) = self.find(name) {
            self.frame().shown.retain(|shown| shown.root != root);
        }
    }

    /// The same for the variable that a chain of members starts at.
    pub(super) fn forget_around(&mut self, object: &Expression<'_>) {
        if let Some(root) = self.root_of(object) {
            self.frame().shown.retain(|shown| shown.root != root);
        }
    }

    /// Whether the code at this place runs where a test has found nothing in a variable, and nowhere else.
    pub(super) fn is_missing_here(&self, name: &str) -> bool {
        match self.frame_ref().enclosing.last() {
            Some(Enclosing::Branch(guard)) => {
                let tests =
                    [format!("!{name}"), format!("{name} == null"), format!("{name} === null"), format!("{name} === undefined")];
                !guard.otherwise && tests.iter().any(|test| *guard.source == **test)
            }
            _ => false,
        }
    }

    /// What a pattern takes out of a value, known to be there where a test has shown that member: `const { id } = order` after
    /// `if (!order.id) return`.
    pub(super) fn taken_as_shown(&self, member: Expr) -> Expr {
        let mut names = Vec::new();
        let mut root = &member;
        while let ExprKind::Member(inner, name) = &root.kind {
            names.push(name.as_str());
            root = inner;
        }
        let ExprKind::Local(id) = root.kind else { return member };
        names.push(&self.frame_ref().function.local(id).name);
        names.reverse();
        let text = names.join(".");
        if self.frame_ref().shown.iter().any(|shown| shown.root == (0, id) && shown.text == text) {
            let span = member.span;
            return Expr::new(ExprKind::Tested(Box::new(member), true), span);
        }
        member
    }

    /// A value that is kept or given back, known to be there where a test has shown it.
    pub(super) fn as_shown(&self, written: &Expression<'_>, mut value: Expr) -> Expr {
        let Some(root) = self.root_of(written) else { return value };
        let text = self.folded(written.get_inner_expression().span());
        if self.frame_ref().shown.iter().any(|shown| shown.root == root && shown.text == text) {
            self.assert_there(&mut value, &text);
        }
        value
    }

    /// A value that a test around has compared with constants, as the constants that let it pass.
    pub(super) fn as_told(&self, value: Expr) -> Expr {
        if !matches!(value.kind, ExprKind::Local(_) | ExprKind::Outer(..) | ExprKind::Member(..)) {
            return value;
        }
        for (out, frame) in self.frames.iter().rev().enumerate() {
            let around = frame.enclosing.iter().rev().filter_map(|around| match around {
                Enclosing::Branch(guard) => Some(guard),
                _ => None,
            });
            for guard in around.chain(frame.early_returns.iter().rev()) {
                if let Some(subject) = &guard.subject
                    && !guard.negated
                    && !guard.values.is_empty()
                    && is_place(&value, subject, out as u32)
                    && self.keeps(&value)
                {
                    let mut values = guard.values.clone();
                    let kind = if values.len() == 1 { values.remove(0).kind } else { ExprKind::OneOf(values) };
                    return Expr::new(kind, value.span);
                }
            }
        }
        value
    }

    /// Whether the variable at the root of a value holds to the end what it was first given.
    fn keeps(&self, value: &Expr) -> bool {
        let (out, id) = match &value.kind {
            ExprKind::Member(inner, _) => return self.keeps(inner),
            ExprKind::Local(id) => (0, *id),
            ExprKind::Outer(out, id) => (*out, *id),
            _ => return false,
        };
        let owner = self.frames.iter().rev().nth(out as usize);
        owner
            .and_then(|frame| frame.function.locals.get(id.0 as usize))
            .is_some_and(|local| !local.reassigned && local.edits.is_empty())
    }
}

/// Whether a value is what the function that many functions out calls `subject`.
fn is_place(value: &Expr, subject: &Expr, out: u32) -> bool {
    match (&value.kind, &subject.kind) {
        (ExprKind::Member(a, name), ExprKind::Member(b, other)) => name == other && is_place(a, b, out),
        (ExprKind::Local(a), ExprKind::Local(b)) => out == 0 && a == b,
        (ExprKind::Outer(by, a), ExprKind::Local(b)) => *by == out && a == b,
        (ExprKind::Outer(by, a), ExprKind::Outer(other, b)) => *by == out + other && a == b,
        _ => false,
    }
}
