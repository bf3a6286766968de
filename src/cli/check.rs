//! `driftgate check`: the main job.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::outside::{self, Beside};
use super::progress::Progress;
use super::{Color, Outcome, environment, fix, label, print};
use crate::agents;
use crate::check::{self, Checked, Options, Plan};
use crate::config::{Config, FailOn};
use crate::error::UserError;
use crate::finding::{Finding, Status};
use crate::report::assemble::{self, FailOn as GateLevel};
use crate::report::{Agent, Compared, Gate, REPORTERS, Report, Side, SourceLookup, TextStyle, github};
use crate::rules::Catalogue;
use crate::scan::{self, Cache, Outside};
use crate::snapshot::base::{self, Found, Head, Request};
use crate::snapshot::{Commit, Content, Entry, FolderSnapshot, ObjectId, Repository, Snapshot};
use crate::source::{BlobId, RepoPath, SourceText};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub sides: SidesArgs,

    /// How to report: text, json, github, sarif, markdown, junit, gitlab; `auto` is text on a terminal and the CI system's own form inside one.
    #[arg(long, default_value = "auto")]
    pub format: String,

    /// Write a form of the report to a file: FILE for the chosen format, or FORMAT=FILE; any number of times.
    #[arg(long, value_name = "[FORMAT=]FILE")]
    pub output: Vec<String>,

    /// From which severity on a new finding fails the check: error, warning, never.
    #[arg(long, value_name = "LEVEL")]
    pub fail_on: Option<Level>,

    /// What is unknown fails too.
    #[arg(long)]
    pub strict: bool,

    /// Let acceptances count that the change itself adds.
    #[arg(long)]
    pub accept_requested: bool,

    /// As `--accept-requested`, where the pull request that GitHub runs this for has this label.
    #[arg(long, value_name = "LABEL")]
    pub accept_label: Option<String>,

    /// Apply the fixes that are safe to the working tree, then check again.
    #[arg(long)]
    pub fix: bool,

    /// Read every file anew. Nothing is kept between runs, so this changes nothing.
    #[arg(long)]
    pub no_cache: bool,

    /// Read this configuration instead of the base branch's.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Print only what fails.
    #[arg(short, long)]
    pub quiet: bool,

    /// Print everything: known findings, every diagnostic, what was skipped.
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Level {
    Error,
    Warning,
    Never,
}

#[derive(clap::Args)]
pub struct SidesArgs {
    /// Compare with the merge base of this revision and the head.
    #[arg(long, value_name = "REV")]
    pub base: Option<String>,

    /// The change to check; the working tree by default.
    #[arg(long, value_name = "REV", conflicts_with_all = ["staged", "worktree"])]
    pub head: Option<String>,

    /// Check what is staged, as a pre-commit hook does.
    #[arg(long, conflicts_with = "worktree")]
    pub staged: bool,

    /// Check the working tree (the default).
    #[arg(long)]
    pub worktree: bool,

    /// The repository.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub repo: PathBuf,

    /// Compare two plain folders: the old one.
    #[arg(long, value_name = "DIR", requires = "head_dir", conflicts_with_all = ["base", "head", "staged", "worktree"])]
    pub base_dir: Option<PathBuf>,

    /// Compare two plain folders: the new one.
    #[arg(long, value_name = "DIR", requires = "base_dir")]
    pub head_dir: Option<PathBuf>,

    /// Compare with the base revision itself, not with the merge base.
    #[arg(long)]
    pub base_exact: bool,

    /// Compare with the tip of the base branch where history is missing.
    #[arg(long)]
    pub allow_tip: bool,

    /// Having nothing to compare with is an error.
    #[arg(long)]
    pub require_base: bool,

    /// Let the senders and readers of another repository take part: what `driftgate extract --format json` wrote there.
    #[arg(long = "with", value_name = "FILE")]
    pub beside: Vec<PathBuf>,
}

/// The two states to compare.
pub(crate) struct Sides {
    pub base: Option<(Box<dyn Snapshot>, Compared)>,
    pub head: (Box<dyn Snapshot>, Compared),
    pub notes: Vec<String>,
    /// What the change consists of, newest first, as far as it is committed and here.
    pub commits: Vec<Commit>,
    /// The folder that paths of the report are relative to: where links lead.
    pub root: Option<PathBuf>,
    /// The folder of the working tree, where that is head.
    pub work_dir: Option<PathBuf>,
}

