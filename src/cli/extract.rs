//! `driftgate extract`: every boundary and type found in code.

use std::path::{Component, Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::progress::Busy;
use super::{Outcome, outside, print_form};
use crate::check::{self};
use crate::config::Config;
use crate::error::UserError;
use crate::facts::Role;
use crate::finding::Severity;
use crate::link::boundaries::named_types_in;
use crate::link::model::{Boundary, Commit, Waited};
use crate::report::{Side, SourceLookup};
use crate::scan::{Cache, Outside};
use crate::shape::lower::{Silence, document};
use crate::snapshot::{FolderSnapshot, MemorySnapshot, Repository, Snapshot};
use crate::source::{Origin, RepoPath};

#[derive(clap::Args)]
pub struct Args {
    /// Files or folders to show; all by default. A single file is read by itself, outside any repository.
    pub paths: Vec<PathBuf>,

    /// Show only this event.
    #[arg(long)]
    pub event: Option<String>,

    /// Read this revision instead of the files on disk.
    #[arg(long, value_name = "REV")]
    pub rev: Option<String>,

    /// The repository.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub repo: PathBuf,

    /// text or json.
    #[arg(long, default_value = "auto")]
    pub format: String,
}

/// The form of `extract --format json`.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "driftgate extract")]
pub struct ExtractForm {
    /// Raised only when a field is lost or changes its meaning, which it never should.
    version: u32,
    boundaries: Vec<BoundaryForm>,
    types: Vec<TypeForm>,
    diagnostics: Vec<DiagnosticForm>,
}

#[derive(Serialize, JsonSchema)]
struct BoundaryForm {
    /// The name by which readers tell payloads apart; null where it cannot be resolved.
    event: Option<String>,
    /// The source text of a name that cannot be resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    event_expr: Option<String>,
    /// The transport's name, where it differs from the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    role: &'static str,
    kind: String,
    idiom: String,
    file: String,
    line: u32,
    column: u32,
    symbol: String,
    /// The package, crate or service that the code belongs to.
    package: String,
    in_test: bool,
    delivery: DeliveryForm,
    /// The wire shape as JSON Schema 2020-12.
    schema: Value,
    /// The shape at the call, where an envelope is put around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    inner_schema: Option<Value>,
    /// The calls from the site down to the sink.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    via: Vec<PlaceForm>,
}

#[derive(Serialize, JsonSchema)]
struct DeliveryForm {
    awaited: bool,
    transaction: bool,
    conditional: bool,
    #[serde(rename = "loop")]
    in_loop: bool,
    idempotency_key: Option<String>,
    retry: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct PlaceForm {
    file: String,
    line: u32,
    column: u32,
}

#[derive(Serialize, JsonSchema)]
struct TypeForm {
    name: String,
    file: String,
    line: u32,
    /// What the type writes.
    schema: Value,
    /// What it accepts, where that differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    consumer_schema: Option<Value>,
}

#[derive(Serialize, JsonSchema)]
struct DiagnosticForm {
    severity: &'static str,
    file: Option<String>,
    line: Option<u32>,
    message: String,
}

/// The JSON Schema of the form.
pub fn json_schema() -> Value {
    schemars::schema_for!(ExtractForm).to_value()
}

/// Opens what `extract`, `who` and others look at: a revision, the working tree, a folder, or one file.
///
/// # Errors
/// Where it is not there.
pub(crate) fn open(repo: &Path, rev: Option<&str>, paths: &[PathBuf]) -> Result<Box<dyn Snapshot>, UserError> {
    if let (None, [single]) = (rev, paths)
        && single.is_file()
    {
        let bytes = std::fs::read(single)
            .map_err(|error| UserError::Unreadable { path: single.display().to_string(), message: error.to_string() })?;
        let name = single.to_string_lossy().replace('\\', "/");
        return Ok(Box::new(MemorySnapshot::new([(name.trim_start_matches("./").trim_start_matches('/').to_owned(), bytes)])));
    }
    match rev {
        Some(rev) => Ok(Box::new(Repository::open(repo)?.tree(rev)?)),
        None => match Repository::open(repo) {
            Ok(repository) if repository.work_dir().is_some() => Ok(Box::new(repository.worktree()?)),
            Ok(repository) => Ok(Box::new(repository.tree("HEAD")?)),
            Err(UserError::NotARepository { .. }) => Ok(Box::new(FolderSnapshot::open(repo)?)),
            Err(error) => Err(error),
        },
    }
}

pub fn run(args: &Args) -> Result<Outcome, UserError> {
    let snapshot = open(&args.repo, args.rev.as_deref(), &args.paths)?;
    let (config, _): (Config, _) = crate::scan::config(snapshot.as_ref()).map_err(|fault| fault.user_error())?;
    let cache = Cache::default();
    let single = matches!(args.paths.as_slice(), [one] if args.rev.is_none() && one.is_file());
    let wanted = if single { Vec::new() } else { wanted(args, snapshot.as_ref())? };
    let busy = Busy::with("reading the code");
    let state = check::understand(snapshot.as_ref(), &config, &cache, &Outside::default())?;
    drop(busy);
    let sources = super::check::Sources::new(None, snapshot.as_ref());
    let shown = |file: &RepoPath| wanted.is_empty() || wanted.iter().any(|path| holds(path, file));
    // An event is asked for alone, without the types that the code declares.
    let listed = |file: &RepoPath| args.event.is_none() && shown(file);
    let types = crate::scan::pool().install(|| named_types_in(&state.scan.units, &listed));
    let position = |origin: &Origin| {
        sources.source(Side::Head, &origin.file).map_or((1, 1), |text| {
            let position = text.position(origin.span.start);
            (position.line, position.column)
        })
    };
    let boundaries: Vec<BoundaryForm> = state
        .model
        .boundaries
        .iter()
        .filter(|boundary| shown(&boundary.origin.file))
        .filter(|boundary| args.event.as_ref().is_none_or(|event| boundary.event.as_ref() == Some(event)))
        .map(|boundary| boundary_form(boundary, &position))
        .collect();
    let types = types
        .iter()
        .filter(|_| args.event.is_none())
        .filter(|named| shown(&named.origin.file))
        .map(|named| TypeForm {
            name: named.name.clone(),
            file: named.origin.file.to_string(),
            line: position(&named.origin).0,
            schema: document(&named.write, Silence::Open),
            consumer_schema: named.read.as_ref().map(|read| document(read, Silence::Open)),
        })
        .collect();
    let diagnostics = state
        .scan
        .diagnostics
        .iter()
        .map(|diagnostic| DiagnosticForm {
            severity: severity_text(diagnostic.severity),
            file: diagnostic.file.as_ref().map(ToString::to_string),
            line: diagnostic.line,
            message: diagnostic.message.clone(),
        })
        .collect();
    let form = ExtractForm { version: 1, boundaries, types, diagnostics };
    print_form(&args.format, &form, as_text)?;
    Ok(Outcome::Done)
}

/// Whether a file is this one, or lies in this folder; the empty path is all of them.
fn holds(path: &str, file: &RepoPath) -> bool {
    match file.as_str().strip_prefix(path) {
        Some(rest) => path.is_empty() || rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}

/// The files and folders that are asked for, as the snapshot names them. A path is meant from where the program was started, and
/// where nothing is there, from the top of the repository.
///
/// # Errors
/// Where there is nothing under a path: an empty list would look as if nothing were sent or read there.
fn wanted(args: &Args, snapshot: &dyn Snapshot) -> Result<Vec<String>, UserError> {
    if args.paths.is_empty() {
        return Ok(Vec::new());
    }
    let root = outside::root(&args.repo);
    let real_root = root.canonicalize().unwrap_or_else(|_| root.clone());
    let entries = snapshot.entries(&|_| true)?.entries;
    let known = |path: &String| entries.iter().any(|entry| holds(path, &entry.path));
    let resolve = |path: &PathBuf| -> Result<String, UserError> {
        let there = std::path::absolute(path).ok();
        let real = path.canonicalize().ok();
        let from_here = [(&real, &real_root), (&there, &real_root), (&there, &root)]
            .into_iter()
            .find_map(|(path, root)| plain(path.as_ref()?.strip_prefix(root).ok()?));
        let from_top = if path.is_absolute() { None } else { plain(path) };
        if let Some(found) = from_here.iter().chain(&from_top).find(|path| known(path)) {
            return Ok(found.clone());
        }
        let shown = path.display();
        Err(match (&args.rev, real, from_here) {
            (Some(rev), ..) => UserError::Usage {
                message: format!("there is no `{shown}` at `{rev}`"),
                help: format!("`git ls-tree -r --name-only {rev}` lists what is there"),
            },
            (None, Some(_), None) => UserError::Usage {
                message: format!("`{shown}` is not in `{}`, which is what is read", root.display()),
                help: format!("read it as a repository of its own: `driftgate extract --repo {shown}`"),
            },
            (None, Some(_), Some(_)) => UserError::Usage {
                message: format!("there is no file under `{shown}` that git knows or would add"),
                help: "git ignores it, or it is empty: `git check-ignore -v` says why; a single file is read whether or not git \
                       ignores it"
                    .to_owned(),
            },
            (None, None, _) => UserError::Unreadable { path: shown.to_string(), message: "there is no such path".to_owned() },
        })
    };
    args.paths.iter().map(resolve).collect()
}

/// A relative path as a snapshot writes it; `None` where it leads out of the repository.
fn plain(path: &Path) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            Component::CurDir => {}
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

fn severity_text(severity: Severity) -> &'static str {
    severity.as_str()
}

fn boundary_form(boundary: &Boundary, position: &dyn Fn(&Origin) -> (u32, u32)) -> BoundaryForm {
    let (line, column) = position(&boundary.origin);
    let delivery = &boundary.delivery;
    BoundaryForm {
        event: boundary.event.clone(),
        event_expr: if boundary.event.is_none() { boundary.event_expr.clone() } else { None },
        channel: boundary.channel.clone(),
        role: match boundary.role {
            Role::Producer => "producer",
            Role::Consumer => "consumer",
        },
        kind: boundary.kind.clone(),
        idiom: boundary.idiom.clone(),
        file: boundary.origin.file.to_string(),
        line,
        column,
        symbol: boundary.symbol.clone(),
        package: boundary.package.clone(),
        in_test: boundary.in_test,
        delivery: DeliveryForm {
            awaited: delivery.wait.state == Waited::Awaited && delivery.wait.loose.is_empty(),
            transaction: matches!(delivery.commit, Commit::Inside { .. }),
            conditional: !delivery.reach.conditions.is_empty(),
            in_loop: delivery.reach.in_loop,
            idempotency_key: delivery.idempotency_key.clone(),
            retry: delivery.retry.clone(),
            key: delivery.key.clone(),
        },
        schema: document(&boundary.shape, Silence::Open),
        inner_schema: boundary.inner.as_ref().filter(|inner| !inner.is_unknown()).map(|inner| document(inner, Silence::Open)),
        via: boundary
            .via
            .iter()
            .map(|origin| {
                let (line, column) = position(origin);
                PlaceForm { file: origin.file.to_string(), line, column }
            })
            .collect(),
    }
}

/// A line for each boundary with its fields under it.
fn as_text(form: &ExtractForm) -> String {
    use crate::report::escape::lines;
    let mut out = String::new();
    for boundary in &form.boundaries {
        let name = boundary
            .event
            .clone()
            .or_else(|| boundary.event_expr.as_ref().map(|expr| format!("({expr})")))
            .unwrap_or_else(|| "(unnamed)".to_owned());
        let channel = boundary.channel.as_ref().map(|channel| format!(" on {channel}")).unwrap_or_default();
        let test = if boundary.in_test { ", in a test" } else { "" };
        out.push_str(&format!(
            "{} {}{channel}  [{} via {}{test}]\n    {}:{}:{}  {}\n",
            boundary.role, name, boundary.kind, boundary.idiom, boundary.file, boundary.line, boundary.column, boundary.symbol
        ));
        out.push_str(&format!("    {}\n", fields_line(&boundary.schema)));
    }
    let count = |role: &str| form.boundaries.iter().filter(|boundary| boundary.role == role).count();
    out.push_str(&format!(
        "{} producers, {} consumers, {} types, {} diagnostics\n",
        count("producer"),
        count("consumer"),
        form.types.len(),
        form.diagnostics.len()
    ));
    lines(&out).into_owned()
}

fn fields_line(schema: &Value) -> String {
    match schema.get("properties").and_then(Value::as_object) {
        Some(properties) if !properties.is_empty() => {
            let required: Vec<&str> = schema
                .get("required")
                .and_then(Value::as_array)
                .map(|names| names.iter().filter_map(Value::as_str).collect())
                .unwrap_or_default();
            let names: Vec<String> = properties
                .keys()
                .map(|name| if required.contains(&name.as_str()) { name.clone() } else { format!("{name}?") })
                .collect();
            format!("{{{}}}", names.join(", "))
        }
        _ => {
            let mut short = schema.clone();
            if let Some(map) = short.as_object_mut() {
                map.remove("$schema");
            }
            let text = short.to_string();
            if text.chars().count() > 120 { format!("{}…", text.chars().take(119).collect::<String>()) } else { text }
        }
    }
}
