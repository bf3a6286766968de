//! Two versions held against each other, event by event where they speak of events.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::given::{Given, Meaning, Schema};
use crate::compare::documents::{self, Question};
use crate::compare::{self};
use crate::error::UserError;
use crate::facts::Role;
use crate::finding::{Finding, Severity};
use crate::prove::Document;
use crate::registry::Promise;
use crate::source::Origin;

/// What is asked of every pair.
pub struct Setting {
    /// `None` where the documents themselves say it, or a schema is read as what a producer sends.
    pub roles: Option<&'static [Role]>,
    pub strict: bool,
}

/// The differences of two versions.
pub fn judge(old: &Given, new: &Given, setting: &Setting) -> Result<Vec<Finding>, UserError> {
    let mut findings = Vec::new();
    match (&old.content, &new.content) {
        (Meaning::Schema(old), Meaning::Schema(new)) => {
            for role in setting.roles.unwrap_or(&[Role::Producer]) {
                findings.extend(schemas(old, new, *role, setting));
            }
        }
        (Meaning::Promises(old), Meaning::Promises(new)) => promises(old, new, setting, &mut findings),
        (Meaning::Schema(_), Meaning::Promises(_)) | (Meaning::Promises(_), Meaning::Schema(_)) => {
            return Err(UserError::Usage {
                message: "one document is a schema and the other speaks of events".to_owned(),
                help: "compare two documents of one form".to_owned(),
            });
        }
    }
    compare::finish(&mut findings);
    once(&mut findings);
    Ok(findings)
}

/// What one role names as a break needs no note of the other role's, to which it is none.
fn once(findings: &mut Vec<Finding>) {
    let told: BTreeSet<(&'static str, String, String)> = findings
        .iter()
        .filter(|finding| finding.severity > Severity::Note)
        .map(|finding| (finding.rule, finding.event.clone(), finding.path.clone()))
        .collect();
    findings.retain(|finding| {
        finding.severity > Severity::Note || !told.contains(&(finding.rule, finding.event.clone(), finding.path.clone()))
    });
}

/// Whether two findings of a history are one that was said already.
pub fn says_the_same(known: &Finding, finding: &Finding) -> bool {
    (known.rule, known.role, &known.path, &known.to, &known.event)
        == (finding.rule, finding.role, &finding.path, &finding.to, &finding.event)
        && (known.fragments == finding.fragments || known.witness.is_some() && known.witness == finding.witness)
        && known.severity >= finding.severity
}

fn schemas(old: &Schema, new: &Schema, role: Role, setting: &Setting) -> Vec<Finding> {
    let (old_places, new_places) = (|pointer: &str| old.origin(pointer), |pointer: &str| new.origin(pointer));
    documents::judge(
        &documents::Given { schema: &old.schema, places: &old_places, hole: None },
        &documents::Given { schema: &new.schema, places: &new_places, hole: None },
        Question { role, strict: setting.strict, event: "" },
    )
}

/// What tells the promises of one document apart.
type Key = (String, Role, Option<String>);

fn promises(old: &[Promise], new: &[Promise], setting: &Setting, findings: &mut Vec<Finding>) {
    let by_key = |promises: &'_ [Promise]| -> BTreeMap<Key, usize> {
        let mut found = BTreeMap::new();
        for (at, promise) in promises.iter().enumerate() {
            found.entry((promise.event.to_string(), promise.role, promise.label.clone())).or_insert(at);
        }
        found
    };
    let (olds, mut news) = (by_key(old), by_key(new));
    let mut gone: Vec<&Promise> = Vec::new();
    for (key, at) in &olds {
        match news.remove(key) {
            Some(twin) => pair(&old[*at], &new[twin], setting, findings),
            None => gone.push(&old[*at]),
        }
    }
    let mut come: Vec<&Promise> = news.into_values().map(|at| &new[at]).collect();
    for promise in gone {
        let twin = come.iter().position(|new| {
            new.role == promise.role
                && new.payload_pointer == promise.payload_pointer
                && new.schema.document == promise.schema.document
        });
        let twin = twin.filter(|_| come.iter().filter(|new| new.schema.document == promise.schema.document).count() == 1);
        findings.push(missing(promise, twin.map(|at| come.remove(at))));
    }
}

