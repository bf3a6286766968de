//! `unevaluatedProperties` and `unevaluatedItems`; [`super::written`] is built in the same way.
//!
//! What counts as evaluated depends on which of the applicators beside the keyword hold. So the ways in which a schema can hold
//! are listed, each with what it evaluates; in each way the keyword means a plain "all other keys" or "all further elements".

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::budget::Budget;
use super::compile::{At, Compiler};
use super::ir::Lit;
use super::written::Part;
use crate::schema::Draft;
use crate::schema::refs::extend;

/// Ways listed for one schema. Past this the keyword is undecided.
const WAY_BUDGET: usize = 128;

/// Applicators and references inside each other.
const DEPTH_LIMIT: usize = 60;

/// One way in which a schema can hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Way<'a> {
    /// What holds in it.
    pub conditions: Vec<Lit>,
    pub names: BTreeSet<Rc<str>>,
    pub patterns: BTreeSet<Rc<str>>,
    pub all_properties: bool,
    /// Elements before this index are evaluated.
    items: usize,
    all_items: bool,
    /// Elements that satisfy one of these are evaluated.
    kinds: Vec<Lit>,
    /// Whether it says anything of objects.
    pub speaks_of_objects: bool,
    /// The schemas that describe values inside, in the writer's reading.
    pub parts: Vec<Part<'a>>,
    /// Whether validators disagree about what it evaluates.
    disputed: bool,
}

/// How the ways are to be listed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// As the standard says: the ways exclude each other and leave no case out.
    Exact,
    /// As a writer means it: of an `anyOf` with many alternatives one is taken at a time.
    Writer,
}

impl<'a> Way<'a> {
    /// About how much there is to copy.
    fn size(&self) -> usize {
        2 + self.conditions.len() + 8 * (self.names.len() + self.patterns.len() + self.parts.len()) + self.kinds.len()
    }

    pub fn join(&self, other: &Way<'a>) -> Way<'a> {
        let mut both = self.clone();
        both.conditions.extend(&other.conditions);
        both.names.extend(other.names.iter().cloned());
        both.patterns.extend(other.patterns.iter().cloned());
        both.all_properties |= other.all_properties;
        both.items = both.items.max(other.items);
        both.all_items |= other.all_items;
        both.kinds.extend(&other.kinds);
        both.speaks_of_objects |= other.speaks_of_objects;
        both.disputed |= other.disputed;
        both.parts.extend(other.parts.iter().cloned());
        both
    }

    fn under(mut self, condition: Lit) -> Way<'a> {
        self.conditions.push(condition);
        self
    }

    /// Whether it evaluates nothing.
    fn is_plain(&self) -> bool {
        self.names.is_empty()
            && self.patterns.is_empty()
            && !self.all_properties
            && self.items == 0
            && !self.all_items
            && self.kinds.is_empty()
            && !self.speaks_of_objects
            && !self.disputed
            && self.parts.is_empty()
    }
}

