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
const stop = subscribe("orders", async (message: { id: string }) => { await eventBus.emit({ name: "order.seen", data: { id: message.id } }); });
export function end() { stop(); }
"#,
        expect![[r#"
            Producer in-process order.created on - in created: id
            Producer in-process order.seen on - in : id
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
export class Base {
  constructor(public queue: Queue) {}
  async add(job: { name: string; data: any }) { await this.queue.add(job.name, job.data); }
}
export class Mails extends Base {
  async add(job: { name: string; data: any }) { return await super.add(job); }
}
export class Users {
  constructor(private mails: Mails) {}
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
