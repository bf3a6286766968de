//! How often, for how long and how surely a handoff is tried.

use super::{Handoff, at_call, moved_inputs, subject, tell};
use crate::compare::Compared;
use crate::facts::Role;
use crate::finding::{RuleId, Severity};
use crate::link::options::Setting;
use crate::link::options::inputs::Derived;
use crate::link::options::settings::{Count, Retry, Switch};

pub(super) fn judge(handoff: &Handoff<'_>, compared: &mut Compared) {
    // Another library counts in another way.
    if handoff.base.idiom != handoff.head.idiom {
        return;
    }
    retry(handoff, compared);
    switches(handoff, compared);
    let (old, new) = (&handoff.base.delivery.options.settings, &handoff.head.delivery.options.settings);
    let what = subject(handoff);
    match (&old.timeout, &new.timeout) {
        (Setting::Given(before), Setting::Absent) => {
            let message = format!("{what} waits without a limit; the timeout was `{}`", before.text);
            let help = "set the timeout again, or say what ends a handoff that hangs".to_owned();
            plain("timeout-changed", Severity::Warning, before, handoff, message, help, compared);
        }
        (Setting::Given(before), Setting::Given(after)) if is_other(handoff, before, after) => {
            let message = format!("the timeout of {what} is `{}` where it was `{}`", after.text, before.text);
            let help = "is the new limit longer than what a slow receiver takes, and shorter than what callers wait?".to_owned();
            plain("timeout-changed", Severity::Note, before, handoff, message, help, compared);
        }
        (_, _) => {}
    }
    if let (Setting::Given(before), Setting::Absent) = (&old.dead_letter, &new.dead_letter) {
        let message = format!("what cannot be handled of {what} goes nowhere; it went to `{}`", before.text);
        let help = "keep the dead-letter target, or say where a message ends that fails every time".to_owned();
        plain("dead-letter-removed", Severity::Warning, before, handoff, message, help, compared);
    }
    if let (Setting::Given(before), Setting::Given(after)) = (&old.scope, &new.scope)
        && before.whole
        && after.whole
    {
        let scopes = |value: &'_ Derived| -> Vec<String> {
            value
                .literals
                .iter()
                .flat_map(|text| text.split([' ', ',']))
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let (from, to) = (scopes(before), scopes(after));
        let (from, to) = (from.iter().map(String::as_str).collect(), to.iter().map(String::as_str).collect());
        if let Some(found) = super::consumer::changed_scopes(handoff, &from, &to, false) {
            tell(compared, handoff, &before.origin, found);
        }
    }
    if let (Setting::Given(before), Setting::Given(after)) = (&old.guarantee, &new.guarantee)
        && let (Some(from), Some(to)) = (rank(before), rank(after))
        && to < from
    {
        let message = format!("{what} is handed over with `{}` where it was `{}`", after.text, before.text);
        let help = "a message that nobody has confirmed may be lost: is that what is meant?".to_owned();
        plain("delivery-mode-changed", Severity::Warning, before, handoff, message, help, compared);
    }
}

/// What was on and is off.
fn switches(handoff: &Handoff<'_>, compared: &mut Compared) {
    let (old, new) = (&handoff.base.delivery.options.settings.switches, &handoff.head.delivery.options.settings.switches);
    let what = subject(handoff);
    let all = [
        (
            &old.idempotence,
            &new.idempotence,
            format!("the producer of {what} no longer writes once what it tries again"),
            "a message whose confirmation is lost is written twice, or out of order: do its readers cope?",
        ),
        (
            &old.persistence,
            &new.persistence,
            format!("the broker no longer keeps {what} over a restart"),
            "keep the message persistent, or say what sends it again",
        ),
        (
            &old.durability,
            &new.durability,
            format!("the queue or exchange of {what} no longer outlives the broker"),
            "keep it durable; a broker also refuses to declare again with other settings what is there",
        ),
        (
            &old.confirms,
            &new.confirms,
            format!("the broker no longer says that it has {what}"),
            "keep the confirmation: what the broker never took is lost without an error",
        ),
    ];
    for (before, after, message, help) in all {
        if let (Some(before @ Switch { on: true, .. }), Some(after @ Switch { on: false, .. })) = (before, after) {
            let message = format!("{message}: it is `{}` where it was `{}`", after.text, before.text);
            let mut found = at_call("delivery-mode-changed", handoff, message, help.to_owned());
            found.severity = Severity::Warning;
            found.head = after.origin.clone().or(found.head);
            let cause = before.origin.as_ref().unwrap_or(&handoff.base.origin);
            tell(compared, handoff, cause, found);
        }
    }
}

fn plain(
    rule: RuleId,
    severity: Severity,
    before: &Derived,
    handoff: &Handoff<'_>,
    message: String,
    help: String,
    compared: &mut Compared,
) {
    let mut found = at_call(rule, handoff, message, help);
    found.severity = severity;
    tell(compared, handoff, &before.origin, found);
}

/// Whether a setting is another one: another constant, or computed from other things.
fn is_other(handoff: &Handoff<'_>, before: &Derived, after: &Derived) -> bool {
    if !before.whole || !after.whole {
        return false;
    }
    let (lost, gained) = moved_inputs(handoff, before, after);
    !lost.is_empty() || !gained.is_empty() || before.literals != after.literals
}

