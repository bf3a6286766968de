//! The README runs: every console block is executed in one sample repository, from top to bottom, and prints what it says.
//!
//! A `console` fence holds commands after `$ ` and what they print. A line that is `…` alone stands for any lines; at the start
//! or the end of a line it stands for any text. `$ echo $?` shows the exit code of the command before. A fence after `<!-- file: PATH -->` is a file that
//! is written into the repository; after `<!-- not run: WHY -->` it is left alone.

use std::fmt::Write as _;

use driftgate::config::Config;
use driftgate::document::Document;
use driftgate::rules;
use driftgate::source::RepoPath;

use crate::program::{Place, root};

/// A fence of a page.
#[derive(Debug)]
struct Fence {
    line: usize,
    language: String,
    /// The comment right above it.
    note: Option<String>,
    body: String,
}

fn fences(page: &str) -> Vec<Fence> {
    let mut fences = Vec::new();
    let mut note: Option<String> = None;
    let mut lines = page.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let body: Vec<&str> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
            let body = body.iter().fold(String::new(), |text, line| text + line + "\n");
            fences.push(Fence { line: at + 1, language: language.trim().to_owned(), note: note.take(), body });
        } else if let Some(comment) = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->")) {
            note = Some(comment.to_owned());
        } else if !line.is_empty() {
            note = None;
        }
    }
    fences
}

/// A command and the lines that it prints.
#[derive(Debug, PartialEq)]
struct Step<'p> {
    line: usize,
    command: String,
    prints: Vec<&'p str>,
}

fn steps(fence: &Fence) -> Vec<Step<'_>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    for (at, line) in fence.body.lines().enumerate() {
        match line.strip_prefix("$ ") {
            Some(command) => steps.push(Step { line: fence.line + 1 + at, command: command.to_owned(), prints: Vec::new() }),
            None => steps.last_mut().expect("a console block starts with a command").prints.push(line),
        }
    }
    steps
}

/// Whether a text is what a page shows of it.
fn shows(wanted: &[&str], lines: &[&str]) -> bool {
    match (wanted, lines) {
        (["…", rest @ ..], _) => (0..=lines.len()).any(|skipped| shows(rest, &lines[skipped..])),
        ([wanted, rest @ ..], [line, others @ ..]) => {
            let (open, wanted) = wanted.strip_prefix("… ").map_or((false, *wanted), |rest| (true, rest));
            let same = match (open, wanted.strip_suffix(" …")) {
                (false, None) => wanted == *line,
                (false, Some(start)) => line.starts_with(start),
                (true, None) => line.ends_with(wanted),
                (true, Some(part)) => line.contains(part),
            };
            same && shows(rest, others)
        }
        ([], lines) => lines.is_empty(),
        ([_, ..], []) => false,
    }
}

#[test]
fn what_is_left_out_of_an_example_is_marked() {
    for (wanted, lines, same) in [
        (&["a", "b"][..], &["a", "b"][..], true),
        (&["a"][..], &["a", "b"][..], false),
        (&["a", "…"][..], &["a", "b", "c"][..], true),
        (&["a", "…", "c"][..], &["a", "b", "c"][..], true),
        (&["a", "…", "d"][..], &["a", "b", "c"][..], false),
        (&["seen at …"][..], &["seen at noon"][..], true),
        (&["seen at …"][..], &["heard at noon"][..], false),
        (&["… at noon"][..], &["seen at noon"][..], true),
        (&["… at noon"][..], &["seen at night"][..], false),
    ] {
        assert_eq!(shows(wanted, lines), same, "{wanted:?} {lines:?}");
    }
}

