//! Accesses: chains of fields, indexes and methods, and the reads that they are.

use syn::{Expr as Syntax, ExprMethodCall, Member};

use super::body::EXPRESSION_DEPTH;
use super::extent;
use super::items::Lowering;
use super::types::plain;
use crate::facts::calls::Change;
use crate::facts::{
    Argument, Call, CallId, CallKind, Completion, Enclosing, Expr, ExprKind, FnId, Guard, Literal, Name, Read, Role, Step,
    Surroundings, Swallowed, TypeExpr, TypeKind, rust_types,
};
use crate::shape::{Presence, StringShape};
use crate::source::Span;

/// How many of the nearest branches and loops around a call are kept once a file has used up what it may hold of them.
const NEAREST: usize = 4;

/// A value, and the read that it is as long as the chain may go on.
pub struct Place {
    pub expr: Expr,
    pub read: Option<Read>,
}

impl Place {
    fn of(expr: Expr) -> Place {
        Place { expr, read: None }
    }

    /// The code copes with the absence of what is read.
    pub fn optional(&mut self) {
        if let Some(Read { path, .. }) = &mut self.read
            && let Some(Step::Key { presence, .. }) = path.last_mut()
        {
            *presence = Presence::Optional;
        }
    }

    pub fn compare(&mut self, constants: Vec<Literal>, has_default: bool) {
        if let Some(read) = &mut self.read
            && !constants.is_empty()
        {
            read.compared.extend(constants);
            read.has_default = has_default;
        }
    }

    fn asks_for(mut self, kind: TypeKind) -> Place {
        if let Some(read) = &mut self.read {
            read.ty = Some(TypeExpr::new(kind, read.span));
        }
        self
    }

    fn step(&mut self, step: Step, span: Span) {
        match &mut self.read {
            Some(read) => {
                read.path.push(step);
                read.span = span;
            }
            None => {
                if is_readable(&self.expr) {
                    let base = self.expr.clone();
                    let path = vec![step];
                    self.read = Some(Read { base, path, ty: None, compared: Vec::new(), has_default: false, span });
                }
            }
        }
    }

    fn key(&mut self, name: Name, presence: Presence, span: Span) {
        self.step(Step::Key { name, presence, span }, span);
    }
}

/// Values whose parts are worth knowing about.
fn is_readable(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Local(_) | ExprKind::Outer(..) | ExprKind::This | ExprKind::Call(_) | ExprKind::Decoded(..) => true,
        ExprKind::Await(inner) | ExprKind::Typed(inner, _) | ExprKind::Element(inner) => is_readable(inner),
        _ => false,
    }
}

fn of_type(kind: TypeKind, span: Span) -> Place {
    Place::of(Expr::new(ExprKind::OfType(Box::new(TypeExpr::new(kind, span))), span))
}

