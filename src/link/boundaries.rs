//! From the facts of all files to the boundaries: emissions given names and shapes, handlers and decoders given what they read.

mod addresses;
mod cases;
mod definitions;
mod discriminator;
mod intakes;
mod listeners;
mod readers;
mod registrations;
mod routes;
mod tables;
mod tasks;
mod together;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use self::discriminator::{by_discriminator, is_payload, is_scalar, narrowed};
use super::callee;
use super::callers::Callers;
use super::eval::Eval;
use super::idioms::matcher::{Evidence, Idiom, Idioms};
use super::idioms::selector::{Root as Selected, Step as PathStep, named_in_source};
use super::model::{Boundary, Delivery, Model, NamedType};
use super::modules::{FileId, FileUnit};
use super::naming::{patterns_of, texts_of};
use super::payload;
use super::reads::Root;
use super::reduce;
use super::relay::{self, Relays};
use super::resolve::{DeclId, FnRef, Program};
use super::summaries::{CallSite, Emission, summarize};
use super::term::{Kind, Term, TypeUse};
use super::types::{Side, Types};
use super::{answers, declared, decoders, dispatch, doubles, envelopes, foreign, heirs, options, packages, surroundings};
use crate::facts::{Expr, ExprKind, FnId, Function, LanguageId, Name, Role, TypeExpr, TypeKind, TypeOp};
use crate::shape::{Shape, ShapeKind};
use crate::source::{Origin, RepoPath, Span};

/// How the user's configuration bears on linking.
#[derive(Debug, Default)]
pub struct LinkOptions {
    /// Further patterns of test files.
    pub tests: Option<globset::GlobSet>,
    /// What the code under a glob is called.
    pub consumers: Vec<(globset::GlobMatcher, String)>,
    /// Events that documents promise, whether or not code was found at them: test code may speak of them.
    pub promised: BTreeSet<String>,
    /// What the repository puts around its payloads.
    pub envelopes: Vec<envelopes::OwnEnvelope>,
}

/// Links the files of one snapshot, sorted by path.
pub fn link(units: &[FileUnit], idioms: &Idioms, options: &LinkOptions) -> Model {
    let program = Program::new(units);
    let eval = Eval::new(&program);
    let types = Types::new(&eval);
    let packages = packages::Packages::new(units, &options.consumers);
    let callers = Callers::default();
    let around = surroundings::Around::new(&eval, &callers);
    let relays = Relays::new(&eval);
    let mut linker = Linker {
        program: &program,
        eval: &eval,
        types: &types,
        idioms,
        options,
        packages,
        around: &around,
        relays: &relays,
        boundaries: Vec::new(),
        handled: FxHashMap::default(),
        sent: BTreeSet::new(),
    };
    let settled = summarize(&eval, &callers, &relays, idioms).settled;
    let leaves = |emission: &&Emission<'_>| emission.role == Role::Producer && idioms.rows[emission.row].leaves_process();
    linker.sent = settled.iter().filter(leaves).filter_map(|emission| emission.event.as_ref()).flat_map(texts_of).collect();
    for emission in settled.into_iter().flat_map(|one| heirs::told_apart(&eval, &types, one)).flat_map(together::taken_apart) {
        match emission.role {
            Role::Producer => linker.producer(&emission),
            Role::Consumer => linker.registered(&emission),
        }
    }
    linker.handlers();
    linker.tasks();
    linker.fixtures();
    linker.definitions();
    linker.handler_tables();
    linker.decoders();
    let mut found = std::mem::take(&mut linker.boundaries);
    routes::meet(&mut found);
    routes::name_by_file(&mut found);
    found.retain(|boundary| boundary.kind != "decode" || declared::decodes_an_event(boundary));
    found.retain(|boundary| {
        let row = idioms.rows.iter().find(|row| row.id == boundary.idiom);
        !boundary.event.as_ref().is_some_and(|event| row.is_some_and(|row| row.excludes_event(event)))
    });
    envelopes::align(&mut found, &options.envelopes);
    let mut boundaries = declared::with_declared(&program, &types, &linker.packages, found, |file| linker.is_test(file));
    for boundary in &mut boundaries {
        let route = boundary.channel.iter().chain(&boundary.event).any(|address| addresses::is_webhook(address));
        if boundary.kind == "http" && boundary.role == Role::Consumer && route {
            "webhook".clone_into(&mut boundary.kind);
        }
        boundary.channel = boundary.channel.take().filter(|channel| boundary.event.as_ref() != Some(channel));
    }
    // Two rows may fit one call; the one that finds the name has understood it.
    let known: std::collections::BTreeSet<(Origin, Role)> =
        boundaries.iter().filter(|b| b.event.is_some()).map(|b| (b.origin.clone(), b.role)).collect();
    boundaries.retain(|boundary| boundary.event.is_some() || !known.contains(&(boundary.origin.clone(), boundary.role)));
    // A request to a webhook is a webhook; that it is a request as well says nothing more.
    let hooks: std::collections::BTreeSet<(Origin, Role)> =
        boundaries.iter().filter(|b| b.kind == "webhook").map(|b| (b.origin.clone(), b.role)).collect();
    boundaries.retain(|boundary| boundary.kind != "http" || !hooks.contains(&(boundary.origin.clone(), boundary.role)));
    readers::keep_one_each(&mut boundaries);
    boundaries.sort_by(|a, b| (&a.origin, a.role, &a.event, &a.idiom).cmp(&(&b.origin, b.role, &b.event, &b.idiom)));
    // A call that a setting sends by one library or by another is told once; what it puts on the wire by the others is kept beside it.
    let by_library: std::collections::BTreeSet<&str> =
        idioms.rows.iter().filter(|row| row.asks_for_import()).map(|row| row.id.as_str()).collect();
    boundaries.dedup_by(|b, a| {
        let same = a.origin == b.origin && a.role == b.role && a.event == b.event && a.kind == b.kind;
        let libraries = by_library.contains(a.idiom.as_str()) && by_library.contains(b.idiom.as_str());
        if same && libraries && a.idiom != b.idiom && a.via.last() != b.via.last() && !a.shape.same_values(&b.shape) {
            a.beside.push(b.clone());
        }
        same
    });
    let unread = units
        .iter()
        .filter(|unit| !unit.facts.unread.is_empty())
        .map(|unit| (unit.path.clone(), unit.facts.unread.clone()))
        .collect();
    let tests = linker.tests(&boundaries);
    let foreign_lists = foreign::lists(&program);
    Model { boundaries, unread, tests, signature_places: options::checks::signature_places(&eval, &callers), foreign_lists }
}

