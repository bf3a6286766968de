//! Functions, their calls in order, and what surrounds each call.

use std::sync::Arc;

use super::reads::Read;
use super::types::{TypeExpr, TypeParam};
use super::values::Expr;
use super::{CallId, FnId, LocalId, Name};
use crate::source::Span;

/// A function, method, closure, or the top level of a file. A front end names what it knows; the rest is that of an empty function.
#[derive(Clone, Debug, Default)]
pub struct Function {
    /// Inner modules, then the class, type or object that it belongs to.
    pub scope: Vec<Name>,
    /// Empty for a closure; `<top>` for the file's top level.
    pub name: Name,
    /// Whether the last element of `scope` is a class, type or object whose method this is.
    pub is_method: bool,
    /// The trait, interface or base class that it implements a method of, as written.
    pub implements: Option<Vec<Name>>,
    pub type_params: Vec<TypeParam>,
    /// How many of `locals` are parameters; `self` and `this` do not count.
    pub params: u32,
    pub locals: Vec<Local>,
    pub return_type: Option<TypeExpr>,
    /// The values that it returns, in source order.
    pub returns: Vec<Expr>,
    /// In source order, arguments before the call that takes them.
    pub calls: Vec<Call>,
    pub reads: Vec<Read>,
    /// The code that runs for some values of a name only: the cases of a dispatcher.
    pub cases: Vec<Case>,
    pub is_async: bool,
    pub in_test: bool,
    pub exported: bool,
    /// Attributes and decorators, as calls whose callee is the decorator's name.
    pub decorators: Vec<Call>,
    /// For a closure: the function around it, and the call that it is an argument of.
    pub parent: Option<(FnId, Option<CallId>)>,
    /// The name; for a closure its start.
    pub span: Span,
    /// The whole definition.
    pub extent: Span,
}

/// A class, struct or object of functions: what method calls on its values resolve by.
#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    pub scope: Vec<Name>,
    pub name: Name,
    /// What it extends and implements, as written.
    pub bases: Vec<Vec<Name>>,
    /// Members with the type or value they are declared with: fields, injected services.
    pub members: Vec<(Name, Option<TypeExpr>, Option<Expr>)>,
    pub exported: bool,
    pub is_interface: bool,
    /// Attributes and decorators.
    pub decorators: Vec<Call>,
    pub span: Span,
}

/// A parameter or a variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Local {
    /// Empty for a parameter that is taken apart by a pattern.
    pub name: Name,
    pub kind: LocalKind,
    pub ty: Option<TypeExpr>,
    /// What it is bound to: the initial value, with [`super::ExprKind::Member`] and [`super::ExprKind::Element`] for what a
    /// pattern or a loop takes out of it. For a parameter its default.
    pub value: Option<Expr>,
    /// Changes after that, in source order.
    pub edits: Vec<Edit>,
    /// Whether a second plain assignment may replace the value; both are then in `value` as [`super::ExprKind::OneOf`].
    pub reassigned: bool,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalKind {
    Param,
    /// A parameter that takes all further positional arguments.
    RestParam,
    /// A parameter that takes all further named arguments.
    NamedRestParam,
    Variable,
    /// A variable of the module, with what the function assigns to it. No expression means this: the name is the module's.
    OfModule,
}

/// `payload.x = …`, `payload["x"] = …`, `del payload["x"]`, `payload.update(…)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// The keys from the variable down; constant ones only, an unknown key is [`super::ExprKind::Unknown`].
    pub path: Vec<Expr>,
    pub change: Change,
    pub conditional: bool,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    Set(Expr),
    Delete,
    /// The entries of another object.
    Merge(Expr),
    /// One more element.
    Push(Expr),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// A name, or a member of what the call is made on: `producer.send` is `Member(producer, "send")`.
    pub callee: Expr,
    pub args: Vec<Argument>,
    pub type_args: Vec<TypeExpr>,
    pub kind: CallKind,
    pub surroundings: Surroundings,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallKind {
    Plain,
    /// `new X(…)`
    New,
    /// `x!(…)`
    Macro,
    Decorator,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// For named arguments.
    pub name: Option<Name>,
    pub value: Expr,
    /// `...args`, `*args`, `**kwargs`
    pub spread: bool,
}

/// What stands around a call, inside its function.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Surroundings {
    pub completion: Completion,
    /// How often in a row its result is awaited: `send(x).await?.await?` waits for the receipt as well.
    pub awaits: u8,
    pub swallowed: Swallowed,
    /// The branches, loops and blocks around it, from outside in.
    pub enclosing: Vec<Enclosing>,
    /// Conditions under which the function has been left before it, in source order.
    pub early_returns: Vec<Arc<Guard>>,
}

/// What becomes of the value, promise or future that a call gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Completion {
    Awaited,
    /// Handed to the caller, who decides.
    Returned,
    /// Handed to something that finishes it later, by its name: `waitUntil`, `spawn`, `BackgroundTasks.add_task`.
    Deferred(Name),
    /// Its result is looked at at once, and its error passed on: `?`. What gives a future is not of this kind.
    Checked,
    /// Used as a value: bound, passed on, collected and awaited later.
    Used,
    /// Nobody looks at it.
    #[default]
    Floating,
}

/// What happens to an error of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Swallowed {
    /// It goes to the caller, or is handled.
    #[default]
    No,
    /// It is written to a log and then forgotten.
    Logged,
    /// It is dropped: an empty catch, `let _ =`, `.ok()`.
    Dropped,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Enclosing {
    Branch(Arc<Guard>),
    Loop(Span),
    Try(Span),
    /// The handler of a `try`.
    Catch(Span),
    /// `with x:`, `using x`, a scope guard.
    Block(Arc<Expr>),
}

/// What runs where a value is one of some constants.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub guard: Guard,
    pub extent: Span,
}

/// A condition, as far as it decides between constants.
#[derive(Clone, Debug, PartialEq)]
pub struct Guard {
    /// What is tested, in the words of the source, with white space folded.
    pub source: Name,
    /// The value that is compared, where the test is a comparison with constants.
    pub subject: Option<Expr>,
    /// The constants that let it pass; empty for a default branch or another kind of test.
    pub values: Vec<Expr>,
    /// Whether it passes where the test fails: `else`, the default of a `switch`, after an early return.
    pub negated: bool,
    /// Whether it passes where what `source` says does not hold: `else`, after an early return. `negated` speaks of the
    /// constants, this of the words.
    pub otherwise: bool,
    /// For an early return: whether the function was left by an error that its caller sees.
    pub raises: bool,
    pub span: Span,
}

impl Function {
    pub fn local(&self, id: LocalId) -> &Local {
        &self.locals[id.0 as usize]
    }

    pub fn call(&self, id: CallId) -> &Call {
        &self.calls[id.0 as usize]
    }
}
