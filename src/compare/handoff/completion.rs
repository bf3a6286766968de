//! Who waits for a handoff, and who hears of it when it fails: `publish-not-awaited`, `response-before-publish`,
//! `publish-error-swallowed`.
//!
//! Awaited, deferred, floating: only a step down is a finding. What is not known to be a promise at both sides has nothing to await.

use super::Handoff;
use crate::compare::Compared;
use crate::facts::{LanguageId, Role, Swallowed};
use crate::finding::{Fix, Severity};
use crate::link::model::{Loose, Wait, Waited};
use crate::source::{Origin, Span};

/// Judges who waits for one producer.
pub(super) fn judge(handoff: &Handoff<'_>, compared: &mut Compared) {
    if handoff.head.role != Role::Producer {
        return;
    }
    let (base, head) = (&handoff.base.delivery, &handoff.head.delivery);
    if head.wait.by_callers && handoff.is_taken_over() {
        return;
    }
    if let Some(found) = unseen_failure(handoff) {
        compared.findings.push(found);
        return;
    }
    if let Some(loose) = floats(&base.wait, &head.wait) {
        not_awaited(handoff, loose, compared);
        return;
    }
    if let (Waited::Deferred(by), true) = (&head.wait.state, is_safe(&base.wait, &head.wait)) {
        deferred(handoff, by, compared);
    }
    if base.wait.state == Waited::Awaited && head.wait.state == Waited::Awaited && head.wait.awaits == 1 && base.wait.awaits > 1 {
        receipt_not_awaited(handoff, compared);
    }
    if base.wait.flushed && !head.wait.flushed && !head.wait.flushed_in_file && handoff.base.idiom == handoff.head.idiom {
        not_flushed(handoff, compared);
    }
    if let (Some(by), None, false) = (&base.refusal.told_by, &head.refusal.told_by, head.refusal.looked_at) {
        refusal_unheard(handoff, by, compared);
    }
}

/// The client keeps the message, and nothing has it send what it has kept.
fn not_flushed(handoff: &Handoff<'_>, compared: &mut Compared) {
    let mut found = handoff.finding(
        "publish-not-awaited",
        None,
        format!(
            "nothing flushes the client after `{}` any more: what it has not sent is lost when the process ends, and nobody hears of it",
            handoff.event
        ),
    );
    found.fragments = ("flushed".to_owned(), "not flushed".to_owned());
    found.help = "flush the client before the process ends, or where the event must not be lost".to_owned();
    compared.findings.push(found);
}

/// A receiver that turns the payload away is taken for one that took it.
fn refusal_unheard(handoff: &Handoff<'_>, by: &str, compared: &mut Compared) {
    if handoff.is_light() {
        return;
    }
    let mut found = handoff.finding(
        "publish-error-swallowed",
        None,
        format!(
            "a receiver that turns `{}` away is taken for one that took it: `{by}` made an error of its answer",
            handoff.event
        ),
    );
    found.fragments = (by.to_owned(), String::new());
    found.help = format!("keep `{by}`, or look at the status of the answer");
    compared.findings.push(found);
}

/// Whether base was done when its caller went on.
///
/// A call of which it is not known whether it gives a promise decides nothing where head makes it in the same way.
fn is_safe(base: &Wait, head: &Wait) -> bool {
    base.state == Waited::Awaited
        && base
            .loose
            .iter()
            .all(|loose| loose.language != LanguageId::TypeScript || head.loose.iter().any(|other| other.callee == loose.callee))
}

