//! Functions, methods and lambdas: parameters, decorators, bodies.

use ruff_python_ast::{Decorator, Expr as Py, ExprLambda, Parameters, StmtFunctionDef};
use ruff_text_size::Ranged;

use super::annotations::Side;
use super::lower::Lower;
use super::{names, span};
use crate::facts::types::TypeParam;
use crate::facts::{
    Call, CallKind, Completion, Expr, ExprKind, FnId, LocalKind, Name, Surroundings, TypeExpr, TypeKind, TypeRef,
};

impl<'a> Lower<'a> {
    /// A `def`: of the module, of a class, or nested in a function.
    pub(super) fn function_statement(&mut self, def: &'a StmtFunctionDef) {
        let nested = self.frames.len() > 1;
        let id = self.reserve();
        if !nested {
            self.function_body(def, id, false);
            return;
        }
        // A nested function sees the variables of the one around it as they are when it is called: it is lowered last.
        let around = self.frame().id;
        self.facts.functions[id.0 as usize].parent = Some((around, None));
        let at = span(def.name.range);
        let classes = self.classes.clone();
        self.bind(def.name.as_str(), Some(Expr::new(ExprKind::Function(id), at)), None, at);
        self.frame().deferred.push((def, id, classes));
    }

    /// A method of a class.
    pub(super) fn method_statement(&mut self, def: &'a StmtFunctionDef) {
        let id = self.reserve();
        let closure = self.frames.len() > 1;
        if closure {
            let around = self.frame().id;
            self.facts.functions[id.0 as usize].parent = Some((around, None));
        }
        self.function_body_of(def, id, closure, true);
    }

    pub(super) fn function_body(&mut self, def: &'a StmtFunctionDef, id: FnId, closure: bool) {
        self.function_body_of(def, id, closure, false);
    }

    fn function_body_of(&mut self, def: &'a StmtFunctionDef, id: FnId, closure: bool, is_method: bool) {
        let params_before = self.type_params.len();
        // Decorators are evaluated where the function stands, before there is a function.
        let decorators = self.decorators(&def.decorator_list);
        self.open_reserved(id, def.name.as_str(), span(def.name.range), span(def.range), closure);
        let type_params = self.declared_params(def.type_params.as_deref());
        let exported = if closure { false } else { !def.name.as_str().starts_with('_') || is_method };
        let implements = if is_method { self.bases.first().cloned() } else { None };
        let is_static =
            def.decorator_list.iter().any(|decorator| names::last_name(&decorator.expression) == Some("staticmethod"));
        let in_test = is_test(def, self.classes.last().map(Name::as_str), &self.bases);
        let frame = self.frame();
        frame.function.type_params = type_params;
        frame.function.is_method = is_method;
        frame.function.implements = implements;
        frame.function.is_async = def.is_async;
        frame.function.in_test |= in_test;
        frame.function.exported = exported;
        frame.function.decorators = decorators;
        self.parameters(&def.parameters, is_method && !is_static);
        if let Some(returns) = &def.returns {
            let ty = self.annotation(returns, Side::Write);
            self.frame().function.return_type = Some(ty);
        }
        self.block(&def.body);
        self.close(id);
        self.type_params.truncate(params_before);
    }

    /// `[T: Bound = Default]`; the names count as parameters until the caller drops them.
    pub(super) fn declared_params(&mut self, params: Option<&'a ruff_python_ast::TypeParams>) -> Vec<TypeParam> {
        let mut out = Vec::new();
        for param in params.into_iter().flat_map(|params| &params.type_params) {
            let (name, bound, default) = match param {
                ruff_python_ast::TypeParam::TypeVar(var) => (&var.name, var.bound.as_deref(), var.default.as_deref()),
                ruff_python_ast::TypeParam::TypeVarTuple(var) => (&var.name, None, var.default.as_deref()),
                ruff_python_ast::TypeParam::ParamSpec(var) => (&var.name, None, var.default.as_deref()),
            };
            self.type_params.push(name.as_str().into());
            let bound = bound.map(|bound| self.bound(bound));
            let default = default.map(|default| self.annotation(default, Side::Write));
            out.push(TypeParam { name: name.as_str().into(), default, bound });
        }
        out
    }

    /// The bound of a type parameter; several constraints in a tuple are a union.
    pub(super) fn bound(&mut self, bound: &Py) -> TypeExpr {
        match bound {
            Py::Tuple(tuple) => {
                let members = tuple.elts.iter().map(|element| self.annotation(element, Side::Write)).collect();
                TypeExpr::new(TypeKind::Union(members), span(tuple.range))
            }
            bound => self.annotation(bound, Side::Write),
        }
    }

