//! A shape in the short form of contracts, as YAML or JSON text.

use std::sync::Arc;

use serde_json::{Number, Value};

use super::plain;
use crate::shape::lower::{self, Silence};
use crate::shape::{Field, NumberRange, ObjectShape, Presence, Rest, Shape, ShapeKind, StringShape};

/// How deep a payload is written out; what lies deeper is `any`.
const MAX_DEPTH: u32 = 12;

/// Bounds that no double holds exactly are the widths of machine integers, which nobody means to ask for.
const WIDEST_BOUND: f64 = 9_007_199_254_740_992.0;

/// Characters of a value that is written on one line; past this it is spread out where the form allows.
const LINE: usize = 100;

/// A part of a contract, in the order in which it is written.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    Value(Value),
    Map(Vec<(String, Form)>),
}

/// Which grammar a contract is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grammar {
    Yaml,
    Json,
}

fn word(text: &str) -> Form {
    Form::Value(Value::String(text.to_owned()))
}

/// The entry of an event: its fields, or a schema where the payload is no plain object.
pub fn event(shape: &Arc<Shape>) -> Form {
    match &shape.kind {
        ShapeKind::Object(object) if !matches!(object.rest, Rest::Open { .. }) || !object.fields.is_empty() => {
            Form::Map(object_entries(object, 0))
        }
        _ => Form::Map(vec![("schema".to_owned(), spread(schema(shape)))]),
    }
}

/// A schema as entries: what it is first, what it holds last.
fn spread(schema: Value) -> Form {
    let Value::Object(object) = schema else { return Form::Value(schema) };
    let rank = |key: &str| match key {
        "type" => 0,
        "required" => 1,
        "properties" | "items" | "anyOf" => 3,
        _ => 2,
    };
    let mut entries: Vec<(String, Form)> = object.into_iter().map(|(key, value)| (key, spread(value))).collect();
    // Names of properties keep their order.
    if entries.iter().any(|(key, form)| key == "type" && matches!(form, Form::Value(_))) {
        entries.sort_by_key(|(key, _)| rank(key));
    }
    Form::Map(entries)
}

/// The entry of an event, bound to the part of the payload that it speaks of.
pub fn bound(pointer: &str, entry: Form) -> Form {
    match entry {
        Form::Map(mut entries) if !pointer.is_empty() => {
            entries.insert(0, ("payload".to_owned(), word(pointer)));
            Form::Map(entries)
        }
        entry => entry,
    }
}

/// The entry of a field: its key, with `?` where it may be absent, and what it holds.
pub fn field(field: &Field) -> (String, Form) {
    entry(field, 0)
}

fn entry(field: &Field, depth: u32) -> (String, Form) {
    let mark = match field.presence {
        Presence::Required => "",
        Presence::Optional => "?",
    };
    (format!("{}{mark}", field.name), value(&field.shape, depth + 1))
}

fn object_entries(object: &ObjectShape, depth: u32) -> Vec<(String, Form)> {
    let mut entries = Vec::new();
    if matches!(object.rest, Rest::Closed) {
        entries.push(("unknown-fields".to_owned(), word("reject")));
    }
    let fields = object.fields.iter().filter(|field| !matches!(field.shape.kind, ShapeKind::Never));
    entries.push(("fields".to_owned(), Form::Map(fields.map(|field| entry(field, depth)).collect())));
    entries
}

fn value(shape: &Arc<Shape>, depth: u32) -> Form {
    if depth > MAX_DEPTH {
        return word("any");
    }
    match &shape.kind {
        ShapeKind::Unknown(_) | ShapeKind::Never | ShapeKind::Recursive(_) => word("any"),
        ShapeKind::Null => word("null"),
        ShapeKind::Boolean => word("boolean"),
        ShapeKind::Integer(range) => number("integer", range),
        ShapeKind::Number(range) => number("number", range),
        ShapeKind::String(text) => string(text),
        ShapeKind::Const(value) => Form::Map(vec![("const".to_owned(), Form::Value(value.clone()))]),
        ShapeKind::Array(array) if array.prefix.is_empty() => {
            let items = array.items.as_ref().map(|items| value(items, depth + 1));
            let bounded = array.min_items.is_some() || array.max_items.is_some() || array.unique;
            match items {
                None => word("array"),
                Some(Form::Value(Value::String(name))) if !bounded && !name.contains('|') => word(&format!("{name}[]")),
                Some(items) => {
                    let mut entries = vec![("type".to_owned(), word("array")), ("items".to_owned(), items)];
                    let counts = [("minItems", array.min_items), ("maxItems", array.max_items)];
                    entries.extend(
                        counts.into_iter().filter_map(|(key, count)| Some((key.to_owned(), Form::Value(Value::from(count?))))),
                    );
                    if array.unique {
                        entries.push(("uniqueItems".to_owned(), Form::Value(Value::Bool(true))));
                    }
                    Form::Map(entries)
                }
            }
        }
        ShapeKind::Object(object) => match &object.rest {
            Rest::Open { values, .. } if object.fields.is_empty() && !values.is_unknown() => {
                Form::Map(vec![("values".to_owned(), value(values, depth + 1))])
            }
            Rest::Silent | Rest::Open { .. } if object.fields.is_empty() => word("object"),
            Rest::Silent | Rest::Closed | Rest::Open { .. } => Form::Map(object_entries(object, depth)),
        },
        ShapeKind::Union(branches) => union(shape, &plain::branches(branches), depth),
        ShapeKind::Array(_) | ShapeKind::Intersection(_) => spread(schema(shape)),
    }
}

