//! Rust modules: crates and their roots, `mod x;` and the file that it means, `crate`, `self` and `super`.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{FileId, Files, ModuleId, Modules};
use crate::facts::{LanguageId, Name};
use crate::source::resolve;

/// What the front end writes as the module of an import that stands for `mod x;`.
const CHILD_MODULE: &str = "#[mod]";

/// The same for `#[path = "…"] mod x;`.
const PATH_MODULE: &str = "#[path]";

/// How many parents are climbed from a module to its crate's root.
const PARENT_BUDGET: usize = 64;

#[derive(Default)]
struct Crate {
    /// The folder of the manifest.
    folder: Name,
    /// The name that code uses, with underscores.
    name: Option<Name>,
    package: Option<Name>,
    library: Option<FileId>,
    /// Local name → (package, folder relative to the snapshot).
    dependencies: Vec<(Name, Option<Name>, Option<Name>)>,
}

struct RustModules {
    crates: Vec<Crate>,
    /// The manifest nearest to each file.
    crate_of: FxHashMap<FileId, usize>,
    /// Every Rust file by its path.
    files: FxHashMap<Name, FileId>,
    paths: Vec<Name>,
    /// Files that are the root of a crate: library, binaries, tests, examples.
    roots: FxHashSet<FileId>,
    /// A file's parent module, from the `mod x;` that names it.
    parents: FxHashMap<FileId, ModuleId>,
    /// `mod x;` by the module that holds it.
    children: FxHashMap<(ModuleId, Name), FileId>,
    /// Inner modules that something stands in.
    inner: FxHashSet<(FileId, Vec<Name>)>,
}

/// The modules of all Rust files of a snapshot.
pub fn build(files: &Files<'_>) -> impl Modules + use<> {
    let mut modules = RustModules {
        crates: Vec::new(),
        crate_of: FxHashMap::default(),
        files: FxHashMap::default(),
        paths: files.units.iter().map(|unit| Name::from(unit.path.as_str())).collect(),
        roots: FxHashSet::default(),
        parents: FxHashMap::default(),
        children: FxHashMap::default(),
        inner: FxHashSet::default(),
    };
    for (id, unit) in files.of(LanguageId::Rust) {
        modules.files.insert(unit.path.as_str().into(), id);
    }
    for (_, unit) in files.of(LanguageId::Project) {
        if unit.path.file_name() == "Cargo.toml"
            && let Some(manifest) = &unit.facts.manifest
        {
            modules.add_crate(unit.path.parent(), manifest);
        }
    }
    // The deepest folder that holds a file wins.
    modules.crates.sort_by(|a, b| a.folder.cmp(&b.folder));
    let by_folder: FxHashMap<&str, usize> =
        modules.crates.iter().enumerate().map(|(at, krate)| (krate.folder.as_str(), at)).collect();
    let mut crate_of = FxHashMap::default();
    for (id, unit) in files.of(LanguageId::Rust) {
        let mut folder = unit.path.parent();
        loop {
            if let Some(at) = by_folder.get(folder) {
                crate_of.insert(id, *at);
                break;
            }
            match folder.rfind('/') {
                Some(slash) => folder = &folder[..slash],
                None if folder.is_empty() => break,
                None => folder = "",
            }
        }
    }
    modules.crate_of = crate_of;
    for (id, unit) in files.of(LanguageId::Rust) {
        if modules.is_root_by_place(id, unit.path.as_str()) {
            modules.roots.insert(id);
        }
    }
    modules.add_children(files);
    for (id, unit) in files.of(LanguageId::Rust) {
        modules.add_inner(id, &unit.facts);
    }
    modules
}

impl RustModules {
    fn add_crate(&mut self, folder: &str, manifest: &crate::facts::Manifest) {
        let at = |path: &str| resolve(folder, path).map(|path| Name::from(path.as_str()));
        let library = manifest.roots.first().and_then(|root| at(root)).and_then(|path| self.files.get(&path).copied());
        for root in &manifest.roots {
            if let Some(id) = at(root).and_then(|path| self.files.get(&path).copied()) {
                self.roots.insert(id);
            }
        }
        let package = manifest.package.as_ref().map(Name::from);
        let name =
            manifest.library.as_ref().map(Name::from).or_else(|| package.clone()).map(|name| Name::from(name.replace('-', "_")));
        let dependencies = manifest
            .dependencies
            .iter()
            .map(|(local, package, path)| {
                (local.replace('-', "_").into(), package.as_ref().map(Name::from), path.as_deref().and_then(at))
            })
            .collect();
        self.crates.push(Crate { folder: folder.into(), name, package, library, dependencies });
    }

