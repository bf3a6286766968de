//! Handlers that take many events and tell them apart: which comparison of an event's name a place in the code stands under.
//!
//! A comparison counts where its subject is a name that travels with the message: a field of the payload or of an envelope around
//! it that is called like an event's name, or a parameter beside it. `user.name === "root"` is none of these.
//!
//! A table of functions that is asked for such a name and called with the message is the same in another form: what stands in each
//! function is about the events under whose names the table has it.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::callee;
use super::eval::Eval;
use super::idioms::selector::Step as PathStep;
use super::naming::{EVENT_KEYS, is_file_or_media_type, texts_of};
use super::reads::{Place, Root, steps_from, trace};
use super::resolve::FnRef;
use super::term::{Entry, Kind, Term};
use crate::facts::{Call, Enclosing, Expr, ExprKind, FnId, Guard, Literal, LocalKind, Name, ValueMember};
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
pub(crate) const ENVELOPE_STEPS: &[&str] = &[
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

/// How far a function that is taken out of a table is followed back to where it was taken out.
const MAX_LOOKUPS: u32 = 4;

/// A way of reading a handler: everything, or what is read under one event alone.
#[derive(Default)]
pub struct Sorting<'s> {
    /// Only what this event brings, and what every event does.
    pub only: Option<&'s str>,
    /// Without what stands in these places.
    pub without: &'s [Place],
    /// The events that were told apart on the way.
    seen: RefCell<BTreeSet<Name>>,
}

impl<'s> Sorting<'s> {
    pub fn only(event: &'s str) -> Self {
        Sorting { only: Some(event), ..Sorting::default() }
    }

    pub fn without(places: &'s [Place]) -> Self {
        Sorting { without: places, ..Sorting::default() }
    }

    /// The events that were told apart, where there are some and not too many.
    pub fn events(&self) -> Vec<Name> {
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
fn events_at<'a>(eval: &Eval<'a>, function: FnRef, span: Span, is_name: &dyn Fn(&'a Expr) -> bool) -> Vec<Name> {
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
fn guards<'a>(eval: &Eval<'a>, function: FnRef, call: &'a Call, is_name: &dyn Fn(&'a Expr) -> bool, limit: u32) -> Vec<Name> {
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

fn constants<'a>(eval: &Eval<'a>, function: FnRef, guard: &'a Guard, is_name: &dyn Fn(&'a Expr) -> bool) -> Vec<Name> {
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

/// Whether a text that is compared with may name an event: a code, a sentence, a file or a media type is no name.
pub(super) fn is_event_like(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 200
        && !text.contains(char::is_whitespace)
        && text.chars().any(char::is_alphabetic)
        && !is_file_or_media_type(text)
}

fn is_key(name: &str) -> bool {
    EVENT_KEYS.contains(&name) || MESSAGE_KEYS.contains(&name)
}

/// Whether an expression is the name of the event of the message at `root`.
fn names_event<'a>(eval: &Eval<'a>, function: FnRef, subject: &'a Expr, root: Root, prefix: &[PathStep]) -> bool {
    if is_event_header(eval, function, subject, 0) {
        return true;
    }
    let subject = unwrapped(eval, function, subject, 0);
    let Some((mut from, mut steps)) = trace(eval, function, subject, 0) else { return false };
    // A member of what was decoded from the payload is a member of the payload.
    if from != root
        && let Some(inner) = steps_from(eval, function, subject, root)
    {
        (from, steps) = (root, inner);
    }
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
pub fn of_decoded<'a>(eval: &Eval<'a>, function: FnRef, decoded: Span) -> Vec<Name> {
    let owner = eval.program.function(function);
    let Some(local) =
        owner.locals.iter().position(|local| local.value.as_ref().is_some_and(|value| value.span.contains(decoded)))
    else {
        return Vec::new();
    };
    let mut found: BTreeSet<Name> = BTreeSet::new();
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

/// A call of whatever function a table has under a key.
pub struct Chosen<'a> {
    pub key: &'a Expr,
    /// The functions by the key that they stand under.
    pub handlers: Vec<(Name, FnRef)>,
}

