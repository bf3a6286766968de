//! Events that came, went, or changed their name.

use std::collections::BTreeMap;

use super::reader::Reader;
use super::registered::KIND;
use super::rename::{alike, closeness};
use super::{Compared, EventPair, Sides, add_consumer, finding, is_unread};
use crate::facts::Role;
use crate::finding::{Consumer, Severity, Via};
use crate::link::model::{Boundary, Model};

/// Old and new names of events that are one event.
#[derive(Debug, Default)]
pub(super) struct Renames {
    by_new: BTreeMap<String, String>,
}

impl Renames {
    pub fn old_name(&self, new: &str) -> Option<&str> {
        self.by_new.get(new).map(String::as_str)
    }

    pub fn new_name(&self, old: &str) -> Option<&str> {
        self.by_new.iter().find(|(_, known)| *known == old).map(|(new, _)| new.as_str())
    }
}

/// Pairs events that nothing emits any more with events that nothing emitted before: in one place, or with one name in two spellings.
pub(super) fn renames(events: &[EventPair<'_>]) -> Renames {
    let sent = |producers: &[&Boundary]| !producers.is_empty();
    let gone: Vec<&EventPair<'_>> =
        events.iter().filter(|pair| pair.named && sent(&pair.base_producers) && !still_sent(pair)).collect();
    let come: Vec<&EventPair<'_>> =
        events.iter().filter(|pair| pair.named && !sent(&pair.base_producers) && sent(&pair.head_producers)).collect();
    let mut found = Renames::default();
    let same_place = |old: &Boundary, new: &Boundary| {
        old.origin.file == new.origin.file && old.symbol == new.symbol && old.kind == new.kind && old.idiom == new.idiom
    };
    let scored = |old: &EventPair<'_>, new: &EventPair<'_>| -> u32 {
        let place = old.base_producers.iter().any(|a| new.head_producers.iter().any(|b| same_place(a, b)));
        let shape = old
            .base_producers
            .iter()
            .any(|a| new.head_producers.iter().any(|b| a.shape.same_values(&b.shape) && !a.shape.is_unknown()));
        let name = alike(&old.event, &new.event);
        // One name in two versions is one event, wherever it is sent.
        if versions(&old.event, &new.event).is_some() {
            return 4 + u32::from(place) * 2 + u32::from(shape) * 2;
        }
        u32::from(place) * 2 + u32::from(shape) * 2 + u32::from(name) * 2
    };
    let mut candidates: Vec<(u32, &EventPair<'_>, &EventPair<'_>)> = Vec::new();
    for old in &gone {
        for new in &come {
            let score = scored(old, new);
            if score >= 4 {
                candidates.push((score, old, new));
            }
        }
    }
    // Several events of one file may have been renamed at once: the nearest names belong together.
    candidates.sort_by(|a, b| {
        let near = |pair: &(u32, &EventPair<'_>, &EventPair<'_>)| closeness(&pair.1.event, &pair.2.event);
        b.0.cmp(&a.0)
            .then_with(|| near(b).total_cmp(&near(a)))
            .then_with(|| (&a.1.event, &a.2.event).cmp(&(&b.1.event, &b.2.event)))
    });
    for (_, old, new) in candidates {
        if found.by_new.contains_key(&new.event) || found.by_new.values().any(|known| *known == old.event) {
            continue;
        }
        found.by_new.insert(new.event.clone(), old.event.clone());
    }
    found
}

/// The versions by which two names differ, where nothing else sets them apart: `user.signup.v1` and `user.signup.v2`, or
/// `user.signup` and `user.signup.v2`.
fn versions(old: &str, new: &str) -> Option<(String, String)> {
    let (old_stem, old_version) = versioned(old);
    let (new_stem, new_version) = versioned(new);
    let new_version = new_version?;
    if old_stem != new_stem || old_version.as_ref() == Some(&new_version) || old_stem.is_empty() {
        return None;
    }
    Some((old_version.unwrap_or_else(|| "the old form".to_owned()), new_version))
}

/// A name without its version, and the version: a part of the name that is `v2`, or such an end of its last part (`SignupV2`).
fn versioned(name: &str) -> (String, Option<String>) {
    let is_version = |part: &str| {
        let digits = part.strip_prefix(['v', 'V']).unwrap_or_default();
        !digits.is_empty() && digits.len() <= 4 && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let parts: Vec<&str> = name.split(['.', '_', '-', '/', ':', '@']).collect();
    if let Some(at) = parts.iter().rposition(|part| is_version(part)) {
        let mut rest = parts.clone();
        let version = rest.remove(at).to_ascii_lowercase();
        return (rest.join("."), Some(version));
    }
    let last = parts.last().copied().unwrap_or_default();
    if let Some(at) = last.rfind('V').filter(|at| *at > 0 && is_version(&last[*at..])) {
        let mut rest = parts.clone();
        rest.pop();
        let stem = &last[..at];
        rest.push(stem);
        return (rest.join("."), Some(last[at..].to_ascii_lowercase()));
    }
    (parts.join("."), None)
}

/// Judges which events came and went.
pub(super) fn judge(events: &[EventPair<'_>], renames: &Renames, sides: &Sides<'_>, compared: &mut Compared) {
    for pair in events.iter().filter(|pair| pair.named && !pair.base_producers.is_empty()) {
        // A registered schema that is gone is a promise that is gone, unless the event goes on under another name.
        let promised_alone = pair.base_producers.iter().all(|old| old.kind == KIND);
        if promised_alone && renames.new_name(&pair.event).is_none() {
            continue;
        }
        if !still_sent(pair) {
            compared.touched.insert(pair.event.clone());
            gone(pair, events, renames, sides, compared);
        } else {
            fewer(pair, sides, compared);
        }
    }
}

/// Whether head sends an event of base: by code, where code sent it.
fn still_sent(pair: &EventPair<'_>) -> bool {
    let by_code = pair.base_producers.iter().any(|old| old.kind != KIND);
    pair.head_producers.iter().any(|now| !by_code || now.kind != KIND)
}

/// Whether an event is but named in a list, an enum or a type: nothing that emits it was found.
fn is_listed(old: &Boundary) -> bool {
    old.kind == "declared" && old.idiom == "declared"
}

/// The weight of an event that is lost: who reads it, whether it left the process, and whether anything was seen to emit it.
fn weight(pair: &EventPair<'_>) -> Severity {
    let leaves = pair.base_producers.iter().any(|old| old.leaves_process() && old.kind != "analytics");
    let promised = !pair.readers.is_empty();
    let only_readers_left_too = !promised && !pair.base_consumers.is_empty() && pair.head_consumers.is_empty();
    let only_listed = pair.base_producers.iter().all(|old| is_listed(old));
    if promised {
        Severity::Error
    } else if !leaves || only_readers_left_too || only_listed {
        Severity::Warning
    } else {
        Severity::Error
    }
}

fn consumers(pair: &EventPair<'_>) -> Vec<Consumer> {
    let mut consumers = Vec::new();
    for promise in &pair.readers {
        add_consumer(&mut consumers, &promise.as_consumer());
    }
    for reader in &pair.base_consumers {
        add_consumer(&mut consumers, &Reader::of_boundary(reader).consumer);
    }
    if consumers.is_empty() {
        consumers.push(Consumer {
            name: "readers of the base branch's payload".to_owned(),
            via: Via::Base,
            owner: None,
            origin: pair.base_producers.first().map(|old| old.origin.clone()),
        });
    }
    consumers
}

/// The producers in the file of `old` whose names are not known and that send as it does.
fn unnamed<'m>(model: &'m Model, old: &Boundary) -> impl Iterator<Item = &'m Boundary> {
    model.boundaries.iter().filter(move |now| {
        now.role == Role::Producer
            && now.event.is_none()
            && now.channel.is_none()
            && now.origin.file == old.origin.file
            && (now.symbol == old.symbol || now.idiom == old.idiom)
    })
}

fn gone(pair: &EventPair<'_>, events: &[EventPair<'_>], renames: &Renames, sides: &Sides<'_>, compared: &mut Compared) {
    let old = pair.base_producers[0];
    if pair.base_producers.iter().any(|old| is_unread(sides.head, &old.origin)) {
        let mut found = finding(
            "unknown-compatibility",
            &pair.event,
            Role::Producer,
            format!("whether `{}` is still emitted cannot be said: `{}` could not be read whole", pair.event, old.origin.file),
        );
        found.base = Some(old.origin.clone());
        found.head = Some(crate::source::Origin::new(old.origin.file.clone(), crate::source::Span::default()));
        found.help = "mend the file, then run the check again".to_owned();
        compared.findings.push(found);
        return;
    }
    // A name that was but listed promised no more than that, as long as code still reads events of that name.
    let only_listed = pair.base_producers.iter().all(|old| is_listed(old));
    if only_listed && pair.base_producers.iter().all(|old| old.shape.is_unknown()) && !pair.head_consumers.is_empty() {
        return;
    }
    // What was the name is now that of the channel: a routing key, beside a name in the payload.
    let on_channel =
        |now: &&Boundary| now.role == Role::Producer && !now.in_test && now.channel.as_deref() == Some(pair.event.as_str());
    if let Some(now) = sides.head.boundaries.iter().find(on_channel) {
        let name = now.label();
        let said =
            format!("whether readers of `{}` still get it cannot be said: on that channel `{name}` is sent now", pair.event);
        let mut found = finding("unknown-compatibility", &pair.event, Role::Producer, said);
        found.base = Some(old.origin.clone());
        found.head = Some(now.origin.clone());
        found.help = format!("compare what `{name}` holds with what was sent before");
        compared.findings.push(found);
        return;
    }
    // The same place still emits, but under a name that is no longer known.
    let vague = unnamed(sides.head, old).find(|now| now.symbol == old.symbol).or_else(|| {
        let before = unnamed(sides.base, old).count();
        unnamed(sides.head, old).nth(before)
    });
    if let Some(now) = vague {
        let mut found = finding(
            "unknown-compatibility",
            &pair.event,
            Role::Producer,
            format!("whether `{}` is still emitted cannot be said: the name is now computed", pair.event),
        );
        found.base = Some(old.origin.clone());
        found.head = Some(now.origin.clone());
        found.help = "name the event by a constant".to_owned();
        compared.findings.push(found);
        return;
    }
    // The list that declared it is now taken from a package.
    let imported = |old: &&Boundary| {
        old.kind == "declared"
            && sides.head.foreign_lists.difference(&sides.base.foreign_lists).any(|(_, name)| *name == old.symbol)
            && !sides
                .head
                .boundaries
                .iter()
                .any(|now| now.kind == "declared" && now.symbol == old.symbol && now.origin.file == old.origin.file)
    };
    if pair.base_producers.iter().all(imported) {
        let mut found = finding(
            "unknown-compatibility",
            &pair.event,
            Role::Producer,
            format!("whether `{}` is still emitted cannot be said: `{}` now comes from a package", pair.event, old.symbol),
        );
        found.base = Some(old.origin.clone());
        found.head = Some(old.origin.clone());
        found.help = "look into the package whether it still lists the event".to_owned();
        compared.findings.push(found);
        return;
    }
    if let Some(new_name) = renames.new_name(&pair.event) {
        let new =
            events.iter().find(|other| other.event == new_name && other.named).and_then(|other| other.head_producers.first());
        let versions = versions(&pair.event, new_name);
        let (rule, message) = match &versions {
            Some((before, after)) => (
                "version-replaced-in-place",
                format!("`{new_name}` takes the place of `{}`: nothing emits {before} beside {after}", pair.event),
            ),
            None => ("event-renamed", format!("`{}` is now emitted as `{new_name}`", pair.event)),
        };
        let mut found = finding(rule, &pair.event, Role::Producer, message);
        found.severity = weight(pair);
        found.base = Some(old.origin.clone());
        found.head = new.map(|new| new.origin.clone());
        found.consumers = consumers(pair);
        found.evidence = Some(format!("readers of `{}` wait for a name that nothing emits any more", pair.event));
        found.fragments = (pair.event.clone(), new_name.to_owned());
        found.help = format!("emit `{}` as well while readers move", pair.event);
        compared.findings.push(found);
        return;
    }
    let said = if only_listed {
        format!("`{}` is listed no more; nothing that emitted it was seen", pair.event)
    } else {
        format!("nothing emits `{}` any more", pair.event)
    };
    let mut found = finding("event-removed", &pair.event, Role::Producer, said);
    found.severity = weight(pair);
    found.base = Some(old.origin.clone());
    found.head = None;
    found.consumers = consumers(pair);
    found.evidence = Some(format!("readers of `{}` wait for an event that never comes", pair.event));
    found.fragments = (pair.event.clone(), String::new());
    found.help = "keep emitting it until its readers are gone".to_owned();
    compared.findings.push(found);
}

