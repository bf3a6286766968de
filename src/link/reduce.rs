//! Operations on shapes: merging objects, picking fields, keys as values.
//!
//! Each takes resolved shapes and gives one. Where an operand is a hole or of a kind that the operation does not know, the result
//! is a hole with the reason: never a guess.

use std::sync::Arc;

use serde_json::Value;

use crate::facts::Name;
use crate::shape::{ArrayShape, Field, ObjectShape, Presence, Rest, Shape, ShapeKind, StringShape, admits};
use crate::source::Origin;

/// Branches that merging unions may give; past it the result is a hole.
const MAX_BRANCHES: usize = 256;

pub fn hole(reason: impl Into<String>) -> Arc<Shape> {
    Arc::new(Shape::unknown(reason, None))
}

fn rebuilt(old: &Shape, object: ObjectShape) -> Arc<Shape> {
    Arc::new(Shape { kind: ShapeKind::Object(object), origin: old.origin.clone(), name: None, text_of: None })
}

/// The fields of both; a field of `right` replaces one of the same name, unless it may be absent: then either may be there.
pub fn merge(left: &Arc<Shape>, right: &Arc<Shape>) -> Arc<Shape> {
    match (&left.kind, &right.kind) {
        (ShapeKind::Object(a), ShapeKind::Object(b)) => {
            let mut fields = a.fields.clone();
            for field in &b.fields {
                match fields.iter_mut().find(|known| known.name == field.name) {
                    Some(known) if field.presence == Presence::Optional && known.presence == Presence::Required => {
                        known.shape = Shape::union([Arc::clone(&field.shape), Arc::clone(&known.shape)], known.origin.clone());
                    }
                    Some(known) => *known = field.clone(),
                    None => fields.push(field.clone()),
                }
            }
            let rest = match (&a.rest, &b.rest) {
                (Rest::Silent, other) | (other, Rest::Silent) => other.clone(),
                (Rest::Closed, Rest::Closed) => Rest::Closed,
                (Rest::Open { .. }, open @ Rest::Open { .. }) => open.clone(),
                (Rest::Closed, open @ Rest::Open { .. }) | (open @ Rest::Open { .. }, Rest::Closed) => open.clone(),
            };
            rebuilt(left, ObjectShape { fields, rest, min_properties: None, max_properties: None })
        }
        (ShapeKind::Union(branches), _) if branches.len() <= MAX_BRANCHES => {
            Shape::union(branches.iter().map(|branch| merge(branch, right)).collect::<Vec<_>>(), left.origin.clone())
        }
        (_, ShapeKind::Union(branches)) if branches.len() <= MAX_BRANCHES => {
            Shape::union(branches.iter().map(|branch| merge(left, branch)).collect::<Vec<_>>(), left.origin.clone())
        }
        (ShapeKind::Object(a), ShapeKind::Unknown(_) | ShapeKind::Recursive(_)) => {
            let mut open = a.clone();
            open.rest = Rest::Open { keys: None, values: hole_of(right) };
            rebuilt(left, open)
        }
        (ShapeKind::Unknown(_) | ShapeKind::Recursive(_), ShapeKind::Object(b)) => {
            let mut open = b.clone();
            open.rest = Rest::Open { keys: None, values: hole_of(left) };
            rebuilt(right, open)
        }
        // A spread of nothing adds nothing.
        (_, ShapeKind::Null | ShapeKind::Never | ShapeKind::Const(Value::Null | Value::Bool(_))) => Arc::clone(left),
        (ShapeKind::Null | ShapeKind::Never | ShapeKind::Const(Value::Null), _) => Arc::clone(right),
        (_, _) => hole("a value that is not an object is merged into one"),
    }
}

fn hole_of(shape: &Shape) -> Arc<Shape> {
    match &shape.kind {
        ShapeKind::Unknown(reason) => hole(reason.clone()),
        _ => hole("keys that are not known"),
    }
}

