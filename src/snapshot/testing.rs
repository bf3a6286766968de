//! Real repositories in temporary folders, made by the `git` program in an environment of their own.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::object::{ObjectId, object_id};
use super::repository::{OpenOptions, Reader, Repository};
use super::{Listing, Snapshot};

/// A folder that is gone after the test, with any number of repositories in it.
pub struct Place {
    dir: TempDir,
}

/// A repository under construction.
#[derive(Clone)]
pub struct Git {
    pub dir: PathBuf,
    home: PathBuf,
}

impl Place {
    pub fn new() -> Self {
        Place { dir: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    fn git(&self, name: &str) -> Git {
        let dir = self.path().join(name);
        std::fs::create_dir_all(&dir).unwrap();
        Git { dir, home: self.path().to_path_buf() }
    }

    /// A new repository with the branch `main`.
    pub fn init(&self, name: &str) -> Git {
        let git = self.git(name);
        git.run(&["init", "-q", "-b", "main"]);
        git
    }

    /// A new repository in a form that an old git cannot make; `None` there, which is said.
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    pub fn init_as(&self, name: &str, form: &str) -> Option<Git> {
        let git = self.git(name);
        match git.try_run(&["init", "-q", "-b", "main", form]) {
            Ok(_) => Some(git),
            Err(why) => {
                eprintln!("skipped: this git knows no `git init {form}`: {why}");
                None
            }
        }
    }

    pub fn clone(&self, from: &Git, name: &str, options: &[&str]) -> Git {
        let git = self.git(name);
        let url = from.url();
        let mut arguments = vec!["clone", "-q"];
        arguments.extend(options);
        arguments.extend([url.as_str(), "."]);
        git.run(&arguments);
        git
    }
}

impl Git {
    /// The same environment in another folder.
    pub fn at(&self, dir: PathBuf) -> Git {
        Git { dir, home: self.home.clone() }
    }

    pub fn url(&self) -> String {
        format!("file://{}", self.dir.display())
    }

    fn try_run(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new("git");
        self.environment(&mut command);
        let output = command.args(arguments).output().expect("the tests need a `git` program");
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        if output.status.success() { Ok(said(&output.stdout)) } else { Err(said(&output.stderr)) }
    }

    fn environment(&self, command: &mut Command) {
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            command.env_remove(name);
        }
        command
            .current_dir(&self.dir)
            .env("HOME", &self.home)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "Ann")
            .env("GIT_AUTHOR_EMAIL", "ann@example.com")
            .env("GIT_COMMITTER_NAME", "Ann")
            .env("GIT_COMMITTER_EMAIL", "ann@example.com")
            .env("GIT_AUTHOR_DATE", "2026-03-01T09:30:00+01:00")
            .env("GIT_COMMITTER_DATE", "2026-03-01T09:30:00+01:00");
    }

    pub fn run(&self, arguments: &[&str]) -> String {
        self.try_run(arguments).unwrap_or_else(|why| panic!("git {}: {why}", arguments.join(" ")))
    }

    /// Runs a command line as a person would paste it.
    pub fn shell(&self, line: &str) {
        let mut command = Command::new("sh");
        self.environment(&mut command);
        let output = command.args(["-c", line]).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let file = self.dir.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }

    /// Writes one file and commits it with everything else.
    pub fn commit(&self, path: &str, bytes: impl AsRef<[u8]>) -> ObjectId {
        self.write(path, bytes);
        self.run(&["add", "-A"]);
        self.run(&["commit", "-q", "-m", &format!("Write {path}")]);
        self.id("HEAD")
    }

    pub fn id(&self, rev: &str) -> ObjectId {
        object_id(&self.run(&["rev-parse", rev])).unwrap()
    }

    pub fn open(&self) -> Repository {
        Repository::open(&self.dir).unwrap()
    }

    pub fn open_by(&self, reader: Reader) -> Repository {
        Repository::open_with(&self.dir, OpenOptions { reader: Some(reader), trust: false }).unwrap()
    }
}

pub fn all(snapshot: &impl Snapshot) -> Listing {
    snapshot.entries(&|_| true).unwrap()
}

pub fn paths(listing: &Listing) -> Vec<&str> {
    listing.entries.iter().map(|entry| entry.path.as_str()).collect()
}

/// Every file with its text, or with what is said instead, and every diagnostic of the listing: one line each.
pub fn contents(snapshot: &impl Snapshot) -> String {
    let listing = all(snapshot);
    let mut out = String::new();
    for entry in &listing.entries {
        match snapshot.read(entry) {
            super::Content::Text(text) => out += &format!("{}: {:?}\n", entry.path, text.text()),
            super::Content::Skipped(why) => out += &format!("{}: not read: {}\n", entry.path, why.message),
        }
    }
    for why in &listing.diagnostics {
        out += &format!("({}) {}: {}\n", why.severity.as_str(), why.file.as_ref().map_or("", |file| file.as_str()), why.message);
    }
    out
}
