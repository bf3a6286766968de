//! What changed from one shape to another, field by field, in the words of the rules.
//!
//! This explains; it does not decide. Whether a change breaks somebody is for the proofs, and a change whose effect is harmless
//! in the asked direction is left out unless a rule wants it noted.

use std::sync::Arc;

use serde_json::{Value, json};

use super::rename::{self, Likeness};
use crate::facts::Role;
use crate::finding::RuleId;
use crate::shape::lower::{Silence, document};
use crate::shape::wire_name::fold;
use crate::shape::{ArrayShape, Field, NumberRange, ObjectShape, Presence, Rest, Shape, ShapeKind, StringShape};
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
    pub old: Option<Origin>,
    pub new: Option<Origin>,
    /// What happened, without the event's name: `customerId` is now `customer_id`.
    pub message: String,
    /// Canonical text of the fragment before and after.
    pub fragments: (String, String),
    pub effect: Effect,
    /// The declaration that took or gave the wire name, where it is not the field itself.
    pub cause: Option<Origin>,
    /// What to do about it.
    pub help: Option<String>,
    /// Whether the field was always there at base.
    pub was_required: bool,
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
    let mut differ = Differ { role, found: Vec::new() };
    differ.shapes(old, new, "", 0);
    let mut found = differ.found;
    found.retain(|change| change.effect.endangers(role) || matches!(change.effect, Effect::Harmless | Effect::Unclear));
    found.sort_by(|a, b| (&a.path, a.rule, &a.to).cmp(&(&b.path, b.rule, &b.to)));
    found.dedup_by(|b, a| a.path == b.path && a.rule == b.rule && a.to == b.to);
    found
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
                old: old.origin.clone(),
                new: new.origin.clone(),
                message,
                fragments: (fragment(old), fragment(new)),
                effect,
                cause: None,
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
                let message = format!("`{}` can no longer be worked out: {reason}", leaf(path));
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
        for field in &a.fields {
            if let Some(twin) = b.field(&field.name) {
                self.field(field, twin, path, depth);
            }
        }
        let removed: Vec<&Field> = a.fields.iter().filter(|field| b.field(&field.name).is_none()).collect();
        let added: Vec<&Field> = b.fields.iter().filter(|field| a.field(&field.name).is_none()).collect();
        self.fields_gone_and_come(&removed, &added, a, b, path, depth);
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
            (Rest::Silent | Rest::Closed, Rest::Open { values, .. }) if self.role == Role::Producer => {
                let message = "keys that are not declared may now appear".to_owned();
                self.push("fields-opened", path, old, new, Effect::Widens, message);
                let _ = values;
            }
            (Rest::Open { values: x, .. }, Rest::Open { values: y, .. }) => self.shapes(x, y, &format!("{path}/*"), depth + 1),
            _ => {}
        }
        self.bounds(
            "length-narrowed",
            "length-widened",
            path,
            old,
            new,
            (a.min_properties, a.max_properties),
            (b.min_properties, b.max_properties),
        );
    }

    fn field(&mut self, old: &Field, new: &Field, path: &str, depth: u32) {
        let place = child(path, &old.name);
        let before = self.found.len();
        if old.presence != new.presence {
            let (rule, effect, message) = match new.presence {
                Presence::Optional => ("field-became-optional", Effect::Widens, format!("`{}` may now be left out", old.name)),
                Presence::Required => ("field-became-required", Effect::Narrows, format!("`{}` is now required", old.name)),
            };
            // `null` before and absent now is one change of how nothing is said, not two.
            let nullness =
                old.shape.admits_null() != new.shape.admits_null() && !old.shape.is_unknown() && !new.shape.is_unknown();
            if nullness && old.shape.admits_null() == (new.presence == Presence::Optional) {
                let (from, to) = if new.presence == Presence::Optional { ("null", "left out") } else { ("left out", "null") };
                let message = format!("`{}` is now {to} where it was {from}", old.name);
                let rule = if self.role == Role::Producer { "null-vs-absent-changed" } else { rule };
                self.push_field(rule, &place, old, new, Effect::Replaces, message);
                let (a, b) = (without_null(&old.shape), without_null(&new.shape));
                self.shapes(&a, &b, &place, depth + 1);
                return;
            }
            self.push_field(rule, &place, old, new, effect, message);
        }
        self.shapes(&old.shape, &new.shape, &place, depth + 1);
        if old.default.is_some() && new.default.is_some() && old.default != new.default {
            let message = format!(
                "the default of `{}` is now {}, it was {}",
                old.name,
                new.default.clone().unwrap_or_default(),
                old.default.clone().unwrap_or_default()
            );
            self.push_field("default-changed", &place, old, new, Effect::Harmless, message);
        }
        for change in &mut self.found[before..] {
            if change.path == place {
                change.old = old.origin.clone().or(change.old.take());
                change.new = new.origin.clone().or(change.new.take());
                change.was_required = old.presence == Presence::Required;
            }
        }
    }

    fn push_field(&mut self, rule: RuleId, path: &str, old: &Field, new: &Field, effect: Effect, message: String) {
        if self.found.len() < MAX_CHANGES {
            self.found.push(Change {
                rule,
                path: path.to_owned(),
                to: None,
                old: old.origin.clone(),
                new: new.origin.clone(),
                message,
                fragments: (field_fragment(old), field_fragment(new)),
                effect,
                cause: None,
                help: None,
                was_required: old.presence == Presence::Required,
            });
        }
    }

    fn fields_gone_and_come(
        &mut self,
        removed: &[&Field],
        added: &[&Field],
        a: &ObjectShape,
        b: &ObjectShape,
        path: &str,
        depth: u32,
    ) {
        let renamed = rename::pairs(removed, added);
        let mut gone: Vec<&Field> =
            removed.iter().copied().filter(|field| !renamed.iter().any(|(old, _, _)| old.name == field.name)).collect();
        let mut come: Vec<&Field> =
            added.iter().copied().filter(|field| !renamed.iter().any(|(_, new, _)| new.name == field.name)).collect();
        for (old, new, likeness) in &renamed {
            // A reader that takes the new key as well as the old one has not moved.
            if self.role == Role::Consumer && (new.aliases.contains(&old.name) || old.aliases.contains(&new.name)) {
                continue;
            }
            self.renamed(old, new, *likeness, path);
            if depth < MAX_DEPTH {
                self.shapes(&old.shape, &new.shape, &child(path, &new.name), depth + 1);
            }
        }
        self.moved_into(&mut gone, &mut come, a, path);
        self.moved_out(&mut gone, &mut come, path);
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
                self.push_one_sided("unknown-compatibility", &place, Some(field), None, Effect::Unclear, message, b);
                continue;
            }
            self.push_one_sided(
                "field-removed",
                &place,
                Some(field),
                None,
                effect,
                format!("`{}` is no longer sent", field.name),
                b,
            );
        }
        for field in come {
            let place = child(path, &field.name);
            match self.role {
                Role::Producer => {
                    let message = format!("`{}` is new", field.name);
                    self.push_one_sided("field-added", &place, None, Some(field), Effect::Harmless, message, a);
                }
                Role::Consumer if field.presence == Presence::Required => {
                    let message = format!("`{}` is now required", field.name);
                    self.push_one_sided("required-field-added", &place, None, Some(field), Effect::Narrows, message, a);
                }
                Role::Consumer => {}
            }
        }
    }

    fn renamed(&mut self, old: &Field, new: &Field, likeness: Likeness, path: &str) {
        let mut message = format!("`{}` is now `{}`", old.name, new.name);
        if likeness == Likeness::Casing {
            message.push_str(" (only the casing differs)");
        }
        let lost_cause = old.cause.clone().filter(|_| new.cause.is_none());
        if lost_cause.is_some() {
            message.push_str(": the container's naming attribute no longer applies");
        }
        self.found.push(Change {
            rule: "field-renamed",
            path: child(path, &old.name),
            to: Some(child(path, &new.name)),
            old: old.origin.clone(),
            new: new.origin.clone(),
            message,
            fragments: (field_fragment(old), field_fragment(new)),
            effect: Effect::Replaces,
            cause: lost_cause.or_else(|| new.cause.clone()),
            help: Some(format!("keep the wire name `{}`, or send both names while readers move", old.name)),
            was_required: old.presence == Presence::Required,
        });
    }

    fn push_one_sided(
        &mut self,
        rule: RuleId,
        path: &str,
        old: Option<&Field>,
        new: Option<&Field>,
        effect: Effect,
        message: String,
        _other: &ObjectShape,
    ) {
        if self.found.len() < MAX_CHANGES {
            self.found.push(Change {
                rule,
                path: path.to_owned(),
                to: None,
                old: old.and_then(|field| field.origin.clone()),
                new: new.and_then(|field| field.origin.clone()),
                message,
                fragments: (old.map(field_fragment).unwrap_or_default(), new.map(field_fragment).unwrap_or_default()),
                effect,
                cause: None,
                help: None,
                was_required: old.is_some_and(|field| field.presence == Presence::Required),
            });
        }
    }

    /// `{userId}` → `{user: {id}}`, and everything into a new envelope.
    fn moved_into(&mut self, gone: &mut Vec<&Field>, come: &mut Vec<&Field>, all_old: &ObjectShape, path: &str) {
        let mut used: Vec<String> = Vec::new();
        for container in come.iter() {
            let Some(inner) = container.shape.as_object() else { continue };
            let into: Vec<(&Field, &Field)> = gone
                .iter()
                .filter_map(|field| {
                    let twin = inner.fields.iter().find(|candidate| {
                        let same_name = fold(&candidate.name) == fold(&field.name)
                            || fold(&format!("{}{}", container.name, candidate.name)) == fold(&field.name);
                        same_name && kinds_agree(&candidate.shape, &field.shape)
                    })?;
                    Some((*field, twin))
                })
                .collect();
            if into.is_empty() {
                continue;
            }
            used.push(container.name.clone());
            let everything = into.len() >= 2 && into.len() == gone.len() && gone.len() * 2 > all_old.fields.len();
            if everything {
                let names: Vec<&str> = into.iter().map(|(field, _)| field.name.as_str()).collect();
                self.found.push(Change {
                    rule: "envelope-changed",
                    path: path.to_owned(),
                    to: Some(child(path, &container.name)),
                    old: into[0].0.origin.clone(),
                    new: container.origin.clone(),
                    message: format!("the payload now stands under `{}`: {}", container.name, list(&names)),
                    fragments: (names.join(","), container.name.clone()),
                    effect: Effect::Replaces,
                    cause: None,
                    help: Some("keep the fields where readers look for them while readers move".to_owned()),
                    was_required: true,
                });
            } else {
                for (field, twin) in &into {
                    let to = child(&child(path, &container.name), &twin.name);
                    self.moved("field-moved", field, twin, child(path, &field.name), to);
                }
            }
            let moved: Vec<String> = into.iter().map(|(field, _)| field.name.clone()).collect();
            gone.retain(|field| !moved.contains(&field.name));
        }
        come.retain(|field| !used.contains(&field.name));
    }

    /// `{address: {city}}` → `{city}`.
    fn moved_out(&mut self, gone: &mut Vec<&Field>, come: &mut Vec<&Field>, path: &str) {
        let mut left: Vec<String> = Vec::new();
        for container in gone.iter() {
            let Some(inner) = container.shape.as_object() else { continue };
            let out: Vec<(&Field, &Field)> = inner
                .fields
                .iter()
                .filter_map(|field| {
                    let twin = come.iter().find(|candidate| {
                        let same_name = fold(&candidate.name) == fold(&field.name)
                            || fold(&format!("{}{}", container.name, field.name)) == fold(&candidate.name);
                        same_name && kinds_agree(&candidate.shape, &field.shape)
                    })?;
                    Some((field, *twin))
                })
                .collect();
            if out.is_empty() || out.len() * 2 < inner.fields.len() {
                continue;
            }
            left.push(container.name.clone());
            if out.len() >= 2 || inner.fields.len() == 1 {
                let names: Vec<&str> = out.iter().map(|(field, _)| field.name.as_str()).collect();
                self.found.push(Change {
                    rule: "field-flattened",
                    path: child(path, &container.name),
                    to: Some(path.to_owned()),
                    old: container.origin.clone(),
                    new: out[0].1.origin.clone(),
                    message: format!("the fields of `{}` now stand beside it: {}", container.name, list(&names)),
                    fragments: (field_fragment(container), names.join(",")),
                    effect: Effect::Replaces,
                    cause: None,
                    help: Some(format!("keep `{}` as an object while readers move", container.name)),
                    was_required: container.presence == Presence::Required,
                });
            }
            let names: Vec<String> = out.iter().map(|(_, twin)| twin.name.clone()).collect();
            come.retain(|field| !names.contains(&field.name));
        }
        gone.retain(|field| !left.contains(&field.name));
    }

    fn moved(&mut self, rule: RuleId, old: &Field, new: &Field, path: String, to: String) {
        let message = format!("`{}` now stands at `{to}`", old.name);
        self.found.push(Change {
            rule,
            path,
            to: Some(to),
            old: old.origin.clone(),
            new: new.origin.clone(),
            message,
            fragments: (field_fragment(old), field_fragment(new)),
            effect: Effect::Replaces,
            cause: None,
            help: Some(format!("send `{}` in its old place as well while readers move", old.name)),
            was_required: old.presence == Presence::Required,
        });
    }

    fn arrays(&mut self, a: &ArrayShape, b: &ArrayShape, old: &Arc<Shape>, new: &Arc<Shape>, path: &str, depth: u32) {
        if a.prefix.len() != b.prefix.len() && (!a.prefix.is_empty() && !b.prefix.is_empty()) {
            let message = format!("`{}` now has {} positions, it had {}", leaf(path), b.prefix.len(), a.prefix.len());
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
                    change.message = format!("the elements of `{}` are now {}, they were {}", leaf(path), words(y), words(x));
                }
            }
        }
        self.bounds("length-narrowed", "length-widened", path, old, new, (a.min_items, a.max_items), (b.min_items, b.max_items));
        if a.unique != b.unique {
            let effect = if b.unique { Effect::Narrows } else { Effect::Widens };
            let message = format!("`{}` {} duplicates", leaf(path), if b.unique { "no longer takes" } else { "may now hold" });
            self.push("uniqueness-changed", path, old, new, effect, message);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "two pairs of bounds and the place they stand at")]
    fn bounds(
        &mut self,
        narrowed: RuleId,
        widened: RuleId,
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
            format!("the size of `{}` is now {}, it was {}", leaf(path), show(new_min, new_max), show(old_min, old_max));
        if looser {
            self.push(widened, path, old, new, Effect::Widens, message.clone());
        }
        if tighter {
            self.push(narrowed, path, old, new, Effect::Narrows, message);
        }
    }

    fn scalars(&mut self, old: &Arc<Shape>, new: &Arc<Shape>, path: &str) {
        let name = leaf(path);
        let is_now = format!("`{name}` is now {}, it was {}", words(new), words(old));
        match (&old.kind, &new.kind) {
            (ShapeKind::Const(a), ShapeKind::Const(b)) => {
                let same_text = matches!((a, b), (Value::String(x), Value::String(y)) if fold(x) == fold(y));
                let rule = if same_text {
                    "enum-value-renamed"
                } else if kind_of(a) != kind_of(b) {
                    "type-changed"
                } else if is_version(&name) {
                    "version-field-changed"
                } else {
                    "const-changed"
                };
                self.push(rule, path, old, new, Effect::Replaces, is_now);
            }
            (ShapeKind::Const(a), other) if crate::shape::admits(other, a) => {
                self.push("enum-opened", path, old, new, Effect::Widens, is_now);
            }
            (other, ShapeKind::Const(b)) if crate::shape::admits(other, b) => {
                self.push("enum-closed", path, old, new, Effect::Narrows, is_now);
            }
            (ShapeKind::Integer(a), ShapeKind::Integer(b)) | (ShapeKind::Number(a), ShapeKind::Number(b)) => {
                self.ranges(a, b, old, new, path);
            }
            (ShapeKind::Integer(_), ShapeKind::Number(_)) => self.push("type-widened", path, old, new, Effect::Widens, is_now),
            (ShapeKind::Number(_), ShapeKind::Integer(_)) => self.push("type-narrowed", path, old, new, Effect::Narrows, is_now),
            (ShapeKind::String(a), ShapeKind::String(b)) => self.strings(a, b, old, new, path),
            (ShapeKind::Null, _) | (_, ShapeKind::Null) => self.push("type-changed", path, old, new, Effect::Replaces, is_now),
            (ShapeKind::Array(_), ShapeKind::Object(object)) | (ShapeKind::Object(object), ShapeKind::Array(_))
                if object.fields.is_empty() =>
            {
                self.push("map-record-changed", path, old, new, Effect::Replaces, is_now);
            }
            (ShapeKind::Array(_), _) | (_, ShapeKind::Array(_)) => {
                self.push("array-scalar-changed", path, old, new, Effect::Replaces, is_now);
            }
            (ShapeKind::Object(_), _) | (_, ShapeKind::Object(_)) => {
                self.push("field-restructured", path, old, new, Effect::Replaces, is_now);
            }
            (ShapeKind::String(text), ShapeKind::Integer(_) | ShapeKind::Number(_))
            | (ShapeKind::Integer(_) | ShapeKind::Number(_), ShapeKind::String(text)) => {
                let rule = match text.format.as_deref() {
                    Some("date-time" | "date" | "time") => "timestamp-encoding-changed",
                    Some("decimal") => "number-encoding-changed",
                    _ => "type-changed",
                };
                self.push(rule, path, old, new, Effect::Replaces, is_now);
            }
            _ => self.push("type-changed", path, old, new, Effect::Replaces, is_now),
        }
    }

    fn ranges(&mut self, a: &NumberRange, b: &NumberRange, old: &Shape, new: &Shape, path: &str) {
        let number = |value: &Option<serde_json::Number>| value.as_ref().and_then(crate::schema::number::exact);
        let below = |range: &NumberRange| [number(&range.minimum), number(&range.exclusive_minimum)].into_iter().flatten().max();
        let above = |range: &NumberRange| [number(&range.maximum), number(&range.exclusive_maximum)].into_iter().flatten().min();
        let mut tighter = false;
        let mut looser = false;
        match (below(a), below(b)) {
            (Some(x), Some(y)) => {
                tighter |= y > x;
                looser |= y < x;
            }
            (None, Some(_)) => tighter = true,
            (Some(_), None) => looser = true,
            (None, None) => {}
        }
        match (above(a), above(b)) {
            (Some(x), Some(y)) => {
                tighter |= y < x;
                looser |= y > x;
            }
            (None, Some(_)) => tighter = true,
            (Some(_), None) => looser = true,
            (None, None) => {}
        }
        if a.multiple_of != b.multiple_of {
            tighter |= b.multiple_of.is_some();
            looser |= a.multiple_of.is_some();
        }
        let message = format!("the range of `{}` is now {}, it was {}", leaf(path), range_words(b), range_words(a));
        if looser {
            self.push("range-widened", path, old, new, Effect::Widens, message.clone());
        }
        if tighter {
            self.push("range-narrowed", path, old, new, Effect::Narrows, message);
        }
    }

    fn strings(&mut self, a: &StringShape, b: &StringShape, old: &Shape, new: &Shape, path: &str) {
        let name = leaf(path);
        if a.format != b.format {
            let show = |format: &Option<String>| format.clone().unwrap_or_else(|| "any text".to_owned());
            let message = format!("the format of `{name}` is now {}, it was {}", show(&b.format), show(&a.format));
            let effect = match (&a.format, &b.format) {
                (Some(_), None) => Effect::Widens,
                (None, Some(_)) => Effect::Narrows,
                _ => Effect::Replaces,
            };
            self.push("format-changed", path, old, new, effect, message);
        }
        match (a.patterns.is_empty(), b.patterns.is_empty()) {
            _ if a.patterns == b.patterns => {}
            (true, false) => {
                self.push("pattern-added", path, old, new, Effect::Narrows, format!("`{name}` now has to match a pattern"))
            }
            (false, true) => {
                self.push("pattern-removed", path, old, new, Effect::Widens, format!("`{name}` no longer has to match a pattern"))
            }
            _ => self.push("pattern-changed", path, old, new, Effect::Replaces, format!("the pattern of `{name}` changed")),
        }
        self.bounds(
            "length-narrowed",
            "length-widened",
            path,
            old,
            new,
            (a.min_length, a.max_length),
            (b.min_length, b.max_length),
        );
        if a.content_encoding != b.content_encoding || a.content_media_type != b.content_media_type {
            self.push("content-encoding-changed", path, old, new, Effect::Replaces, format!("the encoding of `{name}` changed"));
        }
    }

    fn unions(&mut self, old: &Arc<Shape>, new: &Arc<Shape>, path: &str, depth: u32) {
        let name = leaf(path);
        if old.branches().iter().chain(new.branches()).any(|branch| branch.is_unknown()) {
            if !old.branches().iter().any(|branch| branch.is_unknown()) {
                let message = format!("`{name}` can no longer be worked out in full");
                self.push("unknown-compatibility", path, old, new, Effect::Unclear, message);
            }
            return;
        }
        match (old.admits_null(), new.admits_null()) {
            (false, true) => {
                self.push("field-became-nullable", path, old, new, Effect::Widens, format!("`{name}` may now be null"))
            }
            (true, false) => {
                self.push(
                    "field-became-non-nullable",
                    path,
                    old,
                    new,
                    Effect::Narrows,
                    format!("`{name}` may no longer be null"),
                );
            }
            _ => {}
        }
        let (a, b) = (without_null(old), without_null(new));
        if matches!(a.kind, ShapeKind::Never) || matches!(b.kind, ShapeKind::Never) {
            return;
        }
        if a.branches().is_empty() && b.branches().is_empty() {
            self.shapes(&a, &b, path, depth + 1);
            return;
        }
        let list =
            |shape: &Arc<Shape>| if shape.branches().is_empty() { vec![Arc::clone(shape)] } else { shape.branches().to_vec() };
        let (olds, news) = (list(&a), list(&b));
        if let (Some(x), Some(y)) = (constants(&olds), constants(&news)) {
            self.enums(&x, &y, &a, &b, path);
            return;
        }
        let is_now = format!("`{name}` is now {}, it was {}", words(&b), words(&a));
        match (constants(&olds), constants(&news)) {
            (Some(values), None)
                if news.iter().any(|branch| values.iter().all(|value| crate::shape::admits(&branch.kind, value))) =>
            {
                self.push("enum-opened", path, &a, &b, Effect::Widens, is_now);
                return;
            }
            (None, Some(values))
                if olds.iter().any(|branch| values.iter().all(|value| crate::shape::admits(&branch.kind, value))) =>
            {
                self.push("enum-closed", path, &a, &b, Effect::Narrows, is_now);
                return;
            }
            _ => {}
        }
        self.branches(olds, news, &a, &b, path, depth);
    }

    fn enums(&mut self, olds: &[Value], news: &[Value], a: &Shape, b: &Shape, path: &str) {
        let name = leaf(path);
        let mut gone: Vec<&Value> = olds.iter().filter(|value| !news.contains(value)).collect();
        let mut come: Vec<&Value> = news.iter().filter(|value| !olds.contains(value)).collect();
        let twins: Vec<(&Value, &Value)> = gone
            .iter()
            .filter_map(|old| {
                let text = old.as_str()?;
                let twin = come.iter().find(|new| new.as_str().is_some_and(|new| fold(new) == fold(text)))?;
                Some((*old, *twin))
            })
            .collect();
        if !twins.is_empty() {
            gone.retain(|value| !twins.iter().any(|(old, _)| old == value));
            come.retain(|value| !twins.iter().any(|(_, new)| new == value));
            let shown: Vec<String> = twins.iter().map(|(old, new)| format!("{old} is now {new}")).collect();
            let refs: Vec<&str> = shown.iter().map(String::as_str).collect();
            self.push("enum-value-renamed", path, a, b, Effect::Replaces, format!("of the values of `{name}`, {}", list(&refs)));
        }
        if gone.len() == 1 && come.len() == 1 && olds.len() == 1 && news.len() == 1 {
            let message = format!("`{name}` is now {}, it was {}", come[0], gone[0]);
            self.push("const-changed", path, a, b, Effect::Replaces, message);
            return;
        }
        if !come.is_empty() {
            let message = format!("`{name}` may now be {}", show_values(&come));
            self.push("enum-value-added", path, a, b, Effect::Widens, message);
        }
        if !gone.is_empty() {
            let message = format!("`{name}` is no longer {}", show_values(&gone));
            let effect = if self.role == Role::Producer { Effect::Harmless } else { Effect::Narrows };
            self.push("enum-value-removed", path, a, b, effect, message);
        }
    }

    fn branches(&mut self, olds: Vec<Arc<Shape>>, news: Vec<Arc<Shape>>, a: &Arc<Shape>, b: &Arc<Shape>, path: &str, depth: u32) {
        let (mut olds, mut news) = (olds, news);
        let tags = (discriminator(&olds), discriminator(&news));
        if let (Some(x), Some(y)) = &tags
            && x != y
            && olds.len() > 1
            && news.len() > 1
        {
            let message = format!("readers told the cases of `{}` apart by `{x}`, it is now `{y}`", leaf(path));
            self.push("discriminator-changed", path, a, b, Effect::Replaces, message);
            return;
        }
        if olds.len() > 1 && news.len() > 1 && represents_differently(&olds, &news) {
            let message = format!("the cases of `{}` are told apart in another way", leaf(path));
            self.push("enum-representation-changed", path, a, b, Effect::Replaces, message);
            return;
        }
        // Equal branches first, then those with one discriminator value, then those of one kind.
        olds.retain(|old| match news.iter().position(|new| new.same_values(old)) {
            Some(at) => {
                news.remove(at);
                false
            }
            None => true,
        });
        let tag = match &tags {
            (Some(x), _) | (None, Some(x)) => Some(x.clone()),
            (None, None) => None,
        };
        let mut pairs: Vec<(Arc<Shape>, Arc<Shape>)> = Vec::new();
        olds.retain(|old| {
            let by_tag = tag.as_ref().and_then(|tag| {
                let value = constant_of(old, tag)?;
                news.iter().position(|new| constant_of(new, tag).as_ref() == Some(&value))
            });
            let tagged = tag.as_ref().is_some_and(|tag| constant_of(old, tag).is_some());
            let at = by_tag.or_else(|| {
                if tagged {
                    return None;
                }
                let same_kind: Vec<usize> = news
                    .iter()
                    .enumerate()
                    .filter(|(_, new)| std::mem::discriminant(&new.kind) == std::mem::discriminant(&old.kind))
                    .map(|(at, _)| at)
                    .collect();
                same_kind.into_iter().max_by_key(|at| overlap(old, &news[*at]))
            });
            match at {
                Some(at) => {
                    pairs.push((Arc::clone(old), news.remove(at)));
                    false
                }
                None => true,
            }
        });
        for (old, new) in pairs {
            self.shapes(&old, &new, path, depth + 1);
        }
        let scalar =
            |shape: &Arc<Shape>| !matches!(shape.kind, ShapeKind::Object(_) | ShapeKind::Array(_) | ShapeKind::Recursive(_));
        let name = leaf(path);
        if !olds.is_empty()
            && !news.is_empty()
            && olds.len() == a.branches().len().max(1)
            && news.len() == b.branches().len().max(1)
        {
            let message = format!("`{name}` is now {}, it was {}", words(b), words(a));
            self.push("type-changed", path, a, b, Effect::Replaces, message);
            return;
        }
        if !news.is_empty() {
            let shown: Vec<String> = news.iter().map(|branch| branch_words(branch, tag.as_deref())).collect();
            let refs: Vec<&str> = shown.iter().map(String::as_str).collect();
            let rule = if news.iter().all(scalar) { "type-widened" } else { "union-branch-added" };
            self.push(rule, path, a, &news[0].clone(), Effect::Widens, format!("`{name}` may now also be {}", list(&refs)));
        }
        if !olds.is_empty() {
            let shown: Vec<String> = olds.iter().map(|branch| branch_words(branch, tag.as_deref())).collect();
            let refs: Vec<&str> = shown.iter().map(String::as_str).collect();
            let rule = if olds.iter().all(scalar) { "type-narrowed" } else { "union-branch-removed" };
            self.push(rule, path, &olds[0].clone(), b, Effect::Narrows, format!("`{name}` is no longer {}", list(&refs)));
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

fn show_values(values: &[&Value]) -> String {
    let mut shown: Vec<String> = values.iter().take(8).map(|value| value.to_string()).collect();
    if values.len() > 8 {
        shown.push(format!("{} more", values.len() - 8));
    }
    shown.join(", ")
}

fn branch_words(shape: &Shape, tag: Option<&str>) -> String {
    match tag.and_then(|tag| constant_of(shape, tag)) {
        Some(value) => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        None => shape.name.as_deref().map_or_else(|| words(shape), str::to_owned),
    }
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

fn constants(branches: &[Arc<Shape>]) -> Option<Vec<Value>> {
    branches
        .iter()
        .map(|branch| match &branch.kind {
            ShapeKind::Const(value) => Some(value.clone()),
            _ => None,
        })
        .collect()
}

fn constant_of(shape: &Shape, key: &str) -> Option<Value> {
    match &shape.as_object()?.field(key)?.shape.kind {
        ShapeKind::Const(value) => Some(value.clone()),
        _ => None,
    }
}

/// The key by whose constant value the objects of a union are told apart.
fn discriminator(branches: &[Arc<Shape>]) -> Option<String> {
    let objects: Vec<&ObjectShape> = branches.iter().filter_map(|branch| branch.as_object()).collect();
    let first = objects.first()?;
    first
        .fields
        .iter()
        .find(|field| {
            let values: Vec<Value> = branches.iter().filter_map(|branch| constant_of(branch, &field.name)).collect();
            values.len() == objects.len() && values.iter().enumerate().all(|(at, value)| !values[..at].contains(value))
        })
        .map(|field| field.name.clone())
}

/// Externally tagged before and internally after, or the other way round: the same case names in another place.
fn represents_differently(olds: &[Arc<Shape>], news: &[Arc<Shape>]) -> bool {
    let external = |branches: &[Arc<Shape>]| -> Option<Vec<String>> {
        branches
            .iter()
            .map(|branch| match &branch.kind {
                ShapeKind::Object(object) if object.fields.len() == 1 => Some(fold(&object.fields[0].name)),
                ShapeKind::Const(Value::String(text)) => Some(fold(text)),
                _ => None,
            })
            .collect()
    };
    let internal = |branches: &[Arc<Shape>]| -> Option<Vec<String>> {
        let tag = discriminator(branches)?;
        branches.iter().map(|branch| constant_of(branch, &tag)?.as_str().map(fold)).collect()
    };
    let same = |mut a: Vec<String>, mut b: Vec<String>| {
        a.sort();
        b.sort();
        a == b
    };
    match (external(olds), internal(news), internal(olds), external(news)) {
        (Some(a), Some(b), _, _) | (_, _, Some(a), Some(b)) => same(a, b),
        _ => false,
    }
}

fn overlap(a: &Shape, b: &Shape) -> usize {
    match (a.as_object(), b.as_object()) {
        (Some(a), Some(b)) => a.fields.iter().filter(|field| b.field(&field.name).is_some()).count(),
        _ => 0,
    }
}

fn kinds_agree(a: &Shape, b: &Shape) -> bool {
    a.is_unknown()
        || b.is_unknown()
        || std::mem::discriminant(&without_null_kind(a)) == std::mem::discriminant(&without_null_kind(b))
}

fn without_null_kind(shape: &Shape) -> ShapeKind {
    without_null(&Arc::new(shape.clone())).kind.clone()
}

fn kind_of(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

fn is_version(name: &str) -> bool {
    fold(name).contains("version")
}

fn range_words(range: &NumberRange) -> String {
    let mut parts = Vec::new();
    for (words, bound) in [
        ("at least", &range.minimum),
        ("more than", &range.exclusive_minimum),
        ("at most", &range.maximum),
        ("less than", &range.exclusive_maximum),
        ("a multiple of", &range.multiple_of),
    ] {
        if let Some(bound) = bound {
            parts.push(format!("{words} {bound}"));
        }
    }
    if parts.is_empty() { "any number".to_owned() } else { parts.join(" and ") }
}
