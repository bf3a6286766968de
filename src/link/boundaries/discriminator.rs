//! What the form of a payload tells: whether it is one at all, and which event each of its branches is.

use std::sync::Arc;

use crate::link::naming::{EVENT_KEYS, is_sort};
use crate::link::payload;
use crate::shape::{Shape, ShapeKind};

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

/// The part of a discriminated union that carries this event name; the whole shape where it does not tell.
pub(super) fn narrowed(shape: &Arc<Shape>, event: &str) -> Arc<Shape> {
    by_discriminator(shape).into_iter().find(|(name, _)| name == event).map_or_else(|| Arc::clone(shape), |(_, shape)| shape)
}

/// The branches of a union that each carry one constant event name.
pub(super) fn by_discriminator(shape: &Arc<Shape>) -> Vec<(String, Arc<Shape>)> {
    let name_of = |branch: &Shape| {
        let mut has_better = false;
        EVENT_KEYS.iter().find_map(|key| {
            let name = payload::constant_field(branch, key).filter(|name| !(has_better && is_sort(name)));
            has_better |= branch.as_object().is_some_and(|object| object.field(key).is_some());
            name
        })
    };
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
