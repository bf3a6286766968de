//! The Python front end, on ruff's parser.
//!
//! No Python is run and no interpreter is asked: everything here is read from the syntax tree. ruff's types stay inside this
//! folder. What another file would have to say (the base class of a model, the value of an imported constant) is left to
//! `link` as a name.

mod access;
mod annotations;
mod bindings;
mod calls;
mod casing;
mod classes;
mod conditions;
mod expressions;
mod functions;
mod known;
mod lower;
mod models;
mod names;
mod remedies;
mod restores;
mod skip;
mod statements;
#[cfg(test)]
mod tests;

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{ModModule, Stmt};
use ruff_python_parser::{Mode, ParseOptions, Parsed, parse_unchecked};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::extract::Language;
use crate::extract::remedy::{Remedy, Wanted};
use crate::facts::{FactDiagnostic, FileFacts, LanguageId, Waiver};
use crate::finding::Severity;
use crate::source::{RepoPath, SourceText, Span};

pub struct Python;

/// Syntax errors that are named one by one; further ones of the same file are counted.
const MAX_NAMED_ERRORS: usize = 5;

impl Language for Python {
    fn id(&self) -> LanguageId {
        LanguageId::Python
    }

    fn claims(&self, path: &RepoPath) -> bool {
        matches!(path.extension(), "py" | "pyi")
    }

    fn extract(&self, source: &SourceText) -> FileFacts {
        if let Some(reason) = skip::reason(source) {
            let mut facts = FileFacts::new(LanguageId::Python);
            facts.diagnostics.push(FactDiagnostic { severity: Severity::Note, span: None, message: reason.to_owned() });
            return facts;
        }
        let text = source.text();
        let parsed =
            parse_unchecked(text, ParseOptions::from(Mode::Module)).try_into_module().expect("module mode always gives a module");
        let mut facts = lower::file(text, parsed.suite());
        syntax_errors(text, &parsed, &mut facts);
        waivers(text, &parsed, &mut facts);
        facts
    }

    fn remedies(&self, wanted: &Wanted<'_>) -> Vec<Remedy> {
        remedies::remedies(wanted)
    }
}

/// A range of ruff's as a span.
fn span(range: TextRange) -> Span {
    Span { start: range.start().to_u32(), end: range.end().to_u32() }
}

/// Names the syntax errors, and marks the statements that they stand in as unread.
fn syntax_errors(text: &str, parsed: &Parsed<ModModule>, facts: &mut FileFacts) {
    let errors = parsed.errors();
    for error in errors.iter().take(MAX_NAMED_ERRORS) {
        facts.diagnostics.push(FactDiagnostic {
            severity: Severity::Warning,
            span: Some(span(error.location)),
            message: format!("syntax error: {}", error.error),
        });
    }
    if errors.len() > MAX_NAMED_ERRORS {
        facts.diagnostics.push(FactDiagnostic {
            severity: Severity::Warning,
            span: None,
            message: format!("{} further syntax errors; is this Python 3?", errors.len() - MAX_NAMED_ERRORS),
        });
    }
    let mut unread: Vec<Span> = errors
        .iter()
        .map(|error| {
            let at = error.location.start();
            let broken = innermost(parsed.suite(), at).map_or(Span::new(at.to_usize(), at.to_usize()), |stmt| span(stmt.range()));
            whole_lines(text, broken, span(error.location))
        })
        .collect();
    unread.sort();
    for range in unread {
        match facts.unread.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => facts.unread.push(range),
        }
    }
}

/// The smallest statement around a position; a compound statement only where none of its parts holds the position.
fn innermost(mut body: &[Stmt], at: TextSize) -> Option<&Stmt> {
    let mut found = None;
    loop {
        let Some(stmt) = body.iter().find(|stmt| stmt.range().contains_inclusive(at)) else {
            return found.filter(|stmt: &&Stmt| !is_compound(stmt));
        };
        found = Some(stmt);
        let inner = statements::blocks(stmt)
            .into_iter()
            .find(|block| block.first().zip(block.last()).is_some_and(|(first, last)| first.start() <= at && at <= last.end()));
        match inner {
            Some(block) => body = block,
            None => return found.filter(|stmt| !is_compound(stmt)),
        }
    }
}

fn is_compound(stmt: &Stmt) -> bool {
    !statements::blocks(stmt).is_empty()
}

fn whole_lines(text: &str, broken: Span, error: Span) -> Span {
    let bytes = text.as_bytes();
    let start = (broken.start.min(error.start) as usize).min(bytes.len());
    let end = (broken.end.max(error.end) as usize).min(bytes.len());
    let start = bytes[..start].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let end = bytes[end..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| end + at);
    Span::new(start, end)
}

/// Collects `# driftgate: allow(rule) reason`.
fn waivers(text: &str, parsed: &Parsed<ModModule>, facts: &mut FileFacts) {
    if memchr::memmem::find(text.as_bytes(), b"driftgate:").is_none() {
        return;
    }
    for token in parsed.tokens().iter().filter(|token| token.kind() == TokenKind::Comment) {
        let comment = &text[token.range()];
        let body = comment.trim_start_matches('#').trim_start();
        let Some(rest) = body.strip_prefix("driftgate:").map(str::trim_start).and_then(|rest| rest.strip_prefix("allow(")) else {
            continue;
        };
        let Some((rules, reason)) = rest.split_once(')') else { continue };
        for rule in rules.split(',').map(str::trim).filter(|rule| !rule.is_empty()) {
            facts.waivers.push(Waiver { rule: rule.to_owned(), reason: reason.trim().to_owned(), span: span(token.range()) });
        }
    }
}
