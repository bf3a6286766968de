//! What a consumer's code does before and while it takes effect: tells a repetition from something new, writes so that a second
//! time changes nothing, makes sure who sent it.
//!
//! The handler's own calls count, those of the repository's functions that it calls, and those of whatever is put around it:
//! decorators, route wrappers, middleware beside it in a registration, dependencies.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;

use super::names;
use crate::facts::{Call, Completion, Enclosing, Expr, ExprKind, FnId, Function, Guard, Literal, Name, ValueMember};
use crate::link::callers::Callers;
use crate::link::eval::{Eval, callee_text};
use crate::link::index::last_name;
use crate::link::modules::FileId;
use crate::link::naming::texts_of;
use crate::link::resolve::FnRef;
use crate::link::summaries::CallSite;
use crate::link::surroundings::symbol;
use crate::link::term::{Entry, Kind, Term};
use crate::shape::wire_name::fold;
use crate::source::{Origin, RepoPath, Span};

/// How many functions are looked at for one consumer; past it nothing is said of what is missing.
const MAX_FUNCTIONS: usize = 200;

/// How many calls below the handler are followed.
const MAX_DEPTH: u32 = 5;

/// How many calls below the handler a look into a store may be one for the message.
const LOOKUP_DEPTH: u32 = 2;

/// Something that the code does, where, and in which words.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    pub text: Name,
    pub origin: Origin,
    /// The function that it stands in, where that is one which the handler calls; empty for the handler's own and what is put around it.
    pub within: Name,
}

/// What a consumer's code does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checks {
    /// Whether everything that it runs has been looked at.
    pub whole: bool,
    /// The names of the functions and methods that it calls.
    pub calls: BTreeSet<Name>,
    /// Tests for a repetition, and inserts that pass over what is there.
    pub dedup: Vec<Check>,
    /// Ways out where a record is there already: what they look up may be the message, and may be something else.
    pub lookups: Vec<Check>,
    /// Writes that find their row again, by what they write to.
    pub upserts: BTreeMap<Name, Check>,
    /// Writes that make a new row, by what they write to.
    pub inserts: BTreeMap<Name, Check>,
    pub signatures: Vec<Check>,
    /// What is signed, where it is a value that was put into text again after it had been parsed.
    pub reserialised: Vec<Check>,
    /// The scopes that a caller must have.
    pub scopes: BTreeMap<Name, Origin>,
}

/// What the handlers of a consumer do, with the call that registers them.
pub fn of_handlers(eval: &Eval<'_>, handlers: &[FnRef], registration: Option<CallSite>) -> Checks {
    let mut walk = Walk {
        eval,
        checks: Checks { whole: true, ..Checks::default() },
        inserts: Vec::new(),
        seen: FxHashSet::default(),
        own: handlers.to_vec(),
    };
    for handler in handlers {
        walk.around(*handler, 0);
        walk.function(*handler, 0);
    }
    if let Some(site) = registration {
        let call = eval.program.function(site.function).call(site.call);
        walk.beside(site.function, call);
    }
    // `insert(x).on_conflict_do_update(…)` is one write, and so is the statement of a builder that goes on.
    let Walk { mut checks, inserts, .. } = walk;
    for (model, insert) in inserts {
        let goes_on = checks.upserts.values().chain(&checks.dedup).any(|other| {
            other.origin.file == insert.origin.file
                && other.origin != insert.origin
                && other.origin.span.contains(insert.origin.span)
        });
        if !goes_on {
            checks.inserts.entry(model).or_insert(insert);
        }
    }
    checks
}

