//! `Cargo.toml`: the package, its library and other roots, workspace members, and dependencies that are renamed or lie in a
//! folder.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::facts::{FactDiagnostic, FileFacts, LanguageId, Manifest};
use crate::finding::Severity;
use crate::source::{RepoPath, SourceText, Span};

pub fn claims(path: &RepoPath) -> bool {
    path.file_name() == "Cargo.toml"
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct CargoToml {
    package: Option<Package>,
    lib: Option<Target>,
    bin: Vec<Target>,
    example: Vec<Target>,
    test: Vec<Target>,
    bench: Vec<Target>,
    dependencies: BTreeMap<String, Dependency>,
    dev_dependencies: BTreeMap<String, Dependency>,
    build_dependencies: BTreeMap<String, Dependency>,
    target: BTreeMap<String, Platform>,
    workspace: Option<Workspace>,
}

#[derive(Deserialize)]
struct Package {
    name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Target {
    name: Option<String>,
    path: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Platform {
    dependencies: BTreeMap<String, Dependency>,
    dev_dependencies: BTreeMap<String, Dependency>,
    build_dependencies: BTreeMap<String, Dependency>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Workspace {
    members: Vec<String>,
    dependencies: BTreeMap<String, Dependency>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Dependency {
    Detailed {
        package: Option<String>,
        path: Option<String>,
    },
    /// A version alone says nothing about names, and a form that is not known neither.
    Other(IgnoredAny),
}

pub fn extract(source: &SourceText) -> FileFacts {
    let mut facts = FileFacts::new(LanguageId::Project);
    match toml::from_str::<CargoToml>(source.text()) {
        Ok(cargo) => facts.manifest = Some(manifest(cargo)),
        Err(error) => {
            let span = error.span().map(|range| Span::new(range.start, range.end));
            facts.unread.push(span.unwrap_or_else(|| Span::new(0, source.text().len())));
            facts.diagnostics.push(FactDiagnostic {
                severity: Severity::Warning,
                span,
                message: format!("not analysed: {}", error.message()),
            });
        }
    }
    facts
}

fn manifest(cargo: CargoToml) -> Manifest {
    let mut manifest = Manifest { package: cargo.package.and_then(|package| package.name), ..Manifest::default() };
    if let Some(library) = cargo.lib {
        manifest.library = library.name;
        manifest.roots.extend(library.path);
    }
    if manifest.roots.is_empty() {
        manifest.roots.push("src/lib.rs".to_owned());
    }
    for target in [cargo.bin, cargo.example, cargo.test, cargo.bench].into_iter().flatten() {
        manifest.roots.extend(target.path);
    }
    let mut tables = vec![cargo.dependencies, cargo.dev_dependencies, cargo.build_dependencies];
    for platform in cargo.target.into_values() {
        tables.extend([platform.dependencies, platform.dev_dependencies, platform.build_dependencies]);
    }
    if let Some(workspace) = cargo.workspace {
        manifest.members = workspace.members;
        tables.push(workspace.dependencies);
    }
    for (name, dependency) in tables.into_iter().flatten() {
        match dependency {
            Dependency::Detailed { package, path } if package.is_some() || path.is_some() => {
                let entry = (name, package, path);
                if !manifest.dependencies.contains(&entry) {
                    manifest.dependencies.push(entry);
                }
            }
            Dependency::Detailed { .. } | Dependency::Other(_) => {}
        }
    }
    manifest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::BlobId;

    fn read(text: &str) -> FileFacts {
        extract(&SourceText::new(RepoPath::new("Cargo.toml"), BlobId::from_bytes(&[0; 20]), text))
    }

    #[test]
    fn renamed_and_local_dependencies_are_kept_and_versions_are_not() {
        let facts = read(
            "[package]\nname = \"acme-events\"\nversion.workspace = true\n[lib]\nname = \"events\"\npath = \"lib.rs\"\n\
             [[bin]]\nname = \"relay\"\npath = \"relay/main.rs\"\n[dependencies]\nserde = \"1\"\nbus = { path = \"../bus\" }\n\
             json = { package = \"serde_json\", version = \"1\" }\nshared.workspace = true\n",
        );
        let manifest = facts.manifest.expect("it parses");
        assert_eq!(manifest.package.as_deref(), Some("acme-events"));
        assert_eq!(manifest.library.as_deref(), Some("events"));
        assert_eq!(manifest.roots, ["lib.rs", "relay/main.rs"]);
        assert_eq!(
            manifest.dependencies,
            [("bus".to_owned(), None, Some("../bus".to_owned())), ("json".to_owned(), Some("serde_json".to_owned()), None),]
        );
    }

    #[test]
    fn a_broken_manifest_is_a_diagnostic_with_its_place() {
        let facts = read("[package]\nname = \n");
        assert!(facts.manifest.is_none());
        assert_eq!(facts.diagnostics.len(), 1);
        assert!(facts.diagnostics[0].span.is_some());
    }
}
