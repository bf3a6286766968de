//! One schema that stands alone: what it refers to is brought along, and every node still knows the place it came from.
//!
//! A document without references to others stays as it is, in its own draft. Any other is rewritten to 2020-12: the parts that
//! it reaches are copied under `$defs`, references point there, and names of resources are gone, so that nothing depends on an
//! address any more. What cannot be brought along is a hole: a schema object that carries [`UNKNOWN`] with the reason.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashSet;
use serde_json::{Map, Value, json};

use super::dialect::{DRAFT_2020, Dialect};
use super::sources::{Place, Sources, Target, Unresolved};
use crate::document::{Document, join};
use crate::finding::{Diagnostic, Severity};
use crate::shape::Shape;
use crate::source::{Origin, RepoPath};

pub use crate::document::UNKNOWN;

/// Schema objects that one promise may hold. Past this the rest is a hole.
const NODE_BUDGET: usize = 200_000;

/// Complaints of the meta-schema about one document that become holes; past this the whole schema is one.
const COMPLAINT_BUDGET: usize = 50;

/// A JSON Schema that stands alone, with the place that each of its nodes came from.
#[derive(Clone, Debug)]
pub struct PromisedSchema {
    pub document: Arc<Value>,
    /// Pointer into `document` → where that node and what stands below it came from.
    origins: BTreeMap<String, Place>,
    /// What the document says of the payload, once somebody has asked.
    shape: OnceLock<Arc<Shape>>,
}

impl PromisedSchema {
    /// A schema that was put together by hand, with the places of its parts; the root has to be among them.
    pub(crate) fn assembled(document: Value, origins: BTreeMap<String, Place>) -> Self {
        PromisedSchema { document: Arc::new(document), origins, shape: OnceLock::new() }
    }

    /// The document with another node at `pointer`, which came from where `source` of the old one did.
    pub(super) fn replace(&mut self, document: Arc<Value>, pointer: String, source: &str) {
        let mut above = source;
        let place = loop {
            if let Some(place) = self.origins.get(above) {
                let pointer = format!("{}{}", place.pointer, &source[above.len()..]);
                break Some(Place { document: Arc::clone(&place.document), pointer });
            }
            match above.rfind('/') {
                Some(slash) => above = &above[..slash],
                None => break None,
            }
        };
        self.origins.extend(place.map(|place| (pointer, place)));
        self.document = document;
        self.shape = OnceLock::new();
    }

    /// The shape of what it describes, which `read` works out where nobody has asked before.
    pub fn shape(&self, read: impl FnOnce() -> Arc<Shape>) -> Arc<Shape> {
        Arc::clone(self.shape.get_or_init(read))
    }

    /// The place in a file that says what stands at `pointer`: the key of a property, the name in a list of required fields.
    pub fn origin(&self, pointer: &str) -> Origin {
        let mut above = pointer;
        loop {
            if let Some(place) = self.origins.get(above) {
                return place.document.origin(&format!("{}{}", place.pointer, &pointer[above.len()..]));
            }
            match above.rfind('/') {
                Some(slash) => above = &above[..slash],
                None => return Origin::new(RepoPath::new(""), crate::source::Span::default()),
            }
        }
    }

    /// The holes, by pointer, with their reasons.
    pub fn holes(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut pending = vec![(String::new(), &*self.document)];
        while let Some((pointer, node)) = pending.pop() {
            let Value::Object(object) = node else { continue };
            if let Some(Value::String(reason)) = object.get(UNKNOWN) {
                found.push((pointer.clone(), reason.clone()));
            }
            children(object, &mut |path, child| pending.push((format!("{pointer}{path}"), child)));
        }
        found.sort();
        found
    }

    /// Why the schema does not say everything, where it does not: nothing that it accepts is proved to be what its party wants.
    pub fn unknown(&self) -> Option<String> {
        self.holes().into_iter().next().map(|(_, reason)| reason)
    }

    pub fn dialect(&self) -> Dialect {
        Dialect::of_document(&self.document)
    }
}

