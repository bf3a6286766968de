//! Facts of many files become boundaries: names are followed across files, idioms recognised, wrappers summarised.

pub mod idioms;
pub mod index;
pub mod modules;
pub mod resolve;