impl<'a> Chosen<'a> {
    /// Whether the key tells events apart: the name of the event of the message at `root`, or what the source calls one.
    pub fn by_event(&self, eval: &Eval<'a>, function: FnRef, root: Root, prefix: &[PathStep]) -> bool {
        names_event(eval, function, self.key, root, prefix) || sounds_like_event(eval, function, self.key, 0)
    }
}

/// The functions of a table that a call runs one of: `HANDLERS[event["type"]](event)`, `handlers.get(kind)(event)`,
/// `handlers[name].handle(event)`, `getattr(self, f"on_{kind}")(event)`.
pub fn chosen<'a>(eval: &Eval<'a>, function: FnRef, call: &'a Call) -> Option<Chosen<'a>> {
    let (callee, method) = match &call.callee.kind {
        ExprKind::Member(base, method) if !matches!(base.kind, ExprKind::Name(_) | ExprKind::This) => {
            (&**base, Some(method.as_str()))
        }
        _ => (&call.callee, None),
    };
    let (table, key) = looked_up(eval, function, callee, 0)?;
    let (key, handlers) = match (&table.kind, method) {
        (ExprKind::This, None) => own_methods(eval, function, key, call.span.start)?,
        _ => (key, handlers_of(eval, function, table, method, call.span.start)),
    };
    (!handlers.is_empty() && handlers.len() <= MAX_EVENTS * 2).then_some(Chosen { key, handlers })
}

/// The functions of a table by their keys.
fn handlers_of<'a>(eval: &Eval<'a>, function: FnRef, table: &'a Expr, method: Option<&str>, at: u32) -> Vec<(Name, FnRef)> {
    let mut handlers: Vec<(Name, FnRef)> = Vec::new();
    // `self.handlers = {"paid": self.on_paid}`: a class's own table of its own methods.
    if let (ExprKind::Member(of, name), Some(class)) = (&table.kind, eval.own_class(function))
        && matches!(of.kind, ExprKind::This)
        && let Some((_, _, Some(value))) = eval.program.class(class).members.iter().find(|(member, _, _)| member == name)
        && let ExprKind::Object(members) = &value.kind
    {
        for member in members {
            if let ValueMember::Entry { key, value, .. } = member
                && let (ExprKind::Literal(Literal::Text(key)), ExprKind::Member(of, own)) = (&key.kind, &value.kind)
                && matches!(of.kind, ExprKind::This)
                && let Some(target) = callee::method_of(eval, class, own, 0)
            {
                handlers.push((key.clone(), target));
            }
        }
    }
    if handlers.is_empty()
        && let Kind::Object(entries) = &eval.term(function, table, at).bare().kind
    {
        for entry in entries {
            let Entry::Field { key, value, .. } = entry else { continue };
            handlers.extend(run_by(eval, value, method, 0).into_iter().map(|handler| (key.clone(), handler)));
        }
    }
    handlers
}

