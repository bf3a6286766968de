//! `driftgate diff`: two schema documents.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::{Color, Outcome, environment, print};
use crate::compare::changes::{Change, Effect, changes};
use crate::compare::{self};
use crate::document::Document;
use crate::error::UserError;
use crate::facts::Role;
use crate::finding::{Finding, Severity};
use crate::prove::{self, Options, Verdict as Proof};
use crate::report::assemble::{self, Counts, Gate};
use crate::report::{Compared, Report, Side, SourceLookup};
use crate::rules::Catalogue;
use crate::snapshot::{Content, Repository};
use crate::source::{BlobId, Origin, RepoPath, SourceText};

#[derive(clap::Args)]
pub struct Args {
    /// The old document: a file, or REV:path.
    pub old: String,
    /// The new document: a file, or REV:path.
    pub new: String,

    /// Whose side the documents describe: what a producer sends, what a consumer takes, or both.
    #[arg(long, value_enum, default_value = "producer")]
    pub role: RoleArg,

    /// text, json, or another format of `check`.
    #[arg(long, default_value = "auto")]
    pub format: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum RoleArg {
    Producer,
    Consumer,
    Both,
}

/// One of the two documents.
struct Given {
    source: Arc<SourceText>,
    document: Document,
    schema: prove::Document,
}

struct Pair {
    old: Arc<SourceText>,
    new: Arc<SourceText>,
}

impl SourceLookup for Pair {
    fn source(&self, side: Side, _file: &RepoPath) -> Option<Arc<SourceText>> {
        Some(Arc::clone(match side {
            Side::Base => &self.old,
            Side::Head => &self.new,
        }))
    }
}

pub fn run(args: &Args, color: Color) -> Result<Outcome, UserError> {
    let old = read(&args.old)?;
    let new = read(&args.new)?;
    let mut findings: Vec<Finding> = Vec::new();
    let roles: &[Role] = match args.role {
        RoleArg::Producer => &[Role::Producer],
        RoleArg::Consumer => &[Role::Consumer],
        RoleArg::Both => &[Role::Producer, Role::Consumer],
    };
    for role in roles {
        findings.extend(judge(&old, &new, *role));
    }
    compare::finish(&mut findings);
    for finding in &mut findings {
        finding.question = crate::rules::find(finding.rule).and_then(|meta| meta.question);
    }
    let gate = Gate::default();
    let counts = Counts { files_read: 2, ..Counts::default() };
    let pair = Pair { old: Arc::clone(&old.source), new: Arc::clone(&new.source) };
    let report = Report {
        version: env!("CARGO_PKG_VERSION"),
        base: Some(Compared { rev: args.old.clone(), oid: None, how: None }),
        head: Compared { rev: args.new.clone(), oid: None, how: None },
        gate,
        verdict: assemble::verdict(&findings, &counts, &gate, true),
        summary: assemble::summary(&findings, &counts),
        questions: assemble::questions(&findings, &std::collections::BTreeSet::new(), true),
        findings,
        diagnostics: Vec::new(),
        notes: Vec::new(),
        events: Vec::new(),
        boundaries: Vec::new(),
        changed: BTreeMap::new(),
        sources: &pair,
        rules: &Catalogue,
    };
    let mut buffer = Vec::new();
    if args.format == "json" {
        let form = crate::report::json::DiffForm::of(&report);
        crate::report::json::write_pretty(&form, &mut buffer).expect("a buffer can be written to");
    } else {
        let name = if args.format == "auto" { "text" } else { &args.format };
        let format = crate::report::format(name).ok_or_else(|| UserError::Usage {
            message: format!("there is no format `{name}`"),
            help: "there are: text, json, markdown and the other formats of `check`".to_owned(),
        })?;
        (format.reporter)(&environment::style(color, true)).write(&report, &mut buffer).expect("a buffer can be written to");
    }
    print(&buffer)?;
    Ok(if assemble::exit_code(&report.findings, &counts, &gate, true) == 0 { Outcome::Done } else { Outcome::Breaking })
}

fn read(name: &str) -> Result<Given, UserError> {
    let (path, text) = match name.split_once(':') {
        Some((rev, path)) if !Path::new(name).exists() && !rev.is_empty() && rev.len() > 1 => {
            let repository = Repository::open(Path::new("."))?;
            let tree = repository.tree(rev)?;
            let path = RepoPath::new(path.trim_start_matches("./"));
            let entry = tree.entry(&path)?.ok_or_else(|| UserError::Unreadable {
                path: name.to_owned(),
                message: format!("there is no `{path}` in `{rev}`"),
            })?;
            match crate::snapshot::Snapshot::read(&tree, &entry) {
                Content::Text(text) => (path, text.text().to_owned()),
                Content::Skipped(diagnostic) => {
                    return Err(UserError::Unreadable { path: name.to_owned(), message: diagnostic.message });
                }
            }
        }
        _ => (RepoPath::new(name), environment::read(Path::new(name))?),
    };
    let document = Document::read(&path, &text).map_err(|fault| fault.user_error())?;
    let schema = prove::Document::new(document.value.clone(), None, &[]).map_err(|reason| UserError::Configuration {
        file: path.to_string(),
        line: None,
        message: format!("it is not a JSON Schema: {reason}"),
        help: "hand in a JSON Schema document, draft 4 to 2020-12".to_owned(),
    })?;
    let source = Arc::new(SourceText::new(path, BlobId::from_bytes(&[]), text));
    Ok(Given { source, document, schema })
}

/// The differences of the two documents, each weighed by what the proofs say.
fn judge(old: &Given, new: &Given, role: Role) -> Vec<Finding> {
    let shape = |given: &Given| {
        let places = |pointer: &str| -> Option<Origin> { Some(given.document.origin(pointer)) };
        given.schema.shape(&places).shape
    };
    let found = changes(&shape(old), &shape(new), role);
    // The side that writes sends what it declares; the other side is taken as it stands.
    let (writer, reader) = match role {
        Role::Producer => (&new.schema, &old.schema),
        Role::Consumer => (&old.schema, &new.schema),
    };
    let options = Options::default();
    let as_written = prove::written(writer);
    let proof = prove::contains(reader, &as_written, &options);
    let mut findings: Vec<Finding> = Vec::new();
    for change in &found {
        if change.effect == Effect::Unclear {
            continue;
        }
        let mut finding = compare::finding_of(change, "", role, compare::severity_of(change.rule));
        match &proof {
            // The whole is proved to fit: what changed is visible and breaks nobody.
            Proof::Contained if !lost(change) => finding.severity = finding.severity.min(Severity::Note),
            Proof::Contained => {}
            Proof::Escapes(witness) => {
                let violations = prove::violations(reader, witness.payload());
                let hit = violations.iter().any(|violation| {
                    let place = match &violation.property {
                        Some(property) => compare::changes::child(&violation.path, property),
                        None => violation.path.clone(),
                    };
                    compare::reader::touches(&place, &change.path)
                        || change.to.as_ref().is_some_and(|to| compare::reader::touches(&place, to))
                });
                if hit {
                    finding.witness = Some(witness.clone());
                }
            }
            Proof::Unknown(_) => {}
        }
        findings.push(finding);
    }
    match proof {
        Proof::Escapes(witness) if !findings.iter().any(|finding| finding.severity == Severity::Error) => {
            let violation = prove::violations(reader, witness.payload()).into_iter().next();
            let mut finding = compare::finding(
                "conditional-changed",
                "",
                role,
                "the documents differ in a way that some payload tells apart".to_owned(),
            );
            finding.severity = Severity::Error;
            finding.path = violation.as_ref().map(|violation| violation.path.clone()).unwrap_or_default();
            finding.evidence = violation.map(|violation| violation.message);
            finding.witness = Some(witness);
            finding.base = Some(old.document.origin(""));
            finding.head = Some(new.document.origin(""));
            finding.help = "accept the payload that is shown, or publish a new version of the schema".to_owned();
            findings.push(finding);
        }
        Proof::Unknown(reason) if !findings.iter().any(|finding| finding.severity == Severity::Error) => {
            let mut finding = compare::finding("unknown-compatibility", "", role, format!("it could not be decided: {reason}"));
            finding.head = Some(new.document.origin(&reason.place));
            finding.help = "look at the two places, or state the schema with the keywords that are understood".to_owned();
            findings.push(finding);
        }
        Proof::Contained => {
            let Proof::Escapes(witness) = prove::contains(reader, writer, &options) else { return findings };
            let mut finding = compare::finding(
                "open-content",
                "",
                role,
                "the documents differ only in keys that the writer's schema leaves open by silence".to_owned(),
            );
            finding.severity = Severity::Warning;
            finding.witness = Some(witness);
            finding.base = Some(old.document.origin(""));
            finding.head = Some(new.document.origin(""));
            finding.evidence = Some("a writer is taken to send what its schema declares".to_owned());
            finding.help = "close the writer's schema with `additionalProperties: false` to say so".to_owned();
            findings.push(finding);
        }
        Proof::Escapes(_) | Proof::Unknown(_) => {}
    }
    findings
}

/// Changes by which data stops arriving though nothing rejects the payload.
fn lost(change: &Change) -> bool {
    matches!(change.rule, "field-removed" | "field-renamed" | "field-moved" | "field-flattened" | "envelope-changed")
}
