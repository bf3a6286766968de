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

/// How often something is tried, the first attempt included.
pub fn is_attempts(name: &str) -> bool {
    matches!(
        fold(name).as_str(),
        "attempts"
            | "maxattempts"
            | "maxtries"
            | "totalattempts"
            | "numofattempts"
            | "stopafterattempt"
            | "tries"
            | "maxattemptnumber"
    )
}

/// How often something is tried after the first attempt failed.
pub fn is_retries(name: &str) -> bool {
    matches!(
        fold(name).as_str(),
        "retries"
            | "maxretries"
            | "maxretry"
            | "retrylimit"
            | "numretries"
            | "retrycount"
            | "maxretryattempts"
            | "withmaxtimes"
            | "maxtimes"
            | "withmaxretries"
    )
}

/// A policy or a number: whether and how something is tried again.
pub fn is_retry_policy(name: &str) -> bool {
    matches!(fold(name).as_str(), "retry" | "retrypolicy" | "retryoptions" | "retrystrategy" | "retryconfig" | "retrykwargs")
}

/// The number inside of such a policy.
pub fn is_policy_limit(name: &str) -> bool {
    is_retries(name) || matches!(fold(name).as_str(), "max" | "limit")
}

pub fn is_backoff(name: &str) -> bool {
    matches!(
        fold(name).as_str(),
        "backoff"
            | "retrydelay"
            | "retrybackoff"
            | "defaultretrydelay"
            | "backoffstrategy"
            | "backoffms"
            | "retrydelayms"
            | "minbackoff"
            | "initialinterval"
    )
}

pub fn is_timeout(name: &str) -> bool {
    matches!(
        fold(name).as_str(),
        "timeout"
            | "timeoutms"
            | "timeoutseconds"
            | "requesttimeout"
            | "requesttimeoutms"
            | "timelimit"
            | "softtimelimit"
            | "jobtimeout"
            | "deliverytimeoutms"
            | "messagetimeoutms"
            | "publishtimeout"
            | "sendtimeout"
            | "maxduration"
    )
}

pub fn is_dead_letter(name: &str) -> bool {
    let folded = fold(name);
    folded.contains("deadletter") || folded == "dlq" || folded == "redrivepolicy"
}

/// How surely a broker takes a message.
pub fn is_guarantee(name: &str) -> bool {
    matches!(fold(name).as_str(), "acks" | "requiredacks" | "requestrequiredacks" | "qos")
}

/// Whether a producer writes a message that it tries again once only.
pub fn is_idempotence(name: &str) -> bool {
    matches!(fold(name).as_str(), "idempotent" | "enableidempotence" | "withidempotence")
}

/// Whether a broker keeps a message over its restart.
pub fn is_persistence(name: &str) -> bool {
    matches!(fold(name).as_str(), "persistent" | "deliverymode" | "withdeliverymode")
}

/// Whether a queue or an exchange outlives its broker.
pub fn is_durability(name: &str) -> bool {
    fold(name) == "durable"
}

/// How often a client tries by itself.
pub fn is_client_retries(name: &str) -> bool {
    matches!(fold(name).as_str(), "messagesendmaxretries") || is_retries(name) || is_retry_policy(name)
}

/// Options inside of an object of this name hold for everything that the object's owner sends.
pub fn is_defaults(name: &str) -> bool {
    fold(name).contains("default")
}

/// The calls by which code declares a queue that a broker then has.
pub const DECLARES_QUEUE: &[&str] =
    &["assertQueue", "queue_declare", "declare_queue", "createQueue", "create_queue", "CreateQueueCommand", "queueDeclare"];

/// The calls by which code declares an exchange.
pub const DECLARES_EXCHANGE: &[&str] = &["assertExchange", "exchange_declare", "declare_exchange", "exchangeDeclare"];

/// Calls by which a broker tells a producer that it has a message.
pub const CONFIRMS: &[&str] = &["confirm_delivery", "createConfirmChannel", "confirm_select", "confirmSelect"];

/// Four letters as one number.
const fn root(letters: &[u8; 4]) -> u32 {
    u32::from_be_bytes(*letters)
}

/// Whether four letters in a row of a folded name are one of these: a quick look, since most names of a program are about something
/// else.
fn hints(name: &str, roots: &[u32]) -> bool {
    let mut last = 0;
    name.bytes().filter(|letter| letter.is_ascii_alphanumeric() || !letter.is_ascii()).any(|letter| {
        last = last << 8 | u32::from(letter.to_ascii_lowercase());
        roots.contains(&last)
    })
}

