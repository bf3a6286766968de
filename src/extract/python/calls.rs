//! Calls: what is called with what, and the calls that are looked through because they leave the JSON as it is.

use ruff_python_ast::{Expr as Py, ExprCall};
use ruff_text_size::Ranged;

use super::expressions::{of_type, path_of};
use super::lower::Lower;
use super::{names, span};
use crate::facts::calls::Change;
use crate::facts::{
    Argument, Call, CallId, CallKind, Completion, Expr, ExprKind, FnId, Literal, LocalId, LocalKind, Name, Read, RecordExpr,
    Step, TypeExpr, TypeKind, TypeOp, TypeRef, ValueMember,
};
use crate::shape::Presence;
use crate::source::Span;

/// The name under which `**mapping` stands among the arguments of a call.
pub(super) const NAMED_SPREAD: &str = "**";

/// Methods of tasks, signals and publishers, which code imports by name and calls right away.
const METHODS_OF_OBJECTS: &[&str] = &[
    "apply_async",
    "apply_async_on_commit",
    "asend",
    "asend_robust",
    "connect",
    "defer",
    "defer_async",
    "delay",
    "delay_on_commit",
    "kiq",
    "s",
    "send",
    "send_event",
    "send_robust",
    "send_with_options",
    "si",
    "subtask",
];

impl<'a> Lower<'a> {
    /// Lowers a call: to its own fact, or to the value that it stands for.
    pub(super) fn call(&mut self, expr: &'a Py, call: &'a ExprCall) -> Expr {
        let completion = std::mem::replace(&mut self.next, Completion::Used);
        if self.dict_get(call).is_some() {
            return self.access(expr);
        }
        let full = self.full_name(&call.func);
        if let Some(full) = &full
            && let Some(value) = self.known_call(full, call, &completion)
        {
            return value;
        }
        if let Py::Attribute(attribute) = &*call.func
            && let Some(value) = self.known_method(attribute, call, &completion)
        {
            return value;
        }
        self.plain_call(call, completion, CallKind::Plain)
    }

    /// A call as a fact of its own.
    pub(super) fn plain_call(&mut self, call: &'a ExprCall, completion: Completion, kind: CallKind) -> Expr {
        let at = span(call.range());
        let callee = self.callee(&call.func);
        if kind == CallKind::Plain && super::statements::is_logging_call(call) {
            // What is logged is read, but a log line is no boundary.
            self.arguments(call);
            return Expr::unknown(self.quote(call.range()), at);
        }
        let args = self.arguments(call);
        let surroundings = self.surroundings(completion);
        let record = self.record_of(&callee, &args);
        let service = boto_service(&callee, &args);
        let id = self.push_call(Call { callee, args, type_args: Vec::new(), kind, surroundings, span: at });
        self.adopt(id);
        self.changes_by(call, id);
        match (record, service) {
            (Some(record), _) => Expr::new(ExprKind::Record(Box::new(record)), at),
            (None, Some(service)) => {
                let ty = TypeRef { path: vec!["boto3".into(), service], args: Vec::new() };
                let ty = TypeExpr::new(TypeKind::Ref(ty), at);
                Expr::new(ExprKind::Typed(Box::new(Expr::new(ExprKind::Call(id), at)), Box::new(ty)), at)
            }
            (None, None) => Expr::new(ExprKind::Call(id), at),
        }
    }

    /// The callee; what it is a member of counts as read.
    fn callee(&mut self, func: &'a Py) -> Expr {
        let at = span(func.range());
        match func {
            Py::Attribute(attribute) => {
                let name = attribute.attr.as_str();
                let inner = self.follow(&attribute.value);
                self.asked = asked_by(name, at);
                let on = self.record(inner);
                self.asked = None;
                let kind = match on.kind {
                    ExprKind::Name(mut path) if self.is_module_function(&path, name) => {
                        path.push(name.into());
                        ExprKind::Name(path)
                    }
                    kind => ExprKind::Member(Box::new(Expr::new(kind, on.span)), name.into()),
                };
                Expr::new(kind, at)
            }
            Py::Name(_) => self.expr(func),
            // `@app.task(bind=True)`-like factories and `Client()(x)`.
            other => self.expr(other),
        }
    }