/// Branches that the short form has words for; a schema otherwise.
fn union(whole: &Arc<Shape>, branches: &[Arc<Shape>], depth: u32) -> Form {
    let nullable = branches.iter().any(|branch| matches!(branch.kind, ShapeKind::Null | ShapeKind::Const(Value::Null)));
    let rest: Vec<&Arc<Shape>> =
        branches.iter().filter(|branch| !matches!(branch.kind, ShapeKind::Null | ShapeKind::Const(Value::Null))).collect();
    if rest.iter().any(|branch| matches!(branch.kind, ShapeKind::Unknown(_) | ShapeKind::Recursive(_))) {
        return word("any");
    }
    let constants: Vec<Value> = rest
        .iter()
        .filter_map(|branch| match &branch.kind {
            ShapeKind::Const(value) => Some(value.clone()),
            _ => None,
        })
        .collect();
    if constants.len() == rest.len() && constants.len() > 1 {
        let mut listed = constants;
        if nullable {
            listed.push(Value::Null);
        }
        return Form::Map(vec![("enum".to_owned(), Form::Value(Value::Array(listed)))]);
    }
    let forms: Vec<Form> = rest.iter().map(|branch| value(branch, depth + 1)).collect();
    let words: Option<Vec<&str>> = forms
        .iter()
        .map(|form| match form {
            Form::Value(Value::String(name)) => Some(name.as_str()),
            Form::Value(_) | Form::Map(_) => None,
        })
        .collect();
    if let Some(words) = words {
        let mut words = words;
        words.dedup();
        if nullable {
            words.push("null");
        }
        return word(&words.join("|"));
    }
    match <[Form; 1]>::try_from(forms) {
        Ok([Form::Map(mut entries)]) if nullable => {
            entries.push(("nullable".to_owned(), Form::Value(Value::Bool(true))));
            Form::Map(entries)
        }
        Ok([only]) if !nullable => only,
        Ok(_) | Err(_) => spread(schema(whole)),
    }
}

/// The shape as JSON Schema, for what the short form has no words for. A recursive one would refer to a document of its own.
fn schema(shape: &Arc<Shape>) -> Value {
    let mut document = lower::document(shape, Silence::Open);
    plain::schema(&mut document);
    if let Value::Object(map) = &mut document {
        map.remove("$schema");
        if map.contains_key("$defs") {
            return Value::Object([("anyOf".to_owned(), Value::Array(vec![Value::Bool(true)]))].into_iter().collect());
        }
    }
    document
}

fn string(text: &StringShape) -> Form {
    let mut entries = vec![("type".to_owned(), word("string"))];
    entries.extend(text.format.iter().map(|format| ("format".to_owned(), word(format))));
    if let [pattern] = text.patterns.as_slice() {
        entries.push(("pattern".to_owned(), word(pattern)));
    }
    let lengths = [("minLength", text.min_length), ("maxLength", text.max_length)];
    entries.extend(lengths.into_iter().filter_map(|(key, length)| Some((key.to_owned(), Form::Value(Value::from(length?))))));
    if entries.len() == 1 { word("string") } else { Form::Map(entries) }
}

fn number(name: &str, range: &NumberRange) -> Form {
    let mut entries = vec![("type".to_owned(), word(name))];
    let bound = |bound: &Option<Number>| bound.clone().filter(|bound| bound.as_f64().is_some_and(|b| b.abs() < WIDEST_BOUND));
    let bounds = [
        ("minimum", bound(&range.minimum)),
        ("maximum", bound(&range.maximum)),
        ("exclusiveMinimum", bound(&range.exclusive_minimum)),
        ("exclusiveMaximum", bound(&range.exclusive_maximum)),
        ("multipleOf", bound(&range.multiple_of)),
    ];
    entries.extend(bounds.into_iter().filter_map(|(key, bound)| Some((key.to_owned(), Form::Value(Value::Number(bound?))))));
    if entries.len() == 1 { word(name) } else { Form::Map(entries) }
}

