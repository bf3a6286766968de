//! What differs between two listings, and between two texts.

use std::cmp::Ordering;
use std::ops::Range;

use similar::{Algorithm, DiffTag, capture_diff_slices};

use super::Entry;
use crate::source::RepoPath;

/// One path on which two snapshots differ: only on one side, or with another blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathChange<'a> {
    pub base: Option<&'a Entry>,
    pub head: Option<&'a Entry>,
}

impl PathChange<'_> {
    pub fn path(&self) -> &RepoPath {
        &self.head.or(self.base).expect("a change has at least one side").path
    }
}

/// The paths on which two listings differ, in order. Both are sorted, as [`super::Snapshot::entries`] gives them.
pub fn changed_paths<'a>(base: &'a [Entry], head: &'a [Entry]) -> Vec<PathChange<'a>> {
    let mut changes = Vec::new();
    let (mut old, mut new) = (base.iter().peekable(), head.iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return changes,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => old.path.cmp(&new.path),
        };
        let base = if order.is_le() { old.next() } else { None };
        let head = if order.is_ge() { new.next() } else { None };
        if base.map(|entry| entry.blob) != head.map(|entry| entry.blob) {
            changes.push(PathChange { base, head });
        }
    }
}

/// One stretch of lines that was replaced; counted from 1, half open. An empty `new` is a deletion before that line, an empty
/// `old` an insertion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineChange {
    pub old: Range<u32>,
    pub new: Range<u32>,
}

/// Pairs of lines that a comparison may come to in the worst case.
/// Past this, what lies between the first and the last difference counts as one change.
const LINE_PAIRS: usize = 25_000_000;

/// The lines in which two texts differ.
pub fn changed_lines(old: &str, new: &str) -> Vec<LineChange> {
    let old: Vec<&str> = old.lines().collect();
    let new: Vec<&str> = new.lines().collect();
    let prefix = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let suffix = old[prefix..].iter().rev().zip(new[prefix..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[prefix..old.len() - suffix], &new[prefix..new.len() - suffix]);
    let change = |old: Range<usize>, new: Range<usize>| {
        let lines = |range: Range<usize>| {
            let line = |at: usize| u32::try_from(prefix + at + 1).unwrap_or(u32::MAX);
            line(range.start)..line(range.end)
        };
        LineChange { old: lines(old), new: lines(new) }
    };
    if old.is_empty() && new.is_empty() {
        return Vec::new();
    }
    // No deadline by the clock: the same two texts give the same answer on a slow machine.
    if old.is_empty() || new.is_empty() || old.len().saturating_mul(new.len()) > LINE_PAIRS {
        return vec![change(0..old.len(), 0..new.len())];
    }
    capture_diff_slices(Algorithm::Myers, old, new)
        .into_iter()
        .filter(|op| op.tag() != DiffTag::Equal)
        .map(|op| change(op.old_range(), op.new_range()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{MemorySnapshot, Snapshot};

    #[test]
    fn only_paths_with_another_blob_are_changed() {
        let base = MemorySnapshot::new([("a", "1"), ("b", "1"), ("c", "1"), ("e", "1\r\n")]);
        let head = MemorySnapshot::new([("b", "2"), ("c", "1"), ("d", "1"), ("e", "1\n")]);
        let (base, head) = (base.entries(&|_| true).unwrap().entries, head.entries(&|_| true).unwrap().entries);
        let changes = changed_paths(&base, &head);
        let seen: Vec<_> = changes.iter().map(|c| (c.path().as_str(), c.base.is_some(), c.head.is_some())).collect();
        assert_eq!(seen, [("a", true, false), ("b", true, true), ("d", false, true)]);
        assert_eq!(changed_paths(&base, &base), []);
    }

    #[test]
    fn changed_lines_name_the_lines_of_both_sides() {
        let change = |old: Range<u32>, new: Range<u32>| LineChange { old, new };
        assert_eq!(changed_lines("a\nb\nc\n", "a\nB\nc\n"), [change(2..3, 2..3)]);
        assert_eq!(changed_lines("a\nb\nc\n", "a\nc\n"), [change(2..3, 2..2)]);
        assert_eq!(changed_lines("a\nc\n", "a\nb\nc\n"), [change(2..2, 2..3)]);
        assert_eq!(changed_lines("a\nb\nc\nd\ne\n", "A\nb\nc\nd\nE\n"), [change(1..2, 1..2), change(5..6, 5..6)]);
        assert_eq!(changed_lines("a\n", "a\n"), []);
        assert_eq!(changed_lines("", "a\n"), [change(1..1, 1..2)]);
    }

    #[test]
    fn two_huge_unlike_texts_are_one_change() {
        let old: String = (0..6_000).map(|n| format!("old {n}\n")).collect();
        let new: String = (0..6_000).map(|n| format!("new {n}\n")).collect();
        assert_eq!(changed_lines(&old, &new), [LineChange { old: 1..6_001, new: 1..6_001 }]);
    }
}
