//! Registered JSON Schemas: bound to events by a `[[schema]]` row, by `x-event` in the document, or by convention.

use std::sync::Arc;

use serde_json::Value;

use super::dialect::Dialect;
use super::pattern::EventPattern;
use super::sources::Place;
use super::{Binding, Promise, Reading};
use crate::config::{SchemaRole, SchemaRow};
use crate::document::{Document, Fault};
use crate::facts::Role;
use crate::finding::Via;
use crate::source::RepoPath;

/// Folders in which the name of a schema file is taken for an event's.
const EVENT_FOLDERS: &[&str] =
    &["schemas", "schema", "events", "event-schemas", "event_schemas", "jsonschema", "json-schema", "json-schemas", "webhooks"];

/// Folders of parts that schemas share, which are no events of their own.
const SHARED_FOLDERS: &[&str] =
    &["common", "shared", "definitions", "defs", "types", "components", "fragments", "partials", "models"];

/// Whether a document is a JSON Schema, by its keywords.
pub(super) fn looks_like(value: &Value) -> bool {
    let Value::Object(object) = value else { return false };
    if object.contains_key("asyncapi") || object.contains_key("openapi") || object.contains_key("swagger") {
        return false;
    }
    let schema_address = object.get("$schema").and_then(Value::as_str);
    if schema_address.is_some_and(|address| Dialect::of_address(address).is_some() || address.contains("schema")) {
        return object.keys().any(|key| key != "$schema");
    }
    let typed = match object.get("type") {
        Some(Value::String(name)) => {
            matches!(name.as_str(), "object" | "array" | "string" | "integer" | "number" | "boolean" | "null")
        }
        Some(Value::Array(_)) => true,
        Some(_) | None => false,
    };
    let has = |key: &str| object.get(key).is_some_and(Value::is_object);
    (typed && (has("properties") || object.contains_key("items") || object.contains_key("$id")))
        || object.get("properties").and_then(Value::as_object).is_some_and(|properties| {
            !properties.is_empty() && properties.values().all(|property| property.is_object() || property.is_boolean())
        })
        || ["allOf", "oneOf", "anyOf"].iter().any(|key| object.get(*key).is_some_and(Value::is_array))
        || (object.get("x-event").is_some() && (typed || has("properties")))
        || (object.get("$ref").is_some_and(Value::is_string) && object.len() <= 3)
}

/// Reads a document that one or more `[[schema]]` rows name.
pub(super) fn read_rows(reading: &mut Reading<'_>, document: &Arc<Document>) -> Result<(), Vec<Fault>> {
    if !document.value.is_object() && !document.value.is_boolean() {
        return Err(vec![document.fault(
            "",
            "this is not a JSON Schema",
            "a schema is an object; check the `files` of the `[[schema]]` row",
        )]);
    }
    let rows: Vec<SchemaRow> =
        reading.claims.rows_of(&document.file).map(|at| reading.config.schemas[at].value.clone()).collect();
    for row in rows {
        let events = match row.event.as_ref().map(|event| event.value.as_str()) {
            Some(pointer) if pointer.starts_with('/') => names_at(document, pointer)?,
            Some(template) => vec![fill(template, &document.file)],
            None => vec![event_stem(&document.file)],
        };
        let role = row.role.as_ref().map_or_else(SchemaRole::default, |role| role.value);
        let name = row.consumer.clone().unwrap_or_else(|| document.file.to_string());
        for event in events {
            let payload = row.payload.as_ref().map(|pointer| pointer.value.clone());
            register(reading, document, &event, role, &name, payload, Binding::Declared);
        }
    }
    Ok(())
}

/// Reads a document that nobody has named: bound where it names its event itself, or lies where schemas of events lie.
pub(super) fn read_by_convention(reading: &mut Reading<'_>, document: &Arc<Document>) {
    let name = document.file.to_string();
    if document.value.get("x-event").is_some() {
        let role = match document.value.get("x-role").and_then(Value::as_str) {
            Some("consumer") => SchemaRole::Consumer,
            Some("both") => SchemaRole::Both,
            Some(_) | None => SchemaRole::Producer,
        };
        let payload = document.value.get("x-payload").and_then(Value::as_str).map(str::to_owned);
        match names_at(document, "/x-event") {
            Ok(events) => {
                for event in events {
                    register(reading, document, &event, role, &name, payload.clone(), Binding::Declared);
                }
            }
            Err(faults) => {
                reading
                    .bundler
                    .diagnostics
                    .extend(faults.iter().map(|fault| fault.diagnostic(crate::finding::Severity::Warning)));
            }
        }
        return;
    }
    let lies_in = |folders: &[&str]| {
        document.file.parent().split('/').any(|folder| folders.contains(&folder.to_ascii_lowercase().as_str()))
    };
    let conventional = lies_in(EVENT_FOLDERS) && !lies_in(SHARED_FOLDERS);
    let is_object = document.value.get("properties").is_some()
        || ["allOf", "oneOf", "anyOf", "$ref"].iter().any(|keyword| document.value.get(*keyword).is_some());
    if !conventional || !is_object {
        return;
    }
    let event = document
        .value
        .get("$id")
        .and_then(Value::as_str)
        .and_then(event_of_address)
        .unwrap_or_else(|| event_stem(&document.file));
    register(reading, document, &event, SchemaRole::Producer, &name, None, Binding::Convention);
}

