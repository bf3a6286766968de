//! What `driftgate extract --format json` said of another repository, as promises: its producers and consumers take part in a
//! check here.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::bundle::{Bundler, PromisedSchema};
use super::dialect::Dialect;
use super::pattern::EventPattern;
use super::sources::{Place, Sources};
use super::{Binding, Promise, Registry};
use crate::document::{Document, Fault};
use crate::facts::Role;
use crate::finding::{Diagnostic, Severity, Via};
use crate::source::RepoPath;

/// The version of the form that is read.
const VERSION: u64 = 1;

impl Registry {
    /// Adds the boundaries of another repository, those without a package under the name `party`. Those of its tests, and those whose event is not
    /// known, take no part; the latter are counted in a diagnostic.
    ///
    /// # Errors
    /// Where the document is not what `extract` writes.
    pub fn add_extract(&mut self, party: &str, file: &RepoPath, text: &str) -> Result<(), Fault> {
        let document = Arc::new(Document::read_large(file, text)?);
        let help = "write it with `driftgate extract --format json`";
        match document.get("/version").and_then(Value::as_u64) {
            Some(VERSION) => {}
            Some(other) => {
                return Err(document.fault(
                    "/version",
                    format!("version {other} of this form is not known"),
                    "use the same version of driftgate on both sides",
                ));
            }
            None => return Err(document.fault("", "this is not what `driftgate extract` writes", help)),
        }
        let Some(boundaries) = document.get("/boundaries").and_then(Value::as_array) else {
            return Err(document.fault("", "there is no list of `boundaries`", help));
        };
        let sources = Sources::default();
        let mut bundler = Bundler::new(&sources);
        let mut nameless = 0;
        for (at, boundary) in boundaries.iter().enumerate() {
            let pointer = format!("/boundaries/{at}");
            // What never leaves its process is nobody's business here.
            let inside = boundary.get("kind").and_then(Value::as_str) == Some("in-process");
            if inside || boundary.get("in_test") == Some(&Value::Bool(true)) {
                continue;
            }
            let field = |key: &str| boundary.get(key).and_then(Value::as_str);
            let role = match field("role") {
                Some("producer") => Role::Producer,
                Some("consumer") => Role::Consumer,
                Some(_) | None => return Err(document.fault(&format!("{pointer}/role"), "a boundary has no role", help)),
            };
            let Some(event) = field("event") else {
                nameless += 1;
                continue;
            };
            let here = Place { document: Arc::clone(&document), pointer: pointer.clone() };
            let schema = Place { document: Arc::clone(&document), pointer: format!("{pointer}/schema") };
            let schema = match schema.value() {
                Some(_) => bundler.bundle(&schema, Dialect::Draft2020),
                None => PromisedSchema::assembled(Value::Bool(true), BTreeMap::from([(String::new(), here)])),
            };
            let place = match (field("file"), boundary.get("line").and_then(Value::as_u64)) {
                (Some(file), Some(line)) => Some(format!("{file}:{line}")),
                (Some(file), None) => Some(file.to_owned()),
                (None, _) => None,
            };
            self.by_name.take();
            self.promises.push(Promise {
                consumer: field("package").filter(|package| !package.is_empty()).unwrap_or(party).to_owned(),
                owner: None,
                via: Via::Code,
                role,
                event: EventPattern::exact(event),
                aliases: Vec::new(),
                channel: field("channel").map(EventPattern::exact),
                payload_pointer: None,
                schema,
                file: file.clone(),
                origin: document.origin(&pointer),
                pending: false,
                binding: Binding::Declared,
                label: place,
            });
        }
        if nameless > 0 {
            self.diagnostics.push(Diagnostic {
                severity: Severity::Note,
                file: Some(file.clone()),
                line: None,
                message: format!("{nameless} boundaries of `{party}` have no known event and take no part"),
            });
        }
        self.diagnostics.append(&mut bundler.diagnostics);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::tests::{registry, render};
    use super::*;

    #[test]
    fn boundaries_of_another_repository_are_promises() {
        let text = r#"{"version": 1, "boundaries": [
{"event": "user.signup", "role": "consumer", "channel": "app.user.signup", "file": "src/a.ts", "line": 4, "schema": {"type": "object", "required": ["id"]}},
{"event": "user.left", "role": "producer", "schema": true},
{"event": null, "role": "producer", "schema": true},
{"event": "x", "role": "producer", "in_test": true, "schema": true}], "types": []}"#;
        let mut read = registry(&[]);
        read.add_extract("crm", &RepoPath::new("../crm.json"), text).expect("is right");
        expect![[r#"
            crm needs user.signup 'src/a.ts:4' on app.user.signup [code ../crm.json:2]
              {"$schema":"https://json-schema.org/draft/2020-12/schema","required":["id"],"type":"object"}
            crm sends user.left [code ../crm.json:3]
              true
            note: ../crm.json:0: 1 boundaries of `crm` have no known event and take no part
        "#]]
        .assert_eq(&render(&read, &[("../crm.json", text)]));
    }

    #[test]
    fn another_document_is_refused_with_a_way_out() {
        let refused =
            |text: &str| registry(&[]).add_extract("crm", &RepoPath::new("a.json"), text).expect_err("is none").to_string();
        expect!["a.json:1:1: this is not what `driftgate extract` writes; write it with `driftgate extract --format json`"]
            .assert_eq(&refused("{}"));
        expect!["a.json:1:2: version 2 of this form is not known; use the same version of driftgate on both sides"]
            .assert_eq(&refused("{\"version\": 2}"));
        expect!["a.json:3:1: a boundary has no role; write it with `driftgate extract --format json`"]
            .assert_eq(&refused("{\"version\": 1,\n\"boundaries\": [\n{\"event\": \"a\"}]}"));
        expect!["a.json:1:14: the text ends before the closing `}`; the file may have been cut off"]
            .assert_eq(&refused("{\"version\": 1"));
    }
}
