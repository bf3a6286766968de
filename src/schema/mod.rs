//! JSON Schema documents: read, resolved, and turned into shapes.

pub mod draft;
mod merge;
mod metaschemas;
pub mod number;
pub mod read;
pub mod refs;

pub use draft::Draft;
pub use read::{Omission, Reading, Source, read};
