//! Facts without the room that lists leave for growth: they are kept for every file of every snapshot, and never grow again.

use super::{Call, Expr, ExprKind, FileFacts, Function, ValueMember};

impl FileFacts {
    /// Gives back what lists have reserved beyond what they hold.
    pub fn compact(&mut self) {
        self.types.shrink_to_fit();
        self.classes.shrink_to_fit();
        self.constants.shrink_to_fit();
        self.functions.shrink_to_fit();
        self.imports.shrink_to_fit();
        self.made.shrink_to_fit();
        for constant in &mut self.constants {
            expr(&mut constant.value);
        }
        for class in &mut self.classes {
            class.members.shrink_to_fit();
            class.decorators.iter_mut().for_each(call);
        }
        self.functions.iter_mut().for_each(function);
    }
}

fn function(function: &mut Function) {
    function.locals.shrink_to_fit();
    function.returns.shrink_to_fit();
    function.calls.shrink_to_fit();
    function.reads.shrink_to_fit();
    function.cases.shrink_to_fit();
    function.decorators.shrink_to_fit();
    for local in &mut function.locals {
        local.edits.shrink_to_fit();
        local.value.iter_mut().for_each(expr);
    }
    for read in &mut function.reads {
        read.path.shrink_to_fit();
        read.compared.shrink_to_fit();
    }
    function.returns.iter_mut().for_each(expr);
    function.calls.iter_mut().for_each(call);
    function.decorators.iter_mut().for_each(call);
}

fn call(call: &mut Call) {
    call.args.shrink_to_fit();
    call.surroundings.enclosing.shrink_to_fit();
    call.surroundings.early_returns.shrink_to_fit();
    expr(&mut call.callee);
    call.args.iter_mut().for_each(|argument| expr(&mut argument.value));
}

fn expr(value: &mut Expr) {
    match &mut value.kind {
        ExprKind::Name(path) => path.shrink_to_fit(),
        ExprKind::Template(parts) | ExprKind::Array(parts) | ExprKind::OneOf(parts) => {
            parts.shrink_to_fit();
            parts.iter_mut().for_each(expr);
        }
        ExprKind::Object(members) => {
            members.shrink_to_fit();
            for member in members {
                let (ValueMember::Entry { value, .. } | ValueMember::Spread { value, .. }) = member;
                expr(value);
            }
        }
        ExprKind::Record(record) => {
            record.fields.shrink_to_fit();
            record.fields.iter_mut().for_each(|(_, value)| expr(value));
        }
        ExprKind::Member(inner, _)
        | ExprKind::ListOf(inner)
        | ExprKind::MapOf(inner)
        | ExprKind::Element(inner)
        | ExprKind::Await(inner)
        | ExprKind::Tested(inner, _)
        | ExprKind::Encoded(inner)
        | ExprKind::Decoded(inner, _)
        | ExprKind::Typed(inner, _) => expr(inner),
        ExprKind::Index(base, index) => {
            expr(base);
            expr(index);
        }
        ExprKind::Literal(_)
        | ExprKind::Absent
        | ExprKind::Local(_)
        | ExprKind::Outer(_, _)
        | ExprKind::This
        | ExprKind::Call(_)
        | ExprKind::Function(_)
        | ExprKind::OfType(_)
        | ExprKind::Unknown(_) => {}
    }
}
