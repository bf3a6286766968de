//! The main job: base and head read, linked, compared, and held against configuration and acceptances.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::accept::{self, Acceptance, Date};
use crate::compare::{self, CompareOptions, Compared, Sides};
use crate::config::{Config, EnvelopeEncoding, InFlight};
use crate::document::{self, Fault};
use crate::error::UserError;
use crate::facts::Role;
use crate::finding::{Diagnostic, Finding, Severity, Status, Via};
use crate::fixtures::{MAX_FILES, Ties};
use crate::link::boundaries::{LinkOptions, link};
use crate::link::doubles::Double;
use crate::link::envelopes::OwnEnvelope;
use crate::link::idioms::matcher::{Idiom, Idioms};
use crate::link::idioms::wildcard::Wildcard;
use crate::link::idioms::{Row, Texts};
use crate::link::model::{Boundary, Model};
use crate::registry::Registry;
use crate::report::assemble::Counts;
use crate::report::{BoundaryLine, ChangedEvent, LineRange, Participant, counted};
use crate::rules;
use crate::scan::{self, Cache, Outside, Scan};
use crate::snapshot::changes::{changed_lines, changed_paths};
use crate::snapshot::{Content, Snapshot};
use crate::source::{Origin, RepoPath, SourceText};
use crate::{audit, waivers, workflows};

/// How a check is asked for, beside its two snapshots.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The day, for acceptances that end.
    pub today: Option<Date>,
    /// What takes part from outside of the repository.
    pub outside: Outside,
    /// A configuration that is given on the command line, in place of base's.
    pub config: Option<Config>,
}

/// What a check found.
pub struct Outcome {
    pub findings: Vec<Finding>,
    pub diagnostics: Vec<Diagnostic>,
    pub counts: Counts,
    pub notes: Vec<String>,
    pub events: Vec<ChangedEvent>,
    pub boundaries: Vec<BoundaryLine>,
    pub changed: BTreeMap<RepoPath, Vec<LineRange>>,
    /// The questions that something unread leaves open.
    pub undecided: BTreeSet<u8>,
    /// The configuration that counted.
    pub config: Config,
    /// Whether a bug of our own left the run incomplete.
    pub incomplete: bool,
}

/// One snapshot, understood.
pub struct State {
    pub scan: Scan,
    /// Shared by states whose code is the same.
    pub model: Arc<Model>,
    /// Shared by states whose documents are the same.
    pub registry: Arc<Registry>,
    /// What files of test data state of events.
    pub fixtures: Vec<Double>,
}

/// Reads and links one snapshot.
///
/// # Errors
/// Where the snapshot cannot be listed, a row of the configuration is not well formed, or what is said of another repository
/// cannot be understood.
pub fn understand(snapshot: &dyn Snapshot, config: &Config, cache: &Cache, outside: &Outside) -> Result<State, UserError> {
    connect(snapshot, scan::scan(snapshot, config, cache)?, config, cache, outside)
}

/// Reads and links base and head: the two are linked side by side where their code differs, and once where it does not.
///
/// # Errors
/// As [`understand`].
pub fn connect_both(
    (base, base_scan): (&dyn Snapshot, Scan),
    (head, head_scan): (&dyn Snapshot, Scan),
    config: &Config,
    cache: &Cache,
    outside: &Outside,
) -> Result<(State, State), UserError> {
    if scan::same_code(&base_scan.units, &head_scan.units) {
        return Ok((connect(base, base_scan, config, cache, outside)?, connect(head, head_scan, config, cache, outside)?));
    }
    // Documents that both have are read before, on all cores: side by side each would read them for itself.
    if scan::same_documents(&base_scan.documents, &head_scan.documents) {
        let read = || scan::registry(base, &base_scan, config, outside);
        scan::pool().install(|| cache.promised(&base_scan, config, outside, read))?;
    }
    let (base_state, head_state) = scan::pool().install(|| {
        rayon::join(|| connect(base, base_scan, config, cache, outside), || connect(head, head_scan, config, cache, outside))
    });
    Ok((base_state?, head_state?))
}

