//! The part of a large document that can matter for some values.
//!
//! A validator of a large document takes long to make and much memory, and nearly all of it speaks of keys that a small witness
//! does not have. What a schema says of a key that occurs nowhere in a value, at no depth, is never asked when that value is
//! validated: `properties` applies a subschema to the value under the key alone, `dependentSchemas` only where the key is there.
//! `additionalProperties` and `unevaluatedProperties` look at the keys that the value does have. So these entries can be left out,
//! and so can definitions that nothing refers to any more. Everything else stays as it is, in particular what no draft knows.
//!
//! *What is never left out.* A reference may lead through a key, so every name that occurs in a reference is kept; so is whatever
//! carries an address or an anchor, since a reference may mean that. A document in which a reference leads to a list of keys as
//! such is kept whole.

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::{Map, Value};

use super::document::Document;
use crate::schema::Draft;
use crate::schema::refs::{Place, join, percent_decode, place_of};

/// What a resource is called that became a part of another one.
const PART: &str = "driftgate-part-";

/// The keys that occur in values.
#[derive(Default)]
pub(super) struct Keys(FxHashSet<String>);

impl Keys {
    /// Adds the keys of a value, at every depth.
    pub fn add(&mut self, value: &Value) {
        match value {
            Value::Object(map) => {
                for (key, inner) in map {
                    if !self.0.contains(key) {
                        self.0.insert(key.clone());
                    }
                    self.add(inner);
                }
            }
            Value::Array(items) => items.iter().for_each(|inner| self.add(inner)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// The document with what can matter for values that have no other keys; `None` where it has to be taken whole.
pub(super) fn part(document: &Document, keys: &Keys) -> Option<Document> {
    let mut named = Named::default();
    let all = document.resources().iter().map(|(_, value)| value).chain([document.value()]);
    for value in all {
        if !names_in_references(value, &mut named) {
            return None;
        }
    }
    let pruner = Pruner { keys, named: &named };
    let resources =
        document.resources().iter().map(|(address, value)| (address.clone(), pruner.schema(value))).collect::<Vec<_>>();
    let value = pruner.root(document.value());
    let part = document.with_parts(value, resources);
    Some(as_one(&part).unwrap_or(part))
}

/// The names that references lead through: those of keys, and those of definitions and all else.
#[derive(Default)]
struct Named {
    keys: FxHashSet<String>,
    all: FxHashSet<String>,
}

/// Collects the names that references lead through; `false` where one leads to a list of keys as such.
fn names_in_references(value: &Value, named: &mut Named) -> bool {
    match value {
        Value::Object(map) => map.iter().all(|(key, inner)| {
            if let ("$ref" | "$dynamicRef" | "$recursiveRef", Value::String(reference)) = (key.as_str(), inner) {
                return names_in(reference, named);
            }
            names_in_references(inner, named)
        }),
        Value::Array(items) => items.iter().all(|inner| names_in_references(inner, named)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

fn names_in(reference: &str, named: &mut Named) -> bool {
    let Some(fragment) = reference.split_once('#').and_then(|(_, fragment)| percent_decode(fragment)) else { return true };
    let Some(pointer) = fragment.strip_prefix('/') else { return true };
    let mut last = "";
    for segment in pointer.split('/') {
        let name = segment.replace("~1", "/").replace("~0", "~");
        if lists_by_key(last) {
            named.keys.insert(name.clone());
        }
        named.all.insert(name);
        last = segment;
    }
    !lists_by_key(last) && !matches!(last, "definitions" | "$defs")
}

/// Whether the schemas under a keyword are asked by keys of the value.
fn lists_by_key(keyword: &str) -> bool {
    matches!(keyword, "properties" | "dependentSchemas" | "dependencies")
}

struct Pruner<'p> {
    keys: &'p Keys,
    named: &'p Named,
}

impl Pruner<'_> {
    /// The document's own schema, with the definitions that something still refers to.
    fn root(&self, value: &Value) -> Value {
        let Value::Object(map) = value else { return value.clone() };
        let mut own = map.clone();
        let mut definitions: Vec<(&str, &Map<String, Value>)> = Vec::new();
        for keyword in ["$defs", "definitions"] {
            if let Some(Value::Object(entries)) = map.get(keyword) {
                own.remove(keyword);
                definitions.push((keyword, entries));
            }
        }
        let mut pruned = self.schema(&Value::Object(own));
        let mut wanted = Named::default();
        names_in_references(&pruned, &mut wanted);
        let mut kept: Vec<Map<String, Value>> = definitions.iter().map(|_| Map::new()).collect();
        loop {
            let mut more = false;
            for ((_, entries), kept) in definitions.iter().zip(&mut kept) {
                for (name, inner) in *entries {
                    if !kept.contains_key(name) && (wanted.all.contains(name) || is_addressed(inner)) {
                        let inner = self.schema(inner);
                        names_in_references(&inner, &mut wanted);
                        kept.insert(name.clone(), inner);
                        more = true;
                    }
                }
            }
            if !more {
                break;
            }
        }
        if let Value::Object(pruned) = &mut pruned {
            for ((keyword, _), kept) in definitions.iter().zip(kept) {
                pruned.insert((*keyword).to_owned(), Value::Object(kept));
            }
        }
        pruned
    }

    fn schema(&self, value: &Value) -> Value {
        let Value::Object(map) = value else { return value.clone() };
        let entries = map.iter().map(|(keyword, inner)| {
            let inner = match (place_of(keyword), inner) {
                (Place::Map, Value::Object(entries)) => {
                    let by_key = lists_by_key(keyword);
                    let kept = entries.iter().filter(|(key, inner)| {
                        !by_key || self.keys.0.contains(*key) || self.named.keys.contains(*key) || is_addressed(inner)
                    });
                    Value::Object(kept.map(|(key, inner)| (key.clone(), self.schema(inner))).collect())
                }
                (Place::List, Value::Array(parts)) => Value::Array(parts.iter().map(|part| self.schema(part)).collect()),
                (Place::Schema | Place::List, Value::Object(_)) => self.schema(inner),
                _ => inner.clone(),
            };
            (keyword.clone(), inner)
        });
        Value::Object(entries.collect())
    }
}

/// A document and its resources as one resource, every reference a pointer into it. A validator makes what a reference leads to
/// anew for every chain of resources that leads there; within one resource it makes it once. `None` where addresses or anchors
/// stand inside, or references lead elsewhere.
fn as_one(document: &Document) -> Option<Document> {
    let of_another_draft = |value: &Value| {
        value.get("$schema").and_then(Value::as_str).and_then(Draft::of_address).is_some_and(|draft| draft != document.draft())
    };
    if document.resources().is_empty() || document.resources().iter().any(|(_, value)| of_another_draft(value)) {
        return None;
    }
    let keyword = document.draft().id_keyword();
    let mut parts = Vec::new();
    let mut by_address = FxHashMap::default();
    let main = (document.base(), document.value());
    for (index, (address, value)) in
        std::iter::once(main).chain(document.resources().iter().map(|(address, value)| (address.as_str(), value))).enumerate()
    {
        let Value::Object(map) = value else { return None };
        let mut own = map.clone();
        let address = address.trim_end_matches('#').to_owned();
        let base = match own.remove(keyword) {
            Some(Value::String(id)) if !id.contains('#') => join(&address, &id),
            Some(_) => return None,
            None => address.clone(),
        };
        own.remove("$schema");
        let own = Value::Object(own);
        if is_addressed(&own) || super::document::mentions_dynamic_scope(&own) {
            return None;
        }
        by_address.entry(address).or_insert(index);
        by_address.entry(base.clone()).or_insert(index);
        parts.push((base, own));
    }
    let place = |index: usize| if index == 0 { String::new() } else { format!("/definitions/{PART}{index}") };
    let mut wanted = vec![false; parts.len()];
    let mut pending = vec![0];
    let mut whole = Map::new();
    let mut definitions = Map::new();
    while let Some(index) = pending.pop() {
        if std::mem::replace(&mut wanted[index], true) {
            continue;
        }
        let (base, value) = &parts[index];
        let mut redirected = |reference: &str| {
            let (address, fragment) = reference.split_once('#').unwrap_or((reference, ""));
            let target = if address.is_empty() { index } else { *by_address.get(join(base, address).trim_end_matches('#'))? };
            pending.push(target);
            (fragment.is_empty() || fragment.starts_with('/')).then(|| format!("#{}{fragment}", place(target)))
        };
        let value = with_references(value, &mut redirected)?;
        match value {
            Value::Object(map) if index == 0 => whole = map,
            value => drop(definitions.insert(format!("{PART}{index}"), value)),
        }
    }
    match whole.entry("definitions").or_insert_with(|| Value::Object(Map::new())) {
        Value::Object(own) => own.extend(definitions),
        _ => return None,
    }
    Some(document.with_parts(Value::Object(whole), Vec::new()))
}

/// The value with every reference replaced.
fn with_references(value: &Value, replace: &mut dyn FnMut(&str) -> Option<String>) -> Option<Value> {
    Some(match value {
        Value::Object(map) => {
            let mut out = Map::new();
            for (key, inner) in map {
                let inner = match (key.as_str(), inner) {
                    ("const" | "enum" | "default" | "examples", _) => inner.clone(),
                    ("$ref", Value::String(reference)) => Value::String(replace(reference)?),
                    _ => with_references(inner, replace)?,
                };
                out.insert(key.clone(), inner);
            }
            Value::Object(out)
        }
        Value::Array(items) => {
            Value::Array(items.iter().map(|inner| with_references(inner, replace)).collect::<Option<Vec<_>>>()?)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    })
}

/// Whether a part carries an address or an anchor anywhere.
fn is_addressed(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(key, inner)| match (key.as_str(), inner) {
            ("$id" | "id" | "$anchor" | "$dynamicAnchor", Value::String(_)) | ("$recursiveAnchor", Value::Bool(_)) => true,
            _ => is_addressed(inner),
        }),
        Value::Array(items) => items.iter().any(is_addressed),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pruned(schema: Value, value: &Value) -> Option<Value> {
        let document = Document::new(schema, Some(Draft::Draft7), &[]).expect("a schema");
        let mut keys = Keys::default();
        keys.add(value);
        part(&document, &keys).map(|part| part.value().clone())
    }

    #[test]
    fn what_is_said_of_absent_keys_is_left_out() {
        let schema = json!({"properties": {"a": {"$ref": "#/definitions/a"}, "b": {"$ref": "#/definitions/b"}},
            "definitions": {"a": {"properties": {"c": {}, "d": {}}}, "b": {"$ref": "#/definitions/e"}, "e": {}}});
        let kept = json!({"properties": {"a": {"$ref": "#/definitions/a"}}, "definitions": {"a": {"properties": {"c": {}}}}});
        assert_eq!(pruned(schema, &json!([{"a": {"c": 1}}])), Some(kept));
    }

    #[test]
    fn resources_become_one() {
        let common = ("json-schema:///common/a.json".to_owned(), json!({"$ref": "b.json#/definitions/x", "$id": "a.json"}));
        let further = ("json-schema:///common/b.json".to_owned(), json!({"definitions": {"x": {"type": "string"}}}));
        let unused = ("json-schema:///c.json".to_owned(), json!({"type": "null"}));
        let value = json!({"properties": {"k": {"$ref": "common/a.json"}}, "type": "object"});
        let document = Document::new(value, Some(Draft::Draft7), &[common, further, unused]).expect("a schema");
        let mut keys = Keys::default();
        keys.add(&json!({"k": 1}));
        let part = part(&document, &keys).expect("it can be taken apart");
        assert!(part.resources().is_empty() && part.value()["definitions"].as_object().is_some_and(|map| map.len() == 2));
        for instance in [json!({"k": 1}), json!({"k": "a"}), json!(1), json!({})] {
            assert_eq!(
                part.validator().is_ok_and(|validator| validator.accepts(&instance)),
                document.validator().is_ok_and(|validator| validator.accepts(&instance)),
                "{instance}"
            );
        }
    }

    #[test]
    fn what_a_reference_may_mean_stays() {
        let through = json!({"properties": {"a": {"$ref": "#/properties/b"}, "b": {"type": "null"}, "c": {"$id": "#x"}}});
        assert_eq!(pruned(through.clone(), &json!({"a": 1})), Some(through));
        assert_eq!(pruned(json!({"allOf": [{"$ref": "#/properties"}], "properties": {"type": {}}}), &json!({})), None);
        let literal = json!({"const": {"properties": {"a": 1}}, "unheard": {"properties": {"a": 1}}});
        assert_eq!(pruned(literal.clone(), &json!({})), Some(literal));
    }
}
