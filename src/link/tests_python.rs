//! Boundaries of Python code in a short form: tasks and what has them run, signals, dispatchers, helpers that only their names speak
//! for, and doubles of tests.

use std::fmt::Write as _;
use std::sync::Arc;

use expect_test::{Expect, expect};

use super::boundaries::{LinkOptions, link};
use super::idioms::matcher::Idioms;
use super::modules::FileUnit;
use crate::extract::{extract, language_of};
use crate::shape::{Presence, Shape};
use crate::source::{BlobId, RepoPath, SourceText};

fn fields(shape: &Shape, depth: u32) -> String {
    let Some(object) = shape.as_object() else { return if shape.is_unknown() { "?".to_owned() } else { "value".to_owned() } };
    let field = |field: &crate::shape::Field| {
        let inner = match field.shape.as_object() {
            Some(object) if depth < 3 && !object.fields.is_empty() => format!(" {}", fields(&field.shape, depth + 1)),
            _ => String::new(),
        };
        format!("{}{}{inner}", field.name, if field.presence == Presence::Optional { "?" } else { "" })
    };
    format!("{{{}}}", object.fields.iter().map(field).collect::<Vec<_>>().join(", "))
}

pub(super) fn check(files: &[(&str, &str)], expected: Expect) {
    let mut units: Vec<FileUnit> = files
        .iter()
        .map(|(path, text)| {
            let source = SourceText::new(RepoPath::new(*path), BlobId::from_bytes(&[0; 20]), *text);
            let language = language_of(&source.path).expect("a Python file has a language");
            FileUnit::new(source.path.clone(), Arc::new(extract(language, &source)))
        })
        .collect();
    units.sort_by(|a, b| a.path.cmp(&b.path));
    let idioms = Idioms::new(&[]).expect("the shipped rows are tested");
    let mut found = String::new();
    for boundary in link(&units, &idioms, &LinkOptions::default()).boundaries {
        let event = boundary.event.as_deref().unwrap_or("-");
        let shape = fields(&boundary.shape, 0);
        writeln!(found, "{:?} {} {event} in {}: {shape}", boundary.role, boundary.kind, boundary.symbol).expect("a text grows");
    }
    expected.assert_eq(&found);
}

