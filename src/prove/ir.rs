//! What schemas of every draft mean, in one small language.
//!
//! A schema becomes a *literal*: a node of an arena, or its negation. Equal nodes have one id across both documents of a pair,
//! so a part that did not change contradicts its own negation at once. A node that speaks of one type holds for values of every
//! other type, as the keywords of JSON Schema do; its negation therefore implies the type.

use std::rc::Rc;

use num_rational::BigRational;
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::{Map, Value};

use super::Reason;
use super::automaton::{Automata, ReId};
use super::budget::{Budget, heap};
use super::stack::Stack;
use crate::schema::number::{exact, to_number};

/// A node or its negation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Lit(u32);

impl Lit {
    pub const TRUE: Lit = Lit(0);
    pub const FALSE: Lit = Lit(1);

    pub fn node(self) -> usize {
        (self.0 >> 1) as usize
    }

    pub fn is_positive(self) -> bool {
        self.0 & 1 == 0
    }

    #[must_use]
    pub fn negate(self) -> Lit {
        Lit(self.0 ^ 1)
    }
}

/// A set of JSON types. Integers are told apart by how they are written, since draft 4 does so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Types(pub u8);

impl Types {
    pub const NULL: Types = Types(1);
    pub const BOOLEAN: Types = Types(2);
    /// `1`.
    pub const INTEGER: Types = Types(4);
    /// `1.0`.
    pub const ROUND: Types = Types(8);
    /// `1.5`.
    pub const FRACTION: Types = Types(16);
    pub const STRING: Types = Types(32);
    pub const ARRAY: Types = Types(64);
    pub const OBJECT: Types = Types(128);
    pub const NUMBER: Types = Types(4 | 8 | 16);
    pub const ALL: Types = Types(255);

    pub fn and(self, other: Types) -> Types {
        Types(self.0 & other.0)
    }

    pub fn or(self, other: Types) -> Types {
        Types(self.0 | other.0)
    }

