//! Shapes as a person would write them down: without parts that another part says already.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::facts::rust_types::text_other_than;
use crate::shape::{Shape, ShapeKind, StringShape};

/// The branches of a union, without those that another branch takes in: a text of a format beside any text, names beside every
/// text that is none of them.
pub fn branches(given: &[Arc<Shape>]) -> Vec<Arc<Shape>> {
    let is_text = |shape: &Shape| matches!(&shape.kind, ShapeKind::String(_) | ShapeKind::Const(Value::String(_)));
    let plain = |shape: &Shape| matches!(&shape.kind, ShapeKind::String(text) if text_is_any(text));
    let names: Vec<String> = given
        .iter()
        .filter_map(|shape| match &shape.kind {
            ShapeKind::Const(Value::String(name)) => Some(name.clone()),
            _ => None,
        })
        .collect();
    let others = |shape: &Shape| matches!(&shape.kind, ShapeKind::String(text) if !names.is_empty() && text_other_than(&names).as_ref() == Some(text));
    let any_text = given.iter().any(|shape| plain(shape) || others(shape));
    if !any_text {
        return given.to_vec();
    }
    let mut kept: Vec<Arc<Shape>> = Vec::new();
    let mut told = false;
    for shape in given {
        if !is_text(shape) {
            kept.push(Arc::clone(shape));
        } else if !told {
            told = true;
            kept.push(Arc::new(Shape::new(ShapeKind::String(StringShape::default()), shape.origin.clone())));
        }
    }
    kept
}

fn text_is_any(text: &StringShape) -> bool {
    let StringShape { format: _, patterns, min_length, max_length, content_encoding: _, content_media_type: _ } = text;
    patterns.is_empty() && min_length.is_none() && max_length.is_none() && text.format.is_none()
}

/// Says `not: { enum: […] }` where a pattern stands for every name but those that the branches beside it have under the same key.
pub fn schema(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if let Some(Value::Array(branches)) = object.get_mut("anyOf") {
                catch_all(branches);
            }
            object.values_mut().for_each(schema);
        }
        Value::Array(items) => items.iter_mut().for_each(schema),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn catch_all(branches: &mut [Value]) {
    let keys: Vec<(usize, String, String)> = branches
        .iter()
        .enumerate()
        .filter_map(|(at, branch)| Some((at, branch.get("properties")?.as_object()?)))
        .flat_map(|(at, fields)| patterned(fields).map(move |(key, pattern)| (at, key, pattern)))
        .collect();
    for (at, key, pattern) in keys {
        let names: Vec<String> = branches
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at)
            .filter_map(|(_, branch)| branch.get("properties")?.get(&key))
            .flat_map(|field| match (field.get("const"), field.get("enum")) {
                (Some(Value::String(name)), _) => vec![name.clone()],
                (_, Some(Value::Array(names))) => names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
                _ => Vec::new(),
            })
            .collect();
        let generated = text_other_than(&names).is_some_and(|text| text.patterns == [pattern.as_str()]);
        if let (true, Some(field)) = (generated, branches[at].get_mut("properties").and_then(|fields| fields.get_mut(&key))) {
            *field = json!({ "type": "string", "not": { "enum": names } });
        }
    }
}

/// The fields that are nothing but texts of a pattern.
fn patterned(fields: &Map<String, Value>) -> impl Iterator<Item = (String, String)> {
    fields.iter().filter_map(|(key, field)| {
        let field = field.as_object().filter(|field| field.len() == 2)?;
        let pattern = field.get("pattern")?.as_str()?;
        (field.get("type")? == "string").then(|| (key.clone(), pattern.to_owned()))
    })
}
