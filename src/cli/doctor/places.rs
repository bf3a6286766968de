//! Where the check is called from: the files of CI systems and of hooks.

use std::path::Path;

use super::{PlaceForm, Point};
use crate::cli::init::hooks_folder;
use crate::error::UserError;
use crate::snapshot::{Repository, Snapshot};
use crate::source::SourceText;
use crate::workflows::{self, callers, calls};

/// Files in which a hook manager, or a folder of hooks, is told what to run.
fn is_hook(path: &str) -> bool {
    let named = [
        ".pre-commit-config.yaml",
        ".pre-commit-config.yml",
        "prek.toml",
        "lefthook.yml",
        "lefthook.yaml",
        ".lefthook.yml",
        ".lefthook.yaml",
        "package.json",
        ".overcommit.yml",
    ];
    named.contains(&path) || [".husky/", ".githooks/", "githooks/", ".hooks/"].iter().any(|folder| path.starts_with(folder))
}

fn places(found: &[SourceText]) -> Vec<PlaceForm> {
    let line = |text: &SourceText| calls(text.text()).next().map(|(line, _)| line);
    found.iter().map(|text| PlaceForm { file: text.path.to_string(), line: line(text) }).collect()
}

/// Whether a workflow calls the check.
pub(super) fn workflow(snapshot: &dyn Snapshot) -> Result<Point, UserError> {
    const ID: &str = "workflow";
    let found = callers(snapshot, workflows::claims)?;
    if found.is_empty() {
        let help = "`driftgate init` writes one; make it a required check, so that a pull request cannot be merged without it";
        return Ok(Point::warning(ID, "no workflow of a CI system calls the check", help));
    }
    // The action fetches the base itself; a plain command has only what the checkout brought.
    let shallow = found.iter().any(|file| {
        file.path.as_str().starts_with(".github/workflows/")
            && calls(file.text()).any(|(_, line)| line.contains("driftgate check"))
            && !file.text().contains("fetch-depth")
    });
    if shallow {
        let help = "set `fetch-depth: 2` on actions/checkout (0 for pushes), or use the action, which fetches the base itself";
        return Ok(Point::warning(ID, "a workflow runs `driftgate check` on a checkout of depth 1", help).at(places(&found)));
    }
    Ok(Point::ok(ID, "a workflow calls the check").at(places(&found)))
}

/// Whether a hook of git calls the check.
pub(super) fn hook(repository: &Repository, snapshot: &dyn Snapshot) -> Result<Point, UserError> {
    const ID: &str = "hook";
    let mut known = places(&callers(snapshot, is_hook)?);
    let root = repository.work_dir().unwrap_or(repository.git_dir());
    // Where there is no git to ask, hooks are where they usually are.
    let hooks = hooks_folder(root).map_or_else(|_| repository.git_dir().join("hooks"), |folder| root.join(folder));
    for name in ["pre-commit", "pre-push", "pre-merge-commit"] {
        let file = hooks.join(name);
        if std::fs::read_to_string(&file).is_ok_and(|text| calls(&text).next().is_some()) {
            known.push(PlaceForm { file: shown(&file, repository.work_dir()), line: None });
        }
    }
    Ok(if known.is_empty() {
        let help = "`driftgate init` adds one to .pre-commit-config.yaml, `driftgate init --hook` one of git itself";
        Point::warning(ID, "no hook of git calls the check", help)
    } else {
        Point::ok(ID, "a hook of git calls the check").at(known)
    })
}

fn shown(file: &Path, root: Option<&Path>) -> String {
    let relative = root.and_then(|root| file.strip_prefix(root).ok()).unwrap_or(file);
    relative.display().to_string().replace('\\', "/")
}
