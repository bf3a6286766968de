//! The facts of small files, in a compact rendering.

use std::fmt::Write;

use expect_test::{Expect, expect};

use super::TypeScript;
use crate::extract::Language;
use crate::facts::calls::{Change, Edit};
use crate::facts::{
    Additional, Call, CallKind, Completion, Enclosing, Expr, ExprKind, FileFacts, Function, Guard, Literal, LocalKind,
    ObjectMember, Read, Step, Swallowed, TypeExpr, TypeKind, ValueMember,
};
use crate::shape::{NumberRange, Presence, StringShape};
use crate::source::{BlobId, RepoPath, SourceText};

fn facts(name: &str, text: &str) -> FileFacts {
    TypeScript.extract(&SourceText::new(RepoPath::new(name), BlobId::from_bytes(&[0; 20]), text))
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&render(&facts("file.ts", text)));
}

fn render(facts: &FileFacts) -> String {
    let mut out = String::new();
    for import in &facts.imports {
        let export = if import.exported { "export " } else { "" };
        let local = import.local.as_deref().unwrap_or("*");
        let name = import.name.as_deref().map(|name| format!(".{name}")).unwrap_or_default();
        writeln!(out, "import {export}{local} = {:?}{name}", import.module.join("/")).unwrap();
    }
    for decl in &facts.types {
        let export = if decl.exported { "export " } else { "" };
        let params: Vec<&str> = decl.params.iter().map(|param| param.name.as_str()).collect();
        let params = if params.is_empty() { String::new() } else { format!("<{}>", params.join(", ")) };
        writeln!(out, "{export}type {}{}{params} = {}", scope(&decl.scope), decl.name, ty(&decl.write)).unwrap();
        if let Some(read) = &decl.read {
            writeln!(out, "  read {}", ty(read)).unwrap();
        }
    }
    for class in &facts.classes {
        let members: Vec<String> = class
            .members
            .iter()
            .map(|(name, declared, value)| {
                let declared = declared.as_ref().map(|declared| format!(": {}", ty(declared))).unwrap_or_default();
                let value = value.as_ref().map(|value| format!(" = {}", expr(value, None))).unwrap_or_default();
                format!("{name}{declared}{value}")
            })
            .collect();
        let bases: Vec<String> = class.bases.iter().map(|base| base.join(".")).collect();
        let kind = if class.is_interface { "interface" } else { "class" };
        writeln!(out, "{kind} {}{} [{}] {{ {} }}", scope(&class.scope), class.name, bases.join(", "), members.join("; "))
            .unwrap();
    }
    for constant in &facts.constants {
        let export = if constant.exported { "export " } else { "" };
        let registry = if constant.registry { "names " } else { "" };
        writeln!(out, "{export}{registry}const {}{} = {}", scope(&constant.scope), constant.name, expr(&constant.value, None))
            .unwrap();
    }
    for (at, function) in facts.functions.iter().enumerate() {
        render_function(&mut out, at, function);
    }
    for diagnostic in &facts.diagnostics {
        writeln!(out, "! {}", diagnostic.message).unwrap();
    }
    for waiver in &facts.waivers {
        writeln!(out, "waiver {} because {}", waiver.rule, waiver.reason).unwrap();
    }
    out
}

fn scope(scope: &[crate::facts::Name]) -> String {
    scope.iter().map(|part| format!("{part}.")).collect()
}

fn render_function(out: &mut String, at: usize, function: &Function) {
    if function.name == "<top>" && function.calls.is_empty() && function.locals.is_empty() {
        return;
    }
    let mut marks = String::new();
    for (mark, on) in [
        ("export ", function.exported),
        ("async ", function.is_async),
        ("test ", function.in_test),
        ("method ", function.is_method),
    ] {
        if on {
            marks.push_str(mark);
        }
    }
    let name = if function.name.is_empty() { "closure" } else { &function.name };
    let parent = match &function.parent {
        Some((parent, call)) => format!(" in f{}{}", parent.0, call.map(|call| format!(" c{}", call.0)).unwrap_or_default()),
        None => String::new(),
    };
    let returns = function.return_type.as_ref().map(|returns| format!(": {}", ty(returns))).unwrap_or_default();
    writeln!(out, "f{at} {marks}{}{name}{returns}{parent}", scope(&function.scope)).unwrap();
    for decorator in &function.decorators {
        writeln!(out, "  @{}", call_text(decorator, function)).unwrap();
    }
    for local in &function.locals {
        let kind = match local.kind {
            LocalKind::Param => "param",
            LocalKind::RestParam => "...param",
            LocalKind::NamedRestParam => "**param",
            LocalKind::Variable | LocalKind::OfModule => "let",
        };
        let declared = local.ty.as_ref().map(|declared| format!(": {}", ty(declared))).unwrap_or_default();
        let value = local.value.as_ref().map(|value| format!(" = {}", expr(value, Some(function)))).unwrap_or_default();
        writeln!(out, "  {kind} {}{declared}{value}", local.name).unwrap();
        for edit in &local.edits {
            writeln!(out, "    {}", edit_text(edit, function)).unwrap();
        }
    }
    for (at, call) in function.calls.iter().enumerate() {
        writeln!(out, "  c{at} {}{}", call_text(call, function), around(call, function)).unwrap();
    }
    for read in &function.reads {
        writeln!(out, "  read {}", read_text(read, function)).unwrap();
    }
    for value in &function.returns {
        writeln!(out, "  return {}", expr(value, Some(function))).unwrap();
    }
}

