//! Which senders, readers and promises mean each other: by the event's name, by a pattern, or by the channel where a reader knows no
//! more. What is sent is not looked at.

use std::collections::{BTreeMap, BTreeSet};

use super::{Sides, is_declaration, registered, transports};
use crate::facts::Role;
use crate::finding::Via;
use crate::link::model::Boundary;
use crate::registry::{EventPattern, Promise};

/// The boundaries and promises of one event.
pub(crate) struct EventPair<'s> {
    pub event: String,
    pub base_producers: Vec<&'s Boundary>,
    pub head_producers: Vec<&'s Boundary>,
    pub base_consumers: Vec<&'s Boundary>,
    pub head_consumers: Vec<&'s Boundary>,
    /// Base's promises that need something of the event.
    pub readers: Vec<&'s Promise>,
    /// Base's promises that say what is sent.
    pub senders: Vec<&'s Promise>,
    /// Whether the event has a name, or only the place where it stands.
    pub named: bool,
    /// Those under other names that this one meets, where one of the two is a pattern.
    pub near: Near<'s>,
}

impl<'s> EventPair<'s> {
    /// Those who send it, at base or at head.
    fn producers(&self) -> impl Iterator<Item = &'s Boundary> {
        self.base_producers.iter().chain(&self.head_producers).copied()
    }

    /// The code of a package that reads it, at base or at head.
    fn read_by<'p>(&self, package: &'p str) -> impl Iterator<Item = &'s Boundary> + use<'_, 's, 'p> {
        self.consumers().filter(move |reader| reader.package == package)
    }

    fn consumers(&self) -> impl Iterator<Item = &'s Boundary> {
        self.base_consumers.iter().chain(&self.head_consumers).copied()
    }

    /// The same event with what base sent and read under its old name.
    pub fn after(&self, before: &EventPair<'s>) -> EventPair<'s> {
        EventPair {
            event: self.event.clone(),
            base_producers: before.base_producers.clone(),
            head_producers: self.head_producers.clone(),
            base_consumers: before.base_consumers.clone(),
            head_consumers: self.head_consumers.clone(),
            readers: self.readers.clone(),
            senders: self.senders.clone(),
            named: self.named,
            near: Near::default(),
        }
    }
}

/// Senders and readers that an event meets by a pattern: `user.*` reads `user.signup`.
#[derive(Default)]
pub(crate) struct Near<'s> {
    pub base_producers: Vec<&'s Boundary>,
    pub head_producers: Vec<&'s Boundary>,
    pub base_consumers: Vec<&'s Boundary>,
    pub head_consumers: Vec<&'s Boundary>,
}

/// Whether one of two names is a pattern that the other, which is none, fits. One that fixes next to nothing says nothing.
fn meet_by_pattern(one: &str, other: &str) -> bool {
    let fits = |pattern: &str, name: &str| {
        let fixed = pattern.chars().filter(|letter| letter.is_alphanumeric()).count();
        pattern.contains('*') && !name.contains('*') && fixed >= 3 && EventPattern::parse(pattern).matches(name)
    };
    fits(one, other) || fits(other, one)
}

/// The events of both sides, each with those that it meets.
pub(super) fn event_pairs<'s>(sides: &Sides<'s>, base: &'s [Boundary], head: &'s [Boundary]) -> Vec<EventPair<'s>> {
    let mut events: BTreeMap<(bool, String, Option<Role>), EventPair<'s>> = BTreeMap::new();
    let mut slot = |boundary: &'s Boundary, head: bool| {
        let label = boundary.label();
        let named = boundary.event.is_some();
        // Without a name and a channel nothing says that a sender and a reader mean each other.
        let apart = (!named && boundary.channel.is_none()).then_some(boundary.role);
        let pair = events.entry((named, label.clone(), apart)).or_insert_with(|| EventPair {
            event: label,
            base_producers: Vec::new(),
            head_producers: Vec::new(),
            base_consumers: Vec::new(),
            head_consumers: Vec::new(),
            readers: Vec::new(),
            senders: Vec::new(),
            named,
            near: Near::default(),
        });
        match (boundary.role, head) {
            (Role::Producer, false) => pair.base_producers.push(boundary),
            (Role::Producer, true) => pair.head_producers.push(boundary),
            (Role::Consumer, false) => pair.base_consumers.push(boundary),
            (Role::Consumer, true) => pair.head_consumers.push(boundary),
        }
    };
    for boundary in sides.base.boundaries.iter().filter(|boundary| !boundary.in_test).chain(base) {
        slot(boundary, false);
    }
    for boundary in sides.head.boundaries.iter().filter(|boundary| !boundary.in_test).chain(head) {
        slot(boundary, true);
    }
    let mut pairs: Vec<EventPair<'s>> = events.into_values().flat_map(transports::split).collect();
    join_patterns(&mut pairs);
    join_channels(&mut pairs);
    meet_patterns(&mut pairs);
    let read = readers_by_transport(&pairs);
    for pair in pairs.iter_mut().filter(|pair| pair.named) {
        for promise in sides.base_registry.that_may_speak_of(&pair.event) {
            // A sender under a pattern may send what a promise of one name is about.
            let near = promise.role == Role::Consumer
                && promise.event.as_name().is_some_and(|name| pair.event.contains('*') && meet_by_pattern(&pair.event, name));
            if !near && !promise.speaks_of(&pair.event) || is_about_others(promise, pair) {
                continue;
            }
            // What a contract's consumer reads over one transport says nothing of another.
            let elsewhere = || read.contains(&(pair.event.clone(), promise.consumer.clone()));
            if promise.via == Via::Contract && elsewhere() && pair.read_by(&promise.consumer).next().is_none() {
                continue;
            }
            match promise.role {
                Role::Consumer => pair.readers.push(promise),
                Role::Producer => pair.senders.push(promise),
            }
        }
    }
    pairs
}

