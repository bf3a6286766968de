//! JSON Schema documents: read, resolved, and turned into shapes.

pub mod draft;

pub use draft::Draft;
