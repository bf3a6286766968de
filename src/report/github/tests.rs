//! Our own output, read back as the runner reads it.

use std::collections::BTreeMap;

use expect_test::expect;
use proptest::prelude::*;

use super::*;
use crate::report::sample::{Sample, written};
use crate::report::{LineRange, Side};
use crate::source::RepoPath;

/// A command as the runner understands it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Command {
    name: String,
    properties: BTreeMap<String, String>,
    message: String,
}

/// The runner's parser: it takes lines, trims what leads them, wants `::name key=value,…::message` with a name that it knows, and
/// undoes the escaping in an order that puts `%25` last. While it is stopped it knows one command alone, the token.
#[derive(Default)]
struct Runner {
    stopped: Option<String>,
    commands: Vec<Command>,
}

const KNOWN: [&str; 12] = [
    "stop-commands",
    "set-env",
    "set-output",
    "save-state",
    "add-mask",
    "add-path",
    "add-matcher",
    "remove-matcher",
    "warning",
    "error",
    "notice",
    "debug",
];

impl Runner {
    fn read(text: &str) -> Runner {
        let mut runner = Runner::default();
        // A line ends at a carriage return as well.
        for line in text.split(['\n', '\r']) {
            runner.line(line);
        }
        runner
    }

    fn line(&mut self, line: &str) {
        let Some(command) = self.newer(line).or_else(|| self.older(line)) else { return };
        match &self.stopped {
            Some(token) if command.name.eq_ignore_ascii_case(token) => self.stopped = None,
            Some(_) => {}
            None if command.name == "stop-commands" => self.stopped = Some(command.message),
            None => self.commands.push(command),
        }
    }

    fn knows(&self, name: &str) -> bool {
        KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name))
            || self.stopped.as_ref().is_some_and(|token| token.eq_ignore_ascii_case(name))
    }

    fn newer(&self, line: &str) -> Option<Command> {
        let rest = line.trim_start().strip_prefix("::")?;
        let (head, message) = rest.split_once("::")?;
        let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
        self.knows(name).then(|| Command {
            name: name.to_owned(),
            properties: properties
                .trim()
                .split(',')
                .filter_map(|pair| pair.split_once('='))
                .filter(|(key, value)| !key.is_empty() && !value.is_empty())
                .map(|(key, value)| (key.to_owned(), undo(value, &["%0D", "%0A", "%3A", "%2C", "%25"])))
                .collect(),
            message: undo(message, &["%0D", "%0A", "%25"]),
        })
    }

    /// `##[name]message`, anywhere in a line.
    fn older(&self, line: &str) -> Option<Command> {
        let (_, rest) = line.split_once("##[")?;
        let (head, message) = rest.split_once(']')?;
        let name = head.split(' ').next()?;
        self.knows(name).then(|| Command {
            name: name.to_owned(),
            properties: BTreeMap::new(),
            message: undo(message, &["%3B", "%0D", "%0A", "%5D", "%25"]),
        })
    }
}

fn undo(text: &str, codes: &[&str]) -> String {
    codes.iter().fold(text.to_owned(), |text, code| {
        let value = u8::from_str_radix(&code[1..], 16).expect("a code is two hexadecimal digits");
        text.replace(code, &char::from(value).to_string())
    })
}

fn commands(sample: &Sample) -> Vec<Command> {
    let runner = Runner::read(&written(&Github::new(TextStyle::plain()), &sample.report()));
    assert_eq!(runner.stopped, None, "commands are on again for the steps that follow");
    runner.commands
}

