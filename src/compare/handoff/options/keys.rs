//! Idempotency keys, and the keys by which messages are ordered and partitioned.

use super::{Handoff, at_call, moved_inputs, named, subject, tell};
use crate::compare::Compared;
use crate::facts::Role;
use crate::link::options::Setting;
use crate::link::options::inputs::Derived;

pub(super) fn judge(handoff: &Handoff<'_>, compared: &mut Compared) {
    if handoff.head.role == Role::Producer {
        idempotency(handoff, compared);
        partition(handoff, compared);
    }
}

fn idempotency(handoff: &Handoff<'_>, compared: &mut Compared) {
    let (old, new) = (&handoff.base.delivery.options, &handoff.head.delivery.options);
    let Some(before) = old.idempotency_key.given() else { return };
    // A key that was another one with every attempt kept nothing from happening twice.
    if before.unstable.is_some() {
        return;
    }
    let what = subject(handoff);
    match &new.idempotency_key {
        Setting::Unknown => {}
        Setting::Absent => {
            if let Some(field) = &old.key_field {
                // One cause: the field that went is this key.
                let path = format!("/{field}");
                compared.findings.retain(|known| {
                    !(known.rule == "field-removed" && known.event == handoff.event && known.path.ends_with(&path))
                });
            }
            let message = format!("{what} is handed over without an idempotency key; it was `{}`", before.text);
            let help = format!(
                "hand `{}` over as the key again, or say what keeps a second handoff of the same thing from taking effect",
                before.text
            );
            tell(compared, handoff, &before.origin, at_call("idempotency-key-dropped", handoff, message, help));
        }
        Setting::Given(after) => changed(handoff, before, after, compared),
    }
}

fn changed(handoff: &Handoff<'_>, before: &Derived, after: &Derived, compared: &mut Compared) {
    let what = subject(handoff);
    if let Some(by) = &after.unstable {
        let message = format!(
            "the idempotency key of {what} is another one with every attempt: `{}` where it was `{}`",
            after.text, before.text
        );
        let help =
            format!("derive the key from what is handed over, as `{}` was, or make `{by}` once before any attempt", before.text);
        tell(compared, handoff, &before.origin, at_call("idempotency-key-unstable", handoff, message, help));
        return;
    }
    if !before.whole || !after.whole {
        return;
    }
    let (lost, gained) = moved_inputs(handoff, before, after);
    let how = match (lost.is_empty(), gained.is_empty()) {
        (true, true) => return,
        (false, true) => format!("no longer depends on {}", named(&lost)),
        (true, false) => format!("depends on {} as well", named(&gained)),
        (false, false) => format!("depends on {} and no longer on {}", named(&gained), named(&lost)),
    };
    let message = format!("the idempotency key of {what} {how}: `{}` where it was `{}`", after.text, before.text);
    let help = if lost.is_empty() {
        "what was handed over under the old key is not recognised under the new one: is nothing in flight twice?".to_owned()
    } else {
        "two handoffs that differ in nothing else now count as one; keep every input that tells them apart".to_owned()
    };
    tell(compared, handoff, &before.origin, at_call("idempotency-key-changed", handoff, message, help));
}

fn partition(handoff: &Handoff<'_>, compared: &mut Compared) {
    let (old, new) = (&handoff.base.delivery.options, &handoff.head.delivery.options);
    let Some(before) = old.key.given() else { return };
    let what = subject(handoff);
    let (message, help) = match &new.key {
        Setting::Unknown => return,
        Setting::Absent => (
            format!("{what} is handed over without a message key; it was `{}`", before.text),
            format!("keep `{}` as the key, or make sure that no reader relies on the order of its messages", before.text),
        ),
        Setting::Given(after) => {
            if !before.whole || !after.whole {
                return;
            }
            let (lost, gained) = moved_inputs(handoff, before, after);
            let same_constant = before.constant == after.constant;
            if lost.is_empty() && gained.is_empty() && same_constant && before.unstable.is_some() == after.unstable.is_some() {
                return;
            }
            (
                format!("the message key of {what} is `{}` where it was `{}`", after.text, before.text),
                "messages of one entity may now go to different partitions and overtake each other while both keys are in flight"
                    .to_owned(),
            )
        }
    };
    tell(compared, handoff, &before.origin, at_call("partition-key-changed", handoff, message, help));
}
