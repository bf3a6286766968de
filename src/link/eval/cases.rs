//! What the branch around a call says of what the call is given: in `case "paid": this.handle(event)` of a `switch (event.type)` the
//! event's `type` is `paid`. Only keys by which payloads name their events count, of values that are no objects of a class.

use super::Eval;
use crate::facts::{Call, Enclosing, Expr, ExprKind, Guard};
use crate::link::callee;
use crate::link::naming::EVENT_KEYS;
use crate::link::resolve::FnRef;
use crate::link::term::{Entry, Kind, Site, Term};

impl<'a> Eval<'a> {
    /// The value of an argument, with the name that the branch around its call has shown it to have.
    pub(super) fn told_apart(
        &self,
        function: FnRef,
        call: &'a Call,
        argument: &'a Expr,
        value: Term<'a>,
        depth: u32,
    ) -> Term<'a> {
        if !matches!(argument.kind, ExprKind::Local(_) | ExprKind::Outer(..) | ExprKind::Member(..)) {
            return value;
        }
        let around = call.surroundings.enclosing.iter().rev().filter_map(|around| match around {
            Enclosing::Branch(guard) => Some(guard),
            Enclosing::Loop(_) | Enclosing::Catch(_) | Enclosing::Try(_) | Enclosing::Block(_) => None,
        });
        let mut guards = around.chain(call.surroundings.early_returns.iter().rev());
        let Some((key, guard)) = guards.find_map(|guard| Some((asked_of(guard, argument)?, guard))) else { return value };
        if callee::class_of(self, &value).is_some() {
            return value;
        }
        let site = Site { file: function.file, span: guard.span };
        let mut names: Vec<Term<'a>> =
            guard.values.iter().map(|name| self.eval(function, name, guard.span.end, depth + 1)).collect();
        let name = if names.len() == 1 { names.remove(0) } else { Term::new(Kind::OneOf(names), site) };
        let place = value.site;
        let entries = vec![
            Entry::Spread { value, conditional: false },
            Entry::Field { key: key.into(), value: name, conditional: false, site },
        ];
        Term::new(Kind::Object(entries), place)
    }
}

/// The key of a value that a branch runs for some constants of.
fn asked_of<'a>(guard: &'a Guard, argument: &Expr) -> Option<&'a str> {
    let ExprKind::Member(base, key) = &guard.subject.as_ref()?.kind else { return None };
    let holds = !guard.negated && !guard.values.is_empty() && EVENT_KEYS.contains(&key.as_str());
    (holds && base.is_same_place(argument)).then_some(key.as_str())
}
