//! `Cargo.toml`.

use crate::facts::{FileFacts, LanguageId};
use crate::source::{RepoPath, SourceText};

pub fn claims(path: &RepoPath) -> bool {
    path.file_name() == "Cargo.toml"
}

pub fn extract(_source: &SourceText) -> FileFacts {
    FileFacts::new(LanguageId::Project)
}
