//! What stands for a name that is not known: the words of the source.

use super::Linker;
use crate::link::payload;
use crate::link::term::{Kind, Term};

impl<'a> Linker<'_, 'a> {
    /// A term in the words of the source, for people.
    pub(super) fn text_at(&self, term: &Term<'a>) -> String {
        match &term.bare().kind {
            Kind::Literal(literal) => payload::literal_text(literal).unwrap_or_else(|| "null".into()).into(),
            Kind::Unknown(text) => text.clone().into(),
            Kind::Built(built) => format!("{}(…)", built.root),
            Kind::Class(class) => class.name.clone().into(),
            Kind::OnClass(on) => format!("{}.{}()", self.text_at(&on.class), on.method),
            Kind::Member(inner, name) => format!("{}.{name}", self.text_at(inner)),
            Kind::Param { function, index, .. } => self
                .program
                .function(*function)
                .locals
                .get(*index as usize)
                .map_or_else(|| "?".to_owned(), |local| local.name.clone().into()),
            Kind::Template(parts) => parts
                .iter()
                .map(|part| match part.as_text() {
                    Some(text) => text.to_owned(),
                    None => format!("${{{}}}", self.text_at(part)),
                })
                .collect(),
            Kind::OneOf(branches) => {
                let mut texts: Vec<String> = branches.iter().map(|branch| self.text_at(branch)).collect();
                texts.retain(|text| says_something(text));
                texts.dedup();
                if texts.is_empty() { "?".to_owned() } else { texts.join(" | ") }
            }
            Kind::OfType(ty) => ty.ty.reference().map_or_else(|| "?".to_owned(), |named| named.path.join(".")),
            _ => "?".to_owned(),
        }
    }
}

/// Whether the words of a source tell anything: a part of `null` or of what nobody knows does not.
pub(super) fn says_something(text: &str) -> bool {
    !matches!(text, "?" | "null") && !text.starts_with("?.") && !text.starts_with("null.")
}
