//! Rows that their class hands on when they are saved: a static method under `@AfterCreate` is called with every row that
//! `Model.create(…)` makes, so that call is one of the method for everything that follows arguments. Left out are rows that are
//! changed or deleted: what is in them the call does not say.

use super::callee;
use super::eval::{Eval, callee_text};
use super::modules::FileId;
use super::resolve::{DeclId, Entity, FnRef, Want};
use super::summaries::CallSite;
use super::term::{Entry, Kind, Term};
use crate::facts::{Call, Expr, ExprKind, FnId, Function, LanguageId};

/// The decorators of methods that a mapper calls with a row that has been made.
const AFTER: &[&str] = &["AfterCreate", "AfterSave", "AfterUpsert"];

/// Packages whose models have such methods.
const MAPPERS: &[&str] = &["sequelize", "sequelize-typescript", "@sequelize"];

/// Whether a mapper calls a method with a row that has been made.
pub fn is_hook(function: &Function) -> bool {
    function.is_method && function.decorators.iter().any(|call| AFTER.contains(&callee_text(&call.callee).as_str()))
}

/// The calls that make a row of a class, with the methods that are called with it.
pub fn run_by_rows(eval: &Eval<'_>) -> Vec<(FnRef, CallSite)> {
    let mut hooks: Vec<(DeclId, FnRef)> = Vec::new();
    for (at, unit) in eval.program.files.units.iter().enumerate() {
        for (index, function) in unit.facts.functions.iter().enumerate() {
            let hook = FnRef { file: FileId(at as u32), id: FnId(index as u32) };
            if is_hook(function)
                && let Some(class) = eval.own_class(hook)
            {
                hooks.push((class, hook));
            }
        }
    }
    let mut found = Vec::new();
    if hooks.is_empty() {
        return found;
    }
    for (at, unit) in eval.program.files.units.iter().enumerate() {
        let file = FileId(at as u32);
        for (function, call) in unit.index.calls.get("create").into_iter().flatten() {
            let site = CallSite { function: FnRef { file, id: *function }, call: *call };
            let call = eval.program.function(site.function).call(site.call);
            let Some(class) = class_called(eval, site.function, call) else { continue };
            let of_class = |(owner, _): &&(DeclId, FnRef)| *owner == class || eval.heirs(*owner).contains(&class);
            found.extend(hooks.iter().filter(of_class).map(|(_, hook)| (*hook, site)));
        }
    }
    found
}

/// The row that `Model.build({…})` makes of a class of the repository: what it is given, and whatever else the mapper puts there.
pub fn as_row(given: Term<'_>) -> Term<'_> {
    let site = given.site;
    let further = Entry::Spread { value: Term::unknown("what else the model has", site), conditional: false };
    let entries = match given.kind {
        Kind::Object(entries) => std::iter::once(further).chain(entries).collect(),
        kind => vec![further, Entry::Spread { value: Term::new(kind, site), conditional: false }],
    };
    Term::new(Kind::Object(entries), site)
}

/// What `Model.build({…})` of a class of the repository is given.
pub fn row_built<'a>(eval: &Eval<'a>, function: FnRef, call: &'a Call) -> Option<&'a Expr> {
    let ExprKind::Member(_, name) = &call.callee.kind else { return None };
    if name != "build" || eval.program.files.unit(function.file).facts.language != LanguageId::TypeScript {
        return None;
    }
    let row = call.args.first().filter(|argument| !argument.spread)?;
    is_mapped(eval, class_called(eval, function, call)?).then_some(&row.value)
}

/// The class of the repository that a static method is called on.
fn class_called(eval: &Eval<'_>, function: FnRef, call: &Call) -> Option<DeclId> {
    let ExprKind::Member(base, _) = &call.callee.kind else { return None };
    match &base.kind {
        ExprKind::This => eval.own_class(function),
        ExprKind::Name(path) => {
            let scope = eval.program.visible_scope(function);
            match eval.program.resolve(function.file, scope, path, Want::Class)?.entity {
                Entity::Class(class) => Some(class),
                Entity::Type(_) | Entity::Constant(_) | Entity::Function(_) | Entity::Module(_) | Entity::External(_) => None,
            }
        }
        _ => None,
    }
}

/// Whether a class is one of a mapper's.
fn is_mapped(eval: &Eval<'_>, class: DeclId) -> bool {
    callee::has_base(eval, class, &|class, base| {
        let found = eval.program.resolve(class.file, &eval.program.class(class).scope, base, Want::Class);
        found.is_some_and(|found| match found.entity {
            Entity::External(path) => path.first().is_some_and(|module| MAPPERS.contains(&module.as_str())),
            Entity::Class(_) | Entity::Type(_) | Entity::Constant(_) | Entity::Function(_) | Entity::Module(_) => false,
        })
    })
}
