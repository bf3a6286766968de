//! Boundaries of base paired with their successors at head.

use serde_json::Value;

use crate::link::model::Boundary;
use crate::shape::{Shape, ShapeKind};

/// One side or both of a boundary.
#[derive(Clone, Copy, Debug)]
pub enum Pair<'m> {
    Both(&'m Boundary, &'m Boundary),
    /// Nothing of head is its successor; whether the event itself is gone is judged for all its producers at once.
    Gone,
    Come(&'m Boundary),
}

/// Pairs the boundaries of one event and role: the same function first, then the same file, then the one whose payload is
/// nearest, since code that moved is the same code. What carries the same texts is the same before what merely stands there. Of several
/// in one function those belong together that stand alike in a transaction: what is new beside another has not left it. Places whose
/// event has no name are paired by their function alone.
pub fn pairs<'m>(base: &[&'m Boundary], head: &[&'m Boundary]) -> Vec<Pair<'m>> {
    let mut left: Vec<&'m Boundary> = base.to_vec();
    let mut right: Vec<&'m Boundary> = head.to_vec();
    let mut found = Vec::new();
    let in_place = |a: &Boundary, b: &Boundary| a.origin.file == b.origin.file && a.symbol == b.symbol && a.kind == b.kind;
    let alike = |a: &Boundary, b: &Boundary| a.delivery.commit == b.delivery.commit;
    let carries_same = |a: &Boundary, b: &Boundary| {
        let (of_a, of_b) = (constants(&a.shape), constants(&b.shape));
        !of_a.is_empty() && of_a == of_b
    };
    let tests: [&dyn Fn(&Boundary, &Boundary) -> bool; 10] = [
        &|a, b| in_place(a, b) && alike(a, b) && a.shape.same_values(&b.shape),
        &|a, b| in_place(a, b) && a.shape.same_values(&b.shape),
        &|a, b| in_place(a, b) && alike(a, b) && carries_same(a, b),
        &|a, b| in_place(a, b) && carries_same(a, b),
        &|a, b| a.origin.file == b.origin.file && carries_same(a, b),
        &|a, b| in_place(a, b) && alike(a, b),
        &|a, b| in_place(a, b),
        &|a, b| a.symbol == b.symbol && !a.symbol.is_empty(),
        &|a, b| a.origin.file == b.origin.file && a.event.is_some(),
        &|a, b| (a.kind == b.kind || a.shape.same_values(&b.shape)) && a.event.is_some(),
    ];
    for same in tests {
        left.retain(|old| match right.iter().position(|new| same(old, new)) {
            Some(at) => {
                let (old, new) = by_one_library(old, right.remove(at));
                found.push(Pair::Both(old, new));
                false
            }
            None => true,
        });
    }
    found.extend(left.into_iter().map(|_| Pair::Gone));
    found.extend(right.into_iter().map(Pair::Come));
    found
}

/// The texts that a payload always carries, in its members and theirs.
fn constants(shape: &Shape) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    for field in shape.as_object().into_iter().flat_map(|object| &object.fields) {
        match &field.shape.kind {
            ShapeKind::Const(Value::String(text)) => found.push((field.name.clone(), text.as_str())),
            ShapeKind::Object(_) => {
                found.extend(constants(&field.shape).into_iter().map(|(name, text)| (format!("{}/{name}", field.name), text)));
            }
            _ => {}
        }
    }
    found.sort();
    found
}

/// The two sides of a call by the library that both have it go by, where one of them may go by several.
fn by_one_library<'m>(old: &'m Boundary, new: &'m Boundary) -> (&'m Boundary, &'m Boundary) {
    if old.idiom == new.idiom {
        return (old, new);
    }
    if let Some(same) = new.beside.iter().find(|other| other.idiom == old.idiom) {
        return (old, same);
    }
    match old.beside.iter().find(|other| other.idiom == new.idiom) {
        Some(same) => (same, new),
        None => (old, new),
    }
}
