//! What a change to the configuration takes away from the gate.
//!
//! The configuration of the base branch decides. What head tightens counts at once; what it loosens is listed and does not
//! count. A missing file is the default configuration, so deleting it is compared like any other edit.

use std::collections::BTreeSet;

use super::{Config, EnvelopeRow, FailOn, FixtureRow, IdiomRow, InFlight, Located, RuleLevel, SchemaRow};
use crate::finding::Severity;
use crate::source::Span;

/// One thing that head's configuration would let pass and base's would not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Weakening {
    /// The setting, as a path: `check.fail-on`, `rules.field-removed`, `paths.exclude`.
    pub setting: String,
    /// What happened, in words.
    pub message: String,
    /// What base and head say, in their own words; empty where nothing is said.
    pub before: String,
    pub after: String,
    /// `None` where base has nothing at that place.
    pub base: Option<Span>,
    /// `None` where head has nothing at that place any more.
    pub head: Option<Span>,
}

impl Config {
    /// What `head` loosens, in a fixed order. `default` gives the weight that a rule has where nothing is configured; `None`
    /// for a rule that is off by default or not known.
    pub fn loosened_by(&self, head: &Config, default: &dyn Fn(&str) -> Option<Severity>) -> Vec<Weakening> {
        let mut found = Vec::new();
        self.compare_check(head, &mut found);
        self.compare_rules(head, default, &mut found);
        added(&mut found, "paths.exclude", "is no longer read", &self.paths.exclude, &head.paths.exclude);
        added(&mut found, "paths.tests", "now counts as a test", &self.paths.tests, &head.paths.tests);
        removed(&mut found, "schema", "schemas are no longer bound to events", &self.schemas, &head.schemas, schema_words);
        removed(&mut found, "idiom", "calls are no longer recognised", &self.idioms, &head.idioms, idiom_words);
        removed(&mut found, "envelope", "an envelope is no longer known", &self.envelopes, &head.envelopes, envelope_words);
        removed(
            &mut found,
            "fixture",
            "files of test data are no longer bound to events",
            &self.fixtures,
            &head.fixtures,
            fixture_words,
        );
        let kept: BTreeSet<&str> = head.contract_paths().into_iter().collect();
        for path in self.contract_paths() {
            if !kept.contains(path) {
                let base = self.contracts.paths.iter().flatten().find(|p| p.value == path).map(|p| p.span);
                let head = head.contracts.paths.iter().flatten().next().map(|p| p.span);
                found.push(Weakening {
                    setting: "contracts.paths".to_owned(),
                    message: format!("contracts under `{path}` are no longer read"),
                    before: path.to_owned(),
                    after: String::new(),
                    base,
                    head,
                });
            }
        }
        for (setting, before, after) in [
            ("agents.trailers", &self.agents.trailers, &head.agents.trailers),
            ("agents.authors", &self.agents.authors, &head.agents.authors),
        ] {
            for entry in before.iter().filter(|entry| !after.contains(entry)) {
                found.push(Weakening {
                    setting: setting.to_owned(),
                    message: format!("changes by `{}` are no longer known as written by an agent", entry.value),
                    before: entry.value.clone(),
                    after: String::new(),
                    base: Some(entry.span),
                    head: None,
                });
            }
        }
        found
    }

