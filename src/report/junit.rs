//! JUnit XML: one test case for each boundary, so that what was checked is seen beside what was found.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use crate::finding::{Finding, Severity, Status, Via};
use crate::source::{Origin, RepoPath};

use super::{Report, Reporter, Side, escape, place, remedy};

/// The JUnit reporter.
pub struct Junit;

impl Reporter for Junit {
    fn write(&self, report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        out.write_all(document(report).as_bytes())
    }
}

/// A boundary with what was found at it, or findings that belong to no boundary of head.
struct Case<'a> {
    event: &'a str,
    name: String,
    file: Option<(RepoPath, u32)>,
    findings: Vec<&'a Finding>,
}

fn cases<'a>(report: &'a Report<'_>) -> Vec<Case<'a>> {
    let mut cases: Vec<Case<'a>> = Vec::new();
    let mut used: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for boundary in &report.boundaries {
        let name = format!("{} in {}", boundary.role.as_str(), boundary.origin.file);
        // A line number would make another test of it with every edit above.
        let times = used.entry((&boundary.event, name.clone())).or_insert(0);
        *times += 1;
        let line = place::region(report, Side::Head, &boundary.origin).map_or(1, |region| region.line);
        cases.push(Case {
            event: &boundary.event,
            name: if *times == 1 { name } else { format!("{name} ({times})") },
            file: Some((boundary.origin.file.clone(), line)),
            findings: Vec::new(),
        });
    }
    let boundaries = report.boundaries.iter().enumerate();
    let mut first: BTreeMap<_, usize> = BTreeMap::new();
    let mut first_in_file: BTreeMap<_, usize> = BTreeMap::new();
    for (at, boundary) in boundaries {
        first.entry((boundary.event.as_str(), boundary.role)).or_insert(at);
        first_in_file.entry((boundary.event.as_str(), boundary.role, &boundary.origin.file)).or_insert(at);
    }
    for finding in report.visible() {
        let event = finding.event.as_str();
        let in_file = finding.head.as_ref().and_then(|head| first_in_file.get(&(event, finding.role, &head.file))).copied();
        match in_file.or_else(|| first.get(&(event, finding.role)).copied()) {
            Some(at) => cases[at].findings.push(finding),
            None => {
                let anchor = place::anchor(report, finding);
                let name = format!("{} {}", finding.rule, finding.path).trim_end().to_owned();
                cases.push(Case {
                    event: super::subject(finding),
                    name,
                    file: Some((anchor.file, anchor.line)),
                    findings: vec![finding],
                });
            }
        }
    }
    if cases.is_empty() {
        // A suite without a test case is an error to many readers.
        let name = if report.base.is_some() { "no boundary was found" } else { "nothing was compared" };
        cases.push(Case { event: "driftgate", name: name.to_owned(), file: None, findings: Vec::new() });
    }
    cases
}

/// What is said of a case: it failed, it was passed over, or neither.
enum Outcome<'a> {
    Failed(Vec<&'a Finding>),
    Skipped(String),
    Passed,
}

fn outcome<'a>(report: &Report<'_>, case: &Case<'a>) -> Outcome<'a> {
    let breaks = |finding: &&&Finding| {
        report.gate.fails(finding) || (finding.severity == Severity::Error && report.gate.counts(finding.status))
    };
    let failed: Vec<&Finding> = case.findings.iter().filter(breaks).copied().collect();
    if !failed.is_empty() {
        return Outcome::Failed(failed);
    }
    for finding in &case.findings {
        if !report.gate.counts(finding.status) {
            return Outcome::Skipped(format!("accepted: {}", finding.accepted.as_deref().unwrap_or("no reason given")));
        }
        if finding.rule == super::assemble::UNKNOWN_RULE {
            return Outcome::Skipped(format!("unknown: {}", finding.message));
        }
    }
    Outcome::Passed
}

