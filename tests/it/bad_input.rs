//! Contracts and schemas that cannot be understood: each is named with its file and line, and the rest of the run goes on.

use serde_json::Value;

use crate::program::Place;

const SENDER: &str = "pub async fn paid(bus: &EventBus, id: String) {\n    bus.publish(\"order.paid\", serde_json::json!({ \"id\": id })).await;\n}\n";

const READER: &str = "consumer: mailer\nevents:\n  order.paid:\n    fields:\n      id: string\n";

/// What a check says of a file that comes in with a change that also breaks `mailer`: findings and diagnostics about the file.
fn said_of(file: &str, text: &str) -> Vec<String> {
    let place = Place::repository();
    place.write("src/lib.rs", SENDER);
    place.write("contracts/mailer.yaml", READER);
    place.commit("Begin");
    place.write("src/lib.rs", SENDER.replace("\"id\": id", "\"ref\": id"));
    place.write(file, text);
    let report = place.run(&["check", "--base", "HEAD", "--format", "json"]).exits(1).json();
    let list = |name: &str| report[name].as_array().expect("a list").clone();
    // Whatever is wrong with the file, what the change does to the reader is found.
    let broken: Vec<&str> = report["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|finding| finding["event"] == "order.paid" && finding["severity"] == "error")
        .filter_map(|finding| finding["path"].as_str())
        .collect();
    assert_eq!(broken, ["/id"], "{file}: {report:#}");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    list("findings")
        .iter()
        .filter(|finding| finding["head"]["file"] == file)
        .map(|finding| {
            format!(
                "{} line {}: {}; {}",
                text(&finding["rule"]),
                finding["head"]["line"],
                text(&finding["message"]),
                text(&finding["help"])
            )
        })
        .chain(
            list("diagnostics")
                .iter()
                .filter(|one| one["file"] == file)
                .map(|one| format!("{} line {}: {}", text(&one["severity"]), one["line"], text(&one["message"]))),
        )
        .collect()
}

#[track_caller]
fn says(file: &str, text: &str, parts: &[&str]) {
    let said = said_of(file, text);
    assert!(said.iter().any(|line| parts.iter().all(|part| line.contains(part))), "{parts:?} are not in {said:#?}");
}

#[test]
fn a_key_that_is_misspelt_gets_a_suggestion_and_its_line() {
    says(
        "contracts/crm.yaml",
        "consumer: crm\nevents:\n  order.paid:\n    feilds:\n      id: string\n",
        &["contract-unparseable line 4", "unknown key `feilds`", "did you mean `fields`"],
    );
}

#[test]
fn two_contracts_of_one_name_are_named_and_both_count() {
    says(
        "contracts/second.yaml",
        "consumer: mailer\nevents:\n  order.void:\n    fields: {}\n",
        &["warning line 1", "`mailer` has another contract in contracts/mailer.yaml"],
    );
}

#[test]
fn a_pact_of_an_unknown_version_is_said_to_be_one() {
    says(
        "pacts/a.json",
        "{\"consumer\": {\"name\": \"a\"}, \"provider\": {\"name\": \"b\"},\n\"interactions\": [],\n\"metadata\": {\"pactSpecification\": {\"version\": \"9.0\"}}}",
        &["line 3", "9.0"],
    );
}

#[test]
fn a_reference_of_a_specification_that_leads_nowhere_is_said_with_its_line() {
    says(
        "asyncapi/a.yaml",
        "asyncapi: 3.0.0\ninfo: { title: a, version: '1' }\nchannels:\n  orders:\n    address: order.paid\n    messages:\n      paid:\n        \
         payload:\n          $ref: ./gone.json\noperations:\n  read:\n    action: receive\n    channel: { $ref: '#/channels/orders' }\n",
        &["line 8", "gone.json"],
    );
}

#[test]
fn bombs_duplicates_and_tabs_are_refused_with_their_line() {
    let mut bomb = String::from("consumer: a\nevents:\n  x: &a0 { fields: { y: string } }\n");
    for level in 1..40 {
        let copies = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb.push_str(&format!("  x{level}: &a{level} [{copies}]\n"));
    }
    says("contracts/bomb.yaml", &bomb, &["contract-unparseable line", "alias"]);
    says(
        "contracts/twice.yaml",
        "consumer: a\nevents:\n  x:\n    fields:\n      id: string\n      id: integer\n",
        &["contract-unparseable line 6", "id"],
    );
    says("contracts/tab.yaml", "consumer: a\nevents:\n\tx: {}\n", &["contract-unparseable line 3", "spaces"]);
}

#[test]
fn a_schema_of_thirty_megabytes_is_refused_and_named() {
    let mut large = String::from("{\"type\": \"object\", \"description\": \"");
    large.push_str(&"x".repeat(30 << 20));
    large.push_str("\"}");
    let said = said_of("schemas/large.json", &large);
    assert!(said.iter().any(|line| line.contains("large") || line.contains("bytes") || line.contains("limit")), "{said:#?}");
    let said = said_of("contracts/large.json", &large);
    assert!(said.iter().any(|line| line.contains("bytes") || line.contains("limit")), "{said:#?}");
}