/// Links what was read of one snapshot.
///
/// # Errors
/// Where a row of the configuration is not well formed, or what is said of another repository cannot be understood.
pub fn connect(
    snapshot: &dyn Snapshot,
    scan: Scan,
    config: &Config,
    cache: &Cache,
    outside: &Outside,
) -> Result<State, UserError> {
    let idioms = idioms(config)?;
    let registry = cache.promised(&scan, config, outside, || scan::registry(snapshot, &scan, config, outside))?;
    let promised: BTreeSet<String> =
        registry.promises.iter().filter_map(|promise| promise.event.as_name().map(str::to_owned)).collect();
    let model = cache.linked(&scan.units, config, &promised, || {
        let options = LinkOptions {
            tests: tests(config),
            consumers: consumers(config),
            envelopes: envelopes(config),
            promised: promised.clone(),
        };
        scan::pool().install(|| link(&scan.units, &idioms, &options))
    });
    let ties = Ties::new(config, &model, &registry);
    let fixtures = ties.doubles(&scan::texts(snapshot, config, &|path| ties.claims(path), MAX_FILES));
    Ok(State { scan, model, registry, fixtures })
}

/// The envelopes of the repository's own.
fn envelopes(config: &Config) -> Vec<OwnEnvelope> {
    config
        .envelopes
        .iter()
        .map(|row| OwnEnvelope {
            payload: document::tokens(&row.payload).unwrap_or_default(),
            event: row.event.as_ref().and_then(|event| document::tokens(event)),
            as_text: row.encoding.as_ref().is_some_and(|encoding| match encoding.value {
                EnvelopeEncoding::Json => false,
                EnvelopeEncoding::JsonText | EnvelopeEncoding::Base64 => true,
            }),
            events: row.events.iter().flat_map(|events| events.iter()).map(|event| Wildcard::new(event)).collect(),
        })
        .collect()
}

/// What the configuration calls the code under a glob: the longest glob first, since it says most.
fn consumers(config: &Config) -> Vec<(globset::GlobMatcher, String)> {
    let mut rows: Vec<(&String, &String)> = config.contracts.consumers.iter().map(|(glob, name)| (glob, &name.value)).collect();
    rows.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
    rows.into_iter().filter_map(|(glob, name)| Some((globset::Glob::new(glob).ok()?.compile_matcher(), name.clone()))).collect()
}

fn tests(config: &Config) -> Option<globset::GlobSet> {
    if config.paths.tests.is_empty() {
        return None;
    }
    let mut builder = globset::GlobSetBuilder::new();
    for glob in &config.paths.tests {
        if let Ok(glob) = globset::Glob::new(glob) {
            builder.add(glob);
        }
    }
    builder.build().ok()
}

/// The shipped idioms and the configuration's own.
///
/// # Errors
/// Where a row of the configuration is not well formed.
pub fn idioms(config: &Config) -> Result<Idioms, UserError> {
    let texts = |strings: &Option<crate::config::Strings>| match strings {
        Some(strings) => Texts::Many(strings.iter().map(|text| text.value.clone()).collect()),
        None => Texts::None,
    };
    let rows: Vec<Row> = config
        .idioms
        .iter()
        .map(|row| {
            let call: Vec<String> = row.call.iter().map(|text| text.value.clone()).collect();
            // A row of the user's own names a function or a method alike.
            let both = call.iter().flat_map(|name| {
                if name.contains('.') || name.starts_with("new ") {
                    vec![name.clone()]
                } else {
                    vec![name.clone(), format!(".{name}")]
                }
            });
            Row {
                id: format!("own:{}", call.first().map_or("", String::as_str)),
                role: row.role.value.role().as_str().to_owned(),
                by_type: false,
                kind: row.kind.as_ref().map_or_else(|| "queue".to_owned(), |kind| kind.value.clone()),
                call: Texts::Many(both.collect()),
                decorator: Texts::None,
                function: Texts::None,
                from: texts(&row.from),
                receiver: texts(&row.receiver),
                not_from: Texts::None,
                strict: false,
                param_type: Texts::None,
                event: texts(&row.event),
                channel: texts(&row.channel),
                payload: texts(&row.payload),
                handler: texts(&row.handler),
                beside: Texts::None,
                beside_channel: Texts::None,
                beside_event: Texts::None,
                beside_of: Texts::None,
                event_like: Texts::None,
                event_unlike: Texts::None,
                key: texts(&row.key),
                idempotency_key: texts(&row.idempotency_key),
                headers: Texts::None,
                retry: texts(&row.retry),
                retry_default: None,
                retry_needs: Texts::None,
                defaults_in: Texts::None,
                client: Texts::None,
                confirms: false,
                requires: Texts::None,
                guarantee_default: None,
                awaits: false,
                deferred: row.deferred.unwrap_or(false).then(|| "commit".to_owned()),
            }
        })
        .collect();
    for row in &rows {
        Idiom::new(row, None).map_err(|message| UserError::Configuration {
            file: scan::CONFIG_FILE.to_owned(),
            line: None,
            message: format!("idiom `{}`: {message}", row.id.trim_start_matches("own:")),
            help: "write selectors as `args[0]`, `args[0].name`, `args.name` or `'text'`".to_owned(),
        })?;
    }
    Idioms::new(&rows).map_err(|message| UserError::Usage { message, help: "mend the row in driftgate.toml".to_owned() })
}

