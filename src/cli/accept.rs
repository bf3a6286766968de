//! `driftgate accept`: a deliberate break, on the record.

use std::collections::BTreeSet;

use super::check::SidesArgs;
use super::{Outcome, environment, print};
use crate::accept::{self, Acceptance, Date};
use crate::check::{self, Options};
use crate::error::UserError;
use crate::finding::Status;
use crate::report::escape;
use crate::snapshot::Repository;
use crate::source::{Origin, RepoPath, Span};

#[derive(clap::Args)]
pub struct Args {
    /// The finding's fingerprint, as `check` prints it; several of them for one reason.
    #[arg(required_unless_present = "prune")]
    pub fingerprint: Vec<String>,

    /// Why it is right to break this: shown with every report.
    #[arg(long, value_name = "TEXT", required_unless_present = "prune")]
    pub reason: Option<String>,

    /// The last day on which it counts: YYYY-MM-DD.
    #[arg(long, value_name = "DATE")]
    pub until: Option<String>,

    /// Remove the acceptances that match nothing any more.
    #[arg(long, conflicts_with_all = ["fingerprint", "reason"])]
    pub prune: bool,

    #[command(flatten)]
    pub sides: SidesArgs,
}

pub fn run(args: &Args) -> Result<Outcome, UserError> {
    let root = match (&args.sides.head_dir, Repository::open(&args.sides.repo)) {
        (Some(dir), _) => dir.clone(),
        (None, Ok(repository)) => repository.work_dir().unwrap_or(&args.sides.repo).to_path_buf(),
        (None, Err(error)) => return Err(error),
    };
    let sides = args.sides.open()?;
    let Some((base, _)) = &sides.base else {
        return Err(UserError::Usage {
            message: "there is no base to compare with, so there is nothing to accept".to_owned(),
            help: "name the base with `--base REV`".to_owned(),
        });
    };
    let mut options = Options { today: environment::today(), ..Options::default() };
    options.outside = super::check::beside(base.as_ref(), &args.sides, &options)?.outside;
    let outcome = check::check(base.as_ref(), sides.head.0.as_ref(), &options)?;
    if args.prune {
        return prune(&root, sides.head.0.as_ref(), &outcome);
    }
    let reason = args.reason.as_deref().unwrap_or_default().trim();
    if reason.is_empty() && !args.prune {
        return Err(UserError::Usage {
            message: "the reason is empty".to_owned(),
            help: "say why it is right to break this: every report shows it".to_owned(),
        });
    }
    let until = match &args.until {
        None => None,
        Some(text) => Some(Date::parse(text).ok_or_else(|| UserError::Usage {
            message: format!("`{text}` is not a date"),
            help: "write it as 2027-01-31".to_owned(),
        })?),
    };
    // Each is known before the first is written.
    let findings = args.fingerprint.iter().map(|fingerprint| {
        outcome.findings.iter().find(|finding| finding.fingerprint == *fingerprint).ok_or_else(|| UserError::Usage {
            message: format!("no finding of this change has the fingerprint `{fingerprint}`"),
            help: "`driftgate check` prints the fingerprint with each finding".to_owned(),
        })
    });
    let mut said = String::new();
    for finding in findings.collect::<Result<Vec<_>, _>>()? {
        let acceptance = Acceptance {
            fingerprint: finding.fingerprint.clone(),
            rule: finding.rule.to_owned(),
            event: finding.event.clone(),
            change: Some(finding.message.clone()),
            reason: reason.to_owned(),
            until,
            origin: Origin::new(RepoPath::new(""), Span::default()),
        };
        let path = acceptance.path();
        let file = root.join(path.as_str());
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| UserError::Unwritable { path: folder.display().to_string(), message: error.to_string() })?;
        }
        environment::write(&file, acceptance.to_text().as_bytes())?;
        said.push_str(&format!("wrote {path}\n"));
    }
    let (pronoun, verb) =
        if args.fingerprint.len() > 1 { ("them", "they count once they are") } else { ("it", "it counts once it is") };
    said.push_str(&format!("commit {pronoun}; {verb} on the base branch\n"));
    print(escape::lines(&said).as_bytes())?;
    Ok(Outcome::Done)
}

fn prune(root: &std::path::Path, head: &dyn crate::snapshot::Snapshot, outcome: &check::Outcome) -> Result<Outcome, UserError> {
    let live: BTreeSet<&str> = outcome
        .findings
        .iter()
        .filter(|finding| matches!(finding.status, Status::Allowed | Status::Requested | Status::New))
        .map(|finding| finding.fingerprint.as_str())
        .collect();
    let listing = head.entries(&accept::claims)?;
    let mut out = String::new();
    for entry in &listing.entries {
        let crate::snapshot::Content::Text(text) = head.read(entry) else { continue };
        let Ok(acceptance) = Acceptance::read(&entry.path, text.text()) else { continue };
        let over = environment::today().is_some_and(|today| !acceptance.counts_on(today));
        if live.contains(acceptance.fingerprint.as_str()) && !over {
            continue;
        }
        let file = root.join(entry.path.as_str());
        std::fs::remove_file(&file)
            .map_err(|error| UserError::Unwritable { path: file.display().to_string(), message: error.to_string() })?;
        out.push_str(&format!("removed {}\n", entry.path));
    }
    if out.is_empty() {
        out.push_str("every acceptance still matches a finding\n");
    }
    print(escape::lines(&out).as_bytes())?;
    Ok(Outcome::Done)
}
