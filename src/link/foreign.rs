//! Lists of events that come from packages which are not in the repository: what they hold is not known.

use std::collections::BTreeSet;

use super::modules::FileId;
use super::resolve::{Entity, Program, Want};
use crate::facts::Name;
use crate::source::RepoPath;

/// What the name of a list of events says.
const WORDS: &[&str] = &["event", "topic", "channel", "queue", "message", "subject", "notification", "webhook"];

/// The files that import something that may be such a list, with its name there.
pub(super) fn lists(program: &Program<'_>) -> BTreeSet<(RepoPath, Name)> {
    let mut found = BTreeSet::new();
    for (at, unit) in program.files.units.iter().enumerate() {
        let file = FileId(at as u32);
        for import in &unit.facts.imports {
            let Some(local) = &import.local else { continue };
            let lower = local.to_ascii_lowercase();
            let speaks = WORDS.iter().any(|word| lower.contains(word));
            if !speaks || import.module.first().is_some_and(|first| first.starts_with('.')) {
                continue;
            }
            let entity = program.resolve(file, &import.scope, std::slice::from_ref(local), Want::Value);
            if entity.is_none_or(|found| matches!(found.entity, Entity::External(_))) {
                found.insert((unit.path.clone(), local.clone()));
            }
        }
    }
    found
}
