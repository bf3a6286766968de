//! Pact message files, versions 3 and 4: what a consumer's tests have shown that it reads.
//!
//! A pact gives an example and rules for comparing with it. The schema made of them accepts what Pact itself would accept: keys
//! beside the expected ones are allowed, values without a rule have to be equal, and a rule holds for everything below its path.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::asyncapi::{hole, step, text};
use super::bundle::{PromisedSchema, UNKNOWN};
use super::dialect::DRAFT_2020;
use super::pattern::EventPattern;
use super::sources::Place;
use super::{Binding, Promise, Reading};
use crate::document::{Document, Fault, join, shorten};
use crate::facts::Role;
use crate::finding::{Severity, Via};

/// Metadata keys under which message pacts carry the event's name, the surest first.
const EVENT_KEYS: &[&str] =
    &["x-event", "eventType", "event_type", "event-type", "ce_type", "ce-type", "detail-type", "messageType", "event", "type"];

/// Metadata keys under which message pacts carry the transport's name.
const CHANNEL_KEYS: &[&str] =
    &["topic", "kafka_topic", "kafka-topic", "destination", "queue", "routingKey", "routing_key", "subject"];

/// Keys by which payloads name their own event.
const DISCRIMINATORS: &[&str] = &["type", "event", "eventType", "event_type", "name"];

/// Whether a document is a pact.
pub(super) fn looks_like(value: &Value) -> bool {
    let party = |key: &str| value.get(key).is_some_and(|party| party.get("name").is_some_and(Value::is_string));
    party("consumer") && party("provider") && (value.get("messages").is_some() || value.get("interactions").is_some())
}

/// Reads a pact.
///
/// # Errors
/// Where its version is none that is known.
pub(super) fn read(reading: &mut Reading<'_>, document: &Arc<Document>) -> Result<(), Vec<Fault>> {
    let root = Place { document: Arc::clone(document), pointer: String::new() };
    let version =
        ["/metadata/pactSpecification/version", "/metadata/pact-specification/version", "/metadata/pactSpecificationVersion"]
            .iter()
            .find_map(|pointer| Some(((*pointer), document.get(pointer)?.as_str()?)));
    let major = version.map(|(_, version)| version.split('.').next().unwrap_or(""));
    match (major, version) {
        (None | Some("1" | "2" | "3" | "4"), _) => {}
        (Some(_), Some((pointer, version))) => {
            return Err(vec![document.fault(
                pointer,
                format!("Pact version `{}` is not known", shorten(version)),
                "message pacts of versions 3 and 4 are read",
            )]);
        }
        (Some(_), None) => {}
    }
    let consumer = text(&root, "/consumer/name").unwrap_or_default();
    let count = |key: &str| document.get(&join("", key)).and_then(Value::as_array).map_or(0, Vec::len);
    for at in 0..count("messages") {
        if let Some(message) = step(&root, &["messages", &at.to_string()]) {
            let schema = schema(&message, None);
            promise(reading, &consumer, &message, schema, false);
        }
    }
    for at in 0..count("interactions") {
        let Some(interaction) = step(&root, &["interactions", &at.to_string()]) else { continue };
        match text(&interaction, "/type").as_deref() {
            Some("Asynchronous/Messages") => {
                let pending = interaction.value().and_then(|value| value.get("pending")) == Some(&Value::Bool(true));
                let schema = schema(&interaction, Some(()));
                promise(reading, &consumer, &interaction, schema, pending);
            }
            // Requests and their responses are no events.
            Some("Synchronous/HTTP" | "Synchronous/Messages") | None => {}
            Some(other) => {
                let message = format!("interactions of type `{}` are not read", shorten(other));
                reading.bundler.diagnose(&interaction, Severity::Note, message);
            }
        }
    }
    Ok(())
}

