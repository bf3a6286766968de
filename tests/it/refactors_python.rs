//! Changes of Python code that leave the JSON as it is give nothing; the same changes with a key renamed do.

use std::collections::BTreeMap;
use std::path::Path;

use driftgate::check::{Options, check};
use driftgate::finding::Finding;
use driftgate::snapshot::MemorySnapshot;

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
];

fn files(root: &Path, at: &Path, found: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(at).expect("the fixture is a folder") {
        let path = entry.expect("the folder can be listed").path();
        if path.is_dir() {
            files(root, &path, found);
        } else {
            let name = path.strip_prefix(root).expect("it stands below the root").to_string_lossy().replace('\\', "/");
            found.insert(name, std::fs::read_to_string(&path).expect("the fixture is text"));
        }
    }
}

fn side(name: &str, side: &str) -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/repos").join(format!("py-refactors-{name}")).join(side);
    let mut found = BTreeMap::new();
    files(&root, &root, &mut found);
    found
}

fn findings(base: &BTreeMap<String, String>, head: &BTreeMap<String, String>) -> Vec<Finding> {
    let snapshot =
        |files: &BTreeMap<String, String>| MemorySnapshot::new(files.iter().map(|(path, text)| (path, text.as_bytes())));
    check(&snapshot(base), &snapshot(head), &Options::default()).expect("the check runs").findings
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
