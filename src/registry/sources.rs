//! The documents that were handed in, and what a reference in one of them names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::Value;

use super::dialect::Dialect;
use crate::document::{Document, Fault, join};
use crate::source::RepoPath;

/// A place in a document.
#[derive(Clone, Debug)]
pub struct Place {
    pub document: Arc<Document>,
    pub pointer: String,
}

impl Place {
    pub fn value(&self) -> Option<&Value> {
        self.document.get(&self.pointer)
    }
}

/// Where a reference leads.
#[derive(Debug)]
pub enum Target {
    Found(Place),
    /// Nowhere that can be read; the reason is for a person.
    Unknown {
        reason: String,
        kind: Unresolved,
    },
}

/// Why a reference leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// An address on the network, which is never fetched.
    Remote,
    /// A file or a part of one that is not there.
    Missing,
    /// A path that leaves the repository.
    Outside,
    /// The file is there and cannot be read.
    Unreadable,
}

/// Every document of one state of a repository that somebody claims.
#[derive(Debug, Default)]
pub struct Sources {
    documents: BTreeMap<RepoPath, Result<Arc<Document>, Fault>>,
    /// Absolute `$id`s, embedded ones included, without an empty fragment.
    ids: BTreeMap<String, Place>,
}

impl Sources {
    pub fn read(files: &[(RepoPath, &str)]) -> Sources {
        let mut sources = Sources::default();
        let documents: Vec<Result<Arc<Document>, Fault>> =
            files.par_iter().map(|(path, text)| Document::read(path, text).map(Arc::new)).collect();
        for ((path, text), read) in files.iter().zip(documents) {
            if let Ok(document) = &read {
                // Most documents name nothing, and large ones are the ones that do not.
                if text.contains("$id") || document.value.get("id").is_some_and(Value::is_string) {
                    sources.index(document);
                }
            }
            sources.documents.insert(path.clone(), read);
        }
        sources
    }

    pub fn iter(&self) -> impl Iterator<Item = (&RepoPath, &Result<Arc<Document>, Fault>)> {
        self.documents.iter()
    }

    #[cfg(test)]
    pub fn get(&self, path: &RepoPath) -> Option<&Result<Arc<Document>, Fault>> {
        self.documents.get(path)
    }

    /// Notes the names that a document gives to itself and to schemas inside it. Of two with one name the first path wins.
    fn index(&mut self, document: &Arc<Document>) {
        let mut pending = vec![(String::new(), &document.value, None::<String>)];
        while let Some((pointer, node, base)) = pending.pop() {
            let Value::Object(object) = node else {
                if let Value::Array(items) = node {
                    pending.extend(items.iter().enumerate().map(|(at, item)| (format!("{pointer}/{at}"), item, base.clone())));
                }
                continue;
            };
            let mut base = base;
            // `id` is draft 4's word and a common name of fields: it counts at the root, and where it is an address.
            let named = object.get("$id").or_else(|| object.get("id").filter(|_| pointer.is_empty())).and_then(Value::as_str);
            if let Some(id) = named {
                let absolute = match &base {
                    Some(base) => resolve_uri(base, id),
                    None => id.to_owned(),
                };
                let absolute = absolute.trim_end_matches('#').to_owned();
                if !absolute.contains('#') && !absolute.is_empty() {
                    let place = Place { document: Arc::clone(document), pointer: pointer.clone() };
                    self.ids.entry(absolute.clone()).or_insert(place);
                    base = Some(absolute);
                }
            }
            for (key, value) in object {
                if (value.is_object() || value.is_array()) && !matches!(key.as_str(), "enum" | "const" | "default" | "examples") {
                    pending.push((join(&pointer, key), value, base.clone()));
                }
            }
        }
    }

    /// What `reference` names, seen from the schema at `from`. Files that are named and were not handed in are put into
    /// `wanted`.
    pub fn resolve(&self, from: &Place, dialect: Dialect, reference: &str, wanted: &mut BTreeSet<RepoPath>) -> Target {
        let (address, fragment) = match reference.split_once('#') {
            Some((address, fragment)) => (address, fragment),
            None => (reference, ""),
        };
        let resource = self.resource_of(from, dialect);
        let found = if address.is_empty() {
            Ok(resource.0)
        } else {
            self.locate(&from.document.file, resource.1.as_deref(), address, wanted)
        };
        let place = match found {
            Ok(place) => place,
            Err((kind, reason)) => return Target::Unknown { reason, kind },
        };
        self.fragment(place, fragment, reference)
    }

