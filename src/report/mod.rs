//! Where the finding meets the person: one run of the comparison, written down in the form that its reader needs.
//!
//! A [`Report`] holds everything that a run has to say and is complete before any reporter starts: counts, verdict, answers and
//! exit code are functions of the findings ([`assemble`]), so no format can change them. Byte offsets become lines and columns
//! here and nowhere earlier, through [`SourceLookup`]. A reporter writes to what it is given and touches neither disk nor
//! environment; the names and texts that it prints come from strangers, and [`escape`] makes them harmless.

pub mod assemble;
pub mod changed;
pub mod escape;
pub mod github;
pub mod gitlab;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod place;
pub mod sarif;
pub mod style;
pub mod text;

mod cause;
mod excerpt;
mod mermaid;
mod payload;
mod remedy;
#[cfg(test)]
mod sample;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use crate::facts::Role;
use crate::finding::{Consumer, Diagnostic, Finding, Severity, Via};
use crate::source::{Origin, RepoPath, SourceText};

pub use assemble::{Answer, Counts, Gate, QuestionAnswer, Summary, Verdict};
pub use style::TextStyle;

/// Everything that one run has to say.
pub struct Report<'a> {
    /// The version of the tool that ran.
    pub version: &'a str,
    /// `None` where there was nothing to compare with.
    pub base: Option<Compared>,
    pub head: Compared,
    pub gate: Gate,
    /// The stricter level for a change that a coding agent wrote, where it applied.
    pub agent: Option<Agent>,
    pub verdict: Verdict,
    pub summary: Summary,
    pub questions: [QuestionAnswer; 6],
    /// In the order in which they are shown, with their fingerprints set.
    pub findings: Vec<Finding>,
    pub diagnostics: Vec<Diagnostic>,
    /// What the reader should know of the run itself, a sentence each: a base that is no merge base, contracts read from outside
    /// of the repository, a stricter rule that applied.
    pub notes: Vec<String>,
    /// The events that the change touches, with everybody at both ends.
    pub events: Vec<ChangedEvent>,
    /// Every boundary of head.
    pub boundaries: Vec<BoundaryLine>,
    /// The lines of head that the change added or edited, by file, as [`changed::changed_lines`] gives them. A file that only lost
    /// lines is here without ranges.
    pub changed: BTreeMap<RepoPath, Vec<LineRange>>,
    /// Whether a finding can be put on the record with `driftgate accept`: not where two loose documents were compared.
    pub acceptable: bool,
    pub sources: &'a dyn SourceLookup,
    pub rules: &'a dyn RuleCatalogue,
}

/// One of the two states compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// As the user named it or as it was found: `origin/main`, `worktree`, a folder.
    pub rev: String,
    /// The commit, where it is one.
    pub oid: Option<String>,
    /// How it was chosen: `merge base with origin/main`.
    pub how: Option<String>,
}

/// By what a change is known that a coding agent wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    pub commit: String,
    /// The trailer or the author, as it stands in the commit.
    pub by: String,
    /// The level that the configuration asks of such changes.
    pub fail_on: assemble::FailOn,
}

/// Lines, from 1, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineRange {
    pub start: u32,
    pub end: u32,
}

/// An event that the change touches, for the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedEvent {
    pub name: String,
    pub producers: Vec<Participant>,
    pub consumers: Vec<Participant>,
}

/// Somebody at one end of an event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Participant {
    pub name: String,
    /// Whether the change breaks this handoff.
    pub broken: bool,
}

/// One boundary of head, for forms that list what was checked beside what was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BoundaryLine {
    pub event: String,
    pub role: Role,
    pub origin: Origin,
}

/// Which of the two states a place is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    Base,
    Head,
}

/// The text of a file on one side, for excerpts and for lines and columns.
pub trait SourceLookup: Sync {
    /// `None` where the file is not there or is not text.
    fn source(&self, side: Side, file: &RepoPath) -> Option<Arc<SourceText>>;
}

/// What a reporter needs of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleInfo<'a> {
    pub id: &'a str,
    /// Which of the six review questions it answers; `None` for the security rules.
    pub question: Option<u8>,
    pub severity: Severity,
    /// One sentence.
    pub summary: &'a str,
    /// The rule's whole page, in Markdown.
    pub page: &'a str,
}

/// The rules that the findings speak of.
pub trait RuleCatalogue: Sync {
    fn rule(&self, id: &str) -> Option<RuleInfo<'_>>;
}

/// Writes a report in one form.
pub trait Reporter {
    /// # Errors
    /// Those of `out` alone: a report that is there can always be written.
    fn write(&self, report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()>;
}

/// One form that `--format` and `--output` know.
pub struct Format {
    pub name: &'static str,
    /// What it is for, in the words of `--help`.
    pub about: &'static str,
    /// Makes its reporter; forms that are read by programs pay the style no heed.
    pub reporter: fn(&TextStyle) -> Box<dyn Reporter>,
}

/// Every form, by name.
pub static REPORTERS: &[Format] = &[
    Format { name: "text", about: "for a person at a terminal", reporter: |style| Box::new(text::Text::new(style.clone())) },
    Format { name: "json", about: "for programs; `driftgate schema report` describes it", reporter: |_| Box::new(json::Json) },
    Format {
        name: "github",
        about: "annotations on a pull request",
        reporter: |style| Box::new(github::Github::new(style.clone())),
    },
    Format { name: "markdown", about: "for a step summary or a comment", reporter: |_| Box::new(markdown::Markdown) },
    Format { name: "sarif", about: "for code scanning", reporter: |_| Box::new(sarif::Sarif) },
    Format { name: "junit", about: "for the test view of a CI system", reporter: |_| Box::new(junit::Junit) },
    Format { name: "gitlab", about: "GitLab's Code Quality report", reporter: |_| Box::new(gitlab::Gitlab) },
];

/// The form of this name.
pub fn format(name: &str) -> Option<&'static Format> {
    REPORTERS.iter().find(|format| format.name == name)
}

