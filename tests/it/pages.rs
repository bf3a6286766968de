//! Every rule's page is run: the findings of its examples are those that it prints, no more and no fewer.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rayon::prelude::*;

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
    // `PAGE=field cargo test …` runs the pages whose names hold that word.
    let only = std::env::var("PAGE").unwrap_or_default();
    let all: Vec<(&str, Example)> = RULES
        .iter()
        .filter(|rule| rule.id.contains(&only))
        .flat_map(|rule| examples_of(rule).into_iter().map(|e| (rule.id, e)))
        .collect();
    let report: Vec<String> = all
        .par_iter()
        .map(|(rule, example)| (rule, example, differences(example)))
        .filter(|(_, _, found)| !found.is_empty())
        .map(|(rule, example, found)| format!("src/rules/{rule}.md:{} {}\n{found}", example.line, example.title))
        .collect();
    assert!(report.is_empty(), "+ found, - expected\n\n{}\n", report.join("\n"));
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
    let all: Vec<(&str, Example)> = RULES.iter().flat_map(|rule| examples_of(rule).into_iter().map(|e| (rule.id, e))).collect();
    let report: Vec<String> = all
        .par_iter()
        .flat_map_iter(|(rule, example)| {
            let mut wrong = Vec::new();
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
                    wrong.push(format!("src/rules/{rule}.md:{} {side}\n{}", example.line, new.join("\n")));
                }
            }
            wrong
        })
        .collect();
    assert!(report.is_empty(), "\n{}\n", report.join("\n"));
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
