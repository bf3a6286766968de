use expect_test::expect;
use serde_json::{Value, json};

use super::super::tests::{check, corpus, place, registry};
use super::*;

const VERSION_4: &[(&str, &str)] = &[(
    "pacts/crm-billing.json",
    r#"{
  "consumer": { "name": "crm-sync" },
  "provider": { "name": "billing" },
  "interactions": [
    {
      "type": "Asynchronous/Messages",
      "description": "a user signed up",
      "pending": true,
      "contents": {
        "contentType": "application/json",
        "encoded": false,
        "content": { "type": "user.signup", "userId": "u_1", "email": "a@b.c", "tags": ["x"], "plan": "pro", "limits": { "a": 1 } }
      },
      "matchingRules": {
        "body": {
          "$.userId": { "combine": "AND", "matchers": [{ "match": "type" }] },
          "$.email": { "matchers": [{ "match": "regex", "regex": "^[^@]+@[^@]+$" }] },
          "$.tags": { "matchers": [{ "match": "type", "min": 1, "max": 9 }] },
          "$.plan": { "combine": "OR", "matchers": [{ "match": "equality" }, { "match": "null" }] },
          "$.limits": { "matchers": [{ "match": "values" }] },
          "$.limits.*": { "matchers": [{ "match": "integer" }] }
        }
      },
      "metadata": { "topic": "users", "contentType": "application/json" }
    },
    { "type": "Synchronous/HTTP", "description": "a request" },
    { "type": "Asynchronous/Messages", "description": "binary", "contents": { "content": "aGk=", "contentType": "application/json", "encoded": "base64" } },
    { "type": "Asynchronous/Messages", "contents": {} },
    { "type": "Telepathy", "description": "x" }
  ],
  "metadata": { "pactSpecification": { "version": "4.0" } }
}"#,
)];

