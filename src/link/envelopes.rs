//! Envelopes: what a transport, a standard or the repository itself puts around every payload.
//!
//! A transport's envelope (records of a queue, a notification, a bus's event) is on the reader's side alone: senders hand over
//! what is inside, so readers are brought down to it. An envelope of the repository's own, named in its configuration, is part of the
//! wire payload: a side that shows only what is inside of it gets it put around.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::idioms::wildcard::Wildcard;
use super::model::Boundary;
use super::payload::constant_field;
use super::reduce;
use crate::facts::Role;
use crate::shape::{ArrayShape, Field, ObjectShape, Presence, Rest, Shape, ShapeKind};

/// Envelopes inside of envelopes; past it what is left is taken as the payload.
const MAX_LAYERS: u32 = 6;

/// An envelope of the repository's own.
#[derive(Clone, Debug)]
pub struct OwnEnvelope {
    /// The keys down to the payload; `*` for the elements of a list.
    pub payload: Vec<String>,
    /// The keys down to the event's name.
    pub event: Option<Vec<String>>,
    /// Whether the payload stands there as a text that holds it: JSON, or base64 of it.
    pub as_text: bool,
    /// The events that it is put around; all where it is empty.
    pub events: Vec<Wildcard>,
}

/// An envelope of a transport: what it is known by, and where its payload is.
struct Transport {
    /// The keys down to the payload.
    payload: &'static [&'static str],
    /// Every key that may stand in an object on the way, the last of the way included.
    siblings: &'static [&'static [&'static str]],
    /// Where the event's name stands.
    event: Option<&'static str>,
    /// Only inside of another envelope, at a function of this platform, or with one of these keys beside it.
    asks_for: Option<(&'static str, &'static [&'static str])>,
}

const SQS: &[&str] = &[
    "body",
    "messageId",
    "receiptHandle",
    "attributes",
    "messageAttributes",
    "eventSource",
    "eventSourceARN",
    "awsRegion",
    "md5OfBody",
    "message_id",
    "receipt_handle",
    "message_attributes",
];
const SNS: &[&str] = &[
    "Message",
    "Type",
    "MessageId",
    "TopicArn",
    "Subject",
    "Timestamp",
    "MessageAttributes",
    "SignatureVersion",
    "Signature",
    "SigningCertURL",
    "SigningCertUrl",
    "UnsubscribeURL",
    "UnsubscribeUrl",
];
const BUS: &[&str] = &["detail", "detail-type", "source", "version", "id", "account", "time", "region", "resources"];
const PUSH: &[&str] = &["message", "subscription", "deliveryAttempt"];
const PUSHED: &[&str] = &["data", "attributes", "messageId", "message_id", "publishTime", "publish_time", "orderingKey"];
const CHANGE: &[&str] = &["before", "after", "op", "source", "ts_ms", "ts_us", "ts_ns", "transaction"];

const TRANSPORTS: &[Transport] = &[
    Transport {
        payload: &["Records", "*", "Sns", "Message"],
        siblings: &[&["Records"], &[], &["Sns", "EventSource", "EventVersion", "EventSubscriptionArn"], SNS],
        event: None,
        asks_for: None,
    },
    Transport { payload: &["Records", "*", "body"], siblings: &[&["Records"], &[], SQS], event: None, asks_for: None },
    Transport { payload: &["records", "*", "body"], siblings: &[&["records"], &[], SQS], event: None, asks_for: None },
    Transport { payload: &["Message"], siblings: &[SNS], event: None, asks_for: None },
    Transport {
        payload: &["detail"],
        siblings: &[BUS],
        event: Some("detail-type"),
        asks_for: Some(("lambda", &["detail-type"])),
    },
    Transport {
        payload: &["message", "data"],
        siblings: &[PUSH, PUSHED],
        event: None,
        asks_for: Some(("webhook", &["subscription"])),
    },
    Transport { payload: &["payload", "after"], siblings: &[&["payload", "schema"], CHANGE], event: None, asks_for: None },
    Transport { payload: &["after"], siblings: &[CHANGE], event: None, asks_for: Some(("debezium", &["op", "before", "ts_ms"])) },
];

/// Brings both sides of every event to one form.
pub fn align(boundaries: &mut [Boundary], own: &[OwnEnvelope]) {
    for boundary in boundaries.iter_mut().filter(|boundary| boundary.role == Role::Consumer) {
        let (shape, event) = opened(&boundary.shape, &boundary.idiom, &boundary.kind);
        boundary.shape = shape;
        boundary.event = boundary.event.take().or(event);
    }
    for boundary in boundaries.iter_mut().filter(|boundary| boundary.leaves_process() && boundary.kind != "decode") {
        for envelope in own {
            wrap_own(boundary, envelope);
        }
    }
    cloud_events(boundaries);
    outboxes(boundaries);
}

/// The keys under which what relays an outbox puts the payload of a row.
const RELAYED: &[&str] = &["payload", "data", "body", "detail"];

/// What is written into an outbox is the payload alone: its name stands in a column beside it, and whatever relays the rows puts both
/// into an envelope. So readers of events that outboxes alone send are brought down to the payload.
fn outboxes(boundaries: &mut [Boundary]) {
    let mut sent: BTreeMap<String, Option<Vec<Arc<Shape>>>> = BTreeMap::new();
    let senders = boundaries.iter().filter(|one| one.role == Role::Producer && !one.in_test && one.kind != "declared");
    for (sender, event) in senders.filter_map(|sender| Some((sender, sender.event.clone()?))) {
        let shapes = sent.entry(event).or_insert_with(|| Some(Vec::new()));
        match (sender.kind.as_str(), shapes) {
            ("outbox", Some(shapes)) => shapes.push(Arc::clone(&sender.shape)),
            (_, shapes) => *shapes = None,
        }
    }
    for reader in boundaries.iter_mut().filter(|one| one.role == Role::Consumer && one.kind != "outbox") {
        let Some(Some(shapes)) = reader.event.as_ref().and_then(|event| sent.get(event)) else { continue };
        let Some(object) = reader.shape.as_object() else { continue };
        let written = |name: &str| shapes.iter().any(|shape| shape.as_object().is_none_or(|object| object.field(name).is_some()));
        let Some(inner) = RELAYED.iter().find_map(|key| object.field(key)) else { continue };
        // Where a row has what the reader looks for beside it, it is no envelope.
        if object.fields.iter().any(|field| written(&field.name)) {
            continue;
        }
        let payload = reduce::non_nullable(&inner.shape);
        reader.whole = Some(std::mem::replace(&mut reader.shape, payload));
    }
}

/// What is inside of the transports' envelopes around a shape, and the event's name where one of them carries it.
fn opened(shape: &Arc<Shape>, idiom: &str, kind: &str) -> (Arc<Shape>, Option<String>) {
    let mut current = Arc::clone(shape);
    let mut event = None;
    let mut layers = 0;
    'layers: while layers < MAX_LAYERS {
        for transport in TRANSPORTS {
            let evident = match transport.asks_for {
                None => true,
                Some((platform, keys)) => {
                    layers > 0
                        || idiom.contains(platform)
                        || kind == platform
                        || keys.iter().any(|key| current.as_object().is_some_and(|object| object.field(key).is_some()))
                }
            };
            if !evident {
                continue;
            }
            if let Some(inner) = inside(&current, transport.payload, transport.siblings) {
                if let Some(key) = transport.event {
                    event = constant_field(&current, key).or(event);
                }
                current = inner;
                layers += 1;
                continue 'layers;
            }
        }
        break;
    }
    (current, event.map(String::from))
}

/// The part at the end of the way, where nothing stands beside it that the envelope does not have.
fn inside(shape: &Arc<Shape>, way: &[&str], siblings: &[&[&str]]) -> Option<Arc<Shape>> {
    let mut current = Arc::clone(shape);
    for (key, known) in way.iter().zip(siblings) {
        current = match &current.kind {
            ShapeKind::Array(array) if *key == "*" => array.items.clone()?,
            ShapeKind::Object(object) if object.fields.iter().all(|field| known.contains(&field.name.as_str())) => {
                Arc::clone(&object.field(key)?.shape)
            }
            _ => return None,
        };
        current = reduce::non_nullable(&current);
    }
    // Something has to be read in there; a text that is handed on says nothing of its fields.
    (!matches!(current.kind, ShapeKind::String(_) | ShapeKind::Never)).then_some(current)
}

/// Puts an envelope of the repository's own around a side that shows only what is inside.
fn wrap_own(boundary: &mut Boundary, envelope: &OwnEnvelope) {
    let concerned = envelope.events.is_empty()
        || boundary.event.as_ref().is_some_and(|event| envelope.events.iter().any(|pattern| pattern.matches(event)));
    let Some(first) = envelope.payload.first() else { return };
    if !concerned || boundary.shape.is_unknown() {
        return;
    }
    let has_it = match &boundary.shape.kind {
        ShapeKind::Object(object) => object.field(first).is_some(),
        ShapeKind::Array(_) => first == "*",
        _ => false,
    };
    if has_it {
        if envelope.as_text {
            boundary.shape = read_text(&boundary.shape, &envelope.payload);
        }
        if boundary.event.is_none()
            && let Some((last, above)) = envelope.event.as_ref().and_then(|event| event.split_last())
        {
            let holder = above.iter().try_fold(Arc::clone(&boundary.shape), |shape, key| Some(reduce::member(&shape, key).0));
            boundary.event = holder.and_then(|holder| constant_field(&holder, last)).map(String::from);
        }
        return;
    }
    let inner = Arc::clone(&boundary.shape);
    let mut whole = envelope.payload.iter().rev().fold(Arc::clone(&inner), |shape, key| around(key, shape, boundary.role));
    if let (Some(event), Some([key]), Role::Producer) = (&boundary.event, envelope.event.as_deref(), boundary.role)
        && !event.contains('*')
    {
        let name = Arc::new(Shape::new(ShapeKind::Const(Value::String(event.clone())), None));
        let field = Field::new(key.clone(), name, Presence::Required, Some(boundary.origin.clone()));
        let added = Arc::new(Shape::new(ShapeKind::Object(ObjectShape::of(vec![field])), None));
        whole = reduce::merge(&whole, &added);
    }
    boundary.inner = boundary.inner.take().or(Some(inner));
    boundary.shape = whole;
}

/// What a text at the end of the way holds, in the place of the text: both sides mean it, and neither looks at the text itself.
/// Readers that decode it show what is inside already.
fn read_text(shape: &Arc<Shape>, way: &[String]) -> Arc<Shape> {
    let Some((key, below)) = way.split_first() else {
        return match &shape.kind {
            ShapeKind::String(_) | ShapeKind::Const(Value::String(_)) => {
                shape.text_of.clone().unwrap_or_else(|| reduce::hole("what the text in its envelope holds is not known"))
            }
            ShapeKind::Union(branches) => {
                Shape::union(branches.iter().map(|branch| read_text(branch, way)), shape.origin.clone())
            }
            _ => Arc::clone(shape),
        };
    };
    let kind = match &shape.kind {
        ShapeKind::Object(object) => {
            let mut object = object.clone();
            for field in object.fields.iter_mut().filter(|field| field.name == *key) {
                field.shape = read_text(&field.shape, below);
            }
            ShapeKind::Object(object)
        }
        ShapeKind::Array(array) if key == "*" => {
            let mut array = array.clone();
            array.prefix = array.prefix.iter().map(|item| read_text(item, below)).collect();
            array.items = array.items.as_ref().map(|items| read_text(items, below));
            ShapeKind::Array(array)
        }
        ShapeKind::Union(branches) => {
            return Shape::union(branches.iter().map(|branch| read_text(branch, way)), shape.origin.clone());
        }
        _ => return Arc::clone(shape),
    };
    Arc::new(Shape { kind, ..shape.as_ref().clone() })
}

/// One layer. What else a writer puts into it is not known; a reader says nothing of it.
fn around(key: &str, inner: Arc<Shape>, role: Role) -> Arc<Shape> {
    if key == "*" {
        let array = ArrayShape { prefix: Vec::new(), items: Some(inner), min_items: None, max_items: None, unique: false };
        return Arc::new(Shape::new(ShapeKind::Array(array), None));
    }
    let origin = inner.origin.clone();
    let rest = match role {
        Role::Producer => Rest::Open { keys: None, values: reduce::hole("what else its envelope holds is not known") },
        Role::Consumer => Rest::Silent,
    };
    let field = Field::new(key, inner, Presence::Required, origin);
    let object = ObjectShape { fields: vec![field], rest, min_properties: None, max_properties: None };
    Arc::new(Shape::new(ShapeKind::Object(object), None))
}

/// A reader of CloudEvents in binary mode gets the data alone, a sender hands over the whole event, and the other way round.
fn cloud_events(boundaries: &mut [Boundary]) {
    let is_event = |shape: &Shape| {
        shape.as_object().is_some_and(|object| {
            let has = |name: &str| object.field(name).is_some();
            has("data") && (has("specversion") || has("type") && has("source") && !has("payload"))
        })
    };
    let mut sent: BTreeMap<&str, bool> = BTreeMap::new();
    for boundary in boundaries.iter().filter(|boundary| boundary.role == Role::Producer) {
        if let Some(event) = &boundary.event {
            let whole = is_event(&boundary.shape);
            sent.entry(event).and_modify(|all| *all &= whole).or_insert(whole);
        }
    }
    let sent: std::collections::BTreeSet<String> =
        sent.into_iter().filter(|(_, whole)| *whole).map(|(event, _)| event.to_owned()).collect();
    for boundary in boundaries.iter_mut().filter(|boundary| boundary.role == Role::Consumer) {
        let meets = boundary.event.as_ref().is_some_and(|event| sent.contains(event));
        let bare = boundary.shape.as_object().is_some_and(|object| {
            !object.fields.is_empty()
                && !["data", "type", "source", "id", "specversion", "subject", "time"]
                    .iter()
                    .any(|name| object.field(name).is_some())
        });
        if meets && bare {
            let inner = Arc::clone(&boundary.shape);
            boundary.shape = around("data", Arc::clone(&inner), Role::Consumer);
            boundary.inner = Some(inner);
        }
    }
}

#[cfg(test)]
mod tests;