    fn compare_check(&self, head: &Config, found: &mut Vec<Weakening>) {
        if head.fail_on() < self.fail_on() {
            found.push(changed(
                "check.fail-on",
                format!("the check fails on `{}` instead of `{}`", head.fail_on().as_str(), self.fail_on().as_str()),
                (self.fail_on().as_str(), self.check.fail_on.as_ref().map(|level| level.span)),
                (head.fail_on().as_str(), head.check.fail_on.as_ref().map(|level| level.span)),
            ));
        }
        let (before, after) = (self.agents_fail_on(), head.agents_fail_on());
        if self.agents.fail_on.is_some() && after < before {
            found.push(changed(
                "agents.fail-on",
                format!("a change by an agent fails on `{}` instead of `{}`", after.as_str(), before.as_str()),
                (before.as_str(), self.agents.fail_on.as_ref().map(|level| level.span)),
                (after.as_str(), head.agents.fail_on.as_ref().map(|level| level.span)),
            ));
        }
        for (setting, message, before, after) in [
            (
                "check.closed-world",
                "readers outside of the repository no longer count",
                &self.check.closed_world,
                &head.check.closed_world,
            ),
            ("check.self-accept", "a change may accept its own breaks", &self.check.self_accept, &head.check.self_accept),
        ] {
            let (was, is) = (before.as_ref().is_some_and(|on| on.value), after.as_ref().is_some_and(|on| on.value));
            if is && !was {
                let words = |on: bool| if on { "true" } else { "false" };
                found.push(changed(
                    setting,
                    message.to_owned(),
                    (words(was), before.as_ref().map(|on| on.span)),
                    (words(is), after.as_ref().map(|on| on.span)),
                ));
            }
        }
        if self.in_flight() == InFlight::Error && head.in_flight() == InFlight::Ignore {
            found.push(changed(
                "check.in-flight",
                "messages in flight are ignored".to_owned(),
                ("error", self.check.in_flight.as_ref().map(|level| level.span)),
                ("ignore", head.check.in_flight.as_ref().map(|level| level.span)),
            ));
        }
    }

    fn compare_rules(&self, head: &Config, default: &dyn Fn(&str) -> Option<Severity>, found: &mut Vec<Weakening>) {
        let names: BTreeSet<&String> = self.rules.keys().chain(head.rules.keys()).collect();
        for name in names {
            let level =
                |config: &Config| config.rules.get(name).map_or_else(|| RuleLevel::from(default(name)), |level| level.value);
            let (before, after) = (level(self), level(head));
            if after < before {
                let message = match after {
                    RuleLevel::Off => format!("the rule `{name}` is off"),
                    RuleLevel::Note | RuleLevel::Warning | RuleLevel::Error => {
                        format!("the rule `{name}` is a {} instead of {}", after.as_str(), before.as_str())
                    }
                };
                found.push(changed(
                    &format!("rules.{name}"),
                    message,
                    (before.as_str(), self.rules.get(name).map(|level| level.span)),
                    (after.as_str(), head.rules.get(name).map(|level| level.span)),
                ));
            }
        }
    }

    fn agents_fail_on(&self) -> FailOn {
        self.agents.fail_on.as_ref().map_or_else(|| self.fail_on(), |level| level.value)
    }

    /// Base's configuration with what `head` tightens in it: what a check of that change goes by.
    ///
    /// Idioms and envelopes say how code is to be read, so head's row stands in for base's row of the same call; one that head
    /// drops stays.
    pub fn tightened_by(&self, head: &Config, default: &dyn Fn(&str) -> Option<Severity>) -> Config {
        let mut config = self.clone();
        if head.fail_on() > self.fail_on() {
            config.check.fail_on = head.check.fail_on.clone();
        }
        if head.agents_fail_on() > self.agents_fail_on() {
            config.agents.fail_on = head.agents.fail_on.clone().or_else(|| head.check.fail_on.clone());
        }
        if self.closed_world() && !head.closed_world() {
            config.check.closed_world = None;
        }
        if self.self_accept() && !head.self_accept() {
            config.check.self_accept = None;
        }
        if self.in_flight() == InFlight::Ignore && head.in_flight() == InFlight::Error {
            config.check.in_flight = None;
        }
        config.paths.exclude.retain(|glob| head.paths.exclude.contains(glob));
        config.paths.tests.retain(|glob| head.paths.tests.contains(glob));
        for (name, level) in &head.rules {
            let before = self.rules.get(name).map_or_else(|| RuleLevel::from(default(name)), |level| level.value);
            if level.value > before {
                config.rules.insert(name.clone(), level.clone());
            }
        }
        for (name, level) in &self.rules {
            if !head.rules.contains_key(name) && RuleLevel::from(default(name)) > level.value {
                config.rules.remove(name);
            }
        }
        for row in head.schemas.iter().filter(|row| !self.schemas.contains(row)) {
            config.schemas.push(row.clone());
        }
        for row in head.fixtures.iter().filter(|row| !self.fixtures.contains(row)) {
            config.fixtures.push(row.clone());
        }
        replace(&mut config.idioms, &head.idioms, same_call);
        replace(&mut config.envelopes, &head.envelopes, |a, b| a.name.is_some() && a.name == b.name || a == b);
        let mut paths: Vec<Located<String>> = Vec::new();
        for path in self.contract_paths().into_iter().chain(head.contract_paths()) {
            if !paths.iter().any(|known| known.value == path) {
                paths.push(Located { value: path.to_owned(), span: Span::default() });
            }
        }
        if self.contracts.paths.is_some() || head.contracts.paths.is_some() {
            config.contracts.paths = Some(paths);
        }
        for (glob, name) in &head.contracts.consumers {
            config.contracts.consumers.entry(glob.clone()).or_insert_with(|| name.clone());
        }
        for (mine, theirs) in
            [(&mut config.agents.trailers, &head.agents.trailers), (&mut config.agents.authors, &head.agents.authors)]
        {
            for entry in theirs {
                if !mine.contains(entry) {
                    mine.push(entry.clone());
                }
            }
        }
        config
    }
}

