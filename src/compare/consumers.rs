//! Head's consumers held against base's producers.

use std::collections::BTreeSet;

use super::changes::{Change, changes};
use super::pair::{Pair, pairs};
use super::reader::{Acceptance, Reader, newly, touches};
use super::severity::{self, Readers};
use super::{Compared, EventPair, Sides, finding, finding_of, registered};
use crate::facts::Role;
use crate::finding::{Consumer, Finding, Severity, Via};
use crate::link::model::{Boundary, Model};
use crate::shape::{Presence, Shape};

/// The senders that mean a reader, of those that go by its event's name.
fn meant_for<'m>(reader: &Boundary, senders: &[&'m Boundary]) -> Vec<&'m Boundary> {
    senders.iter().copied().filter(|sender| !registered::apart(sender, reader)).collect()
}

/// Judges every consumer of one event.
pub(super) fn judge(pair: &EventPair<'_>, sides: &Sides<'_>, compared: &mut Compared) {
    let senders: Vec<&Boundary> = pair
        .base_producers
        .iter()
        .chain(&pair.near.base_producers)
        .copied()
        .filter(|sender| sender.leaves_process() && !sender.shape.is_unknown())
        .collect();
    for matched in pairs(&pair.base_consumers, &pair.head_consumers) {
        match matched {
            // Beside an outbox on one side alone: what it reads is compared, and not what the outbox holds of it.
            Pair::Both(old, new) if old.whole.is_some() != new.whole.is_some() => {
                let (old, new) = (as_it_reads(old), as_it_reads(new));
                if !old.shape.same_values(&new.shape) {
                    compared.touched.insert(pair.event.clone());
                    changed(pair, &old, &new, &[], sides, compared);
                }
            }
            Pair::Both(old, new) if !old.shape.same_values(&new.shape) => {
                compared.touched.insert(pair.event.clone());
                changed(pair, old, new, &meant_for(new, &senders), sides, compared);
            }
            Pair::Both(_, _) => {}
            // What a document newly asks for is judged with the promises.
            Pair::Come(new) if super::is_declaration(new) => {}
            Pair::Come(new) => {
                compared.touched.insert(pair.event.clone());
                undeclared_reads(pair, new, &meant_for(new, &senders), compared);
                against_own_contract(pair, None, new, compared);
            }
            Pair::Gone => {}
        }
    }
    let emitted = pair.head_producers.iter().chain(&pair.near.head_producers).any(|sender| !super::is_declaration(sender));
    let read_before = pair.base_consumers.iter().find(|reader| !super::is_declaration(reader));
    if let Some(old) = read_before
        && pair.head_consumers.iter().chain(&pair.near.head_consumers).all(|reader| super::is_declaration(reader))
        && emitted
        && pair.named
    {
        if super::is_unread(sides.head, &old.origin) {
            return;
        }
        compared.touched.insert(pair.event.clone());
        if let Some((new, name)) = listens_elsewhere(old, &pair.event, sides) {
            compared.findings.push(renamed(pair, old, new, name));
            return;
        }
        let mut found = finding(
            "consumer-removed",
            &pair.event,
            Role::Consumer,
            format!("`{}` is still emitted and nothing here reads it any more", pair.event),
        );
        found.base = Some(old.origin.clone());
        found.head = pair.head_producers.first().map(|sender| sender.origin.clone());
        found.help = "stop emitting the event, or keep its handler".to_owned();
        compared.findings.push(found);
    }
}

/// The place of a reader at head, where it listens to another name that nothing emits: another spelling, or the same payload.
fn listens_elsewhere<'s>(old: &Boundary, event: &str, sides: &Sides<'s>) -> Option<(&'s Boundary, &'s str)> {
    let has = |model: &Model, role: Role, name: &str| {
        model.boundaries.iter().any(|one| one.role == role && !one.in_test && one.event.as_deref() == Some(name))
    };
    sides.head.boundaries.iter().find_map(|new| {
        let name = new.event.as_deref()?;
        let same_place = new.role == Role::Consumer
            && !new.in_test
            && (&new.origin.file, &new.symbol, &new.kind) == (&old.origin.file, &old.symbol, &old.kind);
        let same_event = super::rename::alike(event, name) || old.shape.same_values(&new.shape) && !old.shape.is_unknown();
        let elsewhere = same_place && same_event && name != event;
        (elsewhere && !has(sides.head, Role::Producer, name) && !has(sides.base, Role::Consumer, name)).then_some((new, name))
    })
}

/// A reader that waits for a name which never comes.
fn renamed(pair: &EventPair<'_>, old: &Boundary, new: &Boundary, name: &str) -> Finding {
    let event = &pair.event;
    let message = format!("what read `{event}` now waits for `{name}`, which nothing here emits; `{event}` is still emitted");
    let mut found = finding("event-renamed", event, Role::Consumer, message);
    found.base = Some(old.origin.clone());
    found.head = Some(new.origin.clone());
    found.consumers.push(Reader::of_boundary(new).consumer);
    found.fragments = (event.clone(), name.to_owned());
    found.help = format!("listen to `{event}` as well while it is emitted");
    found
}

