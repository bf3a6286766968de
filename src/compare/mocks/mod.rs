//! What the change does to the payloads that tests state: stand-ins, expectations and fixture files that no longer are what is
//! sent or needed, or that followed the producer while a reader did not.
//!
//! A statement of head is paired with itself at base, and only what the change introduces is said: what did not fit at base is
//! silent. Test code is looked at here and nowhere else in the comparison.

mod assertions;
mod fit;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Compared, EventPair, Sides, finding};
use crate::facts::Role;
use crate::finding::{Consumer, Finding, RuleId, Severity};
use crate::link::doubles::Double;
use crate::link::model::{Boundary, Model};
use crate::registry::{Promise, Registry};
use crate::shape::Shape;
use crate::source::Origin;
use fit::{Misfit, Placed, Subject, Wrong};

/// A statement of test code or of a fixture file.
#[derive(Clone, Copy)]
struct Statement<'s> {
    double: &'s Double,
    /// Whether it stands in a file of data.
    file: bool,
}

/// Judges what the tests state of one event.
pub(super) fn judge(pair: &EventPair<'_>, sides: &Sides<'_>, compared: &mut Compared) {
    if !pair.named {
        return;
    }
    let head = statements(pair, &sides.head.tests.doubles, sides.head_fixtures);
    let base = statements(pair, &sides.base.tests.doubles, sides.base_fixtures);
    if head.is_empty() && base.is_empty() {
        return;
    }
    assertions::judge(pair, sides, compared);
    if head.is_empty() || is_untouched(pair, sides, &base, &head) {
        return;
    }
    let before = Subject::of_base(pair, sides);
    let after = Subject::of_head(pair, sides);
    let scale = fit::targets(&before, &after);
    for statement in head.iter().filter(|statement| !statement.double.negative) {
        let Some(now) = fit::place(statement.double, &scale) else { continue };
        let twin = twin(statement, &head, &base);
        let was = twin.and_then(|twin| fit::place(twin.double, &scale));
        let changed = sides.options.changed_files.contains(&statement.double.origin.file);
        let judged = Judged { pair, statement: *statement, now, was, changed, before: &before, after: &after };
        judged.judge(compared);
    }
}

/// Whether the change leaves all of it alone, what is stated and whoever sends, reads or promises: then there is nothing to prove.
fn is_untouched(pair: &EventPair<'_>, sides: &Sides<'_>, base: &[Statement<'_>], head: &[Statement<'_>]) -> bool {
    let same_statement = |(old, new): (&Statement<'_>, &Statement<'_>)| {
        let (was, now) = (old.double, new.double);
        was.origin.file == now.origin.file
            && !sides.options.changed_files.contains(&now.origin.file)
            && was.test == now.test
            && was.kind == now.kind
            && was.partial == now.partial
            && was.negative == now.negative
            && was.bodies.len() == now.bodies.len()
            && was.bodies.iter().zip(&now.bodies).all(|(a, b)| a.same_values(b))
    };
    let same_boundary = |(old, new): (&&Boundary, &&Boundary)| {
        old.kind == new.kind
            && old.package == new.package
            && old.symbol == new.symbol
            && old.in_test == new.in_test
            && old.enforced == new.enforced
            && old.shape.same_values(&new.shape)
            && match (&old.inner, &new.inner) {
                (Some(old), Some(new)) => old.same_values(new),
                (old, new) => old.is_none() && new.is_none(),
            }
    };
    let same_boundaries = |old: &[&Boundary], new: &[&Boundary]| old.len() == new.len() && old.iter().zip(new).all(same_boundary);
    let old: Vec<&Promise> = sides.base_registry.of_event(&pair.event).collect();
    let new: Vec<&Promise> = sides.head_registry.of_event(&pair.event).collect();
    base.len() == head.len()
        && base.iter().zip(head).all(same_statement)
        && same_boundaries(&pair.base_producers, &pair.head_producers)
        && same_boundaries(&pair.base_consumers, &pair.head_consumers)
        && old.len() == new.len()
        && old.iter().zip(&new).all(|(old, new)| {
            old.consumer == new.consumer
                && old.via == new.via
                && old.role == new.role
                && old.payload_pointer == new.payload_pointer
                && old.schema.document == new.schema.document
        })
}

