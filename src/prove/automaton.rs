//! Sets of texts as regular expressions with intersection and complement, decided by derivatives.
//!
//! Expressions are shared, so equal ones have one id. The derivative of an expression by a character is the set of what may
//! follow that character; a search over derivatives finds a shortest text, or sees that there is none. Complement and
//! intersection cost nothing to write down, which is what containment of patterns needs.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::budget::Budget;

/// An expression in its [`Automata`].
pub(super) type ReId = u32;

/// Expressions made for one pair of schemas before patterns become undecided.
const NODE_BUDGET: usize = 200_000;

/// States visited in one search. Past this the patterns are undecided.
const STATE_BUDGET: usize = 6_000;

/// What an expression takes, twice: as itself and as a key.
const NODE_BYTES: usize = 150;

/// What a remembered derivative takes.
const DERIVATIVE_BYTES: usize = 28;

/// The last code point.
const LAST: u32 = 0x10_FFFF;

/// Sorted, disjoint, inclusive ranges of code points, without the surrogates.
pub(super) type Ranges = Vec<(u32, u32)>;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Re {
    /// No text.
    Empty,
    /// The empty text.
    Epsilon,
    /// One character.
    Class(Ranges),
    Concat(ReId, ReId),
    /// Sorted, at least two.
    Or(Vec<ReId>),
    /// Sorted, at least two.
    And(Vec<ReId>),
    Not(ReId),
    /// From `min` to `max` times; `None` is without end.
    Repeat(ReId, u32, Option<u32>),
}

/// The patterns could not be decided within the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMuch;

#[derive(Debug)]
pub(super) struct Automata {
    budget: Rc<Budget>,
    nodes: Vec<Re>,
    ids: FxHashMap<Re, ReId>,
    nullable: Vec<bool>,
    derivatives: FxHashMap<(ReId, u32), ReId>,
    found: FxHashMap<ReId, Result<Option<String>, TooMuch>>,
}

pub(super) const EMPTY: ReId = 0;
pub(super) const EPSILON: ReId = 1;
/// Every character.
pub(super) const ANY: ReId = 2;
/// Every text.
pub(super) const ALL: ReId = 3;

impl Automata {
    pub fn new(budget: Rc<Budget>) -> Self {
        let mut automata = Automata {
            budget,
            nodes: Vec::new(),
            ids: FxHashMap::default(),
            nullable: Vec::new(),
            derivatives: FxHashMap::default(),
            found: FxHashMap::default(),
        };
        automata.intern(Re::Empty);
        automata.intern(Re::Epsilon);
        automata.intern(Re::Class(every_character()));
        automata.intern(Re::Repeat(ANY, 0, None));
        automata
    }

    /// How many expressions there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether the budget of the pair is used up.
    pub fn is_spent(&self) -> bool {
        self.budget.is_spent()
    }

    fn intern(&mut self, re: Re) -> ReId {
        if let Some(id) = self.ids.get(&re) {
            return *id;
        }
        let nullable = match &re {
            Re::Empty | Re::Class(_) => false,
            Re::Epsilon => true,
            Re::Concat(a, b) => self.is_nullable(*a) && self.is_nullable(*b),
            Re::Or(parts) => parts.iter().any(|part| self.is_nullable(*part)),
            Re::And(parts) => parts.iter().all(|part| self.is_nullable(*part)),
            Re::Not(inner) => !self.is_nullable(*inner),
            Re::Repeat(inner, min, _) => *min == 0 || self.is_nullable(*inner),
        };
        let parts = match &re {
            Re::Class(ranges) => ranges.len(),
            Re::Or(parts) | Re::And(parts) => parts.len(),
            Re::Empty | Re::Epsilon | Re::Concat(_, _) | Re::Not(_) | Re::Repeat(_, _, _) => 0,
        };
        self.budget.work(20 + parts);
        self.budget.keep(NODE_BYTES + 16 * parts);
        let id = self.nodes.len() as ReId;
        self.nodes.push(re.clone());
        self.nullable.push(nullable);
        self.ids.insert(re, id);
        id
    }

    pub fn is_nullable(&self, id: ReId) -> bool {
        self.nullable[id as usize]
    }

    pub fn class(&mut self, ranges: Ranges) -> ReId {
        let ranges = without_surrogates(&normal(ranges));
        if ranges.is_empty() { EMPTY } else { self.intern(Re::Class(ranges)) }
    }