#[test]
fn the_rename_becomes_one_annotation_on_the_changed_line() {
    let mut sample = Sample::rename();
    sample.changed.insert(RepoPath::new("src/events.rs"), vec![LineRange { start: 3, end: 3 }, LineRange { start: 7, end: 7 }]);
    let report = written(&Github::new(TextStyle::plain()), &sample.report());
    let first = report.lines().next().expect("there is one");
    expect![[r#"::error file=src/events.rs,line=7,endLine=7,col=9,endColumn=28,title=field-renamed%3A invoice.paid::`customerId` is now `customer_id` in `invoice.paid`: `crm-sync` requires `customerId`%0Areaders: crm-sync%0Ahelp: keep the wire name with `#[serde(rename = "customerId")]`, or send both while consumers move%0Aaccept: driftgate accept 3f9c21b0a7de --reason "…""#]]
        .assert_eq(first);
    assert_eq!(commands(&sample).len(), 1);
}

#[test]
fn a_finding_about_no_event_is_about_the_repository() {
    let mut sample = Sample::rename();
    sample.findings[0].event.clear();
    assert_eq!(commands(&sample)[0].properties["title"], "field-renamed: repository");
    let page = step_summary(&sample.report());
    assert!(page.contains("| **breaking** | `repository` |"), "{page}");
}

#[test]
fn many_readers_are_named_in_part() {
    let mut sample = Sample::rename();
    let reader = sample.findings[0].consumers[0].clone();
    sample.findings[0].consumers =
        (0..30).map(|n| crate::finding::Consumer { name: format!("r{n:02}"), ..reader.clone() }).collect();
    let message = commands(&sample).remove(0).message;
    assert!(message.contains("\nreaders: r00, r01, r02, r03, r04, r05, r06, r07 and 22 more\n"), "{message}");
}

#[test]
fn a_place_outside_the_change_moves_to_the_nearest_edited_line() {
    let sample = Sample::rename();
    let all = commands(&sample);
    assert_eq!((&*all[0].properties["line"], all[0].properties.get("col")), ("3", None));
}

#[test]
fn what_went_from_a_file_that_stays_as_it_is_keeps_its_line() {
    let mut sample = Sample::rename();
    for side in [Side::Base, Side::Head] {
        sample.sources.add(side, "src/send.rs", "fn send() {\n    bus.publish(NAME, &paid);\n}\n");
    }
    sample.findings[0].head = None;
    sample.findings[0].base = Some(sample.sources.origin(Side::Base, "src/send.rs", "publish"));
    let all = commands(&sample);
    let [file, line, col] = ["file", "line", "col"].map(|name| &*all[0].properties[name]);
    assert_eq!((file, line, col), ("src/send.rs", "2", "9"));
}

#[test]
fn a_place_that_nobody_touched_gives_way_to_the_edit_that_made_it_so() {
    let mut sample = Sample::rename();
    for side in [Side::Base, Side::Head] {
        sample.sources.add(side, "src/send.rs", "fn send() {\n    bus.publish(NAME, &paid);\n}\n");
    }
    sample.findings[0].head = Some(sample.sources.origin(Side::Head, "src/send.rs", "publish"));
    let all = commands(&sample);
    assert_eq!((&*all[0].properties["file"], &*all[0].properties["line"]), ("src/events.rs", "3"));
    // Where the edit is not known, the place itself is all there is.
    sample.changed.clear();
    let all = commands(&sample);
    assert_eq!((&*all[0].properties["file"], &*all[0].properties["line"]), ("src/send.rs", "2"));
}

#[test]
fn a_file_that_is_gone_is_told_at_the_promise() {
    let mut sample = Sample::rename();
    sample.sources.add(Side::Base, "src/gone.rs", "gone");
    sample.findings[0].head = None;
    sample.findings[0].base = Some(sample.sources.origin(Side::Base, "src/gone.rs", "gone"));
    let all = commands(&sample);
    assert_eq!((&*all[0].properties["file"], &*all[0].properties["line"]), ("contracts/crm-sync.yaml", "7"));
    sample.findings[0].consumers.clear();
    let all = commands(&sample);
    assert_eq!((&*all[0].properties["file"], &*all[0].properties["line"]), ("src/gone.rs", "1"));
}

#[test]
fn findings_of_one_event_and_file_share_an_annotation_with_the_heaviest_first() {
    let mut sample = Sample::rename();
    let note = sample.note();
    sample.findings.insert(0, note);
    let all = commands(&sample);
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].name, "error");
    assert_eq!(all[0].properties["title"], "invoice.paid: 2 findings");
    let lines: Vec<&str> = all[0].message.lines().collect();
    assert!(lines[0].starts_with("`customerId` is now") && lines[1].starts_with("`id` is new"), "{lines:?}");
}

