//! From the bytes of a file to the text that everything else reads, or the reason why not.

use std::sync::Arc;

use super::{Content, LARGEST_FILE};
use crate::finding::Diagnostic;
use crate::source::{BlobId, RepoPath, SourceText};

/// A pointer file is three short lines; nothing longer is taken for one.
const LONGEST_POINTER: usize = 1_024;

const POINTER_START: &[&[u8]] = &[b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/"];

/// The content of a file of these bytes.
pub fn content(path: &RepoPath, blob: BlobId, bytes: &[u8]) -> Content {
    if bytes.len() <= LONGEST_POINTER && POINTER_START.iter().any(|start| bytes.starts_with(start)) {
        return skipped(path, None, "this file is a pointer into Git LFS: its content is not in the repository and was not read");
    }
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return skipped(path, None, "this file is UTF-16 and was not read: store it as UTF-8");
    }
    let bytes = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Content::Text(SourceText::new(path.clone(), blob, with_lf(text))),
        Err(error) => {
            let at = error.valid_up_to();
            let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            let line = u32::try_from(line).ok();
            skipped(path, line, format!("this file is not UTF-8 (byte {at} is 0x{:02x}) and was not read", bytes[at]))
        }
    }
}

/// A file that is there and was not read.
pub fn skipped(path: &RepoPath, line: Option<u32>, message: impl Into<String>) -> Content {
    Content::Skipped(Diagnostic::warning(path.clone(), line, message))
}

/// A file above [`LARGEST_FILE`].
pub fn too_large(path: &RepoPath, size: u64) -> Content {
    let limit = LARGEST_FILE / (1024 * 1024);
    skipped(path, None, format!("this file has {size} bytes and was not read: {limit} MB is the limit"))
}

fn with_lf(text: &str) -> Arc<str> {
    if text.contains("\r\n") { Arc::from(text.replace("\r\n", "\n")) } else { Arc::from(text) }
}

/// The bytes with LF line ends, where that changes them.
pub fn bytes_with_lf(bytes: &[u8]) -> Option<Vec<u8>> {
    // `\r` is rare enough in text that looking for the pair is one pass over the bytes.
    bytes.windows(2).any(|pair| pair == b"\r\n").then(|| {
        let mut out = Vec::with_capacity(bytes.len());
        for (at, byte) in bytes.iter().enumerate() {
            if !(*byte == b'\r' && bytes.get(at + 1) == Some(&b'\n')) {
                out.push(*byte);
            }
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<String, (Option<u32>, String)> {
        match content(&RepoPath::new("a.rs"), BlobId::from_bytes(&[0; 20]), bytes) {
            Content::Text(text) => Ok(text.text().to_owned()),
            Content::Skipped(why) => Err((why.line, why.message)),
        }
    }

    #[test]
    fn a_byte_order_mark_and_carriage_returns_are_gone() {
        assert_eq!(read(b"\xEF\xBB\xBFa\r\nb\rc\n"), Ok("a\nb\rc\n".into()));
        assert_eq!(bytes_with_lf(b"a\r\nb\rc\r\r\n"), Some(b"a\nb\rc\r\n".to_vec()));
        assert_eq!(bytes_with_lf(b"a\nb\r"), None);
    }

    #[test]
    fn a_latin_1_comment_names_its_line_and_byte() {
        let (line, message) = read(b"fn a() {}\n// caf\xE9\n").unwrap_err();
        assert_eq!(line, Some(2));
        assert!(message.contains("byte 16 is 0xe9"), "{message}");
    }

    #[test]
    fn utf_16_and_lfs_pointers_are_named() {
        assert!(read(b"\xFF\xFEa\0").unwrap_err().1.contains("UTF-16"));
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n";
        assert!(read(pointer).unwrap_err().1.contains("LFS"));
        let mut long = pointer.to_vec();
        long.resize(2_000, b'x');
        assert!(read(&long).is_ok());
    }
}
