//! What comes before and after: the answer to a request, and the acknowledgement of a message.

use std::rc::Rc;

use super::super::index::last_name;
use super::super::model::{Acks, Answer};
use super::super::resolve::FnRef;
use super::super::summaries::CallSite;
use super::Around;
use crate::facts::{
    Argument, Call, CallKind, Completion, Enclosing, Expr, ExprKind, FnId, Function, LanguageId, Literal, Name, ValueMember,
};
use crate::link::model::Work;
use crate::link::packages;
use crate::source::Origin;

/// Methods that answer a request, on a receiver that is called a response.
const ANSWERS: &[&str] = &["json", "send", "end", "sendStatus", "redirect", "render", "jsonp", "sendFile"];
const RESPONSES: &[&str] = &["res", "response", "reply", "resp", "rep"];

/// Methods that acknowledge a message, whatever they are called on.
const ACKS: &[&str] = &[
    "ack",
    "basic_ack",
    "basicAck",
    "acknowledge",
    "xack",
    "xAck",
    "task_done",
    "deleteMessage",
    "delete_message",
    "delete_message_batch",
    "deleteMessageBatch",
    "complete_message",
    "completeMessage",
    "double_ack",
    "ackAll",
    "commitOffsets",
    "commit_message",
    "commitSync",
    "commit_async",
    "resolveOffset",
    "DeleteMessageCommand",
];

/// Methods that acknowledge on a receiver that is called a consumer or a message.
const COMMITS: &[&str] = &["commit", "commitAsync", "store_offset", "complete"];
const COMMITTERS: &[&str] = &["consumer", "message", "msg", "delivery", "receiver", "subscriber"];

/// Decorators of functions that messages run, and calls that set up what runs them.
const TASKS: &[&str] = &["task", "shared_task"];
const SETS_UP: &[&str] = &["update", "Celery", "add_defaults"];

/// Names of what is no work: logs, metrics, spans.
const ASIDE: &[&str] =
    &["log", "logger", "console", "metrics", "metric", "tracing", "span", "statsd", "sentry", "tracer", "logging"];

/// Functions and closures of one handler that are looked through.
const MAX_PARTS: usize = 24;

impl<'l, 'a> Around<'l, 'a> {
    /// Whether the request around a call has been answered before it.
    pub(super) fn answer(&self, levels: &[CallSite]) -> Answer {
        let mut later = false;
        for site in levels {
            let function = self.eval.program.function(site.function);
            let call = function.call(site.call);
            for (at, other) in function.calls.iter().enumerate() {
                if !is_answer(function, other) {
                    continue;
                }
                if other.span.end <= call.span.start && on_the_way(other, call) {
                    let place = CallSite { function: site.function, call: crate::facts::CallId(at as u32) };
                    let by =
                        format!("{}.{}", receiver_name(function, &other.callee), last_name(&other.callee.kind).unwrap_or("send"));
                    return Answer::Before(self.origin(place), by);
                }
                later |= other.span.start >= call.span.end;
            }
            // `.then(() => res.sendStatus(202))` behind it in a chain of promises.
            let unit = self.eval.program.files.unit(site.function.file);
            later |= unit.index.inner.get(&site.function.id).into_iter().flatten().any(|id| {
                let inner = &unit.facts.functions[id.0 as usize];
                inner.extent.start >= call.span.end && inner.calls.iter().any(|other| is_answer(inner, other))
            });
            if later {
                return Answer::After;
            }
        }
        Answer::None
    }

    /// What a handler does before and after it acknowledges.
    pub(super) fn acks(&self, handlers: &[FnRef], registrations: &[CallSite]) -> Acks {
        let mut acks = Acks::default();
        for site in registrations {
            let function = self.eval.program.function(site.function);
            for argument in &function.call(site.call).args {
                self.ack_options(function, argument, &mut acks);
            }
        }
        for handler in handlers {
            for decorator in &self.eval.program.function(*handler).decorators {
                for argument in &decorator.args {
                    self.ack_options(self.eval.program.function(*handler), argument, &mut acks);
                }
                let own = decorator.args.iter().any(|argument| argument.name.as_deref().is_some_and(is_late));
                if !own
                    && last_name(&decorator.callee.kind).is_some_and(|name| TASKS.contains(&name))
                    && let Some((name, at)) = self.late_for_all()
                {
                    acks.late = Some(name.into());
                    acks.late_for_all = Some(at);
                }
            }
            self.ack_order(*handler, &mut acks);
        }
        acks
    }