/// Calls `visit` with the relative pointer of every direct subschema of a schema object, of any draft.
pub(crate) fn children<'a>(object: &'a Map<String, Value>, visit: &mut dyn FnMut(String, &'a Value)) {
    for (keyword, value) in object {
        match (keyword.as_str(), value) {
            (
                "properties" | "patternProperties" | "definitions" | "$defs" | "dependentSchemas" | "dependencies",
                Value::Object(named),
            ) => {
                let above = join("", keyword);
                named
                    .iter()
                    .filter(|(_, schema)| !schema.is_array())
                    .for_each(|(name, schema)| visit(join(&above, name), schema));
            }
            ("allOf" | "anyOf" | "oneOf" | "prefixItems" | "items", Value::Array(list)) => {
                list.iter().enumerate().for_each(|(at, schema)| visit(format!("/{keyword}/{at}"), schema));
            }
            (
                "items"
                | "additionalItems"
                | "additionalProperties"
                | "contains"
                | "not"
                | "if"
                | "then"
                | "else"
                | "propertyNames"
                | "unevaluatedItems"
                | "unevaluatedProperties"
                | "contentSchema",
                schema,
            ) => visit(join("", keyword), schema),
            _ => {}
        }
    }
}

/// Puts schemas together, and notes what could not be brought along.
pub struct Bundler<'s> {
    pub sources: &'s Sources,
    /// Files that are referred to and were not handed in.
    pub wanted: BTreeSet<RepoPath>,
    pub diagnostics: Vec<Diagnostic>,
    /// Schemas against which no meta-schema has anything to say, by file and pointer.
    sound: FxHashSet<(RepoPath, String)>,
}

impl<'s> Bundler<'s> {
    pub fn new(sources: &'s Sources) -> Self {
        Bundler { sources, wanted: BTreeSet::new(), diagnostics: Vec::new(), sound: FxHashSet::default() }
    }

    /// The schema at `place`, standing alone.
    pub fn bundle(&mut self, place: &Place, dialect: Dialect) -> PromisedSchema {
        let whole = match self.as_it_is(place, dialect) {
            Some(whole) => whole,
            None => Copying::new(self, place.clone(), dialect).run(),
        };
        self.with_complaints(whole)
    }

    /// The schema at `place` as a part of a larger one, in which it will stand at `at`.
    pub fn embed(&mut self, place: &Place, dialect: Dialect, at: &str) -> (Value, BTreeMap<String, Place>) {
        let alone = Copying::new(self, place.clone(), dialect).run();
        let PromisedSchema { document, origins, .. } = self.with_complaints(alone);
        let mut document = Arc::unwrap_or_clone(document);
        rebase(&mut document, &fragment(at));
        if let Value::Object(object) = &mut document {
            object.remove("$schema");
        }
        (document, origins.into_iter().map(|(pointer, place)| (format!("{at}{pointer}"), place)).collect())
    }

    /// A whole document that needs nothing from elsewhere and names a standard draft.
    fn as_it_is(&mut self, place: &Place, dialect: Dialect) -> Option<PromisedSchema> {
        let value = &place.document.value;
        let address = value.get("$schema").and_then(Value::as_str);
        let standard = match address {
            Some(address) => Dialect::of_address(address) == Some(dialect),
            None => dialect == Dialect::Draft2020,
        };
        if !place.pointer.is_empty() || !standard {
            return None;
        }
        let mut pending = vec![(String::new(), value)];
        while let Some((pointer, node)) = pending.pop() {
            let Value::Object(object) = node else { continue };
            // A schema with another draft inside, or one that is its own resource, is simpler once it is rewritten.
            if !pointer.is_empty() && (object.contains_key("$schema") || object.contains_key("$id")) {
                return None;
            }
            for keyword in ["$ref", "$dynamicRef", "$recursiveRef"] {
                if let Some(reference) = object.get(keyword) {
                    let local = reference.as_str().filter(|reference| reference.starts_with('#'))?;
                    let here = Place { document: Arc::clone(&place.document), pointer: pointer.clone() };
                    match self.sources.resolve(&here, dialect, local, &mut self.wanted) {
                        Target::Found(_) => {}
                        Target::Unknown { .. } => return None,
                    }
                }
            }
            children(object, &mut |path, child| pending.push((format!("{pointer}{path}"), child)));
        }
        let origins = BTreeMap::from([(String::new(), place.clone())]);
        let mut document = value.clone();
        // Whoever reads it next is not to guess the draft again.
        if let Value::Object(object) = &mut document {
            object.entry("$schema").or_insert_with(|| json!(DRAFT_2020));
        }
        Some(PromisedSchema::assembled(document, origins))
    }

