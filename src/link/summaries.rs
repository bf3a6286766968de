//! Wrappers followed: what a function publishes or consumes in terms of its parameters, carried to the calls that decide it.
//!
//! Application code almost never names a broker library; it calls its own helper, one to four calls above. So a call that an
//! idiom recognises becomes an [`Emission`] over the parameters of the function around it. As long as its event name (or the
//! handler, on the consumer side) is still a parameter, every call of that function substitutes its arguments, up the call
//! graph, until the name becomes known: there the boundary is.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::callers::Callers;
use super::eval::Eval;
use super::idioms::matcher::{Evidence, Idioms};
use super::idioms::selector::{Root, Selector, Step};
use super::modules::FileId;
use super::options::{Given, is_whole};
use super::resolve::FnRef;
use super::term::{Entry, Kind, RECEIVER_CLASS, Site, Term};
use crate::facts::{Call, CallId, ExprKind, Role};

/// How many calls above the sink are followed.
const MAX_CHAIN: usize = 7;

/// How many emissions one run keeps in flight; past it the rest stays unresolved and is counted.
const MAX_EMISSIONS: usize = 200_000;

/// The keys under which payloads carry the name of their event, in the order in which they are trusted.
pub const EVENT_KEYS: &[&str] = &[
    "event",
    "type",
    "event_type",
    "eventType",
    "event_name",
    "eventName",
    "detail-type",
    "detailType",
    "topic",
    "kind",
    "name",
];

/// A call in a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallSite {
    pub function: FnRef,
    pub call: CallId,
}

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
    /// Whether the event name has been read out of the payload.
    pub event_in_payload: bool,
    pub evidence: Evidence,
    /// The emission where its payload is put together, while its address was still open: where it stands if nobody tells the address.
    complete: Option<Arc<Emission<'a>>>,
}

impl<'a> Emission<'a> {
    pub fn site(&self) -> CallSite {
        self.chain[0]
    }

    /// Whether what identifies it still depends on who calls.
    fn is_open(&self) -> bool {
        let open = |term: &Option<Term<'a>>| term.as_ref().is_some_and(Term::is_open);
        match self.role {
            Role::Producer => match &self.event {
                Some(event) => event.is_open(),
                None => open(&self.channel) || open(&self.payload),
            },
            Role::Consumer => open(&self.handler) || (open(&self.event) || self.event.is_none() && open(&self.channel)),
        }
    }

