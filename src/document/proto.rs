//! Protobuf's `.proto` files as the JSON Schema of their JSON mapping: what a message looks like when it is written as JSON.
//!
//! Every message and enum is a definition under its full name; the root is the message that the file is about, the one that is
//! called like it or else the last that no other message holds. Fields have no requiredness beyond proto2's `required`: a value
//! that is the default is left out. What is declared in other files is referred to where it is clear in which.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Builder, Finished, Stop, UNKNOWN};

/// Messages inside of messages.
const MAX_NESTING: usize = 64;

/// Members of one `oneof` of which it is said that no two stand together; past it that is left out.
const MAX_ONEOF: usize = 8;

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

pub(super) fn read(text: &str, stem: &str, builder: &mut Builder) -> Result<(), Stop> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, end: text.len(), file: File::default() };
    parser.file()?;
    parser.file.emit(stem, text.len(), builder)
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Word(String),
    Text(String),
    Mark(char),
}

#[derive(Clone, Debug)]
struct Token {
    kind: Kind,
    start: usize,
    end: usize,
}

fn tokens(text: &str) -> Result<Vec<Token>, Stop> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            byte if byte.is_ascii_whitespace() => at += 1,
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at = text[at..].find('\n').map_or(bytes.len(), |length| at + length);
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at = text[at + 2..]
                    .find("*/")
                    .map(|length| at + 2 + length + 2)
                    .ok_or_else(|| Stop::new(start, start + 2, "a comment is not closed", "add the closing `*/`"))?;
            }
            quote @ (b'"' | b'\'') => {
                at += 1;
                while bytes.get(at).is_some_and(|byte| *byte != quote && *byte != b'\n') {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                if bytes.get(at) != Some(&quote) {
                    return Err(Stop::new(
                        start,
                        at.min(bytes.len()),
                        "a text is not closed on its line",
                        "add the closing quote",
                    ));
                }
                found.push(Token { kind: Kind::Text(text[start + 1..at].to_owned()), start, end: at + 1 });
                at += 1;
            }
            byte if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.' || byte == b'-' || byte == b'+' => {
                while bytes.get(at).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'+')) {
                    at += 1;
                }
                found.push(Token { kind: Kind::Word(text[start..at].to_owned()), start, end: at });
            }
            _ => {
                let letter = text[at..].chars().next().unwrap_or(' ');
                at += letter.len_utf8();
                found.push(Token { kind: Kind::Mark(letter), start, end: at });
            }
        }
    }
    Ok(found)
}

#[derive(Debug)]
struct Field {
    json: String,
    ty: String,
    label: Option<String>,
    /// The type of a map's keys.
    key: Option<String>,
    oneof: Option<usize>,
    start: usize,
    end: usize,
}

#[derive(Debug)]
struct Message {
    name: String,
    fields: Vec<Field>,
    start: usize,
    end: usize,
}

#[derive(Debug)]
struct Enum {
    values: Vec<String>,
    start: usize,
    end: usize,
}

