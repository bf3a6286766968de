//! Which dialect of JSON Schema a document is written in.

use serde_json::Value;

/// A dialect: the drafts that are in use, and the two that OpenAPI made of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Draft {
    Draft4,
    Draft6,
    Draft7,
    Draft201909,
    Draft202012,
    /// OpenAPI 3.0's schema object: draft 4 with `nullable`.
    OpenApi30,
    /// OpenAPI 3.1's schema object: draft 2020-12.
    OpenApi31,
}

impl Draft {
    /// The dialect that a `$schema` names; `None` for an address that is nobody's.
    pub fn of_address(address: &str) -> Option<Draft> {
        let address = address.trim_end_matches('#').trim_end_matches('/');
        let address = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
        match address {
            "json-schema.org/draft-04/schema" | "json-schema.org/draft-04/hyper-schema" => Some(Draft::Draft4),
            "json-schema.org/draft-06/schema" | "json-schema.org/draft-06/hyper-schema" => Some(Draft::Draft6),
            "json-schema.org/draft-07/schema" | "json-schema.org/draft-07/hyper-schema" => Some(Draft::Draft7),
            "json-schema.org/draft/2019-09/schema" | "json-schema.org/draft/2019-09/hyper-schema" => Some(Draft::Draft201909),
            "json-schema.org/draft/2020-12/schema" | "json-schema.org/draft/2020-12/hyper-schema" | "json-schema.org/schema" => {
                Some(Draft::Draft202012)
            }
            "spec.openapis.org/oas/3.0/schema/2021-09-28" | "spec.openapis.org/oas/3.0/schema/2024-10-18" => {
                Some(Draft::OpenApi30)
            }
            "spec.openapis.org/oas/3.1/dialect/base" | "spec.openapis.org/oas/3.1/dialect/2024-11-10" => Some(Draft::OpenApi31),
            _ => None,
        }
    }

    /// The name that `--draft` takes: `4`, `2020-12`, `openapi-3.0`, …
    pub fn from_name(name: &str) -> Option<Draft> {
        match name.trim().trim_start_matches("draft").trim_start_matches('-') {
            "4" | "04" => Some(Draft::Draft4),
            "6" | "06" => Some(Draft::Draft6),
            "7" | "07" => Some(Draft::Draft7),
            "2019-09" | "2019" | "201909" => Some(Draft::Draft201909),
            "2020-12" | "2020" | "202012" => Some(Draft::Draft202012),
            "openapi-3.0" | "openapi3.0" => Some(Draft::OpenApi30),
            "openapi-3.1" | "openapi3.1" => Some(Draft::OpenApi31),
            other => Draft::of_address(other),
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Draft::Draft4 => "4",
            Draft::Draft6 => "6",
            Draft::Draft7 => "7",
            Draft::Draft201909 => "2019-09",
            Draft::Draft202012 => "2020-12",
            Draft::OpenApi30 => "openapi-3.0",
            Draft::OpenApi31 => "openapi-3.1",
        }
    }

    /// What the assertion of a format is called; `None` where validators of this draft take it for an annotation anyway. Two
    /// drafts that mean different texts by one format have two names for it.
    pub fn asserted_format(self, name: &str) -> Option<&str> {
        let draft = match self {
            Draft::OpenApi30 => Draft::Draft4,
            Draft::OpenApi31 => Draft::Draft202012,
            known => known,
        };
        let since = match name {
            "date" | "date-time" | "email" | "ipv4" | "ipv6" | "regex" | "time" | "uri" => Draft::Draft4,
            "hostname" if draft <= Draft::Draft6 => return Some("hostname@4"),
            "hostname" | "iri" | "iri-reference" | "relative-json-pointer" => Draft::Draft7,
            "json-pointer" | "uri-reference" | "uri-template" => Draft::Draft6,
            "duration" | "uuid" => Draft::Draft201909,
            _ => return None,
        };
        (draft >= since).then_some(name)
    }

