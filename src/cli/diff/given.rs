//! The documents of a comparison: read from disk or from a commit, with what they refer to beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::config::Config;
use crate::document::{Document, last_of_each_key};
use crate::error::UserError;
use crate::finding::{Diagnostic, Severity};
use crate::prove::{self, DEFAULT_BASE};
use crate::registry::{FileState, Form, Promise, Registry};
use crate::schema::Draft;
use crate::schema::refs::join;
use crate::snapshot::{Content, Repository, Snapshot, TreeSnapshot};
use crate::source::{BlobId, Origin, RepoPath, SourceText, resolve};

use super::super::environment;
use super::library::{Library, Shelf};

/// Further documents that one version may refer to.
const REFERENCE_BUDGET: usize = 2_000;

/// One version.
pub struct Given {
    pub content: Meaning,
    pub diagnostics: Vec<Diagnostic>,
    /// How it is read, where that does not go without saying.
    pub note: Option<String>,
    texts: BTreeMap<RepoPath, Arc<SourceText>>,
}

/// What a document is.
pub enum Meaning {
    /// With the schemas that it defines, where it is a file of definitions alone.
    Schema(Box<Schema>, Option<Box<Library>>),
    /// Promises by event: an AsyncAPI or OpenAPI document, Avro, a contract, …; with the schemas that it holds by name.
    Promises(Vec<Promise>, Option<Box<Library>>),
    /// An Avro schema, with what is promised of it.
    Avro(Box<Document>, Vec<Promise>),
}

/// A JSON Schema document.
pub struct Schema {
    pub schema: prove::Document,
    document: Arc<Document>,
    /// Other documents by address.
    others: Arc<BTreeMap<String, Document>>,
}

impl Schema {
    pub fn new(schema: prove::Document, document: Arc<Document>, others: Arc<BTreeMap<String, Document>>) -> Schema {
        Schema { schema, document, others }
    }

    /// The place of a node, by the pointer that a shape asks for.
    pub fn origin(&self, pointer: &str) -> Option<Origin> {
        match pointer.rsplit_once('#') {
            Some((address, inner)) if !address.is_empty() && !pointer.starts_with('/') => {
                Some(self.others.get(address)?.origin(inner))
            }
            _ => Some(self.document.origin(pointer)),
        }
    }
}

impl Given {
    pub fn text(&self, file: &RepoPath) -> Option<Arc<SourceText>> {
        self.texts.get(file).map(Arc::clone)
    }
}

/// The documents that were handed in beside the pair, by address; with what is odd about them.
pub fn resources(given: &[String]) -> Result<(Vec<(String, Value)>, Vec<Diagnostic>), UserError> {
    let mut notes = Vec::new();
    let resources = given
        .iter()
        .map(|resource| {
            let (address, file) = resource.split_once('=').ok_or_else(|| UserError::Usage {
                message: format!("`{resource}` does not name an address and a file"),
                help: "write `--resource https://example.com/common.json=schemas/common.json`".to_owned(),
            })?;
            let shown = RepoPath::new(file);
            let (text, repeated) = last_of_each_key(&shown, environment::read(Path::new(file))?);
            notes.extend(repeated);
            let document = Document::read(&shown, &text);
            Ok((address.to_owned(), document.map_err(|fault| fault.user_error())?.value))
        })
        .collect::<Result<_, UserError>>()?;
    Ok((resources, notes))
}

/// Where a version and what it refers to are read from.
enum Place {
    /// A folder on disk, and what it is called.
    Disk {
        root: PathBuf,
        prefix: String,
    },
    Commit(Box<TreeSnapshot>),
}

impl Place {
    /// The text of a file, by its path from the root. Nothing outside of the root is read. Says which keys stand twice in it.
    fn read(&self, path: &str, repeated: &mut Vec<Diagnostic>) -> Option<String> {
        let (text, found) = last_of_each_key(&self.shown(path), self.text(path)?);
        repeated.extend(found);
        Some(text)
    }

    fn text(&self, path: &str) -> Option<String> {
        match self {
            Place::Disk { root, .. } => {
                let file = root.join(path).canonicalize().ok()?;
                (file.starts_with(root) && file.is_file()).then(|| environment::read(&file).ok()).flatten()
            }
            Place::Commit(tree) => {
                let entry = tree.entry(&RepoPath::new(path)).ok()??;
                match tree.read(&entry) {
                    Content::Text(text) => Some(text.text().to_owned()),
                    Content::Skipped(_) => None,
                }
            }
        }
    }

