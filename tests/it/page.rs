//! Reads a rule's page: its examples, and what each of them is expected to say.
//!
//! A section under a `## ` heading is one example. A fence whose info string is a language and a path is a file of it: under
//! `base/` or `head/` it stands on that side alone, anywhere else on both. Files above the first heading belong to every example.
//! What is expected stands in comments at the end of the line that the finding points at, `// error: [field-renamed] /customerId`,
//! several with `;` between them; they are taken off before the check sees the file. A finding that has no place in head is
//! expected on its line of base.

use std::collections::BTreeMap;

use driftgate::finding::{Severity, Status};

/// One section of a page.
#[derive(Clone, Debug, Default)]
pub struct Example {
    pub title: String,
    /// The line of its heading in the page, from 1.
    pub line: usize,
    pub base: BTreeMap<String, String>,
    pub head: BTreeMap<String, String>,
    pub expected: Vec<Expected>,
}

/// A finding as a page writes it down.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expected {
    /// `head/src/orders.rs`
    pub file: String,
    pub line: u32,
    pub rule: String,
    pub path: String,
    pub severity: Severity,
    pub status: Status,
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let status = match self.status {
            Status::New => String::new(),
            Status::Known | Status::Requested | Status::Allowed => format!("{} ", self.status.as_str()),
        };
        let place = if self.file.is_empty() { "(nowhere)".to_owned() } else { format!("{}:{}", self.file, self.line) };
        write!(f, "{place}: {status}{}: [{}] {}", self.severity.as_str(), self.rule, self.path)
    }
}

/// A fence that is a file.
struct File {
    path: String,
    text: String,
    expected: Vec<Expected>,
}

/// The examples of a page.
///
/// # Errors
/// A sentence with the line, where the page cannot be understood.
pub fn examples(page: &str) -> Result<Vec<Example>, String> {
    let mut shared: Vec<File> = Vec::new();
    let mut examples: Vec<Example> = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if let Some(title) = line.strip_prefix("## ") {
            let mut example = Example { title: title.to_owned(), line: at + 1, ..Example::default() };
            for file in &shared {
                place(file, &mut example).map_err(|error| format!("line {}: {error}", at + 1))?;
            }
            examples.push(example);
            continue;
        }
        let Some(fence) = line.strip_prefix("```") else { continue };
        let mut body = Vec::new();
        loop {
            match lines.next() {
                Some((_, "```")) => break,
                Some((_, line)) => body.push(line),
                None => return Err(format!("line {}: this fence is never closed", at + 1)),
            }
        }
        let Some((_, path)) = fence.split_once(' ') else { continue };
        let file = file(path, &body).map_err(|error| format!("line {}: {error}", at + 1))?;
        match examples.last_mut() {
            Some(example) => place(&file, example).map_err(|error| format!("line {}: {error}", at + 1))?,
            None => shared.push(file),
        }
    }
    examples.retain(|example| !example.base.is_empty() || !example.head.is_empty());
    Ok(examples)
}

fn place(file: &File, example: &mut Example) -> Result<(), String> {
    let sides: &[&str] = match file.path.split_once('/') {
        Some(("base", _)) => &["base"],
        Some(("head", _)) => &["head"],
        _ => &["base", "head"],
    };
    for side in sides {
        let inner = file.path.strip_prefix(side).and_then(|rest| rest.strip_prefix('/')).unwrap_or(&file.path);
        let files = if *side == "base" { &mut example.base } else { &mut example.head };
        if files.insert(inner.to_owned(), file.text.clone()).is_some() {
            return Err(format!("`{}` stands here twice", file.path));
        }
    }
    // What a file on both sides expects is meant of head, where findings point.
    example.expected.extend(file.expected.iter().map(|expected| Expected {
        file: if sides.len() == 2 { format!("head/{}", file.path) } else { file.path.clone() },
        ..expected.clone()
    }));
    Ok(())
}

