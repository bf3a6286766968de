//! What the address of a channel says: the topic or queue behind it, and whether it is that of a webhook.

/// The names of channels behind addresses. Where nothing but the host of a queue is constant, nothing is known of its name.
pub(super) fn channels_of(addresses: Vec<String>) -> Vec<String> {
    addresses.into_iter().map(channel_of).filter(|name| !is_host_alone(name)).collect()
}

/// The name of the topic or queue that an address is of: both sides of a channel know it, whatever account or region it is in.
fn channel_of(address: String) -> String {
    named_in(&address).filter(|name| name.chars().any(char::is_alphabetic)).map(str::to_owned).unwrap_or(address)
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
        let of = |address: &str| channel_of(address.to_owned());
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
        let of = |address: &str| channels_of(vec![address.to_owned()]);
        assert!(of("https://sqs.*.amazonaws.com/*/*").is_empty());
        assert_eq!(of("https://sqs.*.amazonaws.com/*/orders").len(), 1);
        assert_eq!(of("https://*/webhook").len(), 1);
    }

    #[test]
    fn a_route_says_that_it_is_a_webhook() {
        assert!(is_webhook("/webhooks/stripe"));
        assert!(is_webhook("/api/github-webhook"));
        assert!(!is_webhook("/orders"));
        assert!(!is_webhook("webhook.sent"));
    }
}
