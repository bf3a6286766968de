use std::collections::BTreeMap;
use std::path::Path;

use super::super::object::ObjectId;
use super::super::repository::{Reader, Repository};
use super::super::testing::{Git, Place};
use super::{Base, Found, Head, Request, find};
use crate::error::UserError;

/// What is asked, with everything off.
struct Ask {
    head: Head,
    base: Option<&'static str>,
    exact: bool,
    allow_tip: bool,
    require: bool,
    environment: BTreeMap<String, String>,
}

impl Default for Ask {
    fn default() -> Self {
        Ask { head: Head::Worktree, base: None, exact: false, allow_tip: false, require: false, environment: BTreeMap::new() }
    }
}

impl Ask {
    fn with(environment: &[(&str, &str)]) -> Self {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Ask { environment, ..Ask::default() }
    }

    fn of(&self, repository: &Repository) -> Result<Found, UserError> {
        let Ask { head, base, exact, allow_tip, require, environment } = self;
        let (exact, allow_tip, require) = (*exact, *allow_tip, *require);
        find(repository, Request { head, base: *base, exact, allow_tip, require, environment })
    }

    /// The base that both readers of the repository find.
    fn base(&self, git: &Git) -> Base {
        let [one, other] = [Reader::Libgit2, Reader::Git].map(|reader| self.of(&git.open_by(reader)));
        let (Ok(Found::Base(one)), Ok(Found::Base(other))) = (one.as_ref(), other.as_ref()) else {
            panic!("no base: {one:?}, {other:?}")
        };
        assert_eq!(one, other);
        one.clone()
    }

