//! The working tree: tracked files as they are on disk, and untracked ones that git does not ignore.
//!
//! Configured filters are never run. A file that the index knows to be unchanged is read from its blob, which is also what the
//! tree of a commit gives, so that both sides of a comparison see the same bytes.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use ignore::{WalkBuilder, WalkState};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::backend::{IndexEntry, IndexStat};
use super::disk::{self, Links};
use super::index::odd_path;
use super::object::FileKind;
use super::repository::Repository;
use super::tree::{odd, submodule, symlink, too_many};
use super::{Content, Entry, LARGEST_FILE, Listing, MOST_FILES, Snapshot, text};
use crate::error::UserError;
use crate::finding::Diagnostic;
use crate::source::{BlobId, RepoPath};

/// The files of the working tree.
#[derive(Debug)]
pub struct WorktreeSnapshot {
    repository: Repository,
    root: PathBuf,
    tracked: FxHashMap<RepoPath, Tracked>,
    /// When the index was written. A file that is not older may have changed within the clock's tick.
    index_written: Option<(i64, u32)>,
    links: Links,
    /// Untracked names that are not UTF-8 and cannot be had back from their readable form.
    odd_names: Mutex<FxHashMap<RepoPath, PathBuf>>,
}

#[derive(Debug)]
struct Tracked {
    line: IndexEntry,
    /// A conflicted path has no one blob.
    blob: Option<BlobId>,
}

/// What stands under one path.
enum Found {
    Entry(Entry),
    Passed(Diagnostic),
    Nothing,
}

impl Repository {
    /// The working tree, against the repository's own index.
    pub fn worktree(&self) -> Result<WorktreeSnapshot, UserError> {
        let Some(root) = self.work_dir() else {
            return Err(UserError::Repository {
                message: "this repository has no working tree".into(),
                help: "name the commit to check with `--head REV`".into(),
            });
        };
        // Read before the index itself: a later time would call more files unchanged.
        let index_written = std::fs::metadata(self.git_dir().join("index")).ok().and_then(|index| modified(&index));
        let mut tracked: FxHashMap<RepoPath, Tracked> = FxHashMap::default();
        for line in self.index_entries(None)? {
            let blob = (line.stage == 0 && !line.intent_to_add).then_some(line.id);
            tracked.insert(RepoPath::from_bytes(&line.path), Tracked { line, blob });
        }
        Ok(WorktreeSnapshot {
            repository: self.clone(),
            links: Links::new(root),
            root: root.to_path_buf(),
            tracked,
            index_written,
            odd_names: Mutex::default(),
        })
    }
}

