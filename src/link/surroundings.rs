//! What surrounds a boundary's calls, from the site down to the sink: completion, transaction, conditions, loops.

use super::eval::{Eval, callee_text};
use super::model::Delivery;
use super::resolve::{FnRef, Program};
use super::summaries::{CallSite, texts_of};
use crate::facts::{Completion, Enclosing, Guard, Swallowed};
use crate::source::Span;

/// The names by which code opens a transaction.
const TRANSACTIONS: &[&str] = &[
    "$transaction",
    "transaction",
    "transact",
    "atomic",
    "with_transaction",
    "withTransaction",
    "run_in_transaction",
    "runInTransaction",
    "begin",
    "begin_nested",
    "transactional",
];

/// The delivery of the calls from the site (first) down to the sink (last).
pub fn delivery(program: &Program<'_>, chain: &[CallSite]) -> Delivery {
    let mut delivery = Delivery { completion: Completion::Awaited, ..Delivery::default() };
    for (at, site) in chain.iter().enumerate() {
        let function = program.function(site.function);
        let around = &function.call(site.call).surroundings;
        if weight(&around.completion) > weight(&delivery.completion) {
            delivery.completion = around.completion.clone();
        }
        if delivery.swallowed == Swallowed::No {
            delivery.swallowed = around.swallowed;
        }
        for enclosing in &around.enclosing {
            match enclosing {
                Enclosing::Branch(guard) if at == 0 => delivery.conditions.push(words(guard)),
                Enclosing::Loop(_) => delivery.in_loop = true,
                Enclosing::Block(expr) => delivery.transaction |= is_transaction(&callee_text(expr)),
                Enclosing::Branch(_) | Enclosing::Try(_) | Enclosing::Catch(_) => {}
            }
        }
        if at == 0 {
            delivery.conditions.extend(around.early_returns.iter().map(words));
        }
        delivery.transaction |= inside_transaction(program, site.function);
    }
    delivery
}

fn words(guard: &Guard) -> String {
    if guard.negated { format!("not ({})", guard.source) } else { guard.source.clone() }
}

fn weight(completion: &Completion) -> u8 {
    match completion {
        Completion::Awaited | Completion::Returned => 0,
        Completion::Used => 1,
        Completion::Deferred(_) => 2,
        Completion::Floating => 3,
    }
}

fn is_transaction(text: &str) -> bool {
    let last = text.rsplit(['.', ':']).next().unwrap_or(text);
    TRANSACTIONS.contains(&last)
}

/// Whether a function is a callback of a call that opens a transaction, at any depth.
fn inside_transaction(program: &Program<'_>, function: FnRef) -> bool {
    let mut current = function;
    for _ in 0..16 {
        let owner = program.function(current);
        if owner.decorators.iter().any(|call| is_transaction(&callee_text(&call.callee))) {
            return true;
        }
        match owner.parent {
            Some((parent, call)) => {
                let outer = FnRef { file: current.file, id: parent };
                if let Some(call) = call
                    && let Some(call) = program.function(outer).calls.get(call.0 as usize)
                    && super::index::last_name(&call.callee.kind).is_some_and(|name| TRANSACTIONS.contains(&name))
                {
                    return true;
                }
                current = outer;
            }
            None => return false,
        }
    }
    false
}

/// The constants that the code around a place has compared a name with: the event that a dispatcher is in.
pub fn guarded_events(eval: &Eval<'_>, function: FnRef, span: Span) -> Vec<String> {
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
