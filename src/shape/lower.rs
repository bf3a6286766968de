//! A shape as a JSON Schema 2020-12 document.
//!
//! Two forms of one shape: the document that people are shown, where silence about further keys stays silence, and the sent form
//! for proofs, where a writer that does not name a key does not send it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{ArrayShape, Field, NumberRange, ObjectShape, Presence, Rest, Shape, ShapeKind, StringShape};

/// The address of the dialect that is written.
pub const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// How deep a shape is written; past it a part accepts everything.
const MAX_DEPTH: u32 = 96;

/// What silence about further keys comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Nothing is written: readers ignore them.
    Open,
    /// They are not sent.
    NotSent,
}

/// The document of a shape, with `$schema`.
pub fn document(shape: &Shape, silence: Silence) -> Value {
    let mut writer = Writer { silence, definitions: BTreeMap::new(), wanted: BTreeSet::new() };
    collect_recursive(shape, &mut writer.wanted, 0);
    let mut root = writer.schema(shape, 0);
    // A recursive root is written once, as a definition that the root refers to.
    if let Some(map) = root.as_object_mut() {
        if !writer.definitions.is_empty() {
            let definitions: Map<String, Value> = std::mem::take(&mut writer.definitions).into_iter().collect();
            map.insert("$defs".to_owned(), Value::Object(definitions));
        }
        map.insert("$schema".to_owned(), Value::String(DIALECT.to_owned()));
    }
    root
}

struct Writer {
    silence: Silence,
    definitions: BTreeMap<String, Value>,
    /// The names that something refers back to.
    wanted: BTreeSet<Arc<str>>,
}

fn collect_recursive(shape: &Shape, names: &mut BTreeSet<Arc<str>>, depth: u32) {
    if depth > MAX_DEPTH {
        return;
    }
    match &shape.kind {
        ShapeKind::Recursive(name) => {
            names.insert(Arc::clone(name));
        }
        ShapeKind::Object(object) => {
            object.fields.iter().for_each(|field| collect_recursive(&field.shape, names, depth + 1));
            if let Rest::Open { values, .. } = &object.rest {
                collect_recursive(values, names, depth + 1);
            }
        }
        ShapeKind::Array(array) => {
            array.prefix.iter().chain(&array.items).for_each(|item| collect_recursive(item, names, depth + 1));
        }
        ShapeKind::Union(branches) | ShapeKind::Intersection(branches) => {
            branches.iter().for_each(|branch| collect_recursive(branch, names, depth + 1));
        }
        ShapeKind::Unknown(_)
        | ShapeKind::Never
        | ShapeKind::Null
        | ShapeKind::Boolean
        | ShapeKind::Integer(_)
        | ShapeKind::Number(_)
        | ShapeKind::String(_)
        | ShapeKind::Const(_) => {}
    }
}

impl Writer {
    fn schema(&mut self, shape: &Shape, depth: u32) -> Value {
        if depth > MAX_DEPTH {
            return Value::Bool(true);
        }
        if let Some(name) = &shape.name
            && self.wanted.contains(name)
        {
            let reference = json!({"$ref": format!("#/$defs/{}", pointer_token(name))});
            if !self.definitions.contains_key(&**name) {
                self.definitions.insert(name.to_string(), Value::Bool(true));
                let body = self.body(shape, depth);
                self.definitions.insert(name.to_string(), body);
            }
            return reference;
        }
        self.body(shape, depth)
    }

    fn body(&mut self, shape: &Shape, depth: u32) -> Value {
        match &shape.kind {
            ShapeKind::Unknown(_) => Value::Bool(true),
            ShapeKind::Never => Value::Bool(false),
            ShapeKind::Null => json!({"type": "null"}),
            ShapeKind::Boolean => json!({"type": "boolean"}),
            ShapeKind::Integer(range) => number("integer", range),
            ShapeKind::Number(range) => number("number", range),
            ShapeKind::String(text) => string(text),
            ShapeKind::Const(value) => json!({"const": value}),
            ShapeKind::Array(array) => self.array(array, depth),
            ShapeKind::Object(object) => self.object(object, depth),
            ShapeKind::Union(branches) => self.union(branches, depth),
            ShapeKind::Intersection(parts) => {
                json!({"allOf": parts.iter().map(|part| self.schema(part, depth + 1)).collect::<Vec<_>>()})
            }
            ShapeKind::Recursive(name) => json!({"$ref": format!("#/$defs/{}", pointer_token(name))}),
        }
    }

