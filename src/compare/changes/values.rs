//! Plain values: their types, bounds and formats, and the lists of those that are allowed.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Differ, Effect, leaf, words};
use crate::facts::Role;
use crate::link::declared::words_of;
use crate::prove::{Document, Options, Verdict, contains};
use crate::shape::wire_name::fold;
use crate::shape::{NumberRange, Shape, ShapeKind, StringShape};

impl Differ {
    pub(super) fn scalars(&mut self, old: &Arc<Shape>, new: &Arc<Shape>, path: &str) {
        let name = leaf(path);
        let is_now = format!("`{name}` changed from {} to {}", words(old), words(new));
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
        let message = format!("the range of `{}` changed from {} to {}", leaf(path), range_words(a), range_words(b));
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
            let message = format!("the format of `{name}` changed from {} to {}", show(&a.format), show(&b.format));
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
            _ => {
                let effect = patterns(&a.patterns, &b.patterns);
                if effect != Effect::Harmless {
                    self.push("pattern-changed", path, old, new, effect, format!("the pattern of `{name}` changed"));
                }
            }
        }
        self.bounds(path, old, new, (a.min_length, a.max_length), (b.min_length, b.max_length));
        if a.content_encoding != b.content_encoding || a.content_media_type != b.content_media_type {
            self.push("content-encoding-changed", path, old, new, Effect::Replaces, format!("the encoding of `{name}` changed"));
        }
    }

    /// Lists of constants.
    pub(super) fn enums(&mut self, olds: &[Arc<Shape>], news: &[Arc<Shape>], a: &Shape, b: &Shape, path: &str) {
        let name = leaf(path);
        let holds = |shapes: &[Arc<Shape>], wanted: &Shape| shapes.iter().any(|shape| shape.kind == wanted.kind);
        let mut gone: Vec<&Arc<Shape>> = olds.iter().filter(|old| !holds(news, old)).collect();
        let mut come: Vec<&Arc<Shape>> = news.iter().filter(|new| !holds(olds, new)).collect();
        let text = |shape: &Shape| match &shape.kind {
            ShapeKind::Const(Value::String(text)) => Some(fold(text)),
            _ => None,
        };
        let mut twins: Vec<(&Arc<Shape>, &Arc<Shape>)> = Vec::new();
        for old in &gone {
            let twin = come.iter().find(|new| {
                text(old).is_some() && text(old) == text(new) && !twins.iter().any(|(_, known)| Arc::ptr_eq(known, new))
            });
            if let Some(twin) = twin {
                twins.push((old, twin));
            }
        }
        if !twins.is_empty() {
            gone.retain(|value| !twins.iter().any(|(old, _)| Arc::ptr_eq(old, value)));
            come.retain(|value| !twins.iter().any(|(_, new)| Arc::ptr_eq(new, value)));
            let shown: Vec<String> =
                twins.iter().take(SHOWN).map(|(old, new)| format!("{} is now {}", words(old), words(new))).collect();
            let more = if twins.len() > SHOWN { format!(" and {} more", twins.len() - SHOWN) } else { String::new() };
            let how = match self.role {
                Role::Producer => "are spelled in another way",
                Role::Consumer => "are now read in another spelling",
            };
            let message = format!("values of `{name}` {how}: {}{more}", shown.join(", "));
            self.push("enum-value-renamed", path, a, b, Effect::Replaces, message);
            // One value was edited where it stands, several by something above them.
            if let ([(old, new)], Some(change)) = (twins.as_slice(), self.found.last_mut()) {
                change.old = old.origin.clone().or(change.old.take());
                change.new = new.origin.clone().or(change.new.take());
            }
        }
        if let ([old], [new], 1, 1) = (gone.as_slice(), come.as_slice(), olds.len(), news.len()) {
            let message = format!("`{name}` changed from {} to {}", words(old), words(new));
            self.push("const-changed", path, a, b, Effect::Replaces, message);
            return;
        }
        if !come.is_empty() {
            let message = format!("`{name}` may now be {}", show_values(&come));
            self.push("enum-value-added", path, a, b, Effect::Widens, message);
            if let Some(change) = self.found.last_mut() {
                change.new = come[0].origin.clone().or(change.new.take());
            }
        }
        if !gone.is_empty() {
            let message = format!("`{name}` is no longer {}", show_values(&gone));
            let effect = if self.role == Role::Producer { Effect::Harmless } else { Effect::Narrows };
            self.push("enum-value-removed", path, a, b, effect, message);
            if let Some(change) = self.found.last_mut() {
                change.old = gone[0].origin.clone().or(change.old.take());
            }
        }
    }
}

