//! Fields that go by another name or stand at another place.

use std::sync::Arc;

use super::{Change, Differ, Effect, child, field_fragment, list, without_null};
use crate::compare::rename::{self, Likeness};
use crate::facts::Role;
use crate::finding::RuleId;
use crate::shape::wire_name::fold;
use crate::shape::{Field, ObjectShape, Presence, Shape, ShapeKind};
use crate::source::Origin;

/// Keys under which an envelope holds its payload.
const PAYLOAD_KEYS: &[&str] =
    &["data", "payload", "body", "detail", "details", "event", "message", "content", "attributes", "record", "object", "params"];

/// Whether two keys of the outermost object hold the payload itself, and the envelope is what changed.
fn holds_payload(old: &Field, new: &Field, path: &str) -> bool {
    let is_key = |field: &Field| field.shape.as_object().is_some() && PAYLOAD_KEYS.contains(&field.name.as_str());
    path.is_empty() && is_key(old) && is_key(new)
}

impl Differ {
    /// Fields of one object that go by other names.
    pub(super) fn renamed(&mut self, pairs: &[(&Field, &Field, Likeness)], holder: &Shape, all_new: &ObjectShape, path: &str) {
        // A reader that takes every key that it took has not moved.
        let takes = |field: &Field, key: &String| field.name == *key || field.aliases.contains(key);
        let moved = |old: &Field, new: &Field| {
            self.role == Role::Producer || !std::iter::once(&old.name).chain(&old.aliases).all(|key| takes(new, key))
        };
        let pairs: Vec<&(&Field, &Field, Likeness)> = pairs.iter().filter(|(old, new, _)| moved(old, new)).collect();
        // One attribute of the object names all of its fields: what it renames is one change, and stands where the attribute does.
        let by_attribute: Vec<(&Field, &Field)> = pairs
            .iter()
            .filter(|(old, new, _)| rename::source(old) == rename::source(new) && (old.cause.is_some() || new.cause.is_some()))
            .map(|(old, new, _)| (*old, *new))
            .collect();
        let attribute = by_attribute.iter().find_map(|(_, new)| new.cause.clone());
        let lost = attribute.is_none() && !all_new.fields.iter().any(|field| field.cause.is_some());
        let grouped = by_attribute.len() > 1 && (attribute.is_some() || lost);
        if grouped {
            self.by_attribute(&by_attribute, attribute.clone().or_else(|| holder.origin.clone()), path);
        }
        for (old, new, likeness) in pairs {
            let own_attribute = by_attribute.iter().any(|(known, _)| known.name == old.name);
            if grouped && own_attribute {
                continue;
            }
            let envelope = holds_payload(old, new, path);
            let mut message = match (self.role, envelope) {
                (Role::Producer, false) => format!("`{}` is now `{}`", old.name, new.name),
                (Role::Consumer, false) => format!("`{}` is now read as `{}`", old.name, new.name),
                (Role::Producer, true) => format!("the payload now stands under `{}`, not `{}`", new.name, old.name),
                (Role::Consumer, true) => format!("the payload is now read under `{}`, not `{}`", new.name, old.name),
            };
            if *likeness == Likeness::Casing {
                message.push_str(" (only the casing differs)");
            }
            // Where the attribute is gone, it is what stood there before and stands there no more.
            let before = if own_attribute && new.cause.is_none() { old.cause.clone() } else { None };
            let place = if own_attribute && new.cause.is_some() { new.cause.clone() } else { new.origin.clone() };
            self.found.push(Change {
                rule: if envelope { "envelope-changed" } else { "field-renamed" },
                path: child(path, &old.name),
                to: Some(child(path, &new.name)),
                also: Vec::new(),
                old: before.or_else(|| old.origin.clone()),
                new: place,
                message,
                fragments: (field_fragment(old), field_fragment(new)),
                effect: Effect::Replaces,
                help: Some(self.keep_name(&old.name)),
                was_required: old.presence == Presence::Required,
            });
        }
    }

    fn by_attribute(&mut self, pairs: &[(&Field, &Field)], attribute: Option<Origin>, path: &str) {
        let names: Vec<String> = pairs.iter().map(|(old, new)| format!("{}` → `{}", old.name, new.name)).collect();
        let refs: Vec<&str> = names.iter().map(String::as_str).collect();
        let fragments = |side: fn(&(&Field, &Field)) -> String| pairs.iter().map(side).collect::<Vec<_>>().join(",");
        self.found.push(Change {
            rule: "field-renamed",
            path: path.to_owned(),
            to: None,
            also: pairs.iter().map(|(old, new)| (child(path, &old.name), Some(child(path, &new.name)))).collect(),
            old: pairs.iter().find_map(|(old, _)| old.cause.clone()).or_else(|| pairs[0].0.origin.clone()),
            new: attribute,
            message: format!("{} fields go by other names through one attribute: {}", pairs.len(), list(&refs)),
            fragments: (fragments(|(old, _)| field_fragment(old)), fragments(|(_, new)| field_fragment(new))),
            effect: Effect::Replaces,
            help: Some("keep the attribute that names the fields on the wire, or send both forms while readers move".to_owned()),
            was_required: pairs.iter().any(|(old, _)| old.presence == Presence::Required),
        });
    }

    fn keep_name(&self, name: &str) -> String {
        match self.role {
            Role::Producer => format!("keep the wire name `{name}`, or send both names while readers move"),
            Role::Consumer => format!("take `{name}` as well while producers send it"),
        }
    }

    /// `{userId}` → `{user: {id}}`, and everything into a new envelope.
    pub(super) fn moved_into(&mut self, gone: &mut Vec<&Field>, come: &mut Vec<&Field>, all_old: &ObjectShape, path: &str) {
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
                    also: Vec::new(),
                    old: into[0].0.origin.clone(),
                    new: container.origin.clone(),
                    message: format!("the payload now stands under `{}`: {}", container.name, list(&names)),
                    fragments: (names.join(","), container.name.clone()),
                    effect: Effect::Replaces,
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
    pub(super) fn moved_out(&mut self, gone: &mut Vec<&Field>, come: &mut Vec<&Field>, holder: &Shape, path: &str) {
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
                    also: Vec::new(),
                    old: container.origin.clone(),
                    // The fields may be declared elsewhere; what was edited is the object that holds them now.
                    new: holder.origin.clone().or_else(|| out[0].1.origin.clone()),
                    message: format!("the fields of `{}` now stand beside it: {}", container.name, list(&names)),
                    fragments: (field_fragment(container), names.join(",")),
                    effect: Effect::Replaces,
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
            also: Vec::new(),
            old: old.origin.clone(),
            new: new.origin.clone(),
            message,
            fragments: (field_fragment(old), field_fragment(new)),
            effect: Effect::Replaces,
            help: Some(format!("send `{}` in its old place as well while readers move", old.name)),
            was_required: old.presence == Presence::Required,
        });
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
