//! What must hold of every pair: random schemas against random instances, and the laws of containment.
//!
//! `DRIFTGATE_CASES` sets the number of random pairs.

use driftgate::prove::{self, Document, Options, Verdict};
use driftgate::schema::Draft;
use serde_json::{Value, json};

use crate::generate::{Choices, addressed, consumes_nothing, document, instance};

pub fn cases(usual: u64) -> u64 {
    std::env::var("DRIFTGATE_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(usual)
}

fn prepared(value: &Value) -> Document {
    Document::new(value.clone(), Some(Draft::Draft202012), &[]).expect("a schema")
}

fn options() -> Options {
    Options { steps: 20_000 }
}

pub fn random(seed: u64) -> Option<Value> {
    let bytes = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes();
    let value = document(&mut Choices::new(&bytes));
    (!consumes_nothing(&value)).then_some(value)
}

/// As [`random`]; every second one with names and addresses.
pub fn random_named(seed: u64) -> Option<Value> {
    let value = random(seed)?;
    let bytes = seed.to_le_bytes();
    Some(if seed & 2 == 0 { addressed(&mut Choices::new(&bytes), &value) } else { value })
}

/// The same schema, or one that differs in a keyword or two: pairs that mean almost the same are where provers go wrong.
pub fn edited(value: &Value, seed: u64) -> Value {
    let bytes = seed.wrapping_mul(0xD6E8_FEB8_6659_FD93).to_le_bytes();
    let mut choices = Choices::new(&bytes);
    let mut value = value.clone();
    let other = document(&mut choices);
    if let (Value::Object(map), Value::Object(other)) = (&mut value, other) {
        for (key, inner) in other {
            if choices.below(3) == 0 {
                map.insert(key, inner);
            }
        }
        if choices.below(2) == 0
            && let Some(key) = map.keys().filter(|key| *key != "$defs").nth(choices.below(2)).cloned()
        {
            map.remove(&key);
        }
    }
    value
}

#[test]
fn no_instance_contradicts_a_proof() {
    let mut decided = 0;
    let mut total = 0;
    let mut reasons = std::collections::BTreeMap::new();
    for seed in 0..cases(3_000) {
        let Some(a) = random_named(seed * 2 + 1) else { continue };
        let b = if seed % 2 == 0 { edited(&a, seed) } else { random_named(seed * 2 + 2).unwrap_or(Value::Bool(true)) };
        if consumes_nothing(&b) {
            continue;
        }
        let (producer, consumer) = (prepared(&a), prepared(&b));
        if producer.validator().is_err() || consumer.validator().is_err() {
            continue;
        }
        total += 1;
        let verdict = prove::contains(&consumer, &producer, &options());
        match &verdict {
            Verdict::Contained => {
                decided += 1;
                let bytes = seed.to_le_bytes();
                let mut choices = Choices::new(&bytes);
                for _ in 0..400 {
                    let value = instance(&mut choices, 2);
                    assert!(
                        !prove::accepts(&producer, &value) || prove::accepts(&consumer, &value),
                        "said to be contained: {a} within {b}, but {value} escapes (seed {seed})"
                    );
                }
            }
            Verdict::Escapes(witness) => {
                decided += 1;
                assert!(prove::accepts(&producer, witness.payload()) && !prove::accepts(&consumer, witness.payload()));
            }
            Verdict::Unknown(reason) => {
                *reasons.entry(format!("{}: {}", reason.keyword, reason.text)).or_insert(0) += 1;
                if std::env::var_os("SHOW").is_some() {
                    println!("UNKNOWN {reason}: {a} within {b}");
                }
            }
        }
    }
    println!("{decided} of {total} random pairs decided; unknown: {reasons:?}");
    assert!(decided * 100 >= total * 95, "only {decided} of {total} random pairs decided");
}

#[test]
fn the_laws_of_containment_hold() {
    for seed in 0..cases(600) {
        let (Some(a), Some(b)) = (random(seed + 50_000), random(seed + 90_000)) else { continue };
        if prepared(&a).validator().is_err() || prepared(&b).validator().is_err() {
            continue;
        }
        let never_escapes = |smaller: &Value, larger: &Value, law: &str| {
            let verdict = prove::contains(&prepared(larger), &prepared(smaller), &options());
            assert!(!matches!(verdict, Verdict::Escapes(_)), "{law}: {smaller} within {larger} (seed {seed})");
        };
        // The same under another name of its definitions, and with a title that makes the text differ.
        let mut renamed: Value =
            serde_json::from_str(&a.to_string().replace("$defs/d0", "$defs/e0").replace("\"d0\":", "\"e0\":"))
                .expect("still JSON");
        if let Value::Object(map) = &mut renamed {
            map.insert("title".to_owned(), json!("another title"));
        }
        never_escapes(&a, &renamed, "renaming changes nothing");
        never_escapes(&renamed, &a, "renaming changes nothing");
        // One conjunct more. References mean the same where each part is a resource of its own.
        let part = |value: &Value, id: &str| match value {
            Value::Object(map) => {
                let mut map = map.clone();
                map.insert("$id".to_owned(), json!(id));
                Value::Object(map)
            }
            other => other.clone(),
        };
        let both = json!({"allOf": [part(&a, "http://x.test/a"), part(&b, "http://x.test/b")]});
        never_escapes(&both, &a, "a conjunct only narrows");
        never_escapes(&both, &b, "a conjunct only narrows");
        let either = json!({"anyOf": [part(&a, "http://x.test/a"), part(&b, "http://x.test/b")]});
        never_escapes(&a, &either, "an alternative only widens");
    }
}

#[test]
fn decided_answers_are_transitive() {
    for seed in 0..cases(300) {
        let documents: Vec<Value> = (0..3).filter_map(|offset| random(seed * 3 + offset + 200_000)).collect();
        let [a, b, _] = documents.as_slice() else { continue };
        let (b, c) = (edited(a, seed).clone(), edited(b, seed).clone());
        if [a, &b, &c].iter().any(|value| consumes_nothing(value) || prepared(value).validator().is_err()) {
            continue;
        }
        let within = |x: &Value, y: &Value| prove::contains(&prepared(y), &prepared(x), &options());
        if within(a, &b) == Verdict::Contained && within(&b, &c) == Verdict::Contained {
            assert!(!matches!(within(a, &c), Verdict::Escapes(_)), "{a} within {b} within {c} (seed {seed})");
        }
    }
}