/// What another pattern does to the set of texts, as far as it can be proved.
fn patterns(old: &[String], new: &[String]) -> Effect {
    let document = |patterns: &[String]| {
        let all: Vec<Value> = patterns.iter().map(|pattern| json!({ "pattern": pattern })).collect();
        Document::new(json!({ "type": "string", "allOf": all }), None, &[])
    };
    let (Ok(old), Ok(new)) = (document(old), document(new)) else { return Effect::Replaces };
    let holds = |outer: &Document, inner: &Document| matches!(contains(outer, inner, &Options::default()), Verdict::Contained);
    match (holds(&old, &new), holds(&new, &old)) {
        (true, true) => Effect::Harmless,
        (true, false) => Effect::Narrows,
        (false, true) => Effect::Widens,
        (false, false) => Effect::Replaces,
    }
}

/// How many values a message lists.
const SHOWN: usize = 8;

fn show_values(values: &[&Arc<Shape>]) -> String {
    let mut shown: Vec<String> = values.iter().take(SHOWN).map(|value| words(value)).collect();
    if values.len() > SHOWN {
        shown.push(format!("{} more", values.len() - SHOWN));
    }
    shown.join(", ")
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

/// Words that make a version one of what is sent, and not of who sends it.
const FORMS: &[&str] = &[
    "schema", "event", "payload", "message", "spec", "format", "contract", "model", "protocol", "type", "envelope", "data",
    "api", "wire", "document", "body",
];

/// Whether a version is the one of a program, which every release raises: three numbers under a key that says of what it is one
/// (`appVersion: "4.15.0"`), or under `version` alone as long as the first of them stays (Semantic Versioning, section 8: whoever
/// understood the old one understands the new one), and the second as well while the first is 0. What is `measured` has no form that
/// is counted in releases.
pub(in crate::compare) fn is_of_program(name: &str, old: &str, new: &str, measured: bool) -> bool {
    let words: Vec<_> = words_of(name).into_iter().filter(|word| word != "version").collect();
    let (Some(old), Some(new)) = (release(old), release(new)) else { return false };
    let same_line = old[0] == new[0] && (old[0] != "0" || old[1] == new[1]);
    if words.is_empty() { measured || same_line } else { !words.iter().any(|word| FORMS.contains(&word.as_str())) }
}

/// The three numbers of a release that a fragment holds as a constant.
fn release(fragment: &str) -> Option<[String; 3]> {
    let value: Value = serde_json::from_str(fragment).ok()?;
    let text = value.get("const")?.as_str()?;
    let numbers = text.trim_start_matches('v').split(['-', '+']).next()?;
    let parts: Vec<String> = numbers.split('.').map(str::to_owned).collect();
    let are_numbers = parts.iter().all(|part| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit()));
    if are_numbers { parts.try_into().ok() } else { None }
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

#[cfg(test)]
mod tests {
    use super::is_of_program;

    #[test]
    fn a_program_that_says_its_version_is_another_matter_than_a_form_that_does() {
        let raised = |name: &str, old: &str, new: &str| {
            is_of_program(name, &format!("{{\"const\":\"{old}\"}}"), &format!("{{\"const\":\"{new}\"}}"), false)
        };
        let measured = |name: &str| is_of_program(name, r#"{"const":"0.29.2"}"#, r#"{"const":"0.30.0"}"#, true);
        assert!(measured("version") && !measured("schema_version"));
        assert!(raised("langfuseVersion", "v4.15.0", "v4.16.0"));
        assert!(raised("app_version", "1.0.9-rc.1", "1.1.0"));
        assert!(raised("version", "6.9.0", "6.10.0"));
        assert!(raised("version", "0.24.2", "0.24.3"));
        assert!(!raised("version", "1.9.0", "2.0.0"));
        assert!(!raised("version", "0.3.0", "0.4.0"));
        assert!(!raised("version", "1.0", "1.1"));
        assert!(!raised("schemaVersion", "1.0.0", "1.1.0"));
        assert!(!raised("appVersion", "2", "3"));
    }
}
