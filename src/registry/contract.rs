//! Consumer contracts: what one consumer needs of each event, in a short form or as JSON Schema.
//!
//! A contract is written by people, so every key is checked: one that is not known is an error with its line and the key that
//! was probably meant. What the short form says becomes JSON Schema 2020-12, in which every field still knows its line.

mod form;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

pub use self::form::json_schema;
use super::bundle::{Bundler, PromisedSchema};
use super::dialect::{DRAFT_2020, Dialect};
use super::pattern::EventPattern;
use super::sources::Place;
use super::{Binding, Promise, Reading};
use crate::document::{Document, Fault, join, tokens};
use crate::facts::Role;
use crate::finding::{Diagnostic, Via};
use crate::suggest::{did_you_mean, nearest};

const TOP_KEYS: &[&str] = &["consumer", "owner", "events", "description", "version", "$schema"];
const EVENT_KEYS: &[&str] = &["fields", "schema", "payload", "unknown-fields", "channel", "description", "pending"];
const TYPE_NAMES: &[&str] = &["string", "integer", "number", "boolean", "null", "object", "array", "any"];
const FIELD_KEYS: &[&str] = &[
    "type",
    "format",
    "enum",
    "const",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "items",
    "minItems",
    "maxItems",
    "uniqueItems",
    "fields",
    "values",
    "unknown-fields",
    "nullable",
    "optional",
    "default",
    "examples",
    "title",
    "description",
];

/// Keywords of JSON Schema that the short form does not have: a field with one of them is a schema of its own.
const SCHEMA_KEYS: &[&str] = &[
    "$ref",
    "$defs",
    "definitions",
    "properties",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "required",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "prefixItems",
    "contains",
    "minProperties",
    "maxProperties",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedProperties",
    "unevaluatedItems",
    "contentEncoding",
    "contentMediaType",
];

/// The deepest nesting of the short form. Documents are shallower than this allows.
const MAX_FIELD_DEPTH: usize = 100;

/// Whether a document is meant as a contract. Where contracts lie, a key that is nearly the right one is enough.
pub(super) fn looks_like(document: &Document, among_contracts: bool) -> bool {
    let Value::Object(object) = &document.value else { return false };
    // Pact files have the same words, with objects under them.
    let consumer = object.get("consumer").is_some_and(|consumer| !consumer.is_object());
    if consumer && object.contains_key("events") {
        return true;
    }
    if !among_contracts || object.contains_key("asyncapi") || object.contains_key("openapi") {
        return false;
    }
    let near = |wanted: &str| object.keys().any(|key| nearest(key, &[wanted]).is_some());
    consumer || (object.contains_key("events") && near("consumer")) || (near("consumer") && near("events"))
}

