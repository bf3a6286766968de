//! Files on disk: read without ever leaving the folder that was named, and identified as git would identify them.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::object::Hash;
use super::text::{bytes_with_lf, skipped, too_large};
use super::{Content, Entry, LARGEST_FILE, text};
use crate::source::{BlobId, RepoPath};

/// The id of a file that nobody can or may read: its own, so that it looks like no other and like no earlier state of itself.
pub fn unread_id(hash: Hash, path: &RepoPath, metadata: &Metadata) -> BlobId {
    let modified = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
        .map_or(0, |time| time.as_nanos());
    hash.blob(format!("driftgate: unread {path} {} {modified}", metadata.len()).as_bytes())
}

/// The id of a file on disk: `known` where its bytes are those of the blob `known`, whatever the line ends.
///
/// A file with CRLF gets the id of its LF form, which is what git stores under `core.autocrlf`; the text that is read is the same
/// for both, so that an id always stands for one text.
pub fn file_id(hash: Hash, bytes: &[u8], known: Option<BlobId>) -> BlobId {
    match bytes_with_lf(bytes) {
        None => hash.blob(bytes),
        Some(_) if known == Some(hash.blob(bytes)) => known.expect("it was compared just now"),
        Some(normalised) => hash.blob(&normalised),
    }
}

/// Reads a listed file. `file` is where it lies.
pub fn read(file: &Path, entry: &Entry) -> Content {
    let path = &entry.path;
    let unreadable = |error: &std::io::Error| skipped(path, None, format!("this file cannot be read: {error}"));
    match std::fs::metadata(file) {
        Err(error) => unreadable(&error),
        Ok(metadata) if !metadata.is_file() => skipped(path, None, "this file became something else while it was read"),
        Ok(metadata) if metadata.len() > LARGEST_FILE => too_large(path, metadata.len()),
        Ok(_) => match std::fs::read(file) {
            Err(error) => unreadable(&error),
            Ok(bytes) if entry.size.is_some_and(|size| size != bytes.len() as u64) => {
                skipped(path, None, "this file changed while it was read: run driftgate again")
            }
            Ok(bytes) => text::content(path, entry.blob, &bytes),
        },
    }
}

/// Answers whether a path inside a folder runs through a symbolic link, each folder looked at once.
#[derive(Debug)]
pub struct Links {
    root: PathBuf,
    seen: Mutex<FxHashMap<PathBuf, bool>>,
}

impl Links {
    pub fn new(root: &Path) -> Self {
        Links { root: root.to_path_buf(), seen: Mutex::default() }
    }

    /// Whether any folder above `relative` is a symbolic link.
    pub fn above(&self, relative: &Path) -> bool {
        // From the root down, because below a link every answer of the file system is about another place.
        let mut folders: Vec<&Path> = relative.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()).collect();
        folders.reverse();
        folders.into_iter().any(|folder| self.is_link(folder))
    }

    fn is_link(&self, folder: &Path) -> bool {
        if let Some(known) = self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(folder) {
            return *known;
        }
        let link = std::fs::symlink_metadata(self.root.join(folder)).is_ok_and(|metadata| metadata.is_symlink());
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_path_buf(), link);
        link
    }
}

/// The bytes of a relative path, with forward slashes.
pub fn path_bytes(relative: &Path) -> Vec<u8> {
    let bytes = relative.as_os_str().as_encoded_bytes().to_vec();
    if std::path::MAIN_SEPARATOR == '\\' {
        return bytes.into_iter().map(|byte| if byte == b'\\' { b'/' } else { byte }).collect();
    }
    bytes
}

/// The relative path of these bytes; `None` where this system has no such name.
pub fn path_of(bytes: &[u8]) -> Option<PathBuf> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        Some(PathBuf::from(std::ffi::OsStr::from_bytes(bytes)))
    }
    #[cfg(not(unix))]
    {
        std::str::from_utf8(bytes).ok().map(PathBuf::from)
    }
}
