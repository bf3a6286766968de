//! Facts in a compact form for people and tests.

use std::fmt::Write;

use crate::facts::calls::{Change, Edit};
use crate::facts::{
    Additional, Call, CallKind, Completion, Enclosing, Expr, ExprKind, FileFacts, Guard, Literal, ObjectExpr, ObjectMember, Read,
    Step, Swallowed, TypeExpr, TypeKind, ValueMember,
};
use crate::shape::Presence;

pub fn facts(facts: &FileFacts) -> String {
    let mut out = String::new();
    for import in &facts.imports {
        let star = crate::facts::Name::from("*");
        let name = import.name.as_deref().map(|name| format!(" . {name}")).unwrap_or_default();
        let exported = if import.exported { "pub " } else { "" };
        let scope = scope(&import.scope);
        line(
            &mut out,
            &format!("{exported}use {scope}{} = {}{name}", import.local.as_ref().unwrap_or(&star), import.module.join("::")),
        );
    }
    for constant in &facts.constants {
        let registry = if constant.registry { "registry " } else { "" };
        line(&mut out, &format!("{registry}const {}{} = {}", scope(&constant.scope), constant.name, expr(&constant.value)));
    }
    for class in &facts.classes {
        let members: Vec<String> =
            class.members.iter().map(|(name, of, _)| format!("{name}: {}", of.as_ref().map_or("?".into(), ty))).collect();
        let kind = if class.is_interface { "trait" } else { "class" };
        let bases: Vec<String> = class.bases.iter().map(|base| base.join("::")).collect();
        let bases = if bases.is_empty() { String::new() } else { format!(" : {}", bases.join(" + ")) };
        if !class.members.is_empty() || class.is_interface || !bases.is_empty() || !class.decorators.is_empty() {
            line(&mut out, &format!("{kind} {}{}{bases} {{ {} }}", scope(&class.scope), class.name, members.join(", ")));
        }
        for decorator in &class.decorators {
            line(&mut out, &format!("  @{}", call(decorator)));
        }
    }
    for decl in &facts.types {
        let params: Vec<&str> = decl.params.iter().map(|param| param.name.as_str()).collect();
        let params = if params.is_empty() { String::new() } else { format!("<{}>", params.join(", ")) };
        let serde = if decl.serializable { "" } else { "plain " };
        line(&mut out, &format!("{serde}type {}{}{params} = {}", scope(&decl.scope), decl.name, ty(&decl.write)));
        if let Some(read) = &decl.read {
            line(&mut out, &format!("  read {}", ty(read)));
        }
    }
    for (at, function) in facts.functions.iter().enumerate().skip(1) {
        let locals: Vec<String> = function.locals[..function.params as usize]
            .iter()
            .map(|local| format!("{}: {}", local.name, local.ty.as_ref().map_or("?".into(), ty)))
            .collect();
        let test = if function.in_test { " (test)" } else { "" };
        let parent = function
            .parent
            .map(|(parent, slot)| format!(" in {}{}", parent.0, slot.map(|slot| format!("@{}", slot.0)).unwrap_or_default()))
            .unwrap_or_default();
        let gives = function.return_type.as_ref().map(|found| format!(" -> {}", ty(found))).unwrap_or_default();
        let implements = function.implements.as_ref().map(|name| format!(" for {}", name.join("::"))).unwrap_or_default();
        let is_async = if function.is_async { "async " } else { "" };
        let name = if function.name.is_empty() { "|closure|" } else { &function.name };
        line(
            &mut out,
            &format!(
                "{is_async}fn#{at} {}{name}({}){gives}{implements}{parent}{test}",
                scope(&function.scope),
                locals.join(", ")
            ),
        );
        for decorator in &function.decorators {
            line(&mut out, &format!("  @{}", call(decorator)));
        }
        for (id, local) in function.locals.iter().enumerate().skip(function.params as usize) {
            let of = local.ty.as_ref().map(|found| format!(": {}", ty(found))).unwrap_or_default();
            let value = local.value.as_ref().map_or("-".to_owned(), expr);
            line(&mut out, &format!("  let ${id} {}{of} = {value}", local.name));
        }
        for (id, local) in function.locals.iter().enumerate() {
            for edit in &local.edits {
                line(&mut out, &format!("  edit ${id}{}", edit_text(edit)));
            }
        }
        for (id, found) in function.calls.iter().enumerate() {
            line(&mut out, &format!("  @{id} {}{}", call(found), surroundings(found)));
        }
        for read in &function.reads {
            line(&mut out, &format!("  read {}", read_text(read)));
        }
        for value in &function.returns {
            line(&mut out, &format!("  return {}", expr(value)));
        }
    }
    for waiver in &facts.waivers {
        line(&mut out, &format!("waiver {} {:?}", waiver.rule, waiver.reason));
    }
    for diagnostic in &facts.diagnostics {
        let at = diagnostic.span.map(|span| format!("{}..{} ", span.start, span.end)).unwrap_or_default();
        line(&mut out, &format!("diagnostic {at}{}", diagnostic.message));
    }
    out
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("writing to a string succeeds");
}

