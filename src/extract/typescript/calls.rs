//! Calls: callee, arguments, and the closures among them.

use oxc_ast::ast::{Argument, CallExpression, ChainElement, Expression, NewExpression};
use oxc_span::GetSpan;

use super::known::{format, of_type};
use super::lower::{How, Lower, Usage, node_span, span_of};
use crate::facts::{Argument as FactArgument, Call, CallKind, Expr, ExprKind, Name, Step, TypeExpr, TypeKind, TypeRef};
use crate::shape::Presence;

/// Callees whose closures are test code.
const TEST_CALLS: &[&str] = &[
    "describe",
    "it",
    "test",
    "beforeEach",
    "afterEach",
    "beforeAll",
    "afterAll",
    "suite",
    "before",
    "after",
    "context",
    "specify",
];

impl Lower<'_> {
    pub fn call(&mut self, call: &CallExpression<'_>, usage: Usage, coping: bool) -> Expr {
        let span = span_of(call.span);
        if let Some(value) = self.known_call(call, usage) {
            return value;
        }
        if let Expression::StaticMemberExpression(member) = call.callee.get_inner_expression()
            && member.object.is_specific_id("Promise")
            && let method @ ("all" | "allSettled" | "race" | "any") = member.property.name.as_str()
            && let Some(value) = self.promise_group(call, method, usage)
        {
            return value;
        }
        if let Some(module) = call.common_js_require() {
            // Inside a function: the module under a name of its own.
            let module = Name::from(module.value.as_str());
            let local = format!("require({module})");
            self.facts.imports.push(crate::facts::Import {
                scope: Vec::new(),
                local: Some(local.clone().into()),
                module: vec![module],
                name: None,
                exported: false,
                span,
            });
            return Expr::new(ExprKind::Name(vec![local.into()]), span);
        }
        if self.looks_like_schema_call(call) {
            return Expr::unknown("a schema", span);
        }
        let first = self.facts.functions.len();
        let callee = self.callee(&call.callee, coping);
        let tests = self.frames.len() <= 8 && is_test_call(&call.callee) && !self.is_of_a_platform(&call.callee);
        let was_test = self.in_test;
        self.in_test |= tests;
        let deferring = self.deferring(&call.callee);
        let args = self.arguments(&call.arguments, deferring);
        self.in_test = was_test;
        let type_args = match &call.type_arguments {
            Some(args) => args.params.iter().map(|ty| self.ty(ty)).collect(),
            None => Vec::new(),
        };
        let surroundings = self.surroundings(usage);
        let id = self.push_call(Call { callee, args, type_args, kind: CallKind::Plain, surroundings, span });
        self.adopt(first, id);
        Expr::new(ExprKind::Call(id), span)
    }

    /// `after` and `context` of a web framework have the names of a test runner's.
    fn is_of_a_platform(&self, callee: &Expression<'_>) -> bool {
        const RUNNERS: &[&str] = &["mocha", "vitest", "jest", "@jest/globals", "node:test", "bun:test", "ava", "tap", "qunit"];
        match callee.get_inner_expression() {
            Expression::Identifier(id) => self.imported.get(id.name.as_str()).is_some_and(|module| {
                !module.starts_with('.')
                    && !RUNNERS.contains(&module.as_str())
                    && matches!(id.name.as_str(), "after" | "before" | "context")
            }),
            _ => false,
        }
    }

    /// `` sql`INSERT INTO …` ``: the tag is called with the text.
    pub fn tagged(&mut self, tag: &Expression<'_>, text: Expr, usage: Usage, span: crate::source::Span) -> Expr {
        let callee = self.callee(tag, false);
        let args = vec![crate::facts::Argument { name: None, value: text, spread: false }];
        let surroundings = self.surroundings(usage);
        let id = self.push_call(Call { callee, args, type_args: Vec::new(), kind: CallKind::Plain, surroundings, span });
        Expr::new(ExprKind::Call(id), span)
    }

    /// What a call is made on. A method call reads the value it is made on, not a key of the method's name.
    fn callee(&mut self, callee: &Expression<'_>, coping: bool) -> Expr {
        let span = node_span(callee);
        match callee.get_inner_expression() {
            Expression::StaticMemberExpression(member) => {
                let name = Name::from(member.property.name.as_str());
                let object = self.receiver(&member.object, member.optional || coping);
                Expr::new(ExprKind::Member(Box::new(object), name), span)
            }
            Expression::PrivateFieldExpression(member) => {
                let name = format!("#{}", member.field.name.as_str());
                let object = self.receiver(&member.object, member.optional);
                Expr::new(ExprKind::Member(Box::new(object), name.into()), span)
            }
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::StaticMemberExpression(member) => {
                    let name = Name::from(member.property.name.as_str());
                    let object = self.receiver(&member.object, member.optional);
                    Expr::new(ExprKind::Member(Box::new(object), name), span)
                }
                _ => self.expr(callee, Usage::USED),
            },
            Expression::ComputedMemberExpression(member) => {
                let object = self.receiver(&member.object, member.optional);
                let index = self.expr(&member.expression, Usage::USED);
                match index.kind {
                    ExprKind::Literal(crate::facts::Literal::Text(name)) => {
                        Expr::new(ExprKind::Member(Box::new(object), name), span)
                    }
                    kind => {
                        let index = Expr::new(kind, index.span);
                        Expr::new(ExprKind::Index(Box::new(object), Box::new(index)), span)
                    }
                }
            }
            Expression::Super(_) => Expr::new(ExprKind::Name(vec!["super".into()]), span),
            _ => self.expr(callee, Usage::USED),
        }
    }

    fn receiver(&mut self, object: &Expression<'_>, optional: bool) -> Expr {
        match object.get_inner_expression() {
            Expression::StaticMemberExpression(_) | Expression::ComputedMemberExpression(_) => {
                let (expr, mut path, base) = self.member_chain(object);
                if optional && let Some(Step::Key { presence, .. }) = path.last_mut() {
                    *presence = Presence::Optional;
                }
                // A service held in a field is no payload; a chain from a variable may be one.
                if base.kind != ExprKind::This {
                    self.record_chain(base, path, false);
                }
                expr
            }
            // What a method is called on is there.
            _ => match object {
                Expression::TSNonNullExpression(there) => self.receiver(&there.expression, optional),
                _ => self.expr(object, Usage::USED),
            },
        }
    }

    fn arguments(&mut self, arguments: &[Argument<'_>], deferring: Option<&'static str>) -> Vec<FactArgument> {
        let usage = match deferring {
            Some(name) => Usage { how: How::Deferred(name), ..Usage::USED },
            None => Usage::USED,
        };
        let mut lowered = Vec::with_capacity(arguments.len());
        for argument in arguments {
            match argument {
                Argument::SpreadElement(spread) => {
                    let value = self.expr(&spread.argument, Usage::USED);
                    lowered.push(FactArgument { name: None, value, spread: true });
                }
                other => {
                    if let Some(expression) = other.as_expression() {
                        let value = self.expr(expression, usage);
                        let value = self.as_told(value);
                        lowered.push(FactArgument { name: None, value, spread: false });
                    }
                }
            }
        }
        lowered
    }

    pub fn new_expression(&mut self, new: &NewExpression<'_>, usage: Usage) -> Expr {
        let span = span_of(new.span);
        if let Expression::Identifier(id) = new.callee.get_inner_expression()
            && self.is_module_name(id.name.as_str())
        {
            let name = id.name.as_str();
            match name {
                "Date" => {
                    let from = self.arguments(&new.arguments, None).into_iter().map(|argument| argument.value).collect();
                    self.note_made("Date", from, span);
                    return of_type(format("date-time"), span);
                }
                "Map" | "Set" | "WeakMap" | "WeakSet" => {
                    self.arguments(&new.arguments, None);
                    return of_type(TypeKind::Object(Default::default()), span);
                }
                "Array" => {
                    self.arguments(&new.arguments, None);
                    return Expr::unknown("a list of unknown elements", span);
                }
                "Promise" => {
                    let args = self.arguments(&new.arguments, None);
                    let _ = args;
                    return self.unknown(new.span);
                }
                _ => {}
            }
        }
        let first = self.facts.functions.len();
        let callee = self.callee(&new.callee, false);
        let args = self.arguments(&new.arguments, None);
        let type_args = match &new.type_arguments {
            Some(args) => args.params.iter().map(|ty| self.ty(ty)).collect(),
            None => Vec::new(),
        };
        let surroundings = self.surroundings(usage);
        let id = self.push_call(Call { callee, args, type_args, kind: CallKind::New, surroundings, span });
        self.adopt(first, id);
        Expr::new(ExprKind::Call(id), span)
    }

    /// A decorator as a call; its arguments are lowered where it stands.
    pub fn decorator(&mut self, decorator: &oxc_ast::ast::Decorator<'_>) -> Call {
        let span = span_of(decorator.span);
        let surroundings = self.surroundings(Usage::USED);
        match decorator.expression.get_inner_expression() {
            Expression::CallExpression(call) => {
                let callee = self.callee(&call.callee, false);
                let args = self.arguments(&call.arguments, None);
                Call { callee, args, type_args: Vec::new(), kind: CallKind::Decorator, surroundings, span }
            }
            other => {
                let callee = match other {
                    Expression::Identifier(id) => self.name(id.name.as_str(), id.span),
                    _ => self.expr(other, Usage::USED),
                };
                Call { callee, args: Vec::new(), type_args: Vec::new(), kind: CallKind::Decorator, surroundings, span }
            }
        }
    }
}

/// `describe(…)`, `it.each([…])(…)`, `test.only(…)`.
fn is_test_call(callee: &Expression<'_>) -> bool {
    match callee.get_inner_expression() {
        Expression::Identifier(id) => TEST_CALLS.contains(&id.name.as_str()),
        Expression::StaticMemberExpression(member) => is_test_call(&member.object),
        Expression::CallExpression(inner) => is_test_call(&inner.callee),
        _ => false,
    }
}

/// The class of `new X(…)` as a type.
pub(super) fn constructed(new: &NewExpression<'_>) -> Option<TypeExpr> {
    let mut path = Vec::new();
    let mut base = new.callee.get_inner_expression();
    while let Expression::StaticMemberExpression(member) = base {
        path.push(member.property.name.as_str().into());
        base = member.object.get_inner_expression();
    }
    let Expression::Identifier(id) = base else { return None };
    path.push(id.name.as_str().into());
    path.reverse();
    Some(TypeExpr::new(TypeKind::Ref(TypeRef { path, args: Vec::new() }), span_of(new.callee.span())))
}
