//! Which file an import of TypeScript or JavaScript means.
//!
//! Resolution over the list of paths of one snapshot, never over a disk: relative specifiers, `paths` and `baseUrl` of the
//! nearest `tsconfig.json` with what it extends, `imports` of the nearest `package.json`, and packages of the workspace by
//! name with their `exports`. Where a package's entry names a built file that is not in the repository, the source that it is
//! built from stands in.

#[cfg(test)]
mod declarations;

use rustc_hash::FxHashMap;

use super::{FileId, Files, ModuleId, Modules};
use crate::facts::{LanguageId, Manifest, Name};
use crate::source::resolve;

/// Configurations followed through `extends`.
const MAX_EXTENDS: u32 = 8;

/// Extensions that an import may leave out, in the order in which they are tried.
const EXTENSIONS: &[&str] = &["ts", "tsx", "d.ts", "mts", "cts", "d.mts", "d.cts", "js", "jsx", "mjs", "cjs", "vue", "svelte"];

/// Folders of built files, and where their sources stand.
const BUILT: &[&str] = &["dist", "lib", "build", "out", "esm", "cjs", "es", "types", "dist-types", "output"];

struct Package {
    folder: String,
    roots: Vec<String>,
    exports: Vec<(String, Vec<String>)>,
    dependencies: Vec<(String, Option<String>, Option<String>)>,
}

/// Path aliases of one configuration, with the targets already relative to the snapshot.
#[derive(Clone, Default)]
struct Aliases {
    patterns: Vec<(String, Vec<String>)>,
    base: Option<String>,
}

struct TypeScriptModules {
    by_path: FxHashMap<String, FileId>,
    paths: Vec<String>,
    packages: Vec<Package>,
    by_name: FxHashMap<String, usize>,
    by_folder: FxHashMap<String, usize>,
    aliases: FxHashMap<String, Aliases>,
    /// The files of Prisma schemas, by path.
    prisma: Vec<(String, FileId)>,
}

pub fn build(files: &Files<'_>) -> impl Modules + use<> {
    let mut by_path = FxHashMap::default();
    let mut paths = vec![String::new(); files.units.len()];
    let mut packages: Vec<Package> = Vec::new();
    let mut by_name = FxHashMap::default();
    let mut by_folder = FxHashMap::default();
    let mut configs: FxHashMap<String, &Manifest> = FxHashMap::default();
    for (at, unit) in files.units.iter().enumerate() {
        let path = unit.path.as_str();
        paths[at] = path.to_owned();
        match unit.facts.language {
            LanguageId::TypeScript => {
                by_path.insert(path.to_owned(), FileId(at as u32));
            }
            LanguageId::Project => {
                let Some(manifest) = &unit.facts.manifest else { continue };
                let name = unit.path.file_name();
                if name == "package.json" {
                    let folder = unit.path.parent().to_owned();
                    if let Some(package) = &manifest.package {
                        // The first by path wins: copies of a package stand in fixtures below.
                        by_name.entry(package.clone()).or_insert(packages.len());
                    }
                    by_folder.insert(folder.clone(), packages.len());
                    packages.push(Package {
                        folder,
                        roots: manifest.roots.clone(),
                        exports: manifest.exports.clone(),
                        dependencies: manifest.dependencies.clone(),
                    });
                } else if name.ends_with(".json") || name.ends_with(".jsonc") {
                    configs.insert(path.to_owned(), manifest);
                }
            }
            LanguageId::Rust | LanguageId::Python => {}
        }
    }
    let mut modules = TypeScriptModules {
        prisma: files
            .of(LanguageId::TypeScript)
            .filter(|(_, unit)| unit.path.as_str().ends_with(".prisma"))
            .map(|(file, unit)| (unit.path.as_str().to_owned(), file))
            .collect(),
        by_path,
        paths,
        packages,
        by_name,
        by_folder,
        aliases: FxHashMap::default(),
    };
    let mut aliases: FxHashMap<String, Aliases> = FxHashMap::default();
    let mut names: Vec<&String> = configs.keys().collect();
    names.sort();
    for path in names {
        let folder = path.rfind('/').map_or("", |slash| &path[..slash]);
        let name = path.rsplit('/').next().unwrap_or(path);
        // `tsconfig.json` speaks for its folder; its variants only where it is silent (`tsconfig.app.json` of a bundler).
        let primary = matches!(name, "tsconfig.json" | "jsconfig.json" | "deno.json" | "deno.jsonc");
        let found = modules.config(&configs, path, 0);
        let empty = found.patterns.is_empty() && found.base.is_none();
        let entry = aliases.entry(folder.to_owned()).or_default();
        if !empty && (primary || (entry.patterns.is_empty() && entry.base.is_none())) {
            *entry = found;
        }
    }
    modules.aliases = aliases.into_iter().filter(|(_, found)| !found.patterns.is_empty() || found.base.is_some()).collect();
    modules
}

