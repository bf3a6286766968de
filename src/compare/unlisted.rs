//! What consumer code reads and its own contract does not list.
//!
//! A consumer is the code of one package that reads one event; what its places need together is held against every document
//! that speaks for a consumer of this name. Reads of what is not known, and those outside of the part of the payload that a
//! contract speaks of, are nobody's fault.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::changes::child;
use super::reader::{self, Reader};
use crate::facts::Role;
use crate::finding::Via;
use crate::link::model::{Boundary, Model};
use crate::link::reduce;
use crate::registry::{Promise, Registry};
use crate::shape::{Field, ObjectShape, Presence, Shape, ShapeKind};
use crate::source::Origin;

/// How deep a payload is walked; past it a part is taken as one value.
const MAX_DEPTH: u32 = 24;

/// What one consumer needs of one event, from all its places in code.
#[derive(Debug)]
pub struct Need<'m> {
    pub consumer: String,
    pub event: String,
    /// The places that read it, in the order of the source.
    pub readers: Vec<&'m Boundary>,
    /// What they need together of the payload on the wire; a hole where nothing is known.
    pub shape: Arc<Shape>,
    /// Where the part stands that they are handed: a JSON Pointer, empty for the whole payload.
    pub pointer: String,
    /// What they need of that part.
    pub part: Arc<Shape>,
}

/// A field that is read and not listed.
#[derive(Clone, Debug)]
pub struct Unlisted {
    /// The names and `*`s above it: empty for a field of the payload itself.
    pub parent: Vec<String>,
    pub field: Field,
    /// Where it is read.
    pub origin: Origin,
}

impl Unlisted {
    /// Its JSON Pointer in the payload.
    pub fn path(&self) -> String {
        self.parent.iter().chain([&self.field.name]).fold(String::new(), |path, key| child(&path, key))
    }
}

/// What every consumer of a model needs: of events with a name, outside of tests, from other processes.
pub fn needs(model: &Model) -> Vec<Need<'_>> {
    let mut found: BTreeMap<(String, String), Vec<&Boundary>> = BTreeMap::new();
    let readers = model.boundaries.iter().filter(|boundary| {
        boundary.role == Role::Consumer && !boundary.in_test && boundary.leaves_process() && !super::is_declaration(boundary)
    });
    for reader in readers {
        if let Some(event) = &reader.event {
            found.entry((reader.package.clone(), event.clone())).or_default().push(reader);
        }
    }
    let senders = model.by_event(Role::Producer);
    found
        .into_iter()
        .map(|((consumer, event), readers)| {
            let senders: Vec<&Boundary> =
                senders.get(&event).into_iter().flatten().copied().filter(|sender| !sender.in_test).collect();
            let known: Vec<&Boundary> = readers.iter().copied().filter(|reader| !reader.shape.is_unknown()).collect();
            let mut pointers: Vec<String> = known.iter().map(|reader| Reader::of_code(reader, &senders).pointer).collect();
            let together = |shapes: Vec<Arc<Shape>>| {
                let all = shapes.into_iter().reduce(|a, b| reduce::intersect(&a, &b));
                all.unwrap_or_else(|| reduce::hole("what is read is not known"))
            };
            let whole = known.iter().zip(&pointers).map(|(reader, pointer)| placed(&reader.shape, pointer)).collect();
            // What some sender leaves out, and no type of the reader insists on, is read where it is present.
            let insists = known.iter().any(|reader| reader.enforced);
            let sent: Vec<&Arc<Shape>> = senders.iter().map(|sender| &sender.shape).collect();
            let shape = if insists { together(whole) } else { where_present(&together(whole), &sent, 0) };
            let parts = known.iter().map(|reader| Arc::clone(&reader.shape)).collect();
            pointers.dedup();
            let (pointer, part) = match <[String; 1]>::try_from(pointers) {
                Ok([pointer]) if insists => (pointer, together(parts)),
                Ok([pointer]) => {
                    let part = reader::at_pointer(&shape, &pointer).unwrap_or_else(|| together(parts));
                    (pointer, part)
                }
                // Some are handed the whole payload and some a part: what they need together is said of the whole.
                Err(_) => (String::new(), Arc::clone(&shape)),
            };
            Need { consumer, event, readers, shape, pointer, part }
        })
        .collect()
}