/// How many parts all listed types may come to together. Types of user interfaces reach each other, so that each of thousands
/// would be expanded to the limit of one.
const LISTED_NODES: u32 = 2_000_000;

/// What every listed type may come to, however many there are.
const LISTED_NODES_EACH: u32 = 400;

/// Every named type that says it goes over a wire, or that other files can name.
pub fn named_types(units: &[FileUnit]) -> Vec<NamedType> {
    named_types_in(units, &|_| true)
}

/// The named types of the files that are `wanted`.
pub fn named_types_in(units: &[FileUnit], wanted: &dyn Fn(&RepoPath) -> bool) -> Vec<NamedType> {
    let program = Program::new(units);
    let eval = Eval::new(&program);
    let listed: usize = units.iter().filter(|unit| wanted(&unit.path)).map(|unit| unit.facts.types.len()).sum();
    let each = LISTED_NODES / u32::try_from(listed).unwrap_or(u32::MAX).max(1);
    let types = Types::within(&eval, each.max(LISTED_NODES_EACH));
    let mut named = Vec::new();
    for (at, unit) in units.iter().enumerate().filter(|(_, unit)| wanted(&unit.path)) {
        let file = FileId(at as u32);
        for (index, decl) in unit.facts.types.iter().enumerate() {
            if !decl.exported && !decl.serializable {
                continue;
            }
            let id = DeclId { file, index: index as u32 };
            let write = types.declared(id, Side::Write);
            let read = types.declared(id, Side::Read);
            let read = (!read.same_values(&write)).then_some(read);
            named.push(NamedType {
                name: decl.name.clone().into(),
                origin: Origin::new(unit.path.clone(), decl.span),
                write,
                read,
            });
        }
    }
    named
}

struct Linker<'l, 'a> {
    program: &'l Program<'a>,
    eval: &'l Eval<'a>,
    types: &'l Types<'l, 'a>,
    idioms: &'l Idioms,
    options: &'l LinkOptions,
    packages: packages::Packages,
    around: &'l surroundings::Around<'l, 'a>,
    relays: &'l Relays,
    boundaries: Vec<Boundary>,
    /// The events that each handler is called with.
    handled: FxHashMap<FnRef, Vec<Name>>,
    /// The names of events that calls publish.
    sent: BTreeSet<Name>,
}

/// What a consumer reads: where the payload comes in, and how deep inside.
struct Intake<'a> {
    root: Root,
    prefix: Vec<PathStep>,
    declared: Option<TypeUse<'a>>,
    enforced: bool,
    /// Whether it is the whole request of a web framework, whose own members are no fields of its body.
    of_request: bool,
    /// Whether the payload is the object of all the parameters of this function.
    all: Option<FnRef>,
}

/// What a request has beside its body.
const REQUEST_MEMBERS: &[&str] = &["bodyUsed", "cookies", "headers", "ip", "method", "nextUrl", "query", "signal", "url"];

impl<'l, 'a> Linker<'l, 'a> {
    fn is_test(&self, file: FileId) -> bool {
        let unit = self.program.files.unit(file);
        unit.facts.in_test
            || packages::is_test_path(unit.path.as_str())
            || self.options.tests.as_ref().is_some_and(|tests| tests.is_match(unit.path.as_str()))
    }

