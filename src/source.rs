//! Where a thing stands: paths, blobs, byte spans, and the text they point into.
//!
//! Positions are byte offsets everywhere inside; lines and columns are computed when a person is shown one.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

/// A path inside a snapshot: relative to its root, with forward slashes, never starting with `/` or `./`.
///
/// Names that are not UTF-8 keep their readable part and carry the other bytes as `\xNN`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RepoPath(Arc<str>);

impl RepoPath {
    /// Takes a path that is already relative and separated by forward slashes.
    pub fn new(path: impl AsRef<str>) -> Self {
        RepoPath(Arc::from(path.as_ref()))
    }

    /// Takes the bytes of a path as git stores them.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut path = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            path.push_str(chunk.valid());
            for byte in chunk.invalid() {
                path.push_str(&format!("\\x{byte:02x}"));
            }
        }
        RepoPath(Arc::from(path))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last component.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The file name without its last extension: `invoice.paid` for `schemas/invoice.paid.json`.
    pub fn stem(&self) -> &str {
        let name = self.file_name();
        match name.rfind('.') {
            Some(dot) if dot > 0 => &name[..dot],
            _ => name,
        }
    }

    /// The last extension in the case in which it is written, without the dot; empty where there is none.
    pub fn extension(&self) -> &str {
        let name = self.file_name();
        match name.rfind('.') {
            Some(dot) if dot > 0 => &name[dot + 1..],
            _ => "",
        }
    }

    /// The folder that holds it; empty for a file at the root.
    pub fn parent(&self) -> &str {
        match self.0.rfind('/') {
            Some(slash) => &self.0[..slash],
            None => "",
        }
    }

    /// Resolves `relative` against the folder of this path. `None` where it leaves the snapshot.
    pub fn join(&self, relative: &str) -> Option<RepoPath> {
        resolve(self.parent(), relative)
    }
}

/// Resolves `relative` against the folder `base`, both inside one snapshot. `None` where the result would lie outside of it.
pub fn resolve(base: &str, relative: &str) -> Option<RepoPath> {
    let mut parts: Vec<&str> =
        if relative.starts_with('/') { Vec::new() } else { base.split('/').filter(|p| !p.is_empty()).collect() };
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(RepoPath::new(parts.join("/")))
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

/// The identity of a file's bytes: git's object id, so that equal files of any two snapshots share one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId {
    length: u8,
    bytes: [u8; 32],
}

impl BlobId {
    /// Takes an object id of 20 (SHA-1) or 32 (SHA-256) bytes; longer input is cut.
    pub fn from_bytes(id: &[u8]) -> Self {
        let mut bytes = [0; 32];
        let length = id.len().min(32);
        bytes[..length].copy_from_slice(&id[..length]);
        BlobId { length: length as u8, bytes }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlobId({self})")
    }
}

/// A half-open range of bytes in one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn new(start: usize, end: usize) -> Self {
        Span { start: u32::try_from(start).unwrap_or(u32::MAX), end: u32::try_from(end).unwrap_or(u32::MAX) }
    }

    pub fn contains(&self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// A place in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    pub file: RepoPath,
    pub span: Span,
}

impl Origin {
    pub fn new(file: RepoPath, span: Span) -> Self {
        Origin { file, span }
    }
}

/// A line and a column as people count them, both from 1; the column counts Unicode scalar values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

/// The text of one file, with LF line ends.
#[derive(Debug)]
pub struct SourceText {
    pub path: RepoPath,
    pub blob: BlobId,
    text: Arc<str>,
    line_starts: OnceLock<Vec<u32>>,
}

impl SourceText {
    pub fn new(path: RepoPath, blob: BlobId, text: impl Into<Arc<str>>) -> Self {
        SourceText { path, blob, text: text.into(), line_starts: OnceLock::new() }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            std::iter::once(0)
                .chain(self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at as u32 + 1))
                .collect()
        })
    }

    /// The position of a byte offset; an offset past the end is the end.
    pub fn position(&self, offset: u32) -> Position {
        let mut offset = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let starts = self.line_starts();
        let line = starts.partition_point(|start| *start as usize <= offset).max(1) - 1;
        let column = self.text[starts[line] as usize..offset].chars().count();
        Position { line: line as u32 + 1, column: column as u32 + 1 }
    }

    /// The byte offset at which a line (from 1) starts; the end of the text for a line past the last.
    pub fn offset_of_line(&self, line: u32) -> u32 {
        let starts = self.line_starts();
        starts.get((line.max(1) - 1) as usize).copied().unwrap_or(self.text.len() as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_never_resolves_out_of_the_snapshot() {
        let schema = RepoPath::new("schemas/events/order.json");
        assert_eq!(schema.join("../common.json"), Some(RepoPath::new("schemas/common.json")));
        assert_eq!(schema.join("./a//b.json"), Some(RepoPath::new("schemas/events/a/b.json")));
        assert_eq!(schema.join("../../../etc/passwd"), None);
    }

    #[test]
    fn columns_count_characters_and_lines_start_at_one() {
        let text = SourceText::new(RepoPath::new("a.rs"), BlobId::from_bytes(&[0; 20]), "a\nüb\n");
        assert_eq!(text.position(0), Position { line: 1, column: 1 });
        assert_eq!(text.position(4), Position { line: 2, column: 2 });
        assert_eq!(text.position(99), Position { line: 3, column: 1 });
    }

    #[test]
    fn names_that_are_not_utf8_stay_apart() {
        assert_ne!(RepoPath::from_bytes(b"a\xff"), RepoPath::from_bytes(b"a\xfe"));
    }
}
