//! A consumer as the proofs need it: which payloads it accepts, and which fields it reads.

use std::sync::Arc;

use serde_json::Value;

use crate::finding::{Consumer, Via, Witness};
use crate::link::model::Boundary;
use crate::link::reduce;
use crate::prove::{self, Document, Options, Verdict, Violation};
use crate::registry::Promise;
use crate::shape::lower::{Silence, document};
use crate::shape::{ArrayShape, NumberRange, Rest, Shape, ShapeKind, StringShape};
use crate::source::Origin;

/// One consumer of one event.
pub struct Reader {
    pub consumer: Consumer,
    pub shape: Arc<Shape>,
    /// Where inside the wire payload it stands: a JSON Pointer; empty for the whole.
    pub pointer: String,
    /// Not in force yet: breaking it is a warning.
    pub pending: bool,
    /// Why its schema does not say everything, where it does not: then nothing is proved to be what it wants.
    incomplete: Option<String>,
    document: Result<Document, String>,
}

/// What a producer's shape comes to for a reader.
#[derive(Debug)]
pub enum Acceptance {
    /// Proved.
    Accepts,
    Rejects {
        witness: Witness,
        violations: Vec<Violation>,
    },
    Unknown(String),
}

impl Acceptance {
    pub fn rejects(&self) -> bool {
        matches!(self, Acceptance::Rejects { .. })
    }
}

/// What is wrong with a payload that was not wrong before: whoever turns payloads away already may still be given a new reason.
pub fn newly(now: &[Violation], before: &Acceptance) -> Vec<Violation> {
    let Acceptance::Rejects { violations: known, .. } = before else { return now.to_vec() };
    let place = |violation: &Violation| {
        let elements = |token: &str| if token.parse::<usize>().is_ok() { "*".to_owned() } else { token.to_owned() };
        let path: Vec<String> = violation.path.split('/').map(elements).collect();
        (path.join("/"), violation.keyword.clone(), violation.property.clone())
    };
    let known: Vec<_> = known.iter().map(place).collect();
    now.iter().filter(|violation| !known.contains(&place(violation))).cloned().collect()
}

impl Reader {
    /// A contract, or another document that says what somebody needs.
    pub fn of_promise(promise: &Promise) -> Reader {
        let made = Document::new((*promise.schema.document).clone(), None, &[]);
        let (shape, document) = match made {
            Ok(document) => (super::registered::shape_in(promise, &document), Ok(document)),
            Err(reason) => (reduce::hole(reason.to_string()), Err(reason.to_string())),
        };
        Reader {
            consumer: promise.as_consumer(),
            shape,
            pointer: promise.payload_pointer.clone().unwrap_or_default(),
            pending: promise.pending,
            incomplete: promise.schema.unknown(),
            document,
        }
    }

    /// Code that reads the event.
    pub fn of_boundary(boundary: &Boundary) -> Reader {
        Reader::of_shape(
            Consumer { name: boundary.package.clone(), via: Via::Code, owner: None, origin: Some(boundary.origin.clone()) },
            &boundary.shape,
        )
    }

    /// Code that reads the event, at the part of the payload that it is handed: on the other side of a wrapper that is what the
    /// wrapper was given, without what it put around it.
    pub fn of_code(boundary: &Boundary, senders: &[&Boundary]) -> Reader {
        let mut reader = Reader::of_boundary(boundary);
        let part = senders.iter().find_map(|sender| {
            let inner = sender.inner.as_ref()?;
            let pointer = part_of(sender)?;
            // One that turns away what is inside as well still is handed it where that has more of what it reads.
            let fits =
                || !reader.accepts_shape(inner).rejects() || shared(&reader.shape, inner) > shared(&reader.shape, &sender.shape);
            (reader.accepts(sender).rejects() && fits()).then_some(pointer)
        });
        reader.pointer = part.unwrap_or_default();
        reader
    }

