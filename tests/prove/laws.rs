//! What must hold whatever a schema is called and however it is written: names, order, inlining, drafts.

use driftgate::prove::{self, Document, Options, Verdict};
use driftgate::schema::Draft;
use serde_json::{Map, Value, json};

use crate::generate::{Choices, addressed, consumes_nothing, document, instance};
use crate::properties::{cases, edited, random, random_named};
use crate::translate::{DRAFTS, translate};

fn options() -> Options {
    Options { steps: 20_000 }
}

fn prepared(value: &Value, draft: Draft) -> Document {
    Document::new(value.clone(), Some(draft), &[]).expect("a schema")
}

fn newest(value: &Value) -> Document {
    prepared(value, Draft::Draft202012)
}

fn usable(value: &Value) -> bool {
    !consumes_nothing(value) && newest(value).validator().is_ok()
}

/// How often a law was proved, and how often nothing was said.
#[derive(Default)]
struct Kept {
    proved: usize,
    undecided: usize,
}

impl Kept {
    fn hold(&mut self, smaller: &Document, larger: &Document, law: &str, seed: u64) {
        match prove::contains(larger, smaller, &options()) {
            Verdict::Contained => self.proved += 1,
            Verdict::Unknown(_) => self.undecided += 1,
            Verdict::Escapes(witness) => {
                panic!("{law} (seed {seed}): {} within {}, but {} escapes", smaller.value(), larger.value(), witness.payload())
            }
        }
    }

    fn both_ways(&mut self, one: &Document, other: &Document, law: &str, seed: u64) {
        self.hold(one, other, law, seed);
        self.hold(other, one, law, seed);
    }

    fn finish(self, law: &str) {
        println!("{law}: {} proved, {} undecided", self.proved, self.undecided);
        assert!(self.proved * 20 >= (self.proved + self.undecided) * 19, "{law}: {} undecided", self.undecided);
    }
}

/// The same value with the lists whose order says nothing turned round, and every object's keys written from the end.
fn turned_round(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut out = Map::new();
            for (key, inner) in map.iter().rev() {
                let mut inner = match key.as_str() {
                    "const" | "enum" => inner.clone(),
                    _ => turned_round(inner),
                };
                if let (Value::Array(items), "allOf" | "anyOf" | "oneOf" | "required" | "enum" | "type") =
                    (&mut inner, key.as_str())
                {
                    items.reverse();
                }
                out.insert(key.clone(), inner);
            }
            Value::Object(out)
        }
        Value::Array(items) => Value::Array(items.iter().map(turned_round).collect()),
        _ => value.clone(),
    }
}

/// JSON text whose keys stand in the opposite order of what the program would write.
fn backwards(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let entries: Vec<String> =
                map.iter().rev().map(|(key, inner)| format!("{}:{}", Value::from(key.as_str()), backwards(inner))).collect();
            format!("{{{}}}", entries.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(backwards).collect::<Vec<_>>().join(",")),
        _ => value.to_string(),
    }
}

#[test]
fn the_order_of_keys_and_alternatives_changes_nothing() {
    let mut kept = Kept::default();
    for seed in 0..cases(400) {
        let Some(a) = random(seed + 310_000) else { continue };
        if !usable(&a) {
            continue;
        }
        let same: Value = serde_json::from_str(&backwards(&a)).expect("still JSON");
        assert_eq!(prove::contains(&newest(&a), &newest(&same), &options()), Verdict::Contained, "{a}");
        kept.both_ways(&newest(&a), &newest(&turned_round(&a)), "order", seed);
    }
    kept.finish("order");
}

/// Every reference to a definition replaced by what stands there; references inside of what was put in stay.
fn inlined(value: &Value, root: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut out: Map<String, Value> = Map::new();
            for (key, inner) in map {
                let literal = matches!(key.as_str(), "const" | "enum" | "$defs" | "$ref");
                out.insert(key.clone(), if literal { inner.clone() } else { inlined(inner, root) });
            }
            if let Some(target) =
                map.get("$ref").and_then(Value::as_str).and_then(|reference| root.pointer(reference.strip_prefix('#')?))
                && map["$ref"] != "#"
            {
                out.remove("$ref");
                let parts = out.entry("allOf").or_insert_with(|| json!([]));
                if let Value::Array(parts) = parts {
                    parts.push(target.clone());
                }
            }
            Value::Object(out)
        }
        Value::Array(items) => Value::Array(items.iter().map(|inner| inlined(inner, root)).collect()),
        _ => value.clone(),
    }
}

#[test]
fn a_reference_says_what_it_leads_to() {
    let mut kept = Kept::default();
    for seed in 0..cases(400) {
        let Some(a) = random(seed + 330_000) else { continue };
        let flat = inlined(&a, &a);
        if !usable(&a) || newest(&flat).validator().is_err() {
            continue;
        }
        kept.both_ways(&newest(&a), &newest(&flat), "inlining", seed);
    }
    kept.finish("inlining");
}

