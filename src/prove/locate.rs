//! Which keyword, at which place, a reason for `unknown` speaks of where the search that gave up named none.
//!
//! A search gives up in the middle of a value. The schemas that describe this value are found again by its path; among them the
//! keyword is named that most likely made the work: the one with the most alternatives, or the one through which they nest.

use rustc_hash::FxHashSet;
use serde_json::Value;

use super::Reason;
use super::document::Document;
use super::solve::{EXHAUSTED, TOO_DEEP};
use crate::schema::refs::{Found, Place, Resolver, ResourceId, extend, place_of};

/// Keywords that offer alternatives, and where a schema has none of them, those that ask for several things at once.
const CHOICES: &[&str] = &["anyOf", "oneOf", "if", "not", "enum", "type"];
const DEMANDS: &[&str] =
    &["allOf", "patternProperties", "dependentSchemas", "dependencies", "properties", "items", "prefixItems"];

/// Applicators whose schemas speak of the very value that the schema around them speaks of.
const IN_PLACE: &[&str] = &["allOf", "anyOf", "oneOf", "if", "then", "else", "not", "dependentSchemas", "dependencies"];

/// Applicators whose schemas speak of any member that nothing else names.
const OF_MEMBERS: &[&str] = &[
    "patternProperties",
    "additionalProperties",
    "unevaluatedProperties",
    "items",
    "additionalItems",
    "contains",
    "unevaluatedItems",
];

/// How many schemas are looked at, so that a document that refers to itself in many ways ends as well.
const SPOTS: usize = 10_000;

/// A schema that describes the value in question, and by which keyword of which schema it came to.
#[derive(Clone)]
struct Spot<'a> {
    value: &'a Value,
    resource: ResourceId,
    document: usize,
    pointer: String,
    by: Option<(&'static str, String)>,
}

/// The reason, with a keyword and its place where it has none.
pub(super) fn located(reason: &Reason, documents: [&Document; 2]) -> Reason {
    if !reason.place.is_empty() {
        return reason.clone();
    }
    let resolvers =
        documents.map(|document| Resolver::new(document.base(), document.value(), document.draft(), document.resources()));
    let spots = resolvers.each_ref().map(|resolver| describing(resolver, &reason.value));
    let of_value =
        || resolvers.iter().zip(&spots).flat_map(|(resolver, spots)| outermost(spots).map(move |spot| (resolver, spot)));
    if !reason.keyword.is_empty() {
        let place = of_value().find_map(|(resolver, spot)| {
            let place = place_with(spot.value, &reason.keyword)?;
            Some(told(resolver, spot.document, &format!("{}{place}", spot.pointer)))
        });
        return Reason { place: place.unwrap_or_default(), ..reason.clone() };
    }
    if reason.text == TOO_DEEP {
        let last = |wanted: &dyn Fn(&str) -> bool| {
            let came = |spots: &Vec<Spot<'_>>| {
                spots.iter().rev().find_map(|spot| spot.by.clone().filter(|(keyword, _)| wanted(keyword)))
            };
            spots.iter().find_map(came)
        };
        if let Some((keyword, place)) = last(&|keyword| keyword == "$ref").or_else(|| last(&|_| true)) {
            return Reason { keyword: keyword.to_owned(), place, ..reason.clone() };
        }
    }
    let widest = [CHOICES, DEMANDS].into_iter().find_map(|keywords| {
        let parts = of_value().filter_map(|(resolver, spot)| {
            let (parts, keyword, place) = widest_in(spot.value, keywords)?;
            Some((parts, keyword, told(resolver, spot.document, &format!("{}{place}", spot.pointer))))
        });
        // The first of several.
        parts.reduce(|most, other| if other.0 > most.0 { other } else { most })
    });
    match widest {
        Some((_, keyword, place)) => {
            let text = match reason.text.as_str() {
                EXHAUSTED => format!("{EXHAUSTED}, and nothing in the schemas has more alternatives"),
                _ => reason.text.clone(),
            };
            Reason { keyword: keyword.to_owned(), place, value: reason.value.clone(), text }
        }
        None => reason.clone(),
    }
}

/// A place as reasons give it: within the document in question alone, or with the address of another one.
fn told(resolver: &Resolver<'_>, document: usize, pointer: &str) -> String {
    if document == 0 { pointer.to_owned() } else { format!("{}#{pointer}", resolver.address(document)) }
}

/// The schemas of a document that describe the value at a path, each after the one that led to it; where the document says nothing of
/// it, those of the last value on the way that it speaks of.
fn describing<'a>(resolver: &Resolver<'a>, path: &str) -> Vec<Spot<'a>> {
    let root = resolver.resource(0);
    let root = Spot { value: root.root, resource: 0, document: 0, pointer: String::new(), by: None };
    let mut spots = on_the_spot(resolver, vec![root]);
    for step in path.split('/').skip(1) {
        let members = spots.iter().flat_map(|spot| members(resolver, spot, step)).collect();
        let next = on_the_spot(resolver, members);
        if next.is_empty() {
            break;
        }
        spots = next;
    }
    spots
}

/// Those that do not stand inside of another one of them: what looks at a schema looks at all that stands in it.
fn outermost<'s, 'a>(spots: &'s [Spot<'a>]) -> impl Iterator<Item = &'s Spot<'a>> {
    let places: FxHashSet<(usize, &str)> = spots.iter().map(|spot| (spot.document, spot.pointer.as_str())).collect();
    spots.iter().filter(move |spot| {
        let mut around = spot.pointer.as_str();
        while let Some((outer, _)) = around.rsplit_once('/') {
            if places.contains(&(spot.document, outer)) {
                return false;
            }
            around = outer;
        }
        true
    })
}

