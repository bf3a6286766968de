//! Pairs that were made to be slow or large: whatever is asked, the answer comes within the budgets, and is never a wrong one.
//!
//! ```text
//! ONLY=name cargo test --release --test prove hostile -- --nocapture
//! ```
//!
//! prints how long each took, and `DRIFTGATE_PAIRS=folder` writes them down there for `tests/prove/clock.py`, which clocks the program
//! on each of them. What is asserted is the answer, not the time: the budgets count steps and sizes, so that the answer is
//! the same on every machine.

mod products;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use driftgate::prove::{self, Document, Options, Verdict};
use driftgate::schema::Draft;
use serde_json::{Map, Value, json};

use crate::generate::Choices;

/// What has to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Contained,
    Escapes,
    Unknown,
    /// It is known not to be contained, and a witness may be too much to ask for.
    NotContained,
    /// It is contained, and a proof may be too much to ask for.
    NotEscaping,
}

struct Pair {
    name: &'static str,
    producer: Value,
    consumer: Value,
    answer: Answer,
}

fn pair(name: &'static str, producer: Value, consumer: Value, answer: Answer) -> Pair {
    Pair { name, producer, consumer, answer }
}

fn named(count: usize, value: impl Fn(usize) -> Value) -> Value {
    Value::Object((0..count).map(|index| (format!("k{index}"), value(index))).collect::<Map<_, _>>())
}

fn list(count: usize, value: impl FnMut(usize) -> Value) -> Value {
    (0..count).map(value).collect()
}

fn nested(depth: usize, inner: Value, around: impl Fn(Value) -> Value) -> Value {
    (0..depth).fold(inner, |inner, _| around(inner))
}

/// A random formula of clauses with three literals each, over keys that are `true` or not there.
fn clauses(variables: usize, count: usize) -> Value {
    let mut choices = Choices::new(b"clauses");
    list(count, |_| {
        list(3, |_| {
            let present = json!({"required": [format!("k{}", choices.below(variables))]});
            if choices.below(2) == 0 { present } else { json!({"not": present}) }
        })
    })
    .as_array()
    .into_iter()
    .flatten()
    .map(|parts| json!({"anyOf": parts}))
    .collect()
}

/// Definitions that each refer to the next one twice.
fn doubling(depth: usize, last: Value, twice: impl Fn(&str) -> Value) -> Value {
    let mut definitions = Map::new();
    for index in 0..depth {
        definitions.insert(format!("d{index}"), twice(&format!("#/$defs/d{}", index + 1)));
    }
    definitions.insert(format!("d{depth}"), last);
    json!({"$ref": "#/$defs/d0", "$defs": definitions})
}

