//! Keywords that multiply each other: each of them is harmless, and what they come to together is not.

use serde_json::{Map, Value, json};

use super::Answer::{Escapes, NotContained, NotEscaping};
use super::{Pair, doubling, list, named, nested, pair};

fn number(text: &str) -> Value {
    serde_json::from_str(text).expect("a number")
}

fn each<T>(parts: &[T], value: impl Fn(&T) -> Value) -> Value {
    parts.iter().map(value).collect()
}

fn pattern(text: &str) -> Value {
    json!({"type": "string", "pattern": text})
}

fn keyed(entries: impl IntoIterator<Item = (String, Value)>) -> Value {
    Value::Object(entries.into_iter().collect::<Map<_, _>>())
}

/// A tree of conditions, each of which depends on the one above: `depth` levels deep.
fn conditions(depth: usize, at: usize, last: &dyn Fn(usize) -> Value) -> Value {
    if depth == 0 {
        return last(at);
    }
    json!({"if": {"required": [format!("k{}", at % 23)], "properties": {format!("k{}", at % 23): {"minimum": at}}},
        "then": conditions(depth - 1, 2 * at, last), "else": conditions(depth - 1, 2 * at + 1, last)})
}

/// Exactly one of twenty, three times one inside of the other.
fn exactly_one(depth: usize, at: usize, slack: usize) -> Value {
    list(20, |index| {
        let at = 20 * at + index;
        let own = json!({"properties": {format!("k{}", at % 31): {"minimum": index, "maximum": index + slack}}, "required": [format!("k{}", at % 29)]});
        if depth == 1 { own } else { json!({"allOf": [own, {"oneOf": exactly_one(depth - 1, at, slack)}]}) }
    })
}

