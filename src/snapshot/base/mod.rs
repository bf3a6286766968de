//! Which commit a change is compared with: the one that is named, the one that the CI system's event implies, or the merge base
//! with the branch that the change is going to be merged into.
//!
//! Everything is decided from the repository, the request and the environment that the caller hands in. Nothing is fetched: where
//! history is missing, the answer is the one command that brings it.

mod ci;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::object::ObjectId;
use super::repository::{Repository, fetch_branch};
use crate::error::UserError;

pub use ci::payload as event_payload;

/// The side of the comparison that is the change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    /// The files as they are on disk.
    Worktree,
    /// The index.
    Staged,
    Revision(String),
}

/// What the user asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub head: &'a Head,
    /// `--base REV`
    pub base: Option<&'a str>,
    /// `--base-exact`: the revision itself, not the merge base with it.
    pub exact: bool,
    /// `--allow-tip`: the tip of the target branch, where the merge base lies beyond what this clone holds.
    pub allow_tip: bool,
    /// `--require-base`: nothing to compare with is an error.
    pub require: bool,
    pub environment: &'a BTreeMap<String, String>,
}

/// The commit to compare with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// As a person would name it: `origin/main`, `HEAD^1`.
    pub rev: String,
    pub oid: ObjectId,
    /// In words: `merge base with origin/main`.
    pub how: String,
    /// What the user should know before believing the result.
    pub warning: Option<String>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Base(Base),
    /// There is no earlier state, and why.
    Nothing(String),
}

/// The commits that the change stands on: one, or several while a merge is in progress; none on an unborn branch.
type Tips = Vec<ObjectId>;

/// The commit to compare with.
pub fn find(repository: &Repository, request: Request<'_>) -> Result<Found, UserError> {
    let tips = tips(repository, request.head)?;
    let search = Search { repository, request, tips: &tips };
    let found = match (request.base, request.head) {
        (Some(rev), _) => search.named(rev)?,
        (None, Head::Staged) => search.staged()?,
        (None, Head::Worktree | Head::Revision(_)) => match ci::base(&search)? {
            Some(found) => found,
            None => search.local()?,
        },
    };
    match found {
        Found::Nothing(why) if request.require => Err(UserError::Repository {
            message: format!("there is nothing to compare with: {why}"),
            help: "name the base with `--base REV`, or leave `--require-base` out".into(),
        }),
        Found::Nothing(_) | Found::Base(_) => Ok(found),
    }
}

fn tips(repository: &Repository, head: &Head) -> Result<Tips, UserError> {
    match head {
        Head::Revision(rev) => Ok(vec![repository.expect_commit(rev)?]),
        Head::Worktree | Head::Staged => {
            let mut tips: Tips = repository.find_commit("HEAD")?.into_iter().collect();
            if !tips.is_empty() {
                tips.extend(repository.merging()?);
            }
            Ok(tips)
        }
    }
}

impl Repository {
    /// The commits that a merge in progress brings in.
    pub fn merging(&self) -> Result<Vec<ObjectId>, UserError> {
        // git keeps this one in a file whatever holds its other refs, because it may name several commits.
        match std::fs::read_to_string(self.git_dir().join("MERGE_HEAD")) {
            Ok(text) => Ok(text.lines().filter_map(super::object::object_id).filter(|id| self.has_commit(*id)).collect()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(UserError::Unreadable {
                path: self.git_dir().join("MERGE_HEAD").display().to_string(),
                message: error.to_string(),
            }),
        }
    }
}

struct Search<'a> {
    repository: &'a Repository,
    request: Request<'a>,
    tips: &'a [ObjectId],
}

/// A branch that the change may be going to be merged into.
struct Target {
    /// The full name, which no tag or other branch can stand in front of.
    name: String,
    /// As a person would write it.
    shown: String,
    oid: ObjectId,
}

