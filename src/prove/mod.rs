//! Is every payload of one schema acceptable to another? Three answers: a proof, a confirmed witness, or unknown with its reason.

mod arrays;
mod automaton;
mod budget;
mod compile;
mod document;
mod effort;
mod eval;
mod ir;
mod locate;
mod numbers;
mod objects;
mod pattern;
mod relevant;
mod sample;
mod sharing;
mod solve;
mod stack;
mod state;
mod strings;
mod unevaluated;
mod validator;
mod witness;
mod written;

use std::fmt;
use std::rc::Rc;

use rustc_hash::FxHashMap;
use serde_json::Value;

pub use document::{DEFAULT_BASE, DEMAND_ADDRESS, DEPTH_LIMIT, Document, NOT_AT_HAND};
pub use validator::{Validator, Violation};

use crate::finding::Witness;
use budget::Budget;
use ir::Arena;
use solve::{Outcome, Solver, TOO_DEEP};
use stack::Stack;

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
    /// Where in a payload the value is that was not decided, `*` for any key or element; empty for the payload itself.
    pub value: String,
    pub text: String,
}

impl Reason {
    pub fn new(keyword: impl Into<String>, place: impl Into<String>, text: impl Into<String>) -> Self {
        Reason { keyword: keyword.into(), place: place.into(), value: String::new(), text: text.into() }
    }

    /// The same of a value that stands under a key, or as an element.
    fn within(&self, step: &str) -> Reason {
        // Nobody reads on so far down.
        let below = if self.value.len() > 500 { "/…" } else { &self.value };
        Reason { value: format!("{}{below}", crate::schema::refs::extend("", step)), ..self.clone() }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.keyword.is_empty(), self.place.is_empty()) {
            (true, true) => f.write_str(&self.text)?,
            (true, false) => write!(f, "{} (at `{}`)", self.text, self.place)?,
            (false, true) => write!(f, "`{}`: {}", self.keyword, self.text)?,
            (false, false) => write!(f, "`{}` at `{}`: {}", self.keyword, self.place, self.text)?,
        }
        // The place in the schema says it better.
        if self.place.is_empty() && !self.value.is_empty() {
            write!(f, ", in the value at `{}`", self.value)?;
        }
        Ok(())
    }
}

/// How much may be spent on a pair. The same pair with the same options gets the same answer on every machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Proof steps; each is some ten microseconds. Work and memory are counted, not steps of the search: see the budget.
    pub steps: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { steps: 100_000 }
    }
}

/// Bytes of a document, its resources counted and as it is held in memory, beyond which nothing is proved of it.
const DOCUMENT_LIMIT: usize = 40 << 20;

/// Whether every instance of `producer` is an instance of `consumer`.
pub fn contains(consumer: &Document, producer: &Document, options: &Options) -> Verdict {
    if same_text(consumer, producer) {
        return Verdict::Contained;
    }
    deep(|stack| decide(consumer, producer, options, stack))
        .unwrap_or_else(|| given_up(&Reason::new("", "", TOO_DEEP), [producer, consumer]))
}

/// Does the work here, and where it comes too deep once more with a stack of its own.
fn deep<T: Send>(work: impl Fn(Stack) -> (T, Stack) + Sync) -> Option<T> {
    let (answer, stack) = work(Stack::inline());
    if !stack.exceeded {
        return Some(answer);
    }
    stack::with_own_stack(stack.done, |stack| work(stack).0)
}

/// The answer where the search gave up.
fn given_up(reason: &Reason, documents: [&Document; 2]) -> Verdict {
    Verdict::Unknown(locate::located(reason, documents))
}

fn decide(consumer: &Document, producer: &Document, options: &Options, stack: Stack) -> (Verdict, Stack) {
    let mut arena = Arena::new(stack, Budget::new(options, stack.done));
    let verdict = search(consumer, producer, &mut arena);
    (verdict, arena.into_stack())
}

/// What the `jsonschema` crate's own prover says. It follows references one inside the other and looks at no stack, so that what has any
/// gets a large one.
fn is_covered(consumer: &Document, producer: &Document) -> bool {
    let ask = || {
        let (Some(reader), Some(writer)) = (consumer.canonical(), producer.canonical()) else { return false };
        matches!(reader.covers(writer), Ok(jsonschema::canonical::Containment::Yes))
    };
    if consumer.may_loop() || producer.may_loop() { stack::with_own_stack(0, |_| ask()).unwrap_or(false) } else { ask() }
}

