//! Which names fit the patterns of a row. The same few names are held against the same rows all over a program.

use std::borrow::Cow;
use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::wildcard::Wildcard;

/// Answers that were given, by where the patterns are kept and the name.
#[derive(Debug, Default)]
pub struct Fitting {
    known: RefCell<FxHashMap<usize, FxHashMap<Box<str>, bool>>>,
}

impl Fitting {
    /// Whether one of the patterns, which stay where they are as long as this lives, matches a name in the form that `form` gives it.
    pub fn any(&self, patterns: &[Wildcard], name: &str, form: impl Fn(&str) -> Cow<'_, str>) -> bool {
        if patterns.is_empty() {
            return false;
        }
        let mut known = self.known.borrow_mut();
        let of_patterns = known.entry(patterns.as_ptr().addr()).or_default();
        if let Some(answer) = of_patterns.get(name) {
            return *answer;
        }
        let formed = form(name);
        let answer = patterns.iter().any(|pattern| pattern.matches(&formed));
        of_patterns.insert(name.into(), answer);
        answer
    }
}
