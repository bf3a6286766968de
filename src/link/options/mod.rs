//! With which keys and settings a payload is handed over: what the handoff rules compare besides timing.
//!
//! A call's arguments are carried from the sink up to where the event's name is known, like the payload is, and read there: a
//! key may be an option, a header, a field of the body, or a parameter of a wrapper. What is not there is told apart from what
//! is not known: an options object that comes from elsewhere may hold anything.

pub mod checks;
pub mod client;
pub mod inputs;
pub mod lookup;
pub mod names;
pub mod retry;
pub mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::eval::Eval;
use super::idioms::matcher::Idiom;
use super::idioms::selector::{Root, Selector, is_unpacked};
use super::summaries::{CallSite, Emission};
use super::term::{Entry, Kind, Term};
use crate::facts::{Call, Name};
use checks::Checks;
use inputs::Derived;
use lookup::{Found, Wanted};
use settings::Settings;

/// One setting of a handoff.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Setting {
    /// It may be there or not: nothing is said of it.
    #[default]
    Unknown,
    /// It is not there, as far as everything that the call is given is known.
    Absent,
    Given(Derived),
}

impl Setting {
    pub fn given(&self) -> Option<&Derived> {
        match self {
            Setting::Given(value) => Some(value),
            Setting::Unknown | Setting::Absent => None,
        }
    }
}

/// What a boundary is handed over with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    pub idempotency_key: Setting,
    /// Where in the payload the idempotency key stands, where it is a field of it.
    pub key_field: Option<Name>,
    /// The message, partition or ordering key.
    pub key: Setting,
    pub headers: Headers,
    pub settings: Settings,
    /// What a consumer's code does; `None` for a producer.
    pub checks: Option<Arc<Checks>>,
    /// The names of the parameters and variables around the call: a name that is still there has not been renamed.
    pub names: Arc<BTreeSet<Name>>,
}

/// The headers, attributes or properties that go beside a payload, by their folded name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Headers {
    pub entries: BTreeMap<Name, (Name, Derived)>,
    /// Whether every header is among the entries.
    pub whole: bool,
}

/// `new Headers()`, `HeaderMap::new()`
fn is_empty_headers(term: &Term<'_>) -> bool {
    match &term.bare().kind {
        Kind::Built(built) => {
            built.root.split(['.', ':']).any(names::is_headers_type) && built.calls.iter().all(|(_, args)| args.is_empty())
        }
        _ => false,
    }
}

/// What a call is given, beside what the idiom takes as event and payload.
#[derive(Clone, Debug)]
pub struct Given<'a> {
    pub args: Vec<(Option<Name>, Term<'a>)>,
    pub receiver: Option<Term<'a>>,
    /// Whether nothing is spread into the call.
    pub whole: bool,
}

