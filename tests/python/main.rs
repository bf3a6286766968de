//! The declarations under `fixtures/sources/python/declarations`, held against what the libraries say of them themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use driftgate::extract::{extract, language_of};
use driftgate::link::boundaries::named_types;
use driftgate::link::modules::FileUnit;
use driftgate::shape::lower::{Silence, document};
use driftgate::source::{BlobId, RepoPath, SourceText};
use serde_json::{Map, Value, json};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/sources/python/declarations");

/// Keywords that say nothing of which values there are.
const IGNORED: &[&str] = &[
    "readOnly",
    "title",
    "description",
    "default",
    "examples",
    "discriminator",
    "writeOnly",
    "deprecated",
    "$schema",
    "$defs",
    "contentSchema",
];

/// How deep references are written out; equal recursive types are equal to this depth.
const DEPTH: usize = 6;

/// Where a reader takes one of several keys, a library's schema names the first alone.
fn first_of_aliases(map: &Map<String, Value>) -> Map<String, Value> {
    let mut out = map.clone();
    let Some(Value::Array(parts)) = out.remove("allOf") else { return out };
    for part in &parts {
        let names: Vec<&str> =
            part["anyOf"].as_array().into_iter().flatten().filter_map(|branch| branch["required"][0].as_str()).collect();
        let Some((first, rest)) = names.split_first() else { return map.clone() };
        for name in rest {
            if let Some(properties) = out.get_mut("properties").and_then(Value::as_object_mut) {
                properties.remove(*name);
            }
        }
        match out.entry("required").or_insert_with(|| json!([])) {
            Value::Array(required) => required.push(json!(first)),
            _ => return map.clone(),
        }
    }
    out
}

/// One form for all the ways in which the libraries write the same schema.
fn normal(schema: &Value, root: &Value, depth: usize) -> Value {
    let Some(map) = schema.as_object() else {
        return if schema == &Value::Bool(true) { json!({}) } else { schema.clone() };
    };
    let map = &first_of_aliases(map);
    if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
        if depth == 0 {
            return json!("…");
        }
        let target = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        return normal(target.unwrap_or_else(|| panic!("{reference} leads to nothing")), root, depth - 1);
    }
    let mut branches: BTreeSet<String> = BTreeSet::new();
    for key in ["anyOf", "oneOf"] {
        for branch in map.get(key).and_then(Value::as_array).into_iter().flatten() {
            let branch = normal(branch, root, depth);
            match branch.get("anyOf").and_then(Value::as_array) {
                Some(inner) => branches.extend(inner.iter().map(Value::to_string)),
                None => {
                    branches.insert(branch.to_string());
                }
            }
        }
    }
    for value in map.get("enum").and_then(Value::as_array).into_iter().flatten() {
        branches.insert(constant(value).to_string());
    }
    if let Some(value) = map.get("const") {
        branches.insert(constant(value).to_string());
    }
    if let Some(types) = map.get("type").and_then(Value::as_array) {
        for ty in types {
            let mut one = if ty == "null" { Map::new() } else { map.clone() };
            one.insert("type".into(), ty.clone());
            branches.insert(normal(&Value::Object(one), root, depth).to_string());
        }
    }
    if !branches.is_empty() {
        let mut list: Vec<Value> = branches.iter().map(|text| serde_json::from_str(text).expect("written above")).collect();
        if list.iter().any(|branch| branch == &json!({})) {
            return json!({});
        }
        return if list.len() == 1 { list.remove(0) } else { json!({ "anyOf": list }) };
    }
    let mut out = Map::new();
    for (key, value) in map {
        if IGNORED.contains(&key.as_str()) {
            continue;
        }
        let value = match key.as_str() {
            "properties" => Value::Object(
                value
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(name, schema)| (name.clone(), normal(schema, root, depth)))
                    .collect(),
            ),
            "required" => {
                let names: BTreeSet<&str> = value.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                if names.is_empty() {
                    continue;
                }
                json!(names)
            }
            "additionalProperties" | "items" => {
                let inner = normal(value, root, depth);
                if inner == json!({}) {
                    continue;
                }
                inner
            }
            "propertyNames" => {
                let inner = normal(value, root, depth);
                if inner == json!({"type": "string"}) {
                    continue;
                }
                inner
            }
            "prefixItems" => Value::Array(value.as_array().into_iter().flatten().map(|item| normal(item, root, depth)).collect()),
            // A list that is nothing but its first elements ends there, whichever keyword says so.
            "uniqueItems" if value == &Value::Bool(false) => continue,
            _ => value.clone(),
        };
        out.insert(key.clone(), value);
    }
    if out.contains_key("prefixItems") {
        out.remove("items");
        out.remove("unevaluatedItems");
    }
    for bound in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"] {
        if let Some(number) = out.get(bound).and_then(Value::as_f64) {
            out.insert(bound.to_owned(), json!(number));
        }
    }
    Value::Object(out)
}

