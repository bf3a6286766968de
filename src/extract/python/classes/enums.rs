//! Enumerations: a type, and a list of names.

use ruff_python_ast::{Expr as Py, ExprCall, StmtClassDef};
use ruff_text_size::Ranged;

use super::{Declared, constant_type};
use crate::extract::python::annotations::union;
use crate::extract::python::lower::Lower;
use crate::extract::python::models;
use crate::extract::python::{expressions, names, span};
use crate::facts::{Expr, ExprKind, Literal, Name, TypeExpr, ValueMember};
use crate::source::Span;

impl<'a> Lower<'a> {
    pub(super) fn enumeration(&mut self, class: &'a StmtClassDef) {
        let at = span(class.name.range);
        let lowers_auto = class
            .bases()
            .iter()
            .any(|base| names::last_name(base).is_some_and(|last| last == "StrEnum" || last.ends_with("StrEnum")));
        let choices = class.bases().iter().any(|base| names::last_name(base).is_some_and(|last| last.ends_with("Choices")));
        let mut next = 1u64;
        let mut members: Vec<(Name, Expr)> = Vec::new();
        for member in models::members(class) {
            let Some(value) = member.value else { continue };
            // Members have no annotation, and names with underscores at the start are not members.
            if member.name.starts_with('_') || member.annotation.is_some() && !choices && !is_literal(value) {
                continue;
            }
            let auto = matches!(value, Py::Call(call) if names::last_name(&call.func) == Some("auto"));
            let first = match value {
                // `PAID = "paid", _("Paid")`: the value and its label.
                Py::Tuple(tuple) if choices => tuple.elts.first().unwrap_or(value),
                Py::Call(_) => value,
                other => other,
            };
            let value_span = span(first.range());
            let lowered = if auto {
                let literal = if lowers_auto {
                    Literal::Text(member.name.to_lowercase().into())
                } else {
                    Literal::Number(next.to_string().into())
                };
                Expr::new(ExprKind::Literal(literal), value_span)
            } else {
                match self.constant_text(first) {
                    Some(text) => Expr::text(text, value_span),
                    None => self.expr(first),
                }
            };
            if let ExprKind::Literal(Literal::Number(digits)) = &lowered.kind
                && let Ok(number) = digits.parse::<u64>()
            {
                next = number.saturating_add(1);
            }
            members.push((member.name.into(), Expr::new(lowered.kind, member.value.map_or(value_span, |_| value_span))));
        }
        let spans: Vec<Span> = models::members(class).iter().map(|member| member.span).collect();
        self.declare_enum(class.name.as_str(), members, &spans, at, span(class.range));
    }

    /// `Enum("Color", "RED GREEN")`, `StrEnum("Event", {"PAID": "order.paid"})`
    pub(super) fn functional_enum(&mut self, name: &str, at: Span, extent: Span, full: &str, call: &'a ExprCall) -> bool {
        let members: Vec<(Name, Expr)> = match call.arguments.args.get(1) {
            Some(Py::Dict(dict)) => {
                let mut out = Vec::new();
                for item in &dict.items {
                    let Some(Py::StringLiteral(key)) = &item.key else { return false };
                    out.push((key.value.to_str().into(), self.expr(&item.value)));
                }
                out
            }
            Some(Py::StringLiteral(text)) => numbered(text.value.to_str().split([' ', ',']), full, at),
            Some(list @ (Py::List(_) | Py::Tuple(_))) => match expressions::texts_of(list) {
                Some(texts) => numbered(texts.iter().map(Name::as_str), full, at),
                None => return false,
            },
            _ => return false,
        };
        self.declare_enum(name, members, &[], at, extent);
        true
    }

    fn declare_enum(&mut self, name: &str, members: Vec<(Name, Expr)>, spans: &[Span], at: Span, extent: Span) {
        if members.is_empty() {
            // A base for enumerations, with methods alone.
            return;
        }
        let mut consts = Vec::new();
        for (_, value) in &members {
            consts.push(match &value.kind {
                ExprKind::Literal(literal) => constant_type(literal.clone(), value.span),
                _ => TypeExpr::unknown("a computed member of an enumeration", value.span),
            });
        }
        let write = union(consts, at);
        self.declare_type(name, Vec::new(), Declared { write, read: None, serializable: false }, at, extent);
        let entries = members
            .into_iter()
            .enumerate()
            .map(|(index, (member, value))| ValueMember::Entry {
                key: Expr::text(member, spans.get(index).copied().unwrap_or(at)),
                value,
                conditional: false,
            })
            .collect();
        self.registry(name, entries, at);
    }
}

fn is_literal(value: &Py) -> bool {
    matches!(value, Py::StringLiteral(_) | Py::NumberLiteral(_))
}

fn numbered<'n>(names: impl Iterator<Item = &'n str>, full: &str, at: Span) -> Vec<(Name, Expr)> {
    names
        .filter(|name| !name.is_empty())
        .enumerate()
        .map(|(index, name)| {
            let literal = if full == "enum.StrEnum" {
                Literal::Text(name.to_lowercase().into())
            } else {
                Literal::Number((index + 1).to_string().into())
            };
            (name.into(), Expr::new(ExprKind::Literal(literal), at))
        })
        .collect()
}
