//! Head's producers held against base's consumers.

use super::changes::{Change, Effect, changes, is_of_program};
use super::events::Renames;
use super::pair::{Pair, pairs};
use super::reader::{Acceptance, Reader, at_pointer, newly, place_of, touches};
use super::severity::{self, Readers};
use super::{Compared, EventPair, Sides, add_consumer, finding, finding_of, readers_of, registered};
use crate::facts::Role;
use crate::finding::{Consumer, Severity, Status, Via};
use crate::link::model::Boundary;
use crate::registry::EventPattern;
use crate::shape::{Shape, ShapeKind, StringShape};

/// Judges every producer of one event.
pub(super) fn judge(pair: &EventPair<'_>, sides: &Sides<'_>, renames: &Renames, compared: &mut Compared) {
    if pair.head_producers.is_empty() {
        return;
    }
    // A renamed event is compared with what it was, under the old name's readers.
    let old_name = renames.old_name(&pair.event);
    let in_process = pair.head_producers.iter().chain(&pair.base_producers).all(|boundary| !boundary.leaves_process());
    let (readers, vague) = readers_of(pair, in_process);
    // Code is held against the schema that is registered for its event; the schema itself is what is sent, not a reader.
    // What another repository's code sends is no schema of this one's.
    let schemas = pair.senders.iter().filter(|promise| promise.via != Via::Code);
    let registered: Vec<(bool, Reader)> =
        schemas.map(|promise| (promise.is_about_requests(), Reader::of_promise(promise))).collect();
    let base: Vec<&Boundary> = match old_name {
        Some(_) => Vec::new(),
        None => pair.base_producers.clone(),
    };
    for matched in pairs(&base, &pair.head_producers) {
        match matched {
            Pair::Both(old, new) => {
                let held = Held { readers: &readers, vague, in_process };
                drifted(pair, Some(old), new, &registered, compared);
                if !old.shape.same_values(&new.shape) {
                    compared.touched.insert(pair.event.clone());
                    changed(pair, old, new, &held, sides, compared);
                } else {
                    unchanged(pair, new, &held, compared);
                }
                channel_changed(pair, old, new, compared);
                shadowed(pair, old, new, compared);
            }
            Pair::Come(new) => {
                compared.touched.insert(pair.event.clone());
                // That a type goes by this name says nothing of what is put around it.
                let by_code: Vec<&Boundary> =
                    pair.base_producers.iter().copied().filter(|old| !super::is_declaration(old)).collect();
                let known = nearest(&by_code, new);
                let held = Held { readers: &readers, vague, in_process };
                drifted(pair, None, new, &registered, compared);
                match known {
                    Some(old) if !old.shape.is_unknown() && !old.shape.same_values(&new.shape) => {
                        another(pair, (old, &by_code), new, &held, compared);
                    }
                    _ => fresh(pair, new, &held, compared),
                }
            }
            Pair::Gone => {}
        }
    }
}

struct Held<'h> {
    readers: &'h [Reader],
    vague: bool,
    in_process: bool,
}

fn nearest<'m>(base: &[&'m Boundary], new: &Boundary) -> Option<&'m Boundary> {
    let fields = |shape: &Shape| -> Vec<String> {
        shape.as_object().map(|object| object.fields.iter().map(|field| field.name.clone()).collect()).unwrap_or_default()
    };
    let wanted = fields(&new.shape);
    base.iter().copied().max_by_key(|old| fields(&old.shape).iter().filter(|name| wanted.contains(name)).count())
}

/// A reader that the change breaks, and why.
struct Broken<'r> {
    reader: &'r Reader,
    evidence: String,
    witness: Option<crate::finding::Witness>,
    /// Whether what it turns away is a key that it does not know.
    unknown_key: bool,
}

