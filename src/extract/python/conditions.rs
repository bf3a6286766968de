//! Conditions: what a test compares with constants, and which absences it copes with; what an `except` does with an error.

use ruff_python_ast::{BoolOp, CmpOp, ExceptHandler, Expr as Py, Stmt, StmtIf, UnaryOp};
use ruff_text_size::Ranged;

use super::lower::Lower;
use super::{names, span, statements};
use crate::facts::{Expr, Guard, Literal, Name, Swallowed};

impl<'a> Lower<'a> {
    /// Lowers a test: its calls and reads, and the constants it decides between.
    pub(super) fn condition(&mut self, test: &'a Py) -> Guard {
        let source = self.quote(test.range());
        let at = span(test.range());
        let plain = |source: Name| Guard {
            source,
            subject: None,
            values: Vec::new(),
            negated: false,
            span: at,
            otherwise: false,
            raises: false,
        };
        match test {
            Py::UnaryOp(unary) if unary.op == UnaryOp::Not => {
                let guard = match self.deeper(|lower| lower.condition(&unary.operand)) {
                    Some(guard) => guard,
                    None => return plain(source),
                };
                Guard { source, negated: !guard.negated, span: at, ..guard }
            }
            Py::BoolOp(bool_op) if bool_op.op == BoolOp::And => {
                // `event.type == "x" and ready`: the comparison with constants is what dispatches.
                let mut found = None;
                for value in &bool_op.values {
                    let guard = self.deeper(|lower| lower.condition(value));
                    if let Some(guard) = guard
                        && !guard.values.is_empty()
                        && !guard.negated
                        && found.is_none()
                    {
                        found = Some(guard);
                    }
                }
                match found {
                    Some(guard) => Guard { source, span: at, ..guard },
                    None => plain(source),
                }
            }
            Py::Compare(compare) if compare.ops.len() == 1 => {
                let op = compare.ops[0];
                let right = &compare.comparators[0];
                match op {
                    CmpOp::Eq | CmpOp::NotEq | CmpOp::Is | CmpOp::IsNot => {
                        let negated = matches!(op, CmpOp::NotEq | CmpOp::IsNot);
                        let (subject, constant) = if is_constant(&compare.left) && !is_constant(right) {
                            (right, &*compare.left)
                        } else {
                            (&*compare.left, right)
                        };
                        if !is_constant(constant) {
                            self.expr(test);
                            return plain(source);
                        }
                        let value = self.constant_value(constant);
                        if self.compared.is_none()
                            && let Some(literal) = super::expressions::literal_of(&value)
                            && literal != Literal::Null
                        {
                            self.compared = Some((vec![literal], true));
                        }
                        let subject = self.expr(subject);
                        self.compared = None;
                        Guard {
                            source,
                            subject: Some(subject),
                            values: vec![value],
                            negated,
                            span: at,
                            otherwise: false,
                            raises: false,
                        }
                    }
                    CmpOp::In | CmpOp::NotIn => {
                        let elements: Option<&'a [Py]> = match right {
                            Py::Tuple(tuple) => Some(&tuple.elts),
                            Py::List(list) => Some(&list.elts),
                            Py::Set(set) => Some(&set.elts),
                            _ => None,
                        };
                        let Some(elements) = elements.filter(|elements| elements.iter().all(is_constant)) else {
                            self.expr(test);
                            return plain(source);
                        };
                        let values: Vec<Expr> = elements.iter().map(|element| self.constant_value(element)).collect();
                        let literals: Vec<Literal> = values.iter().filter_map(super::expressions::literal_of).collect();
                        if !literals.is_empty() && self.compared.is_none() {
                            self.compared = Some((literals, true));
                        }
                        let subject = self.expr(&compare.left);
                        self.compared = None;
                        Guard {
                            source,
                            subject: Some(subject),
                            values,
                            negated: op == CmpOp::NotIn,
                            span: at,
                            otherwise: false,
                            raises: false,
                        }
                    }
                    CmpOp::Lt | CmpOp::LtE | CmpOp::Gt | CmpOp::GtE => {
                        self.expr(test);
                        plain(source)
                    }
                }
            }
            _ => {
                self.expr(test);
                plain(source)
            }
        }
    }

    fn constant_value(&mut self, expr: &'a Py) -> Expr {
        match self.constant_text(expr) {
            Some(text) => Expr::text(text, span(expr.range())),
            None => self.expr(expr),
        }
    }

    /// For `if x == a: … elif x == b: …`: all the constants that one subject is compared with, and whether there is an `else`.
    pub(super) fn chain_of(&mut self, s: &'a StmtIf) -> Option<(Vec<Literal>, bool)> {
        if s.elif_else_clauses.is_empty() {
            return None;
        }
        let mut subject: Option<&str> = None;
        let mut literals = Vec::new();
        let mut has_else = false;
        let tests = std::iter::once(Some(&*s.test)).chain(s.elif_else_clauses.iter().map(|clause| clause.test.as_ref()));
        for test in tests {
            let Some(test) = test else {
                has_else = true;
                continue;
            };
            let Py::Compare(compare) = test else { return None };
            let ([op], [right]) = (&*compare.ops, &*compare.comparators) else { return None };
            let of = self.text.get(compare.left.range().to_std_range())?;
            if *subject.get_or_insert(of) != of {
                return None;
            }
            match (op, right) {
                (CmpOp::Eq, right) => literals.push(self.constant_literal(right)?),
                (CmpOp::In, Py::Tuple(tuple)) => {
                    for element in &tuple.elts {
                        literals.push(self.constant_literal(element)?);
                    }
                }
                _ => return None,
            }
        }
        (!literals.is_empty()).then_some((literals, has_else))
    }

    fn constant_literal(&mut self, expr: &'a Py) -> Option<Literal> {
        if let Some(text) = self.constant_text(expr) {
            return Some(Literal::Text(text));
        }
        match expr {
            Py::NumberLiteral(_) | Py::BooleanLiteral(_) => {
                super::expressions::literal_of(&self.expr(expr)).filter(|literal| *literal != Literal::Null)
            }
            _ => None,
        }
    }
}