fn statements<'s>(pair: &EventPair<'_>, doubles: &'s [Double], fixtures: &'s [Double]) -> Vec<Statement<'s>> {
    let of = |all: &'s [Double], file: bool| {
        let event = pair.event.clone();
        all.iter().filter(move |double| double.event == event).map(move |double| Statement { double, file })
    };
    of(doubles, false).chain(of(fixtures, true)).collect()
}

/// The same statement at base: of the same test and in the same place among its statements, else one that says the same.
fn twin<'s>(statement: &Statement<'_>, head: &[Statement<'_>], base: &[Statement<'s>]) -> Option<Statement<'s>> {
    let same_test = |other: &Statement<'_>| {
        other.double.origin.file == statement.double.origin.file
            && other.double.test == statement.double.test
            && other.double.kind == statement.double.kind
    };
    let same_values = |other: &&Statement<'_>| {
        other.double.bodies.len() == statement.double.bodies.len()
            && other.double.bodies.iter().zip(&statement.double.bodies).all(|(a, b)| a.same_values(b))
    };
    let ours: Vec<&Statement<'_>> = head.iter().filter(|other| same_test(other)).collect();
    let theirs: Vec<&Statement<'s>> = base.iter().filter(|other| same_test(other)).collect();
    if let Some(known) = theirs.iter().find(|other| same_values(other)).or(base.iter().find(same_values).as_ref()) {
        return Some(**known);
    }
    let at = ours.iter().position(|other| std::ptr::eq(other.double, statement.double))?;
    if ours.len() == theirs.len() {
        return theirs.get(at).map(|known| **known);
    }
    // Statements came or went: the one that shares the most with this one.
    theirs.iter().max_by_key(|other| fit::shared(&other.double.bodies, &statement.double.bodies)).map(|known| **known)
}

struct Judged<'j> {
    pair: &'j EventPair<'j>,
    statement: Statement<'j>,
    now: Placed,
    was: Option<Placed>,
    /// Whether the change touches the file of the statement.
    changed: bool,
    before: &'j Subject<'j>,
    after: &'j Subject<'j>,
}

