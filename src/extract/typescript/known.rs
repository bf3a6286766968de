//! Well-known calls: encoders and decoders are looked through, and results that are known by their type alone are given as such.

use oxc_ast::ast::{Argument, CallExpression, Expression};
use oxc_span::GetSpan;

use super::lower::{Lower, Usage, node_span, span_of};
use super::statements::handler_effect;
use crate::facts::calls::Change;
use crate::facts::{
    Argument as FactArgument, Call, CallKind, Enclosing, Expr, ExprKind, Literal, Made, Name, Swallowed, TypeExpr, TypeKind,
    ValueMember,
};
use crate::shape::{NumberRange, StringShape};
use crate::source::Span;

/// Methods that only lists have and that call their argument once for each element.
const EACH: &[&str] =
    &["map", "forEach", "flatMap", "filter", "some", "every", "find", "findLast", "findIndex", "findLastIndex", "reduce"];

/// Functions that finish what they are handed later.
const DEFERRING: &[&str] = &["waitUntil", "after", "unstable_after", "setImmediate", "setTimeout", "nextTick", "queueMicrotask"];

/// Functions that give back a function that they are handed, to be called as it would be.
const KEEPING: &[&str] =
    &["useCallback", "useEffectEvent", "useEvent", "useMemoizedFn", "debounce", "throttle", "memoize", "once"];

/// Functions that call a function that they are handed at once, and give back what it gives.
const RUNNING: &[&str] = &["useMemo", "untracked", "runInAction"];

/// Receivers whose `parse` is a text format's and not a schema's.
const PARSERS: &[&str] = &[
    "path",
    "url",
    "URL",
    "qs",
    "querystring",
    "yaml",
    "YAML",
    "Date",
    "toml",
    "TOML",
    "csv",
    "semver",
    "cookie",
    "marked",
    "Papa",
    "acorn",
    "babel",
    "dotenv",
    "ini",
    "chrono",
    "devalue",
    "parser",
    "date",
    "dateFns",
    "moment",
    "dayjs",
    "posix",
    "win32",
    "JSON5",
    "mime",
    "contentType",
    "ms",
    "graphql",
    "xml",
    "html",
    "cheerio",
    "ts",
    "recast",
    "espree",
    "ohm",
];

pub(super) fn string() -> TypeKind {
    TypeKind::String(Default::default())
}

pub(super) fn format(name: &str) -> TypeKind {
    TypeKind::String(StringShape::format(name).into())
}

pub(super) fn integer() -> TypeKind {
    TypeKind::Integer(Default::default())
}

pub(super) fn number() -> TypeKind {
    TypeKind::Number(Default::default())
}

pub(super) fn count() -> TypeKind {
    TypeKind::Integer(NumberRange { minimum: Some(0.into()), ..NumberRange::default() }.into())
}

pub(super) fn of_type(kind: TypeKind, span: Span) -> Expr {
    Expr::new(ExprKind::OfType(Box::new(TypeExpr::new(kind, span))), span)
}

fn list_of(item: TypeKind, span: Span) -> Expr {
    let items = Box::new(TypeExpr::new(item, span));
    of_type(TypeKind::Array { items, min: None, max: None, unique: false }, span)
}

/// A member whose value is known by its name: `x.length`.
pub(super) fn member_value(expr: Expr) -> Expr {
    match &expr.kind {
        ExprKind::Member(base, name) if name == "length" && !matches!(base.kind, ExprKind::This) => of_type(count(), expr.span),
        _ => expr,
    }
}

/// A text that was only made from a value to decode it.
fn undecorated(value: Expr) -> Expr {
    match value.kind {
        ExprKind::Template(mut parts) if parts.len() == 1 => parts.remove(0),
        ExprKind::Await(inner) => {
            let span = value.span;
            Expr::new(ExprKind::Await(Box::new(undecorated(*inner))), span)
        }
        _ => value,
    }
}

/// The last name of a chain of members.
fn last_name_span(object: &Expression<'_>) -> Option<Span> {
    match object.get_inner_expression() {
        Expression::StaticMemberExpression(member) => Some(span_of(member.property.span)),
        _ => None,
    }
}

/// `a?.trim()`: a text, or `undefined` where `a` is not there.
fn behind(call: &CallExpression<'_>, on: &Expr, value: Expr) -> Expr {
    let optional = call.callee.get_inner_expression().as_member_expression().is_some_and(|member| member.optional());
    if !optional {
        return value;
    }
    let (span, missing) = (value.span, Expr::new(ExprKind::Tested(Box::new(on.clone()), false), on.span));
    Expr::new(ExprKind::OneOf(vec![value, missing]), span)
}