    /// What the file is called in findings.
    fn shown(&self, path: &str) -> RepoPath {
        match self {
            Place::Disk { prefix, .. } => RepoPath::new(format!("{prefix}{path}")),
            Place::Commit(_) => RepoPath::new(path),
        }
    }
}

/// Reads one version: a file, or REV:path. `by_name` gives the file the whole name, so that the states of one file are told apart.
pub fn read(name: &str, by_name: bool, resources: &[(String, Value)]) -> Result<Given, UserError> {
    let (place, path, text) = open(name)?;
    let shown = if by_name { RepoPath::new(name) } else { place.shown(&path) };
    let (text, mut diagnostics) = last_of_each_key(&shown, text);
    let mut texts = BTreeMap::new();
    let mut keep = |file: &RepoPath, text: &str| {
        texts.insert(file.clone(), Arc::new(SourceText::new(file.clone(), BlobId::from_bytes(&[]), text)));
    };
    keep(&shown, &text);
    let document = Document::read(&shown, &text).map_err(|fault| fault.user_error())?;
    let shelf = Shelf::of(&document.value);
    let promised = promises(&place, &path, &shown, &text, &document, &mut diagnostics)?;
    let speaks_of_events = promised.as_ref().is_some_and(|(form, ..)| *form != Form::OpenApi && *form != Form::AsyncApi);
    if speaks_of_events || promised.is_some() && shelf.is_none() {
        let (form, promises, found, further) = promised.expect("there are some");
        if promises.is_empty() {
            return Err(without_events(form, &shown));
        }
        further.iter().for_each(|(file, text)| keep(file, text));
        diagnostics.extend(found);
        let content =
            if form == Form::Avro { Meaning::Avro(Box::new(document), promises) } else { Meaning::Promises(promises, None) };
        return Ok(Given { content, diagnostics, note: None, texts });
    }
    let base = format!("{DEFAULT_BASE}{}", path.replace(' ', "%20"));
    let mut handed: Vec<(String, Value)> = resources.to_vec();
    let mut others = BTreeMap::new();
    for (address, file, text) in referenced(&place, &path, &base, &document.value, resources, &mut diagnostics) {
        let shown = place.shown(&file);
        // What cannot be read stays a reference that leads nowhere, and the answer says so.
        if let Ok(other) = Document::read(&shown, &text) {
            keep(&shown, &text);
            handed.push((address.clone(), other.value.clone()));
            others.insert(address, other);
        }
    }
    let base = if others.is_empty() { DEFAULT_BASE } else { &base };
    let (document, others) = (Arc::new(document), Arc::new(others));
    let library = shelf.map(|shelf| {
        let (document, others) = (Arc::clone(&document), Arc::clone(&others));
        Box::new(Library::new(document, shelf, base.to_owned(), handed.clone(), others))
    });
    if let Some(shelf) = shelf.filter(|shelf| shelf.is_of_no_schema()) {
        let (promises, found) = match promised {
            Some((_, promises, found, further)) => {
                further.iter().for_each(|(file, text)| keep(file, text));
                (promises, found)
            }
            None => (Vec::new(), Vec::new()),
        };
        diagnostics.extend(found);
        let note = promises.is_empty().then(|| one_by_one(&shown, shelf));
        return Ok(Given { content: Meaning::Promises(promises, library), diagnostics, note, texts });
    }
    let schema = prove::Document::at(base, document.value.clone(), None, &handed).map_err(|reason| UserError::Configuration {
        file: shown.to_string(),
        line: None,
        message: format!("it is not a JSON Schema: {reason}"),
        help: "hand in a JSON Schema document, draft 4 to 2020-12".to_owned(),
    })?;
    let schema = schema.with_integers_by_value(true);
    diagnostics.extend(schema.private_address().map(|address| private(&shown, &document, address, schema.draft())));
    let schema = Box::new(Schema { schema, document, others });
    Ok(Given { content: Meaning::Schema(schema, library), diagnostics, note: None, texts })
}

fn one_by_one(file: &RepoPath, shelf: Shelf) -> String {
    let place = shelf.pointer.trim_start_matches('/').replace('/', ".");
    format!(
        "{file}: this {} document speaks of no event; the schemas under `{place}` are compared one by one, and `--role` says whose \
         they are",
        shelf.form
    )
}

fn without_events(form: Form, file: &RepoPath) -> UserError {
    let help = if form == Form::OpenApi {
        "hand in one with `webhooks`, callbacks or `components/schemas`, or a plain JSON Schema"
    } else {
        "hand in one with messages or `components/schemas`, or a plain JSON Schema"
    };
    UserError::Configuration {
        file: file.to_string(),
        line: None,
        message: format!("this {} document speaks of no event and names no schema", form.as_str()),
        help: help.to_owned(),
    }
}