    fn origin(&self, file: FileId, span: Span) -> Origin {
        Origin::new(self.program.files.unit(file).path.clone(), span)
    }

    fn in_test(&self, function: FnRef) -> bool {
        self.is_test(function.file) || self.program.function(function).in_test
    }

    fn base_boundary(&self, idiom: &Idiom, site: CallSite, chain: &[CallSite]) -> Boundary {
        let call = self.program.function(site.function).call(site.call);
        Boundary {
            symbol: surroundings::symbol(self.program, site.function).into(),
            in_test: self.in_test(site.function),
            delivery: self.around.delivery(idiom, chain),
            via: chain[1..]
                .iter()
                .map(|at| self.origin(at.function.file, self.program.function(at.function).call(at.call).span))
                .collect(),
            package: self.packages.of(self.program.files.unit(site.function.file).path.as_str()),
            ..Boundary::new(
                idiom.role,
                self.kind_of(idiom, chain),
                &idiom.id,
                self.origin(site.function.file, call.span),
                reduce::hole("no payload is known"),
            )
        }
    }

    fn producer(&mut self, emission: &Emission<'a>) {
        let idiom = &self.idioms.rows[emission.row];
        let mut boundary = self.base_boundary(idiom, emission.site(), &emission.chain);
        if let Some(payload) = &emission.payload {
            let sent = match self.opaque_class(payload).filter(|_| !idiom.asks_for_import()) {
                Some(name) => reduce::hole(format!("`{name}` does not say how it is serialized")),
                None if idiom.language == Some(LanguageId::Python) => {
                    payload::without_any_maps(&payload::wire_shape(self.types, payload, Side::Write))
                }
                None => payload::wire_shape(self.types, payload, Side::Write),
            };
            // `undefined` is no payload.
            if !matches!(sent.kind, ShapeKind::Never) {
                boundary.shape = sent;
            }
            boundary.overlaid = payload::overlaid(self.types, payload);
        }
        if let Some((site, form)) = task_form(idiom).and_then(|form| self.relays.sent_at(&emission.chain, form)) {
            let call = self.program.function(site.function).call(site.call);
            boundary.by_position = relay::by_position(self.eval, site.function, call, form);
            let target = relay::target(self.eval, site.function, call, form).filter(|_| !emission.event_in_payload);
            boundary.task = target.map(|target| self.program.files.unit(target.file).path.clone());
        }
        boundary.inner = emission
            .inner
            .as_ref()
            .map(|inner| payload::wire_shape(self.types, inner, Side::Write))
            .filter(|inner| !inner.same_values(&boundary.shape));
        let told = emission.event.as_ref().filter(|_| !idiom.by_type);
        let mut events = told.map(texts_of).unwrap_or_default();
        if events.is_empty() {
            events = told.map(|event| self.stated_names(event)).unwrap_or_default();
        }
        // No caller completes it any more: what is constant of a name tells it from others.
        if events.is_empty() {
            events = told.map(patterns_of).unwrap_or_default();
        }
        // A payload without a key of that name has no name of its event in it.
        let told = told.filter(|told| !events.is_empty() || !emission.event_in_payload && !tasks::is_asked_for(told));
        // A double that is called with a text or a number is of some other call.
        if idiom.kind == "test"
            && idiom.language == Some(LanguageId::Python)
            && (is_scalar(&boundary.shape) || boundary.shape.is_unknown())
        {
            return;
        }
        // A plain text as a request's body, or a number put on a queue of the process, is no payload with fields.
        if is_scalar(&boundary.shape) && (idiom.kind == "http" || events.is_empty() && !idiom.asks_for_import()) {
            return;
        }
        // `track("signup", "started")`: a category and what was done; there are no fields.
        if is_scalar(&boundary.shape) && idiom.kind == "analytics" {
            let reason = "a text is given beside the event's name";
            boundary.shape = Arc::new(Shape::unknown(reason, boundary.shape.origin.clone()));
        }
        let mut channels = emission.channel.as_ref().map(patterns_of).unwrap_or_default();
        if channels.is_empty() {
            channels = emission.channel.as_ref().map(|channel| self.stated_names(channel)).unwrap_or_default();
        }
        let channels = addresses::channels_of(channels);
        // Of several, nothing tells which of them a name goes by.
        boundary.channel = if let [channel] = channels.as_slice() { Some(channel.clone().into()) } else { None };
        let key_text = |term: &Option<Term<'a>>| term.as_ref().map(|term| self.text_at(term));
        boundary.delivery.key = key_text(&emission.key);
        boundary.delivery.idempotency_key = key_text(&emission.idempotency_key);
        boundary.delivery.retry = key_text(&emission.retry);
        // With which settings a test hands over is compared with nothing.
        if !boundary.in_test {
            boundary.delivery.options = options::of_producer(self.eval, idiom, emission);
        }
        // A bus of a process tells messages apart by their class.
        if told.is_none() && events.is_empty() && channels.is_empty() && (idiom.kind == "in-process" || idiom.by_type) {
            let of_value = || emission.payload.as_ref().and_then(payload::type_name);
            events.extend(boundary.shape.name.as_deref().map(Name::from).or_else(of_value));
        }
        // By its name alone it may be any emitter; without a name and a payload there is nothing to hold on to.
        if events.is_empty()
            && channels.is_empty()
            && boundary.shape.is_unknown()
            && emission.evidence != Evidence::Library
            && !idiom.asks_for_import()
            && idiom.language.is_some()
        {
            return;
        }
        // Nor is there where the row knows no payload.
        if events.is_empty() && channels.is_empty() && idiom.payload.is_empty() && idiom.language.is_some() {
            return;
        }
        if let [event] = events.as_slice() {
            if emission.event_in_payload {
                boundary.shape = payload::named_as(&boundary.shape, event);
            }
            self.completed_by_map(&mut boundary, emission, event);
        }
        self.named(boundary, events, told, channels);
    }