impl Judged<'_> {
    fn judge(&self, compared: &mut Compared) {
        let mut said: BTreeSet<String> = BTreeSet::new();
        if self.changed {
            self.followed(&mut said, compared);
        }
        let contracts = said.len();
        self.against_promises(&mut said, compared);
        if said.len() == contracts {
            self.against_senders(&mut said, compared);
        }
    }

    /// Fields that producer and statement dropped together, while somebody still reads them.
    fn followed(&self, said: &mut BTreeSet<String>, compared: &mut Compared) {
        let Some(was) = &self.was else { return };
        let (old, new) = (fit::paths(&was.wire), fit::paths(&self.now.wire));
        let lost: Vec<&String> = old
            .difference(&new)
            .filter(|path| self.before.sends(path) && !self.after.sends(path) && !self.after.senders.is_empty())
            .collect();
        for path in lost {
            let to = fit::successor(path, &old, &new).filter(|to| self.after.sends(to));
            let left_behind = self.after.readers().find(|reader| {
                reader.reads(path) && !to.as_ref().is_some_and(|to| reader.reads(to)) && self.before.knows(reader)
            });
            let Some(reader) = left_behind else { continue };
            let name = &reader.consumer.name;
            let field = leaf(path);
            let message = match &to {
                Some(to) => format!(
                    "the {} of `{}` follows its producer to `{}`, and {name} still reads `{field}`",
                    self.what(),
                    self.pair.event,
                    leaf(to)
                ),
                None => format!(
                    "the {} of `{}` drops `{field}` along with its producer, and {name} still reads it",
                    self.what(),
                    self.pair.event
                ),
            };
            let mut found = self.finding("mock-follows-producer-only", message, path);
            found.to.clone_from(&to);
            found.head = to.as_ref().and_then(|to| fit::origin_at(&self.now.wire, to)).or_else(|| self.place());
            found.base = fit::origin_at(&was.wire, path);
            found.consumers.push(self.consumer(reader, path));
            found.fragments = (path.clone(), to.clone().unwrap_or_default());
            found.evidence = Some(format!("the tests stay green whatever {name} makes of the payload"));
            found.help = format!("send `{field}` as well while {name} moves, and let the test say what {name} needs");
            said.insert(path.clone());
            said.extend(to);
            compared.findings.push(found);
        }
    }

    /// What a contract or schema says of it.
    fn against_promises(&self, said: &mut BTreeSet<String>, compared: &mut Compared) {
        for promise in &self.after.promises {
            let partial = self.statement.double.partial;
            let now = fit::misfits(&promise.reader, &self.now, partial);
            if now.is_empty() {
                continue;
            }
            let old = self.before.promises.iter().find(|known| known.key == promise.key);
            let was: BTreeSet<Misfit> = match (&self.was, old) {
                (Some(was), Some(old)) => fit::misfits(&old.reader, was, partial),
                (Some(was), None) => fit::misfits(&promise.reader, was, partial),
                (None, _) => BTreeSet::new(),
            };
            // Without a base to hold it against, a contract that is new says nothing about a statement that is new as well.
            if self.was.is_none() && old.is_none() {
                continue;
            }
            for misfit in now.difference(&was) {
                if said.contains(&misfit.path) {
                    continue;
                }
                // Reported with the key that stands in its place.
                if misfit.wrong == Wrong::Unknown && now.iter().any(|other| other.near.as_deref() == Some(misfit.path.as_str())) {
                    continue;
                }
                let sent = |subject: &Subject<'_>| subject.sends_what_misfits(&promise.reader, misfit);
                match (sent(self.after), sent(self.before)) {
                    // What is sent is just as wrong, and was so before.
                    (true, true) => {}
                    (true, false) => {
                        said.insert(misfit.path.clone());
                        self.follows_against(promise, misfit, compared);
                    }
                    (false, _) => {
                        said.insert(misfit.path.clone());
                        self.fails(promise, misfit, compared);
                    }
                }
            }
        }
    }

    fn follows_against(&self, promise: &fit::Held, misfit: &Misfit, compared: &mut Compared) {
        if !self.changed {
            return;
        }
        let name = &promise.reader.consumer.name;
        let message = format!(
            "the {} of `{}` says what its producer now sends, and {}",
            self.what(),
            self.pair.event,
            misfit.against(name)
        );
        let mut found = self.finding("mock-follows-producer-only", message, &misfit.path);
        found.to.clone_from(&misfit.near);
        found.consumers.push(self.consumer(&promise.reader, &misfit.path));
        found.fragments = (misfit.path.clone(), misfit.near.clone().unwrap_or_default());
        found.evidence = Some(format!("the tests stay green whatever {name} makes of the payload"));
        found.help = format!("let the test say what {name} needs, and move {name} before the producer");
        compared.findings.push(found);
    }

    fn fails(&self, promise: &fit::Held, misfit: &Misfit, compared: &mut Compared) {
        let name = &promise.reader.consumer.name;
        let hidden = misfit.wrong == Wrong::Missing && misfit.near.is_none();
        let rule = if self.statement.file {
            "fixture-drift"
        } else if hidden {
            "mock-hides-required-field"
        } else {
            "mock-drift"
        };
        let message = format!("the {} of `{}` is not what is sent: {}", self.what(), self.pair.event, misfit.against(name));
        let mut found = self.finding(rule, message, &misfit.path);
        if rule == "mock-drift" {
            found.severity = Severity::Error;
        }
        if promise.reader.pending {
            found.severity = found.severity.min(Severity::Warning);
        }
        found.to.clone_from(&misfit.near);
        if let Some(near) = misfit.near.as_ref().and_then(|near| fit::origin_at(&self.now.wire, near)) {
            found.head = Some(near);
        }
        found.consumers.push(self.consumer(&promise.reader, &misfit.path));
        found.fragments = (misfit.path.clone(), misfit.near.clone().unwrap_or_default());
        found.evidence = Some(format!("a test that passes with it says nothing of the payloads that {name} agreed to"));
        found.help = "let the test use a payload that the contract allows".to_owned();
        compared.findings.push(found);
    }

    /// What the code that sends the event says of it.
    fn against_senders(&self, said: &mut BTreeSet<String>, compared: &mut Compared) {
        let partial = self.statement.double.partial;
        let Some((sender, now)) = self.after.nearest_sender(&self.now, partial) else { return };
        let was: BTreeSet<Misfit> = match &self.was {
            Some(was) => self.before.nearest_sender(was, partial).map(|(_, misfits)| misfits).unwrap_or_default(),
            None => BTreeSet::new(),
        };
        // Nobody sent it at base: there is nothing that it has drifted from.
        if self.was.is_some() && self.before.senders.is_empty() {
            return;
        }
        let unchanged = self.was.as_ref().is_some_and(|was| was.wire.same_values(&self.now.wire));
        for misfit in now.difference(&was) {
            if said.contains(&misfit.path) || now.iter().any(|other| other.near.as_deref() == Some(misfit.path.as_str())) {
                continue;
            }
            let had = |path: &str| self.was.as_ref().is_some_and(|was| fit::paths(&was.wire).contains(path));
            let rule: RuleId = match (&misfit.wrong, &self.was) {
                // A name in another spelling is a mistake from the start; anything else of a new test may be meant so.
                (Wrong::Missing, _) if misfit.near.is_some() => "mock-drift",
                (Wrong::Missing, Some(_)) if had(&misfit.path) || self.newly_needed(&misfit.path) => "mock-hides-required-field",
                (Wrong::Missing, _) => continue,
                (Wrong::Unknown | Wrong::Value(_), Some(_)) => "mock-drift",
                (Wrong::Unknown | Wrong::Value(_), None) => continue,
            };
            let rule = if self.statement.file { "fixture-drift" } else { rule };
            let at = misfit.near.as_ref().unwrap_or(&misfit.path);
            let field = leaf(&misfit.path);
            let (event, what) = (&self.pair.event, self.what());
            let message = match (&misfit.wrong, &misfit.near) {
                (Wrong::Missing, Some(near)) => {
                    format!("the {what} of `{event}` says `{}`, and `{field}` is what is sent", leaf(near))
                }
                (Wrong::Missing, None) => format!("the {what} of `{event}` lacks `{field}`, which is always sent"),
                (Wrong::Unknown, _) if unchanged => {
                    format!("the {what} of `{event}` still has `{field}`, which nothing sends any more")
                }
                (Wrong::Unknown, _) => format!("the {what} of `{event}` has `{field}`, which nothing sends"),
                (Wrong::Value(_), _) if unchanged => {
                    format!("the {what} of `{event}` still has `{field}` as it was sent before this change")
                }
                (Wrong::Value(_), _) => format!("the {what} of `{event}` has another `{field}` than what is sent"),
            };
            let mut found = self.finding(rule, message, at);
            found.severity = super::severity::default_of(rule).min(Severity::Warning);
            // What the test says, and what is sent in its place.
            found.to = misfit.near.as_ref().map(|_| misfit.path.clone());
            found.base = sender.origin_of(&misfit.path);
            found.fragments = (misfit.path.clone(), misfit.near.clone().unwrap_or_default());
            found.evidence = Some(match &misfit.wrong {
                Wrong::Value(why) => format!("{} sends it otherwise: {why}", sender.name()),
                Wrong::Missing | Wrong::Unknown => format!("{} sends the event", sender.name()),
            });
            found.help = "let the test use a payload as it is sent, best one that the producer's own code builds".to_owned();
            said.insert(misfit.path.clone());
            compared.findings.push(found);
        }
    }

    /// Whether a reader of head needs a field that it could do without at base.
    fn newly_needed(&self, path: &str) -> bool {
        let needs = |subject: &Subject<'_>| subject.code.iter().any(|reader| fit::requires(&reader.shape, path));
        needs(self.after) && !needs(self.before)
    }

    fn what(&self) -> &'static str {
        if self.statement.file { "fixture" } else { "test double" }
    }

    fn place(&self) -> Option<Origin> {
        Some(self.now.part.origin.clone().unwrap_or_else(|| self.statement.double.origin.clone()))
    }

    fn consumer(&self, reader: &super::reader::Reader, path: &str) -> Consumer {
        reader.consumer_at(path)
    }

    fn finding(&self, rule: RuleId, message: String, path: &str) -> Finding {
        let mut found = finding(rule, &self.pair.event, Role::Producer, message);
        found.path = path.to_owned();
        found.head = fit::origin_at(&self.now.wire, path).or_else(|| self.place());
        found.base = self.was.as_ref().and_then(|was| fit::origin_at(&was.wire, path));
        found
    }
}