fn register(
    reading: &mut Reading<'_>,
    document: &Arc<Document>,
    event: &str,
    role: SchemaRole,
    name: &str,
    payload_pointer: Option<String>,
    binding: Binding,
) {
    let place = Place { document: Arc::clone(document), pointer: String::new() };
    let schema = reading.bundler.bundle(&place, Dialect::of_document(&document.value));
    let roles: &[Role] = match role {
        SchemaRole::Producer => &[Role::Producer],
        SchemaRole::Consumer => &[Role::Consumer],
        SchemaRole::Both => &[Role::Producer, Role::Consumer],
    };
    for role in roles {
        reading.promises.push(Promise {
            consumer: name.to_owned(),
            owner: document.value.get("x-owner").and_then(Value::as_str).map(str::to_owned),
            via: Via::Schema,
            role: *role,
            event: EventPattern::parse(event),
            channel: None,
            payload_pointer: payload_pointer.clone(),
            schema: schema.clone(),
            origin: document.origin(""),
            pending: false,
            binding,
            label: None,
        });
    }
}

/// The event names at a pointer into the document: a text, or a list of texts.
fn names_at(document: &Document, pointer: &str) -> Result<Vec<String>, Vec<Fault>> {
    let fault = |pointer: &str, what: &str| {
        Err(vec![document.fault(pointer, what, "give the event's name there as a text, or as a list of texts")])
    };
    match document.get(pointer) {
        Some(Value::String(name)) if !name.is_empty() => Ok(vec![name.clone()]),
        Some(Value::Array(names)) if !names.is_empty() && names.iter().all(Value::is_string) => {
            Ok(names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        Some(_) => fault(pointer, &format!("`{pointer}` is not the name of an event")),
        None => fault("", &format!("there is nothing at `{pointer}`, where the event's name should be")),
    }
}

/// The file name without what says that it is a schema.
fn event_stem(file: &RepoPath) -> String {
    let stem = file.stem();
    stem.strip_suffix(".schema").or_else(|| stem.strip_suffix("-schema")).unwrap_or(stem).to_owned()
}

fn fill(template: &str, file: &RepoPath) -> String {
    let folder = file.parent().rsplit('/').next().unwrap_or("");
    template.replace("{stem}", &event_stem(file)).replace("{folder}", folder)
}

/// `https://acme.dev/schemas/user.signup.json` names `user.signup`; an address whose end is a version or nothing names none.
fn event_of_address(address: &str) -> Option<String> {
    let path = address.trim_end_matches('#').trim_end_matches('/');
    let last = path.rsplit(['/', ':']).next()?;
    let stem = [".schema.json", ".json", ".yaml", ".yml"].iter().find_map(|suffix| last.strip_suffix(suffix)).unwrap_or(last);
    let is_version = stem.trim_start_matches('v').chars().all(|letter| letter.is_ascii_digit() || letter == '.' || letter == '-');
    (!stem.is_empty() && !is_version && path.contains(['/', ':'])).then(|| stem.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_an_event_by_its_last_word() {
        for (address, expected) in [
            ("https://acme.dev/schemas/user.signup.json", Some("user.signup")),
            ("https://acme.dev/user.signup.schema.json#", Some("user.signup")),
            ("urn:acme:user.signup", Some("user.signup")),
            ("https://acme.dev/user.signup/v2", None),
            ("https://acme.dev/user.signup/1-0-0", None),
            ("user", None),
        ] {
            assert_eq!(event_of_address(address).as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn schemas_are_told_from_other_json() {
        use serde_json::json;
        for (value, expected) in [
            (json!({"$schema": "http://json-schema.org/draft-07/schema#", "type": "string"}), true),
            (json!({"type": "object", "properties": {}}), true),
            (json!({"oneOf": []}), true),
            (json!({"asyncapi": "2.6.0", "$schema": "https://x/schema"}), false),
            (json!({"type": "record", "name": "X", "fields": []}), false),
            (json!({"name": "x", "type": "module"}), false),
            (json!({"properties": {"a": 1}}), false),
            (json!([1]), false),
        ] {
            assert_eq!(looks_like(&value), expected, "{value}");
        }
    }
}
