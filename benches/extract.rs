//! What it costs to lower files to facts, beside the bare parse of the same files on the same threads: at most twice as much is asked.
//!
//! 4,000 generated files for each language, in the form of a service's code: types, functions with branches and loops, calls, payloads.

use std::sync::OnceLock;

use divan::Bencher;
use driftgate::extract::{extract, language_of};
use driftgate::scan;
use driftgate::source::{BlobId, RepoPath, SourceText};
use rayon::prelude::*;

const FILES: usize = 4_000;

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    driftgate::extract::install_panic_guard();
    divan::main();
}

fn sources(cell: &'static OnceLock<Vec<SourceText>>, ending: &str, text: fn(usize) -> String) -> &'static [SourceText] {
    cell.get_or_init(|| {
        let file = |number: usize| {
            let path = RepoPath::new(format!("src/m{number}.{ending}"));
            SourceText::new(path, BlobId::from_bytes(&(number as u64).to_be_bytes()), text(number))
        };
        (0..FILES).map(file).collect()
    })
}

fn typescript() -> &'static [SourceText] {
    static CELL: OnceLock<Vec<SourceText>> = OnceLock::new();
    sources(&CELL, "ts", typescript_file)
}

fn python() -> &'static [SourceText] {
    static CELL: OnceLock<Vec<SourceText>> = OnceLock::new();
    sources(&CELL, "py", python_file)
}

fn rust() -> &'static [SourceText] {
    static CELL: OnceLock<Vec<SourceText>> = OnceLock::new();
    sources(&CELL, "rs", rust_file)
}

/// Runs `work` on every file, on the threads that a check uses.
fn on_all(bencher: Bencher<'_, '_>, files: &'static [SourceText], work: impl Fn(&SourceText) -> usize + Sync) {
    let bytes: usize = files.iter().map(|file| file.text().len()).sum();
    bencher
        .counter(divan::counter::BytesCount::new(bytes))
        .bench_local(|| scan::pool().install(|| files.par_iter().map(&work).sum::<usize>()));
}

fn lowered(source: &SourceText) -> usize {
    let language = language_of(&source.path).expect("a front end claims the file");
    let facts = extract(language, source);
    assert!(facts.diagnostics.is_empty(), "{:?}", facts.diagnostics);
    facts.functions.len()
}

#[divan::bench(sample_count = 5)]
fn typescript_parse(bencher: Bencher<'_, '_>) {
    on_all(bencher, typescript(), |source| {
        let allocator = oxc_allocator::Allocator::default();
        oxc_parser::Parser::new(&allocator, source.text(), oxc_span::SourceType::ts()).parse().program.body.len()
    });
}

#[divan::bench(sample_count = 5)]
fn typescript_extract(bencher: Bencher<'_, '_>) {
    on_all(bencher, typescript(), lowered);
}

#[divan::bench(sample_count = 5)]
fn python_parse(bencher: Bencher<'_, '_>) {
    on_all(bencher, python(), |source| {
        ruff_python_parser::parse_module(source.text()).expect("the sample is valid").into_syntax().body.len()
    });
}

#[divan::bench(sample_count = 5)]
fn python_extract(bencher: Bencher<'_, '_>) {
    on_all(bencher, python(), lowered);
}

#[divan::bench(sample_count = 5)]
fn rust_parse(bencher: Bencher<'_, '_>) {
    on_all(bencher, rust(), |source| syn::parse_file(source.text()).expect("the sample is valid").items.len());
}

#[divan::bench(sample_count = 5)]
fn rust_extract(bencher: Bencher<'_, '_>) {
    on_all(bencher, rust(), lowered);
}

fn typescript_file(number: usize) -> String {
    format!(
        r#"import {{ Injectable }} from "@nestjs/common";
import {{ Bus }} from "./bus";
import type {{ Order, Line }} from "./orders";

export interface Event{number} {{
  customerId: string;
  total: number;
  lines: {{ sku: string; price: number; note?: string }}[];
  status: "open" | "paid" | "void";
}}

export const EVENTS = {{ created: "sample.created-{number}", paid: "sample.paid-{number}" }} as const;

@Injectable()
export class Service{number} {{
  constructor(private readonly bus: Bus, private readonly orders: Map<string, Order>) {{}}

  /** The total of an order, with what its lines add. */
  total(order: Order): number {{
    let total = 0;
    for (const line of order.lines) {{
      if (!line.sku || line.price < 0) {{
        continue;
      }}
      total += line.price * (line.count ?? {factor});
    }}
    return total;
  }}

  async pay(id: string, by: {{ name: string; email?: string }}): Promise<Event{number} | undefined> {{
    const order = this.orders.get(id);
    if (!order) {{
      throw new Error(`order ${{id}} is not there`);
    }}
    if (order.status === "void" || order.status === "paid") {{
      return undefined;
    }}
    const event: Event{number} = {{
      customerId: order.customer.id,
      total: this.total(order),
      lines: order.lines.map((line: Line) => ({{ sku: line.sku, price: line.price, note: line.note }})),
      status: "paid",
    }};
    try {{
      await this.bus.publish(EVENTS.paid, {{ ...event, by: by.email ? by.email.toLowerCase() : by.name }});
    }} catch (error) {{
      console.error("it could not be sent", {{ id, error }});
      throw error;
    }}
    return event;
  }}

  find(text: string, {{ limit = 10, deep = false }} = {{}}): Order[] {{
    const words = text.split(" ").filter((word) => word.length > 2).map((word) => word.trim());
    return [...this.orders.values()]
      .filter((order) => words.every((word) => order.customer.name.includes(word) || (deep && order.note?.includes(word))))
      .sort((a, b) => b.total - a.total)
      .slice(0, limit);
  }}
}}

export function describe(order: Order): string {{
  switch (order.status) {{
    case "open":
      return `open since ${{order.created.toISOString()}}`;
    case "paid":
      return "paid";
    default:
      return "gone";
  }}
}}
"#,
        factor = number % 7 + 1
    )
}