    /// The shape that base sent, in place of readers that nobody has declared.
    pub fn of_base(shape: &Arc<Shape>, origin: Option<Origin>) -> Reader {
        let consumer = Consumer { name: "readers of the base branch's payload".to_owned(), via: Via::Base, owner: None, origin };
        Reader::of_shape(consumer, &tolerant(shape, 0))
    }

    /// One who takes what is of the kind of what a producer sends, with whatever values.
    pub fn of_kind(shape: &Arc<Shape>, origin: Origin) -> Reader {
        Reader::of_base(&typical(shape, 0), Some(origin))
    }

    /// One who takes exactly what a producer sends: other keys, or values of another type, are not sent. Constants stand for
    /// their type, since a test may well use another value than the code does.
    pub fn of_sender(boundary: &Boundary) -> Reader {
        let consumer =
            Consumer { name: boundary.package.clone(), via: Via::Code, owner: None, origin: Some(boundary.origin.clone()) };
        let shape = typical(&boundary.shape, 0);
        let made = Document::new(document(&shape, Silence::NotSent), None, &[]).map_err(|reason| reason.to_string());
        Reader { consumer, shape, pointer: String::new(), pending: false, incomplete: None, document: made }
    }

    /// The reader, with the place at which it speaks of a field.
    pub fn consumer_at(&self, path: &str) -> Consumer {
        let inner = path.strip_prefix(&self.pointer);
        let place = inner.and_then(|inner| place_of(&self.shape, inner));
        Consumer { origin: place.or_else(|| self.consumer.origin.clone()), ..self.consumer.clone() }
    }

    pub fn of_shape(consumer: Consumer, shape: &Arc<Shape>) -> Reader {
        let made = Document::new(document(shape, Silence::Open), None, &[]).map_err(|reason| reason.to_string());
        Reader { consumer, shape: Arc::clone(shape), pointer: String::new(), pending: false, incomplete: None, document: made }
    }

    /// Whether anything is known of what it reads.
    pub fn says_something(&self) -> bool {
        !self.shape.is_unknown()
    }

    /// Whether it accepts every payload that a producer sends.
    pub fn accepts(&self, sent: &Boundary) -> Acceptance {
        match &sent.document {
            Some(schema) => self.accepts_registered(schema),
            None => self.accepts_shape(&sent.shape),
        }
    }

    /// Whether it accepts every payload of a registered schema, read as its writer means it: what it does not name is not sent.
    fn accepts_registered(&self, schema: &serde_json::Value) -> Acceptance {
        let whole = match &self.document {
            Ok(document) => placed(document, &self.pointer),
            Err(reason) => Err(reason.clone()),
        };
        let reader = match &whole {
            Ok(document) => document,
            Err(reason) => return Acceptance::Unknown(format!("{}: {reason}", self.consumer.name)),
        };
        let sent = match Document::new(schema.clone(), None, &[]) {
            Ok(document) => prove::written(&document),
            Err(reason) => return Acceptance::Unknown(reason.to_string()),
        };
        let holes = schema.to_string().contains(crate::registry::UNKNOWN);
        match prove::contains(reader, &sent, &Options::default()) {
            Verdict::Escapes(_) if holes => Acceptance::Unknown("a part of the registered schema could not be read".to_owned()),
            Verdict::Escapes(witness) => {
                let mut violations = prove::violations(reader, witness.payload());
                // Of the envelope the reader says nothing but that the part is there.
                violations.retain_mut(|violation| match violation.path.strip_prefix(&self.pointer) {
                    Some(inner) => {
                        violation.path = inner.to_owned();
                        true
                    }
                    None => false,
                });
                if violations.is_empty() {
                    return Acceptance::Unknown(format!("{} speaks of a part of the payload", self.consumer.name));
                }
                Acceptance::Rejects { witness, violations }
            }
            Verdict::Unknown(reason) => Acceptance::Unknown(reason.to_string()),
            Verdict::Contained => self.accepted(),
        }
    }

