//! `package.json`, `tsconfig.json`, `jsconfig.json`, `deno.json` and `pnpm-workspace.yaml`.

use serde_json::Value;

use crate::document::Document;
use crate::facts::{FactDiagnostic, FileFacts, LanguageId, Manifest};
use crate::finding::Severity;
use crate::source::{RepoPath, SourceText};

/// Candidates of one conditional export; a longer list is no package that resolves by hand.
const MAX_CANDIDATES: usize = 32;

pub fn claims(path: &RepoPath) -> bool {
    let name = path.file_name();
    matches!(name, "package.json" | "pnpm-workspace.yaml" | "deno.json" | "deno.jsonc" | "lerna.json") || is_compiler_config(name)
}

/// `tsconfig.json`, `tsconfig.base.json`, `jsconfig.json`.
pub fn is_compiler_config(name: &str) -> bool {
    (name.starts_with("tsconfig") || name.starts_with("jsconfig")) && name.ends_with(".json")
}

pub fn extract(source: &SourceText) -> FileFacts {
    let mut facts = FileFacts::new(LanguageId::Project);
    let name = source.path.file_name();
    let read = match name {
        "pnpm-workspace.yaml" => workspace(&source.path, source.text()),
        _ => parse(source.text()).map(|json| match name {
            "package.json" | "lerna.json" => package(&json),
            "deno.json" | "deno.jsonc" => deno(&json),
            _ => compiler_config(&json),
        }),
    };
    match read {
        Ok(manifest) => facts.manifest = Some(manifest),
        Err(message) => facts.diagnostics.push(FactDiagnostic {
            severity: Severity::Warning,
            span: None,
            message: format!("names of modules that this file defines are not followed: {message}"),
        }),
    }
    facts
}

fn package(json: &Value) -> Manifest {
    let mut manifest = Manifest { package: text(json, "name"), ..Manifest::default() };
    // The source is what stands in the repository; what is built from it does not.
    for key in ["source", "types", "typings", "module", "main", "browser"] {
        if let Some(root) = text(json, key) {
            push_new(&mut manifest.roots, root);
        }
    }
    match json.get("exports") {
        Some(Value::Object(entries)) if entries.keys().any(|key| key.starts_with('.')) => {
            for (key, value) in entries {
                manifest.exports.push((key.clone(), candidates(value)));
            }
        }
        Some(value) => manifest.exports.push((".".to_owned(), candidates(value))),
        None => {}
    }
    if let Some(Value::Object(imports)) = json.get("imports") {
        for (key, value) in imports {
            manifest.exports.push((key.clone(), candidates(value)));
        }
    }
    manifest.members = match json.get("workspaces").or_else(|| json.get("packages")) {
        Some(Value::Object(object)) => object.get("packages").map(texts).unwrap_or_default(),
        Some(value) => texts(value),
        None => Vec::new(),
    };
    for key in ["dependencies", "devDependencies", "peerDependencies"] {
        let Some(Value::Object(dependencies)) = json.get(key) else { continue };
        for (name, version) in dependencies {
            let Some(version) = version.as_str() else { continue };
            if let Some(folder) = ["file:", "link:", "portal:"].iter().find_map(|prefix| version.strip_prefix(prefix)) {
                manifest.dependencies.push((name.clone(), None, Some(folder.to_owned())));
            } else if let Some(alias) = version.strip_prefix("npm:").or_else(|| version.strip_prefix("workspace:")) {
                // `workspace:other@*` and `npm:other@1` are other packages under this name.
                if let Some(at) = alias.rfind('@').filter(|at| *at > 0) {
                    manifest.dependencies.push((name.clone(), Some(alias[..at].to_owned()), None));
                }
            }
        }
    }
    manifest
}

fn compiler_config(json: &Value) -> Manifest {
    let mut manifest = Manifest::default();
    match json.get("extends") {
        Some(Value::String(one)) => manifest.extends.push(one.clone()),
        Some(Value::Array(many)) => manifest.extends.extend(many.iter().filter_map(Value::as_str).map(str::to_owned)),
        _ => {}
    }
    let Some(options) = json.get("compilerOptions") else { return manifest };
    manifest.base_url = text(options, "baseUrl");
    if let Some(Value::Object(paths)) = options.get("paths") {
        for (pattern, targets) in paths {
            manifest.aliases.push((pattern.clone(), texts(targets)));
        }
    }
    if let Some(roots) = options.get("rootDirs") {
        manifest.source_folders = texts(roots);
    }
    manifest
}

fn deno(json: &Value) -> Manifest {
    let mut manifest = compiler_config(json);
    manifest.package = text(json, "name");
    manifest.members = json.get("workspace").map(texts).unwrap_or_default();
    match json.get("exports") {
        Some(Value::Object(entries)) => {
            for (key, value) in entries {
                manifest.exports.push((key.clone(), candidates(value)));
            }
        }
        Some(value) => manifest.exports.push((".".to_owned(), candidates(value))),
        None => {}
    }
    if let Some(Value::Object(imports)) = json.get("imports") {
        for (name, target) in imports {
            let Some(target) = target.as_str().filter(|target| target.starts_with('.')) else { continue };
            // A name that ends in a slash stands for everything below it.
            let star = if name.ends_with('/') { "*" } else { "" };
            manifest.aliases.push((format!("{name}{star}"), vec![format!("{target}{star}")]));
        }
    }
    manifest
}