    pub fn literal(&mut self, text: &str) -> ReId {
        let mut whole = EPSILON;
        for character in text.chars().rev() {
            let one = self.class(vec![(character as u32, character as u32)]);
            whole = self.concat(one, whole);
        }
        whole
    }

    pub fn concat(&mut self, a: ReId, b: ReId) -> ReId {
        if a == EMPTY || b == EMPTY {
            return EMPTY;
        }
        if a == EPSILON {
            return b;
        }
        if b == EPSILON {
            return a;
        }
        if a == ALL && b == ALL {
            return ALL;
        }
        if matches!(self.nodes[a as usize], Re::Concat(_, _)) {
            // Chains lean to the right, so that equal texts are equal expressions.
            let mut chain = Vec::new();
            let mut last = a;
            while let Re::Concat(first, rest) = self.nodes[last as usize] {
                self.budget.work(6);
                chain.push(first);
                last = rest;
            }
            let mut whole = self.concat(last, b);
            for first in chain.into_iter().rev() {
                whole = self.concat(first, whole);
            }
            return whole;
        }
        if a == ALL
            && let Re::Concat(first, _) = self.nodes[b as usize]
            && first == ALL
        {
            return b;
        }
        self.intern(Re::Concat(a, b))
    }

    pub fn or(&mut self, parts: impl IntoIterator<Item = ReId>) -> ReId {
        let mut flat: Vec<ReId> = Vec::new();
        let mut ranges: Option<Ranges> = None;
        for part in parts {
            match &self.nodes[part as usize] {
                Re::Empty => {}
                Re::Or(inner) => flat.extend(inner),
                _ => flat.push(part),
            }
        }
        flat.retain(|part| match &self.nodes[*part as usize] {
            Re::Class(more) => {
                ranges.get_or_insert_with(Vec::new).extend(more);
                false
            }
            _ => true,
        });
        if let Some(ranges) = ranges {
            let class = self.class(ranges);
            flat.push(class);
        }
        self.budget.work(4 + 6 * flat.len());
        flat.sort_unstable();
        flat.dedup();
        if flat.contains(&ALL) || flat.iter().any(|part| self.complement_among(*part, &flat)) {
            return ALL;
        }
        match flat.as_slice() {
            [] => EMPTY,
            [one] => *one,
            _ => self.intern(Re::Or(flat)),
        }
    }

    pub fn and(&mut self, parts: impl IntoIterator<Item = ReId>) -> ReId {
        let mut flat: Vec<ReId> = Vec::new();
        for part in parts {
            match &self.nodes[part as usize] {
                Re::And(inner) => flat.extend(inner),
                _ if part == ALL => {}
                _ => flat.push(part),
            }
        }
        self.budget.work(4 + 6 * flat.len());
        flat.sort_unstable();
        flat.dedup();
        if flat.contains(&EMPTY) || flat.iter().any(|part| self.complement_among(*part, &flat)) {
            return EMPTY;
        }
        if flat.contains(&EPSILON) {
            return if flat.iter().all(|part| self.is_nullable(*part)) { EPSILON } else { EMPTY };
        }
        match flat.as_slice() {
            [] => ALL,
            [one] => *one,
            _ => self.intern(Re::And(flat)),
        }
    }

    fn complement_among(&self, part: ReId, parts: &[ReId]) -> bool {
        matches!(self.nodes[part as usize], Re::Not(inner) if parts.binary_search(&inner).is_ok())
    }

    pub fn not(&mut self, inner: ReId) -> ReId {
        match self.nodes[inner as usize] {
            Re::Not(twice) => twice,
            Re::Empty => ALL,
            _ if inner == ALL => EMPTY,
            _ => self.intern(Re::Not(inner)),
        }
    }

    pub fn repeat(&mut self, inner: ReId, min: u32, max: Option<u32>) -> ReId {
        if max == Some(0) || inner == EPSILON {
            return EPSILON;
        }
        if inner == EMPTY {
            return if min == 0 { EPSILON } else { EMPTY };
        }
        if min == 1 && max == Some(1) {
            return inner;
        }
        if let Re::Repeat(_, 0, None) = self.nodes[inner as usize] {
            return inner;
        }
        // What matches the empty text needs no least count.
        let min = if self.is_nullable(inner) { 0 } else { min };
        self.intern(Re::Repeat(inner, min, max))
    }

