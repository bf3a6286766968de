//! What the change does to the promises themselves.

use super::{Compared, Sides};

/// Judges contracts and registered schemas that the change edits.
pub(super) fn judge(_sides: &Sides<'_>, _compared: &mut Compared) {}
