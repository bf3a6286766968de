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

/// Whether an address is that of one of them.
pub(super) fn is_one(address: &str) -> bool {
    address.contains("://json-schema.org/draft")
}

/// Those that a document may mean, by address: all of each draft that its references name.
pub(super) fn needed_by(value: &Value) -> Vec<&'static (String, Value)> {
    const DRAFTS: [&str; 5] = ["draft-04", "draft-06", "draft-07", "draft/2019-09", "draft/2020-12"];
    let mut named = [false; DRAFTS.len()];
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(map) => {
                for keyword in ["$ref", "$dynamicRef"] {
                    let reference = map.get(keyword).and_then(Value::as_str).unwrap_or_default();
                    if let Some((_, path)) = reference.split_once("://json-schema.org/") {
                        for (named, draft) in named.iter_mut().zip(DRAFTS) {
                            *named |= path.starts_with(draft);
                        }
                    }
                }
                pending.extend(map.values());
            }
            Value::Array(items) => pending.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    if named == [false; DRAFTS.len()] {
        return Vec::new();
    }
    let wanted = |address: &str| named.iter().zip(DRAFTS).any(|(named, draft)| *named && address.contains(draft));
    ALL.iter().filter(|(address, _)| wanted(address)).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_draft_has_its_schema() {
        assert_eq!(super::ALL.len(), 3 + 7 + 9);
    }
}
