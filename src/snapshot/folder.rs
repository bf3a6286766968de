//! A plain folder on disk, outside any repository.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use walkdir::WalkDir;

use super::object::Hash;
use super::tree::{symlink, too_many};
use super::{Content, Entry, LARGEST_FILE, Listing, MOST_FILES, Snapshot, disk};
use crate::error::UserError;
use crate::finding::Diagnostic;
use crate::source::RepoPath;

/// The files below one folder. Nothing is ignored but git's own folders; symbolic links to files inside it are read.
#[derive(Debug)]
pub struct FolderSnapshot {
    root: PathBuf,
    /// Names that are not UTF-8 cannot be had back from their readable form.
    odd_names: Mutex<FxHashMap<RepoPath, PathBuf>>,
}

impl FolderSnapshot {
    pub fn open(root: &Path) -> Result<Self, UserError> {
        let unreadable = |message: String| UserError::Unreadable { path: root.display().to_string(), message };
        let real = root.canonicalize().map_err(|error| unreadable(error.to_string()))?;
        if !real.is_dir() {
            return Err(unreadable("it is not a folder".into()));
        }
        Ok(FolderSnapshot { root: real, odd_names: Mutex::default() })
    }

    fn place(&self, path: &RepoPath) -> PathBuf {
        let odd = self.odd_names.lock().unwrap_or_else(PoisonError::into_inner);
        self.root.join(odd.get(path).map_or(Path::new(path.as_str()), PathBuf::as_path))
    }

    /// A link counts as the file it leads to, if that is a file inside the folder: mounted configuration looks like this.
    fn leads_inside(&self, link: &Path) -> bool {
        link.canonicalize().is_ok_and(|target| target.starts_with(&self.root) && target.is_file())
    }
}

impl Snapshot for FolderSnapshot {
    fn entries(&self, claims: &(dyn Fn(&RepoPath) -> bool + Sync)) -> Result<Listing, UserError> {
        let mut listing = Listing::default();
        let mut files: Vec<(RepoPath, PathBuf)> = Vec::new();
        let walk = WalkDir::new(&self.root).min_depth(1).into_iter();
        for (seen, found) in walk.filter_entry(|entry| entry.file_name() != ".git").enumerate() {
            if seen > MOST_FILES {
                return Err(too_many(&format!("the folder `{}`", self.root.display())));
            }
            let found = found.map_err(|error| UserError::Unreadable {
                path: error.path().unwrap_or(&self.root).display().to_string(),
                message: error.io_error().map_or_else(|| error.to_string(), ToString::to_string),
            })?;
            let relative = found.path().strip_prefix(&self.root).expect("the walk began at the root");
            let bytes = disk::path_bytes(relative);
            let path = RepoPath::from_bytes(&bytes);
            let kind = found.file_type();
            if kind.is_dir() || !claims(&path) {
                continue;
            }
            if kind.is_symlink() && !self.leads_inside(found.path()) {
                listing.diagnostics.push(symlink(&path));
            } else if !kind.is_symlink() && !kind.is_file() {
                listing.diagnostics.push(Diagnostic::note(path, None, "this is no regular file and was not read"));
            } else {
                if std::str::from_utf8(&bytes).is_err() {
                    let mut odd = self.odd_names.lock().unwrap_or_else(PoisonError::into_inner);
                    odd.insert(path.clone(), relative.to_path_buf());
                }
                files.push((path, found.into_path()));
            }
        }
        let entries: Vec<Option<Entry>> = files.par_iter().map(|(path, file)| entry(path, file)).collect();
        listing.entries = entries.into_iter().flatten().collect();
        Ok(listing.sorted())
    }

    fn read(&self, entry: &Entry) -> Content {
        disk::read(&self.place(&entry.path), entry)
    }
}

/// `None` where the file is gone since the folder was listed.
fn entry(path: &RepoPath, file: &Path) -> Option<Entry> {
    let metadata = std::fs::metadata(file).ok()?;
    let bytes = if metadata.len() > LARGEST_FILE { None } else { std::fs::read(file).ok() };
    Some(match bytes {
        Some(bytes) => {
            Entry { path: path.clone(), blob: disk::file_id(Hash::Sha1, &bytes, None), size: Some(bytes.len() as u64) }
        }
        None => Entry { path: path.clone(), blob: disk::unread_id(Hash::Sha1, path, &metadata), size: None },
    })
}
