//! Putting a lost key back in TypeScript: the entry of the object literal, or the member of the type, as it stood at base.

use std::cell::Cell;

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    BindingIdentifier, CallExpression, Class, Expression, Function, IdentifierReference, ObjectExpression, ObjectPropertyKind,
    TSInterfaceDeclaration, TSSignature, TSTypeAliasDeclaration, TSTypeLiteral,
};
use oxc_ast::ast_kind::AstKind;
use oxc_ast_visit::{Visit, walk};
use oxc_span::{GetSpan, Span as CodeSpan};
use oxc_syntax::scope::{ScopeFlags, ScopeId};

use super::remedies::builds_a_schema;
use super::{parse, program_text};
use crate::extract::remedy::{Remedy, Wanted};
use crate::extract::restore::{self, Entry, Holder, Scopes, Side, Style};
use crate::source::{SourceText, Span};

pub(super) fn restore(wanted: &Wanted<'_>, name: &str) -> Option<Remedy> {
    restore::restore(wanted, name, find)
}

/// The holder at a place: the one that stands there, is called so, or has a key there.
fn find(source: &SourceText, place: Span) -> Option<Side<'_>> {
    let (code, kind) = program_text(&source.path, source.text());
    let allocator = Allocator::default();
    let parsed = parse::parse(&allocator, &code, kind);
    let mut finder =
        Finder { place, builders: 0, found: None, scopes: Scopes::default(), node: CodeSpan::default(), used: Vec::new() };
    finder.visit_program(&parsed.program);
    Some(Side::new(source, place, finder.found?, finder.scopes, finder.used))
}

fn span(span: CodeSpan) -> Span {
    Span { start: span.start, end: span.end }
}

struct Finder {
    place: Span,
    /// How many calls of a schema builder there are around.
    builders: usize,
    found: Option<(Holder, bool)>,
    scopes: Scopes,
    /// The node that was entered last: the one whose scope begins, where one does.
    node: CodeSpan,
    used: Vec<(Span, String)>,
}

impl Finder {
    fn literal(&self, object: &ObjectExpression<'_>) -> Holder {
        let entries = object.properties.iter().map(|property| match property {
            ObjectPropertyKind::ObjectProperty(property) => Entry {
                key: property.key.static_name().map(|name| name.into_owned()).unwrap_or_default(),
                at: span(property.key.span()),
                whole: span(property.span),
            },
            ObjectPropertyKind::SpreadProperty(spread) => {
                Entry { key: String::new(), at: span(spread.span), whole: span(spread.span) }
            }
        });
        Holder { inside: between(object.span), entries: entries.collect(), style: Style::Commas { pad: " " } }
    }

    fn members(&mut self, known: bool, whole: CodeSpan, members: &[TSSignature<'_>]) {
        let entries: Vec<Entry> = members
            .iter()
            .filter_map(|member| match member {
                TSSignature::TSPropertySignature(property) => Some(Entry {
                    key: property.key.static_name().map(|name| name.into_owned()).unwrap_or_default(),
                    at: span(property.key.span()),
                    whole: span(property.span),
                }),
                _ => None,
            })
            .collect();
        if self.found.is_none() && (known || span(whole) == self.place || entries.iter().any(|entry| entry.at == self.place)) {
            self.found = Some((Holder { inside: between(whole), entries, style: Style::Semicolons }, false));
        }
    }
}

/// What stands between brackets.
fn between(whole: CodeSpan) -> Span {
    Span { start: whole.start + 1, end: whole.end.saturating_sub(1).max(whole.start + 1) }
}

impl<'a> Visit<'a> for Finder {
    fn enter_node(&mut self, kind: AstKind<'a>) {
        self.node = kind.span();
    }

    fn enter_scope(&mut self, _: ScopeFlags, _: &Cell<Option<ScopeId>>) {
        self.scopes.enter(span(self.node));
    }

    fn leave_scope(&mut self) {
        self.scopes.leave();
    }

    fn visit_binding_identifier(&mut self, name: &BindingIdentifier<'a>) {
        self.scopes.bind(name.name.as_str());
    }

    fn visit_identifier_reference(&mut self, name: &IdentifierReference<'a>) {
        self.used.push((span(name.span), name.name.to_string()));
    }

    fn visit_function(&mut self, function: &Function<'a>, flags: ScopeFlags) {
        // Its name is known around it as well.
        if let Some(name) = &function.id {
            self.scopes.bind(name.name.as_str());
        }
        walk::walk_function(self, function, flags);
    }

    fn visit_class(&mut self, class: &Class<'a>) {
        if let Some(name) = &class.id {
            self.scopes.bind(name.name.as_str());
        }
        walk::walk_class(self, class);
    }

    fn visit_object_expression(&mut self, object: &ObjectExpression<'a>) {
        if self.found.is_none() {
            let holder = self.literal(object);
            if span(object.span) == self.place || holder.entries.iter().any(|entry| entry.at == self.place) {
                self.found = Some((holder, self.builders == 0));
            }
        }
        walk::walk_object_expression(self, object);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        let builder = usize::from(builds_a_schema(call));
        self.builders += builder;
        // A schema's place may be the whole call that makes it.
        if let (1, true, Some(Expression::ObjectExpression(object))) =
            (builder, span(call.span) == self.place, call.arguments.first().and_then(|argument| argument.as_expression()))
            && self.found.is_none()
        {
            self.found = Some((self.literal(object), false));
        }
        walk::walk_call_expression(self, call);
        self.builders -= builder;
    }

    fn visit_ts_interface_declaration(&mut self, declared: &TSInterfaceDeclaration<'a>) {
        let known = [declared.id.span, declared.span].iter().any(|own| span(*own) == self.place);
        self.members(known, declared.body.span, &declared.body.body);
        walk::walk_ts_interface_declaration(self, declared);
    }

    fn visit_ts_type_alias_declaration(&mut self, declared: &TSTypeAliasDeclaration<'a>) {
        let known = [declared.id.span, declared.span].iter().any(|own| span(*own) == self.place);
        if let (true, oxc_ast::ast::TSType::TSTypeLiteral(literal)) = (known, &declared.type_annotation) {
            self.members(true, literal.span, &literal.members);
        }
        walk::walk_ts_type_alias_declaration(self, declared);
    }

    fn visit_ts_type_literal(&mut self, literal: &TSTypeLiteral<'a>) {
        self.members(false, literal.span, &literal.members);
        walk::walk_ts_type_literal(self, literal);
    }
}