fn search(consumer: &Document, producer: &Document, arena: &mut Arena) -> Verdict {
    if [consumer, producer].iter().any(|document| document.heap() > DOCUMENT_LIMIT) {
        return given_up(&Reason::new("", "", "the schema, with what it refers to, is too large"), [producer, consumer]);
    }
    if let Some((keyword, place)) = [producer, consumer].into_iter().find_map(Document::endless_number) {
        return Verdict::Unknown(Reason::new(keyword, place, "a number has too many digits"));
    }
    let compiled = compile::compile(arena, producer, FxHashMap::default());
    if let Some(reason) = refused(producer, compiled.idle, compiled.malformed) {
        return Verdict::Unknown(reason);
    }
    let writer = compiled.root;
    let shared = sharing::shared_targets(consumer, producer, compiled.targets);
    let compiled = compile::compile(arena, consumer, shared);
    if let Some(reason) = refused(consumer, compiled.idle, compiled.malformed) {
        return Verdict::Unknown(reason);
    }
    let reader = compiled.root;
    let (candidate, reason) = match Solver::new(arena).solve([writer, reader.negate()]) {
        Outcome::Empty => return Verdict::Contained,
        Outcome::Found(value) => {
            let text = "the engine and the validator disagree about a value";
            (Some(value), Rc::new(Reason::new("", "", text)))
        }
        Outcome::Unsure(candidate, reason) => (candidate, reason),
    };
    if arena.stack.exceeded {
        return given_up(&reason, [producer, consumer]);
    }
    let too_much = || {
        let text = "to hold a payload against the schemas would take too long";
        given_up(&Reason::new("", "", text), [producer, consumer])
    };
    if let Some(value) = candidate.as_deref() {
        let judge = match witness::Judge::new(consumer, producer, [value]) {
            Ok(judge) => judge,
            Err(reason) => return Verdict::Unknown(reason),
        };
        if let Some(found) = judge.shrunk(arena, writer, value) {
            return Verdict::Escapes(found);
        }
        if judge.gave_up() {
            return too_much();
        }
    }
    // What used up the budget here is not handed to a prover without one.
    if !arena.budget.is_spent() && is_covered(consumer, producer) {
        return Verdict::Contained;
    }
    let pool = witness::pool(arena);
    let judge = match witness::Judge::new(consumer, producer, pool.iter().chain(candidate.as_deref())) {
        Ok(judge) => judge,
        Err(reason) => return Verdict::Unknown(reason),
    };
    match judge.hunt(arena, writer, candidate.as_deref(), &pool) {
        Some(found) => Verdict::Escapes(found),
        None => given_up(&reason, [producer, consumer]),
    }
}

/// Why a document cannot be asked about at all, where it cannot.
fn refused(document: &Document, idle: Option<Reason>, malformed: Option<Reason>) -> Option<Reason> {
    if idle.is_some() {
        // No validator ends on such a document.
        return idle;
    }
    malformed.map(|reason| document.validator().err().unwrap_or(reason))
}

/// A plausible instance of a schema; `None` where none was found that the validator accepts.
pub fn sample(document: &Document) -> Option<Value> {
    deep(|stack| {
        let mut arena = Arena::new(stack, Budget::new(&Options::default(), stack.done));
        let value = instance(document, &mut arena);
        (value, arena.into_stack())
    })
    .flatten()
}

fn instance(document: &Document, arena: &mut Arena) -> Option<Value> {
    let compiled = compile::compile(arena, document, FxHashMap::default());
    if compiled.idle.is_some() || compiled.malformed.is_some() {
        return None;
    }
    let value = match Solver::new(arena).solve([compiled.root]) {
        Outcome::Empty => return None,
        Outcome::Found(value) => value,
        Outcome::Unsure(candidate, _) => candidate?,
    };
    let accepted = |value: &Value| document.validator().is_ok_and(|validator| validator.accepts(value));
    let plausible = sample::plausible(&value, &sample::formats(document), &mut |value| accepted(value));
    accepted(&plausible).then_some(plausible)
}

/// Where a reference of the document leads back to itself on the spot. A validator would never end on it.
fn idle(document: &Document) -> Option<Reason> {
    deep(|stack| {
        let mut arena = Arena::new(stack, Budget::new(&Options::default(), stack.done));
        let compiled = compile::compile(&mut arena, document, FxHashMap::default());
        (compiled.idle, arena.into_stack())
    })
    .flatten()
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
        && a.has_integers_by_value() == b.has_integers_by_value()
        && a.value() == b.value()
        && a.same_resources(b)
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
    if [consumer, producer].into_iter().any(|document| document.may_loop() && idle(document).is_some()) {
        return None;
    }
    let judge = witness::Judge::new(consumer, producer, [instance]).ok()?;
    judge.tells_apart(instance, &mut Stack::inline()).then(|| Witness::confirmed(instance.clone()))
}

#[cfg(test)]
mod tests;