/// Checks head against base.
///
/// # Errors
/// Where a snapshot cannot be listed, or base's configuration or one of base's contracts cannot be understood.
pub fn check(base: &dyn Snapshot, head: &dyn Snapshot, options: &Options) -> Result<Outcome, UserError> {
    check_with(base, head, options, &Cache::default())
}

/// Checks head against base with facts that earlier checks of the run have left.
///
/// # Errors
/// As [`check`].
pub fn check_with(base: &dyn Snapshot, head: &dyn Snapshot, options: &Options, cache: &Cache) -> Result<Outcome, UserError> {
    let plan = Plan::read(base, head, options)?;
    let (base_scan, head_scan) = (scan::scan(base, &plan.config, cache)?, scan::scan(head, &plan.config, cache)?);
    let (base_state, head_state) = connect_both((base, base_scan), (head, head_scan), &plan.config, cache, &options.outside)?;
    judge(base, head, &base_state, &head_state, plan, options)
}

/// A check with everything that it went by.
pub struct Checked {
    pub plan: Plan,
    pub base_state: State,
    pub head_state: State,
    pub outcome: Outcome,
}

/// The configuration that counts, and what the change does to it.
#[derive(Clone)]
pub struct Plan {
    pub config: Config,
    findings: Vec<Finding>,
}

impl Plan {
    /// Reads the configuration of both sides: base decides, and what head tightens counts at once.
    ///
    /// # Errors
    /// Where base's file cannot be understood.
    pub fn read(base: &dyn Snapshot, head: &dyn Snapshot, options: &Options) -> Result<Plan, UserError> {
        if let Some(config) = &options.config {
            return Ok(Plan { config: config.clone(), findings: Vec::new() });
        }
        let known: Vec<&str> =
            rules::RULES.iter().flat_map(|rule| std::iter::once(rule.id).chain(rule.aliases.iter().copied())).collect();
        let file = RepoPath::new(scan::CONFIG_FILE);
        let read = |snapshot: &dyn Snapshot| -> Result<(Config, Option<Arc<SourceText>>), Fault> {
            let (config, text) = scan::config(snapshot)?;
            if let Some(text) = &text {
                config.check_rules(&file, text.text(), &known)?;
            }
            Ok((config, text))
        };
        let (base_config, _) = read(base).map_err(|fault| fault.user_error())?;
        let mut findings = workflows::weakened(base, head)?;
        let default = |rule: &str| rules::find(rule).and_then(|meta| meta.severity);
        let config = match read(head) {
            Ok((head_config, _)) => {
                for weakening in base_config.loosened_by(&head_config, &default) {
                    let mut found = compare::finding(
                        "gate-weakened",
                        "",
                        Role::Producer,
                        format!("this change loosens the gate: {}", weakening.message),
                    );
                    found.path = String::new();
                    found.base = weakening.base.map(|span| Origin::new(file.clone(), span));
                    found.head = Some(Origin::new(file.clone(), weakening.head.unwrap_or_default()));
                    found.fragments = (format!("{}={}", weakening.setting, weakening.before), weakening.after);
                    found.help = "it does not count for this change; let somebody else make it in a change of its own".to_owned();
                    findings.push(found);
                }
                base_config.tightened_by(&head_config, &default)
            }
            Err(fault) => {
                findings.push(unparseable(&fault));
                base_config
            }
        };
        Ok(Plan { config, findings })
    }
}