    /// Marks what no validator would accept, such as draft 3's `required: true`: the keyword goes, and its schema is a hole.
    fn with_complaints(&mut self, schema: PromisedSchema) -> PromisedSchema {
        let dialect = schema.dialect();
        let PromisedSchema { document, origins, .. } = schema;
        let mut document = Arc::unwrap_or_clone(document);
        // What many schemas refer to is looked at once.
        let definitions = match document.get_mut("$defs") {
            Some(Value::Object(definitions)) => std::mem::take(definitions),
            Some(_) | None => Map::new(),
        };
        let mut complaints = complaints(dialect, &document);
        for (name, definition) in &definitions {
            let at = join("/$defs", name);
            let source = origins.get(&at).map(|place| (place.document.file.clone(), place.pointer.clone()));
            if source.as_ref().is_some_and(|source| self.sound.contains(source)) {
                continue;
            }
            let found = self::complaints(dialect, definition);
            match source {
                Some(source) if found.is_empty() => {
                    self.sound.insert(source);
                }
                Some(_) | None => {}
            }
            complaints.extend(found.into_iter().map(|(pointer, complaint)| (format!("{at}{pointer}"), complaint)));
        }
        if let Some(Value::Object(slot)) = document.get_mut("$defs") {
            *slot = definitions;
        }
        let schema = PromisedSchema::assembled(document, origins);
        if complaints.is_empty() {
            return schema;
        }
        let mut document = (*schema.document).clone();
        if complaints.len() > COMPLAINT_BUDGET {
            complaints.truncate(1);
            document = json!({ UNKNOWN: "this is not a JSON Schema" });
        }
        for (pointer, complaint) in &complaints {
            let (holder, keyword) = enclosing_schema(&document, pointer);
            let complaint = crate::document::shorten(complaint);
            let origin = schema.origin(pointer);
            self.note(
                &schema,
                pointer,
                Severity::Warning,
                match &keyword {
                    Some(keyword) => format!("`{keyword}` is not valid here and was not understood: {complaint}"),
                    None => format!("this is not a JSON Schema: {complaint}"),
                },
            );
            let reason = format!("{}: {complaint}", origin.file);
            if let Some(node) = document.pointer_mut(&holder) {
                match (node, keyword) {
                    (Value::Object(object), Some(keyword)) => {
                        object.remove(&keyword);
                        object.insert(UNKNOWN.to_owned(), Value::String(reason));
                    }
                    (node, _) => *node = json!({ UNKNOWN: reason }),
                }
            }
        }
        PromisedSchema::assembled(document, schema.origins)
    }

    fn note(&mut self, schema: &PromisedSchema, pointer: &str, severity: Severity, message: String) {
        let mut above = pointer;
        loop {
            if let Some(place) = schema.origins.get(above) {
                let inner = format!("{}{}", place.pointer, &pointer[above.len()..]);
                self.diagnose(&Place { document: Arc::clone(&place.document), pointer: inner }, severity, message);
                return;
            }
            match above.rfind('/') {
                Some(slash) => above = &above[..slash],
                None => return,
            }
        }
    }

