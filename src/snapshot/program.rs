//! git through the `git` program, for what libgit2 cannot open: reftable, SHA-256, a sparse or split index, unknown extensions.
//!
//! The repository may be a stranger's, its configuration too. So only plumbing is called that looks at no attribute and runs no
//! filter, text conversion, external diff, hook or file monitor; replace refs do not count, and no connection is opened.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};

use super::backend::{Backend, IndexEntry, Layout, Object};
use super::object::{FileKind, Hash, ObjectId, ObjectKind, object_id};
use crate::error::UserError;

/// A repository read by children of ours.
pub struct Program {
    layout: Layout,
    dir: PathBuf,
    trust: bool,
    idle: Mutex<Vec<Batch>>,
}

/// What a hook's environment would otherwise force on every child; the repository is the one that we were given.
const REPOSITORY_VARIABLES: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_GRAFT_FILE",
    "GIT_SHALLOW_FILE",
    "GIT_EXTERNAL_DIFF",
    "GIT_TRACE",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
];

fn command(dir: &Path, trust: bool) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(dir).args([
        "--no-replace-objects",
        "--no-pager",
        "-c",
        "core.fsmonitor=false",
        "-c",
        "core.hooksPath=/dev/null",
    ]);
    if trust {
        command.args(["-c", "safe.directory=*"]);
    }
    for variable in REPOSITORY_VARIABLES {
        command.env_remove(variable);
    }
    command
        .env("LC_ALL", "C")
        .env("GIT_NO_LAZY_FETCH", "1")
        // Versions of git that do not know the variable above find no transport to fetch with.
        .env("GIT_ALLOW_PROTOCOL", "none")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(mut command: Command) -> Result<Output, UserError> {
    command.output().map_err(|error| UserError::Repository {
        message: format!("the `git` program cannot be started: {error}"),
        help: "this repository's form needs it: install git 2.25 or later and put it on the PATH".into(),
    })
}

fn first_line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().trim().to_owned()
}

impl Program {
    /// Opens the repository that holds `dir`; `trust` reads it whoever owns it.
    pub fn open(dir: &Path, trust: bool) -> Result<Self, UserError> {
        let ask = |arguments: &[&str]| {
            let mut command = command(dir, trust);
            command.arg("rev-parse").args(arguments);
            run(command)
        };
        let output = ask(&["--absolute-git-dir", "--git-common-dir"])?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let path = dir.display().to_string();
            return Err(if said.contains("dubious ownership") {
                UserError::ForeignOwner { path }
            } else if said.contains("not a git repository") || said.contains("cannot change to") {
                UserError::NotARepository { path }
            } else {
                UserError::Repository {
                    message: format!("git cannot open the repository at `{path}`: {}", first_line(&output.stderr)),
                    help: "a newer git may know its format; `git status` there says the same".into(),
                }
            });
        }
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut lines = said.lines();
        let (Some(git_dir), Some(common_dir)) = (lines.next(), lines.next()) else {
            return Err(UserError::Repository {
                message: format!("git does not say where the repository of `{}` lies", dir.display()),
                help: "`git rev-parse --absolute-git-dir` there should print one path".into(),
            });
        };
        let git_dir = PathBuf::from(git_dir);
        let top = ask(&["--show-toplevel"])?;
        let work_dir = if top.status.success() {
            Some(PathBuf::from(first_line(&top.stdout)))
        } else if git_dir.ends_with(".git") {
            git_dir.parent().map(Path::to_path_buf)
        } else {
            None
        };
        let format = ask(&["--show-object-format"])?;
        let hash = if first_line(&format.stdout) == "sha256" { Hash::Sha256 } else { Hash::Sha1 };
        let layout = Layout { common_dir: dir.join(common_dir), git_dir, work_dir, hash };
        Ok(Program { layout, dir: dir.to_path_buf(), trust, idle: Mutex::default() })
    }

    fn ask(&self, arguments: &[&str]) -> Result<Output, UserError> {
        let mut command = command(&self.dir, self.trust);
        command.args(arguments);
        run(command)
    }
}

/// One `git cat-file --batch`, which answers one object after the other.
struct Batch {
    child: Child,
    /// Taken when the child is to end.
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Batch {
    fn start(mut command: Command) -> std::io::Result<Self> {
        command.args(["cat-file", "--batch"]);
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let questions = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("the child's output was asked to be a pipe"));
        Ok(Batch { child, questions, answers })
    }

