//! What a run is doing, on a terminal and while it does it; and with `-v` how long each stage took and what was read.
//!
//! Both go to standard error: the report on standard output stays what its format promises, and the same for the same input.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::time::Instant;

use super::environment;
use crate::facts::LanguageId;
use crate::scan::Scan;

/// Shown and counted while a check runs.
pub struct Progress {
    shown: bool,
    verbose: bool,
    current: Option<(String, Instant)>,
    stages: Vec<(String, u128)>,
    files: Vec<String>,
}

impl Progress {
    /// A CI system's log is read afterwards, terminal or not: nothing moves there.
    pub fn new(quiet: bool, verbose: bool) -> Self {
        let variables = environment::variables();
        let ci = variables.get("CI").is_some_and(|value| !value.is_empty() && value != "false" && value != "0");
        let dumb = variables.get("TERM").is_some_and(|term| term == "dumb");
        Progress {
            shown: !quiet && !ci && !dumb && std::io::stderr().is_terminal(),
            verbose,
            current: None,
            stages: Vec::new(),
            files: Vec::new(),
        }
    }

    /// The stage before is over, and this one starts.
    pub fn stage(&mut self, name: &str) {
        self.close();
        self.current = Some((name.to_owned(), Instant::now()));
        self.say(name);
    }

    /// What is being done, in place of what was said before.
    pub fn say(&self, what: &str) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\x1b[Kdriftgate: {what} …");
            let _ = std::io::stderr().flush();
        }
    }

    fn close(&mut self) {
        if let Some((name, started)) = self.current.take() {
            self.stages.push((name, started.elapsed().as_millis()));
        }
    }

    /// What was read of one side.
    pub fn files(&mut self, side: &str, scan: &Scan) {
        if !self.verbose {
            return;
        }
        let mut languages: BTreeMap<&str, usize> = BTreeMap::new();
        for unit in &scan.units {
            let name = match unit.facts.language {
                LanguageId::Project => "manifest",
                language => language.as_str(),
            };
            *languages.entry(name).or_default() += 1;
        }
        let mut parts: Vec<String> = languages.into_iter().map(|(language, count)| format!("{count} {language}")).collect();
        parts.push(format!("{} of contracts, schemas and acceptances", scan.documents.len()));
        parts.push(format!("{} skipped", scan.skipped));
        self.files.push(format!("{side}: {}", parts.join(", ")));
    }

    /// Takes the line off the terminal, before something else is written there.
    pub fn done(&mut self) {
        self.close();
        self.hide();
    }

    /// As [`Progress::done`], while the stage goes on.
    pub fn hide(&self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }

    /// With `-v`: what was read, and how long it took.
    pub fn finish(&mut self) {
        self.done();
        if !self.verbose {
            return;
        }
        let mut err = std::io::stderr().lock();
        for files in &self.files {
            let _ = writeln!(err, "files at {files}");
        }
        let stages: Vec<String> = self.stages.iter().map(|(name, time)| format!("{name} {time} ms")).collect();
        let _ = writeln!(err, "time: {}", stages.join(", "));
    }
}

/// Shown for as long as it lives, by commands that have one thing to wait for.
pub struct Busy(Progress);

impl Busy {
    pub fn with(what: &str) -> Self {
        let progress = Progress::new(false, false);
        progress.say(what);
        Busy(progress)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.hide();
    }
}
