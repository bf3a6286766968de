//! The boundaries of one snapshot, by event.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::doubles::TestCode;
use super::options::Options;
use crate::facts::{LanguageId, Name, Role, Swallowed};
use crate::shape::Shape;
use crate::source::{Origin, RepoPath};

/// One place where a payload crosses between systems.
#[derive(Clone, Debug)]
pub struct Boundary {
    /// The name by which readers tell payloads apart; `None` where it could not be resolved. `*` stands for open parts.
    pub event: Option<String>,
    /// The source text of the name where it could not be resolved.
    pub event_expr: Option<String>,
    /// The transport's name, where it differs from the event.
    pub channel: Option<String>,
    pub role: Role,
    /// `queue`, `webhook`, `http`, `analytics`, `outbox`, `in-process`, `declared`, …
    pub kind: String,
    /// The id of the idiom row that recognised it.
    pub idiom: String,
    /// Where the name becomes known.
    pub origin: Origin,
    /// The function around it.
    pub symbol: String,
    pub in_test: bool,
    /// The wire shape, in the boundary's own role.
    pub shape: Arc<Shape>,
    /// The shape at the call, where an envelope is put around it; a hole where only the envelope is known.
    pub inner: Option<Arc<Shape>>,
    /// All that a reader looks at, where `shape` is but the part that an outbox holds of it.
    pub whole: Option<Arc<Shape>>,
    /// Whether a reader's shape comes from a type that rejects what does not fit, and not from what the code happens to read.
    pub enforced: bool,
    pub delivery: Delivery,
    /// Which fields are set before and after objects that are spread into the payload.
    pub overlaid: Overlaid,
    /// For messages to tasks: the fields that cross by their place in a list of arguments. Their names are the parameters' and
    /// not on the wire.
    pub by_position: Vec<Option<Name>>,
    /// For messages to tasks: the file of the function that they run. Functions of one name in several files are several tasks.
    pub task: Option<RepoPath>,
    /// The calls from the site down to the sink.
    pub via: Vec<Origin>,
    /// The same call by other libraries, of which a setting chooses one.
    pub beside: Vec<Boundary>,
    /// The package or crate that the code belongs to.
    pub package: String,
    /// The JSON Schema that says it, for a boundary that a document declares and not code.
    pub document: Option<Arc<serde_json::Value>>,
}

/// Fields of a payload beside objects that are spread into it and may hold them as well: of one name the last one wins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overlaid {
    /// Set after the spread: what is spread cannot overwrite them.
    pub guarded: Vec<String>,
    /// Set before the spread, with their place.
    pub shadowed: Vec<(String, Origin)>,
}

/// How a payload is handed over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delivery {
    pub wait: Wait,
    pub swallowed: Swallowed,
    /// Where the error is lost.
    pub swallowed_at: Option<Origin>,
    pub commit: Commit,
    pub reach: Reach,
    pub answer: Answer,
    pub refusal: Refusal,
    /// For consumers: what is done before and after the acknowledgement.
    pub acks: Acks,
    pub key: Option<String>,
    pub idempotency_key: Option<String>,
    pub retry: Option<String>,
    /// What the rules about keys and settings compare.
    pub options: Options,
}

/// Where a handoff stands in relation to a transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Commit {
    /// None is in sight.
    #[default]
    None,
    /// Its callers differ.
    Unknown,
    /// Before its commit; `bound` where it is made with the transaction's own handle.
    Inside { bound: bool },
    /// After its commit.
    After,
    /// Run by its commit: a hook, or an enqueue that is flushed then.
    OnCommit,
}

/// Under which conditions and how often a handoff is reached.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reach {
    /// The conditions between the entry and the call.
    pub conditions: Vec<Condition>,
    /// Further ones that hold on some of the ways in.
    pub outer_any: Vec<Condition>,
    pub in_loop: bool,
    /// Whether some way in is a loop.
    pub outer_loop: bool,
    /// Whether the loop goes round for another attempt at the same thing.
    pub repeats_attempts: bool,
    /// Whether it stands in the handler of an error.
    pub in_catch: bool,
    /// Whether anybody in the repository calls the function of the site; a hook of a framework is called by nobody here.
    pub called: bool,
    /// How many of `conditions` stand between the function of the site and the sink; the rest are what all its callers ask.
    pub own: usize,
    /// Whether it is the callers that go round, every one of them.
    pub callers_loop: bool,
}

/// One condition, in a form that its spellings share.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub key: String,
    /// Whether it has to hold, or has to fail.
    pub holds: bool,
    pub words: String,
    /// Whether the other way out is an error that the caller sees.
    pub raises: bool,
    /// The call that is reached under it.
    pub at: Origin,
}

impl Condition {
    pub fn same(&self, other: &Condition) -> bool {
        self.holds == other.holds && self.key == other.key
    }

    /// Whether exactly one of the two holds.
    pub fn excludes(&self, other: &Condition) -> bool {
        self.holds != other.holds && self.key == other.key
    }
}

/// Where the answer to the request stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Answer {
    /// There is none in sight.
    #[default]
    None,
    After,
    /// It has been given before, by this call.
    Before(Origin, String),
}

/// How a sender looks at what a receiver answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Refusal {
    /// What makes an error of an answer that says that the request failed.
    pub told_by: Option<String>,
    /// Whether the code looks at the status itself.
    pub looked_at: bool,
}

