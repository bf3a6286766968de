//! The handoff rules: not what is sent, but when, how often, how surely, and with what proof.
//!
//! A boundary of base is paired with its successor at head and the two are compared, by family, one file each. A rule fires only
//! where base had the safer form, so that nobody is told off for old code. Rules read [`Delivery`](crate::link::model::Delivery)
//! alone, never syntax: what a call is surrounded by is worked out in `link`, the same way for every language.

mod options;
mod timing;

pub(crate) use options::Causes;

use super::pair::{Pair, pairs};
use super::{Compared, EventPair, Sides, is_declaration, is_unread};
use crate::link::model::Boundary;

/// One boundary as it was and as it is.
pub(super) struct Handoff<'s> {
    pub event: &'s str,
    pub base: &'s Boundary,
    pub head: &'s Boundary,
}

/// Judges how the payloads of one event are handed over.
pub(super) fn judge(pair: &EventPair<'_>, sides: &Sides<'_>, compared: &mut Compared) {
    for (base, head) in [(&pair.base_producers, &pair.head_producers), (&pair.base_consumers, &pair.head_consumers)] {
        for matched in pairs(base, head) {
            let Pair::Both(base, head) = matched else { continue };
            // A declaration hands nothing over, and of what could not be read nothing is said.
            if is_declaration(base) || is_declaration(head) || is_unread(sides.head, &head.origin) {
                continue;
            }
            let handoff = Handoff { event: &pair.event, base, head };
            timing::judge(&handoff, sides, compared);
            options::judge(&handoff, sides, compared);
        }
    }
}