fn missing(promise: &Promise, now: Option<&Promise>) -> Finding {
    let event = promise.event.to_string();
    let (rule, message) = match (now, promise.role) {
        (Some(now), _) => ("event-renamed", format!("`{event}` is now `{}`", now.event)),
        (None, Role::Producer) => ("event-removed", format!("`{event}` is no longer sent")),
        (None, Role::Consumer) => ("consumer-removed", format!("`{event}` is no longer read")),
    };
    let mut found = compare::finding(rule, &event, promise.role, message);
    if rule == "event-removed" {
        found.severity = Severity::Error;
    }
    found.base = Some(promise.origin.clone());
    found.head = now.map(|now| now.origin.clone());
    found.fragments = (event, now.map(|now| now.event.to_string()).unwrap_or_default());
    found.help = match promise.role {
        Role::Producer => "keep the event as long as somebody may read it".to_owned(),
        Role::Consumer => "make sure that nobody sends it any more".to_owned(),
    };
    found
}

fn pair(old: &Promise, new: &Promise, setting: &Setting, findings: &mut Vec<Finding>) {
    let event = old.event.to_string();
    let own = [old.role];
    for role in setting.roles.unwrap_or(&own) {
        let prepared = |promise: &Promise, is_read: bool| {
            let mut value = (*promise.schema.document).clone();
            if is_read && is_avro(promise) {
                without_defaulted(&mut value);
            }
            Document::new(value, None, &[])
        };
        // Of a producer the old schema is the reader's, of a consumer the new one.
        let documents = (prepared(old, *role == Role::Producer), prepared(new, *role == Role::Consumer));
        let (a, b) = match documents {
            (Ok(a), Ok(b)) => (a.with_integers_by_value(true), b.with_integers_by_value(true)),
            (Err(reason), _) | (_, Err(reason)) => {
                let mut found =
                    compare::finding("unknown-compatibility", &event, *role, format!("it could not be decided: {reason}"));
                (found.base, found.head) = (Some(old.origin.clone()), Some(new.origin.clone()));
                findings.push(found);
                continue;
            }
        };
        let in_file = |promise: &Promise, pointer: &str| -> Option<Origin> {
            let mut origin = promise.schema.origin(pointer);
            // The promise's own place is known under the name that was typed.
            let (typed, own) = (promise.origin.file.as_str(), promise.file.as_str());
            if let Some(prefix) = typed.strip_suffix(own) {
                origin.file = crate::source::RepoPath::new(format!("{prefix}{}", origin.file));
            }
            Some(origin)
        };
        let (old_places, new_places) = (|pointer: &str| in_file(old, pointer), |pointer: &str| in_file(new, pointer));
        let mut found = documents::judge(
            &documents::Given { schema: &a, places: &old_places, hole: old.schema.unknown() },
            &documents::Given { schema: &b, places: &new_places, hole: new.schema.unknown() },
            Question { role: *role, strict: setting.strict, event: &event },
        );
        let pointer = old.payload_pointer.clone().unwrap_or_default();
        for finding in found.iter_mut().filter(|_| !pointer.is_empty()) {
            finding.path = format!("{pointer}{}", finding.path);
            finding.to = finding.to.take().map(|to| format!("{pointer}{to}"));
        }
        findings.append(&mut found);
    }
}

fn is_avro(promise: &Promise) -> bool {
    promise.file.extension() == "avsc"
}

/// Avro resolves what was written against the reader's own schema: a field that has a default need not have been written.
fn without_defaulted(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            let defaulted: BTreeSet<String> = match map.get("properties") {
                Some(Value::Object(properties)) => properties
                    .iter()
                    .filter(|(_, property)| property.get("default").is_some())
                    .map(|(name, _)| name.clone())
                    .collect(),
                _ => BTreeSet::new(),
            };
            if let Some(Value::Array(required)) = map.get_mut("required") {
                required.retain(|name| name.as_str().is_none_or(|name| !defaulted.contains(name)));
            }
            map.iter_mut().filter(|(key, _)| !matches!(key.as_str(), "const" | "enum" | "default")).for_each(|(_, inner)| {
                without_defaulted(inner);
            });
        }
        Value::Array(items) => items.iter_mut().for_each(without_defaulted),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
