//! Avro schemas, as far as their JSON form goes: records, enums, arrays, maps, unions, logical types and defaults.
//!
//! The JSON form is Avro's own encoding, in which a union's value stands under the name of its branch (`{"string": "x"}`) and
//! only `null` stands bare. Many producers write the bare value instead, so a nullable field takes both.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::bundle::{PromisedSchema, UNKNOWN};
use super::dialect::DRAFT_2020;
use super::pattern::EventPattern;
use super::sources::Place;
use super::{Binding, Promise, Reading};
use crate::document::{Document, join};
use crate::facts::Role;
use crate::finding::Via;

/// Names of records that say nothing of the event that is in them.
const ENVELOPE_NAMES: &[&str] = &["CloudEvent", "Event", "Envelope", "Message", "Payload", "Value", "Record"];

/// The deepest nesting of types that is followed; documents are shallower.
const MAX_TYPE_DEPTH: usize = 200;

/// Whether a document is an Avro schema.
pub(super) fn looks_like(value: &Value) -> bool {
    match value {
        Value::Object(object) => {
            let named = object.get("name").is_some_and(Value::is_string);
            match object.get("type").and_then(Value::as_str) {
                Some("record" | "error") => named && object.get("fields").is_some_and(Value::is_array),
                Some("enum") => named && object.get("symbols").is_some_and(Value::is_array),
                Some(_) | None => false,
            }
        }
        Value::Array(branches) => !branches.is_empty() && branches.iter().all(looks_like),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Reads an `.avsc` document: its record's name, or `x-event`, is the event.
pub(super) fn read(reading: &mut Reading<'_>, document: &Arc<Document>) {
    let place = Place { document: Arc::clone(document), pointer: String::new() };
    let records: Vec<Place> = match &document.value {
        // Of several types in one file the last is what the others are for.
        Value::Array(branches) if !branches.is_empty() => {
            vec![Place { document: Arc::clone(document), pointer: format!("/{}", branches.len() - 1) }]
        }
        _ => vec![place.clone()],
    };
    for record in records {
        let Some(value) = record.value() else { continue };
        let Some(name) = value.get("name").and_then(Value::as_str) else { continue };
        let declared = value.get("x-event").and_then(Value::as_str);
        let full = match value.get("namespace").and_then(Value::as_str) {
            Some(namespace) if !name.contains('.') => format!("{namespace}.{name}"),
            Some(_) | None => name.to_owned(),
        };
        let event = declared.map_or_else(|| EventPattern::exact(full.clone()), EventPattern::parse);
        let mut names = vec![full.clone(), document.file.stem().to_owned()];
        match full.rsplit_once('.') {
            // Of a record that is called after its envelope the namespace says which event it is.
            Some((namespace, short)) if ENVELOPE_NAMES.contains(&short) => names.push(namespace.to_owned()),
            Some((_, short)) => names.push(short.to_owned()),
            None => {}
        }
        for name in names.iter().skip(1) {
            reading.looks_like_name(name, document.file.as_str());
        }
        let aliases = names.into_iter().map(EventPattern::exact).filter(|alias| *alias != event).collect();
        reading.promises.push(Promise {
            consumer: document.file.to_string(),
            owner: None,
            via: Via::Schema,
            role: Role::Producer,
            event,
            aliases,
            channel: None,
            payload_pointer: None,
            schema: schema_with_siblings(&record, &place),
            file: document.file.clone(),
            origin: document.origin(&record.pointer),
            pending: false,
            binding: if declared.is_some() { Binding::Declared } else { Binding::Convention },
            label: None,
        });
    }
}

/// The JSON Schema of an Avro type's JSON form.
pub(super) fn schema(place: &Place) -> PromisedSchema {
    schema_with_siblings(place, place)
}

fn schema_with_siblings(place: &Place, whole: &Place) -> PromisedSchema {
    let mut lowering = Lowering {
        document: Arc::clone(&place.document),
        named: BTreeMap::new(),
        definitions: Map::new(),
        origins: BTreeMap::new(),
    };
    if let Some(Value::Array(types)) = whole.value() {
        for (at, ty) in types.iter().enumerate() {
            lowering.ty(ty, &format!("{}/{at}", whole.pointer), "", None, 0);
        }
    }
    let root = match place.value() {
        Some(ty) => lowering.ty(ty, &place.pointer, "", None, 0),
        None => json!({ UNKNOWN: "the type is not there" }),
    };
    let mut document = match root {
        Value::Object(object) => object,
        other => Map::from_iter([("allOf".to_owned(), json!([other]))]),
    };
    document.insert("$schema".to_owned(), json!(DRAFT_2020));
    if !lowering.definitions.is_empty() {
        document.insert("$defs".to_owned(), Value::Object(lowering.definitions));
    }
    lowering.origins.insert(String::new(), place.clone());
    PromisedSchema::assembled(Value::Object(document), lowering.origins)
}

struct Lowering {
    document: Arc<Document>,
    /// Full names of the types seen → their key under `$defs`.
    named: BTreeMap<String, String>,
    definitions: Map<String, Value>,
    origins: BTreeMap<String, Place>,
}

impl Lowering {
    fn place(&self, pointer: &str) -> Place {
        Place { document: Arc::clone(&self.document), pointer: pointer.to_owned() }
    }

    /// The schema of a type at `pointer`; `at` is where it will stand in the result.
    fn ty(&mut self, ty: &Value, pointer: &str, at: &str, namespace: Option<&str>, depth: usize) -> Value {
        if depth > MAX_TYPE_DEPTH {
            return json!({ UNKNOWN: "the type is nested too deep" });
        }
        match ty {
            Value::String(name) => self.name(name, namespace),
            Value::Array(branches) => self.union(branches, pointer, namespace, depth),
            Value::Object(object) => self.complex(object, pointer, at, namespace, depth),
            Value::Null | Value::Bool(_) | Value::Number(_) => json!({ UNKNOWN: "this is not an Avro type" }),
        }
    }

    fn name(&self, name: &str, namespace: Option<&str>) -> Value {
        match name {
            "null" => json!({ "type": "null" }),
            "boolean" => json!({ "type": "boolean" }),
            "int" => json!({ "type": "integer", "minimum": i32::MIN, "maximum": i32::MAX }),
            "long" => json!({ "type": "integer", "minimum": i64::MIN, "maximum": i64::MAX }),
            "float" | "double" => json!({ "type": "number" }),
            "bytes" | "string" => json!({ "type": "string" }),
            other => {
                let full = full_name(other, namespace);
                match self.named.get(&full).or_else(|| self.named.get(other)) {
                    Some(key) => json!({ "$ref": format!("#/$defs/{key}") }),
                    None => json!({ UNKNOWN: format!("the type `{other}` is not in this file") }),
                }
            }
        }
    }

    fn union(&mut self, branches: &[Value], pointer: &str, namespace: Option<&str>, depth: usize) -> Value {
        let mut schemas = Vec::new();
        for (at, branch) in branches.iter().enumerate() {
            let schema = self.ty(branch, &format!("{pointer}/{at}"), "", namespace, depth + 1);
            if branch.as_str() == Some("null") {
                schemas.push(schema);
                continue;
            }
            if let Some(name) = branch_name(branch, namespace) {
                schemas.push(json!({
                    "type": "object", "properties": { name.as_str(): schema.clone() }, "required": [name], "additionalProperties": false
                }));
            }
            schemas.push(schema);
        }
        json!({ "anyOf": schemas })
    }

    fn complex(&mut self, object: &Map<String, Value>, pointer: &str, at: &str, namespace: Option<&str>, depth: usize) -> Value {
        let inner_namespace = object.get("namespace").and_then(Value::as_str).or(namespace);
        match object.get("type") {
            Some(Value::String(kind)) => match kind.as_str() {
                "record" | "error" => self.record(object, pointer, inner_namespace, depth),
                "enum" => {
                    let symbols: Vec<&Value> = object.get("symbols").and_then(Value::as_array).into_iter().flatten().collect();
                    let key = self.register(object, inner_namespace, pointer);
                    let schema = json!({ "type": "string", "enum": symbols });
                    self.definitions.insert(key.clone(), schema);
                    json!({ "$ref": format!("#/$defs/{key}") })
                }
                "fixed" => {
                    let key = self.register(object, inner_namespace, pointer);
                    self.definitions.insert(key.clone(), json!({ "type": "string" }));
                    json!({ "$ref": format!("#/$defs/{key}") })
                }
                "array" => {
                    let items = object.get("items").unwrap_or(&Value::Null);
                    json!({ "type": "array", "items": self.ty(items, &join(pointer, "items"), "", inner_namespace, depth + 1) })
                }
                "map" => {
                    let values = object.get("values").unwrap_or(&Value::Null);
                    json!({ "type": "object", "additionalProperties": self.ty(values, &join(pointer, "values"), "", inner_namespace, depth + 1) })
                }
                primitive => {
                    let plain = self.name(primitive, inner_namespace);
                    logical(plain, object.get("logicalType").and_then(Value::as_str))
                }
            },
            Some(inner) => self.ty(inner, &join(pointer, "type"), at, inner_namespace, depth + 1),
            None => json!({ UNKNOWN: "this is not an Avro type" }),
        }
    }

    /// Gives a named type its key under `$defs`, before its own parts may refer to it.
    fn register(&mut self, object: &Map<String, Value>, namespace: Option<&str>, pointer: &str) -> String {
        let name = object.get("name").and_then(Value::as_str).unwrap_or("unnamed");
        let full = full_name(name, namespace);
        // Keys of definitions go into references as they are.
        let key: String = full.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' || c == '_' { c } else { '_' }).collect();
        self.origins.insert(join("/$defs", &key), self.place(pointer));
        self.named.insert(full, key.clone());
        for alias in object.get("aliases").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            self.named.entry(full_name(alias, namespace)).or_insert_with(|| key.clone());
        }
        key
    }

    fn record(&mut self, object: &Map<String, Value>, pointer: &str, namespace: Option<&str>, depth: usize) -> Value {
        let key = self.register(object, namespace, pointer);
        let namespace = match object.get("name").and_then(Value::as_str).and_then(|name| name.rsplit_once('.')) {
            Some((inner, _)) => Some(inner),
            None => namespace,
        };
        let mut properties = Map::new();
        let mut required = Vec::new();
        for (at, field) in object.get("fields").and_then(Value::as_array).into_iter().flatten().enumerate() {
            let Some(name) = field.get("name").and_then(Value::as_str) else { continue };
            let source = format!("{pointer}/fields/{at}");
            let target = format!("{}{}", join("/$defs", &key), join("/properties", name));
            self.origins.insert(target.clone(), self.place(&source));
            let ty = field.get("type").unwrap_or(&Value::Null);
            let mut schema = self.ty(ty, &join(&source, "type"), &target, namespace, depth + 1);
            if let (Value::Object(schema), Some(default)) = (&mut schema, field.get("default")) {
                schema.insert("default".to_owned(), default.clone());
            }
            // Avro writes every field; a default only helps readers of older data.
            self.origins.insert(format!("{}/required/{}", join("/$defs", &key), required.len()), self.place(&source));
            required.push(json!(name));
            properties.insert(name.to_owned(), schema);
        }
        let mut schema = json!({ "type": "object", "properties": properties });
        if !required.is_empty() {
            schema["required"] = Value::Array(required);
        }
        self.definitions.insert(key.clone(), schema);
        json!({ "$ref": format!("#/$defs/{key}") })
    }
}

fn full_name(name: &str, namespace: Option<&str>) -> String {
    match namespace {
        Some(namespace) if !name.contains('.') && !namespace.is_empty() => format!("{namespace}.{name}"),
        Some(_) | None => name.to_owned(),
    }
}

/// The name under which a union's branch stands in Avro's JSON encoding.
fn branch_name(branch: &Value, namespace: Option<&str>) -> Option<String> {
    const PRIMITIVES: &[&str] = &["null", "boolean", "int", "long", "float", "double", "bytes", "string"];
    match branch {
        Value::String(name) if PRIMITIVES.contains(&name.as_str()) => Some(name.clone()),
        Value::String(name) => Some(full_name(name, namespace)),
        Value::Object(object) => match object.get("name").and_then(Value::as_str) {
            Some(name) => Some(full_name(name, object.get("namespace").and_then(Value::as_str).or(namespace))),
            None => object.get("type").and_then(Value::as_str).map(str::to_owned),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

/// What a logical type adds to its primitive. Times and decimals stay numbers and bytes in Avro's JSON.
fn logical(plain: Value, logical: Option<&str>) -> Value {
    match logical {
        Some("uuid") => json!({ "type": "string", "format": "uuid" }),
        Some(_) | None => plain,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::tests::{check, place, registry};

    const FILES: &[(&str, &str)] = &[(
        "avro/UserSignedUp.avsc",
        r#"{ "type": "record", "name": "UserSignedUp", "namespace": "acme.user", "fields": [
  { "name": "id", "type": { "type": "string", "logicalType": "uuid" } },
  { "name": "at", "type": { "type": "long", "logicalType": "timestamp-millis" } },
  { "name": "plan", "type": { "type": "enum", "name": "Plan", "symbols": ["TRIAL", "PRO"] } },
  { "name": "was", "type": ["null", "Plan"], "default": null },
  { "name": "parent", "type": ["null", "UserSignedUp"], "default": null },
  { "name": "tags", "type": { "type": "array", "items": "string" } },
  { "name": "counts", "type": { "type": "map", "values": "int" } },
  { "name": "other", "type": "acme.Other" }
] }"#,
    )];

    #[test]
    fn a_record_is_an_object_of_which_every_field_is_written() {
        check(
            FILES,
            expect![[r##"
                avro/UserSignedUp.avsc sends acme.user.UserSignedUp (by name) [schema avro/UserSignedUp.avsc:1]
                  {"$defs":{"acme.user.Plan":{"enum":["TRIAL","PRO"],"type":"string"},"acme.user.UserSignedUp":{"properties":{"at":{"maximum":9223372036854775807,"minimum":-9223372036854775808,"type":"integer"},"counts":{"additionalProperties":{"maximum":2147483647,"minimum":-2147483648,"type":"integer"},"type":"object"},"id":{"format":"uuid","type":"string"},"other":{"x-driftgate-unknown":"the type `acme.Other` is not in this file"},"parent":{"anyOf":[{"type":"null"},{"additionalProperties":false,"properties":{"acme.user.UserSignedUp":{"$ref":"#/$defs/acme.user.UserSignedUp"}},"required":["acme.user.UserSignedUp"],"type":"object"},{"$ref":"#/$defs/acme.user.UserSignedUp"}],"default":null},"plan":{"$ref":"#/$defs/acme.user.Plan"},"tags":{"items":{"type":"string"},"type":"array"},"was":{"anyOf":[{"type":"null"},{"additionalProperties":false,"properties":{"acme.user.Plan":{"$ref":"#/$defs/acme.user.Plan"}},"required":["acme.user.Plan"],"type":"object"},{"$ref":"#/$defs/acme.user.Plan"}],"default":null}},"required":["id","at","plan","was","parent","tags","counts","other"],"type":"object"}},"$ref":"#/$defs/acme.user.UserSignedUp","$schema":"https://json-schema.org/draft/2020-12/schema"}
            "##]],
        );
        expect![[r#"avro/UserSignedUp.avsc:4 { "name": "plan", "type": { "type": "enum", "name": "Plan", "symbols": ["TRIAL", "PRO"] } }"#]].assert_eq(&place(FILES, "UserSignedUp", "/$defs/acme.user.UserSignedUp/properties/plan"));
    }

    #[test]
    fn values_of_unions_stand_bare_or_under_their_branch() {
        let registry = registry(FILES);
        let validator = jsonschema::validator_for(&registry.promises[0].schema.document).expect("is a schema");
        let with = |was: &str| {
            let text = format!(
                r#"{{"id": "x", "at": 5, "plan": "PRO", "was": {was}, "parent": null, "tags": [], "counts": {{"a": 1}}, "other": 1}}"#
            );
            validator.is_valid(&serde_json::from_str(&text).expect("is JSON"))
        };
        assert!(with("null") && with("\"PRO\"") && with("{\"acme.user.Plan\": \"PRO\"}"));
        assert!(!with("\"FREE\"") && !with("5") && !with("{\"Plan\": \"PRO\"}"));
    }
}
