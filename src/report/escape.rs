//! Makes the text of strangers harmless: names of files, fields and events may carry terminal escapes, newlines, workflow
//! commands and characters that turn the reading direction.
//!
//! This is the part that all forms share: what a person reads shows such a character by its number. What a form itself gives a
//! meaning to (`%` and `:` in a workflow command, `|` in a Markdown table, `&` in XML) is escaped by that form, afterwards.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character could act on what shows it, or hide, where text is expected.
pub fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Marks and overrides of the reading direction.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Line ends that some programs honour and others do not.
            | '\u{2028}' | '\u{2029}'
            // Characters without width, by which two different names look alike. The joiners (U+200C, U+200D) belong to words of
            // living scripts and stay.
            | '\u{ad}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{180e}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text on one line, with every hostile character shown by its number: `\n`, `\u{202e}`.
pub fn line(text: &str) -> Cow<'_, str> {
    shown(text, false)
}

/// The text with its line ends and tabs kept, and every other hostile character shown by its number.
pub fn lines(text: &str) -> Cow<'_, str> {
    shown(text, true)
}

fn shown(text: &str, keep_layout: bool) -> Cow<'_, str> {
    let acts = |c: char| is_hostile(c) && !(keep_layout && (c == '\n' || c == '\t'));
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if acts(c) { push_shown(c, &mut out) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// Writes a hostile character by its number.
pub(super) fn push_shown(c: char, out: &mut String) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ => write!(out, "\\u{{{:x}}}", u32::from(c)).expect("writing to a string cannot fail"),
    }
}

/// A path as the path of a URI: everything as `%NN` but what can stand there for itself and is common in the names of folders:
/// `(group)`, `@slot`. Who reads it need not decode more than it has to.
pub fn uri_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/()@+,=".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    out
}

/// At most `limit` characters, with `…` as the last of them where something was cut.
pub fn cut(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => Cow::Borrowed(text),
        Some(_) => {
            let end = text.char_indices().nth(limit.saturating_sub(1)).map_or(0, |(at, _)| at);
            Cow::Owned(format!("{}…", &text[..end]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_act_on_a_terminal_is_shown_by_its_number() {
        assert_eq!(line("a\u{1b}[31m\u{202e}b\nc"), "a\\u{1b}[31m\\u{202e}b\\nc");
        assert_eq!(lines("a\n\tb\r"), "a\n\tb\\r");
        assert_eq!(line("größe 数 👩\u{200d}🔧"), "größe 数 👩\u{200d}🔧");
    }

    #[test]
    fn a_path_becomes_a_uri_byte_by_byte() {
        assert_eq!(uri_path("src/ü b%.rs"), "src/%C3%BC%20b%25.rs");
        assert_eq!(uri_path("app/(ee)/@modal/[id]/a:b?#.ts"), "app/(ee)/@modal/%5Bid%5D/a%3Ab%3F%23.ts");
    }

    #[test]
    fn a_cut_text_keeps_whole_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
    }
}
