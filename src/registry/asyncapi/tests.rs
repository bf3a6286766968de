use expect_test::expect;

use super::super::tests::{check, place, registry};
use crate::facts::Role;

const VERSION_2: &[(&str, &str)] = &[
    (
        "services/signup/asyncapi.yaml",
        r#"asyncapi: 2.6.0
info: { title: signup, version: 1.0.0, x-owner: "@acme/growth" }
channels:
  user/{tenant}/signedup:
    parameters:
      tenant: { schema: { type: string } }
    subscribe:                          # others subscribe: this application sends
      message:
        $ref: '#/components/messages/UserSignedUp'
  region.{region}.closed:
    parameters:
      region: { schema: { type: string, enum: [eu, us] } }
    publish:                            # others publish: this application receives
      message:
        payload: { type: object, required: [id], properties: { id: { type: string } } }
  audit:
    subscribe:
      message:
        oneOf:
          - $ref: '#/components/messages/UserSignedUp'
          - name: UserLeft
            traits: [{ $ref: '#/components/messageTraits/common' }]
            payload: { $ref: '../schemas/left.json' }
          - messageId: raw
            schemaFormat: application/vnd.google.protobuf
            payload: 'message X {}'
          - $ref: '#/components/messages/Nowhere'
components:
  messageTraits:
    common: { x-event: user.left, contentType: application/json }
  messages:
    UserSignedUp:
      payload:
        type: object
        properties:
          id: { $ref: '#/components/schemas/Id' }
  schemas:
    Id: { type: string, minLength: 2 }
"#,
    ),
    ("services/schemas/left.json", "{\"type\": \"object\", \"properties\": {\"why\": {\"type\": \"string\"}}}"),
];

