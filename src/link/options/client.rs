//! Settings of the client that a handoff goes through: they hold for everything that it sends.
//!
//! Where the code around the handoff does not show how its client is made, the one place of the program that makes such a client
//! is it. With several of them nothing is said.

use std::rc::Rc;

use super::lookup::{self, Found, Wanted};
use super::{Given, names};
use crate::facts::{Call, Expr, ExprKind, Function, LanguageId, Name};
use crate::link::eval::Eval;
use crate::link::idioms::matcher::{ClientPattern, Idiom};
use crate::link::packages;
use crate::link::resolve::FnRef;
use crate::link::summaries::CallSite;
use crate::link::term::{Built, Kind, Term};

/// How many places that make a client are looked at; past it none is known to be the one.
const MAX_CLIENTS: usize = 64;

/// A client as it is made.
pub struct Client<'a> {
    made: Term<'a>,
    /// Settings that are made on it by calls of their own: `config.set("acks", "all");`.
    later: Vec<(Name, Term<'a>)>,
}

/// What is known of the client behind a call.
pub enum Known<'a> {
    Client(Client<'a>),
    /// The program makes none.
    None,
    /// It may be one of several.
    Unknown,
}

/// The client that a call goes through.
pub fn of<'a>(eval: &Eval<'a>, idiom: &Idiom, given: &Given<'a>, chain: &[CallSite]) -> Known<'a> {
    if idiom.client.is_empty() {
        return Known::None;
    }
    if let Some(Term { kind: Kind::Built(built), site, .. }) = given.receiver.as_ref().map(Term::bare)
        && is_made(&idiom.client, built)
    {
        return Known::Client(Client { made: Term::new(Kind::Built(built.clone()), *site), later: Vec::new() });
    }
    let mut sites: Vec<CallSite> = known_sites(eval, idiom).to_vec();
    if sites.len() > 1
        && let Some(sink) = chain.last()
    {
        let here: Vec<CallSite> = sites.iter().copied().filter(|site| site.function.file == sink.function.file).collect();
        if here.len() == 1 {
            sites = here;
        }
    }
    match sites.as_slice() {
        [] => Known::None,
        [site] => {
            let function: &'a Function = eval.program.function(site.function);
            let call = function.call(site.call);
            Known::Client(Client { made: eval.of_call(site.function, call), later: set_on_local(eval, site.function, call) })
        }
        _ => Known::Unknown,
    }
}

/// The same, looked for once for each row.
fn known_sites(eval: &Eval<'_>, idiom: &Idiom) -> Rc<[CallSite]> {
    if let Some(known) = eval.clients.borrow().get(&idiom.id) {
        return Rc::clone(known);
    }
    let found: Rc<[CallSite]> = sites(eval, &idiom.client).into();
    eval.clients.borrow_mut().insert(idiom.id.clone(), Rc::clone(&found));
    found
}

/// The places outside of tests that make a client of this kind.
fn sites<'a>(eval: &Eval<'a>, patterns: &[ClientPattern]) -> Vec<CallSite> {
    let mut found = Vec::new();
    for pattern in patterns {
        for site in calls_outside_tests(eval, &pattern.name) {
            if found.len() > MAX_CLIENTS {
                return found;
            }
            let owner: &'a Function = eval.program.function(site.function);
            let made = !owner.in_test
                && match &eval.of_call(site.function, owner.call(site.call)).bare().kind {
                    Kind::Built(built) => pattern.makes(built),
                    _ => false,
                };
            if made && !found.contains(&site) {
                found.push(site);
            }
        }
    }
    found
}

fn is_made(patterns: &[ClientPattern], built: &Built<'_>) -> bool {
    patterns.iter().any(|pattern| pattern.makes(built))
}

/// `config.set("acks", "all");` in statements of their own, on the variable that a client is made from.
fn set_on_local<'a>(eval: &Eval<'a>, at: FnRef, call: &'a Call) -> Vec<(Name, Term<'a>)> {
    let ExprKind::Member(base, _) = &call.callee.kind else { return Vec::new() };
    told_to(eval, at, base, "set", call.span.start)
}

