//! The proof of one change's own place: a payload that the reader refuses and in which the change is what one would look at.

use std::sync::Arc;

use serde_json::{Value, json};

use super::PLACE_STEPS;
use crate::compare::changes::Change;
use crate::facts::Role;
use crate::finding::Witness;
use crate::prove::{self, Document, Options, Verdict};
use crate::shape::{Rest, Shape, ShapeKind};
use crate::source::Origin;

/// The last name of a path, or what the whole is called.
pub(super) fn leaf(path: &str) -> String {
    let name = path.rsplit('/').find(|part| *part != "*").filter(|part| !part.is_empty()).unwrap_or("payload");
    name.replace("~1", "/").replace("~0", "~")
}

/// Where the value at a path is declared.
pub(super) fn declared(shape: &Arc<Shape>, path: &str) -> Option<Origin> {
    let mut place = shape.origin.clone();
    let mut current = vec![Arc::clone(shape)];
    for token in path.split('/').skip(1) {
        let key = token.replace("~1", "/").replace("~0", "~");
        let mut next: Vec<Arc<Shape>> = Vec::new();
        let mut found = None;
        let mut pending = current;
        while let Some(shape) = pending.pop() {
            match &shape.kind {
                ShapeKind::Union(parts) | ShapeKind::Intersection(parts) => pending.extend(parts.iter().cloned()),
                ShapeKind::Object(object) => match (object.field(&key), &object.rest) {
                    (Some(field), _) => {
                        found = found.or_else(|| field.origin.clone());
                        next.push(Arc::clone(&field.shape));
                    }
                    (None, Rest::Open { values, .. }) => {
                        found = found.or_else(|| values.origin.clone());
                        next.push(Arc::clone(values));
                    }
                    (None, Rest::Silent | Rest::Closed) => {}
                },
                ShapeKind::Array(array) => {
                    let at = key.parse::<usize>().ok().and_then(|at| array.prefix.get(at)).or(array.items.as_ref());
                    if let Some(item) = at {
                        found = found.or_else(|| item.origin.clone());
                        next.push(Arc::clone(item));
                    }
                }
                _ => {}
            }
        }
        if next.is_empty() {
            return place;
        }
        place = found.or(place);
        current = next;
    }
    place
}

/// A payload that the writer may send and the reader refuses, with the change in it; `None` where none is proved to be there.
pub(super) fn witness(change: &Change, sent: &Document, reader: &Document, role: Role) -> Option<Witness> {
    let options = Options { steps: PLACE_STEPS };
    let places: Vec<(&str, Option<&str>)> = change.places().take(3).collect();
    places.into_iter().find_map(|(path, to)| {
        let demand = demand(change, path, to, role, sent)?;
        let narrowed = sent.narrowed(demand.0, demand.1)?;
        match prove::contains(reader, &narrowed, &options) {
            Verdict::Escapes(witness) => Some(witness),
            Verdict::Contained | Verdict::Unknown(_) => None,
        }
    })
}

/// What a payload has to be like for the change to show in it, as a schema of the writer's draft, and what that refers to.
fn demand(change: &Change, path: &str, to: Option<&str>, role: Role, sent: &Document) -> Option<(Value, Option<Value>)> {
    let parent = |path: &str| path.rsplit_once('/').map(|(parent, key)| (parent.to_owned(), plain(key)));
    let lacking = |path: &str| {
        let (above, key) = parent(path)?;
        Some((at(&above, json!({"type": "object", "not": {"required": [key]}}), sent), None))
    };
    let having = |path: &str| {
        let (above, key) = parent(path)?;
        Some((at(&above, json!({"type": "object", "required": [key]}), sent), None))
    };
    match (change.rule, role) {
        ("field-removed" | "field-renamed" | "field-moved" | "field-flattened" | "envelope-changed", Role::Producer) => {
            lacking(path)
        }
        // A reader that looks elsewhere: what it now demands is not there yet.
        ("field-renamed" | "field-moved" | "envelope-changed", Role::Consumer) => lacking(to?),
        ("field-flattened", Role::Consumer) => having(path),
        ("field-became-optional", _) | ("field-became-required" | "required-field-added", Role::Consumer) => lacking(path),
        ("field-added", _) => having(path),
        ("field-became-nullable" | "field-became-non-nullable", _) => Some((at(path, json!({"enum": [null]}), sent), None)),
        _ => {
            let (old, new) = (&change.fragments.0, &change.fragments.1);
            let accepted = match role {
                Role::Producer => old,
                Role::Consumer => new,
            };
            let mut accepted: Value = serde_json::from_str(accepted).ok().filter(Value::is_object)?;
            if let Value::Object(map) = &mut accepted {
                map.insert("$schema".to_owned(), json!(crate::shape::lower::DIALECT));
            }
            Some((at(path, json!({"not": {"$ref": prove::DEMAND_ADDRESS}}), sent), Some(accepted)))
        }
    }
}

fn plain(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

/// A schema that holds where some value at the path satisfies `inner`. It is written so that the writer's reading does not take
/// its keys for declared ones: as what is not refused.
fn at(path: &str, inner: Value, sent: &Document) -> Value {
    let tokens: Vec<&str> = path.split('/').skip(1).collect();
    let demand = tokens.into_iter().rev().fold(inner, |inner, token| {
        let some_item = json!({"type": "array", "not": {"items": {"not": inner.clone()}}});
        if token == "*" {
            return json!({"anyOf": [some_item, {"type": "object", "not": {"additionalProperties": {"not": inner}}}]});
        }
        let key = plain(token);
        let member = json!({"type": "object", "required": [key.clone()], "properties": {key.clone(): inner.clone()}});
        match key.parse::<usize>() {
            Ok(index) if index < 32 => {
                let mut first: Vec<Value> = vec![Value::Object(serde_json::Map::new()); index];
                first.push(inner);
                let keyword = if sent.draft().has_prefix_items() { "prefixItems" } else { "items" };
                json!({"anyOf": [member, {"type": "array", "minItems": index + 1, keyword: first}]})
            }
            _ => member,
        }
    });
    json!({"not": {"not": demand}})
}
