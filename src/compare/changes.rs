//! What changed from one shape to another, field by field, in the words of the rules.
//!
//! This explains; it does not decide. Whether a change breaks somebody is for the proofs, and a change whose effect is harmless
//! in the asked direction is left out unless a rule wants it noted.

mod moves;
mod unions;
mod values;

pub(super) use values::is_of_program;

use std::sync::Arc;

use serde_json::{Value, json};

use super::rename;
use crate::facts::Role;
use crate::finding::RuleId;
use crate::shape::lower::{Silence, document};
use crate::shape::{ArrayShape, Field, ObjectShape, Presence, Rest, Shape, ShapeKind};
use crate::source::Origin;

/// How deep two shapes are compared.
const MAX_DEPTH: u32 = 40;

/// How many changes one comparison lists; past it the shapes have little in common and one line says so.
const MAX_CHANGES: usize = 200;

/// One difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub rule: RuleId,
    /// JSON Pointer from the root of the wire payload, `*` for any element or map value.
    pub path: String,
    pub to: Option<String>,
    /// Further places that the same edit changed: a type that the payload holds twice, the fields under one naming attribute.
    pub also: Vec<(String, Option<String>)>,
    pub old: Option<Origin>,
    pub new: Option<Origin>,
    /// What happened, without the event's name: `customerId` is now `customer_id`.
    pub message: String,
    /// Canonical text of the fragment before and after.
    pub fragments: (String, String),
    pub effect: Effect,
    /// What to do about it.
    pub help: Option<String>,
    /// Whether the field was always there at base.
    pub was_required: bool,
}

impl Change {
    /// Every place that it changed, with where that stands now.
    pub fn places(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let own = (!self.is_group()).then_some((self.path.as_str(), self.to.as_deref()));
        own.into_iter().chain(self.also.iter().map(|(path, to)| (path.as_str(), to.as_deref())))
    }

    /// Whether it speaks of several fields of the object at its path, and not of the object.
    fn is_group(&self) -> bool {
        self.rule == "field-renamed" && self.to.is_none()
    }
}

/// What a difference does to the set of payloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// New values may appear: a danger in what is written.
    Widens,
    /// Old values no longer fit: a danger in what is read.
    Narrows,
    /// Both.
    Replaces,
    /// Neither side minds.
    Harmless,
    /// It cannot be said.
    Unclear,
}

impl Effect {
    /// Whether it matters to the other side of a boundary of this role.
    pub fn endangers(self, role: Role) -> bool {
        match (self, role) {
            (Effect::Replaces, _) | (Effect::Widens, Role::Producer) | (Effect::Narrows, Role::Consumer) => true,
            (Effect::Widens, Role::Consumer) | (Effect::Narrows, Role::Producer) | (Effect::Harmless | Effect::Unclear, _) => {
                false
            }
        }
    }
}

/// The differences of two shapes of one role, in the order of their paths.
pub fn changes(old: &Arc<Shape>, new: &Arc<Shape>, role: Role) -> Vec<Change> {
    let mut found = differences(old, new, role);
    found.retain(|change| change.effect.endangers(role) || matches!(change.effect, Effect::Harmless | Effect::Unclear));
    found.sort_by(|a, b| (&a.path, a.rule, &a.to).cmp(&(&b.path, b.rule, &b.to)));
    found.dedup_by(|b, a| a.path == b.path && a.rule == b.rule && a.to == b.to);
    one_for_each_edit(found)
}

/// The differences of two shapes, those that cannot harm the other side included.
pub fn every_change(old: &Arc<Shape>, new: &Arc<Shape>, role: Role) -> Vec<Change> {
    let mut found = differences(old, new, role);
    found.sort_by(|a, b| (&a.path, a.rule, &a.to).cmp(&(&b.path, b.rule, &b.to)));
    one_for_each_edit(found)
}

fn differences(old: &Arc<Shape>, new: &Arc<Shape>, role: Role) -> Vec<Change> {
    let mut differ = Differ { role, found: Vec::new() };
    differ.shapes(old, new, "", 0);
    differ.found
}

