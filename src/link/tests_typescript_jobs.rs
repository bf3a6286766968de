//! Jobs and messages of TypeScript programs that their own helpers send and hand out.

use expect_test::{Expect, expect};

use super::tests_programs::listed;

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&listed("src/app.ts", text));
}

#[test]
fn a_message_that_carries_its_own_class_goes_by_that() {
    check(
        r#"
import Queue from "bull";
const tasks = new Queue("tasks");
export abstract class BaseEmail<T> {
  private props: T;
  private metadata?: { notificationId?: string };
  constructor(props: T, metadata?: { notificationId?: string }) { this.props = props; this.metadata = metadata; }
  schedule(options?: object) {
    const templateName = this.constructor.name;
    return tasks.add({ name: "EmailTask", props: { templateName, ...this.metadata, props: this.props } }, { attempts: 5, ...options });
  }
}
export class InviteEmail extends BaseEmail<{ to: string; name: string }> {}
export class LinkEmail extends BaseEmail<{ to: string; link: string }> {}
export async function invite(to: string) { await new InviteEmail({ to, name: "x" }).schedule(); }
export async function link(to: string) { await new LinkEmail({ to, link: "y" }, { notificationId: "1" }).schedule(); }
"#,
        expect![[r#"
            Producer queue EmailTask on tasks in BaseEmail.schedule: name, props {templateName, notificationId?, props}
            Producer queue InviteEmail on EmailTask in invite: templateName, notificationId?, props {to, name}
            Producer queue LinkEmail on EmailTask in link: templateName, notificationId?, props {to, link}
        "#]],
    );
}

#[test]
fn a_queue_that_is_split_into_shards_is_read_under_the_names_of_all() {
    check(
        r#"
import { Worker } from "bullmq";
enum Names { Trace = "trace-upsert" }
const names = (count: number) => Array.from({ length: count }, (_, i) => `${Names.Trace}${i > 0 ? `-${i}` : ""}`);
export function start(count: number) {
  names(count).forEach((name) => new Worker(name, async (job) => { take(job.data.traceId); }));
}
"#,
        expect![[r#"
            Consumer queue trace-upsert on - in start: traceId
        "#]],
    );
}

#[test]
fn a_function_handed_on_as_what_a_hook_gives_is_that() {
    check(
        r#"
import { usePostHog } from "posthog-js/react";
export const useCapture = () => {
  const posthog = usePostHog();
  return useCallback(function capture(event: string, properties?: object) { return posthog.capture(event, properties); }, [posthog]);
};
export function download(id: string, capture: ReturnType<typeof useCapture>) { capture("session:download", { id }); }
export function other(id: string, capture: (event: string, properties: object) => void) { capture("not.known", { id }); }
"#,
        expect![[r#"
            Producer analytics session:download on - in download: id
        "#]],
    );
}

#[test]
fn what_a_class_gives_is_called_as_what_it_is_declared_to_be() {
    check(
        r#"
import Redis from "ioredis";
export class RedisAdapter extends Redis {
  private static shared: RedisAdapter;
  static get client(): RedisAdapter { return this.shared || (this.shared = new this()); }
}
export class Document { async publish(ctx: object, options: object) { return ctx; } }
export async function invalidate(userIds: string[]) {
  await RedisAdapter.client.publish("access-changed", JSON.stringify({ userIds }));
}
"#,
        expect![[r#"
            Producer queue access-changed on - in invalidate: userIds
        "#]],
    );
}

#[test]
fn jobs_of_a_projects_own_worker_are_sent_by_name_and_handled_from_a_table() {
    check(
        r#"
import { z } from "zod";
import { Worker as RedisWorker } from "./worker";
export const alertsWorker = new RedisWorker({
  name: "alerts",
  catalog: { "v3.deliverAlert": { schema: z.object({ alertId: z.string() }) }, finish: { schema: z.object({ id: z.string() }) } },
  jobs: {
    "v3.deliverAlert": async ({ payload }) => { await deliver(payload.alertId); },
    finish: async ({ id, payload }) => { await finish(payload.id); },
  },
});
export async function alert(id: string) {
  await alertsWorker.enqueue({ id: `alert:${id}`, job: "v3.deliverAlert", payload: { alertId: id } });
}
export const buttons = useEventListeners({ handlers: { click: (event) => { press(event.target.id); } } });
"#,
        expect![[r#"
            Consumer queue v3.deliverAlert on - in : alertId
            Consumer queue finish on - in : id
            Producer queue v3.deliverAlert on - in alert: alertId
        "#]],
    );
}

#[test]
fn what_people_do_is_named_by_the_name_of_it_alone() {
    check(
        r#"
import { PostHog } from "posthog-node";
export class ServerSide {
  private client: PostHog | null = new PostHog("key");
  capture(...args: unknown[]) { this.client?.capture(...args); }
}
export function signedUp(user: { id: string }) {
  const server = new ServerSide();
  server.capture({ distinctId: user.id, event: "cloud_signup", properties: { id: user.id } });
}
const client = new PostHog("key");
function toggled(trigger: string) { client.capture({ distinctId: "x", event: "sidebar_toggled", properties: { trigger } }); }
export function onRail() { toggled("rail"); }
export function entry(user: { id: string }) { signedUp(user); }
"#,
        expect![[r#"
            Producer analytics cloud_signup on - in signedUp: id
            Producer analytics sidebar_toggled on - in toggled: trigger
        "#]],
    );
}

#[test]
fn a_function_that_a_library_wraps_is_called_under_the_name_of_what_it_gives() {
    check(
        r#"
import { createStep } from "@acme/workflows";
export const emitEventStep = createStep("emit-event", async (input: { eventName: string; data: object }, { container }) => {
  const eventBus = container.resolve("event_bus");
  await eventBus.emit({ name: input.eventName, data: input.data });
});
export async function created(id: string) { emitEventStep({ eventName: "order.created", data: { id } }); }
const stop = subscribe("orders", async (message: { kind: string; id: string }) => { await eventBus.emit({ name: message.kind, data: { id: message.id } }); });
export function end() { stop(); }
"#,
        expect![[r#"
            Producer in-process order.created on - in created: id
            Producer in-process - on - in : id
        "#]],
    );
}

#[test]
fn each_message_of_a_list_is_sent() {
    check(
        r#"
import { IEventBus } from "@acme/framework";
export class Collections {
  constructor(private eventBus: IEventBus) {}
  async save(saved: { id: string }[]) {
    await this.eventBus.emit(saved.map(({ id }) => ({ name: "collection.saved", data: { id } })), { internal: true });
    await this.eventBus.emit([{ name: "collection.first", data: { id: saved[0].id, first: true } }]);
  }
}
"#,
        expect![[r#"
            Producer in-process collection.saved on - in Collections.save: id
            Producer in-process collection.first on - in Collections.save: id, first
        "#]],
    );
}

#[test]
fn what_the_method_of_a_base_sends_is_what_the_method_below_hands_up() {
    check(
        r#"
import { Queue } from "bullmq";
export class BaseQueue {
  constructor(public queue: Queue) {}
  async add(job: { name: string; data: any }) { await this.queue.add(job.name, job.data); }
}
export class MailQueue extends BaseQueue {
  async add(job: { name: string; data: any }) { return await super.add(job); }
}
export class Users {
  constructor(private mails: MailQueue) {}
  async welcome(id: string) { await this.mails.add({ name: "welcome", data: { id } }); }
}
"#,
        expect![[r#"
            Producer queue welcome on - in Users.welcome: id
        "#]],
    );
}

#[test]
fn what_the_code_puts_together_and_checks_itself_is_no_reader() {
    check(
        r#"
import { z } from "zod";
import { Queue } from "bullmq";
const webhookPayload = z.object({ event: z.enum(["link.created"]), data: z.object({ id: z.string() }) });
const queue = new Queue("webhooks");
export async function webhookSent(id: string) {
  const payload = webhookPayload.parse({ event: "link.created", data: { id } });
  await queue.add("webhook", payload);
}
export async function webhookRead(text: string) { return webhookPayload.parse(JSON.parse(text)); }
"#,
        expect![[r#"
            Producer declared link.created on - in webhookPayload: event, data {id}
            Producer queue webhook on webhooks in webhookSent: event, data {id}
            Consumer decode link.created on - in webhookRead: event, data {id}
        "#]],
    );
}

#[test]
fn bytes_as_a_whole_payload_may_be_anything() {
    check(
        r#"
import { Kafka } from "kafkajs";
const producer = new Kafka({ brokers: [] }).producer();
declare function packed(id: string): Buffer | null;
export async function send(id: string) { await producer.send({ topic: "orders", messages: [{ value: packed(id) }] }); }
export async function inside(id: string) {
  await producer.send({ topic: "files", messages: [{ value: JSON.stringify({ id, content: packed(id) }) }] });
}
"#,
        expect![[r#"
            Producer queue orders on - in send: ?
            Producer queue files on - in inside: id, content
        "#]],
    );
}

#[test]
fn a_table_that_is_imported_by_its_name_is_an_outbox() {
    check(
        r#"
import { drizzle } from "drizzle-orm/node-postgres";
import { outboxEvents, orders } from "./schema";
export async function pay(db: ReturnType<typeof drizzle>, id: string) {
  await db.insert(orders).values({ id });
  await db.insert(outboxEvents).values({ topic: "order.paid", payload: { orderId: id } });
}
"#,
        expect![[r#"
            Producer outbox order.paid on - in pay: orderId
        "#]],
    );
}

#[test]
fn one_message_or_a_list_of_them_is_what_each_caller_gives() {
    check(
        r#"
import { Queue } from "bullmq";
const queue = new Queue("jobs");
type Job = { name: string; data: object };
async function enqueue(jobs: Job | Job[]) {
  const list = Array.isArray(jobs) ? jobs : [jobs];
  for (const job of list) { await queue.add(job.name, job.data); }
}
export async function one(id: string) { await enqueue({ name: "one", data: { id } }); }
export async function two(id: string) { await enqueue([{ name: "first", data: { first: id } }, { name: "second", data: { second: id } }]); }
"#,
        expect![[r#"
            Producer queue one on jobs in one: id
            Producer queue first on jobs in two: first
            Producer queue second on jobs in two: second
        "#]],
    );
}

#[test]
fn a_message_about_an_event_that_nobody_names_is_told_once() {
    check(
        r#"
import { Queue } from "bullmq";
const queue = new Queue("deliveries");
export async function deliver(event: string, data: object) { await queue.add("deliver", { event, data }); }
export async function again(row: Row) { await deliver(row.event, row.data); }
"#,
        expect![[r#"
            Producer queue deliver on deliveries in deliver: event, data {}
        "#]],
    );
}

#[test]
fn what_a_test_posts_is_no_webhook_by_what_the_test_is_called() {
    check(
        r#"
import axios from "axios";
export async function sendWebhook(url: string, id: string) { await axios.post(url, { id }); }
describe("webhooks", () => {
  it("takes a webhook", async function postsWebhook() { await axios.post(process.env.TARGET, { anything: 1 }); });
});
"#,
        expect![[r#"
            Producer webhook - on - in sendWebhook: id
        "#]],
    );
}

#[test]
fn a_list_of_queues_is_no_list_of_events() {
    check(
        r#"
export const QUEUE_NAMES = { high: "high-priority", low: "low-priority" } as const;
export const EVENT_NAMES = { paid: "order.paid", late: "order.late" } as const;
"#,
        expect![[r#"
            Producer declared order.paid on - in EVENT_NAMES: ?
            Producer declared order.late on - in EVENT_NAMES: ?
        "#]],
    );
}

#[test]
fn a_value_under_a_computed_key_is_in_the_map_that_the_type_declares() {
    check(
        r#"
import { task } from "@trigger.dev/sdk";
type Payload = { folders: { [path: string]: { name: string; note: string } }; id: string };
function names(paths: { p: string }[], folders: Payload["folders"]) { for (const one of paths) { console.log(folders[one.p].name); } }
export const zip = task({ id: "zip", run: async (payload: Payload) => { const { folders, id } = payload; names([], folders); console.log(id); } });
"#,
        expect![[r#"
            Consumer queue zip on - in : folders {}, id
        "#]],
    );
}

#[test]
fn a_part_that_is_set_leaves_the_others_as_they_were() {
    check(
        r#"
import posthog from "posthog-js";
export function changed(found: { user: { roles: string[]; name: string } }, id: string) {
  const other = found;
  other.user.name = id;
  posthog.capture("user changed", { admin: other });
}
"#,
        expect![[r#"
            Producer analytics user changed on - in changed: admin {user {roles, name}}
        "#]],
    );
}

#[test]
fn what_not_all_callers_tell_stays_with_the_helper() {
    check(
        r#"
import { Queue } from "bullmq";
export class Jobs {
  constructor(private queue: Queue) {}
  send(data: any) { return this.queue.add("invoice", data); }
}
export class Orders {
  constructor(private jobs: Jobs) {}
  paid(id: string) { return this.jobs.send({ id }); }
  again(row: any) { return this.jobs.send(row); }
}
"#,
        expect![[r#"
            Producer queue invoice on - in Jobs.send: ?
        "#]],
    );
}

#[test]
fn a_function_that_the_programs_own_library_wraps_is_called_as_well() {
    check(
        r#"
export function createStep(id: string, invoke: unknown): any { return registry.step(id, invoke); }
export const emitEventStep = createStep("emit-event", async (input: { eventName: string; data: object }, context: any) => {
  const eventBus = context.container.resolve("event_bus");
  const list = Array.isArray(input.data) ? input.data : [input.data];
  await eventBus.emit(list.map((one) => ({ name: input.eventName, data: one })));
});
export async function created(id: string) { emitEventStep({ eventName: "order.created", data: { id } }); }
"#,
        expect![[r#"
            Producer in-process order.created on - in created: id
        "#]],
    );
}
