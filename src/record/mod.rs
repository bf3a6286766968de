//! What consumer code reads, written down: new contracts, and what existing ones lack.
//!
//! A contract that stands there is a person's: entries are added to its text, and comments, order and stricter wishes stay. Each
//! new text is read again before it counts; where it would not say what was meant, nothing is written and the reason is told.

pub mod edit;
pub mod form;
mod plain;

use std::collections::BTreeMap;

use self::edit::Contract;
use self::form::Form;
use crate::compare::unlisted::{self, Need, Unlisted};
use crate::config::{Config, is_outside};
use crate::document::Document;
use crate::finding::Via;
use crate::link::model::Model;
use crate::registry::{FileState, Form as Document_, Promise, Registry};
use crate::source::{Origin, RepoPath};

/// Something that a consumer reads and its contract does not list.
#[derive(Clone, Debug)]
pub struct Behind {
    pub consumer: String,
    pub event: String,
    /// The field in dots; `None` where the whole event is not listed.
    pub field: Option<String>,
    /// Where it is read.
    pub origin: Origin,
    /// The contract that lacks it; `None` where the consumer has none.
    pub file: Option<RepoPath>,
}

/// A file as it will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub file: RepoPath,
    /// What stands there now; `None` for a new file.
    pub before: Option<String>,
    pub after: String,
}

/// What recording comes to.
#[derive(Debug, Default)]
pub struct Recording {
    pub behind: Vec<Behind>,
    pub files: Vec<Written>,
    /// What is lacking and has to be put in by hand: the contract, what, and why.
    pub by_hand: Vec<(RepoPath, String)>,
    /// Events that a consumer reads without anything being known of what: consumer, event, place.
    pub vague: Vec<(String, String, Origin)>,
}

/// Works out what contracts lack. `texts` are the documents that the registry was built from; `exists` says whether a path of
/// the repository is taken.
pub fn record(
    model: &Model,
    registry: &Registry,
    config: &Config,
    texts: &BTreeMap<RepoPath, &str>,
    exists: &dyn Fn(&RepoPath) -> bool,
) -> Recording {
    let mut recording = Recording::default();
    let mut consumers: BTreeMap<String, Vec<Need<'_>>> = BTreeMap::new();
    for need in unlisted::needs(model) {
        if need.shape.is_unknown() {
            let place = need.readers[0].origin.clone();
            recording.vague.push((need.consumer, need.event, place));
        } else {
            consumers.entry(need.consumer.clone()).or_default().push(need);
        }
    }
    let mut taken: Vec<RepoPath> = Vec::new();
    for (consumer, needs) in consumers {
        let lacking: Vec<Lacking<'_>> = needs.into_iter().filter_map(|need| lacking(need, registry)).collect();
        if lacking.is_empty() {
            continue;
        }
        match own_contract(&consumer, registry) {
            Some(file) => {
                note(&lacking, &consumer, Some(&file), &mut recording);
                extend(&file, &lacking, registry, config, texts, &mut recording);
            }
            None => {
                note(&lacking, &consumer, None, &mut recording);
                let file = new_path(&consumer, config, &|path| exists(path) || taken.contains(path));
                taken.push(file.clone());
                recording.files.push(Written { file, before: None, after: new_contract(&consumer, &lacking) });
            }
        }
    }
    recording
}

/// One event that a consumer reads more of than its contract lists.
struct Lacking<'m> {
    need: Need<'m>,
    /// Whether the consumer has any promise of this event.
    listed: bool,
    fields: Vec<Unlisted>,
}

fn lacking<'m>(need: Need<'m>, registry: &Registry) -> Option<Lacking<'m>> {
    let promises: Vec<&Promise> = need.promises(registry);
    if promises.is_empty() {
        return Some(Lacking { need, listed: false, fields: Vec::new() });
    }
    let fields = need.unlisted(&promises);
    (!fields.is_empty()).then_some(Lacking { need, listed: true, fields })
}

