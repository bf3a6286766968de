//! What one call publishes or consumes, in terms of the parameters of the function around it, and what its callers make of that.

use std::sync::Arc;

use super::CallSite;
use crate::facts::Role;
use crate::link::eval::{Eval, Receiver};
use crate::link::idioms::matcher::Evidence;
use crate::link::naming::{event_in, texts_of};
use crate::link::options::{Given, is_whole};
use crate::link::resolve::FnRef;
use crate::link::term::{Entry, Kind, Site, Term};
use crate::link::told;

/// A publish or a registration of a handler, as seen from one call.
#[derive(Clone, Debug)]
pub struct Emission<'a> {
    pub row: usize,
    pub role: Role,
    pub event: Option<Term<'a>>,
    pub channel: Option<Term<'a>>,
    pub payload: Option<Term<'a>>,
    pub handler: Option<Term<'a>>,
    pub key: Option<Term<'a>>,
    pub idempotency_key: Option<Term<'a>>,
    pub retry: Option<Term<'a>>,
    /// What the sink's call is given, for a producer.
    pub given: Option<Arc<Given<'a>>>,
    /// The payload at the call, before any envelope: what the outermost wrapper was given.
    pub inner: Option<Term<'a>>,
    /// The calls from here down to the sink; the first is where the emission stands.
    pub chain: Vec<CallSite>,
    /// The function whose parameters are free in it: the one around the first call, or one further out where that is a closure.
    pub(super) home: FnRef,
    /// Whether the event name has been read out of the payload.
    pub event_in_payload: bool,
    pub evidence: Evidence,
    /// Whether it is about the event that a message of another name carries.
    pub(super) carried: bool,
    /// Whether the classes of what it sends have names for it, whoever calls.
    pub(super) told_by_class: bool,
    /// The emission where its payload is put together, while its address or the name in the payload was still open: where it stands
    /// if nobody tells them.
    pub(super) complete: Option<Arc<Emission<'a>>>,
}

impl<'a> Emission<'a> {
    pub fn site(&self) -> CallSite {
        self.chain[0]
    }

    /// Whether the transport's name is known and the payload carries no name of its own that callers could tell.
    pub(super) fn has_channel(&self) -> bool {
        self.role == Role::Producer
            && self.channel.as_ref().is_some_and(|channel| !channel.is_open() && !texts_of(channel).is_empty())
    }

    /// Whether what identifies it still depends on who calls.
    pub(super) fn is_open(&self) -> bool {
        self.identity(&Term::is_open)
    }