    pub fn diagnose(&mut self, place: &Place, severity: Severity, message: String) {
        let diagnostic = Diagnostic {
            severity,
            file: Some(place.document.file.clone()),
            line: Some(place.document.line(&place.pointer)),
            message,
        };
        if !self.diagnostics.contains(&diagnostic) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Follows the reference at `place` through references to references, for objects that are no schemas (messages, traits).
    /// Where it leads nowhere the reason is noted and given back.
    pub fn follow(&mut self, place: Place) -> Result<Place, String> {
        let mut seen: Vec<(RepoPath, String)> = Vec::new();
        let mut place = place;
        loop {
            let Some(reference) = place.value().and_then(|value| value.get("$ref")).and_then(Value::as_str) else {
                return Ok(place);
            };
            let key = (place.document.file.clone(), place.pointer.clone());
            if seen.contains(&key) {
                let reason = format!("`{reference}` refers to itself");
                self.diagnose(&place, Severity::Warning, reason.clone());
                return Err(reason);
            }
            seen.push(key);
            let reference = reference.to_owned();
            match self.resolve(&place, Dialect::Draft2020, &reference) {
                Ok(target) => place = target,
                Err(reason) => return Err(reason),
            }
        }
    }

    /// Resolves one reference, and notes what is wrong with it.
    fn resolve(&mut self, from: &Place, dialect: Dialect, reference: &str) -> Result<Place, String> {
        match self.sources.resolve(from, dialect, reference, &mut self.wanted) {
            // The root of a contract is the contract: read as a schema it would say nothing and accept everything.
            Target::Found(place) if place.pointer.is_empty() && is_contract(&place.document.value) => {
                let reason = format!("`{reference}` leads to a contract, which is no schema");
                self.diagnose(from, Severity::Warning, reason.clone());
                Err(reason)
            }
            Target::Found(place) => Ok(place),
            Target::Unknown { reason, kind } => {
                let severity = match kind {
                    // Deliberate and harmless in itself: what it would have said is unknown, and counted as that.
                    Unresolved::Remote => Severity::Note,
                    Unresolved::Missing | Unresolved::Outside | Unresolved::Unreadable => Severity::Warning,
                };
                self.diagnose(from, severity, reason.clone());
                Err(reason)
            }
        }
    }
}

fn is_contract(document: &Value) -> bool {
    document.get("consumer").is_some_and(Value::is_string) && document.get("events").is_some_and(Value::is_object)
}

/// What the meta-schema of a draft says against a schema, as pointer and complaint.
fn complaints(dialect: Dialect, schema: &Value) -> Vec<(String, String)> {
    let validator = match dialect {
        Dialect::Draft4 | Dialect::OpenApi30 => jsonschema::draft4::meta::validator(),
        Dialect::Draft6 => jsonschema::draft6::meta::validator(),
        Dialect::Draft7 => jsonschema::draft7::meta::validator(),
        Dialect::Draft2019 => jsonschema::draft201909::meta::validator(),
        Dialect::Draft2020 => jsonschema::draft202012::meta::validator(),
    };
    let mut found: Vec<(String, String)> = validator
        .iter_errors(schema)
        .take(COMPLAINT_BUDGET + 1)
        .map(|error| (error.instance_path().to_string(), error.to_string()))
        .collect();
    found.sort();
    found
}

/// The nearest schema object at or above `pointer`, and the keyword in it that leads on to `pointer`.
fn enclosing_schema(document: &Value, pointer: &str) -> (String, Option<String>) {
    let mut best = (String::new(), crate::document::tokens(pointer).and_then(|tokens| tokens.into_iter().next()));
    let mut here = String::new();
    let mut node = document;
    'down: loop {
        let Value::Object(object) = node else { return best };
        let rest = &pointer[here.len()..];
        best = (here.clone(), crate::document::tokens(rest).and_then(|tokens| tokens.into_iter().next()));
        let mut next = None;
        children(object, &mut |path, child| {
            let leads_on = rest.strip_prefix(path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            if leads_on && next.is_none() {
                next = Some((path, child));
            }
        });
        if let Some((path, child)) = next {
            here.push_str(&path);
            node = child;
            if here.len() == pointer.len() && !node.is_object() {
                return (here, None);
            }
            continue 'down;
        }
        return best;
    }
}

/// One run of copying what a schema reaches.
struct Copying<'b, 's> {
    bundler: &'b mut Bundler<'s>,
    root: Place,
    dialect: Dialect,
    /// Schemas of the root that are copied where they stand, by their pointer in its document.
    in_place: BTreeSet<String>,
    /// Everything else that is reached → its name under `$defs`.
    names: BTreeMap<(RepoPath, String), String>,
    queue: VecDeque<(Place, Dialect, String)>,
    origins: BTreeMap<String, Place>,
    /// References by dynamic name: (pointer in the result, name, reference by place).
    dynamic: Vec<(String, String)>,
    dynamic_anchors: BTreeMap<String, usize>,
    nodes: usize,
}

impl<'b, 's> Copying<'b, 's> {
    fn new(bundler: &'b mut Bundler<'s>, root: Place, dialect: Dialect) -> Self {
        let mut in_place = BTreeSet::new();
        if let Some(value) = root.value() {
            let mut pending = vec![(root.pointer.clone(), value)];
            while let Some((pointer, node)) = pending.pop() {
                if let Value::Object(object) = node {
                    let hidden = dialect.ref_hides_siblings() && object.contains_key("$ref");
                    if !hidden {
                        children(object, &mut |path, child| pending.push((format!("{pointer}{path}"), child)));
                    }
                }
                in_place.insert(pointer);
            }
        }
        if dialect != Dialect::Draft2020 {
            // These keywords are called otherwise in the result; what is referred to below them is copied.
            in_place.retain(|pointer| {
                let inner = &pointer[root.pointer.len()..];
                !inner.contains("/additionalItems") && !inner.contains("/dependencies/") && !inner.contains("/items/")
            });
        }
        Copying {
            bundler,
            root,
            dialect,
            in_place,
            names: BTreeMap::new(),
            queue: VecDeque::new(),
            origins: BTreeMap::new(),
            dynamic: Vec::new(),
            dynamic_anchors: BTreeMap::new(),
            nodes: 0,
        }
    }

