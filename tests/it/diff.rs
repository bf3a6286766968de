//! `driftgate diff` and `driftgate subschema` from outside: what they name, whom it breaks, and what they say to what is wrong.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::program::Place;

/// The findings of a comparison as `severity rule path`, with the verdict before them.
fn told(old: &str, new: &str, options: &[&str]) -> Vec<String> {
    let report = compared(old, new, options);
    let mut lines = vec![report["verdict"].as_str().unwrap_or_default().to_owned()];
    for finding in report["findings"].as_array().expect("findings is a list") {
        let word = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        lines.push(format!("{} {} {}", word("severity"), word("rule"), word("path")));
    }
    lines
}

fn compared(old: &str, new: &str, options: &[&str]) -> Value {
    let place = Place::new();
    place.write("old.json", old);
    place.write("new.json", new);
    let mut arguments = vec!["diff", "old.json", "new.json", "--format", "json"];
    arguments.extend(options);
    let said = place.run(&arguments);
    let report = said.json();
    let code = i32::from(report["verdict"] == "breaking");
    said.exits(code);
    report
}

const ID: &str = r#"{"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}"#;
const ID_AND_NOTE: &str = r#"{
  "type": "object",
  "required": ["id"],
  "properties": {
    "id": {"type": "string"},
    "note": {"type": "string"}
  }
}"#;

#[test]
fn an_optional_key_more_is_compatible_and_a_key_less_is_seen() {
    assert_eq!(told(ID, ID_AND_NOTE, &["--role", "producer"]), ["compatible", "note field-added /note"]);
    assert_eq!(told(ID, ID_AND_NOTE, &["--role", "consumer"]), ["compatible", "warning open-content /note"]);
    assert_eq!(told(ID_AND_NOTE, ID, &["--role", "producer"]), ["compatible", "warning field-removed /note"]);
    let required = ID_AND_NOTE.replace(r#"["id"]"#, r#"["id", "note"]"#);
    assert_eq!(told(&required, ID, &["--role", "producer"]), ["breaking", "error field-removed /note"]);
    assert_eq!(told(ID, &required, &["--role", "consumer"]), ["breaking", "error required-field-added /note"]);
    let closed = ID.replace(r#""required""#, r#""additionalProperties": false, "required""#);
    assert_eq!(told(&closed, ID_AND_NOTE, &["--role", "producer"]), ["breaking", "error field-added-closed-reader /note"]);
}

#[test]
fn the_strict_reading_makes_open_content_a_break() {
    let report = compared(ID, ID_AND_NOTE, &["--role", "consumer", "--strict-containment"]);
    assert_eq!(report["verdict"], "breaking", "{report:#}");
    let finding = &report["findings"][0];
    assert!(finding["evidence"].as_str().is_some_and(|text| text.contains("read as it stands")), "{finding:#}");
    assert!(finding["witness"]["note"].is_number() || !finding["witness"]["note"].is_string(), "{finding:#}");
    let usual = compared(ID, ID_AND_NOTE, &["--role", "consumer"]);
    let evidence = usual["findings"][0]["evidence"].as_str().unwrap_or_default();
    assert!(evidence.contains("read as sending what it declares"), "{usual:#}");
}

#[test]
fn a_mode_of_a_registry_is_a_role() {
    let narrowed = ID.replace(r#""string""#, r#""string", "maxLength": 3"#);
    let roles = [("BACKWARD", "consumer"), ("forward", "producer"), ("FULL", "both"), ("FULL_TRANSITIVE", "both")];
    for (mode, role) in roles {
        let (by_mode, by_role) = (told(ID, &narrowed, &["--mode", mode]), told(ID, &narrowed, &["--role", role]));
        assert_eq!(by_mode, by_role);
        let breaks = by_mode.contains(&"error length-narrowed /id".to_owned());
        assert_eq!(breaks, role != "producer", "{mode}: {by_mode:?}");
    }
    let place = Place::new();
    place.write("old.json", ID);
    place.run(&["diff", "old.json", "old.json", "--mode", "FULL", "--role", "both"]).exits(2);
}

#[test]
fn every_change_carries_a_payload_of_its_own() {
    let old = r#"{"type": "object", "required": ["a", "b"], "properties": {
        "a": {"type": "integer", "maximum": 10}, "b": {"enum": ["x", "y"]}, "c": {"type": "string"}}}"#;
    let new = r#"{"type": "object", "required": ["a", "b"], "properties": {
        "a": {"type": "integer", "maximum": 20}, "b": {"enum": ["x", "y", "z"]}, "c": {"type": ["string", "null"]}}}"#;
    let report = compared(old, new, &["--role", "producer"]);
    let findings = report["findings"].as_array().expect("a list");
    let found: Vec<(&str, &str)> =
        findings.iter().map(|one| (one["rule"].as_str().unwrap_or_default(), one["path"].as_str().unwrap_or_default())).collect();
    assert_eq!(found, [("range-widened", "/a"), ("enum-value-added", "/b"), ("field-became-nullable", "/c")]);
    assert!(findings.iter().all(|one| one["severity"] == "error"), "{report:#}");
    assert!(findings[0]["witness"]["a"].as_u64().is_some_and(|a| a > 10), "{report:#}");
    assert_eq!(findings[1]["witness"]["b"], "z");
    assert_eq!(findings[2]["witness"]["c"], Value::Null);
    assert_eq!(told(old, new, &["--role", "consumer"]), ["compatible"]);
}