impl Lowering<'_> {
    /// Ends a chain: what it reads is recorded.
    pub fn finish(&mut self, place: Place) -> Expr {
        if let Some(read) = place.read {
            self.push_read(read);
        }
        place.expr
    }

    pub fn place(&mut self, expr: &Syntax) -> Place {
        if self.depth >= EXPRESSION_DEPTH {
            let span = extent::of(self.spans, expr);
            if self.too_deep.is_none() {
                self.too_deep = Some(span);
            }
            return Place::of(Expr::unknown("nested too deep", span));
        }
        self.depth += 1;
        let place = self.place_inside(expr);
        self.depth -= 1;
        place
    }

    fn place_inside(&mut self, expr: &Syntax) -> Place {
        match expr {
            Syntax::Paren(inner) => self.place(&inner.expr),
            Syntax::Group(inner) => self.place(&inner.expr),
            Syntax::Reference(inner) => self.place(&inner.expr),
            Syntax::Unary(inner) if matches!(inner.op, syn::UnOp::Deref(_)) => self.place(&inner.expr),
            Syntax::Try(inner) => {
                let place = self.place(&inner.expr);
                if matches!(place.expr.kind, ExprKind::Call(_)) {
                    self.complete(&place.expr, &Completion::Checked);
                }
                place
            }
            Syntax::Await(inner) => {
                let mut place = self.place(&inner.base);
                self.complete(&place.expr, &Completion::Awaited);
                self.awaited(&place.expr);
                if matches!(place.expr.kind, ExprKind::Call(_) | ExprKind::Local(_)) {
                    let span = extent::of(self.spans, expr);
                    place.expr = Expr::new(ExprKind::Await(Box::new(place.expr)), span);
                }
                place
            }
            Syntax::Field(field) => {
                let mut place = self.place(&field.base);
                let span = extent::of(self.spans, expr);
                let name = match &field.member {
                    Member::Named(name) => {
                        let at = self.spans.of(name.span());
                        place.key(plain(name), Presence::Required, at);
                        plain(name)
                    }
                    Member::Unnamed(index) => {
                        let at = self.spans.of(index.span);
                        // `.0` is a newtype in most cases, whose wire form is its inside; further places are of tuples.
                        if index.index > 0 {
                            place.step(Step::Each, at);
                        }
                        index.index.to_string().into()
                    }
                };
                place.expr = Expr::new(ExprKind::Member(Box::new(place.expr), name), span);
                place
            }
            Syntax::Index(index) => {
                let mut place = self.place(&index.expr);
                if matches!(index.index.as_ref(), Syntax::Range(_)) {
                    self.expr(&index.index);
                    return place;
                }
                let key = self.expr(&index.index);
                self.index(&mut place, key, Presence::Required, extent::of(self.spans, expr));
                place
            }
            Syntax::MethodCall(call) => self.method_call(call, expr),
            _ => Place::of(self.value(expr)),
        }
    }

    fn index(&mut self, place: &mut Place, key: Expr, presence: Presence, span: Span) {
        match &key.kind {
            ExprKind::Literal(Literal::Text(name)) => place.key(name.clone(), presence, key.span),
            ExprKind::Literal(Literal::Number(_)) => place.step(Step::Each, key.span),
            _ => {
                // A key that is not known ends what can be said of the chain.
                if let Some(read) = place.read.take() {
                    self.push_read(read);
                }
            }
        }
        let base = std::mem::replace(&mut place.expr, Expr::unknown("", span));
        place.expr = Expr::new(ExprKind::Index(Box::new(base), Box::new(key)), span);
    }

    /// Records a call.
    pub fn push_call(&mut self, callee: Expr, args: Vec<Argument>, type_args: Vec<TypeExpr>, kind: CallKind, span: Span) -> Expr {
        let around = self.frame().enclosing.len() + self.frame().early.len();
        let affordable = around <= self.surroundings_left;
        self.surroundings_left = self.surroundings_left.saturating_sub(around);
        let frame = self.frame();
        let id = CallId(u32::try_from(frame.function.calls.len()).unwrap_or(u32::MAX));
        let nearest = frame.enclosing.len().saturating_sub(NEAREST);
        let surroundings = Surroundings {
            completion: Completion::Used,
            awaits: 0,
            swallowed: Swallowed::No,
            enclosing: if affordable { frame.enclosing.clone() } else { frame.enclosing[nearest..].to_vec() },
            early_returns: if affordable { frame.early.clone() } else { Vec::new() },
        };
        let functions: Vec<FnId> = args
            .iter()
            .filter_map(|arg| match arg.value.kind {
                ExprKind::Function(function) => Some(function),
                _ => None,
            })
            .collect();
        frame.function.calls.push(Call { callee, args, type_args, kind, surroundings, span });
        self.adopt_closures(&functions, id);
        Expr::new(ExprKind::Call(id), span)
    }

    pub fn positional(values: Vec<Expr>) -> Vec<Argument> {
        values.into_iter().map(|value| Argument { name: None, value, spread: false }).collect()
    }

    fn method_call(&mut self, call: &ExprMethodCall, expr: &Syntax) -> Place {
        let name = plain(&call.method);
        let span = extent::of(self.spans, expr);
        let args: Vec<&Syntax> = call.args.iter().collect();
        let mut place = self.place(&call.receiver);
        if args.is_empty() {
            return self.method_without_arguments(call, &name, place, span);
        }
        match (name.as_str(), args.as_slice()) {
            ("expect" | "context" | "wrap_err" | "ok_or" | "take" | "skip" | "step_by", [message]) => {
                self.expr(message);
                place
            }
            ("with_context" | "wrap_err_with" | "ok_or_else" | "map_err" | "inspect_err" | "inspect", [handler]) => {
                self.applied(handler, vec![Expr::unknown("an error", span)], Enclosing::Catch(span));
                place
            }
            ("unwrap_or" | "or", [other]) => {
                place.optional();
                let value = self.finish(place);
                let other = self.expr(other);
                Place::of(super::exprs::one_of(vec![value, other], span))
            }
            ("unwrap_or_else" | "or_else", [handler]) => {
                place.optional();
                let value = self.finish(place);
                if let Syntax::Closure(closure) = handler
                    && let Some(how) = only_logs(&closure.body)
                {
                    self.swallow(&value, how);
                }
                let enclosing = Enclosing::Catch(span);
                match self.applied(handler, vec![Expr::unknown("an error", span)], enclosing) {
                    Some(other) => Place::of(super::exprs::one_of(vec![value, other], span)),
                    None => Place::of(value),
                }
            }
            ("map_or" | "map_or_else", [default, handler]) => {
                place.optional();
                let value = self.finish(place);
                let other = match default {
                    Syntax::Closure(_) => self.applied(default, Vec::new(), Enclosing::Catch(span)),
                    _ => Some(self.expr(default)),
                };
                let guard = self.presence_guard(&call.receiver);
                let mapped = self.applied(handler, vec![value], Enclosing::Branch(guard.into()));
                Place::of(super::exprs::one_of(mapped.into_iter().chain(other).collect(), span))
            }
            ("get" | "get_mut" | "pointer", [key]) if text_key(key) => {
                let key = self.expr(key);
                match (name.as_str(), &key.kind) {
                    ("pointer", ExprKind::Literal(Literal::Text(pointer))) => {
                        for step in pointer.split('/').skip(1) {
                            let step = step.replace("~1", "/").replace("~0", "~");
                            let literal = match step.parse::<u32>() {
                                Ok(_) => Literal::Number(step.into()),
                                Err(_) => Literal::Text(step.into()),
                            };
                            let step = Expr::new(ExprKind::Literal(literal), key.span);
                            self.index(&mut place, step, Presence::Required, span);
                        }
                        place.optional();
                    }
                    _ => self.index(&mut place, key, Presence::Required, span),
                }
                // Nothing is said yet of how the code copes: `?`, `ok_or`, `unwrap` demand it, `if let` and defaults do not.
                place
            }
            (
                "map" | "filter_map" | "flat_map" | "and_then" | "for_each" | "try_for_each" | "then" | "filter" | "find" | "any"
                | "all" | "is_some_and" | "is_ok_and" | "is_none_or" | "find_map" | "position" | "take_while" | "skip_while"
                | "retain" | "map_while" | "partition" | "max_by_key" | "min_by_key" | "sort_by_key",
                [handler],
            ) if is_function_like(handler) => self.combinator(call, &name, handler, place, span),
            ("for_each_concurrent" | "try_for_each_concurrent", [limit, handler]) if is_function_like(handler) => {
                self.expr(limit);
                self.combinator(call, "for_each", handler, place, span)
            }
            ("eq" | "contains" | "starts_with" | "ends_with" | "contains_key" | "eq_ignore_ascii_case", _) => {
                let values: Vec<Expr> = args.iter().map(|arg| self.expr(arg)).collect();
                match (name.as_str(), values.first().map(|value| &value.kind)) {
                    ("contains_key", Some(ExprKind::Literal(Literal::Text(key)))) => {
                        place.key(key.clone(), Presence::Optional, values[0].span);
                    }
                    ("eq" | "eq_ignore_ascii_case", Some(ExprKind::Literal(literal))) => {
                        place.compare(vec![literal.clone()], true);
                    }
                    _ => {}
                }
                self.finish(place);
                of_type(TypeKind::Boolean, span)
            }
            ("chain" | "extend" | "append" | "push" | "insert" | "remove" | "push_str" | "push_back" | "merge", _) => {
                self.changing_call(call, &name, place, span)
            }
            ("and_hms_opt" | "format" | "replace" | "join" | "to_rfc3339_opts" | "trim_matches" | "trim_start_matches", _)
                if !matches!(place.expr.kind, ExprKind::This) =>
            {
                let mut from: Vec<Expr> = args.iter().map(|arg| self.expr(arg)).collect();
                from.push(self.finish(place));
                self.note_made(&name, from, span);
                match name.as_str() {
                    "to_rfc3339_opts" => of_type(TypeKind::String(StringShape::format("date-time").into()), span),
                    _ => of_type(TypeKind::String(Default::default()), span),
                }
            }
            _ => {
                let receiver = self.finish(place);
                self.plain_method(call, &name, receiver, span)
            }
        }
    }

    /// A call that is nothing special.
    fn plain_method(&mut self, call: &ExprMethodCall, name: &str, receiver: Expr, span: Span) -> Place {
        let deferred = is_spawn(name).then(|| name.to_owned());
        let values = call.args.iter().map(|arg| self.argument(arg, deferred.as_deref())).collect();
        let at = self.spans.of(call.method.span());
        let callee = Expr::new(ExprKind::Member(Box::new(receiver), name.into()), at);
        let type_args = self.turbofish(call);
        Place::of(self.push_call(callee, Self::positional(values), type_args, CallKind::Plain, span))
    }

    /// An argument; one that is handed to something that finishes it later is deferred.
    pub fn argument(&mut self, arg: &Syntax, deferred: Option<&str>) -> Expr {
        match deferred {
            None => self.expr(arg),
            Some(name) => {
                self.frame().deferred.push(name.into());
                let value = self.expr(arg);
                self.complete(&value, &Completion::Deferred(name.into()));
                self.frame().deferred.pop();
                value
            }
        }
    }

    fn turbofish(&self, call: &ExprMethodCall) -> Vec<TypeExpr> {
        call.turbofish.iter().flat_map(|turbofish| self.generic_arguments(&turbofish.args)).collect()
    }

    pub fn generic_arguments(&self, args: &syn::punctuated::Punctuated<syn::GenericArgument, syn::Token![,]>) -> Vec<TypeExpr> {
        args.iter()
            .filter_map(|arg| match arg {
                syn::GenericArgument::Type(syn::Type::Infer(_)) => None,
                syn::GenericArgument::Type(ty) => Some(self.types(Role::Consumer).lower(ty)),
                _ => None,
            })
            .collect()
    }

    fn method_without_arguments(&mut self, call: &ExprMethodCall, name: &str, mut place: Place, span: Span) -> Place {
        match name {
            "clone" | "to_owned" | "as_mut" | "as_deref" | "as_deref_mut" | "borrow" | "borrow_mut" | "deref" | "cloned"
            | "copied" | "iter" | "iter_mut" | "into_iter" | "as_slice" | "to_vec" | "as_bytes" | "into_bytes"
            | "into_boxed_str" | "into_boxed_slice" | "into_string" | "unwrap" | "by_ref" | "collect" | "boxed" | "fuse"
            | "flatten" | "rev" | "peekable" | "lock" | "into_owned" | "as_object" | "as_object_mut" | "freeze"
            | "unwrap_unchecked" | "try_into" | "transpose" | "leak" | "drain" | "shared" | "take" => {
                if matches!(name, "as_object" | "as_object_mut") {
                    let any = Box::new(TypeExpr::unknown("any JSON", span));
                    return place.asks_for(TypeKind::Map { keys: None, values: any });
                }
                place
            }
            "as_array" | "as_array_mut" => {
                let items = Box::new(TypeExpr::unknown("any JSON", span));
                place.asks_for(TypeKind::Array { items, min: None, max: None, unique: false })
            }
            "ok" => place,
            "unwrap_or_default" => {
                place.optional();
                place
            }
            // An enum of the project's own may give a constant by these: `link` knows, and looks through where there is none.
            "as_str" | "as_ref" | "into" | "to_string" | "name" | "as_string"
                if !(name == "to_string" && self.is_json_value(&place.expr)) && self.may_be_enum(&place.expr) =>
            {
                let receiver = self.finish(place);
                self.plain_method(call, name, receiver, span)
            }
            "as_ref" | "into" => place,
            "as_str" => place.asks_for(TypeKind::String(Default::default())),
            "to_string" => match &place.expr.kind {
                ExprKind::Literal(Literal::Text(_)) | ExprKind::Template(_) => place,
                ExprKind::OfType(ty) if matches!(ty.kind, TypeKind::String(_)) => place,
                _ if self.is_json_value(&place.expr) => {
                    let value = self.finish(place);
                    Place::of(Expr::new(ExprKind::Encoded(Box::new(value)), span))
                }
                _ => {
                    let value = self.finish(place);
                    Place::of(Expr::new(ExprKind::Template(vec![value]), span))
                }
            },
            "as_i64" => place.asks_for(rust_types::primitive("i64").unwrap_or(TypeKind::Integer(Default::default()))),
            "as_u64" => place.asks_for(rust_types::primitive("u64").unwrap_or(TypeKind::Integer(Default::default()))),
            "as_f64" => place.asks_for(TypeKind::Number(Default::default())),
            "as_bool" => place.asks_for(TypeKind::Boolean),
            // Questions that have an answer where nothing came.
            "is_some" | "is_none" | "is_null" | "is_string" | "is_object" | "is_array" | "is_number" | "is_boolean"
            | "is_i64" | "is_u64" | "is_f64" => {
                place.optional();
                self.finish(place);
                of_type(TypeKind::Boolean, span)
            }
            "is_empty" | "is_ok" | "is_err" => {
                self.finish(place);
                of_type(TypeKind::Boolean, span)
            }
            "len" | "count" => {
                self.finish(place);
                match rust_types::primitive("usize") {
                    Some(kind) => of_type(kind, span),
                    None => of_type(TypeKind::Integer(Default::default()), span),
                }
            }
            "trim" | "to_lowercase" | "to_uppercase" | "to_ascii_lowercase" | "to_ascii_uppercase" => {
                let on = self.finish(place);
                self.note_made(name, vec![on], span);
                of_type(TypeKind::String(Default::default()), span)
            }
            "to_rfc3339" => {
                let on = self.finish(place);
                self.note_made(name, vec![on], span);
                of_type(TypeKind::String(StringShape::format("date-time").into()), span)
            }
            "timestamp" | "timestamp_millis" | "timestamp_micros" | "unix_timestamp" | "as_secs" | "as_millis" | "as_micros"
            | "as_nanos" | "num_seconds" | "num_milliseconds" => {
                let on = self.finish(place);
                self.note_made(name, vec![on], span);
                of_type(rust_types::primitive("i64").unwrap_or(TypeKind::Integer(Default::default())), span)
            }
            "keys" => {
                self.finish(place);
                let items = Box::new(TypeExpr::new(TypeKind::String(Default::default()), span));
                of_type(TypeKind::Array { items, min: None, max: None, unique: false }, span)
            }
            "values" | "values_mut" | "into_values" => {
                let list = self.finish(place);
                let item = Expr::new(ExprKind::Element(Box::new(list)), span);
                Place::of(Expr::new(ExprKind::ListOf(Box::new(item)), span))
            }
            "first" | "last" | "next" | "try_next" | "pop" | "peek" => {
                let list = self.finish(place);
                if matches!(name, "next" | "try_next" | "pop") {
                    // A stream or a queue of messages may be behind it: the call is kept beside its value.
                    self.plain_method(call, name, list.clone(), span);
                }
                Place::of(Expr::new(ExprKind::Element(Box::new(list)), span))
            }
            "json" => {
                let receiver = self.finish(place);
                let type_args = self.turbofish(call);
                let ty = type_args.first().cloned().map(Box::new);
                let lowered = self.plain_method(call, name, receiver, span);
                Place::of(Expr::new(ExprKind::Decoded(Box::new(lowered.expr), ty), span))
            }
            _ => {
                let receiver = self.finish(place);
                self.plain_method(call, name, receiver, span)
            }
        }
    }

    /// Whether a value may be an enum of the project: a path to a variant, or a variable of a type that is no standard one.
    fn may_be_enum(&mut self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Name(path) => path.len() > 1 && path.last().is_some_and(|last| last.starts_with(char::is_uppercase)),
            ExprKind::This => true,
            // `self.kind.as_str()`, where this file says that `kind` is of a type of the project.
            ExprKind::Member(base, member) if matches!(base.kind, ExprKind::This) => self.own_member_is_named(member),
            ExprKind::Record(_) => true,
            ExprKind::Local(id) => {
                let local = self.frame().function.local(*id);
                match &local.ty {
                    Some(ty) => matches!(ty.kind, TypeKind::Ref(_) | TypeKind::Param(_)),
                    None => match local.value.clone() {
                        Some(value) if !matches!(value.kind, ExprKind::Local(_)) => self.may_be_enum(&value),
                        _ => false,
                    },
                }
            }
            _ => false,
        }
    }

    /// Whether a value is JSON already, so that its text is its encoding: `json!({…})`, and what is declared a `Value`.
    fn is_json_value(&mut self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Object(_) => true,
            ExprKind::Local(id) => {
                let local = self.frame().function.local(*id);
                match (&local.ty, &local.value) {
                    (Some(ty), _) => {
                        matches!(&ty.kind, TypeKind::Ref(named) if named.path.last().is_some_and(|last| last == "Value"))
                            || matches!(&ty.kind, TypeKind::Unknown(reason) if reason.ends_with("any JSON"))
                    }
                    (None, Some(value)) => matches!(value.kind, ExprKind::Object(_)),
                    (None, None) => false,
                }
            }
            _ => false,
        }
    }

    fn own_member_is_named(&self, member: &str) -> bool {
        let Some(own) = self.self_type.as_ref().and_then(|own| own.path.last()) else { return false };
        self.facts.classes.iter().filter(|class| class.name == *own).any(|class| {
            class.members.iter().any(|(name, ty, _)| {
                name == member && ty.as_ref().is_some_and(|ty| matches!(ty.kind, TypeKind::Ref(_) | TypeKind::Param(_)))
            })
        })
    }

    /// `map`, `and_then`, `for_each` and their like, with the function applied in place.
    fn combinator(&mut self, call: &ExprMethodCall, name: &str, handler: &Syntax, mut place: Place, span: Span) -> Place {
        let over_elements = is_sequence(&call.receiver, 0)
            || matches!(
                name,
                "for_each"
                    | "try_for_each"
                    | "filter_map"
                    | "flat_map"
                    | "any"
                    | "all"
                    | "find"
                    | "find_map"
                    | "position"
                    | "take_while"
                    | "skip_while"
                    | "retain"
                    | "map_while"
                    | "partition"
                    | "max_by_key"
                    | "min_by_key"
                    | "sort_by_key"
            );
        if !over_elements && name != "then" {
            place.optional();
        }
        let value = self.finish(place);
        let value = self.shared(value);
        let param = if over_elements { Expr::new(ExprKind::Element(Box::new(value.clone())), value.span) } else { value.clone() };
        let enclosing =
            if over_elements { Enclosing::Loop(span) } else { Enclosing::Branch(self.presence_guard(&call.receiver).into()) };
        let params = if name == "then" { Vec::new() } else { vec![param.clone()] };
        let result = self.applied(handler, params, enclosing);
        let kind = match name {
            "filter" | "take_while" | "skip_while" | "retain" | "partition" => return Place::of(value),
            "any" | "all" | "is_some_and" | "is_ok_and" | "is_none_or" => return of_type(TypeKind::Boolean, span),
            "find" | "max_by_key" | "min_by_key" => return Place::of(param),
            "map" | "filter_map" | "map_while" if over_elements => result.map(|item| ExprKind::ListOf(Box::new(item))),
            "flat_map" => result.map(|list| ExprKind::ListOf(Box::new(Expr::new(ExprKind::Element(Box::new(list)), span)))),
            "for_each" | "try_for_each" | "position" | "sort_by_key" => None,
            _ => result.map(|value| value.kind),
        };
        match kind {
            Some(kind) => Place::of(Expr::new(kind, span)),
            None => Place::of(Expr::unknown(self.source(span), span)),
        }
    }

    fn presence_guard(&self, receiver: &Syntax) -> Guard {
        let span = extent::of(self.spans, receiver);
        Guard {
            source: self.source(span),
            subject: None,
            values: Vec::new(),
            negated: false,
            span,
            otherwise: false,
            raises: false,
        }
    }

    /// The result of a closure or function that is applied to these values here and now.
    fn applied(&mut self, handler: &Syntax, params: Vec<Expr>, enclosing: Enclosing) -> Option<Expr> {
        match handler {
            Syntax::Closure(closure) => {
                let mut params = params.into_iter();
                Some(self.within(enclosing, |this| {
                    this.inline(|this| {
                        for pat in &closure.inputs {
                            let (pat, ty) = match pat {
                                syn::Pat::Type(typed) => (typed.pat.as_ref(), Some(this.types(Role::Consumer).lower(&typed.ty))),
                                pat => (pat, None),
                            };
                            let ty = ty.filter(|ty| !matches!(ty.kind, TypeKind::Unknown(_)));
                            this.bind(pat, params.next(), ty, true);
                        }
                        this.expr(&closure.body)
                    })
                }))
            }
            Syntax::Path(path) => {
                let last = path.path.segments.last().map(|segment| plain(&segment.ident)).unwrap_or_default();
                let first = params.into_iter().next();
                if path.qself.is_some() {
                    return None;
                }
                match last.as_str() {
                    // Conversions that keep the value, and constructors of what is looked through.
                    "into" | "from" | "to_owned" | "clone" | "as_str" | "as_ref" | "Some" | "Ok" | "new" | "unwrap" => first,
                    "to_string" => first.map(|value| {
                        let span = value.span;
                        Expr::new(ExprKind::Template(vec![value]), span)
                    }),
                    _ => {
                        let span = extent::of(self.spans, handler);
                        let args: Vec<Expr> = first.into_iter().collect();
                        Some(self.within(enclosing, |this| this.call_path(path, args, span)))
                    }
                }
            }
            _ => {
                self.expr(handler);
                None
            }
        }
    }

    /// `push`, `insert`, `extend`, `remove`: a change of a variable where there is one, and a call in any case.
    fn changing_call(&mut self, call: &ExprMethodCall, name: &str, place: Place, span: Span) -> Place {
        let receiver = self.finish(place);
        let calls = self.frame().function.calls.len();
        let target = self.edit_target(&call.receiver);
        // Looking for the target may have lowered keys once more; their calls are there already.
        self.frame().function.calls.truncate(calls);
        let result = self.plain_method(call, name, receiver.clone(), span);
        let ExprKind::Call(id) = result.expr.kind else { return result };
        let args: Vec<Expr> = self.frame().function.call(id).args.iter().map(|arg| arg.value.clone()).collect();
        if let Some((local, mut path)) = target {
            let change = match (name, args.as_slice()) {
                ("insert", [key, value]) => {
                    path.push(key.clone());
                    Some(Change::Set(value.clone()))
                }
                ("insert" | "push" | "push_back", [value]) => Some(Change::Push(value.clone())),
                ("remove", [key]) => {
                    path.push(key.clone());
                    Some(Change::Delete)
                }
                ("extend" | "append" | "merge", [other]) => Some(Change::Merge(other.clone())),
                _ => None,
            };
            if let Some(change) = change {
                self.edit(local, path, change, span);
            }
        }
        if name == "chain" {
            Place::of(super::exprs::one_of(std::iter::once(receiver).chain(args).collect(), span))
        } else {
            result
        }
    }
}