    /// What a proof comes to for a reader whose own schema may not be read whole.
    fn accepted(&self) -> Acceptance {
        match &self.incomplete {
            Some(reason) => Acceptance::Unknown(format!("{}: {reason}", self.consumer.name)),
            None => Acceptance::Accepts,
        }
    }

    /// Whether it accepts every payload of a shape.
    pub fn accepts_shape(&self, sent: &Arc<Shape>) -> Acceptance {
        let reader = match &self.document {
            Ok(document) => document,
            Err(reason) => return Acceptance::Unknown(format!("{}: {reason}", self.consumer.name)),
        };
        let part = at_pointer(sent, &self.pointer);
        let Some(part) = part else {
            return Acceptance::Unknown(format!("what stands at `{}` of the payload is not known", self.pointer));
        };
        if part.is_unknown() {
            return Acceptance::Unknown(reason_of(&part));
        }
        // A hole could hold what the reader wants: only what fails even then is evidence.
        let favourable = favourable(&part, &self.shape, 0);
        let options = Options::default();
        let sent_document = match Document::new(document(&favourable, Silence::NotSent), None, &[]) {
            Ok(document) => document,
            Err(reason) => return Acceptance::Unknown(reason.to_string()),
        };
        match prove::contains(reader, &sent_document, &options) {
            Verdict::Escapes(witness) => {
                let violations = prove::violations(reader, witness.payload());
                Acceptance::Rejects { witness: self.in_place(witness), violations }
            }
            Verdict::Unknown(reason) => Acceptance::Unknown(reason.to_string()),
            Verdict::Contained => match first_hole(&part, 0).or_else(|| first_unsaid(&part, 0)) {
                None => self.accepted(),
                Some(reason) => {
                    let as_is = Document::new(document(&part, Silence::NotSent), None, &[]);
                    match as_is.map(|as_is| prove::contains(reader, &as_is, &options)) {
                        Ok(Verdict::Contained) => self.accepted(),
                        _ => Acceptance::Unknown(reason),
                    }
                }
            },
        }
    }

    /// A witness of the part, shown where the part stands in the payload.
    fn in_place(&self, witness: Witness) -> Witness {
        if self.pointer.is_empty() {
            return witness;
        }
        let whole = self.pointer.rsplit('/').filter(|token| !token.is_empty()).fold(witness.payload().clone(), |inner, token| {
            let key = token.replace("~1", "/").replace("~0", "~");
            serde_json::json!({ key: inner })
        });
        Witness::placed(witness, whole)
    }

    /// Whether it looks at the field at `path`, a JSON Pointer with `*` into the whole payload.
    pub fn reads(&self, path: &str) -> bool {
        let Some(inner) = path.strip_prefix(&self.pointer) else { return false };
        let mut found = Vec::new();
        let tokens: Vec<String> = inner.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~")).collect();
        if tokens.is_empty() {
            return true;
        }
        fields_at(&self.shape, &tokens, &mut found, 0);
        found.first().is_some_and(|found| *found)
    }
}

/// What is sent, with what is not known of it as the reader would like it: in each of the forms that it may have.
fn favourable(sent: &Arc<Shape>, wanted: &Arc<Shape>, depth: u32) -> Arc<Shape> {
    if depth > 24 || wanted.is_unknown() {
        return Arc::clone(sent);
    }
    let kind = match (&sent.kind, &wanted.kind) {
        (ShapeKind::Union(branches), _) if !branches.iter().any(|branch| branch.is_unknown()) => {
            let forms = branches.iter().map(|branch| favourable(branch, wanted, depth + 1));
            return Shape::union(forms, sent.origin.clone());
        }
        (ShapeKind::Object(given), ShapeKind::Object(known)) => {
            let mut given = given.clone();
            for field in &mut given.fields {
                if let Some(twin) = known.field(&field.name) {
                    field.shape = favourable(&field.shape, &twin.shape, depth + 1);
                }
            }
            ShapeKind::Object(given)
        }
        (ShapeKind::Array(given), ShapeKind::Array(known)) => {
            let mut given = given.clone();
            if let (Some(items), Some(twin)) = (&given.items, &known.items) {
                given.items = Some(favourable(items, twin, depth + 1));
            }
            ShapeKind::Array(given)
        }
        _ => return reduce::fill(sent, wanted, 0),
    };
    reduce::fill(&Arc::new(Shape { kind, ..sent.as_ref().clone() }), wanted, 0)
}

