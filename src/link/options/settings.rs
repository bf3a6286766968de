//! How often, for how long and how surely a handoff is tried, and what becomes of what cannot be handled.
//!
//! Settings stand in many places: options of the call, defaults of the queue, a decorator, a helper around the call, a loop by
//! hand. Where one of them may be out of sight, nothing is said.

use super::inputs::{self, Derived};
use super::lookup::{self, Found, Wanted};
use super::{Given, Setting, names, retry};
use crate::facts::{Call, ExprKind, Function, Literal};
use crate::link::eval::Eval;
use crate::link::idioms::matcher::Idiom;
use crate::link::index::last_name;
use crate::link::modules::FileId;
use crate::link::resolve::FnRef;
use crate::link::summaries::{CallSite, texts_of};
use crate::link::term::{Kind, Term};

/// How many calls that declare queues are looked at for one boundary; past it nothing is said of dead letters.
const MAX_DECLARATIONS: usize = 64;

/// How often something is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Count {
    /// The first attempt is one of them.
    Times(u32),
    Forever,
    /// In the words of the source, where it is no constant.
    Computed(String),
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
    pub around: Vec<(String, Option<Count>)>,
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
}

/// The settings of a boundary that a call sets up, with the chain down to it.
pub fn of_call<'a>(eval: &Eval<'a>, idiom: &Idiom, given: &Given<'a>, chain: &[CallSite], queue: &[String]) -> Settings {
    let mut settings = of_options(eval, idiom, given, chain);
    for around in retry::around(eval, chain) {
        let count = around.call.and_then(|call| helper_count(eval, around.function, call));
        settings.retry.around.push((around.name, count));
    }
    if settings.dead_letter == Setting::Absent && !queue.is_empty() {
        settings.dead_letter = declared_dead_letter(eval, chain, queue);
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
            let needed = |name: &&String| {
                call.args.iter().any(|arg| {
                    arg.name.as_ref() == Some(name) && !matches!(arg.value.kind, ExprKind::Literal(Literal::Bool(false)))
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
            settings.retry.around.push((site(decorator), helper_count(eval, top, decorator)));
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
        (found, _) => found,
    };
    let mut settings = Settings {
        retry: Retry { backoff: setting(search(&names::is_backoff)), ..Retry::default() },
        timeout: setting(timeout),
        dead_letter: setting(search(&names::is_dead_letter)),
        guarantee: setting(search(&names::is_guarantee)),
        scope: setting(search(&names::is_scope)),
    };
    match attempts {
        Found::Given(term) => {
            settings.retry.attempts = count_of(eval, &term, more);
            settings.retry.stated = Some(inputs::derived(eval, &term, chain));
        }
        Found::Absent if !has_defaults_elsewhere(eval, idiom, given) => {
            settings.retry.attempts = idiom.retry_default.map(Count::Times);
        }
        Found::Absent | Found::Unknown => settings.retry.open = true,
    }
    settings
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
        let sites = calls_of(eval, idiom.defaults_in.iter().map(String::as_str));
        sites.len() > MAX_DECLARATIONS
            || sites.iter().any(|site| {
                let given = Given::of(eval, site.function, eval.program.function(site.function).call(site.call));
                let any = |name: &str| names::is_attempts(name) || names::is_retries(name);
                !matches!(given.search(None, &any), Found::Absent)
            })
    })
}

/// The dead-letter target that a declaration of the queue names: `assertQueue("q", {deadLetterExchange})`.
fn declared_dead_letter<'a>(eval: &Eval<'a>, chain: &[CallSite], queue: &[String]) -> Setting {
    let sites = eval.queue_declarations.get_or_init(|| calls_of(eval, names::DECLARES_QUEUE.iter().copied()));
    if sites.len() > MAX_DECLARATIONS {
        return Setting::Unknown;
    }
    let mut setting = Setting::Absent;
    for site in sites {
        let given = Given::of(eval, site.function, eval.program.function(site.function).call(site.call));
        let named = given.args.iter().any(|(_, term)| texts_of(term).iter().any(|text| queue.contains(text)));
        if !named {
            continue;
        }
        match given.search(None, &names::is_dead_letter) {
            Found::Given(term) => return Setting::Given(inputs::derived(eval, &term, chain)),
            Found::Unknown => setting = Setting::Unknown,
            Found::Absent => {}
        }
    }
    setting
}

/// The calls of these names, outside of what is looked at already.
fn calls_of<'n>(eval: &Eval<'_>, names: impl Iterator<Item = &'n str>) -> Vec<CallSite> {
    let mut sites = Vec::new();
    for name in names {
        for (at, unit) in eval.program.files.units.iter().enumerate() {
            let found = unit.index.calls.get(name).into_iter().flatten();
            sites.extend(
                found
                    .map(|(function, call)| CallSite { function: FnRef { file: FileId(at as u32), id: *function }, call: *call }),
            );
        }
    }
    sites
}
