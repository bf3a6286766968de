//! Statements: what surrounds the calls in them.

use oxc_ast::ast::{
    BlockStatement, CatchClause, Expression, ForStatementLeft, IfStatement, Statement, SwitchStatement, TryStatement,
    VariableDeclarationKind,
};
use oxc_syntax::operator::{BinaryOperator, LogicalOperator, UnaryOperator};

use super::lower::{Lower, Usage, node_span, span_of};
use crate::facts::{Case, Enclosing, Expr, ExprKind, Guard, Literal, Swallowed};

impl Lower<'_> {
    pub fn statements(&mut self, statements: &[Statement<'_>]) {
        for statement in statements {
            self.deeper(|lower| lower.statement(statement));
        }
    }

    fn statement(&mut self, statement: &Statement<'_>) {
        match statement {
            Statement::BlockStatement(block) => self.block_statement(block),
            Statement::ExpressionStatement(statement) => self.expression_statement(&statement.expression),
            Statement::ReturnStatement(returned) => {
                if let Some(argument) = &returned.argument {
                    let value = self.expr(argument, Usage::RETURNED);
                    let value = self.as_shown(argument, value);
                    self.frame().function.returns.push(value);
                }
            }
            Statement::IfStatement(branch) => self.if_statement(branch),
            Statement::SwitchStatement(switch) => self.switch_statement(switch),
            Statement::TryStatement(attempt) => self.try_statement(attempt),
            Statement::ForStatement(each) => self.block(|lower| {
                if let Some(init) = &each.init {
                    match init {
                        oxc_ast::ast::ForStatementInit::VariableDeclaration(variables) => {
                            for declarator in &variables.declarations {
                                lower.declare_pattern(&declarator.id);
                            }
                            lower.variables(variables, false);
                        }
                        other => {
                            if let Some(expression) = other.as_expression() {
                                lower.expr(expression, Usage::FLOATING);
                            }
                        }
                    }
                }
                lower.enclosed(Enclosing::Loop(span_of(each.span)), |lower| {
                    if let Some(test) = &each.test {
                        lower.expr(test, Usage::USED);
                    }
                    lower.nested(&each.body);
                    if let Some(update) = &each.update {
                        lower.expr(update, Usage::FLOATING);
                    }
                });
            }),
            Statement::ForOfStatement(each) => {
                let list = self.expr(&each.right, Usage::USED);
                let span = list.span;
                let list = if each.r#await { Expr::new(ExprKind::Await(Box::new(list)), span) } else { list };
                let element = Expr::new(ExprKind::Element(Box::new(list)), span);
                self.for_each(&each.left, element, &each.body, span_of(each.span));
            }
            Statement::ForInStatement(each) => {
                let object = self.expr(&each.right, Usage::USED);
                let key = Expr::unknown("a key of an object", object.span);
                self.for_each(&each.left, key, &each.body, span_of(each.span));
            }
            Statement::WhileStatement(repeat) => self.enclosed(Enclosing::Loop(span_of(repeat.span)), |lower| {
                lower.expr(&repeat.test, Usage::USED);
                lower.nested(&repeat.body);
            }),
            Statement::DoWhileStatement(repeat) => self.enclosed(Enclosing::Loop(span_of(repeat.span)), |lower| {
                lower.nested(&repeat.body);
                lower.expr(&repeat.test, Usage::USED);
            }),
            Statement::LabeledStatement(labeled) => self.nested(&labeled.body),
            Statement::ThrowStatement(throw) => {
                self.expr(&throw.argument, Usage::USED);
            }
            Statement::WithStatement(with) => {
                self.expr(&with.object, Usage::USED);
                self.nested(&with.body);
            }
            Statement::BreakStatement(_)
            | Statement::ContinueStatement(_)
            | Statement::DebuggerStatement(_)
            | Statement::EmptyStatement(_) => {}
            Statement::VariableDeclaration(variables) => {
                let using = matches!(variables.kind, VariableDeclarationKind::Using | VariableDeclarationKind::AwaitUsing);
                self.variables(variables, false);
                if using && let Some(init) = variables.declarations.first().and_then(|declarator| declarator.init.as_ref()) {
                    // What follows in the block runs inside of the scope guard.
                    let guard = self.unknown(oxc_span::GetSpan::span(init));
                    self.frame().enclosing.push(Enclosing::Block(guard.into()));
                }
            }
            other => {
                if let Some(declaration) = other.as_declaration() {
                    self.declaration(declaration, false);
                } else if let Some(declaration) = other.as_module_declaration() {
                    self.module_declaration(declaration);
                }
            }
        }
    }

    /// A statement in a scope of its own.
    fn nested(&mut self, statement: &Statement<'_>) {
        if let Statement::BlockStatement(block) = statement {
            self.block_statement(block);
        } else {
            self.block(|lower| lower.statements(std::slice::from_ref(statement)));
        }
    }

    pub fn block_statement(&mut self, block: &BlockStatement<'_>) {
        let enclosing = self.frame_ref().enclosing.len();
        self.block(|lower| {
            lower.hoist(&block.body);
            lower.statements(&block.body);
        });
        self.frame().enclosing.truncate(enclosing);
    }

    fn for_each(&mut self, left: &ForStatementLeft<'_>, element: Expr, body: &Statement<'_>, span: crate::source::Span) {
        self.enclosed(Enclosing::Loop(span), |lower| {
            lower.block(|lower| {
                if let ForStatementLeft::VariableDeclaration(variables) = left
                    && let Some(declarator) = variables.declarations.first()
                {
                    lower.declare_pattern(&declarator.id);
                    lower.bind_pattern(&declarator.id, element);
                }
                lower.nested(body);
            });
        });
    }

    fn if_statement(&mut self, branch: &IfStatement<'_>) {
        let leaves = always_leaves(&branch.consequent);
        // Code that throws where the value is missing demands it; code that goes another way copes without it.
        let demands = leaves && self.rejects(&branch.consequent);
        let reads = self.frame_ref().function.reads.len();
        let guard = self.test(&branch.test, !demands);
        if branch.alternate.as_ref().is_some_and(|alternate| !matches!(alternate, Statement::IfStatement(_))) {
            for read in &mut self.frame().function.reads[reads..] {
                read.has_default = true;
            }
        }
        self.case(&guard, span_of(oxc_span::GetSpan::span(&branch.consequent)));
        let shown = self.frame_ref().shown.len();
        self.show(&branch.test, true);
        self.enclosed(Enclosing::Branch(guard.clone().into()), |lower| lower.nested(&branch.consequent));
        self.frame().shown.truncate(shown);
        let negated = Guard { raises: demands, ..opposite(guard, &branch.test) };
        if let Some(alternate) = &branch.alternate {
            self.enclosed(Enclosing::Branch(negated.clone().into()), |lower| lower.nested(alternate));
        }
        if leaves {
            self.frame().early_returns.push(negated.into());
            self.show(&branch.test, false);
        } else if branch.alternate.as_ref().is_some_and(always_leaves) {
            let guard = Guard { negated: !negated.negated, otherwise: !negated.otherwise, ..negated };
            self.frame().early_returns.push(guard.into());
        }
    }

    /// Keeps what runs for some constants only.
    fn case(&mut self, guard: &Guard, extent: crate::source::Span) {
        if !guard.negated && !guard.values.is_empty() && guard.subject.is_some() {
            self.frame().function.cases.push(Case { guard: guard.clone(), extent });
        }
    }

    /// Whether a branch throws, or answers with an error of the client.
    fn rejects(&self, branch: &Statement<'_>) -> bool {
        let last = match branch {
            Statement::BlockStatement(block) => block.body.last(),
            other => Some(other),
        };
        match last {
            Some(Statement::ThrowStatement(_)) => true,
            Some(Statement::ReturnStatement(_)) => {
                let text = self.source(oxc_span::GetSpan::span(branch));
                let is_code =
                    |code: &[u8]| code.len() == 3 && matches!(code[0], b'4' | b'5') && code.iter().all(u8::is_ascii_digit);
                let told = text.to_ascii_lowercase().contains("status")
                    && text.as_bytes().windows(4).any(|w| !w[0].is_ascii_alphanumeric() && is_code(&w[1..]));
                // `return c.json({ error }, 400);`
                let ended = text.trim_end_matches([';', '}', ' ', '\n', '\r', '\t']);
                let last = ended.strip_suffix(')').and_then(|ended| ended.rsplit_once(',')).map(|(_, last)| last.trim());
                told || last.is_some_and(|last| is_code(last.as_bytes()))
            }
            _ => false,
        }
    }

    /// Lowers a condition: a value that is only tested for its presence is one the code copes without.
    pub fn test(&mut self, test: &Expression<'_>, coping: bool) -> Guard {
        let span = oxc_span::GetSpan::span(test);
        let (subject, values, negated) = self.comparison(test, coping).unwrap_or((None, Vec::new(), false));
        Guard { source: self.folded(span), subject, values, negated, span: span_of(span), otherwise: false, raises: false }
    }

    /// What a condition compares with constants: subject, values, and whether it passes for all others.
    fn comparison(&mut self, test: &Expression<'_>, coping: bool) -> Option<(Option<Expr>, Vec<Expr>, bool)> {
        match test.get_inner_expression() {
            Expression::BinaryExpression(binary) => {
                let equal = matches!(binary.operator, BinaryOperator::Equality | BinaryOperator::StrictEquality);
                let unequal = matches!(binary.operator, BinaryOperator::Inequality | BinaryOperator::StrictInequality);
                if !equal && !unequal {
                    self.expr(test, Usage::USED);
                    return None;
                }
                let (value, constant) =
                    if is_constant(&binary.left) { (&binary.right, &binary.left) } else { (&binary.left, &binary.right) };
                let before = self.frame_ref().function.reads.len();
                let nothing = is_nothing(constant);
                self.coping = coping && nothing;
                let subject = self.expr(value, Usage::USED);
                let after = self.frame_ref().function.reads.len();
                let constant = self.expr(constant, Usage::USED);
                // What sort of value it is, is no comparison of the value itself.
                let asks_sort = matches!(value.get_inner_expression(),
                    Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::Typeof);
                if nothing || asks_sort {
                    return None;
                }
                if let ExprKind::Literal(literal) = &constant.kind
                    && after > before
                {
                    let literal = literal.clone();
                    self.frame().function.reads[after - 1].compared.push(literal);
                }
                Some((Some(subject), vec![constant], unequal))
            }
            Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::LogicalNot => {
                let (subject, values, negated) = self.comparison(&unary.argument, coping)?;
                Some((subject, values, !negated))
            }
            Expression::LogicalExpression(logical) => {
                let left = self.comparison(&logical.left, coping);
                let right = self.comparison(&logical.right, coping);
                match (logical.operator, left, right) {
                    // `a === "x" || a === "y"` compares one subject with two constants.
                    (LogicalOperator::Or, Some((Some(a), mut values, false)), Some((Some(b), more, false)))
                        if a.is_same_place(&b) =>
                    {
                        values.extend(more);
                        Some((Some(a), values, false))
                    }
                    (LogicalOperator::And, Some((Some(a), mut values, true)), Some((Some(b), more, true)))
                        if a.is_same_place(&b) =>
                    {
                        values.extend(more);
                        Some((Some(a), values, true))
                    }
                    (LogicalOperator::And, Some(one), _) | (LogicalOperator::And, None, Some(one)) => Some(one),
                    _ => None,
                }
            }
            // `Array.isArray(event.items)`, `isRecord(event.meta)`: the code copes where it is not.
            Expression::CallExpression(call) if coping && asks(&call.callee) => {
                let before = self.frame_ref().function.reads.len();
                self.expr(test, Usage::USED);
                super::reads::all_optional(&mut self.frame().function.reads[before..]);
                None
            }
            _ => {
                self.coping = coping;
                self.expr(test, Usage::USED);
                None
            }
        }
    }

    fn switch_statement(&mut self, switch: &SwitchStatement<'_>) {
        let before = self.frame_ref().function.reads.len();
        let subject = self.expr(&switch.discriminant, Usage::USED);
        let after = self.frame_ref().function.reads.len();
        let source = self.folded(oxc_span::GetSpan::span(&switch.discriminant));
        let span = node_span(&switch.discriminant);
        let tests: Vec<Option<Expr>> =
            switch.cases.iter().map(|case| case.test.as_ref().map(|test| self.expr(test, Usage::USED))).collect();
        if after > before {
            let literals: Vec<Literal> = tests
                .iter()
                .flatten()
                .filter_map(|test| match &test.kind {
                    ExprKind::Literal(literal) => Some(literal.clone()),
                    _ => None,
                })
                .collect();
            let has_default = switch.cases.iter().any(|case| case.test.is_none());
            let read = &mut self.frame().function.reads[after - 1];
            read.compared.extend(literals);
            read.has_default = has_default;
        }
        self.block(|lower| {
            for case in &switch.cases {
                lower.hoist(&case.consequent);
            }
            // Cases that fall through share the body of the one below them.
            let mut waiting: Vec<Expr> = Vec::new();
            for (case, test) in switch.cases.iter().zip(&tests) {
                waiting.extend(test.iter().cloned());
                if case.consequent.is_empty() && case.test.is_some() {
                    continue;
                }
                let negated = case.test.is_none();
                let values = if negated { tests.iter().flatten().cloned().collect() } else { std::mem::take(&mut waiting) };
                waiting.clear();
                let guard = Guard {
                    source: source.clone(),
                    subject: Some(subject.clone()),
                    values,
                    negated,
                    span,
                    otherwise: false,
                    raises: false,
                };
                let early = lower.frame_ref().early_returns.len();
                lower.case(&guard, span_of(case.span));
                lower.enclosed(Enclosing::Branch(guard.into()), |lower| lower.statements(&case.consequent));
                lower.frame().early_returns.truncate(early);
            }
        });
    }

    fn try_statement(&mut self, attempt: &TryStatement<'_>) {
        let swallowed = attempt.handler.as_ref().map(|handler| handler_effect(&handler.body.body));
        if let Some(effect) = swallowed {
            self.frame().handlers.push(effect);
        }
        self.enclosed(Enclosing::Try(span_of(attempt.span)), |lower| lower.block_statement(&attempt.block));
        if swallowed.is_some() {
            self.frame().handlers.pop();
        }
        if let Some(handler) = &attempt.handler {
            self.catch(handler);
        }
        if let Some(finalizer) = &attempt.finalizer {
            self.block_statement(finalizer);
        }
    }

    fn catch(&mut self, handler: &CatchClause<'_>) {
        self.enclosed(Enclosing::Catch(span_of(handler.span)), |lower| {
            lower.block(|lower| {
                if let Some(param) = &handler.param {
                    lower.declare_pattern(&param.pattern);
                }
                lower.block_statement(&handler.body);
            });
        });
    }
}