    fn parameters(&mut self, parameters: &'a Parameters, has_receiver: bool) {
        let mut skip = has_receiver;
        for param in parameters.posonlyargs.iter().chain(&parameters.args) {
            if std::mem::take(&mut skip) {
                self.frame().receiver = Some(param.parameter.name.as_str());
                continue;
            }
            self.parameter(LocalKind::Param, &param.parameter, param.default.as_deref());
        }
        if let Some(rest) = &parameters.vararg {
            self.parameter(LocalKind::RestParam, rest, None);
        }
        for param in &parameters.kwonlyargs {
            self.parameter(LocalKind::Param, &param.parameter, param.default.as_deref());
        }
        if let Some(named) = &parameters.kwarg {
            self.parameter(LocalKind::NamedRestParam, named, None);
        }
        let frame = self.frame();
        frame.function.params = frame.function.locals.len() as u32;
    }

    fn parameter(&mut self, kind: LocalKind, param: &'a ruff_python_ast::Parameter, default: Option<&'a Py>) {
        let ty = param.annotation.as_deref().map(|annotation| self.annotation(annotation, Side::Write));
        let default = default.map(|default| self.expr(default));
        let at = span(param.name.range);
        let id = self.local_of(kind, param.name.as_str(), default, ty, at);
        self.frame().scope.insert(param.name.as_str(), super::lower::Binding::Local(id));
    }

    /// Decorators as calls; what is called inside their arguments belongs to the function or module around.
    pub(super) fn decorators(&mut self, decorators: &'a [Decorator]) -> Vec<Call> {
        let mut out = Vec::new();
        for decorator in decorators {
            let at = span(decorator.range);
            let (func, args) = match &decorator.expression {
                Py::Call(call) => {
                    let args = self.arguments(call);
                    (&*call.func, args)
                }
                other => (other, Vec::new()),
            };
            let reads = self.frame().function.reads.len();
            let callee = match func {
                Py::Call(_) => self.expr(func),
                func => self.follow(func).value,
            };
            self.frame().function.reads.truncate(reads);
            out.push(Call {
                callee,
                args,
                type_args: Vec::new(),
                kind: CallKind::Decorator,
                surroundings: Surroundings::default(),
                span: at,
            });
        }
        out
    }

    pub(super) fn lambda(&mut self, lambda: &'a ExprLambda) -> Expr {
        let at = span(lambda.range());
        let around = self.frame().id;
        let id = self.open("", at, at, true);
        self.frame().function.parent = Some((around, None));
        if let Some(parameters) = &lambda.parameters {
            self.parameters(parameters, false);
        }
        self.next = Completion::Returned;
        let value = self.expr(&lambda.body);
        self.frame().function.returns.push(value);
        self.close(id);
        Expr::new(ExprKind::Function(id), at)
    }

    /// `yield x`: an element of what a generator gives; the value itself of a fixture or context manager.
    pub(super) fn yielded(&mut self, value: Expr) {
        let frame = self.frame();
        let whole = frame.function.decorators.iter().any(|decorator| {
            let name = match &decorator.callee.kind {
                ExprKind::Name(path) => path.last(),
                ExprKind::Member(_, name) => Some(name),
                _ => None,
            };
            name.is_some_and(|name| matches!(name.as_str(), "fixture" | "contextmanager" | "asynccontextmanager"))
        });
        let at = value.span;
        let value = if whole { value } else { Expr::new(ExprKind::ListOf(Box::new(value)), at) };
        frame.function.returns.push(value);
    }

    /// The class around the current place, as a type.
    pub(super) fn own_class(&self, at: crate::source::Span) -> Option<TypeExpr> {
        if self.classes.is_empty() {
            return None;
        }
        Some(TypeExpr::new(TypeKind::Ref(TypeRef { path: self.classes.clone(), args: Vec::new() }), at))
    }
}

/// Tests of pytest and unittest, and fixtures.
fn is_test(def: &StmtFunctionDef, class: Option<&str>, bases: &[Vec<Name>]) -> bool {
    let name = def.name.as_str();
    let fixture = def.decorator_list.iter().any(|decorator| names::last_name(&decorator.expression) == Some("fixture"));
    let in_test_class = class
        .is_some_and(|class| class.starts_with("Test") || class.ends_with("Tests") || class.ends_with("TestCase"))
        || bases.iter().any(|base| base.last().is_some_and(|base| base.ends_with("TestCase") || base.ends_with("TestBase")));
    fixture || name.starts_with("test_") || in_test_class
}