impl TypeScriptModules {
    /// The aliases of a configuration with those that it extends; its own replace theirs, as the compiler has it.
    fn config(&self, configs: &FxHashMap<String, &Manifest>, path: &str, depth: u32) -> Aliases {
        let Some(manifest) = configs.get(path) else { return Aliases::default() };
        let folder = path.rfind('/').map_or("", |slash| &path[..slash]);
        let mut found = Aliases::default();
        if depth < MAX_EXTENDS {
            for extended in &manifest.extends {
                let Some(base) = self.extended(configs, folder, extended) else { continue };
                let inherited = self.config(configs, &base, depth + 1);
                if !inherited.patterns.is_empty() {
                    found.patterns = inherited.patterns;
                }
                found.base = inherited.base.or(found.base);
            }
        }
        if let Some(base_url) = &manifest.base_url {
            found.base = resolve(folder, base_url).map(|path| path.as_str().to_owned());
        }
        if !manifest.aliases.is_empty() {
            let root = found.base.clone().filter(|_| manifest.base_url.is_some()).unwrap_or_else(|| folder.to_owned());
            let root = if manifest.base_url.is_none() { found.base.clone().unwrap_or(root) } else { root };
            found.patterns = manifest
                .aliases
                .iter()
                .map(|(pattern, targets)| {
                    let targets = targets.iter().filter_map(|target| resolve(&root, target)).map(|path| path.as_str().to_owned());
                    (pattern.clone(), targets.collect())
                })
                .collect();
        }
        found
    }

    fn extended(&self, configs: &FxHashMap<String, &Manifest>, folder: &str, extended: &str) -> Option<String> {
        let tried = |path: &str| {
            [path.to_owned(), format!("{path}.json"), format!("{path}/tsconfig.json")]
                .into_iter()
                .find(|path| configs.contains_key(path))
        };
        if extended.starts_with('.') {
            return tried(resolve(folder, extended)?.as_str());
        }
        // A configuration in a package of the workspace.
        let (name, rest) = split_package(extended)?;
        let package = &self.packages[*self.by_name.get(name)?];
        let rest = if rest.is_empty() { "tsconfig.json" } else { rest };
        tried(resolve(&package.folder, rest)?.as_str())
    }

    /// A file by its path as an import writes it: with or without an extension, or a folder's index.
    fn file(&self, path: &str) -> Option<FileId> {
        if let Some(id) = self.by_path.get(path) {
            return Some(*id);
        }
        for extension in EXTENSIONS {
            if let Some(id) = self.by_path.get(&format!("{path}.{extension}")) {
                return Some(*id);
            }
        }
        // `./bus.js` is written for what `./bus.ts` becomes.
        for (written, sources) in [
            (".js", &["ts", "tsx", "d.ts", "jsx"][..]),
            (".jsx", &["tsx"]),
            (".mjs", &["mts", "d.mts"]),
            (".cjs", &["cts", "d.cts"]),
        ] {
            if let Some(stem) = path.strip_suffix(written) {
                for extension in sources {
                    if let Some(id) = self.by_path.get(&format!("{stem}.{extension}")) {
                        return Some(*id);
                    }
                }
            }
        }
        let index = if path.is_empty() { "index".to_owned() } else { format!("{path}/index") };
        EXTENSIONS.iter().find_map(|extension| self.by_path.get(&format!("{index}.{extension}")).copied())
    }

    /// A file, a folder's index, or the entry of a package in that folder.
    fn file_or_folder(&self, path: &str) -> Option<FileId> {
        self.file(path).or_else(|| {
            let package = *self.by_folder.get(path)?;
            self.entry(&self.packages[package], "")
        })
    }

