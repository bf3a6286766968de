//! Statements: what is bound, in which order calls come, and what surrounds them.

use ruff_python_ast::{ExceptHandler, Expr as Py, Operator, Stmt, StmtIf, StmtTry};
use ruff_text_size::Ranged;

use super::lower::{Binding, Lower, Scope};
use super::{conditions, names, span};
use crate::facts::calls::Change;
use crate::facts::{Completion, Enclosing, Expr, ExprKind, Guard, Name, Swallowed};

/// The blocks of a compound statement; none for a simple one.
pub(super) fn blocks(stmt: &Stmt) -> Vec<&[Stmt]> {
    match stmt {
        Stmt::FunctionDef(s) => vec![&s.body],
        Stmt::ClassDef(s) => vec![&s.body],
        Stmt::For(s) => vec![&s.body, &s.orelse],
        Stmt::While(s) => vec![&s.body, &s.orelse],
        Stmt::With(s) => vec![&s.body],
        Stmt::If(s) => {
            let mut out: Vec<&[Stmt]> = vec![&s.body];
            out.extend(s.elif_else_clauses.iter().map(|clause| &*clause.body));
            out
        }
        Stmt::Match(s) => s.cases.iter().map(|case| &*case.body).collect(),
        Stmt::Try(s) => {
            let mut out: Vec<&[Stmt]> = vec![&s.body];
            out.extend(s.handlers.iter().map(|ExceptHandler::ExceptHandler(handler)| &*handler.body));
            out.push(&s.orelse);
            out.push(&s.finalbody);
            out
        }
        _ => Vec::new(),
    }
}

/// The statements that bind names of the module level: also those inside `if TYPE_CHECKING`, `try` and `with`.
pub(super) fn module_level(body: &[Stmt]) -> Vec<&Stmt> {
    let mut out = Vec::new();
    let mut pending: Vec<&[Stmt]> = vec![body];
    while let Some(block) = pending.pop() {
        for stmt in block {
            match stmt {
                Stmt::If(_) | Stmt::Try(_) | Stmt::With(_) => {
                    let mut inner = blocks(stmt);
                    inner.reverse();
                    pending.extend(inner);
                }
                _ => out.push(stmt),
            }
        }
    }
    out.sort_by_key(|stmt| stmt.start());
    out
}

/// The names in `__all__`, where it is a plain list.
pub(super) fn dunder_all(body: &[Stmt]) -> Option<Vec<Name>> {
    let mut all: Option<Vec<Name>> = None;
    for stmt in body {
        let (target, value) = match stmt {
            Stmt::Assign(assign) => match assign.targets.as_slice() {
                [target] => (target, &*assign.value),
                _ => continue,
            },
            Stmt::AugAssign(assign) if assign.op == Operator::Add => (&*assign.target, &*assign.value),
            _ => continue,
        };
        if !matches!(target, Py::Name(name) if name.id == "__all__") {
            continue;
        }
        match super::expressions::texts_of(value) {
            Some(texts) => all.get_or_insert_default().extend(texts),
            // A computed list says nothing that could be relied on.
            None => return None,
        }
    }
    all
}

impl<'a> Lower<'a> {
    /// The top level of the file.
    pub(super) fn module(&mut self, body: &'a [Stmt]) {
        self.block(body);
    }

    /// A block of statements. Answers whether control never reaches its end.
    pub(super) fn block(&mut self, body: &'a [Stmt]) -> bool {
        let mut left = false;
        for stmt in body {
            // What follows a `return` is still lowered: dead code is somebody's code tomorrow.
            left |= self.statement(stmt);
        }
        left
    }