fn unparseable(fault: &Fault) -> Finding {
    let mut found = compare::finding(
        "contract-unparseable",
        "",
        Role::Consumer,
        format!("`{}` cannot be understood: {}", fault.file, fault.message),
    );
    found.head = Some(fault.origin());
    found.fragments = (fault.file.to_string(), fault.message.clone());
    found.evidence = Some("the version of the base branch counts for this change".to_owned());
    found.help = fault.help.clone();
    found
}

/// A contract that could not be understood at base and can be now, or is gone: what it asked for is not known, so nothing of this
/// change was held against it.
fn unheld(fault: &Fault, head: &State) -> Finding {
    let mut found = compare::finding(
        "unknown-compatibility",
        "",
        Role::Consumer,
        format!("`{}` could not be understood on the base branch, so nothing was held against what it asked for", fault.file),
    );
    found.base = Some(fault.origin());
    let stays = head.scan.documents.contains_key(&fault.file);
    found.head = stays.then(|| Origin::new(fault.file.clone(), crate::source::Span::default()));
    found.fragments = (fault.file.to_string(), fault.message.clone());
    found.evidence = Some(fault.message.clone());
    found.help = "mend the file in a change of its own, then make this one".to_owned();
    found
}

/// Compares two states and applies configuration and acceptances.
///
/// # Errors
/// Where one of base's contracts cannot be understood.
pub fn judge(
    base: &dyn Snapshot,
    head: &dyn Snapshot,
    base_state: &State,
    head_state: &State,
    plan: Plan,
    options: &Options,
) -> Result<Outcome, UserError> {
    let mut mended: Vec<&Fault> = Vec::new();
    for (_, faults) in base_state.registry.broken() {
        let fault = faults.first().expect("a broken file has a fault");
        let still_broken = head_state
            .registry
            .files
            .get(&fault.file)
            .is_some_and(|state| matches!(state, crate::registry::FileState::Broken(_)));
        // A change that mends the file has to be able to pass.
        if still_broken || head_state.scan.documents.contains_key(&fault.file) && !is_changed(base_state, head_state, &fault.file)
        {
            return Err(fault.user_error());
        }
        mended.push(fault);
    }
    let changes = changed_paths(&base_state.scan.entries, &head_state.scan.entries);
    let mut changed_files: BTreeSet<RepoPath> = changes.iter().map(|change| change.path().clone()).collect();
    changed_files.extend(changed_fixtures(base_state, head_state));
    let compare_options = CompareOptions {
        closed_world: plan.config.closed_world(),
        ignore_in_flight: plan.config.in_flight() == InFlight::Ignore,
        changed_files,
    };
    let sides = Sides {
        base: &base_state.model,
        head: &head_state.model,
        base_registry: &base_state.registry,
        head_registry: &head_state.registry,
        base_fixtures: &base_state.fixtures,
        head_fixtures: &head_state.fixtures,
        options: &compare_options,
    };
    let Compared { mut findings, unknown, unknown_touched, touched, causes: _ } =
        scan::pool().install(|| compare::compare(&sides));
    findings.extend(plan.findings);
    findings.extend(mended.into_iter().map(|fault| unheld(fault, head_state)));
    for (_, faults) in head_state.registry.broken() {
        findings.extend(faults.iter().map(unparseable));
    }
    configure(&mut findings, &plan.config);
    let acceptances = Acceptances::read(base_state, head_state);
    let mut diagnostics = Vec::new();
    compare::finish(&mut findings);
    acceptances.apply(&mut findings, options.today, plan.config.self_accept(), &mut diagnostics);
    waive(base, head, base_state, head_state, &plan.config, &mut findings);
    // A question that no rule looks at yet is open, not answered with no.
    let mut undecided: BTreeSet<u8> =
        (1..=6).filter(|question| !rules::RULES.iter().any(|rule| rule.question == Some(*question))).collect();
    // A test that cannot be read may state anything.
    if unread_tests(base_state, head_state, &compare_options.changed_files) {
        undecided.insert(5);
    }
    let unread_change = unread_findings(base_state, head_state, &compare_options.changed_files);
    let mut touched_unknown = unknown_touched;
    if !unread_change.is_empty() {
        undecided.extend(1..=6);
        touched_unknown += unread_change.len();
    }
    diagnostics.extend(head_state.scan.diagnostics.iter().cloned());
    diagnostics.extend(base_state.scan.diagnostics.iter().filter(|known| known.file.is_none()).cloned());
    diagnostics.extend(head_state.registry.diagnostics.iter().cloned());
    diagnostics.extend(unjoined(head_state));
    diagnostics.sort();
    diagnostics.dedup();
    let incomplete = diagnostics.iter().any(|diagnostic| diagnostic.message.contains("please report this file as a bug"));
    let counts = counts(head_state, &base_state.registry, unknown, touched_unknown);
    Ok(Outcome {
        events: changed_events(&touched, &findings, base_state, head_state),
        boundaries: head_state
            .model
            .boundaries
            .iter()
            .filter(|boundary| !boundary.in_test)
            .map(|boundary| BoundaryLine { event: boundary.label(), role: boundary.role, origin: boundary.origin.clone() })
            .collect(),
        changed: changed_ranges(base, head, base_state, head_state, &findings),
        findings,
        diagnostics,
        counts,
        notes: Vec::new(),
        undecided,
        config: plan.config,
        incomplete,
    })
}

