//! A JSON Schema document prepared for proofs: its dialect decided, its references bound to what was handed in.

use std::fmt;
use std::sync::{Arc, OnceLock};

use jsonschema::canonical::CanonicalSchema;
use serde_json::Value;

use super::Reason;
use super::validator::{Complaint, Validator};
use crate::schema::Draft;
use crate::schema::refs::{self, extend};

/// Containers nested deeper than this are refused: every walk below may then recurse without fear for the stack.
pub const DEPTH_LIMIT: usize = 130;

/// What is said of an address that a schema refers to and that nobody handed in.
pub const NOT_AT_HAND: &str = "is not among the documents at hand";

/// The address of a document that has none of its own.
pub const DEFAULT_BASE: &str = "json-schema:///";

/// Keys on the way into a document that nests too deep, of which one is named.
const NAMED_DEPTH: usize = 4;

/// JSON values in a document beyond which it is not given to the prover of the `jsonschema` crate.
const CANONICAL_LIMIT: usize = 5_000;

/// JSON values in a document from which on it is a large one.
const LARGE: usize = 20_000;

/// The address of what narrows another document.
const NARROWED_BASE: &str = "json-schema:///driftgate-narrowed";

/// The address under which a narrowing schema finds what was handed in with it.
pub const DEMAND_ADDRESS: &str = "json-schema:///driftgate-demand";

/// One schema document with everything that it may refer to.
///
/// References lead into the document itself or into the resources that were handed in, never to the network or the disk.
pub struct Document {
    value: Value,
    draft: Draft,
    base: String,
    resources: Arc<[(String, Value)]>,
    assert_formats: bool,
    written: bool,
    by_value: bool,
    private_address: Option<String>,
    validator: OnceLock<Result<Validator, Complaint>>,
    canonical: OnceLock<Option<CanonicalSchema>>,
}

impl Document {
    /// Prepares a document. `draft` is used where its `$schema` names none; `resources` are other documents by absolute address.
    pub fn new(value: Value, draft: Option<Draft>, resources: &[(String, Value)]) -> Result<Document, Reason> {
        Document::at(DEFAULT_BASE, value, draft, resources)
    }

    /// As [`Document::new`], for a document that stands at an address of its own, against which its relative references resolve.
    pub fn at(base: &str, value: Value, draft: Option<Draft>, resources: &[(String, Value)]) -> Result<Document, Reason> {
        Document::beside(base, value, draft, resources.into())
    }

    /// As [`Document::at`], for many documents that share their resources.
    pub fn beside(
        base: &str,
        mut value: Value,
        draft: Option<Draft>,
        resources: Arc<[(String, Value)]>,
    ) -> Result<Document, Reason> {
        if deeper_than(&value, DEPTH_LIMIT) {
            let reason = too_deep(&value, "", "the schema");
            dismantle(value);
            return Err(reason);
        }
        if !value.is_object() && !value.is_boolean() {
            return Err(Reason::new("", "", "a schema is an object or a boolean"));
        }
        let named = value.get("$schema").and_then(Value::as_str).map(str::to_owned);
        let known = named.as_deref().and_then(Draft::of_address);
        let private_address = named.filter(|_| known.is_none());
        // An address of its author's own says that the draft is not the usual one: then the keywords have the first word.
        let told = private_address.as_ref().and_then(|_| Draft::by_keywords(&value));
        let draft = known.or(told).or(draft).unwrap_or_else(|| Draft::detect(&value));
        if private_address.is_some()
            && let Some(map) = value.as_object_mut()
        {
            // The validator refuses dialects that it has never heard of.
            map.remove("$schema");
        }
        if draft == Draft::OpenApi30 {
            expand_nullable(&mut value);
        }
        if let Some((address, resource)) = resources.iter().find(|(_, resource)| deeper_than(resource, DEPTH_LIMIT)) {
            return Err(too_deep(resource, &format!("{address}#"), "a referenced schema"));
        }
        let resources = if draft == Draft::OpenApi30 || resources.iter().any(|(_, resource)| Draft::has_private_address(resource))
        {
            let mut own = resources.to_vec();
            for (_, resource) in &mut own {
                if Draft::has_private_address(resource)
                    && let Some(map) = resource.as_object_mut()
                {
                    map.remove("$schema");
                }
                if draft == Draft::OpenApi30 {
                    expand_nullable(resource);
                }
            }
            own.into()
        } else {
            resources
        };
        Ok(Document {
            value,
            draft,
            base: base.to_owned(),
            resources,
            assert_formats: false,
            written: false,
            by_value: false,
            private_address,
            validator: OnceLock::new(),
            canonical: OnceLock::new(),
        })
    }

