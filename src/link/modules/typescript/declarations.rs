//! Declarations held against what two other tools say of them: ts-json-schema-generator for types, zod itself for schemas.
//!
//! Their output is data beside the declarations (`fixtures/sources/typescript/declarations`), with the script that made it. Both
//! sides are brought to one form first: references inlined, unions as sets, notes and patterns' spelling left out.

use std::fmt::Write;
use std::sync::Arc;

use expect_test::{Expect, expect};
use serde_json::{Map, Value, json};

use crate::extract::{Language, typescript::TypeScript};
use crate::link::modules::FileUnit;
use crate::shape::lower::{Silence, document};
use crate::source::{BlobId, RepoPath, SourceText};

const TYPES: &str = include_str!("../../../../fixtures/sources/typescript/declarations/types.ts");
const TYPES_ORACLE: &str = include_str!("../../../../fixtures/sources/typescript/declarations/types.json");
const ZOD: &str = include_str!("../../../../fixtures/sources/typescript/declarations/zod.ts");
const ZOD_ORACLE: &str = include_str!("../../../../fixtures/sources/typescript/declarations/zod.json");

/// One canonical form of a schema: `root` holds the definitions, `open` the references that are being followed.
fn canonical(schema: &Value, root: &Value, open: &mut Vec<String>) -> Value {
    let object = match schema {
        Value::Bool(true) => return json!("any"),
        Value::Bool(false) => return json!("never"),
        Value::Object(object) => object,
        _ => return json!("any"),
    };
    if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
        if open.iter().any(|known| known == reference) {
            return json!("recursive");
        }
        let target =
            if reference == "#" { Some(root) } else { root.pointer(&reference[1..].replace("%3C", "<").replace("%3E", ">")) };
        open.push(reference.to_owned());
        let inner = target.map_or(json!("missing"), |target| canonical(target, root, open));
        open.pop();
        return inner;
    }
    if object.get("not").is_some_and(|not| *not == json!({}) || *not == json!(true)) {
        return json!("never");
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(Value::Array(branches)) = object.get(key) {
            return union(branches.iter().map(|branch| canonical(branch, root, open)).collect());
        }
    }
    if let Some(Value::Array(parts)) = object.get("allOf") {
        let mut merged = Map::new();
        let mut required = Vec::new();
        for part in parts {
            let Value::Object(part) = canonical(part, root, open) else { continue };
            if let Some(Value::Object(fields)) = part.get("fields") {
                merged.extend(fields.clone());
            }
            if let Some(Value::Array(names)) = part.get("required") {
                required.extend(names.clone());
            }
        }
        required.sort_by_key(ToString::to_string);
        return json!({ "fields": merged, "required": required, "rest": "silent" });
    }
    if let Some(value) = object.get("const") {
        return json!({ "const": value });
    }
    if let Some(Value::Array(values)) = object.get("enum") {
        return union(values.iter().map(|value| json!({ "const": value })).collect());
    }
    match object.get("type") {
        Some(Value::Array(names)) => union(names.iter().map(|name| typed(name.as_str().unwrap(), object, root, open)).collect()),
        Some(Value::String(name)) => typed(name, object, root, open),
        _ if object.contains_key("properties") => typed("object", object, root, open),
        _ => json!("any"),
    }
}

