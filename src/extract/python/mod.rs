//! The Python front end, on ruff's parser.

use crate::extract::Language;
use crate::facts::{FileFacts, LanguageId};
use crate::source::{RepoPath, SourceText};

pub struct Python;

impl Language for Python {
    fn id(&self) -> LanguageId {
        LanguageId::Python
    }

    fn claims(&self, _path: &RepoPath) -> bool {
        false
    }

    fn extract(&self, _source: &SourceText) -> FileFacts {
        FileFacts::new(LanguageId::Python)
    }
}