/// All at once. Objects are merged; a scalar with an object is the scalar (a brand says nothing about the wire).
pub fn intersect(left: &Arc<Shape>, right: &Arc<Shape>) -> Arc<Shape> {
    match (&left.kind, &right.kind) {
        (ShapeKind::Object(_), ShapeKind::Object(_)) => {
            let (Some(a), Some(b)) = (left.as_object(), right.as_object()) else { return Arc::clone(left) };
            let mut fields = a.fields.clone();
            for field in &b.fields {
                match fields.iter_mut().find(|known| known.name == field.name) {
                    Some(known) => {
                        known.presence = known.presence.min(field.presence);
                        known.shape = intersect(&known.shape, &field.shape);
                    }
                    None => fields.push(field.clone()),
                }
            }
            let rest = match (&a.rest, &b.rest) {
                (Rest::Silent, other) | (other, Rest::Silent) => other.clone(),
                (Rest::Closed, _) | (_, Rest::Closed) => Rest::Closed,
                (open @ Rest::Open { .. }, Rest::Open { .. }) => open.clone(),
            };
            rebuilt(left, ObjectShape { fields, rest, min_properties: None, max_properties: None })
        }
        (ShapeKind::Unknown(_), ShapeKind::Object(_)) | (ShapeKind::Object(_), ShapeKind::Unknown(_)) => merge(left, right),
        (ShapeKind::Unknown(_), _) => Arc::clone(right),
        (_, ShapeKind::Unknown(_)) => Arc::clone(left),
        (ShapeKind::Union(branches), _) if branches.len() <= MAX_BRANCHES => {
            Shape::union(branches.iter().map(|branch| intersect(branch, right)).collect::<Vec<_>>(), left.origin.clone())
        }
        (_, ShapeKind::Union(branches)) if branches.len() <= MAX_BRANCHES => {
            Shape::union(branches.iter().map(|branch| intersect(left, branch)).collect::<Vec<_>>(), left.origin.clone())
        }
        (ShapeKind::Object(_), ShapeKind::Array(_) | ShapeKind::Recursive(_))
        | (ShapeKind::Array(_) | ShapeKind::Recursive(_), ShapeKind::Object(_)) => {
            Arc::new(Shape::new(ShapeKind::Intersection(vec![Arc::clone(left), Arc::clone(right)]), left.origin.clone()))
        }
        (ShapeKind::Object(_), _) => Arc::clone(right),
        (_, ShapeKind::Object(_)) => Arc::clone(left),
        (a, b) if a == b => Arc::clone(left),
        (ShapeKind::Const(value), other) | (other, ShapeKind::Const(value)) => {
            if admits(other, value) {
                Arc::new(Shape::new(ShapeKind::Const(value.clone()), left.origin.clone()))
            } else {
                Arc::new(Shape::new(ShapeKind::Never, left.origin.clone()))
            }
        }
        (ShapeKind::String(a), ShapeKind::String(b)) => {
            let mut both = a.clone();
            both.format = both.format.or_else(|| b.format.clone());
            both.patterns.extend(b.patterns.iter().cloned());
            both.min_length = both.min_length.max(b.min_length);
            both.max_length = match (both.max_length, b.max_length) {
                (Some(x), Some(y)) => Some(x.min(y)),
                (x, y) => x.or(y),
            };
            Arc::new(Shape::new(ShapeKind::String(both), left.origin.clone()))
        }
        (ShapeKind::Integer(_), ShapeKind::Number(_)) => Arc::clone(left),
        (ShapeKind::Number(_), ShapeKind::Integer(_)) => Arc::clone(right),
        (a, b) if std::mem::discriminant(a) != std::mem::discriminant(b) => {
            Arc::new(Shape::new(ShapeKind::Never, left.origin.clone()))
        }
        (_, _) => Arc::new(Shape::new(ShapeKind::Intersection(vec![Arc::clone(left), Arc::clone(right)]), left.origin.clone())),
    }
}

