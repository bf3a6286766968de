//! Which keyword of two schemas offers the most alternatives: what is named where a search ran out of steps at the payload itself.

use serde_json::Value;

use super::Reason;
use super::document::Document;
use super::solve::EXHAUSTED;
use crate::schema::refs::extend;

/// Keywords that offer alternatives, and where a schema has none of them, those that ask for several things at once.
const CHOICES: &[&str] = &["anyOf", "oneOf", "if", "not", "enum", "type"];
const DEMANDS: &[&str] =
    &["allOf", "patternProperties", "dependentSchemas", "dependencies", "properties", "items", "prefixItems"];

/// The reason, with the keyword and the place of the widest choice where it names none.
pub(super) fn named(reason: &Reason, documents: [&Document; 2]) -> Reason {
    if reason.text != EXHAUSTED || !reason.keyword.is_empty() || !reason.value.is_empty() {
        return reason.clone();
    }
    let widest = [CHOICES, DEMANDS].into_iter().find_map(|keywords| {
        documents.iter().filter_map(|document| widest_in(document.value(), keywords)).max_by_key(|found| found.0)
    });
    match widest {
        Some((_, keyword, place)) => {
            Reason::new(keyword, place, format!("{EXHAUSTED}, and nothing in the schemas has more alternatives"))
        }
        None => reason.clone(),
    }
}

/// How many parts the widest of some keywords has, its name and the place of its schema; the first of several.
fn widest_in(schema: &Value, keywords: &[&'static str]) -> Option<(usize, &'static str, String)> {
    let mut widest: Option<(usize, &'static str, String)> = None;
    let mut open = vec![(schema, String::new())];
    while let Some((value, place)) = open.pop() {
        match value {
            Value::Object(map) => {
                for (keyword, given) in keywords.iter().filter_map(|keyword| Some((*keyword, map.get(*keyword)?))) {
                    let parts = match (keyword, given) {
                        // A condition and its contrary.
                        ("if" | "not", _) => 2,
                        (_, Value::Array(parts)) => parts.len(),
                        (_, Value::Object(parts)) => parts.len(),
                        (_, _) => 1,
                    };
                    if widest.as_ref().is_none_or(|(most, _, _)| parts > *most) {
                        widest = Some((parts, keyword, place.clone()));
                    }
                }
                open.extend(map.iter().rev().map(|(key, inner)| (inner, extend(&place, key))));
            }
            Value::Array(items) => {
                open.extend(items.iter().enumerate().rev().map(|(at, inner)| (inner, extend(&place, &at.to_string()))));
            }
            _ => {}
        }
    }
    widest
}