/// Reads a contract.
///
/// # Errors
/// Everything that is wrong with it; a contract is read whole or not at all.
pub(super) fn read(reading: &mut Reading<'_>, document: &Arc<Document>) -> Result<(), Vec<Fault>> {
    let mut contract = Contract { document, faults: Vec::new() };
    contract.known_keys("", TOP_KEYS);
    let consumer = match document.get("/consumer") {
        Some(Value::String(name)) if !name.trim().is_empty() => name.clone(),
        Some(_) => {
            contract.fault("/consumer", "`consumer` is not a name", "write `consumer: crm-sync`");
            String::new()
        }
        None => {
            // A misspelt key has been named already.
            if contract.faults.is_empty() {
                contract.fault("", "the contract does not say whose it is", "add `consumer: NAME` at the top");
            }
            String::new()
        }
    };
    let owner = match document.get("/owner") {
        None | Some(Value::Null) => None,
        Some(Value::String(owner)) => Some(owner.clone()),
        Some(Value::Array(owners)) if owners.iter().all(Value::is_string) => {
            Some(owners.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "))
        }
        Some(_) => {
            contract.fault("/owner", "`owner` is not a text", "write `owner: \"@acme/growth\"`");
            None
        }
    };
    let mut promises = Vec::new();
    match document.get("/events") {
        Some(Value::Object(_)) => {
            for event in document.keys("/events") {
                let pointer = join("/events", event);
                if let Some(entry) = contract.event(reading, &pointer) {
                    promises.push(Promise {
                        consumer: consumer.clone(),
                        owner: owner.clone(),
                        via: Via::Contract,
                        role: Role::Consumer,
                        event: EventPattern::parse(event),
                        aliases: Vec::new(),
                        channel: entry.channel,
                        payload_pointer: entry.payload,
                        schema: entry.schema,
                        file: document.file.clone(),
                        origin: document.origin(&pointer),
                        pending: entry.pending,
                        binding: Binding::Declared,
                        label: None,
                    });
                }
            }
        }
        Some(_) => contract.fault(
            "/events",
            "`events` is not a list of events by name",
            "write each event as `user.signup:` with its fields below",
        ),
        None if contract.faults.is_empty() => {
            contract.fault("", "the contract names no events", "add `events:` with the events that this consumer reads");
        }
        None => {}
    }
    if contract.faults.is_empty() {
        reading.promises.extend(promises);
        return Ok(());
    }
    contract.faults.sort();
    Err(contract.faults)
}

/// Notes where two files speak for one consumer: which of the two a team edits should not be a matter of luck.
pub(super) fn name_twins(reading: &mut Reading<'_>) {
    let mut first: BTreeMap<String, Place> = BTreeMap::new();
    let documents: Vec<Arc<Document>> =
        reading.bundler.sources.iter().filter_map(|(_, read)| read.as_ref().ok()).map(Arc::clone).collect();
    for document in documents {
        let is_contract =
            matches!(reading.files.get(&document.file), Some(super::FileState::Read { form: super::Form::Contract, .. }));
        let Some(name) = document.get("/consumer").and_then(Value::as_str).filter(|_| is_contract) else { continue };
        let place = Place { document: Arc::clone(&document), pointer: "/consumer".to_owned() };
        match first.get(name) {
            None => {
                first.insert(name.to_owned(), place);
            }
            Some(twin) => {
                let message = format!(
                    "`{name}` has another contract in {} (line {}); both count: join them, or give each consumer a name of its own",
                    twin.document.file,
                    twin.document.line("/consumer")
                );
                reading.bundler.diagnostics.push(Diagnostic::warning(
                    document.file.clone(),
                    Some(document.line("/consumer")),
                    message,
                ));
            }
        }
    }
}

struct Entry {
    schema: PromisedSchema,
    payload: Option<String>,
    channel: Option<EventPattern>,
    pending: bool,
}

struct Contract<'d> {
    document: &'d Arc<Document>,
    faults: Vec<Fault>,
}

