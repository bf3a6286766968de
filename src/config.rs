//! `driftgate.toml`, with the place of everything in it that a message may point at.
//!
//! The file is read strictly: an unknown key is an error with its line and the key that was probably meant, because a setting
//! that is silently ignored is a gate that silently does nothing.

mod weaken;

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

use crate::document::{Fault, tokens};
use crate::facts::Role;
use crate::finding::Severity;
use crate::source::{Position, RepoPath, Span};
use crate::suggest::did_you_mean;
pub use weaken::Weakening;

/// Where the configuration stands, unless `--config` says otherwise.
pub const CONFIG_FILE: &str = "driftgate.toml";

/// The settings of one repository.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// When the check fails.
    #[serde(default)]
    pub check: Check,
    /// Which files are read, and which of them are tests.
    #[serde(default)]
    pub paths: Paths,
    /// Registered schemas, bound to events.
    #[serde(default, rename = "schema")]
    pub schemas: Vec<Located<SchemaRow>>,
    /// Files of test data, bound to events.
    #[serde(default, rename = "fixture")]
    pub fixtures: Vec<Located<FixtureRow>>,
    /// How a call of your own publishes or consumes an event.
    #[serde(default, rename = "idiom")]
    pub idioms: Vec<Located<IdiomRow>>,
    /// Envelopes of your own: what is put around every payload.
    #[serde(default, rename = "envelope")]
    pub envelopes: Vec<Located<EnvelopeRow>>,
    /// The weight of single rules: `optional-field-added = "off"`.
    #[serde(default)]
    pub rules: BTreeMap<String, Located<RuleLevel>>,
    /// Where consumer contracts are, and what consumers are called.
    #[serde(default)]
    pub contracts: Contracts,
    /// By what a change written by a coding agent is known.
    #[serde(default)]
    pub agents: Agents,
}

/// `[check]`
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Check {
    /// From which severity on a new finding fails the check; `error` by default.
    pub fail_on: Option<Located<FailOn>>,
    /// Whether every reader is declared in this repository; `false` by default.
    pub closed_world: Option<Located<bool>>,
    /// What messages in flight count while both sides of a queue change together; `error` by default.
    pub in_flight: Option<Located<InFlight>>,
    /// Whether an acceptance counts in the very change that adds it; `false` by default.
    pub self_accept: Option<Located<bool>>,
}

/// From which severity on a new finding fails the check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FailOn {
    Never,
    #[default]
    Error,
    Warning,
}

impl FailOn {
    pub fn as_str(self) -> &'static str {
        match self {
            FailOn::Never => "never",
            FailOn::Error => "error",
            FailOn::Warning => "warning",
        }
    }
}

/// Whether head's readers meet messages that base has sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InFlight {
    #[default]
    Error,
    /// Both sides of a queue are deployed at once.
    Ignore,
}

/// `[paths]`
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Paths {
    /// Globs of files that are not read.
    #[serde(default)]
    pub exclude: Vec<Located<String>>,
    /// Globs of test files, beside the built-in patterns.
    #[serde(default)]
    pub tests: Vec<Located<String>>,
}

/// `[[schema]]`
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SchemaRow {
    /// Globs of the schema files.
    pub files: Strings,
    /// The event: a text with `{stem}` (file name without extension) and `{folder}` (name of the folder), or a JSON Pointer into
    /// the document such as `/title`. By default `{stem}`.
    pub event: Option<Located<String>>,
    /// Whose side the schemas describe; `producer` by default.
    pub role: Option<Located<SchemaRole>>,
    /// The name of the consumer whose needs they describe, for `role = "consumer"`.
    pub consumer: Option<String>,
    /// Where inside the wire payload the schema's instance stands: a JSON Pointer such as `/data`.
    pub payload: Option<Located<String>>,
}

/// `[[fixture]]`: JSON files that hold payloads of events, for tests.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FixtureRow {
    /// Globs of the files.
    pub files: Strings,
    /// The event: a text with `{stem}` (file name without extension) and `{folder}` (name of the folder), or a JSON Pointer into
    /// the document such as `/type`. By default `{stem}`.
    pub event: Option<Located<String>>,
    /// Where inside the document the payload stands: a JSON Pointer such as `/body`. A list there holds several.
    pub payload: Option<Located<String>>,
}

impl FixtureRow {
    /// The event of a file that the row names.
    pub fn event_of(&self, file: &RepoPath, document: &serde_json::Value) -> Option<String> {
        let template = self.event.as_ref().map_or("{stem}", |event| event.value.as_str());
        if template.starts_with('/') {
            return document.pointer(template)?.as_str().map(str::to_owned);
        }
        let folder = file.parent().rsplit('/').next().unwrap_or_default();
        Some(template.replace("{stem}", file.stem()).replace("{folder}", folder))
    }
}