    /// The file behind a path that a manifest names, or the source that it is built from.
    fn built(&self, package: &Package, target: &str) -> Option<FileId> {
        let path = resolve(&package.folder, target)?;
        if let Some(id) = self.file(path.as_str()) {
            return Some(id);
        }
        let inner = target.trim_start_matches("./");
        let mut parts: Vec<&str> = inner.split('/').collect();
        while parts.len() > 1 && (BUILT.contains(&parts[0]) || parts[0] == "src") {
            parts.remove(0);
        }
        let stem = parts.join("/");
        let stem =
            [".d.ts", ".d.mts", ".d.cts", ".js", ".mjs", ".cjs"].iter().find_map(|end| stem.strip_suffix(end)).unwrap_or(&stem);
        ["src/", "", "lib/", "source/"]
            .iter()
            .find_map(|root| self.file(resolve(&package.folder, &format!("{root}{stem}"))?.as_str()))
    }

    /// What a package gives under a subpath; the empty one is its entry.
    fn entry(&self, package: &Package, subpath: &str) -> Option<FileId> {
        let key = if subpath.is_empty() { ".".to_owned() } else { format!("./{subpath}") };
        if let Some(id) = self.mapped(package, &key) {
            return Some(id);
        }
        if subpath.is_empty() {
            let root = package.roots.iter().find_map(|root| self.built(package, root));
            return root
                .or_else(|| self.file(&package.folder))
                .or_else(|| ["src/index", "src", "lib/index"].iter().find_map(|root| self.built(package, root)));
        }
        self.built(package, subpath).or_else(|| self.built(package, &format!("src/{subpath}")))
    }

    /// The file that `exports` or `imports` give for a key.
    fn mapped(&self, package: &Package, key: &str) -> Option<FileId> {
        package.exports.iter().find_map(|(pattern, targets)| {
            let star = match_pattern(pattern, key)?;
            targets.iter().find_map(|target| self.built(package, &target.replace('*', star)))
        })
    }

    fn package(&self, from: &str, specifier: &str) -> Option<FileId> {
        let (name, rest) = split_package(specifier)?;
        // A dependency may go by another name, or lie in a folder.
        if let Some(nearest) = self.nearest(from)
            && let Some((_, other, folder)) = nearest.dependencies.iter().find(|(local, _, _)| local == name)
        {
            let index = match (other, folder) {
                (Some(other), _) => self.by_name.get(other),
                (None, Some(folder)) => self.by_folder.get(resolve(&nearest.folder, folder)?.as_str()),
                (None, None) => None,
            };
            if let Some(index) = index {
                return self.entry(&self.packages[*index], rest);
            }
        }
        self.entry(&self.packages[*self.by_name.get(name)?], rest)
    }

    /// The package that a file belongs to.
    fn nearest(&self, from: &str) -> Option<&Package> {
        folders(from).find_map(|folder| self.by_folder.get(folder)).map(|index| &self.packages[*index])
    }

    /// By path aliases: of the nearest configuration, then of those around it. The compiler reads one configuration only, but
    /// which one a build names is not written in it.
    fn aliased(&self, from: &str, specifier: &str) -> Option<FileId> {
        for folder in folders(from) {
            let Some(aliases) = self.aliases.get(folder) else { continue };
            // The longest prefix before the star wins.
            let mut matching: Vec<(&str, &str, &Vec<String>)> = aliases
                .patterns
                .iter()
                .filter_map(|(pattern, targets)| match_pattern(pattern, specifier).map(|star| (pattern.as_str(), star, targets)))
                .collect();
            matching.sort_by_key(|(pattern, _, _)| std::cmp::Reverse(pattern.find('*').unwrap_or(usize::MAX)));
            for (_, star, targets) in matching {
                if let Some(id) = targets.iter().find_map(|target| self.file_or_folder(&target.replace('*', star))) {
                    return Some(id);
                }
            }
            if let Some(base) = &aliases.base
                && let Some(path) = resolve(base, specifier)
                && let Some(id) = self.file(path.as_str())
            {
                return Some(id);
            }
        }
        None
    }

