//! Modules: how each language's import paths name files of the repository.
//!
//! What is the same in all languages (scopes, imports, re-exports, globs, aliases) is `resolve`'s; here stands only what
//! differs: which file and which inner module a written path means.

pub mod python;
pub mod rust;
pub mod typescript;

use std::sync::Arc;

use crate::facts::{FileFacts, LanguageId, Name};
use crate::link::index::FileIndex;
use crate::source::RepoPath;

/// One file of a snapshot with its facts.
#[derive(Clone, Debug)]
pub struct FileUnit {
    pub path: RepoPath,
    pub facts: Arc<FileFacts>,
    pub index: Arc<FileIndex>,
}

impl FileUnit {
    pub fn new(path: RepoPath, facts: Arc<FileFacts>) -> Self {
        let index = Arc::new(FileIndex::new(&facts));
        FileUnit { path, facts, index }
    }
}

/// The index of a file in the list that was linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A module: a file, and the inner module or namespace in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId {
    pub file: FileId,
    pub scope: Vec<Name>,
}

/// How one language finds modules. Built once per snapshot from the paths and manifests.
pub trait Modules: Sync {
    /// The module that `module` names in an import written in `from`. `None` for what is not in the repository.
    fn find(&self, from: &ModuleId, module: &[Name]) -> Option<ModuleId>;

    /// The other files that make one module together with this one.
    fn parts(&self, _of: &ModuleId) -> Vec<ModuleId> {
        Vec::new()
    }

    /// The submodule `name` of a module, where the language has them.
    fn child(&self, of: &ModuleId, name: &str) -> Option<ModuleId>;
}

/// The files of a snapshot with an index by path, for [`Modules`] to be built from.
pub struct Files<'a> {
    pub units: &'a [FileUnit],
    by_path: rustc_hash::FxHashMap<&'a str, FileId>,
}

impl<'a> Files<'a> {
    /// Takes units sorted by path.
    pub fn new(units: &'a [FileUnit]) -> Self {
        let by_path = units.iter().enumerate().map(|(at, unit)| (unit.path.as_str(), FileId(at as u32))).collect();
        Files { units, by_path }
    }

    pub fn at(&self, path: &str) -> Option<FileId> {
        self.by_path.get(path).copied()
    }

    pub fn unit(&self, id: FileId) -> &'a FileUnit {
        &self.units[id.0 as usize]
    }

    /// The files of one language, in the order of their paths.
    pub fn of(&self, language: LanguageId) -> impl Iterator<Item = (FileId, &'a FileUnit)> + '_ {
        self.units
            .iter()
            .enumerate()
            .filter(move |(_, unit)| unit.facts.language == language)
            .map(|(at, unit)| (FileId(at as u32), unit))
    }
}
