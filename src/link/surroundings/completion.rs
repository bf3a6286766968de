//! Who waits for a call, from the sink outwards: through wrappers, closures, and the callers of the functions around it.
//!
//! A call that is returned is the caller's business, and so is the promise of an asynchronous function that waits inside. Among
//! several callers the one that takes the most care decides: what one of them does carelessly is then no property of the handoff.

use super::super::index::last_name;
use super::super::model::{Loose, Wait, Waited};
use super::super::resolve::FnRef;
use super::super::summaries::CallSite;
use super::{Around, MAX_CALLERS, symbol};
use crate::facts::{
    Call, CallKind, Completion, Enclosing, ExprKind, Function, LanguageId, Literal, LocalId, Name, Swallowed, TypeExpr, TypeKind,
};
use crate::link::idioms::matcher::Idiom;
use crate::source::Origin;

/// Calls and closures passed on the way out of one function and its closures; deeper nesting is left unknown.
const MAX_STEPS: usize = 48;

/// How many callers' callers are asked who waits.
const MAX_HOPS: usize = 6;

/// Functions that run a closure they are given some other time, and wait for nobody.
const DEFERRING: &[&str] = &[
    "waitUntil",
    "after",
    "unstable_after",
    "setImmediate",
    "setTimeout",
    "setInterval",
    "nextTick",
    "queueMicrotask",
    "defer",
    "call_soon",
    "call_later",
    "call_soon_threadsafe",
    "spawn",
    "spawn_local",
    "spawn_blocking",
    "spawn_detached",
];

/// Blocks that end when everything has ended that was started in them.
const NURSERIES: &[&str] = &["TaskGroup", "create_task_group", "open_nursery", "create_taskgroup"];

/// Methods that wait for all that was started before.
const JOINS: &[&str] = &["join_next", "join_all", "try_join_all", "join_next_with_id"];

/// Methods of a future that wait for it in code that cannot await.
const BLOCKS: &[&str] = &["result", "get"];

/// Methods of lists that run a closure for each element and wait for nothing that it gives.
const RUNS_FOR_EACH: &[&str] = &["forEach", "map", "flatMap", "for_each"];

/// Types whose values have to be waited for.
const PROMISES: &[&str] = &[
    "Promise",
    "PromiseLike",
    "Awaitable",
    "Coroutine",
    "Future",
    "BoxFuture",
    "LocalBoxFuture",
    "Task",
    "ResultAsync",
    "Observable",
];

/// What is known when the way out has been walked.
#[derive(Clone, Debug, Default)]
pub(super) struct Climb {
    pub wait: Wait,
    pub swallowed: Swallowed,
    pub swallowed_at: Option<Origin>,
}

enum Up {
    /// What stands for the function's end is this call.
    Call(CallSite),
    /// Nobody in the repository calls it, or it is called by what it was registered with.
    Root,
    /// It is called by its name.
    Callers(FnRef),
    /// It is put off by this call.
    Deferred(CallSite, Name),
    Floating(CallSite),
}

impl<'l, 'a> Around<'l, 'a> {
    /// Who waits for an emission.
    pub(super) fn wait(&self, idiom: &Idiom, chain: &[CallSite]) -> Climb {
        let mut climb = Climb::default();
        let Some((sink, above)) = chain.split_last() else { return climb };
        let owner = self.eval.program.function(sink.function);
        // In a language where a future does nothing by itself, code that was never waited for is of a blocking client.
        let hint = idiom.awaits && (self.language(sink.function) == LanguageId::TypeScript || owner.is_async);
        self.climb(*sink, above, hint.then_some(true), 0, &mut climb);
        let call = owner.call(sink.call);
        // Clients of Kafka keep what they are given, and give futures of what becomes of it.
        let keeps = idiom.id.contains("kafka") || idiom.id.contains("pubsub");
        if !keeps {
            climb.wait.blocked.clear();
        }
        let flushes = |other: &Call| keeps && last_name(&other.callee.kind) == Some("flush");
        climb.wait.flushed = owner.calls.iter().any(|other| flushes(other) && other.span.start >= call.span.end);
        climb.wait.flushed_in_file = self.eval.program.files.unit(sink.function.file).index.calls.contains_key("flush");
        climb
    }