pub(super) fn of_objects() -> Vec<Pair> {
    vec![
        pair(
            "a chain of references that each describe a value and a part of it",
            doubling(
                300,
                json!({"type": "object", "maxProperties": 9}),
                |next| json!({"allOf": [{"$ref": next}, {"properties": {"a": {"$ref": next}, "b": {"allOf": [{"$ref": next}, {"minProperties": 1}]}}}]}),
            ),
            doubling(
                300,
                json!({"type": "object", "maxProperties": 10}),
                |next| json!({"allOf": [{"$ref": next}, {"properties": {"a": {"$ref": next}, "b": {"allOf": [{"$ref": next}, {"minProperties": 1}]}}}]}),
            ),
            NotEscaping,
        ),
        pair(
            "a lattice of keys that depend on each other",
            json!({"type": "object", "minProperties": 1, "propertyNames": {"pattern": "^k[0-9]+$"}, "dependentSchemas": named(400, |index| json!({
                "anyOf": [{"required": [format!("k{}", (index * 2 + 1) % 400)]}, {"required": [format!("k{}", (index * 3 + 1) % 400)]}],
                "not": {"required": [format!("k{}", (index * 5 + 2) % 400)]}}))}),
            json!({"maxProperties": 1}),
            NotContained,
        ),
        pair(
            "a lattice of keys against one with a schema less",
            json!({"type": "object", "dependentSchemas": named(120, |index| json!({"required": [format!("k{}", (index * 7 + 1) % 120)],
                "properties": {format!("k{}", (index * 3) % 120): {"maximum": index}}}))}),
            json!({"type": "object", "dependentSchemas": named(119, |index| json!({"required": [format!("k{}", (index * 7 + 1) % 120)],
                "properties": {format!("k{}", (index * 3) % 120): {"maximum": index}}}))}),
            NotEscaping,
        ),
        pair(
            "exactly one of twenty, three levels deep",
            json!({"type": "object", "oneOf": exactly_one(3, 0, 1)}),
            json!({"type": "object", "oneOf": exactly_one(3, 0, 2)}),
            NotContained,
        ),
        pair(
            "exactly one of twenty, three levels deep, against any of them",
            json!({"type": "object", "oneOf": exactly_one(3, 0, 1)}),
            json!({"type": "object", "anyOf": exactly_one(3, 0, 1)}),
            NotEscaping,
        ),
        pair(
            "keys of many lengths at once",
            json!({"type": "object", "allOf": each(&[2, 3, 5, 7, 11, 13, 17, 19], |prime| json!({"propertyNames": {"pattern": format!("^(.{{{prime}}})*$")}})),
                "minProperties": 2}),
            json!({"maxProperties": 2}),
            NotContained,
        ),
        pair(
            "patterns of keys that overlap in all ways",
            json!({"type": "object", "patternProperties": keyed((0..14).map(|at| (format!("{}", char::from(b'a' + at)), json!({"multipleOf": at + 2})))),
                "additionalProperties": false}),
            json!({"type": "object", "patternProperties": keyed((0..14).map(|at| (format!("{}", char::from(b'a' + at)), json!({"multipleOf": at + 2})))),
                "propertyNames": {"pattern": "^[a-n]*$"}}),
            NotContained,
        ),
        pair(
            "what is unevaluated beside twenty times three alternatives",
            json!({"type": "object", "allOf": list(20, |at| json!({"anyOf": list(3, |index| json!({
                "properties": {format!("k{}", 3 * at + index): {"type": "integer"}}, "required": [format!("k{}", 3 * at + index)]}))})),
                "unevaluatedProperties": false}),
            json!({"type": "object", "propertyNames": {"enum": list(60, |at| json!(format!("k{at}")))}}),
            NotEscaping,
        ),
        pair(
            "what is unevaluated, against the same with a wider rest",
            json!({"type": "object", "allOf": list(20, |at| json!({"anyOf": list(3, |index| json!({
                "properties": {format!("k{}", 3 * at + index): {"type": "integer"}}, "required": [format!("k{}", 3 * at + index)]}))})),
                "unevaluatedProperties": {"type": "string"}}),
            json!({"type": "object", "allOf": list(20, |at| json!({"anyOf": list(3, |index| json!({
                "properties": {format!("k{}", 3 * at + index): {"type": "integer"}}, "required": [format!("k{}", 3 * at + index)]}))})),
                "unevaluatedProperties": {"type": ["string", "null"]}}),
            NotEscaping,
        ),
        pair(
            "what is unevaluated, thirty levels deep",
            nested(30, json!({"type": "object", "properties": {"z": {"type": "string"}}}), |inner| {
                json!({"type": "object",
                "anyOf": [{"properties": {"a": inner}}, {"properties": {"b": {"type": "integer"}}, "required": ["b"]}], "unevaluatedProperties": false})
            }),
            nested(30, json!({"type": "object", "properties": {"z": {"type": "integer"}}}), |inner| {
                json!({"type": "object",
                "anyOf": [{"properties": {"a": inner}}, {"properties": {"b": {"type": "integer"}}, "required": ["b"]}], "unevaluatedProperties": false})
            }),
            NotContained,
        ),
        pair(
            "a hundred thousand properties",
            json!({"type": "object", "properties": named(100_000, |_| json!({"type": "integer"}))}),
            json!({"type": "object", "properties": named(100_000, |index| if index == 77_777 { json!({"type": "string"}) } else { json!({"type": "integer"}) })}),
            NotContained,
        ),
        pair(
            "a hundred thousand properties, and no others",
            json!({"type": "object", "properties": named(100_000, |_| json!(true)), "additionalProperties": false}),
            json!({"type": "object", "propertyNames": {"pattern": "^k[0-9]{1,5}$"}}),
            NotEscaping,
        ),
        pair(
            "a tree of conditions, twelve levels deep",
            json!({"type": "object", "allOf": [conditions(12, 1, &|at| json!({"maxProperties": at % 7 + 2}))]}),
            json!({"type": "object", "allOf": [conditions(12, 1, &|at| json!({"maxProperties": at % 7 + 3}))]}),
            NotEscaping,
        ),
        pair(
            "a tree of conditions, twelve levels deep, one end of it narrower",
            json!({"type": "object", "allOf": [conditions(12, 1, &|at| json!({"maxProperties": at % 7 + 2}))]}),
            json!({"type": "object", "allOf": [conditions(12, 1, &|at| json!({"maxProperties": at % 7 + if at == 8_191 { 1 } else { 2 }}))]}),
            NotContained,
        ),
        pair(
            "conditions inside of conditions' conditions",
            nested(18, json!({"required": ["a"]}), |inner| {
                json!({"if": inner, "then": {"if": inner, "then": {"minProperties": 1}, "else": {"required": ["b"]}},
                "else": {"required": ["c"]}})
            }),
            json!({"required": ["a", "b", "c"]}),
            NotContained,
        ),
        pair(
            "forty kinds, each with its own conditions",
            json!({"type": "object", "required": ["kind"], "properties": {"kind": {"enum": list(40, |at| json!(format!("kind{at}")))}},
                "allOf": list(40, |at| json!({"if": {"properties": {"kind": {"const": format!("kind{at}")}}}, "then": {"required": [format!("k{at}")],
                    "properties": {format!("k{at}"): {"type": "integer", "maximum": 10}}}}))}),
            json!({"type": "object", "oneOf": list(40, |at| json!({"properties": {"kind": {"const": format!("kind{at}")}, format!("k{at}"): {"maximum": 20}},
                "required": ["kind", format!("k{at}")]}))}),
            NotEscaping,
        ),
        pair(
            "thirty times one of two keys",
            json!({"type": "object", "allOf": list(30, |at| json!({"oneOf": [{"required": [format!("a{at}")]}, {"required": [format!("b{at}")]}]}))}),
            json!({"minProperties": 30}),
            NotEscaping,
        ),
        pair(
            "none of a product of alternatives",
            json!({"type": "object", "not": {"allOf": list(40, |at| json!({"anyOf": list(4, |index| json!({"required": [format!("k{}", 4 * at + index)]}))}))}}),
            json!({"not": {"allOf": list(40, |at| json!({"anyOf": list(3, |index| json!({"required": [format!("k{}", 4 * at + index)]}))}))}}),
            NotEscaping,
        ),
        pair(
            "no, no, no, forty times",
            nested(
                41,
                json!({"type": "object", "required": ["a"]}),
                |inner| json!({"not": {"allOf": [inner, {"type": "object"}]}}),
            ),
            nested(
                41,
                json!({"type": "object", "required": ["b"]}),
                |inner| json!({"not": {"allOf": [inner, {"type": "object"}]}}),
            ),
            NotContained,
        ),
        pair(
            "all but one of five thousand names",
            json!({"type": "object", "propertyNames": {"enum": list(5_000, |at| json!(format!("k{at}")))}, "minProperties": 4_999}),
            json!({"required": list(2, |at| json!(format!("k{at}")))}),
            NotContained,
        ),
        pair(
            "twenty thousand required keys of no schema",
            json!({"type": "object", "required": list(20_000, |at| json!(format!("k{at}")))}),
            json!({"required": list(20_001, |at| json!(format!("k{at}")))}),
            NotContained,
        ),
        pair(
            "two hundred wide forms, closed, and each a little wider",
            json!({"anyOf": list(200, |at| json!({"type": "object", "properties": keyed((0..20).map(|key| (format!("k{}", at + key), json!({"type": "integer", "maximum": at})))),
                "required": [format!("k{at}")], "additionalProperties": false}))}),
            json!({"anyOf": list(200, |at| json!({"type": "object", "properties": keyed((0..21).map(|key| (format!("k{}", at + key), json!({"type": "integer", "maximum": at + 1})))),
                "required": [format!("k{at}")], "additionalProperties": false}))}),
            NotEscaping,
        ),
        pair(
            "thirty definitions that each are any five of them",
            json!({"$ref": "#/$defs/k0", "$defs": named(30, |at| json!({"anyOf": list(5, |index| json!({"type": "object", "required": [format!("p{index}")],
                "properties": {format!("p{index}"): {"$ref": format!("#/$defs/k{}", (at * 7 + index * 11 + 1) % 30)}}})).as_array().into_iter().flatten().cloned()
                .chain([json!({"type": "string", "maxLength": at})]).collect::<Vec<_>>()}))}),
            json!({"$ref": "#/$defs/k0", "$defs": named(30, |at| json!({"anyOf": list(5, |index| json!({"type": "object", "required": [format!("p{index}")],
                "properties": {format!("p{index}"): {"$ref": format!("#/$defs/k{}", (at * 7 + index * 11 + 1) % 30)}}})).as_array().into_iter().flatten().cloned()
                .chain([json!({"type": "string", "maxLength": at + 1})]).collect::<Vec<_>>()}))}),
            NotEscaping,
        ),
        pair(
            "a tree that is overridden thirty times",
            json!({"$id": "http://x.test/tree", "$ref": "http://x.test/t0", "$defs": named(30, |at| json!({"$id": format!("http://x.test/t{at}"), "$dynamicAnchor": "node",
                "type": "object", "properties": {"next": {"$dynamicRef": "#node"}, "own": {"$ref": format!("http://x.test/t{}", (at + 1) % 30)}}}))}),
            json!({"properties": {"next": {"properties": {"own": {"properties": {"next": {"type": "object"}}}}}}}),
            NotEscaping,
        ),
    ]
}

