//! What the environment of a CI system says of the base.
//!
//! The environment counts only for the repository that the job is about: a job may check another one out beside it.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::super::object::{ObjectId, object_id};
use super::super::repository::{fetch_branch, fetch_commit};
use super::{Found, Head, Search, exactly};
use crate::error::UserError;

/// An event's payload is at most 25 MB; nothing larger is read.
const LARGEST_PAYLOAD: u64 = 26 * 1024 * 1024;

/// Variables in which other systems keep the branch that a pull request goes to.
const TARGET_BRANCHES: &[&str] = &[
    "SYSTEM_PULLREQUEST_TARGETBRANCH",
    "BITBUCKET_PR_DESTINATION_BRANCH",
    "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
    "CHANGE_TARGET",
    "DRONE_TARGET_BRANCH",
    "CI_TARGET_BRANCH",
];

/// The base that the environment implies; `None` outside of CI, and for events that are about no change.
pub(super) fn base(search: &Search<'_>) -> Result<Option<Found>, UserError> {
    if search.tips.is_empty() {
        return Ok(None);
    }
    if search.variable("GITHUB_ACTIONS") == Some("true") && search.is_about_us("GITHUB_WORKSPACE") {
        return search.github();
    }
    if search.variable("GITLAB_CI") == Some("true") && search.is_about_us("CI_PROJECT_DIR") {
        return search.gitlab();
    }
    let Some(branch) = TARGET_BRANCHES.iter().find_map(|name| search.variable(name)) else { return Ok(None) };
    search.pull_request_into(branch.trim_start_matches("refs/heads/"), None).map(Some)
}