    fn climb(&self, start: CallSite, mut above: &[CallSite], promised: Option<bool>, hops: usize, climb: &mut Climb) {
        let program = self.eval.program;
        let mut current = start;
        let mut promised = promised;
        for _ in 0..MAX_STEPS {
            let function: &'a Function = program.function(current.function);
            let call = function.call(current.call);
            if climb.swallowed == Swallowed::No && call.surroundings.swallowed != Swallowed::No {
                climb.swallowed = call.surroundings.swallowed;
                climb.swallowed_at = Some(self.origin(current));
            }
            let name = self.last_name(current);
            let mut blocking = false;
            let mut handed_on = false;
            match self.completion(current) {
                Completion::Awaited => {
                    let awaits = call.surroundings.awaits;
                    climb.wait.awaits = climb.wait.awaits.max(awaits);
                    climb.wait.awaited.push(name.into());
                    blocking = !self.is_async(function);
                    promised = Some(true);
                }
                Completion::Returned => handed_on = promised.or_else(|| self.gives_promise(current, 0)) == Some(true),
                Completion::Checked => promised = Some(function.is_async),
                Completion::Used => match self.around(current, false).or_else(|| self.taken_later(current)) {
                    // `publisher.publish(…).result()`: code that cannot await waits like this.
                    Some(outer) if self.blocks(outer, current) => {
                        climb.wait.blocked.push(name.into());
                        return;
                    }
                    // What is put on a list or handed to somebody who is not waited for: nobody knows what becomes of it.
                    Some(outer) if !self.is_argument_left(outer, current) => {
                        current = outer;
                        continue;
                    }
                    // Where base waited for the call that takes it, nobody does now.
                    Some(outer) => {
                        if self.last_name(outer) != name {
                            climb.wait.loose.push(self.loose(outer));
                        }
                        climb.wait.state = Waited::Unknown;
                        return;
                    }
                    None => {
                        climb.wait.state = Waited::Unknown;
                        return;
                    }
                },
                Completion::Deferred(by) => {
                    climb.wait.state = Waited::Deferred(by.into());
                    climb.wait.at = Some(self.loose(current));
                    return;
                }
                Completion::Floating => {
                    match promised.or_else(|| self.gives_promise(current, 0)) {
                        Some(true) if !takes_callback(call) => {
                            climb.wait.state = Waited::Floating;
                            climb.wait.at = Some(self.loose(current));
                            return;
                        }
                        Some(_) => {}
                        None if takes_callback(call) => {}
                        None => climb.wait.loose.push(self.loose(current)),
                    }
                    promised = Some(function.is_async);
                }
            }
            match self.up(current, blocking, handed_on, &mut above, climb) {
                Up::Call(site) => current = site,
                Up::Root => return,
                Up::Callers(function) => return self.ask_callers(function, hops, climb),
                Up::Deferred(site, by) => {
                    climb.wait.state = Waited::Deferred(by.into());
                    climb.wait.at = Some(self.loose(site));
                    return;
                }
                Up::Floating(site) => {
                    climb.wait.state = Waited::Floating;
                    climb.wait.at = Some(self.loose(site));
                    return;
                }
            }
        }
    }

