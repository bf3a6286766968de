//! Files of data that hold a payload: which of them are looked at, and what they state.
//!
//! A JSON file is a payload of an event where a row of the configuration says so, where its name is the event's, or where a test of
//! that one event reads it. The first two hold in the folders that people keep such files in; nothing is guessed from content.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use globset::{Glob, GlobSet, GlobSetBuilder};
use serde_json::Value;

use crate::config::{Config, FixtureRow};
use crate::document::{Document, join};
use crate::link::doubles::{Double, DoubleKind};
use crate::link::model::Model;
use crate::link::packages::is_test_path;
use crate::registry::Registry;
use crate::shape::wire_name::fold;
use crate::shape::{ArrayShape, Field, ObjectShape, Presence, Shape, ShapeKind};
use crate::source::{RepoPath, SourceText};

/// Files that one snapshot reads for this; past it the rest is left out.
pub const MAX_FILES: usize = 2_000;

/// Payloads that one file with a list of them gives.
const MAX_PAYLOADS: usize = 50;

/// How deep a document is read.
const MAX_DEPTH: u32 = 12;

/// Folders in which people keep payloads, beside those of tests.
const FOLDERS: &[&str] = &["examples", "example", "samples", "sample", "mocks", "stubs", "payloads", "__fixtures__", "fixture"];

/// Words that the name of such a file has beside the event's.
const WORDS: &[&str] =
    &["fixture", "payload", "sample", "example", "mock", "webhook", "event", "message", "valid", "test", "data"];

/// Which files of a snapshot are payloads of which event.
pub struct Ties {
    rows: Vec<(GlobSet, FixtureRow)>,
    /// Folded names of events.
    names: BTreeMap<String, String>,
    /// What tests read, by the end of the path.
    used: Vec<(Vec<String>, String)>,
}

impl Ties {
    pub fn new(config: &Config, model: &Model, registry: &Registry) -> Ties {
        let rows = config
            .fixtures
            .iter()
            .map(|row| {
                let mut globs = GlobSetBuilder::new();
                for glob in row.files.iter().filter_map(|glob| Glob::new(glob).ok()) {
                    globs.add(glob);
                }
                (globs.build().unwrap_or_else(|_| GlobSet::empty()), row.value.clone())
            })
            .collect();
        let events =
            model.boundaries.iter().filter(|boundary| !boundary.in_test).filter_map(|boundary| boundary.event.as_deref());
        let promised = registry.promises.iter().filter_map(|promise| promise.event.as_name());
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        for event in events.chain(promised) {
            let folded = fold(event);
            // A name of one short word is the name of many things.
            if folded.len() >= 6 && event.contains(|letter: char| !letter.is_ascii_lowercase()) {
                names.entry(folded).or_insert_with(|| event.to_owned());
            }
        }
        let used = model
            .tests
            .files
            .iter()
            .map(|usage| {
                let parts = usage.path.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
                (parts.map(str::to_owned).collect(), usage.event.to_string())
            })
            .collect();
        Ties { rows, names, used }
    }

    /// Whether a file is worth reading.
    pub fn claims(&self, path: &RepoPath) -> bool {
        self.rows.iter().any(|(globs, _)| globs.is_match(path.as_str())) || self.event_of(path).is_some()
    }

    /// The event of a file by its name or its use.
    fn event_of(&self, path: &RepoPath) -> Option<&str> {
        if path.extension() != "json" {
            return None;
        }
        let parts: Vec<&str> = path.as_str().split('/').collect();
        let used: BTreeSet<&str> = self
            .used
            .iter()
            .filter(|(suffix, _)| parts.len() >= suffix.len() && parts[parts.len() - suffix.len()..] == suffix[..])
            .map(|(_, event)| event.as_str())
            .collect();
        if used.len() == 1 {
            return used.first().copied();
        }
        let kept = is_test_path(path.as_str()) || parts.iter().rev().skip(1).any(|folder| FOLDERS.contains(folder));
        if !kept {
            return None;
        }
        let stem = path.stem();
        let folder = parts.len().checked_sub(2).map_or("", |at| parts[at]);
        let bare: String = stem
            .split(|letter: char| !letter.is_ascii_alphanumeric())
            .filter(|word| !WORDS.contains(&word.to_ascii_lowercase().as_str()))
            .collect();
        [fold(stem), fold(&bare), fold(&format!("{folder}{stem}"))]
            .iter()
            .find_map(|name| self.names.get(name))
            .map(String::as_str)
    }

    /// What the files state.
    pub fn doubles(&self, texts: &BTreeMap<RepoPath, Arc<SourceText>>) -> Vec<Double> {
        let mut found = Vec::new();
        for (path, text) in texts.iter().take(MAX_FILES) {
            let Ok(document) = Document::read(path, text.text()) else { continue };
            let row = self.rows.iter().find(|(globs, _)| globs.is_match(path.as_str())).map(|(_, row)| row);
            let event = match row {
                Some(row) => row.event_of(path, &document.value),
                None => self.event_of(path).map(str::to_owned),
            };
            let Some(event) = event else { continue };
            let pointer = row.and_then(|row| row.payload.as_ref()).map_or("", |payload| payload.value.as_str());
            for (at, pointer) in payloads(&document, pointer).into_iter().enumerate() {
                let Some(value) = document.get(&pointer) else { continue };
                found.push(Double {
                    event: event.clone().into(),
                    kind: DoubleKind::Value,
                    origin: document.origin(&pointer),
                    test: format!("{path}#{at}").into(),
                    bodies: vec![shape(&document, value, &pointer, 0)],
                    partial: false,
                    negative: says_wrong(path),
                });
            }
        }
        found
    }
}

/// `invalid/user.signup.json`: a payload that is wrong on purpose.
fn says_wrong(path: &RepoPath) -> bool {
    path.as_str().split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| {
        matches!(word.to_ascii_lowercase().as_str(), "invalid" | "malformed" | "bad" | "broken" | "missing" | "legacy")
    })
}

/// The document itself, or each of a list of payloads.
fn payloads(document: &Document, pointer: &str) -> Vec<String> {
    match document.get(pointer) {
        Some(Value::Array(items)) => (0..items.len().min(MAX_PAYLOADS)).map(|at| join(pointer, &at.to_string())).collect(),
        Some(Value::Object(_)) => vec![pointer.to_owned()],
        Some(_) | None => Vec::new(),
    }
}

fn shape(document: &Document, value: &Value, pointer: &str, depth: u32) -> Arc<Shape> {
    let origin = Some(document.origin(pointer));
    if depth > MAX_DEPTH {
        return Arc::new(Shape::unknown("the document is nested too deeply", origin));
    }
    let kind = match value {
        Value::Object(members) => ShapeKind::Object(ObjectShape::of(
            members
                .iter()
                .map(|(name, inner)| {
                    let at = join(pointer, name);
                    Field::new(name, shape(document, inner, &at, depth + 1), Presence::Required, Some(document.origin(&at)))
                })
                .collect(),
        )),
        Value::Array(items) => ShapeKind::Array(ArrayShape {
            prefix: Vec::new(),
            items: match items.is_empty() {
                true => Some(Arc::new(Shape::unknown("an empty list", origin.clone()))),
                false => Some(Shape::union(
                    items.iter().enumerate().map(|(at, item)| shape(document, item, &join(pointer, &at.to_string()), depth + 1)),
                    origin.clone(),
                )),
            },
            min_items: None,
            max_items: None,
            unique: false,
        }),
        other => ShapeKind::Const(other.clone()),
    };
    Arc::new(Shape::new(kind, origin))
}