    /// Whether `path.name` is a function of a module rather than a method of an object, as far as the file says: what is
    /// imported as a module is one, and so is a lower-case import on which no method of tasks and signals is called.
    fn is_module_function(&self, path: &[Name], name: &str) -> bool {
        let Some(root) = path.first() else { return false };
        let imported = self.facts.imports.iter().find(|import| import.local.as_ref() == Some(root));
        match imported {
            Some(import) if import.name.is_none() => true,
            Some(_) => {
                path.iter().all(|part| !part.starts_with(|c: char| c.is_ascii_uppercase())) && !METHODS_OF_OBJECTS.contains(&name)
            }
            None => false,
        }
    }

    pub(super) fn arguments(&mut self, call: &'a ExprCall) -> Vec<Argument> {
        let mut out = Vec::with_capacity(call.arguments.len());
        for arg in &call.arguments.args {
            match arg {
                Py::Starred(starred) => {
                    let value = self.expr(&starred.value);
                    out.push(Argument { name: None, value, spread: true });
                }
                arg => {
                    let value = self.expr(arg);
                    out.push(Argument { name: None, value, spread: false });
                }
            }
        }
        for keyword in &call.arguments.keywords {
            let value = self.expr(&keyword.value);
            match &keyword.arg {
                Some(name) => out.push(Argument { name: Some(name.as_str().into()), value, spread: false }),
                None => out.push(Argument { name: Some(NAMED_SPREAD.into()), value, spread: true }),
            }
        }
        out
    }

    /// Tells the closures among a call's arguments which call they are handed to.
    fn adopt(&mut self, id: CallId) {
        let frame = self.frame();
        let own = frame.id;
        let mut handed: Vec<FnId> = Vec::new();
        for arg in &frame.function.call(id).args {
            match &arg.value.kind {
                ExprKind::Function(function) => handed.push(*function),
                ExprKind::Local(local) => {
                    if let Some(Expr { kind: ExprKind::Function(function), .. }) = frame.function.local(*local).value {
                        handed.push(function);
                    }
                }
                _ => {}
            }
        }
        for function in handed {
            let parent = &mut self.facts.functions[function.0 as usize].parent;
            if parent.is_none_or(|(around, call)| around == own && call.is_none()) {
                *parent = Some((own, Some(id)));
            }
        }
    }

    /// `Order(id=1)`: a value of a declared type, by the case of its name.
    fn record_of(&mut self, callee: &Expr, args: &[Argument]) -> Option<RecordExpr> {
        let path = match &callee.kind {
            ExprKind::Name(path) => path.clone(),
            ExprKind::Member(base, name) => match &base.kind {
                ExprKind::Name(path) => path.iter().cloned().chain(std::iter::once(name.clone())).collect(),
                _ => return None,
            },
            ExprKind::This if !self.classes.is_empty() => self.classes.clone(),
            _ => return None,
        };
        if !is_class_name(path.last()?) {
            return None;
        }
        let mut fields = Vec::new();
        let mut base = None;
        let mut position = 0usize;
        for arg in args {
            match (&arg.name, arg.spread) {
                (Some(_), true) => {
                    base = Some(arg.value.clone());
                    self.read_as(&arg.value, path.clone(), callee.span);
                }
                (None, true) => {}
                (Some(name), false) => fields.push((name.clone(), arg.value.clone())),
                (None, false) => {
                    fields.push((position.to_string().into(), arg.value.clone()));
                    position += 1;
                }
            }
        }
        Some(RecordExpr { ty: TypeRef { path, args: Vec::new() }, fields, base })
    }