/// A producer whose payload changed.
fn changed(pair: &EventPair<'_>, old: &Boundary, new: &Boundary, held: &Held<'_>, sides: &Sides<'_>, compared: &mut Compared) {
    let found = changes(&old.shape, &new.shape, Role::Producer);
    let judged: Vec<Judged<'_>> = held
        .readers
        .iter()
        .map(|reader| {
            let now = reader.accepts(new);
            let (fresh, before) = match &now {
                Acceptance::Rejects { violations, .. } => {
                    let before = reader.accepts(old);
                    (newly(violations, &before), before.rejects())
                }
                Acceptance::Accepts | Acceptance::Unknown(_) => (Vec::new(), false),
            };
            Judged { reader, now, fresh, before }
        })
        .collect();
    let mut explained = vec![false; judged.len()];
    for change in &found {
        let mut broken: Vec<Broken<'_>> = Vec::new();
        for (at, one) in judged.iter().enumerate() {
            if let Some(found) = breaks(change, one) {
                explained[at] = true;
                broken.push(found);
            }
        }
        report(pair, change, broken, new, held, &judged, sides, compared);
    }
    // What a reader rejects and no single change explains: several together, or something that stood there before.
    for (one, explained) in judged.iter().zip(explained) {
        if let Acceptance::Rejects { witness, violations } = &one.now
            && !explained
            && one.reader.consumer.via != Via::Code
        {
            let status = if one.before { Status::Known } else { Status::New };
            violated(pair, new, one.reader, witness, violations, status, compared);
        }
    }
}

/// One reader of a payload that changed.
struct Judged<'r> {
    reader: &'r Reader,
    now: Acceptance,
    /// Of what it turns away, what it did not turn away at base.
    fresh: Vec<crate::prove::Violation>,
    /// Whether it turned something away at base.
    before: bool,
}

/// Whether a change breaks a reader: its rejection lies where the change is, or it reads what can no longer arrive.
fn breaks<'r>(change: &Change, judged: &Judged<'r>) -> Option<Broken<'r>> {
    let reader = judged.reader;
    let name = &reader.consumer.name;
    if let Acceptance::Rejects { witness, .. } = &judged.now
        && (change.effect.endangers(Role::Producer) || change.rule == "field-added")
    {
        let hit = judged.fresh.iter().find(|violation| {
            let mut place = format!("{}{}", reader.pointer, violation.path);
            if let Some(property) = &violation.property {
                place = super::changes::child(&place, property);
            }
            change.places().any(|(path, to)| touches(&place, path) || to.is_some_and(|to| touches(&place, to)))
        });
        if let Some(violation) = hit {
            let evidence = match (&violation.property, violation.keyword.as_str()) {
                (Some(property), "required") => format!("{name} requires `{property}`"),
                (Some(property), "additionalProperties" | "unevaluatedProperties") => format!("{name} rejects `{property}`"),
                _ => format!("{name} rejects it: {}", violation.message),
            };
            let unknown_key = matches!(violation.keyword.as_str(), "additionalProperties" | "unevaluatedProperties");
            return Some(Broken { reader, evidence, witness: Some(witness.clone()), unknown_key });
        }
    }
    let loses = matches!(change.rule, "field-removed" | "field-renamed" | "field-moved" | "field-flattened" | "envelope-changed")
        && change.effect.endangers(Role::Producer);
    let lost = change.places().find(|(path, to)| {
        let copes =
            matches!(change.rule, "field-renamed" | "envelope-changed") && to.is_some_and(|to| reads_either(reader, path, to));
        loses && reader.reads(path) && !copes
    });
    if let Some((path, _)) = lost {
        let field = path.rsplit('/').next().unwrap_or_default();
        let evidence = if field.is_empty() {
            format!("{name} reads the payload where it was")
        } else {
            format!("{name} reads `{field}`, which can no longer arrive")
        };
        return Some(Broken { reader, evidence, witness: None, unknown_key: false });
    }
    None
}

/// A reader that names both keys copes with the move.
fn reads_either(reader: &Reader, old: &str, new: &str) -> bool {
    reader.reads(old) && reader.reads(new)
}

