use expect_test::{Expect, expect};
use serde_json::json;

use super::*;

fn read(name: &str, text: &str) -> Document {
    Document::read(&RepoPath::new(name), text).unwrap_or_else(|fault| panic!("{fault}"))
}

fn refused(name: &str, text: &str, expected: Expect) {
    match Document::read(&RepoPath::new(name), text) {
        Ok(document) => panic!("was read as {}", document.value),
        Err(fault) => expected.assert_eq(&fault.to_string()),
    }
}

fn at(text: &str, span: Option<Span>) -> &str {
    let span = span.expect("the pointer names a node");
    &text[span.start as usize..span.end as usize]
}

#[test]
fn every_node_and_key_of_json_knows_its_bytes() {
    let text = "{ \"a\" : [1, {\"b/c\": \"x\\n\"}],\n  \"ü\": null }";
    let document = read("a.json", text);
    assert_eq!(at(text, document.span("")), text);
    assert_eq!(at(text, document.key_span("/a")), "\"a\"");
    assert_eq!(at(text, document.span("/a")), "[1, {\"b/c\": \"x\\n\"}]");
    assert_eq!(at(text, document.span("/a/1/b~1c")), "\"x\\n\"");
    assert_eq!(at(text, document.key_span("/ü")), "\"ü\"");
    assert_eq!(document.key_span("/a/0"), None);
    assert_eq!(document.span("/a/2"), None);
    assert_eq!((document.line("/a"), document.line("/ü")), (1, 2));
    assert_eq!(document.line("/ü/nothing/here"), 2, "a pointer into nothing is shown at the nearest node");
}

#[test]
fn every_node_and_key_of_yaml_knows_its_bytes() {
    let text = "# who\nconsumer: crm-sync # yes\nevents:\n  user.signup:\n    fields: { id: string, tags: [a, 'b'] }\n  other:\n  - 1\n  - x: |\n      two\n      lines\nlast: ~\n";
    let document = read("a.yaml", text);
    assert_eq!(at(text, document.span("/consumer")), "crm-sync");
    assert_eq!(at(text, document.key_span("/events/user.signup")), "user.signup");
    assert_eq!(at(text, document.span("/events/user.signup")), "fields: { id: string, tags: [a, 'b'] }");
    assert_eq!(at(text, document.span("/events/user.signup/fields/tags/1")), "'b'");
    assert_eq!(document.get("/events/other/1/x"), Some(&json!("two\nlines\n")));
    assert_eq!(document.line("/events/other/1/x"), 8);
    assert_eq!(document.keys(""), ["consumer", "events", "last"]);
    assert_eq!(document.get("/last"), Some(&json!(null)));
}

