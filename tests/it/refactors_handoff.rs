//! Changes of how code is written that hand every event over as before give no finding, in each language.

use std::collections::BTreeSet;

use driftgate::check::{Options, check, understand};
use driftgate::config::Config;
use driftgate::facts::Role;
use driftgate::scan::{Cache, Outside};
use driftgate::snapshot::FolderSnapshot;

use crate::sides::folder;

/// One fixture each: `fixtures/repos/<name>/{base,head}`, every file of it one refactor, every event named after its file.
const REFACTORS: &[(&str, usize)] = &[("ts-refactors-handoff", 13), ("py-refactors-handoff", 8), ("rs-refactors-handoff", 8)];

fn side(name: &str, side: &str) -> FolderSnapshot {
    folder(&format!("repos/{name}/{side}"))
}

#[test]
fn a_handoff_that_is_only_written_in_another_way_gives_nothing() {
    for (name, _) in REFACTORS {
        let outcome = check(&side(name, "base"), &side(name, "head"), &Options::default()).expect("fixtures can be read");
        let found: Vec<String> =
            outcome.findings.iter().map(|finding| format!("{}: {}", finding.rule, finding.message)).collect();
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

#[test]
fn every_refactor_is_understood_on_both_sides() {
    // Nothing found in a file of which nothing was understood would prove nothing.
    for (name, count) in REFACTORS {
        let mut sides = Vec::new();
        for which in ["base", "head"] {
            let state = understand(&side(name, which), &Config::default(), &Cache::default(), &Outside::default())
                .expect("fixtures can be read");
            let events: BTreeSet<String> = state
                .model
                .boundaries
                .iter()
                .filter(|boundary| boundary.role == Role::Producer)
                .filter_map(|boundary| boundary.event.clone())
                .collect();
            assert_eq!(events.len(), *count, "{name} {which}: {events:?}");
            sides.push(events);
        }
        assert_eq!(sides[0], sides[1], "{name}");
    }
}
