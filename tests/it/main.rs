//! Tests of the whole: rule pages run as they are printed, and the layout of the source holds.

mod bad_input;
mod boundaries_typescript;
mod cli;
mod contracts;
mod diff;
mod docs;
mod fixes;
mod handoff_stories;
mod hooks;
mod init;
mod library_types;
mod narrowing;
mod page;
mod pages;
mod program;
mod promises;
mod refactors_handoff;
mod refactors_python;
mod refactors_typescript;
mod senders;
mod services;
mod sides;
mod surroundings;
mod tidy;
mod who;
