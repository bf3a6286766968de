//! A snapshot with some of its files replaced in memory: what it would be after an edit that nobody has made yet.

use std::collections::BTreeMap;

use super::object::Hash;
use super::{Content, Entry, Listing, Snapshot, disk, text};
use crate::error::UserError;
use crate::source::{BlobId, RepoPath};

/// Another snapshot, and the texts of files that it has otherwise.
pub struct OverlaySnapshot<'s> {
    under: &'s dyn Snapshot,
    files: BTreeMap<RepoPath, (BlobId, String)>,
}

impl<'s> OverlaySnapshot<'s> {
    pub fn new(under: &'s dyn Snapshot, files: impl IntoIterator<Item = (RepoPath, String)>) -> Self {
        let identified = |text: String| (disk::file_id(Hash::Sha1, text.as_bytes(), None), text);
        OverlaySnapshot { under, files: files.into_iter().map(|(path, text)| (path, identified(text))).collect() }
    }
}

impl Snapshot for OverlaySnapshot<'_> {
    fn entries(&self, claims: &(dyn Fn(&RepoPath) -> bool + Sync)) -> Result<Listing, UserError> {
        let mut listing = self.under.entries(claims)?;
        for entry in &mut listing.entries {
            if let Some((blob, text)) = self.files.get(&entry.path) {
                entry.blob = *blob;
                entry.size = Some(text.len() as u64);
            }
        }
        Ok(listing)
    }

    fn read(&self, entry: &Entry) -> Content {
        match self.files.get(&entry.path) {
            Some((blob, text)) if *blob == entry.blob => text::content(&entry.path, entry.blob, text.as_bytes()),
            _ => self.under.read(entry),
        }
    }
}
