//! The report for programs. These structs are the outward form and nothing else: an inner type can change its fields without
//! anybody outside noticing, and the JSON Schema of the form is made from what is written here.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{CharEscape, Formatter, PrettyFormatter};

use crate::finding::{Diagnostic, Finding};
use crate::source::Origin;

use super::{Report, Reporter, Side, escape, place};

/// The JSON reporter.
pub struct Json;

impl Reporter for Json {
    fn write(&self, report: &Report<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        write_pretty(&CheckForm::of(report), out)
    }
}

/// What `driftgate check --format json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "driftgate report")]
pub struct CheckForm {
    /// The version of this form. It grows only where a field is lost or renamed.
    version: u32,
    tool: ToolForm,
    /// What head was held against; null where there was nothing to compare with.
    base: Option<BaseForm>,
    head: HeadForm,
    verdict: VerdictForm,
    /// Where a coding agent wrote the change and the configuration asks more of such changes: by what it is known, and what is
    /// asked.
    agent: Option<AgentForm>,
    summary: SummaryForm,
    /// The six questions of a review, in order.
    questions: Vec<QuestionForm>,
    findings: Vec<FindingForm>,
    diagnostics: Vec<DiagnosticForm>,
    /// What there is to know of the run itself, a sentence each.
    notes: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
struct ToolForm {
    name: String,
    version: String,
}

#[derive(Serialize, JsonSchema)]
struct BaseForm {
    rev: String,
    oid: Option<String>,
    /// How the base was chosen.
    how: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct AgentForm {
    commit: String,
    /// The trailer or the author of that commit.
    by: String,
    /// From which severity on the check fails for it.
    fail_on: FailOnForm,
}

#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum FailOnForm {
    Error,
    Warning,
    Never,
}

#[derive(Serialize, JsonSchema)]
struct HeadForm {
    rev: String,
    oid: Option<String>,
}

/// `unknown` only where the change touches what could not be worked out.
#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum VerdictForm {
    Compatible,
    Breaking,
    Unknown,
}

#[derive(Serialize, JsonSchema)]
struct SummaryForm {
    events: usize,
    producers: usize,
    consumers: usize,
    contracts: usize,
    /// New findings of severity `error`.
    errors: usize,
    warnings: usize,
    notes: usize,
    /// Findings that stood at base already.
    known: usize,
    /// Findings whose acceptance the change itself adds.
    requested: usize,
    /// Findings that an acceptance on the base branch lets pass.
    allowed: usize,
    /// What could not be worked out, old and new.
    unknown: usize,
    files_read: usize,
    files_skipped: usize,
}

#[derive(Serialize, JsonSchema)]
struct QuestionForm {
    /// 1 shape, 2 timing, 3 retry, 4 rename across a boundary, 5 mock, 6 idempotency.
    #[schemars(range(min = 1, max = 6))]
    question: u8,
    /// `yes` where a finding says that it happened: that a shape changed, that idempotency was lost.
    answer: AnswerForm,
    findings: usize,
}

#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum AnswerForm {
    Yes,
    No,
    Unknown,
}

#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum SeverityForm {
    Error,
    Warning,
    Note,
}

#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum StatusForm {
    New,
    Known,
    Requested,
    Allowed,
}

#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum RoleForm {
    Producer,
    Consumer,
}

/// How a consumer is known; `base`: nobody is declared, and what base sent stands in.
#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum ViaForm {
    Contract,
    Schema,
    Pact,
    Asyncapi,
    Openapi,
    Code,
    Base,
}

/// One problem.
#[derive(Serialize, JsonSchema)]
pub struct FindingForm {
    rule: String,
    /// Which of the six questions it answers; null for the security rules.
    question: Option<u8>,
    severity: SeverityForm,
    status: StatusForm,
    event: String,
    /// The side that moved.
    role: RoleForm,
    /// JSON Pointer into the payload on the wire; `*` stands for any array element or map value.
    path: String,
    /// The new place, for a rename or a move.
    to: Option<String>,
    message: String,
    head: Option<PlaceForm>,
    base: Option<PlaceForm>,
    consumers: Vec<ConsumerForm>,
    /// A payload that head can emit and a consumer rejects, confirmed by a validator. Null where there is none, and where the
    /// payload is itself `null`.
    witness: Option<Value>,
    /// Why it breaks, in a sentence that names the promise.
    evidence: Option<String>,
    help: String,
    /// The reason of the acceptance that lets it pass or asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<String>,
    /// An edit of head that is the way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<FixForm>,
    /// Survives line shifts; what `driftgate accept` takes.
    fingerprint: String,
}

