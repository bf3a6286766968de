//! Where a handoff stands in relation to a transaction: inside of it, after its commit, run by its commit, or nowhere near one.

use rustc_hash::FxHashSet;

use super::super::eval::callee_text;
use super::super::index::{called_name, last_name};
use super::super::model::Commit;
use super::super::modules::FileId;
use super::super::resolve::FnRef;
use super::super::summaries::CallSite;
use super::order::{name_of, on_the_way};
use super::{Around, block_words, is_transaction};
use crate::facts::{Call, CallId, Enclosing, Expr, ExprKind, Function, LocalId, Name, ValueMember};
use crate::link::idioms::matcher::Idiom;

/// Functions that run what they are given when the transaction has been committed.
const HOOKS: &[&str] = &[
    "on_commit",
    "onCommit",
    "afterCommit",
    "after_commit",
    "run_on_commit",
    "runOnTransactionCommit",
    "runOnCommit",
    "addAfterCommit",
    "add_after_commit",
    "onTransactionCommit",
    "on_transaction_commit",
];

const COMMITS: &[&str] = &["commit", "commitTransaction", "commit_transaction", "acommit"];

/// What a commit is called on, where it is one of a database.
const DATABASES: &[&str] = &[
    "tx",
    "trx",
    "txn",
    "transaction",
    "session",
    "db",
    "database",
    "conn",
    "connection",
    "runner",
    "uow",
    "work",
    "client",
    "t",
];

/// How many callers' callers are asked about a transaction around.
const MAX_HOPS: usize = 3;

impl<'l, 'a> Around<'l, 'a> {
    /// Where a call stands, by the nearest function that says anything of a transaction.
    pub(super) fn commit(&self, idiom: &Idiom, levels: &[CallSite]) -> Commit {
        if idiom.deferred.as_deref() == Some("commit") && idiom.kind != "outbox" {
            return Commit::OnCommit;
        }
        self.commit_at(levels, idiom.kind == "outbox", 0).unwrap_or(Commit::None)
    }

    fn commit_at(&self, levels: &[CallSite], row: bool, hops: usize) -> Option<Commit> {
        let program = self.eval.program;
        for (at, site) in levels.iter().enumerate() {
            let function = program.function(site.function);
            let call = function.call(site.call);
            if self.transacts(site.function, function)
                && let Some(place) = self.in_function(*site, function, call, row)
            {
                return Some(place);
            }
            // Up into the closure's call, if that is where the next level stands.
            if let (Some((_, Some(slot))), Some(next)) = (function.parent, levels.get(at + 1))
                && next.call == slot
            {
                let outer = program.function(next.function).call(next.call);
                let name = last_name(&outer.callee.kind).unwrap_or_default();
                if HOOKS.contains(&name) {
                    return Some(Commit::OnCommit);
                }
                if is_transaction(name) && outer.args.iter().any(|arg| arg.value.kind == ExprKind::Function(site.function.id)) {
                    let handle = (function.params > 0).then_some(LocalId(0));
                    let bound = handle.is_some_and(|handle| self.mentions(levels, at, handle));
                    return Some(if row && handle.is_some() && !bound { Commit::None } else { Commit::Inside { bound } });
                }
            }
        }
        let last = levels.last()?;
        if self.hooked().contains(&last.function) {
            return Some(Commit::OnCommit);
        }
        self.commit_of_callers(last.function, hops)
    }

    fn commit_of_callers(&self, function: FnRef, hops: usize) -> Option<Commit> {
        if hops >= MAX_HOPS {
            return None;
        }
        if self.active.borrow().contains(&function) {
            self.cut.set(true);
            return None;
        }
        if let Some(known) = self.commits.borrow().get(&(function, hops)) {
            return known.clone();
        }
        let cut_before = self.cut.replace(false);
        self.active.borrow_mut().push(function);
        let mut common: Option<Commit> = None;
        let mut agreed = true;
        for caller in self.callers_outside(function) {
            let place = self.commit_at(&self.levels(&[caller]), false, hops + 1).unwrap_or(Commit::None);
            match &common {
                None => common = Some(place),
                Some(known) if *known == place => {}
                Some(_) => agreed = false,
            }
        }
        self.active.borrow_mut().pop();
        let found = if agreed { common.filter(|place| *place != Commit::None) } else { Some(Commit::Unknown) };
        if !self.cut.get() {
            self.commits.borrow_mut().insert((function, hops), found.clone());
        }
        self.cut.set(cut_before || self.cut.get());
        found
    }

