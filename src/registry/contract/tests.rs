use expect_test::{Expect, expect};
use serde_json::Value;

use super::super::tests::{check, check_with, place, registry, render};
use crate::document::Document;
use crate::source::RepoPath;

const CRM: &str = r#"consumer: crm-sync
owner: "@acme/growth"                 # shown with every finding that breaks it
events:
  user.signup:
    unknown-fields: ignore            # ignore (default) | reject
    fields:                           # the short form …
      userId: string
      email: { type: string, format: email }
      plan: { enum: [trial, pro] }
      company?: string                # read where present
      address:
        unknown-fields: reject
        fields:
          city: string|null
          lines?: string[]
      tags: { type: array, items: { type: string, maxLength: 9 }, maxItems: 5 }
      counts: { values: integer }
      note: { type: string, nullable: true, optional: true }
      anything: any
  invoice.paid:
    schema: ./schemas/invoice-paid.json   # … or any JSON Schema, inline or by file
  order.*:
    payload: /data
    unknown-fields: reject
    fields: {}
  cart:
    schema: { type: object, required: [id], properties: { id: { $ref: "schemas/invoice-paid.json#/properties/id" } } }
"#;

const INVOICE: &str =
    "{\n  \"type\": \"object\",\n  \"required\": [\"id\"],\n  \"properties\": { \"id\": { \"type\": \"string\" } }\n}";

const FILES: &[(&str, &str)] = &[("contracts/crm-sync.yaml", CRM), ("contracts/schemas/invoice-paid.json", INVOICE)];

