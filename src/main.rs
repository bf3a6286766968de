//! Parses arguments and returns an exit code; everything else is the library's.

use std::process::ExitCode;

/// Facts are many small pieces that two threads make and drop at once: the system's allocator takes most of the time that
/// reading files takes.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    driftgate::cli::main()
}
