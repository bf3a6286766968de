//! Whether an object of a test is a payload of an event: which part of the payload it stands for, and what is wrong with it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::reader::{Acceptance, Reader, at_pointer};
use super::super::registered::KIND;
use super::super::{EventPair, Sides, changes::child, is_declaration, rename::alike};
use crate::finding::Via;
use crate::link::doubles::Double;
use crate::link::model::Boundary;
use crate::registry::Promise;
use crate::shape::wire_name::fold;
use crate::shape::{Field, ObjectShape, Presence, Shape, ShapeKind};
use crate::source::Origin;

/// How deep the part that an object stands for may lie, in the object and in the payload.
const MAX_PART_DEPTH: u32 = 3;

/// How deep paths of a payload are listed.
const MAX_PATH_DEPTH: u32 = 6;

/// What one side says of an event.
pub struct Subject<'s> {
    /// Contracts and schemas, and what they are known by on both sides.
    pub promises: Vec<Held>,
    pub senders: Vec<Sender<'s>>,
    /// Code that reads the event.
    pub code: Vec<Reader>,
}

/// A promise as a reader.
pub struct Held {
    pub key: (String, Via),
    pub reader: Reader,
}

/// Code that sends the event, and a reader that takes exactly what it sends.
pub struct Sender<'s> {
    boundary: &'s Boundary,
    reader: Reader,
    paths: BTreeSet<String>,
}

impl Sender<'_> {
    pub fn name(&self) -> String {
        if self.boundary.symbol.is_empty() { self.boundary.package.clone() } else { format!("`{}`", self.boundary.symbol) }
    }

    pub fn origin_of(&self, path: &str) -> Option<Origin> {
        origin_at(&self.boundary.shape, path).or_else(|| Some(self.boundary.origin.clone()))
    }
}

impl<'s> Subject<'s> {
    pub fn of_base(pair: &EventPair<'s>, sides: &Sides<'s>) -> Subject<'s> {
        let promises = sides.base_registry.of_event(&pair.event);
        Subject::new(promises, &pair.base_producers, &pair.base_consumers)
    }

    pub fn of_head(pair: &EventPair<'s>, sides: &Sides<'s>) -> Subject<'s> {
        // The base branch decides: what head no longer asks for is still asked for, what it asks for beside that counts as well.
        let now: Vec<&Promise> = sides.head_registry.of_event(&pair.event).collect();
        let base = sides.base_registry.of_event(&pair.event);
        let dropped = base.filter(|old| !now.iter().any(|new| new.consumer == old.consumer && new.via == old.via));
        Subject::new(now.iter().copied().chain(dropped), &pair.head_producers, &pair.head_consumers)
    }

    pub fn new(
        promises: impl Iterator<Item = &'s Promise>,
        producers: &[&'s Boundary],
        consumers: &[&'s Boundary],
    ) -> Subject<'s> {
        let promises = promises
            .map(|promise| Held { key: (promise.consumer.clone(), promise.via), reader: Reader::of_promise(promise) })
            .collect();
        let senders = producers
            .iter()
            .filter(|sender| sender.kind != KIND && sender.shape.as_object().is_some())
            .map(|boundary| Sender { boundary, reader: Reader::of_sender(boundary), paths: paths(&boundary.shape) })
            .collect();
        let code = consumers
            .iter()
            .filter(|reader| !is_declaration(reader))
            .map(|boundary| Reader::of_boundary(boundary))
            .filter(Reader::says_something)
            .collect();
        Subject { promises, senders, code }
    }

    /// Everybody who reads the event.
    pub fn readers(&self) -> impl Iterator<Item = &Reader> {
        self.promises.iter().map(|held| &held.reader).chain(&self.code)
    }

    /// Whether a reader was there already.
    pub fn knows(&self, reader: &Reader) -> bool {
        self.readers().any(|known| known.consumer.name == reader.consumer.name && known.consumer.via == reader.consumer.via)
    }

    /// Whether some code sends a field.
    pub fn sends(&self, path: &str) -> bool {
        self.senders.iter().any(|sender| sender.paths.contains(path))
    }

    /// Whether some code sends payloads that a reader turns away for the same reason.
    pub fn sends_what_misfits(&self, reader: &Reader, misfit: &Misfit) -> bool {
        self.senders.iter().any(|sender| {
            let placed = Placed {
                pointer: String::new(),
                part: Arc::clone(&sender.boundary.shape),
                wire: Arc::clone(&sender.boundary.shape),
            };
            misfits(reader, &placed, false).iter().any(|other| other.path == misfit.path)
        })
    }

    /// The sender whose payload is nearest to an object, with what sets the two apart; `None` where the object is what one of
    /// them sends, or where that cannot be said.
    pub fn nearest_sender(&self, placed: &Placed, partial: bool) -> Option<(&Sender<'s>, BTreeSet<Misfit>)> {
        let mut best: Option<(&Sender<'s>, BTreeSet<Misfit>)> = None;
        for sender in &self.senders {
            let Acceptance::Rejects { .. } = sender.reader.accepts_shape(&placed.wire) else { return None };
            let found: BTreeSet<Misfit> = misfits(&sender.reader, placed, partial)
                .into_iter()
                // What stands under the key of another sender's union says nothing.
                .filter(|misfit| !matches!(&misfit.wrong, Wrong::Value(_)) || misfit.path != placed.pointer)
                .collect();
            if found.is_empty() {
                return None;
            }
            if best.as_ref().is_none_or(|(_, known)| found.len() < known.len()) {
                best = Some((sender, found));
            }
        }
        best
    }
}

/// One thing that is wrong with an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Misfit {
    /// In the wire payload, with `*` for any element.
    pub path: String,
    pub wrong: Wrong,
    /// The key of the object that stands in the place of a missing one.
    pub near: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    /// A field that has to be there is not.
    Missing,
    /// A field is there that nobody knows.
    Unknown,
    /// A value that is turned away, in the words of the validator.
    Value(String),
}