    fn substituted(
        &self,
        eval: &Eval<'a>,
        function: FnRef,
        site: CallSite,
        bound: &[Option<Term<'a>>],
        receiver: Option<&Term<'a>>,
    ) -> Emission<'a> {
        let call = eval.program.function(site.function).call(site.call);
        // An option that a caller does not pass is not there.
        let whole = is_whole(call);
        let passed = |index: u32| match index {
            RECEIVER_CLASS => receiver.cloned(),
            _ => match bound.get(index as usize) {
                Some(None) if whole => Some(Term::new(Kind::Absent, Site { file: site.function.file, span: call.span })),
                given => given.cloned().flatten(),
            },
        };
        let on_class = eval.on_class();
        let given = self.given.as_ref().map(|given| Arc::new(given.map(&|term| term.substitute(function, &passed, &on_class))));
        let argument = |index: u32| match index {
            RECEIVER_CLASS => receiver.cloned(),
            _ => bound.get(index as usize).cloned().flatten(),
        };
        let apply = |term: &Option<Term<'a>>| term.as_ref().map(|term| term.substitute(function, &argument, &eval.on_class()));
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
            event_in_payload: self.event_in_payload,
            evidence: self.evidence,
            complete: self.complete.clone(),
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

/// Everything that the functions of a program publish and consume by calls.
pub struct Summaries<'a> {
    /// Emissions whose name is known, or that nobody calls further up.
    pub settled: Vec<Emission<'a>>,
}

/// Finds every emission of a program.
pub fn summarize<'a>(eval: &Eval<'a>, callers: &Callers<'a>, idioms: &Idioms) -> Summaries<'a> {
    let mut work =
        Work { eval, idioms, callers, seen: FxHashSet::default(), covered: FxHashSet::default(), settled: Vec::new(), count: 0 };
    // A call that only its names speak for counts where nothing better is known of it.
    for direct in work.direct() {
        let open = direct.into_iter().filter(|emission| !work.covered.contains(&emission.site())).collect();
        work.propagate(open);
    }
    let mut settled = work.settled;
    settled.sort_by_key(|emission| (emission.site(), emission.row, emission.chain.len()));
    Summaries { settled }
}

struct Work<'e, 'a> {
    eval: &'e Eval<'a>,
    idioms: &'e Idioms,
    callers: &'e Callers<'a>,
    /// Wrapper, caller and row that have been combined already: recursion ends here.
    seen: FxHashSet<(CallSite, FnRef, CallSite, usize)>,
    /// Calls that are part of some emission.
    covered: FxHashSet<CallSite>,
    settled: Vec<Emission<'a>>,
    count: usize,
}

impl<'e, 'a> Work<'e, 'a> {
    /// The calls that an idiom recognises, from sure to less sure.
    fn direct(&mut self) -> [Vec<Emission<'a>>; 3] {
        let mut found: [Vec<Emission<'a>>; 3] = Default::default();
        for (at, unit) in self.eval.program.files.units.iter().enumerate() {
            let file = FileId(at as u32);
            for (name, sites) in &unit.index.calls {
                let candidates = self.idioms.candidates(name);
                if candidates.is_empty() {
                    continue;
                }
                for (function_id, call_id) in sites {
                    let function = FnRef { file, id: *function_id };
                    let call = self.eval.program.function(function).call(*call_id);
                    let site = CallSite { function, call: *call_id };
                    let matched: Vec<(Evidence, usize)> = candidates
                        .iter()
                        .filter_map(|row| self.idioms.matches(*row, self.eval, function, call).map(|evidence| (evidence, *row)))
                        .collect();
                    let Some(best) = matched.iter().map(|(evidence, _)| *evidence).max() else { continue };
                    // A call of the repository's own function is that function's matter, whatever the file imports.
                    let own = self.eval.callee(function, call).is_some_and(|target| self.has_body(target));
                    for (_, row) in matched.iter().filter(|(evidence, _)| *evidence == best) {
                        if own && self.idioms.rows[*row].language.is_some() && best == Evidence::Library {
                            continue;
                        }
                        if let Some(emission) = self.emission(*row, site, call, best) {
                            found[match best {
                                Evidence::Library => 0,
                                Evidence::Name => 1,
                                Evidence::Callee => 2,
                            }]
                            .push(emission);
                        }
                    }
                }
            }
        }
        found
    }

    fn has_body(&self, target: FnRef) -> bool {
        let function = self.eval.program.function(target);
        !function.calls.is_empty() || !function.returns.is_empty()
    }

    fn emission(&self, row: usize, site: CallSite, call: &'a Call, evidence: Evidence) -> Option<Emission<'a>> {
        let idiom = &self.idioms.rows[row];
        let pick = |selectors: &[Selector]| selectors.iter().find_map(|selector| selector.select(self.eval, site.function, call));
        let mut payload = pick(&idiom.payload);
        let handler = pick(&idiom.handler).map(|handler| self.unwrapped(handler, &idiom.handler, site, call));
        let named = idiom.event.iter().find_map(|selector| {
            let term = selector.select(self.eval, site.function, call)?;
            let whole = selector.steps.is_empty() && idiom.payload.contains(selector);
            // `add(payload, options)` beside `add(name, payload)`: what cannot be a name is the payload, where the row admits both.
            if !can_be_name(&term) {
                if whole {
                    payload = Some(term);
                }
                return None;
            }
            let is_payload = whole
                && idiom.payload.iter().find(|other| other.select(self.eval, site.function, call).is_some()) == Some(selector);
            (!is_payload && !is_beyond(&term, selector)).then_some(term)
        });
        let from_payload = |selectors: &[Selector]| {
            selectors.iter().filter(|selector| selector.root == Root::Payload).find_map(|selector| {
                let term = payload.clone()?;
                let site = term.site;
                super::idioms::selector::walk(term, &selector.steps, site)
            })
        };
        let mut event = named.or_else(|| from_payload(&idiom.event));
        let channel = pick(&idiom.channel);
        let mut event_in_payload = false;
        if event.is_none()
            && let Some(payload) = &payload
            && let Some(found) = event_in(payload)
        {
            event = Some(found);
            event_in_payload = true;
        }
        match idiom.role {
            Role::Producer if payload.is_none() && !idiom.payload.is_empty() => return None,
            Role::Consumer if handler.is_none() && !idiom.handler.is_empty() && payload.is_none() => return None,
            Role::Producer | Role::Consumer => {}
        }
        if idiom.wants_event_like() {
            let texts = [&event, &channel].into_iter().flatten().flat_map(texts_of).collect::<Vec<_>>();
            let source = [&event, &channel].into_iter().flatten().filter_map(|term| source_words(term)).collect::<Vec<_>>();
            let around = self.names_around(row, site);
            let fits = texts.iter().chain(&source).chain(&around).any(|text| idiom.admits_event(text));
            let open = [&event, &channel].into_iter().flatten().any(Term::is_open);
            if !fits && !open {
                return None;
            }
        }
        if evidence == Evidence::Callee && idiom.role == Role::Producer {
            // Nothing but a name speaks for it: the event has to be a text, or a parameter that callers give one for.
            let named = event.as_ref().is_some_and(|event| !texts_of(event).is_empty() || event.is_open());
            if !named {
                return None;
            }
        }
        Some(Emission {
            row,
            role: idiom.role,
            event,
            channel,
            payload,
            handler,
            key: pick(&idiom.key),
            idempotency_key: pick(&idiom.idempotency_key),
            retry: pick(&idiom.retry),
            given: (idiom.role == Role::Producer).then(|| Arc::new(Given::of(self.eval, site, call))),
            inner: None,
            chain: vec![site],
            event_in_payload,
            evidence,
            complete: None,
        })
    }

    /// A handler that a function of the repository wraps (`new Worker(name, metered(processor))`): what is handed to the wrapper
    /// handles as well as what it returns.
    fn unwrapped(&self, handler: Term<'a>, selectors: &[Selector], site: CallSite, call: &'a Call) -> Term<'a> {
        let wrapped = selectors.iter().find_map(|selector| {
            let Root::Argument(position) = selector.root else { return None };
            let at = usize::try_from(position).ok().or_else(|| call.args.len().checked_sub(position.unsigned_abs() as usize))?;
            match &call.args.get(at)?.value.kind {
                ExprKind::Call(id) if selector.steps.is_empty() => {
                    self.eval.program.function(site.function).calls.get(id.0 as usize)
                }
                _ => None,
            }
        });
        let (Kind::Function(_), Some(wrapper)) = (&handler.bare().kind, wrapped) else { return handler };
        let place = handler.site;
        let mut all = vec![handler];
        for argument in &wrapper.args {
            let given = self.eval.term(site.function, &argument.value, wrapper.span.start);
            if matches!(given.bare().kind, Kind::Function(_) | Kind::Param { .. }) {
                all.push(given);
            }
        }
        if all.len() == 1 { all.remove(0) } else { Term::new(Kind::OneOf(all), place) }
    }

    /// The function and class around an HTTP call: `sendWebhook` tells what is sent as well as the address does, which is mostly
    /// a column of a subscription.
    fn names_around(&self, row: usize, site: CallSite) -> Vec<String> {
        let idiom = &self.idioms.rows[row];
        if idiom.kind != "webhook" || idiom.role != Role::Producer {
            return Vec::new();
        }
        let mut current = site.function;
        let mut names = Vec::new();
        for _ in 0..8 {
            let owner = self.eval.program.function(current);
            names.push(owner.name.clone());
            names.extend(owner.scope.last().cloned());
            match owner.parent {
                Some((parent, _)) => current = FnRef { file: current.file, id: parent },
                None => break,
            }
        }
        names
    }

    fn propagate(&mut self, mut pending: Vec<Emission<'a>>) {
        while let Some(mut emission) = pending.pop() {
            self.count += 1;
            if emission.complete.is_none()
                && emission.role == Role::Producer
                && emission.event.is_none()
                && emission
                    .payload
                    .as_ref()
                    .is_some_and(|payload| !payload.is_open() || matches!(payload.bare().kind, Kind::Object(_) | Kind::Record(_)))
            {
                emission.complete = Some(Arc::new(emission.clone()));
            }
            self.covered.extend(emission.chain.iter().copied());
            let function = emission.site().function;
            if !emission.is_open() || emission.chain.len() >= MAX_CHAIN || self.count > MAX_EMISSIONS {
                self.settle(emission);
                continue;
            }
            let mut called = false;
            for caller in self.callers.of(self.eval, function).iter().copied() {
                called = true;
                if !self.seen.insert((emission.chain[emission.chain.len() - 1], function, caller, emission.row)) {
                    continue;
                }
                let call = self.eval.program.function(caller.function).call(caller.call);
                let bound = self.eval.arguments(caller.function, call, function, call.span.start, 0);
                let receiver = self.eval.receiver_name(caller.function, call);
                let mut carried = emission.substituted(self.eval, function, caller, &bound, receiver.as_ref());
                if carried.event.as_ref().is_none_or(|event| texts_of(event).is_empty() && !event.is_open())
                    && let Some(found) = carried.payload.as_ref().and_then(event_in)
                    && (carried.event.is_none() || !texts_of(&found).is_empty())
                {
                    carried.event = Some(found);
                    carried.event_in_payload = true;
                }
                pending.push(carried);
            }
            if !called {
                self.settle(emission);
            }
        }
    }

    fn settle(&mut self, emission: Emission<'a>) {
        let idiom = &self.idioms.rows[emission.row];
        if idiom.wants_event_like() {
            let texts: Vec<String> = [&emission.event, &emission.channel].into_iter().flatten().flat_map(texts_of).collect();
            let source: Vec<String> =
                [&emission.event, &emission.channel].into_iter().flatten().filter_map(source_words).collect();
            let sink = emission.chain[emission.chain.len() - 1];
            let around = self.names_around(emission.row, sink);
            if !texts.iter().chain(&source).chain(&around).any(|text| idiom.admits_event(text)) {
                return;
            }
        }
        if emission.evidence == Evidence::Callee
            && idiom.role == Role::Producer
            && emission.event.as_ref().is_none_or(|event| texts_of(event).is_empty())
        {
            return;
        }
        // Callers that do not tell where it goes say nothing of it: it stands where the payload is put together.
        let told = emission.event.is_some() || emission.channel.as_ref().is_some_and(|channel| !texts_of(channel).is_empty());
        match emission.complete {
            Some(complete) if !told => self.settled.push(complete.as_ref().clone()),
            _ => self.settled.push(emission),
        }
    }
}

/// The methods by which object-relational mappers make an instance of a model from an object.
const MODEL_BUILDERS: &[&str] = &["build", "create", "make"];

/// Whether a value can be the name of an event; objects, lists, functions and numbers cannot.
fn can_be_name(term: &Term<'_>) -> bool {
    match &term.bare().kind {
        Kind::Object(_)
        | Kind::Record(_)
        | Kind::Array(_)
        | Kind::ListOf(_)
        | Kind::MapOf(_)
        | Kind::Function(_)
        | Kind::Literal(crate::facts::Literal::Number(_) | crate::facts::Literal::Bool(_) | crate::facts::Literal::Null) => false,
        Kind::OneOf(branches) => branches.iter().any(can_be_name),
        _ => true,
    }
}

/// Whether the selector's last step leads into a value of which nothing is known: the name is then the selector's own, and no
/// word of the source. Headers that a caller passes on are of that kind.
fn is_beyond(term: &Term<'_>, selector: &Selector) -> bool {
    match (&term.kind, selector.steps.last()) {
        (Kind::Member(inner, name), Some(Step::Key(key))) => {
            let of_headers = selector.steps.contains(&Step::Key("headers".to_owned()));
            name == key && (of_headers || matches!(inner.bare().kind, Kind::Built(_)))
        }
        (Kind::OneOf(branches), Some(_)) => branches.iter().all(|branch| is_beyond(branch, selector)),
        _ => false,
    }
}

/// The name of its event that a payload carries.
fn event_in<'a>(payload: &Term<'a>) -> Option<Term<'a>> {
    let mut bare = payload;
    while let Kind::Encoded(inner) | Kind::Typed(inner, _) = &bare.kind {
        bare = inner;
    }
    // `Model.build({…})`: an instance of a model has what it is built from.
    if let Kind::Built(built) = &bare.kind
        && let Some((name, args)) = built.calls.last()
        && MODEL_BUILDERS.contains(&name.as_str())
        && let [(None, given)] = args.as_slice()
    {
        bare = given.bare();
    }
    if !matches!(bare.kind, Kind::Object(_) | Kind::Record(_)) {
        return None;
    }
    EVENT_KEYS.iter().find_map(|key| {
        let term = bare.clone().member(key, bare.site);
        let depends = matches!(term.bare().kind, Kind::Param { .. } | Kind::OnClass(_)) || is_param_member(term.bare());
        (depends || !texts_of(&term).is_empty()).then_some(term)
    })
}

