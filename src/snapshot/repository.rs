//! A git repository, opened read-only: who answers for it, where it lies, and its objects.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use rustc_hash::FxHashMap;

use super::backend::{Backend, IndexEntry, Layout, Object};
use super::libgit::{Libgit, Refusal};
use super::object::{Hash, ObjectId, ObjectKind, object_id};
use super::program::Program;
use super::tree::Folder;
use super::{Content, LARGEST_FILE, text};
use crate::error::UserError;
use crate::source::RepoPath;

/// Who reads a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    Libgit2,
    /// The `git` program.
    Git,
}

/// How to open a repository.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenOptions {
    /// Read it even where another user owns it.
    pub trust: bool,
    /// Who reads it; the first that can, where nobody is named.
    pub reader: Option<Reader>,
}

/// An open repository. A clone is another handle on the same one.
#[derive(Clone)]
pub struct Repository {
    shared: Arc<Shared>,
}

struct Shared {
    /// As the user named it.
    dir: PathBuf,
    reader: Reader,
    trust: bool,
    backend: Box<dyn Backend>,
    /// For an index that libgit2 cannot read in a repository that it can.
    program: OnceLock<Option<Program>>,
    layout: Layout,
    /// Folders that were read, by tree and place, so that commits which share them share the work.
    folders: Mutex<FxHashMap<(ObjectId, RepoPath), Arc<Folder>>>,
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repository").field("layout", &self.shared.layout).field("reader", &self.shared.reader).finish()
    }
}

/// Folders kept in memory before the memory is given back: commits of a long history share little with the first.
const MOST_FOLDERS: usize = 200_000;

impl Repository {
    /// Opens the repository that holds `dir`, which may be a bare one.
    pub fn open(dir: &Path) -> Result<Self, UserError> {
        Repository::open_with(dir, OpenOptions::default())
    }

    pub fn open_with(dir: &Path, options: OpenOptions) -> Result<Self, UserError> {
        let path = || dir.display().to_string();
        let program = || Program::open(dir, options.trust);
        let (reader, backend): (Reader, Box<dyn Backend>) = match options.reader {
            Some(Reader::Git) => (Reader::Git, Box::new(program()?)),
            Some(Reader::Libgit2) | None => match Libgit::open(dir) {
                Ok(libgit) => (Reader::Libgit2, Box::new(libgit)),
                Err(Refusal::NotARepository) => return Err(UserError::NotARepository { path: path() }),
                // git knows more places where a folder may be called safe, and without git nobody has called it so.
                Err(Refusal::ForeignOwner) => match program() {
                    Ok(program) => (Reader::Git, Box::new(program)),
                    Err(_) => return Err(UserError::ForeignOwner { path: absolute(dir).display().to_string() }),
                },
                Err(Refusal::Other(why)) if options.reader.is_some() => {
                    return Err(UserError::Repository {
                        message: format!("libgit2 cannot open the repository at `{}`: {why}", path()),
                        help: "let the `git` program read it".into(),
                    });
                }
                Err(Refusal::Other(_)) => (Reader::Git, Box::new(program()?)),
            },
        };
        let mut layout = backend.layout().clone();
        layout.work_dir = layout.work_dir.take().and_then(|work_dir| work_dir_of(dir, &work_dir));
        let shared = Shared {
            dir: dir.to_path_buf(),
            reader,
            trust: options.trust,
            backend,
            program: OnceLock::new(),
            layout,
            folders: Mutex::default(),
        };
        Ok(Repository { shared: Arc::new(shared) })
    }

    pub fn reader(&self) -> Reader {
        self.shared.reader
    }

    /// The root of the working tree; `None` for a bare repository.
    pub fn work_dir(&self) -> Option<&Path> {
        self.shared.layout.work_dir.as_deref()
    }

    /// The folder with `HEAD` and the index; of a linked worktree, its own.
    pub fn git_dir(&self) -> &Path {
        &self.shared.layout.git_dir
    }

    pub(super) fn hash(&self) -> Hash {
        self.shared.layout.hash
    }

    pub(super) fn folders(&self) -> &Mutex<FxHashMap<(ObjectId, RepoPath), Arc<Folder>>> {
        &self.shared.folders
    }

    pub(super) const fn most_folders() -> usize {
        MOST_FOLDERS
    }

    /// Whether history ends early, as in a clone with `--depth`.
    pub fn is_shallow(&self) -> bool {
        std::fs::metadata(self.shared.layout.common_dir.join("shallow")).is_ok_and(|file| file.len() > 0)
    }

    /// The commit that `rev` names, if there is one here.
    pub fn find_commit(&self, rev: &str) -> Result<Option<ObjectId>, UserError> {
        // Such a name would be an option to git, and no ref may be called so.
        if rev.is_empty() || rev.starts_with('-') || rev.contains(['\0', '\n']) {
            return Ok(None);
        }
        self.shared.backend.resolve(rev)
    }

    /// The commit that `rev` names.
    pub fn expect_commit(&self, rev: &str) -> Result<ObjectId, UserError> {
        self.find_commit(rev)?.ok_or_else(|| self.unknown(rev))
    }

    /// The error for a revision that is not here, with the way to it as far as its form tells.
    pub(super) fn unknown(&self, rev: &str) -> UserError {
        let help = if let Some(id) = object_id(rev) {
            format!("`{}` brings it, if the remote has it", fetch_object(id))
        } else if let Some((remote, branch)) = rev.split_once('/').filter(|_| !rev.contains(['~', '^', ':', '@'])) {
            format!("if it is a remote's branch, `{}` brings it", fetch_branch(remote, branch, false))
        } else if self.is_shallow() {
            "this clone is shallow: `git fetch --unshallow` brings the rest, on a CI runner `fetch-depth: 0`".to_owned()
        } else {
            "`git branch --all` and `git tag` list what there is".to_owned()
        };
        UserError::UnknownRevision { rev: rev.to_owned(), help }
    }

