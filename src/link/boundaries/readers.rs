//! Readers that several ways of looking find: a message is received, and decoded, and that is one consumer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::facts::Role;
use crate::link::model::Boundary;
use crate::shape::{Shape, ShapeKind};
use crate::source::{Origin, RepoPath};

/// Leaves out decodings of what a reader reads anyway: a handler that decodes its message, whole or a part of it, is one consumer.
pub(super) fn keep_one_each(boundaries: &mut Vec<Boundary>) {
    let mut read: BTreeMap<Origin, BTreeSet<Option<String>>> = BTreeMap::new();
    let readers =
        |boundary: &&Boundary| boundary.role == Role::Consumer && boundary.kind != "decode" && boundary.kind != "declared";
    for reader in boundaries.iter().filter(readers) {
        declarations(&reader.shape, PARTS_DEPTH, &mut |origin| {
            read.entry(origin.clone()).or_default().insert(reader.event.clone());
        });
    }
    let named: BTreeSet<Origin> = boundaries
        .iter()
        .filter(|boundary| boundary.role == Role::Consumer && boundary.event.is_some() && boundary.shape.name.is_some())
        .filter_map(|boundary| boundary.shape.origin.clone())
        .collect();
    let known: Vec<(RepoPath, String, Arc<Shape>)> = boundaries
        .iter()
        .filter(readers)
        .filter_map(|reader| Some((reader.origin.file.clone(), reader.event.clone()?, Arc::clone(&reader.shape))))
        .collect();
    boundaries.retain(|boundary| {
        let same = |(file, event, shape): &(RepoPath, String, Arc<Shape>)| {
            *file == boundary.origin.file && boundary.event.as_ref() == Some(event) && shape.same_values(&boundary.shape)
        };
        if boundary.kind == "decode" && known.iter().any(same) {
            return false;
        }
        let Some(origin) = boundary.shape.origin.as_ref().filter(|_| boundary.role == Role::Consumer) else { return true };
        let unnamed = boundary.event.is_none() && boundary.shape.name.is_some();
        let events = read.get(origin).filter(|_| boundary.kind == "decode");
        let of_reader = events.is_some_and(|events| boundary.event.is_none() || events.contains(&boundary.event));
        !(of_reader || unnamed && named.contains(origin))
    });
}

/// How deep in what is read the decoded part may lie.
const PARTS_DEPTH: u32 = 4;

/// The declarations of the types that a shape is made of.
fn declarations(shape: &Shape, depth: u32, found: &mut impl FnMut(&Origin)) {
    let Some(down) = depth.checked_sub(1) else { return };
    match &shape.kind {
        ShapeKind::Object(object) => {
            shape.origin.as_ref().into_iter().for_each(&mut *found);
            object.fields.iter().for_each(|field| declarations(&field.shape, down, found));
        }
        ShapeKind::Array(array) => array.items.iter().for_each(|items| declarations(items, down, found)),
        ShapeKind::Union(branches) => {
            shape.origin.as_ref().into_iter().for_each(&mut *found);
            branches.iter().for_each(|branch| declarations(branch, down, found));
        }
        _ => {}
    }
}
