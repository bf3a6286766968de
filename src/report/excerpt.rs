//! The few lines of a source file that a finding points at, made safe to print, for miette to draw.
//!
//! miette scans a source from its start for every label and prints what it finds. So it is given these lines alone: a large file
//! costs no more than a small one, hostile characters are shown by their numbers, and a line of a minified file is cut to the part
//! that matters.

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::source::{Origin, SourceText};

use super::escape;

/// Lines shown before and after the marked ones.
const CONTEXT: u32 = 1;
/// A longer range is marked on its first line alone: what follows says little, and takes the screen.
const MAX_MARKED_LINES: u32 = 6;
/// Characters shown of one line. Past this the line is cut around the mark.
const MAX_LINE: usize = 160;

/// Printable lines of one file, with one marked range.
#[derive(Debug)]
pub struct Excerpt {
    name: String,
    text: String,
    /// The line of the file, from 0, at which `text` starts.
    first_line: usize,
    /// In characters: what the mark's column in the file is ahead of its column in `text`. Escaping and cutting move it.
    column: usize,
    marked: SourceSpan,
}

impl Excerpt {
    /// `name` is printed as it is: it may hold a terminal's link sequences.
    pub fn new(source: &SourceText, origin: &Origin, name: String) -> Self {
        let start = source.position(origin.span.start);
        let end = source.position(origin.span.end.max(origin.span.start));
        let long = end.line - start.line >= MAX_MARKED_LINES;
        let last_marked = if long { start.line } else { end.line };
        let first = start.line.saturating_sub(CONTEXT).max(1);
        let mut text = String::new();
        let mut marked = (0, 0);
        for line in first..=last_marked + CONTEXT {
            let from = source.offset_of_line(line) as usize;
            let content = &source.text()[from..source.offset_of_line(line + 1) as usize];
            let content = content.strip_suffix('\n').unwrap_or(content);
            if line > last_marked && content.is_empty() {
                break;
            }
            if line > first {
                text.push('\n');
            }
            // Byte columns of the mark within this line, as far as the line has a part in it.
            let mark_start = if line == start.line { local(source, origin.span.start, from, content) } else { 0 };
            let mark_end = if line == end.line { local(source, origin.span.end, from, content) } else { content.len() };
            let window = window(content, mark_start);
            if window.start > 0 {
                text.push('…');
            }
            let before = text.len();
            let mut offsets = (before, before);
            for (at, c) in content[window.clone()].char_indices() {
                let at = at + window.start;
                if at < mark_start {
                    offsets.0 = usize::MAX;
                }
                if offsets.0 == usize::MAX && at >= mark_start {
                    offsets.0 = text.len();
                }
                if escape::is_hostile(c) && c != '\t' {
                    escape::push_shown(c, &mut text)
                } else {
                    text.push(c)
                }
                if at < mark_end {
                    offsets.1 = text.len();
                }
            }
            if offsets.0 == usize::MAX {
                offsets.0 = text.len();
            }
            offsets.1 = offsets.1.max(offsets.0);
            if window.end < content.len() {
                text.push('…');
            }
            if line == start.line {
                marked = offsets;
            } else if line <= last_marked {
                marked.1 = offsets.1;
            }
        }
        Excerpt {
            name,
            first_line: (first - 1) as usize,
            column: (start.column - 1) as usize,
            marked: (marked.0, marked.1 - marked.0).into(),
            text,
        }
    }

    /// The mark, without words: the caption above says what it is.
    pub fn label(&self) -> LabeledSpan {
        LabeledSpan::new_primary_with_span(None, self.marked)
    }
}

/// The offset of a byte of the file within one of its lines.
fn local(source: &SourceText, offset: u32, from: usize, content: &str) -> usize {
    let mut at = (offset as usize).min(source.text().len()).saturating_sub(from).min(content.len());
    while !content.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The part of a long line around its mark.
fn window(content: &str, mark: usize) -> std::ops::Range<usize> {
    if content.len() <= MAX_LINE {
        return 0..content.len();
    }
    let mut start = mark.saturating_sub(MAX_LINE / 3);
    while !content.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = (start + MAX_LINE).min(content.len());
    while !content.is_char_boundary(end) {
        end -= 1;
    }
    start..end
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let inner = self.text.as_str().read_span(span, before, after)?;
        // The header names line and column of the contents that are read for the mark alone; those are the file's own.
        let column = if before == 0 && span.offset() == self.marked.offset() { self.column } else { inner.column() };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            inner.data(),
            *inner.span(),
            inner.line() + self.first_line,
            column,
            inner.line_count(),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{BlobId, RepoPath, Span};

    fn excerpt(text: &str, marked: &str) -> Excerpt {
        let source = SourceText::new(RepoPath::new("a.ts"), BlobId::from_bytes(&[0; 20]), text);
        let at = text.find(marked).expect("the test marks what is there");
        let origin = Origin::new(RepoPath::new("a.ts"), Span::new(at, at + marked.len()));
        Excerpt::new(&source, &origin, "a.ts".to_owned())
    }

    fn marked(excerpt: &Excerpt) -> &str {
        &excerpt.text[excerpt.marked.offset()..excerpt.marked.offset() + excerpt.marked.len()]
    }

    #[test]
    fn the_mark_is_the_same_text_after_escaping() {
        let it = excerpt("one\n\u{202e}two \u{1b}[31m three\nfour\nfive", "three");
        assert_eq!(it.text, "one\n\\u{202e}two \\u{1b}[31m three\nfour");
        assert_eq!(marked(&it), "three");
    }

    #[test]
    fn a_minified_file_shows_only_the_part_around_the_mark() {
        let text = format!("{}MARK{}", "ü".repeat(100_000), "b".repeat(100_000));
        let it = excerpt(&text, "MARK");
        assert!(it.text.len() < 400, "{}", it.text.len());
        assert_eq!(marked(&it), "MARK");
        assert_eq!(it.column, 100_000);
    }

    #[test]
    fn a_range_of_several_lines_is_marked_as_a_whole_and_a_long_one_on_its_first_line() {
        assert_eq!(marked(&excerpt("a\nb {\n c\n}\nd\n", "b {\n c\n}")), "b {\n c\n}");
        let long = format!("f {{\n{}}}", " x\n".repeat(40));
        assert_eq!(marked(&excerpt(&long, &long.clone())), "f {");
    }

    #[test]
    fn a_range_at_the_end_or_past_it_is_no_panic() {
        let source = SourceText::new(RepoPath::new("a"), BlobId::from_bytes(&[0; 20]), "ab\n");
        for span in [Span::new(3, 3), Span::new(90, 95), Span { start: 2, end: 1 }, Span::new(2, 3)] {
            let it = Excerpt::new(&source, &Origin::new(RepoPath::new("a"), span), String::new());
            assert!(it.read_span(&it.marked, 1, 1).is_ok());
        }
        let empty = SourceText::new(RepoPath::new("a"), BlobId::from_bytes(&[0; 20]), "");
        let it = Excerpt::new(&empty, &Origin::new(RepoPath::new("a"), Span::new(0, 5)), String::new());
        assert!(it.read_span(&it.marked, 1, 1).is_ok());
    }
}
