//! What functions state of a payload that they are handed: a member that a parameter's type may leave out is not demanded by who reads it.

use std::sync::Arc;

use super::{Root, known_member};
use crate::facts::Name;
use crate::link::eval::Eval;
use crate::link::idioms::selector::Step as PathStep;
use crate::link::term::TypeUse;
use crate::link::types::{Side, Types};
use crate::shape::{Presence, Shape, ShapeKind};

/// A type, and the key under which it holds the payload, where it is not the payload's own.
pub(super) type Stated<'a> = (TypeUse<'a>, Option<Name>);

/// The type that a function states of a parameter, and under which key of it the payload stands.
pub(super) fn stated_by<'a>(eval: &Eval<'a>, root: Root, prefix: &[PathStep]) -> Option<Stated<'a>> {
    let Root::Param(function, index) = root else { return None };
    let key = match prefix {
        [] => None,
        [PathStep::Key(key)] => Some(key.clone()),
        _ => return None,
    };
    let local = eval.program.function(function).locals.get(index as usize)?;
    Some((eval.type_use(function, local.ty.as_ref()?), key))
}

/// The shape that is stated of the payload.
pub(super) fn stated_shape<'a>(types: &Types<'_, 'a>, (ty, key): &Stated<'a>) -> Option<Arc<Shape>> {
    let shape = types.shape(ty, Side::Read).shape;
    match key {
        None => Some(shape),
        Some(key) => known_member(&shape, key),
    }
}

/// Whether a type says that a value may be without a member that it has in some form.
pub(super) fn may_lack(declared: &Shape, name: &str) -> bool {
    match &declared.kind {
        ShapeKind::Object(object) => object.field(name).is_some_and(|field| field.presence == Presence::Optional),
        ShapeKind::Union(branches) => {
            let has = |branch: &&Arc<Shape>| branch.as_object().is_some_and(|object| object.field(name).is_some());
            let mut having = branches.iter().filter(has).peekable();
            having.peek().is_some() && having.all(|branch| may_lack(branch, name))
        }
        _ => false,
    }
}
