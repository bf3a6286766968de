//! Whether a value is in the set of a literal, by the engine's own reading of the schemas.
//!
//! This is what closes branches with finitely many candidates; a witness is confirmed by the validator, never by this.

use std::rc::Rc;

use num_rational::BigRational;
use serde_json::Value;

use super::ir::{Arena, Lit, Node, Types, canonical};
use crate::schema::number::exact;

/// Schemas evaluated within schemas. Past this the answer is "undecided".
const DEPTH_BUDGET: usize = 400;

impl Arena {
    /// `None` where something on the way is undecided.
    pub fn holds(&mut self, lit: Lit, value: &Value) -> Option<bool> {
        self.holds_at(lit, value, 0)
    }

    /// Whether all literals hold.
    pub fn all_hold(&mut self, lits: &[Lit], value: &Value) -> Option<bool> {
        self.every(lits.iter().copied(), value, 0)
    }

    fn holds_at(&mut self, lit: Lit, value: &Value, depth: usize) -> Option<bool> {
        let holds = self.node_holds(lit, value, depth)?;
        Some(holds == lit.is_positive())
    }

    fn every(&mut self, lits: impl IntoIterator<Item = Lit>, value: &Value, depth: usize) -> Option<bool> {
        let mut undecided = false;
        for lit in lits {
            match self.holds_at(lit, value, depth) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => undecided = true,
            }
        }
        if undecided { None } else { Some(true) }
    }

    fn node_holds(&mut self, lit: Lit, value: &Value, depth: usize) -> Option<bool> {
        let node = self.node(lit).clone();
        if depth > DEPTH_BUDGET || !self.has_room() || !self.budget.work(cost(&node, value)) {
            return None;
        }
        let depth = depth + 1;
        Some(match (&node, value) {
            (Node::True, _) => true,
            (Node::Types(types), _) => Types::of(value).within(*types),
            (Node::Enum(values), _) => {
                let value = canonical(value);
                self.lists(if lit.is_positive() { lit } else { lit.negate() }, values, &value)
            }
            (Node::And(parts), _) => return self.every(parts.iter().copied(), value, depth),
            (Node::Or(parts), _) => {
                let negated: Vec<Lit> = parts.iter().map(|part| part.negate()).collect();
                return self.every(negated, value, depth).map(|none| !none);
            }
            (Node::ExactlyOne(parts), _) => {
                let mut count = 0;
                let mut undecided = false;
                for part in parts.iter() {
                    match self.holds_at(*part, value, depth) {
                        Some(true) => count += 1,
                        Some(false) => {}
                        None => undecided = true,
                    }
                }
                if count > 1 {
                    false
                } else if undecided {
                    return None;
                } else {
                    count == 1
                }
            }
            (Node::Alias(index), _) => {
                let target = self.alias(*index)?;
                return self.holds_at(target, value, depth);
            }
            (Node::Opaque(_), _) => return None,
            (Node::Minimum(bound), Value::Number(number)) => exact(number)? >= **bound,
            (Node::ExclusiveMinimum(bound), Value::Number(number)) => exact(number)? > **bound,
            (Node::Maximum(bound), Value::Number(number)) => exact(number)? <= **bound,
            (Node::ExclusiveMaximum(bound), Value::Number(number)) => exact(number)? < **bound,
            (Node::MultipleOf(step), Value::Number(number)) => is_multiple(&exact(number)?, step),
            (Node::MinLength(min), Value::String(text)) => text.chars().count() as u64 >= *min,
            (Node::MaxLength(max), Value::String(text)) => text.chars().count() as u64 <= *max,
            (Node::Pattern(pattern), Value::String(text)) => {
                let id = self.pattern(pattern).ok()?;
                self.automata.matches(id, text)?
            }
            (Node::Format(_), Value::String(_)) => return None,
            (Node::ItemAt(index, item), Value::Array(items)) => match items.get(*index) {
                Some(element) => return self.holds_at(*item, element, depth),
                None => true,
            },
            (Node::ItemsFrom(start, item), Value::Array(items)) => {
                let mut undecided = false;
                for element in items.iter().skip(*start) {
                    match self.holds_at(*item, element, depth) {
                        Some(true) => {}
                        Some(false) => return Some(false),
                        None => undecided = true,
                    }
                }
                if undecided {
                    return None;
                }
                true
            }
            (Node::Contains(item, min, max), Value::Array(items)) => {
                let mut count = 0_u64;
                let mut maybe = 0_u64;
                for element in items {
                    match self.holds_at(*item, element, depth) {
                        Some(true) => count += 1,
                        Some(false) => {}
                        None => maybe += 1,
                    }
                }
                let fits = |count: u64| count >= *min && max.is_none_or(|max| count <= max);
                if maybe > 0 && (fits(count) != fits(count + maybe) || !fits(count)) {
                    return None;
                }
                fits(count)
            }
            (Node::MinItems(min), Value::Array(items)) => items.len() as u64 >= *min,
            (Node::MaxItems(max), Value::Array(items)) => items.len() as u64 <= *max,
            (Node::Unique, Value::Array(items)) => {
                let mut texts: Vec<String> = items.iter().map(|item| canonical(item).to_string()).collect();
                texts.sort_unstable();
                texts.windows(2).all(|pair| pair[0] != pair[1])
            }
            (Node::Property(name, inner), Value::Object(map)) => match map.get(&**name) {
                Some(inside) => return self.holds_at(*inner, inside, depth),
                None => true,
            },
            (Node::Matching(pattern, inner), Value::Object(map)) => {
                let id = self.pattern(pattern).ok()?;
                let mut undecided = false;
                for (key, inside) in map {
                    if self.automata.matches(id, key)? {
                        match self.holds_at(*inner, inside, depth) {
                            Some(true) => {}
                            Some(false) => return Some(false),
                            None => undecided = true,
                        }
                    }
                }
                if undecided {
                    return None;
                }
                true
            }
            (Node::Rest(names, patterns, inner), Value::Object(map)) => {
                let mut undecided = false;
                for (key, inside) in map {
                    if names.binary_search_by(|name| (**name).cmp(key)).is_ok() {
                        continue;
                    }
                    let key: Rc<str> = Rc::from(key.as_str());
                    match self.matches_any(patterns, &key) {
                        Some(true) => continue,
                        Some(false) => {}
                        None => {
                            undecided = true;
                            continue;
                        }
                    }
                    match self.holds_at(*inner, inside, depth) {
                        Some(true) => {}
                        Some(false) => return Some(false),
                        None => undecided = true,
                    }
                }
                if undecided {
                    return None;
                }
                true
            }
            (Node::Names(inner), Value::Object(map)) => {
                let mut undecided = false;
                for key in map.keys() {
                    match self.holds_at(*inner, &Value::String(key.clone()), depth) {
                        Some(true) => {}
                        Some(false) => return Some(false),
                        None => undecided = true,
                    }
                }
                if undecided {
                    return None;
                }
                true
            }
            (Node::Required(name), Value::Object(map)) => map.contains_key(&**name),
            (Node::MinProperties(min), Value::Object(map)) => map.len() as u64 >= *min,
            (Node::MaxProperties(max), Value::Object(map)) => map.len() as u64 <= *max,
            // A keyword says nothing of the other types.
            (
                Node::Minimum(_)
                | Node::ExclusiveMinimum(_)
                | Node::Maximum(_)
                | Node::ExclusiveMaximum(_)
                | Node::MultipleOf(_)
                | Node::MinLength(_)
                | Node::MaxLength(_)
                | Node::Pattern(_)
                | Node::Format(_)
                | Node::ItemAt(_, _)
                | Node::ItemsFrom(_, _)
                | Node::Contains(_, _, _)
                | Node::MinItems(_)
                | Node::MaxItems(_)
                | Node::Unique
                | Node::Property(_, _)
                | Node::Matching(_, _)
                | Node::Rest(_, _, _)
                | Node::Names(_)
                | Node::Required(_)
                | Node::MinProperties(_)
                | Node::MaxProperties(_),
                _,
            ) => true,
        })
    }

    /// Whether a key matches one of the patterns.
    pub fn matches_any(&mut self, patterns: &[Rc<str>], key: &Rc<str>) -> Option<bool> {
        let mut undecided = false;
        for pattern in patterns {
            match self.key_matches(pattern, key) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => undecided = true,
            }
        }
        if undecided { None } else { Some(false) }
    }
}

