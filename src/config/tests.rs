use expect_test::{Expect, expect};

use super::*;

fn read(text: &str) -> Config {
    Config::read(&RepoPath::new(CONFIG_FILE), text).unwrap_or_else(|fault| panic!("{fault}"))
}

fn refused(text: &str, expected: Expect) {
    let fault = Config::read(&RepoPath::new(CONFIG_FILE), text).expect_err("is wrong");
    expected.assert_eq(&fault.to_string());
}

/// Every section and key of the documented form.
const WHOLE: &str = r#"[check]
fail-on = "warning"
closed-world = false
in-flight = "ignore"
self-accept = false

[paths]
exclude = ["**/vendor/**"]
tests = ["**/*_spec.ts"]

[[schema]]
files = "schemas/events/*.json"
event = "{stem}"
role = "producer"

[[schema]]
files = ["a/*.json", "b/*.json"]
event = "/title"

[[idiom]]
call = ["publishEvent", "sendEvent"]
from = "@acme/events"
event = "args[0]"
payload = "args[1]"
role = "producer"
idempotency-key = "args[2].key"
kind = "queue"
deferred = true

[[envelope]]
name = "acme"
payload = "/data"
event = "/type"
encoding = "json-text"

[rules]
optional-field-added = "off"

[contracts]
paths = ["contracts", "../crm/contracts"]
consumers = { "services/crm/**" = "crm-sync" }

[agents]
trailers = ["Assisted-by"]
authors = ["*[bot]"]
fail-on = "warning"
"#;

#[test]
fn every_section_is_read_with_the_place_of_its_values() {
    let config = read(WHOLE);
    assert_eq!((config.fail_on(), config.in_flight(), config.self_accept()), (FailOn::Warning, InFlight::Ignore, false));
    let at = |span: Span| &WHOLE[span.start as usize..span.end as usize];
    let idiom = &config.idioms[0];
    assert_eq!(at(idiom.call.0[1].span), "\"sendEvent\"");
    assert_eq!(at(idiom.payload.as_ref().expect("is given").0[0].span), "\"args[1]\"");
    assert_eq!(at(config.rules["optional-field-added"].span), "\"off\"");
    assert!(at(config.schemas[1].span).starts_with("[[schema]]"), "{}", at(config.schemas[1].span));
    assert_eq!(config.outside_contract_paths(), ["../crm/contracts"]);
    assert_eq!(read("").contract_paths(), ["contracts"]);
}