fn unions() -> Vec<Pair> {
    let record = |index: usize, limit: usize| {
        json!({"type": "object", "required": ["kind"], "properties": {"kind": {"const": format!("kind{index}")},
            "size": {"type": "integer", "maximum": limit}}})
    };
    let open = |index: usize, limit: usize| {
        json!({"type": "object", "required": [format!("k{}", index % 17)], "properties": {
            format!("k{index}"): {"type": "integer", "maximum": limit}, format!("k{}", index + 1): {"type": "string"}}})
    };
    let both = |count: usize, keyword: &str, limit: usize| json!({keyword: list(count, |index| record(index, limit))});
    vec![
        pair(
            "a large enum within many small ones",
            json!({"enum": list(20_000, |index| json!(format!("value {index}")))}),
            json!({"anyOf": list(2_000, |at| json!({"enum": list(10, |index| json!(format!("value {}", at * 10 + index)))}))}),
            Answer::Contained,
        ),
        pair(
            "a large enum of objects without another",
            json!({"enum": list(3_000, |index| named(8, |key| json!(key * index)))}),
            json!({"not": {"enum": list(3_000, |index| named(8, |key| json!(key * index + 1)))}}),
            Answer::Contained,
        ),
        pair(
            "no value of a large enum of objects",
            json!({"type": "object", "properties": named(8, |_| json!({"type": "integer"}))}),
            json!({"not": {"enum": list(2_000, |index| named(8, |key| json!(key * index + 1)))}}),
            Answer::Escapes,
        ),
        pair("three hundred events, told apart", both(300, "oneOf", 10), both(300, "oneOf", 20), Answer::Contained),
        pair("three hundred events, one of them narrower", both(300, "oneOf", 20), both(300, "oneOf", 10), Answer::Escapes),
        pair(
            "hundreds of overlapping alternatives",
            json!({"anyOf": list(300, |index| open(index, 10))}),
            json!({"anyOf": list(300, |index| open(index, 20))}),
            Answer::NotEscaping,
        ),
        pair(
            "exactly one of hundreds that overlap",
            json!({"oneOf": list(300, |index| open(index, 10))}),
            json!({"oneOf": list(300, |index| open(index, 20))}),
            Answer::NotContained,
        ),
        pair(
            "exactly one of hundreds that overlap, against the same in another order",
            json!({"oneOf": list(300, |index| open(index, 10))}),
            json!({"oneOf": list(300, |index| open(299 - index, 10))}),
            Answer::NotEscaping,
        ),
        pair("a random formula", json!({"type": "object", "allOf": clauses(60, 255)}), json!(false), Answer::NotEscaping),
        pair(
            "more pigeons than holes",
            json!({"type": "object", "allOf": [
                {"allOf": list(9, |pigeon| json!({"anyOf": list(8, |hole| json!({"required": [format!("p{pigeon}h{hole}")]}))}))},
                {"allOf": list(8 * 9 * 9, |at| {
                    let (hole, one, other) = (at / 81, at / 9 % 9, at % 9);
                    if one == other { return json!(true) }
                    json!({"not": {"required": [format!("p{one}h{hole}"), format!("p{other}h{hole}")]}})
                })}
            ]}),
            json!(false),
            Answer::NotEscaping,
        ),
        pair(
            "a long chain of conditions",
            nested(
                100,
                json!({"type": "string"}),
                |inner| json!({"if": {"required": ["a"], "minProperties": 2}, "then": {"maxProperties": 90}, "else": inner}),
            ),
            nested(
                100,
                json!({"type": "string"}),
                |inner| json!({"if": {"required": ["a"], "minProperties": 3}, "then": {"maxProperties": 80}, "else": inner}),
            ),
            Answer::Escapes,
        ),
        pair(
            "many conditions beside each other",
            json!({"type": "object", "allOf": list(200, |index| json!({"if": {"required": [format!("k{index}")]},
                "then": {"required": [format!("k{}", (index * 7 + 1) % 200)]}, "else": {"minProperties": index % 5}}))}),
            json!({"maxProperties": 100}),
            Answer::NotContained,
        ),
        pair(
            "keys that each demand another one",
            json!({"type": "object", "dependentRequired": named(2_000, |index| json!([format!("k{}", index + 1)])), "required": ["k0"]}),
            json!({"required": ["k2000"]}),
            Answer::Contained,
        ),
    ]
}