/// Senders and readers whose event is not known: they meet nobody, which is told and not kept silent.
fn unjoined(state: &State) -> Vec<Diagnostic> {
    let lines: BTreeMap<&RepoPath, Vec<(u32, Role)>> = state
        .model
        .boundaries
        .iter()
        .filter(|boundary| boundary.event.is_none() && !boundary.in_test && boundary.kind != "decode")
        .fold(BTreeMap::new(), |mut files, boundary| {
            files.entry(&boundary.origin.file).or_default().push((boundary.origin.span.start, boundary.role));
            files
        });
    lines
        .into_iter()
        .map(|(file, places)| {
            let count = |role: Role| places.iter().filter(|(_, known)| *known == role).count();
            Diagnostic {
                severity: Severity::Note,
                file: Some(file.clone()),
                line: None,
                message: format!(
                    "{} and {} here have no known event and meet nobody; `driftgate extract {file}` shows them",
                    counted(count(Role::Producer), "sender", "senders"),
                    counted(count(Role::Consumer), "reader", "readers")
                ),
            }
        })
        .collect()
}

/// What one state of a repository comes to when it is held against its own promises.
pub struct Kept {
    pub findings: Vec<Finding>,
    pub diagnostics: Vec<Diagnostic>,
    pub counts: Counts,
}

/// Holds one state against its own contracts and schemas, without any change in sight.
pub fn kept(state: &State, config: &Config) -> Kept {
    let Compared { mut findings, unknown, .. } = compare::kept(&state.model, &state.registry);
    for (_, faults) in state.registry.broken() {
        findings.extend(faults.iter().map(|fault| {
            let mut found = unparseable(fault);
            found.evidence = Some("nothing is held against what it says".to_owned());
            found
        }));
    }
    configure(&mut findings, config);
    compare::finish(&mut findings);
    let mut diagnostics: Vec<Diagnostic> = state.scan.diagnostics.iter().chain(&state.registry.diagnostics).cloned().collect();
    diagnostics.sort();
    diagnostics.dedup();
    Kept { findings, diagnostics, counts: counts(state, &state.registry, unknown, 0) }
}

