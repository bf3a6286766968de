//! Which removed name and which added name are one name that changed.
//!
//! Names are matched after the proofs, to explain them: a wrong match would only word a finding badly, never make or hide one.

use crate::shape::wire_name::fold;
use crate::shape::{Field, Shape, ShapeKind};

/// From which similarity on two names count as one that was edited, where their types agree.
const SIMILAR: f32 = 0.72;

/// Names shorter than this are too easily alike.
const MIN_LENGTH: usize = 3;

/// Why two names are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// Only casing and separators differ.
    Casing,
    /// The same member or expression feeds both.
    Source,
    /// The names are close and the types agree.
    Spelling,
    /// Both hold an object of the same fields.
    Content,
}

/// Pairs removed and added fields; each is used once. Certain pairs come first.
pub fn pairs<'f>(removed: &[&'f Field], added: &[&'f Field]) -> Vec<(&'f Field, &'f Field, Likeness)> {
    let mut found: Vec<(&Field, &Field, Likeness)> = Vec::new();
    for wanted in [Likeness::Casing, Likeness::Source, Likeness::Spelling, Likeness::Content] {
        for old in removed {
            if found.iter().any(|(known, _, _)| known.name == old.name) {
                continue;
            }
            let mut candidates: Vec<&&Field> = added
                .iter()
                .filter(|new| !found.iter().any(|(_, known, _)| known.name == new.name) && likeness(old, new) == Some(wanted))
                .collect();
            if wanted == Likeness::Spelling {
                candidates.sort_by(|a, b| closeness(&old.name, &b.name).total_cmp(&closeness(&old.name, &a.name)));
            }
            if let Some(new) = candidates.first() {
                found.push((old, new, wanted));
            }
        }
    }
    found
}

fn likeness(old: &Field, new: &Field) -> Option<Likeness> {
    if fold(&old.name) == fold(&new.name) && !fold(&old.name).is_empty() {
        return Some(Likeness::Casing);
    }
    if source(old) == source(new) && agree(&old.shape, &new.shape) {
        return Some(Likeness::Source);
    }
    if agree(&old.shape, &new.shape) && alike(&old.name, &new.name) {
        return Some(Likeness::Spelling);
    }
    same_content(&old.shape, &new.shape).then_some(Likeness::Content)
}

/// Whether two objects hold fields of the same names and kinds. One field alone says too little: many an object has an `id`.
fn same_content(old: &Shape, new: &Shape) -> bool {
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else { return false };
    old.fields.len() > 1
        && old.fields.len() == new.fields.len()
        && old.fields.iter().all(|field| new.field(&field.name).is_some_and(|twin| agree(&field.shape, &twin.shape)))
}

pub(super) fn source(field: &Field) -> &str {
    field.source.as_deref().unwrap_or(&field.name)
}

/// Whether two texts are one name in two spellings.
pub fn alike(old: &str, new: &str) -> bool {
    let (a, b) = (fold(old), fold(new));
    if a.chars().count() < MIN_LENGTH || b.chars().count() < MIN_LENGTH {
        return false;
    }
    a == b || closeness(old, new) >= SIMILAR || extends(old, new) || extends(new, old)
}

/// How alike two names are, from 0 to 1.
pub fn closeness(old: &str, new: &str) -> f32 {
    similar::TextDiff::from_chars(fold(old).as_str(), fold(new).as_str()).ratio()
}

/// `email` → `emailAddress`: every word of the shorter name is a word of the longer one.
fn extends(short: &str, long: &str) -> bool {
    let (short, long) = (words(short), words(long));
    !short.is_empty() && short.len() < long.len() && short.iter().all(|word| word.len() >= MIN_LENGTH && long.contains(word))
}

fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last_lower = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() {
            last_lower = false;
            words.push(String::new());
            continue;
        }
        if letter.is_uppercase() && last_lower || words.is_empty() {
            words.push(String::new());
        }
        last_lower = letter.is_lowercase() || letter.is_numeric();
        if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether two shapes could be one value under two names.
fn agree(old: &Shape, new: &Shape) -> bool {
    match (&old.kind, &new.kind) {
        (ShapeKind::Unknown(_), _) | (_, ShapeKind::Unknown(_)) => true,
        (ShapeKind::Union(branches), _) => branches.iter().any(|branch| agree(branch, new)),
        (_, ShapeKind::Union(branches)) => branches.iter().any(|branch| agree(old, branch)),
        (ShapeKind::Const(value), other) | (other, ShapeKind::Const(value)) => crate::shape::admits(other, value),
        (ShapeKind::Integer(_), ShapeKind::Number(_)) | (ShapeKind::Number(_), ShapeKind::Integer(_)) => true,
        (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::shape::{ObjectShape, Presence};

    #[test]
    fn one_name_in_two_spellings() {
        for (old, new) in [
            ("customerId", "customer_id"),
            ("plan", "plan_type"),
            ("email", "emailAddress"),
            ("createdAt", "created"),
            ("colour", "color"),
        ] {
            assert!(alike(old, new), "{old} → {new}");
        }
        for (old, new) in [("id", "ids"), ("email", "phone"), ("userId", "planId"), ("total", "currency")] {
            assert!(!alike(old, new), "{old} → {new}");
        }
    }

    #[test]
    fn two_objects_of_the_same_fields_are_one_under_two_names() {
        let text = || Arc::new(Shape::new(ShapeKind::String(crate::shape::StringShape::default()), None));
        let holding = |name: &str, names: &[&str]| {
            let fields = names.iter().map(|name| Field::new(*name, text(), Presence::Required, None)).collect();
            let object = Shape::new(ShapeKind::Object(ObjectShape::of(fields)), None);
            Field::new(name, Arc::new(object), Presence::Required, None)
        };
        let (data, payload) = (holding("data", &["id", "total"]), holding("payload", &["total", "id"]));
        assert_eq!(likeness(&data, &payload), Some(Likeness::Content));
        assert_eq!(likeness(&data, &holding("payload", &["id", "plan"])), None);
        // Many an object has an `id` and nothing more.
        assert_eq!(likeness(&holding("buyer", &["id"]), &holding("shop", &["id"])), None);
    }
}
