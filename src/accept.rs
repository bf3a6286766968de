//! Acceptances: deliberate breaks, on the record, one small file each so that two branches never conflict.
//!
//! This module reads and writes the files' text. Which break an acceptance lets pass, and whether it stood on the base branch,
//! is decided where findings are; today's date is handed in.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;

use crate::config::{Located, fault_at, toml_fault};
use crate::document::Fault;
use crate::source::{Origin, RepoPath, Span};

/// Where acceptances are kept.
pub const ACCEPT_FOLDER: &str = ".driftgate/accept";

/// The longest part of a file name that an event's name gives; the fingerprint keeps longer ones apart.
const MAX_EVENT_BYTES: usize = 120;

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    pub year: u16,
    pub month: u8,
    pub day: u8,
}

impl Date {
    /// `None` for a day that does not exist.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Date> {
        let leap = (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        (1..=days).contains(&day).then_some(Date { year, month, day })
    }

    /// Reads `2027-01-31`.
    pub fn parse(text: &str) -> Option<Date> {
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || (year.len(), month.len(), day.len()) != (4, 2, 2) {
            return None;
        }
        if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
            return None;
        }
        Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// One accepted break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    pub fingerprint: String,
    /// The rule, the event and the change are for people; the fingerprint decides.
    pub rule: String,
    pub event: String,
    pub change: Option<String>,
    pub reason: String,
    /// The last day on which it counts.
    pub until: Option<Date>,
    /// The fingerprint in its file.
    pub origin: Origin,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    fingerprint: Located<String>,
    rule: Located<String>,
    event: Option<String>,
    change: Option<String>,
    reason: Option<Located<String>>,
    until: Option<Located<toml::Value>>,
}

/// Whether a file is an acceptance, by its path.
pub fn claims(path: &RepoPath) -> bool {
    path.parent() == ACCEPT_FOLDER && path.extension() == "toml"
}

impl Acceptance {
    /// Reads one file.
    ///
    /// # Errors
    /// Where it is not TOML, has an unknown key, no reason, a fingerprint that cannot be one, or a date that does not exist.
    pub fn read(file: &RepoPath, text: &str) -> Result<Acceptance, Fault> {
        let form: Form = toml::from_str(text).map_err(|error| {
            let mut fault = toml_fault(file, text, &error);
            if fault.help.contains("driftgate schema") {
                fault.help = "`driftgate accept` writes these files".to_owned();
            }
            fault
        })?;
        let fault = |span: Span, message: &str, help: &str| Err(fault_at(file, text, span, message, help));
        if !is_fingerprint(&form.fingerprint.value) {
            return fault(form.fingerprint.span, "this is not a fingerprint", "copy the 12 hex digits that the finding shows");
        }
        let reason = match &form.reason {
            Some(reason) if !reason.value.trim().is_empty() => reason.value.trim().to_owned(),
            Some(reason) => return fault(reason.span, "the reason is empty", "say why this break is wanted"),
            None => {
                return fault(
                    Span::new(0, 0),
                    "the acceptance gives no reason",
                    "add `reason = \"…\"`: why this break is wanted",
                );
            }
        };
        let until = match &form.until {
            None => None,
            Some(until) => {
                let date = match &until.value {
                    toml::Value::Datetime(moment) if moment.time.is_none() => {
                        moment.date.and_then(|date| Date::new(date.year, date.month, date.day))
                    }
                    toml::Value::String(text) => Date::parse(text),
                    _ => None,
                };
                match date {
                    Some(date) => Some(date),
                    None => return fault(until.span, "`until` is not a day", "write it as `until = 2027-01-31`"),
                }
            }
        };
        Ok(Acceptance {
            fingerprint: form.fingerprint.value.clone(),
            rule: form.rule.value.clone(),
            event: form.event.unwrap_or_default(),
            change: form.change,
            reason,
            until,
            origin: Origin::new(file.clone(), form.fingerprint.span),
        })
    }

    /// Whether it still counts on a day; the last day is one of them.
    pub fn counts_on(&self, today: Date) -> bool {
        self.until.is_none_or(|until| today <= until)
    }

