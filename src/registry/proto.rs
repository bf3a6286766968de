//! `.proto` files in folders of events: each message that no other message of the file holds is the payload of an event of its name.
//!
//! The file is read as the JSON Schema of its JSON mapping (`document::proto`), which knows the message that the file is about; here the
//! others get their names. What calls are made of is no event.

use serde_json::Value;

use crate::document::Document;

/// Endings of the names of messages that belong to a call.
const CALLS: &[&str] = &["Request", "Response", "Reply"];

/// A message of a file.
pub struct Message {
    /// Its definition in the document.
    pub pointer: String,
    /// With its package.
    pub full: String,
    pub short: String,
    /// Whether it is the one that the file is about.
    pub main: bool,
}

/// The messages of a file that may be events.
pub fn messages(document: &Document) -> Vec<Message> {
    let Some(Value::Object(definitions)) = document.get("/$defs") else { return Vec::new() };
    let target =
        |value: &Value| value.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix("#/$defs/")).map(str::to_owned);
    let main = target(&document.value).unwrap_or_default();
    let title = document.get("/title").and_then(Value::as_str).unwrap_or_default();
    let package = title.strip_suffix(main.as_str()).unwrap_or_default();
    let mut held = Vec::new();
    for (name, definition) in definitions {
        references(definition, &mut |to| {
            if to != *name {
                held.push(to);
            }
        });
    }
    document
        .keys("/$defs")
        .into_iter()
        .filter(|name| !name.contains('.') && definitions.get(*name).is_some_and(|one| one.get("properties").is_some()))
        .filter(|name| *name == main || !held.iter().any(|to| to == name) && !CALLS.iter().any(|end| name.ends_with(end)))
        .map(|name| Message {
            pointer: crate::document::join("/$defs", name),
            full: format!("{package}{name}"),
            short: name.to_owned(),
            main: name == main,
        })
        .collect()
}

/// The definitions that a schema refers to.
fn references(value: &Value, visit: &mut dyn FnMut(String)) {
    match value {
        Value::Object(object) => {
            if let Some(to) = object.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix("#/$defs/")) {
                visit(to.to_owned());
            }
            object.values().for_each(|inner| references(inner, visit));
        }
        Value::Array(items) => items.iter().for_each(|inner| references(inner, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::tests::check;

    #[test]
    fn every_message_that_stands_for_itself_is_an_event() {
        check(
            &[(
                "proto/events/order.proto",
                "syntax = \"proto3\";\npackage acme.v1;\nmessage Order { string id = 1; }\nmessage OrderShipped {\n  Order order = 1;\n  enum \
                 Carrier { NONE = 0; DHL = 1; }\n  Carrier carrier = 2;\n}\nmessage OrderVoided { string why = 1; }\nmessage \
                 GetOrderRequest { string id = 1; }\n",
            )],
            expect![[r##"
                proto/events/order.proto sends order (by name) [schema proto/events/order.proto:1]
                  {"$defs":{"GetOrderRequest":{"properties":{"id":{"type":"string"}},"type":"object"},"Order":{"properties":{"id":{"type":"string"}},"type":"object"},"OrderShipped":{"properties":{"carrier":{"$ref":"#/$defs/OrderShipped.Carrier"},"order":{"$ref":"#/$defs/Order"}},"type":"object"},"OrderShipped.Carrier":{"enum":["NONE","DHL"]},"OrderVoided":{"properties":{"why":{"type":"string"}},"type":"object"}},"$ref":"#/$defs/Order","$schema":"https://json-schema.org/draft/2020-12/schema","title":"acme.v1.Order"}
                proto/events/order.proto sends acme.v1.OrderShipped (by name) [schema proto/events/order.proto:4]
                  {"$defs":{"Order":{"properties":{"id":{"type":"string"}},"type":"object"},"OrderShipped.Carrier":{"enum":["NONE","DHL"]}},"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"carrier":{"$ref":"#/$defs/OrderShipped.Carrier"},"order":{"$ref":"#/$defs/Order"}},"type":"object"}
                proto/events/order.proto sends acme.v1.OrderVoided (by name) [schema proto/events/order.proto:9]
                  {"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"why":{"type":"string"}},"type":"object"}
            "##]],
        );
    }
}
