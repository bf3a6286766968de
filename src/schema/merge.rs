//! Two shapes at once: what `allOf` means for shapes.

use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::{Number, Value};

use super::number::exact;
use crate::shape::{ArrayShape, Field, NumberRange, ObjectShape, Presence, Rest, Shape, ShapeKind, StringShape};

/// Branch pairs merged before two unions are left side by side.
const BRANCH_BUDGET: usize = 1_024;

/// The values of both. Where the two cannot be merged they stay side by side in an intersection.
pub fn intersect(a: &Arc<Shape>, b: &Arc<Shape>) -> Arc<Shape> {
    if Arc::ptr_eq(a, b) {
        return Arc::clone(a);
    }
    let origin = a.origin.clone().or_else(|| b.origin.clone());
    let made = |kind: ShapeKind| {
        Arc::new(Shape { kind, origin: origin.clone(), name: a.name.clone().or_else(|| b.name.clone()), text_of: None })
    };
    match (&a.kind, &b.kind) {
        (ShapeKind::Unknown(_), _) => Arc::clone(b),
        (_, ShapeKind::Unknown(_)) => Arc::clone(a),
        (ShapeKind::Never, _) | (_, ShapeKind::Never) => made(ShapeKind::Never),
        (ShapeKind::Union(left), ShapeKind::Union(right)) if left.len() * right.len() <= BRANCH_BUDGET => {
            let pairs = left.iter().flat_map(|x| right.iter().map(move |y| intersect(x, y)));
            Shape::union(pairs, origin)
        }
        (ShapeKind::Union(left), _) if !matches!(b.kind, ShapeKind::Union(_)) => {
            Shape::union(left.iter().map(|x| intersect(x, b)), origin)
        }
        (_, ShapeKind::Union(right)) if !matches!(a.kind, ShapeKind::Union(_)) => {
            Shape::union(right.iter().map(|y| intersect(a, y)), origin)
        }
        (ShapeKind::Const(x), ShapeKind::Const(y)) => {
            if x == y {
                Arc::clone(a)
            } else {
                made(ShapeKind::Never)
            }
        }
        (ShapeKind::Const(value), _) => narrowed(value, a, b, made),
        (_, ShapeKind::Const(value)) => narrowed(value, b, a, made),
        (ShapeKind::Null, ShapeKind::Null) | (ShapeKind::Boolean, ShapeKind::Boolean) => Arc::clone(a),
        (ShapeKind::Integer(x), ShapeKind::Integer(y) | ShapeKind::Number(y)) | (ShapeKind::Number(x), ShapeKind::Integer(y)) => {
            match ranges(x, y) {
                Some(range) => made(ShapeKind::Integer(range)),
                None => beside(a, b),
            }
        }
        (ShapeKind::Number(x), ShapeKind::Number(y)) => match ranges(x, y) {
            Some(range) => made(ShapeKind::Number(range)),
            None => beside(a, b),
        },
        (ShapeKind::String(x), ShapeKind::String(y)) => match texts(x, y) {
            Some(text) => made(ShapeKind::String(text)),
            None => beside(a, b),
        },
        (ShapeKind::Array(x), ShapeKind::Array(y)) => made(ShapeKind::Array(arrays(x, y))),
        (ShapeKind::Object(x), ShapeKind::Object(y)) => match objects(x, y) {
            Some(object) => made(ShapeKind::Object(object)),
            None => made(ShapeKind::Never),
        },
        (ShapeKind::Recursive(x), ShapeKind::Recursive(y)) if x == y => Arc::clone(a),
        (ShapeKind::Recursive(_) | ShapeKind::Intersection(_) | ShapeKind::Union(_), _)
        | (_, ShapeKind::Recursive(_) | ShapeKind::Intersection(_) | ShapeKind::Union(_)) => beside(a, b),
        (
            ShapeKind::Null
            | ShapeKind::Boolean
            | ShapeKind::Integer(_)
            | ShapeKind::Number(_)
            | ShapeKind::String(_)
            | ShapeKind::Array(_)
            | ShapeKind::Object(_),
            _,
        ) => made(ShapeKind::Never),
    }
}

