//! Wrappers followed: what a function publishes or consumes in terms of its parameters, carried to the calls that decide it.
//!
//! Application code almost never names a broker library; it calls its own helper, one to four calls above. So a call that an
//! idiom recognises becomes an [`Emission`] over the parameters of the function around it. As long as its event name (or the
//! handler, on the consumer side) is still a parameter, every call of that function substitutes its arguments, up the call
//! graph, until the name becomes known: there the boundary is.

mod emission;

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

pub use emission::Emission;

use super::callers::Callers;
use super::eval::{Eval, Receiver, is_super};
use super::heirs;
use super::idioms::matcher::{Evidence, Idioms};
use super::idioms::selector::{Root, Selector};
use super::modules::FileId;
use super::naming::{
    EVENT_KEYS, can_be_name, event_in, is_beyond, is_inside_param, is_opaque, is_param_member, own_class_in, patterns_of,
    source_words, texts_of,
};
use super::options::Given;
use super::packages::is_test_path;
use super::relay::{self, Relays};
use super::resolve::FnRef;
use super::term::{Kind, Site, Term};
use super::told;
use super::types::Types;
use crate::facts::{Call, CallId, ExprKind, LanguageId, Name, Role};

/// How many calls above the sink are followed.
const MAX_CHAIN: usize = 7;

/// How many functions around a closure are looked through.
const MAX_CLOSURES: usize = 8;

/// How many emissions one run keeps in flight; past it the rest stays unresolved and is counted.
const MAX_EMISSIONS: usize = 200_000;

/// The keys under which a message carries the name of an event that it is about.
const CARRIED_KEYS: &[&str] = &["event", "eventType", "event_type", "eventName", "event_name", "trigger"];

/// The keys under which it holds its own payload.
const CARRIERS: &[&str] = &["payload", "data", "body", "message", "input", "params", "props"];

/// A call in a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallSite {
    pub function: FnRef,
    pub call: CallId,
}

/// Everything that the functions of a program publish and consume by calls.
pub struct Summaries<'a> {
    /// Emissions whose name is known, or that nobody calls further up.
    pub settled: Vec<Emission<'a>>,
}

/// Finds every emission of a program.
pub fn summarize<'a>(eval: &Eval<'a>, callers: &Callers, relays: &Relays, idioms: &Idioms) -> Summaries<'a> {
    let types = Types::new(eval);
    let mut work = Work {
        eval,
        types: &types,
        idioms,
        callers,
        relays,
        seen: FxHashSet::default(),
        covered: FxHashSet::default(),
        relayed: FxHashSet::default(),
        settled: Vec::new(),
        count: 0,
    };
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
    types: &'e Types<'e, 'a>,
    idioms: &'e Idioms,
    callers: &'e Callers,
    relays: &'e Relays,
    /// Wrapper, caller and row that have been combined already: recursion ends here.
    seen: FxHashSet<(CallSite, FnRef, CallSite, usize)>,
    /// Calls that are part of some emission.
    covered: FxHashSet<CallSite>,
    /// Calls that have a function run elsewhere.
    relayed: FxHashSet<CallSite>,
    settled: Vec<Emission<'a>>,
    count: usize,
}

impl<'e, 'a> Work<'e, 'a> {
    /// The calls that an idiom recognises, from sure to less sure.
    fn direct(&mut self) -> [Vec<Emission<'a>>; 3] {
        let mut found: [Vec<Emission<'a>>; 3] = Default::default();
        // The same names are called in every file, and each is held against all patterns.
        let mut rows_of: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
        for (at, unit) in self.eval.program.files.units.iter().enumerate() {
            let file = FileId(at as u32);
            for (name, sites) in &unit.index.calls {
                let candidates = rows_of.entry(name.as_str()).or_insert_with(|| self.idioms.candidates(name));
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
                    if matched.is_empty() {
                        continue;
                    }
                    // A call of the repository's own function is that function's matter, whatever the file imports.
                    let own = self.eval.callee(function, call).is_some_and(|target| self.has_body(target));
                    // What is surest counts; where it makes nothing of the call, what is less sure may.
                    for (evidence, slot) in [(Evidence::Library, 0), (Evidence::Name, 1), (Evidence::Callee, 2)] {
                        let rows = matched.iter().filter(|(of, row)| {
                            let idiom = &self.idioms.rows[*row];
                            let of_library = evidence == Evidence::Library
                                || evidence == Evidence::Name && idiom.asks_for_import() && idiom.kind == "queue";
                            *of == evidence && !(own && idiom.language.is_some() && of_library)
                        });
                        let emissions: Vec<_> = rows.filter_map(|(_, row)| self.emission(*row, site, call, evidence)).collect();
                        if !emissions.is_empty() {
                            // Where a class tells events apart, a name inside of one is another matter.
                            let of_class = |emission: &Emission<'a>| self.idioms.rows[emission.row].is_of_class();
                            let by_class = emissions.iter().any(of_class);
                            found[slot].extend(emissions.into_iter().filter(|one| !by_class || of_class(one)));
                            break;
                        }
                    }
                }
            }
        }
        found
    }