fn note(lacking: &[Lacking<'_>], consumer: &str, file: Option<&RepoPath>, recording: &mut Recording) {
    for one in lacking {
        let mut behind = |field: Option<String>, origin: Origin| {
            recording.behind.push(Behind {
                consumer: consumer.to_owned(),
                event: one.need.event.clone(),
                field,
                origin,
                file: file.cloned(),
            });
        };
        if !one.listed {
            behind(None, one.need.readers[0].origin.clone());
        }
        for field in &one.fields {
            let name = field.parent.iter().chain([&field.field.name]).cloned().collect::<Vec<_>>().join(".");
            behind(Some(name), field.origin.clone());
        }
    }
}

/// The contract file of a consumer, where it has one inside of the repository.
fn own_contract(consumer: &str, registry: &Registry) -> Option<RepoPath> {
    registry
        .promises
        .iter()
        .filter(|promise| promise.via == Via::Contract && promise.consumer == consumer && !is_outside(promise.file.as_str()))
        .map(|promise| &promise.file)
        .find(|file| matches!(registry.files.get(file), Some(FileState::Read { form: Document_::Contract, .. })))
        .cloned()
}

/// Puts what is lacking into the text of a contract.
fn extend(
    file: &RepoPath,
    lacking: &[Lacking<'_>],
    registry: &Registry,
    config: &Config,
    texts: &BTreeMap<RepoPath, &str>,
    recording: &mut Recording,
) {
    let Some(before) = texts.get(file).copied() else {
        recording.by_hand.push((file.clone(), "the file is not at hand".to_owned()));
        return;
    };
    let mut text = before.to_owned();
    for one in lacking {
        for step in steps(one, file, registry) {
            let Ok(document) = Document::read(file, &text) else { break };
            let contract = Contract::new(&text, &document);
            let edit = match &step {
                Step::Event(entry) => contract.add_event(&one.need.event, entry),
                Step::Fields { key, parent, fields } => contract.add_fields(key, parent, fields),
            };
            let outcome = edit.and_then(|edit| {
                let next = edit::apply(&text, &[edit]);
                keeps(file, &text, &next, config, texts)?;
                Ok(next)
            });
            match outcome {
                Ok(next) => text = next,
                Err(reason) => recording.by_hand.push((file.clone(), format!("{}: {reason}", step.words(&one.need.event)))),
            }
        }
    }
    if text != before {
        recording.files.push(Written { file: file.clone(), before: Some(before.to_owned()), after: text });
    }
}

/// One addition to a contract.
enum Step {
    Event(Form),
    Fields { key: String, parent: Vec<String>, fields: Vec<(String, Form)> },
}

impl Step {
    fn words(&self, event: &str) -> String {
        match self {
            Step::Event(_) => format!("`{event}`"),
            Step::Fields { parent, fields, .. } => {
                let names: Vec<String> = fields
                    .iter()
                    .map(|(name, _)| parent.iter().map(String::as_str).chain([name.as_str()]).collect::<Vec<_>>().join("."))
                    .collect();
                format!("`{}` of `{event}`", names.join("`, `"))
            }
        }
    }
}

fn steps(one: &Lacking<'_>, file: &RepoPath, registry: &Registry) -> Vec<Step> {
    let need = &one.need;
    // An entry for many events asks all of them for what is put in, so only one for this very event is extended.
    let exact = registry
        .promises
        .iter()
        .find(|promise| promise.file == *file && promise.event.as_name() == Some(one.need.event.as_str()));
    if exact.is_none() {
        let above = crate::document::tokens(&need.pointer).unwrap_or_default();
        let fields: Vec<(String, Form)> =
            one.fields.iter().filter(|field| field.parent == above).map(|field| form::field(&field.field)).collect();
        let entry = if one.listed && !fields.is_empty() {
            form::bound(&need.pointer, Form::Map(vec![("fields".to_owned(), Form::Map(fields))]))
        } else {
            form::bound(&need.pointer, form::event(&need.part))
        };
        return vec![Step::Event(entry)];
    }
    // A contract about a part of the payload names fields from there.
    let pointer = exact.and_then(|promise| promise.payload_pointer.clone()).unwrap_or_default();
    let depth = crate::document::tokens(&pointer).unwrap_or_default().len();
    let mut groups: Vec<(Vec<String>, Vec<(String, Form)>)> = Vec::new();
    for field in &one.fields {
        let parent = field.parent.get(depth..).unwrap_or_default().to_vec();
        match groups.iter_mut().find(|(known, _)| *known == parent) {
            Some((_, fields)) => fields.push(form::field(&field.field)),
            None => groups.push((parent, vec![form::field(&field.field)])),
        }
    }
    groups.into_iter().map(|(parent, fields)| Step::Fields { key: one.need.event.clone(), parent, fields }).collect()
}

/// Whether a text can be read as a contract that promises at least as much as it did.
fn keeps(file: &RepoPath, before: &str, after: &str, config: &Config, texts: &BTreeMap<RepoPath, &str>) -> Result<(), String> {
    let promises = |text: &str| -> Result<usize, String> {
        let mut files: Vec<(RepoPath, &str)> =
            texts.iter().filter(|(path, _)| *path != file).map(|(path, text)| (path.clone(), *text)).collect();
        files.push((file.clone(), text));
        let registry = Registry::build(&files, config);
        match registry.files.get(file) {
            Some(FileState::Read { form: Document_::Contract, promises }) => Ok(*promises),
            Some(FileState::Broken(faults)) => Err(faults.first().map_or_else(String::new, |fault| fault.message.clone())),
            Some(FileState::Read { .. } | FileState::Ignored) | None => Err("it would be no contract any more".to_owned()),
        }
    };
    if promises(after)? < promises(before)? { Err("it would say less than before".to_owned()) } else { Ok(()) }
}

/// The text of a new contract.
fn new_contract(consumer: &str, lacking: &[Lacking<'_>]) -> String {
    let events: Vec<(String, Form)> =
        lacking.iter().map(|one| (one.need.event.clone(), form::bound(&one.need.pointer, form::event(&one.need.part)))).collect();
    let mut text = format!(
        "# What {} reads, recorded from its code by `driftgate contracts record`.\n\
         # Edit it freely: comments, order and stricter wishes are kept.\n",
        form::scalar(consumer).replace(['\n', '\r'], " ")
    );
    text.push_str(&format!("consumer: {}\nevents:\n", form::scalar(consumer)));
    for line in form::block(&events, 2) {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// `contracts/crm-sync.yaml`, in the first folder that the configuration names.
fn new_path(consumer: &str, config: &Config, exists: &dyn Fn(&RepoPath) -> bool) -> RepoPath {
    let folder = config
        .contract_paths()
        .into_iter()
        .filter(|path| !is_outside(path))
        .map(|path| {
            let path = path.trim_start_matches("./").trim_end_matches('/');
            let fixed = path.split(['*', '?', '[', '{']).next().unwrap_or_default();
            let is_file = [".yaml", ".yml", ".json"].iter().any(|ending| fixed.ends_with(ending));
            if fixed.len() == path.len() && !is_file {
                path.to_owned()
            } else {
                fixed.rsplit_once('/').map_or_else(String::new, |(folder, _)| folder.to_owned())
            }
        })
        .next()
        .unwrap_or_else(|| "contracts".to_owned());
    let slug: String = consumer
        .trim_start_matches('@')
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.') { letter } else { '-' })
        .collect();
    let slug = match slug.trim_matches(['-', '.']) {
        "" => "consumer",
        slug => slug,
    };
    let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    (1u32..)
        .map(|count| {
            let number = if count == 1 { String::new() } else { format!("-{count}") };
            RepoPath::new(format!("{prefix}{slug}{number}.yaml"))
        })
        .find(|path| !exists(path))
        .expect("some number is free")
}
