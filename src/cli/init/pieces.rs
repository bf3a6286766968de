//! What `init` would write, worked out before anything is.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::new_file;
use crate::document::{Document, Syntax};
use crate::error::UserError;
use crate::record::Written;
use crate::source::RepoPath;

/// The workflow of the README.
const WORKFLOW: &str = include_str!("workflow.yml");

/// What coding agents are told.
const AGENTS: &str = include_str!("agents.md");

/// Files of instructions for coding agents, the one that is asked for first.
const AGENT_FILES: &[&str] = &["AGENTS.md", "CLAUDE.md"];

/// Entries of a folder of workflows that are looked at.
const MAX_WORKFLOWS: usize = 500;

/// The largest file that is read to see whether it speaks of driftgate already.
const MAX_BYTES: u64 = 4 << 20;

const HOOK: &str = "#!/bin/sh\n# What does this change break, and for whom?\nexec driftgate check --staged\n";

const PRE_COMMIT_ENTRY: &[&str] =
    &["- repo: https://github.com/driftgate/driftgate", "  rev: v0.1.0", "  hooks:", "    - id: driftgate"];

/// One file.
pub(super) struct Piece {
    pub written: Written,
    /// Where it goes, for a hook, which may lie outside of the working tree and has to be executable.
    pub absolute: Option<PathBuf>,
}

/// Everything that is lacking.
pub(super) struct Plan {
    pub root: PathBuf,
    pub pieces: Vec<Piece>,
    pub notes: Vec<String>,
}

impl Plan {
    pub fn new(root: &Path) -> Self {
        Plan { root: root.to_path_buf(), pieces: Vec::new(), notes: Vec::new() }
    }

    pub fn note(&mut self, text: String) {
        self.notes.push(text);
    }

    /// A new file, where there is none.
    pub fn create(&mut self, path: &str, text: &str) {
        if std::fs::symlink_metadata(self.root.join(path)).is_ok() {
            self.note(format!("{path} is there already"));
        } else {
            self.pieces.push(Piece { written: new_file(path, text), absolute: None });
        }
    }

    fn change(&mut self, path: &str, before: String, after: String) {
        let written = Written { file: RepoPath::new(path), before: Some(before), after };
        self.pieces.push(Piece { written, absolute: None });
    }

    /// The text of a file of the working tree; `None` where there is none, or it leads elsewhere.
    fn text(&self, path: &str) -> Option<String> {
        let file = self.root.join(path);
        let meta = std::fs::symlink_metadata(&file).ok()?;
        (meta.is_file() && meta.len() <= MAX_BYTES).then(|| std::fs::read_to_string(&file).ok()).flatten()
    }

    fn exists(&self, path: &str) -> bool {
        std::fs::symlink_metadata(self.root.join(path)).is_ok()
    }
}

/// A workflow of GitHub's, unless one runs driftgate already or the repository is built elsewhere.
pub(super) fn workflow(plan: &mut Plan) {
    let folder = ".github/workflows";
    let names: Vec<String> = std::fs::read_dir(plan.root.join(folder))
        .map(|entries| {
            let mut names: Vec<String> = entries
                .filter_map(Result::ok)
                .take(MAX_WORKFLOWS)
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .collect();
            names.sort();
            names
        })
        .unwrap_or_default();
    for name in &names {
        let path = format!("{folder}/{name}");
        if plan.text(&path).is_some_and(|text| text.contains("driftgate")) {
            plan.note(format!("{path} runs driftgate already"));
            return;
        }
    }
    if names.is_empty() && plan.exists(".gitlab-ci.yml") {
        plan.note(
            "this repository is built by GitLab: add a job with `driftgate check` to .gitlab-ci.yml; it writes a Code Quality report"
                .to_owned(),
        );
        return;
    }
    plan.create(&format!("{folder}/driftgate.yml"), WORKFLOW);
}

/// An entry for pre-commit: a file of its own, or one more repository at the end of the list.
pub(super) fn pre_commit(plan: &mut Plan) {
    let names = [".pre-commit-config.yaml", ".pre-commit-config.yml"];
    let Some(path) = names.into_iter().find(|path| plan.exists(path)) else {
        let lines: Vec<String> = PRE_COMMIT_ENTRY.iter().map(|line| format!("  {line}\n")).collect();
        plan.create(names[0], &format!("repos:\n{}", lines.concat()));
        return;
    };
    let by_hand = format!("{path} is there already, and could not be extended; add to its `repos`: {}", PRE_COMMIT_ENTRY[0]);
    let Some(text) = plan.text(path) else {
        plan.note(by_hand);
        return;
    };
    if text.contains("driftgate") {
        plan.note(format!("{path} runs driftgate already"));
        return;
    }
    match with_entry(path, &text) {
        Some(after) => plan.change(path, text, after),
        None => plan.note(by_hand),
    }
}

