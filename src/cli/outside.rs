//! What takes part from outside of the repository: contracts of folders that the configuration names, and what `extract` said of
//! other repositories.

use std::path::{Path, PathBuf};

use super::environment;
use crate::config::Config;
use crate::error::UserError;
use crate::scan::{Extract, Outside};
use crate::snapshot::Repository;
use crate::source::RepoPath;

/// How deep folders outside of the repository are walked.
const MAX_DEPTH: usize = 8;

/// What was read, and what a report says of it.
#[derive(Default)]
pub(crate) struct Beside {
    pub outside: Outside,
    pub notes: Vec<String>,
}

/// What paths of the configuration are relative to.
pub(crate) fn root(repo: &Path) -> PathBuf {
    Repository::open(repo)
        .ok()
        .and_then(|repository| repository.work_dir().map(Path::to_path_buf))
        .unwrap_or_else(|| repo.to_path_buf())
}

/// Reads the contracts that the configuration finds outside of `root`, and the extracts at `with`.
///
/// # Errors
/// Where a file cannot be read.
pub(crate) fn read(config: &Config, root: &Path, with: &[PathBuf]) -> Result<Beside, UserError> {
    let mut beside = Beside::default();
    for path in config.outside_contract_paths() {
        contracts(path, root, &mut beside)?;
    }
    for file in with {
        let text = environment::read(file)?;
        let shown = file.to_string_lossy().replace('\\', "/");
        let party = file.file_stem().map_or_else(|| shown.clone(), |stem| stem.to_string_lossy().into_owned());
        beside.notes.push(format!("the senders and readers of another repository take part: {shown}"));
        beside.outside.extracts.push(Extract { party, file: RepoPath::new(shown.trim_start_matches("./")), text });
    }
    Ok(beside)
}

fn contracts(path: &str, root: &Path, beside: &mut Beside) -> Result<(), UserError> {
    // A glob is walked from its last fixed folder.
    let fixed = path.split(['*', '?', '[', '{']).next().unwrap_or_default();
    let folder = if fixed.len() == path.len() { path } else { fixed.rsplit_once('/').map_or("", |(folder, _)| folder) };
    let folder = root.join(folder);
    if !folder.exists() {
        beside.notes.push(format!("the configuration names contracts in `{path}`, and there is nothing: none of them counts"));
        return Ok(());
    }
    let walk = walkdir::WalkDir::new(&folder).max_depth(MAX_DEPTH).sort_by_file_name();
    for entry in walk.into_iter().filter_map(Result::ok).filter(|entry| entry.file_type().is_file()) {
        let name = entry.file_name().to_string_lossy();
        if [".yaml", ".yml", ".json"].iter().any(|ending| name.ends_with(ending)) {
            let relative = entry.path().strip_prefix(root).unwrap_or(entry.path()).to_string_lossy().replace('\\', "/");
            beside.notes.push(format!("contract read from outside of the repository: {relative}"));
            beside.outside.contracts.push((RepoPath::new(relative), environment::read(entry.path())?));
        }
    }
    Ok(())
}