/// The guard of what runs where a test fails. Of `a !== "x" && b` that says nothing of `a`.
pub(super) fn opposite(guard: Guard, test: &Expression<'_>) -> Guard {
    let whole = !matches!(test.get_inner_expression(), Expression::LogicalExpression(_)) || operands(test) == guard.values.len();
    let (subject, values) = if whole { (guard.subject, guard.values) } else { (None, Vec::new()) };
    Guard { subject, values, negated: !guard.negated, otherwise: !guard.otherwise, ..guard }
}

/// How many conditions a test is made of.
fn operands(test: &Expression<'_>) -> usize {
    match test.get_inner_expression() {
        Expression::LogicalExpression(logical) => operands(&logical.left) + operands(&logical.right),
        _ => 1,
    }
}

fn is_nothing(expression: &Expression<'_>) -> bool {
    expression.is_null_or_undefined() || expression.is_specific_string_literal("undefined")
}

fn is_constant(expression: &Expression<'_>) -> bool {
    expression.get_inner_expression().is_literal() || expression.is_null_or_undefined()
}

/// Whether control never goes on after the statement.
fn always_leaves(statement: &Statement<'_>) -> bool {
    match statement {
        Statement::ReturnStatement(_)
        | Statement::ThrowStatement(_)
        | Statement::ContinueStatement(_)
        | Statement::BreakStatement(_) => true,
        Statement::BlockStatement(block) => block.body.last().is_some_and(always_leaves),
        Statement::IfStatement(branch) => {
            always_leaves(&branch.consequent) && branch.alternate.as_ref().is_some_and(always_leaves)
        }
        _ => false,
    }
}

