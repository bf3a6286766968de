//! A JSON Schema document as a [`Shape`], for comparison field by field.
//!
//! A shape says less than a schema can: what only narrows further (`not`, `if`, `contains`, …) is left out and noted, so that the
//! reader of a comparison knows that the proof looked at more than the comparison did.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Draft;
use super::merge::intersect;
use super::refs::{Resolver, ResourceId, extend};
use crate::shape::{ArrayShape, Field, NumberRange, ObjectShape, Presence, Rest, Shape, ShapeKind, StringShape};
use crate::source::Origin;

/// Schema nodes read before the rest becomes a hole: a few references can unfold into more places than a machine holds.
const NODE_BUDGET: usize = 100_000;

/// Schemas nested deeper than this become a hole.
const DEPTH_BUDGET: usize = 200;

/// Finds the place of a node: of JSON Pointer `/a/b` in the document itself, of `ADDRESS#/a/b` in another one. For a member of
/// `properties` the place is that of its key.
pub type Places<'p> = &'p dyn Fn(&str) -> Option<Origin>;

/// A document to be read.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    pub value: &'a Value,
    pub draft: Draft,
    pub base: &'a str,
    pub resources: &'a [(String, Value)],
}

/// A keyword that the shape leaves out because it cannot say it. Each only narrows what the shape admits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Omission {
    pub keyword: String,
    /// JSON Pointer of the schema that holds it.
    pub place: String,
}

/// What a document says.
#[derive(Clone, Debug)]
pub struct Reading {
    pub shape: Arc<Shape>,
    /// Sorted, each once.
    pub omissions: Vec<Omission>,
}

/// Reads a document as a shape.
pub fn read(source: Source<'_>, places: Places<'_>) -> Reading {
    let resolver = Resolver::new(source.base, source.value, source.draft, source.resources);
    let mut reader = Reader {
        resolver: &resolver,
        places,
        open: Vec::new(),
        done: BTreeMap::new(),
        budget: NODE_BUDGET,
        omissions: Vec::new(),
    };
    let at = At { resource: 0, document: 0, draft: resolver.resource(0).draft };
    let shape = reader.target(source.value, at, String::new());
    let mut omissions = reader.omissions;
    omissions.sort();
    omissions.dedup();
    Reading { shape, omissions }
}

/// Where a walk stands.
#[derive(Clone, Copy)]
struct At {
    resource: ResourceId,
    document: usize,
    draft: Draft,
}

/// A schema that is being read and may be referred to from inside itself.
struct Open {
    document: usize,
    pointer: String,
    name: Arc<str>,
    /// Set when something inside refers to it.
    used: bool,
}

struct Reader<'r, 'a> {
    resolver: &'r Resolver<'a>,
    places: Places<'r>,
    open: Vec<Open>,
    /// Targets that were read without meeting an enclosing one: they are the same wherever they are referred to.
    done: BTreeMap<(usize, String), Arc<Shape>>,
    budget: usize,
    omissions: Vec<Omission>,
}