    /// The file that it belongs into.
    pub fn path(&self) -> RepoPath {
        RepoPath::new(format!("{ACCEPT_FOLDER}/{}", file_name(&self.event, &self.rule, &self.fingerprint)))
    }

    /// The text of its file.
    pub fn to_text(&self) -> String {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let mut out = format!(
            "fingerprint = {}\nrule = {}\nevent = {}\n",
            quoted(&self.fingerprint),
            quoted(&self.rule),
            quoted(&self.event)
        );
        if let Some(change) = &self.change {
            out.push_str(&format!("change = {}\n", quoted(change)));
        }
        out.push_str(&format!("reason = {}\n", quoted(&self.reason)));
        if let Some(until) = self.until {
            out.push_str(&format!("until = {until}\n"));
        }
        out
    }
}

/// The acceptances that let nothing pass any more: they match no finding, or their day is over.
pub fn stale<'a>(acceptances: &'a [Acceptance], fingerprints: &BTreeSet<&str>, today: Date) -> Vec<&'a Acceptance> {
    acceptances
        .iter()
        .filter(|acceptance| !fingerprints.contains(acceptance.fingerprint.as_str()) || !acceptance.counts_on(today))
        .collect()
}

/// Twelve hex digits, and for the second and further findings of one fingerprint a dash and their number.
pub fn is_fingerprint(text: &str) -> bool {
    let (digits, ordinal) = match text.split_once('-') {
        Some((digits, ordinal)) => (digits, Some(ordinal)),
        None => (text, None),
    };
    digits.len() == 12
        && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && ordinal
            .is_none_or(|ordinal| !ordinal.is_empty() && ordinal.len() < 10 && ordinal.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `EVENT--RULE--FINGERPRINT.toml`, with everything in the event's name that a file system or a shell could trip over as `%XX`.
pub fn file_name(event: &str, rule: &str, fingerprint: &str) -> String {
    let event = if event.is_empty() { "event".to_owned() } else { escape(event) };
    format!("{event}--{}--{}.toml", escape(rule), escape(fingerprint))
}

fn escape(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let first = name.split('.').next().unwrap_or("").to_ascii_lowercase();
    // Names of devices on Windows, whatever follows the dot.
    let device = matches!(first.as_str(), "con" | "prn" | "aux" | "nul")
        || (first.len() == 4
            && (first.starts_with("com") || first.starts_with("lpt"))
            && first.ends_with(|c: char| c.is_ascii_digit()));
    for (at, byte) in name.bytes().enumerate() {
        if out.len() >= MAX_EVENT_BYTES {
            break;
        }
        let plain = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => !(at == 0 && device),
            // Two dashes part the fields of the file name, and a leading dot hides a file.
            b'-' => at > 0 && !out.ends_with('-'),
            b'.' => at > 0 && !out.ends_with('.'),
            _ => false,
        };
        if plain {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    // A trailing dash would run into the two that part the fields.
    if out.ends_with('-') {
        out.pop();
        out.push_str("%2D");
    }
    out
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    const FILE: &str = ".driftgate/accept/user.signup--field-removed--3f9c21b0a7de.toml";

    fn read(text: &str) -> Result<Acceptance, Fault> {
        Acceptance::read(&RepoPath::new(FILE), text)
    }

    fn refused(text: &str, expected: Expect) {
        expected.assert_eq(&read(text).expect_err("is wrong").to_string().replace(FILE, "FILE"));
    }

    const WHOLE: &str = "fingerprint = \"3f9c21b0a7de\"\nrule = \"field-removed\"\nevent = \"user.signup\"\nchange = \"/legacyId removed\"\nreason = \"crm-sync has moved to userId\"\nuntil = 2027-01-31\n";

    #[test]
    fn what_is_written_is_read_again() {
        let acceptance = read(WHOLE).expect("is right");
        assert_eq!(acceptance.to_text(), WHOLE);
        assert_eq!(acceptance.path().as_str(), FILE);
        let mut odd = acceptance;
        odd.reason = "a \"quoted\"\nreason with = and # and ü \u{7}".to_owned();
        odd.event = "a/b\\c".to_owned();
        odd.until = None;
        odd.change = None;
        let again = read(&odd.to_text()).expect("is right");
        assert_eq!((again.reason, again.event), (odd.reason, odd.event));
    }

    #[test]
    fn the_last_day_still_counts() {
        let acceptance = read(WHOLE).expect("is right");
        let day = |text: &str| Date::parse(text).expect("is a day");
        assert!(acceptance.counts_on(day("2027-01-31")) && acceptance.counts_on(day("2026-12-31")));
        assert!(!acceptance.counts_on(day("2027-02-01")));
        let all = [acceptance];
        let live = BTreeSet::from(["3f9c21b0a7de"]);
        assert_eq!(stale(&all, &live, day("2027-01-31")).len(), 0);
        assert_eq!(stale(&all, &live, day("2027-02-01")).len(), 1);
        assert_eq!(stale(&all, &BTreeSet::new(), day("2027-01-31")).len(), 1);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_a_way_out() {
        let with = |line: &str| format!("fingerprint = \"3f9c21b0a7de\"\nrule = \"field-removed\"\n{line}\n");
        refused(
            &with("event = \"a\""),
            expect![[r#"FILE:1:1: the acceptance gives no reason; add `reason = "…"`: why this break is wanted"#]],
        );
        refused(&with("reason = \"  \""), expect!["FILE:3:10: the reason is empty; say why this break is wanted"]);
        refused(&with("reson = \"x\""), expect!["FILE:3:1: unknown key `reson`; did you mean `reason`?"]);
        refused(
            &with("reason = \"x\"\nuntil = 2027-02-30"),
            expect!["FILE:4:9: invalid date, expected day between 01 and 28; `driftgate accept` writes these files"],
        );
        refused(
            &with("reason = \"x\"\nuntil = \"soon\""),
            expect!["FILE:4:9: `until` is not a day; write it as `until = 2027-01-31`"],
        );
        refused(
            "fingerprint = \"3f9c\"\nrule = \"x\"\nreason = \"y\"\n",
            expect!["FILE:1:15: this is not a fingerprint; copy the 12 hex digits that the finding shows"],
        );
        refused(
            "rule = \"x\"\nreason = \"y\"\n",
            expect!["FILE:1:1: the key `fingerprint` is missing here; add `fingerprint = …`"],
        );
        refused(
            "fingerprint = 3f\n",
            expect!["FILE:1:15: string values must be quoted, expected literal string; `driftgate accept` writes these files"],
        );
    }

    #[test]
    fn hostile_names_give_plain_files() {
        let long = "e".repeat(500);
        for (event, expected) in [
            ("user.signup", "user.signup"),
            ("../../etc/passwd", "%2E.%2F.%2E%2Fetc%2Fpasswd"),
            (".hidden", "%2Ehidden"),
            ("a b*?\"<>|:\n", "a%20b%2A%3F%22%3C%3E%7C%3A%0A"),
            ("con", "%63on"),
            ("NUL.created", "%4EUL.created"),
            ("com1.x", "%63om1.x"),
            ("community", "community"),
            ("a--b-", "a-%2Db%2D"),
            ("größe", "gr%C3%B6%C3%9Fe"),
            ("", "event"),
            (long.as_str(), &"e".repeat(120)),
        ] {
            assert_eq!(
                file_name(event, "field-removed", "3f9c21b0a7de"),
                format!("{expected}--field-removed--3f9c21b0a7de.toml")
            );
        }
        assert!(claims(&RepoPath::new(FILE)));
        assert!(!claims(&RepoPath::new(".driftgate/accept/README.md")) && !claims(&RepoPath::new("x/.driftgate/accept/a.toml")));
    }

    #[test]
    fn days_that_do_not_exist_are_none() {
        for (text, exists) in [
            ("2024-02-29", true),
            ("2023-02-29", false),
            ("2000-02-29", true),
            ("1900-02-29", false),
            ("2027-04-31", false),
            ("2027-13-01", false),
            ("2027-1-1", false),
            ("+027-01-01", false),
            ("2027-01-01-01", false),
        ] {
            assert_eq!(Date::parse(text).is_some(), exists, "{text}");
        }
    }
}