#[test]
fn a_conjunct_more_keeps_what_was_contained() {
    let mut kept = Kept::default();
    for seed in 0..cases(400) {
        let Some(a) = random(seed + 350_000) else { continue };
        let b = edited(&a, seed);
        let Some(more) = random(seed + 370_000) else { continue };
        if [&a, &b, &more].iter().any(|value| !usable(value)) {
            continue;
        }
        if prove::contains(&newest(&b), &newest(&a), &options()) != Verdict::Contained {
            continue;
        }
        let part = |value: &Value, id: &str| match value {
            Value::Object(map) => {
                let mut map = map.clone();
                map.insert("$id".to_owned(), json!(id));
                Value::Object(map)
            }
            other => other.clone(),
        };
        let both = json!({"allOf": [part(&a, "http://x.test/a"), part(&more, "http://x.test/b")]});
        kept.hold(&newest(&both), &newest(&b), "a conjunct only narrows", seed);
    }
    kept.finish("a conjunct only narrows");
}

#[test]
fn a_schema_means_the_same_in_the_words_of_another_draft() {
    let mut kept = Kept::default();
    for seed in 0..cases(300) {
        let Some(a) = random(seed + 390_000) else { continue };
        if !usable(&a) {
            continue;
        }
        for draft in DRAFTS {
            let translated = translate(&a, draft);
            let other = prepared(&translated.value, draft);
            if translated.faithful && other.validator().is_ok() {
                kept.both_ways(&newest(&a), &other, "translation", seed);
            }
        }
    }
    kept.finish("translation");
}

#[test]
fn no_instance_contradicts_a_proof_between_any_two_drafts() {
    let (mut decided, mut total) = (0, 0);
    for seed in 0..cases(1_500) {
        let Some(a) = random_named(seed + 410_000) else { continue };
        let b = if seed % 3 == 0 { random_named(seed + 430_000).unwrap_or(json!({})) } else { edited(&a, seed) };
        if consumes_nothing(&b) {
            continue;
        }
        let (x, y) = (DRAFTS[(seed % 7) as usize], DRAFTS[(seed / 7 % 7) as usize]);
        let formats = seed % 4 == 0;
        let producer = prepared(&translate(&a, x).value, x).asserting_formats(formats);
        let consumer = prepared(&translate(&b, y).value, y).asserting_formats(formats);
        if producer.validator().is_err() || consumer.validator().is_err() {
            continue;
        }
        total += 1;
        match prove::contains(&consumer, &producer, &options()) {
            Verdict::Contained => {
                decided += 1;
                let bytes = seed.to_le_bytes();
                let mut choices = Choices::new(&bytes);
                for _ in 0..300 {
                    let value = instance(&mut choices, 2);
                    assert!(
                        !prove::accepts(&producer, &value) || prove::accepts(&consumer, &value),
                        "said to be contained: {} ({x:?}) within {} ({y:?}), but {value} escapes (seed {seed}, formats {formats})",
                        producer.value(),
                        consumer.value()
                    );
                }
            }
            Verdict::Escapes(witness) => {
                decided += 1;
                assert!(prove::accepts(&producer, witness.payload()) && !prove::accepts(&consumer, witness.payload()));
            }
            Verdict::Unknown(reason) => {
                if std::env::var_os("SHOW").is_some() {
                    println!("UNKNOWN {reason}: {} ({x:?}) within {} ({y:?})", producer.value(), consumer.value());
                }
            }
        }
    }
    println!("{decided} of {total} pairs of two drafts decided");
    assert!(decided * 100 >= total * 93, "only {decided} of {total} decided");
}

/// The writer's reading only leaves payloads out, and leaves none out that the schema names all keys of.
#[test]
fn the_writers_reading_is_a_part_of_the_schema() {
    let mut kept = Kept::default();
    for seed in 0..cases(400) {
        let Some(a) = random(seed + 450_000) else { continue };
        let b = edited(&a, seed);
        if !usable(&a) || !usable(&b) {
            continue;
        }
        kept.hold(&prove::written(&newest(&a)), &newest(&a), "the writer's reading", seed);
        if prove::contains(&newest(&b), &newest(&a), &options()) == Verdict::Contained {
            kept.hold(&prove::written(&newest(&a)), &newest(&b), "the writer's reading", seed);
        }
    }
    kept.finish("the writer's reading");
}

