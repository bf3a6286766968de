//! GitLab's Code Quality report.
//!
//! GitLab shows an entry only where it has a path, shows one of several with equal fingerprints, and tells new from old by the
//! fingerprint: so each is there, unique, and free of line numbers.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::finding::{Diagnostic, Finding, Severity, Status};

use super::{Report, Reporter, escape, json, place};

/// Readers that one entry names.
const MAX_READERS: usize = 8;

/// The Code Quality reporter.
pub struct Gitlab;

impl Reporter for Gitlab {
    fn write(&self, report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        json::write_pretty(&entries(report), out)
    }
}

#[derive(Serialize)]
struct Entry {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

fn entries(report: &Report<'_>) -> Vec<Entry> {
    let findings = report.findings.iter().filter(|finding| report.gate.counts(finding.status)).map(|f| of_finding(report, f));
    let mut entries: Vec<Entry> = findings.chain(report.diagnostics.iter().filter_map(of_diagnostic)).collect();
    let mut taken = BTreeSet::new();
    for entry in &mut entries {
        let first = entry.fingerprint.clone();
        let mut ordinal = 2;
        while !taken.insert(entry.fingerprint.clone()) {
            entry.fingerprint = format!("{first}-{ordinal}");
            ordinal += 1;
        }
    }
    entries
}

fn of_finding(report: &Report<'_>, finding: &Finding) -> Entry {
    let anchor = place::anchor(report, finding);
    let mut description = escape::line(&finding.message).into_owned();
    if let Some(evidence) = &finding.evidence {
        description.push_str(": ");
        description.push_str(&escape::line(evidence));
    }
    if finding.status == Status::Requested {
        description.push_str(" (acceptance requested)");
    }
    let (readers, rest) = super::readers([finding], MAX_READERS);
    let read = !readers.is_empty();
    // Whoever the evidence names is named.
    let said = finding.evidence.as_deref().unwrap_or_default();
    let unsaid: Vec<_> = readers
        .iter()
        .filter(|reader| !said.contains(&reader.name))
        .map(|reader| escape::line(&reader.name).into_owned())
        .collect();
    if !unsaid.is_empty() {
        let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        description.push_str(&format!("; read by {}{more}", unsaid.join(", ")));
    }
    if finding.severity > Severity::Note && !finding.help.is_empty() {
        description.push_str(&format!(". Way out: {}", escape::line(&finding.help)));
    }
    Entry {
        description,
        check_name: finding.rule.to_owned(),
        fingerprint: finding.fingerprint.clone(),
        severity: match finding.severity {
            Severity::Error if read => "blocker",
            Severity::Error => "critical",
            Severity::Warning if finding.rule == super::assemble::UNKNOWN_RULE => "minor",
            Severity::Warning => "major",
            Severity::Note => "info",
        },
        location: Location { path: anchor.file.as_str().to_owned(), lines: Lines { begin: anchor.line } },
    }
}

fn of_diagnostic(diagnostic: &Diagnostic) -> Option<Entry> {
    let file = diagnostic.file.as_ref().filter(|_| diagnostic.severity > Severity::Note)?;
    let mut fingerprint = String::new();
    for byte in &Sha256::digest(format!("driftgate-unread\0{file}\0{}", diagnostic.message))[..6] {
        write!(fingerprint, "{byte:02x}").expect("writing to a string cannot fail");
    }
    Some(Entry {
        description: escape::line(&diagnostic.message).into_owned(),
        check_name: "unread".to_owned(),
        fingerprint,
        severity: "minor",
        location: Location { path: file.as_str().to_owned(), lines: Lines { begin: diagnostic.line.unwrap_or(1).max(1) } },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::report::sample::{Sample, written};
    use crate::source::RepoPath;

    fn report(sample: &Sample) -> Value {
        serde_json::from_str(&written(&Gitlab, &sample.report())).expect("it is JSON")
    }

    #[test]
    fn a_break_with_a_reader_blocks() {
        let mut sample = Sample::rename();
        let entry = report(&sample)[0].clone();
        assert_eq!(
            entry,
            json!({
                "description": "`customerId` is now `customer_id` in `invoice.paid`: `crm-sync` requires `customerId`. Way out: keep the wire \
                                name with `#[serde(rename = \"customerId\")]`, or send both while consumers move",
                "check_name": "field-renamed", "fingerprint": "3f9c21b0a7de", "severity": "blocker",
                "location": {"path": "src/events.rs", "lines": {"begin": 3}}
            })
        );
        sample.findings[0].consumers.clear();
        assert_eq!(report(&sample)[0]["severity"], "critical");
    }

    #[test]
    fn every_report_is_an_instance_of_the_schema_with_unique_fingerprints() {
        let schema: Value = serde_json::from_str(include_str!("gitlab.schema.json")).expect("it is JSON");
        let validator = jsonschema::validator_for(&schema).expect("the schema is one");
        let mut sample = Sample::rename();
        sample.findings.push(sample.findings[0].clone());
        sample.findings.push(sample.note());
        for line in [None, Some(4)] {
            sample.diagnostics.push(Diagnostic::warning(RepoPath::new("src/b.ts"), line, "cannot be parsed"));
        }
        let form = report(&sample);
        let errors: Vec<String> = validator.iter_errors(&form).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
        let prints: BTreeSet<&str> = form.as_array().expect("a list").iter().filter_map(|e| e["fingerprint"].as_str()).collect();
        assert_eq!(prints.len(), 5);
        assert!(!validator.is_valid(&json!([{"description": "x"}])), "a schema that takes everything proves nothing");
    }

    #[test]
    fn a_clean_run_is_an_empty_list() {
        let mut sample = Sample::rename();
        sample.findings[0].status = Status::Allowed;
        assert_eq!(report(&sample), json!([]));
    }
}
