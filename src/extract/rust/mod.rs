//! The Rust front end, on syn: wire forms as serde writes and reads them.
//!
//! - [`parse`]: text to items, with what does not parse cut out;
//! - [`imports`], [`names`], [`attrs`], [`types`], [`declare`]: declarations in wire form;
//! - [`items`], [`body`], [`exprs`], [`access`], [`calls`], [`macros`], [`bind`]: functions, values, calls and reads;
//! - [`texts`]: the names that an enum's own functions give to its variants;
//! - [`waivers`]: comments that address the tool.

mod access;
mod attrs;
mod bind;
mod body;
mod calls;
mod declare;
mod exprs;
mod extent;
mod imports;
mod items;
mod macros;
mod names;
mod parse;
mod remedies;
mod restores;
mod spans;
mod texts;
mod types;
mod waivers;

#[cfg(test)]
mod tests;

use crate::extract::Language;
use crate::extract::remedy::{Remedy, Wanted};
use crate::facts::{FactDiagnostic, FileFacts, LanguageId};
use crate::finding::Severity;
use crate::source::{RepoPath, SourceText};

pub struct Rust;

impl Language for Rust {
    fn id(&self) -> LanguageId {
        LanguageId::Rust
    }

    fn claims(&self, path: &RepoPath) -> bool {
        path.extension() == "rs"
    }

    fn extract(&self, source: &SourceText) -> FileFacts {
        let facts = lower(source.text());
        // proc-macro2 keeps the text of everything that it lexed; nothing here outlives the file.
        proc_macro2::extra::invalidate_current_thread_spans();
        facts
    }

    fn remedies(&self, wanted: &Wanted<'_>) -> Vec<Remedy> {
        remedies::remedies(wanted)
    }
}

fn lower(text: &str) -> FileFacts {
    let parsed = parse::parse(text);
    let (names, imports) = imports::names_of(&parsed.items, &parsed.spans);
    let mut lowering = items::Lowering::new(text, &parsed.spans, &names, imports);
    lowering.in_test = attrs::is_test_only(&parsed.attrs);
    let in_test = lowering.in_test;
    let mut facts = lowering.file(&parsed.items);
    facts.in_test = in_test;
    facts.waivers = waivers::waivers(text);
    for (span, message) in parsed.unread {
        facts.diagnostics.push(FactDiagnostic {
            severity: Severity::Warning,
            span: Some(span),
            message: format!("not analysed: {message}"),
        });
        facts.unread.push(span);
    }
    facts
}
