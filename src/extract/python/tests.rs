//! Tests of the Python front end: values, reads and surroundings in a short form, and input that is not as it should be.

use expect_test::{Expect, expect};

use super::Python;
use crate::extract::{Language, extract};
use crate::facts::{Completion, Enclosing, Expr, ExprKind, FileFacts, Function, Literal, Step, Swallowed, ValueMember};
use crate::shape::Presence;
use crate::source::{BlobId, RepoPath, SourceText};

fn facts_of(text: &str) -> FileFacts {
    let source = SourceText::new(RepoPath::new("app/events.py"), BlobId::from_bytes(&[0; 20]), text);
    assert!(Python.claims(&source.path));
    extract(&Python, &source)
}

fn short(function: &Function, expr: &Expr) -> String {
    let all = |parts: &[Expr]| parts.iter().map(|part| short(function, part)).collect::<Vec<_>>().join(", ");
    match &expr.kind {
        ExprKind::Literal(Literal::Text(text)) => format!("{text:?}"),
        ExprKind::Literal(Literal::Number(digits)) => digits.clone().into(),
        ExprKind::Literal(Literal::Bool(truth)) => truth.to_string(),
        ExprKind::Literal(Literal::Null) => "null".to_owned(),
        ExprKind::Absent => "absent".to_owned(),
        ExprKind::Template(parts) => format!("text({})", all(parts)),
        ExprKind::Name(path) => path.join("."),
        ExprKind::Local(id) => format!("%{}", function.local(*id).name),
        ExprKind::Outer(out, id) => format!("outer{out}#{}", id.0),
        ExprKind::This => "self".to_owned(),
        ExprKind::Member(of, name) => format!("{}.{name}", short(function, of)),
        ExprKind::Index(of, key) => format!("{}[{}]", short(function, of), short(function, key)),
        ExprKind::Object(members) => {
            let parts: Vec<String> = members
                .iter()
                .map(|member| match member {
                    ValueMember::Entry { key, value, conditional } => {
                        format!("{}{}: {}", short(function, key), if *conditional { "?" } else { "" }, short(function, value))
                    }
                    ValueMember::Spread { value, conditional } => {
                        format!("...{}{}", if *conditional { "?" } else { "" }, short(function, value))
                    }
                })
                .collect();
            format!("{{{}}}", parts.join(", "))
        }
        ExprKind::Array(items) => format!("[{}]", all(items)),
        ExprKind::ListOf(item) => format!("list of {}", short(function, item)),
        ExprKind::MapOf(value) => format!("map of {}", short(function, value)),
        ExprKind::Element(of) => format!("each {}", short(function, of)),
        ExprKind::Record(record) => {
            let fields: Vec<String> =
                record.fields.iter().map(|(name, value)| format!("{name}={}", short(function, value))).collect();
            let base = record.base.as_ref().map(|base| format!(", **{}", short(function, base))).unwrap_or_default();
            format!("{}({}{base})", record.ty.path.join("."), fields.join(", "))
        }
        ExprKind::Call(id) => format!("call#{}", id.0),
        ExprKind::Function(id) => format!("fn#{}", id.0),
        ExprKind::OneOf(parts) => format!("one of ({})", all(parts)),
        ExprKind::Tested(of, there) => format!("{}{}", short(function, of), if *there { "!" } else { "?" }),
        ExprKind::Await(of) => format!("await {}", short(function, of)),
        ExprKind::Encoded(of) => format!("json<{}>", short(function, of)),
        ExprKind::Decoded(of, ty) => format!("decode<{}>{}", short(function, of), if ty.is_some() { " typed" } else { "" }),
        ExprKind::Typed(of, _) => format!("typed {}", short(function, of)),
        ExprKind::OfType(_) => "a type".to_owned(),
        ExprKind::Unknown(source) => format!("?{source}"),
    }
}

