//! How often, for how long and how surely a handoff is tried, and what becomes of what cannot be handled.
//!
//! Settings stand in many places: options of the call, defaults of the queue, a decorator, a helper around the call, a loop by
//! hand. Where one of them may be out of sight, nothing is said.

use super::client::{self, Known};
use super::inputs::{self, Derived};
use super::lookup::{self, Found, Wanted};
use super::{Given, Setting, names, retry};
use crate::facts::{Call, ExprKind, Function, LanguageId, Literal, Name};
use crate::link::eval::Eval;
use crate::link::idioms::matcher::Idiom;
use crate::link::index::last_name;
use crate::link::naming::texts_of;
use crate::link::resolve::FnRef;
use crate::link::summaries::CallSite;
use crate::link::term::{Kind, Term};
use crate::source::Origin;

/// How many calls that declare queues are looked at for one boundary; past it nothing is said of dead letters.
const MAX_DECLARATIONS: usize = 64;

/// How often something is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Count {
    /// The first attempt is one of them.
    Times(u32),
    Forever,
    /// In the words of the source, where it is no constant.
    Computed(Name),
}

/// What repeats a handoff.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Retry {
    /// What the options say, or the library's default; `None` where that is not known.
    pub attempts: Option<Count>,
    /// Whether an option says it, and not the library's default.
    pub stated: Option<Derived>,
    /// Whether an option may set it that cannot be seen.
    pub open: bool,
    pub backoff: Setting,
    /// Helpers, decorators and loops around the call, with how often they try where that is written there.
    pub around: Vec<(Name, Option<Count>)>,
}

/// How often, for how long and how surely.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    pub retry: Retry,
    pub timeout: Setting,
    pub dead_letter: Setting,
    /// `acks`, QoS.
    pub guarantee: Setting,
    /// The rights with which it is handed over.
    pub scope: Setting,
    pub switches: Switches,
}

/// What makes a handoff safer where it is on. What is neither on nor off is not known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Switches {
    /// The producer writes once what it tries again.
    pub idempotence: Option<Switch>,
    /// The broker keeps the message over its restart.
    pub persistence: Option<Switch>,
    /// The queue or exchange outlives the broker.
    pub durability: Option<Switch>,
    /// The broker says that it has the message.
    pub confirms: Option<Switch>,
}

/// Whether something is on, and where and in which words that is said.
#[derive(Clone, Debug, PartialEq)]
pub struct Switch {
    pub on: bool,
    pub text: Name,
    pub origin: Option<Origin>,
}

/// The settings of a boundary that a call sets up, with the chain down to it.
pub fn of_call<'a>(eval: &Eval<'a>, idiom: &Idiom, given: &Given<'a>, chain: &[CallSite], queue: &[Name]) -> Settings {
    let mut settings = of_options(eval, idiom, given, chain);
    for around in retry::around(eval, chain) {
        let count = around.call.and_then(|call| helper_count(eval, around.function, call));
        settings.retry.around.push((around.name, count));
    }
    if !queue.is_empty() {
        let declared = declarations(eval, queue);
        if settings.dead_letter == Setting::Absent {
            settings.dead_letter = declared_dead_letter(eval, chain, declared.as_deref());
        }
        settings.switches.durability = declared.and_then(|declared| declared_durability(eval, &declared));
    }
    settings
}

