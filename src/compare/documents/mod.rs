//! Two schema documents, an old and a new one: what differs, in the words of the rules, and what the proofs say of it.
//!
//! The side that writes is read as sending what its schema declares: a key that it does not name is not sent. So an optional key
//! more is compatible, and a key less is seen. What differs only through keys that the writer leaves open by silence is
//! `open-content`. Under the strict reading both documents are taken as they stand.

pub mod avro;
mod conditions;
mod place;
mod refusal;

use std::sync::Arc;

use super::changes::{Change, Effect, changes, child};
use super::reader::touches;
use super::{finding, finding_of, severity_of};
use crate::facts::Role;
use crate::finding::{Finding, Severity, Witness};
use crate::prove::{self, Document, Options, Verdict, Violation};
use crate::schema::read::Omission;
use crate::shape::Shape;
use crate::source::Origin;

/// Changes of one pair whose own places are asked about; the rest is judged by the whole.
const PLACE_BUDGET: usize = 24;

/// Proof steps for the place of one change.
const PLACE_STEPS: usize = 20_000;

/// One document.
pub struct Given<'g> {
    pub schema: &'g Document,
    /// Where a node stands, by the pointer that [`Document::shape`] asks for.
    pub places: &'g dyn Fn(&str) -> Option<Origin>,
    /// Why the document does not say everything, where it does not: then nothing that it accepts is proved to be wanted.
    pub hole: Option<String>,
}

/// What is asked of a pair.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// The side that both documents describe. A new producer's schema is held against the old one, a new consumer's against what
    /// the old one let through.
    pub role: Role,
    /// Both documents are taken as they stand: a writer may send every key that its schema does not forbid.
    pub strict: bool,
    /// The event that they are about, where one is known.
    pub event: &'q str,
}

/// The differences of the two documents, each weighed by what the proofs say.
pub fn judge(old: &Given<'_>, new: &Given<'_>, question: Question<'_>) -> Vec<Finding> {
    let read = |given: &Given<'_>| given.schema.shape(given.places);
    let (old_reading, new_reading) = (read(old), read(new));
    let (writer, reader) = match question.role {
        Role::Producer => (new, old),
        Role::Consumer => (old, new),
    };
    let sent = if question.strict { None } else { Some(prove::written(writer.schema)) };
    let mut pair = Pair {
        question,
        old,
        new,
        sent: sent.as_ref().unwrap_or(writer.schema),
        writer,
        reader,
        shapes: (Arc::clone(&old_reading.shape), Arc::clone(&new_reading.shape)),
        findings: Vec::new(),
        refused_at: Vec::new(),
    };
    let verdict = prove::contains(reader.schema, pair.sent, &Options::default());
    let verdict = match (verdict, &writer.hole, &reader.hole) {
        (Verdict::Escapes(_), Some(reason), _) | (Verdict::Contained, _, Some(reason)) => {
            Verdict::Unknown(prove::Reason::new("", "", reason.clone()))
        }
        (verdict, _, _) => verdict,
    };
    pair.changes(&verdict);
    pair.conditions(&verdict, &old_reading.omissions, &new_reading.omissions);
    pair.whole(verdict);
    pair.findings
}

struct Pair<'p> {
    question: Question<'p>,
    old: &'p Given<'p>,
    new: &'p Given<'p>,
    writer: &'p Given<'p>,
    reader: &'p Given<'p>,
    /// The writer's document in the reading that is asked for.
    sent: &'p Document,
    shapes: (Arc<Shape>, Arc<Shape>),
    findings: Vec<Finding>,
    /// The places of all changes that a payload was found for: one finding may speak of several.
    refused_at: Vec<String>,
}

