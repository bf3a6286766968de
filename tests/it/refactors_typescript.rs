//! Changes of TypeScript code that leave the wire form alone give no finding.

use std::path::Path;

use driftgate::check::{Options, check, understand};
use driftgate::config::Config;
use driftgate::facts::Role;
use driftgate::link::model::Boundary;
use driftgate::scan::{Cache, Outside};
use driftgate::snapshot::FolderSnapshot;

use crate::page::{Example, examples};
use crate::sides::{folder, memory};

/// The refactors, one fixture each: `fixtures/repos/ts-refactors-<name>/{base,head}`.
const REFACTORS: &[&str] =
    &["moved-file", "extracted-helper", "renamed-local", "interface-to-zod", "reordered-keys", "enum-to-as-const"];

fn side(name: &str, side: &str) -> FolderSnapshot {
    folder(&format!("repos/ts-refactors-{name}/{side}"))
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

/// The refactors that need little code, in the form of a rule's page.
fn listed() -> Vec<Example> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/refactors/typescript.md");
    let page = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    examples(&page).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn listed_refactors_give_nothing() {
    for example in listed() {
        let outcome = check(&memory(&example.base), &memory(&example.head), &Options::default()).expect("they can be read");
        let found: Vec<String> =
            outcome.findings.iter().map(|finding| format!("{}: {}", finding.rule, finding.message)).collect();
        assert!(found.is_empty(), "{}: {found:#?}", example.title);
    }
}

#[test]
fn each_listed_refactor_has_its_producer_with_its_fields_on_both_sides() {
    let sends = |one: &Boundary| {
        let fields: Vec<&str> = [Some(&one.shape), one.inner.as_ref()]
            .into_iter()
            .flatten()
            .filter_map(|shape| shape.as_object())
            .flat_map(|object| &object.fields)
            .flat_map(|field| {
                [Some(field)]
                    .into_iter()
                    .chain(field.shape.as_object().into_iter().flat_map(|inner| inner.fields.iter().map(Some)))
            })
            .flatten()
            .map(|field| field.name.as_str())
            .collect();
        one.role == Role::Producer
            && one.event.as_deref() == Some("order.placed")
            && ["orderId", "total"].iter().all(|name| fields.contains(name))
    };
    for example in listed() {
        for (side, files) in [("base", &example.base), ("head", &example.head)] {
            let state =
                understand(&memory(files), &Config::default(), &Cache::default(), &Outside::default()).expect("they can be read");
            let found = &state.model.boundaries;
            assert!(
                found.iter().any(sends),
                "{} {side}: {:?}",
                example.title,
                found.iter().map(|one| (one.role, one.label(), one.origin.file.as_str())).collect::<Vec<_>>()
            );
        }
    }
}
