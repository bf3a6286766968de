//! Whether an option is there: given, surely not, or not known.
//!
//! Selectors find what is there; a rule about something that went away has to know that it is gone, and not merely out of sight.

use crate::facts::{Literal, Name};
use crate::link::idioms::selector::Step;
use crate::link::term::{Built, Entry, Kind, Term};
use crate::shape::wire_name::fold;

/// How deep an option is looked for below an argument: `{opts: {jobId}}`, `{headers: {…}}`.
const SEARCH_DEPTH: u32 = 3;

#[derive(Clone, Debug)]
pub enum Found<'a> {
    Given(Term<'a>),
    Absent,
    Unknown,
}

impl<'a> Found<'a> {
    /// A value that stands in the place of an option: `undefined` and `None` are nothing.
    pub fn of_value(term: &Term<'a>) -> Found<'a> {
        match &term.bare().kind {
            Kind::Absent | Kind::Literal(Literal::Null) => Found::Absent,
            Kind::OneOf(branches) if branches.iter().all(|branch| matches!(Found::of_value(branch), Found::Absent)) => {
                Found::Absent
            }
            _ => Found::Given(term.clone()),
        }
    }

    /// The first that is given; else not known where one is not known.
    pub fn first(all: impl Iterator<Item = Found<'a>>) -> Found<'a> {
        let mut rest = None;
        for found in all {
            match found {
                Found::Given(_) => return found,
                Found::Unknown => rest = Some(Found::Unknown),
                Found::Absent => rest = rest.or(Some(Found::Absent)),
            }
        }
        rest.unwrap_or(Found::Unknown)
    }

    /// The same of places none of which has to be there.
    pub fn any(all: Vec<Found<'a>>) -> Found<'a> {
        if all.is_empty() { Found::Absent } else { Found::first(all.into_iter()) }
    }
}

fn same(a: &str, b: &str) -> bool {
    a == b || fold(a) == fold(b)
}

/// Follows steps into a value.
pub fn at<'a>(term: &Term<'a>, steps: &[Step]) -> Found<'a> {
    let Some((step, rest)) = steps.split_first() else { return Found::of_value(term) };
    // Whatever stands in several places at once is there where it is in one.
    let each = |parts: &[Term<'a>]| {
        if parts.is_empty() { Found::Absent } else { union(parts.iter().map(|part| at(part, steps)).collect(), term) }
    };
    match &term.kind {
        Kind::Typed(inner, _) | Kind::Encoded(inner) => return at(inner, steps),
        Kind::OneOf(branches) => return each(branches),
        Kind::Absent | Kind::Literal(_) | Kind::Function(_) | Kind::Template(_) => return Found::Absent,
        _ => {}
    }
    match step {
        Step::Key(name) => follow(key(term, name), rest),
        Step::Position(position) => match &term.kind {
            Kind::Array(items) => items.get(*position as usize).map_or(Found::Absent, |item| at(item, rest)),
            Kind::Built(built) => built.positional(*position as usize).map_or(Found::Absent, |item| at(item, rest)),
            Kind::Record(record) => {
                let wanted = position.to_string();
                record.fields.iter().find(|(name, _)| *name == wanted).map_or(Found::Absent, |(_, item)| at(item, rest))
            }
            _ => Found::Unknown,
        },
        Step::Each => match &term.kind {
            Kind::Array(items) => {
                if items.is_empty() {
                    // Filled by code that is not followed.
                    return Found::Unknown;
                }
                union(items.iter().map(|item| at(item, rest)).collect(), term)
            }
            Kind::ListOf(item) => at(item, rest),
            _ => Found::Unknown,
        },
        Step::Argument(method, position) => match &term.kind {
            Kind::Built(built) => match built.calls.iter().rev().find(|(name, _)| name == method) {
                Some((_, args)) => {
                    let value = args.iter().filter(|(name, _)| name.is_none()).nth(*position as usize);
                    value.map_or(Found::Absent, |(_, value)| at(value, rest))
                }
                None if begins_elsewhere(built) => Found::Unknown,
                None => Found::Absent,
            },
            Kind::Array(items) if !items.is_empty() => union(items.iter().map(|item| at(item, steps)).collect(), term),
            Kind::ListOf(item) => at(item, steps),
            _ => Found::Unknown,
        },
    }
}

fn follow<'a>(found: Found<'a>, rest: &[Step]) -> Found<'a> {
    match found {
        Found::Given(term) => at(&term, rest),
        other => other,
    }
}

/// Several places: given where one is given, absent where all are.
fn union<'a>(all: Vec<Found<'a>>, whole: &Term<'a>) -> Found<'a> {
    let mut given = Vec::new();
    let mut unknown = false;
    for found in all {
        match found {
            Found::Given(term) => given.push(term),
            Found::Unknown => unknown = true,
            Found::Absent => {}
        }
    }
    match given.len() {
        0 if unknown => Found::Unknown,
        0 => Found::Absent,
        1 => Found::Given(given.remove(0)),
        _ => Found::Given(Term::new(Kind::OneOf(given), whole.site)),
    }
}

