//! The TypeScript front end, on oxc's parser.

use crate::extract::Language;
use crate::facts::{FileFacts, LanguageId};
use crate::source::{RepoPath, SourceText};

pub struct TypeScript;

impl Language for TypeScript {
    fn id(&self) -> LanguageId {
        LanguageId::TypeScript
    }

    fn claims(&self, _path: &RepoPath) -> bool {
        false
    }

    fn extract(&self, _source: &SourceText) -> FileFacts {
        FileFacts::new(LanguageId::TypeScript)
    }
}
