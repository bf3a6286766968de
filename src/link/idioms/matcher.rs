//! Which rows a call matches: the callee's name first, then the evidence that the name means this library.

use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

use super::selector::{Root, Selector};
use super::wildcard::Wildcard;
use super::{Row, Texts};
use crate::facts::{Call, CallKind, Expr, ExprKind, LanguageId, LocalKind, Name, Role, TypeKind};
use crate::link::eval::{Eval, callee_text, dotted};
use crate::link::resolve::FnRef;
use crate::link::term::{Built, Entry, Kind, Term, Written};
use crate::shape::wire_name::fold;

/// A row with its texts parsed.
#[derive(Debug)]
pub struct Idiom {
    pub id: Name,
    pub language: Option<LanguageId>,
    pub role: Role,
    pub kind: Name,
    calls: Vec<CallPattern>,
    pub decorators: Vec<Name>,
    pub functions: Vec<Name>,
    from: Vec<Wildcard>,
    receivers: Vec<Wildcard>,
    not_from: Vec<Wildcard>,
    strict: bool,
    pub param_types: Vec<Name>,
    pub by_type: bool,
    pub event: Vec<Selector>,
    pub channel: Vec<Selector>,
    pub payload: Vec<Selector>,
    pub handler: Vec<Selector>,
    /// Calls on the same receiver that name the channel, and where in them it is.
    pub beside: Vec<Name>,
    pub beside_channel: Vec<Selector>,
    /// … the events, and which channel they are about.
    pub beside_event: Vec<Selector>,
    pub beside_of: Vec<Selector>,
    event_like: Vec<Wildcard>,
    event_unlike: Vec<Wildcard>,
    pub key: Vec<Selector>,
    pub idempotency_key: Vec<Selector>,
    pub headers: Vec<Selector>,
    pub retry: Vec<Selector>,
    pub retry_default: Option<u32>,
    pub retry_needs: Vec<Name>,
    pub defaults_in: Vec<Name>,
    /// What makes the client that it goes through.
    pub client: Vec<ClientPattern>,
    pub confirms: bool,
    pub requires: Vec<Selector>,
    pub guarantee_default: Option<Name>,
    pub awaits: bool,
    pub deferred: Option<Name>,
}

#[derive(Debug)]
struct CallPattern {
    /// What stands before the last name: a type, a module; `Some("")` for a method of anything, `None` for a plain function.
    owner: Option<Name>,
    name: Name,
    /// Where the name has a `*`.
    wild: Option<Wildcard>,
    kind: PatternKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PatternKind {
    Plain,
    New,
    Macro,
}

/// What makes a client: `KafkaProducer`, `ClientConfig.create` (at the end of a chain that begins with it), `client('sqs')` (with
/// that text as its first argument).
#[derive(Debug)]
pub struct ClientPattern {
    owner: Option<Name>,
    pub name: Name,
    text: Option<Name>,
}

impl ClientPattern {
    fn parse(text: &str) -> ClientPattern {
        let (path, text) = match text.split_once("('") {
            Some((path, text)) => (path, Some(text.trim_end_matches("')").into())),
            None => (text, None),
        };
        let (owner, name) = match path.rsplit_once('.') {
            Some((owner, name)) => (Some(owner.into()), name),
            None => (None, path),
        };
        ClientPattern { owner, name: name.into(), text }
    }

    /// Whether a chain of calls makes it.
    pub fn makes(&self, built: &Built<'_>) -> bool {
        let Some((_, args)) = built.calls.iter().find(|(name, _)| *name == self.name) else { return false };
        let owned = self.owner.as_ref().is_none_or(|owner| built.root.split(['.', ':']).any(|part| part == owner));
        let told =
            |wanted: &Name| args.iter().find(|(name, _)| name.is_none()).and_then(|(_, value)| value.as_text()) == Some(wanted);
        owned && self.text.as_ref().is_none_or(told)
    }
}

/// How many calls of one chain are walked back.
const MAX_CALLS_OF_CHAIN: u32 = 16;

/// What says that a call is of an idiom. The order is from weak to strong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// The callee's name alone.
    Callee,
    /// The name of the receiver as well.
    Name,
    /// The library is imported, or the receiver's type is declared in it.
    Library,
}