fn document(report: &Report<'_>) -> String {
    let cases = cases(report);
    let (mut failures, mut skipped) = (0, 0);
    let mut body = String::new();
    for case in &cases {
        match case.write(report, &mut body) {
            Outcome::Failed(_) => failures += 1,
            Outcome::Skipped(_) => skipped += 1,
            Outcome::Passed => {}
        }
    }
    let counts = format!("tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\" time=\"0\"", cases.len());
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    write!(out, "<testsuites name=\"driftgate\" {counts}>\n  <testsuite name=\"driftgate\" {counts}>\n{body}")
        .expect("writing to a string cannot fail");
    let mut said = vec![report.headline(), report.compared(), report.coverage()];
    said.extend(report.agent_note());
    said.extend(report.notes.iter().cloned());
    for diagnostic in report.diagnostics.iter().filter(|diagnostic| diagnostic.severity > Severity::Note) {
        let file = diagnostic.file.as_ref().map(|file| format!("{file}: ")).unwrap_or_default();
        said.push(format!("{}: {file}{}", diagnostic.severity.as_str(), diagnostic.message));
    }
    let said: Vec<String> = said.iter().map(|line| xml(&escape::line(line))).collect();
    write!(out, "    <system-out>{}</system-out>\n  </testsuite>\n</testsuites>\n", said.join("\n"))
        .expect("writing to a string cannot fail");
    out
}

impl<'a> Case<'a> {
    fn write(&self, report: &Report<'_>, out: &mut String) -> Outcome<'a> {
        write!(out, "    <testcase classname=\"{}\" name=\"{}\"", attribute(self.event), attribute(&self.name))
            .expect("writing to a string cannot fail");
        if let Some((file, line)) = &self.file {
            write!(out, " file=\"{}\" line=\"{line}\"", attribute(file.as_str())).expect("writing to a string cannot fail");
        }
        out.push_str(" time=\"0\">\n");
        let outcome = outcome(report, self);
        let mut said: Vec<&Finding> = self.findings.clone();
        match &outcome {
            Outcome::Failed(failed) => {
                let texts: Vec<String> = failed.iter().map(|finding| full(report, finding)).collect();
                let first = failed.first().expect("a failed case has what failed it");
                writeln!(
                    out,
                    "      <failure type=\"{}\" message=\"{}\">{}</failure>",
                    attribute(first.rule),
                    attribute(&first.message),
                    xml(&texts.join("\n\n"))
                )
                .expect("writing to a string cannot fail");
                said.retain(|finding| !failed.iter().any(|other| std::ptr::eq(*other, *finding)));
            }
            Outcome::Skipped(why) => {
                writeln!(out, "      <skipped message=\"{}\"/>", attribute(why)).expect("writing to a string cannot fail");
            }
            Outcome::Passed => {}
        }
        if !said.is_empty() {
            let texts: Vec<String> = said.iter().map(|finding| full(report, finding)).collect();
            writeln!(out, "      <system-out>{}</system-out>", xml(&texts.join("\n\n")))
                .expect("writing to a string cannot fail");
        }
        out.push_str("    </testcase>\n");
        outcome
    }
}

/// A finding in a few lines.
fn full(report: &Report<'_>, finding: &Finding) -> String {
    let mut text = format!("{}[{}]: {}", finding.severity.as_str(), finding.rule, escape::line(&finding.message));
    let readers: Vec<String> = finding
        .consumers
        .iter()
        .map(|consumer| match (consumer.via, &consumer.owner) {
            (Via::Base, _) => "nobody is declared".to_owned(),
            (_, Some(owner)) => format!("{} (owner {owner})", consumer.name),
            (_, None) => consumer.name.clone(),
        })
        .collect();
    let line = |side: Side, origin: &Option<Origin>| {
        let origin = origin.as_ref()?;
        Some(format!("{}:{}", origin.file, place::region(report, side, origin)?.line))
    };
    let standing = finding.status == Status::New;
    for (name, value) in [
        ("now", line(Side::Head, &finding.head)),
        ("before", line(Side::Base, &finding.base)),
        ("why", finding.evidence.clone()),
        ("readers", (!readers.is_empty()).then(|| readers.join(", "))),
        ("payload", finding.witness.as_ref().map(|witness| witness.payload().to_string())),
        ("help", (!finding.help.is_empty()).then(|| finding.help.clone())),
        ("fix", finding.fix.as_ref().map(|fix| format!("{} ({})", fix.what, remedy::how(fix)))),
        ("accepted", finding.accepted.clone()),
        ("fingerprint", standing.then(|| finding.fingerprint.clone())),
        (
            "accept",
            (standing && report.acceptable && finding.severity > Severity::Note)
                .then(|| format!("driftgate accept {} --reason \"…\"", finding.fingerprint)),
        ),
    ] {
        if let Some(value) = value {
            write!(text, "\n{name}: {}", escape::line(&value)).expect("writing to a string cannot fail");
        }
    }
    text
}

/// Text between tags. What XML 1.0 cannot hold at all is shown by its number.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push('\n'),
            '\u{fffe}' | '\u{ffff}' => escape::push_shown(c, &mut out),
            _ if escape::is_hostile(c) => escape::push_shown(c, &mut out),
            _ => out.push(c),
        }
    }
    out
}

