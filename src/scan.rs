//! A snapshot read and extracted: every claimed file once, on all cores, shared by blob.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, OnceLock};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::accept;
use crate::config::Config;
use crate::error::UserError;
use crate::extract::{self, PARSER_STACK_BYTES};
use crate::finding::Diagnostic;
use crate::link::model::Model;
use crate::link::modules::FileUnit;
use crate::registry::{Claims, Registry};
use crate::snapshot::{Content, Entry, Snapshot};
use crate::source::{BlobId, RepoPath, SourceText};

/// The configuration's file.
pub const CONFIG_FILE: &str = "driftgate.toml";

/// Facts and texts by blob, for all snapshots of one run.
#[derive(Default)]
pub struct Cache {
    facts: Mutex<FxHashMap<(BlobId, String), CachedUnit>>,
    texts: Mutex<FxHashMap<BlobId, Arc<SourceText>>>,
    /// The last models, with what they were linked from.
    models: Mutex<VecDeque<Linked>>,
    /// The last registries, with what they were read from.
    registries: Mutex<VecDeque<Promised>>,
}

impl Drop for Cache {
    /// What was kept is freed beside what comes next: nobody waits for it, and a program that ends does not free it at all.
    fn drop(&mut self) {
        let facts = std::mem::take(&mut self.facts);
        if facts.lock().is_ok_and(|facts| facts.is_empty()) {
            return;
        }
        let kept =
            (facts, std::mem::take(&mut self.texts), std::mem::take(&mut self.models), std::mem::take(&mut self.registries));
        pool().spawn(move || drop(kept));
    }
}

/// How many models and registries are kept: those of neighbouring commits on a few threads.
const KEPT: usize = 4;

/// A registry, and everything that it was read from.
struct Promised {
    documents: BTreeMap<RepoPath, Arc<SourceText>>,
    config: Config,
    outside: Outside,
    registry: Arc<Registry>,
}

/// A model, and everything that it was linked from.
struct Linked {
    units: Vec<FileUnit>,
    config: Config,
    promised: BTreeSet<String>,
    model: Arc<Model>,
}

impl Cache {
    /// The model of this code: of an earlier state where it is the same, so that changes of documents alone cost no linking.
    pub fn linked(
        &self,
        units: &[FileUnit],
        config: &Config,
        promised: &BTreeSet<String>,
        link: impl FnOnce() -> Model,
    ) -> Arc<Model> {
        let fits = |known: &&Linked| known.config == *config && known.promised == *promised && same_code(&known.units, units);
        if let Ok(models) = self.models.lock()
            && let Some(known) = models.iter().find(fits)
        {
            return Arc::clone(&known.model);
        }
        let model = Arc::new(link());
        if let Ok(mut models) = self.models.lock() {
            models.truncate(KEPT - 1);
            models.push_front(Linked {
                units: units.to_vec(),
                config: config.clone(),
                promised: promised.clone(),
                model: Arc::clone(&model),
            });
        }
        model
    }

    /// The registry of these documents: of an earlier state where they are the same.
    ///
    /// # Errors
    /// Where `read` has one.
    pub fn promised(
        &self,
        scan: &Scan,
        config: &Config,
        outside: &Outside,
        read: impl FnOnce() -> Result<Registry, UserError>,
    ) -> Result<Arc<Registry>, UserError> {
        let fits = |known: &&Promised| {
            known.config == *config && known.outside == *outside && same_documents(&known.documents, &scan.documents)
        };
        if let Ok(registries) = self.registries.lock()
            && let Some(known) = registries.iter().find(fits)
        {
            return Ok(Arc::clone(&known.registry));
        }
        let registry = Arc::new(read()?);
        // What it refers to beside these documents may be another thing in the next state.
        let whole = registry.wanted.is_empty()
            && registry.files.keys().all(|path| {
                scan.documents.contains_key(path)
                    || outside.contracts.iter().any(|(file, _)| file == path)
                    || outside.extracts.iter().any(|extract| extract.file == *path)
            });
        if whole && let Ok(mut registries) = self.registries.lock() {
            registries.truncate(KEPT - 1);
            registries.push_front(Promised {
                documents: scan.documents.clone(),
                config: config.clone(),
                outside: outside.clone(),
                registry: Arc::clone(&registry),
            });
        }
        Ok(registry)
    }
}

/// Whether two states hold the same code at the same paths; facts are shared by blob, so that they need not be looked at.
pub fn same_code(a: &[FileUnit], b: &[FileUnit]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| Arc::ptr_eq(&a.facts, &b.facts) && a.path == b.path)
}

/// Whether two states hold the same documents at the same paths; texts are shared by blob.
pub fn same_documents(a: &BTreeMap<RepoPath, Arc<SourceText>>, b: &BTreeMap<RepoPath, Arc<SourceText>>) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| Arc::ptr_eq(a.1, b.1) && a.0 == b.0)
}

/// Facts with their index, whatever path they stand at; `Err` keeps why the blob was passed over.
type CachedUnit = Result<FileUnit, Diagnostic>;