/// Every idiom of one run, shipped and the user's own.
#[derive(Debug, Default)]
pub struct Idioms {
    pub rows: Vec<Arc<Idiom>>,
    by_name: FxHashMap<Name, Vec<usize>>,
    /// Rows whose name has a wildcard.
    wild: Vec<(Wildcard, usize)>,
}

fn selectors(texts: &Texts) -> Result<Vec<Selector>, String> {
    texts.iter().map(Selector::parse).collect()
}

/// `redis` names the package and everything below it; `axum::response::sse` is the module that imports name with dots.
fn packages(texts: &Texts) -> Vec<Wildcard> {
    texts
        .iter()
        .map(|text| text.replace("::", "."))
        .flat_map(|text| [format!("{text}/*"), format!("{text}.*"), text])
        .map(|text| Wildcard::new(&text))
        .collect()
}

impl Idiom {
    /// Parses a row.
    ///
    /// # Errors
    /// A sentence that names the row's field and what is wrong in it.
    pub fn new(row: &Row, language: Option<LanguageId>) -> Result<Idiom, String> {
        let role = match row.role.as_str() {
            "producer" => Role::Producer,
            "consumer" => Role::Consumer,
            other => return Err(format!("role `{other}`: it is `producer` or `consumer`")),
        };
        Ok(Idiom {
            id: row.id.clone().into(),
            language,
            role,
            kind: row.kind.clone().into(),
            calls: row.call.iter().map(CallPattern::parse).collect(),
            decorators: row.decorator.iter().map(|text| text.trim_start_matches('@').replace("::", ".").into()).collect(),
            functions: row.function.iter().map(|text| text.replace("::", ".").into()).collect(),
            from: packages(&row.from),
            not_from: packages(&row.not_from),
            receivers: row.receiver.iter().map(|text| Wildcard::new(&fold_pattern(text))).collect(),
            strict: row.strict,
            param_types: row.param_type.iter().map(Name::from).collect(),
            by_type: row.by_type,
            event: selectors(&row.event)?,
            channel: selectors(&row.channel)?,
            payload: selectors(&row.payload)?,
            handler: selectors(&row.handler)?,
            beside: row.beside.iter().map(|name| name.trim_start_matches('.').into()).collect(),
            beside_channel: selectors(&row.beside_channel)?,
            beside_event: selectors(&row.beside_event)?,
            beside_of: selectors(&row.beside_of)?,
            event_like: row.event_like.iter().map(Wildcard::new).collect(),
            event_unlike: row.event_unlike.iter().map(Wildcard::new).collect(),
            key: selectors(&row.key)?,
            idempotency_key: selectors(&row.idempotency_key)?,
            headers: selectors(&row.headers)?,
            retry: selectors(&row.retry)?,
            retry_default: row.retry_default,
            retry_needs: row.retry_needs.iter().map(Name::from).collect(),
            defaults_in: row.defaults_in.iter().map(Name::from).collect(),
            client: row.client.iter().map(ClientPattern::parse).collect(),
            confirms: row.confirms,
            requires: selectors(&row.requires)?,
            guarantee_default: row.guarantee_default.as_ref().map(Name::from),
            awaits: row.awaits,
            deferred: row.deferred.as_ref().map(Name::from),
        })
    }

    /// Whether this argument as a whole is the event's name, the payload, or what handles it.
    pub fn takes(&self, root: &Root) -> bool {
        self.takes_where(|own| own == root)
    }

    /// The same of an argument with this name.
    pub fn takes_named(&self, name: &str) -> bool {
        self.takes_where(|own| matches!(own, Root::Named(named) if named == name))
    }

    fn takes_where(&self, is_it: impl Fn(&Root) -> bool) -> bool {
        (self.event.iter().chain(&self.channel).chain(&self.payload).chain(&self.handler))
            .any(|selector| is_it(&selector.root) && selector.steps.is_empty() || selector.root == Root::AnyArgument)
    }

    /// Whether the type of a parameter alone makes a function one of its handlers.
    pub fn takes_any_function(&self) -> bool {
        self.functions.iter().any(|name| name == "*")
    }

    /// Whether nothing but the callee's name speaks for it.
    pub fn is_generic(&self) -> bool {
        self.from.is_empty()
            && self.receivers.is_empty()
            && !self.calls.iter().any(|call| call.owner.as_deref().is_some_and(|o| !o.is_empty()))
    }

    /// Whether it knows events by their class.
    pub fn is_of_class(&self) -> bool {
        self.payload.iter().any(|selector| selector.root == Root::Instance)
            || self.event.iter().any(|selector| selector.by_name && !selector.steps.is_empty())
    }

