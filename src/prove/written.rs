//! The writer's reading of a document: a key that no part of it declares is taken as not sent.
//!
//! What a document says as it stands is one literal; this is a second one beside it, that rules out the keys which silence leaves
//! open. Several parts of a schema may describe one value: those of an `allOf`, a reference and what stands beside it, a branch
//! and the schema around it. What they declare counts together, and so does what they declare of the values inside; so the walk
//! goes down with all the parts that describe a value, not with one at a time. Where a part is one of several alternatives, what
//! it declares counts in the ways in which it holds.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::compile::{At, Compiler, Key};
use super::ir::{Lit, Node};
use super::unevaluated::{Reading, Way, product};
use crate::schema::Draft;
use crate::schema::refs::extend;

/// A schema that describes a value, perhaps beside others.
#[derive(Clone, Debug)]
pub(super) struct Part<'a> {
    pub value: &'a Value,
    pub at: At,
    pub pointer: String,
}

/// What is known of some parts that describe one value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Closure {
    /// Being worked out; the alias stands for it where it is met again.
    Open(Option<Lit>),
    Done(Lit),
}

impl<'a> Part<'a> {
    fn map(&self) -> Option<&'a Map<String, Value>> {
        self.value.as_object()
    }

    fn list_of(&self, keyword: &str) -> Option<&'a Map<String, Value>> {
        self.map()?.get(keyword)?.as_object()
    }

    /// A schema under a keyword, and under an entry of it.
    fn below(&self, value: &'a Value, tokens: &[&str]) -> Part<'a> {
        let pointer = tokens.iter().fold(self.pointer.clone(), |pointer, token| extend(&pointer, token));
        Part { value, at: self.at.clone(), pointer }
    }

    /// The schemas of keys that are declared by no name.
    fn of_the_rest(&self) -> Vec<Part<'a>> {
        ["additionalProperties", "unevaluatedProperties"]
            .into_iter()
            .filter_map(|keyword| Some(self.below(self.map()?.get(keyword).filter(|value| value.is_object())?, &[keyword])))
            .collect()
    }

    /// The schemas of the first elements, and of the others.
    fn of_elements(&self) -> (Vec<Part<'a>>, Vec<Part<'a>>) {
        let Some(map) = self.map() else { return (Vec::new(), Vec::new()) };
        let (prefix, mut rest) = if self.at.draft.has_prefix_items() {
            ("prefixItems", vec!["items"])
        } else if map.get("items").is_some_and(Value::is_array) {
            ("items", vec!["additionalItems"])
        } else {
            ("", vec!["items"])
        };
        rest.push("unevaluatedItems");
        let first = match map.get(prefix) {
            Some(Value::Array(elements)) => {
                elements.iter().enumerate().map(|(index, element)| self.below(element, &[prefix, &index.to_string()])).collect()
            }
            _ => Vec::new(),
        };
        let others = rest.into_iter().filter_map(|keyword| Some(self.below(map.get(keyword)?, &[keyword]))).collect();
        (first, others)
    }
}