/// Whose side a registered schema describes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SchemaRole {
    /// What is sent.
    #[default]
    Producer,
    /// What is needed.
    Consumer,
    Both,
}

/// Which side of a boundary an idiom is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IdiomRole {
    Producer,
    Consumer,
}

impl IdiomRole {
    pub fn role(self) -> Role {
        match self {
            IdiomRole::Producer => Role::Producer,
            IdiomRole::Consumer => Role::Consumer,
        }
    }
}

/// `[[idiom]]`: where a call holds the event and the payload. Selectors are kept as they are written.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct IdiomRow {
    /// The function or method that is called.
    pub call: Strings,
    /// The module, package or crate that it comes from.
    pub from: Option<Strings>,
    /// The class or type of the value that the method is called on.
    pub receiver: Option<Strings>,
    /// Where the event name is: `args[0]`, `args[0].name`, or a text in quotes.
    pub event: Option<Strings>,
    /// Where the payload is.
    pub payload: Option<Strings>,
    /// Where the topic, queue or address is.
    pub channel: Option<Strings>,
    /// Where the function is that receives the payload.
    pub handler: Option<Strings>,
    /// Where the message or partition key is.
    pub key: Option<Strings>,
    /// Where the idempotency or deduplication key is.
    pub idempotency_key: Option<Strings>,
    /// Where the retry options are.
    pub retry: Option<Strings>,
    pub role: Located<IdiomRole>,
    /// What carries it: `queue`, `webhook`, `http`, `analytics`, `outbox`, `in-process`, …
    pub kind: Option<Located<String>>,
    /// The languages that it is looked for in; all by default.
    pub language: Option<Strings>,
    /// Whether the call returns before the message is on its way.
    pub deferred: Option<bool>,
    /// Further selectors: message headers and metadata.
    pub headers: Option<Strings>,
}

/// `[[envelope]]`: what is put around every payload.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EnvelopeRow {
    /// What messages call it.
    pub name: Option<String>,
    /// JSON Pointer to the payload inside the envelope; `*` stands for every element of a list: `/Records/*/body`.
    pub payload: Located<String>,
    /// JSON Pointer to the event's name inside the envelope.
    pub event: Option<Located<String>>,
    /// How the payload stands there; `json` by default.
    pub encoding: Option<Located<EnvelopeEncoding>>,
    /// The events that it is put around, `*` standing for any text; all by default.
    pub events: Option<Strings>,
}

/// How the payload stands in its envelope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EnvelopeEncoding {
    /// As a JSON value.
    #[default]
    Json,
    /// As a text that holds JSON.
    JsonText,
    /// As base64 of a text that holds JSON.
    Base64,
}

/// The weight of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RuleLevel {
    Off,
    Note,
    Warning,
    Error,
}

impl RuleLevel {
    pub fn as_str(self) -> &'static str {
        match self {
            RuleLevel::Off => "off",
            RuleLevel::Note => "note",
            RuleLevel::Warning => "warning",
            RuleLevel::Error => "error",
        }
    }

    /// `None` for a rule that is off.
    pub fn severity(self) -> Option<Severity> {
        match self {
            RuleLevel::Off => None,
            RuleLevel::Note => Some(Severity::Note),
            RuleLevel::Warning => Some(Severity::Warning),
            RuleLevel::Error => Some(Severity::Error),
        }
    }
}

impl From<Option<Severity>> for RuleLevel {
    fn from(severity: Option<Severity>) -> Self {
        match severity {
            None => RuleLevel::Off,
            Some(Severity::Note) => RuleLevel::Note,
            Some(Severity::Warning) => RuleLevel::Warning,
            Some(Severity::Error) => RuleLevel::Error,
        }
    }
}

/// `[contracts]`
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Contracts {
    /// Folders or globs of contract files, `contracts` by default. One that starts with `../` or `/` lies outside of the
    /// repository and is read from disk.
    pub paths: Option<Vec<Located<String>>>,
    /// The consumer that the code under a glob belongs to: `"services/crm/**" = "crm-sync"`.
    #[serde(default)]
    pub consumers: BTreeMap<String, Located<String>>,
}

/// `[agents]`
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Agents {
    /// Commit trailers, as `Key: text` or `Key` alone, `*` standing for any text. Beside the built-in ones.
    #[serde(default)]
    pub trailers: Vec<Located<String>>,
    /// Names or addresses of authors, `*` standing for any text. Beside the built-in ones.
    #[serde(default)]
    pub authors: Vec<Located<String>>,
    /// A stricter `fail-on` for such changes.
    pub fail_on: Option<Located<FailOn>>,
}

