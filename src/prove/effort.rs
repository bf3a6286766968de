//! How much work a validator has with a value, counted before it is asked.
//!
//! A validator goes through a schema once for every way that leads to a part of it, and nothing bounds the number of ways: forty
//! definitions that each refer twice to the next one are more than it comes to an end with. Counted here is every visit that it
//! could pay, each part and value once, so that the count itself is quick.

use rustc_hash::FxHashMap;
use serde_json::{Map, Value};

use super::document::Document;
use super::stack::Stack;
use crate::schema::refs::{Resolver, ResourceId, extend};

/// What one search for a pattern with look-ahead or back-references may cost: they are tried, and given up past a limit.
const PATTERN_LIMIT: u64 = 1_000_000;

/// Counts the visits of a document's validator.
pub(super) struct Effort<'d> {
    resolver: Resolver<'d>,
    root: &'d Value,
    /// By the addresses of schema and value; while a pair is being counted it counts as nothing.
    known: FxHashMap<(usize, usize), u64>,
}

/// Where the walk stands.
#[derive(Clone, Copy)]
struct At {
    resource: ResourceId,
    document: usize,
}

impl<'d> Effort<'d> {
    pub fn new(document: &'d Document) -> Effort<'d> {
        let resolver = Resolver::new(document.base(), document.value(), document.draft(), document.resources());
        Effort { resolver, root: document.value(), known: FxHashMap::default() }
    }

    /// The visits that a value can cause at most.
    pub fn of(&mut self, value: &Value, stack: &mut Stack) -> u64 {
        self.known.clear();
        let root = self.root;
        self.count(root, value, At { resource: 0, document: 0 }, "", stack)
    }

    fn count(&mut self, schema: &'d Value, value: &Value, at: At, pointer: &str, stack: &mut Stack) -> u64 {
        let Value::Object(map) = schema else { return 1 };
        if !stack.has_room() {
            return u64::MAX;
        }
        let key = (std::ptr::from_ref(schema).addr(), std::ptr::from_ref(value).addr());
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        self.known.insert(key, 0);
        let at = match self.resolver.resource_at(at.document, pointer) {
            Some(resource) => At { resource, ..at },
            None => at,
        };
        let mut sum = own(map, value);
        let mut add = |more: u64| sum = sum.saturating_add(more);
        for keyword in ["$ref", "$dynamicRef", "$recursiveRef"] {
            if let Some(Value::String(reference)) = map.get(keyword)
                && let Some(found) = self.resolver.resolve(at.resource, reference)
            {
                let there = At { resource: found.resource, document: found.document };
                add(self.count(found.value, value, there, &found.pointer, stack));
            }
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            if let Some(Value::Array(parts)) = map.get(keyword) {
                let below = extend(pointer, keyword);
                for (index, part) in parts.iter().enumerate() {
                    add(self.count(part, value, at, &extend(&below, &index.to_string()), stack));
                }
            }
        }
        for keyword in ["not", "if", "then", "else"] {
            if let Some(part) = map.get(keyword) {
                add(self.count(part, value, at, &extend(pointer, keyword), stack));
            }
        }
        match value {
            Value::Object(members) => {
                for keyword in ["dependentSchemas", "dependencies"] {
                    if let Some(Value::Object(entries)) = map.get(keyword) {
                        let below = extend(pointer, keyword);
                        for (name, part) in entries.iter().filter(|(name, _)| members.contains_key(*name)) {
                            add(self.count(part, value, at, &extend(&below, name), stack));
                        }
                    }
                }
                if let Some(Value::Object(entries)) = map.get("properties") {
                    let below = extend(pointer, "properties");
                    for (name, inner) in members {
                        if let Some(part) = entries.get(name) {
                            add(self.count(part, inner, at, &extend(&below, name), stack));
                        }
                    }
                }
                if let Some(Value::Object(entries)) = map.get("patternProperties") {
                    let below = extend(pointer, "patternProperties");
                    for (pattern, part) in entries {
                        let place = extend(&below, pattern);
                        for (name, inner) in members {
                            add(search(pattern, name));
                            add(self.count(part, inner, at, &place, stack));
                        }
                    }
                }
                for keyword in ["additionalProperties", "unevaluatedProperties"] {
                    if let Some(part) = map.get(keyword) {
                        let place = extend(pointer, keyword);
                        members.values().for_each(|inner| add(self.count(part, inner, at, &place, stack)));
                    }
                }
                if let Some(part) = map.get("propertyNames") {
                    let place = extend(pointer, "propertyNames");
                    for name in members.keys() {
                        // A name has no address that lasts.
                        let kept = std::mem::take(&mut self.known);
                        add(self.count(part, &Value::String(name.clone()), at, &place, stack));
                        self.known = kept;
                    }
                }
            }
            Value::Array(items) => {
                for keyword in ["items", "additionalItems", "prefixItems", "contains", "unevaluatedItems"] {
                    let place = extend(pointer, keyword);
                    match map.get(keyword) {
                        Some(Value::Array(parts)) => {
                            for (index, (part, inner)) in parts.iter().zip(items).enumerate() {
                                add(self.count(part, inner, at, &extend(&place, &index.to_string()), stack));
                            }
                        }
                        Some(part) => items.iter().for_each(|inner| add(self.count(part, inner, at, &place, stack))),
                        None => {}
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        // What is unevaluated is found by going through everything beside it once more.
        if map.contains_key("unevaluatedProperties") || map.contains_key("unevaluatedItems") {
            sum = sum.saturating_mul(2);
        }
        self.known.insert(key, sum);
        sum
    }
}

/// The work of the keywords that apply no schema.
fn own(map: &Map<String, Value>, value: &Value) -> u64 {
    let mut sum = 1 + map.len() as u64;
    if let Some(Value::Array(values)) = map.get("enum") {
        sum += values.len() as u64;
    }
    match value {
        Value::String(text) => {
            sum += text.len() as u64 / 16;
            if let Some(Value::String(pattern)) = map.get("pattern") {
                sum = sum.saturating_add(search(pattern, text));
            }
        }
        Value::Array(items) => sum += items.len() as u64,
        Value::Object(members) => {
            sum += members.len() as u64;
            if let Some(Value::Array(names)) = map.get("required") {
                sum += names.len() as u64;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    sum
}

/// The work of one search for a pattern.
fn search(pattern: &str, text: &str) -> u64 {
    let length = text.len() as u64 + 1;
    let is_tried = ["(?=", "(?!", "(?<", "\\1", "\\2", "\\k"].iter().any(|form| pattern.contains(form));
    if is_tried {
        length.saturating_mul(length).saturating_mul(1 + pattern.len() as u64 / 8).min(PATTERN_LIMIT)
    } else {
        2 + length / 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Draft;
    use serde_json::json;

    fn effort(schema: Value, value: &Value) -> u64 {
        let document = Document::new(schema, Some(Draft::Draft202012), &[]).expect("a schema");
        Effort::new(&document).of(value, &mut Stack::inline())
    }

    #[test]
    fn ways_multiply_and_values_add_up() {
        let mut definitions = Map::new();
        for index in 0..40 {
            let next = json!({"$ref": format!("#/$defs/d{}", index + 1)});
            definitions.insert(format!("d{index}"), json!({"allOf": [next, next]}));
        }
        definitions.insert("d40".to_owned(), json!({"type": "integer"}));
        let many = effort(json!({"$ref": "#/$defs/d0", "$defs": definitions}), &json!(1));
        assert!(many > 1 << 40, "{many}");
        let few = effort(json!({"items": {"$ref": "#"}, "type": "array"}), &json!([[], [[]], []]));
        assert!(few < 100, "{few}");
        let long = effort(json!({"items": {"$ref": "#"}, "type": "array"}), &json!(vec![json!([]); 1_000]));
        assert!((1_000..20_000).contains(&long), "{long}");
    }

    #[test]
    fn names_are_counted_each() {
        let schema = json!({"propertyNames": {"pattern": "^(?=a)"}, "patternProperties": {"^b": {"type": "null"}}});
        let one = effort(schema.clone(), &json!({"a": 1}));
        let two = effort(schema, &json!({"a": 1, "b": 2}));
        assert!(two > one && two < 3 * one, "{one} {two}");
    }
}