fn constant(value: &Value) -> Value {
    if value.is_null() { json!({"type": "null"}) } else { json!({ "const": value }) }
}

/// The declarations as the tool reads them: by name, what is written and what is accepted.
fn read_declarations() -> BTreeMap<String, (Value, Value)> {
    let mut units = Vec::new();
    for entry in std::fs::read_dir(FOLDER).expect("the fixtures are there") {
        let path = entry.expect("a readable folder").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a plain name").to_owned();
        if !name.starts_with("models_") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let source = SourceText::new(RepoPath::new(&name), BlobId::from_bytes(&[0; 20]), text);
        let language = language_of(&source.path).expect("Python is a language");
        let facts = extract(language, &source);
        assert!(facts.unread.is_empty() && facts.diagnostics.is_empty(), "{name}: {:?}", facts.diagnostics);
        units.push(FileUnit::new(source.path.clone(), Arc::new(facts)));
    }
    units.sort_by(|a, b| a.path.cmp(&b.path));
    named_types(&units)
        .into_iter()
        .map(|named| {
            let write = document(&named.write, Silence::Open);
            let read = named.read.as_ref().map_or_else(|| write.clone(), |read| document(read, Silence::Open));
            (format!("{}.{}", named.origin.file.stem(), named.name), (write, read))
        })
        .collect()
}

/// Declarations on which the tool says less or other than the library, each with the reason. All others agree to the last bound.
const DIFFERENT: &[(&str, &str)] = &[
    ("models_marshmallow.OnlyPart", "the part of a nested schema that `only` leaves is not known to reject other keys"),
    ("models_msgspec.Camel", "msgspec gives a datetime without a time zone no format"),
    ("models_msgspec.WithEnum", "msgspec gives a Decimal a format of its own, and reads texts alone"),
];

#[test]
fn declarations_are_read_as_their_libraries_read_them() {
    let oracle = std::fs::read_to_string(Path::new(FOLDER).join("oracle.json")).expect("the oracle's output is committed");
    let oracle: Value = serde_json::from_str(&oracle).expect("JSON");
    let oracle = oracle["declarations"].as_object().expect("by name");
    assert!(oracle.len() >= 150, "{} declarations", oracle.len());
    let ours = read_declarations();
    let mut wrong = Vec::new();
    let mut excused = BTreeSet::new();
    for (name, sides) in oracle {
        let different = DIFFERENT.iter().find(|(known, _)| known == name);
        let Some((write, read)) = ours.get(name) else {
            wrong.push(format!("{name}: not found"));
            continue;
        };
        let mut agrees = true;
        for (side, got) in [("write", write), ("read", read)] {
            let want = normal(&sides[side], &sides[side], DEPTH);
            let got = normal(got, got, DEPTH);
            if want != got {
                agrees = false;
                if different.is_none() {
                    wrong.push(format!("{name} ({side})\n  want {want}\n  got  {got}"));
                }
            }
        }
        match different {
            Some(_) if agrees => wrong.push(format!("{name}: listed as different, but it agrees")),
            Some((name, _)) => {
                excused.insert(*name);
            }
            None => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), oracle.len(), wrong.join("\n"));
    assert_eq!(excused.len(), DIFFERENT.len());
}
