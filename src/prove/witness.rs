//! Witnesses: held against the validator, made small and readable; and the search for one where the engine finds none itself.

use std::cell::Cell;

use serde_json::{Map, Value};

use super::Reason;
use super::budget::values_in;
use super::document::Document;
use super::effort::Effort;
use super::ir::{Arena, Lit, Node};
use super::relevant::{self, Keys};
use super::sample;
use super::stack::{self, Stack};
use super::validator::Validator;
use crate::finding::Witness;

/// Values held against both validators while a witness is made smaller.
const SHRINK_BUDGET: usize = 300;

/// Values tried where the engine itself has found none.
const HUNT_BUDGET: usize = 600;

/// Visits that the validators of a pair may pay to schemas and values.
const VISIT_BUDGET: u64 = 8_000_000;

/// What a visit comes to that is counted before it is paid: to count it takes twice as long as to pay it.
const COUNTED: u64 = 3;

/// JSON values in a value of which mutants are made: each of them is a copy.
const MUTANT_LIMIT: usize = 500;

/// Both validators of a pair.
pub(super) struct Judge<'d> {
    consumer: Judged<'d>,
    producer: Judged<'d>,
    writer: &'d Document,
    visits: Cell<u64>,
    /// Whether a value was not asked about because that would have taken too long.
    too_much: Cell<bool>,
}

/// What the validators of a pair have to do.
struct Efforts<'j>(Effort<'j>, Effort<'j>);

/// A document, or as much of it as can matter for the values that are judged.
enum Judged<'d> {
    Whole(&'d Document, &'d Validator),
    Part(Box<Document>),
}

impl<'d> Judged<'d> {
    fn of(document: &'d Document, keys: &Keys) -> Result<Judged<'d>, Reason> {
        if document.is_large() && !document.has_validator() {
            if let Some(complaint) = Validator::complaint(document) {
                return Err(complaint.reason());
            }
            if let Some(part) = relevant::part(document, keys)
                && part.validator_that_ends().is_ok()
            {
                return Ok(Judged::Part(Box::new(part)));
            }
        }
        document.validator_that_ends().map(|validator| Judged::Whole(document, validator))
    }

    fn accepts(&self, value: &Value) -> bool {
        match self {
            Judged::Whole(_, validator) => validator.accepts(value),
            Judged::Part(part) => part.validator_that_ends().is_ok_and(|validator| validator.accepts(value)),
        }
    }

    fn document(&self) -> &Document {
        match self {
            Judged::Whole(document, _) => document,
            Judged::Part(part) => part,
        }
    }
}

impl<'d> Judge<'d> {
    /// A judge of a pair that has been compiled, for these values and of what is left of them when keys and elements are taken away.
    pub fn new<'v>(
        consumer: &'d Document,
        producer: &'d Document,
        values: impl IntoIterator<Item = &'v Value>,
    ) -> Result<Judge<'d>, Reason> {
        let mut keys = Keys::default();
        values.into_iter().for_each(|value| keys.add(value));
        let (reader, writer) = if consumer.is_large() && producer.is_large() {
            stack::both(|| Judged::of(consumer, &keys), || Judged::of(producer, &keys))
        } else {
            (Judged::of(consumer, &keys), Judged::of(producer, &keys))
        };
        let (visits, too_much) = (Cell::new(VISIT_BUDGET), Cell::new(false));
        Ok(Judge { consumer: reader?, producer: writer?, writer: producer, visits, too_much })
    }

    /// Whether the producer may send it and the consumer refuses it, as far as that can be asked.
    pub fn tells_apart(&self, value: &Value, stack: &mut Stack) -> bool {
        self.afford(value, &mut self.efforts(), stack).is_some() && self.refuses(value)
    }

    fn refuses(&self, value: &Value) -> bool {
        !self.consumer.accepts(value) && self.producer.accepts(value)
    }

    /// Whether a value was left out because asking about it would have taken too long.
    pub fn gave_up(&self) -> bool {
        self.too_much.get()
    }

    fn efforts(&self) -> Efforts<'_> {
        Efforts(Effort::new(self.consumer.document()), Effort::new(self.producer.document()))
    }

    /// Takes what it costs to ask about a value; `None` where that is more than there is.
    fn afford(&self, value: &Value, efforts: &mut Efforts<'_>, stack: &mut Stack) -> Option<u64> {
        let cost = efforts.0.of(value, stack).saturating_add(efforts.1.of(value, stack));
        match self.visits.get().checked_sub(cost.saturating_mul(COUNTED)) {
            Some(left) => self.visits.set(left),
            None => {
                self.too_much.set(true);
                return None;
            }
        }
        Some(cost)
    }

    /// A smaller and more readable value that still tells the two apart; `None` where even this one does not.
    pub fn shrunk(&self, arena: &mut Arena, writer: Lit, value: &Value) -> Option<Witness> {
        self.smaller(arena, writer, value, &mut self.efforts())
    }

    fn smaller(&self, arena: &mut Arena, writer: Lit, value: &Value, efforts: &mut Efforts<'_>) -> Option<Witness> {
        let cost = self.afford(value, efforts, &mut arena.stack)?.max(1);
        let closed = self.writer.is_written();
        let mut good = |value: &Value| self.refuses(value) && (!closed || arena.holds(writer, value) == Some(true));
        if !good(value) {
            return None;
        }
        // What is smaller costs no more than this.
        let allowed = SHRINK_BUDGET.min(usize::try_from(self.visits.get() / cost).unwrap_or(usize::MAX));
        let mut budget = allowed;
        let smaller = shrink(value, &mut budget, &mut good);
        self.visits.set(self.visits.get().saturating_sub((allowed - budget) as u64 * cost));
        if budget == 0 && allowed < SHRINK_BUDGET {
            return Some(Witness::confirmed(smaller));
        }
        Some(Witness::confirmed(sample::plausible(&smaller, &sample::formats(self.writer), &mut good)))
    }

    /// Tries values built from the constants and bounds of the pair, and the mutants of a candidate.
    pub fn hunt(&self, arena: &mut Arena, writer: Lit, candidate: Option<&Value>, pool: &[Value]) -> Option<Witness> {
        let mut budget = if self.writer.is_large() { HUNT_BUDGET / 8 } else { HUNT_BUDGET };
        let mut seeds: Vec<Value> = candidate.into_iter().cloned().collect();
        seeds.extend(pool.iter().cloned());
        let mut tried: Vec<Value> = Vec::new();
        let mut efforts = self.efforts();
        for seed in &seeds {
            if budget == 0 {
                return None;
            }
            budget -= 1;
            if let Some(found) = self.smaller(arena, writer, seed, &mut efforts) {
                return Some(found);
            }
            if self.gave_up() {
                return None;
            }
            if self.producer.accepts(seed) {
                tried.push(seed.clone());
            }
        }
        for seed in tried {
            for mutant in mutants(&seed, pool) {
                if budget == 0 {
                    return None;
                }
                budget -= 1;
                if let Some(found) = self.smaller(arena, writer, &mutant, &mut efforts) {
                    return Some(found);
                }
            }
        }
        None
    }
}