/// The configuration of pre-commit with one more repository; `None` where its list is not written line by line.
fn with_entry(path: &str, text: &str) -> Option<String> {
    let file = RepoPath::new(path);
    let plain = text.replace("\r\n", "\n");
    let document = Document::read_as(Syntax::Yaml, &file, &plain).ok()?;
    let count = document.get("/repos")?.as_array()?.len();
    let first = document.span("/repos/0")?.start as usize;
    let line = &plain[plain[..first].rfind('\n').map_or(0, |at| at + 1)..first];
    let indent = line.strip_suffix("- ").filter(|blank| blank.trim().is_empty())?;
    // The list ends where the next key of the whole stands, or with the file.
    let next = document
        .keys("")
        .into_iter()
        .filter_map(|key| document.key_span(&crate::document::join("", key)))
        .map(|span| span.start as usize)
        .filter(|start| *start > first)
        .min()
        .unwrap_or(plain.len());
    let head = plain[..next].trim_end();
    let entry: String = PRE_COMMIT_ENTRY.iter().map(|line| format!("\n{indent}{line}")).collect();
    let after = format!("{head}{entry}{}", if next == plain.len() { "\n".to_owned() } else { plain[head.len()..].to_owned() });
    let read = Document::read_as(Syntax::Yaml, &file, &after).ok()?;
    let same = read.get("/repos")?.as_array()?.len() == count + 1;
    same.then_some(after)
}

/// The folder in which git looks for hooks, as git says it, relative to the root where it lies inside: `core.hooksPath` and linked
/// worktrees have their own ideas.
///
/// # Errors
/// Where git does not run or does not know; the error says why.
pub(in crate::cli) fn hooks_folder(root: &Path) -> Result<String, String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["rev-parse", "--git-path", "hooks"])
        .output()
        .map_err(|error| format!("git does not run: {error}"))?;
    if !output.status.success() {
        return Err(format!("git does not say where hooks are: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end_matches(['\n', '\r']).to_owned())
}

/// A hook of git itself, where git looks for it.
pub(super) fn git_hook(plan: &mut Plan) -> Result<(), UserError> {
    let folder = hooks_folder(&plan.root).map_err(|message| UserError::Repository {
        message,
        help: "write the hook by hand: `exec driftgate check --staged` in the `pre-commit` of your hooks folder".to_owned(),
    })?;
    let file = plan.root.join(&folder).join("pre-commit");
    let shown = format!("{folder}/pre-commit");
    if let Ok(meta) = std::fs::symlink_metadata(&file) {
        let runs = meta.is_file() && std::fs::read_to_string(&file).is_ok_and(|text| text.contains("driftgate"));
        plan.note(if runs {
            format!("{shown} runs driftgate already")
        } else {
            format!("{shown} is there already; add the line `driftgate check --staged` to it")
        });
        return Ok(());
    }
    plan.pieces.push(Piece { written: new_file(&shown, HOOK), absolute: Some(file) });
    Ok(())
}

/// A paragraph for coding agents, at the end of the instructions that are there.
pub(super) fn agents(plan: &mut Plan) {
    let known: Vec<(&str, String)> = AGENT_FILES.iter().filter_map(|path| Some((*path, plan.text(path)?))).collect();
    if let Some((path, _)) = known.iter().find(|(_, text)| text.contains("driftgate")) {
        plan.note(format!("{path} speaks of driftgate already"));
        return;
    }
    match known.into_iter().next() {
        Some((path, before)) => {
            let plain = before.replace("\r\n", "\n");
            let gap = if plain.trim().is_empty() { "" } else { "\n\n" };
            let after = format!("{}{gap}{AGENTS}", plain.trim_end());
            plan.change(path, before, after);
        }
        None => match AGENT_FILES.iter().find(|path| plan.exists(path)) {
            // A link, perhaps out of the repository.
            Some(path) => plan.note(format!("{path} is no plain file and is left alone")),
            None => plan.create(AGENT_FILES[0], &format!("# Instructions for coding agents\n\n{AGENTS}")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_added_to_the_list_of_pre_commit_wherever_it_ends() {
        let entry = "- repo: https://github.com/driftgate/driftgate\n  rev: v0.1.0\n  hooks:\n    - id: driftgate\n";
        for (before, after) in [
            (
                "repos:\n- repo: https://a.dev/x\n  hooks:\n  - id: x\n",
                format!("repos:\n- repo: https://a.dev/x\n  hooks:\n  - id: x\n{entry}"),
            ),
            (
                "repos:\n- repo: local\n  hooks: []\n\n# what else\nfail_fast: true\n",
                format!("repos:\n- repo: local\n  hooks: []\n\n# what else\n{}\nfail_fast: true\n", entry.trim_end()),
            ),
        ] {
            assert_eq!(with_entry("a.yaml", before).expect("it is a list"), after);
        }
        assert_eq!(with_entry("a.yaml", "repos: []\n"), None);
        assert_eq!(with_entry("a.yaml", "repos: [{repo: local, hooks: []}]\n"), None);
    }
}