impl WorktreeSnapshot {
    /// The root of the working tree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn tracked(&self, path: &RepoPath, tracked: &Tracked, claims: &(dyn Fn(&RepoPath) -> bool + Sync)) -> Found {
        if let Some(why) = odd_path(&tracked.line.path) {
            return Found::Passed(odd(path, why));
        }
        match tracked.line.kind {
            FileKind::Submodule => return Found::Passed(submodule(path)),
            FileKind::Folder => return Found::Nothing,
            FileKind::Regular | FileKind::Symlink if !claims(path) => return Found::Nothing,
            FileKind::Regular | FileKind::Symlink => {}
        }
        let Some(relative) = disk::path_of(&tracked.line.path) else {
            return Found::Passed(Diagnostic::warning(path.clone(), None, "this system has no such file name: it was not read"));
        };
        if self.links.above(&relative) {
            return Found::Passed(symlink(path));
        }
        let file = self.root.join(relative);
        match std::fs::symlink_metadata(&file) {
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                Found::Passed(Diagnostic::warning(path.clone(), None, format!("this file cannot be read: {error}")))
            }
            // A sparse checkout leaves files out of the working tree that the next commit still holds.
            Err(_) => match tracked.blob {
                Some(blob) if tracked.line.skip_worktree && tracked.line.kind == FileKind::Regular => {
                    Found::Entry(Entry { path: path.clone(), blob, size: None })
                }
                Some(_) | None => Found::Nothing,
            },
            Ok(metadata) => self.on_disk(path, &file, &metadata, Some(tracked)),
        }
    }

    fn on_disk(&self, path: &RepoPath, file: &Path, metadata: &Metadata, tracked: Option<&Tracked>) -> Found {
        if metadata.is_symlink() {
            return Found::Passed(symlink(path));
        }
        if metadata.is_dir() {
            return Found::Nothing;
        }
        if !metadata.is_file() {
            return Found::Passed(Diagnostic::note(path.clone(), None, "this is no regular file and was not read"));
        }
        let known = tracked.and_then(|tracked| tracked.blob);
        let entry = |blob, size| Found::Entry(Entry { path: path.clone(), blob, size });
        if let (Some(tracked), Some(blob)) = (tracked, known)
            && tracked.line.kind == FileKind::Regular
            && tracked.line.stat.is_some_and(|stat| self.unchanged(stat, metadata))
        {
            return entry(blob, None);
        }
        let hash = self.repository.hash();
        if metadata.len() > LARGEST_FILE {
            return entry(disk::unread_id(hash, path, metadata), None);
        }
        match std::fs::read(file) {
            Ok(bytes) => entry(disk::file_id(hash, &bytes, known), Some(bytes.len() as u64)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Found::Nothing,
            Err(_) => entry(disk::unread_id(hash, path, metadata), None),
        }
    }

    /// Whether the file is surely the one that the index saw. In doubt it is hashed.
    fn unchanged(&self, stat: IndexStat, metadata: &Metadata) -> bool {
        let Some(now) = modified(metadata) else { return false };
        let (seconds, nanoseconds) = stat.modified;
        // Some versions of git keep whole seconds only.
        let same_time = now.0 == i64::from(seconds) && (nanoseconds == 0 || now.1 == nanoseconds);
        let settled = self.index_written.is_some_and(|written| now < written && (nanoseconds != 0 || now.0 < written.0));
        same_time && settled && metadata.len() as u32 == stat.size && same_inode(stat, metadata)
    }

    /// Untracked files, at their places on disk.
    fn untracked(&self, claims: &(dyn Fn(&RepoPath) -> bool + Sync)) -> Result<Vec<Found>, UserError> {
        let found = Mutex::new(Vec::new());
        let seen = AtomicUsize::new(0);
        let root = self.root.clone();
        let walk = WalkBuilder::new(&self.root)
            .standard_filters(false)
            .git_ignore(true)
            .git_exclude(true)
            .git_global(true)
            .threads(std::thread::available_parallelism().map_or(1, usize::from))
            // Git's own folder, and repositories inside this one, which git treats as one opaque thing each.
            .filter_entry(move |entry| {
                entry.path() == root
                    || entry.file_name() != ".git"
                        && !(entry.file_type().is_some_and(|kind| kind.is_dir()) && entry.path().join(".git").exists())
            })
            .build_parallel();
        walk.run(|| {
            Box::new(|entry| {
                // What cannot be listed is not tracked either, or it is found missing there.
                let Ok(entry) = entry else { return WalkState::Continue };
                if seen.fetch_add(1, Ordering::Relaxed) > MOST_FILES {
                    return WalkState::Quit;
                }
                if entry.file_type().is_none_or(|kind| kind.is_dir()) {
                    return WalkState::Continue;
                }
                let Ok(relative) = entry.path().strip_prefix(&self.root) else { return WalkState::Continue };
                let bytes = disk::path_bytes(relative);
                let path = RepoPath::from_bytes(&bytes);
                if self.tracked.contains_key(&path) || !claims(&path) {
                    return WalkState::Continue;
                }
                let Ok(metadata) = std::fs::symlink_metadata(entry.path()) else { return WalkState::Continue };
                let file = self.on_disk(&path, entry.path(), &metadata, None);
                if std::str::from_utf8(&bytes).is_err() {
                    let mut odd = self.odd_names.lock().unwrap_or_else(PoisonError::into_inner);
                    odd.insert(path, relative.to_path_buf());
                }
                found.lock().unwrap_or_else(PoisonError::into_inner).push(file);
                WalkState::Continue
            })
        });
        if seen.into_inner() > MOST_FILES {
            return Err(too_many("the working tree"));
        }
        Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn place(&self, path: &RepoPath) -> Option<PathBuf> {
        if let Some(tracked) = self.tracked.get(path) {
            return disk::path_of(&tracked.line.path);
        }
        let odd = self.odd_names.lock().unwrap_or_else(PoisonError::into_inner);
        Some(odd.get(path).cloned().unwrap_or_else(|| PathBuf::from(path.as_str())))
    }
}

impl Snapshot for WorktreeSnapshot {
    fn entries(&self, claims: &(dyn Fn(&RepoPath) -> bool + Sync)) -> Result<Listing, UserError> {
        if self.tracked.len() > MOST_FILES {
            return Err(too_many("the index"));
        }
        let mut found: Vec<Found> = self.tracked.par_iter().map(|(path, tracked)| self.tracked(path, tracked, claims)).collect();
        found.extend(self.untracked(claims)?);
        let mut listing = Listing::default();
        for found in found {
            match found {
                Found::Entry(entry) => listing.entries.push(entry),
                Found::Passed(why) => listing.diagnostics.push(why),
                Found::Nothing => {}
            }
        }
        Ok(listing.sorted())
    }

    fn read(&self, entry: &Entry) -> Content {
        let known = self.tracked.get(&entry.path).and_then(|tracked| tracked.blob);
        if known == Some(entry.blob) {
            match self.repository.blob_bytes(entry.blob) {
                Some(bytes) => return text::content(&entry.path, entry.blob, &bytes),
                // A partial clone may hold the file and not its blob.
                None if self.is_away(&entry.path) => {
                    return self.repository.read_blob(&entry.path, entry.blob);
                }
                None => {}
            }
        }
        match self.place(&entry.path) {
            Some(relative) if !self.links.above(&relative) => {
                let file = self.root.join(relative);
                match std::fs::symlink_metadata(&file) {
                    Ok(metadata) if metadata.is_symlink() => Content::Skipped(symlink(&entry.path)),
                    Ok(_) | Err(_) => disk::read(&file, entry),
                }
            }
            Some(_) | None => Content::Skipped(symlink(&entry.path)),
        }
    }
}

impl WorktreeSnapshot {
    fn is_away(&self, path: &RepoPath) -> bool {
        self.place(path).is_none_or(|relative| !self.root.join(relative).exists())
    }
}

#[cfg(unix)]
fn modified(metadata: &Metadata) -> Option<(i64, u32)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.mtime(), u32::try_from(metadata.mtime_nsec()).ok()?))
}