    /// Whether an event or channel of this text lets the row apply.
    pub fn admits_event(&self, text: &str) -> bool {
        self.event_like.is_empty() || self.event_like.iter().any(|pattern| pattern.matches(text))
    }

    /// Whether an event of this name is none of the row's.
    pub fn excludes_event(&self, text: &str) -> bool {
        self.event_unlike.iter().any(|pattern| pattern.matches(text))
    }

    pub fn wants_event_like(&self) -> bool {
        !self.event_like.is_empty()
    }

    /// Whether the file imports what the row is about, where the row asks for it.
    pub fn imported_by(&self, eval: &Eval<'_>, function: FnRef) -> bool {
        let key = (function.file, std::ptr::from_ref(self).addr());
        if let Some(known) = eval.imported.borrow().get(&key) {
            return *known;
        }
        let names = &eval.program.files.unit(function.file).index.imported;
        let imported = names.iter().any(|name| eval.fitting.any(&self.from, name, |name| name.into()));
        eval.imported.borrow_mut().insert(key, imported);
        imported
    }

    /// Whether payloads of this kind cross to code that is deployed at another time.
    pub fn leaves_process(&self) -> bool {
        self.kind != "in-process"
    }

    /// Whether the file of a handler imports what the row is about, or its decorator comes from there.
    pub fn known_in<'a>(&self, eval: &Eval<'a>, function: FnRef, decorator: Option<&'a Call>) -> bool {
        let top = FnRef { file: function.file, id: crate::facts::FnId(0) };
        self.imported_by(eval, function) || decorator.is_some_and(|decorator| self.receiver_comes_from(eval, top, decorator))
    }

    pub fn asks_for_import(&self) -> bool {
        !self.from.is_empty()
    }

    /// How surely the call is one of this idiom; `None` where it is not.
    fn matches<'a>(&self, eval: &Eval<'a>, function: FnRef, call: &'a Call) -> Option<Evidence> {
        if !self.calls.iter().any(|pattern| pattern.matches(eval, function, call)) {
            return None;
        }
        let asks_from = !self.from.is_empty();
        let asks_receiver = !self.receivers.is_empty();
        let owned = self.calls.iter().any(|call| call.owner.as_deref().is_some_and(|owner| !owner.is_empty()));
        let from = asks_from && self.imported_by(eval, function);
        if self.strict {
            let receiver = !asks_receiver || self.receiver_fits(eval, function, call);
            return ((from || asks_from && self.receiver_comes_from(eval, function, call)) && receiver)
                .then_some(Evidence::Library);
        }
        if from {
            return Some(Evidence::Library);
        }
        if asks_receiver && self.receiver_fits(eval, function, call) {
            if !self.not_from.is_empty() && self.receiver_is_from(&self.not_from, eval, function, call) {
                return None;
            }
            return Some(if asks_from && self.receiver_comes_from(eval, function, call) {
                Evidence::Library
            } else {
                Evidence::Name
            });
        }
        if asks_from && self.receiver_comes_from(eval, function, call) {
            return Some(Evidence::Library);
        }
        (!asks_from && !asks_receiver).then_some(if owned { Evidence::Name } else { Evidence::Callee })
    }

    fn receiver_fits<'a>(&self, eval: &Eval<'a>, function: FnRef, call: &'a Call) -> bool {
        let base = match &call.callee.kind {
            ExprKind::Member(base, _) => base,
            ExprKind::Name(path) if path.len() > 1 => {
                return eval.fitting.any(&self.receivers, &path[path.len() - 2], |name| fold(name).into());
            }
            _ => return false,
        };
        let fits = |name: &str| eval.fitting.any(&self.receivers, name, |name| fold(name).into());
        // `trx("outbox").insert(row)`, `db.insert(schema.outbox).values(row)`: a table by its name.
        let names_table = |argument: &Expr| match &argument.kind {
            ExprKind::Literal(crate::facts::Literal::Text(name)) | ExprKind::Member(_, name) => fits(name),
            ExprKind::Name(path) => path.last().is_some_and(|name| fits(name)),
            _ => false,
        };
        let table = || match &base.kind {
            ExprKind::Call(id) => {
                let inner = eval.program.function(function).calls.get(id.0 as usize);
                inner.is_some_and(|inner| matches!(inner.args.as_slice(), [only] if names_table(&only.value)))
            }
            _ => false,
        };
        // `manager.save(OutboxEvent, row)`, `manager.save(row)`: a table by the class of its rows.
        let rows = || {
            call.args.iter().take(2).any(|argument| {
                let mut names = match &argument.value.kind {
                    ExprKind::Name(path) => path.last().cloned().into_iter().collect(),
                    _ => Vec::new(),
                };
                let value = eval.term(function, &argument.value, call.span.start);
                match &value.kind {
                    Kind::Record(_) => term_names(&value, &mut names),
                    // A row whose columns are set one by one, or one that the mapper makes.
                    Kind::Object(entries) => {
                        if let Some(Entry::Spread { value, .. }) = entries.first() {
                            term_names(value, &mut names);
                        }
                    }
                    _ => {}
                }
                names.iter().any(|name| fits(name))
            })
        };
        receiver_is_named(eval, function, base, call.span.start, &fits) || self.kind == "outbox" && (table() || rows())
    }

    fn is_python(&self) -> bool {
        self.language == Some(LanguageId::Python)
    }

    /// Whether the receiver's type is declared in one of the packages, wherever it was imported.
    fn receiver_comes_from<'a>(&self, eval: &Eval<'a>, function: FnRef, call: &'a Call) -> bool {
        self.receiver_is_from(&self.from, eval, function, call)
    }

    fn receiver_is_from<'a>(&self, packages: &[Wildcard], eval: &Eval<'a>, function: FnRef, call: &'a Call) -> bool {
        let ExprKind::Member(base, _) = &call.callee.kind else {
            return match &call.callee.kind {
                ExprKind::Name(path) if path.len() > 1 => {
                    let joined = path.join(".");
                    packages.iter().any(|pattern| pattern.matches(&joined)) || owner_comes_from(packages, eval, function, path)
                }
                _ => false,
            };
        };
        if let Some(mut path) = dotted(base)
            && self.is_python()
        {
            path.push(Name::default());
            if owner_comes_from(packages, eval, function, &path) {
                return true;
            }
        }
        let term = eval.term(function, start_of_chain(eval, function, base), call.span.start);
        external_path(eval, &term).is_some_and(|path| {
            let joined = path.join(".");
            packages.iter().any(|pattern| pattern.matches(&joined) || path.first().is_some_and(|first| pattern.matches(first)))
        })
    }
}

