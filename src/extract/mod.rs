//! Bytes to facts: one front end per language, chosen by path.
//!
//! Extraction cannot fail: what a front end cannot read is a diagnostic in the facts, with the range that is therefore unknown.
//! Files come from strangers, so a size limit and a cheap look at the nesting stand before every parser, and a panic costs one
//! file and asks for a bug report.

pub mod prisma;
pub mod project;
pub mod python;
pub mod remedy;
pub mod restore;
pub mod rust;
pub mod typescript;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::facts::{FactDiagnostic, FileFacts, LanguageId, Name};
use crate::finding::Severity;
use crate::source::{RepoPath, SourceText, Span};

/// One front end.
pub trait Language: Sync {
    fn id(&self) -> LanguageId;
    /// Whether it reads files of this path.
    fn claims(&self, path: &RepoPath) -> bool;
    /// The facts of one file: a function of its bytes and its file name alone.
    fn extract(&self, source: &SourceText) -> FileFacts;
    /// Edits that take a change back on the wire and leave it in the code, the best one first. They are proposals: whoever asks
    /// looks whether they hold.
    fn remedies(&self, _wanted: &remedy::Wanted<'_>) -> Vec<remedy::Remedy> {
        Vec::new()
    }
}

/// Every front end. To add one, write its folder and its line here.
pub const LANGUAGES: &[&dyn Language] =
    &[&rust::Rust, &typescript::TypeScript, &prisma::Prisma, &python::Python, &project::Project];

/// The largest file that is parsed, in bytes. A larger one is named in a diagnostic and its boundaries are unknown.
pub const MAX_FILE_BYTES: usize = 1 << 20;

/// The deepest bracket nesting that is parsed; the parsers recurse, and a stack overflow cannot be caught.
const MAX_NESTING: usize = 500;

/// The stack of a thread that parses: room for [`MAX_NESTING`] brackets and for long operator chains of a file of
/// [`MAX_FILE_BYTES`].
pub const PARSER_STACK_BYTES: usize = 256 << 20;

/// Raised with every change of what extraction gives, so that stored facts of an older version are not used.
pub const EXTRACTOR_VERSION: u32 = 4;

/// The front end that reads files of this path.
pub fn language_of(path: &RepoPath) -> Option<&'static dyn Language> {
    LANGUAGES.iter().copied().find(|language| language.claims(path))
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Silences the default report of panics that [`extract`] is about to catch; call once at start-up.
pub fn install_panic_guard() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !QUIET.get() {
            report(panic);
        }
    }));
}

/// The facts of a file that `language` claims.
pub fn extract(language: &dyn Language, source: &SourceText) -> FileFacts {
    let text = source.text();
    let skipped = |message: String| {
        let mut facts = FileFacts::new(language.id());
        facts.unread.push(Span::new(0, text.len()));
        facts.diagnostics.push(FactDiagnostic { severity: Severity::Warning, span: None, message });
        facts
    };
    if text.len() > MAX_FILE_BYTES {
        return skipped(format!("not analysed: {} bytes, the limit is {MAX_FILE_BYTES}", text.len()));
    }
    if nesting(text) > MAX_NESTING {
        return skipped(format!("not analysed: brackets are nested more than {MAX_NESTING} deep"));
    }
    let facts = quietly(|| {
        let mut facts = language.extract(source);
        facts.compact();
        facts
    });
    facts.unwrap_or_else(|panic| {
        let what = panic.downcast_ref::<Name>().map(Name::as_str).or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("");
        skipped(format!(
            "not analysed: the {} front end failed on it ({what}); please report this file as a bug",
            language.id().as_str()
        ))
    })
}

/// What a front end proposes; nothing where it fails, for a proposal may be done without.
pub fn remedies(language: &dyn Language, wanted: &remedy::Wanted<'_>) -> Vec<remedy::Remedy> {
    let readable = |text: &str| text.len() <= MAX_FILE_BYTES && nesting(text) <= MAX_NESTING;
    if !readable(wanted.head.text()) || wanted.base.as_ref().is_some_and(|(source, _)| !readable(source.text())) {
        return Vec::new();
    }
    quietly(|| language.remedies(wanted)).unwrap_or_default()
}

fn quietly<T>(run: impl FnOnce() -> T) -> std::thread::Result<T> {
    QUIET.set(true);
    let result = catch_unwind(AssertUnwindSafe(run));
    QUIET.set(false);
    result
}

/// The deepest nesting of brackets, strings and comments counted as if they were code: an upper bound that costs a pass or two.
fn nesting(text: &str) -> usize {
    // Nothing is nested deeper than there are opening brackets, and those are counted many bytes at a time.
    let opening: usize = text
        .as_bytes()
        .chunks(u8::MAX as usize)
        .map(|chunk| usize::from(chunk.iter().map(|byte| u8::from(matches!(byte, b'(' | b'[' | b'{'))).sum::<u8>()))
        .sum();
    if opening <= MAX_NESTING {
        return opening;
    }
    let (mut depth, mut deepest) = (0usize, 0usize);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
