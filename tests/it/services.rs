//! A repository of several services in three languages, with contracts in four forms: Rust billing, TypeScript signup and web,
//! Python CRM sync; their own YAML, JSON Schema, Pact, AsyncAPI. Each story is a change, and what is said of it is exact.

use expect_test::{Expect, expect};
use serde_json::Value;

use crate::program::{Place, copy, fixture};

/// The services at base, committed.
fn services() -> Place {
    let place = Place::repository();
    copy(&fixture("repos/services/base"), &place.dir);
    place.commit("Begin");
    place
}

fn lines(report: &Value) -> String {
    let mut out = String::new();
    for finding in report["findings"].as_array().expect("findings is a list") {
        let part = |name: &str| finding[name].as_str().unwrap_or_default();
        let mut readers: Vec<String> = finding["consumers"]
            .as_array()
            .expect("consumers is a list")
            .iter()
            .map(|reader| {
                let name = reader["name"].as_str().unwrap_or_default();
                let name = if reader["via"] == "base" { "(base)" } else { name };
                format!("{name} by {}", reader["via"].as_str().unwrap_or_default())
            })
            .collect();
        readers.dedup();
        let to = finding["to"].as_str().map(|to| format!(" to {to}")).unwrap_or_default();
        let place = &finding["head"];
        let file = place["file"].as_str().or_else(|| finding["base"]["file"].as_str()).unwrap_or("-");
        out.push_str(&format!(
            "{} {} {} {}{to} at {file}{}{}\n",
            part("severity"),
            part("rule"),
            part("event"),
            part("path"),
            if readers.is_empty() { String::new() } else { format!(" for {}", readers.join(", ")) },
            if part("status") == "new" { String::new() } else { format!(" ({})", part("status")) }
        ));
    }
    out
}

fn story(name: &str, code: i32, expected: Expect) {
    let place = services();
    copy(&fixture(&format!("repos/services/{name}")), &place.dir);
    let report = place.run(&["check", "--base", "HEAD", "--format", "json"]).exits(code).json();
    expected.assert_eq(&lines(&report));
}

#[test]
fn everybody_is_found_on_both_sides() {
    let place = services();
    let report = place.run(&["extract", "--format", "json"]).exits(0).json();
    let found: String = report["boundaries"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| {
            let part = |name: &str| one[name].as_str().unwrap_or("-").to_owned();
            let fields: Vec<String> =
                one["schema"]["properties"].as_object().map(|object| object.keys().cloned().collect()).unwrap_or_default();
            format!("{} {} {} [{}] {}\n", part("package"), part("role"), part("event"), part("channel"), fields.join(" "))
        })
        .collect();
    expect![[r#"
        billing producer invoice.paid [-] amountCents customerId invoiceId note status
        billing producer invoice.voided [-] invoiceId reason
        crm-sync consumer user.left [users] data type
        crm-sync consumer user.signup [users] data type
        signup producer user.signup [users] data type version
        signup producer user.left [users] data type version
        signup producer tenant.created [-] region tenantId
        web consumer invoice.paid [-] amountCents invoiceId note
        web consumer tenant.created [-] region tenantId
    "#]]
    .assert_eq(&found);
    let said = place.run(&["contracts", "list"]).exits(0).out;
    expect![[r#"
        analytics reads invoice.paid  [asyncapi]  asyncapi/analytics.yaml:9
        crm-sync (@acme/growth) reads user.signup  [contract]  contracts/crm-sync.yaml:5
        ledger reads invoice.voided  [pact]  pacts/ledger-billing.json:5
        schemas/events/invoice.paid.json sends invoice.paid  [schema]  schemas/events/invoice.paid.json:1
        4 promises in 4 files
    "#]]
    .assert_eq(&said);
    let said = place.run(&["contracts", "verify", "--format", "json"]).exits(0).json();
    expect![[r#""#]].assert_eq(&lines(&said));
    let said = place.run(&["who", "tenant.created.tenantId"]).exits(0).out;
    expect![[r#"
        tenantCreated (signup) sends `tenantId` of `tenant.created`  [code]  services/signup/src/tenants.ts:7, the field on line 8
        handler (web) reads `tenantId` of `tenant.created`  [code]  services/web/src/tenants.ts:4, the field on line 8
    "#]]
    .assert_eq(&said);
}

#[test]
fn a_lost_attribute_changes_the_casing_of_every_field() {
    story(
        "casing-lost",
        1,
        expect![[r#"
        error field-renamed invoice.paid  at services/billing/src/events.rs for analytics by asyncapi, web by code
        error contract-violated invoice.paid /amountCents at services/billing/src/lib.rs for schemas/events/invoice.paid.json by schema
    "#]],
    );
}

#[test]
fn a_plan_that_the_crm_does_not_know_is_sent() {
    story(
        "plan-added",
        1,
        expect![[r#"
        error enum-value-added user.signup /data/plan at services/signup/src/signup.ts for crm-sync by contract
    "#]],
    );
}

#[test]
fn a_field_is_renamed_under_a_reader_behind_a_queue_and_a_bus() {
    story(
        "tenant-renamed",
        1,
        expect![[r#"
        error field-renamed tenant.created /tenantId to /tenant at services/signup/src/tenants.ts for web by code
    "#]],
    );
}

#[test]
fn a_field_that_a_pact_asks_for_is_gone() {
    story(
        "reason-removed",
        1,
        expect![[r#"
        error field-removed invoice.voided /reason at services/billing/src/events.rs for ledger by pact
    "#]],
    );
}

#[test]
fn an_amount_becomes_a_text() {
    story(
        "amount-as-text",
        1,
        expect![[r#"
        error contract-violated invoice.paid /amountCents at services/billing/src/events.rs for schemas/events/invoice.paid.json by schema
        error type-changed invoice.paid /amountCents at services/billing/src/events.rs for analytics by asyncapi
    "#]],
    );
}

#[test]
fn a_contract_is_edited_to_fit_the_code() {
    story(
        "contract-follows-code",
        1,
        expect![[r#"
        error contract-loosened user.signup /data/email at contracts/crm-sync.yaml for crm-sync by contract
        error field-renamed user.signup /data/email to /data/mail at services/signup/src/signup.ts for crm-sync by contract, crm-sync by code
        warning consumer-reads-undeclared-field user.signup /data/email at services/crm/sync.py for crm-sync by contract
    "#]],
    );
}

#[test]
fn both_sides_of_a_queue_move_at_once() {
    story(
        "both-sides-move",
        1,
        expect![[r#"
        error required-field-added user.left /data/id at services/crm/sync.py for crm-sync by code
        error field-renamed user.left /data/userId to /data/id at services/signup/src/signup.ts for crm-sync by code
    "#]],
    );
}

#[test]
fn a_reader_asks_for_what_nobody_sends() {
    story(
        "reader-asks-for-more",
        1,
        expect![[r#"
        error required-field-added user.signup /data/seats at services/crm/sync.py for crm-sync by code
        warning consumer-reads-undeclared-field user.signup /data/seats at services/crm/sync.py for crm-sync by contract
    "#]],
    );
}

#[test]
fn a_new_contract_cannot_be_met_beside_another() {
    story(
        "contract-clashes",
        1,
        expect![[r#"
        error contracts-clash user.signup /data/plan at contracts/billing-import.yaml for billing-import by contract, crm-sync by contract
        error contract-violated user.signup /data/plan at services/signup/src/signup.ts for billing-import by contract (known)
    "#]],
    );
}

#[test]
fn a_refactor_that_keeps_the_wire_form_gives_nothing() {
    story("refactor", 0, expect![[r#""#]]);
}
