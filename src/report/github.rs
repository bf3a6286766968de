//! GitHub Actions: annotations as workflow commands, the step summary, the step outputs.
//!
//! The runner reads a step's output line by line and obeys every line that starts with `::`, so whatever strangers named must
//! never become one. Commands are escaped as the runner undoes it, and text for people stands between `stop-commands` and a token
//! that nobody can know beforehand. The runner keeps ten annotations of each type for a step; so findings are gathered by event
//! and file, the heaviest come first, and the tenth says how many are left.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use sha2::{Digest, Sha256};

use crate::finding::{Finding, Severity, Status};
use crate::source::RepoPath;

use super::cause::{self, Cause};
use super::place::{self, Anchor};
use super::text::Text;
use super::{Report, Reporter, TextStyle, escape, markdown, remedy};

/// Annotations of one type that the runner takes from one step.
const MAX_ANNOTATIONS: usize = 10;
/// UTF-16 units of one message. The runner cuts at 4,096.
const MAX_MESSAGE: usize = 4_000;
/// Findings that one annotation lists.
const MAX_LISTED: usize = 12;
/// Readers that one annotation names.
const MAX_READERS: usize = 8;
/// Characters of a title.
const MAX_TITLE: usize = 120;
/// Bytes of the step summary. GitHub drops one of 1 MiB without a word, and what else the step writes counts as well.
const MAX_SUMMARY: usize = 900 * 1024;

/// The reporter for the log of a step.
pub struct Github {
    style: TextStyle,
}

impl Github {
    pub fn new(style: TextStyle) -> Self {
        Github { style: TextStyle { links: None, ..style } }
    }
}

impl Reporter for Github {
    fn write(&self, report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        let mut commands = String::new();
        for annotation in annotations(report) {
            commands.push_str(&annotation.command());
            commands.push('\n');
        }
        out.write_all(commands.as_bytes())?;
        let mut text = Vec::new();
        Text::new(self.style.clone()).write(report, &mut text)?;
        // The older form of a command is obeyed anywhere in a line, so it is broken even though commands are off here.
        let text = String::from_utf8_lossy(&text).replace("##[", "## [");
        let token = token(&text);
        write!(out, "::stop-commands::{token}\n{text}::{token}::\n")
    }
}

/// A word that no part of `text` can hold: it is made of all of it.
fn token(text: &str) -> String {
    let mut token = String::from("driftgate-");
    for byte in &Sha256::digest(text)[..16] {
        write!(token, "{byte:02x}").expect("writing to a string cannot fail");
    }
    token
}

/// The type of an annotation. The order is from light to heavy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Notice,
    Warning,
    Error,
}

impl Level {
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Notice => "notice",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }

    fn of(severity: Severity) -> Self {
        match severity {
            Severity::Note => Level::Notice,
            Severity::Warning => Level::Warning,
            Severity::Error => Level::Error,
        }
    }
}

/// One annotation, not escaped yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    pub level: Level,
    /// File and line; `None` for one that speaks of the whole run.
    pub anchor: Option<Anchor>,
    pub title: String,
    pub message: String,
}

impl Annotation {
    /// The workflow command, on one line.
    pub fn command(&self) -> String {
        let mut out = format!("::{} ", self.level.as_str());
        if let Some(anchor) = &self.anchor {
            let line = anchor.line;
            write!(out, "file={},line={line},endLine={line},", property(anchor.file.as_str()))
                .expect("writing to a string cannot fail");
            if let Some((start, end)) = anchor.columns {
                write!(out, "col={start},endColumn={end},").expect("writing to a string cannot fail");
            }
        }
        // The runner trims the properties as a whole, so the title is the last and does not end in a space.
        let title = escape::cut(&self.title, MAX_TITLE);
        write!(out, "title={}::{}", property(title.trim()), data(&cut_units(&self.message, MAX_MESSAGE)))
            .expect("writing to a string cannot fail");
        out
    }
}

/// A message as the runner un-escapes it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property as the runner un-escapes it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// At most `limit` UTF-16 units: what the runner counts.
fn cut_units(text: &str, limit: usize) -> String {
    let mut units = 0;
    for (at, c) in text.char_indices() {
        units += c.len_utf16();
        if units >= limit {
            return format!("{}…", &text[..at]);
        }
    }
    text.to_owned()
}