fn counts(head: &State, registry: &Registry, unknown: usize, unknown_touched: usize) -> Counts {
    let boundaries = || head.model.boundaries.iter().filter(|boundary| !boundary.in_test);
    let counted = |role: Role| boundaries().filter(|boundary| boundary.role == role).count();
    let names: BTreeSet<&String> = boundaries().filter_map(|boundary| boundary.event.as_ref()).collect();
    let contracts: BTreeSet<&str> = registry
        .promises
        .iter()
        .filter(|promise| promise.role == Role::Consumer)
        .map(|promise| promise.consumer.as_str())
        .collect();
    Counts {
        events: names.len(),
        producers: counted(Role::Producer),
        consumers: counted(Role::Consumer),
        contracts: contracts.len(),
        unknown,
        unknown_touched,
        files_read: head.scan.entries.len().saturating_sub(head.scan.skipped),
        files_skipped: head.scan.skipped,
    }
}

/// Files of data whose statements differ between base and head.
fn changed_fixtures(base: &State, head: &State) -> BTreeSet<RepoPath> {
    let mut before: BTreeMap<&RepoPath, Vec<&Double>> = BTreeMap::new();
    for old in &base.fixtures {
        before.entry(&old.origin.file).or_default().push(old);
    }
    let same = |new: &Double| {
        before
            .get(&new.origin.file)
            .into_iter()
            .flatten()
            .any(|old| old.test == new.test && old.bodies.iter().zip(&new.bodies).all(|(a, b)| a.same_values(b)))
    };
    head.fixtures.iter().filter(|new| !same(new)).map(|new| new.origin.file.clone()).collect()
}

fn is_changed(base: &State, head: &State, path: &RepoPath) -> bool {
    let blob = |state: &State| state.scan.entry(path).map(|entry| entry.blob);
    blob(base) != blob(head)
}

/// Whether the change touches tests of known events that could be read at base and not at head.
fn unread_tests(base: &State, head: &State, changed: &BTreeSet<RepoPath>) -> bool {
    let stated = |path: &RepoPath| base.model.tests.doubles.iter().any(|double| double.origin.file == *path);
    head.model.unread.keys().any(|path| changed.contains(path) && stated(path))
}

/// Files that the change touches and that could be read at base and not at head.
fn unread_findings(base: &State, head: &State, changed: &BTreeSet<RepoPath>) -> Vec<RepoPath> {
    let had_boundary =
        |path: &RepoPath| base.model.boundaries.iter().any(|boundary| boundary.origin.file == *path && !boundary.in_test);
    head.model.unread.keys().filter(|path| changed.contains(*path) && had_boundary(path)).cloned().collect()
}

/// Applies the configured levels: a rule that is off says nothing.
fn configure(findings: &mut Vec<Finding>, config: &Config) {
    findings.retain_mut(|finding| {
        let Some(meta) = rules::find(finding.rule) else { return true };
        finding.question = meta.question;
        let names = std::iter::once(meta.id).chain(meta.aliases.iter().copied());
        match names.into_iter().find_map(|name| config.rules.get(name)) {
            Some(level) => match level.value.severity() {
                Some(severity) => {
                    // A level is a ceiling for what weighs less here, and a floor where it asks for more than the default.
                    finding.severity = if Some(severity) > meta.severity {
                        severity.max(finding.severity)
                    } else {
                        severity.min(finding.severity)
                    };
                    true
                }
                None => false,
            },
            None => meta.severity.is_some(),
        }
    });
}

/// Applies the waivers that stand on lines of code.
fn waive(
    base: &dyn Snapshot,
    head: &dyn Snapshot,
    base_state: &State,
    head_state: &State,
    config: &Config,
    findings: &mut Vec<Finding>,
) {
    let of =
        |snapshot: &dyn Snapshot, state: &State| waivers::placed(&state.scan.units, &|path| text_at(snapshot, &state.scan, path));
    let (on_base, on_head) = (of(base, base_state), of(head, head_state));
    if on_head.is_empty() {
        return;
    }
    let lines = |origin: &Origin| {
        let text = text_at(head, &head_state.scan, &origin.file)?;
        Some((
            text.position(origin.span.start).line,
            text.position(origin.span.end.saturating_sub(1).max(origin.span.start)).line,
        ))
    };
    let subject = audit::Subject { model: &head_state.model, registry: &head_state.registry, fixtures: &head_state.fixtures };
    let states = audit::states(subject);
    let before = findings.len();
    waivers::Waivers { base: &on_base, head: &on_head, lines: &lines, self_accept: config.self_accept(), states: &states }
        .apply(findings);
    let mut added = findings.split_off(before);
    configure(&mut added, config);
    findings.append(&mut added);
    compare::finish(findings);
}

