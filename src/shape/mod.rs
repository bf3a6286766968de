//! The set of JSON values that can cross a boundary, with the place in the source that each part came from.
//!
//! A [`Shape`] is always the wire form and always resolved: names of types, constants and imports have been followed, and what
//! could not be is [`ShapeKind::Unknown`] with its reason. It is a tree (sharing allowed) that stands alone: a recursive type is
//! a leaf [`ShapeKind::Recursive`] that names an enclosing shape of the same tree.

pub mod lower;
pub mod wire_name;

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Number, Value};

use crate::source::Origin;

/// One set of JSON values.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    pub kind: ShapeKind,
    /// Where the code or document says so; `None` for what the tool itself derives.
    pub origin: Option<Origin>,
    /// The type's name in the source, for people and for [`ShapeKind::Recursive`]. Never compared: structure is.
    pub name: Option<Arc<str>>,
    /// For a text that is known to hold JSON: what it holds. Never compared: on the wire it is a text.
    pub text_of: Option<Arc<Shape>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ShapeKind {
    /// A hole in what the tool knows, with the reason. Accepts everything, promises nothing.
    Unknown(String),
    /// No value at all: the type of a field that cannot be present.
    Never,
    Null,
    Boolean,
    Integer(NumberRange),
    Number(NumberRange),
    String(StringShape),
    /// Exactly this JSON value.
    Const(Value),
    Array(ArrayShape),
    Object(ObjectShape),
    /// Any of these. At least two, none of them a union itself.
    Union(Vec<Arc<Shape>>),
    /// All of these at once, where they could not be merged into one.
    Intersection(Vec<Arc<Shape>>),
    /// The enclosing shape of this name.
    Recursive(Arc<str>),
}

/// Bounds of a number, exact.
#[derive(Clone, Debug, Default)]
pub struct NumberRange {
    pub minimum: Option<Number>,
    pub maximum: Option<Number>,
    pub exclusive_minimum: Option<Number>,
    pub exclusive_maximum: Option<Number>,
    pub multiple_of: Option<Number>,
    /// Whether the source has one type for whole numbers and all others, so that it says nothing of fractions. Never compared: it
    /// says what is not known of the values, and not which there are.
    pub whole_unsaid: bool,
}

impl NumberRange {
    fn bounds(&self) -> [&Option<Number>; 5] {
        [&self.minimum, &self.maximum, &self.exclusive_minimum, &self.exclusive_maximum, &self.multiple_of]
    }
}

impl PartialEq for NumberRange {
    fn eq(&self, other: &Self) -> bool {
        self.bounds() == other.bounds()
    }
}

impl Eq for NumberRange {}

impl std::hash::Hash for NumberRange {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.bounds().hash(state);
    }
}

/// What is known of a string beside that it is one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct StringShape {
    /// A `format` of JSON Schema: `date-time`, `uuid`, `email`, …
    pub format: Option<String>,
    /// ECMA-262 regular expressions, all of which match somewhere in the text.
    pub patterns: Vec<String>,
    /// In Unicode code points.
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    /// `base64`, …
    pub content_encoding: Option<String>,
    /// `application/json` for a JSON text inside a string, …
    pub content_media_type: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArrayShape {
    /// The first elements, by position.
    pub prefix: Vec<Arc<Shape>>,
    /// The elements after the prefix; `None` where there are none.
    pub items: Option<Arc<Shape>>,
    pub min_items: Option<u64>,
    pub max_items: Option<u64>,
    pub unique: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ObjectShape {
    /// In the order of the source; no name twice.
    pub fields: Vec<Field>,
    pub rest: Rest,
    pub min_properties: Option<u64>,
    pub max_properties: Option<u64>,
}

/// What is known of the keys that are not among the fields.
#[derive(Clone, Debug, PartialEq)]
pub enum Rest {
    /// Nothing is said: a writer does not send others, a reader ignores them.
    Silent,
    /// A reader rejects them, a writer cannot send them.
    Closed,
    /// Any key with values of this shape; `keys` is a pattern that each key matches.
    Open { keys: Option<String>, values: Arc<Shape> },
}

/// One key of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The key on the wire.
    pub name: String,
    /// Other keys that a reader takes in its place.
    pub aliases: Vec<String>,
    pub shape: Arc<Shape>,
    pub presence: Presence,
    /// What a reader puts in where the key is absent.
    pub default: Option<Value>,
    /// The key in the source.
    pub origin: Option<Origin>,
    /// What feeds it, in the words of the source: the member's own name or the expression. Two fields with one source are one
    /// field that was renamed.
    pub source: Option<String>,
    /// The declaration that gave it its wire name where that is not the field itself: `rename_all`, `alias_generator`.
    pub cause: Option<Origin>,
}