/// What takes part from outside of the repository, for base and head alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outside {
    /// Contracts of folders that the configuration names.
    pub contracts: Vec<(RepoPath, String)>,
    /// What `extract` said of other repositories.
    pub extracts: Vec<Extract>,
}

/// What `driftgate extract --format json` said of another repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extract {
    /// What its code is called where the document does not say.
    pub party: String,
    pub file: RepoPath,
    pub text: String,
}

/// One snapshot, read.
pub struct Scan {
    /// Sorted by path.
    pub units: Vec<FileUnit>,
    /// The texts that the registry and the acceptances want, by path.
    pub documents: BTreeMap<RepoPath, Arc<SourceText>>,
    /// Every claimed file.
    pub entries: Vec<Entry>,
    pub diagnostics: Vec<Diagnostic>,
    /// Files that are there and could not be read: what stood in them is unknown.
    pub skipped: usize,
}

impl Scan {
    /// The claimed file at a path.
    pub fn entry(&self, path: &RepoPath) -> Option<&Entry> {
        let at = self.entries.binary_search_by(|entry| entry.path.cmp(path)).ok()?;
        self.entries.get(at)
    }
}

/// The pool on which files are parsed: the parsers recurse, so its threads have large stacks.
pub fn pool() -> &'static rayon::ThreadPool {
    static POOL: OnceLock<rayon::ThreadPool> = OnceLock::new();
    POOL.get_or_init(|| {
        rayon::ThreadPoolBuilder::new()
            .stack_size(PARSER_STACK_BYTES)
            .thread_name(|at| format!("driftgate-{at}"))
            .build()
            .expect("threads can be started")
    })
}

/// Reads what the front ends and the registry claim of a snapshot.
///
/// # Errors
/// Where the snapshot as a whole cannot be listed.
pub fn scan(snapshot: &dyn Snapshot, config: &Config, cache: &Cache) -> Result<Scan, UserError> {
    let claims = Claims::new(config);
    let exclude = exclusions(config);
    // Acceptances are the gate's own, and no setting turns them off.
    let is_document = |path: &RepoPath| claims.claims(path) && !exclude.is_match(path.as_str()) || accept::claims(path);
    let is_source = |path: &RepoPath| extract::language_of(path).is_some() && !exclude.is_match(path.as_str());
    let listing = snapshot.entries(&|path| is_source(path) || is_document(path))?;
    let read: Vec<(Option<CachedUnit>, Option<Arc<SourceText>>, Option<Diagnostic>)> = pool().install(|| {
        listing
            .entries
            .par_iter()
            .map(|entry| {
                let language = extract::language_of(&entry.path).filter(|_| is_source(&entry.path));
                let wanted_text = is_document(&entry.path);
                let key = (entry.blob, entry.path.file_name().to_owned());
                let known = language.and_then(|_| cache.facts.lock().ok()?.get(&key).cloned());
                let known_text =
                    if wanted_text { cache.texts.lock().ok().and_then(|texts| texts.get(&entry.blob).cloned()) } else { None };
                if (language.is_none() || known.is_some()) && (!wanted_text || known_text.is_some()) {
                    return (known.map(|unit| unit.map(|unit| at_path(unit, entry))), known_text, None);
                }
                match snapshot.read(entry) {
                    Content::Text(text) => {
                        let text = Arc::new(text);
                        let unit = language.map(|language| {
                            known.unwrap_or_else(|| {
                                let facts = extract::extract(language, &text);
                                let unit = FileUnit::new(entry.path.clone(), Arc::new(facts));
                                if let Ok(mut facts) = cache.facts.lock() {
                                    facts.insert(key, Ok(unit.clone()));
                                }
                                Ok(unit)
                            })
                        });
                        if wanted_text && let Ok(mut texts) = cache.texts.lock() {
                            texts.insert(entry.blob, Arc::clone(&text));
                        }
                        (unit.map(|unit| unit.map(|unit| at_path(unit, entry))), wanted_text.then_some(text), None)
                    }
                    Content::Skipped(diagnostic) => {
                        let unit = language.map(|language| {
                            let mut facts = crate::facts::FileFacts::new(language.id());
                            facts.unread.push(crate::source::Span::new(0, 1));
                            Ok(FileUnit::new(entry.path.clone(), Arc::new(facts)))
                        });
                        (unit, None, Some(diagnostic))
                    }
                }
            })
            .collect()
    });
    let mut scan = Scan {
        units: Vec::with_capacity(listing.entries.len()),
        documents: BTreeMap::new(),
        entries: Vec::new(),
        diagnostics: listing.diagnostics,
        skipped: 0,
    };
    for (entry, (unit, text, diagnostic)) in listing.entries.iter().zip(read) {
        if let Some(diagnostic) = diagnostic {
            scan.skipped += 1;
            scan.diagnostics.push(diagnostic);
        }
        match unit {
            Some(Ok(unit)) => {
                let whole = unit.facts.unread.first().is_some_and(|span| span.start == 0) && unit.facts.functions.is_empty();
                scan.skipped += usize::from(whole && !unit.facts.diagnostics.is_empty());
                for found in &unit.facts.diagnostics {
                    scan.diagnostics.push(Diagnostic {
                        severity: found.severity,
                        file: Some(unit.path.clone()),
                        line: found.span.map(|span| line_of(snapshot, entry, span.start)),
                        message: found.message.clone(),
                    });
                }
                scan.units.push(unit);
            }
            Some(Err(diagnostic)) => scan.diagnostics.push(diagnostic),
            None => {}
        }
        if let Some(text) = text {
            scan.documents.insert(entry.path.clone(), text);
        }
    }
    scan.entries = listing.entries;
    scan.diagnostics.sort();
    scan.diagnostics.dedup();
    Ok(scan)
}

