//! Parsing that a syntax error cannot empty.
//!
//! The parser gives up on a hard error with an empty program. Then the text is cut where top-level statements start, each piece
//! is parsed alone, and what fails is blanked as narrowly as it parses: a line, an indented block, at worst the piece. Offsets
//! stay those of the file.

use oxc_allocator::Allocator;
use oxc_ast::ast::Program;
use oxc_parser::{ParseOptions, Parser, ParserReturn};
use oxc_span::SourceType;

use crate::facts::FactDiagnostic;
use crate::finding::Severity;
use crate::source::Span;

/// Attempts to narrow the blank inside one piece; past it the whole piece is blanked.
const NARROWING: usize = 8;

/// Pieces that are repaired; a file with more broken ones is not source code.
const MAX_BROKEN: usize = 64;

pub(super) struct Parsed<'a> {
    pub program: Program<'a>,
    pub unread: Vec<Span>,
    pub diagnostics: Vec<FactDiagnostic>,
}

pub(super) fn parse<'a>(allocator: &'a Allocator, text: &'a str, kind: SourceType) -> Parsed<'a> {
    let first = run(allocator, text, kind);
    if !first.panicked {
        return Parsed { program: first.program, unread: Vec::new(), diagnostics: Vec::new() };
    }
    if kind.is_javascript() {
        // JavaScript with type annotations (Flow, or TypeScript in a misnamed file), and scripts with sloppy-mode syntax.
        for other in [SourceType::tsx(), SourceType::script().with_jsx(true)] {
            let again = run(allocator, text, other);
            if !again.panicked {
                return Parsed { program: again.program, unread: Vec::new(), diagnostics: Vec::new() };
            }
        }
    }
    let message = first.diagnostics.errors().next().map(|error| error.message.to_string()).unwrap_or_default();
    let (blanked, broken) = repair(text, kind);
    let second = run(allocator, allocator.alloc_str(&blanked), kind);
    let (program, unread) = if second.panicked {
        (run(allocator, "", kind).program, vec![Span::new(0, text.len())])
    } else {
        (second.program, broken)
    };
    let diagnostics = unread
        .iter()
        .map(|span| FactDiagnostic {
            severity: Severity::Warning,
            span: Some(*span),
            message: format!("syntax error, not analysed: {message}"),
        })
        .collect();
    Parsed { program, unread, diagnostics }
}

fn run<'a>(allocator: &'a Allocator, text: &'a str, kind: SourceType) -> ParserReturn<'a> {
    let options = ParseOptions { allow_return_outside_function: true, enable_ident_hashes: false, ..ParseOptions::default() };
    Parser::new(allocator, text, kind).with_options(options).parse()
}

/// Whether `text` parses; if not, where the parser stopped.
fn stops_at(text: &str, kind: SourceType) -> Option<usize> {
    let allocator = Allocator::default();
    let result = run(&allocator, text, kind);
    if !result.panicked {
        return None;
    }
    Some(
        result.diagnostics.errors().flat_map(|error| error.labels.iter()).map(|label| label.offset() as usize).max().unwrap_or(0),
    )
}

/// The text with broken statements blanked, and where they are.
fn repair(text: &str, kind: SourceType) -> (String, Vec<Span>) {
    let mut code = text.to_owned();
    let mut broken = Vec::new();
    for (start, end) in pieces(text) {
        let piece = &text[start..end];
        let Some(stop) = stops_at(piece, kind) else { continue };
        if broken.len() == MAX_BROKEN {
            blank(&mut code, start, text.len());
            broken.push(Span::new(start, text.len()));
            break;
        }
        let (from, to) = narrow(piece, stop, kind).unwrap_or((0, piece.len()));
        blank(&mut code, start + from, start + to);
        broken.push(Span::new(start + from, start + to));
    }
    if broken.is_empty() {
        // Every piece parses alone and the whole does not (a second default export, say): there is nothing to narrow down.
        broken.push(Span::new(0, 0));
    }
    (code, broken)
}

/// The narrowest range of whole lines around `stop` without which the piece parses.
fn narrow(piece: &str, stop: usize, kind: SourceType) -> Option<(usize, usize)> {
    let lines: Vec<(usize, usize)> = line_ranges(piece);
    let at = lines.iter().rposition(|(start, _)| *start <= stop)?;
    let indent = |line: usize| {
        let text = &piece[lines[line].0..lines[line].1];
        if text.trim().is_empty() { usize::MAX } else { text.len() - text.trim_start().len() }
    };
    let mut candidates: Vec<(usize, usize)> = vec![(at, at)];
    if at > 0 {
        candidates.push((at - 1, at - 1));
        candidates.push((at - 1, at));
    }
    // Blocks by indentation, each wider than the one before.
    let mut level = indent(at);
    for _ in 0..NARROWING {
        if level == 0 || level == usize::MAX {
            break;
        }
        let from = (0..=at).rev().find(|line| indent(*line) < level).map_or(0, |line| line + 1);
        let to = (at..lines.len()).find(|line| indent(*line) < level).map_or(lines.len(), |line| line) - 1;
        if from <= to {
            candidates.push((from, to));
        }
        let Some(outer) = from.checked_sub(1) else { break };
        let closing = (to + 1).min(lines.len() - 1);
        candidates.push((outer, closing));
        level = indent(outer);
    }
    candidates.truncate(NARROWING);
    candidates.into_iter().map(|(from, to)| (lines[from].0, lines[to].1)).find(|(from, to)| {
        let mut attempt = piece.to_owned();
        blank(&mut attempt, *from, *to);
        stops_at(&attempt, kind).is_none()
    })
}

fn line_ranges(text: &str) -> Vec<(usize, usize)> {
    let mut ranges = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        ranges.push((start, start + line.len()));
        start += line.len();
    }
    ranges
}

/// Replaces a range by blanks and keeps its line ends.
fn blank(code: &mut String, start: usize, end: usize) {
    let blanks: String = code[start..end].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
    code.replace_range(start..end, &blanks);
}

/// Cuts the text before every line that starts a top-level statement in its first column.
fn pieces(text: &str) -> Vec<(usize, usize)> {
    const STARTS: &[&str] = &[
        "import",
        "export",
        "const",
        "let",
        "var",
        "function",
        "async",
        "class",
        "abstract",
        "interface",
        "type",
        "enum",
        "namespace",
        "module",
        "declare",
        "if",
        "for",
        "while",
        "switch",
        "try",
        "throw",
        "return",
        "@",
        "describe",
        "it",
        "test",
        "await",
    ];
    let mut cuts = vec![0];
    let mut decorated = false;
    for (start, end) in line_ranges(text) {
        let line = &text[start..end];
        let begins = STARTS.iter().any(|word| {
            line.strip_prefix(word).is_some_and(|rest| {
                *word == "@"
                    || rest.is_empty()
                    || rest.starts_with(|next: char| !next.is_alphanumeric() && next != '_' && next != ':')
            })
        });
        if begins && start > 0 && !decorated {
            cuts.push(start);
        }
        // A decorator and the class under it are one statement.
        decorated = (decorated && !begins && line.starts_with([' ', '\t', '}', ')', ']'])) || line.starts_with('@');
    }
    cuts.push(text.len());
    cuts.windows(2).map(|pair| (pair[0], pair[1])).filter(|(start, end)| start < end).collect()
}