/// Applies a change to an object, or to each object of a union; anything else is a hole that names the operation.
pub fn on_objects(shape: &Arc<Shape>, operation: &str, change: &dyn Fn(&ObjectShape) -> ObjectShape) -> Arc<Shape> {
    match &shape.kind {
        ShapeKind::Object(object) => rebuilt(shape, change(object)),
        ShapeKind::Union(branches) => Shape::union(
            branches.iter().map(|branch| on_objects(branch, operation, change)).collect::<Vec<_>>(),
            shape.origin.clone(),
        ),
        ShapeKind::Unknown(reason) => hole(reason.clone()),
        ShapeKind::Null => Arc::clone(shape),
        ShapeKind::Never
        | ShapeKind::Boolean
        | ShapeKind::Integer(_)
        | ShapeKind::Number(_)
        | ShapeKind::String(_)
        | ShapeKind::Const(_)
        | ShapeKind::Array(_)
        | ShapeKind::Intersection(_)
        | ShapeKind::Recursive(_) => hole(format!("`{operation}` of something that is not a known object")),
    }
}

pub fn with_presence(shape: &Arc<Shape>, presence: Presence, operation: &str) -> Arc<Shape> {
    on_objects(shape, operation, &|object| {
        let mut changed = object.clone();
        for field in &mut changed.fields {
            field.presence = presence;
        }
        changed
    })
}

/// Keyed by the members' own names: a dump that does not go by alias.
pub fn member_names(shape: &Arc<Shape>) -> Arc<Shape> {
    on_objects(shape, "a dump by member names", &|object| {
        let mut changed = object.clone();
        for field in &mut changed.fields {
            if let Some(member) = field.source.take() {
                field.name = member;
                field.cause = None;
            }
            field.aliases.clear();
            field.shape = nested(&field.shape, &member_names);
        }
        changed
    })
}

/// Members that may be null are left out where they are, at every depth.
pub fn without_null(shape: &Arc<Shape>) -> Arc<Shape> {
    on_objects(shape, "a dump without nulls", &|object| {
        let mut changed = without_null_members(object);
        for field in &mut changed.fields {
            field.shape = nested(&field.shape, &without_null);
        }
        changed
    })
}

/// The same of the members of the value itself.
pub fn without_null_here(shape: &Arc<Shape>) -> Arc<Shape> {
    on_objects(shape, "a copy without nulls", &without_null_members)
}

fn without_null_members(object: &ObjectShape) -> ObjectShape {
    let mut changed = object.clone();
    for field in changed.fields.iter_mut().filter(|field| field.shape.admits_null() && !field.shape.is_unknown()) {
        field.presence = Presence::Optional;
        field.shape = non_nullable(&field.shape);
    }
    changed
}

/// Members that a reader does not have to be given, those with a default, may be left out. Where nothing says which they are, any may.
pub fn without_defaults(shape: &Arc<Shape>, read: &Arc<Shape>) -> Arc<Shape> {
    let member = |field: &Field| field.source.clone().unwrap_or_else(|| field.name.clone());
    let asked = read.as_object().into_iter().flat_map(|object| &object.fields);
    let demanded: Vec<String> = asked.filter(|field| field.presence == Presence::Required).map(member).collect();
    on_objects(shape, "a dump without defaults", &|object| {
        let mut changed = object.clone();
        for field in &mut changed.fields {
            if !demanded.contains(&member(field)) {
                field.presence = Presence::Optional;
            }
        }
        changed
    })
}