fn edit_text(edit: &Edit, function: &Function) -> String {
    let path: String = edit.path.iter().map(|key| format!("[{}]", expr(key, Some(function)))).collect();
    let conditional = if edit.conditional { "? " } else { "" };
    match &edit.change {
        Change::Set(value) => format!("{conditional}{path} = {}", expr(value, Some(function))),
        Change::Delete => format!("{conditional}delete {path}"),
        Change::Merge(value) => format!("{conditional}{path} += {}", expr(value, Some(function))),
        Change::Push(value) => format!("{conditional}{path} push {}", expr(value, Some(function))),
    }
}

fn call_text(call: &Call, function: &Function) -> String {
    let args: Vec<String> = call
        .args
        .iter()
        .map(|argument| format!("{}{}", if argument.spread { "..." } else { "" }, expr(&argument.value, Some(function))))
        .collect();
    let new = if call.kind == CallKind::New { "new " } else { "" };
    let types: Vec<String> = call.type_args.iter().map(ty).collect();
    let types = if types.is_empty() { String::new() } else { format!("<{}>", types.join(", ")) };
    format!("{new}{}{types}({})", expr(&call.callee, Some(function)), args.join(", "))
}

fn around(call: &Call, function: &Function) -> String {
    let mut out = match &call.surroundings.completion {
        Completion::Awaited => " awaited".to_owned(),
        Completion::Returned => " returned".to_owned(),
        Completion::Deferred(name) => format!(" deferred by {name}"),
        Completion::Used => String::new(),
        Completion::Checked => " checked".to_owned(),
        Completion::Floating => " floating".to_owned(),
    };
    match call.surroundings.swallowed {
        Swallowed::No => {}
        Swallowed::Logged => out.push_str(" errors-logged"),
        Swallowed::Dropped => out.push_str(" errors-dropped"),
    }
    for enclosing in &call.surroundings.enclosing {
        match enclosing {
            Enclosing::Branch(guard) => write!(out, " if({})", guard_text(guard, function)).unwrap(),
            Enclosing::Loop(_) => out.push_str(" loop"),
            Enclosing::Try(_) => out.push_str(" try"),
            Enclosing::Catch(_) => out.push_str(" catch"),
            Enclosing::Block(value) => write!(out, " using({})", expr(value, Some(function))).unwrap(),
        }
    }
    for guard in &call.surroundings.early_returns {
        write!(out, " after({})", guard_text(guard, function)).unwrap();
    }
    out
}

fn guard_text(guard: &Guard, function: &Function) -> String {
    let not = if guard.negated { "!" } else { "" };
    match &guard.subject {
        Some(subject) => {
            let values: Vec<String> = guard.values.iter().map(|value| expr(value, Some(function))).collect();
            format!("{not}{} is {}", expr(subject, Some(function)), values.join("|"))
        }
        None => format!("{not}{}", guard.source),
    }
}

fn read_text(read: &Read, function: &Function) -> String {
    let mut out = expr(&read.base, Some(function));
    for step in &read.path {
        match step {
            Step::Key { name, presence: Presence::Required, .. } => write!(out, ".{name}").unwrap(),
            Step::Key { name, presence: Presence::Optional, .. } => write!(out, ".{name}?").unwrap(),
            Step::Each => out.push_str("[*]"),
        }
    }
    if let Some(asked) = &read.ty {
        write!(out, ": {}", ty(asked)).unwrap();
    }
    if !read.compared.is_empty() {
        let compared: Vec<String> = read.compared.iter().map(literal).collect();
        write!(out, " is {}{}", compared.join("|"), if read.has_default { "|else" } else { "" }).unwrap();
    }
    out
}

fn literal(value: &Literal) -> String {
    match value {
        Literal::Null => "null".to_owned(),
        Literal::Bool(value) => value.to_string(),
        Literal::Number(digits) => digits.clone().into(),
        Literal::Text(text) => format!("{text:?}"),
    }
}