/// Some functions stopped emitting an event that others still emit.
fn fewer(pair: &EventPair<'_>, sides: &Sides<'_>, compared: &mut Compared) {
    let by_code = |producers: &[&Boundary]| producers.iter().filter(|boundary| boundary.kind != KIND).count();
    if by_code(&pair.base_producers) <= by_code(&pair.head_producers) {
        return;
    }
    let called = |boundaries: &[&Boundary]| -> Vec<(String, String)> {
        boundaries.iter().filter(|b| !super::is_declaration(b)).map(|b| (b.origin.file.to_string(), b.symbol.clone())).collect()
    };
    let (before, after) = (called(&pair.base_producers), called(&pair.head_producers));
    if after.is_empty() && !before.is_empty() {
        return;
    }
    // What is sent in the same place under a name that is no longer known may be the same.
    let unnamed = |old: &Boundary| {
        let place = |new: &Boundary| new.origin.file == old.origin.file && new.symbol == old.symbol && new.kind == old.kind;
        // Without a name it goes by its queue.
        let nameless = |new: &Boundary| new.event.is_none() || new.event == old.channel;
        sides.head.boundaries.iter().any(|new| new.role == Role::Producer && nameless(new) && place(new))
    };
    let stopped = pair.base_producers.iter().find(|old| {
        !super::is_declaration(old)
            && !unnamed(old)
            && !after.contains(&(old.origin.file.to_string(), old.symbol.clone()))
            && !is_unread(sides.head, &old.origin)
    });
    let Some(old) = stopped else { return };
    // Code that moved to another function is counted there, and a helper that is new may stand for several that call it.
    if before.len() <= after.len() || after.iter().any(|place| !before.contains(place)) {
        return;
    }
    compared.touched.insert(pair.event.clone());
    let mut found = finding(
        "event-removed",
        &pair.event,
        Role::Producer,
        format!("`{}` no longer emits `{}`; others still do", old.place(), pair.event),
    );
    found.severity = Severity::Warning;
    found.base = Some(old.origin.clone());
    found.head = pair.head_producers.first().map(|now| now.origin.clone());
    found.consumers = consumers(pair);
    found.fragments = (old.symbol.clone(), String::new());
    found.help = "say in the pull request where the event comes from now".to_owned();
    compared.findings.push(found);
}

#[cfg(test)]
mod tests {
    use super::versions;

    #[test]
    fn names_that_differ_in_their_version_alone_are_one_event() {
        let told = |old: &str, new: &str| versions(old, new).map(|(a, b)| format!("{a} {b}"));
        assert_eq!(told("user.signup.v1", "user.signup.v2").as_deref(), Some("v1 v2"));
        assert_eq!(told("v1/user.signup", "v2/user.signup").as_deref(), Some("v1 v2"));
        assert_eq!(told("UserSignup", "UserSignupV2").as_deref(), Some("the old form v2"));
        assert_eq!(told("user.signup", "user.signup_v2").as_deref(), Some("the old form v2"));
        for (old, new) in [
            ("user.signup.v2", "user.signup"),
            ("user.signup.v1", "user.login.v2"),
            ("a.v1", "a.v1"),
            ("ipv4", "ipv6"),
            ("v1", "v2"),
        ] {
            assert_eq!(told(old, new), None, "{old} {new}");
        }
    }
}
