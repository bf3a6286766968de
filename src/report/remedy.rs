//! A finding's fix as a reader sees it: the lines that it takes out and puts in.

use similar::{ChangeTag, TextDiff};

use super::{Report, Side};
use crate::finding::Fix;

/// The lines of one file that a fix changes.
pub(super) struct Lines {
    /// The first of them in head, from 1.
    pub line: u32,
    /// `-` or `+` and the line.
    pub changed: Vec<(char, String)>,
}

/// Lines shown of one fix; a longer one is cut.
const MOST_LINES: usize = 12;

/// What a tab looks like.
const TAB: &str = "    ";

/// What the first edit of a fix does to the lines that it stands on; `None` where the text is not to be had.
pub(super) fn lines(report: &Report<'_>, fix: &Fix) -> Option<Lines> {
    let source = report.sources.source(Side::Head, &fix.origin.file)?;
    let text = source.text();
    let (from, to) = (fix.origin.span.start as usize, fix.origin.span.end as usize);
    text.get(from..to)?;
    let start = text[..from].rfind('\n').map_or(0, |at| at + 1);
    let end = text[to..].find('\n').map_or(text.len(), |at| to + at);
    let old = &text[start..end];
    let new = format!("{}{}{}", &text[start..from], fix.replacement, &text[to..end]);
    let diff = TextDiff::from_lines(old, &new);
    let mut line = source.position(u32::try_from(start).ok()?).line;
    let mut first = None;
    let mut changed = Vec::new();
    for change in diff.iter_all_changes() {
        let sign = match change.tag() {
            ChangeTag::Equal => {
                line += u32::from(first.is_none());
                continue;
            }
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
        };
        first.get_or_insert(line);
        if changed.len() < MOST_LINES {
            // As the excerpts beside it: a tab is blanks to look at, and a control character elsewhere.
            changed.push((sign, change.value().trim_end_matches('\n').replace('\t', TAB)));
        }
    }
    Some(Lines { line: first?, changed })
}

/// Whether the program applies it, in words.
pub(super) fn how(fix: &Fix) -> &'static str {
    if fix.safe { "`driftgate check --fix` applies it" } else { "by hand: look whether other code has to follow" }
}