/// What stands under a key, in any casing.
fn key<'a>(term: &Term<'a>, name: &str) -> Found<'a> {
    match &term.kind {
        Kind::Object(entries) => {
            let mut unknown = false;
            let mut found = Vec::new();
            for entry in entries.iter().rev() {
                match entry {
                    Entry::Field { key, value, conditional, .. } if same(key, name) => {
                        found.push(Found::of_value(value));
                        if !conditional {
                            return union(found, term);
                        }
                    }
                    Entry::Field { .. } => {}
                    Entry::AnyKey { .. } => unknown = true,
                    Entry::Spread { value, .. } => match at(value, &[Step::Key(name.into())]) {
                        Found::Given(value) => {
                            found.push(Found::Given(value));
                            return union(found, term);
                        }
                        Found::Unknown => unknown = true,
                        Found::Absent => {}
                    },
                }
            }
            match union(found, term) {
                Found::Absent if unknown => Found::Unknown,
                found => found,
            }
        }
        Kind::Record(record) => match record.fields.iter().find(|(field, _)| same(field, name)) {
            Some((_, value)) => Found::of_value(value),
            None => match &record.base {
                None => Found::Absent,
                Some(base) if is_default(base) => Found::Absent,
                Some(base) => at(base, &[Step::Key(name.into())]),
            },
        },
        Kind::Built(built) => {
            let argument = built.argument(name).or_else(|| {
                built
                    .calls
                    .iter()
                    .rev()
                    .flat_map(|(_, args)| args)
                    .find(|(known, _)| known.as_deref().is_some_and(|known| same(known, name)))
                    .map(|(_, value)| value)
            });
            match argument {
                Some(value) => Found::of_value(value),
                None => {
                    let inside: Vec<Found<'a>> = built
                        .calls
                        .iter()
                        .flat_map(|(_, args)| args)
                        .filter(|(_, value)| matches!(value.bare().kind, Kind::Object(_)))
                        .map(|(_, value)| key(value.bare(), name))
                        .collect();
                    match union(inside, term) {
                        Found::Given(value) => Found::Given(value),
                        // A constructor holds what it is given; any other function may give anything.
                        _ if is_constructor(built) => Found::Absent,
                        _ => Found::Unknown,
                    }
                }
            }
        }
        Kind::Typed(inner, _) | Kind::Encoded(inner) => key(inner, name),
        Kind::Absent | Kind::Literal(_) | Kind::Function(_) | Kind::Template(_) | Kind::Array(_) => Found::Absent,
        _ => Found::Unknown,
    }
}

/// Whether a variable or a parameter may bring a builder that has been given things before; `client.send_message()` begins one.
fn begins_elsewhere(built: &Built<'_>) -> bool {
    built.on.is_some() && !is_options_type(built) && built.calls.first().is_some_and(|(_, args)| !args.is_empty())
}

/// Whether a chain begins with the default value of a type that holds options: `BasicProperties::default().with_message_id(id)`.
fn is_options_type(built: &Built<'_>) -> bool {
    let ty = match built.on.as_ref().map(|on| &on.bare().kind) {
        Some(Kind::OfType(ty)) => ty,
        Some(Kind::Record(record)) => &record.ty,
        _ => return false,
    };
    ty.ty
        .reference()
        .and_then(|named| named.path.last())
        .is_some_and(|name| ["Properties", "Options", "HeaderMap", "Headers", "FieldTable"].iter().any(|end| name.ends_with(end)))
}

/// `..Default::default()`
fn is_default(base: &Term<'_>) -> bool {
    match &base.bare().kind {
        Kind::OfType(_) | Kind::Absent => true,
        Kind::Built(built) => built.calls.last().is_some_and(|(name, _)| name == "default" || name == "new"),
        _ => false,
    }
}

fn is_constructor(built: &Built<'_>) -> bool {
    // `Message(…)` as well as `FutureRecord::to(…)`.
    is_options_type(built)
        || built.root.split(['.', ':']).any(|part| part.starts_with(|c: char| c.is_ascii_uppercase()))
            && !built.root.to_ascii_lowercase().contains("headers")
}

/// What is looked for, and the keys of the payload, below which it is not.
#[derive(Clone, Copy)]
pub struct Wanted<'w> {
    pub name: &'w dyn Fn(&str) -> bool,
    pub payload: &'w [&'w str],
}