fn scope(scope: &[crate::facts::Name]) -> String {
    scope.iter().map(|part| format!("{part}/")).collect()
}

fn edit_text(edit: &Edit) -> String {
    let path: String = edit.path.iter().map(|key| format!("[{}]", expr(key))).collect();
    let maybe = if edit.conditional { " maybe" } else { "" };
    let change = match &edit.change {
        Change::Set(value) => format!(" = {}", expr(value)),
        Change::Delete => " deleted".to_owned(),
        Change::Merge(value) => format!(" merged with {}", expr(value)),
        Change::Push(value) => format!(" pushed {}", expr(value)),
    };
    format!("{path}{change}{maybe}")
}

pub fn call(found: &Call) -> String {
    let args: Vec<String> = found
        .args
        .iter()
        .map(|arg| match &arg.name {
            Some(name) => format!("{name} = {}", expr(&arg.value)),
            None => expr(&arg.value),
        })
        .collect();
    let type_args: Vec<String> = found.type_args.iter().map(ty).collect();
    let type_args = if type_args.is_empty() { String::new() } else { format!("::<{}>", type_args.join(", ")) };
    let bang = if found.kind == CallKind::Macro { "!" } else { "" };
    format!("{}{bang}{type_args}({})", expr(&found.callee), args.join(", "))
}

fn surroundings(found: &Call) -> String {
    let mut out = match &found.surroundings.completion {
        Completion::Awaited => " awaited".to_owned(),
        Completion::Returned => " returned".to_owned(),
        Completion::Deferred(by) => format!(" deferred({by})"),
        Completion::Used => String::new(),
        Completion::Checked => " checked".to_owned(),
        Completion::Floating => " floating".to_owned(),
    };
    out.push_str(match found.surroundings.swallowed {
        Swallowed::No => "",
        Swallowed::Logged => " logged",
        Swallowed::Dropped => " dropped",
    });
    for enclosing in &found.surroundings.enclosing {
        match enclosing {
            Enclosing::Branch(found) => out.push_str(&format!(" [{}]", guard(found))),
            Enclosing::Loop(_) => out.push_str(" [loop]"),
            Enclosing::Try(_) => out.push_str(" [try]"),
            Enclosing::Catch(_) => out.push_str(" [catch]"),
            Enclosing::Block(value) => out.push_str(&format!(" [with {}]", expr(value))),
        }
    }
    for early in &found.surroundings.early_returns {
        out.push_str(&format!(" (after {})", guard(early)));
    }
    out
}

fn guard(found: &Guard) -> String {
    let not = if found.negated { "not " } else { "" };
    match &found.subject {
        Some(subject) => {
            let values: Vec<String> = found.values.iter().map(expr).collect();
            format!("{not}{} in {{{}}}", expr(subject), values.join(", "))
        }
        None => format!("{not}`{}`", found.source),
    }
}

fn read_text(read: &Read) -> String {
    let mut out = expr(&read.base);
    for step in &read.path {
        match step {
            Step::Key { name, presence, .. } => {
                out.push_str(if *presence == Presence::Optional { "?." } else { "." });
                out.push_str(name);
            }
            Step::Each => out.push_str("[*]"),
        }
    }
    if let Some(found) = &read.ty {
        out.push_str(&format!(" as {}", ty(found)));
    }
    if !read.compared.is_empty() {
        let values: Vec<String> = read.compared.iter().map(literal).collect();
        let more = if read.has_default { ", …" } else { "" };
        out.push_str(&format!(" in {{{}{more}}}", values.join(", ")));
    }
    out
}

fn literal(found: &Literal) -> String {
    match found {
        Literal::Null => "null".to_owned(),
        Literal::Bool(value) => value.to_string(),
        Literal::Number(digits) => digits.clone().into(),
        Literal::Text(text) => format!("{text:?}"),
    }
}