/// The keys and values that a method puts into a variable by calls of their own before a place.
fn told_to<'a>(eval: &Eval<'a>, at: FnRef, variable: &Expr, method: &str, before: u32) -> Vec<(Name, Term<'a>)> {
    let ExprKind::Local(local) = &variable.kind else { return Vec::new() };
    let function: &'a Function = eval.program.function(at);
    let mut found = Vec::new();
    for other in function.calls.iter().filter(|other| other.span.end <= before) {
        let on_it = matches!(&other.callee.kind, ExprKind::Member(on, name)
            if name == method && matches!(&on.kind, ExprKind::Local(id) if id == local));
        if let (true, [key, value]) = (on_it, other.args.as_slice()) {
            let key = eval.term(at, &key.value, other.span.start);
            let text = key.as_text().map(Name::from).or_else(|| match &key.bare().kind {
                // `"x-dead-letter-exchange".into()`
                Kind::Built(built) => built.on.as_ref().and_then(|on| on.as_text()).map(Name::from),
                _ => None,
            });
            found.extend(text.map(|text| (text, eval.term(at, &value.value, other.span.start))));
        }
    }
    found
}

impl<'a> Client<'a> {
    /// Looks for a setting by the names that libraries give it.
    pub fn search(&self, name: &dyn Fn(&str) -> bool) -> Found<'a> {
        if let Some((_, value)) = self.later.iter().rev().find(|(key, _)| name(key)) {
            return Found::of_value(value);
        }
        match &self.made.bare().kind {
            Kind::Built(built) => search(built, name),
            _ => Found::Unknown,
        }
    }
}

fn search<'a>(built: &Built<'a>, name: &dyn Fn(&str) -> bool) -> Found<'a> {
    let wanted = Wanted { name, payload: &[] };
    let mut all = Vec::new();
    for (call, args) in built.calls.iter().rev() {
        // `.set("acks", "all")`
        if let [(None, key), (None, value)] = args.as_slice()
            && let Some(key) = key.as_text()
            && !matches!(value.bare().kind, Kind::Object(_) | Kind::Built(_))
        {
            if name(key) {
                return Found::of_value(value);
            }
            continue;
        }
        if name(call)
            && let [(None, value)] = args.as_slice()
        {
            return Found::of_value(value);
        }
        for (named, value) in args {
            match named {
                Some(named) if name(named) => all.push(Found::of_value(value)),
                Some(named) => match lookup::search(value, wanted, 0) {
                    Found::Unknown if named != "**" && !names::is_options(named) => {}
                    found => all.push(found),
                },
                // A broker's address, the name of a service.
                None if matches!(value.bare().kind, Kind::Literal(_) | Kind::Template(_)) => {}
                None => all.push(lookup::search(value, wanted, 0)),
            }
        }
    }
    Found::any(all)
}

/// Whether some call of one of these names stands in the program, outside of tests.
pub fn calls_any<'n>(eval: &Eval<'_>, mut names: impl Iterator<Item = &'n str>) -> Option<CallSite> {
    names.find_map(|name| calls_outside_tests(eval, name).next())
}

/// The calls of a name in files that are no tests.
fn calls_outside_tests<'e>(eval: &'e Eval<'_>, name: &'e str) -> impl Iterator<Item = CallSite> + 'e {
    eval.program.calling(name).iter().flat_map(move |file| {
        let unit = eval.program.files.unit(*file);
        let counts = !unit.facts.in_test && !packages::is_test_path(unit.path.as_str());
        let calls = unit.index.calls.get(name).filter(|_| counts).into_iter().flatten();
        calls.map(move |(function, call)| CallSite { function: FnRef { file: *file, id: *function }, call: *call })
    })
}

/// What is put into the variables that a call is given by calls of their own: `arguments.insert("x-dead-letter-exchange".into(), …)`.
pub fn inserted<'a>(eval: &Eval<'a>, at: FnRef, call: &'a Call) -> Vec<(Name, Term<'a>)> {
    if eval.program.files.unit(at.file).facts.language != LanguageId::Rust {
        return Vec::new();
    }
    call.args.iter().flat_map(|argument| told_to(eval, at, &argument.value, "insert", call.span.start)).collect()
}
