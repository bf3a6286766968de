//! The program from outside: what it prints, what it writes, and what it exits with.

use std::io::{BufRead, BufReader, Write as _};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::program::{Place, Said, copy, fixture, root};

/// Holds a value against one of the tool's own forms.
#[track_caller]
fn conforms(form: &str, value: &Value) {
    let text = std::fs::read_to_string(root().join(format!("contracts/{form}.schema.json"))).expect("the schema is there");
    let schema: Value = serde_json::from_str(&text).expect("a schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let wrong: Vec<String> = validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{}\n{value:#}", wrong.join("\n"));
}

fn rules(report: &Value) -> Vec<&str> {
    report["findings"].as_array().expect("findings is a list").iter().filter_map(|finding| finding["rule"].as_str()).collect()
}

/// A service with one event and one reader.
fn service(wire_name: &str) -> String {
    format!(
        "#[derive(serde::Serialize)]\npub struct Paid {{\n    #[serde(rename = \"{wire_name}\")]\n    pub customer: String,\n}}\n\n\
         pub async fn paid(bus: &EventBus, event: &Paid) {{\n    bus.publish(\"invoice.paid\", event).await;\n}}\n"
    )
}

const READER: &str = "consumer: mailer\nevents:\n  invoice.paid:\n    fields:\n      customerId: string\n";

#[test]
fn the_demonstration_shows_the_break_and_ends_well() {
    let said = Place::new().run(&["demo"]).exits(0);
    assert!(said.out.contains("$ driftgate check --base main --head tidy-up"), "{}", said.out);
    assert!(said.out.contains("error[field-renamed]: `customerId` is now `customer_id`"), "{}", said.out);
    assert!(said.out.contains("`check` exited with 1"), "{}", said.out);
}

#[test]
fn the_forms_are_those_that_are_committed() {
    let place = Place::new();
    for form in ["config", "contract", "report", "extract"] {
        let printed = place.run(&["schema", form]).exits(0).out;
        let file = root().join(format!("contracts/{form}.schema.json"));
        let committed = std::fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
        assert!(printed == committed, "run `driftgate schema {form} > contracts/{form}.schema.json`");
    }
}

#[test]
fn a_break_exits_with_one_and_its_report_is_what_the_schema_says() {
    let place = Place::sample();
    let report = place.run(&["check", "--base", "main", "--format", "json"]).exits(1).json();
    conforms("report", &report);
    assert_eq!(rules(&report), ["field-renamed"]);
    assert_eq!(report["verdict"], "breaking");
    let finding = &report["findings"][0];
    assert_eq!(finding["event"], "user.signup");
    assert_eq!((&finding["path"], &finding["to"]), (&json!("/customerId"), &json!("/customer_id")));
    // The position is that of the field, as a person finds it in the file.
    let text = std::fs::read_to_string(place.dir.join("src/events.rs")).expect("the file is there");
    let line = text.lines().nth(finding["head"]["line"].as_u64().expect("a line") as usize - 1).expect("the file has the line");
    let columns =
        [&finding["head"]["column"], &finding["head"]["end_column"]].map(|c| c.as_u64().expect("a column") as usize - 1);
    assert_eq!(&line[columns[0]..columns[1]], "customer_id");
    let readers: Vec<&str> =
        finding["consumers"].as_array().expect("a list").iter().filter_map(|reader| reader["name"].as_str()).collect();
    assert_eq!(readers, ["analytics", "crm-sync"]);
    assert!(finding["witness"].get("customerId").is_none() && finding["witness"]["customer_id"].is_string());
}

#[test]
fn what_is_wrong_already_is_known_and_exits_with_zero() {
    let place = Place::sample();
    let report = place.run(&["check", "--base", "HEAD", "--head", "HEAD", "--format", "json"]).exits(0).json();
    conforms("report", &report);
    assert_eq!(report["verdict"], "compatible");
    let findings = report["findings"].as_array().expect("a list");
    assert!(!findings.is_empty() && findings.iter().all(|finding| finding["status"] == "known"), "{report:#}");
}

