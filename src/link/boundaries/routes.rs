//! Queues that deliver over HTTP to the repository's own routes: the address that a producer sends to is the path of a file.
//!
//! `app/api/cron/cleanup/route.ts` answers `/api/cron/cleanup`, so what it decodes is what was sent there.

use std::collections::BTreeMap;

use crate::facts::Role;
use crate::link::model::Boundary;

/// Gives consumers without an event the event of the producers that send to their route.
pub fn meet(boundaries: &mut [Boundary]) {
    let mut sent: BTreeMap<String, (String, String)> = BTreeMap::new();
    for producer in boundaries.iter().filter(|boundary| boundary.role == Role::Producer && !boundary.in_test) {
        for address in [&producer.channel, &producer.event].into_iter().flatten() {
            if let Some(path) = path_of(address) {
                sent.entry(path).or_insert_with(|| (address.clone(), producer.kind.clone()));
            }
        }
    }
    if sent.is_empty() {
        return;
    }
    for consumer in boundaries.iter_mut().filter(|boundary| boundary.role == Role::Consumer && boundary.event.is_none()) {
        if let Some((address, kind)) = route_of(consumer.origin.file.as_str()).and_then(|route| sent.get(&route)) {
            consumer.event = Some(address.clone());
            consumer.event_expr = None;
            consumer.kind.clone_from(kind);
        }
    }
}

/// Gives webhook handlers without an event the path that their file answers, as those have that a call registers.
pub fn name_by_file(boundaries: &mut [Boundary]) {
    let is_unnamed = |boundary: &&mut Boundary| {
        boundary.role == Role::Consumer && boundary.kind == "webhook" && boundary.event.is_none() && boundary.channel.is_none()
    };
    for handler in boundaries.iter_mut().filter(is_unnamed) {
        if let Some(route) = route_of(handler.origin.file.as_str()) {
            handler.event = Some(route);
            handler.event_expr = None;
        }
    }
}

/// The path of an address of the repository's own: below `/api/`, without a query and without parts that are not known.
fn path_of(address: &str) -> Option<String> {
    let start = address.find("/api/")?;
    let path = address[start..].split(['?', '#']).next()?.trim_end_matches('/');
    (!path.contains('*')).then(|| path.to_owned())
}

/// The path that a file answers, by the conventions of file routers.
fn route_of(file: &str) -> Option<String> {
    let inside =
        |marker: &str| file.find(marker).map(|at| &file[at + marker.len()..]).or_else(|| file.strip_prefix(&marker[1..]));
    let (_, name) = file.rsplit_once('/')?;
    let (stem, _) = name.rsplit_once('.')?;
    let segments: Vec<&str> = if stem == "route" {
        let (folders, _) = inside("/app/")?.rsplit_once('/')?;
        folders.split('/').filter(|part| !is_group(part)).collect()
    } else {
        let (bare, _) = inside("/pages/").filter(|inner| inner.starts_with("api/"))?.rsplit_once('.')?;
        bare.strip_suffix("/index").unwrap_or(bare).split('/').collect()
    };
    segments.iter().all(|part| !part.starts_with('[')).then(|| format!("/{}", segments.join("/")))
}

/// `(group)` is no part of the address.
fn is_group(part: &str) -> bool {
    part.starts_with('(') && part.ends_with(')')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_answers_the_path_of_its_folders() {
        assert_eq!(route_of("apps/web/app/(ee)/api/cron/clean/route.ts").as_deref(), Some("/api/cron/clean"));
        assert_eq!(route_of("app/api/jobs/route.ts").as_deref(), Some("/api/jobs"));
        assert_eq!(route_of("pages/api/jobs/send.ts").as_deref(), Some("/api/jobs/send"));
        assert_eq!(route_of("app/api/[id]/route.ts"), None);
        assert_eq!(route_of("src/route.ts"), None);
        assert_eq!(path_of("https://app.acme.co/api/cron/clean?x=1").as_deref(), Some("/api/cron/clean"));
        assert_eq!(path_of("user.signup"), None);
    }
}
