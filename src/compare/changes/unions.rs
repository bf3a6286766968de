//! Values of several forms: null or not, listed values, and objects that a key tells apart.

use std::sync::Arc;

use serde_json::Value;

use super::{Differ, Effect, leaf, list, without_null, words};
use crate::shape::wire_name::fold;
use crate::shape::{ObjectShape, Shape, ShapeKind};

/// Pairs of branches whose fields are looked into to find which belong together; of more the names of the fields have to do.
const CLOSE_PAIRS: usize = 1_024;

impl Differ {
    pub(super) fn unions(&mut self, old: &Arc<Shape>, new: &Arc<Shape>, path: &str, depth: u32) {
        let name = leaf(path);
        if old.branches().iter().chain(new.branches()).any(|branch| branch.is_unknown()) {
            if !old.branches().iter().any(|branch| branch.is_unknown()) {
                let message = format!("`{name}` can no longer be worked out in full");
                self.push("unknown-compatibility", path, old, new, Effect::Unclear, message);
            }
            return;
        }
        if self.only_null(old, new, path) {
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
        let (olds, news) = (branches_of(&a), branches_of(&b));
        if let ([old], [new]) = (olds.as_slice(), news.as_slice()) {
            self.shapes(old, new, path, depth + 1);
            return;
        }
        if constants(&olds).is_some() && constants(&news).is_some() {
            self.enums(&olds, &news, &a, &b, path);
            return;
        }
        let is_now = format!("`{name}` changed from {} to {}", words(&a), words(&b));
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

    /// Whether one of the two was `null` and nothing else, so that what came or went is all that may stand beside it.
    fn only_null(&mut self, old: &Arc<Shape>, new: &Arc<Shape>, path: &str) -> bool {
        let is_null = |shape: &Shape| matches!(shape.kind, ShapeKind::Null);
        let name = leaf(path);
        match (is_null(old), is_null(new)) {
            (true, false) => {
                let now = words(&without_null(new));
                if new.admits_null() {
                    self.push("type-widened", path, old, new, Effect::Widens, format!("`{name}` may now also be {now}"));
                } else {
                    let message = format!("`{name}` changed from null to {now}");
                    self.push("type-changed", path, old, new, Effect::Replaces, message);
                }
            }
            (false, true) => {
                let was = words(&without_null(old));
                if old.admits_null() {
                    let message = format!("`{name}` is no longer {was}, and may only be null");
                    self.push("type-narrowed", path, old, new, Effect::Narrows, message);
                } else {
                    let message = format!("`{name}` changed from {was} to null");
                    self.push("type-changed", path, old, new, Effect::Replaces, message);
                }
            }
            (true, true) | (false, false) => return false,
        }
        true
    }

    fn branches(&mut self, olds: Vec<Arc<Shape>>, news: Vec<Arc<Shape>>, a: &Arc<Shape>, b: &Arc<Shape>, path: &str, depth: u32) {
        let listed = |branches: &[Arc<Shape>]| -> Vec<Arc<Shape>> {
            branches.iter().filter(|branch| matches!(branch.kind, ShapeKind::Const(_))).cloned().collect()
        };
        let (old_values, new_values) = (listed(&olds), listed(&news));
        let (mut olds, mut news) = (olds, news);
        let tags = (discriminator(&olds), discriminator(&news));
        if let (Some(x), Some(y)) = &tags
            && x != y
            && olds.len() > 1
            && news.len() > 1
        {
            let message = format!("the cases of `{}` are told apart by `{y}` instead of `{x}`", leaf(path));
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
        // Listed values beside other forms stay a list: a value more is a value more.
        if !old_values.is_empty() && !new_values.is_empty() {
            self.enums(&old_values, &new_values, a, b, path);
            olds.retain(|branch| !matches!(branch.kind, ShapeKind::Const(_)));
            news.retain(|branch| !matches!(branch.kind, ShapeKind::Const(_)));
        }
        let mut pairs: Vec<(Arc<Shape>, Arc<Shape>)> = Vec::new();
        let closely = olds.len() * news.len() <= CLOSE_PAIRS;
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
                // Of several that are as close the first.
                same_kind.into_iter().rev().max_by_key(|at| overlap(old, &news[*at], closely))
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
            let message = format!("`{name}` changed from {} to {}", words(a), words(b));
            self.push("type-changed", path, a, b, Effect::Replaces, message);
            return;
        }
        // A form of which nothing is known may be one of those that it was.
        let vague = |branch: &Arc<Shape>| {
            let alike = |old: &Arc<Shape>| std::mem::discriminant(&old.kind) == std::mem::discriminant(&branch.kind);
            matches!(&branch.kind, ShapeKind::Array(array) if array.items.as_ref().is_some_and(|items| items.is_unknown()))
                && branches_of(a).iter().any(alike)
        };
        if news.iter().any(vague) {
            let message = format!("`{name}` can no longer be worked out in full");
            self.push("unknown-compatibility", path, a, b, Effect::Unclear, message);
            news.retain(|branch| !vague(branch));
        }
        if !news.is_empty() {
            let shown = shown(&news, tag.as_deref());
            let refs: Vec<&str> = shown.iter().map(String::as_str).collect();
            let rule = if news.iter().all(scalar) { "type-widened" } else { "union-branch-added" };
            self.push(rule, path, a, &news[0], Effect::Widens, format!("`{name}` may now also be {}", list(&refs)));
        }
        if !olds.is_empty() {
            let shown = shown(&olds, tag.as_deref());
            let refs: Vec<&str> = shown.iter().map(String::as_str).collect();
            let rule = if olds.iter().all(scalar) { "type-narrowed" } else { "union-branch-removed" };
            self.push(rule, path, &olds[0], b, Effect::Narrows, format!("`{name}` is no longer {}", list(&refs)));
        }
    }
}

/// The forms of a value, without listed values that another form takes in: `string | "free"` is a string.
fn branches_of(shape: &Arc<Shape>) -> Vec<Arc<Shape>> {
    if shape.branches().is_empty() {
        return vec![Arc::clone(shape)];
    }
    let taken_in = |at: usize| match &shape.branches()[at].kind {
        ShapeKind::Const(value) => shape.branches().iter().enumerate().any(|(other, branch)| {
            other != at && !matches!(branch.kind, ShapeKind::Const(_)) && crate::shape::admits(&branch.kind, value)
        }),
        _ => false,
    };
    shape.branches().iter().enumerate().filter(|(at, _)| !taken_in(*at)).map(|(_, branch)| Arc::clone(branch)).collect()
}

/// Branches in words, those of one name once.
fn shown(branches: &[Arc<Shape>], tag: Option<&str>) -> Vec<String> {
    let mut shown: Vec<String> = Vec::new();
    for branch in branches {
        let words = branch_words(branch, tag);
        if !shown.contains(&words) {
            shown.push(words);
        }
    }
    shown
}

fn branch_words(shape: &Shape, tag: Option<&str>) -> String {
    match tag.and_then(|tag| constant_of(shape, tag)) {
        Some(value) => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        None => shape.name.as_deref().map_or_else(|| words(shape), str::to_owned),
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

/// How close two branches are: by the fields that say the same, then by those that both have.
fn overlap(a: &Shape, b: &Shape, closely: bool) -> (usize, usize) {
    let (Some(a), Some(b)) = (a.as_object(), b.as_object()) else { return (0, 0) };
    let twins: Vec<_> = a.fields.iter().filter_map(|field| Some((field, b.field(&field.name)?))).collect();
    let same =
        twins.iter().filter(|_| closely).filter(|(x, y)| x.presence == y.presence && x.shape.same_values(&y.shape)).count();
    (same, twins.len())
}
