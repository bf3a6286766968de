//! Handlers that take many events and tell them apart: which comparison of an event's name a place in the code stands under.
//!
//! A comparison counts where its subject is a name that travels with the message: a field of the payload or of an envelope around
//! it that is called like an event's name, or a parameter beside it. `user.name === "root"` is none of these.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::eval::Eval;
use super::idioms::selector::Step as PathStep;
use super::reads::{Place, Root, trace};
use super::resolve::FnRef;
use super::summaries::{EVENT_KEYS, texts_of};
use crate::facts::{Call, Enclosing, Expr, ExprKind, Guard, Literal};
use crate::source::Span;

/// Further names of what tells messages apart, outside of payloads.
const MESSAGE_KEYS: &[&str] = &[
    "subject",
    "routing_key",
    "routingKey",
    "message_type",
    "messageType",
    "detail_type",
    "eventname",
    "event_key",
    "eventKey",
    "channel",
    "queue",
];

/// What stands between a message and the name of its event: the parts of envelopes and transports.
const ENVELOPE_STEPS: &[&str] = &[
    "Records",
    "records",
    "body",
    "Body",
    "Sns",
    "Message",
    "message",
    "value",
    "data",
    "detail",
    "payload",
    "event",
    "attributes",
    "headers",
    "properties",
    "fields",
    "meta",
    "metadata",
    "envelope",
];

/// Events that one handler tells apart; past it it is a table of something else.
const MAX_EVENTS: usize = 64;

/// A way of reading a handler: everything, or what is read under one event alone.
#[derive(Default)]
pub struct Sorting<'s> {
    /// Only what this event brings, and what every event does.
    pub only: Option<&'s str>,
    /// Without what stands in these places.
    pub without: &'s [Place],
    /// The events that were told apart on the way.
    seen: RefCell<BTreeSet<String>>,
}

impl<'s> Sorting<'s> {
    pub fn only(event: &'s str) -> Self {
        Sorting { only: Some(event), ..Sorting::default() }
    }

    pub fn without(places: &'s [Place]) -> Self {
        Sorting { without: places, ..Sorting::default() }
    }

    /// The events that were told apart, where there are some and not too many.
    pub fn events(&self) -> Vec<String> {
        let seen = self.seen.borrow();
        if seen.len() > MAX_EVENTS { Vec::new() } else { seen.iter().cloned().collect() }
    }

    /// Whether what stands at a place takes part.
    pub fn admits<'a>(&self, eval: &Eval<'a>, function: FnRef, span: Span, root: Root, prefix: &[PathStep]) -> bool {
        let events = events_at(eval, function, span, &|subject| names_event(eval, function, subject, root, prefix));
        if events.is_empty() {
            return true;
        }
        let admitted = self.only.is_none_or(|only| events.iter().any(|event| event == only));
        self.seen.borrow_mut().extend(events);
        admitted
    }
}

/// The event names that the code around a place has compared a name with.
fn events_at<'a>(eval: &Eval<'a>, function: FnRef, span: Span, is_name: &dyn Fn(&'a Expr) -> bool) -> Vec<String> {
    let owner = eval.program.function(function);
    // Reads have no surroundings of their own. A call around one has; a call behind it tells as well, where the comparison was
    // made before.
    let inside = owner.calls.iter().filter(|call| call.span.contains(span)).min_by_key(|call| call.span.end - call.span.start);
    if let Some(call) = inside {
        return guards(eval, function, call, is_name, u32::MAX);
    }
    owner
        .calls
        .iter()
        .filter(|call| call.span.start >= span.start)
        .min_by_key(|call| call.span.start)
        .map(|call| guards(eval, function, call, is_name, span.start))
        .unwrap_or_default()
}

/// The constants of the innermost comparison around a call that was made before `limit`.
fn guards<'a>(eval: &Eval<'a>, function: FnRef, call: &'a Call, is_name: &dyn Fn(&'a Expr) -> bool, limit: u32) -> Vec<String> {
    let branches = call.surroundings.enclosing.iter().rev().filter_map(|enclosing| match enclosing {
        Enclosing::Branch(guard) => Some(guard),
        Enclosing::Loop(_) | Enclosing::Try(_) | Enclosing::Catch(_) | Enclosing::Block(_) => None,
    });
    for guard in branches.chain(&call.surroundings.early_returns) {
        let found = constants(eval, function, guard, is_name);
        if guard.span.end <= limit && !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

fn constants<'a>(eval: &Eval<'a>, function: FnRef, guard: &'a Guard, is_name: &dyn Fn(&'a Expr) -> bool) -> Vec<String> {
    if guard.negated || guard.values.is_empty() || !guard.subject.as_ref().is_some_and(is_name) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for value in &guard.values {
        let texts = texts_of(&eval.term(function, value, guard.span.end));
        // A value that is no constant lets anything pass.
        if texts.is_empty() {
            return Vec::new();
        }
        found.extend(texts.into_iter().filter(|text| is_event_like(text)));
    }
    found
}

