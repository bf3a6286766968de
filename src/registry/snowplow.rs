//! Snowplow's self-describing schemas, as an Iglu repository keeps them: `schemas/VENDOR/NAME/jsonschema/1-0-2`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::dialect::Dialect;
use super::pattern::EventPattern;
use super::sources::Place;
use super::{Binding, Promise, Reading};
use crate::document::Document;
use crate::facts::Role;
use crate::finding::Via;
use crate::source::RepoPath;

/// Whether a file lies where an Iglu repository keeps schemas; those have no extension.
pub(super) fn claims(path: &RepoPath) -> bool {
    path.parent().rsplit('/').next() == Some("jsonschema") && version(path.file_name()).is_some()
}

/// Whether a document describes itself.
pub(super) fn looks_like(value: &Value) -> bool {
    let is_text = |key: &str| value.get("self").and_then(|own| own.get(key)).is_some_and(Value::is_string);
    is_text("vendor") && is_text("name") && is_text("version")
}

pub(super) fn read(reading: &mut Reading<'_>, document: &Arc<Document>) {
    let own = |key: &str| document.get(&format!("/self/{key}")).and_then(Value::as_str).unwrap_or("").to_owned();
    let (vendor, name, version) = (own("vendor"), own("name"), own("version"));
    let place = Place { document: Arc::clone(document), pointer: String::new() };
    // Iglu's meta-schema is draft 4 under an address of its own.
    let dialect = match document.value.get("$schema").and_then(Value::as_str).and_then(Dialect::of_address) {
        Some(dialect) => dialect,
        None => Dialect::Draft4,
    };
    let schema = reading.bundler.bundle(&place, dialect);
    // All versions of one schema are one claim to its short name.
    reading.looks_like_name(&name, &format!("iglu:{vendor}/{name}"));
    reading.promises.push(Promise {
        consumer: format!("iglu:{vendor}/{name}"),
        owner: None,
        via: Via::Schema,
        role: Role::Producer,
        event: EventPattern::exact(format!("{vendor}/{name}")),
        aliases: vec![
            EventPattern::exact(name.clone()),
            EventPattern::exact(format!("iglu:{vendor}/{name}/jsonschema/{version}")),
        ],
        channel: None,
        payload_pointer: None,
        schema,
        file: document.file.clone(),
        origin: document.origin("/self"),
        pending: false,
        binding: Binding::Convention,
        label: Some(version),
    });
}

/// Of all versions of one schema that lie side by side the newest is the promise; the others are its history.
pub(super) fn keep_newest(promises: &mut Vec<Promise>) {
    let is_own = |promise: &Promise| promise.via == Via::Schema && promise.consumer.starts_with("iglu:");
    let number = |promise: &Promise| promise.label.as_deref().and_then(version);
    let mut newest: BTreeMap<String, Option<[u32; 3]>> = BTreeMap::new();
    for promise in promises.iter().filter(|promise| is_own(promise)) {
        let best = newest.entry(promise.consumer.clone()).or_default();
        *best = (*best).max(number(promise));
    }
    promises.retain(|promise| !is_own(promise) || newest.get(&promise.consumer).is_none_or(|best| *best == number(promise)));
}

/// `1-0-2`
fn version(text: &str) -> Option<[u32; 3]> {
    let mut parts = text.split('-').map(str::parse::<u32>);
    let version = [parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?];
    parts.next().is_none().then_some(version)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::tests::check;

    #[test]
    fn the_newest_version_is_the_promise() {
        let schema = |version: &str, limit: u32| {
            format!(
                r#"{{"$schema": "http://iglucentral.com/schemas/com.snowplowanalytics.self-desc/schema/jsonschema/1-0-0#",
"self": {{"vendor": "dev.acme", "name": "user_signup", "format": "jsonschema", "version": "{version}"}},
"type": "object", "properties": {{"n": {{"type": "integer", "minimum": 0, "exclusiveMinimum": true, "maximum": {limit}}}}}}}"#
            )
        };
        let (old, new) = (schema("1-0-2", 5), schema("1-0-10", 7));
        check(
            &[("schemas/dev.acme/user_signup/jsonschema/1-0-10", &new), ("schemas/dev.acme/user_signup/jsonschema/1-0-2", &old)],
            expect![[r#"
                iglu:dev.acme/user_signup sends dev.acme/user_signup '1-0-10' (by name) [schema schemas/dev.acme/user_signup/jsonschema/1-0-10:2]
                  {"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"n":{"exclusiveMinimum":0,"maximum":7,"type":"integer"}},"self":{"format":"jsonschema","name":"user_signup","vendor":"dev.acme","version":"1-0-10"},"type":"object"}
            "#]],
        );
    }
}