/// A part of everything that [`is_dedup_check`] and [`tells_repetition`] look for.
const TELLS_OF_DEDUP: &[u32] =
    &[root(b"idem"), root(b"dedu"), root(b"alre"), root(b"proc"), root(b"dupl"), root(b"seen"), root(b"once"), root(b"hand")];

/// A part of everything that [`is_signature_check`] looks for.
const TELLS_OF_SIGNATURE: &[u32] = &[
    root(b"sign"),
    root(b"hmac"),
    root(b"qsta"),
    root(b"veri"),
    root(b"vali"),
    root(b"auth"),
    root(b"cons"),
    root(b"timi"),
    root(b"comp"),
    root(b"cteq"),
    root(b"safe"),
    root(b"secu"),
    root(b"tssc"),
];

/// A part of everything that [`is_signature_wrapper`] looks for.
const TELLS_OF_WRAPPER: &[u32] = &[root(b"sign"), root(b"hmac"), root(b"webh")];

/// A function that tells a repetition from something new, by its name.
pub fn is_dedup_check(name: &str) -> bool {
    if !hints(name, TELLS_OF_DEDUP) {
        return false;
    }
    let folded = fold(name);
    // What writes down that something has been handled is no test for it.
    let writes = [
        "mark", "record", "set", "clear", "delete", "log", "report", "track", "reset", "save", "remove", "add", "get", "build",
        "make",
    ];
    let tells = folded.contains("idempoten")
        || folded.contains("dedup")
        || folded.contains("alreadyprocessed")
        || folded.contains("alreadyhandled")
        || folded.contains("alreadyseen")
        || folded.contains("notprocessed")
        || folded.contains("isduplicate")
        || folded.contains("isprocessed")
        || folded.contains("hasprocessed")
        || folded.contains("wasprocessed")
        || folded.contains("notduplicate")
        || folded.contains("hasseen")
        || folded.contains("onlyonce")
        || folded.contains("exactlyonce")
        || folded == "seen";
    tells && !folded.ends_with("key") && !writes.iter().any(|verb| folded.starts_with(verb) && !folded.starts_with("setnx"))
}

/// A word of a condition that says that something has been handled before.
pub fn tells_repetition(word: &str) -> bool {
    if matches!(word, "P2002" | "IntegrityError" | "UniqueViolation") {
        return true;
    }
    if !hints(word, TELLS_OF_DEDUP) {
        return false;
    }
    let folded = fold(word);
    matches!(folded.as_str(), "seen" | "duplicate" | "processed" | "alreadyprocessed" | "isduplicate" | "isprocessed" | "handled")
        || folded.starts_with("already")
        || folded.contains("dedup")
        || folded.contains("idempoten")
        || is_dedup_check(word)
}

/// A word that says so only of a record of handled events.
pub fn may_tell_repetition(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "existing", "exists", "created", "inserted", "acquired", "isnew", "first", "added", "found", "record", "ok", "lock",
        "locked", "claimed",
    ];
    WORDS.iter().any(|wanted| {
        let mut letters = word.bytes().filter(u8::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase());
        wanted.bytes().all(|letter| letters.next() == Some(letter)) && letters.next().is_none() && word.is_ascii()
    })
}

/// Parts of names under which code keeps what it has handled.
pub const RECORDS_OF_EVENTS: &[&str] = &[
    "processedevent",
    "processedmessage",
    "processedwebhook",
    "processedjob",
    "handledevent",
    "webhookevent",
    "webhookdelivery",
    "inbox",
    "idempoten",
    "dedup",
    "seenevent",
    "eventlog",
    "receivedevent",
    "stripeevent",
];

/// Methods that look whether a record is there.
pub const LOOKS_UP: &[&str] = &[
    "exists",
    "aexists",
    "sismember",
    "sIsMember",
    "findUnique",
    "findFirst",
    "findOne",
    "findOneBy",
    "findByPk",
    "findById",
    "first",
    "afirst",
    "one_or_none",
    "scalar_one_or_none",
    "get_or_none",
    "find_one",
    "fetch_optional",
];

