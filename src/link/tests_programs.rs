//! Whole small programs: what they send and read, by the forms in which clients are kept and payloads are made.

use std::sync::Arc;

use expect_test::{Expect, expect};

use crate::extract::{extract, language_of};
use crate::link::boundaries::{LinkOptions, link};
use crate::link::idioms::matcher::Idioms;
use crate::link::model::Model;
use crate::link::modules::FileUnit;
use crate::shape::{Presence, Shape, ShapeKind, StringShape};
use crate::source::{BlobId, RepoPath, SourceText};

/// Role, kind, event, channel, symbol and the fields of each boundary.
fn check(text: &str, expected: Expect) {
    check_in("src/lib.rs", text, expected);
}

/// What one file sends and reads.
pub(super) fn linked(path: &str, text: &str) -> Model {
    let source = SourceText::new(RepoPath::new(path), BlobId::from_bytes(&[0; 20]), text);
    let language = language_of(&source.path).expect("the file has a language");
    let units = [FileUnit::new(source.path.clone(), Arc::new(extract(language, &source)))];
    let idioms = Idioms::new(&[]).expect("the shipped rows are tested");
    link(&units, &idioms, &LinkOptions::default())
}

fn check_in(path: &str, text: &str, expected: Expect) {
    expected.assert_eq(&listed(path, text));
}

/// Each boundary of one file on a line.
pub(super) fn listed(path: &str, text: &str) -> String {
    linked(path, text)
        .boundaries
        .iter()
        .map(|boundary| {
            format!(
                "{:?} {} {} on {} in {}: {}\n",
                boundary.role,
                boundary.kind,
                boundary.event.as_deref().unwrap_or("-"),
                boundary.channel.as_deref().unwrap_or("-"),
                boundary.symbol,
                fields(&boundary.shape)
            )
        })
        .collect()
}

fn fields(shape: &Shape) -> String {
    match shape.as_object() {
        Some(object) => {
            let field = |field: &crate::shape::Field| match field.shape.as_object() {
                Some(_) => format!("{} {{{}}}", field.name, fields(&field.shape)),
                None => field.name.clone(),
            };
            let field = |one: &crate::shape::Field| match one.presence {
                Presence::Required => field(one),
                Presence::Optional => format!("{}?", field(one)),
            };
            object.fields.iter().map(field).collect::<Vec<_>>().join(", ")
        }
        None if shape.is_unknown() => "?".to_owned(),
        None if !shape.branches().is_empty() => {
            shape.branches().iter().map(|branch| fields(branch)).collect::<Vec<_>>().join(" | ")
        }
        None => format!("{:?}", std::mem::discriminant(&shape.kind)),
    }
}