/// The methods of a class that are called by a name that is computed: from a table of names, or with the event's name in it.
fn own_methods<'a>(eval: &Eval<'a>, function: FnRef, name: &'a Expr, at: u32) -> Option<(&'a Expr, Vec<(Name, FnRef)>)> {
    let class = eval.own_class(function)?;
    if let Some((table, key)) = looked_up(eval, function, name, 0) {
        let table = eval.term(function, table, at);
        let Kind::Object(entries) = &table.bare().kind else { return None };
        let methods = entries.iter().filter_map(|entry| match entry {
            Entry::Field { key, value, .. } => Some((key.clone(), callee::method_of(eval, class, value.as_text()?, 0)?)),
            Entry::AnyKey { .. } | Entry::Spread { .. } => None,
        });
        return Some((key, methods.collect()));
    }
    let template = match &name.kind {
        ExprKind::Local(id) => eval.program.function(function).locals.get(id.0 as usize)?.value.as_ref()?,
        _ => name,
    };
    let ExprKind::Template(parts) = &template.kind else { return None };
    let (before, key, after) = match parts.as_slice() {
        [before, key] => (before, key, ""),
        [before, key, Expr { kind: ExprKind::Literal(Literal::Text(after)), .. }] => (before, key, after.as_str()),
        _ => return None,
    };
    let ExprKind::Literal(Literal::Text(before)) = &before.kind else { return None };
    // What is changed on the way (`.replace(".", "_")`) is not the event's own name.
    if !matches!(key.kind, ExprKind::Local(_) | ExprKind::Index(_, _) | ExprKind::Member(_, _)) || before.len() < 2 {
        return None;
    }
    let declared = eval.program.class(class);
    let methods = eval.program.files.unit(class.file).facts.functions.iter().enumerate().filter_map(|(id, method)| {
        let own = method.scope.split_last().is_some_and(|(last, outer)| *last == declared.name && outer == declared.scope);
        let event = method.name.strip_prefix(before.as_str())?.strip_suffix(after)?;
        let target = FnRef { file: class.file, id: FnId(u32::try_from(id).ok()?) };
        (own && method.is_method && !event.is_empty()).then(|| (event.into(), target))
    });
    Some((key, methods.collect()))
}