fn expr(value: &Expr, function: Option<&Function>) -> String {
    let go = |inner: &Expr| expr(inner, function);
    let all = |items: &[Expr], between: &str| items.iter().map(go).collect::<Vec<_>>().join(between);
    match &value.kind {
        ExprKind::Literal(value) => literal(value),
        ExprKind::Absent => "undefined".to_owned(),
        ExprKind::Template(parts) => format!("`{}`", all(parts, " + ")),
        ExprKind::Name(path) => path.join("."),
        ExprKind::Local(id) => match function.and_then(|function| function.locals.get(id.0 as usize)) {
            Some(local) if !local.name.is_empty() => local.name.clone().into(),
            _ => format!("%{}", id.0),
        },
        ExprKind::Outer(out, id) => format!("^{out}%{}", id.0),
        ExprKind::This => "this".to_owned(),
        ExprKind::Member(base, name) => format!("{}.{name}", go(base)),
        ExprKind::Index(base, index) => format!("{}[{}]", go(base), go(index)),
        ExprKind::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|member| match member {
                    ValueMember::Entry { key, value, conditional } => {
                        let key = match &key.kind {
                            ExprKind::Literal(Literal::Text(text)) => text.clone(),
                            _ => format!("[{}]", go(key)).into(),
                        };
                        format!("{key}{}: {}", if *conditional { "?" } else { "" }, go(value))
                    }
                    ValueMember::Spread { value, conditional } => {
                        format!("...{}{}", if *conditional { "?" } else { "" }, go(value))
                    }
                })
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        ExprKind::Array(items) => format!("[{}]", all(items, ", ")),
        ExprKind::ListOf(item) => format!("[{}...]", go(item)),
        ExprKind::MapOf(item) => format!("{{*: {}}}", go(item)),
        ExprKind::Element(list) => format!("{}[*]", go(list)),
        ExprKind::Record(_) => "record".to_owned(),
        ExprKind::Call(id) => format!("c{}", id.0),
        ExprKind::Function(id) => format!("f{}", id.0),
        ExprKind::OneOf(items) => format!("({})", all(items, " | ")),
        ExprKind::Await(inner) => format!("await {}", go(inner)),
        ExprKind::Tested(inner, there) => format!("{}{}", go(inner), if *there { "!" } else { "?" }),
        ExprKind::Encoded(inner) => format!("json({})", go(inner)),
        ExprKind::Decoded(inner, None) => format!("parsed({})", go(inner)),
        ExprKind::Decoded(inner, Some(stated)) => format!("parsed({} as {})", go(inner), ty(stated)),
        ExprKind::Typed(inner, stated) => format!("({} as {})", go(inner), ty(stated)),
        ExprKind::OfType(stated) => format!("<{}>", ty(stated)),
        ExprKind::Unknown(text) => format!("?{text}?"),
    }
}

fn ty(value: &TypeExpr) -> String {
    let all = |items: &[TypeExpr], between: &str| items.iter().map(ty).collect::<Vec<_>>().join(between);
    match &value.kind {
        TypeKind::Unknown(why) => format!("?{why}"),
        TypeKind::Never => "never".to_owned(),
        TypeKind::Absent => "absent".to_owned(),
        TypeKind::Null => "null".to_owned(),
        TypeKind::Boolean => "boolean".to_owned(),
        TypeKind::Integer(range) => format!("integer{}", range_text(range)),
        TypeKind::Number(range) => format!("number{}", range_text(range)),
        TypeKind::String(shape) => string_text(shape),
        TypeKind::Const(value) => literal(value),
        TypeKind::Array { items, min, max, unique } => {
            let bounds = match (min, max) {
                (None, None) => String::new(),
                (min, max) => format!("({:?}..{:?})", min.unwrap_or(0), max),
            };
            format!("{}[]{bounds}{}", ty(items), if *unique { "!" } else { "" })
        }
        TypeKind::Tuple { items, rest } => {
            let rest = rest.as_ref().map(|rest| format!(", ...{}", ty(rest))).unwrap_or_default();
            format!("[{}{rest}]", all(items, ", "))
        }
        TypeKind::Object(object) => {
            let mut members: Vec<String> = object
                .members
                .iter()
                .map(|member| match member {
                    ObjectMember::Field(field) => {
                        let mark = if field.presence == Presence::Optional { "?" } else { "" };
                        let default = field.default.as_ref().map(|value| format!(" = {}", literal(value))).unwrap_or_default();
                        let source = field.source.as_ref().map(|source| format!(" from {source}")).unwrap_or_default();
                        format!("{}{mark}: {}{default}{source}", field.name, ty(&field.ty))
                    }
                    ObjectMember::Spread(base) => format!("...{}", ty(base)),
                })
                .collect();
            match &object.additional {
                Additional::Silent => {}
                Additional::Closed => members.push("!".to_owned()),
                Additional::Open(values) => members.push(format!("*: {}", ty(values))),
            }
            format!("{{{}}}", members.join(", "))
        }
        TypeKind::Map { keys, values } => {
            format!("map[{}]{}", keys.as_ref().map(|keys| ty(keys)).unwrap_or_default(), ty(values))
        }
        TypeKind::Union(parts) => format!("({})", all(parts, " | ")),
        TypeKind::Intersection(parts) => format!("({})", all(parts, " & ")),
        TypeKind::Ref(reference) => {
            let args = if reference.args.is_empty() { String::new() } else { format!("<{}>", all(&reference.args, ", ")) };
            format!("{}{args}", reference.path.join("."))
        }
        TypeKind::Param(name) => format!("'{name}"),
        TypeKind::Of(value) => format!("typeof {}", expr(value, None)),
        TypeKind::Apply(op, operands) => format!("{op:?}({})", all(operands, ", ")),
    }
}