/// How many of a reader's fields a payload has.
fn shared(reader: &Shape, sent: &Shape) -> usize {
    let (Some(reader), Some(sent)) = (reader.as_object(), sent.as_object()) else { return 0 };
    reader.fields.iter().filter(|field| sent.field(&field.name).is_some()).count()
}

/// A schema of a part as one of the whole payload.
fn placed(part: &Document, pointer: &str) -> Result<Document, String> {
    /// The address of the part inside of the whole, so that its references stay its own.
    const PART: &str = "json-schema:///part";
    let mut schema = part.value().clone();
    if pointer.is_empty() {
        return Document::new(schema, None, &[]).map_err(|reason| reason.to_string());
    }
    if let Value::Object(map) = &mut schema {
        let id = if part.draft() == crate::schema::Draft::Draft4 { "id" } else { "$id" };
        map.insert(id.to_owned(), Value::String(PART.to_owned()));
    }
    let whole = pointer.rsplit('/').filter(|token| !token.is_empty()).fold(schema, |inner, token| {
        let key = token.replace("~1", "/").replace("~0", "~");
        serde_json::json!({"type": "object", "required": [key], "properties": {key: inner}})
    });
    Document::new(whole, None, &[]).map_err(|reason| reason.to_string())
}

/// The shape without its objections to further keys: readers that nobody declared are taken to ignore what they do not know.
fn tolerant(shape: &Arc<Shape>, depth: u32) -> Arc<Shape> {
    if depth > 40 {
        return Arc::clone(shape);
    }
    let go = |inner: &Arc<Shape>| tolerant(inner, depth + 1);
    let kind = match &shape.kind {
        ShapeKind::Object(object) => {
            let mut open = object.clone();
            for field in &mut open.fields {
                field.shape = go(&field.shape);
            }
            open.rest = match &object.rest {
                Rest::Silent | Rest::Closed => Rest::Silent,
                Rest::Open { keys: None, values } => Rest::Open { keys: None, values: go(values) },
                Rest::Open { keys: Some(_), .. } => Rest::Silent,
            };
            ShapeKind::Object(open)
        }
        ShapeKind::Array(array) => {
            let mut open = array.clone();
            open.prefix = array.prefix.iter().map(go).collect();
            open.items = array.items.as_ref().map(go);
            ShapeKind::Array(open)
        }
        ShapeKind::Union(branches) => ShapeKind::Union(branches.iter().map(go).collect()),
        ShapeKind::Intersection(parts) => ShapeKind::Intersection(parts.iter().map(go).collect()),
        _ => return Arc::clone(shape),
    };
    Arc::new(Shape { kind, origin: shape.origin.clone(), name: shape.name.clone(), text_of: shape.text_of.clone() })
}

/// The types of what is sent, without the constants and bounds of the values.
fn typical(shape: &Arc<Shape>, depth: u32) -> Arc<Shape> {
    if depth > 40 {
        return reduce::hole("nested too deeply");
    }
    let go = |inner: &Arc<Shape>| typical(inner, depth + 1);
    let kind = match &shape.kind {
        ShapeKind::Object(object) => {
            let mut plain = object.clone();
            plain.min_properties = None;
            plain.max_properties = None;
            for field in &mut plain.fields {
                field.shape = go(&field.shape);
            }
            if let Rest::Open { values, .. } = &object.rest {
                plain.rest = Rest::Open { keys: None, values: go(values) };
            }
            ShapeKind::Object(plain)
        }
        ShapeKind::Array(array) => ShapeKind::Array(ArrayShape {
            prefix: array.prefix.iter().map(go).collect(),
            items: array.items.as_ref().map(go),
            ..ArrayShape::default()
        }),
        ShapeKind::Const(Value::String(_)) | ShapeKind::String(_) => ShapeKind::String(StringShape::default()),
        ShapeKind::Const(Value::Number(_)) | ShapeKind::Integer(_) | ShapeKind::Number(_) => {
            ShapeKind::Number(NumberRange::default())
        }
        ShapeKind::Const(Value::Bool(_)) => ShapeKind::Boolean,
        ShapeKind::Union(branches) => return Shape::union(branches.iter().map(go), shape.origin.clone()),
        ShapeKind::Intersection(parts) => ShapeKind::Intersection(parts.iter().map(go).collect()),
        _ => return Arc::clone(shape),
    };
    Arc::new(Shape { kind, origin: shape.origin.clone(), name: shape.name.clone(), text_of: shape.text_of.clone() })
}