    /// The same document with `format` as an assertion.
    #[must_use]
    pub fn asserting_formats(mut self, assert: bool) -> Document {
        if self.assert_formats != assert {
            self.assert_formats = assert;
            self.validator = OnceLock::new();
            self.canonical = OnceLock::new();
        }
        self
    }

    /// The same document with `1.0` as an integer in draft 4 too, as every later draft has it: hardly a program tells the two
    /// apart, so that a document which only moves on from draft 4 says what it said.
    #[must_use]
    pub fn with_integers_by_value(mut self, by_value: bool) -> Document {
        self.by_value = by_value;
        self
    }

    /// Whether `1.0` is an integer in every draft.
    pub fn has_integers_by_value(&self) -> bool {
        self.by_value
    }

    pub fn value(&self) -> &Value {
        &self.value
    }

    pub fn draft(&self) -> Draft {
        self.draft
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    /// Whether both have the same resources.
    pub(super) fn same_resources(&self, other: &Document) -> bool {
        Arc::ptr_eq(&self.resources, &other.resources) || self.resources == other.resources
    }

    pub fn resources(&self) -> &[(String, Value)] {
        &self.resources
    }

    /// Whether this is the writer's reading, in which keys that the schema does not declare are not sent.
    pub fn is_written(&self) -> bool {
        self.written
    }

    /// The writer's reading of the document: a key that it does not declare is taken as not sent, unless it allows others by
    /// an explicit `additionalProperties`, `patternProperties` or `unevaluatedProperties`.
    ///
    /// What the parts of one value declare counts together, through `allOf`, `anyOf`, `oneOf`, `if` and references.
    #[must_use]
    pub fn written(&self) -> Document {
        Document {
            value: self.value.clone(),
            draft: self.draft,
            base: self.base.clone(),
            resources: Arc::clone(&self.resources),
            assert_formats: self.assert_formats,
            written: true,
            by_value: self.by_value,
            private_address: self.private_address.clone(),
            validator: OnceLock::new(),
            canonical: OnceLock::new(),
        }
    }

    /// The same document with a part of what it and its resources say.
    pub(super) fn with_parts(&self, value: Value, resources: Vec<(String, Value)>) -> Document {
        Document {
            value,
            draft: self.draft,
            base: self.base.clone(),
            resources: resources.into(),
            assert_formats: self.assert_formats,
            written: self.written,
            by_value: self.by_value,
            private_address: self.private_address.clone(),
            validator: OnceLock::new(),
            canonical: OnceLock::new(),
        }
    }

    /// Whether the validator of the document has been made.
    pub(super) fn has_validator(&self) -> bool {
        self.validator.get().is_some()
    }

    /// The instances of this document that satisfy a further schema of the same draft. `demand` is another document, of any
    /// draft, that the schema may refer to as [`DEMAND_ADDRESS`]. `None` where the two cannot be put together.
    #[must_use]
    pub fn narrowed(&self, schema: Value, demand: Option<Value>) -> Option<Document> {
        // The document stands at the address that it gives itself, so that this one is not joined to itself.
        let mut own = self.value.clone();
        let mut address = self.base.clone();
        let keyword = self.draft.id_keyword();
        if let Some(id) = self.value.get(keyword).and_then(Value::as_str).filter(|id| !id.starts_with('#')) {
            address = refs::join(&self.base, id).trim_end_matches('#').to_owned();
            own.as_object_mut()?.remove(keyword);
        }
        let mut resources = self.resources.to_vec();
        resources.push((address.clone(), own));
        resources.extend(demand.map(|demand| (DEMAND_ADDRESS.to_owned(), demand)));
        let both = serde_json::json!({"allOf": [{"$ref": address}, schema]});
        let narrowed = Document::at(NARROWED_BASE, both, Some(self.draft), &resources).ok()?;
        let narrowed = narrowed.asserting_formats(self.assert_formats).with_integers_by_value(self.by_value);
        Some(if self.written { narrowed.written() } else { narrowed })
    }

    pub fn asserts_formats(&self) -> bool {
        self.assert_formats
    }

    /// The document as [`crate::schema::read`] takes it.
    pub fn source(&self) -> crate::schema::Source<'_> {
        crate::schema::Source { value: &self.value, draft: self.draft, base: &self.base, resources: &self.resources }
    }