/// The call of head that nobody waits for, where base waited.
fn floats<'h>(base: &Wait, head: &'h Wait) -> Option<&'h Loose> {
    let stepped_down = match base.state {
        Waited::Awaited => is_safe(base, head),
        Waited::Deferred(_) => true,
        Waited::Floating | Waited::Unknown => false,
    };
    if !stepped_down {
        return None;
    }
    let known = |loose: &&Loose| !base.elsewhere.contains(&loose.symbol);
    if head.state == Waited::Floating {
        return head.at.as_ref().filter(known);
    }
    // That it gives a promise is known from base, where somebody waited for it. Outside of asynchronous code nobody could: then it
    // is another, blocking client.
    let awaited_before = |loose: &&Loose| {
        base.awaited.contains(&loose.callee)
            && !base.loose.iter().any(|old| old.callee == loose.callee)
            && (loose.language == LanguageId::TypeScript || loose.in_async)
    };
    let blocked_before = |loose: &&Loose| base.blocked.contains(&loose.callee);
    head.loose
        .iter()
        .find(|loose| awaited_before(loose) || blocked_before(loose))
        .or_else(|| head.dangling.as_ref().filter(|dangling| base.through.contains(&dangling.callee)))
        .filter(known)
}

fn not_awaited(handoff: &Handoff<'_>, loose: &Loose, compared: &mut Compared) {
    let was = match &handoff.base.delivery.wait.state {
        Waited::Deferred(by) => format!("was handed to `{by}`"),
        Waited::Awaited | Waited::Unknown | Waited::Floating => "was awaited".to_owned(),
    };
    let effect = match loose.language {
        LanguageId::Rust => "the future is never polled, so nothing is sent",
        LanguageId::Python if handoff.base.delivery.wait.blocked.contains(&loose.callee) => "nobody learns whether it was sent",
        LanguageId::Python => "nobody runs the coroutine or sees its error",
        LanguageId::TypeScript | LanguageId::Project => "it is lost when the process ends first, and its error is unhandled",
    };
    // `(async () => { … })()` has no name.
    let callee = match loose.callee.as_str() {
        "" => "the function around the sending".to_owned(),
        name => format!("`{name}`"),
    };
    let mut found = handoff.finding(
        "publish-not-awaited",
        Some(&loose.origin),
        format!("{callee} of `{}` is no longer awaited (it {was}): {effect}", handoff.event),
    );
    if handoff.is_light() {
        found.severity = Severity::Note;
    }
    found.fragments = (format!("{} awaited", loose.callee), format!("{} floating", loose.callee));
    found.evidence = Some(format!("base waited for {callee}; head does not"));
    found.help = match loose.language {
        _ if loose.callee.is_empty() => "await the call of the function, or hand it to what runs it to its end".to_owned(),
        LanguageId::Rust => format!("await it: `{}(…).await`", loose.callee),
        LanguageId::Python if handoff.base.delivery.wait.blocked.contains(&loose.callee) => {
            format!("wait for it: `{}(…).result()`", loose.callee)
        }
        _ => format!("await it: `await {}(…)`; where a loss is fine, say so on the line with a waiver", loose.callee),
    };
    found.fix = fix(handoff, loose);
    compared.findings.push(found);
}

/// Puts the `await` back.
fn fix(handoff: &Handoff<'_>, loose: &Loose) -> Option<Fix> {
    if !loose.in_async {
        return None;
    }
    let span = loose.origin.span;
    let (at, replacement) = match loose.language {
        LanguageId::Rust => (span.end, ".await"),
        LanguageId::TypeScript | LanguageId::Python => (span.start, "await "),
        LanguageId::Project => return None,
    };
    // The same function waited for the same call before: waiting again cannot do anything new.
    let base = &handoff.base.delivery.wait;
    let safe = base.state == Waited::Awaited
        && base.awaited.contains(&loose.callee)
        && handoff.base.symbol == handoff.head.symbol
        && handoff.base.origin.file == handoff.head.origin.file
        && loose.origin == handoff.head.origin;
    Some(Fix {
        what: "await it again".to_owned(),
        further: Vec::new(),
        origin: Origin::new(loose.origin.file.clone(), Span { start: at, end: at }),
        replacement: replacement.to_owned(),
        safe,
    })
}