fn private(file: &RepoPath, document: &Document, address: &str, draft: Draft) -> Diagnostic {
    Diagnostic {
        severity: Severity::Warning,
        file: Some(file.clone()),
        line: Some(document.line("/$schema")),
        message: format!("`{address}` is no dialect of JSON Schema; its keywords are read as those of draft {}", draft.as_str()),
    }
}

fn open(name: &str) -> Result<(Place, String, String), UserError> {
    if let Some((rev, path)) = name.split_once(':')
        && !Path::new(name).exists()
        && rev.len() > 1
    {
        let repository = Repository::open(Path::new("."))?;
        let tree = repository.tree(rev)?;
        let path = RepoPath::new(path.trim_start_matches("./"));
        let unreadable = |message: String| UserError::Unreadable { path: name.to_owned(), message };
        let entry = tree.entry(&path)?.ok_or_else(|| unreadable(format!("there is no `{path}` in `{rev}`")))?;
        return match tree.read(&entry) {
            Content::Text(text) => Ok((Place::Commit(Box::new(tree)), path.to_string(), text.text().to_owned())),
            Content::Skipped(diagnostic) => Err(unreadable(diagnostic.message)),
        };
    }
    let text = environment::read(Path::new(name))?;
    let unreadable = |error: std::io::Error| UserError::Unreadable { path: name.to_owned(), message: error.to_string() };
    let file = Path::new(name).canonicalize().map_err(unreadable)?;
    let folder = file.parent().unwrap_or(Path::new("/")).to_path_buf();
    let here = std::env::current_dir().ok().and_then(|here| here.canonicalize().ok());
    // References may lead as far as the repository reaches, or the folder that one works in.
    let root = folder.ancestors().find(|above| above.join(".git").exists()).map(Path::to_path_buf);
    let root = root.or_else(|| here.clone().filter(|here| folder.starts_with(here))).unwrap_or(folder);
    let slashes = |path: &Path| path.to_string_lossy().replace('\\', "/");
    let inner = slashes(file.strip_prefix(&root).unwrap_or(&file));
    let typed = slashes(Path::new(name));
    // The name as it was typed, for the file and for those beside it.
    let prefix = match typed.strip_suffix(inner.as_str()) {
        Some(prefix) => prefix.to_owned(),
        None => match here.as_deref().and_then(|here| root.strip_prefix(here).ok()) {
            Some(below) if below.as_os_str().is_empty() => String::new(),
            Some(below) => format!("{}/", slashes(below)),
            None => format!("{}/", slashes(&root).trim_end_matches('/')),
        },
    };
    Ok((Place::Disk { root, prefix }, inner, text))
}

/// What a document promises of events, where it is a form that does; with the texts that it needed.
type Promised = (Form, Vec<Promise>, Vec<Diagnostic>, Vec<(RepoPath, String)>);

fn promises(
    place: &Place,
    path: &str,
    shown: &RepoPath,
    text: &str,
    document: &Document,
    repeated: &mut Vec<Diagnostic>,
) -> Result<Option<Promised>, UserError> {
    let config = Config::default();
    let build = |files: &[(RepoPath, String)]| {
        let borrowed: Vec<(RepoPath, &str)> = files.iter().map(|(file, text)| (file.clone(), text.as_str())).collect();
        Registry::build(&borrowed, &config)
    };
    let own = RepoPath::new(path);
    let mut files = vec![(own.clone(), text.to_owned())];
    let mut registry = build(&files);
    let form = match registry.files.get(&own) {
        Some(FileState::Read { form: Form::JsonSchema | Form::Snowplow, .. } | FileState::Ignored) | None => return Ok(None),
        Some(FileState::Broken(faults)) if is_specification(&document.value) => {
            return Err(faults.first().map_or_else(
                || UserError::Unreadable { path: shown.to_string(), message: "it cannot be understood".to_owned() },
                |fault| UserError::Configuration {
                    file: shown.to_string(),
                    line: Some(fault.position.line),
                    message: fault.message.clone(),
                    help: fault.help.clone(),
                },
            ));
        }
        Some(FileState::Broken(_)) => return Ok(None),
        Some(FileState::Read { form, .. }) => *form,
    };
    let mut tried: BTreeSet<RepoPath> = BTreeSet::new();
    while files.len() < REFERENCE_BUDGET {
        let wanted: Vec<RepoPath> = registry.wanted.iter().filter(|file| tried.insert((*file).clone())).cloned().collect();
        let found: Vec<(RepoPath, String)> =
            wanted.into_iter().filter_map(|file| Some((file.clone(), place.read(file.as_str(), repeated)?))).collect();
        if found.is_empty() {
            break;
        }
        files.extend(found);
        registry = build(&files);
    }
    let mut promises: Vec<Promise> = registry.promises.into_iter().filter(|promise| promise.file == own).collect();
    let called = |file: &RepoPath| if *file == own { shown.clone() } else { place.shown(file.as_str()) };
    for promise in &mut promises {
        promise.origin.file = called(&promise.origin.file);
    }
    let further = files.iter().map(|(file, text)| (called(file), text.clone())).collect();
    Ok(Some((form, promises, registry.diagnostics, further)))
}

