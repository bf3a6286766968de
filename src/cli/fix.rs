//! `driftgate check --fix`: the fixes that are safe, written to the working tree.
//!
//! All or nothing: every new text lies beside its file before the first file is replaced, and a file that is no longer what was
//! read stops the whole. What is staged and what is committed is never touched.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::UserError;
use crate::finding::{Edit, Finding, Severity, Status};
use crate::fix;
use crate::report::escape;
use crate::snapshot::{Content, Snapshot};
use crate::source::{RepoPath, SourceText};

/// What was done.
pub struct Applied {
    /// A line for every edit with what it puts right, for a person.
    pub lines: Vec<String>,
    pub files: Vec<RepoPath>,
}

/// Applies every safe fix of a finding that stands against the change.
///
/// # Errors
/// Where a file cannot be written, or is no longer what the check has read; then nothing was written.
pub fn apply(findings: &[Finding], head: &dyn Snapshot, root: &Path) -> Result<Applied, UserError> {
    // One edit may put several events right.
    let mut told: Vec<(String, Vec<&str>)> = Vec::new();
    let mut edits: Vec<Edit> = Vec::new();
    let listing = head.entries(&|_| true)?;
    let read = |file: &RepoPath| -> Option<SourceText> {
        let at = listing.entries.binary_search_by(|entry| entry.path.cmp(file)).ok()?;
        match head.read(&listing.entries[at]) {
            Content::Text(text) => Some(text),
            Content::Skipped(_) => None,
        }
    };
    for finding in findings.iter().filter(|finding| finding.status == Status::New && finding.severity > Severity::Note) {
        let Some(fix) = finding.fix.as_ref().filter(|fix| fix.safe) else { continue };
        let Some(text) = read(&fix.origin.file) else { continue };
        let line = text.position(fix.origin.span.start).line;
        let what = format!("fixed {}:{line}: {} ({}", fix.origin.file, fix.what, finding.rule);
        match told.iter_mut().find(|(known, _)| *known == what) {
            Some((_, events)) => events.push(&finding.event),
            None => told.push((what, vec![&finding.event])),
        }
        edits.extend(fix.edits());
    }
    let mut written = Vec::new();
    for (file, edits) in fix::by_file(&edits) {
        let text = read(&file).ok_or_else(|| changed(&file))?;
        let path = root.join(file.as_str());
        let bytes = std::fs::read(&path).map_err(|error| unwritable(&path, &error))?;
        let new = edited(&bytes, text.text(), &edits).ok_or_else(|| changed(&file))?;
        written.push((file, path, new));
    }
    replace(&written)?;
    let lines = told.into_iter().map(|(what, events)| {
        let events: Vec<String> = events.iter().filter(|event| !event.is_empty()).map(|event| format!("`{event}`")).collect();
        let subject = if events.is_empty() { String::new() } else { format!(" in {}", events.join(", ")) };
        format!("{what}{subject})")
    });
    let lines = lines.collect();
    Ok(Applied { lines, files: written.into_iter().map(|(file, _, _)| file).collect() })
}

/// Says on standard error what was done, so that the report on standard output stays what its format promises.
pub fn tell(applied: &Applied) {
    let mut err = std::io::stderr().lock();
    for line in &applied.lines {
        let _ = writeln!(err, "{}", escape::line(line));
    }
    if applied.lines.is_empty() {
        let _ = writeln!(err, "nothing that `--fix` can change safely");
    }
}

fn changed(file: &RepoPath) -> UserError {
    UserError::Usage {
        message: format!("`{file}` changed while it was checked: nothing was written"),
        help: "run `driftgate check --fix` again".to_owned(),
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> UserError {
    UserError::Unwritable { path: path.display().to_string(), message: error.to_string() }
}

/// The bytes of a file with edits made that speak of its text: without a byte order mark, and with LF line ends.
fn edited(bytes: &[u8], text: &str, edits: &[Edit]) -> Option<Vec<u8>> {
    const MARK: &str = "\u{feff}";
    let whole = std::str::from_utf8(bytes).ok()?;
    let (mark, body) = match whole.strip_prefix(MARK) {
        Some(body) => (MARK, body),
        None => ("", whole),
    };
    if body.replace("\r\n", "\n") != text {
        return None;
    }
    let windows = body.contains("\r\n");
    // Where a byte of the text stands in the file: every line end before it may have one byte more.
    let mut pairs = body.match_indices("\r\n").map(|(at, _)| at).enumerate().map(|(before, at)| at - before).peekable();
    let mut more = 0;
    let mut place = |at: u32| {
        while pairs.next_if(|end| *end < at as usize).is_some() {
            more += 1;
        }
        at as usize + more
    };
    let mut out = String::from(mark);
    let mut done = 0;
    for edit in edits {
        let (start, end) = (place(edit.origin.span.start), place(edit.origin.span.end));
        out.push_str(body.get(done..start)?);
        body.get(start..end)?;
        match windows {
            true => out.push_str(&edit.replacement.replace('\n', "\r\n")),
            false => out.push_str(&edit.replacement),
        }
        done = end;
    }
    out.push_str(body.get(done..)?);
    Some(out.into_bytes())
}

/// Writes all files beside their places first, then puts them there.
fn replace(files: &[(RepoPath, PathBuf, Vec<u8>)]) -> Result<(), UserError> {
    let mut ready = Vec::new();
    for (_, path, bytes) in files {
        let folder = path.parent().unwrap_or(Path::new("."));
        let unwritable = |error: std::io::Error| unwritable(path, &error);
        let mut beside = tempfile::Builder::new().prefix(".driftgate-").tempfile_in(folder).map_err(unwritable)?;
        beside.write_all(bytes).and_then(|()| beside.flush()).map_err(unwritable)?;
        let permissions = std::fs::metadata(path).map_err(unwritable)?.permissions();
        if permissions.readonly() {
            return Err(unwritable(std::io::Error::from(std::io::ErrorKind::PermissionDenied)));
        }
        std::fs::set_permissions(beside.path(), permissions).map_err(unwritable)?;
        ready.push((beside, path));
    }
    for (beside, path) in ready {
        beside.persist(path).map_err(|error| unwritable(path, &error.error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Origin, Span};

    fn edit(start: usize, end: usize, replacement: &str) -> Edit {
        Edit { origin: Origin::new(RepoPath::new("a"), Span::new(start, end)), replacement: replacement.to_owned() }
    }

    #[test]
    fn line_ends_and_the_byte_order_mark_stay_as_they_were() {
        let edits = [edit(2, 3, "x\ny"), edit(4, 5, "z")];
        assert_eq!(edited(b"a\nb\nc", "a\nb\nc", &edits).as_deref(), Some(&b"a\nx\ny\nz"[..]));
        assert_eq!(edited(b"a\r\nb\r\nc", "a\nb\nc", &edits).as_deref(), Some(&b"a\r\nx\r\ny\r\nz"[..]));
        assert_eq!(edited(b"\xef\xbb\xbfa\nb\r\nc", "a\nb\nc", &edits).as_deref(), Some(&b"\xef\xbb\xbfa\nx\r\ny\r\nz"[..]));
    }

    #[test]
    fn a_file_that_is_not_what_was_read_is_left_alone() {
        assert_eq!(edited(b"a\nB\nc", "a\nb\nc", &[edit(0, 1, "x")]), None);
    }
}
