//! The bytes of base and head, by path: a commit's tree, the index, the working tree, a plain folder, or memory.
//!
//! A snapshot lists and reads. It knows nothing of what files mean, runs nothing, and opens no connection.

use crate::error::UserError;
use crate::finding::Diagnostic;
use crate::source::{BlobId, RepoPath, SourceText};

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

/// The files of one state of a repository.
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
