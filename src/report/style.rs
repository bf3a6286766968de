//! How text looks: colour, drawing characters, links. Decided once, from values, so that no reporter asks the environment.

/// What `--color` was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

/// What the surroundings say about text; gathered by the command line.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    pub choice: ColorChoice,
    /// Whether the text goes to a terminal.
    pub terminal: bool,
    /// Its width in columns, where known.
    pub columns: Option<usize>,
    pub no_color: Option<String>,
    pub force_color: Option<String>,
    pub clicolor_force: Option<String>,
    pub term: Option<String>,
    /// The first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set and not empty.
    pub locale: Option<String>,
    /// Whether text is UTF-8 without a locale that says so: Windows and macOS.
    pub utf8_by_default: bool,
    /// The absolute folder that paths of the report are relative to, with forward slashes: links lead there.
    pub root: Option<String>,
}

/// How text looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextStyle {
    pub color: bool,
    /// Boxes and arrows beyond ASCII.
    pub unicode: bool,
    /// The folder that hyperlinks lead into; `None` for no links.
    pub links: Option<String>,
    pub width: usize,
    /// Whether what is usually counted is listed: known findings, notes with their excerpts, every diagnostic.
    pub verbose: bool,
    /// Whether only what fails is printed.
    pub quiet: bool,
}

/// What a reader of a file or a log gets: no colour, no links.
const PLAIN_WIDTH: usize = 100;
/// Wider text is hard to read, however wide the terminal.
const MAX_WIDTH: usize = 140;
/// Below this a frame with line numbers leaves no room for code.
const MIN_WIDTH: usize = 40;

impl TextStyle {
    /// For files, pipes and tests.
    pub fn plain() -> Self {
        TextStyle { color: false, unicode: true, links: None, width: PLAIN_WIDTH, verbose: false, quiet: false }
    }

    /// `--color` decides; then `NO_COLOR` against, `FORCE_COLOR` and `CLICOLOR_FORCE` for; then whether it is a terminal.
    pub fn decide(around: &Surroundings) -> Self {
        let set = |value: &Option<String>| value.as_deref().is_some_and(|value| !value.is_empty());
        let on = |value: &Option<String>| value.as_deref().is_some_and(|value| !value.is_empty() && value != "0");
        let able = around.terminal && around.term.as_deref() != Some("dumb");
        let color = match around.choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => !set(&around.no_color) && (on(&around.force_color) || on(&around.clicolor_force) || able),
        };
        let unicode = match around.locale.as_deref() {
            Some(locale) => {
                let locale = locale.to_ascii_lowercase();
                locale.contains("utf-8") || locale.contains("utf8")
            }
            None => around.utf8_by_default,
        };
        TextStyle {
            color,
            unicode,
            links: if able { around.root.clone() } else { None },
            width: around.columns.unwrap_or(PLAIN_WIDTH).clamp(MIN_WIDTH, MAX_WIDTH),
            verbose: false,
            quiet: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_beats_force_color_and_the_option_beats_both() {
        let terminal = Surroundings { terminal: true, locale: Some("C.UTF-8".into()), ..Surroundings::default() };
        assert!(TextStyle::decide(&terminal).color);
        let muted = Surroundings { no_color: Some("1".into()), force_color: Some("1".into()), ..terminal.clone() };
        assert!(!TextStyle::decide(&muted).color);
        assert!(TextStyle::decide(&Surroundings { choice: ColorChoice::Always, ..muted }).color);
        // An empty value is as good as none.
        assert!(TextStyle::decide(&Surroundings { no_color: Some(String::new()), ..terminal }).color);
    }

    #[test]
    fn a_pipe_gets_colour_only_by_force_and_links_never() {
        let pipe = Surroundings { root: Some("/repo".into()), ..Surroundings::default() };
        assert!(!TextStyle::decide(&pipe).color);
        for forced in [
            Surroundings { force_color: Some("3".into()), ..pipe.clone() },
            Surroundings { clicolor_force: Some("1".into()), ..pipe.clone() },
        ] {
            let style = TextStyle::decide(&forced);
            assert!(style.color && style.links.is_none());
        }
        assert!(!TextStyle::decide(&Surroundings { clicolor_force: Some("0".into()), ..pipe }).color);
    }

    #[test]
    fn drawing_characters_follow_the_locale() {
        let locale = |name: &str| TextStyle::decide(&Surroundings { locale: Some(name.into()), ..Surroundings::default() });
        assert!(locale("de_DE.UTF-8").unicode && locale("C.utf8").unicode && !locale("C").unicode);
        assert!(!TextStyle::decide(&Surroundings::default()).unicode);
        assert!(TextStyle::decide(&Surroundings { utf8_by_default: true, ..Surroundings::default() }).unicode);
    }
}