    /// Whether a function says anything of a transaction: most say nothing, and of those no place in it has to be looked at.
    fn transacts(&self, at: FnRef, function: &'a Function) -> bool {
        if self.speaks(at) {
            return true;
        }
        if let Some(known) = self.transacting.borrow().get(&at) {
            return *known;
        }
        let found = function.calls.iter().any(|call| self.calls_committer(at, function, call, 0));
        self.transacting.borrow_mut().insert(at, found);
        found
    }

    fn speaks(&self, function: FnRef) -> bool {
        self.eval.program.files.unit(function.file).index.transacting.contains(&function.id)
    }

    /// Whether a call runs a function of the repository that commits.
    fn calls_committer(&self, at: FnRef, function: &'a Function, call: &'a Call, depth: u32) -> bool {
        let unit = self.eval.program.files.unit(at.file);
        let may = called_name(&unit.facts, function, &call.callee.kind)
            .is_none_or(|name| self.committers().contains(name) || unit.index.renamed.contains(name));
        may && self.eval.callee(at, call).is_some_and(|target| target != at && self.commits(target, depth))
    }

    /// The names of all functions that may commit: of those that speak of transactions, and of those that call one of them.
    fn committers(&self) -> &FxHashSet<Name> {
        self.committers.get_or_init(|| {
            let program = self.eval.program;
            let mut names = FxHashSet::default();
            let note = |names: &mut FxHashSet<Name>, function: FnRef| {
                names.extend(self.callers.names_of(self.eval, function));
                // A class goes by its own name where it is made.
                names.extend(program.function(function).scope.last().cloned());
            };
            let files = || program.files.units.iter().enumerate().map(|(at, unit)| (FileId(at as u32), unit));
            for (file, unit) in files() {
                unit.index.transacting.iter().for_each(|id| note(&mut names, FnRef { file, id: *id }));
            }
            let direct = names.clone();
            for (file, unit) in files() {
                let calling = unit.index.calls.iter().filter(|(name, _)| direct.contains(*name)).flat_map(|(_, sites)| sites);
                calling.for_each(|(id, _)| note(&mut names, FnRef { file, id: *id }));
            }
            names
        })
    }

    /// What one function says of the place of a call in it.
    fn in_function(&self, site: CallSite, function: &'a Function, call: &'a Call, row: bool) -> Option<Commit> {
        let in_block = |one: &Call| is_in_block(function, one);
        // `prisma.$transaction([a, b])` runs what it is given as one.
        let in_batch = function.calls.iter().any(|outer| {
            last_name(&outer.callee.kind).is_some_and(is_transaction)
                && outer.args.iter().any(|arg| matches!(arg.value.kind, ExprKind::Array(_)) && arg.value.span.contains(call.span))
        });
        if in_batch {
            return Some(Commit::Inside { bound: true });
        }
        if in_block(call) || is_decorated(function) {
            return Some(Commit::Inside { bound: false });
        }
        let mut after = false;
        for other in &function.calls {
            let earlier = other.span.end <= call.span.start;
            let later = other.span.start >= call.span.end;
            if !earlier && !later || in_catch(other) {
                continue;
            }
            if is_commit(function, other) {
                if later {
                    let handle = match &other.callee.kind {
                        ExprKind::Member(base, _) => root(base),
                        _ => None,
                    };
                    let bound = handle.is_some_and(|handle| self.call_mentions(function, site, handle));
                    // A row that is written with another connection is in no transaction.
                    let begun = handle.is_some_and(|handle| is_begun(function, handle));
                    if after_commit(function, call, other) {
                        after = true;
                        continue;
                    }
                    return Some(if row && begun && !bound { Commit::None } else { Commit::Inside { bound } });
                }
                after |= on_the_way(other, call);
            } else if earlier {
                let name = last_name(&other.callee.kind).unwrap_or_default();
                let closed = is_transaction(name) && other.args.iter().any(|arg| matches!(arg.value.kind, ExprKind::Function(_)))
                    || in_block(other);
                after |= closed && on_the_way(other, call);
                after |= on_the_way(other, call) && self.calls_committer(site.function, function, other, 0);
            }
        }
        after.then_some(Commit::After)
    }