/// A reader with all that it looks at.
fn as_it_reads(reader: &Boundary) -> Boundary {
    let shape = reader.whole.as_ref().unwrap_or(&reader.shape).clone();
    Boundary { shape, ..reader.clone() }
}

fn changed(
    pair: &EventPair<'_>,
    old: &Boundary,
    new: &Boundary,
    senders: &[&Boundary],
    sides: &Sides<'_>,
    compared: &mut Compared,
) {
    let found = changes(&old.shape, &new.shape, Role::Consumer);
    let now = Reader::of_code(new, senders);
    let before = Reader::of_code(old, senders);
    let in_process = pair.base_producers.iter().all(|sender| !sender.leaves_process()) && !pair.base_producers.is_empty();
    if in_process {
        return;
    }
    // No payload is rejected and none changes: what its absence means does.
    for change in found.iter().filter(|change| change.rule == "default-changed") {
        report(pair, change, old, new, None, &[], sides, compared);
    }
    let said = against_own_contract(pair, Some(old), new, compared);
    for change in found.iter().filter(|change| change.effect.endangers(Role::Consumer)) {
        // Its contract has said already that the field may be absent.
        if said.contains(&change.path) {
            continue;
        }
        // Only what head's reader really turns away counts: a field that every sender sends may be asked for.
        let mut rejected: Option<(&Boundary, crate::finding::Witness)> = None;
        let mut undecided = false;
        for sender in senders {
            match now.accepts(sender) {
                Acceptance::Rejects { witness, violations } => {
                    let hit = newly(&violations, &before.accepts(sender)).iter().any(|violation| {
                        let place = match &violation.property {
                            Some(property) => super::changes::child(&violation.path, property),
                            None => violation.path.clone(),
                        };
                        change.places().any(|(path, to)| touches(&place, path) || to.is_some_and(|to| touches(&place, to)))
                    });
                    if hit {
                        rejected = Some((sender, witness));
                    }
                }
                Acceptance::Unknown(_) => undecided = true,
                Acceptance::Accepts => {}
            }
        }
        if rejected.is_none() && !senders.is_empty() && !undecided {
            continue;
        }
        report(pair, change, old, new, rejected, senders, sides, compared);
    }
}

#[expect(clippy::too_many_arguments, reason = "one change with everything that it is judged by")]
fn report(
    pair: &EventPair<'_>,
    change: &Change,
    old: &Boundary,
    new: &Boundary,
    rejected: Option<(&Boundary, crate::finding::Witness)>,
    senders: &[&Boundary],
    sides: &Sides<'_>,
    compared: &mut Compared,
) {
    let readers = match (&rejected, senders.is_empty()) {
        (Some(_), _) => Readers::Broken,
        (None, false) => Readers::Survive,
        (None, true) => Readers::Undeclared,
    };
    let mut weight = severity::weigh(change.rule, Role::Consumer, readers, &new.kind, sides.options.closed_world);
    if !new.enforced && rejected.is_none() {
        // The code reads it, but nothing is rejected where it is missing: nobody can say what happens then. Where senders are known and
        // what they put there is not, nobody can say either whether it ever is missing.
        weight = weight.min(if senders.is_empty() { Severity::Warning } else { Severity::Note });
    }
    let mut found = finding_of(change, &pair.event, Role::Consumer, weight);
    found.head = found.head.or_else(|| Some(new.origin.clone()));
    found.base = found.base.or_else(|| Some(old.origin.clone()));
    found.consumers.push(Consumer { name: new.package.clone(), via: Via::Code, owner: None, origin: Some(new.origin.clone()) });
    found.help = "accept the old form as well while messages of it are in flight".to_owned();
    match rejected {
        Some((sender, witness)) => {
            let moved_too = pair.head_producers.iter().any(|now| {
                let reader = Reader::of_code(new, &pair.head_producers);
                now.leaves_process() && matches!(reader.accepts(now), Acceptance::Accepts)
            });
            found.evidence = Some(format!("{} sends payloads that the new reader turns away", sender.package));
            found.witness = Some(witness);
            if moved_too {
                found.message.push_str("; both sides move in this change, but messages of the old form are in flight");
                found.help = "accept both forms first, then move the sender".to_owned();
                if sides.options.ignore_in_flight {
                    found.severity = Severity::Note;
                }
            }
        }
        None if senders.is_empty() => {
            found.evidence =
                Some("who sends it is not known here, so what the reader took at base stands in for what is sent".to_owned());
            let base = Reader::of_base(&new.shape, None);
            if let Acceptance::Rejects { witness, .. } = base.accepts(old) {
                found.witness = Some(witness);
            }
        }
        None => {}
    }
    compared.findings.push(found);
}

