//! What Python consumers are bound to, how tasks are put together, and what only looks like a boundary.

use expect_test::expect;

use super::tests_python::check;

#[test]
fn a_consumer_gets_what_its_queue_is_bound_to() {
    check(
        &[(
            "app/workers.py",
            r##"
import json
import aio_pika
import pika
from kombu import Consumer, Exchange, Queue

PAID = "order.paid"

class Shipping:
    async def start(self):
        self.channel = await self.connection.channel()
        self.queue = await self.channel.declare_queue("shipping", durable=True)
        for key in [PAID, "order.cancelled"]:
            await self.queue.bind(self.exchange, routing_key=key)
        dead = await self.channel.declare_queue("shipping.dead")
        await dead.bind("dead", routing_key="order.dead")
        await self.queue.consume(self.on_message)

    async def on_message(self, message):
        async with message.process():
            order = json.loads(message.body)
            ship(order["id"])

class Everything:
    async def start(self):
        self.queue = await self.channel.declare_queue("audit")
        await self.queue.bind(self.exchange, routing_key="#")
        async with self.queue.iterator() as messages:
            async for message in messages:
                log(json.loads(message.body)["at"])

def bill(channel, method, properties, body):
    print(json.loads(body)["total"])

def run(channel):
    result = channel.queue_declare(queue="", exclusive=True)
    billing = result.method.queue
    channel.queue_bind(exchange="shop", queue=billing, routing_key="invoice.*")
    channel.queue_bind(exchange="shop", queue="other", routing_key="refund.made")
    channel.basic_consume(queue=billing, on_message_callback=bill)
    channel.basic_consume(queue="plain", on_message_callback=bill)

def drain(connection):
    shop = Exchange("shop", type="topic")
    with Consumer(connection, queues=[Queue("mails", shop, routing_key="mail.asked")], callbacks=[on_mail]):
        connection.drain_events()

def on_mail(body, message):
    send(body["to"])
    message.ack()
"##,
        )],
        expect![[r#"
            Consumer queue order.cancelled in Shipping.start: {id}
            Consumer queue order.paid in Shipping.start: {id}
            Consumer queue - in Everything.start: {at}
            Consumer queue invoice.* in run: {total}
            Consumer queue plain in run: {total}
            Consumer queue mail.asked in drain: {to}
        "#]],
    );
}

#[test]
fn a_signature_is_a_message_to_its_task() {
    check(
        &[(
            "app/tasks.py",
            r#"
from celery import chain, group, shared_task

@shared_task
def collect(repo, full): ...

@shared_task
def store(rows, repo): ...

def start(repo):
    chain(collect.si(repo, full=True), store.s(repo)).apply_async()
    group(collect.si(name, False) for name in repo.names).delay()

def shrink(frame, text):
    frame["week"] = frame["week"].apply(lambda x: x - 1)
    return text.s("x")
"#,
        )],
        expect![[r#"
            Consumer queue collect in collect: {repo, full}
            Consumer queue store in store: {rows, repo}
            Producer queue collect in start: {repo, full}
            Producer queue store in start: ?
            Producer queue collect in start: {repo, full}
        "#]],
    );
}

#[test]
fn routes_that_manage_webhooks_and_calls_of_an_interface_are_no_webhooks() {
    check(
        &[(
            "app/api.py",
            r#"
import httpx
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel

app = FastAPI()
router = APIRouter()

class Endpoint(BaseModel):
    url: str
    events: list[str]

class Delivery(BaseModel):
    id: str

@app.on_event("startup")
async def open_pool(): ...

@router.post("/webhooks")
async def create_webhook(payload: Endpoint): ...

@router.post("/orders/{webhook_id}/analyse")
async def analyse(payload: Endpoint): ...

@router.post("/webhooks/stripe")
async def stripe_delivery(payload: Delivery): ...

@scheduler.on_event(Stages.BEFORE)
async def before(state): ...

class HookServer:
    async def fetch(self, client: httpx.AsyncClient):
        return await client.post("https://api.github.com/graphql", json={"query": "{}", "variables": {}})

    async def tell(self, client: httpx.AsyncClient):
        await client.post(self.url, json={"id": 1})

    async def notify_partner(self, client: httpx.AsyncClient):
        await client.post("https://partner.example/in", json={"id": 1})
"#,
        )],
        expect![[r#"
            Consumer webhook /webhooks/stripe in stripe_delivery: {id}
            Producer webhook - in HookServer.tell: {id}
            Producer webhook https://partner.example/in in HookServer.notify_partner: {id}
        "#]],
    );
}

#[test]
fn a_payload_survives_being_handed_on_as_a_text_and_names_its_event() {
    check(
        &[(
            "app/publisher.py",
            r#"
import json
from dataclasses import asdict, dataclass
from typing import Generic, TypeVar
from confluent_kafka import Producer
T = TypeVar("T")

@dataclass
class Track:
    track_id: int
    name: str

@dataclass
class Envelope(Generic[T]):
    event_id: str
    event_type: str
    payload: T
    def to_dict(self) -> dict[str, object]:
        return asdict(self)

def serialize(envelope: Envelope[object] | dict[str, object]) -> bytes:
    message: dict[str, object]
    if isinstance(envelope, Envelope):
        message = envelope.to_dict()
    else:
        message = envelope
    return json.dumps(message, sort_keys=True).encode("utf-8")

def produce_and_wait(producer: Producer, *, topic: str, value: bytes) -> None:
    producer.produce(topic=topic, value=value)

def build(event_type: str, payload: T) -> Envelope[T]:
    return Envelope(event_id=new_id(), event_type=event_type, payload=payload)

def publish(producer: Producer, track: Track):
    produce_and_wait(producer, topic="tracks", value=serialize(build("track.found", track)))
"#,
        )],
        expect![[r#"
            Producer queue track.found in publish: {event_id, event_type, payload {track_id, name}}
        "#]],
    );
}

#[test]
fn what_stands_beside_a_name_is_sent_under_that_name_alone() {
    check(
        &[(
            "app/seed.py",
            r#"
import json
from confluent_kafka import Producer

def seed(producer: Producer):
    for topic, body in (("order.paid", {"total": 1}), ("order.sent", {"parcel": "x"})):
        producer.produce(topic=topic, value=json.dumps(body))

def choose(producer: Producer, paid, late):
    topic = "order.done" if paid else "order.open"
    body = {"late": True} if late else {"due": 1}
    producer.produce(topic=topic, value=json.dumps(body))
"#,
        )],
        expect![[r#"
            Producer queue order.paid in seed: {total}
            Producer queue order.sent in seed: {parcel}
            Producer queue order.done in choose: value
            Producer queue order.open in choose: value
        "#]],
    );
}

#[test]
fn a_dictionary_of_anything_is_not_known_and_a_name_that_was_found_is() {
    check(
        &[(
            "app/relay.py",
            r#"
import json
from dataclasses import dataclass
from confluent_kafka import Producer

def relay(producer: Producer, body: dict[str, object]):
    producer.produce(topic="raw", value=json.dumps(body))

@dataclass
class Envelope:
    event_type: str
    id: str
    def to_dict(self) -> dict[str, object]:
        return {"event_type": self.event_type, "id": self.id}

def serialize(envelope: Envelope | dict[str, object]) -> bytes:
    message = envelope.to_dict() if isinstance(envelope, Envelope) else envelope
    return json.dumps(message).encode()

def publish(producer: Producer):
    producer.produce(topic="raw", value=serialize(Envelope(event_type="raw.seen", id="1")))
"#,
        )],
        expect![[r#"
            Producer queue raw in relay: ?
            Producer queue raw.seen in publish: {event_type, id}
        "#]],
    );
}

#[test]
fn signatures_of_tasks_that_are_imported_by_name_are_messages_as_well() {
    check(
        &[
            (
                "app/tasks.py",
                "from celery import shared_task\n\n@shared_task\ndef clone(): ...\n\n@shared_task\ndef build(name): ...\n",
            ),
            (
                "app/cli.py",
                r#"
from app.tasks import build, clone

def start():
    clone.si().apply_async()
    build.si("x").apply_async(countdown=60)
"#,
            ),
            (
                "app/beat.py",
                r#"
from celery import Celery
from app.tasks import build
celery_app = Celery("shop")

@celery_app.on_after_finalize.connect
def setup(sender, **kwargs):
    sender.add_periodic_task(60, build.s("z"))
"#,
            ),
        ],
        expect![[r#"
            Producer queue build in setup: ?
            Producer queue clone in start: {}
            Producer queue build in start: {name}
            Consumer queue clone in clone: {}
            Consumer queue build in build: {name}
        "#]],
    );
}

#[test]
fn what_a_library_made_is_no_object_of_the_repository() {
    check(
        &[
            (
                "app/conn.py",
                "import redis\n\ndef connect():\n    connection = redis.from_url('redis://cache', decode_responses=True)\n    return connection\n",
            ),
            (
                "app/keys.py",
                r#"
import json
from redis.client import PubSub
from app.conn import connect

class KeyPublisher:
    def __init__(self):
        self.conn = connect()

    def publish(self, key: str):
        self.conn.publish("keys", json.dumps({"type": "key.added", "key": key}))

    def withdraw(self, key: str):
        self.conn.publish("keys", json.dumps({"type": "key.gone", "key": key}))
"#,
            ),
        ],
        expect![[r#"
            Producer queue key.added in KeyPublisher.publish: {type, key}
            Producer queue key.gone in KeyPublisher.withdraw: {type, key}
        "#]],
    );
}

#[test]
fn an_event_that_its_base_class_alone_is_known_of_is_sent_under_the_name_of_each_class_below() {
    check(
        &[(
            "app/bus.py",
            r#"
import json
from dataclasses import dataclass, asdict
from typing import ClassVar
from confluent_kafka import Producer
from pydantic import BaseModel

@dataclass
class DomainEvent:
    event_type: ClassVar[str] = "domain"

@dataclass
class OrderPlaced(DomainEvent):
    order_id: str
    event_type: ClassVar[str] = "order.placed"

@dataclass
class OrderShipped(DomainEvent):
    order_id: str
    carrier: str
    event_type: ClassVar[str] = "order.shipped"

class Event(BaseModel):
    pass

class UserCreated(Event):
    user_id: str

class UserDeleted(Event):
    user_id: str
    reason: str

producer = Producer({})

def publish(event: DomainEvent) -> None:
    producer.produce("orders", value=json.dumps({"type": event.event_type, "data": asdict(event)}))

def emit(event: Event) -> None:
    producer.produce(type(event).__name__, value=event.model_dump_json())

def emit_all(events: list[Event]) -> None:
    for event in events:
        producer.produce("users", value=json.dumps({"event": event.__class__.__name__, "payload": event.model_dump()}))

def place(order_id: str) -> None:
    publish(OrderPlaced(order_id=order_id))
"#,
        )],
        expect![[r#"
            Producer queue UserCreated in emit: {user_id}
            Producer queue UserDeleted in emit: {user_id, reason}
            Producer queue UserCreated in emit_all: {event, payload {user_id}}
            Producer queue UserDeleted in emit_all: {event, payload {user_id, reason}}
            Producer queue order.placed in place: {type, data {order_id}}
        "#]],
    );
}

#[test]
fn a_helper_that_looks_at_the_signature_of_a_raw_body_is_no_webhook() {
    check(
        &[(
            "app/hooks.py",
            r#"
from fastapi import FastAPI, Request

app = FastAPI()

async def verify_webhook(request: Request, secret: str) -> None:
    body = await request.body()
    check_signature(body, secret)

async def plain_webhook(request: Request) -> None:
    body = await request.body()
    keep(body)

@app.post("/webhooks/orders")
async def orders(request: Request):
    await verify_webhook(request, "s")
    event = await request.json()
    store(event["id"])
"#,
        )],
        expect![[r#"
            Consumer webhook plain_webhook in plain_webhook: ?
            Consumer webhook /webhooks/orders in orders: {id}
        "#]],
    );
}

#[test]
fn an_event_named_by_its_class_is_followed_through_an_injected_helper_and_a_task_that_is_an_object() {
    check(
        &[
            (
                "app/models.py",
                r#"
from typing import Any
from pydantic import BaseModel

class EventType:
    object: str
    event: str

    @classmethod
    def key(cls) -> str:
        return f"{cls.object}.{cls.event}"

class ClientCreated(EventType):
    object = "client"
    event = "created"

class WebhookEvent(BaseModel):
    type: str
    data: dict[str, Any]

class Client(BaseModel):
    id: str
    name: str
"#,
            ),
            (
                "app/tasks.py",
                r#"
import dramatiq
import httpx
from app.models import WebhookEvent

class DeliverTask:
    __name__ = "deliver"

    async def run(self, event: str):
        parsed = WebhookEvent.model_validate_json(event)
        await self.post_webhook(parsed)

    async def post_webhook(self, event: WebhookEvent):
        payload = event.model_dump_json()
        async with httpx.AsyncClient() as client:
            await client.post(self.url, content=payload)

deliver = dramatiq.actor(DeliverTask(), max_retries=3)
"#,
            ),
            (
                "app/trigger.py",
                r#"
import functools
from collections.abc import Callable
from typing import Protocol
from pydantic import BaseModel
from app.models import EventType, WebhookEvent
from app.tasks import deliver as deliver_task

def trigger(event_type: type[EventType], object, schema: type[BaseModel], *, send_task: Callable[..., None]) -> None:
    event = WebhookEvent(type=event_type.key(), data=schema.model_validate(object).model_dump(mode="json"))
    send_task(deliver_task, event=event.model_dump_json())

class Trigger(Protocol):
    def __call__(self, event_type: type[EventType], object, schema: type[BaseModel]) -> None: ...

def get_trigger(send_task: Callable[..., None]) -> Trigger:
    return functools.partial(trigger, send_task=send_task)
"#,
            ),
            (
                "app/routes.py",
                r#"
from fastapi import Depends
from app.models import Client, ClientCreated
from app.trigger import Trigger, get_trigger

async def create_client(client, trigger: Trigger = Depends(get_trigger)):
    trigger(ClientCreated, client, Client)
"#,
            ),
        ],
        expect![[r#"
            Producer queue client.created in create_client: {type, data {id, name}}
            Producer webhook client.created in create_client: {type, data {id, name}}
            Consumer queue deliver in DeliverTask.run: {event}
            Consumer decode - in DeliverTask.run: {type, data}
            Producer queue deliver in trigger: {event}
        "#]],
    );
}

#[test]
fn a_data_class_is_sent_as_it_was_made_and_named_by_its_default() {
    check(
        &[(
            "app/orders.py",
            r#"
import json
from dataclasses import dataclass
from confluent_kafka import Producer

producer = Producer({})

@dataclass
class Envelope:
    event_type: str
    payload: dict

    def to_dict(self) -> dict[str, object]:
        return {"event_type": self.event_type, "payload": self.payload}

@dataclass
class OrderPaid:
    order_id: str
    event_type: str = "order.paid"

class Service:
    def __init__(self, event_bus: EventBus):
        self.event_bus = event_bus

    def pay(self, order_id: str):
        self.event_bus.publish(OrderPaid(order_id=order_id))

def send(topic: str, envelope: Envelope):
    producer.produce(topic, value=json.dumps(envelope.to_dict()).encode())

def place(order_id: str):
    send("orders", Envelope(event_type="order.placed", payload={"order_id": order_id}))
"#,
        )],
        expect![[r#"
            Producer in-process order.paid in Service.pay: {order_id, event_type}
            Producer queue order.placed in place: {event_type, payload {order_id}}
        "#]],
    );
}

#[test]
fn a_bus_that_runs_its_listeners_itself_is_in_this_process() {
    check(
        &[
            (
                "app/bus.py",
                r#"
class EventBus:
    def __init__(self):
        self._handlers = {}

    def subscribe(self, event_type, handler):
        self._handlers.setdefault(event_type, []).append(handler)

    async def publish(self, event_type, payload):
        for handler in self._handlers.get(event_type, []):
            await handler(payload)

class RemoteBus:
    async def publish(self, event_type, payload):
        await self.session.forward(event_type, payload)
"#,
            ),
            (
                "app/orders.py",
                r#"
from app.bus import EventBus, RemoteBus

async def place(event_bus: EventBus, order_id: str):
    await event_bus.publish("order.placed", {"order_id": order_id})

async def announce(event_bus: RemoteBus, order_id: str):
    await event_bus.publish("order.announced", {"order_id": order_id})

def listen(event_bus: EventBus):
    event_bus.subscribe("order.placed", on_placed)

async def on_placed(event):
    store(event["order_id"])
"#,
            ),
        ],
        expect![[r#"
            Producer in-process order.placed in place: {order_id}
            Producer queue order.announced in announce: {order_id}
            Consumer in-process order.placed in listen: {order_id}
        "#]],
    );
}

#[test]
fn what_people_do_is_named_first_or_after_who_does_it() {
    check(
        &[(
            "app/seen.py",
            r#"
from posthog import Posthog

client = Posthog("key")


def seen(user):
    client.capture("page seen", distinct_id=user.id, properties={"path": user.path})
    client.capture(user.id, "page left", {"path": user.path})
    client.capture(distinct_id=user.id, event="page closed", properties={"path": user.path})
"#,
        )],
        expect![[r#"
            Producer analytics page seen in seen: {path}
            Producer analytics page left in seen: {path}
            Producer analytics page closed in seen: {path}
        "#]],
    );
}
