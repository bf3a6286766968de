//! Findings of one cause: an edit of a type that several events carry gives one finding for each of them, and a person wants to
//! see it once, with the list of events.
//!
//! Forms for programs keep one entry for each finding, since each has a fingerprint of its own.

use std::collections::BTreeMap;

use crate::finding::{Consumer, Finding, RuleId, Severity, Status, Via};
use crate::source::Origin;

use super::Report;

/// What stands in a message for the event that it names.
const EVENT: &str = "\u{0}";

/// Findings that one command accepts.
const MAX_ACCEPTED: usize = 50;

/// Findings that one edit causes and that differ in nothing but the event.
pub(super) struct Cause<'a> {
    /// Not empty; the one that speaks for all comes first.
    pub findings: Vec<&'a Finding>,
}

/// What findings of one cause have in common.
type Key<'a> = (RuleId, Status, Severity, Option<&'a Origin>, Option<&'a Origin>, String);

/// The findings by their causes, those that matter most first: what stands against the change, by weight, and of equal weight what
/// somebody is known to read.
pub(super) fn causes<'a>(report: &Report<'_>, findings: impl IntoIterator<Item = &'a Finding>) -> Vec<Cause<'a>> {
    let mut places: BTreeMap<Key<'a>, usize> = BTreeMap::new();
    let mut causes: Vec<Cause<'a>> = Vec::new();
    for finding in findings {
        // What stands nowhere has nothing to be recognised by.
        let placed = finding.head.is_some() || finding.base.is_some();
        let key = (finding.rule, finding.status, finding.severity, finding.base.as_ref(), finding.head.as_ref(), open(finding));
        match places.get(&key) {
            Some(at) if placed => causes[*at].findings.push(finding),
            Some(_) | None => {
                places.insert(key, causes.len());
                causes.push(Cause { findings: vec![finding] });
            }
        }
    }
    for cause in &mut causes {
        cause.findings.sort_by_key(|finding| !is_read(finding));
    }
    causes.sort_by_key(|cause| {
        let first = cause.first();
        (!report.gate.counts(first.status), std::cmp::Reverse(first.severity), !is_read(first))
    });
    causes
}

/// How many causes stand behind the findings that count.
pub(super) fn count(report: &Report<'_>) -> usize {
    causes(report, report.findings.iter().filter(|finding| report.gate.counts(finding.status))).len()
}

/// Whether somebody is known who reads it.
fn is_read(finding: &Finding) -> bool {
    finding.consumers.iter().any(|consumer| consumer.via != Via::Base)
}

/// The message without its event.
fn open(finding: &Finding) -> String {
    if finding.event.is_empty() {
        return finding.message.clone();
    }
    finding.message.replace(&format!("`{}`", finding.event), EVENT)
}

impl<'a> Cause<'a> {
    pub fn first(&self) -> &'a Finding {
        self.findings.first().expect("a cause is made with its first finding")
    }

    /// The findings whose events differ, one for each event.
    pub fn by_event(&self) -> Vec<&'a Finding> {
        let mut events = std::collections::BTreeSet::new();
        self.findings.iter().copied().filter(|finding| events.insert(finding.event.as_str())).collect()
    }

    /// The message of the first, which speaks of the others too.
    pub fn message(&self) -> String {
        let first = self.first();
        let others = self.by_event().len() - 1;
        if others == 0 || first.event.is_empty() {
            return first.message.clone();
        }
        let more = super::counted(others, "more event", "more events");
        let named = open(first);
        match named.contains(EVENT) {
            true => {
                named.replacen(EVENT, &format!("`{}` and {more}", first.event), 1).replace(EVENT, &format!("`{}`", first.event))
            }
            false => format!("{named}, in `{}` and {more}", first.event),
        }
    }

    /// What happened, where the events are named beside it.
    pub fn change(&self) -> String {
        let named = open(self.first());
        match named.strip_suffix(&format!(" in {EVENT}")) {
            Some(change) => change.to_owned(),
            None => self.message(),
        }
    }

    /// Why it breaks, each sentence once; at most `limit` of them. Where somebody is known to read one of the events, that is why.
    pub fn evidence(&self, limit: usize) -> Vec<&'a str> {
        let mut said: Vec<&str> = Vec::new();
        let known = is_read(self.first());
        let speak = self.findings.iter().filter(|finding| !known || is_read(finding));
        for evidence in speak.filter_map(|finding| finding.evidence.as_deref()) {
            if !said.contains(&evidence) && said.len() < limit {
                said.push(evidence);
            }
        }
        said
    }

    /// Who is concerned, with the finding that says so.
    pub fn consumers(&self) -> impl Iterator<Item = (&'a Finding, &'a Consumer)> + '_ {
        self.findings.iter().flat_map(|finding| finding.consumers.iter().map(move |consumer| (*finding, consumer)))
    }

    /// The command that puts a deliberate break on the record; of very many findings for the first of them.
    pub fn accept(&self, ellipsis: &str) -> String {
        let fingerprints = self.findings.iter().take(MAX_ACCEPTED).map(|finding| finding.fingerprint.as_str());
        format!("driftgate accept {} --reason \"{ellipsis}\"", fingerprints.collect::<Vec<_>>().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::Sample;

    fn sample() -> Sample {
        let mut sample = Sample::rename();
        for (event, message) in [
            ("user.signup", "`customerId` is now `customer_id` in `user.signup`"),
            ("user.gone", "`customerId` is now `customer_id` in `user.gone`"),
            ("user.gone", "`customerId` is now something else in `user.gone`"),
        ] {
            let mut finding = sample.findings[0].clone();
            finding.event = event.to_owned();
            finding.message = message.to_owned();
            finding.fingerprint = event.to_owned();
            finding.consumers.clear();
            sample.findings.insert(0, finding);
        }
        sample
    }

    #[test]
    fn findings_that_differ_only_in_the_event_are_one_cause() {
        let sample = sample();
        let report = sample.report();
        let causes = causes(&report, &report.findings);
        let said: Vec<(String, usize)> = causes.iter().map(|cause| (cause.message(), cause.findings.len())).collect();
        assert_eq!(
            said,
            [
                ("`customerId` is now `customer_id` in `invoice.paid` and 2 more events".to_owned(), 3),
                ("`customerId` is now something else in `user.gone`".to_owned(), 1),
            ]
        );
        assert_eq!(causes[0].change(), "`customerId` is now `customer_id`");
        assert_eq!(causes[0].accept("…"), "driftgate accept 3f9c21b0a7de user.gone user.signup --reason \"…\"");
        assert_eq!(count(&report), 2);
    }

    #[test]
    fn what_stands_elsewhere_or_nowhere_is_a_cause_of_its_own() {
        let mut sample = sample();
        sample.findings.remove(0);
        sample.findings[0].head = None;
        for finding in &mut sample.findings[1..] {
            (finding.head, finding.base) = (None, None);
        }
        let report = sample.report();
        assert_eq!(causes(&report, &report.findings).len(), 3);
    }
}