    /// What may follow `character` in a text of `id`. Says nothing of use once the budget is spent.
    fn derivative(&mut self, id: ReId, character: u32) -> ReId {
        if id == ALL || id == EMPTY || !self.budget.work(6) {
            return id;
        }
        if let Some(known) = self.derivatives.get(&(id, character)) {
            return *known;
        }
        let result = match self.nodes[id as usize].clone() {
            Re::Empty | Re::Epsilon => EMPTY,
            Re::Class(ranges) => {
                if has(&ranges, character) {
                    EPSILON
                } else {
                    EMPTY
                }
            }
            Re::Concat(a, b) => {
                // Along the chain, as far as its parts may be left out.
                let (mut first, mut rest) = (a, b);
                let mut parts = Vec::new();
                loop {
                    let head = self.derivative(first, character);
                    parts.push(self.concat(head, rest));
                    if !self.is_nullable(first) {
                        break;
                    }
                    match self.nodes[rest as usize] {
                        Re::Concat(next, after) => (first, rest) = (next, after),
                        _ => {
                            parts.push(self.derivative(rest, character));
                            break;
                        }
                    }
                }
                self.or(parts)
            }
            Re::Or(parts) => {
                let parts: Vec<ReId> = parts.into_iter().map(|part| self.derivative(part, character)).collect();
                self.or(parts)
            }
            Re::And(parts) => {
                let mut next = Vec::with_capacity(parts.len());
                for part in parts {
                    let part = self.derivative(part, character);
                    if part == EMPTY {
                        next.clear();
                        next.push(EMPTY);
                        break;
                    }
                    next.push(part);
                }
                self.and(next)
            }
            Re::Not(inner) => {
                let inner = self.derivative(inner, character);
                self.not(inner)
            }
            Re::Repeat(inner, min, max) => {
                let head = self.derivative(inner, character);
                let rest = self.repeat(inner, min.saturating_sub(1), max.map(|max| max - 1));
                self.concat(head, rest)
            }
        };
        self.budget.keep(DERIVATIVE_BYTES);
        self.derivatives.insert((id, character), result);
        result
    }

    /// Splits the alphabet into blocks whose characters all have the same derivative.
    fn blocks(&self, id: ReId) -> Vec<Ranges> {
        let mut classes: Vec<&Ranges> = Vec::new();
        let mut seen: FxHashSet<ReId> = FxHashSet::default();
        let mut pending = vec![id];
        while let Some(id) = pending.pop() {
            if !seen.insert(id) {
                continue;
            }
            self.budget.work(6);
            match &self.nodes[id as usize] {
                Re::Empty | Re::Epsilon => {}
                Re::Class(ranges) => classes.push(ranges),
                Re::Concat(a, b) => {
                    pending.push(*a);
                    if self.is_nullable(*a) {
                        pending.push(*b);
                    }
                }
                Re::Or(parts) | Re::And(parts) => pending.extend(parts),
                Re::Not(inner) | Re::Repeat(inner, _, _) => pending.push(*inner),
            }
        }
        let mut blocks = vec![every_character()];
        for class in classes {
            if self.budget.is_spent() {
                break;
            }
            let mut finer = Vec::with_capacity(blocks.len() + 1);
            for block in blocks {
                self.budget.work(4 + 3 * (block.len() + class.len()));
                let inside = intersection(&block, class);
                if inside.is_empty() || inside == block {
                    finer.push(block);
                    continue;
                }
                finer.push(difference(&block, class));
                finer.push(inside);
            }
            blocks = finer;
        }
        blocks
    }

    /// Whether a text is in the set; `None` where that would take more than is left.
    pub fn matches(&mut self, id: ReId, text: &str) -> Option<bool> {
        let mut state = id;
        for character in text.chars() {
            state = self.derivative(state, character as u32);
            if self.budget.is_spent() || self.nodes.len() > NODE_BUDGET {
                return None;
            }
            if state == EMPTY {
                return Some(false);
            }
            if state == ALL {
                return Some(true);
            }
        }
        Some(self.is_nullable(state))
    }