    fn run(mut self) -> PromisedSchema {
        let root = self.root.clone();
        let mut document = self.copy(&root, self.dialect, String::new());
        let mut definitions = Map::new();
        while let Some((place, dialect, name)) = self.queue.pop_front() {
            let copied = self.copy(&place, dialect, join("/$defs", &name));
            definitions.insert(name, copied);
        }
        if !definitions.is_empty() && !document.is_object() {
            document = json!({ "allOf": [document] });
        }
        if let Value::Object(object) = &mut document {
            object.insert("$schema".to_owned(), json!(DRAFT_2020));
            match object.get_mut("$defs") {
                Some(Value::Object(own)) => own.extend(definitions),
                Some(_) | None if definitions.is_empty() => {}
                Some(_) | None => {
                    object.insert("$defs".to_owned(), Value::Object(definitions));
                }
            }
        }
        // A dynamic name with one bearer is a plain reference; with several, which one is meant depends on the way there.
        for (pointer, name) in std::mem::take(&mut self.dynamic) {
            if self.dynamic_anchors.get(&name).copied().unwrap_or(0) > 1
                && let Some(Value::Object(object)) = document.pointer_mut(&pointer)
            {
                object.remove("$ref");
                let reason = format!("several schemas carry the dynamic anchor `{name}`");
                object.insert(UNKNOWN.to_owned(), Value::String(reason));
            }
        }
        PromisedSchema::assembled(document, self.origins)
    }

    /// Copies the schema at `place`, which goes to `at` in the result.
    fn copy(&mut self, place: &Place, dialect: Dialect, at: String) -> Value {
        self.origins.insert(at.clone(), place.clone());
        match place.value() {
            Some(value) => {
                let value = value.clone();
                self.copy_value(value, place, dialect, at)
            }
            None => json!({ UNKNOWN: "it is not there" }),
        }
    }

