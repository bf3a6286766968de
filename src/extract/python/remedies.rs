//! How a name is kept on the wire in Python: by the key of a dict, or by the alias that a model's library writes.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_keyword, walk_stmt};
use ruff_python_ast::{Expr as Py, ExprCall, Keyword, Stmt, StmtImportFrom};
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::Ranged;

use super::{names, span};
use crate::extract::remedy::{Remedy, Safety, Wanted, What, is_identifier, names_member, requoted, text_at, unquoted};
use crate::facts::Role;
use crate::source::Span;

pub(super) fn remedies(wanted: &Wanted<'_>) -> Vec<Remedy> {
    let (name, now) = match wanted.what {
        What::Key { name, now } => (name, now),
        What::Missing { name } => return super::restores::restore(wanted, name).into_iter().collect(),
        What::Keys => return Vec::new(),
    };
    let text = wanted.head.text();
    let parsed =
        parse_unchecked(text, ParseOptions::from(Mode::Module)).try_into_module().expect("module mode always gives a module");
    let mut finder = Keys { at: wanted.at, held: 0, found: None, pydantic: None, module: None, msgspec: false };
    parsed.suite().iter().for_each(|stmt| finder.visit_stmt(stmt));
    keep(wanted, &finder, name, now)
}

/// What the key at a place belongs to.
enum Place<'a> {
    /// The key of a dict display, or the argument of `dict(…)`.
    Key { handed_on: bool, keyword: bool },
    /// A member of a class, with the expression that stands after its `=`, and where the declaration ends.
    Member { value: Option<&'a Py>, annotated: bool, end: Span },
}

struct Keys<'a> {
    at: Span,
    held: usize,
    found: Option<Place<'a>>,
    /// `from pydantic import …`
    pydantic: Option<&'a StmtImportFrom>,
    /// What `import pydantic` is called here.
    module: Option<&'a str>,
    msgspec: bool,
}

impl<'a> Visitor<'a> for Keys<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::ImportFrom(import) if import.module.as_ref().is_some_and(|module| module.as_str() == "pydantic") => {
                self.pydantic.get_or_insert(import);
            }
            Stmt::Import(import) => {
                for alias in &import.names {
                    let local = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                    if alias.name.as_str() == "pydantic" {
                        self.module = Some(local);
                    }
                    self.msgspec |= alias.name.as_str() == "msgspec" && alias.asname.is_none();
                }
            }
            Stmt::ClassDef(class) => {
                for member in &class.body {
                    let (target, value, annotated) = match member {
                        Stmt::AnnAssign(assign) => (&*assign.target, assign.value.as_deref(), true),
                        Stmt::Assign(assign) => match assign.targets.as_slice() {
                            [target] => (target, Some(&*assign.value), false),
                            _ => continue,
                        },
                        _ => continue,
                    };
                    if span(target.range()) == self.at && matches!(target, Py::Name(_)) {
                        self.found = Some(Place::Member { value, annotated, end: span(member.range()) });
                        return;
                    }
                }
            }
            _ => {}
        }
        let held = std::mem::take(&mut self.held);
        walk_stmt(self, stmt);
        self.held = held;
    }

    fn visit_expr(&mut self, expr: &'a Py) {
        match expr {
            Py::Dict(dict) if dict.items.iter().any(|item| item.key.as_ref().is_some_and(|key| span(key.range()) == self.at)) => {
                self.found = Some(Place::Key { handed_on: self.held > 0, keyword: false });
            }
            Py::Call(call) => {
                self.held += 1;
                if names::last_name(&call.func) == Some("dict")
                    && call.arguments.keywords.iter().any(|keyword| keyword_at(keyword, self.at))
                {
                    self.found = Some(Place::Key { handed_on: self.held > 1, keyword: true });
                }
                walk_expr(self, expr);
                self.held -= 1;
            }
            _ => walk_expr(self, expr),
        }
    }

    fn visit_keyword(&mut self, keyword: &'a Keyword) {
        walk_keyword(self, keyword);
    }
}

fn keyword_at(keyword: &Keyword, at: Span) -> bool {
    keyword.arg.as_ref().is_some_and(|name| span(name.range) == at) || span(keyword.range()) == at
}

fn keep(wanted: &Wanted<'_>, finder: &Keys<'_>, name: &str, now: &str) -> Vec<Remedy> {
    let Some(place) = &finder.found else { return Vec::new() };
    match place {
        Place::Key { handed_on, keyword } => key(wanted, name, now, *handed_on, *keyword).into_iter().collect(),
        Place::Member { value, annotated, end } => {
            let mut found = Vec::new();
            found.extend(alias(wanted, finder, *value, *annotated, *end, name));
            // The member goes by its old name again, and whoever uses it has to follow.
            if is_identifier(name) && text_at(wanted.head, wanted.at) == Some(now) {
                found.push(Remedy::keep(name, vec![(wanted.at, name.to_owned())], Safety::OthersFollow));
            }
            found
        }
    }
}