impl Lower<'_> {
    /// The value of a well-known call. `None` where it is a call like any other.
    pub fn known_call(&mut self, call: &CallExpression<'_>, usage: Usage) -> Option<Expr> {
        let span = span_of(call.span);
        match call.callee.get_inner_expression() {
            Expression::Identifier(id) if self.is_module_name(id.name.as_str()) => {
                self.known_function(id.name.as_str(), call, span)
            }
            Expression::StaticMemberExpression(member) => {
                let method = member.property.name.as_str();
                if let Expression::Identifier(id) = member.object.get_inner_expression()
                    && self.is_module_name(id.name.as_str())
                    && let Some(value) = self.known_static(id.name.as_str(), method, call, usage, span)
                {
                    return Some(value);
                }
                let before = self.frame_ref().function.reads.len();
                let value = self.known_method(&member.object, method, call, usage, span);
                if member.optional {
                    // `event.email?.trim()` copes with the absence of what it is called on.
                    let end = last_name_span(&member.object);
                    super::reads::set_optional(&mut self.frame().function.reads, before, end);
                }
                value
            }
            _ => None,
        }
    }

    fn first<'c, 'a>(&self, call: &'c CallExpression<'a>) -> Option<&'c Expression<'a>> {
        call.arguments.first().and_then(Argument::as_expression)
    }

    fn lower_first(&mut self, call: &CallExpression<'_>) -> Option<Expr> {
        let first = self.first(call)?;
        Some(self.expr(first, Usage::USED))
    }

    fn known_function(&mut self, name: &str, call: &CallExpression<'_>, span: Span) -> Option<Expr> {
        if KEEPING.contains(&name) {
            return self.kept(call);
        }
        if RUNNING.contains(&name) {
            return self.run(call, span);
        }
        let from = self.imported.get(name).map(Name::as_str).unwrap_or("");
        let kind = match name {
            "String" => {
                let value = self.lower_first(call)?;
                return Some(text_of(value, span));
            }
            "Number" | "parseFloat" => number(),
            "parseInt" => integer(),
            "Boolean" => TypeKind::Boolean,
            "encodeURIComponent" | "decodeURIComponent" | "encodeURI" | "btoa" | "atob" | "escape" => string(),
            "structuredClone" | "cloneDeep" | "deepClone" | "unref" | "toRaw" => return self.lower_first(call),
            "randomUUID" | "uuidv4" | "uuidV4" | "uuidv7" | "uuidv1" => format("uuid"),
            "v4" | "v7" | "v1" | "v5" | "uuid" if from == "uuid" || from == "uuidv7" || name == "uuid" => format("uuid"),
            "nanoid" | "cuid" | "createId" | "ulid" | "customAlphabet" if !from.is_empty() && !from.starts_with('.') => string(),
            _ => return None,
        };
        self.made_of(name, None, call, span);
        Some(of_type(kind, span))
    }

    /// The closure that a call gives back as it is: `useCallback(event => …, [])`.
    fn kept(&mut self, call: &CallExpression<'_>) -> Option<Expr> {
        let given = self.first(call)?.get_inner_expression();
        if !matches!(given, Expression::ArrowFunctionExpression(_) | Expression::FunctionExpression(_)) {
            return None;
        }
        let value = self.lower_first(call)?;
        for argument in call.arguments.iter().skip(1).filter_map(Argument::as_expression) {
            self.expr(argument, Usage::USED);
        }
        Some(value)
    }

    /// What the closure gives that a call runs: `useMemo(() => plan.name, [plan])`.
    fn run(&mut self, call: &CallExpression<'_>, span: Span) -> Option<Expr> {
        let closure = self.kept(call)?;
        let surroundings = self.surroundings(Usage::USED);
        let id = self.push_call(Call {
            callee: closure,
            args: Vec::new(),
            type_args: Vec::new(),
            kind: CallKind::Plain,
            surroundings,
            span,
        });
        Some(Expr::new(ExprKind::Call(id), span))
    }

    /// Lowers the arguments of a call whose value is known by its type alone, and keeps what it is made from.
    fn made_of(&mut self, name: &str, on: Option<Expr>, call: &CallExpression<'_>, span: Span) {
        let given = call.arguments.iter().filter_map(Argument::as_expression);
        let from = on.into_iter().chain(given.map(|argument| self.expr(argument, Usage::USED))).collect();
        self.note_made(name, from, span);
    }

    pub(super) fn note_made(&mut self, name: &str, from: Vec<Expr>, span: Span) {
        let function = self.frame_ref().id;
        self.facts.made.push(Made { function, span, name: name.into(), from });
    }

    fn known_static(&mut self, object: &str, method: &str, call: &CallExpression<'_>, usage: Usage, span: Span) -> Option<Expr> {
        let kind = match (object, method) {
            ("React" | "_" | "lodash", kept) if KEEPING.contains(&kept) => return self.kept(call),
            ("React", run) if RUNNING.contains(&run) => return self.run(call, span),
            ("JSON" | "superjson" | "SuperJSON" | "devalue" | "JSON5" | "stableStringify", "stringify" | "serialize") => {
                let value = self.lower_first(call)?;
                return Some(Expr::new(ExprKind::Encoded(Box::new(value)), span));
            }
            ("JSON" | "superjson" | "SuperJSON" | "devalue" | "JSON5", "parse" | "deserialize") => {
                let value = self.lower_first(call)?;
                return Some(Expr::new(ExprKind::Decoded(Box::new(undecorated(value)), None), span));
            }
            ("Buffer", "from") | ("Uint8Array" | "Array" | "Object", "from" | "freeze" | "seal") => {
                if call.arguments.len() > 1 && object == "Array" {
                    return self.mapped_from(call, usage, span);
                }
                let value = self.lower_first(call)?;
                for argument in call.arguments.iter().skip(1).filter_map(Argument::as_expression) {
                    self.expr(argument, Usage::USED);
                }
                if let ExprKind::Object(_) = &value.kind
                    && object == "Array"
                {
                    return None;
                }
                return Some(value);
            }
            ("Object", "assign") => {
                let mut parts = call.arguments.iter().filter_map(Argument::as_expression);
                let target = parts.next()?;
                let target_value = self.expr(target, Usage::USED);
                let mut members = vec![ValueMember::Spread { value: target_value.clone(), conditional: false }];
                for part in parts {
                    let value = self.expr(part, Usage::USED);
                    self.edit_whole(&target_value, Change::Merge(value.clone()), span);
                    members.push(ValueMember::Spread { value, conditional: false });
                }
                // A variable has been changed in place and is its own result.
                if matches!(target_value.kind, ExprKind::Local(_)) {
                    return Some(target_value);
                }
                return Some(Expr::new(ExprKind::Object(members), span));
            }
            ("Object", "keys" | "getOwnPropertyNames") => {
                self.lower_first(call);
                return Some(list_of(string(), span));
            }
            ("Object", "values") => {
                let value = self.lower_first(call)?;
                let element = Expr::new(ExprKind::Element(Box::new(value)), span);
                return Some(Expr::new(ExprKind::ListOf(Box::new(element)), span));
            }
            ("Object", "fromEntries") => {
                self.lower_first(call);
                let value = self.unknown(call.span);
                return Some(Expr::new(ExprKind::MapOf(Box::new(value)), span));
            }
            ("Date", "now") => integer(),
            ("Math", "floor" | "ceil" | "round" | "trunc" | "sign") => integer(),
            ("Math", _) => number(),
            ("Number", "parseInt") => integer(),
            ("Number", "parseFloat") => number(),
            ("Number", "isInteger" | "isFinite" | "isNaN" | "isSafeInteger") | ("Array", "isArray") | ("Object", "is") => {
                TypeKind::Boolean
            }
            ("crypto" | "nodeCrypto" | "Crypto", "randomUUID") | ("uuid", "v4" | "v7" | "v1" | "v5") => format("uuid"),
            ("Promise", "all" | "race" | "any" | "allSettled") => return None,
            ("Promise", "resolve") => return self.lower_first(call).or_else(|| Some(Expr::new(ExprKind::Absent, span))),
            ("DateTime", _) => return None,
            _ => return None,
        };
        self.made_of(&format!("{object}.{method}"), None, call, span);
        Some(of_type(kind, span))
    }

    fn known_method(
        &mut self,
        object: &Expression<'_>,
        method: &str,
        call: &CallExpression<'_>,
        usage: Usage,
        span: Span,
    ) -> Option<Expr> {
        let arguments = call.arguments.len();
        match method {
            "toISOString" if arguments == 0 => {
                let on = self.expr(object, Usage::USED);
                let value = behind(call, &on, of_type(format("date-time"), span));
                self.note_made(method, vec![on], span);
                Some(value)
            }
            "getTime" | "valueOf" if arguments == 0 => {
                let on = self.expr(object, Usage::USED);
                let value = behind(call, &on, of_type(integer(), span));
                self.note_made(method, vec![on], span);
                Some(value)
            }
            "toString" if arguments <= 1 => {
                let value = self.expr(object, Usage::USED);
                let encoded =
                    matches!(self.first(call), Some(Expression::StringLiteral(literal)) if literal.value.as_str() == "base64");
                Some(if encoded {
                    let base64 = StringShape { content_encoding: Some("base64".to_owned()), ..StringShape::default() };
                    let ty = TypeExpr::new(TypeKind::String(base64.into()), span);
                    Expr::new(ExprKind::Typed(Box::new(value), Box::new(ty)), span)
                } else {
                    behind(call, &value, text_of(value.clone(), span))
                })
            }
            "toFixed" | "toPrecision" | "toLocaleString" | "toLocaleDateString" | "toLocaleTimeString" | "toUTCString"
            | "toDateString" => {
                let on = self.read_as(object, number());
                let value = behind(call, &on, of_type(string(), span));
                self.note_made(method, vec![on], span);
                Some(value)
            }
            "toLowerCase" | "toUpperCase" | "trim" | "trimStart" | "trimEnd" | "padStart" | "padEnd" | "replace"
            | "replaceAll" | "charAt" | "normalize" | "repeat" | "toLocaleLowerCase" | "toLocaleUpperCase" | "substring"
            | "substr" => {
                let on = self.read_as(object, string());
                let value = behind(call, &on, of_type(string(), span));
                self.made_of(method, Some(on), call, span);
                Some(value)
            }
            "startsWith" | "endsWith" | "localeCompare" => {
                self.read_as(object, string());
                for argument in call.arguments.iter().filter_map(Argument::as_expression) {
                    self.expr(argument, Usage::USED);
                }
                Some(of_type(if method == "localeCompare" { integer() } else { TypeKind::Boolean }, span))
            }
            "includes" if arguments <= 2 => {
                self.expr(object, Usage::USED);
                for argument in call.arguments.iter().filter_map(Argument::as_expression) {
                    self.expr(argument, Usage::USED);
                }
                Some(of_type(TypeKind::Boolean, span))
            }
            "split" if arguments <= 2 && arguments > 0 => {
                let on = self.read_as(object, string());
                Some(behind(call, &on, list_of(string(), span)))
            }
            "join" if arguments <= 1 && !object.is_specific_id("path") => {
                let on = self.read_as(object, array());
                let value = behind(call, &on, of_type(string(), span));
                self.note_made(method, vec![on], span);
                Some(value)
            }
            // The body of a request or response.
            "json" if arguments == 0 => {
                let value = self.expr(object, usage);
                let ty = call.type_arguments.as_ref().and_then(|args| args.params.first()).map(|ty| Box::new(self.ty(ty)));
                Some(Expr::new(ExprKind::Decoded(Box::new(value), ty), span))
            }
            "text" | "arrayBuffer" | "blob" | "buffer" | "clone" if arguments == 0 => {
                let value = self.expr(object, usage);
                Some(value)
            }
            "encode" | "decode" if arguments == 1 && is_text_coder(object) => self.lower_first(call),
            "slice" | "sort" | "reverse" | "toSorted" | "toReversed"
                if arguments <= 2 && !matches!(object.get_inner_expression(), Expression::ThisExpression(_)) =>
            {
                let reads = self.frame_ref().function.reads.len();
                let value = self.expr(object, Usage::USED);
                let _ = reads;
                for argument in call.arguments.iter().filter_map(Argument::as_expression) {
                    self.expr(argument, Usage::USED);
                }
                Some(value)
            }
            "concat" if arguments > 0 => {
                let value = self.expr(object, Usage::USED);
                if self.is_text(&value) {
                    return None;
                }
                let mut elements = vec![Expr::new(ExprKind::Element(Box::new(value)), span)];
                for argument in call.arguments.iter().filter_map(Argument::as_expression) {
                    let more = self.expr(argument, Usage::USED);
                    elements.push(Expr::new(ExprKind::Element(Box::new(more)), span));
                }
                Some(Expr::new(ExprKind::ListOf(Box::new(Expr::new(ExprKind::OneOf(elements), span))), span))
            }
            "push" | "unshift" if arguments > 0 && usage.how == super::lower::How::Floating => self.pushed(object, call, span),
            "then" | "catch" | "finally" => self.promise_step(object, method, call, usage, span),
            "at" | "pop" | "shift"
                if arguments <= 1 && method == "at" || arguments == 0 && (method == "pop" || method == "shift") =>
            {
                let value = self.expr(object, Usage::USED);
                Some(Expr::new(ExprKind::Element(Box::new(value)), span))
            }
            _ if EACH.contains(&method) => self.each(object, method, call, usage, span),
            "parse" | "safeParse" | "parseAsync" | "safeParseAsync" | "spa" | "validateSync" | "validateAsync" | "decode"
            | "assert" | "from" | "cast" | "create" => self.schema_method(object, method, call, usage, span),
            _ => None,
        }
    }

    /// Lowers a value on which a method of a built-in type is called: the read asks for that type.
    fn read_as(&mut self, object: &Expression<'_>, kind: TypeKind) -> Expr {
        let before = self.frame_ref().function.reads.len();
        let value = self.expr(object, Usage::USED);
        let ty = TypeExpr::new(kind, node_span(object));
        super::reads::set_type(&mut self.frame().function.reads, before, &value, ty);
        value
    }

    /// `list.push(x)` on a variable: one more element.
    fn pushed(&mut self, object: &Expression<'_>, call: &CallExpression<'_>, span: Span) -> Option<Expr> {
        let Expression::Identifier(id) = object.get_inner_expression() else { return None };
        let (0, local) = self.find(id.name.as_str())? else { return None };
        let value = self.frame_ref().function.local(local).value.as_ref()?;
        if !matches!(value.kind, ExprKind::Array(_) | ExprKind::ListOf(_)) {
            return None;
        }
        let object = self.expr(object, Usage::USED);
        for argument in &call.arguments {
            match argument {
                Argument::SpreadElement(spread) => {
                    let list = self.expr(&spread.argument, Usage::USED);
                    let element = Expr::new(ExprKind::Element(Box::new(list)), span);
                    self.edit_whole(&object, Change::Push(element), span);
                }
                other => {
                    if let Some(expression) = other.as_expression() {
                        let value = self.expr(expression, Usage::USED);
                        self.edit_whole(&object, Change::Push(value), span);
                    }
                }
            }
        }
        Some(of_type(count(), span))
    }

    /// `list.map(f)` calls `f` once for each element, so it is recorded as that call inside a loop.
    fn each(
        &mut self,
        object: &Expression<'_>,
        method: &str,
        call: &CallExpression<'_>,
        usage: Usage,
        span: Span,
    ) -> Option<Expr> {
        let callback = self.first(call)?;
        let literal =
            matches!(callback.get_inner_expression(), Expression::ArrowFunctionExpression(_) | Expression::FunctionExpression(_));
        let named = matches!(method, "map" | "flatMap" | "forEach" | "filter")
            && call.arguments.len() == 1
            && matches!(callback.get_inner_expression(), Expression::Identifier(_) | Expression::StaticMemberExpression(_));
        if !literal && !named {
            return None;
        }
        let list = self.read_as(object, array());
        if callback.is_specific_id("Boolean") {
            return Some(list);
        }
        let element = Expr::new(ExprKind::Element(Box::new(list.clone())), list.span);
        let mut args = vec![element.clone()];
        if method == "reduce" {
            let start = call.arguments.get(1).and_then(Argument::as_expression);
            let start = match start {
                Some(start) => self.expr(start, Usage::USED),
                None => self.unknown(call.span),
            };
            args.insert(0, start);
        } else {
            args.push(of_type(count(), span));
        }
        // The elements' calls are awaited together where the list of their promises is.
        let inner = match (method, usage.how) {
            ("map" | "flatMap", super::lower::How::Awaited | super::lower::How::Returned) => usage,
            ("forEach", _) | ("map" | "flatMap", super::lower::How::Floating) => Usage::FLOATING,
            _ => Usage::USED,
        };
        let id = self.call_of(callback, args, inner, span, Some(Enclosing::Loop(span)));
        let result = Expr::new(ExprKind::Call(id), span);
        Some(match method {
            "map" => Expr::new(ExprKind::ListOf(Box::new(result)), span),
            "flatMap" => {
                let element = Expr::new(ExprKind::Element(Box::new(result)), span);
                Expr::new(ExprKind::ListOf(Box::new(element)), span)
            }
            "filter" => list,
            "find" | "findLast" => element,
            "forEach" => Expr::new(ExprKind::Absent, span),
            "some" | "every" => of_type(TypeKind::Boolean, span),
            "findIndex" | "findLastIndex" => of_type(integer(), span),
            _ => result,
        })
    }

    /// `Array.from(list, f)`: what the callback gives for each element.
    fn mapped_from(&mut self, call: &CallExpression<'_>, usage: Usage, span: Span) -> Option<Expr> {
        let callback = call.arguments.get(1).and_then(Argument::as_expression)?;
        let list = self.lower_first(call)?;
        let element = match list.kind {
            // `{ length: 4 }` has places and nothing in them.
            ExprKind::Object(_) => Expr::new(ExprKind::Absent, list.span),
            _ => Expr::new(ExprKind::Element(Box::new(list.clone())), list.span),
        };
        let args = vec![element, of_type(count(), span)];
        let usage = if usage.how == super::lower::How::Floating { Usage::USED } else { usage };
        let id = self.call_of(callback, args, usage, span, Some(Enclosing::Loop(span)));
        let result = Expr::new(ExprKind::Call(id), span);
        Some(Expr::new(ExprKind::ListOf(Box::new(result)), span))
    }

    /// Records a call of a callback by the library that takes it.
    pub fn call_of(
        &mut self,
        callback: &Expression<'_>,
        args: Vec<Expr>,
        usage: Usage,
        span: Span,
        around: Option<Enclosing>,
    ) -> crate::facts::CallId {
        let first = self.facts.functions.len();
        let callee = self.expr(callback, Usage::USED);
        let mut surroundings = self.surroundings(usage);
        surroundings.enclosing.extend(around);
        let args = args.into_iter().map(|value| FactArgument { name: None, value, spread: false }).collect();
        let id = self.push_call(Call { callee, args, type_args: Vec::new(), kind: CallKind::Plain, surroundings, span });
        self.adopt(first, id);
        id
    }

    /// `promise.then(f)`, `.catch(f)`, `.finally(f)`: what hangs on the promise decides how its call is completed.
    fn promise_step(
        &mut self,
        object: &Expression<'_>,
        method: &str,
        call: &CallExpression<'_>,
        usage: Usage,
        span: Span,
    ) -> Option<Expr> {
        let callback = self.first(call);
        // `.then` of a variable, or of anything that is not a call, can be any object's method of that name.
        let handler = match method {
            "catch" => callback,
            "then" => call.arguments.get(1).and_then(Argument::as_expression),
            _ => None,
        };
        let swallowed = handler.map_or(Swallowed::No, |handler| self.callback_effect(handler));
        let value = self.expr(object, usage.caught(swallowed));
        let settled = Expr::new(ExprKind::Await(Box::new(value.clone())), span);
        match method {
            "then" => {
                let callback = callback?;
                let id = self.call_of(callback, vec![settled], usage, span, None);
                if let Some(handler) = handler {
                    let error = self.unknown(handler.span());
                    self.call_of(handler, vec![error], Usage::USED, span, Some(Enclosing::Catch(span)));
                }
                Some(Expr::new(ExprKind::Call(id), span))
            }
            _ => {
                if let Some(callback) = callback {
                    let error = self.unknown(callback.span());
                    let around = if method == "catch" { Some(Enclosing::Catch(span)) } else { None };
                    self.call_of(callback, if method == "catch" { vec![error] } else { Vec::new() }, Usage::USED, span, around);
                }
                Some(value)
            }
        }
    }

    /// What a rejection handler does with the error.
    fn callback_effect(&self, handler: &Expression<'_>) -> Swallowed {
        use oxc_ast::ast::ArrowFunctionBody;
        match handler.get_inner_expression() {
            Expression::ArrowFunctionExpression(arrow) => match &arrow.body {
                ArrowFunctionBody::FunctionBody(body) => handler_effect(&body.statements),
                other => match other.as_expression() {
                    Some(value) if super::statements::is_logging(value) => Swallowed::Logged,
                    Some(value)
                        if value.is_null_or_undefined()
                            || value.is_literal()
                            || matches!(value.get_inner_expression(), Expression::ObjectExpression(object) if object.properties.is_empty()) =>
                    {
                        Swallowed::Dropped
                    }
                    Some(_) | None => Swallowed::No,
                },
            },
            Expression::FunctionExpression(function) => {
                function.body.as_ref().map_or(Swallowed::No, |body| handler_effect(&body.statements))
            }
            Expression::StaticMemberExpression(member) => {
                let level = member.property.name.as_str();
                let receiver = match member.object.get_inner_expression() {
                    Expression::Identifier(id) => id.name.as_str().to_ascii_lowercase(),
                    Expression::StaticMemberExpression(inner) => inner.property.name.as_str().to_ascii_lowercase(),
                    _ => Name::default().into(),
                };
                let logs = receiver.contains("log") || receiver == "console" || receiver == "sentry";
                if logs && matches!(level, "error" | "warn" | "log" | "info" | "debug" | "captureException") {
                    Swallowed::Logged
                } else {
                    Swallowed::No
                }
            }
            Expression::Identifier(id) => match id.name.as_str() {
                "noop" => Swallowed::Dropped,
                "captureException" | "reportError" | "logError" | "captureError" => Swallowed::Logged,
                _ => Swallowed::No,
            },
            _ => Swallowed::No,
        }
    }

    /// `Promise.all([…])` and its kin: their elements are finished where the whole is.
    pub fn promise_group(&mut self, call: &CallExpression<'_>, method: &str, usage: Usage) -> Option<Expr> {
        let span = span_of(call.span);
        let list = self.first(call)?;
        let inner = usage;
        let value = match list.get_inner_expression() {
            Expression::ArrayExpression(array) => self.array(array, inner, node_span(list)),
            _ => self.expr(list, inner),
        };
        if inner.how == super::lower::How::Awaited {
            self.settle_list(&value, inner.swallowed);
        }
        Some(match method {
            "race" | "any" => Expr::new(ExprKind::Element(Box::new(value)), span),
            _ => value,
        })
    }

    /// Promises collected in a variable and awaited together.
    fn settle_list(&mut self, value: &Expr, swallowed: Swallowed) {
        let ExprKind::Local(id) = &value.kind else { return };
        let frame = self.frame();
        let Some(local) = frame.function.locals.get(id.0 as usize) else { return };
        let mut calls = Vec::new();
        let mut collect = |expr: &Expr| {
            if let ExprKind::Call(call) = &expr.kind {
                calls.push(*call);
            }
        };
        match local.value.as_ref().map(|value| &value.kind) {
            Some(ExprKind::Array(items)) => items.iter().for_each(&mut collect),
            Some(ExprKind::ListOf(item)) => collect(item),
            _ => {}
        }
        for edit in &local.edits {
            if let Change::Push(value) = &edit.change {
                collect(value);
            }
        }
        for call in calls {
            let around = &mut frame.function.calls[call.0 as usize].surroundings;
            if around.completion == crate::facts::Completion::Used {
                around.completion = crate::facts::Completion::Awaited;
            }
            if around.swallowed == Swallowed::No {
                around.swallowed = swallowed;
            }
        }
    }

    /// The name under which a call finishes its argument later, where it does.
    pub fn deferring(&self, callee: &Expression<'_>) -> Option<&'static str> {
        let name = match callee.get_inner_expression() {
            Expression::Identifier(id) => id.name.as_str(),
            Expression::StaticMemberExpression(member) => member.property.name.as_str(),
            _ => return None,
        };
        DEFERRING.iter().copied().find(|known| *known == name)
    }

    /// `Schema.parse(x)` and its kin: the value as the schema takes it, and the call besides.
    fn schema_method(
        &mut self,
        object: &Expression<'_>,
        method: &str,
        call: &CallExpression<'_>,
        usage: Usage,
        span: Span,
    ) -> Option<Expr> {
        let plain = matches!(method, "parse" | "safeParse" | "parseAsync" | "safeParseAsync" | "spa");
        let inner = object.get_inner_expression();
        let mut value_at = 0;
        let ty = match inner {
            // `v.parse(Schema, value)`
            Expression::Identifier(id) if self.libraries.contains_key(id.name.as_str()) => {
                let (Some(schema), true) = (self.first(call), plain && call.arguments.len() > 1) else { return None };
                value_at = 1;
                Some(self.schema(schema)?.input)
            }
            Expression::Identifier(id) if self.is_module_name(id.name.as_str()) => {
                let name = id.name.as_str();
                let known = self.schemas.contains(name);
                let likely = plain
                    && !PARSERS.contains(&name)
                    && !self.imported.get(name).is_some_and(|module| module.starts_with("node:"))
                    && (self.imported.contains_key(name) || name.to_ascii_lowercase().ends_with("schema"));
                if !known && !likely {
                    return None;
                }
                Some(TypeExpr::new(super::types::reference(vec![name.into()]), node_span(object)))
            }
            Expression::StaticMemberExpression(member) if plain => {
                let named_schema = member.property.name.to_ascii_lowercase().ends_with("schema");
                let mut path = vec![Name::from(member.property.name.as_str())];
                let mut base = member.object.get_inner_expression();
                while let Expression::StaticMemberExpression(next) = base {
                    path.push(next.property.name.as_str().into());
                    base = next.object.get_inner_expression();
                }
                match base {
                    Expression::Identifier(id)
                        if self.is_module_name(id.name.as_str()) && self.imported.contains_key(id.name.as_str()) =>
                    {
                        path.push(id.name.as_str().into());
                        path.reverse();
                        Some(TypeExpr::new(super::types::reference(path), node_span(object)))
                    }
                    // `definition.schema.parse(data)`: which schema is not known here, but what it lets through is what it was given.
                    _ if named_schema => None,
                    _ => return None,
                }
            }
            Expression::Identifier(id) => Some(self.local_schema_type(id.name.as_str())?),
            _ if self.looks_like_schema(object) => Some(self.schema(object)?.input),
            _ => return None,
        };
        let first = self.facts.functions.len();
        let argument = call.arguments.get(value_at).and_then(Argument::as_expression)?;
        let argument = self.expr(argument, Usage::USED);
        let surroundings = self.surroundings(usage);
        let callee = Expr::new(ExprKind::Member(Box::new(self.unknown_or_name(inner)), method.into()), node_span(&call.callee));
        let args = vec![FactArgument { name: None, value: argument.clone(), spread: false }];
        let id = self.push_call(Call { callee, args, type_args: Vec::new(), kind: CallKind::Plain, surroundings, span });
        self.adopt(first, id);
        let Some(ty) = ty else { return Some(self.parsed(method, argument, span)) };
        let decoded = match argument.kind {
            ExprKind::Decoded(inner, None) => Expr::new(ExprKind::Decoded(inner, Some(Box::new(ty))), span),
            ExprKind::Await(inner) if matches!(inner.kind, ExprKind::Decoded(_, None)) => {
                super::expressions::typed(Expr::new(ExprKind::Await(inner), argument.span), ty, span)
            }
            kind => Expr::new(ExprKind::Decoded(Box::new(Expr::new(kind, argument.span)), Some(Box::new(ty))), span),
        };
        Some(self.parsed(method, decoded, span))
    }

    /// What a schema's method gives for a value that passes.
    fn parsed(&self, method: &str, decoded: Expr, span: Span) -> Expr {
        if method.starts_with("safe") || method == "spa" {
            let entry = |name: &str, value: Expr| ValueMember::Entry { key: Expr::text(name, span), value, conditional: false };
            Expr::new(
                ExprKind::Object(vec![
                    entry("success", of_type(TypeKind::Boolean, span)),
                    entry("data", decoded),
                    entry("error", Expr::unknown("why the schema rejects it", span)),
                ]),
                span,
            )
        } else {
            decoded
        }
    }

    fn unknown_or_name(&self, expression: &Expression<'_>) -> Expr {
        match expression {
            Expression::Identifier(id) => self.name(id.name.as_str(), id.span),
            other => self.unknown(other.span()),
        }
    }
}