fn text_at(snapshot: &dyn Snapshot, scan: &Scan, path: &RepoPath) -> Option<SourceText> {
    snapshot.read(scan.entry(path)?).text()
}

/// The acceptances of both sides.
struct Acceptances {
    base: Vec<Acceptance>,
    head: Vec<Acceptance>,
    faults: Vec<Fault>,
}

impl Acceptances {
    fn read(base: &State, head: &State) -> Acceptances {
        let mut faults = Vec::new();
        let mut of = |state: &State, keep: bool| -> Vec<Acceptance> {
            state
                .scan
                .documents
                .iter()
                .filter(|(path, _)| accept::claims(path))
                .filter_map(|(path, text)| match Acceptance::read(path, text.text()) {
                    Ok(acceptance) => Some(acceptance),
                    Err(fault) => {
                        if keep {
                            faults.push(fault);
                        }
                        None
                    }
                })
                .collect()
        };
        let (base, head) = (of(base, false), of(head, true));
        Acceptances { base, head, faults }
    }

    fn apply(&self, findings: &mut Vec<Finding>, today: Option<Date>, self_accept: bool, diagnostics: &mut Vec<Diagnostic>) {
        let counts = |acceptance: &&Acceptance| today.is_none_or(|today| acceptance.counts_on(today));
        let mut used: BTreeSet<&str> = BTreeSet::new();
        for finding in findings.iter_mut().filter(|finding| finding.status == Status::New) {
            let on_base = self.base.iter().filter(counts).find(|known| known.fingerprint == finding.fingerprint);
            let on_head = self.head.iter().filter(counts).find(|known| known.fingerprint == finding.fingerprint);
            let (acceptance, status) = match (on_base, on_head) {
                (Some(acceptance), _) => (acceptance, Status::Allowed),
                (None, Some(acceptance)) if self_accept => (acceptance, Status::Allowed),
                (None, Some(acceptance)) => (acceptance, Status::Requested),
                (None, None) => continue,
            };
            used.insert(acceptance.fingerprint.as_str());
            finding.status = status;
            finding.accepted = Some(acceptance.reason.clone());
        }
        for acceptance in &self.head {
            let known = self.base.iter().any(|base| base.fingerprint == acceptance.fingerprint);
            if !known {
                let mut found = compare::finding(
                    "acceptance-added",
                    &acceptance.event,
                    Role::Producer,
                    format!("this change asks for `{}` to be accepted: {}", acceptance.rule, acceptance.reason),
                );
                found.head = Some(acceptance.origin.clone());
                found.fragments = (acceptance.fingerprint.clone(), String::new());
                found.help = "a person decides: the acceptance counts once it is on the base branch".to_owned();
                findings.push(found);
            }
            let over = today.is_some_and(|today| !acceptance.counts_on(today));
            // An acceptance on the base branch whose break has been merged long ago is dead weight.
            if (known && !used.contains(acceptance.fingerprint.as_str())) || over {
                let why = if over { "its day is over" } else { "it matches no finding any more" };
                let mut found = compare::finding(
                    "acceptance-stale",
                    &acceptance.event,
                    Role::Producer,
                    format!("an acceptance of `{}` is stale: {why}", acceptance.rule),
                );
                found.severity = Severity::Warning;
                found.status = if over { Status::New } else { Status::Known };
                found.head = Some(acceptance.origin.clone());
                found.fragments = (acceptance.fingerprint.clone(), why.to_owned());
                found.help = "remove it with `driftgate accept --prune`".to_owned();
                findings.push(found);
            }
        }
        for fault in &self.faults {
            diagnostics.push(fault.diagnostic(Severity::Error));
            findings.push(unparseable(fault));
        }
        for finding in findings.iter_mut().filter(|finding| finding.question.is_none()) {
            finding.question = rules::find(finding.rule).and_then(|meta| meta.question);
        }
        compare::finish(findings);
    }
}