/// Whether a key is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Presence {
    /// Always written; demanded when read.
    Required,
    /// Sometimes left out; may be absent when read.
    Optional,
}

impl Shape {
    pub fn new(kind: ShapeKind, origin: Option<Origin>) -> Self {
        Shape { kind, origin, name: None, text_of: None }
    }

    /// A hole, with its reason.
    pub fn unknown(reason: impl Into<String>, origin: Option<Origin>) -> Self {
        Shape::new(ShapeKind::Unknown(reason.into()), origin)
    }

    /// The members of a union, or the shape itself.
    pub fn branches(&self) -> &[Arc<Shape>] {
        match &self.kind {
            ShapeKind::Union(branches) => branches,
            _ => &[],
        }
    }

    pub fn as_object(&self) -> Option<&ObjectShape> {
        match &self.kind {
            ShapeKind::Object(object) => Some(object),
            _ => None,
        }
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self.kind, ShapeKind::Unknown(_))
    }

    /// Whether `null` is among the values.
    pub fn admits_null(&self) -> bool {
        match &self.kind {
            ShapeKind::Null | ShapeKind::Const(Value::Null) | ShapeKind::Unknown(_) => true,
            ShapeKind::Union(branches) => branches.iter().any(|branch| branch.admits_null()),
            ShapeKind::Intersection(parts) => parts.iter().all(|part| part.admits_null()),
            ShapeKind::Never
            | ShapeKind::Boolean
            | ShapeKind::Integer(_)
            | ShapeKind::Number(_)
            | ShapeKind::String(_)
            | ShapeKind::Const(_)
            | ShapeKind::Array(_)
            | ShapeKind::Object(_)
            | ShapeKind::Recursive(_) => false,
        }
    }

    /// The union of `branches`: flattened, without repetitions and without `Never`; a single one stays itself.
    pub fn union(branches: impl IntoIterator<Item = Arc<Shape>>, origin: Option<Origin>) -> Arc<Shape> {
        let mut flat: Vec<Arc<Shape>> = Vec::new();
        let mut pending: Vec<Arc<Shape>> = branches.into_iter().collect();
        pending.reverse();
        while let Some(branch) = pending.pop() {
            match &branch.kind {
                ShapeKind::Union(inner) => pending.extend(inner.iter().rev().cloned()),
                ShapeKind::Never => {}
                _ => {
                    if !flat.iter().any(|known| Arc::ptr_eq(known, &branch) || known.same_values(&branch)) {
                        flat.push(branch);
                    }
                }
            }
        }
        match flat.len() {
            0 => Arc::new(Shape::new(ShapeKind::Never, origin)),
            1 => flat.remove(0),
            _ => Arc::new(Shape::new(ShapeKind::Union(flat), origin)),
        }
    }

    /// Structural equality that looks at neither origins nor names of types.
    pub fn same_values(&self, other: &Shape) -> bool {
        self.same_within(other, &mut HashSet::new())
    }

    /// Shapes share parts, so a pair that has been found equal is not walked again: without that the walk would be exponential.
    fn same_within(&self, other: &Shape, equal: &mut HashSet<(usize, usize)>) -> bool {
        let pair = (std::ptr::from_ref(self).addr(), std::ptr::from_ref(other).addr());
        if pair.0 == pair.1 || equal.contains(&pair) {
            return true;
        }
        let same = match (&self.kind, &other.kind) {
            (ShapeKind::Object(a), ShapeKind::Object(b)) => {
                a.fields.len() == b.fields.len()
                    && a.min_properties == b.min_properties
                    && a.max_properties == b.max_properties
                    && a.rest.same_within(&b.rest, equal)
                    && a.fields.iter().all(|field| {
                        b.field(&field.name).is_some_and(|twin| {
                            field.presence == twin.presence
                                && field.aliases == twin.aliases
                                && field.default == twin.default
                                && field.shape.same_within(&twin.shape, equal)
                        })
                    })
            }
            (ShapeKind::Array(a), ShapeKind::Array(b)) => {
                let items = match (&a.items, &b.items) {
                    (Some(x), Some(y)) => x.same_within(y, equal),
                    (None, None) => true,
                    (Some(_), None) | (None, Some(_)) => false,
                };
                items
                    && (a.min_items, a.max_items, a.unique) == (b.min_items, b.max_items, b.unique)
                    && a.prefix.len() == b.prefix.len()
                    && a.prefix.iter().zip(&b.prefix).all(|(x, y)| x.same_within(y, equal))
            }
            (ShapeKind::Union(a), ShapeKind::Union(b)) => {
                a.len() == b.len() && a.iter().all(|x| b.iter().any(|y| x.same_within(y, equal)))
            }
            (ShapeKind::Intersection(a), ShapeKind::Intersection(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x.same_within(y, equal))
            }
            (ShapeKind::Unknown(_), ShapeKind::Unknown(_)) => true,
            (a, b) => a == b,
        };
        if same {
            equal.insert(pair);
        }
        same
    }
}