fn arrays() -> Vec<Pair> {
    vec![
        pair(
            "more different elements than an enum has values",
            json!({"type": "array", "uniqueItems": true, "minItems": 900, "items": {"enum": list(899, |index| json!(index))}}),
            json!(false),
            Answer::NotEscaping,
        ),
        pair(
            "as many different elements as an enum has values",
            json!({"type": "array", "uniqueItems": true, "minItems": 900, "items": {"enum": list(900, |index| json!({"a": index}))}}),
            json!({"type": "string"}),
            Answer::NotContained,
        ),
        pair(
            "many kinds of elements, all counted",
            json!({"type": "array", "allOf": list(6, |index| json!({"contains": {"multipleOf": index + 2}, "minContains": 40,
                "maxContains": 41})), "items": {"type": "integer"}}),
            json!({"maxItems": 39}),
            Answer::NotContained,
        ),
        pair(
            "a thousand elements of a thousand each",
            nested(4, json!({"type": "string"}), |inner| json!({"type": "array", "minItems": 1_000, "items": inner})),
            json!({"type": "string"}),
            Answer::Unknown,
        ),
        pair(
            "a long tuple, repeated",
            json!({"type": "array", "prefixItems": list(500, |index| json!({"enum": [index, index + 1]})), "minItems": 500}),
            json!({"uniqueItems": true}),
            Answer::NotContained,
        ),
        pair(
            "a long tuple of different elements",
            json!({"type": "array", "prefixItems": list(500, |index| json!({"enum": [index, index + 1]})), "minItems": 500,
                "maxItems": 500, "uniqueItems": true}),
            json!({"prefixItems": list(500, |index| json!({"maximum": index + 1}))}),
            Answer::NotEscaping,
        ),
        pair(
            "not this one long array",
            json!({"type": "array", "items": {"type": "integer"}}),
            json!({"not": {"const": list(50_000, |index| json!(index))}}),
            Answer::Escapes,
        ),
        pair(
            "an array of very many elements",
            json!({"type": "array", "minItems": 1_000_000_000_000_u64}),
            json!({"minItems": 1_000_000_000_001_u64}),
            Answer::NotContained,
        ),
    ]
}