/// A range of a file. Lines and columns count from 1, columns in Unicode characters; the end column is the first one after.
#[derive(Serialize, JsonSchema)]
struct PlaceForm {
    file: String,
    /// Left out where the text of the file is not to be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
struct ConsumerForm {
    name: String,
    via: ViaForm,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

/// Replace a range of head with a text.
#[derive(Serialize, JsonSchema)]
struct FixForm {
    /// What it does, in a few words.
    what: String,
    #[serde(flatten)]
    place: PlaceForm,
    replacement: String,
    /// What has to be replaced with it, such as an import.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    further: Vec<EditForm>,
    /// Whether `driftgate check --fix` applies it.
    safe: bool,
}

#[derive(Serialize, JsonSchema)]
struct EditForm {
    #[serde(flatten)]
    place: PlaceForm,
    replacement: String,
}

#[derive(Serialize, JsonSchema)]
pub struct DiagnosticForm {
    severity: SeverityForm,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    message: String,
}

/// What `driftgate diff --format json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "driftgate diff")]
pub struct DiffForm {
    verdict: VerdictForm,
    findings: Vec<FindingForm>,
    diagnostics: Vec<DiagnosticForm>,
    notes: Vec<String>,
}

/// The JSON Schema of [`CheckForm`].
pub fn schema() -> Value {
    schemars::generate::SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<CheckForm>().into()
}

impl DiffForm {
    pub fn of(report: &Report<'_>) -> Self {
        DiffForm {
            verdict: VerdictForm::of(report.verdict),
            findings: findings(report),
            diagnostics: report.diagnostics.iter().map(DiagnosticForm::of).collect(),
            notes: report.notes.clone(),
        }
    }
}

/// The findings of a report in their outward form, for other commands that print the same.
pub fn findings(report: &Report<'_>) -> Vec<FindingForm> {
    report.findings.iter().map(|finding| FindingForm::of(report, finding)).collect()
}

/// Writes any outward form over several lines and ends it with a newline.
///
/// # Errors
/// Those of `out`.
pub fn write_pretty(form: &impl Serialize, out: &mut dyn io::Write) -> io::Result<()> {
    write_with(form, PrettyFormatter::new(), out)
}

/// Writes any outward form on one line and ends it with a newline.
///
/// # Errors
/// Those of `out`.
pub fn write_line(form: &impl Serialize, out: &mut dyn io::Write) -> io::Result<()> {
    write_with(form, serde_json::ser::CompactFormatter, out)
}

fn write_with(form: &impl Serialize, inner: impl Formatter, out: &mut dyn io::Write) -> io::Result<()> {
    let mut buffered = io::BufWriter::new(out);
    let mut serializer = serde_json::Serializer::with_formatter(&mut buffered, Harmless(inner));
    form.serialize(&mut serializer).map_err(io::Error::from)?;
    buffered.write_all(b"\n")?;
    buffered.flush()
}

impl CheckForm {
    pub fn of(report: &Report<'_>) -> Self {
        let summary = &report.summary;
        CheckForm {
            version: 1,
            tool: ToolForm { name: "driftgate".to_owned(), version: report.version.to_owned() },
            base: report.base.as_ref().map(|base| BaseForm {
                rev: base.rev.clone(),
                oid: base.oid.clone(),
                how: base.how.clone(),
            }),
            head: HeadForm { rev: report.head.rev.clone(), oid: report.head.oid.clone() },
            verdict: VerdictForm::of(report.verdict),
            agent: report.agent.as_ref().map(|agent| AgentForm {
                commit: agent.commit.clone(),
                by: agent.by.clone(),
                fail_on: match agent.fail_on {
                    super::assemble::FailOn::Error => FailOnForm::Error,
                    super::assemble::FailOn::Warning => FailOnForm::Warning,
                    super::assemble::FailOn::Never => FailOnForm::Never,
                },
            }),
            summary: SummaryForm {
                events: summary.events,
                producers: summary.producers,
                consumers: summary.consumers,
                contracts: summary.contracts,
                errors: summary.errors,
                warnings: summary.warnings,
                notes: summary.notes,
                known: summary.known,
                requested: summary.requested,
                allowed: summary.allowed,
                unknown: summary.unknown,
                files_read: summary.files_read,
                files_skipped: summary.files_skipped,
            },
            questions: report
                .questions
                .iter()
                .map(|answer| QuestionForm {
                    question: answer.question,
                    answer: match answer.answer {
                        super::Answer::Yes => AnswerForm::Yes,
                        super::Answer::No => AnswerForm::No,
                        super::Answer::Unknown => AnswerForm::Unknown,
                    },
                    findings: answer.findings,
                })
                .collect(),
            findings: findings(report),
            diagnostics: report.diagnostics.iter().map(DiagnosticForm::of).collect(),
            notes: report.notes.clone(),
        }
    }
}

impl VerdictForm {
    fn of(verdict: super::Verdict) -> Self {
        match verdict {
            super::Verdict::Compatible => VerdictForm::Compatible,
            super::Verdict::Breaking => VerdictForm::Breaking,
            super::Verdict::Unknown => VerdictForm::Unknown,
        }
    }
}

impl SeverityForm {
    fn of(severity: crate::finding::Severity) -> Self {
        use crate::finding::Severity;
        match severity {
            Severity::Error => SeverityForm::Error,
            Severity::Warning => SeverityForm::Warning,
            Severity::Note => SeverityForm::Note,
        }
    }
}

impl FindingForm {
    fn of(report: &Report<'_>, finding: &Finding) -> Self {
        use crate::facts::Role;
        use crate::finding::{Status, Via};
        FindingForm {
            rule: finding.rule.to_owned(),
            question: finding.question,
            severity: SeverityForm::of(finding.severity),
            status: match finding.status {
                Status::New => StatusForm::New,
                Status::Known => StatusForm::Known,
                Status::Requested => StatusForm::Requested,
                Status::Allowed => StatusForm::Allowed,
            },
            event: finding.event.clone(),
            role: match finding.role {
                Role::Producer => RoleForm::Producer,
                Role::Consumer => RoleForm::Consumer,
            },
            path: finding.path.clone(),
            to: finding.to.clone(),
            message: finding.message.clone(),
            head: finding.head.as_ref().map(|origin| PlaceForm::of(report, Side::Head, origin)),
            base: finding.base.as_ref().map(|origin| PlaceForm::of(report, Side::Base, origin)),
            consumers: finding
                .consumers
                .iter()
                .map(|consumer| ConsumerForm {
                    name: consumer.name.clone(),
                    via: match consumer.via {
                        Via::Contract => ViaForm::Contract,
                        Via::Schema => ViaForm::Schema,
                        Via::Pact => ViaForm::Pact,
                        Via::AsyncApi => ViaForm::Asyncapi,
                        Via::OpenApi => ViaForm::Openapi,
                        Via::Code => ViaForm::Code,
                        Via::Base => ViaForm::Base,
                    },
                    owner: consumer.owner.clone(),
                    file: consumer.origin.as_ref().map(|origin| origin.file.as_str().to_owned()),
                    line: place::promise_line(report, finding, consumer),
                })
                .collect(),
            witness: finding.witness.as_ref().map(|witness| witness.payload().clone()),
            evidence: finding.evidence.clone(),
            help: finding.help.clone(),
            accepted: finding.accepted.clone(),
            fix: finding.fix.as_ref().map(|fix| FixForm {
                what: fix.what.clone(),
                place: PlaceForm::of(report, Side::Head, &fix.origin),
                replacement: fix.replacement.clone(),
                further: fix
                    .further
                    .iter()
                    .map(|edit| EditForm {
                        place: PlaceForm::of(report, Side::Head, &edit.origin),
                        replacement: edit.replacement.clone(),
                    })
                    .collect(),
                safe: fix.safe,
            }),
            fingerprint: finding.fingerprint.clone(),
        }
    }
}

impl PlaceForm {
    fn of(report: &Report<'_>, side: Side, origin: &Origin) -> Self {
        let region = place::region(report, side, origin);
        PlaceForm {
            file: origin.file.as_str().to_owned(),
            line: region.map(|region| region.line),
            column: region.map(|region| region.column),
            end_line: region.map(|region| region.end_line),
            end_column: region.map(|region| region.end_column),
        }
    }
}

impl DiagnosticForm {
    pub fn of(diagnostic: &Diagnostic) -> Self {
        DiagnosticForm {
            severity: SeverityForm::of(diagnostic.severity),
            file: diagnostic.file.as_ref().map(|file| file.as_str().to_owned()),
            line: diagnostic.line,
            message: diagnostic.message.clone(),
        }
    }
}

/// Writes hostile characters as `\uNNNN`: the same text to every parser, and harmless where somebody prints the file.
struct Harmless<F>(F);

impl<F: Formatter> Formatter for Harmless<F> {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut written = 0;
        for (at, c) in fragment.char_indices().filter(|(_, c)| escape::is_hostile(*c)) {
            writer.write_all(&fragment.as_bytes()[written..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            written = at + c.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[written..])
    }

    fn write_char_escape<W: ?Sized + io::Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        self.0.write_char_escape(writer, escape)
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn end_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_key(writer)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}
