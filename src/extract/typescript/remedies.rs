//! How a name is kept on the wire in TypeScript: by the key of the literal that is written, or of the type that says so.

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    ArrowFunctionExpression, CallExpression, Expression, Function, ObjectProperty, PropertyKey, TSPropertySignature,
};
use oxc_ast_visit::{Visit, walk};
use oxc_span::{GetSpan, Span as CodeSpan};
use oxc_syntax::scope::ScopeFlags;

use super::{parse, program_text};
use crate::extract::remedy::{Remedy, Safety, Wanted, What, is_identifier, names_member, requoted, text_at, unquoted};
use crate::source::Span;

pub(super) fn remedies(wanted: &Wanted<'_>) -> Vec<Remedy> {
    let (name, now) = match wanted.what {
        What::Key { name, now } => (name, now),
        What::Missing { name } => return super::restores::restore(wanted, name).into_iter().collect(),
        What::Keys => return Vec::new(),
    };
    let source = wanted.head;
    let (code, kind) = program_text(&source.path, source.text());
    let allocator = Allocator::default();
    let parsed = parse::parse(&allocator, &code, kind);
    let mut finder = Keys { at: wanted.at, held: 0, builders: 0, found: None };
    finder.visit_program(&parsed.program);
    finder.found.and_then(|place| keep(wanted, place, name, now)).into_iter().collect()
}

/// What the key at a place belongs to.
#[derive(Clone, Copy)]
enum Place {
    /// A key of an object literal; `shorthand` is a key and a value in one word.
    Literal { shorthand: bool, handed_on: bool },
    /// A member of a type, or of what makes one: other code goes by its name.
    Declared,
}

fn keep(wanted: &Wanted<'_>, place: Place, name: &str, now: &str) -> Option<Remedy> {
    let key = text_at(wanted.head, wanted.at)?;
    let quoted = unquoted(key).is_some();
    if unquoted(key).unwrap_or(key) != now {
        return None;
    }
    let written = match (quoted, is_identifier(name)) {
        (true, _) => requoted(key, name)?,
        (false, true) => name.to_owned(),
        (false, false) => requoted("''", name)?,
    };
    let (replacement, safety) = match place {
        Place::Literal { shorthand, handed_on } => {
            let replacement = if shorthand { format!("{written}: {key}") } else { written };
            // A literal that a variable holds may be read by the name that it has now.
            let read = !handed_on && names_member(wanted.head.text(), now, wanted.at);
            (replacement, if read { Safety::OthersFollow } else { Safety::UnlessDeclared })
        }
        Place::Declared => (written, Safety::OthersFollow),
    };
    Some(Remedy::keep(name, vec![(wanted.at, replacement)], safety))
}

fn same(span: CodeSpan, at: Span) -> bool {
    span.start == at.start && span.end == at.end
}

struct Keys {
    at: Span,
    /// How many calls there are around whose arguments are literals down to here.
    held: usize,
    /// How many calls of a schema builder there are around: `z.object`, `Type.Object`, `v.object`.
    builders: usize,
    found: Option<Place>,
}

impl Keys {
    fn is_key(&self, key: &PropertyKey<'_>) -> bool {
        same(key.span(), self.at)
    }
}

impl<'a> Visit<'a> for Keys {
    fn visit_object_property(&mut self, property: &ObjectProperty<'a>) {
        if self.is_key(&property.key) {
            self.found = Some(if self.builders > 0 {
                Place::Declared
            } else {
                Place::Literal { shorthand: property.shorthand, handed_on: self.held > 0 }
            });
            return;
        }
        walk::walk_object_property(self, property);
    }

    fn visit_ts_property_signature(&mut self, property: &TSPropertySignature<'a>) {
        if self.is_key(&property.key) {
            self.found = Some(Place::Declared);
            return;
        }
        walk::walk_ts_property_signature(self, property);
    }

    fn visit_property_definition(&mut self, property: &oxc_ast::ast::PropertyDefinition<'a>) {
        if self.is_key(&property.key) {
            self.found = Some(Place::Declared);
            return;
        }
        walk::walk_property_definition(self, property);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        self.visit_expression(&call.callee);
        let builder = usize::from(builds_a_schema(call));
        self.builders += builder;
        self.held += 1;
        for argument in &call.arguments {
            self.visit_argument(argument);
        }
        self.held -= 1;
        self.builders -= builder;
    }

    fn visit_function(&mut self, function: &Function<'a>, flags: ScopeFlags) {
        let (held, builders) = (std::mem::take(&mut self.held), std::mem::take(&mut self.builders));
        walk::walk_function(self, function, flags);
        (self.held, self.builders) = (held, builders);
    }

    fn visit_arrow_function_expression(&mut self, function: &ArrowFunctionExpression<'a>) {
        let (held, builders) = (std::mem::take(&mut self.held), std::mem::take(&mut self.builders));
        walk::walk_arrow_function_expression(self, function);
        (self.held, self.builders) = (held, builders);
    }
}

/// A call whose literal says what a value looks like: every value of the literal is itself made by a call of the same builder.
pub(super) fn builds_a_schema(call: &CallExpression<'_>) -> bool {
    let Expression::StaticMemberExpression(member) = &call.callee else { return false };
    matches!(
        member.property.name.as_str(),
        "object"
            | "Object"
            | "strictObject"
            | "looseObject"
            | "Struct"
            | "type"
            | "extend"
            | "keys"
            | "shape"
            | "merge"
            | "discriminatedUnion"
    )
}
