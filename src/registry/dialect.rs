//! Which draft of JSON Schema a document is written in, and what its keywords are called in 2020-12.

use serde_json::{Map, Value, json};

/// A draft or a dialect of JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    Draft4,
    Draft6,
    Draft7,
    Draft2019,
    Draft2020,
    /// Schema objects of OpenAPI 3.0: draft 4 with `nullable`, without type lists.
    OpenApi30,
}

/// The `$schema` of 2020-12.
pub const DRAFT_2020: &str = "https://json-schema.org/draft/2020-12/schema";

impl Dialect {
    /// By a standard `$schema` address; `None` for another one.
    pub fn of_address(address: &str) -> Option<Dialect> {
        let address = address.trim_end_matches('#');
        let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
        match rest.trim_end_matches('/') {
            "json-schema.org/draft-04/schema" => Some(Dialect::Draft4),
            "json-schema.org/draft-06/schema" => Some(Dialect::Draft6),
            "json-schema.org/draft-07/schema" | "json-schema.org/schema" => Some(Dialect::Draft7),
            "json-schema.org/draft/2019-09/schema" => Some(Dialect::Draft2019),
            "json-schema.org/draft/2020-12/schema" => Some(Dialect::Draft2020),
            _ => None,
        }
    }

    /// The dialect of a schema document: what its `$schema` says, and for a private address or none what its keywords give away.
    pub fn of_document(schema: &Value) -> Dialect {
        let declared = schema.get("$schema").and_then(Value::as_str);
        if let Some(dialect) = declared.and_then(Dialect::of_address) {
            return dialect;
        }
        let mut signs = Signs::default();
        signs.look(schema, 0);
        let private = declared.map(str::to_ascii_lowercase).unwrap_or_default();
        if signs.newest {
            Dialect::Draft2020
        } else if signs.draft4 || private.contains("draft-04") || private.contains("draft4") {
            Dialect::Draft4
        } else if signs.older || private.contains("draft-07") || private.contains("draft7") {
            Dialect::Draft7
        } else if schema.get("id").is_some_and(Value::is_string) && schema.get("$id").is_none() && declared.is_some() {
            Dialect::Draft4
        } else {
            Dialect::Draft2020
        }
    }

    /// Whether `$ref` hides the keywords beside it.
    pub fn ref_hides_siblings(self) -> bool {
        match self {
            Dialect::Draft4 | Dialect::Draft6 | Dialect::Draft7 | Dialect::OpenApi30 => true,
            Dialect::Draft2019 | Dialect::Draft2020 => false,
        }
    }

    /// The keyword that names a schema resource.
    pub fn id_keyword(self) -> &'static str {
        match self {
            Dialect::Draft4 => "id",
            Dialect::OpenApi30 | Dialect::Draft6 | Dialect::Draft7 | Dialect::Draft2019 | Dialect::Draft2020 => "$id",
        }
    }

    /// Keywords of later drafts, which mean nothing in this one and must not gain a meaning on the way to 2020-12.
    fn unborn(self) -> &'static [&'static str] {
        const SINCE_2020: &[&str] = &["prefixItems", "$dynamicRef", "$dynamicAnchor"];
        const SINCE_2019: &[&str] = &[
            "prefixItems",
            "$dynamicRef",
            "$dynamicAnchor",
            "dependentRequired",
            "dependentSchemas",
            "unevaluatedItems",
            "unevaluatedProperties",
            "minContains",
            "maxContains",
            "$anchor",
            "$recursiveRef",
            "$recursiveAnchor",
        ];
        const SINCE_7: &[&str] = &[
            "prefixItems",
            "$dynamicRef",
            "$dynamicAnchor",
            "dependentRequired",
            "dependentSchemas",
            "unevaluatedItems",
            "unevaluatedProperties",
            "minContains",
            "maxContains",
            "$anchor",
            "$recursiveRef",
            "$recursiveAnchor",
            "if",
            "then",
            "else",
        ];
        const SINCE_6: &[&str] = &[
            "prefixItems",
            "$dynamicRef",
            "$dynamicAnchor",
            "dependentRequired",
            "dependentSchemas",
            "unevaluatedItems",
            "unevaluatedProperties",
            "minContains",
            "maxContains",
            "$anchor",
            "$recursiveRef",
            "$recursiveAnchor",
            "if",
            "then",
            "else",
            "const",
            "contains",
            "propertyNames",
        ];
        match self {
            Dialect::Draft4 | Dialect::OpenApi30 => SINCE_6,
            Dialect::Draft6 => SINCE_7,
            Dialect::Draft7 => SINCE_2019,
            Dialect::Draft2019 => SINCE_2020,
            Dialect::Draft2020 => &[],
        }
    }

    /// Rewrites the keywords of one schema object to those of 2020-12; its subschemas are not looked at. References and names
    /// of resources are left to the caller.
    ///
    /// Returns what has moved: old key → new key, for the places of what stands under them.
    pub fn modernise(self, schema: &mut Map<String, Value>) -> Vec<(&'static str, &'static str)> {
        let mut moved = Vec::new();
        for keyword in self.unborn() {
            schema.remove(*keyword);
        }
        if matches!(self, Dialect::Draft4 | Dialect::OpenApi30) {
            for (flag, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
                match schema.get(flag) {
                    Some(Value::Bool(true)) => {
                        schema.remove(flag);
                        if let Some(limit) = schema.remove(bound) {
                            schema.insert(flag.to_owned(), limit);
                        }
                    }
                    Some(Value::Bool(false)) => {
                        schema.remove(flag);
                    }
                    Some(_) | None => {}
                }
            }
        }
        if self == Dialect::OpenApi30 {
            if schema.remove("nullable") == Some(Value::Bool(true)) {
                add_null(schema);
            }
            for keyword in ["discriminator", "xml", "externalDocs", "example"] {
                schema.remove(keyword);
            }
        }
        if self != Dialect::Draft2020 {
            if schema.get("items").is_some_and(Value::is_array) {
                let items = schema.remove("items").expect("it is there");
                schema.insert("prefixItems".to_owned(), items);
                moved.push(("items", "prefixItems"));
                if let Some(rest) = schema.remove("additionalItems") {
                    schema.insert("items".to_owned(), rest);
                    moved.push(("additionalItems", "items"));
                }
            } else {
                // Without a list of items it means nothing.
                schema.remove("additionalItems");
            }
            // From 2019-09 on `dependencies` is an annotation like any unknown keyword.
            if let Some(Value::Object(dependencies)) =
                schema.remove("dependencies").filter(|_| self < Dialect::Draft2019 || self == Dialect::OpenApi30)
            {
                let (required, schemas): (Map<String, Value>, Map<String, Value>) =
                    dependencies.into_iter().partition(|(_, dependency)| dependency.is_array());
                if !required.is_empty() {
                    schema.insert("dependentRequired".to_owned(), Value::Object(required));
                }
                if !schemas.is_empty() {
                    schema.insert("dependentSchemas".to_owned(), Value::Object(schemas));
                    moved.push(("dependencies", "dependentSchemas"));
                }
            }
        }
        moved
    }
}

