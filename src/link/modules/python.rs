//! Python modules: packages, `src` layouts, several roots in one repository.
//!
//! Where a package starts is not written down in most repositories: it is whatever folder is on the path when the code runs.
//! So an absolute import is looked for in the folders above the importing file, from the nearest on, then in the folders that
//! manifests name, then in those that hold a manifest. The first that has the module counts.

use rustc_hash::FxHashMap;

use super::{FileId, Files, ModuleId, Modules};
use crate::facts::{LanguageId, Name};
use crate::source::resolve;

struct PythonModules {
    /// The folder of each file, by its index; empty for files of other languages.
    folders: Vec<String>,
    /// Files by their path without extension: `a/b/c` for `a/b/c.py`, `a/b` for `a/b/__init__.py`.
    by_place: FxHashMap<String, FileId>,
    /// For an `__init__` file: the folder that it stands for.
    package_of: FxHashMap<FileId, String>,
    /// Folders that absolute imports may start from, those of manifests first, shortest first within each.
    roots: Vec<String>,
}

pub fn build(files: &Files<'_>) -> impl Modules + use<> {
    let mut folders = vec![String::new(); files.units.len()];
    let mut by_place: FxHashMap<String, FileId> = FxHashMap::default();
    let mut package_of = FxHashMap::default();
    let mut stubs: Vec<(String, FileId)> = Vec::new();
    let mut stated: Vec<String> = Vec::new();
    let mut implied: Vec<String> = vec![String::new(), "src".to_owned()];
    for (id, unit) in files.of(LanguageId::Python) {
        let folder = unit.path.parent();
        folders[id.0 as usize] = folder.to_owned();
        let place = if unit.path.stem() == "__init__" {
            package_of.insert(id, folder.to_owned());
            folder.to_owned()
        } else {
            joined(folder, unit.path.stem())
        };
        if unit.path.extension() == "pyi" {
            stubs.push((place, id));
        } else {
            // A package wins over a module of the same name, as in Python.
            let package = package_of.contains_key(&id);
            match by_place.get(&place) {
                Some(known) if package_of.contains_key(known) || !package => {}
                _ => {
                    by_place.insert(place, id);
                }
            }
        }
        if matches!(unit.path.file_name(), "setup.py" | "manage.py") {
            implied.push(folder.to_owned());
            implied.push(joined(folder, "src"));
        }
    }
    for (place, id) in stubs {
        by_place.entry(place).or_insert(id);
    }
    for (_, unit) in files.of(LanguageId::Project) {
        if !matches!(unit.path.file_name(), "pyproject.toml" | "setup.cfg") {
            continue;
        }
        let folder = unit.path.parent();
        implied.push(folder.to_owned());
        implied.push(joined(folder, "src"));
        if let Some(manifest) = &unit.facts.manifest {
            stated.extend(manifest.source_folders.iter().filter_map(|source| Some(resolve(folder, source)?.as_str().to_owned())));
        }
    }
    let mut roots = Vec::new();
    for mut group in [stated, implied] {
        group.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
        for folder in group {
            if !roots.contains(&folder) {
                roots.push(folder);
            }
        }
    }
    PythonModules { folders, by_place, package_of, roots }
}

impl PythonModules {
    fn at(&self, folder: &str, segments: &[Name]) -> Option<ModuleId> {
        let length = segments.iter().map(|segment| segment.len() + 1).sum::<usize>();
        let mut place = String::with_capacity(folder.len() + length);
        place.push_str(folder);
        for segment in segments {
            if !place.is_empty() {
                place.push('/');
            }
            place.push_str(segment);
        }
        self.by_place.get(&place).map(|file| ModuleId { file: *file, scope: Vec::new() })
    }

    /// `.` is the package of the file, every further dot the package around it.
    fn relative(&self, from: &str, dots: usize, segments: &[Name]) -> Option<ModuleId> {
        let mut folder = from;
        for _ in 1..dots {
            if folder.is_empty() {
                return None;
            }
            folder = folder.rfind('/').map_or("", |slash| &folder[..slash]);
        }
        self.at(folder, segments)
    }
}

