//! What comes first: the answer or the event (`response-before-publish`), the work or the acknowledgement
//! (`ack-before-processing`), one event or the other (`event-order-changed`).

use std::collections::BTreeMap;

use super::Handoff;
use super::options::tell;
use crate::compare::{Compared, Sides, finding, is_declaration};
use crate::facts::Role;
use crate::link::model::{Answer, Boundary, Model};

/// Judges the order around one boundary.
pub(super) fn judge(handoff: &Handoff<'_>, compared: &mut Compared) {
    match handoff.head.role {
        Role::Producer => answered_first(handoff, compared),
        Role::Consumer => acknowledged_first(handoff, compared),
    }
}

fn answered_first(handoff: &Handoff<'_>, compared: &mut Compared) {
    let (Answer::After, Answer::Before(_, by)) = (&handoff.base.delivery.answer, &handoff.head.delivery.answer) else { return };
    if handoff.is_light() {
        return;
    }
    let mut found = handoff.finding(
        "response-before-publish",
        None,
        format!(
            "`{}` was sent before the answer and now comes after `{by}`: the caller is told that all went well, and nobody hears when \
             it cannot be sent. Is that wanted?",
            handoff.event
        ),
    );
    found.fragments = ("before the answer".to_owned(), "after the answer".to_owned());
    found.help = "send it before the answer, or write it to an outbox in the same transaction and publish from there".to_owned();
    compared.findings.push(found);
}

fn acknowledged_first(handoff: &Handoff<'_>, compared: &mut Compared) {
    let (base, head) = (&handoff.base.delivery.acks, &handoff.head.delivery.acks);
    let settings = match (&base.early, &head.early, &base.late, &head.late) {
        (None, Some(option), _, _) => Some(format!("`{option}` is now on: messages are acknowledged when they are delivered")),
        (_, _, Some(option), None) => {
            Some(format!("`{option}` is gone: messages are acknowledged when they are delivered, not when they are done"))
        }
        _ => None,
    };
    if let Some(what) = settings {
        let mut found = handoff.finding(
            "ack-before-processing",
            None,
            format!("{what}. A message of `{}` is lost when its handler fails or the process ends", handoff.event),
        );
        found.fragments = ("acknowledged when done".to_owned(), "acknowledged when delivered".to_owned());
        found.help = "acknowledge when the work is done, and make the work safe to repeat".to_owned();
        match base.late_for_all.as_ref().filter(|_| head.early.is_none()) {
            // Said once for the whole program: told once.
            Some(cause) => tell(compared, handoff, cause, found),
            None => compared.findings.push(found),
        }
        return;
    }
    let Some((ack, at)) = &head.ack else { return };
    let was_before = |name: &str| base.before.iter().any(|work| work.name == name);
    let was_after = |name: &str| base.after.iter().any(|work| work.name == name);
    let moved = head.after.iter().find(|work| was_before(&work.name) && !was_after(&work.name));
    // All of it has moved, under other names.
    let moved = moved.or_else(|| {
        let whole = !base.before.is_empty() && base.after.is_empty() && head.before.is_empty();
        head.after.first().filter(|_| whole)
    });
    let Some(work) = moved else { return };
    let mut found = handoff.finding(
        "ack-before-processing",
        Some(at),
        format!(
            "`{ack}` now comes before `{}`; it came after: a message of `{}` is lost when the handler fails in between",
            work.name, handoff.event
        ),
    );
    found.fragments = (format!("{}, then acknowledge", work.name), format!("acknowledge, then {}", work.name));
    found.help = format!("acknowledge after `{}`, and make the work safe to repeat", work.name);
    compared.findings.push(found);
}

/// Two events of one function that changed places.
pub(super) fn swapped(sides: &Sides<'_>, compared: &mut Compared) {
    let (base, head) = (in_order(sides.base), in_order(sides.head));
    for (place, after) in &head {
        let Some(before) = base.get(place) else { continue };
        for (at, first) in after.iter().enumerate() {
            let Some(first_was) = before.iter().position(|old| old.event == first.event) else { continue };
            let overtaken = after[at + 1..].iter().find(|second| {
                before.iter().position(|old| old.event == second.event).is_some_and(|second_was| second_was < first_was)
            });
            let (Some(second), Some(event)) = (overtaken, &first.event) else { continue };
            let other = second.event.as_deref().unwrap_or_default();
            let mut found = finding(
                "event-order-changed",
                event,
                Role::Producer,
                format!("`{event}` is now published before `{other}`; it came after it"),
            );
            found.base = Some(before[first_was].origin.clone());
            found.head = Some(first.origin.clone());
            found.fragments = (format!("{other}, {event}"), format!("{event}, {other}"));
            found.help = "keep the order, or let readers cope with either".to_owned();
            compared.findings.push(found);
        }
    }
}

/// The events that each function publishes once, in the order of the source.
fn in_order(model: &Model) -> BTreeMap<(String, &str), Vec<&Boundary>> {
    let mut found: BTreeMap<(String, &str), Vec<&Boundary>> = BTreeMap::new();
    let wanted = |boundary: &&Boundary| {
        boundary.role == Role::Producer && !boundary.in_test && boundary.event.is_some() && !is_declaration(boundary)
    };
    for boundary in model.boundaries.iter().filter(wanted) {
        found.entry((boundary.origin.file.to_string(), boundary.symbol.as_str())).or_default().push(boundary);
    }
    for list in found.values_mut() {
        list.sort_by_key(|boundary| boundary.origin.span.start);
        let names: Vec<Option<String>> = list.iter().map(|boundary| boundary.event.clone()).collect();
        list.retain(|boundary| names.iter().filter(|name| **name == boundary.event).count() == 1);
    }
    found
}
