//! With which keys and settings a payload is handed over.
//!
//! A rule fires where base had the safer form and head surely has not: an option that is out of sight is not missing.

mod consumer;
mod headers;
mod keys;
mod settings;

use std::collections::BTreeMap;

use super::Handoff;
use crate::compare::{Compared, EventPair, Sides, finding, is_unread};
use crate::facts::Role;
use crate::finding::{Finding, RuleId, Severity};
use crate::link::model::Boundary;
use crate::link::options::inputs::{Derived, Input};
use crate::shape::wire_name::fold;
use crate::source::Origin;

/// How many further events of one cause are named before the rest is a number.
const NAMED_EVENTS: usize = 4;

/// Judges one boundary's options.
pub(super) fn judge(handoff: &Handoff<'_>, sides: &Sides<'_>, compared: &mut Compared) {
    keys::judge(handoff, compared);
    headers::judge(handoff, compared);
    settings::judge(handoff, compared);
    consumer::judge(handoff, sides, compared);
}

/// A check of a signature often is what gives the payload its name: where it went, the handler may go by another one.
pub(super) fn judge_renamed(pair: &EventPair<'_>, sides: &Sides<'_>, compared: &mut Compared) {
    let same = |a: &Boundary, b: &Boundary| a.origin.file == b.origin.file && a.symbol == b.symbol;
    for base in pair.base_consumers.iter().filter(|base| !base.symbol.is_empty()) {
        if base.delivery.options.checks.is_none() || pair.head_consumers.iter().any(|head| same(base, head)) {
            continue;
        }
        let head = sides.head.boundaries.iter().find(|head| {
            head.role == Role::Consumer && !head.in_test && head.delivery.options.checks.is_some() && same(base, head)
        });
        if let Some(head) = head.filter(|head| !is_unread(sides.head, &head.origin)) {
            consumer::judge_signature(&Handoff { event: &pair.event, base, head }, sides, compared);
        }
    }
}

/// What one line of code did to several events is told once.
#[derive(Debug, Default)]
pub struct Causes {
    told: BTreeMap<(RuleId, Origin), Told>,
}

/// The event that a cause has been told of, and the others that it concerns.
#[derive(Debug)]
struct Told {
    event: String,
    /// Whether that is a name, and not the place alone.
    named: bool,
    others: Vec<String>,
}

/// A finding about a boundary, standing at its call.
fn at_call(rule: RuleId, handoff: &Handoff<'_>, message: String, help: String) -> Finding {
    let mut found = finding(rule, handoff.event, handoff.head.role, message);
    found.base = Some(handoff.base.origin.clone());
    found.head = Some(handoff.head.origin.clone());
    found.help = help;
    found
}

/// What is handed over, for a message: the event, or the function where it has no name.
pub(super) fn subject(handoff: &Handoff<'_>) -> String {
    match &handoff.head.event {
        None if !handoff.head.symbol.is_empty() => match handoff.head.role {
            Role::Producer => format!("what `{}` sends", handoff.head.symbol),
            Role::Consumer => format!("what `{}` handles", handoff.head.symbol),
        },
        None | Some(_) => format!("`{}`", handoff.event),
    }
}

/// Adds a finding, unless what stood at `cause` at base has been told of another event already.
pub(super) fn tell(compared: &mut Compared, handoff: &Handoff<'_>, cause: &Origin, mut found: Finding) {
    // What stays in the process, or is counted only, is not lost for good.
    if handoff.is_light() {
        found.severity = if found.severity == Severity::Error { Severity::Warning } else { Severity::Note };
    }
    let key = (found.rule, cause.clone());
    let named = handoff.head.event.is_some();
    let Some(told) = compared.causes.told.get_mut(&key) else {
        let told = Told { event: found.event.clone(), named, others: Vec::new() };
        compared.causes.told.insert(key, told);
        compared.findings.push(found);
        return;
    };
    let first = compared.findings.iter_mut().find(|first| first.rule == found.rule && first.event == told.event);
    let Some(first) = first else { return };
    if told.event == found.event || told.others.contains(&found.event) {
        return;
    }
    // A name says more than a place does.
    if named && !told.named {
        std::mem::swap(first, &mut found);
        told.event.clone_from(&first.event);
        told.named = true;
    } else if named {
        told.others.push(found.event);
    }
    if !told.others.is_empty() {
        let names: Vec<String> = told.others.iter().take(NAMED_EVENTS).map(|event| format!("`{event}`")).collect();
        let more = told.others.len().saturating_sub(NAMED_EVENTS);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        first.evidence = Some(format!("the same code is behind {}{rest}", names.join(", ")));
    }
}

/// The inputs of base that head has not, and the other way round. What goes by another name only is the same input.
fn moved_inputs<'d>(handoff: &Handoff<'_>, base: &'d Derived, head: &'d Derived) -> (Vec<&'d Input>, Vec<&'d Input>) {
    let mut lost: Vec<&Input> = base.inputs.difference(&head.inputs).collect();
    let mut gained: Vec<&Input> = head.inputs.difference(&base.inputs).collect();
    let (names_before, names_after) = (&handoff.base.delivery.options.names, &handoff.head.delivery.options.names);
    let renamed = |old: &Input, new: &Input| {
        // Both have the same last name, one of them by a parameter or variable of its own: `order.id` and `orderId`, `id`.
        let last = |input: &Input| {
            let end = |text: &str| text.rsplit('.').next().filter(|last| !last.is_empty()).map(fold);
            end(&input.path).or_else(|| end(&input.root)).unwrap_or_default()
        };
        let bare = |input: &Input| input.path.is_empty() || input.root.is_empty();
        if fold(&old.text()) == fold(&new.text()) || last(old) == last(new) && (bare(old) || bare(new)) {
            return true;
        }
        if old.path != new.path {
            return false;
        }
        // A root that is gone at head and one that was not there at base, with the same members below. Code that moved to another
        // function calls what it is handed by other names, and a method calls its own value `this`.
        let moved = handoff.base.symbol != handoff.head.symbol && !old.path.is_empty();
        let own = |input: &Input| matches!(input.root.as_str(), "this" | "self") && !input.path.is_empty();
        moved || own(old) || own(new) || !names_after.contains(&old.root) && !names_before.contains(&new.root)
    };
    lost.retain(|old| match gained.iter().position(|new| renamed(old, new)) {
        Some(at) => {
            gained.remove(at);
            false
        }
        None => true,
    });
    (lost, gained)
}

fn named(inputs: &[&Input]) -> String {
    inputs.iter().map(|input| format!("`{}`", input.text())).collect::<Vec<_>>().join(", ")
}