    fn specifier(&self, from: &str, specifier: &str) -> Option<FileId> {
        let specifier = specifier.split(['?']).next().unwrap_or(specifier);
        let folder = from.rfind('/').map_or("", |slash| &from[..slash]);
        if specifier == "." || specifier == ".." || specifier.starts_with("./") || specifier.starts_with("../") {
            return self.file_or_folder(resolve(folder, specifier)?.as_str());
        }
        if specifier.starts_with('#')
            && let Some(package) = self.nearest(from)
            && let Some(id) = self.mapped(package, specifier)
        {
            return Some(id);
        }
        self.aliased(from, specifier).or_else(|| self.package(from, specifier)).or_else(|| {
            // Bundlers' own conventions, where no configuration says otherwise: `@/x` and `~/x` are the source folder.
            let rest = specifier
                .strip_prefix("@/")
                .or_else(|| specifier.strip_prefix("~/"))
                .or_else(|| specifier.strip_prefix("$lib/"))?;
            let package = self.nearest(from)?;
            ["src", "", "app", "src/lib"].iter().find_map(|root| {
                let path = resolve(&package.folder, format!("{root}/{rest}").trim_start_matches('/'))?;
                self.file_or_folder(path.as_str())
            })
        })
    }
}

impl TypeScriptModules {
    /// The schema behind a client that Prisma generates: the one whose path has most in common with the importing file.
    fn generated(&self, from: &str, specifier: &str) -> Option<FileId> {
        let of_prisma = specifier == "@prisma/client"
            || specifier.starts_with("@prisma/client/")
            || specifier.contains("prisma")
                && specifier.split(['/', '-']).any(|part| matches!(part, "client" | "enums" | "generated"));
        if !of_prisma {
            return None;
        }
        let common = |path: &str| from.split('/').zip(path.split('/')).take_while(|(a, b)| a == b).count();
        self.prisma.iter().max_by_key(|(path, _)| (common(path), std::cmp::Reverse(path))).map(|(_, file)| *file)
    }
}

/// The folder that holds a whole schema: `prisma/schema/` of `prisma/schema/user.prisma`.
fn schema_folder(path: &str) -> &str {
    path.rfind('/').map_or("", |slash| &path[..slash])
}

impl Modules for TypeScriptModules {
    fn find(&self, from: &ModuleId, module: &[Name]) -> Option<ModuleId> {
        match module {
            // `export { a as b }` names its own file.
            [] => Some(from.clone()),
            [specifier] => {
                let path = self.paths.get(from.file.0 as usize)?;
                let file = self.specifier(path, specifier).or_else(|| self.generated(path, specifier))?;
                Some(ModuleId { file, scope: Vec::new() })
            }
            _ => None,
        }
    }

    fn parts(&self, of: &ModuleId) -> Vec<ModuleId> {
        // One Prisma schema may be spread over the files of a folder.
        let Some(path) = self.paths.get(of.file.0 as usize).filter(|path| path.ends_with(".prisma")) else { return Vec::new() };
        let root = schema_folder(path);
        self.prisma
            .iter()
            .filter(|(other, file)| *file != of.file && schema_folder(other) == root)
            .map(|(_, file)| ModuleId { file: *file, scope: Vec::new() })
            .collect()
    }

    fn child(&self, _of: &ModuleId, _name: &str) -> Option<ModuleId> {
        // Namespaces are scopes of their file; nothing else nests.
        None
    }
}

/// The folders around a file, from inside out.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(path);
    std::iter::from_fn(move || {
        let current = rest?;
        if current.is_empty() {
            rest = None;
            return None;
        }
        let parent = current.rfind('/').map_or("", |slash| &current[..slash]);
        rest = Some(parent);
        Some(parent)
    })
}

/// What the star of a pattern stands for in `text`; the empty text where the pattern has none and is equal.
fn match_pattern<'t>(pattern: &str, text: &'t str) -> Option<&'t str> {
    match pattern.split_once('*') {
        None => (pattern == text).then_some(""),
        Some((before, after)) => {
            let rest = text.strip_prefix(before)?;
            rest.strip_suffix(after)
        }
    }
}

