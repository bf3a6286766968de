//! Events that are declared apart from any call: types whose discriminator is a constant, and lists of names.
//!
//! Readers rely on the declaration where no call site could be resolved. Where call sites are resolved, they meet the
//! declaration by name and the declaration adds nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::model::{Boundary, Delivery};
use super::modules::FileId;
use super::packages::Packages;
use super::payload;
use super::reduce;
use super::resolve::{DeclId, Program};
use super::summaries::EVENT_KEYS;
use super::types::{Side, Types};
use crate::facts::{ExprKind, Literal, Role, ValueMember};
use crate::shape::{Shape, ShapeKind};
use crate::source::{Origin, Span};

/// Words that say that a name is about what crosses between systems.
const EVENT_WORDS: &[&str] = &["event", "webhook", "topic", "message", "notification", "queue", "channel", "subject", "signal"];

/// Words that say that a list of names is about something else, whatever it is named after: `ChannelErrorCode`,
/// `CHANNEL_FIELDS`.
const OTHER_WORDS: &[&str] = &["error", "exception", "field", "filter", "column", "permission"];

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
