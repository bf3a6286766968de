//! git through libgit2: the usual way, and the fast one.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once, PoisonError};

use git2::{ErrorCode, IndexEntryExtendedFlag, ObjectType, RepositoryOpenFlags};

use super::backend::{Backend, IndexEntry, IndexStat, Layout, Object};
use super::object::{FileKind, Hash, ObjectId, ObjectKind};
use crate::error::UserError;

/// A repository of git2 may move between threads and not be shared, so each reader takes one of a pool.
pub struct Libgit {
    layout: Layout,
    idle: Mutex<Vec<git2::Repository>>,
}

/// Why libgit2 did not open a repository.
#[derive(Debug)]
pub enum Refusal {
    NotARepository,
    ForeignOwner,
    /// A form that libgit2 does not know (reftable, SHA-256, some extensions), or damage.
    Other(String),
}

impl Libgit {
    /// Opens the repository that holds `dir`.
    pub fn open(dir: &Path) -> Result<Self, Refusal> {
        static ONCE: Once = Once::new();
        // git hashed every object when it stored it; doing so again at each read costs more than reading.
        ONCE.call_once(|| git2::opts::strict_hash_verification(false));
        let none: [&Path; 0] = [];
        let repository =
            git2::Repository::open_ext(dir, RepositoryOpenFlags::empty(), none).map_err(|error| match error.code() {
                ErrorCode::Owner => Refusal::ForeignOwner,
                ErrorCode::NotFound => Refusal::NotARepository,
                _other => Refusal::Other(error.message().to_owned()),
            })?;
        let layout = Layout {
            git_dir: repository.path().to_path_buf(),
            common_dir: repository.commondir().to_path_buf(),
            work_dir: repository.workdir().map(Path::to_path_buf),
            hash: Hash::Sha1,
        };
        Ok(Libgit { layout, idle: Mutex::new(vec![repository]) })
    }

    fn with<T>(&self, ask: impl FnOnce(&git2::Repository) -> T) -> Result<T, git2::Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let repository = match idle {
            Some(repository) => repository,
            None => git2::Repository::open(&self.layout.git_dir)?,
        };
        let answer = ask(&repository);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(repository);
        Ok(answer)
    }
}

fn oid(id: ObjectId) -> Option<git2::Oid> {
    // An id of another length names nothing in a SHA-1 repository.
    (id.as_bytes().len() == Hash::Sha1.length()).then(|| git2::Oid::from_bytes(id.as_bytes()).ok()).flatten()
}

fn broken(what: &str, error: &git2::Error) -> UserError {
    UserError::Repository {
        message: format!("{what}: {}", error.message()),
        help: "`git fsck` says what is wrong with a damaged repository".into(),
    }
}

fn read_object(repository: &git2::Repository, id: git2::Oid, limit: u64) -> Result<Object, git2::Error> {
    let odb = repository.odb()?;
    let (size, _) = odb.read_header(id)?;
    if size as u64 > limit {
        return Ok(Object::TooLarge(size as u64));
    }
    let object = odb.read(id)?;
    let kind = match object.kind() {
        ObjectType::Blob => ObjectKind::Blob,
        ObjectType::Tree => ObjectKind::Tree,
        ObjectType::Commit => ObjectKind::Commit,
        ObjectType::Tag => ObjectKind::Tag,
        ObjectType::Any => return Ok(Object::Broken("it has no type".into())),
    };
    Ok(Object::Found(kind, object.data().to_vec()))
}

impl Backend for Libgit {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn object(&self, id: ObjectId, limit: u64) -> Object {
        let Some(id) = oid(id) else { return Object::Missing };
        match self.with(|repository| read_object(repository, id, limit)) {
            Ok(Ok(object)) => object,
            Ok(Err(error)) | Err(error) if error.code() == ErrorCode::NotFound => Object::Missing,
            Ok(Err(error)) | Err(error) => Object::Broken(error.message().to_owned()),
        }
    }

    fn resolve(&self, rev: &str) -> Result<Option<ObjectId>, UserError> {
        let commit = self
            .with(|repository| {
                let commit = repository.revparse_single(rev)?.peel_to_commit()?;
                Ok(ObjectId::from_bytes(commit.id().as_bytes()))
            })
            .and_then(|answer| answer);
        match commit {
            Ok(commit) => Ok(Some(commit)),
            Err(error) => match error.code() {
                ErrorCode::Ambiguous => Err(UserError::UnknownRevision {
                    rev: rev.to_owned(),
                    help: "several objects begin like this: write more digits".into(),
                }),
                // Not there, a branch without a commit, a tree or a blob, or no revision at all: for the caller it is one case.
                _other => Ok(None),
            },
        }
    }

    fn merge_base(&self, one: ObjectId, others: &[ObjectId]) -> Result<Option<ObjectId>, UserError> {
        let ids: Option<Vec<git2::Oid>> = std::iter::once(one).chain(others.iter().copied()).map(oid).collect();
        let Some(ids) = ids else { return Ok(None) };
        let base = self.with(|repository| repository.merge_base_many(&ids)).and_then(|answer| answer);
        match base {
            Ok(base) => Ok(Some(ObjectId::from_bytes(base.as_bytes()))),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(broken("the common history cannot be read", &error)),
        }
    }

    fn between(&self, base: ObjectId, heads: &[ObjectId], most: usize) -> Result<Vec<ObjectId>, UserError> {
        let walk = |repository: &git2::Repository| {
            let mut walk = repository.revwalk()?;
            walk.set_sorting(git2::Sort::TOPOLOGICAL)?;
            for head in heads.iter().copied().filter_map(oid) {
                walk.push(head)?;
            }
            if let Some(base) = oid(base) {
                walk.hide(base)?;
            }
            walk.take(most).map(|id| Ok(ObjectId::from_bytes(id?.as_bytes()))).collect::<Result<Vec<_>, git2::Error>>()
        };
        self.with(walk).and_then(|answer| answer).map_err(|error| broken("the commits of the change cannot be read", &error))
    }

    fn symbolic_target(&self, name: &str) -> Option<String> {
        self.with(|repository| Some(repository.find_reference(name).ok()?.symbolic_target().ok()??.to_owned())).ok().flatten()
    }

    fn index(&self, file: Option<&Path>) -> Result<Vec<IndexEntry>, UserError> {
        let file = file.map_or_else(|| self.layout.git_dir.join("index"), PathBuf::from);
        let index = git2::Index::open(&file).map_err(|error| broken("the index cannot be read", &error))?;
        Ok(index.iter().map(line).collect())
    }
}

fn line(entry: git2::IndexEntry) -> IndexEntry {
    let extended = IndexEntryExtendedFlag::from_bits_truncate(entry.flags_extended);
    IndexEntry {
        kind: FileKind::from_mode(entry.mode),
        id: ObjectId::from_bytes(entry.id.as_bytes()),
        stage: ((entry.flags >> 12) & 3) as u8,
        skip_worktree: extended.is_skip_worktree(),
        intent_to_add: extended.is_intent_to_add(),
        stat: Some(IndexStat {
            modified: (entry.mtime.seconds(), entry.mtime.nanoseconds()),
            changed: (entry.ctime.seconds(), entry.ctime.nanoseconds()),
            inode: entry.ino,
            size: entry.file_size,
        }),
        path: entry.path,
    }
}
