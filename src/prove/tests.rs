use super::solve::EXHAUSTED;
use super::*;
use crate::schema::Draft;
use serde_json::json;

fn document(value: &Value) -> Document {
    Document::new(value.clone(), None, &[]).expect("a schema")
}

fn verdict(producer: &Value, consumer: &Value) -> Verdict {
    contains(&document(consumer), &document(producer), &Options::default())
}

fn is_contained(producer: &Value, consumer: &Value) {
    assert_eq!(verdict(producer, consumer), Verdict::Contained, "{producer} within {consumer}");
}

/// The witness, which the validator has confirmed.
fn escape(producer: &Value, consumer: &Value) -> Value {
    match verdict(producer, consumer) {
        Verdict::Escapes(witness) => witness.payload().clone(),
        other => panic!("{other:?}: {producer} within {consumer}"),
    }
}

#[test]
fn what_the_field_gives_up_on_is_proved() {
    for (producer, consumer) in [
        // Negated constants, tuples and counts.
        (json!({"not": {"const": 1}}), json!({"not": {"enum": [1]}})),
        (json!({"type": "array", "not": {"prefixItems": [{"type": "string"}]}}), json!({"not": {"const": ["a"]}})),
        (json!({"type": "array", "contains": {"const": 1}, "minContains": 3}), json!({"minItems": 3})),
        // Recursion through different roots.
        (
            json!({"type": "object", "properties": {"next": {"$ref": "#"}, "n": {"type": "integer"}}}),
            json!({"type": "object", "properties": {"next": {"$ref": "#"}, "n": {"type": "number"}}}),
        ),
        // Pattern cells beside the rest, and names.
        (
            json!({"type": "object", "patternProperties": {"^x": {"type": "integer"}}, "additionalProperties": false}),
            json!({"patternProperties": {"^x-": {"type": "number"}}, "propertyNames": {"pattern": "x"}}),
        ),
        (
            json!({"type": "object", "allOf": [{"properties": {"a": {"type": "string"}}}], "unevaluatedProperties": false}),
            json!({"properties": {"a": {"type": "string"}}, "additionalProperties": false}),
        ),
        (json!({"type": "array", "uniqueItems": true, "items": {"type": "boolean"}}), json!({"maxItems": 2})),
        (json!({"multipleOf": 6}), json!({"anyOf": [{"multipleOf": 4}, {"multipleOf": 3}]})),
        (json!({"type": "string", "pattern": "^cus_[a-z]{8}$"}), json!({"minLength": 12, "maxLength": 12, "pattern": "_"})),
    ] {
        is_contained(&producer, &consumer);
    }
}

#[test]
fn an_object_that_cannot_end_has_no_instance() {
    let endless = json!({"$ref": "#/$defs/a", "$defs": {"a": {"type": "object", "required": ["b"], "properties": {"b": {"$ref": "#/$defs/a"}}}}});
    is_contained(&endless, &json!(false));
}

#[test]
fn a_large_union_is_compared_branch_by_branch() {
    let branch = |index: usize, kind: &str| {
        json!({"type": "object", "required": ["type", "id"], "properties": {
            "type": {"const": format!("event.{index}")}, "id": {"type": kind}}})
    };
    let union = |kind: &str| json!({"oneOf": (0..60).map(|index| branch(index, if index == 30 { kind } else { "integer" })).collect::<Vec<_>>()});
    is_contained(&union("integer"), &union("number"));
    assert_eq!(escape(&union("string"), &union("integer"))["type"], json!("event.30"));
}

#[test]
fn witnesses_are_small_and_readable() {
    let producer = json!({"type": "object", "required": ["email", "age"], "properties": {
        "email": {"type": "string", "format": "email"}, "age": {"type": "integer", "minimum": 0}, "note": {"type": "string"}}});
    let consumer = json!({"type": "object", "required": ["email"], "properties": {"age": {"maximum": 120}}});
    assert_eq!(escape(&producer, &consumer), json!({"email": "ada@example.com", "age": 121}));
}