pub fn expr(found: &Expr) -> String {
    let list = |values: &[Expr]| values.iter().map(expr).collect::<Vec<_>>().join(", ");
    match &found.kind {
        ExprKind::Literal(value) => literal(value),
        ExprKind::Absent => "absent".to_owned(),
        ExprKind::Template(parts) => format!("`{}`", parts.iter().map(expr).collect::<Vec<_>>().join(" + ")),
        ExprKind::Name(path) => path.join("::"),
        ExprKind::Local(id) => format!("${}", id.0),
        ExprKind::Outer(out, id) => format!("^{out}${}", id.0),
        ExprKind::This => "self".to_owned(),
        ExprKind::Member(base, name) => format!("{}.{name}", expr(base)),
        ExprKind::Index(base, key) => format!("{}[{}]", expr(base), expr(key)),
        ExprKind::Object(members) => format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(", ")),
        ExprKind::Array(items) => format!("[{}]", list(items)),
        ExprKind::ListOf(item) => format!("[{}…]", expr(item)),
        ExprKind::MapOf(value) => format!("{{*: {}}}", expr(value)),
        ExprKind::Element(inner) => format!("{}[*]", expr(inner)),
        ExprKind::Record(record) => {
            let fields: Vec<String> = record.fields.iter().map(|(name, value)| format!("{name}: {}", expr(value))).collect();
            let base = record.base.as_ref().map(|base| format!(", ..{}", expr(base))).unwrap_or_default();
            format!("{} {{{}{base}}}", record.ty.path.join("::"), fields.join(", "))
        }
        ExprKind::Call(id) => format!("@{}", id.0),
        ExprKind::Function(id) => format!("fn#{}", id.0),
        ExprKind::OneOf(values) => format!("({})", values.iter().map(expr).collect::<Vec<_>>().join(" | ")),
        ExprKind::Tested(inner, there) => format!("{}{}", expr(inner), if *there { "!" } else { "?" }),
        ExprKind::Await(inner) => format!("await {}", expr(inner)),
        ExprKind::Encoded(inner) => format!("json({})", expr(inner)),
        ExprKind::Decoded(inner, into) => {
            format!("parsed({}{})", expr(inner), into.as_ref().map(|into| format!(", {}", ty(into))).unwrap_or_default())
        }
        ExprKind::Typed(inner, of) => format!("({}: {})", expr(inner), ty(of)),
        ExprKind::OfType(of) => format!("<{}>", ty(of)),
        ExprKind::Unknown(why) => format!("?({why})"),
    }
}

fn member(found: &ValueMember) -> String {
    match found {
        ValueMember::Entry { key, value, conditional } => {
            format!("{}{}: {}", expr(key), if *conditional { "?" } else { "" }, expr(value))
        }
        ValueMember::Spread { value, .. } => format!("..{}", expr(value)),
    }
}

pub fn ty(found: &TypeExpr) -> String {
    let list = |values: &[TypeExpr]| values.iter().map(ty).collect::<Vec<_>>().join(", ");
    match &found.kind {
        TypeKind::Unknown(why) => format!("?({why})"),
        TypeKind::Never => "never".to_owned(),
        TypeKind::Absent => "absent".to_owned(),
        TypeKind::Null => "null".to_owned(),
        TypeKind::Boolean => "bool".to_owned(),
        TypeKind::Integer(range) => match (&range.minimum, &range.maximum) {
            (None, None) => "int".to_owned(),
            (low, high) => {
                let end = |end: &Option<serde_json::Number>| end.as_ref().map(ToString::to_string).unwrap_or_default();
                format!("int {}..{}", end(low), end(high))
            }
        },
        TypeKind::Number(_) => "number".to_owned(),
        TypeKind::String(shape) => {
            let mut out = "string".to_owned();
            for part in [&shape.format, &shape.content_encoding, &shape.content_media_type].into_iter().flatten() {
                out.push_str(&format!(" {part}"));
            }
            if let Some(length) = shape.max_length {
                out.push_str(&format!(" of {length}"));
            }
            out
        }
        TypeKind::Const(value) => literal(value),
        TypeKind::Array { items, min, max, unique } => {
            let length = match (min, max) {
                (Some(min), Some(max)) if min == max => format!("; {min}"),
                _ => String::new(),
            };
            format!("[{}{length}]{}", ty(items), if *unique { " unique" } else { "" })
        }
        TypeKind::Tuple { items, .. } => format!("({})", list(items)),
        TypeKind::Object(object) => object_text(object),
        TypeKind::Map { keys, values } => {
            format!("{{*{}: {}}}", keys.as_ref().map(|keys| format!(" {}", ty(keys))).unwrap_or_default(), ty(values))
        }
        TypeKind::Union(branches) => branches.iter().map(ty).collect::<Vec<_>>().join(" | "),
        TypeKind::Intersection(parts) => parts.iter().map(ty).collect::<Vec<_>>().join(" & "),
        TypeKind::Ref(name) => {
            let args = if name.args.is_empty() { String::new() } else { format!("<{}>", list(&name.args)) };
            format!("{}{args}", name.path.join("::"))
        }
        TypeKind::Param(name) => format!("'{name}"),
        TypeKind::Of(value) => format!("typeof {}", expr(value)),
        TypeKind::Apply(op, args) => format!("{op:?}({})", list(args)),
    }
}

fn object_text(object: &ObjectExpr) -> String {
    let mut parts: Vec<String> = object
        .members
        .iter()
        .map(|member| match member {
            ObjectMember::Field(field) => {
                let aliases: String = field.aliases.iter().map(|alias| format!("|{alias}")).collect();
                let optional = if field.presence == Presence::Optional { "?" } else { "" };
                let default = field.default.as_ref().map(|value| format!(" = {}", literal(value))).unwrap_or_default();
                format!("{}{aliases}{optional}: {}{default}", field.name, ty(&field.ty))
            }
            ObjectMember::Spread(inner) => format!("..{}", ty(inner)),
        })
        .collect();
    match &object.additional {
        Additional::Silent => {}
        Additional::Closed => parts.push("closed".to_owned()),
        Additional::Open(values) => parts.push(format!("*: {}", ty(values))),
    }
    format!("{{{}}}", parts.join(", "))
}
