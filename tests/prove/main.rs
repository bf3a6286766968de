//! The prover against other projects' documents and against random ones.

#![expect(clippy::print_stdout, reason = "the figures are what these runs are for")]

mod corpus;
mod generate;
mod history;
mod hostile;
mod laws;
mod properties;
mod translate;