fn objects() -> Vec<Pair> {
    vec![
        pair(
            "objects of two objects, forty deep",
            doubling(
                40,
                json!({"type": "string"}),
                |next| json!({"type": "object", "required": ["a", "b"], "properties": {"a": {"$ref": next}, "b": {"$ref": next}}}),
            ),
            json!({"type": "string"}),
            Answer::Unknown,
        ),
        pair(
            "objects of two objects, sixteen deep",
            doubling(
                16,
                json!({"type": "string"}),
                |next| json!({"type": "object", "required": ["a", "b"], "properties": {"a": {"$ref": next}, "b": {"$ref": next}}}),
            ),
            json!({"type": "string"}),
            Answer::NotContained,
        ),
        pair(
            "two references to the same, forty deep",
            doubling(40, json!({"type": "integer", "minimum": 1}), |next| json!({"allOf": [{"$ref": next}, {"$ref": next}]})),
            json!({"minimum": 2}),
            Answer::NotContained,
        ),
        pair(
            "two alternatives that are the same, forty deep",
            doubling(
                40,
                json!({"type": "integer", "minimum": 1}),
                |next| json!({"anyOf": [{"$ref": next}, {"allOf": [{"$ref": next}, {"maximum": 9}]}]}),
            ),
            json!({"minimum": 2}),
            Answer::NotContained,
        ),
        pair(
            "overlapping patterns of keys",
            json!({"type": "object", "patternProperties": Value::Object((0..10).map(|at|
                (format!("^.{{{at},{}}}[a-{}]", at + 5, char::from(b'c' + at)), json!({"maximum": at}))).collect::<Map<_, _>>())}),
            json!({"patternProperties": Value::Object((0..10).map(|at|
                (format!("^.{{{at},{}}}[b-{}]", at + 5, char::from(b'd' + at)), json!({"maximum": at + 1}))).collect::<Map<_, _>>())}),
            Answer::NotContained,
        ),
        pair(
            "two thousand keys of a pattern",
            json!({"type": "object", "propertyNames": {"pattern": "^[a-z]{2,3}$"}, "minProperties": 2_000}),
            json!({"maxProperties": 1_999}),
            Answer::NotContained,
        ),
        pair(
            "more keys than there are names",
            json!({"type": "object", "propertyNames": {"pattern": "^[ab]{1,9}$"}, "minProperties": 1_023}),
            json!(false),
            Answer::NotEscaping,
        ),
        pair(
            "sixty thousand properties, one of them narrower",
            json!({"type": "object", "properties": named(60_000, |index| json!({"type": "integer", "maximum": index, "title": "one"}))}),
            json!({"type": "object", "properties": named(60_000, |index| json!({"type": "integer", "maximum": index - index / 59_999}))}),
            Answer::Unknown,
        ),
        pair(
            "sixty thousand required properties",
            json!({"type": "object", "properties": named(60_000, |index| json!({"type": "integer", "maximum": index})),
                "required": list(60_000, |index| json!(format!("k{index}")))}),
            json!({"maxProperties": 59_999}),
            Answer::Unknown,
        ),
        pair(
            "what is unevaluated beside many alternatives",
            json!({"type": "object", "anyOf": list(60, |index| json!({"properties": {format!("k{index}"): {"type": "integer"}},
                "required": [format!("k{}", index * 3 % 60)]})), "unevaluatedProperties": false}),
            json!({"type": "object", "anyOf": list(60, |index| json!({"properties": {format!("k{index}"): {"type": "number"}},
                "required": [format!("k{}", index * 3 % 60)]})), "unevaluatedProperties": false}),
            Answer::NotEscaping,
        ),
        pair(
            "a tree that is defined in many ways",
            json!({"$defs": {"t": {"anyOf": list(8, |index| json!({"type": "object", "required": [format!("k{index}")],
                "properties": {format!("k{index}"): {"$ref": "#/$defs/t"}, format!("k{}", (index + 1) % 8): {"$ref": "#/$defs/t"}}}))}},
                "$ref": "#/$defs/t"}),
            json!({"$defs": {"t": {"anyOf": list(8, |index| json!({"type": "object", "required": [format!("k{index}")],
                "properties": {format!("k{}", (index + 1) % 8): {"$ref": "#/$defs/t"}, format!("k{}", (index + 2) % 8): {"$ref": "#/$defs/t"}}}))}},
                "$ref": "#/$defs/t"}),
            Answer::NotEscaping,
        ),
        pair(
            "references that lead nowhere, ten thousand of them",
            json!({"properties": named(10_000, |index| json!({"$ref": format!("#/$defs/{index}")}))}),
            json!({"required": ["a"]}),
            Answer::NotContained,
        ),
        pair(
            "resources that each refer to the next one in two ways",
            json!({"$ref": "http://x.test/r0", "$defs": named(24, |index| {
                let next = |part: &str| json!({"$ref": format!("http://x.test/r{}{part}", index + 1)});
                let parts = if index == 23 { json!([{"maximum": 1}]) } else { json!([next(""), next("#/$defs/same")]) };
                json!({"$id": format!("http://x.test/r{index}"), "allOf": parts, "$defs": {"same": {"allOf": parts}}})
            })}),
            json!({"type": "string"}),
            Answer::NotContained,
        ),
        pair(
            "a chain of five thousand references",
            json!({"$ref": "#/$defs/k0", "$defs": named(5_000, |index| if index == 4_999 { json!({"type": "integer"}) } else {
                json!({"$ref": format!("#/$defs/k{}", index + 1)}) })}),
            json!({"type": "string"}),
            Answer::NotContained,
        ),
        pair(
            "a chain of references that consume, five thousand long",
            json!({"$ref": "#/$defs/k0", "$defs": named(5_000, |index| if index == 4_999 { json!({"type": "integer"}) } else {
                json!({"type": "object", "required": ["a"], "properties": {"a": {"$ref": format!("#/$defs/k{}", index + 1)}}}) })}),
            json!({"type": "string"}),
            Answer::NotContained,
        ),
    ]
}

