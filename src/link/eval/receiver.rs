//! The class of what a method is called on, by the name that `constructor.name` gives.

use super::Eval;
use crate::facts::{Call, ExprKind, Literal};
use crate::link::resolve::FnRef;
use crate::link::term::{Kind, RECEIVER_CLASS, Site, Term};

impl<'a> Eval<'a> {
    /// The method that a closure stands in.
    pub(super) fn method_around(&self, function: FnRef) -> FnRef {
        let mut current = function;
        for _ in 0..16 {
            match self.program.function(current).parent {
                Some((parent, _)) if parent.0 != 0 => current = FnRef { file: current.file, id: parent },
                Some(_) | None => break,
            }
        }
        current
    }

    /// The name of the class that a method is called on, as `constructor.name` gives it inside the method.
    pub fn receiver_name(&self, function: FnRef, call: &'a Call) -> Option<Term<'a>> {
        let ExprKind::Member(base, _) = &call.callee.kind else { return None };
        let site = Site { file: function.file, span: call.span };
        if matches!(base.kind, ExprKind::This) {
            return Some(Term::new(
                Kind::Param { function: self.method_around(function), index: RECEIVER_CLASS, declared: None },
                site,
            ));
        }
        Some(match crate::link::callee::class_of_receiver(self, function, base) {
            Some(class) => Term::new(Kind::Literal(Literal::Text(self.program.class(class).name.clone())), site),
            None => Term::unknown("the class of what a method is called on", site),
        })
    }
}
