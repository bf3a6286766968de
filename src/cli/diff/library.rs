//! Documents that are no schema themselves but hold schemas by name: an OpenAPI document without webhooks, a file of definitions.
//!
//! Their schemas are compared one by one, each by its name, with what it refers to. A schema that nothing changed in, and in nothing
//! that it refers to, is not asked about. What changed in one schema and is seen through others is told where it stands.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::given::Schema;
use super::judge::{Setting, schemas};
use crate::compare;
use crate::document::{Document, join, tokens};
use crate::facts::Role;
use crate::finding::{Finding, Severity};
use crate::prove::{self, Reason};
use crate::schema::Draft;
use crate::source::Origin;

/// Keywords that demand nothing of a value. A schema of these alone accepts everything, so that what it defines is meant.
const ANNOTATIONS: &[&str] = &[
    "$schema",
    "$id",
    "id",
    "$comment",
    "$anchor",
    "$vocabulary",
    "title",
    "description",
    "definitions",
    "$defs",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
];

/// A document that holds schemas by name.
pub struct Library {
    document: Arc<Document>,
    shelf: Shelf,
    resources: Vec<(String, Value)>,
    others: Arc<BTreeMap<String, Document>>,
    base: String,
}

/// Where a document's schemas stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shelf {
    pub pointer: &'static str,
    /// Of a document that is no schema the draft of those that it holds.
    draft: Option<Draft>,
    /// What the document is called.
    pub form: &'static str,
}

impl Shelf {
    /// Whether the document itself is no JSON Schema.
    pub fn is_of_no_schema(&self) -> bool {
        self.draft.is_some()
    }

    /// Of a document that holds schemas by name and is none itself.
    pub fn of(value: &Value) -> Option<Shelf> {
        let map = value.as_object()?;
        let version = |key: &str| map.get(key).and_then(Value::as_str);
        let shelf = if let Some(version) = version("openapi") {
            let draft = match map.get("jsonSchemaDialect").and_then(Value::as_str).and_then(Draft::of_address) {
                Some(draft) => draft,
                None if version.starts_with("3.0") => Draft::OpenApi30,
                None => Draft::OpenApi31,
            };
            Shelf { pointer: "/components/schemas", draft: Some(draft), form: "OpenAPI" }
        } else if version("asyncapi").is_some() {
            Shelf { pointer: "/components/schemas", draft: Some(Draft::Draft7), form: "AsyncAPI" }
        } else if version("swagger").is_some() {
            Shelf { pointer: "/definitions", draft: Some(Draft::Draft4), form: "Swagger" }
        } else if map.keys().all(|key| ANNOTATIONS.contains(&key.as_str()) || key.starts_with("x-")) {
            let pointer = ["/$defs", "/definitions"].into_iter().find(|pointer| value.pointer(pointer).is_some())?;
            Shelf { pointer, draft: None, form: "JSON Schema" }
        } else {
            return None;
        };
        let held = value.pointer(shelf.pointer)?.as_object()?;
        (!held.is_empty() && held.values().all(|schema| schema.is_object() || schema.is_boolean())).then_some(shelf)
    }
}

impl Library {
    pub fn new(
        document: Arc<Document>,
        shelf: Shelf,
        base: String,
        resources: Vec<(String, Value)>,
        others: Arc<BTreeMap<String, Document>>,
    ) -> Library {
        Library { document, shelf, resources, others, base }
    }

    fn names(&self) -> BTreeSet<&str> {
        let held = self.document.get(self.shelf.pointer).and_then(Value::as_object);
        held.into_iter().flatten().map(|(name, _)| name.as_str()).collect()
    }

    fn origin(&self, name: &str) -> Origin {
        self.document.origin(&join(self.shelf.pointer, name))
    }

    /// A document that says what one of the schemas says: a reference to it, beside what it leads to at its own places.
    fn alone(&self, name: &str) -> Value {
        let pointer = join(self.shelf.pointer, name);
        let mut root = Map::new();
        root.insert("$ref".to_owned(), Value::String(format!("#{}", encoded(&pointer))));
        for key in ["$schema", "$id"] {
            if let Some(value) = self.document.value.get(key).filter(|_| self.shelf.draft.is_none()) {
                root.insert(key.to_owned(), value.clone());
            }
        }
        let mut whole = Value::Object(root);
        let mut reached: BTreeSet<String> = BTreeSet::new();
        let mut pending = vec![pointer];
        while let Some(pointer) = pending.pop() {
            let Some(value) = self.document.get(&pointer).filter(|_| reached.insert(pointer.clone())) else { continue };
            pending.extend(pointers(value));
            put(&mut whole, &self.document.value, &pointer, value);
        }
        whole
    }

    fn schema(&self, alone: Value) -> Result<Schema, Reason> {
        let schema = prove::Document::at(&self.base, alone, self.shelf.draft, &self.resources)?;
        let schema = schema.with_integers_by_value(true);
        Ok(Schema::new(schema, Arc::clone(&self.document), Arc::clone(&self.others)))
    }
}

