//! `driftgate backtest`: what `check` would have said of each past change.

use std::path::PathBuf;

use rayon::prelude::*;
use serde::Serialize;

use super::{Color, Outcome, environment, print};
use crate::check::{self, Options, Plan, State};
use crate::error::UserError;
use crate::finding::{Finding, Severity, Status};
use crate::report::assemble::{self, Gate, Verdict};
use crate::report::json::{self};
use crate::report::{Compared, Report, escape};
use crate::rules::Catalogue;
use crate::scan::{self, Cache, Outside};
use crate::snapshot::Repository;
use crate::snapshot::{Commit, Walk};

#[derive(clap::Args)]
pub struct Args {
    /// How many of the last changes to look at.
    #[arg(long, value_name = "N", default_value_t = 100, conflicts_with = "since")]
    pub last: usize,

    /// Look at the changes after this revision.
    #[arg(long, value_name = "REV")]
    pub since: Option<String>,

    /// The newest change to look at.
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    pub head: String,

    /// The repository.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub repo: PathBuf,

    /// text or json (one object a line).
    #[arg(long, default_value = "auto")]
    pub format: String,

    /// Let the senders and readers of another repository take part: what `driftgate extract --format json` wrote there.
    #[arg(long = "with", value_name = "FILE")]
    pub beside: Vec<PathBuf>,

    /// List every finding under its change.
    #[arg(short, long)]
    pub verbose: bool,
}

#[derive(Serialize)]
struct CommitLine {
    commit: String,
    subject: String,
    date: String,
    verdict: &'static str,
    findings: Vec<json::FindingForm>,
}

#[derive(Serialize)]
struct SummaryLine {
    summary: SummaryForm,
}

#[derive(Serialize, Default)]
struct SummaryForm {
    commits: usize,
    compatible: usize,
    breaking: usize,
    unknown: usize,
    skipped: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
}

struct Judged {
    commit: Commit,
    verdict: Verdict,
    findings: Vec<Finding>,
    forms: Vec<json::FindingForm>,
}

pub fn run(args: &Args, color: Color) -> Result<Outcome, UserError> {
    let repository = Repository::open(&args.repo)?;
    let head = repository.expect_commit(&args.head)?;
    let walk = match &args.since {
        Some(rev) => Walk::Since(rev),
        None => Walk::Last(args.last),
    };
    let commits = repository.first_parents(head, walk)?;
    let as_json = super::wants_json(&args.format)?;
    let cache = Cache::default();
    // Folders outside of the repository have no past: what stands there now is held against every change. Those that the newest
    // change names count.
    let newest = repository.tree_of(head, &args.head)?;
    let config = scan::config(&newest).map(|(config, _)| config).unwrap_or_default();
    let beside = super::outside::read(&config, &super::outside::root(&args.repo), &args.beside)?;
    let outside = &beside.outside;
    // Neighbours share a state: each is understood once, and each pair of neighbours is judged.
    let chunk = commits.len().div_ceil(scan::pool().current_num_threads().max(1)).clamp(1, CHUNK);
    let results: Vec<Result<Option<Judged>, UserError>> = scan::pool()
        .install(|| commits.par_chunks(chunk).flat_map_iter(|chunk| judge_chunk(&repository, chunk, &cache, outside)).collect());
    let mut summary = SummaryForm::default();
    let mut out = String::new();
    let style = environment::style(color, true);
    for result in results {
        let Some(judged) = result? else {
            summary.skipped += 1;
            continue;
        };
        summary.commits += 1;
        match judged.verdict {
            Verdict::Compatible => summary.compatible += 1,
            Verdict::Breaking => summary.breaking += 1,
            Verdict::Unknown => summary.unknown += 1,
        }
        for finding in judged.findings.iter().filter(|finding| finding.status == Status::New) {
            match finding.severity {
                Severity::Error => summary.errors += 1,
                Severity::Warning => summary.warnings += 1,
                Severity::Note => summary.notes += 1,
            }
        }
        if as_json {
            let line = CommitLine {
                commit: judged.commit.oid.to_string(),
                subject: judged.commit.subject(),
                date: judged.commit.date.clone(),
                verdict: judged.verdict.as_str(),
                findings: judged.forms,
            };
            out.push_str(&serde_json::to_string(&line).expect("the form is plain data"));
            out.push('\n');
        } else {
            out.push_str(&as_text(&judged, args.verbose, style.color));
        }
    }
    if as_json {
        out.push_str(&serde_json::to_string(&SummaryLine { summary }).expect("the form is plain data"));
        out.push('\n');
    } else {
        out.push_str(&format!(
            "{} changes: {} compatible, {} breaking, {} unknown; {} errors, {} warnings, {} notes",
            summary.commits,
            summary.compatible,
            summary.breaking,
            summary.unknown,
            summary.errors,
            summary.warnings,
            summary.notes
        ));
        if summary.skipped > 0 {
            out.push_str(&format!("; {} not compared (no parent here, or contracts that cannot be read)", summary.skipped));
        }
        out.push('\n');
        for note in &beside.notes {
            out.push_str(&escape::lines(&format!("{note}\n")));
        }
    }
    print(out.as_bytes())?;
    Ok(Outcome::Done)
}