#[test]
fn messages_of_version_4_become_what_the_consumer_accepts() {
    check(
        VERSION_4,
        expect![[r#"
        crm-sync needs user.signup 'a user signed up' on users (pending) [pact pacts/crm-billing.json:5]
          {"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"email":{"pattern":"^[^@]+@[^@]+$","type":"string"},"limits":{"additionalProperties":{"type":"integer"},"type":"object"},"plan":{"anyOf":[{"const":"pro"},{"type":"null"}]},"tags":{"items":{"type":"string"},"maxItems":9,"minItems":1,"type":"array"},"type":{"const":"user.signup"},"userId":{"type":"string"}},"required":["type","userId","email","tags","plan","limits"],"type":"object"}
        crm-sync needs binary 'binary' [pact pacts/crm-billing.json:27]
          {"$schema":"https://json-schema.org/draft/2020-12/schema","x-driftgate-unknown":"the contents of this message are encoded"}
        note: pacts/crm-billing.json:29: interactions of type `Telepathy` are not read
        warning: pacts/crm-billing.json:28: the message has neither a description nor a name in its metadata: it was passed over
    "#]],
    );
    expect![[r#"pacts/crm-billing.json:12 "userId""#]].assert_eq(&place(VERSION_4, "user.signup", "/required/1"));
    expect![[r#"pacts/crm-billing.json:12 "email""#]].assert_eq(&place(VERSION_4, "user.signup", "/properties/email/pattern"));
}

#[test]
fn a_pact_of_an_unknown_version_is_an_error_with_its_line() {
    let text = "{\n\"consumer\": {\"name\": \"a\"}, \"provider\": {\"name\": \"b\"}, \"messages\": [],\n\"metadata\": {\"pactSpecification\":\n{\"version\": \"9.1\"}}}";
    check(
        &[("pacts/a.json", text)],
        expect![[r#"
        broken: pacts/a.json:4:2: Pact version `9.1` is not known; message pacts of versions 3 and 4 are read
    "#]],
    );
}

#[test]
fn paths_are_read_in_both_notations() {
    let key = |name: &str| Step::Key(name.to_owned());
    for (path, expected) in [
        ("$", Some(vec![])),
        ("$.a.b", Some(vec![key("a"), key("b")])),
        ("$['a b'][0][*].*", Some(vec![key("a b"), Step::Index(0), Step::Any, Step::Any])),
        ("$[\"x\"]", Some(vec![key("x")])),
        ("a.b", None),
        ("$..a", None),
        ("$[x", None),
    ] {
        assert_eq!(parse_path(path), expected, "{path}");
    }
}

fn accepts(contents: &Value, rules: &Value, actual: &Value) -> bool {
    let pact = json!({
        "consumer": { "name": "a" }, "provider": { "name": "b" },
        "messages": [{ "description": "m", "contents": contents, "matchingRules": { "body": rules } }]
    });
    let text = pact.to_string();
    let registry = registry(&[("pacts/a.json", &text)]);
    jsonschema::validator_for(&registry.promises[0].schema.document).expect("is a schema").is_valid(actual)
}

#[test]
fn rules_mean_what_pact_means_by_them() {
    let list_of_objects = json!({ "lines": [{ "sku": "a", "count": 1 }] });
    let by_type = json!({ "$.lines": { "matchers": [{ "match": "type", "min": 1 }] } });
    for (contents, rules, actual, expected) in [
        (json!({ "a": 1 }), json!({}), json!({ "a": 1, "b": 2 }), true),
        (json!({ "a": 1 }), json!({}), json!({ "a": 2 }), false),
        (
            list_of_objects.clone(),
            by_type.clone(),
            json!({ "lines": [{ "sku": "b", "count": 5 }, { "sku": "c", "count": 6, "x": 1 }] }),
            true,
        ),
        (list_of_objects.clone(), by_type.clone(), json!({ "lines": [{ "sku": "b" }] }), false),
        (list_of_objects.clone(), by_type, json!({ "lines": [] }), false),
        (
            list_of_objects,
            json!({ "$.lines": { "matchers": [{ "match": "type" }] }, "$.lines[*].sku": { "matchers": [{ "match": "regex", "regex": "^a" }] } }),
            json!({ "lines": [{ "sku": "a1", "count": 5 }, { "sku": "b", "count": 5 }] }),
            false,
        ),
        (json!({ "a": { "x": 1 } }), json!({ "$.a.*": { "matchers": [{ "match": "type" }] } }), json!({ "a": { "x": 2 } }), true),
        (
            json!({ "a": [1, "b"] }),
            json!({ "$.a": { "matchers": [{ "match": "arrayContains", "variants": [{ "index": 1, "rules": { "$": { "matchers": [{ "match": "type" }] } } }] }] } }),
            json!({ "a": [5, 6, "z"] }),
            true,
        ),
        (
            json!({ "a": [1, "b"] }),
            json!({ "$.a": { "matchers": [{ "match": "arrayContains", "variants": [{ "index": 1, "rules": {} }] }] } }),
            json!({ "a": [5, 6] }),
            false,
        ),
        (
            json!({ "a": "x.y" }),
            json!({ "$.a": { "matchers": [{ "match": "include", "value": "x.y" }] } }),
            json!({ "a": "-x.y-" }),
            true,
        ),
        (
            json!({ "a": "x.y" }),
            json!({ "$.a": { "matchers": [{ "match": "include", "value": "x.y" }] } }),
            json!({ "a": "xzy" }),
            false,
        ),
    ] {
        assert_eq!(accepts(&contents, &rules, &actual), expected, "{contents} by {rules} on {actual}");
    }
}

#[test]
fn a_rule_that_is_not_known_is_a_hole() {
    let text = r#"{"consumer": {"name": "a"}, "provider": {"name": "b"}, "messages": [{"description": "m", "contents": {"a": "x", "b": "y"},
"matchingRules": {"body": {"$.a": {"matchers": [{"match": "moon"}]}, "$.b": {"matchers": [{"match": "regex", "regex": "(?<!"}]}}}}]}"#;
    assert_eq!(registry(&[("pacts/a.json", text)]).promises[0].schema.holes().len(), 2);
}

/// The test cases of Pact's specification, where they are at hand.
#[test]
fn the_cases_of_the_specification_are_judged_as_pact_judges_them() {
    let Some(cases) = corpus("pact") else { return };
    let mut wrong = Vec::new();
    let mut judged = 0;
    for (path, text) in &cases {
        let Ok(case) = serde_json::from_str::<Value>(text) else { continue };
        let (Some(expected), Some(actual), Some(verdict)) = (case.get("expected"), case.get("actual"), case["match"].as_bool())
        else {
            continue;
        };
        let mut message = expected.clone();
        message["description"] = json!("m");
        let version_4 = path.contains("v4/");
        let pact = if version_4 {
            message["type"] = json!("Asynchronous/Messages");
            json!({ "consumer": { "name": "a" }, "provider": { "name": "b" }, "interactions": [message] })
        } else {
            json!({ "consumer": { "name": "a" }, "provider": { "name": "b" }, "messages": [message] })
        };
        let text = pact.to_string();
        let registry = registry(&[("pacts/a.json", &text)]);
        let payload = if version_4 { actual.pointer("/contents/content") } else { actual.get("contents") };
        let validator = jsonschema::validator_for(&registry.promises[0].schema.document).expect("is a schema");
        judged += 1;
        if validator.is_valid(payload.unwrap_or(&Value::Null)) != verdict {
            wrong.push(format!("{path}: {}", registry.promises[0].schema.document));
        }
    }
    assert!(judged > 50, "only {judged} cases");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