#[test]
fn an_extract_is_what_its_schema_says() {
    let place = Place::sample();
    let extract = place.run(&["extract", "--format", "json"]).exits(0).json();
    conforms("extract", &extract);
    let boundaries = extract["boundaries"].as_array().expect("a list");
    let events: Vec<&str> = boundaries.iter().filter_map(|boundary| boundary["event"].as_str()).collect();
    assert_eq!(events, ["invoice.paid", "user.signup"]);
    let signup = &boundaries[1];
    assert_eq!((&signup["role"], &signup["file"]), (&json!("producer"), &json!("src/signup.rs")));
    assert_eq!(signup["schema"]["required"], json!(["customer_id", "email", "plan"]));
}

#[test]
fn two_folders_are_compared_without_a_repository() {
    let place = Place::new();
    place.write("old/src/lib.rs", service("customerId"));
    place.write("old/contracts/mailer.yaml", READER);
    place.write("new/src/lib.rs", service("customer_id"));
    place.write("new/contracts/mailer.yaml", READER);
    let report = place.run(&["check", "--base-dir", "old", "--head-dir", "new", "--format", "json"]).exits(1).json();
    assert_eq!(rules(&report), ["field-renamed"]);
    // An output that cannot be written is the run's failure, whatever the findings say.
    let output = format!("json={}", place.dir.join("no/such/folder/report.json").display());
    place
        .run(&["check", "--base-dir", "old", "--head-dir", "new", "--output", &output])
        .exits(2)
        .complains(&["cannot write", "check that the folder exists"]);
}

#[test]
fn a_hook_sees_what_is_staged_and_nothing_else() {
    let place = Place::repository();
    place.write("src/lib.rs", service("customerId"));
    place.write("contracts/mailer.yaml", READER);
    place.commit("Pay");
    place.write("src/lib.rs", service("customer_id"));
    place.run(&["check", "--staged", "--format", "json"]).exits(0);
    place.git(&["add", "-A"]);
    place.write("src/lib.rs", service("customerId"));
    let report = place.run(&["check", "--staged", "--format", "json"]).exits(1).json();
    assert_eq!((&report["head"]["rev"], rules(&report)), (&json!("staged"), vec!["field-renamed"]));
}

#[test]
fn a_bare_repository_is_checked_like_any_other() {
    let place = Place::sample();
    let bare = place.beside("bare.git");
    place.git(&["clone", "-q", "--bare", ".", &bare.to_string_lossy()]);
    let report = place.run_in(&bare, &["check", "--base", "main", "--head", "tidy-up", "--format", "json"]).exits(1).json();
    assert_eq!(rules(&report), ["field-renamed"]);
}

#[test]
fn what_is_no_repository_is_said_with_the_way_out() {
    let place = Place::new();
    place.run(&["check"]).exits(2).complains(&["is not inside a git repository", "--repo DIR", "--base-dir"]);
    place.run(&["check", "--repo", "nowhere"]).exits(2).complains(&["nowhere"]);
}

#[test]
fn a_revision_that_is_not_there_is_said_with_the_way_out() {
    let place = Place::repository();
    place.commit("Start");
    let said = place.run(&["check", "--base", "orgin/main"]).exits(2);
    said.complains(&["revision `orgin/main` is not in this repository", "help:"]);
    assert!(said.out.is_empty(), "{}", said.out);
}

#[test]
fn a_shallow_clone_names_the_command_that_brings_the_history() {
    let place = Place::repository();
    place.commit("Start");
    place.git(&["checkout", "-q", "-b", "side"]);
    place.commit("Aside");
    place.git(&["checkout", "-q", "main"]);
    place.commit("On");
    let shallow = place.beside("shallow");
    let url = format!("file://{}", place.dir.display());
    place.git(&["clone", "-q", "--depth", "1", "--no-single-branch", "--branch", "side", &url, &shallow.to_string_lossy()]);
    place.run_in(&shallow, &["check", "--base", "origin/main"]).exits(2).complains(&["git fetch", "fetch-depth: 0"]);
}

#[test]
fn a_branch_without_a_commit_has_nothing_to_compare_with() {
    let place = Place::repository();
    place.write("src/lib.rs", service("customerId"));
    let said = place.run(&["check", "--staged"]).exits(0);
    assert!(said.out.contains("nothing was compared"), "{}", said.out);
    place.run(&["check", "--staged", "--require-base"]).exits(2).complains(&["there is nothing to compare with"]);
}

