//! The built program in folders and repositories of its own, in an environment that says nothing about this machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// What a run left behind.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    /// Holds the exit code, and shows everything where it is another one.
    #[track_caller]
    pub fn exits(self, code: i32) -> Said {
        assert!(self.code == code, "exit {} instead of {code}\n--- out\n{}\n--- err\n{}", self.code, self.out, self.err);
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}\n--- out\n{}\n--- err\n{}", self.out, self.err))
    }

    /// Holds that the message for people has these parts. Lines are broken at the width of the terminal, so blanks count as one.
    #[track_caller]
    pub fn complains(&self, parts: &[&str]) {
        let flat =
            self.err.split_whitespace().filter(|word| !matches!(*word, "│" | "|" | "×" | "x")).collect::<Vec<_>>().join(" ");
        for part in parts {
            assert!(flat.contains(part), "`{part}` is not in: {flat}\n--- out\n{}", self.out);
        }
    }
}

/// A folder that is gone after the test.
pub struct Place {
    home: TempDir,
    pub dir: PathBuf,
}

impl Place {
    /// An empty folder.
    pub fn new() -> Self {
        let home = tempfile::tempdir().expect("a folder can be made");
        let dir = home.path().join("work");
        std::fs::create_dir(&dir).expect("a folder can be made");
        Place { home, dir }
    }

    /// An empty repository on the branch `main`.
    pub fn repository() -> Self {
        let place = Place::new();
        place.git(&["init", "-q", "-b", "main"]);
        place
    }

    /// The sample of `driftgate demo`: `main`, and the branch `tidy-up` with its break, checked out.
    pub fn sample() -> Self {
        let place = Place::repository();
        copy(&fixture("repos/demo/base"), &place.dir);
        place.commit("Sign up and bill");
        place.git(&["checkout", "-q", "-b", "tidy-up"]);
        copy(&fixture("repos/demo/head"), &place.dir);
        place.commit("Tidy up the event structs");
        place
    }

    /// A folder beside the working one, for what must not be in the repository.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let file = self.dir.join(path);
        std::fs::create_dir_all(file.parent().expect("a file has a folder")).expect("folders can be made");
        std::fs::write(file, bytes).expect("a file can be written");
    }

    pub fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
    }

    #[track_caller]
    pub fn git(&self, arguments: &[&str]) -> String {
        let output = self.command("git", &self.dir).args(arguments).output().expect("the tests need a `git` program");
        assert!(output.status.success(), "git {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    pub fn run(&self, arguments: &[&str]) -> Said {
        self.run_in(&self.dir, arguments)
    }

    pub fn run_in(&self, dir: &Path, arguments: &[&str]) -> Said {
        said(self.command(env!("CARGO_BIN_EXE_driftgate"), dir).args(arguments))
    }

    /// A command line as a person would paste it, with the program on the path.
    pub fn shell(&self, line: &str) -> Said {
        let folder = Path::new(env!("CARGO_BIN_EXE_driftgate")).parent().expect("a program is in a folder");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&path));
        said(
            self.command("sh", &self.dir).args(["-c", line]).env("PATH", std::env::join_paths(paths).expect("a path of folders")),
        )
    }

    /// A program that sees no CI system, no configuration of git and no terminal.
    pub fn command(&self, program: &str, dir: &Path) -> Command {
        let mut command = Command::new(program);
        let ours = |name: &str| {
            ["GIT_", "GITHUB_", "GITLAB_", "CI", "FORCE_COLOR", "CLICOLOR"].iter().any(|start| name.starts_with(start))
        };
        for (name, _) in std::env::vars_os().filter(|(name, _)| ours(&name.to_string_lossy())) {
            command.env_remove(name);
        }
        command
            .current_dir(dir)
            .stdin(Stdio::null())
            .env("HOME", self.home.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "Ann")
            .env("GIT_AUTHOR_EMAIL", "ann@example.com")
            .env("GIT_COMMITTER_NAME", "Ann")
            .env("GIT_COMMITTER_EMAIL", "ann@example.com")
            .env("GIT_AUTHOR_DATE", "2026-03-01T09:30:00Z")
            .env("GIT_COMMITTER_DATE", "2026-03-01T09:30:00Z")
            .env("NO_COLOR", "1")
            .env("COLUMNS", "100")
            .env("LC_ALL", "C.UTF-8");
        command
    }
}

fn said(command: &mut Command) -> Said {
    let output = command.output().expect("the program can be run");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes UTF-8");
    Said { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn fixture(path: &str) -> PathBuf {
    root().join("fixtures").join(path)
}

/// Copies a folder into another one, over what is there.
pub fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a folder can be listed") {
        let entry = entry.expect("a folder can be listed");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).expect("a folder can be made");
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}
