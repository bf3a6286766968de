//! What holds for reports as a whole: assembly, text, JSON, and that no reporter panics or hides an error of its output.

use std::collections::BTreeSet;
use std::io;

use expect_test::expect;
use serde_json::{Value, json};

use super::assemble::{FailOn, exit_code, questions, summary, verdict};
use super::sample::{Sample, written};
use super::*;
use crate::finding::{Status, Via};

fn text(sample: &Sample) -> String {
    written(&text::Text::new(TextStyle::plain()), &sample.report())
}

#[test]
fn the_exit_code_follows_weight_status_and_gate() {
    let mut sample = Sample::rename();
    let code = |sample: &Sample, gate: Gate| exit_code(&sample.findings, &sample.counts, &gate, true);
    let lenient = Gate::default();
    assert_eq!(code(&sample, lenient), 1);
    assert_eq!(code(&sample, Gate { fail_on: FailOn::Never, ..lenient }), 0);
    sample.findings[0].severity = Severity::Warning;
    assert_eq!(code(&sample, lenient), 0);
    assert_eq!(code(&sample, Gate { fail_on: FailOn::Warning, ..lenient }), 1);
    sample.findings[0].severity = Severity::Error;
    for (status, expected) in [(Status::Known, 0), (Status::Allowed, 0), (Status::Requested, 1)] {
        sample.findings[0].status = status;
        assert_eq!(code(&sample, lenient), expected, "{status:?}");
    }
    assert_eq!(code(&sample, Gate { accept_requested: true, ..lenient }), 0);
    sample.findings.clear();
    sample.counts.unknown_touched = 1;
    assert_eq!(code(&sample, lenient), 0);
    assert_eq!(code(&sample, Gate { strict: true, ..lenient }), 1);
    // Without a base nothing was compared: that is `--require-base`'s to refuse.
    assert_eq!(exit_code(&sample.findings, &sample.counts, &Gate { strict: true, ..lenient }, false), 0);
}

#[test]
fn nothing_unknown_is_ever_called_compatible() {
    let mut sample = Sample::rename();
    let gate = Gate::default();
    assert_eq!(verdict(&sample.findings, &sample.counts, &gate, true), Verdict::Breaking);
    sample.findings[0].status = Status::Known;
    assert_eq!(verdict(&sample.findings, &sample.counts, &gate, true), Verdict::Compatible);
    assert_eq!(verdict(&sample.findings, &sample.counts, &gate, false), Verdict::Unknown);
    sample.counts.unknown = 3;
    assert_eq!(verdict(&sample.findings, &sample.counts, &gate, true), Verdict::Compatible, "older unknowns are known");
    sample.counts.unknown_touched = 1;
    assert_eq!(verdict(&sample.findings, &sample.counts, &gate, true), Verdict::Unknown);
}

#[test]
fn an_open_question_is_answered_unknown_and_a_found_one_yes() {
    let mut sample = Sample::rename();
    let undecided = BTreeSet::from([2, 4]);
    let answers = |sample: &Sample| questions(&sample.findings, &undecided, true).map(|answer| answer.answer.as_str());
    assert_eq!(answers(&sample), ["no", "unknown", "no", "yes", "no", "no"]);
    sample.findings[0].rule = "unknown-compatibility";
    sample.findings[0].question = Some(1);
    assert_eq!(answers(&sample), ["unknown", "unknown", "no", "unknown", "no", "no"]);
    sample.findings[0].status = Status::Known;
    assert_eq!(answers(&sample), ["no", "unknown", "no", "unknown", "no", "no"]);
}

#[test]
fn the_summary_counts_each_finding_once() {
    let mut sample = Sample::rename();
    sample.findings.push(sample.note());
    for status in [Status::Known, Status::Requested, Status::Allowed] {
        let mut finding = sample.findings[0].clone();
        finding.status = status;
        sample.findings.push(finding);
    }
    let counted = summary(&sample.findings, &sample.counts);
    let numbers = (counted.errors, counted.warnings, counted.notes, counted.known, counted.requested, counted.allowed);
    assert_eq!(numbers, (1, 0, 1, 1, 1, 1));
}

