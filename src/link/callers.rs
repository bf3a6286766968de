//! Who calls a function of the repository: by its own name, and by the names that a closure is bound to.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::eval::{Eval, dotted};
use super::modules::{FileId, FileUnit};
use super::resolve::FnRef;
use super::summaries::CallSite;
use crate::facts::{Expr, ExprKind, FnId, Name, TypeExpr, TypeKind, TypeOp, ValueMember};

/// The names that closures are bound to, by closure.
type BoundNames = FxHashMap<FnId, Vec<Name>>;

/// The calls of a program, from the side of what is called.
#[derive(Default)]
pub struct Callers {
    names: RefCell<FxHashMap<FileId, Rc<BoundNames>>>,
    known: RefCell<FxHashMap<FnRef, Rc<[CallSite]>>>,
    /// The names of parameters that are declared to be what a function gives, by that function's name, once somebody has asked.
    handed: RefCell<Option<FxHashMap<Name, Vec<Name>>>>,
}

impl Callers {
    /// The calls that run `function`, in the order of the files.
    pub fn of(&self, eval: &Eval<'_>, function: FnRef) -> Rc<[CallSite]> {
        if let Some(known) = self.known.borrow().get(&function) {
            return Rc::clone(known);
        }
        let program = eval.program;
        let mut found = Vec::new();
        for name in self.names_of(eval, function) {
            for file in program.calling(&name) {
                let unit = program.files.unit(*file);
                for (caller_id, call_id) in unit.index.calls.get(&name).into_iter().flatten() {
                    let caller = FnRef { file: *file, id: *caller_id };
                    let call = program.function(caller).call(*call_id);
                    if let Some(target) = eval.callee(caller, call)
                        && (target == function || is_declaration_of(eval, target, function))
                    {
                        found.push(CallSite { function: caller, call: *call_id });
                    }
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        let found: Rc<[CallSite]> = found.into();
        self.known.borrow_mut().insert(function, Rc::clone(&found));
        found
    }

    /// The names that a function is called by.
    pub fn names_of(&self, eval: &Eval<'_>, function: FnRef) -> Vec<Name> {
        let program = eval.program;
        let own = &program.function(function).name;
        let mut names: Vec<Name> = Vec::new();
        if !own.is_empty() && own != "<top>" {
            names.push(own.clone());
        }
        let bound = Rc::clone(
            self.names
                .borrow_mut()
                .entry(function.file)
                .or_insert_with(|| Rc::new(bound_names(program.files.unit(function.file)))),
        );
        names.extend(bound.get(&function.id).into_iter().flatten().cloned());
        names.extend(self.given_names(eval, function));
        names.sort_unstable();
        names.dedup();
        names
    }

    /// What those call a closure who get it from the function around it: `const track = useTracking()`, and those who are handed it:
    /// `track: ReturnType<typeof useTracking>`.
    fn given_names(&self, eval: &Eval<'_>, closure: FnRef) -> Vec<Name> {
        let Some((parent, _)) = eval.program.function(closure).parent else { return Vec::new() };
        let maker = FnRef { file: closure.file, id: parent };
        let gives = |value: &Expr| match &value.kind {
            ExprKind::Function(id) => *id == closure.id,
            ExprKind::Local(id) => {
                let local = eval.program.function(maker).local(*id);
                matches!(local.value.as_ref().map(|value| &value.kind), Some(ExprKind::Function(id)) if *id == closure.id)
            }
            _ => false,
        };
        if !eval.program.function(maker).returns.iter().any(gives) {
            return Vec::new();
        }
        let made = self.of(eval, maker);
        let names = made.iter().flat_map(|site| {
            let locals = eval.program.function(site.function).locals.iter();
            locals.filter(|local| matches!(&local.value, Some(Expr { kind: ExprKind::Call(id), .. }) if *id == site.call))
        });
        let mut names: Vec<Name> = names.map(|local| local.name.clone()).filter(|name| !name.is_empty()).collect();
        let mut handed = self.handed.borrow_mut();
        let handed = handed.get_or_insert_with(|| handed_names(eval));
        for name in self.names.borrow().get(&maker.file).and_then(|bound| bound.get(&maker.id)).into_iter().flatten() {
            names.extend(handed.get(name).into_iter().flatten().cloned());
        }
        names.extend(handed.get(&eval.program.function(maker).name).into_iter().flatten().cloned());
        names
    }
}

/// Whether `target` is the bodiless method of an interface or base class that `function` implements.
fn is_declaration_of(eval: &Eval<'_>, target: FnRef, function: FnRef) -> bool {
    let program = eval.program;
    let (declared, defined) = (program.function(target), program.function(function));
    if declared.name != defined.name || super::callee::has_body(declared) {
        return false;
    }
    let (Some(base), Some(class)) = (eval.own_class(target), eval.own_class(function)) else {
        return match (&defined.implements, declared.scope.last()) {
            (Some(implemented), Some(owner)) => implemented.last() == Some(owner),
            _ => false,
        };
    };
    program.heirs_of(base).contains(&class)
}

/// The names of constants, variables, members and keys that hold a closure.
fn bound_names(unit: &FileUnit) -> FxHashMap<FnId, Vec<Name>> {
    let mut names: FxHashMap<FnId, Vec<Name>> = FxHashMap::default();
    for constant in &unit.facts.constants {
        bind(&constant.name, &constant.value, &mut names, 0);
        // `const notify = createStep("notify", async (input) => {…})`
        if let ExprKind::Call(id) = constant.value.kind
            && let Some(wrapper) = unit.facts.functions.first().and_then(|top| top.calls.get(id.0 as usize))
        {
            for argument in &wrapper.args {
                if let ExprKind::Function(handed) = argument.value.kind {
                    names.entry(handed).or_default().push(constant.name.clone());
                }
            }
        }
    }
    for class in &unit.facts.classes {
        for (name, _, value) in &class.members {
            if let Some(value) = value {
                bind(name, value, &mut names, 0);
            }
        }
    }
    for function in &unit.facts.functions {
        for local in &function.locals {
            if let Some(value) = &local.value {
                bind(&local.name, value, &mut names, 0);
            }
        }
        for value in &function.returns {
            bind("", value, &mut names, 0);
        }
    }
    names
}

fn bind(name: &str, value: &Expr, names: &mut FxHashMap<FnId, Vec<Name>>, depth: u32) {
    if depth > 6 {
        return;
    }
    match &value.kind {
        ExprKind::Function(id) if !name.is_empty() => names.entry(*id).or_default().push(name.into()),
        ExprKind::Typed(inner, _) => bind(name, inner, names, depth + 1),
        ExprKind::Object(members) => {
            for member in members {
                if let ValueMember::Entry { key, value, .. } = member
                    && let ExprKind::Literal(crate::facts::Literal::Text(key)) = &key.kind
                {
                    bind(key, value, names, depth + 1);
                }
            }
        }
        _ => {}
    }
}

/// The names of parameters of type `ReturnType<typeof f>`, by the name of `f`.
fn handed_names(eval: &Eval<'_>) -> FxHashMap<Name, Vec<Name>> {
    let mut names: FxHashMap<Name, Vec<Name>> = FxHashMap::default();
    for function in eval.program.files.units.iter().flat_map(|unit| &unit.facts.functions) {
        for local in function.locals.iter().take(function.params as usize) {
            if let Some(TypeExpr { kind: TypeKind::Apply(TypeOp::ReturnType, operands), .. }) = &local.ty
                && let Some(TypeExpr { kind: TypeKind::Of(value), .. }) = operands.first()
                && let Some(maker) = dotted(value).and_then(|mut path| path.pop())
            {
                names.entry(maker).or_default().push(local.name.clone());
            }
        }
    }
    names
}
