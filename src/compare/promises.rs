//! What the change does to the promises themselves, and the registered schemas as what is sent.

use std::sync::Arc;

use super::reader::{Acceptance, Reader};
use super::{Compared, EventPair, Sides, finding};
use crate::facts::Role;
use crate::finding::{Severity, Status};
use crate::link::model::{Boundary, Delivery};
use crate::prove::{self, Document, Options, Verdict};
use crate::registry::loosened::{Fate, added, changed};
use crate::registry::{Binding, Promise, Registry};
use crate::source::Origin;

/// The registered schemas that say what is sent, as boundaries.
pub(super) fn senders(registry: &Registry) -> Vec<Boundary> {
    registry
        .promises
        .iter()
        .filter(|promise| promise.role == Role::Producer)
        .filter_map(|promise| {
            let event = promise.event.as_name()?.to_owned();
            let shape = Reader::of_promise(promise).shape;
            Some(Boundary {
                event: Some(event),
                event_expr: None,
                channel: promise.channel.as_ref().and_then(|channel| channel.as_name()).map(str::to_owned),
                role: Role::Producer,
                kind: "registered".to_owned(),
                idiom: promise.via.as_str().to_owned(),
                origin: promise.origin.clone(),
                symbol: promise.label.clone().unwrap_or_default(),
                in_test: false,
                shape,
                inner: None,
                enforced: false,
                delivery: Delivery::default(),
                via: Vec::new(),
                package: promise.consumer.clone(),
                document: Some(Arc::clone(&promise.schema.document)),
            })
        })
        .collect()
}