/// Where a program checks signatures, outside of tests, or puts such a check in front of handlers: file and name.
pub fn signature_places(eval: &Eval<'_>, callers: &Callers) -> BTreeSet<(RepoPath, Name)> {
    let mut places = BTreeSet::new();
    for unit in eval.program.files.units {
        places.extend(unit.index.signature_checks.iter().map(|name| (unit.path.clone(), name.clone())));
    }
    let reaching = reaching_checks(eval, callers);
    let by_name: FxHashSet<&str> = reaching.iter().map(|target| eval.program.function(*target).name.as_str()).collect();
    for name in names::PUTS_IN_FRONT {
        for file in eval.program.calling(name).iter().copied() {
            let unit = eval.program.files.unit(file);
            for (function, call) in unit.index.calls.get(*name).into_iter().flatten() {
                let site = FnRef { file, id: *function };
                let Some(call) = unit.facts.functions[function.0 as usize].calls.get(call.0 as usize) else { continue };
                for arg in &call.args {
                    let named = match &arg.value.kind {
                        ExprKind::Name(path) => path.last(),
                        _ => None,
                    };
                    if let Some(name) = named.filter(|name| names::is_signature_check(name) || names::is_signature_wrapper(name))
                    {
                        places.insert((unit.path.clone(), format!("{name} in front").into()));
                    }
                    // What goes by another name in this file may still be one of them.
                    let may_be = |named: &Name| {
                        by_name.contains(named.as_str()) || by_name.contains("") || unit.index.renamed.contains(named.as_str())
                    };
                    let target = match &arg.value.kind {
                        _ if reaching.is_empty() || !names::RUNS_IN_FRONT.contains(name) => None,
                        ExprKind::Function(id) => Some(FnRef { file, id: *id }),
                        ExprKind::Name(_) if named.is_some_and(may_be) => {
                            match eval.term(site, &arg.value, u32::MAX).bare().kind {
                                Kind::Function(target) => Some(target),
                                _ => None,
                            }
                        }
                        _ => None,
                    };
                    if target.is_some_and(|target| reaching.contains(&target)) {
                        let name = named.map_or("a closure", Name::as_str);
                        places.insert((unit.path.clone(), format!("{name} in front").into()));
                    }
                }
            }
        }
    }
    // A type that is made from a request by a check of its own stands in front of every handler that asks for it.
    for target in &reaching {
        let function = eval.program.function(*target);
        if names::EXTRACTS.contains(&function.name.as_str()) {
            let path = eval.program.files.unit(target.file).path.clone();
            places.insert((path, format!("{} of {}", function.name, function.scope.join(".")).into()));
        }
    }
    places
}

/// How many calls below a function a check of a signature is looked for.
const CHECK_DEPTH: usize = 2;

/// The functions that check a signature, or call one that does. They are few: what calls them is asked, and not what all functions call.
fn reaching_checks(eval: &Eval<'_>, callers: &Callers) -> FxHashSet<FnRef> {
    let mut found: FxHashSet<FnRef> = FxHashSet::default();
    for (at, unit) in eval.program.files.units.iter().enumerate() {
        let checks = unit.index.signature_checks.iter().filter(|name| names::is_signature_check(name));
        let sites = checks.filter_map(|name| unit.index.calls.get(name)).flatten();
        found.extend(sites.map(|(id, _)| FnRef { file: FileId(at as u32), id: *id }));
    }
    let mut last: Vec<FnRef> = found.iter().copied().collect();
    for _ in 0..CHECK_DEPTH {
        let outer: Vec<FnRef> =
            last.iter().flat_map(|target| callers.of(eval, *target).to_vec()).map(|site| site.function).collect();
        last = outer.into_iter().filter(|function| found.insert(*function)).collect();
    }
    found
}

/// Whether a call but writes a line for people, or makes the error that is thrown.
fn only_tells(call: &Call) -> bool {
    let text = callee_text(&call.callee);
    if text.ends_with("Error") || text.ends_with("Exception") {
        return true;
    }
    text.split('.').rev().skip(1).any(|part| matches!(part, "console" | "log" | "logger" | "logging" | "LOG" | "LOGGER"))
}

/// Whether a call but looks into a store, or puts a question to it together.
fn only_looks(call: &Call) -> bool {
    last_name(&call.callee.kind).is_some_and(|name| {
        names::LOOKS_UP.contains(&name) || names::LOOKS_UP_LATER.contains(&name) || names::NARROWS.contains(&name)
    })
}

struct Walk<'w, 'a> {
    eval: &'w Eval<'a>,
    checks: Checks,
    inserts: Vec<(Name, Check)>,
    seen: FxHashSet<FnRef>,
    /// The handlers and what is put around them.
    own: Vec<FnRef>,
}