/// Code that takes a field to be there which a contract for the event says may be absent. Gives the paths that it speaks of.
fn against_own_contract(
    pair: &EventPair<'_>,
    old: Option<&Boundary>,
    new: &Boundary,
    compared: &mut Compared,
) -> BTreeSet<String> {
    let mut said = BTreeSet::new();
    if super::is_declaration(new) {
        return said;
    }
    let needed = needed(&new.shape);
    let before = old.map(|old| self::needed(&old.shape)).unwrap_or_default();
    for promise in pair.readers.iter().filter(|promise| promise.via != Via::Schema) {
        let contract = Reader::of_promise(promise);
        for path in needed.difference(&before) {
            let Some(inner) = path.strip_prefix(&contract.pointer) else { continue };
            if !is_optional(&contract.shape, inner) || said.contains(path) {
                continue;
            }
            said.insert(path.clone());
            let field = path.rsplit('/').next().unwrap_or_default();
            let name = &contract.consumer.name;
            let mut found = finding(
                "consumer-requires-optional-field",
                &pair.event,
                Role::Consumer,
                format!(
                    "code takes `{field}` of `{}` to be there, and the contract of {name} says that it may be absent",
                    pair.event
                ),
            );
            found.path.clone_from(path);
            found.head = super::reader::place_of(&new.shape, path).or_else(|| Some(new.origin.clone()));
            found.base = contract.consumer_at(path).origin;
            found.consumers.push(Reader::of_boundary(new).consumer);
            found.fragments = (name.clone(), "optional".to_owned());
            found.help = "let the code cope with its absence, or agree that it is always sent".to_owned();
            compared.findings.push(found);
        }
    }
    said
}

/// The paths of the fields that a reader needs.
fn needed(shape: &Shape) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect_needed(shape, "", &mut found, 0);
    found
}

fn collect_needed(shape: &Shape, at: &str, found: &mut BTreeSet<String>, depth: u32) {
    let Some(object) = shape.as_object().filter(|_| depth < 12) else { return };
    for field in object.fields.iter().filter(|field| field.presence == Presence::Required) {
        let path = super::changes::child(at, &field.name);
        collect_needed(&field.shape, &path, found, depth + 1);
        found.insert(path);
    }
}

/// Whether a shape has the field at a path, and lets it be absent.
fn is_optional(shape: &Shape, path: &str) -> bool {
    let tokens: Vec<String> = path.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~")).collect();
    let Some((last, around)) = tokens.split_last() else { return false };
    let mut current = shape;
    for token in around {
        match current.as_object().and_then(|object| object.field(token)) {
            Some(field) => current = &field.shape,
            None => return false,
        }
    }
    current.as_object().and_then(|object| object.field(last)).is_some_and(|field| field.presence == Presence::Optional)
}

/// A new reader that asks for what no known sender sends.
fn undeclared_reads(pair: &EventPair<'_>, new: &Boundary, senders: &[&Boundary], compared: &mut Compared) {
    let head: Vec<&Boundary> = pair
        .head_producers
        .iter()
        .chain(&pair.near.head_producers)
        .copied()
        .filter(|sender| sender.kind != "declared" && !sender.shape.is_unknown())
        .collect();
    // A type that goes by the event's name may be what an envelope is put around: nobody is seen to send it as it stands.
    let base: Vec<&Boundary> = senders.iter().copied().filter(|sender| sender.kind != "declared").collect();
    let against = if head.is_empty() { &base } else { &head };
    compared.findings.extend(undeclared_read(pair, new, against, "the new reader"));
}

/// Why a reader turns a payload away that lacks a field.
pub(super) const REQUIRED: &str = "it demands the field";

/// What a reader demands and a sender does not give, where there is anything.
pub(super) fn undeclared_read(pair: &EventPair<'_>, new: &Boundary, senders: &[&Boundary], who: &str) -> Option<Finding> {
    let reader = Reader::of_code(new, senders);
    for sender in senders {
        if let Acceptance::Rejects { witness, violations } = reader.accepts(sender)
            && let Some(violation) = violations.first()
        {
            let (path, what) = match &violation.property {
                Some(property) => (super::changes::child(&violation.path, property), format!("requires `{property}`")),
                None => (violation.path.clone(), format!("rejects it: {}", violation.message)),
            };
            let place = super::reader::place_of(&new.shape, &path);
            let path = format!("{}{path}", reader.pointer);
            // What is sent sometimes is declared; the reader takes it to be there always.
            let sometimes = violation.keyword == "required" && is_optional(&sender.shape, &path);
            let (rule, always) = match sometimes {
                true => ("consumer-requires-optional-field", "does not always send"),
                false => ("consumer-reads-undeclared-field", "does not send"),
            };
            let message = format!("{who} of `{}` {what}, which {} {always}", pair.event, sender.package);
            let mut found = finding(rule, &pair.event, Role::Consumer, message);
            found.path = path;
            found.head = Some(new.origin.clone());
            found.base = Some(sender.origin.clone());
            found.witness = Some(witness);
            found.evidence = (violation.keyword == "required").then(|| REQUIRED.to_owned());
            found.consumers.push(reader.consumer.clone());
            found.help = if sometimes {
                "let the reader cope with its absence".to_owned()
            } else {
                "read what is sent, or let the sender send it first".to_owned()
            };
            found.head = place.or(found.head);
            return Some(found);
        }
    }
    None
}