/// How many neighbouring changes one thread takes at most: one state more than changes is understood for each.
const CHUNK: usize = 25;

fn judge_chunk(
    repository: &Repository,
    chunk: &[Commit],
    cache: &Cache,
    outside: &Outside,
) -> Vec<Result<Option<Judged>, UserError>> {
    let mut results = Vec::with_capacity(chunk.len());
    let mut known: Option<(crate::snapshot::ObjectId, crate::config::Config, State)> = None;
    for commit in chunk {
        results.push(judge(repository, commit, cache, outside, &mut known));
    }
    results
}

fn judge(
    repository: &Repository,
    commit: &Commit,
    cache: &Cache,
    outside: &Outside,
    known: &mut Option<(crate::snapshot::ObjectId, crate::config::Config, State)>,
) -> Result<Option<Judged>, UserError> {
    let Some(parent) = commit.parents.first().copied().filter(|parent| repository.has_commit(*parent)) else {
        return Ok(None);
    };
    let name = commit.oid.to_string();
    let head = repository.tree_of(commit.oid, &name)?;
    let base = repository.tree_of(parent, &parent.to_string())?;
    let options = Options::default();
    // A configuration or contract of long ago that cannot be understood is no reason to stop looking at the others.
    let Ok(plan) = Plan::read(&base, &head, &options) else { return Ok(None) };
    let head_state = match known.take() {
        Some((oid, config, state)) if oid == commit.oid && config == plan.config => state,
        _ => check::understand(&head, &plan.config, cache, outside)?,
    };
    let base_state = check::understand(&base, &plan.config, cache, outside)?;
    let config = plan.config.clone();
    let outcome = check::judge(&base, &head, &base_state, &head_state, plan, &options);
    *known = Some((parent, config, base_state));
    let Ok(outcome) = outcome else { return Ok(None) };
    let gate = Gate::default();
    let verdict = assemble::verdict(&outcome.findings, &outcome.counts, &gate, true);
    let sources = super::check::Sources::new(Some(&base), &head);
    // A fix is tried before it is shown, and nobody edits the past.
    let shown = outcome.findings.iter().filter(|finding| finding.status != Status::Known);
    let visible: Vec<Finding> = shown.map(|finding| Finding { fix: None, ..finding.clone() }).collect();
    let report = Report {
        version: env!("CARGO_PKG_VERSION"),
        base: Some(Compared { rev: parent.to_string(), oid: Some(parent.to_string()), how: None }),
        head: Compared { rev: name, oid: Some(commit.oid.to_string()), how: None },
        gate,
        agent: None,
        verdict,
        summary: assemble::summary(&outcome.findings, &outcome.counts),
        questions: assemble::questions(&outcome.findings, &outcome.undecided, true),
        findings: visible.clone(),
        diagnostics: Vec::new(),
        notes: Vec::new(),
        events: Vec::new(),
        boundaries: Vec::new(),
        changed: outcome.changed,
        acceptable: true,
        sources: &sources,
        rules: &Catalogue,
    };
    let forms = json::findings(&report);
    Ok(Some(Judged { commit: commit.clone(), verdict, findings: visible, forms }))
}

fn as_text(judged: &Judged, verbose: bool, color: bool) -> String {
    let oid = judged.commit.oid.to_string();
    let paint = |code: &str, text: &str| if color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() };
    let verdict = match judged.verdict {
        Verdict::Compatible => paint("32", "compatible"),
        Verdict::Breaking => paint("31", "breaking  "),
        Verdict::Unknown => paint("33", "unknown   "),
    };
    let subject: String = judged.commit.subject().chars().take(72).collect();
    let mut out = format!(
        "{} {} {verdict} {}\n",
        &oid[..9.min(oid.len())],
        judged.commit.date.get(..10).unwrap_or_default(),
        escape::line(&subject)
    );
    for finding in &judged.findings {
        if !verbose && finding.severity < Severity::Error {
            continue;
        }
        let place =
            finding.head.as_ref().or(finding.base.as_ref()).map(|origin| format!("  {}", origin.file)).unwrap_or_default();
        out.push_str(&escape::lines(&format!(
            "    {}[{}] {}{place}\n",
            finding.severity.as_str(),
            finding.rule,
            finding.message
        )));
    }
    out
}