    /// Records that the whole of a value is read as a declared type: `Order(**event)`, `Order.model_validate(event)`.
    pub(super) fn read_as(&mut self, value: &Expr, path: Vec<Name>, at: Span) {
        let ty = TypeExpr::new(TypeKind::Ref(TypeRef { path, args: Vec::new() }), at);
        self.read_as_type(value, ty, at);
    }

    pub(super) fn read_as_type(&mut self, value: &Expr, ty: TypeExpr, at: Span) {
        let mut inner = value;
        loop {
            match &inner.kind {
                ExprKind::Local(_) | ExprKind::Outer(..) | ExprKind::Call(_) => break,
                ExprKind::Await(of)
                | ExprKind::Decoded(of, _)
                | ExprKind::Typed(of, _)
                | ExprKind::Element(of)
                | ExprKind::Member(of, _)
                | ExprKind::Index(of, _) => inner = of,
                _ => return,
            }
        }
        self.frame().function.reads.push(Read {
            base: value.clone(),
            path: Vec::new(),
            ty: Some(ty),
            compared: Vec::new(),
            has_default: false,
            span: at,
        });
    }

    /// Methods that change what they are called on.
    fn changes_by(&mut self, call: &'a ExprCall, id: CallId) {
        let Py::Attribute(attribute) = &*call.func else { return };
        let method = attribute.attr.as_str();
        if !matches!(method, "update" | "append" | "appendleft" | "extend" | "setdefault") {
            return;
        }
        let target = &*attribute.value;
        let args = self.frame().function.call(id).args.clone();
        match (method, args.as_slice()) {
            ("update", _) => {
                for arg in args {
                    match arg.name {
                        Some(name) if !arg.spread => {
                            let key = Expr::text(name, arg.value.span);
                            self.edit_under(target, Some(key), Change::Set(arg.value));
                        }
                        _ => self.edit(target, Change::Merge(arg.value)),
                    }
                }
            }
            ("append" | "appendleft", [arg]) => self.edit(target, Change::Push(arg.value.clone())),
            ("extend", [arg]) => {
                let at = arg.value.span;
                match arg.value.kind.clone() {
                    ExprKind::Array(elements) => {
                        for element in elements {
                            self.edit(target, Change::Push(element));
                        }
                    }
                    ExprKind::ListOf(element) => self.edit(target, Change::Push(*element)),
                    kind => {
                        let element = ExprKind::Element(Box::new(Expr::new(kind, at)));
                        self.edit(target, Change::Push(Expr::new(element, at)));
                    }
                }
            }
            ("setdefault", [key, value]) => {
                self.edit_under(target, Some(key.value.clone()), Change::Set(value.value.clone()));
            }
            (_, _) => {}
        }
    }

    /// A call that is made later with arguments that are given now: `tasks.add_task(send, payload)`.
    pub(super) fn deferred_call(
        &mut self,
        callee: &'a Py,
        args: &'a [Py],
        keywords: &'a [ruff_python_ast::Keyword],
        completion: Completion,
        at: Span,
    ) -> Expr {
        self.deferred_call_with(callee, args, keywords, None, completion, at)
    }