/// Text in an attribute, where a line end would become a space.
fn attribute(text: &str) -> String {
    xml(&escape::line(text))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::report::sample::{Sample, written};

    #[test]
    fn a_boundary_is_a_test_case_and_a_break_fails_it() {
        let mut sample = Sample::rename();
        sample.findings.push(sample.note());
        expect![[r#"
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites name="driftgate" tests="1" failures="1" errors="0" skipped="0" time="0">
              <testsuite name="driftgate" tests="1" failures="1" errors="0" skipped="0" time="0">
                <testcase classname="invoice.paid" name="producer in src/events.rs" file="src/events.rs" line="5" time="0">
                  <failure type="field-renamed" message="`customerId` is now `customer_id` in `invoice.paid`">error[field-renamed]: `customerId` is now `customer_id` in `invoice.paid`
            now: src/events.rs:7
            before: src/events.rs:7
            why: `crm-sync` requires `customerId`
            readers: crm-sync (owner @acme/growth)
            payload: {&quot;customer_id&quot;:&quot;c_1&quot;,&quot;id&quot;:&quot;in_1&quot;}
            help: keep the wire name with `#[serde(rename = &quot;customerId&quot;)]`, or send both while consumers move
            fingerprint: 3f9c21b0a7de
            accept: driftgate accept 3f9c21b0a7de --reason &quot;…&quot;</failure>
                  <system-out>note[field-added]: `id` is new in `invoice.paid`
            now: src/events.rs:6
            fingerprint: 0123456789ab</system-out>
                </testcase>
                <system-out>breaking: 1 error, 1 note
            Compared worktree with origin/main (36a18c0), merge base with origin/main
            3 events, 4 producers, 2 consumers, 2 contracts; 12 files read, 1 skipped, 0 unknown</system-out>
              </testsuite>
            </testsuites>
        "#]]
        .assert_eq(&written(&Junit, &sample.report()));
    }

    #[test]
    fn accepted_findings_skip_and_a_finding_without_a_boundary_has_its_own_case() {
        let mut sample = Sample::rename();
        let mut other = sample.note();
        sample.findings[0].status = Status::Allowed;
        sample.findings[0].accepted = Some("reads both".to_owned());
        other.event = "user.signup".to_owned();
        sample.findings.push(other);
        let text = written(&Junit, &sample.report());
        assert!(text.contains("tests=\"2\" failures=\"0\" errors=\"0\" skipped=\"1\""), "{text}");
        assert!(text.contains("<skipped message=\"accepted: reads both\"/>"), "{text}");
        assert!(text.contains("classname=\"user.signup\" name=\"field-added /id\""), "{text}");
    }

    #[test]
    fn there_is_always_a_test_case_and_only_what_xml_can_hold() {
        let mut sample = Sample::rename();
        sample.findings.clear();
        let mut report = sample.report();
        report.boundaries.clear();
        report.notes.push("\u{0}\u{1b}\u{fffe}]]><x a='\"'>&amp;".to_owned());
        let text = written(&Junit, &report);
        assert!(text.contains("name=\"no boundary was found\""), "{text}");
        assert!(text.contains("\\u{0}\\u{1b}\\u{fffe}]]&gt;&lt;x a='&quot;'&gt;&amp;amp;"), "{text}");
    }
}
