//! Subjects of a schema registry that were exported as files: `{"subject": "users-value", "version": 3, "schema": "…"}`.
//!
//! The schema is a text inside of the document, so every part of it is shown at that text.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::asyncapi::hole;
use super::bundle::PromisedSchema;
use super::dialect::Dialect;
use super::pattern::EventPattern;
use super::sources::Place;
use super::{Binding, Promise, Reading, avro};
use crate::document::{Document, Fault, Syntax};
use crate::facts::Role;
use crate::finding::Via;

pub(super) fn looks_like(value: &Value) -> bool {
    value.get("subject").is_some_and(Value::is_string) && value.get("schema").is_some_and(Value::is_string)
}

/// Reads an exported subject. Keys of messages are no payloads and are passed over.
///
/// # Errors
/// Where the text of the schema is not JSON.
pub(super) fn read(reading: &mut Reading<'_>, document: &Arc<Document>) -> Result<(), Vec<Fault>> {
    let field = |key: &str| document.value.get(key).and_then(Value::as_str).unwrap_or("");
    let subject = field("subject");
    if subject.ends_with("-key") {
        return Ok(());
    }
    // `TOPIC-value`, `TOPIC-RECORD` and `RECORD` are the three ways in which registries name subjects.
    let topic = subject.strip_suffix("-value").unwrap_or(subject);
    let here = Place { document: Arc::clone(document), pointer: "/schema".to_owned() };
    let kind = field("schemaType").to_ascii_uppercase();
    let schema = if kind == "PROTOBUF" {
        hole(&here, "Protobuf schemas are not read")
    } else {
        let inner = Document::read_as(Syntax::Json, &document.file, field("schema")).map_err(|fault| {
            vec![document.fault("/schema", format!("the text of the schema is broken: {}", fault.message), fault.help)]
        })?;
        let inner = Place { document: Arc::new(inner), pointer: String::new() };
        let read = if kind == "JSON" {
            let dialect = Dialect::of_document(&inner.document.value);
            reading.bundler.bundle(&inner, dialect)
        } else {
            avro::schema(&inner)
        };
        PromisedSchema::assembled((*read.document).clone(), BTreeMap::from([(String::new(), here)]))
    };
    reading.promises.push(Promise {
        consumer: document.file.to_string(),
        owner: None,
        via: Via::Schema,
        role: Role::Producer,
        event: EventPattern::exact(topic),
        aliases: Vec::new(),
        channel: None,
        payload_pointer: None,
        schema,
        file: document.file.clone(),
        origin: document.origin("/subject"),
        pending: false,
        binding: Binding::Declared,
        label: None,
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::tests::{check, place};

    #[test]
    fn subjects_speak_of_their_topic() {
        let files: &[(&str, &str)] = &[
            (
                "schemas/users.json",
                "{\"subject\": \"users-value\", \"version\": 3, \"schemaType\": \"JSON\",\n\"schema\": \"{\\\"type\\\": \\\"object\\\", \\\"required\\\": [\\\"id\\\"]}\"}",
            ),
            ("schemas/users-key.json", "{\"subject\": \"users-key\", \"schema\": \"\\\"string\\\"\"}"),
            (
                "schemas/orders.json",
                "{\"subject\": \"orders-value\", \"schema\": \"{\\\"type\\\": \\\"record\\\", \\\"name\\\": \\\"O\\\", \\\"fields\\\": []}\"}",
            ),
            ("schemas/proto.json", "{\"subject\": \"p-value\", \"schemaType\": \"PROTOBUF\", \"schema\": \"message X {}\"}"),
            ("schemas/broken.json", "{\"subject\": \"b-value\",\n\"schemaType\": \"JSON\", \"schema\": \"{\"}"),
        ];
        check(
            files,
            expect![[r##"
                schemas/orders.json sends orders [schema schemas/orders.json:1]
                  {"$defs":{"O":{"properties":{},"type":"object"}},"$ref":"#/$defs/O","$schema":"https://json-schema.org/draft/2020-12/schema"}
                schemas/proto.json sends p [schema schemas/proto.json:1]
                  {"$schema":"https://json-schema.org/draft/2020-12/schema","x-driftgate-unknown":"Protobuf schemas are not read"}
                schemas/users.json sends users [schema schemas/users.json:1]
                  {"$schema":"https://json-schema.org/draft/2020-12/schema","required":["id"],"type":"object"}
                broken: schemas/broken.json:2:23: the text of the schema is broken: the text ends before the closing `}`; the file may have been cut off
            "##]],
        );
        expect![[r#"schemas/users.json:2 "schema""#]].assert_eq(&place(files, "users", "/required/0"));
    }
}
