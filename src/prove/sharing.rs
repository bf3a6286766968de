//! Which definitions of two documents mean the same, so that both can have one literal.
//!
//! Parts that do not refer to themselves share their literals anyway, by structure. A recursive definition does not: its literal
//! is an alias of its own document. Where the definition and everything that it refers to stand in both documents letter for
//! letter, the second takes the literal of the first.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use serde_json::Value;

use super::document::Document;
use super::ir::Lit;

/// The targets of `producer` that mean the same in `consumer`.
pub(super) fn shared_targets(
    consumer: &Document,
    producer: &Document,
    targets: FxHashMap<String, Lit>,
) -> FxHashMap<String, Lit> {
    let comparable = consumer.draft() == producer.draft()
        && consumer.base() == producer.base()
        && consumer.asserts_formats() == producer.asserts_formats()
        && consumer.has_integers_by_value() == producer.has_integers_by_value()
        && !consumer.is_written()
        && !producer.is_written()
        && consumer.resources().is_empty()
        && producer.resources().is_empty();
    if !comparable || targets.len() < 2 {
        return FxHashMap::default();
    }
    let mut references: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for pointer in targets.keys() {
        if pointer.is_empty() {
            continue;
        }
        let (Some(ours), Some(theirs)) = (producer.value().pointer(pointer), consumer.value().pointer(pointer)) else { continue };
        if ours == theirs
            && let Some(found) = local_references(ours)
        {
            references.insert(pointer, found);
        }
    }
    // What refers to something that differs, differs.
    loop {
        let differing: Vec<&str> = references
            .iter()
            .filter(|(_, found)| found.iter().any(|reference| !references.contains_key(reference)))
            .map(|(pointer, _)| *pointer)
            .collect();
        if differing.is_empty() {
            break;
        }
        for pointer in differing {
            references.remove(pointer);
        }
    }
    let same: BTreeSet<String> = references.into_keys().map(str::to_owned).collect();
    targets.into_iter().filter(|(pointer, _)| same.contains(pointer)).collect()
}

/// The pointers that a part refers to; `None` where it uses addresses or anchors, whose meaning depends on the document.
fn local_references(value: &Value) -> Option<BTreeSet<&str>> {
    let mut found = BTreeSet::new();
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(map) => {
                for (key, inner) in map {
                    match (key.as_str(), inner) {
                        ("$ref", Value::String(reference)) => {
                            let pointer = reference.strip_prefix('#')?;
                            if !pointer.starts_with('/') || pointer.contains('%') {
                                return None;
                            }
                            found.insert(pointer);
                        }
                        ("$id" | "id" | "$schema", Value::String(_)) | ("$dynamicRef" | "$recursiveRef", _) => return None,
                        _ => pending.push(inner),
                    }
                }
            }
            Value::Array(items) => pending.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    Some(found)
}
