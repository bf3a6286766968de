//! A random schema of draft 2020-12 in the words of another draft.

use driftgate::schema::Draft;
use serde_json::{Map, Value, json};

/// Every dialect that the prover reads.
pub const DRAFTS: [Draft; 7] =
    [Draft::Draft4, Draft::Draft6, Draft::Draft7, Draft::Draft201909, Draft::Draft202012, Draft::OpenApi30, Draft::OpenApi31];

/// A translation, and whether it says exactly what the original says.
pub struct Translated {
    pub value: Value,
    pub faithful: bool,
}

/// Writes a schema of [`super::generate::document`] in another draft. What that draft cannot say is left out.
pub fn translate(document: &Value, draft: Draft) -> Translated {
    let mut translator = Translator { draft, faithful: true };
    let value = translator.schema(document);
    let wide = |value: &Value, word: &str| value.to_string().contains(word);
    // What `contains` finds is evaluated from 2020-12 on.
    if draft == Draft::Draft201909 && wide(document, "unevaluatedItems") && wide(document, "\"contains\"") {
        translator.faithful = false;
    }
    let mut value = value;
    anchor(&mut value, draft);
    if let Some(part) = value.pointer_mut(if translator.before(Draft::Draft201909) { "/definitions/d1" } else { "/$defs/d1" })
        && part.get(draft.id_keyword()).is_some()
    {
        anchor(part, draft);
    }
    Translated { value, faithful: translator.faithful }
}

/// Names the root of a resource, for the references that are resolved by the way that led to them.
fn anchor(value: &mut Value, draft: Draft) {
    let Value::Object(map) = value else { return };
    match draft {
        Draft::Draft201909 => drop(map.insert("$recursiveAnchor".to_owned(), Value::Bool(true))),
        Draft::Draft202012 | Draft::OpenApi31 => drop(map.insert("$dynamicAnchor".to_owned(), json!("root"))),
        Draft::Draft4 | Draft::Draft6 | Draft::Draft7 | Draft::OpenApi30 => {}
    }
}

struct Translator {
    draft: Draft,
    faithful: bool,
}

impl Translator {
    fn is_4(&self) -> bool {
        matches!(self.draft, Draft::Draft4 | Draft::OpenApi30)
    }

    fn before(&self, draft: Draft) -> bool {
        self.draft == Draft::OpenApi30 || self.draft < draft
    }

    fn schema(&mut self, value: &Value) -> Value {
        let map = match value {
            Value::Bool(true) if self.is_4() => return json!({}),
            Value::Bool(false) if self.is_4() => return json!({"not": {}}),
            Value::Object(map) => map,
            _ => return value.clone(),
        };
        let mut out = Map::new();
        for (key, inner) in map {
            self.keyword(key, inner, map, &mut out);
        }
        // Before 2019-09 a reference hides what stands beside it.
        if self.before(Draft::Draft201909) && out.contains_key("$ref") && out.len() > 1 {
            let reference = out.remove("$ref").unwrap_or_default();
            let definitions = out.remove("definitions");
            let mut whole = Map::new();
            whole.insert("allOf".to_owned(), json!([{"$ref": reference}, out]));
            whole.extend(definitions.map(|definitions| ("definitions".to_owned(), definitions)));
            return Value::Object(whole);
        }
        Value::Object(out)
    }

    fn list(&mut self, value: &Value) -> Value {
        value.as_array().into_iter().flatten().map(|inner| self.schema(inner)).collect()
    }

    fn named(&mut self, value: &Value) -> Value {
        let entries = value.as_object().into_iter().flatten();
        Value::Object(entries.map(|(name, inner)| (name.clone(), self.schema(inner))).collect())
    }

    fn keyword(&mut self, key: &str, inner: &Value, beside: &Map<String, Value>, out: &mut Map<String, Value>) {
        let (key, value) = match key {
            "$defs" if self.before(Draft::Draft201909) => ("definitions", self.named(inner)),
            "$defs" | "properties" | "patternProperties" => (key, self.named(inner)),
            "$ref" => self.reference(inner),
            "prefixItems" if self.before(Draft::Draft202012) => ("items", self.list(inner)),
            "items" if self.before(Draft::Draft202012) && beside.contains_key("prefixItems") => {
                ("additionalItems", self.schema(inner))
            }
            "allOf" | "anyOf" | "oneOf" | "prefixItems" => (key, self.list(inner)),
            "dependentRequired" if self.before(Draft::Draft201909) => ("dependencies", inner.clone()),
            "dependentSchemas" if self.before(Draft::Draft201909) => {
                if beside.contains_key("dependentRequired") {
                    self.faithful = false;
                    return;
                }
                ("dependencies", self.named(inner))
            }
            "dependentSchemas" => (key, self.named(inner)),
            "if" | "then" | "else" if self.before(Draft::Draft7) => return self.lost(),
            "contains" | "propertyNames" if self.is_4() => return self.lost(),
            "minContains" | "maxContains" | "unevaluatedProperties" | "unevaluatedItems" if self.before(Draft::Draft201909) => {
                return self.lost();
            }
            "const" if self.is_4() => {
                if beside.contains_key("enum") {
                    return self.lost();
                }
                ("enum", json!([inner]))
            }
            "exclusiveMinimum" | "exclusiveMaximum" if self.is_4() => {
                let bound = if key == "exclusiveMinimum" { "minimum" } else { "maximum" };
                if beside.contains_key(bound) {
                    return self.lost();
                }
                out.insert(bound.to_owned(), inner.clone());
                (key, Value::Bool(true))
            }
            "$id" => (self.draft.id_keyword(), inner.clone()),
            "$anchor" if self.before(Draft::Draft201909) => {
                if beside.contains_key("$id") {
                    return self.lost();
                }
                (self.draft.id_keyword(), json!(format!("#{}", inner.as_str().unwrap_or_default())))
            }
            "type" if self.draft == Draft::OpenApi30 && inner.as_array().is_some_and(|names| names.contains(&json!("null"))) => {
                if inner.to_string().contains("integer") {
                    self.faithful = false;
                }
                let other = inner.as_array().into_iter().flatten().find(|name| **name != "null").cloned();
                out.insert("nullable".to_owned(), Value::Bool(true));
                (key, other.unwrap_or_else(|| json!("null")))
            }
            "type" => {
                // `1.0` is no integer there.
                if self.is_4() && inner.to_string().contains("integer") {
                    self.faithful = false;
                }
                (key, inner.clone())
            }
            "additionalProperties"
            | "propertyNames"
            | "items"
            | "contains"
            | "not"
            | "if"
            | "then"
            | "else"
            | "unevaluatedProperties"
            | "unevaluatedItems" => (key, self.schema(inner)),
            _ => (key, inner.clone()),
        };
        out.insert(key.to_owned(), value);
    }

    fn lost(&mut self) {
        self.faithful = false;
    }

    fn reference(&mut self, inner: &Value) -> (&'static str, Value) {
        let text = inner.as_str().unwrap_or_default();
        match (text, self.draft) {
            ("#", Draft::Draft201909) => ("$recursiveRef", json!("#")),
            ("#", Draft::Draft202012 | Draft::OpenApi31) => ("$dynamicRef", json!("#root")),
            _ if self.before(Draft::Draft201909) => ("$ref", json!(text.replace("$defs", "definitions"))),
            _ => ("$ref", inner.clone()),
        }
    }
}