fn typed(name: &str, object: &Map<String, Value>, root: &Value, open: &mut Vec<String>) -> Value {
    match name {
        "null" => json!({ "const": null }),
        "boolean" => union(vec![json!({ "const": true }), json!({ "const": false })]),
        "integer" | "number" => {
            let mut out = json!({ "type": name });
            for bound in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"] {
                if let Some(value) = object.get(bound)
                    && value.as_f64().is_some_and(|value| value.abs() < 9e15)
                {
                    out[bound] = json!(value.as_f64());
                }
            }
            out
        }
        "string" => {
            let mut out = json!({ "type": "string" });
            for key in ["minLength", "maxLength"] {
                if let Some(value) = object.get(key) {
                    out[key] = value.clone();
                }
            }
            match object.get("format").and_then(Value::as_str) {
                // zod calls its own patterns formats.
                Some("starts_with" | "ends_with" | "includes") => out["pattern"] = json!(true),
                Some("base64") | None => {
                    if (object.contains_key("pattern") || object.contains_key("allOf")) && !object.contains_key("contentEncoding")
                    {
                        out["pattern"] = json!(true);
                    }
                }
                Some(format) => out["format"] = json!(format),
            }
            out
        }
        "array" => {
            let prefix = object.get("prefixItems").or_else(|| object.get("items").filter(|items| items.is_array()));
            let mut out = Map::new();
            if let Some(Value::Array(items)) = prefix {
                let count = items.len();
                out.insert("tuple".to_owned(), items.iter().map(|item| canonical(item, root, open)).collect());
                let rest = object.get("additionalItems").or_else(|| object.get("items").filter(|items| items.is_object()));
                if let Some(rest) = rest.filter(|rest| rest.is_object()) {
                    out.insert("rest".to_owned(), canonical(rest, root, open));
                }
                let min = object.get("minItems").and_then(Value::as_u64).unwrap_or(count as u64);
                out.insert("min".to_owned(), json!(min));
            } else {
                out.insert("items".to_owned(), object.get("items").map_or(json!("any"), |items| canonical(items, root, open)));
                for key in ["minItems", "maxItems"] {
                    if let Some(bound) = object.get(key) {
                        out.insert(key.to_owned(), bound.clone());
                    }
                }
            }
            Value::Object(out)
        }
        "object" => {
            let mut fields = Map::new();
            if let Some(Value::Object(properties)) = object.get("properties") {
                for (name, property) in properties {
                    fields.insert(name.clone(), canonical(property, root, open));
                }
            }
            let mut required: Vec<Value> = object.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
            required.sort_by_key(ToString::to_string);
            let mut rest = match object.get("additionalProperties") {
                None => json!("silent"),
                Some(other) => match canonical(other, root, open) {
                    Value::String(text) if text == "never" => json!("closed"),
                    other => other,
                },
            };
            // A map whose keys are constants is an object with these fields.
            if let Some(names) = object.get("propertyNames").and_then(|names| names.get("enum")).and_then(Value::as_array) {
                for name in names {
                    fields.insert(name.as_str().unwrap().to_owned(), rest.clone());
                }
                rest = json!("silent");
            }
            json!({ "fields": fields, "required": required, "rest": rest })
        }
        other => json!(other),
    }
}

fn union(branches: Vec<Value>) -> Value {
    let mut flat: Vec<Value> = Vec::new();
    for branch in branches {
        match branch.get("union").and_then(Value::as_array) {
            Some(inner) => flat.extend(inner.iter().cloned()),
            None => flat.push(branch),
        }
    }
    flat.retain(|branch| *branch != json!("never"));
    flat.sort_by_key(ToString::to_string);
    flat.dedup();
    match flat.len() {
        0 => json!("never"),
        1 => flat.remove(0),
        _ => json!({ "union": flat }),
    }
}

/// On the side of a writer nothing is said about other keys by either tool.
fn without_closing(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if object.get("rest") == Some(&json!("closed")) {
                object.insert("rest".to_owned(), json!("silent"));
            }
            object.values_mut().for_each(without_closing);
        }
        Value::Array(items) => items.iter_mut().for_each(without_closing),
        _ => {}
    }
}

fn ours(path: &str, text: &str) -> Vec<crate::link::model::NamedType> {
    let source = SourceText::new(RepoPath::new(path), BlobId::from_bytes(&[0; 20]), text);
    let unit = FileUnit::new(source.path.clone(), Arc::new(TypeScript.extract(&source)));
    crate::link::boundaries::named_types(std::slice::from_ref(&unit))
}

fn compare(out: &mut String, name: &str, schema: &Value, oracle: &Value, writes: bool) -> bool {
    let mut ours = canonical(schema, schema, &mut vec!["#".to_owned()]);
    let own = name.split(' ').next().unwrap();
    let mut theirs = canonical(oracle, oracle, &mut vec!["#".to_owned(), format!("#/definitions/{own}")]);
    if writes {
        without_closing(&mut ours);
        without_closing(&mut theirs);
    }
    if ours == theirs {
        return true;
    }
    writeln!(out, "{name}\n  ours   {ours}\n  theirs {theirs}").unwrap();
    false
}

fn check(differences: &str, compared: usize, equal: usize, expected: Expect) {
    expected.assert_eq(&format!("{equal} of {compared} are equal\n{differences}"));
}

