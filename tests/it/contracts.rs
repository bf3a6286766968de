//! `contracts record` and `contracts verify`, and repositories that are checked together.

use serde_json::Value;

use crate::program::Place;

const BILLING: &str = r#"
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InvoicePaid {
    pub invoice_id: String,
    pub amount_cents: u64,
    pub customer: Customer,
}

#[derive(Serialize)]
pub struct Customer {
    pub id: String,
}

pub async fn paid(bus: &EventBus, event: &InvoicePaid) {
    bus.publish("invoice.paid", event).await;
}
"#;

/// A reader of two fields, the second of them inside of an object.
const MAILER: &str = r#"
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Paid {
    pub invoice_id: String,
    pub customer: Payer,
    pub note: Option<String>,
}

#[derive(serde::Deserialize)]
pub struct Payer {
    pub id: String,
}

pub fn listen(bus: &EventBus) {
    bus.subscribe("invoice.paid", on_paid);
}

fn on_paid(event: Paid) {
    send(event);
}
"#;

fn manifest(name: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n")
}

fn two_services() -> Place {
    let place = Place::repository();
    place.write("billing/Cargo.toml", manifest("billing"));
    place.write("billing/src/lib.rs", BILLING);
    place.write("mailer/Cargo.toml", manifest("mailer"));
    place.write("mailer/src/lib.rs", MAILER);
    place
}