    fn nothing(&self, git: &Git) -> String {
        match self.of(&git.open()) {
            Ok(Found::Nothing(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    /// The command that the error names, and its message.
    fn missing(&self, git: &Git) -> (String, String) {
        let [one, other] = [Reader::Libgit2, Reader::Git].map(|reader| match self.of(&git.open_by(reader)) {
            Err(UserError::MissingHistory { message, fetch, .. }) => (fetch, message),
            other => panic!("{other:?}"),
        });
        assert_eq!(one, other);
        one
    }
}

/// `main` with two commits, `feature` from the first with one; and the merge commit that GitHub makes of them.
struct Remote {
    place: Place,
    git: Git,
    fork: ObjectId,
    main: ObjectId,
    feature: ObjectId,
    merge: ObjectId,
}

fn remote() -> Remote {
    let place = Place::new();
    let git = place.init("remote");
    git.run(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    git.commit("zero.rs", "");
    let fork = git.commit("one.rs", "1");
    git.run(&["switch", "-q", "-c", "feature"]);
    let feature = git.commit("two.rs", "2");
    git.run(&["switch", "-q", "main"]);
    let main = git.commit("three.rs", "3");
    git.run(&["switch", "-q", "--detach"]);
    git.run(&["merge", "-q", "--no-ff", "-m", "Merge feature into main", "feature"]);
    git.run(&["update-ref", "refs/pull/7/merge", "HEAD"]);
    let merge = git.id("HEAD");
    git.run(&["switch", "-q", "main"]);
    Remote { place, git, fork, main, feature, merge }
}

impl Remote {
    /// What `actions/checkout` does: fetch one ref, to a depth if any, and check it out detached.
    fn checkout(&self, name: &str, what: &str, depth: Option<u32>) -> Git {
        let git = self.place.init(name);
        git.run(&["remote", "add", "origin", &self.git.url()]);
        let (depth, spec) = (depth.map(|depth| format!("--depth={depth}")), format!("+{what}:refs/remotes/{name}"));
        let mut arguments = vec!["fetch", "-q", "--no-tags"];
        arguments.extend(depth.as_deref());
        arguments.extend(["origin", &spec]);
        git.run(&arguments);
        git.run(&["checkout", "-q", "--detach", &format!("refs/remotes/{name}")]);
        git
    }

    fn payload(&self, text: &str) -> String {
        let file = self.place.path().join("event.json");
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    }
}

fn on_pull_request(sha: ObjectId) -> Ask {
    Ask::with(&[
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_BASE_REF", "main"),
        ("GITHUB_SHA", &sha.to_string()),
    ])
}

fn on_event(event: &str, payload: &str) -> Ask {
    Ask::with(&[("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", event), ("GITHUB_EVENT_PATH", payload)])
}

#[test]
fn a_named_base_is_the_merge_base_with_it_unless_it_is_meant_exactly() {
    let remote = remote();
    remote.git.run(&["switch", "-q", "feature"]);
    let base = Ask { base: Some("main"), ..Ask::default() }.base(&remote.git);
    assert_eq!((base.oid, base.how.as_str()), (remote.fork, "merge base with main"));
    let base = Ask { base: Some("main"), exact: true, ..Ask::default() }.base(&remote.git);
    assert_eq!((base.oid, base.how.as_str()), (remote.main, "main itself"));
    let head = Head::Revision("main~1".into());
    let base = Ask { base: Some("feature"), head, ..Ask::default() }.base(&remote.git);
    assert_eq!(base.oid, remote.fork);
}

#[test]
fn an_unknown_revision_says_how_to_get_it() {
    let remote = remote();
    for (rev, help) in [
        ("origin/release", "git fetch --no-tags origin +refs/heads/release:refs/remotes/origin/release"),
        ("nowhere", "git branch --all"),
        ("--upload-pack=x", "git branch --all"),
        ("1111111111111111111111111111111111111111", "git fetch --no-tags origin 1111111111111111111111111111111111111111"),
        ("origin/$(x)", "'+refs/heads/$(x):refs/remotes/origin/$(x)'"),
    ] {
        for reader in [Reader::Libgit2, Reader::Git] {
            match (Ask { base: Some(rev), ..Ask::default() }).of(&remote.git.open_by(reader)) {
                Err(UserError::UnknownRevision { rev: named, help: said }) => {
                    assert_eq!(named, rev);
                    assert!(said.contains(help), "{rev}: {said}");
                }
                other => panic!("{rev}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_merge_commit_of_a_pull_request_is_compared_with_its_first_parent() {
    let remote = remote();
    let git = remote.checkout("pull/7/merge", "refs/pull/7/merge", Some(2));
    let base = on_pull_request(remote.merge).base(&git);
    assert_eq!((base.rev.as_str(), base.oid), ("HEAD^1", remote.main));
    assert_eq!(base.how, "first parent of the pull request's merge commit");
}

#[test]
fn a_merge_commit_at_depth_one_names_a_fetch_that_suffices() {
    let remote = remote();
    let git = remote.checkout("pull/7/merge", "refs/pull/7/merge", Some(1));
    let ask = on_pull_request(remote.merge);
    let (fetch, _) = ask.missing(&git);
    assert_eq!(fetch, format!("git fetch --no-tags --depth=1 origin {}", remote.main));
    git.shell(&fetch);
    assert_eq!(ask.base(&git).oid, remote.main);
}

#[test]
fn a_pull_request_whose_head_is_checked_out_needs_the_merge_base() {
    let remote = remote();
    let git = remote.checkout("origin/feature", "refs/heads/feature", Some(1));
    let ask = on_pull_request(remote.merge);
    let (fetch, message) = ask.missing(&git);
    assert!(message.contains("origin/main"), "{message}");
    // A clone with the tip of the target and no history between the two.
    git.run(&["fetch", "-q", "--no-tags", "--depth=1", "origin", "+refs/heads/main:refs/remotes/origin/main"]);
    let (again, message) = ask.missing(&git);
    assert!(message.contains("no common history"), "{message}");
    let tip = Ask { allow_tip: true, ..on_pull_request(remote.merge) }.base(&git);
    assert_eq!(tip.oid, remote.main);
    assert!(tip.warning.is_some());
    assert_eq!(fetch, again);
    git.shell(&fetch);
    assert_eq!(ask.base(&git).oid, remote.fork);
}

#[test]
fn a_complete_clone_of_a_pull_request_needs_no_help() {
    let remote = remote();
    let git = remote.place.clone(&remote.git, "full", &["--branch", "feature"]);
    let base = on_pull_request(remote.merge).base(&git);
    assert_eq!((base.rev.as_str(), base.oid), ("origin/main", remote.fork));
}

#[test]
fn a_merge_group_is_compared_with_the_base_in_its_payload() {
    let remote = remote();
    let git = remote.checkout("pull/7/merge", "refs/pull/7/merge", Some(1));
    let payload = remote.payload(&format!(r#"{{"merge_group": {{"base_sha": "{}"}}}}"#, remote.main));
    let ask = on_event("merge_group", &payload);
    let (fetch, _) = ask.missing(&git);
    git.shell(&fetch);
    let base = ask.base(&git);
    assert_eq!((base.oid, base.how.as_str()), (remote.main, "the base of the merge group"));
}

#[test]
fn a_push_is_compared_with_what_was_there_before() {
    let remote = remote();
    let full = remote.place.clone(&remote.git, "full", &[]);
    let push = |before: &str, reference: &str, forced: bool| {
        let text = format!(
            r#"{{"before": "{before}", "forced": {forced}, "ref": "{reference}", "repository": {{"default_branch": "main"}}}}"#
        );
        on_event("push", &remote.payload(&text))
    };
    let zeros = "0".repeat(40);
    let base = push(&remote.fork.to_string(), "refs/heads/main", false).base(&full);
    assert_eq!((base.oid, base.how.as_str()), (remote.fork, "the commit before the push"));

    let branch = remote.place.clone(&remote.git, "branch", &["--branch", "feature"]);
    assert_eq!(push(&zeros, "refs/heads/feature", false).base(&branch).oid, remote.fork);
    let gone = "1".repeat(40);
    assert_eq!(push(&gone, "refs/heads/feature", true).base(&branch).oid, remote.fork);
    assert_eq!(push(&zeros, "refs/heads/main", false).nothing(&full), "this push made the default branch");

    // The default checkout of the default branch must not be compared with itself.
    let shallow = remote.checkout("origin/main", "refs/heads/main", Some(1));
    let ask = push(&remote.fork.to_string(), "refs/heads/main", false);
    let (fetch, _) = ask.missing(&shallow);
    assert_eq!(fetch, format!("git fetch --no-tags --depth=1 origin {}", remote.fork));
    shallow.shell(&fetch);
    assert_eq!(ask.base(&shallow).oid, remote.fork);
}

#[test]
fn a_payload_that_is_no_event_is_said_so() {
    let remote = remote();
    for (text, part) in [("{", "is not JSON"), ("{}", "merge_group.base_sha"), (r#"{"merge_group": 3}"#, "merge_group.base_sha")]
    {
        let ask = on_event("merge_group", &remote.payload(text));
        match ask.of(&remote.git.open()) {
            Err(UserError::Repository { message, .. }) => assert!(message.contains(part), "{message}"),
            other => panic!("{other:?}"),
        }
    }
    let absent = on_event("push", "/nonexistent/event.json").of(&remote.git.open());
    assert!(matches!(absent, Err(UserError::Unreadable { .. })), "{absent:?}");
}

#[test]
fn another_repository_of_the_job_is_not_what_the_event_is_about() {
    let remote = remote();
    remote.git.run(&["switch", "-q", "feature"]);
    let elsewhere = remote.place.path().join("workspace");
    let workspace = |dir: &Path| {
        let mut ask = on_event("merge_group", "/nonexistent/event.json");
        ask.environment.insert("GITHUB_WORKSPACE".into(), dir.display().to_string());
        ask.of(&remote.git.open())
    };
    assert!(matches!(workspace(&elsewhere), Ok(Found::Base(Base { oid, .. })) if oid == remote.fork));
    assert!(workspace(remote.place.path()).is_err());
}

#[test]
fn gitlab_names_the_base_of_a_merge_request() {
    let remote = remote();
    let git = remote.checkout("origin/feature", "refs/heads/feature", Some(1));
    let ask = Ask::with(&[("GITLAB_CI", "true"), ("CI_MERGE_REQUEST_DIFF_BASE_SHA", &remote.fork.to_string())]);
    let (fetch, _) = ask.missing(&git);
    git.shell(&fetch);
    assert_eq!(ask.base(&git).oid, remote.fork);

    let merged = remote.checkout("pull/7/merge", "refs/pull/7/merge", Some(2));
    let ask = Ask::with(&[
        ("GITLAB_CI", "true"),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", &remote.fork.to_string()),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", &remote.main.to_string()),
    ]);
    assert_eq!(ask.base(&merged).oid, remote.main);

    let full = remote.place.clone(&remote.git, "full", &[]);
    let ask = Ask::with(&[
        ("GITLAB_CI", "true"),
        ("CI_PIPELINE_SOURCE", "push"),
        ("CI_DEFAULT_BRANCH", "main"),
        ("CI_COMMIT_BRANCH", "main"),
        ("CI_COMMIT_BEFORE_SHA", &remote.fork.to_string()),
    ]);
    assert_eq!(ask.base(&full).oid, remote.fork);
}

#[test]
fn other_systems_name_the_branch() {
    let remote = remote();
    remote.git.run(&["branch", "release", &remote.fork.to_string()]);
    let git = remote.place.clone(&remote.git, "full", &["--branch", "feature"]);
    let base = Ask::with(&[("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/release")]).base(&git);
    assert_eq!((base.rev.as_str(), base.oid), ("origin/release", remote.fork));
}

#[test]
fn a_local_branch_is_compared_with_the_remotes_default_branch() {
    let remote = remote();
    let git = remote.place.clone(&remote.git, "clone", &["--branch", "feature"]);
    git.run(&["remote", "set-head", "origin", "main"]);
    assert_eq!(Ask::default().base(&git).how, "merge base with origin/main");

    // The remote's own word counts before the usual names.
    git.run(&["update-ref", "refs/remotes/origin/trunk", &remote.feature.to_string()]);
    git.run(&["remote", "set-head", "origin", "trunk"]);
    let base = Ask::default().base(&git);
    assert_eq!((base.rev.as_str(), base.oid), ("origin/trunk", remote.feature));

    // One that points nowhere does not.
    git.run(&["update-ref", "-d", "refs/remotes/origin/trunk"]);
    assert_eq!(Ask::default().base(&git).rev, "origin/main");
    git.run(&["remote", "set-head", "origin", "--delete"]);
    assert_eq!(Ask::default().base(&git).rev, "origin/main");
    git.run(&["update-ref", "refs/remotes/origin/master", "refs/remotes/origin/main"]);
    git.run(&["update-ref", "-d", "refs/remotes/origin/main"]);
    assert_eq!(Ask::default().base(&git).rev, "origin/master");
}

#[test]
fn without_a_remote_the_main_branch_is_the_base() {
    let remote = remote();
    remote.git.run(&["switch", "-q", "feature"]);
    let base = Ask::default().base(&remote.git);
    assert_eq!((base.rev.as_str(), base.oid), ("main", remote.fork));
    remote.git.run(&["switch", "-q", "--detach", "feature"]);
    assert_eq!(Ask::default().base(&remote.git).oid, remote.fork);
    remote.git.run(&["worktree", "add", "-q", "../linked", "feature"]);
    let linked = remote.git.at(remote.place.path().join("linked"));
    assert_eq!(Ask::default().base(&linked).oid, remote.fork);
    assert_eq!(Ask { head: Head::Staged, ..Ask::default() }.base(&linked).oid, remote.feature);
}

#[test]
fn a_repository_without_any_base_compares_nothing() {
    let place = Place::new();
    let git = place.init("new");
    assert_eq!(Ask::default().nothing(&git), "this branch has no commit yet");
    assert_eq!(Ask { head: Head::Staged, ..Ask::default() }.nothing(&git), "this is the first commit");
    git.commit("a.rs", "");
    git.run(&["branch", "-m", "only"]);
    assert!(Ask::default().nothing(&git).contains("no origin/HEAD"));
    let required = Ask { require: true, ..Ask::default() }.of(&git.open());
    assert!(matches!(required, Err(UserError::Repository { .. })), "{required:?}");
}

#[test]
fn a_branch_without_a_commit_can_be_compared_exactly() {
    let remote = remote();
    remote.git.run(&["switch", "-q", "--orphan", "empty"]);
    let named = Ask { base: Some("main"), ..Ask::default() }.of(&remote.git.open());
    assert!(matches!(named, Err(UserError::NoMergeBase { .. })), "{named:?}");
    assert_eq!(Ask { base: Some("main"), exact: true, ..Ask::default() }.base(&remote.git).oid, remote.main);
}

#[test]
fn unrelated_histories_are_an_error_with_a_way_out() {
    let remote = remote();
    remote.git.run(&["switch", "-q", "--orphan", "other"]);
    remote.git.commit("b.rs", "");
    let found = Ask::default().of(&remote.git.open());
    match found {
        Err(UserError::NoMergeBase { base, help, .. }) => {
            assert_eq!(base, "main");
            assert!(help.contains("--base-exact"), "{help}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_shallow_clone_of_one_branch_names_a_fetch_that_suffices() {
    let remote = remote();
    let git = remote.place.clone(&remote.git, "shallow", &["--depth=1", "--branch", "feature"]);
    git.run(&["switch", "-q", "--detach"]);
    let ask = Ask::default();
    let (fetch, message) = ask.missing(&git);
    assert!(message.contains("shallow"), "{message}");
    git.shell(&fetch);
    assert_eq!(ask.base(&git).oid, remote.fork);
}

#[test]
fn what_is_staged_is_compared_with_head() {
    let remote = remote();
    let staged = || Ask { head: Head::Staged, ..Ask::default() };
    assert_eq!(staged().base(&remote.git).oid, remote.main);
    // Also in CI, where a hook may run by hand.
    let mut ask = on_pull_request(remote.merge);
    ask.head = Head::Staged;
    assert_eq!(ask.base(&remote.git).oid, remote.main);
}

#[test]
fn a_merge_in_progress_is_not_blamed_for_what_it_brings_in() {
    let remote = remote();
    let staged = || Ask { head: Head::Staged, ..Ask::default() };
    remote.git.run(&["switch", "-q", "feature"]);
    remote.git.run(&["merge", "-q", "--no-commit", "--no-ff", "main"]);
    assert_eq!(staged().base(&remote.git).oid, remote.main);
    assert_eq!(Ask::default().base(&remote.git).oid, remote.main);

    // Without a mainline, the fork point of the two.
    let place = Place::new();
    let git = place.init("names");
    git.run(&["branch", "-m", "left"]);
    let fork = git.commit("a.rs", "");
    git.run(&["switch", "-q", "-c", "right"]);
    git.commit("b.rs", "");
    git.run(&["switch", "-q", "left"]);
    git.commit("c.rs", "");
    git.run(&["merge", "-q", "--no-commit", "--no-ff", "right"]);
    let base = staged().base(&git);
    assert_eq!((base.oid, base.how.as_str()), (fork, "merge base of HEAD and MERGE_HEAD"));
}

#[test]
fn a_reftable_repository_has_a_base_too() {
    let place = Place::new();
    let Some(git) = place.init_as("reftable", "--ref-format=reftable") else { return };
    let fork = git.commit("a.rs", "1");
    git.run(&["switch", "-q", "-c", "feature"]);
    git.commit("a.rs", "2");
    let repository = git.open();
    assert_eq!(repository.reader(), Reader::Git);
    assert!(matches!(Ask::default().of(&repository), Ok(Found::Base(base)) if base.oid == fork));
}