    fn read(&mut self, id: ObjectId, limit: u64) -> std::io::Result<Object> {
        let questions = self.questions.as_mut().expect("the pipe is taken only when the batch is dropped");
        writeln!(questions, "{id}")?;
        questions.flush()?;
        let mut head = String::new();
        self.answers.read_line(&mut head)?;
        let mut words = head.split_whitespace();
        let (_, kind, size) = (words.next(), words.next().unwrap_or_default(), words.next());
        let kind = match kind {
            "blob" => ObjectKind::Blob,
            "tree" => ObjectKind::Tree,
            "commit" => ObjectKind::Commit,
            "tag" => ObjectKind::Tag,
            "missing" => return Ok(Object::Missing),
            _other => return Err(std::io::Error::other("git's answer is not understood")),
        };
        let size: u64 =
            size.and_then(|size| size.parse().ok()).ok_or_else(|| std::io::Error::other("git's answer has no size"))?;
        // The bytes come in any case, and a line end after them.
        let mut object = (&mut self.answers).take(size + 1);
        if size > limit {
            std::io::copy(&mut object, &mut std::io::sink())?;
            return Ok(Object::TooLarge(size));
        }
        let mut bytes = Vec::new();
        object.read_to_end(&mut bytes)?;
        if bytes.len() as u64 != size + 1 {
            return Err(std::io::Error::other("git ended in the middle of an object"));
        }
        bytes.pop();
        Ok(Object::Found(kind, bytes))
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.questions.take();
        // Without questions it ends by itself; one that was left in the middle of an answer would wait for a reader.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Backend for Program {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn object(&self, id: ObjectId, limit: u64) -> Object {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let batch = match idle {
            Some(batch) => Ok(batch),
            None => Batch::start(command(&self.dir, self.trust)),
        };
        let answer = batch.and_then(|mut batch| batch.read(id, limit).map(|object| (batch, object)));
        match answer {
            Ok((batch, object)) => {
                self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(batch);
                object
            }
            Err(error) => Object::Broken(format!("`git cat-file` failed: {error}")),
        }
    }

    fn resolve(&self, rev: &str) -> Result<Option<ObjectId>, UserError> {
        let output = self.ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{rev}^{{commit}}")])?;
        // Old versions print `--end-of-options` itself, so the id is looked for.
        let said = String::from_utf8_lossy(&output.stdout);
        Ok(if output.status.success() { said.lines().find_map(object_id) } else { None })
    }

    fn merge_base(&self, one: ObjectId, others: &[ObjectId]) -> Result<Option<ObjectId>, UserError> {
        let ids: Vec<String> = std::iter::once(one).chain(others.iter().copied()).map(|id| id.to_string()).collect();
        let mut arguments = vec!["merge-base"];
        arguments.extend(ids.iter().map(String::as_str));
        let output = self.ask(&arguments)?;
        Ok(if output.status.success() { object_id(&first_line(&output.stdout)) } else { None })
    }

    fn between(&self, base: ObjectId, heads: &[ObjectId], most: usize) -> Result<Vec<ObjectId>, UserError> {
        let mut arguments = vec!["rev-list".to_owned(), "--topo-order".to_owned(), format!("--max-count={most}")];
        arguments.extend(heads.iter().map(ToString::to_string));
        arguments.push(format!("^{base}"));
        let output = self.ask(&arguments.iter().map(String::as_str).collect::<Vec<_>>())?;
        if !output.status.success() {
            return Err(UserError::Repository {
                message: format!("the commits of the change cannot be read: {}", first_line(&output.stderr)),
                help: "`git fsck` says what is wrong with a damaged repository".into(),
            });
        }
        Ok(String::from_utf8_lossy(&output.stdout).lines().filter_map(object_id).collect())
    }

    fn symbolic_target(&self, name: &str) -> Option<String> {
        let output = self.ask(&["symbolic-ref", "--quiet", name]).ok()?;
        output.status.success().then(|| first_line(&output.stdout)).filter(|target| !target.is_empty())
    }

    fn index(&self, file: Option<&Path>) -> Result<Vec<IndexEntry>, UserError> {
        // `ls-files` lists what lies below the current folder.
        let mut command = command(self.layout.work_dir.as_deref().unwrap_or(&self.dir), self.trust);
        if let Some(file) = file {
            command.env("GIT_INDEX_FILE", file);
        }
        command.args(["ls-files", "-s", "-t", "-z", "--full-name"]);
        let output = run(command)?;
        if !output.status.success() {
            return Err(UserError::Repository {
                message: format!("the index cannot be read: {}", first_line(&output.stderr)),
                help: "`git status` says what is wrong with it; `git reset` writes it anew".into(),
            });
        }
        output.stdout.split(|byte| *byte == 0).filter(|line| !line.is_empty()).map(index_line).collect::<Option<_>>().ok_or_else(
            || UserError::Repository {
                message: "the answer of `git ls-files` is not understood".into(),
                help: "this is a bug of driftgate: please report it, with the version of git".into(),
            },
        )
    }
}

/// `TAG MODE ID STAGE\tPATH`.
fn index_line(line: &[u8]) -> Option<IndexEntry> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let mut words = std::str::from_utf8(&line[..tab]).ok()?.split(' ');
    let (tag, mode, id, stage) = (words.next()?, words.next()?, words.next()?, words.next()?);
    Some(IndexEntry {
        path: line[tab + 1..].to_vec(),
        kind: FileKind::from_mode(u32::from_str_radix(mode, 8).ok()?),
        id: object_id(id)?,
        stage: stage.parse().ok()?,
        skip_worktree: tag.eq_ignore_ascii_case("s"),
        // The listing does not tell; such an entry carries the id of an empty file.
        intent_to_add: false,
        stat: None,
    })
}
