//! `driftgate diff`: two documents, or a history of them.

mod given;
mod judge;
mod library;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::given::Given;
use super::{Color, Outcome, environment, print};
use crate::compare;
use crate::error::UserError;
use crate::facts::Role;
use crate::finding::{Diagnostic, Finding};
use crate::report::assemble::{self, Counts, Gate};
use crate::report::{Compared, Report, Side, SourceLookup};
use crate::rules::Catalogue;
use crate::source::{RepoPath, SourceText};

#[derive(clap::Args)]
pub struct Args {
    /// The old document: a file, or REV:path.
    #[arg(required_unless_present = "history")]
    pub old: Option<String>,
    /// The new document: a file, or REV:path.
    #[arg(required_unless_present = "history")]
    pub new: Option<String>,

    /// Versions of one document, the oldest first: each is held against every earlier one.
    #[arg(long, num_args = 2.., value_name = "VERSION", conflicts_with_all = ["old", "new"])]
    pub history: Vec<String>,

    /// Whose side the documents describe: what a producer sends (the default for a schema), what a consumer takes, or both.
    #[arg(long, value_enum)]
    pub role: Option<RoleArg>,

    /// The same in the words of schema registries: BACKWARD is consumer, FORWARD is producer, FULL is both. With `--history`,
    /// only the _TRANSITIVE ones look further back than the version before.
    #[arg(long, value_enum, ignore_case = true, conflicts_with = "role")]
    pub mode: Option<Mode>,

    /// Take both documents as they stand: a writer may send every key that its schema does not forbid.
    #[arg(long)]
    pub strict_containment: bool,

    /// A further document that references may lead to, as ADDRESS=FILE; may be given many times.
    #[arg(long, value_name = "ADDRESS=FILE")]
    pub resource: Vec<String>,

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

/// The compatibility modes of schema registries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Mode {
    Backward,
    BackwardTransitive,
    Forward,
    ForwardTransitive,
    Full,
    FullTransitive,
}

impl Mode {
    fn role(self) -> RoleArg {
        match self {
            Mode::Backward | Mode::BackwardTransitive => RoleArg::Consumer,
            Mode::Forward | Mode::ForwardTransitive => RoleArg::Producer,
            Mode::Full | Mode::FullTransitive => RoleArg::Both,
        }
    }

    fn is_transitive(self) -> bool {
        matches!(self, Mode::BackwardTransitive | Mode::ForwardTransitive | Mode::FullTransitive)
    }
}

impl RoleArg {
    fn roles(self) -> &'static [Role] {
        match self {
            RoleArg::Producer => &[Role::Producer],
            RoleArg::Consumer => &[Role::Consumer],
            RoleArg::Both => &[Role::Producer, Role::Consumer],
        }
    }
}

/// The texts that findings point into, those of a history by their names.
struct Texts<'t> {
    versions: &'t [Given],
}

impl SourceLookup for Texts<'_> {
    fn source(&self, side: Side, file: &RepoPath) -> Option<Arc<SourceText>> {
        // A pair may be two states of one file.
        let mut order: Vec<&Given> = self.versions.iter().collect();
        if side == Side::Head {
            order.reverse();
        }
        order.into_iter().find_map(|given| given.text(file))
    }
}

pub fn run(args: &Args, color: Color) -> Result<Outcome, UserError> {
    let names: Vec<&str> = if args.history.is_empty() {
        args.old.iter().chain(&args.new).map(String::as_str).collect()
    } else {
        args.history.iter().map(String::as_str).collect()
    };
    let is_history = names.len() > 2;
    let (resources, mut diagnostics) = given::resources(&args.resource)?;
    let mut versions = Vec::with_capacity(names.len());
    for name in &names {
        versions.push(given::read(name, is_history, &resources)?);
    }
    let roles = args.mode.map(Mode::role).or(args.role).map(RoleArg::roles);
    let setting = judge::Setting { roles, strict: args.strict_containment };
    let transitive = args.mode.is_none_or(Mode::is_transitive);
    let mut findings: Vec<Finding> = Vec::new();
    for new in 1..versions.len() {
        let first = if transitive { 0 } else { new - 1 };
        // The nearest version first: what two neighbours say is not said again of those further apart.
        for old in (first..new).rev() {
            let mut found = judge::judge(&versions[old], &versions[new], &setting)?;
            if is_history {
                found.retain(|finding| !findings.iter().any(|known| judge::says_the_same(known, finding)));
                for finding in &mut found {
                    finding.message.push_str(&format!(" ({} → {})", names[old], names[new]));
                }
            }
            findings.append(&mut found);
        }
    }
    compare::fingerprint::assign(&mut findings);
    for finding in &mut findings {
        finding.question = crate::rules::find(finding.rule).and_then(|meta| meta.question);
    }
    diagnostics.extend(versions.iter().flat_map(|given| given.diagnostics.iter().cloned()));
    diagnostics.sort();
    diagnostics.dedup();
    report(args, color, &names, &versions, findings, diagnostics)
}

fn report(
    args: &Args,
    color: Color,
    names: &[&str],
    versions: &[Given],
    findings: Vec<Finding>,
    diagnostics: Vec<Diagnostic>,
) -> Result<Outcome, UserError> {
    let gate = Gate::default();
    let counts = Counts { files_read: names.len(), ..Counts::default() };
    let texts = Texts { versions };
    let named =
        |name: Option<&&str>| Compared { rev: name.map(|name| (*name).to_owned()).unwrap_or_default(), oid: None, how: None };
    let report = Report {
        version: env!("CARGO_PKG_VERSION"),
        base: Some(named(names.first())),
        head: named(names.last()),
        gate,
        agent: None,
        verdict: assemble::verdict(&findings, &counts, &gate, true),
        summary: assemble::summary(&findings, &counts),
        questions: assemble::questions(&findings, &std::collections::BTreeSet::new(), true),
        findings,
        diagnostics,
        notes: versions.iter().filter_map(|given| given.note.clone()).collect(),
        events: Vec::new(),
        boundaries: Vec::new(),
        changed: BTreeMap::new(),
        acceptable: false,
        sources: &texts,
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