    /// What the end of the function around a call means to whom.
    fn up(&self, at: CallSite, blocking: bool, handed_on: bool, above: &mut &[CallSite], climb: &mut Climb) -> Up {
        let program = self.eval.program;
        let function = program.function(at.function);
        let Some((parent, Some(slot))) = function.parent else {
            if let Some((next, rest)) = above.split_last() {
                *above = rest;
                return if blocking { Up::Root } else { Up::Call(*next) };
            }
            return if blocking || function.name == "<top>" { Up::Root } else { Up::Callers(at.function) };
        };
        let outer = CallSite { function: FnRef { file: at.function.file, id: parent }, call: slot };
        let Some(call) = program.function(outer.function).calls.get(slot.0 as usize) else { return Up::Root };
        if let Some((next, rest)) = above.split_last()
            && *next == outer
        {
            *above = rest;
        }
        if matches!(&call.callee.kind, ExprKind::Function(id) if *id == at.function.id) {
            return Up::Call(outer);
        }
        let name = self.last_name(outer);
        if DEFERRING.contains(&name.as_str()) {
            return match self.completion(outer) {
                // `await sleep(() => …)`, a joined task.
                Completion::Awaited | Completion::Checked => Up::Call(outer),
                _ => Up::Deferred(outer, name),
            };
        }
        if let Some(target) = self.eval.callee(outer.function, call) {
            match self.use_of_closure(target, call, at.function) {
                Some(Completion::Floating) if self.is_async(function) => return Up::Floating(outer),
                Some(Completion::Deferred(by)) => return Up::Deferred(outer, by),
                Some(_) => return Up::Call(outer),
                None => {}
            }
        }
        match self.completion(outer) {
            Completion::Floating => {
                // Each element gives a promise, and the list of them, if there is one, is dropped.
                if RUNS_FOR_EACH.contains(&name.as_str()) && (self.is_async(function) || handed_on) {
                    return Up::Floating(outer);
                }
                climb.wait.dangling = Some(self.loose(outer));
                Up::Root
            }
            Completion::Awaited | Completion::Returned | Completion::Checked | Completion::Used => {
                climb.wait.through.push(name.into());
                Up::Call(outer)
            }
            Completion::Deferred(by) => Up::Deferred(outer, by),
        }
    }

    /// What a function does with a closure that it is given.
    fn use_of_closure(&self, target: FnRef, call: &'a Call, closure: FnRef) -> Option<Completion> {
        let position = call.args.iter().position(|argument| match &argument.value.kind {
            ExprKind::Function(id) => *id == closure.id,
            _ => false,
        })?;
        let owner = self.eval.program.function(target);
        let wanted = match &call.args[position].name {
            Some(name) => owner.locals.iter().take(owner.params as usize).position(|local| local.name == *name)?,
            None => position,
        };
        let wanted = LocalId(u32::try_from(wanted).ok()?);
        // Called in the function itself or in a closure of its own.
        let file = self.eval.program.files.unit(target.file);
        let mut found = None;
        for (at, inner) in file.facts.functions.iter().enumerate() {
            let depth = if at as u32 == target.id.0 {
                0
            } else {
                match inner.parent {
                    Some((parent, _)) if parent == target.id => 1,
                    _ => continue,
                }
            };
            for one in &inner.calls {
                let is_it = match &one.callee.kind {
                    ExprKind::Local(id) => depth == 0 && *id == wanted,
                    ExprKind::Outer(out, id) => depth == 1 && *out == 1 && *id == wanted,
                    _ => false,
                };
                if is_it {
                    found = Some(one.surroundings.completion.clone());
                }
            }
        }
        found
    }

    fn ask_callers(&self, function: FnRef, hops: usize, climb: &mut Climb) {
        if hops >= MAX_HOPS || self.active.borrow().contains(&function) {
            return;
        }
        let known = self.waits.borrow().get(&function).cloned();
        let outside = match known {
            Some(known) => known,
            None => {
                self.active.borrow_mut().push(function);
                let found = std::rc::Rc::new(self.callers_wait(function, hops));
                self.active.borrow_mut().pop();
                if hops == 0 {
                    self.waits.borrow_mut().insert(function, std::rc::Rc::clone(&found));
                }
                found
            }
        };
        let wait = &outside.wait;
        climb.wait.by_callers = true;
        climb.wait.state = wait.state.clone();
        climb.wait.at = wait.at.clone();
        climb.wait.loose.extend(wait.loose.iter().cloned());
        climb.wait.awaited.extend(wait.awaited.iter().cloned());
        climb.wait.blocked.extend(wait.blocked.iter().cloned());
        climb.wait.through.extend(wait.through.iter().cloned());
        climb.wait.elsewhere.extend(wait.elsewhere.iter().cloned());
        climb.wait.dangling = climb.wait.dangling.take().or_else(|| wait.dangling.clone());
        if climb.swallowed == Swallowed::No {
            climb.swallowed = outside.swallowed;
            climb.swallowed_at = outside.swallowed_at.clone();
        }
    }