    pub fn without(self, other: Types) -> Types {
        Types(self.0 & !other.0)
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn within(self, other: Types) -> bool {
        self.0 & !other.0 == 0
    }

    pub fn meets(self, other: Types) -> bool {
        self.0 & other.0 != 0
    }

    /// The types that are solved together: all numbers are one.
    pub fn groups(self) -> impl Iterator<Item = Types> {
        const ORDER: [Types; 6] = [Types::OBJECT, Types::STRING, Types::NUMBER, Types::ARRAY, Types::BOOLEAN, Types::NULL];
        ORDER.into_iter().map(move |group| group.and(self)).filter(|group| !group.is_empty())
    }

    pub fn of(value: &Value) -> Types {
        match value {
            Value::Null => Types::NULL,
            Value::Bool(_) => Types::BOOLEAN,
            Value::String(_) => Types::STRING,
            Value::Array(_) => Types::ARRAY,
            Value::Object(_) => Types::OBJECT,
            Value::Number(number) => {
                if crate::schema::number::written_as_integer(number) {
                    Types::INTEGER
                } else if exact(number).is_none_or(|value| value.is_integer()) {
                    Types::ROUND
                } else {
                    Types::FRACTION
                }
            }
        }
    }
}

/// A number with an order, shared.
pub(super) type Exact = Rc<BigRational>;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Node {
    True,
    Types(Types),
    /// Sorted canonical values, none twice.
    Enum(Rc<[Value]>),
    Minimum(Exact),
    ExclusiveMinimum(Exact),
    Maximum(Exact),
    ExclusiveMaximum(Exact),
    MultipleOf(Exact),
    MinLength(u64),
    MaxLength(u64),
    Pattern(Rc<str>),
    Format(Rc<str>),
    /// The element at an index, where there is one.
    ItemAt(usize, Lit),
    /// Every element from an index on.
    ItemsFrom(usize, Lit),
    /// The number of elements of a kind.
    Contains(Lit, u64, Option<u64>),
    MinItems(u64),
    MaxItems(u64),
    Unique,
    /// The value of a key, where it is there.
    Property(Rc<str>, Lit),
    /// The values of the keys that match a pattern.
    Matching(Rc<str>, Lit),
    /// The values of the keys that are neither among the names (sorted) nor match a pattern.
    Rest(Rc<[Rc<str>]>, Rc<[Rc<str>]>, Lit),
    Names(Lit),
    Required(Rc<str>),
    MinProperties(u64),
    MaxProperties(u64),
    /// Sorted.
    And(Rc<[Lit]>),
    /// Sorted.
    Or(Rc<[Lit]>),
    ExactlyOne(Rc<[Lit]>),
    /// A schema that refers to itself: the arena knows to what.
    Alias(u32),
    /// Something that is not decided here, by the index of its reason.
    Opaque(u32),
}

/// What a node takes in an arena, twice: as itself and as a key.
const NODE_BYTES: usize = 200;

impl Node {
    /// How many parts the node lists.
    fn parts(&self) -> usize {
        match self {
            Node::Enum(values) => 4 * values.len(),
            Node::Rest(names, patterns, _) => 2 * (names.len() + patterns.len()),
            Node::And(parts) | Node::Or(parts) | Node::ExactlyOne(parts) => parts.len(),
            _ => 0,
        }
    }
}

/// The type that a node speaks of, where it speaks of one.
pub(super) fn type_of(node: &Node) -> Option<Types> {
    match node {
        Node::True
        | Node::Types(_)
        | Node::Enum(_)
        | Node::And(_)
        | Node::Or(_)
        | Node::ExactlyOne(_)
        | Node::Alias(_)
        | Node::Opaque(_) => None,
        Node::Minimum(_) | Node::ExclusiveMinimum(_) | Node::Maximum(_) | Node::ExclusiveMaximum(_) | Node::MultipleOf(_) => {
            Some(Types::NUMBER)
        }
        Node::MinLength(_) | Node::MaxLength(_) | Node::Pattern(_) | Node::Format(_) => Some(Types::STRING),
        Node::ItemAt(_, _)
        | Node::ItemsFrom(_, _)
        | Node::Contains(_, _, _)
        | Node::MinItems(_)
        | Node::MaxItems(_)
        | Node::Unique => Some(Types::ARRAY),
        Node::Property(_, _)
        | Node::Matching(_, _)
        | Node::Rest(_, _, _)
        | Node::Names(_)
        | Node::Required(_)
        | Node::MinProperties(_)
        | Node::MaxProperties(_) => Some(Types::OBJECT),
    }
}

/// A compiled pattern, or why there is none.
pub(super) type Compiled = Result<ReId, &'static str>;

/// All nodes of a pair.
#[derive(Debug)]
pub(super) struct Arena {
    nodes: Vec<Node>,
    ids: FxHashMap<Node, u32>,
    /// What each alias stands for, once it is known.
    aliases: Vec<Option<Lit>>,
    reasons: Vec<Reason>,
    reason_ids: FxHashMap<Reason, u32>,
    /// What addresses stand for that nobody handed in.
    foreign: FxHashMap<String, Lit>,
    pub automata: Automata,
    pub stack: Stack,
    pub budget: Rc<Budget>,
    /// Whether a schema tells `1` and `1.0` apart.
    writing_matters: bool,
    patterns: FxHashMap<Rc<str>, Compiled>,
    /// The values of large `Enum` nodes, to look one up.
    members: FxHashMap<u32, Rc<FxHashSet<Value>>>,
    matched: FxHashMap<(Rc<str>, Rc<str>), Option<bool>>,
}

impl Arena {
    pub fn new(stack: Stack, budget: Rc<Budget>) -> Self {
        let mut arena = Arena {
            nodes: Vec::new(),
            ids: FxHashMap::default(),
            aliases: Vec::new(),
            reasons: Vec::new(),
            reason_ids: FxHashMap::default(),
            foreign: FxHashMap::default(),
            automata: Automata::new(Rc::clone(&budget)),
            stack,
            budget,
            writing_matters: false,
            patterns: FxHashMap::default(),
            members: FxHashMap::default(),
            matched: FxHashMap::default(),
        };
        let first = arena.intern(Node::True);
        debug_assert_eq!(first, Lit::TRUE);
        arena
    }

    /// The stack as it was used, with the work that was done.
    pub fn into_stack(self) -> Stack {
        let mut stack = self.stack;
        stack.done = self.budget.done();
        stack
    }

    /// Whether there is stack to recurse further and anything left to spend.
    pub fn has_room(&mut self) -> bool {
        self.stack.has_room() && !self.budget.is_spent()
    }

    pub fn node(&self, lit: Lit) -> &Node {
        &self.nodes[lit.node()]
    }

    /// Every node, in the order in which it was made.
    pub fn all(&self) -> &[Node] {
        &self.nodes
    }

