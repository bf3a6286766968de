//! Calls that run a function of the repository elsewhere or later: `task.delay(a, b)`, `task.apply_async(args=(a, b))`,
//! `queue.enqueue(task, a, b)`, `Thread(target=work, args=(a,))`.
//!
//! Such a call carries the arguments of the function, so it is a call of that function for everything that follows arguments: the
//! message of a task is an object of the task's parameters, and a task that posts a webhook posts what `delay` was given. Left out is
//! whatever the code builds by hand from a name that no function of the repository is registered under.

mod helpers;
mod made_with;
mod names;

use rustc_hash::FxHashMap;

pub use self::helpers::Helper;
pub use self::names::{class_task_name, decorated_name, name_at, registered_name, run_below, task_name};

use super::callee;
use super::eval::Eval;
use super::hooks;
use super::idioms::selector::is_unpacked;
use super::index::called_name;
use super::modules::FileId;
use super::naming::texts_of;
use super::resolve::FnRef;
use super::resolve::{Entity, Want};
use super::summaries::CallSite;
use super::term::{Entry, Kind, Site, Term, TypeUse, Written};
use crate::facts::{
    Argument, Call, Expr, ExprKind, FnId, Function, LanguageId, Literal, LocalId, LocalKind, Name, Step, TypeKind,
};

/// Methods of a task that take its arguments as their own. A signature that is no immutable one (`task.s(a)`) is not among them: in a
/// chain the result of the task before it stands in front.
const DIRECT: &[&str] = &[
    "delay",
    "delay_on_commit",
    "adelay",
    "send",
    "kiq",
    "si",
    "defer",
    "defer_async",
    "schedule",
    "message",
    "run_in_background",
    "asend",
];

/// Methods of a task that take its arguments in a list and a dictionary.
const PACKED: &[&str] =
    &["apply_async", "apply_async_on_commit", "send_with_options", "message_with_options", "apply", "aapply_async"];

/// Functions that take a function of a queue first, then its arguments.
const QUEUES: &[&str] =
    &["enqueue", "enqueue_in", "enqueue_at", "enqueue_call", "enqueue_job", "async_task", "push_task", "send_task"];

/// Functions that take a function first, then its arguments, and run it in the same program.
const RUNNERS: &[&str] = &[
    "add_task",
    "submit",
    "run_in_executor",
    "to_thread",
    "run_in_threadpool",
    "partial",
    "start_soon",
    "call_soon",
    "call_later",
    "call_soon_threadsafe",
    "run_sync",
    "spawn",
    "Thread",
    "Process",
    "Timer",
];

/// Named arguments that configure the queue and are none of the task's.
const OPTIONS: &[&str] = &[
    "args",
    "at",
    "countdown",
    "delay",
    "depends_on",
    "eta",
    "expires",
    "headers",
    "job_id",
    "job_timeout",
    "kwargs",
    "priority",
    "queue",
    "result_ttl",
    "retry",
    "run_at",
    "task_id",
    "timeout",
    "ttl",
];

/// Parameters that the queue itself fills.
const SUPPLIED: &[&str] = &["self", "ctx"];

/// The methods of a task that is a class.
const RUN_METHODS: &[&str] = &["run", "perform", "execute", "handle"];

/// The names under which one parameter is the whole message.
const PAYLOAD_NAMES: &[&str] =
    &["payload", "data", "event", "message", "body", "msg", "record", "event_data", "event_payload", "kwargs"];

/// Where a call keeps the arguments of the function that it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// They are the call's own.
    Direct,
    /// From this position on.
    From(u32),
    /// A list at this position and a dictionary behind it, or under `args` and `kwargs`.
    Packed(u32),
}

/// A function that a call runs.
#[derive(Clone, Copy, Debug)]
pub struct Relay {
    pub site: CallSite,
    pub form: Form,
    /// Whether a message crosses on the way.
    pub queued: bool,
}

/// Every relay of a program, by the function that is run.
#[derive(Debug, Default)]
pub struct Relays {
    by_target: FxHashMap<FnRef, Vec<Relay>>,
    helpers: FxHashMap<FnRef, Helper>,
}

impl Relays {
    pub fn new(eval: &Eval<'_>) -> Relays {
        let mut relays = Relays::default();
        for (at, unit) in eval.program.files.units.iter().enumerate() {
            if unit.facts.language != LanguageId::Python {
                continue;
            }
            let file = FileId(at as u32);
            for names in [DIRECT, PACKED, QUEUES, RUNNERS] {
                for (function, call) in names.iter().filter_map(|name| unit.index.calls.get(*name)).flatten() {
                    relays.add(eval, CallSite { function: FnRef { file, id: *function }, call: *call });
                }
            }
        }
        let mut helpers: Vec<(FnRef, Helper)> = relays.helpers.iter().map(|(owner, helper)| (*owner, *helper)).collect();
        helpers.sort_unstable_by_key(|(owner, _)| *owner);
        for (owner, helper) in helpers {
            for (target, relay) in helpers::relays_of(eval, owner, &helper) {
                let known = relays.by_target.entry(target).or_default();
                if !known.iter().any(|other| other.site == relay.site) {
                    known.push(relay);
                }
            }
        }
        for (target, site) in hooks::run_by_rows(eval) {
            relays.by_target.entry(target).or_default().push(Relay { site, form: Form::Direct, queued: false });
        }
        relays
    }

