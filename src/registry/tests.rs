//! Whole registries as text: one line for every promise, and what was said beside.

use expect_test::{Expect, expect};

use super::*;

pub(super) fn registry_with(config: &str, files: &[(&str, &str)]) -> Registry {
    let config = Config::read(&RepoPath::new("driftgate.toml"), config).unwrap_or_else(|fault| panic!("{fault}"));
    let files: Vec<(RepoPath, &str)> = files.iter().map(|(path, text)| (RepoPath::new(path), *text)).collect();
    Registry::build(&files, &config)
}

pub(super) fn registry(files: &[(&str, &str)]) -> Registry {
    registry_with("", files)
}

/// Everything that a registry says.
pub(super) fn render(registry: &Registry, files: &[(&str, &str)]) -> String {
    let line = |origin: &Origin| {
        let text = files.iter().find(|(path, _)| *path == origin.file.as_str()).map_or("", |(_, text)| *text);
        text.as_bytes()[..(origin.span.start as usize).min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
    };
    let mut out = String::new();
    for promise in &registry.promises {
        let owner = promise.owner.as_ref().map(|owner| format!(" ({owner})")).unwrap_or_default();
        let role = match promise.role {
            Role::Consumer => "needs",
            Role::Producer => "sends",
        };
        let label = promise.label.as_ref().map(|label| format!(" '{label}'")).unwrap_or_default();
        let channel = promise.channel.as_ref().map(|channel| format!(" on {channel}")).unwrap_or_default();
        let payload = promise.payload_pointer.as_ref().map(|pointer| format!(" at {pointer}")).unwrap_or_default();
        let pending = if promise.pending { " (pending)" } else { "" };
        let binding = if promise.binding == Binding::Convention { " (by name)" } else { "" };
        out.push_str(&format!(
            "{}{owner} {role} {}{label}{channel}{payload}{pending}{binding} [{} {}:{}]\n  {}\n",
            promise.consumer,
            promise.event,
            promise.via.as_str(),
            promise.origin.file,
            line(&promise.origin),
            promise.schema.document
        ));
    }
    for (_, faults) in registry.broken() {
        faults.iter().for_each(|fault| out.push_str(&format!("broken: {fault}\n")));
    }
    for diagnostic in &registry.diagnostics {
        let file = diagnostic.file.as_ref().map_or("", RepoPath::as_str);
        out.push_str(&format!(
            "{}: {file}:{}: {}\n",
            diagnostic.severity.as_str(),
            diagnostic.line.unwrap_or(0),
            diagnostic.message
        ));
    }
    for path in &registry.wanted {
        out.push_str(&format!("wanted: {path}\n"));
    }
    out
}

/// Documents of other projects by their path under `../shared/corpora/FOLDER`, or where `DRIFTGATE_CORPORA` says; `None`, and a
/// word about it, where they are not at hand.
pub(super) fn corpus(folder: &str) -> Option<Vec<(String, String)>> {
    let corpora = match std::env::var_os("DRIFTGATE_CORPORA") {
        Some(place) => std::path::PathBuf::from(place),
        None => std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"),
    };
    let root = corpora.join(folder);
    if !root.is_dir() {
        #[expect(clippy::print_stderr, reason = "a test that looks at nothing has to say so")]
        {
            eprintln!("skipped: there is no {}", root.display());
        }
        return None;
    }
    let mut files: Vec<(String, String)> = walkdir::WalkDir::new(&root)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| {
            let path = entry.path().strip_prefix(&root).ok()?.to_str()?.to_owned();
            Some((path, std::fs::read_to_string(entry.path()).ok()?))
        })
        .filter(|(path, _)| Syntax::of(&RepoPath::new(path)).is_some())
        .collect();
    files.sort();
    Some(files)
}

pub(super) fn check(files: &[(&str, &str)], expected: Expect) {
    expected.assert_eq(&render(&registry(files), files));
}

pub(super) fn check_with(config: &str, files: &[(&str, &str)], expected: Expect) {
    expected.assert_eq(&render(&registry_with(config, files), files));
}

