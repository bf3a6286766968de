//! One state held against its own promises, without any change in sight: what contracts and registered schemas reject of what
//! code sends, what readers read that nobody sends or lists, and consumers who cannot both be served.

use std::collections::{BTreeMap, BTreeSet};

use super::reader::{Acceptance, Reader};
use super::{
    CompareOptions, Compared, EventPair, Sides, clash, consumers, event_pairs, finding, finish, producers, registered, severity,
    unlisted,
};
use crate::facts::Role;
use crate::finding::{Finding, Severity, Status, Via};
use crate::link::model::{Boundary, Model};
use crate::registry::{Promise, Registry};

/// Holds every promise of one state against every producer and reader of it.
pub fn kept(model: &Model, registry: &Registry) -> Compared {
    let options = CompareOptions::default();
    let sides = Sides {
        base: model,
        head: model,
        base_registry: registry,
        head_registry: registry,
        base_fixtures: &[],
        head_fixtures: &[],
        options: &options,
    };
    let declared = registered::boundaries(registry);
    let mut compared = Compared::default();
    for pair in event_pairs(&sides, &declared, &declared).iter().filter(|pair| pair.named) {
        promised(pair, &mut compared);
        read(pair, &mut compared);
    }
    compared.findings.extend(unlisted_reads(model, registry, &BTreeSet::new()));
    once_for_each_cause(&mut compared.findings);
    compared.findings.extend(clash::clashes(registry, &|_| true));
    finish(&mut compared.findings);
    compared
}

/// What a consumer's contract says of a sender already is not said of its code again: one field that is not sent is one cause.
fn once_for_each_cause(findings: &mut Vec<Finding>) {
    let said: Vec<(String, String, BTreeSet<String>)> = findings
        .iter()
        .filter(|finding| finding.rule == "contract-violated")
        .map(|finding| {
            let names = finding.consumers.iter().map(|consumer| consumer.name.clone()).collect();
            (finding.event.clone(), finding.path.clone(), names)
        })
        .collect();
    let told = |finding: &Finding| {
        matches!(finding.rule, "consumer-reads-undeclared-field" | "consumer-requires-optional-field")
            && said.iter().any(|(event, path, names)| {
                *event == finding.event
                    && *path == finding.path
                    && finding.consumers.iter().all(|consumer| names.contains(&consumer.name))
            })
    };
    let repeated: Vec<Finding> = findings.extract_if(.., |finding| told(finding)).collect();
    for again in repeated {
        let same = |finding: &&mut Finding| {
            finding.rule == "contract-violated" && finding.event == again.event && finding.path == again.path
        };
        if let Some(known) = findings.iter_mut().find(same) {
            again.consumers.iter().for_each(|consumer| super::add_consumer(&mut known.consumers, consumer));
        }
    }
}

/// Every sender of one event against every promise about it.
fn promised(pair: &EventPair<'_>, compared: &mut Compared) {
    let hold = |reader: &Reader, sender: &Boundary, compared: &mut Compared| match reader.accepts(sender) {
        Acceptance::Rejects { witness, violations } => {
            producers::violated(pair, sender, reader, &witness, &violations, Status::New, compared);
        }
        Acceptance::Unknown(_) => compared.unknown += 1,
        Acceptance::Accepts => {}
    };
    let readers: Vec<Reader> = pair.readers.iter().map(|promise| Reader::of_promise(promise)).collect();
    // A contract of a task's reader speaks of the message to the task, where code sends one.
    let tasks = pair.head_consumers.iter().any(|reader| registered::is_task(reader));
    for sender in pair.head_producers.iter().filter(|sender| !tasks || !registered::is_request(sender)) {
        readers.iter().for_each(|reader| hold(reader, sender, compared));
    }
    let schemas: Vec<(&Promise, Reader)> =
        pair.senders.iter().filter(|promise| promise.via != Via::Code).map(|p| (*p, Reader::of_promise(p))).collect();
    for sender in pair.head_producers.iter().filter(|sender| sender.document.is_none() && !super::is_declaration(sender)) {
        let meant = schemas.iter().filter(|(promise, _)| !(promise.is_about_requests() && registered::is_task(sender)));
        meant.for_each(|(_, schema)| hold(schema, sender, compared));
    }
}