impl<'a> Compiler<'_, 'a> {
    /// That a value which these parts describe together has no key that none of them declares, at any depth.
    pub(super) fn closed(&mut self, parts: &[Part<'a>]) -> Lit {
        let mut key: Vec<Key> =
            parts.iter().map(|part| (part.at.document, part.pointer.clone(), Rc::clone(&part.at.scope))).collect();
        key.sort_unstable();
        key.dedup();
        if key.is_empty() {
            return Lit::TRUE;
        }
        if !self.may_go_deeper() {
            return self.opaque("additionalProperties", &parts[0].pointer, "the schema unfolds too far");
        }
        match self.closures.get(&key) {
            Some(Closure::Done(lit)) => return *lit,
            Some(Closure::Open(alias)) => {
                let alias = alias.unwrap_or_else(|| self.arena.new_alias());
                self.closures.insert(key, Closure::Open(Some(alias)));
                return alias;
            }
            None => {}
        }
        self.closures.insert(key.clone(), Closure::Open(None));
        self.depth += 1;
        let lit = self.closed_in_ways(parts);
        self.depth -= 1;
        if let Some(Closure::Open(Some(alias))) = self.closures.insert(key, Closure::Done(lit)) {
            self.arena.set_alias(alias, lit);
        }
        lit
    }

    fn closed_in_ways(&mut self, parts: &[Part<'a>]) -> Lit {
        let mut ways = Some(vec![Way::default()]);
        let mut seen: Vec<&str> = Vec::new();
        for part in parts {
            if seen.contains(&part.pointer.as_str()) && parts.iter().all(|other| other.at.document == part.at.document) {
                continue;
            }
            seen.push(&part.pointer);
            let more = self.ways(part.value, &part.at, &part.pointer, Reading::Writer, None, 0);
            ways = ways.zip(more).and_then(|(ways, more)| product(&self.arena.budget, &ways, &more));
        }
        let Some(ways) = ways else {
            return self.opaque("additionalProperties", &parts[0].pointer, "the writer's keys cannot be listed");
        };
        let mut cases = Vec::new();
        for way in ways {
            let inside = self.closed_inside(&way);
            let mut said = way.conditions;
            said.extend(inside);
            if way.speaks_of_objects && !way.all_properties {
                said.push(self.rest(way.names.into_iter().collect(), way.patterns.into_iter().collect(), Lit::FALSE));
            }
            cases.push(self.arena.and(said));
        }
        self.arena.or(cases)
    }

    /// The same of the values inside.
    fn closed_inside(&mut self, way: &Way<'a>) -> Vec<Lit> {
        let mut said = Vec::new();
        let named: Vec<&str> = {
            let mut named: Vec<&str> =
                way.parts.iter().filter_map(|part| part.list_of("properties")).flatten().map(|(name, _)| name.as_str()).collect();
            named.sort_unstable();
            named.dedup();
            named
        };
        let patterned: Vec<(&'a str, Part<'a>)> = way
            .parts
            .iter()
            .flat_map(|part| {
                let entries = part.list_of("patternProperties").into_iter().flatten();
                entries.map(|(pattern, value)| (pattern.as_str(), part.below(value, &["patternProperties", pattern])))
            })
            .collect();
        for name in &named {
            let key: Rc<str> = Rc::from(*name);
            let mut inside = Vec::new();
            for part in &way.parts {
                let declared = part.list_of("properties").and_then(|properties| properties.get(*name));
                let mut found = declared.is_some();
                inside.extend(declared.map(|value| part.below(value, &["properties", name])));
                for (pattern, value) in part.list_of("patternProperties").into_iter().flatten() {
                    let matches = self.arena.key_matches(&Rc::from(pattern.as_str()), &key);
                    found |= matches == Some(true);
                    if matches != Some(false) {
                        inside.push(part.below(value, &["patternProperties", pattern]));
                    }
                }
                if !found {
                    inside.extend(part.of_the_rest());
                }
            }
            let lit = self.closed(&inside);
            said.push(self.arena.property(&key, lit));
        }
        let rest: Vec<Part<'a>> = way.parts.iter().flat_map(Part::of_the_rest).collect();
        let mut patterns: Vec<Rc<str>> = patterned.iter().map(|(pattern, _)| Rc::from(*pattern)).collect();
        patterns.sort_unstable();
        patterns.dedup();
        for pattern in &patterns {
            // A key that matches may match the other patterns too, or be one of the names.
            let mut inside: Vec<Part<'a>> = patterned.iter().map(|(_, part)| part.clone()).collect();
            for name in &named {
                if self.arena.key_matches(pattern, &Rc::from(*name)) != Some(false) {
                    for part in &way.parts {
                        let declared = part.list_of("properties").and_then(|properties| properties.get(*name));
                        inside.extend(declared.map(|value| part.below(value, &["properties", name])));
                    }
                }
            }
            inside.extend(rest.iter().cloned());
            let lit = self.closed(&inside);
            if lit != Lit::TRUE {
                said.push(self.arena.intern(Node::Matching(Rc::clone(pattern), lit)));
            }
        }
        let lit = self.closed(&rest);
        said.push(self.rest(named.iter().map(|name| Rc::from(*name)).collect(), patterns, lit));
        self.closed_elements(way, &mut said);
        said
    }

    fn closed_elements(&mut self, way: &Way<'a>, said: &mut Vec<Lit>) {
        let lists: Vec<(Vec<Part<'a>>, Vec<Part<'a>>)> = way.parts.iter().map(Part::of_elements).collect();
        let first = lists.iter().map(|(first, _)| first.len()).max().unwrap_or(0);
        // What an array has to contain is described by that as well.
        let contained: Vec<Part<'a>> =
            way.parts.iter().filter_map(|part| Some(part.below(part.map()?.get("contains")?, &["contains"]))).collect();
        for index in 0..=first {
            let mut inside: Vec<Part<'a>> = Vec::new();
            for (elements, others) in &lists {
                match elements.get(index) {
                    Some(element) => inside.push(element.clone()),
                    None => inside.extend(others.iter().cloned()),
                }
            }
            if inside.is_empty() {
                continue;
            }
            inside.extend(contained.iter().cloned());
            let lit = self.closed(&inside);
            if lit != Lit::TRUE {
                said.push(self.arena.intern(if index == first { Node::ItemsFrom(index, lit) } else { Node::ItemAt(index, lit) }));
            }
        }
    }

    /// What a writer declares beside its properties: keys that it demands, and other keys by its own word.
    pub(super) fn writer_way(
        &mut self,
        map: &'a Map<String, Value>,
        value: &'a Value,
        at: &At,
        pointer: &str,
        way: &mut Way<'a>,
    ) {
        if let Some(Value::Array(names)) = map.get("required") {
            way.names.extend(names.iter().filter_map(Value::as_str).map(Rc::from));
        }
        for keyword in ["dependentRequired", "dependencies"] {
            if let Some(Value::Object(entries)) = map.get(keyword) {
                for (name, needed) in entries {
                    way.names.insert(Rc::from(name.as_str()));
                    if let Value::Array(names) = needed {
                        way.names.extend(names.iter().filter_map(Value::as_str).map(Rc::from));
                    }
                }
            }
        }
        let objects = [
            "properties",
            "patternProperties",
            "additionalProperties",
            "required",
            "propertyNames",
            "minProperties",
            "maxProperties",
            "unevaluatedProperties",
            "dependentRequired",
            "dependentSchemas",
        ];
        let typed = match map.get("type") {
            Some(Value::String(name)) => name == "object",
            Some(Value::Array(names)) => names.iter().any(|name| name == "object"),
            _ => false,
        };
        // Keys whose names alone are described are meant to be sent.
        if map.contains_key("propertyNames") && !map.contains_key("properties") {
            way.all_properties = true;
        }
        for keyword in ["const", "enum"] {
            if map.contains_key(keyword) && !(keyword == "const" && matches!(at.draft, Draft::Draft4 | Draft::OpenApi30)) {
                way.all_properties = true;
            }
        }
        let describes = [
            "properties",
            "patternProperties",
            "additionalProperties",
            "unevaluatedProperties",
            "items",
            "prefixItems",
            "additionalItems",
            "unevaluatedItems",
        ];
        if describes.iter().any(|keyword| map.contains_key(*keyword)) {
            way.parts.push(Part { value, at: at.clone(), pointer: pointer.to_owned() });
        }
        way.speaks_of_objects = typed || objects.iter().any(|keyword| map.contains_key(*keyword));
    }
}