#[test]
fn the_readme_does_what_it_says() {
    let page = std::fs::read_to_string(root().join("README.md")).expect("there is a README");
    let place = Place::sample();
    let mut report = String::new();
    let mut run = 0;
    for fence in fences(&page) {
        match fence.note.as_deref().map(|note| note.split_once(": ").unwrap_or((note, ""))) {
            Some(("file", path)) => place.write(path, &fence.body),
            Some(("not run", _)) => {}
            Some(_) | None if fence.language == "console" => {
                let mut code = 0;
                for step in steps(&fence) {
                    let lines: Vec<String> = if step.command == "echo $?" {
                        vec![code.to_string()]
                    } else {
                        let said = place.shell(&step.command.replace("cargo run --release --", "driftgate"));
                        code = said.code;
                        run += 1;
                        // The width of the terminal decides where blanks end a line.
                        said.out.lines().chain(said.err.lines()).map(|line| line.trim_end().to_owned()).collect()
                    };
                    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
                    if !shows(&step.prints, &lines) {
                        let _ = writeln!(report, "README.md:{}: {}\n{}\n", step.line, step.command, lines.join("\n"));
                    }
                }
            }
            Some(_) | None => {}
        }
    }
    assert!(report.is_empty(), "these print something else:\n\n{report}");
    assert!(run > 5, "the README's examples were not found");
}

fn yaml(text: &str) -> serde_json::Value {
    Document::read(&RepoPath::new("page.yaml"), text).map_err(|fault| fault.message).expect("YAML").value
}

/// What is shown to be copied is taken by what it is copied for.
#[test]
fn the_readmes_configurations_are_understood() {
    let page = std::fs::read_to_string(root().join("README.md")).expect("there is a README");
    let (mut configurations, mut documents) = (0, 0);
    for fence in fences(&page) {
        if fence.language == "toml" {
            let file = RepoPath::new("driftgate.toml");
            let config = Config::read(&file, &fence.body).map_err(|fault| fault.message).expect("a configuration");
            config.check_rules(&file, &fence.body, &rules::names()).map_err(|fault| fault.message).expect("known rules");
            configurations += 1;
        }
        if fence.language == "yaml" {
            let value = yaml(&fence.body);
            assert!(value.is_object(), "README.md:{}: {value}", fence.line);
            documents += 1;
            if let Some(hook) = value.pointer("/repos/0/hooks/0/id").and_then(serde_json::Value::as_str) {
                let hooks = std::fs::read_to_string(root().join(".pre-commit-hooks.yaml")).expect("the hooks are there");
                assert!(hooks.lines().any(|line| line == format!("- id: {hook}")), "there is no hook `{hook}`");
            }
            if let Some(given) = value.pointer("/jobs/driftgate/steps/1/with").and_then(serde_json::Value::as_object) {
                let action = std::fs::read_to_string(root().join("action.yml")).expect("the action is there");
                let action = yaml(&action);
                for name in given.keys() {
                    assert!(action["inputs"].get(name).is_some(), "the action has no input `{name}`");
                }
            }
        }
    }
    assert_eq!((configurations, documents), (1, 4));
}

#[test]
fn every_file_that_a_page_names_is_there() {
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        let page = std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        for (at, line) in page.lines().enumerate() {
            for (_, rest) in line.match_indices("](").map(|(found, _)| line.split_at(found + 2)) {
                let target = rest.split([')', '#']).next().unwrap_or_default();
                if !target.is_empty() && !target.contains("://") {
                    assert!(root().join(target).exists(), "{name}:{}: there is no `{target}`", at + 1);
                }
            }
            // In the map, what stands in backquotes and starts with a folder of the repository is a path of it.
            for quoted in line.split('`').skip(1).step_by(2) {
                let is_path = ["src/", "tests/", "fixtures/", "contracts/", "benches/", "fuzz/"]
                    .iter()
                    .any(|start| quoted.starts_with(start));
                if name != "README.md" && is_path && !quoted.contains(['<', '*', '{', ' ']) {
                    assert!(root().join(quoted).exists(), "{name}:{}: there is no `{quoted}`", at + 1);
                }
            }
        }
    }
}