fn is_event_like(text: &str) -> bool {
    !text.is_empty() && text.len() <= 200 && !text.contains(char::is_whitespace) && text.chars().any(char::is_alphabetic)
}

fn is_key(name: &str) -> bool {
    EVENT_KEYS.contains(&name) || MESSAGE_KEYS.contains(&name)
}

/// Whether an expression is the name of the event of the message at `root`.
fn names_event<'a>(eval: &Eval<'a>, function: FnRef, subject: &'a Expr, root: Root, prefix: &[PathStep]) -> bool {
    let subject = unwrapped(eval, function, subject, 0);
    let Some((from, steps)) = trace(eval, function, subject, 0) else { return false };
    let same_handler = match (from, root) {
        (Root::Param(a, x), Root::Param(b, y)) if a == b => {
            // A parameter beside the payload: `(topic, payload)`.
            if x != y && steps.is_empty() {
                let name = &eval.program.function(a).locals[x as usize].name;
                return is_key(name);
            }
            true
        }
        (Root::Call(a), Root::Call(b)) => a == b,
        (Root::Param(..) | Root::Call(_), _) => false,
    };
    let Some((PathStep::Key(last), above)) = steps.split_last() else { return false };
    let between = |step: &PathStep| match step {
        PathStep::Key(name) => ENVELOPE_STEPS.contains(&name.as_str()) || prefix.contains(step),
        PathStep::Each | PathStep::Position(_) => true,
        PathStep::Argument(_, _) => false,
    };
    same_handler && is_key(last) && above.iter().all(between)
}

/// The value that a call such as `.as_str()` or `String(x)` is made on.
fn unwrapped<'a>(eval: &Eval<'a>, function: FnRef, expr: &'a Expr, depth: u32) -> &'a Expr {
    const SAME: &[&str] =
        &["as_str", "as_deref", "as_ref", "toString", "to_string", "lower", "toLowerCase", "decode", "get", "unwrap_or_default"];
    if depth > 4 {
        return expr;
    }
    let ExprKind::Call(id) = &expr.kind else { return expr };
    let Some(call) = eval.program.function(function).calls.get(id.0 as usize) else { return expr };
    match &call.callee.kind {
        ExprKind::Member(base, name) if SAME.contains(&name.as_str()) && name != "get" => {
            unwrapped(eval, function, base, depth + 1)
        }
        _ => expr,
    }
}

/// The events that code compares the name with in a value that it has decoded: `match envelope.detail_type { "a" => … }`.
pub fn of_decoded<'a>(eval: &Eval<'a>, function: FnRef, decoded: Span) -> Vec<String> {
    let owner = eval.program.function(function);
    let Some(local) =
        owner.locals.iter().position(|local| local.value.as_ref().is_some_and(|value| value.span.contains(decoded)))
    else {
        return Vec::new();
    };
    let mut found: BTreeSet<String> = BTreeSet::new();
    for call in &owner.calls {
        for enclosing in &call.surroundings.enclosing {
            let Enclosing::Branch(guard) = enclosing else { continue };
            let is_name = |subject: &'a Expr| of_local(unwrapped(eval, function, subject, 0), local as u32);
            found.extend(constants(eval, function, guard, &is_name));
        }
    }
    if found.len() > MAX_EVENTS { Vec::new() } else { found.into_iter().collect() }
}

/// Whether an expression is a field of a local that is called like an event's name.
fn of_local(expr: &Expr, local: u32) -> bool {
    let (base, name) = match &expr.kind {
        ExprKind::Member(base, name) => (base, name.as_str()),
        ExprKind::Index(base, index) => match &index.kind {
            ExprKind::Literal(Literal::Text(name)) => (base, name.as_str()),
            _ => return false,
        },
        _ => return false,
    };
    is_key(name) && matches!(&base.kind, ExprKind::Local(id) if id.0 == local)
}
