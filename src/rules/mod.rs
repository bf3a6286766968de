//! The rules: what each is called, which question of a review it answers, how much it weighs, and its page.
//!
//! A rule's page is its documentation, its test and what `driftgate explain` prints; the harness in `tests/it/pages.rs` runs the
//! examples of every page listed here. A rule is listed when it works and not before. Deciding whether a rule fires is the work of
//! `compare`: this is the catalogue alone.

mod catalogue;

pub use catalogue::RULES;

use crate::error::UserError;
use crate::finding::Severity;
use crate::report::{RuleCatalogue, RuleInfo};
use crate::suggest;

/// What is known of a rule apart from any change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleMeta {
    /// Stable once released and never reused.
    pub id: &'static str,
    /// The ids that it had before.
    pub aliases: &'static [&'static str],
    /// Which of the six review questions it answers; `None` where it answers none of them.
    pub question: Option<u8>,
    pub family: Family,
    /// How much it weighs where nothing is configured and nothing speaks for less; `None` where it is off.
    pub severity: Option<Severity>,
    pub direction: Direction,
    /// One sentence.
    pub summary: &'static str,
    /// The whole page, in Markdown.
    pub page: &'static str,
}

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// The keys of a payload.
    Fields,
    /// The types and values behind the keys.
    Values,
    /// The event, its channel and what is wrapped around the payload.
    Events,
    /// What was promised, and the gate itself.
    Contracts,
    /// Test doubles and fixtures.
    Tests,
    /// When, how often and how surely a payload is handed over.
    Handoff,
    /// Who may call, and with what proof.
    Security,
}

impl Family {
    pub fn as_str(self) -> &'static str {
        match self {
            Family::Fields => "fields",
            Family::Values => "types and values",
            Family::Events => "events and channels",
            Family::Contracts => "contracts and the gate",
            Family::Tests => "mocks and tests",
            Family::Handoff => "timing, retries and idempotency",
            Family::Security => "webhook security",
        }
    }
}

/// Whose change a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// A producer changed in a way that breaks readers which are there already.
    Producer,
    /// A consumer changed in a way that rejects or misreads what is sent already.
    Consumer,
    /// Either of the two.
    Either,
    /// A promise, the configuration or the repository as a whole.
    Repository,
}

impl Direction {
    pub fn as_str(self) -> &'static str {
        match self {
            Direction::Producer => "producer",
            Direction::Consumer => "consumer",
            Direction::Either => "producer or consumer",
            Direction::Repository => "repository",
        }
    }
}

/// Rules about how an event is handed over that stand among those about events.
const HANDED_OVER: &[&str] = &["event-now-conditional", "event-duplicated", "event-order-changed", "partition-key-changed"];

impl RuleMeta {
    /// Whether a comment on the line may waive it: rules about the handoff and about tests, never those about what is sent.
    pub fn waivable(&self) -> bool {
        match self.family {
            Family::Handoff | Family::Security | Family::Tests => true,
            Family::Events => HANDED_OVER.contains(&self.id),
            Family::Fields | Family::Values | Family::Contracts => false,
        }
    }
}

/// The rule of this id, or the one that once had it.
pub fn find(id: &str) -> Option<&'static RuleMeta> {
    RULES.iter().find(|rule| rule.id == id || rule.aliases.contains(&id))
}

/// The rule that a person asks for.
///
/// # Errors
/// Where there is none of that name; the help names the nearest.
pub fn asked_for(id: &str) -> Result<&'static RuleMeta, UserError> {
    find(id).ok_or_else(|| {
        let names = names();
        let help = match suggest::nearest(id, &names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`driftgate explain` without a name lists the rules".to_owned(),
        };
        UserError::Usage { message: format!("there is no rule `{id}`"), help }
    })
}

/// Every name that a configuration, a waiver or a command may use, old ones included.
pub fn names() -> Vec<&'static str> {
    RULES.iter().flat_map(|rule| std::iter::once(rule.id).chain(rule.aliases.iter().copied())).collect()
}

/// The rules as the reporters know them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Catalogue;

impl RuleCatalogue for Catalogue {
    fn rule(&self, id: &str) -> Option<RuleInfo<'_>> {
        find(id).map(|rule| RuleInfo {
            id: rule.id,
            question: rule.question,
            // A rule that is off weighs as little as a rule can, for whoever turns it on without saying more.
            severity: rule.severity.unwrap_or(Severity::Note),
            summary: rule.summary,
            page: rule.page,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_kebab_case_and_used_once() {
        let mut seen = BTreeSet::new();
        for name in names() {
            assert!(seen.insert(name), "`{name}` twice");
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "`{name}`");
        }
    }

    #[test]
    fn a_page_opens_with_its_rule_and_says_how_to_get_out_and_what_the_mirror_is() {
        for rule in RULES {
            assert!(rule.page.starts_with(&format!("# {}\n", rule.id)), "{}: the title", rule.id);
            assert!(rule.page.contains("\n**Way out.** "), "{}: how to get out", rule.id);
            assert!(rule.page.contains("\n**Mirror.** "), "{}: the mirror rule, or why there is none", rule.id);
            assert!(rule.summary.ends_with('.') && !rule.summary.contains('\n'), "{}: the summary is a sentence", rule.id);
            assert!(rule.question.is_none_or(|question| (1..=6).contains(&question)), "{}: the question", rule.id);
        }
    }

    #[test]
    fn the_rules_that_a_page_names_exist() {
        for rule in RULES {
            let mirror = rule.page.split("\n**Mirror.** ").nth(1).unwrap_or_default();
            let mirror = mirror.split("\n\n").next().unwrap_or_default();
            for word in mirror.split('`').skip(1).step_by(2).filter(|word| word.contains('-') && !word.contains([' ', '.', '/']))
            {
                assert!(find(word).is_some(), "{}: there is no rule `{word}`", rule.id);
            }
        }
    }

    #[test]
    fn a_typo_is_told_the_rule_that_was_meant() {
        assert_eq!(find("field-renamed").map(|rule| rule.id), Some("field-renamed"));
        assert_eq!(
            asked_for("field-rename").map_err(|error| match error {
                UserError::Usage { help, .. } => help,
                other => other.to_string(),
            }),
            Err("did you mean `field-renamed`?".to_owned())
        );
    }
}
