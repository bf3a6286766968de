//! Expressions, as far as a payload, an event name or an option can depend on them.
//!
//! The lowering keeps what decides the JSON that leaves: literals, names, member accesses, calls, objects in source order.
//! Whatever else an expression does is [`ExprKind::Unknown`] with its source text.

use super::types::{TypeExpr, TypeRef};
use super::{CallId, FnId, LocalId, Name};
use crate::source::Span;

/// A value that stands at the top of a file, a module or a class and is never assigned again.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    /// Inner modules, or the class or type that it belongs to (`impl Topic { const NAME… }` → `["Topic"]`).
    pub scope: Vec<Name>,
    pub name: Name,
    pub value: Expr,
    pub ty: Option<TypeExpr>,
    pub exported: bool,
    /// Whether it is a list or map of names by its form: an enum, an `as const` object or array, a class of string attributes.
    pub registry: bool,
    pub span: Span,
}

/// What a value that is known by its type alone is made from: an idempotency key is judged by where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    pub function: FnId,
    /// The span of the [`ExprKind::OfType`] that stands for it.
    pub span: Span,
    /// What makes it, as the source or its imports call it: `crypto.randomUUID`, `uuid.uuid5`, `Date.now`.
    pub name: Name,
    /// What it is made on and given.
    pub from: Vec<Expr>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

impl Expr {
    pub fn new(kind: ExprKind, span: Span) -> Self {
        Expr { kind, span }
    }

    pub fn text(text: impl Into<Name>, span: Span) -> Self {
        Expr::new(ExprKind::Literal(Literal::Text(text.into())), span)
    }

    /// Whether it names the same place as another expression of the same function, wherever the two are written.
    pub fn is_same_place(&self, other: &Expr) -> bool {
        match (&self.kind, &other.kind) {
            (ExprKind::Member(a, name), ExprKind::Member(b, other)) => name == other && a.is_same_place(b),
            (a, b) => a == b,
        }
    }

    /// What cannot be followed, with the source text that shows it.
    pub fn unknown(source: impl Into<Name>, span: Span) -> Self {
        Expr::new(ExprKind::Unknown(source.into()), span)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Literal {
    Null,
    Bool(bool),
    /// Its digits, as JSON would write them.
    Number(Name),
    Text(Name),
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    Literal(Literal),
    /// The value that a serializer leaves out: `undefined`, a unit in a skipped place.
    Absent,
    /// Texts concatenated.
    Template(Vec<Expr>),
    /// A name of the module level, as written: a constant, a function, an import, a path.
    Name(Vec<Name>),
    /// A parameter or variable of the enclosing function.
    Local(LocalId),
    /// A parameter or variable of an enclosing function further out: how many functions out, and which.
    Outer(u32, LocalId),
    /// `self`, `this`.
    This,
    Member(Box<Expr>, Name),
    Index(Box<Expr>, Box<Expr>),
    /// An object, a dictionary, a `json!({})`.
    Object(Vec<ValueMember>),
    Array(Vec<Expr>),
    /// A list with elements of this form: a comprehension, `.map(x => …)`.
    ListOf(Box<Expr>),
    /// A dictionary with values of this form and keys that are not constant.
    MapOf(Box<Expr>),
    /// An element of this list: a loop variable, the parameter of a callback of `.map`.
    Element(Box<Expr>),
    /// `Foo { a: x }`, `new Foo(…)`, `Foo(a=x)`: a value of a declared type.
    Record(Box<RecordExpr>),
    Call(CallId),
    Function(FnId),
    /// One of these, depending on something: a ternary, a `match`, `a ?? b`.
    OneOf(Vec<Expr>),
    /// A value where it is there (`true`: the left side of `a ?? b`), or `undefined` where it is not (`false`: what is behind `a?.`).
    Tested(Box<Expr>, bool),
    Await(Box<Expr>),
    /// The JSON text of this value: `JSON.stringify(x)`, `json.dumps(x)`, `serde_json::to_string(&x)`.
    Encoded(Box<Expr>),
    /// What this JSON text decodes to, with the type that the code names: `serde_json::from_str::<T>(x)`, `JSON.parse(x)`.
    Decoded(Box<Expr>, Option<Box<TypeExpr>>),
    /// A value with a type that the code states: a cast, an annotation, `satisfies`.
    Typed(Box<Expr>, Box<TypeExpr>),
    /// A value known by its type alone: the result of a well-known call.
    OfType(Box<TypeExpr>),
    Unknown(Name),
}

/// A value of a declared type with the members that are given.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordExpr {
    pub ty: TypeRef,
    /// By the member's name in the source; positional arguments under `0`, `1`, ….
    pub fields: Vec<(Name, Expr)>,
    /// `..base`
    pub base: Option<Expr>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ValueMember {
    Entry {
        /// A constant key in most cases; [`ExprKind::Unknown`] where it is not known.
        key: Expr,
        value: Expr,
        /// Whether it is there only sometimes: `...(x && {a})`, an entry set inside a branch.
        conditional: bool,
    },
    Spread {
        value: Expr,
        conditional: bool,
    },
}
