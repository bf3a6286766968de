//! The handoff rules: not what is sent, but when, how often, how surely, and with what proof.
//!
//! A boundary of base is paired with its successor at head and the two are compared, by family, one file each. A rule fires only
//! where base had the safer form, so that nobody is told off for old code. Rules read [`Delivery`](crate::link::model::Delivery)
//! alone, never syntax: what a call is surrounded by is worked out in `link`, the same way for every language.

mod completion;
mod conditions;
mod options;
mod order;
mod transaction;

pub(crate) use options::Causes;

use super::pair::{Pair, pairs};
use super::reader::Reader;
use super::{Compared, EventPair, Sides, add_consumer, finding, is_declaration, is_unread};
use crate::facts::Role;
use crate::finding::{Consumer, Finding, RuleId};
use crate::link::model::Boundary;
use crate::source::Origin;

/// One boundary as it was and as it is.
pub(super) struct Handoff<'s> {
    pub event: &'s str,
    pub base: &'s Boundary,
    pub head: &'s Boundary,
}

impl Handoff<'_> {
    /// A finding at a place of head, which is the boundary itself where no other is given.
    pub fn finding(&self, rule: RuleId, at: Option<&Origin>, message: String) -> Finding {
        // What has no name goes by the function that it stands in.
        let message = match self.head.event {
            None => message.replacen(&format!("`{}`", self.event), &options::subject(self), 1),
            Some(_) => message,
        };
        let mut found = finding(rule, self.event, self.head.role, message);
        found.base = Some(self.base.origin.clone());
        found.head = Some(at.unwrap_or(&self.head.origin).clone());
        found
    }

    /// Whether the function was called by nobody in the repository at base, as a hook that a framework runs, and is called by its own
    /// code now: what those callers do beside it was somebody else's business then, and is not known of base.
    pub fn is_taken_over(&self) -> bool {
        let (base, head) = (&self.base.delivery.reach, &self.head.delivery.reach);
        let name = |symbol: &str| symbol.rsplit('.').next().unwrap_or_default().to_owned();
        !base.called && head.called && name(&self.base.symbol) == name(&self.head.symbol)
    }

    /// Whether the event never leaves the process, or is of the kind that is often sent on purpose without waiting.
    pub fn is_light(&self) -> bool {
        matches!(self.head.kind.as_str(), "analytics" | "in-process" | "test" | "test-double")
    }
}

/// Judges how the payloads of one event are handed over.
pub(super) fn judge(pair: &EventPair<'_>, sides: &Sides<'_>, compared: &mut Compared) {
    let first = compared.findings.len();
    for (base, head) in [(&pair.base_producers, &pair.head_producers), (&pair.base_consumers, &pair.head_consumers)] {
        for matched in pairs(base, head) {
            let Pair::Both(base, head) = matched else { continue };
            // A declaration hands nothing over, and of what could not be read nothing is said.
            if is_declaration(base) || is_declaration(head) || is_unread(sides.head, &head.origin) {
                continue;
            }
            let handoff = Handoff { event: &pair.event, base, head };
            let before = compared.findings.len();
            completion::judge(&handoff, compared);
            transaction::judge(&handoff, compared);
            // What is put off comes after the answer as well: one of the two is said.
            if compared.findings.len() == before {
                order::judge(&handoff, compared);
            }
            conditions::judge(&handoff, pair, sides, compared);
            // A row with its key and headers that became a call of a broker is one change.
            if handoff.base.kind != "outbox" || handoff.head.kind == "outbox" {
                options::judge(&handoff, sides, compared);
            }
        }
    }
    options::judge_renamed(pair, sides, compared);
    conditions::twice(pair, compared);
    // What is handed over in another way reaches those who read it late, twice or not at all.
    for found in compared.findings[first..].iter_mut().filter(|found| found.role == Role::Producer) {
        name_readers(pair, &mut found.consumers);
    }
}

/// Adds whoever is known to read an event: by a promise, or in code.
fn name_readers(pair: &EventPair<'_>, consumers: &mut Vec<Consumer>) {
    for promise in &pair.readers {
        add_consumer(consumers, &promise.as_consumer());
    }
    for reader in pair.base_consumers.iter().filter(|reader| !is_declaration(reader)) {
        add_consumer(consumers, &Reader::of_boundary(reader).consumer);
    }
}

/// Judges what no single event shows.
pub(super) fn judge_all(sides: &Sides<'_>, compared: &mut Compared) {
    order::swapped(sides, compared);
    merge(&mut compared.findings);
}

/// One cause, one finding: a wrapper that hands over otherwise is told once, with the events that go through it.
fn merge(findings: &mut Vec<Finding>) {
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    let mut others: std::collections::BTreeMap<usize, Vec<String>> = std::collections::BTreeMap::new();
    for finding in findings.drain(..) {
        let is_handoff = crate::rules::find(finding.rule).is_some_and(|rule| rule.family == crate::rules::Family::Handoff)
            || matches!(finding.rule, "event-now-conditional" | "event-duplicated");
        // One check in front of several events of a file is one cause, wherever they stand behind it.
        let file = |one: &Finding| one.head.as_ref().map(|head| head.file.clone());
        let same = |known: &Finding| {
            known.rule == finding.rule
                && known.head.is_some()
                && (known.head == finding.head || finding.rule == "event-now-conditional" && file(known) == file(&finding))
                && known.fragments == finding.fragments
        };
        match kept.iter().position(same) {
            Some(at) if is_handoff => {
                for consumer in &finding.consumers {
                    add_consumer(&mut kept[at].consumers, consumer);
                }
                let events = others.entry(at).or_default();
                if kept[at].event != finding.event && !events.contains(&finding.event) {
                    events.push(finding.event.clone());
                }
                if finding.severity > kept[at].severity {
                    kept[at].severity = finding.severity;
                }
            }
            Some(_) | None => kept.push(finding),
        }
    }
    for (at, events) in others.iter().filter(|(_, events)| !events.is_empty()) {
        let shown: Vec<String> = events.iter().take(3).map(|event| format!("`{event}`")).collect();
        let more = if events.len() > shown.len() { format!(" and {} more", events.len() - shown.len()) } else { String::new() };
        kept[*at].message.push_str(&format!("; so are {}{more}", shown.join(", ")));
    }
    *findings = kept;
}