/// Whether what stands before the last name of a path was made by, or imported from, one of the packages.
fn owner_comes_from(packages: &[Wildcard], eval: &Eval<'_>, function: FnRef, path: &[Name]) -> bool {
    use crate::link::resolve::{Entity, Want};
    let scope = &eval.program.function(function).scope;
    let Some(found) = eval.program.resolve(function.file, scope, &path[..path.len() - 1], Want::Value) else { return false };
    let full = match found.entity {
        Entity::External(full) => Some(full),
        Entity::Constant(id) if found.rest.is_empty() => {
            let site = crate::link::term::Site { file: function.file, span: eval.program.function(function).span };
            external_path(eval, &eval.constant(id, site, 0))
        }
        Entity::Constant(_) | Entity::Type(_) | Entity::Class(_) | Entity::Function(_) | Entity::Module(_) => None,
    };
    full.is_some_and(|full| {
        let joined = full.join(".");
        packages.iter().any(|pattern| pattern.matches(&joined) || full.first().is_some_and(|first| pattern.matches(first)))
    })
}

/// The receivers are written as people write names; they are compared without casing and separators.
fn fold_pattern(text: &str) -> Name {
    text.chars().filter(|letter| letter.is_alphanumeric() || *letter == '*').flat_map(char::to_lowercase).collect()
}

/// Whether one of the names by which a receiver is known fits: its last name in the source, its type's name, the root of a chain
/// of calls. What the source calls it costs nothing to look at; its value does.
fn receiver_is_named<'a>(eval: &Eval<'a>, function: FnRef, base: &'a Expr, at: u32, fits: &dyn Fn(&str) -> bool) -> bool {
    let mut names = Vec::new();
    source_names(eval, function, base, &mut names, 0);
    if names.iter().any(|name| fits(name)) {
        return true;
    }
    names.clear();
    term_names(&eval.term(function, base, at), &mut names);
    names.iter().any(|name| fits(name))
}

