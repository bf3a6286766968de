//! Everybody who has to do with one event: senders, readers, contracts, schemas, and what tests state in their place.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::fields::{Answer, Asked, Fields, Place};
use super::{AtForm, PartyForm};
use crate::check::State;
use crate::compare::mocks;
use crate::compare::reader::{Reader, part_of};
use crate::config::Config;
use crate::document::tokens;
use crate::finding::Via;
use crate::link::doubles::Double;
use crate::link::model::Boundary;
use crate::registry::{EventPattern, Promise};
use crate::shape::Shape;
use crate::source::Origin;

/// The role of what a test states.
pub const DOUBLE: &str = "double";

/// The parties of one event.
pub struct Event<'s> {
    boundaries: Vec<&'s Boundary>,
    promises: Vec<(&'s Promise, Reader)>,
    /// Each with the wire payload that it states, and whether it stands in a file of data.
    doubles: Vec<(&'s Double, Arc<Shape>, bool)>,
}

impl<'s> Event<'s> {
    pub fn of(event: &'s str, state: &'s State) -> Event<'s> {
        let boundaries: Vec<&Boundary> = state
            .model
            .boundaries
            .iter()
            .filter(|boundary| boundary.event.as_deref().is_some_and(|name| means(name, event)))
            .collect();
        let promises = state.registry.of_event(event).map(|promise| (promise, Reader::of_promise(promise))).collect();
        // What a test sends by a call that is known stands among the boundaries.
        let sent: BTreeSet<&Origin> = boundaries.iter().map(|boundary| &boundary.origin).collect();
        let in_code = state.model.tests.doubles.iter().filter(|double| !sent.contains(&double.origin));
        let stated = mocks::stated(event, &state.model, &state.registry, in_code.chain(&state.fixtures));
        let is_file = |double: &Double| state.fixtures.iter().any(|one| std::ptr::eq(one, double));
        let doubles = stated.into_iter().map(|(double, wire)| (double, wire, is_file(double))).collect();
        Event { boundaries, promises, doubles }
    }

    /// The names of all fields that are known of the event, in dots and in order.
    pub fn field_names(&self) -> Vec<String> {
        let shapes = self.boundaries.iter().map(|boundary| (&boundary.shape, ""));
        let promised = self.promises.iter().map(|(_, reader)| (&reader.shape, reader.pointer.as_str()));
        let names: BTreeSet<String> = shapes
            .chain(promised)
            .flat_map(|(shape, pointer)| Fields::of(shape, pointer).names().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        names.into_iter().collect()
    }
}

/// Whether a boundary of this name sends or reads the event: by its name, or by a pattern that fits it.
fn means(name: &str, event: &str) -> bool {
    name == event || name.contains('*') && EventPattern::parse(name).matches(event)
}

/// Where envelopes of the event hold the payload, in dots.
pub fn envelopes(event: &Event<'_>, config: &Config) -> BTreeSet<String> {
    let own = config.envelopes.iter().map(|row| row.payload.value.clone());
    let promised = event.promises.iter().filter_map(|(promise, _)| promise.payload_pointer.clone());
    let put_around = event.boundaries.iter().filter_map(|boundary| part_of(boundary));
    own.chain(promised)
        .chain(put_around)
        .map(|pointer| {
            tokens(&pointer).unwrap_or_default().into_iter().filter(|token| token != "*").collect::<Vec<_>>().join(".")
        })
        .filter(|dotted| !dotted.is_empty())
        .collect()
}

/// The parties, of the whole event or of the field that is asked for: once for each place that holds it.
pub fn parties(event: &Event<'_>, asked: Option<&Asked>, line: &dyn Fn(&Origin) -> u32) -> Vec<PartyForm> {
    let mut found = Vec::new();
    let mut add = |party: &dyn Fn() -> PartyForm, shape: &Arc<Shape>, pointer: &str| {
        let Some(asked) = asked else {
            found.push(party());
            return;
        };
        match asked.answer(Fields::of(shape, pointer)) {
            Answer::At(places) => found.extend(places.into_iter().map(|Place { pointer, origin, .. }| {
                let at = origin.map(|origin| AtForm { line: line(&origin), file: origin.file.to_string() });
                PartyForm { path: Some(pointer), at, ..party() }
            })),
            Answer::Hidden(reason) => found.push(PartyForm { certain: false, reason: Some(reason), ..party() }),
            Answer::No => {}
        }
    };
    for boundary in &event.boundaries {
        add(&|| of_boundary(boundary, line), &boundary.shape, "");
    }
    for (promise, reader) in &event.promises {
        add(&|| of_promise(promise, line), &reader.shape, &reader.pointer);
    }
    for (double, wire, file) in &event.doubles {
        add(&|| of_double(double, *file, line), wire, "");
    }
    found
}

fn of_boundary(boundary: &Boundary, line: &dyn Fn(&Origin) -> u32) -> PartyForm {
    PartyForm {
        role: boundary.role.as_str(),
        name: if boundary.symbol.is_empty() {
            boundary.package.clone()
        } else {
            format!("{} ({})", boundary.symbol, boundary.package)
        },
        via: "code",
        owner: None,
        file: boundary.origin.file.to_string(),
        line: line(&boundary.origin),
        in_test: boundary.in_test,
        certain: true,
        reason: None,
        path: None,
        at: None,
    }
}

fn of_promise(promise: &Promise, line: &dyn Fn(&Origin) -> u32) -> PartyForm {
    // Code of another repository is shown where it stands there.
    let elsewhere = promise.label.as_ref().filter(|_| promise.via == Via::Code).and_then(|place| {
        let (file, line) = place.rsplit_once(':')?;
        Some((file.to_owned(), line.parse().ok()?))
    });
    let (name, (file, line)) = match elsewhere {
        Some(place) => (format!("{} ({})", promise.consumer, promise.origin.file), place),
        None => (promise.consumer.clone(), (promise.origin.file.to_string(), line(&promise.origin))),
    };
    PartyForm {
        role: promise.role.as_str(),
        name,
        via: promise.via.as_str(),
        owner: promise.owner.clone(),
        file,
        line,
        in_test: false,
        certain: true,
        reason: None,
        path: None,
        at: None,
    }
}

fn of_double(double: &Double, file: bool, line: &dyn Fn(&Origin) -> u32) -> PartyForm {
    PartyForm {
        role: DOUBLE,
        name: if file { double.origin.file.to_string() } else { format!("test \"{}\"", double.test) },
        via: if file { "fixture" } else { "test" },
        owner: None,
        file: double.origin.file.to_string(),
        line: line(&double.origin),
        in_test: true,
        certain: true,
        reason: None,
        path: None,
        at: None,
    }
}
