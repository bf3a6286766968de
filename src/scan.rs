//! A snapshot read and extracted: every claimed file once, on all cores, shared by blob.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::accept;
use crate::config::Config;
use crate::error::UserError;
use crate::extract::{self, PARSER_STACK_BYTES};
use crate::finding::Diagnostic;
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
}

/// Facts with their index, whatever path they stand at; `Err` keeps why the blob was passed over.
type CachedUnit = Result<FileUnit, Diagnostic>;

/// What takes part from outside of the repository, for base and head alike.
#[derive(Clone, Debug, Default)]
pub struct Outside {
    /// Contracts of folders that the configuration names.
    pub contracts: Vec<(RepoPath, String)>,
    /// What `extract` said of other repositories.
    pub extracts: Vec<Extract>,
}

/// What `driftgate extract --format json` said of another repository.
#[derive(Clone, Debug)]
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