/// Whether two rows speak of one call.
fn same_call(a: &IdiomRow, b: &IdiomRow) -> bool {
    a.call == b.call && a.from == b.from && a.receiver == b.receiver && a.role == b.role
}

fn replace<T: Clone + PartialEq>(rows: &mut Vec<Located<T>>, head: &[Located<T>], same: impl Fn(&T, &T) -> bool) {
    rows.retain(|row| !head.iter().any(|theirs| same(row, theirs)));
    rows.extend(head.iter().cloned());
}

fn changed(setting: &str, message: String, base: (&str, Option<Span>), head: (&str, Option<Span>)) -> Weakening {
    Weakening {
        setting: setting.to_owned(),
        message,
        before: base.0.to_owned(),
        after: head.0.to_owned(),
        base: base.1,
        head: head.1,
    }
}

fn added(found: &mut Vec<Weakening>, setting: &str, what: &str, base: &[Located<String>], head: &[Located<String>]) {
    for glob in head.iter().filter(|glob| !base.contains(glob)) {
        found.push(changed(setting, format!("`{}` {what}", glob.value), ("", None), (&glob.value, Some(glob.span))));
    }
}

/// Rows of base that head has neither as they are nor, for idioms, in another form for the same call.
fn removed<T: PartialEq + RowKey>(
    found: &mut Vec<Weakening>,
    setting: &str,
    what: &str,
    base: &[Located<T>],
    head: &[Located<T>],
    words: impl Fn(&T) -> String,
) {
    for row in base.iter().filter(|row| !head.iter().any(|theirs| row.value.same_row(&theirs.value))) {
        let words = words(&row.value);
        found.push(changed(setting, format!("{what}: {words}"), (&words, Some(row.span)), ("", None)));
    }
}

/// When two rows are one row, possibly edited.
trait RowKey {
    fn same_row(&self, other: &Self) -> bool;
}

impl RowKey for SchemaRow {
    fn same_row(&self, other: &Self) -> bool {
        self == other
    }
}

impl RowKey for FixtureRow {
    fn same_row(&self, other: &Self) -> bool {
        self == other
    }
}

impl RowKey for IdiomRow {
    fn same_row(&self, other: &Self) -> bool {
        same_call(self, other)
    }
}

impl RowKey for EnvelopeRow {
    fn same_row(&self, other: &Self) -> bool {
        self == other || (self.name.is_some() && self.name == other.name)
    }
}

fn list(strings: &super::Strings) -> String {
    strings.iter().map(|text| format!("`{}`", text.value)).collect::<Vec<_>>().join(", ")
}

fn schema_words(row: &SchemaRow) -> String {
    list(&row.files)
}

fn fixture_words(row: &FixtureRow) -> String {
    list(&row.files)
}

fn idiom_words(row: &IdiomRow) -> String {
    match &row.from {
        Some(from) => format!("{} from {}", list(&row.call), list(from)),
        None => list(&row.call),
    }
}

fn envelope_words(row: &EnvelopeRow) -> String {
    row.name.clone().unwrap_or_else(|| format!("payload at `{}`", row.payload.value))
}