impl<'a> Reader<'_, 'a> {
    /// Reads a place that references may lead to.
    fn target(&mut self, value: &'a Value, at: At, pointer: String) -> Arc<Shape> {
        if let Some(known) = self.done.get(&(at.document, pointer.clone())) {
            return Arc::clone(known);
        }
        if let Some(open) = self.open.iter_mut().find(|open| open.document == at.document && open.pointer == pointer) {
            open.used = true;
            let name = Arc::clone(&open.name);
            return Arc::new(Shape::new(ShapeKind::Recursive(name), self.origin(at, &pointer)));
        }
        let name = self.name_for(at, &pointer);
        self.open.push(Open { document: at.document, pointer: pointer.clone(), name: Arc::clone(&name), used: false });
        let depth = self.open.len();
        let mut shape = self.schema(value, at, &pointer);
        let open = self.open.pop().expect("pushed above and popped once by every inner target");
        debug_assert_eq!(self.open.len() + 1, depth);
        if open.used || !pointer.is_empty() {
            let mut named = (*shape).clone();
            if open.used || named.name.is_none() {
                named.name = Some(name);
            }
            shape = Arc::new(named);
        }
        if !self.open.iter().any(|outer| outer.used) {
            self.done.insert((at.document, pointer), Arc::clone(&shape));
        }
        shape
    }

    /// The last part of the pointer, or all of it where an enclosing shape has that name already.
    fn name_for(&self, at: At, pointer: &str) -> Arc<str> {
        let short = pointer.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("root");
        let taken = |name: &str| self.open.iter().any(|open| &*open.name == name);
        if !taken(short) {
            return Arc::from(short);
        }
        let long = self.place(at, pointer);
        Arc::from(if long.is_empty() { "#" } else { long.as_str() })
    }

    fn place(&self, at: At, pointer: &str) -> String {
        if at.document == 0 { pointer.to_owned() } else { format!("{}#{pointer}", self.resolver.address(at.document)) }
    }

    fn origin(&self, at: At, pointer: &str) -> Option<Origin> {
        (self.places)(&self.place(at, pointer))
    }

    fn omit(&mut self, at: At, pointer: &str, keyword: &str) {
        let place = self.place(at, pointer);
        self.omissions.push(Omission { keyword: keyword.to_owned(), place });
    }

    fn schema(&mut self, value: &'a Value, mut at: At, pointer: &str) -> Arc<Shape> {
        let origin = self.origin(at, pointer);
        if self.budget == 0 || pointer.len() > 64 * DEPTH_BUDGET || self.open.len() > DEPTH_BUDGET {
            return Arc::new(Shape::unknown("the schema unfolds into too many parts", origin));
        }
        self.budget -= 1;
        let map = match value {
            Value::Bool(true) => return Arc::new(Shape::unknown("the schema says nothing of it", origin)),
            Value::Bool(false) => return Arc::new(Shape::new(ShapeKind::Never, origin)),
            Value::Object(map) => map,
            Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                return Arc::new(Shape::unknown("this is not a schema", origin));
            }
        };
        if let Some(id) = self.resolver.resource_at(at.document, pointer) {
            at.resource = id;
            at.draft = self.resolver.resource(id).draft;
        }
        let mut parts: Vec<Arc<Shape>> = Vec::new();
        for keyword in ["$ref", "$dynamicRef", "$recursiveRef"] {
            if let Some(reference) = map.get(keyword).and_then(Value::as_str) {
                parts.push(self.reference(reference, at, pointer));
            }
        }
        if !(map.contains_key("$ref") && at.draft.ref_hides_siblings()) {
            parts.extend(self.own_keywords(map, at, pointer));
            if let Some(Value::Array(all)) = map.get("allOf") {
                let below = extend(pointer, "allOf");
                for (index, part) in all.iter().enumerate() {
                    parts.push(self.schema(part, at, &extend(&below, &index.to_string())));
                }
            }
            for keyword in ["anyOf", "oneOf"] {
                if let Some(Value::Array(any)) = map.get(keyword) {
                    let below = extend(pointer, keyword);
                    let branches: Vec<Arc<Shape>> = any
                        .iter()
                        .enumerate()
                        .map(|(index, part)| self.schema(part, at, &extend(&below, &index.to_string())))
                        .collect();
                    // A branch that admits everything leaves nothing of the union to compare.
                    if branches.iter().any(|branch| branch.is_unknown()) {
                        self.omit(at, pointer, keyword);
                    } else {
                        parts.push(Shape::union(branches, origin.clone()));
                    }
                }
            }
        }
        let mut shape = match parts.split_first() {
            None => Arc::new(Shape::unknown("the schema says nothing of it", origin.clone())),
            Some((first, rest)) => rest.iter().fold(Arc::clone(first), |whole, part| intersect(&whole, part)),
        };
        if let Some(rest) = self.unevaluated(map, at, pointer) {
            shape = close_silent(&shape, &rest);
        }
        if shape.origin.is_none() || (parts.len() > 1 && origin.is_some()) {
            let mut placed = (*shape).clone();
            placed.origin = origin.or(placed.origin);
            if parts.len() > 1 {
                placed.name = None;
            }
            shape = Arc::new(placed);
        }
        shape
    }

    fn reference(&mut self, reference: &str, at: At, pointer: &str) -> Arc<Shape> {
        match self.resolver.resolve(at.resource, reference) {
            Some(found) => {
                let draft = self.resolver.resource(found.resource).draft;
                let there = At { resource: found.resource, document: found.document, draft };
                self.target(found.value, there, found.pointer)
            }
            None => {
                let origin = self.origin(at, pointer);
                Arc::new(Shape::unknown(format!("`{reference}` is not among the documents at hand"), origin))
            }
        }
    }

    /// What the keywords of one schema say, its applicators aside.
    fn own_keywords(&mut self, map: &'a Map<String, Value>, at: At, pointer: &str) -> Option<Arc<Shape>> {
        let origin = self.origin(at, pointer);
        for keyword in ["not", "if", "dependentSchemas", "dependentRequired", "dependencies", "contains"] {
            if map.contains_key(keyword) {
                self.omit(at, pointer, keyword);
            }
        }
        let mut types = stated_types(map, at.draft);
        let values = match (map.get("const"), map.get("enum")) {
            (Some(value), _) if at.draft > Draft::Draft4 && at.draft != Draft::OpenApi30 => Some(std::slice::from_ref(value)),
            (_, Some(Value::Array(values))) => Some(values.as_slice()),
            _ => None,
        };
        if let Some(values) = values {
            let members = values.iter().filter(|value| types.is_empty() || types.iter().any(|name| is_of_type(value, name)));
            let branches = members.map(|value| Arc::new(Shape::new(ShapeKind::Const(value.clone()), origin.clone())));
            return Some(Shape::union(branches, origin.clone()));
        }
        if types.is_empty() {
            types = implied_types(map);
        }
        if types.is_empty() {
            return None;
        }
        let branches: Vec<Arc<Shape>> = types
            .iter()
            .map(|name| {
                let kind = match *name {
                    "null" => ShapeKind::Null,
                    "boolean" => ShapeKind::Boolean,
                    "integer" => ShapeKind::Integer(number_range(map)),
                    "number" => ShapeKind::Number(number_range(map)),
                    "string" => ShapeKind::String(string_shape(map)),
                    "array" => self.array(map, at, pointer),
                    "object" => self.object(map, at, pointer),
                    other => ShapeKind::Unknown(format!("`{other}` is no type of JSON Schema")),
                };
                Arc::new(Shape::new(kind, origin.clone()))
            })
            .collect();
        Some(Shape::union(branches, origin))
    }

    fn array(&mut self, map: &'a Map<String, Value>, at: At, pointer: &str) -> ShapeKind {
        let (prefix_keyword, rest_keyword) =
            if at.draft >= Draft::Draft202012 && at.draft != Draft::OpenApi30 && !map.get("items").is_some_and(Value::is_array) {
                ("prefixItems", "items")
            } else if map.get("items").is_some_and(Value::is_array) {
                ("items", "additionalItems")
            } else {
                ("", "items")
            };
        let mut prefix = Vec::new();
        if let Some(Value::Array(parts)) = map.get(prefix_keyword) {
            let below = extend(pointer, prefix_keyword);
            for (index, part) in parts.iter().enumerate() {
                prefix.push(self.schema(part, at, &extend(&below, &index.to_string())));
            }
        }
        let unevaluated = map.get("unevaluatedItems").map(|rest| ("unevaluatedItems", rest));
        let rest = map.get(rest_keyword).map(|rest| (rest_keyword, rest)).or(unevaluated);
        let items = match rest {
            Some((_, Value::Bool(false))) => None,
            Some((keyword, rest)) => Some(self.schema(rest, at, &extend(pointer, keyword))),
            None => Some(Arc::new(Shape::unknown("the schema says nothing of the elements", None))),
        };
        ShapeKind::Array(ArrayShape {
            prefix,
            items,
            min_items: count(map, "minItems"),
            max_items: count(map, "maxItems"),
            unique: map.get("uniqueItems") == Some(&Value::Bool(true)),
        })
    }

    fn object(&mut self, map: &'a Map<String, Value>, at: At, pointer: &str) -> ShapeKind {
        let required: Vec<&str> = match map.get("required") {
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let mut fields: Vec<Field> = Vec::new();
        if let Some(Value::Object(properties)) = map.get("properties") {
            let below = extend(pointer, "properties");
            for (name, property) in properties {
                let place = extend(&below, name);
                let shape = self.schema(property, at, &place);
                let presence = if required.contains(&name.as_str()) { Presence::Required } else { Presence::Optional };
                let mut field = Field::new(name.clone(), shape, presence, self.origin(at, &place));
                field.default = property.get("default").cloned();
                fields.push(field);
            }
        }
        let rest = self.rest(map, at, pointer);
        for name in required {
            if !fields.iter().any(|field| field.name == name) {
                let shape = match &rest {
                    Rest::Open { values, .. } => Arc::clone(values),
                    Rest::Silent => Arc::new(Shape::unknown("the schema demands it and says nothing of it", None)),
                    Rest::Closed => Arc::new(Shape::new(ShapeKind::Never, None)),
                };
                let origin = self.origin(at, &extend(pointer, "required"));
                fields.push(Field::new(name, shape, Presence::Required, origin));
            }
        }
        ShapeKind::Object(ObjectShape {
            fields,
            rest,
            min_properties: count(map, "minProperties"),
            max_properties: count(map, "maxProperties"),
        })
    }

    fn rest(&mut self, map: &'a Map<String, Value>, at: At, pointer: &str) -> Rest {
        let names = map.get("propertyNames").and_then(|names| names.get("pattern")).and_then(Value::as_str);
        if map.contains_key("propertyNames") && names.is_none() {
            self.omit(at, pointer, "propertyNames");
        }
        let additional = match map.get("additionalProperties") {
            None => None,
            Some(Value::Bool(false)) => Some(None),
            Some(schema) => Some(Some(self.schema(schema, at, &extend(pointer, "additionalProperties")))),
        };
        let patterns: Vec<(&String, &'a Value)> = match map.get("patternProperties") {
            Some(Value::Object(patterns)) => patterns.iter().collect(),
            _ => Vec::new(),
        };
        let below = extend(pointer, "patternProperties");
        let cells: Vec<(String, Arc<Shape>)> = patterns
            .into_iter()
            .map(|(pattern, schema)| (pattern.clone(), self.schema(schema, at, &extend(&below, pattern))))
            .collect();
        match (cells.as_slice(), additional) {
            ([], None) => Rest::Silent,
            ([], Some(None)) => Rest::Closed,
            ([], Some(Some(values))) => Rest::Open { keys: names.map(str::to_owned), values },
            ([(pattern, values)], None | Some(None)) => Rest::Open { keys: Some(pattern.clone()), values: Arc::clone(values) },
            (_, additional) => {
                // Several cells: any of them, under any key.
                self.omit(at, pointer, "patternProperties");
                let values = cells.into_iter().map(|(_, values)| values).chain(additional.flatten());
                Rest::Open { keys: names.map(str::to_owned), values: Shape::union(values, None) }
            }
        }
    }

    /// What `unevaluatedProperties` says of the keys that nobody declared.
    fn unevaluated(&mut self, map: &'a Map<String, Value>, at: At, pointer: &str) -> Option<Rest> {
        if at.draft < Draft::Draft201909 || at.draft == Draft::OpenApi30 {
            return None;
        }
        match map.get("unevaluatedProperties")? {
            Value::Bool(false) => Some(Rest::Closed),
            schema => {
                let values = self.schema(schema, at, &extend(pointer, "unevaluatedProperties"));
                Some(Rest::Open { keys: None, values })
            }
        }
    }
}

