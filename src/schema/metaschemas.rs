//! The schemas of schemas, which every document may refer to without handing them in.

use std::sync::LazyLock;

use serde_json::Value;

static ALL: LazyLock<Vec<(String, Value)>> = LazyLock::new(|| {
    let mut addresses: Vec<String> =
        ["04", "06", "07"].iter().map(|draft| format!("http://json-schema.org/draft-{draft}/schema")).collect();
    for (draft, vocabularies) in [
        ("2019-09", &["core", "applicator", "validation", "meta-data", "format", "content"][..]),
        (
            "2020-12",
            &["core", "applicator", "unevaluated", "validation", "meta-data", "format-annotation", "format-assertion", "content"]
                [..],
        ),
    ] {
        addresses.push(format!("https://json-schema.org/draft/{draft}/schema"));
        addresses.extend(vocabularies.iter().map(|name| format!("https://json-schema.org/draft/{draft}/meta/{name}")));
    }
    // A registry holds those that its documents refer to, so there is one document for each.
    let documents: Vec<Value> =
        addresses.iter().map(|address| serde_json::json!({ "$schema": address, "allOf": [{ "$ref": address }] })).collect();
    let mut builder = jsonschema::Registry::new();
    for (index, document) in documents.iter().enumerate() {
        builder = match builder.add(format!("json-schema:///{index}"), document) {
            Ok(builder) => builder,
            Err(_) => return Vec::new(),
        };
    }
    let Ok(registry) = builder.prepare() else { return Vec::new() };
    addresses
        .into_iter()
        .filter_map(|address| {
            let base = jsonschema::uri::from_str(&address).ok()?;
            let resolved = registry.resolver(base).lookup(&address).ok()?;
            Some((address, resolved.contents().clone()))
        })
        .collect()
});

/// All of them, by address.
pub(super) fn all() -> &'static [(String, Value)] {
    &ALL
}

/// Whether a document refers to one of them.
pub(super) fn mentioned_in(value: &Value) -> bool {
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(map) => {
                let named =
                    |key: &str| map.get(key).and_then(Value::as_str).is_some_and(|text| text.contains("://json-schema.org/"));
                if named("$ref") || named("$dynamicRef") {
                    return true;
                }
                pending.extend(map.values());
            }
            Value::Array(items) => pending.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_draft_has_its_schema() {
        assert_eq!(super::all().len(), 3 + 7 + 9);
    }
}
