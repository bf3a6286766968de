//! The files of a commit, from its tree, without a checkout.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};

use rayon::prelude::*;

use super::object::{FileKind, ObjectId, ObjectKind, odd_name, tree_entries};
use super::repository::Repository;
use super::{Content, Entry, Listing, MOST_FILES, Snapshot};
use crate::error::UserError;
use crate::finding::Diagnostic;
use crate::source::RepoPath;

/// No file system takes a longer path; a deeper tree is made up.
const LONGEST_PATH: usize = 4_096;

/// The files of one commit.
#[derive(Debug)]
pub struct TreeSnapshot {
    repository: Repository,
    tree: ObjectId,
    /// For messages: the commit as the user named it.
    rev: String,
}

/// One folder of a tree at one place, ready for listing.
#[derive(Debug, Default)]
pub struct Folder {
    files: Vec<(RepoPath, ObjectId)>,
    folders: Vec<(RepoPath, ObjectId)>,
    /// Symbolic links, submodules and odd names, with what to say of them.
    others: Vec<(RepoPath, Other)>,
}

#[derive(Debug)]
enum Other {
    Symlink,
    Submodule,
    Odd(&'static str),
}

impl Repository {
    /// The files of the commit that `rev` names.
    pub fn tree(&self, rev: &str) -> Result<TreeSnapshot, UserError> {
        let id = self.expect_commit(rev)?;
        self.tree_of(id, rev)
    }

    /// The files of a commit, called `rev` in messages.
    pub fn tree_of(&self, commit: ObjectId, rev: &str) -> Result<TreeSnapshot, UserError> {
        let tree = self.commit(commit)?.tree;
        Ok(TreeSnapshot { repository: self.clone(), tree, rev: rev.to_owned() })
    }
}

impl TreeSnapshot {
    /// The id of the tree: two commits with the same one hold the same files.
    pub fn id(&self) -> ObjectId {
        self.tree
    }

    /// One file by its path, without listing the others: what `REV:path` names.
    pub fn entry(&self, path: &RepoPath) -> Result<Option<Entry>, UserError> {
        let (mut tree, mut at) = (self.tree, RepoPath::new(""));
        loop {
            let folder = self.folder(tree, &at)?;
            if let Some((_, blob)) = folder.files.iter().find(|(file, _)| file == path) {
                return Ok(Some(Entry { path: path.clone(), blob: *blob, size: None }));
            }
            let below = |folder: &RepoPath| path.as_str().strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'));
            match folder.folders.iter().find(|(folder, _)| below(folder)) {
                Some((next, id)) => (tree, at) = (*id, next.clone()),
                None => return Ok(None),
            }
        }
    }

    fn folder(&self, tree: ObjectId, at: &RepoPath) -> Result<Arc<Folder>, UserError> {
        let memo = self.repository.folders();
        if let Some(folder) = memo.lock().unwrap_or_else(PoisonError::into_inner).get(&(tree, at.clone())) {
            return Ok(Arc::clone(folder));
        }
        let folder = Arc::new(self.read_folder(tree, at)?);
        let mut memo = memo.lock().unwrap_or_else(PoisonError::into_inner);
        if memo.len() >= Repository::most_folders() {
            memo.clear();
        }
        memo.insert((tree, at.clone()), Arc::clone(&folder));
        Ok(folder)
    }

    fn read_folder(&self, tree: ObjectId, at: &RepoPath) -> Result<Folder, UserError> {
        let what = || match at.as_str() {
            "" => format!("the tree of `{}`", self.rev),
            folder => format!("the folder `{folder}` of `{}`", self.rev),
        };
        let bytes = self.repository.required(tree, ObjectKind::Tree, &what())?;
        let entries = tree_entries(&bytes, self.repository.hash()).ok_or_else(|| UserError::Repository {
            message: format!("{} ({tree}) is damaged", what()),
            help: "`git fsck` says what is wrong".into(),
        })?;
        let mut folder = Folder::default();
        let mut path = Vec::new();
        for entry in entries {
            path.clear();
            path.extend_from_slice(at.as_str().as_bytes());
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(entry.name);
            let place = RepoPath::from_bytes(&path);
            if let Some(odd) = odd_name(entry.name) {
                folder.others.push((place, Other::Odd(odd)));
            } else if path.len() > LONGEST_PATH {
                folder.others.push((at.clone(), Other::Odd("a path that no file system would take")));
            } else {
                match entry.kind {
                    FileKind::Regular => folder.files.push((place, entry.id)),
                    FileKind::Folder => folder.folders.push((place, entry.id)),
                    FileKind::Symlink => folder.others.push((place, Other::Symlink)),
                    FileKind::Submodule => folder.others.push((place, Other::Submodule)),
                }
            }
        }
        Ok(folder)
    }
}

/// What is said of a symbolic link, the same in every snapshot.
pub(super) fn symlink(path: &RepoPath) -> Diagnostic {
    Diagnostic::note(path.clone(), None, "this is a symbolic link: it was not followed")
}

pub(super) fn submodule(path: &RepoPath) -> Diagnostic {
    Diagnostic::note(path.clone(), None, "this is a submodule: its files belong to another repository and were not read")
}

pub(super) fn odd(path: &RepoPath, odd: &str) -> Diagnostic {
    Diagnostic::warning(
        path.clone(),
        None,
        format!("the snapshot names {odd} here, which git would not check out: it was not read"),
    )
}

pub(super) fn too_many(what: &str) -> UserError {
    UserError::Repository {
        message: format!("{what} names more than {MOST_FILES} files"),
        help: "driftgate refuses to list it, because half a listing would make the other half look removed".into(),
    }
}

impl Snapshot for TreeSnapshot {
    fn entries(&self, claims: &(dyn Fn(&RepoPath) -> bool + Sync)) -> Result<Listing, UserError> {
        let mut listing = Listing::default();
        let mut level = vec![(RepoPath::new(""), self.tree)];
        let seen = AtomicUsize::new(0);
        // Level by level, so that the folders of one are read on all cores. The count is taken in each folder: one level may
        // hold far too many.
        let read = |(at, tree): &(RepoPath, ObjectId)| {
            if seen.load(Ordering::Relaxed) > MOST_FILES {
                return Err(too_many(&format!("the tree of `{}`", self.rev)));
            }
            let folder = self.folder(*tree, at)?;
            seen.fetch_add(folder.files.len() + folder.folders.len() + folder.others.len(), Ordering::Relaxed);
            Ok(folder)
        };
        while !level.is_empty() {
            let folders: Vec<Arc<Folder>> = level.par_iter().map(read).collect::<Result<_, _>>()?;
            level.clear();
            for folder in folders {
                level.extend(folder.folders.iter().cloned());
                listing.entries.extend(folder.files.iter().filter(|(path, _)| claims(path)).map(|(path, blob)| Entry {
                    path: path.clone(),
                    blob: *blob,
                    size: None,
                }));
                for (path, other) in &folder.others {
                    match other {
                        Other::Symlink if claims(path) => listing.diagnostics.push(symlink(path)),
                        Other::Symlink => {}
                        Other::Submodule => listing.diagnostics.push(submodule(path)),
                        Other::Odd(why) => listing.diagnostics.push(odd(path, why)),
                    }
                }
            }
        }
        Ok(listing.sorted())
    }

    fn read(&self, entry: &Entry) -> Content {
        self.repository.read_blob(&entry.path, entry.blob)
    }
}
