use std::collections::BTreeMap;

use super::super::tests::corpus;
use super::*;

fn suite_dialect(folder: &str) -> Option<Dialect> {
    match folder {
        "draft4" => Some(Dialect::Draft4),
        "draft6" => Some(Dialect::Draft6),
        "draft7" => Some(Dialect::Draft7),
        "draft2019-09" => Some(Dialect::Draft2019),
        "draft2020-12" => Some(Dialect::Draft2020),
        _ => None,
    }
}

fn draft(dialect: Dialect) -> jsonschema::Draft {
    match dialect {
        Dialect::Draft4 | Dialect::OpenApi30 => jsonschema::Draft::Draft4,
        Dialect::Draft6 => jsonschema::Draft::Draft6,
        Dialect::Draft7 => jsonschema::Draft::Draft7,
        Dialect::Draft2019 => jsonschema::Draft::Draft201909,
        Dialect::Draft2020 => jsonschema::Draft::Draft202012,
    }
}

/// What the rewriting to 2020-12 cannot keep, with the reason.
const KNOWN_DIFFERENCES: &[(&str, &str)] =
    &[("draft4/zeroTerminatedFloats.json", "in draft 4 1.0 is no integer, in 2020-12 it is one")];

/// The official test suite through our reading of a schema and back out again: an instance valid before is valid after. Schemas
/// with holes promise nothing, and are counted.
#[test]
fn what_was_valid_stays_valid_when_a_schema_is_rewritten() {
    let Some(files) = corpus("json-schema-test-suite") else { return };
    let mut wrong: Vec<String> = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (path, text) in &files {
        let Some(folder) = path.split('/').find(|part| suite_dialect(part).is_some()) else { continue };
        if path.contains("/optional/") || !path.contains("tests/") && path.contains("remotes") {
            continue;
        }
        let dialect = suite_dialect(folder).expect("`find` has looked");
        let name = &path[path.find(folder).expect("it is in the path")..];
        if KNOWN_DIFFERENCES.iter().any(|(known, _)| *known == name) {
            continue;
        }
        let Ok(Value::Array(groups)) = serde_json::from_str::<Value>(text) else { continue };
        for group in groups {
            let schema = group["schema"].to_string();
            let file = RepoPath::new("schemas/a.json");
            let sources = Sources::read(&[(file.clone(), schema.as_str())]);
            let Some(Ok(document)) = sources.get(&file) else {
                wrong.push(format!("{name}: {}: was not read", group["description"]));
                continue;
            };
            let Ok(before) = jsonschema::options().with_draft(draft(dialect)).build(&group["schema"]) else {
                *counts.entry("schemas that the validator refuses").or_default() += 1;
                continue;
            };
            let mut bundler = Bundler::new(&sources);
            let place = Place { document: Arc::clone(document), pointer: String::new() };
            let copied = Copying::new(&mut bundler, place, dialect).run();
            let copied = bundler.with_complaints(copied);
            if !copied.holes().is_empty() {
                *counts.entry("schemas with holes").or_default() += 1;
                continue;
            }
            let after = match jsonschema::options().with_draft(jsonschema::Draft::Draft202012).build(&copied.document) {
                Ok(after) => after,
                Err(error) => {
                    wrong.push(format!("{name}: {}: {error}: {}", group["description"], copied.document));
                    continue;
                }
            };
            *counts.entry("schemas").or_default() += 1;
            for case in group["tests"].as_array().into_iter().flatten() {
                if before.is_valid(&case["data"]) != after.is_valid(&case["data"]) {
                    wrong.push(format!(
                        "{name}: {}: {}: {} became {}",
                        group["description"], case["description"], group["schema"], copied.document
                    ));
                }
            }
        }
    }
    assert!(counts.get("schemas").copied().unwrap_or(0) > 1_000, "{counts:?}");
    assert!(wrong.is_empty(), "{} of {counts:?}: {wrong:#?}", wrong.len());
}
