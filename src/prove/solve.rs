//! The search: is there a value for which all of some literals hold?
//!
//! "Is every instance of A an instance of B?" is the question whether A and not-B have a common value. The search takes literals
//! apart, chooses among alternatives, and hands what is left of one type to the solver of that type; those ask again for the
//! values inside. It ends in one of three ways: a value, a proof that there is none, or neither.
//!
//! *Why an empty answer is a proof.* Every step replaces a set of literals by cases that together cover it: a choice by its
//! alternatives, a value by its type, a key of an object by its place among named keys and pattern cells. A case is dropped only
//! when it contradicts itself. What is not understood is left out of a set, which can only make the set larger.
//!
//! *Why recursion ends.* A set that is met again while its own emptiness is in question is taken as empty. If it had a value, it
//! would have one of least depth; that value would hold, inside it, a value of the same set of smaller depth. So assuming
//! emptiness loses no value of least depth, and the first set that has a value is found without the assumption. An answer that
//! rests on the assumption is not kept beyond it.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use serde_json::{Map, Value};

use super::Reason;
use super::ir::{Arena, Lit, Node, Types};
use super::state::{LOOK_UP, State};

/// Values inside values that are looked into. Past this nothing is decided.
const DEPTH_BUDGET: usize = 48;

/// Parts of a `oneOf` that are still possible, of which every two are looked at.
const PAIR_LIMIT: usize = 48;

/// Alternatives inside alternatives that are looked at before a branch is opened.
const GLANCE_DEPTH: usize = 3;

/// Ways to write the numbers of one value that are all tried.
const WRITING_LIMIT: usize = 64;

/// The work of a step, beside what it loops over.
const STEP: usize = 100;

/// What a set of literals takes that is remembered with its outcome.
const GOAL_BYTES: usize = 160;

/// What a state takes, its parts aside.
const STATE_BYTES: usize = 600;

/// How a search for a value ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    /// There is none.
    Empty,
    /// This is one, by the engine's own reading.
    Found(Rc<Value>),
    /// Neither; perhaps with a value that may be one.
    Unsure(Option<Rc<Value>>, Rc<Reason>),
}

/// What a glance at a literal says about it in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Glance {
    /// It cannot hold here.
    Dead,
    /// It holds here anyway.
    Implied,
    Open,
}

/// What is said where the budget is used up.
pub(super) const EXHAUSTED: &str = "the search took more steps than it may";

/// What is said where there is no room to go deeper.
pub(super) const TOO_DEEP: &str = "the schemas are nested too deep";

pub(super) struct Solver<'s> {
    pub arena: &'s mut Arena,
    known: FxHashMap<Rc<[Lit]>, Outcome>,
    /// Sets whose emptiness is in question, with their depth.
    open: FxHashMap<Rc<[Lit]>, usize>,
    /// Sets found empty under the assumption that the set at a depth is, with the serial number of that set.
    assumed: FxHashMap<Rc<[Lit]>, (usize, usize)>,
    /// The serial numbers of the open sets, by depth.
    serials: Vec<usize>,
    next_serial: usize,
    /// The least depth on whose assumed emptiness the current answer rests.
    lowest: usize,
}

/// Collects the outcomes of cases that together cover a set.
pub(super) struct Cases {
    unsure: Option<(Option<Rc<Value>>, Rc<Reason>)>,
}

impl Cases {
    pub fn new() -> Cases {
        Cases { unsure: None }
    }

    /// Takes the outcome of one case; gives the value that ends the search.
    pub fn add(&mut self, outcome: Outcome) -> Option<Outcome> {
        match outcome {
            Outcome::Found(_) => Some(outcome),
            Outcome::Empty => None,
            Outcome::Unsure(candidate, reason) => {
                match &mut self.unsure {
                    None => self.unsure = Some((candidate, reason)),
                    Some((known, _)) if known.is_none() => *known = candidate,
                    Some(_) => {}
                }
                None
            }
        }
    }

