//! The report as Markdown, for a step summary and for a comment on a pull request: the verdict, a table of what changed, the six
//! questions, what was accepted, what is unknown, what was compared with what.
//!
//! It is made of blocks, and a block that does not fit any more is left out whole, with a count of what is missing: a page cut in
//! the middle of a table shows nothing, and GitHub cuts or drops what is too large.

use std::fmt::Write as _;
use std::io;

use crate::finding::{Finding, Severity, Status, Via};

use super::cause::{self, Cause};
use super::{Answer, QUESTIONS, Report, Reporter, Verdict, escape, mermaid, payload, place, remedy};

/// Characters of the page as a format of its own. GitHub takes comments of up to 65,536.
pub const MAX_COMMENT: usize = 60_000;
/// Bytes kept back for what closes the page.
const CLOSING: usize = 2_000;
/// Characters of one name or message in a table.
const MAX_CELL: usize = 300;
/// Characters of a witness.
const MAX_WITNESS: usize = 1_500;
/// Readers that are named for one finding.
const MAX_READERS: usize = 6;
/// Events that are named in one row.
const MAX_EVENTS: usize = 6;
/// Sentences that say why, of one cause.
const MAX_EVIDENCE: usize = 4;
/// Findings that are told in full below the table.
const MAX_DETAILS: usize = 25;
/// Diagnostics that are listed.
const MAX_DIAGNOSTICS: usize = 20;

/// The Markdown reporter.
pub struct Markdown;

impl Reporter for Markdown {
    fn write(&self, report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        out.write_all(render(report, MAX_COMMENT).as_bytes())
    }
}

/// The page, of at most `limit` bytes.
pub fn render(report: &Report<'_>, limit: usize) -> String {
    let mut page = Page { text: String::new(), limit: limit.saturating_sub(CLOSING) };
    let mark = match report.verdict {
        Verdict::Compatible => "✔",
        Verdict::Breaking => "✘",
        Verdict::Unknown => "?",
    };
    let headline = report.headline();
    let (verdict, counts) = headline.split_once(": ").unwrap_or((&headline, ""));
    page.push(&format!("### {mark} driftgate: {verdict}\n\n{counts}.\n\n"));
    for note in report.agent_note().iter().chain(&report.notes) {
        page.push(&format!("> {}\n\n", prose(note)));
    }
    let standing = cause::causes(report, report.findings.iter().filter(|f| report.gate.counts(f.status)));
    let left_out = table(report, &standing, &mut page);
    if left_out > 0 {
        page.close(&format!("\n{left_out} more findings do not fit here; the JSON report has them all.\n"));
    }
    page.push("\n");
    if let Some(picture) = mermaid::picture(&report.events) {
        let alone = if picture.broken_alone { "The broken handoffs; what else changed is in the table:\n\n" } else { "" };
        page.push(&format!("{alone}```mermaid\n{}```\n\n", picture.text));
    }
    questions(report, &mut page);
    details(report, &standing, &mut page);
    accepted(report, &mut page);
    diagnostics(report, &mut page);
    page.close(&format!("<sub>{}. {}.</sub>\n", prose(&report.compared()), report.coverage()));
    page.text
}

/// Text that grows up to a limit, block by block.
struct Page {
    text: String,
    limit: usize,
}

impl Page {
    /// Adds a block where it fits; says whether it did.
    fn push(&mut self, block: &str) -> bool {
        let fits = self.text.len() + block.len() <= self.limit;
        if fits {
            self.text.push_str(block);
        }
        fits
    }

    /// Adds one of the few lines that room is kept back for.
    fn close(&mut self, block: &str) {
        if block.len() <= CLOSING / 2 {
            self.text.push_str(block);
        }
    }
}

/// Writes the table and returns how many findings did not fit.
fn table(report: &Report<'_>, causes: &[Cause<'_>], page: &mut Page) -> usize {
    if causes.is_empty() {
        return 0;
    }
    page.push("| | event | change | who reads it | where | rule |\n|---|---|---|---|---|---|\n");
    for (done, cause) in causes.iter().enumerate() {
        let finding = cause.first();
        let place = match place::own(report, finding) {
            Some((file, line, false)) => cell(&format!("{file}:{line}")),
            Some((file, line, true)) => format!("{} before", cell(&format!("{file}:{line}"))),
            None => cell(place::anchor(report, finding).file.as_str()),
        };
        let (known, rest) = super::readers(cause.findings.iter().copied(), MAX_READERS);
        let mut readers: Vec<String> = known
            .iter()
            .map(|consumer| {
                let owner = consumer.owner.as_ref().map(|owner| format!(" ({})", cell(owner))).unwrap_or_default();
                format!("{}{owner}", cell(&consumer.name))
            })
            .collect();
        if rest > 0 {
            readers.push(format!("{rest} more"));
        } else if readers.is_empty() && !finding.consumers.is_empty() {
            readers.push("nobody declared".to_owned());
        }
        let named = cause.by_event();
        let mut events: Vec<String> = named.iter().take(MAX_EVENTS).map(|finding| cell(super::subject(finding))).collect();
        if named.len() > MAX_EVENTS {
            events.push(format!("{} more", named.len() - MAX_EVENTS));
        }
        let row = format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            severity_word(finding),
            events.join(", "),
            prose_cell(&cause.change()),
            readers.join(", "),
            place,
            cell(finding.rule),
        );
        if !page.push(&row) {
            return causes[done..].iter().map(|cause| cause.findings.len()).sum();
        }
    }
    0
}