    /// Whether what identifies it depends on who calls one of these functions.
    pub(super) fn depends_on(&self, functions: &[FnRef]) -> bool {
        self.identity(&|term: &Term<'a>| term.depends_on(&|function| functions.contains(&function)))
    }

    fn identity(&self, is_open: &dyn Fn(&Term<'a>) -> bool) -> bool {
        let open = |term: &Option<Term<'a>>| term.as_ref().is_some_and(is_open);
        match self.role {
            Role::Producer => match &self.event {
                Some(event) => is_open(event),
                None => open(&self.channel) || open(&self.payload),
            },
            Role::Consumer => open(&self.handler) || (open(&self.event) || self.event.is_none() && open(&self.channel)),
        }
    }

    pub(super) fn substituted(
        &self,
        eval: &Eval<'a>,
        function: FnRef,
        site: CallSite,
        bound: &[Option<Term<'a>>],
        receiver: &Receiver<'a>,
    ) -> Emission<'a> {
        let call = eval.program.function(site.function).call(site.call);
        // An option that a caller does not pass is not there.
        let whole = is_whole(call);
        let passed = |index: u32| match bound.get(index as usize) {
            Some(None) if whole => Some(Term::new(Kind::Absent, Site { file: site.function.file, span: call.span })),
            Some(given) => given.clone(),
            None => receiver.of(index),
        };
        let on_class = eval.on_class();
        let given = self.given.as_ref().map(|given| Arc::new(given.map(&|term| term.substitute(function, &passed, &on_class))));
        let argument = |index: u32| receiver.of(index).or_else(|| bound.get(index as usize).cloned().flatten());
        let apply = |term: &Option<Term<'a>>| {
            term.as_ref().map(|term| told::decided(term.substitute(function, &argument, &eval.on_class())))
        };
        let mut chain = Vec::with_capacity(self.chain.len() + 1);
        chain.push(site);
        chain.extend_from_slice(&self.chain);
        let payload = apply(&self.payload);
        // What was handed over as the whole or a part of the payload is the payload at the call.
        let inner = self.inner.as_ref().or(self.payload.as_ref()).and_then(|term| innermost_argument(term, function, &argument));
        Emission {
            row: self.row,
            role: self.role,
            event: apply(&self.event),
            channel: apply(&self.channel),
            payload,
            handler: apply(&self.handler),
            key: apply(&self.key),
            idempotency_key: apply(&self.idempotency_key),
            retry: apply(&self.retry),
            given,
            inner,
            chain,
            home: site.function,
            event_in_payload: self.event_in_payload,
            evidence: self.evidence,
            carried: self.carried,
            told_by_class: self.told_by_class,
            complete: self.complete.clone(),
        }
    }

    /// The emission as the function around a closure sees it: with the arguments that the closure is called with there, if it is.
    pub(super) fn seen_from(&self, eval: &Eval<'a>, outer: FnRef, bound: &[Option<Term<'a>>]) -> Emission<'a> {
        let closure = self.home;
        let argument = |index: u32| bound.get(index as usize).cloned().flatten();
        let apply = |term: &Option<Term<'a>>| {
            term.as_ref().map(|term| told::decided(term.substitute(closure, &argument, &eval.on_class())))
        };
        Emission {
            event: apply(&self.event),
            channel: apply(&self.channel),
            payload: apply(&self.payload),
            handler: apply(&self.handler),
            key: apply(&self.key),
            idempotency_key: apply(&self.idempotency_key),
            retry: apply(&self.retry),
            inner: apply(&self.inner),
            given: self
                .given
                .as_ref()
                .map(|given| Arc::new(given.map(&|term| term.substitute(closure, &argument, &eval.on_class())))),
            home: outer,
            ..self.clone()
        }
    }

    /// The name of its event taken from the payload, where nothing better is known of it.
    pub(super) fn named_by_payload(&mut self) {
        if self.event.as_ref().is_none_or(|event| texts_of(event).is_empty() && !event.is_open())
            && let Some(found) = self.payload.as_ref().and_then(event_in)
            && (self.event.is_none() || found.is_open() || !texts_of(&found).is_empty())
        {
            self.event = Some(found);
            self.event_in_payload = true;
        }
    }
}

/// The one argument that a payload is built around, where there is exactly one that is not a text.
fn innermost_argument<'a>(term: &Term<'a>, function: FnRef, argument: &dyn Fn(u32) -> Option<Term<'a>>) -> Option<Term<'a>> {
    let mut found: Vec<Term<'a>> = Vec::new();
    collect_arguments(term, function, argument, &mut found, 0);
    found.retain(|given| !matches!(given.kind, Kind::Literal(_) | Kind::Template(_)));
    (found.len() == 1).then(|| found.remove(0))
}

fn collect_arguments<'a>(
    term: &Term<'a>,
    function: FnRef,
    argument: &dyn Fn(u32) -> Option<Term<'a>>,
    found: &mut Vec<Term<'a>>,
    depth: u32,
) {
    if depth > 8 || found.len() > 4 {
        return;
    }
    let mut go = |inner: &Term<'a>| collect_arguments(inner, function, argument, found, depth + 1);
    match &term.kind {
        Kind::Param { function: owner, index, .. } if *owner == function => found.extend(argument(*index)),
        Kind::Member(inner, name) => {
            if let Kind::Param { function: owner, index, .. } = &inner.kind
                && *owner == function
            {
                let site = term.site;
                found.extend(argument(*index).map(|given| given.member(name, site)));
            }
        }
        Kind::Typed(inner, _) | Kind::Encoded(inner) => go(inner),
        Kind::Object(entries) => {
            for entry in entries {
                match entry {
                    Entry::Field { value, .. } | Entry::AnyKey { value } | Entry::Spread { value, .. } => go(value),
                }
            }
        }
        Kind::Record(record) => record.fields.iter().for_each(|(_, value)| go(value)),
        _ => {}
    }
}