    /// The places where cargo looks for roots.
    fn is_root_by_place(&self, id: FileId, path: &str) -> bool {
        let folder = self.crate_of.get(&id).map(|at| self.crates[*at].folder.as_str()).unwrap_or_default();
        let inside = if folder.is_empty() { path } else { path.strip_prefix(folder).unwrap_or(path).trim_start_matches('/') };
        if matches!(inside, "src/lib.rs" | "src/main.rs" | "build.rs") {
            return true;
        }
        let parts: Vec<&str> = inside.split('/').collect();
        matches!(
            parts.as_slice(),
            ["src", "bin", _]
                | ["tests" | "examples" | "benches", _]
                | ["src", "bin", _, "main.rs"]
                | ["tests" | "examples" | "benches", _, "main.rs"]
        )
    }

    /// Finds the file of every `mod x;`, from the roots down, so that the folder of each module is known.
    fn add_children(&mut self, files: &Files<'_>) {
        for (id, unit) in files.of(LanguageId::Rust) {
            for import in &unit.facts.imports {
                let [kind, target] = import.module.as_slice() else { continue };
                let Some(local) = &import.local else { continue };
                let parent = ModuleId { file: id, scope: import.scope.clone() };
                let found = match kind.as_str() {
                    CHILD_MODULE => self.by_place(id, unit.path.as_str(), &import.scope, target),
                    PATH_MODULE => {
                        let mut folder = unit.path.parent().to_owned();
                        if !import.scope.is_empty() {
                            folder = format!("{}/{}", self.folder_of(id, unit.path.as_str()), import.scope.join("/"));
                        }
                        resolve(&folder, target).and_then(|path| self.files.get(path.as_str()).copied())
                    }
                    _ => continue,
                };
                if let Some(child) = found {
                    self.parents.entry(child).or_insert_with(|| parent.clone());
                    self.children.insert((parent, local.clone()), child);
                }
            }
        }
    }

    /// Inner modules are known by what stands in them. Methods and variants count too: the name of a type is a scope like that of
    /// a module, and no type and module of one place share a name.
    fn add_inner(&mut self, id: FileId, facts: &crate::facts::FileFacts) {
        let scopes = (facts.imports.iter().map(|import| &import.scope))
            .chain(facts.types.iter().map(|decl| &decl.scope))
            .chain(facts.classes.iter().map(|class| &class.scope))
            .chain(facts.constants.iter().map(|constant| &constant.scope))
            .chain(facts.functions.iter().map(|function| &function.scope));
        for scope in scopes {
            for length in 1..=scope.len() {
                self.inner.insert((id, scope[..length].to_vec()));
            }
        }
    }

    /// The folder in which the children of a file's module lie.
    fn folder_of(&self, id: FileId, path: &str) -> Name {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let stem = name.strip_suffix(".rs").unwrap_or(name);
        if stem == "mod" || self.roots.contains(&id) {
            folder.into()
        } else if folder.is_empty() {
            stem.into()
        } else {
            format!("{folder}/{stem}").into()
        }
    }

    /// `x.rs` or `x/mod.rs` beside or below the module that says `mod x;`.
    fn by_place(&self, id: FileId, path: &str, scope: &[Name], name: &str) -> Option<FileId> {
        let mut folder = self.folder_of(id, path);
        for inner in scope {
            if !folder.is_empty() {
                folder.push('/');
            }
            folder.push_str(inner);
        }
        let at = |rest: Name| {
            let path = if folder.is_empty() { rest } else { format!("{folder}/{rest}").into() };
            self.files.get(&path).copied()
        };
        at(format!("{name}.rs").into()).or_else(|| at(format!("{name}/mod.rs").into()))
    }

    /// The parent of a module: the enclosing inner module, or the module whose `mod x;` names its file.
    fn parent(&self, module: &ModuleId) -> Option<ModuleId> {
        match module.scope.split_last() {
            Some((_, outer)) => Some(ModuleId { file: module.file, scope: outer.to_vec() }),
            None => self.parents.get(&module.file).cloned(),
        }
    }

