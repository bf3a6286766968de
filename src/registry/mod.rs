//! Contracts, registered schemas, Pact, AsyncAPI and OpenAPI documents → what is promised of which event, and by whom.
//!
//! A [`Promise`] says that one party sends, or needs, payloads of a schema under an event's name. The registry reads documents
//! that are handed in as text and knows nothing of disks and snapshots; [`Claims`] says which files it wants, and
//! [`Registry::wanted`] which further ones they refer to. It decides nothing: holding promises against code and against each
//! other is the work of `compare`.

mod asyncapi;
mod avro;
mod bundle;
mod by_name;
mod contract;
mod dialect;
mod eventbridge;
mod extracted;
mod json_schema;
pub mod loosened;
mod openapi;
mod pact;
mod pattern;
mod proto;
mod snowplow;
mod sources;
mod subjects;
mod texts;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use globset::{Glob, GlobSet, GlobSetBuilder};
use serde_json::Value;

use self::bundle::Bundler;
pub use self::bundle::{PromisedSchema, UNKNOWN};
use self::by_name::ByName;
pub use self::contract::json_schema as contract_json_schema;
pub use self::dialect::{DRAFT_2020, Dialect};
pub use self::pattern::EventPattern;
use self::sources::{Place, Sources};
use crate::config::Config;
use crate::document::{Document, Fault, Syntax};
use crate::facts::Role;
use crate::finding::{Consumer, Diagnostic, Severity, Via};
use crate::source::{Origin, RepoPath};

/// What one party says of one event.
#[derive(Clone, Debug)]
pub struct Promise {
    /// Who needs or sends it: the consumer of a contract, the title of a specification, the file of a schema.
    pub consumer: String,
    /// Whom to ask.
    pub owner: Option<String>,
    pub via: Via,
    /// A consumer needs payloads of this schema; a producer says that it sends them.
    pub role: Role,
    pub event: EventPattern,
    /// Other names that the event may go by in code: a message's name where the event is called by its channel, a full name.
    pub aliases: Vec<EventPattern>,
    /// The topic, queue or address, where the document says so.
    pub channel: Option<EventPattern>,
    /// Where inside the wire payload the schema's instance stands; `None` for the whole payload.
    pub payload_pointer: Option<String>,
    pub schema: PromisedSchema,
    /// The document that makes the promise; `origin` may stand in another one that it refers to.
    pub file: RepoPath,
    /// The entry of the event: what a finding about the whole promise points at.
    pub origin: Origin,
    /// Not in force yet: breaking it is a warning.
    pub pending: bool,
    pub binding: Binding,
    /// What its authors call it, where one event has several: a message's or an interaction's name.
    pub label: Option<String>,
}

impl Promise {
    /// Whether an event of this name is meant.
    pub fn speaks_of(&self, event: &str) -> bool {
        self.event.matches(event) || self.aliases.iter().any(|alias| alias.matches(event))
    }

    /// Whether it is about requests to an address: a webhook, which is no message to a task that goes by the same name.
    pub fn is_about_requests(&self) -> bool {
        self.via == Via::OpenApi
    }

    /// The party as a finding names it.
    pub fn as_consumer(&self) -> Consumer {
        Consumer { name: self.consumer.clone(), via: self.via, owner: self.owner.clone(), origin: Some(self.origin.clone()) }
    }
}

/// How a promise came to its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Binding {
    /// Somebody wrote down that the two belong together.
    Declared,
    /// The name or address of a schema file looks like an event. Where no such event exists, nothing is wrong.
    Convention,
}

/// What became of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    /// It was understood as this, and holds so many promises.
    Read { form: Form, promises: usize },
    /// Its author meant it as a contract or bound it to an event, and it cannot be understood. The gate is not what they think.
    Broken(Vec<Fault>),
    /// It is none of the registry's forms.
    Ignored,
}

/// The forms that the registry understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    Contract,
    JsonSchema,
    AsyncApi,
    Avro,
    Pact,
    OpenApi,
    SchemaRegistry,
    Snowplow,
    EventBridge,
}

