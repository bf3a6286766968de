//! What is asked of git, whoever answers: libgit2 ([`super::libgit`]) or the `git` program ([`super::program`]).

use std::path::{Path, PathBuf};

use super::object::{FileKind, Hash, ObjectId, ObjectKind};
use crate::error::UserError;

/// The answer to a request for one object.
#[derive(Debug)]
pub enum Object {
    Found(ObjectKind, Vec<u8>),
    /// Larger than the caller wanted, in bytes.
    TooLarge(u64),
    /// Not in this clone.
    Missing,
    Broken(String),
}

/// Where a repository lies and how it stores things.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The folder with `HEAD` and the index; of a linked worktree, its own.
    pub git_dir: PathBuf,
    /// The folder with objects and refs, which linked worktrees share.
    pub common_dir: PathBuf,
    /// `None` for a bare repository.
    pub work_dir: Option<PathBuf>,
    pub hash: Hash,
}

/// One line of the index.
#[derive(Clone, Debug)]
pub struct IndexEntry {
    pub path: Vec<u8>,
    pub kind: FileKind,
    pub id: ObjectId,
    /// 0, or 1 to 3 while a merge conflict stands.
    pub stage: u8,
    /// A sparse checkout leaves it out of the working tree on purpose.
    pub skip_worktree: bool,
    /// `git add --intent-to-add`: announced, not part of the next commit.
    pub intent_to_add: bool,
    pub stat: Option<IndexStat>,
}

/// What the index remembers of the file on disk, to tell without reading that it is unchanged.
#[derive(Clone, Copy, Debug)]
pub struct IndexStat {
    pub modified: (i32, u32),
    pub changed: (i32, u32),
    pub inode: u32,
    /// Cut to 32 bits, as git does.
    pub size: u32,
}

/// The questions. Every method may be called from many threads at once, and none opens a connection.
pub trait Backend: Send + Sync {
    fn layout(&self) -> &Layout;

    /// The bytes of an object of at most `limit` bytes.
    fn object(&self, id: ObjectId, limit: u64) -> Object;

    /// The commit that a revision names, if there is one here.
    fn resolve(&self, rev: &str) -> Result<Option<ObjectId>, UserError>;

    /// The best common ancestor of `one` and a merge of all `others`.
    fn merge_base(&self, one: ObjectId, others: &[ObjectId]) -> Result<Option<ObjectId>, UserError>;

    /// At most `most` of the commits that `heads` hold and `base` does not, each before its parents.
    fn between(&self, base: ObjectId, heads: &[ObjectId], most: usize) -> Result<Vec<ObjectId>, UserError>;

    /// What a symbolic ref such as `refs/remotes/origin/HEAD` points to.
    fn symbolic_target(&self, name: &str) -> Option<String>;

    /// The lines of an index file; of the repository's own where none is named.
    fn index(&self, file: Option<&Path>) -> Result<Vec<IndexEntry>, UserError>;
}
