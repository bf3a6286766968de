//! Numbers: bounds, steps and excluded values, in exact rationals.

use std::rc::Rc;

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};
use rustc_hash::FxHashSet;
use serde_json::Value;

use super::budget::Budget;
use super::eval::is_multiple;
use super::ir::{Exact, Node, Types};
use super::solve::{Outcome, Solver};
use super::state::State;
use crate::schema::number::{exact, to_number};

/// Multiples tried one by one. The steps that a number must not be a multiple of repeat with a period, so that a longer search
/// finds nothing new once the period is within this.
const CANDIDATE_BUDGET: u64 = 4_096;

#[derive(Default)]
struct Range {
    low: Option<(BigRational, bool)>,
    high: Option<(BigRational, bool)>,
    step: Option<BigRational>,
    not_steps: Vec<Exact>,
    excluded: FxHashSet<BigRational>,
}

impl Range {
    fn admits(&self, value: &BigRational) -> bool {
        self.low.as_ref().is_none_or(|(bound, strict)| value > bound || (!strict && value == bound))
            && self.high.as_ref().is_none_or(|(bound, strict)| value < bound || (!strict && value == bound))
            && self.step.as_ref().is_none_or(|step| is_multiple(value, step))
            && !self.not_steps.iter().any(|step| is_multiple(value, step))
            && !self.excluded.contains(value)
    }

    /// The work of holding one multiple of a step against the range.
    fn cost(&self, step: &BigRational) -> usize {
        let bounds = self.low.iter().chain(&self.high).map(|(bound, _)| words(bound));
        let steps = self.step.iter().chain(self.not_steps.iter().map(|step| &**step)).map(words);
        let own = words(step) + 1;
        // Products and divisions take the product of the lengths.
        bounds.chain(steps).map(|other| 20 + own * other).sum::<usize>() + 20 + own * own
    }

    fn raise(&mut self, bound: &BigRational, strict: bool) {
        let tighter = self.low.as_ref().is_none_or(|(known, was)| bound > known || (bound == known && strict && !was));
        if tighter {
            self.low = Some((bound.clone(), strict));
        }
    }

    fn lower(&mut self, bound: &BigRational, strict: bool) {
        let tighter = self.high.as_ref().is_none_or(|(known, was)| bound < known || (bound == known && strict && !was));
        if tighter {
            self.high = Some((bound.clone(), strict));
        }
    }
}

/// How long a number is, in machine words.
fn words(value: &BigRational) -> usize {
    (value.numer().bits() / 64 + value.denom().bits() / 64) as usize + 1
}

/// The least number that both are divisors of.
fn common_multiple(a: &BigRational, b: &BigRational) -> BigRational {
    BigRational::new(a.numer().lcm(b.numer()), a.denom().gcd(b.denom()))
}

