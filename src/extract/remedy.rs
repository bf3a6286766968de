//! What a front end is asked for when a change on the wire is to be taken back, and what it proposes.

use crate::facts::Role;
use crate::source::{SourceText, Span};

/// A change on the wire that is to be taken back.
pub struct Wanted<'w> {
    pub head: &'w SourceText,
    /// The place of the change in head.
    pub at: Span,
    /// The same place as it stood at base, where it is in a file of the same language.
    pub base: Option<(&'w SourceText, Span)>,
    /// The side that moved.
    pub role: Role,
    pub what: What<'w>,
}

/// What is to be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What<'w> {
    /// A key goes by another name: `name` is what it was called.
    Key { name: &'w str, now: &'w str },
    /// All keys of an object go by other names through one declaration.
    Keys,
    /// A key is gone. Head's place is the object that lost it.
    Missing { name: &'w str },
}

/// One proposal: edits of head's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// What it does, in a few words.
    pub what: String,
    /// Not empty; the first is the one that matters.
    pub edits: Vec<(Span, String)>,
    pub safety: Safety,
}

/// Whether nothing but the wire form can change by an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    Sure,
    /// As long as no declared type of the repository names the key: such a type is checked against the value that is edited.
    UnlessDeclared,
    /// As long as every declared type that names what the edit names still does as at base.
    WhileDeclared,
    /// Other code goes by the name that is edited.
    OthersFollow,
}

impl Remedy {
    pub fn keep(name: &str, edits: Vec<(Span, String)>, safety: Safety) -> Remedy {
        Remedy { what: format!("keep the wire name `{name}`"), edits, safety }
    }
}

/// The text of a span, where it lies in the file.
pub fn text_at(source: &SourceText, span: Span) -> Option<&str> {
    source.text().get(span.start as usize..span.end as usize)
}

/// A string literal of the same value rules as the one that stands there: its quotes (and prefix) around another text. `None`
/// where it is no plain literal, or the name would need escapes.
pub fn requoted(literal: &str, name: &str) -> Option<String> {
    let quote = literal.chars().last().filter(|last| matches!(last, '"' | '\'' | '`'))?;
    let inner = literal.strip_suffix(quote)?.strip_prefix(quote)?;
    // Python's triple quotes begin with an empty text.
    if inner.starts_with(quote) || name.chars().any(|letter| letter == quote || letter == '\\' || letter.is_control()) {
        return None;
    }
    Some(format!("{quote}{name}{quote}"))
}

/// The value of a plain string literal.
pub fn unquoted(literal: &str) -> Option<&str> {
    let quote = literal.chars().last().filter(|last| matches!(last, '"' | '\'' | '`'))?;
    let inner = literal.strip_suffix(quote)?.strip_prefix(quote)?;
    (!inner.contains([quote, '\\'])).then_some(inner)
}

/// Whether a name is a plain identifier of every language that we read.
pub fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// Whether a text names a member or a key `name` anywhere but at `here`: after a dot, in quotes, or before a colon or an equals
/// sign. Whoever does so would have to follow if the key at `here` were called something else.
pub fn names_member(text: &str, name: &str, here: Span) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let end = at + name.len();
        if here.start as usize <= at && end <= here.end as usize {
            return false;
        }
        let word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$';
        let (before, after) = (text[..at].chars().next_back(), text[end..].chars().next());
        if before.is_some_and(word) || after.is_some_and(word) {
            return false;
        }
        let follows = text[end..].trim_start_matches([' ', '\t']);
        matches!(before, Some('.' | '"' | '\'' | '`')) || follows.starts_with(':') || follows.starts_with("?:")
    })
}

/// The spaces that a line starts with, from the line's start up to `at`; `None` where something else stands there.
pub fn indent_before(text: &str, at: usize) -> Option<&str> {
    let start = text[..at].rfind('\n').map_or(0, |line| line + 1);
    let indent = &text[start..at];
    indent.chars().all(|letter| matches!(letter, ' ' | '\t')).then_some(indent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_keeps_its_quotes() {
        assert_eq!(requoted("'a'", "b").as_deref(), Some("'b'"));
        assert_eq!(requoted("\"a\"", "b").as_deref(), Some("\"b\""));
        assert_eq!(requoted("\"a\"", "b\"c"), None);
        assert_eq!(requoted("\"\"\"a\"\"\"", "b"), None);
        assert_eq!(requoted("a", "b"), None);
        assert_eq!(unquoted("'a'"), Some("a"));
        assert_eq!(unquoted("'a\\n'"), None);
    }

    #[test]
    fn a_member_is_named_by_a_dot_a_quote_or_a_colon() {
        let none = Span::new(0, 0);
        for text in ["x.user_id", "x[\"user_id\"]", "{ user_id: 1 }", "user_id?: string"] {
            assert!(names_member(text, "user_id", none), "{text}");
        }
        for text in ["let user_id = 1", "f(user_id)", "x.user_ids", "x.a_user_id"] {
            assert!(!names_member(text, "user_id", none), "{text}");
        }
        assert!(!names_member("{ user_id: 1 }", "user_id", Span::new(2, 9)));
    }
}
