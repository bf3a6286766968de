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
pub mod mocks;
mod pair;
mod producers;
mod promises;
pub mod reader;
mod registered;
pub mod rename;
mod severity;
pub mod unlisted;
mod unsaid;

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::Role;
use crate::finding::{Consumer, Finding, Severity, Status};
use crate::link::doubles::Double;
use crate::link::model::{Boundary, Model};
use crate::registry::{EventPattern, Promise, Registry};
use crate::source::{Origin, RepoPath};
use changes::Change;
pub use kept::kept;
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

/// The boundaries and promises of one event.
pub(crate) struct EventPair<'s> {
    pub event: String,
    pub base_producers: Vec<&'s Boundary>,
    pub head_producers: Vec<&'s Boundary>,
    pub base_consumers: Vec<&'s Boundary>,
    pub head_consumers: Vec<&'s Boundary>,
    /// Base's promises that need something of the event.
    pub readers: Vec<&'s Promise>,
    /// Base's promises that say what is sent.
    pub senders: Vec<&'s Promise>,
    /// Whether the event has a name, or only the place where it stands.
    pub named: bool,
    /// Those under other names that this one meets, where one of the two is a pattern.
    pub near: Near<'s>,
}

/// Senders and readers that an event meets by a pattern: `user.*` reads `user.signup`.
#[derive(Default)]
pub(crate) struct Near<'s> {
    pub base_producers: Vec<&'s Boundary>,
    pub head_producers: Vec<&'s Boundary>,
    pub base_consumers: Vec<&'s Boundary>,
    pub head_consumers: Vec<&'s Boundary>,
}

/// Whether one of two names is a pattern that the other, which is none, fits. One that fixes next to nothing says nothing.
fn meet_by_pattern(one: &str, other: &str) -> bool {
    let fits = |pattern: &str, name: &str| {
        let fixed = pattern.chars().filter(|letter| letter.is_alphanumeric()).count();
        pattern.contains('*') && !name.contains('*') && fixed >= 3 && EventPattern::parse(pattern).matches(name)
    };
    fits(one, other) || fits(other, one)
}

/// Compares base with head.
pub fn compare(sides: &Sides<'_>) -> Compared {
    let mut compared = Compared::default();
    let registered = (registered::boundaries(sides.base_registry), registered::boundaries(sides.head_registry));
    let events = event_pairs(sides, &registered.0, &registered.1);
    let renames = events::renames(&events);
    for pair in &events {
        producers::judge(pair, sides, &renames, &mut compared);
        consumers::judge(pair, sides, &mut compared);
        handoff::judge(pair, sides, &mut compared);
        unsaid::judge(pair, sides, &mut compared);
        mocks::judge(pair, sides, &mut compared);
    }
    events::judge(&events, &renames, sides, &mut compared);
    promises::judge(&events, &renames, sides, &mut compared);
    kept::introduced(sides, &mut compared);
    handoff::judge_all(sides, &mut compared);
    count_unknown(sides, &mut compared);
    finish(&mut compared.findings);
    compared
}

fn event_pairs<'s>(sides: &Sides<'s>, base: &'s [Boundary], head: &'s [Boundary]) -> Vec<EventPair<'s>> {
    let mut events: BTreeMap<(bool, String, Option<Role>), EventPair<'s>> = BTreeMap::new();
    let mut slot = |boundary: &'s Boundary, head: bool| {
        let label = boundary.label();
        let named = boundary.event.is_some();
        // Without a name and a channel nothing says that a sender and a reader mean each other.
        let apart = (!named && boundary.channel.is_none()).then_some(boundary.role);
        let pair = events.entry((named, label.clone(), apart)).or_insert_with(|| EventPair {
            event: label,
            base_producers: Vec::new(),
            head_producers: Vec::new(),
            base_consumers: Vec::new(),
            head_consumers: Vec::new(),
            readers: Vec::new(),
            senders: Vec::new(),
            named,
            near: Near::default(),
        });
        match (boundary.role, head) {
            (Role::Producer, false) => pair.base_producers.push(boundary),
            (Role::Producer, true) => pair.head_producers.push(boundary),
            (Role::Consumer, false) => pair.base_consumers.push(boundary),
            (Role::Consumer, true) => pair.head_consumers.push(boundary),
        }
    };
    for boundary in sides.base.boundaries.iter().filter(|boundary| !boundary.in_test).chain(base) {
        slot(boundary, false);
    }
    for boundary in sides.head.boundaries.iter().filter(|boundary| !boundary.in_test).chain(head) {
        slot(boundary, true);
    }
    let mut pairs: Vec<EventPair<'s>> = events.into_values().collect();
    join_patterns(&mut pairs);
    join_channels(&mut pairs);
    meet_patterns(&mut pairs);
    for pair in pairs.iter_mut().filter(|pair| pair.named) {
        for promise in sides.base_registry.promises.iter() {
            // A sender under a pattern may send what a promise of one name is about.
            let near = promise.role == Role::Consumer
                && promise.event.as_name().is_some_and(|name| pair.event.contains('*') && meet_by_pattern(&pair.event, name));
            if !near && !promise.speaks_of(&pair.event) {
                continue;
            }
            match promise.role {
                Role::Consumer => pair.readers.push(promise),
                Role::Producer => pair.senders.push(promise),
            }
        }
    }
    pairs
}