    /// Whether a function of the repository opens a transaction and commits it.
    fn commits(&self, target: FnRef, depth: u32) -> bool {
        if let Some(known) = self.committing.borrow().get(&target) {
            return *known;
        }
        let function = self.eval.program.function(target);
        let by_itself = |call: &Call| {
            is_commit(function, call)
                || is_in_block(function, call)
                || last_name(&call.callee.kind).is_some_and(is_transaction)
                    && call.args.iter().any(|arg| matches!(arg.value.kind, ExprKind::Function(_)))
        };
        let found = self.speaks(target) && (is_decorated(function) || function.calls.iter().any(by_itself))
            || depth < 1 && function.calls.iter().any(|call| self.calls_committer(target, function, call, depth + 1));
        if depth == 0 {
            self.committing.borrow_mut().insert(target, found);
        }
        found
    }

    /// Whether the calls up to a level are made with the transaction's handle.
    fn mentions(&self, levels: &[CallSite], upto: usize, handle: LocalId) -> bool {
        let opened_in = levels[upto].function;
        levels[..=upto].iter().any(|site| {
            let function = self.eval.program.function(site.function);
            if site.function == opened_in {
                return self.call_mentions(function, *site, handle);
            }
            // In a closure inside of the one that has the handle.
            let mut out = 0;
            let mut current = site.function;
            while let Some((parent, _)) = self.eval.program.function(current).parent {
                out += 1;
                current = FnRef { file: current.file, id: parent };
                if current == opened_in {
                    let call = function.call(site.call);
                    let is_it = |expr: &Expr| mentions_outer(function, expr, out, handle, 0);
                    return is_it(&call.callee) || call.args.iter().any(|argument| is_it(&argument.value));
                }
                if out > 8 {
                    break;
                }
            }
            false
        })
    }

    /// Whether a call, or one around it, is made on a local or given it.
    fn call_mentions(&self, function: &Function, site: CallSite, handle: LocalId) -> bool {
        let call = function.call(site.call);
        function.calls.iter().filter(|outer| outer.span.contains(call.span)).any(|outer| {
            let is_it = |expr: &Expr| mentions(function, expr, handle, 0);
            is_it(&outer.callee) || outer.args.iter().any(|argument| is_it(&argument.value))
        })
    }

    /// The functions that are handed by name to a hook.
    fn hooked(&self) -> std::rc::Rc<FxHashSet<FnRef>> {
        if let Some(known) = self.hooks.borrow().as_ref() {
            return std::rc::Rc::clone(known);
        }
        let program = self.eval.program;
        let mut found = FxHashSet::default();
        for (at, unit) in program.files.units.iter().enumerate() {
            let file = FileId(at as u32);
            for name in HOOKS {
                for (function, call) in unit.index.calls.get(*name).into_iter().flatten() {
                    let owner = FnRef { file, id: *function };
                    for argument in &program.function(owner).call(*call).args {
                        let term = self.eval.term(owner, &argument.value, argument.value.span.start);
                        if let super::super::term::Kind::Function(target) = term.bare().kind {
                            found.insert(target);
                        }
                    }
                }
            }
        }
        let found = std::rc::Rc::new(found);
        *self.hooks.borrow_mut() = Some(std::rc::Rc::clone(&found));
        found
    }
}

/// Whether a function speaks of a transaction in its own words, whatever it calls.
pub fn speaks_of_transaction(function: &Function) -> bool {
    is_decorated(function)
        || function.calls.iter().any(|call| {
            last_name(&call.callee.kind).is_some_and(|name| COMMITS.contains(&name) || is_transaction(name))
                || is_in_block(function, call)
        })
}

fn is_decorated(function: &Function) -> bool {
    function.decorators.iter().any(|one| is_transaction(&callee_text(&one.callee)))
}

/// Whether a call stands in a block that opens a transaction.
fn is_in_block(function: &Function, call: &Call) -> bool {
    call.surroundings.enclosing.iter().any(|around| match around {
        Enclosing::Block(expr) => is_transaction(&block_words(function, expr)),
        _ => false,
    })
}

/// Whether another commit stands between a call and a later commit's beginning: the later one is of another transaction.
fn after_commit(function: &Function, call: &Call, later: &Call) -> bool {
    let begun_between = function.calls.iter().any(|other| {
        other.span.start >= call.span.end
            && other.span.end <= later.span.start
            && last_name(&other.callee.kind)
                .is_some_and(|name| is_transaction(name) || name == "start_transaction" || name == "startTransaction")
    });
    begun_between
        || function.calls.iter().any(|other| {
            is_commit(function, other)
                && other.span.end <= call.span.start
                && on_the_way(other, call)
                && other.callee == later.callee
        }) && function.calls.iter().all(|other| {
            // Nothing is written between the call and the later commit.
            !(other.span.start >= call.span.end && other.span.end <= later.span.start)
        })
}