/// The events that were taken apart by transports, with the packages that read them.
fn readers_by_transport(pairs: &[EventPair<'_>]) -> BTreeSet<(String, String)> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let repeated: BTreeSet<&str> =
        pairs.iter().filter(|pair| pair.named && !seen.insert(pair.event.as_str())).map(|pair| pair.event.as_str()).collect();
    let apart = pairs.iter().filter(|pair| pair.named && repeated.contains(pair.event.as_str()));
    apart.flat_map(|pair| pair.consumers().map(|reader| (pair.event.clone(), reader.package.clone()))).collect()
}

/// Whether a contract is about what others send: its consumer reads something of that name in this code, and none of it is meant by
/// any of those who send here. What a program answers over a socket is no message that it gets there.
fn is_about_others(promise: &Promise, pair: &EventPair<'_>) -> bool {
    let own = || pair.read_by(&promise.consumer);
    let meant = |reader: &Boundary| pair.producers().any(|sender| !registered::apart(sender, reader));
    promise.via == Via::Contract && pair.producers().next().is_some() && own().next().is_some() && !own().any(meant)
}

/// Notes for every event the senders and readers under other names that it meets by a pattern.
fn meet_patterns(pairs: &mut [EventPair<'_>]) {
    let patterns: Vec<usize> = (0..pairs.len()).filter(|at| pairs[*at].named && pairs[*at].event.contains('*')).collect();
    let mut met: Vec<(usize, usize)> = Vec::new();
    for pattern in patterns {
        for other in 0..pairs.len() {
            if pairs[other].named
                && !pairs[other].event.contains('*')
                && meet_by_pattern(&pairs[pattern].event, &pairs[other].event)
            {
                met.extend([(pattern, other), (other, pattern)]);
            }
        }
    }
    for (at, other) in met {
        let from = &pairs[other];
        let near = Near {
            base_producers: from.base_producers.clone(),
            head_producers: from.head_producers.clone(),
            base_consumers: from.base_consumers.clone(),
            head_consumers: from.head_consumers.clone(),
        };
        let to = &mut pairs[at].near;
        to.base_producers.extend(near.base_producers);
        to.head_producers.extend(near.head_producers);
        to.base_consumers.extend(near.base_consumers);
        to.head_consumers.extend(near.head_consumers);
    }
}

/// Joins an event that one side alone has with the one event of the other side whose name is a pattern that fits: a part of the
/// name came to be computed, or is no longer, and what is sent is the same event.
fn join_patterns(pairs: &mut Vec<EventPair<'_>>) {
    let only_base = |pair: &EventPair<'_>| pair.named && !pair.base_producers.is_empty() && pair.head_producers.is_empty();
    let only_head = |pair: &EventPair<'_>| pair.named && pair.base_producers.is_empty() && !pair.head_producers.is_empty();
    let mut joined: Vec<(usize, usize)> = Vec::new();
    for (at, old) in pairs.iter().enumerate().filter(|(_, pair)| only_base(pair)) {
        let mut fitting = pairs.iter().enumerate().filter(|(_, new)| only_head(new) && meet_by_pattern(&old.event, &new.event));
        if let (Some((new, _)), None) = (fitting.next(), fitting.next())
            && !joined.iter().any(|(_, taken)| *taken == new)
        {
            joined.push((at, new));
        }
    }
    for (old, new) in &joined {
        let (producers, consumers) =
            (std::mem::take(&mut pairs[*new].head_producers), std::mem::take(&mut pairs[*new].head_consumers));
        pairs[*old].head_producers.extend(producers);
        pairs[*old].head_consumers.extend(consumers);
    }
    pairs.retain(|pair| {
        !(pair.base_producers.is_empty()
            && pair.head_producers.is_empty()
            && pair.base_consumers.is_empty()
            && pair.head_consumers.is_empty())
    });
}

/// Lets readers that know the channel alone meet the one event that goes over it. Where several do, nothing says of which of them
/// a reader wants what.
fn join_channels(pairs: &mut [EventPair<'_>]) {
    let mut over: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for pair in pairs.iter().filter(|pair| pair.named) {
        for sender in pair.base_producers.iter().chain(&pair.head_producers).filter(|sender| !is_declaration(sender)) {
            if let Some(channel) = &sender.channel {
                over.entry(channel.as_str()).or_default().insert(pair.event.as_str());
            }
        }
    }
    let mut met: Vec<(usize, usize)> = Vec::new();
    for (at, pair) in pairs.iter().enumerate() {
        let reads = !pair.base_consumers.is_empty() || !pair.head_consumers.is_empty();
        let is_sent = !pair.base_producers.is_empty() || !pair.head_producers.is_empty();
        if let (true, false, Some(events)) = (reads && pair.named, is_sent, over.get(pair.event.as_str()))
            && let [event] = events.iter().copied().collect::<Vec<_>>().as_slice()
            && let Some(sent) = pairs.iter().position(|other| other.named && other.event == *event)
        {
            met.push((at, sent));
        }
    }
    for (reader, sent) in met {
        let (base, head) = (std::mem::take(&mut pairs[reader].base_consumers), std::mem::take(&mut pairs[reader].head_consumers));
        pairs[sent].base_consumers.extend(base);
        pairs[sent].head_consumers.extend(head);
    }
}