impl Misfit {
    /// What a reader of this name says of it.
    pub fn against(&self, name: &str) -> String {
        let field = super::leaf(&self.path);
        match (&self.wrong, &self.near) {
            (Wrong::Missing, Some(near)) => format!("{name} needs `{field}`, where it has `{}`", super::leaf(near)),
            (Wrong::Missing, None) => format!("{name} needs `{field}`"),
            (Wrong::Unknown, _) => format!("{name} rejects `{field}`"),
            (Wrong::Value(why), _) => format!("{name} rejects it: {why}"),
        }
    }
}

/// An object with the place in the wire payload that it stands for.
pub struct Placed {
    pub pointer: String,
    pub part: Arc<Shape>,
    /// The part inside as much of the payload as leads to it.
    pub wire: Arc<Shape>,
}

/// A place of the payload that an object may stand for.
pub struct Target {
    pointer: String,
    depth: u32,
    /// Folded.
    fields: BTreeSet<String>,
}

/// The places of an event's payload, as either side knows it.
pub fn targets(before: &Subject<'_>, after: &Subject<'_>) -> Vec<Target> {
    let mut found = Vec::new();
    for subject in [before, after] {
        for sender in &subject.senders {
            collect(&sender.boundary.shape, "", 0, &mut found);
        }
        for reader in subject.readers() {
            collect(&reader.shape, &reader.pointer, 0, &mut found);
        }
    }
    found
}

fn collect(shape: &Shape, pointer: &str, depth: u32, found: &mut Vec<Target>) {
    if depth > MAX_PART_DEPTH {
        return;
    }
    match &shape.kind {
        ShapeKind::Object(object) => {
            let fields: BTreeSet<String> = object.fields.iter().map(|field| fold(&field.name)).collect();
            match found.iter_mut().find(|target| target.pointer == pointer) {
                Some(known) => known.fields.extend(fields),
                None => found.push(Target { pointer: pointer.to_owned(), depth, fields }),
            }
            for field in &object.fields {
                collect(&field.shape, &child(pointer, &field.name), depth + 1, found);
            }
        }
        ShapeKind::Union(branches) | ShapeKind::Intersection(branches) => {
            for branch in branches {
                collect(branch, pointer, depth, found);
            }
        }
        _ => {}
    }
}

/// The part of a statement that stands for a part of the payload: the two that share the most names.
pub fn place(double: &Double, targets: &[Target]) -> Option<Placed> {
    let mut nodes: Vec<(Arc<Shape>, u32)> = Vec::new();
    for body in &double.bodies {
        objects(body, 0, &mut nodes);
    }
    let mut best: Option<(usize, std::cmp::Reverse<u32>, &Arc<Shape>, &Target)> = None;
    for (node, node_depth) in &nodes {
        let Some(object) = node.as_object() else { continue };
        for target in targets {
            let shared = object.fields.iter().filter(|field| target.fields.contains(&fold(&field.name))).count();
            // Less than half of its names in common: it is some other object.
            if shared == 0 || shared * 2 < object.fields.len() {
                continue;
            }
            let depth = std::cmp::Reverse(node_depth + target.depth);
            if best.as_ref().is_none_or(|(known, deep, _, _)| (shared, depth) > (*known, *deep)) {
                best = Some((shared, depth, node, target));
            }
        }
    }
    let (_, _, part, target) = best?;
    let wire = target.pointer.rsplit('/').filter(|token| !token.is_empty()).fold(Arc::clone(part), |inner, token| {
        let name = token.replace("~1", "/").replace("~0", "~");
        let field = Field::new(name, inner, Presence::Required, part.origin.clone());
        Arc::new(Shape::new(ShapeKind::Object(ObjectShape::of(vec![field])), part.origin.clone()))
    });
    Some(Placed { pointer: target.pointer.clone(), part: Arc::clone(part), wire })
}