/// A reader's shape that demands no field which some sender has as one that may be left out.
fn where_present(shape: &Arc<Shape>, sent: &[&Arc<Shape>], depth: u32) -> Arc<Shape> {
    let Some(object) = shape.as_object().filter(|_| depth < MAX_DEPTH) else { return Arc::clone(shape) };
    let mut object = object.clone();
    for field in &mut object.fields {
        let theirs: Vec<&Field> =
            sent.iter().filter_map(|sent| sent.as_object()).filter_map(|sent| sent.field(&field.name)).collect();
        if theirs.iter().any(|their| their.presence == Presence::Optional) {
            field.presence = Presence::Optional;
        }
        let below: Vec<&Arc<Shape>> = theirs.iter().map(|their| &their.shape).collect();
        field.shape = where_present(&field.shape, &below, depth + 1);
    }
    Arc::new(Shape { kind: ShapeKind::Object(object), ..shape.as_ref().clone() })
}

/// A part inside of as much of the payload as leads to it.
fn placed(part: &Arc<Shape>, pointer: &str) -> Arc<Shape> {
    pointer.rsplit('/').filter(|token| !token.is_empty()).fold(Arc::clone(part), |inner, token| {
        let origin = inner.origin.clone();
        let name = token.replace("~1", "/").replace("~0", "~");
        let field = Field::new(name, inner, Presence::Required, origin.clone());
        Arc::new(Shape::new(ShapeKind::Object(ObjectShape::of(vec![field])), origin))
    })
}

impl Need<'_> {
    /// The documents that speak for this consumer of this event.
    pub fn promises<'r>(&self, registry: &'r Registry) -> Vec<&'r Promise> {
        let own =
            |promise: &&Promise| promise.role == Role::Consumer && promise.via != Via::Code && promise.consumer == self.consumer;
        registry.of_event(&self.event).filter(own).collect()
    }

    /// The fields that none of the `promises` lists, the outermost first and each with all that lies under it.
    pub fn unlisted(&self, promises: &[&Promise]) -> Vec<Unlisted> {
        let readers: Vec<Reader> = promises.iter().map(|promise| Reader::of_promise(promise)).collect();
        let listed = |path: &str| {
            readers.iter().any(|reader| {
                // A contract about a part of the payload says nothing of the rest, and one that could not be read whole may.
                let outside = !path.starts_with(&reader.pointer) || path == reader.pointer;
                outside || reader.shape.is_unknown() || reader.reads(path)
            })
        };
        let mut found = Vec::new();
        let fallback = self.readers.first().map(|reader| reader.origin.clone());
        let Some(fallback) = fallback else { return found };
        walk(&self.shape, &mut Vec::new(), &listed, &fallback, 0, &mut found);
        found
    }
}

fn walk(
    shape: &Shape,
    above: &mut Vec<String>,
    listed: &dyn Fn(&str) -> bool,
    fallback: &Origin,
    depth: u32,
    found: &mut Vec<Unlisted>,
) {
    if depth > MAX_DEPTH {
        return;
    }
    match &shape.kind {
        ShapeKind::Object(object) => {
            let parent = above.iter().fold(String::new(), |path, key| child(&path, key));
            for field in object.fields.iter().filter(|field| !matches!(field.shape.kind, ShapeKind::Never)) {
                let names = std::iter::once(&field.name).chain(&field.aliases);
                let known = names.clone().find(|name| listed(&child(&parent, name)));
                match known {
                    Some(name) => {
                        above.push(name.clone());
                        walk(&field.shape, above, listed, field.origin.as_ref().unwrap_or(fallback), depth + 1, found);
                        above.pop();
                    }
                    None => found.push(Unlisted {
                        parent: above.clone(),
                        field: field.clone(),
                        origin: field.origin.clone().unwrap_or_else(|| fallback.clone()),
                    }),
                }
            }
        }
        ShapeKind::Array(array) if array.prefix.is_empty() => {
            if let Some(items) = &array.items {
                above.push("*".to_owned());
                walk(items, above, listed, fallback, depth + 1, found);
                above.pop();
            }
        }
        // `null` beside a value: a reader that copes with both.
        ShapeKind::Union(branches) => {
            let mut values = branches.iter().filter(|branch| !matches!(branch.kind, ShapeKind::Null));
            if let (Some(only), None) = (values.next(), values.next()) {
                walk(only, above, listed, fallback, depth + 1, found);
            }
        }
        ShapeKind::Unknown(_)
        | ShapeKind::Never
        | ShapeKind::Null
        | ShapeKind::Boolean
        | ShapeKind::Integer(_)
        | ShapeKind::Number(_)
        | ShapeKind::String(_)
        | ShapeKind::Const(_)
        | ShapeKind::Array(_)
        | ShapeKind::Intersection(_)
        | ShapeKind::Recursive(_) => {}
    }
}