#[test]
fn places_stand_in_both_documents() {
    let old = "{\n  \"type\": \"object\",\n  \"properties\": {\n    \"a\": {\"type\": \"string\"}\n  }\n}\n";
    let new = "{\n  \"type\": \"object\",\n\n  \"properties\": {\n\n    \"a\": {\"type\": \"integer\"}\n  }\n}\n";
    let report = compared(old, new, &["--role", "both"]);
    for finding in report["findings"].as_array().expect("a list") {
        assert_eq!(finding["rule"], "type-changed");
        assert_eq!((&finding["base"]["file"], &finding["base"]["line"]), (&json!("old.json"), &json!(4)));
        assert_eq!((&finding["head"]["file"], &finding["head"]["line"]), (&json!("new.json"), &json!(6)));
    }
}

#[test]
fn a_condition_is_seen_with_its_payload() {
    let with = r#"{"type": "object", "properties": {"kind": {"enum": ["a", "b"]}, "x": {"type": "string"}},
        "if": {"required": ["kind"], "properties": {"kind": {"const": "a"}}}, "then": {"required": ["x"]}}"#;
    let without = r#"{"type": "object", "properties": {"kind": {"enum": ["a", "b"]}, "x": {"type": "string"}}}"#;
    assert_eq!(told(without, with, &["--role", "consumer"]), ["breaking", "error conditional-changed "]);
    assert_eq!(told(with, without, &["--role", "producer"]), ["breaking", "error conditional-changed "]);
    assert_eq!(told(with, without, &["--role", "consumer"]), ["compatible", "note conditional-changed "]);
    let place = Place::new();
    assert!(place.run(&["explain", "conditional-changed"]).exits(0).out.contains("conditional-changed"));
    assert!(place.run(&["explain", "open-content"]).exits(0).out.contains("strict-containment"));
}

#[test]
fn what_a_schema_said_nothing_of_is_narrowed_in_words() {
    let open = r#"{"type": "object", "properties": {"a": {}}}"#;
    let typed = r#"{"type": "object", "properties": {"a": {"type": "string"}}}"#;
    assert_eq!(told(open, typed, &["--role", "consumer"]), ["breaking", "error type-narrowed /a"]);
    assert_eq!(told(typed, open, &["--role", "producer"]), ["breaking", "error type-widened /a"]);
}