#[test]
fn in_version_2_others_subscribe_to_what_the_application_sends() {
    check(
        VERSION_2,
        expect![[r##"
            services/schemas/left.json sends left (by name) [schema services/schemas/left.json:1]
              {"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"why":{"type":"string"}},"type":"object"}
            signup (@acme/growth) needs region.eu.closed on region.eu.closed [asyncapi services/signup/asyncapi.yaml:14]
              {"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"id":{"type":"string"}},"required":["id"],"type":"object"}
            signup (@acme/growth) needs region.us.closed on region.us.closed [asyncapi services/signup/asyncapi.yaml:14]
              {"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"id":{"type":"string"}},"required":["id"],"type":"object"}
            signup (@acme/growth) sends user.left 'UserLeft' on audit [asyncapi services/signup/asyncapi.yaml:21]
              {"$defs":{"left":{"properties":{"why":{"type":"string"}},"type":"object"}},"$ref":"#/$defs/left","$schema":"https://json-schema.org/draft/2020-12/schema"}
            signup (@acme/growth) sends raw 'raw' on audit [asyncapi services/signup/asyncapi.yaml:24]
              {"$schema":"https://json-schema.org/draft/2020-12/schema","x-driftgate-unknown":"payloads in the form `application/vnd.google.protobuf` are not read"}
            signup (@acme/growth) sends user/*/signedup 'UserSignedUp' on user/*/signedup [asyncapi services/signup/asyncapi.yaml:32]
              {"$defs":{"Id":{"minLength":2,"type":"string"}},"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"id":{"$ref":"#/$defs/Id"}},"type":"object"}
            signup (@acme/growth) sends UserSignedUp 'UserSignedUp' on audit [asyncapi services/signup/asyncapi.yaml:32]
              {"$defs":{"Id":{"minLength":2,"type":"string"}},"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"id":{"$ref":"#/$defs/Id"}},"type":"object"}
            note: services/signup/asyncapi.yaml:24: payloads in the form `application/vnd.google.protobuf` are not read
            warning: services/signup/asyncapi.yaml:27: `#/components/messages/Nowhere` names nothing in `services/signup/asyncapi.yaml`
        "##]],
    );
    expect!["services/signup/asyncapi.yaml:36 id"].assert_eq(&place(VERSION_2, "user/a/signedup", "/properties/id"));
    expect!["services/signup/asyncapi.yaml:38 minLength"].assert_eq(&place(VERSION_2, "user/a/signedup", "/$defs/Id/minLength"));
}

const VERSION_3: &[(&str, &str)] = &[
    (
        "asyncapi.yaml",
        r#"asyncapi: 3.0.0
info: { title: billing, version: 1.0.0 }
channels:
  invoices:
    address: acme.invoices
    messages:
      invoicePaid: { $ref: 'common/messages.yaml#/invoicePaid' }
      invoiceVoided:
        payload:
          schemaFormat: application/vnd.apache.avro+json;version=1.9.0
          schema: { type: record, name: Voided, fields: [{ name: id, type: string }] }
  orders:
    address: orders.{kind}
    parameters: { kind: { enum: [new, old] } }
    messages:
      order: { payload: { type: object } }
  replies:
    address: null
    messages:
      answer: { name: Answer, payload: { type: string } }
operations:
  announce:
    action: send
    channel: { $ref: '#/channels/invoices' }
    messages: [{ $ref: '#/channels/invoices/messages/invoicePaid' }]
  all:
    action: send
    channel: { $ref: '#/channels/invoices' }
  take:
    action: receive
    channel: { $ref: '#/channels/orders' }
    reply: { channel: { $ref: '#/channels/replies' } }
  odd: { action: dance, channel: { $ref: '#/channels/orders' } }
  lost: { action: send, channel: { $ref: '#/channels/none' } }
"#,
    ),
    (
        "common/messages.yaml",
        "invoicePaid:\n  payload:\n    type: object\n    required: [id]\n    properties:\n      id: { type: string }\n",
    ),
];

#[test]
fn in_version_3_the_application_says_what_it_does_itself() {
    check(
        VERSION_3,
        expect![[r##"
        billing sends invoiceVoided 'invoiceVoided' on acme.invoices [asyncapi asyncapi.yaml:8]
          {"$defs":{"Voided":{"properties":{"id":{"type":"string"}},"required":["id"],"type":"object"}},"$ref":"#/$defs/Voided","$schema":"https://json-schema.org/draft/2020-12/schema"}
        billing needs orders.new 'order' on orders.new [asyncapi asyncapi.yaml:16]
          {"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object"}
        billing needs orders.old 'order' on orders.old [asyncapi asyncapi.yaml:16]
          {"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object"}
        billing sends replies 'Answer' on replies [asyncapi asyncapi.yaml:20]
          {"$schema":"https://json-schema.org/draft/2020-12/schema","type":"string"}
        billing sends invoicePaid 'invoicePaid' on acme.invoices [asyncapi common/messages.yaml:1]
          {"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"id":{"type":"string"}},"required":["id"],"type":"object"}
        warning: asyncapi.yaml:33: an operation's `action` is neither `send` nor `receive`: it was passed over
        warning: asyncapi.yaml:34: `#/channels/none` names nothing in `asyncapi.yaml`
    "##]],
    );
    expect!["common/messages.yaml:4 id"].assert_eq(&place(VERSION_3, "invoicePaid", "/required/0"));
}

#[test]
fn what_is_wrong_with_a_document_is_said_and_the_rest_is_read() {
    check(
        &[("asyncapi.yaml", "asyncapi: 4.0.0\nchannels: {}\n")],
        expect![[r#"
        broken: asyncapi.yaml:1:1: AsyncAPI version `4.0.0` is not known; versions 2 and 3 are read
    "#]],
    );
    check(
        &[("asyncapi.yaml", "asyncapi: 3.0.0\nchannels: { a: { address: a } }\n")],
        expect![[r#"
        note: asyncapi.yaml:1: the document has channels and no operations: who sends and who receives is unknown
    "#]],
    );
    check(
        &[(
            "asyncapi.yaml",
            "asyncapi: 2.0.0\nchannels:\n  a: { $ref: '#/channels/a' }\n  b: { publish: { message: {} } }\n  c: 5\n",
        )],
        expect![[r#"
            asyncapi.yaml needs b on b [asyncapi asyncapi.yaml:4]
              {"$schema":"https://json-schema.org/draft/2020-12/schema","x-driftgate-unknown":"the message does not say what its payload is"}
            warning: asyncapi.yaml:3: `#/channels/a` refers to itself
        "#]],
    );
}

/// The examples of AsyncAPI's own repository, where they are at hand.
#[test]
fn the_examples_of_the_specification_are_read() {
    let Some(corpus) = super::super::tests::corpus("asyncapi") else { return };
    for (version, at_least) in [("v2.6", 40), ("v3", 40)] {
        let folder = format!("{version}/");
        let files: Vec<(&str, &str)> = corpus
            .iter()
            .filter(|(path, _)| path.starts_with(&folder))
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        let registry = registry(&files);
        let broken: Vec<String> = registry.broken().flat_map(|(_, faults)| faults).map(ToString::to_string).collect();
        assert!(broken.is_empty(), "{broken:#?}");
        assert!(registry.promises.len() >= at_least, "{version}: only {} promises", registry.promises.len());
        // The same picture in both versions: the light sensors' application sends commands and receives measurements.
        let lights: Vec<(&str, String)> = registry
            .promises
            .iter()
            .filter(|promise| promise.consumer == "Streetlights Kafka API")
            .map(|promise| (if promise.role == Role::Consumer { "receives" } else { "sends" }, promise.event.to_string()))
            .collect();
        assert!(
            lights.iter().any(|(role, event)| *role == "receives" && event.contains("lighting.measured")),
            "{version}: {lights:?}"
        );
        assert!(lights.iter().any(|(role, event)| *role == "sends" && event.contains("dim")), "{version}: {lights:?}");
    }
}