fn severity_word(finding: &Finding) -> &'static str {
    match finding.severity {
        Severity::Error => "**breaking**",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn questions(report: &Report<'_>, page: &mut Page) {
    if report.base.is_none() {
        return;
    }
    let mut block = String::from("| | question | answer |\n|---|---|---|\n");
    for (answer, (question, _)) in report.questions.iter().zip(QUESTIONS) {
        let (mark, word) = match answer.answer {
            Answer::Yes => {
                // What every reader survives is worth a look, no cross.
                let heavy = report.findings.iter().any(|finding| {
                    finding.question == Some(answer.question)
                        && finding.severity > Severity::Note
                        && report.gate.counts(finding.status)
                });
                let mark = if heavy { "✘" } else { "•" };
                (mark, format!("yes, {}", super::counted(answer.findings, "finding", "findings")))
            }
            Answer::No => ("✔", "no".to_owned()),
            Answer::Unknown => ("?", "unknown".to_owned()),
        };
        writeln!(block, "| {mark} | {question} | {word} |").expect("writing to a string cannot fail");
    }
    block.push('\n');
    page.push(&block);
}

fn details(report: &Report<'_>, causes: &[Cause<'_>], page: &mut Page) {
    for cause in causes.iter().filter(|cause| cause.first().severity > Severity::Note).take(MAX_DETAILS) {
        let finding = cause.first();
        let summary = html(&format!("{}: {}", finding.rule, cause.message()));
        let mut block = format!("<details><summary>{summary}</summary>\n\n");
        let named = cause.by_event();
        if named.len() > 1 {
            let names: Vec<String> = named.iter().map(|finding| code(&finding.event)).collect();
            write!(block, "Events: {}\n\n", names.join(", ")).expect("writing to a string cannot fail");
        }
        for evidence in cause.evidence(MAX_EVIDENCE) {
            write!(block, "{}\n\n", prose(evidence)).expect("writing to a string cannot fail");
        }
        let known = cause.consumers().filter(|(_, consumer)| consumer.via != Via::Base);
        for (finding, consumer) in known.take(MAX_READERS) {
            if let (Some(origin), Some(line)) = (&consumer.origin, place::promise_line(report, finding, consumer)) {
                let at = format!("{}:{line}", origin.file);
                writeln!(block, "- {} at {}", code(&consumer.name), code(&at)).expect("writing to a string cannot fail");
            }
        }
        if let Some(witness) = &finding.witness {
            let pretty = escape::lines(&payload::shown(&finding.path, finding.to.as_deref(), witness.payload())).into_owned();
            let fence = fence(&pretty, 3);
            write!(block, "\nA payload that breaks it:\n\n{fence}json\n{}\n{fence}\n", escape::cut(&pretty, MAX_WITNESS))
                .expect("writing to a string cannot fail");
        }
        if !finding.help.is_empty() {
            write!(block, "\n{}\n", prose(&finding.help)).expect("writing to a string cannot fail");
        }
        if let Some(fix) = &finding.fix {
            write!(block, "\nFix: {} ({}).\n", prose(&fix.what), remedy::how(fix)).expect("writing to a string cannot fail");
            if let Some(lines) = remedy::lines(report, fix) {
                let text: Vec<String> =
                    lines.changed.iter().map(|(sign, line)| format!("{sign} {}", escape::line(line))).collect();
                block.push('\n');
                let text = text.join("\n");
                let fence = fence(&text, 3);
                write!(block, "{fence}diff\n{text}\n{fence}\n").expect("writing to a string cannot fail");
            }
        }
        if finding.status == Status::New && report.acceptable {
            write!(block, "\nIf it is meant: {}\n", code_whole(&cause.accept("…"))).expect("writing to a string cannot fail");
        }
        block.push_str("\n</details>\n\n");
        if !page.push(&block) {
            return;
        }
    }
}

fn accepted(report: &Report<'_>, page: &mut Page) {
    let mut first = true;
    for finding in &report.findings {
        let state = match finding.status {
            Status::Requested if report.gate.accept_requested => "accepted with this change",
            Status::Requested => "acceptance requested",
            Status::Allowed => "accepted",
            Status::New | Status::Known => continue,
        };
        let reason = finding.accepted.as_deref().unwrap_or("no reason given");
        let head = if first { "**Accepted breaks**\n\n" } else { "" };
        let block = format!("{head}- {} in {}, {state}: {}\n", code(finding.rule), code(super::subject(finding)), prose(reason));
        if !page.push(&block) {
            return;
        }
        first = false;
    }
    if !first {
        page.push("\n");
    }
}

