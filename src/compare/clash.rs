//! Two consumers whose promises cannot both be met: no payload is accepted by both, so whoever sends the event breaks one.
//!
//! Decided by proof alone: every payload that one accepts is rejected by the other. Where that cannot be worked out, nothing is
//! said. The field is found by asking the same of the parts.

use std::sync::Arc;

use serde_json::{Value, json};

use super::changes::{child, words};
use super::{finding, registered};
use crate::facts::Role;
use crate::finding::{Finding, Severity, Via};
use crate::prove::{self, Document, Options, Verdict};
use crate::registry::{Promise, Registry};
use crate::shape::lower::{Silence, document};
use crate::shape::{Field, Presence, Shape};

/// Pairs of promises of one event that are looked at; past this the rest is not held against each other.
const PAIRS_PER_EVENT: usize = 400;

/// How deep the field that clashes is looked for.
const MAX_DEPTH: u32 = 12;

/// The address that a schema inside of another is given, so that its references stay its own.
const INNER: &str = "json-schema:///other";

/// The clashes of a registry's promises of which at least one is `fresh`.
pub(super) fn clashes(registry: &Registry, fresh: &dyn Fn(&Promise) -> bool) -> Vec<Finding> {
    let mut events: Vec<&str> = registry.promises.iter().filter_map(|promise| promise.event.as_name()).collect();
    events.sort_unstable();
    events.dedup();
    let mut found = Vec::new();
    for event in events {
        let reads = |promise: &&Promise| promise.role == Role::Consumer && promise.via != Via::Code;
        let readers: Vec<&Promise> = registry.of_event(event).filter(reads).collect();
        let mut looked = 0;
        for (at, one) in readers.iter().enumerate() {
            for other in &readers[at + 1..] {
                // Several entries of one party are alternatives, or one need said in parts.
                if one.consumer == other.consumer || !(fresh(one) || fresh(other)) || looked >= PAIRS_PER_EVENT {
                    continue;
                }
                looked += 1;
                if exclude(one, other) {
                    // It is the new one that is shown.
                    let (old, new) = if fresh(other) { (one, other) } else { (other, one) };
                    found.push(clash(event, old, new));
                }
            }
        }
    }
    found
}

/// The schema of the whole payload, where a promise speaks of a part of it.
fn whole(promise: &Promise, schema: Value) -> Value {
    let pointer = promise.payload_pointer.as_deref().unwrap_or_default();
    pointer.rsplit('/').filter(|token| !token.is_empty()).fold(schema, |inner, token| around(&unescaped(token), inner))
}

fn around(key: &str, inner: Value) -> Value {
    json!({"type": "object", "required": [key], "properties": {key: inner}})
}

