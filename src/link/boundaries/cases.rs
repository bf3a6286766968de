//! What a handler of many events does for each of them: the cases of its dispatcher, `switch (job.name)`, `if (event.type === …)`,
//! `HANDLERS[event["type"]](event)`.

use std::collections::{BTreeMap, BTreeSet};

use super::{Intake, Linker};
use crate::facts::{Expr, FnId, Name};
use crate::link::dispatch::{self, Sorting};
use crate::link::eval::Eval;
use crate::link::idioms::selector::Step;
use crate::link::model::Boundary;
use crate::link::naming::{EVENT_KEYS, texts_of};
use crate::link::reads::{self, Place, Root};
use crate::link::resolve::FnRef;

/// How many functions deep a dispatcher is looked for: deeper than reads are, so that none of them is taken for one of every event.
const MAX_DEPTH: u32 = 5;

/// The most events of one dispatcher; past it the handler stays one.
const MAX_EVENTS: usize = 200;

impl<'a> Linker<'_, 'a> {
    /// A boundary for each event that the handler tells apart; false where it tells none.
    pub(super) fn by_case(&mut self, boundary: &Boundary, intakes: &[Intake<'a>]) -> bool {
        let mut cases: BTreeMap<Name, Vec<Place>> = BTreeMap::new();
        for intake in intakes {
            collect(self.eval, intake.root, &intake.prefix, &self.sent, &mut cases, 0);
        }
        if cases.is_empty() || cases.len() > MAX_EVENTS {
            return false;
        }
        let all: Vec<&Place> = cases.values().flatten().collect();
        let mut found = Vec::with_capacity(cases.len());
        for (event, own) in &cases {
            let others: Vec<Place> = all.iter().filter(|place| !own.contains(place)).map(|place| **place).collect();
            let (shape, enforced, _) = self.intake_shape(intakes, &Sorting::without(&others));
            found.push(Boundary {
                event: Some(event.clone().into()),
                shape: super::discriminator::narrowed(&shape, event),
                enforced,
                ..boundary.clone()
            });
        }
        self.boundaries.extend(found);
        true
    }
}

/// The events that code compares the name in a payload with, and where it is that one alone. `sent` are names that code sends.
fn collect(
    eval: &Eval<'_>,
    root: Root,
    prefix: &[Step],
    sent: &BTreeSet<Name>,
    cases: &mut BTreeMap<Name, Vec<Place>>,
    depth: u32,
) {
    let home = match root {
        Root::Param(function, _) => function,
        Root::Call(site) => site.function,
    };
    if depth < MAX_DEPTH {
        for (above, rest) in reads::handed_up(eval, root, prefix) {
            collect(eval, above, &rest, sent, cases, depth + 1);
        }
    }
    for (at, function) in eval.program.files.unit(home.file).facts.functions.iter().enumerate() {
        let reference = FnRef { file: home.file, id: FnId(at as u32) };
        if !reads::is_within(eval, reference, home) {
            continue;
        }
        for case in &function.cases {
            let subject = case.guard.subject.as_ref();
            let Some(named) = subject.and_then(|subject| names_the_event(eval, reference, subject, root, prefix)) else {
                continue;
            };
            for value in &case.guard.values {
                for event in texts_of(&eval.term(reference, value, case.guard.span.end)) {
                    if named == Named::Surely || event.contains(['.', ':', '/']) || sent.contains(&event) {
                        cases.entry(event).or_default().push((home.file, case.extent));
                    }
                }
            }
        }
        for call in &function.calls {
            for handed in reads::inside_objects(eval, reference, call, root) {
                let around = handed.steps.len() <= prefix.len() && prefix[..handed.steps.len()] == handed.steps[..];
                let target = eval.callee(reference, call).filter(|target| *target != home);
                if let Some(target) = target
                    && around
                    && depth < MAX_DEPTH
                    && handed.position < eval.program.function(target).params
                {
                    let inside = [Step::Key(handed.key.into())];
                    let inner: Vec<Step> = inside.into_iter().chain(prefix[handed.steps.len()..].iter().cloned()).collect();
                    collect(eval, Root::Param(target, handed.position), &inner, sent, cases, depth + 1);
                }
            }
            for (position, argument) in call.args.iter().enumerate() {
                let Some(steps) = reads::steps_from(eval, reference, &argument.value, root) else { continue };
                let inside = reads::after_prefix(&steps, prefix).is_some();
                let around = steps.len() <= prefix.len() && prefix[..steps.len()] == steps[..];
                if !inside && !around {
                    continue;
                }
                if let Some(chosen) = dispatch::chosen(eval, reference, call)
                    && chosen.by_event(eval, reference, root, prefix)
                {
                    for (event, handler) in chosen.handlers {
                        let place = (handler.file, eval.program.function(handler).extent);
                        let places = cases.entry(event).or_default();
                        if !places.contains(&place) {
                            places.push(place);
                        }
                    }
                    break;
                }
                if depth >= MAX_DEPTH || !around {
                    continue;
                }
                let Some(target) = eval.callee(reference, call).filter(|target| *target != home) else { continue };
                if (position as u32) < eval.program.function(target).params {
                    collect(eval, Root::Param(target, position as u32), &prefix[steps.len()..], sent, cases, depth + 1);
                }
            }
        }
    }
}

/// How surely a key holds the name of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Surely,
    /// A payload's own `type` may be anything: only a name of an event's form, or one that code here sends, says that it is one.
    Perhaps,
}

/// Whether an expression is the name of the event: a key for it in the payload, or beside it in what carries the payload.
fn names_the_event<'a>(eval: &Eval<'a>, function: FnRef, subject: &'a Expr, root: Root, prefix: &[Step]) -> Option<Named> {
    if dispatch::is_event_header(eval, function, subject, 0) {
        return Some(Named::Surely);
    }
    let steps = reads::steps_from(eval, function, subject, root)?;
    let (Step::Key(last), around) = steps.split_last()? else { return None };
    let fits = around.len() <= prefix.len() && prefix[..around.len()] == *around;
    // `type_`: a name that is taken in the language gets an underscore.
    let key = last.trim_end_matches('_');
    if !fits || !EVENT_KEYS.contains(&key) {
        return None;
    }
    let beside = around.len() < prefix.len();
    Some(if beside || !matches!(key, "type" | "kind" | "name") { Named::Surely } else { Named::Perhaps })
}
