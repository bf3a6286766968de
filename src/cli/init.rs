//! `driftgate init`: configuration, first contracts, CI workflow, hook and instructions for coding agents.
//!
//! Each is written only where it does not exist, and shown before. What a person has written is added to at its end at most.

mod configuration;
mod pieces;

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use self::pieces::Piece;
pub(super) use self::pieces::hooks_folder;
use super::contracts::record::{self, Prepared};
use super::progress::Busy;
use super::{Color, Outcome, environment, outside, print};
use crate::check;
use crate::config::Config;
use crate::error::UserError;
use crate::record::Written;
use crate::report::escape;
use crate::scan::{self, Cache};
use crate::snapshot::Repository;

#[derive(clap::Args)]
pub struct Args {
    /// Write everything that is shown, without asking.
    #[arg(short, long)]
    pub yes: bool,

    /// A hook of git itself, in place of an entry for pre-commit.
    #[arg(long)]
    pub hook: bool,

    /// The repository.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub repo: PathBuf,
}

pub fn run(args: &Args, color: Color) -> Result<Outcome, UserError> {
    let root = outside::root(&args.repo);
    if !root.is_dir() {
        return Err(UserError::Unreadable { path: root.display().to_string(), message: "it is not a folder".to_owned() });
    }
    let repository = Repository::open(&args.repo).ok();
    if repository.as_ref().is_some_and(|repository| repository.work_dir().is_none()) {
        return Err(UserError::Usage {
            message: "this repository is bare: there is no working tree to write to".to_owned(),
            help: "run it in a clone".to_owned(),
        });
    }
    let snapshot = super::extract::open(&args.repo, None, &[])?;
    let (config, _): (Config, _) = scan::config(snapshot.as_ref()).map_err(|fault| fault.user_error())?;
    let beside = outside::read(&config, &root, &[])?;
    let busy = Busy::with("reading the code");
    let state = check::understand(snapshot.as_ref(), &config, &Cache::default(), &beside.outside)?;
    drop(busy);
    let mut plan = pieces::Plan::new(&root);
    plan.create(scan::CONFIG_FILE, &configuration::text(&state, &super::check::Sources::new(None, snapshot.as_ref())));
    let Prepared { recording, .. } = record::prepare(&args.repo, snapshot.as_ref(), &config)?;
    for written in recording.files {
        match written.before {
            None => plan.create(written.file.as_str(), &written.after),
            Some(_) => {
                plan.note(format!("{} is behind the code; `driftgate contracts record` brings it up to date", written.file))
            }
        }
    }
    pieces::workflow(&mut plan);
    match (args.hook, &repository) {
        (true, Some(_)) => pieces::git_hook(&mut plan)?,
        (true, None) => {
            return Err(UserError::NotARepository { path: root.display().to_string() });
        }
        (false, _) => pieces::pre_commit(&mut plan),
    }
    pieces::agents(&mut plan);
    write(&plan, args.yes, color)
}

fn write(plan: &pieces::Plan, yes: bool, color: Color) -> Result<Outcome, UserError> {
    let style = environment::style(color, true);
    let asks = !yes && std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let mut written = 0;
    for note in &plan.notes {
        print(escape::lines(&format!("{note}\n")).as_bytes())?;
    }
    for piece in &plan.pieces {
        print(format!("\n{}", record::shown(&piece.written, style.color)).as_bytes())?;
        if yes || asks && agreed(piece)? {
            put(&plan.root, piece)?;
            written += 1;
        }
    }
    let total = plan.pieces.len();
    if total == 0 {
        print(b"everything is there already\n")?;
        return Ok(Outcome::Done);
    }
    if !yes && !asks {
        return Err(UserError::Usage {
            message: format!("nothing was written: there is no terminal to ask whether these {total} files are wanted"),
            help: "`driftgate init --yes` writes what is shown".to_owned(),
        });
    }
    print(format!("\nwrote {written} of {total} files; commit them, and `driftgate check` counts them once they are on the base branch\n").as_bytes())?;
    Ok(Outcome::Done)
}

fn agreed(piece: &Piece) -> Result<bool, UserError> {
    print(escape::line(&format!("write {}? [Y/n] ", piece.written.file)).as_bytes())?;
    let _ = std::io::stdout().flush();
    let mut answer = String::new();
    let read = std::io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|error| UserError::Unreadable { path: "standard input".to_owned(), message: error.to_string() })?;
    // The end of the input is no yes.
    Ok(read > 0 && !answer.trim().to_ascii_lowercase().starts_with('n'))
}

fn put(root: &Path, piece: &Piece) -> Result<(), UserError> {
    let Some(absolute) = &piece.absolute else { return record::write(root, &piece.written) };
    if let Some(folder) = absolute.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| UserError::Unwritable { path: folder.display().to_string(), message: error.to_string() })?;
    }
    environment::write(absolute, piece.written.after.as_bytes())?;
    executable(absolute)
}

#[cfg(unix)]
fn executable(file: &Path) -> Result<(), UserError> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755))
        .map_err(|error| UserError::Unwritable { path: file.display().to_string(), message: error.to_string() })
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn executable(_: &Path) -> Result<(), UserError> {
    Ok(())
}

/// A file that is not there yet.
pub(super) fn new_file(path: &str, text: &str) -> Written {
    Written { file: crate::source::RepoPath::new(path), before: None, after: text.to_owned() }
}