/// Gives the objects of a shape that are silent about other keys this rest.
fn close_silent(shape: &Arc<Shape>, rest: &Rest) -> Arc<Shape> {
    let kind = match &shape.kind {
        ShapeKind::Object(object) if object.rest == Rest::Silent => {
            ShapeKind::Object(ObjectShape { rest: rest.clone(), ..object.clone() })
        }
        ShapeKind::Union(branches) => ShapeKind::Union(branches.iter().map(|branch| close_silent(branch, rest)).collect()),
        ShapeKind::Unknown(_)
        | ShapeKind::Never
        | ShapeKind::Null
        | ShapeKind::Boolean
        | ShapeKind::Integer(_)
        | ShapeKind::Number(_)
        | ShapeKind::String(_)
        | ShapeKind::Const(_)
        | ShapeKind::Array(_)
        | ShapeKind::Object(_)
        | ShapeKind::Intersection(_)
        | ShapeKind::Recursive(_) => return Arc::clone(shape),
    };
    Arc::new(Shape { kind, origin: shape.origin.clone(), name: shape.name.clone(), text_of: shape.text_of.clone() })
}

fn stated_types(map: &Map<String, Value>, draft: Draft) -> Vec<&str> {
    let mut names: Vec<&str> = match map.get("type") {
        Some(Value::String(name)) => vec![name.as_str()],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => return Vec::new(),
    };
    if draft == Draft::OpenApi30 && map.get("nullable") == Some(&Value::Bool(true)) && !names.contains(&"null") {
        names.push("null");
    }
    if names.contains(&"number") {
        names.retain(|name| *name != "integer");
    }
    names.dedup();
    names
}