/// Where a node of a promise's schema comes from, as `file:line`, and the text there.
pub(super) fn place(files: &[(&str, &str)], event: &str, pointer: &str) -> String {
    let registry = registry(files);
    let promise = registry.of_event(event).next().expect("somebody speaks of the event");
    let origin = promise.schema.origin(pointer);
    let text = files.iter().find(|(path, _)| *path == origin.file.as_str()).map_or("", |(_, text)| *text);
    let line = text.as_bytes()[..origin.span.start as usize].iter().filter(|byte| **byte == b'\n').count() + 1;
    format!("{}:{line} {}", origin.file, &text[origin.span.start as usize..origin.span.end as usize])
}

#[test]
fn the_registry_wants_what_could_be_a_promise_and_nothing_else() {
    let config = Config::read(
        &RepoPath::new("driftgate.toml"),
        "[paths]\nexclude = [\"old/**\"]\n[contracts]\npaths = [\"promises\", \"../crm/contracts\"]\n[[schema]]\nfiles = \"data/*.def\"\n",
    )
    .expect("is right");
    let claims = Claims::new(&config);
    for (path, expected) in [
        ("promises/crm.yaml", Claim::Contract),
        ("promises/deep/crm.json", Claim::Contract),
        ("promises/README.md", Claim::None),
        ("../crm/contracts/mailer.yaml", Claim::Contract),
        ("../crm/contracts2/mailer.yaml", Claim::None),
        ("data/a.def", Claim::Row),
        ("data/a.json", Claim::None),
        ("contracts/crm.yaml", Claim::Candidate),
        ("services/a/schemas/user.json", Claim::Candidate),
        ("services/a/openapi.yml", Claim::Candidate),
        ("src/user.schema.json", Claim::Candidate),
        ("src/user.avsc", Claim::Candidate),
        ("old/schemas/user.json", Claim::None),
        ("node_modules/x/schemas/user.json", Claim::None),
        ("schemas/package.json", Claim::None),
        ("src/config.json", Claim::None),
        ("schemas/user.ts", Claim::None),
    ] {
        assert_eq!(claims.of(&RepoPath::new(path)), expected, "{path}");
    }
    let claims = Claims::new(&Config::default());
    for (path, expected) in [
        ("contracts/crm.yaml", Claim::Contract),
        ("services/a/contracts/crm.yaml", Claim::Contract),
        ("node_modules/a/contracts/crm.json", Claim::None),
    ] {
        assert_eq!(claims.of(&RepoPath::new(path)), expected, "{path}");
    }
}