    /// Completes a payload from a map of event types: `publish<T extends keyof Events>(name: T, payload: Events[T])`.
    fn completed_by_map(&self, boundary: &mut Boundary, emission: &Emission<'a>, event: &str) {
        let Some(payload) = &emission.payload else { return };
        let key = Shape::new(ShapeKind::Const(serde_json::Value::String(event.to_owned())), None);
        for site in &emission.chain {
            let call = self.program.function(site.function).call(site.call);
            let Some(target) = self.eval.callee(site.function, call) else { continue };
            let callee = self.program.function(target);
            for (position, local) in callee.locals.iter().take(callee.params as usize).enumerate() {
                let Some(TypeExpr { kind: TypeKind::Apply(TypeOp::Index, operands), .. }) = &local.ty else { continue };
                let [map, TypeExpr { kind: TypeKind::Param(_), .. }] = operands.as_slice() else { continue };
                let map = self.types.shape(&self.eval.type_use(target, map), Side::Write).shape;
                let (stated, _) = reduce::index(&map, &key);
                let Some(given) = call.args.get(position).filter(|_| !stated.is_unknown()) else { continue };
                let is = |term: &Term<'a>| term.site.file == site.function.file && given.value.span.contains(term.site.span);
                if is(payload) || site == &emission.site() && emission.chain.len() == 1 {
                    boundary.shape = reduce::fill(&boundary.shape, &stated, 0);
                } else if emission.inner.as_ref().is_some_and(is) {
                    boundary.inner = Some(match &boundary.inner {
                        Some(inner) => reduce::fill(inner, &stated, 0),
                        None => stated,
                    });
                }
            }
        }
    }

    /// Gives a boundary its name or names.
    fn named(&mut self, mut boundary: Boundary, events: Vec<Name>, event: Option<&Term<'a>>, channels: Vec<Name>) {
        if !events.is_empty() {
            for name in addresses::by_path(events) {
                let mut one = boundary.clone();
                one.shape = narrowed(&boundary.shape, &name);
                one.event = Some(name.into());
                self.boundaries.push(one);
            }
            return;
        }
        // The payload itself may tell: one boundary for each branch that carries its own name.
        let split = by_discriminator(&boundary.shape);
        if !split.is_empty() {
            for (name, shape) in split {
                let mut one = boundary.clone();
                one.event = Some(name);
                one.shape = shape;
                self.boundaries.push(one);
            }
            return;
        }
        if event.is_none() && !channels.is_empty() {
            let each = |name: Name| Boundary { event: Some(name.into()), channel: None, ..boundary.clone() };
            self.boundaries.extend(channels.into_iter().map(each));
            return;
        }
        boundary.event_expr = event
            .map(|term| self.text_at(term))
            .filter(|text| words::says_something(text))
            .or_else(|| boundary.shape.name.as_deref().map(str::to_owned));
        self.boundaries.push(boundary);
    }