    /// A shortest text of the set, in readable characters where there is a choice; `None` where the set is empty.
    pub fn shortest(&mut self, id: ReId) -> Result<Option<String>, TooMuch> {
        if let Some(known) = self.found.get(&id) {
            return known.clone();
        }
        let answer = self.search(id);
        self.found.insert(id, answer.clone());
        answer
    }

    fn search(&mut self, id: ReId) -> Result<Option<String>, TooMuch> {
        let mut states: Vec<(ReId, usize, char)> = vec![(id, usize::MAX, '\0')];
        let mut seen: FxHashSet<ReId> = FxHashSet::default();
        seen.insert(id);
        let mut at = 0;
        while at < states.len() {
            let (state, _, _) = states[at];
            if self.budget.is_spent() {
                return Err(TooMuch);
            }
            if self.is_nullable(state) {
                let mut text = Vec::new();
                let mut walk = at;
                while states[walk].1 != usize::MAX {
                    text.push(states[walk].2);
                    walk = states[walk].1;
                }
                return Ok(Some(text.into_iter().rev().collect()));
            }
            let mut blocks: Vec<char> = self.blocks(state).iter().filter_map(readable).collect();
            blocks.sort_unstable_by_key(|character| (taste(*character), *character));
            for character in blocks {
                let next = self.derivative(state, character as u32);
                if next != EMPTY && seen.insert(next) {
                    states.push((next, at, character));
                }
            }
            self.budget.work(10);
            at += 1;
            if states.len() > STATE_BUDGET || self.nodes.len() > NODE_BUDGET {
                return Err(TooMuch);
            }
        }
        // What was found after the budget was spent is no derivative.
        if self.budget.is_spent() { Err(TooMuch) } else { Ok(None) }
    }
}

/// How much a person likes to read a character; less is better.
fn taste(character: char) -> u8 {
    match character {
        'a'..='z' => 0,
        '0'..='9' => 1,
        'A'..='Z' => 2,
        '-' | '_' => 3,
        ' '..='~' => 4,
        _ => 5,
    }
}

/// The character of a block that is best to read.
fn readable(block: &Ranges) -> Option<char> {
    let favourites = [('a', 'z'), ('0', '9'), ('A', 'Z'), ('-', '-'), ('_', '_'), ('!', '~'), (' ', ' ')];
    for (low, high) in favourites {
        for (from, to) in block {
            let start = (low as u32).max(*from);
            if start <= (high as u32).min(*to) {
                return char::from_u32(start);
            }
        }
    }
    // Beyond ASCII, letters before what cannot be seen.
    let visible = block.iter().find(|(from, to)| *from <= 0xE9 && 0xE9 <= *to).map(|_| 0xE9);
    visible
        .or_else(|| block.iter().find(|(from, _)| *from > 0xA0).map(|(from, _)| *from))
        .or(block.first().map(|first| first.0))
        .and_then(char::from_u32)
}

pub(super) fn every_character() -> Ranges {
    vec![(0, 0xD7FF), (0xE000, LAST)]
}

fn without_surrogates(ranges: &Ranges) -> Ranges {
    intersection(ranges, &every_character())
}

fn has(ranges: &Ranges, character: u32) -> bool {
    let at = ranges.partition_point(|(_, to)| *to < character);
    ranges.get(at).is_some_and(|(from, _)| *from <= character)
}

/// Sorted and joined.
pub(super) fn normal(mut ranges: Ranges) -> Ranges {
    ranges.sort_unstable();
    let mut joined: Ranges = Vec::with_capacity(ranges.len());
    for (from, to) in ranges {
        match joined.last_mut() {
            Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}

fn intersection(a: &Ranges, b: &Ranges) -> Ranges {
    let mut both = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        let from = a[i].0.max(b[j].0);
        let to = a[i].1.min(b[j].1);
        if from <= to {
            both.push((from, to));
        }
        if a[i].1 < b[j].1 {
            i += 1;
        } else {
            j += 1;
        }
    }
    both
}

/// The characters that are in none of the ranges.
pub(super) fn complement(ranges: &Ranges) -> Ranges {
    let mut rest = Vec::new();
    let mut next = 0;
    for (from, to) in ranges {
        if *from > next {
            rest.push((next, from - 1));
        }
        next = to + 1;
    }
    if next <= LAST {
        rest.push((next, LAST));
    }
    rest
}

fn difference(a: &Ranges, b: &Ranges) -> Ranges {
    intersection(a, &complement(b))
}