impl Form {
    pub fn as_str(self) -> &'static str {
        match self {
            Form::Contract => "contract",
            Form::JsonSchema => "JSON Schema",
            Form::AsyncApi => "AsyncAPI",
            Form::Avro => "Avro",
            Form::Pact => "Pact",
            Form::OpenApi => "OpenAPI",
            Form::SchemaRegistry => "schema registry subject",
            Form::Snowplow => "Snowplow schema",
            Form::EventBridge => "EventBridge schema",
        }
    }
}

/// The promises of one state of a repository.
#[derive(Debug, Default)]
pub struct Registry {
    /// By file, then by the order of the file.
    pub promises: Vec<Promise>,
    pub files: BTreeMap<RepoPath, FileState>,
    pub diagnostics: Vec<Diagnostic>,
    /// Files that documents refer to and that were not handed in; those that exist should be, and the registry built again.
    pub wanted: BTreeSet<RepoPath>,
    /// Made when the first event is asked about.
    by_name: OnceLock<ByName>,
}

impl Registry {
    /// Reads every document. `files` are all that [`Claims`] wants, in any order, with further ones that those refer to.
    pub fn build(files: &[(RepoPath, &str)], config: &Config) -> Registry {
        let claims = Claims::new(config);
        let sources = Sources::read(files);
        let mut reading = Reading {
            config,
            claims: &claims,
            bundler: Bundler::new(&sources),
            promises: Vec::new(),
            files: BTreeMap::new(),
            spoken_for: BTreeSet::new(),
            looks: BTreeMap::new(),
        };
        for (path, read) in sources.iter() {
            reading.file(path, read);
        }
        contract::name_twins(&mut reading);
        reading.finish()
    }

    /// The files that are broken, with what is wrong in them.
    pub fn broken(&self) -> impl Iterator<Item = (&RepoPath, &[Fault])> {
        self.files.iter().filter_map(|(path, state)| match state {
            FileState::Broken(faults) => Some((path, faults.as_slice())),
            FileState::Read { .. } | FileState::Ignored => None,
        })
    }

    /// The promises about an event of this name.
    pub fn of_event<'a>(&'a self, event: &str) -> impl Iterator<Item = &'a Promise> + use<'a> {
        let all: Vec<&Promise> = self.that_may_speak_of(event).filter(|promise| promise.speaks_of(event)).collect();
        all.into_iter()
    }

    /// The promises about an event of this name, and those that a pattern among the names, its own or theirs, may mean. In the order of
    /// [`Registry::promises`].
    pub fn that_may_speak_of<'a>(&'a self, event: &str) -> impl Iterator<Item = &'a Promise> + use<'a> {
        let by_name = self.by_name.get_or_init(|| ByName::new(&self.promises));
        by_name.that_may_speak_of(event).into_iter().map(|at| &self.promises[at])
    }
}

/// One reading of all documents: what the readers of single forms write to.
pub(crate) struct Reading<'a> {
    pub config: &'a Config,
    pub claims: &'a Claims,
    pub bundler: Bundler<'a>,
    pub promises: Vec<Promise>,
    pub files: BTreeMap<RepoPath, FileState>,
    /// Schema files that a contract or a specification gives as the whole schema of an event: they speak through it.
    pub spoken_for: BTreeSet<RepoPath>,
    /// Names that documents seem to give to events (file names, titles, short names of types), and which parties do.
    pub looks: BTreeMap<String, BTreeSet<String>>,
}

impl<'a> Reading<'a> {
    fn file(&mut self, path: &RepoPath, read: &Result<Arc<Document>, Fault>) {
        let claim = self.claims.of(path);
        let document = match read {
            Ok(document) => document,
            Err(fault) => {
                if claim.expects_meaning() {
                    self.files.insert(path.clone(), FileState::Broken(vec![fault.clone()]));
                } else if claim != Claim::None {
                    self.bundler.diagnostics.push(fault.diagnostic(Severity::Warning));
                    self.files.insert(path.clone(), FileState::Ignored);
                }
                return;
            }
        };
        let before = self.promises.len();
        let outcome = self.document(document, claim);
        for promise in &mut self.promises[before..] {
            promise.file = path.clone();
        }
        let state = match outcome {
            Ok(Some(form)) => FileState::Read { form, promises: self.promises.len() - before },
            Ok(None) => FileState::Ignored,
            Err(faults) => {
                self.promises.truncate(before);
                FileState::Broken(faults)
            }
        };
        self.files.insert(path.clone(), state);
    }