fn source_names(eval: &Eval<'_>, function: FnRef, base: &Expr, names: &mut Vec<Name>, depth: u32) {
    if depth > 6 {
        return;
    }
    let owner = eval.program.function(function);
    match &base.kind {
        ExprKind::Name(path) => names.extend(path.last().cloned()),
        ExprKind::Local(id) => names.extend(owner.locals.get(id.0 as usize).map(|local| local.name.clone())),
        ExprKind::Outer(out, id) => {
            let Some(outer) = eval.program.outer(function, *out) else { return };
            names.extend(eval.program.function(outer).locals.get(id.0 as usize).map(|local| local.name.clone()));
        }
        ExprKind::Member(inner, name) => {
            names.push(name.clone());
            // What a class keeps is of its kind: `RedisAdapter.client`.
            if let ExprKind::Name(path) = &inner.kind {
                names.extend(path.last().filter(|class| class.starts_with(char::is_uppercase)).cloned());
            }
            if matches!(inner.kind, ExprKind::Call(_)) {
                source_names(eval, function, inner, names, depth + 1);
            }
        }
        ExprKind::Call(id) => {
            if let Some(call) = owner.calls.get(id.0 as usize) {
                source_names(eval, function, &call.callee, names, depth + 1);
                if let ExprKind::Member(inner, _) = &call.callee.kind {
                    source_names(eval, function, inner, names, depth + 1);
                }
            }
        }
        ExprKind::Await(inner) | ExprKind::Typed(inner, _) => source_names(eval, function, inner, names, depth + 1),
        ExprKind::This => names.extend(owner.scope.last().cloned()),
        _ => {}
    }
}

fn term_names(term: &Term<'_>, names: &mut Vec<Name>) {
    match &term.kind {
        Kind::Typed(inner, ty) => {
            names.extend(type_name(ty.ty));
            term_names(inner, names);
        }
        Kind::OfType(ty) | Kind::Param { declared: Some(ty), .. } => names.extend(type_name(ty.ty)),
        Kind::Record(record) => names.extend(type_name(record.ty.ty)),
        Kind::Built(built) => {
            names.push(built.root.rsplit(['.', ':']).next().unwrap_or_default().into());
            names.extend(built.calls.iter().map(|(name, _)| name.clone()));
            names.extend(built.root.split(['.', ':']).find(|part| !part.is_empty()).map(Name::from));
        }
        _ => {}
    }
}

fn type_name(ty: Written<'_>) -> Vec<Name> {
    match ty {
        // `outbox::ActiveModel`: every table has one, and the module says which.
        Written::Named(reference) => match reference.path.as_slice() {
            [.., module, last] if matches!(last.as_str(), "ActiveModel" | "Entity" | "Model") => {
                vec![last.clone(), module.clone()]
            }
            path => path.last().cloned().into_iter().collect(),
        },
        Written::Expr(expr) => match &expr.kind {
            TypeKind::Ref(reference) => {
                let mut names: Vec<Name> = reference.path.last().cloned().into_iter().collect();
                for arg in &reference.args {
                    names.extend(type_name(Written::Expr(arg)));
                }
                names
            }
            TypeKind::Union(branches) => branches.iter().flat_map(|branch| type_name(Written::Expr(branch))).collect(),
            _ => Vec::new(),
        },
    }
}

/// What a chain of foreign calls is made on: `self.client` of `self.client.send_message().queue_url(url)`.
fn start_of_chain<'a>(eval: &Eval<'a>, function: FnRef, base: &'a Expr) -> &'a Expr {
    let mut start = base;
    for _ in 0..MAX_CALLS_OF_CHAIN {
        match &start.kind {
            ExprKind::Await(inner) => start = inner,
            ExprKind::Call(id) => match eval.program.function(function).calls.get(id.0 as usize) {
                Some(call) => match &call.callee.kind {
                    ExprKind::Member(inner, _) if dotted(inner).is_none() && eval.callee(function, call).is_none() => {
                        start = inner
                    }
                    _ => break,
                },
                None => break,
            },
            _ => break,
        }
    }
    start
}