/// The types that the keywords speak of where `type` is not stated. Strictly such a schema admits every other type as well;
/// its author means these.
fn implied_types(map: &Map<String, Value>) -> Vec<&'static str> {
    let groups: [(&str, &[&str]); 4] = [
        (
            "object",
            &[
                "properties",
                "required",
                "additionalProperties",
                "patternProperties",
                "propertyNames",
                "minProperties",
                "maxProperties",
            ],
        ),
        ("array", &["items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems"]),
        ("string", &["pattern", "format", "minLength", "maxLength", "contentEncoding", "contentMediaType"]),
        ("number", &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
    ];
    let implied = groups.iter().filter(|(_, keywords)| keywords.iter().any(|keyword| map.contains_key(*keyword)));
    implied.map(|(name, _)| *name).collect()
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match value {
        Value::Null => name == "null",
        Value::Bool(_) => name == "boolean",
        Value::String(_) => name == "string",
        Value::Array(_) => name == "array",
        Value::Object(_) => name == "object",
        Value::Number(number) => {
            name == "number" || (name == "integer" && super::number::exact(number).is_none_or(|value| value.is_integer()))
        }
    }
}

fn count(map: &Map<String, Value>, keyword: &str) -> Option<u64> {
    match map.get(keyword) {
        Some(Value::Number(number)) => {
            let value = super::number::exact(number)?;
            value.is_integer().then(|| value.to_integer().try_into().ok()).flatten()
        }
        _ => None,
    }
}

