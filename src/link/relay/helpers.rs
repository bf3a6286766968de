//! Helpers that are handed a task and its arguments: `def send_task(task, *args, **kwargs): task.send(*args, **kwargs)`.
//!
//! What such a helper sends is known where it is called: the task by the argument that holds it, its message by the arguments behind.
//! Left out is a helper around such a helper.

use super::{DIRECT, Form, PACKED, QUEUES, Relay};
use super::{composed, decorated_name, given_for, handed, receiver, task_name, task_of, unresolved};
use crate::facts::{Call, Expr, ExprKind, Function, Local, LocalKind, Name};
use crate::link::eval::Eval;
use crate::link::idioms::selector::named_in_source;
use crate::link::index::called_name;
use crate::link::resolve::FnRef;
use crate::link::summaries::CallSite;
use crate::link::term::{Kind, Site, Term};

/// A function that has the task run that it is given.
#[derive(Clone, Copy, Debug)]
pub struct Helper {
    /// The call that hands the task and its arguments on.
    sink: CallSite,
    /// The parameter that holds the task.
    task: u32,
    /// How many parameters stand before those that are the task's own.
    before: u32,
}

/// What a call of a helper sends.
pub struct Sent<'a> {
    pub name: Name,
    pub payload: Term<'a>,
}

impl Helper {
    /// Whether a chain of calls goes down to this helper's own call and no further.
    pub fn ends(&self, chain: &[CallSite]) -> bool {
        chain == [self.sink]
    }

    /// Where a call of the helper holds the task's arguments.
    pub fn form(&self) -> Form {
        Form::From(self.before)
    }

    /// The function that a call of the helper runs, with where its arguments are.
    fn relay<'a>(&self, eval: &Eval<'a>, helper: FnRef, site: CallSite) -> Option<(FnRef, Relay)> {
        let call = eval.program.function(site.function).call(site.call);
        let given = given_for(eval.program.function(helper), call, self.task)?;
        let target = task_of(eval, site.function, given, call.span.start)?;
        Some((target, Relay { site, form: self.form(), queued: true }))
    }

    /// What a call of the helper sends; `None` where the caller does not know the task either.
    pub fn sent<'a>(&self, eval: &Eval<'a>, helper: FnRef, function: FnRef, call: &'a Call) -> Option<Sent<'a>> {
        let owner = eval.program.function(helper);
        let given = given_for(owner, call, self.task)?;
        let form = self.form();
        let mut handed = handed(eval, function, call, form);
        let of_helper = |name: &Name| own_parameters(owner).any(|local| local.name == *name);
        handed.named.retain(|named| !of_helper(&named.key));
        let site = Site { file: function.file, span: call.span };
        let term = eval.term(function, given, call.span.start);
        if let Some(target) = task_of(eval, function, given, call.span.start) {
            let payload = composed(eval, target, handed, form, site)?;
            let name = decorated_name(eval, &term).unwrap_or_else(|| task_name(eval, target));
            return Some(Sent { name, payload });
        }
        if term.is_open() || matches!(term.bare().kind, Kind::Literal(_)) {
            return None;
        }
        Some(Sent { name: named_in_source(eval, &term, given)?, payload: unresolved(handed, site) })
    }
}

/// The function around a call that hands on one of its parameters as the task and what else it is given as the task's arguments.
pub(super) fn helper_around(eval: &Eval<'_>, site: CallSite) -> Option<(FnRef, Helper)> {
    let call = eval.program.function(site.function).call(site.call);
    let facts = &eval.program.files.unit(site.function.file).facts;
    let name = called_name(facts, eval.program.function(site.function), &call.callee.kind)?;
    let (task, handed) = if DIRECT.contains(&name) || PACKED.contains(&name) {
        (receiver(&call.callee)?, call.args.as_slice())
    } else if QUEUES.contains(&name) {
        let (first, behind) = call.args.split_first()?;
        (&first.value, behind)
    } else {
        return None;
    };
    let (owner, task) = parameter(eval, site.function, task)?;
    let function = eval.program.function(owner);
    if function.locals[task as usize].kind != LocalKind::Param {
        return None;
    }
    let packed = PACKED.contains(&name);
    let mut hands_on = false;
    for argument in handed {
        if super::is_rest_of_partial(eval.program.function(site.function), argument) {
            continue;
        }
        let in_place = argument.spread || packed && matches!(argument.name.as_deref(), Some("args" | "kwargs"));
        let rest = parameter(eval, site.function, &argument.value).filter(|(of, index)| {
            *of == owner && matches!(function.locals[*index as usize].kind, LocalKind::RestParam | LocalKind::NamedRestParam)
        });
        match rest {
            Some(_) if in_place => hands_on = true,
            // Options of the queue are none of the task's arguments.
            None if packed && argument.name.is_some() && !in_place => {}
            _ => return None,
        }
    }
    let before = function.locals.iter().take(function.params as usize).position(|local| local.kind != LocalKind::Param)?;
    let helper = Helper { sink: site, task, before: before as u32 };
    hands_on.then_some((owner, helper))
}

/// The parameters of a helper that take one value each.
fn own_parameters(helper: &Function) -> impl Iterator<Item = &Local> {
    helper.locals.iter().take(helper.params as usize).filter(|local| local.kind == LocalKind::Param)
}

/// The parameter that an expression names, of the function around it or of one further out.
fn parameter(eval: &Eval<'_>, function: FnRef, expr: &Expr) -> Option<(FnRef, u32)> {
    let (owner, id) = match &expr.kind {
        ExprKind::Local(id) => (function, *id),
        ExprKind::Outer(out, id) => (eval.program.outer(function, *out)?, *id),
        _ => return None,
    };
    (id.0 < eval.program.function(owner).params).then_some((owner, id.0))
}

/// The calls of a helper that run a function of the repository, by that function.
pub(super) fn relays_of(eval: &Eval<'_>, owner: FnRef, helper: &Helper) -> Vec<(FnRef, Relay)> {
    let name = &eval.program.function(owner).name;
    let mut found = Vec::new();
    for file in eval.program.calling(name) {
        for (function, call) in eval.program.files.unit(*file).index.calls.get(name).into_iter().flatten() {
            let site = CallSite { function: FnRef { file: *file, id: *function }, call: *call };
            let call = eval.program.function(site.function).call(site.call);
            if eval.callee(site.function, call) == Some(owner) {
                found.extend(helper.relay(eval, owner, site));
            }
        }
    }
    found
}
