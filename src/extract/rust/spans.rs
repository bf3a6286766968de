//! Positions: from proc-macro2's spans, which live in a table of the thread, to bytes of the file.

use proc_macro2::Span as TokenSpan;

use crate::source::Span;

/// The text that was lexed, as far as positions need it.
pub struct Spans {
    ascii: bool,
    line_starts: Vec<u32>,
    length: usize,
}

impl Spans {
    pub fn new(text: &str) -> Self {
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at as u32 + 1);
        Spans { ascii: text.is_ascii(), line_starts: std::iter::once(0).chain(newlines).collect(), length: text.len() }
    }

    pub fn of(&self, span: TokenSpan) -> Span {
        Span::new(self.start(span), self.end(span))
    }

    /// From the start of one token to the end of another.
    pub fn between(&self, first: TokenSpan, last: TokenSpan) -> Span {
        let start = self.start(first);
        Span::new(start, self.end(last).max(start))
    }

    /// Byte ranges cost a search in a tree; lines and columns are a table, and columns are bytes where all is ASCII.
    fn start(&self, span: TokenSpan) -> usize {
        if self.ascii {
            let start = span.start();
            self.offset(start.line, start.column)
        } else {
            span.byte_range().start.min(self.length)
        }
    }

    fn end(&self, span: TokenSpan) -> usize {
        if self.ascii {
            let end = span.end();
            self.offset(end.line, end.column)
        } else {
            span.byte_range().end.min(self.length)
        }
    }

    fn offset(&self, line: usize, column: usize) -> usize {
        let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(0) as usize;
        (start + column).min(self.length)
    }
}
