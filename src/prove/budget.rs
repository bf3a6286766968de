//! What may be spent on one pair of schemas: work and memory, counted rather than measured.
//!
//! A step of the search can be as large as the schemas are. So whatever loops over something that
//! the schemas decide the size of says here how much it is about to do, and whatever keeps something says how much it keeps. Both
//! depend on the schemas alone: the same pair gets the same answer on every machine. Once either is used up nothing is decided any
//! more, so that the search comes to its end at once.

use std::cell::Cell;
use std::rc::Rc;

use serde_json::Value;

use super::Options;

/// Units of work for each step that a pair may take. A unit is about a visit to one node, some ten nanoseconds; most pairs need
/// less than a hundredth of what their steps allow.
const WORK_FOR_STEP: u64 = 1_200;

/// Bytes that may be kept for a pair, beside its documents.
const MEMORY: u64 = 96 << 20;

/// JSON values in one payload beyond which it is not written down: nobody would read it, and payloads inside payloads multiply.
const PAYLOAD_LIMIT: usize = 50_000;

#[derive(Debug)]
pub(super) struct Budget {
    total: u64,
    work: Cell<u64>,
    room: Cell<u64>,
    spent: Cell<bool>,
}

impl Budget {
    /// The budget of a pair of which `done` was spent already.
    pub fn new(options: &Options, done: u64) -> Rc<Budget> {
        Rc::new(Budget {
            total: (options.steps as u64).saturating_mul(WORK_FOR_STEP),
            work: Cell::new((options.steps as u64).saturating_mul(WORK_FOR_STEP).saturating_sub(done)),
            room: Cell::new(MEMORY),
            spent: Cell::new(false),
        })
    }

    /// Whether nothing more is decided.
    pub fn is_spent(&self) -> bool {
        self.spent.get()
    }

    /// The work that was spent.
    pub fn done(&self) -> u64 {
        if self.spent.get() { self.total } else { self.total - self.work.get() }
    }

    /// Takes so much work; `false` where it is more than there is.
    pub fn work(&self, units: usize) -> bool {
        match self.work.get().checked_sub(units as u64) {
            Some(left) => self.work.set(left),
            None => self.spent.set(true),
        }
        !self.spent.get()
    }

    /// Keeps so many bytes; `false` where there is no room for them.
    pub fn keep(&self, bytes: usize) -> bool {
        match self.room.get().checked_sub(bytes as u64) {
            Some(left) => self.room.set(left),
            None => self.spent.set(true),
        }
        !self.spent.get()
    }

    /// Gives back what was kept.
    pub fn release(&self, bytes: usize) {
        self.room.set(self.room.get().saturating_add(bytes as u64).min(MEMORY));
    }

    /// Whether a payload of these parts may be written down; takes what that costs.
    pub fn payload<'v>(&self, parts: impl IntoIterator<Item = &'v Value>) -> bool {
        let mut count = 0;
        let mut bytes = 0;
        for part in parts {
            count += 1 + values_in(part, PAYLOAD_LIMIT);
            if count > PAYLOAD_LIMIT {
                return false;
            }
            bytes += heap(part);
        }
        self.work(4 * count) && self.keep(bytes)
    }
}

/// About the bytes that a value takes. An object takes much, however little is in it.
pub(super) fn heap(value: &Value) -> usize {
    const VALUE: usize = 32;
    const TEXT: usize = 24;
    const OBJECT: usize = 640;
    const ENTRIES: usize = 6;
    let mut bytes = 0;
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        bytes += VALUE;
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => bytes += TEXT + number.as_str().len(),
            Value::String(text) => bytes += text.len(),
            Value::Array(items) => pending.extend(items),
            Value::Object(map) => {
                bytes += map.len().div_ceil(ENTRIES) * OBJECT + map.keys().map(|key| TEXT + key.len()).sum::<usize>();
                pending.extend(map.values());
            }
        }
    }
    bytes
}

/// The JSON values inside of one, itself not counted; not many more than `limit` are looked at.
pub(super) fn values_in(value: &Value, limit: usize) -> usize {
    let mut count = 0;
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(map) => {
                count += map.len();
                pending.extend(map.values());
            }
            Value::Array(items) => {
                count += items.len();
                pending.extend(items);
            }
            Value::String(text) => count += text.len() / 64,
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        if count > limit {
            break;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_used_up_stays_so() {
        let budget = Budget::new(&Options { steps: 1 }, 0);
        assert!(budget.work(WORK_FOR_STEP as usize - 100) && budget.keep(1_000));
        budget.release(1_000);
        assert!(!budget.work(101) && budget.is_spent() && !budget.work(0) && !budget.keep(0));
    }

    #[test]
    fn a_payload_has_its_limit() {
        let budget = Budget::new(&Options::default(), 0);
        let long = Value::Array(vec![json!(1); 20_000]);
        assert!(budget.payload([&long, &long]));
        assert!(!budget.payload([&long, &long, &long]));
        assert!(!budget.is_spent());
    }
}