#[test]
fn numbers_keep_their_digits() {
    let document = read("a.json", "[12345678901234567890123, 1.10, 1e400, -0]");
    assert_eq!(document.value.to_string(), "[12345678901234567890123,1.10,1e+400,-0]");
    let document = read("a.yaml", "[12345678901234567890123, 1.10, +7, 007, .5, 0x1f, 1_000, 1.2.3, '5', 1e3, 2020-01-01]");
    assert_eq!(document.value.to_string(), r#"[12345678901234567890123,1.10,7,7,0.5,31,"1_000","1.2.3","5",1e+3,"2020-01-01"]"#);
}

#[test]
fn yaml_words_follow_the_core_schema() {
    let document = read("a.yaml", "{no: no, on: on, yes: True, n: ~, s: !!str 5, 1: one, true: t, r: !Ref x, q: 'null'}");
    assert_eq!(
        document.value,
        json!({"no": "no", "on": "on", "yes": true, "n": null, "s": "5", "1": "one", "true": "t", "r": "x", "q": "null"})
    );
}

#[test]
fn aliases_and_merge_keys_are_copies_with_the_place_of_the_original() {
    let text = "base: &base\n  id: string\n  at: string\nevent:\n  <<: *base\n  at: integer\ncopy: *base\n";
    let document = read("a.yaml", text);
    assert_eq!(document.get("/event"), Some(&json!({"id": "string", "at": "integer"})));
    assert_eq!(document.get("/copy"), Some(&json!({"id": "string", "at": "string"})));
    assert_eq!((document.line("/event/id"), document.line("/event/at"), document.line("/copy/id")), (2, 6, 2));
}

#[test]
fn a_byte_order_mark_moves_every_position() {
    for (name, text) in [("a.json", "\u{feff}{\"a\": 1}"), ("a.yaml", "\u{feff}\"a\": 1")] {
        let document = read(name, text);
        assert_eq!(at(text, document.key_span("/a")), "\"a\"");
        assert_eq!(at(text, document.span("/a")), "1");
    }
    refused("a.json", "\u{feff}{a}", expect!["a.json:1:2: a key is expected here; keys stand in double quotes"]);
}

#[test]
fn what_is_wrong_with_json_is_said_with_its_place_and_a_way_out() {
    refused("a.json", "", expect!["a.json:1:1: the document is empty; write at least `{}`"]);
    refused("a.json", "{\n  \"a\": 1,\n}", expect!["a.json:3:1: a key is expected here; remove the comma before it"]);
    refused("a.json", "[1,]", expect!["a.json:1:4: a value is expected here; remove the comma before it"]);
    refused(
        "a.json",
        "[1 2]",
        expect!["a.json:1:4: `,` or `]` is expected here; check the line above for a missing comma or quote"],
    );
    refused("a.json", "{\"a\" 1}", expect!["a.json:1:6: a `:` is expected after the key; write `\"key\": value`"]);
    refused(
        "a.json",
        "{\"a\": 1, \"a\": 2}",
        expect![
            "a.json:1:10: the key `a` stands twice in one object (first in line 1); keep one of the two: which of them counts differs from reader to reader"
        ],
    );
    refused(
        "a.json",
        "// x\n{}",
        expect!["a.json:1:1: a comment stands here; JSON has no comments: remove it, or keep the file as YAML"],
    );
    refused(
        "a.json",
        "{} {}",
        expect![
            "a.json:1:4: something stands after the end of the document; a JSON file holds one value: remove what follows it"
        ],
    );
    refused("a.json", "[01]", expect!["a.json:1:2: `01` is not a number of JSON; write it as JSON does: 0.5, -1e3"]);
    refused("a.json", "[NaN]", expect!["a.json:1:2: `NaN` is not a value of JSON; text stands in double quotes"]);
    refused("a.json", "{\"a\": \"b\n\"}", expect!["a.json:1:7: a text is not closed on its line; add the closing `\"`"]);
    refused(
        "a.json",
        "[\"\\x\"]",
        expect!["a.json:1:4: an escape in this text is not one of JSON's; use `\\\"`, `\\\\`, `\\n`, `\\u00e9`, …"],
    );
    refused("a.json", "{\"a\": {", expect!["a.json:1:8: the text ends before the closing `}`; the file may have been cut off"]);
    refused(
        "a.json",
        "[1}",
        expect!["a.json:1:3: `,` or `]` is expected here; check the line above for a missing comma or quote"],
    );
    refused(
        "a.json",
        "1,",
        expect![
            "a.json:1:2: something stands after the end of the document; a JSON file holds one value: remove what follows it"
        ],
    );
    refused(
        "a.json",
        "{\n<<<<<<< ours\n\"a\": 1\n=======\n\"a\": 2\n>>>>>>> theirs\n}",
        expect!["a.json:2:1: a merge conflict marker stands here; resolve the conflict first"],
    );
}

#[test]
fn what_is_wrong_with_yaml_is_said_with_its_place_and_a_way_out() {
    refused("a.yaml", "# nothing\n", expect!["a.yaml:1:1: the document is empty; write at least `{}`"]);
    refused(
        "a.yaml",
        "a: 1\nb: 2\na: 3\n",
        expect![
            "a.yaml:3:1: the key `a` stands twice in one object (first in line 1); keep one of the two: which of them counts differs from reader to reader"
        ],
    );
    refused(
        "a.yaml",
        "a: 1\n---\nb: 2\n",
        expect![
            "a.yaml:2:1: a second YAML document starts here; keep one document per file: put what follows `---` into a file of its own"
        ],
    );
    refused(
        "a.yaml",
        "a:\n\tb: 1\n",
        expect![
            "a.yaml:2:2: this is not YAML: tabs disallowed within this context (block indentation); YAML is indented with spaces: replace the tab"
        ],
    );
    refused(
        "a.yaml",
        "a: b: c\n",
        expect![
            "a.yaml:1:5: this is not YAML: mapping values are not allowed in this context; check indentation, quotes and colons here and on the line above"
        ],
    );
    refused(
        "a.yaml",
        "a: [1, 2\n",
        expect![
            "a.yaml:1:4: this is not YAML: unclosed bracket '['; check indentation, quotes and colons here and on the line above"
        ],
    );
    refused(
        "a.yaml",
        "a: *b\n",
        expect![
            "a.yaml:1:4: this is not YAML: while parsing node, found unknown anchor; an alias `*name` stands after the `&name` that it repeats; a text that starts with `*` or `&` needs quotes"
        ],
    );
    refused("a.yaml", "a: &a [*a]\n", expect!["a.yaml:1:8: an alias stands inside of what it names; write that part out"]);
    refused(
        "a.yaml",
        "a: .inf\n",
        expect!["a.yaml:1:4: `.inf` is a number that JSON does not have; write a value that JSON has, or put it in quotes"],
    );
    refused(
        "a.yaml",
        "? [a]\n: 1\n",
        expect!["a.yaml:1:3: a list or an object stands where a key belongs; keys are plain texts"],
    );
}

#[test]
fn nesting_of_two_thousand_levels_is_an_error_and_not_an_overflow() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(2_000), close.repeat(2_000));
    refused(
        "a.json",
        &deep("[", "]"),
        expect!["a.json:1:257: the document is nested more than 256 deep; flatten it, or name its parts and refer to them"],
    );
    for text in [deep("[", "]"), deep("{a: ", "}"), (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect()] {
        let fault = Document::read(&RepoPath::new("a.yaml"), &text).expect_err("too deep");
        assert!(fault.message.contains("nest"), "{fault}");
    }
    assert!(Document::read(&RepoPath::new("a.json"), &format!("{}1{}", "[".repeat(256), "]".repeat(256))).is_ok());
}