fn diagnostics(report: &Report<'_>, page: &mut Page) {
    let listed: Vec<_> = report.diagnostics.iter().filter(|diagnostic| diagnostic.severity > Severity::Note).collect();
    if listed.is_empty() {
        return;
    }
    let mut block = String::from("**Not read, or read in part**\n\n");
    for diagnostic in listed.iter().take(MAX_DIAGNOSTICS) {
        let place = match (&diagnostic.file, diagnostic.line) {
            (Some(file), Some(line)) => format!("{}: ", code(&format!("{file}:{line}"))),
            (Some(file), None) => format!("{}: ", code(file.as_str())),
            (None, _) => String::new(),
        };
        writeln!(block, "- {place}{}", prose(&diagnostic.message)).expect("writing to a string cannot fail");
    }
    if listed.len() > MAX_DIAGNOSTICS {
        writeln!(block, "- {} more", listed.len() - MAX_DIAGNOSTICS).expect("writing to a string cannot fail");
    }
    block.push('\n');
    page.push(&block);
}

/// A run of backticks longer than any in the text, and at least `least`.
fn fence(text: &str, least: usize) -> String {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    "`".repeat(least.max(longest + 1))
}

/// A name as a code span that nothing inside can end.
pub(super) fn code(text: &str) -> String {
    code_whole(&escape::cut(&escape::line(text), MAX_CELL))
}

/// The same of what must not be cut: a command to copy.
fn code_whole(text: &str) -> String {
    let text = escape::line(text);
    let fence = fence(&text, 1);
    // A span that begins or ends with a backtick, or is blank, needs the space that CommonMark strips again.
    let pad = if text.starts_with('`') || text.ends_with('`') || text.trim().is_empty() { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A code span in a table, where a bar would end the cell even inside of it.
fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

fn prose_cell(text: &str) -> String {
    prose(&escape::cut(text, MAX_CELL)).replace('|', "\\|")
}

/// A sentence of ours with names of strangers in it, on one line. Names stand between backticks; those stay code, and everything
/// else that Markdown or GitHub would act on (`<`, `[`, `*`, `@name`, `#1`, a link) is written so that it is only text.
pub(super) fn prose(text: &str) -> String {
    let text = escape::line(text);
    let mut out = String::new();
    // With an odd number of backticks it is not known which of them are ours, so none is.
    if text.matches('`').count() % 2 == 1 {
        push_plain(&text, &mut out);
        return out;
    }
    for (at, part) in text.split('`').enumerate() {
        if at % 2 == 0 {
            push_plain(part, &mut out);
        } else {
            out.push_str(&code(part));
        }
    }
    out
}

fn push_plain(text: &str, out: &mut String) {
    for (at, c) in text.char_indices() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            '#' => out.push_str("&#35;"),
            // `https://…` and `www.` become links by themselves.
            ':' if text[at..].starts_with("://") => out.push_str("&#58;"),
            '.' if text[..at].to_ascii_lowercase().ends_with("www") => out.push_str("&#46;"),
            _ => out.push(c),
        }
    }
}

/// The same sentence inside an element of HTML, where Markdown is not read.
fn html(text: &str) -> String {
    let text = escape::line(text);
    let text = escape::cut(&text, MAX_CELL);
    let paired = text.matches('`').count().is_multiple_of(2);
    let mut out = String::new();
    let mut open = false;
    for c in text.chars() {
        match c {
            '`' if paired => {
                open = !open;
                out.push_str(if open { "<code>" } else { "</code>" });
            }
            'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | '.' | ',' | '-' | '/' => out.push(c),
            _ if c.is_alphanumeric() => out.push(c),
            _ => write!(out, "&#{};", u32::from(c)).expect("writing to a string cannot fail"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_code_span() {
        assert_eq!(code("customerId"), "`customerId`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("``"), "``` `` ```");
        assert_eq!(cell("a|b"), "`a\\|b`");
        assert_eq!(code("a\n\n# b"), "`a\\n\\n# b`");
    }

    #[test]
    fn a_sentence_keeps_its_own_code_spans_and_nothing_else() {
        assert_eq!(prose("`a` is now `b` in `x.y`"), "`a` is now `b` in `x.y`");
        assert_eq!(
            prose("ask @team, #12 <img> [x](y) https://e.vil"),
            "ask &#64;team, &#35;12 &lt;img&gt; \\[x\\](y) https&#58;//e.vil"
        );
        assert_eq!(html("`a_b` is <now> `c`"), "<code>a&#95;b</code> is &#60;now&#62; <code>c</code>");
        assert_eq!(html("`a"), "&#96;a");
        assert_eq!(prose("`a is ` now ` @b"), "\\`a is \\` now \\` &#64;b");
    }
}
