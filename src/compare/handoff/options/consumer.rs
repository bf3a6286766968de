//! What a consumer no longer makes sure of: that nothing takes effect twice, that the sender is who it says.

use std::collections::BTreeSet;

use super::{Handoff, at_call, subject, tell};
use crate::compare::{Compared, Sides};
use crate::facts::Name;
use crate::finding::Severity;
use crate::link::options::checks::{Check, Checks};
use crate::link::options::names;

pub(super) fn judge(handoff: &Handoff<'_>, sides: &Sides<'_>, compared: &mut Compared) {
    let (Some(old), Some(new)) = (&handoff.base.delivery.options.checks, &handoff.head.delivery.options.checks) else { return };
    if !old.whole || !new.whole {
        return;
    }
    let upserts = upserts(handoff, old, new, compared);
    // A write that finds its row again is another way to the same end.
    let gained_upsert = new.upserts.keys().any(|model| !old.upserts.contains_key(model));
    if !upserts && !gained_upsert {
        dedup(handoff, old, new, compared);
    }
    signature(handoff, old, new, sides, compared);
    scopes(handoff, old, new, compared);
}

/// The same for signatures alone, of a handler whose event goes by another name.
pub(super) fn judge_signature(handoff: &Handoff<'_>, sides: &Sides<'_>, compared: &mut Compared) {
    if let (Some(old), Some(new)) = (&handoff.base.delivery.options.checks, &handoff.head.delivery.options.checks)
        && old.whole
        && new.whole
    {
        signature(handoff, old, new, sides, compared);
    }
}

fn upserts(handoff: &Handoff<'_>, old: &Checks, new: &Checks, compared: &mut Compared) -> bool {
    let mut any = false;
    for (model, before) in &old.upserts {
        let Some(after) = new.inserts.get(model) else { continue };
        if new.upserts.contains_key(model) || old.inserts.contains_key(model) {
            continue;
        }
        any = true;
        let message =
            format!("a second {} makes a second record: `{}` where it was `{}`", event_of(handoff), after.text, before.text);
        let help = "keep the write that finds its row again, or test for the event before the write".to_owned();
        let mut found = at_call("upsert-became-insert", handoff, message, help);
        found.base = Some(before.origin.clone());
        found.head = Some(after.origin.clone());
        tell(compared, handoff, &before.origin, found);
    }
    any
}

fn event_of(handoff: &Handoff<'_>) -> String {
    match &handoff.head.event {
        Some(event) => format!("`{event}`"),
        None => "message".to_owned(),
    }
}

fn dedup(handoff: &Handoff<'_>, old: &Checks, new: &Checks, compared: &mut Compared) {
    // What a plain look into a store is for is not certain.
    // A check in a function that the handler no longer calls went along with what it stood in front of.
    let stands = |check: &&Check| check.within.is_empty() || new.calls.contains(&check.within);
    let (before, certain) = match (old.dedup.iter().find(stands), old.lookups.iter().find(stands)) {
        (Some(before), _) => (before, true),
        (None, Some(before)) if handoff.head.kind != "http" => (before, false),
        (None, _) => return,
    };
    if !new.dedup.is_empty() || !new.lookups.is_empty() || !still_works(old, new) {
        return;
    }
    let message = format!("nothing tells a repeated {} from a new one any more; `{}` did", event_of(handoff), before.text);
    let help =
        "keep the test in front of what takes effect: a message that is delivered twice is no error of the broker".to_owned();
    let mut found = at_call("dedup-check-removed", handoff, message, help);
    // A route that is no webhook is asked again by people and programs, not by a broker.
    if !certain || handoff.head.kind == "http" {
        found.severity = Severity::Warning;
    }
    tell(compared, handoff, &before.origin, found);
}

/// Whether the handler still does what it did, apart from its tests.
fn still_works(old: &Checks, new: &Checks) -> bool {
    old.calls.intersection(&new.calls).any(|name| !names::is_dedup_check(name) && !names::is_signature_check(name))
}

fn signature(handoff: &Handoff<'_>, old: &Checks, new: &Checks, sides: &Sides<'_>, compared: &mut Compared) {
    if matches!(handoff.head.kind.as_str(), "queue" | "in-process" | "websocket" | "outbox") {
        return;
    }
    let Some(before) = old.signatures.first() else { return };
    if new.signatures.is_empty() {
        // A check that is new somewhere else is this one, moved to where every request passes.
        let moved = sides.head.signature_places.difference(&sides.base.signature_places).next().is_some();
        if moved {
            return;
        }
        let message = format!("{} is taken without looking at its signature; `{}` did", subject(handoff), before.text);
        let help = "whoever knows the address can call it: check the signature before anything else".to_owned();
        tell(compared, handoff, &before.origin, at_call("signature-check-removed", handoff, message, help));
        return;
    }
    if let (true, Some(after)) = (old.reserialised.is_empty(), new.reserialised.first()) {
        let message = format!(
            "the signature of {} is checked over JSON that was parsed and put into text again, and no longer over what was sent",
            subject(handoff)
        );
        let help =
            "sign and check the bytes of the request: order of keys, spaces and numbers are not the sender's any more".to_owned();
        let mut found = at_call("signature-input-changed", handoff, message, help);
        found.base = Some(before.origin.clone());
        found.head = Some(after.origin.clone());
        tell(compared, handoff, &before.origin, found);
    }
}

fn scopes(handoff: &Handoff<'_>, old: &Checks, new: &Checks, compared: &mut Compared) {
    if matches!(handoff.head.kind.as_str(), "queue" | "in-process" | "outbox" | "analytics") {
        return;
    }
    let (before, after): (BTreeSet<&str>, BTreeSet<&str>) =
        (old.scopes.keys().map(Name::as_str).collect(), new.scopes.keys().map(Name::as_str).collect());
    let Some(cause) = old.scopes.values().next() else { return };
    if let Some(found) = changed_scopes(handoff, &before, &after, true) {
        tell(compared, handoff, cause, found);
    }
}

/// What a change of scopes comes to. `asked` where a caller has to have them, and not where a call is made with them.
pub(super) fn changed_scopes(
    handoff: &Handoff<'_>,
    before: &BTreeSet<&str>,
    after: &BTreeSet<&str>,
    asked: bool,
) -> Option<crate::finding::Finding> {
    if before == after || before.is_empty() {
        return None;
    }
    let list = |scopes: &BTreeSet<&str>| match scopes.len() {
        0 => "none".to_owned(),
        _ => scopes.iter().map(|scope| format!("`{scope}`")).collect::<Vec<_>>().join(", "),
    };
    let lost = before.difference(after).count();
    let gained: Vec<&str> = after.difference(before).copied().collect();
    let broader = gained.iter().any(|scope| scope.ends_with('*') || scope.ends_with("admin") || scope.ends_with("all"));
    let widened = broader || if asked { lost > 0 && gained.is_empty() } else { lost == 0 && !gained.is_empty() };
    let verb = if asked { "asks its caller for" } else { "is handed over with" };
    let message = format!("{} {verb} the scope {} where it was {}", subject(handoff), list(after), list(before));
    let help = "give no more than what the handoff needs".to_owned();
    let mut found = at_call("auth-scope-changed", handoff, message, help);
    found.severity = if widened { Severity::Error } else { Severity::Warning };
    Some(found)
}