/// The table and the key that a value is looked up by.
fn looked_up<'a>(eval: &Eval<'a>, function: FnRef, expr: &'a Expr, depth: u32) -> Option<(&'a Expr, &'a Expr)> {
    if depth > MAX_LOOKUPS {
        return None;
    }
    let owner = eval.program.function(function);
    match &expr.kind {
        ExprKind::Index(table, key) if !matches!(key.kind, ExprKind::Literal(_)) => Some((table, key)),
        ExprKind::Local(id) => {
            let local = owner.locals.get(id.0 as usize).filter(|local| local.kind == LocalKind::Variable)?;
            looked_up(eval, function, local.value.as_ref()?, depth + 1)
        }
        ExprKind::OneOf(branches) => branches.iter().find_map(|branch| looked_up(eval, function, branch, depth + 1)),
        ExprKind::Await(inner) | ExprKind::Typed(inner, _) => looked_up(eval, function, inner, depth + 1),
        ExprKind::Call(id) => {
            let call = owner.calls.get(id.0 as usize)?;
            match (&call.callee.kind, call.args.first()) {
                (ExprKind::Member(table, name), Some(key))
                    if name == "get" && !matches!(key.value.kind, ExprKind::Literal(_)) =>
                {
                    Some((table, &key.value))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// The functions that a value of a table is, or the method of it that is called.
fn run_by<'a>(eval: &Eval<'a>, value: &Term<'a>, method: Option<&str>, depth: u32) -> Vec<FnRef> {
    if depth > MAX_LOOKUPS {
        return Vec::new();
    }
    match (&value.bare().kind, method) {
        (Kind::Function(target), None) => vec![*target],
        (Kind::OneOf(branches), _) => branches.iter().flat_map(|branch| run_by(eval, branch, method, depth + 1)).collect(),
        // A function that another wraps: `partial(on_paid, retry=True)`.
        (Kind::Built(built), None) => {
            let given = built.calls.iter().flat_map(|(_, args)| args);
            given.flat_map(|(_, value)| run_by(eval, value, None, depth + 1)).take(1).collect()
        }
        (Kind::Class(class), Some(method)) => {
            class.class.and_then(|class| callee::method_of(eval, class, method, 0)).into_iter().collect()
        }
        (Kind::Record(_) | Kind::OfType(_), Some(method)) => {
            callee::class_of(eval, value).and_then(|class| callee::method_of(eval, class, method, 0)).into_iter().collect()
        }
        (Kind::Object(_), Some(method)) => run_by(eval, &value.part(method), None, depth + 1),
        _ => Vec::new(),
    }
}

/// Whether a value is what a header of the request says of its event: `headers.get("X-GitHub-Event")`.
pub fn is_event_header(eval: &Eval<'_>, function: FnRef, expr: &Expr, depth: u32) -> bool {
    if depth > MAX_HEADER_STEPS {
        return false;
    }
    let go = |inner: &Expr| is_event_header(eval, function, inner, depth + 1);
    let names = |key: &Expr| matches!(&key.kind, ExprKind::Literal(Literal::Text(name)) if is_header_of_event(name));
    match &expr.kind {
        ExprKind::Local(id) => {
            let local = eval.program.function(function).locals.get(id.0 as usize);
            local.is_some_and(|local| local.kind == LocalKind::Variable && local.value.as_ref().is_some_and(go))
        }
        ExprKind::Index(_, key) => names(key),
        ExprKind::Member(_, key) if is_header_of_event(key) => true,
        ExprKind::Typed(inner, _) | ExprKind::Await(inner) | ExprKind::Tested(inner, true) => go(inner),
        ExprKind::OneOf(branches) => branches.first().is_some_and(go),
        ExprKind::Template(parts) => matches!(parts.as_slice(), [only] if go(only)),
        ExprKind::Call(id) => {
            let Some(call) = eval.program.function(function).calls.get(id.0 as usize) else { return false };
            let ExprKind::Member(base, _) = &call.callee.kind else { return false };
            match call.args.first() {
                Some(argument) => names(&argument.value),
                None => go(base),
            }
        }
        _ => false,
    }
}

/// How many methods and variables may stand between a header and its comparison.
const MAX_HEADER_STEPS: u32 = 8;

/// `X-GitHub-Event`, `X-Shopify-Topic`, `X-Event-Type`.
fn is_header_of_event(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mut words = name.split('-');
    words.next() == Some("x") && {
        let words: Vec<&str> = words.collect();
        words.last().is_some_and(|last| matches!(*last, "event" | "topic"))
            || matches!(words.as_slice(), [.., "event", "type" | "name" | "key"] | [.., "webhook", "type"])
    }
}

/// Whether the source calls a value like the name of an event: `event_type`, `headers["X-GitHub-Event"]`, `topic`.
fn sounds_like_event(eval: &Eval<'_>, function: FnRef, expr: &Expr, depth: u32) -> bool {
    let sounds = |name: &str| {
        let name = name.to_ascii_lowercase();
        let last = name.rsplit(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
        name.contains("event") || matches!(last, "topic" | "subject" | "routingkey") || is_key(&name) && name != "name"
    };
    if depth > MAX_LOOKUPS {
        return false;
    }
    let go = |inner: &Expr| sounds_like_event(eval, function, inner, depth + 1);
    match &expr.kind {
        ExprKind::Local(id) => eval
            .program
            .function(function)
            .locals
            .get(id.0 as usize)
            .is_some_and(|local| sounds(&local.name) || local.value.as_ref().is_some_and(go)),
        ExprKind::Member(_, name) => sounds(name),
        ExprKind::Index(_, key) => matches!(&key.kind, ExprKind::Literal(Literal::Text(name)) if sounds(name)),
        ExprKind::Typed(inner, _) | ExprKind::Await(inner) => go(inner),
        ExprKind::OneOf(branches) => branches.iter().any(go),
        ExprKind::Call(id) => {
            let Some(call) = eval.program.function(function).calls.get(id.0 as usize) else { return false };
            match &call.callee.kind {
                // `headers.get("X-GitHub-Event")`, `event_type.lower()`.
                ExprKind::Member(base, name) => match call.args.first().map(|argument| &argument.value.kind) {
                    Some(ExprKind::Literal(Literal::Text(key))) if matches!(name.as_str(), "get" | "header") => sounds(key),
                    Some(_) => false,
                    None => go(base),
                },
                _ => false,
            }
        }
        _ => false,
    }
}