/// A key of an object: a text that is neither a path nor an address, which `get` also takes.
fn text_key(expr: &Syntax) -> bool {
    match expr {
        Syntax::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => {
            let text = text.value();
            !text.contains("://")
        }
        Syntax::Reference(inner) => text_key(&inner.expr),
        _ => false,
    }
}

fn is_function_like(expr: &Syntax) -> bool {
    matches!(expr, Syntax::Closure(_) | Syntax::Path(_))
}

/// Whether a receiver is an iterator or stream by its form.
fn is_sequence(expr: &Syntax, depth: usize) -> bool {
    if depth > 64 {
        return false;
    }
    match expr {
        Syntax::MethodCall(call) => match plain(&call.method).as_str() {
            "iter" | "into_iter" | "iter_mut" | "chars" | "bytes" | "keys" | "values" | "into_values" | "drain" | "lines"
            | "split" | "windows" | "chunks" | "enumerate" | "zip" | "filter_map" | "flat_map" | "split_whitespace"
            | "into_keys" => true,
            "map" | "filter" | "rev" | "take" | "skip" | "chain" | "cloned" | "copied" | "inspect" | "peekable" | "flatten"
            | "take_while" | "skip_while" | "step_by" => is_sequence(&call.receiver, depth + 1),
            _ => false,
        },
        Syntax::Paren(inner) => is_sequence(&inner.expr, depth + 1),
        Syntax::Range(_) => true,
        Syntax::Call(call) => match call.func.as_ref() {
            Syntax::Path(path) => path.path.segments.iter().any(|segment| segment.ident == "stream" || segment.ident == "iter"),
            _ => false,
        },
        _ => false,
    }
}

/// Functions that run a future to its end without their caller waiting for it.
pub fn is_spawn(name: &str) -> bool {
    matches!(
        name,
        "spawn" | "spawn_local" | "spawn_blocking" | "spawn_on" | "spawn_detached" | "spawn_named" | "spawn_pinned" | "detach"
    )
}

/// A handler that logs and gives nothing, or gives nothing at once.
fn only_logs(body: &Syntax) -> Option<Swallowed> {
    match body {
        Syntax::Macro(mac) if super::exprs::is_log_macro(&mac.mac) => Some(Swallowed::Logged),
        Syntax::Tuple(tuple) if tuple.elems.is_empty() => Some(Swallowed::Dropped),
        Syntax::Block(block) => super::exprs::handling(&block.block.stmts),
        _ => None,
    }
}