/// A run for a bounded time over ever new pairs: `DRIFTGATE_SECONDS=60 cargo test --release --test prove for_a_while`.
#[test]
fn for_a_while_nothing_new_is_found() {
    let seconds: u64 = std::env::var("DRIFTGATE_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(2);
    let start = std::time::Instant::now();
    let first = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_secs()) << 20;
    let mut pairs = 0;
    let mut slowest = std::time::Duration::ZERO;
    while start.elapsed().as_secs() < seconds {
        let seed = first + pairs;
        pairs += 1;
        let bytes = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes();
        let mut choices = Choices::new(&bytes);
        let mut a = document(&mut choices);
        if seed.is_multiple_of(3) {
            a = addressed(&mut choices, &a);
        }
        let b = edited(&a, seed);
        if consumes_nothing(&a) || consumes_nothing(&b) {
            continue;
        }
        let draft = DRAFTS[(seed % 7) as usize];
        let (producer, consumer) = (prepared(&translate(&a, draft).value, draft), newest(&b));
        if producer.validator().is_err() || consumer.validator().is_err() {
            continue;
        }
        let began = std::time::Instant::now();
        let verdict = prove::contains(&consumer, &producer, &Options::default());
        if began.elapsed() > slowest {
            slowest = began.elapsed();
            if slowest.as_millis() > 500 {
                println!("{slowest:?}: {} ({draft:?}) within {}", producer.value(), consumer.value());
            }
        }
        if verdict == Verdict::Contained {
            let mut choices = Choices::new(&bytes);
            for _ in 0..100 {
                let value = instance(&mut choices, 2);
                assert!(
                    !prove::accepts(&producer, &value) || prove::accepts(&consumer, &value),
                    "said to be contained: {} ({draft:?}) within {}, but {value} escapes",
                    producer.value(),
                    consumer.value()
                );
            }
        }
    }
    println!("{pairs} pairs in {seconds} s from seed {first}, the slowest took {slowest:?}");
}

/// What nobody handed in is one unknown for both documents: a change elsewhere is still decided.
#[test]
fn an_address_that_leads_nowhere_means_one_thing() {
    let document = |limit: u64, pointer: &str| {
        let schema =
            json!({"type": "object", "required": ["a", "b"], "properties": {"a": {"maximum": limit}, "b": {"$ref": pointer}}});
        Document::new(schema, Some(Draft::Draft7), &[]).expect("a schema")
    };
    let there = "https://example.test/common.json#/definitions/x";
    assert_eq!(prove::contains(&document(20, there), &document(10, there), &options()), Verdict::Contained);
    assert!(matches!(
        prove::contains(&document(20, "https://example.test/y.json"), &document(10, there), &options()),
        Verdict::Unknown(_)
    ));
    assert!(matches!(prove::contains(&document(10, there), &document(20, there), &options()), Verdict::Unknown(_)));
}

#[test]
fn a_format_is_asserted_in_the_drafts_that_know_it() {
    let document =
        |format: &str, draft: Draft| prepared(&json!({"type": "string", "format": format}), draft).asserting_formats(true);
    let within = |smaller: &Document, larger: &Document| prove::contains(larger, smaller, &options());
    // Draft 4 has no `uuid`, so any text is one.
    assert_eq!(within(&document("uuid", Draft::Draft4), &newest(&json!({"type": "string"}))), Verdict::Contained);
    assert!(matches!(within(&document("uuid", Draft::Draft4), &document("uuid", Draft::Draft201909)), Verdict::Escapes(_)));
    assert_eq!(within(&document("date", Draft::Draft4), &document("date", Draft::Draft202012)), Verdict::Contained);
    assert_ne!(within(&document("hostname", Draft::Draft6), &document("hostname", Draft::Draft7)), Verdict::Contained);
}

/// Validators of 2019-09 take what `contains` finds for evaluated, and its text does not: nothing is said.
#[test]
fn where_validators_disagree_nothing_is_proved() {
    let rest = json!({"unevaluatedItems": {"type": "null"}});
    let both = json!({"contains": {"type": "string"}, "unevaluatedItems": {"type": "null"}});
    let within = |draft| prove::contains(&prepared(&rest, draft), &prepared(&both, draft), &options());
    assert_ne!(within(Draft::Draft201909), Verdict::Contained);
    assert!(matches!(within(Draft::Draft202012), Verdict::Escapes(_)));
}

#[test]
fn a_private_dialect_is_that_of_its_keywords() {
    let schema = |extra: Value| {
        let mut schema = json!({"$schema": "https://acme.test/v1"});
        if let (Value::Object(map), Value::Object(extra)) = (&mut schema, extra) {
            map.extend(extra);
        }
        Document::new(schema, Some(Draft::Draft202012), &[]).expect("a schema")
    };
    assert_eq!(schema(json!({"items": [{"type": "null"}]})).draft(), Draft::Draft7);
    assert_eq!(schema(json!({"minimum": 1, "exclusiveMinimum": true})).draft(), Draft::Draft4);
    assert_eq!(schema(json!({"$recursiveRef": "#"})).draft(), Draft::Draft201909);
    assert_eq!(schema(json!({"type": "null"})).draft(), Draft::Draft202012);
    assert_eq!(schema(json!({})).private_address(), Some("https://acme.test/v1"));
}
