use std::sync::Arc;

use expect_test::{Expect, expect};

use super::*;
use crate::extract::{extract, language_of};
use crate::link::boundaries::{LinkOptions, link};
use crate::link::idioms::matcher::Idioms;
use crate::link::modules::FileUnit;
use crate::source::{BlobId, RepoPath, SourceText};

/// Role, event, channel and shape of each boundary.
fn linked(files: &[(&str, &str)], own: Vec<OwnEnvelope>) -> String {
    let mut units: Vec<FileUnit> = files
        .iter()
        .map(|(path, text)| {
            let source = SourceText::new(RepoPath::new(path), BlobId::from_bytes(&[0; 20]), *text);
            let language = language_of(&source.path).expect("the file has a language");
            FileUnit::new(source.path.clone(), Arc::new(extract(language, &source)))
        })
        .collect();
    units.sort_by(|a, b| a.path.cmp(&b.path));
    let idioms = Idioms::new(&[]).expect("the shipped rows are tested");
    let options = LinkOptions { envelopes: own, ..LinkOptions::default() };
    link(&units, &idioms, &options)
        .boundaries
        .iter()
        .map(|boundary| {
            format!(
                "{} {}{}: {}\n",
                boundary.role.as_str(),
                boundary.event.as_deref().unwrap_or("-"),
                boundary.channel.as_ref().map(|channel| format!(" on {channel}")).unwrap_or_default(),
                fields(&boundary.shape)
            )
        })
        .collect()
}

fn check(files: &[(&str, &str)], expected: Expect) {
    expected.assert_eq(&linked(files, Vec::new()));
}

fn fields(shape: &Shape) -> String {
    match &shape.kind {
        ShapeKind::Object(object) => {
            let inner: Vec<String> = object
                .fields
                .iter()
                .map(|field| {
                    let mark = if field.presence == Presence::Optional { "?" } else { "" };
                    match &field.shape.kind {
                        ShapeKind::Object(_) | ShapeKind::Array(_) => format!("{}{mark} {}", field.name, fields(&field.shape)),
                        _ => format!("{}{mark}", field.name),
                    }
                })
                .collect();
            format!("{{{}}}", inner.join(", "))
        }
        ShapeKind::Array(array) => format!("[{}]", array.items.as_ref().map(|items| fields(items)).unwrap_or_default()),
        ShapeKind::Unknown(_) => "?".to_owned(),
        _ => "value".to_owned(),
    }
}

const SENDER: (&str, &str) = (
    "app/signup.ts",
    r#"
    import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
    const client = new EventBridgeClient({});
    export async function signedUp(userId: string, plan: string) {
      await client.send(new PutEventsCommand({
        Entries: [{ Source: "app", DetailType: "user.signup", Detail: JSON.stringify({ userId, plan }) }],
      }));
    }
    "#,
);

