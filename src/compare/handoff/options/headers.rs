//! What goes beside a payload: correlation, tenant, trace, content type.

use super::{Handoff, at_call, moved_inputs, subject, tell};
use crate::compare::Compared;
use crate::facts::Role;
use crate::link::options::names;

/// Headers that other rules look at, that the transport sets by itself, or that say nothing to a reader.
const OTHERS: &[&str] = &[
    "accept",
    "acceptencoding",
    "authorization",
    "cachecontrol",
    "connection",
    "contentlength",
    "cookie",
    "host",
    "origin",
    "referer",
    "useragent",
    "xapikey",
];

/// Words in the names of headers that are worked out from what is sent, and change with it.
const OF_PAYLOAD: &[&str] = &["signature", "digest", "hmac", "checksum", "contentmd5", "etag"];

pub(super) fn judge(handoff: &Handoff<'_>, compared: &mut Compared) {
    // A reader's headers are among what it reads.
    if handoff.head.role != Role::Producer {
        return;
    }
    let (old, new) = (&handoff.base.delivery.options.headers, &handoff.head.delivery.options.headers);
    let mut parts = Vec::new();
    let mut names_of = Vec::new();
    let mut cause = None;
    for (folded, (name, before)) in &old.entries {
        if OTHERS.contains(&folded.as_str()) || names::is_idempotency_header(name) || before.unstable.is_some() {
            continue;
        }
        let part = match new.entries.get(folded) {
            None if !new.whole => continue,
            None => format!("without the header `{name}`, which was `{}`", before.text),
            Some(_) if OF_PAYLOAD.iter().any(|word| folded.contains(word)) => continue,
            // What sets the two apart lies deeper than is told: nobody could say what changed.
            Some((_, after)) if after.text == before.text => continue,
            Some((_, after)) => {
                let (lost, gained) = moved_inputs(handoff, before, after);
                let known = before.whole && after.whole;
                if !known || lost.is_empty() && gained.is_empty() && before.constant == after.constant {
                    continue;
                }
                format!("with the header `{name}` as `{}` where it was `{}`", after.text, before.text)
            }
        };
        parts.push(part);
        names_of.push(name.as_str());
        cause.get_or_insert(&before.origin);
    }
    let Some(cause) = cause else { return };
    let message = format!("{} is handed over {}", subject(handoff), parts.join(", and "));
    let all = names_of.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let help = format!("send {all} as before, or make sure that no reader looks at it");
    let mut found = at_call("header-changed", handoff, message, help);
    found.fragments = (names_of.join(","), String::new());
    tell(compared, handoff, cause, found);
}
