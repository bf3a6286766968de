//! Which parts of a value the code looks at.

use crate::facts::{Expr, ExprKind, Literal, Name, Read, Step, TypeExpr};
use crate::shape::Presence;
use crate::source::Span;

/// The value that a chain of members starts from, and the chain.
pub(super) fn split(expr: &Expr) -> (Expr, Vec<Step>) {
    let mut path = Vec::new();
    let mut base = expr;
    loop {
        base = match &base.kind {
            ExprKind::Member(inner, name) => {
                path.push(Step::Key { name: name.clone(), presence: Presence::Required, span: base.span });
                inner
            }
            ExprKind::Index(inner, index) => {
                path.push(match &index.kind {
                    ExprKind::Literal(Literal::Text(name)) => {
                        Step::Key { name: name.clone(), presence: Presence::Required, span: index.span }
                    }
                    _ => Step::Each,
                });
                inner
            }
            ExprKind::Element(inner) => {
                path.push(Step::Each);
                inner
            }
            _ => break,
        };
    }
    path.reverse();
    (base.clone(), path)
}

/// Whether a value can be a payload or a part of one, so that reading from it says something.
pub(super) fn is_readable(base: &Expr) -> bool {
    match &base.kind {
        ExprKind::Local(_) | ExprKind::Outer(_, _) | ExprKind::Call(_) | ExprKind::Decoded(_, _) => true,
        ExprKind::Await(inner) | ExprKind::Typed(inner, _) => is_readable(inner),
        _ => false,
    }
}

/// Records a read, where what is read from can be a payload.
pub(super) fn add_read(reads: &mut Vec<Read>, base: Expr, path: Vec<Step>, span: Span) -> Option<usize> {
    if path.is_empty() || !(is_readable(&base) || (base.kind == ExprKind::This && path.len() > 1)) {
        return None;
    }
    reads.push(Read { base, path, ty: None, compared: Vec::new(), has_default: false, span });
    Some(reads.len() - 1)
}

/// Says of what type the code takes a value to be, where that is what was read last: the elements of a list and the arguments of a
/// call have been read as well, and are of other types.
pub(super) fn set_type(reads: &mut [Read], from: usize, value: &Expr, ty: TypeExpr) {
    if let Some(read) = reads.get_mut(from..).and_then(<[Read]>::last_mut)
        && is_read(read, value)
    {
        read.ty.get_or_insert(ty);
    }
}

/// Whether a value is what a read gives, or that or another: `event.note ?? ""`.
fn is_read(read: &Read, value: &Expr) -> bool {
    match &value.kind {
        ExprKind::OneOf(branches) => branches.iter().any(|branch| is_read(read, branch)),
        ExprKind::Tested(inner, _) | ExprKind::Typed(inner, _) | ExprKind::Await(inner) => is_read(read, inner),
        _ => {
            let (base, path) = split(value);
            let same = |(a, b): (&Step, &Step)| match (a, b) {
                (Step::Key { name: a, .. }, Step::Key { name: b, .. }) => a == b,
                (Step::Each, Step::Each) => true,
                (Step::Key { .. } | Step::Each, _) => false,
            };
            base.kind == read.base.kind && path.len() == read.path.len() && path.iter().zip(&read.path).all(same)
        }
    }
}

/// Says that the code copes with the absence of the value whose read ends at a name.
pub(super) fn set_optional(reads: &mut [Read], from: usize, end: Option<Span>) {
    for read in reads.iter_mut().skip(from).filter(|read| Some(read.span) == end) {
        if let Some(Step::Key { presence, .. }) = read.path.last_mut() {
            *presence = Presence::Optional;
        }
    }
}

/// Says that the code copes with the absence of all that these read.
pub(super) fn all_optional(reads: &mut [Read]) {
    for read in reads {
        if let Some(Step::Key { presence, .. }) = read.path.last_mut() {
            *presence = Presence::Optional;
        }
    }
}

/// A key that the function tests for presence anywhere is optional everywhere in it: the test stands before the use.
pub(super) fn settle(reads: &mut [Read]) {
    let mut tested: Vec<(Expr, Vec<Name>)> = Vec::new();
    for read in reads.iter() {
        for (at, step) in read.path.iter().enumerate() {
            if let Step::Key { presence: Presence::Optional, .. } = step
                && let Some(names) = names(&read.path[..=at])
                && tested.len() < 256
                && !tested.iter().any(|(base, known)| same_base(base, &read.base) && *known == names)
            {
                tested.push((read.base.clone(), names));
            }
        }
    }
    if tested.is_empty() {
        return;
    }
    for read in reads.iter_mut() {
        for (base, keys) in &tested {
            if read.path.len() >= keys.len()
                && same_base(base, &read.base)
                && names(&read.path[..keys.len()]).is_some_and(|names| names == *keys)
                && let Some(Step::Key { presence, .. }) = read.path.get_mut(keys.len() - 1)
            {
                *presence = Presence::Optional;
            }
        }
    }
}

fn same_base(a: &Expr, b: &Expr) -> bool {
    match (&a.kind, &b.kind) {
        (ExprKind::Await(x) | ExprKind::Typed(x, _), ExprKind::Await(y) | ExprKind::Typed(y, _)) => same_base(x, y),
        (x, y) => x == y,
    }
}

fn names(path: &[Step]) -> Option<Vec<Name>> {
    path.iter()
        .map(|step| match step {
            Step::Key { name, .. } => Some(name.clone()),
            Step::Each => None,
        })
        .collect()
}
