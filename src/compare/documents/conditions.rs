//! Keywords that a shape cannot say (`if`, `not`, `dependentRequired`, `contains`, …) in the old and the new document.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::facts::Role;
use crate::prove::{Document, Violation};
use crate::schema::read::Omission;

/// The keywords that stand and fall with another one beside them.
const TOGETHER: &[(&str, &[&str])] = &[("if", &["then", "else"]), ("contains", &["minContains", "maxContains"])];

/// A keyword that differs at a place.
pub(super) struct Difference {
    /// Into the payload, as far as the place says it: inside of a definition it begins there.
    pub path: String,
    keyword: String,
    old: Option<Place>,
    new: Option<Place>,
}

#[derive(Clone)]
struct Place {
    /// JSON Pointer of the keyword.
    pointer: String,
    text: String,
}

impl Difference {
    pub fn message(&self) -> String {
        let at = if self.path.is_empty() { String::new() } else { format!(" at `{}`", self.path) };
        let what = match (&self.old, &self.new) {
            (None, _) => "is new",
            (_, None) => "is gone",
            _ => "changed",
        };
        format!("`{}`{at} {what}", self.keyword)
    }

    pub fn fragments(&self) -> (String, String) {
        let text = |place: &Option<Place>| place.as_ref().map(|place| place.text.clone()).unwrap_or_default();
        (text(&self.old), text(&self.new))
    }

    /// The pointer of the keyword; where the document does not have it, of the schema that would.
    pub fn old_place(&self) -> String {
        Difference::place(&self.old, &self.new)
    }

    pub fn new_place(&self) -> String {
        Difference::place(&self.new, &self.old)
    }

    fn place(own: &Option<Place>, other: &Option<Place>) -> String {
        match (own, other) {
            (Some(place), _) => place.pointer.clone(),
            (None, Some(place)) => place.pointer.rsplit_once('/').map_or("", |(above, _)| above).to_owned(),
            (None, None) => String::new(),
        }
    }

    /// Whether a refusal comes from this keyword of the reader's document.
    pub fn is_met_by(&self, role: Role, violation: &Violation) -> bool {
        let reader = match role {
            Role::Producer => &self.old,
            Role::Consumer => &self.new,
        };
        let Some(place) = reader else { return false };
        let beside = place.pointer.rsplit_once('/').map_or("", |(above, _)| above);
        let partners = TOGETHER.iter().find(|(keyword, _)| *keyword == self.keyword).map_or(&[][..], |(_, partners)| *partners);
        let under = |pointer: &str| {
            violation.schema_path.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        under(&place.pointer) || partners.iter().any(|partner| under(&format!("{beside}/{partner}")))
    }
}

/// The keywords that one document has and the other has not. What only moved within a document is no difference.
pub(super) fn differences(old: (&Document, &[Omission]), new: (&Document, &[Omission])) -> Vec<Difference> {
    let mut left = places(old.0, old.1);
    let mut right = places(new.0, new.1);
    left.retain(|(key, place)| {
        let twin = right.iter().position(|(other, twin)| other.1 == key.1 && twin.text == place.text);
        twin.map(|at| right.remove(at)).is_none()
    });
    let mut found: BTreeMap<(String, String), Difference> = BTreeMap::new();
    for (is_old, list) in [(true, left), (false, right)] {
        for ((path, keyword), place) in list {
            let difference = found.entry((path.clone(), keyword.clone())).or_insert_with(|| Difference {
                path,
                keyword,
                old: None,
                new: None,
            });
            let slot = if is_old { &mut difference.old } else { &mut difference.new };
            slot.get_or_insert(place);
        }
    }
    found.into_values().collect()
}

/// The keywords of a document that its shape leaves out, by payload path and name. Parts of other documents are not looked into.
fn places(document: &Document, omissions: &[Omission]) -> Vec<((String, String), Place)> {
    omissions
        .iter()
        .filter_map(|omission| {
            let holder = document.value().pointer(&omission.place)?;
            let mut text = holder.get(&omission.keyword)?.to_string();
            let partners = TOGETHER.iter().find(|(keyword, _)| *keyword == omission.keyword);
            for partner in partners.map_or(&[][..], |(_, partners)| *partners) {
                text.push_str(&holder.get(*partner).unwrap_or(&Value::Null).to_string());
            }
            let pointer = format!("{}/{}", omission.place, omission.keyword);
            Some(((payload_path(&omission.place), omission.keyword.clone()), Place { pointer, text }))
        })
        .collect()
}

/// Where the instances of a schema stand in the payload, from where the schema stands in its document.
fn payload_path(pointer: &str) -> String {
    let mut path = String::new();
    let mut tokens = pointer.split('/').skip(1);
    while let Some(token) = tokens.next() {
        match token {
            "properties" => {
                if let Some(name) = tokens.next() {
                    path.push('/');
                    path.push_str(name);
                }
            }
            "patternProperties" => {
                tokens.next();
                path.push_str("/*");
            }
            "items" | "additionalItems" | "additionalProperties" | "unevaluatedItems" | "unevaluatedProperties" => {
                path.push_str("/*");
            }
            "prefixItems" => {
                if let Some(index) = tokens.next() {
                    path.push('/');
                    path.push_str(index);
                }
            }
            "$defs" | "definitions" => {
                tokens.next();
                path.clear();
            }
            _ => {}
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_stands_for_a_place_of_the_payload() {
        assert_eq!(payload_path("/properties/a/items/allOf/0/then"), "/a/*");
        assert_eq!(payload_path("/$defs/address/properties/city"), "/city");
        assert_eq!(payload_path(""), "");
    }
}