#[test]
fn one_cause_in_several_events_is_one_annotation() {
    let mut sample = Sample::rename();
    let template = sample.findings[0].clone();
    for event in ["user.signup", "user.gone"] {
        let mut finding = template.clone();
        finding.event = event.to_owned();
        finding.message = template.message.replace("invoice.paid", event);
        finding.fingerprint = event.to_owned();
        sample.findings.push(finding);
    }
    let all = commands(&sample);
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].properties["title"], "field-renamed: invoice.paid and 2 more events");
    for part in [
        "in `invoice.paid` and 2 more events",
        "events: invoice.paid, user.signup, user.gone",
        "3f9c21b0a7de user.signup user.gone --reason",
    ] {
        assert!(all[0].message.contains(part), "{part} in {}", all[0].message);
    }
    // An event that something else happened to as well has an annotation of its own.
    let mut other = template.clone();
    (other.event, other.rule, other.message) = ("user.gone".to_owned(), "field-added", "`x` is new".to_owned());
    sample.findings.push(other);
    let titles: Vec<String> = commands(&sample).iter().map(|command| command.properties["title"].clone()).collect();
    assert_eq!(titles, ["field-renamed: invoice.paid and 1 more event", "user.gone: 2 findings"]);
}

#[test]
fn ten_of_a_type_are_kept_with_the_known_readers_first() {
    let mut sample = Sample::rename();
    let template = sample.findings[0].clone();
    for number in 0..30 {
        let mut finding = template.clone();
        finding.event = format!("a.{number:02}");
        finding.message = format!("another change of `a.{number:02}`: {number}");
        finding.consumers.clear();
        sample.findings.push(finding);
        let mut light = template.clone();
        light.event = format!("w.{number:02}");
        light.message = format!("another change of `w.{number:02}`: {number}");
        light.severity = crate::finding::Severity::Warning;
        sample.findings.push(light);
    }
    let all = commands(&sample);
    let of = |name: &str| all.iter().filter(|command| command.name == name).cloned().collect::<Vec<_>>();
    let (errors, warnings) = (of("error"), of("warning"));
    assert_eq!((errors.len(), warnings.len()), (10, 10));
    assert_eq!(errors[0].properties["title"], "field-renamed: invoice.paid");
    assert_eq!(errors[9].message, "22 more in the job summary");
    assert_eq!(errors[9].properties.get("file"), None);
    assert_eq!(warnings[9].message, "21 more in the job summary");
}

#[test]
fn accepted_and_known_findings_are_not_annotated_and_requests_say_so() {
    let mut sample = Sample::rename();
    for status in [Status::Known, Status::Allowed] {
        sample.findings[0].status = status;
        assert_eq!(commands(&sample), []);
    }
    sample.findings[0].status = Status::Requested;
    sample.findings[0].accepted = Some("crm-sync reads both".to_owned());
    let all = commands(&sample);
    assert_eq!(all[0].name, "error");
    assert!(all[0].message.contains("(acceptance requested: crm-sync reads both)"), "{}", all[0].message);
    sample.gate.accept_requested = true;
    assert_eq!(commands(&sample)[0].name, "notice");
}

#[test]
fn trouble_with_a_file_is_annotated_where_the_change_touches_the_file() {
    let mut sample = Sample::rename();
    sample.findings.clear();
    for file in ["src/events.rs", "src/untouched.rs"] {
        sample.diagnostics.push(crate::finding::Diagnostic::warning(RepoPath::new(file), Some(4), "cannot be parsed"));
    }
    // What was so before the change as well is no news.
    sample.diagnostics.push(crate::finding::Diagnostic::note(RepoPath::new("src/events.rs"), None, "a sender without a name"));
    let all = commands(&sample);
    assert_eq!(all.len(), 1);
    assert_eq!((&*all[0].name, &*all[0].properties["file"], &*all[0].properties["line"]), ("warning", "src/events.rs", "4"));
}