fn workspace(file: &RepoPath, text: &str) -> Result<Manifest, String> {
    let document = Document::read(file, text).map_err(|fault| fault.message)?;
    let members = match document.get("/packages") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(globs)) if globs.iter().all(Value::is_string) => {
            globs.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        Some(_) => return Err("`packages` is no list of texts".to_owned()),
    };
    Ok(Manifest { members, ..Manifest::default() })
}

/// The files that an entry of `exports` can name, those for readers of types and sources first.
fn candidates(value: &Value) -> Vec<String> {
    fn collect(value: &Value, out: &mut Vec<String>, depth: u32) {
        if depth > 8 || out.len() >= MAX_CANDIDATES {
            return;
        }
        match value {
            Value::String(path) => push_new(out, path.clone()),
            Value::Array(many) => many.iter().for_each(|one| collect(one, out, depth + 1)),
            Value::Object(conditions) => {
                let first = ["source", "development", "types", "typescript", "import", "module", "node", "require", "default"];
                for key in first {
                    if let Some(inner) = conditions.get(key) {
                        collect(inner, out, depth + 1);
                    }
                }
                for (key, inner) in conditions {
                    if !first.contains(&key.as_str()) {
                        collect(inner, out, depth + 1);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut out = Vec::new();
    collect(value, &mut out, 0);
    out
}

fn text(json: &Value, key: &str) -> Option<String> {
    json.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(one) => vec![one.clone()],
        Value::Array(many) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

fn push_new(list: &mut Vec<String>, value: String) {
    if !list.contains(&value) {
        list.push(value);
    }
}

/// Parses JSON with comments and trailing commas, as compilers' configurations have them.
fn parse(text: &str) -> Result<Value, String> {
    match serde_json::from_str(text) {
        Ok(value) => Ok(value),
        Err(_) => serde_json::from_str(&plain(text)).map_err(|error| error.to_string()),
    }
}

/// The text without comments and without commas before a closing bracket.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut in_text = false;
    while let Some(letter) = letters.next() {
        if in_text {
            out.push(letter);
            match letter {
                '\\' => out.extend(letters.next()),
                '"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match (letter, letters.peek()) {
            ('"', _) => {
                in_text = true;
                out.push(letter);
            }
            ('/', Some('/')) => {
                for skipped in letters.by_ref() {
                    if skipped == '\n' {
                        out.push('\n');
                        break;
                    }
                }
            }
            ('/', Some('*')) => {
                letters.next();
                let mut last = ' ';
                for skipped in letters.by_ref() {
                    if last == '*' && skipped == '/' {
                        break;
                    }
                    last = skipped;
                }
            }
            ('}' | ']', _) => {
                let kept = out.trim_end().len();
                if out[..kept].ends_with(',') {
                    out.truncate(kept - 1);
                }
                out.push(letter);
            }
            _ => out.push(letter),
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
        extract(&source).manifest.expect("the manifest is read")
    }

    #[test]
    fn a_compiler_configuration_may_hold_comments_and_trailing_commas() {
        let read = manifest(
            "tsconfig.json",
            "{ // base\n \"extends\": \"./base.json\", /* x */ \"compilerOptions\": { \"baseUrl\": \".\", \"paths\": { \"@/*\": [\"src/*\",], }, }, }",
        );
        assert_eq!(read.extends, ["./base.json"]);
        assert_eq!(read.base_url.as_deref(), Some("."));
        assert_eq!(read.aliases, [("@/*".to_owned(), vec!["src/*".to_owned()])]);
    }

    #[test]
    fn a_package_names_its_exports_its_members_and_its_renamed_dependencies() {
        let read = manifest(
            "package.json",
            r##"{"name":"@acme/events","main":"dist/index.js","types":"dist/index.d.ts",
               "exports":{".":{"require":"./dist/index.cjs","types":"./src/index.ts"},"./webhooks":"./src/webhooks.ts"},
               "imports":{"#internal/*":"./src/internal/*.ts"},"workspaces":{"packages":["packages/*"]},
               "dependencies":{"bus":"workspace:@acme/bus@*","local":"file:../local","zod":"^3"}}"##,
        );
        assert_eq!(read.package.as_deref(), Some("@acme/events"));
        assert_eq!(read.roots, ["dist/index.d.ts", "dist/index.js"]);
        assert_eq!(read.exports[0], (".".to_owned(), vec!["./src/index.ts".to_owned(), "./dist/index.cjs".to_owned()]));
        assert_eq!(read.exports[2].0, "#internal/*");
        assert_eq!(read.members, ["packages/*"]);
        assert_eq!(
            read.dependencies,
            [("bus".to_owned(), Some("@acme/bus".to_owned()), None), ("local".to_owned(), None, Some("../local".to_owned()))]
        );
    }

    #[test]
    fn a_broken_manifest_is_a_diagnostic() {
        let source = SourceText::new(RepoPath::new("package.json"), BlobId::from_bytes(&[0; 20]), "{");
        let facts = extract(&source);
        assert!(facts.manifest.is_none());
        assert_eq!(facts.diagnostics.len(), 1);
    }
}
