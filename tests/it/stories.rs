//! One repository, and a branch of it for each way in which a handoff is lost: each gives what a reviewer would write down, and no more.

use std::collections::BTreeMap;
use std::path::Path;

use driftgate::check::{Options, check};
use driftgate::snapshot::MemorySnapshot;

/// The branches under `fixtures/repos/stories`, each with the findings that it gives. A branch holds the files that it changes.
const STORIES: &[(&str, &[(&str, &str, &str)])] = &[
    ("await-lost", &[("publish-not-awaited", "error", "user.signup")]),
    ("answer-first", &[("response-before-publish", "warning", "user.signup")]),
    ("error-swallowed", &[("publish-error-swallowed", "warning", "user.signup")]),
    ("only-for-some", &[("event-now-conditional", "warning", "user.signup")]),
    ("outbox-replaced", &[("publish-outside-transaction", "error", "invoice.paid")]),
    ("publish-moved-out", &[("publish-outside-transaction", "warning", "plan.upgraded")]),
    ("ack-first", &[("ack-before-processing", "error", "mail.bounced")]),
];

/// The files of a branch, laid over those of base.
fn branch(name: &str) -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/repos/stories");
    let mut files = BTreeMap::new();
    for part in ["base", name] {
        let folder = root.join(part);
        for entry in walkdir::WalkDir::new(&folder) {
            let entry = entry.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
            if entry.file_type().is_file() {
                let path = entry.path().strip_prefix(&folder).expect("it stands there").to_string_lossy().replace('\\', "/");
                files.insert(path, std::fs::read_to_string(entry.path()).expect("the fixture is text"));
            }
        }
    }
    files
}

#[test]
fn every_story_gives_what_a_reviewer_would_write_down() {
    let snapshot =
        |files: &BTreeMap<String, String>| MemorySnapshot::new(files.iter().map(|(path, text)| (path, text.as_bytes())));
    let base = snapshot(&branch("base"));
    for (name, expected) in STORIES {
        let outcome = check(&base, &snapshot(&branch(name)), &Options::default()).expect("the check runs");
        let found: Vec<(&str, &str, &str)> =
            outcome.findings.iter().map(|finding| (finding.rule, finding.severity.as_str(), finding.event.as_str())).collect();
        assert_eq!(found, *expected, "{name}: {:#?}", outcome.findings);
    }
}