/// A value and its bytes in the file.
#[derive(Clone, Debug)]
pub struct Located<T> {
    pub value: T,
    pub span: Span,
}

/// Where a value stands is no part of what it is: two configurations are equal where they say the same.
impl<T: PartialEq> PartialEq for Located<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T> std::ops::Deref for Located<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = toml::Spanned::<T>::deserialize(deserializer)?;
        let span = spanned.span();
        Ok(Located { value: spanned.into_inner(), span: Span::new(span.start, span.end) })
    }
}

impl<T: JsonSchema> JsonSchema for Located<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }

    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }
}

/// One text or a list of texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Strings(pub Vec<Located<String>>);

impl Strings {
    pub fn iter(&self) -> impl Iterator<Item = &Located<String>> {
        self.0.iter()
    }
}

impl<'de> Deserialize<'de> for Strings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany(Vec<Located<String>>);
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![Located { value: text.to_owned(), span: Span::default() }]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<OneOrMany, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = items.next_element()? {
                    texts.push(text);
                }
                Ok(OneOrMany(texts))
            }
        }
        impl<'de> Deserialize<'de> for OneOrMany {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Reader)
            }
        }
        let spanned = toml::Spanned::<OneOrMany>::deserialize(deserializer)?;
        let span = Span::new(spanned.span().start, spanned.span().end);
        let mut texts = spanned.into_inner().0;
        for text in &mut texts {
            // A single text has the place of the whole value; elements of a list know their own.
            if text.span == Span::default() {
                text.span = span;
            }
        }
        Ok(Strings(texts))
    }
}

impl JsonSchema for Strings {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Strings".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]
        })
    }
}

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// Where the text is not TOML, has a key that is not known, a value that does not fit, or a glob or pointer that is none.
    pub fn read(file: &RepoPath, text: &str) -> Result<Config, Fault> {
        let config: Config = toml::from_str(text).map_err(|error| toml_fault(file, text, &error))?;
        config.check_values(file, text)?;
        Ok(config)
    }

    /// What deserializing cannot see: that globs, pointers and templates are well formed.
    fn check_values(&self, file: &RepoPath, text: &str) -> Result<(), Fault> {
        let fault = |span: Span, message: String, help: &str| Err(fault_at(file, text, span, message, help));
        let mut globs: Vec<&Located<String>> = self.paths.exclude.iter().chain(&self.paths.tests).collect();
        globs.extend(self.contracts.paths.iter().flatten());
        for row in &self.schemas {
            globs.extend(row.files.iter());
            if row.files.0.is_empty() {
                return fault(row.span, "`files` is empty".to_owned(), "name the schema files, such as \"schemas/*.json\"");
            }
            if let Some(event) = &row.event
                && let Some(unknown) = unknown_placeholder(event)
            {
                return fault(event.span, format!("`{{{unknown}}}` is not known here"), "use `{stem}` or `{folder}`");
            }
            if let Some(payload) = row.payload.as_ref().filter(|payload| tokens(payload).is_none()) {
                return fault(payload.span, format!("`{}` is not a JSON Pointer", payload.value), "write it as `/data`");
            }
        }
        for row in &self.fixtures {
            globs.extend(row.files.iter());
            if row.files.0.is_empty() {
                return fault(row.span, "`files` is empty".to_owned(), "name the files, such as \"tests/fixtures/*.json\"");
            }
            if let Some(event) = &row.event
                && let Some(unknown) = unknown_placeholder(event)
            {
                return fault(event.span, format!("`{{{unknown}}}` is not known here"), "use `{stem}` or `{folder}`");
            }
            if let Some(payload) = row.payload.as_ref().filter(|payload| tokens(payload).is_none()) {
                return fault(payload.span, format!("`{}` is not a JSON Pointer", payload.value), "write it as `/body`");
            }
        }
        for row in &self.envelopes {
            for pointer in std::iter::once(&row.payload).chain(&row.event) {
                if tokens(pointer).is_none() {
                    return fault(pointer.span, format!("`{}` is not a JSON Pointer", pointer.value), "write it as `/data`");
                }
            }
        }
        for row in &self.idioms {
            if row.call.0.is_empty() {
                return fault(row.span, "`call` is empty".to_owned(), "name the function, such as call = \"publishEvent\"");
            }
            if row.payload.is_none() && row.handler.is_none() && row.event.is_none() {
                return fault(
                    row.span,
                    "this idiom says neither where the event is nor where the payload is".to_owned(),
                    "add `event = \"args[0]\"` and `payload = \"args[1]\"`, or `handler` for a consumer",
                );
            }
        }
        for glob in globs {
            if let Err(error) = globset::Glob::new(glob) {
                return fault(
                    glob.span,
                    format!("`{}` is not a glob: {}", glob.value, error.kind()),
                    "write it as \"src/**/*.ts\"",
                );
            }
        }
        match self.contracts.consumers.iter().find(|(glob, _)| globset::Glob::new(glob).is_err()) {
            Some((glob, name)) => fault(name.span, format!("`{glob}` is not a glob"), "write it as \"services/crm/**\""),
            None => Ok(()),
        }
    }

    /// Whether every rule under `[rules]` is one of `known`.
    ///
    /// # Errors
    /// Names the first that is not, with the one that was probably meant.
    pub fn check_rules(&self, file: &RepoPath, text: &str, known: &[&str]) -> Result<(), Fault> {
        match self.rules.iter().find(|(rule, _)| !known.contains(&rule.as_str())) {
            None => Ok(()),
            Some((rule, level)) => {
                let help = match crate::suggest::nearest(rule, known) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "`driftgate explain` lists the rules".to_owned(),
                };
                Err(fault_at(file, text, level.span, format!("there is no rule `{rule}`"), help))
            }
        }
    }

    pub fn fail_on(&self) -> FailOn {
        self.check.fail_on.as_ref().map_or_else(FailOn::default, |level| level.value)
    }

    pub fn closed_world(&self) -> bool {
        self.check.closed_world.as_ref().is_some_and(|on| on.value)
    }

    pub fn in_flight(&self) -> InFlight {
        self.check.in_flight.as_ref().map_or_else(InFlight::default, |level| level.value)
    }

    pub fn self_accept(&self) -> bool {
        self.check.self_accept.as_ref().is_some_and(|on| on.value)
    }

    /// Where contracts are looked for, as folders or globs.
    pub fn contract_paths(&self) -> Vec<&str> {
        match &self.contracts.paths {
            Some(paths) => paths.iter().map(|path| path.value.as_str()).collect(),
            None => vec!["contracts"],
        }
    }

    /// The contract paths that lie outside of the repository, which are read from disk.
    pub fn outside_contract_paths(&self) -> Vec<&str> {
        self.contract_paths().into_iter().filter(|path| is_outside(path)).collect()
    }
}