    fn union(&mut self, branches: &[Arc<Shape>], depth: u32) -> Value {
        let constants: Vec<&Value> = branches
            .iter()
            .filter_map(|branch| match &branch.kind {
                ShapeKind::Const(value) => Some(value),
                _ => None,
            })
            .collect();
        if constants.len() == branches.len() {
            return json!({"enum": constants});
        }
        let mut parts: Vec<Value> = Vec::new();
        if constants.len() > 1 {
            parts.push(json!({"enum": constants}));
        }
        for branch in branches {
            if constants.len() > 1 && matches!(branch.kind, ShapeKind::Const(_)) {
                continue;
            }
            parts.push(self.schema(branch, depth + 1));
        }
        // `T | null` over a plain type reads better as a list of types, and means the same.
        if parts.len() == 2
            && let Some(null) = parts.iter().position(|part| *part == json!({"type": "null"}))
            && let Some(Value::String(name)) = parts[1 - null].get("type").cloned()
            && parts[1 - null].get("const").is_none()
            && parts[1 - null].get("enum").is_none()
        {
            let mut other = parts.swap_remove(1 - null);
            if let Some(map) = other.as_object_mut() {
                map.insert("type".to_owned(), json!([name, "null"]));
            }
            return other;
        }
        json!({"anyOf": parts})
    }

    fn array(&mut self, array: &ArrayShape, depth: u32) -> Value {
        let mut map = Map::new();
        map.insert("type".to_owned(), json!("array"));
        if !array.prefix.is_empty() {
            map.insert("prefixItems".to_owned(), array.prefix.iter().map(|item| self.schema(item, depth + 1)).collect());
        }
        match &array.items {
            Some(items) => {
                let items = self.schema(items, depth + 1);
                if items != Value::Bool(true) {
                    map.insert("items".to_owned(), items);
                }
            }
            None => {
                map.insert("items".to_owned(), Value::Bool(false));
            }
        }
        set(&mut map, "minItems", array.min_items);
        set(&mut map, "maxItems", array.max_items);
        if array.unique {
            map.insert("uniqueItems".to_owned(), Value::Bool(true));
        }
        Value::Object(map)
    }

