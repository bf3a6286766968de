//! OpenAPI documents: webhooks and callbacks, which are what the described service sends to others.

use std::sync::Arc;

use serde_json::Value;

use super::asyncapi::{child, hole, text};
use super::bundle::PromisedSchema;
use super::dialect::Dialect;
use super::pattern::EventPattern;
use super::sources::Place;
use super::{Binding, Promise, Reading, eventbridge};
use crate::document::{Document, Fault, join, shorten};
use crate::facts::Role;
use crate::finding::{Severity, Via};

const METHODS: &[&str] = &["post", "put", "patch", "get", "delete", "options", "head", "trace"];

/// Reads an OpenAPI document.
///
/// # Errors
/// Where its version is none that is known.
pub(super) fn read(reading: &mut Reading<'_>, document: &Arc<Document>) -> Result<(), Vec<Fault>> {
    let version = document.get("/openapi").and_then(Value::as_str).unwrap_or("");
    let dialect = match version.split('.').take(2).collect::<Vec<_>>().as_slice() {
        ["3", "0"] => Dialect::OpenApi30,
        ["3", _] => declared_dialect(document),
        _ => {
            return Err(vec![document.fault(
                "/openapi",
                format!("OpenAPI version `{}` is not known", shorten(version)),
                "versions 3.0 and 3.1 are read",
            )]);
        }
    };
    let root = Place { document: Arc::clone(document), pointer: String::new() };
    if eventbridge::read_openapi(reading, &root, dialect) {
        return Ok(());
    }
    let service = Service {
        name: text(&root, "/info/title").unwrap_or_else(|| document.file.to_string()),
        owner: text(&root, "/info/x-owner").or_else(|| text(&root, "/x-owner")),
        dialect,
    };
    // 3.0 has no webhooks, and many documents carry them under an extension of one name.
    for keyword in ["webhooks", "x-webhooks"] {
        for name in names(&root, keyword) {
            if let Some(item) = child(reading, &root, &[keyword, &name]) {
                path_item(reading, &service, &name, &item);
            }
        }
    }
    for path in names(&root, "paths") {
        let Some(item) = child(reading, &root, &["paths", &path]) else { continue };
        for method in METHODS {
            let Some(operation) = child(reading, &item, &[method]) else { continue };
            for name in names(&operation, "callbacks") {
                let Some(callback) = child(reading, &operation, &["callbacks", &name]) else { continue };
                for expression in names(&callback, "") {
                    if let Some(item) = child(reading, &callback, &[&expression]).filter(|_| !expression.starts_with("x-")) {
                        path_item(reading, &service, &name, &item);
                    }
                }
            }
        }
    }
    Ok(())
}

struct Service {
    name: String,
    owner: Option<String>,
    dialect: Dialect,
}

/// The draft that a 3.1 document names for its schemas.
fn declared_dialect(document: &Document) -> Dialect {
    document.get("/jsonSchemaDialect").and_then(Value::as_str).and_then(Dialect::of_address).unwrap_or(Dialect::Draft2020)
}

fn names(place: &Place, key: &str) -> Vec<String> {
    let pointer = if key.is_empty() { place.pointer.clone() } else { join(&place.pointer, key) };
    place.document.keys(&pointer).into_iter().map(str::to_owned).collect()
}

/// The requests that the service makes to one address of somebody else's.
fn path_item(reading: &mut Reading<'_>, service: &Service, name: &str, item: &Place) {
    for method in METHODS {
        let Some(operation) = child(reading, item, &[method]) else { continue };
        let Some(body) = child(reading, &operation, &["requestBody"]) else { continue };
        let (schema, own_name) = body_schema(reading, &body, service.dialect);
        let event = text(&operation, "/x-event").map_or_else(|| EventPattern::exact(name), |event| EventPattern::parse(&event));
        let operation_id = text(&operation, "/operationId");
        let others = own_name.iter().chain(&operation_id);
        reading.promises.push(Promise {
            consumer: service.name.clone(),
            owner: service.owner.clone(),
            via: Via::OpenApi,
            role: Role::Producer,
            aliases: others.map(EventPattern::exact).filter(|alias| *alias != event).collect(),
            event,
            channel: None,
            payload_pointer: None,
            schema,
            file: item.document.file.clone(),
            origin: operation.document.origin(&operation.pointer),
            pending: false,
            binding: Binding::Declared,
            label: operation_id,
        });
    }
}