    pub fn intern(&mut self, node: Node) -> Lit {
        if let Some(id) = self.ids.get(&node) {
            return Lit(id << 1);
        }
        let id = self.nodes.len() as u32;
        self.budget.work(20 + node.parts());
        let listed = if let Node::Enum(values) = &node { values.iter().map(heap).sum() } else { 0 };
        self.budget.keep(NODE_BYTES + 8 * node.parts() + listed);
        self.nodes.push(node.clone());
        self.ids.insert(node, id);
        Lit(id << 1)
    }

    pub fn types(&mut self, types: Types) -> Lit {
        self.writing_matters |= types.meets(Types::INTEGER) != types.meets(Types::ROUND);
        match types {
            Types::ALL => Lit::TRUE,
            Types(0) => Lit::FALSE,
            _ => self.intern(Node::Types(types)),
        }
    }

    pub fn writing_matters(&self) -> bool {
        self.writing_matters
    }

    /// Whether a value in its canonical form is among those of an `Enum` node.
    pub fn lists(&mut self, lit: Lit, values: &Rc<[Value]>, value: &Value) -> bool {
        const FEW: usize = 8;
        if values.len() <= FEW {
            return values.contains(value);
        }
        if let Some(known) = self.members.get(&lit.0) {
            return known.contains(value);
        }
        self.budget.work(40 * values.len());
        self.budget.keep(values.iter().map(|value| 16 + heap(value)).sum());
        let members: FxHashSet<Value> = values.iter().cloned().collect();
        let found = members.contains(value);
        self.members.insert(lit.0, Rc::new(members));
        found
    }

    /// One of these values.
    pub fn values(&mut self, values: impl IntoIterator<Item = Value>) -> Lit {
        let mut values: Vec<(String, Value)> =
            values.into_iter().map(|value| canonical(&value)).map(|value| (value.to_string(), value)).collect();
        self.budget.work(values.iter().map(|(text, _)| 250 + 4 * text.len()).sum());
        values.sort_by(|a, b| a.0.cmp(&b.0));
        values.dedup_by(|a, b| a.0 == b.0);
        if values.is_empty() {
            return Lit::FALSE;
        }
        self.intern(Node::Enum(values.into_iter().map(|(_, value)| value).collect()))
    }

    pub fn and(&mut self, parts: impl IntoIterator<Item = Lit>) -> Lit {
        let mut flat: Vec<Lit> = Vec::new();
        for part in parts {
            match self.node(part) {
                Node::And(inner) if part.is_positive() => flat.extend(inner.iter()),
                _ => flat.push(part),
            }
        }
        self.budget.work(6 + 4 * flat.len());
        flat.sort_unstable();
        flat.dedup();
        flat.retain(|part| *part != Lit::TRUE);
        // A literal and its negation are neighbours.
        if flat.contains(&Lit::FALSE) || flat.windows(2).any(|pair| pair[0].negate() == pair[1]) {
            return Lit::FALSE;
        }
        match flat.as_slice() {
            [] => Lit::TRUE,
            [one] => *one,
            _ => self.intern(Node::And(flat.into())),
        }
    }

    pub fn or(&mut self, parts: impl IntoIterator<Item = Lit>) -> Lit {
        let mut flat: Vec<Lit> = Vec::new();
        for part in parts {
            match self.node(part) {
                Node::Or(inner) if part.is_positive() => flat.extend(inner.iter()),
                _ => flat.push(part),
            }
        }
        self.budget.work(6 + 4 * flat.len());
        flat.sort_unstable();
        flat.dedup();
        flat.retain(|part| *part != Lit::FALSE);
        self.join_values(&mut flat);
        if flat.contains(&Lit::TRUE) || flat.windows(2).any(|pair| pair[0].negate() == pair[1]) {
            return Lit::TRUE;
        }
        match flat.as_slice() {
            [] => Lit::FALSE,
            [one] => *one,
            _ => self.intern(Node::Or(flat.into())),
        }
    }

    /// Alternatives that each list values are one that lists all of them.
    fn join_values(&mut self, parts: &mut Vec<Lit>) {
        let mut all: Vec<Value> = Vec::new();
        let mut lists = 0;
        for part in parts.iter().filter(|part| part.is_positive()) {
            if let Node::Enum(values) = self.node(*part) {
                lists += 1;
                all.extend(values.iter().cloned());
            }
        }
        if lists < 2 {
            return;
        }
        let joined = self.values(all);
        parts.retain(|part| !part.is_positive() || !matches!(self.node(*part), Node::Enum(_)));
        parts.push(joined);
        parts.sort_unstable();
    }

