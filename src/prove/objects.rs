//! Objects: named keys, pattern cells, and the rest of the keys.
//!
//! The space of keys falls into the names that the schemas mention and, for all others, into cells: the keys that match some of
//! the patterns and not the others. Within a cell every key has the same demands on its value, so one key stands for all.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Map, Value};

use super::Reason;
use super::ir::{Lit, Node};
use super::solve::{Cases, EXHAUSTED, Outcome, Solver};
use super::state::{KeyKind, LOOK_UP, SomeKey, State};

/// Patterns whose combinations are looked at.
const PATTERN_LIMIT: usize = 10;

/// Objects with more keys than this are not written out.
const SIZE_LIMIT: u64 = 2_000;

/// Keys that are demanded by kind, at once.
const KIND_LIMIT: usize = 5;

/// A key that no schema mentions, chosen from a cell.
#[derive(Clone)]
struct Fresh {
    /// What its name has to be.
    name_lits: Vec<Lit>,
    key: Rc<str>,
    value_lits: Vec<Lit>,
}

/// Which keys an object under construction has beside those that are required.
#[derive(Clone, Default)]
struct Choice {
    /// More demands on the values of named keys, which makes the keys present.
    named: BTreeMap<Rc<str>, Vec<Lit>>,
    fresh: Vec<Fresh>,
}

struct Keys<'s> {
    state: &'s State,
    /// All names that the schemas mention.
    universe: BTreeSet<Rc<str>>,
    /// All patterns that decide about the value of a key.
    patterns: Vec<Rc<str>>,
}

