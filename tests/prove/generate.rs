//! Random schemas and instances over one small universe, so that pairs are related more often than not.

use serde_json::{Map, Value, json};

/// A source of choices: bytes that were handed in, then a sequence that depends on them.
pub struct Choices<'b> {
    bytes: &'b [u8],
    state: u64,
}

impl<'b> Choices<'b> {
    pub fn new(bytes: &'b [u8]) -> Self {
        let state = bytes
            .iter()
            .fold(0x9E37_79B9_7F4A_7C15, |state: u64, byte| (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3));
        Choices { bytes, state }
    }

    pub fn below(&mut self, count: usize) -> usize {
        if let Some((first, rest)) = self.bytes.split_first() {
            self.bytes = rest;
            return usize::from(*first) % count;
        }
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 33) as usize % count
    }

    fn one<'v, T: ?Sized>(&mut self, values: &[&'v T]) -> &'v T {
        values[self.below(values.len())]
    }
}

const KEYS: [&str; 4] = ["a", "b", "ab", "x1"];
const TEXTS: [&str; 11] = ["", "a", "b", "ab", "x1", "aaa", "2024-01-15", "ada@example.com", "\u{1F600}", "a\n", "b\u{663}"];
const FORMATS: [&str; 4] = ["date", "email", "ipv4", "uuid"];
const PATTERNS: [&str; 12] =
    ["^a", "b$", "^a*$", "[0-9]", "^[ab]{1,2}$", "^(?!a)", "^x", ".", "\\d$", "^\\w+$", "^(a|b$)", "^[^a]?$"];
const TYPES: [&str; 7] = ["null", "boolean", "integer", "number", "string", "array", "object"];

fn scalar(choices: &mut Choices<'_>) -> Value {
    match choices.below(5) {
        0 => Value::Null,
        1 => Value::Bool(choices.below(2) == 0),
        2 => json!(choices.below(5)),
        3 => [json!(1.5), json!(-1), json!(1.0), json!(0.5), json!(2.0), json!(1e2), json!(100)][choices.below(7)].clone(),
        _ => Value::from(choices.one(&TEXTS)),
    }
}

/// An instance.
pub fn instance(choices: &mut Choices<'_>, depth: usize) -> Value {
    match choices.below(if depth == 0 { 3 } else { 7 }) {
        0..=2 => scalar(choices),
        3 | 4 => Value::Array((0..choices.below(4)).map(|_| instance(choices, depth - 1)).collect()),
        _ => {
            let mut map = Map::new();
            for _ in 0..choices.below(4) {
                map.insert(choices.one(&KEYS).to_owned(), instance(choices, depth - 1));
            }
            Value::Object(map)
        }
    }
}

/// A schema of draft 2020-12 or 2019-09 that uses every keyword in turn; `$ref` leads to `#/$defs/d0` and `#/$defs/d1`.
pub fn document(choices: &mut Choices<'_>) -> Value {
    let mut root = schema(choices, 3);
    if let Value::Object(map) = &mut root {
        let definitions = json!({"d0": schema(choices, 2), "d1": schema(choices, 2)});
        map.insert("$defs".to_owned(), definitions);
    }
    root
}

/// The same document with names: an `$anchor` in one definition, and another definition that is a resource of its own, with
/// definitions of its own. References lead there by name or by address, inside and out.
pub fn addressed(choices: &mut Choices<'_>, document: &Value) -> Value {
    let mut value = document.clone();
    let first = value.pointer("/$defs/d0").is_some_and(Value::is_object);
    let second = value.pointer("/$defs/d1").is_some_and(Value::is_object);
    redirect(choices, &mut value, first, second);
    if first && let Some(named) = value.pointer_mut("/$defs/d0") {
        named["$anchor"] = json!("named");
    }
    if second && let Some(part) = value.pointer_mut("/$defs/d1") {
        part["$id"] = json!("http://x.test/part");
        part["$defs"] = json!({"d0": schema(choices, 2), "d1": {"$anchor": "named", "allOf": [schema(choices, 2)]}});
    }
    value
}