fn python_file(number: usize) -> String {
    format!(
        r#"from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, Field

from .bus import Bus
from .orders import Line, Order

logger = logging.getLogger(__name__)

PAID = "sample.paid-{number}"


class Event{number}(BaseModel):
    customer_id: str = Field(alias="customerId")
    total: int
    lines: list[dict[str, Any]] = []
    status: Literal["open", "paid", "void"] = "open"
    note: str | None = None


@dataclass
class Service{number}:
    """Orders of one kind."""

    bus: Bus
    orders: dict[str, Order] = field(default_factory=dict)

    def total(self, order: Order) -> int:
        total = 0
        for line in order.lines:
            if not line.sku or line.price < 0:
                continue
            total += line.price * (line.count or {factor})
        return total

    async def pay(self, order_id: str, by: str, *, email: str | None = None) -> Event{number} | None:
        order = self.orders.get(order_id)
        if order is None:
            raise KeyError(f"order {{order_id}} is not there")
        if order.status in ("void", "paid"):
            return None
        event = Event{number}(
            customerId=order.customer.id,
            total=self.total(order),
            lines=[{{"sku": line.sku, "price": line.price, "note": line.note}} for line in order.lines],
            status="paid",
        )
        payload = event.model_dump(by_alias=True)
        payload["by"] = email.lower() if email else by
        if order.note:
            payload["note"] = order.note
        try:
            await self.bus.publish(PAID, json.dumps(payload))
        except ConnectionError:
            logger.exception("it could not be sent", extra={{"order": order_id}})
            raise
        return event

    def find(self, text: str, limit: int = 10, deep: bool = False) -> list[Order]:
        words = [word.strip() for word in text.split(" ") if len(word) > 2]
        found = [
            order
            for order in self.orders.values()
            if all(word in order.customer.name or (deep and word in (order.note or "")) for word in words)
        ]
        return sorted(found, key=lambda order: order.total, reverse=True)[:limit]


def describe(order: Order) -> str:
    if order.status == "open":
        return f"open since {{order.created.isoformat()}}"
    elif order.status == "paid":
        return "paid"
    return "gone"
"#,
        factor = number % 7 + 1
    )
}

fn rust_file(number: usize) -> String {
    format!(
        r#"//! Orders of kind {number}.

use std::collections::BTreeMap;

use serde::{{Deserialize, Serialize}};

use crate::bus::Bus;
use crate::orders::{{Line, Order, Status}};

pub const PAID: &str = "sample.paid-{number}";

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event{number} {{
    pub customer_id: String,
    pub total: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}}

pub struct Service{number} {{
    bus: Bus,
    orders: BTreeMap<String, Order>,
}}

impl Service{number} {{
    pub fn total(&self, order: &Order) -> u64 {{
        let mut total = 0;
        for line in &order.lines {{
            if line.sku.is_empty() || line.price == 0 {{
                continue;
            }}
            total += line.price * line.count.unwrap_or({factor});
        }}
        total
    }}

    pub async fn pay(&self, id: &str, by: &str, email: Option<&str>) -> Result<Option<Event{number}>, Error> {{
        let Some(order) = self.orders.get(id) else {{
            return Err(Error::Missing(format!("order {{id}} is not there")));
        }};
        match order.status {{
            Status::Void | Status::Paid => return Ok(None),
            Status::Open => {{}}
        }}
        let event = Event{number} {{
            customer_id: order.customer.id.clone(),
            total: self.total(order),
            lines: order.lines.iter().filter(|line| line.price > 0).cloned().collect(),
            note: order.note.as_ref().map(|note| note.trim().to_owned()),
        }};
        let by = email.map_or_else(|| by.to_owned(), str::to_lowercase);
        if let Err(error) = self.bus.publish(PAID, &serde_json::json!({{ "event": event, "by": by }})).await {{
            tracing::error!(%error, order = id, "it could not be sent");
            return Err(error.into());
        }}
        Ok(Some(event))
    }}

    pub fn find(&self, text: &str, limit: usize, deep: bool) -> Vec<&Order> {{
        let words: Vec<&str> = text.split(' ').filter(|word| word.len() > 2).map(str::trim).collect();
        let fits = |order: &&Order| {{
            words.iter().all(|word| {{
                order.customer.name.contains(word) || deep && order.note.as_ref().is_some_and(|note| note.contains(word))
            }})
        }};
        let mut found: Vec<&Order> = self.orders.values().filter(fits).collect();
        found.sort_by_key(|order| std::cmp::Reverse(order.total));
        found.truncate(limit);
        found
    }}
}}

pub fn describe(order: &Order) -> String {{
    match order.status {{
        Status::Open => format!("open since {{}}", order.created),
        Status::Paid => "paid".to_owned(),
        Status::Void => "gone".to_owned(),
    }}
}}
"#,
        factor = number % 7 + 1
    )
}