fn promise(reading: &mut Reading<'_>, consumer: &str, message: &Place, schema: PromisedSchema, pending: bool) {
    let metadata = |keys: &[&str]| {
        ["metadata", "metaData"]
            .iter()
            .find_map(|holder| keys.iter().find_map(|key| text(message, &format!("/{holder}{}", join("", key)))))
    };
    let description = text(message, "/description").unwrap_or_default();
    let content = step(message, &["contents", "content"]).or_else(|| step(message, &["contents"]));
    let own = content.and_then(|content| {
        DISCRIMINATORS.iter().find_map(|key| text(&content, &join("", key))).filter(|name| !name.contains(char::is_whitespace))
    });
    let channel = metadata(CHANNEL_KEYS);
    let names: Vec<String> = metadata(EVENT_KEYS)
        .into_iter()
        .chain(own)
        .chain(channel.clone())
        .chain(Some(description.clone()).filter(|text| !text.is_empty()))
        .collect();
    let Some((event, others)) = names.split_first() else {
        let message_text = "the message has neither a description nor a name in its metadata: it was passed over".to_owned();
        reading.bundler.diagnose(message, Severity::Warning, message_text);
        return;
    };
    let mut aliases: Vec<EventPattern> = Vec::new();
    for other in others {
        // The channel of a named event may carry other events too.
        let is_channel = Some(other) == channel.as_ref();
        if other != event && !is_channel {
            aliases.push(EventPattern::exact(other.clone()));
        }
    }
    reading.promises.push(Promise {
        consumer: consumer.to_owned(),
        owner: None,
        via: Via::Pact,
        role: Role::Consumer,
        event: EventPattern::exact(event.clone()),
        aliases,
        channel: channel.map(EventPattern::exact),
        payload_pointer: None,
        schema,
        file: message.document.file.clone(),
        origin: message.document.origin(&message.pointer),
        pending,
        binding: Binding::Declared,
        label: Some(description).filter(|text| !text.is_empty()),
    });
}

/// The schema of what a message's consumer accepts. In version 4 the contents carry their own type and encoding.
fn schema(message: &Place, version_4: Option<()>) -> PromisedSchema {
    let (content, content_type) = match version_4 {
        Some(()) => {
            let encoded = message.value().and_then(|value| value.pointer("/contents/encoded"));
            if encoded.is_some_and(|encoded| encoded.as_bool() != Some(false) && encoded.as_str() != Some("json")) {
                return hole(message, "the contents of this message are encoded");
            }
            (step(message, &["contents", "content"]), text(message, "/contents/contentType"))
        }
        None => (
            step(message, &["contents"]),
            text(message, "/metaData/contentType").or_else(|| text(message, "/metadata/contentType")),
        ),
    };
    let Some(content) = content else {
        // No contents: the consumer looks at none.
        return PromisedSchema::assembled(json!({ "$schema": DRAFT_2020 }), [(String::new(), message.clone())].into());
    };
    let is_json = content_type.as_deref().is_none_or(|kind| kind.contains("json"));
    if !is_json {
        return hole(&content, &format!("contents of type `{}` are not read", shorten(&content_type.unwrap_or_default())));
    }
    let rules = ["body", "content"]
        .iter()
        .find_map(|part| message.value()?.pointer(&format!("/matchingRules/{part}"))?.as_object())
        .map(rules)
        .unwrap_or_default();
    let mut lowering = Lowering { rules: &rules, document: Arc::clone(&content.document), origins: BTreeMap::new() };
    let value = content.value().cloned().unwrap_or_default();
    let mut path = vec![];
    let mut document = match lowering.value(&value, &content.pointer, "", &mut path) {
        Value::Object(object) => object,
        other => Map::from_iter([("allOf".to_owned(), json!([other]))]),
    };
    document.insert("$schema".to_owned(), json!(DRAFT_2020));
    let mut origins = lowering.origins;
    origins.insert(String::new(), message.clone());
    PromisedSchema::assembled(Value::Object(document), origins)
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Key(String),
    Index(usize),
    Any,
}

/// A path and what is demanded there.
struct Rule {
    path: Option<Vec<Step>>,
    matchers: Vec<Value>,
    any_of: bool,
}

fn rules(object: &Map<String, Value>) -> Vec<Rule> {
    object
        .iter()
        .map(|(path, rule)| Rule {
            path: parse_path(path),
            matchers: rule.get("matchers").and_then(Value::as_array).cloned().unwrap_or_default(),
            any_of: rule.get("combine").and_then(Value::as_str) == Some("OR"),
        })
        .collect()
}

