//! The Rust front end, on syn: wire forms as serde writes and reads them.

use crate::extract::Language;
use crate::facts::{FileFacts, LanguageId};
use crate::source::{RepoPath, SourceText};

pub struct Rust;

impl Language for Rust {
    fn id(&self) -> LanguageId {
        LanguageId::Rust
    }

    fn claims(&self, path: &RepoPath) -> bool {
        path.extension() == "rs"
    }

    fn extract(&self, _source: &SourceText) -> FileFacts {
        FileFacts::new(LanguageId::Rust)
    }
}
