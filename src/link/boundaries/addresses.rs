//! What the address of a channel says: the topic or queue behind it, and whether it is that of a webhook.

use crate::facts::Name;

/// The names of channels behind addresses. Where nothing but the host of a queue is constant, nothing is known of its name.
pub(super) fn channels_of(addresses: Vec<Name>) -> Vec<Name> {
    by_path(addresses.into_iter().map(channel_of).filter(|name| !is_host_alone(name)).collect())
}

/// Names among which an address whose host is not known, or is one of several, goes by its path: which host it is depends on where the
/// program runs, `https://*/api/jobs` in one place and `http://localhost:3000/api/jobs` in another.
pub(super) fn by_path(names: Vec<Name>) -> Vec<Name> {
    let elsewhere = |host: &str, path: &str| {
        names.iter().filter_map(|name| host_and_path(name)).any(|(other, same)| same == path && other != host)
    };
    let mut found: Vec<Name> = Vec::with_capacity(names.len());
    for name in &names {
        let name = match host_and_path(name) {
            Some((host, path)) if is_anywhere(host) || elsewhere(host, path) => path,
            _ => name,
        };
        if !found.iter().any(|known| known == name) {
            found.push(name.into());
        }
    }
    found
}

/// The host and the path of an address whose path says something.
fn host_and_path(address: &str) -> Option<(&str, &str)> {
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
    let (host, path) = rest.split_at(rest.find('/')?);
    let path = path.split(['?', '#']).next().unwrap_or(path).trim_end_matches('/');
    path.chars().any(char::is_alphabetic).then_some((host, path))
}

/// A host that is not known, or the machine itself.
fn is_anywhere(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or(host);
    name.contains(['*', '{']) && !name.contains('.')
        || matches!(name, "localhost" | "127.0.0.1" | "0.0.0.0" | "host.docker.internal")
}

/// The name of the topic or queue that an address is of: both sides of a channel know it, whatever account or region it is in.
fn channel_of(address: Name) -> Name {
    named_in(&address).filter(|name| name.chars().any(char::is_alphabetic)).map(Name::from).unwrap_or(address)
}

/// `https://sqs.*.amazonaws.com/*/*`
fn is_host_alone(address: &str) -> bool {
    let Some((_, rest)) = address.split_once("://") else { return false };
    let Some((host, path)) = rest.split_once('/') else { return false };
    host.ends_with(".amazonaws.com") && path.contains('*') && !path.chars().any(char::is_alphanumeric)
}

fn named_in(address: &str) -> Option<&str> {
    // `arn:aws:sns:eu-west-1:123456789012:orders`, `arn:aws:events:…:event-bus/orders`
    if address.starts_with("arn:") && address.split(':').count() >= 6 {
        return address.rsplit([':', '/']).next();
    }
    // `https://sqs.eu-west-1.amazonaws.com/123456789012/orders`
    if let Some((_, path)) = address.split_once("://")
        && let [.., account, name] = path.split('/').collect::<Vec<_>>().as_slice()
        && account.len() == 12
        && account.chars().all(|digit| digit.is_ascii_digit())
    {
        return Some(name);
    }
    // `projects/shop/topics/orders`
    match address.split('/').collect::<Vec<_>>().as_slice() {
        ["projects", _, "topics" | "subscriptions", name] => Some(name),
        _ => None,
    }
}

/// Whether the path of a route says that others post events to it.
pub(super) fn is_webhook(path: &str) -> bool {
    path.starts_with('/')
        && path.split('/').any(|part| {
            let part = part.to_ascii_lowercase();
            let last = part.rsplit(['-', '_']).next().unwrap_or_default();
            matches!(last, "webhook" | "webhooks" | "hook" | "hooks")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_which_topic_or_queue_it_is_of() {
        let of = |address: &str| channel_of(address.to_owned().into());
        assert_eq!(of("arn:aws:sns:eu-west-1:123456789012:orders"), "orders");
        assert_eq!(of("arn:aws:events:eu-west-1:123456789012:event-bus/orders"), "orders");
        assert_eq!(of("https://sqs.eu-west-1.amazonaws.com/123456789012/resize-jobs"), "resize-jobs");
        assert_eq!(of("http://localhost:4566/000000000000/resize-jobs"), "resize-jobs");
        assert_eq!(of("projects/shop/topics/orders"), "orders");
        assert_eq!(of("https://crm.example/webhook"), "https://crm.example/webhook");
        assert_eq!(of("order.placed"), "order.placed");
        assert_eq!(of("arn:aws:sns:*:*:*"), "arn:aws:sns:*:*:*");
    }

    #[test]
    fn an_address_of_which_nothing_but_the_host_is_known_names_nothing() {
        let of = |address: &str| channels_of(vec![address.to_owned().into()]);
        assert!(of("https://sqs.*.amazonaws.com/*/*").is_empty());
        assert_eq!(of("https://sqs.*.amazonaws.com/*/orders").len(), 1);
        assert_eq!(of("https://*/webhook").len(), 1);
    }

    #[test]
    fn an_address_that_depends_on_where_the_program_runs_goes_by_its_path() {
        let of = |names: &[&str]| by_path(names.iter().map(|name| Name::from(*name)).collect()).join(" ");
        assert_eq!(of(&["https://app.acme.co/api/jobs", "http://localhost:8888/api/jobs"]), "/api/jobs");
        assert_eq!(of(&["https://*/api/jobs/"]), "/api/jobs");
        assert_eq!(of(&["https://app.acme.co/api/jobs"]), "https://app.acme.co/api/jobs");
        assert_eq!(of(&["https://a.co/one", "https://b.co/two", "https://a.co/one"]), "https://a.co/one https://b.co/two");
        assert_eq!(of(&["https://api.*.acme.co/hook"]), "https://api.*.acme.co/hook");
        assert_eq!(of(&["https://*/*"]), "https://*/*");
        assert_eq!(of(&["order.placed"]), "order.placed");
    }

    #[test]
    fn a_route_says_that_it_is_a_webhook() {
        assert!(is_webhook("/webhooks/stripe"));
        assert!(is_webhook("/api/github-webhook"));
        assert!(!is_webhook("/orders"));
        assert!(!is_webhook("webhook.sent"));
    }
}