fn numbers_and_texts() -> Vec<Pair> {
    let primes =
        [1_000_003_u64, 1_000_033, 1_000_037, 1_000_039, 1_000_081, 1_000_099, 1_000_117, 1_000_121, 1_000_133, 1_000_151];
    let long: String = "ab".repeat(500_000);
    let mut words = String::new();
    for index in 0..700 {
        let _ = write!(words, "{}w{index}", if index == 0 { "" } else { "|" });
    }
    let pattern = |text: &str| json!({"type": "string", "pattern": text});
    vec![
        pair(
            "a multiple of many primes and of none of others",
            json!({"type": "integer", "allOf": primes[..5].iter().map(|prime| json!({"multipleOf": prime})).collect::<Value>(), "minimum": 1}),
            json!({"anyOf": primes[5..].iter().map(|prime| json!({"multipleOf": prime})).collect::<Value>()}),
            Answer::NotContained,
        ),
        pair(
            "multiples that go very far",
            json!({"type": "number", "multipleOf": serde_json::from_str::<Value>("1e4999").expect("a number")}),
            json!({"multipleOf": serde_json::from_str::<Value>("3e4998").expect("a number")}),
            Answer::NotContained,
        ),
        pair(
            "multiples that are very small",
            json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": serde_json::from_str::<Value>("1e-4998").expect("a number"),
                "multipleOf": serde_json::from_str::<Value>("7e-5000").expect("a number")}),
            json!({"type": "string"}),
            Answer::NotContained,
        ),
        pair(
            "numbers of a hundred thousand digits",
            json!({"type": "integer", "minimum": serde_json::from_str::<Value>(&"7".repeat(100_000)).expect("a number")}),
            json!({"minimum": serde_json::from_str::<Value>(&"8".repeat(100_000)).expect("a number")}),
            Answer::Unknown,
        ),
        pair(
            "a whole number that is none of very many",
            json!({"type": "integer", "minimum": 0, "maximum": 20_000}),
            json!({"enum": list(20_001, |index| json!(index))}),
            Answer::Contained,
        ),
        pair(
            "the last of very many whole numbers",
            json!({"type": "integer", "minimum": 0, "maximum": 20_000}),
            json!({"enum": list(20_000, |index| json!(index))}),
            Answer::Escapes,
        ),
        pair("a large counted repetition", pattern("^(a{1,10000}b{1,10000}){1,10000}$"), pattern("^(a|b)*$"), Answer::Unknown),
        pair("one count less", pattern("^a{1,10000}$"), pattern("^a{1,9999}$"), Answer::NotContained),
        pair("a character far from the end", pattern("^(a|b)*a(a|b){60}$"), pattern("^(a|b)*b(a|b){61}$"), Answer::NotContained),
        pair(
            "many demands ahead",
            pattern(&format!("^{}.*$", (0..26).map(|at| format!("(?=.*{})", char::from(b'a' + at))).collect::<String>())),
            pattern("^.{0,20}$"),
            Answer::NotContained,
        ),
        pair("many words", pattern(&format!("^({words})$")), pattern(&format!("^({words}|x)$")), Answer::Contained),
        pair(
            "many classes of letters",
            pattern("^(\\p{L}|\\p{Nd}|\\p{Script=Greek}|\\P{Lu}){50}$"),
            pattern("^(\\p{L}|\\p{N}|\\P{Lu}){49}$"),
            Answer::NotContained,
        ),
        pair(
            "two thousand letters, none of them needed",
            pattern(&format!("^{}$", "a?b?".repeat(990))),
            pattern("^[ab]*$"),
            Answer::NotEscaping,
        ),
        pair(
            "groups inside of groups",
            pattern(&format!("{}a{}", "(".repeat(55), ")*".repeat(55))),
            pattern("a"),
            Answer::NotContained,
        ),
        pair("repetition in repetition", pattern("^((a*)*b*)*c$"), pattern("^(([ab]*)*c?)*$"), Answer::Contained),
        pair("a long text and a pattern", json!({"const": long}), pattern("^(a|b)*b(a|b){6}$"), Answer::Contained),
        pair(
            "a text of any length",
            json!({"type": "string", "minLength": 19_999}),
            json!({"maxLength": 19_998}),
            Answer::NotContained,
        ),
        pair(
            "a text of a length and a pattern",
            json!({"type": "string", "minLength": 4_999, "pattern": "^[a-z]+$"}),
            json!({"maxLength": 4_998}),
            Answer::NotContained,
        ),
        pair(
            "none of very many words of a pattern",
            pattern("^[a-z]{1,3}$"),
            json!({"not": {"enum": list(5_000, |index| {
                let letter = |at: usize| char::from(b'a' + (at % 26) as u8);
                json!(format!("{}{}{}", letter(index), letter(index / 26), letter(index / 676)))
            })}}),
            Answer::NotContained,
        ),
        pair(
            "any but very many words of a pattern",
            json!({"type": "string", "pattern": "^[a-z]{1,3}$", "not": {"enum": list(5_000, |index| {
                let letter = |at: usize| char::from(b'a' + (at % 26) as u8);
                json!(format!("{}{}{}", letter(index), letter(index / 26), letter(index / 676)))
            })}}),
            json!({"minLength": 3}),
            Answer::NotContained,
        ),
    ]
}