/// Every reader in code against every sender.
fn read(pair: &EventPair<'_>, compared: &mut Compared) {
    let senders: Vec<&Boundary> = pair
        .head_producers
        .iter()
        .chain(&pair.near.head_producers)
        .copied()
        .filter(|sender| sender.kind != "declared" && !sender.shape.is_unknown())
        .collect();
    for reader in pair.head_consumers.iter().filter(|reader| !super::is_declaration(reader)) {
        if senders.is_empty() || reader.shape.is_unknown() {
            compared.unknown += usize::from(reader.shape.is_unknown());
            continue;
        }
        let meant: Vec<&Boundary> = senders.iter().copied().filter(|sender| !registered::apart(sender, reader)).collect();
        if let Some(mut found) = consumers::undeclared_read(pair, reader, &meant, "the reader") {
            let missing = found.evidence.as_deref() == Some(consumers::REQUIRED);
            if !reader.enforced && !missing {
                // Nothing in the code turns the payload away: what happens then nobody can say.
                found.severity = Severity::Warning;
            }
            compared.findings.push(found);
        }
    }
}

/// What consumers read and their own contracts do not list, without those that are `known`.
pub(super) fn unlisted_reads(model: &Model, registry: &Registry, known: &BTreeSet<(String, String, String)>) -> Vec<Finding> {
    let mut found = Vec::new();
    for need in unlisted::needs(model) {
        let promises: Vec<&Promise> = need.promises(registry);
        if promises.is_empty() || need.shape.is_unknown() {
            continue;
        }
        for field in need.unlisted(&promises) {
            let path = field.path();
            if known.contains(&(need.consumer.clone(), need.event.clone(), path.clone())) {
                continue;
            }
            let name = path.trim_start_matches('/').replace('/', ".");
            let mut one = finding(
                "consumer-reads-undeclared-field",
                &need.event,
                Role::Consumer,
                format!("{} reads `{name}` of `{}`, which its contract does not list", need.consumer, need.event),
            );
            one.severity = severity::default_of(one.rule).min(Severity::Warning);
            one.path = path;
            one.head = Some(field.origin);
            one.fragments = (need.consumer.clone(), "its contract".to_owned());
            one.consumers = promises.iter().map(|promise| promise.as_consumer()).collect();
            one.help = "`driftgate contracts record` adds it to the contract".to_owned();
            found.push(one);
        }
    }
    found
}

/// The unlisted reads of a state, by consumer, event and path.
pub(super) fn unlisted_keys(model: &Model, registry: &Registry) -> BTreeSet<(String, String, String)> {
    unlisted::needs(model)
        .iter()
        .flat_map(|need| {
            let promises = need.promises(registry);
            let fields = if promises.is_empty() { Vec::new() } else { need.unlisted(&promises) };
            fields.into_iter().map(|field| (need.consumer.clone(), need.event.clone(), field.path())).collect::<Vec<_>>()
        })
        .collect()
}

/// What a change does to a state's own promises beyond what producers and readers are held against already: reads that head's
/// contracts do not list, and contracts that clash since.
pub(super) fn introduced(sides: &Sides<'_>, compared: &mut Compared) {
    if sides.head_registry.promises.is_empty() {
        return;
    }
    let known = unlisted_keys(sides.base, sides.base_registry);
    compared.findings.extend(unlisted_reads(sides.head, sides.head_registry, &known));
    let mut before: BTreeMap<&str, Vec<&Promise>> = BTreeMap::new();
    for base in &sides.base_registry.promises {
        before.entry(base.consumer.as_str()).or_default().push(base);
    }
    let stood = |promise: &Promise| {
        before.get(promise.consumer.as_str()).into_iter().flatten().any(|base| {
            base.event == promise.event
                && base.via == promise.via
                && base.payload_pointer == promise.payload_pointer
                && base.schema.document == promise.schema.document
        })
    };
    compared.findings.extend(clash::clashes(sides.head_registry, &|promise| !stood(promise)));
}
