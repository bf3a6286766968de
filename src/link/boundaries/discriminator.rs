//! What the form of a payload tells: whether it is one at all, and which event each of its branches is.

use std::sync::Arc;

use serde_json::Value;

use crate::link::naming::{EVENT_KEYS, is_sort};
use crate::link::payload;
use crate::shape::{Shape, ShapeKind, admits};

pub(super) fn is_scalar(shape: &Shape) -> bool {
    match &shape.kind {
        ShapeKind::Const(value) => !value.is_object() && !value.is_array(),
        ShapeKind::String(_) | ShapeKind::Integer(_) | ShapeKind::Number(_) | ShapeKind::Boolean | ShapeKind::Null => true,
        _ => false,
    }
}

pub(super) fn is_payload(shape: &Shape) -> bool {
    match &shape.kind {
        ShapeKind::Object(object) => !object.fields.is_empty(),
        ShapeKind::Union(branches) => branches.iter().any(|branch| is_payload(branch)),
        ShapeKind::Array(array) => array.items.as_ref().is_some_and(|items| is_payload(items)),
        _ => false,
    }
}

/// The part of a discriminated union that carries this event name, and what is left of an object of which the name is one of several;
/// the whole shape where it does not tell.
pub(super) fn narrowed(shape: &Arc<Shape>, event: &str) -> Arc<Shape> {
    let branches = match &shape.kind {
        ShapeKind::Union(branches) => branches.as_slice(),
        _ => std::slice::from_ref(shape),
    };
    let told: Option<Vec<Option<Arc<Shape>>>> = branches.iter().map(|branch| part(branch, event)).collect();
    let mut parts: Vec<Arc<Shape>> = Vec::new();
    for part in told.into_iter().flatten().flatten() {
        if !parts.iter().any(|known| is_within(&part, known)) {
            parts.retain(|known| !is_within(known, &part));
            parts.push(part);
        }
    }
    if parts.is_empty() { Arc::clone(shape) } else { Shape::union(parts, shape.origin.clone()) }
}

/// Whether a form says nothing that another does not: the same fields, some of them with a value that the other's may have.
fn is_within(one: &Shape, other: &Shape) -> bool {
    let (Some(own), Some(theirs)) = (one.as_object(), other.as_object()) else { return one.same_values(other) };
    own.rest == theirs.rest
        && own.fields.len() == theirs.fields.len()
        && own.fields.iter().all(|field| {
            theirs.field(&field.name).is_some_and(|known| {
                let is_value = matches!(&field.shape.kind, ShapeKind::Const(value) if admits(&known.shape.kind, value));
                known.presence == field.presence && (is_value || known.shape.same_values(&field.shape))
            })
        })
}

/// What is left of one form for an event: `Some(None)` where it carries another name, `None` where it carries none.
fn part(branch: &Arc<Shape>, event: &str) -> Option<Option<Arc<Shape>>> {
    if let Some(name) = name_of(branch) {
        return Some((name == event).then(|| Arc::clone(branch)));
    }
    let object = branch.as_object()?;
    let (at, chosen) = EVENT_KEYS.iter().find_map(|key| {
        let at = object.fields.iter().position(|field| field.name == *key)?;
        let ShapeKind::Union(values) = &object.fields[at].shape.kind else { return None };
        let is_text = |value: &Arc<Shape>| matches!(&value.kind, ShapeKind::Const(Value::String(_)));
        let chosen = values.iter().find(|value| matches!(&value.kind, ShapeKind::Const(Value::String(text)) if text == event));
        values.iter().all(is_text).then_some((at, chosen?))
    })?;
    let mut object = object.clone();
    object.fields[at].shape = Arc::clone(chosen);
    Some(Some(Arc::new(Shape { kind: ShapeKind::Object(object), ..(**branch).clone() })))
}

/// The constant name that a form carries.
fn name_of(branch: &Shape) -> Option<String> {
    let mut has_better = false;
    EVENT_KEYS.iter().find_map(|key| {
        let name = payload::constant_field(branch, key).filter(|name| !(has_better && is_sort(name)));
        has_better |= branch.as_object().is_some_and(|object| object.field(key).is_some());
        name.map(String::from)
    })
}

/// The branches of a union that each carry one constant event name.
pub(super) fn by_discriminator(shape: &Arc<Shape>) -> Vec<(String, Arc<Shape>)> {
    match &shape.kind {
        ShapeKind::Object(_) => name_of(shape).map(|name| vec![(name, Arc::clone(shape))]).unwrap_or_default(),
        ShapeKind::Union(branches) => {
            let mut named = Vec::with_capacity(branches.len());
            for branch in branches {
                match name_of(branch) {
                    Some(name) => named.push((name, Arc::clone(branch))),
                    None => return Vec::new(),
                }
            }
            named
        }
        _ => Vec::new(),
    }
}