impl Contract<'_> {
    fn fault(&mut self, pointer: &str, message: impl Into<String>, help: impl Into<String>) {
        self.faults.push(self.document.fault(pointer, message, help));
    }

    /// Complains about keys that are neither known nor extensions (`x-…`).
    fn known_keys(&mut self, pointer: &str, known: &[&str]) {
        for key in self.document.keys(pointer) {
            if !known.contains(&key) && !key.starts_with("x-") {
                let fault = self.document.fault(
                    &join(pointer, key),
                    format!("unknown key `{}`", crate::document::shorten(key)),
                    did_you_mean(key, known),
                );
                self.faults.push(fault);
            }
        }
    }

    fn place(&self, pointer: &str) -> Place {
        Place { document: Arc::clone(self.document), pointer: pointer.to_owned() }
    }

    fn event(&mut self, reading: &mut Reading<'_>, pointer: &str) -> Option<Entry> {
        if !self.document.get(pointer).is_some_and(Value::is_object) {
            self.fault(
                pointer,
                "this event says nothing",
                "give its `fields:` (`fields: {}` where none is read), or a `schema:`",
            );
            return None;
        }
        self.known_keys(pointer, EVENT_KEYS);
        let at = |key: &str| join(pointer, key);
        let payload = match self.document.get(&at("payload")) {
            None => None,
            Some(Value::String(inner)) if tokens(inner).is_some() => Some(inner.clone()).filter(|inner| !inner.is_empty()),
            Some(_) => {
                self.fault(&at("payload"), "`payload` is not a JSON Pointer", "write it as `payload: /data`");
                None
            }
        };
        let channel = match self.document.get(&at("channel")) {
            None => None,
            Some(Value::String(channel)) => Some(EventPattern::parse(channel)),
            Some(_) => {
                self.fault(&at("channel"), "`channel` is not a text", "write the name of the topic or queue");
                None
            }
        };
        let pending = self.flag(&at("pending"));
        let rejects = self.rejects(&at("unknown-fields"));
        let fields = at("fields");
        let schema = at("schema");
        let schema = match (self.document.get(&fields), self.document.get(&schema)) {
            (Some(_), Some(_)) => {
                self.fault(&schema, "`fields` and `schema` stand in one event", "keep one of the two");
                return None;
            }
            (None, None) => {
                // A key that is not known has been named; it may well be the misspelt one.
                if !self.faults.iter().any(|fault| fault.message.starts_with("unknown key")) {
                    self.fault(
                        pointer,
                        "this event says neither `fields` nor `schema`",
                        "give its `fields:` (`fields: {}` where none is read), or a `schema:`",
                    );
                }
                return None;
            }
            (Some(_), None) => self.short_form(reading, pointer, &fields, rejects),
            (None, Some(given)) => {
                if rejects.is_some() {
                    let key = at("unknown-fields");
                    self.fault(
                        &key,
                        "`unknown-fields` belongs to `fields`",
                        "say it in the schema: `additionalProperties: false`",
                    );
                }
                let given = given.clone();
                self.given_schema(reading, &schema, &given)?
            }
        };
        Some(Entry { schema, payload, channel, pending })
    }

    fn flag(&mut self, pointer: &str) -> bool {
        match self.document.get(pointer) {
            None => false,
            Some(Value::Bool(on)) => *on,
            Some(_) => {
                self.fault(pointer, "this is neither true nor false", "write `true` or `false`");
                false
            }
        }
    }

    /// `unknown-fields`: `Some(true)` for reject.
    fn rejects(&mut self, pointer: &str) -> Option<bool> {
        match self.document.get(pointer) {
            None => None,
            Some(Value::String(word)) if word == "ignore" => Some(false),
            Some(Value::String(word)) if word == "reject" => Some(true),
            Some(other) => {
                let help = did_you_mean(other.as_str().unwrap_or(""), &["ignore", "reject"]);
                self.fault(pointer, "`unknown-fields` is neither `ignore` nor `reject`", help);
                None
            }
        }
    }

    /// A schema that is given inline or by file.
    fn given_schema(&mut self, reading: &mut Reading<'_>, pointer: &str, given: &Value) -> Option<PromisedSchema> {
        match given {
            Value::Object(_) | Value::Bool(_) => Some(reading.bundler.bundle(&self.place(pointer), Dialect::of_document(given))),
            Value::String(file) => {
                let from = self.place(pointer);
                match reading.bundler.sources.resolve(&from, Dialect::Draft2020, file, &mut reading.bundler.wanted) {
                    super::sources::Target::Found(place) => {
                        reading.spoken_for.insert(place.document.file.clone());
                        let dialect = Dialect::of_document(&place.document.value);
                        Some(reading.bundler.bundle(&place, dialect))
                    }
                    super::sources::Target::Unknown { reason, kind } => {
                        let help = match kind {
                            super::sources::Unresolved::Remote => "put a copy of it into the repository and name that",
                            super::sources::Unresolved::Missing => "the path is relative to this contract",
                            super::sources::Unresolved::Outside => "put a copy of it into the repository and name that",
                            super::sources::Unresolved::Unreadable => "repair that file",
                        };
                        self.fault(pointer, reason, help);
                        None
                    }
                }
            }
            Value::Null | Value::Number(_) | Value::Array(_) => {
                self.fault(
                    pointer,
                    "`schema` is neither a schema nor a file",
                    "write `schema: ./schemas/invoice-paid.json`, or the schema itself",
                );
                None
            }
        }
    }

    fn short_form(&mut self, reading: &mut Reading<'_>, event: &str, fields: &str, rejects: Option<bool>) -> PromisedSchema {
        let mut lowering = Lowering { contract: self, bundler: &mut reading.bundler, origins: BTreeMap::new() };
        let mut schema = lowering.object(fields, "", rejects.unwrap_or(false), 0);
        let mut origins = lowering.origins;
        schema.insert("$schema".to_owned(), json!(DRAFT_2020));
        origins.insert(String::new(), self.place(event));
        PromisedSchema::assembled(Value::Object(schema), origins)
    }
}

