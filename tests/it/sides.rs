//! Fixtures as the two sides of a check.

use std::collections::BTreeMap;

use driftgate::snapshot::{FolderSnapshot, MemorySnapshot};

use crate::program::fixture;

/// A folder under `fixtures/` as it lies on disk.
pub fn folder(path: &str) -> FolderSnapshot {
    FolderSnapshot::open(&fixture(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The files of a folder under `fixtures/`, by their path from it.
pub fn files(path: &str) -> BTreeMap<String, String> {
    let root = fixture(path);
    let mut found = BTreeMap::new();
    for entry in walkdir::WalkDir::new(&root) {
        let entry = entry.unwrap_or_else(|error| panic!("{path}: {error}"));
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(&root).expect("it lies below the folder");
            let text = std::fs::read_to_string(entry.path()).expect("a fixture is text");
            found.insert(name.to_string_lossy().replace('\\', "/"), text);
        }
    }
    found
}

/// Files that lie nowhere.
pub fn memory(files: &BTreeMap<String, String>) -> MemorySnapshot {
    MemorySnapshot::new(files.iter().map(|(path, text)| (path.as_str(), text.as_bytes())))
}
