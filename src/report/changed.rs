//! Which lines of head a change added or edited: where an annotation can be put.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::LineRange;

/// Lines of both sides that are compared one by one, after what is equal at the top and at the bottom is taken off. Past this all
/// that is left counts as edited: a mark a few lines off is better than a wait.
const MAX_LINES: usize = 10_000;

/// The added and edited lines of one file, sorted; all of them where base has no such file.
pub fn changed_lines(base: Option<&str>, head: &str) -> Vec<LineRange> {
    let new: Vec<&str> = head.lines().collect();
    let old: Vec<&str> = base.map(|text| text.lines().collect()).unwrap_or_default();
    let top = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old, middle) = (&old[top..], &new[top..]);
    let bottom = old.iter().rev().zip(middle.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, middle) = (&old[..old.len() - bottom], &middle[..middle.len() - bottom]);
    if middle.is_empty() {
        return Vec::new();
    }
    if old.is_empty() || old.len() + middle.len() > MAX_LINES {
        return vec![lines(top, 0, middle.len())];
    }
    let mut ranges: Vec<LineRange> = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, old, middle) {
        let range = match op {
            DiffOp::Equal { .. } | DiffOp::Delete { .. } => continue,
            DiffOp::Insert { new_index, new_len, .. } | DiffOp::Replace { new_index, new_len, .. } => {
                lines(top, new_index, new_len)
            }
        };
        match ranges.last_mut() {
            Some(last) if last.end + 1 >= range.start => last.end = range.end,
            Some(_) | None => ranges.push(range),
        }
    }
    ranges
}

fn lines(top: usize, index: usize, count: usize) -> LineRange {
    let line = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
    LineRange { start: line(top + index + 1), end: line(top + index + count) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(base: Option<&str>, head: &str, expected: &[(u32, u32)]) {
        let found: Vec<(u32, u32)> = changed_lines(base, head).iter().map(|range| (range.start, range.end)).collect();
        assert_eq!(found, expected, "{base:?} → {head:?}");
    }

    #[test]
    fn added_and_edited_lines_are_named_and_deleted_ones_are_not() {
        check(Some("a\nb\nc\n"), "a\nb\nc\n", &[]);
        check(Some("a\nb\nc\n"), "a\nc\n", &[]);
        check(Some("a\nb\nc\n"), "a\nx\nc\n", &[(2, 2)]);
        check(Some("a\nb\nc\nd\ne\n"), "0\na\nb\nx\ny\nd\ne\nf\n", &[(1, 1), (4, 5), (8, 8)]);
        check(Some(""), "a\nb\n", &[(1, 2)]);
        check(None, "a\nb\n", &[(1, 2)]);
        check(None, "", &[]);
    }

    #[test]
    fn a_file_rewritten_from_top_to_bottom_is_one_range() {
        let text = |salt: &str| (0..20_000).map(|n| format!("{salt}{n}\n")).collect::<String>();
        check(Some(&text("a")), &text("b"), &[(1, 20_000)]);
    }
}
