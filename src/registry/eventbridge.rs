//! Documents of the EventBridge schema registry: OpenAPI or JSON Schema with Amazon's words in it.
//!
//! The envelope around `detail` is the bus's own: senders hand over the detail, readers are brought down to it, and the promise speaks
//! of it as the payload.

use serde_json::Value;

use super::asyncapi::{step, text};
use super::dialect::Dialect;
use super::pattern::EventPattern;
use super::sources::Place;
use super::{Binding, Promise, Reading};
use crate::facts::Role;
use crate::finding::Via;

const DETAIL_TYPE: &str = "x-amazon-events-detail-type";
const SOURCE: &str = "x-amazon-events-source";

/// Reads an OpenAPI document of the schema registry; `false` where it is none.
pub(super) fn read_openapi(reading: &mut Reading<'_>, root: &Place, dialect: Dialect) -> bool {
    let schemas = root.document.keys("/components/schemas");
    let envelopes: Vec<Place> = schemas
        .into_iter()
        .filter_map(|name| step(root, &["components", "schemas", name]))
        .filter(|schema| schema.value().is_some_and(|value| value.get(DETAIL_TYPE).is_some()))
        .collect();
    for envelope in &envelopes {
        promise(reading, envelope, dialect);
    }
    !envelopes.is_empty()
}

/// Whether a JSON Schema is an event of the schema registry.
pub(super) fn looks_like(value: &Value) -> bool {
    value.get(DETAIL_TYPE).is_some_and(Value::is_string) && value.pointer("/properties/detail").is_some()
}

/// Reads one event, whose envelope stands at `envelope`.
pub(super) fn promise(reading: &mut Reading<'_>, envelope: &Place, dialect: Dialect) {
    let (Some(event), Some(detail)) = (text(envelope, &format!("/{DETAIL_TYPE}")), step(envelope, &["properties", "detail"]))
    else {
        return;
    };
    let schema = reading.bundler.bundle(&detail, dialect);
    let source = text(envelope, &format!("/{SOURCE}"));
    let party = source.clone().unwrap_or_else(|| envelope.document.file.to_string());
    reading.promises.push(Promise {
        consumer: party,
        owner: None,
        via: Via::Schema,
        role: Role::Producer,
        event: EventPattern::exact(event),
        aliases: Vec::new(),
        channel: None,
        payload_pointer: None,
        schema,
        file: envelope.document.file.clone(),
        origin: envelope.document.origin(&envelope.pointer),
        pending: false,
        binding: Binding::Declared,
        label: source,
    });
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::tests::{check, place};

    #[test]
    fn both_forms_of_the_schema_registry_speak_of_the_detail() {
        let files: &[(&str, &str)] = &[
            (
                "schemas/order.json",
                r##"{"openapi": "3.0.0", "info": {"title": "OrderPlaced", "version": "1.0.0"}, "paths": {},
"components": {"schemas": {
  "AWSEvent": {"type": "object", "required": ["detail-type", "detail"], "x-amazon-events-detail-type": "OrderPlaced", "x-amazon-events-source": "acme.orders",
    "properties": {"detail": {"$ref": "#/components/schemas/OrderPlaced"}, "detail-type": {"type": "string"}}},
  "OrderPlaced": {"type": "object", "required": ["id"],
    "properties": {"id": {"type": "string"}}}}}}"##,
            ),
            (
                "schemas/left.json",
                r##"{"$schema": "http://json-schema.org/draft-04/schema#", "title": "UserLeft", "type": "object", "x-amazon-events-detail-type": "UserLeft",
"definitions": {"UserLeft": {"properties": {"why": {"type": "string"}}}}, "properties": {"detail": {"$ref": "#/definitions/UserLeft"}}}"##,
            ),
        ];
        check(
            files,
            expect![[r##"
            schemas/left.json sends UserLeft [schema schemas/left.json:1]
              {"$defs":{"UserLeft":{"properties":{"why":{"type":"string"}}}},"$ref":"#/$defs/UserLeft","$schema":"https://json-schema.org/draft/2020-12/schema"}
            acme.orders sends OrderPlaced 'acme.orders' [schema schemas/order.json:3]
              {"$defs":{"OrderPlaced":{"properties":{"id":{"type":"string"}},"required":["id"],"type":"object"}},"$ref":"#/$defs/OrderPlaced","$schema":"https://json-schema.org/draft/2020-12/schema"}
        "##]],
        );
        expect![[r#"schemas/order.json:5 "id""#]].assert_eq(&place(files, "OrderPlaced", "/$defs/OrderPlaced/required/0"));
    }
}