fn is_specification(value: &Value) -> bool {
    ["asyncapi", "openapi"].iter().any(|key| value.get(key).is_some_and(Value::is_string))
}

/// A reference that leads out of its document.
struct Outward {
    /// What it may come to: by the address of its file, and by the one that the document gives itself.
    addresses: BTreeSet<String>,
    relative: String,
}

/// Every file that a document's references lead to, theirs included, with the addresses that they call it by.
fn referenced(
    place: &Place,
    path: &str,
    base: &str,
    value: &Value,
    resources: &[(String, Value)],
    repeated: &mut Vec<Diagnostic>,
) -> Vec<(String, String, String)> {
    let mut found: Vec<(String, String, String)> = Vec::new();
    let mut known: BTreeSet<String> = resources.iter().map(|(address, _)| address.clone()).collect();
    let mut pending: Vec<(String, Vec<Outward>)> = vec![(path.to_owned(), references(value, base))];
    while let Some((from, references)) = pending.pop() {
        for Outward { addresses, relative } in references {
            let fresh: Vec<String> = addresses.into_iter().filter(|address| known.insert(address.clone())).collect();
            if found.len() >= REFERENCE_BUDGET || fresh.is_empty() {
                continue;
            }
            let Some((file, text)) = nearest(place, &from, &relative, repeated) else { continue };
            let document = Document::read(&RepoPath::new(&file), &text);
            for address in fresh {
                if let Ok(document) = &document {
                    pending.push((file.clone(), self::references(&document.value, &address)));
                }
                found.push((address, file.clone(), text.clone()));
            }
        }
    }
    found
}

/// The file that a reference means: relative to the one that has it, or to the nearest folder above in which there is such a file.
fn nearest(place: &Place, from: &str, relative: &str, repeated: &mut Vec<Diagnostic>) -> Option<(String, String)> {
    let mut folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    loop {
        if let Some(file) = resolve(folder, relative)
            && let Some(text) = place.read(file.as_str(), repeated)
        {
            return Some((file.to_string(), text));
        }
        if folder.is_empty() {
            return None;
        }
        folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
    }
}

/// The references of a document that lead out of it, `address` being where it stands.
fn references(value: &Value, address: &str) -> Vec<Outward> {
    let mut found = Vec::new();
    let mut own: BTreeSet<String> = BTreeSet::new();
    let mut pending: Vec<(&Value, String)> = vec![(value, address.to_owned())];
    while let Some((value, base)) = pending.pop() {
        match value {
            Value::Object(map) => {
                let id = ["$id", "id"].iter().find_map(|key| map.get(*key).and_then(Value::as_str));
                let base = match id {
                    Some(id) if !id.starts_with('#') => {
                        let id = without_fragment(&join(&base, id));
                        own.insert(id.clone());
                        id
                    }
                    Some(_) | None => base,
                };
                if let Some(Value::String(reference)) = map.get("$ref")
                    && !reference.starts_with('#')
                {
                    let relative = without_fragment(reference);
                    let has_scheme = relative.contains(':');
                    if !has_scheme && !relative.starts_with('/') && !relative.is_empty() {
                        let addresses = [address, &base].map(|base| without_fragment(&join(base, reference)));
                        found.push(Outward { addresses: addresses.into(), relative });
                    }
                }
                pending.extend(map.values().map(|inner| (inner, base.clone())));
            }
            Value::Array(items) => pending.extend(items.iter().map(|inner| (inner, base.clone()))),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    // Parts of the document itself are at hand.
    found.retain(|reference| reference.addresses.is_disjoint(&own));
    found
}

fn without_fragment(address: &str) -> String {
    address.split('#').next().unwrap_or(address).to_owned()
}
