//! The prover against other projects' documents and against random ones.

mod corpus;
mod generate;
mod history;
mod properties;
