//! Small programs of TypeScript: what they send and read, by the ways in which people write it.

use expect_test::{Expect, expect};

use super::tests_programs::listed;

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&listed("src/app.ts", text));
}

#[test]
fn a_function_taken_from_a_hook_is_followed_inside_of_closures() {
    check(
        r#"
        import { PostHog } from "posthog-node";
        const client = new PostHog("key");
        export function useAnalytics() {
          const track = (event: string, properties: Record<string, unknown>) =>
            client.capture({ distinctId: "x", event, properties });
          return { track };
        }
        export function Button({ id }: { id: string }) {
          const { track } = useAnalytics();
          const onClick = async () => { track("button_clicked", { id }); };
          const onEach = useCallback((list: number[]) => { list.forEach((n) => track("row_clicked", { id, n })); }, []);
          return onClick;
        }
        "#,
        expect![[r#"
            Producer analytics button_clicked on - in onClick: id
            Producer analytics row_clicked on - in Button: id, n
        "#]],
    );
}

#[test]
fn what_a_test_has_shown_to_be_there_is_sent_for_sure() {
    check(
        r#"
        import { Kafka } from "kafkajs";
        const producer = new Kafka({ brokers: [] }).producer();
        const send = (topic: string, body: object) => producer.send({ topic, messages: [{ value: JSON.stringify(body) }] });
        interface User { name?: string; email?: string | null; plan?: { tier: string } }
        export async function guarded(user: User) {
          if (!user.name || user.email == null) return;
          await send("guarded", { name: user.name, email: user.email, plan: user.plan });
        }
        export async function inside(user: User) {
          if (user.name && typeof user.email === "string") {
            await send("inside", { name: user.name, email: user.email });
          }
          await send("after", { name: user.name });
        }
        export async function again(user: User, next: User) {
          if (!user.name) throw new Error("no name");
          user = next;
          await send("again", { name: user.name });
        }
        export async function half(user: User) {
          if (!user.name && !user.email) return;
          if (user.email === undefined) return;
          await send("half", { name: user.name, email: user.email });
        }
        "#,
        expect![[r#"
            Producer queue guarded on - in guarded: name, email, plan {tier}?
            Producer queue inside on - in inside: name, email
            Producer queue after on - in inside: name?
            Producer queue again on - in again: name?
            Producer queue half on - in half: name?, email?
        "#]],
    );
}

#[test]
fn a_helper_that_checks_a_signature_hands_the_event_back() {
    check(
        r#"
        import Stripe from "stripe";
        const stripe = new Stripe("key");
        function verified(body: string, signature: string): Stripe.Event | null {
          try {
            return stripe.webhooks.constructEvent(body, signature, "secret");
          } catch {
            return null;
          }
        }
        export async function POST(req: Request) {
          const event = verified(await req.text(), req.headers.get("stripe-signature")!);
          if (!event) return new Response("bad", { status: 400 });
          switch (event.type) {
            case "customer.deleted": {
              const customer = event.data.object as Stripe.Customer;
              await remove(customer.id);
              break;
            }
            case "invoice.paid":
              await paid(event.data.object);
          }
          return new Response("ok");
        }
        async function paid(invoice) {
          await save(invoice.id, invoice.amount_paid);
        }
        "#,
        expect![[r#"
            Consumer webhook customer.deleted on - in verified: data {object {id}}, type
            Consumer webhook invoice.paid on - in verified: data {object {amount_paid, id}}, type
        "#]],
    );
}

#[test]
fn a_client_and_an_emitter_in_one_file_are_told_apart_and_events_are_named_by_their_class() {
    check(
        r#"
        import { ClientProxy } from "@nestjs/microservices";
        import { EventEmitter2, OnEvent } from "@nestjs/event-emitter";
        export class OrderCreated {
          constructor(readonly orderId: string, readonly total: number) {}
        }
        export class OrderHandler {
          constructor(private readonly logger: ClientProxy, private readonly emitter: EventEmitter2) {}
          @OnEvent(OrderCreated.name, { async: true })
          async handle(event: OrderCreated) {
            this.logger.emit("orderLogged", { orderId: event.orderId });
          }
          create(id: string) {
            this.emitter.emit(OrderCreated.name, new OrderCreated(id, 3));
          }
        }
        "#,
        expect![[r#"
            Consumer in-process - on - in OrderHandler.handle: orderId
            Producer queue orderLogged on - in OrderHandler.handle: orderId
            Producer in-process OrderCreated on - in OrderHandler.create: orderId, total
        "#]],
    );
}

#[test]
fn an_event_that_its_base_class_alone_is_known_of_is_sent_under_the_name_of_each_class_below() {
    check(
        r#"
        import { Kafka } from "kafkajs";
        const producer = new Kafka({ brokers: [] }).producer();
        abstract class DomainEvent {
          readonly eventId: string = crypto.randomUUID();
          abstract readonly eventType: string;
        }
        class ItemAdded extends DomainEvent {
          readonly eventType = "cart.item_added";
          constructor(readonly cartId: string, readonly quantity: number) { super(); }
        }
        class CartCleared extends DomainEvent {
          readonly eventType = "cart.cleared";
          constructor(readonly cartId: string) { super(); }
        }
        abstract class Named { constructor(readonly name: string, readonly version = 1) {} }
        class OrderPaid extends Named { constructor(readonly orderId: string) { super("order.paid"); } }
        class OrderGone extends Named { constructor(readonly orderId: string, readonly why: string) { super("order.gone", 2); } }
        interface Port { publish(event: DomainEvent): Promise<void> }
        class KafkaPort implements Port {
          async publish(event: DomainEvent) {
            await producer.send({ topic: event.eventType, messages: [{ value: JSON.stringify(event) }] });
          }
        }
        class Cart {
          constructor(private readonly port: Port) {}
          async flush(pending: { pull(): DomainEvent[] }) {
            for (const event of pending.pull()) await this.port.publish(event);
          }
        }
        export async function publishAll(events: Named[]) {
          for (const event of events) {
            await producer.send({ topic: "orders", messages: [{ value: JSON.stringify({ type: event.name, data: event }) }] });
          }
        }
        "#,
        expect![[r#"
            Producer queue cart.cleared on - in KafkaPort.publish: eventId, eventType, cartId
            Producer queue cart.item_added on - in KafkaPort.publish: eventId, eventType, cartId, quantity
            Producer queue order.gone on orders in publishAll: type, data {name, version, orderId, why}
            Producer queue order.paid on orders in publishAll: type, data {name, version, orderId}
        "#]],
    );
}

#[test]
fn an_event_that_is_made_where_it_is_published_is_sent_under_the_name_of_its_class() {
    check(
        r#"
        import { Kafka } from "kafkajs";
        const producer = new Kafka({ brokers: [] }).producer();
        abstract class DomainEvent { abstract readonly topic: string; abstract kind(): string; }
        class UserCreated extends DomainEvent {
          readonly topic = "users";
          constructor(readonly userId: string) { super(); }
          kind() { return "user.created"; }
        }
        class UserDeleted extends DomainEvent {
          readonly topic = "users";
          constructor(readonly userId: string) { super(); }
          kind() { return "user.deleted"; }
        }
        class Bus {
          async publish(event: DomainEvent) {
            await producer.send({ topic: event.topic, messages: [{ value: JSON.stringify({ type: event.kind(), data: event }) }] });
          }
          async named(event: DomainEvent) {
            await producer.send({ topic: "by-class", messages: [{ value: JSON.stringify({ type: event.constructor.name, data: event }) }] });
          }
        }
        const bus = new Bus();
        export async function create(id: string) {
          await bus.publish(new UserCreated(id));
          await bus.named(new UserCreated(id));
        }
        export const remove = (event: DomainEvent) => bus.named(event);
        "#,
        expect![[r#"
            Producer queue UserCreated on by-class in Bus.named: type, data {topic, userId}
            Producer queue UserDeleted on by-class in Bus.named: type, data {topic, userId}
            Producer queue user.created on users in create: type, data {topic, userId}
            Producer queue UserCreated on by-class in create: type, data {topic, userId}
        "#]],
    );
}

#[test]
fn a_payload_that_is_handed_on_inside_of_an_object_is_read_there_and_its_type_names_the_event() {
    check(
        r#"
        import * as amqp from "amqplib";
        interface Uploaded { type: "file.uploaded"; payload: { fileId: string; size: number } }
        interface Rejected { type: "file.rejected"; payload: { fileId: string; reason: string } }
        type Notifiable = Uploaded | Rejected;
        function isNotifiable(value: unknown): value is Notifiable { return !!value && typeof value === "object"; }
        class Notify {
          async execute(input: { event: Notifiable; routingKey: string }) {
            store(input.event.payload.fileId);
          }
        }
        class Consumer {
          constructor(private readonly notify: Notify) {}
          async start(connection: amqp.Connection) {
            const channel = await connection.createChannel();
            await channel.consume("q.notify", (message) => this.handle(channel, message));
          }
          private async handle(channel: amqp.Channel, message: amqp.ConsumeMessage) {
            let parsed: unknown;
            try {
              parsed = JSON.parse(message.content.toString("utf-8"));
            } catch (error) {
              return channel.nack(message);
            }
            if (!isNotifiable(parsed)) return channel.ack(message);
            await this.notify.execute({ event: parsed, routingKey: message.fields.routingKey });
          }
        }
        class Sorter {
          async start(channel: amqp.Channel) {
            await channel.consume("q.sorted", async (message) => this.sort(JSON.parse(message.content.toString())));
          }
          private async sort(event: Notifiable) {
            switch (event.type) {
              case "file.uploaded": return store(event.payload.size);
              case "file.rejected": return store(event.payload.reason);
            }
          }
        }
        "#,
        expect![[r#"
            Consumer queue q.notify on - in Consumer.start: payload {fileId}
            Consumer queue file.rejected on q.sorted in Sorter.start: payload {reason}, type
            Consumer queue file.uploaded on q.sorted in Sorter.start: payload {size}, type
        "#]],
    );
}

#[test]
fn a_read_that_stands_behind_a_question_or_goes_to_what_copes_is_no_requirement() {
    check(
        r#"
        import { Kafka } from "kafkajs";
        const consumer = new Kafka({ brokers: [] }).consumer({ groupId: "a" });
        const isRecord = (value: unknown): value is Record<string, unknown> => !!value && typeof value === "object";
        function text(value: unknown) { return typeof value === "string" ? value : undefined; }
        function shown(value: string, unit = "cm") { return value + unit; }
        export async function start() {
          await consumer.subscribe({ topic: "orders" });
          await consumer.run({ eachMessage: async ({ message }) => {
            const event = JSON.parse(message.value!.toString());
            const sort = typeof event.sort === "string" ? event.sort : undefined;
            const note = text(event.note);
            if (isRecord(event.meta)) store(event.meta);
            const count = Array.isArray(event.items) ? event.items.length : 0;
            store(shown(event.width, event.unit));
            store(["a", `b ${event.id}`].join(", "), format(event.total).trim(), event.name.trim());
          } });
        }
        "#,
        expect![[r#"
            Consumer queue orders on - in start: id, items?, meta?, name, note?, sort?, total, unit?, width
        "#]],
    );
}

#[test]
fn a_row_of_an_outbox_is_known_by_its_class() {
    check(
        r#"
        import { Entity, Column, DataSource } from "typeorm";
        @Entity("outbox_events")
        class OutboxEvent { @Column() type: string; @Column() payload: any; }
        export class Orders {
          constructor(private dataSource: DataSource) {}
          async create(total: number) {
            const runner = this.dataSource.createQueryRunner();
            const row = new OutboxEvent();
            row.type = "OrderCreated";
            row.payload = { orderId: "a", total };
            await runner.manager.save(OutboxEvent, row);
          }
          async remove(id: string) {
            const row = new OutboxEvent();
            row.type = "OrderRemoved";
            row.payload = { id };
            await this.dataSource.manager.save(row);
          }
          async store(order: { type: string; payload: string }) {
            await this.dataSource.manager.save(order);
          }
        }
        "#,
        expect![[r#"
            Producer outbox OrderCreated on - in Orders.create: orderId, total
            Producer outbox OrderRemoved on - in Orders.remove: id
        "#]],
    );
}

#[test]
fn a_header_names_the_event_of_a_webhook_and_a_file_the_route() {
    check(
        r#"
        const express = require("express");
        const app = express();
        app.post("/webhooks/github", express.raw({ type: "application/json" }), async (req, res) => {
          const event = req.headers["x-github-event"];
          const payload = JSON.parse(req.body.toString());
          switch (event) {
            case "ping": store(payload.zen); break;
            case "push": store(payload.ref, payload.head_commit?.message); break;
          }
          res.status(200).send("OK");
        });
        app.post("/webhooks/other", async (req, res) => {
          if (req.headers["x-request-id"] === "push") store(req.body.ref);
          res.status(200).send("OK");
        });
        "#,
        expect![[r#"
            Consumer webhook ping on /webhooks/github in : zen
            Consumer webhook push on /webhooks/github in : head_commit?, ref
            Consumer webhook /webhooks/other on - in : ref
        "#]],
    );
    expect![[r#"
        Consumer webhook /webhooks/clerk on - in POST: data {id}
    "#]]
    .assert_eq(&listed(
        "app/webhooks/clerk/route.ts",
        r#"
        export async function POST(request: Request) {
          const event = await request.json();
          store(event.data.id);
          return Response.json({ ok: true });
        }
        "#,
    ));
}

#[test]
fn a_reader_of_what_an_outbox_holds_looks_inside_of_what_its_relay_puts_around() {
    check(
        r#"
        import { Kafka } from "kafkajs";
        const consumer = new Kafka({ brokers: [] }).consumer({ groupId: "a" });
        export async function place(outboxRepository: Repository, id: string) {
          await outboxRepository.insert({ type: "OrderPlaced", payload: { orderId: id } });
          await outboxRepository.insert({ type: "OrderGone", payload: { payload: id, reason: "x" } });
        }
        export async function start() {
          await consumer.subscribe({ topic: "orders" });
          await consumer.run({ eachMessage: async ({ message }) => {
            const event = JSON.parse(message.value!.toString());
            await apply({ event, at: Date.now() });
          } });
        }
        async function apply(input: { event: any; at: number }) {
          switch (input.event.type) {
            case "OrderPlaced": return store(input.event.payload.orderId);
            case "OrderGone": return store(input.event.payload);
          }
        }
        "#,
        expect![[r#"
            Producer outbox OrderPlaced on - in place: orderId
            Producer outbox OrderGone on - in place: payload, reason
            Consumer queue OrderGone on orders in start: payload, type
            Consumer queue OrderPlaced on orders in start: orderId
        "#]],
    );
}

#[test]
fn lists_of_what_carries_events_and_words_for_sorts_of_messages_name_no_event() {
    check(
        r#"
        import { Kafka } from "kafkajs";
        const producer = new Kafka({ brokers: [] }).producer();
        export const EVENT_QUEUES = { AUDIT: "q.audit", MAIL: "q.mail" } as const;
        export const REQUIRED_WEBHOOK_HEADERS = ["webhook-id", "webhook-signature"] as const;
        export const EVENT_NAMES = { AUDITED: "file.audited" } as const;
        export async function relay(row: { type: string; kind: "event" }) {
          await producer.send({ topic: "rows", messages: [{ value: JSON.stringify({ type: row.type, kind: "event" }) }] });
        }
        export async function say() {
          await producer.send({ topic: "chat", messages: [{ value: JSON.stringify({ type: "message", text: "hi" }) }] });
        }
        export async function either(urgent: boolean, id: string) {
          await producer.send({ topic: urgent ? "fast" : "slow", messages: [{ value: JSON.stringify({ type: "job.made", id }) }] });
        }
        "#,
        expect![[r#"
            Producer declared file.audited on - in EVENT_NAMES: ?
            Producer queue rows on - in relay: type, kind
            Producer queue message on chat in say: type, text
            Producer queue job.made on - in either: type, id
        "#]],
    );
}

#[test]
fn what_is_written_to_a_log_is_not_demanded() {
    check(
        r#"
        import { Kafka } from "kafkajs";
        const consumer = new Kafka({ brokers: [] }).consumer({ groupId: "a" });
        class Reader {
          constructor(private readonly logger: Logger) {}
          async start() {
            await consumer.subscribe({ topic: "orders" });
            await consumer.run({ eachMessage: async ({ message }) => {
              const event = JSON.parse(message.value!.toString());
              this.logger.info(JSON.stringify({ trace: event.traceId }));
              console.error(`no customer on ${event.type} ${event.number}`);
              catalog.info(event.name);
              store(event.id);
            } });
          }
        }
        "#,
        expect![[r#"
            Consumer queue orders on - in Reader.start: id, name, number?, traceId?, type?
        "#]],
    );
}

#[test]
fn a_name_out_of_several_is_each_of_them() {
    check(
        r#"
        export async function chosen(bus: EventBus, id: string, late: boolean) {
          await bus.publish(late ? "order.late" : "order.placed", { id });
        }
        export async function each(bus: EventBus, id: string) {
          for (const version of ["v1", "v2"] as const) {
            await bus.publish(`user.signup.${version}`, { id });
          }
        }
        "#,
        expect![[r#"
            Producer queue order.late on - in chosen: id
            Producer queue order.placed on - in chosen: id
            Producer queue user.signup.v1 on - in each: id
            Producer queue user.signup.v2 on - in each: id
        "#]],
    );
}

#[test]
fn a_payload_that_depends_is_each_of_the_events_that_it_may_be() {
    check(
        r#"
import { Kafka } from "kafkajs";
const producer = new Kafka({ brokers: [] }).producer();
export class Bus {
  async publish(event: { type: string; [key: string]: unknown }) {
    await producer.send({ topic: "orders", messages: [{ value: JSON.stringify(event) }] });
  }
}
export async function settle(bus: Bus, paid: boolean, id: string) {
  await bus.publish(paid ? { type: "order.paid", id } : { type: "order.failed", id, reason: "declined" });
}
export async function end(bus: EventBus, kept: boolean, id: string) {
  await bus.publish(kept ? { type: "order.kept", id } : { type: "order.lost", id, reason: "late" });
}
export async function move(bus: EventBus, up: boolean, id: string) {
  await bus.publish({ type: up ? "order.up" : "order.down", id });
}
export async function open(bus: EventBus, gift: boolean, id: string) {
  await bus.publish(gift ? { type: "order.opened", id, wrap: true } : { type: "order.opened", id });
}
"#,
        expect![[r#"
            Producer queue order.failed on orders in settle: type, id, reason
            Producer queue order.paid on orders in settle: type, id
            Producer queue order.kept on orders in end: type, id
            Producer queue order.lost on orders in end: type, id, reason
            Producer queue order.down on orders in move: type, id
            Producer queue order.up on orders in move: type, id
            Producer queue order.opened on orders in open: type, id, wrap | type, id
        "#]],
    );
}

#[test]
fn a_category_and_what_was_done_are_no_payload() {
    check(
        r#"
import { trackEvent } from "./matomo";
export function opened() { trackEvent("signup", "opened"); }
export function done(plan: string) { trackEvent("signup-done", { plan }); }
"#,
        expect![[r#"
            Producer analytics signup on - in opened: ?
            Producer analytics signup-done on - in done: plan
        "#]],
    );
}

#[test]
fn a_table_that_holds_more_than_is_known_names_nothing() {
    check(
        r#"
import { Queue } from "bullmq";
import { further } from "further-jobs";
const queue = new Queue("jobs");
const SOME = { ...further, mail: { name: "mail.send" }, bill: { name: "bill.send" } };
const ALL = { mail: { name: "mail.sent" }, bill: { name: "bill.sent" } };
export async function one(kind: string, id: string) { await queue.add(SOME[kind].name, { id }); }
export async function two(kind: string, id: string) { await queue.add(ALL[kind].name, { id }); }
export async function three(id: string) { await queue.add(SOME.mail.name, { id }); }
"#,
        expect![[r#"
            Producer queue jobs on - in one: id
            Producer queue bill.sent on jobs in two: id
            Producer queue mail.sent on jobs in two: id
            Producer queue mail.send on jobs in three: id
        "#]],
    );
}

#[test]
fn the_handlers_that_are_known_of_a_table_read() {
    check(
        r#"
import { Worker } from "bullmq";
import { further } from "further-jobs";
const SOME = { ...further, mail: async (job) => { send(job.data.to.trim()); } };
export function start(kind: string) { return new Worker("mails", SOME[kind]); }
"#,
        expect![[r#"
            Consumer queue mails on - in start: to
        "#]],
    );
}

#[test]
fn a_function_kept_by_a_hook_is_called_under_the_name_that_callers_give_it() {
    check(
        r#"
import { usePostHog } from "posthog-js/react";
class ServerSide { capture(...args: unknown[]) { log(args); } }
export const useCapture = () => {
  const posthog = usePostHog();
  return useCallback(function capture(event: string, properties?: object) { return posthog.capture(event, properties); }, [posthog]);
};
export const useTracking = () => {
  const posthog = usePostHog();
  function capture(event: string, properties?: object) { return posthog.capture(event, properties); }
  return capture;
};
export function One({ id }: { id: string }) {
  const capture = useCapture();
  return button(() => capture("one:clicked", { id }));
}
export function Two({ id }: { id: string }) {
  const track = useTracking();
  return button(() => track("two:clicked", { id }));
}
"#,
        expect![[r#"
            Producer analytics one:clicked on - in One: id
            Producer analytics two:clicked on - in Two: id
        "#]],
    );
}

#[test]
fn what_a_method_hands_on_with_all_its_arguments_is_what_it_is_given() {
    check(
        r#"
import { PostHog } from "posthog-node";
export class ServerSide {
  private client = new PostHog("key");
  capture(...args: unknown[]) { this.client.capture(...args); }
}
const server = new ServerSide();
export function done(id: string) { server.capture({ distinctId: id, event: "signup_done", properties: { id } }); }
"#,
        expect![[r#"
            Producer analytics signup_done on - in done: id
        "#]],
    );
}

#[test]
fn a_name_that_a_case_has_shown_is_the_names_of_the_case() {
    check(
        r#"
import { Server } from "socket.io";
type Change = { name: string; id: string };
export class Sockets {
  async perform(change: Change, io: Server) {
    switch (change.name) {
      case "doc.created":
      case "doc.updated":
        return io.to("team").emit(change.name, { id: change.id });
      case "doc.deleted":
        return io.to("team").emit("entities", { event: change.name });
      default:
        return io.to("team").emit(change.name, { other: change.id });
    }
  }
  async early(change: Change, io: Server) {
    if (change.name !== "doc.moved") return;
    io.to("team").emit(change.name, { moved: true });
  }
  async half(change: Change, io: Server, ready: boolean) {
    if (change.name !== "doc.half" && ready) return;
    io.to("team").emit(change.name, { half: true });
  }
  async again(kind: string, io: Server) {
    if (kind === "doc.first") {
      kind = "doc.second";
      io.to("team").emit(kind, { again: true });
    }
  }
}
"#,
        expect![[r#"
            Producer websocket doc.created on - in Sockets.perform: id
            Producer websocket doc.updated on - in Sockets.perform: id
            Producer websocket entities on - in Sockets.perform: event
            Producer websocket - on - in Sockets.perform: other
            Producer websocket doc.moved on - in Sockets.early: moved
            Producer websocket - on - in Sockets.half: half
            Producer websocket doc.second on - in Sockets.again: again
        "#]],
    );
}

#[test]
fn what_a_case_hands_on_is_an_event_of_that_name() {
    check(
        r#"
type Change = { name: string; id: string };
export class Deliver {
  async perform(change: Change, url: string) {
    switch (change.name) {
      case "doc.created":
      case "doc.updated":
        await this.document(change, url);
        return;
      case "user.created":
        await this.user(change, url);
        return;
    }
  }
  private async document(change: Change, url: string) { await this.sendWebhook(change, url, { doc: change.id }); }
  private async user(change: Change, url: string) { await this.sendWebhook(change, url, { user: change.id }); }
  private async sendWebhook(change: Change, url: string, payload: object) {
    await fetch(url, { method: "POST", body: JSON.stringify({ event: change.name, payload }) });
  }
}
"#,
        expect![[r#"
            Producer webhook doc.created on - in Deliver.perform: event, payload {doc}
            Producer webhook doc.updated on - in Deliver.perform: event, payload {doc}
            Producer webhook user.created on - in Deliver.perform: event, payload {user}
        "#]],
    );
}

#[test]
fn a_job_class_is_one_however_far_above_its_base_stands() {
    check(
        r#"
export abstract class BaseTask<T> { abstract perform(props: T): Promise<void>; }
export abstract class CronTask extends BaseTask<{ limit: number }> {}
export class CleanupTask extends CronTask { async perform({ limit }: { limit: number }) { drop(limit); } }
"#,
        expect![[r#"
            Consumer queue CleanupTask on - in CleanupTask.perform: limit
        "#]],
    );
}

#[test]
fn a_queue_that_is_made_when_it_is_first_asked_for_has_its_name() {
    check(
        r#"
import Queue from "bull";
function createQueue(name: string) { const queue = new Queue(name, "redis://"); return queue; }
let mails: ReturnType<typeof createQueue> | undefined;
export const mailQueue = () => { if (!mails) { mails = createQueue("mails"); } return mails; };
let bills;
export const billQueue = () => (bills ??= new Queue("bills"));
let either;
export function open(which: boolean) { if (which) either = new Queue("left"); else either = new Queue("right"); }
export async function mail(to: string) { await mailQueue().add({ to }); }
export async function bill(id: string) { await billQueue().add({ id }); }
export async function any(id: string) { await either.add({ id }); }
mailQueue().process(5, async (job) => { send(job.data.to.trim()); });
"#,
        expect![[r#"
            Producer queue mails on - in mail: to
            Producer queue bills on - in bill: id
            Producer queue - on - in any: id
            Consumer queue mails on - in : to
        "#]],
    );
}

#[test]
fn a_row_whose_class_hands_it_on_when_it_is_saved_is_sent_where_it_is_made() {
    check(
        r#"
import { Model, AfterSave } from "sequelize-typescript";
import Queue from "bull";
const queue = new Queue("events");
export class Event extends Model {
  name: string;
  @AfterSave
  static async enqueue(model: Event, options: { transaction?: Transaction }) {
    if (options.transaction) { options.transaction.afterCommit(() => void queue.add(model)); return; }
    void queue.add(model);
  }
  static schedule(event: Partial<Event>) { return queue.add(this.build({ createdAt: new Date(), ...event })); }
  static from(ctx: { ip: string }, attributes: Partial<Event>) { return this.create({ ...attributes, ip: ctx.ip }); }
}
export class Other extends Model { static make(name: string) { return this.create({ name }); } }
export async function made(id: string, transaction: Transaction) { await Event.create({ name: "team.deleted", id }, { transaction }); }
export async function planned(id: string) { await Event.schedule({ name: "user.seen", id }); }
export async function taken(ctx: { ip: string }) { await Event.from(ctx, { name: "user.left" }); }
export async function another() { await Other.make("no.event"); }
export async function kept(name: string) {
  const row = Other.build({ name });
  await queue.add({ event: "row.kept", id: row.id, name: row.name });
}
"#,
        expect![[r#"
            Producer queue team.deleted on events in made: name, id
            Producer queue user.seen on events in planned: createdAt, name, id
            Producer queue user.left on events in taken: name, ip
            Producer queue row.kept on events in kept: event, id, name
        "#]],
    );
}

#[test]
fn rows_of_an_outbox_are_sent_by_who_names_them() {
    check(
        r#"
import * as schema from "./schema";
type Log = { workspaceId: string; event: string; description: string };
export async function insertLogs(db: Db, given: Log | Log[]) {
  const logs = Array.isArray(given) ? given : [given];
  const rows: (typeof schema.clickhouseOutbox.$inferInsert)[] = [];
  for (const log of logs) {
    rows.push({ version: "v1", payload: { event: log.event, workspace_id: log.workspaceId } });
  }
  await db.insert(schema.clickhouseOutbox).values(rows);
}
export async function one(tx: Db, id: string) { await insertLogs(tx, { workspaceId: id, event: "workspace.update", description: "x" }); }
export async function two(tx: Db, id: string) {
  await insertLogs(tx, [{ workspaceId: id, event: "key.create", description: "x" }, { workspaceId: id, event: "key.delete", description: "y" }]);
}
export async function each(tx: Db, ids: string[]) {
  await insertLogs(tx, ids.map((id) => ({ workspaceId: id, event: "role.create", description: "x" })));
}
"#,
        expect![[r#"
            Producer outbox workspace.update on - in one: event, workspace_id
            Producer outbox key.create on - in two: event, workspace_id
            Producer outbox key.delete on - in two: event, workspace_id
            Producer outbox role.create on - in each: event, workspace_id
        "#]],
    );
}

#[test]
fn a_client_that_a_class_keeps_is_one_of_its_kind() {
    check(
        r#"
import { RedisAdapter } from "./redis";
export async function invalidate(userIds: string[]) {
  await RedisAdapter.shared.publish("access-changed", JSON.stringify({ userIds }));
}
"#,
        expect![[r#"
            Producer queue access-changed on - in invalidate: userIds
        "#]],
    );
}

#[test]
fn addresses_with_dots_name_webhooks_as_well() {
    check(
        r#"
import Router from "koa-router";
const router = new Router();
router.post("github.webhooks", validate(), async (ctx) => { take(ctx.request.body.action); });
router.post("hooks.slack", validate(), async (ctx) => { const { token, text } = ctx.request.body; take(token, text); });
router.post("documents.list", validate(), async (ctx) => { take(ctx.request.body.limit); });
"#,
        expect![[r#"
            Consumer webhook github.webhooks on - in : action
            Consumer webhook hooks.slack on - in : text, token
        "#]],
    );
}

#[test]
fn a_property_of_what_is_measured_is_no_event() {
    check(
        r#"
import { PostHog } from "posthog-node";
const posthog = new PostHog("key");
export function clicked(name: string, id: string) {
  posthog.capture({ distinctId: id, event: "clicked", properties: { data: { event: name, id } } });
}
export function open(id: string) { clicked("menu.open", id); }
"#,
        expect![[r#"
            Producer analytics clicked on - in clicked: data {event, id}
        "#]],
    );
}

#[test]
fn what_a_declaration_may_leave_out_is_not_demanded() {
    check(
        r#"
abstract class BaseTask<T> { abstract perform(props: T): Promise<void>; }
type Props = { key: string; content?: string; author?: { name?: string; id: string } | null };
type Either = { kind: "a"; note?: string } | { kind: "b"; note?: string; id: string } | { kind: "c" };
export class ImportTask extends BaseTask<Props> {
  async perform({ key, content, author }: Props) { create(key, content, author?.name); }
}
export class EitherTask extends BaseTask<Either> { async perform(props: Either) { create(props.kind, props.note, props.id); } }
export class SendTask extends BaseTask<any> { async perform(props) { send({ event: props, late: true }); } }
export class KeepTask extends BaseTask<any> { async perform(props) { keep(props); } }
function send(params: { event: { id: string; mode?: string }; late: boolean }) { create(params.event.id, params.event.mode, params.late); }
function keep(event: { id: string; mode?: string }) { const { id, mode } = event; create(id, mode, null); }
"#,
        expect![[r#"
            Consumer queue ImportTask on - in ImportTask.perform: author?, content?, key
            Consumer queue EitherTask on - in EitherTask.perform: id, kind, note?
            Consumer queue SendTask on - in SendTask.perform: id, mode?
            Consumer queue KeepTask on - in KeepTask.perform: id, mode?
        "#]],
    );
}
