//! The contract form as a JSON Schema, for editors and for `driftgate schema contract`.

use serde_json::{Value, json};

use super::super::dialect::DRAFT_2020;
use super::{SCHEMA_KEYS, TYPE_NAMES};

/// The JSON Schema of the contract form.
pub fn json_schema() -> Value {
    let type_word = "(string|integer|number|boolean|null|object|array|any)(\\[\\])*";
    let types = json!({ "type": "string", "pattern": format!("^ *{type_word}( *\\| *{type_word})* *$") });
    let flag = json!({ "type": "boolean" });
    let text = json!({ "type": "string" });
    let number = json!({ "type": "number" });
    let count = json!({ "type": "integer", "minimum": 0 });
    let unknown_fields = json!({
        "description": "What the consumer does with fields that are not listed.",
        "enum": ["ignore", "reject"],
        "default": "ignore"
    });
    json!({
        "$schema": DRAFT_2020,
        "title": "driftgate contract",
        "description": "What one named consumer needs of each event.",
        "type": "object",
        "required": ["consumer", "events"],
        "properties": {
            "$schema": text,
            "consumer": { "description": "The consumer's name.", "type": "string", "minLength": 1 },
            "owner": {
                "description": "Whom to ask; shown with every finding that breaks the contract.",
                "anyOf": [{ "type": ["string", "null"] }, { "type": "array", "items": text }]
            },
            "description": true,
            "version": true,
            "events": {
                "description": "By event name; `*` stands for any text.",
                "type": "object",
                "additionalProperties": { "$ref": "#/$defs/event" }
            }
        },
        "patternProperties": { "^x-": true },
        "additionalProperties": false,
        "$defs": {
            "event": {
                "type": "object",
                "properties": {
                    "fields": { "$ref": "#/$defs/fields" },
                    "schema": {
                        "description": "A JSON Schema, or the path of one, relative to the contract.",
                        "type": ["object", "boolean", "string"]
                    },
                    "payload": {
                        "description": "JSON Pointer to the part of the wire payload that this speaks of.",
                        "type": "string",
                        "pattern": "^(/.*)?$"
                    },
                    "unknown-fields": unknown_fields,
                    "channel": { "description": "The topic, queue or address.", "type": "string" },
                    "description": true,
                    "pending": { "description": "Not in force yet: breaking it is a warning.", "type": "boolean" }
                },
                "patternProperties": { "^x-": true },
                "additionalProperties": false,
                "oneOf": [{ "required": ["fields"] }, { "required": ["schema"] }]
            },
            "fields": {
                "description": "By field name; one that ends in `?` may be absent.",
                "type": ["object", "null"],
                "additionalProperties": { "$ref": "#/$defs/field" }
            },
            "field": { "anyOf": [types.clone(), { "$ref": "#/$defs/described" }, { "$ref": "#/$defs/schema" }] },
            "described": {
                "type": "object",
                "properties": {
                    "type": { "anyOf": [types, { "type": "array", "minItems": 1, "items": { "enum": TYPE_NAMES } }] },
                    "format": text, "pattern": text, "title": text, "description": text,
                    "enum": { "type": "array", "minItems": 1 },
                    "const": true, "default": true, "examples": true,
                    "minLength": count, "maxLength": count, "minItems": count, "maxItems": count,
                    "minimum": number, "maximum": number,
                    "exclusiveMinimum": number, "exclusiveMaximum": number, "multipleOf": number,
                    "uniqueItems": flag, "nullable": flag, "optional": flag,
                    "items": { "$ref": "#/$defs/field" },
                    "values": { "$ref": "#/$defs/field" },
                    "fields": { "$ref": "#/$defs/fields" },
                    "unknown-fields": unknown_fields
                },
                "patternProperties": { "^x-": true },
                "additionalProperties": false
            },
            "schema": {
                "description": "A field that is written in JSON Schema.",
                "type": "object",
                "anyOf": SCHEMA_KEYS.iter().map(|key| json!({ "required": [key] })).collect::<Vec<_>>()
            }
        }
    })
}
