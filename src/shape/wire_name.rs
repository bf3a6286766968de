//! Names on the wire: how serializers turn a member's name into a key, and when two keys are one name in two casings.

/// A naming convention, as serde, pydantic and others call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Casing {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl Casing {
    /// Reads the name that serde's `rename_all` gives a convention.
    pub fn from_serde(name: &str) -> Option<Self> {
        Some(match name {
            "lowercase" => Casing::Lower,
            "UPPERCASE" => Casing::Upper,
            "PascalCase" => Casing::Pascal,
            "camelCase" => Casing::Camel,
            "snake_case" => Casing::Snake,
            "SCREAMING_SNAKE_CASE" => Casing::ScreamingSnake,
            "kebab-case" => Casing::Kebab,
            "SCREAMING-KEBAB-CASE" => Casing::ScreamingKebab,
            _ => return None,
        })
    }

    /// Applies the convention to a field that is written `snake_case`, as `serde_derive` does for fields.
    pub fn apply_to_field(self, field: &str) -> String {
        match self {
            Casing::Lower | Casing::Snake => field.to_owned(),
            Casing::Upper | Casing::ScreamingSnake => field.to_ascii_uppercase(),
            Casing::Pascal => pascal(field),
            Casing::Camel => lower_first(&pascal(field)),
            Casing::Kebab => field.replace('_', "-"),
            Casing::ScreamingKebab => field.to_ascii_uppercase().replace('_', "-"),
        }
    }

    /// Applies the convention to a variant that is written `PascalCase`, as `serde_derive` does for variants.
    pub fn apply_to_variant(self, variant: &str) -> String {
        match self {
            Casing::Pascal => variant.to_owned(),
            Casing::Lower => variant.to_ascii_lowercase(),
            Casing::Upper => variant.to_ascii_uppercase(),
            Casing::Camel => lower_first(variant),
            Casing::Snake => snake(variant),
            Casing::ScreamingSnake => snake(variant).to_ascii_uppercase(),
            Casing::Kebab => snake(variant).replace('_', "-"),
            Casing::ScreamingKebab => snake(variant).to_ascii_uppercase().replace('_', "-"),
        }
    }
}

fn pascal(field: &str) -> String {
    let mut out = String::with_capacity(field.len());
    let mut raise = true;
    for letter in field.chars() {
        if letter == '_' {
            raise = true;
        } else if raise {
            out.push(letter.to_ascii_uppercase());
            raise = false;
        } else {
            out.push(letter);
        }
    }
    out
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) => first.to_ascii_lowercase().to_string() + letters.as_str(),
        None => String::new(),
    }
}

fn snake(variant: &str) -> String {
    let mut out = String::with_capacity(variant.len() + 4);
    for (at, letter) in variant.char_indices() {
        if at > 0 && letter.is_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// A name without its casing and separators: `customerId`, `customer_id` and `CustomerID` fold to `customerid`.
pub fn fold(name: &str) -> String {
    if name.is_ascii() {
        let mut folded = String::with_capacity(name.len());
        for letter in name.bytes().filter(u8::is_ascii_alphanumeric) {
            folded.push(char::from(letter.to_ascii_lowercase()));
        }
        return folded;
    }
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_follow_serde() {
        assert_eq!(Casing::Camel.apply_to_field("customer_id"), "customerId");
        assert_eq!(Casing::Pascal.apply_to_field("customer_id"), "CustomerId");
        assert_eq!(Casing::ScreamingKebab.apply_to_field("customer_id"), "CUSTOMER-ID");
        assert_eq!(Casing::Camel.apply_to_field("_private"), "private");
    }

    #[test]
    fn variants_follow_serde() {
        assert_eq!(Casing::Snake.apply_to_variant("InProgress"), "in_progress");
        assert_eq!(Casing::Lower.apply_to_variant("InProgress"), "inprogress");
        assert_eq!(Casing::Snake.apply_to_variant("HTTPError"), "h_t_t_p_error");
    }

    #[test]
    fn casings_of_one_name_fold_to_one() {
        assert_eq!(fold("customerId"), fold("CUSTOMER_ID"));
        assert_ne!(fold("customerId"), fold("customer"));
    }
}