/// `$.a['b'][0][*].*`; `None` for what is no such path.
fn parse_path(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let name = &after[..end];
            match name {
                "" => return None,
                "*" => steps.push(Step::Any),
                name => steps.push(Step::Key(name.to_owned())),
            }
            rest = &after[end..];
        } else if let Some(after) = rest.strip_prefix('[') {
            if let Some(quote) = after.chars().next().filter(|quote| *quote == '\'' || *quote == '"') {
                let (name, behind) = after[1..].split_once(&format!("{quote}]"))?;
                steps.push(if name == "*" { Step::Any } else { Step::Key(name.to_owned()) });
                rest = behind;
            } else {
                let (index, behind) = after.split_once(']')?;
                steps.push(if index == "*" { Step::Any } else { Step::Index(index.parse().ok()?) });
                rest = behind;
            }
        } else {
            return None;
        }
    }
    Some(steps)
}

/// How well a rule's path fits the path to a value: `None` where it leads elsewhere. Deeper rules weigh more, and of two equally
/// deep ones the one with fewer open steps.
fn weight(rule: &[Step], path: &[Step]) -> Option<(usize, usize)> {
    if rule.len() > path.len() {
        return None;
    }
    let mut exact = 0;
    for (wanted, actual) in rule.iter().zip(path) {
        match wanted {
            Step::Any => {}
            same if same == actual => exact += 1,
            // `$.0` and `$[0]` are both written for the first element.
            Step::Key(name) => match actual {
                Step::Index(index) if *name == index.to_string() => exact += 1,
                Step::Index(_) | Step::Key(_) | Step::Any => return None,
            },
            Step::Index(_) => return None,
        }
    }
    Some((rule.len(), exact))
}

struct Lowering<'r> {
    rules: &'r [Rule],
    document: Arc<Document>,
    origins: BTreeMap<String, Place>,
}

