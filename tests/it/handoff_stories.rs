//! The stories that the handoff rules are there for, told as one repository with a branch each: every branch gives the findings
//! that a reviewer would write down, and no other.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use driftgate::check::{Options, check};
use driftgate::snapshot::MemorySnapshot;

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

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/repos/handoff-stories")
}

/// Adds the files of a folder, by their path from it.
fn read(folder: &Path, under: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(under).unwrap_or_else(|error| panic!("{}: {error}", under.display())) {
        let path = entry.expect("an entry of a folder can be read").path();
        if path.is_dir() {
            read(folder, &path, files);
        } else {
            let name = path.strip_prefix(folder).expect("it lies in the folder").to_string_lossy().replace('\\', "/");
            files.insert(name, std::fs::read(&path).expect("a fixture can be read"));
        }
    }
}

fn snapshot(files: &BTreeMap<String, Vec<u8>>) -> MemorySnapshot {
    MemorySnapshot::new(files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())))
}

#[test]
fn each_story_gives_what_a_reviewer_would_write_down() {
    let mut base = BTreeMap::new();
    read(&root().join("base"), &root().join("base"), &mut base);
    let mut wrong = String::new();
    for (branch, expected) in STORIES {
        let mut head = base.clone();
        let folder = root().join("branches").join(branch);
        read(&folder, &folder, &mut head);
        assert_ne!(base, head, "{branch} changes something");
        let outcome = check(&snapshot(&base), &snapshot(&head), &Options::default()).expect("the stories can be read");
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
    let folders = std::fs::read_dir(root().join("branches")).expect("the stories lie there");
    let mut branches: Vec<String> = folders
        .map(|entry| entry.expect("an entry of a folder can be read").file_name().to_string_lossy().into_owned())
        .collect();
    let mut told: Vec<String> = STORIES.iter().map(|(branch, _)| (*branch).to_owned()).collect();
    branches.sort();
    told.sort();
    assert_eq!(branches, told);
}