/// `@scope/name/sub/path` as the package's name and the rest.
fn split_package(specifier: &str) -> Option<(&str, &str)> {
    if specifier.is_empty() || specifier.starts_with(['.', '/', '#']) {
        return None;
    }
    let mut slashes = specifier.match_indices('/').map(|(at, _)| at);
    let first = slashes.next();
    let end = if specifier.starts_with('@') { slashes.next() } else { first };
    Some(match end {
        Some(at) => (&specifier[..at], &specifier[at + 1..]),
        None => (specifier, ""),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::language_of;
    use crate::link::modules::FileUnit;
    use crate::source::{BlobId, RepoPath, SourceText};

    /// The path that each import resolves to, `-` where it resolves to nothing.
    fn resolved(files: &[(&str, &str)], asks: &[(&str, &str)]) -> Vec<String> {
        let mut files = files.to_vec();
        files.sort();
        let units: Vec<FileUnit> = files
            .iter()
            .map(|(path, text)| {
                let path = RepoPath::new(path);
                let language = language_of(&path).expect("a front end claims it");
                let source = SourceText::new(path.clone(), BlobId::from_bytes(&[0; 20]), *text);
                FileUnit::new(path, std::sync::Arc::new(language.extract(&source)))
            })
            .collect();
        let files = Files::new(&units);
        let modules = build(&files);
        asks.iter()
            .map(|(from, specifier)| {
                let from = ModuleId { file: files.at(from).expect("the file is there"), scope: Vec::new() };
                match modules.find(&from, &[(*specifier).to_owned().into()]) {
                    Some(found) => units[found.file.0 as usize].path.as_str().to_owned(),
                    None => "-".to_owned(),
                }
            })
            .collect()
    }

    #[test]
    fn relative_imports_find_files_folders_and_the_source_of_a_built_name() {
        let files = [("src/a.ts", ""), ("src/b/index.tsx", ""), ("src/c.d.ts", ""), ("src/x.test.mts", "")];
        let asks = [
            ("src/a.ts", "./b"),
            ("src/a.ts", "./c"),
            ("src/b/index.tsx", "../a.js"),
            ("src/a.ts", "./x.test.mjs"),
            ("src/a.ts", "./none"),
            ("src/a.ts", "../../outside"),
        ];
        assert_eq!(resolved(&files, &asks), ["src/b/index.tsx", "src/c.d.ts", "src/a.ts", "src/x.test.mts", "-", "-"]);
    }

    #[test]
    fn aliases_come_from_the_nearest_configuration_and_what_it_extends() {
        let files = [
            (
                "tsconfig.base.json",
                r#"{"compilerOptions":{"baseUrl":".","paths":{"@shared/*":["shared/*"],"@shared/x":["special.ts"]}}}"#,
            ),
            ("web/tsconfig.json", r#"{"extends":"../tsconfig.base"}"#),
            ("api/tsconfig.json", r#"{"compilerOptions":{"paths":{"~/*":["./src/*"]}}}"#),
            ("shared/events.ts", ""),
            ("special.ts", ""),
            ("web/a.ts", ""),
            ("api/src/bus/index.ts", ""),
            ("api/src/b.ts", ""),
        ];
        let asks = [
            ("web/a.ts", "@shared/events"),
            ("web/a.ts", "@shared/x"),
            ("web/a.ts", "shared/events"),
            ("api/src/b.ts", "~/bus"),
            ("api/src/b.ts", "@shared/events"),
        ];
        assert_eq!(
            resolved(&files, &asks),
            ["shared/events.ts", "special.ts", "shared/events.ts", "api/src/bus/index.ts", "shared/events.ts"]
        );
    }

    #[test]
    fn workspace_packages_resolve_to_their_sources() {
        let files = [
            ("package.json", r#"{"name":"root","workspaces":["packages/*"]}"#),
            (
                "packages/events/package.json",
                r##"{"name":"@acme/events","main":"dist/index.js","exports":{".":"./dist/index.js","./webhooks/*":"./dist/webhooks/*.js"},"imports":{"#lib/*":"./src/lib/*.ts"}}"##,
            ),
            ("packages/events/src/index.ts", ""),
            ("packages/events/src/webhooks/order.ts", ""),
            ("packages/events/src/lib/time.ts", ""),
            ("packages/app/package.json", r#"{"name":"app","dependencies":{"ev":"workspace:@acme/events@*"}}"#),
            ("packages/app/main.ts", ""),
        ];
        let asks = [
            ("packages/app/main.ts", "@acme/events"),
            ("packages/app/main.ts", "@acme/events/webhooks/order"),
            ("packages/app/main.ts", "ev"),
            ("packages/events/src/index.ts", "#lib/time"),
            ("packages/app/main.ts", "kafkajs"),
        ];
        let expected = [
            "packages/events/src/index.ts",
            "packages/events/src/webhooks/order.ts",
            "packages/events/src/index.ts",
            "packages/events/src/lib/time.ts",
            "-",
        ];
        assert_eq!(resolved(&files, &asks), expected);
    }
}
