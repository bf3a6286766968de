//! Where a CI system is told to run the check, and what a change takes away from that.
//!
//! Such files are not understood, only looked at: which lines call the check, and what stands in the step around them.

use crate::compare;
use crate::error::UserError;
use crate::facts::Role;
use crate::finding::Finding;
use crate::snapshot::{Content, Snapshot};
use crate::source::{Origin, RepoPath, SourceText, Span};

/// What in a step lets it pass whatever the check says, with blanks as one blank.
const PASSES: &[&str] = &[
    "continue-on-error: true",
    "allow_failure: true",
    "|| true",
    "|| :",
    "fail-on: never",
    "--fail-on never",
    "--fail-on=never",
    "if: false",
];

/// Whether this is a file in which a CI system is told what to run.
pub fn claims(path: &str) -> bool {
    let yaml = path.ends_with(".yml") || path.ends_with(".yaml");
    let named = [
        ".gitlab-ci.yml",
        ".circleci/config.yml",
        "azure-pipelines.yml",
        "bitbucket-pipelines.yml",
        ".travis.yml",
        ".drone.yml",
        ".woodpecker.yml",
        "Jenkinsfile",
    ];
    let folders = [
        ".github/workflows/",
        ".gitlab/",
        ".buildkite/",
        ".circleci/",
        ".forgejo/workflows/",
        ".gitea/workflows/",
        ".woodpecker/",
    ];
    named.contains(&path) || (yaml && folders.iter().any(|folder| path.starts_with(folder)))
}

/// The lines of a text that run the check: a mention in a comment, or in a name for people, does not.
pub fn calls(text: &str) -> impl Iterator<Item = (u32, &str)> {
    (1..).zip(text.lines()).filter(|(_, line)| {
        let line = line.trim_start().trim_start_matches("- ");
        let said = ["#", "//", "name:", "description:"].iter().any(|start| line.starts_with(start));
        line.contains("driftgate") && !said
    })
}

/// Whether a line that names the program has it check: others may only build or pack it.
fn checks(line: &str) -> bool {
    line.contains("driftgate check") || line.trim_start().trim_start_matches("- ").starts_with("uses:")
}

/// The files of a kind that call the check.
///
/// # Errors
/// Where the snapshot cannot be listed.
pub fn callers(snapshot: &dyn Snapshot, claims: fn(&str) -> bool) -> Result<Vec<SourceText>, UserError> {
    let listing = snapshot.entries(&|path| claims(path.as_str()))?;
    let texts = listing.entries.iter().filter_map(|entry| match snapshot.read(entry) {
        Content::Text(text) => Some(text),
        Content::Skipped(_) => None,
    });
    Ok(texts.filter(|text| calls(text.text()).next().is_some()).collect())
}

/// What head takes away: no workflow runs the check any more, or the step that does passes whatever it says.
///
/// # Errors
/// Where a snapshot cannot be listed.
pub fn weakened(base: &dyn Snapshot, head: &dyn Snapshot) -> Result<Vec<Finding>, UserError> {
    let checking = |text: &SourceText| calls(text.text()).any(|(_, line)| checks(line));
    let mut before = callers(base, claims)?;
    before.retain(checking);
    let Some(first) = before.first() else { return Ok(Vec::new()) };
    let mut after = callers(head, claims)?;
    after.retain(checking);
    if after.is_empty() {
        let message = format!("no workflow runs the check any more (`{}` did)", first.path);
        let mut found = finding(&message, (first.path.to_string(), String::new()));
        found.base = place(first, |_| true);
        return Ok(vec![found]);
    }
    let mut found = Vec::new();
    for new in &after {
        let old = before.iter().find(|old| old.path == new.path);
        let (was, is) = (old.map(|old| steps(old.text())).unwrap_or_default(), steps(new.text()));
        for way in PASSES.iter().filter(|way| !was.contains(**way) && is.contains(**way)) {
            // A further workflow may be as lenient as it likes, as long as the others stay.
            if old.is_none() && before.iter().all(|old| after.iter().any(|new| new.path == old.path)) {
                continue;
            }
            let message = format!("the step that runs the check now says `{way}`, so it passes whatever the check says");
            let mut weak = finding(&message, (String::new(), format!("{} {way}", new.path)));
            weak.base = old.and_then(|old| place(old, |_| true));
            weak.head = place(new, |line| plain(line).contains(*way)).or_else(|| place(new, |_| true));
            found.push(weak);
        }
    }
    Ok(found)
}

fn finding(message: &str, fragments: (String, String)) -> Finding {
    let mut found = compare::finding("gate-weakened", "", Role::Producer, format!("this change loosens the gate: {message}"));
    found.path = String::new();
    found.fragments = fragments;
    found.help = "let somebody else make it in a change of its own".to_owned();
    found
}

/// The first line of the steps that call the check of which something holds.
fn place(text: &SourceText, wanted: impl Fn(&str) -> bool) -> Option<Origin> {
    let lines: Vec<&str> = text.text().split_inclusive('\n').collect();
    let mut inside: Vec<usize> = calls(text.text()).filter(|(_, line)| checks(line)).map(|(line, _)| line as usize - 1).collect();
    // The calls themselves come first.
    let around: Vec<usize> = inside.iter().flat_map(|at| step(&lines, *at)).collect();
    inside.extend(around);
    let at = inside.into_iter().find(|at| wanted(lines[*at]))?;
    let start: usize = lines[..at].iter().map(|line| line.len()).sum();
    let blank = lines[at].len() - lines[at].trim_start().len();
    Some(Origin::new(RepoPath::clone(&text.path), Span::new(start + blank, start + lines[at].trim_end().len())))
}