#[test]
fn records_of_a_queue_with_events_of_a_bus_meet_the_sender_in_typescript() {
    check(
        &[
            SENDER,
            (
                "crm/handler.ts",
                r#"
                import type { SQSEvent } from "aws-lambda";
                export const handler = async (event: SQSEvent) => {
                  for (const record of event.Records) {
                    const message = JSON.parse(record.body);
                    if (message["detail-type"] === "user.signup") {
                      await save(message.detail.userId);
                    } else if (message["detail-type"] === "user.left") {
                      await drop(message.detail.reason);
                    }
                  }
                };
                "#,
            ),
        ],
        expect![[r#"
            producer user.signup: {userId, plan}
            consumer user.left: {reason}
            consumer user.signup: {userId}
        "#]],
    );
}

#[test]
fn records_of_a_queue_with_events_of_a_bus_meet_the_sender_in_python() {
    check(
        &[
            SENDER,
            (
                "crm/handler.py",
                r#"
import json

def lambda_handler(event, context):
    for record in event["Records"]:
        message = json.loads(json.loads(record["body"])["Message"])
        if message["detail-type"] == "user.signup":
            save(message["detail"]["userId"], message["detail"].get("plan"))
"#,
            ),
        ],
        expect![[r#"
            producer user.signup: {userId, plan}
            consumer user.signup: {plan?, userId}
        "#]],
    );
}

#[test]
fn records_of_a_queue_with_events_of_a_bus_meet_the_sender_in_rust() {
    check(
        &[
            SENDER,
            (
                "crm/src/main.rs",
                r#"
use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::LambdaEvent;

#[derive(serde::Deserialize)]
struct Event {
    #[serde(rename = "detail-type")]
    detail_type: String,
    detail: Signup,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Signup {
    user_id: String,
}

async fn handle(event: LambdaEvent<SqsEvent>) -> Result<(), Error> {
    for record in event.payload.records {
        let event: Event = serde_json::from_str(record.body.as_deref().unwrap_or_default())?;
        match event.detail_type.as_str() {
            "user.signup" => save(event.detail.user_id).await,
            _ => {}
        }
    }
    Ok(())
}
"#,
            ),
        ],
        expect![[r#"
            producer user.signup: {userId, plan}
            consumer user.signup: {userId}
        "#]],
    );
}

#[test]
fn pushed_messages_and_database_changes_are_opened() {
    check(
        &[
            (
                "push.ts",
                r#"
                import express from "express";
                const app = express();
                app.post("/webhooks/pubsub", (req, res) => {
                  const event = JSON.parse(Buffer.from(req.body.message.data, "base64").toString());
                  save(event.userId);
                  res.sendStatus(204);
                });
                "#,
            ),
            (
                "changes.ts",
                r#"
                import { Kafka } from "kafkajs";
                const consumer = new Kafka({ brokers: [] }).consumer({ groupId: "crm" });
                export async function run() {
                  await consumer.subscribe({ topic: "db.users" });
                  await consumer.run({
                    eachMessage: async ({ message }) => {
                      const change = JSON.parse(message.value.toString());
                      if (change.payload.op !== "d") {
                        await save(change.payload.after.email);
                      }
                    },
                  });
                }
                "#,
            ),
        ],
        expect![[r#"
            consumer db.users: {email}
            consumer /webhooks/pubsub: {userId}
        "#]],
    );
}

#[test]
fn what_only_looks_like_an_envelope_stays_closed() {
    check(
        &[(
            "a.ts",
            r#"
            import { EventEmitter } from "node:events";
            const emitter = new EventEmitter();
            emitter.on("chat", (event) => { show(event.message.data, event.room); });
            emitter.on("view", (event) => { show(event.detail.x); });
            "#,
        )],
        expect![[r#"
            consumer chat: {message {data}, room}
            consumer view: {detail {x}}
        "#]],
    );
}

#[test]
fn an_envelope_of_the_repositorys_own_is_put_around_what_lacks_it() {
    let own = OwnEnvelope {
        payload: vec!["data".to_owned()],
        event: Some(vec!["kind".to_owned()]),
        as_text: false,
        events: vec![Wildcard::new("user.*")],
    };
    let found = linked(
        &[(
            "src/lib.rs",
            r#"
            #[derive(serde::Deserialize)] pub struct Wrapped { data: Signup }
            #[derive(serde::Deserialize)] pub struct Signup { id: String }
            pub async fn sent(bus: &EventBus, id: String) {
                bus.publish("user.signup", serde_json::json!({ "id": id })).await;
                bus.publish("order.paid", serde_json::json!({ "id": id })).await;
            }
            pub fn listen(bus: &EventBus) { bus.subscribe("user.signup", on_signup); }
            fn on_signup(event: Wrapped) { keep(event.data.id); }
            "#,
        )],
        vec![own],
    );
    expect![[r#"
        producer user.signup: {data {id}, kind}
        producer order.paid: {id}
        consumer user.signup: {data {id}}
    "#]]
    .assert_eq(&found);
}

#[test]
fn a_payload_that_stands_in_its_envelope_as_a_text_is_read_there() {
    let own = |as_text| OwnEnvelope { payload: vec!["data".to_owned()], event: None, as_text, events: Vec::new() };
    let program = [
        (
            "send.ts",
            r#"
            import { Kafka } from "kafkajs";
            const producer = new Kafka({ brokers: [] }).producer();
            export async function sent(userId: string, note: string) {
              const data = JSON.stringify({ userId });
              await producer.send({ topic: "user.signup", messages: [{ value: JSON.stringify({ version: 1, data }) }] });
              await producer.send({ topic: "user.left", messages: [{ value: JSON.stringify({
                data: Buffer.from(JSON.stringify({ userId, note })).toString("base64") }) }] });
              await producer.send({ topic: "user.moved", messages: [{ value: JSON.stringify({ data: note }) }] });
            }
            "#,
        ),
        (
            "send.py",
            r#"
import base64
import json

def sent(producer: KafkaProducer, plan: str) -> None:
    data = base64.b64encode(json.dumps({"plan": plan}).encode()).decode()
    producer.send("plan.chosen", json.dumps({"data": data}).encode())
"#,
        ),
        (
            "read.ts",
            r#"
            import { Kafka } from "kafkajs";
            const consumer = new Kafka({ brokers: [] }).consumer({ groupId: "crm" });
            export async function listen() {
              await consumer.subscribe({ topic: "user.signup" });
              await consumer.run({ eachMessage: async ({ message }) => {
                const signup = JSON.parse(JSON.parse(message.value.toString()).data);
                keep(signup.userId);
              } });
            }
            "#,
        ),
    ];
    expect![[r#"
        consumer user.signup: {data {userId}}
        producer plan.chosen: {data {plan}}
        producer user.signup: {version, data {userId}}
        producer user.left: {data {userId, note}}
        producer user.moved: {data}
    "#]]
    .assert_eq(&linked(&program, vec![own(true)]));
    // Without the row, a text is a text.
    expect![[r#"
        consumer user.signup: {data {userId}}
        producer plan.chosen: {data}
        producer user.signup: {version, data}
        producer user.left: {data}
        producer user.moved: {data}
    "#]]
    .assert_eq(&linked(&program, vec![own(false)]));
}

#[test]
fn cloud_events_meet_in_both_modes() {
    check(
        &[
            (
                "send.ts",
                r#"
                import { Kafka } from "kafkajs";
                const producer = new Kafka({ brokers: [] }).producer();
                export async function sent(id: string) {
                  const event = { specversion: "1.0", type: "user.signup", source: "/app", id, data: { userId: id } };
                  await producer.send({ topic: "users", messages: [{ value: JSON.stringify(event) }] });
                }
                "#,
            ),
            (
                "read.rs",
                r#"
                #[derive(serde::Deserialize)] pub struct Signup { #[serde(rename = "userId")] user_id: String }
                pub fn listen(bus: &EventBus) { bus.subscribe("user.signup", on_signup); }
                fn on_signup(event: Signup) { keep(event.user_id); }
                "#,
            ),
        ],
        expect![[r#"
            consumer user.signup: {data {userId}}
            producer user.signup on users: {specversion, type, source, id, data {userId}}
        "#]],
    );
}

#[test]
fn a_dispatcher_splits_what_it_hands_on() {
    check(
        &[
            (
                "kafka.ts",
                r#"
                import { Kafka } from "kafkajs";
                const consumer = new Kafka({ brokers: [] }).consumer({ groupId: "crm" });
                export async function run() {
                  await consumer.subscribe({ topics: ["users"] });
                  await consumer.run({ eachMessage: async ({ message }) => dispatch(JSON.parse(message.value.toString())) });
                }
                async function dispatch(event: any) {
                  log(event.id);
                  switch (event.type) {
                    case "user.signup":
                      return onSignup(event.data);
                    case "user.left": {
                      const reason = event.data.reason;
                      return drop(reason);
                    }
                  }
                }
                async function onSignup(data: any) { await save(data.userId, data.plan); }
                "#,
            ),
            (
                "kafka.py",
                r#"
import json
from kafka import KafkaConsumer

def run():
    consumer = KafkaConsumer("orders", group_id="crm")
    for message in consumer:
        event = json.loads(message.value)
        if event["type"] == "order.paid":
            paid(event["orderId"])
        elif event["type"] == "order.void":
            void(event["reason"])
"#,
            ),
            (
                "local.rs",
                r#"
                pub fn listen(bus: &EventBus) { bus.subscribe("user.*", on_user); }
                fn on_user(event: serde_json::Value) {
                    if event["role"] == "admin" { note(&event["admin"]); }
                    match event["type"].as_str() {
                        Some("user.signup") => keep(&event["plan"]),
                        _ => {}
                    }
                }
                "#,
            ),
        ],
        expect![[r#"
            consumer order.paid on orders: {orderId, type}
            consumer order.void on orders: {reason, type}
            consumer user.left on users: {data {reason}, id, type}
            consumer user.signup on users: {data {plan, userId}, id, type}
            consumer user.*: {admin, role, type?}
            consumer user.signup: {admin, plan, role, type?}
        "#]],
    );
}