/// The settings of a handler that a decorator or its name makes one.
pub fn of_handler<'a>(eval: &Eval<'a>, idiom: &Idiom, target: FnRef, decorator: Option<&'a Call>) -> Settings {
    let function: &'a Function = eval.program.function(target);
    let own: Vec<&'a Call> = function
        .calls
        .iter()
        .filter(|call| last_name(&call.callee.kind) == Some("retry") && is_own_retry(&call.callee.kind, function))
        .collect();
    let mut settings = match decorator {
        Some(call) => {
            let given = Given::of_decorator(eval, target.file, call);
            let mut settings = of_options(eval, idiom, &given, &[]);
            let needed = |wanted: &&Name| {
                given.args.iter().any(|(name, value)| {
                    name.as_ref() == Some(wanted) && !matches!(value.bare().kind, Kind::Literal(Literal::Bool(false)))
                })
            };
            // A limit limits nothing where nothing is tried again.
            if !idiom.retry_needs.is_empty()
                && given.whole
                && own.is_empty()
                && !idiom.retry_needs.iter().any(|name| needed(&name))
            {
                settings.retry = Retry { attempts: Some(Count::Times(1)), backoff: Setting::Absent, ..Retry::default() };
            }
            settings
        }
        None => Settings::default(),
    };
    // `raise self.retry(max_retries=5)` has the last word.
    for call in own {
        let given = Given::of(eval, target, call);
        if let Found::Given(term) = given.search(None, &names::is_retries) {
            settings.retry.attempts = count_of(eval, &term, 1);
            settings.retry.stated = Some(inputs::derived(eval, &term, &[]));
        }
    }
    let site = |decorator: &'a Call| last_name(&decorator.callee.kind).unwrap_or_default().to_owned();
    for decorator in &function.decorators {
        if retry::is_retrying(&decorator.callee) {
            let top = FnRef { file: target.file, id: crate::facts::FnId(0) };
            settings.retry.around.push((site(decorator).into(), helper_count(eval, top, decorator)));
        }
    }
    settings
}

/// `self.retry(…)` of a bound task, `task.retry(…)` by the task's own name.
fn is_own_retry(callee: &ExprKind, function: &Function) -> bool {
    let ExprKind::Member(base, _) = callee else { return false };
    match &base.kind {
        ExprKind::This => true,
        ExprKind::Local(id) => {
            function.locals.get(id.0 as usize).is_some_and(|local| matches!(local.name.as_str(), "self" | "task"))
        }
        ExprKind::Name(path) => path.last().is_some_and(|last| *last == function.name || last == "current_task"),
        _ => false,
    }
}