    fn add(&mut self, eval: &Eval<'_>, site: CallSite) {
        let call = eval.program.function(site.function).call(site.call);
        if let Some((target, form, queued)) = relayed(eval, site.function, call) {
            self.by_target.entry(target).or_default().push(Relay { site, form, queued });
        } else if let Some((owner, helper)) = helpers::helper_around(eval, site) {
            self.helpers.entry(owner).or_insert(helper);
        }
    }

    /// What this function is, if it has the tasks run that it is given.
    pub fn helper(&self, function: FnRef) -> Option<&Helper> {
        self.helpers.get(&function)
    }

    /// Where the arguments of the task that a chain of calls sends are: at its end, or where a helper is called with them.
    pub fn sent_at(&self, chain: &[CallSite], form: Form) -> Option<(CallSite, Form)> {
        let sink = *chain.last()?;
        let through = chain.len().checked_sub(2).map(|at| chain[at]);
        let helper = self.helpers.values().find(|helper| helper.ends(&[sink]));
        match (helper, through) {
            (Some(helper), Some(site)) => Some((site, helper.form())),
            (_, _) => Some((sink, form)),
        }
    }

    /// The calls that run `target` elsewhere or later.
    pub fn of(&self, target: FnRef) -> &[Relay] {
        self.by_target.get(&target).map_or(&[], Vec::as_slice)
    }

    /// The parameters of a task, in order, that its callers fill by their place and none by its name.
    pub fn by_position(&self, eval: &Eval<'_>, target: FnRef) -> Vec<Option<Name>> {
        let (mut places, mut named) = (0, Vec::new());
        for relay in self.of(target).iter().filter(|relay| relay.queued) {
            let call = eval.program.function(relay.site.function).call(relay.site.call);
            let given = handed(eval, relay.site.function, call, relay.form);
            if given.open || !given.rest.is_empty() {
                return Vec::new();
            }
            places = places.max(given.positional.len());
            named.extend(given.named.into_iter().map(|named| named.key));
        }
        let plain = parameters(eval.program.function(target)).take_while(|(_, local)| local.kind == LocalKind::Param);
        plain.take(places).map(|(_, local)| Some(local.name.clone()).filter(|name| !named.contains(name))).collect()
    }

    /// The functions that messages run, in a fixed order.
    pub fn queued(&self) -> Vec<(FnRef, Relay)> {
        let mut found: Vec<(FnRef, Relay)> = self
            .by_target
            .iter()
            .filter_map(|(target, relays)| Some((*target, *relays.iter().find(|relay| relay.queued)?)))
            .collect();
        found.sort_unstable_by_key(|(target, _)| *target);
        found
    }
}

/// The function that a call runs elsewhere or later, with where its arguments are and whether a message carries them.
pub fn relayed<'a>(eval: &Eval<'a>, function: FnRef, call: &'a Call) -> Option<(FnRef, Form, bool)> {
    let facts = &eval.program.files.unit(function.file).facts;
    let name = called_name(facts, eval.program.function(function), &call.callee.kind)?;
    let at = call.span.start;
    let (direct, packed) = (DIRECT.contains(&name), PACKED.contains(&name));
    if direct || packed {
        let target = task_of(eval, function, receiver(&call.callee)?, at)?;
        let callee = eval.program.function(target);
        let given = |wanted: &str| call.args.iter().any(|argument| argument.name.as_deref() == Some(wanted));
        let takes = |wanted: &str| parameters(callee).any(|(_, local)| local.name == wanted);
        let by_name = (given("args") && !takes("args")) || (given("kwargs") && !takes("kwargs"));
        let form = if packed {
            Form::Packed(0)
        } else if by_name {
            Form::Packed(u32::MAX)
        } else {
            Form::Direct
        };
        return Some((target, form, true));
    }
    let queued = QUEUES.contains(&name);
    if !queued && !RUNNERS.contains(&name) {
        return None;
    }
    let named = call.args.iter().find(|argument| matches!(argument.name.as_deref(), Some("target" | "func" | "function" | "f")));
    if let Some(target) = named.and_then(|argument| task_of(eval, function, &argument.value, at)) {
        return Some((target, Form::Packed(u32::MAX), queued));
    }
    call.args.iter().filter(|argument| argument.name.is_none()).take(2).enumerate().find_map(|(position, argument)| {
        let target = task_of(eval, function, &argument.value, at)?;
        // `run_in_executor(pool, work, x)` has one argument before it.
        let behind = position as u32 + 1;
        let form = if name == "send_task" && is_packed(eval, function, call, behind) { Form::Packed } else { Form::From };
        Some((target, form(behind), queued))
    })
}