/// Constants, bounds and their neighbours, and the smallest values of every type: what a hunt tries and makes mutants with.
pub(super) fn pool(arena: &Arena) -> Vec<Value> {
    let mut pool = vec![
        Value::Null,
        Value::Bool(true),
        Value::from(0),
        Value::from(1),
        Value::from(-1),
        Value::from(1.5),
        Value::from(""),
        Value::from("a"),
        Value::Array(Vec::new()),
        Value::Array(vec![Value::from(1)]),
        Value::Array(vec![Value::from(1), Value::from("a")]),
        Value::Object(Map::new()),
    ];
    for node in arena.all() {
        match node {
            Node::Enum(values) => {
                let short = values.iter().filter(|value| values_in(value, MUTANT_LIMIT) <= MUTANT_LIMIT);
                pool.extend(short.take(16).cloned());
            }
            Node::Minimum(bound) | Node::ExclusiveMinimum(bound) | Node::Maximum(bound) | Node::ExclusiveMaximum(bound) => {
                for offset in -1..=1 {
                    let near = &**bound + num_rational::BigRational::from(num_bigint::BigInt::from(offset));
                    pool.extend(crate::schema::number::to_number(&near).map(Value::Number));
                }
            }
            Node::Required(name) | Node::Property(name, _) => {
                for value in [Value::Null, Value::from(1), Value::from("a")] {
                    pool.push(Value::Object(Map::from_iter([(name.to_string(), value)])));
                }
            }
            Node::MinLength(count) | Node::MaxLength(count) if *count < 1_000 => {
                pool.push(Value::from("a".repeat(*count as usize)));
                pool.push(Value::from("a".repeat(*count as usize + 1)));
            }
            _ => {}
        }
        if pool.len() > 256 {
            break;
        }
    }
    pool
}