    fn document(&mut self, document: &Arc<Document>, claim: Claim) -> Result<Option<Form>, Vec<Fault>> {
        if claim == Claim::Row && !avro::looks_like(&document.value) {
            json_schema::read_rows(self, document)?;
            return Ok(Some(Form::JsonSchema));
        }
        if document.value.get("asyncapi").is_some_and(Value::is_string) {
            asyncapi::read(self, document)?;
            return Ok(Some(Form::AsyncApi));
        }
        if document.value.get("openapi").is_some_and(Value::is_string) {
            openapi::read(self, document)?;
            return Ok(Some(Form::OpenApi));
        }
        if subjects::looks_like(&document.value) {
            subjects::read(self, document)?;
            return Ok(Some(Form::SchemaRegistry));
        }
        if snowplow::looks_like(&document.value) {
            snowplow::read(self, document);
            return Ok(Some(Form::Snowplow));
        }
        if eventbridge::looks_like(&document.value) {
            let place = Place { document: Arc::clone(document), pointer: String::new() };
            eventbridge::promise(self, &place, Dialect::of_document(&document.value));
            return Ok(Some(Form::EventBridge));
        }
        if pact::looks_like(&document.value) {
            pact::read(self, document)?;
            return Ok(Some(Form::Pact));
        }
        if avro::looks_like(&document.value) {
            avro::read(self, document);
            return Ok(Some(Form::Avro));
        }
        if contract::looks_like(document, claim == Claim::Contract) {
            contract::read(self, document)?;
            return Ok(Some(Form::Contract));
        }
        if json_schema::looks_like(&document.value) {
            json_schema::read_by_convention(self, document);
            return Ok(Some(Form::JsonSchema));
        }
        Ok(None)
    }

    /// Notes that a party seems to call an event so.
    pub(crate) fn looks_like_name(&mut self, name: &str, party: &str) {
        self.looks.entry(name.to_owned()).or_default().insert(party.to_owned());
    }

    fn finish(self) -> Registry {
        let Reading { bundler, mut promises, files, spoken_for, looks, config, .. } = self;
        texts::open(&mut promises, config);
        promises.retain(|promise| promise.binding == Binding::Declared || !spoken_for.contains(&promise.origin.file));
        promises.sort_by(|a, b| (&a.file, &a.origin).cmp(&(&b.file, &b.origin)));
        // Two operations of one application may offer one message.
        promises.dedup_by(|a, b| {
            (&a.file, &a.origin, &a.event, a.role, &a.channel) == (&b.file, &b.origin, &b.event, b.role, &b.channel)
        });
        snowplow::keep_newest(&mut promises);
        drop_ambiguous_names(&mut promises, &looks);
        let wanted = bundler.wanted.iter().filter(|path| !files.contains_key(path)).cloned().collect();
        let mut diagnostics = bundler.diagnostics;
        diagnostics.sort();
        diagnostics.dedup();
        Registry { promises, files, diagnostics, wanted, by_name: OnceLock::new() }
    }
}

/// Takes back the names that several documents give to events of theirs by their looks alone: what means two things means none.
fn drop_ambiguous_names(promises: &mut [Promise], looks: &BTreeMap<String, BTreeSet<String>>) {
    let ambiguous = |name: &EventPattern, promise: &Promise| {
        looks.get(&name.to_string()).is_some_and(|parties| parties.len() > 1 && parties.contains(&promise.consumer))
    };
    for promise in promises.iter_mut().filter(|promise| promise.binding == Binding::Convention) {
        let aliases = std::mem::take(&mut promise.aliases);
        promise.aliases = aliases.into_iter().filter(|name| !ambiguous(name, promise)).collect();
        if ambiguous(&promise.event, promise) && !promise.aliases.is_empty() {
            promise.event = promise.aliases.remove(0);
        }
    }
}

/// Why the registry wants a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    None,
    /// Its name could be that of a schema, a specification or a pact; its content decides.
    Candidate,
    /// It lies where contracts are.
    Contract,
    /// A `[[schema]]` row names it.
    Row,
}

impl Claim {
    /// Whether a person expects this very file to take part, so that passing over it would be silence.
    fn expects_meaning(self) -> bool {
        match self {
            Claim::None | Claim::Candidate => false,
            Claim::Contract | Claim::Row => true,
        }
    }
}