/// A type that the payload holds in several places changes in all of them by one edit.
fn one_for_each_edit(changes: Vec<Change>) -> Vec<Change> {
    let mut kept: Vec<Change> = Vec::with_capacity(changes.len());
    for change in changes {
        let same = kept.iter_mut().find(|known| {
            known.rule == change.rule
                && known.fragments == change.fragments
                && (known.old.is_some() || known.new.is_some())
                && (&known.old, &known.new) == (&change.old, &change.new)
        });
        match same {
            Some(known) => {
                let places: Vec<(String, Option<String>)> =
                    change.places().map(|(path, to)| (path.to_owned(), to.map(str::to_owned))).collect();
                known.also.extend(places);
            }
            None => kept.push(change),
        }
    }
    for change in &mut kept {
        let further = change.also.len();
        if further > 0 && !change.is_group() {
            let (first, _) = &change.also[0];
            let more = if further > 1 { format!(" and {} more places", further - 1) } else { String::new() };
            change.message.push_str(&format!(", at `{}` as at `{first}`{more}", change.path));
        }
    }
    kept
}

struct Differ {
    role: Role,
    found: Vec<Change>,
}

/// Appends a key to a JSON Pointer.
pub fn child(path: &str, key: &str) -> String {
    format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// The canonical text of a shape, for fingerprints and messages.
pub fn fragment(shape: &Shape) -> String {
    let mut schema = document(shape, Silence::Open);
    if let Some(map) = schema.as_object_mut() {
        map.remove("$schema");
    }
    schema.to_string()
}

/// A shape in a few words.
pub fn words(shape: &Shape) -> String {
    match &shape.kind {
        ShapeKind::Unknown(_) => "unknown".to_owned(),
        ShapeKind::Never => "nothing".to_owned(),
        ShapeKind::Null => "null".to_owned(),
        ShapeKind::Boolean => "boolean".to_owned(),
        ShapeKind::Integer(_) => "integer".to_owned(),
        ShapeKind::Number(_) => "number".to_owned(),
        ShapeKind::String(text) => match &text.format {
            Some(format) => format!("string ({format})"),
            None => "string".to_owned(),
        },
        ShapeKind::Const(value) => value.to_string(),
        ShapeKind::Array(array) => match (&array.items, array.prefix.is_empty()) {
            (Some(items), true) => format!("list of {}", words(items)),
            _ => "list".to_owned(),
        },
        ShapeKind::Object(object) if object.fields.is_empty() => "map".to_owned(),
        ShapeKind::Object(_) => "object".to_owned(),
        ShapeKind::Union(branches) => {
            let mut names: Vec<String> = branches.iter().map(|branch| words(branch)).collect();
            names.dedup();
            if names.len() > 5 {
                names.truncate(4);
                names.push("…".to_owned());
            }
            names.join(" | ")
        }
        ShapeKind::Intersection(_) => "object".to_owned(),
        ShapeKind::Recursive(name) => name.to_string(),
    }
}

fn leaf(path: &str) -> String {
    path.rsplit('/')
        .find(|part| *part != "*")
        .filter(|part| !part.is_empty())
        .unwrap_or("payload")
        .replace("~1", "/")
        .replace("~0", "~")
}

impl Differ {
    fn push(&mut self, rule: RuleId, path: &str, old: &Shape, new: &Shape, effect: Effect, message: String) {
        if self.found.len() < MAX_CHANGES {
            self.found.push(Change {
                rule,
                path: path.to_owned(),
                to: None,
                also: Vec::new(),
                old: old.origin.clone(),
                new: new.origin.clone(),
                message,
                fragments: (fragment(old), fragment(new)),
                effect,
                help: None,
                was_required: true,
            });
        }
    }

    fn shapes(&mut self, old: &Arc<Shape>, new: &Arc<Shape>, path: &str, depth: u32) {
        if depth > MAX_DEPTH || Arc::ptr_eq(old, new) || old.same_values(new) {
            return;
        }
        match (&old.kind, &new.kind) {
            // What was not known cannot be said to have changed.
            (ShapeKind::Unknown(_), _) => {}
            (_, ShapeKind::Unknown(reason)) => {
                let message = format!("`{}` can no longer be worked out ({reason})", leaf(path));
                self.push("unknown-compatibility", path, old, new, Effect::Unclear, message);
            }
            (ShapeKind::Recursive(_), _) | (_, ShapeKind::Recursive(_)) => {}
            (ShapeKind::Object(a), ShapeKind::Object(b)) => self.objects(a, b, old, new, path, depth),
            (ShapeKind::Array(a), ShapeKind::Array(b)) => self.arrays(a, b, old, new, path, depth),
            (ShapeKind::Union(_), _) | (_, ShapeKind::Union(_)) => self.unions(old, new, path, depth),
            _ => self.scalars(old, new, path),
        }
    }

    fn objects(&mut self, a: &ObjectShape, b: &ObjectShape, old: &Arc<Shape>, new: &Arc<Shape>, path: &str, depth: u32) {
        // A key that no value may stand under is not there; a reader that begins to forbid one is another matter.
        let is_there = |field: &Field| field.presence == Presence::Required || !matches!(field.shape.kind, ShapeKind::Never);
        let forbids = self.role == Role::Consumer;
        let old_field = |name: &str| a.field(name).filter(|field| is_there(field));
        let new_field = |name: &str| b.field(name).filter(|field| forbids || is_there(field));
        for field in a.fields.iter().filter(|field| is_there(field)) {
            if let Some(twin) = new_field(&field.name) {
                self.field(field, twin, path, depth);
            }
        }
        let removed: Vec<&Field> = a.fields.iter().filter(|field| is_there(field) && new_field(&field.name).is_none()).collect();
        let added: Vec<&Field> =
            b.fields.iter().filter(|field| (forbids || is_there(field)) && old_field(&field.name).is_none()).collect();
        self.fields_gone_and_come(&removed, &added, (old, a), (new, b), path, depth);
        match (&a.rest, &b.rest) {
            (Rest::Silent | Rest::Open { .. }, Rest::Closed) if self.role == Role::Consumer => {
                self.push(
                    "fields-closed",
                    path,
                    old,
                    new,
                    Effect::Narrows,
                    "keys that are not named are now rejected".to_owned(),
                );
            }
            (Rest::Silent | Rest::Closed, Rest::Open { .. }) if self.role == Role::Producer => {
                let message = "keys that are not declared may now appear".to_owned();
                self.push("fields-opened", path, old, new, Effect::Widens, message);
            }
            (Rest::Open { values: x, .. }, Rest::Open { values: y, .. }) => self.shapes(x, y, &format!("{path}/*"), depth + 1),
            _ => {}
        }
        self.bounds(path, old, new, (a.min_properties, a.max_properties), (b.min_properties, b.max_properties));
    }

    fn field(&mut self, old: &Field, new: &Field, path: &str, depth: u32) {
        let place = child(path, &old.name);
        let before = self.found.len();
        self.aliases(old, new, path);
        let nothing_said = self.nothing_said(old, new, &place);
        let (a, b) = if nothing_said {
            (without_null(&old.shape), without_null(&new.shape))
        } else {
            (Arc::clone(&old.shape), Arc::clone(&new.shape))
        };
        self.shapes(&a, &b, &place, depth + 1);
        if old.default.is_some() && new.default.is_some() && old.default != new.default {
            let message = format!(
                "the default of `{}` changed from {} to {}",
                old.name,
                old.default.clone().unwrap_or_default(),
                new.default.clone().unwrap_or_default()
            );
            self.push_field("default-changed", &place, old, new, Effect::Harmless, message);
        }
        // A type that kept its name was edited where it stands; otherwise the field was.
        let inside = old.shape.name.is_some() && old.shape.name == new.shape.name;
        for change in self.found[before..].iter_mut().filter(|change| change.path == place) {
            let (old_field, new_field) = (old.origin.clone(), new.origin.clone());
            if inside {
                change.old = change.old.take().or(old_field);
                change.new = change.new.take().or(new_field);
            } else {
                change.old = old_field.or(change.old.take());
                change.new = new_field.or(change.new.take());
            }
            change.was_required = old.presence == Presence::Required;
        }
    }

    /// A reader that no longer takes a key in place of the field's own.
    fn aliases(&mut self, old: &Field, new: &Field, path: &str) {
        if self.role == Role::Producer {
            return;
        }
        for alias in old.aliases.iter().filter(|alias| !new.aliases.contains(alias) && **alias != new.name) {
            let message = format!("`{alias}` is no longer taken for `{}`", new.name);
            self.push_field("field-renamed", &child(path, alias), old, new, Effect::Narrows, message);
            if let Some(change) = self.found.last_mut() {
                change.to = Some(child(path, &new.name));
            }
        }
    }

    /// Whether a field is there, and whether it may be `null`: two ways of saying nothing that change by one edit, and then are
    /// one change. Answers whether `null` has been dealt with.
    fn nothing_said(&mut self, old: &Field, new: &Field, place: &str) -> bool {
        if old.presence == new.presence {
            return false;
        }
        let name = &old.name;
        let known = !old.shape.is_unknown() && !new.shape.is_unknown();
        let (was_null, is_null) = (old.shape.admits_null(), new.shape.admits_null());
        let both = known && was_null != is_null;
        let (rule, effect, message) = match (new.presence, both, is_null, self.role) {
            (Presence::Optional, false, _, _) => {
                ("field-became-optional", Effect::Widens, format!("`{name}` may now be left out"))
            }
            (Presence::Optional, true, true, _) => {
                ("field-became-optional", Effect::Widens, format!("`{name}` may now be left out or null"))
            }
            (Presence::Optional, true, false, Role::Producer) => {
                ("null-vs-absent-changed", Effect::Replaces, format!("`{name}` is now left out where it was null"))
            }
            (Presence::Optional, true, false, Role::Consumer) => (
                "field-became-non-nullable",
                Effect::Narrows,
                format!("`{name}` may no longer be null; it may be left out instead"),
            ),
            (Presence::Required, false, _, _) => ("field-became-required", Effect::Narrows, format!("`{name}` is now required")),
            (Presence::Required, true, false, _) => {
                ("field-became-required", Effect::Narrows, format!("`{name}` is now required, and may not be null"))
            }
            (Presence::Required, true, true, Role::Producer) => {
                ("null-vs-absent-changed", Effect::Replaces, format!("`{name}` is now null where it was left out"))
            }
            (Presence::Required, true, true, Role::Consumer) => {
                ("field-became-required", Effect::Narrows, format!("`{name}` may no longer be left out; it may be null instead"))
            }
        };
        self.push_field(rule, place, old, new, effect, message);
        both
    }

    fn push_field(&mut self, rule: RuleId, path: &str, old: &Field, new: &Field, effect: Effect, message: String) {
        if self.found.len() < MAX_CHANGES {
            self.found.push(Change {
                rule,
                path: path.to_owned(),
                to: None,
                also: Vec::new(),
                old: old.origin.clone(),
                new: new.origin.clone(),
                message,
                fragments: (field_fragment(old), field_fragment(new)),
                effect,
                help: None,
                was_required: old.presence == Presence::Required,
            });
        }
    }

    fn fields_gone_and_come(
        &mut self,
        removed: &[&Field],
        added: &[&Field],
        (old, a): (&Arc<Shape>, &ObjectShape),
        (new, b): (&Arc<Shape>, &ObjectShape),
        path: &str,
        depth: u32,
    ) {
        let renamed = rename::pairs(removed, added);
        let mut gone: Vec<&Field> =
            removed.iter().copied().filter(|field| !renamed.iter().any(|(old, _, _)| old.name == field.name)).collect();
        let mut come: Vec<&Field> =
            added.iter().copied().filter(|field| !renamed.iter().any(|(_, new, _)| new.name == field.name)).collect();
        self.renamed(&renamed, new, b, path);
        for (old, new, _) in &renamed {
            if depth < MAX_DEPTH {
                self.shapes(&old.shape, &new.shape, &child(path, &new.name), depth + 1);
            }
        }
        self.moved_into(&mut gone, &mut come, a, path);
        self.moved_out(&mut gone, &mut come, new, path);
        for field in gone {
            // A reader that takes a field no more is nobody's loss; a writer that may still send it under an open rest is not sure.
            let place = child(path, &field.name);
            let effect = match self.role {
                Role::Producer => Effect::Replaces,
                Role::Consumer => Effect::Widens,
            };
            if let (Role::Producer, Rest::Open { values, .. }) = (self.role, &b.rest)
                && values.is_unknown()
            {
                let message = format!("whether `{}` is still sent can no longer be worked out", field.name);
                self.gone("unknown-compatibility", &place, field, new, Effect::Unclear, message);
                continue;
            }
            let message = match self.role {
                Role::Producer => format!("`{}` is no longer sent", field.name),
                Role::Consumer => format!("`{}` is no longer read", field.name),
            };
            self.gone("field-removed", &place, field, new, effect, message);
        }
        for field in come {
            let place = child(path, &field.name);
            match (self.role, field.presence) {
                (Role::Producer, _) => {
                    self.come("field-added", &place, old, field, Effect::Harmless, format!("`{}` is new", field.name));
                }
                (Role::Consumer, Presence::Required) => {
                    let message = format!("`{}` is now required", field.name);
                    self.come("required-field-added", &place, old, field, Effect::Narrows, message);
                }
                (Role::Consumer, Presence::Optional) => {}
            }
        }
    }

    /// A field of base alone; its place in head is the object that lost it.
    fn gone(&mut self, rule: RuleId, path: &str, field: &Field, holder: &Shape, effect: Effect, message: String) {
        if self.found.len() < MAX_CHANGES {
            self.found.push(Change {
                rule,
                path: path.to_owned(),
                to: None,
                also: Vec::new(),
                old: field.origin.clone(),
                new: holder.origin.clone(),
                message,
                fragments: (field_fragment(field), String::new()),
                effect,
                help: None,
                was_required: field.presence == Presence::Required,
            });
        }
    }

    /// A field of head alone; its place in base is the object that lacked it.
    fn come(&mut self, rule: RuleId, path: &str, holder: &Shape, field: &Field, effect: Effect, message: String) {
        if self.found.len() < MAX_CHANGES {
            self.found.push(Change {
                rule,
                path: path.to_owned(),
                to: None,
                also: Vec::new(),
                old: holder.origin.clone(),
                new: field.origin.clone(),
                message,
                fragments: (String::new(), field_fragment(field)),
                effect,
                help: None,
                was_required: false,
            });
        }
    }

    fn arrays(&mut self, a: &ArrayShape, b: &ArrayShape, old: &Arc<Shape>, new: &Arc<Shape>, path: &str, depth: u32) {
        let other_length = a.prefix.len() != b.prefix.len() && !a.prefix.is_empty() && !b.prefix.is_empty();
        if other_length {
            let message = format!("`{}` now has {} positions instead of {}", leaf(path), b.prefix.len(), a.prefix.len());
            self.push("tuple-length-changed", path, old, new, Effect::Replaces, message);
        }
        for (at, (x, y)) in a.prefix.iter().zip(&b.prefix).enumerate() {
            self.shapes(x, y, &format!("{path}/{at}"), depth + 1);
        }
        if let (Some(x), Some(y)) = (&a.items, &b.items) {
            let before = self.found.len();
            self.shapes(x, y, &format!("{path}/*"), depth + 1);
            let element = format!("{path}/*");
            for change in &mut self.found[before..] {
                // The elements themselves are of another type: said of the list, not of an element without a name.
                if change.path == element
                    && matches!(change.rule, "type-changed" | "field-restructured" | "type-widened" | "type-narrowed")
                {
                    change.rule = "items-changed";
                    change.message = format!("the elements of `{}` changed from {} to {}", leaf(path), words(x), words(y));
                }
            }
        }
        if !other_length {
            self.bounds(path, old, new, (a.min_items, a.max_items), (b.min_items, b.max_items));
        }
        if a.unique != b.unique {
            let effect = if b.unique { Effect::Narrows } else { Effect::Widens };
            let message = format!("`{}` {} duplicates", leaf(path), if b.unique { "no longer takes" } else { "may now hold" });
            self.push("uniqueness-changed", path, old, new, effect, message);
        }
    }

    fn bounds(
        &mut self,
        path: &str,
        old: &Shape,
        new: &Shape,
        (old_min, old_max): (Option<u64>, Option<u64>),
        (new_min, new_max): (Option<u64>, Option<u64>),
    ) {
        let tighter = new_min.unwrap_or(0) > old_min.unwrap_or(0) || new_max.unwrap_or(u64::MAX) < old_max.unwrap_or(u64::MAX);
        let looser = new_min.unwrap_or(0) < old_min.unwrap_or(0) || new_max.unwrap_or(u64::MAX) > old_max.unwrap_or(u64::MAX);
        let show = |min: Option<u64>, max: Option<u64>| match (min, max) {
            (None, None) => "any size".to_owned(),
            (Some(min), None) => format!("at least {min}"),
            (None, Some(max)) => format!("at most {max}"),
            (Some(min), Some(max)) => format!("{min} to {max}"),
        };
        let message =
            format!("the size of `{}` changed from {} to {}", leaf(path), show(old_min, old_max), show(new_min, new_max));
        if looser {
            self.push("length-widened", path, old, new, Effect::Widens, message.clone());
        }
        if tighter {
            self.push("length-narrowed", path, old, new, Effect::Narrows, message);
        }
    }
}

fn field_fragment(field: &Field) -> String {
    let presence = match field.presence {
        Presence::Required => "required",
        Presence::Optional => "optional",
    };
    json!([field.name, presence, fragment(&field.shape)]).to_string()
}

fn list(names: &[&str]) -> String {
    const SHOWN: usize = 6;
    let mut text = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}

/// The shape without `null` among its values.
pub fn without_null(shape: &Arc<Shape>) -> Arc<Shape> {
    match &shape.kind {
        ShapeKind::Union(branches) => Shape::union(
            branches
                .iter()
                .filter(|branch| !matches!(branch.kind, ShapeKind::Null | ShapeKind::Const(Value::Null)))
                .cloned()
                .collect::<Vec<_>>(),
            shape.origin.clone(),
        ),
        ShapeKind::Null => Arc::new(Shape::new(ShapeKind::Never, shape.origin.clone())),
        _ => Arc::clone(shape),
    }
}