fn unescaped(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

/// Whether no payload is accepted by both.
fn exclude(one: &Promise, other: &Promise) -> bool {
    let payload = |promise: &Promise| {
        let mut schema = (*promise.schema.document).clone();
        if let Value::Object(map) = &mut schema {
            let id = if promise.schema.dialect().id_keyword() == "id" { "id" } else { "$id" };
            map.insert(id.to_owned(), Value::String(INNER.to_owned()));
        }
        schema
    };
    // What nobody can send at all is no clash of two.
    let (a, b) = (payload(one), payload(other));
    apart(&whole(one, a.clone()), &whole(other, b.clone())) && satisfiable(&whole(one, a)) && satisfiable(&whole(other, b))
}

fn satisfiable(schema: &Value) -> bool {
    Document::new(schema.clone(), None, &[]).is_ok_and(|document| prove::sample(&document).is_some())
}

/// Whether it is proved that what one schema accepts the other rejects.
fn apart(one: &Value, other: &Value) -> bool {
    let dialect = |schema: &Value| schema.get("$schema").cloned().unwrap_or_else(|| json!(crate::registry::DRAFT_2020));
    let negated = json!({"$schema": dialect(other), "not": other});
    match (Document::new(one.clone(), None, &[]), Document::new(negated, None, &[])) {
        (Ok(one), Ok(negated)) => prove::contains(&negated, &one, &Options::default()) == Verdict::Contained,
        (Err(_), _) | (_, Err(_)) => false,
    }
}

fn shapes_apart(one: &Value, other: &Shape) -> bool {
    apart(one, &document(other, Silence::Open))
}

/// Where two shapes clash: the path, and what each of them wants there.
fn place(one: &Arc<Shape>, other: &Arc<Shape>, depth: u32) -> Option<(String, String, String)> {
    if depth > MAX_DEPTH {
        return None;
    }
    let demanded = |shape: &Shape| -> Vec<Field> {
        let fields = shape.as_object().map(|object| object.fields.as_slice()).unwrap_or_default();
        fields.iter().filter(|field| field.presence == Presence::Required).cloned().collect()
    };
    for (mine, theirs, swapped) in [(one, other, false), (other, one, true)] {
        for field in demanded(mine) {
            let single = around(&field.name, document(&field.shape, Silence::Open));
            if !shapes_apart(&single, theirs) {
                continue;
            }
            let twin = theirs.as_object().and_then(|object| object.field(&field.name)).map(|field| Arc::clone(&field.shape));
            if let Some((path, a, b)) = twin.as_ref().and_then(|twin| place(&field.shape, twin, depth + 1)) {
                let path = format!("{}{path}", child("", &field.name));
                return Some(if swapped { (path, b, a) } else { (path, a, b) });
            }
            let (a, b) = (words(&field.shape), twin.as_ref().map_or_else(|| "no such field".to_owned(), |twin| words(twin)));
            let path = child("", &field.name);
            return Some(if swapped { (path, b, a) } else { (path, a, b) });
        }
    }
    None
}

fn clash(event: &str, one: &Promise, other: &Promise) -> Finding {
    let same_part = one.payload_pointer == other.payload_pointer;
    let place = if same_part { place(&registered::shape(one), &registered::shape(other), 0) } else { None };
    let pointer = one.payload_pointer.clone().unwrap_or_default();
    let (path, why) = match place {
        Some((path, a, b)) => {
            let name = path.trim_start_matches('/').replace('/', ".");
            let why = format!("{} needs `{name}` to be {a}, {} needs {b}", one.consumer, other.consumer);
            (format!("{pointer}{path}"), why)
        }
        None => (pointer, "no payload is accepted by both".to_owned()),
    };
    let mut found = finding(
        "contracts-clash",
        event,
        Role::Consumer,
        format!("{} and {} cannot both be given `{event}`: {why}", one.consumer, other.consumer),
    );
    if one.pending || other.pending {
        found.severity = Severity::Warning;
    }
    let names: Vec<String> = path.split('/').skip(1).map(unescaped).collect();
    let origin = |promise: &Promise| origin_in(promise, &names);
    found.head = Some(origin(other));
    found.path = path;
    found.fragments = (one.consumer.clone(), other.consumer.clone());
    found.consumers = [one, other]
        .into_iter()
        .map(|promise| {
            let mut consumer = promise.as_consumer();
            consumer.origin = Some(origin(promise));
            consumer
        })
        .collect();
    found.evidence = Some("it is proved that each of them rejects every payload that the other accepts".to_owned());
    found.help = "let their owners agree on one form, or send each of them an event of its own".to_owned();
    found
}

/// Where a promise speaks of the field at the end of the names; the whole promise where it does not.
fn origin_in(promise: &Promise, names: &[String]) -> crate::source::Origin {
    let skipped = promise.payload_pointer.as_deref().map_or(0, |pointer| pointer.split('/').count() - 1);
    let mut current = registered::shape(promise);
    let mut found = promise.origin.clone();
    for name in names.iter().skip(skipped) {
        let Some(field) = current.as_object().and_then(|object| object.field(name)).cloned() else { break };
        if let Some(origin) = field.origin {
            found = origin;
        }
        current = field.shape;
    }
    found
}