impl Lowering<'_> {
    /// The rule for a path, and whether it stands at that very path.
    fn rule(&self, path: &[Step]) -> Option<(&Rule, bool)> {
        self.rules
            .iter()
            .filter_map(|rule| {
                let steps = rule.path.as_deref()?;
                Some((weight(steps, path)?, rule, steps.len() == path.len()))
            })
            .max_by_key(|(weight, _, _)| *weight)
            .map(|(_, rule, here)| (rule, here))
    }

    /// The schema of an example at `pointer`; `at` is where it will stand in the result.
    fn value(&mut self, example: &Value, pointer: &str, at: &str, path: &mut Vec<Step>) -> Value {
        self.origins.insert(at.to_owned(), Place { document: Arc::clone(&self.document), pointer: pointer.to_owned() });
        let found = self.rule(path).map(|(rule, here)| (rule.matchers.clone(), rule.any_of, here));
        let Some((matchers, any_of, here)) = found else { return self.equal(example, pointer, at, path) };
        let schemas: Vec<Value> =
            matchers.iter().map(|matcher| self.matched(matcher, here, example, pointer, at, path)).collect();
        match schemas.len() {
            0 => self.equal(example, pointer, at, path),
            1 => schemas.into_iter().next().unwrap_or_default(),
            _ if any_of => json!({ "anyOf": schemas }),
            _ => json!({ "allOf": schemas }),
        }
    }

    /// Without a rule: the same scalars, at least the same keys, exactly as many elements.
    fn equal(&mut self, example: &Value, pointer: &str, at: &str, path: &mut Vec<Step>) -> Value {
        match example {
            Value::Object(object) => self.object(object, pointer, at, path),
            Value::Array(items) => {
                let mut schema = Map::from_iter([("type".to_owned(), json!("array"))]);
                let prefix: Vec<Value> = (0..items.len())
                    .map(|index| self.element(items, index, pointer, &format!("{at}/prefixItems/{index}"), path))
                    .collect();
                schema.insert("minItems".to_owned(), json!(items.len()));
                schema.insert("maxItems".to_owned(), json!(items.len()));
                if !prefix.is_empty() {
                    schema.insert("prefixItems".to_owned(), Value::Array(prefix));
                }
                Value::Object(schema)
            }
            scalar => json!({ "const": scalar }),
        }
    }

    fn element(&mut self, items: &[Value], index: usize, pointer: &str, at: &str, path: &mut Vec<Step>) -> Value {
        path.push(Step::Index(index));
        let schema = self.value(&items[index], &format!("{pointer}/{index}"), at, path);
        path.pop();
        schema
    }

    fn object(&mut self, object: &Map<String, Value>, pointer: &str, at: &str, path: &mut Vec<Step>) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        let document = Arc::clone(&self.document);
        for key in document.keys(pointer) {
            let Some(inner) = object.get(key) else { continue };
            path.push(Step::Key(key.to_owned()));
            let source = join(pointer, key);
            let schema = self.value(inner, &source, &format!("{at}{}", join("/properties", key)), path);
            path.pop();
            let place = Place { document: Arc::clone(&self.document), pointer: source };
            self.origins.insert(format!("{at}/required/{}", required.len()), place);
            required.push(json!(key));
            properties.insert(key.to_owned(), schema);
        }
        let mut schema = json!({ "type": "object", "properties": properties });
        if !required.is_empty() {
            schema["required"] = Value::Array(required);
        }
        schema
    }

    /// An object of which any keys are allowed, with values like those of the example.
    fn map(&mut self, object: &Map<String, Value>, pointer: &str, at: &str, path: &mut Vec<Step>) -> Value {
        let mut schemas: Vec<Value> = Vec::new();
        for (key, inner) in object {
            path.push(Step::Key(key.clone()));
            let schema = self.value(inner, &join(pointer, key), &format!("{at}/additionalProperties"), path);
            path.pop();
            if !schemas.contains(&schema) {
                schemas.push(schema);
            }
        }
        let values = match schemas.len() {
            0 => json!(true),
            1 => schemas.remove(0),
            _ => json!({ "anyOf": schemas }),
        };
        json!({ "type": "object", "additionalProperties": values })
    }

    /// A list of any length whose elements are like those of the example.
    fn list(&mut self, items: &[Value], pointer: &str, at: &str, path: &mut Vec<Step>) -> Map<String, Value> {
        let mut schemas: Vec<Value> =
            (0..items.len()).map(|index| self.element(items, index, pointer, &format!("{at}/items"), path)).collect();
        let mut schema = Map::from_iter([("type".to_owned(), json!("array"))]);
        if let Some(first) = schemas.first().cloned() {
            if schemas.iter().any(|other| *other != first) {
                schema.insert("prefixItems".to_owned(), Value::Array(std::mem::take(&mut schemas)));
            }
            schema.insert("items".to_owned(), first);
        }
        schema
    }

    /// What one matcher demands. `here` says that its rule stands at this very path and not above it.
    fn matched(&mut self, matcher: &Value, here: bool, example: &Value, pointer: &str, at: &str, path: &mut Vec<Step>) -> Value {
        let kind = matcher.get("match").and_then(Value::as_str).unwrap_or_else(|| {
            // Version 2 left the word out where another key says it.
            if matcher.get("regex").is_some() { "regex" } else { "type" }
        });
        match kind {
            "equality" => self.equal(example, pointer, at, path),
            "type" | "min" | "max" => self.like(matcher, here, example, pointer, at, path),
            "values" => match example {
                Value::Object(object) => self.map(object, pointer, at, path),
                _ => self.like(matcher, here, example, pointer, at, path),
            },
            "integer" => json!({ "type": "integer" }),
            "number" | "decimal" => json!({ "type": "number" }),
            "boolean" => json!({ "type": "boolean" }),
            "null" => json!({ "type": "null" }),
            // Below the path of such a rule the example's structure counts, and the rule for its texts.
            "regex" | "include" | "date" | "time" | "timestamp" | "datetime" | "semver"
                if example.is_object() || example.is_array() =>
            {
                self.equal_or_inner(example, pointer, at, path)
            }
            "regex" => match matcher.get("regex").and_then(Value::as_str) {
                Some(pattern) if jsonschema::validator_for(&json!({ "pattern": pattern })).is_ok() => {
                    json!({ "type": "string", "pattern": pattern })
                }
                Some(pattern) => {
                    json!({ "type": "string", UNKNOWN: format!("the pattern `{}` was not understood", shorten(pattern)) })
                }
                None => json!({ "type": "string", UNKNOWN: "the rule has no pattern" }),
            },
            "include" => {
                let needle = matcher.get("value").map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                json!({ "type": "string", "pattern": escape_pattern(&needle.unwrap_or_default()) })
            }
            // Their formats are Java's, and JSON Schema has no word for most of them.
            "date" | "time" | "timestamp" | "datetime" => json!({ "type": "string" }),
            "semver" => json!({ "type": "string", "pattern": "^[0-9]+\\.[0-9]+\\.[0-9]+" }),
            "notEmpty" => match example {
                Value::Object(_) => json!({ "type": "object", "minProperties": 1 }),
                Value::Array(_) => json!({ "type": "array", "minItems": 1 }),
                Value::String(_) => json!({ "type": "string", "minLength": 1 }),
                other => type_of(other),
            },
            "eachKey" | "eachValue" => match example {
                Value::Object(object) => self.map(object, pointer, at, path),
                _ => self.like(matcher, here, example, pointer, at, path),
            },
            "arrayContains" => self.contains(matcher, example, pointer, at),
            "contentType" => type_of(example),
            other => json!({ UNKNOWN: format!("the matching rule `{}` is not known", shorten(other)) }),
        }
    }

    fn equal_or_inner(&mut self, example: &Value, pointer: &str, at: &str, path: &mut Vec<Step>) -> Value {
        match example {
            Value::Object(object) => self.object(object, pointer, at, path),
            Value::Array(items) => Value::Object(self.list(items, pointer, at, path)),
            scalar => json!({ "const": scalar }),
        }
    }

    /// The same type as the example, all the way down.
    fn like(&mut self, matcher: &Value, here: bool, example: &Value, pointer: &str, at: &str, path: &mut Vec<Step>) -> Value {
        match example {
            Value::Object(object) => {
                // A rule for `*` below says that the keys are open.
                let open = !object.is_empty() && self.has_open_step_below(path);
                if open { self.map(object, pointer, at, path) } else { self.object(object, pointer, at, path) }
            }
            Value::Array(items) => {
                let mut schema = self.list(items, pointer, at, path);
                // Length limits are of the list that the rule names, not of lists inside of it.
                if here {
                    for (word, keyword) in [("min", "minItems"), ("max", "maxItems")] {
                        if let Some(limit) = matcher.get(word).filter(|limit| limit.is_u64()) {
                            schema.insert(keyword.to_owned(), limit.clone());
                        }
                    }
                }
                Value::Object(schema)
            }
            scalar => type_of(scalar),
        }
    }

    fn has_open_step_below(&self, path: &[Step]) -> bool {
        self.rules
            .iter()
            .filter_map(|rule| rule.path.as_deref())
            .any(|rule| rule.len() > path.len() && rule[path.len()] == Step::Any && weight(&rule[..path.len()], path).is_some())
    }

    /// For each variant, an element somewhere in the list that is like it.
    fn contains(&mut self, matcher: &Value, example: &Value, pointer: &str, at: &str) -> Value {
        let Value::Array(items) = example else {
            return json!({ UNKNOWN: "`arrayContains` stands at something that is no list" });
        };
        let mut demands = Vec::new();
        for variant in matcher.get("variants").and_then(Value::as_array).into_iter().flatten() {
            let index = variant.get("index").and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok());
            let Some((index, item)) = index.and_then(|index| Some((index, items.get(index)?))) else { continue };
            let rules = variant.get("rules").and_then(Value::as_object).map(rules).unwrap_or_default();
            let mut inner = Lowering { rules: &rules, document: Arc::clone(&self.document), origins: BTreeMap::new() };
            let target = format!("{at}/allOf/{}/contains", demands.len());
            let schema = inner.value(item, &format!("{pointer}/{index}"), &target, &mut Vec::new());
            self.origins.append(&mut inner.origins);
            demands.push(json!({ "contains": schema }));
        }
        json!({ "type": "array", "allOf": demands })
    }
}

fn type_of(example: &Value) -> Value {
    let name = match example {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    json!({ "type": name })
}

fn escape_pattern(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if "\\^$.|?*+()[]{}/".contains(letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests;