    /// The most careful of the callers of a function.
    fn callers_wait(&self, function: FnRef, hops: usize) -> Climb {
        let promise = self.promise_of(function, 0);
        let callers = self.callers.of(self.eval, function);
        let asked: Vec<CallSite> = callers.iter().copied().filter(|site| !self.is_test(site.function)).collect();
        if asked.is_empty() || asked.len() > MAX_CALLERS {
            return Climb::default();
        }
        let mut best: Option<Climb> = None;
        let mut elsewhere = Vec::new();
        for site in asked {
            let mut one = Climb::default();
            self.climb(site, &[], promise, hops + 1, &mut one);
            if let (Waited::Floating, Some(at)) = (&one.wait.state, &one.wait.at) {
                elsewhere.push(at.symbol.clone());
            }
            elsewhere.append(&mut one.wait.elsewhere);
            let better = best.as_ref().is_none_or(|best| {
                let rank = |climb: &Climb| (weight(&climb.wait.state), climb.wait.loose.len(), climb.swallowed != Swallowed::No);
                rank(&one) < rank(best)
            });
            if better {
                best = Some(one);
            }
        }
        let mut best = best.unwrap_or_default();
        best.wait.elsewhere = elsewhere;
        best
    }

    /// What becomes of a call, with what the front end cannot see: tasks that are joined, nurseries.
    fn completion(&self, site: CallSite) -> Completion {
        let function = self.eval.program.function(site.function);
        let call = function.call(site.call);
        let Completion::Deferred(_) = &call.surroundings.completion else { return call.surroundings.completion.clone() };
        let in_nursery = call.surroundings.enclosing.iter().any(|around| match around {
            Enclosing::Block(expr) => NURSERIES.iter().any(|name| super::block_words(function, expr).contains(name)),
            _ => false,
        });
        if in_nursery {
            return Completion::Awaited;
        }
        // The task that runs it may be waited for itself.
        let joined = self.around(site, true).is_some_and(|outer| {
            let outer = function.call(outer.call);
            outer.surroundings.completion == Completion::Awaited
                || outer.surroundings.completion != Completion::Floating
                    && function.calls.iter().any(|later| {
                        later.span.start > call.span.start
                            && last_name(&later.callee.kind).is_some_and(|name| JOINS.contains(&name))
                    })
        });
        // `set.spawn(…)` gives a handle that nobody needs where the set is joined.
        let joined = joined
            || self.language_of(site) == LanguageId::Rust
                && function.calls.iter().any(|later| {
                    later.span.start > call.span.end && last_name(&later.callee.kind).is_some_and(|name| JOINS.contains(&name))
                });
        if joined { Completion::Awaited } else { call.surroundings.completion.clone() }
    }

    /// Whether a call waits for the future that another gives: `future.result()`, `future.get(timeout=10)`.
    fn blocks(&self, outer: CallSite, inner: CallSite) -> bool {
        let function = self.eval.program.function(outer.function);
        let (taker, given) = (function.call(outer.call), function.call(inner.call));
        self.language(outer.function) == LanguageId::Python
            && last_name(&taker.callee.kind).is_some_and(|name| BLOCKS.contains(&name))
            && taker.callee.span.contains(given.span)
            // `.get("MessageId")` looks into what was given.
            && !taker.args.iter().any(|argument| matches!(argument.value.kind, ExprKind::Literal(Literal::Text(_))))
    }

    /// Whether a call is an argument of one that nobody looks at.
    fn is_argument_left(&self, outer: CallSite, inner: CallSite) -> bool {
        let function = self.eval.program.function(outer.function);
        let (taker, given) = (function.call(outer.call), function.call(inner.call));
        taker.surroundings.completion == Completion::Floating && !taker.callee.span.contains(given.span)
    }

    fn language_of(&self, site: CallSite) -> LanguageId {
        self.language(site.function)
    }

    /// The nearest call that a call is an argument of or that is made on its result.
    fn around(&self, site: CallSite, spawning: bool) -> Option<CallSite> {
        let function = self.eval.program.function(site.function);
        let inner = function.call(site.call);
        function
            .calls
            .iter()
            .enumerate()
            .skip(site.call.0 as usize + 1)
            .filter(|(_, outer)| outer.span.contains(inner.span) && outer.span != inner.span)
            .filter(|(_, outer)| {
                !spawning || last_name(&outer.callee.kind).is_some_and(|name| DEFERRING.contains(&name) || name == "create_task")
            })
            .min_by_key(|(_, outer)| outer.span.end - outer.span.start)
            .map(|(at, _)| CallSite { function: site.function, call: crate::facts::CallId(at as u32) })
    }

