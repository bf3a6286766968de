//! What a value says of the name of an event: its texts, the patterns that it fits, and the key of a payload that holds it.

use super::eval::Eval;
use super::idioms::selector::{Root, Selector, Step};
use super::term::{Entry, Kind, RECEIVER_CLASS, Term};
use crate::facts::Name;

/// The keys under which payloads carry the name of their event, in the order in which they are trusted.
pub const EVENT_KEYS: &[&str] = &[
    "event",
    "type",
    "event_type",
    "eventType",
    "event_name",
    "eventName",
    "detail-type",
    "detailType",
    "topic",
    "kind",
    "name",
];

/// Words for sorts of messages: beside a key that is trusted more they tell no event from another.
const SORTS: &[&str] = &["command", "event", "job", "message", "notification", "query", "request", "response", "task"];

/// Whether a text says what sort of message it is, where a key that is trusted more stands beside it: `kind: "event"` beside a `type`.
pub fn is_sort(text: &str) -> bool {
    SORTS.contains(&text.to_ascii_lowercase().as_str())
}

/// Whether a name is but a word of the language, as many different things are called: `lead`, `start`, `error`.
pub fn is_plain_word(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(char::is_alphabetic) && letters.all(|letter| letter.is_alphabetic() && !letter.is_uppercase())
}

/// The types under which media types are registered (RFC 6838, section 4.2) that code tells bodies apart by.
const MEDIA_TYPES: &[&str] = &["application/", "audio/", "image/", "multipart/", "text/", "video/"];

/// How the names of files end that code decodes.
const FILE_ENDINGS: &[&str] = &[".csv", ".json", ".lock", ".toml", ".txt", ".xml", ".yaml", ".yml"];

/// Whether a text says which file or in which form something is: `package.json`, `application/json`. Neither is an event.
pub fn is_file_or_media_type(text: &str) -> bool {
    MEDIA_TYPES.iter().any(|media| text.starts_with(media)) || FILE_ENDINGS.iter().any(|ending| text.ends_with(ending))
}

/// The methods by which object-relational mappers make an instance of a model from an object.
const MODEL_BUILDERS: &[&str] = &["build", "create", "make"];

/// Whether a value can be the name of an event; objects, lists, functions and numbers cannot.
pub(super) fn can_be_name(term: &Term<'_>) -> bool {
    match &term.bare().kind {
        Kind::Object(_)
        | Kind::Record(_)
        | Kind::Array(_)
        | Kind::ListOf(_)
        | Kind::MapOf(_)
        | Kind::Tested(_, false)
        | Kind::Function(_)
        | Kind::Literal(crate::facts::Literal::Number(_) | crate::facts::Literal::Bool(_) | crate::facts::Literal::Null) => false,
        Kind::OneOf(branches) => branches.iter().any(can_be_name),
        _ => true,
    }
}

/// Whether the selector's last step leads into a value of which nothing is known: the name is then the selector's own, and no
/// word of the source. Headers that a caller passes on are of that kind.
pub(super) fn is_beyond(term: &Term<'_>, selector: &Selector) -> bool {
    match (&term.kind, selector.steps.last()) {
        (Kind::Member(inner, name), Some(Step::Key(key))) => {
            let of_headers = selector.steps.contains(&Step::Key("headers".into()))
                || matches!(&selector.root, Root::Named(root) if root == "headers");
            let deep = selector.steps.len() > 2 && !term.is_open();
            name == key && (of_headers || deep || matches!(inner.bare().kind, Kind::Built(_)))
        }
        (Kind::OneOf(branches), Some(_)) => branches.iter().all(|branch| is_beyond(branch, selector)),
        _ => false,
    }
}

/// The name of its event that a payload carries.
pub fn event_in<'a>(payload: &Term<'a>) -> Option<Term<'a>> {
    let mut bare = payload;
    // What a schema has checked is what it was given.
    while let Kind::Encoded(inner) | Kind::Typed(inner, _) | Kind::Decoded(inner, _) = &bare.kind {
        bare = inner;
    }
    // Several forms of one payload: by who receives it, and then those that name the event agree, or by what happened.
    if let Kind::OneOf(branches) = &bare.kind {
        let mut named: Vec<Term<'a>> = Vec::new();
        for name in branches.iter().filter_map(event_in) {
            if !named.iter().any(|known| texts_of(known) == texts_of(&name)) {
                named.push(name);
            }
        }
        return match named.len() {
            0 | 1 => named.pop(),
            _ => Some(Term::new(Kind::OneOf(named), bare.site)),
        };
    }
    // `Model.build({…})`: an instance of a model has what it is built from.
    if let Kind::Built(built) = &bare.kind
        && let Some((name, args)) = built.calls.last()
        && MODEL_BUILDERS.contains(&name.as_str())
        && let [(None, given)] = args.as_slice()
    {
        bare = given.bare();
    }
    if !matches!(bare.kind, Kind::Object(_) | Kind::Record(_)) {
        return None;
    }
    // A variant of an enum is told apart by its tag: what else is called a name in it is a matter of its own.
    let is_variant =
        matches!(&bare.kind, Kind::Record(record) if record.ty.ty.reference().is_some_and(|named| named.path.len() > 1));
    let mut keys = EVENT_KEYS.iter().filter(|key| !is_variant || !matches!(**key, "name" | "kind"));
    let mut has_better = false;
    keys.find_map(|key| {
        let term = bare.part(key);
        let depends = matches!(term.bare().kind, Kind::Param { .. } | Kind::OnClass(_)) || is_param_member(term.bare());
        // A number tells nobody what an event is called.
        let tells = |text: &Name| text.contains(char::is_alphabetic) && !(has_better && is_sort(text));
        let found = can_be_name(&term) && (depends || texts_of(&term).iter().any(tells));
        has_better |= !matches!(term.kind, Kind::Absent);
        found.then_some(term)
    })
}

