//! Conventions by which libraries make wire names out of Python names, each as its library does it.

use ruff_python_ast::Expr as Py;

use super::names;
use crate::facts::Name;
use crate::shape::wire_name;

/// How names are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Casing {
    Camel,
    Pascal,
    Snake,
    Kebab,
    Upper,
    Lower,
}

impl Casing {
    /// Reads the name of a function: pydantic's own, `humps.camelize`, a project's `to_camel`.
    pub(super) fn from_function(expr: &Py) -> Option<Self> {
        Self::from_name(names::last_name(expr)?)
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Some(match wire_name::fold(name).as_str() {
            "tocamel"
            | "camelize"
            | "camelcase"
            | "tolowercamel"
            | "tocamelcase"
            | "snaketocamel"
            | "tolowercamelcase"
            | "lowercamel"
            | "snake2camel"
            | "camel"
            | "lowercamelcase"
            | "snaketocamelcase"
            | "aliascamel"
            | "camelcasealias"
            | "camelaliasgenerator" => Casing::Camel,
            "topascal" | "pascalize" | "pascalcase" | "topascalcase" | "snaketopascal" | "uppercamel" | "pascal"
            | "touppercamel" | "uppercamelcase" => Casing::Pascal,
            "tosnake" | "snakecase" | "tosnakecase" | "decamelize" | "snake" | "cameltosnake" => Casing::Snake,
            "tokebab" | "kebabize" | "kebabcase" | "tokebabcase" | "kebab" | "dashcase" | "spinalcase" => Casing::Kebab,
            "upper" | "toupper" => Casing::Upper,
            "lower" | "tolower" => Casing::Lower,
            _ => return None,
        })
    }

    /// The name that serde and the `Recase` operation give the convention.
    pub(super) fn name(self) -> &'static str {
        match self {
            Casing::Camel => "camelCase",
            Casing::Pascal => "PascalCase",
            Casing::Snake => "snake_case",
            Casing::Kebab => "kebab-case",
            Casing::Upper => "UPPERCASE",
            Casing::Lower => "lowercase",
        }
    }

    /// The wire name as pydantic's generators make it.
    pub(super) fn apply(self, name: &str) -> Name {
        match self {
            Casing::Camel => to_camel(name),
            Casing::Pascal => to_pascal(name),
            Casing::Snake => to_snake(name),
            Casing::Kebab => name.replace('_', "-").into(),
            Casing::Upper => name.to_uppercase().into(),
            Casing::Lower => name.to_lowercase().into(),
        }
    }

    /// The wire name as msgspec's `rename` makes it.
    pub(super) fn apply_msgspec(self, name: &str) -> Name {
        let words = || name.split('_').filter(|word| !word.is_empty());
        let raise = |word: &str| {
            let mut letters = word.chars();
            letters.next().map_or_else(Name::default, |first| first.to_uppercase().chain(letters).collect::<Name>())
        };
        let lead: Name = name.chars().take_while(|letter| *letter == '_').collect();
        match self {
            Casing::Camel => {
                let mut words = words();
                lead + words.next().unwrap_or_default() + &words.map(raise).collect::<Name>()
            }
            Casing::Pascal => lead + &words().map(raise).collect::<Name>(),
            Casing::Kebab => words().collect::<Vec<_>>().join("-").into(),
            Casing::Snake => name.into(),
            Casing::Upper => name.to_uppercase().into(),
            Casing::Lower => name.to_lowercase().into(),
        }
    }
}

/// `str.title`, then underscores between letters and digits fall out.
fn to_pascal(name: &str) -> Name {
    let mut titled = Name::with_capacity(name.len());
    let mut in_word = false;
    for letter in name.chars() {
        if in_word {
            titled.extend(letter.to_lowercase());
        } else {
            titled.extend(letter.to_uppercase());
        }
        in_word = letter.is_alphabetic();
    }
    let letters: Vec<char> = titled.chars().collect();
    let mut out = Name::with_capacity(titled.len());
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let after = letters.get(at + 1);
        let dropped = *letter == '_'
            && before.is_some_and(char::is_ascii_alphanumeric)
            && after.is_some_and(|after| after.is_ascii_digit() || after.is_ascii_uppercase());
        if !dropped {
            out.push(*letter);
        }
    }
    out
}

fn to_camel(name: &str) -> Name {
    let starts_low = name.starts_with(|letter: char| letter.is_ascii_lowercase());
    let plain = starts_low && name.chars().all(|letter| letter.is_ascii_alphanumeric());
    let digit_then_letter = name.as_bytes().windows(2).any(|pair| pair[0].is_ascii_digit() && pair[1].is_ascii_lowercase());
    if plain && !digit_then_letter {
        return name.into();
    }
    let pascal = to_pascal(name);
    let lead = pascal.len() - pascal.trim_start_matches('_').len();
    let (underscores, rest) = pascal.split_at(lead);
    let mut letters = rest.chars();
    match letters.next() {
        Some(first) if first.is_ascii_uppercase() => {
            format!("{underscores}{}{}", first.to_ascii_lowercase(), letters.as_str()).into()
        }
        _ => pascal,
    }
}

fn to_snake(name: &str) -> Name {
    let letters: Vec<char> = name.chars().collect();
    let mut out = Name::with_capacity(name.len() + 4);
    for (at, letter) in letters.iter().enumerate() {
        if at > 0 {
            let before = letters[at - 1];
            let after = letters.get(at + 1);
            let split = before.is_ascii_uppercase() && letter.is_ascii_uppercase() && after.is_some_and(char::is_ascii_lowercase)
                || before.is_ascii_lowercase() && letter.is_ascii_uppercase()
                || before.is_ascii_digit() && letter.is_ascii_uppercase()
                || before.is_ascii_lowercase() && letter.is_ascii_digit();
            if split {
                out.push('_');
            }
        }
        out.push(if *letter == '-' { '_' } else { *letter });
    }
    out.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn camel_is_pydantics() {
        for (from, to) in [
            ("user_id", "userId"),
            ("address_2b", "address2B"),
            ("userId", "userId"),
            ("_private_name", "_privateName"),
            ("http_2_port", "http2Port"),
            ("UPPER_CASE", "upperCase"),
        ] {
            assert_eq!(Casing::Camel.apply(from), to, "{from}");
        }
    }

    #[test]
    fn snake_is_pydantics() {
        assert_eq!(Casing::Snake.apply("HTTPResponseCode"), "http_response_code");
        assert_eq!(Casing::Snake.apply("address2Line"), "address_2_line");
    }
}