#[test]
fn the_documented_form_is_read_whole() {
    check(
        FILES,
        expect![[r##"
            crm-sync (@acme/growth) needs user.signup [contract contracts/crm-sync.yaml:4]
              {"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"address":{"additionalProperties":false,"properties":{"city":{"type":["string","null"]},"lines":{"items":{"type":"string"},"type":"array"}},"required":["city"],"type":"object"},"anything":true,"company":{"type":"string"},"counts":{"additionalProperties":{"type":"integer"},"type":"object"},"email":{"format":"email","type":"string"},"note":{"type":["string","null"]},"plan":{"enum":["trial","pro"]},"tags":{"items":{"maxLength":9,"type":"string"},"maxItems":5,"type":"array"},"userId":{"type":"string"}},"required":["userId","email","plan","address","tags","counts","anything"],"type":"object"}
            crm-sync (@acme/growth) needs invoice.paid [contract contracts/crm-sync.yaml:20]
              {"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"id":{"type":"string"}},"required":["id"],"type":"object"}
            crm-sync (@acme/growth) needs order.* at /data [contract contracts/crm-sync.yaml:22]
              {"$schema":"https://json-schema.org/draft/2020-12/schema","additionalProperties":false,"properties":{},"type":"object"}
            crm-sync (@acme/growth) needs cart [contract contracts/crm-sync.yaml:26]
              {"$defs":{"id":{"type":"string"}},"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"id":{"$ref":"#/$defs/id"}},"required":["id"],"type":"object"}
        "##]],
    );
}

#[test]
fn every_part_of_the_short_form_knows_its_line() {
    let at = |pointer: &str| place(FILES, "user.signup", pointer);
    expect!["contracts/crm-sync.yaml:8 format"].assert_eq(&at("/properties/email/format"));
    expect!["contracts/crm-sync.yaml:10 company?"].assert_eq(&at("/properties/company"));
    expect!["contracts/crm-sync.yaml:15 lines?"].assert_eq(&at("/properties/address/properties/lines/items"));
    expect!["contracts/crm-sync.yaml:16 maxLength"].assert_eq(&at("/properties/tags/items/maxLength"));
    expect!["contracts/crm-sync.yaml:9 plan"].assert_eq(&at("/required/2"));
    expect!["contracts/crm-sync.yaml:14 city"].assert_eq(&at("/properties/address/required/0"));
    expect!["contracts/crm-sync.yaml:4 user.signup"].assert_eq(&at(""));
    expect![[r#"contracts/schemas/invoice-paid.json:4 "id""#]].assert_eq(&place(FILES, "invoice.paid", "/properties/id"));
    expect!["contracts/crm-sync.yaml:27 id"].assert_eq(&place(FILES, "cart", "/properties/id"));
    expect![[r#"contracts/schemas/invoice-paid.json:4 "type""#]].assert_eq(&place(FILES, "cart", "/$defs/id/type"));
}

fn broken(text: &str, expected: Expect) {
    let files = [("contracts/a.yaml", text)];
    expected.assert_eq(&render(&registry(&files), &files));
}

/// The fields of the one event of a contract that is otherwise right.
fn field(text: &str, expected: Expect) {
    broken(&format!("consumer: a\nevents:\n  e:\n    fields:\n      {text}\n"), expected);
}

#[test]
fn what_is_wrong_with_a_contract_is_said_with_its_line_and_a_way_out() {
    broken(
        "consumer: a\nevnets:\n  e: {fields: {}}\n",
        expect![[r#"
        broken: contracts/a.yaml:2:1: unknown key `evnets`; did you mean `events`?
    "#]],
    );
    broken(
        "cosumer: a\nevents:\n  e: {fields: {}}\n",
        expect![[r#"
        broken: contracts/a.yaml:1:1: unknown key `cosumer`; did you mean `consumer`?
    "#]],
    );
    broken(
        "consumer: a\nowner: 5\nevents:\n  e:\n    feilds: {id: string}\n  f: 3\n  g:\n    fields: {}\n    schema: true\n",
        expect![[r#"
        broken: contracts/a.yaml:2:1: `owner` is not a text; write `owner: "@acme/growth"`
        broken: contracts/a.yaml:5:5: unknown key `feilds`; did you mean `fields`?
        broken: contracts/a.yaml:6:3: this event says nothing; give its `fields:` (`fields: {}` where none is read), or a `schema:`
        broken: contracts/a.yaml:9:5: `fields` and `schema` stand in one event; keep one of the two
    "#]],
    );
    broken(
        "consumer: {name: a}\nevents:\n  e: {fields: {}}\n",
        expect![[r#"
        broken: contracts/a.yaml:1:1: `consumer` is not a name; write `consumer: crm-sync`
    "#]],
    );
    broken(
        "consumer: a\nevents: [e]\n",
        expect![[r#"
        broken: contracts/a.yaml:2:1: `events` is not a list of events by name; write each event as `user.signup:` with its fields below
    "#]],
    );
    broken(
        "consumer: a\nevents:\n  e:\n    unknown-fields: rejcet\n    payload: data\n    fields: {}\n",
        expect![[r#"
        broken: contracts/a.yaml:4:5: `unknown-fields` is neither `ignore` nor `reject`; did you mean `reject`?
        broken: contracts/a.yaml:5:5: `payload` is not a JSON Pointer; write it as `payload: /data`
    "#]],
    );
    broken(
        "consumer: a\nevents:\n  e:\n\t fields: {}\n",
        expect![[r#"
        broken: contracts/a.yaml:4:3: this is not YAML: tabs disallowed within this context (block indentation); YAML is indented with spaces: replace the tab
    "#]],
    );
    broken(
        "consumer: a\nconsumer: b\nevents:\n  e: {fields: {}}\n",
        expect![[r#"
        broken: contracts/a.yaml:2:1: the key `consumer` stands twice in one object (first in line 1); keep one of the two: which of them counts differs from reader to reader
    "#]],
    );
    broken(
        "consumer: a\nevents:\n  e: {schema: ./none.json}\n",
        expect![[r#"
        broken: contracts/a.yaml:3:7: there is no file `./none.json` in the repository; the path is relative to this contract
        wanted: contracts/none.json
    "#]],
    );
    broken(
        "consumer: a\nevents:\n  e: {schema: https://acme.dev/x.json}\n",
        expect![[r#"
        broken: contracts/a.yaml:3:7: `https://acme.dev/x.json` is on the network (https) and is never fetched; put a copy of it into the repository and name that
    "#]],
    );
    broken(
        "consumer: a\nevents:\n  e: {schema: ../../x.json}\n",
        expect![[r#"
        broken: contracts/a.yaml:3:7: `../../x.json` lies outside of the repository; put a copy of it into the repository and name that
    "#]],
    );
    broken(
        "consumer: a\nevents:\n  e: {schema: {type: object}, unknown-fields: reject}\n",
        expect![[r#"
        broken: contracts/a.yaml:3:31: `unknown-fields` belongs to `fields`; say it in the schema: `additionalProperties: false`
    "#]],
    );
}

#[test]
fn what_is_wrong_with_a_field_is_said_with_its_line_and_a_way_out() {
    field(
        "id: strng",
        expect![[r#"
        broken: contracts/a.yaml:5:7: unknown type `strng`; did you mean `string`?
    "#]],
    );
    field(
        "id: int64",
        expect![[r#"
        broken: contracts/a.yaml:5:7: unknown type `int64`; did you mean `integer`?
    "#]],
    );
    field(
        "at: datetime",
        expect![[r#"
        broken: contracts/a.yaml:5:7: unknown type `datetime`; write `{ type: string, format: date-time }`
    "#]],
    );
    field(
        "id: string|nul",
        expect![[r#"
        broken: contracts/a.yaml:5:7: unknown type `nul`; did you mean `null`?
    "#]],
    );
    field(
        "id:",
        expect![[r#"
        broken: contracts/a.yaml:5:7: this field has no type; write `any` where its type does not matter
    "#]],
    );
    field(
        "plan: [trial, pro]",
        expect![[r#"
        broken: contracts/a.yaml:5:7: a list does not say what this field is; write `{ enum: [a, b] }` for values, or `{ type: array, items: string }`
    "#]],
    );
    field(
        "id: 5",
        expect![[r#"
        broken: contracts/a.yaml:5:7: this is not a type; write one of string, integer, number, boolean, null, object, array, any
    "#]],
    );
    field(
        "id: { type: string, maxLenght: 5 }",
        expect![[r#"
        broken: contracts/a.yaml:5:27: unknown key `maxLenght`; did you mean `maxLength`?
    "#]],
    );
    field(
        "id: { type: string, maxLength: many }",
        expect![[r#"
        broken: contracts/a.yaml:5:27: `maxLength` is not a whole number of at least 0; check the value
    "#]],
    );
    field(
        "id: { enum: [] }",
        expect![[r#"
        broken: contracts/a.yaml:5:13: `enum` is not a list of values; check the value
    "#]],
    );
    field(
        "a: { type: string, fields: { b: string } }",
        expect![[r#"
        broken: contracts/a.yaml:5:12: `fields` belongs to an object; write `type: object`, or leave it out
    "#]],
    );
    field(
        "a: { properties: { b: string }, fields: {} }",
        expect![[r#"
        broken: contracts/a.yaml:5:39: `fields` is of the short form, and this field is written in JSON Schema; write the field in one of the two
        warning: contracts/a.yaml:5: this is not a JSON Schema: "string" is not of types "boolean", "object"
    "#]],
    );
    field(
        "{ a: string, a?: string }",
        expect![[r#"
        broken: contracts/a.yaml:5:20: the field `a` is given twice, with and without `?`; keep one of the two
    "#]],
    );
    field(
        "?: string",
        expect![[r#"
        broken: contracts/a.yaml:5:7: a field has no name; write it as `name: type`
    "#]],
    );
    field(
        "id: { optional: yes, type: string }",
        expect![[r#"
        broken: contracts/a.yaml:5:13: this is neither true nor false; write `true` or `false`
    "#]],
    );
}

#[test]
fn fields_may_be_written_in_json_schema() {
    let files: &[(&str, &str)] = &[
        (
            "contracts/a.yaml",
            "consumer: a\nx-types:\n  money: { type: object, required: [amount], properties: { amount: { type: integer } } }\nevents:\n  e:\n    fields:\n      total: { $ref: '#/x-types/money' }\n      tax?: { $ref: '#/x-types/money' }\n      who: { optional: true, oneOf: [{ type: string }, { $ref: schemas/user.json }] }\n",
        ),
        ("contracts/schemas/user.json", "{\"type\": \"object\", \"properties\": {\"boss\": {\"$ref\": \"#\"}}}"),
    ];
    check(
        files,
        expect![[r##"
            a needs e [contract contracts/a.yaml:5]
              {"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"tax":{"$defs":{"money":{"properties":{"amount":{"type":"integer"}},"required":["amount"],"type":"object"}},"$ref":"#/properties/tax/$defs/money"},"total":{"$defs":{"money":{"properties":{"amount":{"type":"integer"}},"required":["amount"],"type":"object"}},"$ref":"#/properties/total/$defs/money"},"who":{"$defs":{"user":{"properties":{"boss":{"$ref":"#/properties/who/$defs/user"}},"type":"object"}},"oneOf":[{"type":"string"},{"$ref":"#/properties/who/$defs/user"}]}},"required":["total"],"type":"object"}
            contracts/schemas/user.json sends user (by name) [schema contracts/schemas/user.json:1]
              {"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"boss":{"$ref":"#"}},"type":"object"}
        "##]],
    );
    expect!["contracts/a.yaml:3 amount"].assert_eq(&place(files, "e", "/properties/total/$defs/money/properties/amount"));
}

#[test]
fn two_contracts_of_one_consumer_are_named() {
    let one = "consumer: crm\nevents:\n  a: {fields: {}}\n";
    check(
        &[("contracts/one.yaml", one), ("contracts/two.yaml", one)],
        expect![[r#"
        crm needs a [contract contracts/one.yaml:3]
          {"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{},"type":"object"}
        crm needs a [contract contracts/two.yaml:3]
          {"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{},"type":"object"}
        warning: contracts/two.yaml:1: `crm` has another contract in contracts/one.yaml (line 1); both count: join them, or give each consumer a name of its own
    "#]],
    );
}

#[test]
fn what_lies_among_contracts_and_is_none_is_passed_over() {
    check(&[("contracts/Token.json", "{\"abi\": [], \"bytecode\": \"0x\"}"), ("contracts/list.yaml", "- a\n- b\n")], expect![""]);
}

#[test]
fn contracts_may_lie_elsewhere_and_outside() {
    let text = "consumer: mailer\nevents:\n  a: {schema: ./s/a.json}\n";
    check_with(
        "[contracts]\npaths = [\"../mailer/contracts\"]\n",
        &[("../mailer/contracts/m.yaml", text), ("../mailer/contracts/s/a.json", "{\"type\": \"object\"}")],
        expect![[r#"
            mailer needs a [contract ../mailer/contracts/m.yaml:3]
              {"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object"}
        "#]],
    );
}

#[test]
fn the_published_schema_of_the_form_agrees_with_the_reader() {
    let schema = super::json_schema();
    assert!(jsonschema::draft202012::meta::is_valid(&schema));
    let validator = jsonschema::validator_for(&schema).expect("is a schema");
    let value = |text: &str| -> Value { Document::read(&RepoPath::new("a.yaml"), text).expect("is YAML").value };
    assert!(
        validator.is_valid(&value(CRM)),
        "{:?}",
        validator.iter_errors(&value(CRM)).map(|e| e.to_string()).collect::<Vec<_>>()
    );
    for (wrong, what) in [
        ("{consumer: a}", "no events"),
        ("{consumer: a, evnets: {}}", "unknown key"),
        ("{consumer: a, events: {e: {}}}", "says nothing"),
        ("{consumer: a, events: {e: {fields: {}, schema: true}}}", "both"),
        ("{consumer: a, events: {e: {fields: {id: strng}}}}", "type"),
        ("{consumer: a, events: {e: {fields: {id: {type: string, maxLenght: 5}}}}}", "key of a field"),
        ("{consumer: a, events: {e: {fields: {id: [a]}}}}", "list"),
        ("{consumer: a, events: {e: {fields: {}, unknown-fields: x}}}", "unknown-fields"),
    ] {
        assert!(!validator.is_valid(&value(wrong)), "the schema takes: {what}");
        let files = [("contracts/a.yaml", wrong)];
        assert_eq!(registry(&files).broken().count(), 1, "the reader takes: {what}");
    }
}