    fn has_body(&self, target: FnRef) -> bool {
        super::callee::has_body(self.eval.program.function(target))
    }

    fn emission(&self, row: usize, site: CallSite, call: &'a Call, evidence: Evidence) -> Option<Emission<'a>> {
        let idiom = &self.idioms.rows[row];
        // What a class of the repository does with the method of its base goes by no name of the source.
        let by_receiver = |selector: &Selector| selector.by_name && selector.root == Root::Receiver;
        if matches!(&call.callee.kind, ExprKind::Member(base, _) if is_super(base)) && idiom.event.iter().any(by_receiver) {
            return None;
        }
        let pick = |selectors: &[Selector]| self.readings(selectors, site.function, call, |_, term| Some(term));
        if !idiom.requires.is_empty() && pick(&idiom.requires).is_none() {
            return None;
        }
        let mut payload = pick(&idiom.payload);
        // A function that is put on a queue runs in this process: nothing is sent.
        if idiom.role == Role::Producer && payload.as_ref().is_some_and(|given| matches!(given.bare().kind, Kind::Function(_))) {
            return None;
        }
        let handler = pick(&idiom.handler).map(|handler| self.unwrapped(handler, &idiom.handler, site, call));
        let named = self.readings(&idiom.event, site.function, call, |selector, term| {
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
            && !idiom.by_type
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
            let open = [&event, &channel].into_iter().flatten().any(Term::is_open);
            if !open && !self.speaks_of_events(row, site, [&event, &channel]) {
                return None;
            }
        }
        // `pending.queue.add(item)`: the name of the receiver alone says nothing of a call that names no event.
        let named_at_call = event.is_some() && !event_in_payload || channel.is_some();
        if evidence == Evidence::Name && idiom.asks_for_import() && idiom.role == Role::Producer && !named_at_call {
            return None;
        }
        let of_class = idiom.is_of_class();
        if evidence == Evidence::Name
            && idiom.role == Role::Producer
            && idiom.kind == "in-process"
            && event.is_none()
            && !of_class
        {
            return None;
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
            given: Some(Arc::new(Given::of(self.eval, site.function, call))),
            inner: None,
            chain: vec![site],
            home: site.function,
            event_in_payload,
            evidence,
            carried: false,
            told_by_class: false,
            complete: None,
        })
    }

    /// What the selectors give in a call: the first that applies. Where that reads into a parameter of which nothing is known
    /// yet, the next ones stay possible until a caller decides: `capture(event)` may hand on an object or a name.
    fn readings(
        &self,
        selectors: &[Selector],
        function: FnRef,
        call: &'a Call,
        mut admit: impl FnMut(&Selector, Term<'a>) -> Option<Term<'a>>,
    ) -> Option<Term<'a>> {
        let mut found: Vec<Term<'a>> = Vec::new();
        let mut opaque: Option<Term<'a>> = None;
        for selector in selectors {
            let Some(term) = selector.select(self.eval, function, call).and_then(|term| admit(selector, term)) else { continue };
            // A part of what a foreign call gave, such as a transaction: where another place holds something, it is that.
            if is_opaque(&term) {
                opaque.get_or_insert(term);
                continue;
            }
            let undecided = !selector.steps.is_empty() && is_inside_param(&term);
            found.push(term);
            if !undecided {
                break;
            }
        }
        match found.len() {
            0 => opaque,
            1 => found.pop(),
            _ => {
                let site = found[0].site;
                Some(Term::new(Kind::OneOf(found), site))
            }
        }
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

    /// Whether the event, the channel or what is around the call is what the row asks for.
    fn speaks_of_events(&self, row: usize, site: CallSite, named: [&Option<Term<'a>>; 2]) -> bool {
        let terms = || named.into_iter().flatten();
        let texts: Vec<Name> = terms().flat_map(texts_of).collect();
        // That a payload was asked for its `event` says nothing of whether it has one.
        let asked = |term: &&Term<'a>| matches!(&term.bare().kind, Kind::Member(_, name) if EVENT_KEYS.contains(&name.as_str()));
        let event = named[0].as_ref().filter(|event| !asked(event));
        let source: Vec<Name> =
            event.into_iter().chain(named[1].as_ref()).filter_map(|term| source_words(self.eval, term)).collect();
        let around = self.names_around(row, site, texts.iter().any(|text| is_address(text)));
        texts.iter().chain(&source).chain(&around).any(|text| self.idioms.rows[row].admits_event(text))
    }

    /// The function and class around an HTTP call: `sendWebhook` tells what is sent as well as the address does, which is mostly
    /// a column of a subscription. What a request's body is, its address tells.
    ///
    /// A class that is named after webhooks asks other systems as well: where the address is known, only the function counts.
    fn names_around(&self, row: usize, site: CallSite, address_known: bool) -> Vec<Name> {
        let idiom = &self.idioms.rows[row];
        if idiom.kind != "webhook" {
            return Vec::new();
        }
        if idiom.role == Role::Consumer {
            let mut names = self.paths_of(site.function);
            // A row that names its event by the function goes by what it is called, also where a route stands for that.
            if idiom.event.iter().any(|selector| selector.root == Root::FunctionName) {
                names.push(self.eval.program.function(site.function).name.clone());
            }
            return names;
        }
        // A test posts whatever it likes; what it is called says nothing of where that goes.
        if self.is_test(site.function) {
            return Vec::new();
        }
        let mut current = site.function;
        let mut names = Vec::new();
        let everything = !(address_known && idiom.language == Some(LanguageId::Python));
        if everything && idiom.language == Some(LanguageId::Python) {
            // `webhooks/tasks.py` sends webhooks, whatever its functions are called.
            let path = self.eval.program.files.unit(site.function.file).path.as_str();
            names.extend(path.rsplit('/').take(2).find(|part| part.contains("webhook")).map(Name::from));
        }
        for _ in 0..8 {
            let owner = self.eval.program.function(current);
            names.push(owner.name.clone());
            names.extend(owner.scope.last().filter(|_| everything).cloned());
            match owner.parent {
                Some((parent, _)) => current = FnRef { file: current.file, id: parent },
                None => break,
            }
        }
        names
    }

    /// The addresses that a handler's own decorators name: `@app.post("/webhooks/orders")`.
    fn paths_of(&self, function: FnRef) -> Vec<Name> {
        let decorators = self.eval.program.function(function).decorators.iter();
        decorators
            .filter_map(|decorator| match &decorator.args.first()?.value.kind {
                ExprKind::Literal(crate::facts::Literal::Text(text)) => Some(text.clone()),
                _ => None,
            })
            .collect()
    }

    fn propagate(&mut self, mut pending: Vec<Emission<'a>>) {
        while let Some(mut emission) = pending.pop() {
            self.count += 1;
            for _ in 0..MAX_CLOSURES {
                match self.run_by(&emission) {
                    Some(seen) => emission = seen,
                    None => break,
                }
            }
            // `event_type: 2` numbers kinds of messages; it is no name.
            if emission.event_in_payload && emission.event.as_ref().is_some_and(|event| !can_be_name(event)) {
                match emission.complete.take() {
                    Some(complete) => emission = complete.as_ref().clone(),
                    None => emission.event = None,
                }
                emission.event_in_payload = false;
                self.covered.extend(emission.chain.iter().filter(|site| !self.relayed.contains(site)).copied());
                self.settle(emission);
                continue;
            }
            emission.named_by_payload();
            if emission.event_in_payload && emission.event.as_ref().is_some_and(|event| told::is_number(self.types, event)) {
                emission.event = None;
                emission.event_in_payload = false;
            }
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
            // Callers that hand on what they know as little of do not tell it: its classes do.
            if emission.complete.is_none() && emission.is_open() && heirs::is_told_by_class(self.eval, self.types, &emission) {
                emission.told_by_class = true;
                emission.complete = Some(Arc::new(emission.clone()));
            }
            // On a channel that is known, a name inside the payload is one more thing that callers may tell or not.
            if emission.complete.is_none()
                && emission.event_in_payload
                && emission.has_channel()
                && emission.event.as_ref().is_some_and(Term::is_open)
                && emission.payload.as_ref().is_some_and(|payload| told::is_stated(self.types, payload))
            {
                let unnamed = Emission { event: None, event_in_payload: false, ..emission.clone() };
                emission.complete = Some(Arc::new(unnamed));
            }
            // A call that has a function run elsewhere is a message of its own as well.
            self.covered.extend(emission.chain.iter().filter(|site| !self.relayed.contains(site)).copied());
            let function = emission.home;
            let understood = emission.event.is_none()
                && self.eval.program.files.unit(function.file).facts.language == LanguageId::TypeScript
                && emission.has_channel()
                && emission.payload.as_ref().is_some_and(|payload| told::is_stated(self.types, payload));
            let decided = (!emission.is_open() || understood) && !self.is_told_by_callers(&emission);
            if decided || emission.chain.len() >= MAX_CHAIN || self.count > MAX_EMISSIONS {
                if let Some(inside) = self.carried(&emission) {
                    pending.push(inside);
                }
                self.settle(emission);
                continue;
            }
            let (mut called, mut told) = (false, self.is_test(function));
            let called_by = self.callers.of(self.eval, function);
            let own = called_by.iter().map(|caller| (*caller, None));
            let relays = self.relays.of(function).iter().map(|relay| (relay.site, Some(relay.form)));
            for (caller, form) in own.chain(relays) {
                let key = (emission.chain[emission.chain.len() - 1], function, caller, emission.row);
                if self.seen.contains(&key) {
                    called = true;
                    told |= !self.is_test(caller.function);
                    continue;
                }
                let call = self.eval.program.function(caller.function).call(caller.call);
                let bound = match form {
                    Some(form) => relay::bound_with_defaults(self.eval, caller.function, call, function, form),
                    None => self.eval.arguments(caller.function, call, function, call.span.start, 0),
                };
                // What a queue runs is not called on what the queue is.
                let receiver = match form {
                    Some(_) => Receiver::default(),
                    None => self.eval.receiver(caller.function, call, call.span.start, 0),
                };
                let mut seen = emission.substituted(self.eval, function, caller, &bound, &receiver);
                if form.is_none() {
                    self.named_by_caller(&emission, function, caller, &mut seen);
                }
                // `partial(trigger, queue)` leaves it to whoever calls what it gives.
                let of_partial = form.is_some() || relay::is_partial(self.eval.program.function(caller.function), call);
                if of_partial && seen.depends_on(&[function]) {
                    continue;
                }
                called = true;
                told |= !self.is_test(caller.function);
                self.seen.insert(key);
                if form.is_some() {
                    self.relayed.insert(caller);
                }
                pending.push(seen);
            }
            if called {
                // What only tests call is called by something that was not found.
                if !told {
                    self.settle(emission);
                }
                continue;
            }
            match self.around(&emission) {
                Some(outer) => pending.push(outer),
                None => self.settle(emission),
            }
        }
    }

    /// Whether a helper sends what it is handed, of which it says nothing itself, and everybody who calls it hands it an object: the
    /// payload is put together where it is called.
    fn is_told_by_callers(&self, emission: &Emission<'a>) -> bool {
        let home = emission.home;
        let Some(payload) = emission.payload.as_ref().filter(|payload| payload.is_open()) else { return false };
        if emission.role != Role::Producer || self.is_test(home) || !self.relays.of(home).is_empty() {
            return false;
        }
        let open = told::left_open(self.types, payload, home);
        if open.is_empty() {
            return false;
        }
        let callers = self.callers.of(self.eval, home);
        let mut given = callers.iter().filter(|caller| caller.function != home && !self.is_test(caller.function)).map(|caller| {
            let call = self.eval.program.function(caller.function).call(caller.call);
            self.eval.arguments(caller.function, call, home, call.span.start, 0)
        });
        let is_object = |value: &Option<Term<'a>>| {
            value.as_ref().is_some_and(|value| matches!(value.bare().kind, Kind::Object(_) | Kind::Record(_)))
        };
        let told = |bound: Vec<Option<Term<'a>>>| open.iter().any(|index| bound.get(*index as usize).is_some_and(is_object));
        given.next().is_some_and(told) && given.all(told)
    }

    /// What a caller tells by what it calls things: a task goes by the name that its messages carry, and what a helper sends to it is
    /// known where the helper is called.
    fn named_by_caller(&self, emission: &Emission<'a>, function: FnRef, caller: CallSite, seen: &mut Emission<'a>) {
        let idiom = &self.idioms.rows[emission.row];
        if emission.event_in_payload || !idiom.event.iter().any(|selector| selector.by_name && selector.steps.is_empty()) {
            return;
        }
        let call = self.eval.program.function(caller.function).call(caller.call);
        let site = Site { file: caller.function.file, span: call.span };
        let text = |name: Name| Term::new(Kind::Literal(crate::facts::Literal::Text(name)), site);
        let of_task = |selector: &Selector| matches!(selector.root, Root::Arguments(_));
        if let Some(helper) = self.relays.helper(function)
            && helper.ends(&emission.chain)
            && idiom.payload.iter().any(of_task)
            && let Some(sent) = helper.sent(self.eval, function, caller.function, call)
        {
            seen.event = Some(text(sent.name));
            seen.payload = Some(sent.payload);
            seen.inner = None;
            return;
        }
        let Some(Term { kind: Kind::Param { function: owner, index, .. }, .. }) = &emission.event else { return };
        if *owner == function
            && let Some(given) = relay::given_for(self.eval.program.function(function), call, *index)
            && let Some(name) = relay::name_at(self.eval, caller.function, given, call.span.start)
        {
            seen.event = Some(name);
        }
    }

    fn is_test(&self, function: FnRef) -> bool {
        let unit = self.eval.program.files.unit(function.file);
        unit.facts.in_test || self.eval.program.function(function).in_test || is_test_path(unit.path.as_str())
    }

    /// The emission of a callback that a call around it runs for each element of a list.
    fn run_by(&self, emission: &Emission<'a>) -> Option<Emission<'a>> {
        let closure = emission.home;
        let (parent, _) = self.eval.program.function(closure).parent?;
        let outer = FnRef { file: closure.file, id: parent };
        let calls = &self.eval.program.function(outer).calls;
        let run = calls.iter().find(|call| matches!(call.callee.kind, ExprKind::Function(id) if id == closure.id))?;
        let bound = self.eval.arguments(outer, run, closure, run.span.start, 0);
        Some(emission.seen_from(self.eval, outer, &bound))
    }

    /// The event that a message carries whose own name is known: a job `deliver-webhook` with `{event, data}` of the caller's.
    fn carried(&self, emission: &Emission<'a>) -> Option<Emission<'a>> {
        // What a property of something that people do says, is no event of its own.
        if emission.role != Role::Producer
            || self.idioms.rows[emission.row].kind == "analytics"
            || emission.event.as_ref().is_none_or(|event| texts_of(event).is_empty())
        {
            return None;
        }
        let payload = emission.payload.as_ref()?.bare();
        let inside = CARRIERS.iter().map(|key| (payload.part(key), CARRIED_KEYS));
        // `{event: {type, data}}`: an event as a whole goes by whatever key events go by.
        let event = payload.part("event");
        [(payload.clone(), CARRIED_KEYS)].into_iter().chain(inside).chain([(event, EVENT_KEYS)]).find_map(|(candidate, keys)| {
            let object = candidate.bare();
            if !matches!(object.kind, Kind::Object(_) | Kind::Record(_)) {
                return None;
            }
            // What a payload itself says of its event is read out of it already.
            let keys = if emission.event_in_payload { &[] } else { keys };
            let event = keys.iter().find_map(|key| {
                let event = object.part(key);
                let told = matches!(event.bare().kind, Kind::Param { .. } | Kind::OnClass(_)) || is_param_member(event.bare());
                told.then_some(event)
            });
            Some(Emission {
                event: Some(event.or_else(|| own_class_in(object))?),
                channel: emission.event.clone(),
                payload: Some(object.clone()),
                event_in_payload: true,
                carried: true,
                complete: None,
                ..emission.clone()
            })
        })
    }

    /// The emission of a closure in terms of the function around it: `users.map(user => queue.add(name, {id: user.id}))` sends what
    /// the callers of the function around the callback tell.
    fn around(&self, emission: &Emission<'a>) -> Option<Emission<'a>> {
        let closure = emission.home;
        let program = self.eval.program;
        let (parent, _) = program.function(closure).parent?;
        let outer = FnRef { file: closure.file, id: parent };
        let seen = emission.seen_from(self.eval, outer, &[]);
        // A callback that nobody is known to call is told nothing by the callers of the function around it.
        let mut enclosing = vec![outer];
        while let Some((parent, _)) = program.function(enclosing[enclosing.len() - 1]).parent
            && enclosing.len() < MAX_CLOSURES
        {
            enclosing.push(FnRef { file: outer.file, id: parent });
        }
        (seen.depends_on(&enclosing) || !seen.is_open()).then_some(seen)
    }

    fn settle(&mut self, mut emission: Emission<'a>) {
        // Of several readings that no caller has decided, the first is the one that the row prefers.
        for term in [&mut emission.event, &mut emission.channel, &mut emission.payload].into_iter().flatten() {
            if let Kind::OneOf(branches) = &term.kind
                && branches.first().is_some_and(is_inside_param)
            {
                *term = branches[0].clone();
            }
        }
        // The message that carries it has been told of already.
        if emission.carried && emission.event.as_ref().is_none_or(|event| patterns_of(event).is_empty()) {
            return;
        }
        let idiom = &self.idioms.rows[emission.row];
        // A value that has no such part was meant by a later reading.
        let first = idiom.payload.first().filter(|_| idiom.payload.len() > 1).and_then(Selector::last_key);
        if let (Some(key), Some(Term { kind: Kind::OneOf(readings), .. })) = (first, &mut emission.payload) {
            let holds = |reading: &Term<'a>| matches!(reading.bare().kind, Kind::Record(_) | Kind::Object(_));
            let lacks = |reading: &Term<'a>| match &reading.kind {
                Kind::Member(inner, name) => name == key && matches!(inner.bare().kind, Kind::OfType(_)),
                _ => false,
            };
            if readings.first().is_some_and(lacks) && readings[1..].iter().any(holds) {
                readings.remove(0);
            }
        }
        if idiom.wants_event_like() {
            let sink = emission.chain[emission.chain.len() - 1];
            if !self.speaks_of_events(emission.row, sink, [&emission.event, &emission.channel]) {
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
        let told = match &emission.event {
            _ if emission.told_by_class => heirs::is_told(self.eval, self.types, &emission),
            Some(event) if emission.event_in_payload && emission.has_channel() => !texts_of(event).is_empty(),
            Some(_) => true,
            None => emission.channel.as_ref().is_some_and(|channel| !texts_of(channel).is_empty()),
        };
        let settled = match emission.complete {
            Some(complete) if !told => complete.as_ref().clone(),
            _ => emission,
        };
        let settled = self.inlined(settled);
        self.settled.push(settled);
    }

    /// The payload of a helper that one place alone calls, as if it stood there: what was taken out into a function of its own is
    /// still what it was.
    fn inlined(&self, mut emission: Emission<'a>) -> Emission<'a> {
        let mut home = emission.home;
        for _ in 0..MAX_INLINED {
            let helper = self.eval.program.function(home);
            let is_private = !helper.exported && !helper.is_method || helper.name.starts_with(['_', '#']);
            let open = emission.payload.as_ref().is_some_and(|payload| payload.depends_on(&|function| function == home));
            if emission.role != Role::Producer || !is_private || !open {
                break;
            }
            let callers = self.callers.of(self.eval, home);
            let [only] = &*callers else { break };
            let call = self.eval.program.function(only.function).call(only.call);
            let bound = self.eval.arguments(only.function, call, home, call.span.start, 0);
            let given = |index: u32| {
                let value = bound.get(index as usize)?.clone()?;
                let stated = helper.locals.get(index as usize).is_some_and(|local| local.ty.is_some());
                (!stated || says_its_form(&value)).then_some(value)
            };
            let apply = |term: &Option<Term<'a>>| {
                term.as_ref().map(|term| told::decided(term.substitute(home, &given, &self.eval.on_class())))
            };
            emission.payload = apply(&emission.payload);
            emission.inner = apply(&emission.inner);
            home = only.function;
        }
        emission
    }
}

/// How many helpers within helpers a payload is followed out of.
const MAX_INLINED: usize = 3;

/// Whether a value tells its own form, and needs no declaration for that.
fn says_its_form(value: &Term<'_>) -> bool {
    match &value.kind {
        Kind::Literal(_)
        | Kind::Template(_)
        | Kind::Object(_)
        | Kind::Record(_)
        | Kind::Array(_)
        | Kind::OfType(_)
        | Kind::Typed(..)
        | Kind::Param { declared: Some(_), .. } => true,
        Kind::OneOf(branches) => branches.iter().all(says_its_form),
        _ => false,
    }
}

/// Whether a text is an address whose host is known.
fn is_address(text: &str) -> bool {
    text.strip_prefix("https://").or(text.strip_prefix("http://")).is_some_and(|host| !host.starts_with(['*', '/']))
}
