//! Parses arguments and returns an exit code; everything else is the library's.

use std::process::ExitCode;

fn main() -> ExitCode {
    driftgate::cli::main()
}