#[test]
fn a_finding_shows_both_sides_the_promise_the_payload_and_the_way_out() {
    expect![[r#"
        error[field-renamed]: `customerId` is now `customer_id` in `invoice.paid`
          ▸ now
           ╭─[src/events.rs:7:9]
         6 │     pub id: String,
         7 │     pub customer_id: String,
           ·         ───────────────────
         8 │ }
           ╰────
          ▸ before
           ╭─[src/events.rs:7:9]
         6 │     #[serde(rename = "customerId")]
         7 │     pub customer_id: String,
           ·         ───────────────────
         8 │ }
           ╰────
          ▸ promised to crm-sync (contract)
           ╭─[contracts/crm-sync.yaml:7:7]
         6 │       id: string
         7 │       customerId: string
           ·       ──────────────────
           ╰────
          = readers: crm-sync (contract), contracts/crm-sync.yaml:7, owner @acme/growth
          = why: `crm-sync` requires `customerId`
          = payload: {
                       "customer_id": "c_1",
                       "id": "in_1"
                     }
          = help: keep the wire name with `#[serde(rename = "customerId")]`, or send both while consumers move
          = accept: driftgate accept 3f9c21b0a7de --reason "…"

        changed: shape no · timing no · retry no · rename yes (1) · mock no · idempotency no
        `driftgate explain field-renamed` tells what the rule means, with an example and the way out
        breaking: 1 error. Compared worktree with origin/main (36a18c0), merge base with origin/main. 3 events, 4 producers, 2 consumers, 2 contracts; 12 files read, 1 skipped, 0 unknown.
    "#]]
    .assert_eq(&text(&Sample::rename()));
}

#[test]
fn text_without_unicode_is_ascii() {
    let style = TextStyle { unicode: false, ..TextStyle::plain() };
    let text = written(&text::Text::new(style), &Sample::rename().report());
    let beyond: String = text.chars().filter(|c| !c.is_ascii()).collect();
    assert_eq!(beyond, "");
}

#[test]
fn colour_and_links_come_only_when_asked_for() {
    let sample = Sample::rename();
    assert!(!text(&sample).contains('\u{1b}'));
    let style = TextStyle { color: true, links: Some("/home/me/my repo".to_owned()), ..TextStyle::plain() };
    let styled = written(&text::Text::new(style), &sample.report());
    assert!(styled.contains("\u{1b}[1;31merror[field-renamed]"));
    assert!(styled.contains("\u{1b}]8;;file:///home/me/my%20repo/src/events.rs\u{1b}\\src/events.rs\u{1b}]8;;\u{1b}\\:7:9"));
}

fn hostile_in(shown: &str) -> String {
    shown.chars().filter(|c| escape::is_hostile(*c) && *c != '\n').collect()
}

#[test]
fn hostile_names_do_not_reach_the_terminal() {
    let mut sample = Sample::rename();
    let evil = "x\u{1b}]0;pwned\u{7}\u{202e}\n::error::no\r";
    sample.sources.add(Side::Head, evil, evil);
    let finding = &mut sample.findings[0];
    finding.head = Some(sample.sources.origin(Side::Head, evil, "pwned"));
    for field in [&mut finding.event, &mut finding.message, &mut finding.help, &mut finding.consumers[0].name] {
        *field = evil.to_owned();
    }
    finding.evidence = Some(evil.to_owned());
    finding.witness = Some(crate::finding::Witness::confirmed(json!({ evil: evil })));
    sample.diagnostics.push(Diagnostic::warning(RepoPath::new(evil), Some(1), evil));
    let shown = text(&sample);
    assert_eq!(hostile_in(&shown), "");
    for name in ["json", "markdown", "sarif", "junit", "gitlab"] {
        let reporter = (format(name).expect("it is in the table").reporter)(&TextStyle::plain());
        let shown = written(&*reporter, &sample.report());
        assert_eq!(hostile_in(&shown), "", "{name}");
    }
}