    /// The root of the crate that a module is in.
    fn root(&self, module: &ModuleId) -> ModuleId {
        let mut at = module.clone();
        for _ in 0..PARENT_BUDGET {
            match self.parent(&at) {
                Some(parent) => at = parent,
                None => break,
            }
        }
        if self.roots.contains(&at.file) {
            return at;
        }
        // A file that no `mod` names: what it means by `crate` is the library of its package.
        let library = self.crate_of.get(&module.file).and_then(|at| self.crates[*at].library);
        library.map_or(at, |file| ModuleId { file, scope: Vec::new() })
    }

    /// The library that a crate's name means in a file.
    fn library(&self, from: FileId, name: &str) -> Option<ModuleId> {
        let file = |file| ModuleId { file, scope: Vec::new() };
        let own = self.crate_of.get(&from).map(|at| &self.crates[*at]);
        // The own manifest first, then those of the folders above, where a workspace's dependencies stand.
        let mut manifests: Vec<&Crate> = own.into_iter().collect();
        if let Some(own) = own {
            let above = self.crates.iter().rev().filter(|other| {
                other.folder != own.folder && (other.folder.is_empty() || own.folder.starts_with(&format!("{}/", other.folder)))
            });
            manifests.extend(above);
        }
        for manifest in &manifests {
            for (local, package, folder) in &manifest.dependencies {
                if local != name {
                    continue;
                }
                let target = self.crates.iter().find(|target| match (folder, package) {
                    (Some(folder), _) => target.folder == *folder,
                    (None, Some(package)) => target.package.as_ref() == Some(package),
                    (None, None) => false,
                });
                if let Some(library) = target.and_then(|target| target.library) {
                    return Some(file(library));
                }
                if package.is_some() && folder.is_none() {
                    // Renamed, and not of this repository.
                    return None;
                }
            }
        }
        if let Some(own) = own
            && own.name.as_deref() == Some(name)
            && let Some(library) = own.library
        {
            return Some(file(library));
        }
        let mut named = self.crates.iter().filter(|krate| krate.name.as_deref() == Some(name)).filter_map(|krate| krate.library);
        match (named.next(), named.next()) {
            (Some(only), None) => Some(file(only)),
            (None, _) | (Some(_), Some(_)) => None,
        }
    }
}

impl Modules for RustModules {
    fn find(&self, from: &ModuleId, module: &[Name]) -> Option<ModuleId> {
        let (first, rest) = module.split_first()?;
        let mut at = match first.as_str() {
            CHILD_MODULE => return self.child(from, rest.first()?),
            PATH_MODULE => {
                let base = self.paths.get(from.file.0 as usize)?;
                let (folder, _) = base.rsplit_once('/').unwrap_or(("", base));
                let mut folder = folder.to_owned();
                if !from.scope.is_empty() {
                    folder = format!("{}/{}", self.folder_of(from.file, base), from.scope.join("/"));
                }
                let path = resolve(&folder, rest.first()?)?;
                return self.files.get(path.as_str()).map(|file| ModuleId { file: *file, scope: Vec::new() });
            }
            "crate" | "$crate" => self.root(from),
            "self" => from.clone(),
            "super" => self.parent(from)?,
            // A module in sight is nearer than a crate of the same name.
            name => match self.child(from, name) {
                Some(child) => child,
                None => self.library(from.file, name)?,
            },
        };
        for segment in rest {
            at = match segment.as_str() {
                "super" => self.parent(&at)?,
                "self" => at,
                name => self.child(&at, name)?,
            };
        }
        Some(at)
    }

