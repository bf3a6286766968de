//! Arrays: elements by index and from an index on, counts of kinds, sizes, and repetition.

use std::collections::BTreeMap;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;

use super::Reason;
use super::ir::{Lit, Node};
use super::solve::{Cases, EXHAUSTED, Outcome, Solver};
use super::state::State;

/// Arrays longer than this are not written out.
const SIZE_LIMIT: u64 = 1_000;

/// Demands on single elements that are tried against each other at every index.
const DEMAND_LIMIT: usize = 6;

/// Elements compared for being different, where their values may be few.
const DISTINCT_LIMIT: usize = 24;

/// Listed values of all elements together that are told apart at once.
const LISTED_LIMIT: usize = 1_000_000;

/// What an array has to be.
struct Demands {
    at: BTreeMap<usize, Vec<Lit>>,
    from: Vec<(usize, Lit)>,
    /// An element from an index on for which a literal holds.
    some: Vec<(usize, Lit)>,
    /// Counts of kinds.
    counts: Vec<(Lit, u64, Option<u64>)>,
    min: u64,
    max: Option<u64>,
    distinct: bool,
    repeated: bool,
}

impl Demands {
    fn of(solver: &Solver<'_>, state: &State) -> Demands {
        let mut demands = Demands {
            at: BTreeMap::new(),
            from: Vec::new(),
            some: state.some_items.clone(),
            counts: Vec::new(),
            min: 0,
            max: None,
            distinct: false,
            repeated: false,
        };
        for lit in &state.arrays {
            match solver.arena.node(*lit) {
                Node::ItemAt(index, inner) => demands.at.entry(*index).or_default().push(*inner),
                Node::ItemsFrom(start, inner) => demands.from.push((*start, *inner)),
                Node::Contains(inner, min, max) => demands.counts.push((*inner, *min, *max)),
                Node::MinItems(count) => demands.min = demands.min.max(*count),
                Node::MaxItems(count) => demands.max = Some(demands.max.map_or(*count, |max| max.min(*count))),
                Node::Unique if lit.is_positive() => demands.distinct = true,
                Node::Unique => demands.repeated = true,
                _ => {}
            }
        }
        demands
    }

    /// From this index on all elements have the same demands.
    fn tail(&self) -> usize {
        let at = self.at.keys().map(|index| index + 1).max().unwrap_or(0);
        let from = self.from.iter().map(|(start, _)| *start).max().unwrap_or(0);
        let some = self.some.iter().map(|(start, _)| *start).max().unwrap_or(0);
        at.max(from).max(some)
    }

    fn element(&self, index: usize) -> Vec<Lit> {
        let mut lits = self.at.get(&index).cloned().unwrap_or_default();
        lits.extend(self.from.iter().filter(|(start, _)| *start <= index).map(|(_, lit)| *lit));
        lits
    }
}

/// How far an assignment of demands to elements has come.
type Progress = (usize, Vec<bool>, Vec<u64>);