    /// The resource that a place lies in (the nearest schema above it with an `$id`, else the document), and its address.
    fn resource_of(&self, from: &Place, dialect: Dialect) -> (Place, Option<String>) {
        let mut root = Place { document: Arc::clone(&from.document), pointer: String::new() };
        let mut base: Option<String> = None;
        let mut pointer = String::new();
        let tokens = crate::document::tokens(&from.pointer).unwrap_or_default();
        let mut node = Some(&from.document.value);
        for step in 0..=tokens.len() {
            let Some(here) = node else { break };
            let id = here.get(dialect.id_keyword()).or_else(|| here.get("$id")).and_then(Value::as_str);
            // In drafts up to 7 an id of the form `#name` is an anchor, and beside `$ref` it is hidden.
            let hidden = dialect.ref_hides_siblings() && here.get("$ref").is_some();
            if let Some(id) = id.filter(|id| !id.starts_with('#') && !hidden) {
                base = Some(match &base {
                    Some(base) => resolve_uri(base, id),
                    None => id.trim_end_matches('#').to_owned(),
                });
                root.pointer.clone_from(&pointer);
            }
            if let Some(token) = tokens.get(step) {
                pointer = join(&pointer, token);
                node = from.document.get(&pointer);
            }
        }
        (root, base)
    }

    /// The document or resource that an address without fragment names.
    fn locate(
        &self,
        file: &RepoPath,
        base: Option<&str>,
        address: &str,
        wanted: &mut BTreeSet<RepoPath>,
    ) -> Result<Place, (Unresolved, String)> {
        let whole = |document: &Arc<Document>| Place { document: Arc::clone(document), pointer: String::new() };
        let absolute = base.map(|base| resolve_uri(base, address));
        for name in absolute.as_deref().into_iter().chain([address]) {
            if let Some(place) = self.ids.get(name) {
                return Ok(place.clone());
            }
        }
        let path = match address.split_once("://") {
            // `file:///schemas/a.json` and `file://a.json` are written where a path is meant.
            Some(("file", path)) => path.trim_start_matches('/'),
            Some((scheme, _)) => {
                return Err((Unresolved::Remote, format!("`{address}` is on the network ({scheme}) and is never fetched")));
            }
            None if address.starts_with("urn:") => {
                return Err((Unresolved::Missing, format!("no schema here has the name `{address}`")));
            }
            None => address,
        };
        let path = percent_decode(path);
        let from_file = join_path(file, &path);
        let from_root = crate::source::resolve("", &path);
        if from_file.is_none() {
            return Err((Unresolved::Outside, format!("`{address}` lies outside of the repository")));
        }
        for candidate in from_file.iter().chain(&from_root) {
            for suffix in ["", ".json", ".schema.json", ".yaml", ".yml"] {
                match self.documents.get(&RepoPath::new(format!("{candidate}{suffix}"))) {
                    Some(Ok(document)) => return Ok(whole(document)),
                    Some(Err(fault)) => {
                        let reason = format!("`{address}` cannot be read: line {}: {}", fault.position.line, fault.message);
                        return Err((Unresolved::Unreadable, reason));
                    }
                    None => {}
                }
            }
        }
        // `file://NAME` is written where the folder does not matter: it means the one file of that name.
        if address.starts_with("file:") {
            let suffix = format!("/{path}");
            let mut named = self.documents.iter().filter(|(known, _)| known.as_str().ends_with(&suffix));
            if let (Some((_, Ok(document))), None) = (named.next(), named.next()) {
                return Ok(whole(document));
            }
        }
        if let Some(path) = from_file {
            if crate::document::Syntax::of(&path).is_some() {
                wanted.insert(path);
            } else {
                wanted.extend([".json", ".yaml"].map(|suffix| RepoPath::new(format!("{path}{suffix}"))));
            }
        }
        match absolute.filter(|absolute| absolute.contains("://") && !absolute.starts_with("file:")) {
            Some(absolute) if absolute != address => Err((
                Unresolved::Missing,
                format!("there is no `{address}` beside this file, and no schema here has the name `{absolute}`"),
            )),
            Some(_) | None => Err((Unresolved::Missing, format!("there is no file `{address}` in the repository"))),
        }
    }

    /// The part of a resource that a fragment names.
    fn fragment(&self, resource: Place, fragment: &str, reference: &str) -> Target {
        let missing = |reason: String| Target::Unknown { reason, kind: Unresolved::Missing };
        let fragment = percent_decode(fragment);
        if fragment.is_empty() {
            return Target::Found(resource);
        }
        if fragment.starts_with('/') {
            let pointer = format!("{}{fragment}", resource.pointer);
            return if resource.document.get(&pointer).is_some() {
                Target::Found(Place { document: resource.document, pointer })
            } else {
                missing(format!("`{reference}` names nothing in `{}`", resource.document.file))
            };
        }
        match find_anchor(&resource, &fragment) {
            Some(pointer) => Target::Found(Place { document: resource.document, pointer }),
            None => missing(format!("`{}` has no anchor `{fragment}`", resource.document.file)),
        }
    }
}

