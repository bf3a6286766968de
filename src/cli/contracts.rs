//! `driftgate contracts`: what consumers have been promised.

pub(crate) mod record;
mod verify;

use std::path::PathBuf;

use super::{Color, Outcome, outside, print};
use crate::config::Config;
use crate::error::UserError;
use crate::facts::Role;
use crate::report::escape;
use crate::scan::{self, Cache};
use crate::source::Position;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Every contract and registered schema, with its file.
    List {
        /// The repository.
        #[arg(long, value_name = "DIR", default_value = ".")]
        repo: PathBuf,
        /// Read this revision instead of the files on disk.
        #[arg(long, value_name = "REV")]
        rev: Option<String>,
    },
    /// Write down what consumer code reads: one contract for each consumer, new or brought up to date.
    Record(record::Args),
    /// Hold every contract and registered schema against the code as it is, without a base.
    Verify(verify::Args),
}

pub fn run(args: &Args, color: Color) -> Result<Outcome, UserError> {
    match &args.command {
        Action::List { repo, rev } => list(repo, rev.as_deref()),
        Action::Record(args) => record::run(args, color),
        Action::Verify(args) => verify::run(args, color),
    }
}

fn list(repo: &std::path::Path, rev: Option<&str>) -> Result<Outcome, UserError> {
    let snapshot = super::extract::open(repo, rev, &[])?;
    let (config, _): (Config, _) = scan::config(snapshot.as_ref()).map_err(|fault| fault.user_error())?;
    let scanned = scan::scan(snapshot.as_ref(), &config, &Cache::default())?;
    let beside = outside::read(&config, &outside::root(repo), &[])?;
    let registry = scan::registry(snapshot.as_ref(), &scanned, &config, &beside.outside)?;
    let mut out = String::new();
    for promise in &registry.promises {
        let position = scanned
            .documents
            .get(&promise.origin.file)
            .map_or(Position { line: 1, column: 1 }, |text| text.position(promise.origin.span.start));
        let verb = match promise.role {
            Role::Consumer => "reads",
            Role::Producer => "sends",
        };
        let owner = promise.owner.as_ref().map(|owner| format!(" ({owner})")).unwrap_or_default();
        out.push_str(&format!(
            "{}{owner} {verb} {}  [{}]  {}:{}\n",
            promise.consumer,
            promise.event,
            promise.via.as_str(),
            promise.origin.file,
            position.line
        ));
    }
    out.push_str(&format!("{} promises in {} files\n", registry.promises.len(), registry.files.len()));
    for (file, faults) in registry.broken() {
        for fault in faults {
            out.push_str(&format!("{file}:{}: {}\n    {}\n", fault.position.line, fault.message, fault.help));
        }
    }
    print(escape::lines(&out).as_bytes())?;
    Ok(Outcome::Done)
}
