//! The index: what the next commit will hold.

use std::path::Path;

use rustc_hash::FxHashSet;

use super::backend::IndexEntry;
use super::object::{FileKind, odd_name};
use super::repository::Repository;
use super::tree::{odd, submodule, symlink};
use super::{Content, Entry, Listing, Snapshot, text};
use crate::error::UserError;
use crate::source::RepoPath;

/// The files of the index.
#[derive(Debug)]
pub struct IndexSnapshot {
    repository: Repository,
    lines: Vec<IndexEntry>,
    unmerged: FxHashSet<RepoPath>,
}

impl Repository {
    /// The index in `file`, which `GIT_INDEX_FILE` names: `git commit -a` and `git commit FILE` use another one than the
    /// repository's own, which is taken where none is named.
    pub fn index(&self, file: Option<&Path>) -> Result<IndexSnapshot, UserError> {
        let file = file.map(|file| match self.work_dir() {
            // git starts hooks at the top of the working tree and means the path from there.
            Some(top) if file.is_relative() && top.join(file).exists() => top.join(file),
            Some(_) | None => std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf()),
        });
        let lines = self.index_entries(file.as_deref())?;
        let unmerged = lines.iter().filter(|line| line.stage > 0).map(|line| RepoPath::from_bytes(&line.path)).collect();
        Ok(IndexSnapshot { repository: self.clone(), lines, unmerged })
    }
}

/// Why no path of the index may have this form, if so.
pub(super) fn odd_path(path: &[u8]) -> Option<&'static str> {
    path.split(|byte| *byte == b'/').find_map(odd_name)
}

impl Snapshot for IndexSnapshot {
    fn entries(&self, claims: &(dyn Fn(&RepoPath) -> bool + Sync)) -> Result<Listing, UserError> {
        let mut listing = Listing::default();
        let mut last: &[u8] = b"";
        for line in &self.lines {
            // A conflict has up to three lines, one after the other; an announced file is not part of the commit.
            if line.path == last || line.intent_to_add {
                continue;
            }
            last = &line.path;
            let path = RepoPath::from_bytes(&line.path);
            if let Some(why) = odd_path(&line.path) {
                listing.diagnostics.push(odd(&path, why));
            } else {
                match line.kind {
                    FileKind::Submodule => listing.diagnostics.push(submodule(&path)),
                    FileKind::Symlink if claims(&path) => listing.diagnostics.push(symlink(&path)),
                    FileKind::Regular if claims(&path) => {
                        listing.entries.push(Entry { path, blob: line.id, size: None });
                    }
                    // A folder stands in a sparse index only, which is read in its full form.
                    FileKind::Symlink | FileKind::Regular | FileKind::Folder => {}
                }
            }
        }
        Ok(listing.sorted())
    }

    fn read(&self, entry: &Entry) -> Content {
        if self.unmerged.contains(&entry.path) {
            return text::skipped(
                &entry.path,
                None,
                "this file has a merge conflict and was not read: resolve it and `git add` it",
            );
        }
        self.repository.read_blob(&entry.path, entry.blob)
    }
}