#[cfg(not(unix))]
fn modified(metadata: &Metadata) -> Option<(i64, u32)> {
    let since = metadata.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some((i64::try_from(since.as_secs()).ok()?, since.subsec_nanos()))
}

/// A file that was replaced by another of the same size and time has another inode, or was changed at another time.
#[cfg(unix)]
fn same_inode(stat: IndexStat, metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (seconds, nanoseconds) = stat.changed;
    metadata.ino() as u32 == stat.inode
        && metadata.ctime() == i64::from(seconds)
        && (nanoseconds == 0 || metadata.ctime_nsec() == i64::from(nanoseconds))
}

#[cfg(not(unix))]
fn same_inode(_: IndexStat, _: &Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::testing::Place;

    #[test]
    #[cfg(unix)]
    fn a_file_that_is_not_older_than_the_index_is_read() {
        let place = Place::new();
        let git = place.init("a");
        git.commit("a.rs", "a\n");
        let mut worktree = git.open().worktree().unwrap();
        let metadata = std::fs::metadata(git.dir.join("a.rs")).unwrap();
        let stat = worktree.tracked[&RepoPath::new("a.rs")].line.stat.unwrap();
        let (seconds, nanoseconds) = modified(&metadata).unwrap();
        for (written, settled) in [((seconds, nanoseconds), false), ((seconds + 1, 0), true)] {
            worktree.index_written = Some(written);
            assert_eq!(worktree.unchanged(stat, &metadata), settled);
        }
        for other in [
            IndexStat { size: 3, ..stat },
            IndexStat { modified: (1, 1), ..stat },
            IndexStat { inode: !stat.inode, ..stat },
            IndexStat { changed: (1, 1), ..stat },
        ] {
            assert!(!worktree.unchanged(other, &metadata), "{other:?}");
        }
    }
}