fn number_range(map: &Map<String, Value>) -> NumberRange {
    let number = |keyword: &str| match map.get(keyword) {
        Some(Value::Number(number)) => Some(number.clone()),
        _ => None,
    };
    let flagged = |keyword: &str| map.get(keyword) == Some(&Value::Bool(true));
    let mut range = NumberRange {
        minimum: number("minimum"),
        maximum: number("maximum"),
        exclusive_minimum: number("exclusiveMinimum"),
        exclusive_maximum: number("exclusiveMaximum"),
        multiple_of: number("multipleOf"),
        whole_unsaid: false,
    };
    if flagged("exclusiveMinimum") {
        range.exclusive_minimum = range.minimum.take();
    }
    if flagged("exclusiveMaximum") {
        range.exclusive_maximum = range.maximum.take();
    }
    range
}

fn string_shape(map: &Map<String, Value>) -> StringShape {
    let text = |keyword: &str| map.get(keyword).and_then(Value::as_str).map(str::to_owned);
    StringShape {
        format: text("format"),
        patterns: text("pattern").into_iter().collect(),
        min_length: count(map, "minLength"),
        max_length: count(map, "maxLength"),
        content_encoding: text("contentEncoding"),
        content_media_type: text("contentMediaType"),
    }
}

#[cfg(test)]
mod tests;