    /// A handler that a call registers, or a call that gives a payload.
    fn registered(&mut self, emission: &Emission<'a>) {
        let idiom = &self.idioms.rows[emission.row];
        let site = emission.site();
        let call = self.program.function(site.function).call(site.call);
        let mut boundary = self.base_boundary(idiom, site, &emission.chain);
        let mut intakes: Vec<Intake<'a>> = Vec::new();
        let handlers = emission.handler.as_ref().map(|handler| functions_in(handler, 0)).unwrap_or_default();
        let intake = if emission.handler.is_some() { handlers.clone() } else { vec![site.function] };
        boundary.delivery.acks = self.around.intake(&intake, &emission.chain);
        if emission.handler.is_some() {
            for target in handlers.iter().copied() {
                let handled = self.program.function(target);
                boundary.in_test |= handled.in_test;
                intakes.extend(self.intake_of_handler(idiom, target));
            }
        } else {
            let sink = emission.chain[emission.chain.len() - 1];
            intakes = self.intakes_of_call(idiom, sink);
        }
        // `connect` and the like are methods of many things; what they are given here is no handler.
        if idiom.kind == "in-process"
            && emission.handler.is_some()
            && intakes.is_empty()
            && idiom.language == Some(LanguageId::Python)
        {
            return;
        }
        let channels = emission.channel.as_ref().map(texts_of).unwrap_or_default();
        let channels = addresses::channels_of(channels);
        boundary.channel = channels.first().map(Name::to_string);
        let mut events = emission.event.as_ref().map(patterns_of).unwrap_or_default();
        let sorting = dispatch::Sorting::default();
        let (shape, enforced, read_anything) = self.intake_shape(&intakes, &sorting);
        if idiom.by_type && events.is_empty() {
            events.extend(shape.name.as_deref().map(Name::from));
        }
        if idiom.kind == "decode" && events.is_empty() {
            if answers::is_answer(self.eval, site.function, call) {
                return;
            }
            events = decoders::dispatched_events(self.eval, site.function, call.span);
            // Neither an event nor a field: nothing could ever be said of it.
            if events.is_empty() && shape.is_unknown() {
                return;
            }
        }
        if idiom.wants_event_like() && events.is_empty() && channels.is_empty() {
            return;
        }
        let hands_on = || is_form(call) || is_raw(call) && !decoders::calls_of(self.eval, site.function).is_empty();
        if !read_anything && emission.handler.is_none() && (events.is_empty() || hands_on()) {
            return;
        }
        let channels = if events.is_empty() && channels.is_empty() { self.channels_beside(idiom, site) } else { channels };
        if boundary.channel.is_none() {
            boundary.channel = channels.first().map(Name::to_string);
        }
        let queue: Vec<Name> = channels.iter().chain(&events).cloned().collect();
        let bound = if events.is_empty() && !idiom.beside_event.is_empty() {
            self.events_beside(idiom, site, emission.channel.as_ref())
        } else {
            Vec::new()
        };
        if !boundary.in_test {
            boundary.delivery.options = options::of_registered(self.eval, idiom, emission, &handlers, &queue);
        }
        let before = self.boundaries.len();
        let told_apart = idiom.kind != "decode" && (events.is_empty() || idiom.kind == "webhook") && {
            let channel = channels.first().or(events.first()).cloned();
            self.by_case(&Boundary { channel: channel.map(String::from), ..boundary.clone() }, &intakes)
        };
        if !told_apart && !self.split(&boundary, &events, &intakes, &sorting) {
            boundary.shape = shape;
            boundary.enforced = enforced;
            if !bound.is_empty() {
                boundary.channel = None;
                events = bound;
            }
            self.named(boundary, events, emission.event.as_ref(), channels);
        }
        for target in handlers.into_iter().filter(|_| emission.handler.is_some()) {
            self.handles(target, before);
        }
    }

    /// Notes that a function is called with the events of the boundaries from `first` on.
    fn handles(&mut self, target: FnRef, first: usize) {
        let events = self.boundaries[first..].iter().filter_map(|boundary| boundary.event.as_ref().map(Name::from));
        self.handled.entry(target).or_default().extend(events);
    }

    /// What test code says of the events that are known by now.
    fn tests(&self, boundaries: &[Boundary]) -> doubles::TestCode {
        let mut names: BTreeMap<Name, Name> = BTreeMap::new();
        // A test of a web interface posts whatever it likes to an address; that is no statement about what a client sends.
        let speaks = |boundary: &&Boundary| !boundary.in_test && !matches!(boundary.kind.as_str(), "http" | "decode" | "test");
        for boundary in boundaries.iter().filter(speaks) {
            let Some(event) = &boundary.event else { continue };
            for name in boundary.channel.iter().chain([event]) {
                names.entry(name.into()).or_insert_with(|| event.into());
            }
        }
        // A channel may carry many events; an event's own name says which.
        let events = boundaries.iter().filter(speaks).filter_map(|boundary| boundary.event.as_ref());
        for event in events.chain(&self.options.promised) {
            names.insert(event.into(), event.into());
        }
        let mut sent: BTreeMap<Origin, Vec<(Name, Arc<Shape>)>> = BTreeMap::new();
        for boundary in boundaries.iter().filter(|boundary| boundary.in_test && boundary.role == Role::Producer) {
            if let Some(event) = boundary.event.as_ref().filter(|event| names.contains_key(event.as_str())) {
                let shape = boundary.inner.as_ref().filter(|inner| !inner.is_unknown()).unwrap_or(&boundary.shape);
                sent.entry(boundary.origin.clone()).or_default().push((event.into(), Arc::clone(shape)));
            }
        }
        let types = doubles::payload_types(boundaries);
        let known = doubles::Known { names: &names, types: &types, handlers: &self.handled, sent: &sent };
        doubles::find(self.eval, self.types, &known, &|file| self.is_test(file))
    }

