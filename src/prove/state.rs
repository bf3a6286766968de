//! What is known of one value in one branch of a search: literals taken apart into types, bounds, keys and open choices.

use std::collections::BTreeSet;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::ir::{Arena, Lit, Node, Types, type_of};

/// Alternatives of a `oneOf` beyond which "no other one" and "two of them" are said only once it is known which are still possible.
const EXCLUSION_LIMIT: usize = 8;

/// What it costs to look a name up in a sorted list.
pub(super) const LOOK_UP: usize = 16;

/// A key that has to be there, known only by what its name and its value are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SomeKey {
    pub key: KeyKind,
    pub value: Lit,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KeyKind {
    Matching(Rc<str>),
    /// None of these names and matching none of these patterns.
    Other(Rc<[Rc<str>]>, Rc<[Rc<str>]>),
    /// A name for which a literal holds.
    Named(Lit),
}

/// One branch.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub types: Types,
    pub seen: Rc<FxHashSet<Lit>>,
    /// Choices still to be made: at least one literal of each must hold.
    pub choices: Vec<Rc<[Lit]>>,
    /// `ExactlyOne` literals with many parts, of which more is said later.
    pub deferred: Vec<Lit>,
    /// Positive `Enum` literals.
    pub values: Vec<Lit>,
    /// Negative `Enum` literals.
    pub excluded: Vec<Lit>,
    /// Bounds and steps, patterns and lengths: positive, or negative where there is no positive form.
    pub numbers: Vec<Lit>,
    pub strings: Vec<Lit>,
    pub arrays: Vec<Lit>,
    /// From this index on there is an element for which the literal holds.
    pub some_items: Vec<(usize, Lit)>,
    pub properties: Rc<FxHashMap<Rc<str>, Vec<Lit>>>,
    pub matching: Vec<(Rc<str>, Lit)>,
    /// `Rest` literals.
    pub rests: Vec<Lit>,
    pub names: Vec<Lit>,
    pub required: Rc<BTreeSet<Rc<str>>>,
    pub some_keys: Vec<SomeKey>,
    pub min_properties: u64,
    pub max_properties: Option<u64>,
    /// Something undecided is among the literals, by the index of its reason.
    pub opaque: Option<u32>,
    /// A "not more than one" was left out: what is found has to be checked.
    pub weakened: bool,
}

impl State {
    pub fn new() -> State {
        State {
            types: Types::ALL,
            seen: Rc::default(),
            choices: Vec::new(),
            deferred: Vec::new(),
            values: Vec::new(),
            excluded: Vec::new(),
            numbers: Vec::new(),
            strings: Vec::new(),
            arrays: Vec::new(),
            some_items: Vec::new(),
            properties: Rc::default(),
            matching: Vec::new(),
            rests: Vec::new(),
            names: Vec::new(),
            required: Rc::default(),
            some_keys: Vec::new(),
            min_properties: 0,
            max_properties: None,
            opaque: None,
            weakened: false,
        }
    }

    /// About how many parts there are to copy.
    pub fn parts(&self) -> usize {
        self.seen.len()
            + self.properties.len()
            + self.required.len()
            + self.choices.len()
            + self.deferred.len()
            + self.values.len()
            + self.excluded.len()
            + self.numbers.len()
            + self.strings.len()
            + self.arrays.len()
            + self.some_items.len()
            + self.matching.len()
            + self.rests.len()
            + self.names.len()
            + self.some_keys.len()
    }

    /// Adds literals; `false` where they contradict what is known.
    pub fn assert(&mut self, arena: &mut Arena, lits: impl IntoIterator<Item = Lit>) -> bool {
        let mut pending: Vec<Lit> = lits.into_iter().collect();
        // The last one is taken first; keep the order of the caller.
        pending.reverse();
        while let Some(lit) = pending.pop() {
            if lit == Lit::TRUE || !arena.budget.work(12) {
                continue;
            }
            if lit == Lit::FALSE || self.seen.contains(&lit.negate()) {
                return false;
            }
            if !Rc::make_mut(&mut self.seen).insert(lit) {
                continue;
            }
            if !self.take(arena, lit, &mut pending) || self.types.is_empty() {
                return false;
            }
        }
        true
    }

    fn restrict(&mut self, types: Types) -> bool {
        self.types = self.types.and(types);
        !self.types.is_empty()
    }

