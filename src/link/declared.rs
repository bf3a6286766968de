//! Events that are declared apart from any call: types whose discriminator is a constant, and lists of names.
//!
//! Readers rely on the declaration where no call site could be resolved. Where call sites are resolved, they meet the
//! declaration by name and the declaration adds nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::model::Boundary;
use super::modules::FileId;
use super::naming::EVENT_KEYS;
use super::packages::Packages;
use super::payload;
use super::reduce;
use super::resolve::{DeclId, Program};
use super::types::{Side, Types};
use crate::facts::{Expr, ExprKind, FileFacts, LanguageId, Literal, Name, Role, ValueMember};
use crate::shape::{Shape, ShapeKind};
use crate::source::{Origin, Span};

/// Words that say that a name is about what crosses between systems.
const EVENT_WORDS: &[&str] = &["event", "webhook", "topic", "message", "notification", "queue", "channel", "subject", "signal"];

/// Words that say that a list of names is about something else, whatever it is named after: `ChannelErrorCode`,
/// `CHANNEL_FIELDS`, `EventStatus`.
const OTHER_WORDS: &[&str] = &[
    "bucket",
    "category",
    "code",
    "column",
    "config",
    "error",
    "exception",
    "field",
    "filter",
    "format",
    "key",
    "label",
    "level",
    "marker",
    "metric",
    "option",
    "param",
    "pattern",
    "permission",
    "prefix",
    "priority",
    "property",
    "provider",
    "reason",
    "role",
    "setting",
    "source",
    "state",
    "status",
    "suffix",
    "target",
    "template",
    "window",
];

/// Words for what events travel in or with, or come from.
const CARRIER_WORDS: &[&str] = &["exchange", "group", "header", "point", "queue"];

/// Words that say that what is decoded is a message of another system.
const DECODED_WORDS: &[&str] = &[
    "callback",
    "consumer",
    "event",
    "job",
    "kafka",
    "listener",
    "notification",
    "pubsub",
    "queue",
    "sqs",
    "subscriber",
    "topic",
    "webhook",
];

/// Words that say that it is something else: an answer to a request of one's own, a form, a setting.
const ASKED_WORDS: &[&str] = &[
    "config", "cursor", "env", "filter", "form", "list", "option", "param", "query", "response", "result", "search", "setting",
    "table",
];

/// The words of a name in lower case, by its casing and separators.
pub fn words_of(name: &str) -> Vec<Name> {
    let mut words: Vec<Name> = Vec::new();
    let mut current = Name::default();
    let letters: Vec<char> = name.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        if !letter.is_alphanumeric() {
            words.push(std::mem::take(&mut current));
            continue;
        }
        let starts = letter.is_uppercase()
            && at > 0
            && (letters[at - 1].is_lowercase() || letters.get(at + 1).is_some_and(|next| next.is_lowercase()));
        if starts {
            words.push(std::mem::take(&mut current));
        }
        current.extend(letter.to_lowercase());
    }
    words.push(current);
    words.retain(|word| !word.is_empty());
    words
}

/// Whether one of the words of a name, as [`words_of`] gives them, passes a test. Names are asked about by the thousand, and most have
/// few letters: nothing is copied to the heap for them.
pub fn any_word(name: &str, test: impl Fn(&str) -> bool) -> bool {
    const ROOM: usize = 64;
    if !name.is_ascii() || name.len() > ROOM {
        return words_of(name).iter().any(|word| test(word));
    }
    let letters = name.as_bytes();
    let mut lower = [0_u8; ROOM];
    lower[..letters.len()].copy_from_slice(letters);
    lower.make_ascii_lowercase();
    let Ok(lower) = std::str::from_utf8(&lower[..letters.len()]) else { return false };
    let mut start = 0;
    for at in 0..=letters.len() {
        let separates = letters.get(at).is_none_or(|letter| !letter.is_ascii_alphanumeric());
        let starts = at > 0
            && letters.get(at).is_some_and(u8::is_ascii_uppercase)
            && (letters[at - 1].is_ascii_lowercase() || letters.get(at + 1).is_some_and(u8::is_ascii_lowercase));
        if separates || starts {
            if start < at && test(&lower[start..at]) {
                return true;
            }
            start = at + usize::from(separates);
        }
    }
    false
}

fn has_word(name: &str, wanted: &[&str]) -> bool {
    any_word(name, |word| {
        let stem = word.strip_suffix("ies");
        let single = word.strip_suffix('s').filter(|rest| !rest.ends_with('s')).unwrap_or(word);
        wanted.iter().any(|known| match stem {
            Some(stem) => known.strip_suffix('y') == Some(stem) || *known == word,
            None => *known == single || *known == word,
        })
    })
}

