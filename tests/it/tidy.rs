//! The layout of the source holds: imports follow the flow of data backwards, only the edges touch the world, no file grows past
//! what one can read, and nothing that lies beside a table is missing from it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What each part of the crate may see of the others. A part sees itself; what is not listed here may be seen by nobody.
const MAY_SEE: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("error", &[]),
    ("shape", &["source"]),
    ("suggest", &["shape"]),
    // Facts carry diagnostics, which have the severity of findings.
    ("facts", &["finding", "shape", "source"]),
    ("schema", &["shape", "source"]),
    ("finding", &["facts", "source"]),
    ("prove", &["finding", "schema"]),
    ("document", &["error", "finding", "source"]),
    ("extract", &["document", "facts", "finding", "shape", "source"]),
    ("link", &["facts", "shape", "source"]),
    ("config", &["document", "facts", "finding", "source", "suggest"]),
    ("agents", &["config", "snapshot"]),
    ("accept", &["config", "document", "source"]),
    ("registry", &["config", "document", "facts", "finding", "prove", "schema", "shape", "source", "suggest"]),
    ("snapshot", &["error", "finding", "source"]),
    // The gate's level is a setting; nothing else of the configuration reaches a report.
    ("report", &["config", "facts", "finding", "source"]),
    ("rules", &["error", "finding", "report", "suggest"]),
    ("compare", &["document", "facts", "finding", "link", "prove", "registry", "rules", "schema", "shape", "source"]),
    ("record", &["compare", "config", "document", "facts", "finding", "link", "registry", "shape", "source"]),
    ("audit", &["compare", "facts", "finding", "link", "registry", "source"]),
    ("fixtures", &["config", "document", "link", "registry", "shape", "source"]),
    ("waivers", &["compare", "facts", "finding", "link", "rules", "source", "suggest"]),
    ("workflows", &["compare", "error", "facts", "finding", "snapshot", "source"]),
    ("fix", &["check", "extract", "facts", "finding", "scan", "snapshot", "source"]),
    ("scan", &["accept", "config", "document", "error", "extract", "facts", "finding", "link", "registry", "snapshot", "source"]),
    (
        "check",
        &[
            "accept",
            "audit",
            "compare",
            "config",
            "document",
            "error",
            "facts",
            "finding",
            "fixtures",
            "link",
            "registry",
            "report",
            "rules",
            "scan",
            "snapshot",
            "source",
            "waivers",
            "workflows",
        ],
    ),
];

/// The parts that may see everything.
const SEES_ALL: &[&str] = &["cli", "lib", "main"];

/// Files that may touch disk, environment, clock or other programs.
const EDGES: &[&str] = &["src/cli/", "src/snapshot/", "src/extract/cache.rs", "src/main.rs"];

/// What touches them.
const WORLD: &[&str] = &["std::fs", "std::env", "std::process", "std::net", "SystemTime::now", "Instant::now", "File::open"];

/// Lines of one file; past this it holds more than one idea.
const MOST_LINES: usize = 900;

/// Files that are longer today, and how long they may be: a number here only ever shrinks.
const STILL_LONGER: &[(&str, usize)] = &[("src/extract/typescript/expressions.rs", 1_100)];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file under a folder of the repository, by its path in it.
fn files(folder: &str) -> Vec<String> {
    let mut found: Vec<String> = walkdir::WalkDir::new(root().join(folder))
        .into_iter()
        .map(|entry| entry.expect("the repository can be read"))
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.path().strip_prefix(root()).expect("it lies there").to_string_lossy().replace('\\', "/"))
        .collect();
    found.sort();
    found
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The Rust files under `src` that are no tests, with their code: without comments, texts and test modules.
fn code() -> BTreeMap<String, String> {
    let sources: Vec<String> = files("src").into_iter().filter(|path| path.ends_with(".rs")).collect();
    let mut tests: BTreeSet<PathBuf> = BTreeSet::new();
    for path in &sources {
        let text = read(path);
        for (at, _) in text.match_indices("#[cfg(test)]\n") {
            let line = text[at..].lines().nth(1).unwrap_or_default().trim();
            let name = line.trim_start_matches("pub ").trim_start_matches("pub(crate) ").strip_prefix("mod ");
            if let Some(name) = name.and_then(|name| name.strip_suffix(';')) {
                let file = Path::new(path);
                let own = matches!(file.file_name().and_then(|name| name.to_str()), Some("mod.rs" | "lib.rs" | "main.rs"));
                let folder = if own { file.with_file_name("") } else { file.with_extension("") };
                tests.insert(folder.join(name));
                tests.insert(folder.join(format!("{name}.rs")));
            }
        }
    }
    sources
        .into_iter()
        .filter(|path| !tests.iter().any(|test| Path::new(path).starts_with(test)))
        .map(|path| {
            let text = read(&path);
            let body = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            (path, bare(body))
        })
        .collect()
}

