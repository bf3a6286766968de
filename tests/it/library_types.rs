//! Types of the standard library and of well-known crates: what is extracted of them against what serde wrote.

use serde_json::Value;

use crate::program::{Place, fixture};

/// Types whose form depends on more than their declaration: they stay holes.
const HOLES: &[&str] = &["bound"];

#[test]
fn library_types_are_what_serde_writes() {
    let folder = fixture("sources/rust/libraries");
    let written: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("written.json")).expect("it is committed"))
        .expect("serde wrote it");
    let source = folder.join("src/main.rs");
    let said =
        Place::new().run(&["extract", source.to_str().expect("paths of tests are text"), "--format", "json"]).exits(0).json();
    let types = said["types"].as_array().expect("a list of types");
    let all = &types.iter().find(|found| found["name"] == "All").expect("the type is exported")["schema"];
    let mut wrong = Vec::new();
    for (name, value) in written.as_object().expect("an object was written") {
        let schema = &all["properties"][name];
        let is_hole = *schema == Value::Bool(true);
        if is_hole != HOLES.contains(&name.as_str()) {
            wrong.push(format!("{name}: a hole where none is expected, or none where one is: {schema}"));
        } else if !jsonschema::draft202012::is_valid(schema, value) {
            wrong.push(format!("{name}: {schema} does not hold {value}"));
        } else if !is_hole && jsonschema::draft202012::is_valid(schema, &other_than(value)) {
            wrong.push(format!("{name}: {schema} holds another type than {value}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(written.as_object().map(serde_json::Map::len), all["properties"].as_object().map(serde_json::Map::len));
}

/// A value of a type that the written one is not of.
fn other_than(value: &Value) -> Value {
    match value {
        Value::Bool(_) => Value::from("true"),
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => Value::Bool(true),
    }
}