fn receiver(callee: &Expr) -> Option<&Expr> {
    match &callee.kind {
        ExprKind::Member(base, _) => Some(base),
        _ => None,
    }
}

/// The function that an expression names: itself, the method of a task that is a class, or the one registered under a text.
fn task_of<'a>(eval: &Eval<'a>, function: FnRef, expr: &'a Expr, at: u32) -> Option<FnRef> {
    if !matches!(
        expr.kind,
        ExprKind::Name(_)
            | ExprKind::Member(_, _)
            | ExprKind::Local(_)
            | ExprKind::Record(_)
            | ExprKind::Call(_)
            | ExprKind::Function(_)
    ) {
        return match &expr.kind {
            ExprKind::Literal(Literal::Text(name)) => named(eval, name),
            _ => None,
        };
    }
    let term = task_value(eval, function, expr, at);
    match &term.bare().kind {
        Kind::Function(target) => Some(*target),
        Kind::Class(class) => class.class.and_then(|class| run_method(eval, class)),
        Kind::Literal(Literal::Text(name)) => named(eval, name),
        Kind::Built(_) => decorated(eval, &term),
        Kind::Record(_) => callee::class_of_receiver(eval, function, expr).and_then(|class| run_method(eval, class)),
        _ => None,
    }
}

/// What an expression that names a task comes to, also where it is a member that the object was made with.
pub fn task_value<'a>(eval: &Eval<'a>, function: FnRef, expr: &'a Expr, at: u32) -> Term<'a> {
    let term = eval.term(function, expr, at);
    match &term.kind {
        Kind::OfType(_) | Kind::Unknown(_) => made_with::made_with(eval, function, expr).unwrap_or(term),
        _ => term,
    }
}

/// The one function that a foreign call was given: `task = register(queue="x")(work)` has the parameters of `work`, and
/// `actor(Deliver(), retries=3)` those of the method that a `Deliver` runs.
pub fn decorated<'a>(eval: &Eval<'a>, term: &Term<'a>) -> Option<FnRef> {
    let Kind::Built(built) = &term.bare().kind else { return None };
    let (_, args) = built.calls.last()?;
    let mut positional = args.iter().filter(|(name, _)| name.is_none());
    let (_, only) = positional.next()?;
    if positional.next().is_some() {
        return None;
    }
    run_by(eval, only)
}

/// The function that runs where a decorator is called with this: a function of the repository, or an object of a class with such a method.
pub fn run_by<'a>(eval: &Eval<'a>, given: &Term<'a>) -> Option<FnRef> {
    match &given.bare().kind {
        Kind::Function(target) => Some(*target),
        Kind::Record(_) | Kind::Built(_) | Kind::OfType(_) => run_method(eval, callee::class_of(eval, given)?),
        _ => None,
    }
}

fn run_method(eval: &Eval<'_>, class: super::resolve::DeclId) -> Option<FnRef> {
    RUN_METHODS.iter().find_map(|name| callee::method_of(eval, class, name, 0))
}

/// The one decorated function that is registered under this name, or whose own name or dotted path it is.
fn registered(eval: &Eval<'_>, name: &str) -> Option<FnRef> {
    if eval.registered.borrow().is_none() {
        let mut names: FxHashMap<Name, Vec<FnRef>> = FxHashMap::default();
        for (at, unit) in eval.program.files.units.iter().enumerate() {
            if unit.facts.language != LanguageId::Python {
                continue;
            }
            for (index, function) in unit.facts.functions.iter().enumerate() {
                // A job that a worker's settings list has no decorator, and takes the worker's context first.
                let job =
                    function.is_async && function.params > 0 && function.locals.first().is_some_and(|first| first.name == "ctx");
                if !job && function.decorators.is_empty()
                    || function.in_test
                    || function.parent.is_some()
                    || function.name.is_empty()
                {
                    continue;
                }
                let reference = FnRef { file: FileId(at as u32), id: FnId(index as u32) };
                let given = registered_name(function);
                names.entry(given.unwrap_or_else(|| function.name.clone())).or_default().push(reference);
            }
        }
        *eval.registered.borrow_mut() = Some(names);
    }
    let names = eval.registered.borrow();
    let one = |name: &str| match names.as_ref()?.get(name)?.as_slice() {
        [only] => Some(*only),
        _ => None,
    };
    one(name).or_else(|| {
        let (module, last) = name.rsplit_once('.')?;
        let target = one(last)?;
        let path = eval.program.files.unit(target.file).path.as_str().replace('/', ".");
        let path = path.strip_suffix(".py").unwrap_or(&path);
        let path = path.strip_suffix(".__init__").unwrap_or(path);
        (path == module || path.ends_with(&format!(".{module}"))).then_some(target)
    })
}

