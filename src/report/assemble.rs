//! Counts, verdict, answers and exit code: functions of the findings, done before any reporter runs.

use std::collections::BTreeSet;

pub use crate::config::FailOn;
use crate::finding::{Finding, Severity, Status};

/// What decides whether the check fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    pub fail_on: FailOn,
    /// Unknown fails too.
    pub strict: bool,
    /// Acceptances that the change itself adds count as given.
    pub accept_requested: bool,
}

impl Gate {
    /// Whether a finding of this status stands against the change.
    pub fn counts(&self, status: Status) -> bool {
        match status {
            Status::New => true,
            Status::Requested => !self.accept_requested,
            Status::Known | Status::Allowed => false,
        }
    }

    /// Whether this finding alone fails the check.
    pub fn fails(&self, finding: &Finding) -> bool {
        let heavy = match self.fail_on {
            FailOn::Error => finding.severity == Severity::Error,
            FailOn::Warning => finding.severity >= Severity::Warning,
            FailOn::Never => false,
        };
        heavy && self.counts(finding.status)
    }
}

/// What the run found, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Compatible,
    Breaking,
    Unknown,
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Compatible => "compatible",
            Verdict::Breaking => "breaking",
            Verdict::Unknown => "unknown",
        }
    }
}

/// What the pipeline counted on its way; the rest of the summary is counted from the findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub events: usize,
    pub producers: usize,
    pub consumers: usize,
    pub contracts: usize,
    /// Everything that could not be worked out, old and new.
    pub unknown: usize,
    /// The part of `unknown` that the change touches.
    pub unknown_touched: usize,
    pub files_read: usize,
    pub files_skipped: usize,
}

/// The numbers of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub events: usize,
    pub producers: usize,
    pub consumers: usize,
    pub contracts: usize,
    /// New findings by weight.
    pub errors: usize,
    pub warnings: usize,
    pub notes: usize,
    pub known: usize,
    pub requested: usize,
    pub allowed: usize,
    pub unknown: usize,
    pub files_read: usize,
    pub files_skipped: usize,
}

/// The answer to one of the six questions of a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Yes,
    No,
    Unknown,
}

impl Answer {
    pub fn as_str(self) -> &'static str {
        match self {
            Answer::Yes => "yes",
            Answer::No => "no",
            Answer::Unknown => "unknown",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuestionAnswer {
    /// From 1 to 6.
    pub question: u8,
    pub answer: Answer,
    /// How many findings say yes.
    pub findings: usize,
}

/// The rule whose findings say that something could not be worked out; they answer no question with yes.
pub(super) const UNKNOWN_RULE: &str = "unknown-compatibility";

pub fn summary(findings: &[Finding], counts: &Counts) -> Summary {
    let mut summary = Summary {
        events: counts.events,
        producers: counts.producers,
        consumers: counts.consumers,
        contracts: counts.contracts,
        unknown: counts.unknown,
        files_read: counts.files_read,
        files_skipped: counts.files_skipped,
        ..Summary::default()
    };
    for finding in findings {
        let count = match (finding.status, finding.severity) {
            (Status::New, Severity::Error) => &mut summary.errors,
            (Status::New, Severity::Warning) => &mut summary.warnings,
            (Status::New, Severity::Note) => &mut summary.notes,
            (Status::Known, _) => &mut summary.known,
            (Status::Requested, _) => &mut summary.requested,
            (Status::Allowed, _) => &mut summary.allowed,
        };
        *count += 1;
    }
    summary
}

/// Breaking where an error stands against the change; unknown where the change touches what is unknown, or where there was
/// nothing to compare with; compatible otherwise.
pub fn verdict(findings: &[Finding], counts: &Counts, gate: &Gate, compared: bool) -> Verdict {
    if findings.iter().any(|finding| finding.severity == Severity::Error && gate.counts(finding.status)) {
        Verdict::Breaking
    } else if !compared || unsure(findings, counts) {
        Verdict::Unknown
    } else {
        Verdict::Compatible
    }
}

fn unsure(findings: &[Finding], counts: &Counts) -> bool {
    counts.unknown_touched > 0 || findings.iter().any(|f| f.rule == UNKNOWN_RULE && f.status == Status::New)
}

/// Answers the six questions. `undecided` are those that something unread or unknown in the change leaves open: without a
/// finding of their own they are answered with `unknown`, never with `no`.
pub fn questions(findings: &[Finding], undecided: &BTreeSet<u8>, compared: bool) -> [QuestionAnswer; 6] {
    let mut answers = [1, 2, 3, 4, 5, 6].map(|question| QuestionAnswer { question, answer: Answer::No, findings: 0 });
    for answer in &mut answers {
        if !compared || undecided.contains(&answer.question) {
            answer.answer = Answer::Unknown;
        }
    }
    for finding in findings.iter().filter(|finding| finding.status != Status::Known) {
        let Some(answer) = answers.iter_mut().find(|answer| Some(answer.question) == finding.question) else { continue };
        if finding.rule != UNKNOWN_RULE {
            answer.answer = Answer::Yes;
            answer.findings += 1;
        } else if answer.answer == Answer::No {
            answer.answer = Answer::Unknown;
        }
    }
    answers
}

/// 0 or 1. The third code, 2, belongs to runs that could not do what was asked.
///
/// Where there was no base nothing was compared, so `--strict` has nothing to fail on: `--require-base` is the option for that.
pub fn exit_code(findings: &[Finding], counts: &Counts, gate: &Gate, compared: bool) -> u8 {
    let failed = findings.iter().any(|finding| gate.fails(finding));
    u8::from(failed || (gate.strict && compared && unsure(findings, counts)))
}