/// Every function with its variables, calls, reads and results, one line each.
fn render(facts: &FileFacts) -> String {
    let mut out = String::new();
    for constant in &facts.constants {
        let mark = if constant.registry { " (names)" } else { "" };
        out.push_str(&format!("const {} = {}{mark}\n", constant.name, short(&facts.functions[0], &constant.value)));
    }
    for function in &facts.functions {
        if function.calls.is_empty() && function.reads.is_empty() && function.returns.is_empty() {
            continue;
        }
        out.push_str(&format!("fn {}\n", if function.name.is_empty() { "<lambda>" } else { &function.name }));
        for local in &function.locals {
            if let Some(value) = &local.value {
                out.push_str(&format!("  let {} = {}\n", local.name, short(function, value)));
            }
            for edit in &local.edits {
                let path: Vec<String> = edit.path.iter().map(|key| short(function, key)).collect();
                out.push_str(&format!("  edit{} {}[{}]\n", if edit.conditional { "?" } else { "" }, local.name, path.join("][")));
            }
        }
        for call in &function.calls {
            let args: Vec<String> = call
                .args
                .iter()
                .map(|arg| {
                    let name = arg.name.as_ref().map(|name| format!("{name}=")).unwrap_or_default();
                    format!("{name}{}", short(function, &arg.value))
                })
                .collect();
            let mut around = Vec::new();
            match &call.surroundings.completion {
                Completion::Floating => {}
                other => around.push(format!("{other:?}").to_lowercase()),
            }
            if call.surroundings.swallowed != Swallowed::No {
                around.push(format!("{:?}", call.surroundings.swallowed).to_lowercase());
            }
            around.extend(call.surroundings.enclosing.iter().map(|enclosing| match enclosing {
                Enclosing::Branch(guard) => format!("{}if {}", if guard.negated { "not " } else { "" }, guard.source),
                Enclosing::Loop(_) => "loop".to_owned(),
                Enclosing::Try(_) => "try".to_owned(),
                Enclosing::Catch(_) => "catch".to_owned(),
                Enclosing::Block(value) => format!("with {}", short(function, value)),
            }));
            around.extend(call.surroundings.early_returns.iter().map(|guard| format!("after {}", guard.source)));
            out.push_str(&format!("  call {}({}) [{}]\n", short(function, &call.callee), args.join(", "), around.join("; ")));
        }
        for read in &function.reads {
            let path: Vec<crate::facts::Name> = read
                .path
                .iter()
                .map(|step| match step {
                    Step::Key { name, presence: Presence::Required, .. } => name.clone(),
                    Step::Key { name, presence: Presence::Optional, .. } => format!("{name}?").into(),
                    Step::Each => "*".into(),
                })
                .collect();
            let compared = if read.compared.is_empty() { String::new() } else { format!(" in {} values", read.compared.len()) };
            let typed = if read.ty.is_some() { " typed" } else { "" };
            out.push_str(&format!("  read {}/{}{compared}{typed}\n", short(function, &read.base), path.join("/")));
        }
        for value in &function.returns {
            out.push_str(&format!("  return {}\n", short(function, value)));
        }
    }
    out
}

fn check(text: &str, expected: Expect) {
    let facts = facts_of(text);
    assert!(facts.diagnostics.is_empty(), "{:?}", facts.diagnostics);
    expected.assert_eq(&render(&facts));
}

