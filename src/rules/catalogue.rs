//! The table of the rules, by family, each with its page.

use super::{Direction, Family, RuleMeta};
use crate::finding::Severity::{Error, Note, Warning};

/// One row: the id, whose change it looks at, the question it answers, its weight, and what it says in one sentence. The page lies
/// beside this file under the id.
macro_rules! rule {
    // `None`: the rule is off where nobody turns it on.
    (@severity None) => { None };
    (@severity $severity:ident) => { Some($severity) };
    ($id:literal, $family:ident, $direction:ident, $question:expr, $severity:ident, $summary:literal) => {
        RuleMeta {
            id: $id,
            aliases: &[],
            question: $question,
            family: Family::$family,
            severity: rule!(@severity $severity),
            direction: Direction::$direction,
            summary: $summary,
            page: include_str!(concat!($id, ".md")),
        }
    };
    // Off until the configuration gives it a weight.
    ($id:literal, $family:ident, $direction:ident, $question:expr, off: $summary:literal) => {
        RuleMeta { severity: None, ..rule!($id, $family, $direction, $question, Note, $summary) }
    };
}

/// Every rule that works.
#[rustfmt::skip]
pub static RULES: &[RuleMeta] = &[
    rule!("field-removed", Fields, Producer, Some(1), Error, "A field that was sent is no longer sent."),
    rule!("field-renamed", Fields, Either, Some(4), Error, "A field goes by another name on the wire."),
    rule!("field-became-optional", Fields, Producer, Some(1), Error, "A field that was always sent may now be left out."),
    rule!("field-became-required", Fields, Consumer, Some(1), Error, "A reader demands a field that it could do without before."),
    rule!("required-field-added", Fields, Consumer, Some(1), Error, "A reader demands a field that it did not know before."),
    rule!("field-added", Fields, Producer, Some(1), Note, "A field is sent that was not sent before."),
    rule!("field-added-closed-reader", Fields, Producer, Some(1), Error, "A new field is sent to a reader that rejects what it does not know."),
    rule!("field-became-nullable", Fields, Producer, Some(1), Error, "A field that always had a value may now be null."),
    rule!("field-became-non-nullable", Fields, Consumer, Some(1), Error, "A reader rejects null where it took it before."),
    rule!("null-vs-absent-changed", Fields, Producer, Some(1), Warning, "A field is left out where it was null, or null where it was left out."),
    rule!("field-moved", Fields, Either, Some(4), Error, "A field stands at another place of the payload."),
    rule!("field-restructured", Fields, Either, Some(1), Error, "A plain value became an object, or an object a plain value."),
    rule!("field-flattened", Fields, Either, Some(1), Error, "An object was unpacked into the one that held it."),
    rule!("fields-closed", Fields, Consumer, Some(1), Error, "A reader rejects keys that it does not know, and took them before."),
    rule!("fields-opened", Fields, Producer, Some(1), Warning, "Keys may be sent that nothing declares."),
    rule!("reserved-field-reused", Fields, Producer, Some(1), Error, "A new field has a name that a reader knows as something else."),
    rule!("field-shadowed", Fields, Producer, Some(1), Warning, "What is spread into a payload may now overwrite a field of it."),

    rule!("type-changed", Values, Either, Some(1), Error, "The type of a value changed to one that shares no value with the old one."),
    rule!("type-widened", Values, Producer, Some(1), Error, "Values of a further type may be sent."),
    rule!("type-narrowed", Values, Consumer, Some(1), Error, "A reader takes values of fewer types than before."),
    rule!("array-scalar-changed", Values, Either, Some(1), Error, "A single value became a list, or a list a single value."),
    rule!("items-changed", Values, Either, Some(1), Error, "The elements of a list are of another type."),
    rule!("map-record-changed", Values, Either, Some(1), Error, "A list became a map by key, or a map a list."),
    rule!("tuple-length-changed", Values, Either, Some(1), Error, "A list whose elements have meaning by position gained or lost positions."),
    rule!("enum-value-added", Values, Producer, Some(1), Warning, "A value may be sent that was not among the listed ones."),
    rule!("enum-value-removed", Values, Consumer, Some(1), Error, "A listed value is no longer taken, or no longer sent."),
    rule!("enum-value-renamed", Values, Either, Some(4), Error, "A listed value is spelled in another way."),
    rule!("enum-closed", Values, Consumer, Some(1), Error, "A reader that took any text takes a list of values only."),
    rule!("enum-opened", Values, Producer, Some(1), Warning, "Any text may be sent where there was a list of values."),
    rule!("enum-representation-changed", Values, Either, Some(1), Error, "The cases of a union are written in another way."),
    rule!("const-changed", Values, Either, Some(1), Error, "A fixed value is another one."),
    rule!("union-branch-added", Values, Producer, Some(1), Error, "A payload of a further form may be sent."),
    rule!("union-branch-removed", Values, Consumer, Some(1), Error, "A reader no longer takes one of the forms of a payload."),
    rule!("discriminator-changed", Values, Either, Some(1), Error, "The key that tells the forms of a payload apart is another one."),
    rule!("format-changed", Values, Either, Some(1), Warning, "A text is of another format, or of none where it had one."),
    rule!("timestamp-encoding-changed", Values, Either, Some(1), Error, "A point in time is written in another way."),
    rule!("number-encoding-changed", Values, Either, Some(1), Error, "A number is written in another way."),
    rule!("pattern-added", Values, Consumer, Some(1), Error, "A reader demands that a text match a pattern."),
    rule!("pattern-changed", Values, Either, Some(1), Warning, "The pattern that a text matches is another one."),
    rule!("pattern-removed", Values, Producer, Some(1), Warning, "A text is no longer promised to match a pattern."),
    rule!("range-narrowed", Values, Consumer, Some(1), Error, "A reader takes numbers of a smaller range."),
    rule!("range-widened", Values, Producer, Some(1), Warning, "Numbers may be sent outside of the range that was kept to."),
    rule!("length-narrowed", Values, Consumer, Some(1), Error, "A reader takes texts, lists or maps of fewer sizes."),
    rule!("length-widened", Values, Producer, Some(1), Warning, "Texts, lists or maps of further sizes may be sent."),
    rule!("uniqueness-changed", Values, Either, Some(1), Warning, "Duplicates may be sent where there were none, or are rejected where they were taken."),
    rule!("default-changed", Values, Either, Some(1), Warning, "The value that stands for an absent field is another one."),
    rule!("content-encoding-changed", Values, Either, Some(1), Error, "What is inside of a text is encoded in another way."),
    rule!("open-content", Values, Either, Some(1), Warning, "Two schemas differ only in keys that the writer's one leaves open by silence."),
    rule!("conditional-changed", Values, Either, Some(1), Warning, "A condition of a schema (`if`, `not`, `dependentRequired`, ...) changed."),

    rule!("event-removed", Events, Producer, Some(1), Error, "An event is no longer emitted."),
    rule!("event-renamed", Events, Either, Some(4), Error, "The same payload goes out under another event name."),
    rule!("topic-changed", Events, Either, Some(4), Error, "An event goes over another topic, queue or address."),
    rule!("envelope-changed", Events, Either, Some(1), Error, "What is wrapped around the payload changed."),
    rule!("event-now-conditional", Events, Producer, Some(2), Warning, "An event is published on some ways through the code only."),
    rule!("event-duplicated", Events, Producer, Some(6), Warning, "An event that was published once is published several times."),
    rule!("event-order-changed", Events, Producer, Some(2), None, "Two events of one function changed places."),
    rule!("version-field-changed", Events, Either, Some(1), Warning, "A field that is named a version has another fixed value."),
    rule!("version-replaced-in-place", Events, Producer, Some(4), Error, "A new version of an event takes the place of the old one."),
    rule!("consumer-removed", Events, Repository, Some(1), Warning, "An event is still emitted, and nothing here reads it any more."),

    rule!("contract-violated", Contracts, Repository, Some(1), Error, "Code sends what a contract rejects."),
    rule!("consumer-reads-undeclared-field", Contracts, Consumer, Some(1), Error, "New code reads a field that no known producer sends."),
    rule!("consumer-requires-optional-field", Contracts, Consumer, Some(1), Warning, "Code takes a field to be there that may be absent."),
    rule!("contract-deleted", Contracts, Repository, Some(1), Error, "A contract or schema no longer speaks of an event."),
    rule!("contract-loosened", Contracts, Repository, Some(1), Error, "A contract asks for less than on the base branch."),
    rule!("contracts-clash", Contracts, Repository, Some(1), Error, "Two consumers need what no payload can give both of them."),
    rule!("contract-and-code-changed-together", Contracts, Repository, Some(1), Note, "A contract and the code that it is about change together."),
    rule!("contract-unparseable", Contracts, Repository, Some(1), Error, "A contract, a schema or the configuration can no longer be understood."),
    rule!("boundary-without-contract", Contracts, Repository, Some(1), Note, "A new event leaves the repository without a contract."),
    rule!("gate-weakened", Contracts, Repository, None, Error, "The change itself loosens the gate."),
    rule!("acceptance-added", Contracts, Repository, None, Note, "The change asks for a break to be accepted."),
    rule!("acceptance-stale", Contracts, Repository, None, Warning, "An acceptance matches no finding any more."),
    rule!("suppression-unreasoned", Contracts, Repository, None, Error, "A waiver on a line says no reason, or names no rule."),
    rule!("suppression-unused", Contracts, Repository, None, Warning, "A waiver on a line matches nothing."),
    rule!("unknown-compatibility", Contracts, Either, Some(1), Warning, "Something can no longer be worked out, so nothing is said of it."),

    rule!("header-changed", Events, Producer, Some(1), Warning, "A header beside the payload is gone, or holds another value."),
    rule!("partition-key-changed", Events, Producer, Some(2), Warning, "Messages of an event are ordered by another key, or by none."),

    rule!("idempotency-key-dropped", Handoff, Producer, Some(6), Error, "An event is handed over without the key that kept duplicates from taking effect."),
    rule!("idempotency-key-changed", Handoff, Producer, Some(6), Warning, "The key that keeps duplicates from taking effect is computed from other inputs."),
    rule!("idempotency-key-unstable", Handoff, Producer, Some(6), Error, "The key that keeps duplicates from taking effect is another one with every attempt."),
    rule!("publish-not-awaited", Handoff, Producer, Some(2), Error, "Nobody waits any more for an event to be sent."),
    rule!("response-before-publish", Handoff, Producer, Some(2), Warning, "The caller is answered before the event is sent."),
    rule!("publish-before-commit", Handoff, Producer, Some(2), Error, "An event is sent before the write that it tells of is committed."),
    rule!("publish-outside-transaction", Handoff, Producer, Some(2), Error, "An event that was part of a transaction is no longer part of it."),
    rule!("ack-before-processing", Handoff, Consumer, Some(3), Error, "A message is acknowledged before the work is done."),
    rule!("publish-error-swallowed", Handoff, Producer, Some(2), Warning, "An event that could not be sent is taken for sent."),
    rule!("mock-drift", Tests, Repository, Some(5), Warning, "A test states a payload that is not what is sent or agreed to."),
    rule!("mock-follows-producer-only", Tests, Repository, Some(5), Warning, "A test changed along with the producer, and a reader did not."),
    rule!("mock-hides-required-field", Tests, Repository, Some(5), Warning, "A test states a payload without a field that is needed."),
    rule!("mock-replaces-boundary", Tests, Repository, Some(5), off: "A test that sent an event puts a stand-in in its place."),
    rule!("fixture-drift", Tests, Repository, Some(5), Warning, "A file of test data is no longer a payload of its event."),
    rule!("payload-assertion-removed", Tests, Repository, Some(5), Note, "A test no longer looks at what is sent, only whether it is."),
    rule!("retry-changed", Handoff, Either, Some(3), Warning, "A handoff is tried again more or less often, or in another rhythm."),
    rule!("timeout-changed", Handoff, Either, Some(3), Note, "The time after which a handoff is given up is gone, or another one."),
    rule!("dead-letter-removed", Handoff, Either, Some(3), Warning, "What cannot be handled has no place to go any more."),
    rule!("delivery-mode-changed", Handoff, Producer, Some(2), Warning, "A broker confirms less than before."),
    rule!("dedup-check-removed", Handoff, Consumer, Some(6), Error, "Nothing tells a repeated message from a new one any more."),
    rule!("upsert-became-insert", Handoff, Consumer, Some(6), Warning, "A message that comes twice now makes a second record."),

    rule!("signature-check-removed", Security, Consumer, None, Error, "A webhook is taken without looking at its signature."),
    rule!("signature-input-changed", Security, Consumer, None, Error, "A signature is checked over something else than what was sent."),
    rule!("auth-scope-changed", Security, Either, None, Warning, "The scope of a handoff is another one."),
];