    pub fn finish(self) -> Outcome {
        match self.unsure {
            None => Outcome::Empty,
            Some((candidate, reason)) => Outcome::Unsure(candidate, reason),
        }
    }
}

impl<'s> Solver<'s> {
    pub fn new(arena: &'s mut Arena) -> Solver<'s> {
        Solver {
            arena,
            known: FxHashMap::default(),
            open: FxHashMap::default(),
            assumed: FxHashMap::default(),
            serials: Vec::new(),
            next_serial: 0,
            lowest: usize::MAX,
        }
    }

    pub fn unsure(&self, keyword: &str, text: &str) -> Outcome {
        Outcome::Unsure(None, Rc::new(Reason::new(keyword, "", text)))
    }

    /// Takes one step of the budget; `false` where it is used up.
    pub fn step(&mut self) -> bool {
        self.arena.budget.work(STEP)
    }

    fn exhausted(&self) -> Outcome {
        self.unsure("", EXHAUSTED)
    }

    /// As [`Solver::solve`], for a value that stands under a key of the one in question, or among its elements.
    pub fn solve_under(&mut self, step: &str, lits: impl IntoIterator<Item = Lit>) -> Outcome {
        match self.solve(lits) {
            Outcome::Unsure(candidate, reason) if reason.place.is_empty() => {
                self.arena.budget.work(10);
                Outcome::Unsure(candidate, Rc::new(reason.within(step)))
            }
            outcome => outcome,
        }
    }

    /// A value for which all literals hold.
    pub fn solve(&mut self, lits: impl IntoIterator<Item = Lit>) -> Outcome {
        let mut lits: Vec<Lit> = lits.into_iter().filter(|lit| *lit != Lit::TRUE).collect();
        lits.sort_unstable();
        lits.dedup();
        if lits.contains(&Lit::FALSE) || lits.windows(2).any(|pair| pair[0].negate() == pair[1]) {
            return Outcome::Empty;
        }
        if !self.arena.budget.work(10 + 2 * lits.len()) {
            return self.exhausted();
        }
        let goal: Rc<[Lit]> = lits.into();
        if let Some(known) = self.known.get(&goal) {
            return known.clone();
        }
        if let Some(depth) = self.open.get(&goal) {
            self.lowest = self.lowest.min(*depth);
            return Outcome::Empty;
        }
        if let Some((depth, serial)) = self.assumed.get(&goal) {
            if self.serials.get(*depth) == Some(serial) {
                self.lowest = self.lowest.min(*depth);
                return Outcome::Empty;
            }
            self.assumed.remove(&goal);
        }
        let depth = self.serials.len();
        if depth >= DEPTH_BUDGET || !self.arena.stack.has_room() {
            return self.unsure("", TOO_DEEP);
        }
        if !self.step() || !self.arena.budget.keep(GOAL_BYTES + 8 * goal.len()) {
            return self.exhausted();
        }
        let outer = std::mem::replace(&mut self.lowest, usize::MAX);
        self.open.insert(Rc::clone(&goal), depth);
        self.serials.push(self.next_serial);
        self.next_serial += 1;
        let mut state = State::new();
        let outcome = if state.assert(self.arena, goal.iter().copied()) { self.branch(state, &goal) } else { Outcome::Empty };
        self.serials.pop();
        self.open.remove(&goal);
        let rests_on = self.lowest;
        self.lowest = outer;
        match &outcome {
            Outcome::Found(_) => {
                self.known.insert(goal, outcome.clone());
            }
            Outcome::Empty | Outcome::Unsure(_, _) if rests_on >= depth => {
                self.known.insert(goal, outcome.clone());
            }
            Outcome::Empty => {
                self.assumed.insert(goal, (rests_on, self.serials[rests_on]));
                self.lowest = self.lowest.min(rests_on);
            }
            Outcome::Unsure(_, _) => self.lowest = self.lowest.min(rests_on),
        }
        outcome
    }

    /// Whether there is surely no value.
    pub fn is_empty(&mut self, lits: impl IntoIterator<Item = Lit>) -> bool {
        matches!(self.solve(lits), Outcome::Empty)
    }

    /// Makes the remaining choices of a state.
    fn branch(&mut self, mut state: State, goal: &[Lit]) -> Outcome {
        if !self.step() {
            return self.exhausted();
        }
        if !self.arena.stack.has_room() {
            return self.unsure("", TOO_DEEP);
        }
        // Finitely many values are simply tried.
        if let Some(lit) = state.values.first().copied() {
            return self.try_values(&state, lit, goal);
        }
        // Choices shrink by what is already known; what has one alternative left is no choice.
        let mut changed = true;
        while changed {
            changed = false;
            let choices = std::mem::take(&mut state.choices);
            let mut left: Vec<Rc<[Lit]>> = Vec::with_capacity(choices.len());
            for choice in choices {
                match self.narrow(&state, &choice) {
                    Narrowed::Satisfied => {}
                    Narrowed::To(alternatives) => match *alternatives {
                        [] => return Outcome::Empty,
                        [only] => {
                            if !state.assert(self.arena, [only]) {
                                return Outcome::Empty;
                            }
                            if let Some(lit) = state.values.first().copied() {
                                return self.try_values(&state, lit, goal);
                            }
                            changed = true;
                        }
                        _ => left.push(alternatives),
                    },
                }
                if !self.step() {
                    return self.exhausted();
                }
            }
            left.append(&mut state.choices);
            state.choices = left;
        }
        let groups: Vec<Types> = state.types.groups().collect();
        if groups.len() > 1 {
            let mut cases = Cases::new();
            for group in groups {
                let Some((mut case, bytes)) = self.split(&state) else { return self.exhausted() };
                case.types = group;
                let outcome = self.branch(case, goal);
                self.arena.budget.release(bytes);
                if let Some(found) = cases.add(outcome) {
                    return found;
                }
            }
            return cases.finish();
        }
        if let Some(index) = (0..state.choices.len()).min_by_key(|index| state.choices[*index].len()) {
            let choice = state.choices.swap_remove(index);
            let mut cases = Cases::new();
            for alternative in choice.iter() {
                let Some((mut case, bytes)) = self.split(&state) else { return self.exhausted() };
                let outcome = if case.assert(self.arena, [*alternative]) { self.branch(case, goal) } else { Outcome::Empty };
                self.arena.budget.release(bytes);
                if let Some(found) = cases.add(outcome) {
                    return found;
                }
            }
            return cases.finish();
        }
        if let Some(lit) = state.deferred.pop() {
            return if self.undefer(&mut state, lit) { self.branch(state, goal) } else { Outcome::Empty };
        }
        if self.exclude_containers(&mut state) {
            return self.branch(state, goal);
        }
        let outcome = match state.types {
            Types::NULL => self.checked(Value::Null, goal),
            Types::BOOLEAN => {
                let mut cases = Cases::new();
                for value in [true, false] {
                    if let Some(found) = cases.add(self.checked(Value::Bool(value), goal)) {
                        return self.finish(found, &state, goal);
                    }
                }
                cases.finish()
            }
            Types::STRING => self.string(&state),
            Types::ARRAY => self.array(&state),
            Types::OBJECT => self.object(&state),
            types if types.within(Types::NUMBER) => self.number(&state),
            _ => unreachable!("groups of types were split above"),
        };
        self.finish(outcome, &state, goal)
    }

    /// A copy of the state for one case, and what it keeps; `None` where there is no room for it.
    fn split(&mut self, state: &State) -> Option<(State, usize)> {
        let parts = state.parts();
        let bytes = STATE_BYTES + 12 * parts;
        (self.arena.budget.work(60 + 6 * parts) && self.arena.budget.keep(bytes)).then(|| (state.clone(), bytes))
    }

    /// A value that stands alone as a case.
    fn checked(&mut self, value: Value, goal: &[Lit]) -> Outcome {
        match self.arena.all_hold(goal, &value) {
            Some(true) => Outcome::Found(Rc::new(value)),
            Some(false) => Outcome::Empty,
            None => Outcome::Unsure(Some(Rc::new(value)), self.reason_of(goal)),
        }
    }

    /// Holds what a solver found against the literals as they were asked for.
    fn finish(&mut self, outcome: Outcome, state: &State, goal: &[Lit]) -> Outcome {
        let Outcome::Found(value) = outcome else { return outcome };
        match self.arena.all_hold(goal, &value) {
            Some(true) => Outcome::Found(value),
            None => {
                let reason = match state.opaque {
                    Some(index) => Rc::new(self.arena.reason(index).clone()),
                    None => self.reason_of(goal),
                };
                Outcome::Unsure(Some(value), reason)
            }
            Some(false) => {
                let reason = match state.opaque {
                    Some(index) => self.arena.reason(index).clone(),
                    None => Reason::new(if state.weakened { "oneOf" } else { "" }, "", "no value was found that fits all parts"),
                };
                Outcome::Unsure(None, Rc::new(reason))
            }
        }
    }

    /// The reason of something undecided among the literals.
    fn reason_of(&self, goal: &[Lit]) -> Rc<Reason> {
        let mut pending: Vec<Lit> = goal.to_vec();
        let mut seen = rustc_hash::FxHashSet::default();
        while let Some(lit) = pending.pop() {
            if !self.arena.budget.work(4) {
                break;
            }
            if !seen.insert(lit.node()) || seen.len() > 10_000 {
                continue;
            }
            match self.arena.node(lit) {
                Node::Opaque(index) => return Rc::new(self.arena.reason(*index).clone()),
                Node::Format(name) => {
                    return Rc::new(Reason::new("format", "", format!("`{name}` is decided by examples alone")));
                }
                Node::And(parts) | Node::Or(parts) | Node::ExactlyOne(parts) => pending.extend(parts.iter()),
                Node::Alias(index) => pending.extend(self.arena.alias(*index)),
                Node::ItemAt(_, inner)
                | Node::ItemsFrom(_, inner)
                | Node::Contains(inner, _, _)
                | Node::Property(_, inner)
                | Node::Matching(_, inner)
                | Node::Rest(_, _, inner)
                | Node::Names(inner) => pending.push(*inner),
                Node::True
                | Node::Types(_)
                | Node::Enum(_)
                | Node::Minimum(_)
                | Node::ExclusiveMinimum(_)
                | Node::Maximum(_)
                | Node::ExclusiveMaximum(_)
                | Node::MultipleOf(_)
                | Node::MinLength(_)
                | Node::MaxLength(_)
                | Node::Pattern(_)
                | Node::MinItems(_)
                | Node::MaxItems(_)
                | Node::Unique
                | Node::Required(_)
                | Node::MinProperties(_)
                | Node::MaxProperties(_) => {}
            }
        }
        Rc::new(Reason::new("", "", "a part of the schemas is undecided"))
    }

    fn try_values(&mut self, state: &State, lit: Lit, goal: &[Lit]) -> Outcome {
        let Node::Enum(values) = self.arena.node(lit).clone() else { return self.unsure("enum", "no values are listed") };
        let mut cases = Cases::new();
        for value in values.iter() {
            if !self.step() {
                return self.exhausted();
            }
            let (forms, complete) = if value.is_number() || self.arena.writing_matters() {
                match writings(value) {
                    Some(all) => (all, true),
                    None => (vec![value.clone(), rounded(value)], false),
                }
            } else {
                (vec![value.clone()], true)
            };
            if !complete && let Some(found) = cases.add(self.unsure("enum", "its numbers can be written in too many ways")) {
                return found;
            }
            for form in forms {
                if Types::of(&form).within(state.types)
                    && let Some(found) = cases.add(self.checked(form, goal))
                {
                    return found;
                }
            }
        }
        cases.finish()
    }

    /// Turns excluded arrays and objects into choices, once the type is known: the value differs in its size or in a part.
    fn exclude_containers(&mut self, state: &mut State) -> bool {
        if state.types != Types::ARRAY && state.types != Types::OBJECT {
            return false;
        }
        let mut added = false;
        for lit in std::mem::take(&mut state.excluded) {
            let Node::Enum(values) = self.arena.node(lit).clone() else { continue };
            for value in values.iter().filter(|value| Types::of(value) == state.types) {
                if !self.arena.budget.work(200 * (1 + value.as_object().map_or(0, Map::len))) {
                    break;
                }
                let mut cases = Vec::new();
                match value {
                    Value::Array(items) => {
                        let size = items.len() as u64;
                        self.arena.budget.work(200 * items.len());
                        if self.arena.budget.is_spent() {
                            continue;
                        }
                        cases.push(self.arena.intern(Node::MinItems(size + 1)));
                        if size > 0 {
                            cases.push(self.arena.intern(Node::MaxItems(size - 1)));
                        }
                        for (index, item) in items.iter().enumerate() {
                            let same = self.arena.values([item.clone()]);
                            cases.push(self.arena.intern(Node::ItemAt(index, same)).negate());
                        }
                    }
                    Value::Object(map) => {
                        let size = map.len() as u64;
                        cases.push(self.arena.intern(Node::MinProperties(size + 1)));
                        for (key, inner) in map {
                            let key: Rc<str> = Rc::from(key.as_str());
                            let same = self.arena.values([inner.clone()]);
                            cases.push(self.arena.intern(Node::Required(Rc::clone(&key))).negate());
                            cases.push(self.arena.property(&key, same).negate());
                        }
                    }
                    Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
                }
                state.choices.push(cases.into());
                added = true;
            }
        }
        added
    }

    /// Says of a large `oneOf` what was put off until it is known which of its parts are still possible; `false` where that is a
    /// contradiction.
    fn undefer(&mut self, state: &mut State, lit: Lit) -> bool {
        let Node::ExactlyOne(parts) = self.arena.node(lit).clone() else { return true };
        let mut live: Vec<Lit> = Vec::new();
        for part in parts.iter() {
            if self.glance(state, *part, GLANCE_DEPTH) != Glance::Dead {
                live.push(*part);
            }
        }
        if lit.is_positive() {
            // One of them was chosen above, and it is the one: the others do not hold.
            let Some(chosen) = live.iter().position(|part| state.seen.contains(part)) else {
                state.weakened = true;
                return true;
            };
            live.remove(chosen);
            return state.assert(self.arena, live.into_iter().map(Lit::negate));
        }
        if live.len() > PAIR_LIMIT {
            // Two of very many: that one of them holds is the weaker demand.
            state.weakened = true;
            let none = self.arena.and(live.iter().map(|part| part.negate()));
            state.choices.push(std::iter::once(none).chain(live).collect());
            return true;
        }
        let mut cases = vec![self.arena.and(live.iter().map(|part| part.negate()))];
        for (index, first) in live.iter().enumerate() {
            for second in &live[index + 1..] {
                cases.push(self.arena.and([*first, *second]));
            }
        }
        state.choices.push(cases.into());
        true
    }

    fn narrow(&mut self, state: &State, choice: &Rc<[Lit]>) -> Narrowed {
        let mut open: Vec<Lit> = Vec::new();
        for alternative in choice.iter() {
            match self.glance(state, *alternative, GLANCE_DEPTH) {
                Glance::Implied => return Narrowed::Satisfied,
                Glance::Dead => {}
                Glance::Open => open.push(*alternative),
            }
        }
        if open.len() == choice.len() { Narrowed::To(Rc::clone(choice)) } else { Narrowed::To(open.into()) }
    }

    /// What is quickly seen of a literal in a state.
    fn glance(&mut self, state: &State, lit: Lit, depth: usize) -> Glance {
        if lit == Lit::TRUE || state.seen.contains(&lit) {
            return Glance::Implied;
        }
        if lit == Lit::FALSE || state.seen.contains(&lit.negate()) {
            return Glance::Dead;
        }
        let node = self.arena.node(lit).clone();
        if !self.arena.budget.work(8) {
            return Glance::Open;
        }
        if let Some(types) = super::ir::type_of(&node) {
            if !state.types.meets(types) {
                return if lit.is_positive() { Glance::Implied } else { Glance::Dead };
            }
            let glance = self.glance_typed(state, &node, depth);
            // What is seen of the node is seen under its type; a negation asks for the type as well.
            let settled = state.types.within(types);
            return match (glance, lit.is_positive()) {
                (Glance::Implied, true) => Glance::Implied,
                (Glance::Implied, false) => Glance::Dead,
                (Glance::Dead, true) if settled => Glance::Dead,
                (Glance::Dead, false) if settled => Glance::Implied,
                (Glance::Dead | Glance::Open, _) => Glance::Open,
            };
        }
        match (&node, lit.is_positive()) {
            (Node::Types(types), positive) => {
                let inside = state.types.within(*types);
                let outside = !state.types.meets(*types);
                match (inside, outside, positive) {
                    (true, _, true) | (_, true, false) => Glance::Implied,
                    (_, true, true) | (true, _, false) => Glance::Dead,
                    _ => Glance::Open,
                }
            }
            (Node::Enum(values), true) => {
                if values.iter().any(|value| Types::of(value).meets(state.types.or(round(state.types)))) {
                    Glance::Open
                } else {
                    self.arena.budget.work(values.len());
                    Glance::Dead
                }
            }
            (Node::Enum(values), false) => {
                if values.iter().any(|value| Types::of(value).meets(state.types.or(round(state.types)))) {
                    Glance::Open
                } else {
                    Glance::Implied
                }
            }
            (Node::And(parts), true) | (Node::Or(parts), false) if depth > 0 => {
                let mut all = Glance::Implied;
                for part in parts.iter() {
                    let part = if lit.is_positive() { *part } else { part.negate() };
                    match self.glance(state, part, depth - 1) {
                        Glance::Dead => return Glance::Dead,
                        Glance::Implied => {}
                        Glance::Open => all = Glance::Open,
                    }
                }
                all
            }
            (Node::And(parts), false) | (Node::Or(parts), true) if depth > 0 => {
                let mut all = Glance::Dead;
                for part in parts.iter() {
                    let part = if lit.is_positive() { *part } else { part.negate() };
                    match self.glance(state, part, depth - 1) {
                        Glance::Implied => return Glance::Implied,
                        Glance::Dead => {}
                        Glance::Open => all = Glance::Open,
                    }
                }
                all
            }
            (Node::Alias(index), positive) if depth > 0 => match self.arena.alias(*index) {
                Some(target) => self.glance(state, if positive { target } else { target.negate() }, depth - 1),
                None => Glance::Open,
            },
            _ => Glance::Open,
        }
    }

    /// As [`Solver::glance`], for a value of the node's type.
    fn glance_typed(&mut self, state: &State, node: &Node, depth: usize) -> Glance {
        match node {
            Node::Required(name) => {
                if state.required.contains(name) {
                    Glance::Implied
                } else if state.properties.get(name).is_some_and(|lits| lits.contains(&Lit::FALSE)) {
                    Glance::Dead
                } else if state.rests.is_empty() && state.matching.is_empty() && !state.properties.contains_key(name) {
                    Glance::Open
                } else {
                    let (lits, _) = state.value_of(self.arena, name);
                    if depth > 0 && self.is_empty(lits) { Glance::Dead } else { Glance::Open }
                }
            }
            Node::Property(name, inner) => {
                let (mut lits, _) = state.value_of(self.arena, name);
                if lits.contains(inner) || lits.contains(&Lit::FALSE) {
                    return Glance::Implied;
                }
                if depth == 0 {
                    return Glance::Open;
                }
                let required = state.required.contains(name);
                lits.push(inner.negate());
                if self.is_empty(lits.iter().copied()) {
                    return Glance::Implied;
                }
                if required {
                    lits.pop();
                    lits.push(*inner);
                    if self.is_empty(lits) {
                        return Glance::Dead;
                    }
                }
                Glance::Open
            }
            Node::MinProperties(count) => {
                if state.required.len() as u64 >= *count {
                    Glance::Implied
                } else if state.max_properties.is_some_and(|max| max < *count) {
                    Glance::Dead
                } else {
                    Glance::Open
                }
            }
            Node::MaxProperties(count) => {
                if state.required.len() as u64 > *count || state.min_properties > *count {
                    Glance::Dead
                } else if state.max_properties.is_some_and(|max| max <= *count) {
                    Glance::Implied
                } else {
                    Glance::Open
                }
            }
            Node::Rest(names, patterns, Lit::FALSE) => self.glance_closed(state, names, patterns),
            _ => Glance::Open,
        }
    }

    /// Whether no other key than these may be there.
    fn glance_closed(&mut self, state: &State, names: &[Rc<str>], patterns: &[Rc<str>]) -> Glance {
        self.arena.budget.work(LOOK_UP * state.required.len());
        for name in state.required.iter() {
            if names.binary_search(name).is_err() && self.arena.matches_any(patterns, name) == Some(false) {
                return Glance::Dead;
            }
        }
        for rest in &state.rests {
            if let Node::Rest(known, matched, Lit::FALSE) = self.arena.node(*rest)
                && matched.iter().all(|pattern| patterns.contains(pattern))
            {
                let known = Rc::clone(known);
                self.arena.budget.work(LOOK_UP * known.len());
                let covered = known.iter().all(|name| {
                    names.binary_search(name).is_ok() || state.properties.get(name).is_some_and(|lits| lits.contains(&Lit::FALSE))
                });
                if covered {
                    return Glance::Implied;
                }
            }
        }
        Glance::Open
    }
}

/// Numbers that equal those of the types but are written otherwise.
fn round(types: Types) -> Types {
    if types.meets(Types::ROUND) { Types::INTEGER } else { Types(0) }
}

/// The values that equal this one, by which of their whole numbers are written with a fraction: draft 4 takes `1` for an integer
/// and `1.0` for none, while both are one value to `const` and `enum`. `None` where there are too many.
fn writings(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::Number(_) if Types::of(value) == Types::INTEGER => Some(vec![value.clone(), rounded(value)]),
        Value::Array(items) => {
            let mut all = vec![Vec::new()];
            for item in items {
                all = combined(&all, &writings(item)?, |items: &Vec<Value>, item| [items.as_slice(), &[item]].concat())?;
            }
            Some(all.into_iter().map(Value::Array).collect())
        }
        Value::Object(map) => {
            let mut all = vec![Map::new()];
            for (key, inner) in map {
                all = combined(&all, &writings(inner)?, |map: &Map<String, Value>, inner| {
                    let mut map = map.clone();
                    map.insert(key.clone(), inner);
                    map
                })?;
            }
            Some(all.into_iter().map(Value::Object).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(vec![value.clone()]),
    }
}

fn combined<T>(all: &[T], more: &[Value], join: impl Fn(&T, Value) -> T) -> Option<Vec<T>> {
    if all.len().saturating_mul(more.len()) > WRITING_LIMIT {
        return None;
    }
    Some(all.iter().flat_map(|one| more.iter().map(|value| join(one, value.clone()))).collect())
}

/// The same value with every whole number written with a fraction.
fn rounded(value: &Value) -> Value {
    match value {
        Value::Number(number) if Types::of(value) == Types::INTEGER => {
            format!("{number}.0").parse().map_or_else(|_| value.clone(), Value::Number)
        }
        Value::Array(items) => Value::Array(items.iter().map(rounded).collect()),
        Value::Object(map) => Value::Object(map.iter().map(|(key, inner)| (key.clone(), rounded(inner))).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

enum Narrowed {
    /// It holds anyway.
    Satisfied,
    To(Rc<[Lit]>),
}
