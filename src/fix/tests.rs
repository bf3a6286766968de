use expect_test::{Expect, expect};

use super::*;
use crate::snapshot::MemorySnapshot;

/// The fixes of several changes of one file, as the lines that they take out and put in.
fn check(file: &str, base: &str, heads: &[String], expected: Expect) {
    expected.assert_eq(&heads.iter().map(|head| fixes(file, base, head)).collect::<Vec<_>>().join("--\n"));
}

fn fixes(file: &str, base: &str, head: &str) -> String {
    let (base, head) = (MemorySnapshot::new([(file, base)]), MemorySnapshot::new([(file, head)]));
    let (options, cache) = (Options::default(), Cache::default());
    let plan = check::Plan::read(&base, &head, &options).expect("there is no configuration");
    let base_state = check::understand(&base, &plan.config, &cache, &options.outside).expect("memory can be listed");
    let head_state = check::understand(&head, &plan.config, &cache, &options.outside).expect("memory can be listed");
    let outcome = check::judge(&base, &head, &base_state, &head_state, plan.clone(), &options).expect("nothing is broken");
    let mut checked = Checked { plan, base_state, head_state, outcome };
    propose(&base, &head, &mut checked, &options, &cache);
    let mut out = String::new();
    for finding in checked.outcome.findings.iter().filter(|finding| finding.severity > Severity::Note) {
        out.push_str(&format!("{} {}:", finding.rule, finding.path));
        let Some(fix) = &finding.fix else {
            out.push_str(" no fix\n");
            continue;
        };
        out.push_str(&format!(" {}{}\n", fix.what, if fix.safe { "" } else { " (by hand)" }));
        let edits: Vec<Edit> = fix.edits().collect();
        for (file, edits) in by_file(&edits) {
            let text = Texts::read(&head, &checked.head_state, &file).expect("the file is there");
            let new = apply(text.text(), &edits).expect("the edits do not overlap");
            for change in similar::TextDiff::from_lines(text.text(), &new).iter_all_changes() {
                if change.tag() != similar::ChangeTag::Equal {
                    out.push_str(&format!("  {}{}\n", change.tag(), change.value().trim_end_matches('\n')));
                }
            }
        }
    }
    out
}

fn rust(fields: &str) -> String {
    format!(
        "use serde::Serialize;\n\n{fields}\npub fn send(bus: &Bus, paid: Paid) {{\n    bus.publish(\"invoice.paid\", &paid);\n}}\n"
    )
}

