//! Names with `*`: the one kind of pattern that idiom rows use. Compiled by splitting, matched without an automaton, because every
//! run compiles hundreds of them and most are never asked.

/// A text in which `*` stands for any part, in any casing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wildcard {
    /// The fixed texts between the stars, in lower case.
    parts: Vec<String>,
}

impl Wildcard {
    pub fn new(text: &str) -> Wildcard {
        Wildcard { parts: text.to_lowercase().split('*').map(str::to_owned).collect() }
    }

    pub fn matches(&self, text: &str) -> bool {
        if text.is_ascii()
            && let Some(answer) = self.matches_ends(text)
        {
            return answer;
        }
        let text = text.to_lowercase();
        let [first, middle @ .., last] = self.parts.as_slice() else {
            return self.parts.first().is_some_and(|only| *only == text);
        };
        let Some(rest) = text.strip_prefix(first.as_str()) else { return false };
        let Some(mut rest) = rest.strip_suffix(last.as_str()) else { return false };
        for part in middle {
            match rest.find(part.as_str()) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        true
    }

    /// The answer for an ASCII text where its start and end decide, which is most often: nothing has to be copied for it.
    fn matches_ends(&self, text: &str) -> Option<bool> {
        let [first, middle @ .., last] = self.parts.as_slice() else {
            return Some(self.parts.first().is_some_and(|only| only.eq_ignore_ascii_case(text)));
        };
        let bytes = text.as_bytes();
        let fits = bytes.len() >= first.len() + last.len()
            && bytes[..first.len()].eq_ignore_ascii_case(first.as_bytes())
            && bytes[bytes.len() - last.len()..].eq_ignore_ascii_case(last.as_bytes());
        if fits && !middle.is_empty() { None } else { Some(fits) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_part_in_any_casing() {
        for (pattern, text) in [
            ("*webhook*", "API_WEBHOOK_URL"),
            ("kafka*", "KafkaJS"),
            ("*", ""),
            ("a*b*c", "aXbYc"),
            ("send", "Send"),
            ("é*", "Éa"),
        ] {
            assert!(Wildcard::new(pattern).matches(text), "{pattern} {text}");
        }
        for (pattern, text) in [("kafka*", "nokafka"), ("a*a", "a"), ("a*b*c", "acb"), ("send", "sender")] {
            assert!(!Wildcard::new(pattern).matches(text), "{pattern} {text}");
        }
    }
}