/// How surely a message arrives, from not at all confirmed upwards.
fn rank(value: &Derived) -> Option<u8> {
    let text = value.constant.as_deref().unwrap_or(&value.text);
    let last = text.rsplit(['.', ':']).next().unwrap_or(text).to_ascii_lowercase().replace('_', "");
    Some(match last.as_str() {
        "0" | "none" | "atmostonce" | "qos0" => 0,
        "1" | "leader" | "atleastonce" | "qos1" | "one" => 1,
        "2" | "exactlyonce" | "qos2" => 2,
        "all" | "-1" => 3,
        _ => return None,
    })
}

fn retry(handoff: &Handoff<'_>, compared: &mut Compared) {
    let (old, new) = (&handoff.base.delivery.options.settings.retry, &handoff.head.delivery.options.settings.retry);
    let what = subject(handoff);
    let Some((before, after)) = totals(old, new) else { return };
    let cause = old.stated.as_ref().map_or(&handoff.base.origin, |stated| &stated.origin);
    let told = |severity: Severity, message: String, help: &str, compared: &mut Compared| {
        let mut found = at_call("retry-changed", handoff, message, help.to_owned());
        found.severity = severity;
        tell(compared, handoff, cause, found);
    };
    let fewer = "keep the attempts, or say what else brings a handoff about that failed once";
    match (&before, &after) {
        (from, to) if from == to => {
            if let (Some(before), Some(after)) = (old.backoff.given(), new.backoff.given())
                && is_other(handoff, before, after)
            {
                let message = format!("{what} waits `{}` between attempts where it was `{}`", after.text, before.text);
                told(Severity::Warning, message, "does the other side cope with attempts at that pace?", compared);
            } else if let (Some(before), Setting::Absent) = (old.backoff.given(), &new.backoff)
                && *from != Count::Times(1)
            {
                let message = format!("{what} is tried again at once; it waited `{}` between attempts", before.text);
                told(Severity::Warning, message, "keep a pause between attempts: what is down stays down for a while", compared);
            }
        }
        (from, Count::Times(0 | 1)) => {
            let message = format!("{what} is not tried again after a failure; it had {}{}", words(from), by(old));
            told(Severity::Error, message, fewer, compared);
        }
        (Count::Times(from), Count::Times(to)) if to > from => {
            more(handoff, *from <= 1, &words(&after), &words(&before), &told, compared)
        }
        (Count::Times(from), Count::Forever) => more(handoff, *from <= 1, &words(&after), &words(&before), &told, compared),
        (Count::Times(_) | Count::Forever, Count::Times(_)) => {
            let message = format!("{what} has {} where it had {}{}", words(&after), words(&before), by(old));
            told(Severity::Warning, message, fewer, compared);
        }
        (Count::Times(0 | 1), Count::Computed(_)) if old.around.is_empty() && !new.around.is_empty() => {
            more(handoff, true, &words(&after), &words(&before), &told, compared);
        }
        // What is computed may be the same number.
        (Count::Computed(_), _) | (_, Count::Computed(_)) => {}
        (Count::Forever, Count::Forever) => {}
    }
}

/// More attempts do no harm where a second one has no effect.
fn more(
    handoff: &Handoff<'_>,
    from_none: bool,
    after: &str,
    before: &str,
    told: &dyn Fn(Severity, String, &str, &mut Compared),
    compared: &mut Compared,
) {
    let what = subject(handoff);
    let keyless = handoff.head.role == Role::Producer && handoff.head.delivery.options.idempotency_key == Setting::Absent;
    let message = match (from_none, keyless) {
        (true, true) => format!("{what} is now tried again after a failure, with {after}, and no idempotency key is known"),
        (true, false) => format!("{what} is now tried again after a failure, with {after}"),
        (false, _) => format!("{what} has {after} where it had {before}"),
    };
    let severity = if keyless { Severity::Warning } else { Severity::Note };
    told(severity, message, "an attempt that timed out may have arrived: does a second one take effect again?", compared);
}

/// How often both sides try, counting what stands around the call; `None` where one of them is not known.
fn totals(old: &Retry, new: &Retry) -> Option<(Count, Count)> {
    match (old.around.as_slice(), new.around.as_slice()) {
        ([], []) => Some((old.attempts.clone()?, new.attempts.clone()?)),
        // What stood around the call is gone: unless the options try now, nothing does.
        ([(_, count), ..], []) => {
            let after = match &new.attempts {
                Some(count) => count.clone(),
                None if !new.open => Count::Times(1),
                None => return None,
            };
            Some((count.clone().unwrap_or_else(|| Count::Computed("several attempts".into())), after))
        }
        ([], [(_, count), ..]) => {
            let before = match &old.attempts {
                Some(count) => count.clone(),
                None if !old.open => Count::Times(1),
                None => return None,
            };
            // What the client tries by itself is tried that often in each attempt.
            let after = match (count, &new.attempts) {
                (Some(Count::Times(outer)), Some(Count::Times(inner))) => Count::Times(outer.saturating_mul(*inner)),
                (Some(count), _) => count.clone(),
                (None, _) => Count::Computed("several attempts".into()),
            };
            Some((before, after))
        }
        ([(_, before), ..], [(_, after), ..]) => Some((before.clone()?, after.clone()?)),
    }
}

fn words(count: &Count) -> String {
    match count {
        Count::Times(1) => "one attempt".to_owned(),
        Count::Times(times) => format!("{times} attempts"),
        Count::Forever => "attempts without an end".to_owned(),
        Count::Computed(text) => text.clone().into(),
    }
}

/// Who tried.
fn by(retry: &Retry) -> String {
    match retry.around.first() {
        Some((name, _)) if name == "a loop" => " in a loop".to_owned(),
        Some((name, _)) => format!(" by `{name}`"),
        None => String::new(),
    }
}