impl Solver<'_> {
    pub(super) fn number(&mut self, state: &State) -> Outcome {
        let mut range = Range::default();
        for lit in &state.numbers {
            match self.arena.node(*lit) {
                Node::Minimum(bound) => range.raise(bound, false),
                Node::ExclusiveMinimum(bound) => range.raise(bound, true),
                Node::Maximum(bound) => range.lower(bound, false),
                Node::ExclusiveMaximum(bound) => range.lower(bound, true),
                Node::MultipleOf(step) if lit.is_positive() => {
                    range.step = Some(match &range.step {
                        Some(known) if !self.arena.budget.work(40 + 4 * words(known) * words(step)) => known.clone(),
                        Some(known) => common_multiple(known, step),
                        None => (**step).clone(),
                    });
                }
                Node::MultipleOf(step) => range.not_steps.push(Exact::clone(step)),
                _ => {}
            }
        }
        let mut undecided = false;
        for lit in &state.excluded {
            let Node::Enum(values) = self.arena.node(*lit) else { continue };
            self.arena.budget.work(30 * values.len());
            for value in values.iter() {
                if let Value::Number(number) = value {
                    match exact(number) {
                        Some(value) => drop(range.excluded.insert(value)),
                        None => undecided = true,
                    }
                }
            }
        }
        if let (Some((low, strict_low)), Some((high, strict_high))) = (&range.low, &range.high)
            && (low > high || (low == high && (*strict_low || *strict_high)))
        {
            return Outcome::Empty;
        }
        let mut unsure = false;
        if state.types.meets(Types::INTEGER.or(Types::ROUND)) {
            match whole(&range, &self.arena.budget) {
                Some(Some(value)) => {
                    let plain = state.types.meets(Types::INTEGER);
                    let text = value.to_integer().to_string();
                    let text = if plain { text } else { format!("{text}.0") };
                    if let Ok(number) = text.parse() {
                        return found(Value::Number(number), undecided, self);
                    }
                    unsure = true;
                }
                Some(None) => {}
                None => unsure = true,
            }
        }
        if state.types.meets(Types::FRACTION) {
            match fraction(&range, &self.arena.budget) {
                Some(Some(value)) => match to_number(&value) {
                    Some(number) => return found(Value::Number(number), undecided, self),
                    None => unsure = true,
                },
                Some(None) => {}
                None => unsure = true,
            }
        }
        if unsure { self.unsure("multipleOf", "too many numbers would have to be tried") } else { Outcome::Empty }
    }
}

fn found(value: Value, undecided: bool, solver: &Solver<'_>) -> Outcome {
    let value = Rc::new(value);
    if undecided {
        match solver.unsure("enum", "a number has too many digits") {
            Outcome::Unsure(_, reason) => Outcome::Unsure(Some(value), reason),
            other => other,
        }
    } else {
        Outcome::Found(value)
    }
}

/// A whole number of the range; `Some(None)` where there is none, `None` where too many would have to be tried.
fn whole(range: &Range, budget: &Budget) -> Option<Option<BigRational>> {
    let step = match &range.step {
        Some(step) => common_multiple(step, &BigRational::one()),
        None => BigRational::one(),
    };
    multiples(range, &step, budget, |_| true)
}

/// A number of the range that is not whole.
fn fraction(range: &Range, budget: &Budget) -> Option<Option<BigRational>> {
    match &range.step {
        Some(step) if step.is_integer() => Some(None),
        Some(step) => multiples(range, step, budget, |value| !value.is_integer()),
        None => between(range, budget),
    }
}

/// A multiple of `step` in the range.
fn multiples(
    range: &Range,
    step: &BigRational,
    budget: &Budget,
    wanted: impl Fn(&BigRational) -> bool,
) -> Option<Option<BigRational>> {
    let admits = |value: &BigRational| wanted(value) && range.admits(value);
    // Zero, or the multiple nearest to it, is what a person would write.
    let first: BigInt = match (&range.low, &range.high) {
        (Some((low, _)), _) if low.is_positive() => (low / step).ceil().to_integer(),
        (_, Some((high, _))) if high.is_negative() => (high / step).floor().to_integer(),
        _ => BigInt::zero(),
    };
    let last_up = range.high.as_ref().map(|(high, _)| (high / step).floor().to_integer());
    let last_down = range.low.as_ref().map(|(low, _)| (low / step).ceil().to_integer());
    // Whole numbers among the multiples, and the multiples of the forbidden steps, repeat with this many multiples.
    let mut period = common_multiple(step, &BigRational::one());
    for other in &range.not_steps {
        if !budget.work(40 + 4 * words(&period) * words(other)) {
            return None;
        }
        period = common_multiple(&period, other);
    }
    let period = (period / step).to_integer().to_u64().unwrap_or(u64::MAX);
    let enough = period.saturating_add(2).saturating_mul(range.excluded.len() as u64 + 1).saturating_add(2);
    let mut truncated = false;
    for direction in [1, -1] {
        let last = if direction == 1 { &last_up } else { &last_down };
        let mut index = first.clone();
        let mut tried = 0_u64;
        loop {
            let past = last.as_ref().is_some_and(|last| if direction == 1 { index > *last } else { index < *last });
            if past || tried > enough {
                break;
            }
            if tried > CANDIDATE_BUDGET + 2 * range.excluded.len() as u64 || !budget.work(range.cost(step)) {
                truncated = true;
                break;
            }
            let value = step * BigRational::from(index.clone());
            if admits(&value) {
                return Some(Some(value));
            }
            index += direction;
            tried += 1;
        }
    }
    if truncated { None } else { Some(None) }
}

