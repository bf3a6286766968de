//! What the change does to the promises themselves: contracts and registered schemas that are gone, ask for less, or are new.
//!
//! The base branch's promises go on counting for this change; what is said here is that they will not count after it.

use std::collections::BTreeSet;

use super::changes::{Effect, every_change};
use super::events::Renames;
use super::pair::{Pair, pairs};
use super::reader::{Acceptance, Reader};
use super::registered::{self, KIND};
use super::{Compared, EventPair, Sides, finding, producers};
use crate::facts::Role;
use crate::finding::{Finding, Severity, Status, Via};
use crate::link::model::Boundary;
use crate::prove::{self, Document, Options, Verdict};
use crate::registry::Promise;
use crate::registry::loosened::{self, Fate};
use crate::source::{Origin, Span};

/// How many differences of one promise a message lists.
const SHOWN: usize = 3;

/// Judges contracts and registered schemas that the change edits.
pub(super) fn judge(events: &[EventPair<'_>], renames: &Renames, sides: &Sides<'_>, compared: &mut Compared) {
    let mut loosened_promises: BTreeSet<&Origin> = BTreeSet::new();
    for changed in loosened::changed(sides.base_registry, sides.head_registry) {
        let base = changed.base;
        match changed.fate {
            // The file itself is reported as one that cannot be understood.
            Fate::Unreadable(_) => {}
            Fate::Deleted => {
                let moved = base.event.as_name().is_some_and(|name| renames.new_name(name).is_some());
                let renamed = moved && base.via == Via::Schema;
                if !renamed && !said_by_another(base, sides) {
                    compared.findings.push(deleted(base, events, sides));
                }
            }
            Fate::Changed(now) => {
                let less = if base.role == Role::Consumer { asks_for_less(base, &now) } else { None };
                let code = covered(base, events).any(|pair| code_changed(pair));
                match less {
                    Some(less) => {
                        loosened_promises.insert(&base.origin);
                        let covers = covered(base, events).any(|pair| sends_otherwise(pair));
                        compared.findings.push(loosened(base, &now, less, covers));
                    }
                    None if code => compared.findings.push(together(base, now[0])),
                    None => {}
                }
            }
        }
    }
    if !std::ptr::eq(sides.base_registry, sides.head_registry) {
        for pair in events.iter().filter(|pair| pair.named) {
            new_needs(pair, sides, compared);
        }
    }
    without_contract(events, sides, compared);
}

/// The events of the comparison that a promise speaks of.
fn covered<'e>(promise: &'e Promise, events: &'e [EventPair<'e>]) -> impl Iterator<Item = &'e EventPair<'e>> {
    events.iter().filter(|pair| pair.named && promise.speaks_of(&pair.event))
}

fn differs(base: &[&Boundary], head: &[&Boundary]) -> bool {
    pairs(base, head).into_iter().any(|pair| match pair {
        Pair::Both(old, new) => !old.shape.same_values(&new.shape) || old.channel != new.channel,
        Pair::Gone | Pair::Come(_) => true,
    })
}

/// Whether what is sent changed, in code or in a registered schema.
fn sends_otherwise(pair: &EventPair<'_>) -> bool {
    differs(&pair.base_producers, &pair.head_producers)
}

fn code_changed(pair: &EventPair<'_>) -> bool {
    let code = |all: &[&Boundary]| -> bool { all.iter().any(|boundary| boundary.kind != KIND) };
    let only = |all: &[&'_ Boundary]| -> Vec<Boundary> {
        all.iter().filter(|boundary| boundary.kind != KIND).map(|boundary| (*boundary).clone()).collect()
    };
    let (base, head) = (only(&pair.base_producers), only(&pair.head_producers));
    code(&pair.base_producers) && differs(&base.iter().collect::<Vec<_>>(), &head.iter().collect::<Vec<_>>())
}

/// What a promise is called in a message.
fn named(promise: &Promise) -> String {
    match promise.via {
        Via::Schema => format!("the schema `{}`", promise.origin.file),
        Via::Contract | Via::Pact | Via::AsyncApi | Via::OpenApi | Via::Code | Via::Base => {
            format!("the {} of `{}`", promise.via.as_str(), promise.consumer)
        }
    }
}

