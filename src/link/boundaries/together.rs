//! Names and payloads that stand side by side in one list: `for topic, body in (("paid", paid), ("shipped", shipped)): send(topic, body)`
//! sends each payload under its own name, and none under another's.

use crate::facts::Literal;
use crate::link::summaries::Emission;
use crate::link::term::{Kind, Term};

/// The emissions that one stands for, where what it sends depends on the name that stands beside it.
pub(super) fn taken_apart(emission: Emission<'_>) -> Vec<Emission<'_>> {
    let names = emission.event.as_ref().or(emission.channel.as_ref()).map(branches_of).unwrap_or_default();
    let payloads = emission.payload.as_ref().map(branches_of).unwrap_or_default();
    if names.len() < 2 || names.len() != payloads.len() || !side_by_side(&names, &payloads) {
        return vec![emission];
    }
    let pairs: Vec<_> = names.iter().map(|name| (*name).clone()).zip(payloads.iter().map(|payload| (*payload).clone())).collect();
    pairs
        .into_iter()
        .map(|(name, payload)| {
            let mut one = emission.clone();
            one.payload = Some(payload);
            *(if one.event.is_some() { &mut one.event } else { &mut one.channel }) = Some(name);
            one
        })
        .collect()
}

/// The values that a term may be, through encodings and stated types.
fn branches_of<'t, 'a>(term: &'t Term<'a>) -> Vec<&'t Term<'a>> {
    match &term.bare().kind {
        Kind::OneOf(branches) => branches.iter().collect(),
        _ => Vec::new(),
    }
}

/// Whether the source has them as name, payload, name, payload. Names that one condition chooses and payloads that another does come
/// one after the other.
fn side_by_side(names: &[&Term<'_>], payloads: &[&Term<'_>]) -> bool {
    let file = names[0].site.file;
    let texts = names.iter().all(|name| matches!(name.bare().kind, Kind::Literal(Literal::Text(_))));
    let pairs: Vec<(u32, u32)> = names
        .iter()
        .zip(payloads)
        .map(|(name, payload)| {
            let (a, b) = (name.site.span.start, payload.site.span.start);
            (a.min(b), a.max(b))
        })
        .collect();
    texts
        && names.iter().chain(payloads).all(|term| term.site.file == file)
        && pairs.iter().all(|(first, last)| first < last)
        && pairs.windows(2).all(|two| two[0].1 < two[1].0)
}