    fn statement(&mut self, stmt: &'a Stmt) -> bool {
        match stmt {
            Stmt::Expr(s) => {
                self.next = Completion::Floating;
                let before = self.frame().swallowed;
                if gathers_errors(&s.value) {
                    self.frame().swallowed = Swallowed::Dropped;
                }
                self.expression_statement(&s.value);
                self.frame().swallowed = before;
                false
            }
            Stmt::Assign(s) => {
                self.assign(&s.targets, &s.value);
                false
            }
            Stmt::AnnAssign(s) => {
                self.annotated_assign(s);
                false
            }
            Stmt::AugAssign(s) => {
                self.augmented_assign(&s.target, s.op, &s.value);
                false
            }
            Stmt::Return(s) => {
                if let Some(value) = &s.value {
                    self.next = Completion::Returned;
                    let value = self.expr(value);
                    self.frame().function.returns.push(value);
                }
                true
            }
            Stmt::Raise(s) => {
                for part in [&s.exc, &s.cause].into_iter().flatten() {
                    self.expr(part);
                }
                true
            }
            Stmt::Continue(_) | Stmt::Break(_) => true,
            Stmt::If(s) => self.deeper(|lower| lower.if_statement(s)).unwrap_or(false),
            Stmt::For(s) => {
                self.deeper(|lower| lower.for_statement(s));
                false
            }
            Stmt::While(s) => {
                self.deeper(|lower| {
                    lower.expr(&s.test);
                    let forever = matches!(&*s.test, Py::BooleanLiteral(literal) if literal.value);
                    lower.looped(span(s.range), &s.body, forever);
                    lower.block(&s.orelse);
                });
                false
            }
            Stmt::With(s) => self
                .deeper(|lower| {
                    let mut entered = 0;
                    let before = lower.frame().swallowed;
                    for item in &s.items {
                        let value = lower.expr(&item.context_expr);
                        if lower.full_name_of_callee(&item.context_expr).as_deref() == Some("contextlib.suppress") {
                            lower.frame().swallowed = Swallowed::Dropped;
                        }
                        if let Some(target) = &item.optional_vars {
                            lower.bind_target(target, value.clone());
                        }
                        lower.frame().enclosing.push(Enclosing::Block(value.into()));
                        entered += 1;
                    }
                    let left = lower.block(&s.body);
                    let frame = lower.frame();
                    frame.enclosing.truncate(frame.enclosing.len() - entered);
                    frame.swallowed = before;
                    left
                })
                .unwrap_or(false),
            Stmt::Match(s) => self.deeper(|lower| lower.match_statement(s)).unwrap_or(false),
            Stmt::Try(s) => self.deeper(|lower| lower.try_statement(s)).unwrap_or(false),
            Stmt::FunctionDef(s) => {
                self.deeper(|lower| lower.function_statement(s));
                false
            }
            Stmt::ClassDef(s) => {
                self.deeper(|lower| lower.class_statement(s));
                false
            }
            Stmt::Delete(s) => {
                for target in &s.targets {
                    self.edit(target, Change::Delete);
                }
                false
            }
            Stmt::Assert(s) => {
                self.expr(&s.test);
                if let Some(message) = &s.msg {
                    self.expr(message);
                }
                false
            }
            Stmt::TypeAlias(s) => {
                self.type_alias_statement(s);
                false
            }
            Stmt::Global(s) => {
                for name in &s.names {
                    self.frame().scope.insert(name.as_str(), Binding::Global);
                }
                false
            }
            Stmt::Import(_) | Stmt::ImportFrom(_) | Stmt::Nonlocal(_) | Stmt::Pass(_) | Stmt::IpyEscapeCommand(_) => false,
        }
    }

    fn expression_statement(&mut self, value: &'a Py) {
        match value {
            Py::StringLiteral(_) | Py::EllipsisLiteral(_) => self.next = Completion::Used,
            Py::Yield(_) | Py::YieldFrom(_) => {
                self.next = Completion::Used;
                self.expr(value);
            }
            _ => {
                self.expr(value);
            }
        }
    }

    pub(super) fn full_name_of_callee(&self, expr: &Py) -> Option<Name> {
        match expr {
            Py::Call(call) => self.full_name(&call.func),
            _ => None,
        }
    }