/// These schemas, with all that they apply to the same value.
fn on_the_spot<'a>(resolver: &Resolver<'a>, from: Vec<Spot<'a>>) -> Vec<Spot<'a>> {
    let mut seen = FxHashSet::default();
    let mut spots = from;
    spots.retain(|spot| seen.insert((spot.document, spot.pointer.clone())));
    let mut at = 0;
    while at < spots.len() && spots.len() < SPOTS {
        let spot = spots[at].clone();
        at += 1;
        let mut next: Vec<Spot<'a>> = IN_PLACE.iter().flat_map(|keyword| under(resolver, &spot, keyword, None)).collect();
        for keyword in ["$ref", "$dynamicRef", "$recursiveRef"] {
            if let Some(reference) = spot.value.get(keyword).and_then(Value::as_str)
                && let Some(Found { value, resource, document, pointer, .. }) = resolver.resolve(spot.resource, reference)
            {
                next.push(Spot {
                    value,
                    resource,
                    document,
                    pointer,
                    by: Some(("$ref", told(resolver, spot.document, &spot.pointer))),
                });
            }
        }
        next.retain(|spot| seen.insert((spot.document, spot.pointer.clone())));
        spots.append(&mut next);
    }
    spots
}

/// The schemas that a schema has for one member of its value; `*` stands for a member whose name is not known.
fn members<'a>(resolver: &Resolver<'a>, spot: &Spot<'a>, step: &str) -> Vec<Spot<'a>> {
    let named = ["properties", "prefixItems", "items"].into_iter().flat_map(|keyword| under(resolver, spot, keyword, Some(step)));
    let mut found: Vec<Spot<'a>> = named.collect();
    if found.is_empty() {
        found = OF_MEMBERS.iter().flat_map(|keyword| under(resolver, spot, keyword, None)).collect();
    }
    found
}

/// The schemas under a keyword: all, or the one under a name, which is a pointer's token.
fn under<'a>(resolver: &Resolver<'a>, spot: &Spot<'a>, keyword: &'static str, name: Option<&str>) -> Vec<Spot<'a>> {
    let Some(given) = spot.value.get(keyword) else { return Vec::new() };
    let by = Some((keyword, told(resolver, spot.document, &spot.pointer)));
    let place = extend(&spot.pointer, keyword);
    let made = |value: &'a Value, pointer: String| {
        let resource = resolver.resource_at(spot.document, &pointer).unwrap_or(spot.resource);
        Spot { value, resource, document: spot.document, pointer, by: by.clone() }
    };
    let parts: Vec<(String, &'a Value)> = match (place_of(keyword), given) {
        (Place::Map, Value::Object(map)) => map.iter().map(|(key, inner)| (extend(&place, key), inner)).collect(),
        (Place::List, Value::Array(items)) => {
            items.iter().enumerate().map(|(at, inner)| (extend(&place, &at.to_string()), inner)).collect()
        }
        _ if name.is_none() => vec![(place.clone(), given)],
        _ => Vec::new(),
    };
    let wanted = name.map(|name| format!("{place}/{name}"));
    parts
        .into_iter()
        .filter(|(pointer, inner)| inner.is_object() && wanted.as_ref().is_none_or(|wanted| wanted == pointer))
        .map(|(pointer, inner)| made(inner, pointer))
        .collect()
}

/// The place of the first schema in a schema that has a keyword, itself included.
fn place_with(schema: &Value, keyword: &str) -> Option<String> {
    let mut open = vec![(schema, String::new())];
    while let Some((value, place)) = open.pop() {
        if value.get(keyword).is_some() {
            return Some(place);
        }
        open_parts(value, &place, &mut open);
    }
    None
}

/// How many parts the widest of some keywords has, its name and the place of its schema; the first of several.
fn widest_in(schema: &Value, keywords: &[&'static str]) -> Option<(usize, &'static str, String)> {
    let mut widest: Option<(usize, &'static str, String)> = None;
    let mut open = vec![(schema, String::new())];
    while let Some((value, place)) = open.pop() {
        for (keyword, given) in keywords.iter().filter_map(|keyword| Some((*keyword, value.get(*keyword)?))) {
            let parts = match (keyword, given) {
                // A condition and its contrary.
                ("if" | "not", _) => 2,
                (_, Value::Array(parts)) => parts.len(),
                (_, Value::Object(parts)) => parts.len(),
                (_, _) => 1,
            };
            if widest.as_ref().is_none_or(|(most, _, _)| parts > *most) {
                widest = Some((parts, keyword, place.clone()));
            }
        }
        open_parts(value, &place, &mut open);
    }
    widest
}

/// Puts the schemas within a schema on a stack, so that the first comes off first.
fn open_parts<'a>(schema: &'a Value, place: &str, open: &mut Vec<(&'a Value, String)>) {
    let Value::Object(map) = schema else { return };
    for (keyword, given) in map.iter().rev() {
        let below = || extend(place, keyword);
        match (place_of(keyword), given) {
            (Place::Map, Value::Object(parts)) => {
                open.extend(parts.iter().rev().map(|(name, inner)| (inner, extend(&below(), name))));
            }
            (Place::List, Value::Array(parts)) => {
                open.extend(parts.iter().enumerate().rev().map(|(at, inner)| (inner, extend(&below(), &at.to_string()))));
            }
            (Place::Schema | Place::List, inner) => open.push((inner, below())),
            (Place::Map | Place::None, _) => {}
        }
    }
}