    fn copy_value(&mut self, value: Value, place: &Place, dialect: Dialect, at: String) -> Value {
        let Value::Object(mut object) = value else { return value };
        self.nodes += 1;
        if self.nodes > NODE_BUDGET {
            return json!({ UNKNOWN: format!("the schema has more than {NODE_BUDGET} parts") });
        }
        // An embedded schema may be written in a draft of its own.
        let dialect = match object.get("$schema").and_then(Value::as_str) {
            Some(_) if !place.pointer.is_empty() => Dialect::of_document(&Value::Object(object.clone())),
            Some(_) | None => dialect,
        };
        let mut hole = None;
        if let Some(anchor) = object.get("$dynamicAnchor").and_then(Value::as_str) {
            *self.dynamic_anchors.entry(anchor.to_owned()).or_default() += 1;
        }
        if object.get("$recursiveAnchor") == Some(&Value::Bool(true)) {
            *self.dynamic_anchors.entry(String::new()).or_default() += 1;
        }
        let mut reference = None;
        for keyword in ["$ref", "$dynamicRef", "$recursiveRef"] {
            let known = match keyword {
                "$ref" => true,
                "$dynamicRef" => dialect == Dialect::Draft2020,
                _ => dialect == Dialect::Draft2019,
            };
            let Some(value) = object.remove(keyword).filter(|_| known) else { continue };
            let Value::String(text) = value else {
                let reason = format!("`{keyword}` is not a text");
                self.bundler.diagnose(place, Severity::Warning, reason.clone());
                hole = Some(reason);
                continue;
            };
            match self.refer(place, dialect, &text) {
                Ok(local) if reference.is_none() => {
                    reference = Some(local);
                    match keyword {
                        "$dynamicRef" => {
                            let name = text.rsplit('#').next().unwrap_or("").to_owned();
                            self.dynamic.push((at.clone(), name));
                        }
                        "$recursiveRef" => self.dynamic.push((at.clone(), String::new())),
                        _ => {}
                    }
                }
                Ok(_) => hole = Some("two references stand in one schema".to_owned()),
                Err(reason) => hole = Some(reason),
            }
        }
        if (reference.is_some() || hole.is_some()) && dialect.ref_hides_siblings() {
            let mut alone = Map::new();
            if let Some(local) = reference {
                alone.insert("$ref".to_owned(), Value::String(local));
            }
            if let Some(reason) = hole {
                alone.insert(UNKNOWN.to_owned(), Value::String(reason));
            }
            // Definitions beside a hidden `$ref` are still what others refer to; they are copied when they are reached.
            return Value::Object(alone);
        }
        for keyword in ["$id", "$schema", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary"] {
            object.remove(keyword);
        }
        if dialect == Dialect::Draft4 {
            object.remove("id");
        }
        let moved = dialect.modernise(&mut object);
        let mut paths = Vec::new();
        children(&object, &mut |path, _| paths.push(path));
        let mut copied = Value::Object(object);
        for path in paths {
            let old = moved.iter().fold(None, |found: Option<String>, (from, to)| {
                found.or_else(|| {
                    let rest = path.strip_prefix(&format!("/{to}"))?;
                    (rest.is_empty() || rest.starts_with('/')).then(|| format!("/{from}{rest}"))
                })
            });
            let source = Place {
                document: Arc::clone(&place.document),
                pointer: format!("{}{}", place.pointer, old.as_deref().unwrap_or(&path)),
            };
            let target = format!("{at}{path}");
            if let Some(slot) = copied.pointer_mut(&path) {
                let child = std::mem::take(slot);
                if old.is_some() {
                    self.origins.insert(target.clone(), source.clone());
                }
                let child = self.copy_value(child, &source, dialect, target);
                if let Some(slot) = copied.pointer_mut(&path) {
                    *slot = child;
                }
            }
        }
        if let Value::Object(object) = &mut copied {
            if let Some(local) = reference {
                object.insert("$ref".to_owned(), Value::String(local));
            }
            if let Some(reason) = hole {
                object.insert(UNKNOWN.to_owned(), Value::String(reason));
            }
        }
        copied
    }