impl<'a> Walk<'_, 'a> {
    fn origin(&self, function: FnRef, span: Span) -> Origin {
        Origin::new(self.eval.program.files.unit(function.file).path.clone(), span)
    }

    fn check(&self, function: FnRef, call: &Call) -> Check {
        self.check_at(function, callee_text(&call.callee), call.span)
    }

    fn check_at(&self, function: FnRef, text: Name, span: Span) -> Check {
        let program = self.eval.program;
        let mut current = Some(function);
        let own = std::iter::from_fn(|| {
            let at = current?;
            current = program.function(at).parent.map(|(parent, _)| FnRef { file: at.file, id: parent });
            Some(at)
        })
        .take(16)
        .any(|at| self.own.contains(&at));
        let symbol = if own { Name::default() } else { symbol(program, function) };
        let within = symbol.rsplit('.').next().unwrap_or_default().to_owned();
        Check { text, origin: self.origin(function, span), within: within.into() }
    }

    /// What is put around a handler: its decorators, its parameters' dependencies, the calls that it is an argument of.
    fn around(&mut self, handler: FnRef, depth: u32) {
        let owner: &'a Function = self.eval.program.function(handler);
        // The arguments of a decorator stand at the top of the file.
        let top = FnRef { file: handler.file, id: FnId(0) };
        for decorator in &owner.decorators {
            self.named_check(top, decorator);
            self.beside(top, decorator);
        }
        for local in owner.locals.iter().take(owner.params as usize) {
            if let Some(Expr { kind: ExprKind::Call(id), .. }) = &local.value
                && let Some(call) = owner.calls.get(id.0 as usize)
            {
                self.beside(handler, call);
            }
        }
        if depth >= MAX_DEPTH {
            return;
        }
        let Some((parent, _)) = owner.parent else {
            // `export const POST = withSignature(handler)`: calls of the file's top level that are given the handler by its name.
            let top = FnRef { file: handler.file, id: FnId(0) };
            if !owner.name.is_empty() && !self.eval.program.files.unit(handler.file).facts.functions.is_empty() {
                let outer: &'a Function = self.eval.program.function(top);
                for call in outer.calls.iter().filter(|call| call.args.iter().any(|arg| is_name(&arg.value, &owner.name))) {
                    self.wrapper(top, call);
                }
            }
            return;
        };
        let outer = FnRef { file: handler.file, id: parent };
        let function: &'a Function = self.eval.program.function(outer);
        for call in function.calls.iter().filter(|call| call.span.contains(owner.extent)) {
            self.wrapper(outer, call);
        }
        if parent.0 != 0 {
            self.around(outer, depth + 1);
        }
    }

    /// A call that is given a handler: what it is called, what stands beside the handler, and what its own body does.
    fn wrapper(&mut self, function: FnRef, call: &'a Call) {
        self.named_check(function, call);
        self.beside(function, call);
        if let Some(target) = self.eval.callee(function, call) {
            self.own.push(target);
            self.function(target, 1);
        }
    }

    /// What stands beside a handler among the arguments of a call: middleware, dependencies.
    fn beside(&mut self, function: FnRef, call: &'a Call) {
        for arg in &call.args {
            self.mentioned(function, &arg.value, 0);
        }
    }

    fn mentioned(&mut self, function: FnRef, expr: &'a Expr, depth: u32) {
        if depth > 4 {
            return;
        }
        match &expr.kind {
            ExprKind::Name(path) => {
                if let Some(name) = path.last()
                    && (names::is_signature_check(name) || names::is_dedup_check(name))
                {
                    let check = self.check_at(function, name.clone(), expr.span);
                    if names::is_signature_check(name) {
                        self.checks.signatures.push(check)
                    } else {
                        self.checks.dedup.push(check)
                    }
                }
                if let Kind::Function(target) = self.eval.term(function, expr, u32::MAX).bare().kind {
                    self.own.push(target);
                    self.function(target, 1);
                }
            }
            ExprKind::Array(items) | ExprKind::OneOf(items) => {
                items.iter().for_each(|item| self.mentioned(function, item, depth + 1))
            }
            ExprKind::Object(members) => {
                for member in members {
                    if let ValueMember::Entry { value, .. } = member {
                        self.mentioned(function, value, depth + 1);
                    }
                }
            }
            ExprKind::Call(id) => {
                let owner: &'a Function = self.eval.program.function(function);
                if let Some(call) = owner.calls.get(id.0 as usize) {
                    self.named_check(function, call);
                    for arg in &call.args {
                        self.mentioned(function, &arg.value, depth + 1);
                    }
                }
            }
            ExprKind::Function(id) => {
                let target = FnRef { file: function.file, id: *id };
                self.own.push(target);
                self.function(target, 1);
            }
            _ => {}
        }
    }

    /// A wrapper or decorator that says by its name what it does.
    fn named_check(&mut self, function: FnRef, call: &'a Call) {
        let Some(name) = last_name(&call.callee.kind) else { return };
        if names::is_signature_check(name) || names::is_signature_wrapper(name) {
            let check = self.check(function, call);
            self.checks.signatures.push(check);
        }
        if names::is_dedup_check(name) {
            let check = self.check(function, call);
            self.checks.dedup.push(check);
        }
        self.scopes(function, call, name);
    }

    fn function(&mut self, function: FnRef, depth: u32) {
        if !self.seen.insert(function) {
            return;
        }
        if self.seen.len() > MAX_FUNCTIONS {
            self.checks.whole = false;
            return;
        }
        let owner: &'a Function = self.eval.program.function(function);
        let mut guards: BTreeSet<Span> = BTreeSet::new();
        // `if not found: …; return`: the work lies behind it, and is reached on the other condition.
        let leaving: BTreeSet<Span> =
            owner.calls.iter().flat_map(|call| &call.surroundings.early_returns).map(|guard| guard.span).collect();
        for call in &owner.calls {
            for guard in &call.surroundings.early_returns {
                if guards.insert(guard.span) {
                    self.guard(function, owner, guard, depth);
                }
            }
            for enclosing in &call.surroundings.enclosing {
                if let Enclosing::Branch(guard) = enclosing
                    // To say that nothing was found is no work that depends on it, and neither is to look for another.
                    && !only_tells(call)
                    && !only_looks(call)
                    && !leaving.contains(&guard.span)
                    && guards.insert(guard.span)
                {
                    self.guard(function, owner, guard, depth);
                }
            }
            self.call(function, call, depth);
            if depth < MAX_DEPTH
                && let Some(target) = self.eval.callee(function, call)
            {
                self.function(target, depth + 1);
            }
        }
        // Closures run with the function that they stand in.
        let unit = self.eval.program.files.unit(function.file);
        for id in unit.index.inner.get(&function.id).into_iter().flatten().filter(|_| function.id.0 != 0) {
            self.function(FnRef { file: function.file, id: *id }, depth);
        }
    }

    /// A condition on which the rest depends.
    fn guard(&mut self, function: FnRef, owner: &'a Function, guard: &'a Guard, depth: u32) {
        let check = self.check_at(function, guard.source.clone(), guard.span);
        let mut words = guard.source.split(|c: char| !c.is_alphanumeric() && c != '_');
        let folded = fold(&guard.source);
        let dedup = words.clone().any(names::tells_repetition)
            || words.clone().any(names::may_tell_repetition)
                && names::RECORDS_OF_EVENTS.iter().any(|record| folded.contains(record))
            || words.clone().any(|word| names::may_tell_repetition(word) && self.comes_from_record(owner, word));
        if dedup {
            self.checks.dedup.push(check.clone());
        } else if depth <= LOOKUP_DEPTH && !guard.raises && self.passes_where_nothing_is_there(function, owner, guard) {
            self.checks.lookups.push(check.clone());
        }
        let compares = ["==", "!=", "===", "!=="].iter().any(|operator| guard.source.contains(operator));
        if compares && words.any(|word| fold(word).contains("signature") || fold(word).contains("hmac")) {
            self.checks.signatures.push(check);
        }
    }

    /// Whether code goes on only where a look into a store finds nothing: `if (await db.find(id)) return;`.
    fn passes_where_nothing_is_there(&self, function: FnRef, owner: &'a Function, guard: &Guard) -> bool {
        let (mut key, mut holds) = crate::link::surroundings::plain_test(&guard.source, !guard.otherwise);
        for (suffix, there) in [(".is_some()", true), (".is_none()", false), (" > 0", true), (" !== 0", true), (" == 0", false)] {
            if let Some(rest) = key.strip_suffix(suffix) {
                key = rest.trim().into();
                holds = holds == there;
                break;
            }
        }
        if holds {
            return false;
        }
        let is_name = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_');
        let local = owner.locals.iter().filter(|local| is_name && local.name == key).find_map(|local| local.value.as_ref());
        let mut calls = Vec::new();
        match local {
            Some(value) => calls_in(owner, value, &mut calls, 0),
            None if is_name => return false,
            None => {
                let guard_calls = owner.calls.iter().filter(|call| guard.span.contains(call.span));
                calls.extend(guard_calls.max_by_key(|call| call.span.end - call.span.start));
            }
        }
        let looks = |call: &Call| {
            let waits = matches!(call.surroundings.completion, Completion::Awaited | Completion::Checked);
            last_name(&call.callee.kind)
                .is_some_and(|name| names::LOOKS_UP.contains(&name) || waits && names::LOOKS_UP_LATER.contains(&name))
        };
        calls.iter().any(|call| {
            // `if (await this.wasSent(id)) return;`
            let inside = || self.eval.callee(function, call).map(|target| self.eval.program.function(target));
            looks(call) || inside().is_some_and(|inner| inner.calls.iter().any(looks))
        })
    }

    /// Whether a variable holds what a look at a record of handled events gave.
    fn comes_from_record(&self, owner: &'a Function, word: &str) -> bool {
        let Some(value) = owner.locals.iter().filter(|local| local.name == word).find_map(|local| local.value.as_ref()) else {
            return false;
        };
        let mut calls = Vec::new();
        calls_in(owner, value, &mut calls, 0);
        calls.iter().any(|call| {
            let text = fold(&callee_text(&call.callee));
            let sets_once = call.args.iter().any(|arg| {
                arg.name.as_deref() == Some("nx")
                    || matches!(&arg.value.kind, ExprKind::Literal(Literal::Text(text)) if text == "NX")
            });
            sets_once || text.ends_with("setnx") || names::RECORDS_OF_EVENTS.iter().any(|record| text.contains(record))
        })
    }

    fn call(&mut self, function: FnRef, call: &'a Call, depth: u32) {
        let Some(name) = last_name(&call.callee.kind) else { return };
        self.checks.calls.insert(name.into());
        let text = callee_text(&call.callee);
        let literals: Vec<&str> = call.args.iter().filter_map(|arg| literal_text(&arg.value)).collect();
        if is_signature_call(name, &text, &literals) {
            let check = self.check(function, call);
            self.checks.signatures.push(check);
            self.signed(function, call);
        } else if names::signs(name, &text) {
            self.signed(function, call);
        }
        if names::is_dedup_check(name) || names::passes_over(name) || option_is_true(call, names::SKIPS_DUPLICATES) {
            let check = self.check(function, call);
            self.checks.dedup.push(check);
        }
        // Further down, permissions are a matter of the program and no longer of who hands over.
        if depth <= 1 {
            self.scopes(function, call, name);
        }
        for sql in literals.iter().filter(|text| text.len() > 12) {
            self.sql(function, call, sql);
        }
        self.write(function, call, name, &text);
    }

    /// What goes into a signature: a value that was parsed and is put into text again is another text.
    fn signed(&mut self, function: FnRef, call: &'a Call) {
        for arg in &call.args {
            let term = self.eval.term(function, &arg.value, call.span.start);
            if is_reserialised(&term, 0) {
                let check = self.check(function, call);
                self.checks.reserialised.push(check);
                return;
            }
        }
    }

    fn scopes(&mut self, function: FnRef, call: &'a Call, name: &str) {
        if !names::asks_for_scope(name) {
            return;
        }
        for arg in &call.args {
            let term = self.eval.term(function, &arg.value, call.span.start);
            let mut texts = texts_of(&term);
            if let Kind::Array(items) = &term.bare().kind {
                texts.extend(items.iter().flat_map(texts_of));
            }
            for text in texts {
                self.checks.scopes.insert(text, self.origin(function, call.span));
            }
        }
    }

    /// A statement in SQL.
    fn sql(&mut self, function: FnRef, call: &'a Call, text: &str) {
        let folded: Name = text.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase().into();
        let after = |word: &str| {
            let at = folded.find(word)? + word.len();
            let table = folded[at..].trim_start().split(|c: char| c.is_whitespace() || c == '(').next()?;
            Some(model_name(table.rsplit('.').next().unwrap_or(table)))
        };
        let Some(table) = after("insert into ")
            .or_else(|| after("insert ignore into "))
            .or_else(|| after("insert or ignore into "))
            .or_else(|| after("insert or replace into "))
            .or_else(|| after("replace into "))
            .or_else(|| after("merge into "))
        else {
            return;
        };
        let told = |form: &str| self.check_at(function, format!("insert into {table}{form}").into(), call.span);
        let passes = folded.contains("do nothing")
            || folded.contains("insert ignore")
            || folded.contains("insert or ignore")
            || folded.contains("where not exists");
        let replaces = folded.contains("do update")
            || folded.contains("on duplicate key update")
            || folded.contains("replace into")
            || folded.contains("merge into");
        if passes {
            let check = told(" … on conflict do nothing");
            self.checks.dedup.push(check);
        } else if replaces {
            let check = told(" … on conflict do update");
            self.checks.upserts.entry(table).or_insert(check);
        } else {
            let check = told("");
            self.inserts.push((table, check));
        }
    }

    /// A write by an object-relational mapper or a query builder.
    fn write(&mut self, function: FnRef, call: &'a Call, name: &str, text: &str) {
        let upserts = names::UPSERTS.contains(&name)
            || names::UPDATES.contains(&name) && option_is_true(call, &["upsert"])
            || name == "bulk_create" && option_is_true(call, &["update_conflicts"]);
        let inserts = names::INSERTS.contains(&name);
        if !upserts && !inserts {
            return;
        }
        let Some(model) = self.model_of(function, call, text) else { return };
        let check = self.check(function, call);
        if upserts {
            self.checks.upserts.entry(model).or_insert(check);
        } else {
            self.inserts.push((model, check));
        }
    }

    /// What a write goes to: `order` of `prisma.order.upsert`, `Order.objects.update_or_create`, `insert(orders).values(…)`.
    fn model_of(&self, function: FnRef, call: &'a Call, text: &str) -> Option<Name> {
        let owner: &'a Function = self.eval.program.function(function);
        let mut chain = vec![call];
        let mut current = call;
        for _ in 0..12 {
            let ExprKind::Member(base, _) = &current.callee.kind else { break };
            let mut base = base.as_ref();
            while let ExprKind::Await(inner) | ExprKind::Typed(inner, _) = &base.kind {
                base = inner;
            }
            let ExprKind::Call(id) = &base.kind else { break };
            let Some(inner) = owner.calls.get(id.0 as usize) else { break };
            chain.push(inner);
            current = inner;
        }
        // `insert(Order)`, `db.insert(orders)`, `insert_into(orders::table)`, `session.add(Order(…))`.
        for link in chain.iter().rev() {
            let made = last_name(&link.callee.kind).is_some_and(|name| names::TAKES_MODEL.contains(&name));
            if made
                && let Some(arg) = link.args.first()
                && let Some(name) = self.name_of(owner, &arg.value)
            {
                return Some(model_name(&name));
            }
        }
        let mut parts: Vec<&str> = text.split('.').filter(|part| !part.is_empty() && *part != "…").collect();
        parts.pop();
        while parts.last().is_some_and(|last| matches!(*last, "objects" | "query" | "session" | "model")) {
            parts.pop();
        }
        parts.last().map(|last| model_name(last)).filter(|model| !names::NO_MODELS.contains(&model.as_str()))
    }

    fn name_of(&self, owner: &'a Function, expr: &'a Expr) -> Option<Name> {
        match &expr.kind {
            ExprKind::Name(path) => path.iter().rev().find(|part| *part != "table").cloned(),
            ExprKind::Member(base, name) if name == "table" => self.name_of(owner, base),
            ExprKind::Member(_, name) => Some(name.clone()),
            ExprKind::Record(record) => record.ty.path.last().cloned(),
            ExprKind::Call(id) => last_name(&owner.calls.get(id.0 as usize)?.callee.kind).map(Name::from),
            ExprKind::Local(id) => {
                let local = owner.locals.get(id.0 as usize)?;
                local.value.as_ref().and_then(|value| match &value.kind {
                    ExprKind::Local(_) => None,
                    _ => self.name_of(owner, value),
                })
            }
            ExprKind::Typed(inner, _) | ExprKind::Await(inner) | ExprKind::Tested(inner, true) => self.name_of(owner, inner),
            _ => None,
        }
    }
}

