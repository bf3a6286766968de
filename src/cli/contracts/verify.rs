//! `driftgate contracts verify`: the code as it is, held against every contract and registered schema, without a base.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::check;
use crate::cli::progress::Busy;
use crate::cli::{Color, Outcome, environment, outside, print};
use crate::config::Config;
use crate::error::UserError;
use crate::report::assemble::{self, Gate};
use crate::report::{Compared, REPORTERS, Report};
use crate::rules::Catalogue;
use crate::scan::{self, Cache};

#[derive(clap::Args)]
pub struct Args {
    /// The repository.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub repo: PathBuf,

    /// Look at this revision instead of the files on disk.
    #[arg(long, value_name = "REV")]
    pub rev: Option<String>,

    /// Let the senders and readers of another repository take part: what `driftgate extract --format json` wrote there.
    #[arg(long = "with", value_name = "FILE")]
    pub beside: Vec<PathBuf>,

    /// How to report: text, json, or one of the other forms of `check`.
    #[arg(long, default_value = "auto")]
    pub format: String,

    /// Print everything: every diagnostic, and what was skipped.
    #[arg(short, long)]
    pub verbose: bool,
}

pub fn run(args: &Args, color: Color) -> Result<Outcome, UserError> {
    let name = if args.format == "auto" { "text" } else { args.format.as_str() };
    let format = crate::report::format(name).ok_or_else(|| UserError::Usage {
        message: format!("there is no format `{name}`"),
        help: format!("there are: {}", REPORTERS.iter().map(|format| format.name).collect::<Vec<_>>().join(", ")),
    })?;
    let snapshot = crate::cli::extract::open(&args.repo, args.rev.as_deref(), &[])?;
    let (config, _): (Config, _) = scan::config(snapshot.as_ref()).map_err(|fault| fault.user_error())?;
    let beside = outside::read(&config, &outside::root(&args.repo), &args.beside)?;
    let busy = Busy::with("reading the code");
    let state = check::understand(snapshot.as_ref(), &config, &Cache::default(), &beside.outside)?;
    drop(busy);
    let kept = check::kept(&state, &config);
    let gate = Gate { fail_on: config.fail_on(), ..Gate::default() };
    let sources = crate::cli::check::Sources::new(None, snapshot.as_ref()).with(&beside.outside);
    let boundaries = state
        .model
        .boundaries
        .iter()
        .filter(|boundary| !boundary.in_test)
        .map(|boundary| crate::report::BoundaryLine {
            event: boundary.label(),
            role: boundary.role,
            origin: boundary.origin.clone(),
        })
        .collect();
    let promises = state.registry.promises.len();
    let how = format!("Held the code against {promises} promises of contracts and schemas");
    let report = Report {
        version: env!("CARGO_PKG_VERSION"),
        base: None,
        head: Compared { rev: args.rev.clone().unwrap_or_else(|| "worktree".to_owned()), oid: None, how: Some(how) },
        gate,
        agent: None,
        verdict: assemble::verdict(&kept.findings, &kept.counts, &gate, true),
        summary: assemble::summary(&kept.findings, &kept.counts),
        questions: assemble::questions(&kept.findings, &BTreeSet::new(), false),
        findings: kept.findings.clone(),
        diagnostics: kept.diagnostics,
        notes: beside.notes,
        events: Vec::new(),
        boundaries,
        changed: BTreeMap::new(),
        acceptable: false,
        sources: &sources,
        rules: &Catalogue,
    };
    let code = assemble::exit_code(&report.findings, &kept.counts, &gate, true);
    let mut style = environment::style(color, true);
    style.verbose = args.verbose;
    let mut buffer = Vec::new();
    (format.reporter)(&style).write(&report, &mut buffer).expect("a buffer can be written to");
    print(&buffer)?;
    Ok(if code == 0 { Outcome::Done } else { Outcome::Breaking })
}
