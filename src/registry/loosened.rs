//! What became of base's promises in head: which are gone, which can no longer be read, and which say something else now.
//!
//! Promises are matched by what they are about, never by file or line, so that moving, splitting or reformatting a document is no
//! change. Whether a changed promise asks for less is containment's to decide: the pairs are handed out with both schemas.

use std::collections::BTreeMap;

use serde_json::Value;

use super::bundle::{UNKNOWN, children};
use super::{Binding, FileState, Promise, Registry};
use crate::document::Fault;
use crate::facts::Role;
use crate::finding::Via;

/// What became of one promise of base.
#[derive(Clone, Debug)]
pub enum Fate<'r> {
    /// Nothing in head speaks of this event for this party any more.
    Deleted,
    /// The document that made it is broken in head: base's version goes on counting.
    Unreadable(&'r [Fault]),
    /// Head's promises about the same: together they are what head says. Their schemas are not the text that base has.
    Changed(Vec<&'r Promise>),
}

/// One promise of base and what became of it.
#[derive(Clone, Debug)]
pub struct Changed<'r> {
    pub base: &'r Promise,
    pub fate: Fate<'r>,
}

/// What a promise is about. Two promises of one party with one key are alternatives (messages of one name).
type Key<'r> = (&'r str, bool, Via, String, Option<&'r str>, Option<String>);

fn key(promise: &Promise) -> Key<'_> {
    // The party of a registered schema is its file, which may move; its event is what it is about.
    let party = match promise.via {
        Via::Schema => "",
        Via::Contract | Via::Pact | Via::AsyncApi | Via::OpenApi | Via::Code | Via::Base => promise.consumer.as_str(),
    };
    // Pact's interactions are told apart by their description.
    let label = match promise.via {
        Via::Pact => promise.label.as_deref(),
        Via::Contract | Via::Schema | Via::AsyncApi | Via::OpenApi | Via::Code | Via::Base => None,
    };
    let channel = promise.channel.as_ref().map(ToString::to_string);
    (party, promise.role == Role::Producer, promise.via, promise.event.to_string(), label, channel)
}

/// The promises of `base` that are not in `head` as they were, in the order of base.
pub fn changed<'r>(base: &'r Registry, head: &'r Registry) -> Vec<Changed<'r>> {
    let mut in_head: BTreeMap<Key<'_>, Vec<&Promise>> = BTreeMap::new();
    for promise in &head.promises {
        in_head.entry(key(promise)).or_default().push(promise);
    }
    let mut found = Vec::new();
    for promise in &base.promises {
        let fate = match in_head.get(&key(promise)) {
            Some(now) if now.iter().any(|other| same(promise, other)) => continue,
            Some(now) => Fate::Changed(now.clone()),
            None => match head.files.get(&promise.file) {
                Some(FileState::Broken(faults)) => Fate::Unreadable(faults),
                // A pattern that covers the event still speaks of it.
                Some(FileState::Read { .. } | FileState::Ignored) | None => match covering(promise, head) {
                    Some(now) if now.iter().any(|other| same(promise, other)) => continue,
                    Some(now) => Fate::Changed(now),
                    None => Fate::Deleted,
                },
            },
        };
        // A schema that only its file name bound, and that was renamed with its file, may be the same schema still.
        let renamed = promise.binding == Binding::Convention
            && matches!(fate, Fate::Deleted)
            && head.promises.iter().any(|other| other.via == promise.via && other.schema.document == promise.schema.document);
        if !renamed {
            found.push(Changed { base: promise, fate });
        }
    }
    found
}

/// The promises of head that base did not make in that form: new ones, and those that ask for something else now.
pub fn added<'r>(base: &'r Registry, head: &'r Registry) -> Vec<&'r Promise> {
    changed(head, base).into_iter().filter(|found| !matches!(found.fate, Fate::Unreadable(_))).map(|found| found.base).collect()
}

/// Whether nothing of it has changed but its place and its words.
fn same(a: &Promise, b: &Promise) -> bool {
    a.payload_pointer == b.payload_pointer
        && (a.pending || !b.pending)
        && (a.schema.document == b.schema.document || normal(&a.schema.document) == normal(&b.schema.document))
}

/// A schema without what says nothing of instances: annotations, and the order of what is a set.
fn normal(schema: &Value) -> Value {
    let Value::Object(object) = schema else { return schema.clone() };
    let mut object = object.clone();
    object.retain(|key, _| {
        let annotation = matches!(
            key.as_str(),
            "title" | "description" | "examples" | "example" | "$comment" | "deprecated" | "readOnly" | "writeOnly"
        );
        let extension = key.starts_with("x-") && key != UNKNOWN;
        !annotation && !extension
    });
    for keyword in ["required", "enum", "type"] {
        if let Some(Value::Array(values)) = object.get_mut(keyword) {
            values.sort_by_key(Value::to_string);
        }
    }
    let mut paths = Vec::new();
    children(&object, &mut |path, _| paths.push(path));
    let mut schema = Value::Object(object);
    for path in paths {
        if let Some(child) = schema.pointer_mut(&path) {
            *child = normal(child);
        }
    }
    schema
}

/// Head's promises of the same party whose pattern covers the event of a promise that is gone.
fn covering<'r>(promise: &Promise, head: &'r Registry) -> Option<Vec<&'r Promise>> {
    let event = promise.event.as_name()?;
    let covering: Vec<&Promise> = head
        .promises
        .iter()
        .filter(|other| {
            other.via == promise.via
                && other.role == promise.role
                && (other.consumer == promise.consumer || promise.via == Via::Schema)
                && other.event.as_name().is_none()
                && other.event.matches(event)
        })
        .collect();
    (!covering.is_empty()).then_some(covering)
}