/// The pointer of the schema inside `resource` that carries an anchor.
fn find_anchor(resource: &Place, name: &str) -> Option<String> {
    let hash = format!("#{name}");
    let root = resource.value()?;
    let mut pending = vec![(resource.pointer.clone(), root)];
    while let Some((pointer, node)) = pending.pop() {
        match node {
            Value::Object(object) => {
                // A schema with an address of its own is another resource, and its anchors are its own.
                let foreign = pointer != resource.pointer
                    && object.get("$id").and_then(Value::as_str).is_some_and(|id| !id.starts_with('#'));
                if foreign {
                    continue;
                }
                let is = |keyword: &str, wanted: &str| object.get(keyword).and_then(Value::as_str) == Some(wanted);
                if is("$anchor", name) || is("$dynamicAnchor", name) || is("$id", &hash) || is("id", &hash) {
                    return Some(pointer);
                }
                for (key, value) in object.iter().rev() {
                    if !matches!(key.as_str(), "enum" | "const" | "default" | "examples") {
                        pending.push((join(&pointer, key), value));
                    }
                }
            }
            Value::Array(items) => {
                pending.extend(items.iter().enumerate().rev().map(|(at, item)| (format!("{pointer}/{at}"), item)));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    None
}

/// Resolves a relative path against a file. A file outside of the repository may name others beside and below itself, and up to
/// the folder that its own leading `..` lead to.
pub fn join_path(file: &RepoPath, relative: &str) -> Option<RepoPath> {
    let outside: usize = file.as_str().split('/').take_while(|part| *part == "..").count();
    if outside == 0 && !file.as_str().starts_with('/') {
        return file.join(relative);
    }
    if relative.starts_with('/') {
        return None;
    }
    let folder = file.parent();
    let (prefix, inner) = match outside {
        // Nothing says where an absolute folder begins to belong to somebody else, so its files stay below themselves.
        0 => (format!("{folder}/"), ""),
        count => ("../".repeat(count), folder.get(count * 3..).unwrap_or("")),
    };
    let joined = crate::source::resolve(inner, relative)?;
    Some(RepoPath::new(format!("{prefix}{joined}")))
}

/// RFC 3986's resolution as far as schema addresses need it; fragments are cut off.
pub fn resolve_uri(base: &str, reference: &str) -> String {
    let reference = reference.split('#').next().unwrap_or("");
    let base = base.split(['#', '?']).next().unwrap_or("");
    let is_absolute = reference.split_once(':').is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    });
    if is_absolute || base.is_empty() {
        return reference.to_owned();
    }
    if reference.is_empty() {
        return base.to_owned();
    }
    let (origin, path) = match base.split_once("://") {
        Some((scheme, rest)) => {
            let cut = rest.find('/').unwrap_or(rest.len());
            (format!("{scheme}://{}", &rest[..cut]), &rest[cut..])
        }
        None => (String::new(), base),
    };
    let folder = if reference.starts_with('/') { "" } else { path.rsplit_once('/').map_or("", |(folder, _)| folder) };
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in reference.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    let slash = if origin.is_empty() && !path.starts_with('/') { "" } else { "/" };
    format!("{origin}{slash}{}", parts.join("/"))
}

fn percent_decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let decoded = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok()))
            .flatten();
        match decoded {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_resolve_as_in_a_browser() {
        for (base, reference, expected) in [
            ("https://a.dev/s/order.json", "common.json", "https://a.dev/s/common.json"),
            ("https://a.dev/s/order.json", "../x/y.json#/a", "https://a.dev/x/y.json"),
            ("https://a.dev/s/order.json", "/z.json", "https://a.dev/z.json"),
            ("https://a.dev", "z.json", "https://a.dev/z.json"),
            ("https://a.dev/s/", "urn:x:y", "urn:x:y"),
            ("order.json", "common.json", "common.json"),
            ("https://a.dev/a.json#", "", "https://a.dev/a.json"),
        ] {
            assert_eq!(resolve_uri(base, reference), expected, "{reference} against {base}");
        }
    }

    #[test]
    fn a_file_outside_of_the_repository_never_reaches_further_out() {
        let contract = RepoPath::new("../crm/contracts/a.yaml");
        assert_eq!(join_path(&contract, "./schemas/b.json"), Some(RepoPath::new("../crm/contracts/schemas/b.json")));
        assert_eq!(join_path(&contract, "../b.json"), Some(RepoPath::new("../crm/b.json")));
        assert_eq!(join_path(&contract, "../../../b.json"), None);
        assert_eq!(join_path(&RepoPath::new("/srv/c/a.yaml"), "b.json"), Some(RepoPath::new("/srv/c/b.json")));
        assert_eq!(join_path(&RepoPath::new("/srv/c/a.yaml"), "../b.json"), None);
        assert_eq!(join_path(&RepoPath::new("contracts/a.yaml"), "../../b.json"), None);
    }
}