impl Pair<'_> {
    fn role(&self) -> Role {
        self.question.role
    }

    /// What the witness of a finding is to be read with.
    fn reading(&self) -> String {
        let writer = match self.role() {
            Role::Producer => "the new document",
            Role::Consumer => "the old document",
        };
        if self.question.strict {
            format!("{writer} is read as it stands, with every key that it does not forbid")
        } else {
            format!("{writer} is read as sending what it declares")
        }
    }

    fn reader_name(&self) -> &'static str {
        match self.role() {
            Role::Producer => "the old document",
            Role::Consumer => "the new document",
        }
    }

    /// What the field-level comparison found, each change by the proof of its own place.
    fn changes(&mut self, verdict: &Verdict) {
        let found = changes(&self.shapes.0, &self.shapes.1, self.role());
        let mut budget = PLACE_BUDGET;
        for change in &found {
            let endangers = change.effect.endangers(self.role());
            let unclear = change.effect == Effect::Unclear;
            let mut proof = None;
            if *verdict == Verdict::Contained {
                if unclear {
                    continue;
                }
            } else if (endangers || unclear || change.rule == "field-added") && budget > 0 && self.writer.hole.is_none() {
                budget -= 1;
                proof = place::witness(change, self.sent, self.reader.schema, self.role())
                    .filter(|witness| self.is_refused_for(change, witness));
                if unclear && proof.is_none() {
                    continue;
                }
            }
            let weight = self.weight(change, verdict, proof.as_ref());
            let mut found = finding_of(change, self.question.event, self.role(), weight);
            if let Some(witness) = proof {
                self.refused_at.extend(change.places().flat_map(|(path, to)| [Some(path), to]).flatten().map(str::to_owned));
                if change.rule == "field-added" {
                    found.rule = "field-added-closed-reader";
                }
                if unclear {
                    found.rule = "type-widened";
                    found.message = match self.question.event {
                        "" => format!("`{}` may now be any value", place::leaf(&change.path)),
                        event => format!("`{}` may now be any value in `{event}`", place::leaf(&change.path)),
                    };
                }
                self.refused(&mut found, witness, Some(change));
            } else if unclear {
                continue;
            } else if change.rule == "format-changed" {
                found.evidence = Some(format!("`format` is an annotation, so nothing is refused for it; {}", self.reading()));
            } else if endangers && weight == Severity::Note {
                found.evidence = Some(format!("{} accepts every payload all the same; {}", self.reader_name(), self.reading()));
            } else if is_loss(change.rule) && endangers {
                found.evidence =
                    Some(format!("nothing refuses the payload, but what stood there no longer arrives; {}", self.reading()));
            }
            if found.help.is_empty() && found.severity > Severity::Note {
                found.help = help_for(found.rule, self.role()).to_owned();
            }
            self.findings.push(found);
        }
    }

    /// Whether the reader objects to the place of the change, and not only to something else in the payload.
    fn is_refused_for(&self, change: &Change, witness: &Witness) -> bool {
        prove::violations(self.reader.schema, witness.payload())
            .iter()
            .any(|violation| change.places().any(|(path, to)| hits(violation, path) || to.is_some_and(|to| hits(violation, to))))
    }

    /// How much a change weighs. An error needs evidence: a payload, or a value that can no longer arrive.
    fn weight(&self, change: &Change, verdict: &Verdict, proof: Option<&Witness>) -> Severity {
        let default = severity_of(change.rule);
        if proof.is_some() {
            return Severity::Error;
        }
        if !change.effect.endangers(self.role()) {
            return default.min(if change.rule == "default-changed" { Severity::Warning } else { Severity::Note });
        }
        if is_loss(change.rule) {
            // Of what was not always there nobody is known to read anything.
            let known_to_be_read = change.rule != "field-removed" || change.was_required;
            return match verdict {
                Verdict::Contained | Verdict::Escapes(_) if known_to_be_read => default,
                Verdict::Contained | Verdict::Escapes(_) | Verdict::Unknown(_) => default.min(Severity::Warning),
            };
        }
        match verdict {
            Verdict::Contained if change.rule == "format-changed" => default.min(Severity::Warning),
            Verdict::Contained => Severity::Note,
            Verdict::Escapes(_) | Verdict::Unknown(_) => default.min(Severity::Warning),
        }
    }

    /// Gives a finding its payload and who refuses it, where.
    fn refused(&self, found: &mut Finding, witness: Witness, change: Option<&Change>) {
        let violations = prove::violations(self.reader.schema, witness.payload());
        let fits = |violation: &&Violation| {
            change.is_none_or(|change| {
                change.places().any(|(path, to)| hits(violation, path) || to.is_some_and(|to| hits(violation, to)))
            })
        };
        let violation = violations.iter().find(fits).or_else(|| violations.first());
        if matches!(found.rule, "field-added-closed-reader" | "fields-closed")
            && let Some(violation) = violation
        {
            let place = match self.role() {
                Role::Producer => &mut found.base,
                Role::Consumer => &mut found.head,
            };
            if let Some(closing) = refusal::closing(violation, self.reader, place.as_ref()) {
                *place = Some(closing);
            }
        }
        found.evidence = Some(match violation {
            Some(violation) => {
                format!("{} refuses the payload: {}; {}", self.reader_name(), refusal::words(violation), self.reading())
            }
            None => self.reading(),
        });
        found.severity = Severity::Error;
        found.witness = Some(witness);
    }

    /// What differs in keywords that the field-level comparison does not see.
    fn conditions(&mut self, verdict: &Verdict, old: &[Omission], new: &[Omission]) {
        let witness = match verdict {
            Verdict::Escapes(witness) => Some(witness),
            Verdict::Contained | Verdict::Unknown(_) => None,
        };
        let violations = witness.map(|witness| prove::violations(self.reader.schema, witness.payload())).unwrap_or_default();
        for difference in conditions::differences((self.old.schema, old), (self.new.schema, new)) {
            let hit = violations.iter().any(|violation| difference.is_met_by(self.role(), violation));
            if !hit && *verdict == Verdict::Contained && self.fits_both_ways() {
                continue;
            }
            let mut found = finding("conditional-changed", self.question.event, self.role(), self.in_event(difference.message()));
            found.path = difference.path.clone();
            found.fragments = difference.fragments();
            found.base = (self.old.places)(&difference.old_place());
            found.head = (self.new.places)(&difference.new_place());
            match (witness, verdict) {
                (Some(witness), _) if hit => self.refused(&mut found, witness.clone(), None),
                (_, Verdict::Contained) => {
                    found.severity = Severity::Note;
                    found.evidence =
                        Some(format!("{} accepts every payload all the same; {}", self.reader_name(), self.reading()));
                }
                _ => found.severity = Severity::Warning,
            }
            if found.severity > Severity::Note {
                found.help = help_for("conditional-changed", self.role()).to_owned();
            }
            self.findings.push(found);
        }
    }

    /// Whether the two documents accept the same payloads.
    fn fits_both_ways(&self) -> bool {
        prove::contains(self.reader.schema, self.writer.schema, &Options::default()) == Verdict::Contained
            && prove::contains(self.writer.schema, self.reader.schema, &Options::default()) == Verdict::Contained
    }

    /// What the whole says beyond its parts.
    fn whole(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Escapes(witness) => {
                let violations = prove::violations(self.reader.schema, witness.payload());
                let explained = |violation: &Violation| {
                    self.refused_at.iter().any(|path| hits(violation, path))
                        || self.findings.iter().any(|found| {
                            found.severity == Severity::Error
                                && (found.rule == "conditional-changed"
                                    || hits(violation, &found.path)
                                    || found.to.as_ref().is_some_and(|to| hits(violation, to)))
                        })
                };
                let broken = self.findings.iter().any(|found| found.severity == Severity::Error);
                let left: Vec<&Violation> = violations.iter().filter(|violation| !explained(violation)).collect();
                if left.is_empty() && broken {
                    return;
                }
                let first = left.first().copied().or_else(|| violations.first());
                match first.and_then(|violation| self.named_at(violation)) {
                    Some(at) => {
                        let mut found = self.findings.swap_remove(at);
                        if found.rule == "field-added" {
                            found.rule = "field-added-closed-reader";
                        }
                        self.refused(&mut found, witness, None);
                        if found.help.is_empty() {
                            found.help = help_for(found.rule, self.role()).to_owned();
                        }
                        self.findings.push(found);
                    }
                    None => {
                        let found = self.unexplained(first, witness);
                        self.findings.push(found);
                    }
                }
            }
            Verdict::Unknown(reason) => {
                if self.findings.iter().any(|found| found.severity == Severity::Error) {
                    return;
                }
                let message = self.in_event(format!("it could not be decided whether every payload fits: {reason}"));
                let mut found = finding("unknown-compatibility", self.question.event, self.role(), message);
                found.base = (self.old.places)("");
                found.head = (self.new.places)(&reason.place).or_else(|| (self.new.places)(""));
                found.evidence = Some(self.reading());
                found.help = if reason.text.ends_with(prove::NOT_AT_HAND) {
                    "hand in what the schema refers to: `--resource ADDRESS=FILE`, or the file beside it".to_owned()
                } else {
                    "look at the two places, or state the schema with the keywords that are understood".to_owned()
                };
                self.findings.push(found);
            }
            Verdict::Contained if !self.question.strict => self.open_content(),
            Verdict::Contained => {}
        }
    }

    /// The change that has been named at the place of a refusal, by the field-level comparison.
    fn named_at(&self, violation: &Violation) -> Option<usize> {
        let place = match &violation.property {
            Some(property) => child(&violation.path, property),
            None => violation.path.clone(),
        };
        self.findings.iter().position(|found| {
            let paths = [Some(&found.path), found.to.as_ref()];
            found.severity < Severity::Error
                && found.rule != "default-changed"
                && paths.into_iter().flatten().any(|path| same_place(&place, path))
        })
    }

    /// A payload that is refused where the field-level comparison saw nothing.
    fn unexplained(&self, violation: Option<&Violation>, witness: Witness) -> Finding {
        let rule = violation.map_or("conditional-changed", |violation| refusal::rule(violation, self.role()));
        let message = match violation {
            Some(violation) => refusal::message(violation, self.role()),
            None => "the documents differ in a way that some payload tells apart".to_owned(),
        };
        let mut found = finding(rule, self.question.event, self.role(), self.in_event(message));
        if let Some(violation) = violation {
            found.path = match &violation.property {
                Some(property) => child(&violation.path, property),
                None => violation.path.clone(),
            };
        }
        let reader_place = violation.and_then(|violation| refusal::place(violation, self.reader));
        let writer_place = place::declared(&self.writer.schema.shape(self.writer.places).shape, &found.path);
        let or_root = |place: Option<Origin>, given: &Given<'_>| place.or_else(|| (given.places)(""));
        (found.base, found.head) = match self.role() {
            Role::Producer => (or_root(reader_place, self.old), or_root(writer_place, self.new)),
            Role::Consumer => (or_root(writer_place, self.old), or_root(reader_place, self.new)),
        };
        found.fragments = (violation.map(|violation| violation.schema_path.clone()).unwrap_or_default(), String::new());
        self.refused(&mut found, witness, None);
        found.help = help_for(rule, self.role()).to_owned();
        found
    }

    /// Keys that the writer's schema leaves open by silence: does the reader object to one?
    fn open_content(&mut self) {
        let Verdict::Escapes(witness) = prove::contains(self.reader.schema, self.writer.schema, &Options::default()) else {
            return;
        };
        if self.writer.hole.is_some() {
            return;
        }
        let violations = prove::violations(self.reader.schema, witness.payload());
        let violation = violations.first();
        let (writer, reader) = match self.role() {
            Role::Producer => ("new", "old"),
            Role::Consumer => ("old", "new"),
        };
        let what = violation.map(|violation| format!(": {}", refusal::words(violation))).unwrap_or_default();
        let message =
            format!("the {writer} document leaves keys open that the {reader} one does not take as they may come{what}");
        let mut found = finding("open-content", self.question.event, self.role(), self.in_event(message));
        if let Some(violation) = violation {
            found.path = match &violation.property {
                Some(property) => child(&violation.path, property),
                None => violation.path.clone(),
            };
            let reader_place = refusal::place(violation, self.reader);
            let parent = found.path.rsplit_once('/').map_or("", |(parent, _)| parent);
            let writer_place = place::declared(&self.writer.schema.shape(self.writer.places).shape, parent);
            (found.base, found.head) = match self.role() {
                Role::Producer => (reader_place, writer_place),
                Role::Consumer => (writer_place, reader_place),
            };
        }
        // A key that is gone from the writer's schema has been named already.
        if self.findings.iter().any(|known| known.severity >= Severity::Warning && known.path == found.path) {
            return;
        }
        found.base = found.base.or_else(|| (self.old.places)(""));
        found.head = found.head.or_else(|| (self.new.places)(""));
        found.witness = Some(witness);
        found.evidence = Some(format!(
            "{}, and then every payload fits; only the strict reading of both documents tells them apart",
            self.reading()
        ));
        found.help =
            "say in the writer's schema what else may come: `additionalProperties: false`, or a schema for it".to_owned();
        self.findings.push(found);
    }

    fn in_event(&self, message: String) -> String {
        if self.question.event.is_empty() { message } else { format!("{message} in `{}`", self.question.event) }
    }
}