/// Code without comments and without what stands between quotes.
fn bare(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(letter) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |at| at + 2)
        } else if let Some(hashes) = raw_text(rest) {
            let end = format!("\"{}", "#".repeat(hashes));
            let body = 2 + hashes;
            rest[body..].find(&end).map_or(rest.len(), |at| body + at + end.len())
        } else if letter == '"' {
            text_end(rest)
        } else if rest.starts_with("'\"'") {
            3
        } else if rest.starts_with("'\\") {
            // An escaped letter: what follows the backslash may be a quote.
            rest[3.min(rest.len())..].find('\'').map_or(rest.len(), |at| at + 4)
        } else {
            0
        };
        if skipped > 0 {
            rest = &rest[skipped..];
        } else {
            out.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    out
}

/// How many `#` a raw text opens with, where one stands here.
fn raw_text(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('r')?;
    let hashes = inner.len() - inner.trim_start_matches('#').len();
    inner[hashes..].starts_with('"').then_some(hashes)
}

fn text_end(rest: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The part that a file belongs to.
fn part(path: &str) -> &str {
    let inner = path.strip_prefix("src/").unwrap_or(path);
    inner.split('/').next().unwrap_or(inner).trim_end_matches(".rs")
}

/// The parts that code names: `crate::part`, and `crate::{part, …}`.
fn seen(code: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let name = |text: &str| text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').count();
    for (at, marker) in code.match_indices("crate::") {
        let rest = &code[at + marker.len()..];
        match rest.strip_prefix('{') {
            None => {
                found.insert(&rest[..name(rest)]);
            }
            Some(group) => {
                let mut depth = 0;
                let mut at_start = true;
                for (at, letter) in group.char_indices() {
                    match letter {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => at_start = true,
                        _ if at_start && letter.is_alphabetic() => {
                            found.insert(&group[at..at + name(&group[at..])]);
                            at_start = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    found
}

#[test]
fn imports_follow_the_flow_backwards() {
    let parts: BTreeSet<&str> = MAY_SEE.iter().map(|(part, _)| *part).chain(SEES_ALL.iter().copied()).collect();
    let mut wrong = Vec::new();
    for (path, code) in code() {
        let own = part(&path);
        if SEES_ALL.contains(&own) {
            continue;
        }
        let Some((_, allowed)) = MAY_SEE.iter().find(|(part, _)| *part == own) else {
            wrong.push(format!("{path}: say in MAY_SEE what `{own}` may see"));
            continue;
        };
        for other in seen(&code) {
            if other != own && parts.contains(other) && !allowed.contains(&other) {
                wrong.push(format!("{path}: `{own}` may not see `{other}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn only_the_edges_touch_the_world() {
    let mut wrong = Vec::new();
    for (path, code) in code() {
        if EDGES.iter().any(|edge| path.starts_with(edge)) {
            continue;
        }
        for word in WORLD.iter().filter(|word| code.contains(**word)) {
            wrong.push(format!("{path}: {word}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn no_file_holds_more_than_one_can_read() {
    let mut wrong = Vec::new();
    for path in ["src", "tests"].into_iter().flat_map(files).filter(|path| path.ends_with(".rs")) {
        let lines = read(&path).lines().count();
        let most = STILL_LONGER.iter().find(|(known, _)| *known == path).map_or(MOST_LINES, |(_, most)| *most);
        if lines > most {
            wrong.push(format!("{path}: {lines} lines, at most {most}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_page_is_listed() {
    let listed: BTreeSet<String> = driftgate::rules::RULES.iter().map(|rule| format!("src/rules/{}.md", rule.id)).collect();
    let there: BTreeSet<String> = files("src/rules").into_iter().filter(|path| path.ends_with(".md")).collect();
    assert_eq!(there, listed);
}

#[test]
fn what_lies_beside_the_code_is_read_by_it() {
    let code: String = files("src").into_iter().filter(|path| path.ends_with(".rs")).map(|path| read(&path)).collect();
    let mut wrong = Vec::new();
    for path in files("src").into_iter().filter(|path| !path.ends_with(".rs") && !path.starts_with("src/rules/")) {
        let name = path.rsplit('/').next().unwrap_or(&path);
        let included = ["include_str!", "include_bytes!"].iter().any(|include| {
            code.match_indices(include).any(|(at, _)| {
                let rest = &code[at..];
                rest[..rest.find(')').unwrap_or(0)].contains(&format!("{name}\""))
            })
        });
        if !included {
            wrong.push(path);
        }
    }
    assert!(wrong.is_empty(), "nothing includes {wrong:?}");
}

#[test]
fn code_is_told_from_comments_and_texts() {
    let code = "use crate::a::B; // crate::c\nlet x = \"crate::d \\\" crate::e\"; let y = r#\"crate::f \" \"#;\nlet q = '\"'; use crate::{g, h::{i, j}, k};";
    assert_eq!(seen(&bare(code)).into_iter().collect::<Vec<_>>(), ["a", "g", "h", "k"]);
    assert_eq!(bare("a/* b */c 'x' '\\'' d"), "ac 'x'  d");
}