#[test]
fn notes_take_a_line_and_known_findings_only_a_number() {
    let mut sample = Sample::rename();
    sample.findings.push(sample.note());
    sample.findings[0].status = Status::Known;
    expect![[r#"
        note[field-added]: `id` is new in `invoice.paid`  src/events.rs:6:9

        changed: shape yes (1) · timing no · retry no · rename no · mock no · idempotency no
        compatible: 1 note, 1 known. Compared worktree with origin/main (36a18c0), merge base with origin/main. 3 events, 4 producers, 2 consumers, 2 contracts; 12 files read, 1 skipped, 0 unknown.
    "#]]
    .assert_eq(&text(&sample));
}

#[test]
fn an_accepted_finding_takes_a_line_and_its_reason() {
    let mut sample = Sample::rename();
    sample.findings[0].status = Status::Allowed;
    sample.findings[0].accepted = Some("crm-sync reads both".to_owned());
    let text = text(&sample);
    let expected = "error[field-renamed] (allowed): `customerId` is now `customer_id` in `invoice.paid`  src/events.rs:7:9\n  = accepted: crm-sync reads both\n";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn one_cause_is_told_once_with_its_events() {
    let mut sample = Sample::rename();
    let template = sample.findings[0].clone();
    for (event, known) in [("user.signup", true), ("user.gone", false), ("user.left", false)] {
        let mut finding = template.clone();
        finding.event = event.to_owned();
        finding.message = template.message.replace("invoice.paid", event);
        finding.fingerprint = event.to_owned();
        if !known {
            finding.consumers[0].via = Via::Base;
        }
        sample.findings.push(finding);
    }
    let shown = text(&sample);
    let lines: Vec<&str> =
        shown.lines().filter(|line| ["error", "  = ", "    ", "breaking"].iter().any(|start| line.starts_with(start))).collect();
    expect![[r#"
        error[field-renamed]: `customerId` is now `customer_id` in `invoice.paid` and 3 more events
          = events: invoice.paid: crm-sync (contract), contracts/crm-sync.yaml:7, owner @acme/growth
                    user.signup: crm-sync (contract), contracts/crm-sync.yaml:7, owner @acme/growth
                    user.gone, user.left: nobody is declared
          = why: `crm-sync` requires `customerId`
          = payload: {
                       "customer_id": "c_1",
                       "id": "in_1"
                     }
          = help: keep the wire name with `#[serde(rename = "customerId")]`, or send both while consumers move
          = accept: driftgate accept 3f9c21b0a7de user.signup user.gone user.left --reason "…"
        breaking: 4 errors (1 cause). Compared worktree with origin/main (36a18c0), merge base with origin/main. 3 events, 4 producers, 2 consumers, 2 contracts; 12 files read, 1 skipped, 0 unknown."#]].assert_eq(&lines.join("\n"));
    let page = written(&markdown::Markdown, &sample.report());
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| **") || line.starts_with("<details>")).collect();
    expect![[r#"
        | **breaking** | `invoice.paid`, `user.signup`, `user.gone`, `user.left` | `customerId` is now `customer_id` | `crm-sync` (`@acme/growth`) | `src/events.rs:7` | `field-renamed` |
        <details><summary>field-renamed&#58; <code>customerId</code> is now <code>customer&#95;id</code> in <code>invoice.paid</code> and 3 more events</summary>"#]].assert_eq(&rows.join("\n"));
}

#[test]
fn a_finding_with_many_readers_names_some_of_them() {
    let mut sample = Sample::rename();
    let reader = sample.findings[0].consumers[0].clone();
    sample.findings[0].consumers = (0..12).map(|n| Consumer { name: format!("r{n:02}"), ..reader.clone() }).collect();
    let brief = text(&sample);
    assert!(brief.contains("r09 (contract)") && !brief.contains("r10 (contract)"), "{brief}");
    assert!(brief.contains("2 more (`-v` names them)"), "{brief}");
    let verbose = TextStyle { verbose: true, ..TextStyle::plain() };
    assert!(written(&text::Text::new(verbose), &sample.report()).contains("r11 (contract)"));
}

#[test]
fn quiet_text_is_empty_where_nothing_fails() {
    let mut sample = Sample::rename();
    sample.findings[0].status = Status::Allowed;
    let style = TextStyle { quiet: true, ..TextStyle::plain() };
    assert_eq!(written(&text::Text::new(style), &sample.report()), "");
}

#[test]
fn without_a_base_the_text_says_that_nothing_was_compared() {
    let mut sample = Sample::rename();
    sample.findings.clear();
    let report = Report { base: None, verdict: Verdict::Unknown, ..sample.report() };
    let text = written(&text::Text::new(TextStyle::plain()), &report);
    assert!(text.starts_with("unknown: no findings. No base: nothing was compared."), "{text}");
}

fn json_of(sample: &Sample) -> Value {
    serde_json::from_str(&written(&json::Json, &sample.report())).expect("it is JSON")
}

#[test]
fn the_json_form_is_the_published_one() {
    let mut sample = Sample::rename();
    sample.diagnostics.push(Diagnostic::warning(RepoPath::new("src/broken.ts"), Some(3), "cannot be parsed"));
    let form = json_of(&sample);
    assert_eq!(
        form["findings"][0],
        json!({
            "rule": "field-renamed", "question": 4, "severity": "error", "status": "new",
            "event": "invoice.paid", "role": "producer", "path": "/customerId", "to": "/customer_id",
            "message": "`customerId` is now `customer_id` in `invoice.paid`",
            "head": {"file": "src/events.rs", "line": 7, "column": 9, "end_line": 7, "end_column": 28},
            "base": {"file": "src/events.rs", "line": 7, "column": 9, "end_line": 7, "end_column": 28},
            "consumers": [{
                "name": "crm-sync", "via": "contract", "owner": "@acme/growth", "file": "contracts/crm-sync.yaml", "line": 7
            }],
            "witness": {"customer_id": "c_1", "id": "in_1"},
            "evidence": "`crm-sync` requires `customerId`",
            "help": "keep the wire name with `#[serde(rename = \"customerId\")]`, or send both while consumers move",
            "fingerprint": "3f9c21b0a7de"
        })
    );
    assert_eq!(form["version"], 1);
    assert_eq!(form["tool"], json!({"name": "driftgate", "version": "0.1.0"}));
    assert_eq!(form["head"], json!({"rev": "worktree", "oid": null}));
    assert_eq!(form["verdict"], "breaking");
    assert_eq!(form["questions"][3], json!({"question": 4, "answer": "yes", "findings": 1}));
    assert_eq!(
        form["diagnostics"],
        json!([{"severity": "warning", "file": "src/broken.ts", "line": 3, "message": "cannot be parsed"}])
    );
}

/// The text between two positions, counted as people count: lines and characters from 1.
fn read_back(text: &str, place: &Value) -> String {
    let number = |name: &str| place[name].as_u64().expect("positions are numbers") as usize;
    let lines: Vec<&str> = text.split('\n').collect();
    let (first, last) = (number("line") - 1, number("end_line") - 1);
    let mut read: Vec<String> = lines[first..=last].iter().map(|line| (*line).to_owned()).collect();
    let end = read.len() - 1;
    read[end] = read[end].chars().take(number("end_column") - 1).collect();
    read[0] = read[0].chars().skip(number("column") - 1).collect();
    read.join("\n")
}

#[test]
fn reported_positions_read_back_as_the_text_they_were_made_from() {
    let source = "\tü🦀 { customerId: \"ä\" },\n/* e\u{301} */\tcustomer_id\n\n  send({\n    a: 1,\n  });end";
    for marked in ["customerId", "\"ä\"", "🦀", "customer_id", "send({\n    a: 1,\n  })", "end", "\n\n"] {
        let mut sample = Sample::rename();
        sample.sources.add(Side::Head, "src/odd.ts", source);
        let origin = sample.sources.origin(Side::Head, "src/odd.ts", marked);
        let line = source[..origin.span.start as usize].matches('\n').count() as u32 + 1;
        sample.changed.insert(RepoPath::new("src/odd.ts"), vec![LineRange { start: line, end: line }]);
        sample.findings[0].head = Some(origin);
        let place = json_of(&sample)["findings"][0]["head"].clone();
        assert_eq!(read_back(source, &place), marked, "JSON");
        let sarif: Value = serde_json::from_str(&written(&sarif::Sarif, &sample.report())).expect("it is JSON");
        let region = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"];
        assert_eq!(region["startLine"], place["line"], "SARIF");
        if !marked.contains('\n') {
            let region = json!({
                "line": region["startLine"], "column": region["startColumn"],
                "end_line": region["endLine"], "end_column": region["endColumn"]
            });
            assert_eq!(read_back(source, &region), marked, "SARIF");
        }
        let header = format!("[src/odd.ts:{}:{}]", place["line"], place["column"]);
        assert!(text(&sample).contains(&header), "{header} in {}", text(&sample));
    }
}

#[test]
fn every_json_report_is_an_instance_of_its_schema() {
    let schema = json::schema();
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let mut sample = Sample::rename();
    sample.findings.push(sample.note());
    let edit = |text: &str| crate::finding::Edit {
        origin: sample.sources.origin(Side::Head, "src/events.rs", text),
        replacement: "x".to_owned(),
    };
    let (first, second) = (edit("id"), edit("struct"));
    sample.findings[1].fix = Some(crate::finding::Fix {
        what: "keep the wire name `x`".to_owned(),
        origin: first.origin,
        replacement: first.replacement,
        further: vec![second],
        safe: true,
    });
    sample.findings[1].consumers.push(crate::finding::Consumer {
        name: String::new(),
        via: Via::Base,
        owner: None,
        origin: None,
    });
    sample.findings[1].head = Some(Origin::new(RepoPath::new("gone"), crate::source::Span::new(1, 2)));
    for base in [true, false] {
        let mut report = sample.report();
        if !base {
            report.base = None;
        }
        let form: Value = serde_json::from_str(&written(&json::Json, &report)).expect("it is JSON");
        let errors: Vec<String> = validator.iter_errors(&form).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
    let mut wrong = json_of(&sample);
    wrong["verdict"] = json!("fine");
    assert!(!validator.is_valid(&wrong), "a schema that takes everything proves nothing");
}

#[test]
fn a_witness_keeps_the_digits_of_its_numbers() {
    let mut sample = Sample::rename();
    let payload: Value = serde_json::from_str("{\"n\":12345678901234567890123.4500}").expect("it is JSON");
    sample.findings[0].witness = Some(crate::finding::Witness::confirmed(payload));
    let shown = written(&json::Json, &sample.report());
    assert!(shown.contains("12345678901234567890123.4500"), "{shown}");
}

/// Takes so many bytes and then breaks, as a closed pipe does.
struct Pipe(usize);

impl io::Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_is_an_error_of_every_reporter() {
    let sample = Sample::rename();
    for format in REPORTERS {
        let reporter = (format.reporter)(&TextStyle::plain());
        let whole = written(&*reporter, &sample.report()).len();
        for taken in [0, 1, whole / 2, whole - 1] {
            let error = reporter.write(&sample.report(), &mut Pipe(taken)).expect_err(format.name);
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{}", format.name);
        }
        reporter.write(&sample.report(), &mut Pipe(whole)).expect(format.name);
    }
}

#[test]
fn ten_thousand_findings_and_a_file_name_with_a_newline_are_written_in_every_form() {
    let mut sample = Sample::rename();
    let odd = "src/a\nb.rs";
    sample.sources.add(Side::Head, odd, HEAD_LINES);
    for number in 0..10_000_usize {
        let mut finding = sample.findings[0].clone();
        finding.event = format!("event.{number}");
        // Half of them have causes of their own.
        if number % 4 < 2 {
            finding.message = format!("change {number}");
        }
        finding.fingerprint = format!("{number:012x}");
        if number % 2 == 0 {
            finding.head = Some(sample.sources.origin(Side::Head, odd, "two"));
        }
        sample.findings.push(finding);
    }
    let report = sample.report();
    for format in REPORTERS {
        let reporter = (format.reporter)(&TextStyle::plain());
        let whole = written(&*reporter, &report);
        if format.name == "markdown" {
            assert!(whole.len() <= markdown::MAX_COMMENT);
            assert!(whole.contains("more findings do not fit here"), "{}", &whole[whole.len() - 500..]);
        }
    }
}

const HEAD_LINES: &str = "one\ntwo\nthree\n";

/// Everything that a report can hold at once, with names that no format may stumble over.
fn rich() -> Sample {
    let mut sample = Sample::rename();
    sample.changed.insert(RepoPath::new("src/events.rs"), vec![LineRange { start: 7, end: 7 }]);
    sample.findings.push(sample.note());
    let hostile = "a|b`[c](1)\u{202e}<img src=x>\n::error::&amp;]]>\u{0}";
    sample.sources.add(Side::Head, "src/odd name%20#\n.rs", HEAD_LINES);
    for (number, status) in [Status::Allowed, Status::Requested, Status::Known].into_iter().enumerate() {
        let mut finding = sample.findings[0].clone();
        finding.status = status;
        finding.event = format!("{hostile}{number}");
        finding.message = format!("`{hostile}` is gone");
        finding.help = hostile.to_owned();
        finding.accepted = Some(hostile.to_owned());
        finding.consumers[0].name = hostile.to_owned();
        finding.fingerprint = format!("{number:012x}");
        finding.head = Some(sample.sources.origin(Side::Head, "src/odd name%20#\n.rs", "two"));
        sample.findings.push(finding);
    }
    sample.diagnostics.push(Diagnostic::warning(RepoPath::new("src/broken.ts"), Some(3), hostile));
    sample.events.push(ChangedEvent {
        name: hostile.to_owned(),
        producers: vec![Participant { name: hostile.to_owned(), broken: true }],
        consumers: Vec::new(),
    });
    sample
}

/// With `DRIFTGATE_REPORTS_DIR` set the reports stay there, for the validators of the platforms: `tests/integrations.sh`.
#[test]
fn a_report_with_everything_in_it_is_written_in_every_form() {
    let kept = std::env::var_os("DRIFTGATE_REPORTS_DIR").map(std::path::PathBuf::from);
    for (name, sample) in [("rich", rich()), ("plain", Sample::rename())] {
        for format in REPORTERS {
            let reporter = (format.reporter)(&TextStyle::plain());
            let whole = written(&*reporter, &sample.report());
            assert_eq!(whole, written(&*reporter, &sample.report()), "{}: same findings, same bytes", format.name);
            assert!(whole.contains("customerId"), "{}", format.name);
            if let Some(folder) = &kept {
                std::fs::write(folder.join(format!("{name}.{}", format.name)), whole).expect("the folder can be written to");
            }
        }
    }
    let mut clean = Sample::rename();
    clean.findings.clear();
    clean.events.clear();
    for format in REPORTERS {
        let whole = written(&*(format.reporter)(&TextStyle::plain()), &clean.report());
        assert_ne!(whole, "", "{}", format.name);
        if let Some(folder) = &kept {
            std::fs::write(folder.join(format!("clean.{}", format.name)), whole).expect("the folder can be written to");
        }
    }
    if let Some(folder) = &kept {
        std::fs::write(folder.join("report.schema.json"), json::schema().to_string()).expect("the folder can be written to");
    }
}
