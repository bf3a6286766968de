//! Changes of Python code that leave the JSON as it is give nothing; the same changes with a key renamed do.

use std::collections::BTreeMap;

use driftgate::check::{Options, check};
use driftgate::finding::Finding;

use crate::sides::{files, memory};

const REFACTORS: &[&str] = &[
    "dict-to-model",
    "helper-extracted",
    "module-moved",
    "keyword-order",
    "dataclass-to-typeddict",
    "typeddict-to-model",
    "constant-moved",
    "f-string-to-format",
    "enum-to-str-enum",
    "function-to-class-method",
    "keyword-to-positional",
    "serializer-field-order",
    "dict-call-to-literal",
    "branches-to-table",
    "reads-to-parameters",
];

fn side(name: &str, side: &str) -> BTreeMap<String, String> {
    files(&format!("repos/py-refactors-{name}/{side}"))
}

fn findings(base: &BTreeMap<String, String>, head: &BTreeMap<String, String>) -> Vec<Finding> {
    check(&memory(base), &memory(head), &Options::default()).expect("the check runs").findings
}

#[test]
fn a_refactor_that_keeps_the_wire_form_gives_nothing() {
    for name in REFACTORS {
        let told: Vec<String> = findings(&side(name, "base"), &side(name, "head")).into_iter().map(|f| f.message).collect();
        assert_eq!(told, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn a_refactor_that_renames_a_read_key_on_the_way_is_found() {
    for name in REFACTORS {
        let mut head = side(name, "head");
        for (path, text) in &mut head {
            if !path.ends_with("consumer.py") {
                *text = text.replace("customerEmail", "customerMail");
            }
        }
        assert!(!findings(&side(name, "base"), &head).is_empty(), "{name}");
    }
}
