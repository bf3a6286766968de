//! Registered JSON Schemas: bound to events by a `[[schema]]` row, by `x-event` in the document, or by convention.

use std::sync::Arc;

use serde_json::Value;

use super::asyncapi::{child, step};
use super::dialect::Dialect;
use super::pattern::EventPattern;
use super::sources::Place;
use super::{Binding, Promise, Reading, proto};
use crate::config::{SchemaRole, SchemaRow};
use crate::document::{Document, Fault, Syntax, join};
use crate::facts::Role;
use crate::finding::Via;
use crate::source::RepoPath;

/// Whether a folder is one in which the name of a schema file is taken for an event's.
fn is_event_folder(folder: &str) -> bool {
    let folder = folder.to_ascii_lowercase();
    folder.contains("schema") || matches!(folder.as_str(), "events" | "webhooks")
}

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
            let mut bound = Bound::of(document, event, role, Binding::Declared);
            bound.party.clone_from(&name);
            bound.payload = row.payload.as_ref().map(|pointer| pointer.value.clone());
            bind(reading, bound);
        }
    }
    Ok(())
}

/// Reads a document that nobody has named: bound where it names its event itself, or lies where schemas of events lie.
pub(super) fn read_by_convention(reading: &mut Reading<'_>, document: &Arc<Document>) {
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
                    let mut bound = Bound::of(document, event, role, Binding::Declared);
                    bound.payload.clone_from(&payload);
                    bind(reading, bound);
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
    let folders: Vec<&str> = document.file.parent().split('/').collect();
    let shared = folders.iter().any(|folder| SHARED_FOLDERS.contains(&folder.to_ascii_lowercase().as_str()));
    let conventional = !shared && folders.iter().any(|folder| is_event_folder(folder));
    let is_object = document.value.get("properties").is_some()
        || ["allOf", "oneOf", "anyOf", "$ref"].iter().any(|keyword| document.value.get(*keyword).is_some());
    if !conventional || !is_object {
        return;
    }
    let root = Place { document: Arc::clone(document), pointer: String::new() };
    let branches = named_branches(reading, &root);
    if !branches.is_empty() {
        for (event, place) in branches {
            bind(reading, Bound::of(document, event, SchemaRole::Producer, Binding::Convention).at(place));
        }
        return;
    }
    let stem = event_stem(&document.file);
    let title = document.value.get("title").and_then(Value::as_str).filter(|title| !title.contains(char::is_whitespace));
    let mut names: Vec<String> = Vec::new();
    let own = discriminator(reading, &root);
    let address = document.value.get("$id").and_then(Value::as_str).and_then(event_of_address);
    let seeming: Vec<String> = address.into_iter().chain([stem]).chain(title.map(str::to_owned)).collect();
    for name in &seeming {
        reading.looks_like_name(name, document.file.as_str());
    }
    let messages = if Syntax::of(&document.file) == Some(Syntax::Proto) { proto::messages(document) } else { Vec::new() };
    let short = messages.iter().find(|message| message.main).map(|message| message.short.clone());
    for message in messages.iter().filter(|message| !message.main) {
        reading.looks_like_name(&message.short, document.file.as_str());
        let place = Place { document: Arc::clone(document), pointer: message.pointer.clone() };
        let mut bound = Bound::of(document, message.full.clone(), SchemaRole::Producer, Binding::Convention).at(place);
        bound.aliases = vec![message.short.clone()];
        bind(reading, bound);
    }
    for name in own.into_iter().chain(seeming).chain(short) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let event = names.remove(0);
    let mut bound = Bound::of(document, event, SchemaRole::Producer, Binding::Convention);
    bound.aliases = names;
    // The envelope is CloudEvents' own; what the event is about stands in `data`, and in binary mode travels alone.
    if is_cloud_event(&document.value)
        && let Some(data) = step(&root, &["properties", "data"])
    {
        bound = bound.at(data);
        bound.payload = Some("/data".to_owned());
    }
    bind(reading, bound);
}

/// Keys by which payloads name their own event.
const DISCRIMINATORS: &[&str] = &["type", "event", "eventType", "event_type", "event_name", "eventName", "detail-type", "name"];

/// The one value of a discriminator that a schema demands.
pub(super) fn discriminator(reading: &mut Reading<'_>, schema: &Place) -> Option<String> {
    for key in DISCRIMINATORS {
        let Some(property) = child(reading, schema, &["properties", key]) else { continue };
        let value = property.value()?;
        let only = match (value.get("const"), value.get("enum").and_then(Value::as_array).map(Vec::as_slice)) {
            (Some(Value::String(only)), _) | (None, Some([Value::String(only)])) => only,
            _ => continue,
        };
        return Some(only.clone());
    }
    None
}

/// The branches of a schema that lists all events, by the event that each demands; empty where one of them demands none.
fn named_branches(reading: &mut Reading<'_>, root: &Place) -> Vec<(String, Place)> {
    let mut found = Vec::new();
    for keyword in ["oneOf", "anyOf"] {
        let count = root.value().and_then(|value| value.get(keyword)).and_then(Value::as_array).map_or(0, Vec::len);
        for at in 0..count {
            let Some(branch) = child(reading, root, &[keyword, &at.to_string()]) else { return Vec::new() };
            match discriminator(reading, &branch) {
                Some(event) => found.push((event, branch)),
                None => return Vec::new(),
            }
        }
    }
    found
}

fn is_cloud_event(schema: &Value) -> bool {
    ["specversion", "type", "source", "data"].iter().all(|key| schema.pointer(&join("/properties", key)).is_some())
}

