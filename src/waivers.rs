//! Waivers: `// driftgate: allow(publish-not-awaited) metrics only, loss is fine`, on the line of a finding or alone above it.
//!
//! They are for rules about how a payload is handed over and about tests, whose finding stands on a line of code. What a payload
//! looks like concerns readers elsewhere: that is accepted on the record (`driftgate accept`), never on a line. A waiver that is
//! on the base branch lets the finding pass; one that the change itself adds is a request, like an acceptance.

use std::collections::BTreeSet;

use crate::compare;
use crate::facts::{FileFacts, FnId, Role};
use crate::finding::{Finding, Severity, Status};
use crate::link::modules::FileUnit;
use crate::rules;
use crate::source::{Origin, RepoPath, SourceText, Span};
use crate::suggest;

/// A waiver in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    pub rule: String,
    pub reason: String,
    pub origin: Origin,
    /// The line of code that it speaks of, from 1.
    line: u32,
    /// The function around it: with it a waiver is known again on the other side.
    function: String,
}

/// The waivers of one snapshot, in the order of its files.
pub fn placed(units: &[FileUnit], text_of: &dyn Fn(&RepoPath) -> Option<SourceText>) -> Vec<Placed> {
    let mut found = Vec::new();
    for unit in units.iter().filter(|unit| !unit.facts.waivers.is_empty()) {
        let Some(text) = text_of(&unit.path) else { continue };
        for waiver in &unit.facts.waivers {
            let line = covered(&text, waiver.span);
            let function = function_around(&unit.facts, waiver.span);
            for rule in waiver.rule.split(',').map(str::trim) {
                found.push(Placed {
                    rule: rule.to_owned(),
                    reason: waiver.reason.trim().to_owned(),
                    origin: Origin::new(unit.path.clone(), waiver.span),
                    line,
                    function: function.clone(),
                });
            }
        }
    }
    found
}

/// The line that a comment speaks of: its own where code stands before it, else the next that holds code.
fn covered(text: &SourceText, span: Span) -> u32 {
    let own = text.position(span.start).line;
    let lines: Vec<&str> = text.text().lines().collect();
    let before = &text.text()[..(span.start as usize).min(text.text().len())];
    let alone = before.rsplit('\n').next().is_none_or(|start| start.trim().is_empty());
    if !alone {
        return own;
    }
    let is_code = |line: &str| {
        let line = line.trim();
        !line.is_empty() && !["//", "#", "/*", "*"].iter().any(|mark| line.starts_with(mark)) || line.starts_with("#[")
    };
    (own..)
        .take_while(|line| (*line as usize) < lines.len())
        .find(|line| is_code(lines[*line as usize]))
        .map_or(own, |line| line + 1)
}

fn function_around(facts: &FileFacts, span: Span) -> String {
    let inner = facts
        .functions
        .iter()
        .enumerate()
        .filter(|(_, function)| function.extent.contains(span) && function.name != "<top>")
        .min_by_key(|(_, function)| function.extent.end - function.extent.start);
    let Some((at, _)) = inner else { return String::new() };
    let mut current = FnId(at as u32);
    for _ in 0..32 {
        let function = &facts.functions[current.0 as usize];
        if !function.name.is_empty() {
            return function.scope.iter().chain([&function.name]).map(|part| part.as_str()).collect::<Vec<_>>().join(".");
        }
        match function.parent {
            Some((parent, _)) => current = parent,
            None => break,
        }
    }
    String::new()
}

/// Both sides' waivers, and what is needed to hold them against findings.
pub struct Waivers<'w> {
    pub base: &'w [Placed],
    pub head: &'w [Placed],
    /// The lines of a place of head, first and last.
    pub lines: &'w dyn Fn(&Origin) -> Option<(u32, u32)>,
    /// Whether what the change itself adds counts at once.
    pub self_accept: bool,
    /// What is so in head, whether or not the change made it so: a waiver of it is in use.
    pub states: &'w [Finding],
}

impl Waivers<'_> {
    /// Applies the waivers to the findings, and adds what is wrong with the waivers themselves.
    pub fn apply(&self, findings: &mut Vec<Finding>) {
        let mut used: BTreeSet<usize> = BTreeSet::new();
        for finding in findings.iter_mut() {
            let Some(at) = self.waiver_of(finding) else { continue };
            used.insert(at);
            if finding.status != Status::New {
                continue;
            }
            let waiver = &self.head[at];
            finding.status = if self.on_base(waiver) || self.self_accept { Status::Allowed } else { Status::Requested };
            finding.accepted = Some(waiver.reason.clone());
        }
        used.extend(self.states.iter().filter_map(|state| self.waiver_of(state)));
        for (at, waiver) in self.head.iter().enumerate() {
            findings.extend(self.fault(waiver, used.contains(&at)));
        }
    }

    fn waiver_of(&self, finding: &Finding) -> Option<usize> {
        let meta = rules::find(finding.rule).filter(|meta| meta.waivable())?;
        let place = finding.head.as_ref()?;
        if !self.head.iter().any(|waiver| waiver.origin.file == place.file) {
            return None;
        }
        let (first, last) = (self.lines)(place)?;
        self.head.iter().position(|waiver| {
            waiver.origin.file == place.file
                && (first..=last).contains(&waiver.line)
                && !waiver.reason.is_empty()
                && rules::find(&waiver.rule).is_some_and(|named| named.id == meta.id)
        })
    }

    /// Whether base has it: in the same function, of the same rule, for the same reason.
    fn on_base(&self, waiver: &Placed) -> bool {
        self.base.iter().any(|known| {
            known.origin.file == waiver.origin.file
                && known.function == waiver.function
                && known.rule == waiver.rule
                && known.reason == waiver.reason
        })
    }

    fn fault(&self, waiver: &Placed, used: bool) -> Option<Finding> {
        let rule = &waiver.rule;
        let (id, message, help) = match rules::find(rule) {
            None => {
                let names = rules::names();
                let help = match suggest::nearest(rule, &names) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "`driftgate explain` lists the rules".to_owned(),
                };
                ("suppression-unreasoned", format!("this waiver names `{rule}`, and there is no such rule"), help)
            }
            Some(_) if waiver.reason.is_empty() => (
                "suppression-unreasoned",
                format!("this waiver of `{rule}` gives no reason"),
                format!("write why, behind the bracket: `driftgate: allow({rule}) metrics only, loss is fine`"),
            ),
            Some(meta) if !meta.waivable() => (
                "suppression-unused",
                format!("`{rule}` cannot be waived on a line: it is about what readers elsewhere get"),
                "take the waiver out; `driftgate accept` puts a deliberate break on the record".to_owned(),
            ),
            Some(_) if !used => (
                "suppression-unused",
                format!("this waiver of `{rule}` matches nothing on its line"),
                "take it out: a waiver that stays hides what comes later".to_owned(),
            ),
            Some(_) => return None,
        };
        let mut found = compare::finding(id, "", Role::Producer, message);
        if id == "suppression-unused" {
            found.severity = Severity::Warning;
        }
        // Only what the change introduces counts.
        if self.on_base(waiver) {
            found.status = Status::Known;
        }
        found.head = Some(waiver.origin.clone());
        found.path = String::new();
        found.fragments = (format!("{} {} {}", waiver.origin.file, waiver.function, rule), waiver.reason.clone());
        found.help = help;
        Some(found)
    }
}