fn file(path: &str, body: &[&str]) -> Result<File, String> {
    let mut text = String::new();
    let mut expected = Vec::new();
    for (at, line) in body.iter().enumerate() {
        let (code, comment) = split(line);
        text.push_str(code);
        text.push('\n');
        for wish in comment.into_iter().flat_map(|comment| comment.split(';')).map(str::trim) {
            expected.push(wish_of(wish, at as u32 + 1)?);
        }
    }
    Ok(File { path: path.to_owned(), text, expected })
}

/// A line without the comment that says what is expected of it, and that comment.
fn split(line: &str) -> (&str, Option<&str>) {
    for marker in ["// ", "# "] {
        if let Some(at) = line.rfind(marker) {
            let comment = &line[at + marker.len()..];
            let first = comment.split([':', ' ']).next().unwrap_or_default();
            let wishes =
                matches!(first, "error" | "warning" | "note" | "known" | "requested" | "allowed") && comment.contains(": [");
            if wishes {
                return (line[..at].trim_end(), Some(comment));
            }
        }
    }
    (line, None)
}

/// `known error: [field-removed] /email`.
fn wish_of(wish: &str, line: u32) -> Result<Expected, String> {
    let odd = || format!("`{wish}` is not of the form `error: [rule] /path`");
    let (head, rest) = wish.split_once(": [").ok_or_else(odd)?;
    let (rule, path) = rest.split_once(']').ok_or_else(odd)?;
    let (status, severity) = head.split_once(' ').map_or(("new", head), |(status, severity)| (status, severity));
    let status = [Status::New, Status::Known, Status::Requested, Status::Allowed]
        .into_iter()
        .find(|known| known.as_str() == status)
        .ok_or_else(odd)?;
    let severity = [Severity::Note, Severity::Warning, Severity::Error]
        .into_iter()
        .find(|known| known.as_str() == severity)
        .ok_or_else(odd)?;
    Ok(Expected { file: String::new(), line, rule: rule.to_owned(), path: path.trim().to_owned(), severity, status })
}

#[test]
fn a_page_is_read_as_it_is_printed() {
    let page = "# a-rule\n\n```yaml contracts/crm.yaml\nconsumer: crm\n```\n\n## A hit\n```rust base/a.rs\nlet a = 1;\n```\n\
                ```rust head/a.rs\nlet a = 2; // kept\nlet b = 3; // error: [a-rule] /b; known note: [other]\n```\n\n## A miss\n\
                ```sh\ndriftgate accept\n```\n```json schemas/x.json\n{\"a\": \"# not one\"}\n```\n";
    let examples = examples(page).unwrap();
    assert_eq!(examples.len(), 2);
    let (hit, miss) = (&examples[0], &examples[1]);
    assert_eq!((hit.title.as_str(), hit.line), ("A hit", 7));
    assert_eq!(hit.base.keys().collect::<Vec<_>>(), ["a.rs", "contracts/crm.yaml"]);
    assert_eq!(hit.head["a.rs"], "let a = 2; // kept\nlet b = 3;\n");
    let told: Vec<String> = hit.expected.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["head/a.rs:2: error: [a-rule] /b", "head/a.rs:2: known note: [other] "]);
    assert_eq!(miss.head["schemas/x.json"], "{\"a\": \"# not one\"}\n");
    assert!(miss.expected.is_empty());
}

#[test]
fn a_page_that_cannot_be_understood_says_where() {
    for (page, error) in [
        ("## A\n```rust a.rs\n", "line 2: this fence is never closed"),
        ("## A\n```rust a.rs\nx // error: [a\n```\n", "line 2: `error: [a` is not of the form `error: [rule] /path`"),
        ("## A\n```rust a.rs\n```\n```rust head/a.rs\n```\n", "line 4: `head/a.rs` stands here twice"),
    ] {
        assert_eq!(examples(page).map(|examples| examples.len()), Err(error.to_owned()));
    }
}
