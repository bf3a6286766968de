//! Base paired with head: what changed, whom it breaks, and what proves it.
//!
//! Head's producers are held against base's consumers, and head's consumers against base's producers: readers are deployed at
//! another time, and messages are in flight. The proofs decide ([`reader`]); the field-level comparison ([`changes`]) explains.

pub mod changes;
mod clash;
mod consumers;
pub mod documents;
mod events;
pub mod fingerprint;
mod handoff;
mod kept;
mod meet;
pub mod mocks;
mod pair;
mod producers;
mod promises;
pub mod reader;
mod registered;
pub mod rename;
mod severity;
mod tasks;
mod transports;
pub mod unlisted;
mod unsaid;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::facts::Role;
use crate::finding::{Consumer, Finding, Severity, Status};
use crate::link::doubles::Double;
use crate::link::model::{Boundary, Model};
use crate::registry::Registry;
use crate::source::{Origin, RepoPath};
use changes::Change;
pub use kept::kept;
pub(crate) use meet::EventPair;
use meet::event_pairs;
use reader::Reader;

/// Everything that a comparison looks at.
pub struct Sides<'s> {
    pub base: &'s Model,
    pub head: &'s Model,
    /// The promises that count.
    pub base_registry: &'s Registry,
    pub head_registry: &'s Registry,
    /// What files of data state of events.
    pub base_fixtures: &'s [Double],
    pub head_fixtures: &'s [Double],
    pub options: &'s CompareOptions,
}

/// How the configuration bears on the comparison.
#[derive(Clone, Debug, Default)]
pub struct CompareOptions {
    /// Every reader is declared here.
    pub closed_world: bool,
    /// Both sides of a queue are deployed at once.
    pub ignore_in_flight: bool,
    /// The files that differ between base and head.
    pub changed_files: BTreeSet<RepoPath>,
}

/// What a comparison found, before acceptances and configured levels.
#[derive(Debug, Default)]
pub struct Compared {
    pub findings: Vec<Finding>,
    /// Boundaries and places of head of which something is not known.
    pub unknown: usize,
    /// Those that the change touches.
    pub unknown_touched: usize,
    /// The events that the change touches.
    pub touched: BTreeSet<String>,
    /// What the handoff rules have told already.
    pub(crate) causes: handoff::Causes,
}

impl Compared {
    /// Takes what was found of one event; handoffs are not among it.
    fn add(&mut self, part: Compared) {
        self.findings.extend(part.findings);
        self.unknown += part.unknown;
        self.unknown_touched += part.unknown_touched;
        self.touched.extend(part.touched);
    }
}

/// Compares base with head.
pub fn compare(sides: &Sides<'_>) -> Compared {
    let mut compared = Compared::default();
    let apart = tasks::told_apart(sides.base, sides.head);
    let (base, head) = apart.as_ref().map_or((sides.base, sides.head), |(base, head)| (base, head));
    let sides = &Sides { base, head, ..*sides };
    let aligned = tasks::aligned(sides.base, sides.head, sides.options, &mut compared.findings);
    let sides = &Sides { head: aligned.as_ref().unwrap_or(sides.head), ..*sides };
    let base_registered = registered::boundaries(sides.base_registry);
    let changed = !std::ptr::eq(sides.base_registry, sides.head_registry);
    let head_registered = changed.then(|| registered::boundaries(sides.head_registry));
    let events = event_pairs(sides, &base_registered, head_registered.as_ref().unwrap_or(&base_registered));
    let renames = events::renames(&events);
    // The proofs of one event need nothing of another's. What is said of a handoff does: one cause is told once for all events.
    let proved: Vec<[Compared; 2]> = events
        .par_iter()
        .map(|pair| {
            let mut parts: [Compared; 2] = Default::default();
            producers::judge(pair, sides, &renames, &mut parts[0]);
            consumers::judge(pair, sides, &mut parts[0]);
            unsaid::judge(pair, sides, &mut parts[1]);
            mocks::judge(pair, sides, &mut parts[1]);
            parts
        })
        .collect();
    for (pair, [shapes, statements]) in events.iter().zip(proved) {
        compared.add(shapes);
        // What an event was called before is the same handoff.
        let before = renames.old_name(&pair.event).and_then(|old| events.iter().find(|known| known.event == old));
        match before {
            Some(before) => handoff::judge(&pair.after(before), sides, &mut compared),
            None => handoff::judge(pair, sides, &mut compared),
        }
        compared.add(statements);
    }
    events::judge(&events, &renames, sides, &mut compared);
    promises::judge(&events, &renames, sides, &mut compared);
    kept::introduced(sides, &mut compared);
    handoff::judge_all(sides, &mut compared);
    count_unknown(sides, &mut compared);
    finish(&mut compared.findings);
    compared
}

