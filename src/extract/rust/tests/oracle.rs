//! What the front end says of a declaration, against what serde does with its values.

use serde_json::{Map, Value, json};

use crate::facts::{Additional, FileFacts, ObjectMember, TypeExpr, TypeKind};
use crate::shape::Presence;

#[path = "../../../../fixtures/sources/rust/declarations/serde_forms.rs"]
mod serde_forms;

const TEXT: &str = include_str!("../../../../fixtures/sources/rust/declarations/serde_forms.rs");

/// A type's keys in one form: (name, aliases, type, presence), whether others are allowed and with which values.
struct Keys<'a> {
    fields: Vec<(&'a str, &'a [crate::facts::Name], &'a TypeExpr, Presence)>,
    open: Option<&'a TypeExpr>,
    closed: bool,
}

fn resolve<'a>(facts: &'a FileFacts, ty: &'a TypeExpr, read: bool) -> &'a TypeExpr {
    let found = match &ty.kind {
        TypeKind::Ref(found) => found,
        // Every generic sample is of `Inner`.
        TypeKind::Param(_) => return resolve(facts, declared_form(facts, "Inner", read), read),
        _ => return ty,
    };
    let decl = facts.types.iter().find(|decl| decl.scope.is_empty() && Some(&decl.name) == found.path.last());
    let decl = decl.unwrap_or_else(|| panic!("{} is not declared", found.path.join("::")));
    let form = if read { decl.read.as_ref().unwrap_or(&decl.write) } else { &decl.write };
    resolve(facts, form, read)
}

fn declared_form<'a>(facts: &'a FileFacts, name: &str, read: bool) -> &'a TypeExpr {
    let (write, found) = declared(facts, name);
    if read { found } else { write }
}

fn keys<'a>(facts: &'a FileFacts, ty: &'a TypeExpr, read: bool) -> Keys<'a> {
    let mut out = Keys { fields: Vec::new(), open: None, closed: false };
    match &resolve(facts, ty, read).kind {
        TypeKind::Map { values, .. } => out.open = Some(values),
        TypeKind::Object(object) => {
            out.closed = object.additional == Additional::Closed;
            for member in &object.members {
                match member {
                    ObjectMember::Field(field) => out.fields.push((&field.name, &field.aliases, &field.ty, field.presence)),
                    ObjectMember::Spread(inner) => {
                        let inner = keys(facts, inner, read);
                        out.fields.extend(inner.fields);
                        out.open = out.open.or(inner.open);
                    }
                }
            }
        }
        other => panic!("{other:?} has no keys"),
    }
    out
}

/// Whether the type expression admits the value. For a writer a key that it does not name is wrong.
fn admits(facts: &FileFacts, ty: &TypeExpr, value: &Value, read: bool) -> bool {
    let ty = resolve(facts, ty, read);
    let all = |items: &[Value], ty: &TypeExpr| items.iter().all(|item| admits(facts, ty, item, read));
    match (&ty.kind, value) {
        (TypeKind::Unknown(_), _) => true,
        (TypeKind::Union(branches), _) => branches.iter().any(|branch| admits(facts, branch, value, read)),
        (TypeKind::Null, Value::Null) | (TypeKind::Boolean, Value::Bool(_)) | (TypeKind::Number(_), Value::Number(_)) => true,
        (TypeKind::Integer(range), Value::Number(number)) => {
            let value = number.as_i128();
            let low = range.minimum.as_ref().and_then(serde_json::Number::as_i128);
            let high = range.maximum.as_ref().and_then(serde_json::Number::as_i128);
            value.is_some_and(|value| low.is_none_or(|low| low <= value) && high.is_none_or(|high| value <= high))
        }
        (TypeKind::String(shape), Value::String(text)) => {
            let length = text.chars().count() as u64;
            let matched = |pattern: &String| regress::Regex::new(pattern).expect("patterns are valid").find(text).is_some();
            shape.min_length.is_none_or(|min| min <= length)
                && shape.max_length.is_none_or(|max| length <= max)
                && shape.patterns.iter().all(matched)
        }
        (TypeKind::Const(literal), _) => match literal {
            crate::facts::Literal::Text(text) => value == text.as_str(),
            crate::facts::Literal::Null => value.is_null(),
            crate::facts::Literal::Bool(found) => value == found,
            crate::facts::Literal::Number(digits) => value.as_number().is_some_and(|number| number.as_str() == digits),
        },
        (TypeKind::Array { items, min, max, .. }, Value::Array(found)) => {
            let length = found.len() as u64;
            min.is_none_or(|min| min <= length) && max.is_none_or(|max| length <= max) && all(found, items)
        }
        (TypeKind::Tuple { items, rest: None }, Value::Array(found)) => {
            items.len() == found.len() && items.iter().zip(found).all(|(ty, item)| admits(facts, ty, item, read))
        }
        (TypeKind::Map { values, .. }, Value::Object(found)) => found.values().all(|item| admits(facts, values, item, read)),
        (TypeKind::Object(_), Value::Object(found)) => {
            let keys = keys(facts, ty, read);
            let named =
                |key: &str| keys.fields.iter().find(|(name, aliases, ..)| *name == key || aliases.iter().any(|a| a == key));
            let present = keys.fields.iter().all(|(name, aliases, _, presence)| {
                *presence == Presence::Optional
                    || found.contains_key(*name)
                    || aliases.iter().any(|alias| found.contains_key(alias.as_str()))
            });
            present
                && found.iter().all(|(key, item)| match (named(key), keys.open) {
                    (Some((_, _, ty, _)), _) => admits(facts, ty, item, read),
                    (None, Some(open)) => admits(facts, open, item, read),
                    (None, None) => read && !keys.closed,
                })
        }
        _ => false,
    }
}

