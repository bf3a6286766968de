//! Accesses of parts of a value, and the reads that they are: `event["customer"].get("id")`.

use ruff_python_ast::{BoolOp, Expr as Py, ExprCall};
use ruff_text_size::Ranged;

use super::lower::Lower;
use super::{conditions, names, span};
use crate::facts::{Call, CallKind, Completion, Expr, ExprKind, Literal, Name, Read, Step, Surroundings};
use crate::shape::Presence;
use crate::source::Span;

/// A value with the access that led to it.
pub(super) struct Access {
    /// What the access starts from, where that is something whose parts count as reads.
    pub base: Option<Expr>,
    pub steps: Vec<Step>,
    /// Whether a key was asked for by `[…]` or `.get`, and not by an attribute alone.
    pub keyed: bool,
    pub value: Expr,
}

/// Attributes of a request that read and decode its body when they are asked for: as good as calls.
const BODY_PROPERTIES: &[&str] = &["json", "data", "body", "form", "POST", "values"];

impl<'a> Lower<'a> {
    /// Lowers a name, attribute or subscript, and records the read that it is.
    pub(super) fn access(&mut self, expr: &'a Py) -> Expr {
        let compared = self.compared.take();
        let asked = self.asked.take();
        let access = self.follow(expr);
        self.compared = compared;
        self.asked = asked;
        self.record(access)
    }

    /// Records the read of an access, with what is pending about it, and gives its value.
    pub(super) fn record(&mut self, access: Access) -> Expr {
        let Access { base, steps, keyed, value } = access;
        let (compared, has_default) = self.compared.take().unwrap_or_default();
        let ty = self.asked.take();
        let Some(base) = base else { return value };
        let counts = match &base.kind {
            ExprKind::This => keyed,
            _ => true,
        };
        let bare = steps.is_empty() && compared.is_empty();
        if bare || !counts {
            return value;
        }
        let at = match steps.last() {
            Some(Step::Key { span, .. }) => *span,
            Some(Step::Each) | None => value.span,
        };
        self.frame().function.reads.push(Read { base, path: steps, ty, compared, has_default, span: at });
        value
    }

    /// Follows an access down to what it starts from, without recording it.
    pub(super) fn follow(&mut self, expr: &'a Py) -> Access {
        match self.deeper(|lower| lower.follow_unbounded(expr)) {
            Some(access) => access,
            None => Access { base: None, steps: Vec::new(), keyed: false, value: self.opaque(expr) },
        }
    }

    fn follow_unbounded(&mut self, expr: &'a Py) -> Access {
        let at = span(expr.range());
        match expr {
            Py::Name(name) => {
                let name = name.id.as_str();
                let kind = self.lookup(name).unwrap_or_else(|| ExprKind::Name(vec![self.request_name(name).into()]));
                let value = Expr::new(kind, at);
                Access { base: readable(&value), steps: Vec::new(), keyed: false, value }
            }
            Py::Attribute(attribute) => {
                let attr = attribute.attr.as_str();
                let attr_span = span(attribute.attr.range);
                if let Some(value) = self.request_body(&attribute.value, attr, at) {
                    return Access { base: readable(&value), steps: Vec::new(), keyed: false, value };
                }
                let inner = self.follow(&attribute.value);
                let kind = match inner.value.kind {
                    // `OrderStatus.PAID.value` is the constant itself.
                    ExprKind::Name(path) if attr == "value" && is_member(&path) => ExprKind::Name(path),
                    ExprKind::Name(mut path) => {
                        path.push(attr.into());
                        ExprKind::Name(path)
                    }
                    kind => ExprKind::Member(Box::new(Expr::new(kind, inner.value.span)), attr.into()),
                };
                let mut steps = inner.steps;
                if inner.base.is_some() {
                    let presence = self.presence(expr);
                    steps.push(Step::Key { name: attr.into(), presence, span: attr_span });
                }
                Access { base: inner.base, steps, keyed: inner.keyed, value: Expr::new(kind, at) }
            }
            Py::Subscript(subscript) => {
                let inner = self.follow(&subscript.value);
                if matches!(&*subscript.slice, Py::Slice(_)) {
                    self.expr(&subscript.slice);
                    return inner;
                }
                let key = self.key(&subscript.slice);
                self.step(expr, inner, key, at, None)
            }
            Py::Call(call) => match self.dict_get(call) {
                Some((on, key_expr, default)) => {
                    let inner = self.follow(on);
                    let key = self.key(key_expr);
                    if let Some(default) = default {
                        let default = self.expr(default);
                        let access = self.step(expr, inner, key, at, Some(Presence::Optional));
                        let fallback = match default.kind {
                            // An empty fallback carries no value of its own: `.get("a", {})`.
                            ExprKind::Object(ref members) if members.is_empty() => None,
                            ExprKind::Array(ref elements) if elements.is_empty() => None,
                            _ => Some(default),
                        };
                        let value = match fallback {
                            Some(default) => Expr::new(ExprKind::OneOf(vec![access.value, default]), at),
                            None => access.value,
                        };
                        return Access { value, ..access };
                    }
                    self.step(expr, inner, key, at, Some(Presence::Optional))
                }
                None => {
                    let value = self.expr(expr);
                    Access { base: readable(&value), steps: Vec::new(), keyed: false, value }
                }
            },
            // `(event.get("a") or {}).get("b")`
            Py::BoolOp(bool_op) if bool_op.op == BoolOp::Or && bool_op.values.len() == 2 && is_empty(&bool_op.values[1]) => {
                let mut inner = self.follow(&bool_op.values[0]);
                if let Some(Step::Key { presence, .. }) = inner.steps.last_mut() {
                    *presence = Presence::Optional;
                }
                inner
            }
            Py::Await(_) => {
                let value = self.expr(expr);
                Access { base: readable(&value), steps: Vec::new(), keyed: false, value }
            }
            _ => {
                let value = self.expr(expr);
                Access { base: readable(&value), steps: Vec::new(), keyed: false, value }
            }
        }
    }