    /// The one call that is handed what a variable holds: `const command = new SendMessageCommand(…); client.send(command)`.
    fn taken_later(&self, site: CallSite) -> Option<CallSite> {
        let function = self.eval.program.function(site.function);
        if function.call(site.call).kind != CallKind::New {
            return None;
        }
        let holds = |expr: &crate::facts::Expr| matches!(&expr.kind, ExprKind::Call(id) if *id == site.call);
        let local = function.locals.iter().position(|local| local.value.as_ref().is_some_and(holds))?;
        let local = LocalId(u32::try_from(local).ok()?);
        let mut takers = function.calls.iter().enumerate().filter(|(_, call)| {
            call.args.iter().any(|argument| matches!(&argument.value.kind, ExprKind::Local(id) if *id == local))
        });
        let (at, _) = takers.next().filter(|_| takers.next().is_none())?;
        Some(CallSite { function: site.function, call: crate::facts::CallId(at as u32) })
    }

    /// Whether a call of the repository's own function gives a promise; `None` for what is not known.
    fn gives_promise(&self, site: CallSite, depth: u32) -> Option<bool> {
        let call = self.eval.program.function(site.function).call(site.call);
        let target = self.eval.callee(site.function, call)?;
        self.promise_of(target, depth)
    }

    fn promise_of(&self, target: FnRef, depth: u32) -> Option<bool> {
        let function = self.eval.program.function(target);
        if self.is_async(function) {
            return Some(true);
        }
        if depth > 4 || function.calls.is_empty() && function.returns.is_empty() {
            return None;
        }
        let mut known = Some(false);
        for (at, call) in function.calls.iter().enumerate() {
            if call.surroundings.completion == Completion::Returned {
                let site = CallSite { function: target, call: crate::facts::CallId(at as u32) };
                match self.gives_promise(site, depth + 1) {
                    Some(true) => return Some(true),
                    Some(false) => {}
                    None => known = None,
                }
            }
        }
        known
    }

    fn is_async(&self, function: &Function) -> bool {
        function.is_async || function.return_type.as_ref().is_some_and(is_promise)
    }

    fn last_name(&self, site: CallSite) -> Name {
        let function = self.eval.program.function(site.function);
        let callee = &function.call(site.call).callee;
        match &callee.kind {
            ExprKind::Local(id) => function.locals.get(id.0 as usize).map(|local| local.name.clone()).unwrap_or_default(),
            kind => last_name(kind).unwrap_or_default().into(),
        }
    }

    fn loose(&self, site: CallSite) -> Loose {
        let program = self.eval.program;
        let function = program.function(site.function);
        let call = function.call(site.call);
        let tried = call.surroundings.enclosing.iter().any(|around| matches!(around, Enclosing::Try(_)));
        Loose {
            callee: self.last_name(site).into(),
            origin: self.origin(site),
            symbol: symbol(program, site.function).into(),
            language: self.language(site.function),
            in_async: function.is_async,
            caught: call.surroundings.swallowed != Swallowed::No && !tried,
        }
    }
}

/// Whether the last argument is a function that is told of the end.
fn takes_callback(call: &Call) -> bool {
    call.args.last().is_some_and(|argument| matches!(argument.value.kind, ExprKind::Function(_)))
}

pub(super) fn weight(state: &Waited) -> u8 {
    match state {
        Waited::Awaited => 0,
        Waited::Unknown => 1,
        Waited::Deferred(_) => 2,
        Waited::Floating => 3,
    }
}

fn is_promise(ty: &TypeExpr) -> bool {
    match &ty.kind {
        TypeKind::Ref(reference) => {
            reference.path.last().is_some_and(|name| PROMISES.contains(&name.as_str()))
                || reference.path.last().is_some_and(|name| name == "Pin" || name == "Box")
                    && reference.args.iter().any(is_promise)
        }
        TypeKind::Union(branches) => branches.iter().any(is_promise),
        _ => false,
    }
}