/// The place of the field at a path with `*` for elements, where the shape has one.
pub fn place_of(shape: &Arc<Shape>, path: &str) -> Option<Origin> {
    let tokens: Vec<String> = path.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~")).collect();
    place_at(shape, &tokens, 0)
}

fn place_at(shape: &Shape, tokens: &[String], depth: u32) -> Option<Origin> {
    let (first, rest) = tokens.split_first()?;
    if depth > 40 {
        return None;
    }
    match &shape.kind {
        ShapeKind::Object(object) => {
            let field = object.field(first)?;
            if rest.is_empty() { field.origin.clone() } else { place_at(&field.shape, rest, depth + 1) }
        }
        ShapeKind::Array(array) => array.items.iter().chain(&array.prefix).find_map(|item| place_at(item, rest, depth + 1)),
        ShapeKind::Union(branches) | ShapeKind::Intersection(branches) => {
            branches.iter().find_map(|branch| place_at(branch, tokens, depth + 1))
        }
        _ => None,
    }
}

fn fields_at(shape: &Shape, tokens: &[String], found: &mut Vec<bool>, depth: u32) {
    let Some((first, rest)) = tokens.split_first() else {
        found.push(true);
        return;
    };
    if depth > 40 || !found.is_empty() {
        return;
    }
    match &shape.kind {
        ShapeKind::Object(object) => {
            if let Some(field) = object.fields.iter().find(|field| field.name == *first || field.aliases.contains(first)) {
                fields_at(&field.shape, rest, found, depth + 1);
            } else if first == "*"
                && let Rest::Open { values, .. } = &object.rest
            {
                fields_at(values, rest, found, depth + 1);
            }
        }
        ShapeKind::Array(array) => {
            for item in array.prefix.iter().chain(&array.items) {
                fields_at(item, rest, found, depth + 1);
            }
        }
        ShapeKind::Union(branches) | ShapeKind::Intersection(branches) => {
            for branch in branches {
                fields_at(branch, tokens, found, depth + 1);
            }
        }
        _ => {}
    }
}

/// The shape at a JSON Pointer inside a payload.
pub fn at_pointer(shape: &Arc<Shape>, pointer: &str) -> Option<Arc<Shape>> {
    let mut current = Arc::clone(shape);
    for token in pointer.split('/').skip(1) {
        let key = token.replace("~1", "/").replace("~0", "~");
        let (inner, _) = reduce::member(&current, &key);
        if inner.is_unknown() && !current.is_unknown() && !matches!(current.kind, ShapeKind::Object(_) | ShapeKind::Union(_)) {
            return None;
        }
        current = inner;
    }
    Some(current)
}

/// How many envelopes deep the part that a reader is handed is looked for; past it the reader is held against the whole.
const MAX_ENVELOPES: u32 = 3;

/// Where the part that a wrapper was given stands in what it puts on the wire.
pub fn part_of(boundary: &Boundary) -> Option<String> {
    let inner = boundary.inner.as_ref()?;
    if !inner.is_unknown() {
        return pointer_of(inner, &boundary.shape, 0).filter(|pointer| !pointer.is_empty());
    }
    // Of the payload nothing is known: it stands where nothing is known of the envelope either, where that is one place.
    let mut holes = Vec::new();
    holes_of(&boundary.shape, "", 0, &mut holes);
    match <[String; 1]>::try_from(holes) {
        Ok([only]) if !only.is_empty() => Some(only),
        Ok(_) | Err(_) => None,
    }
}

