//! Whether and how often a handoff is reached: `event-now-conditional` and `event-duplicated`.

use super::Handoff;
use crate::compare::rename::closeness;
use crate::compare::{Compared, EventPair, Sides, is_declaration};
use crate::facts::Role;
use crate::finding::Severity;
use crate::link::model::{Boundary, Condition};

/// Judges one producer's conditions and loops.
pub(super) fn judge(handoff: &Handoff<'_>, pair: &EventPair<'_>, sides: &Sides<'_>, compared: &mut Compared) {
    if handoff.head.role != Role::Producer || handoff.is_light() && handoff.head.kind != "in-process" {
        return;
    }
    // A call of somebody's interface is no event that readers wait for.
    if handoff.head.kind == "http" && handoff.head.event.is_none() {
        return;
    }
    // Code that moved elsewhere is held against other surroundings: nothing that it says there is a change of this event.
    if handoff.base.symbol != handoff.head.symbol && handoff.base.origin.file != handoff.head.origin.file {
        return;
    }
    if looped(handoff, pair, sides, compared) {
        return;
    }
    conditional(handoff, pair, compared);
}

fn conditional(handoff: &Handoff<'_>, pair: &EventPair<'_>, compared: &mut Compared) {
    let (base, head) = (&handoff.base.delivery.reach, &handoff.head.delivery.reach);
    let known: Vec<&Condition> = base.conditions.iter().chain(&base.outer_any).collect();
    let comparable = if handoff.is_taken_over() { &head.conditions[..head.own] } else { &head.conditions[..] };
    // A check that ends with an error for the caller is no silent way around the event.
    let mut new: Vec<&Condition> =
        comparable.iter().filter(|one| !one.raises && !starts(one) && !known.iter().any(|old| old.same(one))).collect();
    let lost: Vec<&Condition> =
        base.conditions.iter().filter(|old| !old.raises && !head.conditions.iter().any(|one| one.same(old))).collect();
    // A condition that reads otherwise (a renamed variable) takes the place of one that went: the one that is most like it.
    for old in lost {
        let likeness = |one: &Condition| closeness(&old.words, &one.words);
        let most = (0..new.len()).max_by(|a, b| likeness(new[*a]).total_cmp(&likeness(new[*b])));
        if let Some(at) = most {
            new.remove(at);
        }
    }
    // Both ways of a branch publish it: the branch decides what is sent, not whether.
    let covered = |one: &Condition| {
        pair.head_producers.iter().any(|other| {
            is_another(other, handoff.head)
                && other.symbol == handoff.head.symbol
                && other
                    .delivery
                    .reach
                    .conditions
                    .iter()
                    .any(|theirs| theirs.excludes(one) || theirs.key != one.key && same_subject(theirs, one))
        })
    };
    let Some(condition) = new.iter().rev().find(|one| !covered(one)) else { return };
    // Where another producer of the same function still publishes on every way, this one is an addition.
    let unconditional = pair.head_producers.iter().any(|other| {
        is_another(other, handoff.head)
            && other.symbol == handoff.head.symbol
            && other.delivery.reach.conditions.iter().all(|theirs| theirs.raises || known.iter().any(|old| old.same(theirs)))
    });
    if unconditional {
        return;
    }
    let mut found = handoff.finding(
        "event-now-conditional",
        None,
        format!(
            "`{}` is now published only if `{}`; before, this did not matter. Can its readers do without it otherwise?",
            handoff.event, condition.words
        ),
    );
    if handoff.is_light() {
        found.severity = Severity::Note;
    }
    found.fragments = (String::new(), condition.words.clone());
    found.help = "if this is wanted, tell the readers of the event when it does not come".to_owned();
    compared.findings.push(found);
}

/// Whether it is another sender, or the same call by another library.
fn is_another(other: &Boundary, one: &Boundary) -> bool {
    other.origin != one.origin || other.idiom != one.idiom
}

/// Whether a condition only asks if the program is started by this file: `if (isMainModule) run()`, `if __name__ == "__main__"`.
fn starts(condition: &Condition) -> bool {
    const MARKS: &[&str] = &["__main__", "import.meta.main", "import.meta.url", "require.main", "ismain"];
    let words = condition.words.to_ascii_lowercase();
    MARKS.iter().any(|mark| words.contains(mark))
}