/// Facts are shared by blob; the path is this entry's own.
fn at_path(unit: FileUnit, entry: &Entry) -> FileUnit {
    FileUnit { path: entry.path.clone(), ..unit }
}

fn line_of(snapshot: &dyn Snapshot, entry: &Entry, offset: u32) -> u32 {
    match snapshot.read(entry) {
        Content::Text(text) => text.position(offset).line,
        Content::Skipped(_) => 1,
    }
}

/// The texts of further files that somebody wants, at most `most` of them; what the registry has claimed is left to it.
pub fn texts(
    snapshot: &dyn Snapshot,
    config: &Config,
    wanted: &(dyn Fn(&RepoPath) -> bool + Sync),
    most: usize,
) -> BTreeMap<RepoPath, Arc<SourceText>> {
    let claims = Claims::new(config);
    let exclude = exclusions(config);
    let fits = |path: &RepoPath| wanted(path) && !exclude.is_match(path.as_str()) && !claims.claims(path);
    let Ok(listing) = snapshot.entries(&fits) else { return BTreeMap::new() };
    let read = |entry: &Entry| snapshot.read(entry).text().map(|text| (entry.path.clone(), Arc::new(text)));
    listing.entries.iter().take(most).filter_map(read).collect()
}

fn exclusions(config: &Config) -> globset::GlobSet {
    let mut builder = globset::GlobSetBuilder::new();
    for glob in &config.paths.exclude {
        if let Ok(glob) = globset::Glob::new(glob) {
            builder.add(glob);
        }
    }
    builder.build().unwrap_or_else(|_| globset::GlobSet::empty())
}

/// The promises of a snapshot: reads what the documents refer to until nothing new is wanted.
///
/// # Errors
/// Where what is said of another repository cannot be understood.
pub fn registry(snapshot: &dyn Snapshot, scan: &Scan, config: &Config, outside: &Outside) -> Result<Registry, UserError> {
    let mut registry = documents(snapshot, scan, config, &outside.contracts);
    for extract in &outside.extracts {
        registry.add_extract(&extract.party, &extract.file, &extract.text).map_err(|fault| fault.user_error())?;
    }
    Ok(registry)
}

fn documents(snapshot: &dyn Snapshot, scan: &Scan, config: &Config, outside: &[(RepoPath, String)]) -> Registry {
    let mut texts: BTreeMap<RepoPath, Arc<str>> = scan
        .documents
        .iter()
        .filter(|(path, _)| !accept::claims(path))
        .map(|(path, text)| (path.clone(), text.shared()))
        .collect();
    texts.extend(outside.iter().map(|(path, text)| (path.clone(), Arc::from(text.as_str()))));
    // References lead to further files, which refer to further ones; each round reads at least one that was not there.
    for _ in 0..16 {
        let files: Vec<(RepoPath, &str)> = texts.iter().map(|(path, text)| (path.clone(), &**text)).collect();
        let registry = Registry::build(&files, config);
        let wanted: Vec<RepoPath> = registry.wanted.iter().filter(|path| !texts.contains_key(*path)).cloned().collect();
        if wanted.is_empty() {
            return registry;
        }
        let Ok(listing) = snapshot.entries(&|path| wanted.contains(path)) else { return registry };
        let mut found = false;
        for entry in &listing.entries {
            if let Content::Text(text) = snapshot.read(entry) {
                texts.insert(entry.path.clone(), text.shared());
                found = true;
            }
        }
        if !found {
            return registry;
        }
    }
    let files: Vec<(RepoPath, &str)> = texts.iter().map(|(path, text)| (path.clone(), &**text)).collect();
    Registry::build(&files, config)
}

/// The configuration of a snapshot; the default where it has none.
///
/// # Errors
/// Where the file cannot be understood.
pub fn config(snapshot: &dyn Snapshot) -> Result<(Config, Option<Arc<SourceText>>), crate::document::Fault> {
    let path = RepoPath::new(CONFIG_FILE);
    let Ok(listing) = snapshot.entries(&|candidate| *candidate == path) else { return Ok((Config::default(), None)) };
    match listing.entries.first().map(|entry| snapshot.read(entry)) {
        Some(Content::Text(text)) => Ok((Config::read(&path, text.text())?, Some(Arc::new(text)))),
        Some(Content::Skipped(_)) | None => Ok((Config::default(), None)),
    }
}