    fn if_statement(&mut self, s: &'a StmtIf) -> bool {
        let chain = self.chain_of(s);
        let before_returns = self.frame().early_returns.len();
        let mut ends: Vec<(Scope<'a>, bool)> = Vec::new();
        let mut has_else = false;
        let mut tests: Vec<(&'a Py, Guard)> = Vec::new();
        let arms = std::iter::once((Some(&*s.test), &*s.body))
            .chain(s.elif_else_clauses.iter().map(|clause| (clause.test.as_ref(), &*clause.body)));
        let entry = self.frame().scope.clone();
        let coped_before = self.frame().coped.len();
        for (test, body) in arms {
            self.frame().scope.clone_from(&entry);
            let guard = match test {
                Some(test) => {
                    self.compared.clone_from(&chain);
                    let guard = self.condition(test);
                    self.compared = None;
                    tests.push((test, guard.clone()));
                    guard
                }
                None => {
                    has_else = true;
                    otherwise(&tests)
                }
            };
            if let Some(test) = test {
                conditions::tested(self, test);
            }
            self.arm(&guard, body.first().zip(body.last()).map(|(first, last)| (first.range(), last.range())));
            let frame = self.frame();
            frame.enclosing.push(Enclosing::Branch(guard.into()));
            frame.branches += 1;
            let left = self.block(body);
            let frame = self.frame();
            frame.branches -= 1;
            frame.enclosing.pop();
            frame.coped.truncate(coped_before);
            let scope = std::mem::take(&mut frame.scope);
            ends.push((scope, left));
            if left && let (Some(test), true) = (test, body.len() <= 4) {
                // From here on the test has failed; `negated` says so.
                if let Some((_, guard)) = tests.last() {
                    let mut guard = guard.clone();
                    guard.negated = !guard.negated;
                    guard.otherwise = !guard.otherwise;
                    guard.raises = conditions::raises(body) || self.answers_with_an_error(body);
                    self.frame().early_returns.push(guard.into());
                }
                if !conditions::raises(body) {
                    conditions::tested_absent(self, test);
                }
            }
        }
        let all_left = has_else && ends.iter().all(|(_, left)| *left);
        if !has_else {
            ends.push((entry.clone(), false));
        }
        // Guards of the arms hold for what follows, those pushed within nested blocks of an arm that goes on do too.
        debug_assert!(self.frame().early_returns.len() >= before_returns);
        self.merge(entry, ends);
        all_left
    }

    /// Whether a branch ends by answering with an error of the client.
    fn answers_with_an_error(&self, body: &'a [Stmt]) -> bool {
        let Some(Stmt::Return(last)) = body.last() else { return false };
        let text = self.text.get(last.range().to_std_range()).unwrap_or_default();
        let coded = text.contains("status")
            && text.as_bytes().windows(4).any(|w| {
                !w[0].is_ascii_alphanumeric() && matches!(w[1], b'4' | b'5') && w[2].is_ascii_digit() && w[3].is_ascii_digit()
            });
        coded || ["BadRequest", "Forbidden", "NotFound", "Unauthorized", "NotAllowed"].iter().any(|word| text.contains(word))
    }

    /// Notes a branch that a comparison with constants opens.
    pub(super) fn arm(&mut self, guard: &Guard, extent: Option<(ruff_text_size::TextRange, ruff_text_size::TextRange)>) {
        if guard.negated || guard.values.is_empty() || guard.subject.is_none() {
            return;
        }
        let Some((first, last)) = extent else { return };
        let body = crate::source::Span { start: super::span(first).start, end: super::span(last).end };
        self.frame().function.cases.push(crate::facts::calls::Case { guard: guard.clone(), extent: body });
    }

    /// After branches: a name that is bound differently at their ends means one of these values.
    pub(super) fn merge(&mut self, entry: Scope<'a>, ends: Vec<(Scope<'a>, bool)>) {
        let open: Vec<Scope<'a>> = ends.into_iter().filter(|(_, left)| !left).map(|(scope, _)| scope).collect();
        let mut scopes = open.into_iter();
        let Some(mut merged) = scopes.next() else {
            self.frame().scope = entry;
            return;
        };
        let rest: Vec<Scope<'a>> = scopes.collect();
        if rest.is_empty() {
            self.frame().scope = merged;
            return;
        }
        let mut names: Vec<&'a str> = Vec::new();
        for scope in &rest {
            for (name, binding) in scope {
                if merged.get(name) != Some(binding) {
                    names.push(name);
                }
            }
        }
        // Names bound in the first branch alone keep their value: without a value elsewhere the code would fail there.
        names.sort_unstable();
        names.dedup();
        for name in names {
            let mut seen: Vec<Binding> = Vec::new();
            for scope in std::iter::once(&merged).chain(&rest) {
                if let Some(binding) = scope.get(name)
                    && !seen.contains(binding)
                {
                    seen.push(binding.clone());
                }
            }
            let binding = match seen.as_slice() {
                [one] => one.clone(),
                _ => self.either(name, &seen),
            };
            merged.insert(name, binding);
        }
        self.frame().scope = merged;
    }

    fn either(&mut self, name: &str, bindings: &[Binding]) -> Binding {
        let mut values = Vec::new();
        let mut at = crate::source::Span::default();
        let mut ty = None;
        for binding in bindings {
            if let Binding::Local(id) = binding {
                let local = self.frame().function.local(*id).clone();
                at = local.span;
                ty = local.ty;
                values.push(Expr::new(ExprKind::Local(*id), local.span));
            }
        }
        if values.is_empty() {
            return bindings[0].clone();
        }
        let id = self.local(name, Some(Expr::new(ExprKind::OneOf(values), at)), ty, at);
        self.frame().function.locals[id.0 as usize].reassigned = true;
        Binding::Local(id)
    }

    fn for_statement(&mut self, s: &'a ruff_python_ast::StmtFor) {
        let list = self.expr(&s.iter);
        let entry = self.frame().scope.clone();
        self.frame().branches += 1;
        self.bind_loop_target(&s.target, list);
        self.frame().branches -= 1;
        let ran = self.looped_from(entry, span(s.range), &s.body, false);
        debug_assert!(ran);
        self.block(&s.orelse);
    }

    fn looped(&mut self, at: crate::source::Span, body: &'a [Stmt], forever: bool) {
        let entry = self.frame().scope.clone();
        self.looped_from(entry, at, body, forever);
    }

    fn looped_from(&mut self, entry: Scope<'a>, at: crate::source::Span, body: &'a [Stmt], forever: bool) -> bool {
        let frame = self.frame();
        frame.enclosing.push(Enclosing::Loop(at));
        // The body of `while True` runs; whether it runs often does not make what it sets optional.
        frame.branches += u32::from(!forever);
        let returns = frame.early_returns.len();
        let coped = frame.coped.len();
        self.block(body);
        let frame = self.frame();
        frame.branches -= u32::from(!forever);
        frame.enclosing.pop();
        frame.early_returns.truncate(returns);
        frame.coped.truncate(coped);
        let after = std::mem::take(&mut frame.scope);
        if forever {
            self.frame().scope = after;
        } else {
            self.merge(entry.clone(), vec![(entry, false), (after, false)]);
        }
        true
    }

    fn try_statement(&mut self, s: &'a StmtTry) -> bool {
        let at = span(s.range);
        let fate = conditions::fate(&s.handlers);
        let catches = conditions::catches_lookup(&s.handlers);
        let entry = self.frame().scope.clone();
        let frame = self.frame();
        let before = (frame.swallowed, frame.catches_lookup);
        if fate != Swallowed::No {
            frame.swallowed = fate;
        }
        frame.catches_lookup |= catches;
        frame.enclosing.push(Enclosing::Try(at));
        let left = self.block(&s.body);
        let frame = self.frame();
        frame.enclosing.pop();
        (frame.swallowed, frame.catches_lookup) = before;
        let left = self.block(&s.orelse) || left;
        let mut ends = vec![(self.frame().scope.clone(), left)];
        for ExceptHandler::ExceptHandler(handler) in &s.handlers {
            self.frame().scope.clone_from(&entry);
            if let Some(name) = &handler.name {
                self.bind(name.as_str(), None, None, span(name.range));
            }
            let frame = self.frame();
            frame.enclosing.push(Enclosing::Catch(span(handler.range)));
            frame.branches += 1;
            let left = self.block(&handler.body);
            let frame = self.frame();
            frame.branches -= 1;
            frame.enclosing.pop();
            ends.push((std::mem::take(&mut frame.scope), left));
        }
        let all_left = ends.iter().all(|(_, left)| *left);
        self.merge(entry, ends);
        self.block(&s.finalbody) || all_left
    }

    fn assign(&mut self, targets: &'a [Py], value: &'a Py) {
        if self.frames.len() == 1 && self.assign_at_top(targets, value, None) {
            return;
        }
        let lowered = self.expr(value);
        for target in targets {
            self.bind_target(target, lowered.clone());
        }
    }

    fn annotated_assign(&mut self, s: &'a ruff_python_ast::StmtAnnAssign) {
        if self.frames.len() == 1
            && let Some(value) = &s.value
            && self.assign_at_top(std::slice::from_ref(&*s.target), value, Some(&s.annotation))
        {
            return;
        }
        let ty = self.annotation(&s.annotation, super::annotations::Side::Write);
        let value = s.value.as_ref().map(|value| self.expr(value));
        match &*s.target {
            Py::Name(name) => {
                self.bind(name.id.as_str(), value, Some(ty), span(name.range));
            }
            target => {
                if let Some(value) = value {
                    self.bind_target(target, value);
                }
            }
        }
    }

    fn augmented_assign(&mut self, target: &'a Py, op: Operator, value: &'a Py) {
        let added = self.expr(value);
        match (op, target) {
            (Operator::BitOr, _) => {
                self.edit(target, Change::Merge(added));
            }
            (Operator::Add, _) if matches!(added.kind, ExprKind::Array(_)) => {
                if let ExprKind::Array(elements) = added.kind {
                    for element in elements {
                        self.edit(target, Change::Push(element));
                    }
                }
            }
            (Operator::Add, Py::Name(name)) => {
                let old = self.expr(target);
                let sum = super::expressions::sum(vec![old, added], span(target.range()));
                if let Some(sum) = sum {
                    self.bind(name.id.as_str(), Some(sum), None, span(name.range));
                }
            }
            _ => {}
        }
    }
}

/// The guard of an `else`: the tests before it have failed.
fn otherwise(tests: &[(&Py, Guard)]) -> Guard {
    let Some((_, first)) = tests.first() else {
        return Guard {
            source: "else".into(),
            subject: None,
            values: Vec::new(),
            negated: true,
            span: Default::default(),
            otherwise: false,
            raises: false,
        };
    };
    let mut guard = first.clone();
    guard.negated = !first.negated;
    guard.otherwise = !first.otherwise;
    for (_, other) in &tests[1..] {
        let same = match (&other.subject, &guard.subject) {
            (Some(a), Some(b)) => a.kind == b.kind && other.negated == first.negated,
            (_, _) => false,
        };
        if !same {
            return first_negated(first);
        }
        guard.values.extend(other.values.iter().cloned());
    }
    guard
}

fn first_negated(first: &Guard) -> Guard {
    Guard { negated: !first.negated, otherwise: !first.otherwise, ..first.clone() }
}

/// Whether an expression is a call of a logger or of `print`.
pub(super) fn is_logging(expr: &Py) -> bool {
    matches!(expr, Py::Call(call) if is_logging_call(call))
}

pub(super) fn is_logging_call(call: &ruff_python_ast::ExprCall) -> bool {
    match &*call.func {
        Py::Name(name) => matches!(name.id.as_str(), "print" | "capture_exception" | "capture_message"),
        Py::Attribute(attribute) => {
            let on = names::last_name(&attribute.value).unwrap_or_default().to_ascii_lowercase();
            let logs = matches!(
                attribute.attr.as_str(),
                "debug" | "info" | "warning" | "warn" | "error" | "exception" | "critical" | "log" | "trace" | "success"
            );
            logs && (on.contains("log") || on == "structlog" || on == "bind")
                || attribute.attr.as_str() == "print_exc"
                || attribute.attr.as_str() == "capture_exception"
        }
        _ => false,
    }
}

/// `await asyncio.gather(…, return_exceptions=True)` whose results nobody reads.
fn gathers_errors(value: &Py) -> bool {
    let Py::Await(awaited) = value else { return false };
    let Py::Call(call) = &*awaited.value else { return false };
    let is_gather = match &*call.func {
        Py::Attribute(attribute) => attribute.attr.as_str() == "gather",
        Py::Name(name) => name.id.as_str() == "gather",
        _ => false,
    };
    is_gather
        && call
            .arguments
            .find_keyword("return_exceptions")
            .is_some_and(|keyword| matches!(&keyword.value, Py::BooleanLiteral(on) if on.value))
}
