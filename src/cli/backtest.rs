//! `driftgate backtest`: what `check` would have said of each past change.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use rayon::prelude::*;
use serde::Serialize;

use super::progress::Progress;
use super::{Color, Outcome, deliver, environment, print};
use crate::check::{self, Options, Plan, State};
use crate::config::Config;
use crate::error::UserError;
use crate::finding::{Finding, Severity, Status};
use crate::report::assemble::{self, Gate, Verdict};
use crate::report::json::{self};
use crate::report::{Compared, Report, escape};
use crate::rules::Catalogue;
use crate::scan::{self, Cache, Outside};
use crate::snapshot::{Commit, ObjectId, Repository, Walk};

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

    /// text or json (one object a line, each as soon as it is known).
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
struct CommitLine<'a> {
    commit: String,
    subject: String,
    date: String,
    verdict: &'static str,
    findings: &'a [json::FindingForm],
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
    let style = environment::style(color, true);
    let progress = Progress::new(false, false);
    let mut summary = SummaryForm::default();
    let mut done = 0;
    progress.say(&format!("{} changes to look at", commits.len()));
    // Neighbours share a state: each is understood once, and each pair of neighbours is judged.
    let look = |commit: &Commit, known: &mut Option<Known>| judge(&repository, commit, &cache, &beside.outside, known);
    in_order(&commits, look, |result| {
        done += 1;
        progress.hide();
        let mut out = String::new();
        match result? {
            Some(judged) => {
                summary.count(&judged);
                out = if as_json { as_line(&judged) } else { as_text(&judged, args.verbose, style.color) };
            }
            None => summary.skipped += 1,
        }
        let read = deliver(out.as_bytes())?;
        progress.say(&format!("{done} of {} changes looked at", commits.len()));
        Ok(read)
    })?;
    progress.hide();
    let mut out = String::new();
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

impl SummaryForm {
    fn count(&mut self, judged: &Judged) {
        self.commits += 1;
        match judged.verdict {
            Verdict::Compatible => self.compatible += 1,
            Verdict::Breaking => self.breaking += 1,
            Verdict::Unknown => self.unknown += 1,
        }
        for finding in judged.findings.iter().filter(|finding| finding.status == Status::New) {
            match finding.severity {
                Severity::Error => self.errors += 1,
                Severity::Warning => self.warnings += 1,
                Severity::Note => self.notes += 1,
            }
        }
    }
}

fn as_line(judged: &Judged) -> String {
    let line = CommitLine {
        commit: judged.commit.oid.to_string(),
        subject: judged.commit.subject(),
        date: judged.commit.date.clone(),
        verdict: judged.verdict.as_str(),
        findings: &judged.forms,
    };
    serde_json::to_string(&line).expect("the form is plain data") + "\n"
}

/// Does the work for every item, side by side, and hands over each result as soon as those before it are done: whoever reads sees the
/// first ones while the others are worked on. `work` is given what it left behind at the neighbour before. `take` says whether anybody
/// still reads; where nobody does, or it fails, no further item is begun.
fn in_order<I: Sync, K: Default, T: Send>(
    items: &[I],
    work: impl Fn(&I, &mut K) -> T + Sync,
    mut take: impl FnMut(T) -> Result<bool, UserError>,
) -> Result<(), UserError> {
    let chunk = items.len().div_ceil(scan::pool().current_num_threads().max(1)).clamp(1, CHUNK);
    let enough = AtomicBool::new(false);
    let (send, receive) = mpsc::channel();
    std::thread::scope(|scope| {
        let (enough, work) = (&enough, &work);
        scope.spawn(move || {
            scan::pool().install(|| {
                items.par_chunks(chunk).enumerate().for_each_with(send, |send, (at, items)| {
                    let mut kept = K::default();
                    for (within, item) in items.iter().enumerate() {
                        if enough.load(Ordering::Relaxed) {
                            return;
                        }
                        // There is always somebody to receive it: the loop below ends with the last sender.
                        let _ = send.send((at * chunk + within, work(item, &mut kept)));
                    }
                });
            });
        });
        let mut waiting: BTreeMap<usize, T> = BTreeMap::new();
        let (mut next, mut outcome) = (0, Ok(true));
        for (at, result) in receive {
            waiting.insert(at, result);
            while let (Ok(true), Some(result)) = (&outcome, waiting.remove(&next)) {
                next += 1;
                outcome = take(result);
            }
            if !matches!(outcome, Ok(true)) {
                enough.store(true, Ordering::Relaxed);
            }
        }
        outcome.map(drop)
    })
}

/// How many neighbouring changes one thread takes at most: one state more than changes is understood for each.
const CHUNK: usize = 25;

/// The state of one commit under a configuration, which the next change begins with.
type Known = (ObjectId, Config, State);

fn judge(
    repository: &Repository,
    commit: &Commit,
    cache: &Cache,
    outside: &Outside,
    known: &mut Option<Known>,
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn the_first_results_are_handed_over_while_the_last_are_worked_on() {
        let taken = AtomicBool::new(false);
        let items: Vec<usize> = (0..40).collect();
        let work = |item: &usize, before: &mut Option<usize>| {
            let neighbour = before.replace(*item).is_none_or(|before| before + 1 == *item);
            let limit = Instant::now() + Duration::from_secs(60);
            while *item == 39 && !taken.load(Ordering::Relaxed) && Instant::now() < limit {
                std::thread::sleep(Duration::from_millis(1));
            }
            (*item, neighbour, taken.load(Ordering::Relaxed))
        };
        let mut got = Vec::new();
        in_order(&items, work, |(item, neighbour, in_time)| {
            taken.store(true, Ordering::Relaxed);
            assert!(neighbour && (item != 39 || in_time), "{item}");
            got.push(item);
            Ok(true)
        })
        .expect("nothing fails");
        assert_eq!(got, items);
    }

    #[test]
    fn what_fails_ends_it_with_its_error() {
        let items: Vec<usize> = (0..40).collect();
        let mut got = 0;
        let failure = || UserError::Usage { message: "no more".to_owned(), help: "stop".to_owned() };
        let ended = in_order(
            &items,
            |item, (): &mut ()| *item,
            |item| {
                got += 1;
                if item == 3 { Err(failure()) } else { Ok(true) }
            },
        );
        assert_eq!(ended.expect_err("it failed").to_string(), "no more");
        assert_eq!(got, 4);
    }
}