/// The JSON Schema of the configuration file.
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(Config).to_value()
}

/// Whether a path of the configuration leaves the repository.
pub fn is_outside(path: &str) -> bool {
    path.starts_with('/') || path.starts_with('~') || path.split('/').any(|part| part == "..") || path.get(1..3) == Some(":\\")
}

/// The first `{…}` in an event template that is not known.
fn unknown_placeholder(template: &str) -> Option<&str> {
    template.split('{').skip(1).find_map(|rest| {
        let (name, _) = rest.split_once('}')?;
        (!matches!(name, "stem" | "folder")).then_some(name)
    })
}

/// A fault at a range of the text of a file.
pub(crate) fn fault_at(file: &RepoPath, text: &str, span: Span, message: impl Into<String>, help: impl Into<String>) -> Fault {
    let mut start = (span.start as usize).min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    Fault {
        file: file.clone(),
        span,
        position: Position {
            line: text[..start].bytes().filter(|byte| *byte == b'\n').count() as u32 + 1,
            column: text[line_start..start].chars().count() as u32 + 1,
        },
        message: message.into(),
        help: help.into(),
    }
}

/// An error of the TOML reader in our words: with the key that was probably meant where one is not known.
pub(crate) fn toml_fault(file: &RepoPath, text: &str, error: &toml::de::Error) -> Fault {
    let span = error.span().map_or_else(Span::default, |range| Span::new(range.start, range.end));
    let message = error.message().lines().collect::<Vec<_>>().join(", ");
    // serde names the word and then what it would have taken, each in backquotes.
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let (message, help) = match quoted.split_first() {
        Some((word, known)) if message.starts_with("unknown field") => {
            (format!("unknown key `{word}`"), did_you_mean(word, known))
        }
        Some((word, known)) if message.starts_with("unknown variant") => {
            (format!("`{word}` is not a value of this key"), did_you_mean(word, known))
        }
        Some((word, _)) if message.starts_with("missing field") => {
            (format!("the key `{word}` is missing here"), format!("add `{word} = …`"))
        }
        Some(_) | None => (message, "`driftgate schema config` prints the schema of this file".to_owned()),
    };
    fault_at(file, text, span, message, help)
}

#[cfg(test)]
mod tests;
