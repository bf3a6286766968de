//! AsyncAPI documents: what one application sends and receives.
//!
//! The two major versions look from opposite sides. In 2.x an operation says what *others* may do: they `subscribe` to what the
//! application sends, and `publish` what it receives. In 3.x it says what the application does: `send` and `receive`, where the
//! reply to a request goes the other way.

use std::sync::Arc;

use serde_json::{Value, json};

use super::bundle::{PromisedSchema, UNKNOWN};
use super::dialect::{DRAFT_2020, Dialect};
use super::pattern::EventPattern;
use super::sources::Place;
use super::{Binding, Promise, Reading, avro};
use crate::document::{Document, Fault, join};
use crate::facts::Role;
use crate::finding::{Severity, Via};

/// Names that an address with listed parameters may expand to; past this its parameters are open.
const EXPANSION_BUDGET: usize = 64;

/// Reads an AsyncAPI document.
///
/// # Errors
/// Where its version is none that is known.
pub(super) fn read(reading: &mut Reading<'_>, document: &Arc<Document>) -> Result<(), Vec<Fault>> {
    let version = document.get("/asyncapi").and_then(Value::as_str).unwrap_or("");
    let root = Place { document: Arc::clone(document), pointer: String::new() };
    let application = Application {
        name: text(&root, "/info/title").unwrap_or_else(|| document.file.to_string()),
        owner: text(&root, "/info/x-owner").or_else(|| text(&root, "/x-owner")),
    };
    match version.split('.').next() {
        Some("2") => version_2(reading, &application, &root),
        Some("3") => version_3(reading, &application, &root),
        Some(_) | None => {
            return Err(vec![document.fault(
                "/asyncapi",
                format!("AsyncAPI version `{}` is not known", crate::document::shorten(version)),
                "versions 2 and 3 are read",
            )]);
        }
    }
    Ok(())
}

struct Application {
    name: String,
    owner: Option<String>,
}

/// One channel as an operation sees it.
struct Channel {
    /// The addresses that it stands for.
    addresses: Vec<EventPattern>,
    /// Whether one address carries several messages, which readers then tell apart by name.
    shared: bool,
}

fn version_2(reading: &mut Reading<'_>, application: &Application, root: &Place) {
    for address in root.document.keys("/channels") {
        let Some(item) = child(reading, root, &["channels", address]) else { continue };
        let addresses = addresses(reading, &item, address);
        for (keyword, role) in [("subscribe", Role::Producer), ("publish", Role::Consumer)] {
            let Some(operation) = child(reading, &item, &[keyword]) else { continue };
            let Some(message) = child(reading, &operation, &["message"]) else { continue };
            let branches = message.value().and_then(|value| value.get("oneOf")).and_then(Value::as_array).map(Vec::len);
            let messages: Vec<(Place, Option<String>)> = match branches {
                Some(count) => (0..count)
                    .filter_map(|at| {
                        let key = reference_name(&message, &["oneOf", &at.to_string()]);
                        Some((child(reading, &message, &["oneOf", &at.to_string()])?, key))
                    })
                    .collect(),
                None => vec![(message, reference_name(&operation, &["message"]))],
            };
            let channel = Channel { addresses: addresses.clone(), shared: messages.len() > 1 };
            for (message, key) in messages {
                promise(reading, application, &channel, role, &message, key);
            }
        }
    }
}

fn version_3(reading: &mut Reading<'_>, application: &Application, root: &Place) {
    let operations: Vec<String> = root.document.keys("/operations").into_iter().map(str::to_owned).collect();
    if operations.is_empty() && !root.document.keys("/channels").is_empty() {
        let message = "the document has channels and no operations: who sends and who receives is unknown";
        reading.bundler.diagnose(root, Severity::Note, message.to_owned());
    }
    for name in operations {
        let Some(operation) = child(reading, root, &["operations", &name]) else { continue };
        let role = match text(&operation, "/action").as_deref() {
            Some("send") => Role::Producer,
            Some("receive") => Role::Consumer,
            Some(_) | None => {
                let message = "an operation's `action` is neither `send` nor `receive`: it was passed over".to_owned();
                reading.bundler.diagnose(&operation, Severity::Warning, message);
                continue;
            }
        };
        exchange(reading, application, &operation, role);
        if let Some(reply) = child(reading, &operation, &["reply"]) {
            let back = match role {
                Role::Producer => Role::Consumer,
                Role::Consumer => Role::Producer,
            };
            exchange(reading, application, &reply, back);
        }
    }
}

