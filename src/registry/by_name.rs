//! Promises by the names that they give: of a thousand promises one speaks of an event.

use rustc_hash::FxHashMap;

use super::{EventPattern, Promise};

/// The places of promises in their list.
#[derive(Debug)]
pub(super) struct ByName {
    /// Of those that speak of this name alone.
    named: FxHashMap<String, Vec<usize>>,
    /// Of those with a pattern among their names.
    open: Vec<usize>,
    count: usize,
}

impl ByName {
    pub fn new(promises: &[Promise]) -> Self {
        let mut found = ByName { named: FxHashMap::default(), open: Vec::new(), count: promises.len() };
        for (at, promise) in promises.iter().enumerate() {
            let names = || std::iter::once(&promise.event).chain(&promise.aliases);
            if names().any(|name| name.as_name().is_none()) {
                found.open.push(at);
                continue;
            }
            for name in names().filter_map(EventPattern::as_name) {
                found.named.entry(name.to_owned()).or_default().push(at);
            }
        }
        found
    }

    /// The places of all that may be about an event of this name, in the order of the list.
    pub fn that_may_speak_of(&self, event: &str) -> Vec<usize> {
        if event.contains('*') {
            return (0..self.count).collect();
        }
        let mut places: Vec<usize> = self.named.get(event).into_iter().flatten().chain(&self.open).copied().collect();
        places.sort_unstable();
        places.dedup();
        places
    }
}