#[test]
fn a_value_more_in_a_list_beside_other_forms_is_a_value_more() {
    let listed = |values: &str| {
        format!(
            r#"{{"type": "object", "properties": {{"state": {{"anyOf": [{{"enum": [{values}]}}, {{"type": "integer"}}]}}}}}}"#
        )
    };
    let (old, new) = (listed(r#""open", "paid""#), listed(r#""open", "paid", "void""#));
    assert_eq!(told(&old, &new, &["--role", "producer"]), ["breaking", "error enum-value-added /state"]);
    assert_eq!(told(&new, &old, &["--role", "consumer"]), ["breaking", "error enum-value-removed /state"]);
    // Both sides are asked, and what breaks one of them is told once.
    assert_eq!(told(&new, &old, &["--role", "both"]), ["breaking", "error enum-value-removed /state"]);
}

#[test]
fn a_newer_draft_alone_is_no_change() {
    let drafted = |draft: &str, definitions: &str, id: &str| {
        format!(
            r##"{{"$schema": "http://json-schema.org/{draft}/schema#", "{id}": "http://x.test/order.json", "type": "object",
                "required": ["count"], "properties": {{"count": {{"type": "integer"}}, "parent": {{"$ref": "#/{definitions}/order"}}}},
                "{definitions}": {{"order": {{"type": "object", "properties": {{"size": {{"type": "integer"}},
                    "next": {{"$ref": "#/{definitions}/order"}}}}}}}}}}"##
        )
    };
    let (old, new) = (drafted("draft-04", "definitions", "id"), drafted("draft-07", "definitions", "$id"));
    for role in ["producer", "consumer", "both"] {
        assert_eq!(told(&old, &new, &["--role", role]), ["compatible"], "{role}");
    }
    let narrower = new.replacen(r#"{"type": "integer"}"#, r#"{"type": "integer", "maximum": 3}"#, 1);
    assert_eq!(told(&old, &narrower, &["--role", "consumer"]), ["breaking", "error range-narrowed /count"]);
}

#[test]
fn a_payload_is_laid_to_the_change_that_it_is_refused_for() {
    let old = r#"{"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "maximum": 10}}}"#;
    let new = r#"{"type": "object", "required": ["a", "note"], "properties": {"a": {"type": "integer", "maximum": 20}, "note": {"type": "string"}}}"#;
    assert_eq!(told(old, new, &["--role", "producer"]), ["breaking", "error range-widened /a", "note field-added /note"]);
}

#[test]
fn what_did_not_change_in_a_union_is_not_named() {
    let document = |name: &str| {
        format!(
            r#"{{"type": "object", "properties": {{"name": {name}, "with": {{"type": "array"}}, "without": {{"type": "array"}}}},
                "anyOf": [{{"properties": {{"with": {{"maxItems": 0}}}}}}, {{"properties": {{"without": {{"maxItems": 0}}}}}}]}}"#
        )
    };
    let (old, new) = (document(r#"{"type": "string", "minLength": 1}"#), document(r#"{"type": "string"}"#));
    assert_eq!(told(&old, &new, &["--role", "both"]), ["breaking", "error length-widened /name"]);
}

#[test]
fn what_stands_in_several_places_is_one_cause() {
    let document = |values: &str| {
        format!(
            r##"{{"type": "object", "properties": {{"options": {{"$ref": "#/$defs/options"}},
                "overrides": {{"type": "array", "items": {{"type": "object", "properties": {{"options": {{"$ref": "#/$defs/options"}}}}}}}}}},
                "$defs": {{"options": {{"type": "object", "properties": {{"kind": {{"enum": [{values}]}}}}}}}}}}"##
        )
    };
    let (old, new) = (document(r#""script""#), document(r#""script", "module""#));
    let told = told(&old, &new, &["--role", "producer"]);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[1].starts_with("error enum-"), "{told:?}");
}