fn text(place: &Place, file: &str) -> String {
    std::fs::read_to_string(place.dir.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn what_code_reads_becomes_a_contract_that_the_code_keeps() {
    let place = two_services();
    let said = place.run(&["contracts", "record", "--check"]).exits(1);
    assert!(said.out.contains("mailer reads `invoice.paid`, and has no contract  mailer/src/lib.rs:16:5"), "{}", said.out);
    assert!(!place.dir.join("contracts").exists(), "a check writes nothing");
    let said = place.run(&["contracts", "record", "--dry-run"]).exits(0);
    assert!(said.out.contains("+ consumer: mailer") && said.out.contains("1 file would be written"), "{}", said.out);
    assert!(!place.dir.join("contracts").exists(), "nothing is written by showing it");
    place.run(&["contracts", "record"]).exits(0);
    assert_eq!(
        text(&place, "contracts/mailer.yaml"),
        "# What mailer reads, recorded from its code by `driftgate contracts record`.\n\
         # Edit it freely: comments, order and stricter wishes are kept.\n\
         consumer: mailer\n\
         events:\n  \
           invoice.paid:\n    \
             fields:\n      \
               invoiceId: string\n      \
               customer:\n        \
                 fields:\n          \
                   id: string\n      \
               note?: string|null\n"
    );
    let said = place.run(&["contracts", "record", "--check"]).exits(0);
    assert_eq!(said.out, "every contract lists what its consumer reads\n");
    place.run(&["contracts", "verify"]).exits(0);
}

#[test]
fn a_contract_that_stands_there_keeps_every_byte_but_what_comes_in() {
    let place = two_services();
    let before = "# who: mailer team\nowner: \"@acme/mail\"   # ask first\nconsumer: mailer\n\nevents:\n\n  # the money\n  \
                  invoice.paid:\n    unknown-fields: ignore\n    fields:\n        # never empty\n        invoiceId: { type: string, \
                  minLength: 1 }   # strict\n\n# the end\n";
    place.write("contracts/who-mails.yaml", before);
    let said = place.run(&["contracts", "record"]).exits(0);
    assert!(said.out.contains("mailer reads `customer` of `invoice.paid`, which contracts/who-mails.yaml does not list"));
    assert!(said.out.contains("mailer/src/lib.rs:6:"), "{}", said.out);
    let after = text(&place, "contracts/who-mails.yaml");
    let added = "        customer:\n          fields:\n            id: string\n        note?: string|null\n";
    assert_eq!(after, before.replace("# strict\n", &format!("# strict\n{added}")));
    place.run(&["contracts", "record", "--check"]).exits(0);
    // With the line ends of another system, too.
    place.write("contracts/who-mails.yaml", before.replace('\n', "\r\n"));
    place.run(&["contracts", "record"]).exits(0);
    assert_eq!(text(&place, "contracts/who-mails.yaml"), after.replace('\n', "\r\n"));
}

#[test]
fn every_way_to_write_a_contract_can_be_extended() {
    let fields = "invoiceId: string";
    for (before, after) in [
        // A flow mapping on one line, a flow mapping over lines, none at all.
        (
            format!("consumer: mailer\nevents: {{ invoice.paid: {{ fields: {{ {fields} }} }} }}\n"),
            "consumer: mailer\nevents: { invoice.paid: { fields: { invoiceId: string, customer: { fields: { id: string } }, \
             note?: string|null } } }\n"
                .to_owned(),
        ),
        (
            "consumer: mailer\nevents:\n  invoice.paid:\n    fields: {}  # none yet\n".to_owned(),
            "consumer: mailer\nevents:\n  invoice.paid:\n    fields: # none yet\n      invoiceId: string\n      customer:\n        \
             fields:\n          id: string\n      note?: string|null\n"
                .to_owned(),
        ),
        (
            "consumer: mailer\nevents:\n  invoice.paid:\n    fields:\n".to_owned(),
            "consumer: mailer\nevents:\n  invoice.paid:\n    fields:\n      invoiceId: string\n      customer:\n        fields:\n          \
             id: string\n      note?: string|null\n"
                .to_owned(),
        ),
        // A word gives way to the fields that are read inside of it.
        (
            "consumer: mailer\nevents:\n  invoice.paid:\n    fields:\n      invoiceId: string\n      customer: object # whoever\n      \
             note?: string\n"
                .to_owned(),
            "consumer: mailer\nevents:\n  invoice.paid:\n    fields:\n      invoiceId: string\n      customer: { fields: { id: string } \
             } # whoever\n      note?: string\n"
                .to_owned(),
        ),
        // An event that it does not have yet, without a line break at the end of the file.
        (
            "consumer: mailer\nevents:\n  other.event:\n    fields:\n      a: string".to_owned(),
            "consumer: mailer\nevents:\n  other.event:\n    fields:\n      a: string\n  invoice.paid:\n    fields:\n      invoiceId: \
             string\n      customer:\n        fields:\n          id: string\n      note?: string|null"
                .to_owned(),
        ),
    ] {
        let place = two_services();
        place.write("contracts/mailer.yaml", &before);
        place.run(&["contracts", "record"]).exits(0);
        assert_eq!(text(&place, "contracts/mailer.yaml"), after, "from:\n{before}");
        place.run(&["contracts", "record", "--check"]).exits(0);
    }
    let place = two_services();
    place.write(
        "contracts/mailer.json",
        "{\n  \"consumer\": \"mailer\",\n  \"events\": {\n    \"invoice.paid\": {\n      \"fields\": {\n        \"invoiceId\": \
         \"string\"\n      }\n    }\n  }\n}\n",
    );
    place.run(&["contracts", "record"]).exits(0);
    let after = text(&place, "contracts/mailer.json");
    assert!(
        after.contains("\"invoiceId\": \"string\",\n        \"customer\": { \"fields\": { \"id\": \"string\" } },\n"),
        "{after}"
    );
    place.run(&["contracts", "record", "--check"]).exits(0);
}

#[test]
fn what_cannot_be_extended_is_left_alone_and_named() {
    let place = two_services();
    let schema = "consumer: mailer\nevents:\n  invoice.paid:\n    schema: { type: object, required: [invoiceId] }\n";
    place.write("contracts/mailer.yaml", schema);
    let said = place.run(&["contracts", "record"]).exits(0);
    assert!(said.out.contains("contracts/mailer.yaml has to be edited by hand:"), "{}", said.out);
    assert!(said.out.contains("it gives the event a schema, not `fields`"), "{}", said.out);
    assert_eq!(text(&place, "contracts/mailer.yaml"), schema);
    place.run(&["contracts", "record", "--check"]).exits(1);
}

#[test]
fn the_configuration_names_consumers_and_folders() {
    let place = two_services();
    place.write(
        "driftgate.toml",
        "[contracts]\npaths = [\"docs/promises/*.yaml\"]\n[contracts.consumers]\n\"mailer/**\" = \"post office\"\n",
    );
    place.run(&["contracts", "record"]).exits(0);
    assert!(text(&place, "docs/promises/post-office.yaml").contains("\nconsumer: \"post office\"\n"));
    place.run(&["contracts", "record", "--check"]).exits(0);
}

fn findings(report: &Value) -> Vec<String> {
    report["findings"]
        .as_array()
        .expect("findings is a list")
        .iter()
        .map(|one| {
            let part = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            format!("{} {} {} {} {}", part("severity"), part("status"), part("rule"), part("event"), part("path"))
        })
        .collect()
}

#[test]
fn verify_says_what_is_not_kept_without_any_change() {
    let place = two_services();
    place.write("contracts/mailer.yaml", "consumer: mailer\nevents:\n  invoice.paid:\n    fields:\n      invoiceId: string\n");
    place.write(
        "contracts/export.yaml",
        "consumer: export\nevents:\n  invoice.paid:\n    fields:\n      amountCents: string\n      currency: string\n",
    );
    place.write(
        "contracts/ledger.yaml",
        "consumer: ledger\nevents:\n  invoice.paid:\n    fields:\n      amountCents: integer\n      customer:\n        fields:\n          \
         id: string\n",
    );
    place.write(
        "schemas/invoice.paid.json",
        r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "required": ["invoiceId", "dueDate"],
            "properties": {"invoiceId": {"type": "string"}, "dueDate": {"type": "string"}}}"#,
    );
    place.write("driftgate.toml", "[[schema]]\nfiles = \"schemas/*.json\"\nevent = \"{stem}\"\n");
    place.commit("Promise");
    let said = place.run(&["contracts", "verify", "--format", "json"]).exits(1);
    let report = said.json();
    let found = findings(&report);
    for wanted in [
        "error new contracts-clash invoice.paid /amountCents",
        "error new contract-violated invoice.paid /dueDate",
        "error new consumer-reads-undeclared-field invoice.paid /customer",
        "warning new consumer-reads-undeclared-field invoice.paid /note",
    ] {
        assert!(found.iter().any(|one| one == wanted), "{wanted} is not in {found:#?}");
    }
    assert!(found.iter().any(|one| one.starts_with("error new contract-violated invoice.paid")), "{found:#?}");
    let said = place.run(&["contracts", "verify"]).exits(1);
    assert!(said.out.contains("export and ledger cannot both be given `invoice.paid`"), "{}", said.out);
    assert!(said.out.contains("Held the code against 4 promises"), "{}", said.out);
    assert!(!said.out.contains("driftgate accept"), "{}", said.out);
    // Nothing of it is new to a change.
    let said = place.run(&["check", "--base", "HEAD", "--format", "json"]).exits(0).json();
    assert!(findings(&said).iter().all(|one| one.contains(" known ")), "{said:#}");
}

#[test]
fn a_change_is_told_what_it_reads_beyond_its_contract() {
    let place = two_services();
    place.run(&["contracts", "record"]).exits(0);
    place.commit("Promise");
    place.write("mailer/src/lib.rs", MAILER.replace("    pub note:", "    pub amount_cents: u64,\n    pub note:"));
    let report = place.run(&["check", "--base", "HEAD", "--format", "json"]).exits(0).json();
    assert_eq!(findings(&report), ["warning new consumer-reads-undeclared-field invoice.paid /amountCents"]);
    place.run(&["contracts", "record"]).exits(0);
    place.run(&["contracts", "verify"]).exits(0);
}

#[test]
fn repositories_are_checked_together() {
    let mailer = Place::repository();
    mailer.write("Cargo.toml", manifest("mailer"));
    mailer.write("src/lib.rs", MAILER);
    let extract = mailer.run(&["extract", "--format", "json"]).exits(0).out;
    let place = Place::repository();
    place.write("Cargo.toml", manifest("billing"));
    place.write("src/lib.rs", BILLING);
    place.commit("Bill");
    place.write("src/lib.rs", BILLING.replace("invoice_id", "invoice_number"));
    std::fs::write(place.beside("mailer.json"), extract).expect("a file can be written");
    let with = place.beside("mailer.json").display().to_string();
    let report = place.run(&["check", "--base", "HEAD", "--with", &with, "--format", "json"]).exits(1).json();
    assert_eq!(
        findings(&report),
        ["error new field-removed invoice.paid /invoiceId", "note new field-added invoice.paid /invoiceNumber"]
    );
    let reader = &report["findings"][0]["consumers"][0];
    assert_eq!((reader["name"].as_str(), reader["via"].as_str()), (Some("mailer"), Some("code")));
    let said = place.run(&["check", "--base", "HEAD", "--with", &with]).exits(1);
    assert!(said.out.contains("the senders and readers of another repository take part:"), "{}", said.out);
    let said = place.run(&["who", "invoice.paid", "--with", &with]).exits(0);
    assert!(said.out.contains("[code]  src/lib.rs:16") && said.out.contains("mailer (/"), "{}", said.out);
    place.run(&["contracts", "verify", "--with", &with]).exits(1);
    place.write("src/lib.rs", BILLING);
    place.run(&["contracts", "verify", "--with", &with]).exits(0);
    // What is no extract ends the run.
    std::fs::write(place.beside("mailer.json"), "{}").expect("a file can be written");
    place.run(&["check", "--base", "HEAD", "--with", &with]).exits(2).complains(&["this is not what `driftgate extract` writes"]);
}

#[test]
fn contracts_of_a_second_checkout_count_and_are_named() {
    let place = Place::repository();
    place.write("src/lib.rs", BILLING);
    place.write("driftgate.toml", "[contracts]\npaths = [\"contracts\", \"../crm/contracts\", \"../gone\"]\n");
    place.commit("Bill");
    let folder = place.beside("crm/contracts");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    std::fs::write(folder.join("crm.yaml"), "consumer: crm\nevents:\n  invoice.paid:\n    fields:\n      invoiceId: string\n")
        .expect("a file can be written");
    place.write("src/lib.rs", BILLING.replace("    pub invoice_id: String,\n", ""));
    let said = place.run(&["check", "--base", "HEAD"]).exits(1);
    assert!(said.out.contains("contract read from outside of the repository: ../crm/contracts/crm.yaml"), "{}", said.out);
    assert!(said.out.contains("crm (contract), ../crm/contracts/crm.yaml:5"), "{}", said.out);
    assert!(said.out.contains("names contracts in `../gone`, and there is nothing"), "{}", said.out);
    place.run(&["contracts", "verify"]).exits(1);
    place.run(&["contracts", "list"]).exits(0);
}

/// A base class puts every task into an envelope, and the tasks read what is inside of it.
const TASKS: &str = r#"
import Bull from "bull";

const queue = new Bull("tasks", "redis://localhost");

export abstract class BaseTask<T> {
  public schedule(props: T) {
    return queue.add({ name: this.constructor.name, props });
  }
  public abstract perform(props: T): Promise<void>;
}

export async function run() {
  queue.process(async (job) => {
    const { name, props } = job.data;
    await new tasks[name]().perform(props);
  });
}
"#;

const CLEANUP: &str = r#"
import { BaseTask } from "./base";

export default class CleanupTask extends BaseTask<{ teamId: string; hard?: boolean }> {
  public async perform({ teamId }: { teamId: string; hard?: boolean }) {
    await remove(teamId);
  }
}

export async function deleted(team: { id: string }) {
  await new CleanupTask().schedule({ teamId: team.id });
}
"#;

#[test]
fn what_is_read_inside_of_an_envelope_is_recorded_there() {
    let place = Place::repository();
    place.write("package.json", r#"{"name": "wiki", "dependencies": {"bull": "4"}}"#);
    place.write("src/base.ts", TASKS);
    place.write("src/cleanup.ts", CLEANUP);
    place.run(&["contracts", "record"]).exits(0);
    let contract = text(&place, "contracts/wiki.yaml");
    assert!(
        contract.ends_with("events:\n  CleanupTask:\n    payload: /props\n    fields:\n      teamId: string\n"),
        "{contract}"
    );
    // What was just written down is kept.
    let said = place.run(&["contracts", "verify", "--format", "json"]).exits(0).json();
    assert_eq!(findings(&said), Vec::<String>::new());
    place.run(&["contracts", "record", "--check"]).exits(0);
    let more = CLEANUP.replace("{ teamId }", "{ teamId, hard }").replace("remove(teamId)", "remove(teamId, hard)");
    place.write("src/cleanup.ts", more);
    let said = place.run(&["contracts", "record", "--check"]).exits(1);
    assert!(said.out.contains("wiki reads `props.hard` of `CleanupTask`"), "{}", said.out);
    place.run(&["contracts", "record"]).exits(0);
    assert!(text(&place, "contracts/wiki.yaml").contains("      teamId: string\n      hard"));
    place.run(&["contracts", "record", "--check"]).exits(0);
}

#[test]
fn what_a_reader_takes_beside_the_names_it_knows_is_written_as_a_person_would() {
    let place = two_services();
    place.write(
        "mailer/src/lib.rs",
        r#"
#[derive(serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Plan { Trial, Pro, #[serde(other)] Unknown }

#[derive(serde::Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Source { Web { page: String }, Import { file: String }, #[serde(other)] Other }

#[derive(serde::Deserialize)]
pub struct Signup { pub plan: Plan, pub old: Option<Plan>, pub source: Source }

pub fn listen(bus: &EventBus) {
    bus.subscribe("user.signup", on_signup);
}

fn on_signup(event: Signup) {
    print(event);
}
"#,
    );
    place.run(&["contracts", "record"]).exits(0);
    expect_test::expect![[r#"
        # What mailer reads, recorded from its code by `driftgate contracts record`.
        # Edit it freely: comments, order and stricter wishes are kept.
        consumer: mailer
        events:
          user.signup:
            fields:
              plan: string
              old?: string|null
              source:
                anyOf:
                  - type: object
                    required: [kind, page]
                    properties: { kind: { const: web }, page: { type: string } }
                  - type: object
                    required: [kind, file]
                    properties: { file: { type: string }, kind: { const: import } }
                  - type: object
                    required: [kind]
                    properties: { kind: { type: string, not: { enum: [web, import] } } }
    "#]]
    .assert_eq(&text(&place, "contracts/mailer.yaml"));
    place.run(&["contracts", "record", "--check"]).exits(0);
    place.run(&["contracts", "verify"]).exits(0);
}

#[test]
fn one_cause_is_told_once() {
    let place = two_services();
    place.write("billing/src/lib.rs", BILLING.replace("    pub invoice_id: String,\n", ""));
    place.write(
        "contracts/mailer.yaml",
        "consumer: mailer\nevents:\n  invoice.paid:\n    fields:\n      invoiceId: string\n      customer: { fields: { id: string } }\n      \
         note?: string|null\n",
    );
    let report = place.run(&["contracts", "verify", "--format", "json"]).exits(1).json();
    assert_eq!(findings(&report), ["error new contract-violated invoice.paid /invoiceId"]);
    let readers: Vec<&str> =
        report["findings"][0]["consumers"].as_array().expect("a list").iter().filter_map(|one| one["via"].as_str()).collect();
    assert_eq!(readers, ["contract", "code"]);
}

/// The payload stands in its envelope as a text, in code and in documents.
#[test]
fn a_payload_that_is_a_text_in_its_envelope_is_held_against_its_readers() {
    let sender = "import { Kafka } from \"kafkajs\";\nconst producer = new Kafka({ brokers: [] }).producer();\n\
                  export async function paid(invoiceId: string) {\n  const data = JSON.stringify({ invoiceId });\n  await \
                  producer.send({ topic: \"invoice.paid\", messages: [{ value: JSON.stringify({ version: 1, data }) }] });\n}\n";
    let schema = "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"type\": \"object\", \"required\": [\"version\", \
                  \"data\"], \"properties\": {\"version\": {\"type\": \"integer\"}, \"data\": {\"type\": \"string\", \
                  \"contentMediaType\": \"application/json\",\n \"contentSchema\": {\"type\": \"object\", \"required\": \
                  [\"invoiceId\"], \"properties\": {\"invoiceId\": {\"type\": \"string\"}}}}}}";
    let place = Place::repository();
    place.write("src/paid.ts", sender);
    place.write(
        "contracts/crm.yaml",
        "consumer: crm\nevents:\n  invoice.paid:\n    payload: /data\n    fields:\n      invoiceId: string\n",
    );
    place.write("schemas/invoice.paid.json", schema);
    let rows = "[[envelope]]\npayload = \"/data\"\nencoding = \"json-text\"\n\n[[schema]]\nfiles = \"schemas/*.json\"\n";
    place.write("driftgate.toml", rows);
    place.commit("Pay");
    let said = place.run(&["contracts", "verify", "--format", "json"]).exits(0).json();
    assert_eq!((findings(&said), said["summary"]["unknown"].as_u64()), (Vec::new(), Some(0)));
    place.write("src/paid.ts", sender.replace("{ invoiceId }", "{ invoice_id: invoiceId }"));
    let report = place.run(&["check", "--base", "HEAD", "--format", "json"]).exits(1).json();
    assert_eq!(
        findings(&report),
        ["error new contract-violated invoice.paid /data/invoiceId", "error new field-renamed invoice.paid /data/invoiceId"]
    );
}

#[test]
fn contracts_of_a_second_checkout_count_in_the_past_as_well() {
    let place = Place::repository();
    place.write("src/lib.rs", BILLING);
    place.write("driftgate.toml", "[contracts]\npaths = [\"../crm/contracts\"]\n");
    place.commit("Bill");
    let folder = place.beside("crm/contracts");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    std::fs::write(folder.join("crm.yaml"), "consumer: crm\nevents:\n  invoice.paid:\n    fields:\n      invoiceId: string\n")
        .expect("a file can be written");
    place.write("src/lib.rs", BILLING.replace("    pub invoice_id: String,\n", ""));
    place.commit("Tidy up");
    let said = place.run(&["backtest", "--last", "1", "--format", "json"]).exits(0);
    let line: Value = serde_json::from_str(said.out.lines().next().expect("a line")).expect("JSON");
    assert_eq!(line["verdict"], "breaking");
    assert_eq!(line["findings"][0]["consumers"][0]["name"], "crm", "{line:#}");
    let said = place.run(&["backtest", "--last", "1"]).exits(0);
    assert!(said.out.contains("contract read from outside of the repository: ../crm/contracts/crm.yaml"), "{}", said.out);
    // From a folder of the repository, too.
    let said = place.run_in(&place.dir.join("src"), &["backtest", "--last", "1"]).exits(0);
    assert!(said.out.contains("../crm/contracts/crm.yaml"), "{}", said.out);
}