fn is_param_member(term: &Term<'_>) -> bool {
    matches!(&term.kind, Kind::Member(inner, _) if matches!(inner.bare().kind, Kind::Param { .. }))
}

/// The constant texts that a term can be; a template with parts that are not known gives a pattern with `*`.
/// One that callers may still complete gives none.
pub fn texts_of(term: &Term<'_>) -> Vec<String> {
    if matches!(term.bare().kind, Kind::Template(_)) && term.is_open() {
        return Vec::new();
    }
    patterns_of(term)
}

/// The same, where no further caller is going to complete it.
pub fn patterns_of(term: &Term<'_>) -> Vec<String> {
    match &term.bare().kind {
        Kind::Literal(literal) => super::payload::literal_text(literal).into_iter().collect(),
        Kind::OneOf(branches) => {
            let mut texts: Vec<String> = branches.iter().flat_map(patterns_of).collect();
            texts.dedup();
            texts
        }
        Kind::Template(parts) => {
            let mut patterns = vec![String::new()];
            let mut constant = 0;
            for part in parts {
                let options = match patterns_of(part) {
                    texts if texts.is_empty() || texts.len() * patterns.len() > 64 => vec!["*".to_owned()],
                    texts => texts,
                };
                constant +=
                    options.iter().map(|option| option.chars().filter(|c| c.is_alphanumeric()).count()).max().unwrap_or(0);
                patterns =
                    patterns.iter().flat_map(|pattern| options.iter().map(move |option| format!("{pattern}{option}"))).collect();
            }
            if constant < 3 { Vec::new() } else { patterns }
        }
        _ => Vec::new(),
    }
}

/// The words of the source in a term that has no constant text: names of members and variables.
fn source_words(term: &Term<'_>) -> Option<String> {
    match &term.bare().kind {
        Kind::Unknown(text) => Some(text.clone()),
        Kind::Member(inner, name) => Some(match source_words(inner) {
            Some(base) => format!("{base}.{name}"),
            None => name.clone(),
        }),
        Kind::Built(built) => Some(built.root.clone()),
        Kind::Class(class) => Some(class.name.clone()),
        Kind::Template(parts) => {
            let words: Vec<String> = parts.iter().flat_map(|part| texts_of(part).into_iter().chain(source_words(part))).collect();
            (!words.is_empty()).then(|| words.join(""))
        }
        _ => None,
    }
}