/// The function that a text names: registered under it, or at that dotted path.
pub fn named(eval: &Eval<'_>, name: &str) -> Option<FnRef> {
    registered(eval, name).or_else(|| at_path(eval, name))
}

/// The function of the repository at a dotted path: `queue.enqueue("app.reports.build", month)`.
fn at_path(eval: &Eval<'_>, name: &str) -> Option<FnRef> {
    let (module, last) = name.rsplit_once('.')?;
    let path = module.replace('.', "/");
    let is_module = |file: &str| {
        let file = file.strip_suffix(".py").map(|file| file.strip_suffix("/__init__").unwrap_or(file));
        file.is_some_and(|file| file == path || file.strip_suffix(path.as_str()).is_some_and(|rest| rest.ends_with('/')))
    };
    let mut found = eval.program.files.units.iter().enumerate().filter(|(_, unit)| is_module(unit.path.as_str()));
    let (at, unit) = found.next()?;
    let function = unit.facts.functions.iter().position(|function| function.name == last && function.scope.is_empty())?;
    let target = FnRef { file: FileId(at as u32), id: FnId(u32::try_from(function).ok()?) };
    found.next().is_none().then_some(target)
}

/// The argument of a call that fills a parameter.
pub fn given_for<'a>(callee: &Function, call: &'a Call, index: u32) -> Option<&'a Expr> {
    let local = callee.locals.get(index as usize).filter(|local| local.kind == LocalKind::Param)?;
    let named = call.args.iter().find(|argument| !argument.spread && argument.name.as_deref() == Some(local.name.as_str()));
    let argument = named.or_else(|| {
        let mut in_place = call.args.iter().take_while(|argument| !argument.spread).filter(|argument| argument.name.is_none());
        in_place.nth(index as usize)
    })?;
    Some(&argument.value)
}

/// The parameters that a caller fills, with their index.
pub fn parameters(function: &Function) -> impl Iterator<Item = (usize, &crate::facts::Local)> {
    let bound = function.decorators.iter().flat_map(|decorator| &decorator.args).any(|argument| {
        argument.name.as_deref() == Some("bind") && matches!(argument.value.kind, ExprKind::Literal(Literal::Bool(true)))
    });
    let first = function.locals.first();
    let skipped = !function.is_method && first.is_some_and(|first| bound || SUPPLIED.contains(&first.name.as_str()));
    function.locals.iter().take(function.params as usize).enumerate().skip(usize::from(skipped))
}

/// What a relay hands on, by position and by name.
struct Handed<'a> {
    positional: Vec<Term<'a>>,
    named: Vec<Named<'a>>,
    /// What callers give beside, as a whole: `**kwargs` of the function around the call.
    rest: Vec<Term<'a>>,
    /// Whether there is more of it than the source says.
    open: bool,
}

/// What a relay hands on under a name, and whether it does so on some paths only.
#[derive(Clone)]
struct Named<'a> {
    key: Name,
    value: Term<'a>,
    conditional: bool,
}

/// Whether an argument stands for what `partial(f, a)` may be given beside what it was made with: mostly nothing.
pub fn is_rest_of_partial(owner: &Function, argument: &Argument) -> bool {
    let rest = |id: LocalId| {
        owner
            .locals
            .get(id.0 as usize)
            .is_some_and(|local| matches!(local.kind, LocalKind::RestParam | LocalKind::NamedRestParam))
    };
    owner.name.is_empty()
        && owner.params == 2
        && rest(LocalId(0))
        && rest(LocalId(1))
        && matches!(argument.value.kind, ExprKind::Local(id) if rest(id))
}

/// Whether a call is what `partial(f, a)` stands for: one of `f` with `a` and whatever it is given beside.
pub fn is_partial(owner: &Function, call: &Call) -> bool {
    call.args.iter().any(|argument| argument.spread && is_rest_of_partial(owner, argument))
}

fn is_named_rest(eval: &Eval<'_>, function: FnRef, index: u32) -> bool {
    eval.program.function(function).locals.get(index as usize).is_some_and(|local| local.kind == LocalKind::NamedRestParam)
}

