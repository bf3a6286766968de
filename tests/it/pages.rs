//! Every rule's page is run: the findings of its examples are those that it prints, no more and no fewer.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use driftgate::check::{Options, Outcome, check};
use driftgate::finding::Finding;
use driftgate::rules::{self, RULES, RuleMeta};
use driftgate::snapshot::MemorySnapshot;
use driftgate::source::{BlobId, Origin, RepoPath, SourceText};

use crate::page::{Example, Expected, examples};

fn snapshot(files: &BTreeMap<String, String>) -> MemorySnapshot {
    MemorySnapshot::new(files.iter().map(|(path, text)| (path, text.as_bytes())))
}

/// What one example says beside what it should say, for people; empty where the two agree.
fn differences(example: &Example) -> String {
    let outcome = match check(&snapshot(&example.base), &snapshot(&example.head), &Options::default()) {
        Ok(outcome) => outcome,
        Err(error) => return format!("  the check did not run: {error}\n"),
    };
    compare(example, &outcome)
}

fn compare(example: &Example, outcome: &Outcome) -> String {
    let mut missing = example.expected.clone();
    let mut text = String::new();
    for finding in &outcome.findings {
        let told = told(finding, example);
        match missing.iter().position(|wanted| *wanted == told) {
            Some(at) => {
                missing.remove(at);
            }
            None => {
                let _ = writeln!(text, "  + {told}\n      {}", finding.message);
            }
        }
        if rules::find(finding.rule).is_none() {
            let _ = writeln!(text, "  ! `{}` is no rule of the catalogue", finding.rule);
        }
    }
    missing.sort();
    for wanted in missing {
        let _ = writeln!(text, "  - {wanted}");
    }
    if !text.is_empty() {
        for diagnostic in &outcome.diagnostics {
            let file = diagnostic.file.as_ref().map_or("", RepoPath::as_str);
            let _ = writeln!(text, "  ({file}: {})", diagnostic.message);
        }
    }
    text
}

/// A finding as a page writes it down: where it stands in head, or in base where head has no place for it.
fn told(finding: &Finding, example: &Example) -> Expected {
    let place = |side: &str, files: &BTreeMap<String, String>, origin: &Origin| {
        let file = origin.file.as_str();
        let text = files.get(file).map(String::as_str).unwrap_or_default();
        let source = SourceText::new(origin.file.clone(), BlobId::from_bytes(&[]), text);
        (format!("{side}/{file}"), source.position(origin.span.start).line)
    };
    let (file, line) = match (&finding.head, &finding.base) {
        (Some(head), _) => place("head", &example.head, head),
        (None, Some(base)) => place("base", &example.base, base),
        (None, None) => (String::new(), 0),
    };
    Expected {
        file,
        line,
        rule: finding.rule.to_owned(),
        path: finding.path.clone(),
        severity: finding.severity,
        status: finding.status,
    }
}

fn examples_of(rule: &RuleMeta) -> Vec<Example> {
    examples(rule.page).unwrap_or_else(|error| panic!("src/rules/{}.md, {error}", rule.id))
}

#[test]
fn every_page_says_what_the_check_says() {
    let only = std::env::var("PAGE").ok();
    let mut report = String::new();
    let mut failed = Vec::new();
    for rule in RULES.iter().filter(|rule| only.as_deref().is_none_or(|only| rule.id.contains(only))) {
        for example in examples_of(rule) {
            let found = differences(&example);
            if !found.is_empty() {
                let _ = writeln!(report, "src/rules/{}.md:{} {}\n{found}", rule.id, example.line, example.title);
                failed.push(rule.id);
            }
        }
    }
    failed.dedup();
    assert!(report.is_empty(), "\n{report}\n{} pages: {}\n+ found, - expected\n", failed.len(), failed.join(", "));
}

#[test]
fn every_page_has_a_hit_and_a_near_miss() {
    for rule in RULES {
        let examples = examples_of(rule);
        let hits = examples.iter().filter(|example| example.expected.iter().any(|wanted| wanted.rule == rule.id)).count();
        assert!(hits > 0, "src/rules/{}.md: no example in which the rule fires", rule.id);
        assert!(hits < examples.len(), "src/rules/{}.md: no example in which it does not", rule.id);
        for wanted in examples.iter().flat_map(|example| &example.expected) {
            assert!(rules::find(&wanted.rule).is_some(), "src/rules/{}.md: there is no rule `{}`", rule.id, wanted.rule);
        }
    }
}

#[test]
fn a_state_held_against_itself_has_nothing_new() {
    let mut report = String::new();
    for rule in RULES {
        for example in examples_of(rule) {
            for (side, files) in [("base", &example.base), ("head", &example.head)] {
                let same = Example { base: files.clone(), head: files.clone(), ..Example::default() };
                let snapshot = snapshot(files);
                // A contract that cannot be read ends the run where it stands at base.
                let Ok(outcome) = check(&snapshot, &snapshot, &Options::default()) else { continue };
                let new: Vec<String> = outcome
                    .findings
                    .iter()
                    .filter(|finding| finding.status == driftgate::finding::Status::New)
                    .map(|finding| format!("  {}\n      {}", told(finding, &same), finding.message))
                    .collect();
                if !new.is_empty() {
                    let _ = writeln!(report, "src/rules/{}.md:{} {side}\n{}", rule.id, example.line, new.join("\n"));
                }
            }
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

/// Everything that the check says of every example, for [`the_number_of_threads_changes_nothing`].
#[test]
#[ignore = "run by another test, in a process with its own number of threads"]
fn say_everything() {
    let mut said = String::new();
    for example in RULES.iter().flat_map(examples_of) {
        match check(&snapshot(&example.base), &snapshot(&example.head), &Options::default()) {
            Ok(outcome) => drop(writeln!(said, "{:?} {:?}", outcome.findings, outcome.diagnostics)),
            Err(error) => drop(writeln!(said, "{error}")),
        }
    }
    let file = std::env::var("SAID").expect("the other test gives a file");
    std::fs::write(file, said).expect("the file can be written");
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let said = |threads: &str| {
        let file = folder.path().join(threads);
        let status = std::process::Command::new(std::env::current_exe().expect("the test has a file"))
            .args(["--exact", "pages::say_everything", "--ignored", "--quiet"])
            .env("RAYON_NUM_THREADS", threads)
            .env("SAID", &file)
            .stdout(std::process::Stdio::null())
            .status()
            .expect("the test can be run");
        assert!(status.success());
        std::fs::read_to_string(file).expect("it was written")
    };
    let (one, many) = (said("1"), said("8"));
    assert!(one.contains("field-renamed"));
    assert!(one == many, "eight threads say something else than one");
}
