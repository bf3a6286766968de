//! Tasks that something of the repository's own hands on, registers or names.

use expect_test::expect;

use super::tests_python::check;

#[test]
fn a_helper_that_is_handed_a_task_sends_what_it_is_called_with() {
    check(
        &[
            (
                "app/tasks.py",
                r#"
import dramatiq

def send_task(task, *args, **kwargs):
    log("sending", task)
    task.send(*args, **kwargs)

@dramatiq.actor
def resize(image_id: str, width: int):
    ...

@dramatiq.actor(actor_name="images.purge")
def purge():
    ...
"#,
            ),
            (
                "app/later.py",
                r#"
from django.db import transaction

def after_commit(queue_name, task, *args, **kwargs):
    transaction.on_commit(lambda: task.delay(*args, **kwargs))
"#,
            ),
            (
                "app/views.py",
                r#"
from app import tasks
from app.later import after_commit
from elsewhere.jobs import export
from app.celery import app

@app.task
def import_rows(file: str, dry: bool = False):
    ...

def upload(image):
    tasks.send_task(tasks.resize, image.id, width=80)
    tasks.send_task(tasks.purge)
    after_commit("slow", import_rows, image.name, dry=True)
    after_commit("slow", task=export)
"#,
            ),
        ],
        expect![[r#"
            Consumer queue resize in resize: {image_id, width}
            Consumer queue images.purge in purge: {}
            Consumer queue import_rows in import_rows: {file, dry?}
            Producer queue resize in upload: {image_id, width}
            Producer queue images.purge in upload: {}
            Producer queue import_rows in upload: {file, dry}
            Producer queue export in upload: {}
        "#]],
    );
}

#[test]
fn a_decorator_that_is_called_registers_what_it_is_given() {
    check(
        &[
            (
                "app/actors.py",
                r#"
import json
import dramatiq

class Task:
    def __call__(self, *args, **kwargs):
        return self.run(*args, **kwargs)

class Cleanup(Task):
    __name__ = "clean_up"

    async def run(self):
        ...

class WriteAudit(Task):
    async def run(self, record: str):
        parsed = json.loads(record)
        print(parsed["time"], parsed.get("level"))

def compress(path: str):
    ...

cleanup = dramatiq.actor(Cleanup())
write_audit = dramatiq.actor(WriteAudit(), actor_name="audit.write")
shrink = dramatiq.actor(max_retries=2)(compress)
"#,
            ),
            (
                "app/log.py",
                r#"
import json
import dramatiq
from app.actors import cleanup, write_audit

class Sink:
    def __init__(self, task: "dramatiq.Actor"):
        self.task = task

    def __call__(self, message):
        self.task.send(json.dumps({"time": message.time}))

class Either:
    def __init__(self, task: dramatiq.Actor):
        self.task = task

    def __call__(self):
        self.task.send("x")

def init(logger):
    logger.add(Sink(write_audit))
    logger.add(Either(cleanup), Either(write_audit))
"#,
            ),
            (
                "app/other.py",
                r#"
from app.stage import actor

class Hamlet:
    def run(self, line):
        ...

hamlet = actor(Hamlet())
"#,
            ),
            (
                "app/schedule.py",
                r#"
from apscheduler.schedulers.blocking import BlockingScheduler
from app import actors

scheduler = BlockingScheduler()
scheduler.add_job(actors.cleanup.send, "cron", hour=3)
scheduler.add_job(actors.write_audit.send, kwargs={"record": "{}"})
scheduler.add_job("app.actors:cleanup", "cron")
"#,
            ),
        ],
        expect![[r#"
            Consumer queue clean_up in Cleanup.run: {}
            Consumer queue audit.write in WriteAudit.run: {record}
            Consumer queue compress in compress: {path}
            Producer queue audit.write in Sink.__call__: {record}
            Producer queue - in Either.__call__: value
            Producer queue clean_up in : {}
            Producer queue audit.write in : {record}
        "#]],
    );
}

#[test]
fn a_job_that_is_a_class_is_named_by_the_class_that_is_enqueued() {
    check(
        &[
            (
                "app/jobs.py",
                r#"
from functools import partial
import django_rq
from django.db import transaction

class Job:
    @classmethod
    def enqueue(cls, func, name="", at=None, **kwargs):
        queue = django_rq.get_queue("default")
        if at:
            transaction.on_commit(partial(queue.enqueue_at, at, func, job_id="1", **kwargs))
        else:
            transaction.on_commit(partial(queue.enqueue, func, job_id="1", **kwargs))

class Runner:
    def __init__(self, job):
        self.job = job

    @classmethod
    def handle(cls, job, **kwargs):
        cls(job).run(**kwargs)

    def run(self, **kwargs):
        raise NotImplementedError

    @classmethod
    def enqueue(cls, *args, **kwargs):
        name = kwargs.pop("name", None) or cls.__name__
        return Job.enqueue(cls.handle, name=name, *args, **kwargs)

    @classmethod
    def enqueue_once(cls, **kwargs):
        return cls.enqueue(**kwargs)

class Sync(Runner):
    @classmethod
    def enqueue(cls, **kwargs):
        return super().enqueue(**kwargs)

    def run(self, source, full=False, **kwargs):
        ...

class Sweep(Runner):
    def run(self):
        ...
"#,
            ),
            (
                "app/views.py",
                r#"
from app.jobs import Sweep, Sync

def post(source):
    Sync.enqueue(source=source.id)
    Sweep.enqueue_once()

def put(source):
    from django.utils.module_loading import import_string
    job = import_string("app.jobs.Sync")
    job.enqueue(source=source.id, full=True)
"#,
            ),
        ],
        expect![[r#"
            Consumer queue Sync in Sync.run: {source, full?}
            Consumer queue Sweep in Sweep.run: {}
            Producer queue Sync in post: {source}
            Producer queue Sweep in post: {}
            Producer queue Sync in put: {source, full}
        "#]],
    );
}

#[test]
fn a_job_that_is_enqueued_for_later_stands_behind_its_time() {
    check(
        &[(
            "app/reports.py",
            r#"
from datetime import timedelta
import django_rq

def build(month, year):
    ...

def monthly(at):
    queue = django_rq.get_queue("default")
    queue.enqueue(build, "jan", year=2)
    queue.enqueue_at(at, build, "feb", year=3)
    queue.enqueue_in(timedelta(minutes=1), build, month="mar", year=4)

def yearly(year):
    queue = django_rq.get_queue("default")
    given = {"month": "jan"}
    if year:
        given["year"] = year
    queue.enqueue("app.reports.build", **given)
"#,
        )],
        expect![[r#"
            Consumer queue build in build: {month, year}
            Producer queue build in monthly: {month, year}
            Producer queue build in monthly: {month, year}
            Producer queue build in monthly: {month, year}
            Producer queue build in yearly: {month, year?}
        "#]],
    );
}

#[test]
fn what_a_class_does_with_the_method_of_its_base_has_no_name_of_its_own() {
    check(
        &[
            (
                "app/tooling.py",
                r#"
from django.dispatch import Signal

class PublicSignal(Signal):
    def __init__(self, event_type, data):
        self.event_type = event_type
        super().__init__()

    def send(self, sender, **kwargs):
        warn("use send_event")

    def send_event(self, **kwargs):
        return super().send(sender=None, **kwargs)
"#,
            ),
            (
                "app/signals.py",
                r#"
from app.tooling import PublicSignal

PAID = PublicSignal(event_type="shop.order.paid.v1", data={})
"#,
            ),
            (
                "app/views.py",
                r#"
from app.signals import PAID

def pay(order):
    PAID.send_event(order=order.id)
"#,
            ),
        ],
        expect![[r#"
            Producer in-process shop.order.paid.v1 in pay: {order}
        "#]],
    );
}

#[test]
fn what_is_handed_on_as_a_whole_is_what_callers_give() {
    check(
        &[
            (
                "app/bus.py",
                r#"
from kafka import KafkaProducer
producer = KafkaProducer()

def publish(name, **payload):
    producer.send("orders", {"type": name, "data": payload})

def emit(name, **kwargs):
    publish(name, **kwargs)

def emit_for(name, user, **kwargs):
    publish(name, user_id=user.id, **kwargs)

def send(name, payload):
    producer.send(name, payload)

def relay(*args, **kwargs):
    send(*args, **kwargs)

class Bus:
    def publish(self, name, *, key=None, **payload):
        producer.send(name, payload, key=key)

class Audited(Bus):
    def publish(self, name, **kwargs):
        log(name)
        super().publish(name, **kwargs)
"#,
            ),
            (
                "app/main.py",
                r#"
from app.bus import Audited, emit, emit_for, publish, relay

def run(order, user):
    publish("order.one", id=order.id, total=1)
    emit("order.two", id=order.id, total=2)
    emit_for("order.three", user, id=order.id)
    relay("order.four", {"id": order.id})
    Audited().publish("order.five", key="k", id=order.id)
    extra = {"a": 1, "b": 2}
    publish("order.six", **extra)
    emit("order.seven", c=1, **extra)
    emit("order.eight")
    emit("order.nine", **order.fields())
"#,
            ),
        ],
        expect![[r#"
            Producer queue order.one in run: {type, data {id, total}}
            Producer queue order.two in run: {type, data {id, total}}
            Producer queue order.three in run: {type, data {user_id, id}}
            Producer queue order.four in run: {id}
            Producer queue order.five in run: {id}
            Producer queue order.six in run: {type, data {a, b}}
            Producer queue order.seven in run: {type, data {c, a, b}}
            Producer queue order.eight in run: {type, data}
            Producer queue order.nine in run: {type, data}
        "#]],
    );
}
