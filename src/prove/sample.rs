//! Plausible values: an email looks like one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::document::Document;

/// Texts rewritten in one value.
const REWRITE_BUDGET: usize = 60;

/// A text of a format that a person recognises.
pub(super) fn of_format(name: &str) -> Option<&'static str> {
    Some(match name.split('@').next().unwrap_or(name) {
        "email" | "idn-email" => "ada@example.com",
        "uuid" => "7f9c24e8-3b12-4c6f-9a41-5d1e0b8c2a10",
        "date-time" => "2024-01-15T09:30:00Z",
        "date" => "2024-01-15",
        "time" => "09:30:00Z",
        "duration" => "PT15M",
        "uri" | "url" | "iri" => "https://example.com/a",
        "uri-reference" | "iri-reference" => "/a",
        "uri-template" => "/a/{id}",
        "hostname" | "idn-hostname" => "example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "json-pointer" => "/a",
        "relative-json-pointer" => "1/a",
        "regex" => "^a$",
        _ => return None,
    })
}

/// What a document says of the texts under a key, wherever it declares that key.
pub(super) fn formats(document: &Document) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut pending = vec![document.value()];
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(map) => {
                if let Some(Value::Object(properties)) = map.get("properties") {
                    for (name, property) in properties {
                        if let Some(format) = property.get("format").and_then(Value::as_str) {
                            found.entry(name.clone()).or_insert_with(|| format.to_owned());
                        }
                    }
                }
                pending.extend(map.values());
            }
            Value::Array(items) => pending.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    found
}

/// A text that a key of this name usually holds.
fn of_name(name: &str) -> Option<&'static str> {
    let folded: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let ends = |end: &str| folded.ends_with(end);
    Some(match folded.as_str() {
        _ if ends("email") => "ada@example.com",
        _ if ends("url") || ends("uri") || ends("href") => "https://example.com/a",
        _ if ends("uuid") => "7f9c24e8-3b12-4c6f-9a41-5d1e0b8c2a10",
        _ if name.ends_with("At") || name.ends_with("_at") || ends("timestamp") => "2024-01-15T09:30:00Z",
        _ if ends("date") => "2024-01-15",
        _ if ends("currency") => "EUR",
        _ if ends("country") => "DE",
        _ if ends("phone") => "+49 30 123456",
        _ if ends("firstname") => "Ada",
        _ if ends("lastname") => "Lovelace",
        _ if ends("name") => "Ada",
        _ if folded == "id" || name.ends_with("Id") || name.ends_with("_id") => "id_1",
        _ => return None,
    })
}

/// The same value with texts that a person recognises, wherever it stays good.
pub(super) fn plausible(value: &Value, formats: &BTreeMap<String, String>, good: &mut dyn FnMut(&Value) -> bool) -> Value {
    let mut budget = REWRITE_BUDGET;
    rewrite(value, None, formats, &mut budget, good)
}

fn rewrite(
    value: &Value,
    key: Option<&str>,
    formats: &BTreeMap<String, String>,
    budget: &mut usize,
    good: &mut dyn FnMut(&Value) -> bool,
) -> Value {
    match value {
        Value::String(text) => {
            let named = key.and_then(|key| formats.get(key).and_then(|format| of_format(format)).or_else(|| of_name(key)));
            let Some(better) = named.filter(|better| better != text) else { return value.clone() };
            if *budget == 0 {
                return value.clone();
            }
            *budget -= 1;
            let better = Value::from(better);
            if good(&better) { better } else { value.clone() }
        }
        Value::Object(map) => {
            let mut map = map.clone();
            for name in map.keys().cloned().collect::<Vec<_>>() {
                let inner = map[&name].clone();
                let better = rewrite(&inner, Some(&name), formats, budget, &mut |candidate| {
                    let mut changed = map.clone();
                    changed.insert(name.clone(), candidate.clone());
                    good(&Value::Object(changed))
                });
                map.insert(name, better);
            }
            Value::Object(map)
        }
        Value::Array(items) => {
            let mut items = items.clone();
            for index in 0..items.len() {
                let inner = items[index].clone();
                items[index] = rewrite(&inner, key, formats, budget, &mut |candidate| {
                    let mut changed = items.clone();
                    changed[index] = candidate.clone();
                    good(&Value::Array(changed))
                });
            }
            Value::Array(items)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}