#[test]
fn an_alias_bomb_is_refused_quickly() {
    let mut text = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..30 {
        let last = level - 1;
        text.push_str(&format!("a{level}: &a{level} [{}]\n", vec![format!("*a{last}"); 9].join(", ")));
    }
    let start = std::time::Instant::now();
    let fault = Document::read(&RepoPath::new("bomb.yaml"), &text).expect_err("a bomb");
    assert!(fault.message.contains("expand"), "{fault}");
    assert!(start.elapsed().as_secs() < 5, "took {:?}", start.elapsed());
}

#[test]
fn a_document_of_thirty_megabytes_is_refused_by_its_size() {
    refused(
        "big.json",
        &" ".repeat(30 << 20),
        expect![
            "big.json:1:1: the document has 31457280 bytes, and the limit is 16777216; split it into several files that refer to each other"
        ],
    );
}

#[test]
fn json_read_as_yaml_gives_the_same_value() {
    for text in [r#"{"a": [1, -2.50, 1e3, true, null, "x\u00e9\n"], "b": {}}"#, "[]", r#"{"k": "multi word: yes", "n": 1.0}"#] {
        let path = RepoPath::new("a");
        let json = Document::read_as(Syntax::Json, &path, text).expect("is JSON");
        let yaml = Document::read_as(Syntax::Yaml, &path, text).expect("is YAML as well");
        assert_eq!(json.value, yaml.value);
        assert_eq!(json.value, serde_json::from_str::<Value>(text).expect("is JSON"));
    }
}

#[test]
fn no_text_makes_a_reader_panic() {
    let pieces = [
        "{", "}", "[", "]", ":", ",", "\"", "\\", "a", "1", "-", " ", "\n", "\t", "&a ", "*a ", "<<", "|", "é", "\u{feff}",
        "---", "!x ", "? ", "#",
    ];
    let mut seed = 7u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..(seed % 23) {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(pieces[(seed >> 33) as usize % pieces.len()]);
        }
        seed = seed.wrapping_add(11);
        for name in ["a.json", "a.yaml"] {
            if let Ok(document) = Document::read(&RepoPath::new(name), &text) {
                let end = document.span("").expect("there is a root").end as usize;
                assert!(end <= text.len(), "{text:?}");
            }
        }
        if let Ok(value) = serde_json::from_str::<Value>(&text) {
            assert_eq!(Document::read(&RepoPath::new("a.json"), &text).map(|d| d.value), Ok(value), "{text:?}");
        }
    }
}
