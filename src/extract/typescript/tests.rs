//! The facts of small files, in a compact rendering.