    /// Whether the first elements of an array stand under `prefixItems`, not in a list under `items`.
    pub fn has_prefix_items(self) -> bool {
        matches!(self, Draft::Draft202012 | Draft::OpenApi31)
    }

    /// The dialect of a document: its `$schema` where that is known, else what its keywords say.
    ///
    /// A private address over a known draft's keywords is read as that draft; the caller can see that by
    /// [`Draft::has_private_address`] and say so.
    pub fn detect(document: &Value) -> Draft {
        let named = document.get("$schema").and_then(Value::as_str).and_then(Draft::of_address);
        named.or_else(|| Draft::by_keywords(document)).unwrap_or(Draft::Draft202012)
    }

    /// Whether the document names a `$schema` that no dialect has.
    pub fn has_private_address(document: &Value) -> bool {
        document.get("$schema").and_then(Value::as_str).is_some_and(|address| Draft::of_address(address).is_none())
    }

    /// The newest dialect that the document's keywords give away; `None` where each of them belongs to several (`$ref`,
    /// `properties`).
    pub fn by_keywords(document: &Value) -> Option<Draft> {
        let mut draft4 = false;
        let mut draft7 = false;
        let mut draft2019 = false;
        let mut draft2020 = false;
        let mut pending = vec![document];
        let mut budget = 20_000;
        while let Some(value) = pending.pop() {
            budget -= 1;
            if budget == 0 {
                break;
            }
            match value {
                Value::Object(map) => {
                    for (key, inner) in map {
                        match key.as_str() {
                            "exclusiveMinimum" | "exclusiveMaximum" if inner.is_boolean() => draft4 = true,
                            "id" if inner.as_str().is_some_and(|id| id.contains("://")) && !map.contains_key("$id") => {
                                draft4 = true;
                            }
                            "additionalItems" => draft7 = true,
                            "items" if inner.is_array() => draft7 = true,
                            "dependencies" if inner.is_object() => draft7 = true,
                            "$recursiveRef" | "$recursiveAnchor" => draft2019 = true,
                            "prefixItems" if inner.is_array() => draft2020 = true,
                            "$dynamicRef" | "$dynamicAnchor" => draft2020 = true,
                            _ => {}
                        }
                        pending.push(inner);
                    }
                }
                Value::Array(items) => pending.extend(items),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        if draft2020 {
            Some(Draft::Draft202012)
        } else if draft2019 {
            Some(Draft::Draft201909)
        } else if draft4 {
            Some(Draft::Draft4)
        } else if draft7 {
            Some(Draft::Draft7)
        } else {
            None
        }
    }

    /// Whether `$ref` hides the keywords beside it.
    pub fn ref_hides_siblings(self) -> bool {
        self <= Draft::Draft7 || self == Draft::OpenApi30
    }

    /// Whether `1.0` is an integer.
    pub fn integer_by_value(self) -> bool {
        !matches!(self, Draft::Draft4 | Draft::OpenApi30)
    }

    /// The keyword that gives a schema its address.
    pub fn id_keyword(self) -> &'static str {
        match self {
            Draft::Draft4 | Draft::OpenApi30 => "id",
            Draft::Draft6 | Draft::Draft7 | Draft::Draft201909 | Draft::Draft202012 | Draft::OpenApi31 => "$id",
        }
    }

    /// The validator's name of it.
    pub(crate) fn for_validator(self) -> jsonschema::Draft {
        match self {
            Draft::Draft4 | Draft::OpenApi30 => jsonschema::Draft::Draft4,
            Draft::Draft6 => jsonschema::Draft::Draft6,
            Draft::Draft7 => jsonschema::Draft::Draft7,
            Draft::Draft201909 => jsonschema::Draft::Draft201909,
            Draft::Draft202012 | Draft::OpenApi31 => jsonschema::Draft::Draft202012,
        }
    }
}