fn speaks_of_events(name: &str) -> bool {
    has_word(name, EVENT_WORDS) && !has_word(name, OTHER_WORDS) && !lists_carriers(name)
}

/// Whether a list is one of what carries events, by its last word: `EVENT_QUEUES`, `QUEUE_NAMES`, `REQUIRED_WEBHOOK_HEADERS`.
fn lists_carriers(name: &str) -> bool {
    let words = words_of(name);
    let is_version = |word: &str| word.strip_prefix('v').is_some_and(|rest| rest.chars().all(|digit| digit.is_ascii_digit()));
    let last = words.iter().rev().find(|word| !is_version(word) && !matches!(word.as_str(), "name" | "names" | "list"));
    last.is_some_and(|word| has_word(word, CARRIER_WORDS))
}

/// Whether JSON that TypeScript decodes is a message of another system, by what the code around calls it. Programs decode far more
/// than that: answers to their own requests, forms, addresses, what they have stored.
pub fn decodes_an_event(boundary: &Boundary) -> bool {
    let path = boundary.origin.file.as_str();
    let script = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".vue", ".svelte"];
    if !script.iter().any(|ending| path.ends_with(ending)) {
        return true;
    }
    let shape = boundary.shape.name.as_deref().unwrap_or_default();
    // `if (req.method === "POST")` around it names no event.
    if boundary.event.as_deref().is_some_and(|event| matches!(event, "DELETE" | "GET" | "PATCH" | "POST" | "PUT")) {
        return false;
    }
    if has_word(shape, ASKED_WORDS) || path.ends_with(".tsx") || path.ends_with(".jsx") {
        return false;
    }
    let mut near = path.rsplit('/').take(2).chain([shape, boundary.symbol.as_str()]);
    near.any(|name| has_word(name, DECODED_WORDS))
}

/// An event name as people write them: lower-case words with separators, or a few words in one casing; never prose.
fn looks_like_event(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 80
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-' | ':' | '/'))
        && name.chars().any(|letter| letter.is_ascii_alphabetic())
}

/// `found` with a boundary of kind `declared` for each event that is declared and has no producer among them.
pub fn with_declared(
    program: &Program<'_>,
    types: &Types<'_, '_>,
    packages: &Packages,
    found: Vec<Boundary>,
    is_test: impl Fn(FileId) -> bool,
) -> Vec<Boundary> {
    let mut boundaries = found;
    let mut produced: BTreeSet<Name> = boundaries
        .iter()
        .filter(|boundary| boundary.role == Role::Producer)
        .filter_map(|boundary| boundary.event.as_ref().map(Name::from))
        .collect();
    // A bare name that is read here and sent nowhere is a name of what comes in: it promises nothing to anybody.
    let consumed: BTreeSet<Name> = boundaries
        .iter()
        .filter(|boundary| boundary.role == Role::Consumer)
        .filter_map(|boundary| boundary.event.as_ref().map(Name::from))
        .collect();
    let declared = |event: Name, file: FileId, span: Span, symbol: &str, shape: Arc<Shape>| {
        let path = &program.files.unit(file).path;
        Boundary {
            event: Some(event.into()),
            symbol: symbol.to_owned(),
            package: packages.of(path.as_str()),
            ..Boundary::new(Role::Producer, "declared", "declared", Origin::new(path.clone(), span), shape)
        }
    };
    for (at, unit) in program.files.units.iter().enumerate() {
        let file = FileId(at as u32);
        if is_test(file) {
            continue;
        }
        for (index, decl) in unit.facts.types.iter().enumerate() {
            if !decl.params.is_empty() || !speaks_of_events(&decl.name) && !speaks_of_events(unit.path.file_name()) {
                continue;
            }
            let shape = types.declared(DeclId { file, index: index as u32 }, Side::Write);
            let branches: Vec<Arc<Shape>> =
                if shape.branches().is_empty() { vec![Arc::clone(&shape)] } else { shape.branches().to_vec() };
            // A struct of Rust holds all of its fields at once, however they are called.
            let map = if unit.facts.language == LanguageId::Rust { Vec::new() } else { mapped_events(&decl.name, &shape) };
            for (name, span, payload) in map {
                if produced.insert(name.clone()) {
                    let at = span.filter(|origin| origin.file == unit.path).map_or(decl.span, |origin| origin.span);
                    boundaries.push(declared(name, file, at, &decl.name, payload));
                }
            }
            for branch in branches {
                if let Some((name, span)) = event_of(&branch)
                    && looks_like_event(&name)
                    // A file about events also holds other unions; their cases are single words.
                    && (name.contains(['.', ':', '/', '_', '-']) || says_it_is_an_event(&decl.name))
                    && produced.insert(name.clone())
                {
                    let at = span.filter(|origin| origin.file == unit.path).map_or(decl.span, |origin| origin.span);
                    boundaries.push(declared(name, file, at, &decl.name, branch));
                }
            }
        }
    }
    for (at, unit) in program.files.units.iter().enumerate() {
        let file = FileId(at as u32);
        if is_test(file) {
            continue;
        }
        for (index, name, span) in named_by_member(&unit.facts) {
            if !consumed.contains(&name) && produced.insert(name.clone()) {
                let shape = types.declared(DeclId { file, index: index as u32 }, Side::Write);
                boundaries.push(declared(name, file, span, &unit.facts.types[index].name, shape));
            }
        }
        for constant in unit.facts.constants.iter().filter(|constant| constant.registry && speaks_of_events(&constant.name)) {
            for (name, span) in names_in(&constant.value.kind) {
                if name.contains(['.', '_', '-', ':', '/'])
                    && looks_like_event(&name)
                    && !consumed.contains(&name)
                    && produced.insert(name.clone())
                {
                    let shape = reduce::hole("only the name of the event is declared");
                    boundaries.push(declared(name, file, span, &constant.name, shape));
                }
            }
        }
    }
    boundaries
}

