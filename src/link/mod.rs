//! Facts of many files become boundaries: names are followed across files, idioms recognised, wrappers summarised.

pub mod callee;
pub mod eval;
pub mod idioms;
pub mod index;
pub mod modules;
pub mod payload;
pub mod reduce;
pub mod resolve;
pub mod summaries;
pub mod term;
pub mod types;
