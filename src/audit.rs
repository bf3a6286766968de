//! What is so in one snapshot, whether or not a change made it so: for those who want to look at everything once.
//!
//! The gate never says these: it tells nobody off for old code. All of it is notes. A statement here has the id of the rule that
//! would speak if a change brought it about.

use std::collections::BTreeMap;

use crate::compare::reader::{Acceptance, Reader, first_hole, place_of};
use crate::compare::{self, is_declaration, mocks};
use crate::facts::{Role, Swallowed};
use crate::finding::{Finding, RuleId, Severity, Status};
use crate::link::doubles::Double;
use crate::link::idioms;
use crate::link::model::{Answer, Boundary, Commit, Model, Waited};
use crate::registry::{Promise, Registry};
use crate::source::Origin;

/// Everything that an audit looks at.
#[derive(Clone, Copy)]
pub struct Subject<'s> {
    pub model: &'s Model,
    pub registry: &'s Registry,
    /// What files of test data state.
    pub fixtures: &'s [Double],
}

/// How payloads are handed over and what tests state: what a waiver on a line may be about.
pub fn states(subject: Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    // A check that stands in front of handlers may stand in front of any of them.
    let in_front = subject.model.signature_places.iter().any(|(_, name)| name.ends_with("in front") || name.contains(" of "));
    for boundary in boundaries(subject) {
        handed_over(boundary, &mut found);
        taken(boundary, in_front, &mut found);
    }
    tests(subject, &mut found);
    found
}

/// The whole state of a snapshot, sorted by place.
pub fn audit(subject: Subject<'_>) -> Vec<Finding> {
    let mut found = states(subject);
    for boundary in boundaries(subject) {
        promised(boundary, subject, &mut found);
        known(boundary, subject, &mut found);
    }
    for finding in &mut found {
        finding.severity = Severity::Note;
        finding.status = Status::Known;
    }
    found.sort_by(|a, b| (&a.head, a.rule, &a.event, &a.path).cmp(&(&b.head, b.rule, &b.event, &b.path)));
    found.dedup_by(|b, a| (&a.head, a.rule, &a.event, &a.path) == (&b.head, b.rule, &b.event, &b.path));
    compare::fingerprint::assign(&mut found);
    found
}

fn boundaries(subject: Subject<'_>) -> impl Iterator<Item = &Boundary> {
    subject.model.boundaries.iter().filter(|boundary| !boundary.in_test && !is_declaration(boundary))
}

fn note(rule: RuleId, boundary: &Boundary, message: String) -> Finding {
    let mut found = compare::finding(rule, &boundary.label(), boundary.role, message);
    found.head = Some(boundary.origin.clone());
    found
}

/// When, how often and how surely.
fn handed_over(boundary: &Boundary, found: &mut Vec<Finding>) {
    let event = boundary.label();
    let delivery = &boundary.delivery;
    if boundary.role == Role::Consumer {
        let acks = &delivery.acks;
        if let (Some((ack, place)), Some(work)) = (&acks.ack, acks.after.first()) {
            let message = format!("`{event}` is acknowledged by `{ack}` before `{}` is done", work.name);
            found.push(at(note("ack-before-processing", boundary, message), Some(place)));
        } else if let Some(early) = &acks.early {
            let message = format!("`{early}` acknowledges `{event}` when it is delivered");
            found.push(note("ack-before-processing", boundary, message));
        }
        return;
    }
    // In one process a call that is not awaited has still been made, and analytics are mostly meant to be lost.
    if !boundary.leaves_process() || boundary.kind == "analytics" {
        return;
    }
    let wait = &delivery.wait;
    // A call of which nobody knows whether it gives a promise says something only where the idiom does.
    let loose = wait.loose.first().filter(|_| awaits(&boundary.idiom));
    if wait.state == Waited::Floating || loose.is_some() {
        let place = wait.at.as_ref().or(loose).map(|loose| &loose.origin);
        let message = format!("nobody waits for `{event}` to be handed over");
        found.push(at(note("publish-not-awaited", boundary, message), place));
    }
    if let Answer::Before(place, call) = &delivery.answer {
        let message = format!("`{call}` answers before `{event}` is handed over");
        found.push(at(note("response-before-publish", boundary, message), Some(place)));
    }
    if delivery.commit == (Commit::Inside { bound: false }) && boundary.kind != "outbox" {
        let message = format!("`{event}` is handed over before the transaction around it has been committed");
        found.push(note("publish-before-commit", boundary, message));
    }
    let swallowed = match delivery.swallowed {
        Swallowed::No => None,
        Swallowed::Logged => Some("is only logged"),
        Swallowed::Dropped => Some("is dropped"),
    };
    if let Some(how) = swallowed {
        let one = note("publish-error-swallowed", boundary, format!("an error of sending `{event}` {how}"));
        found.push(at(one, delivery.swallowed_at.as_ref()));
    }
}

