//! Handlers that are defined as objects: `defineJob({name, schema, handler})`, `{id, trigger: {name, schema}, handler} satisfies
//! JobDefinition`. A registry of the program hands them their payloads, so no call says which event they handle.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Intake, Linker};
use crate::facts::{Expr, ExprKind, FnId, Literal, Name, Role, TypeKind, ValueMember};
use crate::link::declared::any_word;
use crate::link::dispatch::Sorting;
use crate::link::eval::callee_text;
use crate::link::idioms::selector::Step;
use crate::link::model::Boundary;
use crate::link::modules::FileId;
use crate::link::naming::texts_of;
use crate::link::reads::Root;
use crate::link::reduce;
use crate::link::resolve::{Entity, FnRef, Want};
use crate::link::surroundings;
use crate::link::types::Side;
use crate::shape::Shape;
use crate::source::Span;

/// Under which keys a definition holds the function that is run, in the order in which they are trusted.
const HANDLERS: &[&str] =
    &["handler", "handle", "run", "process", "processor", "perform", "execute", "consume", "onEvent", "onMessage"];

/// Under which keys it holds the name.
const NAMES: &[&[&str]] = &[
    &["trigger", "event"],
    &["trigger", "name"],
    &["event"],
    &["eventName"],
    &["eventType"],
    &["topic"],
    &["queue"],
    &["jobName"],
    &["type"],
    &["name"],
    &["id"],
];

/// Under which keys it holds the schema of what it handles.
const SCHEMAS: &[&[&str]] = &[
    &["trigger", "schema"],
    &["schema"],
    &["payloadSchema"],
    &["dataSchema"],
    &["eventSchema"],
    &["inputSchema"],
    &["payload"],
    &["input"],
];

/// Under which keys of its parameter a handler finds the payload, where it takes more than that.
const PAYLOADS: &[&str] = &["payload", "data", "body", "input", "event", "message"];

/// Words that say that what is defined handles events.
const WORDS: &[&str] =
    &["job", "task", "event", "worker", "subscriber", "consumer", "webhook", "queue", "subscription", "listener"];

/// How deep in an expression a definition is looked for.
const MAX_DEPTH: u32 = 6;

struct Definition<'a> {
    members: &'a [ValueMember],
    span: Span,
    function: FnRef,
}

/// A handler with what its definition says of it.
pub(super) struct Defined {
    pub idiom: &'static str,
    /// The function that the definition stands in.
    pub function: FnRef,
    /// Where it gives the name.
    pub named: Span,
    pub events: Vec<Name>,
    /// What is run; at least one.
    pub targets: Vec<FnRef>,
    pub schema: Option<Arc<Shape>>,
}