/// Lines of a block mapping's entries, each with `indent` blanks before it.
pub fn block(entries: &[(String, Form)], indent: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let pad = " ".repeat(indent);
    for (key, form) in entries {
        let key = scalar(key);
        match form {
            Form::Map(inner) if inner.is_empty() => lines.push(format!("{pad}{key}: {{}}")),
            Form::Map(inner) if key == "fields" || has_fields(form) => {
                lines.push(format!("{pad}{key}:"));
                lines.extend(block(inner, indent + 2));
            }
            Form::Map(inner) if is_long(&pad, &key, form) => {
                lines.push(format!("{pad}{key}:"));
                lines.extend(block(inner, indent + 2));
            }
            Form::Map(_) => lines.push(format!("{pad}{key}: {}", flow(form, Grammar::Yaml))),
            Form::Value(Value::String(text)) => lines.push(format!("{pad}{key}: {}", scalar(text))),
            Form::Value(Value::Array(items)) if items.iter().all(Value::is_object) && is_long(&pad, &key, form) => {
                lines.push(format!("{pad}{key}:"));
                for item in items {
                    let Form::Map(inner) = spread(item.clone()) else { continue };
                    let first = lines.len();
                    lines.extend(block(&inner, indent + 4));
                    if let Some(line) = lines.get_mut(first) {
                        *line = format!("{pad}  - {}", line.trim_start());
                    }
                }
            }
            Form::Value(_) => lines.push(format!("{pad}{key}: {}", flow(form, Grammar::Yaml))),
        }
    }
    lines
}

/// Whether a value is too much for one line.
fn is_long(pad: &str, key: &str, form: &Form) -> bool {
    pad.len() + key.chars().count() + 2 + flow(form, Grammar::Yaml).chars().count() > LINE
}

fn has_fields(form: &Form) -> bool {
    match form {
        Form::Map(entries) => entries.iter().any(|(key, inner)| key == "fields" || has_fields(inner)),
        Form::Value(_) => false,
    }
}

/// A value on one line.
pub fn flow(form: &Form, grammar: Grammar) -> String {
    match form {
        Form::Map(entries) => {
            let inner: Vec<String> =
                entries.iter().map(|(key, value)| format!("{}: {}", name(key, grammar), flow(value, grammar))).collect();
            if inner.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", inner.join(", ")) }
        }
        Form::Value(Value::String(text)) => name(text, grammar),
        Form::Value(Value::Array(items)) => {
            let items: Vec<String> = items.iter().map(|item| flow(&Form::Value(item.clone()), grammar)).collect();
            format!("[{}]", items.join(", "))
        }
        // JSON is YAML: what is nested in a schema keeps its quotes.
        Form::Value(other) => other.to_string(),
    }
}

fn name(text: &str, grammar: Grammar) -> String {
    match grammar {
        // Brackets have a meaning between braces.
        Grammar::Yaml if text.contains(['[', ']']) => Value::String(text.to_owned()).to_string(),
        Grammar::Yaml => scalar(text),
        Grammar::Json => Value::String(text.to_owned()).to_string(),
    }
}

/// A text as YAML writes it: bare where every reader of YAML takes it for a text, in double quotes elsewhere.
pub fn scalar(text: &str) -> String {
    let bare = |letter: char| letter.is_ascii_alphanumeric() || "_-./|?[]+".contains(letter);
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '/');
    // Words that one of the two versions of YAML reads as something else.
    let word = text.to_ascii_lowercase();
    let taken = ["true", "false", "yes", "no", "on", "off", "y", "n"].contains(&word.as_str());
    // `null` is the name of a type here; everybody else who writes it means a text.
    let null = word == "null" || word == "~";
    let lists = text.contains('[') && !text.ends_with("[]");
    if starts && text.chars().all(bare) && !taken && !null && !lists {
        return text.to_owned();
    }
    Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_yaml_reads_as_something_else_are_quoted() {
        for (text, written) in [
            ("customerId", "customerId"),
            ("company?", "company?"),
            ("string|null", "string|null"),
            ("user.signup", "user.signup"),
            ("yes", "\"yes\""),
            ("null", "\"null\""),
            ("@acme/web", "\"@acme/web\""),
            ("user.*", "\"user.*\""),
            ("/data", "/data"),
            ("2fa", "\"2fa\""),
            ("a: b", "\"a: b\""),
        ] {
            assert_eq!(scalar(text), written);
        }
    }
}