fn holes_of(shape: &Shape, at: &str, depth: u32, found: &mut Vec<String>) {
    match &shape.kind {
        ShapeKind::Unknown(_) => found.push(at.to_owned()),
        ShapeKind::Object(object) if depth <= MAX_ENVELOPES => {
            for field in &object.fields {
                holes_of(&field.shape, &super::changes::child(at, &field.name), depth + 1, found);
            }
        }
        _ => {}
    }
}

/// Where a part stands in a payload, by the names of the fields above it.
fn pointer_of(part: &Arc<Shape>, whole: &Arc<Shape>, depth: u32) -> Option<String> {
    if Arc::ptr_eq(part, whole) || part.same_values(whole) {
        return Some(String::new());
    }
    if depth > MAX_ENVELOPES {
        return None;
    }
    whole.as_object()?.fields.iter().find_map(|field| {
        pointer_of(part, &field.shape, depth + 1).map(|below| format!("{}{below}", super::changes::child("", &field.name)))
    })
}

fn reason_of(shape: &Shape) -> String {
    match &shape.kind {
        ShapeKind::Unknown(reason) => reason.clone(),
        _ => "a part of the payload is not known".to_owned(),
    }
}

/// The reason of the first hole of a shape.
pub fn first_hole(shape: &Shape, depth: u32) -> Option<String> {
    if depth > 40 {
        return None;
    }
    match &shape.kind {
        ShapeKind::Unknown(reason) => Some(reason.clone()),
        ShapeKind::Object(object) => object
            .fields
            .iter()
            .find_map(|field| first_hole(&field.shape, depth + 1).map(|reason| format!("`{}`: {reason}", field.name)))
            .or_else(|| match &object.rest {
                Rest::Open { values, .. } => first_hole(values, depth + 1),
                Rest::Silent | Rest::Closed => None,
            }),
        ShapeKind::Array(array) => array.prefix.iter().chain(&array.items).find_map(|item| first_hole(item, depth + 1)),
        ShapeKind::Union(branches) | ShapeKind::Intersection(branches) => {
            branches.iter().find_map(|branch| first_hole(branch, depth + 1))
        }
        _ => None,
    }
}

/// The reason of the first number of which it is not said whether it is whole.
fn first_unsaid(shape: &Shape, depth: u32) -> Option<String> {
    if depth > 40 {
        return None;
    }
    match &shape.kind {
        ShapeKind::Number(range) if range.whole_unsaid => Some("its type says nothing of fractions".to_owned()),
        ShapeKind::Object(object) => object
            .fields
            .iter()
            .find_map(|field| first_unsaid(&field.shape, depth + 1).map(|reason| format!("`{}`: {reason}", field.name))),
        ShapeKind::Array(array) => array.prefix.iter().chain(&array.items).find_map(|item| first_unsaid(item, depth + 1)),
        ShapeKind::Union(branches) | ShapeKind::Intersection(branches) => {
            branches.iter().find_map(|branch| first_unsaid(branch, depth + 1))
        }
        _ => None,
    }
}

/// Whether a place of an instance (with positions) lies on, above or under a path of the comparison (with `*`).
pub fn touches(instance: &str, path: &str) -> bool {
    let mut a = instance.split('/').skip(1);
    let mut b = path.split('/').skip(1);
    loop {
        match (a.next(), b.next()) {
            (None, _) | (_, None) => return true,
            (Some(x), Some(y)) => {
                if x != y && y != "*" && x != "*" {
                    return false;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_meet_along_one_path() {
        assert!(touches("/items/0/price", "/items/*/price"));
        assert!(touches("/customer", "/customer/name"));
        assert!(!touches("/customer/id", "/customer/name"));
    }
}
