//! The report for a person at a terminal: each finding with the lines that it is about, who breaks, the payload that proves it and
//! the way out; then one paragraph that says what was compared and what was not.

use std::fmt::{self, Write as _};
use std::io;

use miette::{Diagnostic as MietteDiagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};

use crate::finding::{Consumer, Diagnostic, Finding, Fix, Severity, Status, Via};
use crate::source::{Origin, RepoPath, SourceText};

use super::cause::{self, Cause};
use super::excerpt::Excerpt;
use super::{Report, Reporter, Side, TextStyle, escape, payload, place, remedy};

/// Consumers whose promise is shown with its lines; the others are named.
const MAX_PROMISES: usize = 2;
/// Readers that are named; `-v` names them all.
const MAX_READERS: usize = 10;
/// Sentences that say why.
const MAX_EVIDENCE: usize = 4;
/// Who is said to read what nobody is known to.
const NOBODY: &str = "nobody is declared";
/// Diagnostics that are listed; the rest is a count. `-v` lists them all.
const MAX_DIAGNOSTICS: usize = 20;
/// Characters of a witness. A longer one is cut: the JSON report has it whole.
const MAX_WITNESS: usize = 2_000;

/// The text reporter.
pub struct Text {
    style: TextStyle,
}

impl Text {
    pub fn new(style: TextStyle) -> Self {
        Text { style }
    }
}

impl Reporter for Text {
    fn write(&self, report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        let printer = Printer { style: &self.style, handler: handler(&self.style), report };
        for cause in cause::causes(report, report.findings.iter().filter(|finding| !self.skips(report, finding))) {
            let finding = cause.first();
            let mut text = String::new();
            let whole = self.style.verbose || (finding.severity > Severity::Note && report.gate.counts(finding.status));
            let written = if whole { printer.finding(&cause, &mut text) } else { printer.short(&cause, &mut text) };
            written.expect("writing to a string cannot fail");
            out.write_all(text.as_bytes())?;
        }
        if self.style.quiet {
            return Ok(());
        }
        let mut text = String::new();
        printer.diagnostics(&mut text).and_then(|()| printer.close(&mut text)).expect("writing to a string cannot fail");
        out.write_all(text.as_bytes())
    }
}

impl Text {
    fn skips(&self, report: &Report<'_>, finding: &Finding) -> bool {
        (finding.status == Status::Known && !self.style.verbose) || (self.style.quiet && !report.gate.fails(finding))
    }
}

fn handler(style: &TextStyle) -> GraphicalReportHandler {
    let mut theme = match (style.unicode, style.color) {
        (true, true) => GraphicalTheme::unicode(),
        (true, false) => GraphicalTheme::unicode_nocolor(),
        (false, true) => GraphicalTheme::ascii(),
        (false, false) => GraphicalTheme::none(),
    };
    theme.characters.advice = if style.unicode { "▸".to_owned() } else { ">".to_owned() };
    GraphicalReportHandler::new_themed(theme)
        .with_width(style.width)
        .with_links(false)
        .with_context_lines(1)
        .without_syntax_highlighting()
}

/// The parts of the text that carry a colour.
#[derive(Clone, Copy)]
enum Paint {
    Error,
    Warning,
    Note,
    Strong,
    Faint,
    Added,
    Removed,
}

struct Printer<'a> {
    style: &'a TextStyle,
    handler: GraphicalReportHandler,
    report: &'a Report<'a>,
}

