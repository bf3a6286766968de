//! `driftgate init`: what it finds, what it writes, and what it leaves alone.

use crate::program::{Place, root};

fn text(place: &Place, file: &str) -> String {
    std::fs::read_to_string(place.dir.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn everything_that_is_missing_is_shown_and_written_once() {
    let place = Place::sample();
    // Without a terminal and without a word nothing is written.
    let said = place.run(&["init"]).exits(2);
    said.complains(&["nothing was written", "driftgate init --yes"]);
    assert!(said.out.contains("driftgate.toml (new)") && said.out.contains("+ [check]"), "{}", said.out);
    assert_eq!(place.git(&["status", "--porcelain"]), "");
    place.run(&["init", "--yes"]).exits(0);
    assert_eq!(
        place.git(&["status", "--porcelain", "-uall"]).lines().map(|line| &line[3..]).collect::<Vec<_>>(),
        [".github/workflows/driftgate.yml", ".pre-commit-config.yaml", "AGENTS.md", "driftgate.toml"]
    );
    let config = text(&place, "driftgate.toml");
    assert!(config.contains("# Found 2 events (queue 2)\n"), "{config}");
    assert!(config.contains("#   user.signup: sent by signup-service\n"), "{config}");
    assert!(config.contains("#   src/bus.rs:15: rdkafka-send, from 2 places\n"), "{config}");
    // What it writes is understood, and nothing is missing any more.
    place.run(&["check", "--base", "HEAD"]).exits(0);
    let said = place.run(&["init", "--yes"]).exits(0);
    assert!(said.out.ends_with("everything is there already\n"), "{}", said.out);
    // The workflow is the README's.
    let readme = std::fs::read_to_string(root().join("README.md")).expect("there is a README");
    assert!(readme.contains(&text(&place, ".github/workflows/driftgate.yml")));
}

#[test]
fn what_people_have_written_is_added_to_and_never_replaced() {
    let place = Place::repository();
    place.write("services/mailer/src/lib.rs", "#[derive(serde::Deserialize)]\npub struct Paid { pub id: String }\n\npub fn listen(bus: &EventBus) {\n    bus.subscribe(\"invoice.paid\", on_paid);\n}\n\nfn on_paid(event: Paid) {\n    send(event);\n}\n");
    place.write("driftgate.toml", "[check]\nfail-on = \"warning\"\n");
    place.write(".github/workflows/ci.yml", "jobs:\n  a:\n    steps:\n      - run: driftgate check\n");
    place.write(".pre-commit-config.yaml", "repos:\n  - repo: local\n    hooks:\n      - id: x\n# the end\n");
    place.write("CLAUDE.md", "# How we work\n\nBe kind.\n");
    place.commit("Begin");
    let said = place.run(&["init", "--yes"]).exits(0);
    for told in ["driftgate.toml is there already", ".github/workflows/ci.yml runs driftgate already"] {
        assert!(said.out.contains(told), "{told}: {}", said.out);
    }
    assert_eq!(text(&place, "driftgate.toml"), "[check]\nfail-on = \"warning\"\n");
    assert!(text(&place, "CLAUDE.md").starts_with("# How we work\n\nBe kind.\n\n## Event and webhook payloads\n"));
    assert!(!place.dir.join("AGENTS.md").exists());
    assert!(text(&place, "contracts/mailer.yaml").contains("  invoice.paid:\n    fields:\n      id: string\n"));
    let hooks = text(&place, ".pre-commit-config.yaml");
    assert!(
        hooks
            .starts_with("repos:\n  - repo: local\n    hooks:\n      - id: x\n# the end\n  - repo: https://github.com/driftgate"),
        "{hooks}"
    );
    assert_eq!(place.git(&["diff", "--numstat"]).lines().filter(|line| line.split('\t').nth(1) != Some("0")).count(), 0);
}

#[test]
fn a_hook_of_git_goes_where_git_looks_for_it() {
    let place = Place::sample();
    place.run(&["init", "--yes", "--hook"]).exits(0);
    let hook = place.dir.join(".git/hooks/pre-commit");
    assert!(std::fs::read_to_string(&hook).expect("the hook is there").ends_with("exec driftgate check --staged\n"));
    assert!(!place.dir.join(".pre-commit-config.yaml").exists());
    let said = place.run(&["init", "--yes", "--hook"]).exits(0);
    assert!(said.out.contains("runs driftgate already"), "{}", said.out);
    // Another folder, by the configuration of git.
    place.git(&["config", "core.hooksPath", ".hooks"]);
    place.run(&["init", "--yes", "--hook"]).exits(0);
    assert!(place.dir.join(".hooks/pre-commit").exists());
    // A linked worktree shares the hooks of its repository.
    place.git(&["config", "--unset", "core.hooksPath"]);
    std::fs::remove_file(&hook).expect("it was there");
    let linked = place.beside("linked");
    place.git(&["worktree", "add", "-q", &linked.display().to_string(), "main"]);
    place.run_in(&linked, &["init", "--yes", "--hook"]).exits(0);
    assert!(hook.exists());
    // One that somebody else has written is left alone.
    std::fs::write(&hook, "#!/bin/sh\nmake lint\n").expect("a file can be written");
    let said = place.run(&["init", "--yes", "--hook"]).exits(0);
    assert!(said.out.contains("is there already; add the line"), "{}", said.out);
    assert_eq!(std::fs::read_to_string(&hook).expect("the hook is there"), "#!/bin/sh\nmake lint\n");
}