/// Carries an operation on to the objects inside a field: a dump is deep.
fn nested(shape: &Arc<Shape>, operation: &dyn Fn(&Arc<Shape>) -> Arc<Shape>) -> Arc<Shape> {
    match &shape.kind {
        ShapeKind::Object(_) => operation(shape),
        ShapeKind::Array(array) => {
            let mut changed = array.clone();
            changed.items = changed.items.map(|items| nested(&items, operation));
            for item in &mut changed.prefix {
                *item = nested(item, operation);
            }
            rebuilt_kind(shape, ShapeKind::Array(changed))
        }
        ShapeKind::Union(branches) => {
            Shape::union(branches.iter().map(|branch| nested(branch, operation)).collect::<Vec<_>>(), shape.origin.clone())
        }
        ShapeKind::Unknown(_)
        | ShapeKind::Never
        | ShapeKind::Null
        | ShapeKind::Boolean
        | ShapeKind::Integer(_)
        | ShapeKind::Number(_)
        | ShapeKind::String(_)
        | ShapeKind::Const(_)
        | ShapeKind::Intersection(_)
        | ShapeKind::Recursive(_) => Arc::clone(shape),
    }
}

fn rebuilt_kind(shape: &Arc<Shape>, kind: ShapeKind) -> Arc<Shape> {
    Arc::new(Shape { kind, origin: shape.origin.clone(), name: shape.name.clone(), text_of: shape.text_of.clone() })
}

pub fn deep_partial(shape: &Arc<Shape>, depth: u32) -> Arc<Shape> {
    if depth > 16 {
        return Arc::clone(shape);
    }
    match &shape.kind {
        ShapeKind::Object(object) => {
            let mut changed = object.clone();
            for field in &mut changed.fields {
                field.presence = Presence::Optional;
                field.shape = deep_partial(&field.shape, depth + 1);
            }
            rebuilt(shape, changed)
        }
        ShapeKind::Union(branches) => {
            Shape::union(branches.iter().map(|branch| deep_partial(branch, depth + 1)).collect::<Vec<_>>(), shape.origin.clone())
        }
        _ => Arc::clone(shape),
    }
}

/// The constant texts of a shape of keys; `None` where not all of them are known.
pub fn key_names(keys: &Shape) -> Option<Vec<Name>> {
    match &keys.kind {
        ShapeKind::Const(Value::String(name)) => Some(vec![name.clone().into()]),
        ShapeKind::Const(Value::Number(name)) => Some(vec![name.to_string().into()]),
        ShapeKind::Union(branches) => {
            let mut names = Vec::new();
            for branch in branches {
                names.extend(key_names(branch)?);
            }
            Some(names)
        }
        ShapeKind::Never => Some(Vec::new()),
        _ => None,
    }
}

pub fn pick(shape: &Arc<Shape>, keys: &Shape, keep: bool) -> Arc<Shape> {
    let operation = if keep { "Pick" } else { "Omit" };
    let Some(names) = key_names(keys) else {
        return hole(format!("`{operation}` with keys that are not constant"));
    };
    on_objects(shape, operation, &|object| {
        let mut changed = object.clone();
        changed.fields.retain(|field| names.iter().any(|name| *name == field.name) == keep);
        if keep {
            changed.rest = Rest::Silent;
        }
        changed
    })
}

fn constant_text(text: &str, origin: Option<Origin>) -> Arc<Shape> {
    Arc::new(Shape::new(ShapeKind::Const(Value::String(text.to_owned())), origin))
}

pub fn key_of(shape: &Arc<Shape>) -> Arc<Shape> {
    match &shape.kind {
        ShapeKind::Object(object) => {
            let mut keys: Vec<Arc<Shape>> =
                object.fields.iter().map(|field| constant_text(&field.name, field.origin.clone())).collect();
            if let Rest::Open { .. } = object.rest {
                keys.push(Arc::new(Shape::new(ShapeKind::String(StringShape::default()), None)));
            }
            Shape::union(keys, shape.origin.clone())
        }
        _ => hole("`keyof` of something that is not a known object"),
    }
}