impl Printer<'_> {
    fn paint(&self, paint: Paint, text: &str) -> String {
        if !self.style.color {
            return text.to_owned();
        }
        let code = match paint {
            Paint::Error => "1;31",
            Paint::Warning => "1;33",
            Paint::Note => "1;36",
            Paint::Strong => "1",
            Paint::Faint => "2",
            Paint::Added => "32",
            Paint::Removed => "31",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    fn heading(&self, cause: &Cause<'_>) -> String {
        let finding = cause.first();
        let paint = match finding.severity {
            Severity::Error => Paint::Error,
            Severity::Warning => Paint::Warning,
            Severity::Note => Paint::Note,
        };
        let status = match finding.status {
            Status::New => "",
            Status::Known => " (known)",
            Status::Requested => " (acceptance requested)",
            Status::Allowed => " (allowed)",
        };
        let label = format!("{}[{}]{status}", finding.severity.as_str(), finding.rule);
        let message = cause.message();
        let message = escape::line(&message);
        format!("{}: {}", self.paint(paint, &label), self.paint(Paint::Strong, &message))
    }

    fn finding(&self, cause: &Cause<'_>, out: &mut String) -> fmt::Result {
        let finding = cause.first();
        writeln!(out, "{}", self.heading(cause))?;
        let both = finding.head.is_some() && finding.base.is_some();
        if let Some(head) = &finding.head {
            self.excerpt(if both { "now" } else { "here" }, Side::Head, head, out)?;
        }
        if let Some(base) = &finding.base {
            self.excerpt("before", Side::Base, base, out)?;
        }
        let mut shown: Vec<&Origin> = finding.head.iter().chain(&finding.base).collect();
        let own = shown.len();
        for (finding, consumer) in cause.consumers() {
            let (Some(origin), Some((_, source))) = (&consumer.origin, place::promise(self.report, finding, consumer)) else {
                continue;
            };
            if shown.len() < own + MAX_PROMISES && !shown.contains(&origin) {
                shown.push(origin);
                self.draw(&who(consumer), &source, origin, out)?;
            }
        }
        self.readers(cause, out)?;
        let evidence = cause.evidence(MAX_EVIDENCE);
        if !evidence.is_empty() {
            self.field("why", &escape::lines(&evidence.join("\n")), out)?;
        }
        if let Some(witness) = &finding.witness {
            let pretty = payload::shown(&finding.path, finding.to.as_deref(), witness.payload());
            self.field("payload", &escape::cut(&escape::lines(&pretty), MAX_WITNESS), out)?;
        }
        if !finding.help.is_empty() {
            self.field("help", &escape::lines(&finding.help), out)?;
        }
        if let Some(fix) = &finding.fix {
            self.fix(fix, out)?;
        }
        match finding.status {
            // Only what a change does can be accepted.
            Status::New if finding.severity > Severity::Note && self.report.acceptable && self.report.base.is_some() => {
                let ellipsis = if self.style.unicode { "…" } else { "..." };
                self.field("accept", &cause.accept(ellipsis), out)?
            }
            Status::Requested | Status::Allowed => {
                let reason = finding.accepted.as_deref().unwrap_or("no reason given");
                self.field("accepted", &escape::lines(reason), out)?;
            }
            Status::New | Status::Known => {}
        }
        writeln!(out)
    }

    /// Who is concerned; where one cause touches several events, event by event.
    fn readers(&self, cause: &Cause<'_>, out: &mut String) -> fmt::Result {
        let several = cause.by_event().len() > 1;
        let mut lines: Vec<String> = Vec::new();
        let mut undeclared: Vec<String> = Vec::new();
        for (finding, consumer) in cause.consumers() {
            let event = escape::line(&finding.event);
            match (several, consumer.via) {
                (true, Via::Base) => undeclared.push(event.into_owned()),
                (false, Via::Base) => lines.push(NOBODY.to_owned()),
                (true, _) => lines.push(format!("{event}: {}", reader(self.report, finding, consumer))),
                (false, _) => lines.push(reader(self.report, finding, consumer)),
            }
        }
        // Findings that concern nobody by name still have their event.
        let silent = cause.findings.iter().filter(|finding| several && finding.consumers.is_empty());
        lines.extend(silent.map(|finding| escape::line(&finding.event).into_owned()));
        undeclared.dedup();
        if !undeclared.is_empty() {
            let rest = undeclared.len().saturating_sub(if self.style.verbose { usize::MAX } else { MAX_READERS });
            undeclared.truncate(undeclared.len() - rest);
            let more = if rest > 0 { format!(" and {rest} more (`-v` names them)") } else { String::new() };
            lines.push(format!("{}{more}: {NOBODY}", undeclared.join(", ")));
        }
        lines.dedup();
        if lines.is_empty() {
            return Ok(());
        }
        let limit = if self.style.verbose { usize::MAX } else { MAX_READERS };
        let rest = lines.len().saturating_sub(limit);
        if rest > 0 {
            lines.truncate(limit);
            lines.push(format!("{rest} more (`-v` names them)"));
        }
        self.field(if several { "events" } else { "readers" }, &lines.join("\n"), out)
    }

    /// The edit that is the way out, as the lines that it changes.
    fn fix(&self, fix: &Fix, out: &mut String) -> fmt::Result {
        let mut text = format!("{} ({})", escape::line(&fix.what), remedy::how(fix));
        if let Some(lines) = remedy::lines(self.report, fix) {
            text.push_str(&format!("\n{}:{}", escape::line(fix.origin.file.as_str()), lines.line));
            for (sign, line) in &lines.changed {
                let paint = if *sign == '+' { Paint::Added } else { Paint::Removed };
                text.push('\n');
                text.push_str(&self.paint(paint, &format!("{sign} {}", escape::line(line))));
            }
        }
        self.field("fix", &text, out)
    }

    /// One line, for what is said by the way.
    fn short(&self, cause: &Cause<'_>, out: &mut String) -> fmt::Result {
        let finding = cause.first();
        write!(out, "{}", self.heading(cause))?;
        let place = [(Side::Head, &finding.head), (Side::Base, &finding.base)]
            .into_iter()
            .find_map(|(side, origin)| Some((side, origin.as_ref()?)));
        if let Some((side, origin)) = place {
            let at = match place::region(self.report, side, origin) {
                Some(region) => format!("{}:{}:{}", self.link(&origin.file), region.line, region.column),
                None => self.link(&origin.file),
            };
            write!(out, "  {}", self.paint(Paint::Faint, &at))?;
        }
        writeln!(out)?;
        if let (Status::Requested | Status::Allowed, Some(reason)) = (finding.status, &finding.accepted) {
            self.field("accepted", &escape::line(reason), out)?;
        }
        writeln!(out)
    }

    fn excerpt(&self, caption: &str, side: Side, origin: &Origin, out: &mut String) -> fmt::Result {
        match self.report.sources.source(side, &origin.file) {
            Some(source) => self.draw(caption, &source, origin, out),
            None => writeln!(out, "  {} {caption}: {}", if self.style.unicode { "▸" } else { ">" }, self.link(&origin.file)),
        }
    }

    fn draw(&self, caption: &str, source: &SourceText, origin: &Origin, out: &mut String) -> fmt::Result {
        let excerpt = Excerpt::new(source, origin, self.link(&origin.file));
        let mut drawn = String::new();
        self.handler.render_report(&mut drawn, &Picture { caption: caption.to_owned(), excerpt })?;
        out.push_str(&drawn);
        Ok(())
    }

    /// ` = name: text`, with the further lines of the text set under its first.
    fn field(&self, name: &str, text: &str, out: &mut String) -> fmt::Result {
        let indent = " ".repeat(name.len() + 6);
        let text = text.replace('\n', &format!("\n{indent}"));
        writeln!(out, "  = {}: {text}", self.paint(Paint::Strong, name))
    }

    /// A path, printable, leading to the file where the terminal follows links.
    fn link(&self, file: &RepoPath) -> String {
        let shown = escape::line(file.as_str());
        match &self.style.links {
            Some(root) => {
                // The colon of a Windows drive stays one.
                let (drive, root) = root.split_once(':').map_or(("", &**root), |(drive, root)| (drive, root));
                let drive = if drive.is_empty() { String::new() } else { format!("/{drive}:") };
                let target = escape::uri_path(&format!("{}/{}", root.trim_end_matches('/'), file.as_str()));
                let target = format!("{drive}{target}");
                let slash = if target.starts_with('/') { "" } else { "/" };
                format!("\u{1b}]8;;file://{slash}{target}\u{1b}\\{shown}\u{1b}]8;;\u{1b}\\")
            }
            None => shown.into_owned(),
        }
    }

    fn diagnostics(&self, out: &mut String) -> fmt::Result {
        let (mut listed, mut rest) = (0, 0);
        for diagnostic in &self.report.diagnostics {
            let listable = self.style.verbose || (diagnostic.severity > Severity::Note && listed < MAX_DIAGNOSTICS);
            if listable {
                listed += 1;
                writeln!(out, "{}", self.diagnostic(diagnostic))?;
            } else {
                rest += 1;
            }
        }
        if rest > 0 {
            writeln!(out, "{rest} more about what could not be read or joined (`-v` lists them)")?;
        }
        if listed + rest > 0 { writeln!(out) } else { Ok(()) }
    }

    fn diagnostic(&self, diagnostic: &Diagnostic) -> String {
        let paint = match diagnostic.severity {
            Severity::Error => Paint::Error,
            Severity::Warning => Paint::Warning,
            Severity::Note => Paint::Note,
        };
        let place = match (&diagnostic.file, diagnostic.line) {
            (Some(file), Some(line)) => format!("{}:{line}: ", self.link(file)),
            (Some(file), None) => format!("{}: ", self.link(file)),
            (None, _) => String::new(),
        };
        format!("{}: {place}{}", self.paint(paint, diagnostic.severity.as_str()), escape::line(&diagnostic.message))
    }

    fn close(&self, out: &mut String) -> fmt::Result {
        let report = self.report;
        for note in report.agent_note().iter().chain(&report.notes) {
            writeln!(out, "{}: {}", self.paint(Paint::Note, "note"), escape::line(note))?;
        }
        if report.base.is_some() {
            let answers: Vec<String> = report
                .questions
                .iter()
                .zip(super::QUESTIONS)
                .map(|(answer, (_, word))| match answer.findings {
                    0 => format!("{word} {}", answer.answer.as_str()),
                    count => format!("{word} {} ({count})", answer.answer.as_str()),
                })
                .collect();
            writeln!(out, "changed: {}", answers.join(if self.style.unicode { " · " } else { ", " }))?;
        }
        let requested = report.summary.requested;
        if requested > 0 && !report.gate.accept_requested {
            let what = super::counted(requested, "break is", "breaks are");
            writeln!(
                out,
                "{what} asked to be accepted: `--accept-requested` lets that pass, or the label that `--accept-label` names"
            )?;
        }
        if let Some(finding) = report.findings.iter().find(|finding| report.gate.fails(finding)) {
            writeln!(out, "`driftgate explain {}` tells what the rule means, with an example and the way out", finding.rule)?;
        }
        let (verdict, rest) = split_headline(report.headline());
        let paint = match report.verdict {
            super::Verdict::Breaking => Paint::Error,
            super::Verdict::Unknown => Paint::Warning,
            super::Verdict::Compatible => Paint::Strong,
        };
        writeln!(out, "{}{rest}. {}. {}.", self.paint(paint, &verdict), escape::line(&report.compared()), report.coverage())
    }
}

fn split_headline(headline: String) -> (String, String) {
    match headline.split_once(':') {
        Some((verdict, rest)) => (verdict.to_owned(), format!(":{rest}")),
        None => (headline, String::new()),
    }
}

/// A consumer in words: `read by crm-sync (contract)`.
fn who(consumer: &Consumer) -> String {
    match consumer.via {
        Via::Base => "promised at base".to_owned(),
        Via::Contract | Via::Schema | Via::Pact | Via::AsyncApi | Via::OpenApi => {
            format!("promised to {} ({})", escape::line(&consumer.name), consumer.via.as_str())
        }
        Via::Code => format!("read by {}", escape::line(&consumer.name)),
    }
}

/// A consumer with its place and whom to ask.
fn reader(report: &Report<'_>, finding: &Finding, consumer: &Consumer) -> String {
    let mut text = format!("{} ({})", escape::line(&consumer.name), consumer.via.as_str());
    if let Some(origin) = &consumer.origin {
        let file = escape::line(origin.file.as_str());
        match place::promise_line(report, finding, consumer) {
            Some(line) => text.push_str(&format!(", {file}:{line}")),
            None => text.push_str(&format!(", {file}")),
        }
    }
    if let Some(owner) = &consumer.owner {
        text.push_str(&format!(", owner {}", escape::line(owner)));
    }
    text
}

/// What miette is given to draw: a caption and an excerpt.
#[derive(Debug)]
struct Picture {
    caption: String,
    excerpt: Excerpt,
}

impl fmt::Display for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.caption)
    }
}

impl std::error::Error for Picture {}

impl MietteDiagnostic for Picture {
    fn severity(&self) -> Option<miette::Severity> {
        Some(miette::Severity::Advice)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(self.excerpt.label())))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt)
    }
}