/// `OrderRepository`, `orders`, `order_table` → `order`.
fn model_name(name: &str) -> Name {
    let mut folded = fold(name.trim_matches(['"', '`', '\'', '[', ']']));
    for suffix in ["repository", "repo", "model", "table", "service", "store", "dao", "collection", "schema", "entity"] {
        if let Some(stem) = folded.strip_suffix(suffix)
            && !stem.is_empty()
        {
            folded = stem.to_owned();
        }
    }
    match folded.strip_suffix('s') {
        Some(stem) if stem.len() > 2 && !stem.ends_with('s') => stem.into(),
        Some(_) | None => folded.into(),
    }
}

fn is_name(expr: &Expr, wanted: &str) -> bool {
    match &expr.kind {
        ExprKind::Name(path) => path.last().is_some_and(|last| last == wanted),
        ExprKind::Typed(inner, _) => is_name(inner, wanted),
        _ => false,
    }
}

fn calls_in<'a>(owner: &'a Function, expr: &'a Expr, found: &mut Vec<&'a Call>, depth: u32) {
    if depth > 6 {
        return;
    }
    match &expr.kind {
        ExprKind::Call(id) => {
            let Some(call) = owner.calls.get(id.0 as usize) else { return };
            found.push(call);
            if let ExprKind::Member(base, _) = &call.callee.kind {
                calls_in(owner, base, found, depth + 1);
            }
        }
        ExprKind::Await(inner)
        | ExprKind::Typed(inner, _)
        | ExprKind::Element(inner)
        | ExprKind::Tested(inner, _)
        | ExprKind::Member(inner, _) => {
            calls_in(owner, inner, found, depth + 1);
        }
        ExprKind::Index(inner, _) => calls_in(owner, inner, found, depth + 1),
        ExprKind::OneOf(branches) => branches.iter().for_each(|branch| calls_in(owner, branch, found, depth + 1)),
        _ => {}
    }
}