#[test]
fn the_message_of_a_task_is_an_object_of_its_parameters() {
    check(
        &[(
            "app/tasks.py",
            r#"
from celery import Celery, shared_task
app = Celery("shop")

@app.task(bind=True, max_retries=3)
def charge(self, order_id: int, amount, currency="EUR"): ...

@shared_task
def index(payload: dict):
    print(payload["sku"])

def go(order):
    charge.delay(order.id, 5)
    charge.apply_async(args=(order.id, 5), kwargs={"currency": "USD"}, countdown=3)
    app.send_task("app.tasks.charge", args=[order.id, 7])
    index.delay({"sku": order.sku})
"#,
        )],
        expect![[r#"
            Consumer queue charge in charge: {order_id, amount, currency?}
            Consumer queue index in index: {sku}
            Producer queue charge in go: {order_id, amount}
            Producer queue charge in go: {order_id, amount, currency}
            Producer queue charge in go: {order_id, amount}
            Producer queue index in go: {sku}
        "#]],
    );
}

#[test]
fn a_task_is_a_consumer_whatever_registers_it() {
    check(
        &[
            (
                "app/tasks.py",
                r#"
from queues import register
from .services import publish_service
publish = register(queue="x")(publish_service)

@register()
def cleanup(older_than: int, dry_run=False): ...

class Models:
    def cleanup(self):
        cleanup.delay(kwargs={"older_than": 3})
        publish.delay(args=("order.created", {"id": self.id}))
"#,
            ),
            (
                "app/services.py",
                r#"
import requests
def publish_service(event_type, payload):
    requests.post("https://example.com/webhook", json={"event": event_type, "payload": payload})
"#,
            ),
        ],
        expect![[r#"
            Consumer queue publish_service in publish_service: {event_type, payload}
            Consumer queue cleanup in cleanup: {older_than, dry_run?}
            Producer queue cleanup in Models.cleanup: {older_than}
            Producer webhook order.created in Models.cleanup: {event, payload {id}}
            Producer queue publish_service in Models.cleanup: {event_type, payload {id}}
        "#]],
    );
}

#[test]
fn jobs_by_name_meet_the_actor_of_that_name() {
    check(
        &[(
            "app/jobs.py",
            r#"
from .worker import enqueue_job, actor

@actor(actor_name="order.confirm")
async def confirm(order_id: str, resend: bool = False): ...

def place(order):
    enqueue_job("order.confirm", order.id, delay=5)
    enqueue_job("order.confirm", order_id=order.id, resend=True)
"#,
        )],
        expect![[r#"
            Consumer queue order.confirm in confirm: {order_id, resend?}
            Producer queue order.confirm in place: {order_id}
            Producer queue order.confirm in place: {order_id, resend}
        "#]],
    );
}

#[test]
fn a_signal_carries_its_named_arguments() {
    check(
        &[(
            "app/signals.py",
            r#"
from django.dispatch import Signal, receiver
order_paid = Signal()
order_void = Signal()

def on_paid(sender, order, amount=None, **kwargs):
    print(order.id, kwargs["request"].user, kwargs.get("extra"))

order_paid.connect(on_paid)

@receiver([order_paid, order_void])
def both(sender, order, **kwargs):
    print(order.total)

def emit(o):
    order_paid.send(sender=o.__class__, order=o, amount=3)
    for signal in (order_paid, order_void):
        signal.send_robust(sender=None, order=o)
"#,
        )],
        expect![[r#"
            Consumer in-process order_paid in : {order {id}, amount?, extra?, request {user}}
            Consumer in-process order_paid in both: {order {total}}
            Consumer in-process order_void in both: {order {total}}
            Producer in-process order_paid in emit: {order, amount}
            Producer in-process order_paid in emit: {order}
            Producer in-process order_void in emit: {order}
        "#]],
    );
}

#[test]
fn a_handler_of_many_events_reads_of_each_what_stands_in_its_branch() {
    check(
        &[(
            "app/views.py",
            r#"
import json

def paid(event):
    print(event["data"]["order_id"], event["data"].get("coupon"))

def refunded(event):
    print(event["data"]["refund_id"])

HANDLERS = {"order.paid": paid, "order.refunded": refunded}

def shop_webhook(request):
    event = json.loads(request.body)
    handler = HANDLERS.get(event["type"])
    if handler:
        handler(event)

def billing_webhook(request):
    event = json.loads(request.body)
    print(event["id"])
    kind = event["type"]
    if kind == "invoice.paid":
        print(event["invoice"]["number"])
    elif kind in ("invoice.voided", "invoice.gone"):
        print(event["reason"])

def match_webhook(request):
    match json.loads(request.body):
        case {"type": "a.created", "id": ident, "meta": {"x": x}}:
            print(ident, x)
        case {"type": "a.deleted", "id": ident}:
            print(ident)
"#,
        )],
        expect![[r#"
            Consumer webhook order.paid in shop_webhook: {data {coupon?, order_id}, type}
            Consumer webhook order.refunded in shop_webhook: {data {refund_id}, type}
            Consumer webhook invoice.gone in billing_webhook: {id, reason, type}
            Consumer webhook invoice.paid in billing_webhook: {id, invoice {number}, type}
            Consumer webhook invoice.voided in billing_webhook: {id, reason, type}
            Consumer webhook a.created in match_webhook: {id?, meta?, type?}
            Consumer webhook a.deleted in match_webhook: {id?, type?}
        "#]],
    );
}

#[test]
fn a_table_of_handlers_splits_a_consumer_by_event() {
    check(
        &[
            (
                "app/handlers.py",
                r#"
from .users import UserHandler

def created(event, source=None):
    print(event["data"]["order_id"])
    notify(event)

def notify(event):
    print(event["data"]["email"])

def gone(event):
    print(event["data"]["reason"])

def fallback(event):
    print(event["debug"])

MAPPER = {"order.created": created, "order.gone": gone, "order.lost": gone}
"#,
            ),
            (
                "app/users.py",
                r#"
class UserHandler:
    def handle(self, data):
        print(data["user_id"])
"#,
            ),
            (
                "app/hooks.py",
                r#"
import json
from functools import partial
from .handlers import MAPPER, created, gone, fallback
from .users import UserHandler

def shop_webhook(request):
    event = json.loads(request.body)
    print(event["id"])
    MAPPER[event["type"]](event)

def other_webhook(request):
    event = json.loads(request.body)
    handlers = {"created": partial(created, source="x"), "gone": gone}
    handler = handlers.get(event["event"], fallback)
    return handler(event)

def github_webhook(request):
    payload = json.loads(request.body)
    kind = request.headers.get("X-GitHub-Event")
    {"push": lambda p: print(p["ref"]), "ping": lambda p: print(p["zen"])}[kind](payload)

class ShopWebhook:
    handlers = {"user.created": UserHandler(), "user.seen": UserHandler}

    def __init__(self):
        self.table = {"a.paid": self.on_paid, "a.void": self.on_void}

    def on_paid(self, data):
        print(data["amount"])

    def on_void(self, data):
        print(data["by"])

    def post(self, request):
        self.table[request.data["type"]](request.data)

    def put(self, request):
        self.handlers[request.data["type"]].handle(request.data["data"])

class NamedWebhook:
    METHODS = {"sub.started": "start", "sub.ended": "end"}

    def start(self, data):
        print(data["plan"])

    def end(self, data):
        print(data["at"])

    def on_ping(self, data):
        print(data["zen"])

    def on_push(self, data):
        print(data["ref"])

    def post(self, request):
        getattr(self, self.METHODS[request.data["type"]])(request.data)

    def put(self, request):
        event = request.data["event"]
        handler = getattr(self, f"on_{event}", None)
        handler(request.data)

def parse_webhook(request):
    body = json.loads(request.body)
    PARSERS = {"application/json": created, "text/plain": gone}
    PARSERS[request.content_type](body)
"#,
            ),
        ],
        expect![[r#"
            Consumer webhook order.created in shop_webhook: {data {email, order_id}, id, type}
            Consumer webhook order.gone in shop_webhook: {data {reason}, id, type}
            Consumer webhook order.lost in shop_webhook: {data {reason}, id, type}
            Consumer webhook created in other_webhook: {data {email, order_id}, event}
            Consumer webhook gone in other_webhook: {data {reason}, event}
            Consumer webhook ping in github_webhook: {zen}
            Consumer webhook push in github_webhook: {ref}
            Consumer webhook ShopWebhook in ShopWebhook.post: {type}
            Consumer webhook user.created in ShopWebhook.put: {data {user_id}, type}
            Consumer webhook user.seen in ShopWebhook.put: {data {user_id}, type}
            Consumer webhook sub.ended in NamedWebhook.post: {at, type}
            Consumer webhook sub.started in NamedWebhook.post: {plan, type}
            Consumer webhook ping in NamedWebhook.put: {event, zen}
            Consumer webhook push in NamedWebhook.put: {event, ref}
            Consumer webhook parse_webhook in parse_webhook: {data {email, order_id, reason}}
        "#]],
    );
}

#[test]
fn bodies_of_requests_are_read_by_models_and_by_keys() {
    check(
        &[(
            "app/api.py",
            r#"
from fastapi import FastAPI, Request, Depends
from pydantic import BaseModel
app = FastAPI()

class Invoice(BaseModel):
    number: str
    total: int

class Settings(BaseModel):
    secret: str

@app.post("/webhooks/billing")
async def billing(invoice: Invoice, settings: Settings = Depends(Settings)):
    print(invoice.number)

@app.post("/webhooks/raw")
async def raw(request: Request):
    body = await request.json()
    print(body["action"], body.get("installation", {}).get("id"))

class GitHubWebhook:
    def post(self, request):
        print(self.request.data["ref"], self.request.data.get("after"))

class WebhookViewSet:
    def create(self, request):
        print(request.data["url"])
"#,
        )],
        expect![[r#"
            Consumer webhook /webhooks/billing in billing: {number, total}
            Consumer webhook /webhooks/raw in raw: {action, installation?}
            Consumer webhook GitHubWebhook in GitHubWebhook.post: {after?, ref}
        "#]],
    );
}

#[test]
fn what_a_model_is_made_of_is_what_the_model_takes() {
    check(
        &[(
            "app/on.py",
            r#"
from pydantic import BaseModel, Field, AliasChoices
from .bus import bus

class Order(BaseModel):
    id: int = Field(validation_alias=AliasChoices("order_id", "id"))
    note: str = ""

    @property
    def label(self):
        return self.note

def show(order):
    print(order.label)

def validated(event):
    print(event["type"])
    order = Order.model_validate(event)
    print(order.id, order.label)
    show(order)

def made(event):
    order = Order(**event["data"])
    print(order.label, event["data"]["extra"])

def typed(order_id: int, email="", **rest):
    print(rest["more"], email, rest["own"], rest.__class__)

def spread(event):
    typed(own=1, **event)

def inside(event):
    typed(1, own=2, **event["data"])

bus.subscribe("a.validated", validated)
bus.subscribe("a.made", made)
bus.subscribe("a.spread", spread)
bus.subscribe("a.inside", inside)
"#,
        )],
        expect![[r#"
            Consumer queue a.validated in : {order_id, note?, type}
            Consumer queue a.made in : {data {order_id, note?, extra}}
            Consumer queue a.spread in : {email?, more, order_id}
            Consumer queue a.inside in : {data {email?, more}}
        "#]],
    );
}

#[test]
fn messages_that_are_fetched_have_readers_too() {
    check(
        &[
            (
                "app/poll.py",
                r#"
import json
import boto3, redis
from confluent_kafka import Consumer
from flask import Flask, request as asked

app = Flask("shop")
sqs = boto3.client("sqs")
bus = redis.Redis()
kafka = Consumer({})

def poll():
    for message in sqs.receive_message(QueueUrl="https://sqs/1/orders").get("Messages", []):
        print(json.loads(message["Body"])["order_id"])

def listen():
    pubsub = bus.pubsub()
    pubsub.subscribe("chan")
    for message in pubsub.listen():
        print(json.loads(message["data"])["ref"])

def stream():
    for name, messages in bus.xreadgroup("group", "me", {"stream": ">"}):
        for ident, fields in messages:
            print(fields["payload"])

def consume():
    msg = kafka.poll(1.0)
    data = json.loads(msg.value().decode())
    print(data["user_id"])

@app.post("/webhooks/shop")
def shop_webhook():
    print(asked.json["id"], asked.get_json()["total"])
"#,
            ),
            (
                "app/jobs.py",
                r#"
from rq import Queue
from arq import create_pool
q = Queue()

def report(month: str): ...

async def fetch(ctx, url: str): ...

async def go():
    q.enqueue("app.jobs.report", month="x")
    pool = await create_pool()
    await pool.enqueue_job("fetch", "http://x")
"#,
            ),
        ],
        expect![[r#"
            Consumer queue report in report: {month}
            Consumer queue fetch in fetch: {url}
            Producer queue report in go: {month}
            Producer queue fetch in go: {url}
            Consumer queue https://sqs/1/orders in poll: {order_id}
            Consumer queue chan in listen: {ref}
            Consumer queue - in stream: {payload}
            Consumer queue - in consume: {user_id}
            Consumer webhook /webhooks/shop in shop_webhook: {id}
            Consumer webhook /webhooks/shop in shop_webhook: {total}
        "#]],
    );
}

#[test]
fn a_helper_about_webhooks_is_known_by_its_name() {
    check(
        &[(
            "app/hooks.py",
            r#"
from enum import StrEnum
from functools import partial

class Events(StrEnum):
    PAID = "order.paid"
    SHIPPED = "order.shipped"

class Model: ...
class Order(Model):
    id: int

def payload_of(order, user):
    return {"id": order.id, "user": user.email}

class Plugin:
    def trigger_webhooks_async(self, *args, **kwargs): ...

    def paid(self, order, webhooks):
        self.trigger_webhooks_async(None, Events.PAID, webhooks, order, legacy_generator=partial(payload_of, order, self.user))

class WebhookService:
    async def send(self, session, org, event: Events, data): ...

webhooks = WebhookService()

class Orders:
    async def shipped(self, session, order: Order):
        await webhooks.send(session, order.org, Events.SHIPPED, order)
        await self.notify(session, Events.PAID)

    async def notify(self, session, event_type: Events):
        await webhooks.send(session, None, event_type, {"at": 1})
"#,
        )],
        expect![[r#"
            Producer webhook order.paid in Plugin.paid: {id, user}
            Producer webhook order.shipped in Orders.shipped: ?
            Producer webhook order.paid in Orders.shipped: {at}
        "#]],
    );
}

#[test]
fn a_generator_that_is_handed_over_gives_the_payload() {
    check(
        &[(
            "app/hooks.py",
            r#"
import requests
from functools import partial

def payload_of(order, user):
    return {"id": order.id, "user": user.email}

def post(event_type, generate, extra=None):
    requests.post("https://example.com/webhook", json={"type": event_type, "data": generate(), "extra": extra or {}})

def paid(order, user):
    post("order.paid", partial(payload_of, order, user))
    post("order.void", lambda: {"reason": order.reason}, extra={"by": user.id})

def pairs(order):
    post("order.pairs", lambda: {key: value for key, value in [("a", str(order.a)), ("b", order.b)] if value is not None})
"#,
        )],
        expect![[r#"
            Producer webhook order.paid in paid: {type, data {id, user}, extra}
            Producer webhook order.void in paid: {type, data {reason}, extra {by}}
            Producer webhook order.pairs in pairs: {type, data {a?, b?}, extra}
        "#]],
    );
}

#[test]
fn doubles_of_tests_are_producers() {
    check(
        &[(
            "tests/test_orders.py",
            r#"
from unittest import mock
import pytest, responses

@pytest.fixture
def paid_event():
    return {"type": "order.paid", "id": 1}

def test_published(publisher, track):
    publisher.publish.assert_called_once_with("user.signup", {"id": 1, "plan": "pro"})
    publisher.publish.assert_has_calls([mock.call("a.b", {"id": 2}), mock.call("a.c", payload={"z": 2})])
    track.assert_called_with(7, "user.seen", properties={"page": "/"})
    publisher.publish.assert_called_with(3)

@responses.activate
def test_answer(client, paid_event):
    responses.add(responses.POST, "https://example.com/webhook", json={"ok": True})
    client.post("/webhooks/billing", json=paid_event)
"#,
        )],
        expect![[r#"
            Producer test order.paid in paid_event: {type, id}
            Producer test user.signup in test_published: {id, plan}
            Producer test a.b in test_published: {id}
            Producer test a.c in test_published: {z}
            Producer test user.seen in test_published: {page}
            Producer test https://example.com/webhook in test_answer: {ok}
            Producer webhook order.paid in test_answer: {type, id}
            Producer test order.paid in test_answer: {type, id}
        "#]],
    );
}
