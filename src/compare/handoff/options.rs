//! With which keys and settings a payload is handed over.
//!
//! A rule fires where base had the safer form and head surely has not: an option that is out of sight is not missing.

mod headers;
mod keys;

use std::collections::BTreeMap;

use super::Handoff;
use crate::compare::{Compared, Sides, finding};
use crate::finding::{Finding, RuleId};
use crate::link::options::inputs::{Derived, Input};
use crate::shape::wire_name::fold;
use crate::source::Origin;

/// How many further events of one cause are named before the rest is a number.
const NAMED_EVENTS: usize = 4;

/// Judges one boundary's options.
pub(super) fn judge(handoff: &Handoff<'_>, _sides: &Sides<'_>, compared: &mut Compared) {
    keys::judge(handoff, compared);
    headers::judge(handoff, compared);
}

/// What one line of code did to several events is told once.
#[derive(Debug, Default)]
pub struct Causes {
    /// By rule and cause: the event that it was told of, and the others.
    told: BTreeMap<(RuleId, Origin), (String, Vec<String>)>,
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
fn subject(handoff: &Handoff<'_>) -> String {
    match &handoff.head.event {
        None if !handoff.head.symbol.is_empty() => format!("what `{}` sends", handoff.head.symbol),
        None | Some(_) => format!("`{}`", handoff.event),
    }
}

/// Adds a finding, unless what stood at `cause` at base has been told of another event already.
fn tell(compared: &mut Compared, cause: &Origin, found: Finding) {
    let key = (found.rule, cause.clone());
    if let Some((event, events)) = compared.causes.told.get_mut(&key) {
        let first = compared.findings.iter_mut().find(|first| first.rule == found.rule && first.event == *event);
        if *event != found.event
            && !events.contains(&found.event)
            && let Some(first) = first
        {
            events.push(found.event);
            let named: Vec<String> = events.iter().take(NAMED_EVENTS).map(|event| format!("`{event}`")).collect();
            let more = events.len().saturating_sub(NAMED_EVENTS);
            let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
            first.evidence = Some(format!("the same code hands over {}{rest}", named.join(", ")));
        }
        return;
    }
    compared.causes.told.insert(key, (found.event.clone(), Vec::new()));
    compared.findings.push(found);
}

/// The inputs of base that head has not, and the other way round. What goes by another name only is the same input.
fn moved_inputs<'d>(handoff: &Handoff<'_>, base: &'d Derived, head: &'d Derived) -> (Vec<&'d Input>, Vec<&'d Input>) {
    let mut lost: Vec<&Input> = base.inputs.difference(&head.inputs).collect();
    let mut gained: Vec<&Input> = head.inputs.difference(&base.inputs).collect();
    let (names_before, names_after) = (&handoff.base.delivery.options.names, &handoff.head.delivery.options.names);
    let renamed = |old: &Input, new: &Input| {
        // Both have the same last name, one of them by a parameter or variable of its own: `order.id` and `orderId`, `id`.
        let last = |input: &Input| fold(input.path.rsplit('.').next().filter(|last| !last.is_empty()).unwrap_or(&input.root));
        let bare = |input: &Input| input.path.is_empty() || input.root.is_empty();
        if fold(&old.text()) == fold(&new.text()) || last(old) == last(new) && (bare(old) || bare(new)) {
            return true;
        }
        // A root that is gone at head and one that was not there at base, with the same members below.
        old.path == new.path && !names_after.contains(&old.root) && !names_before.contains(&new.root)
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