/// The six questions of a review, in the words of a reviewer and in one word.
pub const QUESTIONS: [(&str, &str); 6] = [
    ("Did any payload shape change?", "shape"),
    ("Did any event timing change?", "timing"),
    ("Did any retry behaviour change?", "retry"),
    ("Did any field rename cross a boundary?", "rename"),
    ("Did a mock hide a real integration requirement?", "mock"),
    ("Was idempotency lost?", "idempotency"),
];

impl Report<'_> {
    /// How many findings there are to see beside those that stood at base already.
    pub fn visible(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.status != crate::finding::Status::Known)
    }

    /// One sentence that says what the run found: the first thing that any reader sees.
    pub fn headline(&self) -> String {
        let summary = &self.summary;
        let mut parts = Vec::new();
        for (count, one, many) in
            [(summary.errors, "error", "errors"), (summary.warnings, "warning", "warnings"), (summary.notes, "note", "notes")]
        {
            if count > 0 {
                parts.push(counted(count, one, many));
            }
        }
        for (count, word) in [(summary.requested, "requested"), (summary.allowed, "allowed"), (summary.known, "known")] {
            if count > 0 {
                parts.push(format!("{count} {word}"));
            }
        }
        if parts.is_empty() {
            parts.push("no findings".to_owned());
        }
        let standing = self.findings.iter().filter(|finding| self.gate.counts(finding.status)).count();
        let causes = cause::count(self);
        let of = if causes < standing { format!(" ({})", counted(causes, "cause", "causes")) } else { String::new() };
        format!("{}: {}{of}", self.verdict.as_str(), parts.join(", "))
    }

    /// What was held against what, and how the base was chosen.
    pub fn compared(&self) -> String {
        let Some(base) = &self.base else {
            // One state alone may have been held against its own promises.
            return self.head.how.clone().unwrap_or_else(|| "No base: nothing was compared".to_owned());
        };
        // A revision that is an object id is said once, and as people quote it.
        let name = match &base.oid {
            Some(oid) if base.rev == *oid => short(oid).to_owned(),
            Some(oid) => format!("{} ({})", base.rev, short(oid)),
            None => base.rev.clone(),
        };
        let head = match &self.head.oid {
            Some(oid) => format!("{} ({})", self.head.rev, short(oid)),
            None => self.head.rev.clone(),
        };
        let how = base.how.as_ref().map(|how| match &base.oid {
            Some(oid) => how.replace(oid.as_str(), short(oid)),
            None => how.clone(),
        });
        match how {
            // The revision that was named, and no merge base with it.
            Some(how) if how.strip_suffix(" itself").is_some_and(|named| name.starts_with(named)) => {
                format!("Compared {head} with {name} itself")
            }
            Some(how) => {
                let how = how.strip_prefix(&format!("{}, ", base.rev)).unwrap_or(&how);
                format!("Compared {head} with {name}, {how}")
            }
            None => format!("Compared {head} with {name}"),
        }
    }

    /// That the stricter level for a coding agent's change applied, and by what it is known.
    pub fn agent_note(&self) -> Option<String> {
        self.agent.as_ref().map(|agent| {
            format!(
                "a coding agent wrote this change (commit {}, `{}`), so it fails from `{}` on, as `[agents] fail-on` asks",
                short(&agent.commit),
                agent.by.replace('`', "'"),
                agent.fail_on.as_str()
            )
        })
    }

    /// What was read and what was not.
    pub fn coverage(&self) -> String {
        let summary = &self.summary;
        format!(
            "{}, {}, {}, {}; {} read, {} skipped, {} unknown",
            counted(summary.events, "event", "events"),
            counted(summary.producers, "producer", "producers"),
            counted(summary.consumers, "consumer", "consumers"),
            counted(summary.contracts, "contract", "contracts"),
            counted(summary.files_read, "file", "files"),
            summary.files_skipped,
            summary.unknown,
        )
    }
}

/// The consumers of a finding that are known, by name, each once; at most `limit` of them, and a count of the rest.
fn readers<'a>(findings: impl IntoIterator<Item = &'a Finding>, limit: usize) -> (Vec<&'a Consumer>, usize) {
    let mut seen = BTreeSet::new();
    let mut known: Vec<&Consumer> = findings
        .into_iter()
        .flat_map(|finding| &finding.consumers)
        .filter(|consumer| consumer.via != Via::Base && seen.insert(consumer.name.as_str()))
        .collect();
    let rest = known.len().saturating_sub(limit);
    known.truncate(limit);
    (known, rest)
}

/// What a finding is about: its event, or the repository as a whole.
fn subject(finding: &Finding) -> &str {
    if finding.event.is_empty() { "repository" } else { &finding.event }
}

/// An object id as people quote it.
fn short(oid: &str) -> &str {
    oid.get(..7).unwrap_or(oid)
}

pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests;
