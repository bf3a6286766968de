//! Envelopes that hold the payload as a text: promises about the whole are read as if the payload stood there itself.
//!
//! Code is read the same way (`link::envelopes`), so that both speak of the payload. What the text holds is its `contentSchema`; without
//! one nothing is said of it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::bundle::UNKNOWN;
use super::{EventPattern, Promise};
use crate::config::{Config, EnvelopeEncoding};
use crate::document::{join, tokens};

/// Opens the texts of the configuration's envelopes in promises.
pub fn open(promises: &mut [Promise], config: &Config) {
    let rows = config.envelopes.iter().filter(|row| match row.encoding.as_ref().map(|encoding| encoding.value) {
        Some(EnvelopeEncoding::JsonText | EnvelopeEncoding::Base64) => true,
        Some(EnvelopeEncoding::Json) | None => false,
    });
    for row in rows {
        let Some(way) = tokens(&row.payload) else { continue };
        let events: Vec<EventPattern> =
            row.events.iter().flat_map(|events| events.iter()).map(|event| EventPattern::parse(event)).collect();
        for promise in promises.iter_mut() {
            let concerned = events.is_empty()
                || promise.event.as_name().is_some_and(|name| events.iter().any(|pattern| pattern.matches(name)));
            let above = promise.payload_pointer.as_deref().and_then(tokens).unwrap_or_default();
            if let (true, Some(rest)) = (concerned, way.strip_prefix(above.as_slice()))
                && !rest.is_empty()
            {
                open_at(promise, rest);
            }
        }
    }
}

fn open_at(promise: &mut Promise, way: &[String]) {
    let document = &promise.schema.document;
    let mut pointer = String::new();
    for key in way {
        pointer = if key == "*" { join(&pointer, "items") } else { join(&join(&pointer, "properties"), key) };
    }
    let is_text = |node: &Value| node.get("type").is_some_and(|ty| ty == "string");
    let Some(node) = document.pointer(&pointer).filter(|node| is_text(node)) else { return };
    let (opened, source) = match node.get("contentSchema") {
        Some(inner) => (inner.clone(), join(&pointer, "contentSchema")),
        None => (json!({ UNKNOWN: "what the text in its envelope holds is not said" }), pointer.clone()),
    };
    let mut document = (**document).clone();
    if let Some(node) = document.pointer_mut(&pointer) {
        *node = opened;
    }
    promise.schema.replace(Arc::new(document), pointer, &source);
}