pub fn value_of(shape: &Arc<Shape>) -> Arc<Shape> {
    match &shape.kind {
        ShapeKind::Object(object) => {
            let mut values: Vec<Arc<Shape>> = object.fields.iter().map(|field| Arc::clone(&field.shape)).collect();
            if let Rest::Open { values: rest, .. } = &object.rest {
                values.push(Arc::clone(rest));
            }
            Shape::union(values, shape.origin.clone())
        }
        ShapeKind::Array(array) => Shape::union(
            array.prefix.iter().cloned().chain(array.items.iter().cloned()).collect::<Vec<_>>(),
            shape.origin.clone(),
        ),
        _ => hole("the values of something that is not a known object"),
    }
}

/// What stands under a key or position; the second part says whether it may be absent.
pub fn index(shape: &Arc<Shape>, key: &Shape) -> (Arc<Shape>, bool) {
    if let ShapeKind::Unknown(reason) = &shape.kind {
        return (hole(reason.clone()), false);
    }
    let names = key_names(key);
    match (&shape.kind, &names) {
        (ShapeKind::Object(_), Some(names)) => {
            let mut parts = Vec::new();
            let mut absent = false;
            for name in names {
                let (part, missing) = member(shape, name);
                absent |= missing;
                parts.push(part);
            }
            (Shape::union(parts, shape.origin.clone()), absent)
        }
        (ShapeKind::Object(_), None) => (value_of(shape), false),
        (ShapeKind::Array(array), Some(names)) if names.len() == 1 => match names[0].parse::<usize>() {
            Ok(position) if position < array.prefix.len() => (Arc::clone(&array.prefix[position]), false),
            _ => (element(shape), false),
        },
        (ShapeKind::Array(_), _) => (element(shape), false),
        (ShapeKind::Union(branches), _) => {
            let mut absent = false;
            let parts: Vec<_> = branches
                .iter()
                .filter(|branch| !matches!(branch.kind, ShapeKind::Null))
                .map(|branch| {
                    let (part, missing) = index(branch, key);
                    absent |= missing;
                    part
                })
                .collect();
            (Shape::union(parts, shape.origin.clone()), absent)
        }
        (_, _) => (hole("an index into something that is not a known object or list"), false),
    }
}

/// The field `name` of an object or of the branches of a union that have it; the second part says whether it may be absent.
pub fn member(shape: &Arc<Shape>, name: &str) -> (Arc<Shape>, bool) {
    match &shape.kind {
        ShapeKind::Object(object) => match (
            object.field(name).or_else(|| object.fields.iter().find(|field| field.source.as_deref() == Some(name))),
            &object.rest,
        ) {
            (Some(field), _) => (Arc::clone(&field.shape), field.presence == Presence::Optional),
            // Of a key of which nothing is known, it is not known either whether it is there.
            (None, Rest::Open { values, .. }) => (Arc::clone(values), !values.is_unknown()),
            (None, Rest::Silent | Rest::Closed) => (hole(format!("`{name}` is not a field of the type")), false),
        },
        ShapeKind::Union(branches) => {
            let mut absent = false;
            let mut parts = Vec::new();
            for branch in branches.iter().filter(|branch| !matches!(branch.kind, ShapeKind::Null)) {
                let known = match &branch.kind {
                    ShapeKind::Object(object) => object.field(name).is_some() || matches!(object.rest, Rest::Open { .. }),
                    _ => true,
                };
                if known {
                    let (part, missing) = member(branch, name);
                    absent |= missing;
                    parts.push(part);
                } else {
                    absent = true;
                }
            }
            if parts.is_empty() {
                return (hole(format!("`{name}` is not a field of the type")), true);
            }
            (Shape::union(parts, shape.origin.clone()), absent)
        }
        ShapeKind::Unknown(reason) => (hole(reason.clone()), false),
        _ => (hole(format!("`{name}` of something that is not a known object")), false),
    }
}

