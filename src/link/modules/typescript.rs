//! TypeScript modules.
