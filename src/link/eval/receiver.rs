//! What a method is called on: its value, and the name of its class as `constructor.name` gives it.

use std::sync::{Arc, LazyLock};

use super::Eval;
use crate::facts::{Call, Expr, ExprKind, Literal, TypeRef};
use crate::link::resolve::FnRef;
use crate::link::term::{Kind, RECEIVER, RECEIVER_CLASS, Site, Term, TypeUse, Written};

/// The type that a method belongs to, in the words of a method.
static OWN_TYPE: LazyLock<TypeRef> = LazyLock::new(|| TypeRef { path: vec!["Self".into()], args: Vec::new() });

/// What a method is called on, as the method's body knows it.
#[derive(Default)]
pub struct Receiver<'a> {
    class: Option<Term<'a>>,
    value: Option<Term<'a>>,
}

impl<'a> Receiver<'a> {
    /// What stands for a parameter of this index, where it is one of the receiver's.
    pub fn of(&self, index: u32) -> Option<Term<'a>> {
        match index {
            RECEIVER => self.value.clone(),
            RECEIVER_CLASS => self.class.clone(),
            _ => None,
        }
    }
}

/// Whether an expression is the object itself, as one of its base.
pub fn is_super(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Typed(inner, _) if matches!(inner.kind, ExprKind::This))
}

impl<'a> Eval<'a> {
    /// The method that a closure stands in.
    pub fn method_around(&self, function: FnRef) -> FnRef {
        let mut current = function;
        for _ in 0..16 {
            match self.program.function(current).parent {
                Some((parent, _)) if parent.0 != 0 => current = FnRef { file: current.file, id: parent },
                Some(_) | None => break,
            }
        }
        current
    }

    /// `self` and `this`: a value of the class around, which callers tell more of.
    pub(super) fn own_value(&self, function: FnRef, site: Site) -> Term<'a> {
        let method = self.method_around(function);
        let scope = &self.program.function(method).scope;
        if scope.is_empty() {
            return Term::unknown("this", site);
        }
        let declared =
            TypeUse { ty: Written::Named(&OWN_TYPE), file: method.file, scope, bindings: Arc::clone(&self.no_bindings) };
        Term::new(Kind::Param { function: method, index: RECEIVER, declared: Some(declared) }, site)
    }

    /// What a call's method is called on.
    pub fn receiver(&self, function: FnRef, call: &'a Call, at: u32, depth: u32) -> Receiver<'a> {
        let ExprKind::Member(base, _) = &call.callee.kind else { return Receiver::default() };
        Receiver { class: Some(self.receiver_name(function, call, base)), value: Some(self.eval(function, base, at, depth)) }
    }

    /// The name of the class that a method is called on, as `constructor.name` gives it inside the method.
    fn receiver_name(&self, function: FnRef, call: &'a Call, base: &'a Expr) -> Term<'a> {
        let site = Site { file: function.file, span: call.span };
        // `super().enqueue()` is called on the same object.
        if is_super(base) || matches!(base.kind, ExprKind::This) {
            let kind = Kind::Param { function: self.method_around(function), index: RECEIVER_CLASS, declared: None };
            return Term::new(kind, site);
        }
        match crate::link::callee::class_of_receiver(self, function, base) {
            Some(class) => Term::new(Kind::Literal(Literal::Text(self.program.class(class).name.clone())), site),
            None => Term::unknown("the class of what a method is called on", site),
        }
    }
}