fn ask(pair: &Pair, draft: Draft) -> (Verdict, Duration) {
    let prepared = |value: &Value| Document::new(value.clone(), Some(draft), &[]).expect("a schema");
    let (consumer, producer) = (prepared(&pair.consumer), prepared(&pair.producer));
    let start = spent();
    // Without optimisation a step takes many times as long.
    let options = if cfg!(debug_assertions) { Options { steps: 10_000 } } else { Options::default() };
    let verdict = prove::contains(&consumer, &producer, &options);
    (verdict, spent().saturating_sub(start))
}

/// The time that this thread has worked, which the machine's other work does not change; where that cannot be had, any time.
fn spent() -> Duration {
    let worked = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let worked = worked.and_then(|text| text.split(' ').next()?.parse().ok()).map(Duration::from_nanos);
    worked.unwrap_or_else(|| std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default())
}

fn write_down(pair: &Pair, folder: &Path) {
    let name = pair.name.replace([' ', ','], "-");
    for (side, value) in [("a", &pair.producer), ("b", &pair.consumer)] {
        let file = folder.join(format!("{name}.{side}.json"));
        std::fs::write(&file, value.to_string()).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
}

fn check(pairs: Vec<Pair>) {
    let only = std::env::var("ONLY").ok();
    let mut wrong = Vec::new();
    for pair in pairs {
        if only.as_ref().is_some_and(|only| !pair.name.contains(only.as_str())) {
            continue;
        }
        if let Ok(folder) = std::env::var("DRIFTGATE_PAIRS") {
            write_down(&pair, Path::new(&folder));
            continue;
        }
        let (verdict, took) = ask(&pair, Draft::Draft202012);
        let mut told = match &verdict {
            Verdict::Contained => "contained".to_owned(),
            Verdict::Escapes(witness) => format!("escapes with {} bytes", witness.payload().to_string().len()),
            Verdict::Unknown(reason) => format!("unknown: {reason}"),
        };
        told.truncate(160);
        println!("{took:>9.1?} {}: {told}", pair.name);
        let fits = match (&verdict, pair.answer) {
            (Verdict::Contained, Answer::Contained | Answer::NotEscaping)
            | (Verdict::Escapes(_), Answer::Escapes | Answer::NotContained)
            | (Verdict::Unknown(_), Answer::Unknown | Answer::NotContained | Answer::NotEscaping) => true,
            (Verdict::Unknown(_), _) => cfg!(debug_assertions),
            (Verdict::Contained | Verdict::Escapes(_), _) => false,
        };
        if !fits {
            wrong.push(pair.name);
        }
    }
    assert!(wrong.is_empty(), "not as they are: {wrong:?}");
}

#[test]
fn hostile_unions_end_within_the_budgets() {
    check(unions());
}

#[test]
fn hostile_arrays_end_within_the_budgets() {
    check(arrays());
}

#[test]
fn hostile_objects_end_within_the_budgets() {
    check(objects());
}

#[test]
fn hostile_numbers_and_texts_end_within_the_budgets() {
    check(numbers_and_texts());
}

#[test]
fn hostile_products_of_objects_end_within_the_budgets() {
    check(products::of_objects());
}

#[test]
fn hostile_products_of_elements_and_scalars_end_within_the_budgets() {
    check(products::of_elements_and_scalars());
}
