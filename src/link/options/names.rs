//! The names that libraries give to options, in any casing.
//!
//! They count only at a boundary that is resolved: as words alone they mean nothing.

use crate::shape::wire_name::fold;

/// An option that makes a second handoff of the same thing have no effect.
pub fn is_idempotency_key(name: &str) -> bool {
    matches!(
        fold(name).as_str(),
        "idempotencykey"
            | "idempotencytoken"
            | "idempotencyid"
            | "idempotentkey"
            | "dedupekey"
            | "dedupkey"
            | "dedupeid"
            | "dedupid"
            | "deduplicationid"
            | "deduplicationkey"
            | "messagededuplicationid"
            | "jobid"
            | "jobkey"
            | "singletonkey"
            | "clienttoken"
            | "clientrequesttoken"
            | "natsmsgid"
            | "xidempotencykey"
    )
}

/// A header that carries such a key.
pub fn is_idempotency_header(name: &str) -> bool {
    matches!(
        fold(name).as_str(),
        "idempotencykey" | "xidempotencykey" | "natsmsgid" | "deduplicationid" | "upstashdeduplicationid" | "svixidempotencykey"
    )
}

/// A field of a payload that says of itself that it is such a key.
pub fn is_key_field(name: &str) -> bool {
    matches!(
        fold(name).as_str(),
        "idempotencykey"
            | "idempotencytoken"
            | "idempotencyid"
            | "dedupekey"
            | "dedupkey"
            | "dedupeid"
            | "dedupid"
            | "deduplicationid"
            | "deduplicationkey"
    )
}

/// An argument that holds options.
pub fn is_options(name: &str) -> bool {
    matches!(
        fold(name).as_str(),
        "options"
            | "opts"
            | "properties"
            | "props"
            | "config"
            | "settings"
            | "kwargs"
            | "headers"
            | "message"
            | "request"
            | "params"
    )
}

pub fn is_headers(name: &str) -> bool {
    matches!(fold(name).as_str(), "headers" | "messageattributes" | "attributes" | "applicationproperties")
}

pub fn is_headers_type(root: &str) -> bool {
    let last = root.rsplit(['.', ':']).next().unwrap_or_default();
    matches!(last, "Headers" | "HeaderMap" | "AxiosHeaders")
}

/// Whether a call of a builder sets one header (`Some(true)`) or many (`Some(false)`).
pub fn sets_header(call: &str) -> Option<bool> {
    match call {
        "header" | "set_header" | "insert_header" | "append_header" => Some(true),
        "headers" | "bearer_auth" | "basic_auth" => Some(false),
        _ => None,
    }
}