/// What a type calls the name that it goes by: `const JOB_NAME`, `fn event_type(&self)`.
const NAME_MEMBERS: &[&str] = &[
    "eventname",
    "eventtype",
    "event",
    "topic",
    "topicname",
    "subject",
    "routingkey",
    "detailtype",
    "messagetype",
    "messagename",
    "jobname",
    "jobtype",
    "taskname",
    "commandname",
    "queuename",
];

/// Members that name a thing of any sort: the type has to say itself that it is an event or a job.
const VAGUE_NAME_MEMBERS: &[&str] = &["name", "kind", "type", "typename"];

/// Words by which a type says so.
const CARRIED_WORDS: &[&str] = &["event", "message", "job", "task", "command", "notification", "webhook", "payload"];

/// The types of a file whose own member says by which name they travel: an associated constant, a class attribute, or a method
/// that gives a constant. The name counts only of a type that is written to a wire.
fn named_by_member(facts: &FileFacts) -> Vec<(usize, Name, Span)> {
    let mut found = Vec::new();
    let mut note = |scope: &[Name], member: &str, value: &Expr, bases: &[Name]| {
        let ExprKind::Literal(Literal::Text(text)) = &value.kind else { return };
        let folded: Name = member.chars().filter(char::is_ascii_alphanumeric).collect::<Name>().to_ascii_lowercase();
        let Some((owner, outer)) = scope.split_last() else { return };
        if outer.iter().any(|module| matches!(module.as_str(), "test" | "tests")) {
            return;
        }
        let says = |name: &str| {
            let name = name.to_ascii_lowercase();
            CARRIED_WORDS.iter().any(|word| name.contains(word))
        };
        let means_the_name = NAME_MEMBERS.contains(&folded.as_str())
            || VAGUE_NAME_MEMBERS.contains(&folded.as_str()) && (says(owner) || bases.iter().any(|base| says(base)));
        // What is counted under is often a few words: `Order Paid`.
        // `name = "mail/receipt"`: where its template lies.
        let is_path = VAGUE_NAME_MEMBERS.contains(&folded.as_str()) && text.contains('/');
        if !means_the_name || is_path || !looks_like_event(&text.replace(' ', "_")) {
            return;
        }
        let decl = facts
            .types
            .iter()
            .position(|decl| decl.name == *owner && decl.scope == outer && decl.serializable && decl.params.is_empty());
        if let Some(index) = decl {
            found.push((index, text.clone(), value.span));
        }
    };
    let bases_of = |scope: &[Name]| -> Vec<Name> {
        let class = scope
            .split_last()
            .and_then(|(name, outer)| facts.classes.iter().find(|class| class.name == *name && class.scope == outer));
        class.map(|class| class.bases.iter().filter_map(|base| base.last().cloned()).collect()).unwrap_or_default()
    };
    for constant in facts.constants.iter().filter(|constant| !constant.registry) {
        note(&constant.scope, &constant.name, &constant.value, &bases_of(&constant.scope));
    }
    for function in facts.functions.iter().filter(|function| function.is_method && !function.in_test) {
        if let [value] = function.returns.as_slice() {
            note(&function.scope, &function.name, value, &bases_of(&function.scope));
        }
    }
    found
}