pub fn element(shape: &Arc<Shape>) -> Arc<Shape> {
    match &shape.kind {
        ShapeKind::Array(ArrayShape { prefix, items, .. }) => {
            Shape::union(prefix.iter().cloned().chain(items.iter().cloned()).collect::<Vec<_>>(), shape.origin.clone())
        }
        ShapeKind::Object(ObjectShape { rest: Rest::Open { values, .. }, fields, .. }) if fields.is_empty() => Arc::clone(values),
        ShapeKind::Union(branches) => Shape::union(
            branches.iter().filter(|branch| !matches!(branch.kind, ShapeKind::Null)).map(element).collect::<Vec<_>>(),
            shape.origin.clone(),
        ),
        ShapeKind::Unknown(reason) => hole(reason.clone()),
        _ => hole("an element of something that is not a known list"),
    }
}

/// The branches of a union that are (or are not) among those of `other`, by constant value or structure.
pub fn filter_union(shape: &Arc<Shape>, other: &Arc<Shape>, keep: bool) -> Arc<Shape> {
    let branches: Vec<Arc<Shape>> = if shape.branches().is_empty() { vec![Arc::clone(shape)] } else { shape.branches().to_vec() };
    let others: Vec<Arc<Shape>> = if other.branches().is_empty() { vec![Arc::clone(other)] } else { other.branches().to_vec() };
    let extends = |branch: &Arc<Shape>| others.iter().any(|candidate| assignable(branch, candidate));
    Shape::union(branches.into_iter().filter(|branch| extends(branch) == keep).collect::<Vec<_>>(), shape.origin.clone())
}

/// Whether every value of `a` is clearly one of `b`: the "extends" of conditional types, as far as it is certain.
pub fn assignable(a: &Shape, b: &Shape) -> bool {
    match (&a.kind, &b.kind) {
        (ShapeKind::Const(value), kind) => admits(kind, value),
        (ShapeKind::Object(x), ShapeKind::Object(y)) => y.fields.iter().all(|wanted| {
            x.field(&wanted.name).map_or(wanted.presence == Presence::Optional, |given| assignable(&given.shape, &wanted.shape))
        }),
        (_, ShapeKind::Unknown(_)) => true,
        (ShapeKind::Union(branches), _) => branches.iter().all(|branch| assignable(branch, b)),
        (_, ShapeKind::Union(branches)) => branches.iter().any(|branch| assignable(a, branch)),
        (ShapeKind::Integer(_), ShapeKind::Number(_) | ShapeKind::Integer(_)) => true,
        (ShapeKind::String(_), ShapeKind::String(wanted)) => *wanted == StringShape::default() || a.same_values(b),
        _ => a.same_values(b),
    }
}

pub fn non_nullable(shape: &Arc<Shape>) -> Arc<Shape> {
    match &shape.kind {
        ShapeKind::Union(branches) => Shape::union(
            branches.iter().filter(|branch| !matches!(branch.kind, ShapeKind::Null)).cloned().collect::<Vec<_>>(),
            shape.origin.clone(),
        ),
        ShapeKind::Null => Arc::new(Shape::new(ShapeKind::Never, shape.origin.clone())),
        _ => Arc::clone(shape),
    }
}

/// Each constant text of the shape changed; what is not constant stays a string.
pub fn map_texts(shape: &Arc<Shape>, change: &dyn Fn(&str) -> Name) -> Arc<Shape> {
    match &shape.kind {
        ShapeKind::Const(Value::String(text)) => constant_text(&change(text), shape.origin.clone()),
        ShapeKind::Union(branches) => {
            Shape::union(branches.iter().map(|branch| map_texts(branch, change)).collect::<Vec<_>>(), shape.origin.clone())
        }
        _ => Arc::clone(shape),
    }
}

pub fn with_rest(shape: &Arc<Shape>, rest: &Rest, operation: &str) -> Arc<Shape> {
    on_objects(shape, operation, &|object| ObjectShape { rest: rest.clone(), ..object.clone() })
}

