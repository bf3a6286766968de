//! Tables of handlers by name: `new Worker({ catalog, jobs: { "order.paid": async ({ payload }) => … } })`. What is told to handle jobs
//! or events calls each of them under its key; a catalog beside the table may hold the schemas.

use super::Linker;
use super::definitions::{Defined, member, speaks};
use crate::facts::{Expr, ExprKind, FnId, Literal, Name, Role, ValueMember};
use crate::link::eval::callee_text;
use crate::link::model::Boundary;
use crate::link::modules::FileId;
use crate::link::resolve::FnRef;
use crate::source::Span;

/// Under which keys what handles jobs is given the table.
const TABLES: &[&str] = &["jobs", "handlers", "tasks", "processors", "consumers", "subscribers", "listeners"];

/// Under which keys the schemas stand beside it.
const CATALOGS: &[&str] = &["catalog", "schemas"];

/// What stands between the words of an event's name. A table of plain words without a catalog is one of buttons or of clicks.
const BETWEEN: &[char] = &['.', ':', '/', '_', '-'];

/// One handler of a table.
struct Handler<'a> {
    name: &'a str,
    named: Span,
    value: &'a Expr,
    schema: Option<&'a Expr>,
}

impl<'a> Linker<'_, 'a> {
    pub(super) fn handler_tables(&mut self) {
        for (at, unit) in self.program.files.units.iter().enumerate() {
            for (index, function) in unit.facts.functions.iter().enumerate() {
                let owner = FnRef { file: FileId(at as u32), id: FnId(index as u32) };
                for call in function.calls.iter().filter(|call| speaks(&callee_text(&call.callee))) {
                    let objects = call.args.iter().filter_map(|argument| members_of(&argument.value));
                    for handler in objects.flat_map(handlers_in) {
                        self.handler_of_table(owner, &handler);
                    }
                }
            }
        }
    }

    fn handler_of_table(&mut self, owner: FnRef, handler: &Handler<'a>) {
        let value = self.eval.term(owner, handler.value, handler.value.span.end);
        let targets = super::functions_in(&value, 0);
        let origin = self.origin(owner.file, handler.named);
        let is_known = |known: &Boundary| known.role == Role::Consumer && known.origin == origin;
        if targets.is_empty() || self.boundaries.iter().any(is_known) {
            return;
        }
        let schema = handler.schema.and_then(|schema| self.schema(owner, schema));
        let events = vec![Name::from(handler.name)];
        self.defined(Defined { idiom: "handler-table", function: owner, named: handler.named, events, targets, schema });
    }
}

/// The handlers of the tables that an object holds: those that a catalog stands beside, and those whose names are more than a word.
fn handlers_in(object: &[ValueMember]) -> Vec<Handler<'_>> {
    let listed = CATALOGS.iter().find_map(|key| member(object, key));
    let catalog = listed.and_then(members_of);
    let tables = TABLES.iter().filter_map(|key| members_of(member(object, key)?));
    let mut found = Vec::new();
    for entry in tables.flatten() {
        if let ValueMember::Entry { key, value, .. } = entry
            && let ExprKind::Literal(Literal::Text(name)) = &key.kind
            && (listed.is_some() || name.contains(BETWEEN))
        {
            let schema = catalog.and_then(|catalog| member(members_of(member(catalog, name)?)?, "schema"));
            found.push(Handler { name, named: key.span, value, schema });
        }
    }
    found
}

fn members_of(value: &Expr) -> Option<&[ValueMember]> {
    match &value.kind {
        ExprKind::Object(members) => Some(members),
        ExprKind::Typed(inner, _) => members_of(inner),
        _ => None,
    }
}
