//! Whether callers can tell more of a payload than the function that puts it together says itself.
//!
//! A publish whose transport's name is known and whose payload is an object put together from parameters is understood where it
//! stands: going on to the callers would give each of them the same payload, and the place of the publish to none. An envelope is
//! not: what it carries is told by who calls, unless a type states it.

use super::naming::{can_be_name, is_inside_param, texts_of};
use super::payload;
use super::resolve::FnRef;
use super::term::{Entry, Kind, Term};
use super::types::{Side, Types};
use crate::shape::{Rest, Shape, ShapeKind};

/// How many parts of a payload that depend on callers are looked at; a payload of more is left to its callers.
const MAX_PARTS: usize = 128;

/// How deep a stated type is searched for something that it leaves open.
const MAX_DEPTH: u32 = 6;

/// The keys under which an envelope has its payload.
const CARRIERS: &[&str] =
    &["payload", "data", "body", "message", "input", "params", "event", "detail", "properties", "value", "content", "record"];

/// Whether this payload is put together where it stands, and the types of what it carries of its callers' are stated.
pub fn is_stated<'a>(types: &Types<'_, 'a>, payload: &Term<'a>) -> bool {
    let bare = item_of(payload);
    if !matches!(bare.kind, Kind::Object(_) | Kind::Record(_)) || !is_typed(bare, 0) {
        return false;
    }
    let mut parts = Vec::new();
    open_parts(bare, &mut parts, 0);
    parts.len() <= MAX_PARTS && parts.iter().all(|part| is_known(&payload::shape_of(types, part, Side::Write).shape, 0))
}

/// The parts that callers may give a form: what is spread into it, and what it carries.
fn open_parts<'t, 'a>(term: &'t Term<'a>, found: &mut Vec<&'t Term<'a>>, depth: u32) {
    if found.len() > MAX_PARTS || depth > MAX_DEPTH * 2 || !term.is_open() {
        return;
    }
    let mut go = |part: &'t Term<'a>| open_parts(part, found, depth + 1);
    let carries = |key: &str, value: &Term<'a>| {
        CARRIERS.contains(&key)
            || matches!(value.bare().kind, Kind::Object(_) | Kind::Record(_) | Kind::Array(_) | Kind::ListOf(_))
    };
    match &term.kind {
        Kind::Object(entries) => entries.iter().for_each(|entry| match entry {
            Entry::Field { key, value, .. } if carries(key, value) => go(value),
            Entry::Field { .. } => {}
            Entry::AnyKey { value } | Entry::Spread { value, .. } => go(value),
        }),
        Kind::Record(record) => {
            let carried = record.fields.iter().filter(|(key, value)| carries(key, value)).map(|(_, value)| value);
            carried.chain(&record.base).for_each(go);
        }
        Kind::Array(items) | Kind::OneOf(items) => items.iter().for_each(go),
        Kind::ListOf(inner) | Kind::MapOf(inner) | Kind::Tested(inner, _) => go(inner),
        // Whatever goes into a text, it is a text.
        Kind::Template(_) | Kind::Encoded(_) => {}
        _ => found.push(term),
    }
}

/// The parameters of a function that a payload of its own consists of, is spread from or carries, and of which nothing is stated: what
/// they are given is what is sent.
pub fn left_open<'a>(types: &Types<'_, 'a>, payload: &Term<'a>, home: FnRef) -> Vec<u32> {
    let mut parts = Vec::new();
    open_parts(item_of(payload), &mut parts, 0);
    let index = |part: &Term<'a>| match &part.bare().kind {
        Kind::Param { function, index, .. } if *function == home => Some(*index),
        _ => None,
    };
    let unstated = |part: &&Term<'a>| payload::shape_of(types, part, Side::Write).shape.is_unknown();
    parts.into_iter().filter(unstated).filter_map(index).collect()
}