fn of_options<'a>(eval: &Eval<'a>, idiom: &Idiom, given: &Given<'a>, chain: &[CallSite]) -> Settings {
    let client = client::of(eval, idiom, given, chain);
    let of_client = |name: &dyn Fn(&str) -> bool| match &client {
        Known::Client(client) => client.search(name),
        Known::None if idiom.client.is_empty() => Found::Absent,
        // It is made somewhere else.
        Known::None | Known::Unknown => Found::Unknown,
    };
    let setting = |found: Found<'a>| match found {
        Found::Given(term) => Setting::Given(inputs::derived(eval, &term, chain)),
        Found::Absent => Setting::Absent,
        Found::Unknown => Setting::Unknown,
    };
    let search = |name: &dyn Fn(&str) -> bool| given.search(Some(idiom), name);
    let (attempts, more) = match (search(&names::is_attempts), search(&names::is_retries), search(&names::is_retry_policy)) {
        (Found::Given(term), _, _) => (Found::Given(term), 0),
        (_, Found::Given(term), _) => (Found::Given(term), 1),
        (_, _, Found::Given(term)) => (Found::Given(term), 1),
        (Found::Absent, Found::Absent, Found::Absent) => (Found::Absent, 0),
        (_, _, _) => (Found::Unknown, 0),
    };
    // A signal is a limit where it says so, and may be one where it does not.
    let timeout = match (search(&names::is_timeout), search(&names::is_signal)) {
        (Found::Absent, Found::Given(term)) => {
            if inputs::words(eval, &term, 0).to_ascii_lowercase().contains("timeout") {
                Found::Given(term)
            } else {
                Found::Unknown
            }
        }
        (Found::Absent, Found::Unknown) => Found::Unknown,
        (Found::Absent, Found::Absent) if !says_no_timeout(given) => match of_client(&names::is_timeout) {
            Found::Unknown if matches!(client, Known::None) && !limits_by_itself(eval, chain) => Found::Absent,
            Found::Absent if limits_by_itself(eval, chain) => Found::Unknown,
            found => found,
        },
        (found, _) => found,
    };
    let guarantee = match search(&names::is_guarantee) {
        Found::Given(term) => Found::Given(term),
        Found::Absent => of_client(&names::is_guarantee),
        // What the call is given beside it mostly is no such option; the client's own word is.
        Found::Unknown => match of_client(&names::is_guarantee) {
            Found::Given(term) => Found::Given(term),
            Found::Absent | Found::Unknown => Found::Unknown,
        },
    };
    let idempotence = if idiom.client.is_empty() { Found::Unknown } else { of_client(&names::is_idempotence) };
    let mut settings = Settings {
        retry: Retry { backoff: setting(search(&names::is_backoff)), ..Retry::default() },
        timeout: setting(timeout),
        dead_letter: setting(search(&names::is_dead_letter)),
        guarantee: setting(guarantee),
        scope: setting(search(&names::is_scope)),
        switches: Switches {
            idempotence: switch(eval, idempotence, "no word of it"),
            persistence: switch(eval, search(&names::is_persistence), "no word of it"),
            durability: None,
            confirms: confirms(eval, idiom),
        },
    };
    // The library's own word holds where nothing is said.
    if settings.guarantee == Setting::Absent
        && let (Some(default), Some(site)) = (&idiom.guarantee_default, chain.last())
    {
        let call = eval.program.function(site.function).call(site.call);
        let origin = Origin::new(eval.program.files.unit(site.function.file).path.clone(), call.span);
        settings.guarantee = Setting::Given(Derived::constant(default, origin));
    }
    match attempts {
        Found::Given(term) => {
            settings.retry.attempts = count_of(eval, &term, more);
            settings.retry.stated = Some(inputs::derived(eval, &term, chain));
        }
        Found::Absent if !has_defaults_elsewhere(eval, idiom, given) => {
            settings.retry.attempts = idiom.retry_default.map(Count::Times);
            // A client that tries by itself.
            if settings.retry.attempts.is_none()
                && let Known::Client(client) = &client
            {
                let found = match client.search(&names::is_attempts) {
                    Found::Given(term) => Some((term, 0)),
                    Found::Absent | Found::Unknown => match client.search(&names::is_client_retries) {
                        Found::Given(term) => Some((term, 1)),
                        Found::Absent | Found::Unknown => None,
                    },
                };
                if let Some((term, more)) = found {
                    settings.retry.attempts = count_of(eval, &term, more);
                    settings.retry.stated = Some(inputs::derived(eval, &term, chain));
                }
            }
        }
        Found::Absent | Found::Unknown => settings.retry.open = true,
    }
    settings
}

/// Whether a call says itself that it waits without a limit.
fn says_no_timeout(given: &Given<'_>) -> bool {
    given.args.iter().any(|(name, term)| {
        name.as_deref().is_some_and(names::is_timeout) && matches!(term.bare().kind, Kind::Literal(Literal::Null))
    })
}

/// Whether the library that a call is made with has a limit of its own where none is given.
fn limits_by_itself(eval: &Eval<'_>, chain: &[CallSite]) -> bool {
    chain.last().is_some_and(|sink| {
        let imports = &eval.program.files.unit(sink.function.file).facts.imports;
        imports
            .iter()
            .any(|import| import.module.first().is_some_and(|first| matches!(first.split('.').next(), Some("httpx" | "aiohttp"))))
    })
}

/// A setting that is on or off; where nothing is said it is off.
fn switch<'a>(eval: &Eval<'a>, found: Found<'a>, unsaid: &str) -> Option<Switch> {
    match found {
        Found::Given(term) => {
            let on = match &term.bare().kind {
                Kind::Literal(Literal::Bool(on)) => *on,
                Kind::Literal(Literal::Number(number)) => number == "2",
                Kind::Literal(Literal::Text(text)) => text == "true",
                _ => {
                    let words = inputs::words(eval, &term, 0).to_ascii_lowercase();
                    match (words.contains("not_persistent") || words.contains("transient"), words.contains("persistent")) {
                        (true, _) => false,
                        (false, true) => true,
                        (false, false) => return None,
                    }
                }
            };
            let origin = Origin::new(eval.program.files.unit(term.site.file).path.clone(), term.site.span);
            Some(Switch { on, text: inputs::words(eval, &term, 0), origin: Some(origin) })
        }
        Found::Absent => Some(Switch { on: false, text: unsaid.into(), origin: None }),
        Found::Unknown => None,
    }
}