/// The annotations of a run, heaviest first, at most ten of each type.
pub fn annotations(report: &Report<'_>) -> Vec<Annotation> {
    let mut ranked: Vec<(Rank, Annotation)> = groups(report).into_iter().map(|group| group.annotation(report)).collect();
    // Notes are counted in the report and listed with `-v`: there they say the same of every change.
    for diagnostic in report.diagnostics.iter().filter(|diagnostic| diagnostic.severity > Severity::Note) {
        // What was wrong with files that the change leaves alone is in the summary.
        let Some(file) = diagnostic.file.as_ref().filter(|file| report.changed.contains_key(*file)) else { continue };
        let level = Level::of(diagnostic.severity);
        let line = diagnostic.line.unwrap_or(1);
        let anchor = Anchor { file: file.clone(), line, columns: None, in_change: true };
        let rank = Rank { level, reader: false, finding: false, file: file.clone(), line };
        let title = "driftgate could not read all of this file".to_owned();
        ranked.push((
            rank,
            Annotation { level, anchor: Some(anchor), title, message: escape::line(&diagnostic.message).into_owned() },
        ));
    }
    ranked.sort_by(|(a, x), (b, y)| {
        a.cmp_heavy_first(b).then_with(|| x.title.cmp(&y.title)).then_with(|| x.message.cmp(&y.message))
    });
    let mut kept = Vec::new();
    for level in [Level::Error, Level::Warning, Level::Notice] {
        let all: Vec<Annotation> =
            ranked.iter().filter(|(rank, _)| rank.level == level).map(|(_, annotation)| annotation.clone()).collect();
        if all.len() <= MAX_ANNOTATIONS {
            kept.extend(all);
            continue;
        }
        let rest = all.len() - (MAX_ANNOTATIONS - 1);
        kept.extend(all.into_iter().take(MAX_ANNOTATIONS - 1));
        kept.push(Annotation {
            level,
            anchor: None,
            title: "driftgate".to_owned(),
            message: format!("{rest} more in the job summary"),
        });
    }
    kept
}

/// What puts one annotation before another.
#[derive(Clone, Debug)]
struct Rank {
    level: Level,
    /// Whether somebody is known who reads it.
    reader: bool,
    finding: bool,
    file: RepoPath,
    line: u32,
}

impl Rank {
    fn cmp_heavy_first(&self, other: &Rank) -> std::cmp::Ordering {
        (other.level, other.reader, other.finding)
            .cmp(&(self.level, self.reader, self.finding))
            .then_with(|| (&self.file, self.line).cmp(&(&other.file, other.line)))
    }
}

/// What one annotation speaks of: the findings of one event in one file, by their causes; and where the same causes touch other
/// events too, those of all of them.
struct Group<'a> {
    level: Level,
    anchor: Anchor,
    causes: Vec<Cause<'a>>,
}

fn level(report: &Report<'_>, finding: &Finding) -> Option<Level> {
    match finding.status {
        Status::New => Some(Level::of(finding.severity)),
        Status::Requested if report.gate.counts(finding.status) => Some(Level::of(finding.severity)),
        Status::Requested => Some(Level::Notice),
        Status::Known | Status::Allowed => None,
    }
}

fn groups<'a>(report: &'a Report<'_>) -> Vec<Group<'a>> {
    let shown = cause::causes(report, report.findings.iter().filter(|finding| level(report, finding).is_some()));
    // By event and file: which causes have a finding there.
    let mut gathered: BTreeMap<(&str, RepoPath), Vec<usize>> = BTreeMap::new();
    for (at, cause) in shown.iter().enumerate() {
        for finding in &cause.findings {
            let causes = gathered.entry((&finding.event, place::anchor(report, finding).file)).or_default();
            if causes.last() != Some(&at) {
                causes.push(at);
            }
        }
    }
    let mut groups: BTreeMap<(RepoPath, Vec<usize>), Vec<&str>> = BTreeMap::new();
    for ((event, file), causes) in gathered {
        groups.entry((file, causes)).or_default().push(event);
    }
    let groups = groups.into_iter().map(|((_, causes), events)| {
        let causes: Vec<Cause<'a>> = causes
            .iter()
            .map(|at| Cause {
                findings: shown[*at]
                    .findings
                    .iter()
                    .copied()
                    .filter(|finding| events.contains(&finding.event.as_str()))
                    .collect(),
            })
            .collect();
        let best = causes
            .iter()
            .map(|cause| (level(report, cause.first()).unwrap_or(Level::Notice), place::anchor(report, cause.first())))
            .reduce(|best, next| if (next.0, next.1.in_change) > (best.0, best.1.in_change) { next } else { best });
        let (level, anchor) = best.expect("a group is made with its first cause");
        Group { level, anchor, causes }
    });
    groups.collect()
}

