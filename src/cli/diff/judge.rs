//! Two versions held against each other, event by event where they speak of events.

use std::collections::{BTreeMap, BTreeSet};

use super::given::{Given, Meaning, Schema};
use super::library;
use crate::compare::documents::{self, Question};
use crate::compare::{self};
use crate::document;
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
        (Meaning::Schema(_, Some(old)), Meaning::Schema(_, Some(new))) => findings = library::judge(old, new, setting),
        (Meaning::Schema(old, _), Meaning::Schema(new, _)) => {
            for role in setting.roles.unwrap_or(&[Role::Producer]) {
                findings.extend(schemas(old, new, *role, setting, ""));
            }
        }
        (Meaning::Promises(old, old_library), Meaning::Promises(new, new_library)) => {
            promises(old, new, setting, &mut findings);
            // Where a side speaks of no event, nothing else says what the schemas are for.
            if let (Some(old_library), Some(new_library)) = (old_library, new_library)
                && (old.is_empty() || new.is_empty())
            {
                findings.extend(library::judge(old_library, new_library, setting));
            }
        }
        (Meaning::Avro(old, was), Meaning::Avro(new, is)) => avro((old, was), (new, is), setting, &mut findings),
        (Meaning::Schema(..) | Meaning::Promises(..) | Meaning::Avro(..), _) => {
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

/// The differences of two schemas; `event` is what they are called, where they have a name.
pub fn schemas(old: &Schema, new: &Schema, role: Role, setting: &Setting, event: &str) -> Vec<Finding> {
    let (old_places, new_places) = (|pointer: &str| old.origin(pointer), |pointer: &str| new.origin(pointer));
    documents::judge(
        &documents::Given { schema: &old.schema, places: &old_places, hole: None },
        &documents::Given { schema: &new.schema, places: &new_places, hole: None },
        Question { role, strict: setting.strict, event },
    )
}

/// Avro resolves by rules of its own. A payload is shown where the JSON of the values tells the two apart at the same place.
fn avro(
    (old, was): (&document::Document, &[Promise]),
    (new, is): (&document::Document, &[Promise]),
    setting: &Setting,
    findings: &mut Vec<Finding>,
) {
    let event = was.first().map(|promise| promise.event.to_string()).unwrap_or_default();
    for role in setting.roles.unwrap_or(&[Role::Producer]) {
        let mut found = documents::avro::judge(old, new, *role, &event);
        let mut shown = Vec::new();
        if let (Some(was), Some(is)) = (was.first(), is.first())
            && found.iter().any(|finding| finding.severity == Severity::Error)
        {
            pair(was, is, &Setting { roles: Some(std::slice::from_ref(role)), ..*setting }, &mut shown);
        }
        for finding in found.iter_mut().filter(|finding| finding.severity == Severity::Error) {
            finding.witness = shown.iter().filter(|one| one.path == finding.path).find_map(|one| one.witness.clone());
        }
        findings.append(&mut found);
    }
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
        let prepared = |promise: &Promise| Document::new((*promise.schema.document).clone(), None, &[]);
        let (a, b) = match (prepared(old), prepared(new)) {
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