/// Whether the program has its broker say that it has a message.
fn confirms(eval: &Eval<'_>, idiom: &Idiom) -> Option<Switch> {
    if !idiom.confirms {
        return None;
    }
    Some(match client::calls_any(eval, names::CONFIRMS.iter().copied()) {
        Some(site) => {
            let call = eval.program.function(site.function).call(site.call);
            let origin = Origin::new(eval.program.files.unit(site.function.file).path.clone(), call.span);
            Switch { on: true, text: crate::link::eval::callee_text(&call.callee), origin: Some(origin) }
        }
        None => Switch { on: false, text: "nothing".into(), origin: None },
    })
}

/// How often a value says that something is tried; `more` for a value that counts the attempts after the first.
fn count_of<'a>(eval: &Eval<'a>, term: &Term<'a>, more: u32) -> Option<Count> {
    Some(match &term.bare().kind {
        Kind::Literal(Literal::Number(digits)) => match digits.parse::<i64>() {
            Ok(times) if times < 0 => Count::Forever,
            Ok(times) => Count::Times(u32::try_from(times).ok()?.saturating_add(more)),
            Err(_) => return None,
        },
        Kind::Literal(Literal::Bool(false)) => Count::Times(1),
        Kind::Literal(Literal::Null) => Count::Forever,
        Kind::Literal(_) => return None,
        // A policy with the number inside.
        Kind::Object(_) | Kind::Built(_) | Kind::Record(_) => {
            let wanted = |name: &dyn Fn(&str) -> bool| lookup::search(term, Wanted { name, payload: &[] }, 0);
            match (wanted(&names::is_attempts), wanted(&names::is_policy_limit)) {
                (Found::Given(inner), _) => return count_of(eval, &inner, 0),
                (_, Found::Given(inner)) => return count_of(eval, &inner, 1),
                (_, _) => return None,
            }
        }
        _ => Count::Computed(inputs::words(eval, term, 0)),
    })
}

/// How often a helper tries, where its call says so.
fn helper_count<'a>(eval: &Eval<'a>, function: FnRef, call: &'a Call) -> Option<Count> {
    let given = Given::of(eval, function, call);
    match (given.search(None, &names::is_attempts), given.search(None, &names::is_retries)) {
        (Found::Given(term), _) => return count_of(eval, &term, 0),
        (_, Found::Given(term)) => return count_of(eval, &term, 1),
        (_, _) => {}
    }
    for (_, term) in &given.args {
        match &term.bare().kind {
            Kind::Literal(Literal::Number(_)) => return count_of(eval, term, 0),
            // tenacity: `stop=stop_after_attempt(3)`.
            Kind::Built(built) if built.root.ends_with("stop_after_attempt") => {
                return built.positional(0).and_then(|limit| count_of(eval, limit, 0));
            }
            _ => {}
        }
    }
    None
}

/// Whether defaults for a queue that cannot be followed are set somewhere else in the program.
fn has_defaults_elsewhere<'a>(eval: &Eval<'a>, idiom: &Idiom, given: &Given<'a>) -> bool {
    let followed = matches!(&given.receiver, Some(Term { kind: Kind::Built(_), .. }));
    if idiom.defaults_in.is_empty() || followed {
        return false;
    }
    *eval.queue_defaults.get_or_init(|| {
        let sites = calls_of(eval, idiom.defaults_in.iter().map(Name::as_str));
        sites.len() > MAX_DECLARATIONS
            || sites.iter().any(|site| {
                let given = Given::of(eval, site.function, eval.program.function(site.function).call(site.call));
                let any = |name: &str| names::is_attempts(name) || names::is_retries(name);
                !matches!(given.search(None, &any), Found::Absent)
            })
    })
}