impl Solver<'_> {
    pub(super) fn array(&mut self, state: &State) -> Outcome {
        let mut demands = Demands::of(self, state);
        if demands.max.is_some_and(|max| max < demands.min) || (demands.distinct && demands.repeated) {
            return Outcome::Empty;
        }
        if demands.repeated {
            demands.min = demands.min.max(2);
        }
        let tail = demands.tail();
        let wanted: u64 = demands.counts.iter().map(|(_, min, _)| *min).sum();
        // An element behind the tail's start that no demand needs can be left out, so longer arrays show nothing new.
        let enough = demands.min.max(tail as u64) + demands.some.len() as u64 + wanted + if demands.repeated { 2 } else { 0 };
        let last = demands.max.map_or(enough, |max| max.min(enough));
        if demands.max.is_some_and(|max| max < demands.min) {
            return Outcome::Empty;
        }
        if demands.min > SIZE_LIMIT {
            // Too long to write, but an element that cannot be settles it.
            for index in 0..=tail.min(SIZE_LIMIT as usize) {
                if (index as u64) < demands.min && self.is_empty(demands.element(index)) {
                    return Outcome::Empty;
                }
            }
            return self.unsure("minItems", "the array would be too long to write down");
        }
        if demands.some.len() + demands.counts.len() > DEMAND_LIMIT {
            return self.unsure("contains", "too many demands on single elements at once");
        }
        let mut cases = Cases::new();
        for size in demands.min..=last {
            if size > SIZE_LIMIT {
                let rest = self.unsure("items", "the array would be too long to write down");
                if let Some(found) = cases.add(rest) {
                    return found;
                }
                break;
            }
            if !self.step() || !self.arena.stack.has_room() {
                return self.unsure("items", EXHAUSTED);
            }
            let outcome =
                if demands.repeated { self.repeated(&demands, size as usize) } else { self.of_size(&demands, size as usize) };
            if let Some(found) = cases.add(outcome) {
                return found;
            }
        }
        cases.finish()
    }

    /// An array of a size.
    fn of_size(&mut self, demands: &Demands, size: usize) -> Outcome {
        let mut dead: FxHashSet<Progress> = FxHashSet::default();
        let mut plan: Vec<Vec<Lit>> = Vec::new();
        let mut unsure = None;
        let start = (0, vec![false; demands.some.len()], vec![0; demands.counts.len()]);
        if !self.assign(demands, size, start, &mut plan, &mut dead, &mut unsure) {
            return match unsure {
                None => Outcome::Empty,
                Some(reason) => Outcome::Unsure(None, reason),
            };
        }
        let fixed = demands.some.is_empty() && demands.counts.is_empty();
        if demands.distinct { self.distinct(&plan, fixed) } else { self.filled(&plan) }
    }

    /// Chooses, index by index, which demands the element meets. Leaves the literals of every element in `plan`.
    fn assign(
        &mut self,
        demands: &Demands,
        size: usize,
        progress: Progress,
        plan: &mut Vec<Vec<Lit>>,
        dead: &mut FxHashSet<Progress>,
        unsure: &mut Option<Rc<Reason>>,
    ) -> bool {
        let (index, met, counts) = &progress;
        if *index == size {
            let all_met = met.iter().all(|met| *met);
            let counted = demands
                .counts
                .iter()
                .zip(counts)
                .all(|((_, min, max), count)| count >= min && max.is_none_or(|max| *count <= max));
            return all_met && counted;
        }
        if dead.contains(&progress) {
            return false;
        }
        if !self.step() || !self.arena.stack.has_room() {
            unsure.get_or_insert_with(|| Rc::new(Reason::new("contains", "", EXHAUSTED)));
            return false;
        }
        if !self.arena.budget.work(20 + demands.from.len() + plan.len() / 4) {
            unsure.get_or_insert_with(|| Rc::new(Reason::new("contains", "", EXHAUSTED)));
            return false;
        }
        let base = demands.element(*index);
        let kinds = demands.some.len() + demands.counts.len();
        for choice in 0_u32..1 << kinds {
            self.arena.budget.work(10 + 4 * kinds);
            let mut lits = base.clone();
            let mut met = met.clone();
            let mut counts = counts.clone();
            let mut possible = true;
            for (at, (start, lit)) in demands.some.iter().enumerate() {
                if choice & 1 << at != 0 {
                    possible &= !met[at] && start <= index;
                    met[at] = true;
                    lits.push(*lit);
                }
            }
            for (at, (lit, min, max)) in demands.counts.iter().enumerate() {
                if choice & 1 << (demands.some.len() + at) != 0 {
                    possible &= max.map_or(counts[at] < *min, |max| counts[at] < max);
                    counts[at] += 1;
                    lits.push(*lit);
                } else if max.is_some() {
                    // With an upper bound every element is counted or is surely of another kind.
                    lits.push(lit.negate());
                }
            }
            if !possible {
                continue;
            }
            match self.solve_under("*", lits.iter().copied()) {
                Outcome::Empty => continue,
                Outcome::Found(_) => {}
                Outcome::Unsure(candidate, reason) => {
                    unsure.get_or_insert(reason);
                    if candidate.is_none() {
                        continue;
                    }
                }
            }
            plan.push(lits);
            if self.assign(demands, size, (index + 1, met, counts), plan, dead, unsure) {
                return true;
            }
            plan.pop();
        }
        dead.insert(progress);
        false
    }

    /// Any value for every element.
    fn filled(&mut self, plan: &[Vec<Lit>]) -> Outcome {
        let mut items = Vec::with_capacity(plan.len());
        let mut doubt = None;
        for lits in plan {
            match self.solve_under("*", lits.iter().copied()) {
                Outcome::Empty => return Outcome::Empty,
                Outcome::Found(value) => items.push(value),
                Outcome::Unsure(candidate, reason) => match candidate {
                    Some(value) => {
                        items.push(value);
                        doubt.get_or_insert(reason);
                    }
                    None => return Outcome::Unsure(None, reason),
                },
            }
        }
        if !self.arena.budget.payload(items.iter().map(|item| &**item)) {
            return self.unsure("items", "the array would be too large to write down");
        }
        let value = Rc::new(Value::Array(items.iter().map(|item| (**item).clone()).collect()));
        match doubt {
            None => Outcome::Found(value),
            Some(reason) => Outcome::Unsure(Some(value), reason),
        }
    }

    /// Different values for all elements. `fixed` where the plan is the only one, so that its failure is a proof.
    fn distinct(&mut self, plan: &[Vec<Lit>], fixed: bool) -> Outcome {
        if let Some(choices) = self.listed(plan) {
            return match matching(&choices) {
                Some(items) => Outcome::Found(Rc::new(Value::Array(items))),
                None if fixed => Outcome::Empty,
                None => self.unsure("uniqueItems", "beside `contains` not every choice of elements was tried"),
            };
        }
        let mut items: Vec<Value> = Vec::with_capacity(plan.len());
        let mut greedy = true;
        for lits in plan {
            let others = self.arena.values(items.iter().cloned());
            match self.solve_under("*", lits.iter().copied().chain([others.negate()])) {
                Outcome::Found(value) if self.arena.budget.payload([&*value]) => items.push((*value).clone()),
                Outcome::Found(_) | Outcome::Empty | Outcome::Unsure(_, _) => {
                    greedy = false;
                    break;
                }
            }
        }
        if greedy {
            return Outcome::Found(Rc::new(Value::Array(items)));
        }
        let size = plan.len();
        if size > DISTINCT_LIMIT {
            return self.unsure("uniqueItems", "too many elements would have to be told apart");
        }
        // As many values as there are elements are enough for each: either all that it has, or more than the others can take.
        let mut choices: Vec<Rc<[Value]>> = Vec::with_capacity(size);
        for lits in plan {
            let mut values: Vec<Value> = Vec::new();
            while values.len() < size {
                let known = self.arena.values(values.iter().cloned());
                match self.solve_under("*", lits.iter().copied().chain([known.negate()])) {
                    Outcome::Found(value) if self.arena.budget.payload([&*value]) => values.push((*value).clone()),
                    Outcome::Found(_) => return self.unsure("uniqueItems", "the elements are too large to write down"),
                    Outcome::Empty => break,
                    Outcome::Unsure(_, reason) => return Outcome::Unsure(None, reason),
                }
            }
            choices.push(values.into());
        }
        match matching(&choices) {
            Some(items) => Outcome::Found(Rc::new(Value::Array(items))),
            None if fixed => Outcome::Empty,
            None => self.unsure("uniqueItems", "beside `contains` not every choice of elements was tried"),
        }
    }

    /// The values of every element, where each has its values listed.
    fn listed(&mut self, plan: &[Vec<Lit>]) -> Option<Vec<Rc<[Value]>>> {
        let mut known: FxHashMap<&[Lit], Rc<[Value]>> = FxHashMap::default();
        let mut lists = Vec::with_capacity(plan.len());
        let mut total = 0;
        for lits in plan {
            let list = match known.get(lits.as_slice()) {
                Some(list) => Rc::clone(list),
                None => {
                    let list = self.values_of(lits)?;
                    known.insert(lits, Rc::clone(&list));
                    list
                }
            };
            total += list.len();
            if total > LISTED_LIMIT || !self.arena.budget.work(10 + 4 * list.len()) {
                return None;
            }
            lists.push(list);
        }
        Some(lists)
    }

    /// The values for which all literals hold, where one of the literals lists values and the others can be decided of each.
    fn values_of(&mut self, lits: &[Lit]) -> Option<Rc<[Value]>> {
        let mut listed = None;
        let mut pending: Vec<Lit> = lits.iter().copied().filter(|lit| lit.is_positive()).collect();
        while let Some(lit) = pending.pop() {
            match self.arena.node(lit) {
                Node::Enum(values) => listed = Some(Rc::clone(values)),
                Node::And(parts) => pending.extend(parts.iter().filter(|part| part.is_positive())),
                _ => {}
            }
        }
        let mut found = Vec::new();
        // How a number is written makes two values of one, but not for being different.
        for value in listed.filter(|_| !self.arena.writing_matters())?.iter() {
            if self.arena.all_hold(lits, value)? {
                found.push(value.clone());
            }
        }
        let bytes = found.iter().map(super::budget::heap).sum();
        self.arena.budget.keep(bytes).then(|| found.into())
    }

    /// An array of a size in which two elements are equal.
    fn repeated(&mut self, demands: &Demands, size: usize) -> Outcome {
        let last = size.min(demands.tail() + 2);
        let fixed = demands.some.is_empty() && demands.counts.is_empty();
        let mut cases = Cases::new();
        for second in 1..last {
            for first in 0..second {
                let mut lits = demands.element(first);
                lits.extend(demands.element(second));
                let twin = match self.solve_under("*", lits) {
                    Outcome::Empty => continue,
                    Outcome::Found(value) => value,
                    unsure @ Outcome::Unsure(_, _) => {
                        if let Some(found) = cases.add(unsure) {
                            return found;
                        }
                        continue;
                    }
                };
                if !fixed {
                    let rest = self.unsure("uniqueItems", "beside `contains` not every pair of equal elements was tried");
                    if !self.arena.budget.payload(std::iter::repeat_n(&*twin, size)) {
                        return self.unsure("uniqueItems", "the array would be too large to write down");
                    }
                    let candidate = Value::Array(vec![(*twin).clone(); size]);
                    let rest = match rest {
                        Outcome::Unsure(_, reason) => Outcome::Unsure(Some(Rc::new(candidate)), reason),
                        other => other,
                    };
                    if let Some(found) = cases.add(rest) {
                        return found;
                    }
                    continue;
                }
                let plan: Vec<Vec<Lit>> = (0..size).map(|index| demands.element(index)).collect();
                let outcome = match self.filled(&plan) {
                    Outcome::Found(value) => {
                        let mut items = value.as_array().cloned().unwrap_or_default();
                        items[first] = (*twin).clone();
                        items[second] = (*twin).clone();
                        Outcome::Found(Rc::new(Value::Array(items)))
                    }
                    other => other,
                };
                if let Some(found) = cases.add(outcome) {
                    return found;
                }
            }
        }
        cases.finish()
    }
}

