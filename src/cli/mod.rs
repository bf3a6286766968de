//! The commands.

pub mod subschema;