#[expect(clippy::too_many_arguments, reason = "one change with everything that it is judged by")]
fn report(
    pair: &EventPair<'_>,
    change: &Change,
    broken: Vec<Broken<'_>>,
    new: &Boundary,
    held: &Held<'_>,
    judged: &[Judged<'_>],
    sides: &Sides<'_>,
    compared: &mut Compared,
) {
    if change.effect == Effect::Unclear {
        let mut unknown = finding_of(change, &pair.event, Role::Producer, severity::default_of("unknown-compatibility"));
        unknown.head = unknown.head.or_else(|| Some(new.origin.clone()));
        unknown.help = "name the type of the value, or declare its shape, so that it can be compared".to_owned();
        compared.findings.push(unknown);
        return;
    }
    let declared = !judged.is_empty();
    let undecided: Option<&str> = judged.iter().find_map(|one| match &one.now {
        Acceptance::Unknown(reason) => Some(reason.as_str()),
        Acceptance::Accepts | Acceptance::Rejects { .. } => None,
    });
    let readers = if !broken.is_empty() {
        Readers::Broken
    } else if declared && !held.vague && undecided.is_none() {
        Readers::Survive
    } else if declared && !held.vague {
        // Somebody is declared, and nothing says that the change reaches what cannot be decided of them.
        Readers::Survive
    } else {
        Readers::Undeclared
    };
    let mut rule = change.rule;
    if rule == "field-added" && !broken.is_empty() {
        // A key that a reader knows as something else is no key too many: its name is taken.
        let taken = broken.iter().all(|found| !found.unknown_key);
        rule = if taken { "reserved-field-reused" } else { "field-added-closed-reader" };
    }
    // The sender says which release of it is sending: nobody's payload changed.
    let release = |name: &str| is_of_program(name, &change.fragments.0, &change.fragments.1, new.kind == "analytics");
    if rule == "version-field-changed" && broken.is_empty() && change.path.rsplit('/').next().is_some_and(release) {
        return;
    }
    let mut weight = severity::weigh(rule, Role::Producer, readers, &new.kind, sides.options.closed_world);
    if matches!(rule, "field-added-closed-reader" | "reserved-field-reused") {
        weight = Severity::Error;
    }
    // Of an event without a name nobody can say who reads it.
    if !pair.named && readers == Readers::Undeclared {
        weight = weight.min(Severity::Warning);
    }
    // A value that is never sent again breaks no decoder.
    if rule == "enum-value-removed" {
        weight = Severity::Note;
    }
    if rule == "field-removed" && readers == Readers::Undeclared && !change.was_required {
        weight = weight.min(Severity::Warning);
    }
    if matches!(rule, "const-changed" | "enum-value-renamed") && readers == Readers::Undeclared && rule == "const-changed" {
        weight = weight.min(Severity::Warning);
    }
    if !broken.is_empty() && broken.iter().all(|found| found.reader.pending) {
        weight = weight.min(Severity::Warning);
    }
    let mut finding = finding_of(change, &pair.event, Role::Producer, weight);
    finding.rule = rule;
    finding.head = finding.head.or_else(|| Some(new.origin.clone()));
    for found in &broken {
        add_consumer(&mut finding.consumers, &found.reader.consumer_at(&change.path));
        if finding.witness.is_none() {
            finding.witness = found.witness.clone();
        }
    }
    finding.evidence = broken.first().map(|found| found.evidence.clone());
    match readers {
        Readers::Broken => {
            let moved_too = pair.head_consumers.iter().any(|now| {
                change.to.as_ref().is_some_and(|to| Reader::of_boundary(now).reads(to))
                    && broken
                        .iter()
                        .any(|found| found.reader.consumer.via == Via::Code && found.reader.consumer.name == now.package)
            });
            if moved_too && !held.in_process {
                finding.message.push_str("; both sides move in this change, but they are not deployed at once");
                finding.help = "send both names first, move the readers, then drop the old name".to_owned();
                if sides.options.ignore_in_flight {
                    finding.severity = Severity::Note;
                }
            }
        }
        Readers::Undeclared if change.effect.endangers(Role::Producer) => {
            stand_in(pair, change, new, &mut finding);
        }
        Readers::Survive if change.effect.endangers(Role::Producer) => {
            let names: Vec<&str> = judged.iter().map(|one| one.reader.consumer.name.as_str()).collect();
            finding.evidence = Some(match undecided {
                Some(reason) => format!("no declared reader is known to break ({}); not decided: {reason}", names.join(", ")),
                None => format!("every declared reader survives it: {}", names.join(", ")),
            });
        }
        Readers::Undeclared | Readers::Survive => {}
    }
    if finding.help.is_empty() {
        finding.help = help_for(rule, change);
    }
    compared.findings.push(finding);
}

/// The base shape stands in for readers that nobody declared.
fn stand_in(pair: &EventPair<'_>, change: &Change, new: &Boundary, finding: &mut crate::finding::Finding) {
    let Some(old) = nearest(&pair.base_producers, new) else { return };
    let reader = Reader::of_base(&old.shape, Some(old.origin.clone()));
    if let Acceptance::Rejects { witness, violations } = reader.accepts(new) {
        let hit = violations.iter().any(|violation| {
            let place = match &violation.property {
                Some(property) => super::changes::child(&violation.path, property),
                None => violation.path.clone(),
            };
            change.places().any(|(path, _)| touches(&place, path))
        });
        if hit {
            finding.witness = Some(witness);
        }
    }
    finding
        .consumers
        .push(Consumer { origin: change.old.clone().or_else(|| Some(old.origin.clone())), ..reader.consumer.clone() });
    finding.evidence = Some(
        "nobody is declared as a reader of this event, so what the base branch sent stands in for what they need".to_owned(),
    );
}

fn help_for(rule: &str, change: &Change) -> String {
    let name = change.path.rsplit('/').find(|part| *part != "*").unwrap_or_default();
    match rule {
        "field-removed" => format!("keep sending `{name}` until its readers have moved"),
        "field-became-optional" => format!("always send `{name}`, or let its readers cope with its absence first"),
        "field-became-nullable" => format!("do not send null for `{name}`, or let its readers cope with it first"),
        "reserved-field-reused" => format!("give the new field another name: `{name}` means something else to its readers"),
        "field-added-closed-reader" => "let the reader accept the new key first, then send it".to_owned(),
        "enum-value-added" => "let readers handle the new value first".to_owned(),
        "field-added" => String::new(),
        _ => "send both forms while readers move, or publish a new version of the event beside this one".to_owned(),
    }
}

/// Code that sends what the schema that is registered for its event does not allow.
fn drifted(pair: &EventPair<'_>, old: Option<&Boundary>, new: &Boundary, registered: &[(bool, Reader)], compared: &mut Compared) {
    if new.document.is_some() || new.kind == "declared" {
        return;
    }
    for (_, schema) in registered.iter().filter(|(requests, _)| !(*requests && registered::is_task(new))) {
        if let Acceptance::Rejects { witness, violations } = schema.accepts(new) {
            let before = old.map(|old| (old, schema.accepts(old))).filter(|(_, before)| before.rejects());
            let Some((old, before)) = before else {
                match old {
                    Some(_) => violated(pair, new, schema, &witness, &violations, Status::New, compared),
                    None => newly_sent(pair, new, schema, &witness, &violations, compared),
                }
                continue;
            };
            // Beside what stood there before, only what a change of the payload touches is new.
            let touched = changes(&old.shape, &new.shape, Role::Producer);
            let (new_ones, known): (Vec<_>, Vec<_>) = violations.into_iter().partition(|violation| {
                let place = violation
                    .property
                    .as_ref()
                    .map_or_else(|| violation.path.clone(), |property| super::changes::child(&violation.path, property));
                let place = format!("{}{place}", schema.pointer);
                !newly(std::slice::from_ref(violation), &before).is_empty()
                    && touched.iter().filter(|change| change.effect.endangers(Role::Producer)).any(|change| {
                        change.places().any(|(path, to)| touches(&place, path) || to.is_some_and(|to| touches(&place, to)))
                    })
            });
            for (violations, status) in [(new_ones, Status::New), (known, Status::Known)] {
                if !violations.is_empty() {
                    violated(pair, new, schema, &witness, &violations, status, compared);
                }
            }
        }
    }
}

/// A producer whose payload did not change: what a contract rejects of it stood there before.
fn unchanged(pair: &EventPair<'_>, new: &Boundary, held: &Held<'_>, compared: &mut Compared) {
    for reader in held.readers.iter().filter(|reader| reader.consumer.via != Via::Code) {
        match reader.accepts(new) {
            Acceptance::Rejects { witness, violations } => {
                violated(pair, new, reader, &witness, &violations, Status::Known, compared)
            }
            // A promise that nothing can be held against is counted, never taken for kept.
            Acceptance::Unknown(_) => compared.unknown += 1,
            Acceptance::Accepts => {}
        }
    }
}

/// A further producer of an event that others emit already, with the one of them that is nearest. Without a reader it is only said to
/// be unlike them all: which values they send, and what not all of them send, each of them decides for itself.
fn another(
    pair: &EventPair<'_>,
    (old, others): (&Boundary, &[&Boundary]),
    new: &Boundary,
    held: &Held<'_>,
    compared: &mut Compared,
) {
    let mut rejected = false;
    for reader in held.readers {
        if let Acceptance::Rejects { witness, violations } = reader.accepts(new)
            && !reader.accepts(old).rejects()
        {
            rejected = true;
            newly_sent(pair, new, reader, &witness, &violations, compared);
        }
    }
    // Places whose names are not known, or in part only, need not speak of one event.
    let vague = !pair.named || pair.event.starts_with('*');
    if rejected || !held.readers.is_empty() || super::is_declaration(new) || vague {
        return;
    }
    let stand_in = |other: &Boundary| Reader::of_kind(&other.shape, other.origin.clone());
    let unlike_all = others.iter().all(|other| stand_in(other).accepts(new).rejects());
    let stand_in = stand_in(old);
    if let Acceptance::Rejects { witness, violations } = stand_in.accepts(new)
        && unlike_all
    {
        let mut found = violation_finding(pair, new, &stand_in, &witness, &violations);
        found.severity = Severity::Warning;
        found.message = format!("a further producer of `{}` sends another payload than the others", pair.event);
        found.base = Some(old.origin.clone());
        compared.findings.push(found);
    }
}

/// A producer of an event that is new at head.
fn fresh(pair: &EventPair<'_>, new: &Boundary, held: &Held<'_>, compared: &mut Compared) {
    for reader in held.readers {
        if let Acceptance::Rejects { witness, violations } = reader.accepts(new) {
            newly_sent(pair, new, reader, &witness, &violations, compared);
        }
    }
}

/// A reader that turns away what a new producer sends: a question where nothing but the type speaks for it.
fn newly_sent(
    pair: &EventPair<'_>,
    new: &Boundary,
    reader: &Reader,
    witness: &crate::finding::Witness,
    violations: &[crate::prove::Violation],
    compared: &mut Compared,
) {
    let mut found = violation_finding(pair, new, reader, witness, violations);
    if by_type_alone(new, reader, violations) {
        found.severity = Severity::Warning;
    }
    compared.findings.push(found);
}

/// Whether all that a reader turns away are values of which nothing but the type is known: any text, any number. Nobody has sent one of
/// them yet, so the type is no evidence that a wrong one will be sent.
fn by_type_alone(new: &Boundary, reader: &Reader, violations: &[crate::prove::Violation]) -> bool {
    let is_any = |part: &Shape, keyword: &str| match (&part.kind, keyword) {
        (ShapeKind::String(text), "const" | "enum" | "pattern" | "format" | "minLength" | "maxLength") => {
            *text == StringShape::default()
        }
        (
            ShapeKind::Number(range) | ShapeKind::Integer(range),
            "const" | "enum" | "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf",
        ) => {
            let bounds = [&range.minimum, &range.maximum, &range.exclusive_minimum, &range.exclusive_maximum];
            bounds.iter().all(|bound| bound.is_none())
        }
        _ => false,
    };
    let by_type = |violation: &crate::prove::Violation| {
        let Some(part) = at_pointer(&new.shape, &format!("{}{}", reader.pointer, violation.path)) else { return false };
        match &part.kind {
            ShapeKind::Union(branches) => branches.iter().any(|branch| is_any(branch, &violation.keyword)),
            _ => is_any(&part, &violation.keyword),
        }
    };
    !violations.is_empty() && violations.iter().all(by_type)
}

pub(super) fn violated(
    pair: &EventPair<'_>,
    new: &Boundary,
    reader: &Reader,
    witness: &crate::finding::Witness,
    violations: &[crate::prove::Violation],
    status: Status,
    compared: &mut Compared,
) {
    let mut found = violation_finding(pair, new, reader, witness, violations);
    found.status = status;
    compared.findings.push(found);
}

fn violation_finding(
    pair: &EventPair<'_>,
    new: &Boundary,
    reader: &Reader,
    witness: &crate::finding::Witness,
    violations: &[crate::prove::Violation],
) -> crate::finding::Finding {
    let first = violations.first();
    let path = first.map_or_else(String::new, |violation| match &violation.property {
        Some(property) => super::changes::child(&format!("{}{}", reader.pointer, violation.path), property),
        None => format!("{}{}", reader.pointer, violation.path),
    });
    let what = match first {
        Some(violation) => match (&violation.property, violation.keyword.as_str()) {
            (Some(property), "required") => format!("it requires `{property}`"),
            (Some(property), "additionalProperties" | "unevaluatedProperties") => format!("it rejects `{property}`"),
            _ => violation.message.clone(),
        },
        None => "it rejects the payload".to_owned(),
    };
    let mut found = finding(
        "contract-violated",
        &pair.event,
        Role::Producer,
        format!("`{}` is not what {} needs: {what}", pair.event, reader.consumer.name),
    );
    found.fragments = (reader.consumer.name.clone(), what.clone());
    found.head = place_of(&new.shape, &path).or_else(|| Some(new.origin.clone()));
    found.path = path;
    found.consumers.push(reader.consumer_at(&found.path));
    found.witness = Some(witness.clone());
    found.evidence = Some(what);
    found.help = "send what the contract asks for, or agree on another contract with its owner first".to_owned();
    if reader.pending {
        found.severity = Severity::Warning;
    }
    found
}

/// Fields that were set after an object was spread into the payload, and are now set before it: the object's own win.
fn shadowed(pair: &EventPair<'_>, old: &Boundary, new: &Boundary, compared: &mut Compared) {
    for (path, place) in &new.overlaid.shadowed {
        let guarded = old.overlaid.guarded.contains(path) && !old.overlaid.shadowed.iter().any(|(known, _)| known == path);
        if !guarded {
            continue;
        }
        compared.touched.insert(pair.event.clone());
        let field = path.rsplit('/').next().unwrap_or_default();
        let mut found = finding(
            "field-shadowed",
            &pair.event,
            Role::Producer,
            format!("`{field}` of `{}` may now be overwritten by what is spread behind it", pair.event),
        );
        found.path.clone_from(path);
        found.base = place_of(&old.shape, path).or_else(|| Some(old.origin.clone()));
        found.head = Some(place.clone());
        found.fragments = (path.clone(), "shadowed".to_owned());
        found.help = format!("spread first and set `{field}` after it");
        for promise in &pair.readers {
            add_consumer(&mut found.consumers, &promise.as_consumer());
        }
        compared.findings.push(found);
    }
}

fn channel_changed(pair: &EventPair<'_>, old: &Boundary, new: &Boundary, compared: &mut Compared) {
    if let (Some(before), Some(after)) = (&old.channel, &new.channel)
        && before != after
        && pair.named
    {
        let others_stay = pair.head_producers.iter().any(|other| other.channel.as_ref() == Some(before));
        // Where a part of one address is computed, the two may be the same.
        let may_be_one = before.contains('*') != after.contains('*')
            && (EventPattern::parse(before).matches(after) || EventPattern::parse(after).matches(before));
        if others_stay || may_be_one {
            return;
        }
        compared.touched.insert(pair.event.clone());
        let mut found = finding(
            "topic-changed",
            &pair.event,
            Role::Producer,
            format!("`{}` now goes to `{after}`, it went to `{before}`", pair.event),
        );
        if !new.leaves_process() || new.kind == "analytics" {
            found.severity = Severity::Warning;
        }
        found.base = Some(old.origin.clone());
        found.head = Some(new.origin.clone());
        found.fragments = (before.clone(), after.clone());
        found.help = "send to both channels while readers move".to_owned();
        for promise in &pair.readers {
            add_consumer(&mut found.consumers, &promise.as_consumer());
        }
        for reader in &pair.base_consumers {
            add_consumer(&mut found.consumers, &Reader::of_boundary(reader).consumer);
        }
        compared.findings.push(found);
    }
}