pub(super) fn of_elements_and_scalars() -> Vec<Pair> {
    vec![
        pair(
            "five thousand numbers and not five thousand others",
            json!({"enum": list(5_000, |at| json!(2 * at))}),
            json!({"not": {"enum": list(5_000, |at| json!(if at == 4_321 { 8_642 } else { 2 * at + 1 }))}}),
            Escapes,
        ),
        pair(
            "lists of none of five thousand values",
            json!({"type": "array", "items": {"enum": list(5_000, |at| json!(format!("v{at}")))}, "minItems": 1}),
            json!({"type": "array", "contains": {"not": {"enum": list(4_999, |at| json!(format!("v{at}")))}}}),
            Escapes,
        ),
        pair(
            "different elements of which many are of two kinds",
            json!({"type": "array", "uniqueItems": true, "items": {"enum": list(60, |at| json!(at))}, "maxItems": 30, "allOf": [
                {"contains": {"maximum": 34}, "minContains": 20}, {"contains": {"minimum": 25}, "minContains": 20}]}),
            json!({"contains": {"minimum": 25, "maximum": 34}, "minContains": 10}),
            NotEscaping,
        ),
        pair(
            "different elements of which too many are of two kinds",
            json!({"type": "array", "uniqueItems": true, "items": {"enum": list(60, |at| json!(at))}, "maxItems": 24, "allOf": [
                {"contains": {"maximum": 30}, "minContains": 20}, {"contains": {"minimum": 29}, "minContains": 20}]}),
            json!(false),
            NotEscaping,
        ),
        pair(
            "counts of twelve kinds that overlap",
            json!({"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 4095}, "allOf": list(12, |at| json!({
                "contains": {"multipleOf": at + 2}, "minContains": at + 1, "maxContains": 2 * at + 9}))}),
            json!({"maxItems": 30}),
            NotContained,
        ),
        pair(
            "twelve positions and eleven values, all different",
            json!({"type": "array", "prefixItems": list(12, |_| json!({"enum": list(11, |at| json!({"v": at}))})), "minItems": 12, "uniqueItems": true}),
            json!(false),
            NotEscaping,
        ),
        pair(
            "positions that may be many things, against a count of one of them",
            json!({"type": "array", "prefixItems": list(40, |at| json!({"anyOf": [{"const": at}, {"const": at + 1}, {"type": "string"}]})), "minItems": 40}),
            json!({"contains": {"type": "string"}, "minContains": 20}),
            NotContained,
        ),
        pair(
            "elements that are unevaluated beside many alternatives",
            json!({"type": "array", "allOf": list(16, |at| json!({"anyOf": [{"prefixItems": list(at + 1, |_| json!({"type": "integer"}))},
                {"contains": {"const": at}}, {"maxItems": at}]})), "unevaluatedItems": false}),
            json!({"items": {"type": "integer"}}),
            NotEscaping,
        ),
        pair(
            "an enum of long lists",
            json!({"enum": list(1_000, |at| list(100, |index| json!(at * index)))}),
            json!({"type": "array", "items": {"type": "integer"}, "not": {"contains": {"const": 98_901}}}),
            Escapes,
        ),
        pair(
            "a list of twenty thousand objects",
            json!({"type": "array", "items": {"type": "object"}, "minItems": 1}),
            json!({"not": {"const": list(20_000, |at| json!({"id": at, "name": format!("name {at}")}))}}),
            Escapes,
        ),
        pair(
            "multiples of huge numbers that have nothing in common",
            json!({"type": "integer", "minimum": 1, "allOf": each(&["1000000000000000000000000000057", "1000000000000000000000000000099", "1000000000000000000000000000121",
                "1000000000000000000000000000127", "1000000000000000000000000000133", "1000000000000000000000000000141"], |text| json!({"multipleOf": number(text)}))}),
            json!({"multipleOf": 7}),
            NotContained,
        ),
        pair(
            "multiples of three hundred numbers",
            json!({"type": "integer", "minimum": 1, "allOf": list(300, |at| json!({"multipleOf": 1_000_003 + 2 * at}))}),
            json!({"maximum": number("1e1500")}),
            NotContained,
        ),
        pair(
            "none of three hundred multiples",
            json!({"type": "integer", "minimum": 1, "maximum": 1_000_000, "not": {"anyOf": list(300, |at| json!({"multipleOf": at + 2}))}}),
            json!({"anyOf": [{"maximum": 1}, {"minimum": 307}]}),
            NotEscaping,
        ),
        pair(
            "fractions of three hundred places",
            json!({"type": "number", "multipleOf": number("1e-300"), "exclusiveMinimum": 0, "exclusiveMaximum": 1}),
            json!({"anyOf": [{"multipleOf": number("0.1")}, {"multipleOf": number("3e-299")}]}),
            NotContained,
        ),
        pair(
            "exactly one of sixty ranges that overlap",
            json!({"type": "integer", "oneOf": list(60, |at| json!({"minimum": 7 * at, "maximum": 7 * at + 9}))}),
            json!({"oneOf": list(60, |at| json!({"minimum": 7 * at, "maximum": 7 * at + 8}))}),
            NotContained,
        ),
        pair(
            "texts of many lengths at once",
            json!({"type": "string", "minLength": 1, "allOf": each(&[2, 3, 5, 7, 11, 13, 17, 19, 23], |prime| json!({"pattern": format!("^(.{{{prime}}})*$")}))}),
            json!({"minLength": 223_092_870}),
            NotEscaping,
        ),
        pair(
            "texts of none of twenty patterns",
            json!({"type": "string", "not": {"anyOf": list(20, |at| json!({"pattern": format!("{0}.{{0,6}}{1}", char::from(b'a' + at as u8), char::from(b'b' + at as u8))}))}}),
            json!({"not": {"anyOf": list(20, |at| json!({"pattern": format!("{0}.{{0,5}}{1}", char::from(b'a' + at as u8), char::from(b'b' + at as u8))}))}}),
            NotEscaping,
        ),
        pair(
            "a very long text at most, and a pattern that says the same of fewer",
            json!({"type": "string", "maxLength": 1_000_000}),
            pattern("^[^]{0,5000}$"),
            NotContained,
        ),
        pair(
            "five alternatives of a type, seven levels deep",
            nested(7, json!({"type": "string"}), |inner| {
                json!({"anyOf": [{"type": "array", "items": inner}, {"type": "object", "additionalProperties": inner},
                {"type": "array", "contains": inner}, {"type": "object", "propertyNames": {"maxLength": 3}, "properties": {"a": inner}}, inner]})
            }),
            nested(7, json!({"type": "string"}), |inner| {
                json!({"anyOf": [{"type": "array", "items": inner}, {"type": "object", "additionalProperties": inner},
                {"type": "array", "contains": inner}, {"type": "object", "properties": {"a": inner}}, inner]})
            }),
            NotEscaping,
        ),
    ]
}