impl Solver<'_> {
    pub(super) fn object(&mut self, state: &State) -> Outcome {
        if state.max_properties.is_some_and(|max| max < state.min_properties.max(state.required.len() as u64)) {
            return Outcome::Empty;
        }
        let mut doubt: Option<Rc<Reason>> = None;
        for key in state.required.iter() {
            match self.named_value(state, key, &[], &mut doubt) {
                Outcome::Empty => return Outcome::Empty,
                Outcome::Found(_) => {}
                Outcome::Unsure(_, reason) => {
                    doubt.get_or_insert(reason);
                }
            }
        }
        if state.some_keys.len() > KIND_LIMIT {
            return self.unsure("additionalProperties", "too many demands on keys at once");
        }
        let keys = self.keys(state);
        let mut cases = Cases::new();
        if let Some(found) = self.choose(&keys, &state.some_keys, Choice::default(), &mut cases) {
            return found;
        }
        match (cases.finish(), doubt) {
            (Outcome::Empty, _) => Outcome::Empty,
            (Outcome::Unsure(candidate, reason), doubt) => Outcome::Unsure(candidate, doubt.unwrap_or(reason)),
            (found @ Outcome::Found(_), _) => found,
        }
    }

    fn keys<'s>(&self, state: &'s State) -> Keys<'s> {
        let rests = state.rests.iter().map(|rest| match self.arena.node(*rest) {
            Node::Rest(names, patterns, _) => names.len() + patterns.len(),
            _ => 0,
        });
        self.arena
            .budget
            .work(10 * (state.required.len() + state.properties.len() + state.matching.len() + rests.sum::<usize>()));
        let mut universe: BTreeSet<Rc<str>> = state.required.iter().cloned().collect();
        universe.extend(state.properties.keys().cloned());
        let mut patterns: BTreeSet<Rc<str>> = state.matching.iter().map(|(pattern, _)| Rc::clone(pattern)).collect();
        for rest in &state.rests {
            if let Node::Rest(names, matched, _) = self.arena.node(*rest) {
                universe.extend(names.iter().cloned());
                patterns.extend(matched.iter().cloned());
            }
        }
        for some in &state.some_keys {
            match &some.key {
                KeyKind::Matching(_) | KeyKind::Named(_) => {}
                KeyKind::Other(names, matched) => {
                    universe.extend(names.iter().cloned());
                    patterns.extend(matched.iter().cloned());
                }
            }
        }
        Keys { state, universe, patterns: patterns.into_iter().collect() }
    }

    /// A value for a named key, under more demands.
    fn named_value(&mut self, state: &State, key: &Rc<str>, more: &[Lit], doubt: &mut Option<Rc<Reason>>) -> Outcome {
        if !state.names.is_empty() {
            match self.arena.all_hold(&state.names, &Value::String(key.to_string())) {
                Some(true) => {}
                Some(false) => return Outcome::Empty,
                None => {
                    doubt.get_or_insert_with(|| Rc::new(Reason::new("propertyNames", "", "a name is undecided")));
                }
            }
        }
        let (mut lits, undecided) = state.value_of(self.arena, key);
        if undecided {
            doubt.get_or_insert_with(|| Rc::new(Reason::new("patternProperties", "", "a pattern has no automaton")));
        }
        lits.extend_from_slice(more);
        self.solve_under(key, lits)
    }

    /// Whether a named key is of the kind; `None` where that is undecided.
    fn is_of_kind(&mut self, kind: &KeyKind, key: &Rc<str>) -> Option<bool> {
        match kind {
            KeyKind::Matching(pattern) => self.arena.key_matches(pattern, key),
            KeyKind::Other(names, patterns) => {
                self.arena.budget.work(LOOK_UP);
                if names.binary_search(key).is_ok() {
                    Some(false)
                } else {
                    self.arena.matches_any(patterns, key).map(|matches| !matches)
                }
            }
            KeyKind::Named(lit) => self.arena.holds(*lit, &Value::String(key.to_string())),
        }
    }

    /// Finds keys for what is demanded by kind, then completes the object. Gives the outcome that ends the search.
    fn choose(&mut self, keys: &Keys<'_>, demands: &[SomeKey], choice: Choice, cases: &mut Cases) -> Option<Outcome> {
        let Some((demand, rest)) = demands.split_first() else {
            let outcome = self.complete(keys, &choice);
            return cases.add(outcome);
        };
        if !self.step() || !self.arena.stack.has_room() {
            let outcome = self.unsure("additionalProperties", EXHAUSTED);
            return cases.add(outcome);
        }
        for key in &keys.universe {
            match self.is_of_kind(&demand.key, key) {
                Some(true) => {}
                Some(false) => continue,
                None => {
                    let outcome = self.unsure("patternProperties", "a pattern has no automaton");
                    if let Some(found) = cases.add(outcome) {
                        return Some(found);
                    }
                    continue;
                }
            }
            let mut more = choice.named.get(key).cloned().unwrap_or_default();
            more.push(demand.value);
            let mut doubt = None;
            match self.named_value(keys.state, key, &more, &mut doubt) {
                Outcome::Empty => continue,
                Outcome::Found(_) if doubt.is_none() => {}
                Outcome::Found(_) | Outcome::Unsure(_, _) => {
                    let reason = doubt.unwrap_or_else(|| Rc::new(Reason::new("properties", "", "a value is undecided")));
                    if let Some(found) = cases.add(Outcome::Unsure(None, reason)) {
                        return Some(found);
                    }
                }
            }
            self.arena.budget.work(20 + 10 * (choice.named.len() + choice.fresh.len()));
            let mut next = choice.clone();
            next.named.insert(Rc::clone(key), more);
            if let Some(found) = self.choose(keys, rest, next, cases) {
                return Some(found);
            }
        }
        for index in 0..choice.fresh.len() {
            // A key that is there already may serve again, if its name can be of both kinds.
            let earlier = &choice.fresh[index];
            let mut name_lits = earlier.name_lits.clone();
            name_lits.extend(self.name_lits(keys, &demand.key));
            let mut value_lits = earlier.value_lits.clone();
            value_lits.push(demand.value);
            if self.is_empty(value_lits.iter().copied()) {
                continue;
            }
            let mut without = choice.clone();
            without.fresh.remove(index);
            if let Some(fresh) = self.fresh_in(keys, name_lits, value_lits, &without, cases) {
                without.fresh.push(fresh);
                if let Some(found) = self.choose(keys, rest, without, cases) {
                    return Some(found);
                }
            }
        }
        let name_lits = self.name_lits(keys, &demand.key);
        for (name_lits, value_lits) in self.cells(keys, name_lits, cases) {
            let mut value_lits = value_lits;
            value_lits.push(demand.value);
            match self.solve_under("*", value_lits.iter().copied()) {
                Outcome::Empty => continue,
                Outcome::Found(_) => {}
                Outcome::Unsure(candidate, reason) => {
                    if let Some(found) = cases.add(Outcome::Unsure(None, reason)) {
                        return Some(found);
                    }
                    if candidate.is_none() {
                        continue;
                    }
                }
            }
            if let Some(fresh) = self.fresh_in(keys, name_lits, value_lits, &choice, cases) {
                let mut next = choice.clone();
                next.fresh.push(fresh);
                if let Some(found) = self.choose(keys, rest, next, cases) {
                    return Some(found);
                }
            }
        }
        None
    }

    /// What the name of a key of the kind has to be, beside being a fresh one.
    fn name_lits(&mut self, keys: &Keys<'_>, kind: &KeyKind) -> Vec<Lit> {
        let mut lits = keys.state.names.clone();
        match kind {
            KeyKind::Matching(pattern) => lits.push(self.arena.intern(Node::Pattern(Rc::clone(pattern)))),
            KeyKind::Other(_, patterns) => {
                for pattern in patterns.iter() {
                    lits.push(self.arena.intern(Node::Pattern(Rc::clone(pattern))).negate());
                }
            }
            KeyKind::Named(lit) => lits.push(*lit),
        }
        lits
    }

    /// A key with such a name that nobody mentions and that the choice does not have yet.
    fn fresh_in(
        &mut self,
        keys: &Keys<'_>,
        name_lits: Vec<Lit>,
        value_lits: Vec<Lit>,
        choice: &Choice,
        cases: &mut Cases,
    ) -> Option<Fresh> {
        let taken = |word: &str| keys.universe.contains(word) || choice.fresh.iter().any(|fresh| &*fresh.key == word);
        match self.fresh_key(&name_lits, &taken) {
            Outcome::Empty => None,
            Outcome::Found(value) => {
                let key: Rc<str> = Rc::from(value.as_str()?);
                Some(Fresh { name_lits, key, value_lits })
            }
            Outcome::Unsure(candidate, reason) => {
                // A search that ends here is no proof; the candidate may still serve a witness.
                let _ = cases.add(Outcome::Unsure(None, reason));
                let key: Rc<str> = Rc::from(candidate?.as_str()?);
                (!taken(&key)).then_some(Fresh { name_lits, key, value_lits })
            }
        }
    }

    /// The cells that have keys with such names: literals of the name, literals of the value.
    fn cells(&mut self, keys: &Keys<'_>, name_lits: Vec<Lit>, cases: &mut Cases) -> Vec<(Vec<Lit>, Vec<Lit>)> {
        if keys.patterns.len() > PATTERN_LIMIT {
            let outcome = self.unsure("patternProperties", "too many patterns at once");
            let _ = cases.add(outcome);
            return Vec::new();
        }
        let mut cells: Vec<(Vec<Lit>, Vec<bool>)> = vec![(name_lits, Vec::new())];
        for pattern in &keys.patterns {
            let lit = self.arena.intern(Node::Pattern(Rc::clone(pattern)));
            let mut finer = Vec::new();
            for (lits, signs) in cells {
                for sign in [false, true] {
                    let wanted = if sign { lit } else { lit.negate() };
                    let mut lits = lits.clone();
                    lits.push(wanted);
                    let string = self.arena.types(super::ir::Types::STRING);
                    if !self.is_empty(lits.iter().copied().chain([string])) {
                        let mut signs = signs.clone();
                        signs.push(sign);
                        finer.push((lits, signs));
                    }
                }
            }
            cells = finer;
        }
        let mut found = Vec::with_capacity(cells.len());
        for (names, signs) in cells {
            let matched =
                |pattern: &Rc<str>| keys.patterns.iter().position(|known| known == pattern).is_some_and(|index| signs[index]);
            let mut values: Vec<Lit> =
                keys.state.matching.iter().filter(|(pattern, _)| matched(pattern)).map(|(_, lit)| *lit).collect();
            for rest in &keys.state.rests {
                if let Node::Rest(_, patterns, lit) = self.arena.node(*rest)
                    && !patterns.iter().any(matched)
                {
                    values.push(*lit);
                }
            }
            found.push((names, values));
        }
        found
    }

    /// The object with the chosen keys, and as many more as are demanded.
    fn complete(&mut self, keys: &Keys<'_>, choice: &Choice) -> Outcome {
        let state = keys.state;
        let present: BTreeSet<Rc<str>> = state.required.iter().chain(choice.named.keys()).cloned().collect();
        self.arena.budget.work(10 * present.len());
        let mut count = (present.len() + choice.fresh.len()) as u64;
        if state.max_properties.is_some_and(|max| count > max) {
            return Outcome::Empty;
        }
        let mut doubt: Option<Rc<Reason>> = None;
        let mut map: BTreeMap<Rc<str>, Rc<Value>> = BTreeMap::new();
        for key in &present {
            let more = choice.named.get(key).cloned().unwrap_or_default();
            match self.named_value(state, key, &more, &mut doubt) {
                Outcome::Empty => return Outcome::Empty,
                Outcome::Found(value) => {
                    map.insert(Rc::clone(key), value);
                }
                Outcome::Unsure(candidate, reason) => match candidate {
                    Some(value) => {
                        map.insert(Rc::clone(key), value);
                        doubt.get_or_insert(reason);
                    }
                    None => return Outcome::Unsure(None, reason),
                },
            }
        }
        for fresh in &choice.fresh {
            match self.solve_under("*", fresh.value_lits.iter().copied()) {
                Outcome::Empty => return Outcome::Empty,
                Outcome::Found(value) => {
                    map.insert(Rc::clone(&fresh.key), value);
                }
                Outcome::Unsure(candidate, reason) => match candidate {
                    Some(value) => {
                        map.insert(Rc::clone(&fresh.key), value);
                        doubt.get_or_insert(reason);
                    }
                    None => return Outcome::Unsure(None, reason),
                },
            }
        }
        if count < state.min_properties {
            if state.min_properties > SIZE_LIMIT {
                return self.unsure("minProperties", "the object would be too large to write down");
            }
            // Every named key that may be there is as good as any other.
            for key in &keys.universe {
                if count >= state.min_properties {
                    break;
                }
                if present.contains(key) {
                    continue;
                }
                match self.named_value(state, key, &[], &mut doubt) {
                    Outcome::Empty => {}
                    Outcome::Found(value) => {
                        map.insert(Rc::clone(key), value);
                        count += 1;
                    }
                    Outcome::Unsure(_, reason) => {
                        doubt.get_or_insert(reason);
                    }
                }
            }
            if count < state.min_properties {
                let mut cases = Cases::new();
                let names = state.names.clone();
                let cells = self.cells(keys, names, &mut cases);
                let mut grown = choice.clone();
                for (name_lits, value_lits) in cells {
                    let value = match self.solve_under("*", value_lits.iter().copied()) {
                        Outcome::Empty => continue,
                        Outcome::Found(value) => value,
                        Outcome::Unsure(_, reason) => {
                            doubt.get_or_insert(reason);
                            continue;
                        }
                    };
                    while count < state.min_properties {
                        if !self.step() || !self.arena.stack.has_room() {
                            return self.unsure("minProperties", EXHAUSTED);
                        }
                        let Some(fresh) = self.fresh_in(keys, name_lits.clone(), value_lits.clone(), &grown, &mut cases) else {
                            break;
                        };
                        map.insert(Rc::clone(&fresh.key), Rc::clone(&value));
                        grown.fresh.push(fresh);
                        count += 1;
                    }
                }
                if count < state.min_properties {
                    return match (cases.finish(), doubt) {
                        (Outcome::Unsure(_, reason), _) | (_, Some(reason)) => Outcome::Unsure(None, reason),
                        (_, None) => Outcome::Empty,
                    };
                }
            }
        }
        if !self.arena.budget.payload(map.values().map(|value| &**value)) {
            return self.unsure("properties", "the object would be too large to write down");
        }
        let map: Map<String, Value> = map.into_iter().map(|(key, value)| (key.to_string(), (*value).clone())).collect();
        let value = Rc::new(Value::Object(map));
        match doubt {
            None => Outcome::Found(value),
            Some(reason) => Outcome::Unsure(Some(value), reason),
        }
    }
}
