//! Events that are declared apart from any call: types whose discriminator is a constant, and lists of names.
//!
//! Readers rely on the declaration where no call site could be resolved. Where call sites are resolved, they meet the
//! declaration by name and the declaration adds nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::model::{Boundary, Delivery, Overlaid};
use super::modules::FileId;
use super::packages::Packages;
use super::payload;
use super::reduce;
use super::resolve::{DeclId, Program};
use super::summaries::EVENT_KEYS;
use super::types::{Side, Types};
use crate::facts::{Expr, ExprKind, FileFacts, Literal, Role, ValueMember};
use crate::shape::{Shape, ShapeKind};
use crate::source::{Origin, Span};

/// Words that say that a name is about what crosses between systems.
const EVENT_WORDS: &[&str] = &["event", "webhook", "topic", "message", "notification", "queue", "channel", "subject", "signal"];

/// Words that say that a list of names is about something else, whatever it is named after: `ChannelErrorCode`,
/// `CHANNEL_FIELDS`.
const OTHER_WORDS: &[&str] = &["key", "error", "exception", "field", "filter", "column", "permission"];

fn speaks_of_events(name: &str) -> bool {
    let folded = name.to_ascii_lowercase();
    EVENT_WORDS.iter().any(|word| folded.contains(word)) && !OTHER_WORDS.iter().any(|word| folded.contains(word))
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
    let mut produced: BTreeSet<String> = boundaries
        .iter()
        .filter(|boundary| boundary.role == Role::Producer)
        .filter_map(|boundary| boundary.event.clone())
        .collect();
    // A bare name that is read here and sent nowhere is a name of what comes in: it promises nothing to anybody.
    let consumed: BTreeSet<String> = boundaries
        .iter()
        .filter(|boundary| boundary.role == Role::Consumer)
        .filter_map(|boundary| boundary.event.clone())
        .collect();
    let declared = |event: String, file: FileId, span: Span, symbol: &str, shape: Arc<Shape>| {
        let path = &program.files.unit(file).path;
        Boundary {
            event: Some(event),
            event_expr: None,
            channel: None,
            role: Role::Producer,
            kind: "declared".to_owned(),
            idiom: "declared".to_owned(),
            origin: Origin::new(path.clone(), span),
            symbol: symbol.to_owned(),
            in_test: false,
            shape,
            inner: None,
            enforced: false,
            delivery: Delivery::default(),
            overlaid: Overlaid::default(),
            via: Vec::new(),
            package: packages.of(path.as_str()),
            document: None,
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
            for branch in branches {
                if let Some((name, span)) = event_of(&branch)
                    && looks_like_event(&name)
                    // A file about events also holds other unions; their cases are single words.
                    && (speaks_of_events(&decl.name) || name.contains(['.', ':', '/', '_', '-']))
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
fn named_by_member(facts: &FileFacts) -> Vec<(usize, String, Span)> {
    let mut found = Vec::new();
    let mut note = |scope: &[String], member: &str, value: &Expr, bases: &[String]| {
        let ExprKind::Literal(Literal::Text(text)) = &value.kind else { return };
        let folded: String = member.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
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
        if !means_the_name || !looks_like_event(&text.replace(' ', "_")) {
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
    let bases_of = |scope: &[String]| -> Vec<String> {
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

fn event_of(shape: &Shape) -> Option<(String, Option<Origin>)> {
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

fn names_in(kind: &ExprKind) -> Vec<(String, Span)> {
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