fn range_text(range: &NumberRange) -> String {
    let mut parts = Vec::new();
    for (mark, bound) in [
        (">=", &range.minimum),
        ("<=", &range.maximum),
        (">", &range.exclusive_minimum),
        ("<", &range.exclusive_maximum),
        ("%", &range.multiple_of),
    ] {
        if let Some(bound) = bound {
            parts.push(format!("{mark}{bound}"));
        }
    }
    parts.concat()
}

fn string_text(shape: &StringShape) -> String {
    let mut out = "string".to_owned();
    if let Some(format) = &shape.format {
        write!(out, ":{format}").unwrap();
    }
    for pattern in &shape.patterns {
        write!(out, "/{pattern}/").unwrap();
    }
    if shape.min_length.is_some() || shape.max_length.is_some() {
        write!(out, "({}..{:?})", shape.min_length.unwrap_or(0), shape.max_length).unwrap();
    }
    if let Some(encoding) = &shape.content_encoding {
        write!(out, " in {encoding}").unwrap();
    }
    out
}

#[test]
fn a_bus_and_its_caller() {
    check(
        r#"
import { Kafka, type Producer } from "kafkajs";
import { randomUUID } from "node:crypto";
export const Events = { Signup: "user.signup" } as const;
export class Bus {
  constructor(private readonly producer: Producer) {}
  async emit<T>(name: EventName, data: T, opts?: { key?: string }) {
    await this.producer.send({
      topic: `app.${name}`,
      messages: [{ key: opts?.key, value: JSON.stringify({ id: randomUUID(), name, data }) }],
    });
  }
}
export async function signup(user: User, bus: Bus) {
  if (!user.email) return;
  await bus.emit(Events.Signup, { id: user.id, at: new Date().toISOString(), ...(user.plan && { plan: user.plan }) }, { key: user.id });
}
"#,
        expect![[r#"
            import Kafka = "kafkajs".Kafka
            import Producer = "kafkajs".Producer
            import randomUUID = "node:crypto".randomUUID
            export type Bus = {producer: Producer}
            class Bus [] { producer: Producer }
            export names const Events = {Signup: "user.signup"}
            f1 export method Bus.constructor
              param producer: Producer
            f2 export async method Bus.emit
              param name: EventName
              param data: 'T
              param opts: ({key?: string} | absent)
              c0 this.producer.send({topic: `"app." + name`, messages: [{key: (opts.key | undefined), value: json({id: <string:uuid>, name: name, data: data})}]}) awaited
              read opts.key
            f3 export async signup
              param user: User
              param bus: Bus
              c0 bus.emit(Events.Signup, {id: user.id, at: <string:date-time>, plan?: user.plan}, {key: user.id}) awaited after(!!user.email)
              read user.email?
              read user.id
              read user.plan?
              read user.plan?
              read user.id
        "#]],
    );
}

#[test]
fn reads_say_what_the_code_copes_without() {
    check(
        r#"
async function handle(event: OrderEvent, { meta: { source = "api", ...others }, tags }: Envelope) {
  const { customer, total: amount } = event;
  if (!event.id) throw new Error("no id");
  if (!event.shop) return;
  const name = customer?.name ?? "nobody";
  if ("coupon" in event) apply(event.coupon);
  switch (event.type) {
    case "paid":
    case "settled":
      await settle(event.type, amount);
      break;
    case "void":
      return cancel(event.lines.map((line) => ({ sku: line.sku.toUpperCase(), n: line.count })));
    default:
      log(event.type);
  }
  for (const { sku } of event.lines) count(sku);
  return event.shop;
}
"#,
        expect![[r#"
            f1 async handle
              param event: OrderEvent
              param : Envelope
              let source = (%1.meta.source | "api")
              let others = %1.meta
                delete ["source"]
              let tags = %1.tags
              let customer = event.customer
              let amount = event.total
              let name = (customer.name! | "nobody")
              let sku = event.lines[*].sku
              c0 new Error("no id") if(!event.id)
              c1 apply(event.coupon) floating if("coupon" in event) after(!!event.id) after(!!event.shop)
              c2 settle(("paid" | "settled"), amount) awaited if(event.type is "paid"|"settled") after(!!event.id) after(!!event.shop)
              c3 f2(event.lines[*], <integer>=0>) if(event.type is "void") loop after(!!event.id) after(!!event.shop)
              c4 cancel([c3...]) returned if(event.type is "void") after(!!event.id) after(!!event.shop)
              c5 log(event.type) floating if(!event.type is "paid"|"settled"|"void") after(!!event.id) after(!!event.shop)
              c6 count(sku) floating loop after(!!event.id) after(!!event.shop)
              read %1.meta.source?
              read %1.tags
              read event.customer
              read event.total
              read event.id
              read event.shop?
              read customer.name?
              read event.coupon?
              read event.coupon?
              read event.type is "paid"|"settled"|"void"|else
              read event.type
              read event.lines: ?not stated[]
              read event.type
              read event.lines
              read event.lines[*].sku
              read event.shop?
              return c4
              return event.shop!
            f2 closure in f1 c3
              param line
              read line.sku: string
              read line.count
              return {sku: <string>, n: line.count}
        "#]],
    );
}

#[test]
fn payloads_keep_conditions_edits_and_builders() {
    check(
        r#"
function build(user: User, extra?: object) {
  const payload: Record<string, unknown> = { id: user.id, ["plan"]: user.plan, ...extra, ...(user.vip ? { vip: true } : {}) };
  payload.at = Date.now();
  if (user.email) payload.email = user.email.toLowerCase();
  delete payload.plan;
  Object.assign(payload, { source: "web" });
  const items = user.orders.filter((order) => order.open).map(toItem);
  const list = [];
  for (const order of user.orders) list.push({ id: order.id });
  let topic = "users";
  if (user.test) topic = `${topic}.test`;
  return { ...payload, items, list, topic, first: user.orders[0]?.id, size: items.length };
}
"#,
        expect![[r#"
            f1 build
              param user: User
              param extra: ({*: ?object} | absent)
              let payload: map[string]?unknown = {id: user.id, plan: user.plan, ...extra, vip?: true}
                ["at"] = <integer>
                ? ["email"] = <string>
                delete ["plan"]
                 += {source: "web"}
              let items = [c1...]
              let list = []
                ?  push {id: order.id}
              let topic = "users"
              let order = user.orders[*]
              let topic = (topic | `topic + ".test"`)
              c0 f2(user.orders[*], <integer>=0>) loop
              c1 toItem(user.orders[*], <integer>=0>) loop
              read user.id
              read user.plan
              read user.vip?
              read user.email?
              read user.email?: string
              read user.orders: ?not stated[]
              read user.orders
              read order.id
              read user.test?
              read user.orders[*].id
              return {...payload, items: items, list: list, topic: topic, first: (user.orders[0].id | undefined), size: <integer>=0>}
            f2 closure in f1 c0
              param order
              read order.open
              return order.open
        "#]],
    );
}

#[test]
fn what_surrounds_a_call_is_recorded() {
    check(
        r#"
async function run(bus: Bus, db: Db, ctx: Context, ids: string[]) {
  bus.publish("a", {});
  void bus.publish("b", {});
  const later = bus.publish("c", {});
  await later;
  ctx.waitUntil(bus.publish("d", {}));
  bus.publish("e", {}).catch((error) => logger.error(error));
  await bus.publish("f", {}).catch(() => {});
  try {
    await bus.publish("g", {});
  } catch (error) {
    console.error(error);
  }
  await db.transaction(async (tx) => {
    await bus.publish("h", {});
  });
  await Promise.all([bus.publish("i", {}), ...ids.map((id) => bus.publish("j", { id }))]);
  if (ctx.kind === "x" || ctx.kind === "y") await bus.publish("k", {});
  else return bus.publish("l", {});
  ctx.dry || (await bus.publish("m", {}));
  // driftgate: allow(publish-not-awaited) metrics only
  setTimeout(() => bus.publish("n", {}), 10);
}
"#,
        expect![[r#"
            f1 async run
              param bus: Bus
              param db: Db
              param ctx: Context
              param ids: string[]
              let later = c2
              let error
              c0 bus.publish("a", {}) floating
              c1 bus.publish("b", {}) floating
              c2 bus.publish("c", {}) awaited
              c3 bus.publish("d", {}) deferred by waitUntil
              c4 ctx.waitUntil(c3) floating
              c5 bus.publish("e", {}) floating errors-logged
              c6 f2(?(error) => logger.error(error)?) catch
              c7 bus.publish("f", {}) awaited errors-dropped
              c8 f3(?() => {}?) catch
              c9 bus.publish("g", {}) awaited errors-logged try
              c10 console.error(error) floating catch
              c11 db.transaction(f4) awaited
              c12 bus.publish("i", {}) awaited
              c13 f5(ids[*], <integer>=0>) awaited loop
              c14 bus.publish("k", {}) awaited if(ctx.kind is "x"|"y")
              c15 bus.publish("l", {}) returned if(!ctx.kind is "x"|"y")
              c16 bus.publish("m", {}) awaited if(!ctx.dry) after(ctx.kind is "x"|"y")
              c17 setTimeout(f6, 10) floating after(ctx.kind is "x"|"y")
              read ctx.kind is "x"|else
              read ctx.kind is "y"|else
              read ctx.dry?
              return c15
            f2 closure in f1 c6
              param error
              c0 logger.error(error) returned
              return c0
            f3 closure in f1 c8
            f4 async closure in f1 c11
              param tx
              c0 ^1%0.publish("h", {}) awaited
            f5 closure in f1 c13
              param id
              c0 ^1%0.publish("j", {id: id}) returned
              return c0
            f6 closure in f1 c17
              c0 ^1%0.publish("n", {}) returned
              return c0
            waiver publish-not-awaited because metrics only
        "#]],
    );
}

#[test]
fn classes_carry_their_services_their_decorators_and_their_wire_form() {
    check(
        r#"
@Injectable()
export class OrderService extends Base implements Handler {
  private readonly logger = new Logger("x");
  #secret = 1;
  static TOPIC = "orders";
  constructor(private readonly bus: EventBus, @Inject("Q") private queue: Queue, plain: string) { super(); }
  emit = async (order: Order) => { await this.bus.publish(OrderService.TOPIC, order); };
  @OnEvent("order.created", { async: true })
  async onCreated(@Payload() event: OrderCreated) { return this.queue.add("index", { id: event.id }); }
}
export class OrderDto {
  @Expose({ name: "order_id" }) id: string;
  @IsOptional() @IsInt() @Min(1) amount: number;
  @Exclude() secret: string;
  @IsEmail({}, { each: true }) emails: string[];
  @IsEnum(Status) status: Status;
  toDomain() { return {}; }
}
export class Money { constructor(private cents: number) {} toJSON() { return { amount: this.cents }; } }
export interface Port { send(name: string, data: Order): Promise<void>; retries: number }
"#,
        expect![[r#"
            export type OrderService = {...Base, logger: Logger, bus: EventBus, queue: Queue}
            export type OrderDto = {order_id: string from id, amount?: integer>=1, emails: string:email[], status: ValueOf(typeof Status)}
            export type Money = ReturnType(typeof Money.toJSON)
              read {cents: number}
            export type Port = {retries: number}
            class OrderService [Base, Handler] { logger: Logger = c0; bus: EventBus; queue: Queue }
            class OrderDto [] { id: string; amount: number; secret: string; emails: string[]; status: Status }
            class Money [] { cents: number }
            interface Port [] { retries: number }
            export const OrderService.TOPIC = "orders"
            f0 <top>
              c0 new Logger("x")
            f1 export method OrderService.constructor
              param bus: EventBus
              param queue: Queue
              param plain: string
              c0 super() floating
            f2 export async method OrderService.emit
              param order: Order
              c0 this.bus.publish(OrderService.TOPIC, order) awaited
            f3 export async method OrderService.onCreated
              @OnEvent("order.created", {async: true})
              param event: Payload<OrderCreated>
              c0 this.queue.add("index", {id: event.id}) returned
              read event.id
              return c0
            f4 export method OrderDto.toDomain
              return {}
            f5 export method Money.constructor
              param cents: number
            f6 export method Money.toJSON
              return {amount: this.cents}
            f7 export method Port.send: Awaited(absent)
              param name: string
              param data: Order
        "#]],
    );
}

#[test]
fn modules_import_export_and_reexport() {
    check(
        r#"
import Default, * as ns from "./a";
import type { T } from "./types";
export { x as y, default } from "./b";
export * from "./c";
export * as inner from "./d";
const fs = require("fs"), { a, b: c } = require("./e");
const local = 1;
function helper() { return require("./lazy").value; }
export { local as renamed, T, helper };
export default local;
module.exports.old = local;
exports.made = () => 1;
export const handlers = { created(event: E) { return event.id; }, deleted: async (event: E) => event.reason };
"#,
        expect![[r#"
            import Default = "./a".default
            import ns = "./a"
            import T = "./types".T
            import export y = "./b".x
            import export default = "./b".default
            import export * = "./c"
            import export inner = "./d"
            import fs = "fs"
            import a = "./e".a
            import c = "./e".b
            import require(./lazy) = "./lazy"
            import export renamed = "".local
            import export T = "./types".T
            import export default = "".local
            import export old = "".local
            class handlers [] {  }
            export const local = 1
            export const handlers = {created: f3, deleted: f4}
            f1 export helper
              return require(./lazy).value
            f2 export made
              return 1
            f3 export method handlers.created
              param event: E
              read event.id
              return event.id
            f4 export async method handlers.deleted
              param event: E
              read event.reason
              return event.reason
        "#]],
    );
}

#[test]
fn schemas_of_every_library_are_types() {
    check(
        r#"
import { z } from "zod";
import * as v from "valibot";
import { Type, type Static } from "@sinclair/typebox";
import * as yup from "yup";
import Joi from "joi";
import { type } from "arktype";
import { pgTable, text, uuid, timestamp, integer } from "drizzle-orm/pg-core";
import { OrderSchema } from "./order";
export const Zod = z.object({ id: z.string().uuid(), n: z.coerce.number(), at: z.string().transform((s) => s.length) }).strict();
export type ZodOut = z.infer<typeof Zod>;
export type ZodIn = z.input<typeof Zod>;
export const Derived = OrderSchema.extend({ extra: z.boolean().optional() }).omit({ id: true });
export const Valibot = v.object({ id: v.pipe(v.string(), v.email()), tags: v.optional(v.array(v.string()), []), kind: v.picklist(["a", "b"]) });
export const Box = Type.Object({ id: Type.String({ format: "uuid" }), n: Type.Optional(Type.Integer({ minimum: 1 })) }, { additionalProperties: false });
export type BoxType = Static<typeof Box>;
export const Yup = yup.object({ id: yup.string().required(), age: yup.number().integer().min(18), role: yup.string().oneOf(["x", "y"]).nullable() });
export const Joied = Joi.object({ id: Joi.string().guid().required(), nested: { a: Joi.number() }, list: Joi.array().items(Joi.string()) });
export const Ark = type({ name: "string", "age?": "number.integer", kind: "'a' | 'b'", tags: "string[]" });
export const users = pgTable("users", { id: uuid("id").primaryKey().defaultRandom(), name: text("name").notNull(), age: integer("age"), at: timestamp("at").notNull().defaultNow() });
export const ajv = { type: "object", properties: { id: { type: "string" }, n: { type: ["integer", "null"] } }, required: ["id"], additionalProperties: false } as const;
export async function POST(req: Request) {
  const body = Zod.parse(await req.json());
  const result = OrderSchema.safeParse(body);
  const inline = z.object({ a: z.string() });
  return use(body.id, result.data.total, inline.parse(req.body), v.parse(Valibot, body));
}
"#,
        expect![[r#"
            import z = "zod".z
            import v = "valibot"
            import Type = "@sinclair/typebox".Type
            import Static = "@sinclair/typebox".Static
            import yup = "yup"
            import Joi = "joi".default
            import type = "arktype".type
            import pgTable = "drizzle-orm/pg-core".pgTable
            import text = "drizzle-orm/pg-core".text
            import uuid = "drizzle-orm/pg-core".uuid
            import timestamp = "drizzle-orm/pg-core".timestamp
            import integer = "drizzle-orm/pg-core".integer
            import OrderSchema = "./order".OrderSchema
            export type Zod = {id: string:uuid, n: number, at: integer>=0}
              read {id: string:uuid, n: ?coerced by the schema, at: string, !}
            export type ZodOut = Output(Zod)
            export type ZodIn = Input(Zod)
            export type Derived = Omit(Extend(OrderSchema, {extra?: boolean}), ("id"))
            export type Valibot = {id: string:email, tags: string[], kind: ("a" | "b")}
              read {id: string:email, tags?: string[], kind: ("a" | "b")}
            export type Box = {id: string:uuid, n?: integer>=1}
              read {id: string:uuid, n?: integer>=1, !}
            export type BoxType = Output(Box)
            export type Yup = {id: string(1..None), age?: integer>=18, role?: ("x" | "y" | null)}
            export type Joied = ({id: string:uuid, nested?: {a?: number}, list?: string[]} | absent)
              read ({id: string:uuid, nested?: {a?: number, !}, list?: string[], !} | absent)
            export type Ark = {name: string, age?: integer, kind: ("a" | "b"), tags: string[]}
            export type users = {id: string:uuid, name: string, age: (integer | null), at: string:date-time}
              read {id?: string:uuid, name: string, age?: (integer | null), at?: string:date-time}
            export type ajv = {id: string, n?: (integer | null), !}
            type POST.inline = {a: string}
            export const ajv = {type: "object", properties: {id: {type: "string"}, n: {type: ["integer", "null"]}}, required: ["id"], additionalProperties: false}
            f1 closure in f0
              param s
              return <integer>=0>
            f2 export async POST
              param req: Request
              let body = await parsed(req as Zod)
              let result = {success: <boolean>, data: parsed(body as OrderSchema), error: ?why the schema rejects it?}
              let inline
              c0 Zod.parse(await parsed(req))
              c1 OrderSchema.safeParse(body)
              c2 inline.parse(req.body)
              c3 v.parse(body)
              c4 use(body.id, result.data.total, parsed(req.body as POST.inline), parsed(body as Valibot)) returned
              read body.id
              read result.data.total
              read req.body
              return c4
        "#]],
    );
}

#[test]
fn a_syntax_error_costs_its_statement() {
    let text = "import { bus } from './bus';\nexport function good() { return bus.publish('a', {}); }\nexport function bad() {\n  const x = ;\n  return bus.publish('b', {});\n}\nexport const after = 1;\n";
    let facts = facts("file.ts", text);
    assert!(facts.functions.iter().any(|function| function.name == "good" && function.calls.len() == 1));
    assert!(facts.functions.iter().any(|function| function.name == "bad" && function.calls.len() == 1));
    assert!(facts.constants.iter().any(|constant| constant.name == "after"));
    let [span] = facts.unread.as_slice() else { panic!("one range is unread: {:?}", facts.unread) };
    assert_eq!(&text[span.start as usize..span.end as usize], "  const x = ;\n");
    assert_eq!(facts.diagnostics.len(), 1);
}

#[test]
fn an_unclosed_brace_leaves_the_statements_around_it() {
    let text = "export const before = 1;\nexport function open() {\n  if (x) {\n}\nexport const after = 2;\n";
    let facts = facts("file.ts", text);
    let names: Vec<&str> = facts.constants.iter().map(|constant| constant.name.as_str()).collect();
    assert_eq!(names, ["before", "after"]);
    assert!(!facts.unread.is_empty());
}

#[test]
fn components_are_read_at_their_own_offsets() {
    let text = "<template><a @click=\"go\"/></template>\n<script setup lang=\"ts\">\nimport { track } from './analytics';\nconst go = (id: string) => track('clicked', { id });\n</script>\n";
    let facts = facts("Button.vue", text);
    let go = facts.functions.iter().find(|function| function.name == "go").expect("the script is read");
    assert_eq!(&text[go.span.start as usize..go.span.end as usize], "go");
    assert_eq!(go.calls.len(), 1);
}

#[test]
fn bundles_and_large_generated_files_are_skipped_and_named() {
    let bundle = format!("!function(){{{}}}();", "var a=function(b,c){return b(c)};".repeat(400));
    assert_eq!(facts("vendor.js", &bundle).unread.len(), 1);
    assert!(facts("vendor.js", &format!("// driftgate: include\n{bundle}")).unread.is_empty());
    let generated = format!("// Code generated by x. DO NOT EDIT.\n{}", "export interface A { a: string }\n".repeat(5_000));
    assert!(facts("client.ts", &generated).diagnostics[0].message.contains("generated"));
    assert!(facts("small.ts", "// @generated\nexport enum E { A = 'a' }\n").unread.is_empty());
}

#[test]
fn odd_input_is_survived() {
    for text in [
        "",
        "\u{feff}",
        "}}}}",
        "/*",
        "`${",
        "<a",
        "const = ",
        "import",
        "export default",
        "class { x",
        "type A = ",
        "@",
        "a?.b?.",
        "\u{0}",
        "const x: A<B<C<",
        "enum E { A = B.C, D }",
        "export = x",
        "declare module 'x' { const a: 1 }",
        "'use strict'; return",
    ] {
        for name in ["a.ts", "a.tsx", "a.js", "a.d.ts", "a.vue", "a.cjs"] {
            facts(name, text);
        }
    }
    let deep = format!("const x = {}1{};", "[".repeat(400), "]".repeat(400));
    let chain = format!("x{}", ".a()".repeat(3_000));
    let sum = format!("const s = {}1", "a + ".repeat(3_000));
    let types = format!("type T = {}string{};", "A<".repeat(300), ">".repeat(300));
    std::thread::Builder::new()
        .stack_size(crate::extract::PARSER_STACK_BYTES)
        .spawn(move || {
            for text in [deep, chain, sum, types] {
                facts("deep.ts", &text);
            }
        })
        .expect("a thread starts")
        .join()
        .expect("nothing overflows");
}