impl<'a> Given<'a> {
    /// What a call of `function` is given.
    pub fn of(eval: &Eval<'a>, function: super::resolve::FnRef, call: &'a Call) -> Given<'a> {
        Given::at(eval, function, call, call.span.start)
    }

    fn at(eval: &Eval<'a>, function: super::resolve::FnRef, call: &'a Call, at: u32) -> Given<'a> {
        let mut args = Vec::new();
        let mut whole = true;
        for arg in &call.args {
            let term = eval.term(function, &arg.value, at);
            match &term.bare().kind {
                // `send(**message)`: the entries are the arguments.
                Kind::Object(entries) if is_unpacked(arg) => {
                    for entry in entries {
                        match entry {
                            Entry::Field { key, value, .. } => args.push((Some(key.clone()), value.clone())),
                            Entry::AnyKey { .. } | Entry::Spread { .. } => whole = false,
                        }
                    }
                }
                _ => {
                    whole &= !arg.spread && !is_unpacked(arg);
                    args.push((arg.name.clone(), term));
                }
            }
        }
        let receiver = match &call.callee.kind {
            crate::facts::ExprKind::Member(base, _) => Some(eval.term(function, base, at)),
            _ => None,
        };
        Given { args, receiver, whole }
    }

    /// What a decorator is given, at the top of its file.
    pub fn of_decorator(eval: &Eval<'a>, file: super::modules::FileId, call: &'a Call) -> Given<'a> {
        let top = super::resolve::FnRef { file, id: crate::facts::FnId(0) };
        Given { receiver: None, ..Given::at(eval, top, call, u32::MAX) }
    }

    /// The same with every term changed.
    pub fn map(&self, change: &dyn Fn(&Term<'a>) -> Term<'a>) -> Given<'a> {
        Given {
            args: self.args.iter().map(|(name, term)| (name.clone(), change(term))).collect(),
            receiver: self.receiver.as_ref().map(change),
            whole: self.whole,
        }
    }

    /// What the first selector that is there gives.
    pub fn find(&self, selectors: &[Selector]) -> Found<'a> {
        Found::first(selectors.iter().map(|selector| self.select(selector)))
    }

    fn select(&self, selector: &Selector) -> Found<'a> {
        let missing = || if self.whole { Found::Absent } else { Found::Unknown };
        let root = match &selector.root {
            Root::Argument(position) => {
                let mut positional = self.args.iter().filter(|(name, _)| name.is_none());
                let found = match usize::try_from(*position) {
                    Ok(position) => positional.nth(position),
                    Err(_) => positional.rev().nth(position.unsigned_abs() as usize - 1),
                };
                found.map(|(_, term)| term)
            }
            Root::Named(wanted) => self.args.iter().find(|(name, _)| name.as_ref() == Some(wanted)).map(|(_, term)| term),
            Root::Receiver => match &self.receiver {
                Some(receiver) => Some(receiver),
                None => return Found::Unknown,
            },
            _ => return Found::Unknown,
        };
        match root {
            Some(root) => lookup::at(root, &selector.steps),
            None => missing(),
        }
    }

    /// Looks for an option by the names that libraries give it, in everything but what the idiom takes as event and payload.
    fn search(&self, idiom: Option<&Idiom>, name: &dyn Fn(&str) -> bool) -> Found<'a> {
        let payload: Vec<&str> = idiom.into_iter().flat_map(|idiom| &idiom.payload).filter_map(Selector::last_key).collect();
        let wanted = Wanted { name, payload: &payload };
        let mut unknown = !self.whole;
        let mut position = 0;
        for (name, term) in &self.args {
            let found = match name {
                Some(name) if (wanted.name)(name) => Found::of_value(term),
                Some(name) if idiom.is_some_and(|idiom| idiom.takes_named(name)) => continue,
                // What a named argument holds is looked into where it holds options by its form or its name.
                Some(name) => match lookup::search(term, wanted, 0) {
                    Found::Unknown if !names::is_options(name) => continue,
                    found => found,
                },
                // All of them are the message's.
                None if idiom.is_some_and(takes_arguments) => continue,
                None => {
                    position += 1;
                    if idiom.is_some_and(|idiom| idiom.takes(&Root::Argument(position - 1))) {
                        continue;
                    }
                    lookup::search(term, wanted, 0)
                }
            };
            match found {
                Found::Given(_) => return found,
                Found::Unknown => unknown = true,
                Found::Absent => {}
            }
        }
        if let Some(Term { kind: Kind::Built(built), .. }) = &self.receiver {
            match lookup::search_receiver(built, wanted) {
                Found::Unknown => unknown = true,
                Found::Absent => {}
                found => return found,
            }
        }
        if unknown { Found::Unknown } else { Found::Absent }
    }
}

/// Whether the positional arguments of a call are the message.
fn takes_arguments(idiom: &Idiom) -> bool {
    idiom.payload.iter().any(|selector| matches!(selector.root, Root::Arguments(_)))
}

/// Whether nothing is spread into a call.
pub fn is_whole(call: &Call) -> bool {
    !call.args.iter().any(|arg| arg.spread || arg.name.as_deref() == Some("**"))
}

/// The options of a producer's call.
pub fn of_producer<'a>(eval: &Eval<'a>, idiom: &Idiom, emission: &Emission<'a>) -> Options {
    let Some(given) = &emission.given else { return Options::default() };
    let derive = |found: Found<'a>| match found {
        Found::Given(term) => Setting::Given(inputs::derived(eval, &term, &emission.chain)),
        Found::Absent => Setting::Absent,
        Found::Unknown => Setting::Unknown,
    };
    let mut options = Options { headers: headers(eval, idiom, given, &emission.chain), ..Options::default() };
    let by_name = given.search(Some(idiom), &names::is_idempotency_key);
    let by_row = if idiom.idempotency_key.is_empty() { Found::Absent } else { given.find(&idiom.idempotency_key) };
    options.idempotency_key = derive(Found::any(vec![by_row, by_name]));
    if let Some((_, key)) = options.headers.entries.values().find(|(name, _)| names::is_idempotency_header(name)) {
        options.idempotency_key = Setting::Given(key.clone());
    } else if !options.headers.whole && options.idempotency_key == Setting::Absent {
        options.idempotency_key = Setting::Unknown;
    }
    // A field of the body is a key where it says so itself.
    if options.idempotency_key == Setting::Absent
        && let Some(payload) = &emission.payload
    {
        match lookup::field(payload, &names::is_key_field) {
            Some((name, Found::Given(term))) => {
                options.idempotency_key = Setting::Given(inputs::derived(eval, &term, &emission.chain));
                options.key_field = Some(name);
            }
            Some((_, Found::Unknown)) => options.idempotency_key = Setting::Unknown,
            Some((_, Found::Absent)) | None => {}
        }
    }
    if !idiom.key.is_empty() {
        options.key = derive(given.find(&idiom.key));
    }
    let queue: Vec<Name> = [&emission.channel, &emission.event].into_iter().flatten().flat_map(super::naming::texts_of).collect();
    options.settings = settings::of_call(eval, idiom, given, &emission.chain, &queue);
    options.names = names_around(eval, emission.site());
    options
}

