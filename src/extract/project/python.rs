//! `pyproject.toml` and `setup.cfg`.

use crate::facts::{FileFacts, LanguageId};
use crate::source::{RepoPath, SourceText};

pub fn claims(path: &RepoPath) -> bool {
    matches!(path.file_name(), "pyproject.toml" | "setup.cfg")
}

pub fn extract(_source: &SourceText) -> FileFacts {
    FileFacts::new(LanguageId::Project)
}
