//! Two versions of an Avro schema, as Avro's own schema resolution has it: what was written with one is read with both at hand.
//!
//! That is another question than containment of the JSON that Avro values have. A reader's default fills in what was not written, or a
//! symbol that it does not know; an `int` is read as a `long`, `float` or `double`, a `string` as `bytes`; types are told apart by their
//! names, and a reader may have aliases for them. Left out: a schema that other files define a part of; it is undecided there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::rename::alike;
use super::{child, finding, help_for};
use crate::document::{Document, join};
use crate::facts::Role;
use crate::finding::{Finding, Severity};

/// The deepest nesting of types that is followed.
const DEPTH: usize = 200;

/// Pairs of places that are looked at. Past this it is undecided.
const PAIRS: usize = 100_000;

const PRIMITIVES: &[&str] = &["null", "boolean", "int", "long", "float", "double", "bytes", "string"];

/// What Avro reads a primitive type as, beside itself.
const PROMOTIONS: &[(&str, &[&str])] = &[
    ("int", &["long", "float", "double"]),
    ("long", &["float", "double"]),
    ("float", &["double"]),
    ("string", &["bytes"]),
    ("bytes", &["string"]),
];

/// A schema with its named types.
struct Side<'d> {
    document: &'d Document,
    named: BTreeMap<String, Place>,
}

/// A type's place, and the namespace in which names stand there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    pointer: String,
    namespace: String,
}

/// What a type is.
#[derive(Debug)]
enum Type<'d> {
    Primitive {
        name: &'d str,
        logical: Option<&'d str>,
    },
    Record {
        name: String,
        value: &'d Value,
    },
    Enum {
        name: String,
        value: &'d Value,
    },
    Fixed {
        name: String,
        value: &'d Value,
    },
    Array(Place),
    Map(Place),
    Union(Vec<Place>),
    /// With what it is called.
    Unknown(String),
}

impl Type<'_> {
    fn words(&self) -> String {
        match self {
            Type::Primitive { name, logical: Some(logical) } => format!("{name} ({logical})"),
            Type::Primitive { name, logical: None } => (*name).to_owned(),
            Type::Record { name, .. } => format!("record {name}"),
            Type::Enum { name, .. } => format!("enum {name}"),
            Type::Fixed { name, value } => {
                format!("fixed {name} of {} bytes", value.get("size").map_or_else(|| "?".to_owned(), Value::to_string))
            }
            Type::Array(_) => "array".to_owned(),
            Type::Map(_) => "map".to_owned(),
            Type::Union(branches) => format!("union of {}", branches.len()),
            Type::Unknown(name) => name.clone(),
        }
    }

    fn is_null(&self) -> bool {
        matches!(self, Type::Primitive { name: "null", .. })
    }
}

/// The name without its namespace: by it types are matched.
fn short(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, short)| short)
}

