//! `package.json`, `tsconfig.json` and `pnpm-workspace.yaml`.

use crate::facts::{FileFacts, LanguageId};
use crate::source::{RepoPath, SourceText};

pub fn claims(path: &RepoPath) -> bool {
    matches!(path.file_name(), "package.json" | "pnpm-workspace.yaml")
}

pub fn extract(_source: &SourceText) -> FileFacts {
    FileFacts::new(LanguageId::Project)
}
