//! The stories that the handoff rules are there for, told as one repository with a branch each: every branch gives the findings
//! that a reviewer would write down, and no other.

use std::fmt::Write as _;

use driftgate::check::{Options, check};

use crate::program::fixture;
use crate::sides::{files, memory};

/// What each branch changes, as findings: weight, rule, event and the file that it stands in.
const STORIES: &[(&str, &[(&str, &str, &str, &str)])] = &[
    ("await-lost", &[("error", "publish-not-awaited", "user.signup", "src/signup.ts")]),
    ("answer-first", &[("warning", "response-before-publish", "user.signup", "src/signup.ts")]),
    ("error-swallowed", &[("warning", "publish-error-swallowed", "user.signup", "src/signup.ts")]),
    ("only-for-some", &[("warning", "event-now-conditional", "user.signup", "src/signup.ts")]),
    ("ack-first", &[("error", "ack-before-processing", "mail.bounced", "src/bounces.ts")]),
    ("out-of-the-transaction", &[("warning", "publish-outside-transaction", "invoice.issued", "src/invoices.ts")]),
    ("outbox-replaced", &[("error", "publish-outside-transaction", "order.paid", "src/orders.ts")]),
    ("upsert-to-create", &[("warning", "upsert-became-insert", "user.signup", "src/worker.ts")]),
    ("random-key", &[("error", "idempotency-key-unstable", "user.signup", "src/signup.ts")]),
    ("retry-dropped", &[("error", "retry-changed", "user.signup", "src/signup.ts")]),
    (
        "mock-edited-too",
        &[
            ("error", "field-renamed", "user.signup", "src/signup.ts"),
            ("warning", "mock-follows-producer-only", "user.signup", "tests/signup.test.ts"),
        ],
    ),
    ("signature-lost", &[("error", "signature-check-removed", "/webhooks/payments", "src/hooks.ts")]),
    ("refactored", &[]),
];

/// Where the stories lie, under `fixtures/`.
const FOLDER: &str = "repos/handoff-stories";

#[test]
fn each_story_gives_what_a_reviewer_would_write_down() {
    let base = files(&format!("{FOLDER}/base"));
    let mut wrong = String::new();
    for (branch, expected) in STORIES {
        let mut head = base.clone();
        head.extend(files(&format!("{FOLDER}/branches/{branch}")));
        assert_ne!(base, head, "{branch} changes something");
        let outcome = check(&memory(&base), &memory(&head), &Options::default()).expect("the stories can be read");
        let mut found: Vec<(&str, &str, &str, &str)> = outcome
            .findings
            .iter()
            .map(|finding| {
                let place = finding.head.as_ref().map_or("", |origin| origin.file.as_str());
                (finding.severity.as_str(), finding.rule, finding.event.as_str(), place)
            })
            .collect();
        let mut expected = expected.to_vec();
        found.sort_unstable();
        expected.sort_unstable();
        if found != expected {
            let _ = writeln!(wrong, "{branch}\n  found    {found:?}\n  expected {expected:?}");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn every_branch_is_a_story() {
    let folders = std::fs::read_dir(fixture(FOLDER).join("branches")).expect("the stories lie there");
    let mut branches: Vec<String> = folders
        .map(|entry| entry.expect("an entry of a folder can be read").file_name().to_string_lossy().into_owned())
        .collect();
    let mut told: Vec<String> = STORIES.iter().map(|(branch, _)| (*branch).to_owned()).collect();
    branches.sort();
    told.sort();
    assert_eq!(branches, told);
}
