use super::*;
use crate::schema::Draft;
use serde_json::json;

fn shape_of(value: &Value, draft: Draft) -> Arc<Shape> {
    read(Source { value, draft, base: "json-schema:///", resources: &[] }, &|_| None).shape
}

fn object(shape: &Shape) -> &ObjectShape {
    shape.as_object().expect("an object")
}

#[test]
fn the_parts_of_an_all_of_become_one_object() {
    let schema = json!({
        "$defs": {"base": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}},
        "allOf": [{"$ref": "#/$defs/base"}, {"properties": {"id": {"minimum": 1}, "name": {"type": "string", "default": "x"}}}],
    });
    let shape = shape_of(&schema, Draft::Draft202012);
    let object = object(&shape);
    let id = object.field("id").expect("declared in both parts");
    assert_eq!(id.presence, Presence::Required);
    assert!(matches!(&id.shape.kind, ShapeKind::Integer(range) if range.minimum == Some(1.into())));
    assert_eq!(object.field("name").expect("declared").default, Some(json!("x")));
}

#[test]
fn a_recursive_definition_names_the_shape_around_it() {
    let schema = json!({
        "$ref": "#/$defs/node",
        "$defs": {"node": {"type": "object", "properties": {"next": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/node"}]}}}},
    });
    let shape = shape_of(&schema, Draft::Draft202012);
    assert_eq!(shape.name.as_deref(), Some("node"));
    let next = &object(&shape).field("next").expect("declared").shape;
    assert!(next.branches().iter().any(|branch| matches!(&branch.kind, ShapeKind::Recursive(name) if &**name == "node")));
}

#[test]
fn nullable_widens_a_type_and_not_an_enum() {
    let schema = json!({"type": "object", "properties": {
        "a": {"type": "string", "nullable": true},
        "b": {"type": "string", "nullable": true, "enum": ["x", "y"]},
    }});
    let shape = shape_of(&schema, Draft::OpenApi30);
    assert!(object(&shape).field("a").expect("declared").shape.admits_null());
    assert!(!object(&shape).field("b").expect("declared").shape.admits_null());
}

#[test]
fn what_is_said_of_other_keys_is_kept() {
    for (schema, rest) in [
        (json!({"type": "object"}), "silent"),
        (json!({"type": "object", "additionalProperties": false}), "closed"),
        (json!({"type": "object", "unevaluatedProperties": false}), "closed"),
        (json!({"type": "object", "additionalProperties": true}), "open"),
        (json!({"type": "object", "patternProperties": {"^x": {"type": "null"}}}), "open"),
    ] {
        let shape = shape_of(&schema, Draft::Draft202012);
        let found = match object(&shape).rest {
            Rest::Silent => "silent",
            Rest::Closed => "closed",
            Rest::Open { .. } => "open",
        };
        assert_eq!(found, rest, "{schema}");
    }
}

#[test]
fn what_a_shape_cannot_say_is_noted() {
    let schema = json!({"type": "object", "not": {"required": ["a"]}, "properties": {"b": {"if": {}, "type": "string"}}});
    let reading = read(Source { value: &schema, draft: Draft::Draft202012, base: "json-schema:///", resources: &[] }, &|_| None);
    let said: Vec<(&str, &str)> =
        reading.omissions.iter().map(|omission| (omission.keyword.as_str(), omission.place.as_str())).collect();
    assert_eq!(said, [("if", "/properties/b"), ("not", "")]);
}

#[test]
fn a_field_stands_where_its_key_stands() {
    use crate::source::{RepoPath, Span};
    let schema = json!({"type": "object", "properties": {"a/b": {"type": "string"}}});
    let places = |pointer: &str| (pointer == "/properties/a~1b").then(|| Origin::new(RepoPath::new("x.json"), Span::new(3, 8)));
    let source = Source { value: &schema, draft: Draft::Draft202012, base: "json-schema:///", resources: &[] };
    let reading = read(source, &places);
    let field = object(&reading.shape).field("a/b").expect("declared").clone();
    assert_eq!(field.origin.map(|origin| origin.span), Some(Span::new(3, 8)));
}