impl<'a> Compiler<'_, 'a> {
    /// Adds what `unevaluated*` says to the literal of the other keywords.
    pub(super) fn unevaluated(&mut self, lit: Lit, map: &'a Map<String, Value>, value: &'a Value, at: &At, pointer: &str) -> Lit {
        if at.draft < Draft::Draft201909 || at.draft == Draft::OpenApi30 {
            return lit;
        }
        let mut whole = lit;
        for keyword in ["unevaluatedProperties", "unevaluatedItems"] {
            let Some(rest) = map.get(keyword) else { continue };
            let rest = self.inner(rest, at, &extend(pointer, keyword));
            if rest == Lit::TRUE {
                continue;
            }
            let Some(ways) = self.ways(value, at, pointer, Reading::Exact, Some(keyword), 0) else {
                let undecided = self.opaque(keyword, pointer, "there are too many ways in which the schema can hold");
                whole = self.arena.and([whole, undecided]);
                continue;
            };
            if keyword == "unevaluatedItems" && ways.iter().any(|way| way.disputed) {
                let text = "validators disagree whether `contains` evaluates elements in this draft";
                let undecided = self.opaque(keyword, pointer, text);
                whole = self.arena.and([whole, undecided]);
                continue;
            }
            let mut cases = Vec::new();
            for way in ways {
                let said = if keyword == "unevaluatedProperties" {
                    if way.all_properties {
                        Lit::TRUE
                    } else {
                        self.rest(way.names.iter().cloned().collect(), way.patterns.iter().cloned().collect(), rest)
                    }
                } else if way.all_items {
                    Lit::TRUE
                } else {
                    let element = self.arena.or(way.kinds.iter().copied().chain([rest]));
                    self.items_from(way.items, element)
                };
                let mut parts = way.conditions;
                parts.push(said);
                cases.push(self.arena.and(parts));
            }
            let cases = self.arena.or(cases);
            whole = self.arena.and([whole, cases]);
        }
        whole
    }

    /// The ways in which the schema holds, itself not among their conditions; `None` where there are too many.
    pub(super) fn ways(
        &mut self,
        value: &'a Value,
        at: &At,
        pointer: &str,
        reading: Reading,
        skip: Option<&str>,
        depth: usize,
    ) -> Option<Vec<Way<'a>>> {
        let Value::Object(map) = value else { return Some(vec![Way::default()]) };
        if depth > DEPTH_LIMIT || !self.arena.has_room() || !self.arena.budget.work(100) {
            return None;
        }
        let entered;
        let at = match self.resolver.resource_at(at.document, pointer) {
            Some(id) if id != at.resource => {
                entered = self.enter_resource(at, id);
                &entered
            }
            _ => at,
        };
        let mut ways = vec![self.own_way(map, value, at, pointer, skip, reading)];
        let hides = at.draft.ref_hides_siblings();
        for keyword in ["$ref", "$recursiveRef", "$dynamicRef"] {
            let Some(Value::String(reference)) = map.get(keyword) else { continue };
            let Some(found) = self.resolve(keyword, reference, at) else { continue };
            let there = self.enter_resource(at, found.resource);
            let inner = self.ways(found.value, &there, &found.pointer, reading, None, depth + 1)?;
            if keyword == "$ref" && hides {
                return Some(inner);
            }
            ways = product(&self.arena.budget, &ways, &inner)?;
        }
        if let Some(Value::Array(schemas)) = map.get("allOf") {
            let below = extend(pointer, "allOf");
            for (index, schema) in schemas.iter().enumerate() {
                let inner = self.ways(schema, at, &extend(&below, &index.to_string()), reading, None, depth + 1)?;
                ways = product(&self.arena.budget, &ways, &inner)?;
            }
        }
        for keyword in ["anyOf", "oneOf"] {
            if let Some(Value::Array(schemas)) = map.get(keyword) {
                let inner = self.alternatives(schemas, at, &extend(pointer, keyword), reading, keyword == "oneOf", depth)?;
                ways = product(&self.arena.budget, &ways, &inner)?;
            }
        }
        if at.draft >= Draft::Draft7
            && at.draft != Draft::OpenApi30
            && let Some(schema) = map.get("if")
        {
            let place = extend(pointer, "if");
            let condition = self.schema(schema, at, &place);
            let mut yes = self.ways(schema, at, &place, reading, None, depth + 1)?;
            if let Some(then) = map.get("then") {
                let inner = self.ways(then, at, &extend(pointer, "then"), reading, None, depth + 1)?;
                yes = product(&self.arena.budget, &yes, &inner)?;
            }
            let mut no = vec![Way::default()];
            if let Some(otherwise) = map.get("else") {
                no = self.ways(otherwise, at, &extend(pointer, "else"), reading, None, depth + 1)?;
            }
            let inner: Vec<Way<'a>> = yes
                .into_iter()
                .map(|way| way.under(condition))
                .chain(no.into_iter().map(|way| way.under(condition.negate())))
                .collect();
            if inner.iter().any(|way| !way.is_plain()) {
                ways = product(&self.arena.budget, &ways, &inner)?;
            }
        }
        for keyword in ["dependentSchemas", "dependencies"] {
            let Some(Value::Object(entries)) = map.get(keyword) else { continue };
            let below = extend(pointer, keyword);
            for (name, schema) in entries {
                if !schema.is_object() {
                    continue;
                }
                let present = self.present(name);
                let inner = self.ways(schema, at, &extend(&below, name), reading, None, depth + 1)?;
                if inner.iter().all(Way::is_plain) {
                    continue;
                }
                let mut cases: Vec<Way<'a>> = inner.into_iter().map(|way| way.under(present)).collect();
                cases.push(Way::default().under(present.negate()));
                ways = product(&self.arena.budget, &ways, &cases)?;
            }
        }
        Some(ways)
    }

    /// The ways of an `anyOf` or a `oneOf`.
    fn alternatives(
        &mut self,
        schemas: &'a [Value],
        at: &At,
        below: &str,
        reading: Reading,
        one_only: bool,
        depth: usize,
    ) -> Option<Vec<Way<'a>>> {
        let mut branches: Vec<(Lit, Vec<Way<'a>>)> = Vec::new();
        for (index, schema) in schemas.iter().enumerate() {
            let place = extend(below, &index.to_string());
            let lit = self.schema(schema, at, &place);
            branches.push((lit, self.ways(schema, at, &place, reading, None, depth + 1)?));
        }
        if branches.iter().all(|(_, ways)| ways.iter().all(Way::is_plain)) {
            return Some(vec![Way::default()]);
        }
        if one_only || (reading == Reading::Writer && branches.len() > 3) {
            // Of a `oneOf` exactly one holds, and the keyword itself sees to that.
            let mut all = Vec::new();
            for (lit, ways) in branches {
                all.extend(ways.into_iter().map(|way| way.under(lit)));
            }
            return (all.len() <= WAY_BUDGET || reading == Reading::Writer && all.len() <= 64 * WAY_BUDGET).then_some(all);
        }
        let mut all = vec![Way::default()];
        for (lit, ways) in branches {
            let size: usize = all.iter().map(Way::size).sum();
            if !self.arena.budget.work(4 * (size * (ways.len() + 1) + all.len() * ways.iter().map(Way::size).sum::<usize>())) {
                return None;
            }
            let mut next = Vec::new();
            for way in &all {
                next.push(way.clone().under(lit.negate()));
                next.extend(ways.iter().map(|inner| way.join(inner).under(lit)));
            }
            if next.len() > WAY_BUDGET {
                return None;
            }
            all = next;
        }
        Some(all)
    }

    /// What the keywords of the schema itself evaluate. `skip` is the keyword that is being explained.
    fn own_way(
        &mut self,
        map: &'a Map<String, Value>,
        value: &'a Value,
        at: &At,
        pointer: &str,
        skip: Option<&str>,
        reading: Reading,
    ) -> Way<'a> {
        let mut way = Way::default();
        if map.contains_key("$ref") && at.draft.ref_hides_siblings() {
            return way;
        }
        if let Some(Value::Object(properties)) = map.get("properties") {
            way.names.extend(properties.keys().map(|name| Rc::from(name.as_str())));
        }
        if let Some(Value::Object(patterns)) = map.get("patternProperties") {
            way.patterns.extend(patterns.keys().map(|pattern| Rc::from(pattern.as_str())));
        }
        for keyword in ["additionalProperties", "unevaluatedProperties"] {
            if map.contains_key(keyword) && skip != Some(keyword) {
                way.all_properties = true;
            }
        }
        if reading == Reading::Writer {
            self.writer_way(map, value, at, pointer, &mut way);
            return way;
        }
        let new_form = matches!(at.draft, Draft::Draft202012 | Draft::OpenApi31);
        let prefix = map.get(if new_form { "prefixItems" } else { "items" });
        if let Some(Value::Array(elements)) = prefix {
            way.items = elements.len();
        }
        way.all_items = match map.get("items") {
            None | Some(Value::Array(_)) => false,
            Some(_) => true,
        };
        if !new_form && map.get("items").is_some_and(Value::is_array) && map.contains_key("additionalItems") {
            way.all_items = true;
        }
        if map.contains_key("unevaluatedItems") && skip != Some("unevaluatedItems") {
            way.all_items = true;
        }
        way.disputed = !new_form && map.contains_key("contains");
        if new_form && let Some(kind) = map.get("contains") {
            let lit = self.inner(kind, at, &extend(pointer, "contains"));
            way.kinds.push(lit);
        }
        way
    }
}

/// Each way of the one with each of the other; `None` where there are too many, or they are too large.
pub(super) fn product<'a>(budget: &Budget, a: &[Way<'a>], b: &[Way<'a>]) -> Option<Vec<Way<'a>>> {
    if a.len().saturating_mul(b.len()) > 64 * WAY_BUDGET {
        return None;
    }
    let size = |ways: &[Way<'a>]| ways.iter().map(Way::size).sum::<usize>();
    if !budget.work(4 * (size(a).saturating_mul(b.len()) + size(b).saturating_mul(a.len()))) {
        return None;
    }
    Some(a.iter().flat_map(|x| b.iter().map(move |y| x.join(y))).collect())
}