fn handed<'a>(eval: &Eval<'a>, function: FnRef, call: &'a Call, form: Form) -> Handed<'a> {
    let at = call.span.start;
    let mut handed = Handed { positional: Vec::new(), named: Vec::new(), rest: Vec::new(), open: false };
    let spread = |handed: &mut Handed<'a>, term: Term<'a>| match term.kind {
        Kind::Object(entries) => {
            for entry in entries {
                match entry {
                    Entry::Field { key, value, conditional, .. } => handed.named.push(Named { key, value, conditional }),
                    Entry::Spread { value, conditional: false } if value.is_open() => handed.rest.push(value),
                    Entry::AnyKey { .. } | Entry::Spread { .. } => handed.open = true,
                }
            }
        }
        Kind::Array(items) => handed.positional.extend(items),
        Kind::Literal(Literal::Null) => {}
        Kind::Param { function, index, .. } if is_named_rest(eval, function, index) => handed.rest.push(term),
        _ => handed.open = true,
    };
    let mut position = 0;
    let owner = eval.program.function(function);
    for argument in &call.args {
        if argument.spread {
            if is_rest_of_partial(owner, argument) {
                continue;
            }
            match form {
                Form::Packed(_) => {}
                Form::Direct | Form::From(_) => {
                    let term = bare_of(eval.term(function, &argument.value, at));
                    spread(&mut handed, term);
                }
            }
            continue;
        }
        let value = || eval.term(function, &argument.value, at);
        match (form, argument.name.as_deref()) {
            (Form::Direct | Form::From(_), Some(name)) => {
                handed.named.push(Named { key: name.into(), value: value(), conditional: false });
            }
            (Form::Packed(_), Some("args" | "kwargs")) => {
                let term = bare_of(value());
                spread(&mut handed, term);
            }
            (Form::Packed(_), Some(_)) => {}
            (Form::Direct, None) => handed.positional.push(value()),
            (Form::From(first), None) => {
                if position >= first {
                    handed.positional.push(value());
                }
            }
            (Form::Packed(first), None) => {
                if position == first || first != u32::MAX && position == first + 1 {
                    let term = bare_of(value());
                    spread(&mut handed, term);
                }
            }
        }
        if argument.name.is_none() {
            position += 1;
        }
    }
    handed
}

fn bare_of(term: Term<'_>) -> Term<'_> {
    term.bare().clone()
}

/// The arguments of a relay by the parameters of the function that it runs.
pub fn bound<'a>(eval: &Eval<'a>, function: FnRef, call: &'a Call, target: FnRef, form: Form) -> Vec<Option<Term<'a>>> {
    bound_to(eval, target, handed(eval, function, call, form), Site { file: function.file, span: call.span })
}

fn bound_to<'a>(eval: &Eval<'a>, target: FnRef, handed: Handed<'a>, site: Site) -> Vec<Option<Term<'a>>> {
    let callee = eval.program.function(target);
    let mut bound: Vec<Option<Term<'a>>> = vec![None; callee.params as usize];
    let mut positional = handed.positional.into_iter();
    for (slot, local) in parameters(callee) {
        match local.kind {
            LocalKind::Param => match positional.next() {
                Some(value) => bound[slot] = Some(value),
                None => break,
            },
            LocalKind::RestParam | LocalKind::NamedRestParam | LocalKind::Variable | LocalKind::OfModule => break,
        }
    }
    let mut rest: Vec<Entry<'a>> = Vec::new();
    for Named { key, value, conditional } in handed.named {
        match parameters(callee).find(|(_, local)| local.kind == LocalKind::Param && local.name == key) {
            Some((slot, _)) => bound[slot] = Some(value),
            None => {
                let site = value.site;
                rest.push(Entry::Field { key, value, conditional, site });
            }
        }
    }
    if let Some((slot, _)) = parameters(callee).find(|(_, local)| local.kind == LocalKind::NamedRestParam) {
        bound[slot] = Some(Term::new(Kind::Object(rest), site));
    }
    bound
}

/// The arguments of a relay by parameter, with the defaults of what is not given.
pub fn bound_with_defaults<'a>(
    eval: &Eval<'a>,
    function: FnRef,
    call: &'a Call,
    target: FnRef,
    form: Form,
) -> Vec<Option<Term<'a>>> {
    let mut bound = bound(eval, function, call, target, form);
    for (slot, local) in parameters(eval.program.function(target)) {
        if bound[slot].is_none()
            && let Some(default) = &local.value
        {
            bound[slot] = Some(eval.term(target, default, u32::MAX));
        }
    }
    // A row that has been made holds more than it was made from.
    if hooks::is_hook(eval.program.function(target)) {
        bound.iter_mut().take(1).for_each(|row| *row = row.take().map(hooks::as_row));
    }
    bound
}