/// A literal, or a name in the form of a constant: `Events.PAID`, `ORDER_PAID`.
fn is_constant(expr: &Py) -> bool {
    match expr {
        Py::StringLiteral(_) | Py::NumberLiteral(_) | Py::BooleanLiteral(_) | Py::NoneLiteral(_) => true,
        Py::Name(_) | Py::Attribute(_) => names::dotted(expr).is_some_and(|path| {
            let path = match path.as_slice() {
                [rest @ .., "value"] => rest,
                all => all,
            };
            let shouts = |part: &str| {
                part.chars().any(|letter| letter.is_ascii_uppercase()) && !part.chars().any(|letter| letter.is_ascii_lowercase())
            };
            let class = |part: &str| part.chars().next().is_some_and(|letter| letter.is_ascii_uppercase());
            match path {
                [.., last] if shouts(last) => true,
                [.., owner, _] => class(owner),
                _ => false,
            }
        }),
        _ => false,
    }
}

/// What a passed test says is there: accesses inside its body cope with absence.
pub(super) fn tested(lower: &mut Lower<'_>, test: &Py) {
    match test {
        Py::BoolOp(bool_op) if bool_op.op == BoolOp::And => {
            for value in &bool_op.values {
                lower.deeper(|lower| tested(lower, value));
            }
        }
        Py::Compare(compare) if compare.ops.len() == 1 && compare.ops[0] == CmpOp::In => {
            if let Some(key) = lower.constant_text(&compare.left) {
                let on = access_text(lower, &compare.comparators[0]);
                lower.frame().coped.push(format!("{on}/{key}").into());
            }
        }
        Py::Call(_) | Py::Subscript(_) | Py::Attribute(_) | Py::Compare(_) => {
            let of = match test {
                Py::Compare(compare) if matches!(&*compare.ops, [CmpOp::IsNot | CmpOp::NotEq]) => &*compare.left,
                Py::Compare(_) => return,
                other => other,
            };
            // `if event.get("x"):` makes a later `event["x"]` one that copes; a bare `if event["x"]:` does not.
            if matches!(of, Py::Call(_)) {
                let path = access_text(lower, of);
                lower.frame().coped.push(path);
            }
        }
        _ => {}
    }
}

/// `if "x" not in event: return`: what follows copes with absence.
pub(super) fn tested_absent(lower: &mut Lower<'_>, test: &Py) {
    match test {
        Py::BoolOp(bool_op) if bool_op.op == BoolOp::Or => {
            for value in &bool_op.values {
                lower.deeper(|lower| tested_absent(lower, value));
            }
        }
        Py::Compare(compare) if compare.ops.len() == 1 && compare.ops[0] == CmpOp::NotIn => {
            if let Some(key) = lower.constant_text(&compare.left) {
                let on = access_text(lower, &compare.comparators[0]);
                lower.frame().coped.push(format!("{on}/{key}").into());
            }
        }
        Py::UnaryOp(unary) if unary.op == UnaryOp::Not => tested(lower, &unary.operand),
        _ => {}
    }
}

