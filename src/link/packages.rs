//! Which package a file belongs to, and which files are tests, by their paths.

use super::modules::FileUnit;
use crate::source::RepoPath;

/// Packages by the folder of their manifest, the deepest first.
pub struct Packages {
    folders: Vec<(String, String)>,
    /// Names that the configuration gives to the code under a glob; the first that fits counts.
    named: Vec<(globset::GlobMatcher, String)>,
}

/// Folders that only hold services, and are none.
const CONTAINERS: &[&str] =
    &["services", "apps", "packages", "crates", "libs", "modules", "functions", "lambdas", "workers", "cmd"];

impl Packages {
    pub fn new(units: &[FileUnit], named: &[(globset::GlobMatcher, String)]) -> Self {
        let mut folders: Vec<(String, String)> = units
            .iter()
            .filter_map(|unit| {
                let package = unit.facts.manifest.as_ref()?.package.clone()?;
                Some((unit.path.parent().to_owned(), package))
            })
            .collect();
        folders.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        Packages { folders, named: named.to_vec() }
    }

    /// The name of the package around a path: what the configuration calls it, what its manifest does, or the folder of the
    /// service where there is neither.
    pub fn of(&self, path: &str) -> String {
        let inside = |folder: &str| folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        if let Some((_, name)) = self.named.iter().find(|(glob, _)| glob.is_match(path)) {
            return name.clone();
        }
        // The manifest of a workspace speaks of no service where a folder of services lies between it and the file.
        let manifest = self.folders.iter().find(|(folder, _)| inside(folder));
        let service = service_folder(path);
        match (manifest, service) {
            (Some((folder, _)), Some(service)) if folder.is_empty() => service.to_owned(),
            (Some((_, package)), _) => package.clone(),
            (None, Some(service)) => service.to_owned(),
            (None, None) => {
                path.split_once('/').map_or_else(|| RepoPath::new(path).stem().to_owned(), |(first, _)| first.to_owned())
            }
        }
    }
}

/// `crm` for `services/crm/sync.py`: the folder under one that only holds services.
fn service_folder(path: &str) -> Option<&str> {
    let mut parts = path.split('/');
    let container = parts.next()?;
    let service = parts.next()?;
    (CONTAINERS.contains(&container) && parts.next().is_some()).then_some(service)
}

/// Whether a path is test code by the conventions of the languages.
pub fn is_test_path(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let folders = path.split('/').rev().skip(1);
    folders.into_iter().any(|folder| {
        matches!(
            folder,
            "test"
                | "tests"
                | "__tests__"
                | "__mocks__"
                | "spec"
                | "specs"
                | "e2e"
                | "testing"
                | "test-utils"
                | "testdata"
                | "fixtures"
                | "cypress"
                | "playwright"
        )
    }) || name.contains(".test.")
        || name.contains(".spec.")
        || name.contains(".e2e-spec.")
        || name.contains(".stories.")
        || name.starts_with("test_") && name.ends_with(".py")
        || name.ends_with("_test.py")
        || name.ends_with("_test.rs")
        || name.ends_with("_tests.rs")
        || name == "tests.rs"
        || name == "conftest.py"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_files_are_known_by_their_paths() {
        for path in ["tests/it/main.rs", "src/a.test.ts", "app/__tests__/x.js", "pkg/test_orders.py", "src/parse/tests.rs"] {
            assert!(is_test_path(path), "{path}");
        }
        for path in ["src/testimonials.ts", "src/contest.rs", "app/latest.py"] {
            assert!(!is_test_path(path), "{path}");
        }
    }
}