#[test]
fn usage_that_is_wrong_exits_with_two() {
    let place = Place::repository();
    place.commit("Start");
    for (arguments, says) in [
        (&["chekc"][..], "unrecognized subcommand"),
        (&["check", "--staged", "--head", "HEAD"][..], "cannot be used with"),
        (&["check", "--base-dir", "."][..], "--head-dir"),
        (&["check", "--format", "xml"][..], "there is no format `xml`"),
        (&["explain", "field-renamd"][..], "field-renamed"),
        (&["who", "invoice.piad"][..], "invoice.piad"),
        (&["diff", "a.json", "b.json"][..], "a.json"),
    ] {
        place.run(arguments).exits(2).complains(&[says]);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::new();
    let mut child = place
        .command(env!("CARGO_BIN_EXE_driftgate"), &place.dir)
        .args(["schema", "config"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program can be run");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn containment_is_answered_a_line_at_a_time() {
    let place = Place::new();
    let mut child = place
        .command(env!("CARGO_BIN_EXE_driftgate"), &place.dir)
        .args(["subschema", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program can be run");
    let mut input = child.stdin.take().expect("it is piped");
    let lines =
        "{\"id\":1,\"a\":{\"type\":\"integer\"},\"b\":{\"type\":\"number\"}}\nno JSON\n{\"id\":2,\"a\":true,\"b\":false}\n";
    input.write_all(lines.as_bytes()).expect("it reads");
    drop(input);
    let answers: Vec<Value> = BufReader::new(child.stdout.take().expect("it is piped"))
        .lines()
        .map(|line| serde_json::from_str(&line.expect("it writes text")).expect("an answer is JSON"))
        .collect();
    assert!(child.wait().expect("it ends").success());
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[0], json!({"id": 1, "subset": true}));
    assert!(answers[1]["error"].is_string());
    assert_eq!(answers[2]["subset"], json!(false));
}

#[test]
fn a_schema_is_held_against_its_new_form() {
    let place = Place::new();
    place.write("old.json", r#"{"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}"#);
    place.write("new.json", r#"{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}"#);
    let report = place.run(&["diff", "old.json", "new.json", "--format", "json"]).exits(1).json();
    assert_eq!((&report["verdict"], rules(&report)), (&json!("breaking"), vec!["type-changed"]));
    place.run(&["diff", "old.json", "old.json"]).exits(0);
    let answer = place.run(&["subschema", "new.json", "old.json", "--format", "json"]).exits(1).json();
    assert!(answer["witness"]["id"].is_number(), "{answer}");
    place.run(&["subschema", "old.json", "old.json"]).exits(0);
}

#[test]
fn a_contract_that_cannot_be_read_ends_the_run_at_base_and_is_a_finding_in_head() {
    let broken = "consumer: mailer\nevents:\n  invoice.paid:\n    feilds:\n      customerId: string\n";
    let place = Place::new();
    for (side, contract) in [("good", READER), ("broken", broken)] {
        place.write(&format!("{side}/src/lib.rs"), service("customerId"));
        place.write(&format!("{side}/contracts/mailer.yaml"), contract);
    }
    place.run(&["check", "--base-dir", "broken", "--head-dir", "broken"]).exits(2).complains(&[
        "contracts/mailer.yaml:4",
        "`feilds`",
        "`fields`",
    ]);
    let report = place.run(&["check", "--base-dir", "good", "--head-dir", "broken", "--format", "json"]).exits(1).json();
    let finding = &report["findings"][0];
    assert_eq!((&finding["head"]["file"], &finding["head"]["line"]), (&json!("contracts/mailer.yaml"), &json!(4)), "{finding:#}");
}

#[test]
fn a_configuration_that_cannot_be_read_ends_the_run_with_its_line() {
    let place = Place::new();
    place.write("base/driftgate.toml", "[check]\nfail-on = \"error\"\nfail-onn = \"never\"\n");
    place.write("head/README", "");
    place.run(&["check", "--base-dir", "base", "--head-dir", "head"]).exits(2).complains(&[
        "driftgate.toml:3",
        "fail-onn",
        "`fail-on`",
    ]);
}

/// Everything that is hard to read, in one repository: the run goes on, says what it could not read, and the service beside it is
/// checked as ever.
#[test]
fn files_that_cannot_be_read_are_named_and_never_called_compatible() {
    let place = Place::new();
    let deep_json = format!("{}1{}", "[".repeat(2_000), "]".repeat(2_000));
    let deep_rust = format!("pub fn deep() -> i32 {{ {}1{} }}\n", "(".repeat(2_000), ")".repeat(2_000));
    let big = format!("pub const BIG: &str = \"{}\";\n", "x".repeat(50 << 20));
    for (side, name) in [("base", "customerId"), ("head", "customer_id")] {
        place.write(&format!("{side}/src/service.rs"), service(name));
        place.write(&format!("{side}/contracts/mailer.yaml"), READER);
        place.write(&format!("{side}/src/big.rs"), &big);
        if side == "head" {
            place.write("head/schemas/deep.json", &deep_json);
            place.write("head/src/deep.rs", &deep_rust);
            place.write("head/src/latin.rs", b"pub const NAME: &str = \"caf\xe9\";\n");
            place.write("head/src/torn.rs", "pub fn torn( {\n");
        }
    }
    let report = place.run(&["check", "--base-dir", "base", "--head-dir", "head", "--format", "json"]).exits(1).json();
    conforms("report", &report);
    assert_eq!(rules(&report), ["field-renamed"]);
    let named: Vec<&str> =
        report["diagnostics"].as_array().expect("a list").iter().filter_map(|diagnostic| diagnostic["file"].as_str()).collect();
    for file in ["src/big.rs", "src/deep.rs", "src/latin.rs", "src/torn.rs"] {
        assert!(named.contains(&file), "`{file}` is not among {named:?}");
    }
}

#[test]
fn a_reference_that_leads_nowhere_is_said_and_never_followed_out() {
    let place = Place::new();
    place.write("outside.json", r#"{"type": "string"}"#);
    for (name, reference) in [
        ("missing", "./gone.json"),
        ("itself", "#"),
        ("address", "http://127.0.0.1:9/schema.json"),
        ("outside", "../../outside.json"),
    ] {
        let side = |text: &str| format!("consumer: mailer\nevents:\n  invoice.paid:\n    schema:\n      {text}\n");
        for base in ["good", name] {
            place.write(&format!("{base}/src/lib.rs"), service("customerId"));
        }
        place.write("good/contracts/mailer.yaml", READER);
        place.write(&format!("{name}/contracts/mailer.yaml"), side(&format!("{{ $ref: \"{reference}\" }}")));
        let said = place.run(&["check", "--base-dir", name, "--head-dir", name, "--format", "json"]);
        if said.code == 2 {
            said.complains(&["contracts/mailer.yaml:5", "help:"]);
            continue;
        }
        let report = said.json();
        assert!(report["summary"]["unknown"].as_u64() > Some(0) || report["diagnostics"] != json!([]), "{name}: {report:#}");
    }
}

#[test]
fn an_acceptance_is_asked_for_by_the_change_and_given_by_the_base() {
    let place = Place::sample();
    let report = place.run(&["check", "--base", "main", "--format", "json"]).exits(1).json();
    let fingerprint = report["findings"][0]["fingerprint"].as_str().expect("a text").to_owned();
    place.run(&["accept", &fingerprint, "--base", "main", "--reason", "crm-sync reads both names"]).exits(0);
    let asked = place.run(&["check", "--base", "main", "--format", "json"]).exits(1).json();
    conforms("report", &asked);
    let findings = asked["findings"].as_array().expect("a list");
    let accepted = findings.iter().find(|finding| finding["fingerprint"] == fingerprint.as_str()).expect("it is still shown");
    assert_eq!((&accepted["status"], &accepted["accepted"]), (&json!("requested"), &json!("crm-sync reads both names")));
    assert!(rules(&asked).contains(&"acceptance-added"));
    place.run(&["check", "--base", "main", "--accept-requested"]).exits(0);
}

/// A change that touches nothing of the tool's own forms says nothing, and one that loses a field names who reads it.
#[test]
fn our_own_forms_are_held_against_their_readers() {
    let place = Place::new();
    for side in ["base", "head"] {
        let dir = place.dir.join(side);
        std::fs::create_dir_all(dir.join("contracts")).expect("a folder can be made");
        copy(&root().join("contracts"), &dir.join("contracts"));
        std::fs::copy(root().join("driftgate.toml"), dir.join("driftgate.toml")).expect("a file can be copied");
    }
    let file = "head/contracts/report.schema.json";
    let text = std::fs::read_to_string(place.dir.join(file)).expect("the schema is there");
    place.write(file, text.replace("\"fingerprint\"", "\"print\""));
    let report = place.run(&["check", "--base-dir", "base", "--head-dir", "head", "--format", "json"]).exits(1).json();
    let readers: Vec<&Value> =
        report["findings"].as_array().expect("a list").iter().flat_map(|f| f["consumers"].as_array()).flatten().collect();
    assert!(readers.iter().any(|reader| reader["name"] == "editor"), "{report:#}");
}

#[test]
fn an_audit_tells_the_state_of_one_snapshot_and_ends_well() {
    let place = Place::new();
    place.write(
        "src/pages.ts",
        "export async function viewed(queue: Queue, path: string) {\n  queue.publish('page.viewed', { path });\n}\n",
    );
    place.write("contracts/stats.yaml", "consumer: stats\nevents:\n  page.viewed:\n    fields:\n      route: string\n");
    let told = place.run(&["audit", "--format", "json"]).exits(0).json();
    let notes: Vec<(&str, &str)> = told["notes"]
        .as_array()
        .expect("notes is a list")
        .iter()
        .map(|note| (note["rule"].as_str().unwrap_or_default(), note["path"].as_str().unwrap_or_default()))
        .collect();
    assert!(notes.contains(&("contract-violated", "/route")), "{told:#}");
    place.write(
        "src/mail.ts",
        "import { Worker } from 'bullmq';\nexport const worker = new Worker('mail', async (job) => {\n  await prisma.sentMail.create({ data: { userId: job.data.userId } });\n});\n\
         export const bounces = new Worker('bounces', async (job) => {\n  await prisma.bounce.upsert({ where: { id: job.data.id }, create: {}, update: {} });\n});\n",
    );
    place.write(
        "app/api/webhooks/orders/route.ts",
        "export async function POST(req: Request) {\n  const order = await req.json();\n  await book(order.id);\n}\n",
    );
    let rules = |rule: &str| place.run(&["audit", "--rule", rule]).exits(0).out;
    let repeated = rules("dedup-check-removed");
    assert!(repeated.contains("src/mail.ts:3:") && !repeated.contains("bounces"), "{repeated}");
    let unsigned = rules("signature-check-removed");
    assert!(unsigned.contains("is taken without a look at who sent it"), "{unsigned}");
    let text = place.run(&["audit", "--rule", "contract-violated"]).exits(0).out;
    assert!(text.starts_with("src/pages.ts:2:"), "{text}");
    assert!(text.contains("note[contract-violated] `page.viewed` is not what stats needs: it requires `route`"), "{text}");
    let wrong = place.run(&["audit", "--rule", "contract-violatd"]).exits(2);
    assert!(wrong.err.contains("did you mean `contract-violated`?"), "{}", wrong.err);
}

#[test]
fn a_lost_handoff_names_who_waits_for_it_and_is_drawn_as_lost() {
    let place = Place::new();
    let story = |part: &str| fixture(&format!("repos/handoff-stories/{part}"));
    for side in ["base", "head"] {
        copy(&story("base"), &place.dir.join(side));
    }
    copy(&story("branches/await-lost"), &place.dir.join("head"));
    let check = ["check", "--base-dir", "base", "--head-dir", "head", "--format"];
    let report = place.run(&[&check[..], &["json"]].concat()).exits(1).json();
    let consumers = report["findings"][0]["consumers"].as_array().expect("a list");
    let names: Vec<&str> = consumers.iter().filter_map(|consumer| consumer["name"].as_str()).collect();
    assert_eq!(names, ["crm-sync", "shop"], "{report}");
    let text = place.run(&[&check[..], &["text"]].concat()).exits(1).out;
    assert!(text.contains("= readers: crm-sync (contract), contracts/crm-sync.yaml:"), "{text}");
    let page = place.run(&[&check[..], &["markdown"]].concat()).exits(1).out;
    assert!(page.contains("| `crm-sync`, "), "{page}");
    // The event is lost before it gets anywhere: the edge from its sender is the broken one.
    let broken: Vec<&str> = page.lines().filter(|line| line.contains(" --x ")).collect();
    assert_eq!(broken.len(), 1, "{page}");
    assert!(broken[0].trim_start().starts_with('p'), "{page}");
}

#[test]
fn what_went_is_told_where_it_stood_before() {
    let place = Place::new();
    place.write("base/src/lib.rs", format!("{}\npub fn other() {{}}\n", service("customerId")));
    place.write("head/src/lib.rs", "\npub fn other() {}\n");
    let page = place.run(&["check", "--base-dir", "base", "--head-dir", "head", "--format", "markdown"]).exits(1).out;
    let line = service("customerId").lines().position(|line| line.contains("publish")).expect("it sends") + 1;
    assert!(page.contains(&format!("| `src/lib.rs:{line}` before | `event-removed` |")), "{page}");
}

#[test]
fn an_extract_of_what_is_not_there_says_so() {
    let place = Place::sample();
    let boundaries = |said: Said| said.exits(0).json()["boundaries"].as_array().map_or(0, Vec::len);
    let all = boundaries(place.run(&["extract", "--format", "json"]));
    assert!(all > 0);
    // From wherever it is called: a folder of here, of the top, and as a whole path.
    let whole = place.dir.join("src").to_string_lossy().into_owned();
    let src = place.dir.join("src");
    for (folder, path) in [(&place.dir, "src/"), (&place.dir, "./src/../src"), (&place.dir, &*whole), (&src, "."), (&src, "src")]
    {
        assert_eq!(boundaries(place.run_in(folder, &["extract", path, "--format", "json"])), all, "{path}");
    }
    assert_eq!(boundaries(place.run(&["extract", "contracts", "--format", "json"])), 0);
    assert_eq!(boundaries(place.run(&["extract", "src", "--rev", "main", "--format", "json"])), all);
    let outside = place.beside("elsewhere");
    std::fs::create_dir_all(&outside).expect("a folder can be made");
    let outside = outside.to_string_lossy().into_owned();
    place.run(&["extract", &outside]).exits(2).complains(&["is not in", "driftgate extract --repo"]);
    place.run(&["extract", "srk"]).exits(2).complains(&["srk", "there is no such path"]);
    place.run(&["extract", "srk", "--rev", "main"]).exits(2).complains(&["there is no `srk` at `main`", "git ls-tree"]);
    place.write(".gitignore", "made/\n");
    place.write("made/lib.rs", "pub fn made() {}\n");
    place.run(&["extract", "made"]).exits(2).complains(&["git check-ignore -v"]);
    assert_eq!(boundaries(place.run(&["extract", "made/lib.rs", "--format", "json"])), 0);
}

#[test]
fn a_backtest_says_one_change_a_line_and_ends_with_its_reader() {
    let place = Place::repository();
    for number in 0..12 {
        place.write("src/lib.rs", format!("// {number}\n{}", service("customerId")));
        place.commit(&format!("Change {number}"));
    }
    let whole = place.run(&["backtest", "--format", "json"]).exits(0);
    assert!(whole.err.is_empty(), "a log has no progress in it: {}", whole.err);
    let subjects: Vec<String> = whole
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"))
        .filter_map(|line| Some(line["subject"].as_str()?.to_owned()))
        .collect();
    // The first of all has no parent.
    let expected: Vec<String> = (1..12).rev().map(|number| format!("Change {number}")).collect();
    assert_eq!(subjects, expected);
    assert!(whole.out.lines().last().is_some_and(|line| line.starts_with("{\"summary\":{\"commits\":11,")), "{}", whole.out);
    // A reader that has seen enough ends it, and that is no error.
    let mut child = place
        .command(env!("CARGO_BIN_EXE_driftgate"), &place.dir)
        .args(["backtest", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let first = lines.next().expect("a line").expect("it is text");
    assert!(first.contains("Change 11"), "{first}");
    drop(lines);
    let ended = child.wait_with_output().expect("it ends");
    assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
}
