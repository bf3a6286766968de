//! Where a handoff stands in relation to a transaction: `publish-before-commit` and `publish-outside-transaction`.

use super::Handoff;
use crate::compare::Compared;
use crate::facts::Role;
use crate::finding::Severity;
use crate::link::model::Commit;

/// Judges one producer against the transaction around it.
pub(super) fn judge(handoff: &Handoff<'_>, compared: &mut Compared) {
    if handoff.head.role != Role::Producer {
        return;
    }
    let was_row = handoff.base.kind == "outbox";
    let is_row = handoff.head.kind == "outbox";
    match (&handoff.base.delivery.commit, &handoff.head.delivery.commit) {
        (Commit::Inside { .. }, _) | (Commit::OnCommit, _) if was_row && !is_row => replaced(handoff, compared),
        (Commit::Inside { .. }, Commit::None | Commit::After) if was_row => left(handoff, compared),
        (Commit::Inside { bound: true }, Commit::Inside { bound: false }) if !was_row && !is_row => left(handoff, compared),
        (Commit::Inside { bound }, Commit::None | Commit::After) if !is_row && !handoff.is_light() => {
            moved_out(handoff, *bound, compared);
        }
        (Commit::None, _) if was_row && !is_row && handoff.head.leaves_process() => replaced(handoff, compared),
        (Commit::OnCommit | Commit::After, Commit::Inside { .. }) if !is_row && !handoff.is_light() => early(handoff, compared),
        (Commit::OnCommit, Commit::None) if !is_row && !handoff.is_light() => early(handoff, compared),
        _ => {}
    }
}

fn early(handoff: &Handoff<'_>, compared: &mut Compared) {
    let was = match handoff.base.delivery.commit {
        Commit::OnCommit => "ran when the transaction was committed",
        _ => "came after the commit",
    };
    let now = match handoff.head.delivery.commit {
        Commit::Inside { .. } => "comes before the commit",
        _ => "runs at once",
    };
    let mut found = handoff.finding(
        "publish-before-commit",
        None,
        format!(
            "`{}` now {now}; it {was}: readers may hear of a row that is rolled back, or that they cannot see yet",
            handoff.event
        ),
    );
    found.fragments = (was.to_owned(), now.to_owned());
    found.help = "publish after the commit (an on-commit hook), or write an outbox row inside of the transaction".to_owned();
    compared.findings.push(found);
}

fn replaced(handoff: &Handoff<'_>, compared: &mut Compared) {
    let known = !matches!(handoff.base.delivery.commit, Commit::None);
    let mut found = handoff.finding(
        "publish-outside-transaction",
        None,
        format!(
            "`{}` was written as an outbox row{} and is now published directly: it is lost when the process ends in between, and \
             sent for what is rolled back",
            handoff.event,
            if known { " in the transaction" } else { "" }
        ),
    );
    found.severity = if known { Severity::Error } else { Severity::Warning };
    found.fragments = ("outbox row".to_owned(), format!("{} publish", handoff.head.kind));
    found.help = "write the outbox row in the transaction of the write, and let the relay publish it".to_owned();
    compared.findings.push(found);
}

fn left(handoff: &Handoff<'_>, compared: &mut Compared) {
    let mut found = handoff.finding(
        "publish-outside-transaction",
        None,
        format!(
            "the row of `{}` was written in the transaction and is now written outside of it: one of the two writes can succeed \
             without the other",
            handoff.event
        ),
    );
    found.severity = Severity::Error;
    found.fragments = ("in the transaction".to_owned(), "outside of it".to_owned());
    found.help = "write it with the transaction's own handle".to_owned();
    compared.findings.push(found);
}

fn moved_out(handoff: &Handoff<'_>, bound: bool, compared: &mut Compared) {
    let now = match handoff.head.delivery.commit {
        Commit::After => "after the commit",
        _ => "outside of it",
    };
    let mut found = handoff.finding(
        "publish-outside-transaction",
        None,
        format!(
            "`{}` was published in the transaction and now is {now}: it is lost when the process ends in between. Is that wanted?",
            handoff.event
        ),
    );
    found.severity = if bound { Severity::Error } else { Severity::Warning };
    found.fragments = ("in the transaction".to_owned(), now.to_owned());
    found.help = "where the event must not be lost, write an outbox row in the transaction and publish from there".to_owned();
    compared.findings.push(found);
}
