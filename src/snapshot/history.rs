//! Commits: who, when, from what, and the line of first parents that the mainline is.

use super::backend::Object;
use super::object::{ObjectId, ObjectKind, object_id};
use super::repository::Repository;
use crate::error::UserError;

/// Commits of one change that are looked at, newest first.
/// A change with more is no work of one author, and the authors of the newest stand for it.
const MOST_COMMITS_OF_CHANGE: usize = 1_000;

/// One commit, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    pub oid: ObjectId,
    pub tree: ObjectId,
    /// As recorded, also where history was cut off and they are not in this clone.
    pub parents: Vec<ObjectId>,
    pub author: String,
    pub email: String,
    /// When it was written, as ISO 8601 with the author's offset: `2026-03-01T09:30:00+01:00`.
    pub date: String,
    pub message: String,
}

/// How far a walk goes back.
#[derive(Clone, Copy, Debug)]
pub enum Walk<'a> {
    /// This many commits.
    Last(usize),
    /// Down to the commits that this revision holds already.
    Since(&'a str),
}

impl Commit {
    /// The first paragraph on one line, as git shows it.
    pub fn subject(&self) -> String {
        let lines = self.message.lines().map(str::trim).skip_while(|line| line.is_empty());
        lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// The `Key: value` lines of the last paragraph, such as `Co-authored-by`.
    pub fn trailers(&self) -> Vec<(&str, &str)> {
        let message = self.message.trim_end();
        // The subject is no trailer, whatever it looks like.
        let Some((_, last)) = message.rsplit_once("\n\n") else { return Vec::new() };
        last.lines()
            .filter_map(|line| line.split_once(':'))
            .filter(|(key, _)| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
            .map(|(key, value)| (key, value.trim()))
            .collect()
    }

    fn parse(oid: ObjectId, bytes: &[u8]) -> Option<Commit> {
        let text = String::from_utf8_lossy(bytes);
        let (head, message) = text.split_once("\n\n").unwrap_or((text.trim_end_matches('\n'), ""));
        let mut lines = head.lines();
        let tree = object_id(lines.next()?.strip_prefix("tree ")?)?;
        let mut commit = Commit {
            oid,
            tree,
            parents: Vec::new(),
            author: String::new(),
            email: String::new(),
            date: String::new(),
            message: message.to_owned(),
        };
        for line in lines {
            if let Some(parent) = line.strip_prefix("parent ") {
                commit.parents.push(object_id(parent)?);
            } else if let Some(author) = line.strip_prefix("author ")
                && let Some((who, when)) = author.rsplit_once('>')
            {
                let (name, email) = who.split_once('<').unwrap_or((who, ""));
                name.trim().clone_into(&mut commit.author);
                email.trim().clone_into(&mut commit.email);
                commit.date = iso_date(when);
            }
        }
        Some(commit)
    }
}

/// `1772353800 +0100` as ISO 8601; empty where it is no date.
fn iso_date(when: &str) -> String {
    let mut words = when.split_whitespace();
    let seconds = words.next().and_then(|seconds| seconds.parse::<i64>().ok());
    // Nothing was committed before 1970, and a year has four digits.
    let Some(seconds) = seconds.filter(|seconds| (0..253_000_000_000).contains(seconds)) else { return String::new() };
    let zone = words.next().and_then(|zone| zone.parse::<i64>().ok()).filter(|zone| zone.abs() < 10_000).unwrap_or(0);
    let offset = (zone / 100) * 60 + zone % 100;
    let local = (seconds + offset * 60).max(0);
    let (days, rest) = (local / 86_400, local % 86_400);
    let (year, month, day) = civil(days);
    let sign = if offset < 0 { '-' } else { '+' };
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}{sign}{:02}:{:02}",
        rest / 3_600,
        rest / 60 % 60,
        rest % 60,
        offset.abs() / 60,
        offset.abs() % 60
    )
}