/// `value` with its holes filled from what is stated for it: the value knows which keys are there, the type knows what they hold.
pub fn fill(value: &Arc<Shape>, stated: &Arc<Shape>, depth: u32) -> Arc<Shape> {
    if depth > 24 || stated.is_unknown() || Arc::ptr_eq(value, stated) {
        return Arc::clone(value);
    }
    match (&value.kind, &stated.kind) {
        (ShapeKind::Unknown(_), _) => Arc::clone(stated),
        // Where the one says nothing of fractions, the other says that there are none.
        (ShapeKind::Number(range), ShapeKind::Integer(_)) if range.whole_unsaid => Arc::clone(stated),
        (ShapeKind::Number(range), ShapeKind::Union(branches)) if range.whole_unsaid => {
            let whole = branches.iter().find(|branch| matches!(branch.kind, ShapeKind::Integer(_)));
            let any = branches.iter().any(|branch| matches!(branch.kind, ShapeKind::Number(_)));
            whole.filter(|_| !any).map_or_else(|| Arc::clone(value), Arc::clone)
        }
        (ShapeKind::Object(given), ShapeKind::Object(known)) => {
            let mut filled = given.clone();
            for field in &mut filled.fields {
                if let Some(twin) = known.field(&field.name) {
                    field.shape = fill(&field.shape, &twin.shape, depth + 1);
                }
            }
            if let Rest::Open { values, .. } = &given.rest
                && values.is_unknown()
            {
                // What was spread in is an object that the type describes: its other fields may come from there.
                for twin in &known.fields {
                    if filled.field(&twin.name).is_none() {
                        filled.fields.push(twin.clone());
                    }
                }
                filled.rest = known.rest.clone();
            } else if let (Rest::Open { values, .. }, Rest::Open { values: twin, .. }) = (&mut filled.rest, &known.rest) {
                *values = fill(values, twin, depth + 1);
            }
            Arc::new(Shape {
                kind: ShapeKind::Object(filled),
                origin: value.origin.clone(),
                name: stated.name.clone(),
                text_of: None,
            })
        }
        (ShapeKind::Array(given), ShapeKind::Array(known)) => {
            let mut filled = given.clone();
            if let (Some(items), Some(twin)) = (&given.items, &known.items) {
                filled.items = Some(fill(items, twin, depth + 1));
            }
            Arc::new(Shape { kind: ShapeKind::Array(filled), origin: value.origin.clone(), name: None, text_of: None })
        }
        (ShapeKind::Union(branches), _) if branches.iter().any(|branch| branch.is_unknown()) => Arc::clone(stated),
        (ShapeKind::Union(branches), _) if branches.iter().any(|branch| is_whole_unsaid(branch)) => {
            let filled = branches.iter().map(|branch| match is_whole_unsaid(branch) {
                true => fill(branch, stated, depth + 1),
                false => Arc::clone(branch),
            });
            Shape::union(filled, value.origin.clone())
        }
        (ShapeKind::Object(_), ShapeKind::Union(branches)) => {
            // A discriminated union: the branch whose constants the value carries.
            let fitting: Vec<&Arc<Shape>> = branches.iter().filter(|branch| could_be(value, branch)).collect();
            match fitting.as_slice() {
                [only] => fill(value, only, depth + 1),
                _ => Arc::clone(value),
            }
        }
        _ => Arc::clone(value),
    }
}

fn is_whole_unsaid(shape: &Shape) -> bool {
    matches!(&shape.kind, ShapeKind::Number(range) if range.whole_unsaid)
}

fn could_be(value: &Shape, branch: &Shape) -> bool {
    match (&value.kind, &branch.kind) {
        (ShapeKind::Object(given), ShapeKind::Object(known)) => {
            known.fields.iter().all(|wanted| match given.field(&wanted.name) {
                Some(field) => match (&field.shape.kind, &wanted.shape.kind) {
                    (ShapeKind::Const(a), ShapeKind::Const(b)) => a == b,
                    _ => true,
                },
                None => wanted.presence == Presence::Optional || matches!(given.rest, Rest::Open { .. }),
            })
        }
        _ => false,
    }
}