/// A finding from a change, with everything that the change itself says.
pub fn finding_of(change: &Change, event: &str, role: Role, severity: Severity) -> Finding {
    let in_event = if event.is_empty() { String::new() } else { format!(" in `{event}`") };
    Finding {
        rule: change.rule,
        question: None,
        severity,
        status: Status::New,
        event: event.to_owned(),
        role,
        path: change.path.clone(),
        to: change.to.clone(),
        message: format!("{}{in_event}", change.message),
        base: change.old.clone(),
        head: change.new.clone(),
        consumers: Vec::new(),
        witness: None,
        evidence: None,
        help: change.help.clone().unwrap_or_default(),
        fix: None,
        fragments: change.fragments.clone(),
        fingerprint: String::new(),
        accepted: None,
    }
}

/// A finding that no change of a shape explains.
pub fn finding(rule: crate::finding::RuleId, event: &str, role: Role, message: String) -> Finding {
    Finding {
        rule,
        question: None,
        severity: severity::default_of(rule),
        status: Status::New,
        event: event.to_owned(),
        role,
        path: String::new(),
        to: None,
        message,
        base: None,
        head: None,
        consumers: Vec::new(),
        witness: None,
        evidence: None,
        help: String::new(),
        fix: None,
        fragments: (String::new(), String::new()),
        fingerprint: String::new(),
        accepted: None,
    }
}

pub(crate) fn add_consumer(consumers: &mut Vec<Consumer>, consumer: &Consumer) {
    if !consumers.contains(consumer) {
        consumers.push(consumer.clone());
    }
}

/// Whether it says that an event is sent or read, and is no code that does so.
pub fn is_declaration(boundary: &Boundary) -> bool {
    matches!(boundary.kind.as_str(), "declared" | registered::KIND)
}

/// Whether the place lies in a part of head that could not be read.
pub(crate) fn is_unread(model: &Model, origin: &Origin) -> bool {
    model.unread.get(&origin.file).is_some_and(|spans| !spans.is_empty())
}

fn count_unknown(sides: &Sides<'_>, compared: &mut Compared) {
    for boundary in sides.head.boundaries.iter().filter(|boundary| !boundary.in_test && boundary.kind != "declared") {
        let hole = boundary.event.is_none() && boundary.kind != "decode" || reader::first_hole(&boundary.shape, 0).is_some();
        if hole {
            compared.unknown += 1;
        }
    }
    compared.unknown_touched = compared
        .findings
        .iter()
        .filter(|finding| finding.rule == "unknown-compatibility" && finding.status == Status::New)
        .count();
}

/// One finding for one cause: the same change of one event, seen from several boundaries, is one; then sorted.
pub fn finish(findings: &mut Vec<Finding>) {
    type Cause = (String, &'static str, String, Option<String>, &'static str, String);
    let mut merged: BTreeMap<Cause, Finding> = BTreeMap::new();
    for finding in findings.drain(..) {
        // What speaks of no event is told apart by what it speaks of.
        let other = if finding.event.is_empty() { finding.fragments.0.clone() } else { String::new() };
        let key = (finding.event.clone(), finding.rule, finding.path.clone(), finding.to.clone(), finding.role.as_str(), other);
        match merged.get_mut(&key) {
            Some(known) => {
                for consumer in &finding.consumers {
                    add_consumer(&mut known.consumers, consumer);
                }
                if known.status == Status::Known && finding.status == Status::New || finding.severity > known.severity {
                    let consumers = std::mem::take(&mut known.consumers);
                    *known = finding;
                    known.consumers = consumers;
                }
            }
            None => {
                merged.insert(key, finding);
            }
        }
    }
    *findings = merged.into_values().collect();
    for finding in findings.iter_mut() {
        finding.consumers.sort();
        finding.consumers.dedup();
    }
    findings.sort_by(|a, b| {
        let rank = |finding: &Finding| (finding.status, std::cmp::Reverse(finding.severity));
        (rank(a), &a.event, &a.path, a.rule).cmp(&(rank(b), &b.event, &b.path, b.rule))
    });
    fingerprint::assign(findings);
}

/// The readers of an event at base: promises and code. The second part says whether anybody is declared whose needs are not known.
pub(crate) fn readers_of(pair: &EventPair<'_>, in_process: bool) -> (Vec<Reader>, bool) {
    let mut readers: Vec<Reader> = pair.readers.iter().map(|promise| Reader::of_promise(promise)).collect();
    let mut vague = false;
    // In one process both sides change together: only head's readers are held against head.
    let (code, near) = if in_process {
        (&pair.head_consumers, &pair.near.head_consumers)
    } else {
        (&pair.base_consumers, &pair.near.base_consumers)
    };
    let senders = if in_process { &pair.head_producers } else { &pair.base_producers };
    let sent: Vec<&Boundary> = pair.base_producers.iter().chain(&pair.head_producers).copied().collect();
    let meant = |reader: &Boundary| sent.is_empty() || sent.iter().any(|sender| !registered::apart(sender, reader));
    // Registered schemas are among the promises.
    for boundary in code.iter().chain(near).filter(|boundary| boundary.kind != registered::KIND && meant(boundary)) {
        let reader = Reader::of_code(boundary, senders);
        if reader.says_something() {
            readers.push(reader);
        } else {
            vague = true;
        }
    }
    (readers, vague)
}

/// The weight that the catalogue gives a rule.
pub fn severity_of(rule: &str) -> Severity {
    severity::default_of(rule)
}
