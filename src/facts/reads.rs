//! Which parts of a value a function looks at.

use super::Name;
use super::types::TypeExpr;
use super::values::{Expr, Literal};
use crate::shape::Presence;
use crate::source::Span;

/// One access: `event.customer?.id`, `v["customerId"]`, `v.get("plan")`, a name in a destructuring pattern.
///
/// A front end records the longest chain of an access once, with every step; a chain that goes on through a call or a variable
/// goes on in that call's or variable's own reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// What is read from: a local, a call's result, `this`.
    pub base: Expr,
    pub path: Vec<Step>,
    /// The type that the code asks for: `.as_str()`, `as string`, `int(x)`.
    pub ty: Option<TypeExpr>,
    /// The constants that the value is compared with or dispatched on, where it is.
    pub compared: Vec<Literal>,
    /// Whether every value outside `compared` is handled too: a `default`, an `else`, a `_` arm.
    pub has_default: bool,
    /// The last step.
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Key {
        name: Name,
        /// Optional where the code copes with its absence: `?.`, `??`, a default, a test for presence.
        presence: Presence,
        span: Span,
    },
    /// Any element of a list, or any value of a map.
    Each,
}