/// The work that the node itself is, its parts aside.
fn cost(node: &Node, value: &Value) -> usize {
    4 + match (node, value) {
        (Node::Enum(_), _) => 10 + 4 * size(value),
        (
            Node::Minimum(_) | Node::ExclusiveMinimum(_) | Node::Maximum(_) | Node::ExclusiveMaximum(_) | Node::MultipleOf(_),
            Value::Number(_),
        ) => 20 + size(value),
        (Node::MinLength(_) | Node::MaxLength(_), Value::String(text)) => text.len() / 16,
        (Node::Unique, Value::Array(_)) => 10 * size(value),
        (Node::And(parts) | Node::Or(parts) | Node::ExactlyOne(parts), _) => parts.len(),
        (Node::Rest(_, _, _), Value::Object(map)) => 4 * map.len(),
        _ => 0,
    }
}

/// About how large a value is to look at.
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 1,
        // Digits are turned into an exact value, and that takes longer the more there are.
        Value::Number(number) => {
            let digits = number.as_str().len();
            1 + digits * digits / 200
        }
        Value::String(text) => 1 + text.len() / 16,
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(map) => 1 + map.values().map(size).sum::<usize>(),
    }
}

pub(super) fn is_multiple(value: &BigRational, step: &BigRational) -> bool {
    (value / step).is_integer()
}
