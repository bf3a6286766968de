//! What surrounds a boundary's calls, from the site down to the sink: completion, transaction, conditions, loops.

mod completion;
mod conditions;
mod order;
mod refusal;
mod transaction;

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::callers::Callers;
use super::eval::{Eval, callee_text};
use super::idioms::matcher::Idiom;
use super::model::{Acks, Commit, Delivery};
use super::naming::texts_of;
use super::packages;
use super::resolve::{FnRef, Program};
use super::summaries::CallSite;
use crate::facts::{Enclosing, Expr, ExprKind, Function, LanguageId, Name, Role};
use crate::source::{Origin, Span};
use completion::Climb;
use conditions::Outer;
pub use conditions::plain as plain_test;
pub use transaction::speaks_of_transaction;

/// Closures and wrappers between a sink and the function where its event is known.
const MAX_LEVELS: usize = 48;

/// Callers of one function that are asked. A function with more is a part of the furniture, of which they say nothing.
const MAX_CALLERS: usize = 24;

/// The names by which code opens a transaction.
const TRANSACTIONS: &[&str] = &[
    "$transaction",
    "transaction",
    "transact",
    "atomic",
    "with_transaction",
    "withTransaction",
    "run_in_transaction",
    "in_transaction",
    "inTransaction",
    "with_tx",
    "withTx",
    "runInTransaction",
    "begin",
    "begin_nested",
    "transactional",
];

/// What surrounds the calls of one program.
pub struct Around<'l, 'a> {
    eval: &'l Eval<'a>,
    callers: &'l Callers,
    /// Who waits for a function, for those that were asked about.
    waits: RefCell<FxHashMap<FnRef, Rc<Climb>>>,
    outers: RefCell<FxHashMap<FnRef, Rc<Outer>>>,
    committing: RefCell<FxHashMap<FnRef, bool>>,
    /// Whether a function says anything of a transaction.
    transacting: RefCell<FxHashMap<FnRef, bool>>,
    /// The names of functions that may commit, once somebody has asked.
    committers: OnceCell<FxHashSet<Name>>,
    /// What the callers of a function say of one, by how many callers away they were asked.
    commits: RefCell<FxHashMap<(FnRef, usize), Option<Commit>>>,
    /// Whether an answer came out as it did because a function was being asked about: such a one is kept for nobody else.
    cut: Cell<bool>,
    hooks: RefCell<Option<Rc<FxHashSet<FnRef>>>>,
    /// The setting of the program by which messages are acknowledged when they are done, and where it stands.
    late: OnceCell<Option<(Name, Origin)>>,
    /// Functions that are being asked about: recursion ends here.
    active: RefCell<Vec<FnRef>>,
}

impl<'l, 'a> Around<'l, 'a> {
    pub fn new(eval: &'l Eval<'a>, callers: &'l Callers) -> Self {
        Around {
            eval,
            callers,
            waits: RefCell::default(),
            outers: RefCell::default(),
            committing: RefCell::default(),
            transacting: RefCell::default(),
            committers: OnceCell::new(),
            commits: RefCell::default(),
            cut: Cell::new(false),
            hooks: RefCell::default(),
            late: OnceCell::new(),
            active: RefCell::default(),
        }
    }

    /// The delivery of the calls from the site (first) down to the sink (last).
    pub fn delivery(&self, idiom: &Idiom, chain: &[CallSite]) -> Delivery {
        let mut delivery = Delivery::default();
        let levels = self.levels(chain);
        delivery.reach = self.reach(&levels);
        if idiom.role == Role::Producer {
            let climb = self.wait(idiom, chain);
            delivery.wait = climb.wait;
            delivery.swallowed = climb.swallowed;
            delivery.swallowed_at = climb.swallowed_at;
            delivery.commit = self.commit(idiom, &levels);
            delivery.answer = self.answer(&levels);
            if matches!(idiom.kind.as_str(), "webhook" | "http") {
                delivery.refusal = self.refusal(&levels);
            }
        }
        delivery
    }

