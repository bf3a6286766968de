//! Base paired with head: what changed, whom it breaks, and what proves it.

pub mod changes;
pub mod rename;
