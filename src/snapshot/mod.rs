//! The bytes of base and head, by path: a commit's tree, the index, the working tree, a plain folder, or memory.
//!
//! A snapshot lists and reads. It knows nothing of what files mean, runs nothing that a repository names, and opens no connection.
//! What is there and cannot be read is always named: it must never look removed, and never look fine.

mod backend;
pub mod base;
pub mod changes;
mod disk;
mod folder;
mod history;
mod index;
mod libgit;
mod memory;
mod object;
mod overlay;
mod program;
mod repository;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod text;
mod tree;
mod worktree;

pub use folder::FolderSnapshot;
pub use history::{Commit, Walk};
pub use index::IndexSnapshot;
pub use memory::MemorySnapshot;
pub use object::{ObjectId, object_id};
pub use overlay::OverlaySnapshot;
pub use repository::{OpenOptions, Reader, Repository};
pub use tree::TreeSnapshot;
pub use worktree::WorktreeSnapshot;

use crate::error::UserError;
use crate::finding::Diagnostic;
use crate::source::{BlobId, RepoPath, SourceText};

/// Files above this are never read, whoever claims them: they are listed, and reading one gives a diagnostic.
pub const LARGEST_FILE: u64 = 50 * 1024 * 1024;

/// Files that one snapshot may name.
/// Past this it is refused as a whole: a tree of twenty objects can name ten billion paths, and half a listing would make the
/// other half look removed.
pub const MOST_FILES: usize = 1_000_000;

/// One file of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub path: RepoPath,
    pub blob: BlobId,
    /// In bytes, where it is known without reading.
    pub size: Option<u64>,
}

/// What reading one file gave.
#[derive(Debug)]
pub enum Content {
    Text(SourceText),
    /// Not text, a pointer into large-file storage, too large, or not there: never an error, always named.
    Skipped(Diagnostic),
}

impl Content {
    pub fn text(self) -> Option<SourceText> {
        match self {
            Content::Text(text) => Some(text),
            Content::Skipped(_) => None,
        }
    }
}

/// The files of one state of a repository. Both methods may be called from many threads at once.
pub trait Snapshot: Sync {
    /// Every regular file that matches `claims`, sorted by path, with what was passed over and why.
    ///
    /// # Errors
    /// Where the state as a whole cannot be listed; one odd entry is a diagnostic.
    fn entries(&self, claims: &(dyn Fn(&RepoPath) -> bool + Sync)) -> Result<Listing, UserError>;

    /// The text of one entry, with LF line ends and without a byte order mark.
    fn read(&self, entry: &Entry) -> Content;
}

/// The files of a snapshot that somebody claims, and what could not be listed.
#[derive(Debug, Default)]
pub struct Listing {
    pub entries: Vec<Entry>,
    pub diagnostics: Vec<Diagnostic>,
}

impl Listing {
    /// Puts a listing that was gathered in any order into the one order in which listings are given out.
    fn sorted(mut self) -> Self {
        self.entries.sort_unstable();
        let diagnostics = &mut self.diagnostics;
        self.entries.dedup_by(|later, earlier| {
            let same = later.path == earlier.path;
            if same {
                diagnostics.push(Diagnostic::warning(
                    later.path.clone(),
                    None,
                    "the snapshot names this path twice: only one of the two files is read",
                ));
            }
            same
        });
        self.diagnostics.sort();
        self.diagnostics.dedup();
        self
    }
}