    pub fn exactly_one(&mut self, parts: Vec<Lit>) -> Lit {
        let parts: Vec<Lit> = parts.into_iter().filter(|part| *part != Lit::FALSE).collect();
        match parts.as_slice() {
            [] => Lit::FALSE,
            [one] => *one,
            _ => {
                let mut parts = parts;
                parts.sort_unstable();
                self.intern(Node::ExactlyOne(parts.into()))
            }
        }
    }

    pub fn contains(&mut self, lit: Lit, min: u64, max: Option<u64>) -> Lit {
        if max.is_some_and(|max| max < min) {
            let array = self.types(Types::ARRAY);
            return array.negate();
        }
        if min == 0 && max.is_none() {
            return Lit::TRUE;
        }
        self.intern(Node::Contains(lit, min, max))
    }

    pub fn required(&mut self, name: &str) -> Lit {
        self.intern(Node::Required(Rc::from(name)))
    }

    pub fn property(&mut self, name: &Rc<str>, lit: Lit) -> Lit {
        if lit == Lit::TRUE { Lit::TRUE } else { self.intern(Node::Property(Rc::clone(name), lit)) }
    }

    /// A place for a schema that is being compiled and refers to itself.
    pub fn new_alias(&mut self) -> Lit {
        let index = self.aliases.len() as u32;
        self.aliases.push(None);
        self.intern(Node::Alias(index))
    }

    pub fn set_alias(&mut self, alias: Lit, target: Lit) {
        if let Node::Alias(index) = *self.node(alias) {
            self.aliases[index as usize] = Some(target);
        }
    }

    pub fn alias(&self, index: u32) -> Option<Lit> {
        self.aliases[index as usize]
    }

    pub fn opaque(&mut self, reason: Reason) -> Lit {
        let index = match self.reason_ids.get(&reason) {
            Some(index) => *index,
            None => {
                let index = self.reasons.len() as u32;
                self.budget.keep(NODE_BYTES + 2 * (reason.place.len() + reason.text.len()));
                self.reason_ids.insert(reason.clone(), index);
                self.reasons.push(reason);
                index
            }
        };
        self.intern(Node::Opaque(index))
    }

    /// The literal of what stands at an address that cannot be looked up: the same for both documents.
    pub fn foreign(&mut self, address: &str, reason: Reason) -> Lit {
        if let Some(known) = self.foreign.get(address) {
            return *known;
        }
        let index = self.reasons.len() as u32;
        self.reasons.push(reason);
        let lit = self.intern(Node::Opaque(index));
        self.foreign.insert(address.to_owned(), lit);
        lit
    }

    pub fn reason(&self, index: u32) -> &Reason {
        &self.reasons[index as usize]
    }

    pub fn pattern(&mut self, pattern: &Rc<str>) -> Compiled {
        if let Some(known) = self.patterns.get(pattern) {
            return *known;
        }
        let compiled = super::pattern::compile(&mut self.automata, pattern);
        self.patterns.insert(Rc::clone(pattern), compiled);
        compiled
    }

    /// Whether a key matches a pattern; `None` where the pattern cannot be decided.
    pub fn key_matches(&mut self, pattern: &Rc<str>, key: &Rc<str>) -> Option<bool> {
        let place = (Rc::clone(pattern), Rc::clone(key));
        if let Some(known) = self.matched.get(&place) {
            return *known;
        }
        let answer = match self.pattern(pattern) {
            Ok(id) => self.automata.matches(id, key),
            Err(_) => None,
        };
        self.budget.keep(80);
        self.matched.insert(place, answer);
        answer
    }
}

/// A value in the one form that all equal values share: numbers by their value, keys in order.
pub(super) fn canonical(value: &Value) -> Value {
    match value {
        Value::Number(number) => match exact(number).and_then(|value| to_number(&value)) {
            Some(same) => Value::Number(same),
            None => value.clone(),
        },
        Value::Array(items) => Value::Array(items.iter().map(canonical).collect()),
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_by(|a, b| a.0.cmp(b.0));
            Value::Object(entries.into_iter().map(|(key, value)| (key.clone(), canonical(value))).collect::<Map<_, _>>())
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
    }
}
