//! What repeats a handoff that failed: helpers around the call, decorators, a loop by hand, settings of a library.

use crate::facts::{Call, Enclosing, Expr, ExprKind, FnId, Function, Name};
use crate::link::eval::Eval;
use crate::link::index::last_name;
use crate::link::resolve::FnRef;
use crate::link::summaries::CallSite;
use crate::link::term::Site;
use crate::shape::wire_name::fold;
use crate::source::Span;

/// How many functions around a call are looked at for a helper that repeats it.
const MAX_NESTING: usize = 16;

/// Something that repeats what stands inside it.
pub struct Around<'a> {
    /// By its name in the source.
    pub name: Name,
    pub function: FnRef,
    /// The call or decorator that sets it up; `None` for a loop by hand.
    pub call: Option<&'a Call>,
    /// What is repeated.
    pub extent: Span,
}

/// Everything that repeats the calls of a chain, from the site down to the sink.
pub fn around<'a>(eval: &Eval<'a>, chain: &[CallSite]) -> Vec<Around<'a>> {
    let mut found: Vec<Around<'a>> = Vec::new();
    for site in chain {
        let owner: &'a Function = eval.program.function(site.function);
        let call = owner.call(site.call);
        for enclosing in &call.surroundings.enclosing {
            if let Enclosing::Loop(span) = enclosing
                && is_retry_loop(owner, call, *span)
            {
                found.push(Around { name: "a loop".into(), function: site.function, call: None, extent: *span });
            }
        }
        let mut current = site.function;
        for _ in 0..MAX_NESTING {
            let owner: &'a Function = eval.program.function(current);
            for decorator in &owner.decorators {
                if let Some(name) = last_name(&decorator.callee.kind)
                    && is_retrying(&decorator.callee)
                {
                    let name = name.to_owned();
                    // Its arguments stand at the top of the file.
                    let top = FnRef { file: current.file, id: FnId(0) };
                    found.push(Around { name: name.into(), function: top, call: Some(decorator), extent: owner.extent });
                }
            }
            let Some((parent, slot)) = owner.parent else { break };
            let outer = FnRef { file: current.file, id: parent };
            let helper = match slot {
                Some(slot) => eval.program.function(outer).calls.get(slot.0 as usize),
                None => called_on(eval.program.function(outer), current.id),
            };
            if let Some(helper) = helper
                && let Some(name) = last_name(&helper.callee.kind)
                && is_retrying(&helper.callee)
            {
                let name = name.to_owned();
                found.push(Around { name: name.into(), function: outer, call: Some(helper), extent: owner.extent });
            }
            current = outer;
        }
    }
    found
}

/// Whether a value that is made at `made` is the same in every attempt: something repeats the handoff, and it is made outside.
pub fn is_made_once(eval: &Eval<'_>, chain: &[CallSite], made: Site) -> bool {
    around(eval, chain).iter().any(|around| around.function.file != made.file || !around.extent.contains(made.span))
}

/// `(|| send()).retry(policy)`: the call that is made on a closure.
fn called_on(outer: &Function, closure: FnId) -> Option<&Call> {
    let is_closure = |expr: &Expr| match &expr.kind {
        ExprKind::Function(id) => *id == closure,
        ExprKind::Local(local) => {
            outer.local(*local).value.as_ref().is_some_and(|value| matches!(value.kind, ExprKind::Function(id) if id == closure))
        }
        _ => false,
    };
    outer.calls.iter().find(|call| match &call.callee.kind {
        ExprKind::Member(base, _) => is_closure(base),
        _ => false,
    } || call.args.iter().any(|arg| is_closure(&arg.value)) && is_retrying(&call.callee))
}

/// Whether a callee repeats what it is given: `pRetry`, `retry_async`, `withRetries`, `Retry::spawn`, `backoff.on_exception`.
pub fn is_retrying(callee: &Expr) -> bool {
    let text = crate::link::eval::callee_text(callee);
    text.rsplit(['.', ':']).take(2).any(|name| {
        let folded = fold(name);
        let says = folded.contains("retry") || folded.contains("retries") || folded == "backoff" || folded == "attempt";
        let about = ["on", "should", "is", "can", "no", "without", "disable", "skip", "max", "get", "set"];
        says && !about.iter().any(|prefix| folded.starts_with(prefix) && folded != "onexception")
    })
}

/// Whether a loop is there to try again, and not to go through a list: it counts attempts.
pub fn is_retry_loop(owner: &Function, call: &Call, span: Span) -> bool {
    let counts = |name: &str| {
        let folded = fold(name);
        folded.starts_with("attempt")
            || folded.starts_with("retry")
            || folded.starts_with("retries")
            || folded.starts_with("tries")
            || folded == "trycount"
    };
    let counted = owner.locals.iter().any(|local| span.contains(local.span) && counts(&local.name));
    let guarded = call.surroundings.enclosing.iter().any(|enclosing| match enclosing {
        Enclosing::Branch(guard) => {
            span.contains(guard.span) && guard.source.split(|c: char| !c.is_alphanumeric() && c != '_').any(counts)
        }
        Enclosing::Loop(_) | Enclosing::Try(_) | Enclosing::Catch(_) | Enclosing::Block(_) => false,
    });
    counted || guarded
}