    fn step(&mut self, expr: &'a Py, inner: Access, key: Expr, at: Span, presence: Option<Presence>) -> Access {
        let mut steps = inner.steps;
        match &key.kind {
            ExprKind::Literal(Literal::Text(name)) => {
                if inner.base.is_some() {
                    let presence = presence.unwrap_or_else(|| self.presence(expr));
                    steps.push(Step::Key { name: name.clone(), presence, span: inside_quotes(self.text, key.span) });
                }
                let value = Expr::new(ExprKind::Member(Box::new(inner.value), name.clone()), at);
                Access { base: inner.base, steps, keyed: true, value }
            }
            ExprKind::Literal(Literal::Number(_)) => {
                if inner.base.is_some() {
                    steps.push(Step::Each);
                }
                let value = Expr::new(ExprKind::Index(Box::new(inner.value), Box::new(key)), at);
                Access { base: inner.base, steps, keyed: true, value }
            }
            _ => {
                // A key that only the run knows: what was accessed so far is a read, what follows is of an unknown place.
                let value = Expr::new(ExprKind::Index(Box::new(inner.value.clone()), Box::new(key)), at);
                let (compared, asked) = (self.compared.take(), self.asked.take());
                self.record(Access { steps, ..inner });
                (self.compared, self.asked) = (compared, asked);
                Access { base: None, steps: Vec::new(), keyed: true, value }
            }
        }
    }

    /// Whether the code around this access copes with the absence of what it asks for.
    fn presence(&mut self, expr: &'a Py) -> Presence {
        if self.frame().catches_lookup {
            return Presence::Optional;
        }
        if self.frame().coped.is_empty() {
            return Presence::Required;
        }
        let text = conditions::access_text(self, expr);
        if self.frame().coped.contains(&text) { Presence::Optional } else { Presence::Required }
    }

    /// `"x" in event`: a read that copes with absence.
    pub(super) fn presence_test(&mut self, on: &'a Py, key: Name, at: Span) {
        let inner = self.follow(on);
        let Some(base) = inner.base else { return };
        // A text in a text or in a list of texts is a search, not a key; a value that is a list by its form is left alone.
        if matches!(inner.value.kind, ExprKind::Array(_) | ExprKind::ListOf(_) | ExprKind::Template(_)) {
            return;
        }
        let mut path = inner.steps;
        let key_span = inside_quotes(self.text, at);
        path.push(Step::Key { name: key, presence: Presence::Optional, span: key_span });
        self.frame().function.reads.push(Read { base, path, ty: None, compared: Vec::new(), has_default: false, span: key_span });
    }