/// The messages of an operation, or of its reply, on its channel.
fn exchange(reading: &mut Reading<'_>, application: &Application, operation: &Place, role: Role) {
    let key = reference_name(operation, &["channel"]);
    let Some(channel_place) = child(reading, operation, &["channel"]) else { return };
    // A channel whose address is known at run time alone has only its key for a name.
    let address = text(&channel_place, "/address").or(key).unwrap_or_default();
    let addresses = addresses(reading, &channel_place, &address);
    let offered: Vec<String> =
        channel_place.document.keys(&format!("{}/messages", channel_place.pointer)).into_iter().map(str::to_owned).collect();
    let chosen = operation.value().and_then(|value| value.get("messages")).and_then(Value::as_array).map(Vec::len);
    let mut messages = Vec::new();
    match chosen {
        Some(count) => {
            for at in 0..count {
                let path = ["messages", &at.to_string()];
                let key = reference_name(operation, &path);
                if let Some(message) = child(reading, operation, &path) {
                    messages.push((message, key));
                }
            }
        }
        None => {
            for key in &offered {
                if let Some(message) = child(reading, &channel_place, &["messages", key]) {
                    messages.push((message, Some(key.clone())));
                }
            }
        }
    }
    let channel = Channel { addresses, shared: offered.len().max(messages.len()) > 1 };
    for (message, key) in messages {
        promise(reading, application, &channel, role, &message, key);
    }
}

fn promise(
    reading: &mut Reading<'_>,
    application: &Application,
    channel: &Channel,
    role: Role,
    message: &Place,
    key: Option<String>,
) {
    let name = with_traits(reading, message, "name").or_else(|| text(message, "/messageId")).or(key);
    let declared = with_traits(reading, message, "x-event");
    let schema = payload(reading, message);
    let own_name = child(reading, message, &["payload"]).and_then(|payload| super::json_schema::discriminator(reading, &payload));
    for address in &channel.addresses {
        let event = match (&declared, &name) {
            (Some(event), _) => EventPattern::parse(event),
            (None, Some(name)) if channel.shared => EventPattern::exact(name.clone()),
            (None, _) => address.clone(),
        };
        let aliases =
            name.iter().chain(&own_name).map(|name| EventPattern::exact(name.clone())).filter(|alias| *alias != event).collect();
        reading.promises.push(Promise {
            consumer: application.name.clone(),
            owner: application.owner.clone(),
            via: Via::AsyncApi,
            role,
            event,
            aliases,
            channel: Some(address.clone()),
            payload_pointer: None,
            schema: schema.clone(),
            file: message.document.file.clone(),
            origin: message.document.origin(&message.pointer),
            pending: false,
            binding: Binding::Declared,
            label: name.clone(),
        });
    }
}