/// The values that differ from this one in one place.
fn mutants(value: &Value, pool: &[Value]) -> Vec<Value> {
    let mut found = Vec::new();
    if values_in(value, MUTANT_LIMIT) > MUTANT_LIMIT {
        return found;
    }
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let mut without = map.clone();
                without.remove(key);
                found.push(Value::Object(without));
                for mutant in mutants(inner, &pool[..pool.len().min(24)]) {
                    let mut changed = map.clone();
                    changed.insert(key.clone(), mutant);
                    found.push(Value::Object(changed));
                }
            }
            for extra in pool {
                if let Value::Object(more) = extra {
                    let mut changed = map.clone();
                    changed.extend(more.clone());
                    found.push(Value::Object(changed));
                }
            }
        }
        Value::Array(items) => {
            for index in 0..items.len().min(16) {
                let mut without = items.clone();
                without.remove(index);
                found.push(Value::Array(without));
                for mutant in mutants(&items[index], &pool[..pool.len().min(24)]) {
                    let mut changed = items.clone();
                    changed[index] = mutant;
                    found.push(Value::Array(changed));
                }
            }
            for extra in pool.iter().take(24) {
                let mut longer = items.clone();
                longer.push(extra.clone());
                found.push(Value::Array(longer));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => found.extend(pool.iter().cloned()),
    }
    found
}

/// Leaves out keys and elements, and simplifies what is left, as long as the value stays good.
fn shrink(value: &Value, budget: &mut usize, good: &mut dyn FnMut(&Value) -> bool) -> Value {
    let left = Cell::new(*budget);
    let mut test = |candidate: &Value| {
        let Some(less) = left.get().checked_sub(1) else { return false };
        left.set(less);
        good(candidate)
    };
    let smaller = shrink_with(value, &left, &mut test);
    *budget = left.get();
    smaller
}

fn shrink_with(value: &Value, left: &Cell<usize>, good: &mut dyn FnMut(&Value) -> bool) -> Value {
    match value {
        Value::Object(map) => {
            let mut map = map.clone();
            let names: Vec<String> = map.keys().cloned().collect();
            for key in &names {
                if left.get() == 0 {
                    break;
                }
                let Some(kept) = map.remove(key) else { continue };
                let without = Value::Object(std::mem::take(&mut map));
                let is_good = good(&without);
                if let Value::Object(same) = without {
                    map = same;
                }
                if !is_good {
                    map.insert(key.clone(), kept);
                }
            }
            for key in &names {
                if left.get() == 0 {
                    break;
                }
                let Some(inner) = map.get(key).cloned() else { continue };
                let smaller = shrink_with(&inner, left, &mut |candidate| {
                    let mut changed = map.clone();
                    changed.insert(key.clone(), candidate.clone());
                    good(&Value::Object(changed))
                });
                map.insert(key.clone(), smaller);
            }
            Value::Object(map)
        }
        Value::Array(items) => {
            let mut items = items.clone();
            // Whole stretches first: a long array may need but one of its elements.
            let mut stretch = items.len() / 2;
            while stretch > 1 && left.get() > 0 {
                let mut end = items.len();
                while end > 0 && left.get() > 0 {
                    let start = end.saturating_sub(stretch);
                    let shorter = Value::Array(items[..start].iter().chain(&items[end..]).cloned().collect());
                    if good(&shorter)
                        && let Value::Array(shorter) = shorter
                    {
                        items = shorter;
                    }
                    end = start;
                }
                stretch /= 2;
            }
            let mut index = items.len();
            while index > 0 && left.get() > 0 {
                index -= 1;
                let shorter = Value::Array(items[..index].iter().chain(&items[index + 1..]).cloned().collect());
                if good(&shorter)
                    && let Value::Array(shorter) = shorter
                {
                    items = shorter;
                }
            }
            for index in 0..items.len() {
                if left.get() == 0 {
                    break;
                }
                let inner = items[index].clone();
                items[index] = shrink_with(&inner, left, &mut |candidate| {
                    let mut changed = items.clone();
                    changed[index] = candidate.clone();
                    good(&Value::Array(changed))
                });
            }
            Value::Array(items)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_witness_keeps_only_what_tells_apart() {
        let value = json!({"a": 1, "b": {"c": [1, 2, 3], "d": 4}});
        let mut budget = 100;
        let small =
            shrink(&value, &mut budget, &mut |value| value["b"]["c"].as_array().is_some_and(|items| items.contains(&json!(2))));
        assert_eq!(small, json!({"b": {"c": [2]}}));
    }

    #[test]
    fn mutants_differ_in_one_place() {
        let found = mutants(&json!({"a": 1}), &[json!("x"), json!({"b": null})]);
        assert!(found.contains(&json!({})));
        assert!(found.contains(&json!({"a": "x"})));
        assert!(found.contains(&json!({"a": 1, "b": null})));
    }
}