impl ObjectShape {
    /// An object with these fields and nothing said of others.
    pub fn of(fields: Vec<Field>) -> Self {
        ObjectShape { fields, rest: Rest::Silent, min_properties: None, max_properties: None }
    }

    /// The field of this wire name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl Rest {
    fn same_within(&self, other: &Rest, equal: &mut HashSet<(usize, usize)>) -> bool {
        match (self, other) {
            (Rest::Open { keys: a, values: x }, Rest::Open { keys: b, values: y }) => a == b && x.same_within(y, equal),
            (Rest::Silent, Rest::Silent) | (Rest::Closed, Rest::Closed) => true,
            _ => false,
        }
    }
}

impl Field {
    pub fn new(name: impl Into<String>, shape: Arc<Shape>, presence: Presence, origin: Option<Origin>) -> Self {
        Field { name: name.into(), aliases: Vec::new(), shape, presence, default: None, origin, source: None, cause: None }
    }
}

/// Whether a kind holds a constant, as far as its JSON type tells.
pub fn admits(kind: &ShapeKind, value: &Value) -> bool {
    match kind {
        ShapeKind::Unknown(_) => true,
        ShapeKind::Null => value.is_null(),
        ShapeKind::Boolean => value.is_boolean(),
        ShapeKind::Integer(_) => value.is_i64() || value.is_u64(),
        ShapeKind::Number(_) => value.is_number(),
        ShapeKind::String(_) => value.is_string(),
        ShapeKind::Const(known) => known == value,
        ShapeKind::Union(branches) => branches.iter().any(|branch| admits(&branch.kind, value)),
        ShapeKind::Intersection(parts) => parts.iter().all(|part| admits(&part.kind, value)),
        ShapeKind::Array(_) => value.is_array(),
        ShapeKind::Object(_) => value.is_object(),
        ShapeKind::Never | ShapeKind::Recursive(_) => false,
    }
}

impl NumberRange {
    pub fn is_unbounded(&self) -> bool {
        *self == NumberRange::default()
    }
}

impl StringShape {
    pub fn format(name: &str) -> Self {
        StringShape { format: Some(name.to_owned()), ..StringShape::default() }
    }
}
