//! The command line: one file for each command, and what they share.
//!
//! Only here and in `snapshot` are disk, environment and clock touched.

mod accept;
mod audit;
mod backtest;
mod check;
mod contracts;
mod demo;
mod diff;
mod doctor;
mod environment;
mod explain;
mod extract;
mod fix;
mod init;
mod label;
mod mcp;
mod outside;
mod progress;
mod schema;
mod subschema;
mod who;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::error::UserError;

/// driftgate: what does this change break, and for whom?
#[derive(Parser)]
#[command(name = "driftgate", version, about, disable_help_subcommand = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value = "auto")]
    color: Color,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Subcommand)]
enum Command {
    /// Hold a change against the consumer contracts of its base.
    Check(check::Args),
    /// Compare two schema documents.
    Diff(diff::Args),
    /// Containment alone: is every instance of A an instance of B?
    Subschema(subschema::Args),
    /// What `check` would have said of each past change.
    Backtest(backtest::Args),
    /// List every boundary and type found in code.
    Extract(extract::Args),
    /// Who emits an event, and who reads it.
    Who(who::Args),
    /// What is so in one snapshot, whether or not a change made it so.
    Audit(audit::Args),
    /// Put a deliberate break on the record.
    Accept(accept::Args),
    /// Whether the check is in place and has what it needs.
    Doctor(doctor::Args),
    /// Consumer contracts.
    Contracts(contracts::Args),
    /// What a rule means, with an example and the way out.
    Explain(explain::Args),
    /// Write configuration, first contracts, CI workflow and hook, each where it is missing.
    Init(init::Args),
    /// The JSON Schema of one of the tool's own forms.
    Schema(schema::Args),
    /// A Model Context Protocol server over standard input and output, for coding agents.
    Mcp(mcp::Args),
    /// The main job on a sample repository.
    Demo,
    /// Completions for a shell.
    Completions { shell: clap_complete::Shell },
    /// The manual page.
    Man,
}

/// What a command ended with.
pub(crate) enum Outcome {
    Done,
    /// Something breaking is new.
    Breaking,
    /// The run is incomplete through a bug of the tool's own.
    Incomplete,
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    crate::extract::install_panic_guard();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; a broken pipe while printing them is nobody's concern.
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let color = cli.color;
    match run(cli) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Breaking) => ExitCode::from(1),
        Ok(Outcome::Incomplete) => ExitCode::from(2),
        Err(error) => {
            show_error(&error, color);
            ExitCode::from(2)
        }
    }
}

fn run(cli: Cli) -> Result<Outcome, UserError> {
    let color = cli.color;
    match cli.command {
        Command::Check(args) => check::run(&args, color),
        Command::Diff(args) => diff::run(&args, color),
        Command::Subschema(args) => {
            let stdout = io::stdout();
            let code = subschema::run(&args, stdout.is_terminal(), &mut io::stdin().lock(), &mut stdout.lock())?;
            Ok(if code == ExitCode::SUCCESS { Outcome::Done } else { Outcome::Breaking })
        }
        Command::Backtest(args) => backtest::run(&args, color),
        Command::Extract(args) => extract::run(&args),
        Command::Who(args) => who::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Accept(args) => accept::run(&args),
        Command::Doctor(args) => doctor::run(&args, color),
        Command::Contracts(args) => contracts::run(&args, color),
        Command::Explain(args) => explain::run(&args),
        Command::Init(args) => init::run(&args, color),
        Command::Schema(args) => schema::run(&args),
        Command::Mcp(args) => mcp::run(&args),
        Command::Demo => demo::run(color),
        Command::Completions { shell } => {
            let mut buffer = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "driftgate", &mut buffer);
            print(&buffer)?;
            Ok(Outcome::Done)
        }
        Command::Man => {
            let mut buffer = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut buffer).expect("a buffer can be written to");
            print(&buffer)?;
            Ok(Outcome::Done)
        }
    }
}

/// Whether a command that has two forms is asked for JSON.
pub(crate) fn wants_json(format: &str) -> Result<bool, UserError> {
    match format {
        "json" => Ok(true),
        "auto" | "text" => Ok(false),
        other => Err(UserError::Usage {
            message: format!("there is no format `{other}` here"),
            help: "there are: text, json".to_owned(),
        }),
    }
}

/// Writes a form to standard output, as JSON or for people.
pub(crate) fn print_form<T: serde::Serialize>(
    format: &str,
    form: &T,
    as_text: impl FnOnce(&T) -> String,
) -> Result<(), UserError> {
    let mut text = Vec::new();
    if wants_json(format)? {
        crate::report::json::write_pretty(form, &mut text).expect("a buffer can be written to");
    } else {
        text = as_text(form).into_bytes();
    }
    print(&text)
}

/// Writes to standard output. A reader that has gone away (`| head`) is no error.
pub(crate) fn print(bytes: &[u8]) -> Result<(), UserError> {
    deliver(bytes).map(drop)
}

/// As [`print`], and says whether somebody still reads.
pub(crate) fn deliver(bytes: &[u8]) -> Result<bool, UserError> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(UserError::Unwritable { path: "standard output".to_owned(), message: error.to_string() }),
    }
}

fn show_error(error: &UserError, color: Color) {
    let style = environment::style(color, false);
    // Messages quote names that come from strangers, so the whole text is escaped, and colour would be escaped with it.
    let theme = if style.unicode { miette::GraphicalTheme::unicode_nocolor() } else { miette::GraphicalTheme::none() };
    let mut text = String::new();
    let handler = miette::GraphicalReportHandler::new_themed(theme).with_width(style.width).with_links(false);
    if handler.render_report(&mut text, error).is_ok() {
        let _ = io::stderr().lock().write_all(crate::report::escape::lines(&text).as_bytes());
    }
}