/// Two arms that compare one subject with different constants.
fn same_subject(a: &Condition, b: &Condition) -> bool {
    let subject = |one: &Condition| {
        one.key.split_once(" is ").or_else(|| one.key.split_once("==")).map(|(subject, _)| subject.trim().to_owned())
    };
    subject(a).is_some_and(|subject_a| subject(b).is_some_and(|subject_b| subject_a == subject_b))
}

fn looped(handoff: &Handoff<'_>, pair: &EventPair<'_>, sides: &Sides<'_>, compared: &mut Compared) -> bool {
    let (base, head) = (&handoff.base.delivery.reach, &handoff.head.delivery.reach);
    let was_looped = pair.base_producers.iter().any(|old| {
        let reach = &old.delivery.reach;
        old.symbol == handoff.base.symbol && (reach.in_loop || reach.outer_loop)
    });
    if head.callers_loop && handoff.is_taken_over() {
        return false;
    }
    if !head.in_loop || head.repeats_attempts || base.in_loop || base.outer_loop || was_looped {
        return false;
    }
    // A loop over names: each time round another event leaves from the same call.
    let of_others = |other: &Boundary| {
        other.role == Role::Producer && other.origin == handoff.head.origin && other.event != handoff.head.event
    };
    if sides.head.boundaries.iter().any(of_others) {
        return false;
    }
    let mut found = handoff.finding(
        "event-duplicated",
        None,
        format!("`{}` was published once and is now published in a loop. Do its readers cope with several?", handoff.event),
    );
    if handoff.is_light() {
        found.severity = Severity::Note;
    }
    found.fragments = ("once".to_owned(), "in a loop".to_owned());
    found.help = "publish once, or give each message a key of its own by which readers can tell repeats".to_owned();
    compared.findings.push(found);
    true
}

/// Judges whether one function now publishes an event twice on one way through.
pub(super) fn twice(pair: &EventPair<'_>, compared: &mut Compared) {
    let code =
        |list: &[&Boundary]| list.iter().filter(|boundary| !is_declaration(boundary) && boundary.document.is_none()).count();
    if code(&pair.head_producers) <= code(&pair.base_producers) {
        return;
    }
    for (at, second) in pair.head_producers.iter().enumerate() {
        let here = |boundary: &&&Boundary| boundary.symbol == second.symbol && boundary.origin.file == second.origin.file;
        let before = pair.base_producers.iter().filter(here).count();
        let now = pair.head_producers.iter().filter(here).count();
        if before == 0 || now <= before || is_declaration(second) || second.symbol.is_empty() {
            continue;
        }
        // Without a name and a channel, two of one type may be two events.
        if second.event.is_none() && second.channel.is_none() {
            continue;
        }
        let first = pair.head_producers[..at].iter().find(|first| {
            here(first)
                && first.kind == second.kind
                && first.origin != second.origin
                && !overlap(first, second)
                && one_way(first, second)
                // The pair is new: base did not publish twice on one way.
                && !pair.base_producers.iter().enumerate().any(|(at, a)| {
                    here(&a) && pair.base_producers[at + 1..].iter().any(|b| here(&b) && one_way(a, b))
                })
        });
        let Some(first) = first else { continue };
        let Some(old) = pair.base_producers.iter().find(here) else { continue };
        let handoff = Handoff { event: &pair.event, base: old, head: second };
        if handoff.is_light() {
            return;
        }
        let mut found = handoff.finding(
            "event-duplicated",
            None,
            format!(
                "`{}` was published once in `{}` and is now published twice on one way through. Do its readers cope with a second one?",
                pair.event, first.symbol
            ),
        );
        found.fragments = ("once".to_owned(), "twice".to_owned());
        found.help = "publish once, or give both messages the same idempotency key".to_owned();
        compared.findings.push(found);
        return;
    }
}

fn overlap(a: &Boundary, b: &Boundary) -> bool {
    a.origin.span.contains(b.origin.span) || b.origin.span.contains(a.origin.span)
}

/// Whether whoever passes the one comes to the other as well.
fn one_way(a: &Boundary, b: &Boundary) -> bool {
    let (a, b) = (&a.delivery.reach, &b.delivery.reach);
    if a.in_catch || b.in_catch || a.conditions.iter().any(|one| b.conditions.iter().any(|other| one.excludes(other))) {
        return false;
    }
    // Two arms of one choice exclude each other; otherwise the conditions of one have to be among those of the other.
    let within = |inner: &[Condition], outer: &[Condition]| inner.iter().all(|one| outer.iter().any(|other| other.same(one)));
    within(&a.conditions, &b.conditions) || within(&b.conditions, &a.conditions)
}