    fn take(&mut self, arena: &mut Arena, lit: Lit, pending: &mut Vec<Lit>) -> bool {
        let node = arena.node(lit).clone();
        if let Some(types) = type_of(&node) {
            if lit.is_positive() {
                if self.types.meets(types) {
                    self.positive(lit, node);
                }
                return true;
            }
            return self.restrict(types) && self.negative(arena, lit, node, pending);
        }
        match (node, lit.is_positive()) {
            (Node::True, positive) => return positive,
            (Node::Types(types), true) => return self.restrict(types),
            (Node::Types(types), false) => {
                self.types = self.types.without(types);
                return !self.types.is_empty();
            }
            (Node::Enum(values), true) => {
                let types = values.iter().fold(Types(0), |all, value| all.or(Types::of(value)));
                // A round number may be written either way.
                let types = if types.meets(Types::INTEGER) { types.or(Types::ROUND) } else { types };
                self.values.push(lit);
                return self.restrict(types);
            }
            (Node::Enum(_), false) => self.excluded.push(lit),
            (Node::And(parts), true) => pending.extend(parts.iter().rev()),
            (Node::Or(parts), false) => pending.extend(parts.iter().rev().map(|part| part.negate())),
            (Node::And(parts), false) => self.choices.push(parts.iter().map(|part| part.negate()).collect()),
            (Node::Or(parts), true) => self.choices.push(parts),
            (Node::ExactlyOne(parts), true) => {
                if parts.len() > EXCLUSION_LIMIT {
                    self.choices.push(Rc::clone(&parts));
                    self.deferred.push(lit);
                } else {
                    let mut cases = Vec::with_capacity(parts.len());
                    for (index, part) in parts.iter().enumerate() {
                        let others = parts.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, other)| other.negate());
                        cases.push(arena.and(others.chain([*part])));
                    }
                    self.choices.push(cases.into());
                }
            }
            (Node::ExactlyOne(parts), false) => {
                if parts.len() > EXCLUSION_LIMIT {
                    self.deferred.push(lit);
                    return true;
                }
                let mut cases = vec![arena.and(parts.iter().map(|part| part.negate()))];
                for (index, first) in parts.iter().enumerate() {
                    for second in &parts[index + 1..] {
                        cases.push(arena.and([*first, *second]));
                    }
                }
                self.choices.push(cases.into());
            }
            (Node::Alias(index), positive) => match arena.alias(index) {
                Some(target) => pending.push(if positive { target } else { target.negate() }),
                None => self.weakened = true,
            },
            (Node::Opaque(reason), _) => {
                self.opaque.get_or_insert(reason);
            }
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
            ) => unreachable!("these speak of one type and were taken above"),
        }
        true
    }

    fn positive(&mut self, lit: Lit, node: Node) {
        match node {
            Node::Property(name, inner) => Rc::make_mut(&mut self.properties).entry(name).or_default().push(inner),
            Node::Matching(pattern, inner) => self.matching.push((pattern, inner)),
            Node::Rest(_, _, _) => self.rests.push(lit),
            Node::Names(inner) => self.names.push(inner),
            Node::Required(name) => {
                Rc::make_mut(&mut self.required).insert(name);
            }
            Node::MinProperties(count) => self.min_properties = self.min_properties.max(count),
            Node::MaxProperties(count) => self.max_properties = Some(self.max_properties.map_or(count, |max| max.min(count))),
            Node::Minimum(_) | Node::ExclusiveMinimum(_) | Node::Maximum(_) | Node::ExclusiveMaximum(_) | Node::MultipleOf(_) => {
                self.numbers.push(lit);
            }
            Node::MinLength(_) | Node::MaxLength(_) | Node::Pattern(_) | Node::Format(_) => self.strings.push(lit),
            Node::ItemAt(_, _)
            | Node::ItemsFrom(_, _)
            | Node::Contains(_, _, _)
            | Node::MinItems(_)
            | Node::MaxItems(_)
            | Node::Unique => self.arrays.push(lit),
            Node::True
            | Node::Types(_)
            | Node::Enum(_)
            | Node::And(_)
            | Node::Or(_)
            | Node::ExactlyOne(_)
            | Node::Alias(_)
            | Node::Opaque(_) => unreachable!("these speak of no single type"),
        }
    }

    /// The negation of a node that speaks of one type, to which the state is already restricted.
    fn negative(&mut self, arena: &mut Arena, lit: Lit, node: Node, pending: &mut Vec<Lit>) -> bool {
        let positive = match node {
            Node::Minimum(bound) => Node::ExclusiveMaximum(bound),
            Node::ExclusiveMinimum(bound) => Node::Maximum(bound),
            Node::Maximum(bound) => Node::ExclusiveMinimum(bound),
            Node::ExclusiveMaximum(bound) => Node::Minimum(bound),
            Node::MultipleOf(_) => {
                self.numbers.push(lit);
                return true;
            }
            Node::Pattern(_) | Node::Format(_) => {
                self.strings.push(lit);
                return true;
            }
            Node::Unique => {
                self.arrays.push(lit);
                return true;
            }
            Node::MinLength(count) => match count.checked_sub(1) {
                Some(less) => Node::MaxLength(less),
                None => return false,
            },
            Node::MinItems(count) => match count.checked_sub(1) {
                Some(less) => Node::MaxItems(less),
                None => return false,
            },
            Node::MinProperties(count) => match count.checked_sub(1) {
                Some(less) => Node::MaxProperties(less),
                None => return false,
            },
            Node::MaxLength(count) => Node::MinLength(count.saturating_add(1)),
            Node::MaxItems(count) => Node::MinItems(count.saturating_add(1)),
            Node::MaxProperties(count) => Node::MinProperties(count.saturating_add(1)),
            Node::ItemAt(index, inner) => {
                pending.push(arena.intern(Node::MinItems(index as u64 + 1)));
                Node::ItemAt(index, inner.negate())
            }
            Node::ItemsFrom(start, inner) => {
                self.some_items.push((start, inner.negate()));
                Node::MinItems(start as u64 + 1)
            }
            Node::Contains(inner, min, max) => {
                let mut cases = Vec::new();
                if let Some(fewer) = min.checked_sub(1) {
                    cases.push(arena.contains(inner, 0, Some(fewer)));
                }
                if let Some(max) = max {
                    cases.push(arena.contains(inner, max.saturating_add(1), None));
                }
                self.choices.push(cases.into());
                return true;
            }
            Node::Property(name, inner) => {
                pending.push(arena.intern(Node::Required(Rc::clone(&name))));
                Node::Property(name, inner.negate())
            }
            Node::Required(name) => Node::Property(name, Lit::FALSE),
            Node::Matching(pattern, inner) => {
                self.some_keys.push(SomeKey { key: KeyKind::Matching(pattern), value: inner.negate() });
                Node::MinProperties(1)
            }
            Node::Rest(names, patterns, inner) => {
                self.some_keys.push(SomeKey { key: KeyKind::Other(names, patterns), value: inner.negate() });
                Node::MinProperties(1)
            }
            Node::Names(inner) => {
                self.some_keys.push(SomeKey { key: KeyKind::Named(inner.negate()), value: Lit::TRUE });
                Node::MinProperties(1)
            }
            Node::True
            | Node::Types(_)
            | Node::Enum(_)
            | Node::And(_)
            | Node::Or(_)
            | Node::ExactlyOne(_)
            | Node::Alias(_)
            | Node::Opaque(_) => unreachable!("these speak of no single type"),
        };
        pending.push(arena.intern(positive));
        true
    }

    /// Everything that a value of this key has to satisfy. The flag says that a pattern could not be decided, so that there may
    /// be more.
    pub fn value_of(&self, arena: &mut Arena, key: &Rc<str>) -> (Vec<Lit>, bool) {
        let mut lits: Vec<Lit> = self.properties.get(key).cloned().unwrap_or_default();
        let mut undecided = false;
        // To look a name up in a list is dear beside a step over a node.
        arena.budget.work(4 + lits.len() + 4 * self.matching.len() + LOOK_UP * self.rests.len());
        for (pattern, lit) in &self.matching {
            match arena.key_matches(pattern, key) {
                Some(true) => lits.push(*lit),
                Some(false) => {}
                None => undecided = true,
            }
        }
        for rest in &self.rests {
            let Node::Rest(names, patterns, lit) = arena.node(*rest).clone() else { continue };
            if names.binary_search(key).is_ok() {
                continue;
            }
            match arena.matches_any(&patterns, key) {
                Some(true) => {}
                Some(false) => lits.push(lit),
                None => undecided = true,
            }
        }
        (lits, undecided)
    }
}