impl Group<'_> {
    fn annotation(&self, report: &Report<'_>) -> (Rank, Annotation) {
        let first = self.causes.first().expect("a group is made with its first cause");
        let finding = first.first();
        let events = first.by_event().len();
        let event = escape::line(super::subject(finding));
        let event = match events {
            1 => event.into_owned(),
            count => format!("{event} and {}", super::counted(count - 1, "more event", "more events")),
        };
        let title = match self.causes.len() {
            1 => format!("{}: {event}", finding.rule),
            count => format!("{event}: {count} findings"),
        };
        let mut message = String::new();
        for cause in self.causes.iter().take(MAX_LISTED) {
            let finding = cause.first();
            if !message.is_empty() {
                message.push('\n');
            }
            message.push_str(&escape::line(&cause.message()));
            if let Some(evidence) = &finding.evidence {
                message.push_str(": ");
                message.push_str(&escape::line(evidence));
            }
            if finding.status == Status::Requested {
                let reason = escape::line(finding.accepted.as_deref().unwrap_or("no reason given"));
                let state = if report.gate.accept_requested { "accepted" } else { "acceptance requested" };
                message.push_str(&format!(" ({state}: {reason})"));
            }
        }
        if self.causes.len() > MAX_LISTED {
            message.push_str(&format!("\n{} more in the job summary", self.causes.len() - MAX_LISTED));
        }
        if events > 1 {
            let mut names: Vec<_> = first.by_event().iter().map(|finding| escape::line(&finding.event)).collect();
            let rest = names.len().saturating_sub(MAX_LISTED);
            names.truncate(MAX_LISTED);
            let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            message.push_str(&format!("\nevents: {}{rest}", names.join(", ")));
        }
        let all = self.causes.iter().flat_map(|cause| cause.findings.iter().copied());
        let (readers, rest) = super::readers(all, MAX_READERS);
        if !readers.is_empty() {
            let names: Vec<_> = readers.iter().map(|consumer| escape::line(&consumer.name)).collect();
            let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            message.push_str(&format!("\nreaders: {}{rest}", names.join(", ")));
        }
        if !finding.help.is_empty() {
            message.push_str(&format!("\nhelp: {}", escape::line(&finding.help)));
        }
        if let Some(fix) = &finding.fix {
            message.push_str(&format!("\nfix: {} ({})", escape::line(&fix.what), remedy::how(fix)));
        }
        if let ([cause], Level::Error | Level::Warning) = (self.causes.as_slice(), self.level)
            && finding.status == Status::New
            && report.acceptable
        {
            message.push_str(&format!("\naccept: {}", cause.accept("…")));
        }
        let rank = Rank {
            level: self.level,
            reader: !readers.is_empty(),
            finding: true,
            file: self.anchor.file.clone(),
            line: self.anchor.line,
        };
        (rank, Annotation { level: self.level, anchor: Some(self.anchor.clone()), title, message })
    }
}

/// What is appended to the file that `GITHUB_STEP_SUMMARY` names.
pub fn step_summary(report: &Report<'_>) -> String {
    markdown::render(report, MAX_SUMMARY)
}

/// What is appended to the file that `GITHUB_OUTPUT` names. `files` are the outputs `report` and `sarif`, as far as such a file
/// was written.
pub fn step_outputs(report: &Report<'_>, files: &[(&str, &str)]) -> String {
    let breaking = report.findings.iter().filter(|f| f.severity == Severity::Error && report.gate.counts(f.status)).count();
    let summary = &report.summary;
    let mut out = format!("verdict={}\n", report.verdict.as_str());
    for (name, count) in [
        ("breaking", breaking),
        ("warnings", summary.warnings),
        ("unknown", summary.unknown),
        ("requested", summary.requested),
        ("allowed", summary.allowed),
    ] {
        writeln!(out, "{name}={count}").expect("writing to a string cannot fail");
    }
    for (name, path) in files {
        let end = token(path);
        write!(out, "{name}<<{end}\n{path}\n{end}\n").expect("writing to a string cannot fail");
    }
    out
}

#[cfg(test)]
mod tests;
