//! What the tool says: findings, diagnostics, and who is concerned.

use serde_json::Value;

use crate::source::{Origin, RepoPath};

/// A rule's stable id, such as `field-renamed`.
pub type RuleId = &'static str;

/// How much a finding weighs. The order is from light to heavy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Note,
    Warning,
    Error,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// Whether a finding counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// The change introduces it: it counts.
    New,
    /// It stood at base already.
    Known,
    /// The change itself carries an acceptance of it, which nobody has confirmed yet.
    Requested,
    /// An acceptance on the base branch lets it pass.
    Allowed,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Status::New => "new",
            Status::Known => "known",
            Status::Requested => "requested",
            Status::Allowed => "allowed",
        }
    }
}

/// How a consumer is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Via {
    Contract,
    Schema,
    Pact,
    AsyncApi,
    OpenApi,
    Code,
    /// Nobody is declared: the shape that the base branch sent stands in for its readers.
    Base,
}

impl Via {
    pub fn as_str(self) -> &'static str {
        match self {
            Via::Contract => "contract",
            Via::Schema => "schema",
            Via::Pact => "pact",
            Via::AsyncApi => "asyncapi",
            Via::OpenApi => "openapi",
            Via::Code => "code",
            Via::Base => "base",
        }
    }
}

/// Who a finding concerns, and where its promise or its code stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Consumer {
    pub name: String,
    pub via: Via,
    /// Whom to ask, where the contract says.
    pub owner: Option<String>,
    pub origin: Option<Origin>,
}

/// A payload that the head can emit and a consumer rejects; made only by [`crate::prove`], after an independent validator agreed.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness(Value);

impl Witness {
    /// For the prover alone, which has run the validator on both sides.
    pub(crate) fn confirmed(payload: Value) -> Self {
        Witness(payload)
    }

    /// A confirmed payload shown inside the envelope that it crosses in; the proof was about the part.
    pub(crate) fn placed(part: Witness, whole: Value) -> Self {
        let Witness(_) = part;
        Witness(whole)
    }

    pub fn payload(&self) -> &Value {
        &self.0
    }
}

/// A machine-readable way out: replace a range of head with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in a few words: "keep the wire name `customerId`".
    pub what: String,
    pub origin: Origin,
    pub replacement: String,
    /// What has to be replaced with it: an import that the replacement needs.
    pub further: Vec<Edit>,
    /// Whether applying it cannot change anything but the wire form it restores.
    pub safe: bool,
}

impl Fix {
    /// Every replacement, the first one first.
    pub fn edits(&self) -> impl Iterator<Item = Edit> + '_ {
        let first = Edit { origin: self.origin.clone(), replacement: self.replacement.clone() };
        std::iter::once(first).chain(self.further.iter().cloned())
    }
}

/// A range of head and the text that takes its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    pub origin: Origin,
    pub replacement: String,
}

/// One problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub rule: RuleId,
    /// Which of the six review questions it answers; `None` for the security rules.
    pub question: Option<u8>,
    pub severity: Severity,
    pub status: Status,
    pub event: String,
    /// `producer` or `consumer`: the side that moved. Part of the fingerprint.
    pub role: crate::facts::Role,
    /// JSON Pointer into the wire payload, with `*` for any array element or map value.
    pub path: String,
    /// The new place, for a rename or a move.
    pub to: Option<String>,
    pub message: String,
    pub base: Option<Origin>,
    pub head: Option<Origin>,
    pub consumers: Vec<Consumer>,
    pub witness: Option<Witness>,
    /// Why it breaks, in one sentence that names the promise.
    pub evidence: Option<String>,
    pub help: String,
    pub fix: Option<Fix>,
    /// The old and the new fragment in canonical form: what the fingerprint covers beside rule, event, role and path.
    pub fragments: (String, String),
    /// Set by [`crate::compare::fingerprint`] when the findings of a run are complete.
    pub fingerprint: String,
    /// The reason of the acceptance that let it pass or asks for it.
    pub accepted: Option<String>,
}

/// Something that was not as it should be while reading, never the end of a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    pub severity: Severity,
    pub file: Option<RepoPath>,
    /// From 1; `None` where the whole file is meant.
    pub line: Option<u32>,
    pub message: String,
}

impl Diagnostic {
    pub fn warning(file: RepoPath, line: Option<u32>, message: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Warning, file: Some(file), line, message: message.into() }
    }

    pub fn note(file: RepoPath, line: Option<u32>, message: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Note, file: Some(file), line, message: message.into() }
    }
}
