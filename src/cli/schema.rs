//! `driftgate schema`: the JSON Schema of one of the tool's own forms.

use serde_json::Value;

use super::{Outcome, print};
use crate::config::Config;
use crate::error::UserError;
use crate::registry::contract_json_schema;
use crate::report::json;

#[derive(clap::Args)]
pub struct Args {
    /// Which form.
    #[arg(value_enum)]
    pub name: Form,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Form {
    Config,
    Contract,
    Report,
    Extract,
}

pub fn run(args: &Args) -> Result<Outcome, UserError> {
    let schema: Value = match args.name {
        Form::Config => schemars::schema_for!(Config).to_value(),
        Form::Contract => contract_json_schema(),
        Form::Report => json::schema(),
        Form::Extract => super::extract::json_schema(),
    };
    let mut text = serde_json::to_vec_pretty(&schema).expect("a schema is plain data");
    text.push(b'\n');
    print(&text)?;
    Ok(Outcome::Done)
}
