//! The TypeScript and JavaScript front end, on oxc's parser.
//!
//! One file is parsed into an arena, lowered to facts in one walk, and the tree dies with the call: no type of the parser
//! leaves this folder. Names of the module level stay as written; lexical scopes inside functions are resolved here.

mod calls;
mod changes;
mod classes;
mod declarations;
mod expressions;
mod jsx;
mod known;
mod lower;
mod narrowing;
mod parse;
mod patterns;
mod reads;
mod remedies;
mod restores;
mod schemas;
mod skip;
mod statements;
#[cfg(test)]
mod tests;
mod types;

use std::borrow::Cow;

use oxc_allocator::Allocator;
use oxc_span::SourceType;

use crate::extract::Language;
use crate::extract::remedy::{Remedy, Wanted};
use crate::facts::{FactDiagnostic, FileFacts, LanguageId, Waiver};
use crate::finding::Severity;
use crate::source::{RepoPath, SourceText, Span};

pub struct TypeScript;

impl Language for TypeScript {
    fn id(&self) -> LanguageId {
        LanguageId::TypeScript
    }

    fn claims(&self, path: &RepoPath) -> bool {
        matches!(path.extension(), "ts" | "tsx" | "mts" | "cts" | "js" | "jsx" | "mjs" | "cjs" | "vue" | "svelte")
    }

    fn extract(&self, source: &SourceText) -> FileFacts {
        let text = source.text();
        if let Some(reason) = skip::reason(source.path.file_name(), text) {
            let mut facts = FileFacts::new(LanguageId::TypeScript);
            facts.unread.push(Span::new(0, text.len()));
            facts.diagnostics.push(FactDiagnostic { severity: Severity::Note, span: None, message: reason });
            return facts;
        }
        let (code, kind) = program_text(&source.path, text);
        let allocator = Allocator::default();
        let parsed = parse::parse(&allocator, &code, kind);
        let mut facts = lower::lower(&parsed.program, &code, source.path.file_name().ends_with(".d.ts"));
        facts.waivers = waivers(&parsed.program, &code);
        facts.unread = parsed.unread;
        facts.diagnostics.extend(parsed.diagnostics);
        facts
    }

    fn remedies(&self, wanted: &Wanted<'_>) -> Vec<Remedy> {
        remedies::remedies(wanted)
    }
}

/// The text that is parsed, of the same length as the file, and how it is parsed.
fn program_text<'t>(path: &RepoPath, text: &'t str) -> (Cow<'t, str>, SourceType) {
    match path.extension() {
        "ts" if path.file_name().ends_with(".d.ts") => (Cow::Borrowed(text), SourceType::d_ts()),
        "mts" | "cts" if path.file_name().contains(".d.") => (Cow::Borrowed(text), SourceType::d_ts()),
        "ts" | "mts" | "cts" => (Cow::Borrowed(text), SourceType::ts()),
        "tsx" => (Cow::Borrowed(text), SourceType::tsx()),
        "vue" | "svelte" => {
            let (code, typed) = scripts(text);
            (Cow::Owned(code), if typed { SourceType::ts() } else { SourceType::jsx() })
        }
        "cjs" => (Cow::Borrowed(text), SourceType::cjs().with_jsx(true)),
        _ => (Cow::Borrowed(text), SourceType::jsx()),
    }
}

/// The script blocks of a single-file component; everything else is blanked, so that offsets stay those of the file.
fn scripts(text: &str) -> (String, bool) {
    let mut keep = Vec::new();
    let mut typed = false;
    let mut at = 0;
    while let Some(found) = text[at..].find("<script") {
        let open = at + found;
        let Some(close_tag) = text[open..].find('>') else { break };
        let start = open + close_tag + 1;
        let tag = &text[open..start];
        typed |= tag.contains("ts\"") || tag.contains("ts'") || tag.contains("typescript");
        let end = text[start..].find("</script").map_or(text.len(), |length| start + length);
        keep.push(start..end);
        at = end;
    }
    let mut code = vec![b' '; text.len()];
    for (target, byte) in code.iter_mut().zip(text.bytes()) {
        if byte == b'\n' {
            *target = b'\n';
        }
    }
    for range in keep {
        code[range.clone()].copy_from_slice(&text.as_bytes()[range]);
    }
    (String::from_utf8(code).expect("blocks are cut at ASCII tags and the rest is blank"), typed)
}

/// `driftgate: allow(rule) reason` in comments.
fn waivers(program: &oxc_ast::ast::Program<'_>, text: &str) -> Vec<Waiver> {
    let mut found = Vec::new();
    for comment in &program.comments {
        let (start, end) = (comment.span.start as usize, comment.span.end as usize);
        let Some(body) = text.get(start..end) else { continue };
        let Some(mark) = body.find("driftgate:") else { continue };
        let after = body[mark + "driftgate:".len()..].trim_start();
        let Some(rest) = after.strip_prefix("allow(") else { continue };
        let Some(close) = rest.find(')') else { continue };
        let reason = rest[close + 1..].lines().next().unwrap_or("").trim().trim_end_matches("*/").trim();
        found.push(Waiver {
            rule: rest[..close].trim().to_owned(),
            reason: reason.trim_start_matches([':', '-']).trim().to_owned(),
            span: Span::new(start, end),
        });
    }
    found
}