fn in_catch(call: &Call) -> bool {
    call.surroundings.enclosing.iter().any(|around| matches!(around, Enclosing::Catch(_)))
}

fn is_commit(function: &Function, call: &Call) -> bool {
    let Some(name) = last_name(&call.callee.kind) else { return false };
    if !COMMITS.contains(&name) {
        return false;
    }
    let ExprKind::Member(base, _) = &call.callee.kind else { return false };
    let receiver = name_of(function, base).to_ascii_lowercase();
    let begun = root(base).is_some_and(|handle| is_begun(function, handle));
    begun || DATABASES.iter().any(|word| receiver == *word || word.len() > 2 && receiver.ends_with(word))
}

/// Whether a variable holds a transaction that this function has opened.
fn is_begun(function: &Function, handle: LocalId) -> bool {
    let mut value = function.locals.get(handle.0 as usize).and_then(|local| local.value.as_ref());
    while let Some(expr) = value {
        value = match &expr.kind {
            ExprKind::Await(inner) | ExprKind::Typed(inner, _) => Some(inner),
            ExprKind::Call(CallId(id)) => {
                return function
                    .calls
                    .get(*id as usize)
                    .and_then(|call| last_name(&call.callee.kind))
                    .is_some_and(|name| is_transaction(name) || name == "start" || name == "start_transaction");
            }
            _ => None,
        };
    }
    false
}

fn root(expr: &Expr) -> Option<LocalId> {
    match &expr.kind {
        ExprKind::Local(id) => Some(*id),
        ExprKind::Member(base, _) | ExprKind::Await(base) | ExprKind::Typed(base, _) => root(base),
        _ => None,
    }
}

fn mentions(function: &Function, expr: &Expr, handle: LocalId, depth: u32) -> bool {
    any_part(expr, depth, &|part| match &part.kind {
        ExprKind::Local(id) => *id == handle,
        ExprKind::Call(id) => {
            depth < 6
                && function.calls.get(id.0 as usize).is_some_and(|call| {
                    mentions(function, &call.callee, handle, depth + 1)
                        || call.args.iter().any(|argument| mentions(function, &argument.value, handle, depth + 1))
                })
        }
        _ => false,
    })
}

fn mentions_outer(function: &Function, expr: &Expr, out: u32, handle: LocalId, depth: u32) -> bool {
    any_part(expr, depth, &|part| match &part.kind {
        ExprKind::Outer(by, id) => *by == out && *id == handle,
        ExprKind::Call(id) => {
            depth < 6
                && function.calls.get(id.0 as usize).is_some_and(|call| {
                    mentions_outer(function, &call.callee, out, handle, depth + 1)
                        || call.args.iter().any(|argument| mentions_outer(function, &argument.value, out, handle, depth + 1))
                })
        }
        _ => false,
    })
}

/// Whether a part of an expression passes a test.
fn any_part(expr: &Expr, depth: u32, test: &dyn Fn(&Expr) -> bool) -> bool {
    if depth > 12 {
        return false;
    }
    if test(expr) {
        return true;
    }
    let go = |inner: &Expr| any_part(inner, depth + 1, test);
    match &expr.kind {
        ExprKind::Member(inner, _)
        | ExprKind::Element(inner)
        | ExprKind::Await(inner)
        | ExprKind::Tested(inner, _)
        | ExprKind::Encoded(inner)
        | ExprKind::Decoded(inner, _)
        | ExprKind::Typed(inner, _)
        | ExprKind::ListOf(inner)
        | ExprKind::MapOf(inner) => go(inner),
        ExprKind::Index(a, b) => go(a) || go(b),
        ExprKind::Object(members) => members.iter().any(|member| match member {
            ValueMember::Entry { value, .. } | ValueMember::Spread { value, .. } => go(value),
        }),
        ExprKind::Array(items) | ExprKind::OneOf(items) | ExprKind::Template(items) => items.iter().any(go),
        ExprKind::Record(record) => record.fields.iter().any(|(_, value)| go(value)),
        _ => false,
    }
}
