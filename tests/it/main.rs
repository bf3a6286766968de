//! Tests of the whole: rule pages run as they are printed, and the layout of the source holds.

mod page;
mod pages;
mod refactors_typescript;