impl<'a> Linker<'_, 'a> {
    pub(super) fn definitions(&mut self) {
        for (at, unit) in self.program.files.units.iter().enumerate() {
            if unit.facts.functions.is_empty() {
                continue;
            }
            let file = FileId(at as u32);
            let mut found: Vec<Definition<'a>> = Vec::new();
            let top = FnRef { file, id: FnId(0) };
            for constant in &unit.facts.constants {
                let word = constant.ty.as_ref().is_some_and(|ty| speaks(&type_words(&ty.kind)));
                self.find(top, &constant.value, word, &mut found, 0);
            }
            for (index, function) in unit.facts.functions.iter().enumerate() {
                let reference = FnRef { file, id: FnId(index as u32) };
                for local in &function.locals {
                    if let Some(value) = &local.value {
                        let word = local.ty.as_ref().is_some_and(|ty| speaks(&type_words(&ty.kind)));
                        self.find(reference, value, word, &mut found, 0);
                    }
                }
                for value in &function.returns {
                    self.find(reference, value, false, &mut found, 0);
                }
                for call in &function.calls {
                    let word = speaks(&callee_text(&call.callee));
                    for argument in &call.args {
                        self.find(reference, &argument.value, word, &mut found, 0);
                    }
                }
            }
            let mut seen = BTreeSet::new();
            found.retain(|definition| seen.insert((definition.span.start, definition.span.end)));
            for definition in found {
                self.definition(&definition);
            }
        }
    }

    /// The objects in an expression that are stated to be definitions.
    fn find(&self, function: FnRef, expr: &'a Expr, stated: bool, found: &mut Vec<Definition<'a>>, depth: u32) {
        if depth > MAX_DEPTH {
            return;
        }
        match &expr.kind {
            ExprKind::Typed(inner, ty) => {
                self.find(function, inner, stated || speaks(&type_words(&ty.kind)), found, depth + 1);
            }
            ExprKind::Object(members) => {
                if stated && HANDLERS.iter().any(|key| member(members, key).is_some()) {
                    found.push(Definition { members, span: expr.span, function });
                    return;
                }
                for entry in members {
                    if let ValueMember::Entry { value, .. } = entry {
                        self.find(function, value, stated, found, depth + 1);
                    }
                }
            }
            ExprKind::Array(items) | ExprKind::OneOf(items) => {
                for item in items {
                    self.find(function, item, stated, found, depth + 1);
                }
            }
            ExprKind::Record(record) => {
                let stated = stated || speaks(record.ty.path.last().map_or("", Name::as_str));
                for (_, value) in &record.fields {
                    self.find(function, value, stated, found, depth + 1);
                }
            }
            _ => {}
        }
    }

    fn definition(&mut self, definition: &Definition<'a>) {
        let at = |path: &[&str]| inside(definition.members, path);
        let value = |expr: &'a Expr| self.eval.term(definition.function, expr, expr.span.end);
        let Some(handler) = HANDLERS.iter().find_map(|key| member(definition.members, key)) else { return };
        let targets = super::functions_in(&value(handler), 0);
        if targets.is_empty() {
            return;
        }
        let Some((events, named)) = NAMES.iter().find_map(|path| {
            let expr = at(path)?;
            let texts = texts_of(&value(expr));
            let fits = !texts.is_empty() && texts.iter().all(|text| !text.contains(char::is_whitespace));
            fits.then_some((texts, expr.span))
        }) else {
            return;
        };
        let path = &self.program.files.unit(definition.function.file).path;
        // What an idiom knows better is told already.
        let known = self.boundaries.iter().any(|known| {
            known.role == Role::Consumer
                && known.origin.file == *path
                && (known.origin.span.contains(definition.span) || definition.span.contains(known.origin.span))
        });
        if known {
            return;
        }
        let schema = SCHEMAS.iter().find_map(|path| self.schema(definition.function, at(path)?));
        self.defined(Defined { idiom: "definition", function: definition.function, named, events, targets, schema });
    }

    /// The boundary of a handler that is defined in an object.
    pub(super) fn defined(&mut self, defined: Defined) {
        let Defined { idiom, function, named, events, targets, schema } = defined;
        let intakes: Vec<Intake<'a>> = targets.iter().filter_map(|target| self.payload_of(*target)).collect();
        let (read, enforced, read_anything) = self.intake_shape(&intakes, &Sorting::default());
        let enforced = enforced || schema.is_some();
        let shape = match schema {
            Some(schema) => schema,
            None if read_anything => read,
            None => reduce::hole("nothing is read of it"),
        };
        let boundary = Boundary {
            symbol: surroundings::symbol(self.program, targets[0]).into(),
            in_test: self.in_test(function),
            enforced,
            package: self.packages.of(self.program.files.unit(function.file).path.as_str()),
            ..Boundary::new(Role::Consumer, "queue", idiom, self.origin(function.file, named), shape)
        };
        self.named(boundary, events, None, Vec::new());
    }

    /// The parameter of a handler that holds the payload, or the part of it that does.
    fn payload_of(&self, target: FnRef) -> Option<Intake<'a>> {
        let handled = self.program.function(target);
        if handled.params == 0 {
            return None;
        }
        let local = &handled.locals[0];
        let declared = local.ty.as_ref().map(|ty| self.eval.type_use(target, ty));
        let root = Root::Param(target, 0);
        let whole = crate::link::reads::reads_of(self.eval, root, &[], &Sorting::default());
        let key = PAYLOADS.iter().find(|key| whole.reads(key));
        let prefix = key.map(|key| Step::Key((*key).into())).into_iter().collect();
        Some(Intake { root, prefix, declared, enforced: false, of_request: false, all: None })
    }

    /// What a schema accepts, where the expression names one.
    pub(super) fn schema(&self, function: FnRef, expr: &'a Expr) -> Option<Arc<Shape>> {
        let path = match &expr.kind {
            ExprKind::Name(path) => path,
            ExprKind::OfType(ty) => {
                let shape = self.types.shape(&self.eval.type_use(function, ty), Side::Read).shape;
                return (!shape.is_unknown()).then_some(shape);
            }
            _ => return None,
        };
        let scope = &self.program.function(function).scope;
        let Entity::Type(id) = self.program.resolve(function.file, scope, path, Want::Type)?.entity else { return None };
        let shape = self.types.declared(id, Side::Read);
        (!shape.is_unknown()).then_some(shape)
    }
}

pub(super) fn member<'a>(members: &'a [ValueMember], name: &str) -> Option<&'a Expr> {
    members.iter().find_map(|entry| match entry {
        ValueMember::Entry { key, value, .. } => {
            matches!(&key.kind, ExprKind::Literal(Literal::Text(text)) if text == name).then_some(value)
        }
        ValueMember::Spread { .. } => None,
    })
}

fn inside<'a>(members: &'a [ValueMember], path: &[&str]) -> Option<&'a Expr> {
    let (first, rest) = path.split_first()?;
    let value = member(members, first)?;
    if rest.is_empty() {
        return Some(value);
    }
    match &value.kind {
        ExprKind::Object(members) => inside(members, rest),
        _ => None,
    }
}

/// The names in a type: of `satisfies JobDefinition<…>`, `Record<string, JobDefinition>`, `EventHandler[]`.
fn type_words(kind: &TypeKind) -> Name {
    match kind {
        TypeKind::Ref(reference) => {
            let mut words = reference.path.join(".");
            for argument in &reference.args {
                words.push(' ');
                words.push_str(&type_words(&argument.kind));
            }
            words.into()
        }
        TypeKind::Array { items, .. } => type_words(&items.kind),
        TypeKind::Map { values, .. } => type_words(&values.kind),
        _ => Name::default(),
    }
}

pub(super) fn speaks(text: &str) -> bool {
    any_word(text, |word| WORDS.contains(&word.strip_suffix('s').unwrap_or(word)))
}