/// The schema of a body's JSON form, and the event that it demands its payloads to name.
fn body_schema(reading: &mut Reading<'_>, body: &Place, dialect: Dialect) -> (PromisedSchema, Option<String>) {
    let kinds = names(body, "content");
    let chosen = kinds
        .iter()
        .find(|kind| kind.starts_with("application/json"))
        .or_else(|| kinds.iter().find(|kind| kind.split(';').next().is_some_and(|kind| kind.trim().ends_with("+json"))))
        .or_else(|| kinds.iter().find(|kind| matches!(kind.as_str(), "*/*" | "application/*")));
    let Some(kind) = chosen else {
        let reason = match kinds.first() {
            Some(kind) => format!("bodies of type `{}` are not read", shorten(kind)),
            None => "the request says nothing of its body".to_owned(),
        };
        reading.bundler.diagnose(body, Severity::Note, reason.clone());
        return (hole(body, &reason), None);
    };
    let Some(schema) = super::asyncapi::step(body, &["content", kind, "schema"]) else {
        return (hole(body, "the body has no schema"), None);
    };
    let own_name = match reading.bundler.follow(schema.clone()) {
        Ok(followed) => super::json_schema::discriminator(reading, &followed),
        Err(_) => None,
    };
    (reading.bundler.bundle(&schema, dialect), own_name)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::tests::{check, corpus, place, registry};

    const VERSION_31: &[(&str, &str)] = &[
        (
            "openapi.yaml",
            r#"openapi: 3.1.0
info: { title: Pets, version: "1", x-owner: "@acme/pets" }
webhooks:
  pet.created:
    post:
      operationId: onPetCreated
      requestBody: { $ref: 'shared.yaml#/bodies/pet' }
  pet.drawn:
    post: { requestBody: { content: { image/png: {} } } }
  ping: { post: { responses: {} } }
  lost: { $ref: '#/components/pathItems/none' }
components:
  schemas:
    Pet:
      type: object
      required: [id]
      properties: { id: { type: [integer, "null"] }, type: { const: pet.made } }
"#,
        ),
        (
            "shared.yaml",
            "bodies:\n  pet:\n    content:\n      application/json; charset=utf-8: { schema: { $ref: 'openapi.yaml#/components/schemas/Pet' } }\n",
        ),
    ];

    #[test]
    fn webhooks_are_what_the_service_sends() {
        check(
            VERSION_31,
            expect![[r##"
                Pets (@acme/pets) sends pet.created 'onPetCreated' [openapi openapi.yaml:5]
                  {"$defs":{"Pet":{"properties":{"id":{"type":["integer","null"]},"type":{"const":"pet.made"}},"required":["id"],"type":"object"}},"$ref":"#/$defs/Pet","$schema":"https://json-schema.org/draft/2020-12/schema"}
                Pets (@acme/pets) sends pet.drawn [openapi openapi.yaml:9]
                  {"$schema":"https://json-schema.org/draft/2020-12/schema","x-driftgate-unknown":"bodies of type `image/png` are not read"}
                note: openapi.yaml:9: bodies of type `image/png` are not read
                warning: openapi.yaml:11: `#/components/pathItems/none` names nothing in `openapi.yaml`
            "##]],
        );
        let names: Vec<bool> = ["pet.created", "onPetCreated", "pet.made", "pet.drawn"]
            .iter()
            .map(|name| registry(VERSION_31).promises[0].speaks_of(name))
            .collect();
        assert_eq!(names, [true, true, true, false]);
        expect!["openapi.yaml:16 id"].assert_eq(&place(VERSION_31, "pet.created", "/$defs/Pet/required/0"));
    }

    #[test]
    fn callbacks_and_nullable_of_version_3_0_are_understood() {
        check(
            &[(
                "openapi.json",
                r##"{"openapi": "3.0.3", "info": {"title": "Streams"}, "paths": {"/streams": {"post": {"callbacks": {"onData": {
"{$request.query.url}/data": {"post": {"requestBody": {"content": {"application/json": {"schema": {
  "type": "object", "properties": {"at": {"type": "string", "nullable": true, "example": "x"}, "n": {"minimum": 1, "exclusiveMinimum": true, "type": "integer"}}}}}}}}}}}}},
"x-webhooks": {"streamEnded": {"post": {"requestBody": {"content": {"application/vnd.acme+json": {"schema": {"$ref": "#/components/schemas/End", "nullable": true}}}}}}},
"components": {"schemas": {"End": {"type": "object"}}}}"##,
            )],
            expect![[r##"
                Streams sends onData [openapi openapi.json:2]
                  {"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"at":{"type":["string","null"]},"n":{"exclusiveMinimum":1,"type":"integer"}},"type":"object"}
                Streams sends streamEnded [openapi openapi.json:4]
                  {"$defs":{"End":{"type":"object"}},"$ref":"#/$defs/End","$schema":"https://json-schema.org/draft/2020-12/schema"}
            "##]],
        );
    }

    #[test]
    fn a_version_that_is_not_known_is_an_error_with_its_line() {
        check(
            &[("openapi.yaml", "info: {}\nopenapi: 5.0.0\n")],
            expect![[r#"
            broken: openapi.yaml:2:1: OpenAPI version `5.0.0` is not known; versions 3.0 and 3.1 are read
        "#]],
        );
        check(&[("swagger.yaml", "swagger: '2.0'\n")], expect![""]);
    }

    /// The examples of the specification, where they are at hand.
    #[test]
    fn the_examples_of_the_specification_are_read() {
        let Some(corpus) = corpus("openapi") else { return };
        let files: Vec<(String, &str)> = corpus.iter().map(|(path, text)| (format!("openapi/{path}"), text.as_str())).collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let registry = registry(&files);
        let events: Vec<String> = registry
            .promises
            .iter()
            .map(|promise| {
                format!(
                    "{} {}",
                    promise.event,
                    promise
                        .schema
                        .document
                        .pointer("/properties/timestamp/format")
                        .or(promise.schema.document.pointer("/$defs/Pet/required"))
                        .cloned()
                        .unwrap_or_default()
                )
            })
            .collect();
        assert_eq!(
            events,
            ["onData \"date-time\"", "onData \"date-time\"", "newPet [\"id\",\"name\"]", "newPet [\"id\",\"name\"]"]
        );
    }
}