impl SidesArgs {
    /// Opens what the arguments name.
    ///
    /// # Errors
    /// Where a folder, repository or revision is not there, or the base cannot be found.
    pub fn open(&self) -> Result<Sides, UserError> {
        if let (Some(base), Some(head)) = (&self.base_dir, &self.head_dir) {
            let folder = |dir: &Path| -> Result<(Box<dyn Snapshot>, Compared), UserError> {
                let named = Compared { rev: dir.display().to_string(), oid: None, how: None };
                Ok((Box::new(FolderSnapshot::open(dir)?), named))
            };
            return Ok(Sides {
                base: Some(folder(base)?),
                head: folder(head)?,
                notes: Vec::new(),
                commits: Vec::new(),
                root: Some(head.clone()),
                work_dir: None,
            });
        }
        let repository = Repository::open(&self.repo)?;
        let variables = environment::variables();
        let wanted = match (&self.head, self.staged) {
            (Some(rev), _) => Head::Revision(rev.clone()),
            (None, true) => Head::Staged,
            (None, false) => Head::Worktree,
        };
        // A bare repository has no working tree; its head is what it has checked in last.
        let wanted =
            if wanted == Head::Worktree && repository.work_dir().is_none() { Head::Revision("HEAD".to_owned()) } else { wanted };
        let found = base::find(
            &repository,
            Request {
                head: &wanted,
                base: self.base.as_deref(),
                exact: self.base_exact,
                allow_tip: self.allow_tip,
                require: self.require_base,
                environment: &variables,
            },
        )?;
        let head: (Box<dyn Snapshot>, Compared) = match &wanted {
            Head::Revision(rev) => {
                let tree = repository.tree(rev)?;
                let oid = repository.expect_commit(rev)?.to_string();
                (Box::new(tree), Compared { rev: rev.clone(), oid: Some(oid), how: None })
            }
            Head::Staged => {
                let index = variables.get("GIT_INDEX_FILE").map(PathBuf::from);
                (Box::new(repository.index(index.as_deref())?), Compared { rev: "staged".to_owned(), oid: None, how: None })
            }
            Head::Worktree => (Box::new(repository.worktree()?), Compared { rev: "worktree".to_owned(), oid: None, how: None }),
        };
        let mut notes = Vec::new();
        let mut commits = Vec::new();
        let base = match found {
            Found::Base(base) => {
                commits = change(&repository, base.oid, &wanted);
                notes.extend(base.warning.clone());
                let tree = repository.tree_of(base.oid, &base.rev)?;
                let named = Compared { rev: base.rev.clone(), oid: Some(base.oid.to_string()), how: Some(base.how.clone()) };
                Some((Box::new(tree) as Box<dyn Snapshot>, named))
            }
            Found::Nothing(why) => {
                notes.push(format!("no base: nothing was compared ({why})"));
                None
            }
        };
        let root = repository.work_dir().map(Path::to_path_buf);
        let work_dir = root.clone().filter(|_| wanted == Head::Worktree);
        Ok(Sides { base, head, notes, commits, root, work_dir })
    }
}

/// The commits between base and head. History that is not here is no reason to fail: whoever wrote it is not known then.
fn change(repository: &Repository, base: ObjectId, head: &Head) -> Vec<Commit> {
    let rev = match head {
        Head::Revision(rev) => rev.as_str(),
        Head::Staged | Head::Worktree => "HEAD",
    };
    let mut tips: Vec<ObjectId> = repository.find_commit(rev).ok().flatten().into_iter().collect();
    if !matches!(head, Head::Revision(_)) {
        tips.extend(repository.merging().unwrap_or_default());
    }
    repository.commits_of_change(base, &tips).unwrap_or_default()
}

/// The texts of both sides for a report.
pub(crate) struct Sources<'s> {
    base: Option<&'s dyn Snapshot>,
    head: &'s dyn Snapshot,
    known: std::sync::Mutex<std::collections::BTreeMap<(Side, RepoPath), Option<Arc<SourceText>>>>,
    /// What each side has, listed once: listing a working tree walks all of it.
    listed: std::sync::Mutex<std::collections::BTreeMap<Side, Arc<Vec<Entry>>>>,
}

impl<'s> Sources<'s> {
    pub fn new(base: Option<&'s dyn Snapshot>, head: &'s dyn Snapshot) -> Self {
        Sources { base, head, known: std::sync::Mutex::default(), listed: std::sync::Mutex::default() }
    }

