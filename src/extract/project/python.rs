//! `pyproject.toml` and `setup.cfg`: the package's name, and the folders that its packages lie in. `setup.py` is a program and
//! is not read for this; the folder that it lies in counts as a root by itself.

use toml::{Table, Value};

use crate::facts::{FactDiagnostic, FileFacts, LanguageId, Manifest};
use crate::finding::Severity;
use crate::source::{RepoPath, SourceText, Span};

pub fn claims(path: &RepoPath) -> bool {
    matches!(path.file_name(), "pyproject.toml" | "setup.cfg")
}

pub fn extract(source: &SourceText) -> FileFacts {
    let mut facts = FileFacts::new(LanguageId::Project);
    if source.path.file_name() == "setup.cfg" {
        facts.manifest = Some(setup_cfg(source.text()));
        return facts;
    }
    match source.text().parse::<Table>() {
        Ok(table) => facts.manifest = Some(pyproject(&table)),
        Err(error) => {
            let span = error.span().map(|range| Span::new(range.start, range.end));
            facts.unread.push(span.unwrap_or_else(|| Span::new(0, source.text().len())));
            facts.diagnostics.push(FactDiagnostic {
                severity: Severity::Warning,
                span,
                message: format!("not valid TOML: {}", error.message()),
            });
        }
    }
    facts
}

/// The value under a path of keys.
fn at<'t>(table: &'t Table, path: &[&str]) -> Option<&'t Value> {
    let (first, rest) = path.split_first()?;
    let mut value = table.get(*first)?;
    for key in rest {
        value = value.get(*key)?;
    }
    Some(value)
}

fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    }
}

fn pyproject(table: &Table) -> Manifest {
    let text = |path: &[&str]| at(table, path).and_then(Value::as_str).map(str::to_owned);
    let mut folders: Vec<String> = Vec::new();
    // setuptools: `package-dir = {"" = "src"}`, `packages.find.where = ["src"]`
    if let Some(Value::Table(dirs)) = at(table, &["tool", "setuptools", "package-dir"]) {
        folders.extend(dirs.get("").and_then(Value::as_str).map(str::to_owned));
    }
    folders.extend(texts(at(table, &["tool", "setuptools", "packages", "find", "where"])));
    // Poetry: `packages = [{include = "app", from = "lib"}]`
    if let Some(Value::Array(packages)) = at(table, &["tool", "poetry", "packages"]) {
        folders.extend(packages.iter().filter_map(|package| package.get("from")?.as_str().map(str::to_owned)));
    }
    // PDM, uv's and maturin's build settings.
    folders.extend(text(&["tool", "pdm", "build", "package-dir"]));
    folders.extend(text(&["tool", "uv", "build-backend", "module-root"]));
    folders.extend(text(&["tool", "maturin", "python-source"]));
    // Hatch: `packages = ["src/app"]` names the packages themselves, `sources = ["src"]` their folders.
    for target in ["wheel", "sdist"] {
        let packages = texts(at(table, &["tool", "hatch", "build", "targets", target, "packages"]));
        folders.extend(packages.iter().filter_map(|package| package.rsplit_once('/').map(|(folder, _)| folder.to_owned())));
        folders.extend(texts(at(table, &["tool", "hatch", "build", "targets", target, "sources"])));
    }
    // Tests are run with these folders on the path.
    folders.extend(texts(at(table, &["tool", "pytest", "ini_options", "pythonpath"])));
    folders.extend(texts(at(table, &["tool", "pyright", "extraPaths"])));
    let mut members = texts(at(table, &["tool", "uv", "workspace", "members"]));
    members.sort();
    Manifest {
        package: text(&["project", "name"]).or_else(|| text(&["tool", "poetry", "name"])),
        source_folders: tidy(folders),
        members,
        ..Manifest::default()
    }
}

/// Reads the INI form as far as it is needed: `[options] package_dir`, `[options.packages.find] where`, `[metadata] name`.
fn setup_cfg(text: &str) -> Manifest {
    let mut section = String::new();
    let mut key = String::new();
    let mut values: Vec<(String, String, String)> = Vec::new();
    for line in text.lines() {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.trim().to_owned();
            key.clear();
        } else if line.starts_with([' ', '\t']) && !key.is_empty() {
            // A line that is set in goes on with the value above.
            values.push((section.clone(), key.clone(), bare.to_owned()));
        } else if let Some((name, value)) = bare.split_once(['=', ':']) {
            key = name.trim().replace('-', "_");
            let value = value.trim();
            if !value.is_empty() {
                values.push((section.clone(), key.clone(), value.to_owned()));
            }
        }
    }
    let mut manifest = Manifest::default();
    let mut folders = Vec::new();
    for (section, key, value) in values {
        match (section.as_str(), key.as_str()) {
            ("metadata", "name") => manifest.package = Some(value),
            ("options", "package_dir") => {
                if let Some((package, folder)) = value.split_once('=')
                    && package.trim().is_empty()
                {
                    folders.push(folder.trim().to_owned());
                }
            }
            ("options.packages.find", "where") => folders.push(value),
            _ => {}
        }
    }
    manifest.source_folders = tidy(folders);
    manifest
}

/// Folders without `./`, trailing slashes and repetitions, in the order of the file.
fn tidy(folders: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for folder in folders {
        let folder = folder.trim_start_matches("./").trim_end_matches('/');
        let folder = if folder == "." { "" } else { folder };
        if !out.iter().any(|known| known == folder) {
            out.push(folder.to_owned());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::BlobId;

    fn manifest(name: &str, text: &str) -> Manifest {
        let source = SourceText::new(RepoPath::new(name), BlobId::from_bytes(&[0; 20]), text);
        extract(&source).manifest.expect("the manifest can be read")
    }

    #[test]
    fn every_build_tool_names_its_source_folder() {
        for text in [
            "[tool.setuptools.package-dir]\n\"\" = \"lib\"",
            "[tool.setuptools.packages.find]\nwhere = [\"lib\"]",
            "[tool.poetry]\nname = \"shop\"\npackages = [{ include = \"shop\", from = \"lib\" }]",
            "[tool.hatch.build.targets.wheel]\npackages = [\"lib/shop\"]",
            "[tool.pdm.build]\npackage-dir = \"lib\"",
            "[tool.uv.build-backend]\nmodule-root = \"lib\"",
        ] {
            assert_eq!(manifest("pyproject.toml", text).source_folders, ["lib"], "{text}");
        }
    }

    #[test]
    fn setup_cfg_is_read_over_several_lines() {
        let read = manifest(
            "setup.cfg",
            "[metadata]\nname = shop\n[options]\npackage_dir =\n    = src\n[options.packages.find]\nwhere = src\n",
        );
        assert_eq!(read.package.as_deref(), Some("shop"));
        assert_eq!(read.source_folders, ["src"]);
    }

    #[test]
    fn a_broken_manifest_is_a_diagnostic() {
        let source = SourceText::new(RepoPath::new("pyproject.toml"), BlobId::from_bytes(&[0; 20]), "[project\n");
        let facts = extract(&source);
        assert_eq!(facts.diagnostics.len(), 1);
        assert!(facts.manifest.is_none());
    }
}
