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
        let params: Vec<String> = decl.params.iter().map(|param| param.name.clone()).collect();
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

fn scope(scope: &[String]) -> String {
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
            LocalKind::Variable => "let",
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
        Literal::Number(digits) => digits.clone(),
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
            Some(local) if !local.name.is_empty() => local.name.clone(),
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
                            _ => format!("[{}]", go(key)),
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
              c0 this.producer.send({topic: `"app." + name`, messages: [{key: opts.key, value: json({id: <string:uuid>, name: name, data: data})}]}) awaited
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