fn literal_text(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Literal(Literal::Text(text)) => Some(text),
        ExprKind::Typed(inner, _) => literal_text(inner),
        _ => None,
    }
}

/// Whether an option of one of these names is switched on, as a named argument or in an object.
fn option_is_true(call: &Call, wanted: &[&str]) -> bool {
    let on = |expr: &Expr| matches!(expr.kind, ExprKind::Literal(Literal::Bool(true)));
    call.args.iter().any(|arg| match (&arg.name, &arg.value.kind) {
        (Some(name), _) => wanted.contains(&name.as_str()) && on(&arg.value),
        (None, ExprKind::Object(members)) => members.iter().any(|member| match member {
            ValueMember::Entry { key, value, .. } => literal_text(key).is_some_and(|key| wanted.contains(&key)) && on(value),
            ValueMember::Spread { .. } => false,
        }),
        (None, _) => false,
    })
}

/// Whether a call makes sure of a signature, by its name and by what it is made on.
fn is_signature_call(name: &str, text: &str, literals: &[&str]) -> bool {
    if names::is_signature_check(name) {
        return true;
    }
    let folded = fold(name);
    let on = fold(text.rsplit_once('.').map_or("", |(on, _)| on));
    let verifies = folded.starts_with("verif") || folded == "unwrap" || folded.starts_with("validate");
    verifies
        && (["webhook", "signature", "signer", "hmac", "svix", "verifier", "qstash"].iter().any(|word| on.contains(word))
            || matches!(on.as_str(), "wh" | "mac" | "receiver")
            || literals.iter().any(|text| fold(text).contains("signature")))
}

/// Whether JSON is put into text again on the way.
fn is_reserialised(term: &Term<'_>, depth: u32) -> bool {
    if depth > 8 {
        return false;
    }
    let go = |part: &Term<'_>| is_reserialised(part, depth + 1);
    match &term.kind {
        Kind::Encoded(inner) => !matches!(inner.bare().kind, Kind::Literal(_)),
        Kind::Typed(inner, _) => go(inner),
        Kind::Template(parts) | Kind::Array(parts) => parts.iter().any(go),
        Kind::OneOf(parts) => !parts.is_empty() && parts.iter().all(go),
        Kind::Object(entries) => entries.iter().any(|entry| match entry {
            Entry::Field { value, .. } | Entry::AnyKey { value } | Entry::Spread { value, .. } => go(value),
        }),
        Kind::Built(built) => {
            built.on.as_ref().is_some_and(go) || built.calls.iter().flat_map(|(_, args)| args).any(|(_, value)| go(value))
        }
        _ => false,
    }
}
