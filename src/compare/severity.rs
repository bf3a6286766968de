//! How much a change weighs: the rule's default, and what the readers make of it.

use crate::facts::Role;
use crate::finding::Severity;
use crate::rules;

/// The weight that the catalogue gives a rule where nothing more is known.
pub fn default_of(rule: &str) -> Severity {
    rules::find(rule).and_then(|meta| meta.severity).unwrap_or(Severity::Note)
}

/// What is known of the readers of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Some of them reject the payload or lose a field.
    Broken,
    /// They are declared, and all of them survive.
    Survive,
    /// Nobody is declared, or what the declared ones read is not known.
    Undeclared,
}

/// The weight of a change at a boundary of this kind.
pub fn weigh(rule: &str, role: Role, readers: Readers, kind: &str, closed_world: bool) -> Severity {
    let default = default_of(rule);
    match readers {
        // Somebody rejects a payload or loses a field: that is an error whatever the change would weigh by itself.
        Readers::Broken => {
            Severity::Error.min(default.max(if default == Severity::Note { Severity::Warning } else { Severity::Error }))
        }
        Readers::Survive => {
            let lighter = if closed_world || kind == "in-process" { Severity::Note } else { Severity::Warning };
            default.min(lighter)
        }
        Readers::Undeclared => match (kind, role) {
            ("analytics" | "in-process", _) => default.min(Severity::Warning),
            // Who sends it is not known, so nothing proves that it is not sent already.
            ("webhook" | "http" | "decode", Role::Consumer) => default.min(Severity::Warning),
            _ => default,
        },
    }
}