fn declared<'a>(facts: &'a FileFacts, name: &str) -> (&'a TypeExpr, &'a TypeExpr) {
    let decl = facts.types.iter().find(|decl| decl.scope.is_empty() && decl.name == name);
    let decl = decl.unwrap_or_else(|| panic!("{name} is not declared"));
    (&decl.write, decl.read.as_ref().unwrap_or(&decl.write))
}

#[test]
fn what_serde_writes_is_what_the_declaration_is_said_to_write() {
    let facts = super::extracted(TEXT);
    assert_eq!(facts.diagnostics, []);
    for (name, value) in serde_forms::samples() {
        let (write, _) = declared(&facts, name);
        assert!(admits(&facts, write, &value, false), "{name} writes {value}, read as {}", super::render::ty(write));
    }
}

/// Near misses of a value: each key taken away, nulled, retyped or renamed, and one more key.
fn mutations(value: &Value) -> Vec<Value> {
    let mut out =
        vec![value.clone(), json!(null), json!("text"), json!(7), json!(-1), json!(300), json!([]), json!({}), json!(true)];
    match value {
        Value::Object(object) => {
            let with = |change: &dyn Fn(&mut Map<String, Value>)| {
                let mut copy = object.clone();
                change(&mut copy);
                Value::Object(copy)
            };
            out.push(with(&|copy| {
                copy.insert("surplus".to_owned(), json!(1));
            }));
            for (key, inner) in object {
                out.push(with(&|copy| {
                    copy.remove(key);
                }));
                for other in mutations(inner) {
                    out.push(with(&|copy| {
                        copy.insert(key.clone(), other.clone());
                    }));
                }
            }
            for name in ["in", "legacy", "older", "secret", "first-field", "old-name", "computed", "custom", "maybe"] {
                out.push(with(&|copy| {
                    copy.insert(name.to_owned(), json!("1"));
                }));
            }
        }
        Value::Array(items) => {
            for at in 0..items.len() {
                let mut copy = items.clone();
                copy.remove(at);
                out.push(Value::Array(copy));
                for other in mutations(&items[at]) {
                    let mut copy = items.clone();
                    copy[at] = other;
                    out.push(Value::Array(copy));
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    out
}

/// Values that a reader of this type takes, so that the two sides may differ in their names.
fn readable(name: &str, written: &Value) -> Value {
    let mut value = written.clone();
    let Value::Object(object) = &mut value else { return value };
    let mut rename = |from: &str, to: &str| {
        if let Some(found) = object.remove(from) {
            object.insert(to.to_owned(), found);
        }
    };
    match name {
        "Renamed" => rename("out", "in"),
        "TwoConventions" => {
            rename("FIRST_FIELD", "first-field");
            rename("SECOND", "second");
        }
        "Presence" => {
            object.insert("secret".to_owned(), json!("s"));
        }
        _ => {}
    }
    value
}

/// Where serde is looser than what the shape says, or knows what no shape says: named, so that nothing else hides behind them.
fn is_known_difference(name: &str, value: &Value) -> bool {
    let text = value.to_string();
    match name {
        // serde reads a struct from a list of its fields, too; nobody writes one so.
        _ if has_list_for_struct(value) => true,
        // The form of a text behind `try_from`, and of an address, is the type's own.
        "Through" => value.is_string(),
        "Keyed" => text.contains("\"address\":\"text\"") || !text.contains("\"address\""),
        // A number that a text key holds is read back from the text.
        "Presence" => text.contains("\"custom\""),
        // Two keys of one field: serde calls it a duplicate.
        "Renamed" => text.contains("\"legacy\"") || text.contains("\"older\""),
        _ => false,
    }
}

fn has_list_for_struct(value: &Value) -> bool {
    match value {
        Value::Array(_) => true,
        Value::Object(object) => object.values().any(has_list_for_struct),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[test]
fn what_serde_reads_is_what_the_declaration_is_said_to_read() {
    let facts = super::extracted(TEXT);
    let mut compared = 0;
    let mut differences = Vec::new();
    for (name, written) in serde_forms::samples() {
        let (_, read) = declared(&facts, name);
        for value in mutations(&readable(name, &written)) {
            if is_known_difference(name, &value) {
                continue;
            }
            compared += 1;
            let (serde, ours) = (serde_forms::reads(name, &value), admits(&facts, read, &value, true));
            if serde != ours {
                differences.push(format!("{name}: serde says {serde} of {value}"));
            }
        }
    }
    assert!(compared > 500, "only {compared} values were compared");
    assert!(differences.is_empty(), "{} of {compared}:\n{}", differences.len(), differences.join("\n"));
}