#[test]
fn a_writer_does_not_send_what_it_does_not_declare() {
    let small = json!({"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}});
    let larger =
        json!({"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "note": {"type": "string"}}});
    let reads =
        |consumer: &Value, producer: &Value| contains(&document(consumer), &document(producer).written(), &Options::default());
    // The pure question sees the key that silence leaves open; the writer's reading does not.
    assert_eq!(escape(&small, &larger).as_object().map(|map| map.contains_key("note")), Some(true));
    assert_eq!(reads(&larger, &small), Verdict::Contained);
    // What parts declare counts together.
    let parts =
        json!({"allOf": [{"$ref": "#/$defs/base"}, {"properties": {"note": {"type": "string"}}}], "$defs": {"base": small}});
    assert_eq!(reads(&larger, &parts), Verdict::Contained);
    let closed = json!({"properties": {"id": true, "note": true}, "additionalProperties": false});
    assert_eq!(reads(&closed, &parts), Verdict::Contained);
    // A word of its own about other keys stays.
    for (keyword, value) in [("additionalProperties", json!(true)), ("patternProperties", json!({"^n": {}}))] {
        let mut open = small.clone();
        open[keyword] = value;
        assert!(matches!(reads(&larger, &open), Verdict::Escapes(_)), "{keyword}");
    }
    // The reading reaches values inside.
    let nested = |inner: &Value| json!({"type": "object", "properties": {"data": {"type": "array", "items": inner}}});
    assert_eq!(reads(&nested(&larger), &nested(&small)), Verdict::Contained);
}

#[test]
fn what_parts_declare_of_a_value_inside_counts_together() {
    let reads =
        |consumer: &Value, producer: &Value| contains(&document(consumer), &document(producer).written(), &Options::default());
    let producer = json!({
        "type": "object",
        "properties": {"lines": {"type": "array", "items": {"type": "object", "required": ["sku", "kind"],
            "properties": {"sku": {"type": "string"}, "kind": {"type": "string"}}}}},
        "if": {"required": ["beta"], "properties": {"beta": {"const": true}}},
        "else": {"properties": {"lines": {"items": {"properties": {"kind": {"enum": ["a", "b"]}}}}}}
    });
    let mut consumer = producer.clone();
    consumer["else"]["properties"]["lines"]["items"]["properties"]["kind"]["enum"] = json!(["a"]);
    assert!(matches!(reads(&consumer, &producer), Verdict::Escapes(_)));
    let names = json!({"properties": {"lines": {"items": {"propertyNames": {"enum": ["sku", "kind"]}}}}});
    assert_eq!(reads(&names, &producer), Verdict::Contained);
    // What one alternative declares is not sent where another one holds.
    let event = |kind: &str, key: &str| {
        json!({"type": "object", "required": ["kind"],
               "properties": {"kind": {"const": kind}, "data": {"type": "object", "properties": {key: {"type": "string"}}}}})
    };
    let union = json!({"oneOf": [event("x", "a"), event("y", "b")]});
    let only = json!({"if": {"required": ["kind"], "properties": {"kind": {"const": "x"}}},
                      "then": {"properties": {"data": {"propertyNames": {"const": "a"}}}}});
    assert_eq!(reads(&only, &union), Verdict::Contained);
    // Recursion ends.
    let tree = json!({"type": "object", "properties": {"next": {"$ref": "#"}}, "allOf": [{"properties": {"next": {"properties": {"n": {}}}}}]});
    let deep = json!({"properties": {"next": {"properties": {"next": {"propertyNames": {"enum": ["next", "n"]}}}}}});
    assert_eq!(reads(&deep, &tree), Verdict::Contained);
}

#[test]
fn a_number_inside_a_constant_may_be_written_either_way() {
    let old = json!({"$schema": "http://json-schema.org/draft-04/schema#", "items": {"type": "integer"}});
    assert_eq!(escape(&json!({"const": [1]}), &old).to_string(), "[1.0]");
    assert_eq!(
        escape(
            &json!({"enum": [{"a": [1]}]}),
            &json!({"$schema": "http://json-schema.org/draft-04/schema#",
        "properties": {"a": {"items": {"type": "integer"}}}})
        )
        .to_string(),
        r#"{"a":[1.0]}"#
    );
    is_contained(&json!({"const": [1]}), &json!({"items": {"type": "integer"}}));
}

#[test]
fn each_side_is_read_in_its_own_draft() {
    let old =
        json!({"$schema": "http://json-schema.org/draft-04/schema#", "type": "number", "minimum": 0, "exclusiveMinimum": true});
    let new = json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "number", "exclusiveMinimum": 0});
    is_contained(&old, &new);
    is_contained(&new, &old);
    let hidden = json!({"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#/definitions/a", "type": "null",
                        "definitions": {"a": {"type": "string"}}});
    is_contained(&hidden, &json!({"type": "string"}));
}

#[test]
fn references_lead_to_what_was_handed_in_and_nowhere_else() {
    let common = ("https://x.test/common.json".to_owned(), json!({"$defs": {"id": {"type": "integer"}}}));
    let value = json!({"$ref": "common.json#/$defs/id"});
    let near = Document::at("https://x.test/order.json", value.clone(), None, std::slice::from_ref(&common)).expect("a schema");
    assert_eq!(contains(&document(&json!({"type": "number"})), &near, &Options::default()), Verdict::Contained);
    let far = document(&value);
    assert!(matches!(contains(&document(&json!({"type": "number"})), &far, &Options::default()), Verdict::Unknown(_)));
}

#[test]
fn odd_documents_get_a_clear_answer() {
    for (producer, consumer) in [
        (json!({"$ref": "#"}), json!({"type": "null"})),
        (json!({"anyOf": [{"$ref": "#"}, {"type": "null"}]}), json!({"type": "null"})),
        (json!({"type": "string", "pattern": "(a"}), json!({"pattern": "b"})),
        (json!({"type": 5}), json!({"type": "null"})),
        (json!({"type": "string", "pattern": "^(a)\\1$"}), json!({"maxLength": 1_000})),
    ] {
        match verdict(&producer, &consumer) {
            Verdict::Unknown(reason) => assert!(!reason.text.is_empty()),
            other => panic!("{other:?}: {producer} within {consumer}"),
        }
        accepts(&document(&producer), &json!({}));
    }
    let mut deep = json!({});
    for _ in 0..10_000 {
        deep = Value::Array(vec![deep]);
    }
    let mut schema = serde_json::Map::new();
    schema.insert("const".to_owned(), deep);
    let refused = Document::new(Value::Object(schema), None, &[]).expect_err("nested too deep");
    assert!(refused.text.contains("nested"));
    assert_eq!((refused.keyword.as_str(), refused.place.as_str()), ("const", ""));
}

#[test]
fn a_chain_of_definitions_does_not_take_the_stack() {
    let count = 1_500;
    let definitions: serde_json::Map<String, Value> = (0..count)
        .map(|index| {
            let inner =
                if index + 1 == count { json!({"type": "integer"}) } else { json!({"$ref": format!("#/$defs/d{}", index + 1)}) };
            (format!("d{index}"), inner)
        })
        .collect();
    is_contained(&json!({"$ref": "#/$defs/d0", "$defs": definitions}), &json!({"type": "number"}));
}

#[test]
fn violations_name_the_field() {
    let consumer = document(
        &json!({"type": "object", "required": ["id"], "properties": {"data": {"properties": {"n": {"type": "integer"}}}}}),
    );
    let found = violations(&consumer, &json!({"data": {"n": "x"}}));
    let said: Vec<(&str, &str, Option<&str>)> = found
        .iter()
        .map(|violation| (violation.path.as_str(), violation.keyword.as_str(), violation.property.as_deref()))
        .collect();
    assert_eq!(said, [("", "required", Some("id")), ("/data/n", "type", None)]);
}

#[test]
fn a_sample_is_an_instance() {
    for schema in [
        json!({"type": "object", "required": ["email", "tags"], "properties": {"email": {"type": "string"}, "tags": {"type": "array", "minItems": 1, "items": {"enum": ["a"]}}}}),
        json!({"type": "string", "pattern": "^[A-Z]{3}-[0-9]+$"}),
        json!({"oneOf": [{"type": "integer", "multipleOf": 7, "minimum": 8}, false]}),
    ] {
        let document = document(&schema);
        let value = sample(&document).expect("it has instances");
        assert!(accepts(&document, &value), "{value}");
    }
    assert_eq!(sample(&document(&json!(false))), None);
    assert_eq!(document(&json!(true)).draft(), Draft::Draft202012);
}

#[test]
fn formats_are_annotations_unless_asked_otherwise() {
    let (producer, consumer) = (json!({"type": "string"}), json!({"format": "uuid"}));
    is_contained(&producer, &consumer);
    let asserting = |value: &Value| document(value).asserting_formats(true);
    let answer = contains(&asserting(&consumer), &asserting(&producer), &Options::default());
    assert!(matches!(answer, Verdict::Escapes(_)), "{answer:?}");
    let same = contains(&asserting(&consumer), &asserting(&json!({"type": "string", "format": "uuid"})), &Options::default());
    assert_eq!(same, Verdict::Contained);
}

#[test]
fn where_the_steps_run_out_the_widest_choice_is_named() {
    let choices = |keys: [&str; 2]| -> Vec<Value> {
        (0..30)
            .map(|at| {
                let third = json!({"required": [format!("c{at}")]});
                let mut parts: Vec<Value> = keys.iter().map(|key| json!({"required": [format!("{key}{at}")]})).collect();
                parts.extend((at == 7).then_some(third));
                json!({"oneOf": parts})
            })
            .collect()
    };
    let prepared = |value: Value| Document::new(value, None, &[]).expect("a schema");
    let (producer, consumer) =
        (prepared(json!({"allOf": choices(["a", "b"])})), prepared(json!({"allOf": choices(["a", "d"]), "minProperties": 1})));
    let Verdict::Unknown(reason) = contains(&consumer, &producer, &Options { steps: 1 }) else {
        panic!("one step decides nothing here")
    };
    assert_eq!((reason.keyword.as_str(), reason.place.as_str()), ("oneOf", "/allOf/7"));
    assert!(reason.text.contains("more steps"), "{reason}");
}

#[test]
fn a_reason_names_the_keyword_within_the_value_where_the_search_gave_up() {
    let prepared = |value: Value| Document::new(value, None, &[]).expect("a schema");
    let located = |value: &str, text: &str, schema: Value| {
        let document = prepared(schema);
        let reason = Reason { value: value.to_owned(), ..Reason::new("", "", text) };
        let found = locate::located(&reason, [&document, &document]);
        (found.keyword, found.place)
    };
    let told = |keyword: &str, place: &str| (keyword.to_owned(), place.to_owned());
    // The widest choice of all is elsewhere.
    let schema = json!({
        "properties": {
            "kind": {"enum": ["a", "b", "c", "d"]},
            "lines": {"items": {"$ref": "#/$defs/line"}}
        },
        "additionalProperties": {"not": {"type": "string"}},
        "$defs": {"line": {"allOf": [{"oneOf": [{"required": ["a"]}, {"required": ["b"]}, {"required": ["c"]}]}]}}
    });
    assert_eq!(located("", EXHAUSTED, schema.clone()), told("enum", "/properties/kind"));
    assert_eq!(located("/lines/*", EXHAUSTED, schema.clone()), told("oneOf", "/$defs/line/allOf/0"));
    assert_eq!(located("/other", EXHAUSTED, schema.clone()), told("not", "/additionalProperties"));
    assert_eq!(located("/kind/none", EXHAUSTED, schema), told("enum", "/properties/kind"));
    // A condition and a negation offer two alternatives, more than one of anything else.
    assert_eq!(located("", EXHAUSTED, json!({"type": "string", "if": {"minLength": 2}})), told("if", ""));
    let list = json!({"properties": {"next": {"allOf": [{"$ref": "#"}]}, "type": {}}});
    assert_eq!(located("/next/next", TOO_DEEP, list.clone()), told("$ref", "/properties/next/allOf/0"));
    assert_eq!(located("", TOO_DEEP, list), told("properties", ""));
    assert_eq!(located("", TOO_DEEP, json!({"allOf": [{"not": {"minimum": 1}}]})), told("not", "/allOf/0"));
}