impl Modules for PythonModules {
    fn find(&self, from: &ModuleId, module: &[Name]) -> Option<ModuleId> {
        let folder = self.folders.get(from.file.0 as usize)?.as_str();
        let (first, rest) = module.split_first()?;
        if first.starts_with('.') {
            return self.relative(folder, first.len(), rest);
        }
        let mut above = folder;
        loop {
            // A module never means itself: `import json` in `events/json.py` is the library's.
            if let Some(found) = self.at(above, module)
                && found.file != from.file
            {
                return Some(found);
            }
            if above.is_empty() {
                break;
            }
            above = above.rfind('/').map_or("", |slash| &above[..slash]);
        }
        self.roots.iter().find_map(|root| self.at(root, module)).filter(|found| found.file != from.file)
    }

    fn child(&self, of: &ModuleId, name: &str) -> Option<ModuleId> {
        if !of.scope.is_empty() {
            return None;
        }
        let folder = self.package_of.get(&of.file)?;
        self.at(folder, &[name.into()])
    }
}

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::FileUnit;
    use super::*;
    use crate::facts::{FileFacts, Manifest};
    use crate::source::RepoPath;

    fn tree(paths: &[&str]) -> Vec<FileUnit> {
        let mut units: Vec<FileUnit> = paths
            .iter()
            .map(|path| {
                let language = if path.ends_with(".toml") { LanguageId::Project } else { LanguageId::Python };
                let mut facts = FileFacts::new(language);
                if path.starts_with("odd/") && path.ends_with(".toml") {
                    facts.manifest = Some(Manifest { source_folders: vec!["lib".to_owned()], ..Manifest::default() });
                }
                FileUnit::new(RepoPath::new(path), Arc::new(facts))
            })
            .collect();
        units.sort_by(|a, b| a.path.cmp(&b.path));
        units
    }

    fn found(paths: &[&str], from: &str, module: &[&str]) -> Option<String> {
        let units = tree(paths);
        let files = Files::new(&units);
        let modules = build(&files);
        let from = ModuleId { file: files.at(from).expect("the importing file is in the tree"), scope: Vec::new() };
        let module: Vec<Name> = module.iter().map(|part| Name::from(*part)).collect();
        modules.find(&from, &module).map(|id| files.unit(id.file).path.to_string())
    }

    #[test]
    fn relative_imports_count_dots_from_the_package() {
        let paths = ["app/__init__.py", "app/orders/__init__.py", "app/orders/events.py", "app/bus.py"];
        assert_eq!(found(&paths, "app/orders/events.py", &["..", "bus"]).as_deref(), Some("app/bus.py"));
        assert_eq!(found(&paths, "app/orders/__init__.py", &[".", "events"]).as_deref(), Some("app/orders/events.py"));
        assert_eq!(found(&paths, "app/orders/events.py", &["."]).as_deref(), Some("app/orders/__init__.py"));
        assert_eq!(found(&paths, "app/bus.py", &["...", "bus"]), None);
    }

    #[test]
    fn absolute_imports_start_at_the_nearest_root_that_has_the_module() {
        let paths = [
            "services/a/app/bus.py",
            "services/a/app/main.py",
            "services/b/app/bus.py",
            "services/b/pyproject.toml",
            "services/b/src/shared/names.py",
            "services/b/tests/test_bus.py",
        ];
        assert_eq!(found(&paths, "services/a/app/main.py", &["app", "bus"]).as_deref(), Some("services/a/app/bus.py"));
        assert_eq!(found(&paths, "services/b/tests/test_bus.py", &["app", "bus"]).as_deref(), Some("services/b/app/bus.py"));
        let shared = found(&paths, "services/b/app/bus.py", &["shared", "names"]);
        assert_eq!(shared.as_deref(), Some("services/b/src/shared/names.py"));
    }

    #[test]
    fn a_manifest_names_the_folder_that_packages_lie_in() {
        let paths = ["main.py", "odd/lib/events/__init__.py", "odd/pyproject.toml"];
        assert_eq!(found(&paths, "main.py", &["events"]).as_deref(), Some("odd/lib/events/__init__.py"));
    }

    #[test]
    fn a_module_is_not_its_own_library() {
        assert_eq!(found(&["events/json.py"], "events/json.py", &["json"]), None);
    }

    #[test]
    fn stubs_stand_in_only_where_there_is_no_source() {
        let paths = ["a/b.py", "a/b.pyi", "a/c.pyi", "a/main.py"];
        assert_eq!(found(&paths, "a/main.py", &[".", "b"]).as_deref(), Some("a/b.py"));
        assert_eq!(found(&paths, "a/main.py", &[".", "c"]).as_deref(), Some("a/c.pyi"));
    }
}
