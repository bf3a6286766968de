//! `driftgate mcp`: the Model Context Protocol over standard input and output, for coding agents.
//!
//! The server brings an asynchronous runtime and stands behind the feature `mcp`, which released binaries are built with.

#[cfg(feature = "mcp")]
mod server;

use std::path::PathBuf;

use super::Outcome;
use crate::error::UserError;

#[derive(clap::Args)]
pub struct Args {
    /// The repository that the tools speak of where they are not told another.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub repo: PathBuf,
}

#[cfg(feature = "mcp")]
pub fn run(args: &Args) -> Result<Outcome, UserError> {
    server::serve(&args.repo)
}

#[cfg(not(feature = "mcp"))]
pub fn run(_: &Args) -> Result<Outcome, UserError> {
    Err(UserError::Usage {
        message: "this driftgate was built without its MCP server".to_owned(),
        help: "take a released binary, or build it in: `cargo install --locked --features mcp driftgate`".to_owned(),
    })
}