/// What a consumer does before and after it acknowledges.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Acks {
    /// The acknowledgement that something follows.
    pub ack: Option<(String, Origin)>,
    pub before: Vec<Work>,
    pub after: Vec<Work>,
    /// The option that has messages acknowledged when they are delivered.
    pub early: Option<String>,
    /// The option that has them acknowledged when they are done.
    pub late: Option<String>,
    /// Where it is said for all that the program consumes, and not at this consumer.
    pub late_for_all: Option<Origin>,
}

/// A call that does something.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    pub name: String,
    pub origin: Origin,
}

/// Whether anybody waits for a handoff, from the sink out to the function that no other function of the repository calls.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wait {
    pub state: Waited,
    /// The call that nobody waits for, or that is put off.
    pub at: Option<Loose>,
    /// Calls whose value nobody looks at and of which it is not known whether they give a promise: in a language where only a
    /// promise has to be waited for they are done when they return.
    pub loose: Vec<Loose>,
    /// The last names of the callees that are waited for on the way: evidence that they give a promise.
    pub awaited: Vec<String>,
    /// The last names of the callees whose future code that cannot await waits for.
    pub blocked: Vec<String>,
    /// The most promises in a row that are waited for at one call: a send may give a receipt that is a promise again.
    pub awaits: u8,
    /// Functions from elsewhere that take the code as a closure and are waited for.
    pub through: Vec<String>,
    /// Such a function that nobody waits for.
    pub dangling: Option<Loose>,
    /// Whether code behind it has the client send all that it has kept: in the function, and anywhere in its file.
    pub flushed: bool,
    pub flushed_in_file: bool,
    /// The functions that call without waiting while others wait.
    pub elsewhere: Vec<String>,
    /// Whether it is what the callers of the site's function make of it.
    pub by_callers: bool,
}

/// A call that is left to itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Loose {
    /// The last name of its callee.
    pub callee: String,
    pub origin: Origin,
    /// The function that it stands in.
    pub symbol: String,
    pub language: LanguageId,
    /// Whether it stands in code that can wait.
    pub in_async: bool,
    /// Whether a handler hangs on the call itself that takes its error.
    pub caught: bool,
}

/// The three states of a handoff, and the one of which nothing is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Waited {
    /// The caller goes on when it is done.
    #[default]
    Awaited,
    /// It is used as a value in a way that is not followed.
    Unknown,
    /// It is handed to something that finishes it later, by its name.
    Deferred(String),
    /// Nobody waits for it.
    Floating,
}

impl Boundary {
    /// A boundary of which nothing is known but what it is and where: no name, no package, handed over in no special way.
    pub fn new(role: Role, kind: &str, idiom: &str, origin: Origin, shape: Arc<Shape>) -> Boundary {
        Boundary {
            event: None,
            event_expr: None,
            channel: None,
            role,
            kind: kind.to_owned(),
            idiom: idiom.to_owned(),
            origin,
            symbol: String::new(),
            in_test: false,
            shape,
            inner: None,
            whole: None,
            enforced: false,
            delivery: Delivery::default(),
            overlaid: Overlaid::default(),
            by_position: Vec::new(),
            task: None,
            via: Vec::new(),
            beside: Vec::new(),
            package: String::new(),
            document: None,
        }
    }

    /// The function that it stands in, or the file where it stands in none, as a message names it.
    pub fn place(&self) -> &str {
        if self.symbol.is_empty() { self.origin.file.as_str() } else { &self.symbol }
    }

    /// What findings and groups call it: the event, else the channel, else the words of the source.
    pub fn label(&self) -> String {
        self.event
            .clone()
            .or_else(|| self.channel.clone())
            .or_else(|| self.event_expr.clone())
            .unwrap_or_else(|| self.shape.name.as_deref().unwrap_or("(unnamed)").to_owned())
    }

    /// Whether payloads cross to code that is deployed at another time.
    pub fn leaves_process(&self) -> bool {
        self.kind != "in-process"
    }
}

/// A named type in wire form.
#[derive(Clone, Debug)]
pub struct NamedType {
    pub name: String,
    pub origin: Origin,
    /// What it writes.
    pub write: Arc<Shape>,
    /// What it accepts, where that differs.
    pub read: Option<Arc<Shape>>,
}

/// Everything that one snapshot's code says at its boundaries.
#[derive(Clone, Debug, Default)]
pub struct Model {
    pub boundaries: Vec<Boundary>,
    /// Files (or parts of them) that could not be read: what stood there is unknown, never removed.
    pub unread: BTreeMap<RepoPath, Vec<crate::source::Span>>,
    /// What test code says of the payloads of known events.
    pub tests: TestCode,
    /// Where signatures are checked, or a check is put in front of handlers: file and name.
    pub signature_places: BTreeSet<(RepoPath, Name)>,
    /// Where code imports what may be lists of events from packages that are not in the repository: file and name.
    pub foreign_lists: BTreeSet<(RepoPath, Name)>,
}

impl Model {
    /// The boundaries of one role, by event name; those without a name under their label in angle brackets.
    pub fn by_event(&self, role: Role) -> BTreeMap<String, Vec<&Boundary>> {
        let mut events: BTreeMap<String, Vec<&Boundary>> = BTreeMap::new();
        for boundary in self.boundaries.iter().filter(|boundary| boundary.role == role) {
            events.entry(boundary.label()).or_default().push(boundary);
        }
        events
    }
}