/// The full path of a foreign type or function behind a term.
fn external_path<'a>(eval: &Eval<'a>, term: &Term<'a>) -> Option<Vec<Name>> {
    use crate::link::resolve::{Entity, Want};
    let of_type = |ty: &crate::link::term::TypeUse<'_>| {
        let path = match ty.ty {
            Written::Named(reference) => reference.path.clone(),
            Written::Expr(expr) => match &expr.kind {
                TypeKind::Ref(reference) => match reference.args.first().map(|arg| &arg.kind) {
                    Some(TypeKind::Ref(inner)) if reference.args.len() == 1 => inner.path.clone(),
                    _ => reference.path.clone(),
                },
                _ => return None,
            },
        };
        match eval.program.resolve(ty.file, ty.scope, &path, Want::Class)?.entity {
            Entity::External(full) => Some(full),
            Entity::Type(_) | Entity::Class(_) | Entity::Constant(_) | Entity::Function(_) | Entity::Module(_) => None,
        }
    };
    match &term.kind {
        Kind::OneOf(branches) => {
            let mut there = branches.iter().filter(|branch| !matches!(branch.kind, Kind::Absent | Kind::Unknown(_)));
            let first = external_path(eval, there.next()?)?;
            there.all(|other| external_path(eval, other).as_ref() == Some(&first)).then_some(first)
        }
        Kind::Typed(inner, ty) => of_type(ty).or_else(|| external_path(eval, inner)),
        Kind::OfType(ty) | Kind::Param { declared: Some(ty), .. } => of_type(ty),
        Kind::Record(record) => of_type(&record.ty),
        Kind::Member(inner, name) => of_type(&crate::link::callee::type_of_member(eval, inner, name)?),
        Kind::Built(built) => {
            let path: Vec<Name> = built.root.split(['.', ':']).filter(|part| !part.is_empty()).map(Name::from).collect();
            match eval
                .program
                .resolve(term.site.file, &[], &path, Want::Value)
                .or_else(|| eval.program.resolve(term.site.file, &[], &path[..1.min(path.len())], Want::Class))?
                .entity
            {
                Entity::External(full) => Some(full),
                Entity::Type(_) | Entity::Class(_) | Entity::Constant(_) | Entity::Function(_) | Entity::Module(_) => None,
            }
        }
        _ => None,
    }
}

impl CallPattern {
    fn parse(text: &str) -> CallPattern {
        let (text, kind) = match (text.strip_prefix("new "), text.strip_suffix('!')) {
            (Some(rest), _) => (rest.trim(), PatternKind::New),
            (None, Some(rest)) => (rest, PatternKind::Macro),
            (None, None) => (text, PatternKind::Plain),
        };
        let text = text.replace("::", ".");
        let (owner, name) = match text.rfind('.') {
            Some(dot) => (Some(text[..dot].into()), text[dot + 1..].to_owned()),
            None => (None, text),
        };
        let wild = name.contains('*').then(|| Wildcard::new(&name));
        CallPattern { owner, name: name.into(), wild, kind }
    }

    fn matches<'a>(&self, eval: &Eval<'a>, function: FnRef, call: &'a Call) -> bool {
        let kind_fits = match self.kind {
            PatternKind::New => call.kind == CallKind::New,
            PatternKind::Macro => call.kind == CallKind::Macro,
            PatternKind::Plain => matches!(call.kind, CallKind::Plain | CallKind::New),
        };
        if !kind_fits {
            return false;
        }
        // A variable of a function further out is looked at where it stands.
        let (function, variable) = match &call.callee.kind {
            ExprKind::Local(id) => (function, Some(*id)),
            ExprKind::Outer(out, id) => match eval.program.outer(function, *out) {
                Some(outer) => (outer, Some(*id)),
                None => return false,
            },
            _ => (function, None),
        };
        let (base, name): (Option<&Expr>, &str) = match (&call.callee.kind, variable) {
            (ExprKind::Member(base, name), _) => (Some(base), name),
            (ExprKind::Name(path), _) => (None, path.last().map(Name::as_str).unwrap_or_default()),
            // A function that was handed over goes by the name of its parameter.
            (_, Some(id)) => match eval.program.function(function).locals.get(id.0 as usize) {
                Some(local) if local.kind == LocalKind::Param && self.kind == PatternKind::Plain => (None, local.name.as_str()),
                // `const { trackEvent } = useTracking()`
                Some(local) if self.kind == PatternKind::Plain => match local.value.as_ref().map(|value| &value.kind) {
                    Some(ExprKind::Member(base, name)) => (Some(base), name),
                    _ => return false,
                },
                _ => return false,
            },
            _ => return false,
        };
        let name_fits = match &self.wild {
            Some(pattern) => pattern.matches(name),
            None => self.name == name,
        };
        if !name_fits {
            return false;
        }
        match (&self.owner, base) {
            // A plain function; a path to it (`events.publish`) is one as well.
            (None, None) => true,
            (None, Some(base)) => matches!(base.kind, ExprKind::Name(_)) && self.kind != PatternKind::Plain,
            (Some(owner), None) => match &call.callee.kind {
                ExprKind::Name(path) => path.len() > 1 && (owner.is_empty() || path_ends_with(&path[..path.len() - 1], owner)),
                _ => false,
            },
            (Some(owner), Some(_)) if owner.is_empty() => true,
            (Some(owner), Some(base)) => {
                let text = callee_text(base);
                let parts: Vec<Name> = text.split('.').map(Name::from).collect();
                if path_ends_with(&parts, owner) {
                    return true;
                }
                let last = owner.rsplit('.').next().unwrap_or(owner);
                // `objects` of `*Outbox*.objects` is a member that many types have: only the whole path says anything.
                if last != owner && last.starts_with(|letter: char| letter.is_ascii_lowercase()) {
                    return false;
                }
                let pattern = Wildcard::new(&fold_pattern(last));
                receiver_is_named(eval, function, base, call.span.start, &|name| pattern.matches(&fold(name)))
            }
        }
    }
}

