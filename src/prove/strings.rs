//! Texts: lengths, patterns and excluded words.

use std::rc::Rc;

use rustc_hash::FxHashSet;
use serde_json::Value;

use super::automaton::{ALL, ANY};
use super::ir::{Node, Types};
use super::solve::{Outcome, Solver};
use super::state::State;

/// Texts longer than this are not written out as witnesses.
const LENGTH_LIMIT: u64 = 20_000;

/// Lengths up to this are part of an automaton; a longer one beside a pattern is undecided.
const COUNT_LIMIT: u64 = 5_000;

/// What a text without any demand says.
const WORDS: [&str; 6] = ["a", "b", "", "ab", "x", "text"];

impl Solver<'_> {
    pub(super) fn string(&mut self, state: &State) -> Outcome {
        let mut min = 0_u64;
        let mut max = u64::MAX;
        let mut sets = Vec::new();
        let mut undecided: Option<(String, &'static str)> = None;
        let mut formats = Vec::new();
        for lit in &state.strings {
            match self.arena.node(*lit).clone() {
                Node::MinLength(count) => min = min.max(count),
                Node::MaxLength(count) => max = max.min(count),
                Node::Pattern(pattern) => match self.arena.pattern(&pattern) {
                    Ok(id) if lit.is_positive() => sets.push(id),
                    Ok(id) => sets.push(self.arena.automata.not(id)),
                    Err(refusal) => undecided = Some((pattern.to_string(), refusal)),
                },
                Node::Format(name) => formats.push((name, lit.is_positive())),
                _ => {}
            }
        }
        if min > max {
            return Outcome::Empty;
        }
        let mut words: Vec<String> = Vec::new();
        for lit in &state.excluded {
            if let Node::Enum(values) = self.arena.node(*lit) {
                self.arena.budget.work(8 * values.len());
                words.extend(values.iter().filter_map(Value::as_str).map(str::to_owned));
            }
        }
        // A format is decided by examples: what the example fails to show stays open.
        for (name, wanted) in &formats {
            if formats.iter().any(|(other, positive)| other == name && positive != wanted) {
                return Outcome::Empty;
            }
        }
        let text = if sets.is_empty() {
            plain(min, max, &words.iter().map(String::as_str).collect())
        } else {
            // Only the words that the patterns admit need to be ruled out.
            let both = self.arena.automata.and(sets.iter().copied());
            words.retain(|word| self.arena.automata.matches(both, word) != Some(false));
            for word in &words {
                if self.arena.budget.is_spent() {
                    return self.unsure("pattern", "the patterns are too large");
                }
                let literal = self.arena.automata.literal(word);
                sets.push(self.arena.automata.not(literal));
            }
            if min > 0 || max < u64::MAX {
                let bounded = max != u64::MAX && max <= COUNT_LIMIT;
                if min > COUNT_LIMIT {
                    return self.unsure("minLength", "the text would be too long beside a pattern");
                }
                // A long upper bound is left out: the shortest text is looked for, and held against it below.
                let upper = if bounded { u32::try_from(max).ok() } else { None };
                let length = self.arena.automata.repeat(ANY, u32::try_from(min).unwrap_or(u32::MAX), upper);
                sets.push(length);
            }
            let set = self.arena.automata.and(sets);
            debug_assert!(set != ALL || words.is_empty());
            match self.arena.automata.shortest(set) {
                Ok(Some(text)) if text.chars().count() as u64 <= max => Ok(Some(text)),
                Ok(Some(_) | None) => Ok(None),
                Err(_) => Err("the patterns are too large"),
            }
        };
        match text {
            Ok(None) => Outcome::Empty,
            Err(refusal) => self.unsure("pattern", refusal),
            Ok(Some(text)) => {
                if let Some((pattern, refusal)) = undecided {
                    let reason = super::Reason::new("pattern", "", format!("`{pattern}` has no automaton: {refusal}"));
                    return Outcome::Unsure(Some(Rc::new(Value::String(text))), Rc::new(reason));
                }
                if let Some((name, _)) = formats.iter().find(|(_, wanted)| *wanted) {
                    let example = super::sample::of_format(name).unwrap_or(&text).to_owned();
                    let reason = super::Reason::new("format", "", format!("`{name}` is decided by examples alone"));
                    return Outcome::Unsure(Some(Rc::new(Value::String(example))), Rc::new(reason));
                }
                Outcome::Found(Rc::new(Value::String(text)))
            }
        }
    }

    /// A fresh key for which all literals hold, and which is none of `taken`.
    pub(super) fn fresh_key(&mut self, lits: &[super::ir::Lit], taken: &dyn Fn(&str) -> bool) -> Outcome {
        for word in ["extra", "other", "x", "another", "x-extra", "x_extra"] {
            let value = Value::String(word.to_owned());
            if !taken(word) && self.arena.all_hold(lits, &value) == Some(true) {
                return Outcome::Found(Rc::new(value));
            }
        }
        let string = self.arena.types(Types::STRING);
        let mut goal: Vec<super::ir::Lit> = lits.to_vec();
        goal.push(string);
        // Taken keys are ruled out as they turn up; most never do.
        for _ in 0..200 {
            let outcome = self.solve(goal.iter().copied());
            match &outcome {
                Outcome::Found(value) => match value.as_str() {
                    Some(word) if taken(word) => {
                        let same = self.arena.values([(**value).clone()]);
                        goal.push(same.negate());
                    }
                    _ => return outcome,
                },
                Outcome::Empty | Outcome::Unsure(_, _) => return outcome,
            }
        }
        self.unsure("propertyNames", "too many keys would have to be tried")
    }
}

/// A text of a length, and none of the words.
fn plain(min: u64, max: u64, words: &FxHashSet<&str>) -> Result<Option<String>, &'static str> {
    let fits = |text: &str| {
        let length = text.chars().count() as u64;
        length >= min && length <= max && !words.contains(text)
    };
    if let Some(word) = WORDS.iter().find(|word| fits(word)) {
        return Ok(Some((*word).to_owned()));
    }
    if min > LENGTH_LIMIT {
        return Err("the text would be too long to write down");
    }
    if max == 0 {
        return Ok(None);
    }
    // There are more characters than excluded words, so one of these is free.
    let body = "a".repeat(min.max(1) as usize - 1);
    let letters = (b'a'..=b'z').map(char::from).chain(('\u{100}'..='\u{FFFF}').take(words.len() + 1));
    Ok(letters.map(|letter| format!("{body}{letter}")).find(|text| fits(text)))
}
