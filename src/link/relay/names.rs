//! What tasks are called: by the name that registers them, that of their class, or that of the class which is put on a queue.

use super::{RUN_METHODS, decorated};
use crate::facts::{Expr, ExprKind, Function, Literal, Name};
use crate::link::callee;
use crate::link::eval::Eval;
use crate::link::resolve::{DeclId, FnRef};
use crate::link::term::{Kind, RECEIVER_CLASS, Site, Term};
use crate::source::Span;

/// Named arguments by which a function is registered under another name than its own.
const NAMING: &[&str] = &["name", "actor_name", "task_name"];

/// The name by which messages for a function go that a call is handed. One of whichever class a class method is called on goes by the
/// name of that class: `queue.enqueue(cls.handle)`.
pub fn name_at<'a>(eval: &Eval<'a>, function: FnRef, given: &'a Expr, at: u32) -> Option<Term<'a>> {
    let site = Site { file: function.file, span: given.span };
    if let ExprKind::Member(base, name) = &given.kind
        && matches!(base.kind, ExprKind::This)
        && RUN_METHODS.contains(&name.as_str())
    {
        let kind = Kind::Param { function: eval.method_around(function), index: RECEIVER_CLASS, declared: None };
        return Some(Term::new(kind, site));
    }
    let term = eval.term(function, given, at);
    let name = match &term.bare().kind {
        Kind::Function(target) if !eval.program.function(*target).name.is_empty() => task_name(eval, *target),
        Kind::Built(_) => decorated_name(eval, &term)?,
        _ => return None,
    };
    Some(Term::new(Kind::Literal(Literal::Text(name)), site))
}

/// The name that messages for what a foreign call was given carry: the one that the call states, or that of the function.
pub fn decorated_name<'a>(eval: &Eval<'a>, term: &Term<'a>) -> Option<Name> {
    let target = decorated(eval, term)?;
    let Kind::Built(built) = &term.bare().kind else { return None };
    let stated = built.calls.iter().flat_map(|(_, args)| args).find_map(|(name, value)| {
        let names_it = NAMING.contains(&name.as_deref()?);
        value.as_text().filter(|_| names_it).map(Name::from)
    });
    Some(stated.unwrap_or_else(|| task_name(eval, target)))
}

/// The name that messages for a function carry.
pub fn task_name(eval: &Eval<'_>, target: FnRef) -> Name {
    let function = eval.program.function(target);
    match function.scope.last() {
        Some(class) if function.is_method && RUN_METHODS.contains(&function.name.as_str()) => {
            eval.own_class(target).map_or_else(|| class.clone(), |class| class_task_name(eval, class))
        }
        _ => registered_name(function).unwrap_or_else(|| function.name.clone()),
    }
}

/// The name that messages for a task carry that is a class.
pub fn class_task_name(eval: &Eval<'_>, class: DeclId) -> Name {
    let site = Site { file: class.file, span: Span::default() };
    let stated = ["name", "__name__"].iter().find_map(|key| eval.constant_of(class, key, site)?.as_text().map(Name::from));
    stated.unwrap_or_else(|| eval.program.class(class).name.clone())
}

/// The methods of the classes below that a task of a base class runs, where it leaves the work to them:
/// `def handle(cls, job, **kwargs): cls(job).run(**kwargs)`.
pub fn run_below(eval: &Eval<'_>, target: FnRef) -> Vec<(DeclId, FnRef)> {
    let function = eval.program.function(target);
    let Some(base) = eval.own_class(target).filter(|_| function.is_method) else { return Vec::new() };
    let of_own = |on: &Expr| match &on.kind {
        ExprKind::This => true,
        ExprKind::Record(made) => made.ty.path.last() == Some(&eval.program.class(base).name),
        _ => false,
    };
    let left = function.calls.iter().find_map(|call| match &call.callee.kind {
        ExprKind::Member(on, name) if *name != function.name && RUN_METHODS.contains(&name.as_str()) && of_own(on) => Some(name),
        _ => None,
    });
    let Some(left) = left else { return Vec::new() };
    let own = callee::method_of(eval, base, left, 0);
    let below = eval.heirs(base).into_iter().filter(|class| *class != base);
    below
        .filter_map(|class| {
            let method = callee::method_of(eval, class, left, 0).filter(|method| Some(*method) != own)?;
            (eval.own_class(method) == Some(class)).then_some((class, method))
        })
        .collect()
}

/// The name that a decorator registers a function under.
pub fn registered_name(function: &Function) -> Option<Name> {
    function.decorators.iter().flat_map(|decorator| &decorator.args).find_map(|argument| {
        match (argument.name.as_deref(), &argument.value.kind) {
            (Some(name), ExprKind::Literal(Literal::Text(text))) if NAMING.contains(&name) => Some(text.clone()),
            _ => None,
        }
    })
}
