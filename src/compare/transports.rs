//! Boundaries of one name that cannot meet: what goes over a socket, to an analytics service or to listeners in the same process
//! reaches nobody who reads a queue of that name.

use super::EventPair;
use super::registered::{KIND, is_documented_request, is_task};
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
    // A request that a document tells of is made from outside; it is no message to a task of this name, nor one on a socket.
    let elsewhere =
        |all: &[&Boundary]| all.iter().any(|one| is_task(one) || transport(one).is_some_and(|by| by != Transport::Wire));
    let documented = |all: &[&Boundary]| all.iter().any(|one| is_documented_request(one));
    if (elsewhere(&pair.base_consumers) || elsewhere(&pair.head_consumers))
        && (documented(&pair.base_producers) || documented(&pair.head_producers))
    {
        parts.push(take(&mut pair, &|boundary| match is_documented_request(boundary) {
            true => Some(true),
            false => transport(boundary).map(|_| false),
        }));
    }
    for own in [Transport::Socket, Transport::Analytics, Transport::Process] {
        let sides = [(&pair.base_producers, &pair.base_consumers), (&pair.head_producers, &pair.head_consumers)];
        if sides.into_iter().all(|(producers, consumers)| is_apart(own, producers, consumers)) {
            parts.push(take(&mut pair, &|boundary| transport(boundary).map(|by| by == own)));
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

/// Takes what belongs to one transport out of an event; of what no transport is known goes with each.
fn take<'s>(pair: &mut EventPair<'s>, belongs: &dyn Fn(&Boundary) -> Option<bool>) -> EventPair<'s> {
    let taken = |all: &mut Vec<&'s Boundary>| -> Vec<&'s Boundary> {
        let part = all.iter().copied().filter(|boundary| belongs(boundary).unwrap_or(true)).collect();
        all.retain(|boundary| belongs(boundary) != Some(true));
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::facts::Role;
    use crate::shape::Shape;
    use crate::source::{Origin, RepoPath, Span};

    fn boundary(role: Role, kind: &str) -> Boundary {
        let origin = Origin::new(RepoPath::new("a.ts"), Span::default());
        Boundary::new(role, kind, "row", origin, Arc::new(Shape::unknown("a test", None)))
    }

    /// How many of the parts an event comes to have senders and readers, with these ends at base and at head.
    fn parts(base: &[(Role, &str)], head: &[(Role, &str)]) -> usize {
        let made = |ends: &[(Role, &str)]| ends.iter().map(|(role, kind)| boundary(*role, kind)).collect::<Vec<_>>();
        let (base, head) = (made(base), made(head));
        fn of(all: &[Boundary], role: Role) -> Vec<&Boundary> {
            all.iter().filter(|one| one.role == role).collect()
        }
        let pair = EventPair {
            event: "order.paid".to_owned(),
            base_producers: of(&base, Role::Producer),
            head_producers: of(&head, Role::Producer),
            base_consumers: of(&base, Role::Consumer),
            head_consumers: of(&head, Role::Consumer),
            readers: Vec::new(),
            senders: Vec::new(),
            named: true,
            near: super::super::meet::Near::default(),
        };
        split(pair).len()
    }

    #[test]
    fn an_event_is_taken_apart_where_both_states_show_two_transports_of_which_one_is_whole() {
        use Role::{Consumer, Producer};
        let queue = [(Producer, "queue"), (Consumer, "queue")];
        let both = [queue[0], queue[1], (Producer, "websocket")];
        assert_eq!(parts(&both, &both), 2);
        // A socket that is new, or one that became a queue: who reads which is what changed.
        assert_eq!(parts(&queue, &both), 1);
        assert_eq!(parts(&[(Producer, "in-process"), (Consumer, "in-process")], &queue), 1);
        // Neither is whole: they may be the two ends of one.
        assert_eq!(parts(&[(Producer, "in-process"), (Consumer, "queue")], &[(Producer, "in-process"), (Consumer, "queue")]), 1);
        // What is decoded may have come any way, and an outbox ends in a queue.
        assert_eq!(parts(&[queue[0], (Consumer, "decode")], &[queue[0], (Consumer, "decode")]), 1);
        assert_eq!(parts(&[queue[0], queue[1], (Producer, "outbox")], &[queue[0], queue[1], (Producer, "outbox")]), 1);
    }
}
