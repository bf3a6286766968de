//! What an object was made with, where one place of the program alone makes such an object: `Sink(write_log)` of a
//! `class Sink: def __init__(self, task): self.task = task`.

use super::given_for;
use crate::facts::{Expr, ExprKind, LanguageId};
use crate::link::callee;
use crate::link::eval::{Eval, dotted};
use crate::link::packages::is_test_path;
use crate::link::resolve::{DeclId, Entity, FnRef, Want};
use crate::link::summaries::CallSite;
use crate::link::term::Term;

/// What the member of its own object that a method names was given to the constructor under that name.
pub(super) fn made_with<'a>(eval: &Eval<'a>, function: FnRef, expr: &Expr) -> Option<Term<'a>> {
    let ExprKind::Member(base, name) = &expr.kind else { return None };
    let program = eval.program;
    if !matches!(base.kind, ExprKind::This) || program.files.unit(function.file).facts.language != LanguageId::Python {
        return None;
    }
    let class = eval.own_class(eval.method_around(function)).filter(|class| program.heirs_of(*class).is_empty())?;
    let constructor = program.function(callee::method_of(eval, class, "__init__", 0)?);
    let index = constructor.locals.iter().take(constructor.params as usize).position(|local| local.name == *name)?;
    let site = only_place(eval, class)?;
    let call = program.function(site.function).call(site.call);
    let given = given_for(constructor, call, u32::try_from(index).ok()?)?;
    Some(eval.term(site.function, given, call.span.start))
}

/// The call that makes the objects of a class, where there is one alone outside of tests.
fn only_place(eval: &Eval<'_>, class: DeclId) -> Option<CallSite> {
    let program = eval.program;
    let name = &program.class(class).name;
    let mut found = None;
    for file in program.calling(name) {
        let unit = program.files.unit(*file);
        if unit.facts.in_test || is_test_path(unit.path.as_str()) {
            continue;
        }
        for (function, call) in unit.index.calls.get(name).into_iter().flatten() {
            let site = CallSite { function: FnRef { file: *file, id: *function }, call: *call };
            let callee = &program.function(site.function).call(site.call).callee;
            let Some(path) = dotted(callee) else { continue };
            let made = program.resolve(*file, program.visible_scope(site.function), &path, Want::Class);
            if made.is_some_and(|made| made.entity == Entity::Class(class) && made.rest.is_empty())
                && found.replace(site).is_some()
            {
                return None;
            }
        }
    }
    found
}
