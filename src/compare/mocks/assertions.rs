//! Tests that look at less than they did: a payload that is no longer compared, a real call that became a stand-in.

use std::collections::BTreeSet;

use super::super::{Compared, EventPair, Sides, finding};
use crate::facts::{Name, Role};
use crate::link::doubles::{Double, DoubleKind, TestRun};
use crate::source::{Origin, RepoPath};

/// Judges the tests of one event.
pub(super) fn judge(pair: &EventPair<'_>, sides: &Sides<'_>, compared: &mut Compared) {
    let mut seen: BTreeSet<(&RepoPath, &str)> = BTreeSet::new();
    for old in sides.base.tests.doubles.iter().filter(|double| double.event == pair.event && !double.negative) {
        if !sides.options.changed_files.contains(&old.origin.file) || !seen.insert((&old.origin.file, &old.test)) {
            continue;
        }
        let stated = |kind: Option<DoubleKind>| {
            sides.head.tests.doubles.iter().any(|double| {
                double.event == pair.event
                    && double.origin.file == old.origin.file
                    && double.test == old.test
                    && kind.is_none_or(|kind| double.kind == kind)
            })
        };
        let key = (old.origin.file.clone(), old.test.clone());
        let Some(now) = sides.head.tests.runs.get(&key) else { continue };
        // A test of base whose comparisons are no calls (`assert count() == 1`) does nothing that is noted.
        let was = sides.base.tests.runs.get(&key).cloned().unwrap_or_default();
        if expected(old, sides) && !stated(None) && now.asserts_call && !now.compares {
            removed(pair, old, now, compared);
        }
        let sent = sides.base.tests.doubles.iter().any(|double| {
            double.kind == DoubleKind::Sent
                && double.event == pair.event
                && double.origin.file == old.origin.file
                && double.test == old.test
        });
        let file_wide = |runs: &std::collections::BTreeMap<(RepoPath, Name), TestRun>| {
            runs.get(&(old.origin.file.clone(), Name::default())).and_then(|run| run.replaces.clone())
        };
        let replaces_now = now.replaces.clone().or_else(|| file_wide(&sides.head.tests.runs));
        let replaced_before = was.replaces.is_some() || file_wide(&sides.base.tests.runs).is_some();
        if let Some(place) = replaces_now
            && sent
            && !stated(Some(DoubleKind::Sent))
            && !replaced_before
        {
            replaced(pair, old, place, compared);
        }
    }
}

/// Whether a test of base expected a payload, in whichever of its statements.
fn expected(old: &Double, sides: &Sides<'_>) -> bool {
    sides.base.tests.doubles.iter().any(|double| {
        double.kind == DoubleKind::Expectation
            && double.event == old.event
            && double.origin.file == old.origin.file
            && double.test == old.test
    })
}

fn removed(pair: &EventPair<'_>, old: &Double, now: &TestRun, compared: &mut Compared) {
    let mut found = finding(
        "payload-assertion-removed",
        &pair.event,
        Role::Producer,
        format!("a test no longer looks at the payload of `{}`, only whether it is sent", pair.event),
    );
    found.base = Some(old.origin.clone());
    found.head.clone_from(&now.origin);
    found.fragments = (old.test.clone().into(), String::new());
    found.help = "compare the payload, if only the fields that readers need".to_owned();
    compared.findings.push(found);
}

fn replaced(pair: &EventPair<'_>, old: &Double, place: Origin, compared: &mut Compared) {
    let mut found = finding(
        "mock-replaces-boundary",
        &pair.event,
        Role::Producer,
        format!("a test that sent `{}` puts a stand-in in its place", pair.event),
    );
    found.base = Some(old.origin.clone());
    found.head = Some(place);
    found.fragments = (old.test.clone().into(), String::new());
    found.help = "keep one test that goes through the real code".to_owned();
    compared.findings.push(found);
}