/// Everybody who has to do with one event of one snapshot.
fn subject<'s>(event: &'s str, model: &'s Model, registry: &'s Registry) -> Subject<'s> {
    let of = |role: Role| -> Vec<&Boundary> {
        let boundaries = model.boundaries.iter().filter(|boundary| !boundary.in_test && boundary.role == role);
        boundaries.filter(|boundary| boundary.event.as_deref() == Some(event)).collect()
    };
    Subject::new(registry.of_event(event), &of(Role::Producer), &of(Role::Consumer))
}

/// The statements of tests that are payloads of an event, each as it stands in the wire payload. What shares no name with anything that
/// is known of the event is left out: it is some other object.
pub fn stated<'d>(
    event: &str,
    model: &Model,
    registry: &Registry,
    doubles: impl Iterator<Item = &'d Double>,
) -> Vec<(&'d Double, Arc<Shape>)> {
    let subject = subject(event, model, registry);
    let scale = fit::targets(&subject, &subject);
    doubles.filter(|double| double.event == event).filter_map(|double| Some((double, fit::place(double, &scale)?.wire))).collect()
}

/// What tests state of one event and its contracts turn away, whether or not a change made it so.
pub fn state(event: &str, model: &Model, registry: &Registry, doubles: &[(&Double, bool)], found: &mut Vec<Finding>) {
    let subject = subject(event, model, registry);
    let scale = fit::targets(&subject, &subject);
    for (double, file) in doubles.iter().filter(|(double, _)| !double.negative) {
        let Some(now) = fit::place(double, &scale) else { continue };
        for promise in &subject.promises {
            for misfit in fit::misfits(&promise.reader, &now, double.partial) {
                let what = if *file { "fixture" } else { "test double" };
                let against = misfit.against(&promise.reader.consumer.name);
                let rule = match (file, &misfit.wrong, &misfit.near) {
                    (true, _, _) => "fixture-drift",
                    (false, Wrong::Missing, None) => "mock-hides-required-field",
                    (false, _, _) => "mock-drift",
                };
                let message = format!("the {what} of `{event}` is not what is agreed: {against}");
                let mut one = finding(rule, event, Role::Producer, message);
                let at = misfit.near.as_ref().unwrap_or(&misfit.path);
                one.head = fit::origin_at(&now.wire, at).or_else(|| Some(double.origin.clone()));
                one.consumers.push(promise.reader.consumer_at(&misfit.path));
                one.path = misfit.path;
                found.push(one);
            }
        }
    }
}

/// The last key of a path.
fn leaf(path: &str) -> String {
    path.rsplit('/').find(|part| *part != "*").unwrap_or_default().replace("~1", "/").replace("~0", "~")
}
