//! Putting a lost key back in Python: the entry of the dict, or the member of the class, as it stood at base.

use ruff_python_ast::visitor::{Visitor, walk_alias, walk_expr, walk_parameter, walk_stmt};
use ruff_python_ast::{Alias, ExceptHandler, Expr as Py, ExprContext, Parameter, Stmt};
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::Ranged;

use super::{names, span};
use crate::extract::remedy::{Remedy, Wanted, text_at, unquoted};
use crate::extract::restore::{self, Entry, Holder, Scopes, Side, Style};
use crate::source::{SourceText, Span};

pub(super) fn restore(wanted: &Wanted<'_>, name: &str) -> Option<Remedy> {
    restore::restore(wanted, name, find)
}

/// The holder at a place: the one that stands there, is called so, or has a key there.
fn find(source: &SourceText, place: Span) -> Option<Side<'_>> {
    let parsed = parse_unchecked(source.text(), ParseOptions::from(Mode::Module))
        .try_into_module()
        .expect("module mode always gives a module");
    let mut finder = Finder { source, place, found: None, scopes: Scopes::default(), used: Vec::new() };
    parsed.suite().iter().for_each(|stmt| finder.visit_stmt(stmt));
    Some(Side::new(source, place, finder.found?, finder.scopes, finder.used))
}

struct Finder<'s> {
    source: &'s SourceText,
    place: Span,
    found: Option<(Holder, bool)>,
    scopes: Scopes,
    used: Vec<(Span, String)>,
}

impl Finder<'_> {
    fn holder(&mut self, whole: Span, entries: Vec<Entry>, inside: Span, style: Style) {
        if self.found.is_none() && (whole == self.place || entries.iter().any(|entry| entry.at == self.place)) {
            self.found = Some((Holder { inside, entries, style }, true));
        }
    }
}

fn between(whole: Span) -> Span {
    Span { start: whole.start + 1, end: whole.end.saturating_sub(1).max(whole.start + 1) }
}

impl<'a> Visitor<'a> for Finder<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(function) => {
                self.scopes.bind(function.name.as_str());
                self.scopes.enter(span(function.range()));
                walk_stmt(self, stmt);
                self.scopes.leave();
            }
            Stmt::ClassDef(class) => {
                self.scopes.bind(class.name.as_str());
                let entries: Vec<Entry> = class
                    .body
                    .iter()
                    .filter_map(|member| {
                        let target = match member {
                            Stmt::AnnAssign(assign) => &*assign.target,
                            Stmt::Assign(assign) => assign.targets.first()?,
                            _ => return None,
                        };
                        let Py::Name(name) = target else { return None };
                        Some(Entry { key: name.id.to_string(), at: span(name.range()), whole: span(member.range()) })
                    })
                    .collect();
                let known = span(class.name.range()) == self.place || span(class.range()) == self.place;
                if self.found.is_none() && (known || entries.iter().any(|entry| entry.at == self.place)) {
                    self.found = Some((Holder { inside: span(class.range()), entries, style: Style::Lines }, false));
                }
                // Names of a class's body are not known inside its methods.
                self.scopes.enter(Span::new(0, 0));
                walk_stmt(self, stmt);
                self.scopes.leave();
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Py) {
        match expr {
            Py::Name(name) if matches!(name.ctx, ExprContext::Load) => {
                self.used.push((span(name.range()), name.id.to_string()));
            }
            Py::Name(name) => self.scopes.bind(name.id.as_str()),
            Py::Dict(dict) => {
                let entries = dict.items.iter().map(|item| {
                    let whole = Span {
                        start: item.key.as_ref().map_or_else(|| span(item.value.range()).start, |key| span(key.range()).start),
                        end: span(item.value.range()).end,
                    };
                    let at = item.key.as_ref().map_or(whole, |key| span(key.range()));
                    let key = text_at(self.source, at).and_then(unquoted).unwrap_or_default();
                    Entry { key: key.to_owned(), at, whole }
                });
                let entries = entries.collect();
                self.holder(span(dict.range()), entries, between(span(dict.range())), Style::Commas { pad: "" });
                walk_expr(self, expr);
            }
            Py::Call(call) => {
                if names::last_name(&call.func) == Some("dict") && call.arguments.args.is_empty() {
                    let entries = call.arguments.keywords.iter().map(|keyword| Entry {
                        key: keyword.arg.as_ref().map(|name| name.to_string()).unwrap_or_default(),
                        at: keyword.arg.as_ref().map_or_else(|| span(keyword.range()), |name| span(name.range())),
                        whole: span(keyword.range()),
                    });
                    let mut entries: Vec<Entry> = entries.collect();
                    // The place of such a key is its name or the argument as a whole.
                    for entry in &mut entries {
                        if entry.whole == self.place {
                            entry.at = entry.whole;
                        }
                    }
                    self.holder(span(call.range()), entries, between(span(call.arguments.range())), Style::Arguments);
                }
                walk_expr(self, expr);
            }
            Py::Lambda(_) | Py::ListComp(_) | Py::SetComp(_) | Py::DictComp(_) | Py::Generator(_) => {
                self.scopes.enter(span(expr.range()));
                walk_expr(self, expr);
                self.scopes.leave();
            }
            _ => walk_expr(self, expr),
        }
    }

    fn visit_parameter(&mut self, parameter: &'a Parameter) {
        self.scopes.bind(parameter.name.as_str());
        walk_parameter(self, parameter);
    }

    fn visit_alias(&mut self, alias: &'a Alias) {
        let name =
            alias.asname.as_ref().map_or_else(|| alias.name.as_str().split('.').next().unwrap_or(""), |name| name.as_str());
        self.scopes.bind(name);
        walk_alias(self, alias);
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(inner) = handler;
        if let Some(name) = &inner.name {
            self.scopes.bind(name.as_str());
        }
        ruff_python_ast::visitor::walk_except_handler(self, handler);
    }
}