    /// `x.get("key")` or `x.get("key", default)` on a mapping: what it is called on, the key, the default.
    pub(super) fn dict_get(&self, call: &'a ExprCall) -> Option<(&'a Py, &'a Py, Option<&'a Py>)> {
        let Py::Attribute(attribute) = &*call.func else { return None };
        if attribute.attr.as_str() != "get" {
            return None;
        }
        let (key, default) = match (&*call.arguments.args, call.arguments.keywords.as_slice()) {
            ([key], []) => (key, None),
            ([key, default], []) => (key, Some(default)),
            ([key], [keyword]) if keyword.arg.as_ref().is_some_and(|name| name.as_str() == "default") => {
                (key, Some(&keyword.value))
            }
            _ => return None,
        };
        // `requests.get(…)`, `client.get("/orders")` and `cache.get("order:1")` ask a service.
        let on = &*attribute.value;
        if let Some(first) = names::dotted(on).and_then(|path| path.first().copied())
            && self.lookup(first).is_none()
            && self.names.full(first).is_some_and(|full| {
                matches!(full.split('.').next(), Some("requests" | "httpx" | "aiohttp" | "urllib3" | "shelve"))
                    || full == "django.core.cache.cache"
            })
        {
            return None;
        }
        let is_name =
            self.constant_text(key).is_some_and(|text| !text.contains(['/', ':']) && !text.is_empty() && !text.starts_with('?'));
        let on_constant = matches!(on, Py::Name(name) if self.lookup(&name.id).is_none()
            && name.id.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_' || letter.is_ascii_digit()));
        (is_name || on_constant).then_some((on, key, default))
    }

    /// The request that a framework keeps in a module goes by its own name, whatever a file imports it as.
    fn request_name<'n>(&self, name: &'n str) -> &'n str {
        match self.names.full(name) {
            Some("flask.request" | "flask.globals.request" | "quart.request" | "bottle.request") => "request",
            _ => name,
        }
    }

    /// `request.json`, `self.request.data`: the body, decoded, as the call that it is.
    fn request_body(&mut self, on: &'a Py, attr: &str, at: Span) -> Option<Expr> {
        if !BODY_PROPERTIES.contains(&attr) {
            return None;
        }
        let last = match on {
            Py::Name(name) if self.lookup(&name.id).is_none() => self.request_name(&name.id),
            _ => names::last_name(on)?,
        };
        if !matches!(last, "request" | "req" | "current_request") || matches!(on, Py::Call(_)) {
            return None;
        }
        let on = self.follow(on).value;
        // The body is one value, however often a function asks for it.
        let asked = self.frame().function.calls.iter().position(|call| match &call.callee.kind {
            ExprKind::Member(of, name) => {
                name == attr && call.args.is_empty() && call.callee.span == call.span && same_value(of, &on)
            }
            _ => false,
        });
        if let Some(known) = asked {
            return Some(Expr::new(ExprKind::Call(crate::facts::CallId(known as u32)), at));
        }
        let callee = Expr::new(ExprKind::Member(Box::new(on), attr.into()), at);
        let surroundings = self.surroundings(Completion::Used);
        let call = self.push_call(Call {
            callee,
            args: Vec::new(),
            type_args: Vec::new(),
            kind: CallKind::Plain,
            surroundings,
            span: at,
        });
        Some(Expr::new(ExprKind::Call(call), at))
    }

    pub(super) fn surroundings(&mut self, completion: Completion) -> Surroundings {
        let frame = self.frame();
        Surroundings {
            awaits: u8::from(completion == Completion::Awaited),
            completion,
            swallowed: frame.swallowed,
            enclosing: frame.enclosing.clone(),
            early_returns: frame.early_returns.clone(),
        }
    }
}

/// The expression itself where its parts count as reads: variables, results of calls, `self`.
fn readable(value: &Expr) -> Option<Expr> {
    let mut inner = value;
    loop {
        match &inner.kind {
            ExprKind::Local(_) | ExprKind::Outer(..) | ExprKind::Call(_) | ExprKind::This => return Some(value.clone()),
            ExprKind::Await(of) | ExprKind::Decoded(of, _) | ExprKind::Typed(of, _) | ExprKind::Element(of) => inner = of,
            ExprKind::Member(of, _) | ExprKind::Index(of, _) => inner = of,
            _ => return None,
        }
    }
}

/// Whether two expressions name the same thing, wherever each stands.
fn same_value(a: &Expr, b: &Expr) -> bool {
    match (&a.kind, &b.kind) {
        (ExprKind::Member(of, name), ExprKind::Member(other, other_name)) => name == other_name && same_value(of, other),
        (
            ExprKind::Local(_) | ExprKind::Outer(..) | ExprKind::Name(_) | ExprKind::This,
            ExprKind::Local(_) | ExprKind::Outer(..) | ExprKind::Name(_) | ExprKind::This,
        ) => a.kind == b.kind,
        _ => false,
    }
}

/// `Color.RED`: a member of a class, by its form.
fn is_member(path: &[Name]) -> bool {
    match path {
        [.., owner, _] => owner.chars().next().is_some_and(|letter| letter.is_ascii_uppercase()),
        _ => false,
    }
}

fn is_empty(expr: &Py) -> bool {
    match expr {
        Py::Dict(dict) => dict.items.is_empty(),
        Py::List(list) => list.elts.is_empty(),
        Py::Call(call) => {
            call.arguments.is_empty() && matches!(&*call.func, Py::Name(name) if name.id == "dict" || name.id == "list")
        }
        _ => false,
    }
}

/// The span of a text's content, where it is a plain literal.
pub(super) fn inside_quotes(text: &str, at: Span) -> Span {
    let source = text.get(at.start as usize..at.end as usize).unwrap_or_default();
    let quoted = |quote: char| source.len() >= 2 && source.starts_with(quote) && source.ends_with(quote);
    if (quoted('"') || quoted('\'')) && !source.starts_with("\"\"\"") && !source.starts_with("'''") {
        Span { start: at.start + 1, end: at.end - 1 }
    } else {
        at
    }
}