/// Methods that do so where they are waited for; otherwise they may look into any table of the program's own.
pub const LOOKS_UP_LATER: &[&str] =
    &["get", "has", "find", "count", "exist", "contains", "is_known", "lookup", "existsBy", "find_by_id", "find_by", "one"];

/// Methods by which object-relational mappers narrow a query down before it is put.
pub const NARROWS: &[&str] = &[
    "filter",
    "filter_by",
    "exclude",
    "where",
    "andWhere",
    "order_by",
    "orderBy",
    "select_related",
    "prefetch_related",
    "only",
    "values",
    "values_list",
    "distinct",
    "limit",
    "Q",
    "query",
    "select",
];

/// A method that inserts and passes over what is there.
pub fn passes_over(name: &str) -> bool {
    matches!(
        name,
        "onConflictDoNothing"
            | "on_conflict_do_nothing"
            | "do_nothing"
            | "orIgnore"
            | "insertOrIgnore"
            | "insert_or_ignore"
            | "doNothing"
    )
}

pub const SKIPS_DUPLICATES: &[&str] = &["skipDuplicates", "ignoreDuplicates", "ignore_conflicts", "ignore_duplicates"];

/// Methods that find a row again instead of making a second one.
pub const UPSERTS: &[&str] = &[
    "upsert",
    "upsertMany",
    "bulkUpsert",
    "upsertGraph",
    "upsert_many",
    "bulk_upsert",
    "updateOrCreate",
    "update_or_create",
    "aupdate_or_create",
    "get_or_create",
    "aget_or_create",
    "findOrCreate",
    "firstOrCreate",
    "updateOrInsert",
    "insert_or_update",
    "create_or_update",
    "createOrUpdate",
    "onConflictDoUpdate",
    "on_conflict_do_update",
    "on_duplicate_key_update",
    "onDuplicateKeyUpdate",
    "orUpdate",
    "doUpdateSet",
    "do_update",
    "replace_into",
    "merge",
];

/// Methods that do so where an option says it.
pub const UPDATES: &[&str] = &[
    "updateOne",
    "updateMany",
    "findOneAndUpdate",
    "replaceOne",
    "update_one",
    "update_many",
    "find_one_and_update",
    "replace_one",
];

/// Methods that make a new row.
pub const INSERTS: &[&str] = &[
    "create",
    "acreate",
    "createMany",
    "insert",
    "insertOne",
    "insertMany",
    "insert_one",
    "insert_many",
    "insert_into",
    "bulk_create",
    "abulk_create",
    "bulkCreate",
    "save",
    "add",
    "insertGraph",
];

/// Calls whose first argument is what is written to, or a value of it.
pub const TAKES_MODEL: &[&str] =
    &["insert", "insert_into", "insertInto", "into", "merge", "add", "save", "insert_one", "collection", "replace_into"];

/// Receivers of such methods that are no models.
pub const NO_MODELS: &[&str] = &[
    "db",
    "tx",
    "trx",
    "session",
    "self",
    "thi",
    "this",
    "conn",
    "connection",
    "client",
    "prisma",
    "set",
    "map",
    "cache",
    "em",
    "manager",
];

/// A function that makes sure of a signature, by its name.
pub fn is_signature_check(name: &str) -> bool {
    if !hints(name, TELLS_OF_SIGNATURE) {
        return false;
    }
    let folded = fold(name);
    if matches!(
        folded.as_str(),
        "constructevent"
            | "constructeventasync"
            | "timingsafeequal"
            | "comparedigest"
            | "constanttimecompare"
            | "verifyslice"
            | "cteq"
            | "constanttimeeq"
            | "safecompare"
            | "securecompare"
            | "tsscmp"
    ) {
        return true;
    }
    if folded.contains("invalid") {
        return false;
    }
    let verifies = ["verif", "valid", "check", "assert", "ensure", "require", "authenticat", "match", "compare"]
        .iter()
        .any(|verb| folded.contains(verb));
    if ["signature", "hmac", "qstash", "signedrequest"].iter().any(|word| folded.contains(word)) {
        return verifies;
    }
    // `verifyWebhook` makes sure of the sender; `validateWebhookUrl` looks at something else.
    let other =
        ["url", "payload", "schema", "id", "config", "name", "event", "input", "body", "data", "type", "status", "permission"];
    let begins = ["verif", "authenticat", "validat"].iter().any(|verb| folded.starts_with(verb));
    begins && (folded.contains("webhook") || folded.contains("svix")) && !other.iter().any(|end| folded.ends_with(end))
}