#[derive(Default, Debug)]
struct File {
    package: String,
    imports: Vec<String>,
    /// In the order of the file, by full name.
    messages: Vec<Message>,
    enums: BTreeMap<String, Enum>,
    oneofs: usize,
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    end: usize,
    file: File,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn is_mark(&self, mark: char) -> bool {
        self.peek().is_some_and(|token| token.kind == Kind::Mark(mark))
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token { kind: Kind::Word(found), .. }) if found == word)
    }

    fn stop(&self, wanted: &str) -> Stop {
        let (start, end) = self.peek().map_or((self.end, self.end), |token| (token.start, token.end));
        Stop::new(
            start,
            end,
            format!("this is not Protobuf: {wanted} is expected here"),
            "check the line above for a missing `;` or `}`",
        )
    }

    fn word(&mut self, wanted: &str) -> Result<Token, Stop> {
        match self.peek() {
            Some(token @ Token { kind: Kind::Word(_), .. }) => {
                let token = token.clone();
                self.at += 1;
                Ok(token)
            }
            _ => Err(self.stop(wanted)),
        }
    }

    fn text_of(&mut self, wanted: &str) -> Result<(String, usize, usize), Stop> {
        let token = self.word(wanted)?;
        match token.kind {
            Kind::Word(text) => Ok((text, token.start, token.end)),
            Kind::Text(_) | Kind::Mark(_) => Err(self.stop(wanted)),
        }
    }

    fn mark(&mut self, mark: char) -> Result<usize, Stop> {
        if !self.is_mark(mark) {
            return Err(self.stop(&format!("`{mark}`")));
        }
        self.at += 1;
        Ok(self.tokens[self.at - 1].end)
    }

    /// Passes over a statement: up to `;`, or over the braces that it opens.
    fn skip(&mut self) -> Result<(), Stop> {
        let mut depth = 0usize;
        while let Some(token) = self.peek() {
            let kind = token.kind.clone();
            self.at += 1;
            match kind {
                Kind::Mark('{' | '[' | '(') => depth += 1,
                Kind::Mark('}') if depth <= 1 => return Ok(()),
                Kind::Mark('}' | ']' | ')') => depth = depth.saturating_sub(1),
                Kind::Mark(';') if depth == 0 => return Ok(()),
                Kind::Word(_) | Kind::Text(_) | Kind::Mark(_) => {}
            }
        }
        Err(self.stop("`;`"))
    }

    fn file(&mut self) -> Result<(), Stop> {
        while let Some(token) = self.peek().cloned() {
            match &token.kind {
                Kind::Mark(';') => self.at += 1,
                Kind::Word(word) => match word.as_str() {
                    "package" => {
                        self.at += 1;
                        self.file.package = self.text_of("the name of the package")?.0;
                        self.mark(';')?;
                    }
                    "import" => {
                        self.at += 1;
                        if self.is_word("public") || self.is_word("weak") {
                            self.at += 1;
                        }
                        match self.peek().cloned() {
                            Some(Token { kind: Kind::Text(path), .. }) => self.file.imports.push(path),
                            _ => return Err(self.stop("a path in quotes")),
                        }
                        self.at += 1;
                        self.mark(';')?;
                    }
                    "message" => self.message("", 0)?,
                    "enum" => self.enumeration("")?,
                    "syntax" | "edition" | "option" | "service" | "extend" => self.skip()?,
                    _ => return Err(self.stop("`message`, `enum`, `import` or `option`")),
                },
                Kind::Text(_) | Kind::Mark(_) => return Err(self.stop("`message`, `enum`, `import` or `option`")),
            }
        }
        Ok(())
    }

    fn message(&mut self, outer: &str, depth: usize) -> Result<(), Stop> {
        if depth > MAX_NESTING {
            return Err(self.stop("a message that is nested less deep"));
        }
        self.at += 1;
        let (name, start, end) = self.text_of("the name of the message")?;
        let name = if outer.is_empty() { name } else { format!("{outer}.{name}") };
        let place = self.file.messages.len();
        self.file.messages.push(Message { name: name.clone(), fields: Vec::new(), start, end });
        self.mark('{')?;
        let mut fields = Vec::new();
        while !self.is_mark('}') {
            match self.peek().cloned() {
                Some(Token { kind: Kind::Mark(';'), .. }) => self.at += 1,
                Some(Token { kind: Kind::Word(word), .. }) => match word.as_str() {
                    "message" if self.declares() => self.message(&name, depth + 1)?,
                    "enum" if self.declares() => self.enumeration(&name)?,
                    "option" | "reserved" | "extensions" | "extend" => self.skip()?,
                    "oneof" => {
                        self.at += 1;
                        self.text_of("the name of the oneof")?;
                        self.mark('{')?;
                        self.file.oneofs += 1;
                        let oneof = self.file.oneofs;
                        while !self.is_mark('}') {
                            if self.is_word("option") {
                                self.skip()?;
                            } else if self.is_mark(';') {
                                self.at += 1;
                            } else {
                                fields.extend(self.field(Some(oneof))?);
                            }
                        }
                        self.mark('}')?;
                    }
                    _ => fields.extend(self.field(None)?),
                },
                Some(_) | None => return Err(self.stop("a field or `}`")),
            }
        }
        let end = self.mark('}')?;
        self.file.messages[place].fields = fields;
        self.file.messages[place].end = end;
        Ok(())
    }

    /// Whether `message` or `enum` starts a declaration here, and is not the type of a field.
    fn declares(&self) -> bool {
        matches!(self.tokens.get(self.at + 2), Some(Token { kind: Kind::Mark('{'), .. }))
    }

    fn field(&mut self, oneof: Option<usize>) -> Result<Option<Field>, Stop> {
        let (mut ty, start, _) = self.text_of("the type of a field")?;
        let mut label = None;
        if matches!(ty.as_str(), "optional" | "required" | "repeated") && !self.is_mark('=') {
            label = Some(ty);
            ty = self.text_of("the type of a field")?.0;
        }
        // proto2's groups declare a message and a field at once, and have no form in JSON of today.
        if ty == "group" {
            self.skip()?;
            return Ok(None);
        }
        let mut key = None;
        if ty == "map" && self.is_mark('<') {
            self.mark('<')?;
            key = Some(self.text_of("the type of the keys")?.0);
            self.mark(',')?;
            ty = self.text_of("the type of the values")?.0;
            self.mark('>')?;
        }
        let (name, _, _) = self.text_of("the name of the field")?;
        self.mark('=')?;
        self.text_of("the number of the field")?;
        let mut json = camel(&name);
        if self.is_mark('[') {
            let from = self.at;
            let mut depth = 0usize;
            loop {
                match self.peek().map(|token| token.kind.clone()) {
                    Some(Kind::Mark('[' | '{' | '(')) => depth += 1,
                    Some(Kind::Mark(']' | '}' | ')')) => depth = depth.saturating_sub(1),
                    Some(_) => {}
                    None => return Err(self.stop("`]`")),
                }
                self.at += 1;
                if depth == 0 {
                    break;
                }
            }
            for window in self.tokens[from..self.at].windows(3) {
                if let [
                    Token { kind: Kind::Word(option), .. },
                    Token { kind: Kind::Mark('='), .. },
                    Token { kind: Kind::Text(text), .. },
                ] = window
                    && option == "json_name"
                {
                    json.clone_from(text);
                }
            }
        }
        let end = self.mark(';')?;
        Ok(Some(Field { json, ty, label, key, oneof, start, end }))
    }

    fn enumeration(&mut self, outer: &str) -> Result<(), Stop> {
        self.at += 1;
        let (name, start, _) = self.text_of("the name of the enum")?;
        let name = if outer.is_empty() { name } else { format!("{outer}.{name}") };
        self.mark('{')?;
        let mut values = Vec::new();
        while !self.is_mark('}') {
            if self.is_mark(';') {
                self.at += 1;
            } else if self.is_word("option") || self.is_word("reserved") {
                self.skip()?;
            } else {
                values.push(self.text_of("a value of the enum")?.0);
                self.skip()?;
            }
        }
        let end = self.mark('}')?;
        self.file.enums.insert(name, Enum { values, start, end });
        Ok(())
    }
}

