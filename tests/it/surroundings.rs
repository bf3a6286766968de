//! What stands around a run: hostile names, outputs that cannot be written, readers that go away, agents that sign their commits,
//! and whether the check is in place at all.

use std::process::Stdio;

use serde_json::Value;

use crate::program::Place;

/// The sample, with a trailer on the commit of the break.
fn signed(trailer: &str) -> Place {
    let place = Place::sample();
    place.git(&["commit", "-q", "--amend", "-m", &format!("Tidy up\n\n{trailer}")]);
    place
}

fn check(place: &Place, code: i32) -> Value {
    place.run(&["check", "--base", "main", "--format", "json"]).exits(code).json()
}

#[test]
fn a_change_that_an_agent_signed_is_held_to_its_own_level() {
    const LEVEL: &str = "[check]\nfail-on = \"never\"\n\n[agents]\nfail-on = \"error\"\n";
    let place = signed("Co-Authored-By: Claude <noreply@anthropic.com>");
    // Without a level for agents nothing is said and nothing changes.
    assert_eq!(check(&place, 1)["agent"], Value::Null);
    let on_base = |place: &Place, text: &str| {
        place.git(&["checkout", "-q", "main"]);
        place.write("driftgate.toml", text);
        place.commit("Configure");
        place.git(&["checkout", "-q", "tidy-up"]);
        place.git(&["rebase", "-q", "main"]);
    };
    on_base(&place, LEVEL);
    let report = check(&place, 1);
    assert_eq!(report["agent"]["by"], "Co-Authored-By: Claude <noreply@anthropic.com>");
    assert_eq!(report["agent"]["fail_on"], "error");
    let text = place.run(&["check", "--base", "main"]).exits(1).out;
    assert!(text.contains("a coding agent wrote this change"), "{text}");
    let markdown = place.run(&["check", "--base", "main", "--format", "markdown"]).exits(1).out;
    assert!(markdown.contains("a coding agent wrote this change"), "{markdown}");
    // A person's change goes by the general level.
    let place = signed("Reviewed-by: Bea <bea@example.com>");
    on_base(&place, LEVEL);
    assert_eq!(check(&place, 0)["agent"], Value::Null);
}

#[test]
fn an_agent_cannot_take_its_own_level_away() {
    let place = Place::sample();
    place.git(&["checkout", "-q", "main"]);
    place
        .write("driftgate.toml", "[check]\nfail-on = \"never\"\n\n[agents]\nfail-on = \"error\"\ntrailers = [\"House-Agent\"]\n");
    place.commit("Configure");
    place.git(&["checkout", "-q", "tidy-up"]);
    place.git(&["rebase", "-q", "main"]);
    place.write("driftgate.toml", "[check]\nfail-on = \"never\"\n");
    place.commit("Tidy up\n\nHouse-Agent: yes");
    let report = check(&place, 1);
    assert_eq!(report["agent"]["by"], "House-Agent: yes");
    let rules: Vec<&str> =
        report["findings"].as_array().expect("a list").iter().filter_map(|finding| finding["rule"].as_str()).collect();
    assert!(rules.contains(&"gate-weakened"), "{rules:?}");
}

#[test]
fn an_output_that_cannot_be_written_is_two_even_when_something_breaks() {
    let place = Place::sample();
    for target in ["json=no/such/folder/report.json", "sarif=src"] {
        let said = place.run(&["check", "--base", "main", "--output", target]).exits(2);
        said.complains(&["cannot write", "check that the folder exists"]);
    }
    let missing = place.beside("gone/summary.md");
    let mut command = place.command(env!("CARGO_BIN_EXE_driftgate"), &place.dir);
    let output = command
        .args(["check", "--base", "main"])
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &missing)
        .output()
        .expect("the program can be run");
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write"));
}