/// The calls that declare one of these queues or exchanges; `None` where there are too many to look at.
fn declarations(eval: &Eval<'_>, queue: &[Name]) -> Option<Vec<CallSite>> {
    let declaring = names::DECLARES_QUEUE.iter().chain(names::DECLARES_EXCHANGE).copied();
    let sites = eval.queue_declarations.get_or_init(|| calls_of(eval, declaring));
    if sites.len() > MAX_DECLARATIONS {
        return None;
    }
    let named = |site: &&CallSite| {
        let given = Given::of(eval, site.function, eval.program.function(site.function).call(site.call));
        given.args.iter().any(|(_, term)| texts_of(term).iter().any(|text| queue.contains(text)))
    };
    Some(sites.iter().filter(named).copied().collect())
}

/// The dead-letter target that a declaration of the queue names: `assertQueue("q", {deadLetterExchange})`.
fn declared_dead_letter<'a>(eval: &Eval<'a>, chain: &[CallSite], declared: Option<&[CallSite]>) -> Setting {
    let Some(declared) = declared else { return Setting::Unknown };
    let mut setting = Setting::Absent;
    for site in declared {
        let call: &'a Call = eval.program.function(site.function).call(site.call);
        if let Some((_, term)) =
            client::inserted(eval, site.function, call).into_iter().find(|(key, _)| names::is_dead_letter(key))
        {
            return Setting::Given(inputs::derived(eval, &term, chain));
        }
        match Given::of(eval, site.function, call).search(None, &names::is_dead_letter) {
            Found::Given(term) => return Setting::Given(inputs::derived(eval, &term, chain)),
            Found::Unknown if !is_filled_here(eval, *site) => setting = Setting::Unknown,
            Found::Unknown | Found::Absent => {}
        }
    }
    setting
}

/// Whether all that a declaration is given as variables is made in its function: what is not put in there is not in it.
fn is_filled_here(eval: &Eval<'_>, site: CallSite) -> bool {
    let function = eval.program.function(site.function);
    eval.program.files.unit(site.function.file).facts.language == LanguageId::Rust
        && function.call(site.call).args.iter().all(|argument| match &argument.value.kind {
            ExprKind::Local(id) => function.locals.get(id.0 as usize).is_some_and(|local| local.value.is_some()),
            ExprKind::Literal(_) | ExprKind::Record(_) | ExprKind::Object(_) | ExprKind::Call(_) | ExprKind::OfType(_) => true,
            _ => false,
        })
}

/// Whether the declarations of a queue say that it outlives its broker.
fn declared_durability(eval: &Eval<'_>, declared: &[CallSite]) -> Option<Switch> {
    let mut found: Option<Switch> = None;
    for site in declared {
        let call = eval.program.function(site.function).call(site.call);
        let at = Origin::new(eval.program.files.unit(site.function.file).path.clone(), call.span);
        let by_default = eval.program.files.unit(site.function.file).facts.language == LanguageId::TypeScript;
        let (on, text) = match Given::of(eval, site.function, call).search(None, &names::is_durability) {
            Found::Given(term) => match &term.bare().kind {
                Kind::Literal(Literal::Bool(on)) => (*on, format!("durable: {on}")),
                _ => return None,
            },
            Found::Absent => (by_default, "no word of `durable`".to_owned()),
            Found::Unknown => return None,
        };
        // A queue that is declared again, to look whether it is there, is what it was declared as.
        if found.as_ref().is_none_or(|known| on && !known.on) {
            found = Some(Switch { on, text: text.into(), origin: Some(at) });
        }
    }
    found
}

/// The calls of these names, outside of what is looked at already.
fn calls_of<'n>(eval: &Eval<'_>, names: impl Iterator<Item = &'n str>) -> Vec<CallSite> {
    let mut sites = Vec::new();
    for name in names {
        for file in eval.program.calling(name) {
            let found = eval.program.files.unit(*file).index.calls.get(name).into_iter().flatten();
            sites.extend(found.map(|(function, call)| CallSite { function: FnRef { file: *file, id: *function }, call: *call }));
        }
    }
    sites
}