/// Year, month and day of a count of days since 1970-01-01, in the Gregorian calendar; years are counted from March, so that the
/// leap day is the last one.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

impl Repository {
    /// One commit by its id.
    pub fn commit(&self, oid: ObjectId) -> Result<Commit, UserError> {
        let bytes = self.required(oid, ObjectKind::Commit, "the commit")?;
        Commit::parse(oid, &bytes).ok_or_else(|| UserError::Repository {
            message: format!("the commit {oid} is damaged"),
            help: "`git fsck` says what is wrong".into(),
        })
    }

    /// Whether the commit itself is in this clone.
    pub fn has_commit(&self, oid: ObjectId) -> bool {
        matches!(self.object(oid), Object::Found(ObjectKind::Commit, _))
    }

    /// The commits that a change consists of: those that `heads` hold and `base` does not, each before its parents.
    ///
    /// # Errors
    /// Where history cannot be walked; a shallow clone's commits are those that are here.
    pub fn commits_of_change(&self, base: ObjectId, heads: &[ObjectId]) -> Result<Vec<Commit>, UserError> {
        self.between(base, heads, MOST_COMMITS_OF_CHANGE)?.into_iter().map(|oid| self.commit(oid)).collect()
    }

    /// The commits from `head` back along first parents, newest first. It ends early where history was cut off.
    pub fn first_parents(&self, head: ObjectId, walk: Walk<'_>) -> Result<Vec<Commit>, UserError> {
        let (most, since) = match walk {
            Walk::Last(most) => (most, None),
            Walk::Since(rev) => (usize::MAX, Some(self.expect_commit(rev)?)),
        };
        let mut commits: Vec<Commit> = Vec::new();
        let mut next = Some(head);
        while let Some(oid) = next.filter(|oid| commits.len() < most && Some(*oid) != since) {
            if !commits.is_empty() && !self.has_commit(oid) {
                break;
            }
            let commit = self.commit(oid)?;
            next = commit.parents.first().copied();
            commits.push(commit);
        }
        if let Some(since) = since.filter(|since| next != Some(*since)) {
            // It came in from the side. What it holds of this line is all below one place: look for that by halves.
            let (mut low, mut high) = (0, commits.len());
            while low < high {
                let middle = (low + high) / 2;
                let oid = commits[middle].oid;
                if self.merge_base(oid, &[since])? == Some(oid) {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            commits.truncate(low);
        }
        Ok(commits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_iso_with_the_offset_of_the_author() {
        for (when, iso) in [
            (" 0 +0000", "1970-01-01T00:00:00+00:00"),
            (" 951782400 -0930", "2000-02-28T14:30:00-09:30"),
            (" 951825600 +0000", "2000-02-29T12:00:00+00:00"),
            (" 1772353800 +0100", "2026-03-01T09:30:00+01:00"),
            (" 99999999999999999999 +0000", ""),
            (" yesterday", ""),
        ] {
            assert_eq!(iso_date(when), iso, "{when}");
        }
    }

    #[test]
    fn subjects_and_trailers_are_those_of_git() {
        let id = object_id(&"1".repeat(40)).unwrap();
        let commit = |message: &str| {
            let raw = format!("tree {}\nauthor A B <a@b> 0 +0000\ncommitter A B <a@b> 0 +0000\n\n{message}", "2".repeat(40));
            Commit::parse(id, raw.as_bytes()).unwrap()
        };
        let long = commit("fix: a\nlong subject\n\nBody: text here\n\nCo-authored-by: C <c@d>\nReviewed-by: E\nfree text: no\n");
        assert_eq!(long.subject(), "fix: a long subject");
        assert_eq!(long.trailers(), [("Co-authored-by", "C <c@d>"), ("Reviewed-by", "E")]);
        assert_eq!((long.author.as_str(), long.email.as_str()), ("A B", "a@b"));
        assert_eq!(commit("fix: only a subject").trailers(), []);
        assert_eq!(commit("").subject(), "");
    }
}