/// What a handler does with an error, by the statements it consists of.
pub(super) fn handler_effect(body: &[Statement<'_>]) -> Swallowed {
    let mut logs = false;
    for statement in body {
        match statement {
            Statement::ExpressionStatement(statement) if is_logging(&statement.expression) => logs = true,
            Statement::EmptyStatement(_) | Statement::ContinueStatement(_) | Statement::BreakStatement(_) => {}
            Statement::ReturnStatement(returned) => match &returned.argument {
                None => {}
                Some(value) if value.is_null_or_undefined() || matches!(value, Expression::BooleanLiteral(_)) => {}
                Some(_) => return Swallowed::No,
            },
            _ => return Swallowed::No,
        }
    }
    if logs { Swallowed::Logged } else { Swallowed::Dropped }
}

/// Whether an expression does nothing but write a log line or report to an error tracker.
pub(super) fn is_logging(expression: &Expression<'_>) -> bool {
    const RECEIVERS: &[&str] = &["console", "logger", "log", "_logger", "_log", "winston", "pino", "sentry", "bugsnag", "debug"];
    const LEVELS: &[&str] =
        &["error", "warn", "info", "log", "debug", "trace", "fatal", "captureException", "captureMessage", "notify"];
    const FUNCTIONS: &[&str] =
        &["log", "debug", "warn", "captureException", "reportError", "logError", "captureError", "traceException", "noop"];
    let inner = match expression.get_inner_expression() {
        Expression::AwaitExpression(awaited) => awaited.argument.get_inner_expression(),
        Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::Void => unary.argument.get_inner_expression(),
        other => other,
    };
    let Expression::CallExpression(call) = inner else { return false };
    match call.callee.get_inner_expression() {
        Expression::Identifier(id) => FUNCTIONS.contains(&id.name.as_str()),
        Expression::StaticMemberExpression(member) => {
            let receiver = match member.object.get_inner_expression() {
                Expression::Identifier(id) => id.name.as_str(),
                Expression::StaticMemberExpression(inner) => inner.property.name.as_str(),
                _ => "",
            };
            LEVELS.contains(&member.property.name.as_str()) && RECEIVERS.contains(&receiver.to_ascii_lowercase().as_str())
        }
        _ => false,
    }
}

/// Whether a function is called after a question about what it is given: `isRecord`, `Array.isArray`, `hasItems`.
fn asks(callee: &Expression<'_>) -> bool {
    let name = match callee.get_inner_expression() {
        Expression::Identifier(name) => name.name.as_str(),
        Expression::StaticMemberExpression(member) => member.property.name.as_str(),
        _ => return false,
    };
    ["is", "has"].iter().any(|word| name.strip_prefix(word).is_some_and(|rest| rest.starts_with(char::is_uppercase)))
}
