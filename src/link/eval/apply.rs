//! Calls as values: what functions and methods of classes give for their arguments, and what pytest passes to a test.

use super::{Eval, MAX_CALL_DEPTH, MAX_NESTING};
use crate::facts::{Call, ExprKind, LanguageId, Literal, TypeExpr};
use crate::link::resolve::FnRef;
use crate::link::term::{CALLED, ClassValue, Kind, OnClass, RECEIVER, Site, Term, TypeUse, Written};

/// Class methods of models that give a value of the model.
const VALIDATING: &[&str] =
    &["construct", "from_orm", "model_construct", "model_validate", "model_validate_json", "parse_obj", "parse_raw", "validate"];

impl<'a> Eval<'a> {
    /// What a call comes to.
    pub fn of_call(&self, function: FnRef, call: &'a Call) -> Term<'a> {
        let nesting = self.nesting.get();
        if nesting == 0 {
            self.steps.set(0);
        }
        if nesting >= MAX_NESTING {
            return Term::unknown("the value is built from too many parts", Site { file: function.file, span: call.span });
        }
        self.nesting.set(nesting + 1);
        let term = self.call_value(function, call, call.span.start, 0);
        self.nesting.set(nesting);
        term
    }

    /// A call of a method on a parameter that is declared to be a class, or on a variable that holds one.
    pub(super) fn called_on_class(&self, function: FnRef, call: &'a Call, at: u32, depth: u32) -> Option<Term<'a>> {
        let ExprKind::Member(base, method) = &call.callee.kind else { return None };
        if !matches!(base.kind, ExprKind::Local(_)) {
            return None;
        }
        let class = self.eval(function, base, at, depth + 1);
        let fits = match &class.kind {
            Kind::Class(_) => true,
            Kind::Param { declared: Some(ty), .. } => ty.of_class().is_some(),
            _ => false,
        };
        if !fits {
            return None;
        }
        let positional = call.args.iter().filter(|argument| argument.name.is_none() && !argument.spread);
        let args: Vec<Term<'a>> = positional.map(|argument| self.eval(function, &argument.value, at, depth + 1)).collect();
        let site = Site { file: function.file, span: call.span };
        if let Kind::Class(known) = &class.kind {
            return self.class_call(known, method, &args, site);
        }
        Some(Term::new(Kind::OnClass(Box::new(OnClass { class, method: method.clone(), args })), site))
    }

    /// How substitution calls methods of classes that it has made known.
    pub fn on_class(&self) -> impl Fn(&Term<'a>, &str, &[Term<'a>], Site) -> Option<Term<'a>> + '_ {
        |value, method, args, site| match &value.kind {
            Kind::Class(class) => self.class_call(class, method, args, site),
            Kind::Function(target) if method == CALLED => self.applied(*target, None, args, site),
            // `partial(generate, order)()`
            Kind::Built(built) if method == CALLED && built.root.rsplit('.').next() == Some("partial") => {
                let (_, given) = built.calls.first()?;
                let ((None, Term { kind: Kind::Function(target), .. }), rest) = given.split_first()? else { return None };
                let positional = rest.iter().filter(|(name, _)| name.is_none()).map(|(_, value)| value.clone());
                let positional: Vec<Term<'a>> = positional.chain(args.iter().cloned()).collect();
                self.applied(*target, None, &positional, site)
            }
            _ => self.associated(value, method, args, site),
        }
    }

    /// What a function gives for these arguments, and a method for what it is called on.
    pub(super) fn applied(&self, target: FnRef, receiver: Option<&Term<'a>>, args: &[Term<'a>], site: Site) -> Option<Term<'a>> {
        if self.active.borrow().len() >= MAX_CALL_DEPTH as usize || self.active.borrow().contains(&target) {
            self.cut();
            return None;
        }
        let callee = self.program.function(target);
        self.active.borrow_mut().push(target);
        let mut returns: Vec<Term<'a>> = callee.returns.iter().map(|value| self.eval(target, value, value.span.end, 1)).collect();
        let value = match returns.len() {
            0 => {
                self.active.borrow_mut().pop();
                return callee.return_type.as_ref().map(|ty| Term::new(Kind::OfType(self.type_use(target, ty)), site));
            }
            1 => returns.remove(0),
            _ => Term::new(Kind::OneOf(returns), site),
        };
        let given = |index: u32| match index {
            RECEIVER => receiver.cloned(),
            index => args.get(index as usize).cloned(),
        };
        // Two methods of a trait may ask one another for what they give.
        let value = value.substitute(target, &given, &self.on_class());
        self.active.borrow_mut().pop();
        Some(value)
    }

    /// A call of a parameter: what it gives is known once it is known which function was passed.
    pub(super) fn called_parameter(&self, function: FnRef, call: &'a Call, at: u32, depth: u32) -> Option<Term<'a>> {
        if self.program.files.unit(function.file).facts.language != LanguageId::Python
            || !matches!(call.callee.kind, ExprKind::Local(_) | ExprKind::Outer(..))
            || call.args.iter().any(|argument| argument.name.is_some() || argument.spread)
        {
            return None;
        }
        let class = self.eval(function, &call.callee, at, depth + 1);
        if !matches!(class.kind, Kind::Param { declared: None, .. })
            && !matches!(&class.kind, Kind::Param { declared: Some(ty), .. } if is_callable(ty))
        {
            return None;
        }
        let args = call.args.iter().map(|argument| self.eval(function, &argument.value, at, depth + 1)).collect();
        let site = Site { file: function.file, span: call.span };
        Some(Term::new(Kind::OnClass(Box::new(OnClass { class, method: CALLED.into(), args })), site))
    }

    pub(super) fn class_call(&self, class: &ClassValue<'a>, method: &str, args: &[Term<'a>], site: Site) -> Option<Term<'a>> {
        // What a model validates has the model's form.
        if class.declared.is_some() && VALIDATING.contains(&method) {
            return Some(Term::new(Kind::Class(Box::new(class.clone())), site));
        }
        let id = class.class?;
        let target = crate::link::callee::method_of(self, id, method, 0)?;
        if self.active.borrow().len() >= MAX_CALL_DEPTH as usize || self.active.borrow().contains(&target) {
            self.cut();
            return None;
        }
        self.active.borrow_mut().push(target);
        self.classes_active.borrow_mut().push((target, id));
        let callee = self.program.function(target);
        let mut returns: Vec<Term<'a>> = callee.returns.iter().map(|value| self.eval(target, value, value.span.end, 1)).collect();
        self.classes_active.borrow_mut().pop();
        self.active.borrow_mut().pop();
        let value = match returns.len() {
            0 => return None,
            1 => returns.remove(0),
            _ => Term::new(Kind::OneOf(returns), site),
        };
        Some(value.substitute(target, &|index| args.get(index as usize).cloned(), &self.on_class()))
    }

    /// What pytest passes for a parameter of a test: the value of the fixture of this name, in the same file or in the nearest
    /// `conftest.py` above it.
    pub(super) fn fixture(&self, function: FnRef, name: &str, depth: u32) -> Option<Term<'a>> {
        if self.program.files.unit(function.file).facts.language != LanguageId::Python {
            return None;
        }
        let target = crate::link::callee::fixture_named(self, function.file, name)?;
        self.cut();
        if target == function || self.active.borrow().contains(&target) || self.active.borrow().len() >= MAX_CALL_DEPTH as usize {
            return None;
        }
        let [value] = self.program.function(target).returns.as_slice() else { return None };
        self.active.borrow_mut().push(target);
        let term = self.eval(target, value, value.span.end, depth + 1);
        self.active.borrow_mut().pop();
        matches!(term.bare().kind, Kind::Object(_) | Kind::Record(_) | Kind::Literal(Literal::Text(_))).then_some(term)
    }
}

/// `Callable[…]`, in whatever spelling.
fn is_callable(ty: &TypeUse<'_>) -> bool {
    let path = match ty.ty {
        Written::Named(reference) => &reference.path,
        Written::Expr(TypeExpr { kind: crate::facts::TypeKind::Ref(reference), .. }) => &reference.path,
        Written::Expr(TypeExpr { kind: crate::facts::TypeKind::Unknown(_), .. }) => return true,
        Written::Expr(_) => return false,
    };
    path.last().is_some_and(|name| name == "Callable" || name.ends_with("Generator") || name.ends_with("Factory"))
}