    /// The document as a shape; `places` finds the place of a node by its JSON Pointer.
    pub fn shape(&self, places: crate::schema::read::Places<'_>) -> crate::schema::Reading {
        crate::schema::read(self.source(), places)
    }

    /// The `$schema` that no dialect has, where the document names one.
    pub fn private_address(&self) -> Option<&str> {
        self.private_address.as_deref()
    }

    /// Whether its validator takes long enough to make that it should not wait for another one.
    pub(super) fn is_large(&self) -> bool {
        self.holds_more_than(LARGE)
    }

    /// The keyword and place of a number that has more digits than anybody calculates with, where there is one.
    pub(super) fn endless_number(&self) -> Option<(String, String)> {
        let is_endless =
            |value: &Value| matches!(value, Value::Number(number) if number.as_str().len() > crate::schema::number::DIGIT_LIMIT);
        let place =
            self.resources.iter().map(|(_, value)| value).chain([&self.value]).find_map(|value| place_of(value, &is_endless))?;
        let keyword = place.rsplit('/').find(|token| token.parse::<usize>().is_err()).unwrap_or_default().to_owned();
        Some((keyword, place))
    }

    /// About the bytes that it takes, its resources counted.
    pub(super) fn heap(&self) -> usize {
        self.resources.iter().map(|(_, value)| value).chain([&self.value]).map(super::budget::heap).sum()
    }

