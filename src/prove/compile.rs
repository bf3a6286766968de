//! A JSON Schema document of any draft, lowered to the language of [`super::ir`].

use std::rc::Rc;

use num_rational::BigRational;
use num_traits::Zero;
use rustc_hash::FxHashMap;
use serde_json::{Map, Value};

use super::Reason;
use super::document::Document;
use super::ir::{Arena, Lit, Node, Types};
use super::written::{Closure, Part};
use crate::schema::Draft;
use crate::schema::number::exact;
use crate::schema::refs::{Found, Resolver, ResourceId, extend};

/// Schemas compiled within schemas, references counted. Past this a part is undecided.
pub(super) const DEPTH_BUDGET: usize = 5_000;

/// Schema places compiled for one document.
const PLACE_BUDGET: usize = 400_000;

/// Where the walk stands.
#[derive(Clone, Debug)]
pub(super) struct At {
    pub resource: ResourceId,
    pub document: usize,
    pub draft: Draft,
    /// The resources entered on the way, the first entry of each; empty in documents without dynamic references.
    pub scope: Rc<[ResourceId]>,
}

/// A reference target, with what decides its meaning.
pub(super) type Key = (usize, String, Rc<[ResourceId]>);

/// What a reference target is known as.
#[derive(Clone, Copy)]
enum Memo {
    /// Being compiled at a level of values; the alias stands for it where it is met again.
    Open(Option<Lit>, usize),
    Done(Lit),
}

pub(super) struct Compiler<'c, 'a> {
    pub arena: &'c mut Arena,
    pub resolver: Resolver<'a>,
    document: &'a Document,
    memo: FxHashMap<Key, Memo>,
    /// Whether dynamic references occur at all.
    dynamic: bool,
    /// Targets whose meaning the other document shares, with their literals there.
    pub shared: FxHashMap<String, Lit>,
    pub depth: usize,
    places: usize,
    /// What is said of the keys of values that some places describe together, in the writer's reading.
    pub closures: FxHashMap<Vec<Key>, Closure>,
    /// How many values the walk has stepped into.
    level: usize,
    /// A reference that leads back to itself on the spot.
    idle: Option<Reason>,
    /// Found where a keyword has a value that no validator accepts.
    pub malformed: Option<Reason>,
}

/// A compiled document.
pub(super) struct Compiled {
    pub root: Lit,
    /// Its reference targets, by JSON Pointer.
    pub targets: FxHashMap<String, Lit>,
    /// Where a keyword has a value that no draft knows.
    pub malformed: Option<Reason>,
    /// Where a reference leads back to itself without stepping into a value, so that no validator can be asked.
    pub idle: Option<Reason>,
}

/// Compiles a document. `shared` holds targets whose literals it takes over from the other document of the pair.
pub(super) fn compile(arena: &mut Arena, document: &Document, shared: FxHashMap<String, Lit>) -> Compiled {
    let resolver = Resolver::new(document.base(), document.value(), document.draft(), document.resources());
    let dynamic = super::document::mentions_dynamic_scope(document.value())
        || document.resources().iter().any(|(_, value)| super::document::mentions_dynamic_scope(value));
    let draft = resolver.resource(0).draft;
    let scope: Rc<[ResourceId]> = if dynamic { Rc::from([0]) } else { Rc::from([]) };
    let mut compiler = Compiler {
        arena,
        resolver,
        document,
        memo: FxHashMap::default(),
        dynamic,
        shared,
        depth: 0,
        places: 0,
        closures: FxHashMap::default(),
        level: 0,
        idle: None,
        malformed: None,
    };
    let at = At { resource: 0, document: 0, draft, scope };
    let found = Found { value: document.value(), resource: 0, document: 0, pointer: String::new(), dynamic: false };
    let mut root = compiler.target(&found, &at);
    if document.is_written() {
        let closed = compiler.closed(&[Part { value: document.value(), at, pointer: String::new() }]);
        root = compiler.arena.and([root, closed]);
    }
    let mut targets = FxHashMap::default();
    for ((document, pointer, scope), memo) in compiler.memo {
        if document == 0
            && scope.is_empty()
            && let Memo::Done(lit) = memo
        {
            targets.insert(pointer, lit);
        }
    }
    Compiled { root, targets, malformed: compiler.malformed, idle: compiler.idle }
}