#[test]
fn a_payload_is_followed_through_its_edits() {
    check(
        r#"
import json
TOPIC = "orders"
def publish(producer, order, extra):
    payload = {"id": str(order.id), **extra}
    payload["total"] = order.total
    if order.gift:
        payload["gift"] = True
    payload.update(currency="EUR")
    producer.send(TOPIC, json.dumps(payload).encode())
"#,
        expect![[r#"
            const TOPIC = "orders"
            fn publish
              let payload = {"id": text(%order.id), ...%extra}
              edit payload["total"]
              edit? payload["gift"]
              edit payload["currency"]
              call %payload.update(currency="EUR") []
              call %producer.send(TOPIC, json<%payload>) []
              read %order/id
              read %order/total
              read %order/gift
        "#]],
    );
}

#[test]
fn reads_know_whether_the_code_copes_with_absence() {
    check(
        r#"
def handle(event):
    event["id"]
    event.get("plan", "free")
    (event.get("customer") or {}).get("email")
    if "note" in event:
        event["note"]
    try:
        event["old"]
    except KeyError:
        pass
    for item in event["items"]:
        item["sku"]
    int(event["count"])
"#,
        expect![[r#"
            fn handle
              let item = each %event.items
              read %event/id
              read %event/plan?
              read %event/customer?/email?
              read %event/note?
              read %event/note?
              read %event/old?
              read %event/items
              read %item/sku
              read %event/count typed
        "#]],
    );
}

#[test]
fn dispatch_knows_its_constants() {
    check(
        r#"
def handle(event):
    if event["type"] == "a":
        on_a(event)
    elif event["type"] == "b":
        on_b(event)
    else:
        other(event)
    match event:
        case {"kind": "x", "data": data}:
            on_x(data)
"#,
        expect![[r#"
            fn handle
              let data = %event.data
              call on_a(%event) [if event["type"] == "a"]
              call on_b(%event) [if event["type"] == "b"]
              call other(%event) [not if event["type"] == "a"]
              call on_x(%data) [if match event: case {"kind": "x", "data": data}; if {"kind": "x", "data": data}]
              read %event/type in 2 values
              read %event/type in 2 values
              read %event/kind? in 1 values
              read %event/data?
        "#]],
    );
}

#[test]
fn surroundings_say_what_becomes_of_a_call() {
    check(
        r#"
import asyncio
from django.db import transaction
async def run(bus, tasks, order):
    if not order:
        return
    await bus.publish("a", {})
    asyncio.create_task(bus.publish("b", {}))
    tasks.add_task(send, "c")
    try:
        bus.publish("d", {})
    except Exception:
        logger.exception("lost")
    with transaction.atomic():
        transaction.on_commit(lambda: bus.publish("e", {}))
"#,
        expect![[r#"
            fn run
              call %bus.publish("a", {}) [awaited; after not order]
              call %bus.publish("b", {}) [deferred("create_task"); after not order]
              call send("c") [deferred("backgroundtasks.add_task"); after not order]
              call %bus.publish("d", {}) [logged; try; after not order]
              call transaction.atomic() [used; after not order]
              call transaction.on_commit(fn#2) [with call#4; after not order]
            fn <lambda>
              call outer1#0.publish("e", {}) [returned]
              return call#0
        "#]],
    );
}

#[test]
fn comprehensions_over_constant_names_are_written_out() {
    check(
        r#"
FIELDS = ("id", "name")
def payload(user, rows):
    head = {field: getattr(user, field) for field in FIELDS}
    rest = [{"id": row.id} for row in rows]
    return {k: v for k, v in {**head, "rows": rest}.items() if v is not None}
"#,
        expect![[r#"
            const FIELDS = ["id", "name"] (names)
            fn payload
              let head = {"id": %user.id, "name": %user.name}
              let row = each %rows
              let rest = list of {"id": %row.id}
              let k = ?key
              let v = each {...%head, "rows": %rest}
              call {...%head, "rows": %rest}.items() [used]
              read %user/id
              read %user/name
              read %row/id
              return {...typed {...%head, "rows": %rest}}
        "#]],
    );
}

#[test]
fn names_in_branches_mean_either_value() {
    check(
        r#"
def emit(bus, paid):
    name = "order.paid" if paid else "order.failed"
    if paid:
        body = {"a": 1}
    else:
        body = {"b": 2}
    bus.emit(name, body)
"#,
        expect![[r#"
            fn emit
              let name = one of ("order.paid", "order.failed")
              let body = {"a": 1}
              let body = {"b": 2}
              let body = one of (%body, %body)
              call %bus.emit(%name, %body) []
        "#]],
    );
}

#[test]
fn a_partial_is_a_closure() {
    check(
        r#"
from functools import partial
def build(kind, order): ...
HANDLERS = {"a": partial(build, "x")}
"#,
        expect![[r#"
            const HANDLERS = {"a": fn#2}
            fn <lambda>
              call build("x", %args, **=%kwargs) [returned]
              return call#0
        "#]],
    );
}

#[test]
fn a_model_that_is_built_or_validated_is_read_as_a_whole() {
    check(
        r#"
import json
from .models import Order
def handle(event, raw):
    Order(**event)
    order = Order.model_validate_json(raw)
    return order.id
"#,
        expect![[r#"
            fn handle
              let order = decode<%raw> typed
              call Order(**=%event) []
              read %event/ typed
              read decode<%raw> typed/ typed
              read %order/id
              return %order.id
        "#]],
    );
}

#[test]
fn a_syntax_error_costs_its_statement_and_not_the_file() {
    let facts = facts_of("A = 1\ndef broken(:\n    pass\nB = 'two'\n");
    assert!(!facts.diagnostics.is_empty());
    assert!(!facts.unread.is_empty());
    let names: Vec<&str> = facts.constants.iter().map(|constant| constant.name.as_str()).collect();
    assert!(names.contains(&"A") && names.contains(&"B"), "{names:?}");
}

#[test]
fn odd_files_are_a_diagnostic_at_worst() {
    let deep = format!("x = {}1{}", "(".repeat(400), ")".repeat(400));
    let chain = format!("x = {}", vec!["a"; 3_000].join(" + "));
    let elifs = format!("if a == 0: pass\n{}", "elif a == 1: pass\n".repeat(2_000));
    let inputs = [
        "\u{feff}A = 1\n",
        "\x0cA = 1\n",
        "if a:\n\tb = 1\n        c = 2\n",
        "print 'python two'\nexec code in scope\n",
        "# -*- coding: latin-1 -*-\nA = 'x'\n",
        "class A(A): x: 'A'\nclass B(C): pass\nclass C(B): pass\n",
        "x = x\ny: 'y' = y\n",
        "def f(x=f(x)): return f(f)\n",
        "match x:\n    case {'a': {'b': [c, *d], **e}}: pass\n    case A(b=1) | B(): pass\n",
        "f'{a!r:>{width}}{b=}'\n",
        "from . import *\nfrom .. import (a as b,\nimport\n",
        "class X(BaseModel):\n    a: Literal[\n    b: int = Field(alias=)\n",
        "\0",
        "",
        &deep,
        &chain,
        &elifs,
    ];
    for input in inputs {
        let facts = facts_of(input);
        let failed = facts.diagnostics.iter().find(|diagnostic| diagnostic.message.contains("report this file"));
        assert!(failed.is_none(), "{input:.60}: {failed:?}");
    }
}

#[test]
fn generated_files_and_migrations_are_left_alone() {
    for text in [
        "# Generated by the protocol buffer compiler.  DO NOT EDIT!\nA = 1\n",
        "class Migration(migrations.Migration):\n    a = 1\n",
    ] {
        let facts = facts_of(text);
        assert!(facts.constants.is_empty() && facts.classes.is_empty());
        assert_eq!(facts.diagnostics.len(), 1);
    }
}

#[test]
fn waivers_carry_their_rule_and_reason() {
    let facts = facts_of("f()  # driftgate: allow(publish-not-awaited) metrics only\n# driftgate: allow(a, b)\n");
    let found: Vec<(&str, &str)> = facts.waivers.iter().map(|waiver| (waiver.rule.as_str(), waiver.reason.as_str())).collect();
    assert_eq!(found, [("publish-not-awaited", "metrics only"), ("a", ""), ("b", "")]);
}