/// The schema of a message's payload, or a hole where it is in no form that is read.
fn payload(reading: &mut Reading<'_>, message: &Place) -> PromisedSchema {
    let Some(mut place) = step(message, &["payload"]) else {
        return hole(message, "the message does not say what its payload is");
    };
    let mut format = text(message, "/schemaFormat");
    // 3.x puts the schema beside its format.
    if let Some(inner) = place.value().filter(|value| value.get("schemaFormat").is_some()).and(step(&place, &["schema"])) {
        format = text(&place, "/schemaFormat");
        place = inner;
    }
    let format = format.unwrap_or_default().to_ascii_lowercase();
    if format.contains("avro") {
        return match reading.bundler.follow(place.clone()) {
            Ok(place) => avro::schema(&place),
            Err(reason) => hole(&place, &reason),
        };
    }
    let dialect = if format.contains("openapi") {
        Dialect::OpenApi30
    } else if format.contains("schema+json") || format.contains("schema+yaml") {
        match format.rsplit_once("version=").map(|(_, version)| version.trim_matches('"')) {
            Some("draft-04") => Dialect::Draft4,
            Some("draft-06") => Dialect::Draft6,
            Some("2019-09") => Dialect::Draft2019,
            Some("2020-12") => Dialect::Draft2020,
            Some(_) | None => Dialect::Draft7,
        }
    } else if format.is_empty() || format.contains("asyncapi") {
        Dialect::Draft7
    } else {
        let reason = format!("payloads in the form `{}` are not read", crate::document::shorten(&format));
        reading.bundler.diagnose(message, Severity::Note, reason.clone());
        return hole(message, &reason);
    };
    reading.bundler.bundle(&place, dialect)
}

/// A schema of which nothing is known.
pub(super) fn hole(place: &Place, reason: &str) -> PromisedSchema {
    let document = json!({ "$schema": DRAFT_2020, UNKNOWN: reason });
    PromisedSchema::assembled(document, [(String::new(), place.clone())].into())
}

/// The addresses that a channel stands for: one for each value of its parameters where those are listed, else a pattern.
fn addresses(reading: &mut Reading<'_>, channel: &Place, address: &str) -> Vec<EventPattern> {
    let mut filled = vec![address.to_owned()];
    let names: Vec<String> =
        channel.document.keys(&join(&channel.pointer, "parameters")).into_iter().map(str::to_owned).collect();
    for name in names {
        let Some(parameter) = child(reading, channel, &["parameters", &name]) else { continue };
        let listed = parameter.value().and_then(|value| value.get("enum").or_else(|| value.pointer("/schema/enum")));
        let Some(values) = listed.and_then(Value::as_array) else { continue };
        let values: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
        let open = format!("{{{name}}}");
        if values.is_empty() || filled.len() * values.len() > EXPANSION_BUDGET || !address.contains(&open) {
            continue;
        }
        filled = filled.iter().flat_map(|text| values.iter().map(|value| text.replace(&open, value))).collect();
    }
    filled.iter().map(|text| EventPattern::template(text)).collect()
}

/// A text of the message or of one of its traits.
fn with_traits(reading: &mut Reading<'_>, message: &Place, key: &str) -> Option<String> {
    if let Some(own) = text(message, &join("", key)) {
        return Some(own);
    }
    let count = message.value()?.get("traits")?.as_array()?.len();
    (0..count).find_map(|at| text(&child(reading, message, &["traits", &at.to_string()])?, &join("", key)))
}

/// The last word of the reference at a path below `place`: the key by which an author calls a message or a channel.
fn reference_name(place: &Place, path: &[&str]) -> Option<String> {
    let reference = step(place, path)?.value()?.get("$ref")?.as_str()?.to_owned();
    let (_, pointer) = reference.split_once('#')?;
    crate::document::tokens(pointer)?.pop()
}

/// The place at a path below another; `None` where nothing is there.
pub(super) fn step(place: &Place, path: &[&str]) -> Option<Place> {
    let pointer = path.iter().fold(place.pointer.clone(), |pointer, token| join(&pointer, token));
    let inner = Place { document: Arc::clone(&place.document), pointer };
    inner.value().is_some().then_some(inner)
}

/// [`step`], with references followed. Where one leads nowhere that is noted, and what it would have said is left out.
pub(super) fn child(reading: &mut Reading<'_>, place: &Place, path: &[&str]) -> Option<Place> {
    reading.bundler.follow(step(place, path)?).ok()
}

/// The text at a pointer below a place.
pub(super) fn text(place: &Place, pointer: &str) -> Option<String> {
    place.value()?.pointer(pointer)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests;