impl Search<'_> {
    fn variable(&self, name: &str) -> Option<&str> {
        self.request.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether the repository lies in the folder that the CI system checked out into, where it names one.
    fn is_about_us(&self, variable: &str) -> bool {
        let Some(workspace) = self.variable(variable) else { return true };
        let here = self.repository.work_dir().unwrap_or_else(|| self.repository.git_dir());
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        real(here).starts_with(real(Path::new(workspace)))
    }

    /// Whether the change is what is checked out, and not another revision that the user named.
    fn is_checked_out(&self) -> Result<bool, UserError> {
        Ok(match self.request.head {
            Head::Worktree | Head::Staged => true,
            Head::Revision(_) => self.repository.find_commit("HEAD")?.as_ref() == self.tips.first(),
        })
    }

    fn github(&self) -> Result<Option<Found>, UserError> {
        let checked_out = self.is_checked_out()?;
        let branch = self.variable("GITHUB_BASE_REF");
        match self.variable("GITHUB_EVENT_NAME").unwrap_or_default() {
            "merge_group" if checked_out => {
                let payload = self.payload()?;
                let base = payload.pointer("/merge_group/base_sha").and_then(Value::as_str).and_then(object_id);
                let Some(base) = base else { return Err(unusable("the event payload names no `merge_group.base_sha`")) };
                self.commit_of_event(base, "the base of the merge group").map(Some)
            }
            "push" if checked_out => {
                let payload = self.payload()?;
                let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str);
                let before = text("/before").and_then(object_id);
                let default = text("/repository/default_branch");
                let branch = text("/ref").and_then(|name| name.strip_prefix("refs/heads/"));
                let forced = payload.pointer("/forced").and_then(Value::as_bool).unwrap_or(false);
                self.push(before, forced, default, branch).map(Some)
            }
            // The merge commit that is checked out has the base branch as its first parent.
            "pull_request" if checked_out => {
                let commit = self.repository.commit(self.tips[0])?;
                let merged = self.variable("GITHUB_SHA").and_then(object_id) == Some(commit.oid);
                match commit.parents[..] {
                    [base, _] if merged => {
                        if self.repository.has_commit(base) {
                            let how = "first parent of the pull request's merge commit".to_owned();
                            return Ok(Some(exactly("HEAD^1", base, how)));
                        }
                        Err(UserError::MissingHistory {
                            message: format!("the base of the pull request's merge commit ({base}) is not in this clone"),
                            fetch: fetch_commit(base, self.repository.is_shallow()),
                            otherwise: "set `fetch-depth: 2` in the checkout step".into(),
                        })
                    }
                    _ => self.pull_request_into(branch.unwrap_or("main"), self.payload_base()).map(Some),
                }
            }
            _other => match branch {
                Some(branch) => self.pull_request_into(branch, self.payload_base()).map(Some),
                None => {
                    let payload = self.payload().unwrap_or(Value::Null);
                    let default = payload.pointer("/repository/default_branch").and_then(Value::as_str);
                    self.with_default_branch(default).map(Some)
                }
            },
        }
    }

    fn gitlab(&self) -> Result<Option<Found>, UserError> {
        let id = |name: &str| self.variable(name).and_then(object_id).filter(|id| !is_zero(*id));
        let default = self.variable("CI_DEFAULT_BRANCH");
        if !self.is_checked_out()? {
            return self.with_default_branch(default).map(Some);
        }
        // A pipeline of the merged result checks out a merge commit; only its own parent leaves the target's changes out.
        if let Some(target) = id("CI_MERGE_REQUEST_TARGET_BRANCH_SHA")
            && self.repository.commit(self.tips[0])?.parents.contains(&target)
        {
            return self.commit_of_event(target, "the target branch in the merged result").map(Some);
        }
        if let Some(base) = id("CI_MERGE_REQUEST_DIFF_BASE_SHA") {
            return self.commit_of_event(base, "the merge request's diff base").map(Some);
        }
        if self.variable("CI_PIPELINE_SOURCE") == Some("push") {
            return self.push(id("CI_COMMIT_BEFORE_SHA"), false, default, self.variable("CI_COMMIT_BRANCH")).map(Some);
        }
        self.with_default_branch(default).map(Some)
    }

    /// A commit that the event names and that needs no search.
    fn commit_of_event(&self, oid: ObjectId, what: &str) -> Result<Found, UserError> {
        if self.repository.has_commit(oid) {
            return Ok(exactly(&oid.to_string(), oid, what.to_owned()));
        }
        Err(UserError::MissingHistory {
            message: format!("{what} ({oid}) is not in this clone"),
            fetch: fetch_commit(oid, self.repository.is_shallow()),
            otherwise: "set `fetch-depth: 0` in the checkout step".into(),
        })
    }

    fn push(
        &self,
        before: Option<ObjectId>,
        forced: bool,
        default: Option<&str>,
        branch: Option<&str>,
    ) -> Result<Found, UserError> {
        let before = before.filter(|id| !is_zero(*id));
        if let Some(before) = before.filter(|id| self.repository.has_commit(*id)) {
            return Ok(exactly(&before.to_string(), before, "the commit before the push".into()));
        }
        let to_default = default.is_some() && default == branch;
        match before {
            // Without it the mainline would be compared with itself, and nothing is ever found in that. On another branch, one
            // commit is fetched sooner than a whole history; but after a forced push the remote may have dropped it.
            Some(before) if to_default || (self.repository.is_shallow() && !forced) => {
                self.commit_of_event(before, "the commit before the push")
            }
            None if to_default => Ok(Found::Nothing("this push made the default branch".into())),
            Some(_) | None => self.with_default_branch(default),
        }
    }

    /// The merge base with a pull request's target. `tip` is where the event says that the target stood.
    fn pull_request_into(&self, branch: &str, tip: Option<ObjectId>) -> Result<Found, UserError> {
        for remote in ["origin", "upstream"] {
            let name = format!("refs/remotes/{remote}/{branch}");
            if let Some(oid) = self.repository.find_commit(&name)? {
                return self.merge_base(&super::Target { name, shown: format!("{remote}/{branch}"), oid });
            }
        }
        let shown = format!("origin/{branch}");
        if let Some(oid) = tip.filter(|tip| self.repository.has_commit(*tip)) {
            return self.merge_base(&super::Target { name: format!("refs/remotes/{shown}"), shown, oid });
        }
        Err(UserError::MissingHistory {
            message: format!("the pull request's target `{shown}` is not in this clone"),
            fetch: fetch_branch("origin", branch, self.repository.is_shallow()),
            otherwise: "set `fetch-depth: 0` in the checkout step".into(),
        })
    }

    fn payload_base(&self) -> Option<ObjectId> {
        self.payload().ok()?.pointer("/pull_request/base/sha").and_then(Value::as_str).and_then(object_id)
    }

    fn payload(&self) -> Result<Value, UserError> {
        payload(self.request.environment)
    }
}

/// What GitHub says of the event that a run is about.
///
/// # Errors
/// Where it names no file, or the file cannot be read or is not JSON.
pub fn payload(variables: &BTreeMap<String, String>) -> Result<Value, UserError> {
    let file = variables.get("GITHUB_EVENT_PATH").filter(|file| !file.is_empty());
    let Some(file) = file else { return Err(unusable("GITHUB_EVENT_PATH is not set")) };
    let unreadable =
        |message: &str| UserError::Unreadable { path: file.to_owned(), message: format!("the event payload {message}") };
    let size = std::fs::metadata(file).map_err(|error| unreadable(&format!("is not there: {error}")))?.len();
    if size > LARGEST_PAYLOAD {
        return Err(unreadable(&format!("has {size} bytes, more than any event")));
    }
    let bytes = std::fs::read(file).map_err(|error| unreadable(&format!("cannot be read: {error}")))?;
    serde_json::from_slice(&bytes).map_err(|error| unusable(&format!("the event payload `{file}` is not JSON: {error}")))
}

fn unusable(message: &str) -> UserError {
    UserError::Repository { message: message.to_owned(), help: "name the base with `--base REV`".into() }
}

/// git writes forty zeros for a commit that does not exist: a branch that was just made.
fn is_zero(id: ObjectId) -> bool {
    id.as_bytes().iter().all(|byte| *byte == 0)
}
