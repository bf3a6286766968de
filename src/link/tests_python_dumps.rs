//! What Python code leaves of a declaration where it writes or reads one: options of the call that dumps, libraries that convert.

use expect_test::expect;

use super::tests_python::check;

#[test]
fn the_call_that_dumps_a_model_says_what_is_left_of_it() {
    check(
        &[(
            "app/orders.py",
            r#"
from typing import Optional
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from kafka import KafkaProducer

producer = KafkaProducer()

class Order(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)
    order_id: int
    ship_to: str = Field("home", serialization_alias="shipTo!")
    note: Optional[str] = None
    secret: str = Field("", exclude=True)

def run(order: Order):
    producer.send("order.plain", order.model_dump())
    producer.send("order.aliased", order.model_dump(by_alias=True))
    producer.send("order.text", order.model_dump_json(by_alias=True))
    producer.send("order.some", order.model_dump(exclude={"ship_to"}))
    producer.send("order.only", order.model_dump(include={"order_id"}))
    producer.send("order.there", order.model_dump(exclude_none=True))
    producer.send("order.set", order.model_dump(exclude_unset=True))
    producer.send("order.changed", order.model_dump(exclude_defaults=True))
    producer.send("order.old", order.dict(by_alias=True, exclude={"note"}))
"#,
        )],
        expect![[r#"
            Producer queue order.plain in run: {order_id, ship_to, note}
            Producer queue order.aliased in run: {orderId, shipTo!, note}
            Producer queue order.text in run: {orderId, shipTo!, note}
            Producer queue order.some in run: {order_id, note}
            Producer queue order.only in run: {order_id}
            Producer queue order.there in run: {order_id, ship_to, note?}
            Producer queue order.set in run: {order_id, ship_to?, note?}
            Producer queue order.changed in run: {order_id, ship_to?, note?}
            Producer queue order.old in run: {orderId, shipTo!}
        "#]],
    );
}

#[test]
fn libraries_that_convert_write_and_read_what_is_declared() {
    check(
        &[(
            "app/orders.py",
            r#"
from dataclasses import asdict, dataclass, field
import attr
import attrs
import cattrs
import dacite
import msgspec
import orjson
from dataclasses_json import LetterCase, config, dataclass_json
from mashumaro.mixins.json import DataClassJSONMixin
from kafka import KafkaProducer
from app.bus import subscribe

producer = KafkaProducer()

@dataclass
class Line:
    sku: str
    count: int = 1

@attrs.define
class Parcel:
    weight: float
    lines: list[Line]

@dataclass_json(letter_case=LetterCase.CAMEL)
@dataclass
class Invoice:
    invoice_id: int
    paid_by: str = field(metadata=config(field_name="payer"))
    hidden: str = field(default="", metadata=config(exclude=lambda value: True))

@dataclass
class Stock(DataClassJSONMixin):
    in_stock: int

class Point(msgspec.Struct, rename="camel", omit_defaults=True):
    x_axis: int
    y_axis: int = 0

def run(line: Line, parcel: Parcel, invoice: Invoice, stock: Stock, point: Point):
    producer.send("line.made", asdict(line))
    producer.send("line.text", orjson.dumps(line))
    producer.send("parcel.made", attrs.asdict(parcel))
    producer.send("parcel.old", attr.asdict(parcel))
    producer.send("parcel.converted", cattrs.unstructure(parcel))
    producer.send("invoice.made", invoice.to_dict())
    producer.send("invoice.text", invoice.to_json())
    producer.send("stock.made", stock.to_dict())
    producer.send("point.made", msgspec.json.encode(point))
    producer.send("point.built", msgspec.to_builtins(point))

@subscribe("line.read")
def on_line(event):
    dacite.from_dict(data_class=Line, data=event)

@subscribe("parcel.read")
def on_parcel(event):
    cattrs.structure(event, Parcel)

@subscribe("point.read")
def on_point(event):
    msgspec.convert(event, Point)

@subscribe("stock.read")
def on_stock(event):
    Stock.from_dict(event)

@subscribe("invoice.read")
def on_invoice(event):
    Invoice.from_json(event)
"#,
        )],
        expect![[r#"
            Producer queue line.made in run: {sku, count}
            Producer queue line.text in run: {sku, count}
            Producer queue parcel.made in run: {weight, lines}
            Producer queue parcel.old in run: {weight, lines}
            Producer queue parcel.converted in run: {weight, lines}
            Producer queue invoice.made in run: {invoiceId, payer}
            Producer queue invoice.text in run: {invoiceId, payer}
            Producer queue stock.made in run: {in_stock}
            Producer queue point.made in run: {xAxis, yAxis?}
            Producer queue point.built in run: {xAxis, yAxis?}
            Consumer queue line.read in on_line: {sku, count?}
            Consumer queue parcel.read in on_parcel: {weight, lines}
            Consumer queue point.read in on_point: {xAxis, yAxis?}
            Consumer queue stock.read in on_stock: {in_stock}
            Consumer queue invoice.read in on_invoice: {invoiceId, payer, hidden?}
        "#]],
    );
}