fn redirect(choices: &mut Choices<'_>, value: &mut Value, first: bool, second: bool) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                match (key.as_str(), inner.as_str()) {
                    ("const" | "enum", _) => {}
                    ("$ref", Some("#/$defs/d0")) if first && choices.below(2) == 0 => *inner = json!("#named"),
                    ("$ref", Some("#/$defs/d1")) if second && choices.below(3) != 0 => {
                        *inner = Value::from(choices.one(&[
                            "http://x.test/part",
                            "http://x.test/part#named",
                            "http://x.test/part#/$defs/d0",
                        ]));
                    }
                    _ => redirect(choices, inner, first, second),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|inner| redirect(choices, inner, first, second)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

pub fn schema(choices: &mut Choices<'_>, depth: usize) -> Value {
    if choices.below(12) == 0 {
        return Value::Bool(choices.below(3) != 0);
    }
    let mut map = Map::new();
    for _ in 0..=choices.below(3) {
        keyword(choices, depth, &mut map);
    }
    Value::Object(map)
}

fn list(choices: &mut Choices<'_>, depth: usize) -> Value {
    (0..=choices.below(2)).map(|_| schema(choices, depth)).collect()
}

fn keyed(choices: &mut Choices<'_>, depth: usize, keys: &[&str]) -> Value {
    let mut map = Map::new();
    for _ in 0..=choices.below(2) {
        map.insert(choices.one(keys).to_owned(), schema(choices, depth));
    }
    Value::Object(map)
}

fn keyword(choices: &mut Choices<'_>, depth: usize, map: &mut Map<String, Value>) {
    let small = |choices: &mut Choices<'_>| json!(choices.below(4));
    let (name, value) = match choices.below(if depth == 0 { 17 } else { 38 }) {
        0 | 1 => ("type", Value::from(choices.one(&TYPES))),
        2 => {
            let first = choices.below(TYPES.len());
            let second = (first + 1 + choices.below(TYPES.len() - 1)) % TYPES.len();
            ("type", json!([TYPES[first], TYPES[second]]))
        }
        3 => ("const", instance(choices, 1)),
        4 => {
            let mut values = vec![instance(choices, 1)];
            let more = instance(choices, 1);
            if values[0] != more {
                values.push(more);
            }
            ("enum", Value::Array(values))
        }
        5 => ("minimum", small(choices)),
        6 => ("maximum", small(choices)),
        7 => (choices.one(&["exclusiveMinimum", "exclusiveMaximum"]), small(choices)),
        8 => ("multipleOf", [json!(1), json!(2), json!(3), json!(0.5), json!(1.5)][choices.below(5)].clone()),
        9 => ("minLength", small(choices)),
        10 => ("maxLength", small(choices)),
        11 => ("pattern", Value::from(choices.one(&PATTERNS))),
        12 => (choices.one(&["minItems", "minProperties"]), small(choices)),
        13 => (choices.one(&["maxItems", "maxProperties"]), small(choices)),
        14 => ("required", json!([choices.one(&KEYS)])),
        15 => ("uniqueItems", Value::Bool(true)),
        16 => match choices.below(6) {
            0 => ("contentEncoding", json!("base64")),
            1 => ("contentMediaType", json!("application/json")),
            _ => ("format", Value::from(choices.one(&FORMATS))),
        },
        17 | 18 => ("properties", keyed(choices, depth - 1, &KEYS)),
        19 => ("patternProperties", keyed(choices, depth - 1, &PATTERNS)),
        20 => ("additionalProperties", schema(choices, depth - 1)),
        21 => ("propertyNames", schema(choices, depth - 1)),
        22 => ("items", schema(choices, depth - 1)),
        23 => ("prefixItems", list(choices, depth - 1)),
        24 => ("contains", schema(choices, depth - 1)),
        25 => {
            map.entry("contains").or_insert_with(|| Value::Bool(true));
            (choices.one(&["minContains", "maxContains"]), small(choices))
        }
        26 => ("allOf", list(choices, depth - 1)),
        27 => ("anyOf", list(choices, depth - 1)),
        28 => ("oneOf", list(choices, depth - 1)),
        29 => ("not", schema(choices, depth - 1)),
        30 => {
            map.insert("if".to_owned(), schema(choices, depth - 1));
            map.insert("then".to_owned(), schema(choices, depth - 1));
            ("else", schema(choices, depth - 1))
        }
        31 => ("dependentRequired", json!({choices.one(&KEYS): [choices.one(&KEYS)]})),
        32 => ("dependentSchemas", keyed(choices, depth - 1, &KEYS)),
        33 | 34 => ("unevaluatedProperties", schema(choices, depth - 1)),
        35 => ("unevaluatedItems", schema(choices, depth - 1)),
        _ => ("$ref", Value::from(choices.one(&["#/$defs/d0", "#/$defs/d1", "#"]))),
    };
    map.insert(name.to_owned(), value);
}

/// Whether a reference leads back to its own schema without stepping into a value on the way.
pub fn consumes_nothing(document: &Value) -> bool {
    ["", "/$defs/d0", "/$defs/d1"].iter().any(|start| {
        let mut seen = Vec::new();
        document.pointer(start).is_some_and(|schema| returns(document, schema, &mut seen))
    })
}

fn returns<'d>(document: &'d Value, schema: &'d Value, seen: &mut Vec<&'d str>) -> bool {
    let Value::Object(map) = schema else { return false };
    for (keyword, value) in map {
        let found = match (keyword.as_str(), value) {
            ("$ref", Value::String(reference)) if reference.starts_with("#/") || reference == "#" => {
                let pointer = &reference[1..];
                if seen.contains(&pointer) {
                    return true;
                }
                seen.push(pointer);
                let found = document.pointer(pointer).is_some_and(|target| returns(document, target, seen));
                seen.pop();
                found
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(parts)) => parts.iter().any(|part| returns(document, part, seen)),
            ("not" | "if" | "then" | "else", part) => returns(document, part, seen),
            ("dependentSchemas", Value::Object(parts)) => parts.values().any(|part| returns(document, part, seen)),
            _ => false,
        };
        if found {
            return true;
        }
    }
    false
}