fn objects(shape: &Arc<Shape>, depth: u32, found: &mut Vec<(Arc<Shape>, u32)>) {
    if depth > MAX_PART_DEPTH {
        return;
    }
    match &shape.kind {
        ShapeKind::Object(object) => {
            found.push((Arc::clone(shape), depth));
            for field in &object.fields {
                objects(&field.shape, depth + 1, found);
            }
        }
        ShapeKind::Array(array) => {
            for item in array.items.iter().chain(&array.prefix) {
                objects(item, depth + 1, found);
            }
        }
        _ => {}
    }
}

/// How many names two statements share.
pub fn shared(a: &[Arc<Shape>], b: &[Arc<Shape>]) -> usize {
    let names = |bodies: &[Arc<Shape>]| -> BTreeSet<String> { bodies.iter().flat_map(|body| paths(body)).collect() };
    names(a).intersection(&names(b)).count()
}

/// What a reader says against an object.
pub fn misfits(reader: &Reader, placed: &Placed, partial: bool) -> BTreeSet<Misfit> {
    let Acceptance::Rejects { violations, .. } = reader.accepts_shape(&placed.wire) else { return BTreeSet::new() };
    let mut found = BTreeSet::new();
    for violation in violations {
        let place = normal(&format!("{}{}", reader.pointer, violation.path));
        let (path, wrong) = match (&violation.property, violation.keyword.as_str()) {
            (Some(property), "required") => (child(&place, property), Wrong::Missing),
            (Some(property), "additionalProperties" | "unevaluatedProperties") => (child(&place, property), Wrong::Unknown),
            _ => (place.clone(), Wrong::Value(violation.message.clone())),
        };
        // The envelope is not what the object states.
        if !path.starts_with(&placed.pointer) || partial && wrong == Wrong::Missing {
            continue;
        }
        let near = if wrong == Wrong::Missing { near(reader, placed, &place, &super::leaf(&path)) } else { None };
        found.insert(Misfit { path, wrong, near });
    }
    found
}

/// A key of the object beside a missing one that nobody reads and that is nearly its name.
fn near(reader: &Reader, placed: &Placed, place: &str, missing: &str) -> Option<String> {
    let around = at_pointer(&placed.wire, place)?;
    around
        .as_object()?
        .fields
        .iter()
        .filter(|field| !reader.reads(&child(place, &field.name)))
        .find(|field| fold(&field.name) == fold(missing) || alike(missing, &field.name))
        .map(|field| child(place, &field.name))
}

/// Positions of lists as `*`.
fn normal(path: &str) -> String {
    let token = |token: &str| {
        let position = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit());
        if position { "*".to_owned() } else { token.to_owned() }
    };
    path.split('/').map(token).collect::<Vec<_>>().join("/")
}

/// The paths of all fields.
pub fn paths(shape: &Shape) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    list(shape, "", 0, &mut found);
    found
}

fn list(shape: &Shape, at: &str, depth: u32, found: &mut BTreeSet<String>) {
    if depth > MAX_PATH_DEPTH {
        return;
    }
    match &shape.kind {
        ShapeKind::Object(object) => {
            for field in &object.fields {
                let path = child(at, &field.name);
                list(&field.shape, &path, depth + 1, found);
                found.insert(path);
            }
        }
        ShapeKind::Array(array) => {
            for item in array.items.iter().chain(&array.prefix) {
                list(item, &child(at, "*"), depth + 1, found);
            }
        }
        ShapeKind::Union(branches) | ShapeKind::Intersection(branches) => {
            for branch in branches {
                list(branch, at, depth, found);
            }
        }
        _ => {}
    }
}

/// The path that took the place of one that is gone: beside it, and nearly its name or the only new one.
pub fn successor(gone: &str, old: &BTreeSet<String>, new: &BTreeSet<String>) -> Option<String> {
    let parent = |path: &str| path.rsplit_once('/').map_or("", |(parent, _)| parent).to_owned();
    let come: Vec<&String> = new.difference(old).filter(|path| parent(path) == parent(gone)).collect();
    let name = super::leaf(gone);
    come.iter()
        .find(|path| fold(&super::leaf(path)) == fold(&name))
        .or_else(|| come.iter().find(|path| alike(&name, &super::leaf(path))))
        .map(|path| (*path).clone())
}

/// Whether a reader's shape demands a field.
pub fn requires(shape: &Shape, path: &str) -> bool {
    let mut current = shape;
    let tokens: Vec<String> = path.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~")).collect();
    for token in &tokens {
        let Some(field) = current.as_object().and_then(|object| object.field(token)) else { return false };
        if field.presence == Presence::Optional {
            return false;
        }
        current = &field.shape;
    }
    !tokens.is_empty()
}

/// The place of the field at a path.
pub fn origin_at(shape: &Arc<Shape>, path: &str) -> Option<Origin> {
    super::super::reader::place_of(shape, path)
}