    /// The best common ancestor of `one` and a merge of `others`.
    pub fn merge_base(&self, one: ObjectId, others: &[ObjectId]) -> Result<Option<ObjectId>, UserError> {
        self.shared.backend.merge_base(one, others)
    }

    /// At most `most` of the ids of commits that `heads` hold and `base` does not, each before its parents.
    pub(super) fn between(&self, base: ObjectId, heads: &[ObjectId], most: usize) -> Result<Vec<ObjectId>, UserError> {
        self.shared.backend.between(base, heads, most)
    }

    pub(super) fn symbolic_target(&self, name: &str) -> Option<String> {
        self.shared.backend.symbolic_target(name)
    }

    pub(super) fn object(&self, id: ObjectId) -> Object {
        self.shared.backend.object(id, LARGEST_FILE)
    }

    /// The bytes of a commit or tree that has to be there.
    pub(super) fn required(&self, id: ObjectId, kind: ObjectKind, what: &str) -> Result<Vec<u8>, UserError> {
        match self.object(id) {
            Object::Found(found, bytes) if found == kind => Ok(bytes),
            Object::Missing => Err(UserError::MissingHistory {
                message: format!("{what} ({id}) is not in this clone"),
                fetch: fetch_object(id),
                otherwise: "clone without `--depth` and `--filter`".into(),
            }),
            Object::Found(..) | Object::TooLarge(_) | Object::Broken(_) => Err(UserError::Repository {
                message: format!("{what} ({id}) is damaged"),
                help: "`git fsck` says what is wrong".into(),
            }),
        }
    }

    /// The content of a blob, under the name of a path.
    pub(super) fn read_blob(&self, path: &RepoPath, blob: ObjectId) -> Content {
        match self.object(blob) {
            Object::Found(ObjectKind::Blob, bytes) => text::content(path, blob, &bytes),
            Object::Found(ObjectKind::Tree | ObjectKind::Commit | ObjectKind::Tag, _) => {
                text::skipped(path, None, format!("what git holds under this name ({blob}) is no file"))
            }
            Object::TooLarge(size) => text::too_large(path, size),
            Object::Missing => text::skipped(
                path,
                None,
                format!(
                    "this file is not in this partial clone and was not read: run `{}`, or `git fetch --refetch --no-filter origin` \
                     for all files",
                    fetch_object(blob)
                ),
            ),
            Object::Broken(why) => text::skipped(path, None, format!("git cannot read this file ({blob}): {why}")),
        }
    }

    /// The bytes of a blob of tolerable size, where it is in this clone.
    pub(super) fn blob_bytes(&self, blob: ObjectId) -> Option<Vec<u8>> {
        match self.object(blob) {
            Object::Found(ObjectKind::Blob, bytes) => Some(bytes),
            Object::Found(..) | Object::TooLarge(_) | Object::Missing | Object::Broken(_) => None,
        }
    }

    pub(super) fn index_entries(&self, file: Option<&Path>) -> Result<Vec<IndexEntry>, UserError> {
        let shared = &self.shared;
        // libgit2 takes an index that is not there for an empty one, which would make every file look removed.
        if let Some(file) = file
            && !file.is_file()
        {
            return Err(UserError::Unreadable {
                path: file.display().to_string(),
                message: "git's environment names this index, and it is not there".into(),
            });
        }
        let first = shared.backend.index(file);
        if first.is_ok() || shared.reader == Reader::Git {
            return first;
        }
        match shared.program.get_or_init(|| Program::open(&shared.dir, shared.trust).ok()) {
            Some(program) => program.index(file),
            None => first,
        }
    }
}

/// The command that brings one object into a shallow or partial clone.
pub(super) fn fetch_object(id: ObjectId) -> String {
    format!("git fetch --no-tags origin {id}")
}

/// The command that brings one commit with its tree, and nothing before it.
///
/// `--depth` belongs to shallow clones alone: in a complete one it would cut history off.
pub(super) fn fetch_commit(id: ObjectId, shallow: bool) -> String {
    let depth = if shallow { " --depth=1" } else { "" };
    format!("git fetch --no-tags{depth} origin {id}")
}

/// The command that brings a remote's branch; with all of its history, and that of what is here, where `deep`.
pub(super) fn fetch_branch(remote: &str, branch: &str, deep: bool) -> String {
    let deep = if deep { " --unshallow" } else { "" };
    let spec = shell_word(&format!("+refs/heads/{branch}:refs/remotes/{remote}/{branch}"));
    format!("git fetch --no-tags{deep} {} {spec}", shell_word(remote))
}

/// A word that can be pasted into a shell: the name of a branch may hold `$(…)`.
fn shell_word(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/:+-_.@=".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

fn absolute(dir: &Path) -> PathBuf {
    dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf())
}

/// The working tree, where it is one: it has a `.git`, and what the user named lies in it.
///
/// Without the first, a folder of objects whose configuration is lost would make its parent a working tree; without the second,
/// a stranger's `core.worktree` would make us read any folder of this machine.
fn work_dir_of(dir: &Path, work_dir: &Path) -> Option<PathBuf> {
    let real = absolute(work_dir);
    (work_dir.join(".git").exists() && absolute(dir).starts_with(&real)).then_some(real)
}