/// Which files the registry wants to read, by their paths alone.
#[derive(Debug)]
pub struct Claims {
    exclude: GlobSet,
    contracts: GlobSet,
    rows: Vec<GlobSet>,
    /// Whether the configuration names the folders of contracts: what it names is not foreign.
    says_where: bool,
}

/// Folders whose JSON and YAML files are looked at, beside those whose names speak of schemas.
const FOLDERS: &[&str] = &["events", "contracts", "pacts", "asyncapi", "openapi", "avro", "webhooks"];

/// Folders whose content belongs to somebody else.
const FOREIGN_FOLDERS: &[&str] = &["node_modules", "vendor", ".git", "target", "dist", "build", ".venv", "site-packages"];

/// Files that lie anywhere and are no schemas, whatever folder they lie in.
const KNOWN_OTHERS: &[&str] = &[
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "composer.json",
    "pnpm-lock.yaml",
    "docker-compose.yml",
    "docker-compose.yaml",
];

impl Claims {
    pub fn new(config: &Config) -> Self {
        let mut patterns: Vec<String> = Vec::new();
        for path in config.contract_paths() {
            let path = path.trim_start_matches("./").trim_end_matches('/');
            patterns.push(path.to_owned());
            patterns.push(format!("{path}/**"));
        }
        if config.contracts.paths.is_none() {
            // Every service of a larger repository may keep its own.
            patterns.push("**/contracts/**".to_owned());
        }
        let rows = config.schemas.iter().map(|row| set(row.files.iter().map(|glob| glob.value.as_str()))).collect();
        Claims {
            exclude: set(config.paths.exclude.iter().map(|glob| glob.value.as_str())),
            contracts: set(patterns.iter().map(String::as_str)),
            rows,
            says_where: config.contracts.paths.is_some(),
        }
    }

    pub fn claims(&self, path: &RepoPath) -> bool {
        self.of(path) != Claim::None
    }

    /// The strongest reason to read a file.
    pub fn of(&self, path: &RepoPath) -> Claim {
        let text = path.as_str();
        if self.exclude.is_match(text) {
            return Claim::None;
        }
        if self.rows_of(path).next().is_some() {
            return Claim::Row;
        }
        if snowplow::claims(path) {
            return Claim::Candidate;
        }
        if Syntax::of(path).is_none() || KNOWN_OTHERS.contains(&path.file_name()) {
            return Claim::None;
        }
        let folders = || path.parent().split('/');
        let is_schema_folder = |folder: &str| {
            let folder = folder.to_ascii_lowercase();
            folder.contains("schema") || FOLDERS.contains(&folder.as_str())
        };
        let foreign = folders().any(|folder| FOREIGN_FOLDERS.contains(&folder));
        if self.contracts.is_match(text) && (!foreign || self.says_where) {
            // What declares messages is no contract, wherever it lies.
            return if Syntax::of(path) == Some(Syntax::Proto) { Claim::Candidate } else { Claim::Contract };
        }
        if foreign {
            return Claim::None;
        }
        let name = path.file_name().to_ascii_lowercase();
        let named = ["asyncapi", "openapi", "swagger", ".schema.", "cloudevent", ".avsc", "webhook"]
            .iter()
            .any(|word| name.contains(word));
        if named || folders().any(is_schema_folder) {
            return Claim::Candidate;
        }
        Claim::None
    }

    /// The indices of the `[[schema]]` rows that name a file.
    pub fn rows_of<'a>(&'a self, path: &'a RepoPath) -> impl Iterator<Item = usize> + 'a {
        self.rows.iter().enumerate().filter(|(_, globs)| globs.is_match(path.as_str())).map(|(at, _)| at)
    }
}

/// Whether the registry wants to read a file; for many paths, keep the [`Claims`].
pub fn claims(path: &RepoPath, config: &Config) -> bool {
    Claims::new(config).claims(path)
}

fn set<'a>(globs: impl Iterator<Item = &'a str>) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for glob in globs {
        // The configuration has refused what is no glob.
        if let Ok(glob) = Glob::new(glob.trim_start_matches("./")) {
            builder.add(glob);
        }
    }
    builder.build().unwrap_or_else(|_| GlobSet::empty())
}

#[cfg(test)]
mod tests;