fn beside(a: &Arc<Shape>, b: &Arc<Shape>) -> Arc<Shape> {
    let mut parts: Vec<Arc<Shape>> = Vec::new();
    for shape in [a, b] {
        match &shape.kind {
            ShapeKind::Intersection(inner) => parts.extend(inner.iter().cloned()),
            _ => parts.push(Arc::clone(shape)),
        }
    }
    Arc::new(Shape::new(ShapeKind::Intersection(parts), a.origin.clone().or_else(|| b.origin.clone())))
}

/// A constant beside another shape: nothing where the types differ, else the constant. Finer constraints are the proof's matter.
fn narrowed(value: &Value, constant: &Arc<Shape>, other: &Arc<Shape>, made: impl Fn(ShapeKind) -> Arc<Shape>) -> Arc<Shape> {
    let fits = match &other.kind {
        ShapeKind::Null => value.is_null(),
        ShapeKind::Boolean => value.is_boolean(),
        ShapeKind::Integer(_) => {
            matches!(value, Value::Number(number) if exact(number).is_none_or(|value| value.is_integer()))
        }
        ShapeKind::Number(_) => value.is_number(),
        ShapeKind::String(_) => value.is_string(),
        ShapeKind::Array(_) => value.is_array(),
        ShapeKind::Object(_) => value.is_object(),
        ShapeKind::Recursive(_) | ShapeKind::Intersection(_) | ShapeKind::Union(_) => return beside(constant, other),
        ShapeKind::Unknown(_) | ShapeKind::Const(_) => true,
        ShapeKind::Never => false,
    };
    if fits { Arc::clone(constant) } else { made(ShapeKind::Never) }
}

fn tighter(a: &Option<Number>, b: &Option<Number>, wanted: Ordering) -> Option<Number> {
    match (a, b) {
        (Some(x), Some(y)) => match (exact(x), exact(y)) {
            (Some(left), Some(right)) => Some(if left.cmp(&right) == wanted { x.clone() } else { y.clone() }),
            _ => Some(x.clone()),
        },
        (Some(x), None) | (None, Some(x)) => Some(x.clone()),
        (None, None) => None,
    }
}

fn ranges(a: &NumberRange, b: &NumberRange) -> Option<NumberRange> {
    let multiple_of = match (&a.multiple_of, &b.multiple_of) {
        (Some(x), Some(y)) if x == y => Some(x.clone()),
        (Some(x), Some(y)) => {
            let (left, right) = (exact(x)?, exact(y)?);
            if (&left / &right).is_integer() {
                Some(x.clone())
            } else if (&right / &left).is_integer() {
                Some(y.clone())
            } else {
                return None;
            }
        }
        (Some(x), None) | (None, Some(x)) => Some(x.clone()),
        (None, None) => None,
    };
    Some(NumberRange {
        minimum: tighter(&a.minimum, &b.minimum, Ordering::Greater),
        maximum: tighter(&a.maximum, &b.maximum, Ordering::Less),
        exclusive_minimum: tighter(&a.exclusive_minimum, &b.exclusive_minimum, Ordering::Greater),
        exclusive_maximum: tighter(&a.exclusive_maximum, &b.exclusive_maximum, Ordering::Less),
        multiple_of,
        whole_unsaid: a.whole_unsaid && b.whole_unsaid,
    })
}

/// One of two annotations; nothing where they disagree.
fn agreed(a: &Option<String>, b: &Option<String>) -> Option<Option<String>> {
    match (a, b) {
        (Some(x), Some(y)) if x != y => None,
        (Some(x), _) | (None, Some(x)) => Some(Some(x.clone())),
        (None, None) => Some(None),
    }
}