    fn child(&self, of: &ModuleId, name: &str) -> Option<ModuleId> {
        if let Some(file) = self.children.get(&(of.clone(), name.into())) {
            return Some(ModuleId { file: *file, scope: Vec::new() });
        }
        let mut scope = of.scope.clone();
        scope.push(name.into());
        let inner = (of.file, scope);
        self.inner.contains(&inner).then(|| ModuleId { file: inner.0, scope: inner.1.clone() })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::extract::{extract, language_of};
    use crate::link::modules::FileUnit;
    use crate::source::{BlobId, RepoPath, SourceText};

    fn units(files: &[(&str, &str)]) -> Vec<FileUnit> {
        let mut units: Vec<FileUnit> = files
            .iter()
            .map(|(path, text)| {
                let source = SourceText::new(RepoPath::new(path), BlobId::from_bytes(&[0; 20]), *text);
                let language = language_of(&source.path).expect("every test file has a language");
                FileUnit::new(source.path.clone(), Arc::new(extract(language, &source)))
            })
            .collect();
        units.sort_by(|a, b| a.path.cmp(&b.path));
        units
    }

    /// `from` is a file and inner modules (`src/lib.rs#a::b`); the answer has the same form.
    fn find(units: &[FileUnit], from: &str, path: &str) -> Option<String> {
        let files = Files::new(units);
        let modules = build(&files);
        let (file, scope) = from.split_once('#').unwrap_or((from, ""));
        let scope = scope.split("::").filter(|part| !part.is_empty()).map(Name::from).collect();
        let from = ModuleId { file: files.at(file).expect("the file is there"), scope };
        let path: Vec<Name> = path.split("::").map(Name::from).collect();
        let found = modules.find(&from, &path)?;
        let inner = if found.scope.is_empty() { String::new() } else { format!("#{}", found.scope.join("::")) };
        Some(format!("{}{inner}", files.unit(found.file).path))
    }

    fn workspace() -> Vec<FileUnit> {
        units(&[
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\"crates/*\"]\n[workspace.dependencies]\nbus = { path = \"crates/bus\", package = \"acme-bus\" }\n",
            ),
            (
                "crates/app/Cargo.toml",
                "[package]\nname = \"acme-app\"\n[dependencies]\nbus.workspace = true\nev = { path = \"../events\", package = \"acme-events\" }\n",
            ),
            (
                "crates/app/src/main.rs",
                "mod api; mod inline { pub mod deep; pub struct X; } #[path = \"odd/place.rs\"] mod moved;",
            ),
            ("crates/app/src/lib.rs", "pub mod shared;"),
            ("crates/app/src/shared.rs", "pub struct S;"),
            ("crates/app/src/api/mod.rs", "pub mod v1;"),
            ("crates/app/src/api/v1.rs", "use super::super::inline; use crate::moved;"),
            ("crates/app/src/inline/deep.rs", ""),
            ("crates/app/src/odd/place.rs", ""),
            ("crates/app/src/bin/tool.rs", "use acme_app::shared;"),
            ("crates/bus/Cargo.toml", "[package]\nname = \"acme-bus\"\n"),
            ("crates/bus/src/lib.rs", "pub mod topics { pub const A: u8 = 1; }"),
            ("crates/events/Cargo.toml", "[package]\nname = \"acme-events\"\n[lib]\nname = \"events\"\npath = \"lib.rs\"\n"),
            ("crates/events/lib.rs", "pub mod order;"),
            ("crates/events/order.rs", ""),
        ])
    }

    #[test]
    fn paths_lead_to_the_files_that_rustc_would_read() {
        let units = workspace();
        let app = "crates/app/src";
        for (from, path, expected) in [
            ("main.rs", "api::v1", Some("crates/app/src/api/v1.rs")),
            ("api/v1.rs", "crate", Some("crates/app/src/main.rs")),
            ("api/v1.rs", "super", Some("crates/app/src/api/mod.rs")),
            ("api/v1.rs", "super::super::inline::deep", Some("crates/app/src/inline/deep.rs")),
            ("api/v1.rs", "crate::moved", Some("crates/app/src/odd/place.rs")),
            ("main.rs", "#[path]::odd/place.rs", Some("crates/app/src/odd/place.rs")),
            ("main.rs", "#[mod]::api", Some("crates/app/src/api/mod.rs")),
            ("inline/deep.rs", "super", Some("crates/app/src/main.rs#inline")),
            ("shared.rs", "crate", Some("crates/app/src/lib.rs")),
            ("main.rs", "shared", None),
            ("main.rs", "acme_app::shared", Some("crates/app/src/shared.rs")),
            ("bin/tool.rs", "acme_app::shared", Some("crates/app/src/shared.rs")),
            ("main.rs", "bus::topics", Some("crates/bus/src/lib.rs#topics")),
            ("main.rs", "ev::order", Some("crates/events/order.rs")),
            ("main.rs", "serde_json", None),
        ] {
            assert_eq!(find(&units, &format!("{app}/{from}"), path).as_deref(), expected, "{path} in {from}");
        }
    }
}