/// Notes for every event the senders and readers under other names that it meets by a pattern.
fn meet_patterns(pairs: &mut [EventPair<'_>]) {
    let patterns: Vec<usize> = (0..pairs.len()).filter(|at| pairs[*at].named && pairs[*at].event.contains('*')).collect();
    let mut met: Vec<(usize, usize)> = Vec::new();
    for pattern in patterns {
        for other in 0..pairs.len() {
            if pairs[other].named
                && !pairs[other].event.contains('*')
                && meet_by_pattern(&pairs[pattern].event, &pairs[other].event)
            {
                met.extend([(pattern, other), (other, pattern)]);
            }
        }
    }
    for (at, other) in met {
        let from = &pairs[other];
        let near = Near {
            base_producers: from.base_producers.clone(),
            head_producers: from.head_producers.clone(),
            base_consumers: from.base_consumers.clone(),
            head_consumers: from.head_consumers.clone(),
        };
        let to = &mut pairs[at].near;
        to.base_producers.extend(near.base_producers);
        to.head_producers.extend(near.head_producers);
        to.base_consumers.extend(near.base_consumers);
        to.head_consumers.extend(near.head_consumers);
    }
}

/// Joins an event that one side alone has with the one event of the other side whose name is a pattern that fits: a part of the
/// name came to be computed, or is no longer, and what is sent is the same event.
fn join_patterns(pairs: &mut Vec<EventPair<'_>>) {
    let only_base = |pair: &EventPair<'_>| pair.named && !pair.base_producers.is_empty() && pair.head_producers.is_empty();
    let only_head = |pair: &EventPair<'_>| pair.named && pair.base_producers.is_empty() && !pair.head_producers.is_empty();
    // A pattern that fixes next to nothing fits everything and says nothing.
    let fits = |pattern: &str, name: &str| {
        let parsed = EventPattern::parse(pattern);
        pattern.contains('*') && parsed.parts().iter().map(String::len).sum::<usize>() >= 4 && parsed.matches(name)
    };
    let mut joined: Vec<(usize, usize)> = Vec::new();
    for (at, old) in pairs.iter().enumerate().filter(|(_, pair)| only_base(pair)) {
        let mut fitting = pairs.iter().enumerate().filter(|(_, new)| {
            let (a, b) = (old.event.as_str(), new.event.as_str());
            only_head(new) && a.contains('*') != b.contains('*') && (fits(a, b) || fits(b, a))
        });
        if let (Some((new, _)), None) = (fitting.next(), fitting.next())
            && !joined.iter().any(|(_, taken)| *taken == new)
        {
            joined.push((at, new));
        }
    }
    for (old, new) in &joined {
        let (producers, consumers) =
            (std::mem::take(&mut pairs[*new].head_producers), std::mem::take(&mut pairs[*new].head_consumers));
        pairs[*old].head_producers.extend(producers);
        pairs[*old].head_consumers.extend(consumers);
    }
    pairs.retain(|pair| {
        !(pair.base_producers.is_empty()
            && pair.head_producers.is_empty()
            && pair.base_consumers.is_empty()
            && pair.head_consumers.is_empty())
    });
}

/// Lets readers that know the channel alone meet the one event that goes over it. Where several do, nothing says of which of them
/// a reader wants what.
fn join_channels(pairs: &mut [EventPair<'_>]) {
    let mut over: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for pair in pairs.iter().filter(|pair| pair.named) {
        for sender in pair.base_producers.iter().chain(&pair.head_producers).filter(|sender| !is_declaration(sender)) {
            if let Some(channel) = &sender.channel {
                over.entry(channel.as_str()).or_default().insert(pair.event.as_str());
            }
        }
    }
    let mut met: Vec<(usize, usize)> = Vec::new();
    for (at, pair) in pairs.iter().enumerate() {
        let reads = !pair.base_consumers.is_empty() || !pair.head_consumers.is_empty();
        let is_sent = !pair.base_producers.is_empty() || !pair.head_producers.is_empty();
        if let (true, false, Some(events)) = (reads && pair.named, is_sent, over.get(pair.event.as_str()))
            && let [event] = events.iter().copied().collect::<Vec<_>>().as_slice()
            && let Some(sent) = pairs.iter().position(|other| other.named && other.event == *event)
        {
            met.push((at, sent));
        }
    }
    for (reader, sent) in met {
        let (base, head) = (std::mem::take(&mut pairs[reader].base_consumers), std::mem::take(&mut pairs[reader].head_consumers));
        pairs[sent].base_consumers.extend(base);
        pairs[sent].head_consumers.extend(head);
    }
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
    // Registered schemas are among the promises.
    for boundary in code.iter().chain(near).filter(|boundary| boundary.kind != registered::KIND) {
        let reader = Reader::of_boundary(boundary);
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
