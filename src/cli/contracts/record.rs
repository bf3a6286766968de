//! `driftgate contracts record`: what consumer code reads, written down.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::check;
use crate::cli::progress::Busy;
use crate::cli::{Color, Outcome, environment, outside, print};
use crate::config::Config;
use crate::error::UserError;
use crate::record::{Recording, Written, record};
use crate::report::{Side, SourceLookup, escape};
use crate::scan::{self, Cache};
use crate::snapshot::Snapshot;
use crate::source::{Origin, RepoPath};

#[derive(clap::Args)]
pub struct Args {
    /// Write nothing; exit with 1 where a consumer reads what its contract does not list.
    #[arg(long, conflicts_with = "dry_run")]
    pub check: bool,

    /// Write nothing; show what would be written.
    #[arg(long)]
    pub dry_run: bool,

    /// The repository.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub repo: PathBuf,
}

/// What recording comes to for a working tree, with where it stands.
pub(crate) struct Prepared {
    pub root: PathBuf,
    pub recording: Recording,
}

/// Works out what is lacking in the contracts of a working tree.
///
/// # Errors
/// Where the tree, its configuration or one of its contracts cannot be understood.
pub(crate) fn prepare(repo: &Path, snapshot: &dyn Snapshot, config: &Config) -> Result<Prepared, UserError> {
    let root = outside::root(repo);
    let beside = outside::read(config, &root, &[])?;
    let busy = Busy::with("reading the code");
    let state = check::understand(snapshot, config, &Cache::default(), &beside.outside)?;
    drop(busy);
    if let Some((_, faults)) = state.registry.broken().next() {
        return Err(faults.first().expect("a broken file has a fault").user_error());
    }
    let mut texts: BTreeMap<RepoPath, &str> =
        state.scan.documents.iter().map(|(path, text)| (path.clone(), text.text())).collect();
    texts.extend(beside.outside.contracts.iter().map(|(path, text)| (path.clone(), text.as_str())));
    let exists = |path: &RepoPath| root.join(path.as_str()).exists();
    let recording = record(&state.model, &state.registry, config, &texts, &exists);
    Ok(Prepared { root, recording })
}

pub fn run(args: &Args, color: Color) -> Result<Outcome, UserError> {
    let snapshot = crate::cli::extract::open(&args.repo, None, &[])?;
    let (config, _): (Config, _) = scan::config(snapshot.as_ref()).map_err(|fault| fault.user_error())?;
    let Prepared { root, recording } = prepare(&args.repo, snapshot.as_ref(), &config)?;
    let sources = crate::cli::check::Sources::new(None, snapshot.as_ref());
    let place = |origin: &Origin| match sources.source(Side::Head, &origin.file) {
        Some(text) => {
            let position = text.position(origin.span.start);
            format!("{}:{}:{}", origin.file, position.line, position.column)
        }
        None => origin.file.to_string(),
    };
    let mut out = String::new();
    for behind in &recording.behind {
        let what = match &behind.field {
            Some(field) => format!("reads `{field}` of `{}`", behind.event),
            None => format!("reads `{}`", behind.event),
        };
        let lacks = match &behind.file {
            Some(file) => format!("which {file} does not list"),
            None => "and has no contract".to_owned(),
        };
        out.push_str(&format!("{} {what}, {lacks}  {}\n", behind.consumer, place(&behind.origin)));
    }
    if args.check {
        out.push_str(&unknown_reads(&recording, &place));
        if recording.behind.is_empty() {
            out.push_str("every contract lists what its consumer reads\n");
        } else {
            out.push_str("`driftgate contracts record` writes it down\n");
        }
        print(escape::lines(&out).as_bytes())?;
        return Ok(if recording.behind.is_empty() { Outcome::Done } else { Outcome::Breaking });
    }
    let style = environment::style(color, true);
    for written in &recording.files {
        out.push('\n');
        out.push_str(&shown(written, style.color));
        if !args.dry_run {
            write(&root, written)?;
        }
    }
    if !recording.files.is_empty() {
        out.push('\n');
    }
    for (file, what) in &recording.by_hand {
        out.push_str(&format!("{file} has to be edited by hand: {what}\n"));
    }
    out.push_str(&unknown_reads(&recording, &place));
    let count = recording.files.len();
    out.push_str(&match (count, args.dry_run) {
        (0, _) if recording.behind.is_empty() => "every contract lists what its consumer reads\n".to_owned(),
        (0, _) => "nothing was written\n".to_owned(),
        (1, true) => "1 file would be written\n".to_owned(),
        (_, true) => format!("{count} files would be written\n"),
        (1, false) => "wrote 1 file\n".to_owned(),
        (_, false) => format!("wrote {count} files\n"),
    });
    print(out.as_bytes())?;
    Ok(Outcome::Done)
}

fn unknown_reads(recording: &Recording, place: &dyn Fn(&Origin) -> String) -> String {
    recording
        .vague
        .iter()
        .map(|(consumer, event, origin)| {
            format!("what {consumer} reads of `{event}` is not known, so nothing is written down of it  {}\n", place(origin))
        })
        .collect()
}

/// A file as it will be, with what comes in marked.
pub(crate) fn shown(written: &Written, color: bool) -> String {
    let paint = |code: &str, text: &str| {
        let text = escape::line(text);
        if color { format!("\x1b[{code}m{text}\x1b[0m\n") } else { format!("{text}\n") }
    };
    let before = written.before.as_deref().unwrap_or_default();
    let mut out = paint("1", &format!("{}{}", written.file, if written.before.is_none() { " (new)" } else { "" }));
    let diff = similar::TextDiff::from_lines(before, &written.after);
    for (at, group) in diff.grouped_ops(2).iter().enumerate() {
        if at > 0 {
            out.push_str("  …\n");
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let line = change.value().trim_end_matches(['\n', '\r']);
            out.push_str(&match change.tag() {
                similar::ChangeTag::Insert => paint("32", &format!("+ {line}")),
                similar::ChangeTag::Delete => paint("31", &format!("- {line}")),
                similar::ChangeTag::Equal => paint("2", &format!("  {line}")),
            });
        }
    }
    out
}

/// Writes a file, with the line ends that it has on disk.
///
/// # Errors
/// Where it cannot be written, or is no longer what was read.
pub(crate) fn write(root: &Path, written: &Written) -> Result<(), UserError> {
    let file = root.join(written.file.as_str());
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| UserError::Unwritable { path: folder.display().to_string(), message: error.to_string() })?;
    }
    let mut after = written.after.clone();
    if let Some(before) = &written.before {
        let on_disk = environment::read(&file)?;
        let bare = on_disk.trim_start_matches('\u{feff}');
        if bare.replace("\r\n", "\n") != before.trim_start_matches('\u{feff}').replace("\r\n", "\n") {
            return Err(UserError::Unwritable {
                path: written.file.to_string(),
                message: "it has changed while it was read".to_owned(),
            });
        }
        if bare.contains("\r\n") && !after.contains("\r\n") {
            after = after.replace('\n', "\r\n");
        }
        if on_disk.len() > bare.len() && !after.starts_with('\u{feff}') {
            after.insert(0, '\u{feff}');
        }
    }
    environment::write(&file, after.as_bytes())
}