    /// With the texts of what takes part from outside of the repository, on both sides.
    pub fn with(self, outside: &Outside) -> Self {
        if let Ok(mut known) = self.known.lock() {
            let extracts = outside.extracts.iter().map(|extract| (&extract.file, &extract.text));
            for (path, text) in outside.contracts.iter().map(|(path, text)| (path, text)).chain(extracts) {
                let text = Arc::new(SourceText::new(path.clone(), BlobId::from_bytes(&[]), text.as_str()));
                known.insert((Side::Base, path.clone()), Some(Arc::clone(&text)));
                known.insert((Side::Head, path.clone()), Some(text));
            }
        }
        self
    }

    fn entries(&self, side: Side, snapshot: &dyn Snapshot) -> Option<Arc<Vec<Entry>>> {
        if let Some(listed) = self.listed.lock().ok()?.get(&side) {
            return Some(Arc::clone(listed));
        }
        let entries = Arc::new(snapshot.entries(&|_| true).ok()?.entries);
        self.listed.lock().ok()?.insert(side, Arc::clone(&entries));
        Some(entries)
    }
}

impl SourceLookup for Sources<'_> {
    fn source(&self, side: Side, file: &RepoPath) -> Option<Arc<SourceText>> {
        let key = (side, file.clone());
        if let Some(known) = self.known.lock().ok()?.get(&key) {
            return known.clone();
        }
        let snapshot = match side {
            Side::Base => self.base?,
            Side::Head => self.head,
        };
        let entries = self.entries(side, snapshot)?;
        let text = entries.iter().find(|entry| entry.path == *file).and_then(|entry| match snapshot.read(entry) {
            Content::Text(text) => Some(Arc::new(text)),
            Content::Skipped(_) => None,
        });
        self.known.lock().ok()?.insert(key, text.clone());
        text
    }
}

/// Where a form of the report goes.
struct Target {
    format: &'static str,
    file: Option<PathBuf>,
}

fn known_format(name: &str) -> Result<&'static str, UserError> {
    crate::report::format(name).map(|format| format.name).ok_or_else(|| UserError::Usage {
        message: format!("there is no format `{name}`"),
        help: format!("there are: {}", REPORTERS.iter().map(|format| format.name).collect::<Vec<_>>().join(", ")),
    })
}

fn targets(args: &Args, variables: &std::collections::BTreeMap<String, String>) -> Result<Vec<Target>, UserError> {
    let set = |name: &str| variables.get(name).is_some_and(|value| value == "true");
    let chosen = match args.format.as_str() {
        "auto" if set("GITHUB_ACTIONS") => "github",
        "auto" => "text",
        name => known_format(name)?,
    };
    let mut targets = Vec::new();
    let mut to_stdout = true;
    for output in &args.output {
        match output.split_once('=') {
            Some((format, file)) if crate::report::format(format).is_some() => {
                targets.push(Target { format: known_format(format)?, file: Some(PathBuf::from(file)) });
            }
            _ => {
                to_stdout = false;
                targets.push(Target { format: chosen, file: Some(PathBuf::from(output)) });
            }
        }
    }
    if args.format == "auto" && set("GITLAB_CI") && !targets.iter().any(|target| target.format == "gitlab") {
        targets.push(Target { format: "gitlab", file: Some(PathBuf::from("gl-code-quality-report.json")) });
    }
    if to_stdout {
        targets.insert(0, Target { format: chosen, file: None });
    }
    Ok(targets)
}