#[test]
fn a_long_message_stays_below_the_runners_limit() {
    let mut sample = Sample::rename();
    sample.findings[0].message = "🦀".repeat(10_000);
    let all = commands(&sample);
    assert!(all[0].message.encode_utf16().count() <= 4_096);
    assert!(all[0].message.ends_with('…'));
}

#[test]
fn outputs_are_words_numbers_and_delimited_paths() {
    let mut sample = Sample::rename();
    let mut requested = sample.findings[0].clone();
    requested.status = Status::Requested;
    sample.findings.push(requested);
    let outputs = step_outputs(&sample.report(), &[("report", "out/a\nb.json")]);
    let (fixed, path) = outputs.split_once("report<<").expect("the path is there");
    assert_eq!(fixed, "verdict=breaking\nbreaking=2\nwarnings=0\nunknown=0\nrequested=1\nallowed=0\n");
    let (end, rest) = path.split_once('\n').expect("a delimiter");
    assert_eq!(rest, format!("out/a\nb.json\n{end}\n"));
}

#[test]
fn the_step_summary_stays_below_the_limit() {
    let mut sample = Sample::rename();
    let template = sample.findings[0].clone();
    sample.findings.extend((0..20_000).map(|number| Finding {
        event: format!("e.{number}"),
        message: format!("change {number}"),
        ..template.clone()
    }));
    let summary = step_summary(&sample.report());
    assert!(summary.len() < 1024 * 1024, "{}", summary.len());
    assert!(summary.contains("more findings do not fit here"));
}

/// Names as an attacker would choose them, and any other text.
fn name() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("::error::x".to_owned()),
        Just("\n::stop-commands::t\n".to_owned()),
        Just("\r\n::set-env name=PATH::/evil".to_owned()),
        Just("##[error]x".to_owned()),
        Just("##[set-output name=verdict]ok".to_owned()),
        Just("%0A::warning::y".to_owned()),
        Just("%250A%25".to_owned()),
        Just(",line=1,title=a::b".to_owned()),
        Just("\u{2028}\u{85}\u{b}\u{c}".to_owned()),
        Just(":\u{ad}:error::".to_owned()),
        Just("`|<!-- -->".to_owned()),
        any::<String>(),
    ];
    prop::collection::vec(pieces, 1..4).prop_map(|pieces| pieces.concat())
}

proptest! {
    // What failed once is written down as a test of its own, not kept in a file that nobody reads.
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_name_gives_exactly_one_command_that_reads_back(event in name(), field in name(), file in name().prop_filter("git knows no empty name", |file| !file.is_empty()), help in name()) {
        let mut sample = Sample::rename();
        sample.sources.add(Side::Head, &file, &format!("{field}\n{help}"));
        let finding = &mut sample.findings[0];
        finding.head = Some(crate::source::Origin::new(RepoPath::new(&file), crate::source::Span::new(0, 1)));
        finding.base = None;
        finding.event.clone_from(&event);
        finding.path = format!("/{field}");
        finding.message = format!("`{field}` is gone");
        finding.evidence = None;
        finding.help.clone_from(&help);
        finding.consumers[0].name.clone_from(&field);
        let expected = annotations(&sample.report());
        prop_assert_eq!(expected.len(), 1);
        let all = commands(&sample);
        prop_assert_eq!(all.len(), 1);
        prop_assert_eq!(&all[0].name, "error");
        prop_assert_eq!(&all[0].properties["file"], &file);
        let title = escape::cut(&expected[0].title, MAX_TITLE).into_owned();
        prop_assert_eq!(&all[0].properties["title"], title.trim());
        prop_assert_eq!(&all[0].message, &cut_units(&expected[0].message, MAX_MESSAGE));
        let mut keys: Vec<&str> = all[0].properties.keys().map(String::as_str).collect();
        keys.retain(|key| !matches!(*key, "col" | "endColumn"));
        prop_assert_eq!(keys, ["endLine", "file", "line", "title"]);
    }
}
