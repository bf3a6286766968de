//! Addresses and references of JSON Schema documents: which subschema does a `$ref` mean?
//!
//! Everything is resolved inside the documents at hand; nothing is fetched.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Draft, metaschemas};

/// The index of a resource in its [`Resolver`].
pub type ResourceId = usize;

/// A schema with an address of its own: a document's root, or a part of one that carries an `$id`.
#[derive(Debug)]
pub struct Resource<'a> {
    /// Its address, without a fragment.
    pub base: String,
    pub root: &'a Value,
    /// The document that it is part of: 0 for the one in question, then the others in order.
    pub document: usize,
    /// JSON Pointer of its root within that document.
    pub pointer: String,
    /// `$anchor` and `$dynamicAnchor` names, with pointers within the document; `true` for the dynamic ones.
    anchors: BTreeMap<String, Vec<(String, &'a Value, bool)>>,
    /// `$recursiveAnchor: true` at its root.
    pub recursive_anchor: bool,
    pub draft: Draft,
}

/// The resources of a document and of those handed in beside it.
#[derive(Debug)]
pub struct Resolver<'a> {
    resources: Vec<Resource<'a>>,
    by_address: BTreeMap<String, ResourceId>,
    /// The address by which each document was handed in.
    documents: Vec<String>,
    /// Resources by document and pointer.
    by_place: BTreeMap<(usize, String), ResourceId>,
}

/// A resolved reference with everything that a walk needs to go on.
#[derive(Clone, Debug)]
pub struct Found<'a> {
    pub value: &'a Value,
    /// The resource that encloses the target.
    pub resource: ResourceId,
    pub document: usize,
    /// JSON Pointer within the document.
    pub pointer: String,
    pub dynamic: bool,
}