fn key(wanted: &Wanted<'_>, name: &str, now: &str, handed_on: bool, keyword: bool) -> Option<Remedy> {
    let key = text_at(wanted.head, wanted.at)?;
    let (at, replacement) = if keyword {
        // The place is the argument's name, or the argument as a whole.
        if !key.starts_with(now) || !is_identifier(name) {
            return None;
        }
        (Span::new(wanted.at.start as usize, wanted.at.start as usize + now.len()), name.to_owned())
    } else {
        (wanted.at, requoted(key, name).filter(|_| unquoted(key) == Some(now))?)
    };
    let read = !handed_on && names_member(wanted.head.text(), now, wanted.at);
    let safety = if read { Safety::OthersFollow } else { Safety::UnlessDeclared };
    Some(Remedy::keep(name, vec![(at, replacement)], safety))
}

/// The alias under which the library of a model writes a member.
fn alias(wanted: &Wanted<'_>, finder: &Keys<'_>, value: Option<&Py>, annotated: bool, end: Span, name: &str) -> Vec<Remedy> {
    let Some(quoted) = requoted("\"\"", name) else { return Vec::new() };
    let call = value.and_then(|value| match value {
        Py::Call(call) => Some(call),
        _ => None,
    });
    let called = call.and_then(|call| names::last_name(&call.func));
    if let (Some(call), false) = (call, annotated) {
        // `customer_id = fields.Str()`: marshmallow.
        return argument(wanted, call, "data_key", &quoted)
            .map(|edit| Remedy::keep(name, vec![edit], Safety::Sure))
            .into_iter()
            .collect();
    }
    if !annotated {
        return Vec::new();
    }
    let aliases: &[(&str, Safety)] = match wanted.role {
        // Its constructor goes by `alias`, and by `validation_alias` before it.
        Role::Producer => &[("serialization_alias", Safety::Sure), ("alias", Safety::OthersFollow)],
        Role::Consumer => &[("validation_alias", Safety::OthersFollow), ("alias", Safety::OthersFollow)],
    };
    if let (Some(call), Some("Field")) = (call, called) {
        return aliases
            .iter()
            .filter_map(|(keyword, safety)| Some(Remedy::keep(name, vec![argument(wanted, call, keyword, &quoted)?], *safety)))
            .collect();
    }
    if let (Some(call), Some("field"), true) = (call, called, finder.msgspec) {
        return argument(wanted, call, "name", &quoted)
            .map(|edit| Remedy::keep(name, vec![edit], Safety::Sure))
            .into_iter()
            .collect();
    }
    if call.is_some() && called.is_some_and(|called| called == "field") {
        return Vec::new();
    }
    let mut found = Vec::new();
    if let Some((function, import)) = pydantic_field(finder) {
        for (keyword, safety) in aliases {
            let edit = declared(wanted, value, end, &function, keyword, &quoted);
            let edits = edit.into_iter().chain(import.clone()).collect::<Vec<_>>();
            found.push(Remedy::keep(name, edits, *safety));
        }
    } else if finder.msgspec {
        found.extend(
            declared(wanted, value, end, "msgspec.field", "name", &quoted)
                .map(|edit| Remedy::keep(name, vec![edit], Safety::Sure)),
        );
    }
    found.retain(|remedy| !remedy.edits.is_empty());
    found
}

/// How `Field` is written in this file, with the edit of the import that it needs.
fn pydantic_field(finder: &Keys<'_>) -> Option<(String, Option<(Span, String)>)> {
    if let Some(module) = finder.module {
        return Some((format!("{module}.Field"), None));
    }
    let import = finder.pydantic?;
    let known = import.names.iter().find(|alias| alias.name.as_str() == "Field");
    if let Some(known) = known {
        return Some((known.asname.as_ref().unwrap_or(&known.name).as_str().to_owned(), None));
    }
    let last = import.names.last().filter(|alias| alias.name.as_str() != "*")?;
    let end = span(last.range()).end;
    Some(("Field".to_owned(), Some((Span { start: end, end }, ", Field".to_owned()))))
}

/// `name: T` or `name: T = default` with a call that carries the alias.
fn declared(
    wanted: &Wanted<'_>,
    value: Option<&Py>,
    end: Span,
    function: &str,
    keyword: &str,
    quoted: &str,
) -> Option<(Span, String)> {
    match value {
        None => Some((Span { start: end.end, end: end.end }, format!(" = {function}({keyword}={quoted})"))),
        Some(value) => {
            let at = span(value.range());
            let default = text_at(wanted.head, at)?;
            Some((at, format!("{function}(default={default}, {keyword}={quoted})")))
        }
    }
}

/// A keyword argument of a call, set or added.
fn argument(wanted: &Wanted<'_>, call: &ExprCall, keyword: &str, quoted: &str) -> Option<(Span, String)> {
    let known = call.arguments.keywords.iter().find(|known| known.arg.as_ref().is_some_and(|name| name.as_str() == keyword));
    if let Some(known) = known {
        let at = span(known.value.range());
        return unquoted(text_at(wanted.head, at)?).map(|_| (at, quoted.to_owned()));
    }
    let inside = span(call.arguments.range());
    let text = text_at(wanted.head, inside)?;
    let body = text.strip_prefix('(')?.strip_suffix(')')?;
    let trimmed = body.trim_end();
    let at = inside.start + 1 + u32::try_from(trimmed.len()).ok()?;
    // A comment at the end would swallow what is added behind it.
    if trimmed.lines().next_back().is_some_and(|line| line.contains('#')) {
        return None;
    }
    let separator = match trimmed.chars().next_back() {
        None => "",
        Some(',') => " ",
        Some(_) => ", ",
    };
    Some((Span { start: at, end: at }, format!("{separator}{keyword}={quoted}")))
}