    /// Handlers that are known by their decorator, their name or the type of a parameter.
    fn handlers(&mut self) {
        let idioms = self.idioms;
        let rows: Vec<&Idiom> = idioms
            .rows
            .iter()
            .map(AsRef::as_ref)
            .filter(|row| {
                row.role == Role::Consumer
                    && (!row.decorators.is_empty()
                        || !row.functions.is_empty()
                        || !row.param_types.is_empty() && row.handler.is_empty())
            })
            .collect();
        let registered = self.registrations(&rows);
        for (at, unit) in self.program.files.units.iter().enumerate() {
            let file = FileId(at as u32);
            for (index, function) in unit.facts.functions.iter().enumerate() {
                let target = FnRef { file, id: FnId(index as u32) };
                let registered = registered.get(&target).map_or(&[][..], Vec::as_slice);
                for row in &rows {
                    if row.language.is_some_and(|language| language != unit.facts.language) {
                        continue;
                    }
                    // A route has been registered for it: what it takes is known.
                    if row.takes_any_function() && self.handled.contains_key(&target) {
                        continue;
                    }
                    // The frameworks that go by the type of a parameter await their handlers; others have a value of it in passing.
                    let awaited = function.is_async || unit.facts.language != LanguageId::Rust;
                    if row.takes_any_function() && !awaited {
                        continue;
                    }
                    self.handler(row, target, function, registered);
                }
            }
        }
    }

