//! What two states of a registered schema say beyond their fields: conditions, and keys that are left open by silence.

use super::documents::{self, Given, Question};
use super::pair::{Pair, pairs};
use super::registered::KIND;
use super::{Compared, EventPair, Sides};
use crate::facts::Role;
use crate::finding::{Finding, Severity};
use crate::link::model::Boundary;
use crate::prove::Document;
use crate::registry::{Promise, Registry};
use crate::source::Origin;

/// The rules that only a comparison of whole documents sees.
const RULES: [&str; 2] = ["conditional-changed", "open-content"];

/// Compares the registered schemas of one event.
pub(super) fn judge(pair: &EventPair<'_>, sides: &Sides<'_>, compared: &mut Compared) {
    let kinds = [
        (Role::Producer, &pair.base_producers, &pair.head_producers),
        (Role::Consumer, &pair.base_consumers, &pair.head_consumers),
    ];
    for (role, base, head) in kinds {
        let registered = |all: &[&'_ Boundary]| -> Vec<usize> {
            (0..all.len()).filter(|at| all[*at].kind == KIND && all[*at].document.is_some()).collect()
        };
        let old: Vec<&Boundary> = registered(base).into_iter().map(|at| base[at]).collect();
        let new: Vec<&Boundary> = registered(head).into_iter().map(|at| head[at]).collect();
        for matched in pairs(&old, &new) {
            let Pair::Both(old, new) = matched else { continue };
            if old.document == new.document {
                continue;
            }
            let Some(found) = differences(pair, old, new, role, sides) else { continue };
            for mut finding in found {
                compared.touched.insert(pair.event.clone());
                // What is registered for a reader or a writer is one promise among others: those that are broken say so themselves.
                finding.severity = finding.severity.min(match (role, pair.readers.is_empty()) {
                    (Role::Producer, false) => Severity::Warning,
                    (Role::Producer, true) | (Role::Consumer, _) => Severity::Error,
                });
                compared.findings.push(finding);
            }
        }
    }
}

fn differences(pair: &EventPair<'_>, old: &Boundary, new: &Boundary, role: Role, sides: &Sides<'_>) -> Option<Vec<Finding>> {
    let (before, after) = (promise(sides.base_registry, old)?, promise(sides.head_registry, new)?);
    let document = |promise: &Promise| Document::new((*promise.schema.document).clone(), None, &[]).ok();
    let (old_schema, new_schema) = (document(before)?, document(after)?);
    let old_places = |pointer: &str| -> Option<Origin> { Some(before.schema.origin(pointer)) };
    let new_places = |pointer: &str| -> Option<Origin> { Some(after.schema.origin(pointer)) };
    let found = documents::judge(
        &Given { schema: &old_schema, places: &old_places, hole: before.schema.unknown() },
        &Given { schema: &new_schema, places: &new_places, hole: after.schema.unknown() },
        Question { role, strict: false, event: &pair.event },
    );
    Some(found.into_iter().filter(|finding| RULES.contains(&finding.rule)).collect())
}

fn promise<'r>(registry: &'r Registry, boundary: &Boundary) -> Option<&'r Promise> {
    registry.promises.iter().find(|promise| {
        promise.origin == boundary.origin
            && promise.role == boundary.role
            && boundary.document.as_ref().is_some_and(|document| *document == promise.schema.document)
    })
}