/// `order_id` is written as `orderId`.
fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut upper = false;
    for letter in name.chars() {
        match letter {
            '_' => upper = true,
            letter if upper => {
                out.extend(letter.to_uppercase());
                upper = false;
            }
            letter => out.push(letter),
        }
    }
    out
}

/// A name without its casing and its separators.
fn folded(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl File {
    fn emit(&self, stem: &str, end: usize, builder: &mut Builder) -> Result<(), Stop> {
        let Some(main) = self.main(stem) else {
            return Err(Stop::new(0, end.min(1), "this file declares no message", "name the files with messages alone"));
        };
        builder.open(true, 0)?;
        let (start, stop) = (main.start, main.end);
        for (key, value) in [
            ("$schema", json!(DIALECT)),
            ("title", json!(self.full(&main.name))),
            ("$ref", json!(format!("#/$defs/{}", main.name))),
        ] {
            builder.key(key.to_owned(), start, stop)?;
            put(builder, &value, start, stop)?;
        }
        builder.key("$defs".to_owned(), start, stop)?;
        builder.open(true, 0)?;
        for message in &self.messages {
            builder.key(message.name.clone(), message.start, message.end)?;
            self.message(message, builder)?;
        }
        for (name, declared) in &self.enums {
            builder.key(name.clone(), declared.start, declared.end)?;
            put(builder, &json!({ "enum": declared.values }), declared.start, declared.end)?;
        }
        let definitions = builder.close(Some(end));
        builder.put(definitions);
        let whole = builder.close(Some(end));
        builder.put(whole);
        Ok(())
    }

    /// The message that the file is about.
    fn main(&self, stem: &str) -> Option<&Message> {
        let wanted = folded(stem);
        let held = |message: &Message| {
            self.messages.iter().filter(|other| other.name != message.name).any(|other| {
                other.fields.iter().any(|field| self.resolve(&other.name, &field.ty).as_deref() == Some(&message.name))
            })
        };
        let top = || self.messages.iter().filter(|message| !message.name.contains('.'));
        top()
            .find(|message| folded(&message.name) == wanted)
            .or_else(|| top().rfind(|message| !held(message)))
            .or_else(|| top().next_back())
    }

    fn full(&self, name: &str) -> String {
        if self.package.is_empty() { name.to_owned() } else { format!("{}.{name}", self.package) }
    }

    fn message(&self, message: &Message, builder: &mut Builder) -> Result<(), Stop> {
        builder.open(true, message.start)?;
        let at = (message.start, message.end);
        builder.key("type".to_owned(), at.0, at.1)?;
        put(builder, &json!("object"), at.0, at.1)?;
        builder.key("properties".to_owned(), at.0, at.1)?;
        builder.open(true, message.start)?;
        for field in &message.fields {
            builder.key(field.json.clone(), field.start, field.end)?;
            put(builder, &self.schema(&message.name, field), field.start, field.end)?;
        }
        let properties = builder.close(Some(message.end));
        builder.put(properties);
        let required: Vec<&str> = message
            .fields
            .iter()
            .filter(|field| field.label.as_deref() == Some("required"))
            .map(|field| field.json.as_str())
            .collect();
        if !required.is_empty() {
            builder.key("required".to_owned(), at.0, at.1)?;
            put(builder, &json!(required), at.0, at.1)?;
        }
        let apart = exclusions(message);
        if !apart.is_empty() {
            builder.key("allOf".to_owned(), at.0, at.1)?;
            put(builder, &Value::Array(apart), at.0, at.1)?;
        }
        let whole = builder.close(Some(message.end));
        builder.put(whole);
        Ok(())
    }

    fn schema(&self, message: &str, field: &Field) -> Value {
        let one = self.value(message, &field.ty);
        match (&field.key, field.label.as_deref()) {
            (Some(_), _) => json!({ "type": "object", "additionalProperties": one }),
            (None, Some("repeated")) => json!({ "type": "array", "items": one }),
            (None, _) => one,
        }
    }

    /// The name under which a type is declared here, from inside of a message: the innermost scope first.
    fn resolve(&self, message: &str, ty: &str) -> Option<String> {
        let known = |name: &str| self.enums.contains_key(name) || self.messages.iter().any(|message| message.name == name);
        let bare = ty.trim_start_matches('.');
        let local = match bare.strip_prefix(&format!("{}.", self.package)) {
            Some(local) if !self.package.is_empty() => local,
            _ => bare,
        };
        let mut scope = message;
        loop {
            let name = if scope.is_empty() { local.to_owned() } else { format!("{scope}.{local}") };
            if known(&name) {
                return Some(name);
            }
            if scope.is_empty() {
                return None;
            }
            scope = scope.rsplit_once('.').map_or("", |(outer, _)| outer);
        }
    }

    fn value(&self, message: &str, ty: &str) -> Value {
        if let Some(known) = scalar(ty) {
            return known;
        }
        if let Some(name) = self.resolve(message, ty) {
            return json!({ "$ref": format!("#/$defs/{name}") });
        }
        let mut elsewhere = self.imports.iter().filter(|path| !path.starts_with("google/protobuf/"));
        match (elsewhere.next(), elsewhere.next()) {
            (Some(only), None) => {
                // The package of the other file is in front of the name, and is no part of it there.
                let name: Vec<&str> = ty
                    .trim_start_matches('.')
                    .split('.')
                    .skip_while(|part| part.starts_with(|c: char| c.is_lowercase()))
                    .collect();
                json!({ "$ref": format!("/{only}#/$defs/{}", name.join(".")) })
            }
            _ => json!({ UNKNOWN: format!("`{ty}` is declared in another file") }),
        }
    }
}

/// What JSON has for a type of Protobuf's own; whole numbers of 64 bits are texts.
fn scalar(ty: &str) -> Option<Value> {
    Some(match ty {
        "double" | "float" => json!({ "type": "number" }),
        "int32" | "sint32" | "sfixed32" => json!({ "type": "integer", "minimum": i32::MIN, "maximum": i32::MAX }),
        "uint32" | "fixed32" => json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
        "int64" | "sint64" | "sfixed64" => json!({ "type": "string", "pattern": "^-?[0-9]+$" }),
        "uint64" | "fixed64" => json!({ "type": "string", "pattern": "^[0-9]+$" }),
        "bool" => json!({ "type": "boolean" }),
        "string" => json!({ "type": "string" }),
        "bytes" => json!({ "type": "string", "contentEncoding": "base64" }),
        _ => match ty.trim_start_matches('.').strip_prefix("google.protobuf.")? {
            "Timestamp" => json!({ "type": "string", "format": "date-time" }),
            "Duration" => json!({ "type": "string", "pattern": "^-?[0-9]+([.][0-9]+)?s$" }),
            "FieldMask" => json!({ "type": "string" }),
            "Struct" | "Empty" => json!({ "type": "object" }),
            "Any" => json!({ "type": "object", "required": ["@type"], "properties": { "@type": { "type": "string" } } }),
            "ListValue" => json!({ "type": "array" }),
            "Value" => json!(true),
            "NullValue" => json!({ "type": "null" }),
            "BoolValue" => json!({ "type": ["boolean", "null"] }),
            "StringValue" | "BytesValue" | "Int64Value" | "UInt64Value" => json!({ "type": ["string", "null"] }),
            "Int32Value" | "UInt32Value" => json!({ "type": ["integer", "null"] }),
            "DoubleValue" | "FloatValue" => json!({ "type": ["number", "null"] }),
            other => json!({ UNKNOWN: format!("`google.protobuf.{other}` is not known") }),
        },
    })
}

/// That no two members of a `oneof` stand together.
fn exclusions(message: &Message) -> Vec<Value> {
    let mut groups: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for field in &message.fields {
        if let Some(oneof) = field.oneof {
            groups.entry(oneof).or_default().push(&field.json);
        }
    }
    let mut found = Vec::new();
    for members in groups.values().filter(|members| members.len() <= MAX_ONEOF) {
        for (at, one) in members.iter().enumerate() {
            found.extend(members[at + 1..].iter().map(|other| json!({ "not": { "required": [one, other] } })));
        }
    }
    found
}

/// A value of which every part stands at one place.
fn put(builder: &mut Builder, value: &Value, start: usize, end: usize) -> Result<(), Stop> {
    let finished = finished(builder, value, start, end)?;
    builder.put(finished);
    Ok(())
}

fn finished(builder: &mut Builder, value: &Value, start: usize, end: usize) -> Result<Finished, Stop> {
    Ok(match value {
        Value::Object(object) => {
            builder.open(true, start)?;
            for (key, inner) in object {
                builder.key(key.clone(), start, end)?;
                put(builder, inner, start, end)?;
            }
            builder.close(Some(end))
        }
        Value::Array(items) => {
            builder.open(false, start)?;
            for inner in items {
                put(builder, inner, start, end)?;
            }
            builder.close(Some(end))
        }
        scalar => builder.scalar(scalar.clone(), start, end),
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Document, Syntax};
    use super::*;
    use crate::source::RepoPath;

    fn read(text: &str) -> Document {
        Document::read_as(Syntax::Proto, &RepoPath::new("schemas/order_paid.proto"), text).expect("is a file of Protobuf")
    }

    const ORDER: &str = r#"
syntax = "proto3";
package acme.orders.v1; // where it belongs
import "google/protobuf/timestamp.proto";
option go_package = "acme/orders";

/* Money. */
message Money { string currency = 1; int64 units = 2; }

message OrderPaid {
  reserved 9, 10 to 12;
  enum Status { STATUS_UNSPECIFIED = 0; PAID = 1 [deprecated = true]; }
  message Line { string sku = 1; uint32 count = 2; }
  string order_id = 1;
  Money total = 2;
  Status status = 3;
  repeated Line lines = 4;
  map<string, string> labels = 5;
  google.protobuf.Timestamp paid_at = 6;
  oneof payer { string customer_id = 7; string guest_email = 8 [json_name = "guest"]; }
}
"#;

    #[test]
    fn a_message_is_the_schema_of_its_json() {
        let document = read(ORDER);
        assert_eq!(document.get("/title"), Some(&json!("acme.orders.v1.OrderPaid")));
        assert_eq!(document.get("/$ref"), Some(&json!("#/$defs/OrderPaid")));
        let properties = document.get("/$defs/OrderPaid/properties").expect("the message is there");
        assert_eq!(
            properties,
            &json!({
                "orderId": { "type": "string" },
                "total": { "$ref": "#/$defs/Money" },
                "status": { "$ref": "#/$defs/OrderPaid.Status" },
                "lines": { "type": "array", "items": { "$ref": "#/$defs/OrderPaid.Line" } },
                "labels": { "type": "object", "additionalProperties": { "type": "string" } },
                "paidAt": { "type": "string", "format": "date-time" },
                "customerId": { "type": "string" },
                "guest": { "type": "string" }
            })
        );
        assert_eq!(document.get("/$defs/OrderPaid.Status/enum"), Some(&json!(["STATUS_UNSPECIFIED", "PAID"])));
        assert_eq!(document.get("/$defs/OrderPaid/allOf/0"), Some(&json!({ "not": { "required": ["customerId", "guest"] } })));
        assert_eq!(document.line("/$defs/OrderPaid/properties/total"), 15);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, told) in [
            ("message A {\n  string a = 1\n}\n", "schemas/a.proto:3:1: this is not Protobuf: `;` is expected here"),
            ("message A {\n  string a = 1;\n", "`"),
            ("syntax = \"proto3\";\n", "this file declares no message"),
            ("/* open\n", "a comment is not closed"),
            ("message A { string b = 1; string b = 2; }", "the key `b` stands twice"),
        ] {
            let fault =
                Document::read_as(Syntax::Proto, &RepoPath::new("schemas/a.proto"), text).expect_err("is wrong").to_string();
            assert!(fault.contains(told), "{fault}");
        }
    }

    #[test]
    fn no_text_makes_it_fail_otherwise() {
        for cut in 0..ORDER.len() {
            let _ = Document::read_as(Syntax::Proto, &RepoPath::new("a.proto"), &ORDER[..cut]);
            let mut torn = ORDER.to_owned();
            torn.replace_range(cut..=cut, "}");
            let _ = Document::read_as(Syntax::Proto, &RepoPath::new("a.proto"), &torn);
        }
    }
}
