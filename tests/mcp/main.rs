//! The MCP server with the SDK's own client as its peer: `cargo test --features mcp-test --test mcp`.

use std::path::{Path, PathBuf};
use std::process::Command;

use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::service::RunningService;
use rmcp::transport::TokioChildProcess;
use rmcp::{RoleClient, ServiceExt};
use serde_json::{Value, json};

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a folder can be listed") {
        let entry = entry.expect("a folder can be listed");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).expect("a folder can be made");
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}

/// The sample repository with its break in the working tree.
fn sample() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder can be made");
    let fixture = |side: &str| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/repos/demo").join(side);
    let git = |arguments: &[&str]| {
        let status = Command::new("git")
            .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.com"])
            .args(arguments)
            .current_dir(dir.path())
            .status();
        assert!(status.expect("the tests need a `git` program").success());
    };
    git(&["init", "-q", "-b", "main"]);
    copy(&fixture("base"), dir.path());
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "Sign up and bill"]);
    copy(&fixture("head"), dir.path());
    dir
}

type Peer = RunningService<RoleClient, ()>;

fn with_peer(repo: &Path, test: impl AsyncFnOnce(&Peer)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be started");
    runtime.block_on(async {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_driftgate"));
        command.arg("mcp").arg("--repo").arg(repo);
        let transport = TokioChildProcess::new(command).expect("the server can be started");
        let peer = ().serve(transport).await.expect("the server greets");
        test(&peer).await;
        peer.cancel().await.expect("the server ends");
    });
}

async fn call(peer: &Peer, tool: &'static str, arguments: Value) -> CallToolResult {
    let arguments = arguments.as_object().expect("arguments are an object").clone();
    peer.call_tool(CallToolRequestParams::new(tool).with_arguments(arguments)).await.expect("the tool answers")
}

fn text(result: &CallToolResult) -> &str {
    result.content.first().and_then(|content| content.as_text()).map_or("", |text| text.text.as_str())
}

#[test]
fn the_tools_are_listed_with_their_arguments() {
    let repo = sample();
    with_peer(repo.path(), async |peer: &Peer| {
        let tools = peer.list_all_tools().await.expect("tools are listed");
        let names: Vec<&str> = tools.iter().map(|tool| &*tool.name).collect();
        assert_eq!(names, ["check", "who", "explain", "extract"]);
        for tool in &tools {
            let schema = Value::Object((*tool.input_schema).clone());
            assert!(jsonschema::validator_for(&schema).is_ok(), "{}", tool.name);
        }
    });
}

#[test]
fn a_break_is_found_with_its_fix_and_who_reads_the_field() {
    let repo = sample();
    with_peer(repo.path(), async |peer: &Peer| {
        let report = call(peer, "check", json!({"base": "main"})).await.structured_content.expect("a report");
        assert_eq!(report["verdict"], "breaking");
        assert_eq!(report["findings"][0]["rule"], "field-renamed");
        assert_eq!(report["findings"][0]["fix"]["safe"], true);
        let who = call(peer, "who", json!({"name": "user.signup.plan"})).await.structured_content.expect("an answer");
        assert!(who["parties"].as_array().expect("a list").iter().any(|party| party["name"] == "crm-sync"));
        let page = call(peer, "explain", json!({"rule": "field-renamed"})).await;
        assert!(text(&page).contains("field-renamed"));
        let extract = call(peer, "extract", json!({"event": "user.signup"})).await.structured_content.expect("an extract");
        assert_eq!(extract["boundaries"][0]["event"], "user.signup");
    });
}

#[test]
fn what_goes_wrong_is_said_with_the_way_out() {
    let repo = sample();
    with_peer(repo.path(), async |peer: &Peer| {
        let unknown = call(peer, "check", json!({"base": "nowhere"})).await;
        assert_eq!(unknown.is_error, Some(true));
        assert!(text(&unknown).contains("nowhere"), "{}", text(&unknown));
        // A value is never taken for an option.
        let option = call(peer, "who", json!({"name": "--help"})).await;
        assert_eq!(option.is_error, Some(true));
        let arguments = json!({"nmae": "x"}).as_object().expect("an object").clone();
        let wrong = peer.call_tool(CallToolRequestParams::new("who").with_arguments(arguments)).await;
        assert!(wrong.expect_err("is refused").to_string().contains("there are: name"));
        assert!(peer.call_tool(CallToolRequestParams::new("rename")).await.is_err());
    });
}