/// Turns the short form into JSON Schema, and notes where each part came from.
struct Lowering<'c, 'd, 's> {
    contract: &'c mut Contract<'d>,
    bundler: &'c mut Bundler<'s>,
    origins: BTreeMap<String, Place>,
}

impl Lowering<'_, '_, '_> {
    /// The object with the fields at `pointer`; it goes to `at` in the schema.
    fn object(&mut self, pointer: &str, at: &str, rejects: bool, depth: usize) -> Map<String, Value> {
        let mut schema = Map::new();
        schema.insert("type".to_owned(), json!("object"));
        if rejects {
            schema.insert("additionalProperties".to_owned(), json!(false));
        }
        match self.contract.document.get(pointer) {
            Some(Value::Object(_)) => {}
            Some(Value::Null) | None => return schema,
            Some(_) => {
                self.contract.fault(pointer, "`fields` is not a list of fields by name", "write each field as `name: type`");
                return schema;
            }
        }
        if depth > MAX_FIELD_DEPTH {
            self.contract.fault(
                pointer,
                format!("fields are nested more than {MAX_FIELD_DEPTH} deep"),
                "give the inner part a schema of its own",
            );
            return schema;
        }
        let document = Arc::clone(self.contract.document);
        let mut properties = Map::new();
        let mut required = Vec::new();
        for key in document.keys(pointer) {
            let source = join(pointer, key);
            let name = key.strip_suffix('?').unwrap_or(key);
            if name.is_empty() {
                self.contract.fault(&source, "a field has no name", "write it as `name: type`");
                continue;
            }
            if properties.contains_key(name) {
                self.contract.fault(
                    &source,
                    format!("the field `{name}` is given twice, with and without `?`"),
                    "keep one of the two",
                );
                continue;
            }
            let target = format!("{at}{}", join("/properties", name));
            self.origins.insert(target.clone(), self.contract.place(&source));
            let (field, optional) = self.field(&source, &target, depth + 1);
            if !optional && !key.ends_with('?') {
                self.origins.insert(format!("{at}/required/{}", required.len()), self.contract.place(&source));
                required.push(json!(name));
            }
            properties.insert(name.to_owned(), field);
        }
        schema.insert("properties".to_owned(), Value::Object(properties));
        if !required.is_empty() {
            schema.insert("required".to_owned(), Value::Array(required));
        }
        schema
    }

    /// One field's schema, and whether the field itself says that it may be absent.
    fn field(&mut self, pointer: &str, at: &str, depth: usize) -> (Value, bool) {
        let document = Arc::clone(self.contract.document);
        match document.get(pointer) {
            Some(Value::String(words)) => (self.types(words, pointer), false),
            Some(Value::Object(object)) => {
                if object.keys().any(|key| SCHEMA_KEYS.contains(&key.as_str())) {
                    let optional = object.get("optional") == Some(&Value::Bool(true));
                    return (self.own_schema(object, pointer, at), optional);
                }
                self.described(object, pointer, at, depth)
            }
            Some(Value::Array(_)) => {
                self.contract.fault(
                    pointer,
                    "a list does not say what this field is",
                    "write `{ enum: [a, b] }` for values, or `{ type: array, items: string }`",
                );
                (json!(true), false)
            }
            Some(Value::Null) => {
                self.contract.fault(pointer, "this field has no type", "write `any` where its type does not matter");
                (json!(true), false)
            }
            Some(Value::Bool(_) | Value::Number(_)) | None => {
                self.contract.fault(pointer, "this is not a type", format!("write one of {}", TYPE_NAMES.join(", ")));
                (json!(true), false)
            }
        }
    }

    /// A field that is written in JSON Schema.
    fn own_schema(&mut self, object: &Map<String, Value>, pointer: &str, at: &str) -> Value {
        for key in ["fields", "values", "unknown-fields", "nullable"] {
            if object.contains_key(key) {
                self.contract.fault(
                    &join(pointer, key),
                    format!("`{key}` is of the short form, and this field is written in JSON Schema"),
                    "write the field in one of the two",
                );
            }
        }
        let (mut schema, places) = self.bundler.embed(&self.contract.place(pointer), Dialect::Draft2020, at);
        self.origins.extend(places);
        if let Value::Object(schema) = &mut schema {
            schema.remove("optional");
        }
        schema
    }

    /// `string`, `string|null`, `string[]`.
    fn types(&mut self, words: &str, pointer: &str) -> Value {
        let mut names: Vec<Value> = Vec::new();
        let mut branches: Vec<Value> = Vec::new();
        for word in words.split('|').map(str::trim) {
            let (word, lists) = strip_lists(word);
            if word == "any" && lists == 0 {
                return json!(true);
            }
            if !TYPE_NAMES.contains(&word) {
                let help = match word {
                    "int" | "int32" | "int64" | "long" | "i64" | "u64" => "did you mean `integer`?".to_owned(),
                    "float" | "double" | "decimal" => "did you mean `number`?".to_owned(),
                    "bool" => "did you mean `boolean`?".to_owned(),
                    "str" | "text" => "did you mean `string`?".to_owned(),
                    "uuid" | "email" | "date" | "date-time" | "datetime" | "time" | "uri" | "url" => {
                        format!(
                            "write `{{ type: string, format: {} }}`",
                            match word {
                                "datetime" => "date-time",
                                "url" => "uri",
                                other => other,
                            }
                        )
                    }
                    _ => did_you_mean(word, TYPE_NAMES),
                };
                self.contract.fault(pointer, format!("unknown type `{}`", crate::document::shorten(word)), help);
                return json!(true);
            }
            if lists == 0 {
                names.push(json!(word));
            } else {
                let mut schema = if word == "any" { json!(true) } else { json!({ "type": word }) };
                for _ in 0..lists {
                    schema = json!({ "type": "array", "items": schema });
                }
                branches.push(schema);
            }
        }
        let plain = match names.len() {
            0 => None,
            1 => Some(json!({ "type": names.remove(0) })),
            _ => {
                names.dedup();
                Some(json!({ "type": names }))
            }
        };
        branches.extend(plain);
        if branches.len() == 1 { branches.remove(0) } else { json!({ "anyOf": branches }) }
    }

    /// A field with keys: `{ type: string, format: email }`.
    fn described(&mut self, object: &Map<String, Value>, pointer: &str, at: &str, depth: usize) -> (Value, bool) {
        self.contract.known_keys(pointer, FIELD_KEYS);
        let key = |name: &str| join(pointer, name);
        let optional = self.contract.flag(&key("optional"));
        let nullable = self.contract.flag(&key("nullable"));
        let rejects = self.contract.rejects(&key("unknown-fields"));
        let mut schema = Map::new();
        match object.get("type") {
            None => {}
            Some(Value::String(words)) => {
                if let Value::Object(types) = self.types(words, &key("type")) {
                    schema.extend(types);
                }
            }
            Some(Value::Array(words)) if !words.is_empty() && words.iter().all(Value::is_string) => {
                let joined = words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("|");
                if let Value::Object(types) = self.types(&joined, &key("type")) {
                    schema.extend(types);
                }
            }
            Some(_) => {
                self.contract.fault(&key("type"), "`type` is not a type", format!("write one of {}", TYPE_NAMES.join(", ")))
            }
        }
        for (keyword, wanted) in [
            ("format", Wanted::Text),
            ("pattern", Wanted::Text),
            ("minLength", Wanted::Count),
            ("maxLength", Wanted::Count),
            ("minItems", Wanted::Count),
            ("maxItems", Wanted::Count),
            ("minimum", Wanted::Number),
            ("maximum", Wanted::Number),
            ("exclusiveMinimum", Wanted::Number),
            ("exclusiveMaximum", Wanted::Number),
            ("multipleOf", Wanted::Number),
            ("uniqueItems", Wanted::Flag),
            ("enum", Wanted::List),
            ("const", Wanted::Anything),
            ("default", Wanted::Anything),
            ("examples", Wanted::Anything),
            ("title", Wanted::Text),
            ("description", Wanted::Text),
        ] {
            let Some(value) = object.get(keyword) else { continue };
            if wanted.admits(value) {
                schema.insert(keyword.to_owned(), value.clone());
                self.origins.insert(format!("{at}/{keyword}"), self.contract.place(&key(keyword)));
            } else {
                self.contract.fault(&key(keyword), format!("`{keyword}` is not {}", wanted.words()), "check the value");
            }
        }
        if object.contains_key("fields") {
            let inner = self.object(&key("fields"), at, rejects.unwrap_or(false), depth);
            let own = schema.remove("type");
            if own.as_ref().is_some_and(|own| !names_type(own, "object")) {
                self.contract.fault(&key("type"), "`fields` belongs to an object", "write `type: object`, or leave it out");
            }
            schema.extend(inner);
            if let Some(own) = own {
                schema.insert("type".to_owned(), own);
            }
        } else if rejects.is_some() {
            self.contract.fault(&key("unknown-fields"), "`unknown-fields` belongs to `fields`", "give the fields of this object");
        }
        if object.contains_key("values") {
            let target = format!("{at}/additionalProperties");
            self.origins.insert(target.clone(), self.contract.place(&key("values")));
            let (values, _) = self.field(&key("values"), &target, depth + 1);
            if object.contains_key("fields") {
                self.contract.fault(
                    &key("values"),
                    "`values` and `fields` stand in one object",
                    "`values` is for maps: keep one of the two",
                );
            }
            schema.entry("type").or_insert_with(|| json!("object"));
            schema.insert("additionalProperties".to_owned(), values);
        }
        if object.contains_key("items") {
            let target = format!("{at}/items");
            self.origins.insert(target.clone(), self.contract.place(&key("items")));
            let (items, _) = self.field(&key("items"), &target, depth + 1);
            schema.entry("type").or_insert_with(|| json!("array"));
            schema.insert("items".to_owned(), items);
        }
        if nullable {
            return (with_null(schema), optional);
        }
        (Value::Object(schema), optional)
    }
}