#[test]
fn schemas_are_bound_by_rows_by_their_own_word_and_by_convention() {
    check_with(
        "[[schema]]\nfiles = \"data/*.json\"\nevent = \"acme.{stem}\"\nrole = \"consumer\"\nconsumer = \"crm\"\n[[schema]]\nfiles = \"titled/*.json\"\nevent = \"/title\"\nrole = \"both\"\npayload = \"/data\"\n",
        &[
            ("data/user.signup.schema.json", "{\"type\": \"object\"}"),
            ("titled/a.json", "{\"title\": \"user.left\", \"type\": \"object\"}"),
            ("titled/b.json", "{\"type\": \"object\"}"),
            ("src/x.schema.json", "{\"x-event\": [\"a\", \"b.*\"], \"x-owner\": \"@acme/a\", \"type\": \"object\"}"),
            ("schemas/order-paid.json", "{\"properties\": {\"id\": {}}, \"type\": \"object\"}"),
            (
                "schemas/by-id.json",
                "{\"$id\": \"https://acme.dev/order.shipped.json\", \"type\": \"object\", \"properties\": {}}",
            ),
            ("schemas/settings.json", "{\"theme\": \"dark\"}"),
            ("schemas/broken.json", "{"),
            ("openapi-notes.schema.json", "{\"type\": \"object\", \"properties\": {}}"),
        ],
        expect![[r#"
            crm needs acme.user.signup [schema data/user.signup.schema.json:1]
              {"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object"}
            schemas/by-id.json sends order.shipped (by name) [schema schemas/by-id.json:1]
              {"$id":"https://acme.dev/order.shipped.json","$schema":"https://json-schema.org/draft/2020-12/schema","properties":{},"type":"object"}
            schemas/order-paid.json sends order-paid (by name) [schema schemas/order-paid.json:1]
              {"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"id":{}},"type":"object"}
            src/x.schema.json (@acme/a) sends a [schema src/x.schema.json:1]
              {"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","x-event":["a","b.*"],"x-owner":"@acme/a"}
            src/x.schema.json (@acme/a) sends b.* [schema src/x.schema.json:1]
              {"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","x-event":["a","b.*"],"x-owner":"@acme/a"}
            titled/a.json sends user.left at /data [schema titled/a.json:1]
              {"$schema":"https://json-schema.org/draft/2020-12/schema","title":"user.left","type":"object"}
            titled/a.json needs user.left at /data [schema titled/a.json:1]
              {"$schema":"https://json-schema.org/draft/2020-12/schema","title":"user.left","type":"object"}
            broken: titled/b.json:1:1: there is nothing at `/title`, where the event's name should be; give the event's name there as a text, or as a list of texts
            warning: schemas/broken.json:1: the text ends before the closing `}`; the file may have been cut off
        "#]],
    );
}

#[test]
fn schemas_bring_along_what_they_refer_to() {
    let files: &[(&str, &str)] = &[
        (
            "schemas/order.json",
            r##"{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "$id": "https://acme.dev/schemas/order.json",
  "type": "object",
  "required": ["id"],
  "properties": {
    "id": { "$ref": "common/ids.json#/definitions/id", "description": "hidden" },
    "parent": { "$ref": "#" },
    "lines": { "type": "array", "items": [{ "$ref": "#/definitions/line" }] },
    "money": { "$ref": "https://acme.dev/schemas/money" },
    "anchor": { "$ref": "common/ids.json#other" }
  },
  "definitions": { "line": { "type": "object", "dependencies": { "a": ["b"] } } }
}"##,
        ),
        (
            "schemas/common/ids.json",
            r##"{ "definitions": { "id": { "type": "string", "allOf": [{ "$ref": "#/definitions/len" }] },
  "len": { "minLength": 3 }, "x": { "$id": "#other", "type": "integer" } } }"##,
        ),
        (
            "schemas/money.json",
            r#"{ "$schema": "http://json-schema.org/draft-04/schema#", "id": "https://acme.dev/schemas/money", "type": "object", "properties": { "amount": { "minimum": 0, "exclusiveMinimum": true } } }"#,
        ),
    ];
    check(
        files,
        expect![[r##"
        schemas/money.json sends money (by name) [schema schemas/money.json:1]
          {"$schema":"http://json-schema.org/draft-04/schema#","id":"https://acme.dev/schemas/money","properties":{"amount":{"exclusiveMinimum":true,"minimum":0}},"type":"object"}
        schemas/order.json sends order (by name) [schema schemas/order.json:1]
          {"$defs":{"id":{"allOf":[{"$ref":"#/$defs/len"}],"type":"string"},"len":{"minLength":3},"money":{"properties":{"amount":{"exclusiveMinimum":0}},"type":"object"},"x":{"type":"integer"}},"$schema":"https://json-schema.org/draft/2020-12/schema","definitions":{"line":{"dependentRequired":{"a":["b"]},"type":"object"}},"properties":{"anchor":{"$ref":"#/$defs/x"},"id":{"$ref":"#/$defs/id"},"lines":{"prefixItems":[{"$ref":"#/definitions/line"}],"type":"array"},"money":{"$ref":"#/$defs/money"},"parent":{"$ref":"#"}},"required":["id"],"type":"object"}
    "##]],
    );
    expect![[r#"schemas/order.json:7 "id""#]].assert_eq(&place(files, "order", "/properties/id"));
    expect![[r##"schemas/common/ids.json:1 { "$ref": "#/definitions/len" }"##]].assert_eq(&place(
        files,
        "order",
        "/$defs/id/allOf/0",
    ));
    expect![[r##"schemas/order.json:9 { "$ref": "#/definitions/line" }"##]].assert_eq(&place(
        files,
        "order",
        "/properties/lines/prefixItems/0",
    ));
    expect![[r#"schemas/order.json:5 "id""#]].assert_eq(&place(files, "order", "/required/0"));
}

#[test]
fn a_reference_that_leads_nowhere_is_a_hole_with_its_reason() {
    let files: &[(&str, &str)] = &[
        (
            "schemas/a.json",
            r##"{
  "properties": {
    "missing": { "$ref": "gone.json" },
    "part": { "$ref": "b.json#/definitions/none" },
    "net": { "$ref": "https://example.com/x.json", "type": "object" },
    "out": { "$ref": "../../secrets.json" },
    "self": { "$ref": "#/properties/self" },
    "circle": { "$ref": "#/$defs/one" },
    "broken": { "$ref": "broken.json" },
    "number": { "$ref": 5 },
    "anchor": { "$ref": "#nowhere" }
  },
  "$defs": { "one": { "$ref": "#/$defs/two" }, "two": { "$ref": "#/$defs/one" } }
}"##,
        ),
        ("schemas/b.json", "{\"type\": \"object\"}"),
        ("schemas/broken.json", "{\"type\": }"),
    ];
    check(
        files,
        expect![[r#"
        schemas/a.json sends a (by name) [schema schemas/a.json:1]
          {"$defs":{"one":{"x-driftgate-unknown":"`#/$defs/two` refers to itself and to nothing else"},"two":{"x-driftgate-unknown":"`#/$defs/one` refers to itself and to nothing else"}},"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"anchor":{"x-driftgate-unknown":"`schemas/a.json` has no anchor `nowhere`"},"broken":{"x-driftgate-unknown":"`broken.json` cannot be read: line 1: a value is expected here"},"circle":{"x-driftgate-unknown":"`#/$defs/one` refers to itself and to nothing else"},"missing":{"x-driftgate-unknown":"there is no file `gone.json` in the repository"},"net":{"type":"object","x-driftgate-unknown":"`https://example.com/x.json` is on the network (https) and is never fetched"},"number":{"x-driftgate-unknown":"`$ref` is not a text"},"out":{"x-driftgate-unknown":"`../../secrets.json` lies outside of the repository"},"part":{"x-driftgate-unknown":"`b.json#/definitions/none` names nothing in `schemas/b.json`"},"self":{"x-driftgate-unknown":"`#/properties/self` refers to itself and to nothing else"}}}
        note: schemas/a.json:5: `https://example.com/x.json` is on the network (https) and is never fetched
        warning: schemas/a.json:3: there is no file `gone.json` in the repository
        warning: schemas/a.json:4: `b.json#/definitions/none` names nothing in `schemas/b.json`
        warning: schemas/a.json:6: `../../secrets.json` lies outside of the repository
        warning: schemas/a.json:7: `#/properties/self` refers to itself and to nothing else
        warning: schemas/a.json:8: `#/$defs/one` refers to itself and to nothing else
        warning: schemas/a.json:9: `broken.json` cannot be read: line 1: a value is expected here
        warning: schemas/a.json:10: `$ref` is not a text
        warning: schemas/a.json:11: `schemas/a.json` has no anchor `nowhere`
        warning: schemas/a.json:13: `#/$defs/one` refers to itself and to nothing else
        warning: schemas/a.json:13: `#/$defs/two` refers to itself and to nothing else
        warning: schemas/broken.json:1: a value is expected here; remove the comma before it
        wanted: schemas/gone.json
    "#]],
    );
    let registry = registry(files);
    assert_eq!(registry.promises[0].schema.holes().len(), 11);
}

#[test]
fn what_no_validator_accepts_is_a_hole_and_the_rest_still_holds() {
    let files: &[(&str, &str)] = &[(
        "schemas/a.json",
        "{\n\"type\": \"object\",\n\"properties\": {\n\"id\": {\"type\": \"string\", \"required\": true},\n\"n\": {\"type\": \"strnig\"},\n\"s\": 5\n}}",
    )];
    check(
        files,
        expect![[r#"
            schemas/a.json sends a (by name) [schema schemas/a.json:1]
              {"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"id":{"type":"string","x-driftgate-unknown":"schemas/a.json: true is not of type \"array\""},"n":{"x-driftgate-unknown":"schemas/a.json: \"strnig\" is not valid under any of the schemas listed in the…"},"s":{"x-driftgate-unknown":"schemas/a.json: 5 is not of types \"boolean\", \"object\""}},"type":"object"}
            warning: schemas/a.json:4: `required` is not valid here and was not understood: true is not of type "array"
            warning: schemas/a.json:5: `type` is not valid here and was not understood: "strnig" is not valid under any of the schemas listed in the…
            warning: schemas/a.json:6: this is not a JSON Schema: 5 is not of types "boolean", "object"
        "#]],
    );
}

#[test]
fn dynamic_references_are_kept_where_the_document_stands_alone() {
    let tree = r##"{ "$schema": "https://json-schema.org/draft/2020-12/schema", "$dynamicAnchor": "node", "type": "object", "properties": { "next": { "$dynamicRef": "#node" } } }"##;
    let user = r##"{ "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "properties": { "tree": { "$ref": "tree.json" } } }"##;
    check(
        &[("schemas/tree.json", tree)],
        expect![[r##"
        schemas/tree.json sends tree (by name) [schema schemas/tree.json:1]
          {"$dynamicAnchor":"node","$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"next":{"$dynamicRef":"#node"}},"type":"object"}
    "##]],
    );
    check(
        &[("schemas/tree.json", tree), ("schemas/user.json", user)],
        expect![[r##"
        schemas/tree.json sends tree (by name) [schema schemas/tree.json:1]
          {"$dynamicAnchor":"node","$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"next":{"$dynamicRef":"#node"}},"type":"object"}
        schemas/user.json sends user (by name) [schema schemas/user.json:1]
          {"$defs":{"tree":{"properties":{"next":{"$ref":"#/$defs/tree"}},"type":"object"}},"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"tree":{"$ref":"#/$defs/tree"}},"type":"object"}
    "##]],
    );
}

#[test]
fn deep_documents_of_every_form_are_read_or_refused_without_an_overflow() {
    for depth in [60, 120, 125, 250, 2_000] {
        let schema = format!("{}true{}", "{\"properties\": {\"a\": ".repeat(depth), "}}".repeat(depth));
        let fields = format!("{}string{}", "{fields: {a: ".repeat(depth), "}}".repeat(depth));
        let contract = format!("consumer: c\nevents: {{e: {{fields: {{a: {fields}}}}}}}\n");
        let example = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let pact = format!(
            "{{\"consumer\": {{\"name\": \"a\"}}, \"provider\": {{\"name\": \"b\"}}, \"messages\": [{{\"description\": \"m\", \"contents\": {example}}}]}}"
        );
        let avro = format!(
            "{{\"type\": \"record\", \"name\": \"R\", \"fields\": [{{\"name\": \"a\", \"type\": {}\"int\"{}}}]}}",
            "{\"type\": \"array\", \"items\": ".repeat(depth),
            "}".repeat(depth)
        );
        let with_ref = schema.replacen("true", "{\"$ref\": \"b.json\"}", 1);
        let files = [
            ("schemas/a.json", schema.as_str()),
            ("schemas/b.json", "{\"type\": \"string\"}"),
            ("schemas/c.json", &with_ref),
            ("contracts/a.yaml", &contract),
            ("pacts/a.json", &pact),
            ("avro/a.avsc", &avro),
        ];
        let registry = registry(&files);
        for (path, _) in files.iter().filter(|(path, _)| *path != "schemas/b.json") {
            let spoken = registry.promises.iter().any(|promise| promise.file.as_str() == *path);
            let named = registry.broken().any(|(broken, _)| broken.as_str() == *path)
                || registry.diagnostics.iter().any(|said| said.file.as_ref().is_some_and(|file| file.as_str() == *path));
            assert!(spoken || named, "{path} at {depth} is passed over in silence");
        }
        let again = super::loosened::changed(&registry, &registry);
        assert!(again.is_empty());
    }
}

#[test]
fn no_document_makes_a_reader_panic() {
    let seeds: &[(&str, &str)] = &[
        (
            "contracts/a.yaml",
            "consumer: c\nowner: o\nevents:\n  e:\n    unknown-fields: reject\n    payload: /data\n    fields:\n      a: string|null\n      b?: { type: array, items: { fields: { c: integer } } }\n      d: { $ref: '#/x-y' }\n  f: { schema: { type: object, required: [a] } }\n",
        ),
        (
            "asyncapi.yaml",
            "asyncapi: 3.0.0\nchannels:\n  c:\n    address: a.{p}\n    parameters: { p: { enum: [x] } }\n    messages: { m: { traits: [{ name: t }], payload: { schemaFormat: avro, schema: { type: record, name: R, fields: [{ name: a, type: [null, int] }] } } } }\noperations:\n  o: { action: send, channel: { $ref: '#/channels/c' }, reply: { channel: { $ref: '#/channels/c' } } }\n",
        ),
        (
            "old.asyncapi.yaml",
            "asyncapi: 2.0.0\nchannels:\n  c:\n    subscribe: { message: { oneOf: [{ payload: { items: [{}], additionalItems: false } }, { $ref: '#/channels/c' }] } }\n",
        ),
        (
            "openapi.yaml",
            "openapi: 3.0.1\nwebhooks: { w: { post: { requestBody: { content: { application/json: { schema: { nullable: true, type: string } } } } } } }\npaths: { /p: { get: { callbacks: { c: { u: { post: {} } } } } } }\ncomponents: { schemas: { A: { x-amazon-events-detail-type: d, properties: { detail: {} } } } }\n",
        ),
        (
            "pacts/p.json",
            "{\"consumer\": {\"name\": \"a\"}, \"provider\": {\"name\": \"b\"}, \"messages\": [{\"description\": \"m\", \"contents\": {\"a\": [1, {\"b\": \"c\"}]}, \"matchingRules\": {\"body\": {\"$.a\": {\"matchers\": [{\"match\": \"type\", \"min\": 1}]}, \"$.a[*].b\": {\"combine\": \"OR\", \"matchers\": [{\"match\": \"regex\", \"regex\": \"x\"}, {\"match\": \"arrayContains\", \"variants\": [{\"index\": 0}]}]}}}}]}",
        ),
        (
            "schemas/s.json",
            "{\"$schema\": \"http://json-schema.org/draft-07/schema#\", \"$id\": \"https://a.dev/s.json\", \"properties\": {\"a\": {\"$ref\": \"t.json#/x\"}, \"b\": {\"$ref\": \"#b\"}}, \"definitions\": {\"b\": {\"$id\": \"#b\", \"dependencies\": {\"x\": [\"y\"]}}}}",
        ),
        ("schemas/t.json", "{\"x\": {\"$ref\": \"s.json\"}, \"subject\": \"s\", \"schema\": \"{}\"}"),
    ];
    let mut seed = 42u64;
    let mut next = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below.max(1)
    };
    let words = ["{}", "[]", "null", "5", "true", "\"\"", "\"#\"", "\"#/\"", "[1]", "{\"a\": 1}", "\"*\"", "-1"];
    for _ in 0..400 {
        let mut files: Vec<(&str, String)> = seeds.iter().map(|(path, text)| (*path, (*text).to_owned())).collect();
        for _ in 0..=next(3) {
            let at = next(files.len());
            let text = &mut files[at].1;
            let values: Vec<(usize, usize)> = text
                .match_indices(": ")
                .map(|(at, _)| {
                    let start = at + 2;
                    let length = text[start..].find([',', '\n', '}', ']']).unwrap_or(text.len() - start);
                    (start, start + length)
                })
                .collect();
            let (start, end) = values[next(values.len())];
            text.replace_range(start..end, words[next(words.len())]);
        }
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let registry = registry(&files);
        for promise in &registry.promises {
            promise.schema.holes();
            promise.schema.origin("/properties/a/no/such~1thing");
        }
    }
}

#[test]
fn a_short_name_that_two_documents_claim_means_neither() {
    let record = |namespace: &str, name: &str| {
        format!("{{\"type\": \"record\", \"name\": \"{name}\", \"namespace\": \"{namespace}\", \"fields\": []}}")
    };
    let (one, two) = (record("acme.user", "Left"), record("acme.team", "Left"));
    let (three, four) = (record("acme.user.joined.v1", "CloudEvent"), record("acme.team", "Joined"));
    let registry = registry(&[("avro/a.avsc", &one), ("avro/b.avsc", &two), ("avro/c.avsc", &three), ("avro/d.avsc", &four)]);
    let files = |name: &str| -> Vec<String> { registry.of_event(name).map(|promise| promise.file.to_string()).collect() };
    assert_eq!(files("acme.user.Left"), ["avro/a.avsc"]);
    assert_eq!(files("Left"), [""; 0]);
    assert_eq!(files("Joined"), ["avro/d.avsc"]);
    assert_eq!(files("acme.user.joined.v1"), ["avro/c.avsc"]);
}

#[test]
fn references_in_the_styles_that_people_write_are_followed() {
    let files: &[(&str, &str)] = &[
        (
            "a/schemas/events/order.json",
            r##"{
  "$schema": "https://acme.dev/meta/draft4#", "id": "order", "type": "object",
  "properties": {
    "by_name": { "$ref": "file://money.json" },
    "no_extension": { "$ref": "../common/money" },
    "from_root": { "$ref": "a/schemas/common/money.json#/definitions/m" },
    "escaped": { "$ref": "../common/money.json#/definitions/a%20b~1c" },
    "twice": { "$ref": "file://twin.json" }
  }
}"##,
        ),
        (
            "a/schemas/common/money.json",
            r#"{ "type": "integer", "definitions": { "m": { "minimum": 1, "exclusiveMinimum": true }, "a b/c": { "maximum": 2 } } }"#,
        ),
        ("a/schemas/common/x/twin.json", "{\"type\": \"string\"}"),
        ("a/schemas/common/y/twin.json", "{\"type\": \"string\"}"),
    ];
    check(
        files,
        expect![[r##"
        a/schemas/events/order.json sends order (by name) [schema a/schemas/events/order.json:1]
          {"$defs":{"a b/c":{"maximum":2},"m":{"exclusiveMinimum":1},"money":{"definitions":{"a b/c":{"maximum":2},"m":{"exclusiveMinimum":1}},"type":"integer"}},"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"by_name":{"$ref":"#/$defs/money"},"escaped":{"$ref":"#/$defs/a%20b~1c"},"from_root":{"$ref":"#/$defs/m"},"no_extension":{"$ref":"#/$defs/money"},"twice":{"x-driftgate-unknown":"there is no file `file://twin.json` in the repository"}},"type":"object"}
        warning: a/schemas/events/order.json:8: there is no file `file://twin.json` in the repository
        wanted: a/schemas/events/twin.json
    "##]],
    );
}

#[test]
fn messages_of_protobuf_are_schemas_of_their_json() {
    let proto = "syntax = \"proto3\";\npackage acme;\nmessage OrderPaid {\n  string order_id = 1;\n  repeated Line lines = 2;\n}\nmessage Line { int64 cents = 1; }\n";
    let contract = "consumer: crm\nevents:\n  order.lines:\n    schema: ../schemas/events/order_paid.proto#/$defs/Line\n";
    let files = [("schemas/events/order_paid.proto", proto), ("contracts/crm.yaml", contract)];
    let registry = registry_with("[[schema]]\nfiles = \"schemas/events/*.proto\"\nevent = \"{stem}\"\n", &files);
    assert!(registry.broken().next().is_none(), "{:?}", registry.files);
    let of = |event: &str| registry.of_event(event).next().unwrap_or_else(|| panic!("{event}: {:?}", registry.promises)).clone();
    let validator = jsonschema::validator_for(&of("order_paid").schema.document).expect("is a schema");
    for (payload, valid) in [
        (serde_json::json!({ "orderId": "o", "lines": [{ "cents": "12" }] }), true),
        (serde_json::json!({ "orderId": 1 }), false),
        (serde_json::json!({ "lines": [{ "cents": 12 }] }), false),
    ] {
        assert_eq!(validator.is_valid(&payload), valid, "{payload}");
    }
    assert_eq!(of("order.lines").consumer, "crm");
}
