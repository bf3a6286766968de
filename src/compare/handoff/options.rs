//! With which keys and settings a payload is handed over.

use super::Handoff;
use crate::compare::{Compared, Sides};

/// Judges one boundary's options.
pub(super) fn judge(_handoff: &Handoff<'_>, _sides: &Sides<'_>, _compared: &mut Compared) {}