/// An access in a form in which `event["x"]`, `event.get("x")` and `event.x` are one.
pub(super) fn access_text(lower: &Lower<'_>, expr: &Py) -> Name {
    let mut parts = Vec::new();
    let mut at = expr;
    for _ in 0..super::lower::MAX_DEPTH {
        match at {
            Py::Attribute(attribute) => {
                parts.push(attribute.attr.to_string());
                at = &attribute.value;
            }
            Py::Subscript(subscript) => {
                parts.push(lower.constant_text(&subscript.slice).unwrap_or_else(|| lower.quote(subscript.slice.range())).into());
                at = &subscript.value;
            }
            Py::Call(call) => match (&*call.func, call.arguments.args.first()) {
                (Py::Attribute(attribute), Some(key)) if attribute.attr.as_str() == "get" => {
                    parts.push(lower.constant_text(key).unwrap_or_else(|| lower.quote(key.range())).into());
                    at = &attribute.value;
                }
                _ => break,
            },
            _ => break,
        }
    }
    let mut out = lower.quote(at.range());
    for part in parts.iter().rev() {
        out.push('/');
        out.push_str(part);
    }
    out
}

/// Whether a block ends by raising.
pub(super) fn raises(body: &[Stmt]) -> bool {
    matches!(body.last(), Some(Stmt::Raise(_)))
}

fn is_any_error(name: &str) -> bool {
    matches!(name, "Exception" | "BaseException" | "Error" | "StandardError")
}

/// Exceptions of a narrow kind: code that catches them deals with that case, and lets a failed handoff through.
fn is_narrow(name: &str) -> bool {
    matches!(
        name,
        "KeyError"
            | "ValueError"
            | "TypeError"
            | "AttributeError"
            | "IndexError"
            | "LookupError"
            | "ImportError"
            | "ModuleNotFoundError"
            | "StopIteration"
            | "StopAsyncIteration"
            | "UnicodeDecodeError"
            | "UnicodeError"
            | "JSONDecodeError"
            | "ValidationError"
            | "NotImplementedError"
            | "FileNotFoundError"
            | "CancelledError"
            | "KeyboardInterrupt"
            | "GeneratorExit"
            | "IntegrityError"
    ) || name.ends_with("DoesNotExist")
        || name.ends_with("NotFound")
}

fn caught(handler: &ExceptHandler) -> Vec<&str> {
    let ExceptHandler::ExceptHandler(handler) = handler;
    match handler.type_.as_deref() {
        None => vec!["Exception"],
        Some(Py::Tuple(tuple)) => tuple.elts.iter().filter_map(names::last_name).collect(),
        Some(one) => names::last_name(one).into_iter().collect(),
    }
}

/// What the handlers of a `try` do with the error of a failed handoff.
pub(super) fn fate(handlers: &[ExceptHandler]) -> Swallowed {
    let mut worst = Swallowed::No;
    for handler in handlers {
        // One error by its name is a case that is dealt with; the others go on to the caller.
        let names = caught(handler);
        let one_named = matches!(names.as_slice(), [one] if !is_any_error(one));
        if one_named || names.iter().all(|name| is_narrow(name)) {
            continue;
        }
        let ExceptHandler::ExceptHandler(inner) = handler;
        let mut logged = false;
        let mut handled = false;
        for stmt in &inner.body {
            match stmt {
                Stmt::Pass(_) | Stmt::Continue(_) | Stmt::Break(_) => {}
                Stmt::Return(s) => {
                    handled |= s.value.as_ref().is_some_and(|value| {
                        !matches!(&**value, Py::NoneLiteral(_) | Py::BooleanLiteral(_) | Py::StringLiteral(_))
                    });
                }
                Stmt::Expr(s) if matches!(&*s.value, Py::StringLiteral(_) | Py::EllipsisLiteral(_)) => {}
                Stmt::Expr(s) if statements::is_logging(&s.value) => logged = true,
                _ => handled = true,
            }
        }
        let fate = match (handled, logged) {
            (true, _) => Swallowed::No,
            (false, true) => Swallowed::Logged,
            (false, false) => Swallowed::Dropped,
        };
        if worst == Swallowed::No || fate == Swallowed::Dropped {
            worst = if fate == Swallowed::No { worst } else { fate };
        }
    }
    worst
}

/// Whether the handlers cope with a key that is not there.
pub(super) fn catches_lookup(handlers: &[ExceptHandler]) -> bool {
    handlers.iter().any(|handler| {
        let ExceptHandler::ExceptHandler(inner) = handler;
        caught(handler).iter().any(|name| matches!(*name, "KeyError" | "LookupError"))
            && !inner.body.iter().any(|stmt| matches!(stmt, Stmt::Raise(_)))
    })
}