    fn object(&mut self, object: &ObjectShape, depth: u32) -> Value {
        let mut map = Map::new();
        map.insert("type".to_owned(), json!("object"));
        let mut properties = Map::new();
        let mut required: Vec<Value> = Vec::new();
        let mut either: Vec<Value> = Vec::new();
        for field in &object.fields {
            let mut schema = self.schema(&field.shape, depth + 1);
            if let (Some(default), Some(map)) = (&field.default, schema.as_object_mut()) {
                map.insert("default".to_owned(), default.clone());
            }
            for alias in &field.aliases {
                properties.insert(alias.clone(), schema.clone());
            }
            properties.insert(field.name.clone(), schema);
            if field.presence == Presence::Required {
                match either_name(field) {
                    Some(names) => either.push(names),
                    None => required.push(Value::String(field.name.clone())),
                }
            }
        }
        if !properties.is_empty() {
            map.insert("properties".to_owned(), Value::Object(properties));
        }
        if !required.is_empty() {
            map.insert("required".to_owned(), Value::Array(required));
        }
        if !either.is_empty() {
            map.insert("allOf".to_owned(), Value::Array(either));
        }
        match (&object.rest, self.silence) {
            (Rest::Silent, Silence::Open) => {}
            (Rest::Silent, Silence::NotSent) | (Rest::Closed, _) => {
                map.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            (Rest::Open { keys: None, values }, _) => {
                map.insert("additionalProperties".to_owned(), self.schema(values, depth + 1));
            }
            (Rest::Open { keys: Some(pattern), values }, _) => {
                let values = self.schema(values, depth + 1);
                map.insert("patternProperties".to_owned(), json!({ pattern: values }));
                map.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
        }
        set(&mut map, "minProperties", object.min_properties);
        set(&mut map, "maxProperties", object.max_properties);
        Value::Object(map)
    }
}

/// A reader with aliases demands one of the names.
fn either_name(field: &Field) -> Option<Value> {
    if field.aliases.is_empty() {
        return None;
    }
    let names = std::iter::once(&field.name).chain(&field.aliases).map(|name| json!({"required": [name]})).collect::<Vec<_>>();
    Some(json!({"anyOf": names}))
}

fn set(map: &mut Map<String, Value>, keyword: &str, value: Option<u64>) {
    if let Some(value) = value {
        map.insert(keyword.to_owned(), json!(value));
    }
}

fn number(name: &str, range: &NumberRange) -> Value {
    let mut map = Map::new();
    map.insert("type".to_owned(), json!(name));
    let bounds = [
        ("minimum", &range.minimum),
        ("maximum", &range.maximum),
        ("exclusiveMinimum", &range.exclusive_minimum),
        ("exclusiveMaximum", &range.exclusive_maximum),
        ("multipleOf", &range.multiple_of),
    ];
    for (keyword, bound) in bounds {
        if let Some(bound) = bound {
            map.insert(keyword.to_owned(), Value::Number(bound.clone()));
        }
    }
    Value::Object(map)
}

fn string(text: &StringShape) -> Value {
    let mut map = Map::new();
    map.insert("type".to_owned(), json!("string"));
    let mut texts = vec![
        ("format", text.format.clone()),
        ("contentEncoding", text.content_encoding.clone()),
        ("contentMediaType", text.content_media_type.clone()),
    ];
    match text.patterns.as_slice() {
        [] => {}
        [only] => texts.push(("pattern", Some(only.clone()))),
        several => {
            map.insert("allOf".to_owned(), several.iter().map(|pattern| json!({"pattern": pattern})).collect());
        }
    }
    for (keyword, value) in texts {
        if let Some(value) = value {
            map.insert(keyword.to_owned(), Value::String(value));
        }
    }
    set(&mut map, "minLength", text.min_length);
    set(&mut map, "maxLength", text.max_length);
    Value::Object(map)
}

/// A name as a token of a JSON Pointer in a URI fragment.
fn pointer_token(name: &str) -> String {
    let mut token = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            '~' => token.push_str("~0"),
            '/' => token.push_str("~1"),
            letter if letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.') => token.push(letter),
            letter => {
                let mut buffer = [0; 4];
                for byte in letter.encode_utf8(&mut buffer).bytes() {
                    token.push_str(&format!("%{byte:02X}"));
                }
            }
        }
    }
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(fields: Vec<Field>) -> Shape {
        Shape::new(ShapeKind::Object(ObjectShape::of(fields)), None)
    }

    #[test]
    fn silence_is_open_for_people_and_closed_for_proofs() {
        let id =
            Field::new("id", Arc::new(Shape::new(ShapeKind::String(StringShape::default()), None)), Presence::Required, None);
        let shape = object(vec![id]);
        assert_eq!(
            document(&shape, Silence::Open),
            json!({"$schema": DIALECT, "type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]})
        );
        assert_eq!(document(&shape, Silence::NotSent)["additionalProperties"], json!(false));
    }

    #[test]
    fn a_recursive_type_becomes_a_definition() {
        let leaf = Arc::new(Shape::new(ShapeKind::Recursive("Node".into()), None));
        let mut node = object(vec![Field::new("next", leaf, Presence::Optional, None)]);
        node.name = Some("Node".into());
        assert_eq!(
            document(&node, Silence::Open),
            json!({
                "$schema": DIALECT,
                "$ref": "#/$defs/Node",
                "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}},
            })
        );
    }

    #[test]
    fn an_optional_type_is_a_list_of_types() {
        let nullable = Shape::union(
            [
                Arc::new(Shape::new(ShapeKind::String(StringShape::format("uuid")), None)),
                Arc::new(Shape::new(ShapeKind::Null, None)),
            ],
            None,
        );
        assert_eq!(document(&nullable, Silence::Open), json!({"$schema": DIALECT, "type": ["string", "null"], "format": "uuid"}));
    }
}