/// The function that a call with a task's arguments runs, where it is one of the repository, and where the arguments are.
fn addressed<'a>(eval: &Eval<'a>, function: FnRef, call: &'a Call, form: Form) -> Option<(Option<FnRef>, Form)> {
    let target = match form {
        Form::Direct | Form::Packed(0) => receiver(&call.callee).and_then(|base| task_of(eval, function, base, call.span.start)),
        Form::From(_) | Form::Packed(_) => {
            let named = call.args.iter().find(|argument| matches!(argument.name.as_deref(), Some("name" | "function" | "func")));
            let mut in_place = call.args.iter().filter(|argument| argument.name.is_none());
            // `enqueue_at(time, task, a)`: the task stands before its arguments.
            let place = match form {
                Form::From(from) if from > 0 => from as usize - 1,
                _ => 0,
            };
            let first = named.or_else(|| in_place.nth(place))?;
            task_of(eval, function, &first.value, call.span.start)
        }
    };
    let form = match form {
        Form::Packed(from @ 1..) if from != u32::MAX && !is_packed(eval, function, call, from) => Form::From(from),
        form => form,
    };
    // `.delay(kwargs={…})` of a queue whose tasks are called that way.
    let form = relayed(eval, function, call).filter(|(known, _, _)| Some(*known) == target).map_or(form, |(_, form, _)| form);
    Some((target, form))
}

/// Whether a call that may hold a task's arguments in a list and a dictionary does: `send_task(deliver, order_id=1)` is a project's own
/// helper, and holds them as they are.
fn is_packed<'a>(eval: &Eval<'a>, function: FnRef, call: &'a Call, from: u32) -> bool {
    let is_named = |argument: &Argument, wanted: &[&str]| argument.name.as_deref().is_some_and(|name| wanted.contains(&name));
    if call.args.iter().any(|argument| is_named(argument, &["args", "kwargs"])) {
        return true;
    }
    let of_options = |argument: &Argument| argument.name.is_none() || is_named(argument, OPTIONS) || is_unpacked(argument);
    let mut behind = call.args.iter().filter(|argument| argument.name.is_none()).skip(from as usize);
    let holds = |argument: &'a Argument| {
        let term = eval.term(function, &argument.value, call.span.start);
        let is_one = matches!(
            term.bare().kind,
            Kind::Literal(Literal::Text(_) | Literal::Number(_) | Literal::Bool(_)) | Kind::Template(_)
        );
        !argument.spread && !is_one
    };
    call.args.iter().all(of_options) && behind.all(holds)
}

/// The function of the repository that a call with a task's arguments runs.
pub fn target<'a>(eval: &Eval<'a>, function: FnRef, call: &'a Call, form: Form) -> Option<FnRef> {
    addressed(eval, function, call, form)?.0
}

/// The parameters that a call of a task fills by their place alone, in order. Their names are not on the wire.
pub fn by_position<'a>(eval: &Eval<'a>, function: FnRef, call: &'a Call, form: Form) -> Vec<Option<Name>> {
    let Some((Some(target), form)) = addressed(eval, function, call, form) else { return Vec::new() };
    if whole_message(eval, target).is_some() {
        return Vec::new();
    }
    let given = handed(eval, function, call, form);
    if given.open || !given.rest.is_empty() {
        return Vec::new();
    }
    let plain = parameters(eval.program.function(target)).take_while(|(_, local)| local.kind == LocalKind::Param);
    plain.take(given.positional.len()).map(|(_, local)| Some(local.name.clone())).collect()
}

/// The message of a call that runs a task: an object of the task's parameters, or the one parameter that is the whole message.
pub fn message<'a>(eval: &Eval<'a>, function: FnRef, call: &'a Call, form: Form) -> Option<Term<'a>> {
    let site = Site { file: function.file, span: call.span };
    let (target, form) = addressed(eval, function, call, form)?;
    let Some(target) = target else {
        // A method of something that is known not to be a task, or of nothing that could be one.
        let on_task = matches!(form, Form::Direct | Form::Packed(0));
        let instance = |base| is_instance(eval, function, base, call.span.start);
        if call.args.is_empty() || on_task && receiver(&call.callee).is_some_and(instance) {
            return None;
        }
        let packed = call.args.iter().any(|argument| matches!(argument.name.as_deref(), Some("args" | "kwargs")));
        let form = if form == Form::Direct && packed { Form::Packed(u32::MAX) } else { form };
        return Some(unresolved(handed(eval, function, call, form), site));
    };
    composed(eval, target, handed(eval, function, call, form), form, site)
}