impl Search<'_> {
    fn named(&self, rev: &str) -> Result<Found, UserError> {
        let oid = self.repository.expect_commit(rev)?;
        if self.request.exact {
            return Ok(exactly(rev, oid, format!("{rev} itself")));
        }
        if self.tips.is_empty() {
            return Err(UserError::NoMergeBase {
                base: rev.to_owned(),
                head: "HEAD".into(),
                help: "this branch has no commit yet: `--base-exact` compares with the revision itself".into(),
            });
        }
        let target = Target { name: rev.to_owned(), shown: rev.to_owned(), oid };
        self.merge_base(&target)
    }

    fn staged(&self) -> Result<Found, UserError> {
        match self.tips {
            [] => Ok(Found::Nothing("this is the first commit".into())),
            [head] => Ok(exactly("HEAD", *head, "HEAD, for what is staged".into())),
            [head, merged @ ..] => self.merge_in_progress(*head, merged),
        }
    }

    /// The index of a merge holds what the other side did too. Against HEAD all of that would look like this commit's own doing.
    /// So the merge is held against the mainline, as a pull request would be, and against the fork point where none is known.
    fn merge_in_progress(&self, head: ObjectId, merged: &[ObjectId]) -> Result<Found, UserError> {
        for target in self.targets(None)? {
            if let Some(oid) = self.repository.merge_base(target.oid, self.tips)? {
                let how = format!("merge base with {}, for a merge in progress", target.shown);
                return Ok(exactly(&target.shown, oid, how));
            }
        }
        match self.repository.merge_base(head, merged)? {
            Some(oid) => Ok(exactly("MERGE_HEAD", oid, "merge base of HEAD and MERGE_HEAD".into())),
            None => Ok(exactly("HEAD", head, "HEAD, which shares no history with what is merged in".into())),
        }
    }

    fn local(&self) -> Result<Found, UserError> {
        self.with_default_branch(None)
    }

    /// The merge base with the branch that everything is merged into, tried first under the name that the caller knows.
    fn with_default_branch(&self, known: Option<&str>) -> Result<Found, UserError> {
        if self.tips.is_empty() {
            return Ok(Found::Nothing("this branch has no commit yet".into()));
        }
        match self.targets(known)?.first() {
            Some(target) => self.merge_base(target),
            None if self.repository.is_shallow() => {
                let branch = known.unwrap_or("main");
                Err(UserError::MissingHistory {
                    message: "this clone is shallow, and no branch to compare with is in it".into(),
                    fetch: fetch_branch("origin", branch, true),
                    otherwise: "set `fetch-depth: 0` on a CI runner; `--base REV` names another base".into(),
                })
            }
            None => Ok(Found::Nothing(
                "there is no origin/HEAD, origin/main, origin/master, main or master; name a base with `--base REV`".into(),
            )),
        }
    }

    /// The branches that may be the mainline, best first.
    fn targets(&self, known: Option<&str>) -> Result<Vec<Target>, UserError> {
        let mut names: Vec<String> = Vec::new();
        for remote in ["origin", "upstream"] {
            names.extend(known.map(|branch| format!("refs/remotes/{remote}/{branch}")));
            let head = format!("refs/remotes/{remote}/HEAD");
            names.extend(self.repository.symbolic_target(&head));
            names.extend(["main", "master"].map(|branch| format!("refs/remotes/{remote}/{branch}")));
        }
        names.extend(["main", "master"].map(|branch| format!("refs/heads/{branch}")));
        let mut targets = Vec::new();
        for name in names {
            if let Some(oid) = self.repository.find_commit(&name)? {
                let shown = name.trim_start_matches("refs/remotes/").trim_start_matches("refs/heads/").to_owned();
                targets.push(Target { name, shown, oid });
            }
        }
        Ok(targets)
    }

    /// The merge base of the change with a target, or what to do where history ends before it.
    fn merge_base(&self, target: &Target) -> Result<Found, UserError> {
        if let Some(oid) = self.repository.merge_base(target.oid, self.tips)? {
            return Ok(exactly(&target.shown, oid, format!("merge base with {}", target.shown)));
        }
        let head = match self.request.head {
            Head::Worktree | Head::Staged => "HEAD".to_owned(),
            Head::Revision(rev) => rev.clone(),
        };
        if !self.repository.is_shallow() {
            return Err(UserError::NoMergeBase {
                base: target.shown.clone(),
                head,
                help: "the two histories were never one: `--base REV --base-exact` compares with a revision itself".into(),
            });
        }
        if self.request.allow_tip {
            return Ok(Found::Base(Base {
                rev: target.shown.clone(),
                oid: target.oid,
                how: format!("tip of {}, because the merge base is not in this shallow clone", target.shown),
                warning: Some(format!(
                    "what landed on {} since the change began shows up here in reverse, as if the change took it back",
                    target.shown
                )),
            }));
        }
        let remote = target.name.strip_prefix("refs/remotes/").and_then(|name| name.split_once('/'));
        let fetch = match remote {
            Some((remote, branch)) => fetch_branch(remote, branch, true),
            None => "git fetch --no-tags --unshallow origin".to_owned(),
        };
        Err(UserError::MissingHistory {
            message: format!("`{}` and `{head}` have no common history in this shallow clone", target.shown),
            fetch,
            otherwise: "set `fetch-depth: 0` on a CI runner; `--allow-tip` compares with the tip of the branch".into(),
        })
    }
}

fn exactly(rev: &str, oid: ObjectId, how: String) -> Found {
    Found::Base(Base { rev: rev.to_owned(), oid, how, warning: None })
}