/// Whether nothing of a stated type is left open; what a type says of itself again is looked at once.
fn is_known(shape: &Shape, depth: u32) -> bool {
    match &shape.kind {
        ShapeKind::Unknown(_) => false,
        ShapeKind::Object(object) => {
            let closed = match &object.rest {
                Rest::Open { values, .. } => !values.is_unknown(),
                Rest::Silent | Rest::Closed => true,
            };
            closed && (depth >= MAX_DEPTH || object.fields.iter().all(|field| is_known(&field.shape, depth + 1)))
        }
        ShapeKind::Array(array) => {
            array.items.as_ref().is_some_and(|items| is_known(items, depth + 1)) || !array.prefix.is_empty()
        }
        ShapeKind::Union(branches) | ShapeKind::Intersection(branches) => {
            branches.iter().all(|branch| is_known(branch, depth + 1))
        }
        _ => true,
    }
}

/// A choice between readings of one argument (`args[0].event`, `args[0]`), without those that what was given rules out: a text has
/// no members, and what was not given is nothing.
pub fn decided(term: Term<'_>) -> Term<'_> {
    let Kind::OneOf(branches) = term.kind else { return term };
    let site = term.site;
    let mut kept: Vec<Term<'_>> = branches.iter().filter(|branch| !is_void(branch)).cloned().collect();
    match kept.len() {
        0 => Term::new(Kind::OneOf(branches), site),
        1 => kept.remove(0),
        // A reading that gave a text is the one that was meant; the others lead into what callers hand over beside it, or are the
        // whole that the text stands in.
        _ if !texts_of(&kept[0]).is_empty() && kept[1..].iter().all(|other| is_inside_param(other) || !can_be_name(other)) => {
            kept.remove(0)
        }
        _ => Term::new(Kind::OneOf(kept), site),
    }
}

fn is_void(term: &Term<'_>) -> bool {
    match &term.kind {
        Kind::Absent => true,
        Kind::Member(inner, _) => {
            matches!(inner.bare().kind, Kind::Literal(_) | Kind::Template(_) | Kind::Function(_) | Kind::Array(_))
                || is_void(inner)
        }
        Kind::Element(inner) => {
            matches!(inner.bare().kind, Kind::Literal(_) | Kind::Function(_) | Kind::Object(_) | Kind::Record(_))
                || is_void(inner)
        }
        Kind::OneOf(branches) => branches.iter().all(is_void),
        _ => false,
    }
}

/// Whether values of this kind number things and name nothing.
pub fn is_number<'a>(types: &Types<'_, 'a>, term: &Term<'a>) -> bool {
    let shape = payload::shape_of(types, term, Side::Write).shape;
    matches!(shape.kind, ShapeKind::Integer(_) | ShapeKind::Number(_) | ShapeKind::Boolean)
}

/// Whether a parameter with a declared type goes into a value.
fn is_typed(term: &Term<'_>, depth: u32) -> bool {
    if depth > MAX_DEPTH * 2 {
        return false;
    }
    let go = |part: &Term<'_>| is_typed(part, depth + 1);
    match &term.kind {
        Kind::Param { declared, .. } => declared.is_some(),
        Kind::Typed(_, _) => true,
        Kind::Member(inner, _)
        | Kind::Element(inner)
        | Kind::ListOf(inner)
        | Kind::MapOf(inner)
        | Kind::Tested(inner, _)
        | Kind::Encoded(inner) => go(inner),
        Kind::Array(items) | Kind::OneOf(items) | Kind::Template(items) => items.iter().any(go),
        Kind::Object(entries) => entries.iter().any(|entry| match entry {
            Entry::Field { value, .. } | Entry::AnyKey { value } | Entry::Spread { value, .. } => go(value),
        }),
        Kind::Record(record) => record.fields.iter().any(|(_, value)| go(value)),
        _ => false,
    }
}

/// The value itself, where it is an element of a list that is put together by a callback.
fn item_of<'t, 'a>(term: &'t Term<'a>) -> &'t Term<'a> {
    match &term.bare().kind {
        Kind::Element(list) => match &list.bare().kind {
            Kind::ListOf(item) => item_of(item),
            Kind::Array(items) if items.len() == 1 => item_of(&items[0]),
            _ => term.bare(),
        },
        _ => term.bare(),
    }
}