#[test]
fn the_step_outputs_are_those_that_the_action_names() {
    let place = Place::sample();
    let (outputs, reports) = (place.beside("outputs"), place.beside("reports"));
    std::fs::create_dir(&reports).expect("a folder can be made");
    let file = |format: &str| format!("{format}={}", reports.join(format).display());
    let mut command = place.command(env!("CARGO_BIN_EXE_driftgate"), &place.dir);
    command.args([
        "check",
        "--base",
        "main",
        "--output",
        &file("json"),
        "--output",
        &file("sarif"),
        "--output",
        &file("markdown"),
    ]);
    let output = command.env("GITHUB_ACTIONS", "true").env("GITHUB_OUTPUT", &outputs).output().expect("the program can be run");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = std::fs::read_to_string(&outputs).expect("outputs are written");
    let names: Vec<&str> =
        text.lines().filter_map(|line| line.split_once("<<").or_else(|| line.split_once('='))).map(|(name, _)| name).collect();
    assert_eq!(names, ["verdict", "breaking", "warnings", "unknown", "requested", "allowed", "report", "sarif"]);
    let action = std::fs::read_to_string(crate::program::root().join("action.yml")).expect("the action is there");
    for name in names {
        assert!(action.contains(&format!("steps.check.outputs.{name} ")), "the action does not hand on `{name}`");
    }
}

