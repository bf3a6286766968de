//! Waivers in comments: `// driftgate: allow(rule) reason`.

use crate::facts::Waiver;
use crate::source::Span;

const MARK: &str = "driftgate:";

/// The waivers of a text. A mark inside of a string is taken for one only where a comment starts before it on its line.
pub fn waivers(text: &str) -> Vec<Waiver> {
    let mut out = Vec::new();
    if memchr::memmem::find(text.as_bytes(), MARK.as_bytes()).is_none() {
        return out;
    }
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if let Some(found) = line.find(MARK)
            && let Some(comment) = line[..found].rfind("//").or_else(|| line[..found].rfind("/*"))
            && line[comment..found].trim_start_matches(['/', '*', '!']).trim().is_empty()
            && let Some(rest) = line[found + MARK.len()..].trim_start().strip_prefix("allow(")
            && let Some((rule, reason)) = rest.split_once(')')
        {
            let reason = reason.trim().trim_end_matches("*/").trim().to_owned();
            let span = Span::new(at + comment, at + line.trim_end().len());
            out.push(Waiver { rule: rule.trim().to_owned(), reason, span });
        }
        at += line.len();
    }
    out
}