/// Looks for an option by its name, in a value and a little below it.
pub fn search<'a>(term: &Term<'a>, wanted: Wanted<'_>, depth: u32) -> Found<'a> {
    match &term.kind {
        Kind::Typed(inner, _) => search(inner, wanted, depth),
        Kind::Object(entries) => {
            let mut all = Vec::new();
            for entry in entries.iter().rev() {
                match entry {
                    Entry::Field { key, value, .. } if (wanted.name)(key) => all.push(Found::of_value(value)),
                    Entry::Field { key, value, .. }
                        if depth < SEARCH_DEPTH
                            && !wanted.payload.contains(&key.as_str())
                            && matches!(value.bare().kind, Kind::Object(_) | Kind::Array(_) | Kind::ListOf(_)) =>
                    {
                        all.push(search(value.bare(), wanted, depth + 1));
                    }
                    Entry::Field { .. } => {}
                    Entry::AnyKey { .. } => all.push(Found::Unknown),
                    Entry::Spread { value, .. } => all.push(search(value, wanted, depth)),
                }
            }
            Found::any(all)
        }
        Kind::Record(record) => {
            let field = record.fields.iter().find(|(name, _)| (wanted.name)(name)).map(|(_, value)| Found::of_value(value));
            match (field, &record.base) {
                (Some(found), _) => found,
                (None, Some(base)) if !is_default(base) => search(base, wanted, depth),
                (None, _) => Found::Absent,
            }
        }
        Kind::Lookup(_, _) => match term.any_of_table() {
            Some(values) => search(&values, wanted, depth),
            None => Found::Unknown,
        },
        // What a foreign function makes of its arguments is not known; a constructor holds them.
        Kind::Built(built) => match search_calls(built, wanted) {
            Found::Absent if !is_constructor(built) => Found::Unknown,
            found => found,
        },
        Kind::OneOf(branches) => union(branches.iter().map(|branch| search(branch, wanted, depth)).collect(), term),
        Kind::Array(items) => union(items.iter().map(|item| search(item, wanted, depth)).collect(), term),
        Kind::ListOf(item) => search(item, wanted, depth),
        Kind::Absent
        | Kind::Literal(_)
        | Kind::Template(_)
        | Kind::Function(_)
        | Kind::Encoded(_)
        | Kind::Class(_)
        | Kind::Tested(_, false)
        | Kind::MapOf(_) => Found::Absent,
        Kind::Tested(inner, true) => search(inner, wanted, depth),
        // A value of a declared type may hold it.
        Kind::Param { .. }
        | Kind::Member(_, _)
        | Kind::Element(_)
        | Kind::Decoded(_, _)
        | Kind::OfType(_)
        | Kind::OnClass(_)
        | Kind::Unknown(_) => Found::Unknown,
    }
}

/// Looks for an option in what a call is made on: a builder that this call ends, or the defaults of a queue or client. Other
/// settings of a client are its own.
pub fn search_receiver<'a>(built: &Built<'a>, wanted: Wanted<'_>) -> Found<'a> {
    let mut all = Vec::new();
    for (name, args) in built.calls.iter().rev() {
        if (wanted.name)(name)
            && let [(None, value)] = args.as_slice()
        {
            all.push(Found::of_value(value));
        }
        for (named, value) in args {
            let defaults = |name: &str| super::names::is_defaults(name);
            match (named, &value.bare().kind) {
                (Some(named), _) if defaults(named) => all.push(search(value, wanted, 1)),
                (_, Kind::Object(entries)) => {
                    for entry in entries {
                        match entry {
                            Entry::Field { key, value, .. } if defaults(key) => all.push(search(value, wanted, 1)),
                            Entry::Spread { .. } => all.push(Found::Unknown),
                            Entry::Field { .. } | Entry::AnyKey { .. } => {}
                        }
                    }
                }
                (_, _) => {}
            }
        }
    }
    Found::any(all)
}

/// Looks for an option among the calls of a builder and the named arguments of a constructor.
pub fn search_calls<'a>(built: &Built<'a>, wanted: Wanted<'_>) -> Found<'a> {
    let mut all = Vec::new();
    for (name, args) in built.calls.iter().rev() {
        if (wanted.name)(name)
            && let [(None, value)] = args.as_slice()
        {
            all.push(Found::of_value(value));
        }
        for (named, value) in args {
            match named {
                Some(named) if (wanted.name)(named) => all.push(Found::of_value(value)),
                _ if matches!(value.bare().kind, Kind::Object(_)) => all.push(search(value.bare(), wanted, 1)),
                _ => {}
            }
        }
    }
    Found::any(all)
}

/// The field of a payload whose name is wanted; `None` where the payload has no fields that are known.
pub fn field<'a>(payload: &Term<'a>, wanted: &dyn Fn(&str) -> bool) -> Option<(Name, Found<'a>)> {
    let mut bare = payload;
    while let Kind::Encoded(inner) | Kind::Typed(inner, _) = &bare.kind {
        bare = inner;
    }
    match &bare.kind {
        Kind::Object(entries) => {
            let named = entries.iter().rev().find_map(|entry| match entry {
                Entry::Field { key, value, .. } if wanted(key) => Some((key.clone(), Found::of_value(value))),
                _ => None,
            });
            named.or_else(|| {
                let open = entries.iter().any(|entry| matches!(entry, Entry::AnyKey { .. } | Entry::Spread { .. }));
                open.then(|| (Name::default(), Found::Unknown))
            })
        }
        Kind::Record(record) => {
            record.fields.iter().find(|(name, _)| wanted(name)).map(|(name, value)| (name.clone(), Found::of_value(value)))
        }
        _ => None,
    }
}
