//! `driftgate explain`: what a rule means, with an example and the way out.

use super::{Outcome, print};
use crate::error::UserError;
use crate::rules;

#[derive(clap::Args)]
pub struct Args {
    /// The rule; without one, all rules are listed.
    pub rule: Option<String>,
}

pub fn run(args: &Args) -> Result<Outcome, UserError> {
    match &args.rule {
        Some(rule) => print(rules::asked_for(rule)?.page.as_bytes())?,
        None => {
            let width = rules::RULES.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
            let mut out = String::new();
            for rule in rules::RULES {
                let severity = rule.severity.map_or("off", |severity| severity.as_str());
                out.push_str(&format!("{:width$}  {severity:7}  {}\n", rule.id, rule.summary));
            }
            print(out.as_bytes())?;
        }
    }
    Ok(Outcome::Done)
}