#[test]
fn serde_keeps_the_name_of_a_renamed_field() {
    let base = rust("#[derive(Serialize)]\npub struct Paid {\n    pub customer: String,\n}\n");
    let head = rust("#[derive(Serialize)]\npub struct Paid {\n    /// Who pays.\n    pub customer_name: String,\n}\n");
    check(
        "src/lib.rs",
        &base,
        &[head],
        expect![[r#"
        field-renamed /customer: keep the wire name `customer`
          +    #[serde(rename = "customer")]
    "#]],
    );
}

#[test]
fn serde_gets_its_convention_back() {
    let base = rust(
        "#[derive(Serialize)]\n#[serde(rename_all = \"camelCase\")]\npub struct Paid {\n    pub customer_id: String,\n    pub paid_at: String,\n}\n",
    );
    let heads = ["#[derive(Serialize)]\n", "#[derive(Serialize)]\n#[serde(rename_all = \"kebab-case\", deny_unknown_fields)]\n"]
        .map(|container| {
            rust(&format!("{container}pub struct Paid {{\n    pub customer_id: String,\n    pub paid_at: String,\n}}\n"))
        });
    check(
        "src/lib.rs",
        &base,
        &heads,
        expect![[r#"
        field-renamed : put `rename_all = "camelCase"` back
          +#[serde(rename_all = "camelCase")]
        --
        field-renamed : keep `rename_all = "camelCase"`
          -#[serde(rename_all = "kebab-case", deny_unknown_fields)]
          +#[serde(rename_all = "camelCase", deny_unknown_fields)]
    "#]],
    );
}

#[test]
fn a_convention_that_came_goes_again() {
    let base = rust("#[derive(Serialize)]\npub struct Paid {\n    pub customer_id: String,\n    pub paid_at: String,\n}\n");
    let head = rust(
        "#[derive(Serialize)]\n#[serde(rename_all = \"camelCase\")]\npub struct Paid {\n    pub customer_id: String,\n    pub paid_at: String,\n}\n",
    );
    check(
        "src/lib.rs",
        &base,
        &[head],
        expect![[r#"
        field-renamed : leave out `rename_all = "camelCase"`
          -#[serde(rename_all = "camelCase")]
    "#]],
    );
}

#[test]
fn the_text_of_a_rename_is_replaced() {
    let base =
        rust("#[derive(Serialize)]\npub struct Paid {\n    #[serde(rename = \"customerId\")]\n    pub customer: String,\n}\n");
    let head =
        rust("#[derive(Serialize)]\npub struct Paid {\n    #[serde(rename = \"customer_id\")]\n    pub customer: String,\n}\n");
    check(
        "src/lib.rs",
        &base,
        &[head],
        expect![[r#"
        field-renamed /customerId: keep the wire name `customerId`
          -    #[serde(rename = "customer_id")]
          +    #[serde(rename = "customerId")]
    "#]],
    );
}

fn typescript(before: &str, payload: &str) -> String {
    format!(
        "import {{ Kafka }} from \"kafkajs\";\nconst producer = new Kafka({{}}).producer();\n{before}\nexport async function paid(order: Order, customer_id: string) {{\n  await producer.send({{ topic: \"invoice.paid\", messages: [{{ value: JSON.stringify({payload}) }}] }});\n}}\n"
    )
}

#[test]
fn a_key_of_a_literal_is_renamed_back() {
    let base = typescript("", "{ customerId: order.customer_id, total: 1 }");
    let heads =
        ["{ customer_id: order.customer_id, total: 1 }", "{ customer_id, total: 1 }", "{ \"customer_id\": order.id, total: 1 }"]
            .map(|payload| typescript("", payload));
    check(
        "src/a.ts",
        &base,
        &heads,
        expect![[r#"
        field-renamed /customerId: keep the wire name `customerId`
          -  await producer.send({ topic: "invoice.paid", messages: [{ value: JSON.stringify({ customer_id: order.customer_id, total: 1 }) }] });
          +  await producer.send({ topic: "invoice.paid", messages: [{ value: JSON.stringify({ customerId: order.customer_id, total: 1 }) }] });
        --
        field-renamed /customerId: keep the wire name `customerId`
          -  await producer.send({ topic: "invoice.paid", messages: [{ value: JSON.stringify({ customer_id, total: 1 }) }] });
          +  await producer.send({ topic: "invoice.paid", messages: [{ value: JSON.stringify({ customerId: customer_id, total: 1 }) }] });
        --
        field-renamed /customerId: keep the wire name `customerId`
          -  await producer.send({ topic: "invoice.paid", messages: [{ value: JSON.stringify({ "customer_id": order.id, total: 1 }) }] });
          +  await producer.send({ topic: "invoice.paid", messages: [{ value: JSON.stringify({ "customerId": order.id, total: 1 }) }] });
    "#]],
    );
}

#[test]
fn a_key_that_a_type_declares_is_left_to_a_person() {
    let base = typescript("", "{ customerId: order.customer_id, total: 1 }");
    let head = typescript("export interface Paid { customer_id: string; total: number }", "{ customer_id, total: 1 }");
    check(
        "src/a.ts",
        &base,
        &[head],
        expect![[r#"
        field-renamed /customerId: keep the wire name `customerId` (by hand)
          -  await producer.send({ topic: "invoice.paid", messages: [{ value: JSON.stringify({ customer_id, total: 1 }) }] });
          +  await producer.send({ topic: "invoice.paid", messages: [{ value: JSON.stringify({ customerId: customer_id, total: 1 }) }] });
    "#]],
    );
}

#[test]
fn a_key_of_a_dict_is_renamed_back() {
    let python = |payload: &str| {
        format!(
            "from kafka import KafkaProducer\nproducer = KafkaProducer()\n\ndef paid(order):\n    producer.send(\"invoice.paid\", {payload})\n"
        )
    };
    let base = python("{\"customerId\": order.customer_id}");
    let head = python("{\"customer_id\": order.customer_id}");
    check(
        "app/a.py",
        &base,
        &[head],
        expect![[r#"
        field-renamed /customerId: keep the wire name `customerId`
          -    producer.send("invoice.paid", {"customer_id": order.customer_id})
          +    producer.send("invoice.paid", {"customerId": order.customer_id})
    "#]],
    );
}

#[test]
fn pydantic_writes_an_alias() {
    let python = |import: &str, member: &str, dump: &str| {
        format!(
            "from kafka import KafkaProducer\nfrom pydantic import {import}\nproducer = KafkaProducer()\n\nclass Paid(BaseModel):\n    {member}\n    total: int\n\ndef paid(event: Paid):\n    producer.send(\"invoice.paid\", event.{dump})\n"
        )
    };
    let dump = "model_dump(by_alias=True)";
    let base = python("BaseModel", "customerId: str", dump);
    let heads = [
        ("BaseModel", "customer_id: str"),
        ("BaseModel, Field", "customer_id: str = Field(min_length=1)"),
        ("BaseModel", "customer_id: str = \"\""),
    ]
    .map(|(import, member)| python(import, member, dump));
    check(
        "app/a.py",
        &base,
        &heads,
        expect![[r#"
        field-renamed /customerId: keep the wire name `customerId`
          -from pydantic import BaseModel
          +from pydantic import BaseModel, Field
          -    customer_id: str
          +    customer_id: str = Field(serialization_alias="customerId")
        --
        field-renamed /customerId: keep the wire name `customerId`
          -    customer_id: str = Field(min_length=1)
          +    customer_id: str = Field(min_length=1, serialization_alias="customerId")
        --
        field-renamed /customerId: keep the wire name `customerId`
          -from pydantic import BaseModel
          +from pydantic import BaseModel, Field
          -    customer_id: str = ""
          +    customer_id: str = Field(default="", serialization_alias="customerId")
    "#]],
    );
    // What is not dumped by alias has no alias on the wire: the member itself has to be called so.
    let (base, head) =
        (python("BaseModel", "customerId: str", "model_dump()"), python("BaseModel", "customer_id: str", "model_dump()"));
    check(
        "app/a.py",
        &base,
        &[head],
        expect![[r#"
        field-renamed /customerId: keep the wire name `customerId` (by hand)
          -    customer_id: str
          +    customerId: str
    "#]],
    );
}

#[test]
fn a_lost_key_of_a_literal_is_sent_again() {
    let base = typescript("", "{ customerId: order.customer_id, total: order.total, note: customer_id }");
    let heads = [
        typescript("", "{ customerId: order.customer_id, note: customer_id }"),
        typescript("", "{ customerId: order.customer_id, total: order.total }"),
        // What the value was made of is gone as well.
        typescript("", "{ customerId: order.customer_id, total: order.total }")
            .replace("order: Order, customer_id: string", "order: Order"),
        // The type that said so has lost it too.
        typescript("", "{ total: order.total, note: customer_id }"),
    ];
    check(
        "src/a.ts",
        &base,
        &heads,
        expect![[r#"
            field-removed /total: send `total` again
              -  await producer.send({ topic: "invoice.paid", messages: [{ value: JSON.stringify({ customerId: order.customer_id, note: customer_id }) }] });
              +  await producer.send({ topic: "invoice.paid", messages: [{ value: JSON.stringify({ customerId: order.customer_id, total: order.total, note: customer_id }) }] });
            --
            field-removed /note: send `note` again
              -  await producer.send({ topic: "invoice.paid", messages: [{ value: JSON.stringify({ customerId: order.customer_id, total: order.total }) }] });
              +  await producer.send({ topic: "invoice.paid", messages: [{ value: JSON.stringify({ customerId: order.customer_id, total: order.total, note: customer_id }) }] });
            --
            field-removed /note: no fix
            --
            field-removed /customerId: send `customerId` again
              -  await producer.send({ topic: "invoice.paid", messages: [{ value: JSON.stringify({ total: order.total, note: customer_id }) }] });
              +  await producer.send({ topic: "invoice.paid", messages: [{ value: JSON.stringify({ customerId: order.customer_id, total: order.total, note: customer_id }) }] });
        "#]],
    );
}

#[test]
fn a_lost_key_that_a_type_has_lost_as_well_is_left_to_a_person() {
    let order = |member: &str| format!("export interface Order {{ id: string{member} }}");
    let base = typescript(&order("; total: number"), "{ id: order.id, total: order.total }");
    let head = typescript(&order(""), "{ id: order.id }");
    check(
        "src/a.ts",
        &base,
        &[head],
        expect![[r#"
        field-removed /total: no fix
    "#]],
    );
}

#[test]
fn a_lost_key_of_a_dict_is_sent_again() {
    let python = |payload: &str| {
        format!(
            "from kafka import KafkaProducer\nproducer = KafkaProducer()\n\ndef paid(order, rates):\n    total = order.total\n    payload = {payload}\n    producer.send(\"invoice.paid\", payload)\n"
        )
    };
    let base =
        python("{\n        \"id\": order.id,\n        \"total\": total,  # in cents\n        \"rate\": rates[order.id],\n    }");
    let heads = [
        python("{\n        \"id\": order.id,\n        \"rate\": rates[order.id],\n    }"),
        python("{\n        \"id\": order.id,\n        \"total\": total,  # in cents\n    }"),
        python("{\n        \"id\": order.id,\n        \"rate\": rates[order.id],\n    }")
            .replace("    total = order.total\n", ""),
    ];
    check(
        "app/a.py",
        &base,
        &heads,
        expect![[r#"
            field-removed /total: send `total` again
              +        "total": total,  # in cents
            --
            field-removed /rate: send `rate` again
              +        "rate": rates[order.id],
            --
            field-removed /total: send `total` again (by hand)
              +        "total": total,  # in cents
        "#]],
    );
    let (base, head) = (python("dict(id=order.id, total=total)"), python("dict(id=order.id)"));
    check(
        "app/a.py",
        &base,
        &[head],
        expect![[r#"
        field-removed /total: send `total` again
          -    payload = dict(id=order.id)
          +    payload = dict(id=order.id, total=total)
    "#]],
    );
}

#[test]
fn a_lost_member_of_a_model_is_left_to_a_person() {
    let python = |member: &str| {
        format!(
            "from kafka import KafkaProducer\nfrom pydantic import BaseModel\nproducer = KafkaProducer()\n\nclass Paid(BaseModel):\n    id: str\n{member}    note: str\n\ndef paid(event: Paid):\n    producer.send(\"invoice.paid\", event.model_dump())\n"
        )
    };
    check(
        "app/a.py",
        &python("    total: int = 0\n"),
        &[python("")],
        expect![[r#"
        field-removed /total: send `total` again (by hand)
          +    total: int = 0
    "#]],
    );
}

#[test]
fn a_lost_key_of_json_is_sent_again() {
    let json = |payload: &str| {
        format!(
            "pub fn paid(bus: &Bus, order: &Order, total: u32) {{\n    bus.publish(\"invoice.paid\", serde_json::json!({payload}));\n}}\n"
        )
    };
    let base = json("{ \"id\": order.id, \"total\": total, \"meta\": { \"a\": 1, \"b\": order.b } }");
    let heads = [
        json("{ \"id\": order.id, \"meta\": { \"a\": 1, \"b\": order.b } }"),
        json("{ \"id\": order.id, \"total\": total, \"meta\": { \"b\": order.b } }"),
        json("{ \"id\": order.id, \"meta\": { \"a\": 1, \"b\": order.b } }").replace(", total: u32", ""),
    ];
    check(
        "src/lib.rs",
        &base,
        &heads,
        expect![[r#"
        field-removed /total: send `total` again
          -    bus.publish("invoice.paid", serde_json::json!({ "id": order.id, "meta": { "a": 1, "b": order.b } }));
          +    bus.publish("invoice.paid", serde_json::json!({ "id": order.id, "total": total, "meta": { "a": 1, "b": order.b } }));
        --
        field-removed /meta/a: send `a` again
          -    bus.publish("invoice.paid", serde_json::json!({ "id": order.id, "total": total, "meta": { "b": order.b } }));
          +    bus.publish("invoice.paid", serde_json::json!({ "id": order.id, "total": total, "meta": { "a": 1, "b": order.b } }));
        --
        field-removed /total: no fix
    "#]],
    );
}

#[test]
fn a_lost_field_of_a_struct_is_shown_again_or_left_to_a_person() {
    let fields = |total: &str| {
        rust(&format!("#[derive(Serialize)]\npub struct Paid {{\n    pub customer: String,\n{total}    pub note: String,\n}}\n"))
    };
    let base = fields("    /// In cents.\n    #[serde(rename = \"totalCents\")]\n    pub total: u32,\n");
    let heads = [
        fields("    /// In cents.\n    #[serde(skip)]\n    pub total: u32,\n"),
        fields("    /// In cents.\n    #[serde(rename = \"totalCents\", skip_serializing)]\n    pub total: u32,\n"),
        fields(""),
    ];
    check(
        "src/lib.rs",
        &base,
        &heads,
        expect![[r#"
        field-removed /totalCents: no fix
        --
        field-removed /totalCents: send `totalCents` again
          -    #[serde(rename = "totalCents", skip_serializing)]
          +    #[serde(rename = "totalCents")]
        --
        field-removed /totalCents: send `totalCents` again (by hand)
          +    /// In cents.
          +    #[serde(rename = "totalCents")]
          +    pub total: u32,
    "#]],
    );
}

#[test]
fn an_await_is_put_back_where_a_second_check_agrees() {
    let base = typescript("", "{ id: 1 }");
    let head = base.replace("await producer", "producer");
    check(
        "src/a.ts",
        &base,
        &[head],
        expect![[r#"
        publish-not-awaited : await it again
          -  producer.send({ topic: "invoice.paid", messages: [{ value: JSON.stringify({ id: 1 }) }] });
          +  await producer.send({ topic: "invoice.paid", messages: [{ value: JSON.stringify({ id: 1 }) }] });
    "#]],
    );
    let python = |send: &str| {
        format!(
            "from aiokafka import AIOKafkaProducer\nproducer = AIOKafkaProducer()\n\nasync def paid(order):\n    {send}producer.send_and_wait(\"invoice.paid\", {{\"id\": order.id}})\n"
        )
    };
    check(
        "app/a.py",
        &python("await "),
        &[python("")],
        expect![[r#"
        publish-not-awaited : await it again
          -    producer.send_and_wait("invoice.paid", {"id": order.id})
          +    await producer.send_and_wait("invoice.paid", {"id": order.id})
    "#]],
    );
    let rust = |wait: &str| {
        format!(
            "use serde_json::json;\npub async fn paid(bus: &Bus, order: &Order) {{\n    bus.publish(\"invoice.paid\", json!({{ \"id\": order.id }})){wait};\n}}\n"
        )
    };
    check(
        "src/lib.rs",
        &rust(".await"),
        &[rust("")],
        expect![[r#"
        publish-not-awaited : await it again
          -    bus.publish("invoice.paid", json!({ "id": order.id }));
          +    bus.publish("invoice.paid", json!({ "id": order.id })).await;
    "#]],
    );
}

/// Where everything was dropped each key comes back, and what breaks one file leaves the others alone.
#[test]
fn keys_that_were_lost_together_come_back_together() {
    let json = |payload: &str| {
        format!("pub fn paid(bus: &Bus, o: &Order) {{\n    bus.publish(\"invoice.paid\", serde_json::json!({payload}));\n}}\n")
    };
    check(
        "src/lib.rs",
        &json("{ \"id\": o.id, \"total\": o.total, \"note\": o.note }"),
        &[json("{ \"note\": o.note }"), json("{ \"id\": o.id }"), json("{}")],
        expect![[r#"
            field-removed /id: send `id` again
              -    bus.publish("invoice.paid", serde_json::json!({ "note": o.note }));
              +    bus.publish("invoice.paid", serde_json::json!({ "id": o.id, "note": o.note }));
            field-removed /total: send `total` again
              -    bus.publish("invoice.paid", serde_json::json!({ "note": o.note }));
              +    bus.publish("invoice.paid", serde_json::json!({ "total": o.total, "note": o.note }));
            --
            field-removed /note: send `note` again
              -    bus.publish("invoice.paid", serde_json::json!({ "id": o.id }));
              +    bus.publish("invoice.paid", serde_json::json!({ "id": o.id, "note": o.note }));
            field-removed /total: send `total` again
              -    bus.publish("invoice.paid", serde_json::json!({ "id": o.id }));
              +    bus.publish("invoice.paid", serde_json::json!({ "id": o.id, "total": o.total }));
            --
            field-removed /id: send `id` again
              -    bus.publish("invoice.paid", serde_json::json!({}));
              +    bus.publish("invoice.paid", serde_json::json!({ "id": o.id,}));
            field-removed /note: send `note` again
              -    bus.publish("invoice.paid", serde_json::json!({}));
              +    bus.publish("invoice.paid", serde_json::json!({ "note": o.note,}));
            field-removed /total: send `total` again
              -    bus.publish("invoice.paid", serde_json::json!({}));
              +    bus.publish("invoice.paid", serde_json::json!({ "total": o.total,}));
        "#]],
    );
    let python = |payload: &str| {
        format!(
            "from kafka import KafkaProducer\nproducer = KafkaProducer()\n\ndef paid(order):\n    payload = {payload}\n    producer.send(\"invoice.paid\", payload)\n"
        )
    };
    check(
        "app/a.py",
        &python("{\n        \"id\": order.id,\n        \"total\": order.total,\n    }"),
        &[python("{\n    }"), python("{}")],
        expect![[r#"
            field-removed /id: send `id` again
              +        "id": order.id,
            field-removed /total: send `total` again
              +        "total": order.total,
            --
            field-removed /id: send `id` again
              -    payload = {}
              +    payload = {"id": order.id,}
            field-removed /total: send `total` again
              -    payload = {}
              +    payload = {"total": order.total,}
        "#]],
    );
    check(
        "app/a.py",
        &python("dict(id=order.id, total=order.total)"),
        &[python("dict()")],
        expect![[r#"
        field-removed /id: send `id` again
          -    payload = dict()
          +    payload = dict(id=order.id,)
        field-removed /total: send `total` again
          -    payload = dict()
          +    payload = dict(total=order.total,)
    "#]],
    );
}