fn path_ends_with(path: &[Name], owner: &str) -> bool {
    let wanted: Vec<&str> = owner.split('.').collect();
    path.len() >= wanted.len()
        && path[path.len() - wanted.len()..]
            .iter()
            .zip(&wanted)
            .all(|(part, want)| part.eq_ignore_ascii_case(want) || want.contains('*') && Wildcard::new(want).matches(part))
}

/// The shipped rows: their patterns are many, and the same for every snapshot of a run.
fn shipped() -> Result<&'static [Arc<Idiom>], String> {
    static ROWS: OnceLock<Result<Vec<Arc<Idiom>>, String>> = OnceLock::new();
    let rows = ROWS.get_or_init(|| {
        let mut rows = Vec::new();
        for (language, table) in super::shipped()? {
            let language = match *language {
                "rust" => LanguageId::Rust,
                "typescript" => LanguageId::TypeScript,
                _ => LanguageId::Python,
            };
            for row in &table.idiom {
                let idiom = Idiom::new(row, Some(language)).map_err(|error| format!("idiom `{}`: {error}", row.id))?;
                rows.push(Arc::new(idiom));
            }
        }
        Ok(rows)
    });
    rows.as_deref().map_err(Clone::clone)
}

impl Idioms {
    /// The shipped tables, then the user's own rows, which count first.
    ///
    /// # Errors
    /// The row's id and what is wrong with it. The shipped tables are tested, so only the user's rows can fail.
    pub fn new(own: &[Row]) -> Result<Idioms, String> {
        let mut idioms = Idioms::default();
        for row in own {
            let idiom = Idiom::new(row, None).map_err(|error| format!("idiom `{}`: {error}", row.id))?;
            idioms.rows.push(Arc::new(idiom));
        }
        idioms.rows.extend(shipped()?.iter().cloned());
        for (at, row) in idioms.rows.iter().enumerate() {
            for call in &row.calls {
                if call.name.contains('*') {
                    idioms.wild.push((Wildcard::new(&call.name), at));
                } else {
                    idioms.by_name.entry(call.name.clone()).or_default().push(at);
                }
            }
        }
        Ok(idioms)
    }

    /// The rows that may match a callee of this last name.
    pub fn candidates(&self, name: &str) -> Vec<usize> {
        let mut rows: Vec<usize> = self.by_name.get(name).cloned().unwrap_or_default();
        rows.extend(self.wild.iter().filter(|(pattern, _)| pattern.matches(name)).map(|(_, at)| *at));
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// How surely row `at` is this call's. A row of the user's own is always sure.
    pub fn matches<'a>(&self, at: usize, eval: &Eval<'a>, function: FnRef, call: &'a Call) -> Option<Evidence> {
        let row = &self.rows[at];
        let language = eval.program.files.unit(function.file).facts.language;
        match row.language {
            None => row.matches(eval, function, call).map(|_| Evidence::Library),
            Some(wanted) if wanted == language => row.matches(eval, function, call),
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_rows_are_well_formed() {
        Idioms::new(&[]).expect("every shipped selector and glob parses");
    }
}