/// Judges contracts and registered schemas that the change edits.
pub(super) fn judge(events: &[EventPair<'_>], sides: &Sides<'_>, compared: &mut Compared) {
    for found in changed(sides.base_registry, sides.head_registry) {
        let promise = found.base;
        let spoken_of = events.iter().any(|pair| pair.named && promise.speaks_of(&pair.event) && has_code(pair));
        if promise.binding == Binding::Convention && !spoken_of {
            continue;
        }
        let touched = compared.touched.iter().any(|event| promise.speaks_of(event));
        match found.fate {
            Fate::Deleted => deleted(promise, events, compared),
            // The file itself is reported, and base's version goes on counting.
            Fate::Unreadable(_) => {}
            Fate::Changed(now) if promise.role == Role::Consumer => loosened(promise, &now, touched, compared),
            // What a registered schema says is sent has been compared as a producer.
            Fate::Changed(_) => {}
        }
    }
    for promise in added(sides.base_registry, sides.head_registry) {
        if promise.role == Role::Consumer {
            stricter(promise, events, compared);
        }
    }
}

fn has_code(pair: &EventPair<'_>) -> bool {
    pair.base_producers.iter().chain(&pair.head_producers).chain(&pair.base_consumers).chain(&pair.head_consumers).any(|boundary| boundary.document.is_none())
}

fn deleted(promise: &Promise, events: &[EventPair<'_>], compared: &mut Compared) {
    // A registered schema was all that spoke of the event: then the event is gone, and that is said already.
    if promise.role == Role::Producer
        && events.iter().any(|pair| pair.named && promise.speaks_of(&pair.event) && pair.head_producers.is_empty())
    {
        return;
    }
    let what = match promise.role {
        Role::Consumer => format!("the contract of {} for `{}` is gone", promise.consumer, promise.event),
        Role::Producer => format!("the schema that was registered for `{}` is gone", promise.event),
    };
    let mut found = finding("contract-deleted", &promise.event.to_string(), promise.role, what);
    found.base = Some(promise.origin.clone());
    found.fragments = (format!("{} {}", promise.consumer, promise.event), String::new());
    found.consumers.push(promise.as_consumer());
    found.evidence = Some("the version of the base branch counts for this change".to_owned());
    found.help = "let its owner remove it in a change of its own".to_owned();
    compared.findings.push(found);
}

/// A contract that takes payloads which base's version turned away asks for less.
fn loosened(promise: &Promise, now: &[&Promise], touched: bool, compared: &mut Compared) {
    let Ok(before) = Document::new((*promise.schema.document).clone(), None, &[]) else { return };
    for other in now {
        let Ok(after) = Document::new((*other.schema.document).clone(), None, &[]) else { continue };
        match prove::contains(&before, &after, &Options::default()) {
            Verdict::Contained => {
                if touched {
                    together(promise, other, compared);
                }
            }
            Verdict::Escapes(witness) => {
                let violation = prove::violations(&before, witness.payload()).into_iter().next();
                let what = match violation.as_ref().map(|violation| (&violation.property, violation.keyword.as_str())) {
                    Some((Some(property), "required")) => format!("`{property}` is no longer required"),
                    _ => "it takes payloads that it turned away".to_owned(),
                };
                let mut found = finding(
                    "contract-loosened",
                    &promise.event.to_string(),
                    promise.role,
                    format!("the contract of {} for `{}` asks for less: {what}", promise.consumer, promise.event),
                );
                found.severity = if touched { Severity::Error } else { Severity::Warning };
                found.path = violation
                    .as_ref()
                    .map(|violation| match &violation.property {
                        Some(property) => super::changes::child(&violation.path, property),
                        None => violation.path.clone(),
                    })
                    .unwrap_or_default();
                found.base = Some(place_of(promise, violation.as_ref()));
                found.head = Some(other.origin.clone());
                found.fragments = (promise.consumer.clone(), what);
                found.consumers.push(promise.as_consumer());
                found.witness = Some(witness);
                found.evidence = Some("the version of the base branch counts for this change".to_owned());
                found.help = "let its owner loosen it in a change of its own".to_owned();
                compared.findings.push(found);
            }
            Verdict::Unknown(reason) => {
                let mut found = finding(
                    "unknown-compatibility",
                    &promise.event.to_string(),
                    promise.role,
                    format!("whether the contract of {} asks for less could not be decided: {reason}", promise.consumer),
                );
                found.base = Some(promise.origin.clone());
                found.head = Some(other.origin.clone());
                found.fragments = (promise.consumer.clone(), String::new());
                found.help = "let its owner look at the change".to_owned();
                compared.findings.push(found);
            }
        }
    }
}

fn place_of(promise: &Promise, violation: Option<&prove::Violation>) -> Origin {
    violation.map_or_else(|| promise.origin.clone(), |violation| promise.schema.origin(&violation.schema_path))
}

fn together(promise: &Promise, now: &Promise, compared: &mut Compared) {
    let mut found = finding(
        "contract-and-code-changed-together",
        &promise.event.to_string(),
        promise.role,
        format!("the contract of {} for `{}` and the code around it change together", promise.consumer, promise.event),
    );
    found.base = Some(promise.origin.clone());
    found.head = Some(now.origin.clone());
    found.fragments = (promise.consumer.clone(), String::new());
    found.consumers.push(promise.as_consumer());
    found.help = "look at both: the code was held against the contract of the base branch".to_owned();
    compared.findings.push(found);
}

/// A contract that is new, or asks for more: what base's producers broke already is known, what only head's break is new.
fn stricter(promise: &Promise, events: &[EventPair<'_>], compared: &mut Compared) {
    let reader = Reader::of_promise(promise);
    for pair in events.iter().filter(|pair| pair.named && promise.speaks_of(&pair.event)) {
        for now in &pair.head_producers {
            let Acceptance::Rejects { witness, violations } = reader.accepts(now) else { continue };
            let before = pair.base_producers.iter().any(|old| reader.accepts(old).rejects());
            let Some(violation) = violations.first() else { continue };
            let what = match (&violation.property, violation.keyword.as_str()) {
                (Some(property), "required") => format!("it requires `{property}`"),
                _ => violation.message.clone(),
            };
            let mut found = finding(
                "contract-violated",
                &pair.event,
                Role::Producer,
                format!("`{}` is not what {} now asks for: {what}", pair.event, promise.consumer),
            );
            found.status = if before || pair.base_producers.is_empty() { Status::Known } else { Status::New };
            found.path = match &violation.property {
                Some(property) => super::changes::child(&violation.path, property),
                None => violation.path.clone(),
            };
            found.head = Some(now.origin.clone());
            found.fragments = (promise.consumer.clone(), what);
            found.consumers.push(promise.as_consumer());
            found.witness = Some(witness);
            found.help = "send what the contract asks for, or ask for less".to_owned();
            compared.findings.push(found);
        }
    }
}