/// Changes by which data stops arriving though nothing rejects the payload.
fn is_loss(rule: &str) -> bool {
    matches!(rule, "field-removed" | "field-renamed" | "field-moved" | "field-flattened" | "envelope-changed")
}

/// Whether a violation lies on, above or under a path of the comparison.
fn hits(violation: &Violation, path: &str) -> bool {
    match &violation.property {
        Some(property) => touches(&child(&violation.path, property), path),
        None => touches(&violation.path, path),
    }
}

/// Whether a place of an instance is what a path of the comparison names.
fn same_place(place: &str, path: &str) -> bool {
    place.split('/').count() == path.split('/').count() && touches(place, path)
}

fn help_for(rule: &str, role: Role) -> &'static str {
    match (rule, role) {
        ("field-removed", Role::Producer) => "keep sending it until its readers have moved",
        ("field-renamed" | "field-moved" | "field-flattened" | "envelope-changed", Role::Producer) => {
            "send both forms while readers move"
        }
        ("field-added-closed-reader", _) => "let readers accept the key first, then send it",
        ("required-field-added" | "field-became-required", Role::Consumer) => {
            "leave it optional until everything that is written has it"
        }
        (_, Role::Producer) => "keep to what the old document allows, or publish a new version beside it",
        (_, Role::Consumer) => "accept what the old document allowed as well, or publish a new version beside it",
    }
}