    fn handler(&mut self, row: &Idiom, target: FnRef, function: &'a Function, registered: &[&'a crate::facts::Call]) {
        let above = registrations::decorator_of(row, function.decorators.iter());
        let called = || registrations::decorator_of(row, registered.iter().copied()).filter(|_| row.asks_for_import());
        let decorator = above.or_else(called);
        let by_function = row.functions.iter().any(|wanted| match wanted.rsplit_once('.') {
            Some((owner, name)) => {
                function.name == name
                    && (function.implements.as_ref().and_then(|path| path.last()).is_some_and(|last| last == owner)
                        || self.eval.own_class(target).is_some_and(|class| {
                            callee::has_base(self.eval, class, &|_, base| base.last().is_some_and(|last| last == owner))
                        }))
            }
            None => (wanted == "*" || function.name == *wanted) && function.parent.is_none(),
        });
        let by_param = row.decorators.is_empty() && row.functions.is_empty();
        if decorator.is_none() && !by_function && !by_param
            || row.asks_for_import() && !row.known_in(self.eval, target, decorator)
        {
            return;
        }
        let intakes = self.intake_of_handler(row, target);
        if intakes.is_empty() && decorator.is_none() {
            return;
        }
        let mut events = self.handler_texts(&row.event, target, function, decorator);
        if above.is_none() && decorator.is_some() && events.iter().all(|event| *event == function.name) {
            events = vec![relay::task_name(self.eval, target)];
        }
        let channels = self.handler_texts(&row.channel, target, function, decorator);
        if row.wants_event_like() {
            // A route that takes no payload by one of these names is some other route of a file about webhooks; so is one by which
            // people manage them.
            if intakes.is_empty() || row.excludes_event(&function.name) {
                return;
            }
            let path = self.program.files.unit(target.file).path.clone();
            let near = events
                .iter()
                .map(Name::as_str)
                .chain([function.name.as_str(), path.as_str()])
                .any(|text| row.admits_event(&intakes::without_parameters(text)));
            if !near {
                return;
            }
        }
        let sorting = dispatch::Sorting::default();
        let (shape, enforced, _) = self.intake_shape(&intakes, &sorting);
        // A decorator of which nothing but its name is known, no event and no field: nothing could ever be said of it.
        if events.is_empty()
            && channels.is_empty()
            && shape.is_unknown()
            && row.is_generic()
            && !row.wants_event_like()
            && row.language.is_some()
        {
            return;
        }
        let boundary = Boundary {
            channel: channels.first().map(Name::to_string),
            symbol: surroundings::symbol(self.program, target).into(),
            in_test: self.in_test(target),
            enforced,
            delivery: Delivery {
                acks: self.around.intake(&[target], &[]),
                options: options::of_handler(self.eval, row, target, decorator),
                ..Delivery::default()
            },
            package: self.packages.of(self.program.files.unit(target.file).path.as_str()),
            by_position: self.places_taken(&intakes, target),
            task: row.takes(&Selected::AllParams).then(|| self.program.files.unit(target.file).path.clone()),
            ..Boundary::new(Role::Consumer, &row.kind, &row.id, self.origin(target.file, function.span), shape)
        };
        let before = self.boundaries.len();
        let by_case = (events.is_empty() || row.kind == "webhook") && {
            let channel = channels.first().or(events.first()).cloned();
            self.by_case(&Boundary { channel: channel.map(String::from), ..boundary.clone() }, &intakes)
        };
        if !by_case && !self.split(&boundary, &events, &intakes, &sorting) {
            self.named(boundary, events, None, channels);
        }
        self.handles(target, before);
    }

    /// A handler that tells events apart gives one boundary for each: with what is read under its name, and what is read of all.
    /// A name that tells no payloads apart, a pattern or an address, is where they come in. Says whether there was anything to split.
    fn split(&mut self, boundary: &Boundary, events: &[Name], intakes: &[Intake<'a>], sorting: &dispatch::Sorting<'_>) -> bool {
        let told = sorting.events();
        let patterns = !events.is_empty() && events.iter().all(|event| event.contains('*'));
        let addresses = matches!(boundary.kind.as_str(), "webhook" | "http");
        if told.is_empty() || !(events.is_empty() || patterns || addresses) {
            return false;
        }
        let fits =
            |name: &Name| !patterns || events.iter().any(|pattern| super::idioms::wildcard::Wildcard::new(pattern).matches(name));
        let told: Vec<Name> = told.into_iter().filter(fits).collect();
        if told.is_empty() {
            return false;
        }
        let channel = boundary.channel.clone().or_else(|| events.first().filter(|_| !patterns).map(Name::to_string));
        for name in told {
            let (shape, enforced, _) = self.intake_shape(intakes, &dispatch::Sorting::only(&name));
            self.boundaries.push(Boundary {
                event: Some(name.into()),
                channel: channel.clone(),
                shape,
                enforced,
                ..boundary.clone()
            });
        }
        // The others that a pattern lets in get what is read whatever the name.
        for pattern in events.iter().filter(|_| patterns) {
            let (shape, enforced, _) = self.intake_shape(intakes, &dispatch::Sorting::only(""));
            self.boundaries.push(Boundary { event: Some(pattern.clone().into()), shape, enforced, ..boundary.clone() });
        }
        true
    }

    /// The constant texts that selectors over a handler and its decorator give: of the first selector that gives any.
    fn handler_texts(
        &self,
        selectors: &[super::idioms::selector::Selector],
        target: FnRef,
        function: &'a Function,
        decorator: Option<&'a crate::facts::Call>,
    ) -> Vec<Name> {
        let top = FnRef { file: target.file, id: FnId(0) };
        selectors
            .iter()
            .map(|selector| {
                let given = match (&selector.root, decorator) {
                    (Selected::DecoratorReceiver, Some(call)) => {
                        let base = match &call.callee.kind {
                            ExprKind::Member(base, _) => base,
                            // `saved.connect` of a name of the module.
                            ExprKind::Name(path) if path.len() > 1 => return vec![path[path.len() - 2].clone()],
                            _ => return Vec::new(),
                        };
                        let term = self.eval.term(top, base, u32::MAX);
                        return named_in_source(self.eval, &term, base).into_iter().collect();
                    }
                    (Selected::DecoratorArgument(position), Some(call)) => {
                        call.args.iter().filter(|argument| argument.name.is_none()).nth(*position as usize)
                    }
                    (Selected::DecoratorNamed(name), Some(call)) => {
                        call.args.iter().find(|argument| argument.name.as_deref() == Some(name))
                    }
                    (Selected::ClassDecorator(position), _) => self.eval.own_class(target).and_then(|class| {
                        let decorators = &self.program.class(class).decorators;
                        decorators.iter().find_map(|call| call.args.get(*position as usize))
                    }),
                    (Selected::ParamTypeArgument(position), _) => {
                        return self.names_in_param_type(target, function, *position as usize);
                    }
                    (Selected::FunctionName, _) => return vec![function.name.clone()],
                    (Selected::ClassName, _) => return function.scope.last().cloned().into_iter().collect(),
                    (Selected::Text(text), _) => return vec![text.clone()],
                    _ => None,
                };
                let Some(argument) = given else { return Vec::new() };
                let term = self.eval.term(top, &argument.value, u32::MAX);
                if selector.by_name
                    && let ExprKind::Array(items) = &argument.value.kind
                {
                    let name = |item: &'a Expr| named_in_source(self.eval, &self.eval.term(top, item, u32::MAX), item);
                    return items.iter().filter_map(name).collect();
                }
                if selector.by_name {
                    return named_in_source(self.eval, &term, &argument.value).into_iter().collect();
                }
                let site = term.site;
                super::idioms::selector::walk(term, &selector.steps, site).map(|term| texts_of(&term)).unwrap_or_default()
            })
            .find(|texts| !texts.is_empty())
            .unwrap_or_default()
    }

    /// JSON that code decodes into a declared type, outside of any handler that is known already.
    fn decoders(&mut self) {
        for (at, unit) in self.program.files.units.iter().enumerate() {
            let file = FileId(at as u32);
            for (index, function) in unit.facts.functions.iter().enumerate() {
                let reference = FnRef { file, id: FnId(index as u32) };
                let mut found: Vec<(Span, TypeUse<'a>)> = Vec::new();
                for local in &function.locals {
                    if let Some(value) = &local.value {
                        let stated = local.ty.as_ref().map(|ty| self.eval.type_use(reference, ty));
                        self.decoded(reference, value, stated, &mut found, 0);
                    }
                }
                let returned = function.return_type.as_ref().and_then(success_type).map(|ty| self.eval.type_use(reference, ty));
                for value in &function.returns {
                    self.decoded(reference, value, returned.clone(), &mut found, 0);
                }
                for call in &function.calls {
                    for argument in &call.args {
                        self.decoded(reference, &argument.value, None, &mut found, 0);
                    }
                }
                for (span, ty) in found {
                    self.decoder(reference, span, &ty);
                }
            }
        }
        for bound in decoders::bound_by_callers(self.eval) {
            self.decoder(bound.function, bound.span, &bound.ty);
        }
    }

    fn decoded(
        &self,
        function: FnRef,
        expr: &'a Expr,
        stated: Option<TypeUse<'a>>,
        found: &mut Vec<(Span, TypeUse<'a>)>,
        depth: u32,
    ) {
        if depth > 8 {
            return;
        }
        match &expr.kind {
            ExprKind::Decoded(text, ty) => {
                // What this code puts together and checks against a schema comes from nowhere else.
                let own = matches!(
                    self.eval.term(function, text, expr.span.end).bare().kind,
                    Kind::Object(_) | Kind::Record(_) | Kind::Array(_)
                );
                if let Some(ty) = ty.as_ref().map(|ty| self.eval.type_use(function, ty)).or(stated)
                    && !own
                {
                    found.push((expr.span, ty));
                }
            }
            ExprKind::Await(inner) | ExprKind::Typed(inner, _) | ExprKind::Tested(inner, true) => {
                self.decoded(function, inner, stated, found, depth + 1)
            }
            ExprKind::Member(inner, _) => self.decoded(function, inner, None, found, depth + 1),
            ExprKind::OneOf(branches) => {
                for branch in branches {
                    self.decoded(function, branch, stated.clone(), found, depth + 1);
                }
            }
            _ => {}
        }
    }

    fn decoder(&mut self, function: FnRef, span: Span, ty: &TypeUse<'a>) {
        let calls = &self.program.function(function).calls;
        if calls.iter().any(|call| call.span == span && answers::is_answer(self.eval, function, call)) {
            return;
        }
        let shape = self.types.shape(ty, Side::Read).shape;
        if !is_payload(&shape) {
            return;
        }
        let origin = self.origin(function.file, span);
        let covered = self
            .boundaries
            .iter()
            .any(|known| known.role == Role::Consumer && known.origin.file == origin.file && known.shape.same_values(&shape));
        if covered {
            return;
        }
        let boundary = Boundary {
            symbol: surroundings::symbol(self.program, function).into(),
            in_test: self.in_test(function),
            enforced: true,
            package: self.packages.of(self.program.files.unit(function.file).path.as_str()),
            ..Boundary::new(Role::Consumer, "decode", "decode", origin, shape)
        };
        let mut events = decoders::dispatched_events(self.eval, function, span);
        if events.is_empty() {
            events = dispatch::of_decoded(self.eval, function, span);
        }
        self.named(boundary, events, None, Vec::new());
    }
}

/// Where a call that sends a message to a task keeps the task's arguments.
fn task_form(idiom: &Idiom) -> Option<relay::Form> {
    idiom.payload.iter().find_map(|selector| match selector.root {
        Selected::Arguments(form) => Some(form),
        _ => None,
    })
}

/// Whether a call gives the fields of a form: a view that hands them on as a whole takes what people enter.
fn is_form(call: &crate::facts::Call) -> bool {
    matches!(super::index::last_name(&call.callee.kind), Some("form" | "POST"))
}

/// Whether a call gives the raw body: a helper that reads nothing of it looks at its signature.
fn is_raw(call: &crate::facts::Call) -> bool {
    matches!(super::index::last_name(&call.callee.kind), Some("body" | "get_data"))
}

/// The functions that a handler term is.
fn functions_in(term: &Term<'_>, depth: u32) -> Vec<FnRef> {
    if depth > 4 {
        return Vec::new();
    }
    match &term.bare().kind {
        Kind::Function(target) => vec![*target],
        Kind::Lookup(_, _) | Kind::Member(_, _) => {
            term.bare().known_of_table().map(|values| functions_in(&values, depth + 1)).unwrap_or_default()
        }
        Kind::OneOf(branches) => branches.iter().flat_map(|branch| functions_in(branch, depth + 1)).collect(),
        // A handler that is wrapped (`asyncHandler(fn)`, `withAuth(fn)`) is the function inside.
        Kind::Built(built) => {
            built.calls.iter().flat_map(|(_, args)| args).flat_map(|(_, arg)| functions_in(arg, depth + 1)).collect()
        }
        _ => Vec::new(),
    }
}

/// `T` of `Result<T, E>` and `Option<T>`, or the type itself.
pub fn success_type(ty: &TypeExpr) -> Option<&TypeExpr> {
    match &ty.kind {
        TypeKind::Ref(reference) if matches!(reference.path.last().map(Name::as_str), Some("Result" | "Promise" | "Option")) => {
            reference.args.first()
        }
        _ => Some(ty),
    }
}
