//! The boundaries of one snapshot, by event.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::options::Options;
use crate::facts::{Completion, Role, Swallowed};
use crate::shape::Shape;
use crate::source::{Origin, RepoPath};

/// One place where a payload crosses between systems.
#[derive(Clone, Debug)]
pub struct Boundary {
    /// The name by which readers tell payloads apart; `None` where it could not be resolved. `*` stands for open parts.
    pub event: Option<String>,
    /// The source text of the name where it could not be resolved.
    pub event_expr: Option<String>,
    /// The transport's name, where it differs from the event.
    pub channel: Option<String>,
    pub role: Role,
    /// `queue`, `webhook`, `http`, `analytics`, `outbox`, `in-process`, `declared`, …
    pub kind: String,
    /// The id of the idiom row that recognised it.
    pub idiom: String,
    /// Where the name becomes known.
    pub origin: Origin,
    /// The function around it.
    pub symbol: String,
    pub in_test: bool,
    /// The wire shape, in the boundary's own role.
    pub shape: Arc<Shape>,
    /// The shape at the call, where an envelope is put around it.
    pub inner: Option<Arc<Shape>>,
    /// Whether a reader's shape comes from a type that rejects what does not fit, and not from what the code happens to read.
    pub enforced: bool,
    pub delivery: Delivery,
    /// The calls from the site down to the sink.
    pub via: Vec<Origin>,
    /// The package or crate that the code belongs to.
    pub package: String,
    /// The JSON Schema that says it, for a boundary that a document declares and not code.
    pub document: Option<Arc<serde_json::Value>>,
}

/// How a payload is handed over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delivery {
    pub completion: Completion,
    pub swallowed: Swallowed,
    pub transaction: bool,
    /// The conditions between the function's entry and the call, in the words of the source.
    pub conditions: Vec<String>,
    pub in_loop: bool,
    pub key: Option<String>,
    pub idempotency_key: Option<String>,
    pub retry: Option<String>,
    /// What the rules about keys and settings compare.
    pub options: Options,
}

impl Boundary {
    /// What findings and groups call it: the event, else the channel, else the words of the source.
    pub fn label(&self) -> String {
        self.event
            .clone()
            .or_else(|| self.channel.clone())
            .or_else(|| self.event_expr.clone())
            .unwrap_or_else(|| self.shape.name.as_deref().unwrap_or("(unnamed)").to_owned())
    }

    /// Whether payloads cross to code that is deployed at another time.
    pub fn leaves_process(&self) -> bool {
        self.kind != "in-process"
    }
}

/// A named type in wire form.
#[derive(Clone, Debug)]
pub struct NamedType {
    pub name: String,
    pub origin: Origin,
    /// What it writes.
    pub write: Arc<Shape>,
    /// What it accepts, where that differs.
    pub read: Option<Arc<Shape>>,
}

/// Everything that one snapshot's code says at its boundaries.
#[derive(Clone, Debug, Default)]
pub struct Model {
    pub boundaries: Vec<Boundary>,
    /// Files (or parts of them) that could not be read: what stood there is unknown, never removed.
    pub unread: BTreeMap<RepoPath, Vec<crate::source::Span>>,
}

impl Model {
    /// The boundaries of one role, by event name; those without a name under their label in angle brackets.
    pub fn by_event(&self, role: Role) -> BTreeMap<String, Vec<&Boundary>> {
        let mut events: BTreeMap<String, Vec<&Boundary>> = BTreeMap::new();
        for boundary in self.boundaries.iter().filter(|boundary| boundary.role == role) {
            events.entry(boundary.label()).or_default().push(boundary);
        }
        events
    }
}
