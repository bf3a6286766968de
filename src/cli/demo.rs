//! `driftgate demo`: the main job on a sample repository.

use std::path::Path;
use std::process::Command;

use super::{Color, Outcome, environment, print};
use crate::error::UserError;
use crate::snapshot::FolderSnapshot;

/// The sample repository: path and content at base, and what the branch changes.
const BASE: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("../../fixtures/repos/demo/base/Cargo.toml")),
    ("src/lib.rs", include_str!("../../fixtures/repos/demo/base/src/lib.rs")),
    ("src/events.rs", include_str!("../../fixtures/repos/demo/base/src/events.rs")),
    ("src/signup.rs", include_str!("../../fixtures/repos/demo/base/src/signup.rs")),
    ("src/billing.rs", include_str!("../../fixtures/repos/demo/base/src/billing.rs")),
    ("src/bus.rs", include_str!("../../fixtures/repos/demo/base/src/bus.rs")),
    ("contracts/crm-sync.yaml", include_str!("../../fixtures/repos/demo/base/contracts/crm-sync.yaml")),
    ("contracts/mailer.yaml", include_str!("../../fixtures/repos/demo/base/contracts/mailer.yaml")),
    ("contracts/analytics.yaml", include_str!("../../fixtures/repos/demo/base/contracts/analytics.yaml")),
];
const HEAD: &[(&str, &str)] = &[("src/events.rs", include_str!("../../fixtures/repos/demo/head/src/events.rs"))];

pub fn run(color: Color) -> Result<Outcome, UserError> {
    let folder = tempfile::Builder::new().prefix("driftgate-demo-").tempdir().map_err(|error| UserError::Unwritable {
        path: std::env::temp_dir().display().to_string(),
        message: error.to_string(),
    })?;
    build(folder.path())?;
    let program = std::env::current_exe()
        .map_err(|error| UserError::Unreadable { path: "this program".to_owned(), message: error.to_string() })?;
    let mut out = String::new();
    out.push_str("A signup and billing service in Rust, with the contracts of a CRM sync, a mailer and an analytics consumer.\n");
    out.push_str("On the branch `tidy-up`, a refactor changed how one struct is written.\n\n");
    out.push_str("$ driftgate check --base main --head tidy-up\n\n");
    print(out.as_bytes())?;
    let style = environment::style(color, true);
    let result = Command::new(&program)
        .args(["check", "--base", "main", "--head", "tidy-up", "--format", "text", "--color"])
        .arg(if style.color { "always" } else { "never" })
        .current_dir(folder.path())
        .env_remove("GITHUB_ACTIONS")
        .env_remove("GITLAB_CI")
        .output()
        .map_err(|error| UserError::Unreadable { path: program.display().to_string(), message: error.to_string() })?;
    print(&result.stdout)?;
    print(&result.stderr)?;
    let code = result.status.code().unwrap_or(2);
    if code == 1 {
        print(b"\n`check` exited with 1: something breaking is new.\n")?;
        return Ok(Outcome::Done);
    }
    Err(UserError::Repository {
        message: format!("the demonstration did not go as it should: `check` exited with {code} instead of 1"),
        help: "please report this as a bug".to_owned(),
    })
}

/// Builds the repository with its two branches; through libgit2, so that no git program, user name or hook is needed.
fn build(root: &Path) -> Result<(), UserError> {
    let broken = |error: git2::Error| UserError::Repository {
        message: format!("the sample repository could not be built: {}", error.message()),
        help: "check that the temporary folder can be written to".to_owned(),
    };
    let mut options = git2::RepositoryInitOptions::new();
    options.initial_head("main").external_template(false);
    let repository = git2::Repository::init_opts(root, &options).map_err(broken)?;
    let who = git2::Signature::new("Demo", "demo@example.com", &git2::Time::new(1_767_225_600, 0)).map_err(broken)?;
    write(root, BASE)?;
    let first = commit(&repository, &who, "Sign up and bill", BASE, &[]).map_err(broken)?;
    repository.reference("refs/heads/main", first, true, "demo").map_err(broken)?;
    write(root, HEAD)?;
    let second = commit(&repository, &who, "Tidy up the event structs", HEAD, &[first]).map_err(broken)?;
    repository.reference("refs/heads/tidy-up", second, true, "demo").map_err(broken)?;
    // What was written is what the folder snapshot sees too: a cheap look that the files arrived.
    FolderSnapshot::open(root).map(|_| ())
}

fn write(root: &Path, files: &[(&str, &str)]) -> Result<(), UserError> {
    for (path, text) in files {
        let file = root.join(path);
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| UserError::Unwritable { path: folder.display().to_string(), message: error.to_string() })?;
        }
        environment::write(&file, text.as_bytes())?;
    }
    Ok(())
}

fn commit(
    repository: &git2::Repository,
    who: &git2::Signature<'_>,
    message: &str,
    files: &[(&str, &str)],
    parents: &[git2::Oid],
) -> Result<git2::Oid, git2::Error> {
    let mut index = repository.index()?;
    for (path, _) in files {
        index.add_path(Path::new(path))?;
    }
    index.write()?;
    let tree = repository.find_tree(index.write_tree()?)?;
    let parents: Vec<git2::Commit<'_>> = parents.iter().map(|oid| repository.find_commit(*oid)).collect::<Result<_, _>>()?;
    let parents: Vec<&git2::Commit<'_>> = parents.iter().collect();
    repository.commit(None, who, who, message, &tree, &parents)
}