/// Whether it is a part of a parameter that no caller has given yet.
pub(super) fn is_inside_param(term: &Term<'_>) -> bool {
    match &term.kind {
        Kind::Member(inner, _) | Kind::Element(inner) => {
            matches!(inner.bare().kind, Kind::Param { .. }) || is_inside_param(inner)
        }
        _ => false,
    }
}

/// Whether nothing but the name of a member is known of it.
pub(super) fn is_opaque(term: &Term<'_>) -> bool {
    match &term.bare().kind {
        Kind::Member(inner, _) => {
            let inner = match &inner.bare().kind {
                Kind::Element(list) => list.bare(),
                _ => inner.bare(),
            };
            matches!(inner.kind, Kind::Built(_) | Kind::OfType(_) | Kind::Unknown(_)) || is_opaque(inner)
        }
        _ => false,
    }
}

/// Whether it is a member of a parameter, or of the elements of one that is a list.
pub(super) fn is_param_member(term: &Term<'_>) -> bool {
    let is_param = |term: &Term<'_>| matches!(term.bare().kind, Kind::Param { .. });
    match &term.kind {
        Kind::Member(inner, _) => match &inner.bare().kind {
            Kind::Element(list) => is_param(list),
            _ => is_param(inner),
        },
        Kind::OneOf(branches) => !branches.is_empty() && branches.iter().all(is_param_member),
        _ => false,
    }
}

/// The name of the class that a method is called on, where a message carries it: `{ templateName: this.constructor.name, props }`.
pub(super) fn own_class_in<'a>(message: &Term<'a>) -> Option<Term<'a>> {
    let Kind::Object(entries) = &message.kind else { return None };
    entries.iter().find_map(|entry| match entry {
        Entry::Field { value, .. } => {
            matches!(value.bare().kind, Kind::Param { index: RECEIVER_CLASS, .. }).then(|| value.clone())
        }
        Entry::AnyKey { .. } | Entry::Spread { .. } => None,
    })
}

/// The constant texts that a term can be; a template with parts that are not known gives a pattern with `*`.
/// One that callers may still complete gives none.
pub fn texts_of(term: &Term<'_>) -> Vec<Name> {
    if matches!(term.bare().kind, Kind::Template(_)) && term.is_open() {
        return Vec::new();
    }
    patterns_of(term)
}

/// The same, where no further caller is going to complete it.
pub fn patterns_of(term: &Term<'_>) -> Vec<Name> {
    if let Some(values) = term.bare().any_of_table() {
        return patterns_of(&values);
    }
    match &term.bare().kind {
        Kind::Literal(literal) => super::payload::literal_text(literal).into_iter().collect(),
        Kind::OneOf(branches) => {
            let mut texts: Vec<Name> = branches.iter().flat_map(patterns_of).collect();
            texts.dedup();
            texts
        }
        Kind::Template(parts) => {
            let mut patterns = vec![Name::default()];
            let mut constant = 0;
            for part in parts {
                let options = match patterns_of(part) {
                    texts if texts.is_empty() || texts.len() * patterns.len() > 64 => vec![Name::from("*")],
                    texts => texts,
                };
                constant +=
                    options.iter().map(|option| option.chars().filter(|c| c.is_alphanumeric()).count()).max().unwrap_or(0);
                patterns = patterns
                    .iter()
                    .flat_map(|pattern| options.iter().map(move |option| Name::from(format!("{pattern}{option}"))))
                    .collect();
            }
            if constant < 3 { Vec::new() } else { patterns }
        }
        _ => Vec::new(),
    }
}

/// The words of the source in a term that has no constant text: names of members and variables.
pub(super) fn source_words(eval: &Eval<'_>, term: &Term<'_>) -> Option<Name> {
    match &term.bare().kind {
        Kind::Unknown(text) => Some(text.clone()),
        Kind::Param { function, index, .. } => {
            eval.program.function(*function).locals.get(*index as usize).map(|local| local.name.clone())
        }
        Kind::Member(inner, name) => Some(match source_words(eval, inner) {
            Some(base) => format!("{base}.{name}").into(),
            None => name.clone(),
        }),
        Kind::Built(built) => Some(built.root.clone()),
        Kind::Class(class) => Some(class.name.clone()),
        Kind::Template(parts) => {
            let words: Vec<Name> =
                parts.iter().flat_map(|part| texts_of(part).into_iter().chain(source_words(eval, part))).collect();
            (!words.is_empty()).then(|| words.concat().into())
        }
        _ => None,
    }
}
