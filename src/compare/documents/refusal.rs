//! A refusal of the validator in the words of the rules.

use super::Given;
use super::place::leaf;
use crate::facts::Role;
use crate::finding::RuleId;
use crate::prove::Violation;
use crate::source::Origin;

/// Who says no to what, in a few words.
pub(super) fn words(violation: &Violation) -> String {
    let at = if violation.path.is_empty() { String::new() } else { format!(" at `{}`", violation.path) };
    match (&violation.property, violation.keyword.as_str()) {
        (Some(property), "required") => format!("it requires `{property}`{at}"),
        (Some(property), "additionalProperties" | "unevaluatedProperties") => format!("it does not take `{property}`{at}"),
        _ => format!("{}{at}", violation.message),
    }
}

/// The rule that speaks of such a refusal.
pub(super) fn rule(violation: &Violation, role: Role) -> RuleId {
    let (producer, consumer) = match violation.keyword.as_str() {
        "type" => ("type-widened", "type-narrowed"),
        "enum" => ("enum-opened", "enum-closed"),
        "const" => ("const-changed", "const-changed"),
        "required" => ("field-became-optional", "field-became-required"),
        "additionalProperties" | "unevaluatedProperties" | "falseSchema" => ("fields-opened", "fields-closed"),
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => ("range-widened", "range-narrowed"),
        "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => {
            ("length-widened", "length-narrowed")
        }
        "additionalItems" | "unevaluatedItems" => ("length-widened", "length-narrowed"),
        "pattern" => ("pattern-removed", "pattern-added"),
        "format" => ("format-changed", "format-changed"),
        "uniqueItems" => ("uniqueness-changed", "uniqueness-changed"),
        "anyOf" | "oneOf" => ("union-branch-added", "union-branch-removed"),
        _ => ("conditional-changed", "conditional-changed"),
    };
    match role {
        Role::Producer => producer,
        Role::Consumer => consumer,
    }
}

/// What happened, as far as a refusal tells it.
pub(super) fn message(violation: &Violation, role: Role) -> String {
    let name = leaf(&violation.path);
    match (role, &violation.property, violation.keyword.as_str()) {
        (Role::Producer, Some(property), "required") => format!("`{property}` may now be left out"),
        (Role::Consumer, Some(property), "required") => format!("`{property}` is now required"),
        (Role::Producer, Some(property), _) => format!("`{property}` may now be sent, which was not allowed"),
        (Role::Consumer, Some(property), _) => format!("`{property}` is no longer taken"),
        (Role::Producer, None, _) => format!("`{name}` may now be what was not allowed"),
        (Role::Consumer, None, _) => format!("`{name}` may no longer be what was allowed"),
    }
}

/// Where the reader's document says so.
pub(super) fn place(violation: &Violation, reader: &Given<'_>) -> Option<Origin> {
    let mut pointer = violation.schema_path.as_str();
    loop {
        if reader.schema.value().pointer(pointer).is_some() {
            return (reader.places)(pointer);
        }
        pointer = pointer.rsplit_once('/')?.0;
    }
}
