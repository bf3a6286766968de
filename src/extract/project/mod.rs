//! Manifests: the files that say how a project's modules and packages are named. Data, read with serde; nothing is run.

pub mod cargo;
pub mod node;
pub mod python;

use crate::extract::Language;
use crate::facts::{FileFacts, LanguageId};
use crate::source::{RepoPath, SourceText};

pub struct Project;

impl Language for Project {
    fn id(&self) -> LanguageId {
        LanguageId::Project
    }

    fn claims(&self, path: &RepoPath) -> bool {
        cargo::claims(path) || node::claims(path) || python::claims(path)
    }

    fn extract(&self, source: &SourceText) -> FileFacts {
        if cargo::claims(&source.path) {
            cargo::extract(source)
        } else if node::claims(&source.path) {
            node::extract(source)
        } else {
            python::extract(source)
        }
    }
}