/// A JSON Pointer as a fragment has it.
fn encoded(pointer: &str) -> String {
    let mut out = String::with_capacity(pointer.len());
    for byte in pointer.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'$' | b':' | b'@' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The places of the same document that references lead to. An anchor is none that a pointer could name: then all is needed.
fn pointers(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(map) => {
                for key in ["$ref", "$dynamicRef", "$recursiveRef"] {
                    let Some(reference) = map.get(key).and_then(Value::as_str) else { continue };
                    let Some(fragment) = reference.strip_prefix('#') else { continue };
                    let pointer = crate::schema::refs::percent_decode(fragment).unwrap_or_default();
                    found.push(if pointer.starts_with('/') { pointer } else { String::new() });
                }
                // The names that a discriminator maps its values to.
                let mapped = map.get("discriminator").and_then(|one| one.get("mapping")).and_then(Value::as_object);
                for target in mapped.into_iter().flatten().filter_map(|(_, target)| target.as_str()?.strip_prefix('#')) {
                    found.push(crate::schema::refs::percent_decode(target).unwrap_or_default());
                }
                pending.extend(map.values());
            }
            Value::Array(items) => pending.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    found
}

/// Puts a part of a document at its own place in another one. Within an array that is the whole array.
fn put(target: &mut Value, source: &Value, pointer: &str, value: &Value) {
    let Some(steps) = tokens(pointer) else { return };
    let mut target = target;
    let mut source = source;
    for (at, step) in steps.iter().enumerate() {
        let (Some(map), Some(inner)) = (target.as_object_mut(), source.get(step.as_str())) else { return };
        let is_last = at + 1 == steps.len();
        if is_last || !inner.is_object() {
            map.insert(step.clone(), if is_last { value.clone() } else { inner.clone() });
            return;
        }
        target = map.entry(step.clone()).or_insert_with(|| Value::Object(Map::new()));
        source = inner;
    }
    // The whole document: what is there already stays.
    if let (Some(map), Some(all)) = (target.as_object_mut(), value.as_object()) {
        for (key, value) in all {
            if key != "$ref" {
                map.insert(key.clone(), value.clone());
            }
        }
    }
}

/// The differences of two libraries, schema by schema.
pub fn judge(old: &Library, new: &Library, setting: &Setting) -> Vec<Finding> {
    let (olds, mut news) = (old.names(), new.names());
    let mut findings = Vec::new();
    let mut gone = Vec::new();
    for name in olds {
        if !news.remove(name) {
            gone.push(name);
            continue;
        }
        let (was, is) = (old.alone(name), new.alone(name));
        if was == is && old.shelf == new.shelf && old.resources == new.resources {
            continue;
        }
        for role in setting.roles.unwrap_or(&[Role::Producer]) {
            match (old.schema(was.clone()), new.schema(is.clone())) {
                (Ok(was), Ok(is)) => findings.extend(schemas(&was, &is, *role, setting, name)),
                (Err(reason), _) | (_, Err(reason)) => {
                    let message = format!("`{name}` could not be decided: {reason}");
                    let mut found = compare::finding("unknown-compatibility", name, *role, message);
                    (found.base, found.head) = (Some(old.origin(name)), Some(new.origin(name)));
                    findings.push(found);
                }
            }
        }
    }
    where_it_stands(&mut findings);
    for name in gone {
        let value = old.document.get(&join(old.shelf.pointer, name));
        let twins: Vec<&str> =
            news.iter().copied().filter(|other| new.document.get(&join(new.shelf.pointer, other)) == value).collect();
        let twin = if let [twin] = twins[..] { Some(twin) } else { None };
        let message = match twin {
            Some(twin) => format!("the schema `{name}` is now `{twin}`"),
            None => format!("the schema `{name}` is gone"),
        };
        let rule = if twin.is_some() { "event-renamed" } else { "event-removed" };
        let mut found = compare::finding(rule, name, Role::Producer, message);
        // Who uses the name is not known here; what its payloads are is told where they are used.
        found.severity = Severity::Warning;
        found.base = Some(old.origin(name));
        found.head = twin.map(|twin| new.origin(twin));
        found.fragments = (name.to_owned(), twin.unwrap_or_default().to_owned());
        found.help = "keep the name as long as something may refer to it".to_owned();
        findings.push(found);
    }
    findings
}

/// Of findings that speak of the same two places those of the schema that is nearest to them.
fn where_it_stands(findings: &mut Vec<Finding>) {
    type Cause = (&'static str, Option<Origin>, Option<Origin>, (String, String));
    let cause = |finding: &Finding| -> Cause {
        (finding.role.as_str(), finding.base.clone(), finding.head.clone(), finding.fragments.clone())
    };
    // The heaviest first, then the shortest way to the place.
    let rank = |finding: &Finding| (Reverse(finding.severity), finding.path.matches('/').count(), finding.event.clone());
    let mut nearest = BTreeMap::new();
    for finding in findings.iter() {
        let rank = rank(finding);
        let known = nearest.entry(cause(finding)).or_insert_with(|| rank.clone());
        if rank < *known {
            *known = rank;
        }
    }
    findings.retain(|finding| {
        let is_nearest = nearest.get(&cause(finding)).is_some_and(|(_, _, event)| *event == finding.event);
        finding.base.is_none() && finding.head.is_none() || is_nearest
    });
}