/// The message of a task that is given these arguments.
fn composed<'a>(eval: &Eval<'a>, target: FnRef, handed: Handed<'a>, form: Form, site: Site) -> Option<Term<'a>> {
    let callee = eval.program.function(target);
    let open = handed.open;
    let (named, beside) = (handed.named.clone(), handed.rest.clone());
    let values = bound_to(eval, target, handed, site);
    if let Some(slot) = whole_message(eval, target) {
        return values.into_iter().nth(slot).flatten();
    }
    let mut entries = Vec::new();
    for ((_, local), value) in parameters(callee).map(|(slot, local)| ((slot, local), values.get(slot).cloned().flatten())) {
        let Some(value) = value else { continue };
        match (local.kind, value.kind) {
            (LocalKind::NamedRestParam, Kind::Object(rest)) => entries.extend(rest),
            (LocalKind::Param, kind) => {
                let site = value.site;
                let value = Term::new(kind, site);
                let conditional = named.iter().any(|given| given.conditional && given.key == local.name);
                entries.push(Entry::Field { key: local.name.clone(), value, conditional, site });
            }
            (LocalKind::RestParam | LocalKind::NamedRestParam | LocalKind::Variable | LocalKind::OfModule, _) => {}
        }
    }
    let takes_any = parameters(callee).any(|(_, local)| local.kind == LocalKind::NamedRestParam);
    for Named { key, value, conditional } in named {
        // What the task does not take is sent all the same; what configures the queue is not.
        let option = matches!(form, Form::From(_)) && (key.starts_with('_') || OPTIONS.contains(&key.as_str()));
        if !option && !takes_any && !parameters(callee).any(|(_, local)| local.name == key) {
            let site = value.site;
            entries.push(Entry::Field { key, value, conditional, site });
        }
    }
    entries.extend(given_beside(beside, site, &|name| parameters(callee).any(|(_, local)| local.name == name)));
    if open {
        entries.push(Entry::Spread { value: Term::unknown("further arguments", site), conditional: false });
    }
    Some(Term::new(Kind::Object(entries), site))
}

/// Whether a receiver is a value of a class of the repository that nothing runs as a task, for a method that such tasks have.
fn is_instance<'a>(eval: &Eval<'a>, function: FnRef, base: &'a Expr, at: u32) -> bool {
    let term = eval.term(function, base, at);
    matches!(term.kind, Kind::Record(_)) || callee::class_of_receiver(eval, function, base).is_some()
}

/// What callers give beside, without what configures the queue.
fn given_beside<'a>(rest: Vec<Term<'a>>, site: Site, is_of_task: &dyn Fn(&str) -> bool) -> Vec<Entry<'a>> {
    let options: &[&str] = if rest.is_empty() { &[] } else { OPTIONS };
    let mut entries: Vec<Entry<'a>> = rest.into_iter().map(|value| Entry::Spread { value, conditional: false }).collect();
    entries.extend(options.iter().filter(|name| !is_of_task(name)).map(|name| Entry::Field {
        key: (*name).into(),
        value: Term::new(Kind::Absent, site),
        conditional: false,
        site,
    }));
    entries
}

/// The message for a task that is not in the repository.
fn unresolved<'a>(handed: Handed<'a>, site: Site) -> Term<'a> {
    let named: Vec<_> =
        handed.named.into_iter().filter(|named| !named.key.starts_with('_') && !OPTIONS.contains(&named.key.as_str())).collect();
    let mut positional = handed.positional;
    if named.is_empty() && positional.len() == 1 && !handed.open && handed.rest.is_empty() {
        return positional.remove(0);
    }
    let mut entries: Vec<Entry<'a>> = named
        .into_iter()
        .map(|Named { key, value, conditional }| {
            let site = value.site;
            Entry::Field { key, value, conditional, site }
        })
        .collect();
    entries.extend(given_beside(handed.rest, site, &|_| false));
    if !positional.is_empty() || handed.open {
        let value = Term::unknown("arguments of a task that is not known", site);
        entries.push(Entry::Spread { value, conditional: false });
    }
    Term::new(Kind::Object(entries), site)
}

/// The object of a call's named arguments, without what a signal passes of itself. A signal takes its sender and named arguments
/// only: a call with more by position is a method of something else.
pub fn named_message<'a>(eval: &Eval<'a>, function: FnRef, call: &'a Call) -> Option<Term<'a>> {
    if call.args.iter().filter(|argument| argument.name.is_none() && !argument.spread).count() > 1 {
        return None;
    }
    let site = Site { file: function.file, span: call.span };
    let mut entries = Vec::new();
    for argument in &call.args {
        let value = eval.term(function, &argument.value, call.span.start);
        match &argument.name {
            Some(name) if matches!(name.as_str(), "sender" | "signal") => {}
            Some(name) => {
                let site = value.site;
                entries.push(Entry::Field { key: name.clone(), value, conditional: false, site });
            }
            None if argument.spread => entries.push(Entry::Spread { value, conditional: false }),
            None => {}
        }
    }
    Some(Term::new(Kind::Object(entries), site))
}

/// The one parameter of a task that is its whole message: what is declared as, or read like, an object.
pub fn whole_message(eval: &Eval<'_>, target: FnRef) -> Option<usize> {
    let function = eval.program.function(target);
    let mut all = parameters(function);
    let (slot, local) = all.next()?;
    if all.next().is_some() || local.kind != LocalKind::Param {
        return None;
    }
    let whole = match &local.ty {
        Some(ty) => !is_scalar(eval, &eval.type_use(target, ty), 0),
        None => {
            PAYLOAD_NAMES.contains(&local.name.as_str())
                || function.reads.iter().any(|read| {
                    matches!(read.base.kind, ExprKind::Local(LocalId(at)) if at as usize == slot)
                        && matches!(read.path.first(), Some(Step::Key { .. }))
                })
        }
    };
    whole.then_some(slot)
}