#[cfg(test)]
mod tests {
    use super::super::tests::registry;
    use super::*;

    fn fates(base: &[(&str, &str)], head: &[(&str, &str)]) -> Vec<String> {
        let (base, head) = (registry(base), registry(head));
        changed(&base, &head)
            .into_iter()
            .map(|changed| {
                let what = match changed.fate {
                    Fate::Deleted => "deleted".to_owned(),
                    Fate::Unreadable(faults) => format!("unreadable: {}", faults[0].message),
                    Fate::Changed(now) => format!("changed: {}", now[0].schema.document["required"]),
                };
                format!("{} {}: {what}", changed.base.consumer, changed.base.event)
            })
            .collect()
    }

    const CRM: &str = "consumer: crm\nevents:\n  a: {fields: {x: string, y: string}}\n  b: {fields: {x: string}}\n";

    #[test]
    fn moving_reordering_and_reformatting_changes_nothing() {
        let moved = "# moved\nevents:\n  b:\n    fields:\n      x: string\n  a:\n    fields:\n      y: string\n      x: string\nconsumer: crm\n";
        let json = "{\"consumer\": \"crm\", \"events\": {\"a\": {\"fields\": {\"x\": \"string\", \"y\": \"string\"}}, \"b\": {\"fields\": {\"x\": \"string\"}}}}";
        assert_eq!(fates(&[("contracts/crm.yaml", CRM)], &[("contracts/crm.yaml", CRM)]), [""; 0]);
        assert_eq!(fates(&[("contracts/crm.yaml", CRM)], &[("contracts/deep/crm.json", json)]), [""; 0]);
        assert_eq!(fates(&[("contracts/crm.yaml", CRM)], &[("contracts/x.yaml", moved)]), [""; 0]);
        let schema =
            |words: &str, names: &str| format!("{{\"type\": \"object\", \"title\": \"{words}\", \"required\": [{names}]}}");
        let (one, two) = (schema("old", "\"a\", \"b\""), schema("new", "\"b\", \"a\""));
        let bound = |text: &str| format!("{{\"x-event\": \"e\", {}", &text[1..]);
        assert_eq!(fates(&[("schemas/e.json", &bound(&one))], &[("schemas/e.json", &bound(&two))]), [""; 0]);
    }

    #[test]
    fn what_is_gone_changed_or_broken_is_told_apart() {
        let head = "consumer: crm\nevents:\n  a: {fields: {x: string, y?: string}}\n";
        assert_eq!(
            fates(&[("contracts/crm.yaml", CRM)], &[("contracts/crm.yaml", head)]),
            ["crm a: changed: [\"x\"]", "crm b: deleted"]
        );
        assert_eq!(fates(&[("contracts/crm.yaml", CRM)], &[]), ["crm a: deleted", "crm b: deleted"]);
        assert_eq!(
            fates(&[("contracts/crm.yaml", CRM)], &[("contracts/crm.yaml", "consumer: crm\nevnets: {}\n")]),
            ["crm a: unreadable: unknown key `evnets`", "crm b: unreadable: unknown key `evnets`"]
        );
        let renamed = "consumer: crm2\nevents:\n  a: {fields: {x: string, y: string}}\n  b: {fields: {x: string}}\n";
        assert_eq!(
            fates(&[("contracts/crm.yaml", CRM)], &[("contracts/crm.yaml", renamed)]),
            ["crm a: deleted", "crm b: deleted"]
        );
    }

    #[test]
    fn what_head_asks_for_beyond_base_is_found() {
        let base = registry(&[("contracts/crm.yaml", CRM)]);
        let more =
            "consumer: crm\nevents:\n  a: {fields: {x: string, y: integer}}\n  b: {fields: {x: string}}\n  c: {fields: {}}\n";
        let head = registry(&[("contracts/crm.yaml", more)]);
        let events: Vec<String> = added(&base, &head).iter().map(|promise| promise.event.to_string()).collect();
        assert_eq!(events, ["a", "c"]);
        assert!(added(&head, &head).is_empty());
    }

    #[test]
    fn a_pattern_that_covers_the_event_stands_in_for_it() {
        let one = "consumer: c\nevents:\n  user.signup: {fields: {x: string}}\n";
        let all = "consumer: c\nevents:\n  user.*: {fields: {x: string}}\n";
        let less = "consumer: c\nevents:\n  user.*: {fields: {}}\n";
        assert_eq!(fates(&[("contracts/c.yaml", one)], &[("contracts/c.yaml", all)]), [""; 0]);
        assert_eq!(fates(&[("contracts/c.yaml", one)], &[("contracts/c.yaml", less)]), ["c user.signup: changed: null"]);
    }

    #[test]
    fn a_registered_schema_may_move_and_a_pending_promise_is_less_than_one() {
        let schema = "{\"type\": \"object\", \"properties\": {\"a\": {}}}";
        assert_eq!(fates(&[("schemas/order.json", schema)], &[("schemas/v2/order.json", schema)]), [""; 0]);
        assert_eq!(fates(&[("schemas/order.json", schema)], &[("schemas/order-placed.json", schema)]), [""; 0]);
        assert_eq!(fates(&[("schemas/order.json", schema)], &[]), ["schemas/order.json order: deleted"]);
        let firm = "consumer: c\nevents:\n  e: {fields: {}}\n";
        let soft = "consumer: c\nevents:\n  e: {fields: {}, pending: true}\n";
        assert_eq!(fates(&[("contracts/c.yaml", firm)], &[("contracts/c.yaml", soft)]).len(), 1);
        assert_eq!(fates(&[("contracts/c.yaml", soft)], &[("contracts/c.yaml", firm)]).len(), 0);
    }
}