    /// Whether it holds more JSON values than so many, its resources counted.
    fn holds_more_than(&self, count: usize) -> bool {
        let mut left = count;
        let mut pending: Vec<&Value> = self.resources.iter().map(|(_, value)| value).chain([&self.value]).collect();
        while let Some(value) = pending.pop() {
            left -= 1;
            if left == 0 {
                return true;
            }
            match value {
                Value::Object(map) => pending.extend(map.values()),
                Value::Array(items) => pending.extend(items),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        false
    }

    /// Whether it has references at all, so that one may lead back to itself.
    pub(super) fn may_loop(&self) -> bool {
        let any = |value| mentions(value, &["$ref", "$dynamicRef", "$recursiveRef"]);
        any(&self.value) || self.resources.iter().any(|(_, value)| any(value))
    }

    /// The compiled validator, or why no validator accepts this schema.
    pub fn validator(&self) -> Result<&Validator, Reason> {
        self.made_by(Validator::compile)
    }

    /// As [`Document::validator`], where it is known that no reference leads back to itself on the spot.
    pub(super) fn validator_that_ends(&self) -> Result<&Validator, Reason> {
        self.made_by(Validator::build)
    }

    fn made_by(&self, make: impl FnOnce(&Document) -> Result<Validator, Complaint>) -> Result<&Validator, Reason> {
        self.validator.get_or_init(|| make(self)).as_ref().map_err(|complaint| match missing(&complaint.message) {
            Some(address) => {
                let place = place_of_reference(&self.value, &self.base, address).unwrap_or_default();
                Reason::new("$ref", place, format!("`{address}` {NOT_AT_HAND}"))
            }
            None => match leading_nowhere(&complaint.message) {
                Some(pointer) => {
                    let place = place_of_reference(&self.value, &self.base, &pointer).unwrap_or_default();
                    Reason::new("$ref", place, format!("there is nothing at `{pointer}`"))
                }
                None => complaint.reason(),
            },
        })
    }

    /// The form of the `jsonschema` crate's own prover; `None` where it cannot hold the document.
    pub(crate) fn canonical(&self) -> Option<&CanonicalSchema> {
        self.canonical
            .get_or_init(|| {
                // These are resolved by the call path, which the canonical form loses; and nothing bounds the time that it takes.
                if self.written || mentions_dynamic_scope(&self.value) || self.holds_more_than(CANONICAL_LIMIT) {
                    return None;
                }
                let registry = registry(self).ok()?;
                jsonschema::canonical::options()
                    .with_draft(self.draft.for_validator())
                    .with_registry(&registry)
                    .with_base_uri(self.base.clone())
                    .should_validate_formats(self.assert_formats)
                    .offline()
                    .canonicalize(&self.value)
                    .ok()
            })
            .as_ref()
    }
}

/// The place of a value inside of another one; the first by the order of keys.
fn place_of(value: &Value, wanted: &dyn Fn(&Value) -> bool) -> Option<String> {
    // The steps of the value that is looked at, and how many of them its parent has.
    let mut steps: Vec<String> = Vec::new();
    let mut pending: Vec<(&Value, usize, Option<String>)> = vec![(value, 0, None)];
    while let Some((value, depth, step)) = pending.pop() {
        steps.truncate(depth);
        steps.extend(step);
        if wanted(value) {
            return Some(steps.iter().fold(String::new(), |pointer, step| extend(&pointer, step)));
        }
        let depth = steps.len();
        match value {
            Value::Object(map) => {
                pending.extend(map.iter().rev().map(|(key, inner)| (inner, depth, Some(key.clone()))));
            }
            Value::Array(items) => {
                pending.extend(items.iter().enumerate().rev().map(|(at, inner)| (inner, depth, Some(at.to_string()))));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    None
}

/// Where a document refers to an address, as far as that can be told from the address of the document itself.
fn place_of_reference(value: &Value, base: &str, address: &str) -> Option<String> {
    let plain = |address: &str| address.split('#').next().unwrap_or(address).to_owned();
    let own = ["$id", "id"].iter().find_map(|key| value.get(*key).and_then(Value::as_str));
    let base = own.map_or_else(|| base.to_owned(), |id| refs::join(base, id));
    let refers = |value: &Value| {
        let reference = ["$ref", "$dynamicRef", "$recursiveRef"].iter().find_map(|key| value.get(*key).and_then(Value::as_str));
        reference.is_some_and(|reference| {
            // Of a fragment alone it is the fragment that counts.
            if address.starts_with('#') {
                return reference.ends_with(address);
            }
            plain(reference) == plain(address) || plain(&refs::join(&base, reference)) == plain(address)
        })
    };
    place_of(value, &refers)
}

/// The address that a validator found nothing at, where that is why there is none.
fn missing(message: &str) -> Option<&str> {
    let (address, _) = message.strip_prefix("Resource '")?.split_once("' is not present in a registry")?;
    Some(address)
}

/// The fragment of a reference into a document that has nothing there.
fn leading_nowhere(message: &str) -> Option<String> {
    let (pointer, _) = message.strip_prefix("Pointer '")?.split_once("' does not exist")?;
    Some(format!("#{pointer}"))
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("draft", &self.draft).field("base", &self.base).field("value", &self.value).finish()
    }
}

/// The resources of a document as the validator wants them.
pub(super) fn registry(document: &Document) -> Result<jsonschema::Registry<'_>, String> {
    let mut builder = jsonschema::Registry::new().draft(document.draft.for_validator()).retriever(Refuse);
    for (address, resource) in document.resources.iter() {
        builder = builder.add(address.as_str(), resource).map_err(|error| error.to_string())?;
    }
    builder.prepare().map_err(|error| error.to_string())
}

/// Nothing is fetched: what was not handed in does not exist.
pub(super) struct Refuse;

impl jsonschema::Retrieve for Refuse {
    fn retrieve(&self, uri: &jsonschema::Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Err(format!("`{uri}` {NOT_AT_HAND}").into())
    }
}

/// Whether references are resolved by the way that led to them.
pub(super) fn mentions_dynamic_scope(value: &Value) -> bool {
    mentions(value, &["$dynamicRef", "$recursiveRef"])
}

/// Whether one of the keys occurs anywhere.
fn mentions(value: &Value, keys: &[&str]) -> bool {
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(map) => {
                if keys.iter().any(|key| map.contains_key(*key)) {
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

/// Whether a value's containers nest deeper than `limit`; does not recurse.
fn deeper_than(value: &Value, limit: usize) -> bool {
    let mut pending = vec![(value, 1)];
    while let Some((value, depth)) = pending.pop() {
        if depth > limit {
            return true;
        }
        match value {
            Value::Object(map) => pending.extend(map.values().map(|inner| (inner, depth + 1))),
            Value::Array(items) => pending.extend(items.iter().map(|inner| (inner, depth + 1))),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    false
}

/// That a document nests too deep, with a keyword near its root that lies on the way there.
fn too_deep(value: &Value, address: &str, what: &str) -> Reason {
    fn parts(value: &Value) -> Vec<(String, &Value)> {
        match value {
            Value::Object(map) => map.iter().map(|(key, inner)| (key.clone(), inner)).collect(),
            Value::Array(items) => items.iter().enumerate().map(|(at, inner)| (at.to_string(), inner)).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        }
    }
    let mut way: Vec<String> = Vec::new();
    let mut at = value;
    while way.len() < NAMED_DEPTH
        && let Some((key, inner)) = parts(at).into_iter().find(|(_, inner)| deeper_than(inner, DEPTH_LIMIT - way.len() - 1))
    {
        way.push(key);
        at = inner;
    }
    let last = way.iter().rposition(|key| refs::place_of(key) != refs::Place::None).unwrap_or_default();
    let keyword = way.get(last).cloned().unwrap_or_default();
    let place = way.iter().take(last).fold(address.to_owned(), |place, key| extend(&place, key));
    Reason::new(keyword, place, format!("{what} is nested deeper than {DEPTH_LIMIT} levels"))
}

/// Drops a value without recursion, which a very deep one would not survive.
fn dismantle(value: Value) {
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(map) => pending.extend(map.into_iter().map(|(_, inner)| inner)),
            Value::Array(items) => pending.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// Turns OpenAPI 3.0's `nullable: true` beside a `type` into the type list of JSON Schema.
///
/// `nullable` widens `type` alone: an `enum` beside it still has to list `null`, as OpenAPI 3.0.3 clarifies.
fn expand_nullable(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if map.get("nullable") == Some(&Value::Bool(true))
                && let Some(Value::String(name)) = map.get("type")
            {
                let both = Value::Array(vec![Value::String(name.clone()), Value::String("null".to_owned())]);
                map.insert("type".to_owned(), both);
            }
            if map.get("nullable").is_some_and(Value::is_boolean) {
                map.remove("nullable");
            }
            for (key, inner) in map.iter_mut() {
                if !matches!(key.as_str(), "enum" | "const" | "default" | "example" | "examples") {
                    expand_nullable(inner);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(expand_nullable),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
