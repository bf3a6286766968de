//! When a payload is handed over, and whether anybody waits for it.

use super::Handoff;
use crate::compare::{Compared, Sides};

/// Judges one boundary's timing.
pub(super) fn judge(handoff: &Handoff<'_>, _sides: &Sides<'_>, _compared: &mut Compared) {
    let _ = (handoff.event, handoff.base, handoff.head);
}
