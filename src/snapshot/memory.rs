//! Files that exist in memory alone: for tests, and for examples in documentation.

use std::collections::BTreeMap;

use super::object::Hash;
use super::{Content, Entry, Listing, Snapshot, disk, text};
use crate::error::UserError;
use crate::source::RepoPath;

/// A snapshot made of paths and their bytes.
#[derive(Clone, Debug, Default)]
pub struct MemorySnapshot {
    files: BTreeMap<RepoPath, Vec<u8>>,
}

impl MemorySnapshot {
    pub fn new<P: AsRef<str>, B: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, B)>) -> Self {
        MemorySnapshot { files: files.into_iter().map(|(path, bytes)| (RepoPath::new(path), bytes.into())).collect() }
    }
}

impl Snapshot for MemorySnapshot {
    fn entries(&self, claims: &(dyn Fn(&RepoPath) -> bool + Sync)) -> Result<Listing, UserError> {
        let entries = self.files.iter().filter(|(path, _)| claims(path)).map(|(path, bytes)| Entry {
            path: path.clone(),
            blob: disk::file_id(Hash::Sha1, bytes, None),
            size: Some(bytes.len() as u64),
        });
        Ok(Listing { entries: entries.collect(), diagnostics: Vec::new() })
    }

    fn read(&self, entry: &Entry) -> Content {
        match self.files.get(&entry.path) {
            Some(bytes) => text::content(&entry.path, entry.blob, bytes),
            None => text::skipped(&entry.path, None, "this file is not in the snapshot"),
        }
    }
}