/// The message is handed to the client, and nobody waits for the broker's word.
fn receipt_not_awaited(handoff: &Handoff<'_>, compared: &mut Compared) {
    let mut found = handoff.finding(
        "publish-not-awaited",
        None,
        format!(
            "the broker's receipt of `{}` is no longer awaited (it was): the client has the message, and nobody learns whether the \
             broker took it",
            handoff.event
        ),
    );
    found.fragments = ("receipt awaited".to_owned(), "receipt floating".to_owned());
    found.help = "await what the send gives as well: `send(…).await?.await?`".to_owned();
    compared.findings.push(found);
}

fn deferred(handoff: &Handoff<'_>, by: &str, compared: &mut Compared) {
    if handoff.is_light() {
        return;
    }
    let wait = &handoff.head.delivery.wait;
    let at = wait.at.as_ref().map(|loose| &loose.origin);
    let mut found = handoff.finding(
        "response-before-publish",
        at,
        format!(
            "`{}` was awaited and is now handed to `{by}`: the caller is told that all went well before it is sent. {} Is that wanted?",
            handoff.event,
            promise_of(by)
        ),
    );
    found.fragments = ("awaited".to_owned(), format!("deferred {by}"));
    found.help = "await it before the answer, or write it to an outbox in the same transaction and publish from there".to_owned();
    compared.findings.push(found);
}

/// What a platform promises of code that is handed to it for later.
fn promise_of(by: &str) -> &'static str {
    match by.rsplit(['.', ':']).next().unwrap_or(by) {
        "waitUntil" => "The platform lets it finish within its limit of time; an error reaches nobody.",
        "after" | "unstable_after" => "The platform runs it when the answer is out; an error reaches nobody.",
        "add_task" => "It runs in this process when the answer is out, and is lost with the process; an error reaches nobody.",
        "setTimeout" | "setImmediate" | "setInterval" | "nextTick" | "queueMicrotask" | "call_soon" | "call_later" => {
            "It runs in a later turn of this process, and is lost with the process."
        }
        "create_task" | "ensure_future" | "start_soon" | "run_coroutine_threadsafe" => {
            "The task ends with its loop, and may be collected where nobody keeps it; an error is only logged."
        }
        "spawn" | "spawn_local" | "spawn_blocking" | "spawn_detached" => {
            "The task ends with its runtime; an error stays in a handle that nobody looks at."
        }
        _ => "Nothing tells the caller when it fails.",
    }
}

/// A failure that the caller heard of before.
fn unseen_failure(handoff: &Handoff<'_>) -> Option<crate::finding::Finding> {
    let (base, head) = (&handoff.base.delivery, &handoff.head.delivery);
    let how = match (base.swallowed, head.swallowed) {
        (Swallowed::No, Swallowed::Dropped) => "dropped",
        (Swallowed::No, Swallowed::Logged) => "only logged",
        (Swallowed::No | Swallowed::Logged | Swallowed::Dropped, _) => return None,
    };
    if !is_safe(&base.wait, &head.wait) || handoff.is_light() {
        return None;
    }
    let floating = floats(&base.wait, &head.wait);
    match (&head.wait.state, floating) {
        // A promise with a handler of its own: that nobody waits for it is the same decision.
        (_, Some(loose)) if !(loose.caught && loose.language == LanguageId::TypeScript) => return None,
        (Waited::Unknown | Waited::Deferred(_), _) => return None,
        _ => {}
    }
    let too = if floating.is_some() { ", and nobody waits for it" } else { "" };
    let mut found = handoff.finding(
        "publish-error-swallowed",
        head.swallowed_at.as_ref(),
        format!(
            "when `{}` cannot be published the error is now {how}{too}; it went to the caller before. Is the event dispensable?",
            handoff.event
        ),
    );
    found.fragments = ("error passed on".to_owned(), format!("error {how}"));
    found.help = "let the error go to the caller, or keep the event for a later attempt (an outbox, a retry)".to_owned();
    Some(found)
}