// Where the two differ, the generator errs: it takes `keyof` for any text, drops the modifiers of mapped types and the first part
// of a merged interface, keeps `null` under `NonNullable`, does not follow `ReturnType`, gives up on methods, has no patterns, and forgets that `undefined` in a list is written as `null`.
#[test]
fn types_are_what_ts_json_schema_generator_says() {
    let oracle: Map<String, Value> = serde_json::from_str(TYPES_ORACLE).unwrap();
    let named = ours("types.ts", TYPES);
    let (mut out, mut compared, mut equal) = (String::new(), 0, 0);
    for (name, theirs) in &oracle {
        compared += 1;
        let Some(found) = named.iter().find(|decl| decl.name == *name) else {
            writeln!(out, "{name}\n  not found").unwrap();
            continue;
        };
        equal += usize::from(compare(&mut out, name, &document(&found.write, Silence::Open), theirs, true));
    }
    check(
        &out,
        compared,
        equal,
        expect![[r#"
        122 of 140 are equal
        AsyncReturned
          ours   {"fields":{"done":{"union":[{"const":false},{"const":true}]}},"required":["done"],"rest":"silent"}
          theirs "any"
        KeyOfFlat
          ours   {"const":"tags"}
          theirs {"type":"string"}
        KeyOfPair
          ours   {"union":[{"const":"x"},{"const":"y"}]}
          theirs {"type":"string"}
        MappedOver
          ours   {"fields":{"count":{"type":"string"},"id":{"type":"string"},"nothing":{"type":"string"},"ok":{"type":"string"}},"required":["count","id","nothing","ok"],"rest":"silent"}
          theirs {"fields":{"count":{"type":"string"},"id":{"type":"string"},"nothing":{"type":"string"},"ok":{"type":"string"}},"required":["count","id","nothing","ok"],"rest":{"type":"string"}}
        MappedRequired
          ours   {"fields":{"a":{"type":"string"},"b":{"type":"number"}},"required":["a","b"],"rest":"silent"}
          theirs {"fields":{"a":{"type":"string"},"b":{"type":"number"}},"required":[],"rest":"silent"}
        Merged
          ours   {"fields":{"first":{"type":"string"},"second":{"type":"number"}},"required":["first","second"],"rest":"silent"}
          theirs {"fields":{"second":{"type":"number"}},"required":["second"],"rest":"silent"}
        Methods
          ours   {"fields":{"id":{"type":"string"}},"required":["id"],"rest":"silent"}
          theirs "never"
        MutualOther
          ours   {"fields":{"back":{"union":[{"const":null},{"fields":{"other":{"fields":{"back":{"union":["recursive",{"const":null}]}},"required":["back"],"rest":"silent"}},"required":[],"rest":"silent"}]}},"required":["back"],"rest":"silent"}
          theirs {"fields":{"back":{"union":[{"const":null},{"fields":{"other":"recursive"},"required":[],"rest":"silent"}]}},"required":["back"],"rest":"silent"}
        NonNull
          ours   {"type":"string"}
          theirs {"union":[{"const":null},{"type":"string"}]}
        RequiredOptionals
          ours   {"fields":{"a":{"type":"string"},"b":{"type":"number"}},"required":["a","b"],"rest":"silent"}
          theirs {"fields":{"a":{"type":"string"},"b":{"type":"number"}},"required":[],"rest":"silent"}
        Returned
          ours   {"fields":{"ok":{"union":[{"const":false},{"const":true}]}},"required":["ok"],"rest":"silent"}
          theirs "never"
        ReturnedNamed
          ours   {"fields":{"id":{"type":"string"},"n":{"type":"number"}},"required":["id","n"],"rest":"silent"}
          theirs "any"
        Stringy
          ours   {"fields":{"id":{"pattern":true,"type":"string"}},"required":["id"],"rest":"silent"}
          theirs {"fields":{"id":{"type":"string"}},"required":["id"],"rest":"silent"}
        TemplateEnd
          ours   {"pattern":true,"type":"string"}
          theirs {"type":"string"}
        TemplateNumber
          ours   {"pattern":true,"type":"string"}
          theirs {"type":"string"}
        TemplatePlain
          ours   {"pattern":true,"type":"string"}
          theirs {"type":"string"}
        TupleOptional
          ours   {"min":1,"tuple":[{"type":"string"},{"union":[{"const":null},{"type":"number"}]}]}
          theirs {"min":1,"tuple":[{"type":"string"},{"type":"number"}]}
        ValuesOf
          ours   {"union":[{"const":"x"},{"const":"y"}]}
          theirs {"union":["any",{"const":"x"},{"const":"y"}]}
    "#]],
    );
}

#[test]
fn schemas_are_what_zod_says() {
    let oracle: Map<String, Value> = serde_json::from_str(ZOD_ORACLE).unwrap();
    let named = ours("zod.ts", ZOD);
    let (mut out, mut compared, mut equal) = (String::new(), 0, 0);
    for (name, theirs) in &oracle {
        let Some(found) = named.iter().find(|decl| decl.name == *name) else {
            writeln!(out, "{name}\n  not found").unwrap();
            continue;
        };
        let read = found.read.as_ref().unwrap_or(&found.write);
        for (side, shape, writes) in [("input", read, false), ("output", &found.write, true)] {
            if theirs[side].get("$unsupported").is_some() {
                continue;
            }
            compared += 1;
            let schema = document(shape, Silence::Open);
            equal += usize::from(compare(&mut out, &format!("{name} {side}"), &schema, &theirs[side], writes));
        }
    }
    check(
        &out,
        compared,
        equal,
        expect![[r#"
        217 of 217 are equal
    "#]],
    );
}