    /// What a reference is called in the result.
    fn refer(&mut self, from: &Place, dialect: Dialect, reference: &str) -> Result<String, String> {
        let target = self.bundler.resolve(from, dialect, reference)?;
        if goes_in_circles(self.bundler, &target, dialect) {
            let reason = format!("`{reference}` refers to itself and to nothing else");
            self.bundler.diagnose(from, Severity::Warning, reason.clone());
            return Err(reason);
        }
        if target.document.file == self.root.document.file && self.in_place.contains(&target.pointer) {
            return Ok(format!("#{}", fragment(&target.pointer[self.root.pointer.len()..])));
        }
        let key = (target.document.file.clone(), target.pointer.clone());
        if let Some(name) = self.names.get(&key) {
            return Ok(format!("#{}", fragment(&join("/$defs", name))));
        }
        let name = self.name_for(&target);
        let dialect = if target.document.file == from.document.file { dialect } else { dialect_of(&target.document, dialect) };
        self.names.insert(key, name.clone());
        self.queue.push_back((target, dialect, name.clone()));
        Ok(format!("#{}", fragment(&join("/$defs", &name))))
    }

    /// A name under `$defs` that nothing else has: the last word of the pointer, or the file's.
    fn name_for(&self, target: &Place) -> String {
        let last = crate::document::tokens(&target.pointer).and_then(|tokens| tokens.into_iter().next_back());
        let wanted = last.unwrap_or_else(|| target.document.file.stem().to_owned());
        let own = self.root.value().and_then(|root| root.get("$defs"));
        let taken = |name: &str| self.names.values().any(|known| known == name) || own.is_some_and(|own| own.get(name).is_some());
        let mut name = wanted.clone();
        let mut count = 2;
        while taken(&name) {
            name = format!("{wanted}-{count}");
            count += 1;
        }
        name
    }
}

/// Puts `prefix` before the pointer of every reference, for a schema that moves down there with its definitions.
fn rebase(schema: &mut Value, prefix: &str) {
    let Value::Object(object) = schema else { return };
    if let Some(Value::String(reference)) = object.get_mut("$ref")
        && let Some(pointer) = reference.strip_prefix('#')
    {
        *reference = format!("#{prefix}{pointer}");
    }
    let mut paths = Vec::new();
    children(object, &mut |path, _| paths.push(path));
    for path in paths {
        if let Some(child) = schema.pointer_mut(&path) {
            rebase(child, prefix);
        }
    }
}

/// Whether following `$ref`s that say nothing else from `start` comes back to where it has been.
fn goes_in_circles(bundler: &mut Bundler<'_>, start: &Place, dialect: Dialect) -> bool {
    let mut seen: Vec<(RepoPath, String)> = Vec::new();
    let mut place = start.clone();
    loop {
        let Some(Value::Object(object)) = place.value() else { return false };
        let Some(reference) = object.get("$ref").and_then(Value::as_str) else { return false };
        if object.len() > 1 && !dialect.ref_hides_siblings() {
            return false;
        }
        let key = (place.document.file.clone(), place.pointer.clone());
        if seen.contains(&key) {
            return true;
        }
        seen.push(key);
        match bundler.sources.resolve(&place, dialect, reference, &mut bundler.wanted) {
            Target::Found(next) => place = next,
            Target::Unknown { .. } => return false,
        }
    }
}

/// The dialect of a document that a schema of `referrer` refers into: its own where it says so. A file of fragments says
/// nothing of a draft, and is read like the one that refers to it.
fn dialect_of(document: &Document, referrer: Dialect) -> Dialect {
    if document.value.get("$schema").is_some() { Dialect::of_document(&document.value) } else { referrer }
}

/// A JSON Pointer as it is written in a fragment.
fn fragment(pointer: &str) -> String {
    let mut out = String::with_capacity(pointer.len());
    for byte in pointer.bytes() {
        match byte {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'/'
            | b'-'
            | b'.'
            | b'_'
            | b'~'
            | b'!'
            | b'$'
            | b'&'
            | b'\''
            | b'('
            | b')'
            | b'*'
            | b'+'
            | b','
            | b';'
            | b'='
            | b':'
            | b'@'
            | b'?' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests;
