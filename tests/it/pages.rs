//! Every rule's page is run: the findings of its examples are those that it prints, no more and no fewer.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use driftgate::check::{Options, Outcome, check};
use driftgate::finding::{Finding, Status};
use driftgate::rules::{self, RULES, RuleMeta};
use driftgate::source::{BlobId, Origin, RepoPath, SourceText};

use crate::page::{Example, Expected, examples};
use crate::sides::memory;

/// What one example says beside what it should say, for people; empty where the two agree.
fn differences(example: &Example) -> String {
    let outcome = match check(&memory(&example.base), &memory(&example.head), &Options::default()) {
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

/// Every example with its rule, each given to `say` on one of a few threads; what they say, in the order of the pages.
fn of_every_example(say: impl Fn(&RuleMeta, &Example) -> String + Sync) -> String {
    // `PAGE=field cargo test …` runs the pages whose names hold that word.
    let only = std::env::var("PAGE").unwrap_or_default();
    let rules = RULES.iter().filter(|rule| rule.id.contains(&only));
    let all: Vec<(&RuleMeta, Example)> =
        rules.flat_map(|rule| examples_of(rule).into_iter().map(move |one| (rule, one))).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = all.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> = all
            .chunks(share)
            .map(|part| scope.spawn(|| part.iter().map(|(rule, example)| say(rule, example)).collect::<String>()))
            .collect();
        parts.into_iter().map(|part| part.join().expect("the check does not panic")).collect()
    })
}

#[test]
fn every_page_says_what_the_check_says() {
    let report = of_every_example(|rule, example| match differences(example) {
        found if found.is_empty() => found,
        found => format!("src/rules/{}.md:{} {}\n{found}\n", rule.id, example.line, example.title),
    });
    assert!(report.is_empty(), "+ found, - expected\n\n{report}");
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
    let report = of_every_example(|rule, example| {
        let mut wrong = String::new();
        for (side, files) in [("base", &example.base), ("head", &example.head)] {
            let same = Example { base: files.clone(), head: files.clone(), ..Example::default() };
            // A contract that cannot be read ends the run where it stands at base.
            let Ok(outcome) = check(&memory(files), &memory(files), &Options::default()) else { continue };
            for finding in outcome.findings.iter().filter(|finding| finding.status == Status::New) {
                let _ = writeln!(wrong, "src/rules/{}.md:{} {side}: {}", rule.id, example.line, told(finding, &same));
            }
        }
        wrong
    });
    assert!(report.is_empty(), "\n{report}");
}

/// Everything that the check says of the first example of every page, for [`the_number_of_threads_changes_nothing`].
#[test]
#[ignore = "run by another test, in a process with its own number of threads"]
fn say_everything() {
    let mut said = String::new();
    for example in RULES.iter().filter_map(|rule| examples_of(rule).into_iter().next()) {
        match check(&memory(&example.base), &memory(&example.head), &Options::default()) {
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