    /// The delivery of a consumer: what its handlers do before and after they acknowledge.
    pub fn intake(&self, handlers: &[FnRef], registrations: &[CallSite]) -> Acks {
        self.acks(handlers, registrations)
    }

    /// The calls from the sink out: closures step up to the call that they are handed to, functions to their call in the chain.
    fn levels(&self, chain: &[CallSite]) -> Vec<CallSite> {
        let Some((sink, mut above)) = chain.split_last() else { return Vec::new() };
        let mut found = vec![*sink];
        let mut current = *sink;
        for _ in 0..MAX_LEVELS {
            let next = match self.eval.program.function(current.function).parent {
                Some((parent, Some(slot))) => {
                    let outer = CallSite { function: FnRef { file: current.function.file, id: parent }, call: slot };
                    if above.last() == Some(&outer) {
                        above = &above[..above.len() - 1];
                    }
                    outer
                }
                Some((_, None)) | None => match above.split_last() {
                    Some((next, rest)) => {
                        above = rest;
                        *next
                    }
                    None => break,
                },
            };
            found.push(next);
            current = next;
        }
        found
    }

    fn origin(&self, site: CallSite) -> Origin {
        let program = self.eval.program;
        let span = program.function(site.function).call(site.call).span;
        Origin::new(program.files.unit(site.function.file).path.clone(), span)
    }

    fn is_test(&self, function: FnRef) -> bool {
        let unit = self.eval.program.files.unit(function.file);
        unit.facts.in_test || self.eval.program.function(function).in_test || packages::is_test_path(unit.path.as_str())
    }

    fn language(&self, function: FnRef) -> LanguageId {
        self.eval.program.files.unit(function.file).facts.language
    }
}

/// The function that a place belongs to, with its class; closures belong to the function around them.
pub fn symbol(program: &Program<'_>, function: FnRef) -> Name {
    let mut current = function;
    for _ in 0..16 {
        let owner = program.function(current);
        if !owner.name.is_empty() && owner.name != "<top>" {
            return match owner.scope.last() {
                Some(scope) if owner.is_method => format!("{scope}.{}", owner.name).into(),
                _ => owner.name.clone(),
            };
        }
        match owner.parent {
            Some((parent, _)) => current = FnRef { file: current.file, id: parent },
            None => break,
        }
    }
    Name::default()
}

/// What opens a block, in the words of the source.
fn block_words(function: &Function, expr: &Expr) -> Name {
    match &expr.kind {
        ExprKind::Call(id) => function.calls.get(id.0 as usize).map(|call| callee_text(&call.callee)).unwrap_or_default(),
        ExprKind::Record(record) => record.ty.path.join(".").into(),
        ExprKind::Await(inner) | ExprKind::Typed(inner, _) => block_words(function, inner),
        ExprKind::Unknown(text) => text.clone(),
        _ => callee_text(expr),
    }
}

fn is_transaction(text: &str) -> bool {
    TRANSACTIONS
        .iter()
        .any(|name| text.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with(['.', ':'])))
}

/// The constants that the code around a place has compared a name with: the event that a dispatcher is in.
pub fn guarded_events(eval: &Eval<'_>, function: FnRef, span: Span) -> Vec<Name> {
    let owner = eval.program.function(function);
    // Expressions have no surroundings of their own; the nearest call around or in the place has them.
    let around = owner
        .calls
        .iter()
        .filter(|call| call.span.contains(span) || span.contains(call.span))
        .min_by_key(|call| call.span.end - call.span.start)
        .or_else(|| owner.calls.iter().filter(|call| call.span.start >= span.start).min_by_key(|call| call.span.start));
    let Some(call) = around else { return Vec::new() };
    let mut events = Vec::new();
    for enclosing in call.surroundings.enclosing.iter().rev() {
        if let Enclosing::Branch(guard) = enclosing
            && !guard.negated
            && !guard.values.is_empty()
        {
            for value in &guard.values {
                events.extend(texts_of(&eval.term(function, value, guard.span.end)));
            }
            if !events.is_empty() {
                break;
            }
        }
    }
    events
}