impl<'a> Resolver<'a> {
    /// Indexes `root`, which stands at `base`, and `others` by their addresses.
    pub fn new(base: &str, root: &'a Value, draft: Draft, others: &'a [(String, Value)]) -> Resolver<'a> {
        let mut resolver =
            Resolver { resources: Vec::new(), by_address: BTreeMap::new(), documents: Vec::new(), by_place: BTreeMap::new() };
        resolver.add_document(base, root, draft);
        // Most documents need few of the others, so those are looked through that references name, and all only where a reference
        // names none: then it may mean an address that stands inside one.
        let addresses: BTreeMap<&str, usize> =
            others.iter().enumerate().map(|(index, (address, _))| (address.trim_end_matches('#'), index)).collect();
        let mut wanted = vec![false; others.len()];
        let mut pending = vec![(base.to_owned(), root, 0..resolver.resources.len())];
        while let Some((base, value, own)) = pending.pop() {
            for reference in outward_references(value) {
                let own = &resolver.resources[own.clone()];
                let bases = own.iter().map(|resource| resource.base.as_str()).chain([base.as_str()]);
                let named: Vec<usize> = bases.filter_map(|base| addresses.get(join(base, reference).as_str()).copied()).collect();
                let known = !named.is_empty() || metaschemas::is_one(reference);
                let found = if known { named } else { (0..others.len()).collect() };
                for index in found {
                    if !std::mem::replace(&mut wanted[index], true) {
                        let (address, value) = &others[index];
                        let draft = value.get("$schema").and_then(Value::as_str).and_then(Draft::of_address).unwrap_or(draft);
                        let first = resolver.resources.len();
                        resolver.add_document(address, value, draft);
                        pending.push((address.clone(), value, first..resolver.resources.len()));
                    }
                }
            }
            for (address, value) in metaschemas::needed_by(value) {
                if !resolver.by_address.contains_key(address) {
                    resolver.add_document(address, value, Draft::detect(value));
                }
            }
        }
        resolver
    }

    pub fn resource(&self, id: ResourceId) -> &Resource<'a> {
        &self.resources[id]
    }

    /// The address by which a document was handed in.
    pub fn address(&self, document: usize) -> &str {
        &self.documents[document]
    }

    /// The resource that starts at a place, if one does.
    pub fn resource_at(&self, document: usize, pointer: &str) -> Option<ResourceId> {
        self.by_place.get(&(document, pointer.to_owned())).copied()
    }

    /// What `reference` means where the enclosing resource is `from`.
    pub fn resolve(&self, from: ResourceId, reference: &str) -> Option<Found<'a>> {
        let (address, fragment) = match reference.split_once('#') {
            Some((address, fragment)) => (address, fragment),
            None => (reference, ""),
        };
        let id = if address.is_empty() {
            from
        } else {
            let absolute = join(&self.resources[from].base, address);
            *self.by_address.get(absolute.trim_end_matches('#'))?
        };
        let resource = &self.resources[id];
        if fragment.is_empty() {
            return Some(Found {
                value: resource.root,
                resource: id,
                document: resource.document,
                pointer: resource.pointer.clone(),
                dynamic: false,
            });
        }
        let fragment = percent_decode(fragment)?;
        if fragment.starts_with('/') {
            return self.follow(id, &fragment);
        }
        let named = resource.anchors.get(&fragment)?;
        let (pointer, value, dynamic) = named.first()?;
        // A name that two places of one resource have means neither: readers differ in which one they take.
        if named.iter().any(|(other, _, _)| other != pointer) {
            return None;
        }
        Some(Found { value, resource: id, document: resource.document, pointer: pointer.clone(), dynamic: *dynamic })
    }

    /// The `$dynamicAnchor` of this name in a resource.
    pub fn dynamic_anchor(&self, resource: ResourceId, name: &str) -> Option<Found<'a>> {
        let at = &self.resources[resource];
        let (pointer, value, _) = at.anchors.get(name)?.iter().find(|(_, _, dynamic)| *dynamic)?;
        Some(Found { value, resource, document: at.document, pointer: pointer.clone(), dynamic: true })
    }

    fn follow(&self, id: ResourceId, fragment: &str) -> Option<Found<'a>> {
        let start = &self.resources[id];
        let mut value = start.root;
        let mut pointer = start.pointer.clone();
        let mut resource = id;
        for token in fragment.split('/').skip(1) {
            let key = token.replace("~1", "/").replace("~0", "~");
            value = match value {
                Value::Object(map) => map.get(&key)?,
                Value::Array(items) => items.get(key.parse::<usize>().ok()?)?,
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
            };
            push_token(&mut pointer, &key);
            if let Some(inner) = self.resource_at(start.document, &pointer) {
                resource = inner;
            }
        }
        Some(Found { value, resource, document: start.document, pointer, dynamic: false })
    }

    fn add_document(&mut self, base: &str, root: &'a Value, draft: Draft) {
        let document = self.documents.len();
        let base = base.trim_end_matches('#').to_owned();
        self.documents.push(base.clone());
        let id = self.add_resource(base.clone(), root, document, String::new(), draft);
        // The address by which a document was handed in stays valid beside the one that it gives itself.
        self.by_address.entry(base).or_insert(id);
        self.index(root, id, document, String::new(), draft);
    }

    fn add_resource(&mut self, base: String, root: &'a Value, document: usize, pointer: String, draft: Draft) -> ResourceId {
        let id = self.resources.len();
        self.by_place.insert((document, pointer.clone()), id);
        let recursive_anchor = root.get("$recursiveAnchor") == Some(&Value::Bool(true));
        self.resources.push(Resource { base, root, document, pointer, anchors: BTreeMap::new(), recursive_anchor, draft });
        id
    }

    /// Walks the places where schemas stand and notes addresses and anchors. What looks like an address inside an `enum`, a
    /// `const` or an unknown keyword is none.
    fn index(&mut self, value: &'a Value, mut resource: ResourceId, document: usize, pointer: String, mut draft: Draft) {
        let Value::Object(map) = value else { return };
        if let Some(named) = map.get("$schema").and_then(Value::as_str).and_then(Draft::of_address) {
            draft = named;
        }
        let hidden = draft.ref_hides_siblings() && map.get("$ref").is_some_and(Value::is_string);
        if !hidden && let Some(address) = map.get(draft.id_keyword()).and_then(Value::as_str) {
            if let Some(anchor) = address.strip_prefix('#') {
                if !anchor.is_empty() {
                    self.anchor(resource, anchor, &pointer, value, false);
                }
            } else {
                let absolute = join(&self.resources[resource].base, address);
                let (absolute, fragment) = match absolute.split_once('#') {
                    Some((before, fragment)) => (before.to_owned(), fragment.to_owned()),
                    None => (absolute, String::new()),
                };
                if pointer.is_empty() {
                    self.resources[resource].base = absolute.clone();
                } else {
                    resource = self.add_resource(absolute.clone(), value, document, pointer.clone(), draft);
                }
                self.by_address.entry(absolute).or_insert(resource);
                if !fragment.is_empty() {
                    self.anchor(resource, &fragment, &pointer, value, false);
                }
            }
        }
        if draft >= Draft::Draft201909 {
            if let Some(name) = map.get("$anchor").and_then(Value::as_str) {
                self.anchor(resource, name, &pointer, value, false);
            }
            if let Some(name) = map.get("$dynamicAnchor").and_then(Value::as_str) {
                self.anchor(resource, name, &pointer, value, true);
            }
        }
        for (key, inner) in map {
            match place_of(key) {
                Place::Schema => self.index(inner, resource, document, extend(&pointer, key), draft),
                Place::Map => {
                    if let Value::Object(entries) = inner {
                        let below = extend(&pointer, key);
                        for (name, entry) in entries {
                            self.index(entry, resource, document, extend(&below, name), draft);
                        }
                    }
                }
                Place::List => {
                    let below = extend(&pointer, key);
                    match inner {
                        Value::Array(entries) => {
                            for (at, entry) in entries.iter().enumerate() {
                                self.index(entry, resource, document, extend(&below, &at.to_string()), draft);
                            }
                        }
                        _ => self.index(inner, resource, document, below, draft),
                    }
                }
                Place::None => {}
            }
        }
    }

    fn anchor(&mut self, resource: ResourceId, name: &str, pointer: &str, value: &'a Value, dynamic: bool) {
        self.resources[resource].anchors.entry(name.to_owned()).or_default().push((pointer.to_owned(), value, dynamic));
    }
}