/// What a consumer makes sure of, where all of its code is known.
fn taken(boundary: &Boundary, checked_in_front: bool, found: &mut Vec<Finding>) {
    let Some(checks) = boundary.delivery.options.checks.as_ref().filter(|checks| checks.whole) else { return };
    let event = boundary.label();
    if boundary.kind == "webhook" && checks.signatures.is_empty() && !checked_in_front {
        let message = format!("`{event}` is taken without a look at who sent it");
        found.push(note("signature-check-removed", boundary, message));
    }
    let tells = !checks.dedup.is_empty() || !checks.lookups.is_empty() || !checks.upserts.is_empty();
    if let (true, false, Some((model, insert))) =
        (matches!(boundary.kind.as_str(), "queue" | "webhook"), tells, checks.inserts.first_key_value())
    {
        let message = format!("a second `{event}` makes a second record of `{model}`: nothing tells it from the first");
        found.push(at(note("dedup-check-removed", boundary, message), Some(&insert.origin)));
    }
}

fn at(mut found: Finding, place: Option<&Origin>) -> Finding {
    if let Some(place) = place {
        found.head = Some(place.clone());
    }
    found
}

/// Whether the calls of an idiom give something to wait for.
fn awaits(idiom: &str) -> bool {
    let shipped = idioms::shipped().unwrap_or(&[]);
    shipped.iter().flat_map(|(_, table)| &table.idiom).any(|row| row.id == idiom && row.awaits)
}

/// What code sends that somebody was promised otherwise.
fn promised(boundary: &Boundary, subject: Subject<'_>, found: &mut Vec<Finding>) {
    if boundary.role != Role::Producer || boundary.event.is_none() {
        return;
    }
    let event = boundary.label();
    let promises: Vec<&Promise> = subject.registry.of_event(&event).collect();
    for promise in &promises {
        let reader = Reader::of_promise(promise);
        let Acceptance::Rejects { witness, violations } = reader.accepts(boundary) else { continue };
        let Some(first) = violations.first() else { continue };
        let at = format!("{}{}", reader.pointer, first.path);
        let (path, what) = match (&first.property, first.keyword.as_str()) {
            (Some(property), "required") => (compare::changes::child(&at, property), format!("it requires `{property}`")),
            (Some(property), _) => (compare::changes::child(&at, property), format!("it rejects `{property}`")),
            (None, _) => (at, first.message.clone()),
        };
        let name = &reader.consumer.name;
        let mut one = note("contract-violated", boundary, format!("`{event}` is not what {name} needs: {what}"));
        one.head = place_of(&boundary.shape, &path).or(one.head);
        one.consumers.push(reader.consumer_at(&path));
        one.witness = Some(witness);
        one.fragments = (name.clone(), what);
        one.path = path;
        found.push(one);
    }
    if promises.is_empty() && boundary.leaves_process() {
        found.push(note("boundary-without-contract", boundary, format!("nobody is promised anything of `{event}`")));
    }
}

/// What the tool does not know.
fn known(boundary: &Boundary, _subject: Subject<'_>, found: &mut Vec<Finding>) {
    if boundary.event.is_none() && boundary.kind != "decode" {
        let name = boundary.event_expr.as_deref().unwrap_or("its name");
        found.push(note("unknown-compatibility", boundary, format!("which event this is cannot be said: {name}")));
    } else if boundary.role == Role::Producer
        && let Some(reason) = first_hole(&boundary.shape, 0)
    {
        let event = boundary.label();
        found.push(note("unknown-compatibility", boundary, format!("a part of `{event}` is not known: {reason}")));
    }
}

/// Payloads in tests that no contract and no producer would let pass.
fn tests(subject: Subject<'_>, found: &mut Vec<Finding>) {
    let mut events: BTreeMap<&str, Vec<(&Double, bool)>> = BTreeMap::new();
    for double in &subject.model.tests.doubles {
        events.entry(&double.event).or_default().push((double, false));
    }
    for double in subject.fixtures {
        events.entry(&double.event).or_default().push((double, true));
    }
    for (event, doubles) in events {
        mocks::state(event, subject.model, subject.registry, &doubles, found);
    }
}
