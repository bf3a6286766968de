//! Names of events as promises give them: a name, or a pattern in which parts are open.

use std::fmt;

/// A name in which `*` stands for any text, dots and slashes included, or a plain name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventPattern {
    /// The fixed texts between the open parts: one more than there are open parts.
    parts: Vec<String>,
}

impl EventPattern {
    /// A plain name: a `*` in it is a letter like any other.
    pub fn exact(name: impl Into<String>) -> Self {
        EventPattern { parts: vec![name.into()] }
    }

    /// A name in which `*` stands for any text.
    pub fn parse(pattern: &str) -> Self {
        let mut parts: Vec<String> = pattern.split('*').map(str::to_owned).collect();
        // Two stars side by side say what one says.
        let last = parts.len() - 1;
        let mut at = 0;
        parts.retain(|part| {
            let inner = at > 0 && at < last;
            at += 1;
            !(inner && part.is_empty())
        });
        EventPattern { parts }
    }

    /// A name in which `{name}` stands for any text, as in addresses and topics of specifications.
    pub fn template(text: &str) -> Self {
        let mut parts = vec![String::new()];
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((_, behind)) = after.split_once('}') else { break };
            parts.last_mut().expect("it starts with one part").push_str(before);
            if parts.len() == 1 || !before.is_empty() {
                parts.push(String::new());
            }
            rest = behind;
        }
        parts.last_mut().expect("it starts with one part").push_str(rest);
        EventPattern { parts }
    }

    /// The name, where nothing in it is open.
    pub fn as_name(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [name] => Some(name),
            _ => None,
        }
    }

    /// The fixed texts between the open parts.
    pub fn parts(&self) -> &[String] {
        &self.parts
    }

    pub fn matches(&self, name: &str) -> bool {
        let [first, middle @ .., last] = self.parts.as_slice() else {
            return self.parts.first().is_some_and(|only| only == name);
        };
        let Some(mut rest) = name.strip_prefix(first.as_str()) else { return false };
        for part in middle {
            // The earliest place leaves the most for the parts behind it.
            match rest.find(part.as_str()) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.ends_with(last.as_str())
    }
}

impl fmt::Display for EventPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.parts.join("*"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, name, expected) in [
            ("user.signup", "user.signup", true),
            ("user.signup", "user.signup2", false),
            ("user.*", "user.signup", true),
            ("user.*", "user.plan.changed", true),
            ("user.*", "users.signup", false),
            ("*.created", "order.created", true),
            ("*.created", "order.created.v2", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("a*a", "a", false),
            ("*", "", true),
            ("**", "anything", true),
        ] {
            assert_eq!(EventPattern::parse(pattern).matches(name), expected, "{pattern} on {name}");
        }
        assert_eq!(EventPattern::parse("**").to_string(), "*");
        assert!(EventPattern::exact("a*").matches("a*") && !EventPattern::exact("a*").matches("ab"));
    }

    #[test]
    fn parameters_of_an_address_are_open() {
        let address = EventPattern::template("comment/{commentId}/changed");
        assert_eq!(address.to_string(), "comment/*/changed");
        assert!(address.matches("comment/5/changed") && !address.matches("comment/changed"));
        assert_eq!(EventPattern::template("a{b").as_name(), Some("a{b"));
        assert_eq!(EventPattern::template("{a}{b}").to_string(), "*");
        assert_eq!(EventPattern::template("plain").as_name(), Some("plain"));
    }
}