/// What a keyword of the short form takes.
#[derive(Clone, Copy)]
enum Wanted {
    Text,
    Count,
    Number,
    Flag,
    List,
    Anything,
}

impl Wanted {
    fn admits(self, value: &Value) -> bool {
        match self {
            Wanted::Text => value.is_string(),
            Wanted::Count => value.is_u64(),
            Wanted::Number => value.is_number(),
            Wanted::Flag => value.is_boolean(),
            Wanted::List => value.as_array().is_some_and(|list| !list.is_empty()),
            Wanted::Anything => true,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Wanted::Text => "a text",
            Wanted::Count => "a whole number of at least 0",
            Wanted::Number => "a number",
            Wanted::Flag => "true or false",
            Wanted::List => "a list of values",
            Wanted::Anything => "a value",
        }
    }
}

fn strip_lists(word: &str) -> (&str, usize) {
    let mut word = word;
    let mut lists = 0;
    while let Some(inner) = word.strip_suffix("[]") {
        word = inner.trim_end();
        lists += 1;
    }
    (word, lists)
}

fn names_type(types: &Value, name: &str) -> bool {
    types.as_str() == Some(name) || types.as_array().is_some_and(|types| types.iter().any(|known| known.as_str() == Some(name)))
}

/// The schema, or `null`.
fn with_null(mut schema: Map<String, Value>) -> Value {
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    if schema.contains_key("const") || schema.contains_key("anyOf") {
        return json!({ "anyOf": [Value::Object(schema), { "type": "null" }] });
    }
    match schema.get_mut("type") {
        Some(Value::String(name)) => {
            let name = std::mem::take(name);
            schema.insert("type".to_owned(), json!([name, "null"]));
        }
        Some(Value::Array(names)) if !names.contains(&json!("null")) => names.push(json!("null")),
        Some(_) | None => {}
    }
    Value::Object(schema)
}

#[cfg(test)]
mod tests;
