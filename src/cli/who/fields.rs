//! Where the payload of one party has the field that was asked for.
//!
//! People name a field as the code does that builds it, without what is put around it on the wire: `user.signup.plan` is `/plan`,
//! and `/data/plan` behind an envelope. What is not known of a payload may hold it, and is told apart from what does not.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::compare::changes::child;
use crate::link::dispatch::ENVELOPE_STEPS;
use crate::shape::{Rest, Shape, ShapeKind};
use crate::source::Origin;

/// How deep a payload is walked; what lies deeper is not looked at.
const MAX_DEPTH: u32 = 24;

/// Fields of one payload that are looked at; past it the rest is left out.
const MAX_FIELDS: usize = 20_000;

/// One field of a payload.
pub struct Place {
    /// A JSON Pointer into the wire payload, `*` standing for any element.
    pub pointer: String,
    /// The same in dots, without the elements.
    pub dotted: String,
    pub origin: Option<Origin>,
}

/// Where a party has the field.
pub enum Answer {
    At(Vec<Place>),
    /// Where its payload is not known, and why.
    Hidden(String),
    No,
}

/// All that one payload says of its fields.
pub struct Fields {
    places: Vec<Place>,
    /// What is not known: the place in dots, and the reason.
    holes: Vec<(String, String)>,
}

impl Fields {
    /// Those of a shape that stands at `pointer` of the payload.
    pub fn of(shape: &Arc<Shape>, pointer: &str) -> Fields {
        let mut fields = Fields { places: Vec::new(), holes: Vec::new() };
        let dotted: Vec<String> =
            crate::document::tokens(pointer).unwrap_or_default().into_iter().filter(|token| token != "*").collect();
        fields.walk(shape, pointer, &dotted.join("."), 0);
        fields
    }

    fn walk(&mut self, shape: &Shape, pointer: &str, dotted: &str, depth: u32) {
        if depth > MAX_DEPTH || self.places.len() > MAX_FIELDS {
            return;
        }
        match &shape.kind {
            ShapeKind::Object(object) => {
                for field in object.fields.iter().filter(|field| !matches!(field.shape.kind, ShapeKind::Never)) {
                    for name in std::iter::once(&field.name).chain(&field.aliases) {
                        let inner = if dotted.is_empty() { name.clone() } else { format!("{dotted}.{name}") };
                        let path = child(pointer, name);
                        if !self.places.iter().any(|known| known.pointer == path) {
                            self.places.push(Place {
                                pointer: path.clone(),
                                dotted: inner.clone(),
                                origin: field.origin.clone(),
                            });
                        }
                        self.walk(&field.shape, &path, &inner, depth + 1);
                    }
                }
                if let Rest::Open { values, .. } = &object.rest {
                    self.walk(values, &child(pointer, "*"), dotted, depth + 1);
                }
            }
            ShapeKind::Array(array) => {
                for item in array.prefix.iter().chain(&array.items) {
                    self.walk(item, &child(pointer, "*"), dotted, depth + 1);
                }
            }
            ShapeKind::Union(branches) | ShapeKind::Intersection(branches) => {
                branches.iter().for_each(|branch| self.walk(branch, pointer, dotted, depth + 1));
            }
            ShapeKind::Unknown(reason) => self.holes.push((dotted.to_owned(), reason.clone())),
            ShapeKind::Never
            | ShapeKind::Null
            | ShapeKind::Boolean
            | ShapeKind::Integer(_)
            | ShapeKind::Number(_)
            | ShapeKind::String(_)
            | ShapeKind::Const(_)
            | ShapeKind::Recursive(_) => {}
        }
    }

    /// The names of all fields, in dots.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.places.iter().map(|place| place.dotted.as_str())
    }
}

/// A field as somebody asks for it.
pub struct Asked {
    dotted: String,
    /// The places in dots at which envelopes of the event hold the payload.
    envelopes: BTreeSet<String>,
}

impl Asked {
    /// `items[].price`, `items.*.price` and `items.price` are one field.
    pub fn new(field: &str, envelopes: BTreeSet<String>) -> Asked {
        let parts = field.split('.').map(|part| part.strip_suffix("[]").unwrap_or(part)).filter(|part| *part != "*");
        Asked { dotted: parts.collect::<Vec<_>>().join("."), envelopes }
    }

    pub fn answer(&self, fields: Fields) -> Answer {
        let Fields { places, holes } = fields;
        let found: Vec<Place> = places.into_iter().filter(|place| self.is_at(&place.dotted)).collect();
        if !found.is_empty() {
            return Answer::At(found);
        }
        match holes.into_iter().find(|(hole, _)| self.may_be_under(hole)) {
            Some((_, reason)) => Answer::Hidden(reason),
            None => Answer::No,
        }
    }

    fn is_at(&self, dotted: &str) -> bool {
        dotted == self.dotted
            || dotted
                .strip_suffix(self.dotted.as_str())
                .and_then(|above| above.strip_suffix('.'))
                .is_some_and(|above| self.is_envelope(above))
    }

    /// Whether the way to the field leads, or may lead, through a place.
    fn may_be_under(&self, hole: &str) -> bool {
        let on_the_way = |inner: &str| self.dotted == inner || self.dotted.starts_with(&format!("{inner}."));
        let below_envelope = hole.match_indices('.').any(|(at, _)| self.is_envelope(&hole[..at]) && on_the_way(&hole[at + 1..]));
        hole.is_empty() || self.is_envelope(hole) || on_the_way(hole) || below_envelope
    }

    fn is_envelope(&self, dotted: &str) -> bool {
        self.envelopes.contains(dotted) || dotted.split('.').all(|part| ENVELOPE_STEPS.contains(&part))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::prove::Document;

    fn answer(schema: serde_json::Value, asked: &str) -> String {
        let shape = Document::new(schema, None, &[]).expect("a schema").shape(&|_| None).shape;
        match Asked::new(asked, BTreeSet::new()).answer(Fields::of(&shape, "")) {
            Answer::At(places) => places.into_iter().map(|place| place.pointer).collect::<Vec<_>>().join(" "),
            Answer::Hidden(_) => "?".to_owned(),
            Answer::No => "no".to_owned(),
        }
    }

    fn object(name: &str, inner: serde_json::Value) -> serde_json::Value {
        json!({"type": "object", "properties": {name: inner}})
    }

    #[test]
    fn a_field_is_found_where_people_mean_it() {
        let plan = object("plan", json!({"type": "string"}));
        assert_eq!(answer(plan.clone(), "plan"), "/plan");
        assert_eq!(answer(object("data", plan.clone()), "plan"), "/data/plan");
        assert_eq!(answer(object("detail", object("data", plan.clone())), "data.plan"), "/detail/data/plan");
        let items = object("items", json!({"type": "array", "items": plan.clone()}));
        for asked in ["items.plan", "items[].plan", "items.*.plan"] {
            assert_eq!(answer(items.clone(), asked), "/items/*/plan");
        }
        // What lies under a name of the domain is a field of something else.
        assert_eq!(answer(object("customer", plan), "plan"), "no");
    }

    #[test]
    fn what_is_not_known_may_hold_it() {
        assert_eq!(answer(json!(true), "plan"), "?");
        assert_eq!(answer(object("data", json!(true)), "plan"), "?");
        assert_eq!(answer(object("plan", json!(true)), "plan.name"), "?");
        assert_eq!(answer(object("data", object("plan", json!(true))), "plan.name"), "?");
        assert_eq!(answer(object("customer", json!(true)), "plan"), "no");
    }
}