/// Whether somebody else in head says exactly this: a consumer that was given another name.
fn said_by_another(base: &Promise, sides: &Sides<'_>) -> bool {
    sides.head_registry.promises.iter().any(|other| {
        other.role == base.role
            && other.event == base.event
            && other.payload_pointer == base.payload_pointer
            && other.schema.document == base.schema.document
            && !sides.base_registry.promises.iter().any(|known| known.consumer == other.consumer && known.event == other.event)
    })
}

fn deleted(base: &Promise, events: &[EventPair<'_>], sides: &Sides<'_>) -> Finding {
    let event = base.event.to_string();
    let message = match base.via {
        Via::Schema => format!("{} of `{event}` is deleted", named(base)),
        Via::Contract | Via::Pact | Via::AsyncApi | Via::OpenApi | Via::Code | Via::Base => {
            format!("{} no longer speaks of `{event}`", named(base))
        }
    };
    let mut found = finding("contract-deleted", &event, base.role, message);
    // Of an event that nobody sends, at base or at head, nothing is lost.
    let sent = covered(base, events)
        .any(|pair| pair.base_producers.iter().chain(&pair.head_producers).any(|sender| sender.origin.file != base.origin.file));
    if !sent && base.role == Role::Consumer {
        found.severity = Severity::Warning;
    }
    found.base = Some(base.origin.clone());
    found.head =
        sides.head_registry.files.contains_key(&base.origin.file).then(|| Origin::new(base.origin.file.clone(), Span::default()));
    found.fragments = (base.consumer.clone(), String::new());
    found.evidence = Some("after this change nothing holds the event against what it says".to_owned());
    found.help = match base.role {
        Role::Consumer => "delete it in a change of its own, with the word of its owner that nobody reads the event".to_owned(),
        Role::Producer => "keep the schema as long as the event is sent".to_owned(),
    };
    if base.role == Role::Consumer {
        found.consumers.push(base.as_consumer());
    }
    found
}

/// What a changed promise no longer asks for.
struct Less {
    what: Vec<String>,
    path: String,
    place: Option<Origin>,
    /// The same at base.
    was: Option<Origin>,
    witness: Option<crate::finding::Witness>,
}

/// What head's version takes that base's did not: `None` where it asks for as much or more.
fn asks_for_less(base: &Promise, now: &[&Promise]) -> Option<Less> {
    let head = now[0];
    if head.pending && !base.pending {
        let what = vec!["it is pending now".to_owned()];
        return Some(Less {
            what,
            path: String::new(),
            place: Some(head.origin.clone()),
            was: Some(base.origin.clone()),
            witness: None,
        });
    }
    if now.iter().any(|head| head.payload_pointer != base.payload_pointer) {
        let what = vec!["it speaks of another part of the payload".to_owned()];
        return Some(Less {
            what,
            path: String::new(),
            place: Some(head.origin.clone()),
            was: Some(base.origin.clone()),
            witness: None,
        });
    }
    let document = |promise: &Promise| Document::new((*promise.schema.document).clone(), None, &[]);
    let old = document(base).ok()?;
    let mut witness = None;
    let mut undecided = false;
    for head in now {
        match document(head).map(|new| prove::contains(&old, &new, &Options::default())) {
            Ok(Verdict::Contained) => {}
            Ok(Verdict::Escapes(found)) => witness = Some(found),
            Ok(Verdict::Unknown(_)) | Err(_) => undecided = true,
        }
    }
    if witness.is_none() && !undecided {
        return None;
    }
    let (old, new) = (registered::shape(base), registered::shape(head));
    let found = every_change(&old, &new, Role::Consumer);
    let looser: Vec<_> = found.iter().filter(|change| matches!(change.effect, Effect::Widens | Effect::Replaces)).collect();
    if looser.is_empty() && witness.is_none() {
        return None;
    }
    let mut what: Vec<String> = looser.iter().take(SHOWN).map(|change| change.message.clone()).collect();
    if looser.len() > SHOWN {
        what.push(format!("{} more", looser.len() - SHOWN));
    }
    if what.is_empty() {
        what.push("it takes payloads that it rejected".to_owned());
    }
    let first = looser.first();
    let pointer = base.payload_pointer.clone().unwrap_or_default();
    Some(Less {
        what,
        path: first.map_or_else(String::new, |change| format!("{pointer}{}", change.path)),
        place: first.and_then(|change| change.new.clone()).or_else(|| Some(head.origin.clone())),
        was: first.and_then(|change| change.old.clone()).or_else(|| Some(base.origin.clone())),
        witness,
    })
}

fn loosened(base: &Promise, now: &[&Promise], less: Less, covers: bool) -> Finding {
    let event = base.event.to_string();
    let mut found = finding(
        "contract-loosened",
        &event,
        Role::Consumer,
        format!("{} asks for less of `{event}`: {}", named(base), less.what.join("; ")),
    );
    found.severity = if covers { Severity::Error } else { Severity::Warning };
    found.path = less.path;
    found.base = less.was;
    found.head = less.place;
    found.witness = less.witness;
    found.fragments = (base.schema.document.to_string(), now[0].schema.document.to_string());
    found.evidence = Some(if covers {
        "this change also changes what is sent; the version of the base branch counts".to_owned()
    } else {
        "the version of the base branch counts for this change".to_owned()
    });
    found.help = "loosen it in a change of its own, with its owner's word".to_owned();
    found.consumers.push(base.as_consumer());
    found
}

fn together(base: &Promise, now: &Promise) -> Finding {
    let event = base.event.to_string();
    let mut found = finding(
        "contract-and-code-changed-together",
        &event,
        base.role,
        format!("{} and the code that sends `{event}` change together", named(base)),
    );
    found.base = Some(base.origin.clone());
    found.head = Some(now.origin.clone());
    found.fragments = (base.schema.document.to_string(), now.schema.document.to_string());
    found.help = "look at both: what is held against the code is the version of the base branch".to_owned();
    found
}

/// What head's contracts newly ask for and what is sent does not give.
fn new_needs(pair: &EventPair<'_>, sides: &Sides<'_>, compared: &mut Compared) {
    let in_base = |head: &Promise| {
        sides.base_registry.promises.iter().any(|base| {
            base.role == Role::Consumer
                && base.consumer == head.consumer
                && base.event == head.event
                && base.schema.document == head.schema.document
        })
    };
    let fresh: Vec<&Promise> = sides
        .head_registry
        .of_event(&pair.event)
        .filter(|promise| promise.role == Role::Consumer && promise.via != Via::Schema && !in_base(promise))
        .collect();
    if fresh.is_empty() {
        return;
    }
    let before: Vec<Reader> = pair.readers.iter().map(|promise| Reader::of_promise(promise)).collect();
    for promise in fresh {
        let reader = Reader::of_promise(promise);
        for sender in &pair.head_producers {
            let Acceptance::Rejects { witness, violations } = reader.accepts(sender) else { continue };
            // What a promise of base rejects has been said already.
            if before.iter().any(|known| known.accepts(sender).rejects()) {
                continue;
            }
            let stood = pair.base_producers.iter().any(|old| reader.accepts(old).rejects());
            let status = if stood { Status::Known } else { Status::New };
            producers::violated(pair, sender, &reader, &witness, &violations, status, compared);
            break;
        }
    }
}

/// New events without any promise, in a repository that makes promises.
fn without_contract(events: &[EventPair<'_>], sides: &Sides<'_>, compared: &mut Compared) {
    if sides.base_registry.promises.is_empty() {
        return;
    }
    for pair in events.iter().filter(|pair| pair.named && pair.base_producers.is_empty()) {
        let promised = |registry: &crate::registry::Registry| registry.of_event(&pair.event).next().is_some();
        if promised(sides.base_registry) || promised(sides.head_registry) {
            continue;
        }
        let sender = pair.head_producers.iter().find(|sender| sender.leaves_process() && !super::is_declaration(sender));
        if let Some(sender) = sender {
            let mut found = finding(
                "boundary-without-contract",
                &pair.event,
                Role::Producer,
                format!("`{}` is new, and no contract or schema says who needs what of it", pair.event),
            );
            found.head = Some(sender.origin.clone());
            found.help = "`driftgate contracts record` writes down what its readers here need".to_owned();
            compared.findings.push(found);
        }
    }
}