/// One value for each, none twice, by augmenting paths.
fn matching(choices: &[Rc<[Value]>]) -> Option<Vec<Value>> {
    let mut ids: FxHashMap<String, usize> = FxHashMap::default();
    let mut known: FxHashMap<*const Value, Rc<[usize]>> = FxHashMap::default();
    let mut edges: Vec<Rc<[usize]>> = Vec::with_capacity(choices.len());
    for values in choices {
        // Elements with the same demands have one list.
        let own = known.entry(values.as_ptr()).or_insert_with(|| {
            values
                .iter()
                .map(|value| {
                    let next = ids.len();
                    *ids.entry(super::ir::canonical(value).to_string()).or_insert(next)
                })
                .collect()
        });
        edges.push(Rc::clone(own));
    }
    let mut taken: Vec<Option<usize>> = vec![None; ids.len()];
    for element in 0..edges.len() {
        let mut seen = vec![false; ids.len()];
        if !augment(element, &edges, &mut taken, &mut seen) {
            return None;
        }
    }
    let mut items = vec![Value::Null; choices.len()];
    for (value, element) in taken.iter().enumerate() {
        if let Some(element) = element {
            let position = edges[*element].iter().position(|index| *index == value)?;
            items[*element] = choices[*element][position].clone();
        }
    }
    Some(items)
}

fn augment(element: usize, edges: &[Rc<[usize]>], taken: &mut [Option<usize>], seen: &mut [bool]) -> bool {
    // One that is free before one that somebody else has to give up.
    if let Some(free) = edges[element].iter().find(|value| taken[**value].is_none()) {
        taken[*free] = Some(element);
        return true;
    }
    for value in edges[element].iter() {
        if std::mem::replace(&mut seen[*value], true) {
            continue;
        }
        if taken[*value].is_none_or(|other| augment(other, edges, taken, seen)) {
            taken[*value] = Some(element);
            return true;
        }
    }
    false
}