#[test]
fn what_is_wrong_is_said_with_its_line_and_the_key_that_was_meant() {
    refused("[check]\nfail_on = \"error\"\n", expect!["driftgate.toml:2:1: unknown key `fail_on`; did you mean `fail-on`?"]);
    refused("[chekc]\n", expect!["driftgate.toml:1:2: unknown key `chekc`; did you mean `check`?"]);
    refused(
        "[check]\nfail-on = \"errors\"\n",
        expect!["driftgate.toml:2:11: `errors` is not a value of this key; did you mean `error`?"],
    );
    refused(
        "[check]\nclosed-world = \"yes\"\n",
        expect![[
            r#"driftgate.toml:2:16: invalid type: string "yes", expected a boolean; `driftgate schema config` prints the schema of this file"#
        ]],
    );
    refused("[[schema]]\nevent = \"x\"\n", expect!["driftgate.toml:1:1: the key `files` is missing here; add `files = …`"]);
    refused(
        "[[schema]]\nfiles = 5\n",
        expect![
            "driftgate.toml:2:9: invalid type: integer `5`, expected a text or a list of texts; `driftgate schema config` prints the schema of this file"
        ],
    );
    refused(
        "[[schema]]\nfiles = \"a\"\nevent = \"{steam}\"\n",
        expect!["driftgate.toml:3:9: `{steam}` is not known here; use `{stem}` or `{folder}`"],
    );
    refused(
        "[paths]\nexclude = [\"a[\"]\n",
        expect![[r#"driftgate.toml:2:12: `a[` is not a glob: unclosed character class; missing ']'; write it as "src/**/*.ts""#]],
    );
    refused(
        "[[idiom]]\ncall = \"x\"\nrole = \"producer\"\n",
        expect![[
            r#"driftgate.toml:1:1: this idiom says neither where the event is nor where the payload is; add `event = "args[0]"` and `payload = "args[1]"`, or `handler` for a consumer"#
        ]],
    );
    refused(
        "[[idiom]]\ncall = \"x\"\nevnt = \"args[0]\"\nrole = \"producer\"\n",
        expect!["driftgate.toml:3:1: unknown key `evnt`; did you mean `event`?"],
    );
    refused(
        "[[envelope]]\npayload = \"data\"\n",
        expect!["driftgate.toml:2:11: `data` is not a JSON Pointer; write it as `/data`"],
    );
    refused(
        "[rules]\nfield-removed = \"of\"\n",
        expect!["driftgate.toml:2:17: `of` is not a value of this key; did you mean `off`?"],
    );
    refused(
        "a = \n",
        expect![
            "driftgate.toml:1:5: string values must be quoted, expected literal string; `driftgate schema config` prints the schema of this file"
        ],
    );
    refused(
        "[check]\nfail-on = \"error\"\nfail-on = \"never\"\n",
        expect!["driftgate.toml:3:1: duplicate key; `driftgate schema config` prints the schema of this file"],
    );
}

#[test]
fn a_rule_that_does_not_exist_is_named_with_the_one_that_was_meant() {
    let text = "[rules]\nfield-remvoed = \"off\"\n";
    let fault = read(text).check_rules(&RepoPath::new(CONFIG_FILE), text, &["field-removed", "type-changed"]);
    expect!["driftgate.toml:2:17: there is no rule `field-remvoed`; did you mean `field-removed`?"]
        .assert_eq(&fault.expect_err("there is none").to_string());
}

#[test]
fn the_published_schema_agrees_with_the_reader() {
    let schema = json_schema();
    let validator = jsonschema::validator_for(&schema).expect("schemars writes valid schemas");
    let value = |text: &str| serde_json::to_value(toml::from_str::<toml::Table>(text).expect("is TOML")).expect("is JSON");
    assert!(validator.is_valid(&value(WHOLE)));
    for wrong in [
        "[chekc]\n",
        "[[schema]]\nevent = \"x\"\n",
        "[check]\nfail-on = \"errors\"\n",
        "[[idiom]]\ncall = 5\nrole = \"producer\"\n",
    ] {
        assert!(!validator.is_valid(&value(wrong)), "{wrong}");
    }
}

fn error_by_default(_: &str) -> Option<Severity> {
    Some(Severity::Error)
}

fn loosened(base: &str, head: &str) -> String {
    read(base)
        .loosened_by(&read(head), &error_by_default)
        .into_iter()
        .map(|found| format!("{}: {} [{} -> {}]\n", found.setting, found.message, found.before, found.after))
        .collect()
}

#[test]
fn what_a_change_loosens_is_listed_and_does_not_count() {
    let head = r#"
[check]
fail-on = "never"
closed-world = true
in-flight = "ignore"
self-accept = true
[paths]
exclude = ["**/vendor/**", "src/**"]
[rules]
field-removed = "off"
type-changed = "warning"
optional-field-added = "off"
[contracts]
paths = ["../crm/contracts"]
"#;
    let base = WHOLE.replace("in-flight = \"ignore\"", "in-flight = \"error\"");
    expect![[r#"
        check.fail-on: the check fails on `never` instead of `warning` [warning -> never]
        agents.fail-on: a change by an agent fails on `never` instead of `warning` [warning -> never]
        check.closed-world: readers outside of the repository no longer count [false -> true]
        check.self-accept: a change may accept its own breaks [false -> true]
        check.in-flight: messages in flight are ignored [error -> ignore]
        rules.field-removed: the rule `field-removed` is off [error -> off]
        rules.type-changed: the rule `type-changed` is a warning instead of error [error -> warning]
        paths.exclude: `src/**` is no longer read [ -> src/**]
        schema: schemas are no longer bound to events: `schemas/events/*.json` [`schemas/events/*.json` -> ]
        schema: schemas are no longer bound to events: `a/*.json`, `b/*.json` [`a/*.json`, `b/*.json` -> ]
        idiom: calls are no longer recognised: `publishEvent`, `sendEvent` from `@acme/events` [`publishEvent`, `sendEvent` from `@acme/events` -> ]
        envelope: an envelope is no longer known: acme [acme -> ]
        contracts.paths: contracts under `contracts` are no longer read [contracts -> ]
        agents.trailers: changes by `Assisted-by` are no longer known as written by an agent [Assisted-by -> ]
        agents.authors: changes by `*[bot]` are no longer known as written by an agent [*[bot] -> ]
    "#]]
    .assert_eq(&loosened(&base, head));
    let base = read(&base);
    let effective = base.tightened_by(&read(head), &error_by_default);
    assert_eq!(effective.fail_on(), FailOn::Warning);
    assert_eq!(effective.in_flight(), InFlight::Error);
    assert!(!effective.closed_world() && !effective.self_accept());
    assert_eq!(effective.paths.exclude, base.paths.exclude);
    assert_eq!(effective.rules, base.rules);
    assert_eq!((effective.schemas, effective.idioms), (base.schemas, base.idioms));
    assert_eq!(effective.contracts.paths.map(|paths| paths.len()), Some(2));
}

#[test]
fn what_a_change_tightens_counts_at_once_and_is_no_finding() {
    let base =
        "[check]\nfail-on = \"never\"\nclosed-world = true\n[paths]\nexclude = [\"a/**\"]\n[rules]\nx = \"off\"\ny = \"note\"\n";
    let head = "[check]\nfail-on = \"warning\"\n[rules]\ny = \"error\"\n[[schema]]\nfiles = \"s/*.json\"\n";
    assert_eq!(loosened(base, head), "");
    let effective = read(base).tightened_by(&read(head), &error_by_default);
    assert_eq!((effective.fail_on(), effective.closed_world()), (FailOn::Warning, false));
    assert!(effective.paths.exclude.is_empty() && effective.schemas.len() == 1);
    assert_eq!(
        effective.rules.iter().map(|(name, level)| (name.as_str(), level.value)).collect::<Vec<_>>(),
        [("y", RuleLevel::Error)]
    );
}

#[test]
fn an_idiom_that_follows_its_function_is_not_a_weakened_gate() {
    let row = |payload: &str| {
        format!("[[idiom]]\ncall = \"emit\"\nevent = \"args[0]\"\npayload = \"{payload}\"\nrole = \"producer\"\n")
    };
    assert_eq!(loosened(&row("args[1]"), &row("args[0].data")), "");
    let effective = read(&row("args[1]")).tightened_by(&read(&row("args[0].data")), &error_by_default);
    assert_eq!(effective.idioms.len(), 1);
    assert_eq!(effective.idioms[0].payload.as_ref().map(|p| p.0[0].value.as_str()), Some("args[0].data"));
}

#[test]
fn a_configuration_against_itself_loosens_nothing() {
    assert_eq!(loosened(WHOLE, WHOLE), "");
    assert_eq!(read(WHOLE).tightened_by(&read(WHOLE), &error_by_default), read(WHOLE));
}