fn array() -> TypeKind {
    let items = Box::new(TypeExpr::unknown("not stated", Span::default()));
    TypeKind::Array { items, min: None, max: None, unique: false }
}

/// `new TextEncoder().encode(x)`, and names that say so.
fn is_text_coder(object: &Expression<'_>) -> bool {
    match object.get_inner_expression() {
        Expression::NewExpression(new) => new.callee.is_specific_id("TextEncoder") || new.callee.is_specific_id("TextDecoder"),
        Expression::Identifier(id) => {
            let name = id.name.as_str().to_ascii_lowercase();
            // The codecs of nats.
            name.contains("encoder") || name.contains("decoder") || name == "sc" || name == "jc"
        }
        Expression::StaticMemberExpression(member) => {
            let name = member.property.name.as_str().to_ascii_lowercase();
            name.contains("encoder") || name.contains("decoder")
        }
        _ => false,
    }
}

/// A value written out as a text.
fn text_of(value: Expr, span: Span) -> Expr {
    match value.kind {
        ExprKind::Literal(Literal::Number(text)) => Expr::text(text, span),
        ExprKind::Literal(Literal::Text(_)) | ExprKind::Template(_) | ExprKind::Encoded(_) => value,
        kind => Expr::new(ExprKind::Template(vec![Expr::new(kind, value.span)]), span),
    }
}