/// A number between the bounds that is not whole and a multiple of none of the forbidden steps. There is one wherever the bounds
/// leave room, since all of these are isolated points; `None` where the room is too narrow to write it down.
fn between(range: &Range, budget: &Budget) -> Option<Option<BigRational>> {
    let two = BigRational::from(BigInt::from(2));
    let one = BigRational::one();
    let (low, high) = match (&range.low, &range.high) {
        (Some((low, _)), Some((high, _))) => (low.clone(), high.clone()),
        (Some((low, _)), None) => (low.clone(), low + &one),
        (None, Some((high, _))) => (high - &one, high.clone()),
        (None, None) => (BigRational::zero(), one.clone()),
    };
    if low == high {
        return Some((!low.is_integer() && range.admits(&low)).then_some(low));
    }
    // Decimals with ever more places: the first that fits is the shortest to write.
    let ten = BigRational::from(BigInt::from(10));
    let mut scale = ten.clone();
    for _ in 0..40 {
        if !budget.work(8 * range.cost(&scale)) {
            return None;
        }
        let start = (&low * &scale).floor().to_integer();
        let middle = ((&low + &high) / &two * &scale).floor().to_integer();
        for origin in [middle, start] {
            for offset in 0..12 {
                let value = BigRational::new(&origin + offset, scale.to_integer());
                if !value.is_integer() && range.admits(&value) {
                    return Some(Some(value));
                }
            }
        }
        scale *= &ten;
    }
    None
}

/// A literal is about numbers.
#[cfg(test)]
mod tests {
    use super::*;

    fn range(low: Option<i64>, high: Option<i64>, step: Option<(i64, i64)>, not: &[(i64, i64)]) -> Range {
        let whole = |value: i64| (BigRational::from(BigInt::from(value)), false);
        Range {
            low: low.map(whole),
            high: high.map(whole),
            step: step.map(|(a, b)| BigRational::new(a.into(), b.into())),
            not_steps: not.iter().map(|(a, b)| Exact::new(BigRational::new((*a).into(), (*b).into()))).collect(),
            excluded: FxHashSet::default(),
        }
    }

    fn whole(range: &Range) -> Option<Option<BigRational>> {
        super::whole(range, &Budget::new(&crate::prove::Options::default(), 0))
    }

    fn fraction(range: &Range) -> Option<Option<BigRational>> {
        super::fraction(range, &Budget::new(&crate::prove::Options::default(), 0))
    }

    #[test]
    fn multiples_are_found_or_refuted() {
        assert_eq!(whole(&range(Some(1), Some(5), Some((7, 1)), &[])), Some(None));
        assert_eq!(whole(&range(Some(1), None, Some((4, 1)), &[(2, 1)])), Some(None));
        assert_eq!(whole(&range(None, None, Some((2, 1)), &[(4, 1)])), Some(Some(BigRational::from(BigInt::from(2)))));
        assert_eq!(fraction(&range(None, None, Some((1, 2)), &[(1, 4)])), Some(None));
        assert_eq!(fraction(&range(Some(1), Some(1), None, &[])), Some(None));
        assert!(matches!(fraction(&range(Some(0), Some(1), None, &[(1, 100)])), Some(Some(_))));
    }
}
