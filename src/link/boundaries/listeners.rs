//! Buses of the repository that run their listeners themselves: what is put on one never leaves the process, whatever the bus is called.

use super::Linker;
use crate::facts::{Call, ExprKind, FnId, Function, LocalKind, Role};
use crate::link::idioms::matcher::Idiom;
use crate::link::resolve::FnRef;
use crate::link::summaries::CallSite;

/// The methods by which listeners that are objects are run.
const RUN: &[&str] =
    &["handle", "handleEvent", "handle_event", "notify", "onEvent", "on_event", "execute", "process", "invoke", "call"];

impl Linker<'_, '_> {
    /// The kind of a boundary whose sink is the last call of `chain`: what the row says, unless that is a bus that runs its listeners.
    pub(super) fn kind_of<'i>(&self, idiom: &'i Idiom, chain: &[CallSite]) -> &'i str {
        let Some(sink) = chain.last().filter(|_| idiom.kind == "queue") else { return &idiom.kind };
        let call = self.program.function(sink.function).call(sink.call);
        match self.eval.callee(sink.function, call) {
            Some(target) if self.runs_listeners(target, idiom.role) => "in-process",
            Some(_) | None => &idiom.kind,
        }
    }

    /// Whether a method that publishes calls what the bus keeps; for one that subscribes, whether any method of the bus does.
    fn runs_listeners(&self, target: FnRef, role: Role) -> bool {
        let scope = &self.program.function(target).scope;
        self.program.files.unit(target.file).facts.functions.iter().enumerate().any(|(id, function)| {
            let own = FnRef { file: target.file, id: FnId(id as u32) };
            let method = self.eval.method_around(own);
            let of_bus = match role {
                Role::Producer => method == target,
                Role::Consumer => !scope.is_empty() && self.program.function(method).scope == *scope,
            };
            of_bus && function.calls.iter().any(|call| is_of_listener(function, call, own != method))
        })
    }
}

/// Whether a call runs something that was taken out of a collection, with something to tell it.
fn is_of_listener(function: &Function, call: &Call, in_closure: bool) -> bool {
    let is_kept = |callee: &ExprKind| match callee {
        ExprKind::Local(id) => function.locals.get(id.0 as usize).is_some_and(|local| match local.kind {
            LocalKind::Variable => local.value.as_ref().is_some_and(|value| matches!(value.kind, ExprKind::Element(_))),
            LocalKind::Param => in_closure,
            LocalKind::RestParam | LocalKind::NamedRestParam | LocalKind::OfModule => false,
        }),
        ExprKind::Index(..) => true,
        _ => false,
    };
    !call.args.is_empty()
        && match &call.callee.kind {
            ExprKind::Member(base, name) => RUN.contains(&name.as_str()) && is_kept(&base.kind),
            callee => is_kept(callee),
        }
}