impl<'a> Compiler<'_, 'a> {
    pub fn opaque(&mut self, keyword: &str, pointer: &str, text: &str) -> Lit {
        self.arena.opaque(Reason::new(keyword, pointer, text))
    }

    fn malformed(&mut self, keyword: &str, pointer: &str) -> Lit {
        let reason = Reason::new(keyword, pointer, "no draft gives this value a meaning");
        self.malformed.get_or_insert_with(|| reason.clone());
        self.arena.opaque(reason)
    }

    /// Enters a resource.
    pub fn enter_resource(&self, at: &At, resource: ResourceId) -> At {
        let scope = if self.dynamic && !at.scope.contains(&resource) {
            at.scope.iter().copied().chain([resource]).collect()
        } else {
            Rc::clone(&at.scope)
        };
        let there = self.resolver.resource(resource);
        At { resource, document: there.document, draft: there.draft, scope }
    }

    /// A place that references lead to.
    fn target(&mut self, found: &Found<'a>, at: &At) -> Lit {
        if found.document == 0
            && let Some(lit) = self.shared.get(&found.pointer)
        {
            return *lit;
        }
        let there = self.enter_resource(at, found.resource);
        let key: Key = (found.document, found.pointer.clone(), Rc::clone(&there.scope));
        match self.memo.get(&key) {
            Some(Memo::Done(lit)) => return *lit,
            Some(Memo::Open(alias, level)) => {
                let (alias, level) = (*alias, *level);
                if level == self.level {
                    let text = "the reference leads back to its own schema without stepping into a value";
                    let reason = Reason::new("$ref", &found.pointer, text);
                    self.idle.get_or_insert(reason);
                }
                let alias = alias.unwrap_or_else(|| self.arena.new_alias());
                self.memo.insert(key, Memo::Open(Some(alias), level));
                return alias;
            }
            None => {}
        }
        self.memo.insert(key.clone(), Memo::Open(None, self.level));
        let lit = self.schema(found.value, &there, &found.pointer);
        if let Some(Memo::Open(Some(alias), _)) = self.memo.insert(key, Memo::Done(lit)) {
            self.arena.set_alias(alias, lit);
        }
        lit
    }

    /// What the reference of a keyword leads to.
    pub fn resolve(&self, keyword: &str, reference: &str, at: &At) -> Option<Found<'a>> {
        let found = self.resolver.resolve(at.resource, reference)?;
        match keyword {
            "$recursiveRef" => {
                if !self.resolver.resource(found.resource).recursive_anchor
                    || !found.pointer.is_empty() && found.pointer != self.resolver.resource(found.resource).pointer
                {
                    return Some(found);
                }
                let outermost = at.scope.iter().find(|id| self.resolver.resource(**id).recursive_anchor);
                let Some(id) = outermost else { return Some(found) };
                let resource = self.resolver.resource(*id);
                Some(Found {
                    value: resource.root,
                    resource: *id,
                    document: resource.document,
                    pointer: resource.pointer.clone(),
                    dynamic: false,
                })
            }
            "$dynamicRef" if found.dynamic => {
                let name = reference.rsplit('#').next().unwrap_or_default();
                let outermost = at.scope.iter().find_map(|id| self.resolver.dynamic_anchor(*id, name));
                Some(outermost.unwrap_or(found))
            }
            _ => Some(found),
        }
    }

    pub fn reference(&mut self, keyword: &str, reference: &str, at: &At, pointer: &str) -> Lit {
        match self.resolve(keyword, reference, at) {
            Some(found) => self.target(&found, at),
            None => self.foreign(keyword, reference, at, pointer),
        }
    }

    /// What nobody handed in: nothing is known of it but that one address means one thing, wherever it is referred to.
    fn foreign(&mut self, keyword: &str, reference: &str, at: &At, pointer: &str) -> Lit {
        let address = crate::schema::refs::join(&self.resolver.resource(at.resource).base, reference);
        let reason = Reason::new(keyword, pointer, format!("`{reference}` {}", super::document::NOT_AT_HAND));
        if keyword != "$ref" || reference.starts_with('#') || self.dynamic {
            return self.arena.opaque(reason);
        }
        // Read by another draft it may mean something else.
        let read_by = (at.draft.as_str(), self.document.asserts_formats());
        self.arena.foreign(&format!("{} {} {address}", read_by.0, read_by.1), reason)
    }

    /// Counts a place; `false` where the schema unfolds too far.
    pub fn may_go_deeper(&mut self) -> bool {
        self.places += 1;
        self.depth < DEPTH_BUDGET && self.places <= PLACE_BUDGET && self.arena.has_room() && self.arena.budget.work(60)
    }

    /// A schema of a value inside the current one.
    pub fn inner(&mut self, value: &'a Value, at: &At, pointer: &str) -> Lit {
        self.level += 1;
        let lit = self.schema(value, at, pointer);
        self.level -= 1;
        lit
    }

    /// A schema of the current value.
    pub fn schema(&mut self, value: &'a Value, at: &At, pointer: &str) -> Lit {
        let map = match value {
            Value::Bool(true) => return Lit::TRUE,
            Value::Bool(false) => return Lit::FALSE,
            Value::Object(map) => map,
            Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => return self.malformed("", pointer),
        };
        if !self.may_go_deeper() {
            return self.opaque("", pointer, "the schema unfolds too far");
        }
        self.depth += 1;
        let entered;
        let at = match self.resolver.resource_at(at.document, pointer) {
            Some(id) if id != at.resource => {
                entered = self.enter_resource(at, id);
                &entered
            }
            _ => at,
        };
        let lit = self.keywords(map, value, at, pointer);
        self.depth -= 1;
        lit
    }

    fn keywords(&mut self, map: &'a Map<String, Value>, value: &'a Value, at: &At, pointer: &str) -> Lit {
        let mut parts: Vec<Lit> = Vec::new();
        let hides = at.draft.ref_hides_siblings();
        if let Some(reference) = map.get("$ref") {
            match reference {
                Value::String(reference) => {
                    let lit = self.reference("$ref", reference, at, pointer);
                    if hides || map.len() == 1 {
                        return lit;
                    }
                    parts.push(lit);
                }
                _ => return self.malformed("$ref", pointer),
            }
        }
        for (keyword, since) in [("$recursiveRef", Draft::Draft201909), ("$dynamicRef", Draft::Draft202012)] {
            if let Some(Value::String(reference)) = map.get(keyword)
                && at.draft >= since
                && at.draft != Draft::OpenApi30
                && (keyword == "$dynamicRef" || at.draft == Draft::Draft201909)
            {
                parts.push(self.reference(keyword, reference, at, pointer));
            }
        }
        self.generic(map, at, pointer, &mut parts);
        self.numbers(map, at, pointer, &mut parts);
        self.strings(map, at, pointer, &mut parts);
        self.arrays(map, at, pointer, &mut parts);
        self.objects(map, at, pointer, &mut parts);
        self.applicators(map, at, pointer, &mut parts);
        let lit = self.arena.and(parts);
        self.unevaluated(lit, map, value, at, pointer)
    }

    fn generic(&mut self, map: &'a Map<String, Value>, at: &At, pointer: &str, parts: &mut Vec<Lit>) {
        match map.get("type") {
            None => {}
            Some(Value::String(name)) => parts.push(self.type_named(name, at, pointer)),
            Some(Value::Array(names)) => {
                let mut any = Vec::new();
                for name in names {
                    any.push(match name {
                        Value::String(name) => self.type_named(name, at, pointer),
                        _ => self.malformed("type", pointer),
                    });
                }
                let types = any.iter().try_fold(Types(0), |all, lit| match self.arena.node(*lit) {
                    Node::Types(types) => Some(all.or(*types)),
                    _ => None,
                });
                parts.push(match types {
                    Some(types) => self.arena.types(types),
                    None => self.arena.or(any),
                });
            }
            Some(_) => parts.push(self.malformed("type", pointer)),
        }
        match map.get("enum") {
            None => {}
            Some(Value::Array(values)) => parts.push(self.arena.values(values.iter().cloned())),
            Some(_) => parts.push(self.malformed("enum", pointer)),
        }
        if let Some(value) = map.get("const")
            && !matches!(at.draft, Draft::Draft4 | Draft::OpenApi30)
        {
            parts.push(self.arena.values([value.clone()]));
        }
    }

    fn type_named(&mut self, name: &str, at: &At, pointer: &str) -> Lit {
        let types = match name {
            "null" => Types::NULL,
            "boolean" => Types::BOOLEAN,
            "integer" if at.draft.integer_by_value() || self.document.has_integers_by_value() => Types::INTEGER.or(Types::ROUND),
            "integer" => Types::INTEGER,
            "number" => Types::NUMBER,
            "string" => Types::STRING,
            "array" => Types::ARRAY,
            "object" => Types::OBJECT,
            _ => return self.malformed("type", pointer),
        };
        self.arena.types(types)
    }

    fn numbers(&mut self, map: &Map<String, Value>, at: &At, pointer: &str, parts: &mut Vec<Lit>) {
        let flags = matches!(at.draft, Draft::Draft4 | Draft::OpenApi30);
        for (keyword, exclusive, is_minimum) in [("minimum", "exclusiveMinimum", true), ("maximum", "exclusiveMaximum", false)] {
            if let Some(bound) = map.get(keyword) {
                let strict = flags && map.get(exclusive) == Some(&Value::Bool(true));
                parts.push(self.bound(bound, keyword, pointer, is_minimum, strict));
            }
            match map.get(exclusive) {
                Some(Value::Bool(_)) if flags => {}
                Some(bound) if !flags => parts.push(self.bound(bound, exclusive, pointer, is_minimum, true)),
                Some(_) => parts.push(self.malformed(exclusive, pointer)),
                None => {}
            }
        }
        if let Some(step) = map.get("multipleOf") {
            parts.push(match step.as_number().map(exact) {
                Some(Some(step)) if step > BigRational::zero() => self.arena.intern(Node::MultipleOf(Rc::new(step))),
                Some(None) => self.opaque("multipleOf", pointer, "the number has too many digits"),
                Some(Some(_)) | None => self.malformed("multipleOf", pointer),
            });
        }
    }

    fn bound(&mut self, bound: &Value, keyword: &str, pointer: &str, is_minimum: bool, strict: bool) -> Lit {
        match bound.as_number().map(exact) {
            Some(Some(bound)) => {
                let bound = Rc::new(bound);
                self.arena.intern(match (is_minimum, strict) {
                    (true, false) => Node::Minimum(bound),
                    (true, true) => Node::ExclusiveMinimum(bound),
                    (false, false) => Node::Maximum(bound),
                    (false, true) => Node::ExclusiveMaximum(bound),
                })
            }
            Some(None) => self.opaque(keyword, pointer, "the number has too many digits"),
            None => self.malformed(keyword, pointer),
        }
    }

    /// A count that a keyword gives, where it gives one.
    fn count(&mut self, map: &Map<String, Value>, keyword: &str, pointer: &str) -> Option<Result<u64, Lit>> {
        let value = map.get(keyword)?;
        let count = value.as_number().and_then(exact).filter(BigRational::is_integer);
        Some(match count.map(|count| u64::try_from(count.to_integer())) {
            Some(Ok(count)) => Ok(count),
            Some(Err(_)) | None => Err(self.malformed(keyword, pointer)),
        })
    }

    fn counted(&mut self, map: &Map<String, Value>, keyword: &str, pointer: &str, parts: &mut Vec<Lit>, make: fn(u64) -> Node) {
        match self.count(map, keyword, pointer) {
            Some(Ok(count)) => {
                let node = make(count);
                let says_nothing = matches!(node, Node::MinLength(0) | Node::MinItems(0) | Node::MinProperties(0));
                if !says_nothing {
                    parts.push(self.arena.intern(node));
                }
            }
            Some(Err(lit)) => parts.push(lit),
            None => {}
        }
    }

    fn strings(&mut self, map: &Map<String, Value>, at: &At, pointer: &str, parts: &mut Vec<Lit>) {
        self.counted(map, "minLength", pointer, parts, Node::MinLength);
        self.counted(map, "maxLength", pointer, parts, Node::MaxLength);
        match map.get("pattern") {
            None => {}
            Some(Value::String(pattern)) => parts.push(self.arena.intern(Node::Pattern(Rc::from(pattern.as_str())))),
            Some(_) => parts.push(self.malformed("pattern", pointer)),
        }
        if self.document.asserts_formats()
            && let Some(Value::String(format)) = map.get("format")
            && let Some(meant) = at.draft.asserted_format(format)
        {
            parts.push(self.arena.intern(Node::Format(Rc::from(meant))));
        }
    }

    fn arrays(&mut self, map: &'a Map<String, Value>, at: &At, pointer: &str, parts: &mut Vec<Lit>) {
        self.counted(map, "minItems", pointer, parts, Node::MinItems);
        self.counted(map, "maxItems", pointer, parts, Node::MaxItems);
        match map.get("uniqueItems") {
            None | Some(Value::Bool(false)) => {}
            Some(Value::Bool(true)) => parts.push(self.arena.intern(Node::Unique)),
            Some(_) => parts.push(self.malformed("uniqueItems", pointer)),
        }
        let new_form = matches!(at.draft, Draft::Draft202012 | Draft::OpenApi31);
        let (prefix_keyword, rest_keyword) = if new_form {
            ("prefixItems", "items")
        } else if map.get("items").is_some_and(Value::is_array) {
            ("items", "additionalItems")
        } else {
            ("", "items")
        };
        let mut start = 0;
        match map.get(prefix_keyword) {
            None => {}
            Some(Value::Array(elements)) => {
                start = elements.len();
                let below = extend(pointer, prefix_keyword);
                for (index, element) in elements.iter().enumerate() {
                    let lit = self.inner(element, at, &extend(&below, &index.to_string()));
                    if lit != Lit::TRUE {
                        parts.push(self.arena.intern(Node::ItemAt(index, lit)));
                    }
                }
            }
            Some(_) => parts.push(self.malformed(prefix_keyword, pointer)),
        }
        if let Some(rest) = map.get(rest_keyword) {
            let lit = self.inner(rest, at, &extend(pointer, rest_keyword));
            parts.push(self.items_from(start, lit));
        }
        if let Some(kind) = map.get("contains")
            && !matches!(at.draft, Draft::Draft4 | Draft::OpenApi30)
        {
            let lit = self.inner(kind, at, &extend(pointer, "contains"));
            let mut min = 1;
            let mut max = None;
            if at.draft >= Draft::Draft201909 {
                match self.count(map, "minContains", pointer) {
                    Some(Ok(count)) => min = count,
                    Some(Err(wrong)) => parts.push(wrong),
                    None => {}
                }
                match self.count(map, "maxContains", pointer) {
                    Some(Ok(count)) => max = Some(count),
                    Some(Err(wrong)) => parts.push(wrong),
                    None => {}
                }
            }
            parts.push(self.arena.contains(lit, min, max));
        }
    }

    pub fn items_from(&mut self, start: usize, lit: Lit) -> Lit {
        if lit == Lit::TRUE {
            Lit::TRUE
        } else if lit == Lit::FALSE {
            self.arena.intern(Node::MaxItems(start as u64))
        } else {
            self.arena.intern(Node::ItemsFrom(start, lit))
        }
    }

    fn objects(&mut self, map: &'a Map<String, Value>, at: &At, pointer: &str, parts: &mut Vec<Lit>) {
        self.counted(map, "minProperties", pointer, parts, Node::MinProperties);
        self.counted(map, "maxProperties", pointer, parts, Node::MaxProperties);
        match map.get("required") {
            None => {}
            Some(Value::Array(names)) => {
                for name in names {
                    match name {
                        Value::String(name) => parts.push(self.arena.required(name)),
                        _ => parts.push(self.malformed("required", pointer)),
                    }
                }
            }
            Some(_) => parts.push(self.malformed("required", pointer)),
        }
        let mut names: Vec<Rc<str>> = Vec::new();
        match map.get("properties") {
            None => {}
            Some(Value::Object(properties)) => {
                let below = extend(pointer, "properties");
                for (name, property) in properties {
                    let lit = self.inner(property, at, &extend(&below, name));
                    let name: Rc<str> = Rc::from(name.as_str());
                    parts.push(self.arena.property(&name, lit));
                    names.push(name);
                }
            }
            Some(_) => parts.push(self.malformed("properties", pointer)),
        }
        let mut patterns: Vec<Rc<str>> = Vec::new();
        match map.get("patternProperties") {
            None => {}
            Some(Value::Object(properties)) => {
                let below = extend(pointer, "patternProperties");
                for (pattern, property) in properties {
                    let lit = self.inner(property, at, &extend(&below, pattern));
                    let pattern: Rc<str> = Rc::from(pattern.as_str());
                    if lit != Lit::TRUE {
                        parts.push(self.arena.intern(Node::Matching(Rc::clone(&pattern), lit)));
                    }
                    patterns.push(pattern);
                }
            }
            Some(_) => parts.push(self.malformed("patternProperties", pointer)),
        }
        if let Some(rest) = map.get("additionalProperties") {
            let lit = self.inner(rest, at, &extend(pointer, "additionalProperties"));
            parts.push(self.rest(names, patterns, lit));
        }
        if let Some(kind) = map.get("propertyNames")
            && !matches!(at.draft, Draft::Draft4 | Draft::OpenApi30)
        {
            let lit = self.inner(kind, at, &extend(pointer, "propertyNames"));
            if lit != Lit::TRUE {
                parts.push(self.arena.intern(Node::Names(lit)));
            }
        }
        self.dependencies(map, at, pointer, parts);
    }

    pub fn rest(&mut self, mut names: Vec<Rc<str>>, mut patterns: Vec<Rc<str>>, lit: Lit) -> Lit {
        if lit == Lit::TRUE {
            return Lit::TRUE;
        }
        names.sort_unstable();
        names.dedup();
        patterns.sort_unstable();
        patterns.dedup();
        self.arena.intern(Node::Rest(names.into(), patterns.into(), lit))
    }

    fn dependencies(&mut self, map: &'a Map<String, Value>, at: &At, pointer: &str, parts: &mut Vec<Lit>) {
        for keyword in ["dependencies", "dependentRequired", "dependentSchemas"] {
            // The validator knows `dependencies` in every draft, the newer two since 2019-09.
            if keyword != "dependencies" && (at.draft < Draft::Draft201909 || at.draft == Draft::OpenApi30) {
                continue;
            }
            match map.get(keyword) {
                None => {}
                Some(Value::Object(entries)) => {
                    let below = extend(pointer, keyword);
                    for (name, needed) in entries {
                        let consequence = match needed {
                            Value::Array(names) if keyword != "dependentSchemas" => {
                                let mut all = Vec::new();
                                for name in names {
                                    all.push(match name {
                                        Value::String(name) => self.arena.required(name),
                                        _ => self.malformed(keyword, pointer),
                                    });
                                }
                                self.arena.and(all)
                            }
                            Value::String(name) if keyword == "dependencies" => self.arena.required(name),
                            schema if keyword != "dependentRequired" => self.schema(schema, at, &extend(&below, name)),
                            _ => self.malformed(keyword, pointer),
                        };
                        let present = self.present(name);
                        parts.push(self.arena.or([present.negate(), consequence]));
                    }
                }
                Some(_) => parts.push(self.malformed(keyword, pointer)),
            }
        }
    }

    /// An object with this key.
    pub fn present(&mut self, name: &str) -> Lit {
        let object = self.arena.types(Types::OBJECT);
        let required = self.arena.required(name);
        self.arena.and([object, required])
    }

    fn applicators(&mut self, map: &'a Map<String, Value>, at: &At, pointer: &str, parts: &mut Vec<Lit>) {
        for keyword in ["allOf", "anyOf", "oneOf"] {
            match map.get(keyword) {
                None => {}
                Some(Value::Array(schemas)) => {
                    let below = extend(pointer, keyword);
                    let mut lits = Vec::with_capacity(schemas.len());
                    for (index, schema) in schemas.iter().enumerate() {
                        lits.push(self.schema(schema, at, &extend(&below, &index.to_string())));
                    }
                    parts.push(match keyword {
                        "allOf" => self.arena.and(lits),
                        "anyOf" => self.arena.or(lits),
                        _ => self.arena.exactly_one(lits),
                    });
                }
                Some(_) => parts.push(self.malformed(keyword, pointer)),
            }
        }
        if let Some(schema) = map.get("not") {
            let lit = self.schema(schema, at, &extend(pointer, "not"));
            parts.push(lit.negate());
        }
        if at.draft >= Draft::Draft7
            && at.draft != Draft::OpenApi30
            && let Some(schema) = map.get("if")
        {
            let condition = self.schema(schema, at, &extend(pointer, "if"));
            if let Some(then) = map.get("then") {
                let then = self.schema(then, at, &extend(pointer, "then"));
                parts.push(self.arena.or([condition.negate(), then]));
            }
            if let Some(otherwise) = map.get("else") {
                let otherwise = self.schema(otherwise, at, &extend(pointer, "else"));
                parts.push(self.arena.or([condition, otherwise]));
            }
        }
    }
}