/// Admits `null` beside what an OpenAPI 3.0 schema says. A schema without `type` admits it already; an `enum` has to list it.
fn add_null(schema: &mut Map<String, Value>) {
    match schema.get_mut("type") {
        Some(Value::String(name)) => {
            let name = std::mem::take(name);
            schema.insert("type".to_owned(), json!([name, "null"]));
        }
        Some(Value::Array(names)) => names.push(json!("null")),
        Some(_) | None => {}
    }
}

/// What the keywords of a schema give away of its draft.
#[derive(Default)]
struct Signs {
    draft4: bool,
    older: bool,
    newest: bool,
}

impl Signs {
    fn look(&mut self, node: &Value, depth: usize) {
        // Deep enough for any sign that a person would see; the rest follows the same draft.
        if depth > 24 {
            return;
        }
        match node {
            Value::Object(object) => {
                for (key, value) in object {
                    match (key.as_str(), value) {
                        ("exclusiveMinimum" | "exclusiveMaximum", Value::Bool(_)) => self.draft4 = true,
                        ("items", Value::Array(_)) | ("additionalItems", _) | ("dependencies", Value::Object(_)) => {
                            self.older = true;
                        }
                        ("prefixItems" | "$dynamicRef" | "$dynamicAnchor", _) => self.newest = true,
                        ("enum" | "const" | "default" | "example" | "examples", _) => continue,
                        _ => {}
                    }
                    self.look(value, depth + 1);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.look(item, depth + 1)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draft_is_what_the_address_says_or_the_keywords_give_away() {
        for (schema, expected) in [
            (json!({"$schema": "http://json-schema.org/draft-04/schema#"}), Dialect::Draft4),
            (json!({"$schema": "http://json-schema.org/draft-07/schema"}), Dialect::Draft7),
            (json!({"$schema": "https://json-schema.org/draft/2019-09/schema"}), Dialect::Draft2019),
            (
                json!({"$schema": "http://iglucentral.com/x/jsonschema/1-0-0#", "properties": {"a": {"minimum": 0, "exclusiveMinimum": true}}}),
                Dialect::Draft4,
            ),
            (json!({"$schema": "https://acme.dev/meta", "id": "https://acme.dev/a"}), Dialect::Draft4),
            (json!({"items": [{}, {}]}), Dialect::Draft7),
            (json!({"properties": {"id": {"type": "string"}}}), Dialect::Draft2020),
            (json!({"id": "x"}), Dialect::Draft2020),
            (json!(true), Dialect::Draft2020),
        ] {
            assert_eq!(Dialect::of_document(&schema), expected, "{schema}");
        }
    }

    #[test]
    fn older_keywords_become_those_of_2020() {
        for (dialect, schema, expected) in [
            (Dialect::Draft4, json!({"minimum": 3, "exclusiveMinimum": true}), json!({"exclusiveMinimum": 3})),
            (Dialect::Draft4, json!({"minimum": 3, "exclusiveMinimum": false, "const": 1}), json!({"minimum": 3})),
            (Dialect::Draft7, json!({"items": [{}], "additionalItems": false}), json!({"prefixItems": [{}], "items": false})),
            (Dialect::Draft7, json!({"items": {}, "additionalItems": false}), json!({"items": {}})),
            (
                Dialect::Draft7,
                json!({"dependencies": {"a": ["b"], "c": {"required": ["d"]}}}),
                json!({"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"c": {"required": ["d"]}}}),
            ),
            (Dialect::Draft2019, json!({"dependencies": {"a": ["b"]}}), json!({})),
            (Dialect::OpenApi30, json!({"type": "string", "nullable": true}), json!({"type": ["string", "null"]})),
            (
                Dialect::OpenApi30,
                json!({"type": "string", "enum": ["a"], "nullable": true}),
                json!({"type": ["string", "null"], "enum": ["a"]}),
            ),
            (Dialect::Draft2020, json!({"nullable": true}), json!({"nullable": true})),
        ] {
            let mut actual = schema.as_object().expect("is an object").clone();
            dialect.modernise(&mut actual);
            assert_eq!(Value::Object(actual), expected, "{dialect:?} {schema}");
        }
    }
}