    /// A call that is made later with what stands under `args` and `kwargs` of the one that sees to it: `add_job(send, args=[payload])`.
    pub(super) fn deferred_call_packed(
        &mut self,
        callee: &'a Py,
        call: &'a ExprCall,
        completion: Completion,
        at: Span,
    ) -> Option<Expr> {
        let given = |name: &str| call.arguments.find_keyword(name).map(|keyword| &keyword.value);
        let positional: &'a [Py] = match given("args") {
            Some(Py::Tuple(tuple)) => &tuple.elts,
            Some(Py::List(list)) => &list.elts,
            Some(_) => return None,
            None => &[],
        };
        Some(self.deferred_call_with(callee, positional, &[], given("kwargs"), completion, at))
    }

    fn deferred_call_with(
        &mut self,
        callee: &'a Py,
        args: &'a [Py],
        keywords: &'a [ruff_python_ast::Keyword],
        named: Option<&'a Py>,
        completion: Completion,
        at: Span,
    ) -> Expr {
        let callee = self.callee(callee);
        let mut lowered = Vec::new();
        for arg in args {
            let (arg, spread) = match arg {
                Py::Starred(starred) => (&*starred.value, true),
                arg => (arg, false),
            };
            let value = self.expr(arg);
            lowered.push(Argument { name: None, value, spread });
        }
        for keyword in keywords {
            let value = self.expr(&keyword.value);
            match &keyword.arg {
                Some(name) => lowered.push(Argument { name: Some(name.as_str().into()), value, spread: false }),
                None => lowered.push(Argument { name: Some(NAMED_SPREAD.into()), value, spread: true }),
            }
        }
        if let Some(named) = named {
            let value = self.expr(named);
            lowered.push(Argument { name: Some(NAMED_SPREAD.into()), value, spread: true });
        }
        let surroundings = self.surroundings(completion);
        let id =
            self.push_call(Call { callee, args: lowered, type_args: Vec::new(), kind: CallKind::Plain, surroundings, span: at });
        Expr::new(ExprKind::Call(id), at)
    }

    /// `partial(f, a, b=c)`: a closure that calls `f` with these and its own arguments.
    pub(super) fn partial(&mut self, call: &'a ExprCall) -> Option<Expr> {
        let (function, args) = call.arguments.args.split_first()?;
        let at = span(call.range());
        let callee = self.callee(function);
        let mut given = Vec::new();
        for arg in args {
            given.push((None, self.expr(arg)));
        }
        for keyword in &call.arguments.keywords {
            let name = keyword.arg.as_ref().map(|name| Name::from(name.as_str()));
            let value = self.expr(&keyword.value);
            given.push((Some(name.unwrap_or_else(|| NAMED_SPREAD.into())), value));
        }
        let callee = self.captured(callee);
        let given: Vec<(Option<Name>, Expr)> = given.into_iter().map(|(name, value)| (name, self.captured(value))).collect();
        let around = self.frame().id;
        let id = self.open("", at, at, true);
        self.frame().function.parent = Some((around, None));
        let rest = self.local_of(LocalKind::RestParam, "args", None, None, at);
        let named = self.local_of(LocalKind::NamedRestParam, "kwargs", None, None, at);
        self.frame().function.params = 2;
        let mut lowered = Vec::new();
        let (by_position, by_name): (Vec<_>, Vec<_>) = given.into_iter().partition(|(name, _)| name.is_none());
        lowered.extend(by_position.into_iter().map(|(_, value)| Argument { name: None, value, spread: false }));
        lowered.push(Argument { name: None, value: Expr::new(ExprKind::Local(rest), at), spread: true });
        lowered.extend(by_name.into_iter().map(|(name, value)| {
            let spread = name.as_deref() == Some(NAMED_SPREAD);
            Argument { name, value, spread }
        }));
        lowered.push(Argument { name: Some(NAMED_SPREAD.into()), value: Expr::new(ExprKind::Local(named), at), spread: true });
        let surroundings = self.surroundings(Completion::Returned);
        let made =
            self.push_call(Call { callee, args: lowered, type_args: Vec::new(), kind: CallKind::Plain, surroundings, span: at });
        self.frame().function.returns.push(Expr::new(ExprKind::Call(made), at));
        self.close(id);
        Some(Expr::new(ExprKind::Function(id), at))
    }

    /// An expression of this function, as a closure directly inside it sees it.
    fn captured(&mut self, value: Expr) -> Expr {
        match value.kind {
            ExprKind::Literal(_) | ExprKind::Name(_) | ExprKind::This | ExprKind::Function(_) => value,
            ExprKind::Member(of, name) => {
                let of = self.captured(*of);
                Expr::new(ExprKind::Member(Box::new(of), name), value.span)
            }
            ExprKind::Local(id) if self.frames.len() > 1 => Expr::new(ExprKind::Outer(1, id), value.span),
            ExprKind::Outer(out, id) => Expr::new(ExprKind::Outer(out + 1, id), value.span),
            kind => {
                let at = value.span;
                let id: LocalId = self.local("", Some(Expr::new(kind, at)), None, at);
                Expr::new(ExprKind::Outer(1, id), at)
            }
        }
    }

    /// `getattr(x, "name", default)`
    pub(super) fn getattr(&mut self, call: &'a ExprCall) -> Option<Expr> {
        let [on, key, rest @ ..] = &*call.arguments.args else { return None };
        let at = span(call.range());
        let Some(key_text) = self.constant_text(key) else {
            // A method of its own by a name that is computed: `getattr(self, f"on_{kind}")`.
            let own = matches!(on, Py::Name(name) if matches!(self.lookup(&name.id), Some(ExprKind::This)));
            if !own {
                return None;
            }
            let this = self.expr(on);
            let key = self.expr(key);
            rest.iter().for_each(|default| drop(self.expr(default)));
            return Some(Expr::new(ExprKind::Index(Box::new(this), Box::new(key)), at));
        };
        let mut access = self.follow(on);
        if access.base.is_some() {
            access.steps.push(Step::Key {
                name: key_text.clone(),
                presence: if rest.is_empty() { Presence::Required } else { Presence::Optional },
                span: super::access::inside_quotes(self.text, span(key.range())),
            });
        }
        let kind = match access.value.kind {
            ExprKind::Name(mut path) => {
                path.push(key_text);
                ExprKind::Name(path)
            }
            kind => ExprKind::Member(Box::new(Expr::new(kind, access.value.span)), key_text),
        };
        access.value = Expr::new(kind, at);
        let value = self.record(access);
        match rest.first() {
            Some(Py::NoneLiteral(_)) | None => Some(value),
            Some(default) => {
                let default = self.expr(default);
                Some(Expr::new(ExprKind::OneOf(vec![value, default]), at))
            }
        }
    }

    /// `payload.pop("key")`: a read and a removal.
    pub(super) fn pop(&mut self, on: &'a Py, call: &'a ExprCall) -> Option<Expr> {
        let (key, default) = match &*call.arguments.args {
            [key] => (key, None),
            [key, default] => (key, Some(default)),
            _ => return None,
        };
        let key_text = self.constant_text(key)?;
        let at = span(call.range());
        let mut access = self.follow(on);
        let key_expr = Expr::text(key_text.clone(), span(key.range()));
        if access.base.is_some() {
            access.steps.push(Step::Key {
                name: key_text.clone(),
                presence: if default.is_some() { Presence::Optional } else { Presence::Required },
                span: super::access::inside_quotes(self.text, span(key.range())),
            });
        }
        access.keyed = true;
        access.value = Expr::new(ExprKind::Member(Box::new(access.value), key_text), at);
        let value = self.record(access);
        self.edit_under(on, Some(key_expr), Change::Delete);
        if let Some(default) = default {
            self.expr(default);
        }
        Some(value)
    }

    /// What dumping a model gives: the model's own value, with the options of the call.
    pub(super) fn dumped(&mut self, value: Expr, call: &'a ExprCall) -> Expr {
        let at = span(call.range());
        let option = |name: &str| call.arguments.find_keyword(name).map(|keyword| &keyword.value);
        let is = |name: &str| matches!(option(name), Some(Py::BooleanLiteral(literal)) if literal.value);
        let given =
            |name: &str| option(name).is_some_and(|value| !matches!(value, Py::BooleanLiteral(literal) if !literal.value));
        for keyword in &call.arguments.keywords {
            if !matches!(keyword.value, Py::BooleanLiteral(_)) {
                self.expr(&keyword.value);
            }
        }
        // Without a type to carry them out on, the options say nothing; the model's own form is the best that is known.
        let Some(stated) = self.stated_type(&value) else { return value };
        let mut ty: Option<TypeExpr> = None;
        let apply = |op: TypeOp, ty: &mut Option<TypeExpr>, extra: Option<TypeExpr>| {
            let mut operands = vec![ty.take().unwrap_or_else(|| stated.clone())];
            operands.extend(extra);
            *ty = Some(TypeExpr::new(TypeKind::Apply(op, operands), at));
        };
        let keys = |value: &Py| -> Option<TypeExpr> {
            let texts = match value {
                Py::Dict(dict) => dict
                    .items
                    .iter()
                    .map(|item| match (&item.key, &item.value) {
                        (Some(Py::StringLiteral(text)), Py::BooleanLiteral(_) | Py::EllipsisLiteral(_)) => {
                            Some(text.value.to_str().into())
                        }
                        _ => None,
                    })
                    .collect::<Option<Vec<_>>>(),
                other => super::expressions::texts_of(other),
            }?;
            let members = texts.into_iter().map(|text| TypeExpr::new(TypeKind::Const(Literal::Text(text)), at)).collect();
            Some(TypeExpr::new(TypeKind::Union(members), at))
        };
        if !given("by_alias") && self.may_have_aliases(&stated) {
            apply(TypeOp::MemberNames, &mut ty, None);
        }
        if is("exclude_none") {
            apply(TypeOp::WithoutNull, &mut ty, None);
        }
        if given("exclude_unset") || given("exclude_defaults") || (given("exclude_none") && !is("exclude_none")) {
            apply(TypeOp::WithoutDefaults, &mut ty, None);
        }
        for (name, op) in [("exclude", TypeOp::Omit), ("include", TypeOp::Pick)] {
            if let Some(value) = option(name) {
                match keys(value) {
                    Some(keys) => apply(op, &mut ty, Some(keys)),
                    None if matches!(value, Py::NoneLiteral(_)) => {}
                    None => {
                        let reason = format!("`{name}` is computed or nested: {}", self.quote(value.range()));
                        return Expr::new(ExprKind::OfType(Box::new(TypeExpr::unknown(reason, at))), at);
                    }
                }
            }
        }
        let Some(ty) = ty else { return value };
        if matches!(value.kind, ExprKind::Local(_)) {
            // The type says which keys are written; what the variable was made with says what they hold.
            return Expr::new(ExprKind::Typed(Box::new(value), Box::new(ty)), at);
        }
        let dumped = Expr::new(ExprKind::OfType(Box::new(ty)), at);
        // Constants that the model was made with say more than its type: the event's own name, mostly.
        let ExprKind::Record(record) = value.kind else { return dumped };
        let mut members = vec![ValueMember::Spread { value: dumped, conditional: false }];
        for (name, value) in record.fields {
            let constant = matches!(value.kind, ExprKind::Literal(Literal::Text(_)) | ExprKind::Name(_));
            let is_member = !name.starts_with(|first: char| first.is_ascii_digit())
                && !name.chars().any(|letter| letter.is_ascii_uppercase());
            if constant && is_member {
                members.push(ValueMember::Entry { key: Expr::text(name, value.span), value, conditional: false });
            }
        }
        if members.len() == 1
            && let Some(ValueMember::Spread { value, .. }) = members.pop()
        {
            return value;
        }
        Expr::new(ExprKind::Object(members), at)
    }

    /// The type of a value as the code states it, without following names.
    fn stated_type(&self, value: &Expr) -> Option<TypeExpr> {
        let named = |of: &TypeRef| TypeExpr::new(TypeKind::Ref(of.clone()), value.span);
        match &value.kind {
            ExprKind::Record(record) => Some(named(&record.ty)),
            ExprKind::Typed(_, ty) | ExprKind::OfType(ty) => Some((**ty).clone()),
            ExprKind::Local(id) => {
                let local = self.frames.last()?.function.locals.get(id.0 as usize)?;
                let from_value = || match &local.value.as_ref()?.kind {
                    ExprKind::Record(record) => Some(named(&record.ty)),
                    ExprKind::Typed(_, ty) => Some((**ty).clone()),
                    _ => None,
                };
                let ty = local.ty.clone().or_else(from_value)?;
                matches!(ty.kind, TypeKind::Ref(_) | TypeKind::Union(_)).then_some(ty)
            }
            ExprKind::This => self.own_class(value.span),
            _ => None,
        }
    }

    /// Whether a model may write other names than its members': not one of this file without any alias.
    fn may_have_aliases(&self, ty: &TypeExpr) -> bool {
        let TypeKind::Ref(of) = &ty.kind else { return true };
        let [name] = of.path.as_slice() else { return true };
        if name == "BaseModel" {
            return false;
        }
        let Some(class) = self.local_classes.get(name.as_str()) else { return true };
        let source = self.text.get(class.range().to_std_range()).unwrap_or_default();
        source.contains("alias")
            || !class.bases().iter().all(|base| self.type_name(base).is_some_and(|full| full.starts_with("pydantic.")))
    }
}

