//! Rust modules.