#[test]
fn avro_fills_in_what_has_a_default() {
    let place = Place::new();
    let record = |fields: &str| format!(r#"{{"type": "record", "name": "Order", "namespace": "shop", "fields": [{fields}]}}"#);
    let id = r#"{"name": "id", "type": "string"}"#;
    place.write("old.avsc", record(id));
    place.write("new.avsc", record(&format!(r#"{id}, {{"name": "note", "type": ["null", "string"], "default": null}}"#)));
    place.write("hard.avsc", record(&format!(r#"{id}, {{"name": "note", "type": "string"}}"#)));
    for (old, new, mode, code) in [
        ("old.avsc", "new.avsc", "FULL", 0),
        ("new.avsc", "old.avsc", "BACKWARD", 0),
        ("old.avsc", "hard.avsc", "BACKWARD", 1),
        ("old.avsc", "hard.avsc", "FORWARD", 0),
    ] {
        let report = place.run(&["diff", old, new, "--mode", mode, "--format", "json"]).exits(code).json();
        assert_eq!(report["verdict"] == "breaking", code == 1, "{old} {new} {mode}: {report:#}");
    }
}

#[test]
fn a_key_that_stands_twice_is_not_passed_over() {
    let place = Place::new();
    place.write("twice.json", "{\n  \"type\": \"string\",\n  \"type\": \"integer\"\n}\n");
    place.write("number.json", r#"{"type": "number"}"#);
    let answer = place.run(&["subschema", "twice.json", "number.json", "--format", "json"]).exits(0).json();
    assert_eq!(answer["subset"], true, "{answer}");
    let note = answer["diagnostics"][0].as_str().unwrap_or_default();
    assert!(note.contains("twice.json:3") && note.contains("`type`"), "{answer}");
    // The same of a comparison, in words and in what counts; and of what a document refers to.
    let report = place.run(&["diff", "twice.json", "number.json", "--format", "json"]).exits(1).json();
    assert_eq!(report["findings"][0]["rule"], "type-widened", "{report:#}");
    let said = &report["diagnostics"][0];
    assert_eq!((&said["file"], &said["line"]), (&json!("twice.json"), &json!(3)), "{report:#}");
    assert!(note.ends_with(said["message"].as_str().unwrap_or("none")), "{report:#}");
    place.write("refers.json", r#"{"properties": {"a": {"$ref": "twice.json"}}}"#);
    place.write("events.yaml", "openapi: 3.1.0\ninfo: {title: a}\ninfo: {title: b}\nwebhooks:\n  paid: {post: {requestBody: {content: {application/json: {schema: {type: string, type: integer}}}}}}\n");
    for (file, line) in [("refers.json", 3), ("events.yaml", 3)] {
        let report = place.run(&["diff", file, file, "--format", "json"]).exits(0).json();
        assert_eq!(report["diagnostics"][0]["line"], line, "{report:#}");
    }
    let line = r#"{"id": 1, "a": {"type": "string", "type": "integer"}, "b": {"type": "number"}}"#;
    let answers = batch(&[line.to_owned()], &[]);
    assert!(answers[0]["diagnostics"][0].as_str().is_some_and(|text| text.contains("`type`")), "{}", answers[0]);
}

#[test]
fn a_schema_that_is_too_large_is_undecided_and_not_read() {
    let place = Place::new();
    let properties: Vec<String> = (0..400_000).map(|index| format!(r#""k{index}":{{"type":"integer"}}"#)).collect();
    place.write("large.json", format!(r#"{{"properties":{{{}}}}}"#, properties.join(",")));
    place.write("small.json", ID);
    let answer = place.run(&["subschema", "large.json", "small.json", "--format", "json"]).exits(0).json();
    assert_eq!(answer["subset"], "unknown", "{answer}");
    assert!(answer["reason"].as_str().is_some_and(|reason| reason.contains("large.json")), "{answer}");
}

#[test]
fn a_history_is_held_against_every_version() {
    let place = Place::new();
    let version =
        |kind: &str| format!(r#"{{"type": "object", "properties": {{"id": {{"type": {kind}}}, "at": {{"type": "string"}}}}}}"#);
    place.write("1.json", version(r#""string""#));
    place.write("2.json", version(r#"["string", "integer"]"#));
    place.write("3.json", version(r#"["string", "integer", "null"]"#));
    place.write("4.json", version(r#""integer""#));
    let history = ["diff", "--history", "1.json", "2.json", "3.json", "4.json", "--format", "json"];
    let run = |mode: &str| place.run(&[&history[..], &["--mode", mode]].concat()).json();
    let transitive = run("FORWARD_TRANSITIVE");
    let neighbours = run("FORWARD");
    let messages = |report: &Value| -> Vec<String> {
        report["findings"].as_array().into_iter().flatten().filter_map(|one| Some(one["message"].as_str()?.to_owned())).collect()
    };
    assert!(messages(&transitive).iter().any(|text| text.contains("(1.json → 4.json)")), "{transitive:#}");
    assert!(messages(&neighbours).iter().all(|text| !text.contains("(1.json → 4.json)")), "{neighbours:#}");
    assert_eq!(transitive["verdict"], "breaking");
    place.run(&["diff", "--history", "1.json"]).exits(2);
    // The states of one file, by their commits.
    let place = Place::repository();
    place.write("s.json", version(r#""string""#));
    place.commit("one");
    place.write("s.json", version(r#""integer""#));
    place.commit("two");
    let report = place.run(&["diff", "HEAD~1:s.json", "HEAD:s.json", "--format", "json"]).exits(1).json();
    assert_eq!(report["findings"][0]["rule"], "type-changed");
}

#[test]
fn references_lead_to_the_files_beside_a_document() {
    let place = Place::new();
    for (side, kind) in [("old", "string"), ("new", "integer")] {
        place.write(
            &format!("{side}/order.json"),
            r##"{"type": "object", "properties": {"buyer": {"$ref": "common/buyer.json#/$defs/buyer"}}}"##,
        );
        place.write(
            &format!("{side}/common/buyer.json"),
            format!(r#"{{"$defs": {{"buyer": {{"type": "object", "properties": {{"id": {{"type": "{kind}"}}}}}}}}}}"#),
        );
    }
    let report = place.run(&["diff", "old/order.json", "new/order.json", "--format", "json"]).exits(1).json();
    let finding = &report["findings"][0];
    assert_eq!((&finding["rule"], &finding["path"]), (&json!("type-changed"), &json!("/buyer/id")), "{report:#}");
    assert_eq!(finding["head"]["file"], "new/common/buyer.json", "{report:#}");
    place.write("lost.json", r#"{"$ref": "nowhere.json"}"#);
    let report = place.run(&["diff", "lost.json", "old/order.json", "--format", "json"]).exits(0).json();
    assert_eq!(report["verdict"], "unknown", "{report:#}");
    let said = report["findings"].as_array().into_iter().flatten().find(|one| one["rule"] == "unknown-compatibility");
    assert!(said.is_some_and(|one| one["help"].as_str().is_some_and(|help| help.contains("--resource"))), "{report:#}");
}

#[test]
fn documents_of_events_are_compared_event_by_event() {
    let place = Place::new();
    let document = |kind: &str, second: &str| {
        format!(
            "asyncapi: 2.6.0\ninfo: {{title: shop, version: 1.0.0}}\nchannels:\n  orders:\n    subscribe:\n      message:\n        \
             name: order.paid\n        payload:\n          type: object\n          required: [id]\n          properties:\n            \
             id: {{type: {kind}}}\n{second}"
        )
    };
    let second = "  refunds:\n    subscribe:\n      message:\n        name: order.refunded\n        payload: {type: object}\n";
    place.write("old.yaml", document("string", second));
    place.write("new.yaml", document("integer", ""));
    let report = place.run(&["diff", "old.yaml", "new.yaml", "--format", "json"]).exits(1).json();
    let found: Vec<(&str, &str)> = report["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| (one["rule"].as_str().unwrap_or_default(), one["event"].as_str().unwrap_or_default()))
        .collect();
    assert!(found.contains(&("type-changed", "orders")), "{report:#}");
    assert!(found.contains(&("event-removed", "refunds")), "{report:#}");
    let changed =
        report["findings"].as_array().into_iter().flatten().find(|one| one["rule"] == "type-changed").expect("it is there");
    assert_eq!((&changed["head"]["file"], &changed["head"]["line"]), (&json!("new.yaml"), &json!(12)), "{report:#}");
}

/// The findings of a report as `severity rule event path line`, the line being head's.
fn by_event(report: &Value) -> Vec<String> {
    let line = |one: &Value| {
        let word = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
        format!("{} {} {} {} {}", word("severity"), word("rule"), word("event"), word("path"), one["head"]["line"])
    };
    report["findings"].as_array().into_iter().flatten().map(line).collect()
}

#[test]
fn schemas_of_a_document_without_events_are_compared_by_their_names() {
    let place = Place::new();
    let components = |version: &str, kind: &str, second: &str| {
        format!(
            "openapi: {version}\ninfo: {{title: shop, version: 1.0.0}}\npaths: {{}}\ncomponents:\n  schemas:\n    Order:\n      \
             type: object\n      required: [id]\n      properties:\n        id: {{type: {kind}}}\n        \
             total: {{$ref: '#/components/schemas/Money'}}\n    Money:\n      type: object\n      properties:\n        \
             amount: {{type: {kind}, nullable: true}}\n    {second}: {{type: object, properties: {{a: {{type: string}}}}}}\n    \
             Free: {{type: boolean}}\n"
        )
    };
    place.write("old.yaml", components("3.0.3", "string", "Refund"));
    place.write("new.yaml", components("3.0.3", "integer", "Return"));
    let report = place.run(&["diff", "old.yaml", "new.yaml", "--format", "json"]).exits(1).json();
    // What `Money` says is told at `Money` alone, though `Order` has one.
    let expected = ["error type-changed Money /amount 15", "error type-changed Order /id 10", "warning event-renamed Refund  16"];
    assert_eq!(by_event(&report), expected, "{report:#}");
    let note = report["notes"][0].as_str().unwrap_or_default();
    assert!(note.contains("`components.schemas`") && note.contains("--role"), "{report:#}");
    // A null is one of a payload's values in 3.0, and none in 3.1 by that keyword.
    place.write("new.yaml", components("3.0.3", "string", "Refund").replace(", nullable: true", ""));
    let report = place.run(&["diff", "old.yaml", "new.yaml", "--role", "consumer", "--format", "json"]).exits(1).json();
    assert_eq!(by_event(&report), ["error field-became-non-nullable Money /amount 15"], "{report:#}");
    // Once a document speaks of events, those are compared; before, there was nothing that could break.
    let hooks = "webhooks:\n  paid: {post: {requestBody: {content: {application/json: {schema: {type: string}}}}}}\n";
    place.write("new.yaml", components("3.1.0", "string", "Refund").replace("paths: {}\n", hooks));
    place.write("old.yaml", components("3.1.0", "string", "Refund"));
    place.run(&["diff", "old.yaml", "new.yaml"]).exits(0);
    place.run(&["diff", "new.yaml", "old.yaml"]).exits(1);
    place.write("none.yaml", "openapi: 3.1.0\ninfo: {title: shop, version: 1.0.0}\npaths: {}\n");
    place.run(&["diff", "none.yaml", "none.yaml"]).exits(2).complains(&["none.yaml", "components/schemas"]);
    // Other documents that hold schemas by name.
    let swagger = |kind: &str| format!(r#"{{"swagger": "2.0", "definitions": {{"A b": {{"type": "{kind}"}}}}}}"#);
    let defined = |kind: &str| {
        format!(r##"{{"title": "parts", "$defs": {{"a/b": {{"items": {{"$ref": "#/$defs/c"}}}}, "c": {{"type": "{kind}"}}, "n": 0}}}}"##)
            .replace(r#", "n": 0"#, "")
    };
    for (document, expected) in
        [(&swagger as &dyn Fn(&str) -> String, "error type-changed A b  1"), (&defined, "error type-changed c  1")]
    {
        place.write("old.json", document("string"));
        place.write("new.json", document("integer"));
        let report = place.run(&["diff", "old.json", "new.json", "--format", "json"]).exits(1).json();
        assert_eq!(by_event(&report), [expected], "{report:#}");
    }
}

#[test]
fn the_part_that_says_what_changed_is_the_place() {
    let place = Place::new();
    let document = |part: &str| {
        format!(
            "{{\n\"allOf\": [\n{{\"properties\": {{\"end\": {{\"type\": [\"string\", \"null\"]}}}}}},\n{{\"properties\": {{\n{part}\n}}}}\n]}}\n"
        )
    };
    place.write("old.json", document(r#""other": {"type": "string"}"#));
    place.write("new.json", document(r#""end": {"type": "string"}"#));
    let report = place.run(&["diff", "old.json", "new.json", "--role", "consumer", "--format", "json"]).exits(1).json();
    let finding = &report["findings"][0];
    assert_eq!((&finding["rule"], &finding["path"]), (&json!("field-became-non-nullable"), &json!("/end")), "{report:#}");
    assert_eq!((&finding["base"]["line"], &finding["head"]["line"]), (&json!(3), &json!(5)), "{report:#}");
    // A key that is turned away is turned away by what says so, in the object that it stands in.
    let closed = |more: &str| {
        format!(
            "{{\"properties\": {{\"a\": {{\n\"type\": \"object\",\n\"additionalProperties\": false,\n\"properties\": {{{more}}}\n}}}},\n\
             \"additionalProperties\": false}}\n"
        )
    };
    place.write("old.json", closed(""));
    place.write("new.json", closed(r#""b": {}"#));
    let report = place.run(&["diff", "old.json", "new.json", "--format", "json"]).exits(1).json();
    let finding = &report["findings"][0];
    assert_eq!((&finding["rule"], &finding["base"]["line"]), (&json!("field-added-closed-reader"), &json!(3)), "{report:#}");
}

#[test]
fn what_was_null_alone_or_could_not_be_there_is_said_in_words() {
    let typed = |schema: &str| format!(r#"{{"type": "object", "properties": {{"a": {schema}}}}}"#);
    let (null, both, text) =
        (typed(r#"{"type": "null"}"#), typed(r#"{"type": ["null", "string"]}"#), typed(r#"{"type": "string"}"#));
    assert_eq!(told(&null, &both, &["--role", "producer"]), ["breaking", "error type-widened /a"]);
    assert_eq!(told(&both, &null, &["--role", "consumer"]), ["breaking", "error type-narrowed /a"]);
    assert_eq!(told(&null, &both, &["--role", "consumer"]), ["compatible"]);
    assert_eq!(told(&null, &text, &["--role", "both"]), ["breaking", "error type-changed /a", "error type-changed /a"]);
    let report = compared(&both, &null, &["--role", "consumer"]);
    assert_eq!(report["findings"][0]["message"], "`a` is no longer string, and may only be null");
    // A key under which nothing may stand is not there.
    let never = r#"{"type": "object", "properties": {"a": false}, "additionalProperties": false}"#;
    let there = r#"{"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false}"#;
    assert_eq!(told(never, there, &["--role", "producer"]), ["breaking", "error field-added-closed-reader /a"]);
    assert_eq!(told(never, there, &["--role", "consumer"]), ["compatible"]);
    assert_eq!(told(there, never, &["--role", "producer"]), ["compatible", "warning field-removed /a"]);
    assert_eq!(told(there, never, &["--role", "consumer"])[0], "breaking");
}

#[test]
fn what_is_no_schema_gets_a_clear_answer() {
    let place = Place::new();
    place.write("good.json", ID);
    place.write("torn.json", "{\"type\": ");
    place.write("list.json", "[1, 2]");
    place.write("deep.json", format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)));
    for name in ["torn.json", "list.json", "deep.json", "missing.json"] {
        place.run(&["diff", "good.json", name]).exits(2).complains(&[name]);
    }
    for name in ["torn.json", "deep.json", "missing.json"] {
        place.run(&["subschema", "good.json", name]).exits(2).complains(&[name]);
    }
    let unknown = |name: &str, part: &str| {
        let answer = place.run(&["subschema", name, "good.json", "--format", "json"]).exits(0).json();
        assert_eq!(answer["subset"], "unknown", "{name}: {answer}");
        assert!(answer["reason"].as_str().is_some_and(|reason| reason.contains(part)), "{name}: {answer}");
        let report = place.run(&["diff", "good.json", name, "--format", "json"]).exits(0).json();
        assert_eq!(report["verdict"], "unknown", "{name}: {report:#}");
    };
    place.write("invalid.json", r#"{"type": "object", "required": "id"}"#);
    unknown("invalid.json", "not valid");
    place.write("cycle.json", r##"{"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}}"##);
    unknown("cycle.json", "leads back");
    place.write("lost.json", r##"{"$ref": "#/$defs/a"}"##);
    unknown("lost.json", "/$defs/a");
}

#[test]
fn an_answer_that_is_not_known_names_keyword_and_place() {
    let place = Place::new();
    let inside = |schema: Value| json!({"type": "object", "properties": {"a b": {"items": schema}}}).to_string();
    let digits = format!(r#"{{"properties": {{"n": {{"minimum": {}}}}}}}"#, "7".repeat(20_000));
    place.write("b.json", inside(json!({"type": "string", "pattern": "^(a|b)*$"})));
    for (schema, said) in [
        (inside(json!({"type": "string", "pattern": "^(?=(a+))\\1b$"})), ["`pattern`", "`/properties/a b/items`"]),
        (inside(json!({"type": "string", "pattern": "^(a|b)*a(a|b){60}$"})), ["`pattern`", "`/properties/a b/items`"]),
        (inside(json!({"$ref": "http://x.test/y.json#/$defs/z"})), ["`$ref`", "`/properties/a b/items`"]),
        (inside(json!({"$ref": "#/$defs/z"})), ["`$ref`", "/properties/a b/items"]),
        (inside(json!({"required": "z"})), ["not valid", "`required` at `/properties/a b/items`"]),
        (digits, ["`minimum`", "`/properties/n/minimum`"]),
    ] {
        place.write("a.json", schema);
        let answer = place.run(&["subschema", "a.json", "b.json", "--format", "json"]).exits(0).json();
        let reason = answer["reason"].as_str().unwrap_or_default();
        assert!(answer["subset"] == "unknown" && said.iter().all(|part| reason.contains(part)), "{said:?}: {answer}");
    }
}

#[test]
fn a_private_dialect_is_read_as_the_draft_of_its_keywords() {
    let place = Place::new();
    let schema =
        |kind: &str| format!(r#"{{"$schema": "https://acme.test/meta/v1", "type": "array", "items": [{{"type": "{kind}"}}]}}"#);
    place.write("old.json", schema("string"));
    place.write("new.json", schema("integer"));
    let said = place.run(&["diff", "old.json", "new.json"]).exits(1);
    assert!(said.out.contains("acme.test/meta/v1") && said.out.contains("draft 7"), "{}", said.out);
    let answer = place.run(&["subschema", "new.json", "old.json", "--format", "json"]).exits(1).json();
    assert_eq!(answer["witness"].as_array().map(Vec::len), Some(1), "{answer}");
    assert!(answer["diagnostics"][0].as_str().is_some_and(|text| text.contains("acme.test/meta/v1")), "{answer}");
}

/// Answers of a batch, by the ids of its lines.
fn batch(lines: &[String], options: &[&str]) -> Vec<Value> {
    let place = Place::new();
    let mut child = place
        .command(env!("CARGO_BIN_EXE_driftgate"), &place.dir)
        .args(["subschema", "--batch"])
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program is built");
    let mut input = child.stdin.take().expect("it is piped");
    let text = lines.join("\n");
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("it does not panic").expect("it reads everything");
    assert!(output.status.success());
    let answers = String::from_utf8(output.stdout).expect("it is text");
    answers.lines().map(|line| serde_json::from_str(line).expect("an answer is JSON")).collect()
}

#[test]
fn a_batch_survives_everything_and_answers_in_order() {
    let pattern = |text: &str| json!({"type": "string", "pattern": text});
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let lines: Vec<String> = [
        json!({"id": 0, "a": {"const": 12345678901234567890_u64}, "b": {"maximum": 12345678901234567889_u64}}).to_string(),
        format!(r#"{{"id": 1, "a": {deep}, "b": {{}}}}"#),
        r#"{"id": 2, "a": {"const": 1e400}, "b": {"type": "string"}}"#.to_owned(),
        json!({"id": 3, "a": pattern("^(?=(a+))\\1b$"), "b": pattern("^a")}).to_string(),
        json!({"id": 4, "a": pattern("^(a|b)*a(a|b){60}$"), "b": pattern("^(a|b)*$")}).to_string(),
        json!({"id": 5, "a": pattern("("), "b": {}}).to_string(),
        "not json".to_owned(),
        json!({"id": 7, "a": {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1, "exclusiveMinimum": true},
               "b": {"$schema": "http://json-schema.org/draft-07/schema#", "exclusiveMinimum": 1}}).to_string(),
        json!({"id": 8, "a": {"type": "string", "nullable": true}, "b": {"type": "string"}, "draft": "openapi-3.0"}).to_string(),
        json!({"id": 9, "a": {"type": "string", "nullable": true, "enum": ["x"]}, "b": {"type": "string"}, "draft": "openapi-3.0"}).to_string(),
        json!({"id": 10, "a": {"oneOf": [{"type": "object", "required": ["t"], "properties": {"t": {"enum": ["a"]}}}],
               "discriminator": {"propertyName": "t"}}, "b": {"required": ["t"]}, "draft": "openapi-3.0"}).to_string(),
        json!({"id": 11, "a": {"type": "string", "format": "date"}, "b": {"type": "string", "minLength": 10}}).to_string(),
        json!({"id": 12, "a": {"type": "string"}, "b": {"type": "string", "format": "date"}}).to_string(),
    ]
    .into();
    let answers = batch(&lines, &[]);
    assert_eq!(answers.len(), lines.len());
    let subset = |at: usize| answers[at]["subset"].clone();
    assert_eq!((subset(0), answers[0]["witness"].to_string()), (json!(false), "12345678901234567890".to_owned()));
    assert!(answers[1]["error"].is_string() || subset(1) == "unknown", "{}", answers[1]);
    assert_eq!(subset(2), json!(false));
    assert!(answers[2]["witness"].to_string().to_lowercase().starts_with("1"), "{}", answers[2]);
    assert_ne!(subset(3), json!(false), "{}", answers[3]);
    assert!(subset(3) == "unknown" || subset(3) == true, "{}", answers[3]);
    assert!(subset(4) == "unknown" || subset(4) == true, "{}", answers[4]);
    assert_ne!(subset(5), json!(false), "{}", answers[5]);
    assert!(answers[6]["error"].is_string());
    assert_eq!(subset(7), json!(true), "{}", answers[7]);
    assert_eq!((subset(8), answers[8]["witness"].clone()), (json!(false), Value::Null), "{}", answers[8]);
    assert_eq!(subset(9), json!(true), "{}", answers[9]);
    assert!(subset(10) == true || subset(10) == false, "{}", answers[10]);
    assert_eq!((subset(11), subset(12)), (json!(false), json!(true)), "format is an annotation");
    let asserted = batch(&lines[11..], &["--assert-format"]);
    assert_ne!(asserted[1]["subset"], json!(true), "{}", asserted[1]);
}
