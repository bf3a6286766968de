//! The check as a hook of git: every way to commit, and the surroundings that git gives a hook in each.

use driftgate::document::Syntax;
use driftgate::extract;
use driftgate::registry;
use driftgate::source::RepoPath;

use crate::program::{Place, Said, root};

const READER: &str = "consumer: mailer\nevents:\n  invoice.paid:\n    fields:\n      customerId: string\n";

fn service(wire_name: &str) -> String {
    format!(
        "#[derive(serde::Serialize)]\npub struct Paid {{\n    #[serde(rename = \"{wire_name}\")]\n    pub customer: String,\n}}\n\n\
         pub fn paid(bus: &EventBus, event: &Paid) {{\n    bus.publish(\"invoice.paid\", event);\n}}\n"
    )
}

/// A repository whose every commit goes through the check, as `driftgate check --staged` in a hook of git.
fn guarded() -> Place {
    let place = Place::repository();
    place.write("src/lib.rs", service("customerId"));
    place.write("contracts/mailer.yaml", READER);
    place.write("README.md", "Pay\n");
    place.commit("Pay");
    for hook in ["pre-commit", "pre-merge-commit"] {
        place.write(&format!(".git/hooks/{hook}"), "#!/bin/sh\nexec driftgate check --staged --format text\n");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let file = place.dir.join(".git/hooks").join(hook);
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).expect("permissions can be set");
        }
    }
    place
}

#[track_caller]
fn stopped(said: Said) {
    assert!(said.code == 1 && said.err.contains("field-renamed"), "{said:?}");
}

#[track_caller]
fn passed(said: Said) {
    assert!(said.code == 0, "{said:?}");
}

#[test]
fn a_commit_of_what_is_staged() {
    let place = guarded();
    place.write("src/lib.rs", service("customer_id"));
    place.git(&["add", "-A"]);
    stopped(place.shell("git commit -m break"));
    // The break is on disk and not staged: the commit does not carry it.
    place.git(&["reset", "-q"]);
    place.write("README.md", "Pay and be paid\n");
    place.git(&["add", "README.md"]);
    passed(place.shell("git commit -m readme"));
}

#[test]
fn a_commit_of_everything_that_is_tracked() {
    let place = guarded();
    place.write("src/lib.rs", service("customer_id"));
    stopped(place.shell("git commit -a -m break"));
    place.write("src/lib.rs", service("customerId") + "// paid\n");
    passed(place.shell("git commit -a -m comment"));
}

#[test]
fn a_commit_of_named_files() {
    let place = guarded();
    place.write("src/lib.rs", service("customer_id"));
    place.write("README.md", "Pay and be paid\n");
    stopped(place.shell("git commit -m break src/lib.rs"));
    // What else is staged is not in this commit.
    place.git(&["add", "src/lib.rs"]);
    passed(place.shell("git commit -m readme README.md"));
    stopped(place.shell("git commit -m rest"));
}

#[test]
fn a_commit_in_a_linked_worktree() {
    let place = guarded();
    let linked = place.beside("linked");
    place.git(&["worktree", "add", "-q", "-b", "side", &linked.to_string_lossy()]);
    std::fs::write(linked.join("src/lib.rs"), service("customer_id")).expect("a file can be written");
    let commit = format!("cd '{}' && git commit", linked.display());
    stopped(place.shell(&format!("{commit} -a -m break")));
    stopped(place.shell(&format!("{commit} -m break src/lib.rs")));
    std::fs::write(linked.join("src/lib.rs"), service("customerId") + "// paid\n").expect("a file can be written");
    passed(place.shell(&format!("{commit} -a -m comment")));
}

#[test]
fn a_commit_from_a_subdirectory() {
    let place = guarded();
    place.write("src/lib.rs", service("customer_id"));
    stopped(place.shell("cd src && git commit -a -m break"));
    stopped(place.shell("cd src && git commit -m break lib.rs"));
    place.write("src/lib.rs", service("customerId") + "// paid\n");
    passed(place.shell("cd src && git commit -a -m comment"));
}

#[test]
fn the_first_commit_of_all_has_nothing_to_break() {
    let place = guarded();
    place.git(&["checkout", "-q", "--orphan", "fresh"]);
    passed(place.shell("git commit -m start"));
}

#[test]
fn a_merge_is_asked_only_for_what_it_adds() {
    let place = guarded();
    // Main has renamed the field together with its reader, past every hook; the branch has not.
    place.git(&["checkout", "-q", "-b", "branch"]);
    place.write("README.md", "Pay from the branch\n");
    passed(place.shell("git commit -a -m readme"));
    place.git(&["checkout", "-q", "main"]);
    place.write("src/lib.rs", service("customer_id"));
    place.write("contracts/mailer.yaml", READER.replace("customerId", "customer_id"));
    place.write("README.md", "Pay from main\n");
    place.git(&["commit", "-q", "--no-verify", "-a", "-m", "rename"]);
    place.git(&["checkout", "-q", "branch"]);
    let conflict = place.shell("git merge main");
    assert_eq!(conflict.code, 1, "{conflict:?}");
    place.write("README.md", "Pay from both\n");
    place.git(&["add", "README.md"]);
    passed(place.shell("git commit -m merge"));
    // A merge commit that breaks something by itself is stopped.
    place.git(&["reset", "-q", "--hard", "HEAD^"]);
    let conflict = place.shell("git merge main");
    assert_eq!(conflict.code, 1, "{conflict:?}");
    place.write("README.md", "Pay from both\n");
    place.write("src/lib.rs", service("client"));
    place.git(&["add", "-A"]);
    stopped(place.shell("git commit -m merge"));
}

/// pre-commit starts a hook only where a file is staged that its pattern names.
#[test]
fn the_hooks_start_for_every_file_that_a_check_reads() {
    let manifest = std::fs::read_to_string(root().join(".pre-commit-hooks.yaml")).expect("the hooks are there");
    let patterns: Vec<regress::Regex> = manifest
        .lines()
        .filter_map(|line| line.strip_prefix("  files: "))
        .map(|pattern| regress::Regex::new(pattern).expect("a pattern"))
        .collect();
    assert_eq!(patterns.len(), 2, "{manifest}");
    let starts = |path: &str| patterns.iter().all(|pattern| pattern.find(path).is_some());
    let letters = || (b'a'..=b'z').map(char::from);
    let short = letters().flat_map(|a| letters().map(move |b| format!("{a}{b}")));
    let three = short.clone().flat_map(|two| letters().map(move |c| format!("{two}{c}")));
    let long =
        ["json", "avsc", "yaml", "toml", "proto", "svelte", "astro", "jsonc", "json5", "graphql", "go", "java", "kt", "rb"];
    let extensions: Vec<String> = short.chain(three).chain(long.map(str::to_owned)).collect();
    let mut read = 0;
    for extension in &extensions {
        let path = RepoPath::new(format!("schemas/paid.{extension}"));
        if extract::language_of(&path).is_some() || Syntax::of(&path).is_some() {
            read += 1;
            assert!(starts(path.as_str()), "{path} is read, and no hook starts for it");
        }
    }
    assert!(read > 12, "the extensions were not found");
    let snowplow = RepoPath::new("schemas/com.acme/paid/jsonschema/1-0-2");
    assert!(registry::claims(&snowplow, &driftgate::config::Config::default()) && starts(snowplow.as_str()));
    assert!(starts("driftgate.toml") && starts(".driftgate/accept/paid.toml"));
    assert!(!starts("README.md") && !starts("src/lib.rs.orig") && !starts("schemas/jsonschema/notes"));
}
