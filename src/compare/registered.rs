//! Registered schemas as the boundaries that they declare, so that they are compared as code is.

use std::sync::Arc;

use crate::facts::Role;
use crate::finding::Via;
use crate::link::model::Boundary;
use crate::link::naming::is_plain_word;
use crate::link::packages::is_test_path;
use crate::link::reduce;
use crate::prove::Document;
use crate::registry::{Binding, Promise, Registry};
use crate::shape::{Field, ObjectShape, Presence, Rest, Shape, ShapeKind};
use crate::source::Origin;

/// The kind of the boundaries that a document declares and no code was found at.
pub const KIND: &str = "schema";

/// The idiom of the boundaries that an OpenAPI document declares.
const REQUEST: &str = "request";

/// Whether two of one name mean different things: one is a request to an address and the other a message to a task, they are the two
/// directions of a socket, or they share but a plain word.
pub fn apart(one: &Boundary, other: &Boundary) -> bool {
    is_request(one) && is_task(other) || is_task(one) && is_request(other) || are_two_ways(one, other) || by_chance(one, other)
}

/// Whether one is sent over a socket where the other is read: what comes and what is answered there, the other end has both.
fn are_two_ways(one: &Boundary, other: &Boundary) -> bool {
    let comes = |boundary: &Boundary| matches!(boundary.kind.as_ref(), "websocket" | "decode");
    let both = one.kind == "websocket" && comes(other) || other.kind == "websocket" && comes(one);
    both && one.role != other.role && one.origin.file == other.origin.file
}

/// Whether a text of which nobody knows where it came from is decoded in one place, and what is sent in another has but a plain word in
/// common with it: many things are called `lead`, `start` or `error`.
fn by_chance(one: &Boundary, other: &Boundary) -> bool {
    let decodes = one.kind == "decode" || other.kind == "decode";
    decodes && one.origin.file != other.origin.file && one.event.as_deref().is_some_and(is_plain_word)
}

/// Whether it is a request to an address, in code or declared by a document.
pub fn is_request(boundary: &Boundary) -> bool {
    boundary.kind == "webhook" || is_documented_request(boundary)
}

/// Whether a document tells of it, as a request that is made to an address.
pub fn is_documented_request(boundary: &Boundary) -> bool {
    boundary.kind == KIND && boundary.idiom == REQUEST
}

/// Whether it is a message to a task, or a task.
pub fn is_task(boundary: &Boundary) -> bool {
    boundary.task.is_some()
}

/// What documents say is sent, and what schemas at a reader's door take. Contracts are no boundaries: they speak of a reader that
/// is elsewhere.
pub fn boundaries(registry: &Registry) -> Vec<Boundary> {
    registry
        .promises
        .iter()
        .filter(|promise| promise.role == Role::Producer || promise.via == Via::Schema)
        // A schema that only its name binds, among the tests, is a fixture.
        .filter(|promise| promise.binding == Binding::Declared || !is_test_path(promise.origin.file.as_str()))
        .filter_map(boundary)
        .collect()
}

fn boundary(promise: &Promise) -> Option<Boundary> {
    // A channel with parameters is an event whose name has open parts.
    let event = promise.event.as_name().map_or_else(|| promise.event.to_string(), str::to_owned);
    if !event.contains(|letter: char| letter.is_alphanumeric()) {
        return None;
    }
    let channel = promise.channel.as_ref().and_then(|channel| channel.as_name()).map(str::to_owned);
    Some(Boundary {
        channel: channel.filter(|channel| *channel != event),
        event: Some(event),
        enforced: true,
        package: promise.consumer.clone(),
        // A part of the payload is proved by its shape: what stands around it is not in the document.
        document: promise.payload_pointer.is_none().then(|| Arc::clone(&promise.schema.document)),
        ..Boundary::new(
            promise.role,
            KIND,
            if promise.is_about_requests() { REQUEST } else { KIND },
            promise.origin.clone(),
            wire_shape(promise),
        )
    })
}

/// The shape of a promise's schema.
pub fn shape(promise: &Promise) -> Arc<Shape> {
    promise.schema.shape(|| match Document::new((*promise.schema.document).clone(), None, &[]) {
        Ok(document) => read(promise, &document),
        Err(reason) => reduce::hole(reason.to_string()),
    })
}

/// The same, where the schema has been prepared for something else.
pub fn shape_in(promise: &Promise, document: &Document) -> Arc<Shape> {
    promise.schema.shape(|| read(promise, document))
}

fn read(promise: &Promise, document: &Document) -> Arc<Shape> {
    let places = |pointer: &str| -> Option<Origin> { Some(promise.schema.origin(pointer)) };
    document.shape(&places).shape
}

/// The shape of the whole payload, where the schema speaks of a part inside an envelope.
fn wire_shape(promise: &Promise) -> Arc<Shape> {
    let pointer = promise.payload_pointer.as_deref().unwrap_or_default();
    pointer.rsplit('/').filter(|token| !token.is_empty()).fold(shape(promise), |inner, token| {
        let field = Field {
            name: token.replace("~1", "/").replace("~0", "~"),
            aliases: Vec::new(),
            shape: inner,
            presence: Presence::Required,
            default: None,
            origin: Some(promise.origin.clone()),
            source: None,
            cause: None,
        };
        // What else the envelope holds is not said.
        let rest = Rest::Open { keys: None, values: reduce::hole("the schema speaks of a part of the payload alone") };
        let envelope = ObjectShape { fields: vec![field], rest, min_properties: None, max_properties: None };
        Arc::new(Shape::new(ShapeKind::Object(envelope), Some(promise.origin.clone())))
    })
}
