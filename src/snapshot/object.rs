//! git's objects as bytes: their ids, and what a raw tree, commit or tag says. No replace refs, no grafts: what is stored counts.

use sha2::{Digest, Sha256};

use crate::source::BlobId;

/// The name of any object: blobs, trees and commits are all named alike.
pub type ObjectId = BlobId;

/// Which hash names the objects of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    Sha1,
    Sha256,
}

impl Hash {
    pub fn length(self) -> usize {
        match self {
            Hash::Sha1 => 20,
            Hash::Sha256 => 32,
        }
    }

    /// The id that git gives to a file of these bytes.
    pub fn blob(self, bytes: &[u8]) -> BlobId {
        match self {
            Hash::Sha1 => {
                let id = git2::Oid::hash_object(git2::ObjectType::Blob, bytes)
                    .expect("hashing bytes in memory needs nothing that can fail");
                BlobId::from_bytes(id.as_bytes())
            }
            Hash::Sha256 => {
                let mut hasher = Sha256::new();
                hasher.update(format!("blob {}\0", bytes.len()));
                hasher.update(bytes);
                BlobId::from_bytes(&hasher.finalize())
            }
        }
    }
}

/// Reads a full object id in hexadecimal digits, of either hash.
pub fn object_id(hex: &str) -> Option<ObjectId> {
    if !matches!(hex.len(), 40 | 64) || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let bytes: Option<Vec<u8>> = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect();
    Some(ObjectId::from_bytes(&bytes?))
}

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    Blob,
    Tree,
    Commit,
    Tag,
}

/// What stands behind a name in a tree or in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    Regular,
    Folder,
    Symlink,
    Submodule,
}

impl FileKind {
    /// git compares only the type bits, and takes whatever is none of the others for a regular file.
    pub fn from_mode(mode: u32) -> Self {
        match mode & 0o170_000 {
            0o040_000 => FileKind::Folder,
            0o120_000 => FileKind::Symlink,
            0o160_000 => FileKind::Submodule,
            _other => FileKind::Regular,
        }
    }
}

/// One name in a raw tree.
#[derive(Debug, PartialEq, Eq)]
pub struct TreeEntry<'a> {
    pub name: &'a [u8],
    pub kind: FileKind,
    pub id: ObjectId,
}

/// Splits a raw tree: `MODE NAME\0ID`, over and over. `None` where it is cut short or no tree at all.
pub fn tree_entries(mut bytes: &[u8], hash: Hash) -> Option<Vec<TreeEntry<'_>>> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let space = bytes.iter().position(|byte| *byte == b' ')?;
        let mode = u32::from_str_radix(std::str::from_utf8(&bytes[..space]).ok()?, 8).ok()?;
        let rest = &bytes[space + 1..];
        let end = rest.iter().position(|byte| *byte == 0)?;
        let id = rest.get(end + 1..end + 1 + hash.length())?;
        entries.push(TreeEntry { name: &rest[..end], kind: FileKind::from_mode(mode), id: ObjectId::from_bytes(id) });
        bytes = &rest[end + 1 + hash.length()..];
    }
    Some(entries)
}

/// Why a name must not become part of a path; git itself refuses to check such names out.
pub fn odd_name(name: &[u8]) -> Option<&'static str> {
    match name {
        b"" => Some("an empty name"),
        b"." | b".." => Some("a name that leads elsewhere"),
        _ if name.contains(&b'/') || name.contains(&0) => Some("a name with a slash or a zero byte in it"),
        _ if name.eq_ignore_ascii_case(b".git") => Some("a file inside git's own folder"),
        _ordinary => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blob_ids_are_those_of_git() {
        // `printf 'hello\n' | git hash-object --stdin`, in a repository of either format.
        assert_eq!(Hash::Sha1.blob(b"hello\n").to_string(), "ce013625030ba8dba906f756967f9e9ca394464a");
        assert_eq!(Hash::Sha256.blob(b"hello\n").to_string(), "2cf8d83d9ee29543b34a87727421fdecb7e3f3a183d337639025de576db9ebb4");
    }

    #[test]
    fn an_object_id_is_exactly_its_digits() {
        let hex = "ce013625030ba8dba906f756967f9e9ca394464a";
        assert_eq!(object_id(hex).map(|id| id.to_string()).as_deref(), Some(hex));
        for odd in ["", "ce01", "HEAD", "zz013625030ba8dba906f756967f9e9ca394464a", "+e013625030ba8dba906f756967f9e9ca394464a"] {
            assert_eq!(object_id(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_cut_tree_is_no_tree() {
        let mut raw = b"100644 a.rs\0".to_vec();
        raw.extend([7; 20]);
        assert_eq!(tree_entries(&raw, Hash::Sha1).map(|entries| entries.len()), Some(1));
        for length in 1..raw.len() {
            assert_eq!(tree_entries(&raw[..length], Hash::Sha1), None, "{length}");
        }
    }

    #[test]
    fn names_that_lead_out_of_the_folder_are_odd() {
        for name in [&b".."[..], b".", b"", b"a/b", b".GIT", b"a\0b"] {
            assert!(odd_name(name).is_some(), "{name:?}");
        }
        for name in [&b"..a"[..], b".github", b"a.rs", b"\xff"] {
            assert_eq!(odd_name(name), None, "{name:?}");
        }
    }
}