/// A schema and the event that it is bound to.
struct Bound {
    event: String,
    aliases: Vec<String>,
    role: SchemaRole,
    party: String,
    payload: Option<String>,
    binding: Binding,
    place: Place,
}

impl Bound {
    fn of(document: &Arc<Document>, event: String, role: SchemaRole, binding: Binding) -> Self {
        Bound {
            event,
            aliases: Vec::new(),
            role,
            party: document.file.to_string(),
            payload: None,
            binding,
            place: Place { document: Arc::clone(document), pointer: String::new() },
        }
    }

    fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }
}

fn bind(reading: &mut Reading<'_>, bound: Bound) {
    let document = &bound.place.document;
    let schema = reading.bundler.bundle(&bound.place, Dialect::of_document(&document.value));
    let roles: &[Role] = match bound.role {
        SchemaRole::Producer => &[Role::Producer],
        SchemaRole::Consumer => &[Role::Consumer],
        SchemaRole::Both => &[Role::Producer, Role::Consumer],
    };
    for role in roles {
        reading.promises.push(Promise {
            consumer: bound.party.clone(),
            owner: document.value.get("x-owner").and_then(Value::as_str).map(str::to_owned),
            via: Via::Schema,
            role: *role,
            event: EventPattern::parse(&bound.event),
            aliases: bound.aliases.iter().map(EventPattern::exact).collect(),
            channel: None,
            payload_pointer: bound.payload.clone(),
            schema: schema.clone(),
            file: document.file.clone(),
            origin: document.origin(&bound.place.pointer),
            pending: false,
            binding: bound.binding,
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
    (!stem.is_empty() && !is_version && !stem.contains(char::is_whitespace)).then(|| stem.to_owned())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::tests::{check, corpus, place, registry};
    use super::*;

    #[test]
    fn a_schema_that_lists_all_events_is_one_promise_for_each() {
        check(
            &[
                (
                    "schemas/all.json",
                    r##"{"oneOf": [{"$ref": "#/$defs/signup"}, {"$ref": "parts/left.json"}],
"$defs": {"signup": {"properties": {"type": {"const": "user.signup"}, "id": {"type": "string"}}}}}"##,
                ),
                ("schemas/parts/left.json", "{\"properties\": {\"event\": {\"enum\": [\"user.left\"]}}}"),
                (
                    "schemas/either.json",
                    "{\"oneOf\": [{\"properties\": {\"type\": {\"const\": \"a\"}}}, {\"type\": \"string\"}]}",
                ),
            ],
            expect![[r#"
                schemas/all.json sends user.signup (by name) [schema schemas/all.json:2]
                  {"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"id":{"type":"string"},"type":{"const":"user.signup"}}}
                schemas/all.json sends user.left (by name) [schema schemas/parts/left.json:1]
                  {"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"event":{"enum":["user.left"]}}}
                schemas/either.json sends either (by name) [schema schemas/either.json:1]
                  {"$schema":"https://json-schema.org/draft/2020-12/schema","oneOf":[{"properties":{"type":{"const":"a"}}},{"type":"string"}]}
                schemas/parts/left.json sends user.left (by name) [schema schemas/parts/left.json:1]
                  {"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"event":{"enum":["user.left"]}}}
            "#]],
        );
    }

    #[test]
    fn the_event_of_a_cloud_event_is_its_data() {
        let files: &[(&str, &str)] = &[(
            "schemas/signup.json",
            r##"{"type": "object", "required": ["specversion", "type"], "properties": {"specversion": {"const": "1.0"}, "source": {}, "type": {"const": "dev.acme.signup"},
"data": {"type": "object", "required": ["id"], "properties": {"id": {"$ref": "#/definitions/id"}}}}, "definitions": {"id": {"type": "string"}}}"##,
        )];
        check(
            files,
            expect![[r##"
            schemas/signup.json sends dev.acme.signup at /data (by name) [schema schemas/signup.json:2]
              {"$defs":{"id":{"type":"string"}},"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"id":{"$ref":"#/$defs/id"}},"required":["id"],"type":"object"}
        "##]],
        );
        expect![[r#"schemas/signup.json:2 "id""#]].assert_eq(&place(files, "dev.acme.signup", "/required/0"));
    }

    /// The schema of the envelope itself, where it is at hand: an event of no name, which is no promise of ours to break.
    #[test]
    fn the_envelope_of_cloudevents_is_read() {
        let Some(files) = corpus("cloudevents") else { return };
        let files: Vec<(String, &str)> = files.iter().map(|(path, text)| (format!("asyncapi/{path}"), text.as_str())).collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let registry = registry(&files);
        assert_eq!(registry.broken().count(), 0);
        let said: Vec<String> =
            registry.promises.iter().map(|promise| format!("{} {}", promise.via.as_str(), promise.event)).collect();
        assert!(said.contains(&"asyncapi lightswitch.office.changed".to_owned()), "{said:?}");
    }

    #[test]
    fn an_address_names_an_event_by_its_last_word() {
        for (address, expected) in [
            ("https://acme.dev/schemas/user.signup.json", Some("user.signup")),
            ("https://acme.dev/user.signup.schema.json#", Some("user.signup")),
            ("urn:acme:user.signup", Some("user.signup")),
            ("https://acme.dev/user.signup/v2", None),
            ("https://acme.dev/user.signup/1-0-0", None),
            ("user$created", Some("user$created")),
            ("user.json", Some("user")),
            ("1.json", None),
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