/// What calling a method says about the type of what it is called on.
fn asked_by(method: &str, at: Span) -> Option<TypeExpr> {
    let kind = match method {
        "strip" | "lower" | "upper" | "split" | "startswith" | "endswith" | "encode" | "replace" | "lstrip" | "rstrip"
        | "splitlines" | "casefold" | "title" | "capitalize" | "removeprefix" | "removesuffix" | "partition" => {
            TypeKind::String(Default::default())
        }
        "items" | "keys" | "values" => {
            TypeKind::Map { keys: None, values: Box::new(TypeExpr::unknown("a value of the mapping", at)) }
        }
        _ => return None,
    };
    Some(TypeExpr::new(kind, at))
}

/// A name in the form of a class: `Order`, not `order` and not `ORDER`.
pub(super) fn is_class_name(name: &str) -> bool {
    let name = name.trim_start_matches('_');
    name.chars().next().is_some_and(|letter| letter.is_ascii_uppercase())
        && (name.len() == 1 || name.chars().any(|letter| letter.is_ascii_lowercase()))
}

/// `boto3.client("sns")`: the service that the client speaks to.
fn boto_service(callee: &Expr, args: &[Argument]) -> Option<Name> {
    let name = match &callee.kind {
        ExprKind::Name(path) => path.last()?,
        ExprKind::Member(_, name) => name,
        _ => return None,
    };
    if !matches!(name.as_str(), "client" | "resource" | "create_client") {
        return None;
    }
    let service = args.iter().find(|arg| !arg.spread && arg.name.as_deref().is_none_or(|name| name == "service_name"))?;
    match &service.value.kind {
        ExprKind::Literal(Literal::Text(text)) if text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') => {
            Some(text.clone())
        }
        _ => None,
    }
}

impl Lower<'_> {
    pub(super) fn class_path(&self, expr: &Py) -> Option<Vec<Name>> {
        let path = path_of(expr)?;
        is_class_name(path.last()?).then_some(path)
    }

    /// `int(x)`: JSON numbers and texts of digits pass.
    pub(super) fn asked_number(&self, at: Span) -> TypeExpr {
        TypeExpr::new(
            TypeKind::Union(vec![
                TypeExpr::new(TypeKind::Number(Default::default()), at),
                TypeExpr::new(TypeKind::String(Default::default()), at),
            ]),
            at,
        )
    }

    pub(super) fn text_type(&self, at: Span) -> Expr {
        of_type(TypeKind::String(Default::default()), at)
    }

    /// Whether a name means the builtin of that name here.
    pub(super) fn is_builtin(&self, name: &str) -> bool {
        !self.module_names.contains(name) && self.names.full(name).is_none()
    }

    pub(super) fn receiver_name<'e>(&self, on: &'e Py) -> &'e str {
        names::last_name(on).unwrap_or_default()
    }
}