pub fn run(args: &Args, color: Color) -> Result<Outcome, UserError> {
    let variables = environment::variables();
    let targets = targets(args, &variables)?;
    let confirmed = label::confirmed(args.accept_label.as_deref(), &variables)?;
    if args.fix {
        refuse_fix(&args.sides)?;
    }
    let mut progress = Progress::new(args.quiet, args.verbose);
    let mut options = Options { today: environment::today(), ..Options::default() };
    if let Some(file) = &args.config {
        let text = environment::read(file)?;
        let path = RepoPath::new(file.to_string_lossy());
        options.config = Some(Config::read(&path, &text).map_err(|fault| fault.user_error())?);
    }
    let cache = Cache::default();
    let mut sides = args.sides.open()?;
    let (mut outcome, mut beside_notes) = compare(&sides, args, &mut options, &cache, &mut progress)?;
    let mut fixed = Vec::new();
    if args.fix {
        let root = sides.work_dir.as_deref().ok_or_else(|| no_working_tree("this repository has no working tree"))?;
        progress.done();
        let applied = fix::apply(&outcome.findings, sides.head.0.as_ref(), root)?;
        fix::tell(&applied);
        if !applied.files.is_empty() {
            // The proof that it helped is a second check of what is on disk now.
            sides = args.sides.open()?;
            (outcome, beside_notes) = compare(&sides, args, &mut options, &cache, &mut progress)?;
            let files: Vec<String> = applied.files.iter().map(|file| format!("`{file}`")).collect();
            fixed.push(format!("`--fix` changed {}; this is what a second check says", files.join(", ")));
        }
    }
    let head = &*sides.head.0;
    progress.done();
    let mut gate = gate(args, &outcome.config);
    gate.accept_requested |= confirmed.is_some();
    let agent = agent(&outcome.config, &sides.commits);
    if let Some(agent) = &agent {
        gate.fail_on = gate.fail_on.max(agent.fail_on);
    }
    let compared = sides.base.is_some();
    let sources = Sources::new(sides.base.as_ref().map(|(base, _)| base.as_ref()), head).with(&options.outside);
    let mut notes = fixed;
    // Nothing is confirmed where nothing is asked.
    notes.extend(confirmed.filter(|_| outcome.findings.iter().any(|finding| finding.status == Status::Requested)));
    notes.extend(sides.notes.iter().cloned());
    notes.extend(outcome.notes.iter().cloned());
    notes.extend(beside_notes);
    let report = Report {
        version: env!("CARGO_PKG_VERSION"),
        base: sides.base.as_ref().map(|(_, named)| named.clone()),
        head: sides.head.1.clone(),
        gate,
        agent,
        verdict: assemble::verdict(&outcome.findings, &outcome.counts, &gate, compared),
        summary: assemble::summary(&outcome.findings, &outcome.counts),
        questions: assemble::questions(&outcome.findings, &outcome.undecided, compared),
        findings: outcome.findings.clone(),
        diagnostics: outcome.diagnostics,
        notes,
        events: outcome.events,
        boundaries: outcome.boundaries,
        changed: outcome.changed,
        acceptable: true,
        sources: &sources,
        rules: &Catalogue,
    };
    progress.stage("writing the report");
    progress.hide();
    // The exit code comes from the findings, before any reporter runs.
    let code = assemble::exit_code(&report.findings, &outcome.counts, &gate, compared);
    for target in &targets {
        write_target(&report, target, args, color, sides.root.as_deref())?;
    }
    if targets.iter().any(|target| target.format == "github" && target.file.is_none()) {
        write_step_files(&report, &targets, &variables)?;
    }
    progress.finish();
    Ok(match (code, outcome.incomplete) {
        (0, false) => Outcome::Done,
        (0, true) => Outcome::Incomplete,
        _ => Outcome::Breaking,
    })
}

/// The check itself, stage by stage.
fn compare(
    sides: &Sides,
    args: &Args,
    options: &mut Options,
    cache: &Cache,
    progress: &mut Progress,
) -> Result<(check::Outcome, Vec<String>), UserError> {
    let Some((base, _)) = &sides.base else { return Ok((nothing_compared(), Vec::new())) };
    let (base, head) = (base.as_ref(), sides.head.0.as_ref());
    let found = beside(base, &args.sides, options)?;
    options.outside = found.outside;
    let plan = Plan::read(base, head, options)?;
    let mut read = |snapshot: &dyn Snapshot, which: &str| -> Result<scan::Scan, UserError> {
        progress.stage(&format!("reading {which}"));
        let scan = scan::scan(snapshot, &plan.config, cache)?;
        progress.files(which, &scan);
        Ok(scan)
    };
    let (base_scan, head_scan) = (read(base, "base")?, read(head, "head")?);
    progress.stage("linking base and head");
    let (base_state, head_state) =
        check::connect_both((base, base_scan), (head, head_scan), &plan.config, cache, &options.outside)?;
    progress.stage("comparing");
    let outcome = check::judge(base, head, &base_state, &head_state, plan.clone(), options)?;
    let mut checked = Checked { plan, base_state, head_state, outcome };
    progress.stage("trying fixes");
    crate::fix::propose(base, head, &mut checked, options, cache);
    Ok((checked.outcome, found.notes))
}

fn no_working_tree(message: &str) -> UserError {
    UserError::Usage {
        message: format!("{message}: `--fix` changes files of the working tree and nothing else"),
        help:
            "run `driftgate check --fix` in a checkout, without `--head`, `--staged` or `--head-dir`; then stage what it changed"
                .to_owned(),
    }
}

