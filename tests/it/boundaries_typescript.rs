//! What is found in TypeScript as people write it: `fixtures/boundaries/typescript.md`.

use std::path::Path;

use driftgate::check::understand;
use driftgate::config::Config;
use driftgate::link::model::Boundary;
use driftgate::scan::{Cache, Outside};
use driftgate::shape::{Presence, Shape};
use driftgate::snapshot::MemorySnapshot;

use crate::page::examples;

/// The innermost payload that is known, by its fields.
fn fields(boundary: &Boundary) -> String {
    let shape: &Shape = boundary.inner.as_ref().filter(|inner| inner.as_object().is_some()).unwrap_or(&boundary.shape);
    let Some(object) = shape.as_object() else { return "?".to_owned() };
    let mut names: Vec<String> = object
        .fields
        .iter()
        .map(|field| format!("{}{}", field.name, if field.presence == Presence::Optional { "?" } else { "" }))
        .collect();
    names.sort();
    format!("{{{}}}", names.join(", "))
}

fn line(boundary: &Boundary) -> String {
    let channel = boundary.channel.as_ref().map_or(String::new(), |channel| format!(" on {channel}"));
    let event = boundary.event.as_deref().unwrap_or("(unknown)");
    format!("{} {event}{channel} in {} {}", boundary.role.as_str(), boundary.origin.file, fields(boundary))
}

#[test]
fn the_boundaries_that_a_reader_finds_are_found() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/boundaries/typescript.md");
    let page = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut wrong = String::new();
    for mut example in examples(&page).unwrap_or_else(|error| panic!("{}: {error}", path.display())) {
        let expected = example.head.remove("boundaries").unwrap_or_else(|| panic!("{}: no boundaries", example.title));
        let files = example.head.iter().map(|(path, text)| (path, text.as_bytes()));
        let state = understand(&MemorySnapshot::new(files), &Config::default(), &Cache::default(), &Outside::default())
            .expect("it can be read");
        let mut found: Vec<String> = state.model.boundaries.iter().map(line).collect();
        found.sort();
        found.dedup();
        let found: String = found.iter().map(|one| format!("{one}\n")).collect();
        if found != expected {
            wrong.push_str(&format!("## {}\nexpected:\n{expected}found:\n{found}\n", example.title));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
