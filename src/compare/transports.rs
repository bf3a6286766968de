//! Boundaries of one name that cannot meet: what goes over a socket, to an analytics service or to listeners in the same process
//! reaches nobody who reads a queue of that name.

use super::EventPair;
use super::registered::KIND;
use crate::link::model::Boundary;

/// How a payload travels, as far as it says who can read it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transport {
    /// Queues, requests and outboxes: one is often handed on through another.
    Wire,
    Socket,
    Analytics,
    Process,
}

/// `None`: what is decoded may have come by any of them, and declarations speak of all.
fn transport(boundary: &Boundary) -> Option<Transport> {
    match boundary.kind.as_str() {
        "websocket" | "sse" => Some(Transport::Socket),
        "analytics" => Some(Transport::Analytics),
        "in-process" => Some(Transport::Process),
        "decode" | "declared" | KIND => None,
        _ => Some(Transport::Wire),
    }
}

/// Takes an event apart by transports, where both at base and at head more than one is used and one of them has its senders and its
/// readers: then none has to be looked for on another. What may belong to each goes with each.
pub(super) fn split(mut pair: EventPair<'_>) -> Vec<EventPair<'_>> {
    let mut parts = Vec::new();
    for own in [Transport::Socket, Transport::Analytics, Transport::Process] {
        let sides = [(&pair.base_producers, &pair.base_consumers), (&pair.head_producers, &pair.head_consumers)];
        if sides.into_iter().all(|(producers, consumers)| is_apart(own, producers, consumers)) {
            parts.push(take(own, &mut pair));
        }
    }
    parts.insert(0, pair);
    parts
}

/// Whether a transport stands beside another in one snapshot, and one of the two has both ends.
fn is_apart(own: Transport, producers: &[&Boundary], consumers: &[&Boundary]) -> bool {
    let ours = |all: &[&Boundary]| all.iter().any(|boundary| transport(boundary) == Some(own));
    let others = |all: &[&Boundary]| all.iter().any(|boundary| transport(boundary).is_some_and(|other| other != own));
    let (sends, reads) = (ours(producers), ours(consumers));
    let (others_send, others_read) = (others(producers), others(consumers));
    (sends || reads) && (others_send || others_read) && (sends && reads || others_send && others_read)
}

/// Takes what goes over one transport out of an event.
fn take<'s>(own: Transport, pair: &mut EventPair<'s>) -> EventPair<'s> {
    let taken = |all: &mut Vec<&'s Boundary>| -> Vec<&'s Boundary> {
        let part = all.iter().copied().filter(|boundary| transport(boundary).is_none_or(|by| by == own)).collect();
        all.retain(|boundary| transport(boundary) != Some(own));
        part
    };
    EventPair {
        event: pair.event.clone(),
        base_producers: taken(&mut pair.base_producers),
        head_producers: taken(&mut pair.head_producers),
        base_consumers: taken(&mut pair.base_consumers),
        head_consumers: taken(&mut pair.head_consumers),
        readers: Vec::new(),
        senders: Vec::new(),
        named: pair.named,
        near: super::meet::Near::default(),
    }
}