/// A wrapper, decorator or middleware that does so, by its name.
pub fn is_signature_wrapper(name: &str) -> bool {
    if !hints(name, TELLS_OF_WRAPPER) {
        return false;
    }
    let folded = fold(name);
    ["signature", "hmac", "webhookauth", "signedwebhook", "verifiedwebhook", "webhooksecret"]
        .iter()
        .any(|word| folded.contains(word))
}

/// A step of making a signature: `createHmac(…).update(x)`, `hmac.new(key, x)`, `mac.update(x)`.
pub fn signs(name: &str, text: &str) -> bool {
    let on = || fold(text.rsplit_once('.').map_or("", |(on, _)| on));
    match name {
        "update" => {
            let on = on();
            on.is_empty() || on.contains("mac") || on.contains("hash")
        }
        "new" | "digest" => hints(text, &[root(b"hmac")]) && on().ends_with("hmac"),
        _ => hints(name, &[root(b"sign"), root(b"hmac")]) && (fold(name).contains("signature") || fold(name).contains("hmac")),
    }
}

/// A guard that asks the caller for a scope.
pub fn asks_for_scope(name: &str) -> bool {
    let folded = fold(name);
    let asks = ["require", "check", "assert", "ensure", "has", "verify", "enforce", "need", "scope", "permission"];
    folded == "security"
        || (folded.contains("scope") || folded.contains("permission"))
            && asks.iter().any(|verb| folded.starts_with(verb))
            && folded != "scope"
}

/// The rights with which a call is made.
pub fn is_scope(name: &str) -> bool {
    matches!(fold(name).as_str(), "scope" | "scopes")
}

/// Calls that put something in front of handlers.
pub const PUTS_IN_FRONT: &[&str] = &[
    "use",
    "layer",
    "route_layer",
    "add_middleware",
    "wrap",
    "wrap_fn",
    "before_request",
    "addHook",
    "preHandler",
    "middleware",
    "with",
    "from_fn",
    "from_fn_with_state",
    "include_router",
    "APIRouter",
    "Depends",
    "and_then",
    "filter",
    "post",
    "route",
    "all",
];

/// Those of them that are given the code that runs in front.
pub const RUNS_IN_FRONT: &[&str] = &[
    "use",
    "layer",
    "route_layer",
    "add_middleware",
    "wrap",
    "wrap_fn",
    "before_request",
    "addHook",
    "middleware",
    "from_fn",
    "from_fn_with_state",
    "Depends",
];

/// Methods by which a web framework makes a handler's argument from the request.
pub const EXTRACTS: &[&str] = &["from_request", "from_request_parts", "from_data"];

/// A signal that ends a request, which may be a limit of time.
pub fn is_signal(name: &str) -> bool {
    name == "signal"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_look_passes_over_nothing() {
        for name in [
            "constructEvent",
            "timing_safe_equal",
            "compare_digest",
            "constant_time_eq",
            "verify_slice",
            "ct_eq",
            "safeCompare",
            "secure_compare",
            "tsscmp",
            "verifySignature",
            "check_hmac",
            "requireQstash",
            "verify_signed_request",
            "verifyWebhook",
            "authenticate_svix",
            "validate_webhook",
        ] {
            assert!(is_signature_check(name), "{name}");
        }
        for name in ["withSignature", "hmac_auth", "webhookAuth", "signed_webhook", "VerifiedWebhook", "webhook_secret"] {
            assert!(is_signature_wrapper(name), "{name}");
        }
        for name in [
            "ensureIdempotent",
            "is_de_duped",
            "alreadyHandled",
            "not_processed",
            "isDuplicate",
            "hasSeen",
            "only_once",
            "exactlyOnce",
            "seen",
        ] {
            assert!(is_dedup_check(name), "{name}");
        }
        for word in ["processed", "duplicate", "handled", "already_there", "P2002", "seen"] {
            assert!(tells_repetition(word), "{word}");
        }
        for word in ["existing", "is_new", "Locked", "ok"] {
            assert!(may_tell_repetition(word), "{word}");
        }
        assert!(!may_tell_repetition("okay") && !tells_repetition("customer") && !is_signature_check("send"));
        assert!(signs("update", "createHmac.update") && signs("new", "hmac.new") && !signs("new", "Queue.new"));
    }
}
