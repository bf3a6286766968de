//! What the commands take from the process: environment, terminal, clock, files.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::accept::Date;
use crate::error::UserError;
use crate::report::TextStyle;
use crate::report::style::{ColorChoice, Surroundings};

use super::Color;

/// Every variable that is text.
pub fn variables() -> BTreeMap<String, String> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
}

/// How text to standard output (or standard error) looks.
pub fn style(color: Color, to_stdout: bool) -> TextStyle {
    let variable = |name: &str| std::env::var(name).ok();
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().filter_map(|name| variable(name)).find(|value| !value.is_empty());
    let stream = if to_stdout { supports_hyperlinks::Stream::Stdout } else { supports_hyperlinks::Stream::Stderr };
    // What a terminal does not know it may print.
    let links = supports_hyperlinks::on(stream);
    let terminal = if to_stdout { std::io::stdout().is_terminal() } else { std::io::stderr().is_terminal() };
    TextStyle::decide(&Surroundings {
        choice: match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        },
        terminal,
        columns: variable("COLUMNS").and_then(|columns| columns.parse().ok()),
        no_color: variable("NO_COLOR"),
        force_color: variable("FORCE_COLOR"),
        clicolor_force: variable("CLICOLOR_FORCE"),
        term: variable("TERM"),
        locale,
        utf8_by_default: cfg!(any(windows, target_os = "macos")),
        root: links.then(|| std::env::current_dir().ok()).flatten().map(|dir| forward(&dir)),
    })
}

/// A folder with forward slashes, as links want it.
pub fn forward(dir: &Path) -> String {
    dir.to_string_lossy().replace('\\', "/")
}

/// The day in UTC.
pub fn today() -> Option<Date> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    // Days to a civil date, after Howard Hinnant's algorithm for the proleptic Gregorian calendar.
    let days = i64::try_from(seconds / 86_400).ok()? + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Date::new(u16::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
}

/// The text of a file.
///
/// # Errors
/// Where it cannot be read or is not UTF-8.
pub fn read(path: &Path) -> Result<String, UserError> {
    std::fs::read_to_string(path)
        .map_err(|error| UserError::Unreadable { path: path.display().to_string(), message: error.to_string() })
}

/// Writes a file.
///
/// # Errors
/// Where it cannot be written.
pub fn write(path: &Path, text: &[u8]) -> Result<(), UserError> {
    std::fs::write(path, text)
        .map_err(|error| UserError::Unwritable { path: path.display().to_string(), message: error.to_string() })
}
