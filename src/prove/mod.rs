//! Is every payload of one schema acceptable to another? Three answers: a proof, a confirmed witness, or unknown with its reason.

mod automaton;
mod document;
mod pattern;
mod validator;

use std::fmt;

use serde_json::Value;

pub use document::{DEFAULT_BASE, DEPTH_LIMIT, Document};
pub use validator::{Validator, Violation};

use crate::finding::Witness;

/// The answer to "is every instance of the producer's schema an instance of the consumer's?".
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Proved.
    Contained,
    /// Refuted, by an instance that the validator accepts for the producer and refuses for the consumer.
    Escapes(Witness),
    Unknown(Reason),
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reason {
    /// The keyword that was too much; empty where it is none.
    pub keyword: String,
    /// JSON Pointer into the schema; empty for its root.
    pub place: String,
    pub text: String,
}

impl Reason {
    pub fn new(keyword: impl Into<String>, place: impl Into<String>, text: impl Into<String>) -> Self {
        Reason { keyword: keyword.into(), place: place.into(), text: text.into() }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.keyword.is_empty(), self.place.is_empty()) {
            (true, true) => f.write_str(&self.text),
            (true, false) => write!(f, "{} (at `{}`)", self.text, self.place),
            (false, true) => write!(f, "`{}`: {}", self.keyword, self.text),
            (false, false) => write!(f, "`{}` at `{}`: {}", self.keyword, self.place, self.text),
        }
    }
}

/// How much may be spent on a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Proof steps; each is some microseconds.
    pub steps: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { steps: 100_000 }
    }
}

/// Whether every instance of `producer` is an instance of `consumer`.
pub fn contains(consumer: &Document, producer: &Document, options: &Options) -> Verdict {
    let _ = options;
    if let Err(reason) = producer.validator() {
        return Verdict::Unknown(reason);
    }
    if let Err(reason) = consumer.validator() {
        return Verdict::Unknown(reason);
    }
    if same_text(consumer, producer) {
        return Verdict::Contained;
    }
    if let (Some(reader), Some(writer)) = (consumer.canonical(), producer.canonical())
        && matches!(reader.covers(writer), Ok(jsonschema::canonical::Containment::Yes))
    {
        return Verdict::Contained;
    }
    Verdict::Unknown(Reason::new("", "", "no proof and no counterexample was found"))
}

/// Whether both documents say the same, letter for letter.
fn same_text(a: &Document, b: &Document) -> bool {
    a.draft() == b.draft()
        && a.asserts_formats() == b.asserts_formats()
        && a.base() == b.base()
        && a.value() == b.value()
        && a.resources() == b.resources()
}

/// Whether the document's validator accepts an instance; `false` for a document that no validator takes.
pub fn accepts(document: &Document, instance: &Value) -> bool {
    document.validator().is_ok_and(|validator| validator.accepts(instance))
}

/// The places at which an instance fails a document; empty where it is accepted or the document cannot be read.
pub fn violations(document: &Document, instance: &Value) -> Vec<Violation> {
    document.validator().map(|validator| validator.violations(instance)).unwrap_or_default()
}

/// A payload for a finding, where the independent validator agrees that the producer may send it and the consumer refuses it.
pub fn confirm(consumer: &Document, producer: &Document, instance: &Value) -> Option<Witness> {
    (accepts(producer, instance) && consumer.validator().is_ok_and(|validator| !validator.accepts(instance)))
        .then(|| Witness::confirmed(instance.clone()))
}