fn full(name: &str, namespace: &str) -> String {
    if namespace.is_empty() || name.contains('.') { name.to_owned() } else { format!("{namespace}.{name}") }
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

impl<'d> Side<'d> {
    fn new(document: &'d Document) -> (Side<'d>, Place) {
        let mut side = Side { document, named: BTreeMap::new() };
        let root = Place { pointer: String::new(), namespace: String::new() };
        side.collect(&root, 0);
        // Of several types in one file the last is what the others are for.
        let last = match &document.value {
            Value::Array(types) if !types.is_empty() => Place { pointer: format!("/{}", types.len() - 1), ..root.clone() },
            _ => root,
        };
        (side, last)
    }

    fn value(&self, place: &Place) -> &'d Value {
        self.document.get(&place.pointer).unwrap_or(&Value::Null)
    }

    fn below(place: &Place, key: &str) -> Place {
        Place { pointer: join(&place.pointer, key), namespace: place.namespace.clone() }
    }

    /// The full name of a named type, and the place of its parts with the namespace in which they stand.
    fn declared(&self, place: &Place) -> Option<(String, Place)> {
        let value = self.value(place);
        let name = text(value, "name")?;
        let full = match text(value, "namespace") {
            Some(namespace) => full(name, namespace),
            None => full(name, &place.namespace),
        };
        let namespace = full.rsplit_once('.').map_or("", |(namespace, _)| namespace).to_owned();
        Some((full, Place { pointer: place.pointer.clone(), namespace }))
    }

    fn collect(&mut self, place: &Place, depth: usize) {
        if depth > DEPTH {
            return;
        }
        match self.value(place) {
            Value::Array(branches) => {
                (0..branches.len()).for_each(|at| self.collect(&Side::below(place, &at.to_string()), depth + 1));
            }
            value @ Value::Object(_) => match text(value, "type") {
                Some("record" | "error") => {
                    let Some((name, inner)) = self.declared(place) else { return };
                    self.named.insert(name, place.clone());
                    for at in 0..list(value, "fields").count() {
                        self.collect(
                            &Side::below(&Side::below(&Side::below(&inner, "fields"), &at.to_string()), "type"),
                            depth + 1,
                        );
                    }
                }
                Some("enum" | "fixed") => {
                    if let Some((name, _)) = self.declared(place) {
                        self.named.insert(name, place.clone());
                    }
                }
                Some("array") => self.collect(&Side::below(place, "items"), depth + 1),
                Some("map") => self.collect(&Side::below(place, "values"), depth + 1),
                Some(_) => {}
                None => self.collect(&Side::below(place, "type"), depth + 1),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// What stands at a place, names followed; with the place at which its parts stand.
    fn ty(&self, place: &Place) -> (Type<'d>, Place) {
        let mut place = place.clone();
        for _ in 0..DEPTH {
            let value = self.value(&place);
            let named = match value {
                Value::String(name) => Some((name.as_str(), None)),
                Value::Array(branches) => {
                    let branches = (0..branches.len()).map(|at| Side::below(&place, &at.to_string())).collect();
                    return (Type::Union(branches), place);
                }
                Value::Object(_) => match value.get("type") {
                    Some(Value::String(kind)) => match kind.as_str() {
                        kind @ ("record" | "error" | "enum" | "fixed") => {
                            let Some((name, inner)) = self.declared(&place) else {
                                return (Type::Unknown(format!("a {kind} without a name")), place);
                            };
                            let ty = match kind {
                                "enum" => Type::Enum { name, value },
                                "fixed" => Type::Fixed { name, value },
                                _ => Type::Record { name, value },
                            };
                            return (ty, inner);
                        }
                        "array" => return (Type::Array(Side::below(&place, "items")), place),
                        "map" => return (Type::Map(Side::below(&place, "values")), place),
                        name => Some((name, text(value, "logicalType"))),
                    },
                    Some(_) => {
                        place = Side::below(&place, "type");
                        continue;
                    }
                    None => None,
                },
                Value::Null | Value::Bool(_) | Value::Number(_) => None,
            };
            let Some((name, logical)) = named else { return (Type::Unknown("what is no Avro type".to_owned()), place) };
            if let Some(name) = PRIMITIVES.iter().find(|known| **known == name) {
                return (Type::Primitive { name, logical }, place);
            }
            match self.named.get(&full(name, &place.namespace)).or_else(|| self.named.get(name)) {
                Some(at) => place = at.clone(),
                None => return (Type::Unknown(name.to_owned()), place),
            }
        }
        (Type::Unknown("a type that is nested too deep".to_owned()), place)
    }
}

/// The differences of two versions of a schema, each by what Avro's resolution does with it.
pub fn judge(old: &Document, new: &Document, role: Role, event: &str) -> Vec<Finding> {
    let ((old, old_root), (new, new_root)) = (Side::new(old), Side::new(new));
    let (writer, reader) = match role {
        Role::Producer => (&new, &old),
        Role::Consumer => (&old, &new),
    };
    let (from, to) = match role {
        Role::Producer => (&new_root, &old_root),
        Role::Consumer => (&old_root, &new_root),
    };
    let mut walk = Walk { writer, reader, role, event, findings: Vec::new(), seen: BTreeSet::new(), spent: false };
    walk.resolve(from, to, "");
    if walk.spent {
        walk.tell("unknown-compatibility", "", (from, to), "the types are too many to resolve".to_owned(), "");
    }
    walk.findings
}

struct Walk<'w> {
    writer: &'w Side<'w>,
    reader: &'w Side<'w>,
    role: Role,
    event: &'w str,
    findings: Vec<Finding>,
    /// Pairs that are being looked at or were: one cause is told once.
    seen: BTreeSet<(Place, Place)>,
    spent: bool,
}

impl<'w> Walk<'w> {
    fn by_role<T>(&self, producer: T, consumer: T) -> T {
        match self.role {
            Role::Producer => producer,
            Role::Consumer => consumer,
        }
    }

    fn tell(&mut self, rule: &'static str, path: &str, at: (&Place, &Place), message: String, evidence: &str) -> &mut Finding {
        let message = if self.event.is_empty() { message } else { format!("{message} in `{}`", self.event) };
        let mut found = finding(rule, self.event, self.role, message);
        found.path = path.to_owned();
        let (writer, reader) = (self.writer.document.origin(&at.0.pointer), self.reader.document.origin(&at.1.pointer));
        (found.base, found.head) = match self.role {
            Role::Producer => (Some(reader), Some(writer)),
            Role::Consumer => (Some(writer), Some(reader)),
        };
        let fragments = (self.writer.value(at.0).to_string(), self.reader.value(at.1).to_string());
        found.fragments = match self.role {
            Role::Producer => (fragments.1, fragments.0),
            Role::Consumer => fragments,
        };
        if !evidence.is_empty() {
            found.evidence = Some(evidence.to_owned());
        }
        if found.severity > Severity::Note {
            found.help = help_for(rule, self.role).to_owned();
        }
        self.findings.push(found);
        self.findings.last_mut().expect("it was put there")
    }

    /// A difference that Avro's resolution fails on.
    fn refuse(&mut self, rule: &'static str, path: &str, at: (&Place, &Place), message: String, evidence: &str) {
        self.tell(rule, path, at, message, evidence).severity = Severity::Error;
    }

    /// `was` is now `is`, in the order of the documents.
    fn change(&self, path: &str, written: &str, read: &str) -> String {
        let (was, is) = self.by_role((read, written), (written, read));
        let leaf = path.rsplit('/').find(|part| *part != "*").filter(|leaf| !leaf.is_empty()).unwrap_or("the value");
        format!("`{leaf}` was `{was}` and is now `{is}`")
    }

    fn resolve(&mut self, from: &Place, to: &Place, path: &str) {
        if self.seen.len() >= PAIRS || path.matches('/').count() > DEPTH {
            self.spent = true;
            return;
        }
        let ((written, from), (read, to)) = (self.writer.ty(from), self.reader.ty(to));
        if !self.seen.insert((from.clone(), to.clone())) {
            return;
        }
        let at = (&from, &to);
        for unknown in [&written, &read] {
            if let Type::Unknown(name) = unknown {
                // The same words on both sides say the same, whatever that is.
                if written.words() != read.words() {
                    let message = format!("it could not be decided: `{name}` is not in this file");
                    self.tell("unknown-compatibility", path, at, message, "");
                }
                return;
            }
        }
        match (&written, &read) {
            (Type::Union(branches), _) => branches.iter().for_each(|branch| self.branch(branch, &read, at, path)),
            (_, Type::Union(_)) => self.branch(&from, &read, at, path),
            (Type::Primitive { name: written_name, logical }, Type::Primitive { name: read_name, logical: read_logical }) => {
                if !is_read_as(written_name, read_name) {
                    self.mismatch(&written, &read, at, path);
                } else if logical != read_logical {
                    self.logical(&written, &read, at, path);
                }
            }
            (Type::Record { name, value }, Type::Record { name: reader_name, value: reader_value }) => {
                self.same_name(name, reader_name, reader_value, at, path);
                self.fields(value, reader_value, at, path);
            }
            (Type::Enum { name, value }, Type::Enum { name: reader_name, value: reader_value }) => {
                self.same_name(name, reader_name, reader_value, at, path);
                self.symbols(value, reader_value, at, path);
            }
            (Type::Fixed { name, value }, Type::Fixed { name: reader_name, value: reader_value }) => {
                if self.same_name(name, reader_name, reader_value, at, path) && value.get("size") != reader_value.get("size") {
                    self.mismatch(&written, &read, at, path);
                }
            }
            (Type::Array(items), Type::Array(reader_items)) => self.resolve(items, reader_items, &child(path, "*")),
            (Type::Map(values), Type::Map(reader_values)) => self.resolve(values, reader_values, &child(path, "*")),
            _ => self.mismatch(&written, &read, at, path),
        }
    }

    fn mismatch(&mut self, written: &Type<'_>, read: &Type<'_>, at: (&Place, &Place), path: &str) {
        let back = match (written, read) {
            (Type::Primitive { name, .. }, Type::Primitive { name: reader_name, .. }) => is_read_as(reader_name, name),
            _ => false,
        };
        let rule = match (written, read) {
            _ if back => self.by_role("type-widened", "type-narrowed"),
            (Type::Array(_), Type::Primitive { .. }) | (Type::Primitive { .. }, Type::Array(_)) => "array-scalar-changed",
            (Type::Map(_), Type::Record { .. } | Type::Array(_)) | (Type::Record { .. } | Type::Array(_), Type::Map(_)) => {
                "map-record-changed"
            }
            _ => "type-changed",
        };
        let (written, read) = (written.words(), read.words());
        let message = self.change(path, &written, &read);
        self.refuse(rule, path, at, message, &format!("Avro does not read what was written as `{written}` as `{read}`"));
    }

    /// A logical type is read as its plain type where the other side has another one: the value stays, and means something else.
    fn logical(&mut self, written: &Type<'_>, read: &Type<'_>, at: (&Place, &Place), path: &str) {
        let (written, read) = (written.words(), read.words());
        let times = |words: &str| words.contains("time") || words.contains("date");
        let rule = if times(&written) && times(&read) { "timestamp-encoding-changed" } else { "format-changed" };
        let message = self.change(path, &written, &read);
        let evidence = "Avro reads the plain value, and it means something else now";
        self.tell(rule, path, at, message, evidence);
    }

    /// Whether the types have one name, or the reader an alias.
    fn same_name(&mut self, written: &str, read: &str, reader: &Value, at: (&Place, &Place), path: &str) -> bool {
        let same = is_called(reader, read, written);
        if !same {
            let message = self.change(path, written, read);
            let evidence = "Avro tells types apart by their names, and the reader has no alias for the other one";
            self.refuse("type-changed", path, at, message, evidence);
        }
        same
    }

    /// One branch of what is written, or what is no union, against what is read.
    fn branch(&mut self, branch: &Place, read: &Type<'w>, at: (&Place, &Place), path: &str) {
        let Type::Union(choices) = read else { return self.branch_of_one(branch, at.1, path) };
        let (written, _) = self.writer.ty(branch);
        let fits = |same: bool| {
            choices.iter().find(|choice| {
                let (choice, _) = self.reader.ty(choice);
                match (&written, &choice) {
                    (Type::Primitive { name, .. }, Type::Primitive { name: reader, .. }) => {
                        if same {
                            name == reader
                        } else {
                            is_read_as(name, reader)
                        }
                    }
                    (Type::Record { name, .. }, Type::Record { name: reader, value })
                    | (Type::Enum { name, .. }, Type::Enum { name: reader, value })
                    | (Type::Fixed { name, .. }, Type::Fixed { name: reader, value }) => is_called(value, reader, name),
                    (Type::Array(_), Type::Array(_)) | (Type::Map(_), Type::Map(_)) => true,
                    (Type::Unknown(name), Type::Unknown(reader)) => name == reader,
                    _ => false,
                }
            })
        };
        match fits(true).or_else(|| fits(false)).cloned() {
            Some(choice) => self.resolve(branch, &choice, path),
            None if matches!(written, Type::Unknown(_)) => self.resolve(branch, at.1, path),
            None if choices.iter().any(|choice| matches!(self.reader.ty(choice).0, Type::Unknown(_))) => {
                let message = "it could not be decided: a branch of the union is not in this file".to_owned();
                self.tell("unknown-compatibility", path, at, message, "");
            }
            None => self.no_branch(&written, (branch, at.1), path),
        }
    }

    /// A branch of a union against a type that is none.
    fn branch_of_one(&mut self, branch: &Place, to: &Place, path: &str) {
        let (written, _) = self.writer.ty(branch);
        let (read, _) = self.reader.ty(to);
        let same_kind = match (&written, &read) {
            (Type::Primitive { name, .. }, Type::Primitive { name: reader, .. }) => is_read_as(name, reader),
            (Type::Record { name, .. }, Type::Record { name: reader, value })
            | (Type::Enum { name, .. }, Type::Enum { name: reader, value })
            | (Type::Fixed { name, .. }, Type::Fixed { name: reader, value }) => is_called(value, reader, name),
            (Type::Array(_), Type::Array(_)) | (Type::Map(_), Type::Map(_)) | (Type::Unknown(_), _) | (_, Type::Unknown(_)) => {
                true
            }
            _ => false,
        };
        if same_kind { self.resolve(branch, to, path) } else { self.no_branch(&written, (branch, to), path) }
    }

    fn no_branch(&mut self, written: &Type<'_>, at: (&Place, &Place), path: &str) {
        let leaf = path.rsplit('/').find(|part| *part != "*").filter(|leaf| !leaf.is_empty()).unwrap_or("the value").to_owned();
        let words = written.words();
        let (rule, message) = match (written.is_null(), self.role) {
            (true, Role::Producer) => ("field-became-nullable", format!("`{leaf}` may now be `null`")),
            (true, Role::Consumer) => ("field-became-non-nullable", format!("`{leaf}` may no longer be `null`")),
            (false, Role::Producer) => ("union-branch-added", format!("`{leaf}` may now be `{words}`")),
            (false, Role::Consumer) => ("union-branch-removed", format!("`{leaf}` may no longer be `{words}`")),
        };
        self.refuse(rule, path, at, message, &format!("the reader's schema has no type that `{words}` is read as"));
    }

    fn symbols(&mut self, written: &Value, read: &Value, at: (&Place, &Place), path: &str) {
        let known: BTreeSet<&str> = list(read, "symbols").filter_map(Value::as_str).collect();
        let more: Vec<&str> = list(written, "symbols").filter_map(Value::as_str).filter(|one| !known.contains(one)).collect();
        if more.is_empty() {
            return;
        }
        let leaf = path.rsplit('/').find(|part| *part != "*").filter(|leaf| !leaf.is_empty()).unwrap_or("the value");
        let names = more.iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", ");
        let (rule, message) = self.by_role(
            ("enum-value-added", format!("`{leaf}` may now be {names}")),
            ("enum-value-removed", format!("`{leaf}` may no longer be {names}")),
        );
        match text(read, "default").filter(|default| known.contains(default)) {
            Some(default) => {
                let evidence = format!("the reader takes its default `{default}` for a symbol that it does not know");
                let found = self.tell(rule, path, at, message, &evidence);
                found.severity = Severity::Note;
                found.help = String::new();
            }
            None => {
                let evidence = "the reader's enum does not have the symbol, and no default for those that it does not know";
                self.refuse(rule, path, at, message, evidence);
            }
        }
    }

    fn fields(&mut self, written: &'w Value, read: &'w Value, at: (&Place, &Place), path: &str) {
        let names = |value: &'w Value| -> Vec<(usize, &'w str, &'w Value)> {
            list(value, "fields").enumerate().filter_map(|(at, field)| Some((at, text(field, "name")?, field))).collect()
        };
        let (sent, wanted) = (names(written), names(read));
        let place = |of: &Place, index: usize| Side::below(&Side::below(of, "fields"), &index.to_string());
        let mut left: Vec<&(usize, &str, &Value)> = sent.iter().collect();
        let mut missing = Vec::new();
        for (index, name, field) in &wanted {
            let called = |sent: &str| sent == *name || list(field, "aliases").any(|alias| alias.as_str() == Some(sent));
            let found = left.iter().position(|(_, sent, _)| sent == name);
            match found.or_else(|| left.iter().position(|(_, sent, _)| called(sent))) {
                Some(found) => {
                    let (sent_index, sent_name, sent_field) = left.remove(found);
                    let (from, to) = (place(at.0, *sent_index), place(at.1, *index));
                    self.resolve(&Side::below(&from, "type"), &Side::below(&to, "type"), &child(path, sent_name));
                    let (before, after) = (sent_field.get("default"), field.get("default"));
                    if self.role == Role::Consumer && before.is_some() && after.is_some() && before != after {
                        let message = format!("the default of `{name}` changed");
                        self.tell("default-changed", &child(path, name), (&from, &to), message, "");
                    }
                }
                None => missing.push((*index, *name, *field)),
            }
        }
        for (index, name, field) in missing {
            let to = place(at.1, index);
            let has_default = field.get("default").is_some();
            // A producer that spells a name in another way: of the two fields one cause is told.
            let twin = left.iter().position(|(_, sent, other)| {
                self.role == Role::Producer && alike(name, sent) && other.get("type") == field.get("type")
            });
            let (rule, message, from) = match (twin, self.role) {
                (Some(twin), _) => {
                    let (sent_index, sent, _) = left.remove(twin);
                    ("field-renamed", format!("`{name}` is now `{sent}`"), Some((place(at.0, *sent_index), *sent)))
                }
                (None, Role::Producer) => ("field-removed", format!("`{name}` was removed"), None),
                (None, Role::Consumer) if has_default => ("field-added", format!("`{name}` was added with a default"), None),
                (None, Role::Consumer) => ("required-field-added", format!("`{name}` was added without a default"), None),
            };
            let (old_path, new_path) = (child(path, name), from.as_ref().map(|(_, sent)| child(path, sent)));
            let at = (from.as_ref().map_or(at.0, |(from, _)| from), &to);
            let evidence = if has_default {
                "the reader fills its default in for what was not written"
            } else {
                "the reader's field is not written, and it has no default to fill in"
            };
            let found = self.tell(rule, &old_path, at, message, evidence);
            found.to = new_path;
            if rule == "required-field-added" {
                found.help = "give it a default, which stands in for what was not written".to_owned();
            }
            found.severity = match (has_default, rule) {
                (false, _) => Severity::Error,
                // Nothing fails, and what stood there no longer arrives.
                (true, "field-removed" | "field-renamed") => Severity::Warning,
                (true, _) => Severity::Note,
            };
        }
        if self.role == Role::Producer {
            for (index, name, _) in left {
                let from = place(at.0, *index);
                let message = format!("`{name}` was added");
                let found = self.tell("field-added", &child(path, name), (&from, at.1), message, "the reader passes over it");
                found.severity = Severity::Note;
            }
        }
    }
}

