//! The first configuration: what was found, as comments, and the settings that most want to see.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::State;
use crate::facts::Role;
use crate::finding::Via;
use crate::link::model::Boundary;
use crate::report::{Side, SourceLookup, escape};
use crate::source::Origin;

/// Lines of one list; past this the rest is a count.
const MAX_LINES: usize = 12;

const SETTINGS: &str = r#"
[check]
fail-on = "error"                     # error | warning | never
# closed-world = true                 # every reader is declared in this repository
# in-flight = "ignore"                # both sides of a queue are deployed at once

[paths]
# exclude = ["**/generated/**"]
# tests = ["**/*_spec.ts"]            # beside the built-in patterns

# A helper of your own that cannot be followed:
# [[idiom]]
# call = "publishEvent"
# from = "@acme/events"
# event = "args[0]"
# payload = "args[1]"
# role = "producer"

# What is put around every payload:
# [[envelope]]
# payload = "/data"
# event = "/type"

# [rules]
# field-added = "off"                 # error | warning | note | off
"#;

/// The text of `driftgate.toml` for what was found.
pub(super) fn text(state: &State, sources: &dyn SourceLookup) -> String {
    let mut out = String::from(
        "# What driftgate cannot see by itself. Nothing here has to be set; the file is read from the base branch.\n\
         # `driftgate schema config` prints its form, `driftgate explain` lists the rules.\n#\n",
    );
    let place = |origin: &Origin| match sources.source(Side::Head, &origin.file) {
        Some(text) => format!("{}:{}", origin.file, text.position(origin.span.start).line),
        None => origin.file.to_string(),
    };
    let boundaries: Vec<&Boundary> = state.model.boundaries.iter().filter(|boundary| !boundary.in_test).collect();
    events(&boundaries, &mut out);
    helpers(&boundaries, &place, &mut out);
    unnamed(&boundaries, &place, &mut out);
    let rows = schemas(state, &mut out);
    out.push_str(SETTINGS);
    out.push_str(&rows);
    out
}

/// One line of a comment; names come from strangers.
fn comment(out: &mut String, text: &str) {
    out.push_str(&format!("# {}\n", escape::line(text)));
}

fn listed(out: &mut String, lines: Vec<String>) {
    let rest = lines.len().saturating_sub(MAX_LINES);
    lines.iter().take(MAX_LINES).for_each(|line| comment(out, &format!("  {line}")));
    if rest > 0 {
        comment(out, &format!("  and {rest} more"));
    }
}

fn events(boundaries: &[&Boundary], out: &mut String) {
    let mut kinds: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut known: BTreeMap<&str, (BTreeSet<&str>, BTreeSet<&str>)> = BTreeMap::new();
    for boundary in boundaries {
        let Some(event) = &boundary.event else { continue };
        kinds.entry(&boundary.kind).or_default().insert(event);
        let (senders, readers) = known.entry(event).or_default();
        match boundary.role {
            Role::Producer => senders.insert(&boundary.package),
            Role::Consumer => readers.insert(&boundary.package),
        };
    }
    let by_kind: Vec<String> = kinds.iter().map(|(kind, events)| format!("{kind} {}", events.len())).collect();
    comment(
        out,
        &format!(
            "Found {} events{}",
            known.len(),
            if by_kind.is_empty() { String::new() } else { format!(" ({})", by_kind.join(", ")) }
        ),
    );
    let lines = known
        .iter()
        .map(|(event, (senders, readers))| {
            let names = |names: &BTreeSet<&str>| names.iter().copied().collect::<Vec<_>>().join(", ");
            match (senders.is_empty(), readers.is_empty()) {
                (false, true) => format!("{event}: sent by {}", names(senders)),
                (true, false) => format!("{event}: read by {}", names(readers)),
                _ => format!("{event}: sent by {}, read by {}", names(senders), names(readers)),
            }
        })
        .collect();
    listed(out, lines);
}

/// The calls of libraries that helpers of the repository lead to.
fn helpers(boundaries: &[&Boundary], place: &dyn Fn(&Origin) -> String, out: &mut String) {
    let mut sinks: BTreeMap<(&Origin, &str), usize> = BTreeMap::new();
    for boundary in boundaries {
        if let Some(sink) = boundary.via.last() {
            *sinks.entry((sink, &boundary.idiom)).or_default() += 1;
        }
    }
    if sinks.is_empty() {
        return;
    }
    comment(out, "Helpers that were followed to a library");
    let lines = sinks
        .iter()
        .map(|((sink, idiom), count)| {
            format!("{}: {idiom}, from {count} {}", place(sink), if *count == 1 { "place" } else { "places" })
        })
        .collect();
    listed(out, lines);
}

fn unnamed(boundaries: &[&Boundary], place: &dyn Fn(&Origin) -> String, out: &mut String) {
    let lines: Vec<String> = boundaries
        .iter()
        .filter(|boundary| boundary.event.is_none() && boundary.kind != "decode")
        .map(|boundary| format!("{} ({}, {})", place(&boundary.origin), boundary.role.as_str(), boundary.idiom))
        .collect();
    if !lines.is_empty() {
        comment(out, "Places whose event is not known; an `[[idiom]]` may say it");
        listed(out, lines);
    }
}

/// Schemas that are read already, and rows that would bind those that only their names bind.
fn schemas(state: &State, out: &mut String) -> String {
    let mut folders: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for promise in state.registry.promises.iter().filter(|promise| promise.via == Via::Schema) {
        *folders.entry((promise.file.parent(), promise.file.extension())).or_default() += 1;
    }
    if folders.is_empty() {
        return String::new();
    }
    comment(out, "Schemas that are read, by folder");
    let lines = folders.iter().map(|((folder, _), count)| format!("{folder}/: {count} promises")).collect();
    listed(out, lines);
    let mut rows = String::from("\n# Schemas are bound to events by their names; a row says it outright.\n");
    for (folder, extension) in folders.keys().take(MAX_LINES) {
        let glob = if folder.is_empty() { format!("*.{extension}") } else { format!("{folder}/*.{extension}") };
        rows.push_str("# [[schema]]\n");
        comment(&mut rows, &format!("files = {}", serde_json::Value::String(glob)));
        rows.push_str(
            "# event = \"{stem}\"                   # or a pointer into the document: \"/title\"\n# role = \"producer\"\n",
        );
    }
    rows
}
