//! The stories that the handoff rules are there for, told as one repository for each language
//! with a branch each: every branch gives the findings
//! that a reviewer would write down, and no other.

use std::fmt::Write as _;

use driftgate::check::{Options, check};

use crate::program::fixture;
use crate::sides::{files, memory};

/// A weight, a rule, an event and the file that a finding stands in.
type Told = (&'static str, &'static str, &'static str, &'static str);

/// What one branch changes.
type Story = (&'static str, &'static [Told]);

/// The stories of each language, by their folder under `fixtures/repos/`.
const REPOSITORIES: &[(&str, &[Story])] =
    &[("handoff-stories", TYPESCRIPT), ("handoff-stories-python", PYTHON), ("handoff-stories-rust", RUST)];

const TYPESCRIPT: &[Story] = &[
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

const PYTHON: &[Story] = &[
    ("await-lost", &[("error", "publish-not-awaited", "user.signup", "app/signup.py")]),
    ("answer-first", &[("warning", "response-before-publish", "user.signup", "app/signup.py")]),
    ("error-swallowed", &[("warning", "publish-error-swallowed", "user.signup", "app/signup.py")]),
    ("only-for-some", &[("warning", "event-now-conditional", "user.signup", "app/signup.py")]),
    ("before-the-commit", &[("error", "publish-before-commit", "user.signup", "app/signup.py")]),
    ("hook-lost", &[("error", "publish-before-commit", "send_welcome", "app/mail.py")]),
    ("outbox-replaced", &[("error", "publish-outside-transaction", "order.paid", "app/orders.py")]),
    ("upsert-to-create", &[("warning", "upsert-became-insert", "send_welcome", "app/mail.py")]),
    ("dedupe-lost", &[("error", "dedup-check-removed", "send_welcome", "app/mail.py")]),
    ("random-key", &[("error", "idempotency-key-unstable", "send_welcome", "app/mail.py")]),
    ("retry-dropped", &[("error", "retry-changed", "send_welcome", "app/mail.py")]),
    ("ack-first", &[("error", "ack-before-processing", "mail.bounced", "app/bounces.py")]),
    ("dead-letters-lost", &[("warning", "dead-letter-removed", "mail.bounced", "app/bounces.py")]),
    ("fewer-acknowledgements", &[("warning", "delivery-mode-changed", "user.signup", "app/signup.py")]),
    ("signature-lost", &[("error", "signature-check-removed", "/webhooks/payments", "app/hooks.py")]),
    (
        "mock-edited-too",
        &[
            ("error", "field-renamed", "user.signup", "app/signup.py"),
            ("warning", "mock-follows-producer-only", "user.signup", "tests/test_signup.py"),
        ],
    ),
    ("refactored", &[]),
];

const RUST: &[Story] = &[
    ("await-lost", &[("error", "publish-not-awaited", "user.signup", "src/signup.rs")]),
    ("answer-first", &[("warning", "response-before-publish", "user.signup", "src/signup.rs")]),
    ("error-swallowed", &[("warning", "publish-error-swallowed", "user.signup", "src/signup.rs")]),
    ("only-for-some", &[("warning", "event-now-conditional", "user.signup", "src/signup.rs")]),
    ("before-the-commit", &[("error", "publish-before-commit", "user.signup", "src/signup.rs")]),
    ("random-key", &[("error", "idempotency-key-unstable", "InvoiceIssued", "src/invoices.rs")]),
    ("key-lost", &[("error", "idempotency-key-dropped", "InvoiceIssued", "src/invoices.rs")]),
    ("upsert-to-create", &[("warning", "upsert-became-insert", "mail.bounced", "src/bounces.rs")]),
    ("dedupe-lost", &[("error", "dedup-check-removed", "mail.bounced", "src/bounces.rs")]),
    ("ack-first", &[("error", "ack-before-processing", "mail.bounced", "src/bounces.rs")]),
    ("dead-letters-lost", &[("warning", "dead-letter-removed", "mail.bounced", "src/bounces.rs")]),
    ("fewer-acknowledgements", &[("warning", "delivery-mode-changed", "user.signup", "src/signup.rs")]),
    ("signature-lost", &[("error", "signature-check-removed", "/webhooks/payments", "src/hooks.rs")]),
    (
        "mock-edited-too",
        &[
            ("error", "field-renamed", "user.signup", "src/signup.rs"),
            ("warning", "mock-follows-producer-only", "user.signup", "tests/signup.rs"),
        ],
    ),
    ("refactored", &[]),
];

#[test]
fn each_story_gives_what_a_reviewer_would_write_down() {
    let mut wrong = String::new();
    for (folder, stories) in REPOSITORIES {
        let base = files(&format!("repos/{folder}/base"));
        for (branch, expected) in *stories {
            let mut head = base.clone();
            head.extend(files(&format!("repos/{folder}/branches/{branch}")));
            assert_ne!(base, head, "{folder}/{branch} changes something");
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
                let _ = writeln!(wrong, "{folder}/{branch}\n  found    {found:?}\n  expected {expected:?}");
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn every_branch_is_a_story() {
    for (folder, stories) in REPOSITORIES {
        let folders = std::fs::read_dir(fixture(&format!("repos/{folder}")).join("branches")).expect("the stories lie there");
        let mut branches: Vec<String> = folders
            .map(|entry| entry.expect("an entry of a folder can be read").file_name().to_string_lossy().into_owned())
            .collect();
        let mut told: Vec<String> = stories.iter().map(|(branch, _)| (*branch).to_owned()).collect();
        branches.sort();
        told.sort();
        assert_eq!(branches, told, "{folder}");
    }
}
