//! Keys that stand twice in one object of a JSON text. Readers differ in which of the two counts; most take the last in silence.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use super::{Document, MAX_DOCUMENT_BYTES, Repeated, Syntax, shorten};
use crate::finding::{Diagnostic, Severity};
use crate::source::RepoPath;

/// Keys of one text that are told of.
const TOLD: usize = 20;

/// The keys that stand twice in one object, each with the line of its later place. The text has been read as JSON before.
pub fn repeated_keys(text: &[u8]) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    // The keys of the objects that are open; an array has none.
    let mut open: Vec<Option<FxHashSet<Cow<'_, [u8]>>>> = Vec::new();
    let mut is_key = false;
    let mut line = 1;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\n' => line += 1,
            b'{' => {
                open.push(Some(FxHashSet::default()));
                is_key = true;
            }
            b'[' => open.push(None),
            b'}' | b']' => drop(open.pop()),
            b',' => is_key = matches!(open.last(), Some(Some(_))),
            b':' => is_key = false,
            b'"' => {
                let end = end_of_string(text, at);
                if std::mem::take(&mut is_key)
                    && let Some(Some(keys)) = open.last_mut()
                {
                    let key = decoded(&text[at..end]);
                    if !keys.insert(key.clone()) {
                        found.push((String::from_utf8_lossy(&key).into_owned(), line));
                        if found.len() == TOLD {
                            return found;
                        }
                    }
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// What is said of a key that stands twice.
pub fn told(key: &str) -> String {
    format!("the key `{}` stands twice in one object; the last one counts", shorten(key))
}

/// The text with spaces in place of every entry that a later one of the same key replaces, so that what is left stands where it
/// stood; with a warning for each key. A text that cannot be read for another reason comes back as it is.
pub fn last_of_each_key(file: &RepoPath, text: String) -> (String, Vec<Diagnostic>) {
    // Two fields of one name are no Protobuf.
    let syntax = match Syntax::of(file) {
        Some(Syntax::Proto) => return (text, Vec::new()),
        Some(syntax) => syntax,
        None if text.trim_start().starts_with(['{', '[']) => Syntax::Json,
        None => Syntax::Yaml,
    };
    if Document::read_as(syntax, file, &text).is_ok() {
        return (text, Vec::new());
    }
    let Ok((document, repeated)) = Document::read_with(syntax, file, &text, MAX_DOCUMENT_BYTES, Some(Vec::new())) else {
        return (text, Vec::new());
    };
    let mut bytes = text.clone().into_bytes();
    for Repeated { entry, .. } in &repeated {
        bytes[entry.start as usize..entry.end as usize].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
    }
    let Ok(left) = String::from_utf8(bytes) else { return (text, Vec::new()) };
    // What stood there may have been needed: an anchor that an alias refers to.
    if Document::read_as(syntax, file, &left).is_err() {
        return (text, Vec::new());
    }
    let warning = |repeated: &Repeated| Diagnostic {
        severity: Severity::Warning,
        file: Some(file.clone()),
        line: Some(document.line_of(repeated.later)),
        message: told(&repeated.name),
    };
    (left, repeated.iter().take(TOLD).map(warning).collect())
}

/// Behind the closing quote of the string that begins here.
fn end_of_string(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// What a string says, its quotes and escapes taken away.
fn decoded(quoted: &[u8]) -> Cow<'_, [u8]> {
    let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    if !inner.contains(&b'\\') {
        return Cow::Borrowed(inner);
    }
    serde_json::from_slice::<String>(quoted).map_or(Cow::Borrowed(inner), |text| Cow::Owned(text.into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_twice_in_one_object_is_seen_with_its_line() {
        for (text, expected) in [
            ("{\"a\": 1,\n \"b\": {\"a\": 2},\n \"a\": 3}", &[("a", 3)][..]),
            ("{\"a\": 1, \"\\u0061\": 2}", &[("a", 1)]),
            ("[{\"a\": 1}, {\"a\": 2}, \"a\", \"a\"]", &[]),
            ("{\"a\": \"b\", \"b\": \"a\", \"c\": [\"a\", \"a\"], \"d\": \"{\\\"a\\\": 1, \"}", &[]),
            ("{\"a\\\"\": 1,\n\"a\\\\\": 2, \"a\\\"\": 3}", &[("a\"", 2)]),
            ("{\"a\": [1, {\"x\": 1}], \"b\": 2, \"b\": 3,\n\"a\": 0}", &[("b", 1), ("a", 2)]),
            ("7", &[]),
        ] {
            let found = repeated_keys(text.as_bytes());
            let found: Vec<(&str, usize)> = found.iter().map(|(key, line)| (key.as_str(), *line)).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn the_last_of_each_key_stays_where_it_stood() {
        for (file, text, left, lines) in [
            ("a.json", "{\"a\": {\"b\": 1},\n\"a\": 2}", "{              \n\"a\": 2}", &[2][..]),
            ("a.json", "{\"a\": 1, \"b\": 2, \"a\": 3, \"a\": 4}", "{        \"b\": 2,         \"a\": 4}", &[1, 1]),
            ("a.json", "{\"x\": {\"é\": 1, \"é\": 2}}", "{\"x\": {         \"é\": 2}}", &[1]),
            ("a.yaml", "a: 1 # one\nb: {c: 1, c: 2}\na: 3\n", "          \nb: {      c: 2}\na: 3\n", &[2, 3]),
            ("a.yaml", "- a: 1\n  a: 2\n", "-     \n  a: 2\n", &[2]),
            // What is needed, and what is broken for another reason.
            ("a.yaml", "a: &x 1\nb: *x\na: 2\n", "a: &x 1\nb: *x\na: 2\n", &[]),
            ("a.json", "{\"a\": 1, \"a\": }", "{\"a\": 1, \"a\": }", &[]),
            ("a.json", "{\"a\": {\"a\": 1}}", "{\"a\": {\"a\": 1}}", &[]),
        ] {
            let (found, diagnostics) = last_of_each_key(&RepoPath::new(file), text.to_owned());
            assert_eq!(found, left);
            assert_eq!(diagnostics.iter().filter_map(|one| one.line).collect::<Vec<_>>(), lines, "{text}");
        }
    }
}