/// Whether a declared type is a text, a number, a truth value, or a list.
fn is_scalar(eval: &Eval<'_>, ty: &TypeUse<'_>, depth: u32) -> bool {
    if depth > 4 {
        return false;
    }
    let expr = match ty.ty {
        Written::Expr(expr) => expr,
        Written::Named(_) => return false,
    };
    match &expr.kind {
        TypeKind::Null
        | TypeKind::Absent
        | TypeKind::Boolean
        | TypeKind::Integer(_)
        | TypeKind::Number(_)
        | TypeKind::String(_)
        | TypeKind::Const(_)
        | TypeKind::Array { .. }
        | TypeKind::Tuple { .. } => true,
        TypeKind::Union(branches) => {
            branches.iter().all(|branch| is_scalar(eval, &TypeUse { ty: Written::Expr(branch), ..ty.clone() }, depth + 1))
        }
        TypeKind::Ref(reference) => {
            match eval.program.resolve(ty.file, ty.scope, &reference.path, Want::Type).map(|found| found.entity) {
                Some(Entity::Type(id)) => {
                    let decl = eval.program.type_decl(id);
                    is_scalar(eval, &eval.type_use_in(id.file, &decl.scope, &decl.write), depth + 1)
                }
                _ => false,
            }
        }
        _ => false,
    }
}

/// The words by which code calls what it sends.
const CONTENT_WORDS: &[&str] =
    &["payload", "data", "body", "content", "message", "details", "props", "properties", "params", "json"];

/// The argument that is the payload of a call that only its name speaks for: an object, a function that gives one, or what the source
/// calls a payload. Where there is none, the payload is not known.
pub fn object_argument<'a>(eval: &Eval<'a>, function: FnRef, call: &'a Call) -> Term<'a> {
    let site = Site { file: function.file, span: call.span };
    let arguments = || call.args.iter().filter(|argument| !argument.spread);
    let object = arguments().find_map(|argument| {
        let term = eval.term(function, &argument.value, call.span.start);
        match &term.bare().kind {
            _ if matches!(term.kind, Kind::Encoded(_)) => Some(term),
            Kind::Object(entries) if !entries.is_empty() => Some(term),
            Kind::Function(_) | Kind::Built(_) => {
                let given = eval.on_class()(term.bare(), super::term::CALLED, &[], site)?;
                let whole = matches!(given.kind, Kind::Encoded(_))
                    || matches!(given.bare().kind, Kind::Object(_) | Kind::Array(_) | Kind::ListOf(_) | Kind::Record(_));
                whole.then_some(given)
            }
            _ => None,
        }
    });
    object
        .or_else(|| {
            let named = arguments().find(|argument| {
                let of_source = name_of(eval, function, &argument.value);
                let names = [argument.name.as_deref(), of_source];
                names.into_iter().flatten().any(|name| {
                    let name = name.to_ascii_lowercase();
                    CONTENT_WORDS.iter().any(|word| name == *word || name.ends_with(&format!("_{word}")))
                })
            })?;
            let term = eval.term(function, &named.value, call.span.start);
            (!matches!(term.bare().kind, Kind::Literal(_) | Kind::Absent)).then_some(term)
        })
        .unwrap_or_else(|| Term::unknown("no argument that could be the payload", site))
}

/// What the source calls a value.
fn name_of<'a>(eval: &Eval<'a>, function: FnRef, expr: &'a Expr) -> Option<&'a str> {
    match &expr.kind {
        ExprKind::Local(id) => eval.program.function(function).locals.get(id.0 as usize).map(|local| local.name.as_str()),
        ExprKind::Name(path) => path.last().map(Name::as_str),
        ExprKind::Member(_, name) => Some(name),
        ExprKind::Await(inner) | ExprKind::Typed(inner, _) => name_of(eval, function, inner),
        _ => None,
    }
}

/// The first positional argument that is a text or stands for one, by its position.
pub fn text_argument<'a>(eval: &Eval<'a>, function: FnRef, call: &'a Call) -> Option<(usize, Term<'a>)> {
    let positional = call.args.iter().filter(|argument| argument.name.is_none() && !argument.spread);
    positional.enumerate().find_map(|(position, argument)| {
        let term = eval.term(function, &argument.value, call.span.start);
        let named = match &term.bare().kind {
            Kind::Param { function, index, .. } => {
                let local = eval.program.function(*function).locals.get(*index as usize)?;
                let name = local.name.to_ascii_lowercase();
                (name.contains("event") || name.ends_with("type") || name == "topic" || name == "name").then_some(())
            }
            Kind::Literal(literal) if !matches!(literal, Literal::Text(_)) => None,
            _ => (!texts_of(&term).is_empty()).then_some(()),
        };
        named.map(|()| (position, term))
    })
}