/// The addresses, without fragments, of what a document refers to outside of itself.
fn outward_references(value: &Value) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(map) => {
                for keyword in ["$ref", "$dynamicRef"] {
                    let reference = map.get(keyword).and_then(Value::as_str).unwrap_or_default();
                    let address = reference.split('#').next().unwrap_or_default();
                    if !address.is_empty() {
                        found.push(address);
                    }
                }
                pending.extend(map.values());
            }
            Value::Array(items) => pending.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Where schemas stand under a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The value is a schema.
    Schema,
    /// The values of the object are schemas.
    Map,
    /// The elements are schemas, or the value itself is one.
    List,
    None,
}

/// Where schemas stand under a keyword of any draft.
pub fn place_of(keyword: &str) -> Place {
    match keyword {
        "additionalProperties"
        | "additionalItems"
        | "contains"
        | "propertyNames"
        | "not"
        | "if"
        | "then"
        | "else"
        | "unevaluatedItems"
        | "unevaluatedProperties"
        | "contentSchema" => Place::Schema,
        "properties" | "patternProperties" | "definitions" | "$defs" | "dependentSchemas" | "dependencies" => Place::Map,
        "allOf" | "anyOf" | "oneOf" | "prefixItems" | "items" => Place::List,
        _ => Place::None,
    }
}

/// A pointer with one more token.
pub fn extend(pointer: &str, key: &str) -> String {
    let mut longer = String::with_capacity(pointer.len() + key.len() + 1);
    longer.push_str(pointer);
    push_token(&mut longer, key);
    longer
}

