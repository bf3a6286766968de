//! Is every payload of one schema acceptable to another? Three answers: a proof, a confirmed witness, or unknown with its reason.

mod arrays;
mod automaton;
mod compile;
mod document;
mod eval;
mod ir;
mod numbers;
mod objects;
mod pattern;
mod sample;
mod sharing;
mod solve;
mod state;
mod strings;
mod unevaluated;
mod validator;
mod witness;

use std::fmt;
use std::rc::Rc;

use rustc_hash::FxHashMap;
use serde_json::Value;

pub use document::{DEFAULT_BASE, DEPTH_LIMIT, Document};
pub use validator::{Validator, Violation};

use crate::finding::Witness;
use ir::Arena;
use solve::{Outcome, Solver};

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
    if same_text(consumer, producer) {
        return Verdict::Contained;
    }
    let mut arena = Arena::new();
    let (writer, targets, wrong) = compile::compile(&mut arena, producer, FxHashMap::default());
    if let Some(reason) = wrong {
        return Verdict::Unknown(producer.validator().err().unwrap_or(reason));
    }
    let shared = sharing::shared_targets(consumer, producer, targets);
    let (reader, _, wrong) = compile::compile(&mut arena, consumer, shared);
    if let Some(reason) = wrong {
        return Verdict::Unknown(consumer.validator().err().unwrap_or(reason));
    }
    let mut solver = Solver::new(&mut arena, options.steps);
    let (candidate, reason) = match solver.solve([writer, reader.negate()]) {
        Outcome::Empty => return Verdict::Contained,
        Outcome::Found(value) => {
            let text = "the engine and the validator disagree about a value";
            (Some(value), Rc::new(Reason::new("", "", text)))
        }
        Outcome::Unsure(candidate, reason) => (candidate, reason),
    };
    let judge = match witness::Judge::new(consumer, producer) {
        Ok(judge) => judge,
        Err(reason) => return Verdict::Unknown(reason),
    };
    if let Some(found) = candidate.as_deref().and_then(|value| judge.shrunk(&mut arena, writer, value)) {
        return Verdict::Escapes(found);
    }
    if let (Some(reader), Some(writer)) = (consumer.canonical(), producer.canonical())
        && matches!(reader.covers(writer), Ok(jsonschema::canonical::Containment::Yes))
    {
        return Verdict::Contained;
    }
    match judge.hunt(&mut arena, writer, candidate.as_deref()) {
        Some(found) => Verdict::Escapes(found),
        None => Verdict::Unknown((*reason).clone()),
    }
}

/// A plausible instance of a schema; `None` where none was found that the validator accepts.
pub fn sample(document: &Document) -> Option<Value> {
    let mut arena = Arena::new();
    let (lit, _, wrong) = compile::compile(&mut arena, document, FxHashMap::default());
    if wrong.is_some() {
        return None;
    }
    let mut solver = Solver::new(&mut arena, Options::default().steps);
    let value = match solver.solve([lit]) {
        Outcome::Empty => return None,
        Outcome::Found(value) => value,
        Outcome::Unsure(candidate, _) => candidate?,
    };
    let accepted = |value: &Value| accepts(document, value);
    let plausible = sample::plausible(&value, &sample::formats(document), &mut |value| accepted(value));
    accepted(&plausible).then_some(plausible)
}

/// The writer's reading of a document; see [`Document::written`].
pub fn written(document: &Document) -> Document {
    document.written()
}

/// Whether both documents say the same, letter for letter.
fn same_text(a: &Document, b: &Document) -> bool {
    a.draft() == b.draft()
        && a.asserts_formats() == b.asserts_formats()
        && a.base() == b.base()
        && a.is_written() == b.is_written()
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
    let judge = witness::Judge::new(consumer, producer).ok()?;
    judge.tells_apart(instance).then(|| Witness::confirmed(instance.clone()))
}