/// Whether a type is one of events by the last word of its name: `OrderEvent`, `WebhookPayload` but not `EventTypeSchema`.
fn says_it_is_an_event(name: &str) -> bool {
    let mut words = words_of(name);
    words.retain(|word| !matches!(word.as_str(), "schema" | "type" | "payload" | "union" | "any" | "data"));
    words.last().is_some_and(|last| matches!(last.as_str(), "event" | "events" | "webhook" | "webhooks"))
}

/// The entries of a map from event names to the types of their payloads: `interface Events { "order.paid": OrderPaid }`.
fn mapped_events(name: &str, shape: &Shape) -> Vec<(Name, Option<Origin>, Arc<Shape>)> {
    let ShapeKind::Object(object) = &shape.kind else { return Vec::new() };
    let separated = |key: &str| key.contains(['.', ':', '/', '-']) && looks_like_event(key);
    if object.fields.len() < 2 || !has_word(name, &["event", "webhook", "topic", "message"]) {
        return Vec::new();
    }
    if !object.fields.iter().all(|field| separated(&field.name) && !matches!(field.shape.kind, ShapeKind::Const(_))) {
        return Vec::new();
    }
    object.fields.iter().map(|field| (field.name.as_str().into(), field.origin.clone(), Arc::clone(&field.shape))).collect()
}

fn event_of(shape: &Shape) -> Option<(Name, Option<Origin>)> {
    let object = match &shape.kind {
        ShapeKind::Object(object) => object,
        _ => return None,
    };
    if object.fields.len() < 2 {
        return None;
    }
    EVENT_KEYS.iter().find_map(|key| {
        let name = payload::constant_field(shape, key)?;
        let origin = object.field(key).and_then(|field| field.origin.clone());
        Some((name, origin))
    })
}

fn names_in(kind: &ExprKind) -> Vec<(Name, Span)> {
    let text = |expr: &crate::facts::Expr| match &expr.kind {
        ExprKind::Literal(Literal::Text(text)) => Some((text.clone(), expr.span)),
        _ => None,
    };
    match kind {
        ExprKind::Array(items) => items.iter().filter_map(text).collect(),
        ExprKind::Object(members) => members
            .iter()
            .filter_map(|member| match member {
                ValueMember::Entry { value, .. } => text(value),
                ValueMember::Spread { .. } => None,
            })
            .collect(),
        ExprKind::Typed(inner, _) => names_in(&inner.kind),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use expect_test::{Expect, expect};

    use crate::extract::{extract, language_of};
    use crate::link::boundaries::{LinkOptions, link};
    use crate::link::idioms::matcher::Idioms;
    use crate::link::modules::FileUnit;
    use crate::source::{BlobId, RepoPath, SourceText};

    fn check(path: &str, source: &str, expected: Expect) {
        let source = SourceText::new(RepoPath::new(path), BlobId::from_bytes(&[0; 20]), source);
        let language = language_of(&source.path).expect("the file has a language");
        let units = [FileUnit::new(source.path.clone(), Arc::new(extract(language, &source)))];
        let idioms = Idioms::new(&[]).expect("the shipped rows are tested");
        let mut found = String::new();
        for boundary in link(&units, &idioms, &LinkOptions::default()).boundaries {
            let fields: Vec<&str> = boundary
                .shape
                .as_object()
                .map(|object| object.fields.iter().map(|field| field.name.as_str()).collect())
                .unwrap_or_default();
            found += &format!("{} {}: {}\n", boundary.kind, boundary.event.as_deref().unwrap_or("-"), fields.join(", "));
        }
        expected.assert_eq(&found);
    }

    #[test]
    fn a_job_is_named_by_the_constant_of_its_type() {
        check(
            "src/jobs.rs",
            r#"
            #[derive(Serialize, Deserialize)] pub struct SendMail { user_id: i64, subject: String }
            impl BackgroundJob for SendMail { const JOB_NAME: &'static str = "send_mail"; }
            #[derive(Serialize)] pub struct OrderPaid { order_id: i64, total: i64 }
            impl OrderPaid { pub fn event_type(&self) -> &'static str { "order.paid" } }
            #[derive(Serialize, Deserialize)] pub struct Settings { port: u16, name: String }
            impl Settings { pub const NAME: &'static str = "settings"; }
            pub struct Worker { queue: String }
            impl Worker { const JOB_NAME: &'static str = "worker"; }
            #[cfg(test)] mod tests {
                #[derive(Serialize, Deserialize)] struct Probe { at: i64 }
                impl BackgroundJob for Probe { const JOB_NAME: &'static str = "probe"; }
            }
            "#,
            expect![[r#"
                declared send_mail: user_id, subject
                declared order.paid: order_id, total
            "#]],
        );
    }
}