fn push_token(pointer: &mut String, key: &str) {
    pointer.push('/');
    for character in key.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

/// Resolves an address against a base, as RFC 3986 section 5.2 says, as far as schemas need it.
pub fn join(base: &str, reference: &str) -> String {
    if reference.is_empty() {
        return base.to_owned();
    }
    if has_scheme(reference) {
        return reference.to_owned();
    }
    let base = base.split('#').next().unwrap_or(base);
    if reference.starts_with('#') {
        return format!("{base}{reference}");
    }
    let (scheme, rest) = match base.split_once(':') {
        Some((scheme, rest)) if has_scheme(base) => (scheme, rest),
        _ => ("", base),
    };
    let prefix = if scheme.is_empty() { String::new() } else { format!("{scheme}:") };
    if reference.starts_with("//") {
        return format!("{prefix}{reference}");
    }
    let (authority, path) = match rest.strip_prefix("//") {
        Some(after) => {
            let end = after.find('/').unwrap_or(after.len());
            (format!("//{}", &after[..end]), &after[end..])
        }
        None => (String::new(), rest),
    };
    if scheme == "urn" {
        // An URN has no hierarchy to resolve against.
        return reference.to_owned();
    }
    let path = path.split('?').next().unwrap_or(path);
    let (wanted, query) = match reference.find(['?', '#']) {
        Some(at) => reference.split_at(at),
        None => (reference, ""),
    };
    let merged = if wanted.is_empty() {
        path.to_owned()
    } else if wanted.starts_with('/') {
        remove_dots(wanted)
    } else {
        let folder = path.rfind('/').map_or("", |at| &path[..=at]);
        let folder = if folder.is_empty() && !authority.is_empty() { "/" } else { folder };
        remove_dots(&format!("{folder}{wanted}"))
    };
    format!("{prefix}{authority}{merged}{query}")
}

fn has_scheme(address: &str) -> bool {
    let Some(colon) = address.find(':') else { return false };
    let scheme = &address[..colon];
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

fn remove_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        match part {
            "." => {
                if last {
                    kept.push("");
                }
            }
            ".." => {
                if kept.len() > 1 || kept.first().is_some_and(|first| !first.is_empty()) {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            name => kept.push(name),
        }
    }
    kept.join("/")
}

pub(crate) fn percent_decode(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push((high * 16 + low) as u8);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn relative_addresses_join_as_the_standard_says() {
        for (base, reference, whole) in [
            ("http://a/b/c/d;p?q", "g", "http://a/b/c/g"),
            ("http://a/b/c/d;p?q", "./g/", "http://a/b/c/g/"),
            ("http://a/b/c/d;p?q", "/g", "http://a/g"),
            ("http://a/b/c/d;p?q", "../../g", "http://a/g"),
            ("http://a/b/c/d;p?q", "../../../g", "http://a/g"),
            ("http://a", "g", "http://a/g"),
            ("http://a/b#x", "#y", "http://a/b#y"),
            ("json-schema:///", "common.json", "json-schema:///common.json"),
            ("urn:x:y", "#/a", "urn:x:y#/a"),
        ] {
            assert_eq!(join(base, reference), whole, "{reference} against {base}");
        }
    }

    #[test]
    fn references_find_embedded_resources_and_anchors() {
        let root = json!({
            "$id": "http://x.test/root.json",
            "$defs": {
                "a": {"$id": "nested/a.json", "$defs": {"b": {"$anchor": "here", "type": "null"}}},
                "c": {"enum": [{"$id": "fake.json"}]},
            }
        });
        let resolver = Resolver::new("json-schema:///", &root, Draft::Draft202012, &[]);
        let found = resolver.resolve(0, "nested/a.json#here").expect("the anchor of the nested resource");
        assert_eq!(found.pointer, "/$defs/a/$defs/b");
        let found = resolver.resolve(0, "#/$defs/a/$defs/b").expect("by its pointer");
        assert_eq!(resolver.resource(found.resource).base, "http://x.test/nested/a.json");
        assert!(resolver.resolve(0, "fake.json").is_none());
    }

    #[test]
    fn a_name_that_stands_twice_in_one_resource_means_nothing() {
        let root = json!({"$defs": {"a": {"$anchor": "x"}, "b": {"$anchor": "x", "type": "null"}, "c": {"$anchor": "y"}}});
        let resolver = Resolver::new("json-schema:///", &root, Draft::Draft202012, &[]);
        assert!(resolver.resolve(0, "#x").is_none());
        assert!(resolver.resolve(0, "#y").is_some());
    }
}