/// Who is drawn at the end of a broken handoff that nobody is known to read.
const UNDECLARED: &str = "readers nobody declared";

fn changed_events(touched: &BTreeSet<String>, findings: &[Finding], base: &State, head: &State) -> Vec<ChangedEvent> {
    let mut labelled: BTreeMap<String, Vec<&Boundary>> = BTreeMap::new();
    for boundary in head.model.boundaries.iter().chain(&base.model.boundaries).filter(|boundary| !boundary.in_test) {
        labelled.entry(boundary.label()).or_default().push(boundary);
    }
    // A handoff that is lost on its way out concerns whoever reads it; the break is before the event.
    let handed_over = |finding: &Finding| {
        rules::find(finding.rule).is_some_and(|rule| rule.family == rules::Family::Handoff) && finding.role == Role::Producer
    };
    let breaking: Vec<&Finding> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error && finding.status != Status::Known && !finding.event.is_empty())
        .collect();
    let handoffs = breaking.iter().filter(|finding| handed_over(finding) && labelled.contains_key(&finding.event));
    let events: BTreeSet<&String> = touched.iter().chain(handoffs.map(|finding| &finding.event)).collect();
    events
        .into_iter()
        .map(|event| {
            let (lost, breaks): (Vec<&Finding>, Vec<&Finding>) = breaking
                .iter()
                .copied()
                .filter(|finding| finding.event == *event)
                .partition(|finding| handed_over(finding) || finding.consumers.is_empty() && finding.role == Role::Producer);
            let lost = !lost.is_empty();
            let named = |via_base: bool| {
                let all = breaks.iter().flat_map(|finding| &finding.consumers);
                all.filter(move |consumer| (consumer.via == Via::Base) == via_base).map(|consumer| consumer.name.as_str())
            };
            let broken: BTreeSet<&str> = named(false).collect();
            let mut producers: BTreeSet<String> = BTreeSet::new();
            let mut consumers: BTreeSet<String> = BTreeSet::new();
            for boundary in labelled.get(event).into_iter().flatten() {
                match boundary.role {
                    Role::Producer => producers.insert(boundary.package.clone()),
                    Role::Consumer => consumers.insert(boundary.package.clone()),
                };
            }
            consumers.extend(
                base.registry
                    .of_event(event)
                    .filter(|promise| promise.role == Role::Consumer)
                    .map(|promise| promise.consumer.clone()),
            );
            let participant = |name: String| Participant { broken: broken.contains(name.as_str()), name };
            let mut consumers: Vec<Participant> = consumers.into_iter().map(participant).collect();
            if named(true).next().is_some() {
                consumers.push(Participant { name: UNDECLARED.to_owned(), broken: true });
            }
            ChangedEvent {
                name: event.clone(),
                producers: producers.into_iter().map(|name| Participant { name, broken: lost }).collect(),
                consumers,
            }
        })
        .collect()
}

/// The lines of head that the change touches, in the files that findings speak of.
fn changed_ranges(
    base: &dyn Snapshot,
    head: &dyn Snapshot,
    base_state: &State,
    head_state: &State,
    findings: &[Finding],
) -> BTreeMap<RepoPath, Vec<LineRange>> {
    let wanted: BTreeSet<&RepoPath> =
        findings.iter().flat_map(|finding| [&finding.head, &finding.base]).flatten().map(|origin| &origin.file).collect();
    let mut ranges = BTreeMap::new();
    for change in changed_paths(&base_state.scan.entries, &head_state.scan.entries) {
        if !wanted.contains(change.path()) {
            continue;
        }
        let read = |snapshot: &dyn Snapshot, entry: Option<&crate::snapshot::Entry>| match entry.map(|entry| snapshot.read(entry))
        {
            Some(Content::Text(text)) => text.text().to_owned(),
            Some(Content::Skipped(_)) | None => String::new(),
        };
        let (old, new) = (read(base, change.base), read(head, change.head));
        let lines = changed_lines(&old, &new)
            .into_iter()
            .filter(|line| !line.new.is_empty())
            .map(|line| LineRange { start: line.new.start, end: line.new.end - 1 })
            .collect();
        ranges.insert(change.path().clone(), lines);
    }
    ranges
}