/// Whether Avro reads one primitive type as another.
fn is_read_as(written: &str, read: &str) -> bool {
    written == read || PROMOTIONS.iter().any(|(from, to)| *from == written && to.contains(&read))
}

/// Whether the reader's type, or an alias that it has, is called as the writer's.
fn is_called(reader: &Value, name: &str, written: &str) -> bool {
    short(name) == short(written)
        || list(reader, "aliases").filter_map(Value::as_str).any(|alias| alias == written || short(alias) == short(written))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::RepoPath;

    fn told(written: &str, read: &str) -> Vec<String> {
        let document = |text: &str| Document::read(&RepoPath::new("a.avsc"), text).expect("it is JSON");
        let record = |ty: &str| format!(r#"{{"type": "record", "name": "R", "fields": [{{"name": "f", "type": {ty}}}]}}"#);
        let (written, read) = (document(&record(written)), document(&record(read)));
        let both = [judge(&read, &written, Role::Producer, ""), judge(&written, &read, Role::Consumer, "")];
        let [producer, consumer] =
            both.map(|found| found.iter().map(|one| format!("{} {}", one.severity.as_str(), one.rule)).collect::<Vec<_>>());
        assert_eq!(producer.len(), consumer.len(), "{written:?}");
        producer.into_iter().chain(consumer).collect()
    }

    #[test]
    fn primitives_are_promoted_as_the_specification_has_it() {
        // As the specification lists them, written out once more.
        let promoted = |from: &str| -> &[&str] {
            match from {
                "int" => &["long", "float", "double"],
                "long" => &["float", "double"],
                "float" => &["double"],
                "string" => &["bytes"],
                "bytes" => &["string"],
                _ => &[],
            }
        };
        for from in PRIMITIVES {
            for to in PRIMITIVES {
                let plain = told(&format!("\"{from}\""), &format!("\"{to}\""));
                let expected = from == to || promoted(from).contains(to);
                assert_eq!(plain.is_empty(), expected, "{from} read as {to}: {plain:?}");
                // The same of a branch of a union, and of elements.
                assert_eq!(told(&format!("[\"{from}\"]"), &format!("[\"{to}\"]")).is_empty(), expected, "{from} in {to}");
                let items = |name: &str| format!(r#"{{"type": "array", "items": "{name}"}}"#);
                assert_eq!(told(&items(from), &items(to)).is_empty(), expected, "{from} in {to}");
            }
        }
        assert_eq!(told("\"long\"", "\"int\""), ["error type-widened", "error type-narrowed"]);
        assert_eq!(told("\"double\"", "\"float\""), ["error type-widened", "error type-narrowed"]);
    }

    #[test]
    fn a_symbol_that_is_not_known_is_the_readers_default_where_it_has_one() {
        let symbols = |symbols: &str, more: &str| format!(r#"{{"type": "enum", "name": "E", "symbols": [{symbols}]{more}}}"#);
        let (two, three) = (r#""A", "B""#, r#""A", "B", "C""#);
        assert_eq!(told(&symbols(three, ""), &symbols(two, "")), ["error enum-value-added", "error enum-value-removed"]);
        let default = r#", "default": "A""#;
        assert_eq!(told(&symbols(three, ""), &symbols(two, default)), ["note enum-value-added", "note enum-value-removed"]);
        // A default of the writer's helps nobody, and one that is no symbol is none.
        assert_eq!(told(&symbols(three, default), &symbols(two, ""))[0], "error enum-value-added");
        assert_eq!(told(&symbols(three, ""), &symbols(two, r#", "default": "Z""#))[0], "error enum-value-added");
        assert!(told(&symbols(two, ""), &symbols(three, "")).is_empty());
        assert_eq!(told(&symbols(two, ""), "\"string\"")[0], "error type-changed");
    }

    #[test]
    fn types_are_told_apart_by_their_names() {
        let fixed = |name: &str, size: u32, more: &str| format!(r#"{{"type": "fixed", "name": "{name}", "size": {size}{more}}}"#);
        assert!(told(&fixed("a.F", 4, ""), &fixed("b.F", 4, "")).is_empty());
        assert_eq!(told(&fixed("F", 4, ""), &fixed("F", 5, ""))[0], "error type-changed");
        assert_eq!(told(&fixed("F", 4, ""), &fixed("G", 4, ""))[0], "error type-changed");
        assert!(told(&fixed("F", 4, ""), &fixed("G", 4, r#", "aliases": ["F"]"#)).is_empty());
        assert_eq!(told(&fixed("F", 4, ""), "\"bytes\"")[0], "error type-changed");
        let inner = |name: &str, ty: &str| {
            format!(r#"{{"type": "record", "name": "{name}", "fields": [{{"name": "x", "type": "{ty}"}}]}}"#)
        };
        let union = |a: &str, b: &str| format!("[{a}, {b}]");
        // The branch of its own name is the one that counts, though the other one would take it.
        let found = told(&union(&inner("A", "string"), &inner("B", "long")), &union(&inner("A", "long"), &inner("B", "string")));
        assert_eq!(found.len(), 4, "{found:?}");
        assert_eq!(
            told(&union("\"null\"", "\"int\""), "\"int\""),
            ["error field-became-nullable", "error field-became-non-nullable"]
        );
        assert!(told("\"int\"", &union("\"null\"", "\"long\"")).is_empty());
        assert_eq!(told(&union("\"int\"", "\"string\""), "\"int\""), ["error union-branch-added", "error union-branch-removed"]);
        let map = r#"{"type": "map", "values": "string"}"#;
        assert_eq!(told(map, &inner("A", "string")), ["error map-record-changed", "error map-record-changed"]);
    }

    #[test]
    fn a_logical_type_that_changed_means_something_else() {
        let long = |logical: &str| format!(r#"{{"type": "long", "logicalType": "{logical}"}}"#);
        let found = told(&long("timestamp-millis"), &long("timestamp-micros"));
        assert_eq!(found, ["error timestamp-encoding-changed", "error timestamp-encoding-changed"]);
        assert!(told(&long("timestamp-millis"), &long("timestamp-millis")).is_empty());
    }

    #[test]
    fn a_type_of_another_file_is_undecided_unless_both_name_it() {
        assert!(told("\"other.T\"", "\"other.T\"").is_empty());
        assert_eq!(told("\"other.T\"", "\"string\"")[0], "warning unknown-compatibility");
        // A list of itself is looked at once.
        assert!(told(r#"{"type": "array", "items": "R"}"#, r#"{"type": "array", "items": "R"}"#).is_empty());
    }
}