fn texts(a: &StringShape, b: &StringShape) -> Option<StringShape> {
    let mut patterns = a.patterns.clone();
    patterns.extend(b.patterns.iter().filter(|pattern| !a.patterns.contains(pattern)).cloned());
    Some(StringShape {
        format: agreed(&a.format, &b.format)?,
        patterns,
        min_length: a.min_length.max(b.min_length),
        max_length: smaller(a.max_length, b.max_length),
        content_encoding: agreed(&a.content_encoding, &b.content_encoding)?,
        content_media_type: agreed(&a.content_media_type, &b.content_media_type)?,
    })
}

fn smaller(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(x), Some(y)) => Some(x.min(y)),
        (x, y) => x.or(y),
    }
}

fn arrays(a: &ArrayShape, b: &ArrayShape) -> ArrayShape {
    let mut prefix = Vec::new();
    for index in 0..a.prefix.len().max(b.prefix.len()) {
        let left = a.prefix.get(index).or(a.items.as_ref());
        let right = b.prefix.get(index).or(b.items.as_ref());
        match (left, right) {
            (Some(x), Some(y)) => prefix.push(intersect(x, y)),
            // One side has no element here: the tuple ends.
            (None, _) | (_, None) => break,
        }
    }
    let cut = prefix.len() < a.prefix.len().max(b.prefix.len());
    let items = match (&a.items, &b.items) {
        (Some(x), Some(y)) if !cut => Some(intersect(x, y)),
        (Some(_), Some(_)) | (None, _) | (_, None) => None,
    };
    ArrayShape {
        prefix,
        items,
        min_items: a.min_items.max(b.min_items),
        max_items: smaller(a.max_items, b.max_items),
        unique: a.unique || b.unique,
    }
}

/// `None` where a demanded field cannot be there.
fn objects(a: &ObjectShape, b: &ObjectShape) -> Option<ObjectShape> {
    let mut fields: Vec<Field> = Vec::new();
    for field in &a.fields {
        let merged = match b.field(&field.name) {
            Some(twin) => {
                let mut both = field.clone();
                both.shape = intersect(&field.shape, &twin.shape);
                both.presence = field.presence.min(twin.presence);
                both.default = field.default.clone().or_else(|| twin.default.clone());
                // The place is that of the side which says what holds; where both have a part in it, of the first.
                let second = both.shape.same_values(&twin.shape) && !both.shape.same_values(&field.shape);
                let (near, far) = if second { (twin, field) } else { (field, twin) };
                both.origin = near.origin.clone().or_else(|| far.origin.clone());
                both
            }
            None => under(field, &b.rest),
        };
        fields.push(merged);
    }
    for field in &b.fields {
        if a.field(&field.name).is_none() {
            fields.push(under(field, &a.rest));
        }
    }
    if fields.iter().any(|field| field.presence == Presence::Required && field.shape.kind == ShapeKind::Never) {
        return None;
    }
    Some(ObjectShape {
        fields,
        rest: rests(&a.rest, &b.rest),
        min_properties: a.min_properties.max(b.min_properties),
        max_properties: smaller(a.max_properties, b.max_properties),
    })
}

/// A field that the other side does not name.
fn under(field: &Field, rest: &Rest) -> Field {
    let mut field = field.clone();
    match rest {
        Rest::Silent => {}
        Rest::Closed => field.shape = Arc::new(Shape::new(ShapeKind::Never, field.origin.clone())),
        Rest::Open { keys: None, values } => field.shape = intersect(&field.shape, values),
        // Whether the pattern speaks of this key is the proof's matter.
        Rest::Open { keys: Some(_), .. } => {}
    }
    field
}

fn rests(a: &Rest, b: &Rest) -> Rest {
    match (a, b) {
        (Rest::Closed, _) | (_, Rest::Closed) => Rest::Closed,
        (Rest::Silent, other) | (other, Rest::Silent) => other.clone(),
        (Rest::Open { keys: left, values: x }, Rest::Open { keys: right, values: y }) => {
            Rest::Open { keys: left.clone().or_else(|| right.clone()), values: intersect(x, y) }
        }
    }
}
