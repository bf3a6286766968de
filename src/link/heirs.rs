//! Events whose name their class tells: `publish(event: DomainEvent)` with `topic: event.type` sends one event for each class below
//! `DomainEvent`, under the name and with the fields of that class.

use super::callee;
use super::eval::Eval;
use super::naming::{EVENT_KEYS, patterns_of, texts_of};
use super::payload;
use super::resolve::DeclId;
use super::summaries::Emission;
use super::term::{CLASS_NAME, Kind, Term};
use super::types::{Side, Types};
use crate::facts::{Literal, Role};
use crate::shape::ShapeKind;

/// How deep inside a name the class is looked for that it asks.
const MAX_DEPTH: u32 = 6;

/// A name that an emission may go by, and the base whose classes tell it.
struct Asked<'a> {
    name: Term<'a>,
    place: Place,
    base: DeclId,
}

/// Where an emission has a name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Event,
    Payload,
    Channel,
}

/// The names of an emission that ask a class, in the order in which they are trusted. None where its name is known.
fn names_asked<'a>(eval: &Eval<'a>, emission: &Emission<'a>) -> Vec<Asked<'a>> {
    let is_known = |name: &Term<'a>| !texts_of(name).is_empty();
    let mut found = Vec::new();
    if emission.role != Role::Producer || emission.event.as_ref().is_some_and(is_known) {
        return found;
    }
    let mut note = |name: &Term<'a>, place: Place| {
        if let Some(base) = asked(eval, name, 0) {
            found.push(Asked { name: name.clone(), place, base });
        }
    };
    if let Some(event) = emission.event.as_ref().filter(|_| !emission.event_in_payload) {
        note(event, Place::Event);
    }
    if let Some(payload) = emission.payload.as_ref().map(Term::bare).filter(|payload| matches!(payload.kind, Kind::Object(_))) {
        for key in EVENT_KEYS {
            note(&payload.part(key), Place::Payload);
        }
    }
    if let Some(channel) = emission.channel.as_ref().filter(|channel| !is_known(channel)) {
        note(channel, Place::Channel);
    }
    found
}

/// The class whose value a name asks for its own name.
fn asked<'a>(eval: &Eval<'a>, name: &Term<'a>, depth: u32) -> Option<DeclId> {
    if depth > MAX_DEPTH {
        return None;
    }
    match &name.kind {
        Kind::Member(value, _) => match &value.bare().kind {
            Kind::Record(_) => callee::class_of(eval, value.bare()),
            _ => eval.stated_class(value),
        },
        Kind::OnClass(on) => eval.stated_class(&on.class),
        Kind::Typed(inner, _) | Kind::Encoded(inner) | Kind::Tested(inner, true) => asked(eval, inner, depth + 1),
        Kind::Template(parts) | Kind::OneOf(parts) => parts.iter().find_map(|part| asked(eval, part, depth + 1)),
        _ => None,
    }
}

/// Whether the classes below the one that an emission is declared with give it names.
pub fn is_told_by_class<'a>(eval: &Eval<'a>, types: &Types<'_, 'a>, emission: &Emission<'a>) -> bool {
    !by_class(eval, types, emission).is_empty()
}

/// Whether an emission whose classes have names for it says which class it is of, or has its name otherwise.
pub fn is_told<'a>(eval: &Eval<'a>, types: &Types<'_, 'a>, emission: &Emission<'a>) -> bool {
    let name = emission.event.as_ref().or(emission.channel.as_ref());
    name.is_some_and(|name| told_name(types, name).is_some()) || by_class(eval, types, emission).len() == 1
}

/// The emissions that one stands for whose name depends on the class of what is sent: one for each class that gives it a name. The
/// emission itself where no class does.
pub fn told_apart<'a>(eval: &Eval<'a>, types: &Types<'_, 'a>, emission: Emission<'a>) -> Vec<Emission<'a>> {
    match by_class(eval, types, &emission) {
        each if each.is_empty() => vec![emission],
        each => each,
    }
}

/// One emission for each class below the base that is asked for a name, where it gives one. What a base itself is called says
/// nothing where others stand for it.
fn by_class<'a>(eval: &Eval<'a>, types: &Types<'_, 'a>, emission: &Emission<'a>) -> Vec<Emission<'a>> {
    for asked in names_asked(eval, emission) {
        let mut named = emission.clone();
        match asked.place {
            Place::Event | Place::Channel => {}
            Place::Payload => {
                named.event = Some(asked.name.clone());
                named.event_in_payload = true;
            }
        }
        let told = |class: DeclId| {
            let mut one = of_class(eval, &named, asked.base, class);
            if asked.place == Place::Channel {
                (one.event, one.event_in_payload) = (None, false);
            }
            let name = if asked.place == Place::Channel { &mut one.channel } else { &mut one.event };
            *name = Some(told_name(types, name.as_ref()?)?);
            Some(one)
        };
        let each: Vec<Emission<'a>> = eval.heirs(asked.base).into_iter().filter_map(told).collect();
        if !each.is_empty() {
            return each;
        }
    }
    Vec::new()
}

/// A name as a text: a class may state it as the type of a member alone.
fn told_name<'a>(types: &Types<'_, 'a>, name: &Term<'a>) -> Option<Term<'a>> {
    if !patterns_of(name).is_empty() {
        return Some(name.clone());
    }
    match &payload::wire_shape(types, name, Side::Write).kind {
        ShapeKind::Const(serde_json::Value::String(text)) => {
            Some(Term::new(Kind::Literal(Literal::Text(text.clone().into())), name.site))
        }
        _ => None,
    }
}

/// An emission as it is when what is declared as `base` is of this class.
fn of_class<'a>(eval: &Eval<'a>, emission: &Emission<'a>, base: DeclId, class: DeclId) -> Emission<'a> {
    let is_base = |term: &Term<'a>| match &term.bare().kind {
        Kind::Record(_) => callee::class_of(eval, term.bare()) == Some(base),
        _ => eval.stated_class(term) == Some(base),
    };
    let replaced = |term: &Term<'a>| match &term.kind {
        Kind::OnClass(on) if on.method == CLASS_NAME && is_base(&on.class) => {
            Some(Term::new(Kind::Literal(Literal::Text(eval.program.class(class).name.clone())), term.site))
        }
        Kind::Member(value, name)
            if is_base(value)
                && let Some(constant) = eval.constant_of(class, name, term.site) =>
        {
            Some(constant)
        }
        Kind::Param { declared: Some(_), .. } | Kind::OfType(_) | Kind::Typed(..) | Kind::Element(_) | Kind::Member(..) => {
            if eval.stated_class(term) == Some(base) { eval.instance(class, term.site) } else { None }
        }
        _ => None,
    };
    let on_class = eval.on_class();
    let mut one = emission.clone();
    for part in [&mut one.event, &mut one.channel, &mut one.payload, &mut one.inner, &mut one.key, &mut one.idempotency_key] {
        *part = part.as_ref().map(|term| term.rewritten(&replaced, &|_| true, &on_class));
    }
    one
}
