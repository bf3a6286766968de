//! Changes of TypeScript code that leave the wire form alone give no finding.

use std::path::Path;

use driftgate::check::{Options, check, understand};
use driftgate::config::Config;
use driftgate::facts::Role;
use driftgate::scan::{Cache, Outside};
use driftgate::snapshot::FolderSnapshot;

/// The refactors, one fixture each: `fixtures/repos/ts-refactors-<name>/{base,head}`.
const REFACTORS: &[&str] =
    &["moved-file", "extracted-helper", "renamed-local", "interface-to-zod", "reordered-keys", "enum-to-as-const"];

fn side(name: &str, side: &str) -> FolderSnapshot {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/repos").join(format!("ts-refactors-{name}")).join(side);
    FolderSnapshot::open(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
}

#[test]
fn refactors_that_leave_the_wire_form_alone_give_nothing() {
    for name in REFACTORS {
        let outcome = check(&side(name, "base"), &side(name, "head"), &Options::default()).expect("fixtures can be read");
        let found: Vec<String> =
            outcome.findings.iter().map(|finding| format!("{}: {}", finding.rule, finding.message)).collect();
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

#[test]
fn each_refactor_has_a_producer_and_a_consumer_on_both_sides() {
    // Nothing found in a file of which nothing was understood would prove nothing.
    for name in REFACTORS {
        for which in ["base", "head"] {
            let state = understand(&side(name, which), &Config::default(), &Cache::default(), &Outside::default())
                .expect("fixtures can be read");
            let found = &state.model.boundaries;
            assert!(
                found.iter().any(|one| one.role == Role::Producer && one.event.as_deref() == Some("order.placed")),
                "{name} {which}: {:?}",
                found.iter().map(|one| (one.role, one.label())).collect::<Vec<_>>()
            );
            assert!(found.iter().any(|one| one.role == Role::Consumer && !one.shape.is_unknown()), "{name} {which}");
        }
    }
}