/// The text of the steps that call the check, without comments and with blanks as one blank.
fn steps(text: &str) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut out = String::new();
    for (line, _) in calls(text).filter(|(_, line)| checks(line)) {
        for at in step(&lines, line as usize - 1) {
            out.push_str(&plain(lines[at]));
            out.push('\n');
        }
    }
    out
}

/// A line without its comment, with blanks as one blank and without quotes.
fn plain(line: &str) -> String {
    let code = match line.trim_start().starts_with('#') {
        true => "",
        false => line.split(" #").next().unwrap_or_default(),
    };
    code.replace(['"', '\''], "").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The item of a list in YAML that a line stands in; elsewhere the line alone.
fn step(lines: &[&str], at: usize) -> std::ops::Range<usize> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let blank = |line: &str| line.trim().is_empty();
    let own = indent(lines[at]);
    let start = (0..=at).rev().find(|other| {
        let line = lines[*other];
        line.trim_start().starts_with("- ") && (*other == at || indent(line) < own)
    });
    let Some(start) = start else { return at..at + 1 };
    let level = indent(lines[start]);
    let end =
        (start + 1..lines.len()).find(|other| !blank(lines[*other]) && indent(lines[*other]) <= level).unwrap_or(lines.len());
    start..end.max(at + 1)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::snapshot::MemorySnapshot;

    const FILE: &str = ".github/workflows/ci.yml";
    const WORKFLOW: &str = "name: driftgate\njobs:\n  check:\n    steps:\n      - uses: actions/checkout@v5\n      - name: Contracts\n        uses: driftgate/driftgate@v0.1.0\n        with:\n          comment: true\n      - run: cargo test\n";

    fn check(base: &[(&str, &str)], head: &[(&str, &str)], expected: Expect) {
        let snapshot = |files: &[(&str, &str)]| MemorySnapshot::new(files.iter().copied());
        let found = weakened(&snapshot(base), &snapshot(head)).expect("memory can be listed");
        let said = found.iter().map(|finding| {
            let line = |origin: &Option<Origin>| {
                let texts = if origin == &finding.base { base } else { head };
                origin.as_ref().map(|origin| {
                    let text = texts.iter().find(|(path, _)| *path == origin.file.as_str()).expect("it is there").1;
                    text[origin.span.start as usize..origin.span.end as usize].to_owned()
                })
            };
            format!("{}\n  {:?} -> {:?}\n", finding.message, line(&finding.base), line(&finding.head))
        });
        expected.assert_eq(&said.collect::<String>());
    }

    #[test]
    fn a_workflow_that_no_longer_calls_the_check_is_told() {
        let gone = WORKFLOW.replace("        uses: driftgate/driftgate@v0.1.0\n", "        # uses: driftgate/driftgate@v0.1.0\n");
        check(
            &[(FILE, WORKFLOW)],
            &[(FILE, &gone)],
            expect![[r#"
            this change loosens the gate: no workflow runs the check any more (`.github/workflows/ci.yml` did)
              Some("uses: driftgate/driftgate@v0.1.0") -> None
        "#]],
        );
        check(
            &[(FILE, WORKFLOW), ("a", "")],
            &[("a", "")],
            expect![[r#"
            this change loosens the gate: no workflow runs the check any more (`.github/workflows/ci.yml` did)
              Some("uses: driftgate/driftgate@v0.1.0") -> None
        "#]],
        );
    }

    #[test]
    fn a_step_that_passes_whatever_the_check_says_is_told() {
        let lenient =
            WORKFLOW.replace("        with:\n", "        continue-on-error:  true\n        with:\n          fail-on: 'never'\n");
        check(
            &[(FILE, WORKFLOW)],
            &[(FILE, &lenient)],
            expect![[r#"
            this change loosens the gate: the step that runs the check now says `continue-on-error: true`, so it passes whatever the check says
              Some("uses: driftgate/driftgate@v0.1.0") -> Some("continue-on-error:  true")
            this change loosens the gate: the step that runs the check now says `fail-on: never`, so it passes whatever the check says
              Some("uses: driftgate/driftgate@v0.1.0") -> Some("fail-on: 'never'")
        "#]],
        );
        let gitlab = "check:\n  script:\n    - driftgate check\n";
        let lenient = gitlab.replace("check\n", "check || true\n");
        check(
            &[(".gitlab-ci.yml", gitlab)],
            &[(".gitlab-ci.yml", &lenient)],
            expect![[r#"
            this change loosens the gate: the step that runs the check now says `|| true`, so it passes whatever the check says
              Some("- driftgate check") -> Some("- driftgate check || true")
        "#]],
        );
    }

    #[test]
    fn other_edits_of_workflows_are_nobodys_business() {
        let other = WORKFLOW.replace("- run: cargo test\n", "- run: cargo test || true\n        continue-on-error: true\n");
        check(&[(FILE, WORKFLOW)], &[(FILE, &other)], expect![""]);
        // Moved, another version, a second one that only tells.
        check(&[(FILE, WORKFLOW)], &[(".github/workflows/contracts.yml", &WORKFLOW.replace("v0.1.0", "v0.2.0"))], expect![""]);
        let second = WORKFLOW.replace("        with:\n", "        continue-on-error: true\n        with:\n");
        check(&[(FILE, WORKFLOW)], &[(FILE, WORKFLOW), (".github/workflows/b.yml", &second)], expect![""]);
        check(&[("README.md", WORKFLOW)], &[], expect![""]);
        check(&[], &[(FILE, &second)], expect![""]);
    }
}
