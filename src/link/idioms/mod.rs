//! Idioms: how libraries publish and consume, as data. One table per language, in files beside this one; users add rows of the
//! same form in `driftgate.toml`.

pub mod fitting;
pub mod matcher;
pub mod selector;
mod sql;
pub mod wildcard;

use std::sync::OnceLock;

use serde::Deserialize;

/// The tables that are shipped.
pub const SHIPPED: &[(&str, &str)] = &[
    ("rust", include_str!("rust.toml")),
    ("typescript", include_str!("typescript.toml")),
    ("python", include_str!("python.toml")),
];

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    #[serde(default)]
    pub idiom: Vec<Row>,
}

/// One or several texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Texts {
    #[default]
    None,
    One(String),
    Many(Vec<String>),
}

impl Texts {
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let slice = match self {
            Texts::None => &[],
            Texts::One(one) => std::slice::from_ref(one),
            Texts::Many(many) => many.as_slice(),
        };
        slice.iter().map(String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

/// One way in which a library (or a project's own helper) publishes or consumes.
///
/// A row matches a call by its callee's name and by *evidence* that the name means this library. Selectors then say where things
/// sit; the first alternative that is there counts. A selector is a root (`args[0]`, `args[-1]`, `args.name` for a named argument,
/// `args[*]` for any, `arguments` for the message of a call that
/// runs a task with its own arguments (`arguments[1]`: those from the second on; `arguments.packed`: in a list and a dictionary;
/// `arguments.named`: the named ones), `text` for the first that is a text and `after-text` for the one behind it, `object` for the first that is an
/// object or gives one, `receiver`, `type_args[0]`, `return`, `params[0]` or `params.name` of the handler, `params` for the object of all of them, `model-param` for the first that is an object of the repository, `instance` for the first argument where it is an object of a class, `pairs` for the last argument where it lists keys with
/// their values, `sql` for the row that an `INSERT` statement writes, by its columns (with `$outbox` where its table is one),
/// `param-type[0]` for a type argument of the parameter that `param-type` asks for, `decorator.args[0]` on a handler that is recognised by
/// its decorator) and steps: `.key`, `[0]`, `[*]`, and `.method()` or `.method(1)` for an argument of a call in the chain of calls that
/// builds the value (`args[0].payload()` is `x` in `send(Record::to("t").payload(x).key(k))`, `receiver.topic_arn()` is `a` in
/// `client.publish().topic_arn(a).send()`). `'text'` in single quotes is a constant. `~receiver` and
/// `~decorator.args[0]` are (and `~receiver.ofType()`, for what a call in the chain was given) the name by which the source calls it, for tasks and signals that have no other. A step through a JSON text or a byte
/// buffer looks through the encoding.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Row {
    /// A stable name, such as `kafkajs-send`.
    pub id: String,
    /// `producer` or `consumer`.
    pub role: String,
    /// `queue`, `webhook`, `http`, `analytics`, `outbox`, `in-process`, …
    pub kind: String,
    /// The callee: `send` (a function of that name), `.send` (a method), `Client.send` (a method, with the receiver's type or
    /// module), `new Worker`, `x!` (a macro). `*` stands for any part of a name.
    #[serde(default)]
    pub call: Texts,
    /// Instead of `call`: the handler carries this decorator or attribute.
    #[serde(default)]
    pub decorator: Texts,
    /// Instead of `call`: the handler is a function or method of this name (`handler`, `POST`), or implements this method of a
    /// trait or base class (`Actor::handle`).
    #[serde(default)]
    pub function: Texts,
    /// Packages or modules one of which the file must import for the row to apply (glob). Empty: `receiver` or the callee decides.
    #[serde(default)]
    pub from: Texts,
    /// Globs over the receiver's type name or its last name in the source, in any casing; one must match where this is given and
    /// the receiver's origin in `from` is not known. With both `from` and `receiver` given, one of the two is evidence enough
    /// unless `strict` is set.
    #[serde(default)]
    pub receiver: Texts,
    /// Packages whose receivers are something else, whatever they are called (glob): `EventEmitter` of a user interface.
    #[serde(default)]
    pub not_from: Texts,
    /// Both `from` and `receiver` must match.
    #[serde(default)]
    pub strict: bool,
    /// The type of the extracted parameter for rows over handlers: `Json<*>`, `web::Json<*>`.
    #[serde(default)]
    pub param_type: Texts,
    /// The name that readers tell payloads apart by.
    #[serde(default)]
    pub event: Texts,
    /// Whether messages are told apart by their type alone: a queue of jobs of one type.
    #[serde(default)]
    pub by_type: bool,
    /// The transport's name, where it differs from the event.
    #[serde(default)]
    pub channel: Texts,
    /// What crosses.
    #[serde(default)]
    pub payload: Texts,
    /// For consumers: the function that is called with the payload.
    #[serde(default)]
    pub handler: Texts,
    /// For consumers whose call names no channel: the methods of the same receiver that do (`.subscribe`), …
    #[serde(default)]
    pub beside: Texts,
    /// … and where in those calls the channel is.
    #[serde(default)]
    pub beside_channel: Texts,
    /// The same for the events, where the channel is a queue and what comes in was bound to it: the routing keys of `queue.bind`.
    #[serde(default)]
    pub beside_event: Texts,
    /// Where those calls say which channel they are about, if they are methods of something that has many.
    #[serde(default)]
    pub beside_of: Texts,
    /// A glob that the event or channel must match for the row to apply, in any casing: a post to a URL is a webhook where it says so.
    #[serde(default)]
    pub event_like: Texts,
    /// Places one of which has to be there for the row to apply.
    #[serde(default)]
    pub requires: Texts,
    /// The row does not apply where the event's name is one of these (glob).
    #[serde(default)]
    pub event_unlike: Texts,
    /// The message or partition key.
    #[serde(default)]
    pub key: Texts,
    /// The idempotency key or dedupe id.
    #[serde(default)]
    pub idempotency_key: Texts,
    /// What goes beside the payload: headers, attributes, properties.
    #[serde(default)]
    pub headers: Texts,
    /// Attempts, backoff and dead-letter settings.
    #[serde(default)]
    pub retry: Texts,
    /// How often the library tries where nothing says so, the first attempt included.
    #[serde(default)]
    pub retry_default: Option<u32>,
    /// Named arguments without one of which nothing is tried again, whatever the limit.
    #[serde(default)]
    pub retry_needs: Texts,
    /// Calls, anywhere in the program, that may set defaults for a queue that cannot be followed.
    #[serde(default)]
    pub defaults_in: Texts,
    /// What makes the client that this goes through: `KafkaProducer`, `ClientConfig.create` (at the end of a chain that begins with
    /// it), `client('sqs')` (with that text as its first argument). Where the receiver cannot be followed the only place of the
    /// program that makes one counts.
    #[serde(default)]
    pub client: Texts,
    /// Whether a broker may be asked to say that it has a message, and does not say so unasked.
    #[serde(default)]
    pub confirms: bool,
    /// The library's `acks` or QoS where nothing says it.
    #[serde(default)]
    pub guarantee_default: Option<String>,
    /// Whether the call gives a promise or future that must be awaited for the handoff to happen.
    #[serde(default)]
    pub awaits: bool,
    /// `commit` for an enqueue that is flushed after the surrounding transaction commits.
    #[serde(default)]
    pub deferred: Option<String>,
}

/// The shipped tables with their languages' names, parsed once in a process.
///
/// # Errors
/// As [`Table::parse`]; the tests see to it that there are none.
pub fn shipped() -> Result<&'static [(&'static str, Table)], String> {
    static TABLES: OnceLock<Result<Vec<(&'static str, Table)>, String>> = OnceLock::new();
    let parsed = TABLES.get_or_init(|| SHIPPED.iter().map(|(language, text)| Ok((*language, Table::parse(text)?))).collect());
    parsed.as_ref().map(Vec::as_slice).map_err(Clone::clone)
}

impl Table {
    /// Parses a table of rows.
    ///
    /// # Errors
    /// The message of the TOML parser, with its line.
    pub fn parse(text: &str) -> Result<Table, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_tables_parse_and_their_ids_are_unique() {
        let mut ids = std::collections::BTreeSet::new();
        for (language, text) in SHIPPED {
            let table = Table::parse(text).unwrap_or_else(|error| panic!("{language}: {error}"));
            for row in table.idiom {
                assert!(ids.insert(row.id.clone()), "{} twice", row.id);
                assert!(matches!(row.role.as_str(), "producer" | "consumer"), "{}", row.id);
            }
        }
    }
}
