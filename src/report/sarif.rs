//! SARIF 2.1.0, as GitHub's code scanning takes it.
//!
//! GitHub shows an alert in a pull request only where all its lines are in the diff, so a result stands at its
//! [`place::anchor`]; the other places are related locations that the message links to, and the way from the old place to the new
//! one is a code flow. Findings that stood at base are left out: code scanning compares with the target branch by itself.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;

use crate::finding::{Finding, Fix, Severity, Status, Via};
use crate::source::RepoPath;

use super::{QUESTIONS, Report, Reporter, RuleInfo, Side, escape, json, place};

/// Results that GitHub takes in one run; it refuses a file with more.
const MAX_RESULTS: usize = 25_000;
/// Related locations that GitHub keeps of one result.
const MAX_RELATED: usize = 100;
/// Characters of a description.
const MAX_DESCRIPTION: usize = 1_000;

/// The SARIF reporter.
pub struct Sarif;

impl Reporter for Sarif {
    fn write(&self, report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        json::write_pretty(&Log::of(report), out)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    automation_details: AutomationDetails,
    column_kind: &'static str,
    invocations: [Invocation; 1],
    results: Vec<ResultObject>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: String,
    information_uri: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
struct AutomationDetails {
    id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification>,
}

/// What could not be read.
#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Text,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    name: String,
    short_description: Text,
    full_description: Text,
    help: Help,
    default_configuration: Configuration,
    properties: RuleProperties,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties {
    tags: Vec<String>,
    precision: &'static str,
    #[serde(rename = "problem.severity")]
    problem_severity: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultObject {
    rule_id: String,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    code_flows: Vec<CodeFlow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<FixObject>,
    partial_fingerprints: Fingerprints,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
    properties: ResultProperties,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CodeFlow {
    thread_flows: [ThreadFlow; 1],
}

#[derive(Serialize)]
struct ThreadFlow {
    locations: Vec<ThreadFlowLocation>,
}

#[derive(Serialize)]
struct ThreadFlowLocation {
    location: Location,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FixObject {
    description: Text,
    artifact_changes: Vec<ArtifactChange>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange {
    artifact_location: ArtifactLocation,
    replacements: Vec<Replacement>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    deleted_region: Region,
    inserted_content: Text,
}

/// Ours, under the one name that GitHub reads and under our own.
#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "primaryLocationLineHash")]
    primary_location_line_hash: String,
    #[serde(rename = "driftgate/v1")]
    own: String,
}

#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    status: &'static str,
    justification: String,
}

#[derive(Serialize)]
struct ResultProperties {
    event: String,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    status: &'static str,
}

impl Log {
    fn of(report: &Report<'_>) -> Self {
        let mut shown: Vec<&Finding> = report.visible().collect();
        // GitHub keeps the first 5,000.
        shown.sort_by_key(|finding| std::cmp::Reverse((report.gate.counts(finding.status), finding.severity)));
        shown.truncate(MAX_RESULTS);
        let mut index: BTreeMap<&str, usize> = shown.iter().map(|finding| (finding.rule, 0)).collect();
        let rules = index.iter_mut().enumerate().map(|(at, (id, slot))| {
            *slot = at;
            Rule::of(id, report.rules.rule(id))
        });
        let rules = rules.collect();
        Log {
            schema: "https://json.schemastore.org/sarif-2.1.0.json",
            version: "2.1.0",
            runs: [Run {
                tool: Tool {
                    driver: Driver {
                        name: "driftgate",
                        semantic_version: report.version.to_owned(),
                        information_uri: "https://github.com/driftgate/driftgate",
                        rules,
                    },
                },
                automation_details: AutomationDetails { id: "driftgate/" },
                column_kind: "unicodeCodePoints",
                invocations: [Invocation {
                    execution_successful: true,
                    tool_execution_notifications: report.diagnostics.iter().map(Notification::of).collect(),
                }],
                results: shown.iter().map(|finding| ResultObject::of(report, finding, index[finding.rule])).collect(),
            }],
        }
    }
}

impl Notification {
    fn of(diagnostic: &crate::finding::Diagnostic) -> Self {
        let location = diagnostic.file.as_ref().map(|file| Location::line(file, diagnostic.line.unwrap_or(1)));
        Notification {
            level: diagnostic.severity.as_str(),
            message: Text { text: message_text(&diagnostic.message) },
            locations: location.into_iter().collect(),
        }
    }
}

impl Rule {
    fn of(id: &str, rule: Option<RuleInfo<'_>>) -> Self {
        let severity = rule.map_or(Severity::Warning, |rule| rule.severity);
        let summary = rule.map_or(id, |rule| rule.summary);
        let page = rule.map_or(id, |rule| rule.page);
        let question = rule.and_then(|rule| rule.question);
        let question = question.and_then(|question| QUESTIONS.get(usize::from(question).checked_sub(1)?));
        let tags = ["contract", "event"].into_iter().chain(question.map(|(_, word)| *word)).map(str::to_owned).collect();
        let summary = escape::cut(summary, MAX_DESCRIPTION);
        Rule {
            id: id.to_owned(),
            name: pascal(id),
            short_description: Text { text: summary.to_string() },
            full_description: Text { text: summary.into_owned() },
            help: Help { text: page.to_owned(), markdown: page.to_owned() },
            default_configuration: Configuration { level: severity.as_str() },
            properties: RuleProperties {
                tags,
                precision: "high",
                problem_severity: match severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                    Severity::Note => "recommendation",
                },
            },
        }
    }
}

/// `field-renamed` as `FieldRenamed`.
fn pascal(id: &str) -> String {
    let words = id.split('-').filter_map(|word| {
        let mut chars = word.chars();
        chars.next().map(|first| first.to_ascii_uppercase().to_string() + chars.as_str())
    });
    words.collect()
}

impl ResultObject {
    fn of(report: &Report<'_>, finding: &Finding, rule_index: usize) -> Self {
        let anchor = place::anchor(report, finding);
        let (start_column, end_column) = anchor.columns.unzip();
        let own = Location {
            id: None,
            physical_location: PhysicalLocation::new(
                &anchor.file,
                Region { start_line: anchor.line, start_column, end_line: end_column.map(|_| anchor.line), end_column },
            ),
            message: None,
        };
        let mut text = sentence(&finding.message);
        if let Some(evidence) = &finding.evidence {
            text.push(' ');
            text.push_str(&sentence(evidence));
        }
        let mut related = Vec::new();
        let mut readers = Vec::new();
        for consumer in finding.consumers.iter().filter(|consumer| consumer.via != Via::Base) {
            let name = message_text(&consumer.name);
            let origin = consumer.origin.as_ref().filter(|_| related.len() < MAX_RELATED);
            readers.push(match origin {
                Some(origin) => {
                    let id = related.len() + 1;
                    let line = place::promise_line(report, finding, consumer).unwrap_or(1);
                    related.push(Location {
                        id: Some(id),
                        message: Some(Text { text: format!("{name} ({})", consumer.via.as_str()) }),
                        ..Location::line(&origin.file, line)
                    });
                    format!("[{name}]({id})")
                }
                None => name,
            });
        }
        if !readers.is_empty() {
            text.push_str(&format!(" Readers: {}.", readers.join(", ")));
        }
        let accepted = matches!(finding.status, Status::Requested | Status::Allowed) && !report.gate.counts(finding.status);
        ResultObject {
            rule_id: finding.rule.to_owned(),
            rule_index,
            level: finding.severity.as_str(),
            message: Text { text },
            locations: [own],
            related_locations: related,
            code_flows: flow(report, finding).into_iter().collect(),
            fixes: finding.fix.iter().filter_map(|fix| fix_object(report, fix)).collect(),
            partial_fingerprints: Fingerprints {
                primary_location_line_hash: finding.fingerprint.clone(),
                own: finding.fingerprint.clone(),
            },
            suppressions: accepted
                .then(|| Suppression {
                    kind: "external",
                    status: "accepted",
                    justification: finding.accepted.clone().unwrap_or_else(|| "accepted on the base branch".to_owned()),
                })
                .into_iter()
                .collect(),
            properties: ResultProperties {
                event: finding.event.clone(),
                path: finding.path.clone(),
                to: finding.to.clone(),
                status: finding.status.as_str(),
            },
        }
    }
}

/// A fix, where every place of it can be said in lines and columns.
fn fix_object(report: &Report<'_>, fix: &Fix) -> Option<FixObject> {
    let mut changes: Vec<ArtifactChange> = Vec::new();
    for edit in fix.edits() {
        let region = place::region(report, Side::Head, &edit.origin)?;
        let location = PhysicalLocation::new(
            &edit.origin.file,
            Region {
                start_line: region.line,
                start_column: Some(region.column),
                end_line: Some(region.end_line),
                end_column: Some(region.end_column),
            },
        );
        let replacement =
            Replacement { deleted_region: location.region, inserted_content: Text { text: edit.replacement.clone() } };
        match changes.iter_mut().find(|change| change.artifact_location.uri == location.artifact_location.uri) {
            Some(change) => change.replacements.push(replacement),
            None => {
                changes.push(ArtifactChange { artifact_location: location.artifact_location, replacements: vec![replacement] });
            }
        }
    }
    Some(FixObject { description: Text { text: sentence(&fix.what) }, artifact_changes: changes })
}

/// From the old place to the new one.
fn flow(report: &Report<'_>, finding: &Finding) -> Option<CodeFlow> {
    let (base, head) = (finding.base.as_ref()?, finding.head.as_ref()?);
    let at = |side, origin: &crate::source::Origin, text: &str| {
        let region = place::region(report, side, origin)?;
        let region = Region {
            start_line: region.line,
            start_column: Some(region.column),
            end_line: Some(region.end_line),
            end_column: Some(region.end_column),
        };
        let location = Location {
            id: None,
            physical_location: PhysicalLocation::new(&origin.file, region),
            message: Some(Text { text: text.to_owned() }),
        };
        Some(ThreadFlowLocation { location })
    };
    let locations = vec![at(Side::Base, base, "before, at base")?, at(Side::Head, head, "now")?];
    Some(CodeFlow { thread_flows: [ThreadFlow { locations }] })
}

impl Location {
    fn line(file: &RepoPath, line: u32) -> Self {
        let region = Region { start_line: line.max(1), start_column: None, end_line: None, end_column: None };
        Location { id: None, physical_location: PhysicalLocation::new(file, region), message: None }
    }
}

impl PhysicalLocation {
    fn new(file: &RepoPath, region: Region) -> Self {
        PhysicalLocation { artifact_location: ArtifactLocation { uri: escape::uri_path(file.as_str()) }, region }
    }
}

/// Text in which brackets are only brackets: a message may link with `[text](1)`.
fn message_text(text: &str) -> String {
    escape::line(text).replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
}

/// The same, ended with a full stop: GitHub takes the first sentence for the title.
fn sentence(text: &str) -> String {
    let text = message_text(text.trim_end());
    if text.ends_with(['.', '!', '?']) { text } else { format!("{text}.") }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::report::LineRange;
    use crate::report::sample::{Sample, written};

    fn log(sample: &Sample) -> Value {
        serde_json::from_str(&written(&Sarif, &sample.report())).expect("it is JSON")
    }

    #[test]
    fn a_result_stands_on_a_changed_line_and_links_to_the_promise() {
        let mut sample = Sample::rename();
        sample.changed.insert(RepoPath::new("src/events.rs"), vec![LineRange { start: 7, end: 7 }]);
        let result = log(&sample)["runs"][0]["results"][0].clone();
        assert_eq!(
            result["message"]["text"],
            "`customerId` is now `customer_id` in `invoice.paid`. `crm-sync` requires `customerId`. Readers: [crm-sync](1)."
        );
        assert_eq!(
            result["locations"][0]["physicalLocation"],
            json!({
                "artifactLocation": {"uri": "src/events.rs"},
                "region": {"startLine": 7, "startColumn": 9, "endLine": 7, "endColumn": 28}
            })
        );
        assert_eq!(result["relatedLocations"][0]["physicalLocation"]["region"]["startLine"], 7);
        assert_eq!(result["partialFingerprints"]["primaryLocationLineHash"], "3f9c21b0a7de");
        let steps = &result["codeFlows"][0]["threadFlows"][0]["locations"];
        assert_eq!(steps.as_array().map(Vec::len), Some(2));
        assert_eq!(result["suppressions"], Value::Null);
    }

    #[test]
    fn rules_are_listed_once_and_found_by_their_index() {
        let mut sample = Sample::rename();
        sample.findings.push(sample.note());
        sample.findings.push(sample.findings[0].clone());
        sample.findings[2].rule = "rule-without-a-page";
        let run = log(&sample)["runs"][0].clone();
        let rules = run["tool"]["driver"]["rules"].as_array().expect("a list").clone();
        let ids: Vec<&Value> = rules.iter().map(|rule| &rule["id"]).collect();
        assert_eq!(ids, ["field-added", "field-renamed", "rule-without-a-page"]);
        assert_eq!(rules[1]["name"], "FieldRenamed");
        for result in run["results"].as_array().expect("a list") {
            let index = result["ruleIndex"].as_u64().expect("a number") as usize;
            assert_eq!(rules[index]["id"], result["ruleId"]);
        }
    }

    #[test]
    fn an_accepted_finding_is_suppressed_with_its_reason_and_a_known_one_is_left_out() {
        let mut sample = Sample::rename();
        sample.findings[0].accepted = Some("crm-sync reads both".to_owned());
        for (status, accept_requested, suppressed) in
            [(Status::Allowed, false, true), (Status::Requested, false, false), (Status::Requested, true, true)]
        {
            sample.findings[0].status = status;
            sample.gate.accept_requested = accept_requested;
            let suppressions = log(&sample)["runs"][0]["results"][0]["suppressions"].clone();
            assert_eq!(suppressions[0]["justification"] == "crm-sync reads both", suppressed, "{status:?}");
        }
        sample.findings[0].status = Status::Known;
        assert_eq!(log(&sample)["runs"][0]["results"], json!([]));
    }

    #[test]
    fn brackets_of_strangers_are_no_links() {
        assert_eq!(message_text("a[b](1)\\"), "a\\[b\\](1)\\\\");
    }
}
