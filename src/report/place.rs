//! Where a finding is shown: lines and columns from byte offsets, and the line of a change that an annotation can be put on.
//!
//! A platform shows a mark in a diff only on a line that the diff touches. A finding's own place may be elsewhere: the field is
//! gone, or the type that lost it is declared in another file. [`anchor`] picks the best line there is.

use std::sync::Arc;

use crate::facts::Role;
use crate::finding::{Consumer, Finding, Via};
use crate::source::{Origin, RepoPath, SourceText};

use super::{LineRange, Report, Side};

/// Lines and columns from 1; the end column is the first one after the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Region {
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
}

/// Where an origin stands in its file; `None` where the text is not to be had.
pub fn region(report: &Report<'_>, side: Side, origin: &Origin) -> Option<Region> {
    report.sources.source(side, &origin.file).map(|source| region_in(&source, origin))
}

pub(super) fn region_in(source: &SourceText, origin: &Origin) -> Region {
    let start = source.position(origin.span.start);
    let end = source.position(origin.span.end.max(origin.span.start));
    Region { line: start.line, column: start.column, end_line: end.line, end_column: end.column }
}

/// The state in which a consumer's promise stands, with its text.
///
/// What is written down is read from base; code that reads is base's where the producer moved, and head's where it moved itself.
/// Where the file is on the other side only, it is that one.
pub fn promise(report: &Report<'_>, finding: &Finding, consumer: &Consumer) -> Option<(Side, Arc<SourceText>)> {
    let origin = consumer.origin.as_ref()?;
    let first = match (consumer.via, finding.role) {
        (Via::Code, Role::Consumer) => Side::Head,
        (Via::Code, Role::Producer) | (Via::Contract | Via::Schema | Via::Pact | Via::AsyncApi | Via::OpenApi | Via::Base, _) => {
            Side::Base
        }
    };
    let second = match first {
        Side::Base => Side::Head,
        Side::Head => Side::Base,
    };
    [first, second].into_iter().find_map(|side| Some((side, report.sources.source(side, &origin.file)?)))
}

/// The line of a consumer's promise.
pub fn promise_line(report: &Report<'_>, finding: &Finding, consumer: &Consumer) -> Option<u32> {
    let origin = consumer.origin.as_ref()?;
    promise(report, finding, consumer).map(|(_, source)| source.position(origin.span.start).line)
}

/// Where a platform is asked to show a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    pub file: RepoPath,
    /// From 1.
    pub line: u32,
    /// First column and the first one after, where the line is the finding's own and the range stays on it.
    pub columns: Option<(u32, u32)>,
    /// Whether the change added or edited this line.
    pub in_change: bool,
}

/// The best place for a finding: its own line where the change touches it; the nearest edited line of the same file; where the change
/// leaves that file alone, what was edited where it stood before; its own line after all; and for a file that is gone, the promise
/// that it broke.
pub fn anchor(report: &Report<'_>, finding: &Finding) -> Anchor {
    let before = finding.base.as_ref().and_then(|base| where_it_was(report, base));
    if let Some(head) = &finding.head {
        let here = in_head(report, head);
        return match before {
            Some(before) if before.in_change && !here.in_change => before,
            Some(_) | None => here,
        };
    }
    if let Some(base) = &finding.base {
        if let Some(before) = before {
            return before;
        }
        for consumer in &finding.consumers {
            let Some(origin) = &consumer.origin else { continue };
            if report.sources.source(Side::Head, &origin.file).is_some() {
                return in_head(report, origin);
            }
        }
        return Anchor { file: base.file.clone(), line: 1, columns: None, in_change: false };
    }
    match finding.consumers.iter().find_map(|consumer| consumer.origin.as_ref()) {
        Some(origin) => in_head(report, origin),
        // A finding about the change as a whole still needs a file, or platforms drop it.
        None => Anchor {
            file: report.changed.keys().next().cloned().unwrap_or_else(|| RepoPath::new("driftgate.toml")),
            line: 1,
            columns: None,
            in_change: false,
        },
    }
}

/// The line of head for what stood in base; `None` where its file is gone.
fn where_it_was(report: &Report<'_>, base: &Origin) -> Option<Anchor> {
    let now = report.sources.source(Side::Head, &base.file)?;
    let then = report.sources.source(Side::Base, &base.file);
    if then.as_ref().is_some_and(|then| then.text() == now.text()) {
        return Some(in_head(report, base));
    }
    let line = then.map_or(1, |then| region_in(&then, base).line);
    let nearest = nearest_changed(report, &base.file, line);
    Some(Anchor { file: base.file.clone(), line: nearest.unwrap_or(1), columns: None, in_change: nearest.is_some() })
}

/// Where a person looks for it: the finding's own place, and whether that is one of base.
pub fn own(report: &Report<'_>, finding: &Finding) -> Option<(RepoPath, u32, bool)> {
    let (side, origin) = match (&finding.head, &finding.base) {
        (Some(head), _) => (Side::Head, head),
        (None, Some(base)) => (Side::Base, base),
        (None, None) => return None,
    };
    Some((origin.file.clone(), region(report, side, origin)?.line, side == Side::Base))
}

fn in_head(report: &Report<'_>, origin: &Origin) -> Anchor {
    let Some(region) = region(report, Side::Head, origin) else {
        return Anchor { file: origin.file.clone(), line: 1, columns: None, in_change: false };
    };
    let columns =
        (region.line == region.end_line && region.end_column > region.column).then_some((region.column, region.end_column));
    let nearest = nearest_changed(report, &origin.file, region.line);
    match nearest {
        Some(line) if line != region.line => Anchor { file: origin.file.clone(), line, columns: None, in_change: true },
        Some(_) | None => Anchor { file: origin.file.clone(), line: region.line, columns, in_change: nearest.is_some() },
    }
}

/// The added or edited line of a file that lies nearest to `line`; of two, the earlier.
fn nearest_changed(report: &Report<'_>, file: &RepoPath, line: u32) -> Option<u32> {
    let ranges: &[LineRange] = report.changed.get(file)?;
    ranges
        .iter()
        .map(|range| line.clamp(range.start, range.end.max(range.start)))
        .min_by_key(|candidate| (candidate.abs_diff(line), *candidate))
}