#[test]
fn a_report_whose_reader_goes_away_keeps_its_exit_code() {
    let place = Place::sample();
    for format in ["text", "json", "github", "sarif", "markdown", "junit", "gitlab"] {
        let mut child = place
            .command(env!("CARGO_BIN_EXE_driftgate"), &place.dir)
            .args(["check", "--base", "main", "--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be run");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("the program ends");
        assert_eq!(output.status.code(), Some(1), "{format}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn an_event_payload_that_is_not_json_is_said_so() {
    let place = Place::sample();
    let payload = place.beside("event.json");
    std::fs::write(&payload, "{ not json").expect("a file can be written");
    let mut command = place.command(env!("CARGO_BIN_EXE_driftgate"), &place.dir);
    command.args(["check"]).env("GITHUB_ACTIONS", "true").env("GITHUB_EVENT_NAME", "merge_group");
    let output = command
        .env("GITHUB_EVENT_PATH", &payload)
        .env("GITHUB_WORKSPACE", &place.dir)
        .env("GITHUB_SHA", place.git(&["rev-parse", "HEAD"]))
        .output()
        .expect("the program can be run");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("JSON"), "{output:?}");
}

/// A change that breaks a reader and asks to accept it, checked as on GitHub with an event's payload.
fn labelled(event: &str, payload: &str, label: &str) -> (Option<i32>, String) {
    let place = Place::sample();
    let report = place.run(&["check", "--base", "main", "--format", "json"]).exits(1).json();
    let fingerprint = report["findings"][0]["fingerprint"].as_str().expect("a finding has one").to_owned();
    place.run(&["accept", &fingerprint, "--base", "main", "--reason", "crm-sync reads both"]).exits(0);
    let file = place.beside("event.json");
    std::fs::write(&file, payload).expect("a file can be written");
    let mut command = place.command(env!("CARGO_BIN_EXE_driftgate"), &place.dir);
    command.args(["check", "--base", "main", &format!("--accept-label={label}")]);
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_EVENT_NAME", event).env("GITHUB_EVENT_PATH", &file);
    let output = command.output().expect("the program can be run");
    (output.status.code(), format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn a_label_on_the_pull_request_confirms_what_it_asks_to_accept() {
    let odd = "--help; $(touch pwned) `x` \"a' *|& ü\n::error::%0A";
    let event = |label: &str| serde_json::json!({"pull_request": {"labels": [{"name": "bug"}, {"name": label}]}}).to_string();
    for label in ["contract-break-accepted", odd] {
        let (code, said) = labelled("pull_request", &event(label), label);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("confirms what this change asks to accept"), "{said}");
        assert!(!said.lines().any(|line| line.starts_with("::error::")), "{said}");
    }
    assert_eq!(labelled("pull_request", &event("Accepted"), "accepted").0, Some(0));
    // Another label, no label, one that is only part of it, or an event that has none.
    for (event_name, payload, label) in [
        ("pull_request", event("other"), "accepted"),
        ("pull_request", event("not accepted"), "accepted"),
        ("pull_request", event(""), ""),
        ("pull_request", "{\"pull_request\": {\"labels\": \"accepted\"}}".to_owned(), "accepted"),
        ("push", event("accepted"), "accepted"),
    ] {
        let (code, said) = labelled(event_name, &payload, label);
        assert_eq!(code, Some(1), "{event_name} {payload}: {said}");
    }
    let (code, said) = labelled("merge_group", "{}", "accepted");
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = labelled("pull_request", "{ not json", "accepted");
    assert!(code == Some(2) && said.contains("is not JSON"), "{said}");
}

/// A file name with a newline, a workflow command and a terminal escape in it.
#[cfg(unix)]
#[test]
fn a_hostile_file_name_is_one_annotation_and_no_line_of_its_own() {
    let place = Place::repository();
    let name = "src/a\n::error::pwned\u{1b}[31m,b:c%0A.ts";
    let service = |key: &str| {
        format!(
            "import {{ Kafka }} from \"kafkajs\";\nconst producer = new Kafka({{}}).producer();\nexport async function paid(id: string) {{\n  await producer.send({{ topic: \"invoice.paid\", messages: [{{ value: JSON.stringify({{ {key}: id }}) }}] }});\n}}\n"
        )
    };
    place.write(name, service("customerId"));
    place.commit("Pay");
    place.git(&["checkout", "-q", "-b", "change"]);
    place.write(name, service("customer_id"));
    place.commit("Rename");
    for format in ["text", "json", "github", "sarif", "markdown", "junit", "gitlab"] {
        let said = place.run(&["check", "--base", "main", "--format", format]).exits(1);
        // A command of ours names the file as it is called, or the platform would not find it; the runner prints no such line.
        let printed: Vec<&str> = said.out.lines().filter(|line| !line.starts_with("::error file=")).collect();
        assert!(!printed.iter().any(|line| line.contains('\u{1b}')), "{format}: {}", said.out);
        assert!(!printed.iter().any(|line| line.trim_start().starts_with("::error::")), "{format}: {}", said.out);
    }
    let annotated = place.run(&["check", "--base", "main", "--format", "github"]).exits(1).out;
    let commands: Vec<&str> = annotated.lines().filter(|line| line.starts_with("::error ")).collect();
    assert_eq!(commands.len(), 1, "{annotated}");
    assert!(commands[0].contains("file=src/a%0A%3A%3Aerror%3A%3Apwned"), "{}", commands[0]);
}

#[test]
fn verbose_tells_the_time_and_the_files_and_quiet_tells_neither() {
    let place = Place::sample();
    let said = place.run(&["check", "--base", "main", "-v"]).exits(1);
    for part in [
        "files at base: ",
        "5 rust",
        "files at head: ",
        "0 skipped",
        "time: reading base ",
        "linking base and head ",
        "comparing ",
    ] {
        assert!(said.err.contains(part), "{part} in {}", said.err);
    }
    let quiet = place.run(&["check", "--base", "main", "-q"]).exits(1);
    assert!(quiet.err.is_empty() && !quiet.out.contains("Compared"), "{quiet:?}");
    place.run(&["check", "--base", "main", "--no-cache"]).exits(1);
}

fn points(place: &Place, code: i32) -> Vec<(String, String)> {
    let form = place.run(&["doctor", "--format", "json"]).exits(code).json();
    let points = form["points"].as_array().expect("a list").clone();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    for point in &points {
        assert_eq!(point["standing"] == "ok", point["help"] == "", "what is not well says what to do: {point}");
    }
    points.iter().map(|point| (text(&point["id"]), text(&point["standing"]))).collect()
}

fn standing<'p>(points: &'p [(String, String)], id: &str) -> Option<&'p str> {
    points.iter().find(|(known, _)| known == id).map(|(_, standing)| standing.as_str())
}

#[test]
fn the_doctor_says_what_is_missing_and_what_is_there() {
    let place = Place::sample();
    let sick = points(&place, 0);
    for (id, expected) in [
        ("workflow", "warning"),
        ("hook", "warning"),
        ("history", "ok"),
        ("configuration", "ok"),
        ("boundaries", "ok"),
        ("event-names", "ok"),
        ("contracts", "ok"),
        ("acceptances", "ok"),
    ] {
        assert_eq!(standing(&sick, id), Some(expected), "{id} in {sick:?}");
    }
    place.write(".github/workflows/driftgate.yml", "jobs:\n  a:\n    steps:\n      - uses: driftgate/driftgate@v0.1.0\n");
    place.write(".git/hooks/pre-commit", "#!/bin/sh\nexec driftgate check --staged\n");
    place.write("contracts/ghost.yaml", "consumer: ghost\nevents:\n  user.sigup:\n    fields:\n      email: string\n");
    place.write(".github/workflows/other.yml", "# driftgate is not called here\n");
    let well = points(&place, 0);
    assert_eq!((standing(&well, "workflow"), standing(&well, "hook")), (Some("ok"), Some("ok")));
    assert_eq!(standing(&well, "contracts-idle"), Some("warning"));
    let text = place.run(&["doctor"]).exits(0).out;
    assert!(text.contains("contracts/ghost.yaml:3") && text.contains("= help:"), "{text}");
}

#[test]
fn the_doctor_looks_for_hooks_where_git_does() {
    let place = Place::sample();
    let hook = "#!/bin/sh\nexec driftgate check --staged\n";
    place.write("tools/git/pre-commit", hook);
    assert_eq!(standing(&points(&place, 0), "hook"), Some("warning"), "git is not told of this folder");
    place.git(&["config", "core.hooksPath", "tools/git"]);
    assert_eq!(standing(&points(&place, 0), "hook"), Some("ok"));
    let linked = place.beside("linked");
    place.git(&["config", "--unset", "core.hooksPath"]);
    place.write(".git/hooks/pre-commit", hook);
    place.git(&["worktree", "add", "-q", "-b", "side", &linked.to_string_lossy()]);
    let said = place.run_in(&linked, &["doctor"]).exits(0);
    assert!(said.out.contains("a hook of git calls the check"), "{}", said.out);
}

#[test]
fn the_doctor_knows_a_checkout_of_depth_one_and_a_broken_configuration() {
    let place = Place::sample();
    place.write(
        ".github/workflows/ci.yml",
        "jobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n      - run: driftgate check\n",
    );
    assert_eq!(standing(&points(&place, 0), "workflow"), Some("warning"));
    place.write("driftgate.toml", "[chekc]\n");
    assert_eq!(standing(&points(&place, 1), "configuration"), Some("problem"));
    let shallow = place.beside("shallow");
    let url = format!("file://{}", place.dir.display());
    place.git(&["clone", "-q", "--depth", "1", "--branch", "tidy-up", &url, &shallow.to_string_lossy()]);
    let said = place.run_in(&shallow, &["doctor"]).exits(0);
    assert!(said.out.contains("this clone is shallow") && said.out.contains("git fetch --unshallow"), "{}", said.out);
}

#[test]
fn the_doctor_finds_acceptances_that_are_stale() {
    let place = Place::sample();
    place.run(&["accept", "378fd94fe906", "--base", "main", "--reason", "both names are read"]).exits(0);
    place.git(&["checkout", "-q", "-b", "other", "main"]);
    place.commit("Accept");
    place.git(&["branch", "-q", "-f", "main"]);
    assert_eq!(standing(&points(&place, 0), "acceptances"), Some("warning"));
}

#[cfg(not(feature = "mcp"))]
#[test]
fn without_its_server_the_program_says_how_to_get_it() {
    Place::new().run(&["mcp"]).exits(2).complains(&["without its MCP server", "--features mcp"]);
}