/// The options of a consumer that a call registers, or that takes its payload from one.
pub fn of_registered<'a>(
    eval: &Eval<'a>,
    idiom: &Idiom,
    emission: &Emission<'a>,
    handlers: &[super::resolve::FnRef],
    queue: &[Name],
) -> Options {
    let site = emission.site();
    let (handlers, registration) =
        if handlers.is_empty() { (vec![site.function], None) } else { (handlers.to_vec(), Some(site)) };
    let settings = match &emission.given {
        Some(given) if registration.is_some() || idiom.kind == "queue" => {
            settings::of_call(eval, idiom, given, &emission.chain, queue)
        }
        Some(_) | None => Settings::default(),
    };
    Options {
        settings,
        checks: Some(Arc::new(checks::of_handlers(eval, &handlers, registration))),
        names: names_around(eval, site),
        ..Options::default()
    }
}

/// The options of a handler that its decorator or its name makes one.
pub fn of_handler<'a>(eval: &Eval<'a>, idiom: &Idiom, target: super::resolve::FnRef, decorator: Option<&'a Call>) -> Options {
    Options {
        settings: settings::of_handler(eval, idiom, target, decorator),
        checks: Some(Arc::new(checks::of_handlers(eval, &[target], None))),
        ..Options::default()
    }
}

/// The names of everything that the function around a call, and the functions around that, call their own.
fn names_around(eval: &Eval<'_>, site: CallSite) -> Arc<BTreeSet<Name>> {
    let mut names = BTreeSet::new();
    let mut current = site.function;
    for _ in 0..16 {
        let owner = eval.program.function(current);
        names.extend(owner.locals.iter().map(|local| local.name.clone()));
        match owner.parent {
            Some((parent, _)) => current = super::resolve::FnRef { file: current.file, id: parent },
            None => break,
        }
    }
    Arc::new(names)
}

/// The headers that go with a call: an option of that name, or the calls of a builder.
fn headers<'a>(eval: &Eval<'a>, idiom: &Idiom, given: &Given<'a>, chain: &[CallSite]) -> Headers {
    let found = match given.find(&idiom.headers) {
        Found::Unknown if idiom.headers.is_empty() => given.search(Some(idiom), &names::is_headers),
        found => found,
    };
    let mut headers = Headers { whole: true, ..Headers::default() };
    match found {
        Found::Given(term) => headers.take(eval, &term, chain, 0),
        Found::Absent => {}
        Found::Unknown => headers.whole = false,
    }
    if let Some(Term { kind: Kind::Built(built), .. }) = &given.receiver {
        for (name, args) in &built.calls {
            match (names::sets_header(name), args.as_slice()) {
                (Some(true), [(_, key), (_, value), ..]) => match key.as_text() {
                    Some(key) => headers.add(eval, key, value, chain),
                    None => headers.whole = false,
                },
                (Some(_), _) => headers.whole = false,
                (None, _) => {}
            }
        }
    }
    headers
}

impl Headers {
    fn add<'a>(&mut self, eval: &Eval<'a>, name: &str, value: &Term<'a>, chain: &[CallSite]) {
        if matches!(value.bare().kind, Kind::Absent | Kind::Literal(crate::facts::Literal::Null)) {
            return;
        }
        self.entries.insert(crate::shape::wire_name::fold(name).into(), (name.into(), inputs::derived(eval, value, chain)));
    }

    fn take<'a>(&mut self, eval: &Eval<'a>, term: &Term<'a>, chain: &[CallSite], depth: u32) {
        if depth > 6 {
            self.whole = false;
            return;
        }
        match &term.bare().kind {
            Kind::Object(entries) => {
                for entry in entries {
                    match entry {
                        Entry::Field { key, value, .. } => self.add(eval, key, value, chain),
                        Entry::AnyKey { .. } => self.whole = false,
                        // What the other entries are put into is made empty.
                        Entry::Spread { value, .. } if is_empty_headers(value) => {}
                        Entry::Spread { value, .. } => self.take(eval, value, chain, depth + 1),
                    }
                }
            }
            Kind::Built(built) if names::is_headers_type(&built.root) => {
                match built.calls.first().and_then(|(_, args)| args.first()) {
                    Some((_, inner)) => self.take(eval, inner, chain, depth + 1),
                    // Filled by calls on the variable that holds it.
                    None => self.whole = false,
                }
            }
            Kind::OneOf(branches) => branches.iter().for_each(|branch| self.take(eval, branch, chain, depth + 1)),
            Kind::Absent | Kind::Literal(_) => {}
            _ => self.whole = false,
        }
    }
}
