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
        (None, "oneOf") if violation.message.contains("more than one") => {
            format!("the value fits more than one of the forms of which exactly one has to fit{at}")
        }
        (None, "anyOf" | "oneOf") => format!("the value fits none of the forms that are listed{at}"),
        (None, "falseSchema") => format!("no value may stand{at}"),
        (None, "not") => format!("the value is what `not` rules out{at}"),
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
        (Role::Producer, None, _) => format!("`{name}` may now have a value that was not allowed"),
        (Role::Consumer, None, _) => format!("`{name}` may no longer have every value that was allowed"),
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

/// Where the reader's document turns away keys that it does not name, if that is in the object that stands at `holder`.
pub(super) fn closing(violation: &Violation, reader: &Given<'_>, holder: Option<&Origin>) -> Option<Origin> {
    let keyword = violation.keyword.as_str();
    if !matches!(keyword, "additionalProperties" | "unevaluatedProperties") {
        return None;
    }
    // The path of a schema in another file reads as one of this file would.
    let pointer = violation.schema_path.as_str();
    reader.schema.value().pointer(pointer)?;
    let place = (reader.places)(pointer)?;
    let holder = holder?;
    (pointer.ends_with(keyword) && place.file == holder.file && place.span.start >= holder.span.start).then_some(place)
}
