//! What the user can put right: every variant says what to do next, and ends the run with exit code 2.

/// The tool could not do what was asked.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum UserError {
    #[error("`{path}` is not inside a git repository")]
    #[diagnostic(help(
        "run driftgate inside a repository, name one with `--repo DIR`, or compare two folders with `--base-dir` and `--head-dir`"
    ))]
    NotARepository { path: String },

    #[error("revision `{rev}` is not in this repository")]
    #[diagnostic(help("{help}"))]
    UnknownRevision { rev: String, help: String },

    #[error("`{base}` and `{head}` have no common history here")]
    #[diagnostic(help("{help}"))]
    NoMergeBase { base: String, head: String, help: String },

    /// Something lies beyond what this clone holds; `fetch` is the one command that brings it.
    #[error("{message}")]
    #[diagnostic(help("run `{fetch}`, or {otherwise}"))]
    MissingHistory { message: String, fetch: String, otherwise: String },

    #[error("this repository belongs to another user, and git refuses to read it")]
    #[diagnostic(help("if you trust it: `git config --global --add safe.directory {path}`"))]
    ForeignOwner { path: String },

    #[error("{message}")]
    #[diagnostic(help("{help}"))]
    Repository { message: String, help: String },

    #[error("{file}{}: {message}", line.map(|l| format!(":{l}")).unwrap_or_default())]
    #[diagnostic(help("{help}"))]
    Configuration { file: String, line: Option<u32>, message: String, help: String },

    #[error("cannot read `{path}`: {message}")]
    #[diagnostic(help("check that the path exists and may be read"))]
    Unreadable { path: String, message: String },

    #[error("cannot write `{path}`: {message}")]
    #[diagnostic(help("check that the folder exists and may be written to"))]
    Unwritable { path: String, message: String },

    #[error("{message}")]
    #[diagnostic(help("{help}"))]
    Usage { message: String, help: String },
}
