//! `driftgate who`: the parties of an event and of a field, inside of envelopes too, and what tests state of them.

use expect_test::{Expect, expect};

use crate::program::{Place, copy, fixture};

/// The services, with a test of the CRM and a file of test data.
fn services() -> Place {
    let place = Place::repository();
    copy(&fixture("repos/services/base"), &place.dir);
    place.write(
        "services/crm/tests/fixtures/user.signup.json",
        "{\n  \"type\": \"user.signup\",\n  \"data\": { \"userId\": \"u_1\", \"email\": \"a@example.com\",\n    \"plan\": \"trial\" }\n}\n",
    );
    place.write(
        "services/signup/src/signup.test.ts",
        "import { publish } from \"./publish\";\nimport { signUp } from \"./signup\";\n\njest.mock(\"./publish\");\n\n\
         test(\"a signup is told\", async () => {\n  await signUp(account);\n  expect(publish).toHaveBeenCalledWith(\"user.signup\", {\n    \
         userId: \"u_1\",\n    email: \"a@example.com\",\n    plan: \"pro\",\n  });\n});\n",
    );
    place
}

fn who(place: &Place, name: &str, expected: Expect) {
    expected.assert_eq(&place.run(&["who", name]).exits(0).out);
}

#[test]
fn a_field_is_found_inside_of_the_envelope() {
    let place = services();
    who(
        &place,
        "user.signup.plan",
        expect![[r#"
            signUp (signup) sends `data.plan` of `user.signup`  [code]  services/signup/src/signup.ts:11, the field on line 14
            run (crm-sync) reads `data.plan` of `user.signup`  [code]  services/crm/sync.py:16, the field on line 12
            crm-sync reads `data.plan` of `user.signup`  [contract @acme/growth]  contracts/crm-sync.yaml:5, the field on line 10
            test "a signup is told" states `data.plan` of `user.signup`  [test]  services/signup/src/signup.test.ts:8, the field on line 11
            services/crm/tests/fixtures/user.signup.json states `data.plan` of `user.signup`  [fixture]  services/crm/tests/fixtures/user.signup.json:1, the field on line 4
        "#]],
    );
    // Named as it stands on the wire, it is the same field.
    assert_eq!(place.run(&["who", "user.signup.data.plan"]).exits(0).out, place.run(&["who", "user.signup.plan"]).exits(0).out);
    let form = place.run(&["who", "user.signup.plan", "--format", "json"]).exits(0).json();
    for party in form["parties"].as_array().expect("a list") {
        assert_eq!((party["path"].as_str(), party["certain"].as_bool()), (Some("/data/plan"), Some(true)), "{party}");
    }
}

#[test]
fn what_tests_state_of_an_event_is_told() {
    who(
        &services(),
        "user.signup",
        expect![[r#"
        signUp (signup) sends `user.signup`  [code]  services/signup/src/signup.ts:11
        run (crm-sync) reads `user.signup`  [code]  services/crm/sync.py:16
        crm-sync reads `user.signup`  [contract @acme/growth]  contracts/crm-sync.yaml:5
        test "a signup is told" states `user.signup`  [test]  services/signup/src/signup.test.ts:8
        services/crm/tests/fixtures/user.signup.json states `user.signup`  [fixture]  services/crm/tests/fixtures/user.signup.json:1
    "#]],
    );
}

#[test]
fn an_unknown_field_lists_the_nearest_ones() {
    let place = services();
    place
        .run(&["who", "user.signup.pln"])
        .exits(2)
        .complains(&["nobody is known to send or read `pln` of `user.signup`", "did you mean `data.plan`?"]);
    place.run(&["who", "invoice.voided.zzz"]).exits(2).complains(&["known fields: `invoiceId`, `reason`"]);
    place.run(&["who", "user.sinup"]).exits(2).complains(&["did you mean `user.signup`"]);
}

#[test]
fn what_is_not_known_of_a_payload_may_hold_the_field() {
    let place = Place::repository();
    place.write(
        "src/a.ts",
        "import { Kafka } from \"kafkajs\";\nconst producer = new Kafka({}).producer();\n\
         export async function sent(note: unknown) {\n  await producer.send({ topic: \"note.added\", messages: [{ value: \
         JSON.stringify(note) }] });\n}\n",
    );
    place.write("contracts/a.yaml", "consumer: a\nevents:\n  note.added:\n    fields:\n      text: string\n");
    who(
        &place,
        "note.added.txt",
        expect![[r#"
        sent (src) may send `txt` of `note.added` (unknown)  [code]  src/a.ts:4
        nobody is known for certain to send or read `txt`; did you mean `text`?
    "#]],
    );
}