    fn ack_order(&self, handler: FnRef, acks: &mut Acks) {
        let unit = self.eval.program.files.unit(handler.file);
        // The handler with its closures, which stand inside of it.
        let mut parts: Vec<FnRef> = vec![handler];
        for (at, function) in unit.facts.functions.iter().enumerate() {
            let inside = function.parent.is_some_and(|(parent, _)| parts.iter().any(|part| part.id == parent));
            if inside && parts.len() < MAX_PARTS {
                parts.push(FnRef { file: handler.file, id: FnId(at as u32) });
            }
        }
        let mut all: Vec<(FnRef, usize, &'a Call)> = Vec::new();
        for part in parts {
            let function: &'a Function = self.eval.program.function(part);
            all.extend(function.calls.iter().enumerate().map(|(at, call)| (part, at, call)));
        }
        let is_ack_of = |part: &FnRef, call: &Call| is_ack(self.eval.program.function(*part), call);
        let found: Vec<(FnRef, usize, &Call)> =
            all.iter().copied().filter(|(part, _, call)| is_ack_of(part, call) && !in_catch(call)).collect();
        if found.is_empty() {
            return;
        }
        for (part, at, call) in &all {
            let works = call.kind != CallKind::Decorator
                && !matches!(call.surroundings.completion, Completion::Used)
                && !is_aside(self.eval.program.function(*part), call)
                && !in_catch(call)
                // What holds the acknowledgement, or is part of it, is neither before nor after.
                && !found.iter().any(|(_, _, ack)| call.span.contains(ack.span) || ack.span.contains(call.span))
                && !is_ack_of(part, call);
            if !works {
                continue;
            }
            let name = last_name(&call.callee.kind).unwrap_or_default().to_owned();
            if name.is_empty() {
                continue;
            }
            let site = CallSite { function: *part, call: crate::facts::CallId(*at as u32) };
            let earlier = found.iter().find(|(_, _, ack)| ack.span.end <= call.span.start && on_the_way(ack, call));
            match earlier {
                Some((ack_part, ack_at, ack)) => {
                    let place = CallSite { function: *ack_part, call: crate::facts::CallId(*ack_at as u32) };
                    acks.ack = Some((last_name(&ack.callee.kind).unwrap_or("ack").to_owned(), self.origin(place)));
                    acks.after.push(Work { name, origin: self.origin(site) });
                }
                None => acks.before.push(Work { name, origin: self.origin(site) }),
            }
        }
    }

    /// The setting of a whole program that has messages acknowledged when they are done.
    fn late_for_all(&self) -> Option<(Name, Origin)> {
        self.late.get_or_init(|| self.find_late()).clone()
    }

    fn find_late(&self) -> Option<(Name, Origin)> {
        let on = |value: &Expr| matches!(value.kind, ExprKind::Literal(Literal::Bool(true)));
        for unit in self.eval.program.files.units {
            if unit.facts.language != LanguageId::Python || unit.facts.in_test || packages::is_test_path(unit.path.as_str()) {
                continue;
            }
            let found = |name: &str, span| Some((name.into(), Origin::new(unit.path.clone(), span)));
            if let Some(constant) = unit.facts.constants.iter().find(|one| is_late(&one.name) && on(&one.value)) {
                return found(&constant.name, constant.span);
            }
            for name in SETS_UP {
                for (function, call) in unit.index.calls.get(*name).into_iter().flatten() {
                    let Some(call) = unit.facts.functions[function.0 as usize].calls.get(call.0 as usize) else { continue };
                    for argument in &call.args {
                        if let Some(name) = argument.name.as_deref().filter(|name| is_late(name) && on(&argument.value)) {
                            return found(name, argument.value.span);
                        }
                        let ExprKind::Object(members) = &argument.value.kind else { continue };
                        for member in members {
                            if let ValueMember::Entry { key, value, .. } = member
                                && let ExprKind::Literal(Literal::Text(name)) = &key.kind
                                && is_late(name)
                                && on(value)
                            {
                                return found(name, key.span);
                            }
                        }
                    }
                }
            }
        }
        None
    }

    fn ack_options(&self, function: &Function, argument: &Argument, acks: &mut Acks) {
        if let Some(name) = &argument.name {
            ack_option(name, &argument.value, acks);
        }
        options_in(function, &argument.value, acks, 0);
    }

    /// The functions that callers of a boundary's function stand in; none where there are too many to ask.
    pub(super) fn callers_outside(&self, function: FnRef) -> Vec<CallSite> {
        let callers: Rc<[CallSite]> = self.callers.of(self.eval, function);
        let found: Vec<CallSite> = callers.iter().copied().filter(|site| !self.is_test(site.function)).collect();
        if found.len() > super::MAX_CALLERS { Vec::new() } else { found }
    }
}

/// An option by which messages are acknowledged when they are done.
fn is_late(name: &str) -> bool {
    matches!(name, "acks_late" | "task_acks_late" | "CELERY_TASK_ACKS_LATE" | "CELERY_ACKS_LATE")
}

fn options_in(function: &Function, value: &Expr, acks: &mut Acks, depth: u32) {
    if depth > 4 {
        return;
    }
    match &value.kind {
        ExprKind::Object(members) => {
            for member in members {
                if let ValueMember::Entry { key, value, .. } = member {
                    if let ExprKind::Literal(Literal::Text(name)) = &key.kind {
                        ack_option(name, value, acks);
                    }
                    options_in(function, value, acks, depth + 1);
                }
            }
        }
        ExprKind::Record(record) => {
            for (name, value) in &record.fields {
                ack_option(name, value, acks);
            }
        }
        ExprKind::Typed(inner, _) => options_in(function, inner, acks, depth + 1),
        ExprKind::Local(id) => {
            if let Some(value) = function.locals.get(id.0 as usize).and_then(|local| local.value.as_ref()) {
                options_in(function, value, acks, depth + 1);
            }
        }
        _ => {}
    }
}

fn ack_option(name: &str, value: &Expr, acks: &mut Acks) {
    let ExprKind::Literal(Literal::Bool(on)) = value.kind else { return };
    match name {
        "noAck" | "no_ack" | "auto_ack" | "autoAck" | "autoAcknowledge" => acks.early = on.then(|| name.to_owned()),
        late if is_late(late) => acks.late = on.then(|| name.to_owned()),
        _ => {}
    }
}

/// Whether whoever comes to `later` has passed `earlier`: every branch around the one is around the other.
pub(super) fn on_the_way(earlier: &Call, later: &Call) -> bool {
    earlier.surroundings.enclosing.iter().all(|around| match around {
        Enclosing::Branch(guard) => later.surroundings.enclosing.iter().any(|other| match other {
            Enclosing::Branch(other) => other.span == guard.span && other.otherwise == guard.otherwise,
            _ => false,
        }),
        Enclosing::Catch(span) => {
            later.surroundings.enclosing.iter().any(|other| matches!(other, Enclosing::Catch(other) if other == span))
        }
        Enclosing::Loop(_) | Enclosing::Try(_) | Enclosing::Block(_) => true,
    })
}

fn in_catch(call: &Call) -> bool {
    call.surroundings.enclosing.iter().any(|around| matches!(around, Enclosing::Catch(_)))
}

/// The last name of what a method is called on.
fn receiver_name(function: &Function, callee: &Expr) -> Name {
    let ExprKind::Member(base, _) = &callee.kind else { return Name::default() };
    name_of(function, base)
}

pub(super) fn name_of(function: &Function, expr: &Expr) -> Name {
    match &expr.kind {
        ExprKind::Local(id) => function.locals.get(id.0 as usize).map(|local| local.name.clone()).unwrap_or_default(),
        ExprKind::Member(_, name) => name.clone(),
        ExprKind::Name(path) => path.last().cloned().unwrap_or_default(),
        // `res.status(201).json(…)`
        ExprKind::Call(id) => {
            function.calls.get(id.0 as usize).map(|call| receiver_name(function, &call.callee)).unwrap_or_default()
        }
        ExprKind::Typed(inner, _) | ExprKind::Await(inner) => name_of(function, inner),
        _ => Name::default(),
    }
}

fn is_answer(function: &Function, call: &Call) -> bool {
    let Some(name) = last_name(&call.callee.kind) else { return false };
    ANSWERS.contains(&name) && RESPONSES.contains(&receiver_name(function, &call.callee).as_str())
}

fn is_ack(function: &Function, call: &Call) -> bool {
    let Some(name) = last_name(&call.callee.kind) else { return false };
    if ACKS.contains(&name) {
        return true;
    }
    let receiver = receiver_name(function, &call.callee).to_ascii_lowercase();
    COMMITS.contains(&name) && COMMITTERS.iter().any(|word| receiver.contains(word))
}

fn is_aside(function: &Function, call: &Call) -> bool {
    if call.kind == CallKind::Macro {
        return true;
    }
    let receiver = receiver_name(function, &call.callee).to_ascii_lowercase();
    let receiver = receiver.trim_start_matches('_');
    let name = last_name(&call.callee.kind).unwrap_or_default();
    ASIDE.contains(&receiver) || matches!(name, "print" | "nack" | "reject" | "basic_nack" | "basic_reject" | "in_scope")
}