#[test]
fn a_method_that_sends_what_it_is_called_on_sends_what_its_callers_made() {
    check(
        r#"
        use serde::Serialize;
        #[derive(Serialize, Clone)]
        #[serde(tag = "type")]
        pub enum Notice { Opened { id: String, name: String }, Closed { id: String } }
        impl Notice {
            pub async fn tell(self, channel: String) { redis_client::publish(channel, self).await.unwrap(); }
            pub async fn everyone(self) { self.tell("everyone".to_string()).await; }
        }
        pub async fn open(id: String) { Notice::Opened { id: id.clone(), name: "x".into() }.tell(id).await; }
        pub async fn close(id: String) { Notice::Closed { id }.everyone().await; }

        #[derive(Serialize)]
        pub struct Shipped { order_id: String, total: u64 }
        impl Shipped {
            pub async fn publish(&self, nats: &async_nats::Client) {
                nats.publish("order.shipped", serde_json::to_vec(self).unwrap().into()).await.unwrap();
            }
        }
        "#,
        expect![[r#"
            Producer queue Opened on - in open: type, id, name
            Producer queue Closed on everyone in close: type, id
            Producer queue order.shipped on - in Shipped.publish: order_id, total
        "#]],
    );
}

#[test]
fn the_body_of_an_impl_sees_what_its_module_imports() {
    check(
        r#"
        use serde_json::to_string;
        use aws_sdk_sqs::Client;
        use serde::Serialize;
        #[derive(Serialize)]
        pub struct Paid { invoice: String }
        pub struct Outbox { queue: Client }
        impl Outbox {
            pub async fn paid(&self, invoice: &str) {
                let paid = Paid { invoice: invoice.to_owned() };
                let paid = to_string(&paid).unwrap();
                self.queue.send_message().queue_url("https://sqs.example/billing").message_body(paid).send().await.unwrap();
            }
            pub async fn raw(&self, invoice: &str) {
                let body = serde_json::json!({ "event": "invoice.void", "invoice": invoice }).to_string();
                self.queue.send_message().queue_url("https://sqs.example/billing").message_body(body).send().await.unwrap();
            }
        }
        "#,
        expect![[r#"
            Producer queue https://sqs.example/billing on - in Outbox.paid: invoice
            Producer queue invoice.void on https://sqs.example/billing in Outbox.raw: event, invoice
        "#]],
    );
}

#[test]
fn the_messages_of_a_stream_are_read_and_not_the_stream() {
    check(
        r#"
        use futures::StreamExt;
        use serde::Deserialize;
        #[derive(Deserialize)] pub struct Left { user: String }
        pub async fn nats(client: async_nats::Client) -> anyhow::Result<()> {
            let mut messages = client.subscribe("user.left").await?;
            while let Some(message) = messages.next().await {
                let value: serde_json::Value = serde_json::from_slice(&message.payload)?;
                forget(value["user"].as_str());
            }
            Ok(())
        }
        pub async fn rabbit(channel: lapin::Channel) -> anyhow::Result<()> {
            let mut deliveries = channel.basic_consume("users", "crm", Default::default(), Default::default()).await?;
            while let Some(delivery) = deliveries.next().await {
                let delivery = delivery?;
                leave(serde_json::from_slice(&delivery.data)?).await;
                delivery.ack(Default::default()).await?;
            }
            Ok(())
        }
        async fn leave(left: Left) { drop(left.user); }
        pub async fn kafka(consumer: rdkafka::consumer::StreamConsumer) -> anyhow::Result<()> {
            consumer.subscribe(&["users"])?;
            loop {
                let message = consumer.recv().await?;
                let left: Left = serde_json::from_slice(message.payload().unwrap())?;
                drop(left.user);
            }
        }
        "#,
        expect![[r#"
            Consumer queue user.left on - in nats: user
            Consumer decode - on - in nats: user
            Consumer queue users on - in rabbit: user
            Consumer queue users on - in kafka: user
        "#]],
    );
}

#[test]
fn a_request_to_a_webhook_is_one_boundary_and_an_extractor_is_looked_through_however_it_is_named() {
    check(
        r#"
        use serde::Deserialize;
        pub async fn deliver(client: &reqwest::Client, id: u64) {
            client.post("https://crm.example/webhook").json(&serde_json::json!({ "id": id })).send().await.unwrap();
        }
        #[derive(Deserialize)] pub struct Update { kind: String }
        pub async fn receive(axum::extract::Json(update): axum::extract::Json<Update>) { drop(update.kind); }
        pub fn router() -> axum::Router { axum::Router::new().route("/updates", axum::routing::post(receive)) }
        "#,
        expect![[r#"
            Producer webhook https://crm.example/webhook on - in deliver: id
            Consumer http /updates on - in router: kind
        "#]],
    );
}

#[test]
fn a_form_that_holds_the_object_itself_has_an_end() {
    check_in(
        "src/events.ts",
        r#"
        import { Kafka } from "kafkajs";
        const producer = new Kafka({ brokers: [] }).producer();
        class Node {
          constructor(readonly id: string, readonly next: Node) {}
          toJSON() { return { id: this.id, next: this.next, own: this }; }
        }
        export async function told(node: Node) {
          await producer.send({ topic: "node.moved", messages: [{ value: JSON.stringify(node) }] });
        }
        "#,
        expect![[r#"
            Producer queue node.moved on - in told: id, next, own
        "#]],
    );
}

#[test]
fn what_a_task_decodes_is_sent_as_a_text() {
    check_in(
        "tasks.py",
        r#"
import json
from celery import shared_task

@shared_task
def note(was, order):
    old = json.loads(was) if was else None
    print(old["name"], order["name"])

def save(order):
    note.delay(json.dumps({"name": order.name}), {"name": order.name})
"#,
        expect![[r#"
            Consumer queue note on - in note: was, order {name}
            Producer queue note on - in save: was, order {name}
        "#]],
    );
}

#[test]
fn an_event_is_named_by_what_its_type_declares() {
    check(
        r#"
        use rdkafka::producer::{FutureProducer, FutureRecord};
        use serde::Serialize;
        pub trait Named: Serialize { const NAME: &'static str; fn topic() -> &'static str; }
        #[derive(Serialize)] pub struct Paid { invoice: String }
        impl Named for Paid { const NAME: &'static str = "invoice.paid"; fn topic() -> &'static str { "billing" } }
        #[derive(Serialize)] pub struct Left { user: String }
        impl Named for Left { const NAME: &'static str = "user.left"; fn topic() -> &'static str { "users" } }
        #[derive(Serialize)] struct Envelope<'a, T> { event: &'a str, data: &'a T }
        pub struct Bus { producer: FutureProducer }
        impl Bus {
            pub async fn publish<E: Named>(&self, event: &E) -> anyhow::Result<()> {
                let body = serde_json::to_vec(&Envelope { event: E::NAME, data: event })?;
                self.producer.send(FutureRecord::to(E::topic()).payload(&body), TIMEOUT).await?;
                Ok(())
            }
        }
        pub async fn pay(bus: &Bus, invoice: String) { bus.publish(&Paid { invoice }).await.unwrap(); }
        pub async fn leave(bus: &Bus, left: Left) { bus.publish(&left).await.unwrap(); }
        "#,
        expect![[r#"
            Producer declared billing on - in Paid: invoice
            Producer declared users on - in Left: user
            Producer queue invoice.paid on billing in pay: event, data {invoice}
            Producer queue user.left on users in leave: event, data {user}
        "#]],
    );
}

#[test]
fn a_trait_names_events_by_a_method_of_its_own_and_a_bus_is_whatever_implements_one() {
    check(
        r#"
        use serde::Serialize;
        pub trait Event: Serialize {
            const SUBJECT: &'static str;
            fn subject(&self) -> String { format!("app.{}", Self::SUBJECT) }
        }
        #[derive(Serialize)] pub struct SignedUp { id: u64 }
        impl Event for SignedUp { const SUBJECT: &'static str = "user.signed_up"; }
        #[derive(Serialize)] pub struct Left { reason: String }
        impl Event for Left { const SUBJECT: &'static str = "user.left"; fn subject(&self) -> String { "legacy.left".into() } }
        pub trait EventBus { async fn publish<E: Event>(&self, event: E) -> Result<(), BusError>; }
        pub struct NatsBus { client: async_nats::Client }
        impl EventBus for NatsBus {
            async fn publish<E: Event>(&self, event: E) -> Result<(), BusError> {
                let body = serde_json::to_vec(&event)?;
                self.client.publish(event.subject(), body.into()).await?;
                Ok(())
            }
        }
        pub struct Users<B: EventBus> { bus: B }
        impl<B: EventBus> Users<B> {
            pub async fn sign_up(&self) -> Result<(), BusError> { self.bus.publish(SignedUp { id: 1 }).await }
            pub async fn leave(&self, reason: String) -> Result<(), BusError> { self.bus.publish(Left { reason }).await }
        }
        "#,
        expect![[r#"
            Producer declared user.signed_up on - in SignedUp: id
            Producer declared user.left on - in Left: reason
            Producer queue app.user.signed_up on - in Users.sign_up: id
            Producer queue legacy.left on - in Users.leave: reason
        "#]],
    );
}

#[test]
fn a_message_that_is_decoded_in_a_match_is_of_the_stated_type() {
    check(
        r#"
        use rdkafka::consumer::StreamConsumer;
        #[derive(Deserialize)]
        #[serde(tag = "type", content = "data", rename_all = "snake_case")]
        pub enum DomainEvent { InvoiceCreated { invoice_id: String, amount: i64 }, Cancelled }
        pub async fn run(consumer: StreamConsumer) -> anyhow::Result<()> {
            consumer.subscribe(&["billing"])?;
            loop {
                let message = consumer.recv().await?;
                let Some(Ok(text)) = message.payload_view::<str>() else { continue };
                let event: DomainEvent = match serde_json::from_str(text) { Ok(event) => event, Err(_) => continue };
                match event {
                    DomainEvent::InvoiceCreated { invoice_id, .. } => println!("{invoice_id}"),
                    DomainEvent::Cancelled => {}
                }
            }
        }
        "#,
        expect![[r#"
            Producer declared invoice_created on - in DomainEvent: type, data {invoice_id, amount}
            Consumer queue cancelled on billing in run: type
            Consumer queue invoice_created on billing in run: type, data {invoice_id, amount}
        "#]],
    );
}

#[test]
fn a_webhook_is_told_apart_by_the_field_of_its_type_and_read_where_the_type_is_open() {
    check(
        r#"
        use actix_web::{post, web, HttpResponse};
        use serde_json::Value;
        #[derive(Deserialize)] pub struct Incoming { id: String, #[serde(rename = "type")] kind: String, data: Data }
        #[derive(Deserialize)] pub struct Data { object: Value }
        #[derive(Deserialize)] struct Subscription { customer: String }
        #[post("/webhooks/payments")]
        pub async fn payments(body: web::Bytes) -> HttpResponse {
            let event: Incoming = match serde_json::from_slice(&body) { Ok(event) => event, Err(_) => return HttpResponse::BadRequest().finish() };
            match event.kind.as_str() {
                "invoice.paid" => book(event.data.object["amount_paid"].as_i64().unwrap_or(0)),
                "subscription.updated" => {
                    let subscription: Subscription = serde_json::from_value(event.data.object).unwrap();
                    keep(subscription.customer);
                }
                _ => {}
            }
            HttpResponse::Ok().finish()
        }
        "#,
        expect![[r#"
            Consumer webhook invoice.paid on /webhooks/payments in payments: id, type, data {object {amount_paid?}}
            Consumer webhook subscription.updated on /webhooks/payments in payments: id, type, data {object {customer}}
        "#]],
    );
}

#[test]
fn queues_of_redis_jobs_and_functions_have_their_readers() {
    check(
        r#"
        use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
        use lambda_runtime::{Error, LambdaEvent};
        use redis::AsyncCommands;
        #[derive(Serialize, Deserialize)] pub struct Order { id: String }
        #[derive(Serialize, Deserialize)] pub struct Mail { to: String }
        #[derive(Deserialize)] pub struct Resize { key: String }
        pub async fn add(con: &mut Con, order: &Order) -> anyhow::Result<()> {
            let json = serde_json::to_string(order)?;
            let _: String = con.xadd("orders", "*", &[("type", "order.created"), ("payload", json.as_str())]).await?;
            let _: () = con.lpush("mails", serde_json::to_string(&Mail { to: "x".into() })?).await?;
            Ok(())
        }
        pub async fn mails(con: &mut Con) -> anyhow::Result<()> {
            loop {
                let (_, raw): (String, String) = con.brpop("mails", 0.0).await?;
                let mail: Mail = serde_json::from_str(&raw)?;
                println!("{}", mail.to);
            }
        }
        pub async fn handler(event: LambdaEvent<SqsEvent>) -> Result<(), Error> {
            for record in event.payload.records { process(record).await?; }
            Ok(())
        }
        async fn process(record: SqsMessage) -> Result<(), Error> {
            let job: Resize = serde_json::from_str(&record.body.ok_or("empty")?)?;
            println!("{}", job.key);
            Ok(())
        }
        pub async fn announce(sns: &aws_sdk_sns::Client, key: String) {
            sns.publish().topic_arn("arn:aws:sns:eu-west-1:123456789012:resized").message(json!({ "key": key }).to_string()).send().await.unwrap();
        }
        "#,
        expect![[r#"
            Producer queue order.created on orders in add: id
            Producer queue mails on - in add: to
            Consumer queue mails on - in mails: to
            Consumer queue - on - in handler: key
            Producer queue resized on - in announce: key
        "#]],
    );
}

#[test]
fn a_queue_of_one_type_goes_by_the_name_of_the_type() {
    check(
        r#"
        use apalis::prelude::*;
        use apalis_redis::RedisStorage;
        #[derive(Serialize, Deserialize)] pub struct WelcomeEmail { to: String, name: String }
        pub async fn schedule(storage: &mut RedisStorage<WelcomeEmail>, to: String) {
            storage.push(WelcomeEmail { to, name: "x".into() }).await.unwrap();
        }
        async fn send_welcome(job: WelcomeEmail) -> Result<(), Error> { println!("{}", job.to); Ok(()) }
        pub async fn run(storage: RedisStorage<WelcomeEmail>) {
            WorkerBuilder::new("welcome").backend(storage).build_fn(send_welcome);
        }
        "#,
        expect![[r#"
            Producer queue WelcomeEmail on - in schedule: to, name
            Consumer queue WelcomeEmail on - in run: to, name
        "#]],
    );
}

#[test]
fn rows_that_statements_write_into_an_outbox_are_events() {
    check_in(
        "src/lib.rs",
        r#"
        use sqlx::{PgPool, Postgres, Transaction};
        #[derive(Serialize)] pub struct Placed { order_id: i64, total: i64 }
        pub async fn place(pool: &PgPool, placed: &Placed) -> sqlx::Result<()> {
            let mut tx = pool.begin().await?;
            sqlx::query("INSERT INTO outbox (id, event_type, payload, created_at) VALUES ($1, $2, $3, now())")
                .bind(Uuid::new_v4()).bind("order.placed").bind(serde_json::to_value(placed).unwrap()).execute(&mut *tx).await?;
            add(&mut tx, "order.shipped", &serde_json::json!({ "orderId": placed.order_id })).await?;
            sqlx::query!("INSERT INTO audit (topic, payload) VALUES ('order.audited', $1)", placed.order_id).execute(&mut *tx).await?;
            tx.commit().await
        }
        async fn add(tx: &mut Transaction<'_, Postgres>, topic: &str, payload: &serde_json::Value) -> sqlx::Result<()> {
            sqlx::query("insert into app.event_outbox(topic, payload) values ($1, $2)").bind(topic).bind(payload).execute(&mut **tx).await?;
            Ok(())
        }
        "#,
        expect![[r#"
            Producer outbox order.placed on - in place: order_id, total
            Producer outbox order.shipped on - in place: orderId
        "#]],
    );
    check_in(
        "src/outbox.ts",
        r#"
        import { Pool, PoolClient } from "pg";
        import postgres from "postgres";
        const pool = new Pool();
        const sql = postgres();
        export async function place(order: { id: string; total: number }) {
          const client = await pool.connect();
          await client.query("INSERT INTO outbox (event_type, payload) VALUES ($1, $2)", ["order.placed", JSON.stringify({ orderId: order.id })]);
          await write(client, "order.audited", { orderId: order.id, by: "x" });
        }
        async function write(client: PoolClient, type: string, payload: unknown) {
          await client.query(`INSERT INTO outbox_messages (id, type, payload) VALUES (gen_random_uuid(), $1, $2)`, [type, payload]);
        }
        const PAID = "order.paid";
        export async function pay(id: string) { await sql`insert into outbox (topic, payload) values (${PAID}, ${sql.json({ paid: id })})`; }
        "#,
        expect![[r#"
            Producer outbox order.placed on - in place: orderId
            Producer outbox order.audited on - in place: orderId, by
            Producer outbox order.paid on - in pay: paid
        "#]],
    );
    check_in(
        "outbox.py",
        r#"
import json
from sqlalchemy import text

async def place(conn, order):
    await conn.execute("INSERT INTO outbox (event_type, payload) VALUES ($1, $2)", "order.placed", json.dumps({"orderId": order.id}))

def pay(cursor, order):
    cursor.execute("INSERT INTO outbox (event_type, payload) VALUES (%s, %s)", ("order.paid", json.dumps({"paid": order.id})))

def ship(session, order):
    session.execute(text("INSERT INTO outbox (topic, payload) VALUES (:topic, :payload)"), {"topic": "order.shipped", "payload": json.dumps({"shipped": order.id})})
"#,
        expect![[r#"
            Producer outbox order.placed on - in place: orderId
            Producer outbox order.paid on - in pay: paid
            Producer outbox order.shipped on - in ship: shipped
        "#]],
    );
}

#[test]
fn a_header_of_the_request_tells_webhooks_apart() {
    check(
        r#"
        use axum::{body::Bytes, http::HeaderMap, routing::post, Json, Router};
        use serde_json::Value;
        #[derive(Deserialize)] struct Push { commits: Vec<String> }
        pub fn router() -> Router { Router::new().route("/hooks/github", post(github)).route("/hooks/any", post(any)) }
        async fn github(headers: HeaderMap, body: Bytes) -> Result<(), Failure> {
            let kind = headers.get("x-github-event").and_then(|value| value.to_str().ok()).unwrap_or("");
            match kind {
                "push" => { let push: Push = serde_json::from_slice(&body)?; println!("{}", push.commits.len()); }
                "pull_request" => { let value: Value = serde_json::from_slice(&body)?; keep(value["number"].as_u64().ok_or(Failure)?); }
                _ => {}
            }
            Ok(())
        }
        async fn any(Json(body): Json<Value>) { keep(body["id"].as_str()); }
        "#,
        expect![[r#"
            Consumer webhook pull_request on /hooks/github in router: number
            Consumer webhook push on /hooks/github in router: commits
            Consumer webhook /hooks/any on - in router: id
        "#]],
    );
}

#[test]
fn names_that_no_caller_completes_are_patterns() {
    check(
        r#"
        use async_nats::jetstream::{self, consumer::PullConsumer};
        mod subjects {
            pub const PREFIX: &str = "stock";
            pub fn released(sku: &str) -> String { format!("{}.{}.released", PREFIX, sku) }
        }
        pub struct Stock { jetstream: async_nats::jetstream::Context }
        impl Stock {
            pub async fn release(&self, sku: &str) { self.jetstream.publish(subjects::released(sku), serde_json::to_vec(&json!({ "sku": sku })).unwrap().into()).await.unwrap(); }
        }
        pub async fn consume(stream: async_nats::jetstream::stream::Stream) {
            let consumer: PullConsumer = stream.get_or_create_consumer("b", Config { filter_subject: "stock.reserved".into(), ..Default::default() }).await.unwrap();
            let mut messages = consumer.messages().await.unwrap();
            while let Some(message) = messages.try_next().await.unwrap() {
                let reserved: Reserved = serde_json::from_slice(&message.payload).unwrap();
                println!("{}", reserved.sku);
            }
        }
        #[derive(Deserialize)] struct Reserved { sku: String }
        "#,
        expect![[r#"
            Producer queue stock.*.released on - in Stock.release: sku
            Consumer queue stock.reserved on - in consume: sku
        "#]],
    );
}

#[test]
fn what_helpers_decode_and_hand_on_is_read_by_who_gets_it() {
    check_in(
        "src/sync.ts",
        r#"
        import { Kafka } from "kafkajs";
        import Stripe from "stripe";
        const consumer = new Kafka({ brokers: ["b"] }).consumer({ groupId: "crm" });
        function decode(buffer: Buffer | null): any { if (!buffer) throw new Error("empty"); return JSON.parse(buffer.toString()); }
        export async function run() {
          await consumer.subscribe({ topic: "user.signup" });
          await consumer.run({ eachMessage: async ({ message }) => { const event = decode(message.value); await upsert(event.userId, event.plan ?? "free"); } });
        }
        const stripe = new Stripe("key");
        function verified(body: string, signature: string): Stripe.Event | null {
          try { return stripe.webhooks.constructEvent(body, signature, "secret"); } catch { return null; }
        }
        export async function pay(body: string, signature: string) {
          const event = verified(body, signature);
          if (event?.type === "invoice.paid") await book(event.data.object.amount_paid);
        }
        "#,
        expect![[r#"
            Consumer queue user.signup on - in run: plan?, userId
            Consumer webhook invoice.paid on - in verified: data {object {amount_paid}}, type
        "#]],
    );
    check_in(
        "sync.py",
        r#"
import json
from kafka import KafkaConsumer

def decode(raw):
    return json.loads(raw.decode("utf-8"))

def run():
    for message in KafkaConsumer("user.signup", group_id="crm"):
        event = decode(message.value)
        upsert(event["userId"], event.get("plan", "free"))
"#,
        expect![[r#"
            Consumer queue user.signup on - in run: plan?, userId
        "#]],
    );
}

#[test]
fn methods_of_a_trait_that_ask_one_another_come_to_an_end() {
    check(
        r#"
        pub trait Event: serde::Serialize {
            fn name(&self) -> String { self.title() }
            fn title(&self) -> String { self.name() }
        }
        #[derive(Serialize)] pub struct Opened { id: u64 }
        impl Event for Opened {}
        pub async fn publish<E: Event>(nats: &async_nats::Client, event: &E) {
            nats.publish(event.name(), serde_json::to_vec(event).unwrap().into()).await.unwrap();
        }
        pub async fn open(nats: &async_nats::Client) { publish(nats, &Opened { id: 1 }).await; }
        "#,
        expect![[r#"
            Producer queue - on - in open: id
        "#]],
    );
}

#[test]
fn what_is_decoded_into_what_may_be_null_of_a_type_out_of_sight_is_read_once() {
    check(
        r#"
        use axum::{Json, Router, routing::post};
        pub fn router() -> Router { Router::new().route("/hooks/any", post(any)) }
        async fn any(body: String) {
            let found: Option<elsewhere::Order> = serde_json::from_str(&body).unwrap();
            if let Some(order) = found { store(order.id, order.lines.first().unwrap().sku); }
        }
        "#,
        expect![[r#"
            Consumer webhook /hooks/any on - in router: id?, lines? | Discriminant(2)
        "#]],
    );
}

#[test]
fn what_a_class_keeps_is_not_taken_for_another_of_its_kind() {
    check_in(
        "keys.py",
        r#"
import json
import redis

cached = None

def connection():
    global cached
    if cached is None:
        cached = pool().take()
    return cached

class KeyPublisher:
    def __init__(self):
        self.conn = connection()

    def publish(self, key, platform):
        self.conn.publish("keys", json.dumps({"type": "key.added", "key": key}))

    def withdraw(self, key, platform):
        self.conn.publish("keys", json.dumps({"type": "key.gone", "key": key}))
"#,
        expect![[r#"
            Producer queue key.added on keys in KeyPublisher.publish: type, key
            Producer queue key.gone on keys in KeyPublisher.withdraw: type, key
        "#]],
    );
}

#[test]
fn an_enum_names_its_variants_by_a_method_of_its_own() {
    check(
        r#"
        use serde::Serialize;
        pub trait Event: Serialize { fn topic(&self) -> &'static str; }
        #[derive(Serialize)] #[serde(untagged)] pub enum Billing { Paid { invoice: String }, Voided { reason: String } }
        impl Event for Billing {
            fn topic(&self) -> &'static str { match self { Billing::Paid { .. } => "invoice.paid", Billing::Voided { .. } => "invoice.voided" } }
        }
        pub async fn publish<E: Event>(nats: &async_nats::Client, event: E) {
            nats.publish(event.topic(), serde_json::to_vec(&event).unwrap().into()).await.unwrap();
        }
        pub async fn pay(nats: &async_nats::Client, invoice: String) { publish(nats, Billing::Paid { invoice }).await; }
        pub async fn void(nats: &async_nats::Client, reason: String) { publish(nats, Billing::Voided { reason }).await; }
        "#,
        expect![[r#"
            Producer queue invoice.paid on - in pay: invoice
            Producer queue invoice.voided on - in void: reason
        "#]],
    );
}

#[test]
fn sockets_rows_of_models_and_typed_records_have_their_payloads() {
    check(
        r#"
        use aws_lambda_events::event::eventbridge::EventBridgeEvent;
        use axum::extract::ws::{Message, WebSocket};
        use lambda_runtime::{Error, LambdaEvent};
        use sea_orm::{ActiveModelTrait, DatabaseTransaction, Set};
        #[derive(Serialize)] pub struct Typing { user: String }
        pub async fn typing(mut socket: WebSocket, user: String) {
            socket.send(Message::Text(serde_json::to_string(&Typing { user }).unwrap().into())).await.unwrap();
        }
        pub async fn renew(txn: &DatabaseTransaction, id: i64) {
            outbox::ActiveModel { topic: Set("subscription.renewed".to_owned()), payload: Set(serde_json::json!({ "id": id })), ..Default::default() }
                .insert(txn).await.unwrap();
        }
        #[derive(Deserialize)] pub struct Shipped { parcel: String }
        pub async fn handler(event: LambdaEvent<EventBridgeEvent<Shipped>>) -> Result<(), Error> { keep(event.payload.detail.parcel); Ok(()) }
        "#,
        expect![[r#"
            Producer websocket - on - in typing: user
            Producer outbox subscription.renewed on - in renew: id
            Consumer queue - on - in handler: parcel
        "#]],
    );
}

#[test]
fn answers_and_configuration_are_no_events() {
    check(
        r#"
        #[derive(Deserialize)] pub struct Account { id: String }
        pub async fn account(client: &reqwest::Client) -> anyhow::Result<()> {
            let text = client.get("https://api.example/account").send().await?.text().await?;
            let account: Account = match serde_json::from_str(&text) { Ok(account) => account, Err(error) => return Err(error.into()) };
            keep(account.id);
            Ok(())
        }
        #[derive(Serialize, Deserialize)] #[serde(rename_all = "kebab-case")]
        pub struct WelcomeMessages { welcome_message: Text, welcome_message_late: Text }
        #[derive(Serialize, Deserialize)] pub struct Text { body: String }
        "#,
        expect![""],
    );
}

#[test]
fn a_private_helper_with_one_caller_sends_what_its_caller_has() {
    let model = linked(
        "src/index.ts",
        r#"
        export async function signUp(env: Env, plan: "pro" | "free") {
          const id = crypto.randomUUID();
          await signedUp(env, id, plan);
        }
        async function signedUp(env: Env, id: string, plan: string) {
          await env.SIGNUP_QUEUE.send({ type: "user.signup", userId: id, plan });
        }
        "#,
    );
    let [sent] = model.boundaries.as_slice() else { panic!("one boundary: {:?}", model.boundaries) };
    assert_eq!(sent.event.as_deref(), Some("user.signup"));
    let payload = sent.shape.as_object().expect("an object");
    let shape = |name: &str| &payload.field(name).expect("the field").shape;
    assert_eq!(shape("userId").kind, ShapeKind::String(StringShape::format("uuid")));
    assert_eq!(shape("plan").branches().len(), 2);
}

#[test]
fn a_route_by_the_name_of_webhooks_is_one_though_nothing_is_known_of_what_it_reads() {
    check_in(
        "app/api/webhooks/payments/route.ts",
        r#"
        import { handle } from "elsewhere";
        export async function POST(request: Request) {
          const event = JSON.parse(await request.text()) as elsewhere.Event;
          if (event.type === "invoice.paid") await handle(event);
          return new Response(null);
        }
        "#,
        expect![[r#"
            Consumer webhook invoice.paid on - in POST: ?
        "#]],
    );
}

#[test]
fn of_what_svix_creates_messages_alone_are_sent() {
    check(
        r#"
use svix::api::{ApplicationIn, MessageIn, Svix};

pub async fn register(client: &Svix, name: String) {
    client.application().create(ApplicationIn::new(name), None).await;
}

pub async fn send(client: &Svix, app: String, id: String) {
    let message = MessageIn { event_type: "user.signup".to_owned(), payload: serde_json::json!({ "id": id }), ..MessageIn::default() };
    client.message().create(app, message, None).await;
}
"#,
        expect![[r#"
            Producer webhook user.signup on - in send: id
        "#]],
    );
}

#[test]
fn a_file_or_a_media_type_that_a_body_is_told_apart_by_is_no_event() {
    check(
        r#"
        use serde::Deserialize;
        #[derive(Deserialize)] struct Manifest { private: bool }
        #[derive(Deserialize)] struct Paid { id: String }
        pub fn manifest(name: &str, body: &str) {
            match name {
                "package.json" => { let read: Manifest = serde_json::from_str(body).unwrap(); keep(read.private) }
                "application/json" => { let read: Manifest = serde_json::from_str(body).unwrap(); keep(read.private) }
                "order.paid" => { let read: Paid = serde_json::from_str(body).unwrap(); keep(read.id) }
                _ => {}
            }
        }
        "#,
        expect![[r#"
            Consumer decode - on - in manifest: private
            Consumer decode - on - in manifest: private
            Consumer decode order.paid on - in manifest: id
        "#]],
    );
}