/// `--fix` never changes what is committed or staged.
fn refuse_fix(sides: &SidesArgs) -> Result<(), UserError> {
    if sides.staged {
        return Err(no_working_tree("what is staged is not changed"));
    }
    if sides.head.is_some() {
        return Err(no_working_tree("a commit is not changed"));
    }
    if sides.head_dir.is_some() {
        return Err(no_working_tree("two plain folders are only compared"));
    }
    Ok(())
}

fn nothing_compared() -> check::Outcome {
    check::Outcome {
        findings: Vec::<Finding>::new(),
        diagnostics: Vec::new(),
        counts: assemble::Counts::default(),
        notes: Vec::new(),
        events: Vec::new(),
        boundaries: Vec::new(),
        changed: std::collections::BTreeMap::new(),
        undecided: BTreeSet::new(),
        config: Config::default(),
        incomplete: false,
    }
}

/// What takes part from outside of the repository: the folders that base's configuration names, and the files of `--with`.
pub(crate) fn beside(base: &dyn Snapshot, sides: &SidesArgs, options: &Options) -> Result<Beside, UserError> {
    let config = match &options.config {
        Some(config) => config.clone(),
        None => crate::scan::config(base).map_err(|fault| fault.user_error())?.0,
    };
    let root = match &sides.base_dir {
        Some(dir) => dir.clone(),
        None => outside::root(&sides.repo),
    };
    outside::read(&config, &root, &sides.beside)
}

/// What the configuration asks of a change that an agent wrote, where this is one.
fn agent(config: &Config, commits: &[Commit]) -> Option<Agent> {
    let fail_on = config.agents.fail_on.as_ref()?.value;
    let signed = agents::signed(&config.agents, commits)?;
    Some(Agent { commit: signed.commit, by: signed.by, fail_on })
}

fn gate(args: &Args, config: &Config) -> Gate {
    let fail_on = match (args.fail_on, config.fail_on()) {
        (Some(Level::Error), _) | (None, FailOn::Error) => GateLevel::Error,
        (Some(Level::Warning), _) | (None, FailOn::Warning) => GateLevel::Warning,
        (Some(Level::Never), _) | (None, FailOn::Never) => GateLevel::Never,
    };
    Gate { fail_on, strict: args.strict, accept_requested: args.accept_requested }
}

fn write_target(report: &Report<'_>, target: &Target, args: &Args, color: Color, root: Option<&Path>) -> Result<(), UserError> {
    let mut style = if target.file.is_none() { environment::style(color, true) } else { TextStyle::plain() };
    // Where nothing lies on disk under the report's paths, links would lead nowhere.
    style.links = style.links.and(root.and_then(|root| std::path::absolute(root).ok())).map(|root| environment::forward(&root));
    style.verbose = args.verbose;
    style.quiet = args.quiet;
    let format = crate::report::format(target.format).expect("targets have known formats");
    let mut buffer = Vec::new();
    (format.reporter)(&style).write(report, &mut buffer).expect("a buffer can be written to");
    match &target.file {
        Some(file) => environment::write(file, &buffer),
        None => print(&buffer),
    }
}

/// The step summary and the step outputs of GitHub Actions.
fn write_step_files(
    report: &Report<'_>,
    targets: &[Target],
    variables: &std::collections::BTreeMap<String, String>,
) -> Result<(), UserError> {
    let append = |name: &str, text: &str| -> Result<(), UserError> {
        let Some(file) = variables.get(name).filter(|file| !file.is_empty()) else { return Ok(()) };
        let unwritable = |error: std::io::Error| UserError::Unwritable { path: file.clone(), message: error.to_string() };
        let mut out = std::fs::OpenOptions::new().create(true).append(true).open(file).map_err(unwritable)?;
        out.write_all(text.as_bytes()).map_err(unwritable)
    };
    append("GITHUB_STEP_SUMMARY", &github::step_summary(report))?;
    let written: Vec<(&str, String)> = targets
        .iter()
        .filter_map(|target| Some((output_name(target)?, target.file.as_ref()?.to_string_lossy().into_owned())))
        .collect();
    let files: Vec<(&str, &str)> = written.iter().map(|(format, file)| (*format, file.as_str())).collect();
    append("GITHUB_OUTPUT", &github::step_outputs(report, &files))
}

/// The step output that holds the path of a form, where there is one.
fn output_name(target: &Target) -> Option<&'static str> {
    match target.format {
        "json" => Some("report"),
        "sarif" => Some("sarif"),
        _ => None,
    }
}
